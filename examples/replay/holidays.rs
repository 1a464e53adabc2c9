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
        Some("ics") => read_ics(file),
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

#[cfg(feature = "ical")]
fn read_ics(file: &Path) -> Result<Vec<(NaiveDate, String)>, Failure> {
    let shown = file.display();
    let bytes = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let feed = helpdesk::calendar::ical::Feed::read(&bytes);
    let feed = feed.map_err(|error| format!("{shown}, {error}"))?;
    let days_of = |day: &helpdesk::calendar::ical::Holiday| {
        let (last, name) = (day.last, day.name.clone());
        day.first
            .iter_days()
            .take_while(move |date| *date <= last)
            .map(move |date| (date, name.clone()))
    };
    Ok(feed.holidays().iter().flat_map(days_of).collect())
}

#[cfg(not(feature = "ical"))]
fn read_ics(file: &Path) -> Result<Vec<(NaiveDate, String)>, Failure> {
    let shown = file.display();
    let problem = "an iCalendar file needs the feature `ical` (`cargo run --features ical ...`); a .csv is read without it";
    Err(format!("{shown}: {problem}").into())
}
