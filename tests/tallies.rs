//! What is counted in parts comes to the same as what is counted whole: surveys, quality reviews, self-service.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::feedback::{self, Answer, Feedback, Question, Survey};
use helpdesk::id::{AgentId, ArticleId, CustomerId, ReviewId, TicketId, VisitId};
use helpdesk::kpi::{QualityTally, SelfServiceTally, SurveyTally, Window};
use helpdesk::quality::{self, Category, Mark, Marked, Review, Scorecard};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::self_service::{Article, ArticleCommand, Draft, Visit};
use helpdesk::store::MemoryStore;
use helpdesk::testing::beside;
use helpdesk::ticket::RatingKind;
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook};
use proptest::collection::vec;
use proptest::prelude::*;

const HOURS: i64 = 40;
const LEE: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0xd));

fn hours(n: i64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::hours(n)
}

fn said_by(actor: Actor, hour: i64) -> Call {
    Call::new(actor, hours(hour))
}

fn window() -> Window {
    Window::new(hours(5), hours(HOURS - 5))
}

fn rules() -> Rulebook {
    let asked = Question::new(name("satisfied"), RatingKind::Csat);
    let brief = Survey::new()
        .ask(asked.clone())
        .expires_after(Span::hours(8));
    let card = |best| {
        Scorecard::new(best)
            .category(Category::new(name("tone"), 1))
            .category(Category::new(name("privacy"), 2).critical())
    };
    RulebookDraft::default()
        .feedback(
            feedback::Rules::default()
                .survey(name("brief"), brief)
                .survey(name("long"), Survey::new().ask(asked)),
        )
        .quality(
            quality::Rules::default()
                .scorecard(name("short"), card(2))
                .scorecard(name("full"), card(5)),
        )
        .build()
        .unwrap()
}

fn resolved(desk: &Desk<MemoryStore>, customer: CustomerId, hour: i64) -> TicketId {
    let kim = said_by(Actor::Agent(KIM), hour);
    let opened = desk
        .open(&kim, Open::new("help").from_customer(customer))
        .unwrap();
    desk.submit(opened.id(), &kim, Command::reply("so").then_resolve())
        .unwrap();
    opened.id()
}

/// A tally of some of the records, given by whether each is among them.
fn of_some<T, R>(
    empty: T,
    records: &[R],
    which: impl Fn(usize) -> bool,
    add: impl Fn(&mut T, &R),
) -> T {
    let mut tally = empty;
    for (n, record) in records.iter().enumerate() {
        if which(n) {
            add(&mut tally, record);
        }
    }
    tally
}

/// The whole equals its parts in every order and grouping, and nothing added changes nothing.
fn adds_up<T: Clone + PartialEq + std::fmt::Debug, R>(
    empty: &T,
    records: &[R],
    parts: &[u8],
    add: impl Fn(&mut T, &R),
    merge: impl Fn(&mut T, &T),
) -> Result<(), TestCaseError> {
    let whole = of_some(empty.clone(), records, |_| true, &add);
    let part = |which: u8| {
        let is_in = |n: usize| parts.get(n).copied().unwrap_or(0) == which;
        of_some(empty.clone(), records, is_in, &add)
    };
    let [a, b, c] = [0, 1, 2].map(part);
    let sum = |of: &[&T]| {
        let mut sum = empty.clone();
        for one in of {
            merge(&mut sum, one);
        }
        sum
    };
    prop_assert_eq!(&sum(&[&whole]), &whole);
    prop_assert_eq!(&sum(&[&a, &b, &c]), &whole);
    prop_assert_eq!(&sum(&[&c, &b, &a]), &whole);
    prop_assert_eq!(&sum(&[&a, &sum(&[&b, &c])]), &whole);
    let mut with_nothing = whole.clone();
    merge(&mut with_nothing, empty);
    prop_assert_eq!(with_nothing, whole);
    Ok(())
}

proptest! {
    #[test]
    fn visits_add_up(
        visits in vec((0..HOURS, vec(beside::visit_commands(), 1..6)), 1..9),
        used in vec((0..4_u8, 0..HOURS), 0..6),
        parts in vec(0..3_u8, 16),
        now in 0..2 * HOURS,
    ) {
        let desk = Desk::new(MemoryStore::new(), rules());
        let system = |hour| said_by(Actor::System, hour);
        let article = |n: u8| ArticleId::named(&n.to_string());
        for n in 0..4 {
            let write = ArticleCommand::Write(Draft::new("t", "b", name("en")));
            desk.tell::<Article>(article(n), &system(0), write).unwrap();
            desk.tell::<Article>(article(n), &system(0), ArticleCommand::Publish).unwrap();
        }
        let mut states = Vec::new();
        for (n, (hour, commands)) in visits.into_iter().enumerate() {
            let id = VisitId::named(&n.to_string());
            for command in commands {
                let _ = desk.tell::<Visit>(id, &system(hour), command);
            }
            states.extend(desk.state::<Visit>(id));
        }
        let empty = SelfServiceTally::new(window(), Span::hours(3), hours(now));
        adds_up(&empty, &states, &parts, |tally, visit| tally.add(visit), SelfServiceTally::merge)?;

        let mut used = used;
        used.sort_by_key(|(_, hour)| *hour);
        for (n, hour) in used {
            let ticket = resolved(&desk, ANN, hour);
            desk.tell::<Article>(article(n), &system(hour), ArticleCommand::Use(ticket)).unwrap();
        }
        let articles: Vec<_> = (0..4).map(|n| (article(n), desk.state::<Article>(article(n)).unwrap())).collect();
        let add = |tally: &mut SelfServiceTally, (id, article): &(ArticleId, Article)| tally.add_article(*id, article);
        adds_up(&empty, &articles, &parts, add, SelfServiceTally::merge)?;

        let whole = of_some(empty, &states, |_| true, |tally, visit| tally.add(visit));
        let in_window = states.iter().filter(|visit| window().contains(visit.began_at()));
        let ended: u64 = helpdesk::self_service::Ending::ALL.iter().map(|ending| whole.ended(*ending)).sum();
        prop_assert_eq!(ended, in_window.clone().count() as u64);
        let searches: u64 = in_window.map(|visit| visit.searches().len() as u64).sum();
        prop_assert_eq!(whole.searches_without_result().denominator(), searches);
    }

    #[test]
    fn reviews_add_up(
        given in vec((0..HOURS, any::<bool>(), proptest::option::of(0..3_u8), proptest::option::of(0..3_u8), 0..4_u8), 1..12),
        parts in vec(0..3_u8, 16),
    ) {
        let desk = Desk::new(MemoryStore::new(), rules());
        let ticket = resolved(&desk, ANN, 0);
        let mut states = Vec::new();
        for (n, (hour, full, tone, privacy, then)) in given.into_iter().enumerate() {
            let id = ReviewId::named(&n.to_string());
            let mark = |category, points: Option<u8>| Marked {
                category: name(category),
                mark: points.map_or(Mark::NotApplicable, Mark::Points),
            };
            let score = quality::Command::Score {
                scorecard: name(if full { "full" } else { "short" }),
                ticket,
                agent: KIM,
                marks: vec![mark("tone", tone), mark("privacy", privacy)],
                comment: None,
            };
            let lee = said_by(Actor::Supervisor(LEE), hour);
            desk.tell::<Review>(id, &lee, score).unwrap();
            match then {
                0 => drop(desk.tell::<Review>(id, &lee, quality::Command::Withdraw).unwrap()),
                1 => {
                    let kim = said_by(Actor::Agent(KIM), hour);
                    desk.tell::<Review>(id, &kim, quality::Command::Dispute("no".to_owned())).unwrap();
                }
                _ => {}
            }
            states.push(desk.state::<Review>(id).unwrap());
        }
        let empty = QualityTally::new(window());
        adds_up(&empty, &states, &parts, QualityTally::add, QualityTally::merge)?;
        let whole = of_some(empty, &states, |_| true, QualityTally::add);
        let in_window: Vec<_> = states.iter().filter(|review| window().contains(review.at())).collect();
        let stands = |review: &&&Review| !review.is_withdrawn() && review.score().is_some();
        let n: u64 = whole.rows().map(|row| row.n).sum();
        prop_assert_eq!(n, in_window.iter().filter(stands).count() as u64);
        let left_out: u64 = whole.rows().map(|row| row.score.excluded().total()).sum();
        prop_assert_eq!(n + left_out, in_window.len() as u64);
    }

    #[test]
    fn invitations_add_up(
        asked in vec((0..8_u128, 0..HOURS, any::<bool>(), proptest::option::of(0..20_i64)), 1..12),
        parts in vec(0..3_u8, 16),
        now in 0..2 * HOURS,
    ) {
        let desk = Desk::new(MemoryStore::new(), rules());
        let mut asked = asked;
        asked.sort_by_key(|(who, hour, ..)| (*who, *hour));
        for (who, hour, brief, answered) in asked {
            let customer = CustomerId::from_uuid(uuid::Uuid::from_u128(who));
            let ticket = resolved(&desk, customer, hour);
            let invite = feedback::Command::Invite { survey: name(if brief { "brief" } else { "long" }), ticket };
            let Ok(told) = desk.tell::<Feedback>(customer, &said_by(Actor::System, hour), invite) else { continue };
            let Some(after) = answered else { continue };
            let answer = feedback::Command::Answer {
                invitation: told.state.invitations().last().unwrap().id,
                answers: vec![Answer { question: name("satisfied"), mark: 3 }],
                comment: None,
            };
            let _ = desk.tell::<Feedback>(customer, &said_by(Actor::Customer(customer), hour + after), answer);
        }
        let customers = (0..8).map(|who| CustomerId::from_uuid(uuid::Uuid::from_u128(who)));
        let states: Vec<_> = customers.filter_map(|who| desk.state::<Feedback>(who).ok()).collect();
        let empty = SurveyTally::new(window(), hours(now));
        adds_up(&empty, &states, &parts, SurveyTally::add, SurveyTally::merge)?;
        let whole = of_some(empty, &states, |_| true, SurveyTally::add);
        let sent = states.iter().flat_map(|one| one.invitations());
        let sent = sent.filter(|one| window().contains(one.at) && one.at <= hours(now)).count() as u64;
        let told: u64 = whole.rows().map(|(_, ratio)| ratio.denominator() + ratio.excluded().total()).sum();
        prop_assert_eq!(told, sent);
    }
}
