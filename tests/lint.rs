//! What the linter finds: each kind of finding in a rulebook that has it, and not in its closest neighbour.

mod common;

use std::collections::BTreeSet;

use common::*;
use helpdesk::escalation::{Action, Guard, Level, Rule, Threshold, Trigger};
use helpdesk::id::TeamId;
use helpdesk::rulebook::{Problem, RulebookDraft, Severity};
use helpdesk::sla::{Condition, Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Agreement, Change, Channel, FieldValue, Metric, Priority, Stage};
use helpdesk::{Actor, Calendar, Desk, Open, Rulebook};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &Value) -> Rulebook {
    serde_json::from_value(text.clone()).unwrap_or_else(|e| panic!("{e}: {text:#}"))
}

fn has(rulebook: &Rulebook, code: &str, path: &str) -> bool {
    let found = rulebook.lint();
    found
        .iter()
        .any(|finding| finding.code() == code && finding.path == path)
}

/// `with` has the finding there, `without` has no finding of that code anywhere.
#[track_caller]
fn check(code: &str, path: &str, with: Value, without: Value) {
    assert!(Problem::CODES.contains(&code), "{code}");
    let (with, without) = (read(&with), read(&without));
    assert!(
        has(&with, code, path),
        "no `{code}` at `{path}` in {:#?}",
        with.lint()
    );
    let neighbour = without.lint();
    assert!(
        neighbour.iter().all(|finding| finding.code() != code),
        "{neighbour:#?}"
    );
}

/// A policy for every ticket and one for some.
fn policies(list: Value) -> Value {
    json!({ "policies": list })
}

fn when(condition: Value) -> Value {
    policies(json!([
        {"name": "some", "when": condition, "targets": {"first_response": "1h"}},
        {"name": "rest", "targets": {"first_response": "4h"}},
    ]))
}

fn targets(targets: Value) -> Value {
    policies(json!([{"name": "all", "targets": targets}]))
}

fn policy_with(key: &str, value: Value) -> Value {
    policies(json!([{"name": "all", "targets": {"first_response": "4h"}, key: value}]))
}

fn rule(trigger: Value, level: Value) -> Value {
    let mut book = targets(json!({"first_response": "4h", "total_resolution": "8h"}));
    let mut level = level;
    level["name"] = json!("one");
    if level.get("actions").is_none() {
        level["actions"] = json!([{"custom": "tell"}]);
    }
    book["escalations"] = json!([{"name": "rule", "trigger": trigger, "levels": [level]}]);
    book
}

fn on(metric: &str) -> Value {
    json!({"clock": {"metric": metric}})
}

fn tickets(mut book: Value, rules: Value) -> Value {
    book["tickets"] = rules;
    book
}

/// The default permissions without one, for some roles.
fn without(permission: &str, roles: &[&str]) -> Value {
    let mut table = serde_json::to_value(helpdesk::ticket::Permissions::default()).unwrap();
    for role in roles {
        let allowed = table[role].as_array_mut().unwrap();
        allowed.retain(|known| known != permission);
    }
    json!({ "permissions": table })
}

const EVERYBODY: &[&str] = &["customer", "agent", "supervisor", "bot", "system"];

#[test]
fn surveys_that_cannot_do_what_they_are_for() {
    let asks = |questions: Value, more: Value| {
        let mut survey = json!({ "questions": questions });
        for (key, value) in more.as_object().unwrap() {
            survey[key] = value.clone();
        }
        let mut book = targets(json!({"first_response": "4h"}));
        book["feedback"] = json!({"surveys": {"short": survey}});
        book
    };
    let one = json!([{"name": "satisfied", "kind": "csat"}]);
    let and = |name: &str, kind: &str| json!([one[0], {"name": name, "kind": kind}]);
    let plain = || asks(one.clone(), json!({}));
    let path = "feedback.surveys.short";
    check(
        "survey_asks_nothing",
        &format!("{path}.questions"),
        asks(json!([]), json!({})),
        plain(),
    );
    check(
        "question_twice",
        &format!("{path}.questions[1].name"),
        asks(and("satisfied", "ces"), json!({})),
        asks(and("easy", "ces"), json!({})),
    );
    check(
        "question_rates_nothing",
        &format!("{path}.questions[1].kind"),
        asks(and("easy", "csat"), json!({})),
        asks(and("easy", "ces"), json!({})),
    );
    let nps = |scale: Value| {
        let question = json!([{"name": "recommend", "kind": "nps", "scale": scale}]);
        asks(question, json!({}))
    };
    check(
        "scale_without_effect",
        &format!("{path}.questions[0].scale"),
        nps(json!([1, 5])),
        nps(json!([0, 10])),
    );
    check(
        "survey_expires_at_once",
        &format!("{path}.expires_after"),
        asks(one.clone(), json!({"expires_after": "0s"})),
        asks(one.clone(), json!({"expires_after": "1s"})),
    );
    check(
        "cool_down_ends_first",
        "feedback.cool_down",
        asks(one.clone(), json!({"expires_after": "721h"})),
        asks(one.clone(), json!({"expires_after": "720h"})),
    );
    check(
        "nobody_may",
        "feedback.surveys",
        tickets(plain(), without("survey", EVERYBODY)),
        tickets(plain(), without("survey", &["agent"])),
    );
}

#[test]
fn scorecards_that_cannot_do_what_they_are_for() {
    let card = |best: u8, categories: Value| {
        let mut book = targets(json!({"first_response": "4h"}));
        let card = json!({ "best": best, "categories": categories });
        book["quality"] = json!({"scorecards": {"calls": card}});
        book
    };
    let tone = json!({"name": "tone", "weight": 1});
    let plain = || card(5, json!([tone]));
    let second = |name: &str, weight: u16, critical: bool| {
        let second = json!({"name": name, "weight": weight, "critical": critical});
        card(5, json!([tone, second]))
    };
    let path = "quality.scorecards.calls";
    check(
        "scorecard_without_points",
        &format!("{path}.best"),
        card(0, json!([tone])),
        card(1, json!([tone])),
    );
    for nothing in [json!([]), json!([{"name": "tone", "weight": 0}])] {
        check(
            "scorecard_weighs_nothing",
            &format!("{path}.categories"),
            card(5, nothing),
            second("data", 0, true),
        );
    }
    check(
        "category_twice",
        &format!("{path}.categories[1].name"),
        second("tone", 1, false),
        second("data", 1, false),
    );
    check(
        "category_without_effect",
        &format!("{path}.categories[1]"),
        second("data", 0, false),
        second("data", 0, true),
    );
    check(
        "critical_without_weight",
        &format!("{path}.categories[1]"),
        second("data", 0, true),
        second("data", 1, true),
    );
    check(
        "nobody_may",
        "quality.scorecards",
        tickets(plain(), without("review", EVERYBODY)),
        tickets(plain(), without("review", &["supervisor"])),
    );
    let draws = |per_agent: u32| {
        let mut book = plain();
        book["quality"]["plans"] = json!({"weekly": {"per_agent": per_agent}});
        book
    };
    check(
        "plan_draws_nothing",
        "quality.plans.weekly.per_agent",
        draws(0),
        draws(1),
    );
}

#[test]
fn the_starter_has_hints_at_most() {
    for finding in Rulebook::starter().lint() {
        assert_eq!(finding.severity(), Severity::Hint, "{finding}");
    }
}

#[test]
fn first_responses_that_are_lost() {
    let book = |when: Value, first: Value, between: Value| {
        policies(json!([
            {"name": "complaint", "when": when, "targets": first},
            {"name": "between", "when": {"type": ["complaint", "praise"]}, "agreement": between, "targets": {"total_resolution": "20h"}},
            {"name": "rest", "when": {"not": {"type": ["internal"]}}, "targets": {"first_response": "4h"}},
        ]))
    };
    let (complaint, total) = (
        json!({"type": ["complaint"]}),
        json!({"total_resolution": "8h"}),
    );
    let both = json!({"first_response": "1h", "total_resolution": "8h"});
    let lost = || book(complaint.clone(), total.clone(), json!("ola"));
    let check = |without| {
        check(
            "loses_first_response",
            "policies[0].targets",
            lost(),
            without,
        )
    };
    check(book(complaint.clone(), both, json!("ola")));
    check(book(
        json!({"tag": "complaint"}),
        total.clone(),
        json!("ola"),
    )); // some of them the last one does not take
    check(book(json!({"type": []}), total.clone(), json!("ola"))); // nobody has it

    let of_it = read(&book(complaint, total, json!("sla"))).lint();
    let found: Vec<_> = of_it
        .iter()
        .filter(|one| one.code() == "loses_first_response")
        .collect();
    assert!(
        matches!(found[..], [one] if one.path == "policies[1].targets"),
        "{of_it:#?}"
    );
}

#[test]
fn conditions_that_never_hold() {
    let urgent = json!({"priority": ["urgent"]});
    let code = "condition_never_holds";
    check(
        code,
        "policies[0].when",
        when(json!({"any": []})),
        when(urgent.clone()),
    );
    let both = |second: &str| when(json!({"all": [urgent, {"priority": [second]}]}));
    check(code, "policies[0].when", both("low"), both("urgent"));
    let type_and =
        |other| when(json!({"all": [{"type": ["bug"]}, {"not": {"type": ["bug", other]}}]}));
    check(
        code,
        "policies[0].when",
        type_and("idea"),
        when(json!({"all": [{"type": ["bug", "idea"]}, {"not": {"type": ["bug"]}}]})),
    );
    let guard = |condition: Value| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": {"when": condition}}),
        )
    };
    check(
        code,
        "escalations[0].levels[0].guard.when",
        guard(json!({"team": []})),
        guard(urgent.clone()),
    );

    let part = |second: Value| when(json!({"any": [urgent, second]}));
    check(
        "condition_part_never_holds",
        "policies[0].when.any[1]",
        part(json!({"channel": []})),
        part(json!({"channel": ["chat"]})),
    );

    let field = |personal: &str| {
        let book = when(json!({"field": {"name": "iban", "is": [{"text": "DE1"}]}}));
        tickets(book, json!({"personal_fields": [personal]}))
    };
    check(
        "personal_value_in_condition",
        "policies[0].when",
        field("iban"),
        field("phone"),
    );
}

#[test]
fn shadowed_policies() {
    let second = |first: Value, second: Value| {
        policies(json!([
            {"name": "a", "when": first, "targets": {"first_response": "1h"}},
            {"name": "b", "when": second, "targets": {"first_response": "4h"}},
        ]))
    };
    let code = "shadowed_policy";
    let high = json!({"priority": ["high", "urgent"]});
    check(
        code,
        "policies[1].when",
        second(json!("always"), high.clone()),
        second(high.clone(), json!("always")),
    );
    check(
        code,
        "policies[1].when",
        second(high.clone(), json!({"priority": ["urgent"]})),
        second(high.clone(), json!({"priority": ["urgent", "low"]})),
    );
    let tagged = json!({"all": [{"tag": "vip"}, {"not": {"tag": "test"}}]});
    check(
        code,
        "policies[1].when",
        second(json!({"tag": "vip"}), tagged.clone()),
        second(tagged, json!({"tag": "vip"})),
    );

    // Together the earlier ones take all, none alone.
    let three = |list: Value| {
        policies(json!([
            {"name": "a", "when": {"priority": ["low", "normal"]}, "targets": {"first_response": "9h"}},
            {"name": "b", "when": {"priority": list}, "targets": {"first_response": "2h"}},
            {"name": "c", "targets": {"first_response": "4h"}},
        ]))
    };
    check(
        code,
        "policies[2].when",
        three(json!(["high", "urgent", "critical"])),
        three(json!(["high", "urgent"])),
    );
    let found = read(&three(json!(["high", "urgent", "critical"]))).lint();
    let Problem::ShadowedPolicy { by, .. } = &found[0].problem else {
        panic!("{found:?}")
    };
    assert_eq!(by, &[name("a"), name("b")]);

    // Another agreement shadows nothing.
    let mut other = second(json!("always"), json!("always"));
    let same = other.clone();
    other["policies"][1]["agreement"] = json!("ola");
    check(code, "policies[1].when", same, other);
}

#[test]
fn policies_and_targets() {
    check(
        "no_fallback_policy",
        "policies",
        policies(
            json!([{"name": "a", "when": {"tag": "vip"}, "targets": {"first_response": "1h"}}]),
        ),
        when(json!({"tag": "vip"})),
    );
    let covered = policies(json!([
        {"name": "a", "when": {"tag": "vip"}, "targets": {"first_response": "1h"}},
        {"name": "b", "when": {"not": {"tag": "vip"}}, "targets": {"first_response": "2h"}},
    ]));
    check("no_fallback_policy", "policies", json!({}), covered);
    check(
        "policy_without_target",
        "policies[0].targets",
        targets(json!({})),
        targets(json!({"first_response": "4h"})),
    );
    let code = "next_response_without_first";
    check(
        code,
        "policies[0].targets.next_response",
        targets(json!({"next_response": "4h"})),
        targets(json!({"next_response": "4h", "first_response": "4h"})),
    );
    let two =
        |resolution: &str| targets(json!({"first_response": "4h", "total_resolution": resolution}));
    let code = "resolution_before_response";
    check(
        code,
        "policies[0].targets.total_resolution",
        two("3h"),
        two("4h"),
    );
    check(
        code,
        "policies[0].targets.total_resolution",
        two("3h business"),
        two("3h calendar"),
    );
    check(
        "target_too_short",
        "policies[0].targets.first_response",
        targets(json!({"first_response": "9s"})),
        targets(json!({"first_response": "10s"})),
    );
    check(
        "target_without_effect",
        "policies[0].targets.promised_update",
        targets(json!({"promised_update": "1h"})),
        targets(json!({"periodic_update": "1h"})),
    );
}

#[test]
fn calendars_and_the_time_they_have() {
    let book = |calendars: Value, target: &str| {
        let mut book = targets(json!({"first_response": target}));
        book["calendars"] = calendars;
        book["calendar"] = json!("office");
        book
    };
    let hours = |hours: &str| json!({"hours": {"zone": "UTC", "hours": hours}});
    let (monday, tuesday) = (hours("Mon 09:00-10:00"), hours("Tue 09:00-10:00"));
    let office = |calendar: Value| json!({"office": calendar});
    let never = book(office(json!({"intersection": [monday, tuesday]})), "4h");
    check(
        "calendar_never_opens",
        "calendars.office",
        never,
        book(office(json!({"union": [monday, tuesday]})), "4h"),
    );
    let unused = book(json!({"office": monday, "night": tuesday}), "4h");
    let mut used = unused.clone();
    used["policies"][0]["calendar"] = json!("night");
    check("unused_calendar", "calendars.night", unused, used);

    // A clock brings its own calendar, and reopenings are counted in times.
    let ruled = |trigger: Value, at: &str| {
        let mut book = rule(trigger, json!({ "at": at }));
        book["calendars"] = json!({"office": monday, "night": tuesday});
        book["calendar"] = json!("office");
        book["escalations"][0]["calendar"] = json!("night");
        book
    };
    let idle = || ruled(json!({"idle": {"stages": ["open"]}}), "after 1h");
    for vain in [
        ruled(on("first_response"), "50 %"),
        ruled(json!("reopened"), "2 times"),
    ] {
        let path = "escalations[0].calendar";
        check("calendar_without_effect", path, vain.clone(), idle());
        check("unused_calendar", "calendars.night", vain, idle());
    }

    // One hour a week: 131 years have 6,835 such hours.
    let code = "target_takes_long";
    check(
        code,
        "policies[0].targets.first_response",
        book(office(monday.clone()), "53h"),
        book(office(monday.clone()), "52h"),
    );
    let code = "target_never_used_up";
    check(
        code,
        "policies[0].targets.first_response",
        book(office(monday.clone()), "6836h"),
        book(office(monday.clone()), "6800h"),
    );
    check(
        "target_takes_long",
        "policies[0].targets.first_response",
        book(office(monday.clone()), "366 business days"),
        book(office(monday), "60 business days"),
    );

    let fair = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let days = (1970..2090).flat_map(|year| {
        let first = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        first
            .iter_days()
            .take_while(move |day| chrono::Datelike::year(day) == year)
    });
    let only_late = fair
        .with_closed_days(days.map(|day| (day, String::from("not yet"))))
        .unwrap();
    let ended = serde_json::to_value(fair.difference(&only_late).unwrap()).unwrap();
    check(
        "calendar_stops_opening",
        "calendars.office",
        book(office(ended), "4h"),
        book(office(serde_json::to_value(&only_late).unwrap()), "4h"),
    );
}

/// Nobody rings, nobody merges, and customers do not reply.
fn no_word_of_customers() -> Value {
    let mut rules = without("reply", &["customer"]);
    for permission in ["session", "merge"] {
        for role in EVERYBODY {
            let allowed = rules["permissions"][role].as_array_mut().unwrap();
            allowed.retain(|known| known != permission);
        }
    }
    rules
}

fn codes(book: &Value) -> BTreeSet<String> {
    let found = read(book).lint();
    let codes = found.iter().map(|one| one.code().to_owned());
    codes.collect()
}

#[test]
fn what_may_yet_be_so_is_no_finding() {
    // A calendar that follows publications may be opened by one.
    let mut follows = rule(on("first_response"), json!({"at": "50 %"}));
    let day = |text: &str| json!({"hours": {"zone": "UTC", "hours": text}});
    let never = json!({"intersection": [day("Mon 09:00-10:00"), day("Tue 09:00-10:00")]});
    follows["calendars"] = json!({ "office": never });
    follows["calendar"] = json!("office");
    assert!(codes(&follows).contains("rule_never_fires"));
    follows["policies"][0]["follow"] = json!(true);
    assert!(
        !codes(&follows).contains("rule_never_fires"),
        "{:?}",
        codes(&follows)
    );
    // Who may reopen may take a label of work on a resolved ticket.
    let labelled = |permission: &[&str]| {
        let mut rules = without("resume", EVERYBODY);
        rules["labels"] = json!({"Again": "work"});
        for permission in permission {
            for role in EVERYBODY {
                let allowed = rules["permissions"][role].as_array_mut().unwrap();
                allowed.retain(|known| known != permission);
            }
        }
        codes(&tickets(targets(json!({"first_response": "1h"})), rules))
    };
    assert!(!labelled(&[]).contains("label_nobody_may_use"));
    assert!(labelled(&["reopen"]).contains("label_nobody_may_use"));
}

#[test]
fn clocks_that_cannot_run() {
    let assigned = || policy_with("first_response_starts", json!("assignment"));
    let code = "clock_never_starts";
    check(
        code,
        "policies[0].targets.first_response",
        tickets(assigned(), without("assign", EVERYBODY)),
        assigned(),
    );
    check(
        code,
        "policies[0].targets.first_response",
        tickets(assigned(), without("assign", EVERYBODY)),
        tickets(assigned(), without("assign", &["agent"])),
    );
    let next = || targets(json!({"first_response": "1h", "next_response": "1h"}));
    check(
        code,
        "policies[0].targets.next_response",
        tickets(next(), no_word_of_customers()),
        next(),
    );
    // A call is no message, and what waits on a merged ticket waits here.
    for permission in ["session", "merge"] {
        let mut rules = no_word_of_customers();
        let agents = rules["permissions"]["agent"].as_array_mut().unwrap();
        agents.push(json!(permission));
        assert!(
            !codes(&tickets(next(), rules)).contains(code),
            "{permission}"
        );
    }
    let answer = || targets(json!({"first_response": "1h"}));
    let calls_only = tickets(answer(), without("reply", &["agent", "supervisor"]));
    assert!(!codes(&calls_only).contains("clock_never_fulfilled"));
    let follow = || targets(json!({"follow_up": "1h"}));
    let mut by_rule = tickets(follow(), without("resolve", EVERYBODY));
    by_rule["escalations"] = json!([{"name": "r", "trigger": {"idle": {"stages": ["pending"]}}, "levels": [{"name": "l", "at": "after 9h", "actions": ["resolve"]}]}]);
    check(
        code,
        "policies[0].targets.follow_up",
        tickets(follow(), without("resolve", EVERYBODY)),
        by_rule,
    );
    let own = || targets(json!({"ownership": "1h"}));
    check(
        "clock_never_fulfilled",
        "policies[0].targets.ownership",
        tickets(own(), without("assign", EVERYBODY)),
        tickets(own(), without("assign", &["bot"])),
    );
}

#[test]
fn pauses_and_reopenings() {
    let all = json!(["customer", "third_party", "internal", "scheduled"]);
    let pauses = |metric: &str, reasons: Value| policy_with("pauses", json!({ metric: reasons }));
    check(
        "pauses_without_effect",
        "policies[0].pauses.follow_up",
        pauses("follow_up", json!(["internal"])),
        pauses("follow_up", json!([])),
    );
    check(
        "pauses_hide_waiting",
        "policies[0].pauses.first_response",
        pauses("first_response", all.clone()),
        pauses("first_response", json!(["customer", "internal"])),
    );
    check(
        "paused_promise",
        "policies[0].pauses.promised_update",
        pauses("promised_update", json!(["internal"])),
        pauses("agent_work", all),
    );

    let reopening =
        |metric: &str, option: Value| policy_with("reopening", json!({ metric: option }));
    check(
        "reopening_without_effect",
        "policies[0].reopening.first_resolution",
        reopening("first_resolution", json!("new_cycle")),
        reopening("total_resolution", json!("new_cycle")),
    );
    let after = |span: &str| reopening("total_resolution", json!({"new_cycle_after": span}));
    let code = "new_cycle_never_begins";
    check(
        code,
        "policies[0].reopening.total_resolution",
        after("14 days"),
        after("335h"),
    );
    check(
        code,
        "policies[0].reopening.total_resolution",
        after("14 days"),
        tickets(after("14 days"), json!({"reopen_closed": true})),
    );
    let window = |span: &str| {
        tickets(
            targets(json!({"first_response": "1h"})),
            json!({"reopen_window": span}),
        )
    };
    check(
        "reopen_window_is_zero",
        "tickets.reopen_window",
        window("0s"),
        window("1s"),
    );
    let closes = |span: &str| {
        rule(
            json!({"idle": {"stages": ["resolved"]}}),
            json!({"at": format!("after {span}"), "actions": [{"close": "settled"}]}),
        )
    };
    let code = "auto_close_cuts_reopen_window";
    check(
        code,
        "escalations[0].levels[0].at",
        closes("335h calendar"),
        closes("336h calendar"),
    );
    check(
        code,
        "escalations[0].levels[0].at",
        closes("335h calendar"),
        tickets(closes("335h calendar"), json!({"reopen_closed": true})),
    );
    let mut stands = closes("335h calendar");
    stands["escalations"][0]["trigger"] = json!({"time_in_status": {"stages": ["resolved"]}});
    check(
        code,
        "escalations[0].levels[0].at",
        stands,
        closes("336h calendar"),
    );
    // Open time and days are compared as they are on average.
    let by_hours = |span: &str| {
        let mut book = closes(span);
        book["calendars"] =
            json!({"office": {"hours": {"zone": "UTC", "hours": "Mon-Fri 09:00-17:00"}}});
        book["calendar"] = json!("office");
        book
    };
    let path = "escalations[0].levels[0].at";
    check(code, path, by_hours("8h"), by_hours("81h"));
    check(
        code,
        path,
        by_hours("5 business days"),
        by_hours("11 business days"),
    );
    let found = read(&by_hours("8h")).lint();
    assert!(
        found.iter().any(|one| one.sentence().starts_with(
            "a resolved ticket is closed after 33h 36min on average, and a closed one is not reopened"
        )),
        "{found:#?}"
    );
}

/// Handing round ends where the ticket comes to a team whose policy has no target for the clock.
#[test]
fn a_round_that_passes_a_team_without_target_ends() {
    let (one, two) = (TeamId::named("one"), TeamId::named("two"));
    let book = |of: Vec<TeamId>| {
        let hour: Target = "1h calendar".parse().unwrap();
        let own = Policy::new(name("own")).when(Condition::Team(of));
        Rulebook::draft()
            .policy(own.target(Metric::Ownership, hour))
            .policy(Policy::new(name("rest")).target(Metric::FirstResponse, hour))
            .escalation(
                Rule::new(name("own"), Trigger::clock(Metric::Ownership))
                    .level(level("a", 100).action(Action::AssignTeam(two)))
                    .level(level("b", 200).action(Action::AssignTeam(one))),
            )
            .build()
            .unwrap()
    };
    let path = "escalations[0].levels[0]";
    assert!(!has(&book(vec![one]), "endless_loop", path));
    assert!(has(&book(vec![one, two]), "endless_loop", path));
}

#[test]
fn rules_that_never_fire() {
    let half = || json!({"at": "50 %"});
    let code = "rule_never_fires";
    let trigger = "escalations[0].trigger";
    check(
        code,
        trigger,
        rule(on("next_response"), half()),
        rule(on("first_response"), half()),
    );
    let ola = json!({"clock": {"agreement": "ola", "metric": "first_response"}});
    check(
        code,
        trigger,
        rule(ola, half()),
        rule(on("first_response"), half()),
    );
    let promise =
        |agreement: &str| json!({"clock": {"agreement": agreement, "metric": "promised_update"}});
    check(
        code,
        trigger,
        rule(promise("ola"), half()),
        rule(promise("sla"), half()),
    );
    check(
        code,
        trigger,
        tickets(rule(promise("sla"), half()), without("promise", EVERYBODY)),
        rule(promise("sla"), half()),
    );
    let idle = |stages: Value| {
        rule(
            json!({"idle": {"stages": stages}}),
            json!({"at": "after 1h"}),
        )
    };
    check(code, trigger, idle(json!([])), idle(json!(["open"])));
    let stands = |stages: Value| {
        let trigger = json!({"time_in_status": {"stages": stages}});
        rule(trigger, json!({"at": "after 1h"}))
    };
    check(code, trigger, stands(json!([])), stands(json!(["open"])));
    let low = |at_most: u8| {
        let trigger = json!({"low_rating": {"kind": "csat", "at_most": at_most}});
        rule(trigger, json!({"at": "at once"}))
    };
    check(code, trigger, low(0), low(1));
    let rated = |roles: &[&str]| tickets(low(1), without("rate", roles));
    check(code, trigger, rated(EVERYBODY), rated(&["agent"]));
    // A survey may ask on a scale of its own.
    let mut asked = low(0);
    asked["feedback"] = json!({"surveys": {"s": {"questions": [
        {"name": "q", "kind": "csat", "scale": [0, 10]}
    ]}}});
    assert!(!has(&read(&asked), code, trigger));
    // The only policy with the target never applies.
    let shadowed = |list: Value| {
        let mut book = policies(list);
        book["escalations"] = json!([{"name": "r", "trigger": on("follow_up"), "levels": [{"name": "l", "at": "50 %"}]}]);
        book
    };
    let (plain, with) = (
        json!({"name": "a", "targets": {"first_response": "1h"}}),
        json!({"name": "b", "when": {"tag": "vip"}, "targets": {"follow_up": "1h"}}),
    );
    check(
        code,
        trigger,
        shadowed(json!([plain, with])),
        shadowed(json!([with, plain])),
    );
}

#[test]
fn levels_that_never_fire() {
    let code = "level_never_fires";
    let stages = |metric: &str, stage: &str| {
        rule(
            on(metric),
            json!({"at": "50 %", "guard": {"stages": [stage]}}),
        )
    };
    let path = "escalations[0].levels[0].guard.stages";
    check(
        code,
        path,
        stages("total_resolution", "resolved"),
        stages("total_resolution", "pending"),
    );
    check(
        code,
        path,
        stages("first_response", "closed"),
        stages("first_response", "reopened"),
    );
    let idle = |stage: &str| {
        rule(
            json!({"idle": {"stages": ["pending"]}}),
            json!({"at": "after 1h", "guard": {"stages": [stage]}}),
        )
    };
    check(code, path, idle("open"), idle("pending"));
    let reopened = |stage: &str| {
        rule(
            json!("reopened"),
            json!({"at": "2 times", "guard": {"stages": [stage]}}),
        )
    };
    check(code, path, reopened("open"), reopened("reopened"));

    let guarded = |priority: &str| {
        let mut book = when(json!({"priority": ["urgent"]}));
        book["policies"][0]["targets"] = json!({"follow_up": "1h"});
        book["escalations"] = json!([{"name": "r", "trigger": on("follow_up"), "levels": [
            {"name": "l", "at": "50 %", "guard": {"when": {"priority": [priority]}}}]}]);
        book
    };
    check(
        code,
        "escalations[0].levels[0].guard.when",
        guarded("low"),
        guarded("urgent"),
    );

    let late = |at: &str| {
        let mut book = rule(on("total_resolution"), json!({ "at": at }));
        book["calendars"] = json!({"rare": {"hours": {"zone": "UTC", "hours": "Mon 09:00-10:00"}}});
        book["calendar"] = json!("rare");
        book["policies"][0]["targets"]["total_resolution"] = json!("1000h");
        book
    };
    check(
        code,
        "escalations[0].levels[0].at",
        late("700 %"),
        late("600 %"),
    );
    // One that can just be used up by the end of all open time is never breached.
    let breached = |target: &str| {
        let mut book = late("on breach");
        book["policies"][0]["targets"]["total_resolution"] = json!(target);
        book
    };
    check(
        code,
        "escalations[0].levels[0].at",
        breached("6836h"),
        breached("6800h"),
    );

    let pending = |stage: &str| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": {"stages": [stage], "pending": ["internal"]}}),
        )
    };
    check(
        "pending_guard_without_effect",
        "escalations[0].levels[0].guard.pending",
        pending("open"),
        pending("pending"),
    );
    let before = |at: &str| rule(on("first_response"), json!({ "at": at }));
    check(
        "level_fires_at_start",
        "escalations[0].levels[0].at",
        before("4h before due"),
        before("3h before due"),
    );
    // Of the targets, only those count which the guard leaves.
    let guarded = |at: &str, priority: &str| {
        let mut book = when(json!({"priority": ["urgent"]}));
        book["policies"][1]["targets"]["first_response"] = json!("8h");
        let guard = json!({"when": {"priority": [priority]}});
        book["escalations"] = json!([{"name": "r", "trigger": on("first_response"), "levels": [
            {"name": "l", "at": at, "guard": guard, "actions": [{"custom": "tell"}]}]}]);
        book
    };
    check(
        "level_fires_at_start",
        "escalations[0].levels[0].at",
        guarded("2h before due", "urgent"),
        guarded("2h before due", "low"),
    );
    let too_long = |priority: &str| {
        let mut book = guarded("700 %", priority);
        book["calendars"] = json!({"rare": {"hours": {"zone": "UTC", "hours": "Mon 09:00-10:00"}}});
        book["calendar"] = json!("rare");
        book["policies"][0]["targets"]["first_response"] = json!("1000h");
        book
    };
    check(
        code,
        "escalations[0].levels[0].at",
        too_long("urgent"),
        too_long("low"),
    );
    // On the wall only beside a target that is counted on the wall too.
    let on_the_wall = |target: &str| {
        let mut book = before("4h calendar before due");
        book["policies"][0]["targets"]["first_response"] = json!(target);
        book
    };
    check(
        "level_fires_at_start",
        "escalations[0].levels[0].at",
        on_the_wall("4h calendar"),
        on_the_wall("4h"),
    );
}

/// Of two rules on idleness the shorter one comes first; where it always resolves or closes the ticket, the longer one never fires.
#[test]
fn levels_that_come_too_late() {
    use helpdesk::escalation::ready;
    let wait = |text: &str| text.parse::<Target>().unwrap();
    let book = |rules: &[Rule]| {
        let draft = rules.iter().fold(Rulebook::draft(), |draft, rule| {
            draft.escalation(rule.clone())
        });
        serde_json::to_value(draft.build().unwrap()).unwrap()
    };
    let (code, repeats) = ("level_never_fires", "repeats_never_fire");
    let at = |rule: usize, part: &str| format!("escalations[{rule}].levels[0].{part}");
    let close = |after| ready::auto_close(wait(after));
    let ask = |after| ready::check_in(wait(after));
    let remind = |times| ready::remind_customer(wait("48h calendar"), times);
    let resolve = |after| ready::auto_resolve(wait(after));

    let asked = |after| book(&[close("168h calendar"), ask(after)]);
    check(
        code,
        &at(1, "at"),
        asked("336h calendar"),
        asked("167h calendar"),
    );
    check(code, &at(1, "at"), asked("168h calendar"), asked("20h"));
    // At one instant the one that stands first in the rulebook fires first.
    let first = |after| book(&[ask("168h calendar"), close(after)]);
    check(
        code,
        &at(0, "at"),
        first("167h calendar"),
        first("168h calendar"),
    );
    let reminded = |after| book(&[remind(5), resolve(after)]);
    check(
        code,
        &at(0, "at"),
        reminded("24h calendar"),
        reminded("72h calendar"),
    );
    check(
        repeats,
        &at(0, "repeat"),
        reminded("72h calendar"),
        reminded("96h calendar"),
    );
    check(
        repeats,
        &at(0, "repeat"),
        reminded("72h calendar"),
        book(&[remind(0), resolve("72h calendar")]),
    );
    let days = |after| {
        book(&[
            resolve("3 business days"),
            ready::remind_customer(wait(after), 0),
        ])
    };
    check(
        code,
        &at(1, "at"),
        days("3 business days"),
        days("2 business days"),
    );
    check(
        code,
        &at(1, "at"),
        days("4 business days"),
        days("4 business days end of day"),
    );

    // It must fire wherever the later one would: in its stages, for its reasons, on its facts, by its calendar.
    let with = |change: &dyn Fn(&mut Value)| {
        let mut book = asked("336h calendar");
        change(&mut book["escalations"]);
        book
    };
    let certain = || with(&|_| {});
    let only = |guard: Value| with(&|rules| rules[0]["levels"][0]["guard"] = guard.clone());
    let both = |guard: Value| {
        with(&|rules| (0..2).for_each(|n| rules[n]["levels"][0]["guard"] = guard.clone()))
    };
    for guard in [json!({"when": {"tag": "a"}}), json!({"unassigned": true})] {
        check(code, &at(1, "at"), both(guard.clone()), only(guard));
    }
    let elsewhere = with(&|rules| {
        rules[0]["trigger"]["idle"]["stages"] = json!(["open"]);
    });
    check(code, &at(1, "at"), certain(), elsewhere);
    let wider = with(&|rules| rules[1]["trigger"]["idle"]["stages"] = json!(["resolved", "open"]));
    check(code, &at(1, "at"), certain(), wider);
    let tells = with(&|rules| rules[0]["levels"][0]["actions"] = json!([{"custom": "tell"}]));
    check(code, &at(1, "at"), certain(), tells);
    let cannot = with(&|rules| rules[0]["levels"][0]["actions"] = json!(["resolve"]));
    check(code, &at(1, "at"), certain(), cannot);
    let mut reasons = book(&[resolve("24h calendar"), remind(0)]);
    let sure = reasons.clone();
    reasons["escalations"][1]["levels"][0]["guard"]["pending"] = json!(["customer", "internal"]);
    check(code, &at(1, "at"), sure, reasons);
    let by = |calendar: &str| {
        let mut book = book(&[close("20h"), ask("40h")]);
        book["calendars"]["night"] =
            json!({"hours": {"zone": "UTC", "hours": "Mon-Sun 22:00-06:00"}});
        book["escalations"][1]["calendar"] = json!(calendar);
        book["escalations"][0]["calendar"] = json!("night");
        book
    };
    let own = book(&[])["calendar"].as_str().unwrap().to_owned();
    check(code, &at(1, "at"), by("night"), by(&own));

    // The time in a status begins no later than idleness does, which a note begins anew.
    let standing = |closes: bool, asks: bool| {
        with(&|rules| {
            for (n, _) in [closes, asks]
                .iter()
                .enumerate()
                .filter(|(_, stands)| **stands)
            {
                rules[n]["trigger"] = json!({"time_in_status": {"stages": ["resolved"]}});
            }
        })
    };
    check(
        code,
        &at(1, "at"),
        standing(true, false),
        standing(false, true),
    );
    check(
        code,
        &at(1, "at"),
        standing(true, true),
        standing(false, true),
    );
    let days = |stands: bool| {
        let mut book = book(&[close("2 business days"), ask("3 business days")]);
        if stands {
            book["escalations"][0]["trigger"] = json!({"time_in_status": {"stages": ["resolved"]}});
        }
        book
    };
    check(code, &at(1, "at"), days(false), days(true));
}

/// Nobody is taken from where nobody is in charge, and an agent whom the level puts there is somebody; a rule that assigns is enough for
/// clocks that wait for an assignment.
#[test]
fn actions_that_put_an_agent_in_charge() {
    let unassigned = json!({"unassigned": true});
    let lee = json!({"assign_agent": {"agent": helpdesk::id::AgentId::named("lee")}});
    let acts = |actions: Value, guard: Value| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": guard, "actions": actions}),
        )
    };
    check(
        "action_without_effect",
        "escalations[0].levels[0].actions[0]",
        acts(json!(["unassign"]), unassigned.clone()),
        acts(json!(["unassign"]), json!({})),
    );
    let tell = json!({"notify": "agent_in_charge"});
    check(
        "notifies_nobody_in_charge",
        "escalations[0].levels[0].actions[0]",
        acts(json!([tell, lee]), unassigned.clone()),
        acts(json!([lee, tell]), unassigned.clone()),
    );
    let two = json!({"assign_team": helpdesk::id::TeamId::named("two")});
    check(
        "notifies_nobody_in_charge",
        "escalations[0].levels[0].actions[1]",
        acts(json!(["unassign", tell]), json!({})),
        acts(json!([two, "unassign", tell]), json!({})),
    );
    let taken = |action: Value| {
        let mut book = acts(json!([action]), unassigned.clone());
        book["policies"][0]["targets"]["ownership"] = json!("1h");
        tickets(book, without("assign", EVERYBODY))
    };
    check(
        "clock_never_fulfilled",
        "policies[0].targets.ownership",
        taken(tell),
        taken(lee),
    );
}

#[test]
fn actions_without_effect() {
    let code = "action_without_effect";
    let level = |when: Value, action: Value| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": {"when": when}, "actions": [action]}),
        )
    };
    let raise = |to: &str| json!({"raise_priority": to});
    let path = "escalations[0].levels[0].actions[0]";
    check(
        code,
        path,
        level(json!("always"), raise("low")),
        level(json!("always"), raise("normal")),
    );
    let urgent = json!({"priority": ["urgent", "critical"]});
    check(
        code,
        path,
        level(urgent.clone(), raise("urgent")),
        level(urgent, raise("critical")),
    );
    let vip = json!({"tag": "vip"});
    check(
        code,
        path,
        level(vip.clone(), json!({"add_tag": "vip"})),
        level(vip, json!({"add_tag": "late"})),
    );
    let resolve = |stage: &str| {
        rule(
            json!({"idle": {"stages": [stage]}}),
            json!({"at": "after 1h", "actions": ["resolve"]}),
        )
    };
    check(code, path, resolve("resolved"), resolve("pending"));
    let both = |first: Value, second: Value| {
        rule(
            json!({"idle": {"stages": ["pending"]}}),
            json!({"at": "after 1h", "actions": [first, second]}),
        )
    };
    let close = json!({"close": "settled"});
    check(
        code,
        "escalations[0].levels[0].actions[1]",
        both(close.clone(), json!("resolve")),
        both(json!("resolve"), close),
    );
    check(
        "level_without_action",
        "escalations[0].levels[0].actions",
        rule(on("first_response"), json!({"at": "50 %", "actions": []})),
        rule(on("first_response"), json!({"at": "50 %"})),
    );
    let told = |unassigned: bool| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": {"unassigned": unassigned}, "actions": [{"notify": "agent_in_charge"}]}),
        )
    };
    check("notifies_nobody_in_charge", path, told(true), told(false));
}

#[test]
fn loops() {
    let raising = |read: Value| {
        let mut book = when(read);
        book["escalations"] = json!([{"name": "late", "trigger": on("first_response"), "levels": [
            {"name": "raise", "at": "50 %", "actions": [{"raise_priority": "urgent"}]}]}]);
        book
    };
    check(
        "possible_loop",
        "escalations[0].levels[0]",
        raising(json!({"priority": ["urgent"]})),
        raising(json!({"tag": "vip"})),
    );
    let found = read(&raising(json!({"priority": ["urgent"]}))).lint();
    assert!(
        found.iter().any(|finding| finding.problem
            == Problem::PossibleLoop {
                cycle: vec!["late: raise".into()]
            }),
        "{found:?}"
    );

    let (one, two) = (TeamId::named("one"), TeamId::named("two"));
    let handing = |second: TeamId, guard: Value| {
        let mut book = targets(json!({"ownership": "1h"}));
        book["escalations"] = json!([{"name": "own", "trigger": on("ownership"), "levels": [
            {"name": "a", "at": "100 %", "actions": [{"assign_team": one}]},
            {"name": "b", "at": "200 %", "guard": guard, "actions": [{"assign_team": second}]},
        ]}]);
        book
    };
    let code = "endless_loop";
    check(
        code,
        "escalations[0].levels[0]",
        handing(two, json!({})),
        handing(one, json!({})),
    );
    // From team one, the second level never fires: the ticket stays there.
    let guarded = json!({"when": {"not": {"team": [one]}}});
    check(
        code,
        "escalations[0].levels[0]",
        handing(two, json!({})),
        handing(two, guarded),
    );
}

fn raising_to(priority: &str, guard: Value) -> Value {
    let mut book = when(json!({"priority": ["urgent"]}));
    book["escalations"] = json!([{"name": "late", "trigger": on("first_response"), "levels": [
        {"name": "raise", "at": "50 %", "guard": guard, "actions": [{"raise_priority": priority}]}]}]);
    book
}

/// A level whose guard no longer holds once its own tags and priority are set fires once, and belongs to no round.
#[test]
fn what_fires_once_goes_round_nowhere() {
    let (one, two) = (TeamId::named("one"), TeamId::named("two"));
    let handing = |tag: &str| {
        let mut book = targets(json!({"ownership": "1h"}));
        let not_yet = json!({"when": {"not": {"tag": "bounced"}}});
        let once = json!([{"add_tag": tag}, {"assign_team": one}]);
        book["escalations"] = json!([{"name": "own", "trigger": on("ownership"), "levels": [
            {"name": "a", "at": "100 %", "guard": not_yet, "actions": once},
            {"name": "b", "at": "200 %", "actions": [{"assign_team": two}]},
        ]}]);
        book
    };
    let path = "escalations[0].levels[0]";
    check("endless_loop", path, handing("seen"), handing("bounced"));

    let raising = |guard: Value| raising_to("urgent", guard);
    // A guard that leaves one target leaves no other one to fire under.
    let mut one_left = raising_to("high", json!({"when": {"not": {"priority": ["low"]}}}));
    let several = one_left.clone();
    one_left["escalations"][0]["levels"][0]["guard"] =
        json!({"when": {"not": {"priority": ["urgent"]}}});
    check("possible_loop", path, several, one_left);

    // With an agent in charge the clock of ownership ends as it begins.
    let mut taken = handing("seen");
    let lee = json!({"assign_agent": {"agent": helpdesk::id::AgentId::named("lee"), "team": two}});
    taken["escalations"][0]["levels"][1]["actions"] = json!([lee]);
    check("endless_loop", path, handing("seen"), taken.clone());
    let mut given_back = taken.clone();
    given_back["escalations"][0]["levels"][1]["actions"] = json!([lee, {"assign_team": two}]);
    check("endless_loop", path, given_back, taken);

    let below = |list: Value| json!({"when": {"not": {"priority": list}}});
    check(
        "possible_loop",
        path,
        raising(below(json!(["low"]))),
        raising(below(json!(["urgent", "critical"]))),
    );
}

#[test]
fn an_endless_loop_is_one() {
    let (one, two) = (TeamId::named("one"), TeamId::named("two"));
    let hour: Target = "1h calendar".parse().unwrap();
    let book = Rulebook::draft()
        .policy(Policy::new(name("all")).target(Metric::Ownership, hour))
        .escalation(
            Rule::new(name("own"), Trigger::clock(Metric::Ownership))
                .level(level("a", 100).action(Action::AssignTeam(one)))
                .level(level("b", 200).action(Action::AssignTeam(two))),
        )
        .build()
        .unwrap();
    assert!(has(&book, "endless_loop", "escalations[0].levels[0]"));
    let desk = Desk::new(MemoryStore::new(), book);
    let id = desk
        .open(&call(Actor::Customer(ANN), at(BEGIN), 0), Open::new("x"))
        .unwrap()
        .id();
    let swept = desk
        .sweep(at(BEGIN) + chrono::TimeDelta::days(10), 10)
        .unwrap();
    assert_eq!(swept.chains_ended.len(), 1);
    let handed = history(&desk, id);
    let teams = handed
        .iter()
        .filter(|e| matches!(e.event, helpdesk::ticket::Event::Assigned { .. }));
    assert_eq!(teams.count(), usize::from(helpdesk::escalation::MAX_CHAIN));
}

#[test]
fn permissions_labels_limits() {
    let plain = || targets(json!({"first_response": "1h"}));
    let path = "tickets.permissions";
    for permission in ["open", "resolve"] {
        check(
            "nobody_may",
            path,
            tickets(plain(), without(permission, EVERYBODY)),
            tickets(plain(), without(permission, &["agent"])),
        );
    }
    check(
        "nobody_may",
        path,
        tickets(plain(), without("reply", &["agent", "supervisor"])),
        tickets(plain(), without("reply", &["agent", "bot"])),
    );
    check(
        "customers_may_not_reply",
        path,
        tickets(plain(), without("reply", &["customer"])),
        tickets(plain(), without("resolve", &["customer"])),
    );

    let labels = |labels: Value| tickets(plain(), json!({ "labels": labels }));
    check(
        "labels_mean_the_same",
        "tickets.labels",
        labels(json!({"a": "work", "b": "work"})),
        labels(json!({"a": "work", "b": "resolved"})),
    );
    let fixed = labels(json!({"a": {"pending": {"scheduled": {"until": "2030-01-01T00:00:00Z"}}}}));
    check(
        "label_waits_until_fixed_instant",
        "tickets.labels.a",
        fixed,
        labels(json!({"a": {"pending": "internal"}})),
    );
    let closed = |roles: &[&str]| {
        let mut rules = without("close", roles);
        rules["labels"] = json!({"done": {"closed": "settled"}});
        tickets(plain(), rules)
    };
    check(
        "label_nobody_may_use",
        "tickets.labels.done",
        closed(EVERYBODY),
        closed(&["agent"]),
    );
    check(
        "limit_refuses_everything",
        "tickets.max_text",
        tickets(plain(), json!({"max_text": 0})),
        tickets(plain(), json!({"max_text": 1})),
    );
    check(
        "limit_refuses_everything",
        "tickets.max_list",
        tickets(plain(), json!({"max_list": 0})),
        tickets(plain(), json!({"max_list": 1})),
    );
}

#[test]
fn what_is_too_intricate_is_said_to_be() {
    // Pigeons and holes: no ticket meets it, and only a search through almost everything shows it.
    let holes = |pigeons: usize, holes: usize| {
        let tag = |p: usize, h: usize| json!({"tag": format!("{p} in {h}")});
        let somewhere =
            (0..pigeons).map(|p| json!({"any": (0..holes).map(|h| tag(p, h)).collect::<Vec<_>>()}));
        let mut all: Vec<Value> = somewhere.collect();
        for hole in 0..holes {
            for p in 0..pigeons {
                all.extend((0..p).map(|q| json!({"not": {"all": [tag(p, hole), tag(q, hole)]}})));
            }
        }
        when(json!({ "all": all }))
    };
    check("not_fully_checked", "", holes(11, 10), holes(3, 2));
    assert!(has(
        &read(&holes(3, 2)),
        "condition_never_holds",
        "policies[0].when"
    ));
}

/// Each reason why something never happens stands in the finding of a rulebook that has it, and in none of its neighbour.
#[test]
fn every_reason_is_told() {
    let reasons = |book: &Value| -> BTreeSet<String> {
        let found = read(book).lint();
        let texts = found.iter().map(|one| serde_json::to_value(one).unwrap());
        let because = texts.filter_map(|text| Some(text["because"].as_str()?.to_owned()));
        because.collect()
    };
    let check = |because: &str, with: Value, without: Value| {
        assert!(
            reasons(&with).contains(because),
            "{because}: {:#?}",
            read(&with).lint()
        );
        assert!(
            !reasons(&without).contains(because),
            "{because}: {:#?}",
            read(&without).lint()
        );
    };
    let only = |metric: &str, rules: Value| {
        let targets = targets(json!(std::collections::BTreeMap::from([(metric, "1h")])));
        tickets(targets, rules)
    };
    for (because, metric, permission, nobody, some) in [
        (
            "nobody_assigns",
            "ownership",
            "assign",
            EVERYBODY,
            &["agent"][..],
        ),
        (
            "nobody_resolves",
            "total_resolution",
            "resolve",
            EVERYBODY,
            &["agent"],
        ),
    ] {
        let (with, some) = (without(permission, nobody), without(permission, some));
        check(because, only(metric, with), only(metric, some));
    }
    check(
        "customers_may_not_reply",
        only("next_response", no_word_of_customers()),
        only("next_response", without("reply", &["customer"])),
    );
    let mut mute = no_word_of_customers();
    for role in ["agent", "supervisor"] {
        let allowed = mute["permissions"][role].as_array_mut().unwrap();
        allowed.retain(|known| known != "reply");
    }
    check(
        "no_agent_replies",
        only("first_response", mute),
        only("first_response", without("reply", &["agent", "supervisor"])),
    );
    let half = || json!({"at": "50 %"});
    let promised = |roles: &[&str]| {
        tickets(
            rule(on("promised_update"), half()),
            without("promise", roles),
        )
    };
    check("nobody_promises", promised(EVERYBODY), promised(&["agent"]));
    let of = |agreement: &str| {
        let clock = json!({"clock": {"agreement": agreement, "metric": "promised_update"}});
        rule(clock, half())
    };
    check("promises_are_sla", of("ola"), of("sla"));
    check(
        "no_target",
        rule(on("ownership"), half()),
        rule(on("first_response"), half()),
    );
    let ordered = |first: Value, second: Value| {
        let mut book = rule(on("first_response"), half());
        book["policies"] = json!([first, second]);
        book
    };
    let (bare, timed) = (
        json!({"name": "a"}),
        json!({"name": "b", "targets": {"first_response": "1h"}}),
    );
    check(
        "no_target_is_reached",
        ordered(bare.clone(), timed.clone()),
        ordered(timed, bare),
    );
    let idle = |stages: &[&str]| {
        rule(
            json!({"idle": {"stages": stages}}),
            json!({"at": "after 1h"}),
        )
    };
    check("no_stages", idle(&[]), idle(&["open"]));
    let guarded = |stage: &str| {
        rule(
            on("first_response"),
            json!({"at": "50 %", "guard": {"stages": [stage]}}),
        )
    };
    check("stages_exclude", guarded("closed"), guarded("open"));
    let tagged = |when: Value| {
        let mut book = rule(
            on("total_resolution"),
            json!({"at": "50 %", "guard": {"when": when}}),
        );
        book["policies"] = json!([
            {"name": "some", "when": {"tag": "a"}, "targets": {"total_resolution": "1h"}},
            {"name": "rest", "targets": {"first_response": "4h"}},
        ]);
        book
    };
    check(
        "guard_excludes",
        tagged(json!({"not": {"tag": "a"}})),
        tagged(json!({"tag": "a"})),
    );
    let fair = |after: &str| {
        let mut book = rule(json!({"idle": {"stages": ["open"]}}), json!({"at": after}));
        book["calendars"] = json!({"fair": {"intersection": [
            {"hours": {"zone": "UTC", "hours": "Mon-Fri 09:00-17:00"}},
            {"hours": {"zone": "UTC", "hours": "Fri 16:00-18:00"}},
        ]}});
        book["calendar"] = json!("fair");
        book
    };
    check("not_enough_time", fair("after 9000h"), fair("after 90h"));
    let low = rule(
        json!({"low_rating": {"kind": "csat", "at_most": 2}}),
        json!({"at": "at once"}),
    );
    let rated = |roles: &[&str]| tickets(low.clone(), without("rate", roles));
    check("nobody_rates", rated(EVERYBODY), rated(&["agent"]));
    let closed = |after: &str| {
        let mut book = idle(&["open"]);
        let close = json!({"name": "close", "at": after, "actions": [{"close": "settled"}]});
        let levels = book["escalations"][0]["levels"].as_array_mut().unwrap();
        levels.push(close);
        book
    };
    check("ended_before", closed("after 30min"), closed("after 2h"));
}

#[test]
fn findings_serialise_with_their_facts() {
    let found = read(&when(json!({"any": []}))).lint();
    let text = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(text["code"], "condition_never_holds");
    assert_eq!(
        (&text["severity"], &text["path"]),
        (&json!("error"), &json!("policies[0].when"))
    );
    assert_eq!(text["sentence"], found[0].sentence());
    let unique: BTreeSet<_> = Problem::CODES.iter().collect();
    assert_eq!(unique.len(), Problem::CODES.len());
}

fn conditions() -> impl Strategy<Value = Condition> {
    let tag = proptest::sample::select(vec!["a", "b"]).prop_map(|tag| Condition::Tag(name(tag)));
    let types = proptest::sample::subsequence(vec!["x", "y"], 0..3);
    let teams = proptest::sample::subsequence(vec!["p", "q"], 0..3);
    let leaf = prop_oneof![
        Just(Condition::Always),
        proptest::sample::subsequence(Priority::ALL.to_vec(), 0..4).prop_map(Condition::Priority),
        types.prop_map(|list| Condition::Type(list.into_iter().map(name).collect())),
        teams.prop_map(|list| Condition::Team(list.into_iter().map(TeamId::named).collect())),
        proptest::sample::subsequence(vec![Channel::Email, Channel::Chat], 0..3)
            .prop_map(Condition::Channel),
        (0..3_i64).prop_map(|n| Condition::Field {
            name: name("size"),
            is: vec![FieldValue::Number(n)]
        }),
        tag,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn drafts() -> impl Strategy<Value = RulebookDraft> {
    let target = proptest::sample::select(vec![
        "1s",
        "4h",
        "90000h",
        "3 business days",
        "20h calendar",
    ]);
    let one = (proptest::sample::select(Metric::ALL.to_vec()), target);
    let policy = (
        conditions(),
        proptest::collection::vec(one, 0..4),
        proptest::sample::select(Agreement::ALL.to_vec()),
    );
    let action = prop_oneof![
        proptest::sample::select(Priority::ALL.to_vec()).prop_map(Action::RaisePriority),
        "[ab]".prop_map(|tag| Action::AddTag(name(&tag))),
        "[pq]".prop_map(|team| Action::AssignTeam(TeamId::named(&team))),
        Just(Action::Resolve),
        Just(Action::Unassign),
        Just(Action::AssignAgent {
            agent: KIM,
            team: Some(TeamId::named("p")),
        }),
    ];
    let stages = proptest::sample::subsequence(Stage::ALL.to_vec(), 0..4);
    let rule = (
        proptest::sample::select(Metric::ALL.to_vec()),
        proptest::sample::select(Agreement::ALL.to_vec()),
        proptest::collection::vec(
            (
                1..1000_u16,
                conditions(),
                stages,
                proptest::collection::vec(action, 0..3),
            ),
            1..4,
        ),
    );
    let wait = proptest::sample::select(vec!["1h calendar", "3h calendar", "1h", "2h"]);
    let step = prop_oneof![
        Just(Action::Resolve),
        Just(Action::Close(helpdesk::ticket::CloseReason::Settled)),
        "[ab]".prop_map(|tag| Action::AddTag(name(&tag))),
    ];
    let live = vec![Stage::Open, Stage::Pending, Stage::Resolved];
    let idle = (
        (proptest::sample::subsequence(live, 1..3), any::<bool>()),
        wait,
        prop_oneof![2 => Just(Condition::Always), 1 => conditions()],
        proptest::collection::vec(step, 0..2),
        0..3_u16,
    );
    let lists = (
        proptest::collection::vec(policy, 0..7),
        proptest::collection::vec(rule, 0..4),
        proptest::collection::vec(idle, 0..4),
    );
    lists.prop_map(|(policies, rules, idle)| {
        let mut draft = Rulebook::draft();
        for (i, (when, targets, agreement)) in policies.into_iter().enumerate() {
            let mut policy = Policy::new(name(&format!("policy {i}")))
                .when(when)
                .agreement(agreement);
            for (metric, target) in targets {
                policy = policy.target(metric, target.parse().unwrap());
            }
            draft = draft.policy(policy);
        }
        for (i, (metric, agreement, levels)) in rules.into_iter().enumerate() {
            let mut rule = Rule::new(
                name(&format!("rule {i}")),
                Trigger::Clock { agreement, metric },
            );
            for (j, (percent, when, stages, actions)) in levels.into_iter().enumerate() {
                let at = Threshold::percent(percent).unwrap();
                let level = Level::new(name(&format!("level {j}")), at)
                    .guard(Guard::stages(stages).when(when));
                rule = rule.level(actions.into_iter().fold(level, Level::action));
            }
            draft = draft.escalation(rule);
        }
        let clocks = draft.escalations.len();
        for (i, ((stages, stands), wait, when, actions, times)) in idle.into_iter().enumerate() {
            let wait: Target = wait.parse().unwrap();
            let level = Level::new(name("level 0"), Threshold::after(wait));
            let mut level = actions.into_iter().fold(level, Level::action);
            level = level.guard(Guard::default().when(when));
            if times > 0 {
                level = level.repeat(wait, times);
            }
            let trigger = match stands {
                true => Trigger::time_in_status(stages),
                false => Trigger::idle(stages),
            };
            let rule = Rule::new(name(&format!("rule {}", clocks + i)), trigger);
            draft = draft.escalation(rule.level(level));
        }
        draft
    })
}

/// Facts that a ticket can have: those that conditions name, and others.
fn facts() -> impl Strategy<Value = Open> {
    let word =
        |words: &'static [&'static str]| proptest::option::of(proptest::sample::select(words));
    let channel = proptest::sample::select(vec![Channel::Email, Channel::Chat, Channel::Phone]);
    let tags = proptest::sample::subsequence(vec!["a", "b", "c"], 0..4);
    let priority = proptest::sample::select(Priority::ALL.to_vec());
    let facts = (
        priority,
        channel,
        tags,
        word(&["x", "y", "z"]),
        word(&["p", "q", "r"]),
        proptest::option::of(0..4_i64),
    );
    facts.prop_map(|(priority, channel, tags, kind, team, size)| {
        let mut open = Open::new("x")
            .from_customer(ANN)
            .priority(priority)
            .over(channel);
        open = tags
            .into_iter()
            .fold(open, |open, tag| open.and(Change::AddTag(name(tag))));
        open = open.and(Change::Type(kind.map(name)));
        open = open.and(Change::Assign {
            agent: None,
            team: team.map(TeamId::named),
        });
        open.and(Change::Field {
            name: name("size"),
            value: size.map(FieldValue::Number),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is said never to hold or to apply does not, for any ticket; and linting ends without a panic.
    #[test]
    fn never_is_never(draft in drafts(), opens in proptest::collection::vec(facts(), 1..30)) {
        let rulebook = draft.build().unwrap();
        let found = rulebook.lint();
        let desk = Desk::new(MemoryStore::new(), rulebook.clone());
        for (i, open) in opens.into_iter().enumerate() {
            let outcome = desk.open(&call(Actor::Agent(KIM), at(BEGIN), i as u128), open).unwrap();
            let ticket = outcome.ticket();
            for finding in &found {
                match &finding.problem {
                    Problem::ShadowedPolicy { policy, by } => {
                        prop_assert!(Agreement::ALL.iter().all(|agreement| ticket.policy(*agreement) != Some(policy)));
                        let policies: Vec<_> = rulebook.policies().iter().collect();
                        let holds = |name: &helpdesk::id::Name| policies.iter().any(|p| p.name == *name && p.when.holds(ticket));
                        prop_assert!(!holds(policy) || by.iter().any(holds));
                    }
                    Problem::ConditionNeverHolds if finding.path.starts_with("policies") => {
                        let place: usize = finding.path["policies[".len()..].split(']').next().unwrap().parse().unwrap();
                        prop_assert!(!rulebook.as_draft().policies[place].when.holds(ticket));
                    }
                    _ => {}
                }
            }
            // Where there is no word of tickets without a policy, each has one.
            for agreement in Agreement::ALL {
                let said = found.iter().any(|f| f.problem == Problem::NoFallbackPolicy { agreement });
                let any = rulebook.policies().iter().any(|policy| policy.agreement == agreement);
                prop_assert!(said || !any || ticket.policy(agreement).is_some());
            }
        }
    }

    /// A rule or level that is said never to fire does not, whatever happens to a ticket.
    #[test]
    fn what_never_fires_stays_silent(draft in drafts(), story in stories()) {
        let rulebook = draft.build().unwrap();
        let found = rulebook.lint();
        let desk = Desk::new(MemoryStore::new(), rulebook);
        let (id, now) = tell(&desk, &story, &[]);
        desk.sweep(now + chrono::TimeDelta::days(30), 10).unwrap();
        // A level of a name fires again with the same thing to wait for only where it is repeated: these rules have one level each.
        let mut last: Option<(helpdesk::id::Name, usize)> = None;
        for (n, recorded) in history(&desk, id).into_iter().enumerate() {
            let helpdesk::ticket::Event::Escalated(escalated) = recorded.event else { continue };
            for finding in &found {
                if let Problem::RuleNeverFires { rule, .. } = &finding.problem {
                    prop_assert_ne!(rule, &escalated.rule);
                }
                if let Problem::LevelNeverFires { level, .. } = &finding.problem {
                    let rule = escalated.rule.as_str().replace("rule ", "escalations[") + "]";
                    prop_assert!(level != &escalated.level || !finding.path.starts_with(&rule), "{}", finding);
                }
                if let Problem::RepeatsNeverFire { .. } = &finding.problem {
                    let rule = escalated.rule.as_str().replace("rule ", "escalations[") + "]";
                    let again = last.as_ref() == Some(&(escalated.rule.clone(), n - 1));
                    prop_assert!(!again || !finding.path.starts_with(&rule), "{}", finding);
                }
            }
            last = Some((escalated.rule.clone(), n));
        }
    }
}

/// Following where nothing is measured in open time has no effect; and what may come to have more time is not said to have none.
#[test]
fn what_follows_without_effect() {
    let policy = |target: &str, follow: bool| {
        policies(json!([{"name": "all", "follow": follow, "targets": {"first_response": target}}]))
    };
    let (with, without) = (policy("4h calendar", true), policy("4h", true));
    check("follow_without_effect", "policies[0].follow", with, without);
    let rule = |at: &str| {
        json!({
            "policies": [{"name": "all", "targets": {"first_response": "4h"}}],
            "escalations": [{"name": "r", "follow": true, "trigger": {"idle": {"stages": ["open"]}},
                "levels": [{"name": "l", "at": at, "actions": [{"add_tag": "a"}]}]}],
        })
    };
    let (with, without) = (rule("after 4h calendar"), rule("after 4h"));
    check(
        "follow_without_effect",
        "escalations[0].follow",
        with,
        without,
    );
    let closing = |follow: bool| {
        json!({
            "calendars": {"fair": {"intersection": [
                {"hours": {"zone": "UTC", "hours": "Mon-Fri 09:00-17:00"}},
                {"hours": {"zone": "UTC", "hours": "Fri 16:00-18:00"}},
            ]}},
            "calendar": "fair",
            "policies": [{"name": "all", "follow": follow, "targets": {"first_response": "9000h"}}],
        })
    };
    check(
        "target_never_used_up",
        "policies[0].targets.first_response",
        closing(false),
        closing(true),
    );
}
