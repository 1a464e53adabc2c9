//! The laws of desks, folds and escalation, over arbitrary stories.

mod common;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use common::*;
use helpdesk::desk::TenantDesk;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::kpi::Report;
use helpdesk::store::MemoryStore;
use helpdesk::testing::laws::{desk as laws, escalation, fold};
use helpdesk::testing::likely::likely_stories;
use helpdesk::testing::story::rulebooks;
use helpdesk::ticket::{Delivery, Draft, Event, Metric, Pending, Recorded, Stage};
use helpdesk::{Actor, Command, Desk, Rulebook, TenantId};
use proptest::prelude::*;

const TENANT: TenantId = TenantId::SINGLE;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn desk() -> Desk<MemoryStore> {
    Desk::new(MemoryStore::new(), rulebook())
}

fn of(desk: &Desk<MemoryStore>) -> TenantDesk<'_, MemoryStore> {
    desk.tenant(TENANT)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pattern_of_sweeps_gives_the_same_history(
        story in stories(),
        minutes in proptest::collection::btree_set(0..60_000_i64, 0..30),
    ) {
        let sweeps: Vec<_> = minutes.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let (seldom, often) = (desk(), desk());
        laws::any_pattern_of_sweeps_gives_the_same_history(&of(&seldom), &of(&often), &as_story(&story), &sweeps);
    }

    #[test]
    fn reading_is_reading_after_catch_up(story in stories(), later in gaps()) {
        let desk = desk();
        let (id, now) = tell(&desk, &story, &[]);
        laws::reading_is_reading_after_catch_up(&of(&desk), id, now + later);
    }

    #[test]
    fn the_wake_up_is_exact(story in stories(), share in 0..1000_u16) {
        let desk = desk();
        let (id, now) = tell(&desk, &story, &[]);
        laws::the_wake_up_is_exact(&of(&desk), id, now, share);
    }

    #[test]
    fn what_is_foreseen_is_what_a_sweep_records(story in stories(), days in 0..40_i64, later in gaps()) {
        let desk = desk();
        let (id, now) = tell(&desk, &story, &[]);
        laws::what_is_foreseen_is_what_a_sweep_records(&of(&desk), id, now + later + TimeDelta::days(days));
    }

    #[test]
    fn announced_breaches_and_readings_agree(story in stories(), later in gaps()) {
        let desk = desk();
        let (id, now) = tell(&desk, &story, &[]);
        laws::announced_breaches_and_readings_agree(&of(&desk), id, now + later);
    }

    #[test]
    fn a_prefix_and_the_rest_is_the_whole(story in stories(), cut in 1..100_usize) {
        let desk = desk();
        let (id, _) = tell(&desk, &story, &[]);
        let events = history(&desk, id);
        fold::a_prefix_and_the_rest_is_the_whole(TENANT, &events, cut);
        fold::a_restored_ticket_goes_on(TENANT, &events, cut);
    }

    #[test]
    fn a_ticket_is_its_events(story in stories()) {
        let desk = desk();
        let (id, _) = tell(&desk, &story, &[]);
        laws::a_ticket_is_its_events(&of(&desk), id);
        laws::rows_are_those_of_the_events(&of(&desk), id);
    }

    #[test]
    fn a_repeated_key_writes_nothing(story in stories(), say in (gaps(), actors(), commands()), again in gaps()) {
        let desk = desk();
        let (id, now) = tell(&desk, &story, &[]);
        let now = now + say.0;
        let calls = [(now, 900), (now + again, 901)].map(|(now, n)| call(say.1, now, n).key(name("once")));
        laws::a_repeated_key_writes_nothing(&of(&desk), id, (&calls[0], &calls[1]), &say.2);
    }

    #[test]
    fn erasing_changes_no_figure(story in stories(), days in 0..60_u32, later in gaps()) {
        let desk = desk();
        let (_, now) = tell(&desk, &story, &[]);
        let report = Report::standard().last_days(days);
        laws::erasing_changes_no_figure(&of(&desk), ANN, (&report, now + later), now);
    }

    #[test]
    fn what_is_told_was_recorded_and_nothing_of_an_ended_clock(book in rulebooks(MINUTE), story in likely_stories(MINUTE, 12)) {
        let desk = Desk::new(MemoryStore::new(), book.clone());
        let told = story.tell_to(&of(&desk), 0).unwrap();
        escalation::no_key_comes_twice([&told.events[..]]);
        escalation::nothing_is_announced_of_an_ended_clock(&told, &book);
        escalation::each_breach_fires_what_waits_for_it(&told.events, &book);
        let messages = desk.claim(told.now, MINUTE, 100).unwrap();
        // A late message begins a ticket that may escalate too.
        let about: BTreeSet<_> = messages.iter().map(|message| message.ticket).collect();
        let histories: Vec<_> = about.into_iter().map(|ticket| history(&desk, ticket)).collect();
        escalation::what_is_told_was_recorded(&messages, histories.iter().map(Vec::as_slice));
    }

    /// A pause never makes a due earlier: pend and resume, against the same story without.
    #[test]
    fn a_pause_never_makes_a_due_earlier(wait in 1..2_000_i64, after in 0..2_000_i64, later in 0..2_000_i64) {
        let due = |pauses: bool| {
            let desk = desk();
            let (id, now) = tell(&desk, &[], &[]);
            let (pend, resume) = (now + TimeDelta::minutes(after), now + TimeDelta::minutes(after + wait));
            if pauses {
                let kim = Actor::Agent(KIM);
                desk.submit(id, &call(kim, pend, 1), Command::pend(Pending::Customer)).unwrap();
                desk.submit(id, &call(kim, resume, 2), Command::resume()).unwrap();
            }
            desk.reading(id, Metric::FirstResolution, resume + TimeDelta::minutes(later)).unwrap().due()
        };
        prop_assert!(due(true) >= due(false), "{:?} {:?}", due(true), due(false));
    }
}

/// What takes several commits of a sweep is foreseen alike, with what becomes of each message.
#[test]
fn much_that_is_to_come_is_foreseen_in_the_portions_of_a_sweep() {
    let every = "1h calendar".parse().unwrap();
    let tell = Action::Custom(name("tell"));
    let level = at_threshold("again", "after 1h calendar").repeat(every, 700);
    let rule = Rule::new(name("stands"), Trigger::time_in_status([Stage::Open]));
    let rules = Rulebook::draft().escalation(rule.level(level.action(tell)));
    let desk = Desk::new(MemoryStore::new(), rules.build().unwrap());
    let id = opened(&desk);
    let until = at(BEGIN) + TimeDelta::days(90);
    laws::what_is_foreseen_is_what_a_sweep_records(&of(&desk), id, until);
    let delivered = |recorded: &Recorded| matches!(&recorded.event, Event::Escalated(fired) if fired.delivery == Delivery::Delivered);
    let history = history(&desk, id);
    let told = history.iter().filter(|recorded| delivered(recorded));
    assert_eq!(told.count(), 3, "the last of each portion");
}

/// A shrunk failure: what a customer says to a closed ticket stands in another one, and the answer to the repeated call names it too.
#[test]
fn a_repeated_late_message_is_told_with_its_id() {
    let desk = desk();
    let (id, now) = tell(&desk, &[], &[]);
    let close = Command::close(helpdesk::ticket::CloseReason::Settled);
    desk.submit(id, &call(Actor::Agent(KIM), now, 1), close)
        .unwrap();
    let ann = desk.ticket(id).unwrap().requester();
    let say = |n| {
        let call = call(Actor::Customer(ann), now, n).key(name("late"));
        desk.submit(id, &call, Command::say(Draft::new("and?")))
            .unwrap()
    };
    let (first, second) = (say(2), say(3));
    assert!(second.is_replayed() && first.message().is_some());
    assert_eq!(
        (first.message(), first.follow_up()),
        (second.message(), second.follow_up())
    );
    let begun = desk.ticket(second.follow_up().unwrap()).unwrap();
    assert!(begun.message(second.message().unwrap()).is_some());
}
