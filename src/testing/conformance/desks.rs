//! Whole desks on the store: stories, races, crashes and repeated deliveries.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{TENANT, begin, id, name};
use crate::call::{Actor, Call};
use crate::desk::Desk;
use crate::error::ErrorKind;
use crate::id::{AgentId, ContentId, CustomerId, TenantId, TicketId};
use crate::kpi::{Fact, Report};
use crate::rulebook::Rulebook;
use crate::store::{Filter, MemoryStore, OutboxMessage, Page, Store, StoreErrorKind, TicketRow};
use crate::testing::laws::desk::{a_ticket_is_its_events, rows_are_those_of_the_events};
use crate::testing::laws::escalation::{keys, no_key_comes_twice};
use crate::testing::{Asked, Fault, FaultyStore};
use crate::ticket::{Change, Command, Content, Open, Pending, Priority, Recorded};

const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xa));
const KIM: AgentId = AgentId::from_uuid(Uuid::from_u128(0xc));

fn minute(n: i64) -> DateTime<Utc> {
    begin() + TimeDelta::minutes(n)
}

fn desk<S: Store>(store: S) -> Desk<S> {
    Desk::new(store, Rulebook::starter())
}

/// Everything that a host can see of a store.
#[derive(Debug, PartialEq)]
struct Seen {
    answers: Vec<&'static str>,
    histories: Vec<Vec<Recorded>>,
    texts: Vec<Vec<Option<Content>>>,
    facts: Vec<Fact>,
    rows: Vec<TicketRow>,
    messages: Vec<OutboxMessage>,
    naps: Vec<DateTime<Utc>>,
    report: String,
}

/// A week at a desk: opened by mail and by telephone, answered, left waiting, erased; swept every few hours.
fn live<S: Store>(desk: &Desk<S>) -> Seen {
    let opened = |n: i64| {
        let call = Call::with_id(
            id(n.unsigned_abs().into()),
            Actor::Agent(KIM),
            minute(n * 50),
        );
        let open = Open::new(format!("Subject {n}"))
            .from(format!("{}@example.com", n % 5))
            .body(format!("Body {n}"));
        desk.open(&call.key(name(&format!("open {n}"))), open)
            .unwrap()
    };
    let tickets: Vec<TicketId> = (0..12).map(|n| opened(n).id()).collect();
    let (mut answers, mut naps) = (Vec::new(), Vec::new());
    for step in 0..60_i64 {
        let now = minute(700 + step * 130);
        let ticket = tickets[usize::try_from(step * 7).unwrap() % tickets.len()];
        let call = Call::with_id(
            id(1_000 + step.unsigned_abs() as u128),
            Actor::Agent(KIM),
            now,
        );
        let command = match step % 6 {
            0 => Command::reply("Which floor?").then_pend(Pending::Customer),
            1 => Command::note("seen").and(Change::Priority(Priority::Urgent)),
            2 => Command::reply("done").then_resolve(),
            3 => Command::reopen(),
            4 => Command::change(Change::AddTag(name("🧯"))),
            _ => Command::reply("more"),
        };
        let answer = desk.submit(ticket, &call, command); // what is refused is refused on every store
        answers.push(answer.map_or_else(|error| error.code(), |_| "done"));
        if step % 3 == 0 {
            let swept = desk.sweep(now + TimeDelta::minutes(1), 5).unwrap();
            assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        }
        naps.push(desk.nap(now).unwrap());
    }
    let now = minute(10_000);
    sweep_dry(desk, now);
    let single = desk.tenant(TENANT);
    let second = single.ticket(tickets[1]).unwrap();
    single.erase_person(second.requester(), now).unwrap();

    let histories: Vec<_> = tickets
        .iter()
        .map(|t| single.history(*t).unwrap())
        .collect();
    let texts_of = |ticket: &TicketId| {
        let ticket = single.ticket(*ticket).unwrap();
        let bodies = ticket.messages().iter().map(|message| message.body);
        let ids: Vec<ContentId> = bodies.chain([ticket.subject()]).collect();
        single.content(&ids).unwrap()
    };
    let mut facts = Vec::new();
    single
        .facts(&mut |rows| facts.extend_from_slice(rows))
        .unwrap();
    Seen {
        answers,
        texts: tickets.iter().map(texts_of).collect(),
        histories,
        facts,
        rows: single.list(&Filter::all(), &Page::oldest(100)).unwrap(),
        messages: desk.claim(now, TimeDelta::minutes(5), 1_000).unwrap(),
        naps,
        report: desk.report(&Report::standard(), now).unwrap().to_string(),
    }
}

/// Sweeps until nothing more is due, a few tickets at a time.
fn sweep_dry<S: Store>(desk: &Desk<S>, now: DateTime<Utc>) {
    let most = 100;
    for _ in 0..most {
        let swept = desk.sweep(now, 7).unwrap();
        assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        if !swept.more {
            return;
        }
    }
    panic!("of a dozen tickets, more than 7 are due at {now} after {most} sweeps");
}

/// The same week comes out the same as on the memory store: answers, events, texts, rows, lists, messages, naps and the report.
pub fn a_story_comes_out_as_in_memory(store: &dyn Store) {
    let expected = live(&desk(MemoryStore::new()));
    let seen = live(&desk(store));
    assert_eq!(seen, expected);
    assert!(!seen.messages.is_empty() && seen.rows.len() == 12);
}

/// Sixteen writers and four sweepers on the same few tickets: versions without gaps, each ticket the replay of its events,
/// every command recorded once, no key fired twice, every message once.
pub fn writers_and_sweepers_lose_nothing(store: &dyn Store) {
    let desk = desk(store);
    let open = |n: u128| {
        let call = Call::with_id(id(n), Actor::Customer(ANN), begin());
        desk.open(&call, Open::new("x").body("help")).unwrap().id()
    };
    let tickets: Vec<_> = (0..3).map(open).collect();
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for writer in 0..16_i64 {
            let (desk, tickets, done) = (&desk, &tickets, &done);
            scope.spawn(move || {
                for round in 0..6 {
                    let now = minute(60 + round * 300) + TimeDelta::milliseconds(writer);
                    let ticket = tickets[usize::try_from(writer + round).unwrap() % 3];
                    let command = Command::note(format!("{writer} {round}"));
                    match desk.submit(ticket, &Call::new(Actor::Agent(KIM), now), command) {
                        Ok(_) => _ = done.fetch_add(1, Ordering::Relaxed),
                        Err(error) => assert_eq!(error.code(), "stamp_too_early", "{error}"),
                    }
                }
            });
        }
        for sweeper in 0..4 {
            let desk = &desk;
            scope.spawn(move || {
                for round in 0..20 {
                    let now = minute(round * 90) + TimeDelta::seconds(sweeper);
                    let swept = desk.sweep(now, 10).unwrap();
                    assert!(swept.failed.is_empty(), "{:?}", swept.failed);
                }
            });
        }
    });
    let now = minute(3_000);
    let swept = desk.sweep(now, 10).unwrap();
    assert!(swept.failed.is_empty(), "{:?}", swept.failed);
    let (mut notes, mut histories) = (0, Vec::new());
    for ticket in tickets {
        a_ticket_is_its_events(&desk.tenant(TENANT), ticket);
        rows_are_those_of_the_events(&desk.tenant(TENANT), ticket);
        let whole = desk.ticket(ticket).unwrap();
        notes += whole.messages().len() - 1;
        histories.push(desk.tenant(TENANT).history(ticket).unwrap());
        let row = TicketRow::of(&whole);
        let rows = desk
            .tenant(TENANT)
            .list(&Filter::all(), &Page::oldest(9))
            .unwrap();
        assert!(rows.contains(&row));
    }
    assert_eq!(notes, done.into_inner());
    assert!(histories.iter().any(|events| !keys(events).is_empty()));
    no_key_comes_twice(histories.iter().map(Vec::as_slice));
    let messages = desk.claim(now, TimeDelta::minutes(5), 1_000).unwrap();
    let different: BTreeSet<_> = messages.iter().map(|message| message.id).collect();
    assert_eq!(different.len(), messages.len());
}

/// A commit that was refused, and one whose answer was lost: asked again under the same key, each happened once.
pub fn every_lost_answer_can_be_asked_again(store: &dyn Store) {
    let faulty = FaultyStore::new(store);
    let desk = desk(&faulty);
    let lost = |n: i64| match n % 3 {
        0 => Fault::Refuse(StoreErrorKind::Unavailable),
        1 => Fault::LoseAnswer,
        _ => Fault::Refuse(StoreErrorKind::Conflict),
    };
    let ask = |n: i64, ask: &dyn Fn(&Call) -> Result<TicketId, crate::Error>| {
        let call = Call::with_id(id(n.unsigned_abs().into()), Actor::Agent(KIM), minute(n));
        let call = call.key(name(&format!("key {n}")));
        for fault in [n, n / 3] {
            faulty.cue(Asked::Commit, lost(fault));
        }
        let answers: Vec<_> = (0..4).map(|_| ask(&call)).collect();
        for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        }
        faulty.come_back();
        *answers.last().unwrap().as_ref().unwrap()
    };
    for n in 0..9 {
        let open = Open::new("x").from("ann@example.com").body("help");
        let ticket = ask(n * 10, &|call| Ok(desk.open(call, open.clone())?.id()));
        let say = Command::reply("once").then_pend(Pending::Customer);
        ask(n * 10 + 1, &|call| {
            Ok(desk.submit(ticket, call, say.clone())?.id())
        });
        let seen = desk.ticket(ticket).unwrap();
        assert_eq!(seen.messages().len(), 2, "round {n}");
    }
    let single = desk.tenant(TENANT);
    assert_eq!(
        single
            .list(&Filter::all(), &Page::oldest(100))
            .unwrap()
            .len(),
        9
    );
}

/// Messages come at least once: also where an acknowledgement is lost, or a delivery comes twice; the id tells.
pub fn deliveries_repeat_and_are_told_apart(store: &dyn Store) {
    let faulty = FaultyStore::new(store);
    let desk = desk(&faulty);
    for n in 0..4 {
        let call = Call::with_id(id(n), Actor::Customer(ANN), begin());
        let call = call.tenant(TenantId::named(&format!("{}", n % 2)));
        desk.open(&call, Open::new("x").body("help")).unwrap();
    }
    let late = minute(3 * 24 * 60);
    desk.sweep(late, 100).unwrap();
    let lease = TimeDelta::minutes(1);
    faulty.cue(Asked::Claim, Fault::LoseAnswer);
    assert!(desk.claim(late, lease, 100).is_err());
    assert!(
        desk.claim(late, lease, 100).unwrap().is_empty(),
        "they are held"
    );

    faulty.cue(Asked::Claim, Fault::Repeat);
    faulty.cue(Asked::Settle, Fault::Repeat);
    let mut delivered = Vec::new();
    for round in 1..6 {
        let now = late + lease * round;
        let claimed = desk.claim(now, lease, 100).unwrap();
        let ids: Vec<_> = claimed.iter().map(|message| message.id).collect();
        delivered.extend(claimed);
        desk.acknowledge(&ids).unwrap();
    }
    let different: BTreeSet<_> = delivered.iter().map(|message| message.id).collect();
    assert!(!different.is_empty());
    assert_eq!(
        delivered.len(),
        different.len() * 3,
        "twice at once, and once again"
    );
    assert_eq!(store.next_delivery().unwrap(), None);
}
