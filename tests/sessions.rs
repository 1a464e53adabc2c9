//! Calls, chats and conversations with bots: told by hand on both embedded stores, and laws over arbitrary steps.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::id::SessionId;
use helpdesk::kpi::{
    BotTally, Contact, ContactRules, ContactTally, Report, ServiceLevel, sessions,
};
use helpdesk::sla::preset::first_answers;
use helpdesk::sla::{Measure, Policy, StartOption, State, Target, Verdict};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::ticket::{
    Change, Channel, CloseReason, Draft, Handling, Merge, Metric, Pending, SessionEnd, SessionStep,
    Stage, Status, Ticket,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, Rulebook, TenantId};
use proptest::prelude::*;
use uuid::Uuid;

const BOT: helpdesk::id::BotId = helpdesk::id::BotId::from_uuid(Uuid::from_u128(0xb07));

fn kim(when: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(when))
}

fn bot(when: &str) -> Call {
    Call::new(Actor::Bot(BOT), at(when))
}

fn ann(when: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(when))
}

fn session(id: &str, step: SessionStep) -> Change {
    let id = SessionId::named(id);
    Change::Session { id, step }
}

fn offer(channel: Channel) -> SessionStep {
    SessionStep::Offer { channel }
}

fn answer() -> SessionStep {
    SessionStep::Answer { agent: None }
}

fn end(end: SessionEnd) -> SessionStep {
    let handling = Handling {
        ring: Span::seconds(4),
        hold: Span::seconds(20),
        wrap: Span::seconds(30),
    };
    SessionStep::End { end, handling }
}

fn by_channel() -> Rulebook {
    let rest = Policy::new(name("rest")).target(
        Metric::FirstResponse,
        Target::new(Span::hours(8), Measure::Calendar).unwrap(),
    );
    let policies = first_answers().into_iter().chain([rest]);
    let draft = policies.fold(Rulebook::draft(), |draft, policy| draft.policy(policy));
    draft.build().unwrap()
}

fn on_both_stores(story: impl Fn(Box<dyn Store>)) {
    story(Box::new(MemoryStore::new()));
    #[cfg(feature = "sqlite")]
    story(Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
}

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

/// The bot's talk stands in the ticket, and the first response counts from the hand-off.
#[test]
fn a_bot_hands_over_and_the_first_response_counts_from_there() {
    on_both_stores(|store| {
        let mut policy = Policy::new(name("bot")).target(
            Metric::FirstResponse,
            Target::new(Span::minutes(5), Measure::Calendar).unwrap(),
        );
        policy.first_response_starts = StartOption::HandOff;
        let book = Rulebook::draft().policy(policy).build().unwrap();
        let desk = Desk::new(store, book);
        let reading = |t, when: &str| desk.reading(t, Metric::FirstResponse, at(when)).unwrap();
        let open = Open::new("Refund")
            .from_customer(ANN)
            .over(Channel::Chat)
            .body("I want my money back");
        let greet = SessionStep::Greet {
            bot: BOT,
            channel: Channel::Chat,
        };
        let greeted = open.and(session("talk", greet));
        let t = desk
            .open(&bot("2026-03-02T08:00:00Z"), greeted)
            .unwrap()
            .id();
        assert_eq!(
            reading(t, "2026-03-02T08:00:00Z").state(),
            State::NotStarted
        );
        let says = |call: Call, command| desk.submit(t, &call, command);
        says(
            bot("2026-03-02T08:01:00Z"),
            Command::reply("What was your order?"),
        )
        .unwrap();
        says(ann("2026-03-02T08:02:00Z"), Command::reply("Number 7")).unwrap();
        let step = |step| Command::change(session("talk", step));
        says(
            bot("2026-03-02T08:03:00Z"),
            step(SessionStep::Understand {
                intent: name("refund"),
            }),
        )
        .unwrap();
        assert_eq!(
            reading(t, "2026-03-02T09:00:00Z").state(),
            State::NotStarted
        );
        let early = says(kim("2026-03-02T08:04:00Z"), step(answer())).unwrap_err();
        assert_eq!(early.code(), "session_step");
        let over = says(
            bot("2026-03-02T08:10:00Z"),
            step(SessionStep::HandOver {
                reason: name("over the limit"),
            }),
        )
        .unwrap();
        assert_eq!(
            over.reading(Metric::FirstResponse).due(),
            Some(at("2026-03-02T08:15:00Z"))
        );
        let view: Vec<_> = over
            .ticket()
            .messages()
            .iter()
            .map(|m| m.author.role())
            .collect();
        assert_eq!(
            view.len(),
            3,
            "the agent sees what was said: nothing is asked twice"
        );
        says(kim("2026-03-02T08:14:00Z"), step(answer())).unwrap();
        assert_eq!(reading(t, "2026-03-02T09:00:00Z").verdict(), Verdict::Met);
        let ended = says(
            kim("2026-03-02T08:20:00Z"),
            step(end(SessionEnd::Completed)),
        )
        .unwrap();
        let talk = &ended.ticket().sessions()[0];
        assert_eq!(
            talk.handed_over,
            Some((at("2026-03-02T08:10:00Z"), name("over the limit")))
        );
        assert_eq!(
            (talk.intents.as_slice(), talk.waited()),
            (&[name("refund")][..], Some(Span::minutes(4)))
        );

        // Without a bot it counts from the first contact, as usual.
        let plain = desk
            .open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y"))
            .unwrap();
        assert_eq!(
            plain.reading(Metric::FirstResponse).due(),
            Some(at("2026-03-02T08:05:00Z"))
        );
    });
}

/// A bot that hands over leaves the customer waiting for an agent, as one who rings: a waiting ticket goes on, and a resolved one is reopened
/// within the window. Beyond it the hand-over stands, and wakes nobody.
#[test]
fn a_hand_over_wakes_like_an_offer() {
    let greet = || SessionStep::Greet {
        bot: BOT,
        channel: Channel::Chat,
    };
    let hand_over = || SessionStep::HandOver {
        reason: name("asked for a person"),
    };
    let step = |step| Command::change(session("talk", step));
    let resolve = Command::resolve;
    let pend = |pending| Command::pend(pending);
    let first = Metric::FirstResponse;
    let next = Metric::NextResponse;
    let (day, months) = ("2026-03-03T08:00:00Z", "2026-05-03T08:00:00Z");
    for (moved, metric, when, then) in [
        (resolve(), next, day, Status::Reopened),
        (resolve(), first, day, Status::Reopened),
        (resolve(), next, months, Status::Resolved),
        (resolve(), first, months, Status::Resolved),
        (pend(Pending::Customer), next, day, Status::Open),
        (pend(Pending::Internal), first, day, Status::Open),
    ] {
        on_both_stores(|store| {
            let target = Target::new(Span::hours(1), Measure::Calendar).unwrap();
            let mut policy = Policy::new(name("p")).target(metric, target);
            if metric == first {
                policy.first_response_starts = StartOption::HandOff;
            }
            let book = Rulebook::draft().policy(policy).build().unwrap();
            let desk = Desk::new(store, book);
            let open = Open::new("x").from_customer(ANN).body("help");
            let greeted = open.and(session("talk", greet()));
            let t = desk.open(&bot("2026-03-02T08:00:00Z"), greeted);
            let t = t.unwrap().id();
            let says = |call: Call, command| desk.submit(t, &call, command).unwrap();
            if metric == next {
                says(kim("2026-03-02T08:01:00Z"), Command::reply("Which?"));
            }
            says(kim("2026-03-02T08:03:00Z"), moved.clone());
            let told = says(bot(when), step(hand_over()));
            let ticket = told.ticket();
            assert!(ticket.sessions()[0].handed_over.is_some());
            assert_eq!(ticket.status(), then, "{moved:?} {when}");
            let reading = desk.reading(t, metric, at(when)).unwrap();
            let runs = reading.state() == State::Running;
            assert_eq!(runs, then != Status::Resolved, "{moved:?} {metric} {when}");
        });
    }
}

#[test]
fn bots_are_counted_by_how_their_talks_end() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let talk = |steps: Vec<SessionStep>| {
        let greet = SessionStep::Greet {
            bot: BOT,
            channel: Channel::Chat,
        };
        let open = Open::new("x")
            .from_customer(ANN)
            .and(session("talk", greet));
        let t = desk.open(&bot("2026-03-02T08:00:00Z"), open).unwrap().id();
        for step in steps {
            desk.submit(
                t,
                &bot("2026-03-02T08:10:00Z"),
                Command::change(session("talk", step)),
            )
            .unwrap();
        }
    };
    talk(vec![end(SessionEnd::Contained)]);
    talk(vec![end(SessionEnd::Confirmed)]);
    talk(vec![end(SessionEnd::Abandoned)]);
    talk(vec![SessionStep::HandOver {
        reason: name("asked"),
    }]);
    talk(vec![]);
    let tally = |as_of: &str| {
        let mut tally = BotTally::default();
        let single = desk.tenant(TenantId::SINGLE);
        single
            .facts(&mut |rows| sessions(rows).for_each(|one| tally.add(one, at(as_of))))
            .unwrap();
        tally
    };
    let day = tally("2026-03-03T00:00:00Z");
    let shown = [day.containment(), day.resolution(), day.hand_off()].map(|ratio| {
        let ratio = ratio.unwrap();
        (
            ratio.numerator(),
            ratio.denominator(),
            ratio.excluded().count(helpdesk::kpi::Exclusion::Undecided),
        )
    });
    assert_eq!(shown, [(2, 4, 1), (1, 4, 1), (1, 4, 1)]);
    assert_eq!(
        tally("2026-03-02T08:05:00Z")
            .containment()
            .unwrap()
            .denominator(),
        0
    );
}

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

/// An agent who writes to the customer while the bot talks takes over, as on the clocks: nothing was contained.
#[test]
fn a_talk_that_an_agent_takes_over_is_not_contained() {
    let desk = Desk::new(MemoryStore::new(), by_channel());
    let greet = SessionStep::Greet {
        bot: BOT,
        channel: Channel::Chat,
    };
    let open = Open::new("x")
        .from_customer(ANN)
        .and(session("talk", greet));
    let t = desk.open(&bot("2026-03-02T08:00:00Z"), open).unwrap().id();
    let reply = Command::reply("Let me.");
    desk.submit(t, &kim("2026-03-02T08:05:00Z"), reply).unwrap();
    let ends = Command::change(session("talk", end(SessionEnd::Contained)));
    desk.submit(t, &bot("2026-03-02T08:10:00Z"), ends).unwrap();
    let shown = |as_of: &str| {
        let mut tally = BotTally::default();
        let single = desk.tenant(TenantId::SINGLE);
        single
            .facts(&mut |rows| sessions(rows).for_each(|one| tally.add(one, at(as_of))))
            .unwrap();
        let ratios = [tally.containment(), tally.hand_off()];
        ratios.map(|ratio| ratio.unwrap().to_string())
    };
    let taken = ["0.0 % (0 of 1)", "100.0 % (1 of 1)"];
    assert_eq!(shown("2026-03-03T00:00:00Z"), taken);
    assert_eq!(shown("2026-03-02T08:05:00Z"), taken);
    let before = "- (0 of 0; left out: 1 undecided)";
    assert_eq!(shown("2026-03-02T08:04:00Z"), [before, before]);
}

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

fn steps() -> impl Strategy<Value = SessionStep> {
    let channel = prop::sample::select(vec![Channel::Phone, Channel::Chat]);
    let ends = prop::sample::select(vec![
        SessionEnd::Completed,
        SessionEnd::Abandoned,
        SessionEnd::Contained,
        SessionEnd::Confirmed,
    ]);
    prop_oneof![
        2 => channel.clone().prop_map(offer),
        2 => channel.prop_map(|channel| SessionStep::Greet { bot: BOT, channel }),
        1 => Just(SessionStep::Understand { intent: name("refund") }),
        2 => Just(SessionStep::HandOver { reason: name("asked") }),
        4 => Just(answer()),
        4 => ends.prop_map(end),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Whatever hosts report in whatever order: each session is answered once and ends once, every offer has one outcome, effort is the
    /// handle time of what was answered, and the fold survives its serialised form.
    #[test]
    fn sessions_have_one_outcome(
        said in prop::collection::vec((0..3usize, steps(), 0..400i64), 0..40),
        reply in any::<bool>(),
    ) {
        let desk = Desk::new(MemoryStore::new(), by_channel());
        let t = desk.open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y")).unwrap().id();
        let mut now: DateTime<Utc> = at("2026-03-02T08:00:00Z");
        for (n, (which, step, gap)) in said.into_iter().enumerate() {
            now += TimeDelta::seconds(gap);
            let id = ["a", "b", "c"][which];
            let call = Call::with_id(Uuid::from_u128(n as u128 + 1), Actor::Agent(KIM), now);
            let _ = desk.submit(t, &call, Command::change(session(id, step)));
        }
        if reply {
            let call = Call::with_id(Uuid::from_u128(999), Actor::Agent(KIM), now);
            desk.submit(t, &call, Command::reply("Bye").then_resolve()).unwrap();
        }
        let ticket = desk.ticket(t).unwrap();
        let events = desk.tenant(TenantId::SINGLE).history(t).unwrap();
        prop_assert_eq!(&Ticket::replay(TenantId::SINGLE, &events).unwrap(), &ticket);
        let text = serde_json::to_string(&ticket).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Ticket>(&text).unwrap(), &ticket);

        let mut handled = 0;
        for one in ticket.sessions() {
            let contact = Contact::of(one, now);
            prop_assert_eq!(contact.is_some(), one.offered_at().is_some());
            if let (Some((answered, _)), Some((ended, how))) = (one.answered, one.ended) {
                prop_assert!(answered <= ended);
                prop_assert_eq!(how, SessionEnd::Completed);
                handled += one.handled().unwrap().micros();
            }
            if let (Some(_), Some(offered)) = (&one.handed_over, one.offered_at()) {
                prop_assert!(one.began_at <= offered);
            }
        }
        prop_assert_eq!(ticket.effort().iter().map(|entry| entry.spent.micros()).sum::<i64>(), handled);
        let mut tally = BotTally::default();
        ticket.sessions().iter().for_each(|one| tally.add(one, now));
        for ratio in [tally.containment(), tally.resolution(), tally.hand_off()] {
            let ratio = ratio.unwrap();
            prop_assert!(ratio.numerator() <= ratio.denominator());
        }
        let mut none = tally.clone();
        ticket.sessions().iter().for_each(|one| none.retract(one, now));
        prop_assert_eq!(none, BotTally::default());
        if reply {
            prop_assert_eq!(ticket.status().stage(), Stage::Resolved);
        }
    }
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
