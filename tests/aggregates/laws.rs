//! Laws over samples, scores, surveys and visits of any kind, on both stores.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use helpdesk::desk::Anything;
use helpdesk::feedback::Feedback;
use helpdesk::id::{AgentId, ArticleId, Name, TicketId, VisitId};
use helpdesk::quality::{self, Candidate, Category, Mark, Plan, Scorecard};
use helpdesk::self_service::{Article, ArticleCommand, Draft, Ending, Visit, VisitCommand};
use helpdesk::store::Store;
use helpdesk::testing::beside;
use helpdesk::ticket::RatingKind;
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Open, TenantId};
use proptest::prelude::*;

use super::common::*;
use super::{ann, answer, desks, hours, invite, kim, resolved};

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
