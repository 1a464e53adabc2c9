//! The findings themselves: their reasons, their facts as JSON, and how grave those of the starter are.

use std::collections::BTreeSet;

use helpdesk::Rulebook;
use helpdesk::rulebook::{Problem, Severity};
use serde_json::{Value, json};

use super::{EVERYBODY, no_word_of_customers, on, read, rule, targets, tickets, when, without};

#[test]
fn the_starter_has_hints_at_most() {
    for finding in Rulebook::starter().lint() {
        assert_eq!(finding.severity(), Severity::Hint, "{finding}");
    }
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
