//! Connections: lost ones, few ones for many threads, a runtime around them, and what the server refuses.

use std::time::Duration;

use helpdesk::store::postgres::tokio_postgres;
use helpdesk::store::{PostgresStore, Store, StoreErrorKind};
use helpdesk::{Actor, Desk, Open};

use super::common::*;
use super::server::{options, server, store};
use super::sql::*;
use super::{cut, meddle};

/// The connection is lost before and in the end of a commit: unavailable, and the next call has a new connection.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_lost_connection_is_unavailable() {
    let store = store();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    meddle(
        &store,
        "CREATE FUNCTION {s}.die() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END'",
    );
    for (trigger, n) in [
        (
            "CREATE TRIGGER t AFTER INSERT ON {s}.events FOR EACH ROW EXECUTE FUNCTION {s}.die()",
            1,
        ),
        (
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON {s}.events DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION {s}.die()",
            2,
        ),
    ] {
        meddle(&store, trigger);
        let next = commit(vec![append(s, n, n + 1)]);
        let error = store.commit(&next).unwrap_err();
        let told = (error.kind(), error.is_retryable());
        assert_eq!(told, (StoreErrorKind::Unavailable, true), "{error}");
        assert_eq!(length(&store, s) as u64, n, "nothing of it is stored");
        meddle(&store, "DROP TRIGGER t ON {s}.events");
        store.commit(&next).unwrap();
    }
    // An idle connection that was cut is not used again.
    cut(&store);
    assert_eq!(length(&store, s), 3);

    let nowhere = "host=/nonexistent user=nobody";
    let error = PostgresStore::connect(nowhere).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    let refused = |text: &str| {
        let error = PostgresStore::connect(text).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        error.to_string()
    };
    let told = refused("no = such thing =");
    assert!(
        told.contains("no connection text") && told.contains("postgres://user@host/database"),
        "{told}"
    );
    let told = refused(&format!("{} sslmode=verify-full", "host=localhost user=x"));
    assert!(told.contains("sslmode"), "{told}");
    let mut elsewhere: tokio_postgres::Config = server().parse().unwrap();
    elsewhere.dbname("no_such_database");
    let elsewhere = PostgresStore::options().connect_tls(elsewhere, tokio_postgres::NoTls);
    let told = elsewhere.unwrap_err().to_string();
    assert!(told.contains("no such database"), "{told}");
    let odd = PostgresStore::options()
        .schema("Drop Table")
        .connect(&server());
    assert_eq!(kind_of(odd), StoreErrorKind::Other);
}

/// What the server refuses has its kind: no room, no writing, a constraint of somebody else's.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn refusals_have_their_kinds() {
    let store = store();
    let s = stream("s");
    meddle(
        &store,
        "CREATE FUNCTION {s}.full() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END$$;
         CREATE TRIGGER t BEFORE INSERT ON {s}.events FOR EACH ROW EXECUTE FUNCTION {s}.full()",
    );
    let next = commit(vec![append(s, 0, 1)]);
    let error = store.commit(&next).unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (StoreErrorKind::Full, false),
        "{error}"
    );
    meddle(&store, "DROP TRIGGER t ON {s}.events");

    // The constraint's name tells whose it is.
    meddle(
        &store,
        "CREATE UNIQUE INDEX of_the_host ON {s}.contents (schema)",
    );
    let mut two = commit(vec![]);
    two.content = vec![text("1", None, "a"), text("2", None, "b")];
    let error = store.commit(&two).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other);
    assert!(error.to_string().contains("`of_the_host`"), "{error}");
    meddle(&store, "DROP INDEX {s}.of_the_host");
    let twin = stream("twin");
    store.commit(&commit(vec![append(twin, 0, 1)])).unwrap();
    meddle(&store, "DELETE FROM {s}.streams");
    let error = store.commit(&commit(vec![append(twin, 0, 1)])).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    store.commit(&next).unwrap();

    let read_only = format!("{} options='-c default_transaction_read_only=on'", server());
    let options = PostgresStore::options().schema(store.schema());
    let error = options
        .connect(&read_only)
        .unwrap()
        .commit(&two)
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (StoreErrorKind::Other, false)
    );
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert_eq!(length(&store, s), 1);
}

/// The blocking store called on a runtime's own thread blocks it, and neither panics nor waits for itself.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_call_inside_a_runtime_answers() {
    let options = options();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let store = options.connect(&server()).unwrap();
        store
            .commit(&commit(vec![append(stream("s"), 0, 2)]))
            .unwrap();
        assert_eq!(length(&store, stream("s")), 2);
    });
}

/// Callers that move the bytes while they wait, and one that may not: none waits for ever.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn blocking_threads_and_a_runtime_share_a_store() {
    let store = options().connect(&server()).unwrap();
    let write = |name: &str| {
        for version in 0..20 {
            let part = append(stream(name), version, version + 1);
            store.commit(&commit(vec![part])).unwrap();
            assert_eq!(length(&store, stream(name)) as u64, version + 1);
        }
    };
    write("before"); // nobody else moves the bytes
    let begun = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let (write, begun) = (&write, &begun);
            scope.spawn(move || {
                begun.wait();
                write(name);
            });
        }
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            begun.wait();
            write("inside");
        });
    });
    write("after");
}

/// More threads than connections: they wait for each other; a thread that panics in the middle holds nothing.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn few_connections_serve_many_threads() {
    let patient = options()
        .connections(2)
        .lock_timeout(Duration::from_secs(30));
    let store = patient.connect(&server()).unwrap();
    std::thread::scope(|scope| {
        for n in 0..12 {
            let store = &store;
            scope.spawn(move || {
                for version in 0..10 {
                    let part = append(stream(&n.to_string()), version, version + 1);
                    store.commit(&commit(vec![part])).unwrap();
                }
            });
        }
    });
    let names: Vec<_> = (0..12).map(|n: i32| stream(&n.to_string())).collect();
    assert!(names.iter().all(|stream| length(&store, *stream) == 10));
    // A visitor of facts holds no connection.
    let desk = Desk::new(store, rulebook());
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    desk.open(&opened, Open::new("x").body("help")).unwrap();
    let mut seen = 0;
    let visit = &mut |_: &[helpdesk::kpi::Fact]| seen += length(desk.store(), stream("1"));
    desk.store().facts(TENANT, visit).unwrap();
    assert_eq!(seen, 10);
}
