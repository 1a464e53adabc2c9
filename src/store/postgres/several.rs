//! The queries of a load as one statement: one message to the server, one answer, and all of one instant without a transaction around
//! it.
//!
//! What each answers has columns of its own; here all have the same, most of them null, and the first tells which query a row
//! answers.

use std::fmt::Write;

use tokio_postgres::Row;

use super::link::{Params, Query};
use super::load::get;
use super::whole::add_renumbered;
use super::{StoreError, StoreErrorKind};

/// A query of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The events of one stream.
    Events,
    /// Those after its snapshot.
    Since,
    /// Those of several streams.
    Streams,
    Owners,
    Remembered,
    Number,
    Contents,
}

/// Where what stands in a row: which part it answers comes first; then version, schema, body, fold and place of an event; and two ids.
pub(super) const OF_EVENT: usize = 1;
pub(super) const LAST: usize = 1;
pub(super) const SCHEMA_AND_BODY: usize = 2;
pub(super) const ID: usize = 6;
pub(super) const OWNER: usize = 7;

impl Part {
    const ALL: [Part; 7] = [
        Part::Events,
        Part::Since,
        Part::Streams,
        Part::Owners,
        Part::Remembered,
        Part::Number,
        Part::Contents,
    ];

    pub(super) fn is_streams(self) -> bool {
        matches!(self, Part::Events | Part::Since | Part::Streams)
    }

    /// The part that a row answers.
    pub(super) fn of(row: &Row) -> Result<Part, StoreError> {
        let which: i32 = get(row, 0)?;
        let unknown = || StoreError::new(StoreErrorKind::Other, format!("a row of query {which}"));
        let part = Part::ALL.into_iter().find(|part| *part as i32 == which);
        part.ok_or_else(unknown)
    }

    /// The columns that it has, and what all have in their order.
    fn columns(self) -> (&'static str, [&'static str; 7]) {
        const NOTHING: &str = "NULL::bigint";
        const NOBODY: &str = "NULL::uuid";
        let event = |fold, place| ["version", "schema", "body", fold, place, NOBODY, NOBODY];
        let record = |id| [NOTHING, "schema", "body", NOTHING, NOTHING, id, NOBODY];
        let number = |last, id, owner| [last, NOTHING, "NULL::text", NOTHING, NOTHING, id, owner];
        match self {
            Part::Events => ("version, schema, body", event(NOTHING, "1::bigint")),
            Part::Since => ("version, schema, body, fold", event("fold", "1::bigint")),
            Part::Streams => ("version, schema, body, fold, n", event("fold", "n")),
            Part::Owners => ("id, owner", number(NOTHING, "id", "owner")),
            Part::Remembered => ("schema, body", record(NOBODY)),
            Part::Number => ("last", number("last", NOBODY, NOBODY)),
            Part::Contents => ("id, schema, body", record("id")),
        }
    }
}

/// Queries that are asked together.
#[derive(Default)]
pub(super) struct Several<'a> {
    text: String,
    params: Params<'a>,
}

impl<'a> Several<'a> {
    /// The statement, and its parameters.
    pub(super) fn of(queries: Vec<(Part, Query<'a>)>) -> (String, Params<'a>) {
        let mut all = Several::default();
        for (part, query) in queries {
            all.add(part, query);
        }
        let columns = "which, version, schema, body, fold, n, id, owner";
        let text = format!(
            "SELECT * FROM ({}) a ({columns}) ORDER BY which, n, version",
            all.text
        );
        (text, all.params)
    }

    fn add(&mut self, part: Part, query: Query<'a>) {
        let and = if self.text.is_empty() {
            ""
        } else {
            " UNION ALL "
        };
        let (which, (names, columns)) = (part as i32, part.columns());
        let columns = columns.join(", ");
        let _ = write!(self.text, "{and}SELECT {which}, {columns} FROM ("); // a string takes all
        add_renumbered(&mut self.text, query.text, self.params.len());
        let _ = write!(self.text, ") p ({names})");
        self.params.extend(query.params);
    }
}
