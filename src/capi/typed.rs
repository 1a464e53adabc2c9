//! The commands that are said most, and the answers that are wanted most, without JSON.

use std::ffi::c_char;
use std::mem::offset_of;

use crate::desk::{Outcome, Request};
use crate::id::{CustomerId, TicketId};
use crate::ticket::{Command, Open, Pending, Priority, Requester};

use super::barrier::{
    Plain, Versioned, barrier, out_struct, read, text, text_or_none, value_or_none,
};
use super::call::{self, helpdesk_call, helpdesk_uuid};
use super::desk::helpdesk_desk;
use super::error::{Fault, helpdesk_error};
use super::handle;
use super::status::helpdesk_status;
use super::time::{HELPDESK_NONE, instant, micros_or_none};

/// How urgent a ticket is. 0 is as usual, so that an empty struct means that.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_priority {
    /// As usual.
    HELPDESK_PRIORITY_NORMAL = 0,
    /// Can wait.
    HELPDESK_PRIORITY_LOW = 1,
    /// Before the usual.
    HELPDESK_PRIORITY_HIGH = 2,
    /// Before everything that is not critical.
    HELPDESK_PRIORITY_URGENT = 3,
    /// Many people cannot work.
    HELPDESK_PRIORITY_CRITICAL = 4,
}

/// What a ticket waits for.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_pending {
    /// An answer of the customer.
    HELPDESK_PENDING_CUSTOMER = 0,
    /// A supplier or another company.
    HELPDESK_PENDING_THIRD_PARTY = 1,
    /// Somebody else in the host's own company.
    HELPDESK_PENDING_INTERNAL = 2,
    /// An instant, which is to be given.
    HELPDESK_PENDING_SCHEDULED = 3,
}

/// A new ticket. Fields that are NULL or 0 are absent; a length beside a NULL text is refused.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct helpdesk_open {
    /// `sizeof(helpdesk_open)`.
    pub size: usize,
    /// The subject line. Required.
    pub subject: *const c_char,
    /// Its length in bytes.
    pub subject_len: usize,
    /// The address of who asks for help.
    pub address: *const c_char,
    /// Its length in bytes; 0 where there is none.
    pub address_len: usize,
    /// Who asks for help, by the host's id. Not beside an address; neither is needed where a customer calls.
    pub customer: *const helpdesk_uuid,
    /// The first message.
    pub body: *const c_char,
    /// Its length in bytes; 0 where there is none.
    pub body_len: usize,
    /// The ticket's id, where the host chooses it.
    pub id: *const helpdesk_uuid,
    /// A `helpdesk_priority`.
    pub priority: i32,
    /// 0.
    pub reserved: i32,
}
// SAFETY: numbers and pointers.
unsafe impl Plain for helpdesk_open {}
// SAFETY: `repr(C)`, size first.
unsafe impl Versioned for helpdesk_open {
    const LEAST: usize = offset_of!(helpdesk_open, reserved) + size_of::<i32>();
}

/// What came of a command.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct helpdesk_outcome {
    /// `sizeof(helpdesk_outcome)`, set by the caller.
    pub size: usize,
    /// The ticket.
    pub ticket: helpdesk_uuid,
    /// The message that was added; all zeros where none was.
    pub message: helpdesk_uuid,
    /// The ticket that a late message of a customer began; all zeros where it began none.
    pub follow_up: helpdesk_uuid,
    /// The ticket's number.
    pub number: u64,
    /// How many events it has.
    pub version: u64,
    /// How many of them this call recorded.
    pub events: u64,
    /// When a sweep would first record something; `HELPDESK_NONE` for never.
    pub wake_at: i64,
    /// 1 where nothing was written, because the same had been done before. Else 0.
    pub replayed: u64,
}
// SAFETY: numbers and bytes.
unsafe impl Plain for helpdesk_outcome {}
// SAFETY: `repr(C)`, size first.
unsafe impl Versioned for helpdesk_outcome {
    const LEAST: usize = offset_of!(helpdesk_outcome, replayed) + size_of::<u64>();
}

impl From<&Outcome> for helpdesk_outcome {
    fn from(outcome: &Outcome) -> helpdesk_outcome {
        let none = helpdesk_uuid::default();
        helpdesk_outcome {
            size: size_of::<helpdesk_outcome>(),
            ticket: outcome.id().uuid().into(),
            message: outcome.message().map_or(none, |id| id.uuid().into()),
            follow_up: outcome.follow_up().map_or(none, |id| id.uuid().into()),
            number: outcome.number().0,
            version: outcome.ticket().version().0,
            events: u64::try_from(outcome.events().len()).unwrap_or(u64::MAX),
            wake_at: micros_or_none(outcome.wake_at()),
            replayed: u64::from(outcome.is_replayed()),
        }
    }
}

/// Opens a ticket.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_open(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    open: *const helpdesk_open,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        said(desk, call, out, error, || {
            Ok(Request::Open(new_ticket(open)?))
        })
    }
}

/// Says something that the customer sees: an answer where an agent calls, a message where a customer does.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_reply(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    ticket: *const helpdesk_uuid,
    body: *const c_char,
    body_len: usize,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        said(desk, call, out, error, || {
            Ok(submit(
                call::ticket(ticket)?,
                Command::reply(text(body, body_len, "body")?),
            ))
        })
    }
}

/// Writes a note that only the desk sees.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_note(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    ticket: *const helpdesk_uuid,
    body: *const c_char,
    body_len: usize,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        said(desk, call, out, error, || {
            Ok(submit(
                call::ticket(ticket)?,
                Command::note(text(body, body_len, "body")?),
            ))
        })
    }
}

/// Lets a ticket wait. `reason` is a `helpdesk_pending`; `until` is for `HELPDESK_PENDING_SCHEDULED` and else `HELPDESK_NONE`.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_pend(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    ticket: *const helpdesk_uuid,
    reason: i32,
    until: i64,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        said(desk, call, out, error, || {
            Ok(submit(
                call::ticket(ticket)?,
                Command::pend(pending(reason, until)?),
            ))
        })
    }
}

/// Resolves a ticket.
///
/// Borrows all; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_resolve(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    ticket: *const helpdesk_uuid,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    unsafe {
        said(desk, call, out, error, || {
            Ok(submit(call::ticket(ticket)?, Command::resolve()))
        })
    }
}

/// # Safety
/// The contract of the module.
unsafe fn said(
    desk: *const helpdesk_desk,
    call: *const helpdesk_call,
    out: *mut helpdesk_outcome,
    error: *mut *mut helpdesk_error,
    request: impl FnOnce() -> Result<Request, Fault>,
) -> helpdesk_status {
    // SAFETY: the same contract.
    barrier(error, || unsafe {
        let to = out_struct(out, "out")?;
        let desk = handle::get(desk, "desk")?;
        let call = call::call(call)?;
        let outcome = desk.run(call, request()?)?;
        to.set(helpdesk_outcome::from(&outcome));
        Ok(())
    })
}

fn submit(ticket: TicketId, command: Command) -> Request {
    Request::Submit(ticket, command)
}

fn pending(reason: i32, until: i64) -> Result<Pending, Fault> {
    let reason = match reason {
        0 => Pending::Customer,
        1 => Pending::ThirdParty,
        2 => Pending::Internal,
        3 => {
            let until = instant(until, "until")?;
            return Ok(Pending::Scheduled { until });
        }
        other => {
            return Err(Fault::choice(
                "reason",
                other,
                "a `helpdesk_pending`, 0 to 3,",
            ));
        }
    };
    if until == HELPDESK_NONE {
        Ok(reason)
    } else {
        let why = "only a scheduled wait has an end; `HELPDESK_NONE` is expected";
        Err(Fault::bad_text("until", why))
    }
}

/// # Safety
/// `from` is NULL or points to a struct whose pointers are NULL or valid.
unsafe fn new_ticket(from: *const helpdesk_open) -> Result<Open, Fault> {
    // SAFETY: the same promise.
    unsafe {
        let said = read(from, "open")?;
        if said.reserved != 0 {
            return Err(Fault::choice("open.reserved", said.reserved, "0"));
        }
        let mut open = Open::new(text(said.subject, said.subject_len, "open.subject")?);
        let given = |text: &&str| !text.is_empty();
        let address = text_or_none(said.address, said.address_len, "open.address")?.filter(given);
        let customer = value_or_none(said.customer, "open.customer")?;
        open.requester = match (address, customer) {
            (Some(_), Some(_)) => {
                let why = "an address and a customer are given; one of them is expected";
                return Err(Fault::bad_text("open.customer", why));
            }
            (Some(address), None) => Some(Requester::Address(address.to_owned())),
            (None, Some(id)) => Some(Requester::Customer(CustomerId::from_uuid(id.into()))),
            (None, None) => None,
        };
        if let Some(body) = text_or_none(said.body, said.body_len, "open.body")?.filter(given) {
            open = open.body(body);
        }
        if let Some(id) = value_or_none(said.id, "open.id")? {
            open = open.id(TicketId::from_uuid(id.into()));
        }
        Ok(open.priority(match said.priority {
            0 => Priority::Normal,
            1 => Priority::Low,
            2 => Priority::High,
            3 => Priority::Urgent,
            4 => Priority::Critical,
            other => {
                let allowed = "a `helpdesk_priority`, 0 to 4,";
                return Err(Fault::choice("open.priority", other, allowed));
            }
        }))
    }
}
