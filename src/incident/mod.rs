//! One cause behind many tickets: an update that reaches all of them, a solution that resolves all of them.
//!
//! The problem is a ticket of its own; its incidents are the tickets that it causes. What all customers are to hear is said once, as a
//! public message of the problem: that is the one event. [`TenantDesk::spread`](crate::desk::TenantDesk::spread) then carries it to
//! each incident, as a message of that ticket with a text of its own, and resolves it along with that where the problem is
//! solved. Each incident has a commit of its own, so any number can be reached, in batches as large as the host likes, and the job may
//! be stopped and taken up anywhere.
//!
//! ```
//! use helpdesk::incident::Spread;
//! use helpdesk::ticket::Status;
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, id::AgentId, store::MemoryStore};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let outage = desk.open(&call, Open::new("Mail server down").from("ops@example.com"))?.id();
//! let report = desk.open(&call, Open::new("No mail").from("ann@example.com"))?.id();
//!
//! let solved = desk.submit(outage, &call, Command::reply("Mail works again.").then_resolve())?;
//! let update = solved.message().ok_or("a message")?;
//! let done = desk.tenant(TenantId::SINGLE).spread(outage, &call, &Spread::solution(update), &[report])?;
//! assert_eq!(done.reached, [report]);
//! assert_eq!(desk.ticket(report)?.status(), Status::Resolved);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What reaches whom
//! - A closed ticket is left alone; a resolved one gets the message and stays resolved; a merged one is closed.
//! - Each copy is about the requester of its ticket: erasing one person takes that one copy.
//! - The message is whoever's the call is: an agent's answers the customers, a bot's answers nobody.
//! - Tickets that turn out later to have the same cause do not get what was said before: spread it again, and only they do.
//!
//! # Properties
//! Each incident gets an update once, however often and by however many it is spread, also after a crash in mid-batch; an incident that a
//! customer reopened since is not resolved again; no incident learns anything of another one.
//!
//! # What is not here
//! Which tickets have one cause: agents know, or the host's search does. What was linked, [`Ticket::linked`](crate::Ticket::linked) with
//! [`Link::ProblemOf`](crate::ticket::Link::ProblemOf) lists. To wait with the next update until it is due is a
//! promise on the problem ([`Change::PromiseUpdate`](crate::ticket::Change::PromiseUpdate)) with a
//! [delay notice](crate::escalation::ready::delay_notice).

use serde::{Deserialize, Serialize};

use crate::id::MessageId;
use crate::ticket::{
    CloseReason, Command, Draft, Message, MessageClass, Refusal, Stage, Status, Ticket, Visibility,
};

/// What is carried from a problem to its incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Spread {
    /// The message of the problem.
    pub update: MessageId,
    /// Whether the incidents are resolved with it. Only a problem that is resolved can resolve them.
    #[serde(default)]
    pub resolve: bool,
}

impl Spread {
    /// This message of the problem, and nothing else.
    pub fn update(update: MessageId) -> Spread {
        let resolve = false;
        Spread { update, resolve }
    }

    /// This message of the problem, and the incidents are resolved.
    pub fn solution(update: MessageId) -> Spread {
        let resolve = true;
        Spread { update, resolve }
    }

    /// The message that is carried, where it can be.
    ///
    /// # Errors
    /// [`UnknownMessage`](Refusal::UnknownMessage); [`NotAnUpdate`](Refusal::NotAnUpdate) for an internal, redacted or automatic message, and for
    /// one of a customer; [`NotSolved`](Refusal::NotSolved) where a problem that is not resolved is to resolve its incidents.
    pub fn message<'a>(&self, problem: &'a Ticket) -> Result<&'a Message, Refusal> {
        let id = self.update;
        let message = problem.message(id);
        let message = message.ok_or(Refusal::UnknownMessage { message: id })?;
        let by_customer = matches!(message.author, crate::call::Actor::Customer(_));
        let is_update = message.visibility == Visibility::Public
            && message.class == MessageClass::Ordinary
            && !message.redacted
            && !by_customer;
        let is_solved = matches!(
            problem.status(),
            Status::Resolved | Status::Closed(CloseReason::Settled)
        );
        match (is_update, self.resolve && !is_solved) {
            (false, _) => Err(Refusal::NotAnUpdate { message: id }),
            (true, true) => Err(Refusal::NotSolved {
                ticket: problem.id(),
                stage: problem.status().stage(),
            }),
            (true, false) => Ok(message),
        }
    }

    /// What is said on an incident; nothing where it is closed. The message has an id outside that stands for both, so that it is said
    /// once; an incident that is resolved already is not resolved again.
    pub(crate) fn command(&self, incident: &Ticket, body: &str) -> Option<Command> {
        let mut draft = Draft::new(body);
        draft.external_id = Some(format!("spread:{}:{}", self.update, incident.id()));
        let said = Command::say(draft);
        match incident.status().stage() {
            Stage::Closed => None,
            Stage::Resolved => Some(said),
            _ if self.resolve => Some(said.then_resolve()),
            _ => Some(said),
        }
    }
}
