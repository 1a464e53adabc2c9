//! Time passes first, by every door: whether somebody swept a moment ago changes nothing but how soon things are known.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::escalation::ready;
use helpdesk::feedback::{self, Feedback, Question, Survey};
use helpdesk::incident::Spread;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Link, Pending, RatingKind, Stage, Status};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};

fn hour(n: i64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::hours(n)
}

fn kim(n: i64) -> Call {
    call(Actor::Agent(KIM), hour(n), 1 + n as u128)
}

fn ann(n: i64) -> Call {
    call(Actor::Customer(ANN), hour(n), 1_000 + n as u128)
}

/// What waits for its customer a week is resolved, and closed a week after.
fn desk() -> Desk<MemoryStore> {
    let csat = Question::new(name("satisfied"), RatingKind::Csat);
    let surveys = feedback::Rules::default().survey(name("short"), Survey::new().ask(csat));
    let week = "168h calendar".parse().unwrap();
    let book = Rulebook::draft()
        .feedback(surveys)
        .escalation(ready::auto_resolve(week))
        .escalation(ready::auto_close(week));
    Desk::new(MemoryStore::new(), book.build().unwrap())
}

fn waiting(desk: &Desk<MemoryStore>) -> TicketId {
    let id = desk
        .open(&ann(0), Open::new("x").body("help"))
        .unwrap()
        .id();
    let ask = Command::reply("Which?").then_pend(Pending::Customer);
    desk.submit(id, &kim(0), ask).unwrap();
    id
}

#[test]
fn a_solution_reaches_an_incident_whoever_swept() {
    for (hours, stage) in [(169, Stage::Resolved), (400, Stage::Closed)] {
        for swept in [false, true] {
            let desk = desk();
            let incident = waiting(&desk);
            let problem = desk
                .open(&kim(hours - 2), Open::new("outage").from_customer(BOB))
                .unwrap()
                .id();
            desk.link(problem, &kim(hours - 2), Link::ProblemOf, incident)
                .unwrap();
            let solved = Command::reply("Solved").then_resolve();
            let said = desk.submit(problem, &kim(hours - 1), solved).unwrap();
            if swept {
                desk.sweep(hour(hours), 10).unwrap();
            }
            let single = desk.tenant(TenantId::SINGLE);
            let solution = Spread::solution(said.message().unwrap());
            let spread = single
                .spread(problem, &kim(hours), &solution, &[incident])
                .unwrap();
            let of = |list: &[TicketId]| list.len();
            let told = (
                of(&spread.reached),
                of(&spread.closed),
                spread.refused.len(),
            );
            let expected = match stage {
                Stage::Closed => (0, 1, 0),
                _ => (1, 0, 0),
            };
            assert_eq!(told, expected, "{swept} {:?}", spread.refused);
            assert_eq!(desk.ticket(incident).unwrap().status().stage(), stage);
        }
    }
}

#[test]
fn a_problem_that_resolved_itself_is_solved_whoever_swept() {
    for swept in [false, true] {
        let desk = desk();
        let problem = waiting(&desk);
        let incident = desk
            .open(&kim(100), Open::new("outage").from_customer(BOB))
            .unwrap()
            .id();
        desk.link(problem, &kim(101), Link::ProblemOf, incident)
            .unwrap();
        let ticket = desk.ticket(problem).unwrap();
        let asked = ticket.messages().last().unwrap().id;
        if swept {
            desk.sweep(hour(300), 10).unwrap();
        }
        let spread = desk
            .tenant(TenantId::SINGLE)
            .spread(problem, &kim(300), &Spread::solution(asked), &[incident])
            .unwrap();
        assert_eq!(spread.reached, [incident], "{swept}");
    }
}

#[test]
fn a_survey_about_what_resolved_itself_is_sent_whoever_swept() {
    let invited = |swept: bool| {
        let desk = desk();
        let ticket = waiting(&desk);
        if swept {
            desk.sweep(hour(169), 10).unwrap();
        }
        let survey = name("short");
        let invite = feedback::Command::Invite { survey, ticket };
        let told = desk.tell::<Feedback>(ANN, &kim(169), invite).unwrap();
        let now = desk.ticket(ticket).unwrap();
        assert_eq!(now.status(), Status::Resolved);
        assert!(desk.sweep(hour(169), 10).unwrap().events == 0);
        (told.state, history(&desk, ticket))
    };
    let ((state, events), (swept_state, swept_events)) = (invited(false), invited(true));
    assert_eq!(state, swept_state);
    let what = |events: &[helpdesk::ticket::Recorded]| {
        let what = events
            .iter()
            .map(|one| (one.version, one.at, one.event.clone()));
        what.collect::<Vec<_>>()
    };
    assert_eq!(what(&events), what(&swept_events));
}

/// Nothing is written where the command is refused, of what fell due either.
#[test]
fn a_refused_command_writes_nothing() {
    let desk = desk();
    let ticket = waiting(&desk);
    let before = history(&desk, ticket);
    let survey = name("another");
    let invite = feedback::Command::Invite { survey, ticket };
    assert!(desk.tell::<Feedback>(ANN, &kim(169), invite).is_err());
    assert_eq!(history(&desk, ticket), before);
}

/// What an update ends is told to nobody, whichever door it comes by: the alarm that fell due a moment before is stale.
#[test]
fn an_update_that_is_spread_sends_no_alarm_of_what_it_ends() {
    let late = helpdesk::escalation::Rule::new(
        name("late"),
        helpdesk::escalation::Trigger::clock(helpdesk::ticket::Metric::FirstResponse),
    );
    let page = helpdesk::escalation::Action::Custom(name("page"));
    let policy = helpdesk::sla::Policy::new(name("all")).target(
        helpdesk::ticket::Metric::FirstResponse,
        "4h calendar".parse().unwrap(),
    );
    let book = Rulebook::draft()
        .policy(policy)
        .escalation(late.level(at_threshold("half", "50 %").action(page)));
    let desk = Desk::new(MemoryStore::new(), book.build().unwrap());
    let open = Open::new("x").body("help");
    let incident = desk.open(&ann(0), open).unwrap().id();
    let problem = desk.open(&kim(1), Open::new("outage").from_customer(BOB));
    let problem = problem.unwrap().id();
    let said = desk.submit(problem, &kim(2), Command::reply("We are on it"));
    let update = Spread::update(said.unwrap().message().unwrap());
    let single = desk.tenant(TenantId::SINGLE);
    let spread = single.spread(problem, &kim(3), &update, &[incident]);
    assert_eq!(spread.unwrap().reached, [incident]);
    let sent = desk.claim(hour(3), TimeDelta::minutes(1), 10).unwrap();
    assert_eq!(sent, []);
}
