//! Exceptions: which dates they change, which layer has the last word, and days that are closed besides.

use chrono::TimeDelta;
use helpdesk::calendar::{Calendar, DayHours, Exception, Layer, Overnight};

use super::{date, office, office_with};

/// The open stretches of a day, as `09:00-17:00,..`; an end on the next day is shown as it is on the clock.
#[track_caller]
fn open_on(calendar: &Calendar, day: &str) -> String {
    let (from, to) = calendar.zone().bounds_of(date(day));
    let stretches = calendar.windows(from..to).expect("a range").map(|open| {
        let shown = |at| calendar.zone().local(at).format("%H:%M").to_string();
        format!("{}-{}", shown(open.from), shown(open.to))
    });
    stretches.collect::<Vec<_>>().join(",")
}

#[track_caller]
fn check(hours: &str, exceptions: &[(&str, &str)], day: &str, expected: &str) {
    let calendar = office_with(hours, exceptions).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        open_on(&calendar, day),
        expected,
        "{hours} {exceptions:?} on {day}"
    );
}

#[test]
fn of_special_hours_for_dates_that_overlap_those_listed_last_hold() {
    let (week, day) = (
        ("2026-12-21..2026-12-27", "9:00-12:00"),
        ("2026-12-24", "10:00-11:00"),
    );
    let open = |exceptions: &[(&str, &str)]| {
        let office = office_with("daily 9:00-17:00", exceptions).expect("a calendar");
        ["2026-12-23", "2026-12-24"].map(|day| open_on(&office, day))
    };
    assert_eq!(open(&[week, day]), ["09:00-12:00", "10:00-11:00"]);
    assert_eq!(open(&[day, week]), ["09:00-12:00", "09:00-12:00"]);
    let yearly = ("12-24", "13:00-14:00");
    assert_eq!(open(&[week, yearly]), ["09:00-12:00", "09:00-12:00"]);
    assert_eq!(open(&[yearly])[1], "13:00-14:00");
}

#[test]
fn exceptions_change_their_dates_and_no_other() {
    let week = "Mon-Fri 09:00-12:00,13:00-18:00";
    check(week, &[], "2026-12-24", "09:00-12:00,13:00-18:00");
    check(week, &[("2026-12-24", "closed")], "2026-12-24", "");
    check(
        week,
        &[("2026-12-24", "closed")],
        "2026-12-23",
        "09:00-12:00,13:00-18:00",
    );
    check(
        week,
        &[("2026-12-24", "closed 11:00-14:00")],
        "2026-12-24",
        "09:00-11:00,14:00-18:00",
    );
    check(
        week,
        &[("2026-12-24", "10:00-11:00,15:00-16:00")],
        "2026-12-24",
        "10:00-11:00,15:00-16:00",
    );
    check(week, &[("12-24..01-02", "closed")], "2027-01-01", "");
    check(week, &[("12-24..01-02", "closed")], "2026-12-31", "");
    check(
        week,
        &[("12-24..01-02", "closed")],
        "2026-01-05",
        "09:00-12:00,13:00-18:00",
    );
    check(week, &[("02-29", "closed")], "2028-02-29", "");
    check(
        week,
        &[("02-29", "closed")],
        "2027-03-01",
        "09:00-12:00,13:00-18:00",
    );
    check(
        week,
        &[("2026-12-24..2026-12-31", "closed")],
        "2026-12-28",
        "",
    );
    check(
        week,
        &[("2026-12-26", "10:00-11:00")],
        "2026-12-26",
        "10:00-11:00",
    );
    check(
        "daily 9:00-10:00",
        &[("02-20..02-29", "closed")],
        "2027-02-28",
        "",
    );
    check(
        "daily 9:00-10:00",
        &[("02-20..02-29", "closed")],
        "2027-03-01",
        "09:00-10:00",
    );
    check(
        "daily 9:00-10:00",
        &[("02-29..03-02", "closed")],
        "2027-03-01",
        "",
    );
    check(
        "daily 9:00-10:00",
        &[("02-29..03-02", "closed")],
        "2027-02-28",
        "09:00-10:00",
    );
    for closed in ["12-24", "2026-12-24"] {
        let either_order = [("2026-12-24", "10:00-11:00"), (closed, "closed")];
        check(week, &either_order, "2026-12-24", "10:00-11:00");
    }
    check(
        week,
        &[("12-24", "closed"), ("2026-12-24", "10:00-11:00")],
        "2026-12-24",
        "10:00-11:00",
    );
    check(
        week,
        &[("2026-12-24", "closed"), ("12-24", "10:00-11:00")],
        "2026-12-24",
        "",
    );
    check(
        week,
        &[("12-24", "10:00-14:00"), ("12-24", "closed 12:00-24:00")],
        "2026-12-24",
        "10:00-12:00",
    );
}

#[test]
fn a_higher_layer_has_the_last_word() {
    let day = date("2026-12-24");
    let closed = Exception::new(day, DayHours::Closed, "national");
    let special = Exception::new(day, "10:00-11:00".parse().expect("hours"), "team");
    let layered = |first: &Exception, second: &Exception| {
        let builder = Calendar::builder("UTC")
            .and_then(|builder| builder.hours("Mon-Fri 9:00-17:00"))
            .expect("hours");
        let builder = builder
            .with_layer(Layer::new("a").and(first.clone()))
            .with_layer(Layer::new("b").and(second.clone()));
        builder.build().expect("a calendar")
    };
    assert_eq!(
        open_on(&layered(&closed, &special), "2026-12-24"),
        "10:00-11:00"
    );
    assert_eq!(open_on(&layered(&special, &closed), "2026-12-24"), "");
    let reopened = layered(&closed, &special)
        .with_closed_days([(day, String::from("again"))])
        .expect("a calendar");
    assert_eq!(open_on(&reopened, "2026-12-24"), "");
    assert_eq!(reopened.layers().len(), 3);
}

#[test]
fn overnight_windows_and_holidays() {
    let night = |overnight| {
        let builder = Calendar::builder("UTC")
            .and_then(|builder| builder.hours("daily 22:00-06:00"))
            .expect("hours");
        builder
            .overnight(overnight)
            .closed(date("2026-03-11"), "holiday")
            .build()
            .expect("a calendar")
    };
    let (whole, cut) = (
        night(Overnight::WithStartDate),
        night(Overnight::CutAtMidnight),
    );
    assert_eq!(open_on(&whole, "2026-03-11"), "00:00-06:00");
    assert_eq!(open_on(&cut, "2026-03-11"), "");
    assert_eq!(open_on(&whole, "2026-03-12"), "22:00-00:00");
    assert_eq!(open_on(&cut, "2026-03-12"), "22:00-00:00");
    assert_eq!(open_on(&cut, "2026-03-10"), "00:00-06:00,22:00-00:00");
}

#[test]
fn closed_days_of_any_calendar() {
    let day = (date("2026-03-11"), String::from("closed"));
    for calendar in [
        Calendar::always(),
        office(),
        office()
            .union(&Calendar::parse("Sat 9:00-12:00", "UTC").expect("a calendar"))
            .expect("a calendar"),
    ] {
        let closed = calendar
            .with_closed_days([day.clone()])
            .expect("a calendar");
        assert_eq!(open_on(&closed, "2026-03-11"), "");
        assert_eq!(
            open_on(&closed, "2026-03-12"),
            open_on(&calendar, "2026-03-12")
        );
        assert_eq!(calendar.with_closed_days([]).expect("a calendar"), calendar);
        let days: Vec<_> = (0..100)
            .map(|n| (date("2026-04-01") + TimeDelta::days(n), format!("day {n}")))
            .collect();
        let one_by_one = days.iter().fold(closed.clone(), |closed, day| {
            closed.with_closed_days([day.clone()]).expect("a calendar")
        });
        let at_once = closed.with_closed_days(days).expect("a calendar");
        assert_eq!(one_by_one, at_once);
        assert_eq!(open_on(&at_once, "2026-05-04"), "");
        assert_eq!(
            open_on(&at_once, "2026-07-10"),
            open_on(&calendar, "2026-07-10")
        );
    }

    // A layer with a name, or with anything but closed days, is left as it is.
    let builder = Calendar::builder("UTC").and_then(|b| b.hours("daily 9:00-17:00"));
    let builder = builder
        .expect("hours")
        .layer("national")
        .closed(date("2026-12-25"), "Christmas");
    let named = builder.build().expect("a calendar");
    let half = office_with("daily 9:00-17:00", &[("2026-12-24", "closed 12:00-24:00")])
        .expect("a calendar");
    for below in [named, half] {
        let above = below.with_closed_days([day.clone()]).expect("a calendar");
        assert_eq!((below.layers().len(), above.layers().len()), (1, 2));
        assert_eq!(below.layers(), &above.layers()[..1]);
    }
}
