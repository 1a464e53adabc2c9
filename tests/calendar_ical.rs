//! Holiday feeds: what is read, what is refused, and that nothing hostile makes it hang or panic.

#![allow(clippy::print_stderr)]

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use helpdesk::calendar::ical::{Difference, Feed, InvalidFeed};
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

#[track_caller]
fn compare(feed: &Feed, layer: &Layer) -> Difference {
    feed.compare(layer).expect("names that can be written out")
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

/// The format folds after so many bytes, and many writers do not look where a character ends.
#[test]
fn a_fold_may_cut_a_character_in_two() {
    let feed = |summary: &[u8]| {
        let begin: &[u8] = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261225\r\nSUMMARY:";
        let end: &[u8] = b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        Feed::read(&[begin, summary, end].concat())
    };
    let name = "Fête des mères, 元日".as_bytes();
    for cut in 0..=name.len() {
        let (first, rest) = name.split_at(cut);
        for fold in [&b"\r\n "[..], b"\n\t", b"\r\n \r\n "] {
            let feed = feed(&[first, fold, rest].concat()).expect("a feed");
            assert_eq!(feed.holidays()[0].name.as_bytes(), name, "{cut}");
        }
    }
    let error = feed(b"a\r\n b\r\n c\xff").expect_err("no text");
    assert_eq!(error.line(), 4, "{error}");
    let bom = b"\xef\xbb\xbfBEGIN:VCALENDAR\nEND:VCALENDAR";
    assert_eq!(Feed::read(bom), Ok(Feed::default()));
}

#[test]
fn a_duration_in_hours_is_no_number_of_days_wherever_it_stands() {
    let (start, hours) = ("DTSTART;VALUE=DATE:20261225", "DURATION:PT36H");
    for event in [format!("{start}\n{hours}"), format!("{hours}\n{start}")] {
        refused(&event, "`PT36H` is not a whole number of days");
        let cancelled = format!("{event}\nSTATUS:CANCELLED");
        check(&cancelled, &[]);
    }
    check(
        "DURATION:PT48H\nDTSTART:20261225\nSUMMARY:A",
        &["2026-12-25..2026-12-26 A"],
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

/// The examples of RFC 5545, section 3.8.5.3, that are about days.
#[test]
fn the_examples_of_the_format_recur_as_it_says() {
    for (start, rule, expected) in [
        ("19970902", "FREQ=DAILY;COUNT=3", "1997-09-02 09-03 09-04"),
        (
            "19970902",
            "FREQ=DAILY;INTERVAL=10;COUNT=4",
            "1997-09-02 09-12 09-22 10-02",
        ),
        (
            "19970902",
            "FREQ=WEEKLY;UNTIL=19970916",
            "1997-09-02 09-09 09-16",
        ),
        (
            "19970902",
            "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH",
            "1997-09-02 09-04 09-09 09-11",
        ),
        (
            "19970901",
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19970920T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997-09-01 09-03 09-05 09-15 09-17 09-19",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-08-05 08-10 08-19 08-24",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-08-05 08-17 08-19 08-31",
        ),
        (
            "19970905",
            "FREQ=MONTHLY;COUNT=4;BYDAY=1FR",
            "1997-09-05 10-03 11-07 12-05",
        ),
        (
            "19970907",
            "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU",
            "1997-09-07 09-28 11-02 11-30",
        ),
        (
            "19970922",
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "1997-09-22 10-20 11-17 12-22 1998-01-19 02-16",
        ),
        (
            "19970928",
            "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6",
            "1997-09-28 10-29 11-28 12-29 1998-01-29 02-26",
        ),
        (
            "19970910",
            "FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11",
            "1997-09-10 09-11 1999-03-10 03-11",
        ),
        (
            "19970610",
            "FREQ=YEARLY;COUNT=4;BYMONTH=6,7",
            "1997-06-10 07-10 1998-06-10 07-10",
        ),
        (
            "19970101",
            "FREQ=YEARLY;INTERVAL=3;COUNT=6;BYYEARDAY=1,100,200",
            "1997-01-01 04-10 07-19 2000-01-01 04-09 07-18",
        ),
        (
            "19970519",
            "FREQ=YEARLY;BYDAY=20MO;COUNT=3",
            "1997-05-19 1998-05-18 1999-05-17",
        ),
        (
            "19970512",
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
            "1997-05-12 1998-05-11 1999-05-17",
        ),
        (
            "19980213",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5",
            "1998-02-13 03-13 11-13 1999-08-13 2000-10-13",
        ),
        (
            "19961105",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
            "1996-11-05 2000-11-07 2004-11-02",
        ),
        (
            "19970904",
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
            "1997-09-04 10-07 11-06",
        ),
        (
            "19970929",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4",
            "1997-09-29 10-30 11-27 12-30",
        ),
        (
            "20070115",
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
            "2007-01-15 01-30 02-15 03-15 03-30",
        ),
    ] {
        let dates = read(&format!("DTSTART:{start}\nRRULE:{rule}")).expect(rule);
        let mut year = String::new();
        let expected: Vec<String> = expected
            .split(' ')
            .map(|date| match date.len() {
                10 => {
                    year = date[..5].to_owned();
                    format!("{date} ")
                }
                _ => format!("{year}{date} "),
            })
            .collect();
        assert_eq!(dates, expected, "{rule}");
    }
}

#[test]
fn a_recurrence_takes_from_its_start_what_it_leaves_open() {
    check(
        "DTSTART:20260107\nRRULE:FREQ=YEARLY;BYWEEKNO=2;COUNT=3", // a Wednesday
        &["2026-01-07 ", "2027-01-13 ", "2028-01-12 "],
    );
    check(
        "DTSTART:20260131\nRRULE:FREQ=MONTHLY;COUNT=3", // months without a 31st are left out
        &["2026-01-31 ", "2026-03-31 ", "2026-05-31 "],
    );
    check(
        "DTSTART:20251231\nRRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=WE;COUNT=2", // in the first week of the year after
        &["2025-12-31 ", "2027-01-06 "],
    );
    check(
        "DTSTART:20010102\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=TU;WKST=TH;COUNT=2", // in the last week of the year before
        &["2001-01-02 ", "2007-01-02 "],
    );
    // The positions are those of the whole week, also where it begins before the start.
    check(
        "DTSTART:20260304\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=2",
        &["2026-03-04 ", "2026-03-11 "],
    );
    check(
        "DTSTART:20260303\nRRULE:FREQ=MONTHLY;BYDAY=1FR;COUNT=3", // the start is the first of the three all the same
        &["2026-03-03 ", "2026-03-06 ", "2026-04-03 "],
    );
    check(
        "DTSTART:20260301\nRRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=2", // beside a date they are ignored
        &["2026-03-01 ", "2026-03-02 "],
    );
}

/// Random rules of all kinds mean the dates that another library finds.
#[test]
fn recurrences_agree_with_another_library() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/recurrences.json");
    let text = std::fs::read_to_string(path).expect("the cases");
    let file: serde_json::Value = serde_json::from_str(&text).expect("cases");
    let cases = file["cases"].as_array().expect("a list");
    for case in cases {
        let (start, rule) = (
            case["start"].as_str().expect("a date"),
            case["rule"].as_str().expect("a rule"),
        );
        let found = read(&format!("DTSTART:{start}\nRRULE:{rule}"))
            .unwrap_or_else(|error| panic!("{error}"));
        let expected: Vec<String> = case["dates"]
            .as_array()
            .expect("dates")
            .iter()
            .map(|date| format!("{} ", date.as_str().expect("a date")))
            .collect();
        let found = match case["more"].as_bool() {
            Some(true) => {
                assert!(found.len() > expected.len(), "{start} {rule}: {found:?}");
                &found[..expected.len()]
            }
            _ => &found[..],
        };
        assert_eq!(found, expected, "{start} {rule}");
    }
    assert!(cases.len() >= 700, "only {} cases", cases.len());
}

#[test]
fn a_rule_that_is_no_rule_of_days_is_refused_by_its_part() {
    let rule = |rule: &str, message| refused(&format!("DTSTART:20260101\nRRULE:{rule}"), message);
    rule(
        "FREQ=HOURLY;INTERVAL=3",
        "`FREQ=HOURLY` is not a recurrence of days: write `FREQ=DAILY`",
    );
    rule("BYMONTH=1", "`BYMONTH=1` is not a recurrence of days");
    rule(
        "FREQ=YEARLY;BYEASTER=0",
        "`BYEASTER=0` is not a part of a recurrence that is understood",
    );
    rule("FREQ=YEARLY;INTERVAL=0", "`INTERVAL=0` is not a part");
    rule("FREQ=YEARLY;COUNT=0", "`COUNT=0` is not a part");
    rule("FREQ=YEARLY;BYMONTH=13", "`BYMONTH=13` is not a part");
    rule("FREQ=YEARLY;BYMONTH=-1", "`BYMONTH=-1` is not a part");
    rule("FREQ=YEARLY;BYYEARDAY=367", "`BYYEARDAY=367` is not a part");
    rule("FREQ=MONTHLY;BYDAY=0MO", "`BYDAY=0MO` is not a part");
    rule("FREQ=MONTHLY;BYDAY=MX", "`BYDAY=MX` is not a part");
    rule("FREQ=MONTHLY;BYDAY=\u{e9}", "is not a part");
    rule(
        "FREQ=MONTHLY;BYWEEKNO=1",
        "`BYWEEKNO` is allowed only beside `FREQ=YEARLY`",
    );
    rule(
        "FREQ=DAILY;BYYEARDAY=1",
        "`BYYEARDAY` is allowed only beside `FREQ=YEARLY`",
    );
    rule(
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "`BYMONTHDAY` is allowed only beside `FREQ=DAILY`",
    );
    rule(
        "FREQ=WEEKLY;BYDAY=1MO",
        "`BYDAY` with a number is allowed only beside `FREQ=MONTHLY`",
    );
    rule(
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "`BYDAY` with a number is allowed only beside a rule without `BYWEEKNO`",
    );
    rule(
        "FREQ=YEARLY;BYSETPOS=1",
        "`BYSETPOS` is allowed only beside another part",
    );
    refused(
        "DTSTART:20260101\nEXRULE:FREQ=YEARLY",
        "`EXRULE` is no part of the format any more",
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
    let listed = |values: std::ops::RangeInclusive<i32>| {
        let each: Vec<String> = values.filter(|n| *n != 0).map(|n| n.to_string()).collect();
        each.join(",")
    };
    for rule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=-2".to_owned(),
        format!(
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYWEEKNO={};BYSETPOS={}",
            listed(-53..=53),
            listed(-366..=366)
        ),
    ] {
        let event = format!("BEGIN:VEVENT\nDTSTART:00010101\nRRULE:{rule}\nEND:VEVENT\n");
        let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR", event.repeat(1_000));
        let begin = Instant::now();
        let error = Feed::read(text.as_bytes())
            .expect_err("too much")
            .to_string();
        assert!(
            error.contains("too many or too long recurrences"),
            "{error}"
        );
        assert!(
            begin.elapsed() < Duration::from_secs(15),
            "{rule}: {:?}",
            begin.elapsed()
        );
    }
    assert!(Feed::read(&b"BEGIN:VCALENDAR\n".repeat(100)).is_err());
    let many = format!(
        "BEGIN:VCALENDAR\n{}END:VCALENDAR",
        "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n".repeat(60_000)
    );
    assert!(Feed::read(many.as_bytes()).is_err());

    let name = "a".repeat(65_000);
    let days = |range: std::ops::Range<u32>| {
        let dates = range.map(|n| format!("2026{:02}{:02}", n / 28 % 12 + 1, n % 28 + 1));
        dates.collect::<Vec<_>>().join(",")
    };
    for event in [
        format!("DTSTART:19700101\nRRULE:FREQ=DAILY\nSUMMARY:{name}"),
        format!("DTSTART:20260101\nDURATION:P400D\nRRULE:FREQ=DAILY;COUNT=10\nSUMMARY:{name}"),
        format!(
            "DTSTART:19700101\nRRULE:FREQ=DAILY;BYMONTH=1\nRDATE:{}\nSUMMARY:{name}",
            days(0..336)
        ),
    ] {
        refused(&event, "too many or too long names");
    }
    let events = |of: &dyn Fn(u32) -> String| {
        let events = (0..20_000).map(|n| format!("BEGIN:VEVENT\n{}\nEND:VEVENT\n", of(n)));
        format!(
            "BEGIN:VCALENDAR\n{}END:VCALENDAR",
            events.collect::<String>()
        )
    };
    let long = events(&|n| format!("DTSTART:20200101\nDURATION:P400D\nSUMMARY:{n}"));
    let error = Feed::read(long.as_bytes())
        .expect_err("too much")
        .to_string();
    assert!(error.contains("too many or too long names"), "{error}");
    let daily = events(&|_| "DTSTART:19700101\nRRULE:FREQ=DAILY".to_owned());
    let error = Feed::read(daily.as_bytes())
        .expect_err("too much")
        .to_string();
    assert!(error.contains("too many or too long holidays"), "{error}");
    let excluded = vec!["20260202"; 400_000]
        .join(",EXDATE")
        .replace(",EXDATE", "\nEXDATE:");
    let excluded = format!("DTSTART:00010101\nRRULE:FREQ=DAILY\nEXDATE:{excluded}");
    refused(&excluded, "too many or too long holidays");

    let closed = When::between(date("1970-01-01"), date("2100-12-31")).expect("dates");
    let layer = Layer::new("all").and(Exception::new(closed, DayHours::Closed, name));
    let error = Feed::read(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:19700101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR")
        .expect("a feed")
        .compare(&layer)
        .expect_err("too much")
        .to_string();
    assert!(error.contains("bytes of names on its dates"), "{error}");
    assert!(
        begin.elapsed() < Duration::from_secs(40),
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
    let difference = compare(&feed, &layer);
    let expected =
        "+ 2026-01-01 New Year\n- 2026-05-01 May Day\n~ 2026-12-25 Christmas -> Christmas Day\n";
    assert_eq!(difference.to_string(), expected);
    assert!(compare(&feed, &feed.layer("national")).is_empty());
    // Any one of the three is a difference.
    assert!(!compare(&feed, &Layer::new("nothing")).is_empty());
    let more = feed
        .layer("national")
        .and(closed(When::on(date("2026-05-01")), "May Day"));
    assert!(!compare(&feed, &more).is_empty());
}

/// A feed whose last stretch runs over New Year says nothing yet of the year in which that ends, except the days that it lists.
#[test]
fn a_stretch_over_new_year_does_not_cover_the_year_after() {
    let on = |day: &str, name| Exception::new(When::on(date(day)), DayHours::Closed, name);
    let layer = Layer::new("national")
        .and(on("2026-05-01", "May Day"))
        .and(on("2027-01-02", "Rest"))
        .and(on("2027-05-01", "May Day"));
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260501\nSUMMARY:May Day\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20261231\nDTEND:20270103\nSUMMARY:New Year\nEND:VEVENT\nEND:VCALENDAR";
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    assert_eq!(
        compare(&feed, &layer).to_string(),
        "+ 2026-12-31 New Year\n+ 2027-01-01 New Year\n~ 2027-01-02 Rest -> New Year\n"
    );
}

/// Those that recur go on behind the end of a feed, and began before it.
#[test]
fn at_the_ends_of_the_range_nothing_is_missing() {
    let yearly = |first, last| When::yearly_between(first, last).expect("days");
    for when in [
        yearly((12, 25), (12, 25)),
        yearly((1, 1), (1, 1)),
        yearly((12, 24), (1, 2)),
        yearly((10, 1), (3, 3)),
    ] {
        let layer = Layer::default().and(Exception::new(when, DayHours::Closed, "A"));
        let feed = Feed::read(written(&layer).as_bytes()).expect("a feed");
        assert_eq!(compare(&feed, &layer).to_string(), "", "{when}");
    }
    // Christmas and New Year in one feed, of which only the second is spelled out to a date in 2101.
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20251225\nRRULE:FREQ=YEARLY\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20250101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR";
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    let layer = [(12, 25), (1, 1)].map(|(month, day)| When::yearly(month, day).expect("a day"));
    let layer = layer.into_iter().fold(Layer::default(), |layer, when| {
        layer.and(Exception::new(when, DayHours::Closed, ""))
    });
    assert_eq!(compare(&feed, &layer).to_string(), "");
    let only = |year: i32| {
        let text =
            format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{year}0101\nEND:VEVENT\nEND:VCALENDAR");
        Feed::read(text.as_bytes()).expect("a feed")
    };
    assert!(compare(&only(2150), &layer).is_empty() && compare(&only(1950), &layer).is_empty());
    assert!(!compare(&only(2099), &layer).is_empty());
}

/// A stretch of 516 days, which is longer than the reader takes in one.
#[test]
fn a_long_stretch_is_written_as_several_events() {
    let when = When::between(date("2026-01-01"), date("2027-06-30")).expect("days");
    let layer = Layer::default().and(Exception::new(when, DayHours::Closed, "Works"));
    let feed = Feed::read(written(&layer).as_bytes()).expect("what we write can be read");
    let stretches = feed.holidays().iter();
    let stretches: Vec<_> = stretches.map(|day| (day.first, day.last)).collect();
    let (end, next) = (date("2027-02-04"), date("2027-02-05"));
    assert_eq!(
        stretches,
        [(date("2026-01-01"), end), (next, date("2027-06-30"))]
    );
    // What no calendar answers for, and what the format cannot write, is left out.
    let ever = When::between(NaiveDate::MIN, NaiveDate::MAX).expect("days");
    let layer = Layer::default().and(Exception::new(ever, DayHours::Closed, "Ever"));
    let feed = write_days(&layer);
    assert_eq!(
        (feed.first(), feed.last(), feed.len()),
        (
            Some(&date("1969-01-01")),
            Some(&date("2101-12-31")),
            133 * 365 + 32
        )
    );
}

/// A layer as a feed, of a calendar that is open on one day whatever the layer says.
fn written(layer: &Layer) -> String {
    let open = "2000-01-01".parse::<When>().expect("a date");
    let builder = Calendar::builder("UTC").and_then(|builder| {
        let builder = builder.hours("daily 0:00-24:00")?.with_layer(layer.clone());
        builder.layer("").special(open, "0:00-24:00", "")
    });
    let calendar = builder.and_then(|builder| builder.build());
    calendar.expect("a calendar").to_ical(stamp())
}

/// The days of a layer, once it was written and read again.
fn write_days(layer: &Layer) -> std::collections::BTreeSet<NaiveDate> {
    let feed = Feed::read(written(layer).as_bytes()).expect("what we write can be read");
    let days = feed.holidays().iter();
    days.flat_map(|day| day.first.iter_days().take_while(|date| *date <= day.last))
        .collect()
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

    /// Stretches of any length, and of any dates, are the same days again, and a feed lacks nothing of the layer that it is of.
    #[test]
    fn long_stretches_survive(days in prop::collection::vec((-1_000i64..50_000, 0i64..1_300), 1..3), more in exceptions()) {
        let epoch = date("1970-01-01");
        let stretches: Vec<_> = days.into_iter().map(|(first, length)| {
            let first = epoch + chrono::TimeDelta::days(first);
            (first, first + chrono::TimeDelta::days(length))
        }).collect();
        let layer = stretches.iter().fold(Layer::default(), |layer, (first, last)| {
            layer.and(Exception::new(When::between(*first, *last).expect("days"), DayHours::Closed, "A"))
        });
        let range = date("1969-01-01")..=date("2101-12-31");
        let expected = stretches.iter().flat_map(|(first, last)| first.iter_days().take_while(move |day| day <= last));
        prop_assert_eq!(write_days(&layer), expected.filter(|day| range.contains(day)).collect());
        let layer = layer.and(more);
        let feed = Feed::read(written(&layer).as_bytes()).expect("what we write can be read");
        let difference = compare(&feed, &layer);
        prop_assert!(difference.added.is_empty() && difference.removed.is_empty(), "{}", difference);
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
            "RRULE:FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY|HOURLY)(;(COUNT|INTERVAL|UNTIL|WKST|BYMONTH|BYWEEKNO|BYYEARDAY|BYMONTHDAY|BYDAY|BYSETPOS)=[-+0-9MOTHSU,]{0,9}){0,3}",
            "SUMMARY:\\PC{0,20}", "[ \t]\\PC{0,20}", "\\PC{0,20}",
        ], 0..30,
    )) {
        let _ = Feed::read(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR", lines.join("\n")).as_bytes());
    }
}
