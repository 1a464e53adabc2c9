//! The file itself: backups, how large it may grow, and the names and places that it may have.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use helpdesk::id::ContentId;
use helpdesk::store::sqlite::Durability;
use helpdesk::store::{SqliteStore, Store, StoreErrorKind, StreamKind};
use rusqlite::Connection;

use super::shared::*;
use super::{file, marker, markers};

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
