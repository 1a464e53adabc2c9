//! The events of one stream, typed by what the stream is the history of.
//!
//! A store moves them, counts them and writes their texts; it knows no rule of any kind. The table below is the only list of
//! kinds with their events.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::aggregate::StreamKind;
use crate::ticket::{self, Recorded, Version};

use super::StoreError;
use super::stored::{read_event, write};

/// Calls a macro with every kind and its events.
macro_rules! each_kind {
    ($then:ident) => {
        $then! {
            Ticket(crate::ticket::Event),
            Customer(crate::customer::Event),
            Feedback(crate::feedback::Event),
            Article(crate::self_service::ArticleEvent),
            Visit(crate::self_service::VisitEvent),
            Review(crate::quality::Event),
            Finding(crate::improvement::Event),
            Rulebook(crate::aggregate::RulebookEvent),
        }
    };
}
pub(super) use each_kind;

/// An event of one of the kinds of streams.
pub trait StreamEvent:
    Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The kind of the streams that hold it.
    const KIND: StreamKind;
    #[doc(hidden)]
    fn wrap(events: EventList<Self>) -> Events;
    #[doc(hidden)]
    fn of(events: &Events) -> Option<&[Recorded<Self>]>;
    #[doc(hidden)]
    fn take(events: Events) -> Option<Vec<Recorded<Self>>>;
}

macro_rules! events {
    ($($kind:ident($event:ty),)*) => {
        /// The events of one stream, oldest first: a list per kind of stream.
        ///
        /// ```
        /// use helpdesk::store::{Events, StreamKind};
        /// let none = Events::none(StreamKind::Ticket);
        /// assert!(none.is_empty() && none.ticket().is_empty());
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Events {
            $(#[doc = concat!("Of a stream of the kind `", stringify!($kind), "`.")]
            $kind(EventList<$event>),)*
        }

        $(impl StreamEvent for $event {
            const KIND: StreamKind = StreamKind::$kind;
            fn wrap(events: EventList<Self>) -> Events {
                Events::$kind(events)
            }
            fn of(events: &Events) -> Option<&[Recorded<Self>]> {
                match events {
                    Events::$kind(events) => Some(events),
                    _ => None,
                }
            }
            fn take(events: Events) -> Option<Vec<Recorded<Self>>> {
                match events {
                    Events::$kind(events) => Some(events.into_vec()),
                    _ => None,
                }
            }
        })*

        impl Events {
            /// No events of a stream of this kind.
            pub const fn none(kind: StreamKind) -> Events {
                match kind {
                    $(StreamKind::$kind => Events::$kind(EventList(Inner::Own(Vec::new()))),)*
                }
            }

            /// The kind of the stream.
            pub const fn kind(&self) -> StreamKind {
                match self {
                    $(Events::$kind(_) => StreamKind::$kind,)*
                }
            }

            /// How many there are.
            pub fn len(&self) -> usize {
                match self {
                    $(Events::$kind(events) => events.len(),)*
                }
            }

            /// When the last of them was.
            pub(crate) fn last_at(&self) -> Option<DateTime<Utc>> {
                match self {
                    $(Events::$kind(events) => events.last().map(|event| event.at),)*
                }
            }

            /// The place of the n-th of them, from 0.
            fn version(&self, n: usize) -> Option<Version> {
                match self {
                    $(Events::$kind(events) => events.get(n).map(|event| event.version),)*
                }
            }

            /// Adds events at the end. Events of another kind are not added, and `false` tells so.
            pub fn append(&mut self, more: Events) -> bool {
                match (self, more) {
                    $((Events::$kind(events), Events::$kind(more)) => events.change(|events| events.append(&mut more.into_vec())),)*
                    _ => return false,
                }
                true
            }

            /// Each event's place and its stored form, in order.
            ///
            /// # Errors
            /// [`Other`](super::StoreErrorKind::Other) where an event has no stored form.
            pub fn texts(&self) -> Result<Vec<(Version, String)>, StoreError> {
                match self {
                    $(Events::$kind(events) => events.iter().map(text).collect(),)*
                }
            }

            /// Adds the event behind a stored form, which must be the one with this place in the stream.
            ///
            /// # Errors
            /// Those of [`stored::read_event`](super::stored::read_event).
            pub fn push_text(&mut self, version: Version, schema: i64, text: &str) -> Result<(), StoreError> {
                match self {
                    $(Events::$kind(events) => {
                        let event = read_event(version, schema, text)?;
                        events.change(|events| events.push(event));
                    })*
                }
                Ok(())
            }
        }

        impl Serialize for Events {
            /// A list of events.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Events::$kind(events) => events.serialize(serializer),)*
                }
            }
        }

        /// The names of what can happen in streams of a kind, as they are stored.
        pub fn event_names(kind: StreamKind) -> &'static [&'static str] {
            match kind {
                $(StreamKind::$kind => super::stored::event_kinds::<$event>(),)*
            }
        }
    };
}

each_kind!(events);

fn text<E: Serialize>(event: &Recorded<E>) -> Result<(Version, String), StoreError> {
    Ok((event.version, write("an event", event)?))
}

impl Default for Events {
    fn default() -> Events {
        Events::none(StreamKind::Ticket)
    }
}

impl<E: StreamEvent> From<Vec<Recorded<E>>> for Events {
    fn from(events: Vec<Recorded<E>>) -> Events {
        E::wrap(EventList(Inner::Own(events)))
    }
}

/// Events of one kind, oldest first: a slice of them. What is on its way to a store that keeps events as they are can be shared with
/// it, and is then not copied.
#[derive(Clone)]
pub struct EventList<E>(Inner<E>);

#[derive(Clone)]
enum Inner<E> {
    Own(Vec<Recorded<E>>),
    Shared(Arc<[Recorded<E>]>),
}

impl<E> Deref for EventList<E> {
    type Target = [Recorded<E>];
    fn deref(&self) -> &[Recorded<E>] {
        match &self.0 {
            Inner::Own(events) => events,
            Inner::Shared(events) => events,
        }
    }
}

impl<E: Clone> EventList<E> {
    /// The events, to be kept by several.
    pub(super) fn shared(&self) -> Arc<[Recorded<E>]> {
        match &self.0 {
            Inner::Own(events) => events.as_slice().into(),
            Inner::Shared(events) => events.clone(),
        }
    }

    /// Changes them for nobody else.
    fn change(&mut self, how: impl FnOnce(&mut Vec<Recorded<E>>)) {
        let before = std::mem::replace(&mut self.0, Inner::Own(Vec::new()));
        let mut events = EventList(before).into_vec();
        how(&mut events);
        self.0 = Inner::Own(events);
    }

    fn into_vec(self) -> Vec<Recorded<E>> {
        match self.0 {
            Inner::Own(events) => events,
            Inner::Shared(events) => events.to_vec(),
        }
    }
}

impl<E: PartialEq> PartialEq for EventList<E> {
    fn eq(&self, other: &EventList<E>) -> bool {
        self[..] == other[..]
    }
}

impl<E: fmt::Debug> fmt::Debug for EventList<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl Events {
    /// These events, to be kept by several: a copy is then cheap.
    pub(crate) fn shared<E: StreamEvent>(events: Vec<Recorded<E>>) -> Events {
        E::wrap(EventList(Inner::Shared(events.into())))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The places of the events, in order.
    pub fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        (0..self.len()).filter_map(|n| self.version(n))
    }

    /// The place of the last one.
    pub fn last_version(&self) -> Option<Version> {
        self.version(self.len().checked_sub(1)?)
    }

    /// The events as those of a kind; none where they are of another.
    pub fn of<E: StreamEvent>(&self) -> &[Recorded<E>] {
        E::of(self).unwrap_or_default()
    }

    /// The events as those of a kind; none where they are of another.
    pub fn take<E: StreamEvent>(self) -> Vec<Recorded<E>> {
        E::take(self).unwrap_or_default()
    }

    /// The events of a ticket; none where they are of another kind.
    pub fn ticket(&self) -> &[Recorded] {
        self.of::<ticket::Event>()
    }

    /// The events of a ticket; none where they are of another kind.
    pub fn into_ticket(self) -> Vec<Recorded> {
        self.take::<ticket::Event>()
    }
}
