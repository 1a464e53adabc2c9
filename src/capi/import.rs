//! Histories that another system recorded, taken over as tickets.

use std::ffi::c_char;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::id::{TenantId, TicketId};
use crate::replay::{Anomalies, History, Imported, import};
use crate::rulebook::Rulebooks;
use crate::store::Commit;
use crate::ticket::Recorded;

use super::barrier::{barrier, out};
use super::buffer::helpdesk_buffer;
use super::call::{helpdesk_uuid, tenant};
use super::desk::helpdesk_desk;
use super::error::{Fault, helpdesk_error};
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status;
use super::{handle, json};

/// What became of a history that a desk stored.
#[derive(Serialize)]
struct Stored<'a> {
    ticket: TicketId,
    anomalies: &'a Anomalies,
    wake_at: Option<DateTime<Utc>>,
}

/// What becomes of a history that the host stores.
#[derive(Serialize)]
struct Made<'a> {
    ticket: TicketId,
    anomalies: &'a Anomalies,
    events: &'a [Recorded],
    commit: Commit,
}

/// Makes a ticket of a history (JSON, schema: `history`), pinned to the rulebook in force for the tenant, and stores it.
///
/// `*out` is JSON: the ticket's id, what surprised by kind, and `wake_at`. A ticket that is stored already is refused, so
/// importing twice is harmless. `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_import(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    history: *const c_char,
    history_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let tenant = self::tenant(tenant)?;
        let made = imported(desk.rulebooks(), tenant, history, history_len)?;
        let wake_at = desk.tenant(tenant).import(&made)?;
        to.set(json::write(&Stored {
            ticket: made.ticket().id(),
            anomalies: made.anomalies(),
            wake_at,
        })?);
        Ok(())
    })
}

/// The same without a desk, for hosts with storage of their own: `*out` is JSON with the ticket's id, what surprised, all its
/// events, and a commit with everything to store.
///
/// `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_import(
    rulebooks: *const helpdesk_rulebooks,
    tenant: *const helpdesk_uuid,
    history: *const c_char,
    history_len: usize,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books: Arc<Rulebooks> = handle::get(rulebooks, "rulebooks")?.now();
        let made = imported(&books, self::tenant(tenant)?, history, history_len)?;
        to.set(json::write(&Made {
            ticket: made.ticket().id(),
            anomalies: made.anomalies(),
            events: made.events(),
            commit: made.commit(&books).map_err(crate::Error::from)?,
        })?);
        Ok(())
    })
}

/// # Safety
/// `history` is NULL or points to `len` bytes.
unsafe fn imported(
    books: &Rulebooks,
    tenant: TenantId,
    history: *const c_char,
    len: usize,
) -> Result<Imported, Fault> {
    // SAFETY: the same promise.
    let history: History = unsafe { json::read(history, len, "history") }?;
    Ok(import(&history, books.current(tenant), tenant))
}
