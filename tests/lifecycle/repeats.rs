//! Commands that come twice, late or out of order: keys, stamps, and the same mail again.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, CloseReason, Draft, Link};
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, TenantId};

use super::common::*;
use super::{ann, desk, kim, open_rulebook, refusal};

/// Up to the skew before the last event, a command is taken at that event and keeps its own stamp; earlier it is refused.
#[test]
fn stamps_may_differ_a_little() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:10Z"), Open::new("x"))
        .unwrap()
        .id();
    let outcome = desk
        .submit(id, &kim("2026-03-02T15:00:06Z"), Command::reply("hello"))
        .unwrap();
    let recorded = &outcome.events()[0];
    assert_eq!(recorded.at, at("2026-03-02T15:00:10Z"));
    assert_eq!(recorded.stamped_at, Some(at("2026-03-02T15:00:06Z")));

    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:00:04Z"), Command::reply("hello")));
    let Refusal::StampTooEarly {
        at: stamp, last, ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (stamp, last),
        (at("2026-03-02T15:00:04Z"), at("2026-03-02T15:00:10Z"))
    );

    desk.accept_until(Some(at("2026-03-02T16:00:00Z")));
    let refused = refusal(desk.submit(id, &kim("2026-03-02T16:00:01Z"), Command::reply("hello")));
    assert_eq!(refused.code(), "stamp_too_late");
    desk.accept_until(None);
    let refused = refusal(desk.submit(id, &kim("2200-01-01T00:00:00Z"), Command::reply("hello")));
    assert_eq!(refused.code(), "out_of_range");
}

#[test]
fn a_key_used_for_something_else_is_refused() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    desk.submit(
        id,
        &kim("2026-03-02T15:01:00Z").key(name("k")),
        Command::reply("a"),
    )
    .unwrap();
    let refused = refusal(desk.submit(
        id,
        &kim("2026-03-02T15:02:00Z").key(name("k")),
        Command::reply("b"),
    ));
    assert_eq!(refused, Refusal::KeyReused { key: name("k") });
    // Another actor has keys of her own, and after pruning the key is free.
    desk.submit(
        id,
        &ann("2026-03-02T15:03:00Z").key(name("k")),
        Command::reply("c"),
    )
    .unwrap();
    let tenant = desk.tenant(TenantId::SINGLE);
    assert_eq!(tenant.prune_keys(at("2026-03-02T15:02:00Z")).unwrap(), 1);
    assert!(
        !desk
            .submit(
                id,
                &kim("2026-03-02T15:04:00Z").key(name("k")),
                Command::reply("b")
            )
            .unwrap()
            .is_replayed()
    );
}

#[test]
fn opening_twice_under_one_key_is_one_ticket() {
    let desk = desk();
    let open = || Open::new("x").from("Ann@Example.com ");
    let first = desk
        .open(&kim("2026-03-02T15:00:00Z").key(name("k")), open())
        .unwrap();
    let second = desk
        .open(&kim("2026-03-02T15:00:09Z").key(name("k")), open())
        .unwrap();
    assert_eq!((first.id(), first.events()), (second.id(), second.events()));
    assert!(second.is_replayed());
    let third = desk
        .open(
            &kim("2026-03-02T15:01:00Z"),
            Open::new("y").from("ann@example.com"),
        )
        .unwrap();
    assert_ne!(first.id(), third.id());
    assert_eq!(
        first.ticket().requester(),
        third.ticket().requester(),
        "the same address is the same customer"
    );
    let taken = refusal(desk.open(&kim("2026-03-02T15:02:00Z"), open().id(first.id())));
    assert_eq!(taken, Refusal::AlreadyOpen { ticket: first.id() });
}

/// What was opened is told again, also where the same opening would be refused by now.
#[test]
fn an_opening_told_again_is_not_judged_again() {
    let desk = desk();
    let promise = Change::PromiseUpdate(at("2026-03-02T15:10:00Z"));
    let open = || Open::new("x").from("ann@example.com").and(promise.clone());
    let first = desk
        .open(&kim("2026-03-02T15:00:00Z").key(name("k")), open())
        .unwrap();
    for late in ["2026-03-02T15:11:00Z", "2200-01-01T00:00:00Z"] {
        let second = desk.open(&kim(late).key(name("k")), open()).unwrap();
        assert!(second.is_replayed());
        assert_eq!((second.id(), second.events()), (first.id(), first.events()));
        assert!(desk.open(&kim(late).key(name("l")), open()).is_err());
    }
    let other = desk.open(
        &kim("2026-03-02T15:11:00Z").key(name("k")),
        open().body("else"),
    );
    assert_eq!(refusal(other), Refusal::KeyReused { key: name("k") });
    // What nobody may do is refused first.
    let bob = Call::new(Actor::Customer(BOB), at("2200-01-01T00:00:00Z"));
    let refused = refusal(desk.open(&bob, Open::new("x").from_customer(ANN)));
    assert_eq!(refused.code(), "not_yours");
}

/// The same mail twice is one message, also where it began a follow-up ticket.
#[test]
fn the_same_mail_twice_is_one_message() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let mail = |id: &str| Command::say(Draft::new("and?").external_id(id));
    let first = desk
        .submit(id, &ann("2026-03-02T15:10:00Z"), mail("<1@example.com>"))
        .unwrap();
    let again = desk
        .submit(id, &ann("2026-03-02T15:11:00Z"), mail("<1@example.com>"))
        .unwrap();
    assert!(again.is_replayed() && again.events().is_empty());
    assert_eq!(again.ticket().version(), first.ticket().version());
    let tenant = desk.tenant(TenantId::SINGLE);
    assert_eq!(tenant.find_by_message("<1@example.com>").unwrap(), Some(id));

    desk.submit(
        id,
        &kim("2026-03-02T15:20:00Z"),
        Command::close(CloseReason::Settled),
    )
    .unwrap();
    let late = desk
        .submit(id, &ann("2026-03-02T16:00:00Z"), mail("<2@example.com>"))
        .unwrap();
    let follow_up = late.follow_up().unwrap();
    assert_eq!(late.ticket().links(), [(Link::FollowedBy, follow_up)]);
    let next = desk.ticket(follow_up).unwrap();
    assert_eq!(
        (next.links(), next.messages().len()),
        (&[(Link::FollowUpOf, id)][..], 1)
    );
    assert_eq!(next.requester(), ANN);
    let again = desk
        .submit(id, &ann("2026-03-02T16:05:00Z"), mail("<2@example.com>"))
        .unwrap();
    assert_eq!((again.id(), again.is_replayed()), (follow_up, true));
    // Also where the two are no longer tied to each other.
    desk.unlink(
        id,
        &kim("2026-03-02T16:10:00Z"),
        Link::FollowedBy,
        follow_up,
    )
    .unwrap();
    let again = desk
        .submit(id, &ann("2026-03-02T16:15:00Z"), mail("<2@example.com>"))
        .unwrap();
    assert_eq!((again.id(), again.is_replayed()), (follow_up, true));
    assert_eq!(
        tenant.find_by_message("<2@example.com>").unwrap(),
        Some(follow_up)
    );
    assert_eq!(tenant.find(next.number()).unwrap(), Some(follow_up));
}

#[test]
fn a_stamp_may_be_as_late_as_the_host_says() {
    let desk = Desk::new(MemoryStore::new(), open_rulebook());
    let latest = at(BEGIN) + TimeDelta::minutes(5);
    desk.accept_until(Some(latest));
    let opening = |now, n| desk.open(&call(Actor::Customer(ANN), now, n), Open::new("x"));
    let late = latest + TimeDelta::microseconds(1);
    let refused = opening(late, 1).unwrap_err();
    assert_eq!(
        refused.refusal(),
        Some(&Refusal::StampTooLate { at: late, latest })
    );
    let id = opening(latest, 2).unwrap().id();
    let note = |now, n| desk.submit(id, &call(Actor::Agent(KIM), now, n), Command::note("x"));
    assert_eq!(note(late, 3).unwrap_err().kind(), ErrorKind::Refused);
    assert!(note(latest, 4).is_ok());
    desk.accept_until(None);
    assert!(note(late, 5).is_ok());
}
