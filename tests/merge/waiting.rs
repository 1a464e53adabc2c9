//! Who waits on the source waits on the target: messages, promises and breaches that come over.

use chrono::TimeDelta;
use helpdesk::id::{AgentId, TeamId};
use helpdesk::kpi::{Exclusion, Kpi, Report};
use helpdesk::sla::{State, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Draft, Event, Merge, MessageClass, Metric, Pending, Status};
use helpdesk::{Actor, Call, Command, Desk, Open, TenantId};

use super::common::*;
use super::{ann, kim, on_both_stores, opened, plain};

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
