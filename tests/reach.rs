//! Who reaches what, and under which name: what is hers by another id, what is not hers though it stands in her ticket, and what the same
//! words may not do by another door.

mod common;

use chrono::TimeDelta;
use common::*;
use helpdesk::call::Role;
use helpdesk::customer::{self, Identity, Profile};
use helpdesk::desk::{Operation, Request};
use helpdesk::error::ErrorKind;
use helpdesk::feedback::{self, Answer, Feedback, Question, Survey};
use helpdesk::id::{SessionId, VisitId};
use helpdesk::incident::Spread;
use helpdesk::rulebook::Rulebooks;
use helpdesk::self_service::{Visit, VisitCommand};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Direction, Draft, Merge, Permission, Permissions, RatingKind,
    Refusal, Rules, SessionStep, Split, Status,
};
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Rulebook, TenantId, TicketId};
use uuid::Uuid;

fn by(actor: Actor, minutes: i64) -> Call {
    Call::new(actor, at(BEGIN) + TimeDelta::minutes(minutes))
}

fn ann(minutes: i64) -> Call {
    by(Actor::Customer(ANN), minutes)
}

fn bob(minutes: i64) -> Call {
    by(Actor::Customer(BOB), minutes)
}

fn kim(minutes: i64) -> Call {
    by(Actor::Agent(KIM), minutes)
}

fn desk() -> Desk<MemoryStore> {
    with(Rules::default())
}

fn with(rules: Rules) -> Desk<MemoryStore> {
    let book = Rulebook::draft().tickets(rules).build().unwrap();
    Desk::new(MemoryStore::new(), book)
}

fn may(role: Role, permissions: &[Permission]) -> Rules {
    let mut rules = Rules::default();
    rules.permissions = Permissions::default().with(role, permissions.iter().copied());
    rules
}

fn open(desk: &Desk<MemoryStore>, by: &Call, subject: &str) -> TicketId {
    desk.open(by, Open::new(subject).body("help")).unwrap().id()
}

fn refusal<T>(result: Result<T, Error>) -> Refusal {
    let error = result.map(|_| ()).unwrap_err();
    error.refusal().unwrap().clone()
}

/// Ann's ticket, into which Bob's was merged: the source, and the ticket that goes on.
fn merged(desk: &Desk<MemoryStore>) -> (TicketId, TicketId) {
    let anns = open(desk, &ann(0), "Ann's own affair");
    let bobs = open(desk, &bob(1), "Bob's question");
    let merge = Merge::new(bobs, anns).across_requesters();
    desk.merge(&kim(2), merge).unwrap();
    (bobs, anns)
}

fn subject(desk: &Desk<MemoryStore>, ticket: TicketId) -> String {
    let subject = desk.ticket(ticket).unwrap().subject();
    let texts = desk.tenant(TenantId::SINGLE).content(&[subject]).unwrap();
    texts[0].as_ref().unwrap().text.clone()
}

#[test]
fn a_follow_up_has_the_subject_that_its_customer_knows() {
    let desk = desk();
    let (bobs, anns) = merged(&desk);
    desk.submit(anns, &kim(3), Command::close(CloseReason::Cancelled))
        .unwrap();
    let late = |call: &Call| {
        let said = desk.submit(bobs, call, Command::reply("Hello?")).unwrap();
        said.follow_up().unwrap()
    };
    let his = late(&bob(4));
    assert_eq!(desk.ticket(his).unwrap().requester(), BOB);
    assert_eq!(subject(&desk, his), "Bob's question");
    let said = desk.submit(anns, &ann(5), Command::reply("And I?"));
    assert_eq!(
        subject(&desk, said.unwrap().follow_up().unwrap()),
        "Ann's own affair"
    );
}

#[test]
fn a_split_for_who_does_not_reach_the_ticket_needs_a_subject_of_its_own() {
    let desk = desk();
    let (bobs, anns) = merged(&desk);
    let said = desk.submit(bobs, &bob(3), Command::reply("Hello?"));
    let split = Split::new([said.unwrap().message().unwrap()]);
    let refused = refusal(desk.split(anns, &kim(4), split.clone()));
    assert_eq!(refused.code(), "missing");
    let done = desk.split(anns, &kim(5), split.subject("Bob's own"));
    assert_eq!(
        subject(&desk, done.unwrap().follow_up().unwrap()),
        "Bob's own"
    );
}

/// Who was joined into the requester knows the subject, by whichever id she wrote.
#[test]
fn a_split_for_a_joined_person_keeps_the_subject() {
    let desk = desk();
    let anns = open(&desk, &ann(0), "one affair");
    let join = customer::Command::Join(BOB);
    desk.tell::<Profile>(ANN, &kim(1), join).unwrap();
    let said = desk.submit(anns, &bob(2), Command::reply("And another thing"));
    let split = Split::new([said.unwrap().message().unwrap()]);
    let done = desk.split(anns, &kim(3), split).unwrap();
    assert_eq!(subject(&desk, done.follow_up().unwrap()), "one affair");
}

#[test]
fn a_split_into_the_ticket_itself_is_refused_before_any_store_sees_it() {
    let desk = desk();
    let ticket = open(&desk, &ann(0), "x");
    let message = desk.ticket(ticket).unwrap().messages()[0].id;
    let split = Split::new([message]).id(ticket);
    let refused = refusal(desk.split(ticket, &kim(1), split));
    assert_eq!(refused, Refusal::AlreadyOpen { ticket });
}

#[test]
fn one_call_keeps_texts_of_several_kinds_apart() {
    let csat = Question::new(name("satisfied"), RatingKind::Csat);
    let surveys = feedback::Rules::default().survey(name("short"), Survey::new().ask(csat));
    let book = Rulebook::draft().feedback(surveys).build().unwrap();
    let desk = Desk::new(MemoryStore::new(), book);
    let ticket = open(&desk, &ann(0), "x");
    let resolve = Command::reply("Done").then_resolve();
    desk.submit(ticket, &kim(1), resolve).unwrap();
    let invite = feedback::Command::Invite {
        survey: name("short"),
        ticket,
    };
    let told = desk.tell::<Feedback>(ANN, &kim(2), invite).unwrap();
    let invitation = told.state.invitations()[0].id;

    let one = Uuid::from_u128(77);
    let call = |actor| Call::with_id(one, actor, at(BEGIN) + TimeDelta::minutes(9));
    let note = customer::Command::Note("an earlier one".to_owned());
    desk.tell::<Profile>(ANN, &kim(3), note).unwrap();
    let note = customer::Command::Note("owes us money".to_owned());
    let told = desk
        .tell::<Profile>(ANN, &call(Actor::Agent(KIM)), note)
        .unwrap();
    let note = told.state.notes()[1].text;
    let mark = Answer {
        question: name("satisfied"),
        mark: 5,
    };
    let answer = feedback::Command::Answer {
        invitation,
        answers: vec![mark],
        comment: Some("great".to_owned()),
    };
    desk.tell::<Feedback>(ANN, &call(Actor::Customer(ANN)), answer)
        .unwrap();
    let texts = desk.tenant(TenantId::SINGLE).content(&[note]).unwrap();
    assert_eq!(texts[0].as_ref().unwrap().text, "owes us money");
}

#[test]
fn an_identity_is_forgotten_by_its_own_text_alone() {
    let desk = desk();
    let mut n = 0;
    let mut tell = |command| {
        n += 1;
        desk.tell::<Profile>(ANN, &kim(n), command)
    };
    let (a, b) = (Identity::address("a@x.org"), Identity::address("b@x.org"));
    tell(customer::Command::Identify(a.clone())).unwrap();
    let told = tell(customer::Command::Identify(b.clone())).unwrap();
    let first = told.state.identities()[0].text;
    let forget = |identity, is| customer::Command::Forget { identity, is };
    let mixed = tell(forget(first, b)).unwrap_err();
    assert_eq!(mixed.code(), "unknown_identity");
    let told = tell(forget(first, a.clone())).unwrap();
    assert_eq!(told.state.identities().len(), 1);
    let again = tell(customer::Command::Identify(a)).unwrap();
    assert_eq!(again.state.identities().len(), 2);
}

#[test]
fn customers_reach_other_tickets_by_no_door() {
    let desk = with(may(
        Role::Customer,
        &[
            Permission::Open,
            Permission::Reply,
            Permission::Browse,
            Permission::ApplyRulebook,
        ],
    ));
    let anns = open(&desk, &ann(0), "x");
    let bobs = open(&desk, &bob(0), "y");
    let said = desk.submit(anns, &kim(1), Command::reply("only for Ann"));
    let update = Spread::update(said.unwrap().message().unwrap());
    let not_yours = Refusal::NotYours { ticket: anns };
    let single = desk.tenant(TenantId::SINGLE);

    let spread = single.spread(anns, &bob(2), &update, &[bobs]);
    assert_eq!(refusal(spread), not_yours);
    assert_eq!(desk.ticket(bobs).unwrap().messages().len(), 1);

    let book = desk.rulebooks().current(TenantId::SINGLE).id();
    let applied = desk.apply_rulebook(anns, &bob(2), book);
    assert_eq!(refusal(applied), not_yours);

    let books = std::sync::Arc::new(Rulebooks::new(Rulebook::draft().build().unwrap()));
    let mut known = helpdesk::desk::Known::default();
    known.ticket = Some(helpdesk::store::Snapshot::of(desk.ticket(anns).unwrap()));
    let swept = helpdesk::desk::plan(&Request::Sweep(anns), &known, &books, &bob(2));
    assert_eq!(refusal(swept), not_yours);
    let _ = Operation::new(books, kim(2), Request::Sweep(anns));

    let visit = VisitId::named("v");
    let led = |call: &Call| desk.tell::<Visit>(visit, call, VisitCommand::Ticket(anns));
    assert_eq!(led(&bob(3)).unwrap_err().code(), "no_ticket");
    assert!(led(&ann(3)).is_ok());
}

#[test]
fn what_is_written_beside_is_never_before_its_own_last_event() {
    let desk = desk();
    let note = |text: &str| customer::Command::Note(text.to_owned());
    desk.tell::<Profile>(BOB, &kim(60), note("at nine"))
        .unwrap();
    let join = |call: &Call| desk.tell::<Profile>(ANN, call, customer::Command::Join(BOB));
    let refused = refusal(join(&kim(30)));
    assert_eq!(refused.code(), "stamp_too_early");
    let a_little = Call::new(
        Actor::Agent(KIM),
        at(BEGIN) + TimeDelta::minutes(60) - TimeDelta::seconds(3),
    );
    join(&a_little).unwrap();
    let last = desk.tenant(TenantId::SINGLE).told::<Profile>(BOB);
    let instants: Vec<_> = last.unwrap().iter().map(|event| event.at).collect();
    assert!(instants.is_sorted(), "{instants:?}");
}

#[test]
fn a_stamp_is_near_enough_to_each_of_two_tickets_or_refused() {
    let seconds = |n: i64| at(BEGIN) + TimeDelta::hours(1) + TimeDelta::seconds(n);
    let last_at = |n: i64| {
        move |desk: &Desk<MemoryStore>, ticket: TicketId| {
            let call = Call::new(Actor::Agent(KIM), seconds(n));
            desk.submit(ticket, &call, Command::note("here")).unwrap();
        }
    };
    // Skew is five seconds: four early is near enough, eight is not, however the two are told.
    for (into, source, taken) in [(4, 8, false), (8, 4, false), (4, 4, true), (2, 4, true)] {
        let desk = desk();
        let (one, other) = (open(&desk, &ann(0), "x"), open(&desk, &ann(0), "y"));
        last_at(into)(&desk, one);
        last_at(source)(&desk, other);
        let call = Call::new(Actor::Agent(KIM), seconds(0));
        let merged = desk.merge(&call, Merge::new(other, one));
        assert_eq!(merged.is_ok(), taken, "{into} {source}");
        if let Ok(merged) = merged {
            assert_eq!(merged.ticket().last_event_at(), seconds(into.max(source)));
        }
        let link = helpdesk::ticket::Link::DuplicateOf;
        let linked = taken || desk.link(one, &call, link, other).is_ok();
        assert_eq!(linked, taken, "{into} {source}");
    }
}

#[test]
fn a_message_with_a_session_that_begins_too_late_is_a_follow_up() {
    use Permission::{Open, Reply, Session};
    let desk = with(may(Role::Customer, &[Open, Reply, Session]));
    let ticket = open(&desk, &ann(0), "x");
    let resolve = Command::reply("Done").then_resolve();
    desk.submit(ticket, &kim(1), resolve).unwrap();
    let channel = Channel::Chat;
    let late = Command::reply("Again!").and(Change::Session {
        id: SessionId::named("chat"),
        step: SessionStep::Offer { channel },
    });
    let said = desk.submit(ticket, &ann(60 * 24 * 40), late).unwrap();
    assert!(said.follow_up().is_some());
    assert!(desk.ticket(ticket).unwrap().sessions().is_empty());
}

#[test]
fn what_a_role_may_not_say_it_may_not_open_with() {
    let desk = with(may(Role::Bot, &[Permission::Open]));
    let bot = by(Actor::Bot(helpdesk::id::BotId::named("bot")), 0);
    let of = |direction, draft| {
        let mut open = Open::new("x").from("ann@x.org").message(draft);
        open.direction = direction;
        desk.open(&bot, open)
    };
    let outbound = of(Direction::Outbound, Draft::new("Dear customer"));
    assert_eq!(refusal(outbound).code(), "forbidden");
    // What came in is the customer's word.
    assert!(of(Direction::Inbound, Draft::new("help")).is_ok());
}

#[test]
fn a_joined_person_resolves_by_whichever_ticket_she_writes_to() {
    let desk = desk();
    let (hers, his) = (open(&desk, &ann(0), "x"), open(&desk, &bob(0), "y"));
    desk.merge(&kim(1), Merge::new(hers, his).across_requesters())
        .unwrap();
    let join = customer::Command::Join(BOB);
    desk.tell::<Profile>(ANN, &kim(2), join).unwrap();
    let done = Command::reply("It works again").then_resolve();
    let said = desk.submit(hers, &ann(3), done).unwrap();
    assert_eq!((said.id(), said.ticket().status()), (his, Status::Resolved));
}

#[test]
fn an_erasure_is_told_to_the_microsecond_and_within_the_range() {
    let desk = desk();
    let note = customer::Command::Note("x".to_owned());
    desk.tell::<Profile>(ANN, &kim(0), note).unwrap();
    let single = desk.tenant(TenantId::SINGLE);
    let late = at("9999-01-01T00:00:00Z");
    let refused = single.erase_person(ANN, late).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    let fine = at(BEGIN) + TimeDelta::minutes(1) + TimeDelta::nanoseconds(1_999);
    single.erase_person(ANN, fine).unwrap();
    let profile = desk.state::<Profile>(ANN).unwrap();
    let told = at(BEGIN) + TimeDelta::minutes(1) + TimeDelta::microseconds(1);
    assert_eq!(profile.erased_at(), Some(told));
}

#[test]
fn mails_without_an_id_are_not_the_same_mail() {
    let desk = desk();
    let ticket = open(&desk, &ann(0), "x");
    for n in 1..=2 {
        let mail = Command::say(Draft::new("and?").external_id(" "));
        let said = desk.submit(ticket, &ann(n), mail).unwrap();
        assert!(!said.is_replayed());
    }
    assert_eq!(desk.ticket(ticket).unwrap().messages().len(), 3);
}
