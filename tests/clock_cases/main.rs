//! Single cases in which a clock once disagreed with the oracle, each with the rule that settles it.

mod answers;
mod at_rest;
mod ownership;
mod pauses;
mod policies;
mod promises;
mod reopenings;
mod targets;

use chrono::{DateTime, Utc};
use helpdesk::id::{AgentId, CustomerId, Name, TicketId, TicketNumber};
use helpdesk::replay::{History, Row, Said, import};
use helpdesk::sla::{Condition, Policy, Reading, read};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Command, Draft, Metric};
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TenantId};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A time on Monday, 2 March 2026, or with `+` on Tuesday.
fn at(time: &str) -> DateTime<Utc> {
    let (day, time) = time.strip_prefix('+').map_or((2, time), |time| (3, time));
    format!("2026-03-0{day}T{time}:00Z").parse().unwrap()
}

fn ann() -> CustomerId {
    CustomerId::named("ann")
}

fn kim() -> Actor {
    Actor::Agent(AgentId::named("kim"))
}

fn policy(text: &str, metric: Metric, target: &str) -> Policy {
    Policy::new(name(text)).target(metric, target.parse().unwrap())
}

fn for_tag(policy: Policy) -> Policy {
    policy.when(Condition::Tag(name("a")))
}

fn book(policies: impl IntoIterator<Item = Policy>) -> Rulebook {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let draft = Rulebook::draft().calendar(name("office"), office);
    policies
        .into_iter()
        .fold(draft, |draft, policy| draft.policy(policy))
        .build()
        .unwrap()
}

/// A ticket that a customer opened on Monday at eight, an hour before the office does.
fn history() -> History {
    let mut history = History::new(TicketId::named("t"), TicketNumber(1), ann(), at("08:00"));
    history.opened.by = Actor::Customer(ann());
    history
}

fn tag(row: Row) -> Row {
    row.says(Said::Change(Change::AddTag(name("a"))))
}

fn untag(row: Row) -> Row {
    row.says(Said::Change(Change::RemoveTag(name("a"))))
}

fn says(row: Row) -> Row {
    row.message(
        Command::reply("text")
            .message
            .unwrap_or_else(|| Draft::new("said")),
    )
}

fn shown(book: &Rulebook, history: &History, metric: Metric, now: &str) -> Reading {
    let imported = import(history, book, TenantId::SINGLE);
    read(imported.ticket(), book.policies(), metric, at(now))
}

/// A ticket on a live desk with one policy for the tag `a` and one for others; what is said, and what a clock shows then.
fn lived(
    policies: [Policy; 2],
    said: &[(&str, Actor, Command)],
    metric: Metric,
    now: &str,
) -> Reading {
    let [first, second] = policies;
    let desk = Desk::new(MemoryStore::new(), book([for_tag(first), second]));
    let open = Open::new("x").body("help");
    let t = desk
        .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
        .unwrap()
        .id();
    for (time, actor, command) in said {
        desk.submit(t, &Call::new(*actor, at(time)), command.clone())
            .unwrap();
    }
    desk.reading(t, metric, at(now)).unwrap()
}
