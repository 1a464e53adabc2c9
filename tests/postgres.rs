//! The PostgreSQL store beyond the contract: other processes, damage, lost connections, erasure, the host's own transaction.

#![cfg(feature = "postgres")]

mod common;
#[path = "common/postgres.rs"]
mod server;
#[path = "common/sql.rs"]
mod sql;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::id::{ContentId, TicketNumber};
use helpdesk::store::postgres::{commit_in, params, tokio_postgres};
use helpdesk::store::{
    Commit, Filter, IdempotencyKey, IdempotencyRecord, Load, Page, Part, PostgresStore, Stamp,
    Store, StoreError, StoreErrorKind, StreamId, UniqueKey, Wake,
};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::Version;
use helpdesk::{Actor, Command, Desk, Open, TicketId};
use server::{client, options, server, store};
use sql::*;
use uuid::Uuid;

/// Runs a text in the store's schema, which is `{s}` in it.
fn meddle(store: &PostgresStore, text: &str) {
    let text = text.replace("{s}", store.schema());
    client().batch_execute(&text).unwrap();
}

/// A second store value on the same tables, as another process has it.
fn again(store: &PostgresStore) -> Result<PostgresStore, StoreError> {
    let options = PostgresStore::options().schema(store.schema());
    options
        .lock_timeout(Duration::from_millis(200))
        .connect(&server())
}

/// The host's order and its ticket: both or neither, in one transaction of the host's own.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_commit_joins_the_hosts_transaction() {
    let store = store();
    meddle(
        &store,
        "CREATE TABLE {s}.orders (id bigint PRIMARY KEY, ticket uuid NOT NULL)",
    );
    let (add, count) = (
        format!(
            "INSERT INTO {}.orders (id, ticket) VALUES ($1, $2)",
            store.schema()
        ),
        format!("SELECT count(*) FROM {}.orders", store.schema()),
    );
    let orders = || -> i64 { client().query_one(&count, &[]).unwrap().get(0) };
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let (mut mine, moving) = runtime
        .block_on(tokio_postgres::connect(&server(), tokio_postgres::NoTls))
        .unwrap();
    runtime.spawn(moving);

    for (n, both) in [(1, false), (2, true)] {
        let mut operation = opening(n);
        let commit = planned(&store, &mut operation);
        let ticket = commit.parts[0].stream;
        runtime.block_on(async {
            let mut transaction = mine.transaction().await.unwrap();
            let order = i64::try_from(n).unwrap();
            transaction
                .execute(&add, &[&order, &ticket.id])
                .await
                .unwrap();
            commit_in(store.sql(), &mut transaction, &commit)
                .await
                .unwrap();
            match both {
                true => transaction.commit().await.unwrap(),
                false => transaction.rollback().await.unwrap(),
            }
        });
        if both {
            operation.committed(Ok(())).unwrap();
            assert_eq!(operation.finish().unwrap().id().uuid(), ticket.id);
        }
        assert_eq!(
            (orders(), length(&store, ticket) > 0),
            (i64::from(both), both)
        );
    }

    // A conflict leaves nothing of the commit and the host's rows as they were; the host goes on.
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut stale = commit(vec![append(stream("new"), 0, 3), append(s, 0, 1)]);
    let key = UniqueKey::message(TENANT, "<1>");
    stale.unique.push((key, Uuid::from_u128(1)));
    runtime.block_on(async {
        let mut transaction = mine.transaction().await.unwrap();
        transaction
            .execute(&add, &[&9_i64, &Uuid::nil()])
            .await
            .unwrap();
        let refused = commit_in(store.sql(), &mut transaction, &stale).await;
        assert_eq!(kind_of(refused), StoreErrorKind::Conflict);
        let fresh = commit(vec![append(s, 1, 2)]);
        commit_in(store.sql(), &mut transaction, &fresh)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
    let lengths = (length(&store, s), length(&store, stream("new")));
    assert_eq!((orders(), lengths), (2, (2, 0)));
    store.check_integrity().unwrap();
}

/// The list of statements is what the adapter itself runs: the blocking driver with it makes the same rows.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn the_statements_are_those_of_the_adapter() {
    let schema = server::schema();
    let [first, second] = ["a", "b"].map(|end| {
        let name = format!("{schema}_{end}");
        let drop = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
        client().batch_execute(&drop).unwrap();
        PostgresStore::options()
            .schema(name)
            .connect(&server())
            .unwrap()
    });
    let mut plain = client();
    let by_hand = |commit: &Commit| -> Result<(), StoreError> {
        let mut transaction = plain.transaction().unwrap();
        for statement in second.sql().commit(commit)? {
            let rows = transaction
                .execute(statement.sql, &params(&statement))
                .unwrap();
            statement.check(usize::try_from(rows).unwrap())?;
        }
        transaction.commit().unwrap();
        Ok(())
    };
    live(&first, |commit| first.commit(commit));
    live(&second, by_hand);
    let rows = dump(&first);
    assert!(rows.iter().all(|table| !table.is_empty()));
    assert_eq!(rows, dump(&second));
}

/// Every row of every table, as text.
fn dump(store: &PostgresStore) -> Vec<Vec<String>> {
    let mut client = client();
    let mut rows_of = |table: &str| {
        let text = format!(
            "SELECT t::text FROM {}.{table} t ORDER BY 1",
            store.schema()
        );
        let rows = client.query(&text, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
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
    tables.map(&mut rows_of).into()
}

/// Several processes open tickets: numbers, versions and keys are judged by the database.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn processes_share_a_database() {
    let first = store();
    let second = PostgresStore::options().schema(first.schema());
    let second = second.connect(&server()).unwrap();
    let desks = [first, second].map(|store| Desk::new(store, rulebook()));
    std::thread::scope(|scope| {
        for (n, desk) in desks.iter().enumerate() {
            scope.spawn(move || {
                for i in 0..20 {
                    let call = call(Actor::Customer(ANN), at(BEGIN), (n * 100 + i) as u128);
                    desk.open(&call, Open::new("x").body("help")).unwrap();
                }
            });
        }
    });
    let list = |desk: &Desk<PostgresStore>| {
        let rows = desk.tenant(TENANT).list(&Filter::all(), &Page::oldest(100));
        rows.unwrap()
    };
    let rows = list(&desks[0]);
    assert_eq!((rows.len(), rows), (40, list(&desks[1])));
    let third = again(desks[0].store()).unwrap();
    third.check_integrity().unwrap();
    let mut load = Load::streams(TENANT, []);
    load.number = true;
    assert!(third.load(&load).unwrap().number > Some(TicketNumber(40)));
}

/// Processes that start together on an empty database make its tables once.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn processes_start_together() {
    let schema = server::schema();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            let options = PostgresStore::options().schema(&schema);
            scope.spawn(move || options.connect(&server()).unwrap());
        }
    });
}

fn due_at(n: i64) -> Wake {
    Wake {
        at: Some(at(BEGIN) + TimeDelta::seconds(n)),
        stamp: Stamp {
            rulebook: helpdesk::id::RulebookId::from_uuid(Uuid::from_u128(7)),
            zone_data: "z".into(),
        },
    }
}

/// With a lease, each process is given other streams; one that died gives its own up when the lease ends, and nobody polls.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn sweepers_share_the_work() {
    let lease = TimeDelta::minutes(1);
    let first = options().sweep_lease(lease).connect(&server()).unwrap();
    let second = PostgresStore::options().schema(first.schema());
    let second = second.sweep_lease(lease).connect(&server()).unwrap();
    for n in 0..30 {
        let part = append(stream(&n.to_string()), 0, 1).wake(due_at(n));
        first.commit(&commit(vec![part])).unwrap();
    }
    let now = at(BEGIN) + TimeDelta::minutes(1);
    let ask = |store: &PostgresStore, now| -> Vec<StreamId> {
        let due = store.due(now, "z", 20).unwrap();
        due.iter().map(|due| due.stream).collect()
    };
    let (one, two) = (ask(&first, now), ask(&second, now));
    assert_eq!((one.len(), two.len()), (20, 10));
    let all: BTreeSet<_> = one.iter().chain(&two).collect();
    assert_eq!(all.len(), 30, "nobody is given what another one has");
    assert_eq!(ask(&first, now), one, "what one has, it is given again");
    assert_eq!(ask(&second, now), two);
    assert_eq!(
        second.next_wake(None).unwrap(),
        due_at(20).at,
        "its own are due"
    );

    // The second one sweeps its own and sleeps until the other's lease ends; the first one is dead.
    for stream in &two {
        let part = append(*stream, 1, 2).wake(due_at(10_000));
        second.commit(&commit(vec![part])).unwrap();
    }
    assert_eq!(ask(&second, now), []);
    assert_eq!(second.next_wake(None).unwrap(), Some(now + lease));
    assert_eq!(ask(&second, now + lease), one);
    assert_eq!(ask(&first, now + lease), [], "late, but not dead");

    // A stream whose wake-up changed is anybody's.
    let moved = one[3];
    let part = append(moved, 1, 2).wake(due_at(1));
    first.commit(&commit(vec![part])).unwrap();
    assert_eq!(ask(&first, now + lease), [moved]);

    // Many at once, on many processes: each stream is held by one.
    let options = PostgresStore::options()
        .schema(first.schema())
        .sweep_lease(lease);
    let stores: Vec<_> = (0..4)
        .map(|_| options.clone().connect(&server()).unwrap())
        .collect();
    let later = now + TimeDelta::hours(1);
    let taken: Vec<StreamId> = std::thread::scope(|scope| {
        let ask = |store| move || ask(store, later).into_iter().take(5).collect::<Vec<_>>();
        let threads: Vec<_> = stores.iter().map(|store| scope.spawn(ask(store))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let different: BTreeSet<_> = taken.iter().collect();
    assert_eq!(different.len(), taken.len());
}

/// Two store values on the same tables that share the sweeps, each stream for a minute at a time.
fn two_sharing() -> [PostgresStore; 2] {
    let lease = TimeDelta::minutes(1);
    let first = options().sweep_lease(lease).connect(&server()).unwrap();
    let second = PostgresStore::options().schema(first.schema());
    let second = second.sweep_lease(lease).connect(&server()).unwrap();
    [first, second]
}

fn second(n: i64) -> chrono::DateTime<chrono::Utc> {
    at(BEGIN) + TimeDelta::seconds(n)
}

/// Two that ask at the same instant, again and again, for what both held before: what one gives up the other one takes, and nobody waits
/// for somebody who waits.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn sweepers_that_ask_at_once_do_not_wait_for_each_other() {
    let both = two_sharing();
    let streams = ["x", "y", "z"].map(stream);
    for version in 0..200 {
        let round = i64::try_from(version).unwrap();
        for stream in streams {
            let part = append(stream, version, version + 1).wake(due_at(round));
            both[0].commit(&commit(vec![part])).unwrap();
        }
        let now = at(BEGIN) + TimeDelta::seconds(round);
        let told: Vec<_> = std::thread::scope(|scope| {
            let ask = |store| scope.spawn(move || PostgresStore::due(store, now, "z", 2));
            let asked = both.each_ref().map(ask);
            asked.map(|asked| asked.join().unwrap().unwrap()).concat()
        });
        let different: BTreeSet<_> = told.iter().map(|due| due.stream).collect();
        assert_eq!(different.len(), told.len(), "round {round}");
    }
}

/// What one process does not sweep within its lease goes to others, however often it asks, and comes back to it a lease later.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_one_process_cannot_sweep_goes_to_others() {
    let [one, two] = two_sharing();
    let s = stream("s");
    let part = append(s, 0, 1).wake(due_at(0));
    one.commit(&commit(vec![part])).unwrap();
    let ask = |store: &PostgresStore, now| -> usize {
        let peeked = store.peek_due(second(now), "z", 9).unwrap();
        let given = store.due(second(now), "z", 9).unwrap();
        assert_eq!(peeked, given, "at {now}");
        given.len()
    };
    let next = |store: &PostgresStore, now| store.next_wake(Some(second(now))).unwrap();
    for now in [0, 20, 40, 59] {
        assert_eq!((ask(&one, now), ask(&two, now)), (1, 0), "at {now}");
    }
    assert_eq!(next(&two, 59), Some(second(60)));
    assert_eq!((ask(&one, 60), next(&one, 60)), (0, Some(second(120))));
    for now in [60, 80, 119] {
        assert_eq!((ask(&two, now), ask(&one, now)), (1, 0), "at {now}");
    }
    assert_eq!(next(&one, 80), Some(second(120)));
    assert_eq!((ask(&two, 120), next(&two, 120)), (0, Some(second(180))));
    assert_eq!(ask(&one, 120), 1);
    // The other one is gone: it has it again after a lease, as if for the first time.
    assert_eq!((ask(&one, 180), ask(&one, 239)), (0, 0));
    assert_eq!(next(&one, 200), Some(second(240)));
    assert_eq!((ask(&one, 240), ask(&two, 299)), (1, 0));

    // What was swept is held no more, and a new wake-up is anybody's.
    let part = append(s, 1, 2).wake(due_at(250));
    one.commit(&commit(vec![part])).unwrap();
    assert_eq!(next(&two, 245), Some(second(250)));
    assert_eq!((ask(&two, 250), ask(&one, 250)), (1, 0));
    let part = append(s, 2, 3).wake(due_at(9_999));
    two.commit(&commit(vec![part])).unwrap();
    assert_eq!((ask(&two, 260), ask(&one, 260)), (0, 0));
    let held = format!("SELECT count(*) FROM {}.sweeps", one.schema());
    let held: i64 = client().query_one(&held, &[]).unwrap().get(0);
    assert_eq!(held, 0);
}

/// A process of an earlier version on the same tables, which lets go of everything that it holds, and of whatever is over, each time that it
/// asks: each of the two is given what the other one does not hold.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn an_earlier_version_shares_the_work() {
    let [newer, _] = two_sharing();
    let s = stream("s");
    let part = append(s, 0, 1).wake(due_at(0));
    newer.commit(&commit(vec![part])).unwrap();
    let mut client = client();
    let mut earlier = |now: i64| -> usize {
        let holder = Uuid::from_u128(1);
        let [now, until] = [now, now + 60].map(|n| second(n).timestamp_micros());
        let release = "DELETE FROM {s}.sweeps WHERE holder = $1 OR held_until <= $2";
        let take = "INSERT INTO {s}.sweeps AS l (tenant, kind, id, wake_at, held_until, holder) \
            SELECT tenant, kind, id, wake_at, $2, $3 FROM {s}.streams WHERE wake_at <= $1 \
            ON CONFLICT (tenant, kind, id) DO UPDATE SET wake_at = excluded.wake_at, \
            held_until = excluded.held_until, holder = excluded.holder \
            WHERE l.wake_at <> excluded.wake_at OR l.held_until <= $1 RETURNING id";
        let [release, take] = [release, take].map(|text| text.replace("{s}", newer.schema()));
        client.execute(&release, &[&holder, &now]).unwrap();
        let taken = client.query(&take, &[&now, &until, &holder]).unwrap();
        taken.len()
    };
    let ask = |now| newer.due(second(now), "z", 9).unwrap().len();
    let next = |now| newer.next_wake(Some(second(now))).unwrap();
    assert_eq!((earlier(0), ask(1)), (1, 0));
    assert_eq!(next(1), Some(second(60)));
    assert_eq!((earlier(10), ask(69)), (1, 0), "it holds it anew");
    assert_eq!((ask(70), earlier(71)), (1, 0));
    assert_eq!((ask(130), earlier(131)), (0, 1));
    assert_eq!((ask(131), next(131)), (0, Some(second(191))));
}

/// Whoever only asks takes nothing from those who sweep.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn asking_takes_nothing() {
    let [one, two] = two_sharing();
    let [asks, sweeps] = [one, two].map(|store| Desk::new(store, rulebook()));
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    asks.open(&opened, Open::new("x").body("help")).unwrap();
    let now = at(BEGIN) + TimeDelta::days(2);
    assert_eq!(asks.nap(now).unwrap(), now);
    assert_eq!(asks.next_wake(now).unwrap(), Some(now));
    assert_eq!(sweeps.next_wake(now).unwrap(), Some(now));
    assert_eq!(sweeps.sweep(now, 10).unwrap().tickets, 1);
    assert!(asks.next_wake(now).unwrap().is_none_or(|next| next > now));
    // The same for an async host.
    #[cfg(feature = "async")]
    {
        let part = append(stream("s"), 0, 1).wake(due_at(0));
        asks.store().commit(&commit(vec![part])).unwrap();
        let peeked = helpdesk::store::AsyncStore::peek_due(asks.store(), now, "z", 9);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let peeked = runtime.block_on(peeked).unwrap();
        assert!(peeked.iter().any(|due| due.stream == stream("s")));
        let given = sweeps.store().due(now, "z", 9).unwrap();
        assert!(given.iter().any(|due| due.stream == stream("s")));
    }
}

/// Whoever looks ahead sees what others hold and what is just being written, and waits for nobody.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn who_looks_ahead_sees_what_others_hold() {
    let [one, two] = two_sharing();
    let names = ["a", "b"].map(stream);
    let parts = names.map(|s| append(s, 0, 1).wake(due_at(0)));
    one.commit(&commit(parts.to_vec())).unwrap();
    assert_eq!(one.due(second(1), "z", 1).unwrap().len(), 1);
    let mut other = client();
    let mut held = other.transaction().unwrap();
    let hold = format!("UPDATE {}.streams SET schema = 1", one.schema());
    held.execute(&hold, &[]).unwrap();
    for until in [1, 2, 1_000_000] {
        let ahead = two.wakes_by(second(until), "z", 9).unwrap();
        assert_eq!(ahead.len(), 2, "by {until}");
    }
    held.rollback().unwrap();
}

/// What is just being written is given to nobody, and looked at again a second later: whoever writes may give up.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_is_being_written_is_looked_at_again_soon() {
    let [one, two] = two_sharing();
    let [one, two] = [one, two].map(|store| Desk::new(store, rulebook()));
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    one.open(&opened, Open::new("x").body("help")).unwrap();
    let now = at(BEGIN) + TimeDelta::days(2);
    let mut host = client();
    let mut writing = host.transaction().unwrap();
    let lock = format!("SELECT 1 FROM {}.streams FOR UPDATE", one.store().schema());
    writing.execute(&lock, &[]).unwrap();
    let soon = now + TimeDelta::seconds(1);
    for desk in [&one, &two] {
        assert_eq!(desk.sweep(now, 10).unwrap().tickets, 0);
        assert_eq!(desk.next_wake(now).unwrap(), Some(soon));
        assert_eq!(desk.nap(now).unwrap(), soon);
    }
    writing.rollback().unwrap();
    assert_eq!(one.nap(soon).unwrap(), soon);
    assert_eq!(one.sweep(soon, 10).unwrap().tickets, 1);
    assert!(
        two.next_wake(soon)
            .unwrap()
            .is_none_or(|next| next > soon + TimeDelta::seconds(1))
    );
}

/// A process whose commits fail holds up nobody's tickets, and neither process is told that something is due when it will not be given it.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_process_that_fails_holds_up_nobody() {
    let [one, two] = two_sharing();
    let one = FaultyStore::new(one);
    let ailing = Desk::new(one, rulebook());
    let sound = Desk::new(two, rulebook());
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    ailing.open(&opened, Open::new("x").body("help")).unwrap();
    ailing
        .store()
        .cue_times(Asked::Commit, Fault::Refuse(StoreErrorKind::Corrupt), 1_000);
    let begin = at(BEGIN) + TimeDelta::days(2);
    let mut swept_at = None;
    for n in 0..200 {
        let now = begin + TimeDelta::seconds(n);
        if ailing.next_wake(now).unwrap() == Some(now) {
            let swept = ailing.sweep(now, 10).unwrap();
            assert_eq!((swept.tickets, swept.failed.len()), (0, 1), "after {n} s");
        }
        if sound.next_wake(now).unwrap() == Some(now) {
            let swept = sound.sweep(now, 10).unwrap();
            assert_eq!((swept.tickets, swept.failed.len()), (1, 0), "after {n} s");
            swept_at = swept_at.or(Some(n));
        }
    }
    assert_eq!(swept_at, Some(60));
}

/// A process that is given a ticket every second lease only, and fails each time, goes on telling of it, with growing pauses.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_ticket_that_is_withheld_from_whoever_failed_stays_ailing() {
    let [one, _] = two_sharing();
    let desk = Desk::new(FaultyStore::new(one), rulebook());
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    desk.open(&opened, Open::new("x").body("help")).unwrap();
    let commits = Fault::Refuse(StoreErrorKind::Corrupt);
    desk.store().cue_times(Asked::Commit, commits, 1_000);
    let begin = at(BEGIN) + TimeDelta::days(2);
    let mut tries = Vec::new();
    for n in 0..700 {
        let now = begin + TimeDelta::seconds(n);
        if desk.nap(now).unwrap() > now {
            continue;
        }
        if !desk.sweep(now, 10).unwrap().failed.is_empty() {
            tries.push(n);
        }
        let ailing = desk.ailing();
        assert_eq!(ailing.len(), 1, "after {n} s");
        assert_eq!(
            (ailing[0].since, ailing[0].tries as usize),
            (begin, tries.len())
        );
    }
    assert!(tries.len() > 4, "{tries:?}");
}

/// Other zone data, or a publication, has every stream looked at, and most keep their wake-ups: these are in time.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_wake_up_that_stays_under_other_zone_data_is_in_time() {
    let [one, two] = two_sharing();
    let s = stream("s");
    let under = |zone_data: &'static str| {
        let mut wake = due_at(90);
        wake.stamp.zone_data = zone_data.into();
        wake
    };
    let part = append(s, 0, 1).wake(under("y"));
    one.commit(&commit(vec![part])).unwrap();
    let ask = |store: &PostgresStore, now| store.due(second(now), "z", 9).unwrap().len();
    assert_eq!((ask(&one, 0), ask(&two, 0)), (1, 0));
    let part = Part::check(s, Version(1)).wake(under("z"));
    one.commit(&commit(vec![part])).unwrap();
    assert_eq!(one.next_wake(Some(second(70))).unwrap(), Some(second(90)));
    assert_eq!(two.next_wake(Some(second(70))).unwrap(), Some(second(90)));
    assert_eq!((ask(&one, 90), ask(&two, 90)), (1, 0));
}

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

/// Whoever waits longer than the lock timeout for a row is told to try again; reading never waits.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_row_that_is_held_is_unavailable() {
    let store = store();
    let impatient = again(&store).unwrap();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    held.execute(
        &format!("UPDATE {}.streams SET schema = 1", store.schema()),
        &[],
    )
    .unwrap();
    let error = impatient
        .commit(&commit(vec![append(s, 1, 2)]))
        .unwrap_err();
    let told = (error.kind(), error.is_retryable());
    assert_eq!(told, (StoreErrorKind::Unavailable, true), "{error}");
    assert_eq!(length(&impatient, s), 1);
    held.rollback().unwrap();
    impatient.commit(&commit(vec![append(s, 1, 2)])).unwrap();
}

/// Of a group, one whose row is held is unavailable, and those beside it are written.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_held_row_holds_up_no_other_of_its_group() {
    let store = store();
    let impatient = again(&store).unwrap();
    let names = ["a", "b", "c"].map(stream);
    let begin = names.map(|s| append(s, 0, 1));
    store.commit(&commit(begin.to_vec())).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    let hold = format!(
        "UPDATE {}.streams SET schema = 1 WHERE id = $1",
        store.schema()
    );
    held.execute(&hold, &[&names[0].id]).unwrap();
    let commits = names.map(|s| commit(vec![append(s, 1, 2)]));
    let told = impatient.commit_all(&commits.each_ref());
    let told: Vec<_> = told
        .into_iter()
        .map(|one| one.map_err(|error| error.kind()))
        .collect();
    assert_eq!(told, [Err(StoreErrorKind::Unavailable), Ok(()), Ok(())]);
    assert_eq!(names.map(|s| length(&store, s)), [1, 2, 2]);

    // Where many are held up, those behind them do not wait for ever.
    let hold = format!("UPDATE {}.streams SET schema = 1", store.schema());
    held.execute(&hold, &[]).unwrap();
    let checks: Vec<_> = (0..20)
        .map(|_| commit(vec![append(names[0], 1, 2)]))
        .collect();
    let begun = std::time::Instant::now();
    let told = impatient.commit_all(&checks.iter().collect::<Vec<_>>());
    assert!(
        told.into_iter()
            .all(|one| kind_of(one) == StoreErrorKind::Unavailable)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

/// A group that waits for a row keeps nobody from the rows that it has written already.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_group_that_is_held_up_holds_nothing() {
    let store = store();
    let names = ["a", "b"].map(stream);
    let begin = names.map(|s| append(s, 0, 1));
    store.commit(&commit(begin.to_vec())).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    let hold = format!(
        "UPDATE {}.streams SET schema = 1 WHERE id = $1",
        store.schema()
    );
    held.execute(&hold, &[&names[1].id]).unwrap();
    let commits = names.map(|s| commit(vec![append(s, 1, 2)]));
    std::thread::scope(|scope| {
        let group = scope.spawn(|| store.commit_all(&commits.each_ref()));
        std::thread::sleep(Duration::from_millis(50));
        let mut third = client();
        third.batch_execute("SET lock_timeout = 2000").unwrap();
        third.execute(&hold, &[&names[0].id]).unwrap();
        held.rollback().unwrap();
        let told = group.join().unwrap();
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    });
    assert_eq!(names.map(|s| length(&store, s)), [2, 2]);
}

/// A transaction of one instant that began before somebody else's commit can write nothing any more: that is a conflict, and its own.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_transaction_that_began_too_early_is_told_to_begin_anew() {
    let store = store();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let (mut mine, moving) = runtime
        .block_on(tokio_postgres::connect(&server(), tokio_postgres::NoTls))
        .unwrap();
    runtime.spawn(moving);
    let repeatable = tokio_postgres::IsolationLevel::RepeatableRead;
    let error = runtime.block_on(async {
        let begin = mine.build_transaction().isolation_level(repeatable);
        let mut transaction = begin.start().await.unwrap();
        transaction.execute("SELECT 1", &[]).await.unwrap();
        let other = commit(vec![append(s, 1, 2)]);
        std::thread::scope(|scope| scope.spawn(|| store.commit(&other)).join().unwrap()).unwrap();
        let late = commit(vec![append(s, 1, 3)]);
        let error = commit_in(store.sql(), &mut transaction, &late)
            .await
            .unwrap_err();
        transaction.rollback().await.unwrap();
        error
    });
    assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("begin a new one"), "{error}");
}

/// A usual commit is one statement, which tells of a refusal no more than that there was one: what is answered names what stood in
/// the way all the same, and nothing is written.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_refusal_names_what_stood_in_the_way() {
    let store = store();
    let (s, other) = (stream("s"), Uuid::from_u128(9));
    let key = UniqueKey::address(TENANT, "ann@example.com");
    let used = IdempotencyRecord {
        key: IdempotencyKey {
            tenant: TENANT,
            actor: Actor::System,
            key: name("once"),
        },
        at: at(BEGIN),
        fingerprint: Uuid::nil(),
        stream: s,
        after: Version(0),
        until: Version(2),
    };
    let mut first = commit(vec![append(s, 0, 2)]);
    first.unique.push((key, s.id));
    first.idempotency = Some(used.clone());
    store.commit(&first).unwrap();

    let stale = commit(vec![append(s, 1, 3)]);
    let mut claimed = commit(vec![append(s, 2, 3)]);
    claimed.unique.push((key, other));
    let mut again = commit(vec![append(s, 2, 3)]);
    again.idempotency = Some(used);
    for (mut refused, what) in [
        (stale, s.id.to_string()),
        (claimed, key.uuid().to_string()),
        (again, "`once`".to_owned()),
    ] {
        refused.content.push(text("text", None, "lost"));
        refused.outbox.push(message(1));
        let error = store.commit(&refused).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains(&what), "{error}");
        assert_eq!(length(&store, s), 2);
        let texts = store.content(TENANT, &[ContentId::named("text")]).unwrap();
        assert_eq!(texts, [None]);
        assert_eq!(store.next_delivery().unwrap(), None);
    }
}

/// What stands twice in a commit is no usual one: of two texts with one id the later stands.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn the_later_of_two_texts_with_one_id_stands() {
    let store = store();
    let mut both = commit(vec![append(stream("s"), 0, 1)]);
    both.content = ["first", "second"]
        .map(|body| text("text", None, body))
        .into();
    both.outbox = vec![message(1), message(1)];
    store.commit(&both).unwrap();
    let texts = store.content(TENANT, &[ContentId::named("text")]).unwrap();
    let texts: Vec<_> = texts.into_iter().flatten().map(|text| text.text).collect();
    assert_eq!(texts, ["second"]);
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

/// A message that cannot be read keeps nobody's messages back, and is told where it is alone.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_damaged_message_keeps_no_other_back() {
    let store = store();
    let mut send = commit(vec![]);
    send.outbox = (1..=3).map(message).collect();
    store.commit(&send).unwrap();
    let bad = Uuid::from_u128(1);
    meddle(
        &store,
        &format!("UPDATE {{s}}.outbox SET body = '{{' WHERE id = '{bad}'"),
    );
    a_bad_message_keeps_no_other_back(&store, bad);
}

/// A row of a list or of the figures that cannot be read is told with its ticket.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn damaged_rows_are_told_with_their_ticket() {
    let desk = Desk::new(store(), rulebook());
    let id = opened(&desk);
    meddle(
        desk.store(),
        "UPDATE {s}.streams SET facts = '{', listing = '{'",
    );
    for error in [
        desk.store().facts(TENANT, &mut |_| {}).unwrap_err(),
        desk.store()
            .list(TENANT, &Filter::all(), &Page::oldest(9))
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains(&id.to_string()), "{error}");
    }
}

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
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helpdesk' AND query LIKE $1";
    let like = format!("%{}%", store.schema());
    client().query(cut, &[&like]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
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

/// What a newer version wrote is `newer`, is left as it is, and holds up nobody else.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn newer_events_are_left_to_newer_processes() {
    let desk = Desk::new(store(), rulebook());
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

/// Damage of each kind is told as damage, by name, and never taken for an empty stream.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn damage_is_corrupt() {
    let store = store();
    let names = ["gap", "garbage", "other place", "fine", "lost"];
    let mut all = commit(names.map(|name| append(stream(name), 0, 3)).to_vec());
    all.content.push(text("1", None, "x"));
    store.commit(&all).unwrap();
    let damage = |text: &str, name: &str| {
        meddle(&store, &text.replace("{id}", &stream(name).id.to_string()));
    };
    damage(
        "DELETE FROM {s}.events WHERE id = '{id}' AND version = 2",
        "gap",
    );
    damage(
        "UPDATE {s}.events SET body = '{' WHERE id = '{id}' AND version = 2",
        "garbage",
    );
    let swap = "UPDATE {s}.events SET body = replace(body, '\"version\":3', '\"version\":1') WHERE id = '{id}'";
    damage(swap, "other place");
    for name in ["gap", "garbage", "other place"] {
        let load = Load::streams(TENANT, [stream("fine"), stream(name)]);
        let error = store.load(&load).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{name}: {error}");
        assert!(
            error.to_string().contains(&stream(name).id.to_string()),
            "{error}"
        );
    }
    meddle(&store, "UPDATE {s}.contents SET body = 'no json'");
    let read = store.content(TENANT, &[ContentId::named("1")]).unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::Corrupt);
    assert!(
        read.to_string()
            .contains(&ContentId::named("1").to_string()),
        "{read}"
    );
    assert_eq!(length(&store, stream("fine")), 3);

    let error = store.check_integrity().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert!(
        error.to_string().contains(&stream("gap").id.to_string()),
        "{error}"
    );
    damage("DELETE FROM {s}.events WHERE id = '{id}'", "gap");
    damage("DELETE FROM {s}.streams WHERE id = '{id}'", "gap");
    store.check_integrity().unwrap();
    damage("DELETE FROM {s}.streams WHERE id = '{id}'", "lost");
    assert_eq!(kind_of(store.check_integrity()), StoreErrorKind::Corrupt);

    meddle(&store, "DROP TABLE {s}.outbox");
    let claimed = store.claim(at(BEGIN), TimeDelta::minutes(1), 1);
    assert_eq!(kind_of(claimed), StoreErrorKind::Corrupt);
    assert_eq!(kind_of(again(&store)), StoreErrorKind::Corrupt);
    meddle(&store, "DELETE FROM {s}.schema_version");
    assert_eq!(kind_of(again(&store)), StoreErrorKind::Corrupt);
}

/// A snapshot that cannot be read is as good as none, and one of another fold too.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_spoiled_snapshot_is_passed_over() {
    let desk = Desk::new(store(), rulebook());
    let ticket = opened(&desk);
    for n in 0..80 {
        let now = at(BEGIN) + TimeDelta::seconds(n);
        let by_kim = call(Actor::Agent(KIM), now, n.unsigned_abs().into());
        desk.submit(ticket, &by_kim, Command::note(n.to_string()))
            .unwrap();
    }
    let kept = "SELECT count(*) FROM {s}.snapshots".replace("{s}", desk.store().schema());
    let kept: i64 = client().query_one(&kept, &[]).unwrap().get(0);
    assert_eq!(kept, 1);
    let mut load = Load::streams(TENANT, [StreamId::ticket(TENANT, ticket)]);
    load.snapshots = true;
    let stream = |load: &Load| desk.store().load(load).unwrap().streams.remove(0);
    let with = stream(&load);
    assert!(with.snapshot.is_some() && with.events.len() < 64);
    let whole = desk.ticket(ticket).unwrap();
    for (spoil, heal) in [
        ("version = version - 1", "version = version + 1"),
        ("fold = fold + 1", "fold = fold - 1"),
        ("body = '{'", "body = '{'"),
    ] {
        meddle(desk.store(), &format!("UPDATE {{s}}.snapshots SET {spoil}"));
        let without = stream(&load);
        assert!(
            without.snapshot.is_none() && without.events.len() > 80,
            "{spoil}"
        );
        assert_eq!(desk.ticket(ticket).unwrap(), whole);
        meddle(desk.store(), &format!("UPDATE {{s}}.snapshots SET {heal}"));
    }
}

/// What is erased is in no row.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn erased_texts_are_in_no_row() {
    let desk = Desk::new(store(), rulebook());
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    let open = Open::new("the secret subject").body("the secret body");
    let ticket = desk.open(&opened, open).unwrap().id();
    let rows = || dump(desk.store()).concat().concat();
    assert!(rows().contains("the secret body") && rows().contains("the secret subject"));
    let mut erase = commit(vec![]);
    erase.persons.push(ANN);
    let bodies = desk.ticket(ticket).unwrap();
    erase.erased = bodies
        .messages()
        .iter()
        .map(|message| message.body)
        .collect();
    erase.erased.push(bodies.subject());
    erase.content.push(text("stays", None, "this stays"));
    desk.store().commit(&erase).unwrap();
    assert!(!rows().contains("secret") && rows().contains("this stays"));
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
