//! Tickets that are looked at row by row: the rules of [`Known`](super::super::known), over columns.

use crate::time::{Micros, micros};

use super::super::facts::Lengths;
use super::super::window::Cohort;
use super::bounds::Bounds;
use super::class;
use super::tickets::{Cycles, NOT_APPLICABLE, ONE_CONTACT, RATED, REASON, Tickets};

/// The codes of a ticket's marks of a kind that count: about each cycle the last one by then.
pub(super) fn marks_of(
    tickets: &Tickets,
    ticket: usize,
    kind: usize,
    bounds: &Bounds,
    is_member: bool,
) -> impl Iterator<Item = u32> {
    let of = RATED.get(kind).copied();
    rows(tickets, ticket, bounds).filter_map(move |(cycles, place)| {
        let mut given = cycles.ratings.get(place).iter().rev();
        let last = given.find(|rating| Some(rating.kind) == of && bounds.has(micros(rating.at)))?;
        let counts = bounds.rates(micros(last.at), is_member);
        tickets
            .settled
            .code(kind, (last.scale, last.mark))
            .filter(|_| counts)
    })
}

/// The rows of a ticket that had begun.
fn rows<'a>(
    tickets: &'a Tickets,
    ticket: usize,
    bounds: &Bounds,
) -> impl Iterator<Item = (&'a Cycles, usize)> + use<'a> {
    let bounds = *bounds;
    let later = tickets
        .later_of(ticket)
        .map(|place| (&tickets.later, place));
    let rows = std::iter::once((&tickets.cycle, ticket)).chain(later);
    rows.take_while(move |(cycles, place)| {
        cycles.started.get(*place).is_some_and(|at| bounds.has(*at))
    })
}

/// A ticket that was looked at row by row.
pub(super) struct Seen {
    pub(super) class: u16,
    pub(super) is_member: bool,
    pub(super) is_answered: bool,
    resolutions: u64,
    mature: u64,
    failed: u64,
    pub(super) first: Option<Lengths>,
    pub(super) last: Option<Lengths>,
}

impl Seen {
    /// How many more resolutions, mature ones, and mature ones that did not hold there are than the class says.
    pub(super) fn more(&self) -> [u64; 3] {
        [self.resolutions, self.mature, self.failed].map(|n| n.saturating_sub(1))
    }

    /// `None` where it was not created yet.
    pub(super) fn of(tickets: &Tickets, ticket: usize, bounds: &Bounds) -> Option<Seen> {
        let created = *tickets.created.get(ticket)?;
        let (mut exists, mut contact) = (false, 0);
        let (mut first, mut last) = (None, None);
        let (mut in_backlog, mut stands_resolved, mut reason) = (false, false, 0);
        let (mut resolutions, mut mature, mut failed, mut young_failed) = (0u64, 0u64, 0u64, false);
        for (cycles, place) in rows(tickets, ticket, bounds) {
            exists = true;
            let begin = cycles.first(place);
            let end = cycles.last(place);
            let happened = |(at, _): &(Micros, Lengths)| bounds.has(*at);
            let resolution = Some(end).filter(happened).or(Some(begin).filter(happened));
            if first.is_none() && happened(&begin) {
                let at = begin.0;
                first = Some(begin);
                contact = class::contact(
                    bounds.counts(created, at),
                    bounds.is_mature(at),
                    bounds.is_soon(at, *cycles.reopened.get(place)?),
                    std::ptr::eq(cycles, &tickets.cycle)
                        && *cycles.marks.get(place)? & ONE_CONTACT != 0,
                );
            }
            last = resolution.or(last);
            in_backlog = !bounds.has(*cycles.left.get(place)?);
            stands_resolved = resolution.is_some();
            reason = *cycles.marks.get(place)? & REASON;
            let Some((at, _)) = resolution.filter(|(at, _)| bounds.counts(created, *at)) else {
                continue;
            };
            // The resolution that the cohort of resolved tickets goes by is the last one, and of each only its own instant counts.
            let is_failed = bounds.is_soon(at, *cycles.reopened.get(place)?);
            let is_mature = bounds.is_mature(at);
            resolutions = resolutions.saturating_add(1);
            mature = mature.saturating_add(u64::from(is_mature));
            failed = failed.saturating_add(u64::from(is_mature & is_failed));
            young_failed |= !is_mature & is_failed;
        }

        exists.then_some(())?;
        let last_at = last.map_or(Micros::MAX, |(at, _)| at);
        let is_member = bounds.has_member(created, last_at);
        let is_failed = if mature > 0 { failed > 0 } else { young_failed };
        let outcome = class::outcome(resolutions > 0, mature > 0, is_failed);
        let standing = class::standing(in_backlog, stands_resolved, reason);
        let is_answered = tickets
            .answered
            .get(ticket)
            .is_some_and(|at| bounds.has(*at));
        let is_none = tickets.response.get(ticket) == Some(&NOT_APPLICABLE);
        let response = class::response(is_answered, is_none, in_backlog);
        let counted = |found: Option<(Micros, Lengths)>| {
            let found = found.filter(|(at, _)| match bounds.cohort {
                Cohort::Created => is_member,
                _ => bounds.contains(*at),
            });
            found.map(|(_, lengths)| lengths)
        };
        Some(Seen {
            class: class::of(true, is_member, standing, response, outcome, contact),
            is_member,
            is_answered: is_member & is_answered,
            resolutions,
            mature,
            failed,
            first: counted(first),
            last: counted(last),
        })
    }
}
