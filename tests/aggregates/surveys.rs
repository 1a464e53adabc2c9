//! Surveys: what is asked when, whom an answer rates, and what a low mark sets off.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::feedback::{self, Feedback};
use helpdesk::id::TicketId;
use helpdesk::kpi::Window;
use helpdesk::store::Outgoing;
use helpdesk::ticket::{RatingKind, Scale};
use helpdesk::{Actor, Command, Open, TenantId};

use super::common::*;
use super::{ann, answer, by, code, desks, hours, invite, kim, lee, resolved};

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
