//! The clocks of answers: which message begins which of them, and what gives the answer.

use helpdesk::id::{BotId, SessionId};
use helpdesk::replay::{Row, import};
use helpdesk::sla::{Policy, StartOption, State, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, Command, Direction, Handling, Metric, SessionEnd, SessionStep, Status,
};
use helpdesk::{Actor, Call, Desk, Open, TenantId};

use super::{ann, at, book, for_tag, history, kim, lived, policy, says, shown, tag};

/// The next response counts once the first one was given: the first message on a ticket that the desk began starts the first
/// response, and nothing beside it.
#[test]
fn a_message_that_begins_the_first_response_begins_no_next_one() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let mut history = history()
        .row(says(Row::new(at("09:00")).by(kim())))
        .row(says(Row::new(at("10:00")).by(Actor::Customer(ann()))));
    history.opened.direction = Direction::Outbound;
    assert_eq!(
        shown(&book, &history, Metric::FirstResponse, "11:00").state(),
        State::Running
    );
    assert_eq!(
        shown(&book, &history, Metric::NextResponse, "11:00").state(),
        State::NotStarted
    );
}

/// A first response that ended unanswered runs on after the reopening; until it is given no next response begins, also where an
/// agent wrote while the ticket was resolved.
#[test]
fn an_unanswered_first_response_runs_on_alone() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let history = history()
        .row(Row::new(at("09:00")).by(kim()).status(Status::Resolved))
        .row(says(Row::new(at("10:00")).by(kim())))
        .row(says(Row::new(at("11:00")).by(Actor::Customer(ann()))).status(Status::Reopened));
    assert_eq!(
        shown(&book, &history, Metric::FirstResponse, "12:00").state(),
        State::Running
    );
    assert_eq!(
        shown(&book, &history, Metric::NextResponse, "12:00").state(),
        State::NotStarted
    );
}

/// Where the first response counts from the hand-off, an agent who writes while the bot still talks does not give it: the next message
/// begins the first response, and nothing beside it.
#[test]
fn one_message_begins_one_clock_where_a_bot_came_first() {
    let by_hand_off = policy("p", Metric::FirstResponse, "1h")
        .target(Metric::NextResponse, "1h".parse().unwrap())
        .first_response_starts(StartOption::HandOff);
    let desk = Desk::new(MemoryStore::new(), book([by_hand_off]));
    let call = |time, actor| Call::new(actor, at(time));
    let step = |step| {
        let id = SessionId::named("chat");
        Change::Session { id, step }
    };
    let greet = step(SessionStep::Greet {
        bot: BotId::named("bot"),
        channel: Channel::Chat,
    });
    let open = Open::new("x").from_customer(ann()).and(greet);
    let opened = desk.open(&call("09:00", Actor::System), open);
    let id = opened.unwrap().id();
    let end = step(SessionStep::End {
        end: SessionEnd::Contained,
        handling: Handling::default(),
    });
    for (time, actor, command) in [
        ("09:05", kim(), Command::reply("I am here too")),
        ("09:06", Actor::System, Command::change(end)),
        ("09:10", Actor::Customer(ann()), Command::reply("And now?")),
    ] {
        desk.submit(id, &call(time, actor), command).unwrap();
    }
    let state = |metric| desk.reading(id, metric, at("09:30")).unwrap().state();
    let states = [state(Metric::FirstResponse), state(Metric::NextResponse)];
    assert_eq!(states, [State::Running, State::NotStarted]);
}

/// Which of the two a message begins is said by the policy that the ticket has now, also while the next response is ended.
#[test]
fn one_message_begins_one_clock_after_another_policy() {
    let both = |policy: Policy| policy.target(Metric::NextResponse, "1h".parse().unwrap());
    let tagged = for_tag(both(policy("tagged", Metric::FirstResponse, "1h")));
    let plain = both(policy("plain", Metric::FirstResponse, "1h"))
        .first_response_starts(StartOption::Assignment);
    let book = book([tagged, plain]);
    let mut history = history()
        .row(says(Row::new(at("08:30")).by(kim())))
        .row(says(Row::new(at("09:00")).by(Actor::Customer(ann()))))
        .row(says(Row::new(at("09:30")).by(kim())))
        .row(tag(Row::new(at("10:00")).by(kim())))
        .row(says(Row::new(at("11:00")).by(Actor::Customer(ann()))));
    history.opened.direction = Direction::Outbound;
    let state = |metric| shown(&book, &history, metric, "11:30").state();
    let states = [state(Metric::FirstResponse), state(Metric::NextResponse)];
    assert_eq!(states, [State::Running, State::Stopped]);
}

/// The mark of a figure is that of its own period: an answer in time is not one of those that were late before it.
#[test]
fn each_period_has_its_own_mark_in_the_figures() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let history = history()
        .row(says(Row::new(at("09:00")).by(kim())))
        .row(says(Row::new(at("10:00")).by(Actor::Customer(ann()))))
        .row(says(Row::new(at("12:00")).by(kim())))
        .row(says(Row::new(at("13:00")).by(Actor::Customer(ann()))))
        .row(says(Row::new(at("13:30")).by(kim())));
    let imported = import(&history, &book, TenantId::SINGLE);
    let facts = book.facts(imported.ticket());
    let clocks = &facts[0].own.as_ref().unwrap().clocks;
    let marks: Vec<_> = clocks
        .iter()
        .map(|one| (one.verdict, one.ever_breached))
        .collect();
    assert_eq!(marks, [(Verdict::Breached, true), (Verdict::Met, false)]);
    let reading = shown(&book, &history, Metric::NextResponse, "14:00");
    assert!(
        reading.ever_breached(),
        "the clock as a whole was late once"
    );
}

/// Several customer messages wait as one, since the oldest; each answer begins the count anew.
#[test]
fn the_next_response_counts_from_the_oldest_message() {
    let customer = Actor::Customer(ann());
    let said = [
        ("09:30", kim(), Command::reply("one")),
        ("10:00", customer, Command::reply("two")),
        ("10:20", customer, Command::reply("three")),
        ("10:40", customer, Command::reply("four")),
        ("10:50", kim(), Command::note("hm")),
        ("11:00", kim(), Command::reply("five")),
        ("11:30", customer, Command::reply("six")),
    ];
    let metric = Metric::NextResponse;
    let plain = |text: &str| policy(text, metric, "2h");
    let reading = lived([plain("p"), plain("q")], &said[..5], metric, "11:00");
    assert_eq!(
        (reading.started_at(), reading.elapsed().num_minutes()),
        (Some(at("10:00")), 60)
    );
    let reading = lived([plain("p"), plain("q")], &said, metric, "12:00");
    assert_eq!(
        (reading.started_at(), reading.elapsed().num_minutes()),
        (Some(at("11:30")), 30)
    );
}

#[test]
fn a_reading_says_how_it_ended() {
    let book = book([policy("p", Metric::FirstResponse, "4h")]);
    let answered = history().row(says(Row::new(at("10:00")).by(kim())));
    let met = shown(&book, &answered, Metric::FirstResponse, "12:00").to_string();
    assert!(met.starts_with("stopped, met; 1h of 4h"), "{met}");
}

/// Who answers where a bot was greeting takes over from it, also where nobody ends the bot's session: the customer's next message begins
/// the first response.
#[test]
fn an_agent_who_answers_takes_over_from_the_bot() {
    let by_hand_off =
        policy("p", Metric::FirstResponse, "1h").first_response_starts(StartOption::HandOff);
    let desk = Desk::new(MemoryStore::new(), book([by_hand_off]));
    let call = |time, actor| Call::new(actor, at(time));
    let greet = Change::Session {
        id: SessionId::named("chat"),
        step: SessionStep::Greet {
            bot: BotId::named("bot"),
            channel: Channel::Chat,
        },
    };
    let open = Open::new("x").from_customer(ann()).and(greet);
    let opened = desk.open(&call("09:00", Actor::System), open);
    let id = opened.unwrap().id();
    let state = || {
        let reading = desk.reading(id, Metric::FirstResponse, at("11:30"));
        reading.unwrap().state()
    };
    let say = |time, actor, text: &str| {
        desk.submit(id, &call(time, actor), Command::reply(text))
            .unwrap()
    };
    say("10:00", kim(), "I am here");
    assert_eq!(state(), State::NotStarted);
    say("11:00", Actor::Customer(ann()), "And now?");
    assert_eq!(state(), State::Running);
}
