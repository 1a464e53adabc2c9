//! Given, when, then: a rulebook's tests as stories, with a clock that you set.
//!
//! *Given* rules, *when* somebody says something at an instant, *then* this is due, has fired or stands. Everything is asked as of
//! the scenario's clock, which is set and never runs by itself; and since time passes first, looking late is as good as looking
//! often.
//!
//! ```
//! use helpdesk::testing::scenario::Scenario;
//! use helpdesk::{Actor, Command, Open, Rulebook, id::{AgentId, CustomerId}, ticket::{Metric, Pending, Status}};
//!
//! let rules: Rulebook = serde_json::from_str(r#"{
//!     "calendars": {"office": {"hours": {"zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:30"}}},
//!     "calendar": "office",
//!     "policies": [{"name": "standard", "targets": {"first_response": "4h", "first_resolution": "2 business days"}}]
//! }"#)?;
//! let (ann, kim) = (Actor::customer(CustomerId::named("ann")), Actor::agent(AgentId::named("kim")));
//!
//! Scenario::given(rules)
//!     .in_zone("Europe/Berlin")
//!     .at("2026-03-06 16:30") // a Friday
//!     .opens(ann, Open::new("Printer on fire").from_customer(CustomerId::named("ann")))
//!     .then_due(Metric::FirstResponse, "2026-03-09 12:00")
//!     .at("2026-03-09 10:00")
//!     .says(kim, Command::reply("Which floor?").then_pend(Pending::Customer))
//!     .then_met(Metric::FirstResponse)
//!     .then_status(Status::Pending(Pending::Customer))
//!     .then_refused(ann, Command::note("inner thoughts"), "forbidden");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Panics
//! Every method panics where what it says is not so, and tells the story up to there: what was said and when, and what is recorded.
//! That is what a test wants; in an application, use the [`Desk`].

use std::fmt::{Display, Write as _};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::calendar::Zone;
use crate::call::{Actor, Call};
use crate::desk::Desk;
use crate::error::Error;
use crate::id::{TenantId, TicketId};
use crate::rulebook::Rulebooks;
use crate::sla::{Reading, Verdict};
use crate::store::{MemoryStore, Store};
use crate::testing::tell::sweep_out;
use crate::ticket::{ClockId, Command, Event, Open, Recorded, Status, Ticket};

/// A desk, a clock that is set, and the one ticket that the story is about.
#[derive(Debug)]
pub struct Scenario<S = MemoryStore> {
    desk: Desk<S>,
    zone: Zone,
    now: Option<DateTime<Utc>>,
    ticket: Option<TicketId>,
    calls: u128,
    lines: Vec<String>,
}

impl Scenario<MemoryStore> {
    /// A desk in memory under these rules. The clock is not set yet, and texts without an offset are in UTC.
    pub fn given(rules: impl Into<Rulebooks>) -> Scenario {
        Scenario::on(Desk::new(MemoryStore::new(), rules))
    }
}

impl<S: Store> Scenario<S> {
    /// A desk of your own, on any store.
    pub fn on(desk: Desk<S>) -> Scenario<S> {
        Scenario {
            desk,
            zone: Zone::utc(),
            now: None,
            ticket: None,
            calls: 0,
            lines: Vec::new(),
        }
    }

    /// Instants without an offset are what the clock on the wall shows here (in a gap: the first instant after it; an hour that
    /// comes twice: the first time).
    ///
    /// # Panics
    /// Where the time-zone database has no such zone.
    #[track_caller]
    #[must_use]
    pub fn in_zone(mut self, name: &str) -> Scenario<S> {
        self.zone = Zone::parse(name).unwrap_or_else(|error| self.fails(error));
        self
    }

    /// Sets the clock: as RFC 3339 (`2026-03-06T15:30:00Z`), or as `2026-03-06 16:30` in the scenario's [zone](Scenario::in_zone),
    /// with seconds if you like.
    ///
    /// # Panics
    /// Where the text is no instant, or one before the clock: a story goes on.
    #[track_caller]
    #[must_use]
    pub fn at(mut self, instant: &str) -> Scenario<S> {
        let at = self.instant(instant);
        if let Some(now) = self.now.filter(|now| *now > at) {
            self.fails(format_args!("`{instant}` is before {now}"));
        }
        self.now = Some(at);
        self
    }

    /// Sets the clock this much later.
    ///
    /// # Panics
    /// Where the clock was never set, or the time is negative or too long.
    #[track_caller]
    #[must_use]
    pub fn after(mut self, time: TimeDelta) -> Scenario<S> {
        let later = self.now().checked_add_signed(time);
        match later.filter(|later| *later >= self.now()) {
            Some(later) => self.now = Some(later),
            None => self.fails(format_args!("`{time}` after {} is no instant", self.now())),
        }
        self
    }

    /// Somebody opens the ticket that the story is about from here on.
    ///
    /// # Panics
    /// Where the desk refuses it.
    #[track_caller]
    #[must_use]
    pub fn opens(mut self, actor: Actor, open: Open) -> Scenario<S> {
        let call = self.call(actor, &format_args!("opens {open:?}"));
        match self.desk.open(&call, open) {
            Ok(outcome) => self.ticket = Some(outcome.id()),
            Err(error) => self.fails(error),
        }
        self
    }

    /// Somebody says something to the ticket.
    ///
    /// # Panics
    /// Where no ticket was opened, or the desk refuses it; see [`then_refused`](Scenario::then_refused).
    #[track_caller]
    #[must_use]
    pub fn says(mut self, actor: Actor, command: Command) -> Scenario<S> {
        if let Err(error) = self.submits(actor, command) {
            self.fails(error);
        }
        self
    }

    /// Somebody says something, and is refused, with an error of this [code](Error::code); nothing is changed.
    ///
    /// # Panics
    /// Where it is taken, or refused for another reason.
    #[track_caller]
    pub fn then_refused(mut self, actor: Actor, command: Command, code: &str) -> Scenario<S> {
        let before = self.ticket().version();
        match self.submits(actor, command) {
            Ok(()) => self.fails(format_args!("it was taken, and not refused with `{code}`")),
            Err(error) if error.code() != code => self.fails(format_args!(
                "refused with `{}`, and not with `{code}`: {error}",
                error.code()
            )),
            Err(_) if self.ticket().version() != before => self.fails("refused, and yet recorded"),
            Err(_) => self,
        }
    }

    /// The desk is swept until nothing more is recorded: what fell due so far is known and told to the outside.
    ///
    /// # Panics
    /// Where the store fails.
    #[track_caller]
    #[must_use]
    pub fn sweeps(self) -> Scenario<S> {
        self.sweep();
        self
    }

    /// The ticket stands there by now. The desk is swept first.
    #[track_caller]
    pub fn then_status(self, status: Status) -> Scenario<S> {
        self.sweep();
        let is = self.ticket().status();
        self.expect(is == status, format_args!("it is {is}, and not {status}"))
    }

    /// The target of this clock is used up at this instant, written as for [`at`](Scenario::at).
    #[track_caller]
    pub fn then_due(self, clock: impl Into<ClockId>, instant: &str) -> Scenario<S> {
        let (clock, wanted) = (clock.into(), self.instant(instant));
        let due = self.reading(clock).due();
        let is = due.map_or("never".to_owned(), |due| self.shown(due));
        let shown = self.shown(wanted);
        self.expect(
            due == Some(wanted),
            format_args!("{clock} is due {is}, and not {shown}"),
        )
    }

    /// This clock is due at no instant, as things stand: it has no target, is paused, or has ended.
    #[track_caller]
    pub fn then_not_due(self, clock: impl Into<ClockId>) -> Scenario<S> {
        let clock = clock.into();
        match self.reading(clock).due() {
            Some(due) => self.fails(format_args!("{clock} is due {}", self.shown(due))),
            None => self,
        }
    }

    /// This clock met its target.
    #[track_caller]
    pub fn then_met(self, clock: impl Into<ClockId>) -> Scenario<S> {
        self.then_verdict(clock, Verdict::Met)
    }

    /// This clock is past its target.
    #[track_caller]
    pub fn then_breached(self, clock: impl Into<ClockId>) -> Scenario<S> {
        self.then_verdict(clock, Verdict::Breached)
    }

    /// This clock stands so to its target.
    #[track_caller]
    pub fn then_verdict(self, clock: impl Into<ClockId>, verdict: Verdict) -> Scenario<S> {
        let clock = clock.into();
        let reading = self.reading(clock);
        let is = reading.verdict();
        self.expect(
            is == verdict,
            format_args!("{clock} is {is:?}, and not {verdict:?}: {reading:?}"),
        )
    }

    /// This clock has counted so much.
    #[track_caller]
    pub fn then_elapsed(self, clock: impl Into<ClockId>, elapsed: TimeDelta) -> Scenario<S> {
        let clock = clock.into();
        let is = self.reading(clock).elapsed();
        self.expect(
            is == elapsed,
            format_args!("{clock} has counted {is}, and not {elapsed}"),
        )
    }

    /// This level of this rule has fired so many times by now. The desk is swept first.
    ///
    /// # Panics
    /// Where it fired more or fewer times; where it never did, and the ticket's rulebook knows no such level: a slip in a name would let every
    /// "not at all" hold.
    #[track_caller]
    pub fn then_fired(self, rule: &str, level: &str, times: usize) -> Scenario<S> {
        self.sweep();
        let fired = |recorded: &Recorded| matches!(&recorded.event, Event::Escalated(fired) if fired.rule.as_str() == rule && fired.level.as_str() == level);
        let n = self.events().iter().filter(|one| fired(one)).count();
        if n == 0 {
            self.level_is_known(rule, level);
        }
        self.expect(
            n == times,
            format_args!("`{level}` of `{rule}` fired {n} times, and not {times}"),
        )
    }

    /// Whatever else is to hold: it is given the scenario, to ask it for the ticket, a reading or the events.
    #[track_caller]
    pub fn then(self, holds: impl FnOnce(&Scenario<S>) -> bool) -> Scenario<S> {
        let held = holds(&self);
        self.expect(held, "it does not hold")
    }

    /// The desk of the scenario.
    pub fn desk(&self) -> &Desk<S> {
        &self.desk
    }

    /// What the clock shows.
    ///
    /// # Panics
    /// Where it was never set.
    #[track_caller]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
            .unwrap_or_else(|| self.fails("the clock is not set: begin with `at`"))
    }

    /// The ticket as it is recorded.
    ///
    /// # Panics
    /// Where none was opened.
    #[track_caller]
    pub fn ticket(&self) -> Ticket {
        let ticket = self.desk.ticket(self.id());
        ticket.unwrap_or_else(|error| self.fails(error))
    }

    /// What a clock shows now.
    ///
    /// # Panics
    /// Where no ticket was opened.
    #[track_caller]
    pub fn reading(&self, clock: impl Into<ClockId>) -> Reading {
        let reading = self.desk.reading(self.id(), clock, self.now());
        reading.unwrap_or_else(|error| self.fails(error))
    }

    /// What is recorded of the ticket.
    ///
    /// # Panics
    /// Where none was opened.
    #[track_caller]
    pub fn events(&self) -> Vec<Recorded> {
        let events = self.desk.tenant(TenantId::SINGLE).history(self.id());
        events.unwrap_or_else(|error| self.fails(error))
    }

    #[track_caller]
    fn id(&self) -> TicketId {
        self.ticket
            .unwrap_or_else(|| self.fails("no ticket was opened: begin with `opens`"))
    }

    #[track_caller]
    fn submits(&mut self, actor: Actor, command: Command) -> Result<(), Error> {
        let ticket = self.id();
        let call = self.call(actor, &format_args!("says {command:?}"));
        self.desk.submit(ticket, &call, command).map(|_| ())
    }

    #[track_caller]
    fn sweep(&self) {
        let desk = self.desk.tenant(TenantId::SINGLE);
        if let Err(error) = sweep_out(&desk, self.now()) {
            self.fails(error);
        }
    }

    #[track_caller]
    fn level_is_known(&self, rule: &str, level: &str) {
        let book = self.desk.rulebooks().of(&self.ticket());
        let rules = book.unwrap_or_else(|error| self.fails(error)).escalations();
        let levels = rules.iter().flat_map(|rule| {
            let levels = rule.levels.iter();
            levels.map(|level| (rule.name.as_str(), level.name.as_str()))
        });
        if !levels.clone().any(|known| known == (rule, level)) {
            let known: Vec<_> = levels
                .map(|(rule, level)| format!("`{level}` of `{rule}`"))
                .collect();
            self.fails(format_args!(
                "the rulebook has no level `{level}` of a rule `{rule}`; it has: {}",
                known.join(", ")
            ));
        }
    }

    #[track_caller]
    fn call(&mut self, actor: Actor, what: &dyn Display) -> Call {
        let now = self.now();
        self.lines
            .push(format!("{}: {actor:?} {what}", self.shown(now)));
        self.calls += 1;
        Call::with_id(Uuid::from_u128(self.calls), actor, now)
    }

    #[track_caller]
    fn instant(&self, text: &str) -> DateTime<Utc> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return at.to_utc();
        }
        let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
        let local = forms
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        match local {
            Some(local) => self.zone.instant_of(local),
            None => self.fails(format_args!(
                "`{text}` is no instant: write `2026-03-06 16:30` or `2026-03-06T15:30:00Z`"
            )),
        }
    }

    fn shown(&self, at: DateTime<Utc>) -> String {
        let local = self.zone.local(at).format("%a %Y-%m-%d %H:%M:%S%.f");
        format!("{local} {}", self.zone.name())
    }

    #[track_caller]
    fn expect(self, holds: bool, otherwise: impl Display) -> Scenario<S> {
        if !holds {
            self.fails(otherwise);
        }
        self
    }

    /// Tells the story so far.
    #[track_caller]
    fn fails(&self, why: impl Display) -> ! {
        let mut story = format!("{why}");
        for line in &self.lines {
            let _ = write!(story, "\n  {line}");
        }
        if let Some(now) = self.now {
            let _ = write!(story, "\n  {}: this is asked", self.shown(now));
        }
        let ticket = self
            .ticket
            .map(|id| (id, self.desk.tenant(TenantId::SINGLE)));
        let events = ticket.and_then(|(id, desk)| desk.history(id).ok());
        for recorded in events.unwrap_or_default() {
            let at = self.shown(recorded.at);
            let _ = write!(story, "\n    recorded {at}: {:?}", recorded.event);
        }
        panic!("{story}")
    }
}
