//! How much running time a clock may use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::shorten;
use crate::time::Span;

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

/// An amount of running time, more than none, in business or calendar time.
///
/// Its text form is a length and, optionally, the measure: `4h` (business time), `4 business hours`, `4h calendar`,
/// `24 calendar hours`. A day is refused: a working day is not 24 hours, so write the hours that are meant.
///
/// ```
/// use helpdesk::sla::{Measure, Target};
/// let target: Target = "24 calendar hours".parse()?;
/// assert_eq!(target.measure(), Measure::Calendar);
/// assert_eq!(target.to_string(), "24h calendar");
/// assert!("1 day".parse::<Target>().is_err());
/// # Ok::<(), helpdesk::sla::InvalidTarget>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    amount: Span, // INVARIANT: > 0
    measure: Measure,
}

impl Target {
    /// `amount` of running time, which must be more than none.
    pub fn new(amount: Span, measure: Measure) -> Result<Target, InvalidTarget> {
        if amount > Span::ZERO {
            Ok(Target { amount, measure })
        } else {
            Err(InvalidTarget {
                text: amount.to_string(),
            })
        }
    }

    /// How much.
    pub const fn amount(self) -> Span {
        self.amount
    }

    /// In which time.
    pub const fn measure(self) -> Measure {
        self.measure
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;
    fn from_str(text: &str) -> Result<Target, InvalidTarget> {
        let bad = || InvalidTarget {
            text: shorten(text),
        };
        let mut measures = Vec::new();
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            match word {
                "business" => measures.push(Measure::Business),
                "calendar" => measures.push(Measure::Calendar),
                other => words.push(other),
            }
        }
        let measure = match measures[..] {
            [] => Measure::default(),
            [one] => one,
            _ => return Err(bad()),
        };
        let amount = Span::parse_without_days(&words.join(" ")).map_err(|_| bad())?;
        Target::new(amount, measure).map_err(|_| bad())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.measure {
            Measure::Business => write!(f, "{} business", self.amount),
            Measure::Calendar => write!(f, "{} calendar", self.amount),
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
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A text that is not a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a target; a length of more than 0, without days, is allowed, such as `4h`, `30min` or `24 calendar hours`"
)]
pub struct InvalidTarget {
    text: String,
}
