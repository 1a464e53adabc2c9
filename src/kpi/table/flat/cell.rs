//! The cells of one row of the flat form, as they are read; and what can be wrong with them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::id::shorten;

use crate::kpi::table::TableError;

/// Why a flat form could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", Place { line: *line, column: column.as_deref() })]
pub struct FlatError {
    line: Option<u64>,
    column: Option<String>,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("no value; one is wanted")]
    Absent,
    #[error("there is no such column in the header; all columns are wanted")]
    Missing,
    #[error("not a column; those of `COLUMNS` are allowed")]
    Unknown,
    #[error("the header has this column twice; once is allowed")]
    Twice,
    #[error("`{text}` cannot be read: {why}")]
    Bad { text: String, why: String },
    #[error("not a JSON object: {why}")]
    Json { why: String },
    #[error(transparent)]
    Table(TableError),
    #[error("{0}")]
    Csv(csv::Error),
    #[error("{0}")]
    Io(std::io::Error),
}

/// Such as `line 3, column `priority`: `.
struct Place<'a> {
    line: Option<u64>,
    column: Option<&'a str>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column `{column}`: "),
            (Some(line), None) => write!(f, "line {line}: "),
            _ => Ok(()),
        }
    }
}

impl FlatError {
    fn new(line: u64, column: Option<&str>, problem: Problem) -> FlatError {
        FlatError {
            line: Some(line),
            column: column.map(str::to_owned),
            problem,
        }
    }

    pub(super) fn missing(line: u64, column: &str) -> FlatError {
        FlatError::new(line, Some(column), Problem::Missing)
    }

    pub(super) fn unknown(line: u64, column: &str) -> FlatError {
        FlatError::new(line, Some(&shorten(column)), Problem::Unknown)
    }

    pub(super) fn twice(line: u64, column: &str) -> FlatError {
        FlatError::new(line, Some(column), Problem::Twice)
    }

    pub(super) fn json(line: u64, error: &serde_json::Error) -> FlatError {
        let why = of_one_line(error);
        FlatError::new(line, None, Problem::Json { why })
    }

    /// The rows that end at a line were refused.
    pub(super) fn table(line: u64, error: TableError) -> FlatError {
        FlatError::new(line, None, Problem::Table(error))
    }

    pub(super) fn csv(error: csv::Error) -> FlatError {
        FlatError {
            line: error.position().map(csv::Position::line),
            column: None,
            problem: Problem::Csv(error),
        }
    }

    pub(super) fn io(error: std::io::Error) -> FlatError {
        FlatError {
            line: None,
            column: None,
            problem: Problem::Io(error),
        }
    }

    /// The line at fault, from 1; none where the reader or the writer failed. Rows that do not belong together are told at the
    /// line that ends their ticket, or at the first one after it.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// The column at fault.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }
}

/// What the parser says, without its own count of lines: it was given one line, or one cell of it.
fn of_one_line(error: &serde_json::Error) -> String {
    let (line, byte) = (error.line(), error.column());
    let text = error.to_string();
    match text.strip_suffix(&format!(" at line {line} column {byte}")) {
        Some(why) if line == 1 => format!("{why} at byte {byte}"),
        Some(why) => why.to_owned(), // a cell of several lines
        None => text,
    }
}

/// The cells of a row that are present.
pub(super) struct Cells {
    line: u64,
    cells: Map<String, Value>,
    is_text: bool, // every value is a text, of which the getter knows what it is
}

impl Cells {
    /// Of CSV: every cell is a text.
    pub(super) fn of_text(line: u64, cells: Map<String, Value>) -> Cells {
        Cells {
            line,
            cells,
            is_text: true,
        }
    }

    /// Of JSON.
    pub(super) fn of_values(line: u64, cells: Map<String, Value>) -> Cells {
        Cells {
            line,
            cells,
            is_text: false,
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.cells.get(name).filter(|value| !value.is_null())
    }

    /// A whole number.
    pub(super) fn number<T: FromStr<Err = std::num::ParseIntError>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, FlatError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = match value {
            Value::Number(number) if !self.is_text => number.to_string(),
            Value::String(text) if self.is_text => text.clone(),
            other => return Err(self.bad(name, &other.to_string(), &"a whole number is wanted")),
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(self.bad(name, &text, &"a whole number in range is wanted")),
        }
    }

    /// An instant in microseconds since 1970.
    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, FlatError> {
        let Some(us) = self.number(name)? else {
            return Ok(None);
        };
        match DateTime::from_timestamp_micros(us) {
            Some(at) => Ok(Some(at)),
            None => Err(self.bad(
                name,
                &us.to_string(),
                &"an instant between the years -262143 and 262142 is wanted",
            )),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, FlatError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.bad(name, &other.to_string(), &"a text is wanted")),
        }
    }

    /// A text that stands for something.
    pub(super) fn word<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FlatError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match T::deserialize(Value::from(text)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.bad(name, text, &error)),
        }
    }

    /// A list or an object, empty where it is absent.
    pub(super) fn list<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, FlatError> {
        let Some(value) = self.get(name) else {
            return Ok(T::default());
        };
        let read = match value {
            Value::String(text) if self.is_text => serde_json::from_str(text),
            other => T::deserialize(other),
        };
        read.map_err(|error| self.bad(name, &value.to_string(), &of_one_line(&error)))
    }

    pub(super) fn needed<T>(&self, value: Option<T>, name: &str) -> Result<T, FlatError> {
        value.ok_or_else(|| self.absent(name))
    }

    pub(super) fn absent(&self, name: &str) -> FlatError {
        FlatError::new(self.line, Some(name), Problem::Absent)
    }

    pub(super) fn bad(&self, name: &str, text: &str, why: &dyn fmt::Display) -> FlatError {
        let (text, why) = (shorten(text), why.to_string());
        FlatError::new(self.line, Some(name), Problem::Bad { text, why })
    }
}
