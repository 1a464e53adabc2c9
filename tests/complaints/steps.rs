//! The steps of a complaint: they follow each other, end with it, and go on from where they began.

use chrono::TimeDelta;
use helpdesk::complaint::{ComplaintStep, StepState, StepTally};
use helpdesk::id::AgentId;
use helpdesk::kpi::Exclusion;
use helpdesk::ticket::{Change, CloseReason, Event, Status};
use helpdesk::{Actor, Command};
use proptest::prelude::*;

use super::{BEGIN, Told, at, office, workflow};

#[test]
fn each_step_has_its_own_target() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    assert_eq!(told.read(ticket, 0), None, "not a complaint yet");
    told.complain(ticket, 30);
    told.change(ticket, 90, workflow().done(ComplaintStep::Accept)); // exactly the hour
    told.change(ticket, 331, workflow().done(ComplaintStep::Acknowledge)); // a minute too late

    let read = told.read(ticket, 400).unwrap();
    assert_eq!(read.since(), at("2026-03-05T09:30:00Z"));
    let accept = read.of(ComplaintStep::Accept);
    assert_eq!((accept.state, accept.is_met()), (StepState::Done, true));
    assert_eq!(accept.due, Some(at("2026-03-05T10:30:00Z")));
    assert_eq!(accept.by, Some(Actor::agent(AgentId::named("kim"))));
    let acknowledge = read.of(ComplaintStep::Acknowledge);
    assert!(acknowledge.is_breached() && !acknowledge.is_met());
    assert_eq!(acknowledge.elapsed(), TimeDelta::minutes(241));
    let analyse = read.running().unwrap();
    assert_eq!(analyse.step, ComplaintStep::AnalyseCause);
    assert_eq!(
        analyse.due,
        Some(at("2026-03-09T14:31:00Z")),
        "over the week-end"
    );
    assert_eq!(read.of(ComplaintStep::Learn).state, StepState::NotStarted);

    // Skipped steps count neither way; a step without a target counts nowhere.
    told.change(ticket, 500, workflow().done(ComplaintStep::FollowUp));
    let read = told.read(ticket, 500).unwrap();
    let states: Vec<_> = read.steps().iter().map(|step| step.state).collect();
    use StepState::{Done, Running, Skipped};
    assert_eq!(states, [Done, Done, Skipped, Skipped, Done, Running]);
    let mut tally = StepTally::default();
    tally.add(&read);
    assert_eq!(
        tally.attainment(ComplaintStep::Accept).to_string(),
        "100.0 % (1 of 1)"
    );
    assert_eq!(
        tally.attainment(ComplaintStep::Acknowledge).to_string(),
        "0.0 % (0 of 1)"
    );
    let left_out = tally.attainment(ComplaintStep::AnalyseCause);
    assert_eq!(
        (
            left_out.denominator(),
            left_out.excluded().count(Exclusion::Cancelled)
        ),
        (0, 1)
    );
    assert_eq!(tally.counts(ComplaintStep::FollowUp), Default::default());
    let mut twice = tally.clone();
    twice.merge(&tally);
    assert_eq!(twice.counts(ComplaintStep::Accept).met, 2);
}

#[test]
fn going_back_makes_what_came_after_to_be_done_again() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    for (minute, step) in [
        (10, ComplaintStep::Accept),
        (20, ComplaintStep::ProposeRemedy),
    ] {
        told.change(ticket, minute, workflow().done(step));
    }
    told.change(ticket, 30, workflow().done(ComplaintStep::Accept));
    let read = told.read(ticket, 30).unwrap();
    assert_eq!(
        read.of(ComplaintStep::Accept).ended_at,
        Some(at("2026-03-05T09:10:00Z")),
        "as it was"
    );
    let running = read.running().unwrap();
    assert_eq!(running.step, ComplaintStep::Acknowledge);
    assert_eq!(running.started_at, Some(at("2026-03-05T09:30:00Z")));
    assert_eq!(
        read.of(ComplaintStep::ProposeRemedy).state,
        StepState::NotStarted
    );

    let nothing_done = Change::Field {
        name: workflow().field,
        value: None,
    };
    told.change(ticket, 40, nothing_done);
    let read = told.read(ticket, 40).unwrap();
    assert_eq!(read.running().unwrap().step, ComplaintStep::Accept);
}

#[test]
fn a_close_without_a_solution_ends_the_step_and_a_resolution_does_not() {
    let told = Told::new();
    let (solved, spam) = (
        told.open(0, "ann@example.com"),
        told.open(0, "bob@example.com"),
    );
    for ticket in [solved, spam] {
        told.complain(ticket, 0);
    }
    told.say(solved, 10, Command::resolve());
    told.say(spam, 10, Command::close(CloseReason::Spam));
    assert_eq!(
        told.read(solved, 70).unwrap().running().unwrap().elapsed(),
        TimeDelta::minutes(70)
    );
    let ended = told.read(spam, 70).unwrap();
    assert_eq!(ended.running(), None);
    let accept = ended.of(ComplaintStep::Accept);
    assert_eq!(
        (accept.state, accept.elapsed()),
        (StepState::Cancelled, TimeDelta::minutes(10))
    );
    assert!(!accept.is_breached() && !accept.is_met());
}

/// On a closed ticket nothing is done any more: whatever it was closed as, the step that runs ends with it.
#[test]
fn a_complaint_that_is_over_leaves_no_step_running() {
    for reason in [
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Spam,
    ] {
        let told = Told::new();
        let ticket = told.open(0, "ann@example.com");
        told.complain(ticket, 0);
        told.change(ticket, 10, workflow().done(ComplaintStep::FollowUp));
        told.say(ticket, 20, Command::resolve());
        let learn = *told.read(ticket, 30).unwrap().of(ComplaintStep::Learn);
        assert_eq!(learn.state, StepState::Running);
        told.say(ticket, 40, Command::close(reason));
        let read = told.read(ticket, 1_000_000).unwrap();
        assert_eq!(read.running(), None, "{reason}");
        let learn = read.of(ComplaintStep::Learn);
        assert_eq!(learn.state, StepState::Cancelled);
        assert_eq!(learn.elapsed(), TimeDelta::minutes(30));
        assert!(!learn.is_breached() && !learn.is_met());
        let mut tally = StepTally::default();
        tally.add(&read);
        assert_eq!(tally.counts(ComplaintStep::Learn).cancelled, 1);
    }
}

/// A history that opens a closed complaint again goes on with the step that ran, from its begin: no time of it is forgotten.
#[test]
fn a_step_goes_on_from_its_begin_where_the_complaint_does() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    told.change(ticket, 30, workflow().done(ComplaintStep::Accept));
    told.say(ticket, 60, Command::close(CloseReason::Cancelled));
    let mut history = told.history(ticket);
    let closed = history.last().unwrap().clone();
    let mut again = closed.clone();
    let Event::StatusChanged { to, .. } = &mut again.event else {
        panic!("{closed:?}")
    };
    *to = Status::Open;
    again.at = closed.at + TimeDelta::minutes(40);
    history.push(again);
    let read = |minutes| {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        workflow().read(&history, &office(), now).unwrap().unwrap()
    };
    let acknowledge = |minutes| *read(minutes).of(ComplaintStep::Acknowledge);
    assert_eq!(acknowledge(90).elapsed(), TimeDelta::minutes(30));
    let goes_on = acknowledge(110);
    assert_eq!(
        (goes_on.state, goes_on.ended_at),
        (StepState::Running, None)
    );
    let accept = *read(110).of(ComplaintStep::Accept);
    assert_eq!(goes_on.started_at, accept.ended_at, "without gap");
    assert_eq!(goes_on.elapsed(), TimeDelta::minutes(80));
    assert!(!acknowledge(30 + 240).is_breached() && acknowledge(30 + 241).is_breached());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The stretches of the steps follow each other, and what is done stays as it was read until somebody goes back.
    #[test]
    fn steps_follow_each_other(said in proptest::collection::vec((1i64..600, 0usize..6), 0..8), later in 0i64..5_000) {
        let told = Told::new();
        let ticket = told.open(0, "ann@example.com");
        told.complain(ticket, 0);
        let mut now = 0;
        for (gap, step) in said {
            now += gap;
            let before = told.read(ticket, now).unwrap();
            let step = ComplaintStep::ALL[step];
            told.change(ticket, now, workflow().done(step));
            let after = told.read(ticket, now).unwrap();
            for (old, new) in before.steps().iter().zip(after.steps()) {
                if old.step < step && old.state == StepState::Done {
                    prop_assert_eq!(old, new);
                }
            }
            let mut began = after.since();
            for reading in after.steps().iter().filter(|reading| reading.started_at.is_some()) {
                prop_assert!(reading.started_at.unwrap() >= began);
                began = reading.ended_at.unwrap_or(began);
            }
            let done = after.of(step);
            prop_assert_eq!(done.state, StepState::Done);
            let next = ComplaintStep::ALL.get(step as usize + 1);
            let begins = next.map(|next| after.of(*next).started_at.unwrap());
            prop_assert!(begins.is_none_or(|begins| begins >= done.ended_at.unwrap()));
        }
        let (soon, late) = (told.read(ticket, now).unwrap(), told.read(ticket, now + later).unwrap());
        for (a, b) in soon.steps().iter().zip(late.steps()) {
            if a.state != StepState::Running {
                prop_assert_eq!(a, b);
            } else {
                prop_assert!(b.elapsed() >= a.elapsed());
            }
        }
    }
}
