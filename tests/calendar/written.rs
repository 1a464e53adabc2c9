//! What can be written as a calendar, what is refused, and that it is read again as it was written.

use chrono::TimeDelta;
use helpdesk::Rulebook;
use helpdesk::calendar::{Calendar, DayHours, Exception, Week, When, Window};
use proptest::prelude::*;

use super::{at, date, office, office_with, refused};

#[test]
fn weeks_are_read_and_written() {
    for (text, written) in [
        ("Mon-Fri 09:00-17:00", "Mon-Fri 09:00-17:00"),
        (
            "mon-fri 9:00-17:00; SAT 10:00-14:00;",
            "Mon-Fri 09:00-17:00; Sat 10:00-14:00",
        ),
        ("Sun-Thu 08:00-16:00", "Mon-Thu,Sun 08:00-16:00"),
        ("Sat-Mon: 22:00-06:00", "Mon,Sat-Sun 22:00-06:00"),
        ("daily 00:00-24:00", "Mon-Sun 00:00-24:00"),
        (
            "Monday,Wed 9:00-12:00,13:00-18:00; Wednesday 20:00-21:30:15",
            "Mon 09:00-12:00,13:00-18:00; Wed 09:00-12:00,13:00-18:00,20:00-21:30:15",
        ),
        ("Mon 9:00-12:00; Mon 9:00-12:00", "Mon 09:00-12:00"),
    ] {
        let week: Week = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(week.to_string(), written);
        assert_eq!(written.parse::<Week>().as_ref(), Ok(&week));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_by_its_part() {
    let hours = |text: &str| Calendar::parse(text, "UTC");
    refused(hours(""), None, "the week has no hours");
    refused(
        hours("Mon"),
        Some("Mon"),
        "`Mon` is not a list of days and windows",
    );
    refused(
        hours("9:00-17:00"),
        Some("9:00-17:00"),
        "is not a list of days and windows",
    );
    refused(
        hours("Mon-Xyz 9:00-17:00"),
        Some("Xyz"),
        "`Xyz` is not a day of the week",
    );
    refused(hours("M 9:00-17:00"), Some("M"), "is not a day of the week");
    refused(hours("Mon 9-17"), Some("9"), "`9` is not a time of day");
    refused(
        hours("Mon 09:60-17:00"),
        Some("09:60"),
        "is not a time of day",
    );
    refused(
        hours("Mon 09:00-24:01"),
        Some("24:01"),
        "is not a time of day",
    );
    refused(hours("Mon 09:00"), Some("09:00"), "is not a window");
    refused(
        hours("Mon 24:00-06:00"),
        Some("24:00-06:00"),
        "is not a window",
    );
    refused(hours("Mon 9:00-17:00,"), Some(""), "is not a window");
    refused(
        Calendar::parse("Mon 9:00-17:00", "Europe/Nowhere"),
        Some("Europe/Nowhere"),
        "is not a time zone",
    );
    let with = |when, hours| office_with("Mon-Fri 9:00-17:00", &[(when, hours)]);
    refused(
        with("2026-02-30", "closed"),
        Some("2026-02-30"),
        "is not a date",
    );
    refused(with("13-01", "closed"), Some("13-01"), "is not a date");
    refused(
        with("2026-12-31..2026-12-24", "closed"),
        Some("2026-12-31..2026-12-24"),
        "ends before it begins",
    );
    refused(
        with("12-25", "shut"),
        Some("shut"),
        "is not the hours of a date",
    );
    refused(
        with("12-25", "closedish"),
        Some("closedish"),
        "is not the hours of a date",
    );
    refused(with("01-01..12-31", "closed"), None, "never opens");
    let twice = office_with(
        "daily 9:00-17:00",
        &[("12-24", "9:00-10:00"), ("12-24", "11:00-12:00")],
    );
    refused(twice, Some("12-24"), "special hours twice");
    let twice = [
        ("2026-12-24..2026-12-26", "9:00-10:00"),
        ("2026-12-24..2026-12-26", "9:00-10:00"),
    ];
    let twice = office_with("daily 9:00-17:00", &twice);
    refused(twice, Some("2026-12-24..2026-12-26"), "special hours twice");
    let none = Exception::new(date("2026-01-01"), DayHours::Special(Vec::new()), "");
    refused(
        Calendar::builder("UTC").and_then(|b| b.hours("daily 9:00-17:00")?.exception(none).build()),
        Some(""),
        "hours of a date",
    );
    let many = (0..50_001).map(|_| (date("2026-01-01"), String::new()));
    refused(
        office().with_closed_days(many),
        None,
        "at most `50000` are allowed",
    );
    let ranges = |builder: helpdesk::calendar::Builder| {
        (0..30).fold(builder, |b, n| {
            b.closed(
                When::between(date("1980-01-01"), date("2099-01-01") + TimeDelta::days(n))
                    .expect("days"),
                "",
            )
        })
    };
    refused(
        Calendar::builder("UTC").and_then(|b| ranges(b.hours("daily 9:00-17:00")?).build()),
        None,
        "dates with exceptions",
    );
}

#[test]
fn the_written_form_is_stable_and_checked() {
    let office = Calendar::builder("europe/berlin")
        .and_then(|b| b.hours("Mon-Fri 9:00-17:00"))
        .expect("hours");
    let office = office
        .layer("national")
        .closed(When::yearly(12, 25).expect("a day"), "Christmas")
        .build()
        .expect("a calendar");
    let text = serde_json::to_string(&office.union(&Calendar::always()).expect("a calendar"))
        .expect("text");
    let expected = r#"{"union":[{"hours":{"zone":"Europe/Berlin","hours":"Mon-Fri 09:00-17:00","layers":[{"name":"national","days":[{"on":"12-25","hours":"closed","name":"Christmas"}]}]}},"always"]}"#;
    assert_eq!(text, expected);
    for wrong in [
        r#"{"hours":{"zone":"Nowhere","hours":"Mon 9:00-17:00"}}"#,
        r#"{"hours":{"zone":"UTC","hours":""}}"#,
        r#"{"hours":{"zone":"UTC","hours":"daily 9:00-17:00","layers":[{"days":[{"on":"01-01..12-31"}]}]}}"#,
        r#"{"hours":{"zone":"UTC","hours":"daily 9:00-17:00","extra":1}}"#,
        r#"{"hours":{"zone":{"name":"Own","first_offset":99999,"changes":[]},"hours":"daily 9:00-17:00"}}"#,
    ] {
        assert!(serde_json::from_str::<Calendar>(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(hours in "\\PC{0,40}", zone in "\\PC{0,20}", when in "\\PC{0,20}") {
        let _ = Calendar::parse(&hours, &zone);
        let _ = (hours.parse::<Window>(), hours.parse::<DayHours>(), when.parse::<When>());
    }

    #[test]
    fn no_almost_right_text_makes_it_panic(
        hours in "((Mon|Tu|Sat-Mon|daily|é)[ ,:-]{0,2}[0-9:–-]{0,14}[;,]?){0,4}", when in "[0-9]{0,5}-?[0-9]{0,3}-?[0-9]{0,3}(\\.\\.)?[0-9-]{0,10}",
    ) {
        if let Ok(week) = hours.parse::<Week>() {
            prop_assert_eq!(week.to_string().parse::<Week>(), Ok(week));
        }
        if let Ok(when) = when.parse::<When>() {
            prop_assert_eq!(when.to_string().parse::<When>(), Ok(when));
        }
    }
}

/// What would not be read again is not built: the parts of editions count, and those of all calendars of a rulebook.
#[test]
fn what_could_not_be_read_again_is_refused() {
    let doubled = |mut calendar: Calendar| {
        for _ in 0..10 {
            calendar = calendar.union(&calendar).expect("a calendar");
        }
        calendar
    };
    let (always, office) = (doubled(Calendar::always()), doubled(office()));
    let begun = at("2026-03-10T12:00:00Z");
    let refused = always
        .succeeded_by(&office, begun)
        .expect_err("2,048 parts");
    assert_eq!(
        refused.to_string(),
        "the calendar has `2048` parts: at most `2000` are allowed"
    );
    let draft = |count| {
        let named = |n| format!("c{n}").parse().expect("a name");
        (0..count).fold(Rulebook::draft(), |draft, n| {
            draft.calendar(named(n), always.clone())
        })
    };
    draft(9).build().expect("9,216 parts");
    let refused = draft(10).build().expect_err("10,240 parts").to_string();
    assert_eq!(
        refused,
        "`calendars`: there are `10240` parts of calendars: at most `10000` are allowed"
    );
}
