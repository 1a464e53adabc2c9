//! The PostgreSQL store as an async one: futures dropped at every point, on one connection and on many.

#![cfg(all(feature = "async", feature = "postgres"))]

mod common;
#[path = "common/futures.rs"]
mod futures;
#[path = "common/postgres.rs"]
mod server;

use std::time::Duration;

use chrono::TimeDelta;
use common::*;
use futures::{Stepped, block_on};
use helpdesk::store::postgres::tokio_postgres;
use helpdesk::store::{
    AsyncStore, Commit, GroupCommit, Load, Part, PostgresStore, Stamp, Store, StoreErrorKind,
    StreamId, Wake,
};
use helpdesk::ticket::{Content, ContentKind, Event, Recorded, Version};
use helpdesk::{Actor, AsyncDesk, Command, Open, TenantId, TicketId};

const TENANT: TenantId = TenantId::SINGLE;

fn stream(text: &str) -> StreamId {
    StreamId::ticket(TENANT, TicketId::named(text))
}

/// Two streams of some events and a text: several statements.
fn commit(n: usize) -> Commit {
    let event = |version: u64| Recorded {
        version: Version(version),
        at: at(BEGIN),
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event: Event::TagAdded { tag: name("x") },
    };
    let part = |which: &str| {
        let stream = stream(&format!("{which} {n}"));
        let events: Vec<Recorded> = (1..=5).map(event).collect();
        Part::append(stream, Version(0), events)
    };
    let mut commit = Commit::new(TENANT, at(BEGIN), vec![part("first"), part("second")]);
    commit.content.push(Content {
        id: helpdesk::id::ContentId::named(&format!("text {n}")),
        kind: ContentKind::Body,
        about: None,
        text: "text".to_owned(),
    });
    commit
}

/// Due at once.
fn wake() -> Wake {
    let stamp = Stamp {
        rulebook: helpdesk::id::RulebookId::named("r"),
        zone_data: "z".into(),
    };
    Wake {
        at: Some(at(BEGIN)),
        stamp,
    }
}

/// How many transactions of this store's are open on the server.
fn open_transactions(store: &PostgresStore) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'helpdesk' \
        AND state LIKE 'idle in transaction%' AND query LIKE '%' || $1 || '%'";
    let row = server::client().query_one(text, &[&store.schema()]);
    row.unwrap().get(0)
}

/// Dropped after any number of polls, a commit is there whole or not at all, no transaction stays open, and the store goes on: also
/// with one connection, which each dropped future had.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn postgres_a_dropped_commit_is_whole_or_not_there() {
    let options = server::options().connections(1);
    let store = block_on(options.connect_async(&server::server())).unwrap();
    let mut outcomes = [0, 0];
    for n in 0..60 {
        let commit = commit(n);
        {
            let mut writing = Stepped::new(AsyncStore::commit(&store, &commit));
            for _ in 0..n % 12 {
                if writing.step().is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_micros(300 * (n as u64 % 7)));
            }
        }
        let load = Load::streams(
            TENANT,
            [
                stream(&format!("first {n}")),
                stream(&format!("second {n}")),
            ],
        );
        let text = helpdesk::id::ContentId::named(&format!("text {n}"));
        // The server may still be about to finish what was sent: a writer after it waits for it, as for any other.
        let told = Store::commit(&store, &commit);
        let whole = told.is_err();
        if let Err(error) = &told {
            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
        }
        let loaded = block_on(AsyncStore::load(&store, &load)).unwrap();
        let lengths = [0, 1].map(|n: usize| loaded.streams[n].events.len());
        assert_eq!(lengths, [5, 5]);
        let texts = block_on(AsyncStore::content(&store, TENANT, &[text])).unwrap();
        assert!(texts[0].is_some());
        outcomes[usize::from(whole)] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
    assert_eq!(open_transactions(&store), 0);
    store.check_integrity().unwrap();
}

/// Loads, claims and deliveries that are dropped leave the connections as good as before.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn postgres_dropped_questions_harm_nobody() {
    let store = block_on(
        server::options()
            .connections(2)
            .connect_async(&server::server()),
    );
    let store = store.unwrap();
    block_on(AsyncStore::commit(&store, &commit(0))).unwrap();
    let load = Load::streams(TENANT, [stream("first 0"), stream("second 0")]);
    for polls in 0..40 {
        let mut asking = Stepped::new(AsyncStore::load(&store, &load));
        let lease = TimeDelta::minutes(1);
        let mut claiming = Stepped::new(AsyncStore::claim(&store, at(BEGIN), lease, 10));
        for _ in 0..polls % 5 {
            if asking.step().is_some() || claiming.step().is_some() {
                break; // what is done is not polled again
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        drop((asking, claiming));
        let loaded = block_on(AsyncStore::load(&store, &load)).unwrap();
        assert_eq!(loaded.streams.len(), 2);
        assert!(loaded.streams.iter().all(|one| one.events.len() == 5));
    }
    assert_eq!(open_transactions(&store), 0);
}

/// What a call that was given up had sent goes on at the server: so long its connection takes a place, and others wait for it.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn postgres_calls_that_are_given_up_take_no_more_connections() {
    let options = server::options()
        .connections(2)
        .lock_timeout(Duration::from_secs(3));
    let mut config: tokio_postgres::Config = server::server().parse().unwrap();
    config.application_name("given_up");
    let store = block_on(options.connect_tls_async(config, tokio_postgres::NoTls)).unwrap();
    Store::commit(&store, &commit(0)).unwrap();
    let mut host = server::client();
    let mut holding = host.transaction().unwrap();
    let hold = format!("SELECT 1 FROM {}.streams FOR UPDATE", store.schema());
    holding.execute(&hold, &[]).unwrap();
    let mut more = commit(0);
    more.parts = vec![Part::check(stream("first 0"), Version(5)).wake(wake())];
    for _ in 0..10 {
        let mut writing = Stepped::new(AsyncStore::commit(&store, &more));
        for _ in 0..10 {
            assert!(writing.step().is_none(), "somebody else holds the stream");
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    let text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'given_up'";
    let sessions: i64 = server::client().query_one(text, &[]).unwrap().get(0);
    assert!((1..=2).contains(&sessions), "{sessions} connections");
    holding.rollback().unwrap();
    Store::commit(&store, &commit(1)).unwrap();
}

/// A question whose answer nobody takes holds nothing meanwhile.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn postgres_a_parked_question_holds_nothing() {
    let options = server::options().sweep_lease(TimeDelta::minutes(1));
    let store = block_on(options.connect_async(&server::server())).unwrap();
    let mut first = commit(0);
    for part in &mut first.parts {
        part.wake = Some(wake());
    }
    Store::commit(&store, &first).unwrap();
    block_on(AsyncStore::due(&store, at(BEGIN), "z", 9)).unwrap(); // it knows its statements
    let later = at(BEGIN) + TimeDelta::seconds(1);
    let mut asking = Stepped::new(AsyncStore::due(&store, later, "z", 9));
    for _ in 0..3 {
        assert!(asking.step().is_none()); // twice it listens whether the server is there, then it asks
    }
    std::thread::sleep(Duration::from_millis(100));
    let begun = std::time::Instant::now();
    let part = Part::check(stream("first 0"), Version(5)).wake(wake());
    let more = Commit::new(TENANT, at(BEGIN), vec![part]);
    block_on(AsyncStore::commit(&store, &more)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "it waited");
}

/// An async desk over group commit, with requests of many tasks, some of which are dropped: what was told is kept.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn postgres_requests_of_many_tasks_are_kept() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .unwrap();
    let store = runtime.block_on(server::options().connect_async(&server::server()));
    let desk = AsyncDesk::new(GroupCommit::new(store.unwrap()), rulebook());
    let desk = std::sync::Arc::new(desk);
    let told: Vec<_> = (0..60_u128)
        .map(|n| {
            let desk = desk.clone();
            runtime.spawn(async move {
                let customer = call(Actor::Customer(ANN), at(BEGIN), n * 2);
                let opening = desk.open(&customer, Open::new("x").body("help"));
                let patience = match n % 4 {
                    0 => Duration::from_millis(n as u64 / 4),
                    _ => Duration::from_secs(20),
                };
                let opened = tokio::time::timeout(patience, opening).await.ok()?;
                let id = opened.unwrap().id();
                let later = at(BEGIN) + TimeDelta::minutes(5);
                let agent = call(Actor::Agent(KIM), later, n * 2 + 1);
                desk.submit(id, &agent, Command::resolve()).await.unwrap();
                Some(id)
            })
        })
        .collect();
    let told: Vec<TicketId> = told
        .into_iter()
        .filter_map(|one| runtime.block_on(one).unwrap())
        .collect();
    assert!(told.len() >= 45, "only those that were dropped are missing");
    for id in told {
        let ticket = runtime.block_on(desk.ticket(id)).unwrap();
        assert_eq!(ticket.status().stage(), helpdesk::ticket::Stage::Resolved);
    }
    desk.store().store().check_integrity().unwrap();
}
