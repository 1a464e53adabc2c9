//! What calendars are made of and others keep in files: zones and holidays.

use std::ffi::c_char;

use crate::calendar::Zone;
#[cfg(feature = "ical")]
use crate::calendar::{Calendar, ical::Feed};

use super::barrier::{barrier, bytes, out, text};
use super::buffer::helpdesk_buffer;
use super::calendar::helpdesk_calendar;
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status;
#[cfg(not(feature = "ical"))]
use super::status::helpdesk_status::HELPDESK_INVALID;
use super::{handle, json};

/// A zone of your own from the bytes of a TZif file (RFC 9636, versions 1 to 4), as JSON: what stands under `zone` in the JSON form of a
/// calendar, in place of a name. For zone data that is fresher than the library's.
///
/// The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_zone_from_tzif(
    name: *const c_char,
    name_len: usize,
    tzif: *const u8,
    tzif_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let name = text(name, name_len, "name")?;
        let tzif = bytes(tzif, tzif_len, "tzif")?;
        let zone = Zone::from_tzif(name, tzif).map_err(|why| Fault::bad_text("tzif", why))?;
        to.set(json::write(&zone)?);
        Ok(())
    })
}

/// The same calendar, closed on the days of a holiday feed too: the bytes of an iCalendar file (RFC 5545). Only its all-day events are
/// read.
///
/// `HELPDESK_INVALID` with the code `not_built` in a library without the feature `ical`. The caller owns `*out`. Borrows the rest;
/// any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_with_holidays(
    calendar: *const helpdesk_calendar,
    feed: *const u8,
    feed_len: usize,
    out: *mut *mut helpdesk_calendar,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let calendar = handle::get(calendar, "calendar")?;
        let feed = bytes(feed, feed_len, "feed")?;
        to.set(handle::new(with_holidays(calendar, feed)?));
        Ok(())
    })
}

#[cfg(feature = "ical")]
fn with_holidays(calendar: &Calendar, feed: &[u8]) -> Result<Calendar, Fault> {
    let feed = Feed::read(feed).map_err(|why| {
        let detail = serde_json::json!({"argument": "feed", "line": why.line()});
        Fault::bad_text("feed", why).with(detail)
    })?;
    let closed = calendar.with_holidays(&feed);
    closed.map_err(|why| Fault::bad_text("feed", why))
}

#[cfg(not(feature = "ical"))]
fn with_holidays(_: &crate::Calendar, _: &[u8]) -> Result<crate::Calendar, Fault> {
    let message = "this library was built without the feature `ical`; layers of closed days in the JSON form of a calendar are possible";
    Err(Fault::new(
        HELPDESK_INVALID,
        "argument",
        "not_built",
        message,
    ))
}
