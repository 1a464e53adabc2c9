//! Calls and chats: first answers by channel, service level and abandonment, and calls that wait while their ticket goes elsewhere.

use helpdesk::kpi::{Contact, ContactRules, ContactTally, Report, ServiceLevel, sessions};
use helpdesk::sla::Verdict;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Merge, Metric, SessionEnd, SessionStep, Status,
};
use helpdesk::time::Span;
use helpdesk::{Call, Command, Desk, Open, Rulebook, TenantId};

use super::common::*;
use super::{ann, answer, by_channel, end, kim, offer, on_both_stores, session};

/// Per-channel first-answer targets are ordinary targets: a call within 20 seconds, a chat within a minute, a mail within a day.
#[test]
fn each_channel_has_its_own_first_answer() {
    on_both_stores(|store| {
        let desk = Desk::new(store, by_channel());
        let open = |channel: Channel, id: &str| {
            let open = Open::new("x").from_customer(ANN).over(channel.clone());
            let open = open.and(session(id, offer(channel)));
            desk.open(&kim("2026-03-02T08:00:00Z"), open).unwrap()
        };
        let verdict = |id, when: &str| {
            desk.reading(id, Metric::FirstResponse, at(when))
                .unwrap()
                .verdict()
        };
        for (channel, in_time, late) in [
            (
                Channel::Phone,
                "2026-03-02T08:00:20Z",
                "2026-03-02T08:00:21Z",
            ),
            (
                Channel::Chat,
                "2026-03-02T08:01:00Z",
                "2026-03-02T08:01:01Z",
            ),
            (
                Channel::Email,
                "2026-03-03T08:00:00Z",
                "2026-03-03T08:00:01Z",
            ),
        ] {
            for (when, expected) in [(in_time, Verdict::Met), (late, Verdict::Breached)] {
                let t = open(channel.clone(), "contact").id();
                assert_eq!(verdict(t, in_time), Verdict::Open);
                desk.submit(t, &kim(when), Command::change(session("contact", answer())))
                    .unwrap();
                assert_eq!(verdict(t, when), expected, "{} at {when}", channel.as_str());
            }
        }
    });
}

/// One ticket from chat to phone: one history, and what it cost is its handle time.
#[test]
fn a_ticket_goes_on_by_phone() {
    on_both_stores(|store| {
        let desk = Desk::new(store, by_channel());
        let open = Open::new("Printer").from_customer(ANN).over(Channel::Chat);
        let open = open.and(session("chat", offer(Channel::Chat)));
        let t = desk.open(&kim("2026-03-02T08:00:00Z"), open).unwrap().id();
        let says = |call: Call, command| desk.submit(t, &call, command).unwrap();
        says(
            kim("2026-03-02T08:00:30Z"),
            Command::change(session("chat", answer())),
        );
        says(kim("2026-03-02T08:01:00Z"), Command::reply("Which floor?"));
        says(ann("2026-03-02T08:02:00Z"), Command::reply("The third."));
        says(
            kim("2026-03-02T08:04:00Z"),
            Command::change(session("chat", end(SessionEnd::Completed))),
        );
        says(kim("2026-03-02T08:05:00Z"), Command::resolve());

        // She rings: that is the customer again, and reopens it.
        let rings = Command::change(session("call", offer(Channel::Phone)))
            .and(Change::Continue(Channel::Phone));
        let rung = says(kim("2026-03-02T09:00:00Z"), rings);
        assert_eq!(rung.ticket().status(), Status::Reopened);
        assert_eq!(
            rung.ticket().waiting_since(),
            Some(at("2026-03-02T09:00:00Z"))
        );
        says(
            kim("2026-03-02T09:00:10Z"),
            Command::change(session("call", answer())),
        );
        let ended = says(
            kim("2026-03-02T09:03:10Z"),
            Command::change(session("call", end(SessionEnd::Completed))),
        );
        let call = &ended.ticket().sessions()[1];
        let seconds = |span: Option<Span>| span.unwrap().micros() / 1_000_000;
        assert_eq!(
            (
                seconds(call.waited()),
                seconds(call.talked()),
                seconds(call.handled())
            ),
            (10, 160, 210)
        );
        assert_eq!(ended.ticket().waiting_since(), None);
        let noted = says(
            kim("2026-03-02T09:04:00Z"),
            Command::reply("As I said on the phone: it is the fuser."),
        );
        let channels: Vec<_> = noted
            .ticket()
            .messages()
            .iter()
            .map(|m| m.channel.as_str())
            .collect();
        assert_eq!(channels, ["chat", "chat", "phone"]);

        says(kim("2026-03-02T09:05:00Z"), Command::resolve());
        let report = desk
            .report(&Report::standard(), at("2026-03-20T00:00:00Z"))
            .unwrap();
        assert_eq!(
            report.handle_time().calendar.unwrap().sum_us(),
            (240 + 210) * 1_000_000
        );
    });
}

#[test]
fn calls_feed_service_level_and_abandonment() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let ring = |id: &str, after: Option<&str>, last: SessionStep, when: &str| {
        let open = Open::new("x").from_customer(ANN).over(Channel::Phone);
        let open = open.and(session(id, offer(Channel::Phone)));
        let t = desk.open(&kim("2026-03-02T08:00:00Z"), open).unwrap().id();
        if let Some(after) = after {
            desk.submit(t, &kim(after), Command::change(session(id, answer())))
                .unwrap();
        }
        desk.submit(t, &kim(when), Command::change(session(id, last)))
            .unwrap();
    };
    ring(
        "a",
        Some("2026-03-02T08:00:12Z"),
        end(SessionEnd::Completed),
        "2026-03-02T08:05:00Z",
    );
    ring(
        "b",
        Some("2026-03-02T08:00:40Z"),
        end(SessionEnd::Completed),
        "2026-03-02T08:05:00Z",
    );
    ring(
        "c",
        None,
        end(SessionEnd::Abandoned),
        "2026-03-02T08:00:45Z",
    );
    ring(
        "d",
        None,
        end(SessionEnd::Abandoned),
        "2026-03-02T08:00:02Z",
    );
    let tally = |as_of: &str| {
        let rules =
            ContactRules::answered_within(Span::seconds(20)).short_abandon(Span::seconds(5));
        let mut tally = ContactTally::new(rules);
        let single = desk.tenant(TenantId::SINGLE);
        single
            .facts(&mut |rows| {
                let contacts = sessions(rows).filter_map(|one| Contact::of(one, at(as_of)));
                contacts.for_each(|contact| tally.add(&contact));
            })
            .unwrap();
        tally
    };
    let day = tally("2026-03-03T00:00:00Z");
    assert_eq!(
        day.service_level(ServiceLevel::AnsweredOfOffered)
            .unwrap()
            .to_string(),
        "25.0 % (1 of 4)"
    );
    assert_eq!(
        day.abandonment().unwrap().to_string(),
        "33.3 % (1 of 3; left out: 1 abandoned at once)"
    );
    // Half a minute in, one is answered, one was given up at once, and two wait.
    let early = tally("2026-03-02T08:00:30Z")
        .service_level(ServiceLevel::AnsweredOfOffered)
        .unwrap();
    assert_eq!((early.numerator(), early.denominator()), (1, 2));
}

/// A call that waits when its ticket is merged goes on where the conversation goes on: it is answered there, by either ticket's id.
#[test]
fn a_waiting_call_goes_on_in_the_other_ticket() {
    on_both_stores(|store| {
        let desk = Desk::new(store, by_channel());
        let open = || Open::new("x").from_customer(ANN);
        let into = desk
            .open(&kim("2026-03-02T08:00:00Z"), open())
            .unwrap()
            .id();
        let rings = open()
            .over(Channel::Phone)
            .and(session("call", offer(Channel::Phone)));
        let source = desk.open(&kim("2026-03-02T08:10:00Z"), rings).unwrap().id();
        desk.merge(&kim("2026-03-02T08:11:00Z"), Merge::new(source, into))
            .unwrap();
        assert!(desk.ticket(source).unwrap().sessions().is_empty());
        let waits = desk.ticket(into).unwrap();
        assert_eq!(waits.waiting_since(), Some(at("2026-03-02T08:10:00Z")));
        assert_eq!(waits.sessions()[0].began_at, at("2026-03-02T08:10:00Z"));

        let says = |t, when: &str, step| {
            desk.submit(t, &kim(when), Command::change(session("call", step)))
        };
        let answered = says(source, "2026-03-02T08:12:00Z", answer()).unwrap();
        assert_eq!(
            (answered.id(), answered.ticket().waiting_since()),
            (into, None)
        );
        let ends = end(SessionEnd::Completed);
        let ended = says(into, "2026-03-02T08:15:00Z", ends).unwrap();
        let call = &ended.ticket().sessions()[0];
        assert_eq!(call.waited(), Some(Span::seconds(120)));
        assert_eq!(ended.ticket().effort().len(), 1);
        let again = says(source, "2026-03-02T08:16:00Z", answer()).unwrap_err();
        assert_eq!(again.code(), "session_step");
        // A new call about the merged ticket is a call about the other one; what is over stays where it was.
        let rings = Command::change(session("next", offer(Channel::Phone)));
        let rings = desk
            .submit(source, &kim("2026-03-02T08:20:00Z"), rings)
            .unwrap();
        assert_eq!((rings.id(), rings.ticket().sessions().len()), (into, 2));
    });
}

/// Sessions stand in the order in which they began, also those that a merge brings.
#[test]
fn sessions_that_a_merge_brings_stand_where_they_began() {
    on_both_stores(|store| {
        let desk = Desk::new(store, by_channel());
        let open = |when: &str, id: &str| {
            let rings = Open::new("x").from_customer(ANN).over(Channel::Phone);
            let rings = rings.and(session(id, offer(Channel::Phone)));
            desk.open(&kim(when), rings).unwrap().id()
        };
        let source = open("2026-03-02T08:00:00Z", "first");
        let into = open("2026-03-02T08:05:00Z", "second");
        let merge = Merge::new(source, into);
        desk.merge(&kim("2026-03-02T08:10:00Z"), merge).unwrap();
        let merged = desk.ticket(into).unwrap();
        let began = merged.sessions().iter().map(|session| session.began_at);
        let began: Vec<_> = began.collect();
        assert_eq!(
            began,
            ["2026-03-02T08:00:00Z", "2026-03-02T08:05:00Z"].map(at)
        );
    });
}

/// On a ticket that was closed a waiting call is still answered and ends; the ticket and its clocks stay as they were.
#[test]
fn a_waiting_call_is_answered_on_a_closed_ticket() {
    on_both_stores(|store| {
        let desk = Desk::new(store, by_channel());
        let rings = Open::new("x").from_customer(ANN).over(Channel::Phone);
        let rings = rings.and(session("call", offer(Channel::Phone)));
        let t = desk.open(&kim("2026-03-02T08:00:00Z"), rings).unwrap().id();
        let close = Command::close(CloseReason::Spam);
        desk.submit(t, &kim("2026-03-02T08:00:05Z"), close).unwrap();
        let later = at("2026-03-02T10:00:00Z");
        let shown = || {
            let ticket = desk.ticket(t).unwrap();
            let first = desk.reading(t, Metric::FirstResponse, later).unwrap();
            let facts = by_channel().facts(&ticket);
            (
                ticket.status(),
                first,
                facts[0].own.as_ref().unwrap().first_response,
            )
        };
        let before = shown();
        let says =
            |when: &str, step| desk.submit(t, &kim(when), Command::change(session("call", step)));
        says("2026-03-02T08:00:10Z", answer()).unwrap();
        says("2026-03-02T08:01:10Z", end(SessionEnd::Completed)).unwrap();
        assert_eq!(shown(), before);
        let ticket = desk.ticket(t).unwrap();
        assert_eq!(ticket.sessions()[0].waited(), Some(Span::seconds(10)));
        assert_eq!(ticket.effort()[0].spent, Span::seconds(90));
        let anew = Command::change(session("other", offer(Channel::Phone)));
        let anew = desk
            .submit(t, &kim("2026-03-02T08:02:00Z"), anew)
            .unwrap_err();
        assert_eq!(anew.code(), "closed");
    });
}

#[test]
fn a_call_is_answered_once() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let opened = desk.open(&ann("2026-03-02T09:00:00Z"), Open::new("x"));
    let id = opened.unwrap().id();
    let step = |minute: u32, step| {
        let call = kim(&format!("2026-03-02T09:{minute:02}:00Z"));
        desk.submit(id, &call, Command::change(session("call", step)))
    };
    step(1, offer(Channel::Phone)).unwrap();
    step(2, answer()).unwrap();
    let twice = step(3, answer()).unwrap_err().to_string();
    assert!(twice.contains("was answered already"), "{twice}");
    step(4, end(SessionEnd::Completed)).unwrap();
}
