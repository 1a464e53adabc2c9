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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::call::Call;
use crate::desk::{Conversation, Hear, Need, Operation, Outcome, Tell, Told, ToldAnything};
use crate::id::TicketNumber;
use crate::rulebook::{Governed, Rulebooks};
use crate::store::stored::SCHEMA;
use crate::store::{
    self, Events, IdempotencyRecord, Load, Snapshot, StoreError, StoreErrorKind, StreamEvent,
    StreamKind,
};
use crate::ticket::{Content, Version};

use super::barrier::{barrier, out};
use super::buffer::helpdesk_buffer;
use super::call::{self, helpdesk_call};
use super::door::{About, Done, Request};
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
pub(super) struct OnItsWay(Mutex<Option<Box<dyn Driven + Send>>>);

impl OnItsWay {
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Driven + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A conversation of any kind, whose outcome is JSON.
trait Driven {
    fn need(&self) -> Need<'_>;
    fn loaded(&mut self, loaded: store::Loaded) -> Result<(), crate::Error>;
    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), crate::Error>;
    fn finish(self: Box<Self>) -> Result<*mut helpdesk_buffer, Fault>;
}

/// A conversation, and how its outcome is written.
struct With<C, W>(C, W);

impl<C, W> Driven for With<C, W>
where
    C: Conversation,
    W: FnOnce(C::Outcome) -> Result<*mut helpdesk_buffer, Fault>,
{
    fn need(&self) -> Need<'_> {
        self.0.need()
    }

    fn loaded(&mut self, loaded: store::Loaded) -> Result<(), crate::Error> {
        self.0.loaded(loaded)
    }

    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), crate::Error> {
        self.0.committed(result)
    }

    fn finish(self: Box<Self>) -> Result<*mut helpdesk_buffer, Fault> {
        let With(conversation, write) = *self;
        write(conversation.finish()?)
    }
}

/// What a conversation begins with.
struct Begin {
    books: Arc<Rulebooks>,
    call: Call,
    latest: Option<DateTime<Utc>>,
}

impl Begin {
    fn with(self, request: Request) -> Result<Box<dyn Driven + Send>, Fault> {
        Ok(match request.into() {
            About::Ticket(request) => {
                let operation = Operation::new(self.books, self.call, request);
                let write = |outcome: Outcome| json::write(&Done::of(&outcome));
                Box::new(With(operation.accepting_until(self.latest), write))
            }
            About::Beside(id, command) => command.hear(id, self),
            About::Many { .. } => {
                let message = "`spread` is work on many tickets; `submit` to each of them instead";
                let code = "not_one_operation";
                return Err(Fault::new(HELPDESK_INVALID, "argument", code, message));
            }
        })
    }
}

impl Hear for Begin {
    type Answer = Box<dyn Driven + Send>;

    fn hear<A>(
        self,
        id: A::Id,
        command: A::Command,
        told: fn(Told<A>) -> ToldAnything,
    ) -> Box<dyn Driven + Send>
    where
        A: Governed + Send + 'static,
        A::Command: Send,
        A::Event: StreamEvent,
        A::Id: Serialize + Send,
    {
        let tell = Tell::<A>::new(self.books, self.call, id, command);
        let write = move |done| json::write(&told(done));
        Box::new(With(tell.accepting_until(self.latest), write))
    }
}

/// The answer to a load, in the words of [`store::Loaded`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Loaded {
    /// Each stream asked for, in the order of the request.
    pub streams: Vec<Stream>,
    /// The owner of each key asked for, in the order of the request. An empty list is allowed where nobody has any.
    pub owners: Vec<Option<Uuid>>,
    /// The idempotency record, where there is one.
    pub idempotency: Option<IdempotencyRecord>,
    /// The new number, where one was wanted.
    pub number: Option<TicketNumber>,
    /// Each text asked for, in the order of the request; `null` for what is erased. An empty list is allowed: what is not known here is
    /// decided without it.
    pub content: Vec<Option<Content>>,
}

/// One stream as it was loaded.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Stream {
    /// A snapshot that came with a part of this stream; of tickets alone.
    pub snapshot: Option<Snapshot>,
    /// Its events as the commits had them: after the snapshot, where there is one, else all.
    pub events: Vec<EventOfAnyKind>,
}

/// An event as a commit had it; of which kind it is, the stream tells.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct EventOfAnyKind(serde_json::Value);

impl Loaded {
    /// The answer to `load`: which kind the events of a stream are of, the load tells.
    fn to(self, load: &Load) -> Result<store::Loaded, Fault> {
        as_many("loaded.streams", self.streams.len(), load.streams.len())?;
        if !self.owners.is_empty() {
            as_many("loaded.owners", self.owners.len(), load.owners.len())?;
        }
        let mut kinds = load.streams.iter().map(|stream| stream.kind);
        let mut loaded = store::Loaded::default();
        for stream in self.streams {
            let mut events = Events::none(kinds.next().unwrap_or(StreamKind::Ticket));
            for EventOfAnyKind(event) in stream.events {
                let version = event["version"].as_u64().unwrap_or_default();
                events.push_text(Version(version), i64::from(SCHEMA), &event.to_string())?;
            }
            let since = store::Stream::since(stream.snapshot, events);
            loaded.streams.push(since);
        }
        loaded.owners = self.owners;
        loaded.idempotency = self.idempotency;
        loaded.number = self.number;
        loaded.content = self.content;
        Ok(loaded)
    }
}

/// An answer has as many parts as were asked for.
fn as_many(name: &'static str, found: usize, asked: usize) -> Result<(), Fault> {
    if found == asked {
        return Ok(());
    }
    let message = format!("`{name}` has {found} entries; {asked} were asked for, in this order");
    Err(Fault::argument(name, "other_length", message))
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
    /// Nothing is written: a stream stands elsewhere, a unique key is taken, or the idempotency key was used. The operation loads and
    /// decides again.
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
        let begin = Begin {
            books,
            call,
            latest,
        };
        to.set(handle::new(OnItsWay(Mutex::new(Some(
            begin.with(request)?,
        )))));
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

/// Tells what was loaded (JSON, schema: `loaded`). What cannot be read (`HELPDESK_INVALID`; `HELPDESK_FAILED` of an event that is corrupt or
/// of a newer version) and what was not asked for (`HELPDESK_INVALID`) leaves the operation as it was; any other error ends it, and nothing
/// more is written.
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
        let driven = operation.as_mut().ok_or_else(over)?;
        let Need::Load(load) = driven.need() else {
            return Err(not_asked());
        };
        let loaded = loaded.to(load)?;
        let taken = driven.loaded(loaded);
        end_where_refused(&mut operation, taken)
    })
}

/// Tells how the commit went: `written` is a `helpdesk_written`. What was not asked for (`HELPDESK_INVALID`) leaves the operation as it
/// was; any other error ends it.
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
        let driven = operation.as_mut().ok_or_else(over)?;
        if !matches!(driven.need(), Need::Commit(_)) {
            return Err(not_asked());
        }
        let taken = driven.committed(result);
        end_where_refused(&mut operation, taken)
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
        to.set(operation.take().ok_or_else(over)?.finish()?);
        Ok(())
    })
}

/// An error ends the operation.
fn end_where_refused(
    operation: &mut Option<Box<dyn Driven + Send>>,
    taken: Result<(), crate::Error>,
) -> Result<(), Fault> {
    if taken.is_err() {
        *operation = None;
    }
    Ok(taken?)
}

fn over() -> Fault {
    let message = "the operation is over: finished, or ended by an error; a new one is needed";
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

fn not_asked() -> Fault {
    let message = "the operation did not ask for this; ask it what it needs";
    Fault::argument("op", "not_asked", message)
}
