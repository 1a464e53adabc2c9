//! Streams: versions, atomic commits, races.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::outbox::message;
use super::records::record_of;
pub use super::samples::one_of_each;
pub use super::snapshots::{
    a_long_history_is_loaded_as_its_events_make_it, a_snapshot_is_one_that_was_committed,
    what_is_told_as_kept_is_what_was_written,
};
pub use super::whole::a_commit_is_all_or_nothing;
use super::{
    TENANT, append, begin, commit, event, events, id, key, one_text, owner, refused, stream,
    stream_of, text, versions,
};
use crate::call::Actor;
use crate::id::{ContentId, TenantId};
use crate::store::{Load, Part, Store, StoreError, StoreErrorKind};
use crate::ticket::Version;

/// Of two writers that saw the same version, one wins and the other leaves no trace.
pub fn a_stale_writer_is_refused_and_writes_nothing(store: &dyn Store) {
    let hot = stream("hot");
    store.commit(&commit(vec![append(hot, 0, 1)])).unwrap();
    store.commit(&commit(vec![append(hot, 1, 3)])).unwrap();
    for stale in [0, 1, 2, 4, 30] {
        let late = commit(vec![append(hot, stale, stale + 2)]);
        refused(store.commit(&late), StoreErrorKind::Conflict);
    }
    assert_eq!(versions(store, hot), [1, 2, 3]);
    let nobodys = commit(vec![append(stream("nobody's"), 1, 2)]);
    refused(store.commit(&nobodys), StoreErrorKind::Conflict);
    assert!(events(store, stream("nobody's")).is_empty());
}

/// Of many that saw the same version at the same time, exactly one wins, round after round.
pub fn of_many_that_saw_the_same_version_one_wins(store: &dyn Store) {
    let (hot, rounds) = (stream("hot"), 20);
    for round in 0..rounds {
        let wins = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(
                    || match store.commit(&commit(vec![append(hot, round, round + 1)])) {
                        Ok(()) => _ = wins.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                        }
                    },
                );
            }
        });
        assert_eq!(wins.into_inner(), 1, "round {round}");
    }
    assert_eq!(versions(store, hot), (1..=rounds).collect::<Vec<_>>());
}

/// Every kind of event comes back equal, with instants at the edges and to the microsecond.
pub fn events_come_back_as_they_were(store: &dyn Store) {
    let all = one_of_each();
    let full = stream("full");
    let part = Part::append(full, Version(0), all.clone());
    store.commit(&commit(vec![part])).unwrap();
    assert_eq!(events(store, full), all);
}

/// A stream far beyond one, two and three digits comes back whole and in order, however it was written.
pub fn a_long_stream_comes_back_whole(store: &dyn Store) {
    let long = stream("long");
    let mut version = 0;
    for batch in [1, 8, 1, 1, 89, 1, 899, 1, 1, 500] {
        let part = append(long, version, version + batch);
        store.commit(&commit(vec![part])).unwrap();
        version += batch;
    }
    assert_eq!(versions(store, long), (1..=version).collect::<Vec<_>>());
    refused(
        store.commit(&commit(vec![append(long, 9, 10)])),
        StoreErrorKind::Conflict,
    );
}

/// Two streams that are always written together are never seen apart, whoever looks while they are written.
pub fn nobody_sees_half_a_commit(store: &dyn Store) {
    let pair = [stream("left"), stream("right")];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let loaded = store.load(&Load::streams(TENANT, pair)).unwrap();
                    let [left, right] = loaded.streams.as_slice() else {
                        panic!("two streams were asked for");
                    };
                    assert_eq!(left.events, right.events);
                }
            });
        }
        let _done = Done(&done); // also where a commit fails
        for round in 0..60 {
            let parts = pair.map(|side| append(side, round, round + 1));
            store.commit(&commit(parts.to_vec())).unwrap();
        }
    });
}

/// Tells those who look that it is over, at the end of the scope or when it panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A part without events checks the version and writes nothing.
pub fn a_part_without_events_is_a_check(store: &dyn Store) {
    let (a, b) = (stream("a"), stream("b"));
    let checked = |after, b_stands_at| {
        let check = Part::check(b, Version(b_stands_at));
        commit(vec![append(a, after, after + 1), check])
    };
    refused(store.commit(&checked(0, 1)), StoreErrorKind::Conflict);
    store.commit(&checked(0, 0)).unwrap();
    store.commit(&commit(vec![append(b, 0, 1)])).unwrap();
    refused(store.commit(&checked(1, 0)), StoreErrorKind::Conflict);
    store.commit(&checked(1, 1)).unwrap();
    assert_eq!(
        (versions(store, a), versions(store, b)),
        (vec![1, 2], vec![1])
    );
    assert!(events(store, stream("c")).is_empty());
}

/// Of two commits at the same time of which each writes what the other one checks, or which both write both, one at most is written,
/// however their parts stand: else both would rest on what is so no longer. Who is refused is told of a conflict, and alone gets through.
pub fn commits_that_rest_on_each_other_never_both_win(store: &dyn Store) {
    let sides = [stream("left"), stream("right")];
    for round in 0..60 {
        let stands = sides.map(|side| versions(store, side).len() as u64);
        let asked = [(0, 1), (1, 0)].map(|(own, other)| {
            let [own, beside] = [own, other].map(|n| append(sides[n], stands[n], stands[n] + 1));
            let check = Part::check(sides[other], Version(stands[other]));
            commit(match round % 3 {
                0 => vec![own, check],
                1 => vec![check, own],
                _ => vec![own, beside], // and the other one in the other order
            })
        });
        let at_once = Barrier::new(2);
        let told = thread::scope(|scope| {
            let both = asked.each_ref().map(|one| {
                scope.spawn(|| {
                    at_once.wait();
                    store.commit(one)
                })
            });
            both.map(|one| one.join().unwrap())
        });
        let wins = told.iter().filter(|one| one.is_ok()).count();
        assert!(wins <= 1, "round {round}: both were written");
        for refusal in told.iter().filter_map(|one| one.as_ref().err()) {
            assert_eq!(refusal.kind(), StoreErrorKind::Conflict, "{refusal}");
        }
        if wins == 0 {
            store.commit(&asked[0]).unwrap();
        }
    }
}

/// Gaps, doubles, foreign tenants and keys for two owners are refused whatever is stored.
pub fn what_contradicts_itself_is_refused(store: &dyn Store) {
    let a = stream("a");
    let gap = Part::append(a, Version(0), vec![event(2)]);
    let other = TenantId::named("other");
    let foreign = append(stream_of(other, "a"), 0, 1);
    let mut torn = commit(vec![append(a, 0, 1)]);
    torn.unique = vec![(key("<1>"), id(1)), (key("<1>"), id(2))];
    let once = record_of(other, Actor::System, "once");
    let mut foreign_key = commit(vec![append(a, 0, 1)]);
    foreign_key.idempotency = Some(once.clone());
    let mut foreign_message = commit(vec![append(a, 0, 1)]);
    let (own, mut foreigner) = (message(1, begin()), message(2, begin()));
    foreigner.tenant = other;
    foreign_message.outbox = vec![own, foreigner];
    for wrong in [
        commit(vec![gap]),
        commit(vec![append(a, 0, 1), append(a, 1, 2)]),
        commit(vec![append(a, 0, 1), foreign]),
        torn,
        foreign_key,
        foreign_message,
    ] {
        refused(store.commit(&wrong), StoreErrorKind::Other);
    }
    assert!(events(store, a).is_empty());
    assert_eq!(store.next_delivery().unwrap(), None);
    let mut foreign_key = Load::streams(TENANT, []);
    foreign_key.idempotency = Some(once.key);
    for foreign in [Load::streams(other, [a]), foreign_key] {
        let error = store.load(&foreign).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    }
}

/// A commit of nothing is written, again and again.
pub fn an_empty_commit_changes_nothing(store: &dyn Store) {
    let empty = commit(Vec::new());
    assert!(empty.is_empty());
    store.commit(&empty).unwrap();
    store.commit(&empty).unwrap();
    assert_eq!(store.next_wake(None).unwrap(), None);
    assert_eq!(store.next_delivery().unwrap(), None);
}

/// Commits that are written together: each is whole or nothing by itself, sees those before it, and undoes none beside it; the answers
/// come in their order.
pub fn commits_of_a_group_stand_alone(store: &dyn Store) {
    let [one, two, three, four] = ["one", "two", "three", "four"].map(stream);
    assert!(store.commit_all(&[]).is_empty());
    store.commit(&commit(vec![append(two, 0, 1)])).unwrap();
    let with_text = |part, content: &str| {
        let mut with = commit(vec![part]);
        with.content.push(text(content, None, content));
        with
    };
    let mut first = with_text(append(one, 0, 2), "first");
    first.unique.push((key("mine"), id(1)));
    let stale = with_text(append(two, 0, 1), "stale");
    let after_the_first = with_text(append(one, 2, 3), "after");
    let mut claims = with_text(append(three, 0, 1), "claims");
    claims.unique.push((key("mine"), id(2)));
    let torn = commit(vec![append(three, 0, 1), append(three, 0, 1)]); // a stream stands twice
    let last = with_text(append(four, 0, 1), "last");
    let group = [
        (&first, None),
        (&stale, Some(StoreErrorKind::Conflict)),
        (&after_the_first, None),
        (&claims, Some(StoreErrorKind::Conflict)),
        (&torn, Some(StoreErrorKind::Other)),
        (&commit(vec![]), None),
        (&last, None),
    ];
    let told = store.commit_all(&group.map(|(commit, _)| commit));
    let told: Vec<_> = told
        .iter()
        .map(|one| one.as_ref().err().map(StoreError::kind))
        .collect();
    assert_eq!(told, group.map(|(_, kind)| kind));
    let lengths = [one, two, three, four].map(|stream| versions(store, stream).len());
    assert_eq!(lengths, [3, 1, 0, 1]);
    assert_eq!(owner(store, key("mine")), Some(id(1)));
    let kept = ["first", "stale", "after", "claims", "last"];
    let kept = kept.map(|name| one_text(store, ContentId::named(name)).is_some());
    assert_eq!(kept, [true, false, true, false, true]);
    let alone = store.commit_all(&[&commit(vec![append(four, 1, 2)])]);
    assert!(matches!(alone.as_slice(), [Ok(())]));
    assert_eq!(versions(store, four), [1, 2]);
}

/// Streams and owners come in the order of the request, also such as are not there or are asked for twice.
pub fn one_load_answers_everything_in_order(store: &dyn Store) {
    let (a, b, nobodys) = (stream("a"), stream("b"), stream("nobody's"));
    let mut both = commit(vec![append(a, 0, 1), append(b, 0, 2)]);
    both.unique = vec![(key("<a>"), id(1)), (key("<b>"), id(2))];
    store.commit(&both).unwrap();
    let mut load = Load::streams(TENANT, [b, nobodys, a, b]);
    load.owners = vec![key("<b>"), key("<nobody's>"), key("<a>")];
    let loaded = store.load(&load).unwrap();
    let lengths: Vec<_> = loaded.streams.iter().map(|s| s.events.len()).collect();
    assert_eq!(lengths, [2, 0, 1, 2]);
    assert_eq!(loaded.owners, [Some(id(2)), None, Some(id(1))]);
    assert_eq!((loaded.idempotency, loaded.number), (None, None));
}

/// Writers of different streams never meet a conflict, and nothing of theirs is lost.
pub fn writers_of_many_streams_lose_nothing(store: &dyn Store) {
    let rounds = 25;
    thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                let own = stream(&format!("of {writer}"));
                for round in 0..rounds {
                    store
                        .commit(&commit(vec![append(own, round, round + 1)]))
                        .unwrap();
                }
            });
        }
    });
    for writer in 0..8 {
        let own = stream(&format!("of {writer}"));
        assert_eq!(versions(store, own), (1..=rounds).collect::<Vec<_>>());
    }
}
