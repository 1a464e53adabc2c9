//! Moving a ticket to another version of the rulebook: what has run stays, each stretch measured by its own calendar.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::desk::read;
use helpdesk::escalation::{Action, Recipient, Rule, Trigger};
use helpdesk::rulebook::{RulebookDraft, Rulebooks};
use helpdesk::sla::{Policy, State, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Agreement, ClockId, CloseReason, Delivery, Event, Label, Metric, Permission, Recorded, Refusal,
};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TicketId};
use proptest::prelude::*;

/// Monday to Friday in these hours (UTC), with this much time for the resolution, and a level at half of it.
fn book(hours: &str, time: &str) -> Rulebook {
    let office = Calendar::parse(&format!("Mon-Fri {hours}"), "UTC").unwrap();
    let policy = Policy::new(name("all")).target(Metric::TotalResolution, time.parse().unwrap());
    let half = Rule::new(name("half"), Trigger::clock(Metric::TotalResolution))
        .level(at_threshold("half", "50 %").action(Action::Notify(Recipient::TeamInCharge)));
    let draft = Rulebook::draft().calendar(name("office"), office);
    draft.policy(policy).escalation(half).build().unwrap()
}

fn lee(now: &str) -> Call {
    Call::new(Actor::Supervisor(KIM), at(now))
}

/// A ticket of Monday 2 March 2026 09:00, on a desk that knows both versions and opened it under the first.
fn told(before: &Rulebook, after: &Rulebook) -> (Desk<MemoryStore>, TicketId) {
    let books = Rulebooks::new(before.clone()).with_earlier(after.clone());
    let desk = Desk::new(MemoryStore::new(), books);
    let opened = desk.open(
        &lee("2026-03-02T09:00:00Z"),
        Open::new("x").from("ann@example.com"),
    );
    let id = opened.unwrap().id();
    (desk, id)
}

#[test]
fn each_stretch_is_measured_by_its_own_calendar() {
    let (short, long) = (book("09:00-17:00", "16h"), book("08:00-20:00", "24h"));
    let (desk, t) = told(&short, &long);
    let moved = desk
        .apply_rulebook(t, &lee("2026-03-03T12:00:00Z"), long.id())
        .unwrap();
    // Eight hours on Monday and three on Tuesday, by the first calendar.
    let swapped = moved.swapped();
    assert_eq!(swapped.len(), 1);
    let (before, after) = (swapped[0].before, swapped[0].after);
    assert_eq!(before.due(), Some(at("2026-03-03T17:00:00Z")));
    assert_eq!(before.elapsed(), TimeDelta::hours(11));
    assert_eq!(after.elapsed(), TimeDelta::hours(11));
    // Thirteen more by the second one: eight on Tuesday, five on Wednesday.
    assert_eq!(after.due(), Some(at("2026-03-04T13:00:00Z")));
    assert_eq!(moved.ticket().rulebook(), long.id());
    assert_eq!(
        moved.wake_at(),
        Some(at("2026-03-03T13:00:00.000001Z")),
        "half of 24 h"
    );

    let now = at("2026-03-04T13:00:00Z");
    let reading = desk.reading(t, Metric::TotalResolution, now).unwrap();
    assert_eq!(
        (reading.elapsed(), reading.verdict()),
        (TimeDelta::hours(24), Verdict::Open)
    );
    let ledger = desk.ledger(t, Metric::TotalResolution, now).unwrap();
    assert_eq!(ledger.to_string(), "running 24h; closed 28h");
}

/// A target that the new version has passed already is breached on attaching, in the same commit, and nobody is told.
#[test]
fn what_is_past_already_is_announced_and_held_back() {
    let (long, short) = (book("09:00-17:00", "40h"), book("09:00-17:00", "4h"));
    let (desk, t) = told(&long, &short);
    let moved = desk
        .apply_rulebook(t, &lee("2026-03-02T15:00:00Z"), short.id())
        .unwrap();
    let on_attach = |e: &Event| {
        matches!(
            e,
            Event::Breached {
                on_attach: true,
                ..
            }
        )
    };
    assert!(
        moved
            .events()
            .iter()
            .any(|recorded| on_attach(&recorded.event))
    );
    let later = desk
        .submit(t, &lee("2026-03-02T15:10:00Z"), Command::note("x"))
        .unwrap();
    let held =
        |e: &Event| matches!(e, Event::Escalated(fired) if fired.delivery == Delivery::HeldBack);
    assert!(later.events().iter().any(|recorded| held(&recorded.event)));
    assert!(later.actions().is_empty());
    let reading = later.reading(Metric::TotalResolution);
    assert_eq!(
        (reading.state(), reading.verdict()),
        (State::Running, Verdict::Breached)
    );
}

/// A rule that comes with the move and would have fired before it is announced and tells nobody; what it meets afterwards it tells.
#[test]
fn what_a_new_rule_would_have_done_before_is_held_back() {
    let tell = || Action::Notify(Recipient::Agent(KIM));
    let plain = book("09:00-17:00", "16h");
    let levels = |rule: Rule, early: &str, late: &str| {
        let level = |what: &str, at: &str| at_threshold(what, at).action(tell());
        rule.level(level("early", early)).level(level("late", late))
    };
    let clock = Rule::new(name("clock"), Trigger::clock(Metric::TotalResolution));
    let idle = Rule::new(name("idle"), Trigger::idle([helpdesk::ticket::Stage::Open]));
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let policy = Policy::new(name("all")).target(Metric::TotalResolution, "16h".parse().unwrap());
    let more = Rulebook::draft()
        .calendar(name("office"), office)
        .policy(policy)
        .escalation(levels(clock, "25 %", "75 %"))
        .escalation(levels(idle, "after 3h calendar", "after 8h calendar"))
        .build()
        .unwrap();
    let (desk, t) = told(&plain, &more);
    // A quarter of 16 h is at 13:00, three hours of quiet at 12:00; the move comes at 14:00.
    desk.apply_rulebook(t, &lee("2026-03-02T14:00:00Z"), more.id())
        .unwrap();
    for now in ["2026-03-02T14:05:00Z", "2026-03-04T00:00:00Z"] {
        desk.sweep(at(now), 10).unwrap(); // one by one: of several at once only the latest is told
    }
    let told: Vec<_> = history(&desk, t)
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::Escalated(fired) if fired.rule.as_str() != "half" => {
                let when = recorded.at.format("%d %H:%M").to_string();
                Some((
                    format!("{} {}", fired.rule, fired.level),
                    when,
                    fired.delivery,
                ))
            }
            _ => None,
        })
        .collect();
    let line = |what: &str, when: &str, delivery| (what.to_owned(), when.to_owned(), delivery);
    assert_eq!(
        told,
        [
            line("clock early", "02 14:00", Delivery::HeldBack),
            line("idle early", "02 14:00", Delivery::HeldBack),
            line("idle late", "02 17:00", Delivery::Delivered),
            line("clock late", "03 13:00", Delivery::Delivered),
        ]
    );
}
#[test]
fn moving_is_permitted_possible_and_known() {
    let (first, second) = (book("09:00-17:00", "8h"), book("09:00-18:00", "8h"));
    let (desk, t) = told(&first, &second);
    let kim = Call::new(Actor::Agent(KIM), at("2026-03-02T10:00:00Z"));
    let refused = desk.apply_rulebook(t, &kim, second.id()).unwrap_err();
    let expected = Permission::ApplyRulebook;
    assert!(
        matches!(refused.refusal(), Some(Refusal::Forbidden { permission, .. }) if *permission == expected)
    );
    let unknown = book("09:00-19:00", "8h");
    let missing = desk.apply_rulebook(t, &lee("2026-03-02T10:00:00Z"), unknown.id());
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains(&unknown.id().to_string())
    );

    let call = lee("2026-03-02T10:00:00Z").key(name("move"));
    let once = desk.apply_rulebook(t, &call, second.id()).unwrap();
    let again = desk.apply_rulebook(t, &call, second.id()).unwrap();
    assert!(again.is_replayed() && once.ticket() == again.ticket());
    let same = desk.apply_rulebook(t, &lee("2026-03-02T11:00:00Z"), second.id());
    assert!(same.unwrap().events().is_empty(), "it is so already");

    let partly = Desk::new(desk.store(), second.clone());
    assert!(partly.ticket(t).is_ok());
    let reading = partly.reading(t, Metric::TotalResolution, at("2026-03-02T12:00:00Z"));
    assert!(
        reading
            .unwrap_err()
            .to_string()
            .contains(&first.id().to_string())
    );

    let close = Command::close(CloseReason::Settled);
    desk.submit(t, &lee("2026-03-02T12:00:00Z"), close).unwrap();
    let closed = desk.apply_rulebook(t, &lee("2026-03-02T13:00:00Z"), first.id());
    assert!(matches!(
        closed.unwrap_err().refusal(),
        Some(Refusal::Closed { .. })
    ));
}

/// The same rules under another id.
fn same_rules() -> Rulebook {
    let mut draft = RulebookDraft::from(rulebook());
    draft.tickets.labels.insert(name("never used"), Label::Work);
    draft.build().unwrap()
}

/// What was announced and when, without the places that it counts from: the move itself takes some.
fn announced(events: &[Recorded]) -> Vec<(DateTime<Utc>, String)> {
    let told = |recorded: &Recorded| match &recorded.event {
        Event::Breached { clock, target, .. } => Some((recorded.at, format!("{clock} {target}"))),
        Event::Escalated(fired) => {
            let text = format!("{} {} {:?}", fired.rule, fired.level, fired.delivery);
            Some((recorded.at, text))
        }
        // A move is an event of its own, and its commit withdraws after it.
        Event::Withdrawn { .. } => Some((at(BEGIN), "withdrawn".to_owned())),
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Moving to a version that says the same changes no reading, nothing that is announced, delivered or withdrawn, however the
    /// desk was swept before.
    #[test]
    fn the_same_rules_change_nothing(
        story in stories(),
        place in 0_usize..16,
        minutes in proptest::collection::btree_set(0..60_000_i64, 0..10),
    ) {
        let sweeps: Vec<_> = minutes.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let same = same_rules();
        let books = || Rulebooks::new(rulebook()).with_earlier(same.clone());
        let (stays, moves) = (Desk::new(MemoryStore::new(), books()), Desk::new(MemoryStore::new(), books()));
        let (first, rest) = story.split_at(place.min(story.len()));
        let (id, _) = tell(&stays, first, &sweeps);
        let (_, then) = tell(&moves, first, &sweeps);
        let _ = stays.submit(id, &call(Actor::System, then, 700), Command::default());
        let moved = moves.apply_rulebook(id, &call(Actor::System, then, 700), same.id());
        match &moved {
            Ok(moved) => prop_assert!(moved.swapped().is_empty(), "{:?}", moved.swapped()),
            Err(refused) => prop_assert!(matches!(refused.refusal(), Some(Refusal::Closed { .. })), "{refused}"),
        }
        let mut told = then;
        for (i, say) in rest.iter().enumerate() {
            told += say.gap;
            for desk in [&stays, &moves] {
                let _ = submit(desk, id, say, told, (first.len() + i) as u128 + 1);
            }
        }
        let end = told + TimeDelta::days(40);
        stays.sweep(end, 10).unwrap();
        moves.sweep(end, 10).unwrap();
        prop_assert_eq!(announced(&history(&stays, id)), announced(&history(&moves, id)));
        let (left, right) = (stays.ticket(id).unwrap(), moves.ticket(id).unwrap());
        for agreement in Agreement::ALL {
            for metric in Metric::ALL {
                let clock = ClockId { agreement, metric };
                prop_assert_eq!(
                    read(&left, stays.rulebooks().of(&left).unwrap(), clock, end),
                    read(&right, moves.rulebooks().of(&right).unwrap(), clock, end)
                );
            }
        }
    }
}
