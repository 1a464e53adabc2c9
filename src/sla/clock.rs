//! One clock, walked along the moments of a ticket.
//!
//! A clock is nothing stored: it is worked out from the ticket's marks whenever it is asked for, without allocation. Between
//! two marks nothing changes, so the walk costs one calendar question for each stretch in which the clock runs.

use crate::id::Name;
use crate::ticket::{ClockId, Mark, MarkKind, PendingReasons, Phase, Ticket};
use crate::time::{Micros, micros};

use super::metric::{Definition, Fulfilment, OnReopen, Start};
use super::policy::{Policies, Ready};
use super::reading::State;
use super::target::{Measure, Target};

/// A clock as the last mark of its ticket left it.
#[derive(Clone, Debug)]
pub(crate) struct Clock<'a> {
    pub(crate) id: ClockId,
    definition: &'static Definition,
    /// What measures: also before the policy applied, because time counts from the ticket's creation.
    ready: Option<&'a Ready>,
    /// The policy that the ticket has now; the one above lags behind it only while the clock is ended.
    newest: Option<&'a Ready>,
    /// In force: absent before the first policy applied.
    pub(crate) target: Option<Target>,
    phase: Phase,
    pub(crate) state: State,
    pub(crate) unanswered: bool,
    pub(crate) elapsed: Micros,
    /// The begin of the stretch that is running or paused; of an ended clock, the end of the last stretch that ran or the
    /// begin of the pause in which it ended.
    pub(crate) since: Micros,
    pub(crate) started: Option<Started>,
    pub(crate) stopped_at: Option<Micros>,
    /// When the target in force was used up.
    pub(crate) due: Option<Micros>,
    pub(crate) ever_breached: bool,
    /// What had run when the target came into force.
    pub(crate) elapsed_at_attach: Micros,
}

/// The begin of a clock; the event's place anchors what is announced about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) at: Micros,
    pub(crate) version: u64,
}

impl<'a> Clock<'a> {
    /// The clock as the ticket's last mark left it.
    pub(crate) fn of(ticket: &Ticket, policies: &'a Policies, id: ClockId) -> Clock<'a> {
        let policy = |name: &Option<Name>| name.as_ref().and_then(|name| policies.get(name));
        let first = ticket.marks().iter().find_map(|mark| match &mark.kind {
            MarkKind::Policy(agreement, name) if *agreement == id.agreement => policy(name),
            _ => None,
        });
        let mut clock = Clock {
            id,
            definition: id.metric.definition(),
            ready: first,
            newest: None,
            target: None,
            phase: Phase::Work,
            state: State::NotStarted,
            unanswered: false,
            elapsed: 0,
            since: micros(ticket.created_at()),
            started: None,
            stopped_at: None,
            due: None,
            ever_breached: false,
            elapsed_at_attach: 0,
        };
        if first.is_none() {
            clock.state = State::NotApplicable;
            return clock;
        }
        for mark in ticket.marks() {
            clock.advance(mark.at);
            clock.meet(mark, policy);
        }
        clock
    }

    /// Whether it runs or waits: nothing has ended it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Running | State::Paused)
    }

    /// The canonical text of the target in force: policy, amount, calendar. The same target again is the same text.
    pub(crate) fn target_text(&self) -> Option<String> {
        let (ready, target) = (self.ready?, self.target?);
        Some(match target.measure() {
            Measure::Business => format!(
                "{}: {} in {}",
                ready.policy.name, target, ready.calendar_name
            ),
            Measure::Calendar => format!("{}: {}", ready.policy.name, target),
        })
    }

    /// The running time from `from` to `to`.
    pub(crate) fn measure(&self, from: Micros, to: Micros) -> Micros {
        match self.calendar() {
            Some(ready) => ready.calendar.elapsed_us(from, to),
            None => to.saturating_sub(from),
        }
    }

    /// The earliest instant at which `more` has run since the running stretch began.
    pub(crate) fn after(&self, more: Micros) -> Option<Micros> {
        match self.calendar() {
            Some(ready) => ready.calendar.add_us(self.since, more),
            None => self.since.checked_add(more),
        }
    }

    /// The latest instant up to which no more than `more` has run since the running stretch began.
    pub(crate) fn until(&self, more: Micros) -> Option<Micros> {
        match self.calendar() {
            Some(ready) => ready.calendar.latest_us(self.since, more),
            None => self.since.checked_add(more),
        }
    }

    /// The calendar it runs by; none where it runs all the time.
    fn calendar(&self) -> Option<&'a Ready> {
        self.ready.filter(|_| {
            self.target
                .is_none_or(|target| target.measure() == Measure::Business)
        })
    }

    /// Lets the time up to `to` pass.
    pub(crate) fn advance(&mut self, to: Micros) {
        if self.state == State::Running && to > self.since {
            let before = self.elapsed;
            self.elapsed = before.saturating_add(self.measure(self.since, to));
            if let Some(target) = self.target.map(|target| target.amount().micros()) {
                if self.due.is_none() && self.elapsed >= target {
                    self.due = self.after(target.saturating_sub(before));
                }
                self.ever_breached |= self.elapsed > target;
            }
            self.since = to;
        }
    }

    fn meet(&mut self, mark: &Mark, policy: impl Fn(&Option<Name>) -> Option<&'a Ready>) {
        match &mark.kind {
            MarkKind::Opened { inbound } => {
                if self.definition.start == Start::Creation || *inbound {
                    self.start(mark);
                }
            }
            MarkKind::Asked => {
                if self.state == State::NotStarted && self.definition.start == Start::FirstContact {
                    self.start(mark);
                }
            }
            MarkKind::Answered => {
                if self.is_live() && self.definition.fulfilled_by == Fulfilment::Answer {
                    self.end(State::Stopped, mark.at);
                }
            }
            MarkKind::Moved(phase) => self.move_to(*phase, mark),
            MarkKind::Policy(agreement, name) => {
                if *agreement == self.id.agreement {
                    self.newest = policy(name);
                    if !matches!(self.state, State::Stopped | State::Cancelled) {
                        self.attach(mark.at);
                    }
                }
            }
        }
    }

    fn start(&mut self, mark: &Mark) {
        self.started = Some(Started {
            at: mark.at,
            version: mark.version,
        });
        self.run_or_pause(mark.at);
    }

    fn end(&mut self, state: State, at: Micros) {
        self.state = state;
        self.stopped_at = Some(at);
    }

    fn move_to(&mut self, phase: Phase, mark: &Mark) {
        let was_done = matches!(self.phase, Phase::Resolved | Phase::Closed);
        self.phase = phase;
        match phase {
            Phase::Resolved | Phase::Closed if !self.is_live() => {}
            Phase::Resolved | Phase::Closed => {
                self.unanswered = self.definition.fulfilled_by == Fulfilment::Answer;
                let fulfilled = phase == Phase::Resolved || self.unanswered;
                self.end(
                    if fulfilled {
                        State::Stopped
                    } else {
                        State::Cancelled
                    },
                    mark.at,
                );
            }
            Phase::Work | Phase::Pending(_) if was_done => self.reopen(mark.at),
            Phase::Work | Phase::Pending(_) if self.is_live() => self.run_or_pause(mark.at),
            Phase::Work | Phase::Pending(_) => {}
        }
    }

    fn reopen(&mut self, at: Micros) {
        let unfulfilled = self.unanswered || self.state == State::Cancelled;
        let resumes = unfulfilled || self.definition.on_reopen == OnReopen::Resume;
        if resumes && matches!(self.state, State::Stopped | State::Cancelled) {
            self.unanswered = false;
            self.stopped_at = None;
            self.state = State::Paused;
            let swapped = self.ready.map(std::ptr::from_ref) != self.newest.map(std::ptr::from_ref);
            if swapped {
                self.attach(at);
            }
            self.run_or_pause(at);
        }
    }

    /// Puts the newest policy's target into force: what has run stays, the target is swapped.
    fn attach(&mut self, at: Micros) {
        self.target = self.newest.and_then(|ready| ready.target(self.id.metric));
        self.ready = self.newest.or(self.ready);
        self.elapsed_at_attach = self.elapsed;
        self.due = None;
        if let Some(target) = self.target.map(|target| target.amount().micros())
            && self.started.is_some()
        {
            self.due = (self.elapsed >= target).then_some(at);
            self.ever_breached |= self.elapsed > target;
        }
        if self.is_live() {
            self.run_or_pause(at);
        }
    }

    fn run_or_pause(&mut self, at: Micros) {
        let pauses = self
            .ready
            .map_or(PendingReasons::NONE, |ready| ready.pauses(self.id.metric));
        self.state = match self.phase {
            Phase::Pending(reason) if pauses.contains(reason) => State::Paused,
            _ => State::Running,
        };
        self.since = at;
    }
}
