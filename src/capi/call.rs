//! Who and when, as arguments: the part of a request that a client must not choose. And the ids that these are made of.

use std::ffi::c_char;
use std::mem::offset_of;

use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{AgentId, BotId, CustomerId, Name, TeamId, TenantId, TicketId};

use super::barrier::{
    Plain, Versioned, barrier, out, read, text, text_or_none, value, value_or_none,
};
use super::buffer::{buffer, helpdesk_buffer};
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status;
use super::time::instant;

/// An id: a UUID in the byte order of RFC 9562, as its text shows it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct helpdesk_uuid {
    /// The bytes.
    pub bytes: [u8; 16],
}
// SAFETY: bytes.
unsafe impl Plain for helpdesk_uuid {}

impl From<Uuid> for helpdesk_uuid {
    fn from(id: Uuid) -> helpdesk_uuid {
        helpdesk_uuid {
            bytes: id.into_bytes(),
        }
    }
}

impl From<helpdesk_uuid> for Uuid {
    fn from(id: helpdesk_uuid) -> Uuid {
        Uuid::from_bytes(id.bytes)
    }
}

/// The kinds of actors.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_role {
    /// A person who asks for help.
    HELPDESK_ROLE_CUSTOMER = 0,
    /// A person who works at the desk.
    HELPDESK_ROLE_AGENT = 1,
    /// An agent with more permissions.
    HELPDESK_ROLE_SUPERVISOR = 2,
    /// An automatic participant. Its messages fulfil no clock.
    HELPDESK_ROLE_BOT = 3,
    /// The host or one of its rules; its id is not looked at.
    HELPDESK_ROLE_SYSTEM = 4,
}

/// The kinds of ids, for ids that stand for texts of the host.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_id_kind {
    /// A tenant.
    HELPDESK_ID_TENANT = 0,
    /// A ticket.
    HELPDESK_ID_TICKET = 1,
    /// A person who works at the desk.
    HELPDESK_ID_AGENT = 2,
    /// A person who asks for help.
    HELPDESK_ID_CUSTOMER = 3,
    /// A group of agents.
    HELPDESK_ID_TEAM = 4,
    /// An automatic participant.
    HELPDESK_ID_BOT = 5,
}

/// Who says something, when, in which tenant, and under which idempotency key.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct helpdesk_call {
    /// `sizeof(helpdesk_call)`.
    pub size: usize,
    /// A `helpdesk_role`.
    pub role: i32,
    /// 0.
    pub reserved: i32,
    /// The actor's id; all zeros for the system.
    pub actor: helpdesk_uuid,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The tenant; all zeros for hosts that have one.
    pub tenant: helpdesk_uuid,
    /// The call's own id, from which the ids of what it makes are derived; NULL draws one at random.
    pub id: *const helpdesk_uuid,
    /// The idempotency key, 1 to 128 bytes; NULL for none, with a length of 0.
    pub key: *const c_char,
    /// Its length in bytes.
    pub key_len: usize,
}
// SAFETY: numbers and pointers.
unsafe impl Plain for helpdesk_call {}
// SAFETY: `repr(C)`, size first.
unsafe impl Versioned for helpdesk_call {
    const LEAST: usize = offset_of!(helpdesk_call, key_len) + size_of::<usize>();
}

/// The call behind an argument.
///
/// # Safety
/// `from` is NULL or points to a call whose pointers are NULL or valid.
pub(super) unsafe fn call(from: *const helpdesk_call) -> Result<Call, Fault> {
    // SAFETY: the same promise.
    unsafe {
        let said = read(from, "call")?;
        if said.reserved != 0 {
            return Err(Fault::choice("call.reserved", said.reserved, "0"));
        }
        let actor = actor(said.role, said.actor.into())?;
        let at = instant(said.at, "call.at")?;
        let call = match value_or_none(said.id, "call.id")? {
            Some(id) => Call::with_id(id.into(), actor, at),
            None => Call::new(actor, at),
        };
        let call = call.tenant(TenantId::from_uuid(said.tenant.into()));
        match text_or_none(said.key, said.key_len, "call.key")? {
            Some(key) => Ok(call.key(name(key, "call.key")?)),
            None => Ok(call),
        }
    }
}

fn actor(role: i32, id: Uuid) -> Result<Actor, Fault> {
    Ok(match role {
        0 => Actor::Customer(CustomerId::from_uuid(id)),
        1 => Actor::Agent(AgentId::from_uuid(id)),
        2 => Actor::Supervisor(AgentId::from_uuid(id)),
        3 => Actor::Bot(BotId::from_uuid(id)),
        4 => Actor::System,
        other => {
            return Err(Fault::choice(
                "call.role",
                other,
                "a `helpdesk_role`, 0 to 4,",
            ));
        }
    })
}

/// A short name in an argument.
pub(super) fn name(text: &str, argument: &'static str) -> Result<Name, Fault> {
    Name::new(text).map_err(|error| Fault::bad_text(argument, error))
}

/// The tenant of an argument: NULL is the tenant of hosts that have one.
///
/// # Safety
/// `from` is NULL or points to an id.
pub(super) unsafe fn tenant(from: *const helpdesk_uuid) -> Result<TenantId, Fault> {
    // SAFETY: the same promise.
    let id = unsafe { value_or_none(from, "tenant") }?;
    Ok(id.map_or(TenantId::SINGLE, |id| TenantId::from_uuid(id.into())))
}

/// The ticket of an argument.
///
/// # Safety
/// As [`tenant`].
pub(super) unsafe fn ticket(from: *const helpdesk_uuid) -> Result<TicketId, Fault> {
    // SAFETY: the same promise.
    let id = unsafe { value(from, "ticket") }?;
    Ok(TicketId::from_uuid(id.into()))
}

/// Reads an id from its text, such as `018f3c1e-7a00-7000-8000-000000000001`.
///
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_uuid_parse(
    text: *const c_char,
    text_len: usize,
    out: *mut helpdesk_uuid,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let text = self::text(text, text_len, "text")?;
        let id = Uuid::try_parse(text).map_err(|error| Fault::bad_text("text", error))?;
        to.set(id.into());
        Ok(())
    })
}

/// An id as text.
///
/// The caller owns `*out`. Borrows `id`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_uuid_format(
    id: *const helpdesk_uuid,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let id = Uuid::from(value(id, "id")?);
        to.set(buffer(id.to_string().into_bytes()));
        Ok(())
    })
}

/// The id that stands for a text of the host, such as the key of a user: the same on every machine and in every language.
///
/// `kind` is a `helpdesk_id_kind`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_uuid_named(
    kind: i32,
    text: *const c_char,
    text_len: usize,
    out: *mut helpdesk_uuid,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let text = self::text(text, text_len, "text")?;
        let id = match kind {
            0 => TenantId::named(text).uuid(),
            1 => TicketId::named(text).uuid(),
            2 => AgentId::named(text).uuid(),
            3 => CustomerId::named(text).uuid(),
            4 => TeamId::named(text).uuid(),
            5 => BotId::named(text).uuid(),
            other => {
                return Err(Fault::choice(
                    "kind",
                    other,
                    "a `helpdesk_id_kind`, 0 to 5,",
                ));
            }
        };
        to.set(id.into());
        Ok(())
    })
}
