//! Snapshots: a store may keep them, and gives none but those that were committed.

use chrono::TimeDelta;

use super::{TENANT, begin, commit, id, refused};
use crate::call::{Actor, Call};
use crate::desk::Desk;
use crate::id::{AgentId, CustomerId};
use crate::rulebook::Rulebook;
use crate::store::{Load, MemoryStore, Part, Snapshot, Store, StoreErrorKind, Stream, StreamId};
use crate::ticket::{Command, Open, Recorded, Ticket, Version};

/// What a desk records of a ticket on which so many things are said; the ids of its calls begin with `first`.
fn history(first: u128, said: u32) -> (StreamId, Vec<Recorded>) {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let call = |n, actor| {
        let at = begin() + TimeDelta::minutes(i64::from(n));
        Call::with_id(id(first + u128::from(n)), actor, at)
    };
    let opening = call(0_u32, Actor::Customer(CustomerId::named("ann")));
    let ticket = desk
        .open(&opening, Open::new("x").body("help"))
        .unwrap()
        .id();
    for n in 1..=said {
        let said = Command::reply("Which floor?");
        let call = call(n, Actor::Agent(AgentId::named("kim")));
        desk.submit(ticket, &call, said).unwrap();
    }
    let history = desk.tenant(TENANT).history(ticket).unwrap();
    (StreamId::ticket(TENANT, ticket), history)
}

fn load<const N: usize>(store: &dyn Store, streams: [StreamId; N], snapshots: bool) -> Vec<Stream> {
    let mut load = Load::streams(TENANT, streams);
    load.snapshots = snapshots;
    store.load(&load).unwrap().streams
}

/// Where a snapshot will do, the answer is all events, or one of the snapshots that were committed with this stream, as it was, and exactly
/// the events after it. Where nobody asks, and of a stream that has none, it is all events. One of a commit that was refused is none.
pub fn a_snapshot_is_one_that_was_committed(store: &dyn Store) {
    let all = [1, 100].map(|first| history(first, 5));
    let streams = [all[0].0, all[1].0];
    let part = |n: usize, from: usize, until: usize| {
        let (stream, history) = &all[n];
        let after = Version(from as u64);
        Part::append(*stream, after, history[from..until].to_vec())
    };
    let snapshot = |until: usize| {
        let ticket = Ticket::replay(TENANT, &all[0].1[..until]).unwrap();
        Snapshot::of(ticket)
    };
    let with = |mut part: Part, until| {
        part.snapshot = Some(snapshot(until));
        part
    };
    let mut committed: Vec<Snapshot> = Vec::new();
    let check = |committed: &[Snapshot], until: usize| {
        let history = |n: usize| &all[n].1[..until];
        for (n, stream) in load(store, streams, false).into_iter().enumerate() {
            assert_eq!(stream.snapshot, None, "nobody asked for one");
            assert_eq!(stream.events.ticket(), history(n));
        }
        for (n, stream) in load(store, streams, true).into_iter().enumerate() {
            let kept = stream.snapshot.as_ref();
            assert!(kept.is_none() || n == 0, "it came with another stream");
            assert!(
                kept.is_none_or(|kept| committed.contains(kept)),
                "this one was not committed: {kept:?}"
            );
            let from = kept.map_or(0, |kept| kept.version().0);
            let after: Vec<_> = history(n)
                .iter()
                .filter(|one| one.version.0 > from)
                .collect();
            let events: Vec<_> = stream.events.ticket().iter().collect();
            assert_eq!(events, after, "after version {from}");
        }
    };

    store
        .commit(&commit(vec![part(0, 0, 2), part(1, 0, 2)]))
        .unwrap();
    check(&committed, 2);
    for (from, until, comes) in [(2, 3, true), (3, 4, false), (4, 6, false), (6, 7, true)] {
        let mut first = part(0, from, until);
        if comes {
            first = with(first, until);
            committed.push(snapshot(until));
        }
        store
            .commit(&commit(vec![first, part(1, from, until)]))
            .unwrap();
        check(&committed, until);
        let stale = with(part(0, until - 1, until + 1), until + 1);
        refused(store.commit(&commit(vec![stale])), StoreErrorKind::Conflict);
        check(&committed, until);
    }
}

/// A history so long that a store may well keep a snapshot of it, written as a desk does, with one in every part: wherever it stands, it
/// is loaded as its events alone make it.
pub fn a_long_history_is_loaded_as_its_events_make_it(store: &dyn Store) {
    let (stream, history) = history(1, 140);
    assert!(history.len() > 140);
    let mut from = 0;
    // Some parts end just before, at and after a multiple of 64, and some go far beyond one.
    for until in [1, 40, 63, 64, 65, 66, 90, 126, 129, 130, 140] {
        let mut part = Part::append(stream, Version(from as u64), history[from..until].to_vec());
        let ticket = Ticket::replay(TENANT, &history[..until]).unwrap();
        part.snapshot = Some(Snapshot::of(ticket.clone()));
        store.commit(&commit(vec![part])).unwrap();
        let whole = load(store, [stream], false).remove(0);
        assert_eq!(whole.events.ticket(), &history[..until]);
        let told = made(load(store, [stream], true).remove(0));
        assert_eq!(told, Some(ticket), "at version {until}");
        from = until;
    }
}

/// What a store tells without a look, where that will do, is what it wrote itself, and while nobody else writes a commit can rest on it;
/// once it is not so any more, the commit is refused.
pub fn what_is_told_as_kept_is_what_was_written(store: &dyn Store) {
    let (stream, history) = history(1, 30);
    let mut look = Load::streams(TENANT, [stream]);
    (look.snapshots, look.as_kept) = (true, true);
    let mut as_kept = None;
    for until in 1..=history.len() {
        let from = until - 1;
        let append = || {
            let events = history[from..until].to_vec();
            let mut part = Part::append(stream, Version(from as u64), events);
            part.snapshot = Ticket::replay(TENANT, &history[..until]).map(Snapshot::of);
            let mut commit = commit(vec![part]);
            commit.as_kept = as_kept;
            commit
        };
        store.commit(&append()).unwrap();
        if until == history.len() {
            refused(store.commit(&append()), StoreErrorKind::Conflict);
        }
        let mut loaded = store.load(&look).unwrap();
        as_kept = loaded.as_kept;
        let told = made(loaded.streams.remove(0));
        let written = Ticket::replay(TENANT, &history[..until]);
        assert_eq!(told, written, "at version {until}");
    }
}

/// The ticket that a snapshot and the events after it make.
fn made(Stream { snapshot, events }: Stream) -> Option<Ticket> {
    match snapshot {
        Some(kept) => kept
            .then(events.ticket())
            .map(|told| (*told.ticket).clone()),
        None => Ticket::replay(TENANT, events.ticket()),
    }
}
