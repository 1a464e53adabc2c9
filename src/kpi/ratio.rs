//! A part of a whole, with what was left out and why.
//!
//! A share without its counts cannot be checked, and a share whose denominator silently drops members cannot be trusted. So
//! a [`Ratio`] carries both counts and, by name, everything that would have been in the denominator but is not.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a member of the window is not in a denominator.
///
/// Grows with the measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// Resolved too short a time ago to say whether it will hold.
    Immature,
    /// The customer waits for the first answer.
    Waiting,
    /// Resolved or closed without the answer that it waited for.
    Unanswered,
    /// What begins it has not happened: the desk opened the ticket, and the customer has not written yet; or it was merged into another
    /// ticket, which owes the answer.
    NotStarted,
    /// The clock runs or is paused, with time left; a visit may lead to a ticket still, a survey may be answered still.
    Undecided,
    /// Closed without what the clock waited for.
    Cancelled,
    /// Resolved, and open again.
    Reopened,
    /// Nobody recorded any effort.
    NotRecorded,
    /// The customer was told no time of resolution before it.
    NotEstimated,
    /// Declared to be beyond what a first contact can resolve.
    BeyondFirstContact,
    /// The customer gave up within the time that is too short to count.
    ShortAbandon,
    /// The customer gave up within the time in which an answer would have been in time.
    EarlyAbandon,
    /// The customer gave up.
    Abandoned,
    /// A mark that is neither positive nor negative.
    Neutral,
    /// Waiting in the queue still at the instant of the report.
    Queued,
    /// A review in which nothing applied.
    NotApplicable,
    /// A review that was withdrawn.
    Withdrawn,
    /// The ticket has no target for the clock.
    NoTarget,
    /// It took no time.
    NoTime,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Exclusion::Immature => "immature",
            Exclusion::Waiting => "waiting",
            Exclusion::Unanswered => "unanswered",
            Exclusion::NotStarted => "not started",
            Exclusion::Undecided => "undecided",
            Exclusion::Cancelled => "cancelled",
            Exclusion::Reopened => "open again",
            Exclusion::NotRecorded => "without recorded effort",
            Exclusion::NotEstimated => "without an estimate",
            Exclusion::BeyondFirstContact => "beyond a first contact",
            Exclusion::ShortAbandon => "abandoned at once",
            Exclusion::EarlyAbandon => "abandoned in time",
            Exclusion::Abandoned => "abandoned",
            Exclusion::Neutral => "neutral",
            Exclusion::Queued => "still queued",
            Exclusion::NotApplicable => "not applicable",
            Exclusion::Withdrawn => "withdrawn",
            Exclusion::NoTarget => "without a target",
            Exclusion::NoTime => "took no time",
        })
    }
}

/// What was left out, counted by reason. A reason without a member does not stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Excluded(BTreeMap<Exclusion, u64>);

impl Excluded {
    /// How many were left out for this reason.
    pub fn count(&self, reason: Exclusion) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// How many were left out.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Every reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Exclusion, u64)> {
        self.0.iter().map(|(reason, n)| (*reason, *n))
    }
}

impl FromIterator<(Exclusion, u64)> for Excluded {
    fn from_iter<T: IntoIterator<Item = (Exclusion, u64)>>(counts: T) -> Excluded {
        let mut excluded = Excluded::default();
        for (reason, n) in counts.into_iter().filter(|(_, n)| *n > 0) {
            let count = excluded.0.entry(reason).or_default();
            *count = count.saturating_add(n);
        }
        excluded
    }
}

impl fmt::Display for Excluded {
    /// Such as `12 waiting, 3 unanswered`; nothing where nothing was left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (reason, n)) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { ", " };
            write!(f, "{gap}{n} {reason}")?;
        }
        Ok(())
    }
}

/// `numerator` members out of `denominator`, and who was left out. The numerator counts a subset of the denominator.
///
/// ```
/// use helpdesk::kpi::{Excluded, Exclusion, Ratio};
/// let ratio = Ratio::new(1, 3, Excluded::from_iter([(Exclusion::Immature, 2)])).ok_or("not a part of the whole")?;
/// assert_eq!(ratio.to_string(), "33.3 % (1 of 3; left out: 2 immature)");
/// assert_eq!(Ratio::default().fraction(), None); // undefined, neither 0 nor 100 %
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ratio {
    numerator: u64, // INVARIANT: <= denominator
    denominator: u64,
    excluded: Excluded,
}

impl Ratio {
    /// The ratio of these counts; `None` where the part is larger than the whole.
    pub fn new(numerator: u64, denominator: u64, excluded: Excluded) -> Option<Ratio> {
        (numerator <= denominator).then_some(Ratio {
            numerator,
            denominator,
            excluded,
        })
    }

    /// The part.
    pub fn numerator(&self) -> u64 {
        self.numerator
    }

    /// The whole.
    pub fn denominator(&self) -> u64 {
        self.denominator
    }

    /// What was left out of the whole.
    pub fn excluded(&self) -> &Excluded {
        &self.excluded
    }

    /// The part of the whole, from 0 to 1, for showing; `None` where the whole is empty.
    pub fn fraction(&self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 / self.denominator as f64)
    }

    /// The share in words, such as `92.3 %`, and `-` where it is undefined. Never `100.0 %` while anything is missing, nor
    /// `0.0 %` while anything is there.
    pub fn percent(&self) -> String {
        if self.denominator == 0 {
            return String::from("-");
        }
        let (part, whole) = (u128::from(self.numerator), u128::from(self.denominator));
        let rounded = (part * 2_000 + whole) / (whole * 2);
        let per_mille = match self.numerator {
            0 => 0,
            n if n == self.denominator => 1_000,
            _ => rounded.clamp(1, 999),
        };
        format!("{}.{} %", per_mille / 10, per_mille % 10)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({} of {}",
            self.percent(),
            self.numerator,
            self.denominator
        )?;
        if self.excluded.total() > 0 {
            write!(f, "; left out: {}", self.excluded)?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_but_never_to_all_or_nothing() {
        let percent = |n, d| Ratio::new(n, d, Excluded::default()).unwrap().percent();
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(0, 9), "0.0 %");
        assert_eq!(percent(9, 9), "100.0 %");
        assert_eq!(percent(1, 100_000), "0.1 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99.9 %");
    }

    #[test]
    fn a_part_is_not_larger_than_its_whole() {
        assert_eq!(Ratio::new(2, 1, Excluded::default()), None);
    }
}
