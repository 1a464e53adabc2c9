//! The PostgreSQL server is killed at random moments, again and again, under processes that write, sweep and deliver: what they
//! were told is kept, nothing is torn, nothing happens twice, and every message is delivered.

#![cfg(all(feature = "postgres", unix))]

mod common;
#[path = "common/postgres.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command as Process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::store::{Filter, Page, PostgresStore, TicketRow};
use helpdesk::ticket::{Delivery, Event, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Outcome, TenantId, TicketId};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

const ROUNDS: u64 = 25;

/// What the callers were told.
#[derive(Default)]
struct Told {
    /// The highest version that was acknowledged, and the notes, by ticket.
    tickets: Mutex<BTreeMap<TicketId, (u64, BTreeSet<String>)>>,
    delivered: Mutex<Vec<Uuid>>,
    unavailable: AtomicUsize,
}

#[test]
#[ignore = "needs a PostgreSQL server that it may kill: run it through .ci/postgres"]
fn the_server_is_killed_again_and_again() {
    let crash = std::env::var("HELPDESK_POSTGRES_CRASH")
        .expect("`HELPDESK_POSTGRES_CRASH` must be a command that kills and restarts the server");
    // Two processes' worth of desks, one of which shares its sweeps by leases.
    let lease = TimeDelta::hours(1);
    let first = server::store();
    let second = PostgresStore::options().schema(first.schema());
    let second = second
        .sweep_lease(lease)
        .connect(&server::server())
        .unwrap();
    let desks = [first, second].map(|store| Desk::new(store, rulebook()));
    let (told, clock, end) = (Told::default(), AtomicI64::new(0), AtomicBool::new(false));
    let now = || at(BEGIN) + TimeDelta::minutes(clock.fetch_add(1, Ordering::Relaxed));
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(ROUNDS);
    /// Also where this test fails.
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let _ends = Ends(&end);
        let (told, now, end, desks) = (&told, &now, &end, &desks);
        for writer in 0..4_u128 {
            let desk = &desks[usize::from(writer % 2 == 1)];
            scope.spawn(move || write_on(desk, now, writer * 1_000_000, told, end));
        }
        for desk in desks {
            scope.spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    match desk.sweep(now(), 10) {
                        Ok(swept) => {
                            let failed = swept.failed.iter().map(|(_, error)| error);
                            failed.for_each(|error| unavailable(told, error));
                        }
                        Err(error) => unavailable(told, &error),
                    }
                }
            });
        }
        scope.spawn(move || {
            while !end.load(Ordering::Relaxed) {
                deliver(&desks[0], now(), told);
            }
        });
        for _ in 0..ROUNDS {
            std::thread::sleep(Duration::from_millis(random.random_range(50..700)));
            let killed = Process::new("sh").args(["-c", &crash]).status().unwrap();
            assert!(killed.success(), "`{crash}` failed");
        }
        std::thread::sleep(Duration::from_millis(300));
    });

    let desk = &desks[0];
    desk.store().check_integrity().unwrap();
    let written = check(desk, &told);
    let before = told.delivered.lock().unwrap().len();
    // Whoever comes next delivers the rest: each at least once, and repeats have the same id.
    while deliver(desk, at("2090-01-01T00:00:00Z"), &told) {}
    let different: BTreeSet<Uuid> = told.delivered.into_inner().unwrap().into_iter().collect();
    assert_eq!(different.len(), fired(desk), "each message is delivered");
    let unavailable = told.unavailable.into_inner();
    assert!(
        unavailable > 20,
        "nobody noticed that the server was killed"
    );
    assert!(written > 200, "only {written} commits were acknowledged");
    println!(
        "{ROUNDS} kills, {written} acknowledged, {unavailable} told that the server was not there, {} messages, {before} \
         deliveries before the end",
        different.len()
    );
}

fn unavailable(told: &Told, error: &Error) {
    match error.kind() {
        ErrorKind::Unavailable => {
            told.unavailable.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(10));
        }
        _ => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}: {error:?}"),
    }
}

/// Whether there was something to deliver.
fn deliver(desk: &Desk<PostgresStore>, now: DateTime<Utc>, told: &Told) -> bool {
    match desk.claim(now, TimeDelta::minutes(30), 3) {
        Ok(messages) => {
            for message in &messages {
                told.delivered.lock().unwrap().push(message.id);
                if let Err(error) = desk.acknowledge(&[message.id]) {
                    unavailable(told, &error);
                }
            }
            !messages.is_empty()
        }
        Err(error) => {
            unavailable(told, &error);
            true
        }
    }
}

fn write_on(
    desk: &Desk<PostgresStore>,
    now: &(dyn Fn() -> DateTime<Utc> + Sync),
    first: u128,
    told: &Told,
    end: &AtomicBool,
) {
    let written = |id: TicketId, note: String, ask: &dyn Fn() -> Result<Outcome, Error>| {
        // The same request under the same key, until it is answered.
        loop {
            match ask() {
                Ok(outcome) => {
                    let mut tickets = told.tickets.lock().unwrap();
                    let (version, notes) = tickets.entry(id).or_default();
                    *version = outcome.ticket().version().0.max(*version);
                    assert!(notes.insert(note), "told twice");
                    return;
                }
                Err(error) if error.code() == "stamp_too_early" => return,
                Err(_) if end.load(Ordering::Relaxed) => return,
                Err(error) => unavailable(told, &error),
            }
        }
    };
    for n in first + 1.. {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let id = TicketId::from_uuid(Uuid::from_u128(n << 64 | n));
        let note = format!("open-{n}");
        let call = Call::with_id(Uuid::from_u128(n << 1), Actor::Customer(ANN), now());
        let call = call.key(name(&note));
        written(id, note.clone(), &|| {
            desk.open(&call, Open::new("x").id(id).body(note.clone()))
        });
        for step in 0..4 {
            let note = format!("note-{n}-{step}");
            let id_of_call = Uuid::from_u128((n << 8 | (step + 1)) << 32);
            let call = Call::with_id(id_of_call, Actor::Agent(KIM), now()).key(name(&note));
            written(id, note.clone(), &|| {
                desk.submit(id, &call, Command::note(note.clone()))
            });
        }
    }
}

/// Nothing acknowledged is lost, nothing is torn, nothing fired twice. Tells how much was acknowledged.
fn check(desk: &Desk<PostgresStore>, told: &Told) -> usize {
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let mut facts = BTreeSet::new();
    let visit = &mut |rows: &[helpdesk::kpi::Fact]| facts.extend(rows.iter().map(|row| row.ticket));
    single.facts(visit).unwrap();
    let acknowledged = told.tickets.lock().unwrap();
    let mut seen = BTreeSet::new();
    for row in &rows {
        let events = history(desk, row.ticket);
        let ticket = Ticket::replay(TenantId::SINGLE, &events).unwrap();
        let mut places = events.iter().zip(1..);
        assert!(places.all(|(event, n)| event.version.0 == n));
        assert_eq!(TicketRow::of(&ticket), *row);
        assert_eq!(single.find(row.number).unwrap(), Some(row.ticket));
        assert!(facts.contains(&row.ticket));
        let fired = keys(&events);
        let different: BTreeSet<_> = fired.iter().collect();
        assert_eq!(different.len(), fired.len(), "a key fired twice");

        let messages = ticket.messages().iter();
        let bodies: Vec<_> = messages.map(|message| message.body).collect();
        let texts = single.content(&bodies).unwrap();
        let texts: Vec<String> = texts.into_iter().map(|text| text.unwrap().text).collect();
        let different: BTreeSet<String> = texts.iter().cloned().collect();
        assert_eq!(different.len(), texts.len(), "a command was done twice");
        if let Some((version, notes)) = acknowledged.get(&row.ticket) {
            assert!(
                ticket.version().0 >= *version,
                "an acknowledged commit is lost"
            );
            assert!(notes.is_subset(&different), "an acknowledged note is lost");
        }
        seen.insert(row.ticket);
    }
    assert!(acknowledged.keys().all(|ticket| seen.contains(ticket)));
    acknowledged.values().map(|(_, notes)| notes.len()).sum()
}

/// How many messages the firings in all histories sent.
fn fired(desk: &Desk<PostgresStore>) -> usize {
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let book = rulebook();
    let levels: BTreeMap<_, usize> = book
        .as_draft()
        .escalations
        .iter()
        .flat_map(|rule| rule.levels.iter().map(move |level| (rule, level)))
        .map(|(rule, level)| {
            let outward = level.actions.iter().filter(|action| action.is_outward());
            ((rule.name.clone(), level.name.clone()), outward.count())
        })
        .collect();
    let events = rows.iter().flat_map(|row| history(desk, row.ticket));
    let sent = |event: &Event| match event {
        Event::Escalated(escalated) if escalated.delivery == Delivery::Delivered => {
            levels[&(escalated.rule.clone(), escalated.level.clone())]
        }
        _ => 0,
    };
    events.map(|recorded| sent(&recorded.event)).sum()
}
