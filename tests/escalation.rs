//! Escalation by example: what each kind of trigger watches, what guards look at, and what levels do.

mod common;
mod escalation_common;

use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, Guard, Rule, Trigger, ready};
use helpdesk::id::TeamId;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Agreement, Change, Delivery, Draft, MessageClass, Metric, Pending, PendingReason, Priority,
    RatingKind, Stage, Status,
};
use helpdesk::{Call, Command, Desk};

#[test]
fn idleness_counts_from_the_last_thing_that_somebody_did() {
    let rule = Rule::new(name("r"), Trigger::idle([Stage::Open]))
        .level(at_threshold("idle", "after 3h calendar").action(Action::AddTag(name("idle"))));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T11:00:00Z");
    desk.submit(id, &kim("2026-03-02T13:00:00Z"), Command::note("looking"))
        .unwrap();
    let bounce = Command::say(Draft::new("out of office").class(MessageClass::Automatic));
    desk.submit(id, &ann("2026-03-02T15:00:00Z"), bounce)
        .unwrap();
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("idle", "02 16:00")]),
        "neither the bounce nor its own tag counts"
    );
    desk.submit(id, &kim("2026-03-03T08:00:00Z"), Command::note("still"))
        .unwrap();
    desk.sweep(at("2026-03-04T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("idle", "02 16:00"), ("idle", "03 11:00")])
    );
}

#[test]
fn a_waiting_customer_is_counted_from_the_oldest_message() {
    let rule =
        Rule::new(name("r"), Trigger::CustomerWaits).level(at_threshold("waits", "after 2h"));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.submit(id, &ann("2026-03-02T11:30:00Z"), Command::reply("hello?"))
        .unwrap();
    desk.submit(id, &kim("2026-03-02T13:00:00Z"), Command::reply("yes"))
        .unwrap();
    desk.submit(id, &ann("2026-03-02T16:00:00Z"), Command::reply("and now?"))
        .unwrap();
    desk.sweep(at("2026-03-06T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("waits", "02 12:00"), ("waits", "03 10:00")])
    );
}

#[test]
fn reopenings_are_counted() {
    let rule = Rule::new(name("r"), Trigger::Reopened)
        .level(at_threshold("twice", "2 times").action(Action::RaisePriority(Priority::High)));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    for hour in [11, 13, 15] {
        desk.submit(
            id,
            &kim(&format!("2026-03-02T{hour}:00:00Z")),
            Command::resolve(),
        )
        .unwrap();
        desk.submit(
            id,
            &ann(&format!("2026-03-02T{}:00:00Z", hour + 1)),
            Command::reply("no"),
        )
        .unwrap();
    }
    desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("twice", "02 14:00")]));
    assert_eq!(desk.ticket(id).unwrap().priority(), Priority::High);
}

/// Reminded after two days and once more, resolved after a week, closed two weeks later: nobody looked in between.
#[test]
fn reminders_auto_resolve_and_auto_close() {
    let desk = desk([
        ready::remind_customer(target("48h calendar"), 1),
        ready::auto_resolve(target("168h calendar")),
        ready::auto_close(target("336h calendar")),
    ]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.submit(
        id,
        &kim("2026-03-02T11:00:00Z"),
        Command::reply("which?").then_pend(Pending::Customer),
    )
    .unwrap();
    desk.sweep(at("2026-04-30T00:00:00Z"), 10).unwrap();
    // Idleness counts within the status, so closing comes 336 h after the automatic resolution.
    let expected = [
        ("remind", "04 11:00"),
        ("remind", "06 11:00"),
        ("resolve", "09 11:00"),
        ("close", "23 11:00"),
    ];
    assert_eq!(fired(&desk, id), pairs(&expected));
    assert!(matches!(
        desk.ticket(id).unwrap().status(),
        Status::Closed(_)
    ));
    // It was reminded of and resolved before anybody looked: nobody is reminded of a ticket that is closed.
    let stale = deliveries(&desk, id).into_iter().take(2);
    let delivered = stale.map(|(_, delivery)| delivery).collect::<Vec<_>>();
    assert_eq!(delivered, [Delivery::Stale, Delivery::Stale]);
    let now = at("2026-04-30T00:00:00Z");
    assert!(desk.nap(now).unwrap() > now, "nothing waits in the outbox");
}

/// A guard that comes true after the threshold fires then, also in a pause; never after the clock has ended.
#[test]
fn a_guard_may_come_true_later() {
    let guarded = |stage| {
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
            .level(at_threshold("half", "50 %").guard(Guard::stages([stage])));
        desk([rule])
    };
    let pending = guarded(Stage::Pending);
    let id = open(&pending, "2026-03-02T10:00:00Z");
    pending
        .submit(
            id,
            &kim("2026-03-02T14:00:00Z"),
            Command::pend(Pending::ThirdParty),
        )
        .unwrap();
    pending.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&pending, id), pairs(&[("half", "02 14:00")]));

    let resolved = guarded(Stage::Resolved);
    let id = open(&resolved, "2026-03-02T10:00:00Z");
    resolved
        .submit(
            id,
            &kim("2026-03-02T14:00:00Z"),
            Command::reply("done").then_resolve(),
        )
        .unwrap();
    resolved.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&resolved, id), []);
}

/// A low rating is told at once and again after a day; a better one by the same customer ends it. Each low rating counts anew.
#[test]
fn a_low_rating_escalates() {
    let low = Trigger::LowRating {
        kind: RatingKind::Csat,
        at_most: 2,
    };
    let rule = Rule::new(name("unhappy"), low)
        .level(at_threshold("call back", "at once"))
        .level(at_threshold("still", "after 24h calendar"));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T11:00:00Z");
    let submit = |call: &Call, command| desk.submit(t, call, command).unwrap();
    let rate = |now: &str, mark| submit(&ann(now), Command::rate(RatingKind::Csat, mark));
    submit(&kim("2026-03-02T12:00:00Z"), Command::resolve());
    rate("2026-03-02T13:00:00Z", 3);
    rate("2026-03-03T09:00:00Z", 2);
    rate("2026-03-03T10:00:00Z", 4);
    rate("2026-03-05T09:00:00Z", 1);
    desk.sweep(at("2026-03-07T00:00:00Z"), 10).unwrap();
    let fired = fired(&desk, t);
    assert_eq!(
        fired,
        pairs(&[
            ("call back", "03 09:00"),
            ("call back", "05 09:00"),
            ("still", "06 09:00"),
        ])
    );
    assert_eq!(desk.ticket(t).unwrap().status(), Status::Resolved);
}

/// A guard looks at stages, at the reason of waiting, at facts and at who is in charge; only what it names.
#[test]
fn guards_look_at_what_they_name() {
    let at_noon = |guard: Guard, command: Command| {
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
            .level(at_threshold("l", "25 %").guard(guard));
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        desk.submit(id, &kim("2026-03-02T09:30:00Z"), command)
            .unwrap();
        desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
        !fired(&desk, id).is_empty()
    };
    let nothing = || Command::note("looking");
    let pend = |reason| Command::pend(reason);
    let to_kim = || {
        Command::change(Change::Assign {
            agent: Some(KIM),
            team: None,
        })
    };
    let to_team = || {
        Command::change(Change::Assign {
            agent: None,
            team: Some(TeamId::named("t")),
        })
    };
    let urgent = || Guard::default().when(Condition::Priority(vec![Priority::Urgent]));
    let waits = || Guard::default().pending([PendingReason::Customer]);

    assert!(at_noon(Guard::default(), nothing()));
    assert!(at_noon(Guard::stages([Stage::Open]), nothing()));
    assert!(!at_noon(Guard::stages([Stage::Pending]), nothing()));
    assert!(at_noon(waits(), pend(Pending::Customer)));
    assert!(!at_noon(waits(), pend(Pending::ThirdParty)));
    assert!(
        at_noon(waits(), nothing()),
        "reasons are asked of what waits alone"
    );
    assert!(at_noon(
        urgent(),
        Command::change(Change::Priority(Priority::Urgent))
    ));
    assert!(!at_noon(urgent(), nothing()));
    assert!(
        at_noon(Guard::default().unassigned(), to_team()),
        "a team is nobody in person"
    );
    assert!(!at_noon(Guard::default().unassigned(), to_kim()));
}

/// A clock of another agreement fires the rule that watches it, and no other.
#[test]
fn each_agreement_has_its_own_rules() {
    let ola = Trigger::Clock {
        agreement: Agreement::Ola,
        metric: Metric::FirstResponse,
    };
    let inner = Policy::new(name("inner"))
        .agreement(Agreement::Ola)
        .target(Metric::FirstResponse, target("1h"));
    let rules = [("sla", Trigger::clock(Metric::FirstResponse)), ("ola", ola)];
    let mut draft = helpdesk::rulebook::RulebookDraft::from(
        desk([])
            .rulebooks()
            .current(helpdesk::TenantId::SINGLE)
            .clone(),
    )
    .policy(inner);
    for (rule, trigger) in rules {
        draft = draft.escalation(Rule::new(name(rule), trigger).level(at_threshold(rule, "100 %")));
    }
    let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("ola", "02 10:00"), ("sla", "02 13:00")])
    );
}

/// Every inner action is an event under the firing's key, in order; what is so already is none.
#[test]
fn inner_actions_are_events_with_their_cause() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse)).level(
        at_threshold("l", "25 %")
            .action(Action::RaisePriority(Priority::High))
            .action(Action::RaisePriority(Priority::Normal))
            .action(Action::AddTag(name("late")))
            .action(Action::AddTag(name("late")))
            .action(Action::AssignTeam(TeamId::named("second")))
            .action(Action::Resolve)
            .action(Action::Close(helpdesk::ticket::CloseReason::Settled)),
    );
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
    let key = firings(&desk, id)[0].key;
    let caused =
        |e: &&helpdesk::ticket::Recorded| e.cause == Some(helpdesk::call::Cause::Rule(key));
    let history = history(&desk, id);
    let of_rule: Vec<_> = history
        .iter()
        .filter(caused)
        .map(|e| e.event.clone())
        .collect();
    assert_eq!(of_rule.len(), 5, "{of_rule:?}");
    let ticket = desk.ticket(id).unwrap();
    assert_eq!(ticket.priority(), Priority::High);
    assert!(ticket.tags().contains("late"));
    assert_eq!(ticket.team(), Some(TeamId::named("second")));
    assert_eq!(ticket.status().stage(), Stage::Closed);
}
