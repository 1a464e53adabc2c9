//! What the events of a stream made, kept beside them: a long ticket is then as cheap to load as a short one.
//!
//! A snapshot is a shortcut and no truth of its own: it is what folding the events gives, with the wake-up that was worked out
//! for it. A store may keep the one that comes with a [`Part`](super::Part), or none; it never makes one. Whoever loads may
//! always ask for the events alone.
//!
//! # Properties
//! A ticket loaded from a snapshot and the events after it equals the ticket replayed from all events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ticket::{FOLD, Recorded, Ticket, Version};

use super::{Loaded, Stream, StreamId, Wake};

/// A ticket as one of its events left it; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The version of the fold that made it, [`FOLD`] of the crate that did.
    pub fold: u32,
    /// The ticket.
    pub ticket: Arc<Ticket>,
    /// Its wake-up, where that was worked out.
    pub wake: Option<Wake>,
}

impl Snapshot {
    /// The ticket as it stands, without a wake-up.
    pub fn of(ticket: impl Into<Arc<Ticket>>) -> Snapshot {
        Snapshot {
            fold: FOLD,
            ticket: ticket.into(),
            wake: None,
        }
    }

    /// The same snapshot with the ticket's wake-up.
    #[must_use]
    pub fn wake(mut self, wake: Wake) -> Snapshot {
        self.wake = Some(wake);
        self
    }

    /// The place of the last event in it.
    pub fn version(&self) -> Version {
        self.ticket.version()
    }

    /// Whether it may stand for the beginning of this stream: it is of that ticket, and this crate would fold the same.
    pub fn stands_for(&self, stream: StreamId) -> bool {
        self.fold == FOLD && StreamId::ticket(self.ticket.tenant(), self.ticket.id()) == stream
    }

    /// The snapshot that these events lead to; `None` where they do not follow it one by one.
    #[must_use]
    pub fn then(self, events: &[Recorded]) -> Option<Snapshot> {
        if events.is_empty() {
            return Some(self);
        }
        let mut ticket = self.ticket;
        let changed = Arc::make_mut(&mut ticket);
        for event in events {
            if event.version != changed.version().next() {
                return None;
            }
            changed.apply(event);
        }
        Some(Snapshot::of(ticket))
    }
}

/// Why what was loaded makes no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTicket {
    /// Another version of the crate folded the snapshot: load the events alone.
    OtherFold,
    /// The events are no ticket's history.
    NotAHistory,
}

/// What all events of the stream make; none where they are another ticket's, or not each the one after the one before.
fn whole(stream: StreamId, events: &[Recorded]) -> Option<Snapshot> {
    let ticket = Ticket::replay(stream.tenant, events)?;
    let is_its = ticket.id().uuid() == stream.id && is_gapless(events);
    is_its.then(|| Snapshot::of(ticket))
}

/// Whether these are the events from the first on, each once.
pub(crate) fn is_gapless(events: &[Recorded]) -> bool {
    let mut places = (1..).map(Version);
    events
        .iter()
        .all(|event| Some(event.version) == places.next())
}

impl Loaded {
    /// What the first stream left made, `stream`; none where nobody wrote it.
    pub(crate) fn take_ticket(&mut self, stream: StreamId) -> Result<Option<Snapshot>, NoTicket> {
        let first = self.streams.drain(..self.streams.len().min(1)).next();
        let Stream { snapshot, events } = first.unwrap_or_default();
        let known = match snapshot {
            Some(kept) if kept.stands_for(stream) => kept.then(events.ticket()),
            Some(_) => return Err(NoTicket::OtherFold),
            None if events.is_empty() => return Ok(None),
            None => whole(stream, events.ticket()),
        };
        known.map(Some).ok_or(NoTicket::NotAHistory)
    }
}
