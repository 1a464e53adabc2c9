//! Quality reviews: whose work is looked at, what it scores, and who may say so.

use helpdesk::error::ErrorKind;
use helpdesk::id::{ReviewId, TicketId};
use helpdesk::kpi::Window;
use helpdesk::quality::{self, Candidate, Category, Mark, Plan, Review, Scorecard};
use helpdesk::{Actor, Command, Open, TenantId};

use super::common::*;
use super::{LEE, ann, by, code, desks, hours, kim, lee, marks, resolved, score};

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
