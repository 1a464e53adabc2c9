//! Calendars: made of text or JSON, asked with numbers.

use std::ffi::c_char;

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{Builder, Calendar, CalendarError, Combination};
use crate::time::micros;

use super::barrier::{barrier, out, text};
use super::buffer::helpdesk_buffer;
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status;
use super::time::instant;
use super::{handle, json};

/// When a desk is open: compiled, immutable, shared by any number of threads. Freed with `helpdesk_calendar_free`.
pub struct helpdesk_calendar {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_calendar, Calendar, b"hd:calen", "a calendar");

/// The ways in which calendars are combined.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_combination {
    /// Open when at least one of the two is.
    HELPDESK_UNION = 0,
    /// Open when both are.
    HELPDESK_INTERSECTION = 1,
    /// Open when the first is and the second is not.
    HELPDESK_DIFFERENCE = 2,
}

/// A week of hours in a zone: `Mon-Fri 09:00-17:00; Sat 10:00-14:00` in `America/New_York`. Of a zone that is not known the error's
/// detail lists some that are near, under `near_zones`.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_parse(
    hours: *const c_char,
    hours_len: usize,
    zone: *const c_char,
    zone_len: usize,
    out: *mut *mut helpdesk_calendar,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let hours = text(hours, hours_len, "hours")?;
        let zone = text(zone, zone_len, "zone")?;
        let builder = Calendar::builder(zone).map_err(|why| Fault::bad_zone("zone", &why))?;
        let calendar = builder.hours(hours).and_then(Builder::build);
        to.set(handle::new(
            calendar.map_err(|why| Fault::bad_text("hours", why))?,
        ));
        Ok(())
    })
}

/// A calendar from its JSON form: `"always"`, `{"hours": {"zone": .., "hours": .., "layers": [..]}}`, `{"union": [.., ..]}`, ...
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_from_json(
    json: *const c_char,
    json_len: usize,
    out: *mut *mut helpdesk_calendar,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let calendar: Calendar = json::read(json, json_len, "json")?;
        to.set(handle::new(calendar));
        Ok(())
    })
}

/// The calendar as it was written, as JSON.
///
/// The caller owns `*out`. Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_to_json(
    calendar: *const helpdesk_calendar,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(json::write(handle::get(calendar, "calendar")?)?);
        Ok(())
    })
}

/// Combines two calendars, which may be in different zones. `how` is a `helpdesk_combination`.
///
/// The caller owns `*out`. Borrows both calendars; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_combine(
    first: *const helpdesk_calendar,
    how: i32,
    second: *const helpdesk_calendar,
    out: *mut *mut helpdesk_calendar,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let first = handle::get(first, "first")?;
        let second = handle::get(second, "second")?;
        let how = match how {
            0 => Combination::Union,
            1 => Combination::Intersection,
            2 => Combination::Difference,
            other => {
                return Err(Fault::choice(
                    "how",
                    other,
                    "a `helpdesk_combination`, 0 to 2,",
                ));
            }
        };
        let combined = first.combine(how, second);
        to.set(handle::new(
            combined.map_err(|why| Fault::bad_text("how", why))?,
        ));
        Ok(())
    })
}

/// Frees a calendar. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `calendar`; rulebooks made with it keep what they need.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_free(
    calendar: *mut helpdesk_calendar,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(calendar) })
}

/// How much open time lies in `[from, to)`, in microseconds; the negative of it where `to` is before `from`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_elapsed(
    calendar: *const helpdesk_calendar,
    from: i64,
    to: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(calendar.elapsed_micros(from, to)?);
        Ok(())
    })
}

/// The earliest instant from `from` on at which `time` microseconds of open time have passed; a negative time is subtracted.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_add(
    calendar: *const helpdesk_calendar,
    from: i64,
    time: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(calendar.add_micros(from, time)?);
        Ok(())
    })
}

/// The latest instant with `time` microseconds of open time from `from` to it: a time used up at a close ends at the next opening.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_add_latest(
    calendar: *const helpdesk_calendar,
    from: i64,
    time: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { timed(calendar, from, time, out, error, Calendar::add_latest) }
}

/// The latest instant up to `from` from which `time` microseconds of open time pass until `from`: the mirror of `add`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_subtract(
    calendar: *const helpdesk_calendar,
    from: i64,
    time: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { timed(calendar, from, time, out, error, Calendar::subtract) }
}

/// The earliest instant from which `time` microseconds of open time pass until `from`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_subtract_earliest(
    calendar: *const helpdesk_calendar,
    from: i64,
    time: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        timed(
            calendar,
            from,
            time,
            out,
            error,
            Calendar::subtract_earliest,
        )
    }
}

/// Whether it is open at `at`; at a close it is not.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_is_open(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut bool,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(calendar.is_open(instant(at, "at")?)?);
        Ok(())
    })
}

/// `at` itself when it is open then, else the next opening.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_next_open(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::next_open) }
}

/// The first opening strictly after `at`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_next_opening(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::next_opening) }
}

/// The end of the open stretch that `at` lies in, or else of the next one.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_next_close(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::next_close) }
}

/// `at` itself when it is open just before, else the last close before `at`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_previous_open(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::previous_open) }
}

/// The last opening strictly before `at`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_previous_opening(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::previous_opening) }
}

/// The last close at or before `at`.
///
/// Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_previous_close(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe { asked(calendar, at, out, error, Calendar::previous_close) }
}

/// The open stretches in `[from, to)`, clipped to it: pairs of begin and end, oldest first, or newest first with `backward`.
///
/// At most `capacity` pairs are written to `pairs` (`2 * capacity` numbers), and how many, to `*count`. Borrows `calendar`; any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_windows(
    calendar: *const helpdesk_calendar,
    from: i64,
    to: i64,
    backward: bool,
    pairs: *mut i64,
    capacity: usize,
    count: *mut usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module; `pairs` has room for all that `take` lets through.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let written = self::out(count, "count")?;
        self::out(pairs, "pairs")?;
        let windows = calendar.windows(instant(from, "from")?..instant(to, "to")?)?;
        let mut n = 0;
        let mut put = |window: crate::calendar::OpenStretch| {
            pairs.add(2 * n).write(micros(window.from));
            pairs.add(2 * n + 1).write(micros(window.to));
            n += 1;
        };
        if backward {
            windows.rev().take(capacity).for_each(&mut put);
        } else {
            windows.take(capacity).for_each(&mut put);
        }
        written.set(n);
        Ok(())
    })
}

/// How many reasons an explanation has at most; a stretch of a combination has one of each of its calendars.
const MOST_REASONS: usize = 200_000;

/// Why it is open or closed, stretch by stretch, in `[from, to)`, as JSON.
///
/// `HELPDESK_INVALID` with the code `too_long` for more than 200,000 reasons: 50 years and more of a usual calendar.
///
/// The caller owns `*out`. Borrows `calendar`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_explain(
    calendar: *const helpdesk_calendar,
    from: i64,
    to: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        let explained = calendar.explain(instant(from, "from")?, instant(to, "to")?)?;
        let editions = calendar.editions().map(|(_, edition)| edition.count()); // a stretch has the reasons of one
        let most = MOST_REASONS / editions.max().unwrap_or(1).max(1);
        let stretches: Vec<_> = explained.stretches().take(most + 1).collect();
        if stretches.len() > most {
            let why = format!(
                "there are more than {most} stretches from `from` to `to`; ask for less time"
            );
            return Err(Fault::argument("to", "too_long", why));
        }
        answer.set(json::write(&stretches)?);
        Ok(())
    })
}

/// How Rust answers a question about an instant and a length.
type Timed = fn(&Calendar, DateTime<Utc>, TimeDelta) -> Result<DateTime<Utc>, CalendarError>;

/// A question about an instant and a length.
unsafe fn timed(
    calendar: *const helpdesk_calendar,
    from: i64,
    time: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
    ask: Timed,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        let time = TimeDelta::microseconds(time);
        answer.set(micros(ask(calendar, instant(from, "from")?, time)?));
        Ok(())
    })
}

/// A question about an instant.
unsafe fn asked(
    calendar: *const helpdesk_calendar,
    at: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
    ask: fn(&Calendar, DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError>,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let answer = self::out(out, "out")?;
        answer.set(micros(ask(calendar, instant(at, "at")?)?));
        Ok(())
    })
}
