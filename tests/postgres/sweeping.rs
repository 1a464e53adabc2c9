//! Sweeps that several processes share: who is given which stream, for how long, and what becomes of one that fails.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use helpdesk::store::{Part, PostgresStore, Store, StoreErrorKind, StreamId};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::Version;
use helpdesk::{Actor, Desk, Open};
use uuid::Uuid;

use super::common::*;
use super::due_at;
use super::server::{client, options, server};
use super::sql::*;

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
