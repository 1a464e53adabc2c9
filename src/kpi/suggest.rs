//! When a ticket will be resolved, judged by how long similar ones took.
//!
//! The answer is a quantile, not a promise: of the similar tickets that were resolved and took longer than this one has so far, the given
//! share was resolved by then. It says on how many tickets it rests, and there is none where they are too few. Time is the open time of the
//! ticket's calendar, so a night or a holiday in between moves the answer as it should. What is still open is not looked at: where
//! much is left lying, the answer is too soon.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId, kpi::{Alike, Suggest}, store::MemoryStore};
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = |at: &str| Ok::<_, chrono::ParseError>(Call::new(Actor::agent(AgentId::named("kim")), at.parse()?));
//! for (opened, resolved) in [("09:00", "10:00"), ("09:00", "11:00"), ("09:00", "13:00")] {
//!     let at = |time: &str| call(&format!("2026-03-05T{time}:00Z"));
//!     let t = desk.open(&at(opened)?, Open::new("x").from("ann@example.com"))?;
//!     desk.submit(t.id(), &at(resolved)?, Command::resolve())?;
//! }
//! let t = desk.open(&call("2026-03-06T16:00:00Z")?, Open::new("x").from("bob@example.com"))?;
//! let similar = Suggest::new(60)?.at_least(3).alike([Alike::Priority]);
//! let told = desk.suggest(t.id(), &similar, "2026-03-06T16:00:00Z".parse()?)?.ok_or("too few")?;
//! // Two of three took at most two hours; one is left on Friday.
//! assert_eq!((told.at, told.tickets), ("2026-03-09T10:00:00Z".parse()?, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::ticket::Ticket;
use crate::time::{instant, micros};

use super::error::KpiError;
use super::facts::Fact;
use super::quantile::nearest_rank;

/// In what a ticket must be equal to count as similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Alike {
    /// The priority.
    Priority,
    /// The type.
    Type,
    /// The way it came.
    Channel,
    /// The team in charge.
    Team,
}

/// How an estimate is suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
#[non_exhaustive]
pub struct Suggest {
    percent: u32,  // INVARIANT: 1 to 99
    at_least: u64, // INVARIANT: not 0
    within: Option<i64>,
    alike: Vec<Alike>,
}

#[derive(Deserialize)]
#[serde(rename = "Suggest", deny_unknown_fields)]
struct Written {
    percent: u32,
    at_least: u64,
    within: Option<i64>,
    alike: Vec<Alike>,
}

impl TryFrom<Written> for Suggest {
    type Error = KpiError;
    fn try_from(written: Written) -> Result<Suggest, KpiError> {
        let read = Suggest::new(written.percent)?.at_least(written.at_least);
        let within = written.within;
        Ok(Suggest { within, ..read }.alike(written.alike))
    }
}

/// A suggested time of resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Suggestion {
    /// By then.
    pub at: DateTime<Utc>,
    /// The share of them that were resolved by then, in per cent.
    pub percent: u32,
    /// On how many tickets it rests: similar ones that were resolved, and took longer than this one has so far.
    pub tickets: u64,
}

impl Suggest {
    /// By when this share of similar tickets was resolved, 1 to 99 per cent; resting on at least 20 tickets, of any age, equal in
    /// nothing in particular.
    ///
    /// # Errors
    /// A share outside 1 to 99.
    pub fn new(percent: u32) -> Result<Suggest, KpiError> {
        if !(1..=99).contains(&percent) {
            return Err(KpiError::percent(percent));
        }
        Ok(Suggest {
            percent,
            at_least: 20,
            within: None,
            alike: Vec::new(),
        })
    }

    /// The same, resting on at least so many tickets; on one at the least.
    #[must_use]
    pub fn at_least(mut self, tickets: u64) -> Suggest {
        self.at_least = tickets.max(1);
        self
    }

    /// The same, from tickets that were resolved at most this long ago.
    #[must_use]
    pub fn within(mut self, time: TimeDelta) -> Suggest {
        self.within = Some(time.num_microseconds().unwrap_or(i64::MAX));
        self
    }

    /// The same, from tickets that are equal in these.
    #[must_use]
    pub fn alike(mut self, alike: impl IntoIterator<Item = Alike>) -> Suggest {
        self.alike = alike.into_iter().collect();
        self
    }

    /// Begins to look for tickets similar to `ticket`, which stands open at `now`; `calendar` measures it.
    pub fn look<'a>(
        &'a self,
        ticket: &'a Ticket,
        calendar: &'a Calendar,
        now: DateTime<Utc>,
    ) -> Similar<'a> {
        let began = ticket.cycles().last();
        let began = began.map_or(ticket.created_at(), |cycle| cycle.started_at);
        let now = micros(now);
        Similar {
            by: self,
            ticket,
            calendar,
            began: micros(began),
            so_far: calendar.elapsed_us(micros(began), now.max(micros(began))),
            now,
            took: Vec::new(),
        }
    }
}

/// The similar tickets found so far.
#[derive(Debug)]
pub struct Similar<'a> {
    by: &'a Suggest,
    ticket: &'a Ticket,
    calendar: &'a Calendar,
    began: i64,
    so_far: i64,
    now: i64,
    /// In open time, in microseconds.
    took: Vec<i64>,
}

impl Similar<'_> {
    /// Looks at the rows of a ticket. A reopened ticket is compared with cycles after a reopening, any other with first cycles.
    pub fn add(&mut self, rows: &[Fact]) {
        for row in rows {
            let same_kind = (row.cycle > 0) == self.ticket.is_reopened();
            if row.ticket == self.ticket.id() || !same_kind || !self.fits(row) {
                continue;
            }
            let (resolved_at, spent) = match row.cycle {
                0 => (row.first_resolved_at, row.first_spent),
                _ => (row.resolved_at, row.cycle_spent),
            };
            let (Some(resolved_at), Some(spent)) = (resolved_at, spent) else {
                continue;
            };
            let age = self.now.saturating_sub(micros(resolved_at));
            let took = spent.whole().business_us;
            let recent = self.by.within.is_none_or(|longest| age <= longest);
            if age >= 0 && recent && took > self.so_far {
                self.took.push(took);
            }
        }
    }

    fn fits(&self, row: &Fact) -> bool {
        self.by.alike.iter().all(|alike| match alike {
            Alike::Priority => row.priority == self.ticket.priority(),
            Alike::Type => row.kind.as_ref() == self.ticket.kind(),
            Alike::Channel => row.channel == *self.ticket.channel(),
            Alike::Team => row.team == self.ticket.team(),
        })
    }

    /// The suggestion; none where too few tickets were found, the ticket is resolved or closed, or its calendar does not open long
    /// enough again.
    pub fn suggestion(mut self) -> Option<Suggestion> {
        let n = self.took.len() as u64;
        if n < self.by.at_least || !self.ticket.status().stage().is_backlog() {
            return None;
        }
        self.took.sort_unstable();
        let place = usize::try_from(nearest_rank(self.by.percent, n)?).ok()?;
        let took = *self.took.get(place.checked_sub(1)?)?;
        Some(Suggestion {
            at: instant(self.calendar.add_us(self.began, took)?),
            percent: self.by.percent,
            tickets: n,
        })
    }
}
