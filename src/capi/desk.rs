//! The desk: its two doors, its sweeps and its outbox. One in memory is made here, one on a file in `file.rs`.

use std::ffi::c_char;
use std::mem::offset_of;
use std::ops::Deref;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::desk::Desk;
use crate::id::CustomerId;
use crate::store::{MemoryStore, Store};

use super::barrier::{Plain, Versioned, array, barrier, out, out_struct, value};
use super::buffer::helpdesk_buffer;
use super::call::{helpdesk_call, helpdesk_uuid, tenant};
use super::door::{Query, Request};
use super::error::{Fault, helpdesk_error};
use super::file::File;
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status;
use super::time::{instant, instant_or_none, micros_or_none};
use super::{call, handle, json};

/// A desk: its store and its rules. Shared by any number of threads. Freed with `helpdesk_desk_free`.
pub struct helpdesk_desk {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_desk, Kept, b"hd:desks", "a desk");

/// What is behind a [`helpdesk_desk`].
pub(super) struct Kept {
    desk: Desk<Box<dyn Store>>,
    /// Where it is kept, of a desk on a file.
    pub(super) file: Option<File>,
}

impl Kept {
    pub(super) fn new(desk: Desk<Box<dyn Store>>, file: Option<File>) -> Kept {
        Kept { desk, file }
    }
}

impl Deref for Kept {
    type Target = Desk<Box<dyn Store>>;

    fn deref(&self) -> &Desk<Box<dyn Store>> {
        &self.desk
    }
}

/// What a sweep did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct helpdesk_swept {
    /// `sizeof(helpdesk_swept)`, set by the caller.
    pub size: usize,
    /// How many tickets were swept to the end; those that failed are not among them.
    pub tickets: u64,
    /// How many events were recorded.
    pub events: u64,
    /// On how many tickets rules went round and were stopped.
    pub chains_ended: u64,
    /// How many tickets could not be swept; the query `"ailing"` tells why.
    pub failed: u64,
    /// 1 where the limit was reached: more may be due. Else 0.
    pub more: u64,
}
// SAFETY: numbers.
unsafe impl Plain for helpdesk_swept {}
// SAFETY: `repr(C)`, size first.
unsafe impl Versioned for helpdesk_swept {
    const LEAST: usize = offset_of!(helpdesk_swept, more) + size_of::<u64>();
}

/// A desk that keeps its tickets in memory and forgets them when freed.
///
/// The caller owns `*out`. Borrows `rulebooks`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_in_memory(
    rulebooks: *const helpdesk_rulebooks,
    out: *mut *mut helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let store: Box<dyn Store> = Box::new(MemoryStore::new());
        let desk = Desk::new(store, (*books).clone());
        to.set(handle::new(Kept::new(desk, None)));
        Ok(())
    })
}

/// Frees a desk. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `desk`, which no thread may be using.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_free(desk: *mut helpdesk_desk) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(desk) })
}

/// Does what a request says: `{"open": ..}`, `{"submit": {"ticket": .., "command": ..}}`, ... (schema: `request`).
///
/// `*out` is what came of it as JSON: the ticket's id, number and version, events, readings, outbox messages, `wake_at`. The
/// caller owns it. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_do(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    request: *const c_char,
    request_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let call = call::call(call)?;
        let request: Request = json::read(request, request_len, "request")?;
        to.set(request.run(desk, call)?);
        Ok(())
    })
}

/// Answers a query: `{"ticket": {"ticket": ..}}`, `{"list": ..}`, `{"report": ..}`, `"facts"`, ... (schema: `query`).
///
/// `tenant` may be NULL for hosts that have one. `now` is the instant that readings and reports are of. The caller owns `*out`.
/// Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_ask(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    now: i64,
    query: *const c_char,
    query_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let tenant = self::tenant(tenant)?;
        let now = instant(now, "now")?;
        let query: Query = json::read(query, query_len, "query")?;
        to.set(query.answer(&desk.tenant(tenant), now)?);
        Ok(())
    })
}

/// Records what fell due before `now` on at most `limit` tickets, earliest first, of all tenants.
///
/// Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_sweep(
    desk: *const helpdesk_desk,
    now: i64,
    limit: usize,
    out: *mut helpdesk_swept,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = out_struct(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let swept = desk.sweep(instant(now, "now")?, limit)?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        to.set(helpdesk_swept {
            size: size_of::<helpdesk_swept>(),
            tickets: count(swept.tickets),
            events: count(swept.events),
            chains_ended: count(swept.chains_ended.len()),
            failed: count(swept.failed.len()),
            more: u64::from(swept.more),
        });
        Ok(())
    })
}

/// The instant until which the host may sleep before it sweeps and delivers again; never before `now`.
///
/// Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_nap(
    desk: *const helpdesk_desk,
    now: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let until = desk.nap(instant(now, "now")?)?;
        to.set(crate::time::micros(until));
        Ok(())
    })
}

/// When something next falls due on any ticket of any tenant; `now` where something is due already, `HELPDESK_NONE` where nothing ever
/// will be. Unlike a nap it has no longest, and does not look at the outbox.
///
/// Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_next_wake(
    desk: *const helpdesk_desk,
    now: i64,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        to.set(micros_or_none(desk.next_wake(instant(now, "now")?)?));
        Ok(())
    })
}

/// From now on refuses commands stamped after `latest`; `HELPDESK_NONE` ends that.
///
/// Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_accept_until(
    desk: *const helpdesk_desk,
    latest: i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let latest = instant_or_none(latest, "latest")?;
        handle::get(desk, "desk")?.accept_until(latest);
        Ok(())
    })
}

/// Takes at most `limit` outbox messages for delivery, as a JSON list. Who does not acknowledge one within `lease` microseconds
/// lets others take it.
///
/// The caller owns `*out`. Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_claim(
    desk: *const helpdesk_desk,
    now: i64,
    lease: i64,
    limit: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let messages = desk.claim(instant(now, "now")?, TimeDelta::microseconds(lease), limit)?;
        to.set(json::write(&messages)?);
        Ok(())
    })
}

/// Ends the delivery of these messages. Unknown ids are no error.
///
/// Borrows `ids`, an array of `n`, and `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_acknowledge(
    desk: *const helpdesk_desk,
    ids: *const helpdesk_uuid,
    n: usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let ids = messages(ids, n)?;
        handle::get(desk, "desk")?.acknowledge(&ids)?;
        Ok(())
    })
}

/// Gives back messages that could not be delivered: they can be claimed again from `until` on.
///
/// Borrows `ids`, an array of `n`, and `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_postpone(
    desk: *const helpdesk_desk,
    ids: *const helpdesk_uuid,
    n: usize,
    until: i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let ids = messages(ids, n)?;
        let until = instant(until, "until")?;
        handle::get(desk, "desk")?.postpone(&ids, until)?;
        Ok(())
    })
}

/// # Safety
/// `ids` is NULL or points to `n` ids.
unsafe fn messages(ids: *const helpdesk_uuid, n: usize) -> Result<Vec<Uuid>, Fault> {
    // SAFETY: the same promise.
    let ids = unsafe { array(ids, n, "ids") }?;
    Ok(ids.iter().map(|id| Uuid::from(*id)).collect())
}

/// Forgets idempotency keys used before `before`, and tells how many. Hosts call this daily with 30 days ago.
///
/// `tenant` may be NULL for hosts that have one. Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_prune_keys(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    before: i64,
    out: *mut usize,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let tenant = self::tenant(tenant)?;
        to.set(desk.tenant(tenant).prune_keys(instant(before, "before")?)?);
        Ok(())
    })
}

/// Erases a person: every text about the customer that is stored by now is deleted for ever. Who may ask for this is the host's
/// to decide.
///
/// `tenant` may be NULL for hosts that have one. Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_erase_person(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    customer: *const helpdesk_uuid,
    at: i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let desk = handle::get(desk, "desk")?;
        let tenant = self::tenant(tenant)?;
        let customer = CustomerId::from_uuid(value(customer, "customer")?.into());
        desk.tenant(tenant)
            .erase_person(customer, instant(at, "at")?)?;
        Ok(())
    })
}
