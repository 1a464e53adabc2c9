//! The same histories under another rulebook: cases by hand, and the laws.

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod differences;
mod histories;
mod laws;
mod moves;

use chrono::{DateTime, Utc};
use common::*;
use helpdesk::escalation::{Action, Recipient, Rule, Trigger};
use helpdesk::replay::{Changed, Difference, Line, TicketDifference, What, WhatIf};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Recorded};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TenantId};

const TENANT: TenantId = TenantId::SINGLE;

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// These hours in UTC, a first response of four business hours and a resolution of sixteen, and one rule that tells somebody.
fn draft(hours: &str) -> RulebookDraft {
    let tell = Action::Notify(Recipient::Role(name("lead")));
    Rulebook::draft()
        .calendar(name("office"), Calendar::parse(hours, "UTC").unwrap())
        .policy(
            Policy::new(name("all"))
                .target(Metric::FirstResponse, target("4h"))
                .target(Metric::TotalResolution, target("16h")),
        )
        .escalation(
            Rule::new(name("answer"), Trigger::clock(Metric::FirstResponse))
                .level(level("half", 50).action(tell)),
        )
}

fn book(hours: &str) -> Rulebook {
    draft(hours).build().unwrap()
}

const WEEK: &str = "Mon-Fri 09:00-17:00";

fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

/// A ticket of Ann's, opened on a desk with these rules, and what then is said: all of March 2026.
fn lived(rules: &Rulebook, opened: &str, said: &[(Call, Command)]) -> Vec<Recorded> {
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let id = desk
        .open(&ann(opened), Open::new("x").body("help"))
        .unwrap()
        .id();
    for (call, command) in said {
        desk.submit(id, call, command.clone()).unwrap();
    }
    desk.sweep(at("2026-04-01T00:00:00Z"), 10).unwrap();
    history(&desk, id)
}

fn tried(
    history: &[Recorded],
    before: &Rulebook,
    after: &Rulebook,
) -> (TicketDifference, Difference) {
    let mut what_if = WhatIf::new(before, after, at("2026-04-01T00:00:00Z"));
    let one = what_if.add(TENANT, history).unwrap();
    (one, what_if.finish().unwrap())
}

/// How, what, before and after, to the minute.
fn shown(changed: &Changed) -> String {
    let instant = |at: Option<DateTime<Utc>>| {
        at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string())
    };
    let what = match &changed.what {
        What::Due(clock) => format!("due {}", clock.metric),
        What::Breach(clock) => format!("breach {}", clock.metric),
        What::Firing { rule, level } => format!("{rule}/{level}"),
        other => format!("{other:?}"),
    };
    let (before, after) = (instant(changed.before), instant(changed.after));
    format!("{what}: {before} to {after}")
}

fn all_shown(difference: &TicketDifference) -> Vec<String> {
    difference.changes.iter().map(shown).collect()
}

fn counts(line: &Line) -> [u64; 6] {
    [
        line.before,
        line.after,
        line.same,
        line.moved,
        line.vanished,
        line.appeared,
    ]
}
