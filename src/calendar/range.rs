//! The stretch of time that calendars answer for, and the units the compiled form counts in.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::CalendarError;

/// The first instant that calendars answer for: 1970-01-01T00:00:00Z.
pub const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// The last instant that calendars answer for: 2101-01-01T00:00:00Z, the end of the year 2100.
pub const LATEST: DateTime<Utc> = match DateTime::from_timestamp(LATEST_S, 0) {
    Some(at) => at,
    None => DateTime::UNIX_EPOCH,
};

pub(super) const LATEST_S: i64 = 4_133_980_800;
pub(super) const LATEST_US: i64 = LATEST_S * SECOND_US;
pub(super) const SECOND_US: i64 = 1_000_000;
pub(super) const DAY_S: i64 = 86_400;
pub(super) const WEEK_S: i64 = 7 * DAY_S;
pub(super) const WEEK_US: u64 = (WEEK_S * SECOND_US) as u64;

/// How many weeks, counted from [`EARLIEST`], it takes to cover the range. The last one runs a few days past
/// [`LATEST`], so that an answer behind the end can be told from none.
pub(super) const WEEKS: usize = 6_836;

/// The local days that can touch the range in any zone, as days since 1970-01-01.
pub(super) const FIRST_DAY: i32 = -4;
pub(super) const LAST_DAY: i32 = (WEEKS * 7) as i32 + 4;

/// The last date of the range, 2100-12-31, as days since 1970-01-01.
pub(super) const LAST_DATE: i32 = (LATEST_S / DAY_S) as i32 - 1;

/// The number of 1970-01-01 when 0001-01-01 is 1.
const EPOCH_FROM_CE: i32 = 719_163;

/// The day number of a civil date: 0 is 1970-01-01.
pub(super) fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_FROM_CE
}

/// The civil date of a day number.
pub(super) fn date_of(day: i32) -> NaiveDate {
    let from_ce = day.saturating_add(EPOCH_FROM_CE);
    NaiveDate::from_num_days_from_ce_opt(from_ce).unwrap_or(if day < 0 {
        NaiveDate::MIN
    } else {
        NaiveDate::MAX
    })
}

/// The weekday of a day number: 0 is Monday.
pub(super) fn weekday(day: i32) -> usize {
    (i64::from(day) + 3).rem_euclid(7) as usize
}

/// An instant as microseconds since the epoch, finer parts cut off; refused outside the supported range.
#[inline]
pub(super) fn micros(at: DateTime<Utc>) -> Result<i64, CalendarError> {
    let us = at.timestamp_micros();
    if us as u64 <= LATEST_US as u64 {
        Ok(us)
    } else {
        Err(CalendarError::OutOfRange { at })
    }
}

/// The instant of a count of microseconds that lies in the supported range.
#[inline]
pub(super) fn instant(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or(LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_beyond_all_dates_are_the_first_and_the_last() {
        let ends = (date_of(i32::MIN), date_of(i32::MAX));
        assert_eq!(ends, (NaiveDate::MIN, NaiveDate::MAX));
        assert_eq!(date_of(0), NaiveDate::from_ymd_opt(1970, 1, 1).unwrap());
        assert_eq!(day_number(date_of(LAST_DATE)), LAST_DATE);
    }
}
