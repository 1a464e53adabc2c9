//! Moves from status to status: the plain model, labels, and what reopens or pauses a ticket.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::MemoryStore;
use helpdesk::testing::lifecycle::{Answer, Model};
use helpdesk::ticket::{
    CloseReason, Draft, Label, MessageClass, Metric, Move, Pending, PendingReason, Rules, Status,
};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook};
use proptest::prelude::*;

use super::common::*;
use super::{ann, desk, kim, open_rulebook, refusal};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lifecycle_is_the_plain_model(story in stories()) {
        let desk = Desk::new(MemoryStore::new(), open_rulebook());
        let mut now = at(BEGIN);
        let id = desk.open(&call(Actor::Customer(ANN), now, 0), Open::new("x")).unwrap().id();
        let mut model = Model::opened(open_rulebook().tickets());
        for (i, say) in story.iter().enumerate() {
            now += say.gap;
            model.pass(now);
            let before = desk.ticket(id).unwrap();
            let answer = submit(&desk, id, say, now, i as u128 + 1);
            match model.meet(say.actor, &say.command, now) {
                Answer::Moves(status) => {
                    let outcome = answer.unwrap();
                    prop_assert_eq!(outcome.ticket().status(), status);
                    prop_assert_eq!(outcome.follow_up(), None);
                }
                Answer::FollowUp => prop_assert!(answer.unwrap().follow_up().is_some()),
                Answer::Refused => {
                    prop_assert_eq!(answer.unwrap_err().kind(), ErrorKind::Refused);
                    prop_assert_eq!(desk.ticket(id).unwrap(), before);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}

#[test]
fn thanks_and_machines_reopen_nothing() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    desk.submit(
        id,
        &kim("2026-03-02T15:10:00Z"),
        Command::reply("done").then_resolve(),
    )
    .unwrap();
    for class in [MessageClass::Thanks, MessageClass::Automatic] {
        let said = Command::say(Draft::new("thank you").class(class));
        let outcome = desk.submit(id, &ann("2026-03-02T15:20:00Z"), said).unwrap();
        assert_eq!(outcome.ticket().status(), Status::Resolved);
    }
    let outcome = desk
        .submit(
            id,
            &ann("2026-03-02T15:30:00Z"),
            Command::reply("not at all"),
        )
        .unwrap();
    assert_eq!(outcome.ticket().status(), Status::Reopened);
}

/// A reply that lets the ticket wait first answers, then pauses.
#[test]
fn a_reply_and_a_wait_answer_before_they_pause() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:30:00Z"), ask)
        .unwrap();
    assert_eq!(
        t.reading(Metric::FirstResponse).state(),
        helpdesk::sla::State::Stopped
    );
    assert_eq!(
        t.reading(Metric::TotalResolution).state(),
        helpdesk::sla::State::Paused
    );
    assert_eq!(t.reading(Metric::TotalResolution).due(), None);
    assert_eq!(
        t.reading(Metric::TotalResolution).elapsed(),
        TimeDelta::minutes(30)
    );
}

#[test]
fn labels_lead_to_statuses() {
    let mut rules = Rules::default();
    rules
        .labels
        .insert(name("Awaiting vendor"), Label::Pending(Pending::ThirdParty));
    rules
        .labels
        .insert(name("At the plant"), Label::Pending(Pending::ThirdParty));
    rules.labels.insert(name("In work"), Label::Work);
    let desk = Desk::new(
        MemoryStore::new(),
        Rulebook::draft().tickets(rules).build().unwrap(),
    );
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let by = |label: &str| Command::default().then(Move::Label(name(label)));
    let t = desk
        .submit(id, &kim("2026-03-02T15:01:00Z"), by("Awaiting vendor"))
        .unwrap();
    assert_eq!(
        (t.ticket().status(), t.ticket().label()),
        (
            Status::Pending(Pending::ThirdParty),
            Some(&name("Awaiting vendor"))
        )
    );
    let t = desk
        .submit(id, &kim("2026-03-02T15:02:00Z"), by("At the plant"))
        .unwrap();
    assert_eq!(
        (t.ticket().label(), t.events().len()),
        (Some(&name("At the plant")), 1)
    );
    let t = desk
        .submit(id, &kim("2026-03-02T15:03:00Z"), by("At the plant"))
        .unwrap();
    assert!(t.events().is_empty());
    let t = desk
        .submit(id, &kim("2026-03-02T15:04:00Z"), by("In work"))
        .unwrap();
    assert_eq!(t.ticket().status(), Status::Open);
    assert_eq!(
        refusal(desk.submit(id, &kim("2026-03-02T15:05:00Z"), by("Nowhere"))).code(),
        "unknown_label"
    );
    assert_eq!(PendingReason::ThirdParty, Pending::ThirdParty.reason());
}

/// A customer's message comes in with a label of hers that she may not set where the ticket stands by then: without the label.
#[test]
fn a_label_that_a_customer_may_not_set_costs_her_no_message() {
    let mut rules = Rules::default();
    rules.labels.insert(name("Back"), Label::Work);
    let book = || Rulebook::draft().tickets(rules.clone()).build().unwrap();
    for (move_to, label) in [
        (
            Command::default().then(Move::Pend(Pending::ThirdParty)),
            None,
        ),
        (Command::resolve(), Some(name("Back"))),
    ] {
        let desk = Desk::new(MemoryStore::new(), book());
        let opened = desk.open(&ann("2026-03-02T15:00:00Z"), Open::new("x"));
        let id = opened.unwrap().id();
        desk.submit(id, &kim("2026-03-02T15:01:00Z"), move_to)
            .unwrap();
        let says = Command::reply("It works again").then(Move::Label(name("Back")));
        let said = desk.submit(id, &ann("2026-03-02T15:02:00Z"), says).unwrap();
        let ticket = said.ticket();
        assert_eq!(
            (ticket.messages().len(), ticket.label()),
            (1, label.as_ref())
        );
        assert!(ticket.status().stage().is_work());
        let alone = Command::default().then(Move::Label(name("Back")));
        let pend = Command::default().then(Move::Pend(Pending::ThirdParty));
        desk.submit(id, &kim("2026-03-02T15:03:00Z"), pend).unwrap();
        let refused = desk.submit(id, &ann("2026-03-02T15:04:00Z"), alone);
        assert_eq!(refusal(refused).code(), "forbidden");
    }
}

/// Going on with a ticket that is done is reopening it, by whatever name: a bot may not.
#[test]
fn a_bot_reopens_nothing() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    desk.submit(id, &kim("2026-03-02T15:10:00Z"), Command::resolve())
        .unwrap();
    let bot = Call::new(
        Actor::Bot(helpdesk::id::BotId::named("b")),
        at("2026-03-02T15:20:00Z"),
    );
    let pend = desk.submit(id, &bot, Command::pend(Pending::ThirdParty));
    assert_eq!(pend.unwrap_err().kind(), ErrorKind::Forbidden);
    desk.submit(
        id,
        &kim("2026-03-02T15:30:00Z"),
        Command::pend(Pending::ThirdParty),
    )
    .unwrap();
}

#[test]
fn statuses_read_well() {
    let until = at("2026-03-09T08:00:00Z");
    let told = [
        (Status::Open, "open"),
        (Status::Pending(Pending::Customer), "pending (customer)"),
        (
            Status::Pending(Pending::ThirdParty),
            "pending (third party)",
        ),
        (Status::Pending(Pending::Internal), "pending (internal)"),
        (
            Status::Pending(Pending::Scheduled { until }),
            "pending (scheduled until 2026-03-09T08:00:00+00:00)",
        ),
        (Status::Closed(CloseReason::Duplicate), "closed (duplicate)"),
    ];
    for (status, text) in told {
        assert_eq!(status.to_string(), text);
    }
}
