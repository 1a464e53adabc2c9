//! The life of one clock: what each metric makes of what happens, row by row of the table of semantics.

mod status;
mod talk;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Chosen, Oracle, Period, Shown};
use crate::id::{SessionId, TeamId};
use crate::rulebook::Rulebook;
use crate::sla::{Measure, StartOption, State};
use crate::ticket::{
    ClockId, Direction, Event, Link, MessageClass, Metric, PendingReasons, Stage, Status,
    Visibility,
};

use talk::Talk;

/// Whether a policy applies.
#[derive(Clone, Copy, PartialEq)]
enum Applies {
    NotYet,
    Now,
    NoLonger,
}

pub(super) struct Life<'a> {
    oracle: &'a Oracle<'a>,
    clock: ClockId,
    status: Status,
    team: Option<TeamId>,
    talks: BTreeMap<SessionId, Talk>,
    /// Whether the customer talks to a bot, and no agent is asked for.
    with_bot: bool,
    /// The version of the rulebook that policies are chosen from.
    book: &'a Rulebook,
    /// The last policy that applied; before any did, the first that will.
    policy: Option<Chosen<'a>>,
    applies: Applies,
    /// The next response asks whether the first one was given.
    first_response: Option<Box<Life<'a>>>,
    /// Whether a human agent ever wrote to the customer.
    agent_wrote: bool,
    ever_breached: bool,
    past: Vec<Shown>,
    now: Period<'a>,
}

impl<'a> Life<'a> {
    /// `None` where no policy of the agreement ever applies; promises are made to the customer, whatever the policy.
    pub(super) fn new(oracle: &'a Oracle<'a>, clock: ClockId) -> Option<Life<'a>> {
        let mut book = oracle.rulebook;
        let policy = oracle
            .events
            .iter()
            .find_map(|recorded| match &recorded.event {
                Event::RulebookApplied { rulebook } => {
                    book = oracle.book(*rulebook);
                    None
                }
                Event::PolicyChosen {
                    agreement,
                    policy: Some(name),
                } if *agreement == clock.agreement => Chosen::of(book, name),
                _ => None,
            });
        let is_promise = clock == ClockId::from(Metric::PromisedUpdate);
        if policy.is_none() && !is_promise {
            return None;
        }
        let first = ClockId {
            metric: Metric::FirstResponse,
            ..clock
        };
        let asks = clock.metric == Metric::NextResponse;
        let first_response = if asks {
            Life::new(oracle, first).map(Box::new)
        } else {
            None
        };
        Some(Life {
            oracle,
            clock,
            status: Status::Open,
            team: None,
            talks: BTreeMap::new(),
            with_bot: false,
            book: oracle.rulebook,
            policy,
            applies: Applies::NotYet,
            first_response,
            agent_wrote: false,
            ever_breached: false,
            past: Vec::new(),
            now: Period::new(State::NotStarted),
        })
    }

    /// Lives until `now`: at each tick what happens at its begin, then the tick itself.
    pub(super) fn periods(mut self, now: DateTime<Utc>) -> Vec<Shown> {
        let oracle = self.oracle;
        let mut events = oracle.events.iter().peekable();
        let mut at = oracle.begin;
        loop {
            while let Some(recorded) = events.next_if(|recorded| recorded.at <= at) {
                self.meet(&recorded.event, at);
            }
            if at >= now {
                break;
            }
            let hours = self.now.hours;
            let is_open = hours.is_none_or(|hours| oracle.is_open(hours, at));
            if self.now.state == State::Running && is_open && !self.waits_for_reopening() {
                self.now.counted.push(at);
                self.note_a_breach();
            }
            at += oracle.tick;
        }
        self.end_where_it_waits();
        let last = self.now.shown(oracle, self.ever_breached, now);
        self.past.into_iter().chain([last]).collect()
    }

    /// A message of a customer after the ticket was resolved or closed begins what runs only once the ticket is reopened.
    fn waits_for_reopening(&self) -> bool {
        let by_message = matches!(
            self.clock.metric,
            Metric::FirstResponse | Metric::NextResponse
        );
        by_message && is_done(self.status) && self.now.is_live()
    }

    fn waits_since(&self) -> Option<DateTime<Utc>> {
        self.now.came.filter(|_| self.waits_for_reopening())
    }

    /// Whatever else ends it than a reopening, it ended where it began.
    fn end_where_it_waits(&mut self) {
        if let Some(began) = self.waits_since() {
            self.closed(began);
        }
    }

    /// Every tick since then counts now, by the hours of now.
    fn count_since(&mut self, since: DateTime<Utc>, until: DateTime<Utc>) {
        let (oracle, hours) = (self.oracle, self.now.hours);
        let ticks = std::iter::successors(Some(since), |at| Some(*at + oracle.tick));
        let open = ticks
            .take_while(|at| *at < until)
            .filter(|at| hours.is_none_or(|hours| oracle.is_open(hours, *at)));
        self.now.counted.extend(open);
        self.note_a_breach();
    }

    fn meet(&mut self, event: &'a Event, at: DateTime<Utc>) {
        // Whether the first response was given is asked before this event: a message that begins it is not one more.
        let first_was_given = self
            .first_response
            .as_ref()
            .is_some_and(|first| first.is_over_for_the_next());
        if let Some(first) = &mut self.first_response {
            first.meet(event, at);
        }
        match event {
            Event::Opened(opened) => self.created(opened.direction == Direction::Inbound, at),
            Event::MessageAdded(message) if message.class == MessageClass::Ordinary => {
                let public = message.visibility == Visibility::Public;
                match message.direction {
                    Direction::Inbound => self.customer_writes(first_was_given, at),
                    Direction::Outbound if public && message.author.human_agent().is_some() => {
                        self.agent_writes(at)
                    }
                    _ => {}
                }
            }
            Event::Assigned { agent, team } => {
                let entered = team.is_some() && *team != self.team;
                self.team = *team;
                self.assigned(agent.is_some(), entered, at);
            }
            Event::Session { id, what } => self.talked(*id, what, first_was_given, at),
            Event::UpdatePromised { due } => self.promised(at, *due, at),
            Event::Merged(merged) => {
                if let Some(since) = merged.asked_at {
                    self.customer_wrote_elsewhere(since, first_was_given, at);
                }
                if let Some(promise) = merged.promise {
                    self.promised(promise.made_at, promise.due, at);
                }
            }
            Event::Linked {
                link: Link::MergedInto,
                ..
            } => {
                let ran_until = self.waits_since().unwrap_or(at);
                self.end(State::Cancelled, ran_until);
            }
            Event::RulebookApplied { rulebook } => self.book = self.oracle.book(*rulebook),
            Event::StatusChanged { to, .. } => self.moved(*to, at),
            Event::PolicyChosen { agreement, policy } if *agreement == self.clock.agreement => {
                let chosen = policy.as_ref().and_then(|name| Chosen::of(self.book, name));
                self.policy = chosen.or(self.policy);
                self.applies = if chosen.is_some() {
                    Applies::Now
                } else {
                    Applies::NoLonger
                };
                let ended = matches!(self.now.state, State::Stopped | State::Cancelled);
                let came_and_went = self.now.state == State::Stopped
                    && self.now.started == Some(at)
                    && self.now.stopped == Some(at);
                if !ended || came_and_went {
                    self.put_target_in_force(at);
                }
            }
            _ => {}
        }
    }

    fn created(&mut self, by_customer: bool, at: DateTime<Utc>) {
        match self.clock.metric {
            Metric::RequesterWait
            | Metric::AgentWork
            | Metric::FirstResolution
            | Metric::TotalResolution => {
                self.begin(at);
            }
            Metric::Ownership => self.begin(at),
            Metric::FirstResponse
                if by_customer
                    && matches!(
                        self.start_option(),
                        StartOption::FirstContact | StartOption::HandOff
                    ) =>
            {
                self.begin(at)
            }
            _ => {}
        }
    }

    fn customer_writes(&mut self, first_was_given: bool, at: DateTime<Utc>) {
        let never_began = self.now.started.is_none();
        let begins = match self.start_option() {
            StartOption::Assignment => false,
            StartOption::HandOff => !self.with_bot, // what is said to a bot is said to nobody
            _ => true,
        };
        match self.clock.metric {
            Metric::FirstResponse if never_began && begins => self.begin(at),
            // The oldest unanswered message counts: where one waits already, another one changes nothing.
            Metric::NextResponse if first_was_given && !self.now.is_live() => self.begin(at),
            _ => {}
        }
    }

    /// A message that nobody answered on a ticket that was merged into this one: it counts since it came.
    fn customer_wrote_elsewhere(
        &mut self,
        since: DateTime<Utc>,
        first_was_given: bool,
        at: DateTime<Utc>,
    ) {
        if self.clock.metric != Metric::NextResponse {
            return self.customer_writes(first_was_given, at);
        }
        let is_older = self.now.started.is_none_or(|started| since < started);
        if first_was_given && (is_older || !self.now.is_live()) {
            self.supersede(at);
            self.begin_since(since, at);
        }
    }

    fn agent_writes(&mut self, at: DateTime<Utc>) {
        (self.agent_wrote, self.with_bot) = (true, false);
        self.end_where_it_waits();
        match self.clock.metric {
            Metric::FirstResponse
            | Metric::NextResponse
            | Metric::PromisedUpdate
            | Metric::FollowUp => {
                self.end(State::Stopped, at);
            }
            Metric::PeriodicUpdate => {
                self.end(State::Stopped, at);
                if !is_done(self.status) {
                    self.begin(at);
                }
            }
            _ => {}
        }
    }

    fn assigned(&mut self, agent: bool, entered: bool, at: DateTime<Utc>) {
        match self.clock.metric {
            Metric::Ownership => {
                if entered && !is_done(self.status) {
                    self.end(State::Cancelled, at);
                    self.begin(at);
                }
                if agent {
                    self.end(State::Stopped, at);
                }
            }
            Metric::FirstResponse
                if agent
                    && self.start_option() == StartOption::Assignment
                    && self.now.started.is_none()
                    && !self.agent_wrote =>
            {
                self.begin(at);
                if is_done(self.status) {
                    self.end_unanswered(at);
                }
            }
            _ => {}
        }
    }

    fn promised(&mut self, since: DateTime<Utc>, due: DateTime<Utc>, at: DateTime<Utc>) {
        let is_closed = self.status.stage() == Stage::Closed;
        if self.clock != ClockId::from(Metric::PromisedUpdate) || is_closed {
            return;
        }
        self.supersede(at);
        self.begin_since(since, at);
        self.now.amount = Some((due - since).max(TimeDelta::zero()));
        self.note_a_breach();
    }

    /// Something else takes the place of what runs; what was late already stays late.
    fn supersede(&mut self, at: DateTime<Utc>) {
        let at = self.waits_since().unwrap_or(at);
        let late = self
            .now
            .amount
            .is_some_and(|amount| self.now.elapsed(self.oracle.tick) > amount);
        self.end(
            if late {
                State::Stopped
            } else {
                State::Cancelled
            },
            at,
        );
    }

    fn begin(&mut self, at: DateTime<Utc>) {
        self.begin_since(at, at);
    }

    /// A period that counts since an earlier instant, on the ticket where it ran until now.
    fn begin_since(&mut self, since: DateTime<Utc>, at: DateTime<Utc>) {
        if self.now.started.is_some() {
            self.past
                .push(self.now.shown(self.oracle, self.ever_breached, at));
        }
        self.now = Period::new(State::Running);
        (self.now.started, self.now.came) = (Some(since), Some(at));
        self.put_target_in_force(at);
        self.count_since(since, at);
    }

    fn resume(&mut self, at: DateTime<Utc>) {
        (self.now.state, self.now.stopped, self.now.unanswered) = (State::Running, None, false);
        self.now.paused_since = None;
        self.put_target_in_force(at);
    }

    fn end(&mut self, state: State, at: DateTime<Utc>) {
        if self.now.is_live() {
            self.now.end(state, at);
        }
    }

    fn end_unanswered(&mut self, at: DateTime<Utc>) {
        self.now.unanswered |= self.now.is_live();
        self.end(State::Stopped, at);
    }

    /// What has run stays; the target is that of the policy that applies now.
    fn put_target_in_force(&mut self, at: DateTime<Utc>) {
        if self.clock.metric == Metric::PromisedUpdate {
            return; // a promise carries its own
        }
        let Some(policy) = self.policy else { return };
        let hours = policy.hours();
        let target = policy
            .policy
            .targets
            .get(&self.clock.metric)
            .filter(|_| self.applies != Applies::NoLonger);
        let all_time = target.is_some_and(|target| target.measure() == Measure::Calendar);
        self.now.hours = (!all_time).then_some(hours);
        let in_force = target.filter(|_| self.applies == Applies::Now);
        let amount = |start| self.oracle.amount(*in_force?, start, hours);
        self.now.amount = self.now.started.and_then(amount);
        self.run_or_pause(at);
        self.note_a_breach();
    }

    /// A live clock waits while the ticket is pending for a reason that the policy lists, and else runs.
    fn run_or_pause(&mut self, at: DateTime<Utc>) {
        if !self.now.is_live() {
            return;
        }
        let pauses = match self.status {
            Status::Pending(pending) => self.pauses().contains(pending.reason()),
            _ => false,
        };
        self.now.paused_since = if pauses {
            self.now.paused_since.or(Some(at))
        } else {
            None
        };
        self.now.state = if pauses {
            State::Paused
        } else {
            State::Running
        };
    }

    fn pauses(&self) -> PendingReasons {
        let listed = self
            .policy
            .and_then(|chosen| chosen.policy.pauses.get(&self.clock.metric));
        match self.clock.metric {
            Metric::PromisedUpdate => PendingReasons::NONE,
            Metric::RequesterWait | Metric::FirstResolution | Metric::TotalResolution => {
                listed.copied().unwrap_or(PendingReasons::CUSTOMER)
            }
            Metric::AgentWork => listed.copied().unwrap_or(PendingReasons::ALL),
            _ => listed.copied().unwrap_or(PendingReasons::NONE),
        }
    }

    fn note_a_breach(&mut self) {
        let passed = self
            .now
            .amount
            .is_some_and(|amount| self.now.elapsed(self.oracle.tick) > amount);
        self.ever_breached |= passed;
    }

    fn start_option(&self) -> StartOption {
        self.policy.map_or(StartOption::default(), |chosen| {
            chosen.policy.first_response_starts
        })
    }

    /// Of a first response: it was given, or none is to come because the agent wrote before what would have begun it.
    fn is_over_for_the_next(&self) -> bool {
        let given = self.now.state == State::Stopped && !self.now.unanswered;
        let never = self.now.started.is_none()
            && self.agent_wrote
            && self.start_option() == StartOption::Assignment;
        given || never
    }
}

fn is_done(status: Status) -> bool {
    matches!(status.stage(), Stage::Resolved | Stage::Closed)
}
