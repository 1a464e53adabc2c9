//! The SQLite store beyond the contract: files, other processes, damage, erasure, the host's own transaction.

#![cfg(feature = "sqlite")]

mod common;
#[path = "common/sql.rs"]
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::id::{ContentId, CustomerId, TicketNumber};
use helpdesk::store::sql::{self, Sql};
use helpdesk::store::sqlite::{Durability, commit_in, rusqlite};
use helpdesk::store::{
    Commit, Filter, Load, Page, SqliteStore, Stamp, Store, StoreError, StoreErrorKind, Stream,
    StreamId, StreamKind, UniqueKey, Wake,
};
use helpdesk::ticket::{Link, Priority, Ticket, Version};
use helpdesk::{Actor, Command, Desk, Open, TicketId};
use rand::{Rng, SeedableRng};
use rusqlite::types::Value as Any;
use rusqlite::{Connection, params_from_iter};
use shared::*;
use uuid::Uuid;

/// A new file in a directory of its own.
fn file(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite-{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("support.db")
}

/// The markers `<<12345678>>` that stand in any file of the database.
fn markers(path: &Path) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let marker = |w: &&[u8]| w.starts_with(b"<<") && w.ends_with(b">>");
        found.extend(bytes.windows(12).filter(marker).map(<[u8]>::to_vec));
    }
    found
}

fn marker(n: usize) -> String {
    format!("<<{:08x}>>", n.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}

/// Texts of all sizes are written among others, some of them erased in a wild order, one by one and by person, while others
/// come: no file has a trace of what was erased, and all of what was not.
#[test]
fn erased_texts_are_in_no_file() {
    const ALL: usize = 2_400;
    let path = file("erased");
    let options = SqliteStore::options().durability(Durability::FasterNotDurable);
    let store = options.open(&path).unwrap();
    let person = |n: usize| n.is_multiple_of(10).then(|| CustomerId::named("ann"));
    let keep = |numbers: std::ops::Range<usize>| {
        let mut keep = commit(vec![]);
        for n in numbers {
            let size = [3, 40, 200, 900, 3_000, 9_000][n % 6];
            let long = format!(
                "{}{}{}",
                marker(n),
                "lorem ipsum ".repeat(size / 12),
                marker(n)
            );
            keep.content.push(text(&n.to_string(), person(n), long));
        }
        store.commit(&keep).unwrap();
    };
    for n in (0..ALL).step_by(5) {
        keep(n..n + 5);
    }
    let is_erased = |n: usize| n.is_multiple_of(10) || n < ALL && n % 3 == 1;
    for step in 0..ALL {
        let n = step * 1_327 % ALL; // each once
        if n % 3 == 1 {
            let mut erase = commit(vec![]);
            erase.erased.push(ContentId::named(&n.to_string()));
            store.commit(&erase).unwrap();
        }
        if step % 50 == 0 {
            keep(ALL + step..ALL + step + 5);
        }
    }
    let mut erase = commit(vec![]);
    erase.persons.push(CustomerId::named("ann"));
    store.commit(&erase).unwrap();

    let found = markers(&path);
    let later = (0..ALL)
        .step_by(50)
        .flat_map(|step| ALL + step..ALL + step + 5);
    for n in (0..ALL).chain(later) {
        let there = found.contains(marker(n).as_bytes());
        assert_eq!(there, !is_erased(n), "text {n} in the files");
        let id = [ContentId::named(&n.to_string())];
        assert_eq!(
            store.content(TENANT, &id).unwrap()[0].is_some(),
            there,
            "{n}"
        );
    }
    store.check_integrity().unwrap();
}

/// What is to be found in a file: the number of the last text under each id.
struct Shelf {
    random: rand_chacha::ChaCha8Rng,
    live: BTreeMap<usize, usize>,
    written: usize,
}

impl Shelf {
    fn keep(&mut self, id: usize, commit: &mut Commit) {
        let size = [3, 40, 200, 900][self.random.random_range(0..4)];
        let about = id.is_multiple_of(7).then(|| CustomerId::named("ann"));
        let body = marker(self.written).repeat(1 + size / 12);
        commit.content.push(text(&id.to_string(), about, body));
        self.live.insert(id, self.written);
        self.written += 1;
    }

    fn any(&mut self) -> usize {
        let n = self.random.random_range(0..self.live.len());
        *self.live.keys().nth(n).unwrap()
    }

    /// Every text is where it belongs, and no other one is anywhere.
    fn check(&self, path: &Path, store: &SqliteStore) {
        let kept = |n: &usize| marker(*n).into_bytes();
        assert_eq!(markers(path), self.live.values().map(kept).collect());
        let ids: Vec<_> = (0..150_usize)
            .map(|id| ContentId::named(&id.to_string()))
            .collect();
        let found = store.content(TENANT, &ids).unwrap().into_iter().zip(0..);
        let found = found.filter_map(|(found, id)| Some((id, found?.text[..12].to_owned())));
        let kept = self.live.iter().map(|(id, n)| (*id, marker(*n)));
        assert_eq!(found.collect::<Vec<_>>(), kept.collect::<Vec<_>>());
    }
}

/// Texts come, come again in another size, and are erased, in many orders: a tree whose pages are split or joined keeps old bytes of what
/// moved, and none of them is of a text that is not there any more.
#[test]
fn erased_texts_are_in_no_file_whatever_the_order() {
    for seed in 0..40 {
        let path = file("erased-orders");
        let options = SqliteStore::options().durability(Durability::FasterNotDurable);
        let store = options.open(&path).unwrap();
        let mut shelf = Shelf {
            random: rand_chacha::ChaCha8Rng::seed_from_u64(seed),
            live: BTreeMap::new(),
            written: 0,
        };
        let mut next = commit(vec![]);
        for id in 0..150 {
            shelf.keep(id, &mut next);
            if shelf.random.random_bool(0.5) {
                let again = shelf.any();
                shelf.keep(again, &mut next);
            }
        }
        store.commit(&next).unwrap();
        for _ in 0..15 {
            let mut next = commit(vec![]);
            for _ in 0..5 {
                let again = shelf.any();
                shelf.keep(again, &mut next);
                let gone = shelf.any();
                shelf.live.remove(&gone);
                next.erased.push(ContentId::named(&gone.to_string()));
            }
            store.commit(&next).unwrap();
        }
        // Some come again under the ids that they had, and a person goes.
        let mut next = commit(vec![]);
        for id in (0..150).step_by(11) {
            shelf.keep(id, &mut next);
        }
        store.commit(&next).unwrap();
        let mut person = commit(vec![]);
        person.persons.push(CustomerId::named("ann"));
        store.commit(&person).unwrap();
        shelf.live.retain(|id, _| !id.is_multiple_of(7));

        shelf.check(&path, &store);
        if seed.is_multiple_of(10) {
            let before = std::fs::metadata(&path).unwrap().len();
            store.compact().unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() < before);
            shelf.check(&path, &store);
            store.check_integrity().unwrap();
        }
    }
}

/// What a host erases in a transaction of its own, over a connection that knows nothing of erasing, is gone with the next
/// [`SqliteStore::scrub`].
#[test]
fn what_the_host_erases_is_gone_when_it_was_scrubbed() {
    let path = file("host-erases");
    let store = SqliteStore::open(&path).unwrap();
    let mut keep = commit(vec![]);
    for n in 0..50 {
        keep.content.push(text(
            &n.to_string(),
            None,
            marker(n).repeat(1 + 40 * (n % 30)),
        ));
    }
    store.commit(&keep).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    mine.pragma_update(None, "secure_delete", false).unwrap();
    let mut erase = commit(vec![]);
    erase.erased = vec![ContentId::named("7"), ContentId::named("29")];
    let transaction = mine.transaction().unwrap();
    commit_in(&transaction, &erase).unwrap();
    transaction.commit().unwrap();
    assert!(
        store
            .content(TENANT, &erase.erased)
            .unwrap()
            .iter()
            .all(Option::is_none)
    );
    store.scrub().unwrap();
    let others = (0..50).filter(|n| ![7, 29].contains(n));
    assert_eq!(
        markers(&path),
        others.map(|n| marker(n).into_bytes()).collect()
    );
}

/// What a host writes over such a connection leaves no copies either, from the first text of the table on; and its settings stay.
#[test]
fn what_the_host_writes_leaves_no_copies() {
    let path = file("host-writes");
    let store = SqliteStore::open(&path).unwrap();
    for setting in ["off", "fast", "on"] {
        let mut mine = Connection::open(&path).unwrap();
        let is_set = |mine: &Connection, to: Option<&str>| -> i64 {
            let text = to.map_or(String::new(), |to| format!(" = {to}"));
            let pragma = format!("PRAGMA secure_delete{text}");
            mine.query_row(&pragma, [], |row| row.get(0)).unwrap()
        };
        let set = is_set(&mine, Some(setting));
        let mut write = |commit: &Commit| {
            let transaction = mine.transaction().unwrap();
            commit_in(&transaction, commit).unwrap();
            transaction.commit().unwrap();
        };
        for n in 0..60 {
            let mut keep = commit(vec![]);
            let id = format!("{setting}{n}");
            keep.content.push(text(&id, None, marker(n).repeat(20)));
            write(&keep);
        }
        let mut erase = commit(vec![]);
        let ids = (0..60).map(|n| ContentId::named(&format!("{setting}{n}")));
        erase.erased = ids.collect();
        write(&erase);
        assert_eq!(is_set(&mine, None), set);
        store.scrub().unwrap();
        assert_eq!(markers(&path), BTreeSet::new(), "{setting}");
    }
}

/// A read that takes long keeps erased text in the log; the commits that try to empty it do not wait for the reader, and the first one
/// after it empties the log.
#[test]
fn nobody_waits_for_a_reader_to_scrub() {
    let path = file("scrub-beside-a-reader");
    let store = SqliteStore::open(&path).unwrap();
    let mut keep = commit(vec![append(stream("s"), 0, 1)]);
    keep.content.push(text("1", None, marker(1)));
    store.commit(&keep).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM helpdesk_contents")
        .unwrap();
    let begun = std::time::Instant::now();
    let mut erase = commit(vec![]);
    erase.erased.push(ContentId::named("1"));
    store.commit(&erase).unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 1, 2)]))
        .unwrap();
    let [one, two] = [commit(vec![append(stream("s"), 2, 3)]), commit(vec![])];
    assert!(store.commit_all(&[&one, &two]).iter().all(Result::is_ok));
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(4), "{waited:?}"); // the busy timeout is 5 seconds
    assert_eq!(markers(&path).len(), 1, "the reader may still see it");
    reader.execute_batch("ROLLBACK").unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 3, 4)]))
        .unwrap();
    assert!(markers(&path).is_empty());
}

/// Whoever erased something while others were reading, and goes away, empties the log then: nobody else would.
#[test]
fn the_log_is_emptied_by_who_goes_away() {
    let path = file("scrub-on-leaving");
    let _stays = SqliteStore::open(&path).unwrap();
    let leaves = SqliteStore::open(&path).unwrap();
    let mut keep = commit(vec![append(stream("s"), 0, 1)]);
    keep.content.push(text("1", None, marker(1)));
    leaves.commit(&keep).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM helpdesk_contents")
        .unwrap();
    let mut erase = commit(vec![]);
    erase.erased.push(ContentId::named("1"));
    leaves.commit(&erase).unwrap();
    reader.execute_batch("ROLLBACK").unwrap();
    assert_eq!(markers(&path).len(), 1);
    drop(leaves);
    assert!(markers(&path).is_empty());
}

/// A file that somebody reads all the while is made smaller later; until then the caller is told that it is not.
#[test]
fn a_copy_that_waits_in_the_log_is_told() {
    let path = file("compact-beside-a-reader");
    let options = SqliteStore::options().busy_timeout(Duration::from_millis(50));
    let store = options.open(&path).unwrap();
    let mut keep = commit(vec![]);
    keep.content = (0..200)
        .map(|n| text(&n.to_string(), None, "x".repeat(4_000)))
        .collect();
    store.commit(&keep).unwrap();
    let mut erase = commit(vec![]);
    erase.erased = keep.content.iter().map(|content| content.id).collect();
    store.commit(&erase).unwrap();
    let size = || std::fs::metadata(&path).unwrap().len();
    let before = size();
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM helpdesk_contents")
        .unwrap();
    let error = store.compact().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert_eq!(size(), before);
    reader.execute_batch("ROLLBACK").unwrap();
    store.scrub().unwrap();
    assert!(size() < before / 4, "{} of {before}", size());
    store.check_integrity().unwrap();
}

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

/// A process that ends between its commit and the emptying of the log leaves erased text there; the next one that opens the file empties
/// it.
#[test]
fn a_crash_before_the_scrub_is_made_good_when_opening() {
    let path = file("crash-before-scrub");
    let store = SqliteStore::open(&path).unwrap();
    let mut keep = commit(vec![]);
    keep.content = vec![text("1", None, marker(1)), text("2", None, marker(2))];
    store.commit(&keep).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM helpdesk_contents")
        .unwrap();
    let mut erase = commit(vec![]);
    erase.erased.push(ContentId::named("1"));
    let quick = SqliteStore::options().busy_timeout(Duration::from_millis(20));
    quick.open(&path).unwrap().commit(&erase).unwrap();
    let crashed = file("crashed-before-scrub");
    for end in ["support.db", "support.db-wal"] {
        std::fs::copy(path.with_file_name(end), crashed.with_file_name(end)).unwrap();
    }
    assert_eq!(markers(&crashed).len(), 2);
    let again = SqliteStore::open(&crashed).unwrap();
    assert_eq!(markers(&crashed), [marker(2).into_bytes()].into());
    assert!(again.content(TENANT, &erase.erased).unwrap()[0].is_none());
}

#[test]
fn a_backup_is_whole_and_has_nothing_erased() {
    let path = file("backup");
    let store = SqliteStore::open(&path).unwrap();
    let pair = [stream("left"), stream("right")];
    let mut keep = commit(vec![]);
    keep.content = vec![text("1", None, marker(1)), text("2", None, marker(2))];
    store.commit(&keep).unwrap();
    let mut erase = commit(vec![]);
    erase.erased.push(ContentId::named("1"));
    store.commit(&erase).unwrap();

    let done = AtomicBool::new(false);
    let copies: Vec<PathBuf> = std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let parts = pair.map(|side| append(side, round, round + 1));
                store.commit(&commit(parts.to_vec())).unwrap();
            }
        });
        let copy = |n: usize| {
            let to = file(&format!("backup-{n}"));
            store.back_up(&to).map(|()| to)
        };
        let copies: Result<Vec<_>, _> = (0..5).map(copy).collect();
        done.store(true, Ordering::Relaxed);
        copies.unwrap()
    });
    for to in &copies {
        assert_eq!(markers(to), [marker(2).into_bytes()].into());
        let copy = SqliteStore::open(to).unwrap();
        copy.check_integrity().unwrap();
        assert_eq!(length(&copy, pair[0]), length(&copy, pair[1]));
        assert!(length(&copy, pair[0]) <= length(&store, pair[0]));
    }
    let error = store.back_up(&copies[0]).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    store.compact().unwrap();
    store.check_integrity().unwrap();
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
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for keeps in [0, 1, 3] {
        let path = file(&format!("recent-{keeps}"));
        let options = || SqliteStore::options().recent_tickets(keeps);
        let desks = [0, 1].map(|_| Desk::new(options().open(&path).unwrap(), rulebook()));
        let open = |n| {
            let call = call(Actor::Customer(ANN), at(BEGIN), n);
            let opened = desks[0].open(&call, Open::new("x").body("help"));
            opened.unwrap().id()
        };
        let tickets = [1, 2, 3, 4, 5].map(open);
        for n in 0..200 {
            let (who, ticket) = (random.random_range(0..2), random.random_range(0..5));
            let now = at(BEGIN) + TimeDelta::minutes(n);
            let said = call(Actor::Agent(KIM), now, 100 + n as u128);
            let command = match random.random_range(0..3) {
                0 => Command::note("seen"),
                1 => Command::reply("we look into it"),
                _ => Command::priority([Priority::Low, Priority::High][random.random_range(0..2)]),
            };
            desks[who].submit(tickets[ticket], &said, command).unwrap();
            for desk in &desks {
                let seen = tickets[random.random_range(0..5)];
                let stream = StreamId::ticket(TENANT, seen);
                let events = history(desk, seen);
                let mut load = Load::streams(TENANT, [stream]);
                load.snapshots = true;
                let mut loaded = desk.store().load(&load).unwrap();
                let Stream {
                    snapshot,
                    events: since,
                    ..
                } = loaded.streams.pop().unwrap();
                let known = match snapshot {
                    Some(kept) => kept.then(since.ticket()).map(|kept| (*kept.ticket).clone()),
                    None => Ticket::replay(TENANT, since.ticket()),
                };
                assert_eq!(known, Ticket::replay(TENANT, &events));
            }
        }
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

/// The host's order and its ticket: both or neither, in one transaction of the host's own.
#[test]
fn a_commit_joins_the_hosts_transaction() {
    let path = file("host");
    let store = SqliteStore::open(&path).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    let orders = "CREATE TABLE orders (id INTEGER PRIMARY KEY, ticket BLOB NOT NULL)";
    mine.execute_batch(orders).unwrap();
    let count = |mine: &Connection| {
        let count = "SELECT count(*) FROM orders";
        mine.query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let add = "INSERT INTO orders (id, ticket) VALUES (?1, ?2)";
    for (n, both) in [(1, false), (2, true)] {
        let mut operation = opening(n);
        let commit = planned(&store, &mut operation);
        let transaction = mine.transaction().unwrap();
        let ticket = commit.parts[0].stream;
        let order = rusqlite::params![n as i64, ticket.id.as_bytes()];
        transaction.execute(add, order).unwrap();
        commit_in(&transaction, &commit).unwrap();
        if both {
            transaction.commit().unwrap();
            operation.committed(Ok(())).unwrap();
            let outcome = operation.finish().unwrap();
            assert_eq!(outcome.id().uuid(), ticket.id);
        } else {
            transaction.rollback().unwrap();
        }
        assert_eq!(
            (count(&mine), length(&store, ticket) > 0),
            (i64::from(both), both)
        );
    }

    // A conflict leaves nothing of the commit and the host's rows as they were; the host goes on.
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut stale = commit(vec![append(stream("new"), 0, 3), append(s, 0, 1)]);
    stale
        .unique
        .push((UniqueKey::message(TENANT, "<1>"), Uuid::from_u128(1)));
    let transaction = mine.transaction().unwrap();
    transaction
        .execute(add, rusqlite::params![9, [0_u8; 16]])
        .unwrap();
    assert_eq!(
        kind_of(commit_in(&transaction, &stale)),
        StoreErrorKind::Conflict
    );
    commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap();
    transaction.commit().unwrap();
    assert_eq!(
        (
            count(&mine),
            length(&store, s),
            length(&store, stream("new"))
        ),
        (2, 2, 0)
    );
    store.check_integrity().unwrap();
}

/// A transaction that began to read before somebody else's commit can write nothing any more: that is a conflict, and its own.
#[test]
fn a_transaction_that_began_too_early_is_told_to_begin_anew() {
    let path = file("stale-snapshot");
    let store = SqliteStore::open(&path).unwrap();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    let transaction = mine.transaction().unwrap();
    let read = |transaction: &Connection| -> i64 {
        let count = "SELECT count(*) FROM helpdesk_events";
        transaction.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(read(&transaction), 1);
    store
        .commit(&commit(vec![append(stream("other"), 0, 1)]))
        .unwrap();
    let error = commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("begin a new one"), "{error}");
    transaction.rollback().unwrap();
    let transaction = mine.transaction().unwrap();
    commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap();
    transaction.commit().unwrap();
    assert_eq!(length(&store, s), 2);
}

/// The schema beside the rows of a stream is theirs: a commit without rows leaves it as it was.
#[test]
fn rows_keep_their_schema() {
    let path = file("schema-of-rows");
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let id = opened(&desk);
    let s = StreamId::ticket(TENANT, id);
    let other = Connection::open(&path).unwrap();
    other
        .execute("UPDATE helpdesk_streams SET schema = 9", [])
        .unwrap();
    let schema = || -> i64 {
        let text = "SELECT schema FROM helpdesk_streams";
        other.query_row(text, [], |row| row.get(0)).unwrap()
    };
    let version = || length(desk.store(), s) as u64;
    let wake = Wake {
        at: None,
        stamp: Stamp {
            rulebook: rulebook().id(),
            zone_data: "z".into(),
        },
    };
    let without = [
        append(s, version(), version() + 1),
        append(s, version() + 1, version() + 2).wake(wake),
    ];
    for part in without {
        desk.store().commit(&commit(vec![part])).unwrap();
        assert_eq!(schema(), 9);
    }
    assert_eq!(
        kind_of(desk.store().list(TENANT, &Filter::all(), &Page::oldest(1))),
        StoreErrorKind::Newer
    );
    let with = append(s, version(), version() + 1).facts(vec![]);
    desk.store().commit(&commit(vec![with])).unwrap();
    assert_eq!(schema(), 1);
}

/// A wake-up of a zone-data version without a name is found like any other.
#[test]
fn zone_data_without_a_name_is_not_passed_over() {
    let store = SqliteStore::open(file("no-zone-name")).unwrap();
    let wake = |zone: &'static str| Wake {
        at: Some(at(BEGIN)),
        stamp: Stamp {
            rulebook: rulebook().id(),
            zone_data: zone.into(),
        },
    };
    let names = ["", "a", "b"];
    let parts = names.map(|zone| append(stream(zone), 0, 1).wake(wake(zone)));
    store.commit(&commit(parts.to_vec())).unwrap();
    let due = store.due(at(BEGIN), "a", 9).unwrap();
    let due: BTreeSet<_> = due.iter().map(|due| due.stream.id).collect();
    assert_eq!(due, names.map(|name| stream(name).id).into());
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

/// A file that may not grow is full; what was acknowledged is there, nothing is torn, and with more room it goes on.
#[test]
fn a_full_file_says_so() {
    let path = file("full");
    let store = SqliteStore::options()
        .max_bytes(400_000)
        .open(&path)
        .unwrap();
    let (s, mut version) = (stream("s"), 0);
    let error = loop {
        let mut next = commit(vec![append(s, version, version + 3)]);
        next.content
            .push(text(&version.to_string(), None, "x".repeat(5_000)));
        match store.commit(&next) {
            Ok(()) => version += 3,
            Err(error) => break error,
        }
        assert!(version < 1_000, "it never gets full");
    };
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(!error.is_retryable());
    assert_eq!(length(&store, s) as u64, version);
    store.check_integrity().unwrap();
    drop(store);
    let roomy = SqliteStore::open(&path).unwrap();
    roomy
        .commit(&commit(vec![append(s, version, version + 1)]))
        .unwrap();
    roomy.check_integrity().unwrap();
}

/// What is allowed and what the log may grow to are bytes, whatever pages the file was made with.
#[test]
fn sizes_are_bytes_whatever_the_pages() {
    for page in [512_u64, 4_096, 65_536] {
        let path = file(&format!("pages-of-{page}"));
        let host = Connection::open(&path).unwrap();
        host.pragma_update(None, "page_size", page.cast_signed())
            .unwrap();
        host.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            .unwrap();
        drop(host);
        let most = 8 << 20;
        let options = SqliteStore::options().durability(Durability::FasterNotDurable);
        let store = options.max_bytes(most).open(&path).unwrap();
        let wal = path.with_file_name("support.db-wal");
        let (mut n, mut log) = (0, 0);
        let error = loop {
            let mut next = commit(vec![append(stream(&n.to_string()), 0, 1)]);
            let long = "x".repeat(50_000);
            next.content.push(text(&n.to_string(), None, long));
            match store.commit(&next) {
                Ok(()) => n += 1,
                Err(error) => break error,
            }
            log = log.max(std::fs::metadata(&wal).unwrap().len());
            assert!(n < 1_000, "it never gets full");
        };
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        drop(store);
        let full = std::fs::metadata(&path).unwrap().len();
        assert!((most / 2..=most).contains(&full), "pages of {page}: {full}");
        assert!(log < 20 << 20, "pages of {page}: a log of {log} bytes");
    }
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

/// A file that was opened by a relative path is that file, wherever the process goes.
#[test]
fn a_relative_path_stays_where_it_was() {
    let (here, there) = (file("relative-here"), file("relative-there"));
    let was = std::env::current_dir().unwrap();
    std::env::set_current_dir(here.parent().unwrap()).unwrap();
    let store = SqliteStore::open("support.db").unwrap();
    std::env::set_current_dir(there.parent().unwrap()).unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 0, 1)]))
        .unwrap();
    let found = store.streams(TENANT, StreamKind::Ticket, None, 9);
    let copy = there.with_file_name("copy.db");
    let backed_up = store.back_up(&copy);
    std::env::set_current_dir(was).unwrap();
    assert_eq!(found.unwrap(), [stream("s").id]);
    backed_up.unwrap();
    assert_eq!(length(&SqliteStore::open(&copy).unwrap(), stream("s")), 1);
    assert!(!there.exists(), "nothing else was made");
}

/// A file that was moved away is missed when it is to be copied; no empty one takes its place.
#[test]
fn a_file_that_was_moved_away_is_not_backed_up() {
    let path = file("moved-away");
    let store = SqliteStore::open(&path).unwrap();
    store
        .commit(&commit(vec![append(stream("s"), 0, 1)]))
        .unwrap();
    std::fs::rename(&path, path.with_file_name("elsewhere.db")).unwrap();
    let error = store
        .back_up(path.with_file_name("copy.db"))
        .map_err(|error| (error.kind(), error.to_string()))
        .unwrap_err();
    assert_eq!(error.0, StoreErrorKind::Other, "{}", error.1);
    assert!(error.1.contains("support.db"), "{}", error.1);
    assert!(!path.exists() && !path.with_file_name("copy.db").exists());
    let store = SqliteStore::open(file("nowhere")).unwrap();
    for nowhere in ["", ":memory:"] {
        let error = store.back_up(nowhere).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "`{nowhere}`");
    }
}

/// Names that SQLite takes for something else than a file are refused, and told what to take instead.
#[test]
fn a_name_of_no_file_is_refused() {
    for name in ["", ":memory:"] {
        let error = SqliteStore::open(name).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        let told = error.to_string();
        assert!(
            told.contains(&format!("`{name}`")) && told.contains("in_memory"),
            "{told}"
        );
    }
}

/// Streams of kinds that only newer versions know are left to newer processes, and take no place among what is due.
#[test]
fn unknown_kinds_take_no_place_among_what_is_due() {
    let path = file("unknown-kinds");
    let store = SqliteStore::open(&path).unwrap();
    let newer = Connection::open(&path).unwrap();
    unknown_kinds_take_no_place(&store, |id| {
        let text = "UPDATE helpdesk_streams SET kind = 99 WHERE id = ?1";
        assert_eq!(newer.execute(text, [id.as_bytes()]).unwrap(), 1);
    });
}

/// What a newer version wrote is `newer`, is left as it is, and holds up nobody else.
#[test]
fn newer_events_are_left_to_newer_processes() {
    let path = file("newer");
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let [first, second, third] = [1, 2, 3].map(|n| {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&call, Open::new("x").body("help")).unwrap().id()
    });
    let newer = Connection::open(&path).unwrap();
    let write = |set: &str, ticket: TicketId| {
        let text = format!("UPDATE helpdesk_events SET {set} WHERE id = ?1 AND version = 2");
        assert_eq!(newer.execute(&text, [ticket.uuid().as_bytes()]).unwrap(), 1);
    };
    write(
        "body = replace(body, '\"message_added\"', '\"teleported\"')",
        first,
    );
    write("schema = 2, body = '{\"unheard\":true}'", second);
    let bodies = || {
        let mut all = newer.prepare("SELECT body FROM helpdesk_events").unwrap();
        let rows = all.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let before = bodies();
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook()); // what this one wrote lately it knows by heart
    let now = at(BEGIN) + TimeDelta::days(2);
    for ticket in [first, second] {
        let error = desk.ticket(ticket).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Newer, "{error}");
        let by_kim = call(Actor::Agent(KIM), now, 9);
        let error = desk
            .submit(ticket, &by_kim, Command::note("x"))
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Newer, false)
        );
    }
    assert_eq!(bodies(), before);
    let swept = desk.sweep(now, 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (1, 2));
    assert!(
        desk.ticket(third).unwrap().version() > Version(2),
        "the sweep passes them by"
    );
    for message in desk.claim(now, TimeDelta::minutes(1), 100).unwrap() {
        desk.postpone(&[message.id], now + TimeDelta::hours(1))
            .unwrap();
    }
    assert!(desk.nap(now).unwrap() > now, "and nobody polls");

    newer
        .execute("UPDATE helpdesk_outbox SET schema = 2", [])
        .unwrap();
    assert!(
        desk.claim(now, TimeDelta::minutes(1), 100)
            .unwrap()
            .is_empty()
    );
    newer
        .execute(
            "UPDATE helpdesk_schema_version SET version = version + 1",
            [],
        )
        .unwrap();
    assert_eq!(kind_of(SqliteStore::open(&path)), StoreErrorKind::Newer);
}

/// Damage of each kind is told as damage, by name, and never taken for an empty stream.
#[test]
fn damage_is_corrupt() {
    let path = file("damaged");
    let store = SqliteStore::open(&path).unwrap();
    let names = ["gap", "garbage", "other place", "fine", "short", "lost"];
    let mut all = commit(names.map(|name| append(stream(name), 0, 3)).to_vec());
    all.content.push(text("1", None, "x".to_owned()));
    store.commit(&all).unwrap();
    let vandal = Connection::open(&path).unwrap();
    let damage = |text: &str, name: &str| {
        let rows = vandal.execute(text, [stream(name).id.as_bytes()]).unwrap();
        assert!(rows > 0, "{text}");
    };
    damage(
        "DELETE FROM helpdesk_events WHERE id = ?1 AND version = 2",
        "gap",
    );
    damage(
        "UPDATE helpdesk_events SET body = '{' WHERE id = ?1 AND version = 2",
        "garbage",
    );
    damage(
        "UPDATE helpdesk_events SET body = replace(body, '\"version\":3', '\"version\":1') WHERE id = ?1",
        "other place",
    );
    for name in ["gap", "garbage", "other place"] {
        let load = Load::streams(TENANT, [stream("fine"), stream(name)]);
        let error = store.load(&load).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{name}: {error}");
        assert!(
            error.to_string().contains(&stream(name).id.to_string()),
            "{error}"
        );
    }
    vandal
        .execute("UPDATE helpdesk_contents SET body = 'no json'", [])
        .unwrap();
    let error = store.content(TENANT, &[ContentId::named("1")]).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    named(&error, ContentId::named("1").uuid());
    assert_eq!(length(&store, stream("fine")), 3);

    let error = store.check_integrity().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert!(
        error.to_string().contains(&stream("gap").id.to_string()),
        "{error}"
    );
    damage("DELETE FROM helpdesk_events WHERE id = ?1", "gap");
    damage("DELETE FROM helpdesk_streams WHERE id = ?1", "gap");
    store.check_integrity().unwrap();
    damage(
        "DELETE FROM helpdesk_events WHERE id = ?1 AND version = 3",
        "short",
    );
    assert_eq!(kind_of(store.check_integrity()), StoreErrorKind::Corrupt);
    damage(
        "UPDATE helpdesk_streams SET version = 2 WHERE id = ?1",
        "short",
    );
    damage("DELETE FROM helpdesk_streams WHERE id = ?1", "lost");
    assert_eq!(kind_of(store.check_integrity()), StoreErrorKind::Corrupt);

    vandal.execute_batch("DROP TABLE helpdesk_outbox").unwrap();
    assert_eq!(
        kind_of(store.claim(at(BEGIN), TimeDelta::minutes(1), 1)),
        StoreErrorKind::Corrupt
    );
    assert_eq!(kind_of(SqliteStore::open(&path)), StoreErrorKind::Corrupt);
}

#[track_caller]
fn named(error: &StoreError, id: Uuid) {
    assert!(error.to_string().contains(&id.to_string()), "{error}");
}

/// A row of a list or of the figures that cannot be read is told with its ticket.
#[test]
fn damaged_rows_are_told_with_their_ticket() {
    let path = file("damaged-rows");
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let id = opened(&desk);
    let vandal = Connection::open(&path).unwrap();
    let spoil = "UPDATE helpdesk_streams SET facts = '{', listing = '{'";
    assert_eq!(vandal.execute(spoil, []).unwrap(), 1);
    let error = desk.store().facts(TENANT, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    named(&error, id.uuid());
    let error = desk
        .store()
        .list(TENANT, &Filter::all(), &Page::oldest(9))
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    named(&error, id.uuid());
}

/// A message that cannot be read keeps nobody's messages back, and is told where it is alone.
#[test]
fn a_damaged_message_keeps_no_other_back() {
    let path = file("damaged-message");
    let store = SqliteStore::open(&path).unwrap();
    let mut send = commit(vec![]);
    send.outbox = (1..=3).map(message).collect();
    store.commit(&send).unwrap();
    let vandal = Connection::open(&path).unwrap();
    let spoil = "UPDATE helpdesk_outbox SET body = '{' WHERE id = ?1";
    let bad = Uuid::from_u128(1);
    assert_eq!(vandal.execute(spoil, [bad.as_bytes()]).unwrap(), 1);
    a_bad_message_keeps_no_other_back(&store, bad);
}

/// A file cut short, a file of something else, a file that is not there: each has its kind.
#[test]
fn broken_files_have_their_kinds() {
    let path = file("cut");
    let store = SqliteStore::open(&path).unwrap();
    for n in 0..40 {
        let mut next = commit(vec![append(stream(&n.to_string()), 0, 20)]);
        next.content
            .push(text(&n.to_string(), None, "x".repeat(3_000)));
        store.commit(&next).unwrap();
    }
    drop(store); // the log is in the file now
    let whole = std::fs::read(&path).unwrap();
    for part in [whole.len() / 2, whole.len() / 4, 4_096 + 100] {
        std::fs::write(&path, &whole[..part]).unwrap();
        let found = SqliteStore::open(&path).and_then(|store| store.check_integrity());
        assert_eq!(
            kind_of(found),
            StoreErrorKind::Corrupt,
            "cut to {part} bytes"
        );
    }
    std::fs::write(&path, "This is a letter and no database. ".repeat(300)).unwrap();
    assert_eq!(kind_of(SqliteStore::open(&path)), StoreErrorKind::Corrupt);
    let missing = path
        .parent()
        .unwrap()
        .join("no such directory")
        .join("support.db");
    let error = SqliteStore::open(missing).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other);
    assert!(error.to_string().contains("no such directory"), "{error}");
    std::fs::write(&path, "").unwrap();
    SqliteStore::open(&path).unwrap().check_integrity().unwrap();
}

/// The list of statements is what the adapter itself runs: a plain connection with it makes the same rows.
#[test]
fn the_statements_are_those_of_the_adapter() {
    let paths = [file("adapter"), file("statements")];
    let stores = paths
        .each_ref()
        .map(|path| SqliteStore::open(path).unwrap());
    let mut plain = Connection::open(&paths[1]).unwrap();
    let by_hand = |commit: &Commit| -> Result<(), StoreError> {
        let transaction = plain.transaction().unwrap();
        for statement in Sql::sqlite().commit(commit)? {
            let params = statement.params.iter().map(|value| match value {
                sql::Value::Integer(number) => (*number).into(),
                sql::Value::Text(text) => text.as_deref().map(str::to_owned).into(),
                sql::Value::Uuid(id) => id.map(|id| id.as_bytes().to_vec()).into(),
                other => panic!("{other:?}"),
            });
            let params: Vec<Any> = params.collect();
            let rows = transaction.execute(statement.sql, params_from_iter(params));
            statement.check(rows.unwrap())?;
        }
        transaction.commit().unwrap();
        Ok(())
    };
    live(&stores[0], |commit| stores[0].commit(commit));
    live(&stores[1], by_hand);
    assert_eq!(dump(&paths[0]), dump(&paths[1]));
}

/// Every row of every table.
fn dump(path: &Path) -> Vec<Vec<Vec<Any>>> {
    let connection = Connection::open(path).unwrap();
    let rows_of = |table: &str| {
        let mut all = connection
            .prepare(&format!("SELECT * FROM helpdesk_{table}"))
            .unwrap();
        let columns = all.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|n| row.get(n)).collect();
        let rows: Vec<Vec<Any>> = all
            .query_map([], row)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!rows.is_empty(), "`{table}` has rows");
        rows
    };
    let tables = [
        "streams",
        "events",
        "tickets",
        "contents",
        "unique_keys",
        "idempotency",
        "outbox",
        "numbers",
    ];
    tables.map(rows_of).into()
}
