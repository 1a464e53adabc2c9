//! What the shop promises, as stories; and that the laws hold under its rules.

use chrono::TimeDelta;
use helpdesk::id::{AgentId, CustomerId, Name};
use helpdesk::rulebook::Severity;
use helpdesk::testing::laws::{clock, clocks, escalation, fold};
use helpdesk::testing::likely::likely_stories;
use helpdesk::testing::proptest::prelude::*;
use helpdesk::testing::scenario::Scenario;
use helpdesk::ticket::{Change, CloseReason, Metric, Pending, Priority, Status};
use helpdesk::time::Span;
use helpdesk::{Actor, Command, Open, TenantId};
use riverside_bikes::contract;

fn ann() -> Actor {
    Actor::customer(CustomerId::named("ann"))
}

fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

fn question() -> Open {
    Open::new("Do you have it in red?")
        .from_customer(CustomerId::named("ann"))
        .body("?")
}

/// The shop's contract and the clock on the shop's wall.
fn given_the_contract() -> Scenario {
    Scenario::given(contract().unwrap()).in_zone("Europe/Amsterdam")
}

fn breakdown() -> Command {
    Command::change(Change::AddTag("breakdown".parse::<Name>().unwrap()))
}

#[test]
fn nothing_in_the_contract_cannot_be_meant() {
    let findings = contract().unwrap().lint();
    let errors = findings
        .iter()
        .filter(|found| found.severity() == Severity::Error);
    assert_eq!(errors.count(), 0, "{findings:?}");
}

#[test]
fn a_question_on_saturday_is_answered_on_tuesday() {
    given_the_contract()
        .at("2026-03-07 16:30") // Saturday: an hour and a half is left
        .opens(ann(), question())
        .then_due(Metric::FirstResponse, "2026-03-10 12:30")
        .at("2026-03-10 12:30")
        .says(kim(), Command::reply("We do.").then_pend(Pending::Customer))
        .then_met(Metric::FirstResponse)
        .then_elapsed(Metric::FirstResponse, TimeDelta::hours(4))
        .then_status(Status::Pending(Pending::Customer));
}

#[test]
fn the_kings_day_is_a_holiday() {
    given_the_contract()
        .at("2027-04-24 17:00") // a Saturday; Tuesday is the King's Day
        .opens(ann(), question())
        .then_due(Metric::FirstResponse, "2027-04-28 13:00");
}

#[test]
fn whoever_is_stranded_is_called_back_on_sundays_too() {
    given_the_contract()
        .at("2026-03-08 22:50") // a Sunday; the line closes at 23:00
        .opens(ann(), question())
        .says(kim(), breakdown())
        .then_due(Metric::FirstResponse, "2026-03-09 06:05")
        .at("2026-03-08 23:30")
        .then_fired("stranded", "mechanic", 1)
        .at("2026-03-09 06:05")
        .then_fired("stranded", "owner", 0) // used up, and not yet past
        .after(TimeDelta::microseconds(1))
        .then_fired("stranded", "owner", 1)
        .then_breached(Metric::FirstResponse)
        .then(|story| story.ticket().priority() == Priority::Urgent)
        .says(kim(), Command::reply("On our way."))
        .then_breached(Metric::FirstResponse);
}

#[test]
fn what_is_solved_is_let_go_after_a_week() {
    given_the_contract()
        .at("2026-03-10 11:00")
        .opens(ann(), question())
        .says(kim(), Command::reply("Yes.").then_resolve())
        .at("2026-03-17 11:00")
        .says(ann(), Command::reply("It squeaks.")) // still within the week
        .then_status(Status::Reopened)
        .says(kim(), Command::reply("Oil.").then_resolve())
        .at("2026-03-24 11:00")
        .after(TimeDelta::seconds(1))
        .sweeps()
        .then_status(Status::Closed(CloseReason::Settled))
        .then_refused(kim(), Command::reopen(), "closed");
}

const MINUTE: TimeDelta = TimeDelta::minutes(1);

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The laws of clocks hold for the shop's own contract, whatever happens to a ticket.
    #[test]
    fn clocks_keep_their_laws(story in likely_stories(MINUTE, 10), wait in 0..4_000_i64, more in 1..4_000_u32) {
        let contract = contract().unwrap();
        let told = story.tell(&contract).unwrap();
        for one in clocks() {
            clock::spans_add_up(&told, &contract, one);
            clock::fulfilled_once(&told, &contract, one);
            clock::ledgers_explain_readings(&told, &contract, one, told.now);
            clock::a_pause_never_makes_a_due_earlier(&told, &contract, one, TimeDelta::minutes(wait));
            clock::a_larger_target_never_makes_a_due_earlier(&told, &contract, one, Span::minutes(more));
        }
    }

    /// Nothing escalates twice, or after it is over; and the histories are whole.
    #[test]
    fn escalations_keep_their_laws(story in likely_stories(MINUTE, 10), cut in 1..20_usize) {
        let contract = contract().unwrap();
        let told = story.tell(&contract).unwrap();
        escalation::no_key_comes_twice([&told.events[..]]);
        escalation::nothing_is_announced_of_an_ended_clock(&told, &contract);
        fold::histories_are_in_order(&told.events);
        fold::a_restored_ticket_goes_on(TenantId::SINGLE, &told.events, cut);
    }
}
