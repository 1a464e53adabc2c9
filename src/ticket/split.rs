//! Splitting: messages of a customer begin a ticket of their own, because they are about something else.
//!
//! The messages stay in the ticket they came to, where they may have been answered, and stand in the new one as what opened it: the
//! same texts, so that erasing or redacting one takes both away. The new ticket begins at the instant of the split, and so do its
//! clocks.

use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{CustomerId, MessageId, TicketId};

use super::Ticket;

/// Which messages begin a ticket of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Split {
    /// The messages, all of customers; the requester is who wrote the first.
    pub messages: Vec<MessageId>,
    /// The subject line of the new ticket; that of the other one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The new ticket's id, where the host chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<TicketId>,
}

impl Split {
    /// These messages begin a ticket of their own.
    pub fn new(messages: impl IntoIterator<Item = MessageId>) -> Split {
        Split {
            messages: messages.into_iter().collect(),
            subject: None,
            id: None,
        }
    }

    /// Whose ticket begins: who wrote the first of the messages; none where no customer did.
    pub(crate) fn customer(&self, ticket: &Ticket) -> Option<CustomerId> {
        let mut messages = ticket.messages().iter();
        match messages
            .find(|message| self.messages.contains(&message.id))?
            .author
        {
            Actor::Customer(customer) => Some(customer),
            _ => None,
        }
    }

    /// With a subject line of its own.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Split {
        self.subject = Some(subject.into());
        self
    }

    /// With this id for the new ticket.
    #[must_use]
    pub fn id(mut self, id: TicketId) -> Split {
        self.id = Some(id);
        self
    }
}
