//! What is not understood or meant to do harm: an error, quickly, and never a panic.

use std::time::{Duration, Instant};

use helpdesk::calendar::ical::Feed;
use helpdesk::calendar::{DayHours, Exception, Layer, When};
use proptest::prelude::*;

use super::{date, refused};

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

proptest! {
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
