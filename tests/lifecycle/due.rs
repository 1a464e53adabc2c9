//! What falls due by itself, and what a clock says at the edges of a target.

use chrono::TimeDelta;
use helpdesk::ticket::{Change, Delivery, Event, Metric, Pending, Priority, Status};
use helpdesk::{Command, Open};

use super::common::*;
use super::{ann, desk, kim};

/// The scheduled wait ends by itself, just after its instant, and the rule fires once; whoever looks late is told of the last
/// level only.
#[test]
fn waits_end_and_levels_fire_by_themselves() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let until = at("2026-03-02T16:00:00Z");
    let wait = Command::pend(Pending::Scheduled { until });
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:05:00Z"), wait)
        .unwrap();
    assert_eq!(t.wake_at(), Some(until + TimeDelta::microseconds(1)));
    assert_eq!(
        desk.nap(at("2026-03-02T15:59:00Z")).unwrap(),
        until + TimeDelta::microseconds(1)
    );

    // The first response (4 h) is never paused: 50 % at 17:00, 90 % at 18:36, due at 19:00.
    let swept = desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (1, 0));
    let events = history(&desk, t.id());
    let fired: Vec<_> = events
        .iter()
        .filter_map(|e| match &e.event {
            Event::Escalated(fired) => {
                Some((fired.level.as_str().to_owned(), e.at, fired.delivery))
            }
            _ => None,
        })
        .collect();
    let expected = [
        ("half", "2026-03-02T17:00:00Z", Delivery::HeldBack),
        ("most", "2026-03-02T18:36:00Z", Delivery::HeldBack),
        ("all", "2026-03-02T19:00:00Z", Delivery::Delivered),
    ];
    assert_eq!(
        fired,
        expected.map(|(level, when, delivery)| (level.to_owned(), at(when), delivery))
    );
    let woken = events
        .iter()
        .find(|e| matches!(e.event, Event::StatusChanged { .. }) && e.timing.is_some())
        .unwrap();
    assert_eq!(woken.timing.unwrap().scheduled_at, until);
    assert!(
        events
            .iter()
            .any(|e| matches!(e.event, Event::Breached { .. }))
    );

    let now = at("2026-03-02T20:00:00Z");
    let lease = TimeDelta::minutes(5);
    let claimed = desk.claim(now, lease, 10).unwrap();
    assert_eq!(claimed.len(), 1);
    assert!(desk.claim(now, lease, 10).unwrap().is_empty());
    let again = desk.claim(now + lease, lease, 10).unwrap();
    assert_eq!((again[0].id, again[0].attempts), (claimed[0].id, 1));
    desk.acknowledge(&[again[0].id]).unwrap();
    assert!(
        desk.claim(now + lease + lease, lease, 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(desk.sweep(now, 10).unwrap().events, 0);
}

/// An answer that comes late, before anybody looked, makes what fell due before it stale.
#[test]
fn what_the_same_commit_ends_is_stale() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let t = desk
        .submit(
            t.id(),
            &kim("2026-03-02T18:50:00Z"),
            Command::reply("sorry"),
        )
        .unwrap();
    let deliveries: Vec<_> = t
        .events()
        .iter()
        .filter_map(|e| match &e.event {
            Event::Escalated(fired) => Some(fired.delivery),
            _ => None,
        })
        .collect();
    assert_eq!(deliveries, [Delivery::Stale, Delivery::Stale]);
    assert!(t.actions().is_empty());
    assert!(
        t.ticket().tags().contains("late"),
        "inner actions always run"
    );
}

/// Reaching the target exactly is keeping it; due on a close is kept until the next opening.
#[test]
fn nobody_is_late_in_closed_hours() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    // 18:00 UTC is 13:00 in New York; four business hours are used up at 17:00 local, 22:00 UTC, when the desk closes.
    for (answer, verdict) in [
        ("2026-03-02T22:00:00Z", Verdict::Met),
        ("2026-03-03T13:59:59.999999Z", Verdict::Met),
        ("2026-03-03T14:00:00Z", Verdict::Met),
        ("2026-03-03T14:00:00.000001Z", Verdict::Breached),
    ] {
        let t = desk
            .open(&ann("2026-03-02T18:00:00Z"), Open::new("x").body("help"))
            .unwrap();
        assert_eq!(
            t.reading(Metric::FirstResponse).due(),
            Some(at("2026-03-02T22:00:00Z"))
        );
        let t = desk
            .submit(t.id(), &kim(answer), Command::reply("hello"))
            .unwrap();
        let reading = t.reading(Metric::FirstResponse);
        assert_eq!(reading.verdict(), verdict, "{answer}");
        assert_eq!(reading.ever_breached(), verdict == Verdict::Breached);
        let announced = t
            .events()
            .iter()
            .any(|e| matches!(e.event, Event::Breached { clock, .. } if clock.metric == Metric::FirstResponse));
        assert_eq!(announced, verdict == Verdict::Breached, "{answer}");
    }
}

/// A first response resolved away is unanswered; it runs on after a reopening, without the time in between.
#[test]
fn a_first_response_resolved_away_is_unanswered() {
    use helpdesk::sla::{State, Verdict};
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:30:00Z"), Command::resolve())
        .unwrap();
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.state(), first.verdict()),
        (State::Stopped, Verdict::Unanswered)
    );
    let t = desk
        .submit(
            t.id(),
            &ann("2026-03-03T15:00:00Z"),
            Command::reply("hello?"),
        )
        .unwrap();
    assert_eq!(t.reading(Metric::FirstResponse).state(), State::Running);
    let t = desk
        .submit(t.id(), &kim("2026-03-03T15:10:00Z"), Command::reply("yes"))
        .unwrap();
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.verdict(), first.elapsed()),
        (Verdict::Met, TimeDelta::minutes(40))
    );
    assert_eq!(
        t.reading(Metric::FirstResolution).verdict(),
        Verdict::Met,
        "the first resolution is frozen"
    );
    assert_eq!(t.reading(Metric::TotalResolution).state(), State::Running);
}

/// A target swapped mid-way keeps what has run; passed already means breached on attach, with nobody told.
#[test]
fn a_swapped_target_keeps_what_has_run() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    let t = desk
        .submit(t.id(), &kim("2026-03-02T16:30:00Z"), urgent)
        .unwrap();
    // Announced at once, so that it stands even if the clock ends at this very instant.
    assert!(t.events().iter().any(|e| matches!(
        e.event,
        Event::Breached {
            on_attach: true,
            ..
        }
    )));
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.elapsed(), first.verdict(), first.ever_breached()),
        (TimeDelta::minutes(90), Verdict::Breached, true)
    );
    assert_eq!(
        first.due(),
        Some(at("2026-03-02T16:00:00Z")),
        "when an hour had run"
    );
    desk.sweep(at("2026-03-02T16:31:00Z"), 10).unwrap();
    let events = history(&desk, t.id());
    assert!(events.iter().any(|e| matches!(
        e.event,
        Event::Breached {
            on_attach: true,
            ..
        }
    )));
    let told = events
        .iter()
        .filter(|e| matches!(&e.event, Event::Escalated(f) if f.delivery == Delivery::Delivered));
    assert_eq!(told.count(), 0);
}

/// Facts that change together with a move choose the policy before the move: the clock that it ends is judged by the new target.
#[test]
fn a_change_comes_before_the_move_of_its_command() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let both = Command::change(Change::Priority(Priority::Urgent)).then_resolve();
    let t = desk
        .submit(t.id(), &kim("2026-03-03T15:00:00Z"), both)
        .unwrap();
    let total = t.reading(Metric::TotalResolution);
    assert_eq!(
        (total.verdict(), total.amount()),
        (Verdict::Met, Some(TimeDelta::hours(20)))
    );
    let place =
        |wanted: &dyn Fn(&Event) -> bool| t.events().iter().position(|e| wanted(&e.event)).unwrap();
    let chosen = place(&|e| matches!(e, Event::PolicyChosen { .. }));
    assert!(
        chosen
            < place(&|e| matches!(
                e,
                Event::StatusChanged {
                    to: Status::Resolved,
                    ..
                }
            ))
    );
}
