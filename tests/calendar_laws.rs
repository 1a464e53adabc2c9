//! The laws of calendars, on random calendars over odd zones and zones of the host's own, combined ones included.

use chrono::{NaiveDate, TimeDelta, Timelike, Weekday};
use helpdesk::Calendar;
use helpdesk::calendar::{EARLIEST, LATEST, Week, Window, Zone};
use helpdesk::testing::calendar::{
    ODD_ZONES, amounts, calendars, dates, instants, plain_calendars,
};
use helpdesk::testing::laws::calendar as laws;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Daily hours that open or close where the clocks are changed, or some quarters of an hour around it, and the date of the change.
fn hours_at_changes() -> impl Strategy<Value = (Calendar, NaiveDate)> {
    let zones = ODD_ZONES.iter().copied().chain(["Atlantic/Azores"]);
    let zones = select(zones.collect::<Vec<_>>());
    let quarters = |some: i64| (-some..=some).prop_map(|n: i64| n * 900);
    let place = (any::<Index>(), any::<bool>(), any::<bool>());
    (zones, place, quarters(6), quarters(30)).prop_filter_map(
        "a change and hours",
        |(zone, (index, after, closes), around, length)| {
            let zone = Zone::parse(zone).ok()?;
            let changes: Vec<_> = zone
                .transitions()
                .filter(|change| change.0 < LATEST)
                .collect();
            let (at, _) = *changes.get(index.index(changes.len().max(1)))?;
            let second = TimeDelta::seconds(1);
            // The reading at which the clocks stop, or at which they go on.
            let reading = match after {
                true => zone.local(at),
                false => zone.local(at - second) + second,
            };
            let one = i64::from(reading.num_seconds_from_midnight()) + around;
            let one = match (closes, one) {
                (true, ..=0) => one + 86_400,
                _ => one,
            };
            let other = one + if closes { -length.abs() } else { length.abs() };
            let [opens, end] = [one.min(other).max(0), one.max(other).min(86_400)];
            let window = Window::new(opens.try_into().ok()?, end.try_into().ok()?).ok()?;
            let days = (0u8..7).filter_map(|day| Weekday::try_from(day).ok());
            let week = days.fold(Week::new(), |week, day| week.and(day, window));
            Some((
                Calendar::builder_in(zone).week(week).build().ok()?,
                reading.date(),
            ))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn open_time_adds_up(calendar in calendars(), a in instants(), b in instants(), c in instants()) {
        laws::additive(&calendar, a, b, c);
    }

    #[test]
    fn open_time_is_between_nothing_and_all(calendar in calendars(), a in instants(), b in instants()) {
        laws::bounded(&calendar, a, b);
    }

    #[test]
    fn add_is_the_earliest(calendar in calendars(), from in instants(), time in amounts()) {
        laws::add_is_the_earliest(&calendar, from, time);
    }

    #[test]
    fn add_latest_is_the_latest(calendar in calendars(), from in instants(), time in amounts()) {
        laws::add_latest_is_the_latest(&calendar, from, time);
    }

    #[test]
    fn subtract_is_the_mirror(calendar in calendars(), from in instants(), time in amounts()) {
        laws::subtract_is_the_mirror(&calendar, from, time);
    }

    #[test]
    fn there_and_back_again(calendar in calendars(), from in instants(), time in amounts()) {
        laws::there_and_back_again(&calendar, from, time);
    }

    #[test]
    fn more_time_never_ends_sooner(
        calendar in calendars(), a in instants(), b in instants(), less in amounts(), more in amounts(),
    ) {
        laws::monotone(&calendar, a, b, less, more);
    }

    #[test]
    fn always_is_subtraction(a in instants(), b in instants()) {
        laws::always_is_subtraction(a, b);
    }

    #[test]
    fn combinations_add_up(
        first in calendars(), second in plain_calendars(), a in instants(), b in instants(),
    ) {
        laws::combinations_add_up(&first, &second, a, b);
    }

    #[test]
    fn closing_a_day_never_adds_time(calendar in calendars(), day in dates(), a in instants(), b in instants()) {
        laws::closing_never_adds(&calendar, day, a, b);
    }

    #[test]
    fn openings_and_closings_are_where_it_changes(calendar in calendars(), at in instants(), to in instants()) {
        laws::openings_and_closings(&calendar, at, to);
    }

    #[test]
    fn an_explanation_adds_up(calendar in calendars(), a in instants(), days in 0i64..60) {
        laws::explanation_adds_up(&calendar, a, (a + TimeDelta::days(days)).min(LATEST));
    }

    #[test]
    fn business_days_are_counted(calendar in calendars(), a in dates(), days in -120i64..120) {
        let b = (a + TimeDelta::days(days)).clamp(EARLIEST.date_naive(), LATEST.date_naive() - TimeDelta::days(1));
        laws::business_days_count(&calendar, a, b);
    }

    #[test]
    fn the_last_close_is_of_its_day(calendar in calendars(), day in dates()) {
        laws::last_close_is_of_its_day(&calendar, day);
    }

    #[test]
    fn the_last_close_is_of_its_day_at_changes((calendar, day) in hours_at_changes()) {
        let combined = calendar.union(&calendar).unwrap();
        for day in day.pred_opt().unwrap().iter_days().take(3) {
            laws::last_close_is_of_its_day(&calendar, day);
            laws::last_close_is_of_its_day(&combined, day);
        }
    }

    #[test]
    fn what_is_written_is_read_again(calendar in calendars(), a in instants(), b in instants()) {
        laws::survives_serde(&calendar, a, b);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 3))]

    #[test]
    fn the_oracle_agrees(calendar in calendars(), a in instants(), span in 0i64..200_000_000_000) {
        let b = (a + TimeDelta::microseconds(span)).min(LATEST);
        laws::agrees_with_the_oracle(&calendar, a, b);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    /// Calendars that follow each other: each holds until the next, also of a succession; the same again changes nothing.
    #[test]
    fn the_edition_in_force_decides(
        first in calendars(), second in calendars(), third in calendars(),
        from in instants(), then in instants(), a in instants(), b in instants(),
    ) {
        laws::the_edition_in_force_decides([&first, &second, &third], (from, then), (a, b));
    }
}
