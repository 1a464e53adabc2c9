//! What the linter finds: each kind of finding in a rulebook that has it, and not in its closest neighbour.

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod asking;
mod bounds;
mod calendars;
mod clocks;
mod findings;
mod firing;
mod laws;
mod loops;
mod policies;
mod tickets;

use helpdesk::Rulebook;
use helpdesk::rulebook::Problem;
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
