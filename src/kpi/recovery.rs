//! Service recovery: whether a customer who was let down is content again, by the mark before and the mark after.
//!
//! A negative mark is a chance. A [`RecoveryTally`] keeps the marks that stand, customer by customer; its report pairs each negative one
//! with the same customer's next mark of the same kind, on whichever ticket it was given, and counts how many of the next ones are
//! positive. Marks of two kinds are never paired, nor marks on two scales averaged.
//!
//! # Properties
//! Tallies merge in any order and grouping; adding a ticket's rows again replaces what was known of it; the ratio lies in [0, 1]; each
//! negative mark is counted once, in the denominator or as left out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CustomerId, TicketId};
use crate::ticket::{RatingKind, Scale};
use crate::time::{Micros, micros};

use super::error::KpiError;
use super::facts::Fact;
use super::figures::Bands;
use super::known::whole;
use super::ratio::{Excluded, Exclusion, Ratio};
use super::report::by_ticket;

/// The marks that were given, by ticket, those that were replaced later among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryTally(BTreeMap<TicketId, Vec<Given>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    customer: CustomerId,
    kind: RatingKind,
    at: Micros,
    cycle: u32,
    mark: u8,
    scale: Scale,
}

/// How many customers who were let down are content again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recovery {
    /// Of the negative marks that a later one followed, the part whose next mark is positive. Left out: negative marks that no mark
    /// followed.
    pub recovered: Ratio,
    /// The sum of the negative marks that a mark on the same scale followed, the sum of those next marks, and how many pairs there are.
    pub before_and_after: (u64, u64, u64),
}

impl RecoveryTally {
    /// Adds tickets, each given by all its rows, in any order of tickets. A ticket that is known already is replaced.
    ///
    /// # Errors
    /// Rows of another formula, or not all rows of a ticket.
    pub fn add(&mut self, rows: &[Fact]) -> Result<(), KpiError> {
        for rows in by_ticket(rows) {
            let (first, _) = whole(rows)?;
            let marks: Vec<Given> = rows.iter().flat_map(given).collect();
            if marks.is_empty() {
                self.0.remove(&first.ticket);
            } else {
                self.0.insert(first.ticket, marks);
            }
        }
        Ok(())
    }

    /// Adds what another one knows. Of a ticket that both know, what the other one knows stands: give each ticket to one.
    pub fn merge(&mut self, other: &RecoveryTally) {
        let theirs = other.0.iter();
        self.0
            .extend(theirs.map(|(id, marks)| (*id, marks.clone())));
    }

    /// The figures of one kind of mark, as known at `as_of`; `bands` says which marks are negative and positive.
    pub fn report(&self, kind: RatingKind, bands: &Bands, as_of: DateTime<Utc>) -> Recovery {
        let as_of = micros(as_of);
        let mut of_customer: BTreeMap<CustomerId, Vec<(Micros, TicketId, Given)>> = BTreeMap::new();
        for (ticket, marks) in &self.0 {
            let known = marks
                .iter()
                .filter(|given| given.kind == kind && given.at <= as_of);
            let standing: BTreeMap<u32, &Given> = known.map(|given| (given.cycle, given)).collect();
            for given in standing.into_values() {
                let line = of_customer.entry(given.customer).or_default();
                line.push((given.at, *ticket, *given));
            }
        }
        let (mut let_down, mut recovered, mut unanswered) = (0, 0, 0);
        let mut sums = (0_u64, 0_u64, 0_u64);
        for line in of_customer.values_mut() {
            line.sort_by_key(|(at, ticket, given)| (*at, *ticket, given.cycle));
            for (n, (_, _, before)) in line.iter().enumerate() {
                if !bands.is_negative(before.scale, before.mark) {
                    continue;
                }
                let Some((_, _, after)) = line.get(n + 1) else {
                    unanswered += 1;
                    continue;
                };
                let_down += 1;
                recovered += u64::from(bands.is_positive(after.scale, after.mark));
                if after.scale == before.scale {
                    sums.0 += u64::from(before.mark);
                    sums.1 += u64::from(after.mark);
                    sums.2 += 1;
                }
            }
        }
        let excluded = Excluded::from_iter([(Exclusion::Unanswered, unanswered)]);
        Recovery {
            recovered: Ratio::new(recovered, let_down, excluded).unwrap_or_default(),
            before_and_after: sums,
        }
    }
}

/// The marks about a cycle, in their order: of one kind the last one stands.
fn given(row: &Fact) -> impl Iterator<Item = Given> + '_ {
    row.ratings.iter().map(|mark| Given {
        customer: mark.customer.unwrap_or(row.requester),
        kind: mark.kind,
        at: micros(mark.at),
        cycle: row.cycle,
        mark: mark.mark,
        scale: mark.scale,
    })
}
