//! The hot questions of a calendar over whole arrays: one call for a column of a table.
//!
//! A pair without an answer does not end the work: its place gets [`HELPDESK_NONE`](super::HELPDESK_NONE), which is also what
//! an absent instant is on the way in, and it is counted. Arrays may be the same: an output over an input is fine.

use super::barrier::{Out, barrier, out};
use super::calendar::helpdesk_calendar;
use super::error::{Fault, helpdesk_error};
use super::handle;
use super::status::helpdesk_status;
use super::time::{HELPDESK_NONE, instant};

/// `helpdesk_calendar_elapsed` of `n` pairs: `out[i]` is the open time in `[from[i], to[i])`, or `HELPDESK_NONE`.
///
/// How many are without an answer goes to `*unanswered`, which may be NULL. `out` may be the same array as `from` or `to`, and
/// must not overlap them otherwise. Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_elapsed_batch(
    calendar: *const helpdesk_calendar,
    from: *const i64,
    to: *const i64,
    out: *mut i64,
    n: usize,
    unanswered: *mut usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        pairs(from, to, out, n, unanswered, |from, to| {
            calendar.elapsed_micros(from, to).ok()
        })
    })
}

/// `helpdesk_calendar_add` of `n` pairs: `out[i]` is the earliest instant by which `time[i]` of open time has passed, or
/// `HELPDESK_NONE`.
///
/// As `helpdesk_calendar_elapsed_batch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_add_batch(
    calendar: *const helpdesk_calendar,
    from: *const i64,
    time: *const i64,
    out: *mut i64,
    n: usize,
    unanswered: *mut usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        pairs(from, time, out, n, unanswered, |from, time| {
            if time == HELPDESK_NONE {
                return None;
            }
            calendar.add_micros(from, time).ok()
        })
    })
}

/// `helpdesk_calendar_is_open` of `n` instants: `out[i]` is 1 where it is open at `at[i]`, 0 where it is not, 255 where there is
/// no answer.
///
/// How many are without an answer goes to `*unanswered`, which may be NULL. Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_calendar_is_open_batch(
    calendar: *const helpdesk_calendar,
    at: *const i64,
    out: *mut u8,
    n: usize,
    unanswered: *mut usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module: the arrays have `n` places.
    barrier(error, || unsafe {
        let calendar = handle::get(calendar, "calendar")?;
        let mut missing = 0;
        let n = length(&[at as usize, out as usize], n)?;
        if n > 0 && !at.is_aligned() {
            return Err(Fault::no_pointer("at", false));
        }
        let unanswered = counter(unanswered)?;
        for i in 0..n {
            let at = instant(*at.add(i), "at").ok();
            let open = at.and_then(|at| calendar.is_open(at).ok());
            missing += usize::from(open.is_none());
            out.add(i).write(open.map_or(u8::MAX, u8::from));
        }
        count(unanswered, missing)
    })
}

/// `n`, once it is known that the arrays can be that long.
fn length(arrays: &[usize], n: usize) -> Result<usize, Fault> {
    let most = isize::MAX as usize / size_of::<i64>();
    if n > most {
        return Err(Fault::too_long("n", n, most));
    }
    if n > 0 {
        for array in arrays {
            if *array == 0 {
                return Err(Fault::no_pointer("array", true));
            }
        }
    }
    Ok(n)
}

/// One answer for each pair.
///
/// # Safety
/// The arrays have `n` places.
#[inline(always)]
unsafe fn pairs(
    first: *const i64,
    second: *const i64,
    out: *mut i64,
    n: usize,
    unanswered: *mut usize,
    ask: impl Fn(i64, i64) -> Option<i64>,
) -> Result<(), Fault> {
    let n = length(&[first as usize, second as usize, out as usize], n)?;
    if n > 0 && !(first.is_aligned() && second.is_aligned() && out.is_aligned()) {
        return Err(Fault::no_pointer("array", false));
    }
    // SAFETY: NULL, or the caller's to write to.
    let unanswered = unsafe { counter(unanswered) }?;
    let mut missing = 0;
    for i in 0..n {
        // SAFETY: the same promise; read before written, so that the arrays may be the same.
        unsafe {
            let answer = ask(*first.add(i), *second.add(i));
            missing += usize::from(answer.is_none());
            out.add(i).write(answer.unwrap_or(HELPDESK_NONE));
        }
    }
    count(unanswered, missing)
}

/// Where the count goes, asked for before anything is written; none where nobody wants it.
///
/// # Safety
/// `to` is NULL or may be written to.
unsafe fn counter(to: *mut usize) -> Result<Option<Out<usize>>, Fault> {
    // SAFETY: the same promise.
    (!to.is_null())
        .then(|| unsafe { out(to, "unanswered") })
        .transpose()
}

fn count(to: Option<Out<usize>>, missing: usize) -> Result<(), Fault> {
    if let Some(to) = to {
        to.set(missing);
    }
    Ok(())
}
