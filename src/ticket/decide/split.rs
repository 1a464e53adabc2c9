//! What a split means: a new ticket that begins with messages of another one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{MessageId, RulebookId, TicketId, TicketNumber};
use crate::ticket::content::ContentKind;
use crate::ticket::conversation::{Direction, Message};
use crate::ticket::event::{Event, MessageAdded, Opened};
use crate::ticket::link::Link;
use crate::ticket::refusal::Refusal;
use crate::ticket::rules::{Permission, Rules};
use crate::ticket::split::Split;
use crate::ticket::{Decision, Ticket};

use super::work::Work;

/// What `split` of `ticket` at `at` means: the new ticket, which begins under `rules` with this number, and what happens to the old one.
/// Beside the split stands whether who wrote its first message reaches the ticket, by whichever of her ids: then the subject is known to her.
///
/// # Errors
/// The caller may not split, or does not reach the ticket; no message is named, one is not there or was taken away, or one is not a
/// customer's.
pub fn split(
    (ticket, old_rules): (&Ticket, &Rules),
    rules: &Rules,
    call: &Call,
    at: DateTime<Utc>,
    (split, reaches): (&Split, bool),
    number: TicketNumber,
) -> Result<(Decision, Decision), Refusal> {
    let role = call.actor().role();
    old_rules.permissions.check(role, Permission::Split)?;
    Rules::reach(ticket, call.actor())?;
    split_permitted(
        (ticket, old_rules),
        rules,
        call,
        at,
        (split, reaches),
        number,
    )
}

/// The same, where the permission was checked: who splits may be known to the ticket by another id.
pub(crate) fn split_permitted(
    (ticket, old_rules): (&Ticket, &Rules),
    rules: &Rules,
    call: &Call,
    at: DateTime<Utc>,
    (split, reaches): (&Split, bool),
    number: TicketNumber,
) -> Result<(Decision, Decision), Refusal> {
    let messages = messages(ticket, split)?;
    let first = messages.first().ok_or(Refusal::Missing {
        what: "the message to split off",
    })?;
    let Actor::Customer(requester) = first.author else {
        let message = first.id;
        return Err(Refusal::NotFromCustomer { message });
    };
    let new =
        || TicketId::from_uuid(call.time_ordered("ticket", call.tenant_id().uuid(), number.0));
    let id = split.id.unwrap_or_else(new);
    let mut begins = Work::new(rules, call, id, requester);
    begins.decision.at = at;
    begins.limit("the list of messages", messages.len())?;
    let subject = match &split.subject {
        Some(subject) => begins.text(ContentKind::Subject, "the subject", subject)?,
        // One subject, one record: erasing it erases both. Who came over with a merged ticket never saw it.
        None if reaches => ticket.subject(),
        None => {
            let what = "the subject, which is somebody else's";
            return Err(Refusal::Missing { what });
        }
    };
    begins.push(Event::Opened(Opened {
        ticket: id,
        number,
        rulebook: rules.rulebook.unwrap_or(RulebookId::from_uuid(Uuid::nil())),
        requester,
        direction: Direction::Inbound,
        channel: first.channel.clone(),
        subject,
        address: (requester == ticket.requester())
            .then_some(ticket.opened().address)
            .flatten(),
        priority: ticket.priority(),
    }));
    begins.push(Event::Linked {
        link: Link::SplitFrom,
        ticket: ticket.id(),
    });
    for (n, message) in (0u64..).zip(&messages) {
        begins.push(Event::MessageAdded(MessageAdded {
            id: MessageId::from_uuid(call.derived("split", id.uuid(), n)),
            author: message.author,
            channel: message.channel.clone(),
            direction: message.direction,
            visibility: message.visibility,
            class: message.class,
            body: message.body,
            attachments: message.attachments.clone(),
            recipients: message.recipients.clone(),
        }));
    }
    let mut leaves = Work::on(old_rules, call, at, ticket);
    leaves.push(Event::Linked {
        link: Link::SplitInto,
        ticket: id,
    });
    Ok((begins.decision, leaves.decision))
}

/// The messages, in the order in which they came.
fn messages<'t>(ticket: &'t Ticket, split: &Split) -> Result<Vec<&'t Message>, Refusal> {
    let mut named: BTreeSet<MessageId> = split.messages.iter().copied().collect();
    let mut found = Vec::new();
    for message in ticket.messages() {
        if !named.remove(&message.id) {
            continue;
        }
        if message.redacted {
            let message = message.id;
            return Err(Refusal::UnknownMessage { message });
        }
        if message.direction != Direction::Inbound {
            let message = message.id;
            return Err(Refusal::NotFromCustomer { message });
        }
        found.push(message);
    }
    match named.first() {
        Some(message) => Err(Refusal::UnknownMessage { message: *message }),
        None => Ok(found),
    }
}
