//! What becomes of firings: to whom they go, which are held back, which nobody needs to hear of any more.

mod common;
mod escalation_common;

use chrono::TimeDelta;
use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, CatchUp, Recipient, Rule, Trigger, ready};
use helpdesk::id::{AgentId, TeamId};
use helpdesk::sla::Policy;
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::ticket::{Change, CloseReason, Delivery, Event, Metric, Pending, Priority, Stage};
use helpdesk::{Command, Desk, Rulebook, TicketId};

/// Whoever is in charge at that instant is told, and a level whose actions answer the rule is still delivered.
#[test]
fn recipients_are_those_of_that_instant() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("half", "50 %").action(Action::Notify(Recipient::AgentInCharge)));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    let to = |agent| {
        Command::change(Change::Assign {
            agent: Some(agent),
            team: None,
        })
    };
    desk.submit(id, &kim("2026-03-02T10:30:00Z"), to(KIM))
        .unwrap();
    // Half of it is used up at 12:00; the ticket is handed over at 12:30, before anybody looked.
    let lee = helpdesk::id::AgentId::named("lee");
    let t = desk
        .submit(id, &kim("2026-03-02T12:30:00Z"), to(lee))
        .unwrap();
    assert_eq!(t.actions().len(), 1);
    let told = &t.actions()[0];
    assert_eq!((told.agent, told.team), (Some(KIM), None));
    let helpdesk::store::Outgoing::Escalation { action, .. } = &t.actions()[0].what else {
        panic!()
    };
    assert_eq!(*action, Action::Notify(Recipient::Agent(KIM)));
    let delivered = history(&desk, id)
        .iter()
        .any(|e| matches!(&e.event, Event::Escalated(f) if f.delivery == Delivery::Delivered));
    assert!(delivered);
}

/// A level that raises the priority and tells somebody tells them, though the raise brings a target that is past already.
#[test]
fn raising_and_telling_tells() {
    let rule = Rule::new(name("late"), Trigger::clock(Metric::FirstResponse)).level(
        at_threshold("late", "1h after due")
            .action(Action::Notify(Recipient::Role(name("boss"))))
            .action(Action::RaisePriority(Priority::Urgent)),
    );
    let urgent = helpdesk::sla::Condition::Priority(vec![Priority::Urgent]);
    let rulebook = Rulebook::draft()
        .policy(
            Policy::new(name("fast"))
                .when(urgent)
                .target(Metric::FirstResponse, target("1h")),
        )
        .policy(Policy::new(name("all")).target(Metric::FirstResponse, target("4h")))
        .escalation(rule)
        .build()
        .unwrap();
    let desk = Desk::new(MemoryStore::new(), rulebook);
    open(&desk, "2026-03-02T10:00:00Z");
    desk.sweep(at("2026-03-02T15:00:01Z"), 10).unwrap();
    let told = desk
        .claim(
            at("2026-03-02T15:00:01Z"),
            chrono::TimeDelta::minutes(1),
            10,
        )
        .unwrap();
    assert_eq!(told.len(), 1);
}

fn on_first_response() -> Rule {
    Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
}

fn page() -> Action {
    Action::Custom(name("page"))
}

/// Three levels were missed: all of them, the last of them or none of them is delivered. One alone was not missed with others.
#[test]
fn the_catch_up_choice_governs_what_is_delivered() {
    use Delivery::{Delivered, HeldBack};
    let told = |choice, until: &str| {
        let rule = on_first_response()
            .catch_up(choice)
            .level(at_threshold("a", "25 %").action(page()))
            .level(
                at_threshold("b", "50 %")
                    .action(page())
                    .action(Action::AddTag(name("b"))),
            )
            .level(at_threshold("c", "75 %").action(page()));
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let swept = desk.sweep(at(until), 10).unwrap();
        assert_eq!(swept.failed.len(), 0);
        let told = deliveries(&desk, id)
            .into_iter()
            .map(|(_, delivery)| delivery);
        let told: Vec<_> = told.collect();
        let tagged = desk.ticket(id).unwrap().tags().contains("b");
        assert_eq!(tagged, told.len() > 1, "inner actions always run");
        let sent = desk
            .claim(at(until), chrono::TimeDelta::hours(1), 10)
            .unwrap();
        assert_eq!(
            sent.len(),
            told.iter().filter(|one| **one == Delivered).count()
        );
        told
    };
    let (one, three) = ("2026-03-02T10:30:00Z", "2026-03-02T12:30:00Z");
    assert_eq!(told(CatchUp::All, three), [Delivered; 3]);
    assert_eq!(
        told(CatchUp::LatestOnly, three),
        [HeldBack, HeldBack, Delivered]
    );
    assert_eq!(told(CatchUp::None, three), [HeldBack; 3]);
    for choice in [CatchUp::All, CatchUp::LatestOnly, CatchUp::None] {
        assert_eq!(told(choice, one), [Delivered]);
    }
}

/// Repeats that were slept through are levels like others: all are recorded, and the last is delivered.
/// The choice is about what goes out: a level that only acts inside takes no message away.
#[test]
fn a_level_that_tells_nobody_takes_no_message_away() {
    for catch_up in [CatchUp::LatestOnly, CatchUp::None] {
        let raise = Action::RaisePriority(Priority::Urgent);
        let rule = on_first_response()
            .level(level("soon", 25).action(page()))
            .level(level("late", 50).action(raise))
            .catch_up(catch_up);
        let desk = desk([rule]);
        let t = open(&desk, "2026-03-02T09:00:00Z");
        desk.sweep(at("2026-03-02T11:30:00Z"), 10).unwrap();
        let messages = desk.claim(at("2026-03-02T11:30:00Z"), TimeDelta::minutes(1), 10);
        assert_eq!(messages.unwrap().len(), 1, "{catch_up:?}");
        assert_eq!(desk.ticket(t).unwrap().priority(), Priority::Urgent);
    }
}

#[test]
fn repeats_after_a_long_sleep() {
    let level = at_threshold("again", "0 after due").repeat(target("1h calendar"), 5);
    let desk = desk([on_first_response().level(level.action(page()))]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-06T00:00:00Z"), 10).unwrap();
    let told: Vec<_> = deliveries(&desk, id)
        .into_iter()
        .map(|(_, one)| one)
        .collect();
    assert_eq!(told[..5], [Delivery::HeldBack; 5]);
    assert_eq!(told[5..], [Delivery::Delivered]);
}

/// What a rule asks for counts for that rule alone: another one's missed levels hold nothing back.
#[test]
fn rules_are_caught_up_with_one_by_one() {
    let rule = |text: &str, choice| {
        let rule = Rule::new(name(text), Trigger::clock(Metric::FirstResponse)).catch_up(choice);
        rule.level(at_threshold(text, "25 %").action(page()))
    };
    let desk = desk([rule("one", CatchUp::None), rule("two", CatchUp::LatestOnly)]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
    let told: Vec<_> = deliveries(&desk, id)
        .into_iter()
        .map(|(_, one)| one)
        .collect();
    assert_eq!(told, [Delivery::Delivered; 2]);
}

/// A clock that ended in the same commit needs nobody any more, unless the rule asks for it.
#[test]
fn what_is_over_by_then_is_stale_unless_asked() {
    for (ask, expected) in [(false, Delivery::Stale), (true, Delivery::Delivered)] {
        let mut rule = on_first_response().level(at_threshold("half", "50 %").action(page()));
        rule.deliver_stale = ask;
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let answered = desk
            .submit(id, &kim("2026-03-02T12:00:00Z"), Command::reply("here"))
            .unwrap();
        assert_eq!(deliveries(&desk, id), [("half".to_owned(), expected)]);
        assert_eq!(answered.actions().len(), usize::from(ask));
    }
}

/// A rule may end what another rule's firing was about: the reminder of a ticket that was resolved before anybody looked goes to
/// nobody. What a level ends by itself is told: that is what it is there for.
#[test]
fn another_rule_makes_stale_and_a_level_its_own_firing_never() {
    let closing = Rule::new(name("close"), Trigger::idle([Stage::Pending])).level(
        at_threshold("close", "after 96h calendar")
            .action(page())
            .action(Action::Resolve)
            .action(Action::Close(CloseReason::Settled)),
    );
    let told = |sweeps: &[&str]| {
        let desk = desk([
            ready::remind_customer(target("48h calendar"), 0),
            closing.clone(),
        ]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let ask = Command::reply("which?").then_pend(Pending::Customer);
        desk.submit(id, &kim("2026-03-02T10:00:00Z"), ask).unwrap();
        sweeps
            .iter()
            .for_each(|now| drop(desk.sweep(at(now), 10).unwrap()));
        deliveries(&desk, id)
    };
    let pair = |remind| {
        [
            ("remind".to_owned(), remind),
            ("close".to_owned(), Delivery::Delivered),
        ]
    };
    assert_eq!(told(&["2026-03-20T00:00:00Z"]), pair(Delivery::Stale));
    let often = ["2026-03-05T00:00:00Z", "2026-03-20T00:00:00Z"];
    assert_eq!(told(&often), pair(Delivery::Delivered));
}

/// The next message of the customer is not what the firing was about, and the same wait goes on through another team.
#[test]
fn what_goes_on_is_not_stale() {
    let rule = Rule::new(name("r"), Trigger::CustomerWaits)
        .level(at_threshold("waits", "after 1h").action(page()));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    let told = desk
        .submit(id, &kim("2026-03-02T11:00:00Z"), Command::note("soon"))
        .unwrap();
    assert_eq!(told.actions().len(), 1, "a note answers nobody");
}

/// Four hours become one when the ticket is urgent.
fn two_targets(rule: Rule) -> (Desk<MemoryStore>, TicketId) {
    let urgent = helpdesk::sla::Condition::Priority(vec![Priority::Urgent]);
    let policy =
        |text: &str, time| Policy::new(name(text)).target(Metric::FirstResponse, target(time));
    let book = Rulebook::draft()
        .policy(policy("fast", "1h").when(urgent))
        .policy(policy("all", "4h"))
        .escalation(rule)
        .build()
        .unwrap();
    let desk = Desk::new(MemoryStore::new(), book);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    (desk, id)
}

fn urgent() -> Command {
    Command::change(Change::Priority(Priority::Urgent))
}

/// A threshold that was past when its target came into force is held back unless asked; one that is reached at that very instant
/// is not past, and is delivered.
#[test]
fn what_was_past_on_attach_is_held_back_unless_asked() {
    for (threshold, past, now) in [
        ("100 %", true, "2026-03-02T10:00:01Z"),
        ("100 %", false, "2026-03-02T10:00:00Z"),
        ("100 %", false, "2026-03-02T09:59:59Z"),
        ("30min calendar after due", true, "2026-03-02T10:30:01Z"),
        ("30min calendar after due", false, "2026-03-02T10:30:00Z"),
    ] {
        for ask in [false, true] {
            let mut rule = on_first_response().level(at_threshold("l", threshold).action(page()));
            rule.deliver_past = ask;
            let (desk, id) = two_targets(rule);
            desk.submit(id, &kim(now), urgent()).unwrap();
            desk.sweep(at("2026-03-02T10:40:00Z"), 10).unwrap();
            let expected = if past && !ask {
                Delivery::HeldBack
            } else {
                Delivery::Delivered
            };
            let told = deliveries(&desk, id);
            assert_eq!(told, [("l".to_owned(), expected)], "{threshold} at {now}");
        }
    }
}

/// Repeats on the wall that lie before the target came into force are past too; those after it are not.
#[test]
fn repeats_before_the_attach_are_held_back() {
    let level = at_threshold("l", "100 %").repeat(target("30min calendar"), 3);
    let (desk, id) = two_targets(on_first_response().level(level.action(page())));
    // An hour is up at 10:00; it becomes the target at 11:00.
    desk.submit(id, &kim("2026-03-02T11:00:00Z"), urgent())
        .unwrap();
    for now in ["2026-03-02T11:15:00Z", "2026-03-02T12:00:00Z"] {
        desk.sweep(at(now), 10).unwrap();
    }
    let told: Vec<Delivery> = deliveries(&desk, id)
        .into_iter()
        .map(|(_, told)| told)
        .collect();
    let (held, sent) = (Delivery::HeldBack, Delivery::Delivered);
    assert_eq!(told, [held, held, sent, sent], "10:00, 10:30, 11:00, 11:30");
}

/// What was passed before its target came into force is announced as such, at that instant and once.
#[test]
fn a_breach_on_attach_is_announced_once() {
    for (now, on_attach) in [
        ("2026-03-02T10:00:00.000001Z", true),
        ("2026-03-02T10:00:00Z", false),
    ] {
        let (desk, id) = two_targets(on_first_response().level(at_threshold("l", "900 %")));
        let attached = desk.submit(id, &kim(now), urgent()).unwrap();
        let breach = |recorded: &helpdesk::ticket::Recorded| match &recorded.event {
            Event::Breached { on_attach, .. } => Some((recorded.at, *on_attach)),
            _ => None,
        };
        let there: Vec<_> = attached.events().iter().filter_map(breach).collect();
        assert_eq!(there.len(), usize::from(on_attach));
        desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
        let all: Vec<_> = history(&desk, id).iter().filter_map(breach).collect();
        assert_eq!(all, [(at(now), on_attach)]);
    }
}

/// Each kind of recipient, as it is put in place when the level fires.
#[test]
fn recipients_of_every_kind() {
    let (lee, second) = (AgentId::named("lee"), TeamId::named("second"));
    let recipients = [
        Recipient::AgentInCharge,
        Recipient::TeamInCharge,
        Recipient::Agent(lee),
        Recipient::Team(second),
        Recipient::Role(name("duty manager")),
    ];
    let told = |agent, team| {
        let mut level = at_threshold("l", "25 %");
        for recipient in &recipients {
            level = level.action(Action::Notify(recipient.clone()));
        }
        let desk = desk([on_first_response().level(level)]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let assign = Command::change(Change::Assign { agent, team });
        let _ = desk.submit(id, &kim("2026-03-02T09:30:00Z"), assign);
        let note = Command::note("looking");
        let told = desk.submit(id, &kim("2026-03-02T12:00:00Z"), note).unwrap();
        let to = told.actions().iter().map(|message| match &message.what {
            Outgoing::Escalation {
                action: Action::Notify(to),
                ..
            } => to.clone(),
            other => panic!("{other:?}"),
        });
        to.collect::<Vec<_>>()
    };
    let first = TeamId::named("first");
    let rest = recipients[2..].to_vec();
    let with = |two: [Recipient; 2]| [two.to_vec(), rest.clone()].concat();
    assert_eq!(
        told(Some(KIM), Some(first)),
        with([Recipient::Agent(KIM), Recipient::Team(first)])
    );
    // Where no agent is in charge the team is told; where nobody is, the host decides.
    assert_eq!(
        told(None, Some(first)),
        with([Recipient::Team(first), Recipient::Team(first)])
    );
    assert_eq!(
        told(None, None),
        with([Recipient::AgentInCharge, Recipient::TeamInCharge])
    );
}

/// What a level does and tells goes in its order: whoever it has just put in charge is told, and whoever it tells before is the one who
/// was in charge; and both are told when it is over.
#[test]
fn a_level_tells_whom_it_has_just_put_in_charge() {
    let (first, second) = (TeamId::named("first"), TeamId::named("second"));
    let mut rule = Rule::new(name("late"), Trigger::clock(Metric::FirstResponse)).level(
        at_threshold("late", "50 %")
            .action(Action::Notify(Recipient::AgentInCharge))
            .action(Action::AssignTeam(second))
            .action(Action::Notify(Recipient::TeamInCharge)),
    );
    rule.withdraw = true;
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let assign = Change::Assign {
        agent: Some(KIM),
        team: Some(first),
    };
    desk.submit(t, &kim("2026-03-02T09:00:00Z"), Command::change(assign))
        .unwrap();
    let now = at("2026-03-02T12:00:00Z");
    let told = || {
        let told = desk.claim(now, chrono::TimeDelta::days(9), 10).unwrap();
        let told = told.into_iter().map(|message| {
            let action = match message.what {
                Outgoing::Escalation { action, .. } | Outgoing::Withdrawal { action, .. } => action,
                other => panic!("{other:?}"),
            };
            (action, message.agent, message.team)
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|(_, agent, _)| agent.is_none());
        told
    };
    let expected = [
        (
            Action::Notify(Recipient::Agent(KIM)),
            Some(KIM),
            Some(first),
        ),
        (Action::Notify(Recipient::Team(second)), None, Some(second)),
    ];
    desk.sweep(now, 10).unwrap();
    assert_eq!(told(), expected);
    desk.submit(t, &kim("2026-03-02T12:00:00Z"), Command::reply("here"))
        .unwrap();
    assert_eq!(told(), expected, "it is over");
}
