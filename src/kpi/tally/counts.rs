//! What a ticket counts: the one place where the definitions of [`MEASURES`](crate::kpi::MEASURES) are worked out.
//!
//! Everything that is counted has a place: an instant and a holder, as the definition says. The caller says which places
//! count: those in a window, those of a group, those that filters admit. Every place is asked for, whatever was answered
//! about others, so that a caller can also learn the places of a ticket by admitting none.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kpi::dialect::{self, Dialect, FirstContact};
use crate::kpi::facts::{Holder, Lengths};
use crate::kpi::known::{Known, Resolution, Standing};
use crate::kpi::place::Place;
use crate::kpi::ratio::Exclusion;
use crate::kpi::window::{Cohort, Scope};
use crate::ticket::{ClockId, CloseReason, Metric};
use crate::time::micros;

use super::parts::{ClockCounts, Given, Numbers, Part, Times, as_list, bump, merge, plus};

/// Everything that is counted. Each number is a sum over tickets, so two of these add up field by field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::kpi) struct Counts {
    pub(super) volume: i64,
    pub(super) resolved: i64,
    pub(super) resolutions: i64,
    pub(super) resolution_rate: Part,
    pub(super) closed: BTreeMap<CloseReason, i64>,
    pub(super) reopen_rate: Part,
    pub(super) resolutions_reopened: Part,
    pub(super) immature_reopened: i64,
    pub(super) first_contact: Part,
    pub(super) one_touch: Part,
    pub(super) eta_kept: Part,
    pub(super) first_response: Times,
    pub(super) next_response: Times,
    pub(super) requester_wait: Times,
    pub(super) first_resolution: Times,
    pub(super) total_resolution: Times,
    pub(super) cycle_resolution: Times,
    pub(super) held: Times,
    pub(super) handle: Times,
    pub(super) eta_deviation: Times,
    pub(super) touches: Numbers,
    pub(super) team_transfers: Numbers,
    pub(super) agent_transfers: Numbers,
    pub(super) given: Given,
    #[serde(with = "as_list")]
    pub(super) clocks: BTreeMap<ClockId, ClockCounts>,
    /// Created tickets, by whoever replied.
    pub(super) replied: i64,
    /// Created tickets with a target for the clock: by whoever replied for the first response, else by whoever is in charge.
    #[serde(with = "as_list")]
    pub(super) with_target: BTreeMap<ClockId, i64>,
}

/// What places a ticket in the window, whatever is counted: see [`Cohort`].
#[derive(Clone, Copy)]
pub(in crate::kpi) struct Anchor {
    cohort: Cohort,
    created: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
}

impl Anchor {
    pub(in crate::kpi) fn of(ticket: &Known<'_>, scope: &Scope) -> Anchor {
        Anchor {
            cohort: scope.cohort,
            created: ticket.created_at(),
            last: ticket.last_resolution().map(|last| last.at),
        }
    }

    /// Of what is about the ticket, or about an event other than a resolution, at `at`.
    pub(in crate::kpi) fn event(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.cohort {
            Cohort::ByMeasure => Some(at),
            Cohort::Created => Some(self.created),
            Cohort::Resolved => self.last,
        }
    }

    /// Of what is about a resolution at `at`.
    pub(in crate::kpi) fn resolution(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        match self.cohort {
            Cohort::ByMeasure | Cohort::Resolved => at,
            Cohort::Created => self.created,
        }
    }
}

/// One ticket on its way into the counts.
struct Change<'a, F> {
    ticket: &'a Known<'a>,
    scope: &'a Scope,
    anchor: Anchor,
    admits: F,
    by: i64,
}

impl<F: FnMut(&Place) -> bool> Change<'_, F> {
    fn event(&mut self, at: DateTime<Utc>, holder: Holder) -> bool {
        let Some(at) = self.anchor.event(at) else {
            return false;
        };
        (self.admits)(&Place { at, holder })
    }

    fn resolution(&mut self, at: DateTime<Utc>, holder: Holder) -> bool {
        let at = self.anchor.resolution(at);
        (self.admits)(&Place { at, holder })
    }
}

impl Counts {
    /// Counts a ticket `by` times, as far as its places are admitted.
    pub(in crate::kpi) fn change(
        &mut self,
        ticket: &Known<'_>,
        scope: &Scope,
        admits: impl FnMut(&Place) -> bool,
        by: i64,
    ) {
        let mut change = Change {
            ticket,
            scope,
            anchor: Anchor::of(ticket, scope),
            admits,
            by,
        };
        self.created(&mut change);
        self.resolutions(&mut change);
        self.first_resolution(&mut change);
        self.last_resolution(&mut change);
        self.events(&mut change);
    }

    /// What a ticket counts as one of those that were created.
    fn created(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>) {
        let (ticket, by) = (change.ticket, change.by);
        let created = ticket.created_at();
        let in_charge = change.event(created, ticket.assigned());
        if in_charge {
            plus(&mut self.volume, by);
            plus(&mut self.resolution_rate.denominator, by);
            match ticket.standing() {
                Standing::Backlog => {}
                Standing::Resolved => plus(&mut self.resolution_rate.numerator, by),
                Standing::Closed(reason) => bump(&mut self.closed, reason, by),
            }
        }
        let replier = ticket.replier().unwrap_or(ticket.assigned());
        let replied = change.event(created, replier);
        if replied {
            plus(&mut self.replied, by);
            self.first_response.change(ticket.first_response(), by);
        }
        let mut before = None;
        for id in ticket.clocks().iter().map(|clock| clock.clock) {
            let here = match id.metric {
                Metric::FirstResponse => replied,
                _ => in_charge,
            };
            if here && before != Some(id) {
                bump(&mut self.with_target, id, by);
            }
            before = Some(id); // those of one clock stand together
        }
        for clock in ticket.clocks() {
            if !change.event(created, ticket.credit(clock)) {
                continue;
            }
            let counts = self.clocks.entry(clock.clock).or_default();
            counts.change(ticket.outcome(clock), ticket.ever_breached(clock), by);
            if *counts == ClockCounts::default() {
                self.clocks.remove(&clock.clock);
            }
        }
    }

    /// How many created tickets have no target for a clock that others have one for. An update is promised or not: it has no policy's target.
    pub(super) fn without_target(&self, clock: ClockId) -> i64 {
        let all = match clock.metric {
            Metric::PromisedUpdate => return 0,
            Metric::FirstResponse => self.replied,
            _ => self.volume,
        };
        all.saturating_sub(self.with_target.get(&clock).copied().unwrap_or(0))
    }

    /// What its resolutions count, each by itself and all that are admitted together.
    fn resolutions(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>) {
        let (scope, by) = (change.scope, change.by);
        let (mut any, mut any_mature, mut any_failed, mut any_young_reopened) =
            (false, false, false, false);
        for resolution in change.ticket.resolutions() {
            self.held(change, &resolution);
            if !change.resolution(resolution.at, resolution.credited) {
                continue;
            }
            any = true;
            plus(&mut self.resolutions, by);
            self.cycle_resolution
                .change(Ok(resolution.cycle_spent().whole()), by);
            let reopened = resolution
                .reopened_at
                .is_some_and(|at| scope.is_soon(resolution.at, at));
            if scope.is_mature(resolution.at) {
                any_mature = true;
                any_failed |= reopened;
                self.resolutions_reopened.count(reopened, by);
            } else {
                any_young_reopened |= reopened;
                self.resolutions_reopened
                    .answer(Err(Exclusion::Immature), by);
            }
        }
        if any {
            plus(&mut self.resolved, by);
        }
        if any_mature {
            self.reopen_rate.count(any_failed, by);
        } else if any {
            self.reopen_rate.answer(Err(Exclusion::Immature), by);
            plus(
                &mut self.immature_reopened,
                if any_young_reopened { by } else { 0 },
            );
        }
    }

    /// How long a resolution lay with the holders that are admitted. One that took no time lay with nobody: it is told of whoever was in
    /// charge.
    fn held(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>, of: &Resolution<'_>) {
        let mut held = None;
        for holding in &of.row.holdings {
            let admitted = change.resolution(of.at, holding.holder);
            if let (true, Some(spent)) = (admitted, holding.spent) {
                held = Some(held.unwrap_or(Lengths::default()) + spent.unresolved());
            }
        }
        if of.row.holdings.is_empty() && change.resolution(of.at, of.row.assignee) {
            self.held.change(Err(Exclusion::NoTime), change.by);
        }
        if let Some(held) = held {
            self.held.change(Ok(held), change.by);
        }
    }

    fn first_resolution(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>) {
        let (ticket, by) = (change.ticket, change.by);
        let standard = FirstContact::new(Dialect::Standard);
        if let Some(case) = dialect::case(&standard, ticket, change.scope)
            && change.resolution(case.at, case.holder)
        {
            self.first_contact.answer(case.answer, by);
        }
        let Some(first) = ticket.first_resolution() else {
            return;
        };
        if !change.resolution(first.at, first.credited) {
            return;
        }
        self.first_resolution.change(Ok(first.spent.whole()), by);
        let estimate = ticket
            .first_estimate()
            .filter(|one| one.made_at <= first.at);
        let late = estimate
            .map(|one| micros(first.at).saturating_sub(micros(one.at)))
            .ok_or(Exclusion::NotEstimated);
        self.eta_kept.answer(late.map(|late| late <= 0), by);
        self.eta_deviation
            .change_calendar(late.map(i64::saturating_abs), by);
    }

    fn last_resolution(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>) {
        let (ticket, by) = (change.ticket, change.by);
        let Some(last) = ticket.last_resolution() else {
            return;
        };
        let mut effort = None;
        for (worker, spent) in ticket.effort() {
            if change.resolution(last.at, worker) {
                effort = Some(effort.unwrap_or(0i64).saturating_add(spent));
            }
        }
        if let Some(effort) = effort {
            self.handle.change_calendar(Ok(effort), by);
        }
        let one_touch = dialect::case(&FirstContact::new(Dialect::Zendesk), ticket, change.scope);
        if let Some(case) = one_touch
            && change.resolution(case.at, case.holder)
        {
            self.one_touch.answer(case.answer, by);
        }
        if !change.resolution(last.at, last.credited) {
            return;
        }
        if ticket.effort().next().is_none() {
            self.handle.change_calendar(Err(Exclusion::NotRecorded), by);
        }
        self.total_resolution.change(Ok(last.spent.whole()), by);
        self.requester_wait
            .change(Ok(last.spent.requester_wait()), by);
        self.touches.change(ticket.sum(|row| row.touches), by);
        self.team_transfers
            .change(ticket.sum(|row| row.team_transfers), by);
        self.agent_transfers
            .change(ticket.sum(|row| row.agent_transfers), by);
    }

    fn events(&mut self, change: &mut Change<'_, impl FnMut(&Place) -> bool>) {
        let (ticket, by) = (change.ticket, change.by);
        for response in ticket.responses() {
            if change.event(response.at, response.by) {
                self.next_response.change(Ok(response.after), by);
            }
        }
        for mark in ticket.ratings() {
            let credited = Holder {
                agent: mark.credit,
                team: mark.team,
            };
            if change.event(mark.at, credited) {
                self.given.change(mark, by);
            }
        }
    }

    pub(in crate::kpi) fn merge(&mut self, other: Counts) {
        plus(&mut self.volume, other.volume);
        plus(&mut self.resolved, other.resolved);
        plus(&mut self.resolutions, other.resolutions);
        plus(&mut self.immature_reopened, other.immature_reopened);
        merge(&mut self.closed, other.closed);
        self.resolution_rate.merge(other.resolution_rate);
        self.reopen_rate.merge(other.reopen_rate);
        self.resolutions_reopened.merge(other.resolutions_reopened);
        self.first_contact.merge(other.first_contact);
        self.one_touch.merge(other.one_touch);
        self.eta_kept.merge(other.eta_kept);
        self.first_response.merge(other.first_response);
        self.next_response.merge(other.next_response);
        self.requester_wait.merge(other.requester_wait);
        self.first_resolution.merge(other.first_resolution);
        self.total_resolution.merge(other.total_resolution);
        self.cycle_resolution.merge(other.cycle_resolution);
        self.held.merge(other.held);
        self.handle.merge(other.handle);
        self.eta_deviation.merge(other.eta_deviation);
        self.touches.merge(other.touches);
        self.team_transfers.merge(other.team_transfers);
        self.agent_transfers.merge(other.agent_transfers);
        self.given.merge(other.given);
        plus(&mut self.replied, other.replied);
        merge(&mut self.with_target, other.with_target);
        for (clock, counts) in other.clocks {
            self.clocks.entry(clock).or_default().merge(counts);
        }
        self.clocks
            .retain(|_, counts| *counts != ClockCounts::default());
    }
}
