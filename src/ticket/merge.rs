//! Merging: two tickets about one thing become one.
//!
//! The source is closed and goes on in the other ticket. Its messages stay where they are, and the other ticket refers to them;
//! whoever could see them still can, and nobody else. A message to the source goes to the end of the chain from then on.
//!
//! What was owed on the source is owed on the other ticket: its effort and its open promise move there, and a message that
//! nobody answered acts there like one that comes at the instant of the merge (it wakes a waiting ticket and reopens a resolved
//! one), but its wait counts from when it came. A call or chat that is not over goes on there too. No clock runs on the source any more: what ran is cancelled, outside attainment, and
//! breaches that were announced stay announced. The first response of the other ticket is due when it was.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::Merge};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let open = |subject: &str| desk.open(&call, Open::new(subject).from("ann@example.com").body("Help!"));
//! let (first, again) = (open("Printer on fire")?.id(), open("Printer STILL on fire")?.id());
//! desk.merge(&call, Merge::new(again, first))?;
//! assert_eq!(desk.ticket(again)?.merged_into(), Some(first));
//! // A reply to the source reaches the other one.
//! assert_eq!(desk.submit(again, &call, Command::reply("On my way."))?.id(), first);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! For every pair of histories: no customer's message, no session and no effort is lost or doubled; no clock runs on the source afterwards, and
//! none falls due. Rules that watch no clock still see it: a low rating, say.
//!
//! # What is not here
//! Nobody becomes a participant of the other ticket by a merge: that would show them messages which they could not see. Ratings and
//! estimates stay on the source.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::TicketId;

use super::Ticket;
use super::effort::TimeEntry;
use super::event::Event;
use super::link::Link;
use super::mark::MarkKind;
use super::promise::Promise;
use crate::time::micros;

/// Which ticket is to go on in which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Merge {
    /// The ticket that ends.
    pub source: TicketId,
    /// The ticket that goes on.
    pub into: TicketId,
    /// Whether they may belong to different requesters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub across_requesters: bool,
}

impl Merge {
    /// `source` goes on in `into`; both have the same requester.
    pub fn new(source: TicketId, into: TicketId) -> Merge {
        Merge {
            source,
            into,
            across_requesters: false,
        }
    }

    /// The same, also where the tickets belong to different requesters.
    #[must_use]
    pub fn across_requesters(mut self) -> Merge {
        self.across_requesters = true;
        self
    }
}

/// See [`Event::Merged`]: what a ticket took over from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The ticket that was merged into this one.
    pub source: TicketId,
    /// When the oldest message came that nobody had answered there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<DateTime<Utc>>,
    /// The promise that was open there, where it comes before any of this ticket's own: one that can still be kept before one that is broken,
    /// and else the one that is due earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// The effort recorded there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effort: Vec<TimeEntry>,
}

impl Ticket {
    /// Goes on for another ticket.
    pub(super) fn take_over(&mut self, merged: &Merged) {
        self.links.push((Link::MergedFrom, merged.source));
        self.effort.extend(merged.effort.iter().cloned());
        self.effort.sort_by_key(|entry| entry.at);
        if let Some(asked_at) = merged.asked_at {
            let since = micros(asked_at);
            let place = self.place();
            let waiting = self.waiting.get_or_insert((since, place));
            waiting.0 = waiting.0.min(since);
            self.mark(MarkKind::AskedBefore { since });
        }
        if let Some(Promise { made_at, due }) = merged.promise {
            let (since, due) = (micros(made_at), micros(due));
            self.mark(MarkKind::PromisedBefore { since, due });
        }
    }

    /// Ends here and goes on in another ticket.
    pub(super) fn hand_over(&mut self) {
        self.effort.clear();
        self.waiting = None;
        self.mark(MarkKind::MergedAway);
    }
}

impl Event {
    /// Whether it may bring what is late already from another ticket.
    pub(crate) const fn takes_over(&self) -> bool {
        matches!(self, Event::Merged(_))
    }
}
