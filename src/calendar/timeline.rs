//! The compiled form of a calendar: all of 1970 to 2100 in one flat table of UTC weeks.
//!
//! Every question comes down to four functions. *Open time before* an instant ([`Table::open_before`]), its inverse
//! ([`Table::at_open_from`]), *closed time before* it, and that one's inverse ([`Table::at_closed`]). The time between
//! two instants is a difference of two look-ups, however far apart they are.
//!
//! A row holds the open seconds before its week and the shape of it; weeks with the same hours share one, see
//! [`Shapes`]. So a look-up is a division by the length of a week, a row and a cell. Backwards there is a hint first: the
//! sum of all open time is cut into as many equal buckets as there are weeks, and for each it is noted in which week it
//! begins. All boundaries fall on whole seconds (offsets and windows do), so sums are kept in seconds; spans are kept in
//! microseconds, ready to be compared.

use super::range::{LATEST_US, SECOND_US, WEEK_US, WEEKS};
use super::shapes::{Shape, Shapes, WEEK};

/// The weeks that tell whether a calendar goes on as it is behind the range: a year and a little.
pub(super) const LAST_YEAR: usize = 54;

/// How many weeks from a hint on are looked at at once, and how many before searching all.
const NEAR: usize = 3;
const SOON: usize = 8;

/// The weeks, one that holds the sum, and some that no amount of open time reaches.
pub(super) const ROWS: usize = WEEKS + NEAR - 1;

/// Into how many equal buckets the sum of all open time is cut for the hints.
pub(super) const HINTS: usize = WEEKS;

/// A calendar in compiled form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Timeline {
    /// Open without end: there is nothing to look up.
    Always,
    /// Open where the table says so.
    Table(Table),
}

/// Laid out so that what every question reads of it lies together.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(super) struct Table {
    /// Maps open microseconds to buckets: a fixed-point factor of 64 places.
    pub(super) scale: u64,
    pub(super) rows: Box<[Row; ROWS]>,
    pub(super) shapes: Shapes,
    /// Open seconds of the whole range.
    pub(super) open: u32,
    /// Open seconds of its last year.
    pub(super) last_year: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(8))]
pub(super) struct Row {
    /// The open seconds before the week.
    pub(super) before: u32,
    pub(super) shape: Shape,
    /// In row i, for bucket i of the open time: the last week that begins with no more than the bucket does.
    pub(super) hint: u16,
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
            Timeline::Table(table) => size_of_val(table.rows.as_ref()) + table.shapes.bytes(),
        }
    }
}

/// An instant outside the supported range becomes the nearer end of it.
#[inline]
pub(super) fn clamped(us: i64) -> u64 {
    us.clamp(0, LATEST_US) as u64
}

/// The week of an instant, and the microseconds since it began.
#[inline(always)]
fn place_of(us: u64) -> (usize, i64) {
    ((us / WEEK_US) as usize, (us % WEEK_US) as i64)
}

impl Table {
    #[inline(always)]
    fn elapsed(&self, a: u64, b: u64) -> i64 {
        let (a, b) = (place_of(a), place_of(b));
        let rows = (&self.rows[a.0], &self.rows[b.0]);
        let in_week = (
            self.shapes.open_before(rows.0.shape, a.1),
            self.shapes.open_before(rows.1.shape, b.1),
        );
        if (in_week.0 | in_week.1) < 0 {
            return self.search_before(b) - self.search_before(a);
        }
        let weeks = i64::from(rows.1.before) - i64::from(rows.0.before);
        weeks * SECOND_US + (in_week.1 - in_week.0)
    }

    /// Open microseconds from the beginning of the range to `us`, which lies in it.
    #[inline(always)]
    pub(super) fn open_before(&self, us: u64) -> i64 {
        let (week, at) = place_of(us);
        let row = &self.rows[week];
        let in_week = self.shapes.open_before(row.shape, at);
        if in_week < 0 {
            return self.search_before((week, at));
        }
        row.before() + in_week
    }

    #[cold]
    fn search_before(&self, (week, at): (usize, i64)) -> i64 {
        let row = &self.rows[week];
        row.before() + self.shapes.search_open(row.shape, at)
    }

    /// Whether it is open at `us`, which lies in the range.
    pub(super) fn is_open(&self, us: u64) -> bool {
        let (week, at) = place_of(us);
        self.shapes.is_open(self.rows[week].shape, at)
    }

    /// The last instant with `more` open microseconds between `us` and it, which may lie before `us`. None, or an
    /// instant far behind the range, when it is not in the range.
    #[inline(always)]
    pub(super) fn at_open_from(&self, us: u64, more: i64) -> Option<i64> {
        // Below zero, and beyond what an i64 holds, are beyond all buckets too.
        let open = self.open_before(us).wrapping_add(more);
        let bucket = (u128::from(open as u64) * u128::from(self.scale)) >> 64;
        let bucket = usize::try_from(bucket)
            .ok()
            .filter(|&bucket| bucket < HINTS)?;
        let hint = usize::from(self.rows[bucket].hint);
        let near = &self.rows[hint..hint + NEAR];
        if near[NEAR - 1].before() <= open {
            return Some(self.search_at_open(hint, open));
        }
        let steps = usize::from(near[1].before() <= open);
        Some(near[steps].at_open(hint + steps, open, &self.shapes))
    }

    #[cold]
    fn search_at_open(&self, hint: usize, open: i64) -> i64 {
        let soon = (hint + SOON).min(WEEKS);
        let end = if self.rows[soon].before() > open {
            soon
        } else {
            ROWS
        };
        let later = &self.rows[hint + 1..end];
        let week = hint + later.partition_point(|row| row.before() <= open);
        self.rows[week].at_open(week, open, &self.shapes)
    }

    /// The last instant with exactly `closed` closed microseconds before it: it is closed. None when there are never
    /// more than that, or `closed` is negative.
    pub(super) fn at_closed(&self, closed: i64) -> Option<i64> {
        let closed_before = |week: usize| (week as u64 * WEEK_US) as i64 - self.rows[week].before();
        if closed < 0 || closed >= closed_before(WEEKS) {
            return None;
        }
        let (mut low, mut high) = (0, WEEKS);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if closed_before(middle) <= closed {
                low = middle
            } else {
                high = middle
            }
        }
        let in_week = self
            .shapes
            .at_closed(self.rows[low].shape, closed - closed_before(low));
        Some((low as u64 * WEEK_US) as i64 + in_week)
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
}

impl Row {
    /// The open microseconds before the week.
    #[inline(always)]
    fn before(&self) -> i64 {
        i64::from(self.before) * SECOND_US
    }

    /// The last instant with `open` open microseconds before it, given the number of this week, in which it lies.
    #[inline(always)]
    fn at_open(&self, week: usize, open: i64, shapes: &Shapes) -> i64 {
        (week as u64 * WEEK_US) as i64 + shapes.at_open(self.shape, open - self.before())
    }
}
