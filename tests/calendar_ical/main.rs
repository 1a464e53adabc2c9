//! Holiday feeds: what is read, what is refused, and that nothing hostile makes it hang or panic.
#![allow(clippy::print_stderr)]

mod events;
mod hostile;
mod recurrences;
mod reviewing;
mod writing;

use chrono::{DateTime, NaiveDate, Utc};
use helpdesk::calendar::ical::{Difference, Feed, InvalidFeed};
use helpdesk::calendar::{Calendar, Layer, When};

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

/// A layer as a feed, of a calendar that is open on one day whatever the layer says.
fn written(layer: &Layer) -> String {
    let open = "2000-06-15".parse::<When>().expect("a date");
    let builder = Calendar::builder("UTC").and_then(|builder| {
        let builder = builder.hours("daily 0:00-24:00")?.with_layer(layer.clone());
        builder.layer("").special(open, "0:00-24:00", "")
    });
    let calendar = builder.and_then(|builder| builder.build());
    calendar.expect("a calendar").to_ical(stamp())
}
