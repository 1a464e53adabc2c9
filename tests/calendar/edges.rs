//! Answers at the edges: of a window, of a day, of the supported years, and of what is open at all.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use helpdesk::calendar::{Calendar, CalendarError, EARLIEST, LATEST};

use super::{at, date, office, office_with};

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
