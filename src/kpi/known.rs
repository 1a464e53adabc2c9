//! What the rows of one ticket tell about an instant: what is later has not happened.
//!
//! Rows are made from a whole history, and an instant may lie before its end. Most of it can be told apart, because rows hold
//! instants: whether the ticket existed, stood in the backlog, was resolved, reopened or answered. What cannot be told is said
//! in the documentation of [`Report::over`](super::Report::over).

use chrono::{DateTime, Utc};

use crate::id::Name;
use crate::sla::{Fulfilment, OnReopen, State, Verdict};
use crate::ticket::{CloseReason, Estimate, FieldValue, RatingKind};

use super::error::KpiError;
use super::facts::{
    ClockFact, FORMULA, Fact, FirstResponse, Holder, Lengths, Own, RatingFact, Response, Spent,
};
use super::ratio::Exclusion;
use super::window::{Credit, Scope};

/// A ticket as it was known at an instant.
pub(super) struct Known<'a> {
    rows: &'a [Fact], // INVARIANT: not empty; all begun by `as_of`
    last: &'a Fact,
    own: &'a Own,
    as_of: DateTime<Utc>,
    credit: Credit,
}

/// One resolution: a cycle has at most one, its last.
#[derive(Clone, Copy)]
pub(super) struct Resolution<'a> {
    pub(super) row: &'a Fact,
    pub(super) at: DateTime<Utc>,
    /// What the ticket's time until then was spent on.
    pub(super) spent: Spent,
    /// When it proved not to hold.
    pub(super) reopened_at: Option<DateTime<Utc>>,
    /// To whose credit it is.
    pub(super) credited: Holder,
}

impl Resolution<'_> {
    /// What the time from the begin of its cycle was spent on.
    pub(super) fn cycle_spent(&self) -> Spent {
        match (self.row.spent, self.row.cycle_spent) {
            (Some(whole), Some(cycle)) => self.spent - (whole - cycle),
            _ => self.spent,
        }
    }
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

/// The first of these rows with its own columns, where they are of this formula and all rows of one ticket, in order.
pub(super) fn whole(rows: &[Fact]) -> Result<(&Fact, &Own), KpiError> {
    let first = rows.first().ok_or_else(KpiError::unbalanced)?;
    if let Some(other) = rows.iter().find(|row| row.formula != FORMULA) {
        return Err(KpiError::formula(other.ticket, other.formula));
    }
    let in_order = rows
        .iter()
        .zip(0..)
        .all(|(row, cycle)| row.cycle == cycle && row.ticket == first.ticket)
        && rows
            .windows(2)
            .all(|pair| pair[0].started_at <= pair[1].started_at);
    match &first.own {
        Some(own) if in_order => Ok((first, own)),
        _ => Err(KpiError::rows(first.ticket)),
    }
}

impl<'a> Known<'a> {
    /// The ticket of these rows as it was at the scope's instant; `None` where it did not exist yet.
    pub(super) fn at(rows: &'a [Fact], scope: &Scope) -> Result<Option<Known<'a>>, KpiError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let (_, own) = whole(rows)?;
        let as_of = scope.as_of;
        let begun = rows.partition_point(|row| row.started_at <= as_of);
        let rows = rows.get(..begun).unwrap_or_default();
        Ok(rows.last().map(|last| Known {
            rows,
            last,
            own,
            as_of,
            credit: scope.credit,
        }))
    }

    pub(super) fn rows(&self) -> &'a [Fact] {
        self.rows
    }

    /// The row whose columns stand for the ticket.
    pub(super) fn first(&self) -> &'a Fact {
        self.rows.first().unwrap_or(self.last)
    }

    pub(super) fn field(&self, name: &Name) -> Option<&'a FieldValue> {
        self.own.fields.get(name)
    }

    /// Who is in charge as the ticket stands.
    pub(super) fn assigned(&self) -> Holder {
        Holder {
            agent: self.last.agent,
            team: self.last.team,
        }
    }

    pub(super) fn created_at(&self) -> DateTime<Utc> {
        self.first().created_at
    }

    pub(super) fn clocks(&self) -> &'a [ClockFact] {
        &self.own.clocks
    }

    pub(super) fn standing(&self) -> Standing {
        match self.past(self.last.left_at) {
            None => Standing::Backlog,
            Some(_) if self.resolved(self.last).is_some() => Standing::Resolved,
            // A log that resolves a closed ticket forgets why it was closed: what is resolved after all was settled.
            Some(_) => Standing::Closed(
                self.last
                    .closed
                    .map_or(CloseReason::Settled, |(_, reason)| reason),
            ),
        }
    }

    /// The resolutions, in order.
    pub(super) fn resolutions(&self) -> impl Iterator<Item = Resolution<'a>> {
        self.rows.iter().filter_map(|row| self.resolved(row))
    }

    /// The first entry into `Resolved`.
    pub(super) fn first_resolution(&self) -> Option<Resolution<'a>> {
        self.rows.iter().find_map(|row| self.first_resolved(row))
    }

    /// The last entry into `Resolved`.
    pub(super) fn last_resolution(&self) -> Option<Resolution<'a>> {
        self.rows.iter().rev().find_map(|row| self.resolved(row))
    }

    /// The last time that it left the backlog.
    pub(super) fn last_leaving(&self) -> Option<(&'a Fact, DateTime<Utc>)> {
        let leaving = |row: &'a Fact| Some((row, self.past(row.left_at)?));
        self.rows.iter().rev().find_map(leaving)
    }

    /// Every answer after the first.
    pub(super) fn responses(&self) -> impl Iterator<Item = &'a Response> {
        let all = self.rows.iter().flat_map(|row| &row.responses);
        all.filter(|response| response.at <= self.as_of)
    }

    /// The marks that stand: of each kind about each cycle the last one.
    pub(super) fn ratings(&self) -> impl Iterator<Item = &'a RatingFact> {
        let as_of = self.as_of;
        self.rows.iter().flat_map(move |row| {
            let given = row
                .ratings
                .iter()
                .rev()
                .filter(move |mark| mark.at <= as_of);
            let last = move |kind| given.clone().find(|mark| mark.kind == kind);
            RatingKind::ALL.into_iter().filter_map(last)
        })
    }

    /// The effort recorded on it, by whom.
    pub(super) fn effort(&self) -> impl Iterator<Item = (Holder, i64)> {
        let all = self.rows.iter().flat_map(|row| &row.effort);
        all.filter(|one| one.at <= self.as_of).map(|one| {
            let by = Holder {
                agent: one.by,
                team: one.team,
            };
            (by, one.spent_us)
        })
    }

    /// The first thing that the customer was told about when it would be resolved.
    pub(super) fn first_estimate(&self) -> Option<&'a Estimate> {
        self.own
            .estimates
            .first()
            .filter(|one| one.made_at <= self.as_of)
    }

    /// Over all cycles known by the instant.
    pub(super) fn sum(&self, column: impl Fn(&Fact) -> u32) -> u64 {
        let counts = self.rows.iter().map(column);
        counts.fold(0, |sum, n| sum.saturating_add(u64::from(n)))
    }

    /// How many human agents had a part in it.
    pub(super) fn agents(&self) -> u32 {
        self.own.agents
    }

    /// Who gave the first answer, and in which team's charge.
    pub(super) fn replier(&self) -> Option<Holder> {
        match self.own.first_response {
            FirstResponse::Answered { at, by, .. } if at <= self.as_of => Some(Holder {
                agent: Some(by),
                team: self.own.first_responding_team,
            }),
            _ => None,
        }
    }

    /// To whose credit a clock is counted: whoever ended it, else who is in charge as the ticket stands.
    pub(super) fn credit(&self, clock: &ClockFact) -> Holder {
        let by_resolution = clock.clock.metric.definition().fulfilled_by == Fulfilment::Resolution;
        match self.past(clock.stopped_at) {
            Some(at) if by_resolution && clock.state == State::Stopped => {
                self.resolved_at(at, clock.credited)
            }
            Some(_) => clock.credited,
            // It stood resolved then, and runs again or ended later.
            None if by_resolution && self.standing() == Standing::Resolved => self
                .last_resolution()
                .map_or(self.assigned(), |one| one.credited),
            None => self.assigned(),
        }
    }

    /// Whose the resolution at this instant is: the resolver's, or of whoever was in charge.
    fn resolved_at(&self, at: DateTime<Utc>, resolver: Holder) -> Holder {
        let is_it = |row: &&Fact| [row.first_resolved_at, row.resolved_at].contains(&Some(at));
        match self.credit {
            Credit::Resolver => resolver,
            Credit::Assignee => self
                .rows
                .iter()
                .find(is_it)
                .map_or(resolver, |row| row.assignee),
        }
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
        if clock.without_target {
            return Outcome::Outside(Exclusion::NoTarget);
        }
        match (clock.verdict_at(self.as_of), clock.state) {
            (Verdict::Breached, _) => Outcome::Breached,
            (Verdict::Met, _) if self.is_fulfilled(clock) => Outcome::Met,
            (Verdict::Unanswered, _) if !in_backlog => Outcome::Outside(Exclusion::Unanswered),
            (Verdict::Open, State::Cancelled) if self.past(clock.stopped_at).is_some() => {
                Outcome::Outside(Exclusion::Cancelled)
            }
            (Verdict::Open, State::NotStarted | State::NotApplicable) => {
                Outcome::Outside(Exclusion::NotStarted)
            }
            (Verdict::Met | Verdict::Unanswered | Verdict::Open, _) => {
                Outcome::Outside(Exclusion::Undecided)
            }
        }
    }

    pub(super) fn ever_breached(&self, clock: &ClockFact) -> bool {
        clock.ever_breached_at(self.as_of)
    }

    /// Whether what fulfilled a clock in the end had happened.
    fn is_fulfilled(&self, clock: &ClockFact) -> bool {
        // A clock that a reopening takes up again has stopped for good where it did not; else its end may be taken back.
        let resumes = clock.clock.metric.definition().on_reopen == OnReopen::Resume;
        self.past(clock.stopped_at).is_some() || resumes && self.standing() == Standing::Resolved
    }

    fn past(&self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        at.filter(|at| *at <= self.as_of)
    }

    fn credited(&self, row: &Fact) -> Holder {
        match self.credit {
            Credit::Resolver => Holder {
                agent: row.resolver.and_then(|actor| actor.human_agent()),
                team: row.assignee.team,
            },
            Credit::Assignee => row.assignee,
        }
    }

    fn first_resolved(&self, row: &'a Fact) -> Option<Resolution<'a>> {
        Some(Resolution {
            row,
            at: self.past(row.first_resolved_at)?,
            spent: row.first_spent?,
            reopened_at: self.past(row.reopened_at),
            credited: self.credited(row),
        })
    }

    fn resolved(&self, row: &'a Fact) -> Option<Resolution<'a>> {
        let last = self.past(row.resolved_at).zip(row.spent);
        let last = last.map(|(at, spent)| Resolution {
            row,
            at,
            spent,
            reopened_at: self.past(row.reopened_at),
            credited: self.credited(row),
        });
        last.or_else(|| self.first_resolved(row))
    }
}
