//! What a ticket shows at an instant, with everything that falls due until then.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::rulebook::Rulebook;
use crate::sla::{self, Ledger, Reading, State, Verdict};
use crate::ticket::{ClockId, Event, Ticket};
use crate::time::micros;

use super::catch_up::Working;

/// What a clock of `ticket` shows at `now`, with everything that falls due until then taken into account: an ended wait, a
/// raised priority.
///
/// # Properties
/// Reading is the same before and after a sweep at the same instant.
pub fn read(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Reading {
    sla::read(
        &as_of(ticket, rulebook, now),
        rulebook.policies(),
        clock,
        now,
    )
}

/// What each clock of `ticket` shows that has a target: promises and the clocks of every agreement among them, also those that have
/// ended or not begun. In a fixed order: by agreement, then by metric; see [`read`].
///
/// ```
/// use helpdesk::{Actor, Call, Desk, Open, Rulebook, desk::readings, id::AgentId, store::MemoryStore, ticket::Change};
/// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
/// let now = "2026-03-05T09:00:00Z".parse()?;
/// let call = Call::new(Actor::agent(AgentId::named("kim")), now);
/// let open = Open::new("Printer on fire").from("ann@example.com");
/// let t = desk.open(&call, open.and(Change::PromiseUpdate("2026-03-05T12:00:00Z".parse()?)))?;
/// for reading in readings(t.ticket(), desk.rulebooks().of(t.ticket())?, now) {
///     println!("{}: {reading}", reading.metric());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Properties
/// Each reading is the one that [`read`] gives of its clock; every other clock has no target.
pub fn readings(ticket: &Ticket, rulebook: &Rulebook, now: DateTime<Utc>) -> Vec<Reading> {
    let ticket = as_of(ticket, rulebook, now);
    let policies = rulebook.policies();
    let clocks = policies.clocks_with_target(&ticket);
    let each = clocks.map(|clock| sla::read(&ticket, policies, clock, now));
    each.filter(Reading::has_target).collect()
}

/// The clocks of `ticket` that keep their target at `now` and will have passed it at `until` if nobody does anything, each with the last
/// instant at which it is kept and what it shows at `now`. What comes by itself is taken into account: an ended wait, a rule.
pub(super) fn at_risk(
    ticket: Arc<Ticket>,
    rulebook: &Rulebook,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, Reading)> {
    let mut working = Working::new(ticket, rulebook);
    working.catch_up(now, READ_LIMIT);
    let (standing, known) = (working.ticket.clone(), working.events.len());
    working.catch_up(until, READ_LIMIT.saturating_add(known));
    let mut seen = BTreeSet::new();
    let to_come = working.events.iter().skip(known);
    let first_breaches = to_come.filter_map(|recorded| match recorded.event {
        Event::Breached { clock, .. } if seen.insert(clock) => {
            let reading = sla::read(&standing, rulebook.policies(), clock, now);
            Some((recorded.at, reading))
        }
        _ => None,
    });
    // Late under one target, it may be late once more under another; a period that ended late says nothing of the next one.
    let is_late = |reading: &Reading| {
        let goes_on = matches!(reading.state(), State::Running | State::Paused);
        goes_on && reading.verdict() == Verdict::Breached
    };
    first_breaches
        .filter(|(_, reading)| !is_late(reading))
        .collect()
}

/// The ledger behind what [`read`] says.
pub fn ledger(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Ledger {
    sla::ledger(
        &as_of(ticket, rulebook, now),
        rulebook.policies(),
        clock,
        now,
    )
}

/// The ledger of each period of a clock, oldest first: the last is that behind what [`read`] says.
#[cfg(feature = "capi")]
pub(crate) fn ledgers(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clock: ClockId,
    now: DateTime<Utc>,
) -> Vec<Ledger> {
    let ticket = as_of(ticket, rulebook, now);
    sla::ledger::ledgers(&ticket, rulebook.policies(), clock, now)
}

/// The ticket with everything that falls due until `now`.
fn as_of<'t>(ticket: &'t Ticket, rulebook: &Rulebook, now: DateTime<Utc>) -> Cow<'t, Ticket> {
    let is_behind = |at| at < micros(now);
    let next = rulebook.next_due_at(ticket, &rulebook.outlook(ticket));
    if !next.is_some_and(is_behind) {
        return Cow::Borrowed(ticket);
    }
    let mut working = Working::new(ticket.clone(), rulebook);
    working.catch_up(now, READ_LIMIT);
    Cow::Owned(Arc::unwrap_or_clone(working.ticket))
}

/// How many events a reading looks ahead.
const READ_LIMIT: usize = 65_536;
