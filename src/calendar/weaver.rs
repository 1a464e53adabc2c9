//! Puts the compiled form together, week by week.

use std::collections::HashMap;

use super::range::{SECOND_US, WEEKS};
use super::timeline::{
    CLOSED_DAY, DAY, Day, LAST_YEAR, NEAR, Rest, Row, Table, Timeline, WEEK, pieces,
};

/// Puts a table together, week by week.
pub(super) struct Weaver {
    weeks: Vec<u16>,
    cells: Vec<Day>,
    /// The open seconds of each shape.
    sums: Vec<u32>,
    more: Vec<Box<[Rest]>>,
    known: HashMap<u64, u16>,
}

impl Weaver {
    pub(super) fn new() -> Weaver {
        Weaver {
            weeks: Vec::with_capacity(WEEKS),
            cells: Vec::new(),
            sums: Vec::new(),
            more: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// The number of the shape with these open spans, in seconds of the week, in order and disjoint.
    pub(super) fn shape(&mut self, spans: &[(u32, u32)]) -> u16 {
        let key = fingerprint(spans);
        if let Some(&known) = self
            .known
            .get(&key)
            .filter(|&&known| self.is_shape(known, spans))
        {
            return known;
        }
        let number = self.sums.len() as u16;
        self.cut(spans);
        self.known.insert(key, number);
        number
    }

    /// The next week has this shape.
    pub(super) fn push(&mut self, shape: u16) {
        self.weeks.push(shape);
    }

    /// The table of all weeks pushed, of which there must be as many as the range has.
    pub(super) fn finish(self) -> Timeline {
        let mut rows = Vec::with_capacity(WEEKS + NEAR);
        let mut open = 0;
        for (week, &shape) in (0u16..).zip(&self.weeks) {
            let cells = (shape * 7).wrapping_sub(week.wrapping_mul(7));
            rows.push(Row {
                open_before: open,
                cells,
                hint: 0,
            });
            open += self.sums.get(shape as usize).copied().unwrap_or(0);
        }
        if open == WEEKS as u32 * WEEK {
            return Timeline::Always;
        }
        let last_year = open - rows[WEEKS - LAST_YEAR].open_before;
        rows.resize(
            WEEKS + NEAR,
            Row {
                open_before: open,
                cells: 0,
                hint: 0,
            },
        );
        let scale = ((WEEKS as u64) << 32)
            .checked_div(u64::from(open))
            .unwrap_or(0);
        let mut week = 0;
        for bucket in 0..WEEKS {
            let first = ((bucket as u64) << 32).div_ceil(scale.max(1));
            while week + 1 < WEEKS && u64::from(rows[week + 1].open_before) <= first {
                week += 1;
            }
            rows[bucket].hint = week as u16;
        }
        Timeline::Table(Table {
            rows: rows.into_boxed_slice(),
            cells: self.cells.into_boxed_slice(),
            more: self.more.into_boxed_slice(),
            open,
            last_year,
            scale,
        })
    }

    /// Adds the cells of a new shape.
    fn cut(&mut self, spans: &[(u32, u32)]) {
        let mut open_in_week = 0;
        for day in 0..7u32 {
            let midnight = day * DAY;
            let mut cell = Day {
                open_before: open_in_week,
                ..CLOSED_DAY
            };
            let begun = spans.partition_point(|span| span.1 <= midnight);
            let here = spans[begun..]
                .iter()
                .take_while(|span| span.0 < midnight + DAY);
            let mut rest = Vec::new();
            let mut open = 0;
            for (place, span) in here.enumerate() {
                let (from, to) = (
                    span.0.max(midnight) - midnight,
                    span.1.min(midnight + DAY) - midnight,
                );
                let [from_us, to_us, open_before] =
                    [from, to, open].map(|second| u64::from(second) * SECOND_US as u64);
                match cell.from.get_mut(place).zip(cell.to.get_mut(place)) {
                    Some(inline) => (*inline.0, *inline.1) = (from_us, to_us),
                    None => rest.push(Rest {
                        from: from_us,
                        to: to_us,
                        open_before,
                    }),
                }
                open += to - from;
            }
            if !rest.is_empty() {
                self.more.push(rest.into_boxed_slice());
                cell.more = self.more.len() as u32;
            }
            self.cells.push(cell);
            open_in_week += open;
        }
        self.sums.push(open_in_week);
    }

    /// Whether a shape is made of just these spans. Guards against two lists with one fingerprint.
    fn is_shape(&self, number: u16, spans: &[(u32, u32)]) -> bool {
        let first = number as usize * 7;
        let Some(cells) = self.cells.get(first..first + 7) else {
            return false;
        };
        let mut pieces = pieces(cells, &self.more);
        for &(from, to) in spans {
            let mut at = from;
            while at < to {
                let end = to.min((at / DAY + 1) * DAY);
                if pieces.next() != Some((at, end)) {
                    return false;
                }
                at = end;
            }
        }
        pieces.next().is_none()
    }
}

fn fingerprint(spans: &[(u32, u32)]) -> u64 {
    spans.iter().fold(spans.len() as u64, |hash, &(from, to)| {
        let both = u64::from(from) << 32 | u64::from(to);
        (hash.rotate_left(23) ^ both).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}
