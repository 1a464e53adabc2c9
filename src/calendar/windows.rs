//! The open stretches of a calendar, one after the other.

use std::iter::FusedIterator;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::Calendar;
use super::error::CalendarError;
use super::range::{instant, micros};

/// A stretch of time `[from, to)` in which a calendar is open throughout.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct OpenStretch {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant it ends at.
    pub to: DateTime<Utc>,
}

impl OpenStretch {
    /// How long it is.
    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }
}

/// The open stretches in a range of time, found one at a time; see [`Calendar::windows`].
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    calendar: &'a Calendar,
    from: i64,
    to: i64,
}

impl Calendar {
    /// The open stretches in `range`, in order, or backwards with [`rev`](Iterator::rev). Windows that touch are one
    /// stretch, and stretches that reach out of the range are cut at its ends.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use helpdesk::calendar::{Calendar, LATEST};
    ///
    /// let office = Calendar::parse("Mon-Fri 9:00-12:00,13:00-17:00", "UTC")?;
    /// let noon: DateTime<Utc> = "2026-03-06T11:00:00Z".parse()?;
    /// let lengths: Vec<i64> = office.windows(noon..LATEST)?.take(3).map(|open| open.length().num_hours()).collect();
    /// assert_eq!(lengths, [1, 4, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An end of the range outside the supported range.
    pub fn windows(&self, range: Range<DateTime<Utc>>) -> Result<Windows<'_>, CalendarError> {
        Ok(Windows {
            calendar: self,
            from: micros(range.start)?,
            to: micros(range.end)?,
        })
    }
}

impl Iterator for Windows<'_> {
    type Item = OpenStretch;

    fn next(&mut self) -> Option<OpenStretch> {
        let from = self
            .calendar
            .latest_us(self.from, 0)
            .filter(|&from| from < self.to)?;
        let to = self
            .calendar
            .end_of_open_us(from)
            .map_or(self.to, |close| close.min(self.to));
        self.from = to;
        Some(OpenStretch {
            from: instant(from),
            to: instant(to),
        })
    }
}

impl DoubleEndedIterator for Windows<'_> {
    fn next_back(&mut self) -> Option<OpenStretch> {
        let to = self
            .calendar
            .earliest_us(self.to, 0)
            .filter(|&to| to > self.from)?;
        let from = self
            .calendar
            .start_of_open_us(to)
            .map_or(self.from, |opening| opening.max(self.from));
        self.to = from;
        Some(OpenStretch {
            from: instant(from),
            to: instant(to),
        })
    }
}

impl FusedIterator for Windows<'_> {}
