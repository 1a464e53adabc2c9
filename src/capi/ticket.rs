//! Tickets on their own: folded from events wherever the host keeps them, and asked without a store.

use std::ffi::c_char;
use std::sync::Arc;

use crate::desk::{self, ledgers, wake_at};
use crate::error::Error;
use crate::rulebook::{Rulebook, Rulebooks};
use crate::sla::periods;
use crate::store::{Store, is_gapless};
use crate::ticket::{Recorded, Ticket};

use super::barrier::{barrier, out, out_struct};
use super::buffer::helpdesk_buffer;
use super::call::{self, helpdesk_uuid, tenant};
use super::desk::helpdesk_desk;
use super::error::{Fault, helpdesk_error};
use super::reading::{clock, helpdesk_reading};
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status::{self, HELPDESK_INVALID};
use super::time::{instant, micros_or_none};
use super::{handle, json};

/// A ticket as its events left it, with the rulebook that it is pinned to: immutable, shared by any number of threads. Freed with
/// `helpdesk_ticket_free`.
pub struct helpdesk_ticket {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_ticket, Folded, b"hd:ticke", "a ticket");

/// What is behind a [`helpdesk_ticket`].
pub(super) struct Folded {
    ticket: Arc<Ticket>,
    book: Rulebook,
}

impl Folded {
    pub(super) fn of(ticket: Ticket, books: &Rulebooks) -> Result<Folded, Fault> {
        let book = books.of(&ticket).map_err(Error::from)?.clone();
        Ok(Folded {
            ticket: Arc::new(ticket),
            book,
        })
    }

    fn wake_at(&self) -> i64 {
        micros_or_none(wake_at(&self.ticket, &self.book))
    }
}

/// Folds a ticket from its events, a JSON list, all of them, oldest first.
///
/// `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_replay(
    rulebooks: *const helpdesk_rulebooks,
    tenant: *const helpdesk_uuid,
    events: *const c_char,
    events_len: usize,
    out: *mut *mut helpdesk_ticket,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let tenant = self::tenant(tenant)?;
        let events: Vec<Recorded> = json::read(events, events_len, "events")?;
        if !is_gapless(&events) {
            let message = "`events` do not follow each other from version 1 on, each once";
            return Err(Fault::new(
                HELPDESK_INVALID,
                "argument",
                "not_a_history",
                message,
            ));
        }
        let ticket = Ticket::replay(tenant, &events).ok_or_else(|| {
            let message = "`events` do not begin with the opening of a ticket";
            Fault::new(HELPDESK_INVALID, "argument", "not_a_history", message)
        })?;
        to.set(handle::new(Folded::of(ticket, &books)?));
        Ok(())
    })
}

/// The ticket of a desk, as its last event left it.
///
/// `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_ticket(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    ticket: *const helpdesk_uuid,
    out: *mut *mut helpdesk_ticket,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let folded = of_desk(handle::get(desk, "desk")?, tenant, ticket)?;
        to.set(handle::new(folded));
        Ok(())
    })
}

/// What a clock of a desk's ticket shows at `now`. `agreement` is a `helpdesk_agreement`, `metric` a `helpdesk_metric`.
///
/// `tenant` may be NULL for hosts that have one. Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_reading(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    ticket: *const helpdesk_uuid,
    agreement: i32,
    metric: i32,
    now: i64,
    out: *mut helpdesk_reading,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = out_struct(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let (clock, now) = (clock(agreement, metric)?, instant(now, "now")?);
        let desk = desk.tenant(self::tenant(tenant)?);
        to.set(desk.reading(call::ticket(ticket)?, clock, now)?.into());
        Ok(())
    })
}

/// When a sweep would first record something on a desk's ticket; `HELPDESK_NONE` for never.
///
/// `tenant` may be NULL for hosts that have one. Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_wake_at(
    desk: *const helpdesk_desk,
    tenant: *const helpdesk_uuid,
    ticket: *const helpdesk_uuid,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(of_desk(handle::get(desk, "desk")?, tenant, ticket)?.wake_at());
        Ok(())
    })
}

/// # Safety
/// Both ids are NULL or valid.
unsafe fn of_desk<S: Store>(
    desk: &desk::Desk<S>,
    tenant: *const helpdesk_uuid,
    ticket: *const helpdesk_uuid,
) -> Result<Folded, Fault> {
    // SAFETY: the same promise.
    let (tenant, ticket) = unsafe { (self::tenant(tenant)?, call::ticket(ticket)?) };
    let ticket = desk.tenant(tenant).ticket(ticket)?;
    Folded::of(ticket, desk.rulebooks())
}

/// What a clock of a ticket shows at `now`. `agreement` is a `helpdesk_agreement`, `metric` a `helpdesk_metric`.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_reading(
    ticket: *const helpdesk_ticket,
    agreement: i32,
    metric: i32,
    now: i64,
    out: *mut helpdesk_reading,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = out_struct(out, "out")?;
        let Folded { ticket, book } = handle::get(ticket, "ticket")?;
        let (clock, now) = (clock(agreement, metric)?, instant(now, "now")?);
        to.set(desk::read(ticket, book, clock, now).into());
        Ok(())
    })
}

/// What each clock of a ticket with a target shows at `now`, as a JSON list.
///
/// The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_readings(
    ticket: *const helpdesk_ticket,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let Folded { ticket, book } = handle::get(ticket, "ticket")?;
        let now = instant(now, "now")?;
        to.set(json::write(&desk::readings(ticket, book, now))?);
        Ok(())
    })
}

/// What a clock showed in each of its periods, oldest first, by the ticket's events alone, as a JSON list.
///
/// The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_periods(
    ticket: *const helpdesk_ticket,
    agreement: i32,
    metric: i32,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let Folded { ticket, book } = handle::get(ticket, "ticket")?;
        let (clock, now) = (clock(agreement, metric)?, instant(now, "now")?);
        to.set(json::write(&periods(ticket, book.policies(), clock, now))?);
        Ok(())
    })
}

/// The stretches of time behind what a clock shows at `now`, each with its reason, for each of its periods, oldest first, as a JSON
/// list. What falls due until `now` counts: the last of the list is the ledger behind the clock's reading.
///
/// The caller owns `*out`. Borrows the rest; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_ledgers(
    ticket: *const helpdesk_ticket,
    agreement: i32,
    metric: i32,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let Folded { ticket, book } = handle::get(ticket, "ticket")?;
        let (clock, now) = (clock(agreement, metric)?, instant(now, "now")?);
        to.set(json::write(&ledgers(ticket, book, clock, now))?);
        Ok(())
    })
}

/// When a sweep would first record something on a ticket; `HELPDESK_NONE` for never.
///
/// Borrows `ticket`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_wake_at(
    ticket: *const helpdesk_ticket,
    out: *mut i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(handle::get(ticket, "ticket")?.wake_at());
        Ok(())
    })
}

/// The ticket with everything, as JSON.
///
/// The caller owns `*out`. Borrows `ticket`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_to_json(
    ticket: *const helpdesk_ticket,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(json::write(&*handle::get(ticket, "ticket")?.ticket)?);
        Ok(())
    })
}

/// The rows that a ticket contributes to every figure, as a JSON list: what tallies are fed with.
///
/// The caller owns `*out`. Borrows `ticket`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_facts(
    ticket: *const helpdesk_ticket,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let Folded { ticket, book } = handle::get(ticket, "ticket")?;
        to.set(json::write(&book.facts(ticket))?);
        Ok(())
    })
}

/// Frees a ticket. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `ticket`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_ticket_free(ticket: *mut helpdesk_ticket) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(ticket) })
}
