//! Numbers for each ticket, and numbers for each unit of the host's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kpi::quantile::nearest_rank;
use crate::kpi::ratio::{Excluded, Ratio};

/// How often something happened to each ticket: how many tickets have which number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Amounts(BTreeMap<u64, u64>); // INVARIANT: no ticket count is 0

impl Amounts {
    /// From each number with how many tickets have it.
    pub(in crate::kpi) fn of(counted: BTreeMap<u64, u64>) -> Amounts {
        Amounts(counted.into_iter().filter(|(_, n)| *n > 0).collect())
    }

    /// How many tickets there are.
    pub fn n(&self) -> u64 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The sum over all tickets.
    pub fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, (number, n)| {
            sum.saturating_add(number.saturating_mul(*n))
        })
    }

    /// The mean, exactly: a sum and a count.
    pub fn mean(&self) -> (u64, u64) {
        (self.sum(), self.n())
    }

    /// The largest number; `None` without a ticket.
    pub fn max(&self) -> Option<u64> {
        self.0.keys().next_back().copied()
    }

    /// The number at the nearest rank of this percentile; `None` without a ticket, and outside 1 to 100.
    pub fn percentile(&self, percent: u32) -> Option<u64> {
        let rank = nearest_rank(percent, self.n())?;
        let mut passed = 0u64;
        self.0.iter().find_map(|(number, n)| {
            passed = passed.saturating_add(*n);
            (passed >= rank).then_some(*number)
        })
    }

    /// The tickets to which it happened at least once.
    pub fn at_least_once(&self) -> Ratio {
        let never = self.0.get(&0).copied().unwrap_or(0);
        let n = self.n();
        Ratio::new(n.saturating_sub(never), n, Excluded::default()).unwrap_or_default()
    }

    /// Each number with how many tickets have it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(number, n)| (*number, *n))
    }
}

/// A number for each unit of the host's: no part of a whole, it may pass 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PerUnit {
    count: u64,
    units: u64,
}

impl PerUnit {
    /// `count` over `units`.
    pub fn new(count: u64, units: u64) -> PerUnit {
        PerUnit { count, units }
    }

    /// What was counted, and over how many units.
    pub fn parts(self) -> (u64, u64) {
        (self.count, self.units)
    }

    /// For each hundred units, for showing; `None` without a unit.
    pub fn per_hundred(self) -> Option<f64> {
        (self.units > 0).then(|| self.count as f64 * 100.0 / self.units as f64)
    }
}

/// Promoters less detractors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Net {
    /// Marks of 9 and 10.
    pub promoters: u64,
    /// Marks of 7 and 8.
    pub passives: u64,
    /// Marks of 0 to 6.
    pub detractors: u64,
}

impl Net {
    /// All marks.
    pub fn n(self) -> u64 {
        self.promoters
            .saturating_add(self.passives)
            .saturating_add(self.detractors)
    }

    /// The net promoter score, from -100 to 100, exactly: 100 times (promoters - detractors), and the count to divide it by.
    pub fn score(self) -> (i128, u64) {
        let net = i128::from(self.promoters) - i128::from(self.detractors);
        (net * 100, self.n())
    }

    /// The score for showing, rounded to whole points with halves away from 0; `None` without a mark.
    pub fn points(self) -> Option<i64> {
        let (net, n) = self.score();
        rounded(net, n)
    }
}

/// A fraction as whole points, halves away from 0; `None` over nothing.
pub(in crate::kpi) fn rounded(numerator: i128, denominator: u64) -> Option<i64> {
    let n = i128::from(denominator);
    let size = numerator
        .checked_abs()?
        .checked_mul(2)?
        .checked_add(n)?
        .checked_div(n.checked_mul(2)?)?;
    i64::try_from(size * numerator.signum()).ok()
}
