//! Ratings by example: who may rate, on which scale, to whose credit, and what it does not do.

mod common;

use common::*;
use helpdesk::id::{AgentId, TenantId};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, CloseReason, RatingKind, Refusal, Scale, Status};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook};

const LEE: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0xe));

fn by(actor: Actor, now: &str) -> Call {
    Call::new(actor, at(now))
}

/// Credit goes to whoever resolved the cycle that the rating is about, and stays there; a closed ticket can be rated, and a rating
/// reopens nothing.
#[test]
fn a_rating_is_credited_once_and_moves_nothing() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let (ann, kim, lee) = (Actor::Customer(ANN), Actor::Agent(KIM), Actor::Agent(LEE));
    let t = desk
        .open(&by(ann, "2026-03-02T09:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let submit = |call, command| desk.submit(t, &call, command).unwrap();
    submit(by(kim, "2026-03-02T10:00:00Z"), Command::resolve());
    submit(
        by(ann, "2026-03-02T11:00:00Z"),
        Command::rate(RatingKind::Csat, 5),
    );
    submit(by(ann, "2026-03-02T12:00:00Z"), Command::reopen());
    let assign = Change::Assign {
        agent: Some(LEE),
        team: None,
    };
    submit(by(lee, "2026-03-02T13:00:00Z"), Command::change(assign));
    submit(
        by(lee, "2026-03-02T14:00:00Z"),
        Command::close(CloseReason::Settled),
    );
    let comment = Some("slow".to_owned());
    let rate = Change::Rate {
        kind: RatingKind::Csat,
        mark: 1,
        comment,
    };
    let after = submit(by(ann, "2026-03-03T09:00:00Z"), Command::change(rate));
    let ticket = after.ticket();
    assert_eq!(ticket.status(), Status::Closed(CloseReason::Settled));
    let told: Vec<_> = ticket
        .ratings()
        .iter()
        .map(|r| (r.cycle, r.rated.mark, r.rated.credit))
        .collect();
    assert_eq!(told, [(0, 5, Some(KIM)), (0, 1, Some(KIM))]);
    assert_eq!(ticket.rating(RatingKind::Csat, 0).unwrap().rated.mark, 1);
    let comment = ticket.ratings()[1].rated.comment.unwrap();
    let texts = desk.tenant(TenantId::SINGLE).content(&[comment]).unwrap();
    assert_eq!(texts[0].as_ref().unwrap().text, "slow");
}

#[test]
fn marks_are_on_the_declared_scale_and_come_from_customers() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let ann = by(Actor::Customer(ANN), "2026-03-02T09:00:00Z");
    let t = desk.open(&ann, Open::new("x")).unwrap().id();
    let refused = |call: &Call, kind, mark| {
        let error = desk.submit(t, call, Command::rate(kind, mark)).unwrap_err();
        error.refusal().cloned().unwrap()
    };
    let (mark, kind) = (6, RatingKind::Csat);
    let scale = Scale::new(1, 5).unwrap();
    let expected = Refusal::NotOnScale { mark, kind, scale };
    assert_eq!(refused(&ann, kind, mark), expected);
    let text = "the mark `6` is not on the scale of csat; 1 to 5 is allowed";
    assert_eq!(expected.to_string(), text);
    assert!(
        desk.submit(t, &ann, Command::rate(RatingKind::Nps, 0))
            .is_ok()
    );
    let kim = by(Actor::Agent(KIM), "2026-03-02T10:00:00Z");
    assert_eq!(refused(&kim, kind, 5).code(), "forbidden");
    let rate = Change::Rate {
        kind,
        mark: 5,
        comment: None,
    };
    let opened = desk.open(&ann, Open::new("y").and(rate)).unwrap_err();
    assert_eq!(opened.refusal().unwrap().code(), "nothing_to_rate");
    assert!(serde_json::from_str::<Scale>("[5,5]").is_err());
}

/// The same mark again, with a comment, is the one of before: somebody else in charge by then neither gets it nor moves its date.
#[test]
fn the_same_mark_again_stays_with_whoever_had_it() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let (ann, kim) = (Actor::Customer(ANN), Actor::Agent(KIM));
    let t = desk
        .open(&by(ann, "2026-03-02T09:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let submit = |call, command| desk.submit(t, &call, command).unwrap();
    let assign = |agent| Change::Assign {
        agent: Some(agent),
        team: None,
    };
    let rate = |mark, comment: Option<&str>| Change::Rate {
        kind: RatingKind::Csat,
        mark,
        comment: comment.map(str::to_owned),
    };
    submit(
        by(kim, "2026-03-02T10:00:00Z"),
        Command::change(assign(KIM)),
    );
    submit(
        by(ann, "2026-03-02T11:00:00Z"),
        Command::change(rate(2, None)),
    );
    submit(
        by(kim, "2026-04-02T10:00:00Z"),
        Command::change(assign(LEE)),
    );
    submit(
        by(ann, "2026-04-02T11:00:00Z"),
        Command::change(rate(2, Some("slow"))),
    );
    let told = || {
        let mut told = Vec::new();
        let mut rows = |rows: &[helpdesk::kpi::Fact]| {
            let given = rows.iter().flat_map(|row| &row.ratings);
            told.extend(given.map(|one| (one.at, one.mark, one.credit)));
        };
        desk.tenant(TenantId::SINGLE)
            .facts(&mut |some| rows(some))
            .unwrap();
        told
    };
    let first = (at("2026-03-02T11:00:00Z"), 2, Some(KIM));
    assert_eq!(told(), [first]);
    submit(
        by(ann, "2026-04-02T12:00:00Z"),
        Command::change(rate(3, None)),
    );
    let another = (at("2026-04-02T12:00:00Z"), 3, Some(LEE));
    assert_eq!(told(), [first, another], "another mark");

    // What somebody else said in between makes it no other mark.
    let bob = helpdesk::id::CustomerId::named("bob");
    let join = Command::change(Change::AddParticipant(bob));
    submit(by(kim, "2026-04-03T09:00:00Z"), join);
    let of_bob = Command::change(rate(5, None));
    submit(by(Actor::Customer(bob), "2026-04-03T10:00:00Z"), of_bob);
    let again = Command::change(rate(3, Some("still slow")));
    submit(by(ann, "2026-04-03T11:00:00Z"), again);
    let of_bob = (at("2026-04-03T10:00:00Z"), 5, Some(LEE));
    assert_eq!(told(), [first, another, of_bob]);
}

/// Of several customers the last new mark stands: who only adds a comment to what was said before does not take the word from another.
#[test]
fn a_mark_that_is_said_again_does_not_stand_before_a_later_one() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let (ann, bob) = (Actor::Customer(ANN), Actor::Customer(BOB));
    let open = by(ann, "2026-03-02T09:00:00Z");
    let t = desk.open(&open, Open::new("x")).unwrap().id();
    let join = Command::change(Change::AddParticipant(BOB)).then_resolve();
    let kim = by(Actor::Agent(KIM), "2026-03-02T10:00:00Z");
    desk.submit(t, &kim, join).unwrap();
    let rates = |actor, now, mark, comment: Option<&str>| {
        let comment = comment.map(str::to_owned);
        let kind = RatingKind::Csat;
        let rate = Change::Rate {
            kind,
            mark,
            comment,
        };
        desk.submit(t, &by(actor, now), Command::change(rate))
            .unwrap();
    };
    rates(ann, "2026-03-02T11:00:00Z", 2, None);
    rates(bob, "2026-03-02T12:00:00Z", 5, None);
    rates(ann, "2026-03-02T13:00:00Z", 2, Some("slow"));
    let ticket = desk.ticket(t).unwrap();
    assert_eq!(ticket.ratings().len(), 3);
    let stands = |ticket: &helpdesk::Ticket| {
        let rating = ticket.rating(RatingKind::Csat, 0).unwrap().rated;
        (rating.customer, rating.mark)
    };
    assert_eq!(stands(&ticket), (BOB, 5));
    let marks = &Rulebook::starter().facts(&ticket)[0].ratings;
    assert_eq!(marks.last().map(|one| one.mark), Some(5), "as in figures");
    rates(ann, "2026-03-02T14:00:00Z", 3, None);
    assert_eq!(stands(&desk.ticket(t).unwrap()), (ANN, 3));
}
