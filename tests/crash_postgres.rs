//! The PostgreSQL server is killed at random moments, again and again, under processes that write, sweep and deliver: what they
//! were told is kept, nothing is torn, nothing happens twice, and every message is delivered.

#![cfg(all(feature = "postgres", unix))]

mod common;
#[path = "common/postgres.rs"]
mod server;
#[path = "common/crash.rs"]
mod shared;

use std::collections::BTreeSet;
use std::process::Command as Process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::store::PostgresStore;
use helpdesk::{Desk, Error};
use rand::{Rng, SeedableRng};
use shared::{Acknowledged, check, fired, minute, write_on};
use uuid::Uuid;

const ROUNDS: u64 = 25;

/// What the callers were told.
#[derive(Default)]
struct Told {
    tickets: Mutex<Acknowledged>,
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
    let now = || minute(clock.fetch_add(1, Ordering::Relaxed));
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
            scope.spawn(move || write_and_tell(desk, now, writer * 1_000_000, told, end));
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
    let written = check(desk, &told.tickets.lock().unwrap());
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

fn write_and_tell(
    desk: &Desk<PostgresStore>,
    now: &dyn Fn() -> DateTime<Utc>,
    first: u128,
    told: &Told,
    end: &AtomicBool,
) {
    write_on(desk, now, first, |id, note, ask| {
        // The same request under the same key, until it is answered.
        loop {
            match ask() {
                Ok(outcome) => {
                    let mut tickets = told.tickets.lock().unwrap();
                    let (version, notes) = tickets.entry(id).or_default();
                    *version = outcome.ticket().version().0.max(*version);
                    assert!(notes.insert(note.to_owned()), "told twice");
                    break;
                }
                Err(error) if error.code() == "stamp_too_early" => break,
                Err(_) if end.load(Ordering::Relaxed) => return false,
                Err(error) => unavailable(told, &error),
            }
        }
        !end.load(Ordering::Relaxed)
    });
}
