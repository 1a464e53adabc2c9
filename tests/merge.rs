//! Merging, splitting and linking tickets: laws over arbitrary pairs of stories, and cases told by hand, on both embedded stores.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::id::{AgentId, TeamId};
use helpdesk::sla::{Measure, Policy, State, Target, Verdict};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::testing::story::{Story, beginning, rulebooks, stories};
use helpdesk::ticket::{
    Agreement, Change, ClockId, CloseReason, Direction, Draft, Event, Link, Merge, MessageClass,
    Metric, Pending, Refusal, Split, Stage, Status, Ticket,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

/// Tells a story to a desk that may hold others.
fn tell<S: Store>(desk: &Desk<S>, story: &Story, seed: u128) -> Option<(TicketId, DateTime<Utc>)> {
    let mut now = beginning();
    let call =
        |actor, at, n: usize| Call::with_id(Uuid::from_u128(seed << 64 | n as u128), actor, at);
    let id = desk
        .open(&call(story.opener, now, 0), story.open.clone())
        .ok()?
        .id();
    for (n, scene) in story.scenes.iter().enumerate() {
        now += scene.gap;
        let _ = desk.submit(id, &call(scene.actor, now, n + 1), scene.command.clone());
    }
    let effort = Command::change(Change::LogTime {
        spent: Span::minutes(7),
        activity: None,
    });
    let _ = desk.submit(id, &call(Actor::Agent(KIM), now, 999), effort);
    Some((id, now))
}

fn clocks() -> impl Iterator<Item = ClockId> {
    Agreement::ALL
        .into_iter()
        .flat_map(|agreement| Metric::ALL.map(|metric| ClockId { agreement, metric }))
}

fn customers_messages(tickets: &[&Ticket]) -> usize {
    let messages = tickets.iter().flat_map(|ticket| ticket.messages());
    messages
        .filter(|message| message.direction == Direction::Inbound)
        .count()
}

fn effort(tickets: &[&Ticket]) -> i64 {
    let entries = tickets.iter().flat_map(|ticket| ticket.effort());
    entries.map(|entry| entry.spent.micros()).sum()
}

/// Customers' messages and effort, as the KPIs count them.
fn counted(book: &Rulebook, tickets: &[&Ticket]) -> (u32, i64) {
    let own = tickets
        .iter()
        .filter_map(|ticket| book.facts(ticket)[0].own.clone());
    own.fold((0, 0), |(n, us), own| {
        (n + own.customer_messages, us + own.effort_us)
    })
}

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
        let desk = Desk::new(MemoryStore::new(), book.clone());
        let (Some((source, a)), Some((into, b))) = (tell(&desk, &one, 1), tell(&desk, &other, 2)) else {
            return Ok(());
        };
        let at = a.max(b) + TimeDelta::minutes(gap);
        while desk.sweep(at, 16).unwrap().events > 0 {}
        let before = (desk.ticket(source).unwrap(), desk.ticket(into).unwrap());
        let by = |n: u128| Call::with_id(Uuid::from_u128(n), Actor::Agent(KIM), at);
        let merged = desk.merge(&by(3 << 64), Merge::new(source, into));
        let now = (desk.ticket(source).unwrap(), desk.ticket(into).unwrap());
        if merged.is_err() {
            prop_assert_eq!(before, now);
            return Ok(());
        }
        prop_assert_eq!(merged.unwrap().id(), into);

        // Nothing is lost or doubled.
        let (old, new) = ([&before.0, &before.1], [&now.0, &now.1]);
        prop_assert_eq!(customers_messages(&old), customers_messages(&new));
        prop_assert_eq!(effort(&old), effort(&new));
        prop_assert_eq!(counted(&book, &old), counted(&book, &new));
        prop_assert_eq!(effort(&[&now.0]), 0);

        // Both sides know of each other; the source is over.
        prop_assert_eq!(now.0.merged_into(), Some(into));
        prop_assert!(now.1.links().contains(&(Link::MergedFrom, source)));
        prop_assert_eq!(now.0.status(), Status::Closed(CloseReason::Duplicate));
        let later = at + TimeDelta::minutes(after);
        for clock in clocks() {
            let reading = desk.reading(source, clock, later).unwrap();
            prop_assert!(!matches!(reading.state(), State::Running | State::Paused), "{}: {:?}", clock, reading);
            // The first response is due when it was.
            if clock.metric == Metric::FirstResponse && before.1.waiting_since().is_some() {
                let book = &book;
                let was = helpdesk::desk::read(&before.1, book, clock, at).started_at();
                let is = helpdesk::desk::read(&now.1, book, clock, at).started_at();
                prop_assert_eq!(was, is);
            }
        }
        // Whoever waited there waits here, and not for less long.
        if let Some(since) = before.0.waiting_since() {
            prop_assert!(now.1.waiting_since().is_some_and(|now| now <= since));
            prop_assert!(matches!(now.1.status().stage(), Stage::Open | Stage::Reopened));
        }

        // What is read is the same before and after a sweep, and adds up.
        let read = |clock| desk.reading(into, clock, later).unwrap();
        let unswept: Vec<_> = clocks().map(read).collect();
        while desk.sweep(later, 16).unwrap().events > 0 {}
        prop_assert_eq!(desk.ticket(source).unwrap().version(), now.0.version(), "a merged ticket is swept for nothing");
        for (clock, unswept) in clocks().zip(unswept) {
            let swept = desk.reading(into, clock, later).unwrap();
            prop_assert_eq!(&swept, &unswept);
            let ledger = desk.ledger(into, clock, later).unwrap();
            let counted = ledger.entries.iter().fold(TimeDelta::zero(), |sum, entry| sum + entry.counted);
            prop_assert_eq!(counted, swept.elapsed(), "{}", clock);
            for pair in ledger.entries.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
        }
        for id in [source, into] {
            let events = desk.tenant(TenantId::SINGLE).history(id).unwrap();
            let replayed = Ticket::replay(TenantId::SINGLE, &events).unwrap();
            prop_assert_eq!(&replayed, &desk.ticket(id).unwrap());
            let text = serde_json::to_string(&replayed).unwrap();
            prop_assert_eq!(serde_json::from_str::<Ticket>(&text).unwrap(), replayed);
        }
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

fn refusal(result: Result<helpdesk::Outcome, helpdesk::Error>) -> Refusal {
    result.unwrap_err().refusal().unwrap().clone()
}

#[test]
fn what_waits_on_the_source_waits_on_the_target_since_it_came() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let into = desk
            .open(
                &ann("2026-03-02T08:00:00Z"),
                Open::new("Printer").body("on fire"),
            )
            .unwrap()
            .id();
        desk.submit(
            into,
            &kim("2026-03-02T08:30:00Z"),
            Command::reply("Which?").then_pend(Pending::Customer),
        )
        .unwrap();
        let source = desk
            .open(
                &ann("2026-03-02T09:00:00Z"),
                Open::new("Printer again").body("still on fire"),
            )
            .unwrap()
            .id();
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

/// The wait was over its target before the tickets were merged: a breach on attaching, at once.
#[test]
fn what_is_late_already_is_a_breach_of_the_merge() {
    let desk = Desk::new(MemoryStore::new(), plain());
    let into = desk
        .open(
            &ann("2026-03-02T08:00:00Z"),
            Open::new("Printer").body("on fire"),
        )
        .unwrap()
        .id();
    desk.submit(into, &kim("2026-03-02T08:30:00Z"), Command::reply("Which?"))
        .unwrap();
    let source = desk
        .open(
            &ann("2026-03-02T09:00:00Z"),
            Open::new("again").body("still"),
        )
        .unwrap()
        .id();
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
    let open = |when: &str| {
        desk.open(&ann(when), Open::new("x").body("y"))
            .unwrap()
            .id()
    };
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
        let open = |call: Call| desk.open(&call, Open::new("x").body("y")).unwrap().id();
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
    let into = desk
        .open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("mine"))
        .unwrap()
        .id();
    let source = desk
        .open(&bob("2026-03-02T08:01:00Z"), Open::new("x").body("his"))
        .unwrap()
        .id();
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
        let old = desk
            .open(
                &ann("2026-03-02T08:00:00Z"),
                Open::new("Printer").body("on fire"),
            )
            .unwrap()
            .id();
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

#[test]
fn links_have_two_sides_and_do_not_go_round() {
    on_both_stores(|store| {
        let desk = Desk::new(store(), plain());
        let open = || {
            desk.open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y"))
                .unwrap()
                .id()
        };
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
    let into = desk
        .open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y"))
        .unwrap()
        .id();
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
    let into = desk
        .open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y"))
        .unwrap()
        .id();
    desk.submit(into, &kim("2026-03-02T08:00:00Z"), Command::reply("Which?"))
        .unwrap();
    let source = desk
        .open(&ann("2026-03-02T08:30:00Z"), Open::new("x").body("again"))
        .unwrap()
        .id();
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
