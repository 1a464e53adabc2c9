//! Erased texts are in no file any more: neither in the database, whatever the order, nor in the log beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use helpdesk::id::{ContentId, CustomerId};
use helpdesk::store::sqlite::{Durability, commit_in};
use helpdesk::store::{Commit, SqliteStore, Store, StoreErrorKind};
use rand::{Rng, SeedableRng};
use rusqlite::Connection;

use super::shared::*;
use super::{file, marker, markers};

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
