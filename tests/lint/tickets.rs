//! The rules of tickets: permissions that nobody has, labels, and limits that refuse everything.

use serde_json::{Value, json};

use super::{EVERYBODY, check, targets, tickets, without};

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
