//! What goes into a store and what comes out: loads and commits as plain data.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregate::{Aggregate, StreamKind, UniqueKey};
use crate::call::Actor;
use crate::escalation::Action;
use crate::id::{
    AgentId, ContentId, CustomerId, FiringKey, Name, RulebookId, TeamId, TenantId, TicketId,
    TicketNumber,
};
use crate::kpi::Rows;
use crate::ticket::{Content, Holder, Version};

use super::{Events, Snapshot, TicketRow};

/// The name of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// Whose.
    pub tenant: TenantId,
    /// Of what kind.
    pub kind: StreamKind,
    /// Which.
    pub id: Uuid,
}

impl StreamId {
    /// The stream of a ticket.
    pub const fn ticket(tenant: TenantId, ticket: TicketId) -> StreamId {
        StreamId {
            tenant,
            kind: StreamKind::Ticket,
            id: ticket.uuid(),
        }
    }

    /// The stream of an aggregate.
    pub fn of<A: Aggregate>(tenant: TenantId, id: A::Id) -> StreamId {
        StreamId {
            tenant,
            kind: A::KIND,
            id: id.into(),
        }
    }
}

/// The name of an idempotency record: a key of one actor of one tenant, over all streams.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// Whose.
    pub tenant: TenantId,
    /// Who used it.
    pub actor: Actor,
    /// The key.
    pub key: Name,
}

/// What was done under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// The key.
    pub key: IdempotencyKey,
    /// When it was used.
    pub at: DateTime<Utc>,
    /// A digest of what was asked for.
    pub fingerprint: Uuid,
    /// The stream that was written.
    pub stream: StreamId,
    /// Its version before.
    pub after: Version,
    /// Its version then.
    pub until: Version,
}

/// Everything that a decision needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Load {
    /// In which tenant.
    pub tenant: TenantId,
    /// The streams whose events are wanted.
    pub streams: Vec<StreamId>,
    /// Whether a snapshot will do in place of the events up to it.
    pub snapshots: bool,
    /// The keys whose owners are wanted.
    pub owners: Vec<UniqueKey>,
    /// The idempotency record that is wanted.
    pub idempotency: Option<IdempotencyKey>,
    /// Whether a new ticket number is wanted.
    pub number: bool,
    /// The texts that are wanted.
    pub content: Vec<ContentId>,
    /// Whether the stream, where it is all that is asked for, may be told as this store value wrote it last, without a look at what others
    /// wrote since: whoever asks commits on that version, or asks again. A store that looks all the same is right.
    #[serde(skip)]
    pub as_kept: bool,
}

impl Load {
    /// These streams, and nothing else yet.
    pub fn streams(tenant: TenantId, streams: impl IntoIterator<Item = StreamId>) -> Load {
        let streams = streams.into_iter().collect();
        Load {
            tenant,
            streams,
            snapshots: false,
            owners: Vec::new(),
            idempotency: None,
            number: false,
            content: Vec::new(),
            as_kept: false,
        }
    }

    /// The owners of these keys, and nothing else yet.
    pub fn owners(tenant: TenantId, owners: Vec<UniqueKey>) -> Load {
        Load {
            owners,
            ..Load::streams(tenant, [])
        }
    }
}

/// The answer to a [`Load`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// Each stream asked for, in the order of the request.
    pub streams: Vec<Stream>,
    /// The owner of each key asked for, in the order of the request.
    pub owners: Vec<Option<Uuid>>,
    /// The idempotency record, where there is one.
    pub idempotency: Option<IdempotencyRecord>,
    /// The new number, where one was wanted.
    pub number: Option<TicketNumber>,
    /// Each text asked for, in the order of the request; `None` for what is erased. A store that leaves the list empty knows less: what
    /// rests on it is then decided as if nobody knew the text.
    pub content: Vec<Option<Content>>,
    /// Where nobody looked ([`Load::as_kept`]): which memory of the store value it is from.
    pub as_kept: Option<u64>,
}

impl From<Stream> for Loaded {
    fn from(stream: Stream) -> Loaded {
        Loaded {
            streams: vec![stream],
            ..Loaded::default()
        }
    }
}

/// One stream as it was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stream {
    /// What its first events made, where [`Load::snapshots`] asked for it and the store keeps one.
    pub snapshot: Option<Snapshot>,
    /// Its events, oldest first: after the snapshot, where there is one, else all. None where nobody wrote it.
    pub events: Events,
}

impl Stream {
    /// A snapshot and the events after it.
    pub fn since(snapshot: Option<Snapshot>, events: Events) -> Stream {
        Stream { snapshot, events }
    }
}

impl<E: Into<Events>> From<E> for Stream {
    fn from(events: E) -> Stream {
        Stream::since(None, events.into())
    }
}

/// Changes of several streams with everything that belongs to them: all or nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Commit {
    /// In which tenant.
    pub tenant: TenantId,
    /// The instant of the command or sweep.
    pub at: DateTime<Utc>,
    /// One per stream; no stream twice.
    pub parts: Vec<Part>,
    /// Texts to keep.
    pub content: Vec<Content>,
    /// Texts to delete for ever. This comes after [`content`](Commit::content): a text that the same commit keeps and erases is gone.
    pub erased: Vec<ContentId>,
    /// Persons to erase: every text about them that is stored by now is deleted for ever, and the unique keys that they own
    /// (their addresses) are free again. This comes first: what the same commit keeps or claims stays.
    pub persons: Vec<CustomerId>,
    /// Keys that their owners give up: each is free again where this owner has it. This comes before [`unique`](Commit::unique).
    pub freed: Vec<(UniqueKey, Uuid)>,
    /// Owners whose keys go to another owner, all of them. This comes after [`freed`](Commit::freed) and before
    /// [`unique`](Commit::unique).
    pub moved: Vec<(Uuid, Uuid)>,
    /// Messages for the host to deliver.
    pub outbox: Vec<OutboxMessage>,
    /// Keys to claim, each with its owner.
    pub unique: Vec<(UniqueKey, Uuid)>,
    /// What to remember of the idempotency key.
    pub idempotency: Option<IdempotencyRecord>,
    /// A ticket number that is used: the numbers that the store gives go on after it.
    pub number: Option<TicketNumber>,
    /// What [`Loaded::as_kept`] told, where this rests on it. For a store that had to forget meanwhile it is a conflict.
    #[serde(skip)]
    pub as_kept: Option<u64>,
}

/// The change of one stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// Which stream.
    pub stream: StreamId,
    /// The version that was decided on. There is no "any": a desk never writes blind.
    pub expected: Version,
    /// The events to append; none is a version check. They are of the stream's kind.
    pub events: Events,
    /// When to look at the stream again; left as it was where `None`.
    pub wake: Option<Wake>,
    /// The rows that replace the stream's; left as they were where `None`. A part of this crate has both these and the listing, or
    /// neither: a store may keep one schema number for the two.
    pub facts: Option<Rows>,
    /// What the stream's events make with these, for stores that keep snapshots.
    pub snapshot: Option<Snapshot>,
    /// What lists show of the ticket from now on; left as it was where `None`.
    pub listing: Option<TicketRow>,
    /// Whether every filter finds that where it found what stood there at `expected`: a store that keeps what filters ask for apart may leave
    /// it as it is. `false` where nobody compared.
    pub keeps_place: bool,
}

impl Part {
    /// A check that the stream stands at `expected`, which writes nothing.
    pub fn check(stream: StreamId, expected: Version) -> Part {
        Part {
            stream,
            expected,
            events: Events::none(stream.kind),
            wake: None,
            facts: None,
            snapshot: None,
            listing: None,
            keeps_place: false,
        }
    }

    /// These events, the first of which follows `expected`.
    pub fn append(stream: StreamId, expected: Version, events: impl Into<Events>) -> Part {
        Part {
            events: events.into(),
            ..Part::check(stream, expected)
        }
    }

    /// The same part with a wake-up.
    #[must_use]
    pub fn wake(mut self, wake: Wake) -> Part {
        self.wake = Some(wake);
        self
    }

    /// The same part with the rows that replace the stream's.
    #[must_use]
    pub fn facts(mut self, facts: impl Into<Rows>) -> Part {
        self.facts = Some(facts.into());
        self
    }

    /// The same part with what lists show of the ticket.
    #[must_use]
    pub fn listing(mut self, row: TicketRow) -> Part {
        (self.listing, self.keeps_place) = (Some(row), false);
        self
    }

    /// Whether it only checks the version and writes nothing.
    pub fn is_check(&self) -> bool {
        self.events.is_empty()
            && self.wake.is_none()
            && self.facts.is_none()
            && self.listing.is_none()
    }
}

impl Commit {
    /// A commit of these parts, and nothing else yet.
    pub fn new(tenant: TenantId, at: DateTime<Utc>, parts: Vec<Part>) -> Commit {
        Commit {
            tenant,
            at,
            parts,
            content: Vec::new(),
            erased: Vec::new(),
            persons: Vec::new(),
            freed: Vec::new(),
            moved: Vec::new(),
            outbox: Vec::new(),
            unique: Vec::new(),
            idempotency: None,
            number: None,
            as_kept: None,
        }
    }

    /// Whether there is nothing in it to write.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Part::is_check)
            && self.content.is_empty()
            && self.erased.is_empty()
            && self.persons.is_empty()
            && self.freed.is_empty()
            && self.moved.is_empty()
            && self.outbox.is_empty()
            && self.unique.is_empty()
            && self.idempotency.is_none()
            && self.number.is_none()
    }
}

/// When to look at a stream again, and under which rules that was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// The earliest instant at which a sweep would record something, if nothing else happens.
    pub at: Option<DateTime<Utc>>,
    /// What it was computed with.
    pub stamp: Stamp,
}

/// What a wake-up was computed with. One that was computed with other zone data than is asked for counts as due
/// ([`Store::due`](super::Store::due)); the rulebook is told beside it, and no store compares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The rulebook version.
    pub rulebook: RulebookId,
    /// The version of the time-zone data, and of the calendars that were published
    /// ([`Rulebooks::data_version`](crate::rulebook::Rulebooks::data_version)).
    pub zone_data: Cow<'static, str>,
}

/// A message for the host to deliver: somebody is to be told, or something of the host's own is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutboxMessage {
    /// Its id: the same message delivered twice has the same one.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// About which ticket.
    pub ticket: TicketId,
    /// The ticket's requester.
    pub requester: CustomerId,
    /// The agent in charge then: when the level fired, or when the survey was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The team in charge then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// When it was due.
    pub at: DateTime<Utc>,
    /// What to do.
    pub what: Outgoing,
    /// How often it was claimed before.
    pub attempts: u32,
}

/// What an outbox message asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outgoing {
    /// What an escalation level fired about is over; whoever was told is told again.
    Withdrawal {
        /// The firing.
        key: FiringKey,
        /// The rule's name.
        rule: Name,
        /// The level's name.
        level: Name,
        /// What the level asked for: one message per outward action.
        action: Action,
    },
    /// A customer is invited to a survey about the ticket.
    Survey {
        /// The survey, by its name in the rulebook.
        survey: Name,
        /// The resolution cycle that it is about, from 0.
        cycle: u32,
    },
    /// An escalation level fired.
    Escalation {
        /// The firing.
        key: FiringKey,
        /// The rule's name.
        rule: Name,
        /// The level's name.
        level: Name,
        /// What the level asks for: one message per outward action.
        action: Action,
    },
}

impl OutboxMessage {
    /// A message that was never claimed.
    pub fn new(
        id: Uuid,
        tenant: TenantId,
        (ticket, requester): (TicketId, CustomerId),
        at: DateTime<Utc>,
        what: Outgoing,
    ) -> OutboxMessage {
        OutboxMessage {
            id,
            tenant,
            ticket,
            requester,
            agent: None,
            team: None,
            at,
            what,
            attempts: 0,
        }
    }

    /// The same message with who was in charge.
    #[must_use]
    pub fn in_charge(mut self, holder: Holder) -> OutboxMessage {
        (self.agent, self.team) = (holder.agent, holder.team);
        self
    }
}
