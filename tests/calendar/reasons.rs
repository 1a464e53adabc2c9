//! Why the desk is open or closed: explanations stretch by stretch, and a year at a glance.

use chrono::TimeDelta;
use helpdesk::calendar::{Calendar, EARLIEST, LATEST, Overnight, Reason, When};

use super::{at, date, office, office_with};

#[test]
fn reasons_are_told() {
    let night = Calendar::builder("UTC")
        .and_then(|b| b.hours("Mon-Fri 22:00-06:00; Sat 9:00-12:00"))
        .expect("hours");
    let night = night
        .closed(date("2026-03-11"), "Founders' day")
        .closed_during(date("2026-03-14"), "10:00-11:00", "fire drill");
    let night = night
        .and_then(|b| b.special(date("2026-03-16"), "8:00-9:00", "training"))
        .and_then(|b| b.build())
        .expect("a calendar");
    let why = night
        .explain(at("2026-03-11T00:00:00Z"), at("2026-03-17T00:00:00Z"))
        .expect("reasons");
    let told: Vec<String> = why
        .stretches()
        .map(|s| format!("{} {}", s.from.format("%d %H:%M"), s.reason))
        .collect();
    let expected = [
        "11 00:00 Tue 22:00-06:00",
        "11 06:00 closed: Founders' day",
        "12 06:00 outside hours",
        "12 22:00 Thu 22:00-06:00",
        "13 06:00 outside hours",
        "13 22:00 Fri 22:00-06:00",
        "14 06:00 outside hours",
        "14 09:00 Sat 09:00-12:00",
        "14 10:00 closed: fire drill",
        "14 11:00 Sat 09:00-12:00",
        "14 12:00 outside hours",
        "15 00:00 no hours on Sun",
        "16 00:00 outside hours",
        "16 08:00 special hours 08:00-09:00 (training)",
        "16 09:00 outside hours",
        "16 22:00 closed: training",
    ];
    assert_eq!(told, expected);
    let due = night
        .explain_add(at("2026-03-11T05:00:00Z"), TimeDelta::hours(2))
        .expect("reasons");
    assert_eq!(due.open(), TimeDelta::hours(2));
    assert_eq!(
        due.stretches().last().map(|s| s.to),
        Some(at("2026-03-12T23:00:00Z"))
    );
    assert!(due.to_string().ends_with("open in all: 2:00:00\n"), "{due}");
    let both = night.union(&Calendar::always()).expect("a calendar");
    let why = both
        .explain(at("2026-03-11T07:00:00Z"), at("2026-03-11T08:00:00Z"))
        .expect("reasons");
    let first = why.stretches().next().expect("a stretch");
    assert_eq!(
        first.reason.to_string(),
        "closed: Founders' day, or always open"
    );
    let text = serde_json::to_string(&first.reason).expect("text");
    assert_eq!(
        serde_json::from_str::<Reason>(&text).expect("a reason"),
        first.reason
    );
}

/// The exception with the last word is the reason, wherever it stands in its layer; overruled ones are none.
#[test]
fn the_reason_is_the_exception_with_the_last_word() {
    let told = |calendar: &Calendar, from: &str| -> Vec<String> {
        let from = at(from);
        let why = calendar
            .explain(from, from + TimeDelta::days(1))
            .expect("reasons");
        let shown =
            |s: helpdesk::calendar::Stretch| format!("{} {}", s.from.format("%H:%M"), s.reason);
        why.stretches().map(shown).collect()
    };
    let office = || {
        let builder = Calendar::builder("UTC").expect("a zone");
        builder.hours("Mon-Fri 9:00-17:00").expect("hours")
    };
    let day = date("2026-12-24");
    let one_layer = office()
        .special(day, "10:00-11:00", "half day")
        .expect("hours")
        .closed(When::yearly(12, 24).expect("a day"), "every year")
        .build()
        .expect("a calendar");
    let expected = [
        "00:00 outside hours",
        "09:00 closed: half day",
        "10:00 special hours 10:00-11:00 (half day)",
        "11:00 closed: half day",
        "17:00 outside hours",
    ];
    assert_eq!(told(&one_layer, "2026-12-24T00:00:00Z"), expected);
    let two_layers = office()
        .layer("national")
        .closed(day, "holiday")
        .layer("team")
        .special(day, "10:00-11:00", "half day")
        .and_then(|builder| builder.build())
        .expect("a calendar");
    assert_eq!(told(&two_layers, "2026-12-24T00:00:00Z"), expected);
    let night = Calendar::builder("UTC")
        .and_then(|builder| builder.hours("daily 22:00-06:00"))
        .expect("hours")
        .overnight(Overnight::CutAtMidnight)
        .special(day, "10:00-11:00", "half day")
        .and_then(|builder| builder.build())
        .expect("a calendar");
    let expected = [
        "00:00 closed: half day",
        "06:00 outside hours",
        "10:00 special hours 10:00-11:00 (half day)",
        "11:00 outside hours",
        "22:00 closed: half day",
    ];
    assert_eq!(told(&night, "2026-12-24T00:00:00Z"), expected);
}

/// Reading the first stretches of a century costs no more than they do.
#[test]
fn an_explanation_is_read_as_far_as_somebody_reads() {
    let both = office()
        .union(&office_with("Sat 9:00-12:00", &[]).expect("a calendar"))
        .expect("a calendar");
    let why = both.explain(EARLIEST, LATEST).expect("reasons");
    for _ in 0..10_000 {
        assert_eq!(why.stretches().take(3).count(), 3);
    }
    assert_eq!(Ok(why.open()), both.elapsed(EARLIEST, LATEST));
    let nothing = both.explain(LATEST, LATEST).expect("reasons");
    assert_eq!(nothing.stretches().next(), None);
}

/// Found by a law: the clocks jump from before a window into it.
#[test]
fn a_change_of_clocks_into_a_window_begins_a_stretch() {
    let zone = helpdesk::calendar::Zone::from_transitions(
        "Own",
        0,
        [(at("2013-05-21T08:00:00Z"), 36_000)],
    )
    .expect("a zone");
    let office = Calendar::builder_in(zone)
        .hours("daily 9:00-24:00")
        .and_then(|b| b.build())
        .expect("a calendar");
    let why = office
        .explain(at("2013-05-21T07:00:00Z"), at("2013-05-21T08:30:00Z"))
        .expect("reasons");
    assert_eq!(why.open(), TimeDelta::minutes(30));
}

#[test]
fn a_year_at_a_glance() {
    let office = Calendar::builder("UTC")
        .and_then(|b| b.hours("Mon-Fri 9:00-17:00"))
        .expect("hours");
    let office = office
        .layer("national")
        .closed(date("2026-01-01"), "New Year")
        .closed(date("2026-01-03"), "a Saturday");
    let office = office
        .special(date("2026-01-05"), "9:00-12:00", "half day")
        .and_then(|b| b.build())
        .expect("a calendar");
    let chart = office.year_chart(2026).expect("a year");
    let lines: Vec<&str> = chart.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "2026 UTC",
            "Mon-Fri 09:00-17:00",
            "Jan x#..%####..#####..#####..#####."
        ]
    );
    assert_eq!(lines.len(), 2 + 12 + 3);
    assert_eq!(
        lines[14..],
        [
            "2026-01-01 Thu  closed (New Year)  [national]",
            "2026-01-03 Sat  closed (a Saturday)  [national]",
            "2026-01-05 Mon  09:00-12:00 (half day)  [national]",
        ]
    );
}
