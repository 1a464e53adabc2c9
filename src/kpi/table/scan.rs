//! What each ticket of a table counts as, at the instant of a report.
//!
//! A ticket falls into one of few classes ([`class`]), which say everything about it that is counted once; its lengths and marks
//! come beside that. Most tickets of a desk are long done with, and lie in the window as a whole or outside it: what those count as
//! was worked out when they were put in ([`Settled`](super::settled::Settled)). The others are looked at row by row ([`Seen`]).

use std::ops::Range;

use crate::sla::Measure;

use super::super::sketch::bucket;
use super::super::window::Cohort;
use super::bounds::Bounds;
use super::class;
use super::column::{NEVER, part};
use super::report::Length;
use super::seen::{Seen, marks_of};
use super::settled::{DEPENDS, USUAL};
use super::tickets::{RATED, Tickets, WINDING};

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

/// What a stretch of tickets counts as.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The class of each ticket; [`DEPENDS`] means nothing here.
    pub(super) classes: &'a [u16],
    /// For each length that is asked for, that of each ticket, or [`NONE`], and its bucket; any bucket where there is none.
    pub(super) lengths: Vec<(&'a [i64], &'a [u16])>,
    /// Tickets of which more resolutions count than their class says: which, and how many resolutions, mature ones, and
    /// mature ones that did not hold.
    pub(super) more: &'a [(u32, [u64; 3])],
    /// For each kind of rating, the tickets that have marks, with the codes.
    pub(super) marks: [&'a [(u32, u32)]; RATED.len()],
    /// The place of the ticket that `more` and `marks` call 0.
    pub(super) begin: u32,
}

/// Where views are made that are no mere stretch of the columns. Kept, so that its memory is touched once.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    lengths: Vec<(Vec<i64>, Vec<u16>)>,
    classes: Vec<u16>,
    more: Vec<(u32, [u64; 3])>,
    marks: [Vec<(u32, u32)>; RATED.len()],
    whole: Vec<bool>, // whether the ticket counts as it was worked out when it was put in
    others: Vec<u32>, // tickets that are to be looked at
}

impl Slab {
    /// Looks at the tickets of `range`, which begins with a slab: all about them, or their lengths alone.
    pub(super) fn read<'a, const ALL: bool>(
        &'a mut self,
        tickets: &'a Tickets,
        range: Range<usize>,
        bounds: &Bounds,
        asked: &[Asked],
    ) -> View<'a> {
        let settled = &tickets.settled;
        let has_winding = asked
            .iter()
            .any(|asked| asked.length == Length::FirstResolution);
        if !has_winding
            && settled
                .zone(range.start)
                .is_some_and(|zone| bounds.has_whole(zone))
        {
            let lengths = asked.iter().filter_map(|asked| {
                let (times, buckets) = columns(tickets, *asked);
                Some((part(times, range.clone()), part(buckets?, range.clone())))
            });
            return View {
                classes: part(&settled.class, range.clone()),
                lengths: lengths.collect(),
                more: settled.more(range.start),
                marks: [0, 1].map(|kind| settled.marks(range.start, kind)),
                begin: u32::try_from(range.start).unwrap_or(u32::MAX),
            };
        }
        self.lengths.resize_with(asked.len(), Default::default);
        self.more.clear();
        self.marks.iter_mut().for_each(Vec::clear);
        self.sort(tickets, range.clone(), bounds, has_winding);
        self.read_lengths(tickets, range.clone(), asked);
        if ALL {
            let begin = range.start;
            let at = |place: u32| (place as usize).saturating_sub(begin);
            let is_whole = |place: u32| self.whole.get(at(place)) == Some(&true);
            let more = settled.more(begin).iter();
            let more = more.filter(|entry| is_whole(entry.0));
            self.more
                .extend(more.map(|entry| (at(entry.0) as u32, entry.1)));
            for (mine, kind) in self.marks.iter_mut().zip(0..) {
                let marks = settled.marks(begin, kind).iter();
                let marks = marks.filter(|entry| is_whole(entry.0));
                mine.extend(marks.map(|entry| (at(entry.0) as u32, entry.1)));
            }
        }
        for at in std::mem::take(&mut self.others) {
            let ticket = range.start.saturating_add(at as usize);
            if let Some(seen) = Seen::of(tickets, ticket, bounds) {
                self.read_seen::<ALL>(tickets, ticket, at, bounds, asked, &seen);
            }
        }
        let lengths = self
            .lengths
            .iter()
            .map(|(times, buckets)| (&times[..], &buckets[..]));
        View {
            classes: &self.classes,
            lengths: lengths.collect(),
            more: &self.more,
            marks: self.marks.each_ref().map(Vec::as_slice),
            begin: 0,
        }
    }

    /// Which tickets count as they were worked out, which not at all, and which are to be looked at.
    fn sort(&mut self, tickets: &Tickets, range: Range<usize>, bounds: &Bounds, has_winding: bool) {
        let by_creation = bounds.cohort == Cohort::Created;
        let by_resolution = bounds.cohort == Cohort::Resolved;
        let depends = if bounds.within == USUAL { 0 } else { DEPENDS };
        let winding = if has_winding { WINDING } else { 0 };
        let settled = &tickets.settled;
        let created = part(&tickets.created, range.clone()).iter();
        let until = part(&settled.until, range.clone());
        let class = part(&settled.class, range.clone());
        let marks = part(&tickets.cycle.marks, range.clone());
        let total = part(&settled.total.times.calendar, range.clone());
        self.classes.resize(range.len(), 0);
        self.whole.resize(range.len(), false);
        self.others.clear();
        self.others.resize(range.len(), 0);
        let mut others = 0;
        let columns = created.zip(until).zip(class).zip(marks).zip(total);
        let found = self.classes.iter_mut().zip(&mut self.whole);
        for (at, (columns, (found, whole))) in (0u32..).zip(columns.zip(found)) {
            let ((((created, until), class), marks), total) = columns;
            let exists = bounds.has(*created);
            let in_window = bounds.contains(*created) & (by_creation | (*until < bounds.to));
            let is_whole = exists
                & in_window
                & bounds.is_mature(*until)
                & (class & depends == 0)
                & (marks & winding == 0)
                & (!by_resolution | (*total != NONE));
            let is_outside = if by_creation {
                !bounds.contains(*created)
            } else {
                (*until < bounds.from) | (*created >= bounds.to)
            };
            let is_known = *until != NEVER;
            let outside = if exists & is_outside & is_known {
                class::OUTSIDE
            } else {
                class::ABSENT
            };
            *found = if is_whole { *class } else { outside };
            *whole = is_whole;
            if let Some(other) = self.others.get_mut(others) {
                *other = at;
            }
            others += usize::from(!(is_whole | is_known & (is_outside | !exists)));
        }
        self.others.truncate(others);
    }

    fn read_lengths(&mut self, tickets: &Tickets, range: Range<usize>, asked: &[Asked]) {
        for (asked, (lengths, found)) in asked.iter().zip(&mut self.lengths) {
            let (times, buckets) = columns(tickets, *asked);
            let times = part(times, range.clone()).iter().zip(&self.whole);
            lengths.clear();
            lengths.extend(times.map(|(time, is_whole)| if *is_whole { *time } else { NONE }));
            found.clear();
            match buckets {
                Some(buckets) => found.extend_from_slice(part(buckets, range.clone())),
                None => found.extend(lengths.iter().map(|length| bucket(*length))),
            }
        }
    }

    /// A ticket that was looked at.
    fn read_seen<const ALL: bool>(
        &mut self,
        tickets: &Tickets,
        ticket: usize,
        at: u32,
        bounds: &Bounds,
        asked: &[Asked],
        seen: &Seen,
    ) {
        let place = at as usize;
        for (asked, (lengths, buckets)) in asked.iter().zip(&mut self.lengths) {
            let found = match asked.length {
                Length::FirstResponse if seen.is_answered => tickets.answer.get(ticket),
                Length::FirstResponse => None,
                Length::FirstResolution => seen.first,
                Length::TotalResolution => seen.last,
            };
            if let (Some(length), Some(found_in)) = (lengths.get_mut(place), buckets.get_mut(place))
            {
                *length = found.map_or(NONE, |found| match asked.measure {
                    Measure::Calendar => found.calendar_us,
                    Measure::Business => found.business_us,
                });
                *found_in = bucket(*length);
            }
        }
        if !ALL {
            return;
        }
        if let Some(class) = self.classes.get_mut(place) {
            *class = seen.class;
        }
        if seen.more() != [0; 3] {
            self.more.push((at, seen.more()));
        }
        for (marks, kind) in self.marks.iter_mut().zip(0..) {
            let codes = marks_of(tickets, ticket, kind, bounds, seen.is_member);
            marks.extend(codes.map(|code| (at, code)));
        }
    }
}

/// The lengths that settled tickets have, and their buckets where those are kept. Of tickets with several rows those of the first
/// resolution are not there.
fn columns(tickets: &Tickets, asked: Asked) -> (&[i64], Option<&[u16]>) {
    let (times, measured) = match asked.length {
        Length::FirstResponse => (&tickets.answer.times, Some(&tickets.answer)),
        Length::TotalResolution => (&tickets.settled.total.times, Some(&tickets.settled.total)),
        Length::FirstResolution => (&tickets.cycle.spent.whole, None),
    };
    match asked.measure {
        Measure::Calendar => (&times.calendar, measured.map(|of| &of.calendar[..])),
        Measure::Business => (&times.business, measured.map(|of| &of.business[..])),
    }
}
