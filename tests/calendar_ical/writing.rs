//! Closed days that are written as a feed and read again as the same dates.

use chrono::NaiveDate;
use helpdesk::calendar::ical::Feed;
use helpdesk::calendar::{Calendar, DayHours, Exception, Layer, When};
use helpdesk::testing::calendar::exceptions;
use proptest::prelude::*;

use super::{compare, date, stamp, written};

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
            133 * 365 + 32 - 1 // but for the day that `written` opens
        )
    );
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

proptest! {
    /// Closed days of any kind come back as the same dates, but for those that special hours open.
    #[test]
    fn closed_days_survive(days in prop::collection::vec(exceptions(), 0..9), ask in helpdesk::testing::calendar::dates()) {
        let office = |layer| {
            let builder = Calendar::builder("UTC").and_then(|builder| builder.hours("daily 0:00-24:00"));
            builder.and_then(|builder| builder.with_layer(layer).build())
        };
        let whole = days.into_iter().filter(|day| !matches!(day.hours(), DayHours::ClosedDuring(_)));
        let (below, above): (Vec<_>, Vec<_>) = whole.enumerate().partition(|(place, _)| place % 3 < 2);
        let layer = |days: Vec<(usize, Exception)>| days.into_iter().map(|(_, day)| day).fold(Layer::default(), Layer::and);
        let builder = Calendar::builder("UTC").and_then(|builder| builder.hours("daily 0:00-24:00"));
        let calendar = builder.and_then(|builder| builder.with_layer(layer(below)).with_layer(layer(above)).build());
        if let Ok(calendar) = calendar {
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
        let open = date("2000-06-15"); // see `written`
        prop_assert_eq!(write_days(&layer), expected.filter(|day| range.contains(day) && *day != open).collect());
        let layer = layer.and(more);
        let feed = Feed::read(written(&layer).as_bytes()).expect("what we write can be read");
        let difference = compare(&feed, &layer);
        prop_assert!(difference.added.is_empty() && difference.removed.iter().all(|(day, _)| *day == open), "{}", difference);
    }
}
