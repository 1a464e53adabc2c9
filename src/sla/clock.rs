//! One clock, walked along the moments of a ticket.
//!
//! A clock is nothing stored: it is worked out from the ticket's marks whenever it is asked for, without allocation. Between
//! two marks nothing changes, so the walk costs one calendar question for each stretch in which the clock runs. A clock that
//! begins each time (a next response) is walked through all its periods; the last one is what it shows.

use crate::id::Name;
use crate::ticket::{Agreement, ClockId, Mark, MarkKind, Metric, Phase, Ticket};
use crate::time::{Micros, micros};

use super::metric::{AtResolution, Definition, Fulfilment, OnReopen, Start};
use super::policy::{Policies, Ready, ReopenOption, StartOption};
use super::reading::{State, Verdict};
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
    /// Whether a policy was chosen, or none, by now: before that, the first one measures.
    chosen: bool,
    /// Closed hours count too.
    all_time: bool,
    /// In force: absent before the first policy applied.
    target: Option<Target>,
    /// The running time that the target in force allows this period.
    pub(crate) amount: Option<Micros>,
    /// The instant of the promise in force.
    promised: Option<Micros>,
    phase: Phase,
    /// Whether a human agent ever wrote to the customer.
    answered: bool,
    /// Followed for the clocks that wait for it.
    first_response: First,
    pub(crate) state: State,
    pub(crate) unanswered: bool,
    pub(crate) elapsed: Micros,
    /// The begin of the stretch that is running or paused; of an ended clock, the end of the last stretch that ran or the
    /// begin of the pause in which it ended.
    pub(crate) since: Micros,
    pub(crate) started: Option<Started>,
    pub(crate) stopped_at: Option<Micros>,
    /// When the target in force was used up; where that was before it came into force, when it did.
    pub(crate) due: Option<Micros>,
    /// The target in force was used up before it came into force: [`Clock::used_up`] tells when.
    pub(crate) was_used_up: bool,
    sought: Option<Sought>,
    /// In any period.
    pub(crate) ever_breached: bool,
    /// What had run when the target came into force.
    pub(crate) elapsed_at_attach: Micros,
    /// When the target came into force.
    pub(crate) attached_at: Micros,
}

/// The begin of a period; the event's place anchors what is announced about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) at: Micros,
    pub(crate) version: u64,
}

/// Where the first response stands, as the other clocks need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// Not begun.
    ToCome,
    Waiting,
    /// The ticket was resolved or closed without it: it waits again once the ticket is reopened.
    Unanswered,
    Given,
}

/// The instant at which a period had run for so long.
#[derive(Clone, Copy, Debug)]
struct Sought {
    version: u64,
    amount: Micros,
    at: Option<Micros>,
}

impl<'a> Clock<'a> {
    /// The clock as the ticket's last mark left it.
    pub(crate) fn of(ticket: &Ticket, policies: &'a Policies, id: ClockId) -> Clock<'a> {
        Clock::walk(ticket, policies, id, |_| {})
    }

    /// The same; `ended` is told each period that another one followed.
    pub(crate) fn walk(
        ticket: &Ticket,
        policies: &'a Policies,
        id: ClockId,
        ended: impl FnMut(&Clock<'a>),
    ) -> Clock<'a> {
        Clock::seek(ticket, policies, id, None, ended)
    }

    /// When the running time of this period first reached what the target in force allows. Worth a second walk only where a
    /// target came into force that was used up before.
    pub(crate) fn used_up(&self, ticket: &Ticket, policies: &'a Policies) -> Option<Micros> {
        let (version, amount) = (self.started?.version, self.amount?);
        let sought = Sought {
            version,
            amount,
            at: None,
        };
        Clock::seek(ticket, policies, self.id, Some(sought), |_| {})
            .sought?
            .at
    }

    fn seek(
        ticket: &Ticket,
        policies: &'a Policies,
        id: ClockId,
        sought: Option<Sought>,
        mut ended: impl FnMut(&Clock<'a>),
    ) -> Clock<'a> {
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
            chosen: false,
            all_time: first
                .and_then(|ready| ready.target(id.metric))
                .is_some_and(is_all_time),
            target: None,
            amount: None,
            promised: None,
            phase: Phase::Work,
            answered: false,
            first_response: First::ToCome,
            state: State::NotStarted,
            unanswered: false,
            elapsed: 0,
            since: micros(ticket.created_at()),
            started: None,
            stopped_at: None,
            due: None,
            was_used_up: false,
            sought,
            ever_breached: false,
            elapsed_at_attach: 0,
            attached_at: micros(ticket.created_at()),
        };
        let promises = id == ClockId::from(Metric::PromisedUpdate); // made to the customer, whatever the policy
        if first.is_none() && !promises {
            clock.state = State::NotApplicable;
            return clock;
        }
        for mark in ticket.marks() {
            clock.advance(mark.at);
            clock.meet(mark, policy, &mut ended);
            if clock.definition.start == Start::UnansweredMessage {
                clock.follow_first_response(&mark.kind);
            }
        }
        clock
    }

    /// Whether it runs or waits: nothing has ended it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Running | State::Paused)
    }

    /// How it stands to the target in force, or in force when it ended.
    pub(crate) fn verdict(&self) -> Verdict {
        let passed = self.amount.map(|amount| self.elapsed > amount);
        match (self.state, passed) {
            (State::NotApplicable | State::NotStarted | State::Cancelled, _) => Verdict::Open,
            (State::Stopped, _) if self.unanswered => Verdict::Unanswered,
            (_, None) => Verdict::Open,
            (_, Some(true)) => Verdict::Breached,
            (State::Stopped, Some(false)) => Verdict::Met,
            (State::Running | State::Paused, Some(false)) => Verdict::Open,
        }
    }

    /// The target in force, where the ticket's policy has one.
    pub(crate) fn target(&self) -> Option<Target> {
        self.target
    }

    /// The canonical text of the target in force: policy, amount, calendar. The same target again is the same text.
    pub(crate) fn target_text(&self) -> Option<String> {
        if let Some(promised) = self.promised {
            return Some(format!(
                "promised for {}",
                crate::time::instant(promised).to_rfc3339()
            ));
        }
        let (ready, target) = (self.ready?, self.target?);
        let name = &ready.policy.name;
        Some(match target.measure() {
            Measure::Business => format!("{name}: {target} in {}", ready.calendar_name),
            Measure::Calendar => format!("{name}: {target}"),
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
        self.ready
            .filter(|_| self.promised.is_none() && !self.all_time)
    }

    /// Lets the time up to `to` pass.
    pub(crate) fn advance(&mut self, to: Micros) {
        if self.state == State::Running && to > self.since {
            let before = self.elapsed;
            self.elapsed = before.saturating_add(self.measure(self.since, to));
            if let Some(sought) = self.sought
                && self
                    .started
                    .is_some_and(|started| started.version == sought.version)
                && sought.at.is_none()
                && self.elapsed >= sought.amount
            {
                let at = self.after(sought.amount.saturating_sub(before));
                self.sought = Some(Sought { at, ..sought });
            }
            if let Some(amount) = self.amount {
                if self.due.is_none() && self.elapsed >= amount {
                    self.due = self.after(amount.saturating_sub(before));
                }
                self.ever_breached |= self.elapsed > amount;
            }
            self.since = to;
        }
    }

    fn meet(
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
    fn follow_first_response(&mut self, mark: &MarkKind) {
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
            Start::FirstContact
                if agent
                    && self.first_contact() == StartOption::Assignment
                    && self.state == State::NotStarted
                    && !self.answered =>
            {
                self.begin(mark, ended);
            }
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

    /// Puts the newest policy's target into force: what has run stays, the target is swapped.
    fn attach(&mut self, at: Micros) {
        self.target = self.newest.and_then(|ready| ready.target(self.id.metric));
        self.ready = self.newest.or(self.ready);
        self.all_time = self.target.is_some_and(is_all_time);
        self.elapsed_at_attach = self.elapsed;
        self.attached_at = at;
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

fn is_all_time(target: Target) -> bool {
    target.measure() == Measure::Calendar
}
