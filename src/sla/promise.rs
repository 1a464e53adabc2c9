//! What became of what the customer was told: promised updates, and estimated times of resolution.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId, sla::{self, Fate}, store::MemoryStore, ticket::Change};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>();
//! let kim = Actor::agent(AgentId::named("kim"));
//! let open = Open::new("Printer on fire").from("ann@example.com");
//! let t = desk.open(&Call::new(kim, at("2026-03-05T09:00:00Z")?), open)?.id();
//! let by = |time| Ok::<_, chrono::ParseError>(Command::change(Change::PromiseUpdate(at(time)?)));
//! desk.submit(t, &Call::new(kim, at("2026-03-05T09:05:00Z")?), by("2026-03-05T12:00:00Z")?)?;
//! desk.submit(t, &Call::new(kim, at("2026-03-05T11:00:00Z")?), by("2026-03-05T15:00:00Z")?)?;
//! desk.submit(t, &Call::new(kim, at("2026-03-05T14:50:00Z")?), Command::reply("The part has come."))?;
//! let fates = sla::promises(&desk.ticket(t)?, at("2026-03-05T16:00:00Z")?).into_iter().map(|one| one.fate);
//! assert_eq!(fates.collect::<Vec<_>>(), [Fate::Superseded, Fate::Kept]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! There is one promise for each period of the clock [`PromisedUpdate`](crate::ticket::Metric::PromisedUpdate): kept where that was met,
//! late or broken where it was breached, superseded or called off where it was cancelled. One that was broken when a close or a merge ended it
//! is cancelled on the clock, and broken here.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::ticket::{Made, PromiseEnd, Ticket};
use crate::time::{instant, micros};

/// A promised update and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Promised {
    /// When it was promised, on a ticket that was merged into this one maybe.
    pub made_at: DateTime<Utc>,
    /// By when.
    pub due: DateTime<Utc>,
    /// What became of it.
    pub fate: Fate,
    /// When it ended; none while the customer waits for it, in time or not.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What becomes of a promised update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fate {
    /// Nobody wrote yet, and there is time left.
    Standing,
    /// A human agent wrote to the customer by its instant.
    Kept,
    /// A human agent wrote to the customer after it.
    Late,
    /// Its instant passed, and nobody wrote: not yet, or not before it was promised anew or the ticket was closed or merged away. Promising
    /// anew after it is not keeping it.
    Broken,
    /// Another one took its place by its instant.
    Superseded,
    /// The ticket was closed by its instant, or goes on in another one, which has the promise then, unless one of its own comes first.
    CalledOff,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Fate::Standing => "standing",
            Fate::Kept => "kept",
            Fate::Late => "late",
            Fate::Broken => "broken",
            Fate::Superseded => "superseded",
            Fate::CalledOff => "called off",
        })
    }
}

/// Every update that was promised on the ticket, oldest first, as it stands at `now`; an instant before the ticket's last event is as at
/// that event. Calendars and policies have no say in it: a promise is made for an instant.
pub fn promises(ticket: &Ticket, now: DateTime<Utc>) -> Vec<Promised> {
    let now = micros(now).max(micros(ticket.last_event_at()));
    let all = ticket.promises().into_iter();
    let promised = all.map(
        |Made {
             made_at,
             due,
             ended,
         }| {
            // A log may tell of one that was broken when it was made.
            let is_past = ended.map_or(now, |(at, _)| at) > due.max(made_at);
            let fate = match (ended.map(|(_, end)| end), is_past) {
                (None, false) => Fate::Standing,
                (Some(PromiseEnd::Answered), false) => Fate::Kept,
                (Some(PromiseEnd::Answered), true) => Fate::Late,
                (Some(PromiseEnd::PromisedAnew), false) => Fate::Superseded,
                (Some(PromiseEnd::Over), false) => Fate::CalledOff,
                (None | Some(PromiseEnd::PromisedAnew | PromiseEnd::Over), true) => Fate::Broken,
            };
            Promised {
                made_at: instant(made_at),
                due: instant(due),
                fate,
                ended_at: ended.map(|(at, _)| instant(at)),
            }
        },
    );
    promised.collect()
}

/// An estimated time of resolution that the customer was told, and how near it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Estimated {
    /// When the customer was told.
    pub made_at: DateTime<Utc>,
    /// When the ticket was to be resolved.
    pub at: DateTime<Utc>,
    /// When it was: the first resolution after the customer was told.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl Estimated {
    /// How much later than told it was resolved; negative where that was earlier.
    pub fn off(&self) -> Option<TimeDelta> {
        let resolved_at = self.resolved_at?;
        Some(resolved_at.signed_duration_since(self.at))
    }

    /// Whether it was resolved by then; none while it is not resolved.
    pub fn is_kept(&self) -> Option<bool> {
        self.resolved_at.map(|resolved_at| resolved_at <= self.at)
    }
}

/// Every estimate that the customer was told, oldest first. The figures ([`Kpi::EtaKept`](crate::kpi::Kpi), [`Kpi::EtaDeviation`](crate::kpi::Kpi))
/// count the first one before the first resolution, because a later, better word is no accuracy.
pub fn estimates(ticket: &Ticket) -> Vec<Estimated> {
    let resolved_after = |told: DateTime<Utc>| {
        let first = ticket.cycles().iter().map(|cycle| cycle.first_resolved_at);
        first.flatten().find(|at| *at >= told)
    };
    let each = ticket.estimates().iter().map(|estimate| Estimated {
        made_at: estimate.made_at,
        at: estimate.at,
        resolved_at: resolved_after(estimate.made_at),
    });
    each.collect()
}
