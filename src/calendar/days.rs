//! Business days: dates instead of durations.
//!
//! "Two business days" is not 48 hours. A business day is a local date on which a window starts; for a combination of
//! calendars, and for one that is always open, a date with any open time. A succession asks the edition that is in force when
//! the date begins.
//!
//! How many lie before a date is known from the week and the exceptions, so counting them, and finding the n-th, costs
//! the same however far it leads. A combination has no week, nor has a succession: the first such question to one looks at
//! all its dates once, which takes some milliseconds, and remembers what it found; from then on it costs the same too.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::day_set::DaySet;
use super::error::CalendarError;
use super::range::{LAST_DATE, date_of, day_number, micros};
use super::zone::ALL_DAY;
use super::{Calendar, Source};

/// Which instant of the last day a number of business days leads to.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum DayEnd {
    /// The local time of the start, on that day: the first instant after it when the clocks skip it, and the first of
    /// the two when they show it twice.
    #[default]
    SameTime,
    /// The end of that day's last window: the last instant at which the clock on the wall still reads inside a window that
    /// starts on that day, also where it shows that time twice.
    LastClose,
}

impl Calendar {
    /// Whether `date` is a business day.
    ///
    /// # Errors
    /// A date outside 1970 to 2100.
    pub fn is_business_day(&self, date: NaiveDate) -> Result<bool, CalendarError> {
        Ok(self.has_hours(in_range(date)?))
    }

    /// The `days`-th business day after `date`, or before it for negative `days`; `date` itself, business day or not,
    /// for 0.
    ///
    /// # Errors
    /// A date outside 1970 to 2100; [`Never`](CalendarError::Never) when there are not as many business days left for
    /// ever, [`BeyondRange`](CalendarError::BeyondRange) when the answer lies outside the range.
    pub fn business_day(&self, date: NaiveDate, days: i64) -> Result<NaiveDate, CalendarError> {
        let start = in_range(date)?;
        if days == 0 {
            return Ok(date);
        }
        // The day looked for is the last with fewer business days than this before it: it is one itself.
        let goal = if days > 0 {
            self.days_before(start + 1).saturating_add(days)
        } else {
            let before = self.days_before(start);
            before.saturating_add(days).saturating_add(1)
        };
        if goal <= self.days_before(0) || goal > self.days_before(LAST_DATE + 1) {
            return Err(self.no_more_days(days > 0));
        }
        let (mut low, mut high) = (0, LAST_DATE + 1);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.days_before(middle) < goal {
                low = middle
            } else {
                high = middle
            }
        }
        Ok(date_of(low))
    }

    /// How many business days lie in `(from, to]`; the negative of those in `(to, from]` when `to` is before `from`.
    ///
    /// # Errors
    /// A date outside 1970 to 2100.
    pub fn count_business_days(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<i64, CalendarError> {
        let (from, to) = (in_range(from)?, in_range(to)?);
        Ok(self.days_before(to + 1) - self.days_before(from + 1))
    }

    /// The instant `days` business days after `from`: the `days`-th business day after its local date, at the local time
    /// of `from` or at that day's last close. Negative `days` lead back.
    ///
    /// Local is local to [the calendar's zone](Calendar::zone): of one that is succeeded by another in a new zone, that is the new one also
    /// before. What counts by the edition in force asks [`edition_at`](Calendar::edition_at) first, as targets do.
    ///
    /// # Properties
    /// The last close of a business day is never before that day's first opening: where the clocks skip all its hours it is the
    /// first instant after the gap.
    ///
    /// # Errors
    /// As [`business_day`](Self::business_day).
    pub fn add_business_days(
        &self,
        from: DateTime<Utc>,
        days: i64,
        end: DayEnd,
    ) -> Result<DateTime<Utc>, CalendarError> {
        micros(from)?;
        let zone = self.zone();
        let start = zone.local(from);
        let date = self.business_day(start.date(), days)?;
        let due = match end {
            DayEnd::SameTime => zone.instant_of(date.and_time(start.time())),
            DayEnd::LastClose => self.last_close_of(date)?,
        };
        micros(due)
            .map(|_| due)
            .map_err(|_| CalendarError::BeyondRange)
    }

    /// `days` business days from `from` as open time: what lies between `from` and
    /// [that instant](Self::add_business_days). When nothing does, the business day after it is taken, and so on: the
    /// answer is never zero for positive `days`.
    ///
    /// # Errors
    /// As [`business_day`](Self::business_day).
    pub fn business_days_as_time(
        &self,
        from: DateTime<Utc>,
        days: i64,
        end: DayEnd,
    ) -> Result<TimeDelta, CalendarError> {
        let mut count = days;
        loop {
            let time = self.elapsed(from, self.add_business_days(from, count, end)?)?;
            if days <= 0 || time > TimeDelta::zero() {
                return Ok(time);
            }
            count = count.checked_add(1).ok_or(CalendarError::BeyondRange)?;
        }
    }

    /// The end of the last window that starts on a date; for calendars without windows of their own the end of the
    /// last open time of the date. Where there is none, the last open moment before the date.
    fn last_close_of(&self, date: NaiveDate) -> Result<DateTime<Utc>, CalendarError> {
        let zone = self.zone();
        match &self.0.source {
            Source::Hours(hours) if self.has_hours(day_number(date)) => {
                let windows = hours.plan.on(day_number(date));
                let shown = windows
                    .iter()
                    .flat_map(|window| zone.showing(date, *window));
                let opens = windows.first().map_or(0, |window| window.0);
                let midnight = date.and_time(chrono::NaiveTime::MIN);
                let after_the_gap =
                    || zone.instant_of(midnight + TimeDelta::seconds(i64::from(opens)));
                Ok(shown.map(|(_, to)| to).max().unwrap_or_else(after_the_gap))
            }
            Source::Succession(_) => self.edition_at(zone.start_of(date)).last_close_of(date),
            Source::Hours(_) => self.previous_open(zone.start_of(date)),
            Source::Always | Source::Combined { .. } => {
                let shown = zone.showing(date, ALL_DAY);
                let open = shown.filter(|stretch| self.is_open_in(*stretch));
                let end = open.map(|(_, to)| to).last();
                let end = end.unwrap_or_else(|| zone.start_of(date));
                micros(end).map_err(|_| CalendarError::BeyondRange)?;
                self.previous_open(end)
            }
        }
    }

    /// How many business days lie before a day, counted from one before all that calendars answer for.
    fn days_before(&self, day: i32) -> i64 {
        match &self.0.source {
            Source::Always => i64::from(day),
            Source::Hours(hours) => hours.plan.days_before(day),
            Source::Combined { .. } | Source::Succession(_) => {
                let days = || DaySet::new(|day| self.has_hours(day));
                self.0.days.get_or_init(days).before(day)
            }
        }
    }

    fn has_hours(&self, day: i32) -> bool {
        match &self.0.source {
            Source::Always => true,
            Source::Hours(hours) => hours.plan.has_hours(day),
            Source::Combined { .. } => {
                let zone = self.zone();
                let mut shown = zone.showing(date_of(day), ALL_DAY);
                shown.any(|stretch| self.is_open_in(stretch))
            }
            Source::Succession(_) => {
                let begin = self.zone().start_of(date_of(day));
                self.edition_at(begin).has_hours(day)
            }
        }
    }

    /// Whether any open time lies in a stretch of time.
    fn is_open_in(&self, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> bool {
        self.elapsed_us(from.timestamp_micros(), to.timestamp_micros()) > 0
    }

    fn no_more_days(&self, forward: bool) -> CalendarError {
        let goes_on = (LAST_DATE - 400..=LAST_DATE).any(|day| self.has_hours(day));
        if forward && !goes_on {
            CalendarError::Never
        } else {
            CalendarError::BeyondRange
        }
    }
}

fn in_range(date: NaiveDate) -> Result<i32, CalendarError> {
    let day = day_number(date);
    if (0..=LAST_DATE).contains(&day) {
        Ok(day)
    } else {
        Err(CalendarError::DateOutOfRange { date })
    }
}
