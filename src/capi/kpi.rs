//! Figures: reports as JSON, and tallies that are counted in parts, travel as bytes and merge to the same bits.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::desk::Count;
use crate::kpi::{Fact, Report, Tally, by_ticket};

use super::barrier::{barrier, bytes, out};
use super::buffer::{buffer, helpdesk_buffer};
use super::call::{helpdesk_uuid, tenant};
use super::desk::helpdesk_desk;
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status::{self, HELPDESK_FAILED};
use super::time::instant;
use super::{handle, json};

/// A partial result of a report. Any thread, one after the other. Freed with `helpdesk_tally_free`.
pub struct helpdesk_tally {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_tally, Shared, b"hd:tally", "a tally");

/// What is behind a [`helpdesk_tally`].
pub(super) struct Shared(Mutex<Tally>);

impl Shared {
    fn new(tally: Tally) -> Shared {
        Shared(Mutex::new(tally))
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An empty tally of a report (JSON, schema: `report`; NULL for every figure over all tickets) as of an instant.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_new(
    report: *const c_char,
    report_len: usize,
    as_of: i64,
    out: *mut *mut helpdesk_tally,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let report = report_or_standard(report, report_len)?;
        let tally = report.tally(instant(as_of, "as_of")?);
        to.set(handle::new(Shared::new(tally)));
        Ok(())
    })
}

/// The report of an argument; NULL is the standard one.
///
/// # Safety
/// `from` is NULL or points to `len` bytes.
pub(super) unsafe fn report_or_standard(from: *const c_char, len: usize) -> Result<Report, Fault> {
    if from.is_null() {
        return Ok(Report::standard());
    }
    // SAFETY: the same promise.
    unsafe { json::read(from, len, "report") }
}

/// A tally from the bytes of another one, made by this or any other process with the same formulas.
///
/// The caller owns `*out`. Borrows `from`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_from_bytes(
    from: *const u8,
    from_len: usize,
    out: *mut *mut helpdesk_tally,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let from = bytes(from, from_len, "from")?;
        let tally = serde_json::from_slice(from).map_err(|why| Fault::bad_json("from", &why))?;
        to.set(handle::new(Shared::new(tally)));
        Ok(())
    })
}

/// The tally as bytes: equal tallies have equal bytes.
///
/// The caller owns `*out`. Borrows `tally`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_to_bytes(
    tally: *const helpdesk_tally,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let tally = handle::get(tally, "tally")?.lock();
        let written = serde_json::to_vec(&*tally)
            .map_err(|why| Fault::new(HELPDESK_FAILED, "other", "no_json", why.to_string()))?;
        to.set(buffer(written));
        Ok(())
    })
}

/// Counts tickets: their rows as a JSON list (schema: `fact`), all rows of each ticket one after another.
///
/// Nothing is counted on failure. Borrows `rows`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_add(
    tally: *const helpdesk_tally,
    rows: *const c_char,
    rows_len: usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        change(tally, rows, rows_len, Tally::add)
    })
}

/// Takes back tickets that were, or will be, added with just these rows.
///
/// As `helpdesk_tally_add`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_retract(
    tally: *const helpdesk_tally,
    rows: *const c_char,
    rows_len: usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        change(tally, rows, rows_len, Tally::retract)
    })
}

/// # Safety
/// The contract of the module.
unsafe fn change(
    tally: *const helpdesk_tally,
    rows: *const c_char,
    rows_len: usize,
    by: fn(&mut Tally, &[Fact]) -> Result<(), crate::kpi::KpiError>,
) -> Result<(), Fault> {
    // SAFETY: the same contract.
    let (tally, rows) = unsafe {
        let rows: Vec<Fact> = json::read(rows, rows_len, "rows")?;
        (handle::get(tally, "tally")?, rows)
    };
    let mut tally = tally.lock();
    let mut changed = tally.clone();
    for ticket in by_ticket(&rows) {
        by(&mut changed, ticket)?;
    }
    *tally = changed;
    Ok(())
}

/// Counts every ticket of a desk's tenant. Sweep first: figures rest on what is recorded.
///
/// `tenant` may be NULL for hosts that have one. Nothing is counted on failure. Borrows `desk`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_add_desk(
    tally: *const helpdesk_tally,
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let tally = handle::get(tally, "tally")?;
        let desk = handle::get(desk, "desk")?.tenant(self::tenant(tenant)?);
        let mut tally = tally.lock(); // held to the end: what others add meanwhile comes before or after
        let mut count = Count::of(tally.clone(), Tally::add);
        desk.facts(&mut |rows| count.add(rows))?;
        *tally = count.finish()?;
        Ok(())
    })
}

/// Adds what `other` counted. Both must be of one report and one instant.
///
/// Borrows `other`, which stays as it is; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_merge(
    tally: *const helpdesk_tally,
    other: *const helpdesk_tally,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let tally = handle::get(tally, "tally")?;
        let other = handle::get(other, "other")?.lock().clone(); // let go before the next lock: both may be the same
        tally.lock().merge(other)?;
        Ok(())
    })
}

/// The figures of what was counted, as JSON.
///
/// The caller owns `*out`. Borrows `tally`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_report(
    tally: *const helpdesk_tally,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let report = handle::get(tally, "tally")?.lock().report()?;
        to.set(json::write(&report)?);
        Ok(())
    })
}

/// The figures of what was counted, as plain text for people.
///
/// The caller owns `*out`. Borrows `tally`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_report_text(
    tally: *const helpdesk_tally,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let report = handle::get(tally, "tally")?.lock().report()?;
        to.set(buffer(report.to_string().into_bytes()));
        Ok(())
    })
}

/// Frees a tally. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `tally`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_tally_free(tally: *mut helpdesk_tally) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(tally) })
}
