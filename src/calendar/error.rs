//! What can be wrong with a calendar as written, and what a calendar can fail to answer.

use chrono::{DateTime, NaiveDate, Utc};

use super::{EARLIEST, LATEST};

/// Why a calendar could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// An instant that was asked about lies outside [`EARLIEST`]`..=`[`LATEST`].
    #[error(
        "`{at}` is outside the supported range, `{}` to `{}`",
        EARLIEST,
        LATEST
    )]
    OutOfRange {
        /// The instant that was asked about.
        at: DateTime<Utc>,
    },
    /// A civil date that was asked about lies outside the supported years.
    #[error("`{date}` is outside the supported range, `1970-01-01` to `2100-12-31`")]
    DateOutOfRange {
        /// The date that was asked about.
        date: NaiveDate,
    },
    /// The answer lies before [`EARLIEST`] or after [`LATEST`].
    #[error(
        "the answer lies outside the supported range, `{}` to `{}`",
        EARLIEST,
        LATEST
    )]
    BeyondRange,
    /// There is no answer, however long one waits: the calendar does not open (or close) again.
    #[error("the calendar never does that again")]
    Never,
}

/// Why a calendar as written was refused: one sentence that names the offending part and what is allowed there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidCalendar(#[from] Problem);

impl InvalidCalendar {
    /// The offending part as it was written, where one piece of text is to blame.
    pub fn part(&self) -> Option<&str> {
        match &self.0 {
            Problem::Time(part)
            | Problem::Window(part)
            | Problem::DayList(part)
            | Problem::DayName(part)
            | Problem::When(part)
            | Problem::DayHours(part)
            | Problem::SpecialTwice(part)
            | Problem::BadRange(part)
            | Problem::Zone { name: part, .. } => Some(part),
            Problem::EmptyWeek
            | Problem::NeverOpens
            | Problem::TooMany { .. }
            | Problem::TooDeep { .. }
            | Problem::ZoneData(_) => None,
        }
    }

    /// Zone names close to an unknown one, the nearest first; empty for every other error.
    pub fn near_zones(&self) -> &[&'static str] {
        match &self.0 {
            Problem::Zone { near, .. } => near,
            _ => &[],
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("`{0}` is not a time of day, such as `9:00`, `09:00:30` or `24:00`")]
    Time(String),
    #[error("`{0}` is not a window, such as `09:00-17:30` or `22:00-06:00`")]
    Window(String),
    #[error("`{0}` is not a list of days and windows, such as `Mon-Fri 09:00-12:00,13:00-18:00`")]
    DayList(String),
    #[error(
        "`{0}` is not a day of the week: write `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat`, `Sun` or `daily`"
    )]
    DayName(String),
    #[error(
        "`{0}` is not a date, such as `2026-12-25`, `2026-12-24..2026-12-31`, `12-25` or `12-24..01-02`"
    )]
    When(String),
    #[error(
        "`{0}` is not the hours of a date, such as `closed`, `closed 12:00-24:00` or `10:00-14:00`"
    )]
    DayHours(String),
    #[error("`{0}` is given special hours twice in one layer: list all its windows at once")]
    SpecialTwice(String),
    #[error("`{0}` ends before it begins: put the first day first")]
    BadRange(String),
    #[error(
        "the week has no hours: give at least one window, or use the calendar that is always open"
    )]
    EmptyWeek,
    #[error("the calendar never opens: its closed days cover all its hours")]
    NeverOpens,
    #[error("the calendar has `{found}` {what}: at most `{limit}` are allowed")]
    TooMany {
        what: &'static str,
        found: usize,
        limit: usize,
    },
    #[error("calendars are combined `{limit}` deep at most")]
    TooDeep { limit: usize },
    #[error("`{name}` is not a time zone of the IANA database{}", suggestion(near))]
    Zone {
        name: String,
        near: Vec<&'static str>,
    },
    #[error("the time-zone data cannot be used: {0}")]
    ZoneData(&'static str),
}

fn suggestion(near: &[&'static str]) -> String {
    match near {
        [] => String::from(", such as `Europe/Berlin`"),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!(": perhaps {} is meant", names.join(" or "))
        }
    }
}

/// That there are no more of something than are allowed.
pub(super) fn few(what: &'static str, found: usize, limit: usize) -> Result<(), Problem> {
    match found > limit {
        true => Err(Problem::TooMany { what, found, limit }),
        false => Ok(()),
    }
}
