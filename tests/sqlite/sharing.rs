//! Several handles on one file: who waits for whom, and what each knows of what the others wrote.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::id::{ContentId, TicketNumber};
use helpdesk::store::{
    Filter, Load, Page, SqliteStore, Store, StoreErrorKind, Stream, StreamId, StreamKind,
};
use helpdesk::ticket::Link;
use helpdesk::{Actor, Desk, Open, TicketId};
use rusqlite::Connection;

use super::common::*;
use super::file;
use super::shared::*;

/// Several processes that start with a file that is not there yet wait for each other.
#[test]
fn many_open_a_new_file_at_once() {
    for round in 0..100 {
        let path = file(&format!("new-{}", round % 4));
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            let open = || {
                start.wait();
                SqliteStore::open(&path)
            };
            let opened: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            for one in opened {
                one.join().unwrap().unwrap();
            }
        });
    }
}

/// Two handles on one file, as two processes have: numbers, versions and keys are judged by the file.
#[test]
fn two_handles_share_a_file() {
    let path = file("shared");
    let desks = [0, 1].map(|_| Desk::new(SqliteStore::open(&path).unwrap(), rulebook()));
    std::thread::scope(|scope| {
        for (n, desk) in desks.iter().enumerate() {
            scope.spawn(move || {
                for i in 0..20 {
                    let id = (n * 100 + i) as u128;
                    let call = call(Actor::Customer(ANN), at(BEGIN), id);
                    desk.open(&call, Open::new("x").body("help")).unwrap();
                }
            });
        }
    });
    let list = |desk: &Desk<SqliteStore>| {
        let rows = desk.tenant(TENANT).list(&Filter::all(), &Page::oldest(100));
        rows.unwrap()
    };
    let rows = list(&desks[0]);
    assert_eq!((rows.len(), rows), (40, list(&desks[1])));
    drop(desks);
    let again = SqliteStore::open(&path).unwrap();
    again.check_integrity().unwrap();
    let mut load = Load::streams(TENANT, []);
    load.number = true;
    assert!(again.load(&load).unwrap().number > Some(TicketNumber(40)));
}

/// A ticket that a store value wrote lately is loaded with what others wrote since: as its events alone make it, however the two take
/// turns, and however few it keeps.
#[test]
fn tickets_written_lately_are_loaded_as_they_stand() {
    for keeps in [0, 1, 3] {
        let path = file(&format!("recent-{keeps}"));
        let options = || SqliteStore::options().recent_tickets(keeps);
        two_take_turns(|| options().open(&path).unwrap());
    }
}

#[test]
fn what_others_write_to_a_ticket_that_is_told_as_kept_is_met() {
    let path = file("as-kept");
    what_others_write_is_met(|| SqliteStore::open(&path).unwrap());
}

#[test]
fn a_command_of_who_writes_alone_reads_nothing() {
    let path = file("alone");
    a_command_reads_nothing(SqliteStore::open(&path).unwrap(), |_| {
        let ahead = "INSERT INTO helpdesk_events (tenant, kind, id, version, schema, body) \
            SELECT tenant, kind, id, 100, schema, 'spoilt' FROM helpdesk_events WHERE version = 1 AND kind = 1";
        let beside = Connection::open(&path).unwrap();
        assert_eq!(beside.execute(ahead, []).unwrap(), 1);
    });
}

#[test]
fn two_stores_that_tell_as_kept_are_as_one() {
    for keeps in [0, 2, 512] {
        let path = file(&format!("as-one-{keeps}"));
        let options = || SqliteStore::options().recent_tickets(keeps);
        two_are_as_one(keeps > 0, || options().open(&path).unwrap());
    }
}

/// Tickets that were written lately are loaded as of one instant too: two that are always written together stand at the same place, however
/// the reading and the writing fall together.
#[test]
fn tickets_written_together_are_loaded_together() {
    let path = file("together");
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let open = |n| {
        let said = call(Actor::Customer(ANN), at(BEGIN), n);
        let opened = desk.open(&said, Open::new("x").body("help"));
        StreamId::ticket(TENANT, opened.unwrap().id())
    };
    let streams = [1, 2, 3].map(open);
    let [first, second, _] = streams.map(|stream| TicketId::from_uuid(stream.id));
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..400 {
                let said = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::seconds(n), 9);
                let linked = match n % 2 {
                    0 => desk.link(first, &said, Link::ChildOf, second),
                    _ => desk.unlink(first, &said, Link::ChildOf, second),
                };
                linked.unwrap();
            }
            end.store(true, Ordering::Relaxed);
        });
        let mut load = Load::streams(TENANT, streams);
        load.snapshots = true;
        while !end.load(Ordering::Relaxed) {
            let loaded = desk.store().load(&load).unwrap();
            let at = |n: usize| {
                let stream: &Stream = &loaded.streams[n];
                let kept = stream.snapshot.as_ref().map_or(0, |kept| kept.version().0);
                kept + stream.events.len() as u64
            };
            assert_eq!(at(0), at(1));
        }
    });
}

/// What was written lately is not read again: only what follows it. Whoever asks for the events alone is given all of them.
#[test]
fn what_was_written_lately_is_not_read_again() {
    let path = file("recent");
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let said = call(Actor::Customer(ANN), at(BEGIN), 1);
    let id = desk.open(&said, Open::new("x").body("help")).unwrap().id();
    let raw = Connection::open(&path).unwrap();
    let spoil = "UPDATE helpdesk_events SET body = 'spoilt' WHERE version = 1";
    assert_eq!(raw.execute(spoil, []).unwrap(), 1);
    assert!(desk.ticket(id).is_ok());
    let stream = StreamId::ticket(TENANT, id);
    let whole = desk.store().load(&Load::streams(TENANT, [stream]));
    assert_eq!(kind_of(whole), StoreErrorKind::Corrupt);
    let none = SqliteStore::options()
        .recent_tickets(0)
        .open(&path)
        .unwrap();
    assert_eq!(
        Desk::new(none, rulebook()).ticket(id).unwrap_err().kind(),
        ErrorKind::Corrupt
    );
}

/// Whoever waits longer than the busy timeout for another process is told to try again; reading never waits.
#[test]
fn a_busy_file_is_unavailable() {
    let path = file("busy");
    let options = SqliteStore::options().busy_timeout(Duration::from_millis(20));
    let store = options.open(&path).unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 0, 1)]))
        .unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store
        .commit(&commit(vec![append(stream("s"), 1, 2)]))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (StoreErrorKind::Unavailable, true)
    );
    assert_eq!(length(&store, stream("s")), 1);
    other.execute_batch("COMMIT").unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 1, 2)]))
        .unwrap();
}

/// However long a host wants to wait: the longest that SQLite knows is long enough.
#[test]
fn a_busy_timeout_may_be_of_any_length() {
    let path = file("patient");
    let options = SqliteStore::options().busy_timeout(Duration::MAX);
    let store = options.open(&path).unwrap();
    let mut erase = commit(vec![append(stream("s"), 0, 1)]);
    erase.erased.push(ContentId::named("1"));
    store.commit(&erase).unwrap();
    store.scrub().unwrap();
    assert_eq!(
        store
            .streams(TENANT, StreamKind::Ticket, None, 9)
            .unwrap()
            .len(),
        1
    );
}
