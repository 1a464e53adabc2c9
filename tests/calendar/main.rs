//! Calendars by example: what can be written, what is refused, and what the answers are at the edges.

mod business_days;
mod edges;
mod exceptions;
mod reasons;
mod values;
mod written;

use chrono::{DateTime, NaiveDate, Utc};
use helpdesk::calendar::{Calendar, DayHours, Exception, InvalidCalendar, When};

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

#[track_caller]
fn refused(result: Result<Calendar, InvalidCalendar>, part: Option<&str>, message: &str) {
    let error = result.expect_err("should be refused");
    assert_eq!(error.part(), part, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}
