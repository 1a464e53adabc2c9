//! What writers gain that share a flush, beside the same commands one at a time in the same round. Each command opens a ticket,
//! loading and deciding included; a sweep records what fell due on as many tickets.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use helpdesk::desk::{Need, Operation, Request};
use helpdesk::id::CustomerId;
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{Commit, GroupCommit, SqliteStore, Store};
use helpdesk::{Actor, Call, Desk, Open, Rulebook};

use super::common::bare::{PAIRS, timed, uuid};
use super::common::begin;

/// How many flushes a round has.
const FLUSHES: usize = 12;

/// `opened` makes an empty store that waits for the disk.
pub(crate) fn sharing(opened: impl Fn() -> SqliteStore) {
    println!("\nsqlite, Full: {WRITERS} writers share a flush, a command");
    times("decided together, 16 in one flush", || {
        let together = in_one_flush(&opened(), FLUSHES);
        (together, one_at_a_time(opened(), FLUSHES))
    });
    times("16 threads over GroupCommit", || {
        let together = on_threads(GroupCommit::new(opened()), FLUSHES);
        (together, one_at_a_time(opened(), FLUSHES))
    });
    times("a sweep, 32 tickets in one flush", || {
        (swept(opened(), FLUSHES * WRITERS), swept(opened(), 1))
    });
}

/// How many writers wait at a time.
const WRITERS: usize = 16;

fn opening(n: usize) -> (Call, Open) {
    let customer = Actor::Customer(CustomerId::named("ann"));
    let call = Call::with_id(uuid(n + 1), customer, begin());
    (call, Open::new("Printer on fire").body("Please hurry"))
}

/// Sweeps of so many tickets at most, until nothing is due on any.
fn swept(store: SqliteStore, limit: usize) -> Duration {
    let desk = Desk::new(store, Rulebook::starter());
    for n in 0..FLUSHES * WRITERS {
        let (call, open) = opening(n);
        desk.open(&call, open).unwrap();
    }
    let later = begin() + TimeDelta::days(30);
    timed(|| while desk.sweep(later, limit).unwrap().more {})
}

/// One writer after the other, each waiting for the disk.
fn one_at_a_time(store: SqliteStore, flushes: usize) -> Duration {
    let desk = Desk::new(store, Rulebook::starter());
    timed(|| {
        for n in 0..flushes * WRITERS {
            let (call, open) = opening(n);
            desk.open(&call, open).unwrap();
        }
    })
}

/// Writers that come while a flush is under way, as [`GroupCommit`] finds them: each has loaded and decided, and all are written in
/// the next flush.
fn in_one_flush(store: &SqliteStore, flushes: usize) -> Duration {
    let rulebooks = Arc::new(Rulebooks::new(Rulebook::starter()));
    let decided = |n| {
        let (call, open) = opening(n);
        let mut operation = Operation::new(rulebooks.clone(), call, Request::Open(open));
        loop {
            match operation.need() {
                Need::Load(load) => {
                    let loaded = store.load(load).unwrap();
                    operation.loaded(loaded).unwrap();
                }
                _ => return operation,
            }
        }
    };
    timed(|| {
        for flush in 0..flushes {
            let mut waiting: Vec<_> = (0..WRITERS)
                .map(|writer| decided(flush * WRITERS + writer))
                .collect();
            let commit = |operation: &Operation| match operation.need() {
                Need::Commit(commit) => commit.clone(),
                _ => unreachable!("it was decided"),
            };
            let commits: Vec<Commit> = waiting.iter().map(commit).collect();
            let results = store.commit_all(&commits.iter().collect::<Vec<_>>());
            for (mut operation, result) in waiting.drain(..).zip(results) {
                operation.committed(result).unwrap();
                black_box(operation.finish().unwrap());
            }
        }
    })
}

fn on_threads<S: Store>(store: S, flushes: usize) -> Duration {
    let desk = Desk::new(store, Rulebook::starter());
    timed(|| {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let desk = &desk;
                scope.spawn(move || {
                    for flush in 0..flushes {
                        let (call, open) = opening(flush * WRITERS + writer);
                        desk.open(&call, open).unwrap();
                    }
                });
            }
        });
    })
}

fn times(what: &str, both: impl Fn() -> (Duration, Duration)) {
    let mut rounds: Vec<_> = (0..PAIRS).map(|_| both()).collect();
    rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let median = rounds[PAIRS / 2];
    let per = |took: Duration| took.as_secs_f64() * 1e6 / (FLUSHES * WRITERS) as f64;
    println!(
        "{what:<42} {:>10.2} us  one at a time {:>10.2} us  {:>5.1} times as fast",
        per(median.0),
        per(median.1),
        ratio(&median)
    );
}

fn ratio((together, alone): &(Duration, Duration)) -> f64 {
    alone.as_secs_f64() / together.as_secs_f64()
}
