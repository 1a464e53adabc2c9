//! The laws of business days and of their last close.

use chrono::{NaiveDate, TimeDelta, Weekday};

use crate::calendar::{
    Calendar, CalendarError, DayEnd, DayHours, EARLIEST, Exception, LATEST, Layer, Window,
};

use super::{TICK, reached, within};

/// Business days are counted as one counts them date by date, and the n-th is where the count gets there. Give it dates
/// no more than some years apart.
#[track_caller]
pub fn business_days_count(calendar: &Calendar, a: NaiveDate, b: NaiveDate) {
    let (first, last) = (a.min(b), a.max(b));
    let is_one = |date: &NaiveDate| calendar.is_business_day(*date) == Ok(true);
    let forth: Vec<NaiveDate> = first
        .iter_days()
        .skip(1)
        .take_while(|date| *date <= last)
        .filter(is_one)
        .collect();
    let count = forth.len() as i64;
    assert_eq!(
        calendar.count_business_days(first, last),
        Ok(count),
        "{calendar:?}: {first} to {last}"
    );
    assert_eq!(
        calendar.count_business_days(last, first),
        Ok(-count),
        "{calendar:?}: {last} to {first}"
    );
    assert_eq!(calendar.business_day(a, 0), Ok(a), "{calendar:?}");
    for (number, date) in (1..).zip(&forth) {
        assert_eq!(
            calendar.business_day(first, number),
            Ok(*date),
            "{calendar:?}: {number} from {first}"
        );
    }
    let back = forth.iter().rev().filter(|date| **date < last);
    for (number, date) in (1..).zip(back) {
        assert_eq!(
            calendar.business_day(last, -number),
            Ok(*date),
            "{calendar:?}: -{number} from {last}"
        );
    }
    match calendar.business_day(first, count.saturating_add(1)) {
        Ok(next) => assert!(
            next > last && is_one(&next),
            "{calendar:?}: {next} after {last}"
        ),
        Err(CalendarError::Never | CalendarError::BeyondRange) => {}
        Err(error) => panic!("{error}"),
    }
}

/// The last close of a business day is not before the day begins; it is open just before it on that date, and nothing of that
/// date is open after it. A day whose hours the clocks skip ends where they go on. Nothing is asked of dates that run on after
/// midnight, nor of a succession of different zones, whose days are those of its editions.
#[track_caller]
pub fn last_close_is_of_its_day(calendar: &Calendar, date: NaiveDate) {
    let zone = calendar.zone();
    let (from, next) = zone.bounds_of(date);
    let one_zone = calendar.editions().all(|(_, one)| one.zone() == zone);
    if calendar.is_business_day(date) != Ok(true) || from >= next || from < EARLIEST || !one_zone {
        return;
    }
    let Some(close) = reached(calendar.add_business_days(from, 0, DayEnd::LastClose)) else {
        return;
    };
    let message = || format!("{calendar:?}: {date} from {from} closes at {close}");
    assert!(from <= close, "{}", message());
    if !ends_with_its_date(calendar) {
        return;
    }
    let shows = |at| zone.local(at).date() == date;
    let after = (close + TimeDelta::days(3)).min(LATEST);
    let mut later = within(calendar.windows(close..after));
    assert!(!later.any(|open| shows(open.from)), "{}", message());
    let before = within(calendar.elapsed(from, close)) > TimeDelta::zero();
    assert!(
        !before || shows(close - TICK) && calendar.is_open(close - TICK) == Ok(true),
        "{}",
        message()
    );
}

/// Whether nothing of a date is open after it: so for combinations, whose dates are cut at midnight, and where no window runs on.
fn ends_with_its_date(calendar: &Calendar) -> bool {
    let end = |windows: &[Window]| windows.iter().all(|window| window.closes() <= 86_400);
    let special = |exception: &Exception| match exception.hours() {
        DayHours::Special(windows) => end(windows),
        _ => true,
    };
    let days = (0u8..7).filter_map(|day| Weekday::try_from(day).ok());
    let mut exceptions = calendar.layers().iter().flat_map(Layer::exceptions);
    calendar.parts().is_some()
        || calendar
            .week()
            .is_some_and(|week| days.into_iter().all(|day| end(week.on(day))))
            && exceptions.all(special)
}
