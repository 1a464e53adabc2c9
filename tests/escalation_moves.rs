//! Firings over time: targets that change and come back, rules that hand a ticket round, other versions, long sleeps.

mod common;
mod escalation_common;

use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, Guard, MAX_CHAIN, Recipient, Rule, Trigger};
use helpdesk::id::{TeamId, TenantId};
use helpdesk::replay::{History, import};
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Delivery, Event, Metric, Priority, RatingKind};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Rulebook};

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

/// A reopening lets a clock go on under the target that came while it was ended: where that is used up already, the same commit says so.
#[test]
fn a_reopening_tells_at_once_what_it_is_late_for() {
    let policy = |text: &str, hours: &str| {
        Policy::new(name(text)).target(Metric::TotalResolution, target(hours))
    };
    let tagged = policy("tagged", "1h calendar").when(Condition::Tag(name("vip")));
    let book = Rulebook::draft()
        .policy(tagged)
        .policy(policy("all", "10h calendar"))
        .build()
        .unwrap();
    let desk = Desk::new(MemoryStore::new(), book);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let say = |now: &str, command| desk.submit(t, &kim(now), command).unwrap();
    say("2026-03-02T12:00:00Z", Command::resolve());
    say("2026-03-02T12:30:00Z", Command::tag(name("vip")));
    let reopened = say("2026-03-02T13:00:00Z", Command::reopen());
    let on_attach = |e: &helpdesk::ticket::Recorded| matches!(&e.event, Event::Breached { clock, on_attach: true, .. } if clock.metric == Metric::TotalResolution);
    assert_eq!(reopened.events().iter().filter(|e| on_attach(e)).count(), 1);
    // A wait in between is no reopening: it looks at nothing again.
    let waits = Command::pend(helpdesk::ticket::Pending::Internal);
    let waits = say("2026-03-02T14:00:00Z", waits);
    assert_eq!(waits.events().len(), 1);
}

/// A level at the due comes before the breach, which comes just after it: where it gives the ticket another target, or ends it, nothing
/// was late.
#[test]
fn a_level_at_the_due_comes_before_the_breach() {
    let second = TeamId::named("second");
    for action in [
        Action::AssignTeam(second),
        Action::Resolve,
        Action::Notify(Recipient::TeamInCharge),
    ] {
        let changes = !matches!(action, Action::Notify(_));
        let slow = Policy::new(name("slow")).when(Condition::Team(vec![second]));
        let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution))
            .level(at_threshold("due", "100 %").action(action));
        let book = Rulebook::draft()
            .policy(slow.target(Metric::TotalResolution, target("8h calendar")))
            .policy(
                Policy::new(name("fast")).target(Metric::TotalResolution, target("4h calendar")),
            )
            .escalation(rule)
            .build()
            .unwrap();
        let desk = Desk::new(MemoryStore::new(), book);
        let t = open(&desk, "2026-03-02T09:00:00Z");
        let now = at("2026-03-02T14:00:00Z");
        desk.sweep(now, 10).unwrap();
        let events = history(&desk, t);
        let place = |is: fn(&Event) -> bool| events.iter().position(|one| is(&one.event));
        let breached = place(|event| matches!(event, Event::Breached { .. }));
        let fired = place(|event| matches!(event, Event::Escalated(_)));
        assert_eq!(breached.is_some(), !changes, "{events:?}");
        assert!(
            breached.is_none_or(|breached| Some(breached) > fired),
            "{events:?}"
        );
        let reading = desk.reading(t, Metric::TotalResolution, now).unwrap();
        assert_eq!(reading.ever_breached(), !changes);
    }
}

/// A rule on a clock counts by the clock: it is the same rule under a version of which only a calendar is another that the clock does not
/// read, and is delivered when its guard holds.
#[test]
fn a_rule_on_a_clock_is_the_same_under_other_holidays() {
    let office = || Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let closed = office().with_closed_days([("2026-12-24".parse().unwrap(), "Eve".to_owned())]);
    let book = |office: Calendar| {
        let guard = Guard::default().when(Condition::Priority(vec![Priority::Urgent]));
        let level = at_threshold("half", "50 %").guard(guard);
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse));
        let draft = Rulebook::draft().calendar(name("office"), office);
        let policy = Policy::new(name("all")).target(Metric::FirstResponse, target("24h calendar"));
        let draft = draft.policy(policy);
        let rule = rule.level(level.action(Action::Notify(Recipient::TeamInCharge)));
        draft.escalation(rule).build().unwrap()
    };
    let (before, after) = (book(office()), book(closed.unwrap()));
    let books = Rulebooks::new(before).with_earlier(after.clone());
    let desk = Desk::new(MemoryStore::new(), books);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-03T06:00:00Z"));
    desk.apply_rulebook(t, &lee, after.id()).unwrap();
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    desk.submit(t, &kim("2026-03-03T07:00:00Z"), urgent)
        .unwrap();
    desk.sweep(at("2026-03-03T07:01:00Z"), 10).unwrap();
    let events = history(&desk, t);
    let delivery = events.iter().find_map(|one| match &one.event {
        Event::Escalated(fired) => Some(fired.delivery),
        _ => None,
    });
    assert_eq!(delivery, Some(Delivery::Delivered));
}

/// A calendar under another name makes other firings of what counts by it: they were past when the version came, and tell nobody again.
#[test]
fn a_renamed_calendar_tells_nobody_again() {
    let book = |calendar: &str| {
        let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
        let rule = Rule::new(
            name("low"),
            Trigger::LowRating {
                kind: RatingKind::Csat,
                at_most: 2,
            },
        );
        let level = at_threshold("at once", "at once");
        let rule = rule.level(level.action(Action::Notify(Recipient::Role(name("lead")))));
        let draft = Rulebook::draft().calendar(name(calendar), office);
        draft.escalation(rule).build().unwrap()
    };
    let (before, after) = (book("office"), book("berlin"));
    let books = Rulebooks::new(before).with_earlier(after.clone());
    let desk = Desk::new(MemoryStore::new(), books);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    desk.submit(
        t,
        &kim("2026-03-02T09:30:00Z"),
        Command::reply("done").then_resolve(),
    )
    .unwrap();
    desk.submit(
        t,
        &ann("2026-03-02T10:00:00Z"),
        Command::rate(RatingKind::Csat, 1),
    )
    .unwrap();
    desk.sweep(at("2026-03-02T10:01:00Z"), 10).unwrap();
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T12:00:00Z"));
    desk.apply_rulebook(t, &lee, after.id()).unwrap();
    desk.sweep(at("2026-03-02T12:01:00Z"), 10).unwrap();
    let events = history(&desk, t);
    let fired = events.iter().filter_map(|one| match &one.event {
        Event::Escalated(fired) => Some(fired.delivery),
        _ => None,
    });
    assert_eq!(
        fired.collect::<Vec<_>>(),
        [Delivery::Delivered, Delivery::HeldBack]
    );
}

/// What was late before the last event of a log was late first: a level at its due that ends the ticket does not hide the breach, however
/// long after the due the log was exported.
#[test]
fn an_imported_ticket_that_was_late_tells_its_breach() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution))
        .level(at_threshold("due", "100 %").action(Action::Resolve));
    let policy = Policy::new(name("all")).target(Metric::TotalResolution, target("8h calendar"));
    let book = Rulebook::draft()
        .policy(policy)
        .escalation(rule)
        .build()
        .unwrap();
    for until in ["2026-03-02T17:30:00Z", "2026-03-20T09:00:00Z"] {
        let id = helpdesk::TicketId::named("t");
        let number = helpdesk::id::TicketNumber(1);
        let mut log = History::new(id, number, ANN, at("2026-03-02T09:00:00Z"));
        log.until = Some(at(until));
        let imported = import(&log, &book, TenantId::SINGLE);
        let desk = Desk::new(MemoryStore::new(), book.clone());
        desk.import(&imported).unwrap();
        desk.sweep(at("2026-03-21T09:00:00Z"), 10).unwrap();
        let events = history(&desk, id);
        let breached = events
            .iter()
            .filter(|one| matches!(one.event, Event::Breached { .. }));
        assert_eq!(breached.count(), 1, "{until}: {events:#?}");
    }
}

/// Where rules acted too often in a row, a level does nothing to the ticket, and tells whoever has it.
#[test]
fn a_level_that_was_stopped_tells_whoever_has_the_ticket() {
    let (first, second) = (TeamId::named("first"), TeamId::named("second"));
    let hand = |from: TeamId, to: TeamId| {
        let guard = Guard::default().when(Condition::Team(vec![from]));
        let level = at_threshold("on", "100 %").guard(guard);
        let level = level.action(Action::AssignTeam(to));
        let rule = Rule::new(name(&from.to_string()), Trigger::clock(Metric::Ownership));
        rule.level(level.action(Action::Notify(Recipient::TeamInCharge)))
    };
    let policy = Policy::new(name("all")).target(Metric::Ownership, target("1h calendar"));
    let draft = Rulebook::draft().policy(policy);
    let draft = draft
        .escalation(hand(first, second))
        .escalation(hand(second, first));
    let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let assign = Change::Assign {
        agent: None,
        team: Some(first),
    };
    desk.submit(t, &kim("2026-03-02T09:00:00Z"), Command::change(assign))
        .unwrap();
    let now = at("2027-03-02T09:00:00Z");
    desk.sweep(now, 10).unwrap();
    let has_it = desk.ticket(t).unwrap().team();
    let told = desk.claim(now, chrono::TimeDelta::days(9), 1_000).unwrap();
    let last = told.iter().max_by_key(|message| message.at).unwrap();
    assert_eq!(last.team, has_it);
}

/// A rule that reads no calendar is the same rule under a version of which only a calendar is another, or has another name.
#[test]
fn what_reads_no_calendar_is_the_same_under_another() {
    let book = |calendar: &str| {
        let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
        let guard = Guard::default().when(Condition::Priority(vec![Priority::Urgent]));
        let level = at_threshold("again", "1 times").guard(guard);
        let level = level.action(Action::Notify(Recipient::TeamInCharge));
        let rule = Rule::new(name("r"), Trigger::Reopened).level(level);
        let draft = Rulebook::draft().calendar(name(calendar), office);
        draft.escalation(rule).build().unwrap()
    };
    let (before, after) = (book("office"), book("berlin"));
    let books = Rulebooks::new(before).with_earlier(after.clone());
    let desk = Desk::new(MemoryStore::new(), books);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    desk.submit(t, &kim("2026-03-02T09:30:00Z"), Command::resolve())
        .unwrap();
    desk.submit(t, &ann("2026-03-02T10:00:00Z"), Command::reply("not yet"))
        .unwrap();
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T12:00:00Z"));
    desk.apply_rulebook(t, &lee, after.id()).unwrap();
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    desk.submit(t, &kim("2026-03-02T13:00:00Z"), urgent)
        .unwrap();
    desk.sweep(at("2026-03-02T13:01:00Z"), 10).unwrap();
    let events = history(&desk, t);
    let delivery = events.iter().find_map(|one| match &one.event {
        Event::Escalated(fired) => Some(fired.delivery),
        _ => None,
    });
    assert_eq!(delivery, Some(Delivery::Delivered));
}
