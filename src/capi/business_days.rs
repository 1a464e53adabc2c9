//! Business days of a calendar: dates, and the instants that a number of them leads to.

use chrono::{DateTime, Datelike, Utc};

use crate::calendar::{Calendar, CalendarError, DayEnd};
use crate::time::micros;

use super::barrier::{barrier, out};
use super::calendar::helpdesk_calendar;
use super::error::{Fault, helpdesk_error};
use super::handle;
use super::status::helpdesk_status;
use super::time::{EPOCH_FROM_CE, date, instant};

/// Which instant of the last day a number of business days leads to.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_day_end {
    /// The local time of the start, on that day.
    HELPDESK_SAME_TIME = 0,
    /// The end of that day's last window.
    HELPDESK_LAST_CLOSE = 1,
}

/// Whether a window starts on a date, given as days since 1970-01-01.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_is_business_day(
    calendar: *const helpdesk_calendar,
    day: i32,
    out: *mut bool,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(calendar.is_business_day(date(day, "day")?)?);
        Ok(())
    })
}

/// The `n`-th business day after a date, or before it for a negative `n`; dates are days since 1970-01-01.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_business_day(
    calendar: *const helpdesk_calendar,
    day: i32,
    n: i64,
    out: *mut i32,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        let found = calendar.business_day(date(day, "day")?, n)?;
        answer.set(found.num_days_from_ce() - EPOCH_FROM_CE);
        Ok(())
    })
}

/// How many business days lie in `(from, to]`; dates are days since 1970-01-01.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_count_business_days(
    calendar: *const helpdesk_calendar,
    from: i32,
    to: i32,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(calendar.count_business_days(date(from, "from")?, date(to, "to")?)?);
        Ok(())
    })
}

/// The instant that is `days` business days after `from`, or before it for negative `days`; `end` is a `helpdesk_day_end`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_add_business_days(
    calendar: *const helpdesk_calendar,
    from: i64,
    days: i64,
    end: i32,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    let add = |calendar: &Calendar, from, days, end| {
        calendar.add_business_days(from, days, end).map(micros)
    };
    // SAFETY: the contract of the module.
    unsafe { led(calendar, from, days, end, out, error, add) }
}

/// How much open time lies between `from` and the instant that is `days` business days after it, in microseconds: what a target
/// in business days comes to. Never 0 for positive `days`: when nothing lies between, the business day after it is taken.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_business_days_as_time(
    calendar: *const helpdesk_calendar,
    from: i64,
    days: i64,
    end: i32,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    let time = |calendar: &Calendar, from, days, end| {
        let time = calendar.business_days_as_time(from, days, end)?;
        time.num_microseconds().ok_or(CalendarError::BeyondRange)
    };
    // SAFETY: the contract of the module.
    unsafe { led(calendar, from, days, end, out, error, time) }
}

/// How Rust answers where a number of business days leads.
type Led = fn(&Calendar, DateTime<Utc>, i64, DayEnd) -> Result<i64, CalendarError>;

/// A question about an instant and a number of business days.
unsafe fn led(
    calendar: *const helpdesk_calendar,
    from: i64,
    days: i64,
    end: i32,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
    ask: Led,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        let end = match end {
            0 => DayEnd::SameTime,
            1 => DayEnd::LastClose,
            other => {
                return Err(Fault::choice("end", other, "a `helpdesk_day_end`, 0 or 1,"));
            }
        };
        answer.set(ask(calendar, instant(from, "from")?, days, end)?);
        Ok(())
    })
}
