//! What happened to a ticket. Events are facts: recorded once, never refused again, never rewritten.
//!
//! An event holds ids, roles and instants, and no text of a person (see [`content`](super::content)).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::{Actor, Cause};
use crate::id::{
    AgentId, ContentId, CustomerId, FiringKey, MessageId, Name, RulebookId, SessionId, TeamId,
    TicketId, TicketNumber,
};
use crate::time::Span;

use super::clock::{Agreement, ClockId};
use super::conversation::{Attachment, Channel, Direction, MessageClass, Recipients, Visibility};
use super::lifecycle::{Status, Step};
use super::link::Link;
use super::merge::Merged;
use super::rating::Rated;
use super::session::SessionEvent;
use super::{FieldValue, Holder, Priority};

/// An event with its place in the history of its stream: of a ticket, unless another kind of event is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded<E = Event> {
    /// Its place: 1 for the first event of the stream, then without gaps.
    pub version: Version,
    /// When it took effect, to the microsecond; never earlier than the event before it.
    #[serde(serialize_with = "crate::time::serialize")]
    pub at: DateTime<Utc>,
    /// The stamp of the command, where it was a little before the last event and was taken at that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamped_at: Option<DateTime<Utc>>,
    /// For what fell due by itself: when it was due, and when a commit noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Who did it.
    pub actor: Actor,
    /// What led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What happened.
    pub event: E,
}

impl Recorded<Event> {
    /// Whether it is a firing whose inner actions did not run, because rules had acted too often in a row.
    pub const fn ended_a_chain(&self) -> bool {
        matches!(&self.event, Event::Escalated(fired) if fired.chain_ended)
    }
}

/// When something that happens by itself was due, and when a commit recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// When it was due: the rules alone decide this. What waited for a guard, or is made up for after an import, was due at the last event
    /// where its threshold is running time (or a target was passed), and where its threshold is an instant at that.
    #[serde(serialize_with = "crate::time::serialize")]
    pub scheduled_at: DateTime<Utc>,
    /// The instant of the commit that recorded it.
    #[serde(serialize_with = "crate::time::serialize")]
    pub observed_at: DateTime<Utc>,
}

/// How many events a stream holds, which is also the place of its last one. 0 is a stream that nobody wrote.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version after one more event.
    #[must_use]
    pub const fn next(self) -> Version {
        Version(self.0.saturating_add(1))
    }
}

/// What can happen to a ticket.
///
/// Grows with the crate; a stored event of a kind that this version does not know is an error of kind `newer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The ticket began. It is `Open` from here on and pinned to one version of the rulebook.
    Opened(Opened),
    /// A message was recorded.
    MessageAdded(MessageAdded),
    /// The status, its reason or its label changed.
    StatusChanged {
        /// The new status.
        to: Status,
        /// By which step of the table.
        step: Step,
        /// The host's own name for the new status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<Name>,
    },
    /// Somebody, or nobody, is in charge now.
    Assigned {
        /// The agent in charge.
        agent: Option<AgentId>,
        /// The team in charge.
        team: Option<TeamId>,
    },
    /// The priority changed.
    PriorityChanged {
        /// The new one.
        to: Priority,
    },
    /// The type changed.
    TypeChanged {
        /// The new one.
        to: Option<Name>,
    },
    /// A tag was added.
    TagAdded {
        /// The tag.
        tag: Name,
    },
    /// A tag was removed.
    TagRemoved {
        /// The tag.
        tag: Name,
    },
    /// A field of the host was set or cleared.
    FieldSet {
        /// The field.
        name: Name,
        /// Its value now.
        value: Option<FieldValue>,
    },
    /// Somebody worked on it.
    TimeLogged {
        /// For how long.
        spent: Span,
        /// What for, in the host's own words for kinds of work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<Name>,
    },
    /// Another customer takes part.
    ParticipantAdded {
        /// Who.
        customer: CustomerId,
    },
    /// A customer takes part no longer.
    ParticipantRemoved {
        /// Who.
        customer: CustomerId,
    },
    /// The text of a message was taken away.
    MessageRedacted {
        /// Which message.
        message: MessageId,
    },
    /// The ticket was tied to another.
    Linked {
        /// How.
        link: Link,
        /// To which.
        ticket: TicketId,
    },
    /// The ticket is tied to another no longer.
    Unlinked {
        /// How it was.
        link: Link,
        /// To which.
        ticket: TicketId,
    },
    /// The conversation goes on over another channel.
    ChannelChanged {
        /// Over which.
        to: Channel,
    },
    /// A step of a call, a chat or a conversation with a bot.
    Session {
        /// Which.
        id: SessionId,
        /// What happened to it.
        what: SessionEvent,
    },
    /// Another ticket was merged into this one.
    Merged(Merged),
    /// The customer was promised an update.
    UpdatePromised {
        /// By when.
        due: DateTime<Utc>,
    },
    /// The customer was told when the ticket will be resolved.
    ResolutionEstimated {
        /// When.
        at: DateTime<Utc>,
    },
    /// A customer rated the help.
    Rated(Rated),
    /// The ticket was moved to another version of the rulebook: from here on that one measures and decides.
    RulebookApplied {
        /// The version.
        rulebook: RulebookId,
    },
    /// A policy was chosen, or none any more, because a fact changed that the policies' conditions read.
    PolicyChosen {
        /// For which agreement.
        agreement: Agreement,
        /// Its name in the rulebook.
        policy: Option<Name>,
    },
    /// A clock passed its target. Announced once per clock, start and target.
    Breached {
        /// The key, once for ever.
        key: FiringKey,
        /// Which clock.
        clock: ClockId,
        /// The target that was passed, as text.
        target: String,
        /// The target was already passed when it came into force.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        on_attach: bool,
    },
    /// An escalation level fired.
    Escalated(Escalated),
    /// What a firing was about is over, and those who were told were told so.
    Withdrawn {
        /// The firing.
        key: FiringKey,
    },
    /// The history up to here came from a recorded log.
    Imported,
}

impl Event {
    /// Whether it changes a fact that the conditions of policies read.
    pub(crate) const fn changes_facts(&self) -> bool {
        match self {
            Event::Opened(_)
            | Event::PriorityChanged { .. }
            | Event::TypeChanged { .. }
            | Event::TagAdded { .. }
            | Event::TagRemoved { .. }
            | Event::FieldSet { .. }
            | Event::Assigned { .. }
            | Event::RulebookApplied { .. } => true,
            Event::MessageAdded(_)
            | Event::StatusChanged { .. }
            | Event::TimeLogged { .. }
            | Event::ParticipantAdded { .. }
            | Event::ParticipantRemoved { .. }
            | Event::MessageRedacted { .. }
            | Event::Linked { .. }
            | Event::Unlinked { .. }
            | Event::Merged(_)
            | Event::Session { .. }
            | Event::ChannelChanged { .. }
            | Event::UpdatePromised { .. }
            | Event::ResolutionEstimated { .. }
            | Event::PolicyChosen { .. }
            | Event::Breached { .. }
            | Event::Escalated(_)
            | Event::Withdrawn { .. }
            | Event::Rated(_)
            | Event::Imported => false,
        }
    }

    /// Whether the rulebook made this event, rather than somebody's command: replaying a history under another rulebook
    /// leaves these out and decides them anew.
    pub const fn is_derived(&self) -> bool {
        matches!(
            self,
            Event::PolicyChosen { .. }
                | Event::Breached { .. }
                | Event::Escalated(_)
                | Event::Withdrawn { .. }
        ) || matches!(
            self,
            Event::StatusChanged {
                step: Step::Wake,
                ..
            }
        )
    }
}

/// See [`Event::Opened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The ticket's id.
    pub ticket: TicketId,
    /// Its number in the tenant.
    pub number: TicketNumber,
    /// The rulebook version it is pinned to.
    pub rulebook: RulebookId,
    /// Who asks for help.
    pub requester: CustomerId,
    /// [`Inbound`](Direction::Inbound) where the customer came to the desk, [`Outbound`](Direction::Outbound) where the
    /// desk began: then the first response is not due before the customer's first message.
    pub direction: Direction,
    /// The way it came.
    pub channel: Channel,
    /// The subject line, as a content record.
    pub subject: ContentId,
    /// The requester's address, as a content record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<ContentId>,
    /// The first priority.
    pub priority: Priority,
}

/// See [`Event::MessageAdded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAdded {
    /// The message's id.
    pub id: MessageId,
    /// Who wrote it.
    pub author: Actor,
    /// The way it came or went.
    pub channel: Channel,
    /// From whom to whom.
    pub direction: Direction,
    /// Who may see it.
    pub visibility: Visibility,
    /// What it is.
    pub class: MessageClass,
    /// Its text, as a content record.
    pub body: ContentId,
    /// The files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub recipients: Recipients,
}

/// See [`Event::Escalated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalated {
    /// The key, once for ever.
    pub key: FiringKey,
    /// The rule's name.
    pub rule: Name,
    /// The level's name.
    pub level: Name,
    /// The clock that reached the threshold, where a clock is watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockId>,
    /// Whether its messages went to the outbox.
    pub delivery: Delivery,
    /// Its inner actions did not run: rules had acted too often in a row on a ticket that nobody else touched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain_ended: bool,
    /// Who was in charge then, where somebody was told who wants to be told once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Holder>,
}

/// What became of the outward messages of a firing. Inner actions always run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// They went to the outbox.
    Delivered,
    /// Held back: several levels were missed and the rule's catch-up choice left this one out, or the threshold was past
    /// before the rule applied.
    HeldBack,
    /// The clock ended in the same commit, by somebody's deed or another level's, so nobody needs to be told any more.
    Stale,
}
