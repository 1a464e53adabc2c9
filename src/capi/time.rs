//! Instants between numbers and text, for hosts without a library for it.

use std::ffi::c_char;

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};

use super::barrier::{barrier, out, text};
use super::buffer::{buffer, helpdesk_buffer};
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status;

/// Stands for an instant or a length that is not there.
pub const HELPDESK_NONE: i64 = i64::MIN;

/// The instant of an argument.
pub(super) fn instant(us: i64, name: &'static str) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_micros(us)
        .filter(|_| us != HELPDESK_NONE)
        .ok_or_else(|| Fault::no_instant(name, us))
}

/// The instant of an argument that may be [`HELPDESK_NONE`].
pub(super) fn instant_or_none(us: i64, name: &'static str) -> Result<Option<DateTime<Utc>>, Fault> {
    if us == HELPDESK_NONE {
        return Ok(None);
    }
    instant(us, name).map(Some)
}

/// An instant as the caller gets it.
pub(super) fn micros_or_none(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(HELPDESK_NONE, crate::time::micros)
}

/// The number of 1970-01-01 when 0001-01-01 is 1.
pub(super) const EPOCH_FROM_CE: i32 = 719_163;

/// The civil date of a count of days since 1970-01-01.
pub(super) fn date(days: i32, name: &'static str) -> Result<NaiveDate, Fault> {
    let from_ce = days.checked_add(EPOCH_FROM_CE);
    from_ce
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .ok_or_else(|| Fault::no_instant(name, i64::from(days)))
}

/// Reads an instant from RFC 3339 text, such as `2026-03-05T09:00:00+01:00`; finer parts than microseconds are cut off.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_instant_parse(
    text: *const c_char,
    text_len: usize,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let text = self::text(text, text_len, "text")?;
        let at = text.parse::<DateTime<FixedOffset>>().map_err(|_| {
            let shown = crate::id::shorten(text);
            let why = format!(
                "`{shown}` is no instant; RFC 3339 is expected, such as `2026-03-05T09:00:00Z`"
            );
            Fault::bad_text("text", why)
        })?;
        to.set(at.timestamp_micros());
        Ok(())
    })
}

/// An instant as RFC 3339 text in UTC, such as `2026-03-05T09:00:00Z`, with as many digits of the second as it needs.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_instant_format(
    at: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let text = instant(at, "at")?.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        to.set(buffer(text.into_bytes()));
        Ok(())
    })
}
