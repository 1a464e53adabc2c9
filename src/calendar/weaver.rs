//! Puts the compiled form together, week by week.

use std::collections::HashMap;

use super::error::{Problem, few};
use super::range::{SECOND_US, WEEKS};
use super::shapes::{CLOSED, Shape, Shapes, WEEK};
use super::timeline::{HINTS, LAST_YEAR, ROWS, Row, Table, Timeline};

/// Puts a table together, week by week.
pub(super) struct Weaver {
    weeks: Vec<Shape>,
    shapes: Shapes,
    known: HashMap<u64, Shape>,
    /// How many spans all shapes have together.
    spans: usize,
    most: usize,
}

/// How many open stretches the different weeks of a calendar may have together: 16 MB of them, where a desk needs some hundreds.
const MOST_SPANS: usize = 1 << 20;

impl Weaver {
    pub(super) fn new() -> Weaver {
        Weaver {
            weeks: Vec::with_capacity(WEEKS),
            shapes: Shapes::new(),
            known: HashMap::new(),
            spans: 0,
            most: MOST_SPANS,
        }
    }

    /// One for what calendars that are compiled already have: it has no limit of its own, as theirs hold.
    pub(super) fn of_compiled() -> Weaver {
        Weaver {
            most: usize::MAX,
            ..Weaver::new()
        }
    }

    /// The shape with these open spans, in seconds of the week, in order and disjoint.
    pub(super) fn shape(&mut self, spans: &[(u32, u32)]) -> Shape {
        if spans.is_empty() {
            return CLOSED;
        }
        let key = fingerprint(spans);
        let known = self.known.get(&key).copied();
        // Guards against two lists with one fingerprint.
        let is_same = |&shape: &Shape| self.shapes.spans(shape).eq(spans.iter().copied());
        if let Some(known) = known.filter(is_same) {
            return known;
        }
        self.spans = self.spans.saturating_add(spans.len());
        if self.spans > self.most {
            return CLOSED;
        }
        let shape = self.shapes.add(spans);
        self.known.insert(key, shape);
        shape
    }

    /// The next week has this shape.
    pub(super) fn push(&mut self, shape: Shape) {
        self.weeks.push(shape);
    }

    /// The table of all weeks pushed, of which there must be as many as the range has.
    ///
    /// # Errors
    /// More open stretches than a calendar may have. What is beyond them was not kept.
    pub(super) fn finish(self) -> Result<Timeline, Problem> {
        let what = "open stretches in its different weeks";
        few(what, self.spans, self.most)?;
        Ok(self.table())
    }

    pub(super) fn table(mut self) -> Timeline {
        let mut rows = [Row {
            before: u32::MAX,
            shape: CLOSED,
            hint: 0,
        }; ROWS];
        let mut open = 0;
        for (row, &shape) in rows.iter_mut().zip(&self.weeks) {
            (row.before, row.shape) = (open, shape);
            open += self.shapes.sum(shape);
        }
        rows[WEEKS].before = open;
        if open == WEEKS as u32 * WEEK {
            return Timeline::Always;
        }
        let whole = u128::from(open) * SECOND_US as u128;
        let scale = ((HINTS as u128) << 64).checked_div(whole);
        let scale = scale.map_or(u64::MAX, |scale| scale as u64);
        give_hints(&mut rows, scale);
        self.shapes.shrink();
        Timeline::Table(Table {
            last_year: open - rows[WEEKS - LAST_YEAR].before,
            rows: Box::new(rows),
            scale,
            shapes: self.shapes,
            open,
        })
    }
}

/// Notes for each bucket the last week that begins with no more open time than the bucket does.
fn give_hints(rows: &mut [Row; ROWS], scale: u64) {
    let mut week = 0;
    for bucket in 0..HINTS {
        let first = ((bucket as u128) << 64).div_ceil(u128::from(scale));
        while week + 1 < WEEKS && u128::from(rows[week + 1].before) * SECOND_US as u128 <= first {
            week += 1;
        }
        rows[bucket].hint = week as u16;
    }
}

fn fingerprint(spans: &[(u32, u32)]) -> u64 {
    spans.iter().fold(spans.len() as u64, |hash, &(from, to)| {
        let both = u64::from(from) << 32 | u64::from(to);
        (hash.rotate_left(23) ^ both).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}
