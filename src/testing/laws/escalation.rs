//! The laws of what is announced: breaches, firings, and what the outside is told of them.
//!
//! They take what is recorded, so any desk on any store can be asked, whoever swept it and however often it crashed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::call::Cause;
use crate::escalation::{Guard, Level, Rule, Threshold};
use crate::id::FiringKey;
use crate::rulebook::Rulebook;
use crate::sla::{State, read};
use crate::store::{OutboxMessage, Outgoing};
use crate::testing::story::Told;
use crate::ticket::{Delivery, Escalated, Event, Recorded};

use super::fold::whole;

/// The keys of the breaches and firings that were announced, in order.
pub fn keys(events: &[Recorded]) -> Vec<FiringKey> {
    let key = |recorded: &Recorded| match &recorded.event {
        Event::Breached { key, .. } => Some(*key),
        Event::Escalated(escalated) => Some(escalated.key),
        _ => None,
    };
    events.iter().filter_map(key).collect()
}

/// What happened and when, without what depends on who looked when: what was delivered, and what was withdrawn of that.
pub fn what_happened(events: &[Recorded]) -> Vec<(DateTime<Utc>, Event)> {
    let plain = |recorded: &Recorded| {
        let mut event = recorded.event.clone();
        match &mut event {
            Event::Escalated(escalated) => {
                escalated.delivery = Delivery::Delivered;
                escalated.told = None;
            }
            Event::Withdrawn { .. } => return None,
            _ => {}
        }
        Some((recorded.at, event))
    };
    events.iter().filter_map(plain).collect()
}

/// No key is announced twice, in one ticket or in several.
#[track_caller]
pub fn no_key_comes_twice<'a>(histories: impl IntoIterator<Item = &'a [Recorded]>) {
    let mut seen = BTreeSet::new();
    for events in histories {
        for key in keys(events) {
            assert!(seen.insert(key), "{key:?} twice, here in {events:?}");
        }
    }
}

/// What the outside is told of was recorded, as delivered: give it messages that were claimed, and the histories of the tickets
/// that they are about.
#[track_caller]
pub fn what_is_told_was_recorded<'a>(
    messages: &[OutboxMessage],
    histories: impl IntoIterator<Item = &'a [Recorded]>,
) {
    let delivered = |recorded: &Recorded| match &recorded.event {
        Event::Escalated(fired) if fired.delivery == Delivery::Delivered => Some(fired.key),
        _ => None,
    };
    let all = histories.into_iter().flatten();
    let recorded: BTreeSet<FiringKey> = all.filter_map(delivered).collect();
    for message in messages {
        if let Outgoing::Escalation { key, .. } | Outgoing::Withdrawal { key, .. } = &message.what {
            assert!(
                recorded.contains(key),
                "told and not recorded as delivered: {message:?}"
            );
        }
    }
}

/// Nothing is announced of a clock that has ended or has not begun: just before, it ran or was paused.
#[track_caller]
pub fn nothing_is_announced_of_an_ended_clock(told: &Told, rulebook: &Rulebook) {
    for (n, recorded) in told.events.iter().enumerate() {
        let clock = match &recorded.event {
            Event::Breached { clock, .. } => Some(*clock),
            Event::Escalated(fired) => fired.clock,
            _ => None,
        };
        let Some(clock) = clock else { continue };
        let before = whole(told.ticket.tenant(), &told.events[..n]);
        let state = read(&before, rulebook.policies(), clock, recorded.at).state();
        assert!(
            matches!(state, State::Running | State::Paused),
            "{clock} was {state:?}: {recorded:?}"
        );
    }
}

/// A level at `on breach` fires right after each breach of its clock, and at no other time: other announcements may come between the
/// two, and nothing else. It is asked of levels without a guard and without repeats. A breach of a target that was passed before it came
/// into force may be followed by other things first.
#[track_caller]
pub fn each_breach_fires_what_waits_for_it(events: &[Recorded], rulebook: &Rulebook) {
    let watched = rulebook.escalations().iter().filter_map(|rule| {
        let clock = rule.trigger.watched()?;
        Some((rule, clock))
    });
    for (rule, clock) in watched {
        let plain = |level: &&Level| {
            level.at == Threshold::on_breach()
                && level.guard == Guard::default()
                && level.repeat.is_none()
        };
        for level in rule.levels.iter().filter(plain) {
            let mut breaches = 0_usize;
            for (n, recorded) in events.iter().enumerate() {
                match &recorded.event {
                    Event::Breached {
                        clock: of,
                        on_attach,
                        ..
                    } if *of == clock => {
                        breaches += 1;
                        let follows = fires_next(&events[n + 1..], rule, level);
                        assert!(
                            *on_attach || follows,
                            "a breach, and not `{}`: {recorded:?} in {events:?}",
                            level.name
                        );
                    }
                    Event::Escalated(fired) if is_of(fired, rule, level) => {
                        assert!(
                            breaches > 0,
                            "no breach, and `{}`: {recorded:?} in {events:?}",
                            level.name
                        );
                        breaches -= 1;
                    }
                    _ => {}
                }
            }
        }
    }
}

fn is_of(fired: &Escalated, rule: &Rule, level: &Level) -> bool {
    (&fired.rule, &fired.level) == (&rule.name, &level.name)
}

/// Whether the level is the next thing that happens, but for other announcements; what another level does may end what it waits for.
fn fires_next(events: &[Recorded], rule: &Rule, level: &Level) -> bool {
    for recorded in events {
        match &recorded.event {
            Event::Escalated(fired) if is_of(fired, rule, level) => return true,
            Event::Escalated(_) | Event::Breached { .. } => {}
            _ => return matches!(recorded.cause, Some(Cause::Rule(_))),
        }
    }
    false
}

/// Two desks that were told the same announced the same, each once: give it the histories of one ticket.
#[track_caller]
pub fn the_same_happened(one: &[Recorded], other: &[Recorded]) {
    assert_eq!(what_happened(one), what_happened(other));
    no_key_comes_twice([one]);
    no_key_comes_twice([other]);
}
