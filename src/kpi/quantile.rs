//! Percentiles without a float: the nearest-rank definition, and the summary that every duration is shown by.
//!
//! The p-th percentile of `n` values is the value at rank ⌈p/100 · n⌉ when they stand in ascending order, counting from 1:
//! always a value that occurred, never one in between. It is definition 1 (the inverse of the empirical distribution
//! function) of Hyndman and Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50(4), 1996. The rank
//! is worked out in integers, so no rounding of a float can move it by one.
//!
//! ```
//! use helpdesk::kpi::{Summary, nearest_rank};
//!
//! assert_eq!(nearest_rank(50, 4), Some(2)); // the lower of the two in the middle
//! assert_eq!(nearest_rank(99, 4), Some(4));
//! let minutes = |n: i64| n * 60_000_000;
//! let summary = Summary::of([9, 1, 3, 5].map(minutes)).ok_or("empty")?;
//! assert_eq!((summary.n(), summary.p50_us(), summary.max_us()), (4, minutes(3), minutes(9)));
//! assert_eq!(summary.mean(), (i128::from(minutes(18)), 4)); // exact: a sum and a count
//! assert_eq!(Summary::of([]), None); // no data is undefined, never 0
//! # Ok::<(), &str>(())
//! ```
//!
//! # What is not here
//! No interpolation: these are exact. For more lengths than one wants to keep there is the [`Sketch`](super::Sketch). No unit but the microsecond; whoever shows a figure chooses the words.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::time::delta;

/// The percentiles of a [`Summary`], in ascending order.
pub(crate) const PERCENTILES: [u32; 4] = [50, 90, 95, 99];

/// The rank, from 1 to `n`, of the `percent`-th percentile of `n` values: ⌈percent/100 · n⌉. `None` where there is no value,
/// and for a `percent` outside 1 to 100.
pub fn nearest_rank(percent: u32, n: u64) -> Option<u64> {
    if n == 0 || !(1..=100).contains(&percent) {
        return None;
    }
    let rank = (u128::from(percent) * u128::from(n)).div_ceil(100);
    u64::try_from(rank).ok()
}

/// The median of values that are counted: one of them; 0 where there is none.
pub(super) fn median(counts: &BTreeMap<i64, u64>) -> i64 {
    let n = counts.values().fold(0u64, |sum, n| sum.saturating_add(*n));
    let rank = nearest_rank(50, n).unwrap_or(0);
    let mut passed = 0u64;
    let mut at_rank = counts.iter().filter_map(|(value, n)| {
        passed = passed.saturating_add(*n);
        (passed >= rank).then_some(*value)
    });
    at_rank.next().unwrap_or(0)
}

/// How many values there are, their exact sum, and where they lie. All lengths are in microseconds.
///
/// There is no empty summary: where there is no value, there is none ([`Summary::of`] answers `None`).
///
/// # Properties
/// Each percentile is one of the values; p50 <= p90 <= p95 <= p99 <= max; the order of the values plays no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    n: u64, // INVARIANT: > 0
    sum_us: i128,
    p50_us: i64,
    p90_us: i64,
    p95_us: i64,
    p99_us: i64,
    max_us: i64,
}

impl Summary {
    /// The summary of these values, in any order; `None` where there is none.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Option<Summary> {
        let mut values: Vec<i64> = values.into_iter().collect();
        Summary::of_mut(&mut values)
    }

    /// The same, leaving the values in another order. Linear in their number: nothing is sorted that need not be.
    pub(crate) fn of_mut(values: &mut [i64]) -> Option<Summary> {
        let n = u64::try_from(values.len()).ok()?;
        let sum = values
            .iter()
            .fold(0i128, |sum, value| sum.saturating_add(i128::from(*value)));
        let mut found = [0; PERCENTILES.len()];
        let mut from = 0; // everything before it is at most what comes
        for (place, percent) in found.iter_mut().zip(PERCENTILES) {
            let index = usize::try_from(nearest_rank(percent, n)?)
                .ok()?
                .checked_sub(1)?;
            let (_, value, _) = values
                .get_mut(from..)?
                .select_nth_unstable(index.checked_sub(from)?);
            *place = *value;
            from = index;
        }
        let max = *values.get(from..)?.iter().max()?;
        Some(Summary::from_parts(n, sum, found, max))
    }

    /// The same from `(value, how often)` in strictly ascending order, every count above 0. `None` where there is none.
    pub(crate) fn of_runs(runs: &[(i64, u64)]) -> Option<Summary> {
        let n = runs
            .iter()
            .try_fold(0u64, |n, (_, count)| n.checked_add(*count))?;
        let sum = runs.iter().fold(0i128, |sum, (value, count)| {
            sum.saturating_add(i128::from(*value).saturating_mul(i128::from(*count)))
        });
        let mut found = [0; PERCENTILES.len()];
        let mut walk = runs.iter();
        let (mut value, mut passed) = (0, 0u64);
        for (place, percent) in found.iter_mut().zip(PERCENTILES) {
            let rank = nearest_rank(percent, n)?;
            while passed < rank {
                let (next, count) = walk.next()?;
                (value, passed) = (*next, passed.checked_add(*count)?);
            }
            *place = value;
        }
        Some(Summary::from_parts(n, sum, found, runs.last()?.0))
    }

    pub(super) fn from_parts(
        n: u64,
        sum_us: i128,
        [p50_us, p90_us, p95_us, p99_us]: [i64; 4],
        max_us: i64,
    ) -> Summary {
        Summary {
            n,
            sum_us,
            p50_us,
            p90_us,
            p95_us,
            p99_us,
            max_us,
        }
    }

    /// How many values there are; never 0.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their exact sum.
    pub fn sum_us(&self) -> i128 {
        self.sum_us
    }

    /// Their mean, exactly: a sum and a count. Means of parts are combined by adding both, never by averaging means.
    pub fn mean(&self) -> (i128, u64) {
        (self.sum_us, self.n)
    }

    /// Their mean, for showing.
    pub fn mean_us(&self) -> f64 {
        self.sum_us as f64 / self.n as f64
    }

    /// The median: half of the values are at most this.
    pub fn p50_us(&self) -> i64 {
        self.p50_us
    }

    /// Nine in ten are at most this.
    pub fn p90_us(&self) -> i64 {
        self.p90_us
    }

    /// Nineteen in twenty are at most this.
    pub fn p95_us(&self) -> i64 {
        self.p95_us
    }

    /// Ninety-nine in a hundred are at most this.
    pub fn p99_us(&self) -> i64 {
        self.p99_us
    }

    /// The largest.
    pub fn max_us(&self) -> i64 {
        self.max_us
    }

    /// [`Summary::p50_us`] as a length.
    ///
    /// ```
    /// use helpdesk::kpi::Summary;
    /// let waited = Summary::of([90_000_000, 30_000_000]).ok_or("empty")?;
    /// assert_eq!((waited.p50().num_seconds(), waited.max().num_seconds()), (30, 90));
    /// assert_eq!(waited.to_string(), "p50 30 s, p90 1 min 30 s, max 1 min 30 s (n 2)");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn p50(&self) -> TimeDelta {
        delta(self.p50_us)
    }

    /// [`Summary::p90_us`] as a length.
    pub fn p90(&self) -> TimeDelta {
        delta(self.p90_us)
    }

    /// [`Summary::p95_us`] as a length.
    pub fn p95(&self) -> TimeDelta {
        delta(self.p95_us)
    }

    /// [`Summary::p99_us`] as a length.
    pub fn p99(&self) -> TimeDelta {
        delta(self.p99_us)
    }

    /// [`Summary::max_us`] as a length.
    pub fn max(&self) -> TimeDelta {
        delta(self.max_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the book: sort, count from the left until at least `percent` of them are passed.
    fn naive(values: &[i64], percent: u32) -> Option<i64> {
        let mut sorted = values.to_vec();
        sorted.sort();
        let enough =
            |i: &usize| (*i as u128 + 1) * 100 >= u128::from(percent) * sorted.len() as u128;
        (0..sorted.len()).find(enough).map(|i| sorted[i])
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_a_sort(values in prop::collection::vec(prop_oneof![-3i64..9, any::<i64>()], 0..250)) {
            let summary = Summary::of(values.iter().copied());
            prop_assert_eq!(summary.is_none(), values.is_empty());
            if let Some(s) = summary {
                let found = [s.p50_us, s.p90_us, s.p95_us, s.p99_us];
                for (percent, found) in PERCENTILES.into_iter().zip(found) {
                    prop_assert_eq!(Some(found), naive(&values, percent), "p{}", percent);
                }
                prop_assert_eq!(Some(s.max_us), values.iter().max().copied());
                prop_assert_eq!(s.sum_us, values.iter().map(|v| i128::from(*v)).sum::<i128>());
            }
        }

        #[test]
        fn a_rank_is_the_first_that_covers_its_part(percent in 1..=100u32, n in prop_oneof![1..2_000u64, any::<u64>()]) {
            prop_assume!(n > 0);
            let rank = u128::from(nearest_rank(percent, n).unwrap());
            let part = u128::from(percent) * u128::from(n);
            prop_assert!(rank * 100 >= part && (rank - 1) * 100 < part);
            prop_assert!((1..=u128::from(n)).contains(&rank));
        }
    }

    #[test]
    fn there_is_no_rank_of_nothing() {
        assert_eq!(nearest_rank(50, 0), None);
        assert_eq!(nearest_rank(0, 5), None);
        assert_eq!(nearest_rank(101, 5), None);
    }

    /// 0.29 * 100 is 28.999999999999996 as a float, and 0.07 * 100 is 7.000000000000001: ranks by floats go wrong here.
    #[test]
    fn floats_would_move_these_ranks() {
        assert_eq!(nearest_rank(7, 100), Some(7));
        assert_eq!(nearest_rank(95, 100), Some(95));
        assert_eq!(nearest_rank(99, 100), Some(99));
        assert_eq!(nearest_rank(99, 101), Some(100));
    }
}
