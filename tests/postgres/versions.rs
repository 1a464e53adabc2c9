//! What other versions wrote: it is left as it is, and holds up nobody.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::{PostgresStore, Store, StoreErrorKind};
use helpdesk::ticket::Version;
use helpdesk::{Actor, Command, Desk, Open, TicketId};
use uuid::Uuid;

use super::common::*;
use super::server::{client, forgetful, server, store};
use super::sql::*;
use super::{again, due_at, dump, meddle};

/// Streams of kinds that only newer versions know are left to newer processes: they take no place among what is due, and nobody holds them.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn unknown_kinds_take_no_place_among_what_is_due() {
    let store = store();
    let make_unknown = |store: &PostgresStore, id: Uuid| {
        let text = format!("UPDATE {{s}}.streams SET kind = 99 WHERE id = '{id}'");
        meddle(store, &text);
    };
    unknown_kinds_take_no_place(&store, |id| make_unknown(&store, id));
    meddle(&store, "DELETE FROM {s}.streams; DELETE FROM {s}.events");
    let sharing = PostgresStore::options().schema(store.schema());
    let sharing = sharing.sweep_lease(TimeDelta::minutes(1));
    let sharing = sharing.connect(&server()).unwrap();
    unknown_kinds_take_no_place(&sharing, |id| make_unknown(&sharing, id));
    let held = format!(
        "SELECT count(*) FROM {}.sweeps WHERE kind = 99",
        store.schema()
    );
    let held: i64 = client().query_one(&held, &[]).unwrap().get(0);
    assert_eq!(held, 0);
}

/// The schema beside the rows of a stream is theirs: a commit without rows leaves it as it was.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn rows_keep_their_schema() {
    let store = store();
    let s = stream("s");
    let with = append(s, 0, 1).facts(vec![]);
    store.commit(&commit(vec![with])).unwrap();
    meddle(&store, "UPDATE {s}.streams SET schema = 9");
    let schema = || -> i64 {
        let text = format!("SELECT schema FROM {}.streams", store.schema());
        client().query_one(&text, &[]).unwrap().get(0)
    };
    for part in [append(s, 1, 2), append(s, 2, 3).wake(due_at(1))] {
        store.commit(&commit(vec![part])).unwrap();
        assert_eq!(schema(), 9);
    }
    let with = append(s, 3, 4).facts(vec![]);
    store.commit(&commit(vec![with])).unwrap();
    assert_eq!(schema(), 1);
}

/// What a newer version wrote is `newer`, is left as it is, and holds up nobody else.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn newer_events_are_left_to_newer_processes() {
    let desk = Desk::new(forgetful(), rulebook());
    let [first, second, third] = [1, 2, 3].map(|n| {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&call, Open::new("x").body("help")).unwrap().id()
    });
    let write = |set: &str, ticket: TicketId| {
        let text = format!(
            "UPDATE {{s}}.events SET {set} WHERE id = '{}' AND version = 2",
            ticket.uuid()
        );
        meddle(desk.store(), &text);
    };
    write(
        "body = replace(body, '\"message_added\"', '\"teleported\"')",
        first,
    );
    write("schema = 2, body = '{\"unheard\":true}'", second);
    let before = dump(desk.store())[1].clone();
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
    assert_eq!(dump(desk.store())[1], before);
    let swept = desk.sweep(now, 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (1, 2));
    let passed_by = desk.ticket(third).unwrap().version() > Version(2);
    assert!(passed_by, "the sweep passes them by");
    meddle(desk.store(), "UPDATE {s}.outbox SET schema = 2");
    assert_eq!(desk.claim(now, TimeDelta::minutes(1), 100).unwrap(), []);
    meddle(
        desk.store(),
        "UPDATE {s}.schema_version SET version = version + 1",
    );
    assert_eq!(kind_of(again(desk.store())), StoreErrorKind::Newer);
}
