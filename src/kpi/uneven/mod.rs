//! Whether agents, teams or channels really differ, or only look as if they did.
//!
//! A list of agents by their average is read as a list of good and bad agents, and mostly it is one of luck and of who got which
//! tickets. So there is no such list here. There is one question, *do these groups differ by more than chance?*, with three
//! answers: yes, and which; no signal; or too few to tell.
//!
//! ```
//! use helpdesk::kpi::{Dimension, Kpi, Report, Signal};
//! # let tickets: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//! // Agents, with priorities and channels as the case mix: each agent is compared with what their own tickets would expect.
//! let by = Report::standard().by([Dimension::Agent, Dimension::Priority, Dimension::Channel]).minimum(30);
//! let mut tally = by.tally("2026-04-01T00:00:00Z".parse()?);
//! for ticket in &tickets {
//!     tally.add(ticket)?;
//! }
//! let compared = tally.unevenness(Kpi::ReopenRate)?.ok_or("no set of values")?;
//! assert_eq!(compared.signal(), Signal::TooFew);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod moments;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use moments::Moments;

use super::error::KpiError;
use super::group::GroupTally;
use super::measure::{Direction, Kpi, Unit};
use super::place::Label;
use super::quantile::median;
use super::tally::Sample;

/// 97.5 % of a normal distribution lie below.
const INNER: f64 = 1.96;

/// 99.9 % of a normal distribution lie below.
const OUTER: f64 = 3.09;

/// For up to so many groups: how many standard errors are passed by any of them in 2 of 1,000 cases, 1 on each side. The quantile of
/// the normal distribution at 1 - 0.001 / groups.
const ALARM: [(u64, f64); 13] = [
    (1, 3.0902),
    (2, 3.2905),
    (3, 3.4029),
    (5, 3.5401),
    (10, 3.719),
    (20, 3.8906),
    (50, 4.1075),
    (100, 4.2649),
    (200, 4.4172),
    (500, 4.6114),
    (1_000, 4.7534),
    (10_000, 5.1993),
    (1_000_000, 5.9978),
];

/// The least variance of a count at which a normal distribution is near enough.
const LEAST_VARIANCE: f64 = 5.0;

/// Whether groups differ.
///
/// Exhaustive: a fourth answer would be a change of meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Fewer than two groups can be judged.
    TooFew,
    /// They differ by no more than chance. There is nothing to read from their order.
    None,
    /// At least one group lies further off than chance explains.
    Differ,
}

/// Where a group lies.
///
/// Exhaustive, as the limits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lies {
    /// Not judged: too few members.
    TooFew,
    /// No further off than chance explains.
    Within,
    /// Further above what is expected of it than chance explains.
    Above,
    /// Further below.
    Below,
}

/// One group in comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// The group.
    pub label: Label,
    /// How many members it has.
    pub n: u64,
    /// How many of them count: the numerator, or those above the median of their stratum.
    pub count: u64,
    /// How many would, if the group did just as all do with such members.
    pub expected: f64,
    /// The variance of the count by chance.
    pub variance: f64,
    /// Where it lies.
    pub lies: Lies,
}

impl Compared {
    /// The share that counts; `None` without members.
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.count as f64 / self.n as f64)
    }

    /// What is expected of it, and the limits around it, from 0 to 1: those that 1 in 20 and that 2 in 1,000 groups pass by
    /// chance. `None` without members.
    pub fn limits(&self) -> Option<Limits> {
        if self.n == 0 {
            return None;
        }
        let n = self.n as f64;
        let center = self.expected / n;
        let error = self.variance.sqrt() / n;
        let around = |wide: f64| {
            let low = (center - wide * error).max(0.0);
            (low, (center + wide * error).min(1.0))
        };
        Some(Limits {
            center,
            inner: around(INNER),
            outer: around(OUTER),
        })
    }
}

/// The limits of a funnel at the size of one group, as shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Limits {
    /// What is expected.
    pub center: f64,
    /// 1.96 standard errors below and above.
    pub inner: (f64, f64),
    /// 3.09 standard errors below and above.
    pub outer: (f64, f64),
}

/// Groups in comparison: whether they differ by more than chance.
///
/// # How it is judged
/// - The first dimension is compared; the others are the **case mix**. Each member is judged against its stratum: what is
///   expected of a group is what its tickets would give if it did just as all do (indirect standardisation).
/// - What is counted is a share. Of a ratio it is the ratio. Of lengths and numbers it is the part above the median of the
///   stratum (Mood's median test, 1950), so one ticket that lay for a year makes nobody an outlier.
/// - **Limits**, as of a funnel plot: around what is expected, 1.96 and 3.09 standard errors wide, by the group's size (D. J.
///   Spiegelhalter, *Funnel plots for comparing institutional performance*, Statistics in Medicine 24, 2005). One group in 20
///   lies outside the inner ones by chance alone.
/// - A **signal** is a group beyond the limits at which all groups together would give a false alarm in 2 of 1,000 reports: the
///   more groups, the wider (Bonferroni).
/// - A group is judged if it has at least the minimum of members and the variance of its count is at least 5, the usual
///   condition for the normal approximation; others are listed as too few.
/// - **Eta squared** is the part of all variance of the values themselves that lies between groups, 0 to 1 (R. A. Fisher;
///   J. Cohen, *Statistical Power Analysis*, 1988); chance alone gives about (groups - 1) / (members - 1), which stands beside it.
///   It knows no case mix.
///
/// All counts and sums are exact integers. Shares and limits are worked out from them by addition, multiplication, division and
/// square root alone, so they are the same bits on every machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Unevenness {
    kpi: Kpi,
    minimum: u64,
    strata: usize,
    groups: Vec<Compared>,
    signal: Signal,
    eta_squared: Option<f64>,
    by_chance: Option<f64>,
    variances: Option<(f64, f64)>,
}

impl Unevenness {
    /// Which figure is compared.
    pub fn kpi(&self) -> Kpi {
        self.kpi
    }

    /// Whether the groups differ.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The groups in the order of their labels: never in that of their figures.
    pub fn groups(&self) -> &[Compared] {
        &self.groups
    }

    /// How many strata the case mix has; 1 where there is none.
    pub fn strata(&self) -> usize {
        self.strata
    }

    /// The part of the variance that lies between the groups that are large enough, and the part that chance alone would give.
    /// `None` for fewer than two such groups, where all values are equal, and where their sums pass 128 bits.
    pub fn eta_squared(&self) -> Option<(f64, f64)> {
        self.eta_squared.zip(self.by_chance)
    }

    /// The variance between the judged groups and the one within them, for each member, in the square of the figure's unit.
    pub fn variances(&self) -> Option<(f64, f64)> {
        self.variances
    }

    /// Whether lying above is good.
    pub fn above_is_better(&self) -> Option<bool> {
        match self.kpi.definition().direction {
            Direction::HigherIsBetter => Some(true),
            Direction::LowerIsBetter => Some(false),
            Direction::Neutral => None,
        }
    }
}

impl GroupTally {
    /// Whether the values of the first dimension differ in this figure; all further dimensions are the case mix. `None` for
    /// figures that are no set of values (numbers of tickets, the NPS), without a dimension, and where tags overlap.
    ///
    /// # Errors
    /// As [`Tally::report`](super::Tally::report).
    pub fn unevenness(&self, kpi: Kpi) -> Result<Option<Unevenness>, KpiError> {
        if self.dimensions().is_empty() || self.dimensions().iter().any(|one| one.overlaps()) {
            return Ok(None);
        }
        let mut cells = Vec::new();
        for (key, counts) in self.cells() {
            let Some(sample) = counts.sample(kpi)? else {
                return Ok(None);
            };
            if let Some((label, stratum)) = key.split_first() {
                cells.push((label, stratum, sample));
            }
        }
        Ok(Some(compare(kpi, self.least(), &cells)))
    }
}

/// One group's values in one stratum.
type Cell<'a> = (&'a Label, &'a [Label], Sample);

fn compare(kpi: Kpi, minimum: u64, cells: &[Cell<'_>]) -> Unevenness {
    let is_share = !matches!(kpi.definition().unit, Unit::Duration | Unit::PerTicket);
    let mut strata: BTreeMap<&[Label], Stratum> = BTreeMap::new();
    for (_, stratum, sample) in cells {
        strata.entry(stratum).or_default().put(sample);
    }
    for stratum in strata.values_mut() {
        stratum.settle(is_share);
    }
    let mut groups: BTreeMap<&Label, (Compared, Moments)> = BTreeMap::new();
    for (label, stratum, sample) in cells {
        let Some(stratum) = strata.get(stratum) else {
            continue;
        };
        let (group, moments) = groups
            .entry(label)
            .or_insert_with(|| (Compared::empty((*label).clone()), Moments::default()));
        let cell = Moments::of(sample);
        let n = cell.n() as f64;
        group.n = group.n.saturating_add(cell.n());
        group.count = group.count.saturating_add(stratum.counting(sample));
        group.expected += n * stratum.share;
        group.variance += n * stratum.share * (1.0 - stratum.share);
        moments.add(&cell);
    }
    let is_counted = |group: &Compared| group.label != Label::None && group.n >= minimum.max(1);
    let is_judged = |group: &Compared| is_counted(group) && group.variance >= LEAST_VARIANCE;
    let counted = groups.values().filter(|(group, _)| is_counted(group));
    let parts: Vec<Moments> = counted.map(|(_, moments)| *moments).collect();
    let judged = groups.values().filter(|(group, _)| is_judged(group));
    let k = u64::try_from(judged.count()).unwrap_or(u64::MAX);
    let alarm = ALARM.iter().find(|(groups, _)| k <= *groups);
    let alarm = alarm.map_or(6.0, |(_, errors)| *errors);

    let mut signal = if k < 2 { Signal::TooFew } else { Signal::None };
    let groups = groups.into_values().map(|(mut group, _)| {
        if is_judged(&group) && k >= 2 {
            let off = group.count as f64 - group.expected;
            let beyond = off * off > alarm * alarm * group.variance;
            group.lies = match (beyond, off > 0.0) {
                (false, _) => Lies::Within,
                (true, true) => Lies::Above,
                (true, false) => Lies::Below,
            };
            if beyond {
                signal = Signal::Differ;
            }
        }
        group
    });
    let groups = groups.collect();
    let analysis = moments::analysis(&parts);
    Unevenness {
        kpi,
        minimum,
        strata: strata.len(),
        groups,
        signal,
        eta_squared: analysis.map(|one| one.eta_squared),
        by_chance: analysis.map(|one| one.by_chance),
        variances: analysis.map(|one| (one.between, one.within)),
    }
}

impl Compared {
    fn empty(label: Label) -> Compared {
        Compared {
            label,
            n: 0,
            count: 0,
            expected: 0.0,
            variance: 0.0,
            lies: Lies::TooFew,
        }
    }
}

/// Members that are alike, of all groups.
#[derive(Default)]
struct Stratum {
    counts: BTreeMap<i64, u64>,
    /// Values above this count.
    bound: i64,
    /// The share of them that counts.
    share: f64,
}

impl Stratum {
    fn put(&mut self, sample: &Sample) {
        for (value, n) in sample {
            let count = self.counts.entry(*value).or_default();
            *count = count.saturating_add(*n);
        }
    }

    fn settle(&mut self, is_share: bool) {
        let n = self
            .counts
            .values()
            .fold(0u64, |sum, n| sum.saturating_add(*n));
        self.bound = if is_share { 0 } else { median(&self.counts) };
        let above = self.counts.range(self.bound.saturating_add(1)..);
        let above = above.fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        self.share = if n > 0 { above as f64 / n as f64 } else { 0.0 };
    }

    fn counting(&self, sample: &Sample) -> u64 {
        let above = sample.iter().filter(|(value, _)| *value > self.bound);
        above.fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }
}

impl fmt::Display for Unevenness {
    /// One sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self
            .groups
            .iter()
            .filter(|group| group.lies != Lies::TooFew);
        let beyond = judged.clone().filter(|group| group.lies != Lies::Within);
        let (judged, beyond) = (judged.count(), beyond.count());
        let few = self.groups.len().saturating_sub(judged);
        write!(f, "{}: ", self.kpi)?;
        match self.signal {
            Signal::TooFew => write!(f, "too few to tell")?,
            Signal::None => write!(
                f,
                "no signal; {judged} groups differ by no more than chance"
            )?,
            Signal::Differ => write!(
                f,
                "{beyond} of {judged} groups lie further off than chance explains"
            )?,
        }
        if let Some((eta, chance)) = self.eta_squared() {
            write!(f, " (eta squared {eta:.3}, {chance:.3} by chance)")?;
        }
        if few > 0 {
            write!(f, "; {few} with too few members")?;
        }
        Ok(())
    }
}
