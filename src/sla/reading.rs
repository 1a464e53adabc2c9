//! What a clock shows at an instant.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ticket::{ClockId, Metric, Ticket};
use crate::time::{Micros, delta, in_words, instant, micros};

use super::clock::Clock;
use super::policy::Policies;
use super::target::Target;

/// What a clock is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No policy of its agreement ever applied to the ticket.
    NotApplicable,
    /// What begins it has not happened.
    NotStarted,
    /// It runs (in closed hours too: it then runs without adding up).
    Running,
    /// It waits, by the pause table.
    Paused,
    /// It was fulfilled, ended unanswered, or was late when something else took its place.
    Stopped,
    /// It ended without what it waited for, which is not wanted any more: the ticket was closed, resolved, merged away, reopened (a
    /// follow-up), came to another team, or something else took its place in time.
    Cancelled,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::NotApplicable => "not applicable",
            State::NotStarted => "not started",
            State::Running => "running",
            State::Paused => "paused",
            State::Stopped => "stopped",
            State::Cancelled => "cancelled",
        })
    }
}

/// How the clock stands to the target in force; once it has ended, to the target in force then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to say: no target, not started, cancelled, or running with time left.
    Open,
    /// Fulfilled with at most the target used.
    Met,
    /// More than the target was used, whether it still runs or has ended.
    Breached,
    /// Resolved or closed without the answer that it waited for. Outside attainment, counted by name.
    Unanswered,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Open => "open",
            Verdict::Met => "met",
            Verdict::Breached => "breached",
            Verdict::Unanswered => "unanswered",
        })
    }
}

/// A clock at an instant. No part of it is stored anywhere: ask again whenever you want to know.
///
/// Shown as text it says how the clock stands, what was used of what, and when it is due; lengths are written as a
/// [`Span`](crate::time::Span) is.
///
/// ```
/// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::Metric};
/// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
/// let reading = desk.reading(t.id(), Metric::FirstResponse, "2026-03-05T14:00:00Z".parse()?)?;
/// assert_eq!(reading.to_string(), "running; 5h of 8h; due 2026-03-05 17:00:00 UTC");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reading {
    clock: ClockId,
    state: State,
    verdict: Verdict,
    ever_breached: bool,
    target: Option<Target>,
    #[serde(rename = "amount_us")]
    amount: Option<Micros>,
    #[serde(rename = "elapsed_us")]
    elapsed: Micros,
    started_at: Option<DateTime<Utc>>,
    due: Option<DateTime<Utc>>,
    kept_until: Option<DateTime<Utc>>,
    stopped_at: Option<DateTime<Utc>>,
}

/// The reading of one clock at `now`, by the ticket's events alone; [`desk::read`](crate::desk::read) also takes into account
/// what falls due until `now`. An instant before the ticket's last event reads as at that event: the history is known
/// to its end.
pub fn read(
    ticket: &Ticket,
    policies: &Policies,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Reading {
    let mut walked = Clock::of(ticket, policies, clock.into());
    let due = due_of(&walked, ticket, policies);
    walked.advance(micros(now));
    reading(&walked, due)
}

/// When the target in force is, was or would have been used up.
pub(crate) fn due_of<'a>(
    clock: &Clock<'a>,
    ticket: &Ticket,
    policies: &'a Policies,
) -> Option<Micros> {
    let before = clock.was_used_up.then(|| clock.used_up(ticket, policies));
    before
        .flatten()
        .or(clock.due)
        .or_else(|| expected_due(clock))
}

/// When the target will be used up if nothing else happens; for a clock that has ended: would have been.
fn expected_due(clock: &Clock<'_>) -> Option<Micros> {
    let left = clock.amount?.saturating_sub(clock.elapsed);
    let ran_to_its_end = clock.stopped_at == Some(clock.since);
    match clock.state {
        State::Running => clock.after(left),
        State::Stopped if ran_to_its_end => clock.after(left),
        _ => None,
    }
}

fn reading(clock: &Clock<'_>, due: Option<Micros>) -> Reading {
    Reading {
        clock: clock.id,
        state: clock.state,
        verdict: clock.verdict(),
        ever_breached: clock.ever_breached,
        target: clock.target(),
        amount: clock.amount,
        elapsed: clock.elapsed,
        started_at: clock.started.map(|started| instant(started.at)),
        due: due.map(instant),
        kept_until: clock.kept_until().map(instant),
        stopped_at: clock.stopped_at.map(instant),
    }
}

impl Reading {
    /// Which clock.
    pub fn clock(&self) -> ClockId {
        self.clock
    }

    /// What is measured.
    pub fn metric(&self) -> Metric {
        self.clock.metric
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// How it stands to its target.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether any target was ever passed while in force. Never cleared.
    pub fn ever_breached(&self) -> bool {
        self.ever_breached
    }

    /// Whether it has a target, or had one when it ended: one of a policy, or a promise's instant.
    pub fn has_target(&self) -> bool {
        self.target.is_some() || self.amount.is_some()
    }

    /// The target in force, or in force when it ended. A promise has its [amount](Reading::amount) and no target of a policy.
    pub fn target(&self) -> Option<Target> {
        self.target
    }

    /// The running time so far.
    pub fn elapsed(&self) -> TimeDelta {
        delta(self.elapsed)
    }

    /// When it began.
    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        self.started_at
    }

    /// The earliest instant at which the target is used up, as things stand. `None` without a target, before the start, in a
    /// pause with time left, and where the calendar never opens long enough again. A clock that was stopped while it ran tells
    /// when it would have been due.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        self.due
    }

    /// The last instant at which the target is still kept if nothing else happens: nobody is late before the instant after it. It
    /// is the [due](Reading::due) but where that falls on a close: then it is the next opening. `None` but for a clock that runs with a
    /// target that is not passed, and where the calendar never opens again.
    ///
    /// ```
    /// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::Metric};
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-06T09:00:00Z".parse()?);
    /// let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
    /// // Eight business hours, used up when the desk closes on Friday: an answer before Monday's opening is in time.
    /// let reading = t.reading(Metric::FirstResponse);
    /// assert_eq!(reading.due(), Some("2026-03-06T17:00:00Z".parse()?));
    /// assert_eq!(reading.kept_until(), Some("2026-03-09T09:00:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kept_until(&self) -> Option<DateTime<Utc>> {
        self.kept_until
    }

    /// When it ended.
    pub fn stopped_at(&self) -> Option<DateTime<Utc>> {
        self.stopped_at
    }

    /// The running time that the target allows: of a number of days, what they came to when the clock started; of a promise,
    /// the time from the promise to its due.
    pub fn amount(&self) -> Option<TimeDelta> {
        self.amount.map(delta)
    }

    /// The running time that is left; negative once the target is passed.
    pub fn remaining(&self) -> Option<TimeDelta> {
        self.amount
            .map(|amount| delta(amount.saturating_sub(self.elapsed)))
    }

    /// The part of the target that is used, for showing: 1.0 is all of it.
    pub fn fraction(&self) -> Option<f64> {
        let amount = self.amount.filter(|amount| *amount > 0)?;
        Some(self.elapsed as f64 / amount as f64)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.state)?;
        match self.verdict {
            Verdict::Open => {}
            Verdict::Met if self.ever_breached => f.write_str(", met after a breach")?,
            verdict => write!(f, ", {verdict}")?,
        }
        match (self.started_at, self.amount(), self.target) {
            (Some(_), Some(amount), _) => {
                let used = in_words(self.elapsed());
                write!(f, "; {used} of {}", in_words(amount))?;
            }
            (Some(_), None, _) => write!(f, "; {}", in_words(self.elapsed()))?,
            (None, _, Some(target)) => write!(f, "; target {target}")?,
            (None, _, None) => {}
        }
        self.due.map_or(Ok(()), |due| write!(f, "; due {due}"))
    }
}

/// A clock that another rulebook changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Swapped {
    /// What it showed before.
    pub before: Reading,
    /// What it showed after.
    pub after: Reading,
}

/// The clocks that show something else at `now` on a ticket after a move than before it, each ticket with the policies in force.
pub(crate) fn swapped(
    before: (&Ticket, &Policies),
    after: (&Ticket, &Policies),
    now: DateTime<Utc>,
) -> Vec<Swapped> {
    let mut ids: Vec<ClockId> = before.1.clocks_with_target(before.0).collect();
    ids.extend(after.1.clocks_with_target(after.0));
    ids.sort_unstable();
    ids.dedup();
    let swapped = |id| Swapped {
        before: read(before.0, before.1, id, now),
        after: read(after.0, after.1, id, now),
    };
    let each = ids.into_iter().map(swapped);
    each.filter(|swapped| swapped.before != swapped.after)
        .collect()
}

/// Every period of a clock, oldest first, as of `now`: those that others followed, and the last one. A clock that begins each
/// time (a next response, a promise) has one per time; the others have one, unless a reopening began it anew.
pub fn periods(
    ticket: &Ticket,
    policies: &Policies,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Vec<Reading> {
    let id = clock.into();
    let mut periods = Vec::new();
    Clock::walk(ticket, policies, id, |ended| {
        periods.push(reading(ended, due_of(ended, ticket, policies)))
    });
    periods.push(read(ticket, policies, id, now));
    periods
}
