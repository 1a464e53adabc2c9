//! Where the other rules lead the ticket elsewhere: what closes it, what reopens it, and what becomes impossible.

use helpdesk::escalation::{Action, Rule, Trigger, ready};
use helpdesk::id::{BotId, SessionId};
use helpdesk::replay::{AnomalyKind, How, What};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Channel, Merge, Metric, Pending, Priority, SessionStep};
use helpdesk::{Actor, Call, Command, Desk, Open};

use super::common::*;
use super::{WEEK, all_shown, ann, book, draft, kim, lived, shown, target, tried};

/// The rules before closed the waiting ticket by themselves, so a later message began another one. Without the rule the ticket
/// still waits, and the message of the same customer is not on it.
#[test]
fn an_automatic_close_that_no_longer_comes() {
    let closing = draft(WEEK)
        .escalation(ready::auto_resolve(target("48h calendar")))
        .escalation(ready::auto_close(target("72h calendar")))
        .build()
        .unwrap();
    let plain = book(WEEK);
    let pend = Command::reply("which?").then_pend(Pending::Customer);
    let history = lived(
        &closing,
        "2026-03-02T10:00:00Z",
        &[(kim("2026-03-02T11:00:00Z"), pend)],
    );
    let (one, all) = tried(&history, &closing, &plain);
    let firings: Vec<_> = one
        .changes
        .iter()
        .filter(|c| matches!(c.what, What::Firing { .. }))
        .collect();
    let vanished: Vec<_> = firings.iter().map(|c| (c.how(), shown(c))).collect();
    assert_eq!(vanished.len(), 2);
    assert!(
        vanished.iter().all(|(how, _)| *how == How::Vanished),
        "{vanished:?}"
    );
    assert!(
        shown(firings[0]).ends_with(": 07 11:00 to -")
            && shown(firings[1]).ends_with(": 04 11:00 to -")
    );
    assert_eq!(
        (
            all.before.report.backlog().now(),
            all.after.report.backlog().now()
        ),
        (0, 1)
    );
    assert!(all.before.anomalies.is_empty() && all.after.anomalies.is_empty());
}

/// The other rules close the ticket before the customer wrote and the agent answered and resolved: applied as recorded, counted
/// by kind.
#[test]
fn what_an_earlier_close_makes_impossible_is_counted() {
    let plain = book(WEEK);
    let closing = draft(WEEK)
        .escalation(ready::auto_resolve(target("48h calendar")))
        .escalation(ready::auto_close(target("72h calendar")))
        .build()
        .unwrap();
    let said = [
        (
            kim("2026-03-02T11:00:00Z"),
            Command::reply("which?").then_pend(Pending::Customer),
        ),
        (ann("2026-03-10T11:00:00Z"), Command::reply("the red one")),
        (
            kim("2026-03-10T12:00:00Z"),
            Command::change(Change::Priority(Priority::High)),
        ),
        (
            kim("2026-03-10T13:00:00Z"),
            Command::reply("done").then_resolve(),
        ),
    ];
    let history = lived(&plain, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &plain, &closing);
    assert!(all.before.anomalies.is_empty());
    let kinds: Vec<_> = all
        .after
        .anomalies
        .iter()
        .map(|(kind, n)| (kind.to_string(), n))
        .collect();
    let expected = [("reopen_of_closed", 1), ("late_message", 1)];
    assert_eq!(kinds, expected.map(|(kind, n)| (kind.to_owned(), n)));
    let (_, mirrored) = tried(&history, &closing, &plain);
    assert_eq!(
        mirrored.redone.not_compared, 1,
        "the ticket is pinned to other rules than these"
    );
}

/// A customer's message met a ticket at work; under the other rules it was resolved by then, and the message reopens it.
#[test]
fn a_message_reopens_what_is_resolved_by_now() {
    let plain = book(WEEK);
    let resolving = draft(WEEK)
        .escalation(
            Rule::new(
                name("quick"),
                Trigger::idle([helpdesk::ticket::Stage::Open]),
            )
            .level(at_threshold("resolve", "after 24h calendar").action(Action::Resolve)),
        )
        .build()
        .unwrap();
    let said = [
        (kim("2026-03-02T11:00:00Z"), Command::reply("we look")),
        (ann("2026-03-04T11:00:00Z"), Command::reply("and?")),
        (kim("2026-03-04T12:00:00Z"), Command::resolve()),
    ];
    let history = lived(&plain, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &plain, &resolving);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::MovedByMessage), 1);
    assert_eq!(
        (
            all.before.report.resolutions(),
            all.after.report.resolutions()
        ),
        (1, 2)
    );

    // And the other way round: the recorded reopening is work on a ticket that was never resolved.
    let history = lived(&resolving, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &resolving, &plain);
    assert_eq!(all.redone.equal, 1);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::NoEffect), 1);
    assert_eq!(
        (
            all.before.report.resolutions(),
            all.after.report.resolutions()
        ),
        (2, 1)
    );
}

/// So do a call, a merged ticket where somebody waits, and a message that comes with a move; and so does whoever speaks by another id.
#[test]
fn whoever_waits_reopens_what_is_resolved_by_now() {
    let plain = book(WEEK);
    let quick = Rule::new(
        name("quick"),
        Trigger::idle([helpdesk::ticket::Stage::Open]),
    )
    .level(at_threshold("resolve", "after 24h calendar").action(Action::Resolve));
    let resolving = draft(WEEK).escalation(quick).build().unwrap();
    let desk = || {
        let desk = Desk::new(MemoryStore::new(), plain.clone());
        let opened = ann("2026-03-02T10:00:00Z");
        let id = desk
            .open(&opened, Open::new("x").body("help"))
            .unwrap()
            .id();
        let answer = Command::reply("we look");
        desk.submit(id, &kim("2026-03-02T11:00:00Z"), answer)
            .unwrap();
        (desk, id)
    };
    let resolutions = |desk: Desk<MemoryStore>, id| {
        desk.sweep(at("2026-04-01T00:00:00Z"), 10).unwrap();
        let (_, all) = tried(&history(&desk, id), &plain, &resolving);
        let same = tried(&history(&desk, id), &plain, &plain).1;
        assert_eq!(same.after.anomalies, Default::default());
        assert_eq!(all.after.anomalies.count(&AnomalyKind::MovedByMessage), 1);
        (
            all.before.report.resolutions(),
            all.after.report.resolutions(),
        )
    };
    let late = "2026-03-04T11:00:00Z";
    let end = |desk: &Desk<MemoryStore>, id| {
        let resolve = Command::reply("done").then_resolve();
        desk.submit(id, &kim("2026-03-04T12:00:00Z"), resolve)
            .unwrap();
    };

    let (one, id) = desk();
    let call = Command::change(Change::Session {
        id: SessionId::named("call"),
        step: SessionStep::Offer {
            channel: Channel::Phone,
        },
    });
    one.submit(id, &kim(late), call).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let step = |step| {
        let id = SessionId::named("chat");
        Command::change(Change::Session { id, step })
    };
    let greet = step(SessionStep::Greet {
        bot: BotId::named("bot"),
        channel: Channel::Chat,
    });
    let hand_over = step(SessionStep::HandOver {
        reason: name("asked"),
    });
    one.submit(id, &kim("2026-03-02T12:00:00Z"), greet).unwrap();
    one.submit(id, &kim(late), hand_over).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let again = Open::new("again").body("and?");
    let source = one.open(&ann("2026-03-04T10:00:00Z"), again).unwrap().id();
    one.merge(&kim(late), Merge::new(source, id)).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let done = Command::reply("works now").then_resolve();
    one.submit(id, &ann(late), done).unwrap();
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let join = helpdesk::customer::Command::Join(BOB);
    one.tell::<helpdesk::customer::Profile>(ANN, &kim("2026-03-03T10:00:00Z"), join)
        .unwrap();
    let bob = Call::new(Actor::Customer(BOB), at(late));
    one.submit(id, &bob, Command::reply("and?")).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));
}

/// A rule raised the priority, and an agent lowered it again. Without the rule there is nothing to lower.
#[test]
fn what_a_rule_did_goes_with_the_rule() {
    let raise = Rule::new(name("late"), Trigger::clock(Metric::FirstResponse))
        .level(level("raise", 50).action(Action::RaisePriority(Priority::Urgent)));
    let raising = draft(WEEK).escalation(raise).build().unwrap();
    let said = [(
        kim("2026-03-02T14:00:00Z"),
        Command::change(Change::Priority(Priority::Normal)),
    )];
    let history = lived(&raising, "2026-03-02T10:00:00Z", &said);
    let (one, all) = tried(&history, &raising, &book(WEEK));
    assert_eq!(all_shown(&one), ["late/raise: 02 12:00 to -"]);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::NoEffect), 1);
    assert_eq!(all.redone.equal, 1);
}
