//! What counts as a contact: calls, chats, talks with bots, and what a merge brings.

use helpdesk::kpi::Report;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Channel, Draft, Merge, SessionEnd, SessionStep};
use helpdesk::{Call, Command, Desk, Open};

use super::common::*;
use super::{BOT, ann, answer, bot, by_channel, end, kim, offer, session};

/// What the rows of a ticket count: replies, touches, further contacts of the customer, agents, and whether one contact was enough.
fn counted(desk: &Desk<MemoryStore>, t: helpdesk::TicketId) -> (u32, u32, u32, u32, bool) {
    let rows = by_channel().facts(&desk.ticket(t).unwrap());
    let row = &rows[0];
    let own = row.own.as_ref().unwrap();
    assert_eq!(row.replies, own.replies);
    let counts = (row.replies, row.touches, row.follow_ups);
    (counts.0, counts.1, counts.2, own.agents, row.one_contact)
}

/// A call is a contact like a message: an answered one is an answer, and who calls again has come back.
#[test]
fn calls_count_as_contacts() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let call = |t, id, began: &str, minute: &str| {
        let now = |second: &str| format!("{began}:{minute}:{second}Z");
        let said = |call: Call, step| desk.submit(t, &call, Command::change(session(id, step)));
        if began != "2026-03-02T08" {
            said(bot(&now("00")), offer(Channel::Phone)).unwrap();
        }
        said(kim(&now("10")), answer()).unwrap();
        said(kim(&now("50")), end(SessionEnd::Completed)).unwrap();
    };
    let opened = || {
        let open = Open::new("x").from_customer(ANN).over(Channel::Phone);
        let open = open.and(session("first", offer(Channel::Phone)));
        desk.open(&bot("2026-03-02T08:00:00Z"), open).unwrap().id()
    };
    let once = opened();
    call(once, "first", "2026-03-02T08", "00");
    let resolve = |t, when| desk.submit(t, &kim(when), Command::resolve()).unwrap();
    resolve(once, "2026-03-02T08:05:00Z");
    assert_eq!(counted(&desk, once), (1, 1, 0, 1, true));

    let twice = opened();
    call(twice, "first", "2026-03-02T08", "00");
    call(twice, "again", "2026-03-03T08", "00");
    resolve(twice, "2026-03-03T08:05:00Z");
    assert_eq!(counted(&desk, twice), (2, 2, 1, 1, false));

    let report = desk
        .report(&Report::standard(), at("2026-04-01T00:00:00Z"))
        .unwrap();
    let first_contact = report.first_contact_resolution().to_string();
    assert_eq!(first_contact, "50.0 % (1 of 2)");
    assert_eq!(report.one_touch().to_string(), "50.0 % (1 of 2)");
    assert_eq!(report.touches().sum(), 3);
}

/// What is said in a chat, until it ends, is part of it: the customer and each agent count once, however much they write.
#[test]
fn a_chat_counts_once_whatever_is_written_in_it() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let open = Open::new("x").from_customer(ANN).over(Channel::Chat);
    let open = open.and(session("chat", offer(Channel::Chat)));
    let t = desk.open(&bot("2026-03-02T08:00:00Z"), open).unwrap().id();
    let write = |t, call: Call, channel| {
        let mut draft = Draft::new("x");
        draft.channel = Some(channel);
        desk.submit(t, &call, Command::say(draft)).unwrap();
    };
    let say = |t, call: Call, step| {
        desk.submit(t, &call, Command::change(session("chat", step)))
            .unwrap();
    };
    say(t, kim("2026-03-02T08:00:20Z"), answer());
    for minute in ["01", "02", "03"] {
        write(
            t,
            kim(&format!("2026-03-02T08:{minute}:00Z")),
            Channel::Chat,
        );
        write(
            t,
            ann(&format!("2026-03-02T08:{minute}:30Z")),
            Channel::Chat,
        );
    }
    say(t, kim("2026-03-02T08:05:00Z"), end(SessionEnd::Completed));
    let resolved = kim("2026-03-02T08:06:00Z");
    desk.submit(t, &resolved, Command::resolve()).unwrap();
    assert_eq!(counted(&desk, t), (1, 1, 0, 1, true));

    // What comes by mail, or after the chat, is said outside of it.
    let u = desk
        .open(
            &ann("2026-03-02T09:00:00Z"),
            Open::new("x").from_customer(ANN).body("Help"),
        )
        .unwrap()
        .id();
    say(u, bot("2026-03-02T09:10:00Z"), offer(Channel::Chat));
    say(u, kim("2026-03-02T09:10:10Z"), answer());
    write(u, ann("2026-03-02T09:11:00Z"), Channel::Chat);
    write(u, kim("2026-03-02T09:12:00Z"), Channel::Chat);
    write(u, kim("2026-03-02T09:12:10Z"), Channel::Email);
    say(u, kim("2026-03-02T09:13:00Z"), end(SessionEnd::Completed));
    write(u, ann("2026-03-02T09:14:00Z"), Channel::Chat);
    write(u, kim("2026-03-02T09:15:00Z"), Channel::Chat);
    let resolved = kim("2026-03-02T09:16:00Z");
    desk.submit(u, &resolved, Command::resolve()).unwrap();
    assert_eq!(counted(&desk, u), (3, 3, 2, 1, false));
}

/// Each call and each hand-over is its own contact, however they lie; what a bot was told is part of its talk.
#[test]
fn a_call_beside_a_talk_with_a_bot_is_another_contact() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let open = Open::new("x").from_customer(ANN).body("Help");
    let t = desk.open(&ann("2026-03-02T08:00:00Z"), open).unwrap().id();
    let says = |call: Call, id, step| {
        let step = Command::change(session(id, step));
        desk.submit(t, &call, step).unwrap();
    };
    let greet = SessionStep::Greet {
        bot: BOT,
        channel: Channel::Chat,
    };
    let reason = name("asked");
    says(bot("2026-03-02T08:10:00Z"), "talk", greet);
    says(bot("2026-03-02T08:11:00Z"), "call", offer(Channel::Phone));
    says(kim("2026-03-02T08:11:10Z"), "call", answer());
    let completed = || end(SessionEnd::Completed);
    says(kim("2026-03-02T08:12:00Z"), "call", completed());
    says(
        bot("2026-03-02T08:13:00Z"),
        "talk",
        SessionStep::HandOver { reason },
    );
    let mut draft = Draft::new("Are you there?");
    draft.channel = Some(Channel::Chat);
    let asks = Command::say(draft);
    desk.submit(t, &ann("2026-03-02T08:13:10Z"), asks).unwrap();
    says(kim("2026-03-02T08:14:00Z"), "talk", answer());
    says(kim("2026-03-02T08:15:00Z"), "talk", completed());
    let resolved = kim("2026-03-02T08:16:00Z");
    desk.submit(t, &resolved, Command::resolve()).unwrap();
    assert_eq!(counted(&desk, t), (2, 2, 2, 1, false));
}

/// What a customer wrote to another ticket, and what nobody has answered there, comes with a merge: she has asked twice.
#[test]
fn what_a_merge_brings_is_a_further_contact() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let open = |when| {
        let open = Open::new("x").from_customer(ANN).body("Help");
        desk.open(&ann(when), open).unwrap().id()
    };
    let (first, again) = (open("2026-03-02T08:00:00Z"), open("2026-03-02T08:30:00Z"));
    let merge = Merge::new(again, first);
    desk.merge(&kim("2026-03-02T08:40:00Z"), merge).unwrap();
    let answer = Command::reply("So.").then_resolve();
    desk.submit(first, &kim("2026-03-02T09:00:00Z"), answer)
        .unwrap();
    assert_eq!(counted(&desk, first), (1, 1, 1, 1, false));
}
