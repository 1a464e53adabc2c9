//! The one error of a desk: private insides, public questions.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use crate::aggregate::{Reason, StreamKind};
use crate::id::TicketId;
use crate::kpi::KpiError;
use crate::rulebook::MissingRulebook;
use crate::store::{StoreError, StoreErrorKind};
use crate::ticket::Refusal;

/// Why a desk did not do what was asked.
///
/// Ask [`kind`](Error::kind) for what to do about it, [`refusal`](Error::refusal) for the facts to tell a person, and
/// [`code`](Error::code) for something that programs can match and that never changes.
///
/// ```
/// use helpdesk::{Actor, Call, Command, Desk, Rulebook, TicketId, error::ErrorKind, id::AgentId, store::MemoryStore};
/// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// let error = desk.submit(TicketId::named("nobody's"), &call, Command::resolve()).unwrap_err();
/// assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "not_found"));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
enum Inner {
    Refused(Refusal),
    Declined(Box<dyn Declined>),
    Nothing(StreamKind, Uuid),
    NoTicket(TicketId),
    NotAHistory(TicketId),
    Store(StoreError),
    Rulebook(MissingRulebook),
    Figures(KpiError),
    Contended { tries: u32 },
    Runaway { ticket: TicketId, events: usize },
    Misused(&'static str),
}

/// A reason of whatever it is about, which tells its facts.
trait Declined: Reason {
    #[cfg(feature = "capi")]
    fn facts(&self) -> Option<serde_json::Value>;
}

impl<R: Reason + Serialize> Declined for R {
    #[cfg(feature = "capi")]
    fn facts(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }
}

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The rules do not allow it; the refusal says why.
    Refused,
    /// The caller has not the right.
    Forbidden,
    /// There is no such ticket, customer, ... in the tenant.
    NotFound,
    /// Others wrote first, again and again: try later.
    Conflict,
    /// The store was not reached: try later.
    Unavailable,
    /// What was stored cannot be read back.
    Corrupt,
    /// What was stored needs a newer version of the crate.
    Newer,
    /// The store has no room left.
    Full,
    /// The desk was not given a rulebook version that a ticket is pinned to.
    MissingRulebook,
    /// The figures asked for cannot be worked out from the rows that are stored.
    Figures,
    /// The ticket's rules go on and on firing at one instant.
    Runaway,
    /// Anything else.
    Other,
}

impl Error {
    pub(crate) fn no_ticket(ticket: TicketId) -> Error {
        Error(Box::new(Inner::NoTicket(ticket)))
    }

    pub(crate) fn nothing(kind: StreamKind, id: Uuid) -> Error {
        Error(Box::new(Inner::Nothing(kind, id)))
    }

    pub(crate) fn declined(reason: impl Reason + Serialize) -> Error {
        match reason.common() {
            Some(refusal) => refusal.clone().into(),
            None => Error(Box::new(Inner::Declined(Box::new(reason)))),
        }
    }

    pub(crate) fn not_a_history(ticket: TicketId) -> Error {
        Error(Box::new(Inner::NotAHistory(ticket)))
    }

    pub(crate) fn contended(tries: u32) -> Error {
        Error(Box::new(Inner::Contended { tries }))
    }

    pub(crate) fn runaway(ticket: TicketId, events: usize) -> Error {
        Error(Box::new(Inner::Runaway { ticket, events }))
    }

    pub(crate) fn misused(what: &'static str) -> Error {
        Error(Box::new(Inner::Misused(what)))
    }

    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Inner::Refused(refusal) if refusal.is_forbidden() => ErrorKind::Forbidden,
            Inner::Refused(_) => ErrorKind::Refused,
            Inner::Declined(reason) if reason.is_forbidden() => ErrorKind::Forbidden,
            Inner::Declined(_) => ErrorKind::Refused,
            Inner::NoTicket(_) | Inner::Nothing(..) => ErrorKind::NotFound,
            Inner::NotAHistory(_) => ErrorKind::Corrupt,
            Inner::Store(error) => match error.kind() {
                StoreErrorKind::Conflict => ErrorKind::Conflict,
                StoreErrorKind::Unavailable => ErrorKind::Unavailable,
                StoreErrorKind::Corrupt => ErrorKind::Corrupt,
                StoreErrorKind::Newer => ErrorKind::Newer,
                StoreErrorKind::Full => ErrorKind::Full,
                StoreErrorKind::Other => ErrorKind::Other,
            },
            Inner::Rulebook(_) => ErrorKind::MissingRulebook,
            Inner::Figures(_) => ErrorKind::Figures,
            Inner::Contended { .. } => ErrorKind::Conflict,
            Inner::Runaway { .. } => ErrorKind::Runaway,
            Inner::Misused(_) => ErrorKind::Other,
        }
    }

    /// A stable code for programs: the refusal's own, or the kind's.
    pub fn code(&self) -> &'static str {
        match (&*self.0, self.kind()) {
            (Inner::Refused(refusal), _) => refusal.code(),
            (Inner::Declined(reason), _) => reason.code(),
            (_, ErrorKind::Refused) => "refused",
            (_, ErrorKind::Forbidden) => "forbidden",
            (_, ErrorKind::NotFound) => "not_found",
            (_, ErrorKind::Conflict) => "conflict",
            (_, ErrorKind::Unavailable) => "unavailable",
            (_, ErrorKind::Corrupt) => "corrupt",
            (_, ErrorKind::Newer) => "newer",
            (_, ErrorKind::Full) => "full",
            (_, ErrorKind::MissingRulebook) => "missing_rulebook",
            (_, ErrorKind::Figures) => "figures",
            (_, ErrorKind::Runaway) => "runaway",
            (_, ErrorKind::Other) => "other",
        }
    }

    /// The refusal with its facts, where the rules did not allow it.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &*self.0 {
            Inner::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The refusal of something beside tickets, where it is of this type, such as
    /// [`customer::Refusal`](crate::customer::Refusal). Reasons that tickets have too are in [`refusal`](Error::refusal).
    pub fn refusal_of<R: Reason>(&self) -> Option<&R> {
        match &*self.0 {
            Inner::Declined(reason) => {
                let reason: &(dyn std::error::Error + 'static) = &**reason;
                reason.downcast_ref()
            }
            _ => None,
        }
    }

    /// The facts of a refusal, of whatever it is about.
    #[cfg(feature = "capi")]
    pub(crate) fn facts(&self) -> Option<serde_json::Value> {
        match &*self.0 {
            Inner::Refused(refusal) => serde_json::to_value(refusal).ok(),
            Inner::Declined(reason) => reason.facts(),
            _ => None,
        }
    }

    /// Whether the same request may succeed later without anybody's help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind(), ErrorKind::Conflict | ErrorKind::Unavailable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Inner::Refused(refusal) => refusal.fmt(f),
            Inner::Declined(reason) => reason.fmt(f),
            Inner::Nothing(kind, id) => write!(f, "there is no {kind} `{id}` in the tenant"),
            Inner::NoTicket(ticket) => write!(f, "there is no ticket `{ticket}` in the tenant"),
            Inner::NotAHistory(ticket) => write!(
                f,
                "the events of ticket `{ticket}` do not begin with its opening"
            ),
            Inner::Store(error) => error.fmt(f),
            Inner::Rulebook(missing) => missing.fmt(f),
            Inner::Figures(error) => error.fmt(f),
            Inner::Contended { tries } => write!(
                f,
                "others wrote first in each of {tries} tries; the same call may work later"
            ),
            Inner::Runaway { ticket, events } => {
                write!(
                    f,
                    "the rules of ticket `{ticket}` went on firing after {events} events; look for rules that undo each other"
                )
            }
            Inner::Misused(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Inner::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error(Box::new(Inner::Refused(refusal)))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error(Box::new(Inner::Store(error)))
    }
}

impl From<MissingRulebook> for Error {
    fn from(missing: MissingRulebook) -> Error {
        Error(Box::new(Inner::Rulebook(missing)))
    }
}

impl From<KpiError> for Error {
    fn from(error: KpiError) -> Error {
        Error(Box::new(Inner::Figures(error)))
    }
}
