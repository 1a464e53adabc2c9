//! Customers: identities, preferences, notes, joining, erasure; on the memory store and on SQLite.

#![cfg(feature = "sqlite")]

mod common;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use common::*;
use helpdesk::customer::{Change, Command, Event, Identity, Profile, Refusal};
use helpdesk::desk::{Anything, Told, ToldAnything};
use helpdesk::error::ErrorKind;
use helpdesk::id::{ContentId, CustomerId};
use helpdesk::store::{MemoryStore, SqliteStore, Store};
use helpdesk::ticket::{self, Channel};
use helpdesk::{Actor, Call, Desk, Error, Open, TenantId};
use proptest::prelude::*;

fn desks() -> [Desk<Box<dyn Store>>; 2] {
    let stores: [Box<dyn Store>; 2] = [
        Box::new(MemoryStore::new()),
        Box::new(SqliteStore::in_memory().unwrap()),
    ];
    stores.map(|store| Desk::new(store, rulebook()))
}

fn by(actor: Actor, n: u128) -> Call {
    let minutes = i64::try_from(n).unwrap();
    call(actor, at(BEGIN) + TimeDelta::minutes(minutes), n)
}

fn kim(n: u128) -> Call {
    by(Actor::Agent(KIM), n)
}

fn tell(
    desk: &Desk<Box<dyn Store>>,
    id: CustomerId,
    call: &Call,
    command: Command,
) -> Result<Told<Profile>, Error> {
    desk.tell::<Profile>(id, call, command)
}

fn text(desk: &Desk<Box<dyn Store>>, id: ContentId) -> Option<String> {
    let found = desk.tenant(TenantId::SINGLE).content(&[id]).unwrap();
    found
        .into_iter()
        .next()
        .flatten()
        .map(|content| content.text)
}

fn customer(name: &str) -> CustomerId {
    CustomerId::named(name)
}

#[test]
fn one_call_may_keep_several_texts() {
    for desk in desks() {
        let ann = customer("crm-1");
        let call = kim(1);
        let address = Command::Identify(Identity::address("ann@example.com"));
        tell(&desk, ann, &call, address).unwrap();
        tell(&desk, ann, &call, Command::Note("prefers mail".into())).unwrap();
        let told = tell(&desk, ann, &call, Command::Note("is a pilot".into())).unwrap();
        let profile = &told.state;
        let mut texts: Vec<_> = profile
            .notes()
            .iter()
            .map(|note| text(&desk, note.text))
            .collect();
        texts.extend(
            profile
                .identities()
                .iter()
                .map(|identity| text(&desk, identity.text)),
        );
        let said = ["prefers mail", "is a pilot", "ann@example.com"];
        assert_eq!(texts, said.map(|text| Some(text.to_owned())));
    }
}

#[test]
fn every_identity_leads_to_the_customer() {
    for desk in desks() {
        let ann = customer("crm-1");
        let identities = [
            Identity::address("Ann@Example.com"),
            Identity::phone("+49 (30) 901-820"),
            Identity::handle("Mastodon", "@ann"),
            Identity::account("4711"),
        ];
        for (n, identity) in (1..).zip(&identities) {
            tell(&desk, ann, &kim(n), Command::Identify(identity.clone())).unwrap();
        }
        let froms = [
            "ann@example.com ",
            "004930901820",
            "mastodon:@Ann",
            "account:4711",
        ];
        for (n, from) in (10..).zip(froms) {
            let t = desk.open(&kim(n), Open::new("help").from(from)).unwrap();
            assert_eq!(t.ticket().requester(), ann, "{from}");
        }
        let profile = desk.state::<Profile>(ann).unwrap();
        let kept: Vec<_> = profile
            .identities()
            .iter()
            .map(|known| text(&desk, known.text).unwrap())
            .collect();
        assert_eq!(
            kept,
            [
                "ann@example.com",
                "+4930901820",
                "mastodon:@ann",
                "account:4711"
            ]
        );
    }
}

#[test]
fn an_identity_has_one_customer() {
    for desk in desks() {
        let (ann, bob) = (customer("ann"), customer("bob"));
        let address = || Identity::address("a@example.com");
        tell(&desk, ann, &kim(1), Command::Identify(address())).unwrap();
        let error = tell(&desk, bob, &kim(2), Command::Identify(address())).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Refused, "identity_taken")
        );
        assert_eq!(
            error.refusal_of::<Refusal>(),
            Some(&Refusal::IdentityTaken { customer: ann })
        );

        let known = desk.state::<Profile>(ann).unwrap().identities()[0];
        let forget = |is| Command::Forget {
            identity: known.text,
            is,
        };
        let error = tell(
            &desk,
            ann,
            &kim(3),
            forget(Identity::address("b@example.com")),
        )
        .unwrap_err();
        assert_eq!(error.code(), "unknown_identity");
        tell(&desk, ann, &kim(4), forget(address())).unwrap();
        assert_eq!(text(&desk, known.text), None);
        tell(&desk, bob, &kim(5), Command::Identify(address())).unwrap();
        let t = desk
            .open(&kim(6), Open::new("help").from("a@example.com"))
            .unwrap();
        assert_eq!(t.ticket().requester(), bob);

        for bad in [
            Identity::address("nobody"),
            Identity::address("@example.com"),
            Identity::phone("112"),
            Identity::phone("call me"),
            Identity::handle("", "ann"),
            Identity::handle("x", " "),
            Identity::account(" "),
        ] {
            let error = tell(&desk, bob, &kim(7), Command::Identify(bad.clone())).unwrap_err();
            assert_eq!(error.code(), "not_an_identity", "{bad:?}");
        }
    }
}

#[test]
fn preferences_are_the_customers_own_and_the_rest_is_the_desks() {
    for desk in desks() {
        let ann = customer("ann");
        let own = Actor::Customer(ann);
        let set = vec![
            Change::Name(Some("Ann".to_owned())),
            Change::Channel(Some(Channel::Phone)),
            Change::Language(Some(name("de-AT"))),
            Change::Zone(Some(name("Europe/Vienna"))),
        ];
        let told = tell(&desk, ann, &by(own, 1), Command::Set(set.clone())).unwrap();
        assert_eq!(told.events.len(), 4);
        let again = tell(&desk, ann, &by(own, 2), Command::Set(set[1..].to_vec())).unwrap();
        assert!(again.events.is_empty() && again.state == told.state);
        let renamed = Command::set(Change::Name(Some("Anna".to_owned())));
        let renamed = tell(&desk, ann, &by(own, 3), renamed).unwrap();
        assert_eq!(
            text(&desk, told.state.name().unwrap()),
            None,
            "the old name is gone"
        );
        assert_eq!(
            text(&desk, renamed.state.name().unwrap()).as_deref(),
            Some("Anna")
        );

        let at_once = [Some("Annie".to_owned()), Some("Anne".to_owned()), None];
        let at_once = Command::Set(at_once.map(Change::Name).to_vec());
        let unnamed = tell(&desk, ann, &by(own, 3), at_once).unwrap();
        let names = unnamed.events.iter().filter_map(|told| match told.event {
            Event::NameChanged { to } => to,
            _ => None,
        });
        let names: Vec<_> = names.chain(renamed.state.name()).collect();
        assert_eq!((names.len(), unnamed.state.name()), (3, None));
        for passing in names {
            assert_eq!(text(&desk, passing), None, "no name of hers is left");
        }

        let gold = || Command::set(Change::Tier(Some(name("gold"))));
        let error = tell(&desk, ann, &by(own, 4), gold()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(matches!(
            error.refusal(),
            Some(ticket::Refusal::Forbidden { .. })
        ));
        tell(&desk, ann, &kim(4), gold()).unwrap();
        let chat = Command::set(Change::Channel(Some(Channel::Chat)));
        let error = tell(&desk, ann, &by(Actor::Customer(BOB), 5), chat).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Forbidden, "somebody_else")
        );

        for (bad, code) in [
            (Change::Language(Some(name("German!"))), "not_a_language"),
            (Change::Language(Some(name("d"))), "not_a_language"),
            (Change::Zone(Some(name("Europe/Atlantis"))), "not_a_zone"),
            (Change::Name(Some("  ".to_owned())), "missing"),
        ] {
            let error = tell(&desk, ann, &by(own, 6), Command::set(bad)).unwrap_err();
            assert_eq!(error.code(), code);
        }
    }
}

#[test]
fn the_same_key_tells_once() {
    for desk in desks() {
        let ann = customer("ann");
        let keyed = |n| kim(n).key(name("web-1"));
        let note = || Command::Note("calls in the evening".to_owned());
        let first = tell(&desk, ann, &keyed(1), note()).unwrap();
        tell(&desk, ann, &kim(2), Command::Note("moved".to_owned())).unwrap();
        let again = tell(&desk, ann, &keyed(3), note()).unwrap();
        assert!(!first.replayed && again.replayed);
        assert_eq!(again.events, first.events);
        assert_eq!(again.state.notes().len(), 2);
        let error = tell(&desk, ann, &keyed(4), Command::Note("else".to_owned())).unwrap_err();
        assert_eq!(error.code(), "key_reused");
        let error = tell(&desk, customer("bob"), &keyed(5), note()).unwrap_err();
        assert_eq!(error.code(), "key_reused");
        let error = tell(&desk, ann, &kim(0), note()).unwrap_err();
        assert_eq!(error.code(), "stamp_too_early");
    }
}

#[test]
fn the_door_takes_every_kind() {
    for desk in desks() {
        let json = r#"{"customer":{"set":[{"tier":"gold"}]}}"#;
        let command: Anything = serde_json::from_str(json).unwrap();
        let told = desk
            .tell_anything(customer("ann").uuid(), &kim(1), command)
            .unwrap();
        let ToldAnything::Customer(told) = &told else {
            panic!("{told:?}")
        };
        assert_eq!(told.state.tier(), Some(&name("gold")));
        let json = serde_json::to_value(told).unwrap();
        assert_eq!(json["state"]["tier"], "gold");
    }
}

#[test]
fn histories_are_listed() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let mut all: Vec<_> = (0..600).map(|n| customer(&n.to_string())).collect();
        for (n, id) in (1..).zip(&all) {
            tell(&desk, *id, &kim(n), Command::Note("x".to_owned())).unwrap();
        }
        all.sort_unstable();
        let mut seen = Vec::new();
        single
            .each::<Profile>(&mut |id, profile| {
                assert_eq!(profile.notes().len(), 1);
                seen.push(id);
            })
            .unwrap();
        assert_eq!(seen, all);
        assert_eq!(single.ids::<Profile>(Some(all[9]), 2).unwrap(), all[10..12]);
        assert_eq!(single.told::<Profile>(all[0]).unwrap().len(), 1);
        let error = desk.state::<Profile>(customer("nobody")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[test]
fn joining_moves_everything_and_leads_on_for_ever() {
    for desk in desks() {
        let [a, b, c] = ["a", "b", "c"].map(customer);
        for (n, (id, mail)) in (1..).zip([
            (a, "a@example.com"),
            (b, "b@example.com"),
            (c, "c@example.com"),
        ]) {
            tell(
                &desk,
                id,
                &kim(n),
                Command::Identify(Identity::address(mail)),
            )
            .unwrap();
            tell(&desk, id, &kim(n), Command::Note(mail.to_owned())).unwrap();
        }
        tell(
            &desk,
            b,
            &kim(5),
            Command::set(Change::Tier(Some(name("gold")))),
        )
        .unwrap();
        tell(&desk, a, &kim(6), Command::Join(b)).unwrap();
        tell(&desk, c, &kim(7), Command::Join(a)).unwrap();
        let survivor = desk.state::<Profile>(c).unwrap();
        assert_eq!(
            (survivor.identities().len(), survivor.notes().len()),
            (3, 3)
        );
        assert_eq!(survivor.tier(), Some(&name("gold")));
        for id in [a, b] {
            let profile = desk.state::<Profile>(id).unwrap();
            assert_eq!(profile.joined_into(), Some(c));
            assert!(profile.identities().is_empty());
            let error = tell(&desk, id, &kim(8), Command::Note("x".to_owned())).unwrap_err();
            assert_eq!(
                error.refusal_of(),
                Some(&Refusal::WasJoined {
                    customer: id,
                    into: c
                })
            );
        }
        for mail in ["a@example.com", "b@example.com"] {
            let t = desk.open(&kim(9), Open::new("help").from(mail)).unwrap();
            assert_eq!(t.ticket().requester(), c);
        }
        for other in [a, c] {
            assert!(tell(&desk, c, &kim(10), Command::Join(other)).is_err());
        }
        let history = desk.tenant(TenantId::SINGLE).told::<Profile>(a).unwrap();
        assert_eq!(history.len(), 4, "its own history stays");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Identify(usize, u8),
    Note(usize),
    Join(usize, usize),
    Forget(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..5_usize, 0..12_u8).prop_map(|(who, n)| Step::Identify(who, n)),
        2 => (0..5_usize).prop_map(Step::Note),
        2 => (0..5_usize, 0..5_usize).prop_map(|(a, b)| Step::Join(a, b)),
        1 => (0..5_usize).prop_map(Step::Forget),
    ];
    proptest::collection::vec(step, 0..30)
}

fn mail(n: u8) -> String {
    format!("{n}@example.com")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against a model that knows only who is whom: identities and notes are never lost by a join, an identity has one customer,
    /// and every id leads to its survivor in one step.
    #[test]
    fn joins_lose_nothing(steps in steps()) {
        let desk = &desks()[0];
        let people: Vec<CustomerId> = (0..5).map(|n| customer(&n.to_string())).collect();
        let mut leads: Vec<usize> = (0..5).collect();
        let mut mails: BTreeMap<u8, usize> = BTreeMap::new();
        let mut notes = [0; 5];
        for (n, step) in (1..).zip(&steps) {
            match *step {
                Step::Identify(who, m) => {
                    let told = tell(desk, people[who], &kim(n), Command::Identify(Identity::address(mail(m))));
                    let owner = mails.get(&m).map(|who| leads[*who]);
                    let fine = leads[who] == who && owner.is_none_or(|owner| owner == who);
                    prop_assert_eq!(told.is_ok(), fine);
                    if fine {
                        mails.insert(m, who);
                    }
                }
                Step::Note(who) => {
                    let told = tell(desk, people[who], &kim(n), Command::Note("x".to_owned()));
                    prop_assert_eq!(told.is_ok(), leads[who] == who);
                    notes[who] += usize::from(told.is_ok());
                }
                Step::Join(who, other) => {
                    let told = tell(desk, people[who], &kim(n), Command::Join(people[other]));
                    let fine = who != other && leads[who] == who && leads[other] == other;
                    prop_assert_eq!(told.is_ok(), fine);
                    if fine {
                        notes[who] += std::mem::take(&mut notes[other]);
                        leads.iter_mut().filter(|lead| **lead == other).for_each(|lead| *lead = who);
                    }
                }
                Step::Forget(who) => {
                    let Ok(profile) = desk.state::<Profile>(people[who]) else { continue };
                    let Some(known) = profile.identities().first() else { continue };
                    let of = text(desk, known.text).unwrap();
                    let twice = profile.identities().iter().filter(|other| text(desk, other.text).as_ref() == Some(&of)).count();
                    prop_assert_eq!(twice, 1, "an identity is known once");
                    let told = tell(desk, people[who], &kim(n), Command::Forget { identity: known.text, is: Identity::address(of.clone()) });
                    prop_assert!(told.is_ok());
                    mails.retain(|m, _| mail(*m) != of);
                }
            }
        }
        for (who, person) in people.iter().enumerate() {
            let Ok(profile) = desk.state::<Profile>(*person) else { continue };
            prop_assert_eq!(profile.joined_into(), (leads[who] != who).then(|| people[leads[who]]));
            let mut known: Vec<_> = profile.identities().iter().map(|known| text(desk, known.text).unwrap()).collect();
            known.sort();
            let mut expected: Vec<_> = mails.iter().filter(|(_, owner)| leads[**owner] == who && leads[who] == who).map(|(m, _)| mail(*m)).collect();
            expected.sort();
            prop_assert_eq!(known, expected);
            prop_assert_eq!(profile.notes().len(), if leads[who] == who { notes[who] } else { 0 });
        }
        for (n, (m, owner)) in (1000..).zip(&mails) {
            let t = desk.open(&kim(n), Open::new("help").from(mail(*m))).unwrap();
            prop_assert_eq!(t.ticket().requester(), people[leads[*owner]]);
        }
    }
}

/// Only a conflict is tried again: what the store says otherwise is the caller's to know.
#[test]
fn an_erasure_that_the_store_refuses_is_told() {
    use helpdesk::store::StoreErrorKind;
    use helpdesk::testing::{Asked, Fault, FaultyStore};
    let desk = Desk::new(FaultyStore::new(MemoryStore::new()), rulebook());
    let identify = Command::Identify(Identity::address("ann@example.com"));
    desk.tell::<Profile>(ANN, &kim(1), identify).unwrap();
    let tenant = desk.tenant(TenantId::SINGLE);
    let later = at(BEGIN) + TimeDelta::hours(1);
    let refuse = |kind| desk.store().cue(Asked::Commit, Fault::Refuse(kind));

    refuse(StoreErrorKind::Unavailable);
    let error = tenant.erase_person(ANN, later).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(desk.state::<Profile>(ANN).unwrap().identities().len() == 1);
    refuse(StoreErrorKind::Conflict);
    tenant.erase_person(ANN, later).unwrap();
    assert!(desk.state::<Profile>(ANN).unwrap().identities().is_empty());
}

/// Who has no profile is erased like who has one: nobody makes the id somebody again.
#[test]
fn an_erasure_of_a_customer_without_a_profile_is_remembered() {
    for desk in desks() {
        let tenant = desk.tenant(TenantId::SINGLE);
        let ann = desk.open(&kim(1), Open::new("x").from("ann@example.com"));
        let ann = ann.unwrap().ticket().requester();
        let later = at(BEGIN) + TimeDelta::hours(1);
        tenant.erase_person(ann, later).unwrap();
        let erased = desk.state::<Profile>(ann).unwrap();
        assert_eq!(erased.erased_at(), Some(later));
        // Once: erased again is no event.
        tenant
            .erase_person(ann, later + TimeDelta::hours(1))
            .unwrap();
        assert_eq!(desk.state::<Profile>(ann).unwrap(), erased);
        let history = tenant.told::<Profile>(ann).unwrap();
        assert_eq!(history.len(), 1);

        let is_erased = |error: Error| assert_eq!(error.code(), "was_erased");
        let identify = Command::Identify(Identity::address("ann@example.com"));
        is_erased(tell(&desk, ann, &kim(200), identify.clone()).unwrap_err());
        is_erased(tell(&desk, ann, &kim(200), Command::Note("x".into())).unwrap_err());
        is_erased(tell(&desk, customer("bob"), &kim(200), Command::Join(ann)).unwrap_err());
        // The address is free, for whoever writes from it next.
        let again = desk.open(&kim(201), Open::new("y").from("ann@example.com"));
        assert_ne!(again.unwrap().ticket().requester(), ann);
    }
}

/// An imported ticket of a customer who was erased, before the import or beside it, gives her no address back.
#[test]
fn an_import_gives_no_address_back() {
    use helpdesk::id::{TicketId, TicketNumber};
    use helpdesk::replay::{History, import};
    use helpdesk::testing::{Asked, Fault, FaultyStore};
    use std::time::Duration;

    for beside in [false, true] {
        let desk = Desk::new(FaultyStore::new(MemoryStore::new()), rulebook());
        let tenant = desk.tenant(TenantId::SINGLE);
        let open = || Open::new("x").from("ann@example.com");
        let ann = desk.open(&kim(1), open()).unwrap().ticket().requester();
        let mut log = History::new(TicketId::named("old"), TicketNumber(90), ann, at(BEGIN));
        log.opened.address = Some("ann@example.com".to_owned());
        let imported = import(&log, &rulebook(), TenantId::SINGLE);
        let erase = || {
            let later = at(BEGIN) + TimeDelta::hours(1);
            tenant.erase_person(ann, later).unwrap();
        };
        if beside {
            let slow = Fault::Slow(Duration::from_secs(2));
            desk.store().cue(Asked::Commit, slow);
            std::thread::scope(|scope| {
                let importing = scope.spawn(|| tenant.import(&imported).unwrap());
                while desk.store().cues_left() > 0 && !importing.is_finished() {
                    std::thread::yield_now(); // until it is about to write
                }
                erase();
            });
        } else {
            erase();
            tenant.import(&imported).unwrap();
        }
        assert!(desk.ticket(TicketId::named("old")).is_ok());
        let again = desk.open(&kim(201), open()).unwrap();
        assert_ne!(again.ticket().requester(), ann, "beside: {beside}");
    }
}

/// An imported ticket of a customer who was joined with another gives the address to that one, or to nobody where that one was erased.
#[test]
fn an_import_gives_the_address_to_whom_the_requester_was_joined() {
    use helpdesk::id::{TicketId, TicketNumber};
    use helpdesk::replay::{History, import};

    for is_erased in [false, true] {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let tenant = desk.tenant(TenantId::SINGLE);
        let other = customer("other");
        let join = desk.tell::<Profile>(ANN, &kim(1), Command::Join(other));
        join.unwrap();
        if is_erased {
            tenant.erase_person(ANN, at(BEGIN)).unwrap();
        }
        let mut log = History::new(TicketId::named("old"), TicketNumber(90), other, at(BEGIN));
        log.opened.address = Some("other@example.com".to_owned());
        let imported = import(&log, &rulebook(), TenantId::SINGLE);
        tenant.import(&imported).unwrap();
        let open = Open::new("x").from("other@example.com");
        let requester = desk.open(&kim(9), open).unwrap().ticket().requester();
        assert_ne!(requester, other);
        assert_eq!(requester == ANN, !is_erased);
    }
}

/// Whoever is erased between the look at her address and the ticket that is opened from it does not get it back: the address belongs to
/// nobody by then, and the opening makes a new customer.
#[test]
fn an_opening_beside_an_erasure_gives_no_address_back() {
    use std::sync::Arc;

    use helpdesk::desk::{Need, Operation, Request};
    use helpdesk::rulebook::Rulebooks;

    fn load(operation: &mut Operation, store: &dyn Store) {
        while let Need::Load(wanted) = operation.need() {
            let loaded = store.load(wanted).unwrap();
            operation.loaded(loaded).unwrap();
        }
    }
    fn commit(operation: &mut Operation, store: &dyn Store) -> bool {
        let Need::Commit(wanted) = operation.need() else {
            panic!("{:?}", operation.need());
        };
        let done = store.commit(wanted);
        let written = done.is_ok();
        operation.committed(done).unwrap();
        written
    }

    let open = || Open::new("x").from("ann@example.com");
    for with_profile in [false, true] {
        for desk in desks() {
            let ann = desk.open(&kim(1), open()).unwrap().ticket().requester();
            if with_profile {
                tell(&desk, ann, &kim(2), Command::Note("is a pilot".into())).unwrap();
            }
            let rulebooks = Arc::new(Rulebooks::new(rulebook()));
            let begin = |n| Operation::new(rulebooks.clone(), kim(n), Request::Open(open()));
            // Two openings of one customer do not stand in each other's way, apart from the number that both may be given.
            let (mut one, mut other) = (begin(3), begin(4));
            load(&mut one, desk.store());
            load(&mut other, desk.store());
            assert!(commit(&mut one, desk.store()));
            if !commit(&mut other, desk.store()) {
                load(&mut other, desk.store());
                assert!(commit(&mut other, desk.store()));
            }
            for done in [one, other] {
                assert_eq!(done.finish().unwrap().ticket().requester(), ann);
            }

            let mut late = begin(5);
            load(&mut late, desk.store());
            let tenant = desk.tenant(TenantId::SINGLE);
            tenant
                .erase_person(ann, at(BEGIN) + TimeDelta::hours(1))
                .unwrap();
            assert!(
                !commit(&mut late, desk.store()),
                "decided before the erasure"
            );
            load(&mut late, desk.store());
            assert!(commit(&mut late, desk.store()));
            let new = late.finish().unwrap().ticket().requester();
            assert_ne!(new, ann);
            let again = desk.open(&kim(100), open()).unwrap();
            assert_eq!(again.ticket().requester(), new);
        }
    }
}

/// Openings of one known customer that come at once all open her tickets, also where they share commits.
#[test]
fn openings_of_one_customer_at_once_are_all_hers() {
    use helpdesk::store::GroupCommit;

    fn all_hers<S: Store>(store: S) {
        let desk = Desk::new(store, rulebook());
        let open = || Open::new("x").from("ann@example.com");
        let ann = desk.open(&kim(1), open()).unwrap().ticket().requester();
        let opens = &|n| desk.open(&kim(n), open()).unwrap().ticket().requester();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (2..10).map(|n| scope.spawn(move || opens(n))).collect();
            for writer in writers {
                assert_eq!(writer.join().unwrap(), ann);
            }
        });
        assert!(desk.state::<Profile>(ann).is_err(), "no profile was made");
    }
    all_hers(GroupCommit::new(MemoryStore::new()));
    all_hers(GroupCommit::new(SqliteStore::in_memory().unwrap()));
    all_hers(MemoryStore::new());
}
