//! Holiday feeds: what is read, what is refused, and that nothing hostile makes it hang or panic.

#![allow(clippy::print_stderr)]

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use helpdesk::calendar::ical::{Feed, InvalidFeed};
use helpdesk::calendar::{Calendar, DayHours, Exception, Layer, When};
use helpdesk::testing::calendar::exceptions;
use proptest::prelude::*;

fn read(event: &str) -> Result<Vec<String>, InvalidFeed> {
    let text =
        format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    let feed = Feed::read(text.as_bytes())?;
    let day = |day: &helpdesk::calendar::ical::Holiday| match day.first == day.last {
        true => format!("{} {}", day.first, day.name),
        false => format!("{}..{} {}", day.first, day.last, day.name),
    };
    Ok(feed.holidays().iter().map(day).collect())
}

#[track_caller]
fn check(event: &str, expected: &[&str]) {
    assert_eq!(
        read(event).unwrap_or_else(|error| panic!("{error}")),
        expected,
        "{event}"
    );
}

#[track_caller]
fn refused(event: &str, message: &str) {
    let error = read(event).expect_err(event).to_string();
    assert!(error.contains(message), "{error}");
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn stamp() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().expect("an instant")
}

#[test]
fn an_event_ends_before_its_end_and_lasts_its_duration() {
    check("DTSTART;VALUE=DATE:20261225\nSUMMARY:A", &["2026-12-25 A"]);
    check(
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:A",
        &["2026-12-25..2026-12-26 A"],
    );
    check(
        "DTSTART:20261225\nDURATION:P3D\nSUMMARY:A",
        &["2026-12-25..2026-12-27 A"],
    );
    check(
        "SUMMARY:A\nDURATION:P1W\nDTSTART:20261225",
        &["2026-12-25..2026-12-31 A"],
    );
    check(
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\nSUMMARY:A",
        &["2026-12-25 A"],
    );
}

#[test]
fn names_are_unfolded_and_unescaped() {
    check(
        "DTSTART:20260101\r\nSUMMARY:New Year\\, the\r\n  first\\; day\\\\ \\n元\r\n\t日",
        &["2026-01-01 New Year, the first; day\\ \n元日"],
    );
    check(
        "DTSTART;X-NOTE=\"a:b;c\":20260101\nSUMMARY;LANGUAGE=en:A",
        &["2026-01-01 A"],
    );
}

#[test]
fn a_recurrence_is_yearly() {
    check(
        "DTSTART:20240229\nRRULE:FREQ=YEARLY;UNTIL=20330101",
        &["2024-02-29 ", "2028-02-29 ", "2032-02-29 "],
    );
    check(
        "DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
        &["2026-11-26 ", "2027-11-25 "],
    );
    check(
        "DTSTART:20260525\nRRULE:FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5;COUNT=2",
        &["2026-05-25 ", "2027-05-31 "],
    );
    check(
        "DTSTART:20260101\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2",
        &["2026-01-01 ", "2028-01-01 "],
    );
    check(
        "DTSTART:20260131\nRRULE:FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=-1;COUNT=2",
        &["2026-01-31 ", "2026-02-28 "],
    );
    check(
        "DTSTART:20260101\nRDATE;VALUE=DATE:20260302,20260303\nEXDATE:20260101",
        &["2026-03-02 ", "2026-03-03 "],
    );
    let all = read("DTSTART:20000101\nRRULE:FREQ=YEARLY\nSUMMARY:A").expect("a feed");
    assert_eq!(
        (all.len(), all.last().map(String::as_str)),
        (101 + 1, Some("2101-01-01 A"))
    );
}

#[test]
fn what_is_no_all_day_event_is_counted() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n\
                BEGIN:VEVENT\nDTSTART:20260101T090000Z\nDURATION:PT1H\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20260101\nSTATUS:CANCELLED\nBEGIN:VALARM\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20260102\nEND:VEVENT\nEND:VCALENDAR";
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    assert_eq!((feed.holidays().len(), feed.skipped()), (1, 2));
}

#[test]
fn what_is_not_understood_is_refused_by_line() {
    refused("SUMMARY:A", "no `DTSTART`");
    refused(
        "DTSTART:20260230",
        "line 3 of the feed: `20260230` is not a date",
    );
    refused("DTSTART:2026\u{e9}30", "is not a date");
    refused("DTSTART:20260101\nDTEND:20251231", "ends before it begins");
    refused(
        "DTSTART:20260101\nRRULE:FREQ=DAILY",
        "`FREQ=DAILY` is not a recurrence that is understood",
    );
    refused(
        "DTSTART:20260101\nRRULE:FREQ=YEARLY;BYEASTER=0",
        "not a recurrence",
    );
    refused(
        "DTSTART:20260101\nDURATION:P1Y",
        "`P1Y` is not a whole number of days",
    );
    refused("no colon", "`no colon` is not a line");
    refused("END:VTODO", "ends what has not begun");
    let error = |bytes: &[u8]| Feed::read(bytes).expect_err("no feed").to_string();
    assert!(error(b"hello: world").contains("does not begin with `BEGIN:VCALENDAR`"));
    assert!(error(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n").contains("ends within `VEVENT`"));
    assert!(
        error(b"BEGIN:VCALENDAR\nSUMMARY:\xff\n").contains("line 2 of the feed: it is not UTF-8")
    );
}

#[test]
fn bombs_are_errors_and_quick() {
    let begin = Instant::now();
    refused(
        "DTSTART:20260101\nDURATION:P99999999999D",
        "too many or too long days",
    );
    refused(
        "DTSTART:20260101\nDURATION:P18446744073709551615W",
        "is not a whole number of days",
    );
    refused(
        &format!("DTSTART:20260101\nSUMMARY:{}", "a\r\n ".repeat(100_000)),
        "characters in a line",
    );
    let recurring = "BEGIN:VEVENT\nDTSTART:00010101\nRRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO\n\
                     DURATION:P400D\nEND:VEVENT\n";
    let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR", recurring.repeat(1_000));
    assert!(Feed::read(text.as_bytes()).is_err());
    assert!(Feed::read(&b"BEGIN:VCALENDAR\n".repeat(100)).is_err());
    let many = format!(
        "BEGIN:VCALENDAR\n{}END:VCALENDAR",
        "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n".repeat(60_000)
    );
    assert!(Feed::read(many.as_bytes()).is_err());
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_difference_can_be_reviewed() {
    let closed = |when: When, name| Exception::new(when, DayHours::Closed, name);
    let layer = Layer::new("national")
        .and(closed(When::yearly(12, 25).expect("a day"), "Christmas"))
        .and(closed(When::on(date("2026-05-01")), "May Day"))
        .and(closed(When::on(date("2031-05-01")), "beyond the feed"));
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nSUMMARY:Christmas Day\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20260101\nSUMMARY:New Year\nEND:VEVENT\nEND:VCALENDAR";
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    let difference = feed.compare(&layer);
    let expected =
        "+ 2026-01-01 New Year\n- 2026-05-01 May Day\n~ 2026-12-25 Christmas -> Christmas Day\n";
    assert_eq!(difference.to_string(), expected);
    assert!(feed.compare(&feed.layer("national")).is_empty());
}

#[test]
fn closed_days_are_written_and_read_again() {
    let long = "Tag der Deutschen Einheit, ein Feiertag; mit einem sehr langen Namen – und Umlauten: äöüß 元日";
    let calendar = Calendar::builder("Europe/Berlin")
        .and_then(|builder| builder.hours("daily 9:00-17:00"))
        .expect("a calendar")
        .closed(date("2026-10-03"), long)
        .closed(
            When::yearly_between((12, 24), (1, 2)).expect("days"),
            "Holidays",
        )
        .closed(When::yearly(2, 29).expect("a day"), "Leap day")
        .build()
        .expect("a calendar");
    let text = calendar.to_ical(stamp());
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    let again = Calendar::builder("Europe/Berlin")
        .and_then(|builder| builder.hours("daily 9:00-17:00"))
        .and_then(|builder| builder.with_layer(feed.layer("read")).build())
        .expect("a calendar");
    let days = calendar.count_business_days(date("1970-01-01"), date("2100-12-31"));
    assert_eq!(
        again.count_business_days(date("1970-01-01"), date("2100-12-31")),
        days
    );
    assert!(feed.holidays().iter().any(|day| day.name == long));
}

/// Found by the law below: such a range is a day longer in leap years, so no single recurrence says it.
#[test]
fn a_range_over_the_end_of_february_is_spelled_out() {
    let calendar = Calendar::builder("UTC")
        .and_then(|builder| builder.hours("daily 9:00-17:00"))
        .expect("a calendar")
        .closed(
            When::yearly_between((10, 1), (3, 3)).expect("days"),
            "Winter",
        )
        .build()
        .expect("a calendar");
    let text = calendar.to_ical(stamp());
    assert!(!text.contains("RRULE"), "{text}");
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    let ends: Vec<NaiveDate> = feed.holidays().iter().map(|day| day.last).collect();
    assert_eq!(ends[..2], [date("1970-03-03"), date("1971-03-03")]);
}

/// Real feeds list the same days as their tables.
#[test]
fn real_feeds_agree_with_their_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/holidays");
    if !folder.is_dir() {
        eprintln!("skipped: `../shared/data/holidays` is absent");
        return;
    }
    for country in ["BR", "DE", "DE-BY", "IN", "JP", "US", "US-MA"] {
        let ics = std::fs::read(folder.join(format!("{country}.ics"))).expect("a feed");
        let feed = Feed::read(&ics).unwrap_or_else(|error| panic!("{country}: {error}"));
        let mut table =
            csv::Reader::from_path(folder.join(format!("{country}.csv"))).expect("a table");
        let rows: Vec<(NaiveDate, String)> = table
            .records()
            .map(|row| row.expect("a row"))
            .map(|row| (date(&row[0]), row[2].to_owned()))
            .collect();
        let listed: std::collections::BTreeSet<NaiveDate> =
            feed.holidays().iter().map(|day| day.first).collect();
        assert_eq!(listed, rows.iter().map(|row| row.0).collect(), "{country}");
        assert_eq!(feed.skipped(), 0, "{country}");
        for day in feed.holidays() {
            let named = rows
                .iter()
                .any(|(date, names)| *date == day.first && names.contains(&day.name));
            assert!(named, "{country}: {} {}", day.first, day.name);
        }
    }
}

proptest! {
    /// Closed days of any kind come back as the same dates.
    #[test]
    fn closed_days_survive(days in prop::collection::vec(exceptions(), 0..6), ask in helpdesk::testing::calendar::dates()) {
        let office = |layer| {
            let builder = Calendar::builder("UTC").and_then(|builder| builder.hours("daily 0:00-24:00"));
            builder.and_then(|builder| builder.with_layer(layer).build())
        };
        let closed = days.into_iter().filter(|day| *day.hours() == DayHours::Closed).fold(Layer::default(), Layer::and);
        if let Ok(calendar) = office(closed) {
            let feed = Feed::read(calendar.to_ical(stamp()).as_bytes()).expect("what we write can be read");
            let again = office(feed.layer("")).expect("a calendar");
            let end = date("2100-12-31");
            prop_assert_eq!(again.is_business_day(ask), calendar.is_business_day(ask));
            prop_assert_eq!(again.count_business_days(date("1970-01-01"), end), calendar.count_business_days(date("1970-01-01"), end));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Feed::read(&bytes);
    }

    #[test]
    fn no_lines_make_it_panic(lines in prop::collection::vec(
        prop_oneof![
            Just(String::from("BEGIN:VEVENT")), Just(String::from("END:VEVENT")), Just(String::from("RRULE:FREQ=YEARLY")),
            "(DTSTART|DTEND|RDATE|EXDATE|DURATION)(;VALUE=DATE)?:[P0-9TDWHZ,-]{0,12}",
            "RRULE:FREQ=YEARLY(;(COUNT|INTERVAL|UNTIL|BYMONTH|BYMONTHDAY|BYDAY)=[-+0-9MOTHSU,]{0,9}){0,3}",
            "SUMMARY:\\PC{0,20}", "[ \t]\\PC{0,20}", "\\PC{0,20}",
        ], 0..30,
    )) {
        let _ = Feed::read(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR", lines.join("\n")).as_bytes());
    }
}
