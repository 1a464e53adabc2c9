//! What customers reach and see: their own tickets, what is public, and who speaks.

use helpdesk::error::ErrorKind;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Draft, Priority, Visibility};
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, TenantId};
use proptest::prelude::*;

use super::common::*;
use super::{ann, desk, kim, open_rulebook, refusal};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

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
