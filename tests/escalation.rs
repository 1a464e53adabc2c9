//! Escalation by example: when each kind of rule fires, once, and when it does not.

mod common;

use common::*;
use helpdesk::escalation::{Action, Guard, MAX_CHAIN, Recipient, Rule, Trigger, ready};
use helpdesk::id::{TeamId, TenantId};
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::{Condition, Policy, Target};
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::ticket::{
    Change, Delivery, Draft, Event, MessageClass, Metric, Pending, Priority, RatingKind, Stage,
    Status,
};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TicketId};

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// Monday to Friday 09:00-17:00 UTC, with these rules and a first response of four business hours.
fn desk(rules: impl IntoIterator<Item = Rule>) -> Desk<MemoryStore> {
    let mut draft = Rulebook::draft()
        .calendar(
            name("office"),
            Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap(),
        )
        .policy(Policy::new(name("all")).target(Metric::FirstResponse, target("4h")));
    for rule in rules {
        draft = draft.escalation(rule);
    }
    Desk::new(MemoryStore::new(), draft.build().unwrap())
}

fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

fn open(desk: &Desk<MemoryStore>, now: &str) -> TicketId {
    desk.open(&ann(now), Open::new("x").body("help"))
        .unwrap()
        .id()
}

/// Level and instant of each firing.
fn fired(desk: &Desk<MemoryStore>, ticket: TicketId) -> Vec<(String, String)> {
    let firing = |recorded: &helpdesk::ticket::Recorded| match &recorded.event {
        Event::Escalated(fired) => Some((
            fired.level.to_string(),
            recorded.at.format("%d %H:%M").to_string(),
        )),
        _ => None,
    };
    history(desk, ticket).iter().filter_map(firing).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(level, at)| ((*level).to_owned(), (*at).to_owned()))
        .collect()
}

/// 2 March 2026 is a Monday. Four business hours from 11:00: due 15:00.
#[test]
fn offsets_count_from_the_due() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("before", "1h before due"))
        .level(at_threshold("after", "1h after due").repeat(target("2h"), 2))
        .level(at_threshold("clock", "4h calendar after due"));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T11:00:00Z");
    desk.sweep(at("2026-03-09T00:00:00Z"), 10).unwrap();
    // One business hour after due is 16:00; two more are Tuesday 10:00, and two more 12:00.
    let expected = [
        ("before", "02 14:00"),
        ("after", "02 16:00"),
        ("clock", "02 19:00"),
        ("after", "03 10:00"),
        ("after", "03 12:00"),
    ];
    assert_eq!(fired(&desk, id), pairs(&expected));
}

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
    assert_eq!(
        desk.nap(at("2026-04-30T00:00:00Z")).unwrap(),
        at("2026-04-30T00:00:00Z"),
        "messages wait in the outbox"
    );
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

/// A target changed and changed back is the same target: nothing fires twice.
#[test]
fn changed_and_changed_back_fires_nothing_twice() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let id = open(&desk, "2026-03-02T14:00:00Z");
    for (hour, priority) in [
        (18, Priority::Urgent),
        (19, Priority::Normal),
        (20, Priority::Urgent),
        (21, Priority::Normal),
    ] {
        let call = kim(&format!("2026-03-02T{hour}:00:00Z"));
        desk.submit(id, &call, Command::change(Change::Priority(priority)))
            .unwrap();
    }
    desk.sweep(at("2026-03-20T00:00:00Z"), 100).unwrap();
    let events = history(&desk, id);
    let mut keys = keys(&events);
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
    let answer = |e: &&helpdesk::ticket::Recorded| matches!(&e.event, Event::Escalated(f) if f.rule.as_str() == "answer" && f.level.as_str() == "half");
    assert_eq!(
        events.iter().filter(answer).count(),
        2,
        "once for each of the two targets"
    );
}

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
    assert_eq!(
        (t.actions()[0].agent, t.actions()[0].team),
        (Some(KIM), None)
    );
    let helpdesk::store::Outgoing::Escalation { action, .. } = &t.actions()[0].what else {
        panic!()
    };
    assert_eq!(*action, Action::Notify(Recipient::Agent(KIM)));
    let delivered = history(&desk, id)
        .iter()
        .any(|e| matches!(&e.event, Event::Escalated(f) if f.delivery == Delivery::Delivered));
    assert!(delivered);
}

/// What does not fit is refused when the rulebook is built, by its path.
#[test]
fn thresholds_must_fit_their_trigger() {
    let build = |rule: Rule| {
        Rulebook::draft()
            .escalation(rule)
            .build()
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let clock = || Rule::new(name("r"), Trigger::clock(Metric::FirstResponse));
    let error = build(clock().level(at_threshold("l", "after 3h"))).unwrap_err();
    assert!(
        error.contains("`escalations[0].levels[0]`") && error.contains("`75 %`"),
        "{error}"
    );
    assert!(
        build(Rule::new(name("r"), Trigger::Reopened).level(at_threshold("l", "75 %"))).is_err()
    );
    assert!(
        build(
            Rule::new(name("r"), Trigger::CustomerWaits).level(at_threshold("l", "1h after due"))
        )
        .is_err()
    );
    assert!(
        build(clock().level(at_threshold("l", "75 %").repeat(target("2 business days"), 2)))
            .is_err()
    );
    assert!(build(clock().level(at_threshold("l", "75 %").repeat(target("2h"), 0))).is_err());
    assert!(build(clock()).is_err(), "a rule without a level");
    build(clock().level(at_threshold("l", "75 %").repeat(target("2h"), 2))).unwrap();
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

/// Whoever was told hears once it is over, whoever was in charge by then; and only once.
#[test]
fn what_is_over_is_withdrawn() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Notify(Recipient::AgentInCharge)))
        .level(at_threshold("most", "90 %").action(Action::Notify(Recipient::TeamInCharge)));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let assign = |agent| Command::change(Change::Assign { agent, team: None });
    let submit = |now: &str, command| desk.submit(t, &kim(now), command).unwrap();
    submit("2026-03-02T09:30:00Z", assign(Some(KIM)));
    let told = submit("2026-03-02T11:30:00Z", assign(None));
    assert_eq!(told.actions().len(), 1);
    assert!(
        told.ticket() == &desk.ticket(t).unwrap(),
        "what is kept is what is folded"
    );
    let over = submit("2026-03-02T12:00:00Z", Command::reply("hello"));
    let [message] = over.actions() else {
        panic!("{:?}", over.actions())
    };
    let Outgoing::Withdrawal { level, action, .. } = &message.what else {
        panic!("{message:?}")
    };
    assert_eq!(level.as_str(), "half");
    assert_eq!(*action, Action::Notify(Recipient::Agent(KIM)));
    let withdrawn = |e: &helpdesk::ticket::Recorded| matches!(e.event, Event::Withdrawn { .. });
    assert_eq!(history(&desk, t).iter().filter(|e| withdrawn(e)).count(), 1);
    let later = submit("2026-03-02T13:00:00Z", Command::resolve());
    assert!(later.actions().is_empty());
    assert!(later.ticket() == &desk.ticket(t).unwrap());
}

/// Two levels that hand a ticket to each other's team come to an end, which the last firing says.
#[test]
fn rules_that_hand_a_ticket_round_come_to_an_end() {
    let team = |name: &str| TeamId::named(name);
    let hand = |from: &str, to: &str| {
        let guard = Guard::default().when(Condition::Team(vec![team(from)]));
        let level = at_threshold("on", "100 %").guard(guard);
        Rule::new(name(from), Trigger::clock(Metric::Ownership))
            .level(level.action(Action::AssignTeam(team(to))))
    };
    let policy = Policy::new(name("all")).target(Metric::Ownership, target("1h calendar"));
    let draft = Rulebook::draft().policy(policy);
    let book = draft
        .escalation(hand("p", "q"))
        .escalation(hand("q", "p"))
        .build()
        .unwrap();
    let desk = Desk::new(MemoryStore::new(), book);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let assign = Change::Assign {
        agent: None,
        team: Some(team("p")),
    };
    desk.submit(t, &kim("2026-03-02T09:00:00Z"), Command::change(assign))
        .unwrap();
    let swept = desk.sweep(at("2027-03-02T09:00:00Z"), 10).unwrap();
    assert_eq!((swept.failed.len(), swept.chains_ended.len()), (0, 1));
    let handed = history(&desk, t)
        .iter()
        .filter(|e| matches!(e.event, Event::Assigned { .. }))
        .count();
    assert_eq!(handed, 1 + usize::from(MAX_CHAIN));
    let ended = |e: &Event| matches!(e, Event::Escalated(fired) if fired.chain_ended);
    assert_eq!(
        history(&desk, t).iter().filter(|e| ended(&e.event)).count(),
        1
    );
    assert!(
        desk.sweep(at("2028-03-02T09:00:00Z"), 10)
            .unwrap()
            .chains_ended
            .is_empty()
    );
}

/// What is withdrawn depends on who looked when; the keys of what comes later do not.
#[test]
fn withdrawals_take_no_place_in_keys() {
    let first = Rule::new(name("first"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Custom(name("page"))));
    let waits = Rule::new(name("waits"), Trigger::CustomerWaits)
        .level(at_threshold("long", "after 1h calendar"));
    let told = |sweeps: &[&str]| {
        let desk = desk([first.clone(), waits.clone()]);
        let open = Open::new("x").body("help").id(TicketId::named("t"));
        let t = desk.open(&ann("2026-03-02T09:00:00Z"), open).unwrap().id();
        sweeps
            .iter()
            .for_each(|now| drop(desk.sweep(at(now), 10).unwrap()));
        desk.submit(t, &kim("2026-03-02T12:00:00Z"), Command::reply("hello"))
            .unwrap();
        desk.submit(t, &ann("2026-03-02T13:00:00Z"), Command::reply("no"))
            .unwrap();
        desk.sweep(at("2026-03-02T16:00:00Z"), 10).unwrap();
        let all = history(&desk, t);
        let withdrawn = all
            .iter()
            .filter(|e| matches!(e.event, Event::Withdrawn { .. }));
        (
            withdrawn.count(),
            keys(&all),
            desk.ticket(t).unwrap().ratings().len(),
        )
    };
    let (seldom, often) = (told(&[]), told(&["2026-03-02T11:30:00Z"]));
    assert_eq!((seldom.0, often.0), (0, 1));
    assert_eq!(seldom.1, often.1);
    assert_eq!(seldom.1.len(), 3);
}

/// A move to rules that ask for something else withdraws before it moves, by the rules that told.
#[test]
fn a_move_withdraws_what_the_other_rules_do_not_know() {
    let paging = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Custom(name("page"))));
    let other = desk([]).rulebooks().current(TenantId::SINGLE).clone();
    let books = Rulebooks::new(desk([paging]).rulebooks().current(TenantId::SINGLE).clone());
    let desk = Desk::new(MemoryStore::new(), books.with_earlier(other.clone()));
    let t = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T11:30:00Z"), 10).unwrap();
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T12:00:00Z"));
    let moved = desk.apply_rulebook(t, &lee, other.id()).unwrap();
    let [message] = moved.actions() else {
        panic!("{:?}", moved.actions())
    };
    assert!(matches!(message.what, Outgoing::Withdrawal { .. }));
    assert!(moved.ticket() == &desk.ticket(t).unwrap());
}

/// A rule that waits for its guard waits on under another version that has the same rule, and is delivered as it would have been; a
/// rule that the version brings was past before it was there.
#[test]
fn the_same_rule_of_another_version_waits_on() {
    let guarded = |rule: &str| {
        Rule::new(name(rule), Trigger::clock(Metric::FirstResponse)).level(
            at_threshold("half", "50 %")
                .guard(Guard::default().when(Condition::Priority(vec![Priority::Urgent])))
                .action(Action::Custom(name("page"))),
        )
    };
    let book = |rules: Vec<Rule>| desk(rules).rulebooks().current(TenantId::SINGLE).clone();
    let (before, after) = (
        book(vec![guarded("known")]),
        book(vec![guarded("known"), guarded("new")]),
    );
    let third = book(vec![guarded("new"), guarded("known")]);
    let books = Rulebooks::new(before)
        .with_earlier(after.clone())
        .with_earlier(third.clone());
    let desk = Desk::new(MemoryStore::new(), books);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    for (now, to) in [
        ("2026-03-02T12:00:00Z", &after),
        ("2026-03-02T12:10:00Z", &third),
    ] {
        let lee = Call::new(Actor::Supervisor(KIM), at(now));
        desk.apply_rulebook(t, &lee, to.id()).unwrap();
    }
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    desk.submit(t, &kim("2026-03-02T12:30:00Z"), urgent)
        .unwrap();
    desk.sweep(at("2026-03-02T12:31:00Z"), 10).unwrap();
    let all = history(&desk, t);
    let fired = all.iter().filter_map(|recorded| match &recorded.event {
        Event::Escalated(fired) => Some((fired.rule.as_str(), fired.delivery)),
        _ => None,
    });
    let fired: Vec<_> = fired.collect();
    assert_eq!(
        fired,
        [("new", Delivery::HeldBack), ("known", Delivery::Delivered)]
    );
}

/// A command before which more had fallen due than one commit takes: asked again under its key, it tells all that it recorded, over
/// all its commits, and the first answer tells all that was sent.
#[test]
fn a_command_of_several_commits_is_recalled_whole() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .catch_up(helpdesk::escalation::CatchUp::All)
        .level(
            at_threshold("again", "1min calendar after due")
                .repeat(target("1min calendar"), 600)
                .action(Action::Custom(name("page"))),
        );
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let call = kim("2026-03-04T09:00:00Z").key(name("once"));
    let first = desk.submit(t, &call, Command::reply("at last")).unwrap();
    let again = desk.submit(t, &call, Command::reply("at last")).unwrap();
    // A breach, 601 firings, the message.
    assert_eq!(first.events().len(), 603);
    // Those of the last commit are over by its end.
    assert_eq!(first.actions().len(), 2 * 256 - 1);
    assert!(again.is_replayed());
    assert_eq!(first.events(), again.events());
    assert_eq!(first.message(), again.message());
}
