//! What a desk wants to reach, and whether it did.

use std::fmt;

use serde::Serialize;

use crate::kpi::error::KpiError;
use crate::kpi::figures::KpiReport;
use crate::kpi::measure::{Direction, Kpi, Unit};
use crate::sla::Measure;
use crate::time::Span;

use super::confidence::wilson;
use super::value::{Statistic, Value};

/// A value to reach: at least or at most, as the KPI's direction has it.
///
/// ```
/// use helpdesk::kpi::{Goal, Kpi, Statistic};
/// use helpdesk::{sla::Measure, time::Span};
/// let kept = Goal::share(Kpi::SlaAttainment, 950)?;
/// let soon = Goal::length(Kpi::FirstResponseTime, Statistic::P90, Measure::Business, Span::hours(4))?;
/// assert_eq!(kept.to_string(), "SLA attainment at least 95.0 %");
/// assert_eq!(soon.to_string(), "first response time at most 4 h (p90, business)");
/// assert!(Goal::count(Kpi::Volume, 100).is_err()); // demand is no performance
/// # Ok::<(), helpdesk::kpi::KpiError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Goal {
    /// Of which figure.
    pub kpi: Kpi,
    /// Which number of it, where it is a set of lengths or numbers.
    pub statistic: Statistic,
    /// In which time, where it is a set of lengths.
    pub measure: Measure,
    /// The value.
    pub value: Value,
}

/// Whether a goal was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Attained {
    /// The goal.
    pub goal: Goal,
    /// What it came to; `None` where it is undefined.
    pub value: Option<Value>,
    /// Whether that is as good as the goal, or better; `None` where it is undefined.
    pub reached: Option<bool>,
    /// Of a share: the 95 % interval by Wilson.
    pub interval: Option<(f64, f64)>,
    /// Whether the members are so few that it could as well have come out the other way: the goal lies in the interval.
    pub is_unsure: bool,
}

impl Goal {
    /// A share, in thousandths.
    ///
    /// # Errors
    /// A KPI that is no share, or has no better direction; more than 1,000.
    pub fn share(kpi: Kpi, per_mille: u16) -> Result<Goal, KpiError> {
        let value = Value::new(i128::from(per_mille), 1_000, Unit::Ratio);
        let fits = is_share(kpi) && per_mille <= 1_000;
        Goal::new(
            kpi,
            Statistic::Mean,
            Measure::Calendar,
            value.filter(|_| fits),
        )
    }

    /// A length.
    ///
    /// # Errors
    /// A KPI that is no length, has no better direction, or is not given in that time.
    pub fn length(
        kpi: Kpi,
        statistic: Statistic,
        measure: Measure,
        at: Span,
    ) -> Result<Goal, KpiError> {
        let fits = kpi.definition().measured_in.contains(&measure);
        let value = Value::new(i128::from(at.micros()), 1, Unit::Duration);
        Goal::new(kpi, statistic, measure, value.filter(|_| fits))
    }

    /// A number of tickets, or for each ticket.
    ///
    /// # Errors
    /// A KPI that is no such number, or has no better direction.
    pub fn count(kpi: Kpi, n: u64) -> Result<Goal, KpiError> {
        let unit = kpi.definition().unit;
        let value = Value::new(i128::from(n), 1, unit);
        let fits = matches!(unit, Unit::Tickets | Unit::PerTicket);
        Goal::new(
            kpi,
            Statistic::Mean,
            Measure::Calendar,
            value.filter(|_| fits),
        )
    }

    /// A net promoter score, from -100 to 100.
    ///
    /// # Errors
    /// Points beyond that.
    pub fn points(points: i8) -> Result<Goal, KpiError> {
        let fits = (-100..=100).contains(&points);
        let value = Value::new(i128::from(points), 1, Unit::Marks);
        Goal::new(
            Kpi::Nps,
            Statistic::Mean,
            Measure::Calendar,
            value.filter(|_| fits),
        )
    }

    fn new(
        kpi: Kpi,
        statistic: Statistic,
        measure: Measure,
        value: Option<Value>,
    ) -> Result<Goal, KpiError> {
        let has_direction = kpi.definition().direction != Direction::Neutral;
        let value = value.filter(|_| has_direction).ok_or(KpiError::goal(kpi))?;
        Ok(Goal {
            kpi,
            statistic,
            measure,
            value,
        })
    }

    /// Whether a report reaches it.
    pub fn check(&self, report: &KpiReport) -> Attained {
        let higher = self.kpi.definition().direction == Direction::HigherIsBetter;
        let value = Value::of(report, self.kpi, self.statistic, self.measure);
        let reached = value.map(|value| {
            if higher {
                value >= self.value
            } else {
                value <= self.value
            }
        });
        let interval = value
            .filter(|_| is_share(self.kpi))
            .and_then(|value| wilson(u64::try_from(value.parts().0).ok()?, value.parts().1));
        let at = self.value.number();
        Attained {
            goal: *self,
            value,
            reached,
            interval,
            is_unsure: interval.is_some_and(|(low, high)| low <= at && at <= high),
        }
    }
}

fn is_share(kpi: Kpi) -> bool {
    matches!(kpi, Kpi::Csat | Kpi::Ces) || kpi.definition().unit == Unit::Ratio
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definition = self.kpi.definition();
        let bound = match definition.direction {
            Direction::HigherIsBetter => "at least",
            Direction::LowerIsBetter | Direction::Neutral => "at most",
        };
        write!(f, "{} {bound} {}", definition.title, self.value)?;
        let statistic = match self.statistic {
            Statistic::Mean => "mean",
            Statistic::P50 => "p50",
            Statistic::P90 => "p90",
            Statistic::P95 => "p95",
            Statistic::P99 => "p99",
            Statistic::Max => "max",
        };
        let time = match self.measure {
            Measure::Business => "business",
            Measure::Calendar => "calendar",
        };
        match definition.unit {
            Unit::Duration => write!(f, " ({statistic}, {time})"),
            _ => Ok(()),
        }
    }
}
