//! When levels fire: shares of a target, offsets from its due, repeats, by the clock and on the wall.

mod common;
mod escalation_common;

use chrono::TimeDelta;
use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, Recipient, Rule, Trigger, ready};
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Delivery, Event, Metric, Pending, Priority, Stage};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Rulebook, TenantId};

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

/// A share of the target may be more than all of it; before the due and after it, on the wall and in open time.
#[test]
fn shares_and_offsets_of_every_kind() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("quarter", "25 %"))
        .level(at_threshold("wall before", "90min calendar before due"))
        .level(at_threshold("nothing after", "0 after due"))
        .level(at_threshold("nothing before", "0h before due"))
        .level(at_threshold("twice", "200 %"));
    let desk = desk([rule]);
    // Four hours from Monday 15:00: two until the close, and Tuesday until 11:00.
    let id = open(&desk, "2026-03-02T15:00:00Z");
    desk.sweep(at("2026-03-09T00:00:00Z"), 10).unwrap();
    let expected = [
        ("quarter", "02 16:00"),
        ("wall before", "03 09:30"),
        ("nothing after", "03 11:00"),
        ("nothing before", "03 11:00"),
        ("twice", "03 15:00"),
    ];
    assert_eq!(fired(&desk, id), pairs(&expected));
}

/// What falls on a close is due then, not at the next opening.
#[test]
fn a_level_at_a_close_fires_at_the_close() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("half", "50 %"))
        .level(at_threshold("due", "0 after due"));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T13:00:00Z");
    desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("half", "02 15:00"), ("due", "02 17:00")])
    );
    assert!(
        !desk
            .reading(id, Metric::FirstResponse, at("2026-03-03T09:00:00Z"))
            .unwrap()
            .ever_breached(),
        "and nobody is late before the next opening"
    );
}

/// Repeats by the measure that they name: running time of the clock, or the wall; after an instant, open time of its calendar, or
/// the wall.
#[test]
fn repeats_are_measured_as_they_say() {
    let repeated = |threshold: &str, every: &str| {
        let level = at_threshold("l", threshold).repeat(target(every), 2);
        let desk = desk([Rule::new(name("r"), Trigger::clock(Metric::FirstResponse)).level(level)]);
        // Four hours from Monday 12:00: due 16:00.
        let id = open(&desk, "2026-03-02T12:00:00Z");
        desk.sweep(at("2026-03-09T00:00:00Z"), 10).unwrap();
        let fired = fired(&desk, id).into_iter();
        fired.map(|(_, at)| at).collect::<Vec<_>>()
    };
    assert_eq!(
        repeated("100 %", "1h"),
        ["02 16:00", "02 17:00", "03 10:00"]
    );
    assert_eq!(
        repeated("100 %", "1h calendar"),
        ["02 16:00", "02 17:00", "02 18:00"]
    );
    assert_eq!(
        repeated("30min after due", "2h calendar"),
        ["02 16:30", "02 18:30", "02 20:30"]
    );
    assert_eq!(
        repeated("2h calendar after due", "1h calendar"),
        ["02 18:00", "02 19:00", "02 20:00"]
    );
    assert_eq!(
        repeated("2h calendar after due", "1h"),
        ["02 18:00", "03 10:00", "03 11:00"]
    );
}

/// On the wall it goes on while the ticket waits, and ends with the clock; running time does not.
#[test]
fn repeats_on_the_wall_go_on_in_a_pause() {
    let told = |every: &str| {
        let level = at_threshold("l", "25 %").repeat(target(every), 5);
        let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution)).level(level);
        let policy = Policy::new(name("all")).target(Metric::TotalResolution, target("4h"));
        let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
        let draft = Rulebook::draft()
            .calendar(name("office"), office)
            .policy(policy);
        let desk = Desk::new(MemoryStore::new(), draft.escalation(rule).build().unwrap());
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let submit = |now: &str, command| desk.submit(id, &kim(now), command).unwrap();
        submit("2026-03-02T10:30:00Z", Command::pend(Pending::Customer));
        submit("2026-03-02T12:30:00Z", Command::resolve());
        desk.sweep(at("2026-03-04T00:00:00Z"), 10).unwrap();
        let fired = fired(&desk, id).into_iter();
        fired.map(|(_, at)| at).collect::<Vec<_>>()
    };
    assert_eq!(told("1h calendar"), ["02 10:00", "02 11:00", "02 12:00"]);
    assert_eq!(told("1h"), ["02 10:00"]);
}

/// Idle and waiting rules count business days too, and repeat by the measure that they name.
#[test]
fn idle_rules_count_days_and_repeat() {
    let rule = |threshold: &str, every: &str| {
        Rule::new(name("r"), Trigger::idle([Stage::Open]))
            .level(at_threshold("l", threshold).repeat(target(every), 1))
    };
    let times = |rule: Rule| {
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-06T16:00:00Z"); // a Friday
        desk.sweep(at("2026-03-31T00:00:00Z"), 10).unwrap();
        let fired = fired(&desk, id).into_iter();
        fired.map(|(_, at)| at).collect::<Vec<_>>()
    };
    assert_eq!(times(rule("after 2h", "2h")), ["09 10:00", "09 12:00"]);
    assert_eq!(
        times(rule("after 2h calendar", "2h")),
        ["06 18:00", "09 11:00"]
    );
    assert_eq!(
        times(rule("after 2h", "2h calendar")),
        ["09 10:00", "09 12:00"]
    );
    assert_eq!(
        times(rule("after 1 business day", "8h")),
        ["09 16:00", "10 16:00"]
    );
    assert_eq!(
        times(rule("after 1 business day end of day", "1h calendar")),
        ["09 17:00", "09 18:00"]
    );
}

/// Each level's repeats count from its own first instant.
#[test]
fn levels_repeat_by_themselves() {
    let every = |what, threshold| at_threshold(what, threshold).repeat(target("30min calendar"), 2);
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(every("half", "50 %"))
        .level(every("all", "100 %"));
    let desk = desk([rule]);
    // Four hours from Monday 10:00: half at 12:00, all at 14:00. Between the repeats it begins to wait, which stops no first response.
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.submit(
        id,
        &kim("2026-03-02T14:10:00Z"),
        Command::note("x").then_pend(Pending::Internal),
    )
    .unwrap();
    desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[
            ("half", "02 12:00"),
            ("half", "02 12:30"),
            ("half", "02 13:00"),
            ("all", "02 14:00"),
            ("all", "02 14:30"),
            ("all", "02 15:00"),
        ])
    );
}

/// Repeats on the wall of a level that is reached as its clock starts come one by one, whatever else happens on the ticket.
#[test]
fn wall_repeats_from_the_start_come_one_by_one() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("soon", "5h before due").repeat(target("5min calendar"), 3));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.sweep(at("2026-03-02T10:06:00Z"), 10).unwrap();
    let expected = ["10:00", "10:05", "10:10", "10:15"].map(|time| ("soon", format!("02 {time}")));
    let expected = expected.map(|(level, time)| (level.to_owned(), time));
    assert_eq!(fired(&desk, id), expected[..2]);
    let note = Command::note("looked at");
    desk.submit(id, &kim("2026-03-02T10:12:00Z"), note).unwrap();
    desk.sweep(at("2026-03-02T10:30:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), expected);
}

/// "Page the manager on a breach": due Friday 17:00 at the close, breached Monday at 09:00 and a microsecond. Whoever answers at 09:00 is in
/// time, and nobody is paged.
#[test]
fn on_breach_comes_right_after_the_breach() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("due", "100 %"))
        .level(at_threshold("page", "on breach").action(Action::RaisePriority(Priority::Urgent)));
    let opening = at("2026-03-09T09:00:00Z");
    let just_after = opening + TimeDelta::microseconds(1);
    let at_the_close = || {
        let desk = desk([rule.clone()]);
        let id = open(&desk, "2026-03-06T13:00:00Z");
        desk.sweep(opening, 10).unwrap();
        assert_eq!(fired(&desk, id), pairs(&[("due", "06 17:00")]));
        (desk, id)
    };
    let (late, id) = at_the_close();
    assert_eq!(late.next_wake(opening).unwrap(), Some(just_after));
    late.sweep(just_after, 10).unwrap();
    let told = pairs(&[("due", "06 17:00"), ("page", "09 09:00")]);
    assert_eq!(fired(&late, id), told);
    let history = history(&late, id);
    let (fired_at, fired_on) = history
        .windows(2)
        .find_map(|two| match (&two[0].event, &two[1].event) {
            (Event::Breached { .. }, Event::Escalated(fired)) => Some((&two[1], fired)),
            _ => None,
        })
        .expect("right after the breach");
    let timing = fired_at.timing.unwrap();
    assert_eq!(fired_on.level, name("page"));
    assert_eq!(
        (timing.scheduled_at, timing.observed_at),
        (opening, just_after)
    );
    assert_eq!(late.ticket(id).unwrap().priority(), Priority::Urgent);

    for (now, breached) in [(opening, false), (just_after, true)] {
        let (desk, id) = at_the_close();
        let call = Call::new(Actor::Agent(KIM), now);
        desk.submit(id, &call, Command::reply("here")).unwrap();
        desk.sweep(opening + TimeDelta::days(1), 10).unwrap();
        let reading = desk.reading(id, Metric::FirstResponse, now).unwrap();
        assert_eq!(reading.ever_breached(), breached, "answered at {now}");
        assert_eq!(fired(&desk, id) == told, breached, "answered at {now}");
    }
}

/// Repeats count from the breach: in running time of the clock, or on the wall.
#[test]
fn repeats_count_from_the_breach() {
    let repeated = |every: &str, sweeps: &[&str]| {
        let level = at_threshold("page", "on breach").repeat(target(every), 2);
        let desk = desk([Rule::new(name("r"), Trigger::clock(Metric::FirstResponse)).level(level)]);
        let id = open(&desk, "2026-03-06T13:00:00Z");
        for now in sweeps {
            desk.sweep(at(now), 10).unwrap();
        }
        let fired = fired(&desk, id).into_iter();
        fired.map(|(_, at)| at).collect::<Vec<_>>()
    };
    let once = &["2026-03-13T00:00:00Z"][..];
    let often = &[
        "2026-03-06T17:30:00Z",
        "2026-03-09T09:00:00.000001Z",
        "2026-03-09T10:00:00Z",
        "2026-03-10T00:00:00Z",
        "2026-03-13T00:00:00Z",
    ];
    for sweeps in [once, often] {
        assert_eq!(repeated("2h", sweeps), ["09 09:00", "09 11:00", "09 13:00"]);
        assert_eq!(
            repeated("8h", sweeps),
            ["09 09:00", "09 17:00", "10 17:00"],
            "eight open hours after the breach"
        );
        assert_eq!(
            repeated("8h calendar", sweeps),
            ["09 09:00", "09 17:00", "10 01:00"]
        );
    }
}

/// A target that was passed before it came into force is breached as it does: the level fires then, held back unless the rule asks for it.
/// So it does where the rule came with another version of the rulebook, after the breach.
#[test]
fn on_breach_of_a_target_that_was_passed_already() {
    let told = |deliver_past: bool| {
        let mut rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
            .level(at_threshold("page", "on breach").action(Action::Custom(name("page"))));
        rule.deliver_past = deliver_past;
        let urgent = Policy::new(name("urgent"))
            .when(Condition::Priority(vec![Priority::Urgent]))
            .target(Metric::FirstResponse, target("1h"));
        let rest = Policy::new(name("rest")).target(Metric::FirstResponse, target("4h"));
        let draft = Rulebook::draft().policy(urgent).policy(rest);
        let desk = Desk::new(MemoryStore::new(), draft.escalation(rule).build().unwrap());
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let urgent = Command::change(Change::Priority(Priority::Urgent));
        desk.submit(id, &kim("2026-03-02T11:00:00Z"), urgent)
            .unwrap();
        desk.sweep(at("2026-03-02T11:01:00Z"), 10).unwrap();
        assert_eq!(fired(&desk, id), pairs(&[("page", "02 11:00")]));
        deliveries(&desk, id)[0].1
    };
    assert_eq!(told(false), Delivery::HeldBack);
    assert_eq!(told(true), Delivery::Delivered);

    // The breach comes at 09:00 and a microsecond: a version that comes then finds it just before, one at 09:00 does not.
    let page = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .level(at_threshold("page", "on breach").action(Action::Custom(name("page"))));
    for (micros, delivery) in [(0, Delivery::Delivered), (1, Delivery::HeldBack)] {
        let with_rules =
            |rules: Vec<Rule>| desk(rules).rulebooks().current(TenantId::SINGLE).clone();
        let (bare, paging) = (with_rules(vec![]), with_rules(vec![page.clone()]));
        let books = Rulebooks::new(bare).with_earlier(paging.clone());
        let desk = Desk::new(MemoryStore::new(), books);
        let id = open(&desk, "2026-03-06T13:00:00Z");
        let now = at("2026-03-09T09:00:00Z") + TimeDelta::microseconds(micros);
        let lead = Call::new(Actor::Supervisor(KIM), now);
        desk.apply_rulebook(id, &lead, paging.id()).unwrap();
        desk.sweep(at("2026-03-09T10:00:00Z"), 10).unwrap();
        assert_eq!(
            deliveries(&desk, id),
            [("page".to_owned(), delivery)],
            "{micros}"
        );
    }
}

/// Promises are breached too; the ready-made rule tells of the one that is in force.
#[test]
fn a_broken_promise_is_told_on_breach() {
    let lead = Recipient::Role(name("lead"));
    let desk = desk([ready::tell_on_breach(Metric::PromisedUpdate, lead)]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    let promise = |now: &str, due: &str| {
        let promise = Command::change(Change::PromiseUpdate(at(due)));
        desk.submit(id, &kim(now), promise).unwrap();
    };
    promise("2026-03-02T10:30:00Z", "2026-03-02T20:00:00Z");
    promise("2026-03-02T11:00:00Z", "2026-03-02T22:00:00Z");
    desk.sweep(at("2026-03-02T22:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), []);
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("breached", "02 22:00")]));
    assert_eq!(
        firings(&desk, id)[0].rule,
        name("on breach: promised_update")
    );
}

/// A level at the due that ends the clock, or gives it more time, leaves nothing to breach, and nothing to page about.
#[test]
fn no_breach_no_page() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution))
        .level(at_threshold("page", "on breach"))
        .level(at_threshold("give up", "100 %").action(Action::Resolve));
    let policy = Policy::new(name("all")).target(Metric::TotalResolution, target("4h"));
    let draft = Rulebook::draft().policy(policy).escalation(rule);
    let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("give up", "02 13:00")]));

    let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution))
        .level(at_threshold("page", "on breach"))
        .level(at_threshold("more time", "100 %").action(Action::AddTag(name("hard"))));
    let hard = Condition::Tag(name("hard"));
    let of = |policy: &str, time| {
        Policy::new(name(policy)).target(Metric::TotalResolution, target(time))
    };
    let draft = Rulebook::draft()
        .policy(of("hard", "6h").when(hard))
        .policy(of("all", "4h"))
        .escalation(rule);
    let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T14:59:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("more time", "02 13:00")]));
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    // Of the new target the due comes again, and this time nothing changes.
    let of_both = [
        ("more time", "02 13:00"),
        ("more time", "02 15:00"),
        ("page", "02 15:00"),
    ];
    assert_eq!(fired(&desk, id), pairs(&of_both));
}
