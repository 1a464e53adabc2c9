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

/// A scope in microseconds, such that each question is one or two comparisons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    as_of: Micros,
    from: Micros,
    to: Micros,
    cohort: Cohort,
    within: i64,
    mature: Micros, // what was resolved by then is mature
}

impl Bounds {
    pub(super) fn of(scope: &Scope) -> Bounds {
        let as_of = micros(scope.as_of);
        let within = scope.reopen_within.micros();
        Bounds {
            as_of,
            from: scope.window.from.map_or(Micros::MIN, not_before),
            to: scope.window.to.map_or(Micros::MAX, not_before),
            cohort: scope.cohort,
            within,
            mature: as_of.saturating_sub(within),
        }
    }

    fn has(&self, at: Micros) -> bool {
        at <= self.as_of
    }

    fn contains(&self, at: Micros) -> bool {
        (self.from <= at) & (at < self.to)
    }

    /// Whether a ticket is a member of the window: created at one instant, resolved last at the other.
    fn has_member(&self, created: Micros, resolved: Micros) -> bool {
        match self.cohort {
            Cohort::ByMeasure | Cohort::Created => self.contains(created),
            Cohort::Resolved => self.has(resolved) & self.contains(resolved),
        }
    }

    /// Whether a resolution of a ticket that was created then counts.
    fn counts(&self, created: Micros, resolved: Micros) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure | Cohort::Resolved => resolved,
            Cohort::Created => created,
        };
        self.has(resolved) & self.contains(placed)
    }

    /// Whether a rating counts: given in the window, or for the cohorts of tickets on a member of it.
    fn rates(&self, at: Micros, is_member: bool) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure => self.contains(at),
            Cohort::Created | Cohort::Resolved => is_member,
        };
        self.has(at) & placed
    }

    fn is_mature(&self, resolved: Micros) -> bool {
        resolved <= self.mature
    }

    fn is_soon(&self, resolved: Micros, reopened: Micros) -> bool {
        self.has(reopened) & (reopened <= resolved.saturating_add(self.within))
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
    /// For each length that is asked for, that of each ticket, or [`NONE`].
    pub(super) lengths: Vec<Vec<i64>>,
    /// The class of each ticket.
    pub(super) classes: Vec<u16>,
    /// Tickets of which more resolutions count than their class says: which, and how many resolutions, mature ones, and
    /// mature ones that did not hold.
    pub(super) more: Vec<(usize, [u64; 3])>,
    /// For each kind of rating, the tickets that have marks, with the codes.
    pub(super) marks: [Vec<(u32, u32)>; RATED.len()],
    flags: Vec<u8>,
    codes: Vec<u32>,
}

/// In [`Slab::flags`]: a member of the window with an answered first contact.
const ANSWERED: u8 = 1;
/// In [`Slab::flags`]: a resolution counts.
const RESOLVED: u8 = 2;
/// In [`Slab::flags`]: a member of the window.
const MEMBER: u8 = 4;
/// In [`Slab::flags`]: it exists, and one row tells all about it.
const PLAIN: u8 = 8;

impl Slab {
    pub(super) fn new(asked: usize) -> Slab {
        Slab {
            lengths: vec![Vec::new(); asked],
            ..Slab::default()
        }
    }

    /// Looks at the tickets of `range`: all about them, or their lengths alone.
    pub(super) fn read<const ALL: bool>(
        &mut self,
        tickets: &Tickets,
        range: Range<usize>,
        bounds: &Bounds,
        asked: &[Asked],
    ) {
        self.more.clear();
        self.marks.iter_mut().for_each(Vec::clear);
        match bounds.cohort {
            Cohort::ByMeasure => self.read_plain::<ALL, true, false>(tickets, range.clone(), bounds),
            Cohort::Created => self.read_plain::<ALL, true, true>(tickets, range.clone(), bounds),
            Cohort::Resolved => self.read_plain::<ALL, false, false>(tickets, range.clone(), bounds),
        }
        self.read_lengths(tickets, range.clone(), asked);
        if ALL {
            self.read_ratings(tickets, range.clone(), bounds);
        }
        let marks = part(&tickets.cycle.marks, range.clone());
        for (at, _) in marks.iter().enumerate().filter(|(_, marks)| **marks & WINDING != 0) {
            let ticket = range.start.saturating_add(at);
            if let Some(seen) = Seen::of(tickets, ticket, bounds) {
                self.read_winding::<ALL>(tickets, ticket, at, bounds, asked, &seen);
            }
        }
    }

    /// As if every ticket had one row with at most one resolution. What makes a ticket a member, and a resolution count, is the
    /// creation (or the resolution) in the window.
    fn read_plain<const ALL: bool, const MEMBER_BY_CREATION: bool, const COUNTS_BY_CREATION: bool>(
        &mut self,
        tickets: &Tickets,
        range: Range<usize>,
        bounds: &Bounds,
    ) {
        let n = range.len();
        let cycle = &tickets.cycle;
        let (Some(created), Some(started), Some(resolved), Some(left), Some(reopened)) = (
            tickets.created.get(range.clone()),
            cycle.started.get(range.clone()),
            cycle.resolved.get(range.clone()),
            cycle.left.get(range.clone()),
            cycle.reopened.get(range.clone()),
        ) else {
            return;
        };
        let (Some(answered), Some(response), Some(marks)) = (
            tickets.answered.get(range.clone()),
            tickets.response.get(range.clone()),
            cycle.marks.get(range),
        ) else {
            return;
        };
        self.flags.clear();
        self.flags.resize(n, 0);
        self.classes.clear();
        self.classes.resize(n, 0);
        let (flags, classes) = (&mut self.flags[..n], &mut self.classes[..n]);
        for i in 0..n {
            let exists = bounds.has(started[i]);
            let is_resolved = bounds.has(resolved[i]);
            let is_member = exists
                & if MEMBER_BY_CREATION {
                    bounds.contains(created[i])
                } else {
                    is_resolved & bounds.contains(resolved[i])
                };
            let placed = if COUNTS_BY_CREATION { created[i] } else { resolved[i] };
            let counts = exists & is_resolved & bounds.contains(placed);
            let is_answered = bounds.has(answered[i]);
            let is_plain = exists & (marks[i] & WINDING == 0);
            flags[i] = u8::from(is_member & is_answered) * ANSWERED
                + u8::from(counts) * RESOLVED
                + u8::from(is_member) * MEMBER
                + u8::from(is_plain) * PLAIN;
            if ALL {
                let in_backlog = !bounds.has(left[i]);
                let is_mature = bounds.is_mature(resolved[i]);
                let is_reopened = bounds.is_soon(resolved[i], reopened[i]);
                let outcome = class::outcome(counts, is_mature, is_reopened);
                let is_first = marks[i] & ONE_CONTACT != 0;
                let contact = class::contact(counts, is_mature, is_reopened, is_first);
                let standing = class::standing(in_backlog, is_resolved, marks[i] & REASON);
                let is_none = response[i] == NOT_APPLICABLE;
                let response = class::response(is_answered, is_none, in_backlog);
                classes[i] = class::of(exists, is_member, standing, response, outcome, contact);
            }
        }
    }

    fn read_lengths(&mut self, tickets: &Tickets, range: Range<usize>, asked: &[Asked]) {
        for (asked, lengths) in asked.iter().zip(&mut self.lengths) {
            let (times, flag) = match asked.length {
                Length::FirstResponse => (&tickets.answer, ANSWERED),
                _ => (&tickets.cycle.spent.whole, RESOLVED),
            };
            let times = match asked.measure {
                Measure::Calendar => &times.calendar,
                Measure::Business => &times.business,
            };
            let times = part(times, range.clone()).iter().zip(&self.flags);
            lengths.clear();
            lengths.extend(times.map(|(time, flags)| if flags & flag != 0 { *time } else { NONE }));
        }
    }

    /// The ratings of tickets with one row and at most one rating of a kind.
    fn read_ratings(&mut self, tickets: &Tickets, range: Range<usize>, bounds: &Bounds) {
        for (marks, rated) in self.marks.iter_mut().zip(&tickets.cycle.rated) {
            rated.mark.codes.widen(range.clone(), &mut self.codes);
            let given = part(&rated.at, range.clone()).iter().zip(&self.flags);
            let given = (0u32..).zip(&self.codes).zip(given);
            let given = given.filter(|(_, (at, flags))| {
                (*flags & PLAIN != 0) & bounds.rates(**at, *flags & MEMBER != 0)
            });
            marks.extend(given.map(|((ticket, code), _)| (ticket, *code)));
        }
    }

    /// A ticket with several rows, or with several resolutions or ratings in one.
    fn read_winding<const ALL: bool>(
        &mut self,
        tickets: &Tickets,
        ticket: usize,
        at: usize,
        bounds: &Bounds,
        asked: &[Asked],
        seen: &Seen,
    ) {
        for (asked, lengths) in asked.iter().zip(&mut self.lengths) {
            let found = match asked.length {
                Length::FirstResponse if seen.is_answered => tickets.answer.get(ticket),
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
        if !ALL {
            return;
        }
        if let Some(class) = self.classes.get_mut(at) {
            *class = seen.class;
        }
        let told = [seen.resolutions > 0, seen.mature > 0, seen.failed > 0].map(u64::from);
        let more = [
            seen.resolutions.saturating_sub(told[0]),
            seen.mature.saturating_sub(told[1]),
            seen.failed.saturating_sub(told[2]),
        ];
        if more != [0; 3] {
            self.more.push((at, more));
        }
        // Of one kind about one cycle the last mark by then stands.
        for (index, (kind, marks)) in RATED.into_iter().zip(&mut self.marks).enumerate() {
            for (cycles, place) in rows(tickets, ticket, bounds) {
                let mut given = cycles.ratings.get(place).iter().rev();
                let last = given.find(|rating| rating.kind == kind && bounds.has(micros(rating.at)));
                let last = last.filter(|last| bounds.rates(micros(last.at), seen.is_member));
                let code = last.and_then(|last| tickets.mark_code(index, (last.scale, last.mark)));
                marks.extend(u32::try_from(at).ok().zip(code));
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
    is_member: bool,
    is_answered: bool,
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
            let happened = |(at, _): &(Micros, Lengths)| bounds.has(*at);
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
        let is_answered = tickets.answered.get(ticket).is_some_and(|at| bounds.has(*at));
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
