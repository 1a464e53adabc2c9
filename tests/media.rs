//! The SQLite store on a disk that is full and on one that cannot be written: a small file system of its own, mounted in a
//! namespace of its own.

#![cfg(all(feature = "sqlite", target_os = "linux"))]

mod common;
#[path = "common/sql.rs"]
mod shared;

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use helpdesk::store::{Commit, SqliteStore, Store, StoreErrorKind};
use shared::*;

const DIR: &str = "HELPDESK_MEDIA_DIR";

#[test]
#[ignore = "needs `unshare` and the right to mount; the checks before a change lands run it"]
fn a_full_disk_and_a_read_only_one() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("media");
    std::fs::create_dir_all(&dir).unwrap();
    let script = r#"
        set -e
        mount -t tmpfs -o size=600k none "$HELPDESK_MEDIA_DIR"
        "$1" on_a_full_disk --exact --nocapture
        mount -o remount,size=6m "$HELPDESK_MEDIA_DIR"
        "$1" with_more_room --exact --nocapture
        mount -o remount,ro "$HELPDESK_MEDIA_DIR"
        "$1" on_a_read_only_disk --exact --nocapture
    "#;
    let status = Process::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .env(DIR, &dir)
        .status()
        .unwrap();
    assert!(status.success());
}

fn file() -> Option<PathBuf> {
    Some(Path::new(&std::env::var_os(DIR)?).join("support.db"))
}

/// One event and a text, after this many events.
fn next(after: u64) -> Commit {
    let mut commit = commit(vec![append(stream("s"), after, after + 1)]);
    let long = "x".repeat(6_000);
    commit.content.push(text(&after.to_string(), None, long));
    commit
}

fn stands_at(store: &SqliteStore) -> u64 {
    length(store, stream("s")) as u64
}

/// Does nothing by itself; the test above runs it on its own file system. So do the two below.
#[test]
fn on_a_full_disk() {
    let Some(path) = file() else { return };
    let store = SqliteStore::open(&path).unwrap();
    let mut version = 0;
    let error = loop {
        match store.commit(&next(version)) {
            Ok(()) => version += 1,
            Err(error) => break error,
        }
        assert!(version < 1_000, "it never gets full");
    };
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}: {error:?}");
    for _ in 0..3 {
        let error = store.commit(&next(version)).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    }
    assert!(version > 10);
    assert_eq!(stands_at(&store), version, "what was acknowledged is there");
    store.check_integrity().unwrap();
    println!("full after {version} commits: {error}");

    let copy = path.with_file_name("copy.db");
    let error = store.back_up(&copy).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(!copy.exists(), "half a copy is none");

    // A process that starts there needs a little room, and says so.
    drop(store);
    let shared = path.with_file_name(format!("{}-shm", path.file_name().unwrap().display()));
    let _ = std::fs::remove_file(shared); // gone anyway where the log could be emptied
    let filler = path.with_file_name("filler");
    let mut filling = std::fs::File::create(&filler).unwrap();
    let room = [0; 512];
    while std::io::Write::write_all(&mut filling, &room).is_ok() {}
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}: {error:?}");
    println!("opened while full: {error}");
    drop(filling);
    std::fs::remove_file(filler).unwrap();
    assert_eq!(stands_at(&SqliteStore::open(path).unwrap()), version);
}

#[test]
fn with_more_room() {
    let Some(path) = file() else { return };
    let store = SqliteStore::open(path).unwrap();
    store.check_integrity().unwrap();
    let version = stands_at(&store);
    assert!(version > 10);
    for after in version..version + 5 {
        store.commit(&next(after)).unwrap();
    }
    store.check_integrity().unwrap();
}

#[test]
fn on_a_read_only_disk() {
    let Some(path) = file() else { return };
    for path in [path.clone(), path.with_file_name("new.db")] {
        let error = SqliteStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(!error.is_retryable());
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
        println!("read-only: {error}");
    }
}
