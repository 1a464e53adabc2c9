//! The outbox: leases, order, retries, races.

use std::collections::BTreeMap;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{TENANT, begin, commit, id, name};
use crate::calendar::LATEST;
use crate::escalation::Action;
use crate::id::{AgentId, CustomerId, FiringKey, TeamId, TicketId};
use crate::store::{OutboxMessage, Outgoing, Store};
use crate::ticket::Holder;

fn second(n: i64) -> DateTime<Utc> {
    begin() + TimeDelta::seconds(n)
}

pub(super) fn message(n: u128, at: DateTime<Utc>) -> OutboxMessage {
    let what = Outgoing::Escalation {
        key: FiringKey::named("k"),
        rule: name("règle"),
        level: name("🔥"),
        action: Action::Custom(name("page somebody")),
    };
    let about = (TicketId::named("t"), CustomerId::named("ann"));
    let holder = Holder {
        agent: n.is_multiple_of(2).then(|| AgentId::named("kim")),
        team: n.is_multiple_of(3).then(|| TeamId::named("north")),
    };
    OutboxMessage::new(id(n), TENANT, about, at, what).in_charge(holder)
}

fn put(store: &dyn Store, messages: impl IntoIterator<Item = OutboxMessage>) {
    let mut all = commit(vec![]);
    all.outbox.extend(messages);
    store.commit(&all).unwrap();
}

fn claim(store: &dyn Store, now: i64, lease: i64, limit: usize) -> Vec<Uuid> {
    let lease = TimeDelta::seconds(lease);
    let claimed = store.claim(second(now), lease, limit).unwrap();
    claimed.iter().map(|message| message.id).collect()
}

/// While somebody holds a message nobody else gets it; after the lease it comes again, counted; once acknowledged, never.
pub fn a_lease_keeps_others_away(store: &dyn Store) {
    assert_eq!(store.next_delivery().unwrap(), None);
    put(store, [message(1, second(5))]);
    assert_eq!(store.next_delivery().unwrap(), Some(second(5)));
    assert!(claim(store, 4, 60, 9).is_empty(), "it is not due yet");
    let lease = TimeDelta::seconds(60);
    let first = store.claim(second(5), lease, 9).unwrap();
    assert_eq!(first, [message(1, second(5))]);
    assert_eq!(store.next_delivery().unwrap(), Some(second(65)));
    assert!(claim(store, 64, 60, 9).is_empty());
    let second_time = store.claim(second(65), lease, 9).unwrap();
    assert_eq!((second_time.len(), second_time[0].attempts), (1, 1));
    assert_eq!((second_time[0].id, second_time[0].at), (id(1), second(5)));
    store.acknowledge(&[id(1), id(99)]).unwrap();
    store.acknowledge(&[id(1)]).unwrap();
    assert!(store.claim(LATEST, lease, 9).unwrap().is_empty());
    assert_eq!(store.next_delivery().unwrap(), None);
}

/// Messages come oldest first and at most as many as asked for.
pub fn messages_come_oldest_first(store: &dyn Store) {
    put(
        store,
        [5_u8, 3, 1].map(|n| message(n.into(), second(n.into()))),
    );
    put(
        store,
        [4_u8, 2].map(|n| message(n.into(), second(n.into()))),
    );
    assert!(claim(store, 9, 60, 0).is_empty());
    assert_eq!(claim(store, 9, 60, 2), [1, 2].map(id));
    assert_eq!(claim(store, 4, 60, 9), [3, 4].map(id));
    assert_eq!(claim(store, 9, 60, 9), [id(5)]);
    assert_eq!(store.next_delivery().unwrap(), Some(second(64)));
}

/// A postponed message is free from then on, be it before or after the end of the lease.
pub fn a_message_is_postponed(store: &dyn Store) {
    put(store, [message(1, second(0)), message(2, second(0))]);
    assert_eq!(claim(store, 0, 60, 9).len(), 2);
    store.postpone(&[id(1), id(99)], second(10)).unwrap();
    store.postpone(&[id(2)], second(100)).unwrap();
    assert_eq!(store.next_delivery().unwrap(), Some(second(10)));
    assert!(claim(store, 9, 60, 9).is_empty());
    assert_eq!(claim(store, 99, 60, 9), [id(1)]);
    assert_eq!(claim(store, 100, 60, 9), [id(2)]);
    store.acknowledge(&[id(1)]).unwrap();
    store.postpone(&[id(1)], second(0)).unwrap();
    assert_eq!(store.next_delivery().unwrap(), Some(second(160)));
}

/// A message whose id is in the outbox is not added again, and its lease stands.
pub fn a_message_is_added_once(store: &dyn Store) {
    put(store, [message(1, second(0))]);
    put(store, [message(1, second(3))]);
    assert_eq!(claim(store, 9, 60, 9), [id(1)]);
    put(store, [message(1, second(4))]);
    assert!(claim(store, 9, 60, 9).is_empty());
    store.acknowledge(&[id(1)]).unwrap();
    assert_eq!(store.next_delivery().unwrap(), None);
}

/// However many claim at once, each message goes to one of them, and all go out.
pub fn claimers_never_share_a_message(store: &dyn Store) {
    let all = 200;
    put(store, (0..all).map(|n| message(n, second(0))));
    let work = || {
        let mut mine = Vec::new();
        for _ in 0..=all {
            let some = claim(store, 1, 60, 7);
            if some.is_empty() {
                return mine;
            }
            store.acknowledge(&some[..some.len() / 2]).unwrap();
            mine.extend(some);
        }
        panic!(
            "{all} messages are still given after {all} claims: they are given again while they are held"
        );
    };
    let mut times = BTreeMap::<Uuid, usize>::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for id in workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
        {
            *times.entry(id).or_default() += 1;
        }
    });
    assert_eq!(times.len() as u128, all, "all go out");
    assert!(times.values().all(|n| *n == 1), "none goes to two");
    let again = claim(store, 61, 60, 1_000);
    assert!(again.len() >= 100, "what was not acknowledged comes again");
}
