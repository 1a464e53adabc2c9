//! The lifecycle against a plain model, and what is refused.

mod common;

use chrono::TimeDelta;
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::id::SessionId;
use helpdesk::store::MemoryStore;
use helpdesk::testing::lifecycle::{Answer, Model};
use helpdesk::ticket::{
    Change, Channel, CloseReason, Delivery, Draft, Event, Label, Link, MessageClass, Metric, Move,
    Pending, PendingReason, Priority, Rules, SessionStep, Stage, Status, Ticket, Visibility,
};
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

/// Everything permitted to everyone, so that the model need not know about rights; and no policy.
fn open_rulebook() -> Rulebook {
    let mut rules = Rules::default();
    for role in helpdesk::call::Role::ALL {
        rules.permissions = rules
            .permissions
            .with(role, helpdesk::ticket::Permission::ALL);
    }
    Rulebook::draft().tickets(rules).build().unwrap()
}

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

    /// No internal message, no internal file and no redacted text stands in a customer's view.
    #[test]
    fn customers_see_what_is_public(story in stories()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, _) = tell(&desk, &story, &[]);
        let ticket = desk.ticket(id).unwrap();
        let view = ticket.customer_view(ANN).unwrap();
        for message in ticket.messages() {
            let shown = view.messages.iter().find(|shown| shown.id == message.id);
            prop_assert_eq!(shown.is_some(), message.visibility == Visibility::Public);
        }
        prop_assert!(ticket.customer_view(helpdesk::id::CustomerId::named("a stranger")).is_none());
    }
}

fn desk() -> Desk<MemoryStore> {
    Desk::new(MemoryStore::new(), rulebook())
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

fn refusal(result: Result<helpdesk::Outcome, helpdesk::Error>) -> Refusal {
    result.unwrap_err().refusal().unwrap().clone()
}

#[test]
fn a_refusal_names_the_facts() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:01:00Z"), Command::resume()));
    let Refusal::StepNotAllowed {
        stage,
        step,
        allowed,
    } = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (*stage, *step),
        (Stage::Open, helpdesk::ticket::Step::Resume)
    );
    assert!(allowed.contains(&helpdesk::ticket::Step::Resolve) && !allowed.contains(step));
    assert_eq!(refused.code(), "step_not_allowed");
    assert!(refused.to_string().contains("`resolve`"), "{refused}");
}

/// What is said to be allowed is what the same actor could ask for: no step that happens by itself, and none without the right.
#[test]
fn a_refusal_lists_what_the_actor_could_ask_for() {
    use helpdesk::ticket::Step::{Close, Pend, Resolve, Resume};
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let pend = Command::pend(Pending::Customer);
    desk.submit(id, &kim("2026-03-02T15:01:00Z"), pend).unwrap();
    let allowed = |call| match refusal(desk.submit(id, call, Command::reopen())) {
        Refusal::StepNotAllowed { allowed, .. } => allowed,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        allowed(&kim("2026-03-02T15:02:00Z")),
        [Pend, Resume, Resolve, Close]
    );
    desk.submit(id, &kim("2026-03-02T15:03:00Z"), Command::resolve())
        .unwrap();
    desk.submit(
        id,
        &kim("2026-03-02T15:04:00Z"),
        Command::close(CloseReason::Settled),
    )
    .unwrap();
    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:05:00Z"), Command::resolve()));
    assert!(
        !refused.to_string().contains("reopen") && !refused.to_string().contains("message"),
        "{refused}"
    );
}

#[test]
fn an_unknown_ticket_is_not_found() {
    let error = desk().submit(
        TicketId::named("nobody's"),
        &kim("2026-03-02T15:00:00Z"),
        Command::resolve(),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_customer_reaches_only_her_own_tickets() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let bob = Call::new(Actor::Customer(BOB), at("2026-03-02T15:01:00Z"));
    let error = desk
        .submit(id, &bob, Command::reply("let me in"))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, "not_yours")
    );
    let lets_bob_in = Command::change(Change::AddParticipant(BOB));
    desk.submit(id, &kim("2026-03-02T15:02:00Z"), lets_bob_in)
        .unwrap();
    desk.submit(
        id,
        &Call::new(Actor::Customer(BOB), at("2026-03-02T15:03:00Z")),
        Command::reply("thanks"),
    )
    .unwrap();
    let forbidden = refusal(desk.submit(
        id,
        &ann("2026-03-02T15:04:00Z"),
        Command::change(Change::Priority(Priority::Urgent)),
    ));
    assert_eq!(forbidden.code(), "forbidden");
    assert!(
        desk.open(
            &ann("2026-03-02T15:05:00Z"),
            Open::new("x").priority(Priority::Critical)
        )
        .is_err()
    );
}

/// Up to the skew before the last event, a command is taken at that event and keeps its own stamp; earlier it is refused.
#[test]
fn stamps_may_differ_a_little() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:10Z"), Open::new("x"))
        .unwrap()
        .id();
    let outcome = desk
        .submit(id, &kim("2026-03-02T15:00:06Z"), Command::reply("hello"))
        .unwrap();
    let recorded = &outcome.events()[0];
    assert_eq!(recorded.at, at("2026-03-02T15:00:10Z"));
    assert_eq!(recorded.stamped_at, Some(at("2026-03-02T15:00:06Z")));

    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:00:04Z"), Command::reply("hello")));
    let Refusal::StampTooEarly {
        at: stamp, last, ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (stamp, last),
        (at("2026-03-02T15:00:04Z"), at("2026-03-02T15:00:10Z"))
    );

    desk.accept_until(Some(at("2026-03-02T16:00:00Z")));
    let refused = refusal(desk.submit(id, &kim("2026-03-02T16:00:01Z"), Command::reply("hello")));
    assert_eq!(refused.code(), "stamp_too_late");
    desk.accept_until(None);
    let refused = refusal(desk.submit(id, &kim("2200-01-01T00:00:00Z"), Command::reply("hello")));
    assert_eq!(refused.code(), "out_of_range");
}

#[test]
fn a_key_used_for_something_else_is_refused() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    desk.submit(
        id,
        &kim("2026-03-02T15:01:00Z").key(name("k")),
        Command::reply("a"),
    )
    .unwrap();
    let refused = refusal(desk.submit(
        id,
        &kim("2026-03-02T15:02:00Z").key(name("k")),
        Command::reply("b"),
    ));
    assert_eq!(refused, Refusal::KeyReused { key: name("k") });
    // Another actor has keys of her own, and after pruning the key is free.
    desk.submit(
        id,
        &ann("2026-03-02T15:03:00Z").key(name("k")),
        Command::reply("c"),
    )
    .unwrap();
    let tenant = desk.tenant(TenantId::SINGLE);
    assert_eq!(tenant.prune_keys(at("2026-03-02T15:02:00Z")).unwrap(), 1);
    assert!(
        !desk
            .submit(
                id,
                &kim("2026-03-02T15:04:00Z").key(name("k")),
                Command::reply("b")
            )
            .unwrap()
            .is_replayed()
    );
}

#[test]
fn opening_twice_under_one_key_is_one_ticket() {
    let desk = desk();
    let open = || Open::new("x").from("Ann@Example.com ");
    let first = desk
        .open(&kim("2026-03-02T15:00:00Z").key(name("k")), open())
        .unwrap();
    let second = desk
        .open(&kim("2026-03-02T15:00:09Z").key(name("k")), open())
        .unwrap();
    assert_eq!((first.id(), first.events()), (second.id(), second.events()));
    assert!(second.is_replayed());
    let third = desk
        .open(
            &kim("2026-03-02T15:01:00Z"),
            Open::new("y").from("ann@example.com"),
        )
        .unwrap();
    assert_ne!(first.id(), third.id());
    assert_eq!(
        first.ticket().requester(),
        third.ticket().requester(),
        "the same address is the same customer"
    );
    let taken = refusal(desk.open(&kim("2026-03-02T15:02:00Z"), open().id(first.id())));
    assert_eq!(taken, Refusal::AlreadyOpen { ticket: first.id() });
}

/// What was opened is told again, also where the same opening would be refused by now.
#[test]
fn an_opening_told_again_is_not_judged_again() {
    let desk = desk();
    let promise = Change::PromiseUpdate(at("2026-03-02T15:10:00Z"));
    let open = || Open::new("x").from("ann@example.com").and(promise.clone());
    let first = desk
        .open(&kim("2026-03-02T15:00:00Z").key(name("k")), open())
        .unwrap();
    for late in ["2026-03-02T15:11:00Z", "2200-01-01T00:00:00Z"] {
        let second = desk.open(&kim(late).key(name("k")), open()).unwrap();
        assert!(second.is_replayed());
        assert_eq!((second.id(), second.events()), (first.id(), first.events()));
        assert!(desk.open(&kim(late).key(name("l")), open()).is_err());
    }
    let other = desk.open(
        &kim("2026-03-02T15:11:00Z").key(name("k")),
        open().body("else"),
    );
    assert_eq!(refusal(other), Refusal::KeyReused { key: name("k") });
    // What nobody may do is refused first.
    let bob = Call::new(Actor::Customer(BOB), at("2200-01-01T00:00:00Z"));
    let refused = refusal(desk.open(&bob, Open::new("x").from_customer(ANN)));
    assert_eq!(refused.code(), "not_yours");
}

/// The same mail twice is one message, also where it began a follow-up ticket.
#[test]
fn the_same_mail_twice_is_one_message() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let mail = |id: &str| Command::say(Draft::new("and?").external_id(id));
    let first = desk
        .submit(id, &ann("2026-03-02T15:10:00Z"), mail("<1@example.com>"))
        .unwrap();
    let again = desk
        .submit(id, &ann("2026-03-02T15:11:00Z"), mail("<1@example.com>"))
        .unwrap();
    assert!(again.is_replayed() && again.events().is_empty());
    assert_eq!(again.ticket().version(), first.ticket().version());
    let tenant = desk.tenant(TenantId::SINGLE);
    assert_eq!(tenant.find_by_message("<1@example.com>").unwrap(), Some(id));

    desk.submit(
        id,
        &kim("2026-03-02T15:20:00Z"),
        Command::close(CloseReason::Settled),
    )
    .unwrap();
    let late = desk
        .submit(id, &ann("2026-03-02T16:00:00Z"), mail("<2@example.com>"))
        .unwrap();
    let follow_up = late.follow_up().unwrap();
    assert_eq!(late.ticket().links(), [(Link::FollowedBy, follow_up)]);
    let next = desk.ticket(follow_up).unwrap();
    assert_eq!(
        (next.links(), next.messages().len()),
        (&[(Link::FollowUpOf, id)][..], 1)
    );
    assert_eq!(next.requester(), ANN);
    let again = desk
        .submit(id, &ann("2026-03-02T16:05:00Z"), mail("<2@example.com>"))
        .unwrap();
    assert_eq!((again.id(), again.is_replayed()), (follow_up, true));
    assert_eq!(
        tenant.find_by_message("<2@example.com>").unwrap(),
        Some(follow_up)
    );
    assert_eq!(tenant.find(next.number()).unwrap(), Some(follow_up));
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

/// A redacted text is gone from the store, and so is the old text of a personal field.
#[test]
fn redacted_texts_are_gone() {
    let mut rules = Rules::default();
    rules.personal_fields.insert(name("phone"));
    let desk = Desk::new(
        MemoryStore::new(),
        Rulebook::draft().tickets(rules).build().unwrap(),
    );
    let t = desk
        .open(
            &ann("2026-03-02T15:00:00Z"),
            Open::new("x").body("my card is 4711"),
        )
        .unwrap();
    let message = t.ticket().messages()[0].clone();
    let tenant = desk.tenant(TenantId::SINGLE);
    assert_eq!(
        tenant.content(&[message.body]).unwrap()[0]
            .as_ref()
            .unwrap()
            .text,
        "my card is 4711"
    );

    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T15:01:00Z"));
    let t = desk
        .submit(t.id(), &lee, Command::change(Change::Redact(message.id)))
        .unwrap();
    assert_eq!(tenant.content(&[message.body]).unwrap(), [None]);
    assert_eq!(
        t.ticket().customer_view(ANN).unwrap().messages[0].body,
        None
    );

    let phone = |text: &str| {
        let value = Some(helpdesk::ticket::FieldValue::Text(text.to_owned()));
        Command::change(Change::Field {
            name: name("phone"),
            value,
        })
    };
    let t = desk.submit(t.id(), &lee, phone("555-1")).unwrap();
    let helpdesk::ticket::FieldValue::Personal(first) = t.ticket().fields()["phone"] else {
        panic!()
    };
    assert_eq!(
        tenant.content(&[first]).unwrap()[0].as_ref().unwrap().text,
        "555-1"
    );
    desk.submit(t.id(), &lee, phone("555-2")).unwrap();
    assert_eq!(tenant.content(&[first]).unwrap(), [None]);
}

/// A message that one command redacts twice is redacted once.
#[test]
fn a_message_is_redacted_once() {
    let desk = desk();
    let open = Open::new("x").body("my card is 4711");
    let t = desk.open(&ann("2026-03-02T15:00:00Z"), open).unwrap();
    let message = t.ticket().messages()[0].id;
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T15:01:00Z"));
    let twice = Command::change(Change::Redact(message)).and(Change::Redact(message));
    let t = desk.submit(t.id(), &lee, twice).unwrap();
    let expected = [Event::MessageRedacted { message }];
    assert!(
        t.events().iter().map(|one| &one.event).eq(&expected),
        "{:?}",
        t.events()
    );
}

/// All who gave no address would be one customer, and see each other's tickets.
#[test]
fn a_blank_address_is_nobodys() {
    let desk = desk();
    for blank in ["", " ", "\t\n\u{2003}"] {
        for call in [kim("2026-03-02T15:00:00Z"), ann("2026-03-02T15:00:00Z")] {
            let what = "the requester's address";
            let opened = desk.open(&call, Open::new("x").from(blank));
            assert_eq!(refusal(opened), Refusal::Missing { what }, "{blank:?}");
        }
    }
}

/// What changes sets of a ticket: of tags, fields and participants, by changes and by a message that names people.
fn changes_of_sets() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0u8..7, 0u8..6), 0..12)
}

fn command_of(changes: &[(u8, u8)]) -> Command {
    let customer = |n: u8| helpdesk::id::CustomerId::named(&n.to_string());
    let named = changes.iter().filter(|(what, _)| *what == 6);
    let mut draft = None;
    for (_, n) in named {
        let said = draft.unwrap_or_else(|| Draft::new("so"));
        draft = Some(said.copy_to(customer(*n)));
    }
    let change = |(what, n): &(u8, u8)| {
        let name = name(&format!("n{n}"));
        let value = Some(helpdesk::ticket::FieldValue::Number((*n).into()));
        Some(match what {
            0 => Change::AddTag(name),
            1 => Change::RemoveTag(name),
            2 => Change::Field { name, value },
            3 => Change::Field { name, value: None },
            4 => Change::AddParticipant(customer(*n)),
            5 => Change::RemoveParticipant(customer(*n)),
            _ => return None,
        })
    };
    let said = draft.map_or_else(Command::default, Command::say);
    changes.iter().filter_map(change).fold(said, Command::and)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A command is refused for the size of a set where it lets that set grow beyond the limit, and nowhere else: what rules or an
    /// import made larger can be taken away, and hinders nothing.
    #[test]
    fn only_what_grows_is_too_large(before in changes_of_sets(), then in changes_of_sets(), max_list in 12usize..16) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let t = desk.open(&ann("2026-03-02T15:00:00Z"), Open::new("x")).unwrap();
        // Some more than a command names, so that the limit on those does not decide.
        let many = (10u8..22).flat_map(|n| [(0, n), (2, n), (4, n)]).collect::<Vec<_>>();
        let call = kim("2026-03-02T15:01:00Z");
        desk.submit(t.id(), &call, command_of(&many)).unwrap();
        let t = desk.submit(t.id(), &call, command_of(&before)).unwrap();
        let command = command_of(&then);
        let sizes = |ticket: &Ticket| [ticket.tags().len(), ticket.fields().len(), ticket.participants().len()];
        let lax = Rules::default();
        let after = helpdesk::ticket::decide(t.ticket(), &lax, &call, call.at(), &command).unwrap();
        let mut grown = t.ticket().clone();
        for event in after.recorded_after(t.ticket(), &call) {
            grown.apply(&event);
        }
        let (now, later) = (sizes(t.ticket()), sizes(&grown));
        let too_large = now.iter().zip(later).any(|(now, later)| later > *now && later > max_list);
        let mut tight = Rules::default();
        tight.max_list = max_list;
        let found = helpdesk::ticket::decide(t.ticket(), &tight, &call, call.at(), &command);
        match found {
            Ok(found) => prop_assert!(!too_large && found == after),
            Err(refused) => prop_assert!(too_large && refused.code() == "too_large", "{} {:?} {:?}", refused, now, later),
        }
    }
}

/// A tag above the limit, which a rule or an import set, hinders no other change; nor does a full list of calls hinder one to end.
#[test]
fn one_set_that_is_full_hinders_nothing_else() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap();
    let call = kim("2026-03-02T15:01:00Z");
    let call_of = |n: u128| SessionId::from_uuid(uuid::Uuid::from_u128(n));
    let change = |id, step| Command::change(Change::Session { id, step });
    let mut commands = vec![command_of(&[(0, 1), (0, 2)])];
    for n in 1..=2 {
        commands.push(change(
            call_of(n),
            SessionStep::Offer {
                channel: Channel::Phone,
            },
        ));
    }
    let mut t = desk.submit(t.id(), &call, commands.remove(0)).unwrap();
    for command in commands {
        t = desk.submit(t.id(), &call, command).unwrap();
    }
    let mut tight = Rules::default();
    tight.max_list = 1;
    let decided =
        |command: &Command| helpdesk::ticket::decide(t.ticket(), &tight, &call, call.at(), command);
    let answer = change(call_of(1), SessionStep::Answer { agent: None });
    for possible in [
        Command::priority(Priority::High),
        command_of(&[(1, 1)]),
        command_of(&[(2, 1)]),
        Command::reply("so"),
        answer,
    ] {
        assert!(
            decided(&possible).is_ok(),
            "{possible:?}: {:?}",
            decided(&possible)
        );
    }
    assert_eq!(
        decided(&command_of(&[(0, 3)])).unwrap_err().code(),
        "too_large"
    );
}

/// A personal field set to the text that it has already is no event, as with any other field; of several changes of one field the first
/// one is compared.
#[test]
fn a_personal_field_set_to_what_it_is_says_nothing() {
    let mut rules = Rules::default();
    rules.personal_fields.insert(name("phone"));
    let book = Rulebook::draft().tickets(rules).build().unwrap();
    let mut stores: Vec<Box<dyn helpdesk::store::Store>> = vec![Box::new(MemoryStore::new())];
    #[cfg(feature = "sqlite")]
    stores.push(Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
    for store in stores {
        let desk = Desk::new(store, book.clone());
        let phone = |text: &str| Change::Field {
            name: name("phone"),
            value: Some(helpdesk::ticket::FieldValue::Text(text.to_owned())),
        };
        let open = Open::new("x").from_customer(ANN).and(phone("555-1"));
        let t = desk.open(&kim("2026-03-02T15:00:00Z"), open).unwrap();
        let id = t.id();
        let says = |command| {
            desk.submit(id, &kim("2026-03-02T15:01:00Z"), command)
                .unwrap()
        };
        let before = t.ticket().fields().clone();
        let same = says(Command::change(phone("555-1")));
        assert!(same.events().is_empty());
        assert_eq!(same.ticket().fields(), &before);
        let with_reply = says(Command::reply("Noted").and(phone("555-1")));
        assert_eq!(with_reply.events().len(), 1);
        let helpdesk::ticket::FieldValue::Personal(text) = before["phone"] else {
            panic!()
        };
        let tenant = desk.tenant(TenantId::SINGLE);
        assert!(tenant.content(&[text]).unwrap()[0].is_some());
        let there_and_back = says(Command::change(phone("555-2")).and(phone("555-1")));
        assert_eq!(there_and_back.events().len(), 2);
        assert_eq!(tenant.content(&[text]).unwrap(), [None]);
        // Erased, nobody can tell what it was: said again, it is kept again.
        tenant
            .erase_person(ANN, at("2026-03-02T16:00:00Z"))
            .unwrap();
        let again = desk.submit(
            id,
            &kim("2026-03-02T16:01:00Z"),
            Command::change(phone("555-1")),
        );
        assert_eq!(again.unwrap().events().len(), 1);
    }
}

/// Whom a message names is told with it; they take part where the speaker may let somebody take part, once.
#[test]
fn copied_customers_take_part_where_the_speaker_may_let_them() {
    let desk = desk();
    let [ben, cy, dee] = ["ben", "cy", "dee"].map(helpdesk::id::CustomerId::named);
    let t = desk
        .open(
            &ann("2026-03-02T15:00:00Z"),
            Open::new("x").message(Draft::new("help").copy_to(dee)),
        )
        .unwrap();
    // A customer's mail names whom it likes, and opens nobody the ticket.
    assert_eq!(t.ticket().messages()[0].recipients.cc, [dee]);
    assert!(t.ticket().participants().is_empty());
    assert!(t.ticket().customer_view(dee).is_none());

    let mut answer = Draft::new("Which floor?").copy_to(ben).copy_to(ANN);
    answer.recipients.to.extend([ben, cy]);
    let said = Command::say(answer.clone()).and(Change::AddParticipant(cy));
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:01:00Z"), said)
        .unwrap();
    let ticket = t.ticket();
    assert_eq!(ticket.messages()[1].recipients, answer.recipients);
    let participants: Vec<_> = ticket.participants().iter().copied().collect();
    let mut expected = vec![ben, cy];
    expected.sort();
    assert_eq!(participants, expected);
    assert_eq!(t.events().len(), 3, "each once: {:?}", t.events());
    assert_eq!(ticket.customer_view(ben).unwrap().messages.len(), 2);

    let mut note = Draft::new("hm").copy_to(ben);
    note.visibility = Visibility::Internal;
    let refused = desk.submit(t.id(), &kim("2026-03-02T15:02:00Z"), Command::say(note));
    assert_eq!(refused.unwrap_err().code(), "note_with_recipients");
    let crowd = (0..10_000).map(|n| helpdesk::id::CustomerId::named(&n.to_string()));
    let crowd = crowd.fold(Draft::new("all"), Draft::copy_to);
    let refused = desk.submit(t.id(), &kim("2026-03-02T15:02:00Z"), Command::say(crowd));
    assert_eq!(refused.unwrap_err().code(), "too_large");
}

/// A mail that comes in is its customer's word, whoever hands it to the desk: whom it copies it opens the ticket to nobody, unless an
/// agent writes it down.
#[test]
fn copies_of_a_mail_that_comes_in_take_part_where_its_customer_may_let_them() {
    let dee = helpdesk::id::CustomerId::named("dee");
    let mail = || {
        let open = Open::new("x").from("ann@example.com");
        open.message(Draft::new("help").copy_to(dee))
    };
    let when = at("2026-03-02T15:00:00Z");
    let bot = Actor::Bot(helpdesk::id::BotId::named("gateway"));
    for (caller, takes_part) in [
        (Actor::System, false),
        (bot, false),
        (Actor::Agent(KIM), true),
        (Actor::Supervisor(KIM), true),
    ] {
        let t = desk().open(&Call::new(caller, when), mail()).unwrap();
        assert_eq!(t.ticket().messages()[0].recipients.cc, [dee]);
        let participants = t.ticket().participants();
        assert_eq!(participants.contains(&dee), takes_part, "{caller:?}");
        assert_eq!(t.ticket().customer_view(dee).is_some(), takes_part);
    }
    // Where customers may, so may their mail.
    let desk = Desk::new(MemoryStore::new(), open_rulebook());
    let t = desk.open(&Call::new(Actor::System, when), mail()).unwrap();
    assert!(t.ticket().participants().contains(&dee));
}

/// The scheduled wait ends by itself, just after its instant, and the rule fires once; whoever looks late is told of the last
/// level only.
#[test]
fn waits_end_and_levels_fire_by_themselves() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let until = at("2026-03-02T16:00:00Z");
    let wait = Command::pend(Pending::Scheduled { until });
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:05:00Z"), wait)
        .unwrap();
    assert_eq!(t.wake_at(), Some(until + TimeDelta::microseconds(1)));
    assert_eq!(
        desk.nap(at("2026-03-02T15:59:00Z")).unwrap(),
        until + TimeDelta::microseconds(1)
    );

    // The first response (4 h) is never paused: 50 % at 17:00, 90 % at 18:36, due at 19:00.
    let swept = desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (1, 0));
    let events = history(&desk, t.id());
    let fired: Vec<_> = events
        .iter()
        .filter_map(|e| match &e.event {
            Event::Escalated(fired) => {
                Some((fired.level.as_str().to_owned(), e.at, fired.delivery))
            }
            _ => None,
        })
        .collect();
    let expected = [
        ("half", "2026-03-02T17:00:00Z", Delivery::HeldBack),
        ("most", "2026-03-02T18:36:00Z", Delivery::HeldBack),
        ("all", "2026-03-02T19:00:00Z", Delivery::Delivered),
    ];
    assert_eq!(
        fired,
        expected.map(|(level, when, delivery)| (level.to_owned(), at(when), delivery))
    );
    let woken = events
        .iter()
        .find(|e| matches!(e.event, Event::StatusChanged { .. }) && e.timing.is_some())
        .unwrap();
    assert_eq!(woken.timing.unwrap().scheduled_at, until);
    assert!(
        events
            .iter()
            .any(|e| matches!(e.event, Event::Breached { .. }))
    );

    let now = at("2026-03-02T20:00:00Z");
    let lease = TimeDelta::minutes(5);
    let claimed = desk.claim(now, lease, 10).unwrap();
    assert_eq!(claimed.len(), 1);
    assert!(desk.claim(now, lease, 10).unwrap().is_empty());
    let again = desk.claim(now + lease, lease, 10).unwrap();
    assert_eq!((again[0].id, again[0].attempts), (claimed[0].id, 1));
    desk.acknowledge(&[again[0].id]).unwrap();
    assert!(
        desk.claim(now + lease + lease, lease, 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(desk.sweep(now, 10).unwrap().events, 0);
}

/// An answer that comes late, before anybody looked, makes what fell due before it stale.
#[test]
fn what_the_same_commit_ends_is_stale() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let t = desk
        .submit(
            t.id(),
            &kim("2026-03-02T18:50:00Z"),
            Command::reply("sorry"),
        )
        .unwrap();
    let deliveries: Vec<_> = t
        .events()
        .iter()
        .filter_map(|e| match &e.event {
            Event::Escalated(fired) => Some(fired.delivery),
            _ => None,
        })
        .collect();
    assert_eq!(deliveries, [Delivery::Stale, Delivery::Stale]);
    assert!(t.actions().is_empty());
    assert!(
        t.ticket().tags().contains("late"),
        "inner actions always run"
    );
}

/// Reaching the target exactly is keeping it; due on a close is kept until the next opening.
#[test]
fn nobody_is_late_in_closed_hours() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    // 18:00 UTC is 13:00 in New York; four business hours are used up at 17:00 local, 22:00 UTC, when the desk closes.
    for (answer, verdict) in [
        ("2026-03-02T22:00:00Z", Verdict::Met),
        ("2026-03-03T13:59:59.999999Z", Verdict::Met),
        ("2026-03-03T14:00:00Z", Verdict::Met),
        ("2026-03-03T14:00:00.000001Z", Verdict::Breached),
    ] {
        let t = desk
            .open(&ann("2026-03-02T18:00:00Z"), Open::new("x").body("help"))
            .unwrap();
        assert_eq!(
            t.reading(Metric::FirstResponse).due(),
            Some(at("2026-03-02T22:00:00Z"))
        );
        let t = desk
            .submit(t.id(), &kim(answer), Command::reply("hello"))
            .unwrap();
        let reading = t.reading(Metric::FirstResponse);
        assert_eq!(reading.verdict(), verdict, "{answer}");
        assert_eq!(reading.ever_breached(), verdict == Verdict::Breached);
        let announced = t
            .events()
            .iter()
            .any(|e| matches!(e.event, Event::Breached { clock, .. } if clock.metric == Metric::FirstResponse));
        assert_eq!(announced, verdict == Verdict::Breached, "{answer}");
    }
}

/// A first response resolved away is unanswered; it runs on after a reopening, without the time in between.
#[test]
fn a_first_response_resolved_away_is_unanswered() {
    use helpdesk::sla::{State, Verdict};
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let t = desk
        .submit(t.id(), &kim("2026-03-02T15:30:00Z"), Command::resolve())
        .unwrap();
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.state(), first.verdict()),
        (State::Stopped, Verdict::Unanswered)
    );
    let t = desk
        .submit(
            t.id(),
            &ann("2026-03-03T15:00:00Z"),
            Command::reply("hello?"),
        )
        .unwrap();
    assert_eq!(t.reading(Metric::FirstResponse).state(), State::Running);
    let t = desk
        .submit(t.id(), &kim("2026-03-03T15:10:00Z"), Command::reply("yes"))
        .unwrap();
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.verdict(), first.elapsed()),
        (Verdict::Met, TimeDelta::minutes(40))
    );
    assert_eq!(
        t.reading(Metric::FirstResolution).verdict(),
        Verdict::Met,
        "the first resolution is frozen"
    );
    assert_eq!(t.reading(Metric::TotalResolution).state(), State::Running);
}

/// A target swapped mid-way keeps what has run; passed already means breached on attach, with nobody told.
#[test]
fn a_swapped_target_keeps_what_has_run() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    let t = desk
        .submit(t.id(), &kim("2026-03-02T16:30:00Z"), urgent)
        .unwrap();
    // Announced at once, so that it stands even if the clock ends at this very instant.
    assert!(t.events().iter().any(|e| matches!(
        e.event,
        Event::Breached {
            on_attach: true,
            ..
        }
    )));
    let first = t.reading(Metric::FirstResponse);
    assert_eq!(
        (first.elapsed(), first.verdict(), first.ever_breached()),
        (TimeDelta::minutes(90), Verdict::Breached, true)
    );
    assert_eq!(
        first.due(),
        Some(at("2026-03-02T16:00:00Z")),
        "when an hour had run"
    );
    desk.sweep(at("2026-03-02T16:31:00Z"), 10).unwrap();
    let events = history(&desk, t.id());
    assert!(events.iter().any(|e| matches!(
        e.event,
        Event::Breached {
            on_attach: true,
            ..
        }
    )));
    let told = events
        .iter()
        .filter(|e| matches!(&e.event, Event::Escalated(f) if f.delivery == Delivery::Delivered));
    assert_eq!(told.count(), 0);
}

/// Facts that change together with a move choose the policy before the move: the clock that it ends is judged by the new target.
#[test]
fn a_change_comes_before_the_move_of_its_command() {
    use helpdesk::sla::Verdict;
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").body("help"))
        .unwrap();
    let both = Command::change(Change::Priority(Priority::Urgent)).then_resolve();
    let t = desk
        .submit(t.id(), &kim("2026-03-03T15:00:00Z"), both)
        .unwrap();
    let total = t.reading(Metric::TotalResolution);
    assert_eq!(
        (total.verdict(), total.amount()),
        (Verdict::Met, Some(TimeDelta::hours(20)))
    );
    let place =
        |wanted: &dyn Fn(&Event) -> bool| t.events().iter().position(|e| wanted(&e.event)).unwrap();
    let chosen = place(&|e| matches!(e, Event::PolicyChosen { .. }));
    assert!(
        chosen
            < place(&|e| matches!(
                e,
                Event::StatusChanged {
                    to: Status::Resolved,
                    ..
                }
            ))
    );
}

/// A message's id outside gives nobody another customer's ticket, and swallows no command on another ticket.
#[test]
fn a_known_message_id_opens_no_door() {
    let desk = desk();
    let mail = || Draft::new("mine").external_id("<1@example.com>");
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x").message(mail()))
        .unwrap()
        .id();
    let bob = |now: &str| Call::new(Actor::Customer(BOB), at(now));
    let bobs = desk
        .open(&bob("2026-03-02T15:01:00Z"), Open::new("y"))
        .unwrap()
        .id();
    let tries = [
        desk.open(&bob("2026-03-02T15:02:00Z"), Open::new("z").message(mail())),
        desk.submit(bobs, &bob("2026-03-02T15:03:00Z"), Command::say(mail())),
        desk.submit(
            bobs,
            &kim("2026-03-02T15:04:00Z"),
            Command::say(mail()).then_resolve(),
        ),
    ];
    for refused in tries {
        assert_eq!(refusal(refused), Refusal::MessageKnown);
    }
    assert!(
        desk.submit(id, &ann("2026-03-02T15:05:00Z"), Command::say(mail()))
            .unwrap()
            .is_replayed()
    );
}

/// What a customer says of an address makes nobody else's mail hers, and keeps nobody out.
#[test]
fn an_address_is_claimed_by_the_desk_alone() {
    let desk = desk();
    let from_ann = || Open::new("x").from("ann@example.com");
    let bob = Call::new(Actor::Customer(BOB), at("2026-03-02T15:00:00Z"));
    desk.open(&bob, from_ann()).unwrap();
    let gateway = |now: &str| Call::new(Actor::System, at(now));
    let first = desk
        .open(&gateway("2026-03-02T15:01:00Z"), from_ann())
        .unwrap();
    assert_ne!(first.ticket().requester(), BOB);
    let again = desk
        .open(&gateway("2026-03-02T15:02:00Z"), from_ann())
        .unwrap();
    assert_eq!(again.ticket().requester(), first.ticket().requester());
    assert_eq!(
        desk.open(&ann("2026-03-02T15:03:00Z"), from_ann())
            .unwrap()
            .ticket()
            .requester(),
        ANN
    );
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

/// An internal file of a public message, and any file of an internal note, stay inside.
#[test]
fn customers_see_public_files_only() {
    use helpdesk::ticket::AttachmentDraft;
    let file = |title: &str, visibility| AttachmentDraft {
        name: title.to_owned(),
        media_type: name("text/plain"),
        size: 1,
        visibility,
    };
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap();
    let reply = Draft::new("see there")
        .attach(file("public.txt", Visibility::Public))
        .attach(file("secret.txt", Visibility::Internal));
    let mut note = Draft::new("among us").attach(file("note.txt", Visibility::Public));
    note.visibility = Visibility::Internal;
    for draft in [reply, note] {
        desk.submit(t.id(), &kim("2026-03-02T15:10:00Z"), Command::say(draft))
            .unwrap();
    }
    let ticket = desk.ticket(t.id()).unwrap();
    assert_eq!(ticket.messages().len(), 2);
    let view = ticket.customer_view(ANN).unwrap();
    let files: Vec<_> = view.messages.iter().flat_map(|m| &m.attachments).collect();
    assert_eq!(files.len(), 1);
    let texts = desk
        .tenant(TenantId::SINGLE)
        .content(&[files[0].name])
        .unwrap();
    assert_eq!(texts[0].as_ref().unwrap().text, "public.txt");
}

#[test]
fn a_stamp_may_be_as_late_as_the_host_says() {
    let desk = Desk::new(MemoryStore::new(), open_rulebook());
    let latest = at(BEGIN) + TimeDelta::minutes(5);
    desk.accept_until(Some(latest));
    let opening = |now, n| desk.open(&call(Actor::Customer(ANN), now, n), Open::new("x"));
    let late = latest + TimeDelta::microseconds(1);
    let refused = opening(late, 1).unwrap_err();
    assert_eq!(
        refused.refusal(),
        Some(&Refusal::StampTooLate { at: late, latest })
    );
    let id = opening(latest, 2).unwrap().id();
    let note = |now, n| desk.submit(id, &call(Actor::Agent(KIM), now, n), Command::note("x"));
    assert_eq!(note(late, 3).unwrap_err().kind(), ErrorKind::Refused);
    assert!(note(latest, 4).is_ok());
    desk.accept_until(None);
    assert!(note(late, 5).is_ok());
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

/// A customer reads who speaks: herself, another who takes part, the desk, or a machine; never a name.
#[test]
fn a_view_tells_who_speaks() {
    let desk = Desk::new(MemoryStore::new(), open_rulebook());
    let now = at(BEGIN);
    let opened = desk.open(
        &call(Actor::Customer(ANN), now, 0),
        Open::new("x").body("help"),
    );
    let id = opened.unwrap().id();
    let say = |actor, n, command| desk.submit(id, &call(actor, now, n), command).unwrap();
    let bob = Command::change(Change::AddParticipant(BOB));
    say(Actor::Agent(KIM), 1, bob);
    say(Actor::Customer(BOB), 2, Command::reply("me too"));
    say(Actor::Agent(KIM), 3, Command::reply("which floor?"));
    let machine = Actor::Bot(helpdesk::id::BotId::named("bot"));
    say(machine, 4, Command::reply("a survey follows"));
    let seen_by = |viewer| -> Vec<&str> {
        let view = desk.customer_view(id, viewer).unwrap();
        view.messages.iter().map(|message| message.from).collect()
    };
    let another = "another participant";
    assert_eq!(seen_by(ANN), ["you", another, "support", "automatic"]);
    assert_eq!(seen_by(BOB), [another, "you", "support", "automatic"]);
}
