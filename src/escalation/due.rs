//! What falls due next on a ticket, and when.

use crate::calendar::Calendar;
use crate::id::{FiringKey, Name, derive};
use crate::sla::{Clock, Measure, Policies, State, Target, due_of};
use crate::ticket::{Agreement, ClockId, MarkKind, Metric, Pending, Stage, Status, Ticket};
use crate::time::{Micros, micros};

use super::rule::{Level, Rule, Trigger};
use super::threshold::{Kind, share};

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub(crate) struct Due<'a> {
    /// When it takes effect: never before the ticket's last event. It is recorded by the first commit after this instant.
    pub(crate) at: Micros,
    /// When it was due by the rules alone; earlier than the last event where a guard came true late or a log was imported.
    pub(crate) scheduled: Micros,
    pub(crate) what: What<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    /// A scheduled wait ends.
    Wake,
    /// A clock passes its target.
    Breach {
        clock: ClockId,
        key: FiringKey,
        target: String,
        on_attach: bool,
    },
    /// A level fires.
    Fire {
        rule: &'a Rule,
        level: &'a Level,
        key: FiringKey,
        past: bool,
    },
}

/// What makes things fall due: the policies and rules of a rulebook, with the calendars that the rules name.
#[derive(Clone, Copy)]
pub(crate) struct Causes<'a> {
    pub(crate) policies: &'a Policies,
    /// Each rule with the calendar of its business time and that calendar's name.
    pub(crate) rules: &'a [(Rule, Calendar, Name)],
}

/// The first thing that falls due after the ticket's last event if nothing else happens. Things due at the same instant come
/// in a fixed order: the waking, then breaches by clock, then levels by their place in the rulebook.
pub(crate) fn next<'a>(ticket: &Ticket, causes: Causes<'a>) -> Option<Due<'a>> {
    let mut search = Search {
        ticket,
        last: micros(ticket.last_event_at()),
        first: None,
    };
    if let Status::Pending(Pending::Scheduled { until }) = ticket.status() {
        search.offer(micros(until), || What::Wake);
    }
    let stage = ticket.status().stage();
    let closed = stage == Stage::Closed; // a log may hold messages after the close: they begin nothing that falls due
    let clocks: Vec<Clock<'_>> = clocks(ticket, causes.policies)
        .map(|id| Clock::of(ticket, causes.policies, id))
        .filter(|clock| !closed && clock.is_live() && clock.amount.is_some())
        .collect();
    for clock in &clocks {
        search.breach(clock);
    }
    for (rule, calendar, name) in causes.rules {
        match &rule.trigger {
            Trigger::Clock { .. } => {
                if let Some(clock) = clocks
                    .iter()
                    .find(|clock| Some(clock.id) == rule.trigger.watched())
                {
                    search.clock_rule(rule, clock, causes.policies);
                }
            }
            Trigger::Idle { stages } => {
                if stages.contains(&stage) {
                    search.waiting_rule(rule, (calendar, name), ticket.idle_since());
                }
            }
            Trigger::CustomerWaits => {
                if let Some(since) = ticket.waiting().filter(|_| stage.is_backlog()) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
            Trigger::Reopened => search.reopening_rule(rule),
            Trigger::LowRating { kind, at_most } => {
                if let Some(since) = ticket.low_rating(*kind, *at_most) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
        }
    }
    search.first
}

/// The breaches of targets that were passed already when they came into force, not announced yet.
pub(crate) fn passed_on_attach<'a>(ticket: &Ticket, policies: &Policies) -> Vec<What<'a>> {
    let mut found = Vec::new();
    for id in clocks(ticket, policies) {
        let clock = Clock::of(ticket, policies, id);
        let mut search = Search {
            ticket,
            last: micros(ticket.last_event_at()),
            first: None,
        };
        search.breach(&clock);
        let on_attach = search.first.filter(|due| {
            matches!(
                due.what,
                What::Breach {
                    on_attach: true,
                    ..
                }
            )
        });
        found.extend(on_attach.map(|due| due.what));
    }
    found
}

/// The clocks that may have a target: those that a policy has one for, and the promises. In a fixed order.
fn clocks(ticket: &Ticket, policies: &Policies) -> impl Iterator<Item = ClockId> {
    let promised = ticket
        .marks()
        .iter()
        .any(|mark| matches!(mark.kind, MarkKind::Promised { .. }));
    let has_target = move |id: &ClockId| match id.metric {
        Metric::PromisedUpdate => promised && id.agreement == Agreement::Sla,
        metric => policies.has_target(id.agreement, metric),
    };
    let of = |agreement| {
        Metric::ALL
            .into_iter()
            .map(move |metric| ClockId { agreement, metric })
    };
    Agreement::ALL.into_iter().flat_map(of).filter(has_target)
}

/// The earliest thing found so far.
struct Search<'t, 'a> {
    ticket: &'t Ticket,
    last: Micros,
    first: Option<Due<'a>>,
}

impl<'a> Search<'_, 'a> {
    /// What was due before the last event is due at it: only now do its conditions hold.
    fn offer(&mut self, scheduled: Micros, what: impl FnOnce() -> What<'a>) {
        let at = scheduled.max(self.last);
        if self.first.as_ref().is_none_or(|known| at < known.at) {
            self.first = Some(Due {
                at,
                scheduled,
                what: what(),
            });
        }
    }

    fn breach(&mut self, clock: &Clock<'_>) {
        let (true, Some(amount), Some(started)) = (clock.is_live(), clock.amount, clock.started)
        else {
            return;
        };
        let breached = clock.elapsed > amount;
        let at = match clock.state {
            _ if breached => Some(self.last),
            State::Running => clock.until(amount.saturating_sub(clock.elapsed)),
            _ => None,
        };
        let Some(at) = at else { return };
        let target = clock.target_text().unwrap_or_default();
        let key = self.key(
            &Anchor {
                what: &clock.id.to_string(),
                version: started.version,
                target: &target,
            },
            "",
            "breach",
            0,
        );
        if !self.ticket.has_announced(key) {
            let on_attach = breached && clock.elapsed_at_attach > amount;
            self.offer(at, || What::Breach {
                clock: clock.id,
                key,
                target,
                on_attach,
            });
        }
    }

    fn clock_rule<'p>(&mut self, rule: &'a Rule, clock: &Clock<'p>, policies: &'p Policies) {
        let (Some(amount), Some(started)) = (clock.amount, clock.started) else {
            return;
        };
        let what = clock.id.to_string();
        let target = clock.target_text().unwrap_or_default();
        let anchor = Anchor {
            what: &what,
            version: started.version,
            target: &target,
        };
        let (swapped, last) = (clock.attached_at > started.at, self.last);
        let by_instant = rule
            .levels
            .iter()
            .any(|level| level.at.is_from_an_instant());
        let due = if by_instant {
            due_of(clock, self.ticket, policies)
        } else {
            None
        };
        self.levels(rule, &anchor, |level, more| {
            let (running, instant) = match level.at.0 {
                Kind::Percent(percent) => (Some(share(percent, amount)), None),
                Kind::Before(offset) => from_due(amount, due, offset, -1),
                Kind::After(offset) => from_due(amount, due, offset, 1),
                Kind::For(_) | Kind::AtOnce | Kind::Times(_) => return None,
            };
            match (running, instant) {
                (Some(threshold), _) => {
                    let threshold = threshold.saturating_add(more);
                    let reached = clock.elapsed >= threshold;
                    let at = match clock.state {
                        _ if reached => last,
                        State::Running => clock.after(threshold.saturating_sub(clock.elapsed))?,
                        _ => return None,
                    };
                    Some((
                        at,
                        reached && swapped && clock.elapsed_at_attach >= threshold,
                    ))
                }
                (None, Some(at)) => {
                    let at = at.saturating_add(more);
                    Some((at, swapped && at <= clock.attached_at))
                }
                (None, None) => None,
            }
        });
    }

    /// A rule that counts from an event: the last activity, an unanswered message, a low rating.
    fn waiting_rule(
        &mut self,
        rule: &'a Rule,
        (calendar, name): (&Calendar, &Name),
        (since, version): (Micros, u64),
    ) {
        let what = match rule.trigger {
            Trigger::CustomerWaits => "customer waits",
            Trigger::LowRating { .. } => "low rating",
            _ => "idle",
        };
        let anchor = Anchor {
            what,
            version,
            target: name.as_str(),
        };
        self.levels(rule, &anchor, |level, more| {
            let at = match level.at.0 {
                Kind::AtOnce => since,
                Kind::For(target) => {
                    let amount = target.amount_from(since, calendar);
                    match target.measure() {
                        Measure::Calendar => since.checked_add(amount)?,
                        Measure::Business => calendar.add_us(since, amount)?,
                    }
                }
                _ => return None,
            };
            let every = level
                .repeat
                .map_or(Measure::Business, |repeat| repeat.every.measure());
            let at = match (more, every) {
                (0, _) => at,
                (more, Measure::Calendar) => at.checked_add(more)?,
                (more, Measure::Business) => calendar.add_us(at, more)?,
            };
            Some((at, false))
        });
    }

    fn reopening_rule(&mut self, rule: &'a Rule) {
        let reopened: Vec<(Micros, u64)> = self.ticket.reopenings().collect();
        for level in &rule.levels {
            let Kind::Times(times) = level.at.0 else {
                continue;
            };
            let Some((at, version)) = reopened.get(usize::from(times) - 1).copied() else {
                continue;
            };
            let anchor = Anchor {
                what: "reopened",
                version,
                target: "",
            };
            self.fire(rule, level, &anchor, 0, at, false);
        }
    }

    /// Offers each level's next firing. `when` tells the instant of a level, `more` after its first time, and whether that
    /// was past before it applied.
    fn levels(
        &mut self,
        rule: &'a Rule,
        anchor: &Anchor<'_>,
        when: impl Fn(&Level, Micros) -> Option<(Micros, bool)>,
    ) {
        for level in &rule.levels {
            let (every, times) = match level.repeat {
                Some(repeat) => (
                    repeat.every.amount().map_or(0, |span| span.micros()),
                    repeat.times,
                ),
                None => (0, 0),
            };
            for n in 0..=times {
                let Some((at, past)) = when(level, every.saturating_mul(n.into())) else {
                    break;
                };
                if self.fire(rule, level, anchor, n, at, past) {
                    break; // the next repeat comes after this one
                }
            }
        }
    }

    /// Offers a firing, unless it was announced before; whether it was not.
    fn fire(
        &mut self,
        rule: &'a Rule,
        level: &'a Level,
        anchor: &Anchor<'_>,
        n: u16,
        at: Micros,
        past: bool,
    ) -> bool {
        let key = self.key(anchor, rule.name.as_str(), level.name.as_str(), n);
        let is_new = !self.ticket.has_announced(key);
        if is_new && level.guard.holds(self.ticket) {
            self.offer(at, || What::Fire {
                rule,
                level,
                key,
                past,
            });
        }
        is_new
    }

    /// The key of what is announced once for ever.
    fn key(&self, anchor: &Anchor<'_>, rule: &str, level: &str, repeat: u16) -> FiringKey {
        let (tenant, id) = (self.ticket.tenant().uuid(), self.ticket.id().uuid());
        FiringKey::from_uuid(derive(&[
            b"firing",
            tenant.as_bytes(),
            id.as_bytes(),
            anchor.what.as_bytes(),
            rule.as_bytes(),
            level.as_bytes(),
            &anchor.version.to_be_bytes(),
            anchor.target.as_bytes(),
            &repeat.to_be_bytes(),
        ]))
    }
}

/// What a key counts from: the place of the event that the trigger counts from, and the target in force as text.
struct Anchor<'a> {
    what: &'a str,
    version: u64,
    target: &'a str,
}

/// The threshold at an offset from the due: running time for a business offset, an instant for a calendar offset.
fn from_due(
    amount: Micros,
    due: Option<Micros>,
    offset: Target,
    sign: i64,
) -> (Option<Micros>, Option<Micros>) {
    let span = offset.amount().map_or(0, |span| span.micros());
    let by = span.saturating_mul(sign);
    match offset.measure() {
        Measure::Business => (Some(amount.saturating_add(by).max(0)), None),
        Measure::Calendar => (None, due.map(|due| due.saturating_add(by))),
    }
}
