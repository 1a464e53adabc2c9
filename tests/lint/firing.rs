//! Rules and levels that never fire, or only after it is too late.

use helpdesk::Rulebook;
use helpdesk::escalation::Rule;
use helpdesk::sla::Target;
use serde_json::{Value, json};

use super::{EVERYBODY, check, has, on, policies, read, rule, tickets, when, without};

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
