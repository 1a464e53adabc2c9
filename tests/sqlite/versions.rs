//! What other versions wrote: it is left as it is, and holds up nobody.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::{Filter, Page, SqliteStore, Stamp, Store, StoreErrorKind, StreamId, Wake};
use helpdesk::ticket::Version;
use helpdesk::{Actor, Command, Desk, Open, TicketId};
use rusqlite::Connection;

use super::common::*;
use super::file;
use super::shared::*;

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
