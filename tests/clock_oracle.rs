//! Clocks against the oracle that lives through every tick, and the laws of clocks, over random rulebooks and stories.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::AgentId;
use helpdesk::replay::import;
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::{Fate, State, Verdict, periods, promises};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::testing::clock::{Oracle, Shown};
use helpdesk::testing::laws::{clock as laws, clocks};
use helpdesk::testing::story::{
    Scene, Story, Told, holidays, logs, published_rulebooks, rulebooks, stories,
};
use helpdesk::ticket::{Merge, Metric, Ticket};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Desk, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

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
    agrees_about(&told.ticket, rulebook_now, &oracle, (told.now, horizon));
}

#[track_caller]
fn agrees_about(
    ticket: &Ticket,
    rulebook: &Rulebook,
    oracle: &Oracle<'_>,
    (now, horizon): (DateTime<Utc>, DateTime<Utc>),
) {
    for clock in clocks() {
        let read = periods(ticket, rulebook.policies(), clock, now);
        let read: Vec<Shown> = read
            .iter()
            .map(|reading| Shown::of(reading, horizon))
            .collect();
        let counted = oracle.periods(clock, now);
        assert_eq!(read, counted, "{clock} at {now}");
    }
    promises_are_the_periods_of_their_clock(ticket, rulebook, now);
}

/// Each promise is a period of the clock, and its fate is what that says.
#[track_caller]
fn promises_are_the_periods_of_their_clock(
    ticket: &Ticket,
    rulebook: &Rulebook,
    now: DateTime<Utc>,
) {
    let read = periods(ticket, rulebook.policies(), Metric::PromisedUpdate, now);
    let begun = read.iter().filter(|reading| reading.started_at().is_some());
    let told = promises(ticket, now);
    assert_eq!(begun.clone().count(), told.len());
    for (reading, promised) in begun.zip(told) {
        let fits = match (reading.state(), reading.verdict()) {
            (State::Running, Verdict::Open) => promised.fate == Fate::Standing,
            (State::Running, _) => promised.fate == Fate::Broken,
            (State::Stopped, Verdict::Met) => promised.fate == Fate::Kept,
            (State::Stopped, _) => matches!(promised.fate, Fate::Late | Fate::Broken),
            // A close, or a merge, cancels a late one too.
            _ => !matches!(promised.fate, Fate::Standing | Fate::Kept | Fate::Late),
        };
        assert!(fits, "{promised:?}: {reading}");
        assert_eq!(Some(promised.made_at), reading.started_at());
        assert_eq!(promised.ended_at, reading.stopped_at());
    }
}

fn kim(at: DateTime<Utc>, n: u128) -> Call {
    let kim = AgentId::from_uuid(Uuid::from_u128(0xb));
    Call::with_id(Uuid::from_u128(0x9 << 64 | n), Actor::agent(kim), at)
}

/// What is said to a ticket from `now` on; what is refused is left out.
fn goes_on<S: Store>(
    desk: &Desk<S>,
    ticket: TicketId,
    scenes: &[Scene],
    mut now: DateTime<Utc>,
) -> DateTime<Utc> {
    for (n, scene) in scenes.iter().enumerate() {
        now += scene.gap;
        let call = Call::with_id(Uuid::from_u128(0x8 << 64 | n as u128), scene.actor, now);
        let _ = desk.submit(ticket, &call, scene.command.clone());
    }
    let single = desk.tenant(TenantId::SINGLE);
    desk.sweep(now, 100).unwrap();
    assert!(single.ticket(ticket).is_ok());
    now
}

/// The source of a merge and the ticket that it goes on in, with what is said to the latter then.
#[track_caller]
fn agrees_after_a_merge(book: &Rulebook, [one, other, then]: [&Story; 3], tick: TimeDelta) {
    let desk = Desk::new(MemoryStore::new(), book.clone());
    let single = desk.tenant(TenantId::SINGLE);
    let tell = |story: &Story, seed| story.tell_to(&single, seed).unwrap();
    let (source, into) = (tell(one, 1), tell(other, 2));
    let at = source.now.max(into.now);
    let merge = Merge::new(source.ticket.id(), into.ticket.id());
    let _ = desk.merge(&kim(at, 1), merge);
    let now = goes_on(&desk, into.ticket.id(), &then.scenes, at);
    let horizon = now + tick * 1_500;
    for id in [source.ticket.id(), into.ticket.id()] {
        let (events, ticket) = (single.history(id).unwrap(), single.ticket(id).unwrap());
        let oracle = Oracle::new(&events, book, tick, horizon);
        agrees_about(&ticket, book, &oracle, (now, horizon));
    }
}

/// A ticket that is moved to another version of the rulebook in its midst.
#[track_caller]
fn agrees_after_a_move([book, next]: [&Rulebook; 2], [story, then]: [&Story; 2], tick: TimeDelta) {
    let desk = Desk::new(
        MemoryStore::new(),
        Rulebooks::new(book.clone()).with_earlier(next.clone()),
    );
    let single = desk.tenant(TenantId::SINGLE);
    let told = story.tell_to(&single, 1).unwrap();
    let id = told.ticket.id();
    let by = Call::with_id(Uuid::from_u128(7 << 64), Actor::System, told.now);
    let _ = desk.apply_rulebook(id, &by, next.id());
    let now = goes_on(&desk, id, &then.scenes, told.now);
    let horizon = now + tick * 1_500;
    let (events, ticket) = (single.history(id).unwrap(), single.ticket(id).unwrap());
    let oracle = Oracle::new(&events, book, tick, horizon).moved(next);
    let in_force = desk.rulebooks().of(&ticket).unwrap();
    agrees_about(&ticket, in_force, &oracle, (now, horizon));
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
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

    /// Also where a log tells what no desk would: what a message begins on a resolved ticket, for one.
    #[test]
    fn clocks_of_logs_agree_with_the_oracle(book in rulebooks(MINUTE), log in logs(MINUTE), after in 0..900) {
        let imported = import(&log, &book, TenantId::SINGLE);
        let last = imported.ticket().last_event_at();
        let (now, horizon) = (last + MINUTE * after, last + MINUTE * (after + 1_500));
        let oracle = Oracle::new(imported.events(), &book, MINUTE, horizon);
        agrees_about(imported.ticket(), &book, &oracle, (now, horizon));
    }

    #[test]
    fn ledgers_of_logs_explain_readings(book in rulebooks(MINUTE), log in logs(MINUTE), after in 0i64..4_000) {
        let desk = Desk::new(MemoryStore::new(), book.clone());
        let imported = import(&log, &book, TenantId::SINGLE);
        let now = imported.ticket().last_event_at() + TimeDelta::minutes(after);
        desk.import(&imported).unwrap();
        desk.sweep(now, usize::MAX).unwrap();
        let told = Told::of(&desk.tenant(TenantId::SINGLE), imported.ticket().id(), now).unwrap();
        for clock in clocks() {
            laws::ledgers_explain_readings(&told, &book, clock, now);
            laws::spans_add_up(&told, &book, clock);
        }
    }

    #[test]
    fn clocks_agree_with_the_oracle_after_a_merge(
        book in rulebooks(MINUTE), one in stories(MINUTE), other in stories(MINUTE), then in stories(MINUTE),
    ) {
        agrees_after_a_merge(&book, [&one, &other, &then], MINUTE);
    }

    #[test]
    fn clocks_agree_with_the_oracle_under_another_version(
        book in rulebooks(MINUTE), next in rulebooks(MINUTE), story in stories(MINUTE), then in stories(MINUTE),
    ) {
        agrees_after_a_move([&book, &next], [&story, &then], MINUTE);
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
