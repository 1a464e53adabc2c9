//! Rows in columns: a desk's whole history in memory, for reports over millions of tickets.
//!
//! A [`FactTable`] holds the same [`Fact`] rows that a [`Tally`](super::Tally) counts, each column in a list of its own, in the
//! narrowest form that is exact. Rows come out as they went in. A [`Query`] says which report is meant, and
//! [`FactTable::report`] works it out: the same figures that a tally gives, to the last bit, of all tickets and of each group.
//!
//! ```
//! use helpdesk::kpi::{FactTable, Report, table::{Key, Length, Query}};
//! use helpdesk::sla::Measure;
//! # let rows: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//!
//! let table = FactTable::of(&rows)?;
//! let query = Query::new(Report::standard().last_days(30)).by(Key::Agent).by(Key::Channel);
//! let report = table.report(&query, "2026-04-01T00:00:00Z".parse()?)?;
//! println!("{}", report.all().reopen_rate());
//! for group in report.by(Key::Channel) {
//!     if let Some(wait) = group.figures.length(Length::FirstResponse, Measure::Calendar) {
//!         println!("{:?}: {} us", group.value, wait.p90_us());
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it costs
//! Two passes over the columns that a report needs, whatever the number of groups; nothing is sorted. What a ticket counts as once
//! everything about it is past is worked out when it is put in, so a report looks only at tickets that were active near its
//! instant and near the ends of its window; that is quickest where tickets were put in in the order of their creation, and
//! with the usual 7 days for reopening. Beside the table a report takes a few bytes for each ticket or less, as long as the lengths
//! are spread; where most of them are nearly the same, up to eight bytes for each length and key.
//!
//! Feature `parallel`: `Query::parallel` makes a report on several threads, the same to the last bit. Feature `flat`: the module
//! `flat` writes a table as CSV and as JSON lines, and reads both.
//!
//! # What is not here
//! No backlog by day, no SLA attainment and no filters: those are the tally's ([`Report::over`](super::Report::over)). No credit to
//! whoever answered or resolved: a ticket is, with all its figures, in the group of what it is as it stands.

mod bounds;
mod class;
mod column;
mod count;
mod error;
mod figures;
#[cfg(feature = "flat")]
pub mod flat;
mod report;
mod scan;
mod seen;
mod settled;
mod tickets;

use std::collections::HashMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::TicketId;

use super::facts::Fact;
use tickets::Tickets;

pub use error::TableError;
pub use figures::{Figures, Group, TableReport, Value};
pub use report::{Key, Length, Query};

/// Rows in columns: see the module.
///
/// Serialises as the list of its rows, ticket by ticket. Instants finer than a microsecond are truncated toward the past.
///
/// # Properties
/// [`FactTable::iter`] gives the rows as they were put in. After [`FactTable::replace`] every report is that of a table into which
/// the new rows alone were put.
#[derive(Clone, Default)]
pub struct FactTable {
    tickets: Tickets,
    /// Where each ticket is; made when it is first needed.
    places: Option<HashMap<TicketId, usize>>,
    forgotten: usize,
}

impl FactTable {
    /// A table without rows.
    pub fn new() -> FactTable {
        FactTable::default()
    }

    /// The table of these tickets, each given as all its rows.
    ///
    /// # Errors
    /// As [`FactTable::push`].
    pub fn of<T: AsRef<[Fact]>>(
        tickets: impl IntoIterator<Item = T>,
    ) -> Result<FactTable, TableError> {
        let mut table = FactTable::new();
        for ticket in tickets {
            table.push(ticket.as_ref())?;
        }
        Ok(table)
    }

    /// Adds a ticket that is not in it yet: all its rows, from cycle 0 on. No rows add nothing.
    ///
    /// # Errors
    /// Rows of another formula version, rows that are not those of one ticket in order, a resolution without its lengths, lengths
    /// that do not add up in 64 bits, a full table. Nothing is added then.
    pub fn push(&mut self, ticket: &[Fact]) -> Result<(), TableError> {
        let place = self.tickets.len();
        self.tickets.push(ticket)?;
        if let (Some(places), Some(row)) = (&mut self.places, ticket.first()) {
            places.insert(row.ticket, place);
        }
        Ok(())
    }

    /// Puts these rows, all rows of one ticket, in the place of those that it had, if any.
    ///
    /// The first call walks through all tickets once.
    ///
    /// # Errors
    /// As [`FactTable::push`]. The rows that it had stay then.
    pub fn replace(&mut self, ticket: &[Fact]) -> Result<(), TableError> {
        let Some(row) = ticket.first() else {
            return Ok(());
        };
        let before = self.places().get(&row.ticket).copied();
        self.push(ticket)?;
        if let Some(before) = before {
            self.forget(before);
        }
        Ok(())
    }

    /// Takes a ticket out; whether it was in.
    pub fn remove(&mut self, ticket: TicketId) -> bool {
        let place = self.places().remove(&ticket);
        if let Some(place) = place {
            self.forget(place);
        }
        place.is_some()
    }

    /// How many tickets there are.
    pub fn len(&self) -> usize {
        self.tickets.len().saturating_sub(self.forgotten)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of each ticket, as they were put in, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Vec<Fact>> {
        let places = 0..self.tickets.len();
        let kept = places.filter(|place| !self.tickets.is_forgotten(*place));
        kept.map(|place| self.tickets.rows(place))
    }

    fn places(&mut self) -> &mut HashMap<TicketId, usize> {
        let tickets = &self.tickets;
        self.places.get_or_insert_with(|| {
            let places = tickets.id.iter().copied().zip(0..);
            places
                .filter(|(_, place)| !tickets.is_forgotten(*place))
                .collect()
        })
    }

    /// Makes the ticket at a place one that no report counts. Once half of them are such, they are let go.
    fn forget(&mut self, place: usize) {
        self.tickets.forget(place);
        self.forgotten = self.forgotten.saturating_add(1);
        if self.forgotten.saturating_mul(2) <= self.tickets.len().max(1_024) {
            return;
        }
        let mut kept = FactTable::new();
        for rows in self.iter() {
            // What was taken once is taken again.
            if kept.push(&rows).is_err() {
                return;
            }
        }
        *self = kept;
    }
}

impl fmt::Debug for FactTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("FactTable");
        shown.field("tickets", &self.len()).finish_non_exhaustive()
    }
}

impl PartialEq for FactTable {
    fn eq(&self, other: &FactTable) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Serialize for FactTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().flatten())
    }
}

impl<'de> Deserialize<'de> for FactTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FactTable, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = FactTable;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of rows, ticket by ticket")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<FactTable, A::Error> {
                let mut filling = Filling::default();
                while let Some(row) = rows.next_element()? {
                    filling.take(row).map_err(serde::de::Error::custom)?;
                }
                filling.finish().map_err(serde::de::Error::custom)
            }
        }
        deserializer.deserialize_seq(Rows)
    }
}

/// A table that is filled with rows one after another.
#[derive(Default)]
struct Filling {
    table: FactTable,
    ticket: Vec<Fact>, // the rows of the ticket that is coming
}

impl Filling {
    fn take(&mut self, row: Fact) -> Result<(), TableError> {
        if self
            .ticket
            .first()
            .is_some_and(|first| first.ticket != row.ticket)
        {
            self.table.push(&self.ticket)?;
            self.ticket.clear();
        }
        self.ticket.push(row);
        Ok(())
    }

    fn finish(mut self) -> Result<FactTable, TableError> {
        self.table.push(&self.ticket)?;
        Ok(self.table)
    }
}
