//! Which causes bring customers back: recurrence by cause.
//!
//! A resolution that leaves the cause in place brings the same customer back with the same thing, as a new ticket that no reopen
//! rate sees. A [`RecurrenceTally`] keeps what is needed of each ticket that has a cause; its report tells for every cause of the
//! [tree](Causes), finer ones counted with the coarser ones above them, how many of those resolved came back.
//!
//! # Properties
//! Tallies merge in any order and grouping; adding a ticket's rows again replaces what was known of it, so a tally of newer rows is
//! the tally of all; every ratio lies in [0, 1]; a longer time to come back in never makes fewer repeats among the same tickets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CustomerId, Name, TicketId};
use crate::ticket::{Causes, CloseReason, FieldValue};
use crate::time::{Micros, Span, micros};

use super::error::KpiError;
use super::facts::Fact;
use super::known::whole;
use super::ratio::{Excluded, Exclusion, Ratio};
use super::report::by_ticket;

/// What is known of the tickets that have a cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecurrenceTally(BTreeMap<TicketId, Known>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    requester: CustomerId,
    cause: Name,
    created: Micros,
    /// In order, at least one.
    cycles: Vec<Cycle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cycle {
    started: Micros,
    /// The first entry into `Resolved`.
    first_resolved: Option<Micros>,
    /// The last entry into `Resolved`.
    resolved: Option<Micros>,
    /// When it was closed as a duplicate or as spam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_aside: Option<Micros>,
}

/// What one cause brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CauseFigures {
    /// Tickets with this cause or a finer one.
    pub tickets: u64,
    /// Of those resolved, the part whose requester came again with this cause or a finer one. Left out: resolved too short a time ago,
    /// open again, unresolved.
    pub repeated: Ratio,
}

impl RecurrenceTally {
    /// Adds tickets, each given by all its rows, in any order of tickets. A ticket that is known already is replaced; one whose cause
    /// was cleared is forgotten. A cause that the tree does not have counts nowhere.
    ///
    /// # Errors
    /// Rows of another formula, or not all rows of a ticket.
    pub fn add(&mut self, rows: &[Fact], causes: &Causes) -> Result<(), KpiError> {
        for rows in by_ticket(rows) {
            let (first, _) = whole(rows)?;
            match Known::of(rows, causes) {
                Some(known) => self.0.insert(first.ticket, known),
                None => self.0.remove(&first.ticket),
            };
        }
        Ok(())
    }

    /// Adds what another one knows. Of a ticket that both know, what the other one knows stands: give each ticket to one.
    pub fn merge(&mut self, other: &RecurrenceTally) {
        let theirs = other.0.iter();
        self.0
            .extend(theirs.map(|(id, known)| (*id, known.clone())));
    }

    /// Each cause that any ticket has, with its figures: who came again at most `within` after the resolution, as known at `as_of`.
    /// A ticket that came before the resolution counts as coming again too; one that stands closed as a duplicate (a merge does that)
    /// or as spam, and was not resolved since it was last open, does not: with it nobody came again.
    ///
    /// Tickets resolved less than `within` before `as_of` are left out as immature, and a reopening after `as_of` has not happened: so
    /// a figure does not change any more once it is given. What rows cannot tell of the past, [`Report::over`](super::Report::over) says.
    pub fn report(
        &self,
        causes: &Causes,
        within: Span,
        as_of: DateTime<Utc>,
    ) -> BTreeMap<Name, CauseFigures> {
        let (within, as_of) = (within.micros(), micros(as_of));
        let mut came: BTreeMap<(&Name, CustomerId), Vec<(Micros, TicketId)>> = BTreeMap::new();
        let created = || self.0.iter().filter(|(_, known)| known.created <= as_of);
        for (id, known) in created().filter(|(_, known)| !known.is_set_aside(as_of)) {
            for cause in causes.upwards(known.cause.as_str()) {
                let times = came.entry((cause, known.requester)).or_default();
                times.push((known.created, *id));
            }
        }
        came.values_mut().for_each(|times| times.sort_unstable());
        let mut counts: BTreeMap<&Name, Counts> = BTreeMap::new();
        for (id, known) in created() {
            let (resolved, reopened) = known.standing(as_of);
            for cause in causes.upwards(known.cause.as_str()) {
                let counts = counts.entry(cause).or_default();
                counts.tickets += 1;
                let Some(resolved) = resolved else {
                    *(if reopened {
                        &mut counts.reopened
                    } else {
                        &mut counts.undecided
                    }) += 1;
                    continue;
                };
                let until = resolved.saturating_add(within);
                if until > as_of {
                    counts.immature += 1;
                    continue;
                }
                counts.decided += 1;
                let times = came.get(&(cause, known.requester)).map_or(&[][..], |t| t);
                let next = times.partition_point(|one| *one <= (known.created, *id));
                let again = times.get(next).is_some_and(|(at, _)| *at <= until);
                counts.repeated += u64::from(again);
            }
        }
        let figures = |(cause, counts): (&Name, Counts)| (cause.clone(), counts.figures());
        counts.into_iter().map(figures).collect()
    }
}

#[derive(Default)]
struct Counts {
    tickets: u64,
    decided: u64,
    repeated: u64,
    immature: u64,
    reopened: u64,
    undecided: u64,
}

impl Counts {
    fn figures(self) -> CauseFigures {
        let excluded = Excluded::from_iter([
            (Exclusion::Immature, self.immature),
            (Exclusion::Reopened, self.reopened),
            (Exclusion::Undecided, self.undecided),
        ]);
        CauseFigures {
            tickets: self.tickets,
            repeated: Ratio::new(self.repeated, self.decided, excluded).unwrap_or_default(),
        }
    }
}

impl Known {
    fn of(rows: &[Fact], causes: &Causes) -> Option<Known> {
        let first = rows.first()?;
        let own = first.own.as_ref()?;
        let FieldValue::Text(code) = own.fields.get(causes.field())? else {
            return None;
        };
        Some(Known {
            requester: first.requester,
            cause: Name::new(code).ok()?,
            created: micros(first.created_at),
            cycles: rows.iter().map(Cycle::of).collect(),
        })
    }

    /// The last resolution, where the ticket stood resolved at `as_of` or was closed after it; and whether it was resolved in a
    /// cycle before the one that it was in.
    fn standing(&self, as_of: Micros) -> (Option<Micros>, bool) {
        let Some((last, before)) = self.begun(as_of).split_last() else {
            return (None, false);
        };
        let is_resolved = |one: &Cycle| one.resolution(as_of).is_some();
        (last.resolution(as_of), before.iter().any(is_resolved))
    }

    /// Whether it stood closed at `as_of` as a duplicate or as spam, without a resolution.
    fn is_set_aside(&self, as_of: Micros) -> bool {
        self.begun(as_of).last().is_some_and(|last| {
            last.set_aside.is_some_and(|at| at <= as_of) && last.resolution(as_of).is_none()
        })
    }

    /// The cycles that had begun by then.
    fn begun(&self, as_of: Micros) -> &[Cycle] {
        let begun = self.cycles.partition_point(|one| one.started <= as_of);
        self.cycles.get(..begun).unwrap_or_default()
    }
}

impl Cycle {
    fn of(row: &Fact) -> Cycle {
        Cycle {
            started: micros(row.started_at),
            first_resolved: row.first_resolved_at.map(micros),
            resolved: row.resolved_at.map(micros),
            set_aside: row
                .closed
                .filter(|(_, reason)| matches!(reason, CloseReason::Duplicate | CloseReason::Spam))
                .map(|(at, _)| micros(at)),
        }
    }

    /// The last resolution that rows tell of this cycle as of then.
    fn resolution(&self, as_of: Micros) -> Option<Micros> {
        let past = |at: &Micros| *at <= as_of;
        self.resolved
            .filter(past)
            .or(self.first_resolved.filter(past))
    }
}
