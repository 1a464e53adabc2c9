//! What falls due next on a ticket, and when.

use crate::id::{FiringKey, derive};
use crate::sla::{Clock, Policies, State};
use crate::ticket::{Agreement, ClockId, MarkKind, Metric, Pending, Status, Ticket};
use crate::time::{Micros, micros};

use super::rule::{Level, Rule};

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub(crate) struct Due<'a> {
    /// When it is due. It is recorded by the first commit after this instant.
    pub(crate) at: Micros,
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

/// The first thing that falls due after the ticket's last event if nothing else happens. Things due at the same instant come
/// in a fixed order: the waking, then breaches by clock, then levels by their place in the rulebook.
///
/// Nothing falls due on a ticket that is closed.
pub(crate) fn next<'a>(ticket: &Ticket, policies: &Policies, rules: &'a [Rule]) -> Option<Due<'a>> {
    let mut first: Option<Due<'a>> = None;
    let mut offer = |at: Micros, what: What<'a>| {
        if first.as_ref().is_none_or(|known| at < known.at) {
            first = Some(Due { at, what });
        }
    };
    let last = micros(ticket.last_event_at());

    if let Status::Pending(Pending::Scheduled { until }) = ticket.status() {
        offer(micros(until).max(last), What::Wake);
    }
    for id in clocks(ticket, policies) {
        let clock = Clock::of(ticket, policies, id);
        let (true, Some(amount), Some(started)) = (clock.is_live(), clock.amount, clock.started)
        else {
            continue;
        };
        let mut key_of = None; // the target's text is built once, and only where something may fall due
        let mut key = |rule: &str, level: &str, clock: &Clock<'_>| {
            let text = key_of.get_or_insert_with(|| clock.target_text().unwrap_or_default());
            firing_key(ticket, id, rule, level, started.version, text)
        };

        let breached = clock.elapsed > amount;
        let breach = if breached {
            Some(last)
        } else {
            running_until(&clock, amount)
        };
        if let Some(at) = breach {
            let key = key("", "breach", &clock);
            if !ticket.has_announced(key) {
                let on_attach = breached && clock.elapsed_at_attach > amount;
                let target = clock.target_text().unwrap_or_default();
                offer(
                    at,
                    What::Breach {
                        clock: id,
                        key,
                        target,
                        on_attach,
                    },
                );
            }
        }
        for rule in rules.iter().filter(|rule| rule.clock() == id) {
            for level in rule.levels.iter().filter(|level| level.guard.holds(ticket)) {
                let threshold = level.percent.of(amount);
                let reached = clock.elapsed >= threshold;
                let Some(at) = (if reached {
                    Some(last)
                } else {
                    running_after(&clock, threshold)
                }) else {
                    continue;
                };
                let key = key(rule.name.as_str(), level.name.as_str(), &clock);
                if !ticket.has_announced(key) {
                    let past = reached && clock.elapsed_at_attach >= threshold;
                    offer(
                        at,
                        What::Fire {
                            rule,
                            level,
                            key,
                            past,
                        },
                    );
                }
            }
        }
    }
    first
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

/// The last instant at which no more than `amount` has run, if the clock runs on undisturbed.
fn running_until(clock: &Clock<'_>, amount: Micros) -> Option<Micros> {
    if clock.state != State::Running {
        None
    } else {
        clock.until(amount.saturating_sub(clock.elapsed))
    }
}

/// The first instant at which `amount` has run, if the clock runs on undisturbed.
fn running_after(clock: &Clock<'_>, amount: Micros) -> Option<Micros> {
    if clock.state != State::Running {
        None
    } else {
        clock.after(amount.saturating_sub(clock.elapsed))
    }
}

/// The key of what is announced once for ever: of this ticket, rule and level (or breach), clock, start and target.
fn firing_key(
    ticket: &Ticket,
    clock: ClockId,
    rule: &str,
    level: &str,
    anchor: u64,
    target: &str,
) -> FiringKey {
    let (tenant, id, clock) = (
        ticket.tenant().uuid(),
        ticket.id().uuid(),
        clock.to_string(),
    );
    FiringKey::from_uuid(derive(&[
        b"firing",
        tenant.as_bytes(),
        id.as_bytes(),
        clock.as_bytes(),
        rule.as_bytes(),
        level.as_bytes(),
        &anchor.to_be_bytes(),
        target.as_bytes(),
    ]))
}
