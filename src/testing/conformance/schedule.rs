//! Wake-ups and facts: what belongs to a stream beside its events.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{TENANT, append, begin, commit, one_row, stream, stream_of};
use crate::calendar::{EARLIEST, LATEST};
use crate::id::{RulebookId, TenantId, TicketId};
use crate::kpi::{Fact, Rows};
use crate::store::{Commit, DueStream, Part, Stamp, Store, StoreError, StreamId, Wake};
use crate::ticket::Version;

const ZONES: &str = "2026a";

pub(super) fn wake(at: Option<DateTime<Utc>>, zone_data: &str) -> Wake {
    Wake {
        at,
        stamp: Stamp {
            rulebook: RulebookId::named("r"),
            zone_data: zone_data.to_owned().into(),
        },
    }
}

fn minute(n: i64) -> DateTime<Utc> {
    begin() + TimeDelta::minutes(n)
}

fn put(store: &dyn Store, stream: StreamId, wake: Wake) {
    let part = append(stream, 0, 1).wake(wake);
    let commit = Commit::new(stream.tenant, begin(), vec![part]);
    store.commit(&commit).unwrap();
}

fn due(store: &dyn Store, now: DateTime<Utc>, limit: usize) -> Vec<StreamId> {
    let due = store.due(now, ZONES, limit).unwrap();
    due.into_iter().map(|due| due.stream).collect()
}

/// What is due comes earliest first, at most as much as is asked for, of every tenant.
pub fn due_comes_in_order(store: &dyn Store) {
    let of = |n: i64| {
        let tenant = if n % 2 == 0 {
            TENANT
        } else {
            TenantId::named("other")
        };
        stream_of(tenant, &n.to_string())
    };
    for n in [7, 3, 9, 1, 8, 2, 6, 0, 5, 4] {
        put(store, of(n), wake(Some(minute(n)), ZONES));
    }
    put(store, stream("asleep"), wake(None, ZONES));
    let expected = |until| (0..=until).map(of).collect::<Vec<_>>();
    assert_eq!(due(store, minute(6), 100), expected(6));
    assert_eq!(due(store, minute(6), 3), expected(2));
    assert_eq!(due(store, minute(60), 100), expected(9));
    assert!(due(store, minute(6), 0).is_empty());
    let told = store.due(minute(2), ZONES, 100).unwrap();
    let wakes: Vec<_> = told.iter().map(|due| due.wake_at).collect();
    assert_eq!(wakes, [0, 1, 2].map(|n| Some(minute(n))));
}

/// Streams that wake at one instant all come, of every tenant, and one that sleeps on takes none of the others with it.
pub fn streams_that_wake_together_all_come(store: &dyn Store) {
    let tenants = [TENANT, TenantId::named("other")];
    let together: BTreeSet<StreamId> = (0..6)
        .map(|n| stream_of(tenants[n % 2], &format!("{}", n / 2)))
        .collect();
    for stream in &together {
        put(store, *stream, wake(Some(minute(1)), ZONES));
    }
    let come = |limit| due(store, minute(1), limit);
    assert_eq!(come(100).len(), together.len());
    assert_eq!(come(100).into_iter().collect::<BTreeSet<_>>(), together);
    let some: BTreeSet<_> = come(4).into_iter().collect();
    assert!(some.len() == 4 && some.is_subset(&together), "{some:?}");
    let mut left = together.clone();
    for stream in &together {
        left.remove(stream);
        let part = append(*stream, 1, 2).wake(wake(None, ZONES));
        store
            .commit(&Commit::new(stream.tenant, begin(), vec![part]))
            .unwrap();
        assert_eq!(come(100).into_iter().collect::<BTreeSet<_>>(), left);
        let next = Some(minute(1)).filter(|_| !left.is_empty());
        assert_eq!(store.next_wake(None).unwrap(), next);
    }
}

/// A wake-up is due at its instant and not a microsecond sooner, in 1970 as in 2100.
pub fn due_knows_its_edges(store: &dyn Store) {
    let tick = TimeDelta::microseconds(1);
    let edges = [EARLIEST, EARLIEST + tick, begin(), LATEST - tick];
    for (n, at) in edges.into_iter().enumerate() {
        put(store, stream(&n.to_string()), wake(Some(at), ZONES));
    }
    for (n, at) in edges.into_iter().enumerate() {
        assert_eq!(due(store, at - tick, 100).len(), n, "just before {at}");
        assert_eq!(due(store, at, 100).len(), n + 1, "at {at}");
        assert_eq!(store.next_wake(Some(at - tick)).unwrap(), Some(at));
    }
    assert_eq!(store.next_wake(Some(LATEST)).unwrap(), None);
}

/// A wake-up of other zone data is due at once, also one that will not come; those that have come go first, earliest first. The others
/// come in any order.
pub fn other_zone_data_counts_as_due(store: &dyn Store) {
    let names = ["later", "asleep", "now"].map(stream);
    let wakes = [Some(minute(90)), None, Some(minute(1))];
    for (n, zones) in ["2025z", "2031a"].into_iter().enumerate() {
        for (name, at) in names.into_iter().zip(wakes) {
            let stream = stream_of(TenantId::named(zones), &name.id.to_string());
            put(
                store,
                stream,
                wake(at.map(|at| at + TimeDelta::seconds(n as i64)), zones),
            );
        }
    }
    put(store, stream("ours"), wake(Some(minute(2)), ZONES));
    put(store, stream("ours later"), wake(Some(minute(3)), ZONES));
    put(store, stream("ours asleep"), wake(None, ZONES));
    let told = store.due(minute(2), ZONES, 100).unwrap();
    let different: BTreeSet<_> = told.iter().map(|due| due.stream).collect();
    assert_eq!((told.len(), different.len()), (7, 7), "{told:?}");
    let come: Vec<_> = told[..3].iter().map(|due| due.wake_at).collect();
    let second_later = minute(1) + TimeDelta::seconds(1);
    assert_eq!(come, [minute(1), second_later, minute(2)].map(Some));
    assert_eq!(told[2].stream, stream("ours"));
    assert_eq!(due(store, minute(2), 3).len(), 3);
    let empty = store.due(minute(-1), "2025z", 100).unwrap();
    assert_eq!(empty.len(), 6, "ours and those of 2031a");
}

/// Whoever only asks what is due, or looks ahead, is told what whoever takes it is given, however often, and before and after.
pub fn what_is_due_can_be_peeked_at(store: &dyn Store) {
    for (n, zones) in [(1, ZONES), (2, "2025z"), (3, ZONES), (9, ZONES)] {
        put(store, stream(&n.to_string()), wake(Some(minute(n)), zones));
    }
    let told = |due: Result<Vec<DueStream>, StoreError>| -> BTreeSet<_> {
        let due = due.unwrap().into_iter();
        due.map(|due| (due.stream, due.wake_at)).collect()
    };
    for now in [minute(0), minute(1), minute(5)] {
        let before = [0, 1].map(|_| told(store.peek_due(now, ZONES, 9)));
        let ahead = told(store.wakes_by(now, ZONES, 9));
        let taken = told(store.due(now, ZONES, 9));
        let after = told(store.peek_due(now, ZONES, 9));
        assert_eq!((&before, &after), (&[taken.clone(), taken.clone()], &taken));
        assert_eq!(
            (&ahead, &told(store.wakes_by(now, ZONES, 9))),
            (&taken, &taken)
        );
    }
    assert_eq!(told(store.peek_due(minute(5), ZONES, 9)).len(), 3);
    assert_eq!(told(store.peek_due(minute(5), ZONES, 2)).len(), 2);
    assert!(told(store.peek_due(minute(5), ZONES, 0)).is_empty());
}

/// A new wake-up replaces the old one, also under other zone data; a part without one leaves it.
pub fn a_wake_up_is_replaced_or_left(store: &dyn Store) {
    let s = stream("s");
    let set = |after: u64, wake: Option<Wake>| {
        let mut part = append(s, after, after + 1);
        part.wake = wake;
        store.commit(&commit(vec![part])).unwrap();
    };
    set(0, None);
    assert_eq!(
        (due(store, minute(99), 9), store.next_wake(None).unwrap()),
        (vec![], None)
    );
    set(1, Some(wake(Some(minute(5)), ZONES)));
    set(2, None);
    assert_eq!(due(store, minute(5), 9), [s]);
    set(3, Some(wake(Some(minute(7)), ZONES)));
    assert!(due(store, minute(6), 9).is_empty());
    assert_eq!(store.next_wake(None).unwrap(), Some(minute(7)));

    let alone = |wake| commit(vec![Part::check(s, Version(4)).wake(wake)]);
    store
        .commit(&alone(wake(Some(minute(2)), "2031a")))
        .unwrap();
    assert_eq!(due(store, minute(1), 9), [s]);
    store.commit(&alone(wake(None, ZONES))).unwrap();
    assert_eq!(
        (due(store, minute(99), 9), store.next_wake(None).unwrap()),
        (vec![], None)
    );
}

/// The next wake-up is the earliest of all streams and zone data, or the earliest after an instant.
pub fn the_next_wake_up_is_the_earliest(store: &dyn Store) {
    assert_eq!(store.next_wake(None).unwrap(), None);
    for (n, zones) in [(5, ZONES), (3, "2031a"), (9, ZONES), (7, "2025z")] {
        put(store, stream(&n.to_string()), wake(Some(minute(n)), zones));
    }
    put(store, stream("asleep"), wake(None, ZONES));
    let mut after = None;
    for n in [3, 5, 7, 9] {
        let next = store.next_wake(after).unwrap();
        assert_eq!(next, Some(minute(n)));
        after = next;
    }
    assert_eq!(store.next_wake(after).unwrap(), None);
}

fn facts(store: &dyn Store, tenant: TenantId) -> Vec<Vec<Fact>> {
    let mut all = Vec::new();
    store
        .facts(tenant, &mut |rows| all.push(rows.to_vec()))
        .unwrap();
    all.retain(|rows| !rows.is_empty());
    all
}

/// New rows replace all the old ones; a part without rows leaves them.
pub fn facts_are_replaced_or_left(store: &dyn Store) {
    let s = stream("s");
    let rows = |n| vec![one_row("s"); n];
    let set = |after: u64, facts: Option<Vec<Fact>>| {
        let mut part = append(s, after, after + 1);
        part.facts = facts.map(Rows::from);
        store.commit(&commit(vec![part])).unwrap();
    };
    set(0, Some(rows(1)));
    assert_eq!(facts(store, TENANT), [rows(1)]);
    set(1, Some(rows(3)));
    set(2, None);
    assert_eq!(facts(store, TENANT), [rows(3)]);
    set(3, Some(rows(2)));
    assert_eq!(facts(store, TENANT), [rows(2)]);
    set(4, Some(Vec::new()));
    assert!(facts(store, TENANT).is_empty());
}

/// Rows come ticket by ticket in the order of ticket ids, of one tenant; the visitor may ask the store meanwhile, and write. (A store that
/// keeps a lock for it waits for itself here.)
pub fn facts_come_by_ticket(store: &dyn Store) {
    let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for name in &names {
        let part = append(stream(name), 0, 1).facts(vec![one_row(name)]);
        store.commit(&commit(vec![part])).unwrap();
    }
    let elsewhere = TenantId::named("other");
    let part = append(stream_of(elsewhere, "x"), 0, 1).facts(vec![one_row("x")]);
    let other = Commit::new(elsewhere, begin(), vec![part]);
    store.commit(&other).unwrap();

    let mut expected: Vec<_> = names.iter().map(|name| TicketId::named(name)).collect();
    expected.sort_unstable();
    let mut seen = Vec::new();
    store
        .facts(TENANT, &mut |rows| {
            seen.extend(rows.iter().map(|row| row.ticket));
            let stream = rows.first().map(|row| StreamId::ticket(TENANT, row.ticket));
            assert_eq!(super::events(store, stream.unwrap()).len(), 1);
            let more = append(stream.unwrap(), 1, 2);
            store.commit(&commit(vec![more])).unwrap();
        })
        .unwrap();
    assert_eq!(seen, expected);
    for name in &names {
        assert_eq!(super::versions(store, stream(name)), [1, 2]);
    }
    assert_eq!(facts(store, elsewhere), [[one_row("x")]]);
}

/// Rows of so many tickets that a store may read them page by page, written in a few commits: each ticket comes once, in the order of
/// ticket ids.
pub fn facts_of_many_tickets_come_once(store: &dyn Store) {
    const ALL: usize = 1_100;
    let (names, one) = ((0..ALL).map(|n| n.to_string()), one_row("0"));
    let names: Vec<String> = names.collect();
    for some in names.chunks(ALL / 4) {
        let part = |name: &String| {
            let ticket = TicketId::named(name);
            let row = Fact {
                ticket,
                ..one.clone()
            };
            append(stream(name), 0, 1).facts(vec![row])
        };
        store
            .commit(&commit(some.iter().map(part).collect()))
            .unwrap();
    }
    let mut expected: Vec<_> = names.iter().map(|name| TicketId::named(name)).collect();
    expected.sort_unstable();
    let come = facts(store, TENANT).into_iter().flatten();
    let come: Vec<_> = come.map(|row| row.ticket).collect();
    assert_eq!(come, expected);
}
