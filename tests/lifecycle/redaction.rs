//! Texts that are taken back: redacted messages, and personal fields that are set anew.

use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Event, Rules};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};

use super::common::*;
use super::{ann, desk, kim};

/// What is written together stands together where a database finds it by id.
#[test]
fn texts_sort_by_when_they_were_written() {
    let desk = desk();
    let open = |at| desk.open(&ann(at), Open::new("x").body("y")).unwrap();
    let (one, two) = (open("2026-03-02T15:00:00Z"), open("2026-03-02T15:00:01Z"));
    let reply = |id, at| desk.submit(id, &kim(at), Command::reply("z")).unwrap();
    let outcomes = [
        reply(one.id(), "2026-03-02T15:00:02Z"),
        reply(two.id(), "2026-03-02T15:00:03Z"),
        reply(one.id(), "2026-03-02T15:00:04Z"),
    ];
    let all = [&one, &two].into_iter().chain(&outcomes);
    let texts = all.flat_map(|outcome| {
        let messages = outcome.ticket().messages();
        messages.last().map(|message| message.body)
    });
    let texts: Vec<_> = texts.collect();
    assert_eq!(texts.len(), 5);
    assert!(texts.is_sorted(), "{texts:?}");
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

    // A number is as personal as a text, and set again it is no event.
    let number = Change::Field {
        name: name("phone"),
        value: Some(helpdesk::ticket::FieldValue::Number(4_930)),
    };
    let number = Command::change(number);
    let t = desk.submit(t.id(), &lee, number.clone()).unwrap();
    let helpdesk::ticket::FieldValue::Personal(kept) = t.ticket().fields()["phone"] else {
        panic!()
    };
    let text = tenant.content(&[kept]).unwrap().remove(0).unwrap();
    assert_eq!((text.text.as_str(), text.about), ("4930", Some(ANN)));
    let again = desk.submit(t.id(), &lee, number).unwrap();
    assert_eq!(again.ticket().version(), t.ticket().version());

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
