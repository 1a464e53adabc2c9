//! What levels do: actions without effect, and those that put an agent in charge.

use serde_json::{Value, json};

use super::{EVERYBODY, check, on, rule, tickets, without};

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
