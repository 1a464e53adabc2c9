//! Fact tables as CSV and as JSON lines, for spreadsheets, databases and whatever else reads them.
//!
//! One row for each cycle of a ticket, the rows of a ticket one after another from cycle 0 on. Both forms have the same columns,
//! [`COLUMNS`], whose names are stable; a new version of the formulas may add some. Instants (`_at_us`) are microseconds since
//! 1970-01-01T00:00:00Z, lengths (`_us`) microseconds. What is absent is an empty cell, and in JSON `null` or no key. Lists, and the
//! host's own fields, are JSON, in CSV as text. CSV is that of RFC 4180 with a header; its columns may stand in any order.
//!
//! | columns | what |
//! |---|---|
//! | `formula`, `ticket`, `number`, `cycle` | the version of the formulas; the ticket's id and number; which cycle, from 0 |
//! | `created_at_us`, `started_at_us`, `first_resolved_at_us`, `resolved_at_us`, `left_at_us`, `reopened_at_us` | instants of [`Fact`](super::Fact) |
//! | `closed_at_us`, `close_reason` | both or neither |
//! | `resolver_role`, `resolver` | `customer`, `agent`, `supervisor`, `bot` with an id, or `system` without |
//! | `first_spent_...`, `spent_...`, `cycle_spent_...` | each of `work`, `waiting`, `done`, `for_customer` in `calendar_us` and `business_us` |
//! | `assignee_agent`, `assignee_team`, `agent`, `team`, `requester` | ids |
//! | `team_transfers`, `agent_transfers`, `replies`, `touches`, `follow_ups` | counts of the cycle |
//! | `one_contact` | 1 where one contact was enough up to the first resolution of the cycle, else 0 |
//! | `channel`, `priority`, `type` | words; a channel of the host's own has `other:` before its name |
//! | `tags`, `holdings`, `responses`, `effort`, `ratings` | lists, as [`Fact`](super::Fact) is serialised |
//! | `stage`, `first_response` (`not_applicable`, `waiting`, `unanswered`, `answered`), `first_response_at_us`, `first_response_calendar_us`, `first_response_business_us`, `first_response_by`, `first_response_team` | the ticket's own, in cycle 0 alone, like all that follow |
//! | `ticket_replies`, `ticket_customer_messages`, `ticket_notes`, `ticket_agents`, `ticket_effort_us` | counts and effort of the ticket |
//! | `clocks`, `estimates`, `sessions`, `fields` | lists and the host's fields |
//!
//! # Properties
//! What is written is read back as the same table, in either form, defused or not.
//!
//! # What is not here
//! No file is opened: whoever calls brings a reader or a writer. Nothing is guessed: a cell that cannot be read is an error that
//! names its line and column.

mod cell;
mod row;

use std::collections::BTreeSet;
use std::io::{BufRead, Read, Write};

use serde_json::{Map, Value};

use super::{FactTable, Filling};
use cell::Cells;
use row::{cells, fact};

pub use cell::FlatError;

/// The names of the columns, in the order in which they are written.
#[rustfmt::skip]
pub const COLUMNS: &[&str] = &[
    "formula", "ticket", "number", "cycle", "created_at_us", "started_at_us", "first_resolved_at_us", "resolved_at_us",
    "left_at_us", "reopened_at_us", "closed_at_us", "close_reason", "resolver_role", "resolver",
    "first_spent_work_calendar_us", "first_spent_work_business_us", "first_spent_waiting_calendar_us",
    "first_spent_waiting_business_us", "first_spent_done_calendar_us", "first_spent_done_business_us",
    "first_spent_for_customer_calendar_us", "first_spent_for_customer_business_us",
    "spent_work_calendar_us", "spent_work_business_us", "spent_waiting_calendar_us", "spent_waiting_business_us",
    "spent_done_calendar_us", "spent_done_business_us", "spent_for_customer_calendar_us", "spent_for_customer_business_us",
    "cycle_spent_work_calendar_us", "cycle_spent_work_business_us", "cycle_spent_waiting_calendar_us",
    "cycle_spent_waiting_business_us", "cycle_spent_done_calendar_us", "cycle_spent_done_business_us",
    "cycle_spent_for_customer_calendar_us", "cycle_spent_for_customer_business_us",
    "assignee_agent", "assignee_team", "agent", "team", "requester",
    "team_transfers", "agent_transfers", "replies", "touches", "follow_ups", "one_contact", "channel", "priority", "type",
    "tags", "holdings", "responses", "effort", "ratings",
    "stage", "first_response", "first_response_at_us", "first_response_calendar_us", "first_response_business_us",
    "first_response_by", "first_response_team", "ticket_replies", "ticket_customer_messages", "ticket_notes",
    "ticket_agents", "ticket_effort_us", "clocks", "estimates", "sessions", "fields",
];

/// How CSV is written and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Csv {
    /// Whether a text that begins with `=`, `+`, `-`, `@`, a tab or an apostrophe gets an apostrophe before it, so that no
    /// spreadsheet takes it for a formula. Reading with the same choice takes it away again. Numbers stay as they are.
    pub is_defused: bool,
}

impl Csv {
    /// With texts that begin like a formula made harmless.
    pub fn defused() -> Csv {
        Csv { is_defused: true }
    }

    fn cell(self, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(text) if self.is_defused && text.starts_with(FORMULA_BEGINS) => {
                format!("'{text}")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    fn text(self, cell: &str) -> &str {
        match cell.strip_prefix('\'') {
            Some(text) if self.is_defused => text,
            _ => cell,
        }
    }
}

const FORMULA_BEGINS: &[char] = &['=', '+', '-', '@', '\t', '\''];

impl FactTable {
    /// Writes all rows as CSV.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn write_csv(&self, to: impl Write, how: Csv) -> Result<(), FlatError> {
        let mut csv = csv::Writer::from_writer(to);
        csv.write_record(COLUMNS).map_err(FlatError::csv)?;
        for row in self.iter().flatten() {
            let cells = cells(&row);
            let of = |name: &&str| {
                cells
                    .get(*name)
                    .map_or(String::new(), |value| how.cell(value))
            };
            csv.write_record(COLUMNS.iter().map(of))
                .map_err(FlatError::csv)?;
        }
        csv.flush().map_err(FlatError::io)
    }

    /// Reads a table from CSV: [`flat`](self).
    ///
    /// # Errors
    /// A header without one of the columns, with another one, or with one twice; a cell that cannot be read, with its line and column; rows that
    /// [`FactTable::push`] refuses; what the reader answers.
    pub fn read_csv(from: impl Read, how: Csv) -> Result<FactTable, FlatError> {
        let mut csv = csv::Reader::from_reader(from);
        let header = csv.headers().map_err(FlatError::csv)?.clone();
        if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(name)) {
            return Err(FlatError::unknown(1, unknown));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = header.iter().find(|name| !seen.insert(*name)) {
            return Err(FlatError::twice(1, twice));
        }
        if let Some(missing) = COLUMNS
            .iter()
            .find(|name| !header.iter().any(|n| n == **name))
        {
            return Err(FlatError::missing(1, missing));
        }
        let mut filling = Filling::default();
        let mut record = csv::StringRecord::new();
        let mut last = 1;
        while csv.read_record(&mut record).map_err(FlatError::csv)? {
            let line = record.position().map_or(0, csv::Position::line);
            let given = header
                .iter()
                .zip(&record)
                .filter(|(_, cell)| !cell.is_empty());
            let given = given.map(|(name, cell)| (name.to_owned(), Value::from(how.text(cell))));
            let cells = Cells::of_text(line, given.collect());
            filling
                .take(fact(&cells)?)
                .map_err(|error| FlatError::table(line, error))?;
            last = line;
        }
        filling
            .finish()
            .map_err(|error| FlatError::table(last, error))
    }

    /// Writes all rows as JSON lines: an object for each row, with the columns that are present.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn write_json_lines(&self, mut to: impl Write) -> Result<(), FlatError> {
        for row in self.iter().flatten() {
            let mut cells = cells(&row);
            cells.retain(|_, value| !value.is_null());
            writeln!(to, "{}", Value::Object(cells)).map_err(FlatError::io)?;
        }
        to.flush().map_err(FlatError::io)
    }

    /// Reads a table from JSON lines. Empty lines are passed over.
    ///
    /// # Errors
    /// A line that is no JSON object, an unknown or missing column, a value that cannot be read, with its line and column; rows
    /// that [`FactTable::push`] refuses; what the reader answers.
    pub fn read_json_lines(mut from: impl BufRead) -> Result<FactTable, FlatError> {
        let mut filling = Filling::default();
        let mut last = 0;
        let mut text = Vec::new(); // one line at a time
        for line in 1.. {
            text.clear();
            if from.read_until(b'\n', &mut text).map_err(FlatError::io)? == 0 {
                break;
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let given: Map<String, Value> =
                serde_json::from_slice(&text).map_err(|error| FlatError::json(line, &error))?;
            if let Some(unknown) = given.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
                return Err(FlatError::unknown(line, unknown));
            }
            let cells = Cells::of_values(line, given);
            filling
                .take(fact(&cells)?)
                .map_err(|error| FlatError::table(line, error))?;
            last = line;
        }
        filling
            .finish()
            .map_err(|error| FlatError::table(last, error))
    }
}
