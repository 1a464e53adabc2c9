//! The words of an explanation: stretches of time and the reasons for them.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Calendar;
use super::algebra::Combination;
use super::window::Window;

/// A stretch of time `[from, to)` that is open or closed throughout, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant it ends at.
    pub to: DateTime<Utc>,
    /// Whether the calendar is open in it.
    pub is_open: bool,
    /// Why.
    pub reason: Reason,
}

impl Stretch {
    /// How long it is.
    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }
}

/// Why a calendar is open or closed. Grows as calendars learn more rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Open: the calendar is open all the time.
    AlwaysOpen,
    /// Open: a window of the ordinary week, which starts on this date.
    Hours {
        /// The date the window starts on.
        date: NaiveDate,
        /// The window.
        window: Window,
    },
    /// Open: a window of a date with special hours.
    SpecialHours {
        /// The date the window starts on.
        date: NaiveDate,
        /// The window.
        window: Window,
        /// The name of the exception.
        name: String,
    },
    /// Closed: an exception closes this date, or this part of it.
    Exception {
        /// The date the exception is for.
        date: NaiveDate,
        /// The name of the exception.
        name: String,
    },
    /// Closed: before, between or after the windows of a date that has some, such as at night.
    OutsideHours,
    /// Closed: a date on which no window starts, such as a Sunday.
    DayOff {
        /// The date.
        date: NaiveDate,
    },
    /// Open or closed as these two together say.
    Combined {
        /// How they are combined.
        how: Combination,
        /// Why the first one is open or closed.
        first: Box<Reason>,
        /// Why the second one is open or closed.
        second: Box<Reason>,
    },
}

impl Reason {
    /// The name of the holiday or other exception behind it, where there is one with a name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Reason::SpecialHours { name, .. } | Reason::Exception { name, .. } => {
                Some(name.as_str()).filter(|name| !name.is_empty())
            }
            Reason::Combined { first, second, .. } => first.name().or(second.name()),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::AlwaysOpen => f.write_str("always open"),
            Reason::Hours { date, window } => write!(f, "{} {window}", date.weekday()),
            Reason::SpecialHours { window, name, .. } => {
                write!(f, "special hours {window} ({name})")
            }
            Reason::Exception { date, name } if name.is_empty() => write!(f, "closed on {date}"),
            Reason::Exception { name, .. } => write!(f, "closed: {name}"),
            Reason::OutsideHours => f.write_str("outside hours"),
            Reason::DayOff { date } => write!(f, "no hours on {}", date.weekday()),
            Reason::Combined { how, first, second } => {
                let word = match how {
                    Combination::Union => "or",
                    Combination::Intersection => "and",
                    Combination::Difference => "but not",
                };
                write!(f, "{first}, {word} {second}")
            }
        }
    }
}

/// Why the open time between two instants is what it is, as [`stretches`](Self::stretches). Shown as text it is a table
/// with local times and a sum.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    pub(super) calendar: &'a Calendar,
    // INVARIANT: both in the supported range, and `from` not after `to`.
    pub(super) from: i64,
    pub(super) to: i64,
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.calendar.zone();
        writeln!(f, "{zone}")?;
        for stretch in self {
            let (from, to) = (zone.local(stretch.from), zone.local(stretch.to));
            let length = stretch.length();
            writeln!(
                f,
                "{} {} to {} {}  {:>12}  {}",
                from.format("%a %Y-%m-%d"),
                Seconds(from.time()),
                to.format("%a %m-%d"),
                Seconds(to.time()),
                if stretch.is_open {
                    Length(length).to_string()
                } else {
                    String::from("-")
                },
                stretch.reason
            )?;
        }
        writeln!(f, "open in all: {}", Length(self.open()))
    }
}

/// A time of day to the second, or finer where it is.
struct Seconds(chrono::NaiveTime);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M:%S%.f"))
    }
}

/// An amount of time as hours, minutes and seconds.
struct Length(TimeDelta);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        write!(
            f,
            "{}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        match self.0.subsec_nanos() / 1_000 {
            0 => Ok(()),
            micros => write!(f, ".{micros:06}"),
        }
    }
}
