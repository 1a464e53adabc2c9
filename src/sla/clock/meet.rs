//! How a clock meets the moments of its ticket: what begins, ends, pauses and resumes it. It reads the row of its metric in
//! [`METRICS`](crate::sla::METRICS) and the options of the policy, and nothing else.

use crate::id::Name;
use crate::sla::metric::{AtResolution, Fulfilment, OnReopen, Start};
use crate::sla::policy::{Ready, ReopenOption, StartOption};
use crate::sla::reading::State;
use crate::ticket::{Agreement, Mark, MarkKind, Phase};
use crate::time::{Micros, instant};

use super::{Clock, First, Started, is_all_time};

impl<'a> Clock<'a> {
    pub(super) fn meet(
        &mut self,
        mark: &Mark,
        policy: impl Fn(&Option<Name>) -> Option<&'a Ready>,
        ended: &mut impl FnMut(&Clock<'a>),
    ) {
        match &mark.kind {
            MarkKind::Opened { inbound } => {
                if self.begins_at_creation(*inbound) {
                    self.begin(mark, ended);
                }
            }
            MarkKind::Asked => {
                let begins = match self.definition.start {
                    Start::FirstContact => {
                        self.state == State::NotStarted
                            && self.first_contact() != StartOption::Assignment
                    }
                    Start::UnansweredMessage => self.needs_no_first_response() && !self.is_live(),
                    _ => false,
                };
                if begins {
                    self.begin(mark, ended);
                }
            }
            MarkKind::Answered => self.answer(mark, ended),
            MarkKind::Assigned { agent, entered } => self.assign(*agent, *entered, mark, ended),
            MarkKind::Promised { due } => {
                let is_mine =
                    self.definition.start == Start::Promise && self.id.agreement == Agreement::Sla;
                if is_mine && self.phase != Phase::Closed {
                    self.promise(*due, mark, ended);
                }
            }
            MarkKind::Moved(phase) => self.move_to(*phase, mark, ended),
            MarkKind::Rulebook(_) => {} // policies are chosen anew right after it
            MarkKind::Policy(agreement, name) => {
                if *agreement == self.id.agreement && self.definition.start != Start::Promise {
                    self.newest = policy(name);
                    self.chosen = true;
                    if !matches!(self.state, State::Stopped | State::Cancelled) {
                        self.attach(mark.at);
                    }
                }
            }
        }
    }

    /// Called after the mark was met, so that a message that begins the first response is not an unanswered one beside it.
    pub(super) fn follow_first_response(&mut self, mark: &MarkKind) {
        let option = self.first_contact();
        let by_assignment = option == StartOption::Assignment;
        self.first_response = match (self.first_response, mark) {
            (First::ToCome, MarkKind::Opened { inbound: true })
                if option == StartOption::FirstContact =>
            {
                First::Waiting
            }
            (First::ToCome, MarkKind::Asked) if !by_assignment => First::Waiting,
            (First::ToCome, MarkKind::Assigned { agent: true, .. })
                if by_assignment && !self.answered =>
            {
                First::Waiting
            }
            (First::Waiting, MarkKind::Answered) => First::Given,
            (First::Waiting, MarkKind::Moved(Phase::Resolved | Phase::Closed)) => First::Unanswered,
            (First::Unanswered, MarkKind::Moved(Phase::Work | Phase::Pending(_))) => First::Waiting,
            (as_before, _) => as_before,
        };
    }

    /// It was given, or will never begin because an agent wrote before anybody was in charge.
    fn needs_no_first_response(&self) -> bool {
        let never_begins = || self.answered && self.first_contact() == StartOption::Assignment;
        match self.first_response {
            First::Given => true,
            First::ToCome => never_begins(),
            First::Waiting | First::Unanswered => false,
        }
    }

    fn first_contact(&self) -> StartOption {
        self.ready.map_or(StartOption::default(), |ready| {
            ready.policy.first_response_starts
        })
    }

    fn begins_by_assignment(&self) -> bool {
        let option = self.first_contact();
        option == StartOption::Assignment && self.state == State::NotStarted && !self.answered
    }

    fn begins_at_creation(&self, inbound: bool) -> bool {
        match self.definition.start {
            Start::Creation | Start::Team => true,
            Start::FirstContact => inbound && self.first_contact() == StartOption::FirstContact,
            _ => false,
        }
    }

    /// A human agent wrote to the customer.
    fn answer(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        self.answered = true;
        if self.is_live() && self.definition.fulfilled_by == Fulfilment::Answer {
            self.end(State::Stopped, mark.at);
        }
        let unresolved = matches!(self.phase, Phase::Work | Phase::Pending(_));
        if self.definition.start == Start::Answer && unresolved {
            self.begin(mark, ended);
        }
    }

    fn assign(
        &mut self,
        agent: bool,
        entered: bool,
        mark: &Mark,
        ended: &mut impl FnMut(&Clock<'a>),
    ) {
        match self.definition.start {
            Start::Team if self.phase != Phase::Closed => {
                if entered {
                    if self.is_live() {
                        self.end(State::Cancelled, mark.at);
                    }
                    if self.phase != Phase::Resolved {
                        self.begin(mark, ended);
                    }
                }
                if agent && self.is_live() {
                    self.end(State::Stopped, mark.at);
                }
            }
            Start::FirstContact if agent && self.begins_by_assignment() => self.begin(mark, ended),
            _ => {}
        }
    }

    /// Promised again before its due, a promise is superseded; after it, the broken one stays broken.
    fn promise(&mut self, due: Micros, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        if self.is_live() {
            let broken = self.amount.is_some_and(|amount| self.elapsed > amount);
            self.end(
                if broken {
                    State::Stopped
                } else {
                    State::Cancelled
                },
                mark.at,
            );
        }
        self.begin(mark, ended);
        self.promised = Some(due);
        self.amount = Some(due.saturating_sub(mark.at).max(0));
    }

    /// A period begins; the one before it, if any, is told.
    fn begin(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        if self.started.is_some() {
            ended(self);
            (self.elapsed, self.due, self.stopped_at, self.unanswered) = (0, None, None, false);
            self.was_used_up = false;
        }
        self.started = Some(Started {
            at: mark.at,
            version: mark.version,
        });
        self.state = State::Running;
        if self.chosen {
            self.attach(mark.at);
        }
        self.run_or_pause(mark.at);
    }

    fn end(&mut self, state: State, at: Micros) {
        self.state = state;
        self.stopped_at = Some(at);
    }

    fn move_to(&mut self, phase: Phase, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        let done = |phase| matches!(phase, Phase::Resolved | Phase::Closed);
        let before = std::mem::replace(&mut self.phase, phase);
        if phase == Phase::Resolved && before != Phase::Resolved {
            self.resolve(mark, ended);
        } else if phase == Phase::Closed && self.is_live() {
            self.unanswered = self.definition.at_resolution == AtResolution::Unanswered;
            self.end(
                if self.unanswered {
                    State::Stopped
                } else {
                    State::Cancelled
                },
                mark.at,
            );
        } else if !done(phase) && done(before) {
            self.reopen(mark, ended);
        } else if !done(phase) && self.is_live() {
            self.run_or_pause(mark.at);
        }
    }

    fn resolve(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        match self.definition.at_resolution {
            AtResolution::Begins => self.begin(mark, ended),
            AtResolution::Fulfils if self.is_live() => self.end(State::Stopped, mark.at),
            AtResolution::Cancels if self.is_live() => self.end(State::Cancelled, mark.at),
            AtResolution::Unanswered if self.is_live() => {
                self.unanswered = true;
                self.end(State::Stopped, mark.at);
            }
            _ => {}
        }
    }

    fn reopen(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        if self.is_live() {
            match self.definition.on_reopen {
                OnReopen::Cancel => self.end(State::Cancelled, mark.at),
                _ => self.run_or_pause(mark.at),
            }
            return;
        }
        let unfulfilled = self.unanswered || self.state == State::Cancelled;
        let gap = self
            .stopped_at
            .map_or(0, |stopped| mark.at.saturating_sub(stopped));
        let option = match self.definition.on_reopen {
            OnReopen::Resume => self
                .newest
                .or(self.ready)
                .map_or(ReopenOption::Resume, |r| r.reopening(self.id.metric)),
            OnReopen::Keep if unfulfilled => ReopenOption::Resume,
            OnReopen::Keep | OnReopen::BeginAnew | OnReopen::Cancel => ReopenOption::FirstOnly,
        };
        match option {
            _ if !matches!(self.state, State::Stopped | State::Cancelled) => {}
            ReopenOption::FirstOnly
                if !(unfulfilled && self.definition.on_reopen == OnReopen::Resume) => {}
            ReopenOption::NewCycle => self.begin(mark, ended),
            ReopenOption::NewCycleAfter(longest) if gap > longest.micros() => {
                self.begin(mark, ended)
            }
            _ => self.resume(mark.at),
        }
    }

    fn resume(&mut self, at: Micros) {
        self.unanswered = false;
        self.stopped_at = None;
        (self.state, self.since) = (State::Running, at);
        let target = self.newest.and_then(|ready| ready.target(self.id.metric));
        let changed = self.ready.map(std::ptr::from_ref) != self.newest.map(std::ptr::from_ref);
        if self.chosen && (changed || self.target != target) {
            self.attach(at);
        }
        self.run_or_pause(at);
    }

    /// Puts the newest policy's target into force: what has run stays, the target is swapped. The same target of another version
    /// of the rulebook is no other target.
    fn attach(&mut self, at: Micros) {
        if self.is_in_force_already(at) {
            self.ready = self.newest;
            if self.is_live() {
                self.run_or_pause(at);
            }
            return;
        }
        self.target = self.newest.and_then(|ready| ready.target(self.id.metric));
        self.ready = self.newest.or(self.ready);
        self.all_time = self.target.is_some_and(is_all_time);
        self.elapsed_at_attach = self.elapsed;
        self.attached_at = at;
        self.attached_in = self.started;
        self.due = None;
        self.was_used_up = false;
        self.amount = match (self.started, self.target, self.ready) {
            (Some(started), Some(target), Some(ready)) => {
                Some(target.amount_from(started.at, &ready.calendar))
            }
            _ => None,
        };
        if let Some(amount) = self.amount {
            self.was_used_up = self.elapsed >= amount;
            self.due = self.was_used_up.then_some(at);
            self.ever_breached |= self.elapsed > amount;
        }
        if self.is_live() {
            self.run_or_pause(at);
        }
    }

    /// Whether the newest policy's target is the one in force: the same amount under the same policy, by the same calendar.
    fn is_in_force_already(&self, at: Micros) -> bool {
        let metric = self.id.metric;
        let (Some(before), Some(now), Some(_)) = (self.ready, self.newest, self.target) else {
            return false;
        };
        self.attached_in == self.started
            && before.target_text(metric) == now.target_text(metric)
            && before.calendar.edition_at(instant(at)) == now.calendar.edition_at(instant(at))
    }

    fn run_or_pause(&mut self, at: Micros) {
        let paused = match (self.phase, self.ready) {
            _ if self.definition.start == Start::Promise => false, // promised for an instant
            (Phase::Pending(reason), Some(ready)) => ready.pauses(self.id.metric).contains(reason),
            _ => false,
        };
        if !(paused && self.state == State::Paused) {
            self.since = at;
        }
        self.state = if paused {
            State::Paused
        } else {
            State::Running
        };
    }
}
