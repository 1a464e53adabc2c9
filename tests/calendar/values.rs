//! Calendars as values: small, shared, and combined with others up to a limit.

use chrono::{TimeDelta, Weekday};
use helpdesk::calendar::{Calendar, DayHours, Exception, Overnight, When, Window};

use super::{at, date, office, refused};

#[test]
fn combined_calendars_follow_the_sun() {
    let desks = [
        ("America/New_York", "Mon-Fri 9:00-17:00"),
        ("Asia/Tokyo", "Mon-Fri 9:00-17:00"),
        ("Europe/Berlin", "Mon-Fri 8:00-16:00"),
    ];
    let mut all = desks
        .iter()
        .map(|(zone, hours)| Calendar::parse(hours, zone).expect("a calendar"));
    let first = all.next().expect("a desk");
    let sun = all
        .try_fold(first, |sun, desk| sun.union(&desk))
        .expect("a calendar");
    let noon = at("2026-01-14T12:00:00Z");
    assert_eq!(
        sun.elapsed(noon, noon + TimeDelta::days(1)),
        Ok(TimeDelta::hours(22))
    );
    assert_eq!(sun.next_close(noon), Ok(at("2026-01-14T22:00:00Z")));
    assert_eq!(sun.zone().name(), "America/New_York");
    let mut deep = office();
    let error = loop {
        match deep.union(&office()) {
            Ok(deeper) => deep = deeper,
            Err(error) => break error,
        }
    };
    assert_eq!(
        error.to_string(),
        "calendars are combined `32` deep at most"
    );
    let mut wide = office();
    let error = loop {
        match wide.union(&wide) {
            Ok(wider) => wide = wider,
            Err(error) => break error,
        }
    };
    assert_eq!(
        error.to_string(),
        "the calendar has `2048` parts: at most `2000` are allowed"
    );
}

#[test]
fn calendars_are_small_shared_values() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + PartialEq>() {}
    check::<Calendar>();
    assert_eq!(size_of::<Calendar>(), size_of::<usize>());
    assert_eq!(
        format!("{:?}", office()),
        "Calendar(Mon-Fri 09:00-17:00 UTC)"
    );
    assert_eq!(office(), office());
    assert_ne!(
        office(),
        Calendar::parse("Mon-Fri 09:00-17:00", "Europe/London").expect("a calendar")
    );
    assert!(office().compiled_bytes() < 60_000);
    // Dates on which the same hours hold share them, and so do weeks: half minutes on each of 47,847 dates, apart from some.
    let minutes = |seconds: &str| {
        let minute = |n: usize| {
            format!(
                "{:02}:{:02}:00-{:02}:{:02}:{seconds}",
                n / 60,
                n % 60,
                n / 60,
                n % 60
            )
        };
        (0..1_440).map(minute).collect::<Vec<_>>().join(",")
    };
    let crowded = [
        ("1970-01-01..2100-12-31", minutes("30")),
        ("2026-03-03", "closed 12:00-24:00".to_owned()),
        ("2028-02-29", minutes("20")),
        (
            "2026-03-04..2026-03-20",
            format!("closed {}", minutes("40")),
        ),
    ];
    for overnight in [Overnight::WithStartDate, Overnight::CutAtMidnight] {
        let mut builder =
            Calendar::builder("Europe/Berlin").and_then(|b| b.hours("Mon 22:00-06:00"));
        for (when, hours) in &crowded {
            let (when, hours): (When, DayHours) =
                (when.parse().expect("dates"), hours.parse().expect("hours"));
            builder = builder.map(|b| b.exception(Exception::new(when, hours, "why")));
        }
        let calendar = builder
            .and_then(|b| b.overnight(overnight).build())
            .expect("a calendar");
        let bytes = calendar.compiled_bytes();
        assert!(bytes < 8_000_000, "{bytes}");
        let open_hours = |day: &str| {
            let (from, to) = calendar.zone().bounds_of(date(day));
            calendar.elapsed(from, to).expect("in range").num_minutes()
        };
        let days = [
            "2026-03-01",
            "2026-03-02",
            "2026-03-03",
            "2026-03-04",
            "2028-02-29",
        ];
        assert_eq!(days.map(open_hours), [720, 720, 360, 0, 480]);
    }
    let different = (0..3_000).map(|n| {
        let day = date("2020-01-01") + TimeDelta::days(n);
        let hours = format!(
            "closed {:02}:00:00-{:02}:00:{:02}",
            n / 50 % 24,
            n / 50 % 24,
            n % 50 + 1
        );
        Exception::new(day, hours.parse().expect("hours"), "why")
    });
    let crowd = crowded[0].1.parse().expect("hours");
    let all = Exception::new(crowded[0].0.parse::<When>().expect("dates"), crowd, "all");
    let below = Calendar::builder("UTC")
        .and_then(|b| b.hours("Mon 09:00-17:00"))
        .expect("hours");
    let above = below.exception(all).layer("above");
    refused(
        different
            .fold(above, |builder, day| builder.exception(day))
            .build(),
        None,
        "windows to work out on dates with exceptions: at most `4000000` are allowed",
    );
    assert_eq!(
        Window::new(0, 86_400).map(|window| window.to_string()),
        Ok(String::from("00:00-24:00"))
    );
    assert_eq!(
        office().week().map(|week| week.on(Weekday::Sun).len()),
        Some(0)
    );
}
