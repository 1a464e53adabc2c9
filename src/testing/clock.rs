//! An oracle of clocks: it lives through a ticket tick by tick and counts.
//!
//! It is given what was recorded and the rulebook, and knows nothing of how the clocks of [`sla`](crate::sla) are worked out.
//! Time goes in ticks (a second, or a minute for long stories); every instant in the story, and every opening and closing,
//! must lie on one. In each tick, what happened at its begin is met first, in the order recorded; then the tick is counted if
//! the clock runs and its time is open. Whether a second is open is asked of the [oracle of calendars](super::calendar::oracle).
//!
//! Five things that the table of metrics leaves open are taken so: before the first policy applies, that policy measures; where
//! none applies any more, the last one measures, without a target; a clock ended by a close without its purpose runs on when
//! the ticket is reopened; a pause that begins at the instant of a stop is none (a stop beats it); a clock that begins and is
//! fulfilled at the instant at which a policy comes to apply has that policy's target.
//!
//! What was [published](Oracle::published) is asked anew at each tick: a policy that follows is open when the last calendar of its
//! name is that was published for then. A ticket that was [moved](Oracle::moved) to another version of the rulebook has the
//! policies and calendars of that version from its next choice of a policy on.
//!
//! Calls, chats and bots are lived through too: an offer is a customer who writes, an answer an agent who does. Of a merge, the
//! source is over, and the other ticket takes what is owed there since it was owed, counted by its own hours.
//!
//! # What it does not know
//! It takes what the events say: that they are the right ones (a policy that had to be chosen, a message that had to reopen the
//! ticket, a merge that told the oldest unanswered message) is not asked here, but of the [laws](super::laws).

mod life;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::oracle::is_open;
use crate::calendar::Calendar;
use crate::id::{Name, RulebookId};
use crate::rulebook::Rulebook;
use crate::sla::{Policy, Reading, State, Target, Verdict};
use crate::ticket::{ClockId, Recorded};

use life::Life;

/// What a clock shows in one of its periods.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shown {
    /// What it does.
    pub state: State,
    /// How it stands to its target.
    pub verdict: Verdict,
    /// Whether it ever passed a target in force, in this period or an earlier one.
    pub ever_breached: bool,
    /// The ticks counted.
    pub elapsed: TimeDelta,
    /// The running time allowed.
    pub amount: Option<TimeDelta>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// When the target is used up, where that lies within the oracle's horizon.
    pub due: Option<DateTime<Utc>>,
}

impl Shown {
    /// The same of a reading; a due after `horizon` is left out.
    pub fn of(reading: &Reading, horizon: DateTime<Utc>) -> Shown {
        Shown {
            state: reading.state(),
            verdict: reading.verdict(),
            ever_breached: reading.ever_breached(),
            elapsed: reading.elapsed(),
            amount: reading.amount(),
            started_at: reading.started_at(),
            stopped_at: reading.stopped_at(),
            due: reading.due().filter(|due| *due <= horizon),
        }
    }
}

/// The oracle of one ticket.
#[derive(Clone, Debug)]
pub struct Oracle<'a> {
    events: &'a [Recorded],
    rulebook: &'a Rulebook,
    /// The other versions that the ticket was moved to.
    others: Vec<&'a Rulebook>,
    tick: TimeDelta,
    begin: DateTime<Utc>,
    horizon: DateTime<Utc>,
    /// Of each calendar of a version: as it was written, then as it was published, in the order of publishing.
    editions: BTreeMap<RulebookId, BTreeMap<&'a Name, Vec<Edition<'a>>>>,
}

/// A calendar as it was written or published, looked at tick by tick.
#[derive(Clone, Debug)]
struct Edition<'a> {
    from: DateTime<Utc>,
    calendar: &'a Calendar,
    open: Vec<bool>,
}

/// A policy, in the version of the rulebook that it was chosen from.
#[derive(Clone, Copy, Debug)]
struct Chosen<'a> {
    book: &'a Rulebook,
    policy: &'a Policy,
}

/// By which hours a clock runs: a calendar of a version, and whether what is published of it counts.
#[derive(Clone, Copy, Debug)]
struct Hours<'a> {
    book: RulebookId,
    name: &'a Name,
    follow: bool,
}

impl<'a> Chosen<'a> {
    fn of(book: &'a Rulebook, name: &Name) -> Option<Chosen<'a>> {
        let mut policies = book.as_draft().policies.iter();
        let policy = policies.find(|policy| policy.name == *name)?;
        Some(Chosen { book, policy })
    }

    fn hours(self) -> Hours<'a> {
        let name = self.policy.calendar.as_ref();
        Hours {
            book: self.book.id(),
            name: name.unwrap_or(&self.book.as_draft().calendar),
            follow: self.policy.follow,
        }
    }
}

impl Edition<'_> {
    fn is_open(&self, at: DateTime<Utc>, tick: TimeDelta) -> bool {
        let place = (at - self.from)
            .num_seconds()
            .div_euclid(tick.num_seconds());
        let known = usize::try_from(place).ok();
        let known = known.and_then(|place| self.open.get(place));
        known.copied().unwrap_or_else(|| is_open(self.calendar, at))
    }
}

impl<'a> Oracle<'a> {
    /// The oracle of the ticket with these events, oldest first, under `rulebook`. It looks no further than `horizon`.
    pub fn new(
        events: &'a [Recorded],
        rulebook: &'a Rulebook,
        tick: TimeDelta,
        horizon: DateTime<Utc>,
    ) -> Oracle<'a> {
        let begin = events.first().map_or(horizon, |first| first.at);
        let mut oracle = Oracle {
            events,
            rulebook,
            others: Vec::new(),
            tick,
            begin,
            horizon,
            editions: BTreeMap::new(),
        };
        oracle.write(rulebook);
        oracle
    }

    /// The same, where the ticket may have been moved to `other` ([`Event::RulebookApplied`](crate::ticket::Event::RulebookApplied)),
    /// or was merged with what lived under it. What is published later concerns its calendars too.
    #[must_use]
    pub fn moved(mut self, other: &'a Rulebook) -> Oracle<'a> {
        self.others.push(other);
        self.write(other);
        self
    }

    /// The calendars of a version, as they were written.
    fn write(&mut self, book: &'a Rulebook) {
        let calendars = book.as_draft().calendars.iter();
        let written = calendars.map(|(name, calendar)| {
            let written = self.edition(calendar, self.begin);
            (name, vec![written])
        });
        let written = written.collect();
        self.editions.insert(book.id(), written);
    }

    /// The same, where the calendars of `next` were published from `from` on, which lies on a tick. Later calls are later
    /// publications: they replace what earlier ones said of the time from their instant on.
    #[must_use]
    pub fn published(mut self, next: &'a Rulebook, from: DateTime<Utc>) -> Oracle<'a> {
        for (name, calendar) in &next.as_draft().calendars {
            let published = self.edition(calendar, from);
            let books = self.editions.values_mut();
            for editions in books.filter_map(|book| book.get_mut(name)) {
                editions.push(published.clone());
            }
        }
        self
    }

    fn edition(&self, calendar: &'a Calendar, from: DateTime<Utc>) -> Edition<'a> {
        let ticks = std::iter::successors(Some(from), |at| Some(*at + self.tick));
        let open = ticks
            .take_while(|at| *at < self.horizon)
            .map(|at| is_open(calendar, at));
        Edition {
            from,
            calendar,
            open: open.collect(),
        }
    }

    /// The edition that holds at an instant.
    fn edition_at(&self, hours: Hours<'_>, at: DateTime<Utc>) -> Option<&Edition<'a>> {
        let editions = self.editions.get(&hours.book)?.get(hours.name)?;
        let (written, published) = editions.split_first()?;
        let mut latest_first = published.iter().rev();
        let holds = latest_first.find(|edition| hours.follow && edition.from <= at);
        Some(holds.unwrap_or(written))
    }

    /// Every period of a clock as of `now`, oldest first.
    pub fn periods(&self, clock: ClockId, now: DateTime<Utc>) -> Vec<Shown> {
        match Life::new(self, clock) {
            Some(life) => life.periods(now),
            None => vec![Period::new(State::NotApplicable).shown(self, false, now)],
        }
    }

    /// The version with this id; the first one where there is no other.
    fn book(&self, id: RulebookId) -> &'a Rulebook {
        let mut others = self.others.iter().copied();
        let other = others.find(|book| book.id() == id);
        other.unwrap_or(self.rulebook)
    }

    fn is_open(&self, hours: Hours<'_>, at: DateTime<Utc>) -> bool {
        let edition = self.edition_at(hours, at);
        edition.is_some_and(|edition| edition.is_open(at, self.tick))
    }

    /// The running time of a target for a clock that started at `start`: days are those of the edition that held then.
    fn amount(&self, target: Target, start: DateTime<Utc>, hours: Hours<'_>) -> Option<TimeDelta> {
        if let Some(amount) = target.amount() {
            return Some(amount.delta());
        }
        let edition = self.edition_at(hours, start)?;
        let text = target.to_string();
        let first: i64 = text.split(' ').next()?.parse().ok()?;
        let end = if text.ends_with("end of day") {
            crate::calendar::DayEnd::LastClose
        } else {
            crate::calendar::DayEnd::SameTime
        };
        (first..first + 400).find_map(|count| {
            let nominal = edition.calendar.add_business_days(start, count, end).ok()?;
            let ticks = std::iter::successors(Some(start), |at| Some(*at + self.tick));
            let open = ticks
                .take_while(|at| *at < nominal)
                .filter(|at| edition.is_open(*at, self.tick))
                .count();
            (open > 0).then(|| self.tick * i32::try_from(open).unwrap_or(i32::MAX))
        })
    }
}

/// One period of a clock.
#[derive(Clone, Debug)]
struct Period<'a> {
    state: State,
    unanswered: bool,
    started: Option<DateTime<Utc>>,
    /// When it began here: later than its start where it ran on another ticket before.
    came: Option<DateTime<Utc>>,
    stopped: Option<DateTime<Utc>>,
    /// The begin of every tick that was counted.
    counted: Vec<DateTime<Utc>>,
    /// It ended while it ran.
    ended_running: bool,
    paused_since: Option<DateTime<Utc>>,
    amount: Option<TimeDelta>,
    /// What it runs by; none: all time.
    hours: Option<Hours<'a>>,
}

impl Period<'_> {
    fn new(state: State) -> Period<'static> {
        Period {
            state,
            unanswered: false,
            started: None,
            came: None,
            stopped: None,
            counted: Vec::new(),
            ended_running: false,
            paused_since: None,
            amount: None,
            hours: None,
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.state, State::Running | State::Paused)
    }

    fn elapsed(&self, tick: TimeDelta) -> TimeDelta {
        tick * i32::try_from(self.counted.len()).unwrap_or(i32::MAX)
    }

    fn end(&mut self, state: State, at: DateTime<Utc>) {
        self.ended_running = self.state == State::Running || self.paused_since == Some(at);
        (self.state, self.stopped) = (state, Some(at));
    }

    fn shown(&self, oracle: &Oracle<'_>, ever_breached: bool, now: DateTime<Utc>) -> Shown {
        let elapsed = self.elapsed(oracle.tick);
        let breached = self.amount.is_some_and(|amount| elapsed > amount);
        let verdict = match self.state {
            State::NotApplicable | State::NotStarted | State::Cancelled => Verdict::Open,
            State::Stopped if self.unanswered => Verdict::Unanswered,
            _ if breached => Verdict::Breached,
            State::Stopped if self.amount.is_some() => Verdict::Met,
            _ => Verdict::Open,
        };
        Shown {
            state: self.state,
            verdict,
            ever_breached,
            elapsed,
            amount: self.amount,
            started_at: self.started,
            stopped_at: self.stopped,
            due: self.due(oracle, now),
        }
    }

    /// The end of the tick that uses the target up: one that was counted, or one to come if nothing else happens.
    fn due(&self, oracle: &Oracle<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut needed =
            usize::try_from(self.amount?.num_seconds() / oracle.tick.num_seconds()).ok()?;
        let Some(last) = needed.checked_sub(1) else {
            return self.started;
        };
        if let Some(at) = self.counted.get(last) {
            return Some(*at + oracle.tick);
        }
        needed -= self.counted.len();
        let mut at = match self.state {
            State::Running => now,
            State::Stopped if self.ended_running => self.stopped?,
            _ => return None,
        };
        while at < oracle.horizon {
            needed -= usize::from(self.hours.is_none_or(|hours| oracle.is_open(hours, at)));
            at += oracle.tick;
            if needed == 0 {
                return Some(at);
            }
        }
        None
    }
}
