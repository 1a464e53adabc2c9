//! Records beside the streams: unique keys, ticket numbers, idempotency keys; and tenants.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    TENANT, append, begin, commit, events, id, key, name, owner, refused, stream, stream_of, text,
};
use crate::call::Actor;
use crate::id::{AgentId, ContentId, CustomerId, TenantId, TicketNumber};
use crate::store::{
    Commit, Filter, IdempotencyKey, IdempotencyRecord, Load, Page, Store, StoreErrorKind, UniqueKey,
};
use crate::ticket::Version;

/// A key belongs to its first owner; claiming it again for that owner is no error.
pub fn a_unique_key_has_one_owner(store: &dyn Store) {
    let claim = |owner| {
        let mut claim = commit(vec![]);
        claim.unique.push((key("<1>"), id(owner)));
        claim
    };
    assert_eq!(owner(store, key("<1>")), None);
    store.commit(&claim(1)).unwrap();
    store.commit(&claim(1)).unwrap();
    refused(store.commit(&claim(2)), StoreErrorKind::Conflict);
    assert_eq!(owner(store, key("<1>")), Some(id(1)));
    let others = UniqueKey::message(TenantId::named("other"), "<1>");
    assert_ne!(others, key("<1>"));
}

/// Of many that claim a key at the same time, one wins, and only its stream is written.
pub fn of_many_that_claim_a_key_one_wins(store: &dyn Store) {
    for round in 0..10 {
        let mail = key(&format!("<{round}>"));
        let of = |n: u128| stream(&format!("{round} of {n}"));
        let wins = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..8 {
                let wins = &wins;
                scope.spawn(move || {
                    let mut claim = commit(vec![append(of(n), 0, 1)]);
                    claim.unique.push((mail, id(n)));
                    match store.commit(&claim) {
                        Ok(()) => _ = wins.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                        }
                    }
                });
            }
        });
        assert_eq!(wins.into_inner(), 1);
        let written: Vec<_> = (0..8)
            .filter(|n| !events(store, of(*n)).is_empty())
            .map(id)
            .collect();
        assert_eq!(Some(written), owner(store, mail).map(|owner| vec![owner]));
    }
}

fn number(store: &dyn Store, tenant: TenantId) -> u64 {
    let mut load = Load::streams(tenant, []);
    load.number = true;
    store.load(&load).unwrap().number.unwrap().0
}

/// Numbers begin at 1, count up, and go on after those that commits use; each tenant has its own.
pub fn numbers_count_up(store: &dyn Store) {
    assert_eq!(number(store, TENANT), 1);
    let second = number(store, TENANT);
    assert!(second > 1);
    let using = |number| {
        let mut using = commit(vec![]);
        using.number = Some(TicketNumber(number));
        using
    };
    store.commit(&using(4_000)).unwrap();
    store.commit(&using(second)).unwrap();
    assert!(number(store, TENANT) > 4_000);
    assert_eq!(number(store, TenantId::named("other")), 1);
}

/// However many ask at once, no number is given twice.
pub fn no_number_is_given_twice(store: &dyn Store) {
    let all: Vec<u64> = thread::scope(|scope| {
        let ask = || (0..25).map(|_| number(store, TENANT)).collect::<Vec<_>>();
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        let given = asking.into_iter().flat_map(|asked| asked.join().unwrap());
        given.collect()
    });
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), 8 * 25);
}

/// What is remembered of a key that this actor used.
pub(super) fn record_of(tenant: TenantId, actor: Actor, text: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        key: IdempotencyKey {
            tenant,
            actor,
            key: name(text),
        },
        at: begin(),
        fingerprint: id(u128::MAX),
        stream: stream_of(tenant, "s"),
        after: Version(3),
        until: Version(5),
    }
}

fn used(actor: Actor, text: &str, at: DateTime<Utc>) -> Commit {
    let mut used = commit(vec![]);
    let record = record_of(TENANT, actor, text);
    used.idempotency = Some(IdempotencyRecord { at, ..record });
    used
}

fn record(store: &dyn Store, of: &Commit) -> Option<IdempotencyRecord> {
    of.idempotency.as_ref().and_then(|of| recorded(store, of))
}

/// What the store tells of the key of this record, in its tenant.
pub(super) fn recorded(store: &dyn Store, of: &IdempotencyRecord) -> Option<IdempotencyRecord> {
    let mut load = Load::streams(of.key.tenant, []);
    load.idempotency = Some(of.key.clone());
    store.load(&load).unwrap().idempotency
}

/// A key is used once by each actor, and what is remembered of it comes back as it was.
pub fn an_idempotency_key_is_used_once(store: &dyn Store) {
    let late = DateTime::UNIX_EPOCH + TimeDelta::microseconds(4_102_444_799_999_999);
    let ann = CustomerId::named("ann").uuid();
    let actors = [
        Actor::Customer(CustomerId::from_uuid(ann)),
        Actor::Agent(AgentId::from_uuid(ann)),
        Actor::Supervisor(AgentId::from_uuid(ann)),
        Actor::System,
    ];
    for actor in actors {
        let once = used(actor, "Web 🦊 4711", late);
        assert_eq!(record(store, &once), None);
        store.commit(&once).unwrap();
        assert_eq!(record(store, &once), once.idempotency);
        let again = used(actor, "Web 🦊 4711", begin());
        refused(store.commit(&again), StoreErrorKind::Conflict);
        assert_eq!(record(store, &once), once.idempotency);
        assert_eq!(record(store, &used(actor, "web 🦊 4711", late)), None);
    }
}

/// Of many that use a key at the same time, one wins, only its stream is written, and the key tells of it.
pub fn of_many_that_use_an_idempotency_key_one_wins(store: &dyn Store) {
    for round in 0..10 {
        let of = |n: u128| stream(&format!("{round} of {n}"));
        let once = |n| {
            let mut once = used(Actor::System, &format!("once {round}"), begin());
            once.parts.push(append(of(n), 0, 1));
            once.idempotency.iter_mut().for_each(|record| {
                record.fingerprint = id(n);
            });
            once
        };
        let wins = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..8 {
                let (wins, once) = (&wins, &once);
                scope.spawn(move || match store.commit(&once(n)) {
                    Ok(()) => _ = wins.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                    }
                });
            }
        });
        assert_eq!(wins.into_inner(), 1);
        let written: Vec<_> = (0..8)
            .filter(|n| !events(store, of(*n)).is_empty())
            .map(id)
            .collect();
        let kept = record(store, &once(0)).map(|record| vec![record.fingerprint]);
        assert_eq!(Some(written), kept);
    }
}

/// Pruning forgets what is older than the instant, to the microsecond, of one tenant.
pub fn idempotency_keys_are_pruned_by_age(store: &dyn Store) {
    let tick = |n| begin() + TimeDelta::microseconds(n);
    for n in 0..5 {
        store
            .commit(&used(Actor::System, &n.to_string(), tick(n)))
            .unwrap();
    }
    let others = TenantId::named("other");
    assert_eq!(store.prune_keys(others, tick(9)).unwrap(), 0);
    assert_eq!(store.prune_keys(TENANT, tick(3)).unwrap(), 3);
    assert_eq!(store.prune_keys(TENANT, tick(3)).unwrap(), 0);
    for n in 0..5 {
        let left = record(store, &used(Actor::System, &n.to_string(), tick(n)));
        assert_eq!(left.is_some(), n >= 3, "{n}");
    }
    store.commit(&used(Actor::System, "0", tick(0))).unwrap();
}

/// Two tenants with the same ids, keys and addresses: each sees and changes its own alone.
pub fn tenants_do_not_see_each_other(store: &dyn Store) {
    let tenants = ["red", "blue"].map(TenantId::named);
    let ann = CustomerId::named("ann");
    let address = |tenant| UniqueKey::address(tenant, "ann@example.com");
    let once = |tenant, fingerprint| IdempotencyRecord {
        fingerprint: id(fingerprint),
        ..record_of(tenant, Actor::Customer(ann), "once")
    };
    for (n, tenant) in tenants.into_iter().enumerate() {
        let until = n as u64 + 1;
        let part = append(stream_of(tenant, "same"), 0, until);
        let mut own = Commit::new(tenant, begin(), vec![part]);
        own.content
            .push(text("same", Some("ann"), tenant.to_string()));
        own.unique
            .push((UniqueKey::message(tenant, "<1>"), id(n as u128)));
        own.unique.push((address(tenant), ann.uuid()));
        assert_eq!(recorded(store, &once(tenant, 0)), None);
        own.idempotency = Some(once(tenant, n as u128));
        store.commit(&own).unwrap();
    }
    let mut erase = Commit::new(tenants[0], begin(), vec![]);
    erase.erased.push(ContentId::named("same"));
    erase.persons.push(ann);
    store.commit(&erase).unwrap();
    for (n, tenant) in tenants.into_iter().enumerate() {
        assert_eq!(events(store, stream_of(tenant, "same")).len(), n + 1);
        let texts = store.content(tenant, &[ContentId::named("same")]).unwrap();
        assert_eq!(texts[0].is_some(), n == 1);
        let [red, blue] = tenants.map(|of| {
            let load = Load::owners(tenant, vec![UniqueKey::message(of, "<1>")]);
            store.load(&load).unwrap().owners[0]
        });
        let own = Some(id(n as u128));
        let seen = if n == 0 { (own, None) } else { (None, own) };
        assert_eq!((red, blue), seen);
        let load = Load::owners(tenant, vec![address(tenant)]);
        let hers = (n == 1).then(|| ann.uuid());
        assert_eq!(store.load(&load).unwrap().owners, [hers]);
        let own = once(tenant, n as u128);
        assert_eq!(recorded(store, &own), Some(own));
    }
    assert_eq!(recorded(store, &once(TENANT, 0)), None);
    assert!(events(store, stream("same")).is_empty());
    let rows = store
        .list(TENANT, &Filter::all(), &Page::oldest(10))
        .unwrap();
    assert!(rows.is_empty());
}
