//! What each ticket of a table counts as, at the instant of a report: the rules of [`Known`](super::super::known), over columns.
//!
//! A ticket falls into one of few classes ([`class`]), which say everything about it that is counted once; its lengths come
//! beside that. Nine tickets in ten were resolved at most once, and for them the rules are a few comparisons without a branch.
//! The others are looked at row by row.

use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::sla::Measure;
use crate::time::{Micros, micros};

use super::super::facts::Lengths;
use super::super::window::{Cohort, Scope};
use super::class;
use super::column::part;
use super::report::Length;
use super::tickets::{Cycles, NOT_APPLICABLE, ONE_CONTACT, RATED, REASON, Tickets, WINDING};

/// No length: the ticket is not in the set.
pub(super) const NONE: i64 = i64::MIN;

/// How many tickets are looked at together.
pub(super) const SLAB: usize = 1_024;

/// A length that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) length: Length,
    pub(super) measure: Measure,
}

/// A scope in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    as_of: Micros,
    from: Micros,
    to: Micros,
    cohort: Cohort,
    within: i64,
}

impl Bounds {
    pub(super) fn of(scope: &Scope) -> Bounds {
        Bounds {
            as_of: micros(scope.as_of),
            from: scope.window.from.map_or(Micros::MIN, not_before),
            to: scope.window.to.map_or(Micros::MAX, not_before),
            cohort: scope.cohort,
            within: scope.reopen_within.micros(),
        }
    }

    fn contains(&self, at: Micros) -> bool {
        (self.from <= at) & (at < self.to)
    }

    /// Whether a ticket is a member of the window: created at one instant, resolved last at the other.
    fn has_member(&self, created: Micros, resolved: Micros) -> bool {
        match self.cohort {
            Cohort::ByMeasure | Cohort::Created => self.contains(created),
            Cohort::Resolved => (resolved <= self.as_of) & self.contains(resolved),
        }
    }

    /// Whether a resolution of a ticket that was created then counts.
    fn counts(&self, created: Micros, resolved: Micros) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure | Cohort::Resolved => resolved,
            Cohort::Created => created,
        };
        (resolved <= self.as_of) & self.contains(placed)
    }

    /// Whether a rating counts: given in the window, or for the cohorts of tickets on a member of it.
    fn rates(&self, at: Micros, class: u16) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure => self.contains(at),
            Cohort::Created | Cohort::Resolved => class::is_member(class),
        };
        (class != class::ABSENT) & (at <= self.as_of) & placed
    }

    fn is_mature(&self, resolved: Micros) -> bool {
        self.as_of.saturating_sub(resolved) >= self.within
    }

    fn is_soon(&self, resolved: Micros, reopened: Micros) -> bool {
        (reopened <= self.as_of) & (reopened.saturating_sub(resolved) <= self.within)
    }
}

/// The first whole microsecond that is not before `at`.
fn not_before(at: DateTime<Utc>) -> Micros {
    let whole = micros(at);
    let is_finer = at.timestamp_subsec_nanos() % 1_000 != 0;
    whole.saturating_add(i64::from(is_finer))
}

/// What stretches of tickets count as. Kept between stretches, so that its memory is touched once.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    /// The class of each ticket.
    pub(super) classes: Vec<u16>,
    /// For each length that is asked for, that of each ticket, or [`NONE`].
    pub(super) lengths: Vec<Vec<i64>>,
    /// Tickets of which more resolutions count than their class says: which, and how many resolutions, mature ones, and
    /// mature ones that did not hold.
    pub(super) more: Vec<(usize, [u64; 3])>,
    /// For each kind of rating, the code of each ticket's mark, or 0.
    pub(super) marks: [Vec<u32>; RATED.len()],
    /// Further marks of tickets: which ticket, the kind, the code.
    pub(super) more_marks: Vec<(usize, usize, u32)>,
}

impl Slab {
    pub(super) fn new(asked: usize) -> Slab {
        Slab {
            lengths: vec![Vec::new(); asked],
            ..Slab::default()
        }
    }

    /// Looks at the tickets of `range`.
    pub(super) fn read(
        &mut self,
        tickets: &Tickets,
        range: Range<usize>,
        bounds: &Bounds,
        asked: &[Asked],
    ) {
        self.more.clear();
        self.more_marks.clear();
        self.read_plain(tickets, range.clone(), bounds, asked);
        let marks = part(&tickets.cycle.marks, range.clone());
        for (at, _) in marks.iter().enumerate().filter(|(_, marks)| **marks & WINDING != 0) {
            self.read_winding(tickets, range.start.saturating_add(at), at, bounds, asked);
        }
    }

    /// As if every ticket had one row with at most one resolution.
    fn read_plain(
        &mut self,
        tickets: &Tickets,
        range: Range<usize>,
        bounds: &Bounds,
        asked: &[Asked],
    ) {
        let created = part(&tickets.created, range.clone());
        let started = part(&tickets.cycle.started, range.clone());
        let resolved = part(&tickets.cycle.resolved, range.clone());
        let left = part(&tickets.cycle.left, range.clone());
        let reopened = part(&tickets.cycle.reopened, range.clone());
        let answered = part(&tickets.answered, range.clone());
        let response = part(&tickets.response, range.clone());
        let marks = part(&tickets.cycle.marks, range.clone());
        let instants = created.iter().zip(started).zip(resolved).zip(left);
        let rest = reopened.iter().zip(answered).zip(response).zip(marks);
        let class = |((((created, started), resolved), left), (((reopened, answered), response), marks)): (
            (((&Micros, &Micros), &Micros), &Micros),
            (((&Micros, &Micros), &u8), &u8),
        )| {
            let exists = *started <= bounds.as_of;
            let is_resolved = *resolved <= bounds.as_of;
            let in_backlog = *left > bounds.as_of;
            let is_member = exists & bounds.has_member(*created, *resolved);
            let counts = exists & bounds.counts(*created, *resolved);
            let outcome = class::outcome(
                counts,
                bounds.is_mature(*resolved),
                bounds.is_soon(*resolved, *reopened),
            );
            let standing = class::standing(in_backlog, is_resolved, *marks & REASON);
            let response = class::response(
                *answered <= bounds.as_of,
                *response == NOT_APPLICABLE,
                in_backlog,
            );
            let contact = class::contact(
                counts,
                bounds.is_mature(*resolved),
                bounds.is_soon(*resolved, *reopened),
                *marks & ONE_CONTACT != 0,
            );
            class::of(exists, is_member.then_some((standing, response)), outcome, contact)
        };
        self.classes.clear();
        self.classes.extend(instants.zip(rest).map(class));

        for (asked, lengths) in asked.iter().zip(&mut self.lengths) {
            lengths.clear();
            let times = match asked.length {
                Length::FirstResponse => &tickets.answer,
                _ => &tickets.cycle.spent.whole,
            };
            let times = match asked.measure {
                Measure::Calendar => &times.calendar,
                Measure::Business => &times.business,
            };
            let has_one = match asked.length {
                Length::FirstResponse => class::is_answered,
                _ => class::is_resolution,
            };
            let times = part(times, range.clone()).iter().zip(&self.classes);
            lengths.extend(times.map(|(time, class)| if has_one(*class) { *time } else { NONE }));
        }

        for (marks, rated) in self.marks.iter_mut().zip(&tickets.cycle.rated) {
            rated.mark.codes.widen(range.clone(), marks);
            let given = part(&rated.at, range.clone()).iter().zip(&self.classes);
            for (mark, (at, class)) in marks.iter_mut().zip(given) {
                if !bounds.rates(*at, *class) {
                    *mark = 0;
                }
            }
        }
    }

    /// A ticket with several rows, or with several resolutions or ratings in one.
    fn read_winding(
        &mut self,
        tickets: &Tickets,
        ticket: usize,
        at: usize,
        bounds: &Bounds,
        asked: &[Asked],
    ) {
        let Some(seen) = Seen::of(tickets, ticket, bounds) else {
            return; // not created yet: the class says so already
        };
        if let Some(class) = self.classes.get_mut(at) {
            *class = seen.class;
        }
        self.read_marks(tickets, ticket, at, bounds, seen.class);
        let first = [seen.resolutions > 0, seen.mature > 0, seen.failed > 0].map(u64::from);
        let more = [
            seen.resolutions.saturating_sub(first[0]),
            seen.mature.saturating_sub(first[1]),
            seen.failed.saturating_sub(first[2]),
        ];
        if more != [0; 3] {
            self.more.push((at, more));
        }
        for (asked, lengths) in asked.iter().zip(&mut self.lengths) {
            let found = match asked.length {
                Length::FirstResponse if class::is_answered(seen.class) => tickets.answer.get(ticket),
                Length::FirstResponse => None,
                Length::FirstResolution => seen.first,
                Length::TotalResolution => seen.last,
            };
            if let Some(length) = lengths.get_mut(at) {
                *length = found.map_or(NONE, |found| match asked.measure {
                    Measure::Calendar => found.calendar_us,
                    Measure::Business => found.business_us,
                });
            }
        }
    }
}

impl Slab {
    /// The marks of a ticket with several rows or ratings: of one kind about one cycle the last one by then stands.
    fn read_marks(&mut self, tickets: &Tickets, ticket: usize, at: usize, bounds: &Bounds, class: u16) {
        for (index, kind) in RATED.into_iter().enumerate() {
            if let Some(mark) = self.marks.get_mut(index).and_then(|marks| marks.get_mut(at)) {
                *mark = 0;
            }
            for (cycles, place) in rows(tickets, ticket, bounds) {
                let mut given = cycles.ratings.get(place).iter().rev();
                let last = given.find(|r| r.kind == kind && micros(r.at) <= bounds.as_of);
                let Some(last) = last.filter(|rating| bounds.rates(micros(rating.at), class)) else {
                    continue;
                };
                if let Some(code) = tickets.mark_code(index, (last.scale, last.mark)) {
                    self.more_marks.push((at, index, code));
                }
            }
        }
    }
}

/// The rows of a ticket that had begun.
fn rows<'a>(
    tickets: &'a Tickets,
    ticket: usize,
    bounds: &Bounds,
) -> impl Iterator<Item = (&'a Cycles, usize)> {
    let as_of = bounds.as_of;
    let later = tickets.later_of(ticket).map(|place| (&tickets.later, place));
    let rows = std::iter::once((&tickets.cycle, ticket)).chain(later);
    rows.take_while(move |(cycles, place)| cycles.started.get(*place).is_some_and(|at| *at <= as_of))
}

/// A ticket that was looked at row by row.
struct Seen {
    class: u16,
    resolutions: u64,
    mature: u64,
    failed: u64,
    first: Option<Lengths>,
    last: Option<Lengths>,
}

impl Seen {
    /// `None` where it was not created yet.
    fn of(tickets: &Tickets, ticket: usize, bounds: &Bounds) -> Option<Seen> {
        let created = *tickets.created.get(ticket)?;
        let (mut exists, mut contact) = (false, 0);
        let (mut first, mut last) = (None, None);
        let (mut in_backlog, mut stands_resolved, mut reason) = (false, false, 0);
        let (mut resolutions, mut mature, mut failed, mut young_failed) = (0u64, 0u64, 0u64, false);
        for (cycles, place) in rows(tickets, ticket, bounds) {
            exists = true;
            let begin = cycles.first(place);
            let end = cycles.last(place);
            let happened = |(at, _): &(Micros, Lengths)| *at <= bounds.as_of;
            let resolution = Some(end).filter(happened).or(Some(begin).filter(happened));
            if first.is_none() && happened(&begin) {
                // Whether the first resolution was the only one that the first contact took. Where a cycle has several, the
                // last one is that which counts.
                let (counted, _) = resolution.unwrap_or(begin);
                first = Some(begin);
                contact = class::contact(
                    bounds.counts(created, counted),
                    bounds.is_mature(counted),
                    bounds.is_soon(counted, *cycles.reopened.get(place)?),
                    std::ptr::eq(cycles, &tickets.cycle) && *cycles.marks.get(place)? & ONE_CONTACT != 0,
                );
            }
            last = resolution.or(last);
            in_backlog = *cycles.left.get(place)? > bounds.as_of;
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
        let response = class::response(
            tickets.answered.get(ticket).is_some_and(|at| *at <= bounds.as_of),
            tickets.response.get(ticket) == Some(&NOT_APPLICABLE),
            in_backlog,
        );
        let counted = |found: Option<(Micros, Lengths)>| {
            let found = found.filter(|(at, _)| match bounds.cohort {
                Cohort::Created => is_member,
                _ => bounds.contains(*at),
            });
            found.map(|(_, lengths)| lengths)
        };
        Some(Seen {
            class: class::of(true, is_member.then_some((standing, response)), outcome, contact),
            resolutions,
            mature,
            failed,
            first: counted(first),
            last: counted(last),
        })
    }
}
