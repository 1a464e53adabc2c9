//! The desk: on memory or on a file, with its two doors, its sweeps and its outbox.

use std::ffi::c_char;
use std::mem::offset_of;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::desk::Desk;
use crate::id::CustomerId;
use crate::store::{MemoryStore, Store};

use super::barrier::{Plain, Versioned, array, barrier, out, out_struct, text, value};
use super::buffer::helpdesk_buffer;
use super::call::{helpdesk_call, helpdesk_uuid, tenant};
use super::door::{Query, Request};
use super::error::{Fault, helpdesk_error};
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status;
#[cfg(not(feature = "sqlite"))]
use super::status::helpdesk_status::HELPDESK_INVALID;
use super::time::{instant, instant_or_none};
use super::{call, handle, json};

/// A desk: its store and its rules. Shared by any number of threads. Freed with `helpdesk_desk_free`.
pub struct helpdesk_desk {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_desk, Desk<Box<dyn Store>>, b"hd:desks", "a desk");

/// How a desk's file is kept.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_durability {
    /// What is committed survives a killed process and a power cut: the disk is waited for in each commit.
    HELPDESK_DURABLE = 0,
    /// What is committed survives a killed process, but not a power cut: the last commits may be lost then. Several times as fast.
    HELPDESK_FASTER_NOT_DURABLE = 1,
}

/// What a sweep did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct helpdesk_swept {
    /// `sizeof(helpdesk_swept)`, set by the caller.
    pub size: usize,
    /// How many tickets were looked at.
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
        to.set(handle::new(Desk::new(store, (*books).clone())));
        Ok(())
    })
}

/// A desk that keeps its tickets in a SQLite file, made where there is none. Any number of processes may use the file.
///
/// The rules it does not keep: `helpdesk_desk_open_sqlite_keeping` does. A host that starts anew gives every version that tickets began
/// under (`helpdesk_rulebooks_with_earlier`); the query `"missing_rulebooks"` tells which it lacks.
///
/// `durability` is a `helpdesk_durability`. `HELPDESK_INVALID` with the code `not_built` in a library without the feature
/// `sqlite`. The caller owns `*out`. Borrows `rulebooks`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_open_sqlite(
    path: *const c_char,
    path_len: usize,
    durability: i32,
    rulebooks: *const helpdesk_rulebooks,
    out: *mut *mut helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let path = text(path, path_len, "path")?;
        let store = sqlite(path, durability)?;
        to.set(handle::new(Desk::new(store, (*books).clone())));
        Ok(())
    })
}

/// The same, keeping every version of the rulebook in the file too: one that is kept there and not in `rulebooks` is there for the
/// tickets that began under it. So a host that starts anew with other rules strands no ticket, and keeps no old version itself.
///
/// `now` is when what is new is kept, in microseconds since 1970. What is in force `rulebooks` alone say. A version that the file has
/// from another release, and that this one cannot read, is `HELPDESK_FAILED` with the code `newer`.
/// The caller owns `*out`. Borrows `rulebooks`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_open_sqlite_keeping(
    path: *const c_char,
    path_len: usize,
    durability: i32,
    rulebooks: *const helpdesk_rulebooks,
    now: i64,
    out: *mut *mut helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let now = instant(now, "now")?;
        let path = text(path, path_len, "path")?;
        let store = sqlite(path, durability)?;
        to.set(handle::new(Desk::keeping(store, (*books).clone(), now)?));
        Ok(())
    })
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &str, durability: i32) -> Result<Box<dyn Store>, Fault> {
    use crate::store::sqlite::{Durability, SqliteStore};
    let durability = match durability {
        0 => Durability::Full,
        1 => Durability::FasterNotDurable,
        other => {
            return Err(Fault::choice(
                "durability",
                other,
                "a `helpdesk_durability`, 0 or 1,",
            ));
        }
    };
    if path.contains('\0') {
        let why = "the path has a NUL in it; a plain path is expected";
        return Err(Fault::bad_text("path", why));
    }
    let options = SqliteStore::options().durability(durability);
    Ok(Box::new(options.open(path)?))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: i32) -> Result<Box<dyn Store>, Fault> {
    let message = "this library was built without the feature `sqlite`; a desk in memory is possible, or storage of your own";
    Err(Fault::new(
        HELPDESK_INVALID,
        "argument",
        "not_built",
        message,
    ))
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
