//! The compiled form of a calendar: all of 1970 to 2100 in one flat table of UTC weeks.
//!
//! Every question comes down to four functions. *Open time before* an instant ([`Table::open_before`]), its inverse
//! ([`Table::at_open`]), *closed time before* it, and that one's inverse ([`Table::at_closed`]). The time between two
//! instants is a difference of two look-ups, however far apart they are.
//!
//! A row holds the open seconds before its week and the number of its *shape*. Shapes are shared: a calendar with the
//! holidays of thirty years has 6,836 rows and some dozens of shapes. A shape is seven cells, one for each UTC day, with
//! up to two open spans inline and a list on the side for days that have more. All boundaries fall on whole seconds
//! (offsets and windows do), so sums are kept in seconds; spans are kept in microseconds, ready to be compared.

use super::range::{DAY_S, DAY_US, LATEST_US, SECOND_US, WEEK_S, WEEKS};

pub(super) const DAY: u32 = DAY_S as u32;
pub(super) const WEEK: u32 = WEEK_S as u32;

/// The weeks that tell whether a calendar goes on as it is behind the range: a year and a little.
pub(super) const LAST_YEAR: usize = 54;

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
    /// One row a week, and behind the last one some that hold the sum.
    pub(super) rows: Box<[Row]>,
    /// The cells of all shapes, seven each.
    pub(super) cells: Box<[Day]>,
    /// The spans of a day behind its second.
    pub(super) more: Box<[Box<[Rest]>]>,
    /// Open seconds of the whole range.
    pub(super) open: u32,
    /// Open seconds of its last year.
    pub(super) last_year: u32,
    /// Maps open seconds to the row whose hint is near: a 32.32 fixed-point factor.
    pub(super) scale: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(8))]
pub(super) struct Row {
    pub(super) open_before: u32,
    /// The place of its shape's first cell, less seven times its own number, modulo 65,536: so that adding the number of
    /// a day gives the place of that day's cell.
    pub(super) cells: u16,
    /// The hint of bucket i stands in row i: the last row that begins with no more open seconds than the bucket does.
    pub(super) hint: u16,
}

/// The open time of one UTC day of a shape, spans in microseconds since its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) from: [u64; INLINE],
    pub(super) to: [u64; INLINE],
    /// Open seconds of the week before this day.
    pub(super) open_before: u32,
    /// 0, or one more than the place of its list in [`Table::more`].
    pub(super) more: u32,
}

/// More seconds than the range has: added so that a time to go back becomes one that can be divided without a sign.
const LIFT: i64 = 1 << 33;

/// How many rows from the hint on are looked at before searching.
pub(super) const NEAR: usize = 4;

pub(super) const INLINE: usize = 2;
pub(super) const CLOSED_DAY: Day = Day {
    from: [DAY_US; INLINE],
    to: [DAY_US; INLINE],
    open_before: 0,
    more: 0,
};

/// An open span of a crowded day, with the open microseconds of that day before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) open_before: u64,
}

impl Timeline {
    /// Open microseconds in `[a, b)`; negative when `b` is before `a`. Both lie in the supported range.
    #[inline(always)]
    pub(super) fn elapsed(&self, a: u64, b: u64) -> i64 {
        match self {
            Timeline::Always => b as i64 - a as i64,
            Timeline::Table(table) => table.elapsed(a, b),
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
                    + size_of_val(table.cells.as_ref())
                    + size_of_val(table.more.as_ref())
                    + rest
            }
        }
    }
}

/// An instant outside the supported range becomes the nearer end of it.
#[inline]
pub(super) fn clamped(us: i64) -> u64 {
    us.clamp(0, LATEST_US) as u64
}

/// The week of a day since the epoch. Exact far beyond the supported range, and cheaper than a division.
#[inline]
fn week_of(day: u64) -> usize {
    ((day * 149_797) >> 20) as usize
}

impl Table {
    #[inline(always)]
    fn elapsed(&self, a: u64, b: u64) -> i64 {
        let (a, b) = (self.open_at(a), self.open_at(b));
        (i64::from(b.0) - i64::from(a.0)) * SECOND_US + b.1 as i64 - a.1 as i64
    }

    /// Open microseconds from the beginning of the range to `us`, which lies in it.
    #[inline]
    pub(super) fn open_before(&self, us: u64) -> i64 {
        let (whole, in_day) = self.open_at(us);
        i64::from(whole) * SECOND_US + in_day as i64
    }

    /// The open seconds before the UTC day of `us`, and the open microseconds of that day before it.
    #[inline(always)]
    fn open_at(&self, us: u64) -> (u32, u64) {
        let day = us / DAY_US;
        let row = &self.rows[week_of(day)];
        let cell = self.cell(row, day);
        (
            row.open_before + cell.open_before,
            cell.open_until(us - day * DAY_US, &self.more),
        )
    }

    /// The cell of a day, given the row of its week.
    #[inline]
    fn cell(&self, row: &Row, day: u64) -> &Day {
        &self.cells[row.cells.wrapping_add(day as u16) as usize]
    }

    /// The number of the shape of a week.
    pub(super) fn shape_of(&self, week: usize) -> usize {
        self.first_cell(&self.rows[week], week) / 7
    }

    #[inline]
    fn first_cell(&self, row: &Row, week: usize) -> usize {
        row.cells.wrapping_add(week as u16 * 7) as usize
    }

    /// Whether it is open at `us`, which lies in the range.
    pub(super) fn is_open(&self, us: u64) -> bool {
        let day = us / DAY_US;
        self.cell(&self.rows[week_of(day)], day)
            .is_open(us % DAY_US, &self.more)
    }

    /// The last instant with `more` open microseconds between `us` and it, which may lie before `us`.
    #[inline(always)]
    pub(super) fn at_open_from(&self, us: u64, more: i64) -> Option<i64> {
        let (whole, in_day) = self.open_at(us);
        let lifted = u64::try_from(more.checked_add(in_day as i64 + LIFT * SECOND_US)?).ok()?;
        let seconds = lifted / SECOND_US as u64;
        let fraction = lifted - seconds * SECOND_US as u64;
        let whole = (u64::from(whole) + seconds).wrapping_sub(LIFT as u64);
        if whole >= u64::from(self.open) {
            return None;
        }
        let whole = whole as u32;
        let (week, row) = self.row_of(whole);
        let first = self.first_cell(row, week);
        let left = whole - row.open_before;
        let (day, cell) = last_begun(&self.cells[first..first + 7], left);
        let left = u64::from(left - cell.open_before) * SECOND_US as u64 + fraction;
        let in_day = cell.at_open(left, &self.more);
        Some(((week * 7 + day) as u64 * DAY_US + in_day) as i64)
    }

    /// The last row with no more than `whole` open seconds before it, for a `whole` below the sum.
    #[inline(always)]
    fn row_of(&self, whole: u32) -> (usize, &Row) {
        let bucket = (u64::from(whole) * self.scale) >> 32;
        let hint = self.rows[bucket as usize].hint as usize;
        let near = &self.rows[hint..hint + NEAR];
        if near[NEAR - 1].open_before <= whole {
            return self.row_far_from(hint, whole);
        }
        let steps =
            usize::from(near[1].open_before <= whole) + usize::from(near[2].open_before <= whole);
        (hint + steps, &near[steps])
    }

    fn row_far_from(&self, hint: usize, whole: u32) -> (usize, &Row) {
        let later = &self.rows[hint + 1..];
        let week = hint + later.partition_point(|row| row.open_before <= whole);
        (week, &self.rows[week])
    }

    /// The last instant with exactly `closed` closed microseconds before it: it is closed. None when there are never
    /// more than that, or `closed` is negative.
    pub(super) fn at_closed(&self, closed: i64) -> Option<i64> {
        let closed = closed as u64;
        if closed >= u64::from(WEEKS as u32 * WEEK - self.open) * SECOND_US as u64 {
            return None;
        }
        let whole = (closed / SECOND_US as u64) as u32;
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
        let left = whole - (low as u32 * WEEK - row.open_before);
        let first = self.first_cell(row, low);
        let closed_before = (1u32..)
            .zip(&self.cells[first + 1..first + 7])
            .map(|(day, cell)| day * DAY - cell.open_before);
        let day = low as u32 * 7 + closed_before.filter(|&closed| closed <= left).count() as u32;
        let cell = self.cell(row, u64::from(day));
        let before = u64::from(day * DAY - row.open_before - cell.open_before) * SECOND_US as u64;
        let in_day = cell.at_closed(closed - before, &self.more);
        Some((u64::from(day) * DAY_US + in_day) as i64)
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

    /// Adds the open spans of a shape in seconds of its week, in order, with a break at each midnight.
    pub(super) fn spans_of(&self, shape: usize, spans: &mut Vec<(u32, u32)>) {
        spans.extend(pieces(&self.cells[shape * 7..shape * 7 + 7], &self.more));
    }
}

/// The last of a week's cells with no more than `left` open seconds before it.
#[inline(always)]
fn last_begun(week: &[Day], left: u32) -> (usize, &Day) {
    let begun = |day: usize| usize::from(week[day].open_before <= left);
    let day = begun(1) + begun(2) + begun(3) + begun(4) + begun(5) + begun(6);
    (day, &week[day])
}

/// The open spans of a shape's cells in seconds of the week, in order, with a break at each midnight.
pub(super) fn pieces<'a>(
    cells: &'a [Day],
    more: &'a [Box<[Rest]>],
) -> impl Iterator<Item = (u32, u32)> + 'a {
    (0u32..).zip(cells).flat_map(move |(day, cell)| {
        let second = move |us: u64| day * DAY + (us / SECOND_US as u64) as u32;
        cell.spans(more)
            .map(move |(from, to)| (second(from), second(to)))
    })
}

impl Day {
    /// The open microseconds of the day before `at`.
    #[inline]
    fn open_until(&self, at: u64, more: &[Box<[Rest]>]) -> u64 {
        let open = |place: usize| at.min(self.to[place]) - at.min(self.from[place]);
        let inline = open(0) + open(1);
        if self.more == 0 {
            inline
        } else {
            self.open_in_rest(at, inline, more)
        }
    }

    fn open_in_rest(&self, at: u64, inline: u64, more: &[Box<[Rest]>]) -> u64 {
        let rest = self.rest(more);
        let begun = rest.partition_point(|rest| rest.from <= at);
        match begun.checked_sub(1).and_then(|last| rest.get(last)) {
            Some(last) => last.open_before + at.min(last.to) - last.from,
            None => inline,
        }
    }

    fn is_open(&self, at: u64, more: &[Box<[Rest]>]) -> bool {
        let inline = self
            .from
            .iter()
            .zip(&self.to)
            .any(|(&from, &to)| from <= at && at < to);
        let rest = self.rest(more);
        let begun = rest.partition_point(|rest| rest.from <= at);
        inline
            || begun
                .checked_sub(1)
                .and_then(|last| rest.get(last))
                .is_some_and(|last| at < last.to)
    }

    fn rest<'a>(&self, more: &'a [Box<[Rest]>]) -> &'a [Rest] {
        match self.more.checked_sub(1) {
            Some(place) => &more[place as usize],
            None => &[],
        }
    }

    fn spans<'a>(&'a self, more: &'a [Box<[Rest]>]) -> impl Iterator<Item = (u64, u64)> + 'a {
        let inline = self
            .from
            .iter()
            .copied()
            .zip(self.to.iter().copied())
            .filter(|span| span.0 < span.1);
        inline.chain(self.rest(more).iter().map(|rest| (rest.from, rest.to)))
    }

    /// The last time of the day with `open` open microseconds of the day before it, fewer than the day has.
    #[inline]
    fn at_open(&self, open: u64, more: &[Box<[Rest]>]) -> u64 {
        let first = self.to[0] - self.from[0];
        if self.more != 0 && open >= first + self.to[1] - self.from[1] {
            return self.at_open_in_rest(open, more);
        }
        if open < first {
            self.from[0] + open
        } else {
            self.from[1] + open - first
        }
    }

    fn at_open_in_rest(&self, open: u64, more: &[Box<[Rest]>]) -> u64 {
        let rest = self.rest(more);
        let begun = rest.partition_point(|rest| rest.open_before <= open);
        begun
            .checked_sub(1)
            .and_then(|last| rest.get(last))
            .map_or(DAY_US, |last| last.from + open - last.open_before)
    }

    /// The last time of the day with `closed` closed microseconds of the day before it, fewer than the day has.
    fn at_closed(&self, closed: u64, more: &[Box<[Rest]>]) -> u64 {
        let mut open = 0;
        for (from, to) in self.spans(more) {
            if closed < from - open {
                break;
            }
            open += to - from;
        }
        closed + open
    }
}
