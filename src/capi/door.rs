//! The words of the two doors: what can be done and what can be asked, as JSON.
//!
//! Both are plain serde. Whatever a [`Command`] or a [`Change`](crate::ticket::Change) learns to say can be
//! said here at once; a new kind of request, or a new query, is a variant here with an arm below.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::call::Call;
use crate::desk::{self, Desk, Outcome};
use crate::error::Error;
use crate::id::{MessageId, RulebookId, TicketId, TicketNumber};
use crate::incident::Spread;
use crate::kpi::Report;
use crate::replay::History;
use crate::sla::{Reading, Swapped};
use crate::store::{OutboxMessage, Store, TicketRow};
use crate::ticket::{Command, Link, Merge, Open, Recorded, Split, Version};

use super::buffer::helpdesk_buffer;
use super::error::Fault;
use super::json;

pub use super::query::{Beside, Query};

/// What can be done: one word, with what belongs to it. Who does it and when is no part of it.
///
/// ```
/// use helpdesk::capi::door::Request;
/// let text = r#"{"submit": {"ticket": "018f3c1e-7a00-7000-8000-000000000001", "command": {"step": "resolve"}}}"#;
/// assert!(matches!(serde_json::from_str::<Request>(text)?, Request::Submit { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Opens a ticket.
    Open(Open),
    /// Says something about a ticket.
    Submit {
        /// The ticket.
        ticket: TicketId,
        /// What is said.
        command: Command,
    },
    /// Moves a ticket to another version of the rulebook.
    ApplyRulebook {
        /// The ticket.
        ticket: TicketId,
        /// The version.
        rulebook: RulebookId,
    },
    /// Lets a ticket go on in another.
    Merge(Merge),
    /// Begins a ticket with messages of another.
    Split {
        /// The ticket that has the messages.
        ticket: TicketId,
        /// Which of them, and what the new ticket is.
        split: Split,
    },
    /// Ties a ticket to another, on both sides.
    Link {
        /// The ticket.
        ticket: TicketId,
        /// How it is tied.
        link: Link,
        /// To which.
        other: TicketId,
    },
    /// Ties them no longer.
    Unlink {
        /// The ticket.
        ticket: TicketId,
        /// How it was tied.
        link: Link,
        /// To which.
        other: TicketId,
    },
    /// Says something to what stands beside tickets: a customer, and whatever else the crate knows.
    Tell {
        /// To which one.
        id: Uuid,
        /// What is said, under the name of its kind: `{"customer": ..}`.
        command: desk::Anything,
    },
    /// Carries a message of a problem to its incidents, as it stands there. A desk does it; a single operation cannot.
    Spread {
        /// The problem.
        problem: TicketId,
        /// Which message, and whether it resolves them.
        spread: Spread,
        /// To which tickets.
        incidents: Vec<TicketId>,
    },
    /// Records what fell due on a ticket: the empty command, for hosts with storage of their own.
    Sweep {
        /// The ticket.
        ticket: TicketId,
    },
}

/// A request is about a ticket, about what stands beside tickets, or about many tickets.
pub(super) enum About {
    Ticket(desk::Request),
    Beside(Uuid, desk::Anything),
    Many {
        problem: TicketId,
        spread: Spread,
        incidents: Vec<TicketId>,
    },
}

impl From<Request> for About {
    fn from(request: Request) -> About {
        About::Ticket(match request {
            Request::Open(open) => desk::Request::Open(open),
            Request::Submit { ticket, command } => desk::Request::Submit(ticket, command),
            Request::ApplyRulebook { ticket, rulebook } => {
                desk::Request::ApplyRulebook(ticket, rulebook)
            }
            Request::Merge(merge) => desk::Request::Merge(merge),
            Request::Split { ticket, split } => desk::Request::Split(ticket, split),
            Request::Link {
                ticket,
                link,
                other,
            } => desk::Request::Link(ticket, link, other),
            Request::Unlink {
                ticket,
                link,
                other,
            } => desk::Request::Unlink(ticket, link, other),
            Request::Sweep { ticket } => desk::Request::Sweep(ticket),
            Request::Tell { id, command } => return About::Beside(id, command),
            Request::Spread {
                problem,
                spread,
                incidents,
            } => {
                return About::Many {
                    problem,
                    spread,
                    incidents,
                };
            }
        })
    }
}

impl Request {
    /// Does it, and gives what came of it as JSON.
    pub(super) fn run<S: Store>(
        self,
        desk: &Desk<S>,
        call: Call,
    ) -> Result<*mut helpdesk_buffer, Fault> {
        match About::from(self) {
            About::Ticket(request) => json::write(&Done::of(&desk.run(call, request)?)),
            About::Beside(id, command) => json::write(&desk.tell_anything(id, &call, command)?),
            About::Many {
                problem,
                spread,
                incidents,
            } => {
                let tenant = desk.tenant(call.tenant_id());
                let spreading = tenant.spread(problem, &call, &spread, &incidents)?;
                json::write(&Carried::of(&spreading))
            }
        }
    }
}

/// What came of a request, as JSON.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Done<'a> {
    ticket: TicketId,
    number: TicketNumber,
    version: Version,
    /// Whether nothing was written, because the same had been done before.
    replayed: bool,
    message: Option<MessageId>,
    follow_up: Option<TicketId>,
    wake_at: Option<DateTime<Utc>>,
    /// What lists show of the ticket now.
    row: TicketRow,
    /// What its clocks with a target show at the instant of the call.
    readings: Vec<Reading>,
    events: &'a [Recorded],
    actions: &'a [OutboxMessage],
    swapped: &'a [Swapped],
}

impl<'a> Done<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Done<'a> {
        Done {
            ticket: outcome.id(),
            number: outcome.number(),
            version: outcome.ticket().version(),
            replayed: outcome.is_replayed(),
            message: outcome.message(),
            follow_up: outcome.follow_up(),
            wake_at: outcome.wake_at(),
            row: TicketRow::of(outcome.ticket()),
            readings: outcome.readings(),
            events: outcome.events(),
            actions: outcome.actions(),
            swapped: outcome.swapped(),
        }
    }
}

/// How far an update came, as JSON.
#[derive(Serialize)]
struct Carried<'a> {
    reached: &'a [TicketId],
    known: &'a [TicketId],
    closed: &'a [TicketId],
    refused: Vec<NotReached>,
}

/// A ticket that did not take it, and why.
#[derive(Serialize)]
struct NotReached {
    ticket: TicketId,
    code: &'static str,
    error: String,
}

impl<'a> Carried<'a> {
    fn of(spreading: &'a desk::Spreading) -> Carried<'a> {
        let why = |(ticket, error): &(TicketId, Error)| NotReached {
            ticket: *ticket,
            code: error.code(),
            error: error.to_string(),
        };
        Carried {
            reached: &spreading.reached,
            known: &spreading.known,
            closed: &spreading.closed,
            refused: spreading.refused.iter().map(why).collect(),
        }
    }
}

/// Everything that is read as JSON somewhere: the roots of the schema.
///
/// Public so that the schema can be made from the types that are read, by whoever knows how.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anything {
    /// What `helpdesk_desk_do` and `helpdesk_op_new` take.
    Request(Box<Request>),
    /// What `helpdesk_desk_ask` takes.
    Query(Box<Query>),
    /// What a rulebook is made of.
    Rulebook(Box<crate::rulebook::RulebookDraft>),
    /// What a calendar is made of.
    Calendar(crate::Calendar),
    /// An event of a ticket: what histories are lists of.
    Event(Box<Recorded>),
    /// What is imported.
    History(Box<History>),
    /// Which report is wanted.
    Report(Report),
    /// A row behind the figures.
    Fact(Box<crate::kpi::Fact>),
    /// What an operation is told that was loaded.
    Loaded(Box<super::operation::Loaded>),
    /// What is to be delivered.
    OutboxMessage(Box<OutboxMessage>),
    /// What `helpdesk_route` takes.
    RouteOne(Box<super::routing::RouteOne>),
    /// What `helpdesk_routing_plan` takes.
    RouteMany(Box<super::routing::RouteMany>),
}
