//! The questions of a calendar, on instants.

use chrono::{DateTime, TimeDelta, Utc};

use super::Calendar;
use super::error::CalendarError;
use super::range::{LATEST_US, instant, micros};
use super::timeline::Timeline;

impl Calendar {
    /// How much open time lies in `[from, to)`.
    ///
    /// Signed: with `to` before `from` it is the negative of the time between, so that times add up in any order.
    /// Instants count to the microsecond; finer parts are cut off.
    ///
    /// # Errors
    /// An instant outside the supported range.
    #[inline]
    pub fn elapsed(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<TimeDelta, CalendarError> {
        Ok(TimeDelta::microseconds(
            self.elapsed_us(micros(from)?, micros(to)?),
        ))
    }

    /// The earliest instant from `from` on at which `time` of open time has passed.
    ///
    /// So nothing added is `from` itself, and a time that is used up at a close ends at that close. A negative `time` is
    /// subtracted. Finer parts than microseconds are cut off.
    ///
    /// # Errors
    /// [`Never`](CalendarError::Never) when the calendar has no such open time left for ever,
    /// [`BeyondRange`](CalendarError::BeyondRange) when the answer lies behind the range, and an instant outside it.
    #[inline]
    pub fn add(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let time = whole_micros(time)?;
        self.answer(self.add_us(micros(from)?, time), time >= 0)
    }

    /// The latest instant with `time` of open time from `from` to it: as [`add`](Self::add), but a time that is used up
    /// at a close ends at the next opening.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    #[inline]
    pub fn add_latest(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let time = whole_micros(time)?;
        self.answer(self.latest_us(micros(from)?, time), time >= 0)
    }

    /// The latest instant up to `from` from which `time` of open time passes until `from`: the mirror of
    /// [`add`](Self::add). A time that begins at an opening begins at that opening, not at the close before.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    #[inline]
    pub fn subtract(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let time = whole_micros(time)?
            .checked_neg()
            .ok_or(CalendarError::BeyondRange)?;
        self.answer(self.add_us(micros(from)?, time), time > 0)
    }

    /// The earliest instant from which `time` of open time passes until `from`: as [`subtract`](Self::subtract), but a
    /// time that would begin at an opening begins at the close before.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    #[inline]
    pub fn subtract_earliest(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let time = whole_micros(time)?
            .checked_neg()
            .ok_or(CalendarError::BeyondRange)?;
        self.answer(self.earliest_us(micros(from)?, time), time > 0)
    }

    /// [`elapsed`](Self::elapsed) for hosts that keep instants as microseconds since the Unix epoch.
    ///
    /// # Errors
    /// An instant outside the supported range.
    #[inline(always)]
    pub fn elapsed_micros(&self, from: i64, to: i64) -> Result<i64, CalendarError> {
        if !(is_in_range(from) & is_in_range(to)) {
            return Err(out_of_range(if is_in_range(from) { to } else { from }));
        }
        Ok(self.timeline().elapsed(from as u64, to as u64))
    }

    /// [`add`](Self::add) for hosts that keep instants as microseconds since the Unix epoch.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    #[inline(always)]
    pub fn add_micros(&self, from: i64, time: i64) -> Result<i64, CalendarError> {
        if !is_in_range(from) {
            return Err(out_of_range(from));
        }
        match self.add_us(from, time) {
            Some(at) => Ok(at),
            None => Err(self.no_answer(time >= 0)),
        }
    }

    /// Whether it is open at `at`; at a close it is not.
    ///
    /// # Errors
    /// An instant outside the supported range.
    pub fn is_open(&self, at: DateTime<Utc>) -> Result<bool, CalendarError> {
        Ok(self.is_open_us(micros(at)?))
    }

    /// `at` itself when it is open then, else the next opening.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn next_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        self.answer(self.latest_us(micros(at)?, 0), true)
    }

    /// The first opening strictly after `at`.
    ///
    /// # Errors
    /// As [`add`](Self::add); [`Never`](CalendarError::Never) also when it does not close any more.
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let at = micros(at)?;
        if !self.is_open_us(at) {
            return self.answer(self.latest_us(at, 0), true);
        }
        let close = self.close_after(at)?;
        self.answer(self.latest_us(close, 0), true)
    }

    /// The end of the open stretch that `at` lies in, or else of the next one; always after `at`.
    ///
    /// # Errors
    /// As [`add`](Self::add); [`Never`](CalendarError::Never) also when it does not close any more.
    pub fn next_close(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let open = micros(self.next_open(at)?)?;
        Ok(instant(self.close_after(open)?))
    }

    /// `at` itself when it is open just before, else the last close before `at`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn previous_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        self.answer(self.earliest_us(micros(at)?, 0), false)
    }

    /// The last opening strictly before `at`.
    ///
    /// # Errors
    /// As [`add`](Self::add); always open before `at` is [`BeyondRange`](CalendarError::BeyondRange), since nothing is
    /// known of the time before the range.
    pub fn previous_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let end = micros(self.previous_open(at)?)?;
        self.answer(self.start_of_open_us(end), false)
    }

    /// The last close at or before `at`.
    ///
    /// # Errors
    /// As [`previous_opening`](Self::previous_opening).
    pub fn previous_close(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let us = micros(at)?;
        if !self.is_open_us(us) {
            return self.previous_open(at);
        }
        let start = self.start_of_open_us(us);
        self.answer(start.and_then(|start| self.earliest_us(start, 0)), false)
    }

    /// The close after an instant that is open.
    fn close_after(&self, open: i64) -> Result<i64, CalendarError> {
        self.end_of_open_us(open).ok_or(match self.timeline() {
            Timeline::Table(table) if table.still_closes() => CalendarError::BeyondRange,
            _ => CalendarError::Never,
        })
    }

    #[inline]
    fn answer(&self, us: Option<i64>, forward: bool) -> Result<DateTime<Utc>, CalendarError> {
        match us {
            Some(us) => Ok(instant(us)),
            None => Err(self.no_answer(forward)),
        }
    }

    /// Why there is no answer in that direction.
    #[cold]
    fn no_answer(&self, forward: bool) -> CalendarError {
        match self.timeline() {
            Timeline::Table(table) if table.never_opens() => CalendarError::Never,
            Timeline::Table(table) if forward && !table.still_opens() => CalendarError::Never,
            _ => CalendarError::BeyondRange,
        }
    }
}

#[inline]
fn is_in_range(us: i64) -> bool {
    us as u64 <= LATEST_US as u64
}

#[cold]
fn out_of_range(us: i64) -> CalendarError {
    let beyond = if us < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    CalendarError::OutOfRange {
        at: DateTime::from_timestamp_micros(us).unwrap_or(beyond),
    }
}

#[inline]
fn whole_micros(time: TimeDelta) -> Result<i64, CalendarError> {
    time.num_microseconds().ok_or(CalendarError::BeyondRange)
}
