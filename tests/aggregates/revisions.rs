//! Surveys that are answered again: which mark stands, since when, and what is said twice.

use chrono::TimeDelta;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::feedback::{self, Feedback};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::store::{MemoryStore, Outgoing, Store};
use helpdesk::ticket::{Event, RatingKind, Recorded};
use helpdesk::{Command, Desk, TenantId};

use super::common::{self, *};
use super::{ann, answer, answers, code, desks, hours, invite, kim, resolved, rules};

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
