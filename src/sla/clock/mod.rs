//! One clock, walked along the moments of a ticket.
//!
//! A clock is nothing stored: it is worked out from the ticket's marks whenever it is asked for, without allocation. Between
//! two marks nothing changes, so the walk costs one calendar question for each stretch in which the clock runs. A clock that
//! begins each time (a next response) is walked through all its periods; the last one is what it shows.

mod first;
mod meet;

use std::borrow::Cow;

use crate::id::{Name, RulebookId};
use crate::ticket::{Agreement, ClockId, Mark, MarkKind, Metric, Phase, Ticket};
use crate::time::{Micros, micros};

use super::metric::{Definition, Start};
use super::policy::{Named, Policies, Ready};
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
    /// The last one that applied, also while the clock is ended; before any did, the first that will.
    latest: Option<&'a Ready>,
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
    pub(crate) phase: Phase,
    /// Whether a human agent ever wrote to the customer.
    answered: bool,
    /// Whether the customer talks to a bot, and no agent is asked for.
    with_bot: bool,
    first_response: First,
    /// Since when the first response waits, where it does.
    first_since: Micros,
    pub(crate) state: State,
    pub(crate) unanswered: bool,
    pub(crate) elapsed: Micros,
    /// The begin of the stretch that is running or paused; of an ended clock, the end of the last stretch that ran or the
    /// begin of the pause in which it ended.
    pub(crate) since: Micros,
    pub(crate) started: Option<Started>,
    pub(crate) stopped_at: Option<Micros>,
    /// The place of the event that ended it; before any did, 0.
    pub(crate) stopped_in: u64,
    /// The place of the event that is being met.
    meeting: u64,
    /// When the target in force was used up; where that was before it came into force, when it did.
    pub(crate) due: Option<Micros>,
    /// The target in force was used up before it came into force: [`Clock::used_up`] tells when.
    pub(crate) was_used_up: bool,
    sought: Option<Sought>,
    /// In any period.
    pub(crate) ever_breached: bool,
    /// In this period.
    pub(crate) period_breached: bool,
    /// What had run when the target came into force.
    pub(crate) elapsed_at_attach: Micros,
    /// When the target came into force.
    pub(crate) attached_at: Micros,
    /// The period that it came into force in.
    attached_in: Option<Started>,
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
        Clock::seek(ticket, policies, id, None, |_, _, _| {}, ended)
    }

    /// The clock as the ticket's last mark left it; `stretch` is told each stretch of time between two marks, with the clock as it
    /// stood throughout, and `ended` each period that another one followed.
    pub(crate) fn trace(
        ticket: &Ticket,
        policies: &'a Policies,
        id: ClockId,
        stretch: impl FnMut(&Clock<'a>, Micros, Micros),
        ended: impl FnMut(&Clock<'a>),
    ) -> Clock<'a> {
        Clock::seek(ticket, policies, id, None, stretch, ended)
    }

    /// When the running time of this period first reached what the target in force allows. Worth a second walk only where a
    /// target came into force that was used up before.
    pub(crate) fn used_up(&self, ticket: &Ticket, policies: &'a Policies) -> Option<Micros> {
        self.reached(self.amount?, ticket, policies)
    }

    /// When the running time of this period first reached `amount`.
    pub(crate) fn reached(
        &self,
        amount: Micros,
        ticket: &Ticket,
        policies: &'a Policies,
    ) -> Option<Micros> {
        let started = self.started?;
        if amount <= 0 {
            return Some(started.at); // without a stretch of time that reaches it
        }
        let sought = Sought {
            version: started.version,
            amount,
            at: None,
        };
        let none = |_: &Clock<'_>, _, _| {};
        Clock::seek(ticket, policies, self.id, Some(sought), none, |_| {})
            .sought?
            .at
    }

    fn seek(
        ticket: &Ticket,
        policies: &'a Policies,
        id: ClockId,
        sought: Option<Sought>,
        mut stretch: impl FnMut(&Clock<'a>, Micros, Micros),
        mut ended: impl FnMut(&Clock<'a>),
    ) -> Clock<'a> {
        let in_force = ticket.rulebook();
        let of_version = |version| policies.at(Some(version).filter(|v| *v != in_force));
        let mut named = of_version(ticket.opened().rulebook);
        let first = first_policy(ticket, id.agreement, of_version);
        let mut clock = Clock {
            id,
            definition: id.metric.definition(),
            ready: first,
            newest: None,
            latest: first,
            chosen: false,
            all_time: first
                .and_then(|ready| ready.target(id.metric))
                .is_some_and(is_all_time),
            target: None,
            amount: None,
            promised: None,
            phase: Phase::Work,
            answered: false,
            with_bot: false,
            first_response: First::ToCome,
            first_since: 0,
            state: State::NotStarted,
            unanswered: false,
            elapsed: 0,
            since: micros(ticket.created_at()),
            started: None,
            stopped_at: None,
            stopped_in: 0,
            meeting: 0,
            due: None,
            was_used_up: false,
            sought,
            ever_breached: false,
            period_breached: false,
            elapsed_at_attach: 0,
            attached_at: micros(ticket.created_at()),
            attached_in: None,
        };
        let promises = id == ClockId::from(Metric::PromisedUpdate); // made to the customer, whatever the policy
        if first.is_none() && !promises {
            clock.state = State::NotApplicable;
            return clock;
        }
        let mut last = micros(ticket.created_at());
        for mark in ticket.marks() {
            let waited = clock.waits_for_reopening().then_some(clock.since);
            if mark.at > last {
                if waited.is_none() {
                    stretch(&clock, last, mark.at);
                }
                last = mark.at;
            }
            clock.advance(mark.at);
            clock.meeting = mark.version;
            if let MarkKind::Rulebook(version) = mark.kind {
                named = of_version(version);
            }
            let policy = |name: &Option<Name>| named.get(name.as_ref()?);
            let started = clock.started;
            let at_rest = waited.map(|since| (since, clock.clone()));
            clock.meet(mark, policy, &mut ended);
            if let Some((since, before)) = at_rest.filter(|_| !clock.is_live()) {
                // It ended where it began to wait, and may go on in a reopening: until here it did nothing.
                let before = Clock {
                    state: clock.state,
                    stopped_at: clock.stopped_at,
                    ..before
                };
                stretch(&before, since, mark.at);
            }
            if let Some(since) = clock.counts_since(mark, started, waited) {
                let state = State::Running;
                let before = Clock {
                    state,
                    since,
                    ..clock.clone()
                };
                stretch(&before, since, mark.at);
            }
            if clock.definition.start == Start::UnansweredMessage {
                clock.follow_first_response(mark);
            }
        }
        clock.end_after_the_end(last);
        clock
    }

    /// Where a mark makes time before it count that no stretch told: what began then on a ticket that was merged into this one, or has
    /// waited since then for the ticket to be reopened.
    fn counts_since(
        &self,
        mark: &Mark,
        before: Option<Started>,
        waited: Option<Micros>,
    ) -> Option<Micros> {
        let of_this_mark = self.started.filter(|started| {
            self.started != before && started.version == mark.version && started.at < mark.at
        });
        let waited = waited.filter(|since| {
            self.started == before
                && self.is_live()
                && !self.waits_for_reopening()
                && *since < mark.at
        });
        of_this_mark.map(|started| started.at).or(waited)
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

    /// Whether it has run for longer than the target in force allows.
    pub(crate) fn is_late(&self) -> bool {
        self.amount.is_some_and(|amount| self.elapsed > amount)
    }

    /// The target in force, where the ticket's policy has one.
    pub(crate) fn target(&self) -> Option<Target> {
        self.target
    }

    /// The canonical text of the target in force: policy, amount, calendar. The same target again is the same text.
    pub(crate) fn target_text(&self) -> Option<Cow<'a, str>> {
        if let Some(promised) = self.promised {
            let at = crate::time::instant(promised).to_rfc3339();
            return Some(Cow::Owned(format!("promised for {at}")));
        }
        self.target?; // it is the one of the policy that measures
        self.ready?.target_text(self.id.metric).map(Cow::Borrowed)
    }

    /// The policy that measures.
    pub(crate) fn policy_name(&self) -> Option<&'a Name> {
        self.ready.map(|ready| &ready.policy.name)
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

    /// The last instant at which the target is still kept, if nothing else happens: where it is used up when the calendar closes,
    /// the next opening. None but for a running clock that is not late.
    pub(crate) fn kept_until(&self) -> Option<Micros> {
        let left = self.amount?.saturating_sub(self.elapsed);
        let runs = self.state == State::Running && left >= 0;
        runs.then(|| self.until(left)).flatten()
    }

    /// The calendar it runs by; none where it runs all the time.
    pub(crate) fn calendar(&self) -> Option<&'a Ready> {
        self.ready
            .filter(|_| self.promised.is_none() && !self.all_time)
    }

    /// Lets the time up to `to` pass.
    pub(crate) fn advance(&mut self, to: Micros) {
        if self.state == State::Running && to > self.since && !self.waits_for_reopening() {
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
                self.note_breach(amount);
            }
            self.since = to;
        }
    }

    fn note_breach(&mut self, amount: Micros) {
        self.period_breached |= self.elapsed > amount;
        self.ever_breached |= self.period_breached;
    }
}

/// The first policy that applied under an agreement.
fn first_policy<'a>(
    ticket: &Ticket,
    agreement: Agreement,
    of_version: impl Fn(RulebookId) -> Named<'a>,
) -> Option<&'a Ready> {
    let mut named = of_version(ticket.opened().rulebook);
    ticket.marks().iter().find_map(|mark| match &mark.kind {
        MarkKind::Rulebook(version) => {
            named = of_version(*version);
            None
        }
        MarkKind::Policy(of, Some(name)) if *of == agreement => named.get(name),
        _ => None,
    })
}

fn is_all_time(target: Target) -> bool {
    target.measure() == Measure::Calendar
}
