//! What a command means for a ticket: events, or a refusal. Pure; reads no clock and touches no store.

mod change;
mod merge;
mod session;
mod split;
mod step;
mod work;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{
    ContentId, CustomerId, MessageId, RulebookId, TenantId, TicketId, TicketNumber, derive,
};

use super::command::{Change, Command};
use super::content::{Content, ContentKind};
use super::conversation::Direction;
use super::draft::Draft;
use super::event::{Event, Opened, Recorded, Version};
use super::lifecycle::Stage;
use super::link::Link;
use super::open::{Open, Requester};
use super::refusal::Refusal;
use super::rules::{Permission, Rules};
use super::session::SessionStep;
use super::{Priority, Ticket};

use change::Facts;
pub(crate) use change::event_of;
pub(crate) use merge::merge_permitted;
pub use merge::{Merging, merge};
pub use split::split;
pub(crate) use split::split_permitted;
use work::Work;

/// What a command leads to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// When it takes effect.
    pub at: DateTime<Utc>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// The texts that the events refer to.
    pub content: Vec<Content>,
    /// Texts to delete.
    pub erased: Vec<ContentId>,
    /// A customer's message that begins another ticket.
    pub follow_up: Option<FollowUp>,
}

/// A customer's message that came too late for its ticket, and begins a ticket of its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FollowUp {
    /// The new ticket's id: the same for the same message, so that a retry makes no second one.
    pub ticket: TicketId,
    /// The message.
    pub message: Draft,
}

impl FollowUp {
    /// The id of the ticket that `message` begins after `ticket`.
    pub(crate) fn id_of(tenant: TenantId, ticket: TicketId, message: MessageId) -> TicketId {
        TicketId::from_uuid(derive(&[
            b"follow-up",
            tenant.uuid().as_bytes(),
            ticket.uuid().as_bytes(),
            message.uuid().as_bytes(),
        ]))
    }
}

impl Decision {
    /// One event and nothing else.
    pub(crate) fn of(at: DateTime<Utc>, event: Event) -> Decision {
        Decision {
            events: vec![event],
            ..Decision::at(at)
        }
    }

    fn at(at: DateTime<Utc>) -> Decision {
        Decision {
            at,
            events: Vec::new(),
            content: Vec::new(),
            erased: Vec::new(),
            follow_up: None,
        }
    }

    /// The events as the first of a new stream.
    pub fn recorded(&self, call: &Call) -> Vec<Recorded> {
        envelopes(
            self.events.iter().cloned(),
            self.at,
            Version::default(),
            call,
        )
        .collect()
    }

    /// The events as the next of the ticket's stream.
    pub fn recorded_after(&self, ticket: &Ticket, call: &Call) -> Vec<Recorded> {
        envelopes(self.events.iter().cloned(), self.at, ticket.version(), call).collect()
    }

    /// The events as those after `version`, taken out of the decision.
    pub(crate) fn take_recorded<'a>(
        &mut self,
        version: Version,
        call: &'a Call,
    ) -> impl Iterator<Item = Recorded> + use<'a> {
        let events = std::mem::take(&mut self.events);
        envelopes(events.into_iter(), self.at, version, call)
    }
}

/// The events in their envelopes, in the places after `version`: what `call` says, in force from `at`.
pub(crate) fn envelopes<'a, E, I: Iterator<Item = E>>(
    events: I,
    at: DateTime<Utc>,
    mut version: Version,
    call: &'a Call,
) -> impl Iterator<Item = Recorded<E>> + use<'a, E, I> {
    let stamped_at = Some(call.at()).filter(|stamp| *stamp != at);
    events.map(move |event| {
        version = version.next();
        Recorded {
            version,
            at,
            stamped_at,
            timing: None,
            actor: call.actor(),
            cause: call.cause().cloned(),
            event,
        }
    })
}

/// What `open` means: a new ticket with this number. `known` is the customer behind the requester's address, where one is
/// known; otherwise the address gets a new one.
pub fn open(
    rules: &Rules,
    call: &Call,
    open: &Open,
    number: TicketNumber,
    known: Option<CustomerId>,
) -> Result<Decision, Refusal> {
    rules
        .permissions
        .check(call.actor().role(), Permission::Open)?;
    let (requester, address) = match (&open.requester, call.actor()) {
        (None, Actor::Customer(caller)) => (caller, None),
        (None, _) => {
            return Err(Refusal::Missing {
                what: "the requester",
            });
        }
        (Some(Requester::Customer(customer)), Actor::Customer(caller)) if *customer != caller => {
            return Err(Refusal::NotYours {
                ticket: open.id.unwrap_or(TicketId::from_uuid(Uuid::nil())),
            });
        }
        (Some(Requester::Customer(customer)), _) => (*customer, None),
        (Some(Requester::Address(address)), _) if address.trim().is_empty() => {
            let what = "the requester's address";
            return Err(Refusal::Missing { what });
        }
        (Some(Requester::Address(address)), Actor::Customer(caller)) => (caller, Some(address)),
        (Some(Requester::Address(address)), _) => {
            let new = || {
                CustomerId::from_uuid(call.time_ordered(
                    "customer",
                    call.tenant_id().uuid(),
                    number.0,
                ))
            };
            (known.unwrap_or_else(new), Some(address))
        }
    };
    let direction = if matches!(call.actor(), Actor::Customer(_)) {
        Direction::Inbound
    } else {
        open.direction
    };
    let urgent = (open.priority != Priority::default()).then_some(Permission::Classify);
    // What comes in is the customer's word, whoever writes it down.
    let own = open
        .message
        .iter()
        .filter(|_| direction != Direction::Inbound);
    let facts = open.changes.iter().map(Permission::of_change).chain(urgent);
    let mut needed = facts.chain(own.map(Permission::of_message));
    needed.try_for_each(|permission| rules.permissions.check(call.actor().role(), permission))?;
    let ticket = open.id.unwrap_or_else(|| {
        TicketId::from_uuid(call.time_ordered("ticket", call.tenant_id().uuid(), number.0))
    });
    begin(
        rules,
        call,
        Beginning {
            open,
            ticket,
            number,
            requester,
            address,
            direction,
            after: None,
            subject: None,
        },
    )
}

/// What a follow-up of `after` means: a new ticket with this number that begins with the customer's message. `asked` is the ticket that
/// she wrote to, which is another one where that was merged into `after`: the subject of a ticket that she does not reach is not hers.
pub fn follow_up(
    rules: &Rules,
    call: &Call,
    (asked, after): (&Ticket, &Ticket),
    follow_up: &FollowUp,
    number: TicketNumber,
) -> Result<Decision, Refusal> {
    let open = Open::new("")
        .message(follow_up.message.clone())
        .priority(after.priority());
    let requester = match call.actor() {
        Actor::Customer(caller) => caller,
        _ => after.requester(),
    };
    let (ticket, direction) = (follow_up.ticket, Direction::Inbound);
    let known = if after.reaches(requester) {
        after
    } else {
        asked
    };
    begin(
        rules,
        call,
        Beginning {
            open: &open,
            ticket,
            number,
            requester,
            address: None,
            direction,
            after: Some(after),
            subject: Some(known.subject()),
        },
    )
}

struct Beginning<'a> {
    open: &'a Open,
    ticket: TicketId,
    number: TicketNumber,
    requester: CustomerId,
    address: Option<&'a String>,
    direction: Direction,
    after: Option<&'a Ticket>,
    /// The subject where there is one already: one subject, one record, and erasing it erases both.
    subject: Option<ContentId>,
}

fn begin(rules: &Rules, call: &Call, b: Beginning<'_>) -> Result<Decision, Refusal> {
    let mut work = Work::new(rules, call, b.ticket, b.requester);
    let subject = match b.subject {
        Some(subject) => subject,
        None => work.text(ContentKind::Subject, "the subject", &b.open.subject)?,
    };
    let address = match (b.address, b.after) {
        (Some(address), _) => Some(work.text(ContentKind::Address, "the address", address)?),
        // The same person writes: her address, like the subject, is one record for both tickets.
        (None, Some(after)) if after.requester() == b.requester => after.opened().address,
        (None, _) => None,
    };
    let channel = match (b.after, &b.open.message) {
        (Some(after), Some(draft)) => draft
            .channel
            .clone()
            .unwrap_or_else(|| after.goes_over().clone()),
        _ => b.open.channel.clone(),
    };
    work.push(Event::Opened(Opened {
        ticket: b.ticket,
        number: b.number,
        rulebook: rules.rulebook.unwrap_or(RulebookId::from_uuid(Uuid::nil())),
        requester: b.requester,
        direction: b.direction,
        channel: channel.clone(),
        subject,
        address,
        priority: b.open.priority,
    }));
    if let Some(after) = b.after {
        work.push(Event::Linked {
            link: Link::FollowUpOf,
            ticket: after.id(),
        });
    }
    if let Some(draft) = &b.open.message {
        let author = match b.direction {
            Direction::Inbound => Actor::Customer(b.requester),
            _ => call.actor(),
        };
        work.add_message(draft, author, &channel)?;
    }
    work.limit("the list of changes", b.open.changes.len())?;
    let mut facts = Facts::new(b.open.priority).with(&work.participants);
    let mut sessions = Vec::new();
    for change in &b.open.changes {
        match change {
            Change::Session { id, step } => work.session(&mut sessions, *id, step)?,
            other => work.change(&mut facts, other)?,
        }
    }
    work.check_sets(&facts)?;
    Ok(work.decision)
}

/// What `command` at `at` means for this ticket. `at` is the call's instant, or the last event's where that is a little
/// later ([`Rules::effective`]).
///
/// A customer's message is never refused for the ticket's status: it wakes a waiting ticket, reopens a resolved one within
/// the reopen window, and otherwise begins a follow-up ticket. Thanks and automatic messages are recorded and move nothing. A move
/// or a change that comes with it and that the ticket does not take any more is left out, and so is a move that she may ask for on
/// another stage only.
///
/// # Properties
/// A command that lets no set of the ticket grow is never refused for the size of one, so taking away is always possible.
pub fn decide(
    ticket: &Ticket,
    rules: &Rules,
    call: &Call,
    at: DateTime<Utc>,
    command: &Command,
) -> Result<Decision, Refusal> {
    rules.permit(ticket, call.actor(), command)?;
    decide_permitted(ticket, rules, call, at, command)
}

/// The same, where the permission was checked: who speaks may be known to the ticket by another id.
pub(crate) fn decide_permitted(
    ticket: &Ticket,
    rules: &Rules,
    call: &Call,
    at: DateTime<Utc>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let mut work = Work::on(rules, call, at, ticket);
    if let Some(draft) = &command.message {
        match call.actor() {
            Actor::Customer(customer) => work.customer_message(ticket, customer, draft)?,
            author => work.desk_message(ticket, author, draft)?,
        }
    }
    let says = command.message.is_some() && matches!(call.actor(), Actor::Customer(_));
    work.limit("the list of changes", command.changes.len())?;
    if command.changes.is_empty() {
        work.check_participants(ticket.participants().len(), work.participants.len())?;
    } else {
        let mut facts = Facts::of(ticket).with(&work.participants);
        let mut sessions = ticket.sessions().to_vec();
        for change in &command.changes {
            let still_possible = matches!(
                change,
                Change::LogTime { .. }
                    | Change::Redact(_)
                    | Change::Rate { .. }
                    | Change::Surveyed(_)
            ) || matches!(
                change,
                Change::Session {
                    step: SessionStep::Answer { .. } | SessionStep::End { .. },
                    ..
                } // what goes on may outlast the ticket
            );
            if work.stage() == Stage::Closed && !still_possible {
                if says {
                    continue;
                }
                return Err(Refusal::Closed {
                    what: "changing it",
                });
            }
            match change {
                Change::Redact(message) => work.redact(ticket, *message)?,
                Change::Rate {
                    kind,
                    mark,
                    comment,
                } => work.rate(ticket, (*kind, *mark), comment.as_deref())?,
                Change::Session { id, step } => match work.session(&mut sessions, *id, step) {
                    Err(Refusal::ReopenWindowOver { .. }) if says => {} // as on a closed ticket
                    result => result?,
                },
                other => work.change(&mut facts, other)?,
            }
        }
        work.check_sets(&facts)?;
    }
    let permitted = || rules.permit_move_of(ticket, call.actor(), command);
    if let Some(step) = command
        .step
        .as_ref()
        .filter(|_| !says || permitted().is_ok())
    {
        match work.take(step) {
            // A customer's message is never refused: where the move is not possible, the message stands without it.
            Err(
                Refusal::StepNotAllowed { .. }
                | Refusal::Merged { .. }
                | Refusal::ReopenWindowOver { .. }
                | Refusal::Closed { .. },
            ) if says => {}
            result => result?,
        }
    }
    Ok(work.decision)
}
