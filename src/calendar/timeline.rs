//! The compiled form of a calendar: all of 1970 to 2100 in one flat table of UTC weeks.
//!
//! Every question comes down to four functions. *Open time before* an instant ([`Table::open_before`]), its inverse
//! ([`Table::at_open_from`]), *closed time before* it, and that one's inverse ([`Table::at_closed`]). The time between
//! two instants is a difference of two look-ups, however far apart they are.
//!
//! A week has the open seconds before it and the number of its shape; weeks with the same hours share one, see
//! [`Shapes`]. So a question reads a division's worth of arithmetic, a week and a cell. Backwards there is a hint first:
//! the sum of all open time is cut into [`HINTS`] equal buckets, each a little less than an average week, and for each
//! it is noted in which week it begins. All boundaries fall on whole seconds (offsets and windows do), so sums are kept
//! in seconds; spans are kept in microseconds, ready to be compared.

use super::range::{LATEST_US, SECOND_US, WEEK_US, WEEKS};
use super::shapes::{Shape, Shapes, WEEK};

/// The weeks that tell whether a calendar goes on as it is behind the range: a year and a little.
pub(super) const LAST_YEAR: usize = 54;

/// The weeks, one that holds the sum, and one that nothing reaches.
pub(super) const ROWS: usize = WEEKS + 2;

pub(super) const HINTS: usize = 8_192;

/// A calendar in compiled form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Timeline {
    /// Open without end: there is nothing to look up.
    Always,
    /// Open where the table says so.
    Table(Box<Table>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// The open seconds before each week.
    pub(super) before: [u32; ROWS],
    pub(super) weeks: [Shape; ROWS],
    /// For each bucket of open time the last week that begins with no more than the bucket does.
    pub(super) hints: [u16; HINTS],
    /// Maps open microseconds to buckets: a fixed-point factor of 64 places.
    pub(super) scale: u64,
    pub(super) shapes: Shapes,
    /// Open seconds of the whole range.
    pub(super) open: u32,
    /// Open seconds of its last year.
    pub(super) last_year: u32,
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
            Timeline::Table(table) => size_of::<Table>() + table.shapes.bytes(),
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
        let in_week = (
            self.shapes.open_before(self.weeks[a.0], a.1),
            self.shapes.open_before(self.weeks[b.0], b.1),
        );
        if (in_week.0 | in_week.1) < 0 {
            return self.search_before(b) - self.search_before(a);
        }
        let weeks = i64::from(self.before[b.0]) - i64::from(self.before[a.0]);
        weeks * SECOND_US + (in_week.1 - in_week.0)
    }

    /// Open microseconds from the beginning of the range to `us`, which lies in it.
    #[inline(always)]
    pub(super) fn open_before(&self, us: u64) -> i64 {
        let (week, at) = place_of(us);
        let in_week = self.shapes.open_before(self.weeks[week], at);
        if in_week < 0 {
            return self.search_before((week, at));
        }
        i64::from(self.before[week]) * SECOND_US + in_week
    }

    #[cold]
    fn search_before(&self, (week, at): (usize, i64)) -> i64 {
        let in_week = self.shapes.search_open(self.weeks[week], at);
        i64::from(self.before[week]) * SECOND_US + in_week
    }

    /// Whether it is open at `us`, which lies in the range.
    pub(super) fn is_open(&self, us: u64) -> bool {
        let (week, at) = place_of(us);
        self.shapes.is_open(self.weeks[week], at)
    }

    /// The last instant with `more` open microseconds between `us` and it, which may lie before `us`. None, or an
    /// instant far behind the range, when it is not in the range.
    #[inline(always)]
    pub(super) fn at_open_from(&self, us: u64, more: i64) -> Option<i64> {
        // Below zero, and beyond what an i64 holds, are beyond all buckets too.
        let open = self.open_before(us).wrapping_add(more);
        let bucket = (u128::from(open as u64) * u128::from(self.scale)) >> 64;
        let hint = usize::from(*self.hints.get(bucket as usize)?);
        let near = &self.before[hint..hint + 3];
        let [first, second, third] =
            [near[0], near[1], near[2]].map(|seconds| i64::from(seconds) * SECOND_US);
        if third <= open {
            return Some(self.search_at_open(hint, open));
        }
        let (week, before) = if second <= open {
            (hint + 1, second)
        } else {
            (hint, first)
        };
        let in_week = self.shapes.at_open(self.weeks[week], open - before);
        Some((week as u64 * WEEK_US) as i64 + in_week)
    }

    #[cold]
    fn search_at_open(&self, hint: usize, open: i64) -> i64 {
        let micros = |seconds: u32| i64::from(seconds) * SECOND_US;
        let later = &self.before[hint + 1..];
        let week = hint + later.partition_point(|&before| micros(before) <= open);
        let left = open - micros(self.before[week]);
        (week as u64 * WEEK_US) as i64 + self.shapes.at_open(self.weeks[week], left)
    }

    /// The last instant with exactly `closed` closed microseconds before it: it is closed. None when there are never
    /// more than that, or `closed` is negative.
    pub(super) fn at_closed(&self, closed: i64) -> Option<i64> {
        let closed_before = |week: usize| {
            i64::from(week as u32 * WEEK - self.before[week]) * SECOND_US
        };
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
            .at_closed(self.weeks[low], closed - closed_before(low));
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
