//! How much running time a clock may use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calendar::{Calendar, DayEnd};
use crate::id::{read_text, shorten};
use crate::time::{Micros, Span, instant};

/// In which time a clock runs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The open time of the policy's calendar.
    #[default]
    Business,
    /// All time.
    Calendar,
}

/// How much a clock may use: an amount of running time, or a number of business days.
///
/// Its text form is a length and, optionally, the measure: `4h` (business time), `4 business hours`, `4h calendar`,
/// `24 calendar hours`; or a number of days: `2 business days`, `2 business days end of day`.
///
/// A number of days becomes an amount of business time when its clock starts: what lies between the start and the same local
/// time on the n-th open day after it, or the end of that day's last window. So "1 day" is never silently 24 hours, and a bare
/// `1 day` is refused.
///
/// ```
/// use helpdesk::sla::{Measure, Target};
/// let target: Target = "24 calendar hours".parse()?;
/// assert_eq!(target.measure(), Measure::Calendar);
/// assert_eq!(target.to_string(), "24h calendar");
/// assert_eq!("2 business days end of day".parse::<Target>()?.to_string(), "2 business days end of day");
/// assert!("1 day".parse::<Target>().is_err());
/// # Ok::<(), helpdesk::sla::InvalidTarget>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Running(Span, Measure), // INVARIANT: more than none
    Days(u16, DayEnd),      // INVARIANT: 1 to 366
}

impl Target {
    /// The most days a target may have.
    pub const MAX_DAYS: u16 = 366;

    /// `amount` of running time, which must be more than none.
    pub fn new(amount: Span, measure: Measure) -> Result<Target, InvalidTarget> {
        if amount > Span::ZERO {
            Ok(Target(Kind::Running(amount, measure)))
        } else {
            Err(InvalidTarget {
                text: amount.to_string(),
            })
        }
    }

    /// A number of business days, 1 to [`Target::MAX_DAYS`].
    pub fn days(days: u16, end: DayEnd) -> Result<Target, InvalidTarget> {
        if (1..=Target::MAX_DAYS).contains(&days) {
            Ok(Target(Kind::Days(days, end)))
        } else {
            Err(InvalidTarget {
                text: format!("{days} business days"),
            })
        }
    }

    /// The amount of running time; `None` for a number of days, whose amount depends on when the clock starts.
    pub const fn amount(self) -> Option<Span> {
        match self.0 {
            Kind::Running(amount, _) => Some(amount),
            Kind::Days(..) => None,
        }
    }

    /// The number of business days, for a target that is one.
    pub const fn business_days(self) -> Option<u16> {
        match self.0 {
            Kind::Running(..) => None,
            Kind::Days(days, _) => Some(days),
        }
    }

    /// When on its last day it is due, for a number of days.
    pub const fn day_end(self) -> Option<DayEnd> {
        match self.0 {
            Kind::Running(..) => None,
            Kind::Days(_, end) => Some(end),
        }
    }

    /// In which time the clock runs: business time for a number of days.
    pub const fn measure(self) -> Measure {
        match self.0 {
            Kind::Running(_, measure) => measure,
            Kind::Days(..) => Measure::Business,
        }
    }

    /// The running time of a clock that started at `start`; days are those of the edition that the calendar had then. Where it has not as many days left, no time can use it up.
    pub(crate) fn amount_from(self, start: Micros, calendar: &Calendar) -> Micros {
        match self.0 {
            Kind::Running(amount, _) => amount.micros(),
            Kind::Days(days, end) => calendar
                .edition_at(instant(start))
                .business_days_as_time(instant(start), days.into(), end)
                .ok()
                .and_then(|time| time.num_microseconds())
                .unwrap_or(Micros::MAX),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;
    fn from_str(text: &str) -> Result<Target, InvalidTarget> {
        let bad = || InvalidTarget {
            text: shorten(text),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        if let [number, "business", "day" | "days", end @ ..] = &words[..] {
            let days: u16 = number.parse().map_err(|_| bad())?;
            return match end {
                [] => Target::days(days, DayEnd::SameTime),
                ["end", "of", "day"] => Target::days(days, DayEnd::LastClose),
                _ => Err(bad()),
            };
        }
        let mut measures = Vec::new();
        let mut length = Vec::new();
        for word in words {
            match word {
                "business" => measures.push(Measure::Business),
                "calendar" => measures.push(Measure::Calendar),
                other => length.push(other),
            }
        }
        let measure = match measures[..] {
            [] => Measure::default(),
            [one] => one,
            _ => return Err(bad()),
        };
        let amount = Span::parse_without_days(&length.join(" ")).map_err(|_| bad())?;
        Target::new(amount, measure).map_err(|_| bad())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Running(amount, Measure::Business) => write!(f, "{amount} business"),
            Kind::Running(amount, Measure::Calendar) => write!(f, "{amount} calendar"),
            Kind::Days(1, DayEnd::SameTime) => f.write_str("1 business day"),
            Kind::Days(days, DayEnd::SameTime) => write!(f, "{days} business days"),
            Kind::Days(1, DayEnd::LastClose) => f.write_str("1 business day end of day"),
            Kind::Days(days, DayEnd::LastClose) => write!(f, "{days} business days end of day"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        let what = "a target such as `4h` or `2 business days`, as a text,";
        read_text(deserializer, what)
    }
}

/// A text that is not a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a target; a length of more than 0 without days is allowed, such as `4h` (open hours) or `24 calendar hours`, or 1 to 366 business days, such as `2 business days`"
)]
pub struct InvalidTarget {
    text: String,
}
