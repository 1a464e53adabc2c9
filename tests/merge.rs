//! Merging, splitting and linking tickets: laws over arbitrary pairs of stories, and cases told by hand, on both embedded stores.

mod common;

use chrono::TimeDelta;
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::id::{AgentId, TeamId};
use helpdesk::kpi::{Exclusion, Kpi, Report};
use helpdesk::sla::{Measure, Policy, State, Target, Verdict};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::testing::laws::merge::a_merge_loses_nothing;
use helpdesk::testing::story::{Story, rulebooks, stories};
use helpdesk::ticket::{
    Change, CloseReason, Draft, Event, Link, Merge, MessageClass, Metric, Pending, Refusal, Split,
    Status, Ticket,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

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

/// Each desk under the same story.
fn on_both_stores(story: impl Fn(&dyn Fn() -> Box<dyn Store>)) {
    story(&|| Box::new(MemoryStore::new()));
    #[cfg(feature = "sqlite")]
    story(&|| Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
}

fn plain() -> Rulebook {
    let hours = |n| Target::new(Span::hours(n), Measure::Calendar).unwrap();
    Rulebook::draft()
        .policy(
            Policy::new(name("standard"))
                .target(Metric::FirstResponse, hours(4))
                .target(Metric::NextResponse, hours(2))
                .target(Metric::TotalResolution, hours(48)),
        )
        .build()
        .unwrap()
}

fn ann(when: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(when))
}

fn bob(when: &str) -> Call {
    Call::new(Actor::Customer(BOB), at(when))
}

fn kim(when: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(when))
}

fn opened<S: Store>(desk: &Desk<S>, by: &Call, subject: &str, body: &str) -> TicketId {
    let open = Open::new(subject).body(body);
    desk.open(by, open).unwrap().id()
}

fn refusal(result: Result<helpdesk::Outcome, helpdesk::Error>) -> Refusal {
    result.unwrap_err().refusal().unwrap().clone()
}

#[test]
fn what_waits_on_the_source_waits_on_the_target_since_it_came() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "Printer", "on fire");
        desk.submit(
            into,
            &kim("2026-03-02T08:30:00Z"),
            Command::reply("Which?").then_pend(Pending::Customer),
        )
        .unwrap();
        let source = opened(
            &desk,
            &ann("2026-03-02T09:00:00Z"),
            "Printer again",
            "still on fire",
        );
        desk.submit(
            source,
            &kim("2026-03-02T09:05:00Z"),
            Command::change(Change::PromiseUpdate(at("2026-03-02T11:00:00Z"))),
        )
        .unwrap();

        let outcome = desk
            .merge(&kim("2026-03-02T10:00:00Z"), Merge::new(source, into))
            .unwrap();
        assert_eq!(
            (outcome.id(), outcome.ticket().status()),
            (into, Status::Open)
        );
        let next = desk
            .reading(into, Metric::NextResponse, at("2026-03-02T10:00:00Z"))
            .unwrap();
        assert_eq!(next.elapsed(), TimeDelta::hours(1));
        assert_eq!(next.due(), Some(at("2026-03-02T11:00:00Z")));
        let promise = desk
            .reading(into, Metric::PromisedUpdate, at("2026-03-02T10:00:00Z"))
            .unwrap();
        assert_eq!(promise.due(), Some(at("2026-03-02T11:00:00Z")));
        let first = desk
            .reading(source, Metric::FirstResponse, at("2026-03-09T10:00:00Z"))
            .unwrap();
        assert_eq!(
            (first.state(), first.verdict()),
            (State::Cancelled, Verdict::Open)
        );

        // Late, and noticed on the ticket that goes on.
        desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
        let breached = |id| {
            let events = desk.tenant(TenantId::SINGLE).history(id).unwrap();
            events
                .iter()
                .filter(|e| matches!(e.event, Event::Breached { .. }))
                .count()
        };
        assert_eq!((breached(source), breached(into)), (0, 2));

        // What the customer says to either is one conversation.
        let said = desk
            .submit(
                source,
                &ann("2026-03-02T12:30:00Z"),
                Command::reply("Hello?"),
            )
            .unwrap();
        assert_eq!((said.id(), said.ticket().messages().len()), (into, 3));
        let view = desk
            .tenant(TenantId::SINGLE)
            .customer_view(into, ANN)
            .unwrap();
        assert_eq!(
            (
                view.messages.len(),
                view.merged.len(),
                view.merged[0].messages.len()
            ),
            (3, 1, 1)
        );
    });
}

/// The target owes the answer: the source is left out of first response times, and so the definition says.
#[test]
fn what_was_merged_away_unanswered_waits_for_no_first_response() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "Printer", "on fire");
    let source = opened(&desk, &ann("2026-03-02T09:00:00Z"), "again", "still");
    desk.merge(&kim("2026-03-02T10:00:00Z"), Merge::new(source, into))
        .unwrap();
    let rows = [into, source].map(|id| plain().facts(&desk.ticket(id).unwrap()));
    let report = Report::standard().over(&rows, at("2026-03-03T00:00:00Z"));
    let left_out = report.unwrap().first_response().excluded.clone();
    assert_eq!(
        left_out.iter().collect::<Vec<_>>(),
        [(Exclusion::Waiting, 1), (Exclusion::NotStarted, 1)]
    );
    let said = Kpi::FirstResponseTime.definition().exclusions;
    let mut reasons = said.iter().filter(|one| one.starts_with("not started"));
    assert!(reasons.any(|one| one.contains("merged into another ticket, which owes the answer")));
}

/// Of two promises the one that can still be kept stands; what is broken stays broken.
#[test]
fn a_promise_that_can_still_be_kept_is_not_lost_behind_a_broken_one() {
    let hour = |n: i64| at("2026-03-02T08:00:00Z") + TimeDelta::hours(n);
    let call = |n| Call::new(Actor::Agent(KIM), hour(n));
    for (own, other, due) in [(1, 3, 3), (3, 1, 3), (3, 4, 3), (4, 3, 3)] {
        let desk = Desk::new(MemoryStore::new(), plain());
        let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
        let source = opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
        for (ticket, due) in [(into, own), (source, other)] {
            let promise = Command::change(Change::PromiseUpdate(hour(due)));
            desk.submit(ticket, &call(0), promise).unwrap();
        }
        desk.merge(&call(2), Merge::new(source, into)).unwrap();
        let reading = desk.reading(into, Metric::PromisedUpdate, hour(2)).unwrap();
        assert_eq!(
            (reading.due(), reading.verdict()),
            (Some(hour(due)), Verdict::Open)
        );
        desk.sweep(hour(5), 10).unwrap();
        let broken = desk.tenant(TenantId::SINGLE).history(into).unwrap();
        let broken = broken.iter().filter(|one| matches!(&one.event, Event::Breached { clock, .. } if clock.metric == Metric::PromisedUpdate));
        assert_eq!(
            broken.count(),
            if own == 1 { 2 } else { 1 },
            "{own} {other}"
        );
    }
}

/// The wait was over its target before the tickets were merged: a breach on attaching, at once.
#[test]
fn what_is_late_already_is_a_breach_of_the_merge() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "Printer", "on fire");
    desk.submit(into, &kim("2026-03-02T08:30:00Z"), Command::reply("Which?"))
        .unwrap();
    let source = opened(&desk, &ann("2026-03-02T09:00:00Z"), "again", "still");
    let outcome = desk
        .merge(&kim("2026-03-02T12:00:00Z"), Merge::new(source, into))
        .unwrap();
    let on_attach = outcome.events().iter().filter(|e| {
        matches!(
            e.event,
            Event::Breached {
                on_attach: true,
                ..
            }
        )
    });
    assert_eq!(on_attach.count(), 1);
    let next = desk
        .reading(into, Metric::NextResponse, at("2026-03-02T12:00:00Z"))
        .unwrap();
    assert_eq!(
        (next.verdict(), next.due()),
        (Verdict::Breached, Some(at("2026-03-02T11:00:00Z")))
    );
    // Answered once, for both.
    desk.submit(into, &kim("2026-03-02T12:30:00Z"), Command::reply("Coming"))
        .unwrap();
    let facts = plain().facts(&desk.ticket(into).unwrap());
    assert_eq!(facts[0].responses.len(), 1);
    assert_eq!(facts[0].responses[0].asked_at, at("2026-03-02T09:00:00Z"));
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

/// Classes of messages keep their meaning through a merge: thanks and machines make nobody wait.
#[test]
fn thanks_on_the_source_wake_nobody() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let team = Command::change(Change::Assign {
        agent: Some(AgentId::named("lee")),
        team: Some(TeamId::named("north")),
    });
    let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
    desk.submit(
        into,
        &kim("2026-03-02T08:10:00Z"),
        Command::reply("Which?").then_pend(Pending::Customer),
    )
    .unwrap();
    desk.submit(into, &kim("2026-03-02T08:11:00Z"), team)
        .unwrap();
    let source = desk
        .open(
            &ann("2026-03-02T09:00:00Z"),
            Open::new("x").message(Draft::new("Thanks!").class(MessageClass::Thanks)),
        )
        .unwrap()
        .id();
    let outcome = desk
        .merge(&kim("2026-03-02T10:00:00Z"), Merge::new(source, into))
        .unwrap();
    assert_eq!(
        outcome.ticket().status(),
        Status::Pending(Pending::Customer)
    );
    assert_eq!(outcome.ticket().agent(), Some(AgentId::named("lee")));
}

/// A waiting message and a promise come over in one event: what ran before is told once in the ledger.
#[test]
fn a_message_and_a_promise_come_over_together() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let into = opened(&desk, &ann("2026-03-02T08:00:00Z"), "x", "y");
    desk.submit(into, &kim("2026-03-02T08:00:00Z"), Command::reply("Which?"))
        .unwrap();
    let source = opened(&desk, &ann("2026-03-02T08:30:00Z"), "x", "again");
    let promise = Command::change(Change::PromiseUpdate(at("2026-03-02T18:00:00Z")));
    desk.submit(source, &kim("2026-03-02T08:40:00Z"), promise)
        .unwrap();
    desk.merge(&kim("2026-03-02T09:00:00Z"), Merge::new(source, into))
        .unwrap();
    for (metric, minutes) in [(Metric::NextResponse, 60), (Metric::PromisedUpdate, 50)] {
        let now = at("2026-03-02T09:30:00Z");
        let ledger = desk.ledger(into, metric, now).unwrap();
        let counted = ledger
            .entries
            .iter()
            .fold(TimeDelta::zero(), |sum, entry| sum + entry.counted);
        assert_eq!(counted, TimeDelta::minutes(minutes), "{metric}");
        assert_eq!(desk.reading(into, metric, now).unwrap().elapsed(), counted);
    }
}
