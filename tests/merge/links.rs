//! Splitting and linking: messages that begin a ticket of their own, and the two sides of a link.

use helpdesk::store::MemoryStore;
use helpdesk::ticket::{CloseReason, Link, Metric, Refusal, Split, Ticket};
use helpdesk::{Command, Desk, TenantId};

use super::common::*;
use super::{ann, kim, on_both_stores, opened, plain, refusal};

#[test]
fn messages_begin_a_ticket_of_their_own() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let old = opened(&desk, &ann("2026-03-02T08:00:00Z"), "Printer", "on fire");
        let second = desk
            .submit(
                old,
                &ann("2026-03-02T08:10:00Z"),
                Command::reply("Also my screen is dark"),
            )
            .unwrap();
        let answer = desk
            .submit(
                old,
                &kim("2026-03-02T08:20:00Z"),
                Command::reply("Which floor?"),
            )
            .unwrap();
        let (second, answer) = (second.message().unwrap(), answer.message().unwrap());
        let when = "2026-03-02T08:30:00Z";
        let code = |split| refusal(desk.split(old, &kim(when), split)).code();
        assert_eq!(code(Split::new([])), "missing");
        assert_eq!(code(Split::new([answer])), "not_from_customer");
        assert_eq!(
            code(Split::new([helpdesk::id::MessageId::named("none")])),
            "unknown_message"
        );
        assert_eq!(
            refusal(desk.split(old, &ann(when), Split::new([second]))).code(),
            "forbidden"
        );

        let keyed = kim(when).key(name("split"));
        let outcome = desk
            .split(old, &keyed, Split::new([second]).subject("Screen"))
            .unwrap();
        let new = desk.ticket(outcome.follow_up().unwrap()).unwrap();
        assert_eq!(
            desk.split(old, &keyed, Split::new([second]).subject("Screen"))
                .unwrap()
                .follow_up(),
            Some(new.id())
        );
        assert_eq!(
            (new.links(), new.requester()),
            (&[(Link::SplitFrom, old)][..], ANN)
        );
        assert!(
            outcome
                .ticket()
                .links()
                .contains(&(Link::SplitInto, new.id()))
        );
        let texts = |ticket: &Ticket| {
            let ids: Vec<_> = ticket
                .messages()
                .iter()
                .map(|message| message.body)
                .collect();
            let texts = desk.tenant(TenantId::SINGLE).content(&ids).unwrap();
            texts
                .into_iter()
                .map(|text| text.unwrap().text)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(&new), ["Also my screen is dark"]);
        assert_eq!(
            texts(outcome.ticket()),
            ["on fire", "Also my screen is dark", "Which floor?"]
        );
        let first = desk
            .reading(new.id(), Metric::FirstResponse, at(when))
            .unwrap();
        assert_eq!(first.due(), Some(at("2026-03-02T12:30:00Z")));
        assert_ne!(new.number(), outcome.number());
    });
}

/// A chain of links has an end: 64 tickets above one, and no more.
#[test]
fn a_chain_of_links_has_a_length() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let open = || opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
    let child_of =
        |below, above| desk.link(below, &kim("2026-03-02T09:00:00Z"), Link::ChildOf, above);
    let mut lowest = open();
    for _ in 0..64 {
        let below = open();
        child_of(below, lowest).unwrap();
        lowest = below;
    }
    let too_far = refusal(child_of(open(), lowest));
    assert!(
        matches!(too_far, Refusal::TooLarge { limit: 64, .. }),
        "{too_far:?}"
    );
}

/// A link made by hand begins no ticket, whatever it says; asked again under its key neither.
#[test]
fn a_link_made_again_tells_no_follow_up() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let open = || opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
        let (a, b) = (open(), open());
        let call = || kim("2026-03-02T09:00:00Z").key(name("once"));
        for is_replayed in [false, true] {
            let told = desk.link(a, &call(), Link::FollowedBy, b).unwrap();
            assert_eq!(told.is_replayed(), is_replayed);
            assert_eq!((told.follow_up(), told.message()), (None, None));
            assert_eq!(told.events().len(), 1);
        }
    });
}

#[test]
fn links_have_two_sides_and_do_not_go_round() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let open = || opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
        let (a, b, c, d) = (open(), open(), open(), open());
        let call = || kim("2026-03-02T09:00:00Z");
        desk.link(a, &call(), Link::ParentOf, b).unwrap();
        desk.link(c, &call(), Link::ChildOf, b).unwrap();
        assert_eq!(
            desk.ticket(b).unwrap().links(),
            [(Link::ChildOf, a), (Link::ParentOf, c)]
        );
        let again = desk.link(b, &call(), Link::ChildOf, a).unwrap();
        assert!(again.events().is_empty());
        assert_eq!(
            refusal(desk.link(c, &call(), Link::ParentOf, a)),
            Refusal::LinkCycle {
                ticket: a,
                link: Link::ChildOf
            }
        );
        assert_eq!(
            refusal(desk.link(d, &call(), Link::ParentOf, c)),
            Refusal::LinkedElsewhere {
                ticket: c,
                link: Link::ChildOf,
                other: b
            }
        );
        assert_eq!(
            refusal(desk.link(a, &call(), Link::ParentOf, a)).code(),
            "same_ticket"
        );
        assert_eq!(
            refusal(desk.link(a, &call(), Link::MergedInto, b)).code(),
            "link_not_by_hand"
        );
        assert_eq!(
            refusal(desk.link(a, &ann("2026-03-02T09:00:00Z"), Link::ProblemOf, b)).code(),
            "forbidden"
        );
        // A problem has many incidents, also where the incident is closed.
        desk.submit(d, &call(), Command::close(CloseReason::Cancelled))
            .unwrap();
        for incident in [c, d] {
            desk.link(a, &call(), Link::ProblemOf, incident).unwrap();
        }
        assert_eq!(
            desk.ticket(a)
                .unwrap()
                .linked(Link::ProblemOf)
                .collect::<Vec<_>>(),
            [c, d]
        );
        desk.unlink(b, &call(), Link::ChildOf, a).unwrap();
        assert_eq!(desk.ticket(a).unwrap().linked(Link::ParentOf).count(), 0);
        assert!(
            desk.unlink(b, &call(), Link::ChildOf, a)
                .unwrap()
                .events()
                .is_empty()
        );
        desk.link(c, &call(), Link::ParentOf, a).unwrap(); // now it is no ring
    });
}
