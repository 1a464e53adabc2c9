//! The questions of a calendar in whole microseconds, without errors and without allocation: what clocks call.
//!
//! Instants are microseconds since the Unix epoch. One outside the supported range is taken as the nearer end of it;
//! whoever lets instants in refuses such before they get here.

use super::Calendar;
use super::range::LATEST_US;
use super::timeline::{Timeline, clamped};

impl Calendar {
    /// Open microseconds in `[a, b)`, negative when `b` is before `a`.
    #[inline]
    pub(crate) fn elapsed_us(&self, a: i64, b: i64) -> i64 {
        self.timeline().elapsed(clamped(a), clamped(b))
    }

    /// The earliest instant `t` from `a` on with `d` open microseconds between; for a negative `d` the latest one
    /// before. None when that is not in the range.
    #[inline(always)]
    pub(crate) fn add_us(&self, a: i64, d: i64) -> Option<i64> {
        let a = clamped(a);
        match self.timeline() {
            Timeline::Always => within((a as i64).checked_add(d)?),
            Timeline::Table(_) if d == 0 => Some(a as i64),
            Timeline::Table(table) => {
                let forward = i64::from(d > 0);
                within(table.at_open_from(a, d - forward)? + forward)
            }
        }
    }

    /// The latest instant `t` with `d` open microseconds from `a` to it: the next opening where [`add_us`](Self::add_us)
    /// answers a close. None when it does not open again in the range.
    #[inline]
    pub(crate) fn latest_us(&self, a: i64, d: i64) -> Option<i64> {
        let a = clamped(a);
        match self.timeline() {
            Timeline::Always => within((a as i64).checked_add(d)?),
            Timeline::Table(table) => within(table.at_open_from(a, d)?),
        }
    }

    /// The earliest instant `t` with `d` open microseconds from `a` to it, looked for before `a` too: the last close
    /// where the answer would be a closed stretch. None when that lies before the range or after it.
    pub(crate) fn earliest_us(&self, a: i64, d: i64) -> Option<i64> {
        let a = clamped(a);
        match self.timeline() {
            Timeline::Always => within((a as i64).checked_add(d)?),
            Timeline::Table(table) => within(table.at_open_from(a, d.checked_sub(1)?)? + 1),
        }
    }

    pub(crate) fn is_open_us(&self, at: i64) -> bool {
        match self.timeline() {
            Timeline::Always => true,
            Timeline::Table(table) => table.is_open(clamped(at)),
        }
    }

    /// The end of the open stretch that `at`, an open instant, lies in.
    pub(crate) fn end_of_open_us(&self, at: i64) -> Option<i64> {
        match self.timeline() {
            Timeline::Always => None,
            Timeline::Table(table) => within(table.at_closed(at - table.open_before(clamped(at)))?),
        }
    }

    /// The beginning of the open stretch that `at` lies in or at the end of: it is open at `at` or just before.
    pub(crate) fn start_of_open_us(&self, at: i64) -> Option<i64> {
        match self.timeline() {
            Timeline::Always => None,
            Timeline::Table(table) => {
                within(table.at_closed(at - table.open_before(clamped(at)) - 1)? + 1)
            }
        }
    }
}

#[inline]
fn within(us: i64) -> Option<i64> {
    (0..=LATEST_US).contains(&us).then_some(us)
}
