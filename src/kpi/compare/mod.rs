//! One period against the one before it and against the same one a year ago; and figures beside their counterweights.
//!
//! Periods are compared like for like: each as it was known at the same distance after its end, so a young month is not held
//! against a finished one. A change is told only where it is clear: where chance would explain it, it is *unclear*, however
//! large it looks.
//!
//! ```
//! use helpdesk::kpi::{Kpi, Report, Trend};
//! # let tickets: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//! let march = Report::standard().between("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
//! let compared = march.compare(&tickets, "2026-04-08T00:00:00Z".parse()?)?;
//! assert_eq!(compared.before().scope().window.from, Some("2026-02-01T00:00:00Z".parse()?));
//! assert_eq!(compared.since_before(Kpi::ReopenRate)?, Trend::NoData);
//! for flag in compared.flags()? {
//!     println!("{} got better and {} worse", flag.pushed, flag.watched);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod confidence;
mod counter;
mod goal;
mod value;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::KpiError;
use super::facts::Fact;
use super::figures::{Figure, KpiReport, Net};
use super::measure::{Direction, Kpi, Unit};
use super::quantile::median;
use super::report::Report;
use super::tally::{Sample, Tally};
use super::window::{Scope, Window};
use crate::time::micros;

pub use confidence::wilson;
pub use counter::{COUNTERWEIGHTS, Counterweight, Flag};
pub use goal::{Attained, Goal};
pub use value::{Statistic, Value};

/// How a figure moved.
///
/// Exhaustive: a new answer would be a change of meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Clearly up, which is better.
    RoseForBetter,
    /// Clearly up, which is worse.
    RoseForWorse,
    /// Clearly up; neither direction is better.
    Rose,
    /// Clearly down, which is better.
    FellForBetter,
    /// Clearly down, which is worse.
    FellForWorse,
    /// Clearly down; neither direction is better.
    Fell,
    /// No more than chance explains.
    Unclear,
    /// One of the two is undefined; of a number of tickets, that of a period of which nothing has passed.
    NoData,
}

impl Trend {
    /// Whether it clearly got better.
    pub fn is_better(self) -> bool {
        matches!(self, Trend::RoseForBetter | Trend::FellForBetter)
    }

    /// Whether it clearly got worse.
    pub fn is_worse(self) -> bool {
        matches!(self, Trend::RoseForWorse | Trend::FellForWorse)
    }

    fn is_down(self) -> bool {
        matches!(
            self,
            Trend::FellForBetter | Trend::FellForWorse | Trend::Fell
        )
    }

    fn is_up(self) -> bool {
        matches!(
            self,
            Trend::RoseForBetter | Trend::RoseForWorse | Trend::Rose
        )
    }

    fn of(kpi: Kpi, rose: Option<bool>) -> Trend {
        match (rose, kpi.definition().direction) {
            (None, _) => Trend::Unclear,
            (Some(true), Direction::HigherIsBetter) => Trend::RoseForBetter,
            (Some(true), Direction::LowerIsBetter) => Trend::RoseForWorse,
            (Some(true), Direction::Neutral) => Trend::Rose,
            (Some(false), Direction::HigherIsBetter) => Trend::FellForWorse,
            (Some(false), Direction::LowerIsBetter) => Trend::FellForBetter,
            (Some(false), Direction::Neutral) => Trend::Fell,
        }
    }
}

/// A period, the one before it, and the same one a year ago.
///
/// # When a change is clear
/// At 95 %, for two independent sets: of shares, where Newcombe's interval of their difference leaves out 0; of lengths and numbers,
/// where the parts above their common median do so; of numbers of tickets, where they are too far apart for one and the same
/// rate over the times in which they were seen (a month of 31 days brings more than one of 28), the backlog as if over equal times; of the NPS, where its means are. One figure in twenty seems to change without a cause.
#[derive(Clone, Debug)]
pub struct Comparison {
    periods: [(Tally, KpiReport); 3],
}

impl Report {
    /// The report beside those of the period before it and of the same period a year ago, over these tickets, each given as all
    /// its rows.
    ///
    /// The period before is as [`Window::before`](super::Window::before) says: before months months, before whole local days so
    /// many days, between equal times on the wall the same clock so many days before, else so much time. Each is seen at the same
    /// distance after its end as this one at `as_of`; while this one runs, at the same distance after its begin. What rows can
    /// tell of the past, [`Report::over`] says.
    ///
    /// # Errors
    /// A report without a window that is bounded on both sides; else as [`Report::over`].
    pub fn compare<T: AsRef<[Fact]>>(
        &self,
        tickets: impl IntoIterator<Item = T>,
        as_of: DateTime<Utc>,
    ) -> Result<Comparison, KpiError> {
        let scope = self.scope(as_of);
        let mut comparing = self.comparing(scope.window.before(&scope.zone), as_of)?;
        for ticket in tickets {
            comparing.add(ticket.as_ref())?;
        }
        comparing.finish()
    }

    /// The same over tickets that come one by one, with this window as the one before.
    pub(crate) fn comparing(
        &self,
        before: Option<Window>,
        as_of: DateTime<Utc>,
    ) -> Result<Comparing, KpiError> {
        let scope = self.scope(as_of);
        let before = shifted(&scope, before)?;
        let year_ago = shifted(&scope, scope.window.a_year_before(&scope.zone))?;
        Ok(Comparing([scope, before, year_ago].map(Tally::new)))
    }
}

/// The periods of a comparison, while tickets are added to them.
pub(crate) struct Comparing([Tally; 3]);

impl Comparing {
    pub(crate) fn add(&mut self, rows: &[Fact]) -> Result<(), KpiError> {
        self.0.iter_mut().try_for_each(|tally| tally.add(rows))
    }

    pub(crate) fn finish(self) -> Result<Comparison, KpiError> {
        let [now, before, year_ago] = self.0.map(|tally| {
            let report = tally.report();
            report.map(|report| (tally, report))
        });
        Ok(Comparison {
            periods: [now?, before?, year_ago?],
        })
    }
}

/// The same scope about another window, seen at the same distance.
fn shifted(scope: &Scope, window: Option<Window>) -> Result<Scope, KpiError> {
    let mut moved = scope.clone();
    let to = |window: &Window| window.from.zip(window.to);
    let (Some((from, end)), Some((new_from, new_end))) =
        (to(&scope.window), window.as_ref().and_then(to))
    else {
        return Err(KpiError::unbounded());
    };
    let distance = |since: DateTime<Utc>| scope.as_of.signed_duration_since(since);
    let seen = if scope.as_of >= end {
        new_end.checked_add_signed(distance(end))
    } else {
        new_from.checked_add_signed(distance(from))
    };
    moved.as_of = seen.ok_or_else(KpiError::unbounded)?;
    moved.window.from = Some(new_from);
    moved.window.to = Some(new_end);
    Ok(moved)
}

impl Comparison {
    /// The period that was asked for.
    pub fn now(&self) -> &KpiReport {
        &self.periods[0].1
    }

    /// The period before it.
    pub fn before(&self) -> &KpiReport {
        &self.periods[1].1
    }

    /// The same period a year ago.
    pub fn year_ago(&self) -> &KpiReport {
        &self.periods[2].1
    }

    /// How a figure moved since the period before.
    ///
    /// # Errors
    /// None for what [`Report::compare`] gives.
    pub fn since_before(&self, kpi: Kpi) -> Result<Trend, KpiError> {
        self.trend(kpi, 1)
    }

    /// How a figure moved since the same period a year ago.
    ///
    /// # Errors
    /// None for what [`Report::compare`] gives.
    pub fn since_year_ago(&self, kpi: Kpi) -> Result<Trend, KpiError> {
        self.trend(kpi, 2)
    }

    /// Figures that clearly moved the way that they are pushed while one of their counterweights clearly got worse, since the
    /// period before.
    ///
    /// # Errors
    /// None for what [`Report::compare`] gives.
    pub fn flags(&self) -> Result<Vec<Flag>, KpiError> {
        let mut flags = Vec::new();
        for counter in COUNTERWEIGHTS {
            let trend = self.since_before(counter.pushed)?;
            let moved = match counter.towards {
                Direction::LowerIsBetter => trend.is_down(),
                Direction::HigherIsBetter => trend.is_up(),
                Direction::Neutral => false,
            };
            for watched in counter.watched.iter().filter(|_| moved) {
                if self.since_before(*watched)?.is_worse() {
                    flags.push(Flag {
                        pushed: counter.pushed,
                        watched: *watched,
                    });
                }
            }
        }
        Ok(flags)
    }

    fn trend(&self, kpi: Kpi, than: usize) -> Result<Trend, KpiError> {
        let (Some((now, shown)), Some((then, seen))) =
            (self.periods.first(), self.periods.get(than))
        else {
            return Ok(Trend::NoData);
        };
        if let (Some(now), Some(then)) = (now.sample(kpi)?, then.sample(kpi)?) {
            let is_share = !matches!(kpi.definition().unit, Unit::Duration | Unit::PerTicket);
            return Ok(of_samples(kpi, is_share, &now, &then));
        }
        Ok(match (shown.figure(kpi), seen.figure(kpi)) {
            (Figure::Count(now), Figure::Count(then)) => {
                let is_stock = kpi == Kpi::Backlog;
                let length = |report: &KpiReport| {
                    if is_stock {
                        1
                    } else {
                        seen_for(report.scope())
                    }
                };
                let (t1, t2) = (length(shown), length(seen));
                if t1 == 0 || t2 == 0 {
                    return Ok(Trend::NoData);
                }
                Trend::of(kpi, confidence::rates_differ((now, t1), (then, t2)))
            }
            (Figure::Promoters(now), Figure::Promoters(then)) => of_promoters(now, then),
            _ => Trend::NoData,
        })
    }
}

/// How much of the window has passed at the instant of the report, in microseconds. 0 for one that is open at its begin.
fn seen_for(scope: &Scope) -> u64 {
    let to = scope
        .window
        .to
        .map_or(scope.as_of, |to| to.min(scope.as_of));
    let length = scope
        .window
        .from
        .map(|from| micros(to).saturating_sub(micros(from)));
    length.and_then(|us| u64::try_from(us).ok()).unwrap_or(0)
}

fn of_samples(kpi: Kpi, is_share: bool, now: &Sample, then: &Sample) -> Trend {
    let bound = if is_share {
        0
    } else {
        common_median(now, then)
    };
    let part = |sample: &Sample| {
        let sum = |of: &dyn Fn(i64) -> bool| {
            let counted = sample.iter().filter(|(value, _)| of(*value));
            counted.fold(0u64, |sum, (_, n)| sum.saturating_add(*n))
        };
        (sum(&|value| value > bound), sum(&|_| true))
    };
    match confidence::difference(part(now), part(then)) {
        None => Trend::NoData,
        Some((low, _)) if low > 0.0 => Trend::of(kpi, Some(true)),
        Some((_, high)) if high < 0.0 => Trend::of(kpi, Some(false)),
        Some(_) => Trend::Unclear,
    }
}

fn common_median(one: &Sample, other: &Sample) -> i64 {
    let mut all: BTreeMap<i64, u64> = BTreeMap::new();
    for (value, n) in one.iter().chain(other) {
        let count = all.entry(*value).or_default();
        *count = count.saturating_add(*n);
    }
    median(&all)
}

fn of_promoters(now: Net, then: Net) -> Trend {
    let mean = |net: Net| {
        let n = net.n();
        let whole = n as f64;
        let mean = (net.promoters as f64 - net.detractors as f64) / whole;
        // One more mark of each class: few marks of one class are no certainty.
        let smooth = whole + 3.0;
        let off = (net.promoters as f64 - net.detractors as f64) / smooth;
        let variance = (net.promoters as f64 + net.detractors as f64 + 2.0) / smooth - off * off;
        (n > 0).then_some((mean, variance, n))
    };
    let (Some(now), Some(then)) = (mean(now), mean(then)) else {
        return Trend::NoData;
    };
    let clear = confidence::means_differ(now, then);
    Trend::of(Kpi::Nps, clear.then_some(now.0 > then.0))
}
