//! Clocks that cannot run, that rest for nothing or begin anew in vain, and what a clock may yet come to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    EVERYBODY, check, no_word_of_customers, on, policies, read, rule, targets, tickets, without,
};

fn policy_with(key: &str, value: Value) -> Value {
    policies(json!([{"name": "all", "targets": {"first_response": "4h"}, key: value}]))
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
