//! Damage of each kind is told as damage, and never taken for an empty stream.

use chrono::TimeDelta;
use helpdesk::Desk;
use helpdesk::id::ContentId;
use helpdesk::store::{Filter, Load, Page, SqliteStore, Store, StoreError, StoreErrorKind};
use rusqlite::Connection;
use uuid::Uuid;

use super::common::*;
use super::file;
use super::shared::*;

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
