//! One number out of a figure, exactly.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kpi::figures::{Bands, Figure, KpiReport, all_clocks, rounded};
use crate::kpi::measure::{Kpi, Unit};
use crate::kpi::ratio::{Excluded, Ratio};
use crate::kpi::text::length;
use crate::sla::Measure;

/// Which number stands for a set of lengths or numbers.
///
/// Exhaustive: those that a summary has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The mean.
    #[default]
    Mean,
    /// The median.
    P50,
    /// Nine in ten are at most this.
    P90,
    /// Nineteen in twenty are at most this.
    P95,
    /// Ninety-nine in a hundred are at most this.
    P99,
    /// The largest.
    Max,
}

/// A number as a fraction: shares from 0 to 1, lengths in microseconds, scores in points.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Value {
    numerator: i128,
    denominator: u64, // INVARIANT: > 0
    unit: Unit,
}

impl Value {
    pub(super) fn new(numerator: i128, denominator: u64, unit: Unit) -> Option<Value> {
        (denominator > 0).then_some(Value {
            numerator,
            denominator,
            unit,
        })
    }

    /// What a figure reads as; `None` where it is undefined, and for what is no single number.
    pub(super) fn of(
        report: &KpiReport,
        kpi: Kpi,
        by: Statistic,
        measure: Measure,
    ) -> Option<Value> {
        let unit = kpi.definition().unit;
        let share = |ratio: &Ratio| {
            Value::new(
                i128::from(ratio.numerator()),
                ratio.denominator(),
                Unit::Ratio,
            )
        };
        match report.figure(kpi) {
            Figure::Count(n) => Value::new(i128::from(n), 1, unit),
            Figure::Ratio(ratio) => share(ratio),
            Figure::Marks(marks) => share(&marks.positive(&Bands::Middle)),
            Figure::Promoters(net) => {
                let (points, n) = net.score();
                Value::new(points, n, unit)
            }
            Figure::Attainment(all) => share(&all_clocks(all)),
            Figure::Amounts(amounts) => {
                let percent = match by {
                    Statistic::Mean => {
                        let (sum, n) = amounts.mean();
                        return Value::new(i128::from(sum), n, unit);
                    }
                    Statistic::P50 => 50,
                    Statistic::P90 => 90,
                    Statistic::P95 => 95,
                    Statistic::P99 => 99,
                    Statistic::Max => 100,
                };
                Value::new(i128::from(amounts.percentile(percent)?), 1, unit)
            }
            Figure::Durations(durations) => {
                let summary = match measure {
                    Measure::Business => durations.business?,
                    Measure::Calendar => durations.calendar?,
                };
                let length = match by {
                    Statistic::Mean => {
                        let (sum, n) = summary.mean();
                        return Value::new(sum, n, unit);
                    }
                    Statistic::P50 => summary.p50_us(),
                    Statistic::P90 => summary.p90_us(),
                    Statistic::P95 => summary.p95_us(),
                    Statistic::P99 => summary.p99_us(),
                    Statistic::Max => summary.max_us(),
                };
                Value::new(i128::from(length), 1, unit)
            }
            Figure::Outside => None,
        }
    }

    /// The fraction: shares from 0 to 1, lengths in microseconds, scores in points.
    pub fn parts(self) -> (i128, u64) {
        (self.numerator, self.denominator)
    }

    /// The number, for showing.
    pub fn number(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Value {
    /// Exactly; `None` for numbers of different units.
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        let mine = self.numerator.checked_mul(i128::from(other.denominator));
        let theirs = other.numerator.checked_mul(i128::from(self.denominator));
        match (self.unit == other.unit, mine, theirs) {
            (true, Some(mine), Some(theirs)) => Some(mine.cmp(&theirs)),
            (true, ..) => self.number().partial_cmp(&other.number()),
            (false, ..) => None,
        }
    }
}

impl fmt::Display for Value {
    /// In the words of its unit: `92.3 %`, `3 h 20 min`, `1.4`, `+25`. Shares and points are rounded as [`Ratio::percent`] and
    /// [`Net::points`](crate::kpi::Net::points) round them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Ratio => {
                let part = u64::try_from(self.numerator).ok();
                let ratio = part
                    .and_then(|part| Ratio::new(part, self.denominator, Excluded::default()))
                    .unwrap_or_default();
                f.pad(&ratio.percent())
            }
            Unit::Duration => {
                let us = self.numerator.checked_div(i128::from(self.denominator));
                let us = us.and_then(|us| i64::try_from(us).ok()).unwrap_or(i64::MAX);
                f.pad(&length(us))
            }
            Unit::Marks => match rounded(self.numerator, self.denominator) {
                Some(points) => write!(f, "{points:+}"),
                None => f.pad("-"),
            },
            Unit::PerTicket | Unit::PerUnit => write!(f, "{:.1}", self.number()),
            Unit::Tickets => write!(f, "{}", self.numerator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::figures::Net;
    use proptest::prelude::*;

    fn points(net: Net) -> Value {
        let (points, n) = net.score();
        Value::new(points, n, Unit::Marks).unwrap()
    }

    #[test]
    fn a_value_reads_as_the_report_does() {
        let share = |part, whole| Value::new(part, whole, Unit::Ratio).unwrap().to_string();
        assert_eq!(share(9_996, 10_000), "99.9 %");
        assert_eq!(share(1, 100_000), "0.1 %");
        assert_eq!(
            (share(0, 3), share(3, 3)),
            ("0.0 %".into(), "100.0 %".into())
        );
        let net = |promoters, passives, detractors| Net {
            promoters,
            passives,
            detractors,
        };
        assert_eq!(points(net(0, 299, 1)).to_string(), "+0");
        assert_eq!(points(net(1, 39, 0)).to_string(), "+3");
        assert_eq!(points(net(0, 39, 1)).to_string(), "-3");
    }

    proptest! {
        #[test]
        fn both_doors_round_alike(part in 0u64..20_000, more in 0u64..20_000, third in 0u64..20_000) {
            prop_assume!(part + more > 0);
            let whole = part + more;
            let ratio = Ratio::new(part, whole, Excluded::default()).unwrap();
            let value = Value::new(i128::from(part), whole, Unit::Ratio).unwrap();
            prop_assert_eq!(value.to_string(), ratio.percent());
            let net = Net { promoters: part, passives: third, detractors: more };
            prop_assert_eq!(points(net).to_string(), format!("{:+}", net.points().unwrap()));
        }
    }
}
