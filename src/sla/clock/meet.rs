//! How a clock meets the moments of its ticket: what begins, ends, pauses and resumes it. It reads the row of its metric in
//! [`METRICS`](crate::sla::METRICS) and the options of the policy, and nothing else.

use crate::id::Name;
use crate::sla::metric::{AtResolution, Fulfilment, OnReopen, Start};
use crate::sla::policy::{Ready, ReopenOption, StartOption};
use crate::sla::reading::State;
use crate::ticket::{Agreement, Mark, MarkKind, Phase};
use crate::time::{Micros, instant};

use super::{Clock, Started, is_all_time};

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
            MarkKind::BotBegan => self.greet(mark.at),
            MarkKind::BotEnded => self.with_bot = false,
            MarkKind::Asked | MarkKind::HandedOver => {
                self.with_bot &= mark.kind != MarkKind::HandedOver;
                let begins = match self.definition.start {
                    Start::FirstContact => self.begins_by_message(),
                    Start::UnansweredMessage => self.needs_no_first_response() && !self.is_live(),
                    _ => false,
                };
                if begins {
                    self.begin(mark, ended);
                }
                if begins && mark.kind == MarkKind::HandedOver {
                    self.end_where_done(mark.at);
                }
            }
            MarkKind::AskedBefore { since } => self.take_over(*since, mark, ended),
            MarkKind::Answered { .. } => self.answer(mark, ended),
            MarkKind::Assigned { agent, entered } => self.assign(*agent, *entered, mark, ended),
            MarkKind::Promised { due } => {
                self.promise((mark.at, *due), mark, ended);
            }
            MarkKind::PromisedBefore { since, due } => {
                self.promise((*since, *due), mark, ended);
            }
            MarkKind::MergedAway => {
                if self.is_live() {
                    self.end(State::Cancelled, self.ran_until(mark.at));
                }
            }
            MarkKind::Moved(phase) => self.move_to(*phase, mark, ended),
            MarkKind::Rulebook(_) => {} // policies are chosen anew right after it
            MarkKind::Policy(agreement, name) => {
                if *agreement == self.id.agreement && self.definition.start != Start::Promise {
                    self.newest = policy(name);
                    self.latest = self.newest.or(self.latest);
                    self.chosen = true;
                    let ended = matches!(self.state, State::Stopped | State::Cancelled);
                    if !ended || self.came_and_went(mark.at) {
                        self.attach(mark.at);
                    }
                }
            }
        }
    }

    /// Whether it was fulfilled at the instant it began, which is this one: policies are chosen after what a command says, and a
    /// ticket that comes to a team and an agent at once was taken under the target that this brought.
    fn came_and_went(&self, at: Micros) -> bool {
        let began_now = self.started.is_some_and(|started| started.at == at);
        began_now && self.state == State::Stopped && self.stopped_at == Some(at)
    }

    fn begins_at_creation(&self, inbound: bool) -> bool {
        match self.definition.start {
            Start::Creation | Start::Team => true,
            Start::FirstContact => {
                let option = self.first_contact();
                inbound && matches!(option, StartOption::FirstContact | StartOption::HandOff)
            }
            _ => false,
        }
    }

    /// A human agent wrote to the customer.
    fn answer(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        (self.answered, self.with_bot) = (true, false); // whoever writes takes over from a bot
        self.end_where_it_waits();
        if self.is_live() && self.definition.fulfilled_by == Fulfilment::Answer {
            self.end(State::Stopped, mark.at);
        }
        if self.definition.start == Start::Answer && !self.phase.is_done() {
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
            Start::FirstContact if agent && self.begins_by_assignment() => {
                self.begin(mark, ended);
                self.end_where_done(mark.at);
            }
            _ => {}
        }
    }

    /// What begins on a resolved ticket, and does not reopen it, is unanswered like what ran when it was resolved: it runs from a
    /// reopening on.
    fn end_where_done(&mut self, at: Micros) {
        if self.phase.is_done() && self.definition.at_resolution == AtResolution::Unanswered {
            self.end_unanswered(at);
        }
    }

    fn end_unanswered(&mut self, at: Micros) {
        self.unanswered = true;
        self.end(State::Stopped, at);
    }

    /// A message that nobody has answered came over from a merged ticket: it is the first contact, or the oldest unanswered one.
    fn take_over(&mut self, since: Micros, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        match self.definition.start {
            Start::FirstContact if self.begins_by_message() => self.begin(mark, ended),
            Start::UnansweredMessage if self.needs_no_first_response() => {
                let is_older = self.started.is_none_or(|started| since < started.at);
                if !self.is_live() || is_older {
                    self.supersede(mark.at);
                    self.begin_since(since, mark, None, ended);
                }
            }
            _ => {}
        }
    }

    /// A promise `(made at, due)`. Promised again before its due, a promise is superseded; after it, the broken one stays broken.
    fn promise(
        &mut self,
        (since, due): (Micros, Micros),
        mark: &Mark,
        ended: &mut impl FnMut(&Clock<'a>),
    ) {
        let is_mine =
            self.definition.start == Start::Promise && self.id.agreement == Agreement::Sla;
        if is_mine && self.phase != Phase::Closed {
            self.supersede(mark.at);
            self.begin_since(since, mark, Some(due), ended);
        }
    }

    /// Something else takes the place of what runs; what was late already stays late.
    fn supersede(&mut self, at: Micros) {
        if self.is_live() {
            let state = if self.is_late() {
                State::Stopped
            } else {
                State::Cancelled
            };
            self.end(state, self.ran_until(at));
        }
    }

    /// A period begins; the one before it, if any, is told.
    fn begin(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        self.begin_since(mark.at, mark, None, ended);
    }

    /// A period begins that counts from an earlier instant, on the ticket where it ran until now.
    fn begin_since(
        &mut self,
        since: Micros,
        mark: &Mark,
        promised: Option<Micros>,
        ended: &mut impl FnMut(&Clock<'a>),
    ) {
        if self.started.is_some() {
            ended(self);
            (self.elapsed, self.due, self.stopped_at, self.unanswered) = (0, None, None, false);
            (self.was_used_up, self.period_breached) = (false, false);
        }
        self.started = Some(Started {
            at: since,
            version: mark.version,
        });
        (self.state, self.since) = (State::Running, mark.at);
        if self.chosen {
            self.attach(mark.at);
        }
        if let Some(due) = promised {
            self.promised = Some(due);
            self.amount = Some(due.saturating_sub(since).max(0));
            self.due = (due <= since).then_some(since); // a log's: used up before it was made
        }
        if since < mark.at {
            (self.state, self.since) = (State::Running, since);
            self.elapsed = self.measure(since, mark.at);
            self.find_used_up(mark.version);
            self.since = mark.at;
            self.weigh(mark.at);
        }
        self.run_or_pause(mark.at);
    }

    /// Where the instant is sought at which this period had run for so long, and that lies before the period came here.
    fn find_used_up(&mut self, version: u64) {
        if let Some(sought) = self.sought
            && sought.version == version
            && self.elapsed >= sought.amount
        {
            let at = self.after(sought.amount);
            self.sought = Some(super::Sought { at, ..sought });
        }
    }

    fn end(&mut self, state: State, at: Micros) {
        self.state = state;
        self.stopped_at = Some(at);
        self.stopped_in = self.meeting;
    }

    fn move_to(&mut self, phase: Phase, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        if phase.is_done() && phase != self.phase {
            self.end_where_it_waits();
        }
        let at_rest = self.waits_for_reopening();
        let before = std::mem::replace(&mut self.phase, phase);
        if phase == Phase::Resolved && before != Phase::Resolved {
            self.resolve(mark, ended);
        } else if phase == Phase::Closed && self.is_live() && !at_rest {
            self.end_by_close(mark.at);
        } else if !phase.is_done() && before.is_done() {
            self.reopen(mark, ended);
        } else if !phase.is_done() && self.is_live() {
            self.run_or_pause(mark.at);
        }
    }

    /// Closing stops every clock, and what a message began after the ticket was over runs on none while that stays so.
    pub(super) fn end_after_the_end(&mut self, at: Micros) {
        self.end_where_it_waits();
        if self.phase == Phase::Closed && self.is_live() {
            self.end_by_close(at);
        }
    }

    /// Whether a message began it after the ticket was over, without reopening it: a log told it, or a bot handed over late. Nothing
    /// runs and nothing is late while that stays so. Once the ticket is reopened, it has waited since the message, measured by
    /// the policy of the reopening.
    pub(super) fn waits_for_reopening(&self) -> bool {
        let by_message = matches!(
            self.definition.start,
            Start::FirstContact | Start::UnansweredMessage
        );
        by_message && self.phase.is_done() && self.is_live()
    }

    /// Answered or closed before a reopening, it never ran: it ended where it began, as a reading said all along.
    fn end_where_it_waits(&mut self) {
        if self.waits_for_reopening() {
            self.end_by_close(self.since);
        }
    }

    /// When a live clock that ends at `at` ran last, or would have.
    fn ran_until(&self, at: Micros) -> Micros {
        if self.waits_for_reopening() {
            self.since
        } else {
            at
        }
    }

    /// Closing stops every clock: what it waited for did not come.
    fn end_by_close(&mut self, at: Micros) {
        self.unanswered = self.definition.at_resolution == AtResolution::Unanswered;
        let state = if self.unanswered {
            State::Stopped
        } else {
            State::Cancelled
        };
        self.end(state, at);
    }

    fn resolve(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        match self.definition.at_resolution {
            AtResolution::Begins => self.begin(mark, ended),
            AtResolution::Fulfils if self.is_live() => self.end(State::Stopped, mark.at),
            AtResolution::Cancels if self.is_live() => self.end(State::Cancelled, mark.at),
            AtResolution::Unanswered if self.is_live() => self.end_unanswered(mark.at),
            _ => {}
        }
    }

    fn reopen(&mut self, mark: &Mark, ended: &mut impl FnMut(&Clock<'a>)) {
        if self.is_live() {
            self.advance(mark.at); // what waited for this
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
                .latest
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
        self.ready = self.latest;
        self.all_time = self.target.is_some_and(is_all_time);
        self.amount = match (self.started, self.target, self.ready) {
            (Some(started), Some(target), Some(ready)) => {
                Some(target.amount_from(started.at, &ready.calendar))
            }
            _ => None,
        };
        self.weigh(at);
        if self.is_live() {
            self.run_or_pause(at);
        }
    }

    /// How what has run stands to the target, now that either came into force here.
    fn weigh(&mut self, at: Micros) {
        self.elapsed_at_attach = self.elapsed;
        self.attached_at = at;
        self.attached_in = self.started;
        (self.due, self.was_used_up) = (None, false);
        if let Some(amount) = self.amount {
            self.was_used_up = self.elapsed >= amount;
            self.due = self.was_used_up.then_some(at);
            self.note_breach(amount);
        }
    }

    /// Whether the newest policy's target is the one in force: the same amount under the same policy, by the same calendar where it
    /// counts open time.
    fn is_in_force_already(&self, at: Micros) -> bool {
        let metric = self.id.metric;
        let (Some(before), Some(now), Some(target)) = (self.ready, self.newest, self.target) else {
            return false;
        };
        let (first, second) = (&before.calendar, &now.calendar);
        self.attached_in == self.started
            && before.target_text(metric) == now.target_text(metric)
            && (is_all_time(target)
                || first.edition_at(instant(at)) == second.edition_at(instant(at)))
    }

    fn run_or_pause(&mut self, at: Micros) {
        let paused = match (self.phase, self.ready) {
            _ if self.definition.start == Start::Promise => false, // promised for an instant
            (Phase::Pending(reason), Some(ready)) => ready.pauses(self.id.metric).contains(reason),
            _ => false,
        };
        if !(paused && self.state == State::Paused || self.waits_for_reopening()) {
            self.since = at;
        }
        self.state = if paused {
            State::Paused
        } else {
            State::Running
        };
    }
}
