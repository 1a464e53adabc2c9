//! Articles and visits: versions, votes and causes of the one, and how the other ended.

use helpdesk::customer::{self, Profile};
use helpdesk::error::ErrorKind;
use helpdesk::id::{ArticleId, CustomerId, TicketId, VisitId};
use helpdesk::kpi::Window;
use helpdesk::rulebook::RulebookDraft;
use helpdesk::self_service::{Article, ArticleCommand, Draft, Ending, State, Visit, VisitCommand};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{self, Change};
use helpdesk::time::Span;
use helpdesk::{Actor, Command, Desk, Open, TenantId};

use super::common::*;
use super::{ann, by, code, desks, hours, kim, resolved};

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

/// Who comes back when the window was over, reads on and asks all the same, changes nothing of how it had ended.
#[test]
fn an_ending_outlasts_a_return() {
    for desk in desks() {
        let (article, visit) = (ArticleId::named("a"), VisitId::named("v"));
        let write = ArticleCommand::Write(Draft::new("t", "b", name("en")));
        desk.tell::<Article>(article, &kim(0), write).unwrap();
        desk.tell::<Article>(article, &kim(0), ArticleCommand::Publish)
            .unwrap();
        let tell = |hour, command| desk.tell::<Visit>(visit, &kim(hour), command).unwrap();
        let ending = |as_of| {
            let state = desk.state::<Visit>(visit).unwrap();
            state.ending(Span::hours(72), hours(as_of))
        };
        tell(1, VisitCommand::View(article));
        tell(73, VisitCommand::View(article)); // just within it
        assert_eq!(
            (ending(145), ending(146)),
            (Ending::Undecided, Ending::Contained)
        );
        tell(150, VisitCommand::View(article));
        let t = desk.open(&ann(151), Open::new("x")).unwrap().id();
        tell(151, VisitCommand::Ticket(t));
        tell(
            152,
            VisitCommand::End {
                solved: Some(false),
            },
        );
        for as_of in [146, 151, 152, 400] {
            assert_eq!(ending(as_of), Ending::Contained, "as of {as_of}");
        }
        // What she did later is not known earlier.
        assert_eq!(
            (ending(1), ending(72)),
            (Ending::Undecided, Ending::Undecided)
        );
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

/// A visit that leads to somebody's ticket tells whose it was: what was searched for before is erased then, and what is searched for
/// after it goes with her.
#[test]
fn searches_of_a_visit_that_led_to_a_ticket_are_nobodys_or_hers() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let visit = VisitId::named("v");
        let tell = |hour, command| desk.tell::<Visit>(visit, &kim(hour), command).unwrap();
        let search = |text: &str| VisitCommand::Search {
            text: text.to_owned(),
            results: 0,
        };
        tell(1, search("my rash"));
        let t = desk.open(&ann(2), Open::new("x")).unwrap().id();
        tell(3, VisitCommand::Ticket(t));
        let told = tell(4, search("my doctor"));
        assert_eq!(told.state.customer(), None);
        let texts = || {
            let ids: Vec<_> = told
                .state
                .searches()
                .iter()
                .map(|search| search.text)
                .collect();
            let kept = single.content(&ids).unwrap().into_iter();
            kept.map(|content| content.map(|content| content.text))
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(), [None, Some("my doctor".to_owned())]);
        single.erase_person(ANN, hours(5)).unwrap();
        assert_eq!(texts(), [None, None]);
    }
}
