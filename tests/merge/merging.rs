//! Two tickets become one: what a merge keeps, reopens and refuses, and who sees what then.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::MemoryStore;
use helpdesk::testing::laws::merge::a_merge_loses_nothing;
use helpdesk::testing::story::{Story, rulebooks, stories};
use helpdesk::ticket::{Change, CloseReason, Draft, Link, Merge, Refusal, Status};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, TenantId, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

use super::common::*;
use super::{ann, kim, on_both_stores, opened, plain, refusal};

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_loses_nothing_and_leaves_no_clock_running(
        book in rulebooks(TimeDelta::minutes(1)),
        one in stories(TimeDelta::minutes(1)),
        other in stories(TimeDelta::minutes(1)),
        gap in 0..600i64,
        after in 0..30_000i64,
    ) {
        let desk = Desk::new(MemoryStore::new(), book);
        let single = desk.tenant(TenantId::SINGLE);
        let effort = Command::change(Change::LogTime { spent: Span::minutes(7), activity: None });
        let tell = |story: Story, seed| {
            let story = story.look_after(TimeDelta::zero());
            story.then(TimeDelta::zero(), Actor::Agent(KIM), effort.clone()).tell_to(&single, seed)
        };
        let (Ok(one), Ok(other)) = (tell(one, 1), tell(other, 2)) else { return Ok(()) };
        let at = one.now.max(other.now) + TimeDelta::minutes(gap);
        let by = Call::with_id(Uuid::from_u128(3 << 64), Actor::Agent(KIM), at);
        let merge = Merge::new(one.ticket.id(), other.ticket.id());
        a_merge_loses_nothing(&single, &by, merge, at + TimeDelta::minutes(after));
    }
}

fn bob(when: &str) -> Call {
    Call::new(Actor::Customer(BOB), at(when))
}

#[test]
fn a_merge_reopens_what_was_resolved_within_the_window_and_no_later() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let open = |when: &str| opened(&desk, &ann(when), "x", "y");
    let into = open("2026-03-02T08:00:00Z");
    desk.submit(
        into,
        &kim("2026-03-02T09:00:00Z"),
        Command::reply("Done").then_resolve(),
    )
    .unwrap();
    let source = open("2026-03-02T10:00:00Z");
    let outcome = desk
        .merge(&kim("2026-03-02T11:00:00Z"), Merge::new(source, into))
        .unwrap();
    assert_eq!(outcome.ticket().status(), Status::Reopened);
    desk.submit(
        into,
        &kim("2026-03-02T12:00:00Z"),
        Command::reply("Done").then_resolve(),
    )
    .unwrap();
    let late = open("2026-04-02T08:00:00Z");
    let refused = refusal(desk.merge(&kim("2026-04-02T09:00:00Z"), Merge::new(late, into)));
    assert_eq!(refused.code(), "reopen_window_over");
    // Without anybody waiting there is nothing to reopen for.
    desk.submit(late, &kim("2026-04-02T10:00:00Z"), Command::reply("I see"))
        .unwrap();
    let outcome = desk
        .merge(&kim("2026-04-02T11:00:00Z"), Merge::new(late, into))
        .unwrap();
    assert_eq!(outcome.ticket().status(), Status::Resolved);
}

#[test]
fn merges_that_make_no_sense_are_refused() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let open = |call: Call| opened(&desk, &call, "x", "y");
        let (a, b) = (
            open(ann("2026-03-02T08:00:00Z")),
            open(ann("2026-03-02T08:01:00Z")),
        );
        let (c, other) = (
            open(ann("2026-03-02T08:02:00Z")),
            open(bob("2026-03-02T08:03:00Z")),
        );
        let when = "2026-03-02T09:00:00Z";
        assert_eq!(
            refusal(desk.merge(&kim(when), Merge::new(a, a))).code(),
            "same_ticket"
        );
        assert_eq!(
            refusal(desk.merge(&ann(when), Merge::new(a, b))).code(),
            "forbidden"
        );
        assert_eq!(
            refusal(desk.merge(&kim(when), Merge::new(other, b))).code(),
            "other_requester"
        );
        let nobody = desk
            .merge(&kim(when), Merge::new(TicketId::named("none"), b))
            .unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::NotFound);

        // Twice under one key is once.
        let keyed = kim(when).key(name("merge a"));
        assert!(!desk.merge(&keyed, Merge::new(a, b)).unwrap().is_replayed());
        let again = desk.merge(&keyed, Merge::new(a, b)).unwrap();
        assert!(again.is_replayed() && again.id() == b && !again.events().is_empty());
        assert_eq!(
            refusal(desk.merge(&kim(when), Merge::new(a, c))),
            Refusal::Merged { into: b }
        );
        assert_eq!(
            refusal(desk.merge(&kim(when), Merge::new(b, a))),
            Refusal::Merged { into: b }
        ); // no ring

        // A chain: what is said to its begin goes to its end, also as a mail that comes twice.
        desk.merge(&kim(when), Merge::new(b, c)).unwrap();
        let mail = || Command::say(Draft::new("and?").external_id("<7@example.com>"));
        let said = desk
            .submit(a, &ann("2026-03-02T10:00:00Z"), mail())
            .unwrap();
        assert_eq!(said.id(), c);
        let again = desk
            .submit(a, &ann("2026-03-02T10:01:00Z"), mail())
            .unwrap();
        assert_eq!(
            (again.id(), again.is_replayed(), again.message()),
            (c, true, said.message())
        );
        let note = desk
            .submit(
                a,
                &kim("2026-03-02T10:02:00Z"),
                Command::note("merged twice"),
            )
            .unwrap();
        assert_eq!(note.id(), a);
        let reopened = desk.submit(a, &kim("2026-03-02T10:03:00Z"), Command::reopen());
        assert!(refusal(reopened).code() == "merged");
        // Once its end is over, a late message begins a ticket that follows it.
        desk.submit(
            c,
            &kim("2026-03-02T11:00:00Z"),
            Command::close(CloseReason::Cancelled),
        )
        .unwrap();
        assert_eq!(
            refusal(desk.merge(
                &kim("2026-03-02T11:30:00Z"),
                Merge::new(other, c).across_requesters()
            ))
            .code(),
            "closed"
        );
        let late = desk
            .submit(a, &ann("2026-03-02T12:00:00Z"), Command::reply("Hello?"))
            .unwrap();
        let follow_up = desk.ticket(late.follow_up().unwrap()).unwrap();
        assert_eq!(follow_up.links(), [(Link::FollowUpOf, c)]);
    });
}

/// Across requesters nobody sees more than before, and nobody is cut off.
#[test]
fn a_merge_across_requesters_shows_nobody_more() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "mine");
    let source = opened(&desk, &bob("2026-03-02T08:01:00Z"), "x", "his");
    desk.merge(
        &kim("2026-03-02T09:00:00Z"),
        Merge::new(source, into).across_requesters(),
    )
    .unwrap();
    let single = desk.tenant(TenantId::SINGLE);
    let anns = single.customer_view(into, ANN).unwrap();
    assert_eq!((anns.messages.len(), anns.merged.len()), (1, 0));
    assert_eq!(
        single.customer_view(into, BOB).unwrap_err().code(),
        "not_yours"
    );
    assert_eq!(
        single.customer_view(source, ANN).unwrap_err().code(),
        "not_yours"
    );
    assert_eq!(single.customer_view(source, BOB).unwrap().messages.len(), 1);
    let said = desk
        .submit(source, &bob("2026-03-02T10:00:00Z"), Command::reply("And?"))
        .unwrap();
    assert_eq!((said.id(), said.ticket().messages().len()), (into, 2));
    // His word goes on; what becomes of her ticket is not his to say. And the same mail twice is one message.
    let mail = Draft::new("Done, thanks").external_id("<bob@1>");
    let ends = Command::say(mail).then_resolve();
    for minute in [30, 31] {
        let now = format!("2026-03-02T10:{minute}:00Z");
        let said = desk.submit(source, &bob(&now), ends.clone()).unwrap();
        assert_eq!(said.ticket().messages().len(), 3);
        assert_eq!(said.ticket().status(), Status::Open);
    }
    assert_eq!(
        desk.submit(into, &bob("2026-03-02T10:01:00Z"), Command::reply("And?"))
            .unwrap_err()
            .code(),
        "not_yours"
    );
}
