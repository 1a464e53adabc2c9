//! What came of a request.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::error::Error;
use crate::id::{MessageId, TicketId, TicketNumber};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::sla::{Reading, Swapped};
use crate::store::{Events, IdempotencyRecord, OutboxMessage};
use crate::ticket::{ClockId, Event, Link, Recorded, Ticket, Version};

use super::plan::{Planned, Request, message_of};

/// What came of a request: what was recorded, the ticket as it stands now, and when to look again.
#[derive(Clone, Debug)]
pub struct Outcome {
    ticket: Arc<Ticket>,
    rulebook: Rulebook,
    at: DateTime<Utc>,
    events: Events,
    outbox: Vec<OutboxMessage>,
    wake_at: Option<DateTime<Utc>>,
    message: Option<MessageId>,
    follow_up: Option<TicketId>,
    swapped: Vec<Swapped>,
    replayed: bool,
}

impl Outcome {
    pub(crate) fn committed(
        rulebooks: &Rulebooks,
        call: &Call,
        planned: Planned,
        earlier: Vec<Recorded>,
    ) -> Result<Outcome, Error> {
        let mut events = Events::from(earlier);
        let mut wake_at = None;
        let mut parts = planned.commit.parts.into_iter();
        if let Some(mut part) = parts.next() {
            let recorded = std::mem::take(&mut part.events);
            if events.is_empty() {
                events = recorded;
            } else {
                events.append(recorded);
            }
            wake_at = part.wake.and_then(|wake| wake.at);
        }
        let in_follow_up = || parts.find_map(|part| message_of(part.events.ticket()));
        let message = message_of(events.ticket()).or_else(in_follow_up);
        Ok(Outcome {
            rulebook: rulebooks.of(&planned.ticket)?.clone(),
            at: call.at(),
            events,
            outbox: planned.commit.outbox,
            wake_at,
            message,
            follow_up: planned.follow_up,
            swapped: planned.swapped,
            replayed: false,
            ticket: planned.ticket,
        })
    }

    /// What came of it when it was done first; without a record, nothing was recorded at all.
    pub(crate) fn recalled(
        rulebooks: &Rulebooks,
        call: &Call,
        (id, request): (TicketId, &Request),
        events: Vec<Recorded>,
        record: Option<&IdempotencyRecord>,
    ) -> Result<Outcome, Error> {
        let ticket =
            Ticket::replay(call.tenant_id(), &events).ok_or_else(|| Error::not_a_history(id))?;
        let ticket = Arc::new(ticket);
        let rulebook = rulebooks.of(&ticket)?.clone();
        let (after, until) = record.map_or((Version(u64::MAX), Version(0)), |record| {
            (record.after, record.until)
        });
        let events: Vec<_> = events
            .into_iter()
            .filter(|e| after < e.version && e.version <= until)
            .collect();
        let wake_at = super::wake_at(&ticket, &rulebook);
        // A link that was only made by hand began no ticket.
        let began = match request {
            Request::Submit(..) => Some(Link::FollowedBy),
            Request::Split(..) => Some(Link::SplitInto),
            _ => None,
        };
        let follow_up = events.iter().find_map(|recorded| match recorded.event {
            Event::Linked { link, ticket } if began == Some(link) => Some(ticket),
            _ => None,
        });
        Ok(Outcome {
            ticket,
            rulebook,
            at: call.at(),
            outbox: Vec::new(),
            wake_at,
            message: message_of(&events),
            events: events.into(),
            follow_up,
            swapped: Vec::new(),
            replayed: true,
        })
    }

    /// The ticket that has to be read to tell which message the request added: the one that it began.
    pub(super) fn began(&self) -> Option<TicketId> {
        self.follow_up.filter(|_| self.message.is_none())
    }

    /// What was said began a ticket of its own, with this history.
    pub(super) fn said_in(&mut self, begun: &[Recorded]) {
        self.message = message_of(begun);
    }

    /// It is known already that this message stands in the ticket, where it does.
    pub(super) fn knows(&mut self, message: Option<MessageId>) {
        let stands = |id: &MessageId| self.ticket.message(*id).is_some();
        self.message = self.message.or(message.filter(stands));
    }

    /// The ticket's id: of the one that was asked about, or the one in which what was said to it goes on.
    pub fn id(&self) -> TicketId {
        self.ticket.id()
    }

    /// The ticket's number.
    pub fn number(&self) -> TicketNumber {
        self.ticket.number()
    }

    /// The ticket as it stands now.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// What was recorded: first what had fallen due, then what the request did.
    pub fn events(&self) -> &[Recorded] {
        self.events.ticket()
    }

    /// The message that the request added, to the ticket or to the follow-up that it began; where nothing was written because the
    /// message is known already, that one.
    pub fn message(&self) -> Option<MessageId> {
        self.message
    }

    /// The messages that went to the outbox.
    pub fn actions(&self) -> &[OutboxMessage] {
        &self.outbox
    }

    /// The earliest instant at which a sweep would record something, if nothing else happens: a microsecond after what is due,
    /// because a commit records what was due strictly before it.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.wake_at
    }

    /// The ticket that the request began beside this one: the follow-up that a late message of a customer makes, or the one split
    /// off.
    pub fn follow_up(&self) -> Option<TicketId> {
        self.follow_up
    }

    /// What a move to another rulebook changed: the clocks that show something else at its instant, before and after. Empty for
    /// other requests, and where the move was made before under the same key.
    pub fn swapped(&self) -> &[Swapped] {
        &self.swapped
    }

    /// Whether nothing was written, because the same had been done before.
    pub fn is_replayed(&self) -> bool {
        self.replayed
    }

    /// What a clock of the ticket shows at the instant of the call.
    pub fn reading(&self, clock: impl Into<ClockId>) -> Reading {
        self.reading_at(clock, self.at)
    }

    /// What each clock of the ticket that has a target shows at the instant of the call; see [`readings`](super::readings).
    pub fn readings(&self) -> Vec<Reading> {
        super::readings(&self.ticket, &self.rulebook, self.at)
    }

    /// What a clock of the ticket shows at `now`, if nothing happens until then.
    pub fn reading_at(&self, clock: impl Into<ClockId>, now: DateTime<Utc>) -> Reading {
        super::read(&self.ticket, &self.rulebook, clock, now)
    }
}
