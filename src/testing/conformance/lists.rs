//! Lists of tickets: filters and stable paging.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use chrono::TimeDelta;

use super::{TENANT, append, begin, commit, name, one_row, stream, stream_of};
use crate::id::{AgentId, ContentId, CustomerId, TeamId, TenantId, TicketId, TicketNumber};
use crate::kpi::Fact;
use crate::store::{Commit, Filter, Page, Part, Store, TicketRow};
use crate::ticket::{CloseReason, Pending, Priority, Stage, Status, Version};

/// The ticket with this number, of many kinds.
pub(super) fn row(number: u64) -> TicketRow {
    let pick = |n: u64, of: usize| usize::try_from(number / n).unwrap_or(0) % of;
    let status = [
        Status::Open,
        Status::Pending(Pending::Scheduled {
            until: begin() + TimeDelta::microseconds(1),
        }),
        Status::Resolved,
        Status::Reopened,
        Status::Closed(CloseReason::Spam),
    ];
    TicketRow {
        ticket: TicketId::named(&number.to_string()),
        number: TicketNumber(number),
        subject: ContentId::named("subject"),
        status: status[pick(1, 5)],
        label: (pick(3, 2) == 0).then(|| name("Wartet · 待機")),
        priority: Priority::ALL[pick(2, 5)],
        kind: (pick(5, 2) == 0).then(|| name("incident")),
        team: (pick(3, 3) > 0).then(|| TeamId::named(["a", "b", "c"][pick(3, 3)])),
        agent: (pick(2, 2) == 0).then(|| AgentId::named("kim")),
        requester: CustomerId::named(["ann", "bob"][pick(7, 2)]),
        created_at: begin(),
        changed_at: begin() + TimeDelta::microseconds(1),
    }
}

fn put(store: &dyn Store, numbers: impl IntoIterator<Item = u64>) {
    let part = |n: u64| append(stream(&n.to_string()), 0, 1).listing(row(n));
    let parts = numbers.into_iter().map(part).collect();
    store.commit(&commit(parts)).unwrap();
}

fn numbers(rows: &[TicketRow]) -> Vec<u64> {
    rows.iter().map(|row| row.number.0).collect()
}

fn all_pages(store: &dyn Store, filter: &Filter, first: Page) -> Vec<u64> {
    let (mut found, mut page) = (Vec::new(), Some(first));
    while let Some(now) = page {
        let rows = store.list(TENANT, filter, &now).unwrap();
        assert!(rows.len() <= now.limit);
        found.extend(numbers(&rows));
        page = now.next(&rows);
        assert!(found.len() <= 10_000, "the list does not end");
    }
    found
}

/// Every filter lets exactly those rows through that fit it, equal to what was committed.
pub fn a_list_shows_what_fits(store: &dyn Store) {
    put(store, 1..=60);
    let kim = AgentId::named("kim");
    let mut typed = Filter::all();
    typed.kind = Some(Some(name("incident")));
    let mut untyped = Filter::open();
    untyped.kind = Some(None);
    let mut teamless = Filter::all().requester(CustomerId::named("bob"));
    teamless.team = Some(None);
    for filter in [
        Filter::all(),
        Filter::open(),
        Filter::all().stage(Stage::Closed),
        Filter::all().stage(Stage::Resolved).stage(Stage::Pending),
        Filter::all()
            .priority(Priority::Low)
            .priority(Priority::Critical),
        Filter::all().team(TeamId::named("b")),
        Filter::open().team(TeamId::named("c")).agent(kim),
        Filter::open().agent(kim).priority(Priority::Urgent),
        Filter::all().agent(AgentId::named("nobody")),
        Filter::open().unassigned(),
        Filter::all()
            .requester(CustomerId::named("ann"))
            .unassigned(),
        typed,
        untyped,
        teamless,
    ] {
        let expected: Vec<_> = (1..=60).map(row).filter(|row| filter.fits(row)).collect();
        let found = store.list(TENANT, &filter, &Page::oldest(100)).unwrap();
        assert_eq!(found, expected, "{filter:?}");
        let mut newest = store.list(TENANT, &filter, &Page::newest(100)).unwrap();
        newest.reverse();
        assert_eq!(newest, expected, "{filter:?}");
    }
    let elsewhere = TenantId::named("other");
    let page = Page::oldest(10);
    assert!(
        store
            .list(elsewhere, &Filter::all(), &page)
            .unwrap()
            .is_empty()
    );
}

/// Page follows page without gap and without repeat, both ways, whatever the limit.
pub fn pages_follow_each_other(store: &dyn Store) {
    put(store, (1..=40).rev());
    let filter = Filter::open();
    let expected: Vec<u64> = (1..=40).filter(|n| filter.fits(&row(*n))).collect();
    for limit in [1, 2, 7, expected.len(), 100] {
        assert_eq!(all_pages(store, &filter, Page::oldest(limit)), expected);
        let mut newest = all_pages(store, &filter, Page::newest(limit));
        newest.reverse();
        assert_eq!(newest, expected);
    }
    let nothing = store.list(TENANT, &filter, &Page::oldest(0)).unwrap();
    assert!(nothing.is_empty());
}

/// While others open, close and change tickets between the pages, each ticket that fits all the while comes once.
pub fn paging_is_stable_under_writes(store: &dyn Store) {
    put(store, 1..=100);
    let filter = Filter::open();
    let steady: Vec<u64> = (1..=100)
        .filter(|n| n % 10 != 3 && filter.fits(&row(*n)))
        .collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Those whose number ends in 3 close and open again; others change, and new ones come.
            for round in 1..400 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let n = round * 7 % 100 + 1;
                let mut changed = row(n);
                changed.changed_at += TimeDelta::seconds(round.cast_signed());
                if n % 10 == 3 && round % 2 == 0 {
                    changed.status = Status::Closed(CloseReason::Settled);
                }
                let check = Part::check(stream(&n.to_string()), Version(1));
                let result = store.commit(&commit(vec![check.listing(changed)]));
                result.unwrap();
                put(store, [1_000 + round]);
            }
        });
        for first in [Page::oldest(3), Page::newest(3), Page::oldest(1)] {
            let mut found = all_pages(store, &filter, first);
            found.sort_unstable();
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
            found.retain(|n| steady.binary_search(n).is_ok());
            let missing = found != steady;
            done.store(missing, Ordering::Relaxed);
            assert_eq!(found, steady);
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// A new row replaces the old one; a part without one leaves it.
pub fn a_listing_is_replaced_or_left(store: &dyn Store) {
    put(store, [8]);
    let list = |filter: &Filter| store.list(TENANT, filter, &Page::oldest(9)).unwrap();
    let kim = Filter::open().agent(AgentId::named("kim"));
    let first = list(&Filter::all());
    assert_eq!((first, list(&kim).len()), (vec![row(8)], 1));

    let mut changed = row(8);
    changed.agent = Some(AgentId::named("lee"));
    changed.label = None;
    changed.changed_at += TimeDelta::days(1);
    let part = append(stream("8"), 1, 2).listing(changed.clone());
    store.commit(&commit(vec![part])).unwrap();
    store
        .commit(&commit(vec![append(stream("8"), 2, 3)]))
        .unwrap();
    assert_eq!((list(&Filter::all()), list(&kim)), (vec![changed], vec![]));
}

/// Two tenants with tickets of the same ids and numbers: each lists and counts its own alone, also after one of them changed hers.
pub fn rows_of_tenants_stay_apart(store: &dyn Store) {
    let tenants = ["red", "blue"].map(TenantId::named);
    let rows = |tenant: TenantId, numbers: std::ops::RangeInclusive<u64>| -> Vec<TicketRow> {
        let of_tenant = |n| TicketRow {
            subject: ContentId::named(&tenant.to_string()),
            ..row(n)
        };
        numbers.map(of_tenant).collect()
    };
    let facts = |n: u64, many: usize| vec![one_row(&n.to_string()); many];
    for (many, tenant) in (1..).zip(tenants) {
        let part = |listed: TicketRow| {
            let n = listed.number.0;
            let part = append(stream_of(tenant, &n.to_string()), 0, 1);
            part.facts(facts(n, many)).listing(listed)
        };
        let parts = rows(tenant, 1..=3).into_iter().map(part).collect();
        store.commit(&Commit::new(tenant, begin(), parts)).unwrap();
    }
    let check = |tenant, listed: &[TicketRow], many: &dyn Fn(u64) -> usize| {
        let found = store.list(tenant, &Filter::all(), &Page::oldest(9));
        assert_eq!(found.unwrap(), listed);
        let mut counted: Vec<(TicketId, usize)> = Vec::new();
        let visit =
            &mut |rows: &[Fact]| counted.extend(rows.first().map(|row| (row.ticket, rows.len())));
        store.facts(tenant, visit).unwrap();
        let mut expected: Vec<_> = listed
            .iter()
            .map(|row| (row.ticket, many(row.number.0)))
            .collect();
        expected.sort_unstable();
        assert_eq!(counted, expected);
    };
    let [red, blue] = tenants;
    check(red, &rows(red, 1..=3), &|_| 1);
    check(blue, &rows(blue, 1..=3), &|_| 2);

    let mut changed = rows(red, 1..=3);
    changed[1].status = Status::Closed(CloseReason::Settled);
    changed[1].changed_at += TimeDelta::days(1);
    let part = append(stream_of(red, "2"), 1, 2).facts(facts(2, 5));
    let part = part.listing(changed[1].clone());
    store
        .commit(&Commit::new(red, begin(), vec![part]))
        .unwrap();
    check(red, &changed, &|n| if n == 2 { 5 } else { 1 });
    check(blue, &rows(blue, 1..=3), &|_| 2);
}
