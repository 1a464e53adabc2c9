//! What tickets count as once everything about them is past: worked out when they are put in.
//!
//! A report long after a ticket's last event, over a window that has the whole ticket in it, counts it always the same way. Most
//! tickets of most reports are such, so the answer is kept as a column.

use std::ops::Range;

use crate::ticket::{RatingKind, Scale};
use crate::time::{Micros, micros};

use super::super::facts::{Fact, FirstResponse, Lengths};
use super::super::sketch::bucket;
use super::bounds::Bounds;
use super::class;
use super::column::{Apart, NEVER, Repeating, Times};
use super::scan::{NONE, SLAB};
use super::seen::{Seen, marks_of};
use super::tickets::{RATED, Tickets};

/// The time for reopening that the classes go by: that of a report of which nothing else is said.
pub(super) const USUAL: i64 = 7 * 86_400_000_000;

/// Set in [`Settled::class`] where another time for reopening could give another class.
pub(super) const DEPENDS: u16 = 0x8000;

/// One place for each ticket.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    /// The last instant that anything about the ticket depends on; [`NEVER`] where it must be looked at row by row.
    pub(super) until: Vec<Micros>,
    pub(super) class: Vec<u16>,
    /// From creation to the last resolution.
    pub(super) total: Measured,
    /// More resolutions than the class says.
    more: Apart<[u64; 3]>,
    /// The codes of its marks of each kind in [`RATED`].
    marks: [Apart<u32>; RATED.len()],
    codes: [Repeating<(Scale, u8)>; RATED.len()],
    zones: Vec<Zone>, // of SLAB tickets each
}

/// What some tickets that stand one after another have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    /// The first creation.
    pub(super) from: Micros,
    /// The last instant that anything about them depends on.
    pub(super) until: Micros,
    /// Whether [`DEPENDS`] is set for any.
    pub(super) depends: bool,
    /// How many entries of [`Settled::more`] and of [`Settled::marks`] come before theirs.
    before: [usize; 1 + RATED.len()],
}

/// Lengths with their buckets. Where there is none, the length is [`NONE`].
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) times: Times,
    pub(super) calendar: Vec<u16>,
    pub(super) business: Vec<u16>,
}

impl Measured {
    pub(super) fn push(&mut self, lengths: Option<Lengths>) {
        let none = Lengths {
            calendar_us: NONE,
            business_us: NONE,
        };
        let lengths = lengths.unwrap_or(none);
        self.times.push(lengths);
        self.calendar.push(bucket(lengths.calendar_us));
        self.business.push(bucket(lengths.business_us));
    }

    pub(super) fn get(&self, at: usize) -> Option<Lengths> {
        self.times.get(at)
    }
}

/// What one ticket counts as at the end of everything.
pub(super) struct Final {
    from: Micros,
    until: Micros,
    class: u16,
    total: Option<Lengths>,
    more: [u64; 3],
    marks: [Vec<u32>; RATED.len()],
}

impl Final {
    /// Of the ticket at a place, whose rows these are.
    pub(super) fn of(tickets: &Tickets, ticket: usize, rows: &[Fact]) -> Option<Final> {
        let seen = Seen::of(tickets, ticket, &Bounds::END)?;
        let marks =
            [0, 1].map(|kind| marks_of(tickets, ticket, kind, &Bounds::END, true).collect());
        let begin = *tickets.created.get(ticket)?;
        let begun = *tickets.cycle.started.get(ticket)?;
        let (mut least, mut greatest) = (begin, begin);
        for at in rows.iter().flat_map(instants) {
            (least, greatest) = (least.min(at), greatest.max(at));
        }
        let is_simple = begin == begun && begin <= least;
        let depends = rows.iter().any(|row| row.reopened_at.is_some());
        Some(Final {
            from: begin,
            until: if is_simple { greatest } else { NEVER },
            class: seen.class | if depends { DEPENDS } else { 0 },
            total: seen.last,
            more: seen.more(),
            marks,
        })
    }
}

/// Every instant of a row that a report asks about.
fn instants(row: &Fact) -> impl Iterator<Item = Micros> {
    let answered = match row.own.as_ref().map(|own| own.first_response) {
        Some(FirstResponse::Answered { at, .. }) => Some(at),
        _ => None,
    };
    let of_row = [
        row.first_resolved_at,
        row.resolved_at,
        row.left_at,
        row.reopened_at,
        answered,
    ];
    let ratings = row.ratings.iter().map(|rating| rating.at);
    let all = of_row
        .into_iter()
        .flatten()
        .chain(ratings)
        .chain([row.started_at]);
    all.map(micros)
}

impl Settled {
    /// Knows the marks of a ticket: before its final state is worked out.
    pub(super) fn know(&mut self, rows: &[Fact]) {
        for rating in rows.iter().flat_map(|row| &row.ratings) {
            let kind = RATED
                .iter()
                .position(|kind: &RatingKind| *kind == rating.kind);
            if let Some(codes) = kind.and_then(|kind| self.codes.get_mut(kind)) {
                codes.know(&(rating.scale, rating.mark));
            }
        }
    }

    pub(super) fn push(&mut self, of: Option<Final>) {
        let place = self.until.len();
        let of = of.unwrap_or(Final {
            from: NEVER,
            until: NEVER,
            class: class::ABSENT,
            total: None,
            more: [0; 3],
            marks: Default::default(),
        });
        let [csat, nps] = self.marks.each_ref().map(Apart::len);
        let before = [self.more.len(), csat, nps];
        if of.more != [0; 3] {
            self.more.push(place, of.more);
        }
        for (codes, marks) in self.marks.iter_mut().zip(of.marks) {
            marks.into_iter().for_each(|code| codes.push(place, code));
        }
        self.until.push(of.until);
        self.class.push(of.class);
        self.total.push(of.total);
        let zone = Zone {
            from: of.from,
            until: of.until,
            depends: of.class & DEPENDS != 0,
            before,
        };
        match self.zones.get_mut(place / SLAB) {
            None => self.zones.push(zone),
            Some(all) => {
                all.from = all.from.min(zone.from);
                all.until = all.until.max(zone.until);
                all.depends |= zone.depends;
            }
        }
    }

    /// Makes a ticket one that must be looked at.
    pub(super) fn forget(&mut self, at: usize) {
        if let Some(until) = self.until.get_mut(at) {
            *until = NEVER;
        }
        if let Some(zone) = self.zones.get_mut(at / SLAB) {
            zone.until = NEVER;
        }
    }

    /// More resolutions than the classes say, of the tickets of the slab that begins at a place.
    pub(super) fn more(&self, begin: usize) -> &[(u32, [u64; 3])] {
        self.more.span(self.of_zone(begin, 0))
    }

    /// The codes of the marks of a kind, of the tickets of the slab that begins at a place.
    pub(super) fn marks(&self, begin: usize, kind: usize) -> &[(u32, u32)] {
        let span = self.of_zone(begin, kind.saturating_add(1));
        self.marks.get(kind).map_or(&[], |marks| marks.span(span))
    }

    /// Where the entries of a list lie that belong to a zone.
    fn of_zone(&self, begin: usize, list: usize) -> Range<usize> {
        let zone = begin / SLAB;
        let before = |zone: usize| self.zones.get(zone)?.before.get(list).copied();
        before(zone).unwrap_or(usize::MAX)..before(zone.saturating_add(1)).unwrap_or(usize::MAX)
    }

    /// The zone of the slab that begins at a place.
    pub(super) fn zone(&self, begin: usize) -> Option<&Zone> {
        self.zones.get(begin / SLAB)
    }

    /// The code of a mark of the kind `RATED[kind]`.
    pub(super) fn code(&self, kind: usize, mark: (Scale, u8)) -> Option<u32> {
        self.codes.get(kind)?.code(&mark)
    }

    /// The marks of a kind, in the order of their codes from 1.
    pub(super) fn known(&self, kind: usize) -> &[(Scale, u8)] {
        self.codes.get(kind).map_or(&[], |codes| &codes.values)
    }
}
