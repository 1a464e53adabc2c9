//! The conversation, for hosts that keep tickets in a database of their own: no callback, no store.
//!
//! An operation says what it needs as JSON, the host does it in its own transaction and tells the answer as JSON:
//!
//! 1. `helpdesk_op_new` with the call and the request.
//! 2. `helpdesk_op_need` says `HELPDESK_NEED_LOAD` (load this, then `helpdesk_op_loaded`), `HELPDESK_NEED_COMMIT` (write this, then
//!    `helpdesk_op_committed`) or `HELPDESK_NEED_NOTHING`. Again, until it is the last.
//! 3. `helpdesk_op_finish` gives the outcome.
//!
//! What a store must keep to is said in [`store`](crate::store). The words of a load and a commit are those of [`Load`] and
//! [`Commit`](crate::store::Commit), field by field.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::desk::{Need, Operation};
use crate::store::{Loaded, StoreError, StoreErrorKind};

use super::barrier::{barrier, out};
use super::buffer::helpdesk_buffer;
use super::call::{self, helpdesk_call};
use super::door::{Done, Request};
use super::error::{Fault, helpdesk_error};
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status::{self, HELPDESK_INVALID};
use super::time::instant_or_none;
use super::{handle, json};

/// One request on its way. Any thread, one after the other. Freed with `helpdesk_op_free`, finished or not.
pub struct helpdesk_op {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_op, OnItsWay, b"hd:opera", "an operation");

/// What is behind a [`helpdesk_op`]; nothing any more once it is finished.
pub(super) struct OnItsWay(Mutex<Option<Operation>>);

impl OnItsWay {
    fn lock(&self) -> MutexGuard<'_, Option<Operation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an operation needs.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_need {
    /// Nothing any more: `helpdesk_op_finish`.
    HELPDESK_NEED_NOTHING = 0,
    /// Load this and tell `helpdesk_op_loaded`.
    HELPDESK_NEED_LOAD = 1,
    /// Write all of this or nothing, and tell `helpdesk_op_committed`.
    HELPDESK_NEED_COMMIT = 2,
}

/// How a commit went.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_written {
    /// All of it is written.
    HELPDESK_WRITTEN = 0,
    /// Nothing is written: a stream stands elsewhere, or a key is taken. The operation loads and decides again.
    HELPDESK_WRITE_CONFLICT = 1,
    /// It is not known whether it is written. The operation ends; ask again under the same idempotency key.
    HELPDESK_WRITE_UNKNOWN = 2,
}

/// Begins an operation: a request (JSON, schema: `request`), said by `call`. Stamps after `latest` are refused, where that is
/// not `HELPDESK_NONE`.
///
/// The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_new(
    rulebooks: *const helpdesk_rulebooks,
    call: *const helpdesk_call,
    request: *const c_char,
    request_len: usize,
    latest: i64,
    out: *mut *mut helpdesk_op,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let call = call::call(call)?;
        let request: Request = json::read(request, request_len, "request")?;
        let latest = instant_or_none(latest, "latest")?;
        let operation = Operation::new(books, call, request.into()).accepting_until(latest);
        to.set(handle::new(OnItsWay(Mutex::new(Some(operation)))));
        Ok(())
    })
}

/// What the operation needs next: `*need` is a `helpdesk_need`, `*out` says it as JSON (`null` for nothing).
///
/// The caller owns `*out`. Borrows `op`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_need(
    op: *const helpdesk_op,
    need: *mut i32,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let kind = self::out(need, "need")?;
        let operation = handle::get(op, "op")?.lock();
        let (needed, said) = match operation.as_ref().ok_or_else(over)?.need() {
            Need::Nothing => (0, json::write(&())?),
            Need::Load(load) => (1, json::write(load)?),
            Need::Commit(commit) => (2, json::write(commit)?),
        };
        kind.set(needed);
        to.set(said);
        Ok(())
    })
}

/// Tells what was loaded (JSON, schema: `loaded`). An error ends the operation; nothing was written.
///
/// Borrows all; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_loaded(
    op: *const helpdesk_op,
    loaded: *const c_char,
    loaded_len: usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let mut operation = handle::get(op, "op")?.lock();
        let loaded: Loaded = json::read(loaded, loaded_len, "loaded")?;
        operation.as_mut().ok_or_else(over)?.loaded(loaded)?;
        Ok(())
    })
}

/// Tells how the commit went: `written` is a `helpdesk_written`.
///
/// Borrows `op`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_committed(
    op: *const helpdesk_op,
    written: i32,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let mut operation = handle::get(op, "op")?.lock();
        let failed = |kind, what| Err(StoreError::new(kind, what));
        let result = match written {
            0 => Ok(()),
            1 => failed(
                StoreErrorKind::Conflict,
                "the host's storage tells of a conflict",
            ),
            2 => failed(
                StoreErrorKind::Unavailable,
                "the host's storage does not know whether the commit was written",
            ),
            other => {
                return Err(Fault::choice(
                    "written",
                    other,
                    "a `helpdesk_written`, 0 to 2,",
                ));
            }
        };
        operation.as_mut().ok_or_else(over)?.committed(result)?;
        Ok(())
    })
}

/// What came of the operation, as JSON as of `helpdesk_desk_do`. An operation that is not at its end is left as it was.
///
/// The caller owns `*out`. Borrows `op`, which is still to be freed; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_finish(
    op: *const helpdesk_op,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let mut operation = handle::get(op, "op")?.lock();
        if !matches!(operation.as_ref().ok_or_else(over)?.need(), Need::Nothing) {
            let message = "the operation is not at its end; ask it what it needs";
            return Err(Fault::argument("op", "not_finished", message));
        }
        let outcome = operation.take().ok_or_else(over)?.finish()?;
        to.set(json::write(&Done::of(&outcome))?);
        Ok(())
    })
}

fn over() -> Fault {
    let message = "the operation is finished already; a new one is needed";
    Fault::new(HELPDESK_INVALID, "argument", "finished", message)
}

/// Frees an operation. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `op`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_op_free(op: *mut helpdesk_op) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(op) })
}
