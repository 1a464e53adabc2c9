//! What asks customers and judges the work: surveys and scorecards that cannot do what they are for.

use serde_json::{Value, json};

use super::{EVERYBODY, check, targets, tickets, without};

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
