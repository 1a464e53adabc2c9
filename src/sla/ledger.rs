//! Why a clock shows what it shows: the stretches of time behind a reading, each with its reason.
//!
//! The entries of a [`Ledger`] follow each other without gap or overlap from the start of the clock's last period to its end, or to
//! the instant asked about. What they count adds up to exactly what the reading says has elapsed. Asked about the due instant, a
//! ledger tells why it is due then.
//!
//! Shown as text it is a sentence for people; with `{:#}`, a table of every entry follows.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::{Metric, Pending}};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let kim = |at: &str| Ok::<_, chrono::ParseError>(Call::new(Actor::agent(AgentId::named("kim")), at.parse()?));
//! let t = desk.open(&kim("2026-03-05T15:00:00Z")?, Open::new("Printer on fire").from("ann@example.com"))?.id();
//! desk.submit(t, &kim("2026-03-06T10:00:00Z")?, Command::reply("Which floor?").then_pend(Pending::Customer))?;
//! let ledger = desk.ledger(t, Metric::TotalResolution, "2026-03-06T12:30:00Z".parse()?)?;
//! assert_eq!(ledger.to_string(), "running 3h; closed 16h; paused 2h 30min: waiting for the customer");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! The lengths of the entries add up to the time from the first to the last; what they count adds up to the elapsed time of the
//! reading; and the [shares](Ledger::shares) add up to it too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{LATEST, Reason, Zone};
use crate::id::Name;
use crate::ticket::{ClockId, Holder, PendingReason, Phase, Ticket};
use crate::time::{Micros, delta, in_words, instant, micros};

use super::clock::Clock;
use super::policy::{Policies, Ready};
use super::reading::State;

/// The stretches behind a reading; see the [module](self).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Which clock.
    pub clock: ClockId,
    /// The stretches, oldest first; none where the clock has not begun.
    pub entries: Vec<Entry>,
    #[serde(skip)]
    zone: Zone,
}

/// A stretch of time `[from, to)` and what it meant for a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant it ends at.
    pub to: DateTime<Utc>,
    /// How much of it counts: all or nothing.
    #[serde(with = "counted")]
    pub counted: TimeDelta,
    /// Why.
    pub why: Why,
    /// The policy that measured it.
    pub policy: Option<Name>,
    /// Who was in charge.
    pub holder: Holder,
}

/// Why a stretch of time counts, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// It counts: the clock runs at all hours.
    AllHours,
    /// It counts: the clock runs, and the calendar is open.
    Open(Reason),
    /// It does not count: the clock runs, and the calendar is closed.
    Closed(Reason),
    /// It does not count: the ticket waits, and the policy pauses the clock for this reason.
    Paused(PendingReason),
    /// It does not count: the ticket was resolved, and reopened later.
    Resolved,
    /// It does not count: the ticket was closed, and reopened later.
    TicketClosed,
}

/// A holder's part of a clock's running time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who was in charge.
    pub holder: Holder,
    /// How much ran then.
    #[serde(with = "counted")]
    pub running: TimeDelta,
}

/// The ledger of one clock at `now`, by the ticket's events alone; [`desk::ledger`](crate::desk::ledger) also takes into account what
/// falls due until `now`. Of a clock with several periods, the last.
pub fn ledger(
    ticket: &Ticket,
    policies: &Policies,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Ledger {
    ledgers(ticket, policies, clock, now)
        .pop()
        .unwrap_or_else(|| unreachable!("there is always a last period"))
}

/// The ledger of each period of a clock, oldest first, as [`periods`](super::periods) has them.
pub fn ledgers(
    ticket: &Ticket,
    policies: &Policies,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Vec<Ledger> {
    let id = clock.into();
    let book = RefCell::new(Writer {
        ticket,
        ledgers: Vec::new(),
        period: None,
        after_end: Vec::new(),
        ended_at: None,
        id,
    });
    let last = Clock::trace(
        ticket,
        policies,
        id,
        |clock, from, to| book.borrow_mut().write(clock, from, to),
        |ended| book.borrow_mut().end(ended),
    );
    let mut book = book.into_inner();
    book.begin(&last);
    let walked = ticket.marks().last().map_or(Micros::MAX, |mark| mark.at);
    if last.is_live() && micros(now) > walked {
        book.write(&last, walked, micros(now));
    }
    book.ledgers
}

/// How the running time of a clock's last period at `now` is spread over those who were in charge; it adds up to the elapsed
/// time of the reading. Ordered by holder; who held it while nothing ran is not named.
pub fn shares(
    ticket: &Ticket,
    policies: &Policies,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Vec<Share> {
    ledger(ticket, policies, clock, now).shares()
}

struct Writer<'t> {
    ticket: &'t Ticket,
    ledgers: Vec<Ledger>,
    /// The start of the period that is being written; none between two of them.
    period: Option<Option<u64>>,
    /// What followed the clock's end, and when that was: part of the period only if the clock went on after all.
    after_end: Vec<Entry>,
    ended_at: Option<Micros>,
    id: ClockId,
}

impl Writer<'_> {
    /// Opens a new ledger where the clock is in another period than the last stretch was; what was written of a start that was
    /// taken back is gone with it. Within a period, an end that no longer stands was none.
    fn begin(&mut self, clock: &Clock<'_>) {
        let period = Some(clock.started.map(|started| started.version));
        if self.period != period {
            if self.period.is_some() {
                self.ledgers.pop();
            }
            self.period = period;
            self.after_end.clear();
            let zone = clock.calendar().map_or(Zone::utc(), |r| r.calendar.zone());
            self.ledgers.push(Ledger {
                clock: self.id,
                entries: Vec::new(),
                zone,
            });
        } else if self.ended_at != clock.stopped_at
            && let Some(ledger) = self.ledgers.last_mut()
        {
            self.after_end
                .drain(..)
                .for_each(|entry| ledger.push(entry));
        }
        self.ended_at = clock.stopped_at;
    }

    /// The period is over: what comes after it is another.
    fn end(&mut self, clock: &Clock<'_>) {
        self.begin(clock);
        self.period = None;
    }

    /// What a clock took over from a merged ticket is one stretch: it is cut where somebody else came to be in charge.
    fn write(&mut self, clock: &Clock<'_>, from: Micros, to: Micros) {
        if clock.started.is_none() {
            return;
        }
        self.begin(clock);
        let handed = self.ticket.assignments().iter();
        let handed = handed.map(|assigned| micros(assigned.at));
        let cuts = handed.filter(|at| from < *at && *at < to).chain([to]);
        let mut since = from;
        for until in cuts {
            if since < until {
                self.write_piece(clock, since, until);
                since = until;
            }
        }
    }

    fn write_piece(&mut self, clock: &Clock<'_>, from: Micros, to: Micros) {
        let (holder, policy) = (holder_at(self.ticket, from), clock.policy_name().cloned());
        let entry = |from, to, counts, why| Entry {
            from: instant(from),
            to: instant(to),
            counted: if counts { delta(to - from) } else { delta(0) },
            why,
            policy: policy.clone(),
            holder,
        };
        let Some(ledger) = self.ledgers.last_mut() else {
            return;
        };
        match (clock.state, clock.phase) {
            (State::Running, _) => match clock.calendar() {
                None => ledger.push(entry(from, to, true, Why::AllHours)),
                Some(ready) => {
                    ledger.zone = ready.calendar.zone();
                    for (from, to, counts, why) in open_and_closed(ready, from, to) {
                        ledger.push(entry(from, to, counts, why));
                    }
                }
            },
            (State::Paused, Phase::Pending(reason)) => {
                ledger.push(entry(from, to, false, Why::Paused(reason)));
            }
            (_, Phase::Closed) => self
                .after_end
                .push(entry(from, to, false, Why::TicketClosed)),
            _ => self.after_end.push(entry(from, to, false, Why::Resolved)),
        }
    }
}

/// The stretches of a running clock, as its calendar explains them.
fn open_and_closed(ready: &Ready, from: Micros, to: Micros) -> Vec<(Micros, Micros, bool, Why)> {
    let known = to.min(micros(LATEST)).max(from); // after that, nothing is known to be open
    let beyond = (known, to, false, Why::Closed(Reason::OutsideHours));
    let beyond = Some(beyond).filter(|_| known < to);
    let Ok(explained) = ready.calendar.explain(instant(from), instant(known)) else {
        return vec![(from, to, false, Why::Closed(Reason::OutsideHours))];
    };
    let each = explained.stretches().map(|stretch| {
        let (from, to) = (micros(stretch.from), micros(stretch.to));
        let why = match stretch.is_open {
            true => Why::Open(stretch.reason),
            false => Why::Closed(stretch.reason),
        };
        (from, to, stretch.is_open, why)
    });
    each.chain(beyond).collect()
}

/// Who was in charge from `at` on.
fn holder_at(ticket: &Ticket, at: Micros) -> Holder {
    let all = ticket.assignments();
    let after = all.partition_point(|assigned| micros(assigned.at) <= at);
    let before = after.checked_sub(1).and_then(|n| all.get(n));
    before.map(|assigned| assigned.holder).unwrap_or_default()
}

impl Ledger {
    /// Adds an entry; one that only goes on with the last one is joined to it.
    fn push(&mut self, entry: Entry) {
        if let Some(last) = self.entries.last_mut()
            && (&last.why, &last.policy, last.holder) == (&entry.why, &entry.policy, entry.holder)
            && last.to == entry.from
        {
            last.to = entry.to;
            last.counted += entry.counted;
        } else {
            self.entries.push(entry);
        }
    }

    /// All that counts.
    pub fn elapsed(&self) -> TimeDelta {
        self.entries
            .iter()
            .fold(TimeDelta::zero(), |sum, entry| sum + entry.counted)
    }

    /// How what counts is spread over those who were in charge.
    pub fn shares(&self) -> Vec<Share> {
        let mut running: BTreeMap<Holder, TimeDelta> = BTreeMap::new();
        for entry in self.entries.iter().filter(|e| e.counted > delta(0)) {
            *running.entry(entry.holder).or_default() += entry.counted;
        }
        let share = |(holder, running)| Share { holder, running };
        running.into_iter().map(share).collect()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence(f)?;
        if f.alternate() {
            writeln!(f, "\n{}", self.zone)?;
            for entry in &self.entries {
                let (from, to) = (self.zone.local(entry.from), self.zone.local(entry.to));
                let day = "%a %Y-%m-%d %H:%M:%S%.f";
                let (from, to) = (from.format(day), to.format(day));
                let counted = in_words(entry.counted);
                writeln!(f, "{from} to {to}  {counted:>12}  {}", entry.why)?;
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// What ran, what was closed and what waited, in that order.
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |entry: &Entry| entry.to - entry.from;
        let (mut closed, mut named) = (TimeDelta::zero(), Vec::new());
        let mut others: Vec<(String, TimeDelta)> = Vec::new();
        for entry in &self.entries {
            match &entry.why {
                Why::AllHours | Why::Open(_) => {}
                Why::Closed(reason) => {
                    closed += length(entry);
                    if let Some(name) = reason.name() {
                        add(&mut named, name.to_owned(), length(entry));
                    }
                }
                why => add(&mut others, why.to_string(), length(entry)),
            }
        }
        write!(f, "running {}", in_words(self.elapsed()))?;
        if closed > TimeDelta::zero() {
            write!(f, "; closed {}", in_words(closed))?;
            let named: Vec<_> = named
                .iter()
                .map(|(n, of)| format!("{} {n}", in_words(*of)))
                .collect();
            if !named.is_empty() {
                write!(f, ", of which {}", named.join(", "))?;
            }
        }
        for (why, length) in others {
            match why.split_once(": ") {
                Some((what, why)) => write!(f, "; {what} {}: {why}", in_words(length))?,
                None => write!(f, "; {why} {}", in_words(length))?,
            }
        }
        Ok(())
    }
}

fn add(sums: &mut Vec<(String, TimeDelta)>, name: String, length: TimeDelta) {
    match sums.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += length,
        None => sums.push((name, length)),
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::AllHours => f.write_str("running at all hours"),
            Why::Open(reason) => write!(f, "running: {reason}"),
            Why::Closed(reason @ Reason::Exception { .. }) => write!(f, "{reason}"), // it says so itself
            Why::Closed(reason) => write!(f, "closed: {reason}"),
            Why::Paused(reason) => f.write_str(match reason {
                PendingReason::Customer => "paused: waiting for the customer",
                PendingReason::ThirdParty => "paused: waiting for a third party",
                PendingReason::Internal => "paused: waiting for somebody inside",
                PendingReason::Scheduled => "paused: waiting for a date",
            }),
            Why::Resolved => f.write_str("resolved"),
            Why::TicketClosed => f.write_str("ticket closed"),
        }
    }
}

/// Lengths as whole microseconds.
mod counted {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(length: &TimeDelta, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(length.num_microseconds().unwrap_or(i64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeDelta, D::Error> {
        i64::deserialize(from).map(TimeDelta::microseconds)
    }
}
