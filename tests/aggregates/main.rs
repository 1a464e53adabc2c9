//! Surveys, self-service, quality reviews and the improvement cycle: on the memory store and on SQLite.
#![cfg(feature = "sqlite")]

#[path = "../common/mod.rs"]
mod common;

mod customers;
mod doors;
mod improvement;
mod laws;
mod reviews;
mod revisions;
mod self_service;
mod surveys;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::customer;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::feedback::{self, Answer, Feedback, Question, Survey};
use helpdesk::id::{AgentId, CustomerId, TicketId};
use helpdesk::quality::{self, Category, Mark, Marked, Scorecard};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::{MemoryStore, SqliteStore, Store};
use helpdesk::ticket::{FieldValue, Metric, RatingKind, Scale};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Rulebook};

type AnyDesk = Desk<Box<dyn Store>>;

const LEE: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0xd));

fn rules() -> Rulebook {
    let csat = Question::new(name("satisfied"), RatingKind::Csat);
    let again = Question::new(name("polite"), RatingKind::Csat).on(Scale::new(1, 3).unwrap());
    let nps = Question::new(name("recommend"), RatingKind::Nps);
    let surveys = feedback::Rules::default()
        .survey(
            name("long"),
            Survey::new().ask(csat.clone()).ask(again).ask(nps),
        )
        .survey(
            name("short"),
            Survey::new().ask(csat).expires_after(Span::hours(48)),
        )
        .survey(name("empty"), Survey::new())
        .cool_down(Span::hours(24 * 10));
    let card = Scorecard::new(4)
        .category(Category::new(name("tone"), 1))
        .category(Category::new(name("solution"), 3))
        .category(Category::new(name("privacy"), 2).critical());
    let quality = quality::Rules::default().scorecard(name("standard"), card);
    let mut customers = customer::Rules::default();
    customers.tier_field = Some(name("tier"));
    customers.organisation_field = Some(name("company"));
    let gold = Condition::Field {
        name: name("tier"),
        is: vec![FieldValue::Text("gold".to_owned())],
    };
    let hour =
        |n| helpdesk::sla::Target::new(Span::hours(n), helpdesk::sla::Measure::Calendar).unwrap();
    let low = Trigger::LowRating {
        kind: RatingKind::Csat,
        at_most: 2,
    };
    let call_back =
        at_threshold("now", "after 1h calendar").action(Action::Custom(name("call back")));
    RulebookDraft::default()
        .policy(
            Policy::new(name("gold"))
                .when(gold)
                .target(Metric::FirstResponse, hour(1)),
        )
        .policy(Policy::new(name("rest")).target(Metric::FirstResponse, hour(8)))
        .escalation(Rule::new(name("unhappy"), low).level(call_back))
        .feedback(surveys)
        .quality(quality)
        .customers(customers)
        .build()
        .unwrap()
}

fn desks() -> [AnyDesk; 2] {
    let stores: [Box<dyn Store>; 2] = [
        Box::new(MemoryStore::new()),
        Box::new(SqliteStore::in_memory().unwrap()),
    ];
    stores.map(|store| Desk::new(store, rules()))
}

fn hours(n: i64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::hours(n)
}

fn by(actor: Actor, hour: i64) -> Call {
    Call::new(actor, hours(hour))
}

fn kim(hour: i64) -> Call {
    by(Actor::Agent(KIM), hour)
}

fn lee(hour: i64) -> Call {
    by(Actor::Supervisor(LEE), hour)
}

fn ann(hour: i64) -> Call {
    by(Actor::Customer(ANN), hour)
}

fn resolved(desk: &AnyDesk, customer: CustomerId, hour: i64) -> TicketId {
    let t = desk
        .open(&kim(hour), Open::new("help").from_customer(customer))
        .unwrap();
    desk.submit(t.id(), &kim(hour), Command::reply("so").then_resolve())
        .unwrap();
    t.id()
}

fn invite(survey: &str, ticket: TicketId) -> feedback::Command {
    feedback::Command::Invite {
        survey: name(survey),
        ticket,
    }
}

fn answers(marks: &[(&str, u8)]) -> Vec<Answer> {
    let answer = |(question, mark): &(&str, u8)| Answer {
        question: name(question),
        mark: *mark,
    };
    marks.iter().map(answer).collect()
}

fn answer(
    desk: &AnyDesk,
    call: &Call,
    marks: &[(&str, u8)],
    comment: Option<&str>,
) -> Result<(), Error> {
    let invitation = desk
        .state::<Feedback>(ANN)?
        .invitations()
        .last()
        .unwrap()
        .id;
    let command = feedback::Command::Answer {
        invitation,
        answers: answers(marks),
        comment: comment.map(str::to_owned),
    };
    desk.tell::<Feedback>(ANN, call, command).map(|_| ())
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

fn marks(of: &[(&str, Option<u8>)]) -> Vec<Marked> {
    let marked = |(category, points): &(&str, Option<u8>)| Marked {
        category: name(category),
        mark: points.map_or(Mark::NotApplicable, Mark::Points),
    };
    of.iter().map(marked).collect()
}

fn score(ticket: TicketId, marks: Vec<Marked>) -> quality::Command {
    quality::Command::Score {
        scorecard: name("standard"),
        ticket,
        agent: KIM,
        marks,
        comment: None,
    }
}
