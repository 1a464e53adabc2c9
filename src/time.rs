//! Instants and lengths of time: microseconds in integers, and the text form in which people write lengths.
//!
//! Every instant is UTC with microsecond resolution; finer input is truncated toward the past at the door. The text form of
//! a length ([`Span`]) is made of whole numbers with units, such as `4h`, `1h 30min` or `90 s`; a day in it is 24 hours
//! and may be written only where business time plays no part (a reopen window), never in a target.

mod text;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{read_text, shorten};

pub(crate) use text::{Text, serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
pub(crate) type Micros = i64;

pub(crate) fn micros(at: DateTime<Utc>) -> Micros {
    at.timestamp_micros()
}

pub(crate) fn instant(us: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or(if us < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// `at` without what is finer than a microsecond.
pub(crate) fn truncate(at: DateTime<Utc>) -> DateTime<Utc> {
    instant(micros(at))
}

pub(crate) fn delta(us: i64) -> TimeDelta {
    TimeDelta::microseconds(us)
}

/// A length of time that is not negative, with microsecond resolution and at most 1,000 years.
///
/// Its text form is one or more whole numbers with units from `us`, `ms`, `s`, `min` (or `m`), `h` and `d` (24 hours),
/// in falling order: `336h`, `1h 30min`. Long words (`hours`, `minutes`, `days`, ...) are read too.
///
/// ```
/// use helpdesk::time::Span;
/// let span: Span = "1h 30 minutes".parse()?;
/// assert_eq!(span, Span::minutes(90));
/// assert_eq!(span.to_string(), "1h 30min");
/// # Ok::<(), helpdesk::time::InvalidSpan>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64); // microseconds; INVARIANT: 0 <= it <= MAX_US

const MAX_US: i64 = 1_000 * 366 * 86_400 * 1_000_000;

/// Unit, its length in microseconds, and the words for it; the first word is the one written.
const UNITS: [(i64, &[&str]); 6] = [
    (86_400_000_000, &["d", "day", "days"]),
    (3_600_000_000, &["h", "hour", "hours"]),
    (60_000_000, &["min", "m", "minute", "minutes"]),
    (1_000_000, &["s", "sec", "second", "seconds"]),
    (1_000, &["ms"]),
    (1, &["us"]),
];

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A whole number of seconds; anything above 1,000 years is held to that.
    pub const fn seconds(n: u32) -> Span {
        Span(if (n as i64) > MAX_US / 1_000_000 {
            MAX_US
        } else {
            n as i64 * 1_000_000
        })
    }

    /// A whole number of minutes; anything above 1,000 years is held to that.
    pub const fn minutes(n: u32) -> Span {
        Span(if (n as i64) > MAX_US / 60_000_000 {
            MAX_US
        } else {
            n as i64 * 60_000_000
        })
    }

    /// A whole number of hours; anything above 1,000 years is held to that.
    pub const fn hours(n: u32) -> Span {
        Span(if (n as i64) > MAX_US / 3_600_000_000 {
            MAX_US
        } else {
            n as i64 * 3_600_000_000
        })
    }

    /// The span of that many microseconds, or an error where it is negative or above 1,000 years.
    pub fn from_micros(us: i64) -> Result<Span, InvalidSpan> {
        if (0..=MAX_US).contains(&us) {
            Ok(Span(us))
        } else {
            Err(InvalidSpan {
                text: format!("{us} us"),
            })
        }
    }

    /// The length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The length as chrono has it.
    pub const fn delta(self) -> TimeDelta {
        TimeDelta::microseconds(self.0)
    }

    /// Reads a span in which no day is allowed: the form of targets.
    pub(crate) fn parse_without_days(text: &str) -> Result<Span, InvalidSpan> {
        parse(text, &UNITS[1..])
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;
    fn from_str(text: &str) -> Result<Span, InvalidSpan> {
        parse(text, &UNITS)
    }
}

impl TryFrom<TimeDelta> for Span {
    type Error = InvalidSpan;

    /// The length without what is finer than a microsecond; an error where it is negative or above 1,000 years.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use helpdesk::time::Span;
    /// assert_eq!(Span::try_from(TimeDelta::minutes(90))?.to_string(), "1h 30min");
    /// assert!(Span::try_from(TimeDelta::seconds(-1)).is_err());
    /// # Ok::<(), helpdesk::time::InvalidSpan>(())
    /// ```
    fn try_from(length: TimeDelta) -> Result<Span, InvalidSpan> {
        let us = length.num_microseconds();
        us.filter(|_| length >= TimeDelta::zero())
            .and_then(|us| Span::from_micros(us).ok())
            .ok_or_else(|| InvalidSpan {
                text: length.to_string(),
            })
    }
}

/// A length as a [`Span`] is written; what is none, as chrono writes it.
pub(crate) fn in_words(length: TimeDelta) -> String {
    Span::try_from(length).map_or_else(|_| length.to_string(), |span| span.to_string())
}

fn parse(text: &str, mut units: &[(i64, &[&str])]) -> Result<Span, InvalidSpan> {
    let bad = || InvalidSpan {
        text: shorten(text),
    };
    let mut rest = text.trim();
    let mut sum: i64 = 0;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: i64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = rest[digits..].trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let word = &rest[..letters];
        let at = units
            .iter()
            .position(|(_, words)| words.contains(&word))
            .ok_or_else(bad)?;
        sum = number
            .checked_mul(units[at].0)
            .and_then(|us| sum.checked_add(us))
            .ok_or_else(bad)?;
        units = &units[at + 1..]; // falling order, each unit once
        rest = rest[letters..].trim_start();
    }
    Span::from_micros(sum).map_err(|_| bad())
}

impl fmt::Display for Span {
    /// Hours are the largest unit written: `336h`, never `14d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut left = self.0;
        let mut gap = "";
        for (length, words) in &UNITS[1..] {
            let n = left / length;
            left %= length;
            if n > 0 {
                write!(f, "{gap}{n}{}", words[0])?;
                gap = " ";
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        read_text(deserializer, "a length of time such as `4h`, as a text,")
    }
}

/// A text that is not a [`Span`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a length of time; whole numbers with units in falling order are allowed, such as `4h` or `1h 30min`, up to 1,000 years"
)]
pub struct InvalidSpan {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips(us in 0..=MAX_US) {
            let span = Span::from_micros(us).unwrap();
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }

        #[test]
        fn a_length_is_a_span_or_out_of_range(us in prop_oneof![-9i64..9, MAX_US - 9..=MAX_US + 9, any::<i64>()], ns in 0i64..1_000) {
            let length = TimeDelta::microseconds(us) + TimeDelta::nanoseconds(ns);
            prop_assert_eq!(Span::try_from(length).ok(), Span::from_micros(us).ok());
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = text.parse::<Span>();
        }
    }

    #[test]
    fn odd_texts_are_refused() {
        for bad in [
            "",
            "4",
            "h",
            "4 parsecs",
            "30min 1h",
            "1h 1h",
            "-4h",
            "1.5h",
            "99999999999999999999h",
            "9999999999h",
        ] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
        assert_eq!("14 days".parse::<Span>(), Ok(Span::hours(336)));
        assert!(Span::parse_without_days("1 day").is_err());
    }
}
