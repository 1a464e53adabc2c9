//! The report as one HTML page in a file.

use std::path::Path;

use helpdesk::report::Page;

use crate::Failure;

pub(crate) fn write(file: &Path, page: Page) -> Result<(), Failure> {
    let shown = file.display();
    std::fs::write(file, page.to_html()).map_err(|error| format!("{shown}: {error}"))?;
    Ok(())
}
