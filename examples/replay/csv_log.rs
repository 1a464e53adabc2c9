//! Logs as CSV, plain or gzipped: opened, their columns found by name, and what is wrong in them told with line and column.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::StringRecord;
use flate2::bufread::MultiGzDecoder;

use crate::Failure;

/// The text of `file`, unpacked where it is gzipped.
pub(crate) fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    let shown = file.display().to_string();
    let opened = File::open(file).map_err(|error| format!("{shown}: {error}"))?;
    let mut plain = BufReader::with_capacity(1 << 16, opened);
    let start = plain
        .fill_buf()
        .map_err(|error| format!("{shown}: {error}"))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(MultiGzDecoder::new(plain)))
    } else {
        Ok(Box::new(plain))
    }
}

/// The columns that a reader wants, in its own order.
pub(crate) struct Columns<const N: usize> {
    names: [&'static str; N],
    places: [usize; N],
}

impl<const N: usize> Columns<N> {
    pub(crate) fn find(
        shown: &str,
        header: &StringRecord,
        names: [&'static str; N],
    ) -> Result<Columns<N>, Failure> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            let found = header.iter().position(|column| column == name);
            *place =
                found.ok_or_else(|| format!("{shown}, line 1: there is no column `{name}`"))?;
        }
        Ok(Columns { names, places })
    }

    pub(crate) fn text<'a>(&self, row: &'a StringRecord, column: usize) -> &'a str {
        row.get(self.places[column]).unwrap_or_default()
    }

    /// That the text of a column is not what was expected.
    pub(crate) fn wrong(
        &self,
        shown: &str,
        row: &StringRecord,
        column: usize,
        expected: &str,
    ) -> Failure {
        let line = row.position().map_or(0, csv::Position::line);
        let (name, text) = (self.names[column], self.text(row, column));
        format!("{shown}, line {line}, column `{name}`: `{text}` is not {expected}").into()
    }
}

pub(crate) fn unreadable(shown: &str, error: &csv::Error) -> Failure {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("{shown}, line {line}: the row has {len} columns, the header {expected_len}")
                .into()
        }
        csv::ErrorKind::Utf8 { pos, err } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!(
                "{shown}, line {line}, column {}: the text is not UTF-8",
                err.field() + 1
            )
            .into()
        }
        _ => format!("{shown}: {error}").into(),
    }
}
