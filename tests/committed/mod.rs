//! Files that are made of the sources and committed.

use std::fs;
use std::path::Path;

/// Compares a file with what it should be; with `HELPDESK_WRITE=1` in the environment, writes it instead.
#[track_caller]
pub(crate) fn compare(file: &Path, made: &str) {
    if std::env::var_os("HELPDESK_WRITE").is_some() {
        fs::write(file, made).unwrap();
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    if found != made {
        let differs = found.lines().zip(made.lines()).position(|(a, b)| a != b);
        let line = differs.unwrap_or(found.lines().count().min(made.lines().count()));
        panic!(
            "{} is not what the sources make, from line {} on:\n  committed: {:?}\n  made:      {:?}\nset HELPDESK_WRITE=1 to write it",
            file.display(),
            line + 1,
            found.lines().nth(line),
            made.lines().nth(line),
        );
    }
}
