//! Business days: which dates are some, where they end, and how many there are.

use chrono::{NaiveDate, TimeDelta};
use helpdesk::calendar::{Calendar, CalendarError, DayEnd};

use super::{at, date};

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
