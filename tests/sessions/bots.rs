//! Conversations with bots: how they hand over, whom that wakes, and how they are counted.

use helpdesk::kpi::{BotTally, sessions};
use helpdesk::sla::{Measure, Policy, StartOption, State, Target, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Channel, Metric, Pending, SessionEnd, SessionStep, Status};
use helpdesk::time::Span;
use helpdesk::{Call, Command, Desk, Open, Rulebook, TenantId};

use super::common::*;
use super::{BOT, ann, answer, bot, by_channel, end, kim, on_both_stores, session};

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
