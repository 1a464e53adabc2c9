//! What the rows of one ticket tell about an instant: what is later has not happened.
//!
//! Rows are made from a whole history, and an instant may lie before its end. Most of it can be told apart, because rows hold
//! instants: whether the ticket existed, stood in the backlog, was resolved, reopened or answered. What cannot be told is said
//! in the documentation of [`Report::over`](super::Report::over).

use chrono::{DateTime, Utc};

use crate::sla::{State, Verdict};
use crate::ticket::{CloseReason, Metric};

use super::error::KpiError;
use super::facts::{ClockFact, FORMULA, Fact, FirstResponse, Lengths, Own};
use super::ratio::Exclusion;

/// A ticket as it was known at an instant.
pub(super) struct Known<'a> {
    rows: &'a [Fact], // INVARIANT: not empty; all begun by `as_of`
    last: &'a Fact,
    own: &'a Own,
    as_of: DateTime<Utc>,
}

/// One resolution: a cycle has at most one, its last.
pub(super) struct Resolution {
    pub(super) at: DateTime<Utc>,
    /// When it proved not to hold.
    pub(super) reopened_at: Option<DateTime<Utc>>,
}

/// Where a ticket stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Backlog,
    /// Resolved, and perhaps closed since.
    Resolved,
    /// Closed in a cycle without a resolution.
    Closed(CloseReason),
}

/// How a clock stood to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Met,
    Breached,
    Outside(Exclusion),
}

impl<'a> Known<'a> {
    /// The ticket of these rows as it was at `as_of`; `None` where it did not exist yet.
    pub(super) fn at(rows: &'a [Fact], as_of: DateTime<Utc>) -> Result<Option<Known<'a>>, KpiError> {
        let Some(first) = rows.first() else { return Ok(None) };
        if let Some(other) = rows.iter().find(|row| row.formula != FORMULA) {
            return Err(KpiError::formula(other.ticket, other.formula));
        }
        let in_order = rows.iter().zip(0..).all(|(row, cycle)| row.cycle == cycle && row.ticket == first.ticket)
            && rows.windows(2).all(|pair| pair[0].started_at <= pair[1].started_at);
        let (true, Some(own)) = (in_order, &first.own) else { return Err(KpiError::rows(first.ticket)) };
        let begun = rows.partition_point(|row| row.started_at <= as_of);
        let rows = rows.get(..begun).unwrap_or_default();
        Ok(rows.last().map(|last| Known { rows, last, own, as_of }))
    }

    pub(super) fn rows(&self) -> &'a [Fact] {
        self.rows
    }

    pub(super) fn created_at(&self) -> DateTime<Utc> {
        self.rows.first().map_or(self.last.created_at, |row| row.created_at)
    }

    pub(super) fn clocks(&self) -> &'a [ClockFact] {
        &self.own.clocks
    }

    pub(super) fn standing(&self) -> Standing {
        match self.past(self.last.left_at) {
            None => Standing::Backlog,
            Some(_) if self.resolved(self.last).is_some() => Standing::Resolved,
            // A log that resolves a closed ticket forgets why it was closed: what is resolved after all was settled.
            Some(_) => Standing::Closed(self.last.closed.map_or(CloseReason::Settled, |(_, reason)| reason)),
        }
    }

    /// The resolutions, in order.
    pub(super) fn resolutions(&self) -> impl Iterator<Item = Resolution> {
        let of = |row: &Fact| Some(Resolution { at: self.resolved(row)?.0, reopened_at: self.past(row.reopened_at) });
        self.rows.iter().filter_map(of)
    }

    /// The first entry into `Resolved`, and the time from creation to it.
    pub(super) fn first_resolution(&self) -> Option<(DateTime<Utc>, Lengths)> {
        self.rows.iter().find_map(|row| self.first_resolved(row))
    }

    /// The last entry into `Resolved`, and the time from creation to it.
    pub(super) fn last_resolution(&self) -> Option<(DateTime<Utc>, Lengths)> {
        self.rows.iter().rev().find_map(|row| self.resolved(row))
    }

    /// How long the customer's first contact waited for an answer, or why that is not known.
    pub(super) fn first_response(&self) -> Result<Lengths, Exclusion> {
        match self.own.first_response {
            FirstResponse::Answered { after, at, .. } if at <= self.as_of => Ok(after),
            FirstResponse::NotApplicable => Err(Exclusion::NotStarted),
            _ if self.standing() == Standing::Backlog => Err(Exclusion::Waiting),
            _ => Err(Exclusion::Unanswered),
        }
    }

    pub(super) fn outcome(&self, clock: &ClockFact) -> Outcome {
        let in_backlog = self.standing() == Standing::Backlog;
        match (clock.verdict_at(self.as_of), clock.state) {
            (Verdict::Breached, _) => Outcome::Breached,
            (Verdict::Met, _) if self.is_fulfilled(clock.clock.metric) => Outcome::Met,
            (Verdict::Unanswered, _) if !in_backlog => Outcome::Outside(Exclusion::Unanswered),
            (Verdict::Open, State::Cancelled) if !in_backlog => Outcome::Outside(Exclusion::Cancelled),
            (Verdict::Open, State::NotStarted | State::NotApplicable) => Outcome::Outside(Exclusion::NotStarted),
            (Verdict::Met | Verdict::Unanswered | Verdict::Open, _) => Outcome::Outside(Exclusion::Undecided),
        }
    }

    pub(super) fn ever_breached(&self, clock: &ClockFact) -> bool {
        clock.ever_breached_at(self.as_of)
    }

    /// Whether what fulfilled a clock of this metric in the end had happened.
    fn is_fulfilled(&self, metric: Metric) -> bool {
        match metric {
            Metric::FirstResponse => match self.own.first_response {
                FirstResponse::Answered { at, .. } => at <= self.as_of,
                _ => true,
            },
            Metric::FirstResolution => self.first_resolution().is_some(),
            Metric::TotalResolution | Metric::RequesterWait => self.standing() == Standing::Resolved,
        }
    }

    fn past(&self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        at.filter(|at| *at <= self.as_of)
    }

    fn first_resolved(&self, row: &Fact) -> Option<(DateTime<Utc>, Lengths)> {
        self.past(row.first_resolved_at).zip(row.first_spent.map(|spent| spent.whole()))
    }

    fn resolved(&self, row: &Fact) -> Option<(DateTime<Utc>, Lengths)> {
        let last = self.past(row.resolved_at).zip(row.spent.map(|spent| spent.whole()));
        last.or_else(|| self.first_resolved(row))
    }
}
