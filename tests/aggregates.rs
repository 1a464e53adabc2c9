//! Surveys, self-service, quality reviews and the improvement cycle: on the memory store and on SQLite.

#![cfg(feature = "sqlite")]

mod common;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::customer::{self, Identity, Profile};
use helpdesk::desk::Anything;
use helpdesk::error::ErrorKind;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::feedback::{self, Answer, Feedback, Question, Survey};
use helpdesk::id::{AgentId, ArticleId, CustomerId, FindingId, Name, ReviewId, TicketId, VisitId};
use helpdesk::improvement::{self, Aim, Finding, NewAction};
use helpdesk::kpi::{Kpi, Report, Trend, Window};
use helpdesk::quality::{self, Candidate, Category, Mark, Marked, Plan, Review, Scorecard};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::self_service::{Article, ArticleCommand, Draft, Ending, State, Visit, VisitCommand};
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::{Filter, MemoryStore, Outgoing, Page, SqliteStore, Store};
use helpdesk::testing::beside;
use helpdesk::ticket::{
    self, Change, CloseReason, Event, FieldValue, Metric, RatingKind, Recorded, Scale, Split,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Rulebook, TenantId};
use proptest::prelude::*;

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

#[test]
fn an_answer_rates_the_ticket_of_then() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let told = desk
            .tell::<Feedback>(ANN, &kim(1), invite("long", t))
            .unwrap();
        let [message] = &told.actions[..] else {
            panic!()
        };
        assert!(matches!(&message.what, Outgoing::Survey { cycle: 0, .. }));
        let sent = desk.claim(hours(2), TimeDelta::hours(1), 9).unwrap();
        assert!(sent.iter().any(|sent| sent.id == message.id));

        // The work is done again by somebody else; the survey is about the first time all the same.
        desk.submit(t, &ann(2), Command::reopen()).unwrap();
        desk.submit(t, &lee(3), Command::reply("better").then_resolve())
            .unwrap();
        answer(
            &desk,
            &ann(4),
            &[("satisfied", 4), ("polite", 3), ("recommend", 10)],
            Some("thanks"),
        )
        .unwrap();
        let ticket = desk.ticket(t).unwrap();
        let rated: Vec<_> = ticket
            .ratings()
            .iter()
            .map(|r| (r.rated.kind, r.rated.mark, r.cycle, r.rated.credit))
            .collect();
        let expected = [
            (RatingKind::Csat, 4, 0, Some(KIM)),
            (RatingKind::Nps, 10, 0, Some(KIM)),
        ];
        assert_eq!(rated, expected);

        // A revision is kept beside what it revises, and only what it changes is rated again.
        answer(&desk, &ann(5), &[("satisfied", 4), ("recommend", 2)], None).unwrap();
        answer(&desk, &ann(6), &[("satisfied", 4), ("recommend", 2)], None).unwrap();
        let ticket = desk.ticket(t).unwrap();
        assert_eq!(ticket.ratings().len(), 3);
        assert_eq!(ticket.rating(RatingKind::Nps, 0).unwrap().rated.mark, 2);
        let state = desk.state::<Feedback>(ANN).unwrap();
        assert_eq!(state.invitations()[0].answers.len(), 2);
        assert_eq!(state.invitations()[0].mark(RatingKind::Nps), Some(2));
    }
}

#[test]
fn a_mark_is_on_the_scale_of_the_question_that_was_answered() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("long", t))
            .unwrap();
        answer(&desk, &ann(2), &[("polite", 3)], None).unwrap();
        let marks = || {
            let ticket = desk.ticket(t).unwrap();
            let rated = ticket
                .ratings()
                .iter()
                .map(|r| (r.rated.scale, r.rated.mark));
            rated.collect::<Vec<_>>()
        };
        let (of_three, of_five) = (Scale::new(1, 3).unwrap(), Scale::new(1, 5).unwrap());
        assert_eq!(marks(), [(of_three, 3)]);
        // The same number of another question is another mark; the same mark again is not.
        answer(&desk, &ann(3), &[("satisfied", 3)], None).unwrap();
        answer(&desk, &ann(4), &[("satisfied", 3), ("polite", 1)], None).unwrap();
        assert_eq!(marks(), [(of_three, 3), (of_five, 3)]);
    }
}

#[test]
fn what_was_done_is_told_again_however_late_its_stamp() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let said = || desk.submit(t, &kim(2).key(name("note")), Command::note("so"));
        let told = || {
            let note = customer::Command::Note("calls in the evening".to_owned());
            desk.tell::<Profile>(ANN, &kim(2).key(name("told")), note)
        };
        let late = || {
            let note = customer::Command::Note("calls at noon".to_owned());
            desk.tell::<Profile>(ANN, &ann(2), note)
        };
        assert!(!said().unwrap().is_replayed() && !told().unwrap().replayed);
        desk.accept_until(Some(hours(1)));
        assert!(said().unwrap().is_replayed() && told().unwrap().replayed);
        let other = desk.submit(t, &kim(2).key(name("note")), Command::note("else"));
        assert_eq!(code(other), "key_reused");
        // What was not done before is refused by its stamp alone, whoever asks for it.
        let new = desk.submit(t, &ann(2).key(name("new")), Command::note("so"));
        assert_eq!(
            (code(new), code(late())),
            ("stamp_too_late", "stamp_too_late")
        );
    }
}

#[test]
fn what_is_asked_when_is_refused_otherwise() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let open = desk
            .open(&kim(0), Open::new("x").from_customer(ANN))
            .unwrap()
            .id();
        let bobs = resolved(&desk, BOB, 0);
        let tell = |hour, command| desk.tell::<Feedback>(ANN, &kim(hour), command);
        assert_eq!(code(tell(1, invite("nothing", t))), "unknown_survey");
        assert_eq!(code(tell(1, invite("empty", t))), "unknown_survey");
        assert_eq!(code(tell(1, invite("short", open))), "not_resolved");
        assert_eq!(code(tell(1, invite("short", bobs))), "not_hers");
        assert_eq!(
            code(tell(1, invite("short", TicketId::named("none")))),
            "unknown_ticket"
        );
        let error = desk
            .tell::<Feedback>(ANN, &ann(1), invite("short", t))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);

        tell(1, invite("short", t)).unwrap();
        assert_eq!(code(tell(2, invite("long", t))), "already_asked");
        let other = resolved(&desk, ANN, 3);
        assert_eq!(code(tell(24 * 10, invite("short", other))), "cool_down");
        assert_eq!(
            code(answer(&desk, &ann(3), &[("satisfied", 6)], None)),
            "not_on_scale"
        );
        assert_eq!(
            code(answer(&desk, &ann(3), &[("polite", 1)], None)),
            "unknown_question"
        );
        assert_eq!(
            code(answer(
                &desk,
                &ann(3),
                &[("satisfied", 1), ("satisfied", 2)],
                None
            )),
            "unknown_question"
        );
        assert_eq!(code(answer(&desk, &ann(3), &[], None)), "missing");
        let bob = by(Actor::Customer(BOB), 3);
        assert_eq!(
            code(answer(&desk, &bob, &[("satisfied", 1)], None)),
            "somebody_else"
        );
        answer(&desk, &ann(48), &[("satisfied", 5)], None).unwrap();
        assert_eq!(
            code(answer(&desk, &ann(49), &[("satisfied", 1)], None)),
            "expired"
        );

        tell(24 * 10 + 1, invite("short", other)).unwrap(); // the cool-down is over
        desk.tell::<Feedback>(ANN, &ann(300), feedback::Command::OptOut(true))
            .unwrap();
        let third = resolved(&desk, ANN, 500);
        assert_eq!(code(tell(1_000, invite("short", third))), "opted_out");

        let surveys = desk
            .tenant(TenantId::SINGLE)
            .surveys(Window::new(hours(0), hours(1_000)), hours(1_000))
            .unwrap();
        let rows: Vec<_> = surveys
            .rows()
            .map(|(name, ratio)| (name.to_string(), ratio.to_string()))
            .collect();
        assert_eq!(rows, [("short".to_owned(), "50.0 % (1 of 2)".to_owned())]);
    }
}

#[test]
fn a_low_mark_escalates_once_and_asks_nothing_again() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("short", t))
            .unwrap();
        answer(&desk, &ann(2), &[("satisfied", 1)], None).unwrap();
        answer(&desk, &ann(2), &[("satisfied", 1)], Some("bad")).unwrap();
        for hour in [4, 5, 400] {
            desk.sweep(hours(hour), 10).unwrap();
        }
        let sent = desk.claim(hours(401), TimeDelta::hours(1), 99).unwrap();
        let is_call = |m: &&helpdesk::store::OutboxMessage| matches!(&m.what, Outgoing::Escalation { rule, .. } if *rule == name("unhappy"));
        assert_eq!(sent.iter().filter(is_call).count(), 1);
        let surveys = sent
            .iter()
            .filter(|m| matches!(m.what, Outgoing::Survey { .. }))
            .count();
        assert_eq!(
            (
                surveys,
                desk.state::<Feedback>(ANN).unwrap().invitations().len()
            ),
            (1, 1)
        );
        assert_eq!(desk.ticket(t).unwrap().cycles().len(), 1);
    }
}

/// A survey that is answered again, with a comment, says nothing new about its cycle, whatever was said of a later one.
#[test]
fn an_old_survey_answered_again_fires_nothing_again() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let ask = |hour, survey| {
            desk.tell::<Feedback>(ANN, &kim(hour), invite(survey, t))
                .unwrap();
        };
        ask(1, "long");
        answer(&desk, &ann(2), &[("satisfied", 1)], None).unwrap();
        desk.submit(t, &ann(4), Command::reopen()).unwrap();
        desk.submit(t, &kim(5), Command::reply("so").then_resolve())
            .unwrap();
        ask(242, "short");
        answer(&desk, &ann(243), &[("satisfied", 5)], None).unwrap();
        let again = feedback::Command::Answer {
            invitation: desk.state::<Feedback>(ANN).unwrap().invitations()[0].id,
            answers: answers(&[("satisfied", 1)]),
            comment: Some("bad".to_owned()),
        };
        desk.tell::<Feedback>(ANN, &ann(244), again).unwrap();
        let marks = desk.ticket(t).unwrap();
        let marks = marks.ratings().iter().map(|r| (r.cycle, r.rated.mark));
        assert_eq!(marks.collect::<Vec<_>>(), [(0, 1), (1, 5), (0, 1)]);
        desk.sweep(hours(400), 10).unwrap();
        let sent = desk.claim(hours(401), TimeDelta::hours(1), 99).unwrap();
        let is_call = |m: &&helpdesk::store::OutboxMessage| matches!(&m.what, Outgoing::Escalation { rule, .. } if *rule == name("unhappy"));
        assert_eq!(sent.iter().filter(is_call).count(), 1);
    }
}

/// Of an older cycle she says again what she said: it is not her last mark, which is the one of the newer cycle. A low one of before does not
/// come back, and a low one of the newer cycle is not made up for.
#[test]
fn an_old_survey_answered_again_is_not_the_last_mark() {
    let told = |of_survey, of_newer| {
        let low = Trigger::LowRating {
            kind: RatingKind::Csat,
            at_most: 2,
        };
        let rule = Rule::new(name("low"), low)
            .withdraw()
            .level(at_threshold("now", "at once").action(Action::Custom(name("look"))))
            .level(at_threshold("still", "after 24h calendar"));
        let draft = RulebookDraft::from(rules()).escalation(rule);
        let store: Box<dyn Store> = Box::new(MemoryStore::new());
        let desk = Desk::new(store, draft.build().unwrap());
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("long", t))
            .unwrap();
        answer(&desk, &ann(2), &[("satisfied", of_survey)], None).unwrap();
        desk.submit(t, &ann(3), Command::reopen()).unwrap();
        desk.submit(t, &kim(4), Command::reply("so").then_resolve())
            .unwrap();
        let rate = Command::rate(RatingKind::Csat, of_newer);
        desk.submit(t, &ann(5), rate).unwrap();
        desk.sweep(hours(6), 10).unwrap();
        answer(&desk, &ann(7), &[("satisfied", of_survey)], Some("so")).unwrap();
        desk.sweep(hours(100), 10).unwrap();
        let events = common::history(&desk, t);
        let what = |event: &Recorded| match &event.event {
            Event::Escalated(fired) if fired.rule == name("low") => Some(fired.level.to_string()),
            Event::Withdrawn { .. } => Some("withdrawn".to_owned()),
            _ => None,
        };
        events.iter().filter_map(what).collect::<Vec<_>>()
    };
    assert_eq!(told(1, 5), ["now", "withdrawn"]);
    assert_eq!(told(5, 1), ["now", "still"]);
}

/// Of each kind of question the newest answer that has it stands, in the survey and on the ticket: what is left out revises nothing.
#[test]
fn what_stands_of_a_kind_is_in_the_newest_answer_that_has_it() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("long", t))
            .unwrap();
        let said: [&[(&str, u8)]; 3] = [
            &[("satisfied", 2), ("recommend", 1)],
            &[("recommend", 9)],
            &[("satisfied", 2), ("recommend", 9)],
        ];
        for (hour, said) in (2..).zip(said) {
            answer(&desk, &ann(hour), said, None).unwrap();
            let ticket = desk.ticket(t).unwrap();
            let state = desk.state::<Feedback>(ANN).unwrap();
            let survey = &state.invitations()[0];
            for kind in RatingKind::ALL {
                let stands = ticket.rating(kind, 0).map(|rating| rating.rated.mark);
                assert_eq!(survey.mark(kind), stands, "{kind} at {hour}");
            }
            assert_eq!(survey.answers.len(), hour as usize - 1);
        }
        let ticket = desk.ticket(t).unwrap();
        let marks = ticket.ratings().iter().map(|r| r.rated.mark);
        assert_eq!(marks.collect::<Vec<_>>(), [2, 1, 9]);
    }
}

/// The newest answer stands on the ticket too where she rated that directly in between, also the same answer again.
#[test]
fn an_answer_stands_on_the_ticket_after_a_direct_rating() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("long", t))
            .unwrap();
        let stands = |kind| {
            let ticket = desk.ticket(t).unwrap();
            ticket.rating(kind, 0).map(|rating| rating.rated.mark)
        };
        let long = [("satisfied", 2), ("recommend", 9)];
        let rate = |hour, mark| {
            let rate = Command::rate(RatingKind::Csat, mark);
            desk.submit(t, &ann(hour), rate).unwrap();
        };
        answer(&desk, &ann(2), &long, None).unwrap();
        rate(3, 5);
        answer(&desk, &ann(4), &long, None).unwrap();
        assert_eq!(stands(RatingKind::Csat), Some(2), "the same answer again");
        rate(5, 4);
        answer(&desk, &ann(6), &long[..1], None).unwrap();
        assert_eq!(
            stands(RatingKind::Csat),
            Some(2),
            "the same mark in another answer"
        );
        answer(&desk, &ann(7), &long[..1], None).unwrap();
        assert_eq!(stands(RatingKind::Nps), Some(9));
        let ticket = desk.ticket(t).unwrap();
        let marks = ticket.ratings().iter().map(|r| r.rated.mark);
        assert_eq!(marks.collect::<Vec<_>>(), [2, 9, 5, 2, 4, 2]);
        let state = desk.state::<Feedback>(ANN).unwrap();
        assert_eq!(
            state.invitations()[0].answers.len(),
            3,
            "what is so is not said again"
        );
    }
}

/// A survey that was answered as often as can be takes the same answer again, which says nothing new, and no other one.
#[test]
fn a_full_list_of_answers_takes_the_last_one_again() {
    let mut draft = RulebookDraft::from(rules());
    draft.tickets.max_list = 1;
    let store: Box<dyn Store> = Box::new(MemoryStore::new());
    let desk = Desk::new(store, draft.build().unwrap());
    let t = resolved(&desk, ANN, 0);
    desk.tell::<Feedback>(ANN, &kim(1), invite("short", t))
        .unwrap();
    for hour in 2..4 {
        answer(&desk, &ann(hour), &[("satisfied", 3)], None).unwrap();
    }
    let other = answer(&desk, &ann(4), &[("satisfied", 4)], None);
    assert_eq!(code(other), "too_large");
}

/// What the customer says about a mark that she gave already is on the ticket too; but it is the mark of before, which counts from
/// when it was given and escalates once.
#[test]
fn a_comment_on_a_mark_is_no_other_mark() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        desk.tell::<Feedback>(ANN, &kim(1), invite("short", t))
            .unwrap();
        let mut calls = Vec::new();
        let said = [
            (2, 1, None),
            (5, 1, Some("bad")),
            (9, 1, None),
            (12, 2, None),
        ];
        for (hour, mark, comment) in said {
            answer(&desk, &ann(hour), &[("satisfied", mark)], comment).unwrap();
            desk.sweep(hours(hour + 2), 10).unwrap();
            let sent = desk.claim(hours(hour + 2), TimeDelta::days(9), 99).unwrap();
            let is_call = |m: &&helpdesk::store::OutboxMessage| matches!(&m.what, Outgoing::Escalation { rule, .. } if *rule == name("unhappy"));
            calls.push(sent.iter().filter(is_call).count());
        }
        assert_eq!(calls, [1, 0, 0, 1], "once for each mark");
        let ticket = desk.ticket(t).unwrap();
        let comments = ticket.ratings().iter().map(|r| r.rated.comment.is_some());
        assert_eq!(comments.collect::<Vec<_>>(), [false, true, false]);
        let mut given = Vec::new();
        let mut keep = |rows: &[helpdesk::kpi::Fact]| {
            let marks = rows.iter().flat_map(|row| &row.ratings);
            given.extend(marks.map(|mark| (mark.at, mark.mark)));
        };
        desk.tenant(TenantId::SINGLE).facts(&mut keep).unwrap();
        assert_eq!(given, [(hours(2), 1), (hours(12), 2)]);
    }
}

#[test]
fn a_joined_customer_is_asked_and_answers_as_one() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let bobs = resolved(&desk, BOB, 0);
        desk.tell::<Feedback>(BOB, &kim(1), invite("short", bobs))
            .unwrap();
        let other = resolved(&desk, BOB, 2);
        desk.tell::<Profile>(ANN, &kim(3), customer::Command::Join(BOB))
            .unwrap();
        assert_eq!(
            code(desk.tell::<Feedback>(ANN, &kim(4), invite("short", bobs))),
            "already_asked"
        );
        assert_eq!(
            code(desk.tell::<Feedback>(ANN, &kim(4), invite("short", other))),
            "cool_down"
        );
        assert_eq!(
            code(desk.tell::<Feedback>(BOB, &kim(250), invite("short", other))),
            "was_joined"
        );
        desk.tell::<Feedback>(ANN, &kim(300), invite("short", other))
            .unwrap();
        answer(&desk, &ann(301), &[("satisfied", 3)], None).unwrap();
        assert_eq!(desk.ticket(other).unwrap().ratings().len(), 1);

        // The survivor reaches what was the other's, and new tickets of the other are hers.
        desk.submit(other, &ann(302), Command::reply("again"))
            .unwrap();
        assert!(single.customer_view(other, ANN).is_ok());
        assert!(
            single
                .customer_view(other, CustomerId::named("nobody"))
                .is_err()
        );
        let t = desk
            .open(&kim(303), Open::new("x").from_customer(BOB))
            .unwrap();
        assert_eq!(t.ticket().requester(), ANN);
        let briefing = single.briefing(BOB, 5, hours(304)).unwrap();
        assert_eq!(briefing.customer, ANN);
        assert_eq!(
            (
                briefing.open.len(),
                briefing.recent.len(),
                briefing.ratings.len()
            ),
            (2, 3, 1)
        );
        assert_eq!(briefing.contacts[0].at, hours(302));
        desk.submit(
            t.id(),
            &kim(305),
            Command::change(Change::PromiseUpdate(hours(330))),
        )
        .unwrap();
        let briefing = single.briefing(ANN, 2, hours(306)).unwrap();
        assert_eq!(briefing.promises, [(t.id(), hours(330))]);
        assert_eq!((briefing.recent.len(), briefing.contacts.len()), (2, 2));
    }
}

#[test]
fn the_profile_tells_the_policies() {
    for desk in desks() {
        let set = |change| customer::Command::set(change);
        let tell = |id, command| desk.tell::<Profile>(id, &kim(0), command).unwrap();
        tell(ANN, set(customer::Change::Tier(Some(name("gold")))));
        tell(ANN, set(customer::Change::Organisation(Some(name("Acme")))));
        tell(
            ANN,
            customer::Command::Identify(Identity::address("ann@example.com")),
        );
        let policy = |open: Open| {
            let t = desk.open(&kim(1), open).unwrap();
            t.ticket()
                .policy(ticket::Agreement::Sla)
                .unwrap()
                .to_string()
        };
        assert_eq!(policy(Open::new("x").from_customer(ANN)), "gold");
        assert_eq!(policy(Open::new("x").from("ann@example.com")), "gold");
        assert_eq!(policy(Open::new("x").from_customer(BOB)), "rest");
        let own = Change::Field {
            name: name("tier"),
            value: Some(FieldValue::Text("iron".to_owned())),
        };
        assert_eq!(policy(Open::new("x").from_customer(ANN).and(own)), "rest");
        tell(ANN, customer::Command::Join(BOB));
        assert_eq!(policy(Open::new("x").from_customer(BOB)), "gold");
        let t = desk.open(&ann(2), Open::new("x")).unwrap();
        for (field, is) in [("tier", "gold"), ("company", "Acme")] {
            let told = FieldValue::Text(is.to_owned());
            assert_eq!(t.ticket().fields().get(field), Some(&told));
        }
        let rows = desk
            .tenant(TenantId::SINGLE)
            .list(&Filter::all(), &Page::oldest(99))
            .unwrap();
        let numbers: Vec<u64> = rows.iter().map(|row| row.number.0).collect();
        assert_eq!(
            numbers,
            (1..=6).collect::<Vec<_>>(),
            "looking at a profile costs no number"
        );
    }
}

fn policy_of(desk: &AnyDesk, ticket: TicketId) -> String {
    let ticket = desk.ticket(ticket).unwrap();
    ticket.policy(ticket::Agreement::Sla).unwrap().to_string()
}

/// A tier is its customer's own: no address that somebody types brings it, and no way in which a ticket begins loses it.
#[test]
fn a_ticket_has_the_tier_of_its_own_customer() {
    for desk in desks() {
        let tell = |id, command| desk.tell::<Profile>(id, &kim(0), command).unwrap();
        let gold = customer::Change::Tier(Some(name("gold")));
        tell(ANN, customer::Command::set(gold));
        tell(
            ANN,
            customer::Command::Identify(Identity::address("ann@example.com")),
        );
        let bob = |hour| by(Actor::Customer(BOB), hour);
        let open = |call: &Call, open: Open| desk.open(call, open.body("help")).unwrap().id();
        // What begins with the ticket: a message after its end, and what is split off.
        let begun = |t: TicketId, who: &dyn Fn(i64) -> Call| {
            let first = desk.ticket(t).unwrap().messages()[0].id;
            let split = desk.split(t, &kim(2), Split::new([first])).unwrap();
            desk.submit(t, &kim(3), Command::reply("so").then_resolve())
                .unwrap();
            desk.submit(t, &kim(4), Command::close(CloseReason::Settled))
                .unwrap();
            let late = desk.submit(t, &who(5), Command::reply("and?")).unwrap();
            [split.follow_up().unwrap(), late.follow_up().unwrap()].map(|t| policy_of(&desk, t))
        };

        let typed = open(&bob(1), Open::new("x").from("ann@example.com"));
        assert_eq!(desk.ticket(typed).unwrap().requester(), BOB);
        assert_eq!(policy_of(&desk, typed), "rest");
        assert_eq!(begun(typed, &bob), ["rest", "rest"]);
        for own in [
            Open::new("x"),
            Open::new("x").from_customer(ANN),
            Open::new("x").from("somebody@example.com"),
        ] {
            let t = open(&ann(1), own);
            assert_eq!(policy_of(&desk, t), "gold");
            assert_eq!(begun(t, &ann), ["gold", "gold"]);
        }
        // One person has one tier, under whichever id she speaks.
        tell(ANN, customer::Command::Join(BOB));
        let t = open(&bob(1), Open::new("x"));
        assert_eq!(policy_of(&desk, t), "gold");
        assert_eq!(begun(t, &bob), ["gold", "gold"]);
    }
}

#[test]
fn who_names_herself_opens_as_who_names_nobody() {
    for desk in desks() {
        desk.tell::<Profile>(ANN, &kim(0), customer::Command::Join(BOB))
            .unwrap();
        let bob = by(Actor::Customer(BOB), 1);
        let requester = |call: &Call, open: Open| {
            let opened = desk.open(call, open)?;
            Ok::<_, Error>(opened.ticket().requester())
        };
        let named = |who| Open::new("x").from_customer(who);
        assert_eq!(requester(&bob, Open::new("x")).unwrap(), BOB);
        assert_eq!(requester(&bob, named(BOB)).unwrap(), BOB);
        assert_eq!(requester(&ann(1), named(ANN)).unwrap(), ANN);
        assert_eq!(requester(&ann(1), named(BOB)).unwrap(), ANN);
        assert_eq!(requester(&kim(1), named(BOB)).unwrap(), ANN);
        let cy = by(Actor::Customer(CustomerId::named("cy")), 1);
        assert_eq!(code(requester(&cy, named(BOB))), "not_yours");
    }
}

/// What was sent before a join is answered after it, under any id; and nobody else answers it.
#[test]
fn a_survey_that_is_out_is_answered_under_any_id() {
    for (asked, speaks) in [(BOB, ANN), (ANN, BOB), (BOB, BOB), (ANN, ANN)] {
        for desk in desks() {
            let t = resolved(&desk, asked, 0);
            let told = desk.tell::<Feedback>(asked, &kim(1), invite("short", t));
            let answer = feedback::Command::Answer {
                invitation: told.unwrap().state.invitations()[0].id,
                answers: answers(&[("satisfied", 4)]),
                comment: None,
            };
            let say = |who, hour| {
                let call = by(Actor::Customer(who), hour);
                desk.tell::<Feedback>(asked, &call, answer.clone())
            };
            if speaks != asked {
                assert_eq!(code(say(speaks, 2)), "somebody_else");
            }
            desk.tell::<Profile>(ANN, &kim(3), customer::Command::Join(BOB))
                .unwrap();
            assert_eq!(code(say(CustomerId::named("cy"), 4)), "somebody_else");
            say(speaks, 5).unwrap();
            let ticket = desk.ticket(t).unwrap();
            assert_eq!(ticket.rating(RatingKind::Csat, 0).unwrap().rated.mark, 4);
        }
    }
}

#[test]
fn preferences_are_set_under_any_id() {
    for desk in desks() {
        desk.tell::<Profile>(ANN, &kim(0), customer::Command::Join(BOB))
            .unwrap();
        let prefer = |whose, who| {
            let language = customer::Change::Language(Some(name("de")));
            let call = by(Actor::Customer(who), 1);
            desk.tell::<Profile>(whose, &call, customer::Command::set(language))
        };
        let told = prefer(ANN, BOB).unwrap();
        assert_eq!(told.state.language(), Some(&name("de")));
        assert_eq!(code(prefer(BOB, ANN)), "was_joined");
        let cy = CustomerId::named("cy");
        assert_eq!(code(prefer(ANN, cy)), "somebody_else");
        assert_eq!(code(prefer(BOB, cy)), "somebody_else");
    }
}

/// Who wants no surveys is asked none under any of her ids, and what she says of that holds for all of them.
#[test]
fn an_opt_out_outlives_a_join() {
    for desk in desks() {
        let t = resolved(&desk, BOB, 0);
        let bob = by(Actor::Customer(BOB), 1);
        desk.tell::<Feedback>(BOB, &bob, feedback::Command::OptOut(true))
            .unwrap();
        desk.tell::<Profile>(ANN, &kim(2), customer::Command::Join(BOB))
            .unwrap();
        let ask = |hour| desk.tell::<Feedback>(ANN, &kim(hour), invite("short", t));
        let out = || [ANN, BOB].map(|who| desk.state::<Feedback>(who).unwrap().has_opted_out());
        assert_eq!(code(ask(3)), "opted_out");
        let again = desk.tell::<Feedback>(ANN, &ann(4), feedback::Command::OptOut(false));
        assert_eq!(again.unwrap().events.len(), 1);
        assert_eq!(out(), [false, false]);
        ask(5).unwrap();
        // Under the other id it holds for the survivor too, and said again it is no event.
        let bob = by(Actor::Customer(BOB), 6);
        for events in [1, 0] {
            let told = desk.tell::<Feedback>(BOB, &bob, feedback::Command::OptOut(true));
            assert_eq!(told.unwrap().events.len(), events);
            assert_eq!(out(), [true, true]);
        }
        let next = resolved(&desk, ANN, 900);
        let ask = desk.tell::<Feedback>(ANN, &kim(901), invite("short", next));
        assert_eq!(code(ask), "opted_out");
    }
}

#[test]
fn work_to_look_at_is_the_last_that_an_agent_resolved() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        for (hour, who) in [(1, ann(2)), (3, by(Actor::System, 4))] {
            desk.submit(t, &ann(hour), Command::reopen()).unwrap();
            desk.submit(t, &who, Command::resolve()).unwrap();
            let work = Candidate::of(&desk.ticket(t).unwrap()).unwrap();
            assert_eq!((work.agent, work.resolved_at), (KIM, hours(0)));
        }
        desk.submit(t, &ann(5), Command::reopen()).unwrap();
        desk.submit(t, &lee(6), Command::resolve()).unwrap();
        let work = Candidate::of(&desk.ticket(t).unwrap()).unwrap();
        assert_eq!((work.agent, work.resolved_at), (LEE, hours(6)));
        let own = desk.open(&ann(7), Open::new("x")).unwrap().id();
        desk.submit(own, &ann(8), Command::resolve()).unwrap();
        assert_eq!(Candidate::of(&desk.ticket(own).unwrap()), None);
    }
}

#[test]
fn an_erased_person_leaves_figures_and_no_text() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let tell = |id, command| desk.tell::<Profile>(id, &kim(0), command).unwrap();
        tell(
            ANN,
            customer::Command::Identify(Identity::address("ann@secret.example")),
        );
        tell(ANN, customer::Command::Note("secret note".to_owned()));
        tell(
            BOB,
            customer::Command::Identify(Identity::phone("+49 30 901820")),
        );
        tell(BOB, customer::Command::Note("secret too".to_owned()));
        tell(ANN, customer::Command::Join(BOB));
        let t = resolved(&desk, ANN, 1);
        desk.tell::<Feedback>(ANN, &kim(2), invite("long", t))
            .unwrap();
        answer(
            &desk,
            &ann(3),
            &[("satisfied", 2), ("recommend", 1)],
            Some("secret comment"),
        )
        .unwrap();
        let visit = VisitId::named("v");
        let search = VisitCommand::Search {
            text: "secret search".to_owned(),
            results: 0,
        };
        desk.tell::<Visit>(visit, &ann(3), search).unwrap();

        let report = || {
            let report = Report::standard().last_days(30);
            let figures = desk.report(&report, hours(500)).unwrap();
            let window = Window::new(hours(0), hours(400));
            (
                figures,
                single.surveys(window, hours(500)).unwrap(),
                single.self_service(window, hours(500)).unwrap(),
            )
        };
        let profile = desk.state::<Profile>(ANN).unwrap();
        let mut texts: Vec<_> = profile.texts().collect();
        texts.push(desk.state::<Visit>(visit).unwrap().searches()[0].text);
        texts.extend(
            desk.state::<Feedback>(ANN).unwrap().invitations()[0]
                .answered()
                .unwrap()
                .comment,
        );
        assert_eq!(texts.len(), 6);
        assert!(single.content(&texts).unwrap().iter().all(Option::is_some));
        let before = report();
        single.erase_person(BOB, hours(4)).unwrap(); // the other id leads to the same person
        single.erase_person(ANN, hours(5)).unwrap(); // again is no error
        assert_eq!(report(), before);
        assert!(single.content(&texts).unwrap().iter().all(Option::is_none));
        let profile = desk.state::<Profile>(ANN).unwrap();
        assert_eq!(
            (profile.erased_at(), profile.texts().count()),
            (Some(hours(4)), 0)
        );
        let history = serde_json::to_string(&single.told::<Profile>(ANN).unwrap()).unwrap();
        assert!(!history.contains("secret") && !history.contains("901820"));
        for identity in [
            Identity::address("ann@secret.example"),
            Identity::phone("+4930901820"),
        ] {
            assert_eq!(single.find_customer(&identity).unwrap(), None);
        }
        assert_eq!(
            code(desk.tell::<Profile>(ANN, &kim(6), customer::Command::Note("x".to_owned()))),
            "was_erased"
        );
        assert_eq!(
            code(desk.tell::<Feedback>(ANN, &kim(900), invite("long", t))),
            "was_erased"
        );
    }
}

#[test]
fn articles_have_versions_and_uses() {
    for desk in desks() {
        let (article, other) = (ArticleId::named("a"), ArticleId::named("b"));
        let tell = |id, command| desk.tell::<Article>(id, &kim(1), command);
        assert_eq!(code(tell(article, ArticleCommand::Publish)), "no_article");
        let draft =
            |text: &str, language| Draft::new(text, text, name(language)).about(name("frozen"));
        tell(article, ArticleCommand::Write(draft("one", "en"))).unwrap();
        assert_eq!(
            code(tell(article, ArticleCommand::Write(draft("eins", "de")))),
            "other_language"
        );
        assert_eq!(
            code(tell(
                other,
                ArticleCommand::Write(draft("x", "de").translates(other))
            )),
            "translates_itself"
        );
        let state = || desk.state::<Article>(article).unwrap();
        assert_eq!((state().state(), state().published()), (State::Draft, None));
        tell(article, ArticleCommand::Publish).unwrap();
        tell(article, ArticleCommand::Write(draft("two", "en"))).unwrap();
        assert_eq!((state().newest(), state().published()), (2, Some(1)));
        assert!(
            tell(article, ArticleCommand::LinkCause(name("frozen")))
                .unwrap()
                .events
                .is_empty()
        );
        tell(article, ArticleCommand::Retire).unwrap();
        assert_eq!(state().published(), None);

        let t = resolved(&desk, ANN, 1);
        tell(article, ArticleCommand::Use(t)).unwrap();
        assert!(
            tell(article, ArticleCommand::Use(t))
                .unwrap()
                .events
                .is_empty()
        );
        desk.submit(t, &ann(2), Command::reopen()).unwrap();
        tell(article, ArticleCommand::Use(t)).unwrap();
        assert_eq!(state().uses().len(), 2, "once per cycle");
        assert_eq!(
            code(tell(article, ArticleCommand::Use(TicketId::named("none")))),
            "no_ticket"
        );
        let error = desk
            .tell::<Article>(article, &ann(3), ArticleCommand::Publish)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
}

/// As it stood at the instant of the report: not before it was given, and as it was before it was changed.
#[test]
fn a_vote_counts_from_when_it_was_given() {
    for desk in desks() {
        let (id, article) = (VisitId::named("v"), ArticleId::named("a"));
        let write = ArticleCommand::Write(Draft::new("t", "b", name("en")));
        desk.tell::<Article>(article, &kim(0), write).unwrap();
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Publish)
            .unwrap();
        let tell = |hour, command| desk.tell::<Visit>(id, &ann(hour), command).unwrap();
        tell(1, VisitCommand::View(article));
        for (hour, helpful) in [(3, false), (5, false), (50, true)] {
            tell(hour, VisitCommand::Vote { article, helpful });
        }
        let single = desk.tenant(TenantId::SINGLE);
        let window = Window::new(hours(0), hours(200));
        let used = |hour| {
            let tally = single.self_service(window, hours(hour)).unwrap();
            let used = tally.articles()[&article];
            (used.views, used.helpful, used.not_helpful)
        };
        assert_eq!(
            [1, 2, 3, 49, 50].map(used),
            [(1, 0, 0), (1, 0, 0), (1, 0, 1), (1, 0, 1), (1, 1, 0)]
        );
        let visit = desk.state::<Visit>(id).unwrap();
        assert_eq!(&visit.votes_at(hours(50)), visit.votes());
    }
}

#[test]
fn visits_end_as_they_do() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let article = ArticleId::named("a");
        let write = ArticleCommand::Write(Draft::new("t", "b", name("en")).about(name("phone")));
        desk.tell::<Article>(article, &kim(0), write).unwrap();
        let visit = |text: &str| VisitId::named(text);
        let tell = |id, hour, command| desk.tell::<Visit>(visit(id), &ann(hour), command);
        assert_eq!(
            code(tell("read", 1, VisitCommand::View(article))),
            "not_published"
        );
        desk.tell::<Article>(article, &kim(1), ArticleCommand::Publish)
            .unwrap();

        tell("read", 1, VisitCommand::View(article)).unwrap();
        tell(
            "read",
            2,
            VisitCommand::Vote {
                article,
                helpful: false,
            },
        )
        .unwrap();
        tell(
            "read",
            2,
            VisitCommand::Vote {
                article,
                helpful: true,
            },
        )
        .unwrap();
        tell(
            "left",
            1,
            VisitCommand::Search {
                text: "zzz".to_owned(),
                results: 0,
            },
        )
        .unwrap();
        assert_eq!(
            code(tell(
                "left",
                2,
                VisitCommand::Vote {
                    article,
                    helpful: true
                }
            )),
            "not_read"
        );
        tell("said", 1, VisitCommand::End { solved: Some(true) }).unwrap();
        assert_eq!(
            code(tell("said", 2, VisitCommand::View(article))),
            "visit_ended"
        );
        tell("asked", 1, VisitCommand::View(article)).unwrap();
        let t = desk.open(&ann(20), Open::new("x")).unwrap().id();
        desk.tell::<Visit>(visit("asked"), &kim(21), VisitCommand::Ticket(t))
            .unwrap();
        assert_eq!(
            code(desk.tell::<Visit>(
                visit("asked"),
                &kim(21),
                VisitCommand::Ticket(resolved(&desk, ANN, 21))
            )),
            "other_ticket"
        );
        let bob = by(Actor::Customer(BOB), 3);
        assert_eq!(
            code(desk.tell::<Visit>(visit("read"), &bob, VisitCommand::View(article))),
            "somebody_else"
        );
        tell("young", 99, VisitCommand::View(article)).unwrap();
        assert_eq!(
            desk.state::<Visit>(visit("left")).unwrap().customer(),
            Some(ANN)
        );

        let window = Window::new(hours(0), hours(200));
        let tally = single.self_service(window, hours(100)).unwrap();
        let ended = [
            Ending::Contained,
            Ending::GaveUp,
            Ending::Confirmed,
            Ending::Ticket,
            Ending::Undecided,
        ]
        .map(|ending| tally.ended(ending));
        assert_eq!(ended, [1, 1, 1, 1, 1]);
        assert_eq!(
            tally.score().to_string(),
            "50.0 % (2 of 4; left out: 1 undecided)"
        );
        assert_eq!(tally.confirmed().numerator(), 1);
        assert_eq!(
            tally.searches_without_result().to_string(),
            "100.0 % (1 of 1)"
        );
        let used = tally.articles()[&article];
        assert_eq!((used.views, used.helpful, used.not_helpful), (3, 1, 0));

        let typed = |kind: &str, n| {
            (0..n).for_each(|_| {
                let change = Change::Type(Some(name(kind)));
                desk.open(&kim(5), Open::new("x").from_customer(BOB).and(change))
                    .unwrap();
            })
        };
        typed("phone", 4);
        typed("card", 3);
        typed("rare", 1);
        let gaps = single.gaps(window, 2).unwrap();
        assert_eq!(
            gaps.iter()
                .map(|gap| (gap.cause.as_str(), gap.tickets))
                .collect::<Vec<_>>(),
            [("card", 3)]
        );
    }
}

/// An article as full of causes as the rules allow takes the causes that it has, and no other.
#[test]
fn a_full_set_of_causes_takes_those_that_it_has() {
    let mut tickets = ticket::Rules::default();
    tickets.max_list = 2;
    let book = RulebookDraft::default().tickets(tickets).build().unwrap();
    let desk = Desk::new(MemoryStore::new(), book);
    let tell = |command| desk.tell::<Article>(ArticleId::named("a"), &kim(0), command);
    let draft = |causes: &[&str]| {
        let draft = Draft::new("t", "b", name("en"));
        let draft = causes
            .iter()
            .fold(draft, |draft, cause| draft.about(name(cause)));
        ArticleCommand::Write(draft)
    };
    assert_eq!(code(tell(draft(&["x", "y", "z"]))), "too_large");
    tell(draft(&["x", "y", "x"])).unwrap();
    let linked = tell(ArticleCommand::LinkCause(name("x"))).unwrap();
    assert!(linked.events.is_empty());
    assert_eq!(
        code(tell(ArticleCommand::LinkCause(name("z")))),
        "too_large"
    );
    assert_eq!(code(tell(draft(&["x", "z"]))), "too_large");
    let told = tell(draft(&["y", "x"])).unwrap();
    assert_eq!((told.state.newest(), told.state.causes().len()), (2, 2));
}

/// That the visitor is known is nothing that she did: an ending that was decided stays, however late she is recognised.
#[test]
fn an_ending_outlasts_the_recognition_of_the_visitor() {
    for desk in desks() {
        let (article, visit) = (ArticleId::named("a"), VisitId::named("v"));
        let write = ArticleCommand::Write(Draft::new("t", "b", name("en")));
        desk.tell::<Article>(article, &kim(0), write).unwrap();
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Publish)
            .unwrap();
        let tell = |hour, command| desk.tell::<Visit>(visit, &kim(hour), command).unwrap();
        tell(1, VisitCommand::View(article));
        let ending = |as_of| {
            let state = desk.state::<Visit>(visit).unwrap();
            state.ending(Span::hours(72), hours(as_of))
        };
        assert_eq!(
            (ending(73), ending(74)),
            (Ending::Undecided, Ending::Contained)
        );
        let t = desk.open(&ann(80), Open::new("x")).unwrap().id();
        tell(81, VisitCommand::Recognise(ANN));
        assert_eq!(
            (ending(73), ending(82)),
            (Ending::Undecided, Ending::Contained)
        );
        tell(83, VisitCommand::Ticket(t));
        assert_eq!(
            ending(84),
            Ending::Contained,
            "opened when the window was over"
        );
        // Who is recognised first of all begins a visit all the same.
        let known = VisitId::named("known");
        let told = desk.tell::<Visit>(known, &kim(90), VisitCommand::Recognise(ANN));
        let state = told.unwrap().state;
        assert_eq!(state.began_at(), hours(90));
        assert_eq!(state.ending(Span::hours(72), hours(162)), Ending::Undecided);
        assert_eq!(state.ending(Span::hours(72), hours(163)), Ending::GaveUp);
    }
}

/// A ticket that was there before the visit began did not come of it.
#[test]
fn a_ticket_from_before_a_visit_did_not_come_of_it() {
    for desk in desks() {
        let (article, visit) = (ArticleId::named("a"), VisitId::named("v"));
        let write = ArticleCommand::Write(Draft::new("t", "b", name("en")));
        desk.tell::<Article>(article, &kim(0), write).unwrap();
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Publish)
            .unwrap();
        let before = desk.open(&ann(1), Open::new("x")).unwrap().id();
        let tell = |visit, hour, command| desk.tell::<Visit>(visit, &kim(hour), command).unwrap();
        tell(visit, 2, VisitCommand::View(article));
        let told = tell(visit, 3, VisitCommand::Ticket(before));
        let window = Span::hours(72);
        assert_eq!(told.state.ending(window, hours(4)), Ending::Undecided);
        assert_eq!(told.state.ending(window, hours(75)), Ending::Contained);
        let at_once = VisitId::named("at once");
        tell(at_once, 5, VisitCommand::View(article));
        let since = desk.open(&ann(5), Open::new("x")).unwrap().id();
        let told = tell(at_once, 6, VisitCommand::Ticket(since));
        assert_eq!(told.state.ending(window, hours(7)), Ending::Ticket);
    }
}

/// A visit that was recorded under one id of a person goes on under any of them, and under nobody else's.
#[test]
fn a_visit_goes_on_under_any_id() {
    for (seen, speaks) in [(BOB, ANN), (ANN, BOB), (BOB, BOB), (ANN, ANN)] {
        for desk in desks() {
            let visit = VisitId::named("v");
            let search = || VisitCommand::Search {
                text: "x".to_owned(),
                results: 0,
            };
            let tell = |who, hour, command| {
                desk.tell::<Visit>(visit, &by(Actor::Customer(who), hour), command)
            };
            let of_seen = by(Actor::Customer(seen), 0);
            let t = desk.open(&of_seen, Open::new("x")).unwrap().id();
            tell(seen, 1, search()).unwrap();
            if speaks != seen {
                assert_eq!(code(tell(speaks, 2, search())), "somebody_else");
                let known = VisitCommand::Recognise(speaks);
                assert_eq!(
                    code(desk.tell::<Visit>(visit, &kim(2), known)),
                    "somebody_else"
                );
            }
            desk.tell::<Profile>(ANN, &kim(3), customer::Command::Join(BOB))
                .unwrap();
            let cy = CustomerId::named("cy");
            assert_eq!(code(tell(cy, 4, search())), "somebody_else");
            assert_eq!(
                code(tell(speaks, 4, VisitCommand::Recognise(cy))),
                "somebody_else"
            );
            tell(speaks, 5, search()).unwrap();
            let known = desk.tell::<Visit>(visit, &kim(6), VisitCommand::Recognise(speaks));
            assert!(known.unwrap().events.is_empty());
            let of_cy = desk.open(&by(Actor::Customer(cy), 6), Open::new("x"));
            let of_cy = VisitCommand::Ticket(of_cy.unwrap().id());
            assert_eq!(code(tell(speaks, 6, of_cy)), "no_ticket");
            let told = tell(speaks, 7, VisitCommand::Ticket(t)).unwrap();
            assert_eq!(told.state.customer(), Some(seen));
            assert_eq!(
                (told.state.searches().len(), told.state.ticket()),
                (2, Some(t))
            );
        }
    }
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

#[test]
fn reviews_give_scores() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let t = resolved(&desk, ANN, 0);
        let all = |tone, solution, privacy| {
            score(
                t,
                marks(&[("privacy", privacy), ("tone", tone), ("solution", solution)]),
            )
        };
        let tell = |id: &str, command| desk.tell::<Review>(ReviewId::named(id), &lee(1), command);
        let given = |id: &str, command| {
            tell(id, command)
                .unwrap()
                .state
                .score()
                .map(|score| score.to_string())
        };
        assert_eq!(
            given("a", all(Some(4), Some(2), Some(4))).unwrap(),
            "75.0 % (18 of 24)"
        );
        assert_eq!(
            given("b", all(Some(4), Some(2), None)).unwrap(),
            "62.5 % (10 of 16)"
        );
        assert_eq!(
            given("c", all(Some(4), Some(4), Some(0))).unwrap(),
            "0.0 % (0 of 24)"
        );
        assert_eq!(given("d", all(None, None, None)), None);
        tell("e", all(Some(1), Some(1), Some(1))).unwrap();
        tell("e", quality::Command::Withdraw).unwrap();

        assert_eq!(
            code(tell("f", score(t, marks(&[("tone", Some(1))])))),
            "not_marked_once"
        );
        assert_eq!(
            code(tell("f", score(t, marks(&[("speed", Some(1))])))),
            "unknown_category"
        );
        assert_eq!(code(tell("f", all(Some(5), None, None))), "too_many_points");
        assert_eq!(code(tell("f", quality::Command::Withdraw)), "no_review");
        assert_eq!(
            code(tell("a", score(resolved(&desk, BOB, 0), marks(&[])))),
            "other_work"
        );
        let own = by(Actor::Supervisor(KIM), 1);
        assert_eq!(
            code(desk.tell::<Review>(ReviewId::named("f"), &own, all(None, None, None))),
            "own_work"
        );
        let error = desk
            .tell::<Review>(ReviewId::named("f"), &kim(1), all(None, None, None))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(
            code(tell("a", quality::Command::Dispute("no".to_owned()))),
            "not_reviewed"
        );
        desk.tell::<Review>(
            ReviewId::named("a"),
            &kim(2),
            quality::Command::Dispute("no".to_owned()),
        )
        .unwrap();

        let tally = single.quality(Window::new(hours(0), hours(9))).unwrap();
        let [row] = &tally.rows().collect::<Vec<_>>()[..] else {
            panic!()
        };
        assert_eq!((row.agent, row.n, row.failed, row.disputed), (KIM, 3, 1, 1));
        assert_eq!(
            row.score.to_string(),
            "43.8 % (28 of 64; left out: 1 not applicable, 1 withdrawn)"
        );
        let drawn = single
            .sample(&Plan::new(1).seed(7), Window::new(hours(0), hours(9)))
            .unwrap();
        assert_eq!(drawn.len(), 1);
    }
}

/// Whose work was reviewed can object; she can neither mark it nor take the marks away.
#[test]
fn nobody_withdraws_the_review_of_her_own_work() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let all = marks(&[
            ("privacy", Some(1)),
            ("tone", Some(1)),
            ("solution", Some(1)),
        ]);
        let review = ReviewId::named("a");
        desk.tell::<Review>(review, &lee(1), score(t, all)).unwrap();
        let withdraw = |who| desk.tell::<Review>(review, &by(who, 2), quality::Command::Withdraw);
        assert_eq!(code(withdraw(Actor::Supervisor(KIM))), "own_work");
        assert!(!desk.state::<Review>(review).unwrap().is_withdrawn());
        assert!(
            withdraw(Actor::Supervisor(LEE))
                .unwrap()
                .state
                .is_withdrawn()
        );
    }
}

/// A critical category that failed gives a score of 0, though nothing that weighs applies.
#[test]
fn a_failed_category_without_weight_gives_a_score_of_nought() {
    let scored = |points, critical: bool| {
        let privacy = Category::new(name("privacy"), 0);
        let privacy = if critical {
            privacy.critical()
        } else {
            privacy
        };
        let tone = Category::new(name("tone"), 1);
        let marks = vec![Mark::Points(points), Mark::NotApplicable];
        let scored = quality::Scored {
            scorecard: name("x"),
            card: Scorecard::new(4).category(privacy).category(tone),
            ticket: TicketId::named("t"),
            agent: KIM,
            marks,
            comment: None,
        };
        scored.score()
    };
    let failed = scored(0, true).unwrap();
    assert_eq!((failed.points, failed.failed), (0, true));
    assert_eq!(failed.to_string(), "0.0 % (0 of 0)");
    assert_eq!((scored(4, true), scored(0, false)), (None, None));
}

#[test]
fn findings_are_closed_when_all_is_done() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let finding = FindingId::named("f");
        let tell = |hour, command| desk.tell::<Finding>(finding, &lee(hour), command);
        let plan = |due, kpi| {
            improvement::Command::Plan(
                NewAction::new("do", KIM, hours(due)).aim(Aim::new(kpi, 2).unwrap()),
            )
        };
        assert_eq!(code(tell(0, plan(9, Kpi::Volume))), "no_finding");
        tell(0, improvement::Command::Find("slow".to_owned())).unwrap();
        assert_eq!(code(tell(10, plan(9, Kpi::Volume))), "in_the_past");
        tell(10, plan(90, Kpi::Volume)).unwrap();
        tell(10, plan(91, Kpi::FirstResponseTime)).unwrap();
        let close = || improvement::Command::Close {
            learnt: "much".to_owned(),
        };
        assert_eq!(code(tell(11, close())), "still_to_do");
        assert_eq!(
            code(tell(11, improvement::Command::Do { action: 2 })),
            "no_action"
        );
        tell(
            11,
            improvement::Command::Move {
                action: 1,
                owner: LEE,
                due: hours(99),
            },
        )
        .unwrap();
        let mut too_long = Aim::new(Kpi::Volume, 0).unwrap();
        for days in [0, 367] {
            too_long.days = days;
            let action = NewAction::new("do", KIM, hours(99)).aim(too_long.clone());
            assert_eq!(
                code(tell(11, improvement::Command::Plan(action))),
                "too_many_days"
            );
        }

        (0..3).for_each(|_| _ = resolved(&desk, ANN, 20)); // before
        tell(48, improvement::Command::Do { action: 0 }).unwrap();
        (0..40).for_each(|_| _ = resolved(&desk, ANN, 70)); // after
        let effect = |now| single.effect(finding, 0, &Report::standard(), now).unwrap();
        assert!(effect(hours(95)).is_none(), "the time after it is not over");
        let effect = effect(hours(96)).unwrap();
        assert_eq!((effect.kpi, effect.trend), (Kpi::Volume, Trend::Rose));
        assert_eq!(
            (
                effect.compared.before().volume(),
                effect.compared.now().volume()
            ),
            (3, 40)
        );
        assert!(
            single
                .effect(finding, 1, &Report::standard(), hours(96))
                .unwrap()
                .is_none()
        );

        tell(49, improvement::Command::Drop { action: 1 }).unwrap();
        assert_eq!(
            code(tell(50, improvement::Command::Do { action: 1 })),
            "action_ended"
        );
        tell(50, close()).unwrap();
        assert_eq!(code(tell(51, plan(99, Kpi::Volume))), "is_closed");
    }
}

#[test]
fn every_kind_has_a_door() {
    let doors = [
        r#"{"customer":{"note":"x"}}"#,
        r#"{"feedback":{"opt_out":true}}"#,
        r#"{"article":{"write":{"title":"t","body":"b","language":"en"}}}"#,
        r#"{"visit":{"search":{"text":"x","results":3}}}"#,
        r#"{"finding":{"find":"x"}}"#,
    ];
    for desk in desks() {
        for (n, door) in (1..).zip(doors) {
            let command: Anything = serde_json::from_str(door).unwrap();
            let kind = command.kind().to_string();
            let told = desk
                .tell_anything(uuid::Uuid::from_u128(n), &kim(1), command)
                .unwrap();
            let json = serde_json::to_value(&told).unwrap();
            assert_eq!(
                json[&kind]["version"],
                json[&kind]["events"].as_array().unwrap().len(),
                "{json}"
            );
        }
        let t = resolved(&desk, ANN, 0);
        let review = Anything::Review(score(
            t,
            marks(&[("tone", Some(1)), ("solution", None), ("privacy", None)]),
        ));
        assert!(
            desk.tell_anything(uuid::Uuid::from_u128(9), &lee(1), review)
                .is_ok()
        );
    }
}

fn work() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (0..40_u32, 0..4_u32, any::<bool>()).prop_map(|(ticket, agent, worst)| {
        let mut one = Candidate::new(
            TicketId::named(&ticket.to_string()),
            AgentId::named(&agent.to_string()),
            at(BEGIN),
        );
        one.worst_rated = worst && ticket % 2 == 0;
        one
    });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A sample is the same for every order, within its limit per agent, and takes the worst first where that is asked for.
    #[test]
    fn samples_depend_on_the_members_alone(mut work in work(), per_agent in 0..4_usize, seed: u64, worst_first: bool) {
        let mut plan = Plan::new(per_agent).seed(seed);
        plan.worst_first = worst_first;
        work.sort_by_key(|one| (one.ticket, one.agent, one.worst_rated));
        work.dedup_by_key(|one| (one.ticket, one.agent));
        let drawn: Vec<Candidate> = plan.sample(&work).into_iter().cloned().collect();
        let reversed: Vec<Candidate> = plan.sample(work.iter().rev()).into_iter().cloned().collect();
        prop_assert_eq!(&drawn, &reversed);
        let mut agents: BTreeMap<AgentId, Vec<&Candidate>> = BTreeMap::new();
        for one in &work {
            agents.entry(one.agent).or_default().push(one);
        }
        for (agent, all) in agents {
            let own: Vec<_> = drawn.iter().filter(|one| one.agent == agent).collect();
            prop_assert_eq!(own.len(), all.len().min(per_agent));
            let worst = all.iter().filter(|one| one.worst_rated).count().min(per_agent);
            if worst_first {
                prop_assert_eq!(own.iter().filter(|one| one.worst_rated).count(), worst);
            }
        }
    }

    /// A score is in [0, 1], undefined exactly where nothing that weighs applies and nothing critical failed, 0 exactly where nothing
    /// was given or a critical category failed; and what does not apply does not matter.
    #[test]
    fn scores_are_parts_of_a_whole(marks in proptest::collection::vec(
        (prop_oneof![Just(0), 1..9_u16], proptest::option::of(prop_oneof![Just(0), 0..=5_u8]), any::<bool>()), 1..6,
    )) {
        let scored = |of: &[(u16, Option<u8>, bool)]| {
            let mut card = Scorecard::new(5);
            for (n, (weight, _, critical)) in of.iter().enumerate() {
                let category = Category::new(Name::new(&n.to_string()).unwrap(), *weight);
                card = card.category(if *critical { category.critical() } else { category });
            }
            quality::Scored {
                scorecard: name("x"),
                card,
                ticket: TicketId::named("t"),
                agent: KIM,
                marks: of.iter().map(|(_, points, _)| points.map_or(Mark::NotApplicable, Mark::Points)).collect(),
                comment: None,
            }.score()
        };
        let score = scored(&marks);
        let applies: Vec<_> = marks.iter().copied().filter(|(_, points, _)| points.is_some()).collect();
        let failed = applies.iter().any(|(_, points, critical)| *critical && *points == Some(0));
        let weighs = applies.iter().any(|(weight, ..)| *weight > 0);
        prop_assert_eq!(score.is_some(), weighs || failed);
        if let Some(score) = score {
            prop_assert!(score.points <= score.best);
            let nothing = applies.iter().all(|(weight, points, _)| *weight == 0 || *points == Some(0));
            prop_assert_eq!(score.points == 0, failed || nothing);
            prop_assert_eq!(Some(score), scored(&applies));
        }
    }

    /// Whoever invites, however often and whenever: a cycle is asked about once, and two invitations lie the cool-down apart. Whatever is
    /// answered, with or without a comment: what stands in the survey stands on the ticket.
    #[test]
    fn one_survey_per_cycle(steps in proptest::collection::vec((0..3_usize, 0..5_u8, 1..120_i64), 1..40)) {
        let desk = &desks()[0];
        let mut hour = 1;
        let tickets: Vec<TicketId> = (0..3).map(|_| resolved(desk, ANN, 0)).collect();
        for (who, what, gap) in steps {
            hour += gap;
            let t = tickets[who];
            match what {
                0 => _ = desk.submit(t, &ann(hour), Command::reopen()),
                1 => _ = desk.submit(t, &kim(hour), Command::resolve()),
                2 => {
                    let mark = 1 + (gap % 5) as u8;
                    let both = [("satisfied", mark), ("recommend", mark)];
                    let said = [&both[..], &both[..1], &both[1..]][(gap / 5) as usize % 3];
                    _ = answer(desk, &ann(hour), said, (gap % 2 > 0).then_some("so"));
                }
                _ => _ = desk.tell::<Feedback>(ANN, &kim(hour), invite("long", t)),
            }
        }
        let Ok(state) = desk.state::<Feedback>(ANN) else { return Ok(()) };
        let all = state.invitations();
        for (n, one) in all.iter().enumerate() {
            let before = &all[..n];
            prop_assert!(before.iter().all(|other| (other.invited.ticket, other.invited.cycle) != (one.invited.ticket, one.invited.cycle)));
            prop_assert!(before.iter().all(|other| one.at - other.at >= TimeDelta::days(10)));
            let ticket = desk.ticket(one.invited.ticket).unwrap();
            for kind in RatingKind::ALL {
                let stands = ticket.rating(kind, one.invited.cycle as usize).map(|rating| rating.rated.mark);
                prop_assert_eq!(stands, one.mark(kind), "what stands in the survey stands on the ticket");
            }
        }
    }

    /// How a visit ended is undecided until the window is over, and never changes from then on; that the visitor is known at last
    /// changes it never.
    #[test]
    fn endings_are_decided_once(steps in proptest::collection::vec((0..4_u8, 1..30_i64), 1..8), ask in proptest::collection::vec(0..400_i64, 1..12)) {
        let desk = &desks()[0];
        let (visit, article) = (VisitId::named("v"), ArticleId::named("a"));
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Write(Draft::new("t", "b", name("en")))).unwrap();
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Publish).unwrap();
        let mut hour = 0;
        for (what, gap) in steps {
            hour += gap;
            let command = match what {
                0 => VisitCommand::View(article),
                1 => VisitCommand::Search { text: "x".to_owned(), results: 0 },
                2 => VisitCommand::End { solved: (gap % 3 > 0).then_some(gap % 3 > 1) },
                _ => VisitCommand::Ticket(desk.open(&ann(hour), Open::new("x")).unwrap().id()),
            };
            let _ = desk.tell::<Visit>(visit, &kim(hour), command);
        }
        let Ok(state) = desk.state::<Visit>(visit) else { return Ok(()) };
        let known = desk.tell::<Visit>(visit, &kim(hour + 60), VisitCommand::Recognise(ANN)).unwrap().state;
        for n in &ask {
            let as_of = hours(hour + n);
            prop_assert_eq!(known.ending(Span::hours(72), as_of), state.ending(Span::hours(72), as_of));
        }
        let mut ask = ask;
        ask.sort_unstable();
        let mut before = Ending::Undecided;
        for n in ask {
            let now = state.ending(Span::hours(72), hours(hour + n));
            prop_assert!(before == Ending::Undecided || before == now, "{before:?} became {now:?}");
            if n > 72 {
                prop_assert!(now != Ending::Undecided);
            }
            before = now;
        }
    }

    /// Whatever is said in whatever order: both stores say the same, what they hold replays to what they told, every command reads
    /// back from its text, and a second telling under the same key changes nothing.
    #[test]
    fn both_stores_tell_the_same(said in proptest::collection::vec(beside::anything(at(BEGIN)), 1..40)) {
        let desks = desks();
        for (n, (id, command)) in (1..).zip(said) {
            let text = serde_json::to_string(&command).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Anything>(&text).unwrap(), &command);
            let call = Call::with_id(uuid::Uuid::from_u128(n), Actor::System, hours(n as i64)).key(name(&n.to_string()));
            let told = desks.each_ref().map(|desk| {
                let first = desk.tell_anything(id, &call, command.clone());
                let before = desk.store().streams(TenantId::SINGLE, command.kind(), None, 9).unwrap();
                let again = desk.tell_anything(id, &call, command.clone());
                assert_eq!(first.is_ok(), again.is_ok());
                assert_eq!(desk.store().streams(TenantId::SINGLE, command.kind(), None, 9).unwrap(), before);
                if let (Ok(first), Ok(again)) = (&first, &again) {
                    let [first, again] = [first, again].map(|told| serde_json::to_value(told).unwrap());
                    let kind = command.kind().to_string();
                    for part in ["events", "state", "version"] {
                        assert_eq!(first[&kind][part], again[&kind][part]);
                    }
                }
                first.map_err(|error| error.to_string())
            });
            let [memory, sqlite] = told;
            prop_assert_eq!(memory, sqlite);
        }
    }
}

/// The two stretches of an action are of one length, also where both ends begin a month: February is not held against January.
#[test]
fn an_effect_compares_stretches_of_one_length() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let day = |text: &str| {
        format!("2026-{text}T00:00:00Z")
            .parse::<DateTime<Utc>>()
            .unwrap()
    };
    let finding = FindingId::named("slow");
    let tell = |text: &str, command| {
        let call = Call::new(Actor::Supervisor(KIM), day(text));
        desk.tell::<Finding>(finding, &call, command).unwrap();
    };
    let aim = Aim::new(Kpi::Volume, 28).unwrap();
    let action = NewAction::new("do", KIM, day("06-01")).aim(aim);
    tell("01-10", improvement::Command::Find("slow".to_owned()));
    tell("01-10", improvement::Command::Plan(action));
    tell("02-01", improvement::Command::Do { action: 0 });
    let single = desk.tenant(TenantId::SINGLE);
    let effect = single.effect(finding, 0, &Report::standard(), day("03-02"));
    let effect = effect.unwrap().unwrap();
    let window = effect.compared.before().scope().window;
    assert_eq!(
        (window.from, window.to),
        (Some(day("01-04")), Some(day("02-01")))
    );
}
