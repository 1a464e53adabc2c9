//! Group commit: several writers share a flush, one conflict undoes only itself, and nobody is told before the flush.

mod common;
#[path = "common/futures.rs"]
mod futures;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use common::*;
use helpdesk::store::{
    Commit, GroupCommit, IdempotencyKey, Load, MemoryStore, Part, Store, StoreError,
    StoreErrorKind, StreamId, UniqueKey,
};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{Content, ContentKind, Event, Recorded, Version};
use helpdesk::{Actor, Command, Desk, Open, TenantId, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

const TENANT: TenantId = TenantId::SINGLE;

fn stream(n: usize) -> StreamId {
    StreamId::ticket(TENANT, TicketId::named(&format!("ticket {n}")))
}

fn event(version: u64, tag: &str) -> Recorded {
    Recorded {
        version: Version(version),
        at: at(BEGIN),
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event: Event::TagAdded { tag: name(tag) },
    }
}

/// One event on a stream that is believed to stand at `expected`.
fn append(n: usize, expected: u64) -> Commit {
    let tag = format!("of {n} at {expected}");
    let part = Part::append(
        stream(n),
        Version(expected),
        vec![event(expected + 1, &tag)],
    );
    Commit::new(TENANT, at(BEGIN), vec![part])
}

fn versions(store: &dyn Store, streams: usize) -> Vec<usize> {
    let load = Load::streams(TENANT, (0..streams).map(stream));
    let loaded = store.load(&load).unwrap();
    loaded.streams.iter().map(|one| one.events.len()).collect()
}

fn kinds(results: &[Result<(), StoreError>]) -> Vec<Option<StoreErrorKind>> {
    let kind = |result: &Result<(), StoreError>| result.as_ref().err().map(StoreError::kind);
    results.iter().map(kind).collect()
}

/// One of sixteen conflicts, and fifteen land: told by the store, and again after it was opened anew.
fn one_conflicts_and_fifteen_land<S: Store>(store: S, again: impl FnOnce(S) -> Box<dyn Store>) {
    store.commit(&append(7, 0)).unwrap();
    let commits: Vec<Commit> = (0..16).map(|n| append(n, 0)).collect();
    let together: Vec<&Commit> = commits.iter().collect();
    let told = kinds(&store.commit_all(&together));
    for (n, kind) in told.iter().enumerate() {
        let expected = (n == 7).then_some(StoreErrorKind::Conflict);
        assert_eq!(*kind, expected, "commit {n}");
    }
    assert_eq!(versions(&*again(store), 16), [1; 16]);
}

#[test]
fn of_sixteen_in_memory_fifteen_land() {
    one_conflicts_and_fifteen_land(MemoryStore::new(), |store| Box::new(store));
}

/// The writers come while the first one is still writing, so all others share the next flush.
fn sixteen_writers<S: Store>(store: S) -> GroupCommit<FaultyStore<S>> {
    let store = GroupCommit::new(FaultyStore::new(store));
    store.commit(&append(7, 0)).unwrap();
    let faulty = store.store();
    faulty.cue(Asked::Commit, Fault::Slow(Duration::from_millis(300)));
    let answers = AtomicUsize::new(0);
    thread::scope(|scope| {
        let first = scope.spawn(|| store.commit(&append(16, 0)));
        while faulty.cues_left() > 0 {
            thread::yield_now(); // until the first one is at the store
        }
        faulty.cue_times(Asked::Flush, Fault::Slow(Duration::ZERO), 100);
        for n in 0..16 {
            let (store, answers) = (&store, &answers);
            scope.spawn(move || {
                let expected = (n == 7).then_some(StoreErrorKind::Conflict);
                let told = store.commit(&append(n, 0));
                // Whoever is told that it is kept finds it kept.
                assert_eq!(versions(store, 16)[n], 1);
                assert_eq!(told.err().map(|error| error.kind()), expected);
                answers.fetch_add(1, Ordering::SeqCst);
            });
        }
        first.join().unwrap().unwrap();
    });
    assert_eq!(answers.into_inner(), 16);
    let flushes = 100 - faulty.cues_left();
    assert!(
        (1..=3).contains(&flushes),
        "{flushes} flushes for 16 writers"
    );
    faulty.come_back();
    store
}

#[test]
fn sixteen_writers_share_a_flush_in_memory() {
    sixteen_writers(MemoryStore::new());
}

/// Where the flush fails, every writer in it is told so, as the store says: nothing written, or nobody knows.
#[test]
fn a_failed_flush_is_told_to_everybody_in_it() {
    for (fault, kind, written) in [
        (Fault::Refuse(StoreErrorKind::Full), StoreErrorKind::Full, 0),
        (Fault::LoseAnswer, StoreErrorKind::Unavailable, 1),
    ] {
        let store = GroupCommit::new(FaultyStore::new(MemoryStore::new()));
        let faulty = store.store();
        faulty.cue(Asked::Commit, Fault::Slow(Duration::from_millis(300)));
        thread::scope(|scope| {
            let first = scope.spawn(|| store.commit(&append(4, 0)));
            while faulty.cues_left() > 0 {
                thread::yield_now();
            }
            faulty.cue(Asked::Flush, fault);
            let writers: Vec<_> = (0..4)
                .map(|n| {
                    let store = &store;
                    scope.spawn(move || store.commit(&append(n, 0)))
                })
                .collect();
            first.join().unwrap().unwrap();
            for writer in writers {
                assert_eq!(writer.join().unwrap().unwrap_err().kind(), kind);
            }
        });
        assert_eq!(versions(&store, 5), [written, written, written, written, 1]);
        store.commit(&append(0, written as u64)).unwrap();
    }
}

/// Threads that hammer a few tickets through one desk: nothing is lost, nothing is doubled.
fn a_hot_desk<S: Store>(store: S) -> Desk<GroupCommit<S>> {
    let desk = Desk::new(GroupCommit::new(store).at_most(5), rulebook());
    let open = |n| {
        let customer = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&customer, Open::new("hot").body("help")).unwrap()
    };
    let tickets: Vec<TicketId> = (0..3).map(|n| open(n).id()).collect();
    thread::scope(|scope| {
        for writer in 0..16_u128 {
            let (desk, tickets) = (&desk, &tickets);
            scope.spawn(move || {
                for i in 0..6_u128 {
                    let now = at(BEGIN) + TimeDelta::minutes(1);
                    let call = call(Actor::Agent(KIM), now, 1_000 + writer * 100 + i);
                    let key = name(&format!("{writer} {i}"));
                    let note = Command::note(format!("{writer} {i}"));
                    let ticket = tickets[(writer + i) as usize % 3];
                    desk.submit(ticket, &call.key(key), note).unwrap();
                }
            });
        }
    });
    let mut notes = 0;
    for ticket in tickets {
        let events = history(&desk, ticket);
        let versions: Vec<u64> = events.iter().map(|event| event.version.0).collect();
        assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>());
        let added = |event: &&Recorded| matches!(event.event, Event::MessageAdded(_));
        notes += events.iter().filter(added).count() - 1; // the customer's own
    }
    assert_eq!(notes, 16 * 6);
    desk
}

#[test]
fn writers_of_hot_tickets_lose_nothing() {
    a_hot_desk(MemoryStore::new());
}

/// A commit of a few kinds on few streams, so that many of them are refused.
fn some_commit() -> impl Strategy<Value = Commit> {
    let ids = (0..4_usize, 0..3_u64, 0..3_u128, any::<bool>());
    ids.prop_map(|(n, expected, key, other)| {
        let mut commit = append(n, expected);
        match key {
            0 => {}
            1 => {
                let owner = Uuid::from_u128(u128::from(other));
                commit.unique.push((UniqueKey::message(TENANT, "m"), owner));
            }
            _ => commit.content.push(Content {
                id: helpdesk::id::ContentId::named("text"),
                kind: ContentKind::Body,
                about: None,
                text: format!("{n} {expected}"),
            }),
        }
        if other && key == 2 {
            commit.parts.push(commit.parts[0].clone()); // contradicts itself
        }
        commit
    })
}

/// Everything that the commits of [`some_commit`] leave behind.
fn left_behind(store: &dyn Store) -> impl PartialEq + std::fmt::Debug {
    let mut load = Load::streams(TENANT, (0..4).map(stream));
    load.owners = vec![UniqueKey::message(TENANT, "m")];
    load.idempotency = None::<IdempotencyKey>;
    let text = helpdesk::id::ContentId::named("text");
    (
        store.load(&load).unwrap(),
        store.content(TENANT, &[text]).unwrap(),
    )
}

fn as_one_by_one(
    together: &dyn Store,
    alone: &dyn Store,
    flushes: &[Vec<Commit>],
) -> Result<(), TestCaseError> {
    for commits in flushes {
        let all: Vec<&Commit> = commits.iter().collect();
        let told = kinds(&together.commit_all(&all));
        let one_by_one: Vec<_> = commits.iter().map(|one| alone.commit(one)).collect();
        prop_assert_eq!(told, kinds(&one_by_one));
        prop_assert_eq!(left_behind(together), left_behind(alone));
    }
    Ok(())
}

fn flushes() -> impl Strategy<Value = Vec<Vec<Commit>>> {
    proptest::collection::vec(proptest::collection::vec(some_commit(), 0..8), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Commits in one flush are each whole or nothing, see those before them, and are refused exactly where they would be alone.
    #[test]
    fn a_flush_is_as_one_by_one_in_memory(flushes in flushes()) {
        as_one_by_one(&MemoryStore::new(), &MemoryStore::new(), &flushes)?;
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use helpdesk::store::SqliteStore;

    fn path(test: &str) -> std::path::PathBuf {
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("group");
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(test);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        path
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_flush_is_as_one_by_one(flushes in flushes()) {
            as_one_by_one(&SqliteStore::in_memory().unwrap(), &MemoryStore::new(), &flushes)?;
        }
    }

    #[test]
    fn of_sixteen_fifteen_land() {
        let path = path("fifteen");
        let store = SqliteStore::open(&path).unwrap();
        one_conflicts_and_fifteen_land(store, |store| {
            drop(store);
            Box::new(SqliteStore::open(&path).unwrap())
        });
    }

    #[test]
    fn sixteen_writers_share_a_flush() {
        let store = SqliteStore::open(path("sixteen")).unwrap();
        let store = sixteen_writers(store);
        store.store().inside().check_integrity().unwrap();
    }

    #[test]
    fn writers_of_hot_tickets_lose_nothing() {
        let desk = a_hot_desk(SqliteStore::open(path("hot")).unwrap());
        desk.store().store().check_integrity().unwrap();
    }

    /// A commit that is too much for the disk is told so, and those beside it are kept.
    #[test]
    fn of_several_only_the_one_too_big_is_full() {
        let options = SqliteStore::options().max_bytes(600_000);
        let store = options.open(path("full")).unwrap();
        let mut big = append(1, 0);
        big.content.push(Content {
            id: helpdesk::id::ContentId::named("big"),
            kind: ContentKind::Body,
            about: None,
            text: "x".repeat(1_000_000),
        });
        let told = store.commit_all(&[&append(0, 0), &big, &append(2, 0)]);
        assert_eq!(kinds(&told), [None, Some(StoreErrorKind::Full), None]);
        assert_eq!(versions(&store, 3), [1, 0, 1]);
        store.check_integrity().unwrap();
    }

    /// While another process writes, nobody in the flush is told that it is kept.
    #[test]
    fn a_locked_file_is_told_to_everybody() {
        let path = path("locked");
        let options = SqliteStore::options().busy_timeout(Duration::from_millis(50));
        let store = options.open(&path).unwrap();
        let other = helpdesk::store::sqlite::rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let told = store.commit_all(&[&append(0, 0), &append(1, 0)]);
        assert_eq!(kinds(&told), [Some(StoreErrorKind::Unavailable); 2]);
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(versions(&store, 2), [0, 0]);
    }

    /// What is erased in a flush is gone from the files when its writer is told.
    #[test]
    fn what_a_flush_erases_is_gone_from_the_files() {
        let path = path("erased");
        let store = SqliteStore::open(&path).unwrap();
        let id = helpdesk::id::ContentId::named("secret");
        let mut keep = append(0, 0);
        keep.content.push(Content {
            id,
            kind: ContentKind::Body,
            about: None,
            text: "the-secret-word".repeat(5),
        });
        store.commit_all(&[&keep, &append(1, 0)]).remove(0).unwrap();
        let mut erase = append(0, 1);
        erase.erased.push(id);
        let told = store.commit_all(&[&append(1, 1), &erase]);
        assert_eq!(kinds(&told), [None, None]);
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
            let found = bytes.windows(15).any(|piece| piece == b"the-secret-word");
            assert!(!found, "`{end}`");
        }
    }
}

#[cfg(feature = "postgres")]
#[path = "common/postgres.rs"]
mod server;

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;
    use helpdesk::store::PostgresStore;

    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_of_sixteen_fifteen_land() {
        one_conflicts_and_fifteen_land(server::store(), |store| {
            let options = PostgresStore::options().schema(store.schema());
            Box::new(options.connect(&server::server()).unwrap())
        });
    }

    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_sixteen_writers_share_a_flush() {
        sixteen_writers(server::store());
    }

    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_writers_of_hot_tickets_lose_nothing() {
        let desk = a_hot_desk(server::store());
        desk.store().store().check_integrity().unwrap();
    }
}

#[cfg(feature = "async")]
mod tasks {
    use std::sync::Mutex;

    use super::futures::{Stepped, block_on};
    use super::*;
    use helpdesk::store::asynchronous::Job;
    use helpdesk::store::{AsyncStore, Offloaded};

    type Grouped = GroupCommit<Offloaded<Arc<MemoryStore>>>;

    /// A store whose jobs wait until the test runs them, and the store inside.
    fn by_hand() -> (Grouped, Arc<MemoryStore>, impl Fn() -> usize) {
        let memory = Arc::new(MemoryStore::new());
        let jobs = Arc::new(Mutex::new(Vec::<Job>::new()));
        let queue = jobs.clone();
        let store = Offloaded::new(memory.clone(), move |job| {
            queue.lock().unwrap().push(job);
        });
        let run = move || {
            let jobs = std::mem::take(&mut *jobs.lock().unwrap());
            let count = jobs.len();
            jobs.into_iter().for_each(|job| job());
            count
        };
        (GroupCommit::new(store), memory, run)
    }

    /// The first is a flush of its own; those who come meanwhile share the next one, and one of them conflicts.
    #[test]
    fn sixteen_tasks_share_a_flush() {
        let (store, memory, run) = by_hand();
        memory.commit(&append(7, 0)).unwrap();
        let commits: Vec<Commit> = (0..17).map(|n| append(n, 0)).collect();
        let mut writers: Vec<_> = commits
            .iter()
            .map(|commit| Stepped::new(AsyncStore::commit(&store, commit)))
            .collect();
        assert!(writers.iter_mut().all(|one| one.step().is_none()));
        assert_eq!(run(), 1);
        assert_eq!(versions(&memory, 17).iter().sum::<usize>(), 2, "one flush");
        assert!(writers[0].is_woken());
        writers[0].step().unwrap().unwrap();
        // Anybody who was woken begins the next flush for all.
        assert!(writers[9].is_woken());
        assert!(writers[9].step().is_none());
        assert_eq!(run(), 1, "one job for sixteen commits");
        assert_eq!(versions(&memory, 17), [1; 17]);
        for (n, writer) in writers.iter_mut().enumerate().skip(1) {
            assert!(writer.is_woken(), "writer {n} is told");
            let told = writer.step().unwrap();
            let expected = (n == 7).then_some(StoreErrorKind::Conflict);
            assert_eq!(told.err().map(|error| error.kind()), expected);
        }
    }

    /// A writer that goes away before its flush is not written; in the middle of it, it disturbs nobody, whoever began the flush.
    #[test]
    fn a_writer_that_goes_away_disturbs_nobody() {
        let (store, memory, run) = by_hand();
        let commits: Vec<Commit> = (0..4).map(|n| append(n, 0)).collect();
        let mut writers: Vec<_> = commits
            .iter()
            .map(|commit| Some(Stepped::new(AsyncStore::commit(&store, commit))))
            .collect();
        for writer in writers.iter_mut().flatten() {
            assert!(writer.step().is_none());
        }
        writers[1] = None; // waits for its turn
        assert_eq!(run(), 1);
        let mut first = writers[0].take().unwrap();
        first.step().unwrap().unwrap();
        assert!(writers[2].as_mut().unwrap().step().is_none()); // begins the flush of 2 and 3
        writers[2] = None;
        let third = writers[3].as_mut().unwrap();
        assert!(third.is_woken(), "somebody is left to see to the flush");
        assert!(third.step().is_none());
        assert_eq!(run(), 1);
        third.step().unwrap().unwrap();
        assert_eq!(versions(&memory, 4), [1, 0, 1, 1]);
    }

    /// Where everybody in a flush goes away, those who wait begin the next one.
    #[test]
    fn an_abandoned_flush_holds_up_nobody() {
        let (store, memory, run) = by_hand();
        let (alone, next) = (append(0, 0), append(1, 0));
        let mut first = Stepped::new(AsyncStore::commit(&store, &alone));
        assert!(first.step().is_none());
        let mut second = Stepped::new(AsyncStore::commit(&store, &next));
        assert!(second.step().is_none());
        drop(first); // its job is under way and goes on to its end
        assert!(second.is_woken());
        assert!(second.step().is_none());
        assert_eq!(run(), 2);
        second.step().unwrap().unwrap();
        assert_eq!(versions(&memory, 2), [1, 1]);
        block_on(async {
            let (a, b) = (append(0, 1), append(1, 1));
            let mut pending = Stepped::new(AsyncStore::commit(&store, &a));
            assert!(pending.step().is_none());
            drop(pending);
            run();
            let mut last = Stepped::new(AsyncStore::commit(&store, &b));
            assert!(last.step().is_none());
            run();
            last.step().unwrap().unwrap();
        });
    }

    /// Many tasks on the threads of a runtime, some of which are dropped half-way: the others are all answered, and what was
    /// acknowledged is kept.
    #[test]
    fn tasks_of_a_runtime_are_all_answered() {
        let memory = Arc::new(MemoryStore::new());
        let store = Offloaded::new(memory.clone(), tokio::task::spawn_blocking::<Job, ()>);
        let store = Arc::new(GroupCommit::new(store).at_most(7));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        let writers: Vec<_> = (0..400_usize)
            .map(|n| {
                let store = store.clone();
                runtime.spawn(async move {
                    let commit = append(n, 0);
                    let writing = AsyncStore::commit(&*store, &commit);
                    if n % 5 == 0 {
                        let soon = Duration::from_micros(n as u64 * 3);
                        return tokio::time::timeout(soon, writing).await.ok();
                    }
                    Some(writing.await)
                })
            })
            .collect();
        let all = async {
            let mut told = Vec::new();
            for writer in writers {
                let answer = tokio::time::timeout(Duration::from_secs(20), writer).await;
                told.push(answer.expect("somebody was not answered").unwrap());
            }
            told
        };
        let told = runtime.block_on(all);
        let kept = versions(&memory, 400);
        for (n, told) in told.into_iter().enumerate() {
            match told {
                Some(answer) => {
                    answer.unwrap();
                    assert_eq!(kept[n], 1);
                }
                None => assert_eq!(n % 5, 0),
            }
        }
    }
}
