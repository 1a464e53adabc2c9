//! Which policy applies: conditions that never hold, policies that others shadow, and tickets that are left without a target.

use helpdesk::rulebook::Problem;
use serde_json::{Value, json};

use super::common::*;
use super::{check, has, on, policies, read, rule, targets, tickets, when};

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
    // A number of a person is kept as a text of hers too.
    let number = |personal: &str| {
        let book = when(json!({"field": {"name": "born", "is": [{"number": 1980}]}}));
        tickets(book, json!({"personal_fields": [personal]}))
    };
    check(
        "personal_value_in_condition",
        "policies[0].when",
        number("born"),
        number("phone"),
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
