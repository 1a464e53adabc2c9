//! Clocks against the oracle that lives through every tick, and the laws of clocks, over random rulebooks and stories.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::Rulebook;
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::periods;
use helpdesk::testing::clock::{Oracle, Shown};
use helpdesk::testing::laws::{clock as laws, clocks};
use helpdesk::testing::story::{Story, holidays, published_rulebooks, rulebooks, stories};
use helpdesk::time::Span;
use proptest::prelude::*;

const SECOND: TimeDelta = TimeDelta::seconds(1);
const MINUTE: TimeDelta = TimeDelta::minutes(1);

#[track_caller]
fn agrees(rulebook: &Rulebook, story: &Story, tick: TimeDelta) {
    agrees_under(rulebook, &[], story, tick);
}

#[track_caller]
fn agrees_under(
    rulebook: &Rulebook,
    publications: &[(Rulebook, DateTime<Utc>)],
    story: &Story,
    tick: TimeDelta,
) {
    let mut rulebooks = Rulebooks::new(rulebook.clone());
    for (next, from) in publications {
        rulebooks = rulebooks.publish(next.clone(), *from);
    }
    // The story's ticket is opened under the first one; what is published concerns it where it follows.
    let rulebooks = rulebooks.then(rulebook.clone());
    let told = story.tell_under(rulebooks.clone()).unwrap();
    let rulebook_now = rulebooks.of(&told.ticket).unwrap();
    let horizon = told.now + tick * 1_500;
    let mut oracle = Oracle::new(&told.events, rulebook, tick, horizon);
    for (next, from) in publications {
        oracle = oracle.published(next, *from);
    }
    for clock in clocks() {
        let read = periods(&told.ticket, rulebook_now.policies(), clock, told.now);
        let read: Vec<Shown> = read
            .iter()
            .map(|reading| Shown::of(reading, horizon))
            .collect();
        let counted = oracle.periods(clock, told.now);
        assert_eq!(read, counted, "{clock} at {}", told.now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

    #[test]
    fn clocks_agree_with_the_oracle_to_the_second(rulebook in rulebooks(SECOND), story in stories(SECOND)) {
        agrees(&rulebook, &story, SECOND);
    }

    #[test]
    fn clocks_agree_with_the_oracle_over_days(rulebook in rulebooks(MINUTE), story in stories(MINUTE)) {
        agrees(&rulebook, &story, MINUTE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn running_paused_and_ended_make_the_span(rulebook in rulebooks(SECOND), story in stories(SECOND)) {
        let told = story.tell(&rulebook).unwrap();
        clocks().for_each(|clock| laws::spans_add_up(&told, &rulebook, clock));
    }

    #[test]
    fn ledgers_explain_readings(rulebook in rulebooks(SECOND), story in stories(SECOND), later in 0i64..400_000) {
        let told = story.tell(&rulebook).unwrap();
        let now = told.now + TimeDelta::seconds(later);
        clocks().for_each(|clock| laws::ledgers_explain_readings(&told, &rulebook, clock, now));
    }

    #[test]
    fn a_pause_never_makes_a_due_earlier(
        rulebook in rulebooks(MINUTE), story in stories(MINUTE), wait in 0i64..4_000,
    ) {
        let told = story.tell(&rulebook).unwrap();
        let wait = TimeDelta::minutes(wait);
        clocks().for_each(|clock| laws::a_pause_never_makes_a_due_earlier(&told, &rulebook, clock, wait));
    }

    #[test]
    fn a_larger_target_never_makes_a_due_earlier(
        rulebook in rulebooks(MINUTE), story in stories(MINUTE), more in 1u32..4_000,
    ) {
        let told = story.tell(&rulebook).unwrap();
        let more = Span::minutes(more);
        clocks().for_each(|clock| laws::a_larger_target_never_makes_a_due_earlier(&told, &rulebook, clock, more));
    }

    #[test]
    fn reading_again_is_reading_later(
        rulebook in rulebooks(MINUTE), story in stories(MINUTE), first in 0i64..4_000, then in 0i64..4_000,
    ) {
        let told = story.tell(&rulebook).unwrap();
        let first = told.now + TimeDelta::minutes(first);
        let then = first + TimeDelta::minutes(then);
        clocks().for_each(|clock| laws::reading_again_is_reading_later(&told, &rulebook, clock, first, then));
    }

    #[test]
    fn a_clock_is_fulfilled_once(rulebook in rulebooks(SECOND), story in stories(SECOND)) {
        let told = story.tell(&rulebook).unwrap();
        clocks().for_each(|clock| laws::fulfilled_once(&told, &rulebook, clock));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 16))]

    #[test]
    fn clocks_agree_with_the_oracle_under_publications(
        (first, publications) in published_rulebooks(SECOND), story in stories(SECOND),
    ) {
        agrees_under(&first, &publications, &story, SECOND);
    }

    #[test]
    fn clocks_agree_with_the_oracle_under_publications_over_days(
        (first, publications) in published_rulebooks(MINUTE), story in stories(MINUTE),
    ) {
        agrees_under(&first, &publications, &story, MINUTE);
    }

    #[test]
    fn holidays_apply_from_their_publication(
        rulebook in rulebooks(MINUTE), story in stories(MINUTE), days in holidays(), wait in 0i64..3_000,
    ) {
        let told = story.tell(&rulebook).unwrap();
        let from = told.now + TimeDelta::minutes(wait);
        for clock in clocks() {
            laws::holidays_apply_from_their_publication(&told, &rulebook, clock, &days, from);
        }
    }
}
