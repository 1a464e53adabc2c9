//! What stands beside tickets: customers, surveys, articles, visits, reviews, findings, and the versions of the rulebook that are kept.
//! Each is a stream of events with a state.
//!
//! An [`Aggregate`] is that state. Telling it something takes the same two pure steps as a ticket: [`Aggregate::decide`] turns
//! a command into events or a refusal, and [`Aggregate::apply`] folds an event in and never refuses, because a recorded event is
//! a fact. [`Desk::tell`](crate::Desk::tell) does the rest: it loads the stream and what else the decision
//! [`needs`](Aggregate::needs), checks the permission, keeps texts, claims keys, commits all of it or nothing and tries again
//! where others wrote first.
//!
//! # Properties
//! - A decision is a function of what it is given: the same state, call and command decide the same.
//! - What a decision looked at beside its own stream still stands when the commit is taken: the commit checks it.
//! - Events hold ids, names and instants and no text of a person: texts are [`Content`] records, erased with the person.
//!
//! # What is not here
//! Tickets decide in [`ticket`]: what falls due by itself makes them more than this. Nothing here wakes up by
//! itself: what ends by time alone (a survey's expiry, an action that is late) is told from the instant that is asked about.

mod kept;
mod key;
mod kind;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{ContentId, CustomerId, Name, TicketId};
use crate::ticket::{self, Change, Content, ContentKind, Permission, Recorded, Ticket, Version};

pub(crate) use kept::version_of;
pub use kept::{KeptRulebook, RulebookEvent};
pub use key::{UniqueKey, normal_address};
pub use kind::StreamKind;

/// Something with a history of its own: a state, what can be said about it, and what then happens.
///
/// The implementing type is the state.
pub trait Aggregate: Clone + Debug + PartialEq + Serialize + Send + Sync + 'static {
    /// The kind of its streams.
    const KIND: StreamKind;
    /// What names one.
    type Id: Copy + Debug + PartialEq + Into<Uuid> + From<Uuid> + Send + Sync;
    /// What can be said about it. It is serde, and says nothing of who speaks: that is in the [`Call`].
    type Command: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// What can happen to it.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// What the rulebook says about its kind.
    type Rules: Debug;
    /// Why a command can be refused.
    type Refusal: Reason + From<ticket::Refusal> + Serialize;

    /// The permission that a command needs. Checked before everything else.
    fn permission(command: &Self::Command) -> Permission;

    /// What else a decision must know. Asked again with what was found, until nothing is missing.
    fn needs(_id: Self::Id, _call: &Call, _command: &Self::Command, _around: &Around) -> Needs {
        Needs::default()
    }

    /// What `command` means for the stream `id`, whose state is `stands` (none where nobody wrote it).
    ///
    /// # Errors
    /// What the rules do not allow.
    fn decide(
        stands: Option<&Self>,
        id: Self::Id,
        rules: &Self::Rules,
        context: &Context<'_>,
        command: &Self::Command,
    ) -> Result<Decided<Self::Event>, Self::Refusal>;

    /// Folds one event in. Total: a fact is not refused.
    fn apply(stands: &mut Option<Self>, event: &Recorded<Self::Event>);

    /// The state that these events made; none of no events.
    fn replay<'a>(events: impl IntoIterator<Item = &'a Recorded<Self::Event>>) -> Option<Self> {
        let mut stands = None;
        for event in events {
            Self::apply(&mut stands, event);
        }
        stands
    }
}

/// Why a command was refused, with a code for programs.
pub trait Reason: std::error::Error + Send + Sync + 'static {
    /// A stable code: never renamed, never reused.
    fn code(&self) -> &'static str;

    /// The reason, where it is one that tickets have too: a missing right, a stamp, a text that is too long.
    fn common(&self) -> Option<&ticket::Refusal>;

    /// Whether the caller lacks the right, rather than the command the sense.
    fn is_forbidden(&self) -> bool {
        self.common().is_some_and(ticket::Refusal::is_forbidden)
    }
}

/// Who speaks, when, and within which limits.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Who speaks.
    pub call: &'a Call,
    /// When it takes effect: the call's instant, or the stream's last one where that is a little later.
    pub at: DateTime<Utc>,
    /// Permissions and limits.
    pub rules: &'a ticket::Rules,
    /// What else was looked at.
    pub around: &'a Around,
    /// The stream's kind and where it stood: texts that one call keeps by several commands have different ids.
    place: (Option<StreamKind>, Version),
}

impl<'a> Context<'a> {
    /// `call` speaks, and it takes effect at `at`.
    pub fn new(
        call: &'a Call,
        at: DateTime<Utc>,
        rules: &'a ticket::Rules,
        around: &'a Around,
    ) -> Context<'a> {
        Context {
            call,
            at,
            rules,
            around,
            place: (None, Version::default()),
        }
    }

    /// The same, on a stream of this kind that stands at this version.
    pub(crate) fn standing_at(mut self, kind: StreamKind, version: Version) -> Context<'a> {
        self.place = (Some(kind), version);
        self
    }

    /// Who speaks.
    pub fn actor(&self) -> Actor {
        self.call.actor()
    }

    /// Refuses a list with more members than the rulebook allows.
    ///
    /// # Errors
    /// [`TooLarge`](ticket::Refusal::TooLarge).
    pub fn check_list(&self, what: &'static str, actual: usize) -> Result<(), ticket::Refusal> {
        check_size(what, actual, self.rules.max_list)
    }
}

fn check_size(what: &'static str, actual: usize, limit: usize) -> Result<(), ticket::Refusal> {
    if actual <= limit {
        return Ok(());
    }
    Err(ticket::Refusal::TooLarge {
        what,
        actual,
        limit,
    })
}

/// What a decision needs beside its own stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// Streams.
    pub streams: Vec<(StreamKind, Uuid)>,
    /// Keys whose owners are wanted.
    pub owners: Vec<UniqueKey>,
    /// Texts.
    pub texts: Vec<ContentId>,
}

impl Needs {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty() && self.owners.is_empty() && self.texts.is_empty()
    }

    /// The same needs, and this stream's state.
    #[must_use]
    pub fn stream<A: Aggregate>(mut self, id: A::Id) -> Needs {
        self.streams.push((A::KIND, id.into()));
        self
    }

    /// The same needs, and this ticket.
    #[must_use]
    pub fn ticket(mut self, id: TicketId) -> Needs {
        self.streams.push((StreamKind::Ticket, id.uuid()));
        self
    }

    /// The same needs, and the owner of this key.
    #[must_use]
    pub fn owner(mut self, key: UniqueKey) -> Needs {
        self.owners.push(key);
        self
    }

    /// The same needs, and this text.
    #[must_use]
    pub fn text(mut self, id: ContentId) -> Needs {
        self.texts.push(id);
        self
    }
}

/// The state of a stream, of whatever kind.
type State = Arc<dyn Any + Send + Sync>;

/// What was looked at beside the stream that a command is about.
#[derive(Clone, Debug, Default)]
pub struct Around {
    streams: BTreeMap<(StreamKind, Uuid), (Version, Option<State>)>,
    /// When the last event of each of them was.
    last: BTreeMap<(StreamKind, Uuid), DateTime<Utc>>,
    owners: BTreeMap<UniqueKey, Option<Uuid>>,
    texts: BTreeMap<ContentId, Option<String>>,
}

impl Around {
    /// The state of another stream; none where nobody wrote it or nobody looked.
    pub fn state<A: Aggregate>(&self, id: A::Id) -> Option<&A> {
        self.found(A::KIND, id.into())
    }

    /// A ticket; none where there is none or nobody looked.
    pub fn ticket(&self, id: TicketId) -> Option<&Ticket> {
        self.found(StreamKind::Ticket, id.uuid())
    }

    /// Every ticket that was looked at.
    pub(crate) fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        let states = self
            .streams
            .values()
            .filter_map(|(_, state)| state.as_ref());
        states.filter_map(|state| state.downcast_ref())
    }

    fn found<T: 'static>(&self, kind: StreamKind, id: Uuid) -> Option<&T> {
        let (_, state) = self.streams.get(&(kind, id))?;
        state.as_ref()?.downcast_ref()
    }

    /// The owner of a key; none where nobody has it or nobody looked.
    pub fn owner(&self, key: UniqueKey) -> Option<Uuid> {
        self.owners.get(&key).copied().flatten()
    }

    /// A text; none where it is erased, where the store does not tell it, or nobody looked.
    pub fn text(&self, id: ContentId) -> Option<&str> {
        self.texts.get(&id)?.as_deref()
    }

    /// When the last event of a stream was; none where nobody wrote it or nobody looked.
    pub(crate) fn last(&self, kind: StreamKind, id: Uuid) -> Option<DateTime<Utc>> {
        self.last.get(&(kind, id)).copied()
    }

    /// Whether somebody looked at this stream.
    pub fn has_seen<A: Aggregate>(&self, id: A::Id) -> bool {
        self.streams.contains_key(&(A::KIND, id.into()))
    }

    /// What of `needs` nobody looked at yet.
    #[must_use]
    pub fn missing(&self, mut needs: Needs) -> Needs {
        needs.streams.retain(|key| !self.streams.contains_key(key));
        needs.owners.retain(|key| !self.owners.contains_key(key));
        needs.texts.retain(|id| !self.texts.contains_key(id));
        needs.streams.sort_unstable();
        needs.streams.dedup();
        needs
    }

    /// A stream was looked at.
    pub fn saw<T: Any + Send + Sync>(
        &mut self,
        kind: StreamKind,
        id: Uuid,
        version: Version,
        state: Option<T>,
    ) {
        let state = state.map(|state| Arc::new(state) as State);
        self.streams.insert((kind, id), (version, state));
    }

    /// The last event of a stream that was looked at was then.
    pub(crate) fn saw_last(&mut self, kind: StreamKind, id: Uuid, at: DateTime<Utc>) {
        self.last.insert((kind, id), at);
    }

    /// A text was looked at.
    pub fn saw_text(&mut self, id: ContentId, text: Option<String>) {
        self.texts.insert(id, text);
    }

    /// A key was looked at.
    pub fn saw_owner(&mut self, key: UniqueKey, owner: Option<Uuid>) {
        self.owners.insert(key, owner);
    }

    /// Every stream that was looked at, with the version it stood at.
    pub fn versions(&self) -> impl Iterator<Item = (StreamKind, Uuid, Version)> + '_ {
        let place = |((kind, id), (version, _)): (&(StreamKind, Uuid), &(Version, _))| {
            (*kind, *id, *version)
        };
        self.streams.iter().map(place)
    }
}

/// What a command means: events, and what belongs to them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decided<E> {
    /// What happens to the stream.
    pub events: Vec<E>,
    /// What happens to other streams of the same kind.
    pub beside: Vec<(Uuid, E)>,
    /// Texts to keep.
    pub content: Vec<Content>,
    /// Texts to delete for ever.
    pub erased: Vec<ContentId>,
    /// Keys that the stream's own id has from now on.
    pub claimed: Vec<UniqueKey>,
    /// Keys that the stream's own id gives up.
    pub freed: Vec<UniqueKey>,
    /// Owners whose keys go to another owner, all of them.
    pub moved: Vec<(Uuid, Uuid)>,
    /// Facts about a ticket that come with it.
    pub ticket: Option<(TicketId, Vec<Change>)>,
    /// What somebody is to be told.
    pub notices: Vec<Notice>,
}

/// Something that the host is to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// About which ticket.
    pub ticket: TicketId,
    /// Whom it is for.
    pub customer: CustomerId,
    /// The survey that the customer is invited to, by its name in the rulebook.
    pub survey: Name,
    /// The resolution cycle that it is about.
    pub cycle: u32,
}

impl<E> Default for Decided<E> {
    fn default() -> Decided<E> {
        Decided {
            events: Vec::new(),
            beside: Vec::new(),
            content: Vec::new(),
            erased: Vec::new(),
            claimed: Vec::new(),
            freed: Vec::new(),
            moved: Vec::new(),
            ticket: None,
            notices: Vec::new(),
        }
    }
}

impl<E> Decided<E> {
    /// This happens, and nothing else.
    pub fn event(event: E) -> Decided<E> {
        Decided {
            events: vec![event],
            ..Decided::default()
        }
    }

    /// This happens, where something happens at all.
    pub(crate) fn event_if(happens: bool, event: impl FnOnce() -> E) -> Decided<E> {
        match happens {
            true => Decided::event(event()),
            false => Decided::default(),
        }
    }

    /// The same, and this happens too.
    #[must_use]
    pub fn and(mut self, event: E) -> Decided<E> {
        self.events.push(event);
        self
    }

    /// Keeps a text about `about` that belongs to the stream `owner`, and tells its id. `what` names it in a refusal.
    ///
    /// # Errors
    /// [`Missing`](ticket::Refusal::Missing) where it is blank, [`TooLarge`](ticket::Refusal::TooLarge).
    pub fn keep(
        &mut self,
        context: &Context<'_>,
        owner: impl Into<Uuid>,
        (kind, about): (ContentKind, Option<CustomerId>),
        what: &'static str,
        text: &str,
    ) -> Result<ContentId, ticket::Refusal> {
        if text.trim().is_empty() {
            return Err(ticket::Refusal::Missing { what });
        }
        check_size(what, text.len(), context.rules.max_text)?;
        let (of, version) = context.place;
        let what = of.map_or("kept text".to_owned(), |of| format!("kept text of {of}"));
        let n = version.0 << 20 | self.content.len() as u64;
        let id = ContentId::from_uuid(context.call.time_ordered(&what, owner.into(), n));
        self.content.push(Content {
            id,
            kind,
            about,
            text: text.to_owned(),
        });
        Ok(id)
    }
}
