//! The compiled form of a calendar: all of 1970 to 2100 in one flat table of UTC weeks.
//!
//! Every question comes down to four functions. *Open time before* an instant ([`Table::open_before`]), its inverse
//! ([`Table::at_open`]), *closed time before* it, and that one's inverse ([`Table::at_closed`]). The time between two
//! instants is a difference of two look-ups, however far apart they are.
//!
//! A row holds the open seconds before its week and the number of its *shape*. Shapes are shared: a calendar with the
//! holidays of thirty years has 6,836 rows and some dozens of shapes. A shape is seven cells, one for each UTC day, with
//! up to three open spans inline and a list on the side for days that have more. All boundaries fall on whole seconds
//! (offsets and windows do), so a fraction of a second counts when its second is open.

use super::range::{DAY_S, LATEST_US, SECOND_US, WEEK_S, WEEKS};

pub(super) const DAY: u32 = DAY_S as u32;
pub(super) const WEEK: u32 = WEEK_S as u32;

/// The weeks that tell whether a calendar goes on as it is behind the range: a year and a little.
const LAST_YEAR: usize = 54;

/// A calendar in compiled form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Timeline {
    /// Open without end: there is nothing to look up.
    Always,
    /// Open where the table says so.
    Table(Table),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// One row a week and one more, which holds the sum.
    rows: Box<[Row]>,
    shapes: Box<[Shape]>,
    /// The spans of a day behind its third.
    more: Box<[Box<[Rest]>]>,
    /// Open seconds of the whole range.
    open: u32,
    /// Open seconds of its last year.
    last_year: u32,
    /// Maps open seconds to the row whose hint is near: a 32.32 fixed-point factor.
    scale: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(8))]
struct Row {
    open_before: u32,
    shape: u16,
    /// The hint of bucket i stands in row i: the last row that begins with no more open seconds than the bucket does.
    hint: u16,
}

/// The open seconds of one UTC week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
struct Shape {
    /// Open seconds of the week before each day, and in all of it.
    open_before: [u32; 8],
    days: [Day; 7],
}

/// The open seconds of one UTC day of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
struct Day {
    open_before: u32,
    /// 0, or one more than the place of its list in [`Table::more`].
    more: u32,
    from: [u32; INLINE],
    to: [u32; INLINE],
}

const INLINE: usize = 3;
const CLOSED_DAY: Day = Day {
    open_before: 0,
    more: 0,
    from: [DAY; INLINE],
    to: [DAY; INLINE],
};

/// An open span of a crowded day, with the open seconds of that day before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    from: u32,
    to: u32,
    open_before: u32,
}

impl Timeline {
    /// Open microseconds in `[a, b)`; negative when `b` is before `a`. Instants are clamped to the supported range.
    pub(super) fn elapsed(&self, a: i64, b: i64) -> i64 {
        match self {
            Timeline::Always => b.clamp(0, LATEST_US) - a.clamp(0, LATEST_US),
            Timeline::Table(table) => table.open_before(b) - table.open_before(a),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Timeline::Always => 0,
            Timeline::Table(table) => {
                let rest: usize = table
                    .more
                    .iter()
                    .map(|list| size_of_val(list.as_ref()))
                    .sum();
                size_of_val(table.rows.as_ref())
                    + size_of_val(table.shapes.as_ref())
                    + size_of_val(table.more.as_ref())
                    + rest
            }
        }
    }
}

impl Table {
    /// Open microseconds from the beginning of the range to `us`, which is clamped to the range.
    #[inline]
    pub(super) fn open_before(&self, us: i64) -> i64 {
        let us = us.clamp(0, LATEST_US) as u64;
        let second = us / SECOND_US as u64;
        let fraction = us - second * SECOND_US as u64;
        let second = second as u32;
        let week = second / WEEK;
        let in_week = second - week * WEEK;
        let day = in_week / DAY;
        let in_day = in_week - day * DAY;
        let row = &self.rows[week as usize];
        let cell = &self.shapes[row.shape as usize].days[day as usize];
        let (open, is_open) = cell.measure(in_day, &self.more);
        let whole = row.open_before + cell.open_before + open;
        i64::from(whole) * SECOND_US + if is_open { fraction as i64 } else { 0 }
    }

    /// Whether the second that begins at or before `us` is open.
    pub(super) fn is_open(&self, us: i64) -> bool {
        let second = (us.clamp(0, LATEST_US) / SECOND_US) as u32;
        let row = &self.rows[(second / WEEK) as usize];
        let cell = &self.shapes[row.shape as usize].days[(second % WEEK / DAY) as usize];
        cell.measure(second % DAY, &self.more).1
    }

    /// The last instant with exactly `open` open microseconds before it: it is open. None when there are never more
    /// than that, or `open` is negative.
    #[inline]
    pub(super) fn at_open(&self, open: i64) -> Option<i64> {
        let whole = u32::try_from(open.div_euclid(SECOND_US))
            .ok()
            .filter(|&whole| whole < self.open)?;
        let fraction = open.rem_euclid(SECOND_US);
        let week = self.row_of(whole);
        let row = &self.rows[week];
        let shape = &self.shapes[row.shape as usize];
        let left = whole - row.open_before;
        let day: usize = shape.open_before[1..7]
            .iter()
            .map(|&before| usize::from(before <= left))
            .sum();
        let cell = &shape.days[day];
        let in_day = cell.nth_open(left - cell.open_before, &self.more);
        let second = week as i64 * WEEK_S + day as i64 * DAY_S + i64::from(in_day);
        Some(second * SECOND_US + fraction)
    }

    /// The last row with no more than `whole` open seconds before it, for a `whole` below the sum.
    #[inline]
    fn row_of(&self, whole: u32) -> usize {
        let bucket = (u64::from(whole) * self.scale) >> 32;
        let mut week = self.rows[bucket as usize].hint as usize;
        week += usize::from(self.rows[week + 1].open_before <= whole);
        week += usize::from(self.rows[week + 1].open_before <= whole);
        if self.rows[week + 1].open_before <= whole {
            let later = &self.rows[week + 1..];
            week += later.partition_point(|row| row.open_before <= whole);
        }
        week
    }

    /// The last instant with exactly `closed` closed microseconds before it: it is closed. None when there are never
    /// more than that, or `closed` is negative.
    pub(super) fn at_closed(&self, closed: i64) -> Option<i64> {
        let all = WEEKS as u32 * WEEK - self.open;
        let whole = u32::try_from(closed.div_euclid(SECOND_US))
            .ok()
            .filter(|&whole| whole < all)?;
        let fraction = closed.rem_euclid(SECOND_US);
        let (mut low, mut high) = (0, WEEKS);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let before = middle as u32 * WEEK - self.rows[middle].open_before;
            if before <= whole {
                low = middle
            } else {
                high = middle
            }
        }
        let row = &self.rows[low];
        let shape = &self.shapes[row.shape as usize];
        let left = whole - (low as u32 * WEEK - row.open_before);
        let day = (1..7u32)
            .filter(|&day| day * DAY - shape.open_before[day as usize] <= left)
            .count();
        let cell = &shape.days[day];
        let in_day = cell.nth_closed(left - (day as u32 * DAY - cell.open_before), &self.more);
        let second = low as i64 * WEEK_S + day as i64 * DAY_S + i64::from(in_day);
        Some(second * SECOND_US + fraction)
    }

    /// Whether it still opens in the last year of the range: if so, more open time follows behind it.
    pub(super) fn still_opens(&self) -> bool {
        self.last_year > 0
    }

    /// Whether it still closes in the last year of the range.
    pub(super) fn still_closes(&self) -> bool {
        self.last_year < LAST_YEAR as u32 * WEEK
    }

    pub(super) fn never_opens(&self) -> bool {
        self.open == 0
    }

    /// The number of the shape of a week.
    pub(super) fn shape_id(&self, week: usize) -> u16 {
        self.rows[week].shape
    }

    /// The open spans of a shape in seconds of its week, in order, with a break at each midnight.
    pub(super) fn spans_of(&self, shape: u16, spans: &mut Vec<(u32, u32)>) {
        for (day, cell) in (0u32..).zip(&self.shapes[shape as usize].days) {
            let inline = cell
                .from
                .iter()
                .copied()
                .zip(cell.to.iter().copied())
                .filter(|span| span.0 < span.1);
            spans.extend(inline.map(|(from, to)| (day * DAY + from, day * DAY + to)));
            let rest = cell.rest(&self.more).iter();
            spans.extend(rest.map(|rest| (day * DAY + rest.from, day * DAY + rest.to)));
        }
    }
}

impl Day {
    /// The open seconds of the day before `second`, and whether that second is open.
    #[inline]
    fn measure(&self, second: u32, more: &[Box<[Rest]>]) -> (u32, bool) {
        let mut open = 0;
        let mut is_open = false;
        for (&from, &to) in self.from.iter().zip(&self.to) {
            open += second.min(to) - second.min(from);
            is_open |= second.wrapping_sub(from) < to - from;
        }
        if self.more == 0 {
            (open, is_open)
        } else {
            self.measure_rest(second, (open, is_open), more)
        }
    }

    #[cold]
    fn measure_rest(&self, second: u32, inline: (u32, bool), more: &[Box<[Rest]>]) -> (u32, bool) {
        let rest = self.rest(more);
        let begun = rest.partition_point(|rest| rest.from <= second);
        match begun.checked_sub(1).and_then(|last| rest.get(last)) {
            Some(last) => (
                last.open_before + second.min(last.to) - last.from,
                second < last.to,
            ),
            None => inline,
        }
    }

    fn rest<'a>(&self, more: &'a [Box<[Rest]>]) -> &'a [Rest] {
        match self.more.checked_sub(1) {
            Some(place) => &more[place as usize],
            None => &[],
        }
    }

    /// The open second of the day that has `left` open ones before it.
    #[inline]
    fn nth_open(&self, mut left: u32, more: &[Box<[Rest]>]) -> u32 {
        for (&from, &to) in self.from.iter().zip(&self.to) {
            if left < to - from {
                return from + left;
            }
            left -= to - from;
        }
        let inline: u32 = self
            .from
            .iter()
            .zip(&self.to)
            .map(|(from, to)| to - from)
            .sum();
        let rest = self.rest(more);
        let begun = rest.partition_point(|rest| rest.open_before <= left + inline);
        match begun.checked_sub(1).and_then(|last| rest.get(last)) {
            Some(last) => last.from + (left + inline - last.open_before),
            None => DAY,
        }
    }

    /// The closed second of the day that has `left` closed ones before it.
    fn nth_closed(&self, left: u32, more: &[Box<[Rest]>]) -> u32 {
        let inline = self.from.iter().copied().zip(self.to.iter().copied());
        let rest = self.rest(more).iter().map(|rest| (rest.from, rest.to));
        let mut open = 0;
        for (from, to) in inline.chain(rest).filter(|span| span.0 < span.1) {
            if left < from - open {
                break;
            }
            open += to - from;
        }
        left + open
    }
}

/// Puts a table together, week by week.
pub(super) struct Weaver {
    rows: Vec<Row>,
    shapes: Vec<Shape>,
    more: Vec<Box<[Rest]>>,
    known: std::collections::HashMap<u64, u16>,
}

impl Weaver {
    pub(super) fn new() -> Weaver {
        Weaver {
            rows: Vec::with_capacity(WEEKS + 1),
            shapes: Vec::with_capacity(64),
            more: Vec::new(),
            known: std::collections::HashMap::with_capacity(64),
        }
    }

    /// The number of the shape with these open spans, in seconds of the week, in order and disjoint.
    pub(super) fn shape(&mut self, spans: &[(u32, u32)]) -> u16 {
        let key = fingerprint(spans);
        if let Some(&known) = self.known.get(&key) {
            if self.is_shape(known, spans) {
                return known;
            }
        }
        let number = self.shapes.len() as u16;
        let shape = self.cut(spans);
        self.shapes.push(shape);
        self.known.insert(key, number);
        number
    }

    /// The next week has this shape.
    pub(super) fn push(&mut self, shape: u16) {
        self.rows.push(Row {
            open_before: 0,
            shape,
            hint: 0,
        });
    }

    pub(super) fn finish(mut self) -> Timeline {
        let mut open = 0;
        self.rows.resize(WEEKS, Row::default());
        for row in &mut self.rows {
            row.open_before = open;
            open += self
                .shapes
                .get(row.shape as usize)
                .map_or(0, |shape| shape.open_before[7]);
        }
        if open == WEEKS as u32 * WEEK {
            return Timeline::Always;
        }
        let last_year = self.rows[WEEKS - LAST_YEAR].open_before;
        self.rows.push(Row {
            open_before: open,
            shape: 0,
            hint: 0,
        });
        let scale = ((WEEKS as u64) << 32)
            .checked_div(u64::from(open))
            .unwrap_or(0);
        let mut week = 0;
        for bucket in 0..WEEKS {
            let first = ((bucket as u64) << 32).div_ceil(scale.max(1));
            while week + 1 < WEEKS && u64::from(self.rows[week + 1].open_before) <= first {
                week += 1;
            }
            self.rows[bucket].hint = week as u16;
        }
        Timeline::Table(Table {
            rows: self.rows.into_boxed_slice(),
            shapes: self.shapes.into_boxed_slice(),
            more: self.more.into_boxed_slice(),
            open,
            scale,
            last_year: open - last_year,
        })
    }

    fn cut(&mut self, spans: &[(u32, u32)]) -> Shape {
        let mut shape = Shape {
            open_before: [0; 8],
            days: [CLOSED_DAY; 7],
        };
        let mut open_in_week = 0;
        for (day, cell) in (0u32..).zip(&mut shape.days) {
            let midnight = day * DAY;
            cell.open_before = open_in_week;
            shape.open_before[day as usize] = open_in_week;
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
                match cell.from.get_mut(place).zip(cell.to.get_mut(place)) {
                    Some(inline) => (*inline.0, *inline.1) = (from, to),
                    None => rest.push(Rest {
                        from,
                        to,
                        open_before: open,
                    }),
                }
                open += to - from;
            }
            if !rest.is_empty() {
                self.more.push(rest.into_boxed_slice());
                cell.more = self.more.len() as u32;
            }
            open_in_week += open;
        }
        shape.open_before[7] = open_in_week;
        shape
    }

    /// Whether a shape is made of just these spans. Guards against two lists with one fingerprint.
    fn is_shape(&self, number: u16, spans: &[(u32, u32)]) -> bool {
        let Some(shape) = self.shapes.get(number as usize) else {
            return false;
        };
        let mut pieces = shape.days.iter().zip(0u32..).flat_map(|(cell, day)| {
            let inline = cell
                .from
                .iter()
                .copied()
                .zip(cell.to.iter().copied())
                .filter(|span| span.0 < span.1);
            let rest = cell
                .rest(&self.more)
                .iter()
                .map(|rest| (rest.from, rest.to));
            inline
                .chain(rest)
                .map(move |(from, to)| (day * DAY + from, day * DAY + to))
        });
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
