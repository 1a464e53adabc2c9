//! A new ticket as a client asks for it.

use serde::{Deserialize, Serialize};

use crate::id::{CustomerId, TicketId};

use super::Priority;
use super::command::Change;
use super::conversation::{Channel, Direction};
use super::draft::{Draft, is_default};

/// A new ticket.
///
/// ```
/// use helpdesk::{Open, ticket::Priority};
/// let open = Open::new("Printer on fire").from("ann@example.com").body("Please hurry").priority(Priority::Urgent);
/// assert_eq!(serde_json::from_str::<Open>(&serde_json::to_string(&open)?)?, open);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Open {
    /// The id, where the host chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<TicketId>,
    /// The subject line; it becomes a content record.
    pub subject: String,
    /// Who asks for help. Needed unless a customer calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// Whether the customer came to the desk (the default) or the desk began.
    #[serde(default = "inbound", skip_serializing_if = "is_inbound")]
    pub direction: Direction,
    /// The way it came.
    #[serde(default, skip_serializing_if = "is_default")]
    pub channel: Channel,
    /// The first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Draft>,
    /// The first priority.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// Facts that hold from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// Who asks for help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// Whoever writes from this address: the same address is the same customer. A blank one is refused: it is nobody's.
    Address(String),
    /// A customer that the host knows.
    Customer(CustomerId),
}

impl Open {
    /// A ticket with nothing but its subject.
    pub fn new(subject: impl Into<String>) -> Open {
        Open {
            id: None,
            subject: subject.into(),
            requester: None,
            direction: Direction::Inbound,
            channel: Channel::default(),
            message: None,
            priority: Priority::default(),
            changes: Vec::new(),
        }
    }

    /// A customer came to the desk, known by the address: the bare one, as `ann@example.com`, without a name beside it. It is compared as it
    /// stands, but for case and the space around it.
    #[doc(alias = "requester")]
    #[must_use]
    pub fn from(mut self, address: impl Into<String>) -> Open {
        self.requester = Some(Requester::Address(address.into()));
        self.direction = Direction::Inbound;
        self
    }

    /// A customer came to the desk, known by the host's id.
    #[doc(alias = "requester")]
    #[must_use]
    pub fn from_customer(mut self, customer: CustomerId) -> Open {
        self.requester = Some(Requester::Customer(customer));
        self.direction = Direction::Inbound;
        self
    }

    /// The desk begins, for this customer: no first response is due before the customer writes.
    #[must_use]
    pub fn on_behalf_of(mut self, customer: CustomerId) -> Open {
        self.requester = Some(Requester::Customer(customer));
        self.direction = Direction::Outbound;
        self
    }

    /// With this id.
    #[must_use]
    pub fn id(mut self, id: TicketId) -> Open {
        self.id = Some(id);
        self
    }

    /// With a first message.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Open {
        self.message = Some(Draft::new(body));
        self
    }

    /// With a first message and all its particulars.
    #[must_use]
    pub fn message(mut self, draft: Draft) -> Open {
        self.message = Some(draft);
        self
    }

    /// Over this channel.
    #[must_use]
    pub fn over(mut self, channel: Channel) -> Open {
        self.channel = channel;
        self
    }

    /// With this priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Open {
        self.priority = priority;
        self
    }

    /// With one more fact from the start.
    #[must_use]
    pub fn and(mut self, change: Change) -> Open {
        self.changes.push(change);
        self
    }
}

fn inbound() -> Direction {
    Direction::Inbound
}

fn is_inbound(direction: &Direction) -> bool {
    *direction == Direction::Inbound
}
