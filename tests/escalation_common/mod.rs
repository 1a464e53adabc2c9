//! A desk for the tests of escalation, and what it announced.

#![allow(dead_code, reason = "each test uses a part of it")]

use helpdesk::escalation::Rule;
use helpdesk::sla::{Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Delivery, Escalated, Event, Metric};
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TicketId};

use crate::common::*;

pub(crate) fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// Monday to Friday 09:00-17:00 UTC, with these rules and a first response of four business hours.
pub(crate) fn desk(rules: impl IntoIterator<Item = Rule>) -> Desk<MemoryStore> {
    let mut draft = Rulebook::draft()
        .calendar(
            name("office"),
            Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap(),
        )
        .policy(Policy::new(name("all")).target(Metric::FirstResponse, target("4h")));
    for rule in rules {
        draft = draft.escalation(rule);
    }
    Desk::new(MemoryStore::new(), draft.build().unwrap())
}

pub(crate) fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

pub(crate) fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

pub(crate) fn open(desk: &Desk<MemoryStore>, now: &str) -> TicketId {
    desk.open(&ann(now), Open::new("x").body("help"))
        .unwrap()
        .id()
}

/// Level and instant of each firing.
pub(crate) fn fired(desk: &Desk<MemoryStore>, ticket: TicketId) -> Vec<(String, String)> {
    let firing = |recorded: &helpdesk::ticket::Recorded| match &recorded.event {
        Event::Escalated(fired) => Some((
            fired.level.to_string(),
            recorded.at.format("%d %H:%M").to_string(),
        )),
        _ => None,
    };
    history(desk, ticket).iter().filter_map(firing).collect()
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(level, at)| ((*level).to_owned(), (*at).to_owned()))
        .collect()
}

/// The firings in the history, oldest first.
pub(crate) fn firings(desk: &Desk<MemoryStore>, ticket: TicketId) -> Vec<Escalated> {
    let firing = |recorded: helpdesk::ticket::Recorded| match recorded.event {
        Event::Escalated(fired) => Some(fired),
        _ => None,
    };
    history(desk, ticket)
        .into_iter()
        .filter_map(firing)
        .collect()
}

/// Level of each firing and what became of its messages.
pub(crate) fn deliveries(desk: &Desk<MemoryStore>, ticket: TicketId) -> Vec<(String, Delivery)> {
    let firings = firings(desk, ticket).into_iter();
    firings
        .map(|fired| (fired.level.to_string(), fired.delivery))
        .collect()
}
