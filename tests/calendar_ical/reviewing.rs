//! A feed held against a calendar: what differs, at the ends of its range too, and what real feeds say.

use std::path::Path;

use chrono::NaiveDate;
use helpdesk::calendar::ical::Feed;
use helpdesk::calendar::{DayHours, Exception, Layer, When};

use super::{compare, date, written};

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
