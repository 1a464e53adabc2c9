//! What a client may say about a ticket. All of it is serde; who says it and when is in the [`Call`](crate::Call).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, CustomerId, MessageId, Name, TeamId, TicketId};
use crate::time::Span;

use super::conversation::{Channel, Direction, MessageClass, Visibility};
use super::lifecycle::{CloseReason, Pending};
use super::rating::{Rated, RatingKind};
use super::{FieldValue, Priority};

/// One request about one ticket, all of it or nothing: a message, then changes, then a status move, in that order.
///
/// So a reply that also lets the ticket wait first answers the customer and then pauses the clocks.
///
/// ```
/// use helpdesk::{Command, ticket::Pending};
/// let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
/// let json = serde_json::to_string(&ask)?;
/// assert_eq!(json, r#"{"message":{"body":"Which floor?"},"step":{"pend":"customer"}}"#);
/// assert_eq!(serde_json::from_str::<Command>(&json)?, ask);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Command {
    /// Something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Draft>,
    /// Changes of facts, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// A move to another status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Move>,
}

impl Command {
    /// A public message: of the desk where an agent calls, of the customer where a customer calls.
    pub fn reply(body: impl Into<String>) -> Command {
        Command::say(Draft::new(body))
    }

    /// A note that only the desk sees.
    pub fn note(body: impl Into<String>) -> Command {
        Command::say(Draft {
            visibility: Visibility::Internal,
            ..Draft::new(body)
        })
    }

    /// A message with all its particulars.
    pub fn say(draft: Draft) -> Command {
        Command {
            message: Some(draft),
            ..Command::default()
        }
    }

    /// A single change.
    pub fn change(change: Change) -> Command {
        Command::default().and(change)
    }

    /// Records how the customer rated the help.
    pub fn rate(kind: RatingKind, mark: u8) -> Command {
        let comment = None;
        Command::change(Change::Rate {
            kind,
            mark,
            comment,
        })
    }

    /// Lets the ticket wait.
    pub fn pend(reason: Pending) -> Command {
        Command::default().then(Move::Pend(reason))
    }

    /// Goes on with a waiting ticket.
    pub fn resume() -> Command {
        Command::default().then(Move::Resume)
    }

    /// Resolves the ticket.
    pub fn resolve() -> Command {
        Command::default().then(Move::Resolve)
    }

    /// Reopens a resolved ticket.
    pub fn reopen() -> Command {
        Command::default().then(Move::Reopen)
    }

    /// Closes the ticket.
    pub fn close(reason: CloseReason) -> Command {
        Command::default().then(Move::Close(reason))
    }

    /// The same command with one more change.
    #[must_use]
    pub fn and(mut self, change: Change) -> Command {
        self.changes.push(change);
        self
    }

    /// The same command with a move at its end, instead of any it had.
    #[must_use]
    pub fn then(mut self, step: Move) -> Command {
        self.step = Some(step);
        self
    }

    /// The same command, letting the ticket wait at its end.
    #[must_use]
    pub fn then_pend(self, reason: Pending) -> Command {
        self.then(Move::Pend(reason))
    }

    /// The same command, resolving the ticket at its end.
    #[must_use]
    pub fn then_resolve(self) -> Command {
        self.then(Move::Resolve)
    }
}

/// A message to record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Draft {
    /// The text; it becomes a content record.
    pub body: String,
    /// The way it came or goes; the ticket's own channel where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Who may see it.
    #[serde(skip_serializing_if = "is_default")]
    pub visibility: Visibility,
    /// What it is.
    #[serde(skip_serializing_if = "is_default")]
    pub class: MessageClass,
    /// The message's id outside, such as a mail's `Message-ID`: the same one twice is one message. Said again of the same ticket
    /// (or of the one whose late message began a follow-up), the whole command counts as done; the outcome is the ticket that has
    /// the message. Said of another ticket, it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Files that came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentDraft>,
}

impl Draft {
    /// A public, ordinary message.
    pub fn new(body: impl Into<String>) -> Draft {
        Draft {
            body: body.into(),
            ..Draft::default()
        }
    }

    /// The same message by another way than the ticket's own.
    #[must_use]
    pub fn over(mut self, channel: Channel) -> Draft {
        self.channel = Some(channel);
        self
    }

    /// The same message with what the classifier told.
    #[must_use]
    pub fn class(mut self, class: MessageClass) -> Draft {
        self.class = class;
        self
    }

    /// The same message with its id outside.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Draft {
        self.external_id = Some(id.into());
        self
    }

    /// The same message with one more file.
    #[must_use]
    pub fn attach(mut self, file: AttachmentDraft) -> Draft {
        self.attachments.push(file);
        self
    }
}

/// A file that comes with a message; the bytes stay with the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentDraft {
    /// The file's name.
    pub name: String,
    /// Its media type, such as `image/png`.
    pub media_type: Name,
    /// Its size in bytes.
    pub size: u64,
    /// Who may see it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub visibility: Visibility,
}

/// A change of one fact. Setting what is already so is no event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Puts an agent, a team, both or nobody in charge.
    Assign {
        /// The agent.
        #[serde(default)]
        agent: Option<AgentId>,
        /// The team.
        #[serde(default)]
        team: Option<TeamId>,
    },
    /// Sets the priority.
    Priority(Priority),
    /// Sets or clears the type.
    Type(Option<Name>),
    /// Adds a tag.
    AddTag(Name),
    /// Removes a tag.
    RemoveTag(Name),
    /// Sets or clears a field of the host.
    Field {
        /// The field.
        name: Name,
        /// Its new value; absent clears it.
        #[serde(default)]
        value: Option<FieldValue>,
    },
    /// Records effort.
    LogTime {
        /// For how long.
        spent: Span,
        /// The kind of work, in the host's words.
        #[serde(default)]
        activity: Option<Name>,
    },
    /// Lets another customer take part.
    AddParticipant(CustomerId),
    /// Ends a customer's part.
    RemoveParticipant(CustomerId),
    /// Promises the customer an update by this instant; made again before it, it supersedes the earlier one.
    PromiseUpdate(DateTime<Utc>),
    /// Tells the customer when the ticket will be resolved.
    EstimateResolution(DateTime<Utc>),
    /// Records how the customer rated the help.
    Rate {
        /// What the customer was asked.
        kind: RatingKind,
        /// The mark, on the scale that the rulebook declares ([`Rules::scales`](super::Rules::scales)).
        mark: u8,
        /// What the customer said about it; it becomes a content record.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Records what an answered survey says. Only the desk itself can say this: it has no written form.
    #[serde(skip)]
    Surveyed(Rated),
    /// Takes the text of a message away for ever.
    Redact(MessageId),
}

/// A move to another status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Move {
    /// Waits. From `Resolved` this is a reopen and a pend.
    Pend(Pending),
    /// Goes on.
    Resume,
    /// Done, says the desk.
    Resolve,
    /// Not done after all.
    Reopen,
    /// Ends.
    Close(CloseReason),
    /// Whatever leads to the status that the host's own label stands for.
    Label(Name),
}

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
    /// Whoever writes from this address: the same address is the same customer.
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

    /// A customer came to the desk, known by the address.
    #[must_use]
    pub fn from(mut self, address: impl Into<String>) -> Open {
        self.requester = Some(Requester::Address(address.into()));
        self.direction = Direction::Inbound;
        self
    }

    /// A customer came to the desk, known by the host's id.
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

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn inbound() -> Direction {
    Direction::Inbound
}

fn is_inbound(direction: &Direction) -> bool {
    *direction == Direction::Inbound
}
