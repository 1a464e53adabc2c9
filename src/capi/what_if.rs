//! The same histories under another rulebook.

use std::ffi::c_char;
use std::sync::{Mutex, PoisonError};

use crate::replay::WhatIf;
use crate::store::{Filter, Page};
use crate::ticket::Recorded;

use super::barrier::{barrier, out};
use super::buffer::helpdesk_buffer;
use super::call::{helpdesk_uuid, tenant};
use super::desk::helpdesk_desk;
use super::error::{Fault, helpdesk_error};
use super::kpi::report_or_standard;
use super::rulebook::{helpdesk_rulebook, helpdesk_rulebooks};
use super::status::helpdesk_status;
use super::time::instant;
use super::{handle, json};

/// Two rulebooks, tried on one history after the other. Any thread, one after the other. Freed with `helpdesk_what_if_free`.
pub struct helpdesk_what_if {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_what_if, Mutex<WhatIf>, b"hd:whatf", "a what-if");

/// How many tickets of a desk are listed at once.
const PAGE: usize = 500;

/// Nothing tried yet. Histories are followed up to `as_of`. `report` (JSON) may be NULL for the standard one.
///
/// The caller owns `*out`. Borrows both rulebooks; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_new(
    before: *const helpdesk_rulebook,
    after: *const helpdesk_rulebook,
    as_of: i64,
    report: *const c_char,
    report_len: usize,
    out: *mut *mut helpdesk_what_if,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let before = handle::get(before, "before")?;
        let after = handle::get(after, "after")?;
        let report = report_or_standard(report, report_len)?;
        let what_if = WhatIf::new(before, after, instant(as_of, "as_of")?).report(&report);
        to.set(handle::new(Mutex::new(what_if)));
        Ok(())
    })
}

/// The same with versions on either side: each ticket is tried under the version that it was opened under where that is among them, with
/// what was published, else under the one in force. So histories that lived under publications compare with what would have been.
///
/// What is put in force or published afterwards plays no part. The caller owns `*out`. Borrows both; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_new_versions(
    before: *const helpdesk_rulebooks,
    after: *const helpdesk_rulebooks,
    as_of: i64,
    report: *const c_char,
    report_len: usize,
    out: *mut *mut helpdesk_what_if,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = |of, name| {
            Ok::<_, Fault>((*handle::get::<helpdesk_rulebooks>(of, name)?.now()).clone())
        };
        let (before, after) = (books(before, "before")?, books(after, "after")?);
        let report = report_or_standard(report, report_len)?;
        let what_if = WhatIf::new(before, after, instant(as_of, "as_of")?).report(&report);
        to.set(handle::new(Mutex::new(what_if)));
        Ok(())
    })
}

/// Tries both rulebooks on the history of one ticket (a JSON list of all its events), and tells what differs on it, as JSON.
///
/// `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_add(
    what_if: *const helpdesk_what_if,
    tenant: *const helpdesk_uuid,
    events: *const c_char,
    events_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let what_if = handle::get(what_if, "what_if")?;
        let tenant = self::tenant(tenant)?;
        let events: Vec<Recorded> = json::read(events, events_len, "events")?;
        let mut what_if = what_if.lock().unwrap_or_else(PoisonError::into_inner);
        to.set(json::write(&what_if.add(tenant, &events)?)?);
        Ok(())
    })
}

/// Tries both rulebooks on every ticket of a desk's tenant, in the order of their numbers.
///
/// `tenant` may be NULL for hosts that have one. Nothing is counted on failure. Borrows `desk`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_add_desk(
    what_if: *const helpdesk_what_if,
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let what_if = handle::get(what_if, "what_if")?;
        let tenant = self::tenant(tenant)?;
        let desk = handle::get(desk, "desk")?.tenant(tenant);
        let mut what_if = what_if.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tried = what_if.clone();
        let mut next = Some(Page::oldest(PAGE));
        while let Some(page) = next {
            let rows = desk.list(&Filter::all(), &page)?;
            for row in &rows {
                tried.add(tenant, &desk.history(row.ticket)?)?;
            }
            next = page.next(&rows);
        }
        *what_if = tried;
        Ok(())
    })
}

/// What differs over all of them, as JSON: dues, breaches, firings, and the figures under both. More can be added afterwards.
///
/// The caller owns `*out`. Borrows `what_if`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_difference(
    what_if: *const helpdesk_what_if,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let what_if = handle::get(what_if, "what_if")?.lock();
        let what_if = what_if.unwrap_or_else(PoisonError::into_inner).clone();
        to.set(json::write(&what_if.finish()?)?);
        Ok(())
    })
}

/// Frees a what-if. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `what_if`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_what_if_free(what_if: *mut helpdesk_what_if) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(what_if) })
}
