//! Rows for the tests of KPIs: tickets told by hand, and strategies of many.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, TicketNumber};
use helpdesk::kpi::{Fact, Report, Tally};
use helpdesk::testing::facts;
#[allow(unused_imports, reason = "each test uses a part of it")]
pub(crate) use helpdesk::testing::facts::{dimensions, reports};
use helpdesk::ticket::{self, Agreement, Event, Open, Recorded, Status, Step, Ticket, Version};
use helpdesk::{Actor, Call, Rulebook};
use proptest::prelude::*;

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const DAY: i64 = 1_440 * MINUTE;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The instant `us` after the begin of the tests' world.
pub(crate) fn after(us: i64) -> DateTime<Utc> {
    at("2026-03-02T00:00:00Z") + TimeDelta::microseconds(us)
}

pub(crate) fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

/// A ticket that a history of statuses made, as an import would: by what happened, not by what is allowed.
pub(crate) fn ticket(moves: &[(&str, Status)]) -> Ticket {
    let rulebook = Rulebook::starter();
    let call = Call::new(kim(), at("2026-03-02T09:00:00Z"));
    let open = Open::new("Printer on fire").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None).unwrap();
    let mut ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    let chosen = Event::PolicyChosen {
        agreement: Agreement::Sla,
        policy: "standard".parse().ok(),
    };
    let moves = moves.iter().map(|(when, to)| {
        (
            *when,
            Event::StatusChanged {
                to: *to,
                step: Step::Resume,
                label: None,
            },
        )
    });
    for (when, event) in iter::once(("2026-03-02T09:00:00Z", chosen)).chain(moves) {
        let version = Version(ticket.version().0 + 1);
        ticket.apply(&Recorded {
            version,
            at: at(when),
            stamped_at: None,
            timing: None,
            actor: kim(),
            cause: None,
            event,
        });
    }
    ticket
}

pub(crate) fn rows(moves: &[(&str, Status)]) -> Vec<Fact> {
    Rulebook::starter().facts(&ticket(moves))
}

/// The tickets of a test; put together from several lists, they are numbered afresh.
pub(crate) fn stories() -> impl Strategy<Value = Vec<Vec<Fact>>> {
    facts::tickets()
}

pub(crate) fn tickets(stories: &[Vec<Fact>]) -> Vec<Vec<Fact>> {
    facts::renumbered(stories.to_vec())
}

pub(crate) fn tally(report: &Report, tickets: &[Vec<Fact>], now: DateTime<Utc>) -> Tally {
    let mut tally = report.tally(now);
    for ticket in tickets {
        tally.add(ticket).unwrap();
    }
    tally
}

pub(crate) fn merged(a: &Tally, b: &Tally) -> Tally {
    let mut sum = a.clone();
    sum.merge(b.clone()).unwrap();
    sum
}
