//! Dates on which the ordinary week does not hold: holidays, half days, special hours.
//!
//! An [`Exception`] says *when* ([`When`]), *what* ([`DayHours`]) and under which name. Exceptions stand in layers, such
//! as the nation's holidays and above them the team's own days. Layers are applied from the bottom up, so a higher one
//! has the last word on a date. Within one layer a date given by its year beats a yearly one, and special hours beat a
//! closed day; part closings are then cut out of what is left.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::error::{InvalidCalendar, Problem};
use super::window::{self, Window};

/// The dates an exception is for.
///
/// As text: `2026-12-25`, `2026-12-24..2026-12-31` (both included), `12-25` (every year) and `12-24..01-02` (every year,
/// over New Year). `02-29` is a day of leap years only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct When(Span);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Span {
    Dates { first: NaiveDate, last: NaiveDate },
    Yearly { first: MonthDay, last: MonthDay },
}

/// A day of the year, leap years' 29 February included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct MonthDay {
    month: u8,
    day: u8,
}

impl When {
    /// One date.
    pub fn on(date: NaiveDate) -> When {
        When(Span::Dates {
            first: date,
            last: date,
        })
    }

    /// All dates from `first` to `last`, both included.
    ///
    /// # Errors
    /// A `last` before `first`.
    pub fn between(first: NaiveDate, last: NaiveDate) -> Result<When, InvalidCalendar> {
        if last < first {
            return Err(Problem::BadRange(format!("{first}..{last}")).into());
        }
        Ok(When(Span::Dates { first, last }))
    }

    /// A day of every year; 29 February only in leap years.
    ///
    /// # Errors
    /// A month and day that no year has.
    pub fn yearly(month: u32, day: u32) -> Result<When, InvalidCalendar> {
        When::yearly_between((month, day), (month, day))
    }

    /// Days of every year from one (month, day) to another, both included; a last before the first is in the next year.
    ///
    /// # Errors
    /// A month and day that no year has.
    pub fn yearly_between(first: (u32, u32), last: (u32, u32)) -> Result<When, InvalidCalendar> {
        let (first, last) = (
            MonthDay::new(first.0, first.1)?,
            MonthDay::new(last.0, last.1)?,
        );
        Ok(When(Span::Yearly { first, last }))
    }

    /// Whether it comes back every year.
    pub fn is_yearly(self) -> bool {
        matches!(self.0, Span::Yearly { .. })
    }

    /// Whether `date` is one of its dates.
    pub fn includes(self, date: NaiveDate) -> bool {
        match self.0 {
            Span::Dates { first, last } => (first..=last).contains(&date),
            Span::Yearly { first, last } => {
                let day = MonthDay {
                    month: date.month() as u8,
                    day: date.day() as u8,
                };
                if first <= last {
                    first <= day && day <= last
                } else {
                    first <= day || day <= last
                }
            }
        }
    }

    /// Its stretches of dates that begin in `year`, or in any year for fixed dates, as first and last.
    pub(super) fn stretch_from(self, year: i32) -> Option<(NaiveDate, NaiveDate)> {
        match self.0 {
            Span::Dates { first, last } => Some((first, last)),
            Span::Yearly { first, last } => {
                let end = if last < first { year + 1 } else { year };
                let stretch = (first.in_or_after(year)?, last.in_or_before(end)?);
                (stretch.0 <= stretch.1).then_some(stretch)
            }
        }
    }
}

impl MonthDay {
    fn new(month: u32, day: u32) -> Result<MonthDay, Problem> {
        match NaiveDate::from_ymd_opt(2000, month, day) {
            Some(_) => Ok(MonthDay {
                month: month as u8,
                day: day as u8,
            }),
            None => Err(Problem::When(format!("{month:02}-{day:02}"))),
        }
    }

    /// Its date in `year`, or 1 March for the 29 February of a common year.
    fn in_or_after(self, year: i32) -> Option<NaiveDate> {
        self.date(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
    }

    /// Its date in `year`, or 28 February for the 29 February of a common year.
    fn in_or_before(self, year: i32) -> Option<NaiveDate> {
        self.date(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
    }

    fn date(self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, u32::from(self.month), u32::from(self.day))
    }
}

impl From<NaiveDate> for When {
    fn from(date: NaiveDate) -> When {
        When::on(date)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Span::Dates { first, last } if first == last => write!(f, "{first}"),
            Span::Dates { first, last } => write!(f, "{first}..{last}"),
            Span::Yearly { first, last } if first == last => write!(f, "{first}"),
            Span::Yearly { first, last } => write!(f, "{first}..{last}"),
        }
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for When {
    type Err = InvalidCalendar;

    fn from_str(text: &str) -> Result<When, InvalidCalendar> {
        let text = text.trim();
        let wrong = || Problem::When(text.to_owned());
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (first.trim(), last.trim());
        if let (Ok(first), Ok(last)) = (first.parse(), last.parse()) {
            return When::between(first, last);
        }
        let first = month_day(first).ok_or_else(wrong)?;
        let last = month_day(last).ok_or_else(wrong)?;
        When::yearly_between(first, last).map_err(|_| wrong().into())
    }
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let two = |digits: &str| match digits.len() {
        2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    Some((two(month)?, two(day)?))
}

/// What holds on the dates of an exception.
///
/// As text: `closed`, `closed 12:00-24:00` and `10:00-14:00,15:00-16:00`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DayHours {
    /// No window starts on the date.
    Closed,
    /// These stretches are cut out of the windows that start on the date.
    ClosedDuring(Vec<Window>),
    /// Exactly these windows start on the date, at least one.
    Special(Vec<Window>),
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DayHours::Closed => f.write_str("closed"),
            DayHours::ClosedDuring(windows) => write!(f, "closed {}", window::list(windows)),
            DayHours::Special(windows) => f.write_str(&window::list(windows)),
        }
    }
}

impl FromStr for DayHours {
    type Err = InvalidCalendar;

    fn from_str(text: &str) -> Result<DayHours, InvalidCalendar> {
        let text = text.trim();
        let closed = text
            .get(..6)
            .filter(|start| start.eq_ignore_ascii_case("closed"));
        match closed.and_then(|_| text.get(6..)) {
            Some("") => Ok(DayHours::Closed),
            Some(rest) if rest.starts_with(' ') => {
                Ok(DayHours::ClosedDuring(window::windows(rest)?))
            }
            Some(_) => Err(Problem::DayHours(text.to_owned()).into()),
            None if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(DayHours::Special(window::windows(text)?))
            }
            None => Err(Problem::DayHours(text.to_owned()).into()),
        }
    }
}

/// One entry of a layer: on these dates these hours hold, for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub(super) when: When,
    pub(super) rule: Arc<DayRule>,
}

/// What many dates share, such as the 131 Christmases of a feed.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DayRule {
    pub(super) hours: DayHours,
    pub(super) name: String,
}

impl Exception {
    /// An exception; its name is what people read when they ask why the desk was closed.
    pub fn new(when: impl Into<When>, hours: DayHours, name: impl Into<String>) -> Exception {
        Exception {
            when: when.into(),
            rule: Arc::new(DayRule {
                hours,
                name: name.into(),
            }),
        }
    }

    /// The same on other dates.
    #[cfg(feature = "ical")]
    pub(super) fn on(&self, when: When) -> Exception {
        let rule = Arc::clone(&self.rule);
        Exception { when, rule }
    }

    /// The dates it is for.
    pub fn when(&self) -> When {
        self.when
    }

    /// What holds on these dates.
    pub fn hours(&self) -> &DayHours {
        &self.rule.hours
    }

    /// The reason people are given; may be empty.
    pub fn name(&self) -> &str {
        &self.rule.name
    }
}

/// Exceptions from one source, such as the nation's holidays or the team's own days.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    pub(super) days: Vec<Exception>,
}

impl Layer {
    /// An empty layer.
    pub fn new(name: impl Into<String>) -> Layer {
        Layer {
            name: name.into(),
            days: Vec::new(),
        }
    }

    pub(super) fn of_days(days: Vec<Exception>) -> Layer {
        Layer {
            name: String::new(),
            days,
        }
    }

    /// Whether it is one without a name and of closed days only, as days become that are closed one after the other.
    pub(super) fn only_closes(&self) -> bool {
        let is_closed = |day: &Exception| *day.hours() == DayHours::Closed;
        self.name.is_empty() && self.days.iter().all(is_closed)
    }

    /// The same layer with another exception.
    #[must_use]
    pub fn and(mut self, exception: Exception) -> Layer {
        self.days.push(exception);
        self
    }

    /// Where the exceptions come from; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exceptions, in the order they were given.
    pub fn exceptions(&self) -> &[Exception] {
        &self.days
    }
}

/// `{"on": "2026-12-25", "hours": "closed", "name": "Christmas"}`
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object such as `{\"on\": \"12-25\", \"name\": \"Christmas\"}`"
)]
struct Form {
    on: String,
    #[serde(default = "closed")]
    hours: String,
    #[serde(default)]
    name: String,
}

fn closed() -> String {
    DayHours::Closed.to_string()
}

impl serde::Serialize for Exception {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = Form {
            on: self.when.to_string(),
            hours: self.rule.hours.to_string(),
            name: self.rule.name.clone(),
        };
        form.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Exception {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Exception, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let when: When = form.on.parse().map_err(serde::de::Error::custom)?;
        let hours = form.hours.parse().map_err(serde::de::Error::custom)?;
        Ok(Exception::new(when, hours, form.name))
    }
}
