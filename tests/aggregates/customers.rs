//! Customers: their tier, the several ids of one person, and what an erased one leaves.

use helpdesk::customer::{self, Identity, Profile};
use helpdesk::feedback::{self, Feedback};
use helpdesk::id::{CustomerId, TicketId, VisitId};
use helpdesk::kpi::{Report, Window};
use helpdesk::self_service::{Visit, VisitCommand};
use helpdesk::store::{Filter, Page};
use helpdesk::ticket::{self, Change, CloseReason, FieldValue, RatingKind, Split};
use helpdesk::{Actor, Call, Command, Desk, Error, Open, TenantId};

use super::common::*;
use super::{AnyDesk, ann, answer, answers, by, code, desks, hours, invite, kim, resolved, rules};

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

/// What the profile tells is set apart where the field is personal: it stands in no event, and goes with the person.
#[test]
fn a_tier_in_a_personal_field_is_kept_apart() {
    let mut draft = rules().as_draft().clone();
    draft.tickets.personal_fields = [name("tier"), name("company")].into();
    let book = draft.build().unwrap();
    for desk in desks() {
        let desk = Desk::new(desk.store(), book.clone());
        let single = desk.tenant(TenantId::SINGLE);
        for command in [
            customer::Command::set(customer::Change::Tier(Some(name("gold")))),
            customer::Command::set(customer::Change::Organisation(Some(name("Acme")))),
        ] {
            desk.tell::<Profile>(ANN, &kim(1), command).unwrap();
        }
        let opened = desk.open(&ann(2), Open::new("x").body("help")).unwrap();
        let message = opened.ticket().messages()[0].id;
        let split = single.split(opened.id(), &kim(3), Split::new([message]).subject("y"));
        let split = split.unwrap().follow_up().unwrap();
        for t in [opened.id(), split] {
            let events = serde_json::to_string(&desk.history(t).unwrap()).unwrap();
            assert!(
                !events.contains("gold") && !events.contains("Acme"),
                "{events}"
            );
            let ticket = desk.ticket(t).unwrap();
            let kept = ["tier", "company"].map(|field| match ticket.fields()[&name(field)] {
                FieldValue::Personal(content) => content,
                ref other => panic!("{other:?}"),
            });
            let texts = || single.content(&kept).unwrap().into_iter();
            let said: Vec<String> = texts().flatten().map(|content| content.text).collect();
            assert_eq!(said, ["gold", "Acme"]);
        }
        single.erase_person(ANN, hours(4)).unwrap();
        for t in [opened.id(), split] {
            for value in desk.ticket(t).unwrap().fields().values() {
                let FieldValue::Personal(content) = value else {
                    panic!("{value:?}")
                };
                assert_eq!(single.content(&[*content]).unwrap(), [None]);
            }
        }
    }
}
