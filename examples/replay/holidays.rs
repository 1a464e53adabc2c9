//! Public holidays from a file.

use std::path::Path;

use chrono::NaiveDate;

use crate::Failure;

/// The dates and names in `file`: the columns `date` (`YYYY-MM-DD`) and, where there is one, `name_en` or `name`.
pub(crate) fn read(file: &Path) -> Result<Vec<(NaiveDate, String)>, Failure> {
    let shown = file.display();
    let extension = file
        .extension()
        .map(|text| text.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("csv") => read_csv(file),
        Some("ics") => Err(format!(
            "{shown}: .ics holidays need the feature `ical` (`--features ical`); the same days as .csv are read without it"
        )
        .into()),
        _ => Err(format!("{shown}: holidays are read from .csv or .ics files").into()),
    }
}

fn read_csv(file: &Path) -> Result<Vec<(NaiveDate, String)>, Failure> {
    let shown = file.display();
    let mut reader = csv::Reader::from_path(file).map_err(|error| format!("{shown}: {error}"))?;
    let header = reader
        .headers()
        .map_err(|error| format!("{shown}: {error}"))?;
    let place = |name: &str| header.iter().position(|column| column == name);
    let date =
        place("date").ok_or_else(|| format!("{shown}, line 1: there is no column `date`"))?;
    let name = place("name_en").or(place("name"));
    let mut days = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| format!("{shown}: {error}"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let text = row.get(date).unwrap_or_default();
        let day = text.parse().map_err(|_| {
            format!("{shown}, line {line}, column `date`: `{text}` is not a date; `YYYY-MM-DD` is expected")
        })?;
        let name = name.and_then(|name| row.get(name)).unwrap_or("holiday");
        days.push((day, name.to_owned()));
    }
    Ok(days)
}
