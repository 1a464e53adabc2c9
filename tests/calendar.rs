//! Calendars by example: what can be written, what is refused, and what the answers are at the edges.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use helpdesk::Rulebook;
use helpdesk::calendar::{
    Calendar, CalendarError, DayEnd, DayHours, EARLIEST, Exception, InvalidCalendar, LATEST, Layer,
    Overnight, Reason, Week, When, Window,
};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn office() -> Calendar {
    Calendar::parse("Mon-Fri 09:00-17:00", "UTC").expect("a calendar")
}

/// An office in UTC with these exceptions in one layer.
fn office_with(hours: &str, exceptions: &[(&str, &str)]) -> Result<Calendar, InvalidCalendar> {
    let mut builder = Calendar::builder("UTC")?.hours(hours)?;
    for (when, hours) in exceptions {
        let (when, hours): (When, DayHours) = (when.parse()?, hours.parse()?);
        builder = builder.exception(Exception::new(when, hours, "why"));
    }
    builder.build()
}

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

#[track_caller]
fn refused(result: Result<Calendar, InvalidCalendar>, part: Option<&str>, message: &str) {
    let error = result.expect_err("should be refused");
    assert_eq!(error.part(), part, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

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
fn a_time_used_up_at_a_close_ends_there() {
    let (friday, monday) = (at("2026-03-06T16:00:00Z"), at("2026-03-09T10:00:00Z"));
    let hour = TimeDelta::hours(1);
    assert_eq!(office().add(friday, hour), Ok(at("2026-03-06T17:00:00Z")));
    assert_eq!(
        office().add_latest(friday, hour),
        Ok(at("2026-03-09T09:00:00Z"))
    );
    assert_eq!(
        office().subtract(monday, hour),
        Ok(at("2026-03-09T09:00:00Z"))
    );
    assert_eq!(
        office().subtract_earliest(monday, hour),
        Ok(at("2026-03-06T17:00:00Z"))
    );
    let night = at("2026-03-06T20:00:00Z");
    assert_eq!(office().add(night, TimeDelta::zero()), Ok(night));
    assert_eq!(
        office().add_latest(night, TimeDelta::zero()),
        Ok(at("2026-03-09T09:00:00Z"))
    );
}

#[test]
fn days_with_many_windows() {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour}:00-{hour}:30")).collect();
    let crowded =
        Calendar::parse(&format!("daily {}", hours.join(",")), "UTC").expect("a calendar");
    let midnight = at("2026-03-09T00:00:00Z");
    for hour in 0..24 {
        let begin = midnight + TimeDelta::hours(hour);
        assert_eq!(
            crowded.elapsed(midnight, begin),
            Ok(TimeDelta::minutes(30 * hour))
        );
        assert_eq!(
            crowded.add(midnight, TimeDelta::minutes(30 * hour + 10)),
            Ok(begin + TimeDelta::minutes(10))
        );
        assert_eq!(
            crowded.next_close(begin),
            Ok(begin + TimeDelta::minutes(30))
        );
        assert_eq!(
            crowded.next_open(begin + TimeDelta::minutes(40)),
            Ok(begin + TimeDelta::hours(1))
        );
        assert_eq!(
            crowded.previous_opening(begin + TimeDelta::minutes(40)),
            Ok(begin)
        );
        assert_eq!(crowded.is_open(begin + TimeDelta::minutes(29)), Ok(true));
        assert_eq!(crowded.is_open(begin + TimeDelta::minutes(30)), Ok(false));
    }
}

#[test]
fn outside_the_range_is_an_error() {
    let tick = TimeDelta::microseconds(1);
    let before = CalendarError::OutOfRange {
        at: EARLIEST - tick,
    };
    let after = CalendarError::OutOfRange { at: LATEST + tick };
    for calendar in [office(), Calendar::always()] {
        assert_eq!(
            calendar.elapsed(EARLIEST - tick, LATEST),
            Err(before.clone())
        );
        assert_eq!(
            calendar.elapsed(EARLIEST, LATEST + tick),
            Err(after.clone())
        );
        assert_eq!(
            calendar.is_open(DateTime::<Utc>::MAX_UTC),
            Err(CalendarError::OutOfRange {
                at: DateTime::<Utc>::MAX_UTC
            })
        );
        assert_eq!(
            calendar.add(LATEST, TimeDelta::hours(1)),
            Err(CalendarError::BeyondRange)
        );
        assert_eq!(
            calendar.add(EARLIEST, TimeDelta::MAX),
            Err(CalendarError::BeyondRange)
        );
        assert_eq!(
            calendar.add(EARLIEST, TimeDelta::MIN),
            Err(CalendarError::BeyondRange)
        );
        assert_eq!(
            calendar.subtract(EARLIEST, TimeDelta::hours(1)),
            Err(CalendarError::BeyondRange)
        );
        assert_eq!(
            calendar.elapsed_micros(i64::MIN, 0),
            Err(CalendarError::OutOfRange {
                at: DateTime::<Utc>::MIN_UTC
            })
        );
        assert!(matches!(
            calendar.add_micros(-1, 0),
            Err(CalendarError::OutOfRange { .. })
        ));
        assert_eq!(
            calendar.add_micros(0, i64::MAX),
            Err(CalendarError::BeyondRange)
        );
        assert_eq!(
            calendar.add_micros(0, i64::MIN),
            Err(CalendarError::BeyondRange)
        );
        assert!(calendar.windows(EARLIEST - tick..LATEST).is_err());
        assert!(calendar.explain(EARLIEST, LATEST + tick).is_err());
    }
    assert_eq!(
        Calendar::always().elapsed(EARLIEST, LATEST),
        Ok(LATEST - EARLIEST)
    );
    let out = CalendarError::DateOutOfRange {
        date: date("2101-01-01"),
    };
    assert_eq!(
        out.to_string(),
        "`2101-01-01` is outside the supported range, `1970-01-01` to `2100-12-31`"
    );
    assert_eq!(office().is_business_day(date("2101-01-01")), Err(out));
    assert!(office().week_chart(NaiveDate::MAX).is_err());
    assert!(office().year_chart(1969).is_err());
}

#[test]
fn the_last_and_the_first_days_are_exact() {
    assert_eq!(
        office().next_open(at("2100-12-31T12:00:00Z")),
        Ok(at("2100-12-31T12:00:00Z"))
    );
    assert_eq!(
        office().next_close(at("2100-12-31T12:00:00Z")),
        Ok(at("2100-12-31T17:00:00Z"))
    );
    assert_eq!(
        office().next_opening(at("2100-12-31T12:00:00Z")),
        Err(CalendarError::BeyondRange)
    );
    assert_eq!(office().next_open(EARLIEST), Ok(at("1970-01-01T09:00:00Z")));
    let auckland = Calendar::parse("daily 9:00-17:00", "Pacific/Auckland").expect("a calendar");
    assert_eq!(auckland.next_open(EARLIEST), Ok(EARLIEST));
    assert_eq!(
        auckland.previous_opening(at("1970-01-01T02:00:00Z")),
        Err(CalendarError::BeyondRange)
    );
}

#[test]
fn never_is_found_at_once() {
    let mondays = Calendar::parse("Mon 9:00-17:00", "UTC").expect("a calendar");
    let tuesdays = Calendar::parse("Tue 9:00-17:00", "UTC").expect("a calendar");
    let never = mondays.intersection(&tuesdays).expect("a calendar");
    assert!(never.is_never_open());
    let now = at("2026-03-09T12:00:00Z");
    assert_eq!(never.elapsed(EARLIEST, LATEST), Ok(TimeDelta::zero()));
    assert_eq!(never.add(now, TimeDelta::zero()), Ok(now));
    for answer in [
        never.add(now, TimeDelta::hours(1)),
        never.add_latest(now, TimeDelta::zero()),
        never.subtract(now, TimeDelta::hours(1)),
        never.next_open(now),
        never.next_opening(now),
        never.next_close(now),
        never.previous_open(now),
        never.previous_opening(now),
        never.previous_close(now),
    ] {
        assert_eq!(answer, Err(CalendarError::Never));
    }
    assert_eq!(
        never.windows(EARLIEST..LATEST).expect("a range").next(),
        None
    );
    assert_eq!(
        never.business_day(date("2026-03-09"), 1),
        Err(CalendarError::Never)
    );
    let until_2050 = mondays
        .difference(
            &office_with("daily 0:00-24:00", &[("1970-01-01..2049-12-31", "closed")])
                .expect("a calendar"),
        )
        .expect("a calendar");
    assert_eq!(
        until_2050.add(now, TimeDelta::days(9_999)),
        Err(CalendarError::Never)
    );
    assert_eq!(
        mondays.add(now, TimeDelta::days(9_999)),
        Err(CalendarError::BeyondRange)
    );
    // Back by less than nothing is onward.
    assert_eq!(
        until_2050.subtract(now, TimeDelta::days(-9_999)),
        Err(CalendarError::Never)
    );
    assert_eq!(
        until_2050.subtract(now, TimeDelta::days(9_999)),
        Err(CalendarError::BeyondRange)
    );
    // Open for good from 2050 on: it never closes again; closed at times in the last year: behind the range it will.
    let from_2050 = office_with("daily 0:00-24:00", &[("1970-01-01..2049-12-31", "closed")]);
    let end = LATEST - TimeDelta::hours(1);
    assert_eq!(
        from_2050.expect("a calendar").next_close(end),
        Err(CalendarError::Never)
    );
    let spring = office_with("daily 0:00-24:00", &[("04-01", "closed")]);
    assert_eq!(
        spring.expect("a calendar").next_close(end),
        Err(CalendarError::BeyondRange)
    );
    let daily = Calendar::parse("daily 00:00-24:00", "Europe/Berlin").expect("a calendar");
    assert!(daily.is_always_open());
    assert_eq!(daily.next_close(now), Err(CalendarError::Never));
}

#[test]
fn combined_calendars_follow_the_sun() {
    let desks = [
        ("America/New_York", "Mon-Fri 9:00-17:00"),
        ("Asia/Tokyo", "Mon-Fri 9:00-17:00"),
        ("Europe/Berlin", "Mon-Fri 8:00-16:00"),
    ];
    let mut all = desks
        .iter()
        .map(|(zone, hours)| Calendar::parse(hours, zone).expect("a calendar"));
    let first = all.next().expect("a desk");
    let sun = all
        .try_fold(first, |sun, desk| sun.union(&desk))
        .expect("a calendar");
    let noon = at("2026-01-14T12:00:00Z");
    assert_eq!(
        sun.elapsed(noon, noon + TimeDelta::days(1)),
        Ok(TimeDelta::hours(22))
    );
    assert_eq!(sun.next_close(noon), Ok(at("2026-01-14T22:00:00Z")));
    assert_eq!(sun.zone().name(), "America/New_York");
    let mut deep = office();
    let error = loop {
        match deep.union(&office()) {
            Ok(deeper) => deep = deeper,
            Err(error) => break error,
        }
    };
    assert_eq!(
        error.to_string(),
        "calendars are combined `32` deep at most"
    );
    let mut wide = office();
    let error = loop {
        match wide.union(&wide) {
            Ok(wider) => wide = wider,
            Err(error) => break error,
        }
    };
    assert_eq!(
        error.to_string(),
        "the calendar has `2048` parts: at most `2000` are allowed"
    );
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

#[test]
fn business_days_are_dates() {
    let berlin = Calendar::builder("Europe/Berlin")
        .and_then(|b| b.hours("Mon-Fri 9:00-17:00"))
        .expect("hours");
    let berlin = berlin
        .closed(date("2026-03-30"), "closed")
        .build()
        .expect("a calendar");
    let friday = at("2026-03-27T14:30:00Z");
    let days = |count, end| berlin.add_business_days(friday, count, end);
    assert_eq!(days(1, DayEnd::SameTime), Ok(at("2026-03-31T13:30:00Z")));
    assert_eq!(days(1, DayEnd::LastClose), Ok(at("2026-03-31T15:00:00Z")));
    assert_eq!(days(-1, DayEnd::SameTime), Ok(at("2026-03-26T14:30:00Z")));
    assert_eq!(days(0, DayEnd::SameTime), Ok(friday));
    assert_eq!(days(0, DayEnd::LastClose), Ok(at("2026-03-27T16:00:00Z")));
    assert_eq!(
        days(i64::MAX, DayEnd::SameTime),
        Err(CalendarError::BeyondRange)
    );
    assert_eq!(
        days(i64::MIN, DayEnd::SameTime),
        Err(CalendarError::BeyondRange)
    );
    let saturday = date("2026-03-28");
    assert_eq!(berlin.business_day(saturday, 1), Ok(date("2026-03-31")));
    assert_eq!(
        berlin.count_business_days(saturday, date("2026-04-03")),
        Ok(4)
    );
    assert_eq!(
        berlin.count_business_days(date("2026-04-03"), saturday),
        Ok(-4)
    );

    let early =
        Calendar::parse("daily 1:00-2:30,22:00-23:00", "Europe/Berlin").expect("a calendar");
    let skipped = early.add_business_days(at("2026-03-28T01:15:00Z"), 1, DayEnd::SameTime);
    assert_eq!(skipped, Ok(at("2026-03-29T01:00:00Z")));
    let repeated = early.add_business_days(at("2026-10-24T00:15:00Z"), 1, DayEnd::SameTime);
    assert_eq!(repeated, Ok(at("2026-10-25T00:15:00Z")));
}

/// A window is open exactly while the clock on the wall reads inside it, so its last close is the last moment in it: not the
/// second time that the clock shows the reading of the close, and not before the day where the clocks skip its hours.
#[test]
fn the_last_close_is_the_last_moment_inside_a_window() {
    let check = |hours: &str, zone: &str, from: &str, close: &str| {
        let plain = Calendar::parse(hours, zone).expect("a calendar");
        for calendar in [&plain, &plain.union(&plain).expect("a calendar")] {
            let found = calendar.add_business_days(at(from), 1, DayEnd::LastClose);
            assert_eq!(found, Ok(at(close)), "{calendar:?} from {from}");
        }
    };
    let all_day = "daily 00:00-24:00";
    check(
        all_day,
        "Atlantic/Azores",
        "2026-10-23T12:00:00Z",
        "2026-10-25T00:00:00Z",
    );
    check(
        all_day,
        "America/Havana",
        "2026-10-30T12:00:00Z",
        "2026-11-01T04:00:00Z",
    );
    // At one minute past midnight it was an hour before again: the clock showed the last hour of the day before twice.
    check(
        all_day,
        "America/St_Johns",
        "2010-11-05T12:00:00Z",
        "2010-11-07T03:30:00Z",
    );
    check(
        "daily 02:00-03:00",
        "Europe/Berlin",
        "2026-10-24T10:00:00Z",
        "2026-10-25T02:00:00Z",
    );
    check(
        "daily 01:00-02:30",
        "Europe/Berlin",
        "2026-03-28T11:00:00Z",
        "2026-03-29T01:00:00Z",
    );
    // On Samoa the whole Friday was left out.
    check(
        "Thu-Fri 09:00-17:00",
        "Pacific/Apia",
        "2011-12-28T12:00:00Z",
        "2011-12-30T03:00:00Z",
    );

    let skipped = Calendar::parse("Mon-Fri 09:00-17:00; Sun 02:00-03:00", "Europe/Berlin");
    let skipped = skipped.expect("a calendar");
    let from = at("2026-03-28T11:00:00Z");
    assert_eq!(
        skipped.add_business_days(from, 1, DayEnd::LastClose),
        Ok(at("2026-03-29T01:00:00Z")),
        "all the hours of that Sunday are skipped"
    );
}

/// The morning after is no business day of an overnight calendar, whatever follows; the edition at the begin of a date decides.
#[test]
fn business_days_of_a_succession_are_those_of_the_edition_in_force() {
    let nights = Calendar::parse("Mon-Fri 22:00-06:00", "Europe/Berlin").expect("a calendar");
    let strike = [(date("2026-03-12"), "Strike".to_owned())];
    let closed = nights.with_closed_days(strike).expect("a calendar");
    let both = nights
        .succeeded_by(&closed, at("2026-03-10T12:00:00Z"))
        .expect("a calendar");
    for day in date("2026-03-02").iter_days().take(28) {
        assert_eq!(
            both.is_business_day(day),
            closed.is_business_day(day),
            "{day}"
        );
        let noon = day.and_hms_opt(12, 0, 0).expect("noon").and_utc();
        let close = |calendar: &Calendar| calendar.add_business_days(noon, 0, DayEnd::LastClose);
        assert_eq!(close(&both), close(&closed), "{day}");
    }
    assert_eq!(
        both.is_business_day(date("2026-03-14")),
        Ok(false),
        "a Saturday"
    );
    assert_eq!(
        both.count_business_days(date("2026-03-01"), date("2026-03-15")),
        Ok(9)
    );
    let late = nights
        .succeeded_by(&closed, at("2026-03-12T12:00:00Z"))
        .expect("a calendar");
    assert_eq!(
        late.is_business_day(date("2026-03-12")),
        Ok(true),
        "it began as one"
    );
}

/// The days of a combination are those of its first part's zone, counted over the whole range as one counts them.
#[test]
fn business_days_of_combinations_are_counted() {
    let tokyo = Calendar::parse("Mon,Wed 9:00-17:00", "Asia/Tokyo").expect("a calendar");
    let both = tokyo
        .union(&Calendar::parse("Tue 20:00-24:00", "Pacific/Apia").expect("a calendar"))
        .expect("a calendar");
    let (first, last) = (date("1970-01-01"), date("2100-12-31"));
    let is_one = |date: &NaiveDate| both.is_business_day(*date) == Ok(true);
    let all: Vec<NaiveDate> = first
        .iter_days()
        .take_while(|date| *date <= last)
        .filter(is_one)
        .collect();
    let count = all.len() as i64;
    assert_eq!(
        both.count_business_days(first, last),
        Ok(count - i64::from(is_one(&first)))
    );
    for (number, expected) in (1..).zip(&all).step_by(97) {
        assert_eq!(both.business_day(all[0], number - 1), Ok(*expected));
    }
    assert_eq!(both.business_day(last, 1), Err(CalendarError::BeyondRange));
    assert_eq!(
        both.business_day(all[0], -1),
        Err(CalendarError::BeyondRange)
    );
    let mondays = tokyo.difference(&Calendar::always()).expect("a calendar");
    assert_eq!(mondays.business_day(first, 1), Err(CalendarError::Never));
    assert_eq!(mondays.count_business_days(first, last), Ok(0));
}

#[test]
fn business_days_as_time_are_never_nothing() {
    let office = Calendar::parse("Mon-Fri 9:00-17:00; Sat 20:00-21:00", "UTC").expect("a calendar");
    let friday_evening = at("2026-03-06T18:00:00Z");
    assert_eq!(
        office.add_business_days(friday_evening, 1, DayEnd::SameTime),
        Ok(at("2026-03-07T18:00:00Z"))
    );
    let time = office.business_days_as_time(friday_evening, 1, DayEnd::SameTime);
    assert_eq!(
        time,
        Ok(TimeDelta::hours(9)),
        "Saturday at 18:00 is before its hours: Monday at 18:00 is meant"
    );
    assert_eq!(
        office.business_days_as_time(friday_evening, 0, DayEnd::SameTime),
        Ok(TimeDelta::zero())
    );
}

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

/// Open in every other minute: weeks with 5,040 open spans, and more kinds of weeks than short places can number.
#[test]
fn any_number_of_windows_is_exact() {
    let minutes = (0..1_440).step_by(2);
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let windows: Vec<String> = minutes
        .map(|from| format!("{}-{}", clock(from), clock(from + 1)))
        .collect();
    let mut builder = Calendar::builder("UTC")
        .and_then(|builder| builder.hours(&format!("daily {}", windows.join(","))))
        .expect("a calendar");
    let first = date("2026-01-01");
    let is_closed = |day: i64| (day * day / 13) % 6 == 0;
    for day in (0..360).filter(|&day| is_closed(day)) {
        builder = builder.closed(first + TimeDelta::days(day), "closed");
    }
    let dense = builder.build().expect("a calendar");
    let start = at("2026-01-01T00:00:00Z");
    let open_before = |us: i64| -> i64 {
        let (minute, day) = (60_000_000, 86_400_000_000);
        let whole = (0..us / day).filter(|&day| !is_closed(day)).count() as i64 * day / 2;
        let within = if is_closed(us / day) { 0 } else { us % day };
        whole + within / (2 * minute) * minute + (within % (2 * minute)).min(minute)
    };
    let us = |us: i64| start + TimeDelta::microseconds(us);
    for step in 0..4_000i64 {
        let asked = step * 7_687_654_321 + 17; // a little more than two hours apart
        let open = open_before(asked);
        assert_eq!(
            dense.elapsed(start, us(asked)),
            Ok(TimeDelta::microseconds(open)),
            "{}",
            us(asked)
        );
        let due = dense
            .add(start, TimeDelta::microseconds(open))
            .expect("it opens again");
        assert!(
            due <= us(asked) && open_before((due - start).num_microseconds().unwrap_or(0)) == open,
            "{due}"
        );
        assert_eq!(
            dense.is_open(us(asked)),
            Ok(open_before(asked + 1) > open),
            "{}",
            us(asked)
        );
        let close = dense.next_close(us(asked)).expect("it closes again");
        assert_eq!((close - start).num_seconds() % 120, 60, "{close}");
    }
}

#[test]
fn calendars_are_small_shared_values() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + PartialEq>() {}
    check::<Calendar>();
    assert_eq!(size_of::<Calendar>(), size_of::<usize>());
    assert_eq!(
        format!("{:?}", office()),
        "Calendar(Mon-Fri 09:00-17:00 UTC)"
    );
    assert_eq!(office(), office());
    assert_ne!(
        office(),
        Calendar::parse("Mon-Fri 09:00-17:00", "Europe/London").expect("a calendar")
    );
    assert!(office().compiled_bytes() < 60_000);
    // Dates on which the same hours hold share them, and so do weeks: half minutes on each of 47,847 dates, apart from some.
    let minutes = |seconds: &str| {
        let minute = |n: usize| {
            format!(
                "{:02}:{:02}:00-{:02}:{:02}:{seconds}",
                n / 60,
                n % 60,
                n / 60,
                n % 60
            )
        };
        (0..1_440).map(minute).collect::<Vec<_>>().join(",")
    };
    let crowded = [
        ("1970-01-01..2100-12-31", minutes("30")),
        ("2026-03-03", "closed 12:00-24:00".to_owned()),
        ("2028-02-29", minutes("20")),
        (
            "2026-03-04..2026-03-20",
            format!("closed {}", minutes("40")),
        ),
    ];
    for overnight in [Overnight::WithStartDate, Overnight::CutAtMidnight] {
        let mut builder =
            Calendar::builder("Europe/Berlin").and_then(|b| b.hours("Mon 22:00-06:00"));
        for (when, hours) in &crowded {
            let (when, hours): (When, DayHours) =
                (when.parse().expect("dates"), hours.parse().expect("hours"));
            builder = builder.map(|b| b.exception(Exception::new(when, hours, "why")));
        }
        let calendar = builder
            .and_then(|b| b.overnight(overnight).build())
            .expect("a calendar");
        let bytes = calendar.compiled_bytes();
        assert!(bytes < 8_000_000, "{bytes}");
        let open_hours = |day: &str| {
            let (from, to) = calendar.zone().bounds_of(date(day));
            calendar.elapsed(from, to).expect("in range").num_minutes()
        };
        let days = [
            "2026-03-01",
            "2026-03-02",
            "2026-03-03",
            "2026-03-04",
            "2028-02-29",
        ];
        assert_eq!(days.map(open_hours), [720, 720, 360, 0, 480]);
    }
    let different = (0..3_000).map(|n| {
        let day = date("2020-01-01") + TimeDelta::days(n);
        let hours = format!(
            "closed {:02}:00:00-{:02}:00:{:02}",
            n / 50 % 24,
            n / 50 % 24,
            n % 50 + 1
        );
        Exception::new(day, hours.parse().expect("hours"), "why")
    });
    let crowd = crowded[0].1.parse().expect("hours");
    let all = Exception::new(crowded[0].0.parse::<When>().expect("dates"), crowd, "all");
    let below = Calendar::builder("UTC")
        .and_then(|b| b.hours("Mon 09:00-17:00"))
        .expect("hours");
    let above = below.exception(all).layer("above");
    refused(
        different
            .fold(above, |builder, day| builder.exception(day))
            .build(),
        None,
        "windows to work out on dates with exceptions: at most `4000000` are allowed",
    );
    assert_eq!(
        Window::new(0, 86_400).map(|window| window.to_string()),
        Ok(String::from("00:00-24:00"))
    );
    assert_eq!(
        office().week().map(|week| week.on(Weekday::Sun).len()),
        Some(0)
    );
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
