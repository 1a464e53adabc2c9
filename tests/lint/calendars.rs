//! Calendars that never open, that nobody uses or that are followed in vain, and targets that take longer than they have.

use helpdesk::Calendar;
use serde_json::{Value, json};

use super::{check, on, policies, rule, targets};

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
