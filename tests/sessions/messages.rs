//! Messages of other channels: a public post that goes on in private, and one that says nothing.

use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Channel, CloseReason, Draft};
use helpdesk::{Command, Desk, Open, Refusal};

use super::common::*;
use super::{ann, by_channel, kim};

#[test]
fn a_public_post_is_taken_to_private_messages() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let open = Open::new("Post")
        .body("@shop where is my parcel?")
        .over(Channel::Social);
    let t = desk.open(&ann("2026-03-02T08:00:00Z"), open).unwrap();
    assert!(t.ticket().messages()[0].channel.is_public());
    let t = t.id();
    desk.submit(
        t,
        &kim("2026-03-02T08:01:00Z"),
        Command::reply("Sorry! We write to you privately."),
    )
    .unwrap();
    let private = Command::change(Change::Continue(Channel::SocialPrivate));
    let moved = desk
        .submit(t, &kim("2026-03-02T08:02:00Z"), private.clone())
        .unwrap();
    assert_eq!(moved.events().len(), 1);
    assert!(
        desk.submit(t, &kim("2026-03-02T08:02:30Z"), private)
            .unwrap()
            .events()
            .is_empty()
    );
    let reply = desk
        .submit(
            t,
            &kim("2026-03-02T08:03:00Z"),
            Command::reply("Your order number?"),
        )
        .unwrap();
    let public: Vec<_> = reply
        .ticket()
        .messages()
        .iter()
        .map(|m| m.channel.is_public())
        .collect();
    assert_eq!(public, [true, true, false]);
    assert_eq!(
        reply.ticket().channel(),
        &Channel::Social,
        "how it came stays"
    );
    desk.submit(t, &kim("2026-03-02T08:04:00Z"), Command::resolve())
        .unwrap();
    let close = Command::close(CloseReason::Settled);
    desk.submit(t, &kim("2026-03-02T08:05:00Z"), close).unwrap();
    let late = desk
        .submit(
            t,
            &ann("2026-03-02T08:06:00Z"),
            Command::reply("4711, and I live at ..."),
        )
        .unwrap();
    let next = desk.ticket(late.follow_up().unwrap()).unwrap();
    assert_eq!(next.channel(), &Channel::SocialPrivate);
    assert_eq!(next.goes_over(), &Channel::SocialPrivate);
    assert!(!next.messages()[0].channel.is_public());
}

#[test]
fn an_empty_message_says_nothing_and_is_refused() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let t = desk
        .open(&ann("2026-03-02T08:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    for empty in ["", "  \n\t"] {
        let refused = desk
            .submit(t, &kim("2026-03-02T08:01:00Z"), Command::reply(empty))
            .unwrap_err();
        assert!(matches!(
            refused.refusal(),
            Some(Refusal::Missing {
                what: "the text of the message"
            })
        ));
    }
    let file = helpdesk::ticket::AttachmentDraft {
        name: "photo.png".to_owned(),
        media_type: name("image/png"),
        size: 7,
        visibility: Default::default(),
    };
    let only_a_file = Command::say(Draft::new("").attach(file));
    assert!(
        desk.submit(t, &ann("2026-03-02T08:02:00Z"), only_a_file)
            .is_ok()
    );
}
