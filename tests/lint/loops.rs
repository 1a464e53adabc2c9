//! Rules that set each other off: rounds that never end, and those that do.

use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::id::TeamId;
use helpdesk::rulebook::Problem;
use helpdesk::sla::{Condition, Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Metric;
use helpdesk::{Actor, Desk, Open, Rulebook};
use serde_json::{Value, json};

use super::common::*;
use super::{check, has, on, read, targets, when};

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
