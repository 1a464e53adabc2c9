//! The opening hours of both branches keep the laws of calendars, at all instants and around every change of their clocks.

use chrono::TimeDelta;
use helpdesk::calendar::LATEST;
use helpdesk::testing::calendar::{amounts, dates, instants};
use helpdesk::testing::laws::calendar as laws;
use helpdesk::testing::proptest::prelude::*;
use riverside_bikes::both_branches;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn open_time_adds_up(a in instants(), b in instants(), c in instants()) {
        let calendar = both_branches().unwrap();
        laws::additive(&calendar, a, b, c);
        laws::bounded(&calendar, a, b);
    }

    #[test]
    fn what_is_added_has_elapsed(from in instants(), time in amounts()) {
        let calendar = both_branches().unwrap();
        laws::add_is_the_earliest(&calendar, from, time);
        laws::subtract_is_the_mirror(&calendar, from, time);
        laws::there_and_back_again(&calendar, from, time);
    }

    #[test]
    fn a_holiday_never_adds_time(day in dates(), a in instants(), b in instants()) {
        laws::closing_never_adds(&both_branches().unwrap(), day, a, b);
    }

    #[test]
    fn the_clock_on_the_wall_agrees(a in instants(), hours in 0..72_i64) {
        let b = (a + TimeDelta::hours(hours)).min(LATEST);
        laws::agrees_with_the_oracle(&both_branches().unwrap(), a, b);
    }
}
