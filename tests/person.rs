//! One person under several ids: joined profiles, merged tickets, and both; by hand and over arbitrary orders, on both embedded stores.

mod common;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use common::*;
use helpdesk::customer::{self, Profile};
use helpdesk::id::CustomerId;
use helpdesk::store::{Filter, MemoryStore, Page, Store};
use helpdesk::ticket::{Change, CloseReason, CustomerView, Draft, Link, Merge, Split};
use helpdesk::{Actor, Call, Command, Desk, Open, TenantId, TicketId};
use proptest::prelude::*;

fn on_both_stores(story: impl Fn(Desk<Box<dyn Store>>)) {
    story(Desk::new(Box::new(MemoryStore::new()), rulebook()));
    #[cfg(feature = "sqlite")]
    story(Desk::new(
        Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()),
        rulebook(),
    ));
}

fn by(actor: Actor, n: u128) -> Call {
    let minutes = i64::try_from(n).unwrap();
    call(actor, at(BEGIN) + TimeDelta::minutes(minutes), n)
}

fn open<S: Store>(desk: &Desk<S>, who: CustomerId, n: u128) -> TicketId {
    let open = Open::new("x").body("help");
    desk.open(&by(Actor::Customer(who), n), open).unwrap().id()
}

fn join<S: Store>(desk: &Desk<S>, survivor: CustomerId, other: CustomerId, n: u128) {
    let join = customer::Command::Join(other);
    desk.tell::<Profile>(survivor, &by(Actor::Agent(KIM), n), join)
        .unwrap();
}

fn from(view: &CustomerView) -> Vec<&'static str> {
    view.messages.iter().map(|message| message.from).collect()
}

/// What she wrote under any of her ids is hers, under whichever she looks; and she goes on speaking under each.
#[test]
fn a_joined_customer_sees_her_own_messages_as_her_own() {
    on_both_stores(|desk| {
        let single = desk.tenant(TenantId::SINGLE);
        let (anns, bobs) = (open(&desk, ANN, 1), open(&desk, BOB, 2));
        desk.submit(bobs, &by(Actor::Agent(KIM), 3), Command::reply("Which?"))
            .unwrap();
        assert!(single.customer_view(bobs, ANN).is_err());
        join(&desk, ANN, BOB, 4);
        // The survivor speaks in the other one's ticket, and the other one in hers.
        desk.submit(bobs, &by(Actor::Customer(ANN), 5), Command::reply("That"))
            .unwrap();
        desk.submit(anns, &by(Actor::Customer(BOB), 6), Command::reply("And?"))
            .unwrap();
        for viewer in [ANN, BOB] {
            let view = single.customer_view(bobs, viewer).unwrap();
            assert_eq!(from(&view), ["you", "support", "you"]);
            let view = single.customer_view(anns, viewer).unwrap();
            assert_eq!(from(&view), ["you", "you"]);
            assert_eq!(
                single.customer_ids(viewer).unwrap(),
                BTreeSet::from([ANN, BOB])
            );
        }
        // Everything of hers is found under her ids.
        let mut found = BTreeSet::new();
        for id in single.customer_ids(BOB).unwrap() {
            let filter = Filter::all().requester(id);
            let rows = single.list(&filter, &Page::oldest(9)).unwrap();
            found.extend(rows.iter().map(|row| row.ticket));
        }
        assert_eq!(found, BTreeSet::from([anns, bobs]));
        let stranger = CustomerId::named("cy");
        assert!(single.customer_view(anns, stranger).is_err());
        assert!(
            desk.submit(anns, &by(Actor::Customer(stranger), 7), Command::reply("?"))
                .is_err()
        );
        assert_eq!(
            single.customer_ids(stranger).unwrap(),
            BTreeSet::from([stranger])
        );
    });
}

/// Tickets of both are merged before or after their customers are found to be one person: the view has all of it, as her own.
#[test]
fn joined_and_merged_is_one_conversation_of_one_person() {
    for join_first in [true, false] {
        on_both_stores(|desk| {
            let single = desk.tenant(TenantId::SINGLE);
            let (anns, bobs) = (open(&desk, ANN, 1), open(&desk, BOB, 2));
            let merge = Merge::new(bobs, anns).across_requesters();
            if join_first {
                join(&desk, ANN, BOB, 3);
            }
            desk.merge(&by(Actor::Agent(KIM), 4), merge).unwrap();
            if !join_first {
                let view = single.customer_view(anns, ANN).unwrap();
                assert!(view.merged.is_empty(), "his is not hers before");
                join(&desk, ANN, BOB, 5);
            }
            desk.submit(bobs, &by(Actor::Customer(BOB), 6), Command::reply("And?"))
                .unwrap();
            for viewer in [ANN, BOB] {
                let view = single.customer_view(anns, viewer).unwrap();
                assert_eq!(from(&view), ["you", "you"]);
                let merged: Vec<_> = view
                    .merged
                    .iter()
                    .map(|one| (one.ticket, from(one)))
                    .collect();
                assert_eq!(merged, [(bobs, vec!["you"])]);
            }
        });
    }
}

/// Tickets of one person are merged without more ado, under whichever of her ids they stand; those of two people are not.
#[test]
fn tickets_of_one_person_are_no_other_requesters() {
    let [cy, dee] = ["cy", "dee"].map(CustomerId::named);
    for (one, other) in [(ANN, BOB), (BOB, ANN), (BOB, cy), (cy, BOB)] {
        on_both_stores(|desk| {
            let (source, into) = (open(&desk, one, 1), open(&desk, other, 2));
            let strangers = open(&desk, dee, 3);
            let merge = |n, source, into| {
                let merge = Merge::new(source, into);
                desk.merge(&by(Actor::Agent(KIM), n), merge)
            };
            let refused = merge(4, source, into).unwrap_err();
            assert_eq!(refused.code(), "other_requester");
            join(&desk, ANN, BOB, 5);
            join(&desk, ANN, cy, 6);
            for (source, into) in [(strangers, into), (source, strangers)] {
                let refused = merge(7, source, into).unwrap_err();
                assert_eq!(refused.code(), "other_requester");
            }
            let merged = merge(8, source, into).unwrap();
            assert_eq!(merged.id(), into);
            let gone = desk.ticket(source).unwrap();
            assert_eq!(gone.merged_into(), Some(into));
        });
    }
}

/// Where customers may merge, split, link and sweep, one who was joined with another does so by whichever id; nobody else does.
#[test]
fn a_joined_customer_tidies_up_by_whichever_id() {
    let mut draft = rulebook().as_draft().clone();
    let permissions = draft.tickets.permissions.clone();
    let all = helpdesk::ticket::Permission::ALL;
    draft.tickets.permissions = permissions.with(helpdesk::call::Role::Customer, all);
    let book = draft.build().unwrap();
    let cy = CustomerId::named("cy");
    on_both_stores(|desk| {
        let desk = Desk::new(desk.store(), book.clone());
        let [anns, bobs, third] =
            [(ANN, 1), (BOB, 2), (BOB, 3)].map(|(who, n)| open(&desk, who, n));
        let tidies = |n: u128, who: CustomerId| {
            let call = || by(Actor::Customer(who), n);
            let message = desk.ticket(bobs).unwrap().messages()[0].id;
            vec![
                desk.link(anns, &call(), Link::HasDuplicate, bobs),
                desk.unlink(anns, &call(), Link::HasDuplicate, bobs),
                desk.split(bobs, &call(), Split::new([message])),
                desk.merge(&call(), Merge::new(third, bobs)),
                desk.merge(&call(), Merge::new(anns, bobs)),
            ]
        };
        let refused = |n, who| {
            for told in tidies(n, who) {
                assert_eq!(told.unwrap_err().code(), "not_yours");
            }
        };
        refused(4, cy);
        refused(4, ANN); // not hers before
        join(&desk, ANN, BOB, 5);
        refused(6, cy);
        for told in tidies(7, ANN) {
            told.unwrap();
        }
        let merged = desk.ticket(anns).unwrap();
        assert_eq!(merged.merged_into(), Some(bobs));
    });
}

/// Who opens a ticket and names herself by another of her ids opens it as herself; somebody else's name is not hers to say.
#[test]
fn a_joined_customer_opens_by_whichever_id() {
    let [cy, dee] = ["cy", "dee"].map(CustomerId::named);
    on_both_stores(|desk| {
        join(&desk, ANN, BOB, 1);
        join(&desk, ANN, cy, 2);
        let opens = |n, caller, named| {
            let open = Open::new("x").from_customer(named).body("help");
            desk.open(&by(Actor::Customer(caller), n), open)
        };
        for (n, caller, named) in [(3, ANN, BOB), (4, BOB, ANN), (5, BOB, cy), (6, cy, cy)] {
            let opened = opens(n, caller, named).unwrap();
            assert_eq!(opened.ticket().requester(), caller);
        }
        for (n, caller, named) in [(7, dee, ANN), (8, dee, BOB), (9, ANN, dee), (10, BOB, dee)] {
            let refused = opens(n, caller, named).unwrap_err();
            assert_eq!(refused.code(), "not_yours");
        }
    });
}

/// A mail that comes twice is one mail, also where the second one finds its sender under the id that she was joined into.
#[test]
fn a_mail_that_comes_again_after_a_join_is_known_to_its_sender() {
    let mail = || Draft::new("And?").external_id("<2@example.com>");
    let stranger = Actor::Customer(CustomerId::named("cy"));
    for takes_part in [false, true] {
        on_both_stores(|desk| {
            let bobs = open(&desk, BOB, 1);
            let his = customer::Identity::address("bob@example.com");
            let identify = customer::Command::Identify(his);
            desk.tell::<Profile>(BOB, &by(Actor::Agent(KIM), 1), identify)
                .unwrap();
            if takes_part {
                let joins_in = Command::change(Change::AddParticipant(ANN));
                desk.submit(bobs, &by(Actor::Agent(KIM), 2), joins_in)
                    .unwrap();
            }
            let close = Command::close(CloseReason::Settled);
            desk.submit(bobs, &by(Actor::Agent(KIM), 2), close).unwrap();
            let said = |n, actor| desk.submit(bobs, &by(actor, n), Command::say(mail()));
            let opened = |n, actor| desk.open(&by(actor, n), Open::new("x").message(mail()));
            let late = said(3, Actor::Customer(BOB)).unwrap();
            let follow_up = late.follow_up().unwrap();
            let refused = opened(4, Actor::Customer(ANN)).unwrap_err();
            assert_eq!(refused.code(), "message_known", "not hers before");
            join(&desk, ANN, BOB, 5);
            for actor in [Actor::Customer(ANN), Actor::Customer(BOB)] {
                let again = said(6, actor).unwrap();
                assert!(again.is_replayed());
                assert_eq!(again.id(), follow_up);
                assert_eq!(again.message(), late.message());
                let again = opened(7, actor).unwrap();
                assert_eq!((again.id(), again.is_replayed()), (follow_up, true));
            }
            // Somebody else's is not told, whatever address she says that she has.
            for open in [Open::new("x"), Open::new("x").from("bob@example.com")] {
                let open = open.message(mail());
                let refused = desk.open(&by(stranger, 8), open).unwrap_err();
                assert_eq!(refused.code(), "message_known");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A join or a merge loses no message and no identity: whatever is joined and merged in whatever order, each customer sees exactly the
    /// messages of the tickets of everybody she is, each once, hers as hers and nobody else's.
    #[test]
    fn joins_and_merges_lose_nothing_of_a_person(
        owners in proptest::collection::vec(0..4_usize, 1..6),
        steps in proptest::collection::vec((any::<bool>(), 0..6_usize, 0..6_usize), 0..10),
    ) {
        let people: Vec<_> = ["a", "b", "c", "d"].map(CustomerId::named).to_vec();
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let single = desk.tenant(TenantId::SINGLE);
        let mut n = 0;
        let mut next = || { n += 1; n };
        let mut tickets = Vec::new();
        for owner in &owners {
            let id = open(&desk, people[*owner], next());
            let address = customer::Identity::address(format!("{}@example.com", tickets.len()));
            let known = customer::Command::Identify(address);
            let _ = desk.tell::<Profile>(people[*owner], &by(Actor::Agent(KIM), next()), known);
            tickets.push(id);
        }
        let mut is = [0, 1, 2, 3]; // who each of them is by now
        let mut goes_on: Vec<usize> = (0..tickets.len()).collect();
        for (joins, one, other) in steps {
            let agent = by(Actor::Agent(KIM), next());
            if joins {
                let (one, other) = (one % 4, other % 4);
                let join = customer::Command::Join(people[other]);
                if desk.tell::<Profile>(people[one], &agent, join).is_ok() {
                    let was = is[other];
                    is.iter_mut().filter(|who| **who == was).for_each(|who| *who = one);
                }
            } else {
                let (one, other) = (one % tickets.len(), other % tickets.len());
                let merge = Merge::new(tickets[one], tickets[other]).across_requesters();
                if desk.merge(&agent, merge).is_ok() {
                    goes_on[one] = other;
                }
            }
        }
        let identities: usize = people.iter().filter_map(|who| desk.state::<Profile>(*who).ok())
            .map(|profile| profile.identities().len()).sum();
        prop_assert_eq!(identities, tickets.len());
        for (who, person) in people.iter().enumerate() {
            for (t, ticket) in tickets.iter().enumerate() {
                let hers = is[owners[t]] == is[who];
                let view = single.customer_view(*ticket, *person);
                prop_assert_eq!(view.is_ok(), hers, "{} of {:?}", t, owners);
                let Ok(view) = view else { continue };
                prop_assert_eq!(from(&view), ["you"]);
                // Everything that goes on in it, directly or through others, where it is hers.
                let leads = |mut one: usize| { while goes_on[one] != one && one != t { one = goes_on[one]; } one == t };
                let expected: BTreeSet<_> = (0..tickets.len())
                    .filter(|one| *one != t && leads(*one) && is[owners[*one]] == is[who])
                    .map(|one| tickets[one]).collect();
                let merged: Vec<_> = view.merged.iter().map(|one| one.ticket).collect();
                prop_assert_eq!(merged.len(), expected.len());
                prop_assert_eq!(merged.into_iter().collect::<BTreeSet<_>>(), expected);
                prop_assert!(view.merged.iter().all(|one| from(one) == ["you"]));
            }
        }
    }
}
