//! Rulebooks that stand in the store beside the tickets: a host may start anew with other rules and has all it needs.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::aggregate::{KeptRulebook, RulebookEvent};
use helpdesk::error::ErrorKind;
use helpdesk::id::RulebookId;
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{
    Commit, Load, MemoryStore, Part, Store, StoreErrorKind, StreamId, StreamKind,
};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{CloseReason, Metric, Recorded, Stage, Version};
use helpdesk::{Actor, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

fn now() -> DateTime<Utc> {
    at(BEGIN)
}

fn rules(hours: u32) -> Rulebook {
    let text = r#"{"policies": [{"name": "all", "targets": {"first_response": "HOURSh"}}]}"#;
    text.replace("HOURS", &hours.to_string()).parse().unwrap()
}

fn keeping<S: Store>(store: S, rules: impl Into<Rulebooks>) -> Desk<S> {
    Desk::keeping(store, rules, now()).unwrap()
}

fn opened<S: Store>(desk: &Desk<S>, tenant: TenantId, n: u128) -> TicketId {
    let call = call(Actor::Agent(KIM), now(), n);
    let open = Open::new("Printer on fire").from_customer(ANN);
    desk.tenant(tenant).open(&call, open).unwrap().id()
}

fn stream(version: RulebookId) -> StreamId {
    StreamId {
        tenant: TenantId::SINGLE,
        kind: StreamKind::Rulebook,
        id: version.uuid(),
    }
}

fn kept<S: Store>(store: &S, version: RulebookId) -> Vec<Recorded<RulebookEvent>> {
    let load = Load::streams(TenantId::SINGLE, [stream(version)]);
    store.load(&load).unwrap().streams.remove(0).events.take()
}

/// What a ticket answers to readings, commands and sweeps does not depend on the rules that came later.
fn a_restart_with_other_rules_strands_nothing(store: impl Store) {
    let (first, second) = (rules(4), rules(2));
    let desk = keeping(&store, first.clone());
    let t = opened(&desk, TenantId::SINGLE, 1);
    let due = |desk: &Desk<_>, t| desk.reading(t, Metric::FirstResponse, now()).unwrap().due();
    assert_eq!(due(&desk, t), Some(now() + TimeDelta::hours(4)));

    let bare = Desk::new(&store, second.clone());
    assert_eq!(
        bare.missing_rulebooks()
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>(),
        [first.id()]
    );
    let error = bare.reading(t, Metric::FirstResponse, now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingRulebook);
    assert!(!error.to_string().contains("::"), "{error}");

    let desk = keeping(&store, second.clone());
    assert!(desk.missing_rulebooks().unwrap().is_empty());
    assert_eq!(due(&desk, t), Some(now() + TimeDelta::hours(4)));
    assert_eq!(
        due(&desk, opened(&desk, TenantId::SINGLE, 2)),
        Some(now() + TimeDelta::hours(2))
    );
    let swept = desk.sweep(now() + TimeDelta::days(1), 10).unwrap();
    assert!(swept.failed.is_empty() && swept.tickets == 2, "{swept:?}");
    let says = call(Actor::Customer(ANN), now() + TimeDelta::days(2), 3);
    desk.submit(t, &says, Command::reply("Still burning"))
        .unwrap();

    // A third start knows both, and keeping again wrote nothing.
    let third = keeping(&store, rules(9));
    assert_eq!(third.rulebooks().versions().count(), 3);
    let before = kept(&store, first.id());
    assert_eq!(before.len(), 2);
    keeping(&store, first.clone());
    assert_eq!(kept(&store, first.id()), before);
}

#[test]
fn a_restart_in_memory() {
    a_restart_with_other_rules_strands_nothing(MemoryStore::new());
}

#[cfg(feature = "sqlite")]
#[test]
fn a_restart_on_a_file() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("keeping");
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("support.db");
    a_restart_with_other_rules_strands_nothing(helpdesk::store::SqliteStore::open(&path).unwrap());
    let anew = keeping(helpdesk::store::SqliteStore::open(&path).unwrap(), rules(7));
    assert_eq!(anew.rulebooks().versions().count(), 4);
}

#[cfg(feature = "async")]
#[test]
fn the_async_desk_keeps_the_same() {
    use helpdesk::desk::AsyncDesk;
    use helpdesk::store::Offloaded;
    use std::sync::Arc;
    let store = Arc::new(MemoryStore::new());
    let t = opened(&keeping(store.clone(), rules(4)), TenantId::SINGLE, 1);
    let (first, second) = (rules(4).id(), rules(2));
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async {
            let offloaded = || Offloaded::new(store.clone(), std::thread::spawn);
            let bare = AsyncDesk::new(offloaded(), second.clone());
            assert!(bare.missing_rulebooks().await.unwrap().contains(&first));
            let desk = AsyncDesk::keeping(offloaded(), second.clone(), now())
                .await
                .unwrap();
            assert!(desk.missing_rulebooks().await.unwrap().is_empty());
            let reading = desk.reading(t, Metric::FirstResponse, now()).await.unwrap();
            assert_eq!(reading.due(), Some(now() + TimeDelta::hours(4)));
        });
    assert_eq!(kept(&store, second.id()).len(), 2);
}

/// What is in force for a tenant the host alone says; the versions of every tenant stand in one place.
#[test]
fn tenants_share_one_place() {
    let (acme, store) = (TenantId::named("acme"), MemoryStore::new());
    let own = Rulebooks::new(rules(4)).for_tenant(acme, rules(1));
    let t = opened(&keeping(&store, own), acme, 1);
    let streams = store.streams(acme, StreamKind::Rulebook, None, 9).unwrap();
    assert!(streams.is_empty());

    let desk = keeping(&store, rules(2));
    assert_eq!(desk.rulebooks().current(acme), &rules(2));
    let due = desk
        .tenant(acme)
        .reading(t, Metric::FirstResponse, now())
        .unwrap()
        .due();
    assert_eq!(due, Some(now() + TimeDelta::hours(1)));
    let only: Vec<_> = kept(&store, rules(1).id())
        .into_iter()
        .map(|event| event.event)
        .collect();
    let for_acme = RulebookEvent::Given {
        tenant: Some(acme),
        published: 0,
    };
    assert_eq!(only[1..], [for_acme]);
    let bare = Desk::new(&store, rules(2));
    assert!(
        bare.missing_rulebooks().unwrap().is_empty(),
        "acme's ticket is acme's"
    );
    assert_eq!(bare.tenant(acme).missing_rulebooks().unwrap().len(), 1);
}

/// Every version that a ticket was ever pinned to is asked for. A closed one's are too: a late message on it begins a follow-up by them.
#[test]
fn what_is_missing_is_what_tickets_need() {
    let store = MemoryStore::new();
    let books = Rulebooks::new(rules(1)).then(rules(2)).then(rules(3));
    let desk = Desk::new(&store, books);
    let (moved, closed) = (
        opened(&desk, TenantId::SINGLE, 1),
        opened(&desk, TenantId::SINGLE, 2),
    );
    let chief = |n| call(Actor::Supervisor(KIM), now() + TimeDelta::hours(1), n);
    desk.apply_rulebook(moved, &chief(3), rules(1).id())
        .unwrap();
    desk.submit(closed, &chief(4), Command::close(CloseReason::Settled))
        .unwrap();
    let other = Desk::new(&store, rules(9));
    let missing = |desk: &Desk<_>| {
        desk.missing_rulebooks()
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>()
    };
    let mut both = vec![rules(1).id(), rules(3).id()];
    both.sort_unstable();
    assert_eq!(missing(&other), both);
    let with_one = Rulebooks::new(rules(9)).with_earlier(rules(1));
    assert_eq!(missing(&Desk::new(&store, with_one)), [rules(3).id()]);
    assert_eq!(
        other.ticket(closed).unwrap().status().stage(),
        Stage::Closed
    );
    let ages = Rulebooks::new(rules(9))
        .with_earlier(rules(1))
        .with_earlier(rules(3));
    let late = call(Actor::Customer(ANN), now() + TimeDelta::days(400), 5);
    let told = |desk: &Desk<_>| desk.submit(closed, &late, Command::reply("again"));
    let error = told(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingRulebook);
    assert!(told(&Desk::new(&store, ages)).is_ok());
}

#[test]
fn a_closed_ticket_needs_its_rules() {
    let store = MemoryStore::new();
    let desk = Desk::new(&store, rules(1));
    let closed = opened(&desk, TenantId::SINGLE, 1);
    let kim = call(Actor::Agent(KIM), now() + TimeDelta::hours(1), 2);
    let close = Command::close(CloseReason::Settled);
    desk.submit(closed, &kim, close).unwrap();
    let other = Desk::new(&store, rules(9));
    let missing = other.missing_rulebooks().unwrap();
    assert!(missing.into_iter().eq([rules(1).id()]));
}

#[test]
fn rules_that_are_not_what_their_id_says_are_corrupt() {
    let store = MemoryStore::new();
    keep_raw(&store, rules(1).id(), rules(2).as_json());
    let error = Desk::keeping(&store, rules(3), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error.to_string().contains(&rules(1).id().to_string()),
        "{error}"
    );
}

#[test]
fn rules_of_a_newer_release_are_newer() {
    let store = MemoryStore::new();
    let text = r#"{"moods": ["good"]}"#;
    let newer = helpdesk::id::RulebookId::from_uuid(version_of(text));
    keep_raw(&store, newer, text);
    let error = Desk::keeping(&store, rules(3), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
}

/// What an earlier release wrote otherwise keeps its id, and is kept as it was written.
#[test]
fn rules_that_are_written_otherwise_today_keep_their_id() {
    let (store, other) = (MemoryStore::new(), MemoryStore::new());
    let text = r#"{ "policies": [{"name": "old", "targets": {"first_response": "90min"}}] }"#;
    let old = RulebookId::from_uuid(version_of(text));
    assert_ne!(Rulebook::from_json(text).unwrap().id(), old);
    keep_raw(&store, old, text);
    let books = keeping(&store, rules(3)).rulebooks().clone();
    assert_eq!(books.get(old).unwrap().id(), old);
    keeping(&other, books);
    let events = kept(&other, old);
    assert!(KeptRulebook::replay(&events).unwrap().is(old));
}

fn keep_raw(store: &MemoryStore, version: RulebookId, text: &str) {
    let rules = text.to_owned();
    let events = [
        RulebookEvent::Kept { rules },
        RulebookEvent::Given {
            tenant: None,
            published: 0,
        },
    ];
    let recorded = events.into_iter().enumerate().map(|(n, event)| Recorded {
        version: Version(n as u64 + 1),
        at: now(),
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event,
    });
    let part = Part::append(stream(version), Version(0), recorded.collect::<Vec<_>>());
    store
        .commit(&Commit::new(TenantId::SINGLE, now(), vec![part]))
        .unwrap();
}

/// The id of a canonical form, worked out apart: a uuid v5 over length-prefixed parts.
fn version_of(text: &str) -> uuid::Uuid {
    let namespace = uuid::Uuid::from_u128(0x6d0f_8c1e_51f4_4f0e_9c3b_2f6a_7d1e_0b55);
    let parts: Vec<u8> = [b"rulebook" as &[u8], text.as_bytes()]
        .iter()
        .flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat())
        .collect();
    uuid::Uuid::new_v5(&namespace, &parts)
}

/// Many processes that start at once keep every version once.
#[test]
fn starts_at_the_same_time_keep_each_version_once() {
    let store = MemoryStore::new();
    std::thread::scope(|scope| {
        for hours in 1..=8 {
            let store = &store;
            scope.spawn(move || keeping(store, Rulebooks::new(rules(hours)).then(rules(100))));
        }
    });
    let desk = keeping(&store, rules(1));
    assert_eq!(desk.rulebooks().versions().count(), 9);
    for id in desk.rulebooks().versions() {
        assert_eq!(kept(&store, id).len(), 2, "{id}");
    }
}

/// Somebody else may write first now and then; a store in which always somebody does is told as contended.
#[test]
fn conflicts_are_met_by_looking_again() {
    let conflicts = |times| {
        let store = FaultyStore::new(MemoryStore::new());
        store.cue_times(
            Asked::Commit,
            Fault::Refuse(StoreErrorKind::Conflict),
            times,
        );
        let desk = Desk::keeping(&store, rules(4), now());
        desk.map(|_| kept(store.inside(), rules(4).id()).len())
    };
    assert_eq!(conflicts(3).unwrap(), 2);
    assert_eq!(conflicts(1_000).unwrap_err().kind(), ErrorKind::Conflict);
}

/// More versions than one page and one commit take.
#[test]
fn many_versions_are_kept_page_by_page() {
    let store = MemoryStore::new();
    let books = (2..=150).fold(Rulebooks::new(rules(1)), |books, n| books.then(rules(n)));
    keeping(&store, books);
    assert_eq!(
        keeping(&store, rules(1)).rulebooks().versions().count(),
        150
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever rules a host starts with, one after the other, every ticket is measured as when it was opened.
    #[test]
    fn every_start_has_what_earlier_ones_had(starts in prop::collection::vec((1_u32..5, any::<bool>()), 1..6)) {
        let (acme, store) = (TenantId::named("acme"), MemoryStore::new());
        let mut tickets = Vec::new();
        for (n, (hours, own)) in starts.into_iter().enumerate() {
            let books = Rulebooks::new(rules(hours));
            let books = if own { books.for_tenant(acme, rules(hours + 10)) } else { books };
            let desk = keeping(&store, books);
            for tenant in [acme, TenantId::SINGLE] {
                let t = opened(&desk, tenant, ((n as u128) << 8) | u128::from(tenant == acme));
                let hours = if own && tenant == acme { hours + 10 } else { hours };
                tickets.push((tenant, t, now() + TimeDelta::hours(hours.into())));
            }
            for (tenant, t, due) in &tickets {
                let reading = desk.tenant(*tenant).reading(*t, Metric::FirstResponse, now()).unwrap();
                prop_assert_eq!(reading.due(), Some(*due));
            }
        }
    }
}
