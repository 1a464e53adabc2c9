//! Single cases in which a clock once disagreed with the oracle, each with the rule that settles it.

use chrono::{DateTime, Utc};
use helpdesk::calendar::DayEnd;
use helpdesk::id::{AgentId, BotId, CustomerId, Name, SessionId, TeamId, TicketId, TicketNumber};
use helpdesk::replay::{History, Row, Said, import};
use helpdesk::sla::{
    Condition, Fate, Policy, Reading, ReopenOption, StartOption, State, Target, Verdict, estimates,
    ledger, periods, promises, read,
};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Agreement, Change, Channel, ClockId, CloseReason, Command, Direction, Draft, Event, Handling,
    Merge, Metric, Move, Pending, PendingReasons, Priority, Recorded, SessionEnd, SessionStep,
    Stage, Status,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TenantId};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A time on Monday, 2 March 2026, or with `+` on Tuesday.
fn at(time: &str) -> DateTime<Utc> {
    let (day, time) = time.strip_prefix('+').map_or((2, time), |time| (3, time));
    format!("2026-03-0{day}T{time}:00Z").parse().unwrap()
}

fn ann() -> CustomerId {
    CustomerId::named("ann")
}

fn kim() -> Actor {
    Actor::Agent(AgentId::named("kim"))
}

fn policy(text: &str, metric: Metric, target: &str) -> Policy {
    Policy::new(name(text)).target(metric, target.parse().unwrap())
}

fn for_tag(policy: Policy) -> Policy {
    policy.when(Condition::Tag(name("a")))
}

fn book(policies: impl IntoIterator<Item = Policy>) -> Rulebook {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let draft = Rulebook::draft().calendar(name("office"), office);
    policies
        .into_iter()
        .fold(draft, |draft, policy| draft.policy(policy))
        .build()
        .unwrap()
}

/// The same rulebook, under which a resolved ticket can be reopened for so long.
fn reopening_for(window: Span, book: &Rulebook) -> Rulebook {
    let mut rules = book.tickets().clone();
    rules.reopen_window = window;
    let draft = book.as_draft().clone();
    draft.tickets(rules).build().unwrap()
}

/// A ticket that a customer opened on Monday at eight, an hour before the office does.
fn history() -> History {
    let mut history = History::new(TicketId::named("t"), TicketNumber(1), ann(), at("08:00"));
    history.opened.by = Actor::Customer(ann());
    history
}

fn tag(row: Row) -> Row {
    row.says(Said::Change(Change::AddTag(name("a"))))
}

fn untag(row: Row) -> Row {
    row.says(Said::Change(Change::RemoveTag(name("a"))))
}

fn says(row: Row) -> Row {
    row.message(
        Command::reply("text")
            .message
            .unwrap_or_else(|| Draft::new("said")),
    )
}

fn shown(book: &Rulebook, history: &History, metric: Metric, now: &str) -> Reading {
    let imported = import(history, book, TenantId::SINGLE);
    read(imported.ticket(), book.policies(), metric, at(now))
}

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

/// Whoever is put in charge of a resolved ticket owes nobody an answer, until it is reopened.
#[test]
fn a_first_response_that_begins_on_a_resolved_ticket_waits_for_the_reopening() {
    let by_assignment =
        policy("p", Metric::FirstResponse, "1h").first_response_starts(StartOption::Assignment);
    let book = book([by_assignment]);
    let history = history()
        .row(Row::new(at("09:00")).by(kim()).status(Status::Resolved))
        .row(
            Row::new(at("09:30"))
                .by(kim())
                .assigned(Some(AgentId::named("kim")), None),
        );
    let then = |history: &History, now| shown(&book, history, Metric::FirstResponse, now);
    let waits = then(&history, "15:00");
    assert_eq!(
        (waits.state(), waits.verdict()),
        (State::Stopped, Verdict::Unanswered)
    );
    let history = history.row(Row::new(at("15:00")).by(kim()).status(Status::Reopened));
    let runs = then(&history, "15:30");
    assert_eq!(
        (runs.state(), runs.elapsed().num_minutes()),
        (State::Running, 30)
    );
    assert_eq!(runs.due(), Some(at("16:00")));
}

/// A period that begins when no policy applies any more has no target, whatever the period before it had.
#[test]
fn a_new_period_takes_no_target_from_a_policy_that_is_gone() {
    let book = book([for_tag(policy("p", Metric::PeriodicUpdate, "1h"))]);
    let history = history()
        .row(tag(Row::new(at("09:00")).by(kim())))
        .row(says(Row::new(at("09:10")).by(kim())))
        .row(Row::new(at("09:20")).by(kim()).status(Status::Resolved))
        .row(untag(Row::new(at("09:30")).by(kim())))
        .row(Row::new(at("09:40")).by(kim()).status(Status::Reopened))
        .row(says(Row::new(at("10:00")).by(kim())));
    let reading = shown(&book, &history, Metric::PeriodicUpdate, "16:00");
    assert_eq!(
        (reading.state(), reading.target(), reading.ever_breached()),
        (State::Running, None, false)
    );
}

/// Time counts from creation, measured by the first policy that applies: all time, if that is how its target runs.
#[test]
fn time_before_the_first_policy_is_measured_as_its_target_says() {
    let book = book([for_tag(policy("p", Metric::TotalResolution, "4h calendar"))]);
    let history = history().row(tag(Row::new(at("09:00")).by(kim())));
    let reading = shown(&book, &history, Metric::TotalResolution, "09:30");
    assert_eq!(reading.elapsed().num_minutes(), 90);
    assert_eq!(reading.due(), Some(at("12:00")));
}

/// What a reopening does is asked of the policy that applies then, not of the one under which the clock had ended.
#[test]
fn a_reopening_follows_the_policy_of_its_instant() {
    let anew = for_tag(policy("anew", Metric::TotalResolution, "8h"))
        .reopening(Metric::TotalResolution, ReopenOption::NewCycle);
    let book = book([anew, policy("on", Metric::TotalResolution, "4h")]);
    let history = history()
        .row(Row::new(at("10:00")).by(kim()).status(Status::Resolved))
        .row(tag(Row::new(at("11:00")).by(kim())))
        .row(Row::new(at("12:00")).by(kim()).status(Status::Reopened));
    let reading = shown(&book, &history, Metric::TotalResolution, "12:30");
    assert_eq!(reading.started_at(), Some(at("12:00")));
    assert_eq!(reading.elapsed().num_minutes(), 30);
}

/// Also where that one came to apply, and went again, while the clock was ended.
#[test]
fn where_no_policy_applies_any_more_the_last_one_measures() {
    let standby = Calendar::parse("Mon-Sun 00:00-24:00", "UTC").unwrap();
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let of = |text, calendar, tag| {
        policy(text, Metric::TotalResolution, "8h")
            .calendar(name(calendar))
            .when(Condition::Tag(name(tag)))
    };
    let book = Rulebook::draft()
        .calendar(name("office"), office)
        .calendar(name("standby"), standby)
        .policy(of("day", "office", "a"))
        .policy(of("night", "standby", "b"))
        .build()
        .unwrap();
    let b = |row: Row, change: fn(Name) -> Change| row.says(Said::Change(change(name("b"))));
    let row = |time| Row::new(at(time)).by(kim());
    let history = history()
        .row(tag(row("08:00")))
        .row(row("10:00").status(Status::Resolved))
        .row(b(untag(row("11:00")), Change::AddTag))
        .row(b(row("12:00"), Change::RemoveTag))
        .row(row("18:00").status(Status::Reopened));
    let reading = shown(&book, &history, Metric::TotalResolution, "19:00");
    assert_eq!(
        (reading.amount(), reading.elapsed().num_minutes()),
        (None, 120)
    );
}

/// A promise is made for an instant: no pause table moves it.
#[test]
fn a_promise_is_never_paused() {
    let book = book([policy("p", Metric::FirstResponse, "1h")
        .pauses(Metric::PromisedUpdate, PendingReasons::ALL)]);
    let promise = Said::Change(Change::PromiseUpdate(at("12:00")));
    let history = history()
        .row(Row::new(at("09:00")).by(kim()).says(promise))
        .row(
            Row::new(at("10:00"))
                .by(kim())
                .status(Status::Pending(Pending::Customer)),
        );
    let reading = shown(&book, &history, Metric::PromisedUpdate, "13:00");
    assert_eq!(
        (reading.state(), reading.due()),
        (State::Running, Some(at("12:00")))
    );
    assert!(reading.ever_breached());
}

/// The due is the instant at which the running time reached the target, also where the target came into force only later.
#[test]
fn a_target_that_was_used_up_before_is_due_when_it_was() {
    let short = for_tag(policy("short", Metric::TotalResolution, "1h"));
    let book = book([short, policy("long", Metric::TotalResolution, "8h")]);
    let history = history().row(tag(Row::new(at("12:00")).by(kim())));
    let reading = shown(&book, &history, Metric::TotalResolution, "13:00");
    assert_eq!(reading.due(), Some(at("10:00")));
    assert_eq!(
        reading.remaining().map(|left| left.num_minutes()),
        Some(-180)
    );
    assert!(reading.ever_breached());
}

/// A clock that was stopped in a pause has no due, also where what paused it changed at the same instant.
#[test]
fn a_clock_stopped_in_a_pause_has_no_due() {
    let both = PendingReasons::ALL;
    let book =
        book([policy("p", Metric::TotalResolution, "8h").pauses(Metric::TotalResolution, both)]);
    let history = history()
        .row(
            Row::new(at("10:00"))
                .by(kim())
                .status(Status::Pending(Pending::Customer)),
        )
        .row(
            Row::new(at("11:00"))
                .by(kim())
                .status(Status::Pending(Pending::Internal)),
        )
        .row(Row::new(at("11:00")).by(kim()).status(Status::Resolved));
    let reading = shown(&book, &history, Metric::TotalResolution, "12:00");
    assert_eq!((reading.state(), reading.due()), (State::Stopped, None));
    assert_eq!(reading.elapsed().num_minutes(), 60);
}

const OWNERSHIP: ClockId = ClockId {
    agreement: Agreement::Ola,
    metric: Metric::Ownership,
};

/// Policies are chosen after what a command says: a ticket that comes to a team and to one of its agents at once was taken in no time,
/// under the target that the team brought with it.
#[test]
fn a_ticket_given_to_a_team_and_an_agent_at_once_is_taken_in_time() {
    let north = TeamId::named("north");
    let of_north = policy("north", Metric::Ownership, "1h").agreement(Agreement::Ola);
    let book = book([of_north.when(Condition::Team(vec![north]))]);
    let taken = Change::Assign {
        agent: Some(AgentId::named("kim")),
        team: Some(north),
    };
    let desk = Desk::new(MemoryStore::new(), book);
    let call = |time| Call::new(kim(), at(time));
    let open = || Open::new("x").from("ann@example.com");
    let at_once = desk
        .open(&call("10:00"), open().and(taken.clone()))
        .unwrap();
    let later = desk.open(&call("10:00"), open()).unwrap();
    let later = desk
        .submit(later.id(), &call("11:00"), Command::change(taken))
        .unwrap();
    for (outcome, since) in [(at_once, "10:00"), (later, "11:00")] {
        let reading = outcome.reading(OWNERSHIP);
        assert_eq!(
            (reading.state(), reading.verdict()),
            (State::Stopped, Verdict::Met)
        );
        assert_eq!(reading.target(), Some("1h".parse().unwrap()));
        assert_eq!(reading.started_at(), Some(at(since)));
    }
}

/// Closing stops every clock: a message that a log has after the close begins none that goes on; reopened, it waits since then.
#[test]
fn a_message_after_the_close_runs_on_no_clock() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let closed = history()
        .row(says(Row::new(at("09:00")).by(kim())))
        .row(
            Row::new(at("10:00"))
                .by(kim())
                .status(Status::Closed(CloseReason::Settled)),
        )
        .row(says(Row::new(at("11:00")).by(Actor::Customer(ann()))));
    let reading = shown(&book, &closed, Metric::NextResponse, "16:00");
    assert_eq!(
        (reading.state(), reading.verdict(), reading.ever_breached()),
        (State::Cancelled, Verdict::Open, false)
    );
    let reopened = closed.row(Row::new(at("11:30")).by(kim()).status(Status::Reopened));
    let reading = shown(&book, &reopened, Metric::NextResponse, "11:45");
    assert_eq!(
        (reading.state(), reading.started_at()),
        (State::Running, Some(at("11:00")))
    );
}

/// So does resolving: what a log tells after it, and what a bot hands over beyond the window, is late for nobody until the ticket is reopened.
#[test]
fn what_a_message_begins_on_a_resolved_ticket_runs_on_no_clock() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let resolved = history()
        .row(says(Row::new(at("09:00")).by(kim())))
        .row(Row::new(at("10:00")).by(kim()).status(Status::Resolved))
        .row(says(Row::new(at("11:00")).by(Actor::Customer(ann()))));
    let reading = shown(&book, &resolved, Metric::NextResponse, "16:00");
    assert_eq!(
        (reading.state(), reading.verdict(), reading.ever_breached()),
        (State::Cancelled, Verdict::Open, false)
    );
    let reopened = resolved.row(Row::new(at("11:30")).by(kim()).status(Status::Reopened));
    let reading = shown(&book, &reopened, Metric::NextResponse, "11:45");
    assert_eq!(
        (reading.state(), reading.started_at()),
        (State::Running, Some(at("11:00")))
    );

    let greet = SessionStep::Greet {
        bot: BotId::named("bot"),
        channel: Channel::Chat,
    };
    let hand_over = SessionStep::HandOver {
        reason: name("asked for a person"),
    };
    let step = |step| {
        let id = SessionId::named("chat");
        Command::change(Change::Session { id, step })
    };
    let said = [
        ("09:10", kim(), Command::reply("Which?")),
        ("09:20", Actor::System, step(greet)),
        ("09:25", kim(), Command::resolve()),
        ("09:30", Actor::System, step(hand_over)),
    ];
    let book = reopening_for(Span::minutes(1), &book);
    let desk = Desk::new(MemoryStore::new(), book);
    let call = |time, actor| Call::new(actor, at(time));
    let open = Open::new("x").body("help");
    let opened = desk.open(&call("09:00", Actor::Customer(ann())), open);
    let id = opened.unwrap().id();
    for (time, actor, command) in said {
        desk.submit(id, &call(time, actor), command).unwrap();
    }
    desk.sweep(at("16:00"), 10).unwrap();
    let reading = desk.reading(id, Metric::NextResponse, at("16:00")).unwrap();
    assert_eq!(
        (reading.state(), reading.ever_breached()),
        (State::Cancelled, false)
    );
}

/// What waits for a reopening does so whatever else is told: another message, somebody put in charge, another policy, a close days
/// later, an answer that comes while the ticket is over. Nothing ran, nothing is late, and the reading stays as it was.
#[test]
fn what_waits_for_a_reopening_is_late_for_nobody() {
    let kims = Some(AgentId::named("kim"));
    let close = Status::Closed(CloseReason::Settled);
    let row = |time| Row::new(at(time)).by(kim());
    let asks = |time| says(Row::new(at(time)).by(Actor::Customer(ann())));
    let first = [
        policy("p", Metric::FirstResponse, "1h").first_response_starts(StartOption::FirstMessage)
    ];
    let next = [
        for_tag(policy("tagged", Metric::NextResponse, "2h")),
        policy("p", Metric::NextResponse, "1h"),
    ];
    for over in [Status::Resolved, close] {
        let answered = history()
            .row(says(row("09:00")))
            .row(row("10:00").status(over));
        let unasked = history().row(row("10:00").status(over));
        let cases = [
            (book(next.clone()), Metric::NextResponse, answered),
            (book(first.clone()), Metric::FirstResponse, unasked),
        ];
        for (book, metric, history) in cases {
            let waits = history.row(asks("11:00"));
            let before = shown(&book, &waits, metric, "+12:00");
            let later = [
                waits.clone().row(asks("15:00")),
                waits.clone().row(row("15:00").assigned(kims, None)),
                waits
                    .clone()
                    .row(tag(row("12:30")))
                    .row(untag(row("15:00"))),
                waits.clone().row(row("+10:00").status(close)),
                waits
                    .clone()
                    .row(row("+10:00").status(Status::Closed(CloseReason::Spam))),
                waits.clone().row(says(row("15:00"))),
                waits.clone().row(asks("14:00")).row(says(row("15:00"))),
            ];
            for (n, history) in later.iter().enumerate() {
                let reading = shown(&book, history, metric, "+12:00");
                assert_eq!(reading, before, "{metric}, {over:?}, {n}");
                assert_eq!(reading.stopped_at(), Some(at("11:00")));
                let late = (reading.elapsed().num_minutes(), reading.ever_breached());
                assert_eq!(late, (0, false));
                let ticket = import(history, &book, TenantId::SINGLE).ticket().clone();
                let ledger = ledger(&ticket, book.policies(), metric, at("+12:00"));
                assert_eq!(ledger.elapsed(), reading.elapsed());
                let kept = book.facts(&ticket);
                let own = kept[0].own.as_ref().unwrap();
                assert!(own.clocks.iter().all(|clock| !clock.ever_breached));
            }
        }
    }
}

/// Reopened, it has waited since the message, through everything that was told meanwhile, and its ledger tells that time.
#[test]
fn what_waited_for_a_reopening_counts_since_the_message() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    let kims = Some(AgentId::named("kim"));
    let asks = |time| says(Row::new(at(time)).by(Actor::Customer(ann())));
    let row = |time| Row::new(at(time)).by(kim());
    let resolved = history()
        .row(says(row("09:00")))
        .row(row("10:00").status(Status::Resolved))
        .row(asks("11:00"))
        .row(tag(row("12:00")))
        .row(row("12:30").says(Said::Status {
            to: Status::Resolved,
            label: Some(name("settled")),
        }))
        .row(row("13:00").assigned(kims, None))
        .row(asks("15:00"))
        .row(row("16:00").status(Status::Reopened));
    let reading = shown(&book, &resolved, Metric::NextResponse, "16:30");
    assert_eq!(
        (reading.state(), reading.verdict(), reading.started_at()),
        (State::Running, Verdict::Breached, Some(at("11:00")))
    );
    assert_eq!(reading.elapsed().num_minutes(), 5 * 60 + 30);
    assert_eq!(reading.due(), Some(at("12:00")));
    let ticket = import(&resolved, &book, TenantId::SINGLE).ticket().clone();
    let ledger = ledger(&ticket, book.policies(), Metric::NextResponse, at("16:30"));
    assert_eq!(ledger.elapsed(), reading.elapsed());
    assert_eq!(ledger.entries[0].from, at("11:00"));
}

/// Nor does a merge: what was said on a resolved ticket without reopening it, such as thanks in a log, waits for nobody in the other ticket.
#[test]
fn a_message_at_rest_stays_so_through_a_merge() {
    let book = book([policy("p", Metric::NextResponse, "1h")]);
    for target_resolved in [false, true] {
        let desk = Desk::new(MemoryStore::new(), book.clone());
        let tenant = desk.tenant(TenantId::SINGLE);
        let thanks = history()
            .row(says(Row::new(at("09:00")).by(kim())))
            .row(Row::new(at("10:00")).by(kim()).status(Status::Resolved))
            .row(says(Row::new(at("11:00")).by(Actor::Customer(ann()))));
        let mut other = history().row(says(Row::new(at("09:00")).by(kim())));
        other.ticket = TicketId::named("other");
        other.number = TicketNumber(2);
        if target_resolved {
            other = other.row(Row::new(at("10:00")).by(kim()).status(Status::Resolved));
        }
        for history in [&thanks, &other] {
            tenant
                .import(&import(history, &book, TenantId::SINGLE))
                .unwrap();
        }
        let merge = Merge::new(thanks.ticket, other.ticket);
        let merged = desk.merge(&Call::new(kim(), at("16:00")), merge).unwrap();
        assert_eq!(merged.ticket().waiting_since(), None);
        let reading = desk
            .reading(other.ticket, Metric::NextResponse, at("17:00"))
            .unwrap();
        assert_eq!(reading.state(), State::NotStarted, "{target_resolved}");
        let stage = if target_resolved {
            Stage::Resolved
        } else {
            Stage::Open
        };
        assert_eq!(merged.ticket().status().stage(), stage);
    }
}

/// A bot that hands over on a resolved ticket reopens it within the window, and the customer waits from then on. Beyond the window it makes
/// nobody late either, when the ticket is closed days later or answered late.
#[test]
fn a_hand_over_on_a_resolved_ticket_is_late_for_nobody_beyond_the_window() {
    let greet = SessionStep::Greet {
        bot: BotId::named("bot"),
        channel: Channel::Chat,
    };
    let hand_over = SessionStep::HandOver {
        reason: name("asked for a person"),
    };
    let step = |step| {
        let id = SessionId::named("chat");
        Command::change(Change::Session { id, step })
    };
    let close = Command::default().then_close(CloseReason::Settled);
    let reply = Command::reply("What was it?");
    let [late, in_time] = [1, 60].map(Span::minutes);
    for (window, then) in [
        (late, &close),
        (late, &reply),
        (in_time, &close),
        (in_time, &reply),
    ] {
        let book = book([policy("p", Metric::NextResponse, "1h")]);
        let desk = Desk::new(MemoryStore::new(), reopening_for(window, &book));
        let call = |time, actor| Call::new(actor, at(time));
        let open = Open::new("x").body("help");
        let opened = desk.open(&call("09:00", Actor::Customer(ann())), open);
        let id = opened.unwrap().id();
        for (time, actor, command) in [
            ("09:10", kim(), Command::reply("Which?")),
            ("09:20", Actor::System, step(greet.clone())),
            ("09:25", kim(), Command::resolve()),
            ("09:30", Actor::System, step(hand_over.clone())),
            ("15:00", kim(), then.clone()),
        ] {
            desk.submit(id, &call(time, actor), command).unwrap();
        }
        let reading = desk.reading(id, Metric::NextResponse, at("16:00")).unwrap();
        let told = (reading.elapsed().num_minutes(), reading.ever_breached());
        let waited = (330, true); // since the hand-over
        assert_eq!(told, if window == late { (0, false) } else { waited });
        let events = desk.tenant(TenantId::SINGLE).history(id).unwrap();
        let breached = |e: &Recorded| matches!(e.event, Event::Breached { .. });
        assert_eq!(events.iter().any(breached), window == in_time);
    }
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

/// A ticket on a live desk with one policy for the tag `a` and one for others; what is said, and what a clock shows then.
fn lived(
    policies: [Policy; 2],
    said: &[(&str, Actor, Command)],
    metric: Metric,
    now: &str,
) -> Reading {
    let [first, second] = policies;
    let desk = Desk::new(MemoryStore::new(), book([for_tag(first), second]));
    let open = Open::new("x").body("help");
    let t = desk
        .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
        .unwrap()
        .id();
    for (time, actor, command) in said {
        desk.submit(t, &Call::new(*actor, at(time)), command.clone())
            .unwrap();
    }
    desk.reading(t, metric, at(now)).unwrap()
}

fn tagged() -> Command {
    Command::change(Change::AddTag(name("a")))
}

/// A pause that began under a policy without it begins, for the clock, when a policy with it applies; and the other way round it ends.
#[test]
fn a_pause_is_that_of_the_policy_in_force() {
    let metric = Metric::TotalResolution;
    let pausing = |text: &str| policy(text, metric, "4h").pauses(metric, PendingReasons::ALL);
    let running = |text: &str| policy(text, metric, "4h").pauses(metric, PendingReasons::NONE);
    let said = [
        ("10:00", kim(), Command::pend(Pending::ThirdParty)),
        ("11:00", kim(), tagged()),
    ];
    let reading = lived([pausing("a"), running("b")], &said, metric, "12:00");
    assert_eq!(
        (reading.state(), reading.elapsed().num_minutes()),
        (State::Paused, 120)
    );
    let reading = lived([running("a"), pausing("b")], &said, metric, "12:00");
    assert_eq!(
        (reading.state(), reading.elapsed().num_minutes()),
        (State::Running, 120)
    );
    assert_eq!(reading.due(), Some(at("14:00")));
}

/// A target that is swapped in a pause has no due while time is left, and once it is used up the instant at which it was.
#[test]
fn a_target_swapped_in_a_pause() {
    let metric = Metric::TotalResolution;
    let said = [
        ("11:00", kim(), Command::pend(Pending::Customer)),
        ("12:00", kim(), tagged()),
    ];
    let long = || policy("long", metric, "8h");
    let reading = lived(
        [policy("short", metric, "1h"), long()],
        &said,
        metric,
        "13:00",
    );
    assert_eq!(
        (reading.state(), reading.due()),
        (State::Paused, Some(at("10:00")))
    );
    assert_eq!(
        (reading.verdict(), reading.ever_breached()),
        (Verdict::Breached, true)
    );
    let reading = lived(
        [policy("short", metric, "2h"), long()],
        &said,
        metric,
        "13:00",
    );
    assert_eq!(
        reading.due(),
        Some(at("11:00")),
        "used up to the last, and not passed"
    );
    assert_eq!(
        (reading.verdict(), reading.ever_breached()),
        (Verdict::Open, false)
    );
    let reading = lived(
        [policy("short", metric, "3h"), long()],
        &said,
        metric,
        "13:00",
    );
    assert_eq!(
        (reading.due(), reading.remaining().unwrap().num_minutes()),
        (None, 60)
    );
}

/// What reopening does to each clock under each option: (runs on, begins anew, stays), by the time that has run an hour after a
/// reopening that came two hours after the resolution of a ticket of two hours.
#[test]
fn every_reopen_option_of_every_metric() {
    use ReopenOption::{FirstOnly, NewCycle, NewCycleAfter, Resume};
    let hours = |n| helpdesk::time::Span::hours(n);
    let options = [
        Resume,
        NewCycle,
        NewCycleAfter(hours(1)),
        NewCycleAfter(hours(2)),
        FirstOnly,
    ];
    let ran = |metric, option| {
        let plain = || policy("p", metric, "8h").reopening(metric, option);
        let said = [
            ("09:30", kim(), Command::reply("yes")),
            (
                "09:30",
                kim(),
                Command::change(Change::PromiseUpdate(at("15:00"))),
            ),
            ("11:00", kim(), Command::resolve()),
            ("13:00", kim(), Command::reopen()),
        ];
        let mut second = plain();
        second.name = name("q");
        let reading = lived([plain(), second], &said, metric, "14:00");
        (reading.state(), reading.elapsed().num_minutes())
    };
    use State::{Cancelled, NotStarted, Running, Stopped};
    for metric in Metric::ALL {
        let expected = match metric {
            Metric::RequesterWait | Metric::AgentWork | Metric::TotalResolution => [
                (Running, 180),
                (Running, 60),
                (Running, 60),
                (Running, 180),
                (Stopped, 120),
            ],
            Metric::FirstResolution => [(Stopped, 120); 5],
            Metric::FirstResponse => [(Stopped, 30); 5],
            Metric::NextResponse => [(NotStarted, 0); 5],
            Metric::PeriodicUpdate => [(Cancelled, 90); 5],
            Metric::PromisedUpdate => [(Running, 270); 5],
            Metric::Ownership => [(Cancelled, 120); 5],
            Metric::FollowUp => [(Cancelled, 120); 5],
            other => panic!("{other} is new: say what a reopening does to it"),
        };
        let told = options.map(|option| ran(metric, option));
        assert_eq!(told, expected, "{metric}");
    }
}

/// Closed unresolved and reopened: what was not fulfilled runs on, the time in between uncounted; begins anew where the policy says so.
#[test]
fn what_a_close_ended_runs_on_after_a_reopening() {
    let mut rules = helpdesk::ticket::Rules::default();
    rules.reopen_closed = true;
    for (option, minutes) in [
        (ReopenOption::Resume, 120),
        (ReopenOption::FirstOnly, 120),
        (ReopenOption::NewCycle, 60),
    ] {
        let metric = Metric::TotalResolution;
        let policy = policy("p", metric, "8h")
            .target(Metric::FirstResolution, "8h".parse().unwrap())
            .target(Metric::FirstResponse, "8h".parse().unwrap())
            .reopening(metric, option);
        let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
        let draft = Rulebook::draft()
            .calendar(name("office"), office)
            .policy(policy);
        let desk = Desk::new(
            MemoryStore::new(),
            draft.tickets(rules.clone()).build().unwrap(),
        );
        let call = |time| Call::new(Actor::Supervisor(AgentId::named("lee")), at(time));
        let open = Open::new("x").from("ann@example.com").body("help");
        let t = desk.open(&call("09:00"), open).unwrap().id();
        let close = Command::default().then(Move::Close(CloseReason::Cancelled));
        desk.submit(t, &call("10:00"), close).unwrap();
        let first = desk.reading(t, Metric::FirstResponse, at("10:30")).unwrap();
        assert_eq!(
            (first.state(), first.verdict()),
            (State::Stopped, Verdict::Unanswered)
        );
        desk.submit(t, &call("12:00"), Command::reopen()).unwrap();
        let ran = |metric| {
            desk.reading(t, metric, at("13:00"))
                .unwrap()
                .elapsed()
                .num_minutes()
        };
        assert_eq!(ran(metric), minutes, "{option:?}");
        assert_eq!(ran(Metric::FirstResolution), 120);
        assert_eq!(ran(Metric::FirstResponse), 120);
    }
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

/// A promise kept at its due is kept; revised before it, superseded; revised at it, still superseded; after it, broken for good.
#[test]
fn promises_kept_superseded_and_broken() {
    let promise = |time: &str| Command::change(Change::PromiseUpdate(at(time)));
    let of = |then: &[(&str, Command)]| {
        let desk = Desk::new(
            MemoryStore::new(),
            book([policy("p", Metric::FirstResponse, "8h")]),
        );
        let open = Open::new("x").body("help");
        let t = desk
            .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
            .unwrap()
            .id();
        let mut said = vec![("09:00", promise("12:00"))];
        said.extend(then.iter().cloned());
        for (time, command) in said {
            desk.submit(t, &Call::new(kim(), at(time)), command)
                .unwrap();
        }
        let ticket = desk.ticket(t).unwrap();
        let book = desk.rulebooks().of(&ticket).unwrap();
        let all = periods(
            &ticket,
            book.policies(),
            Metric::PromisedUpdate,
            at("16:00"),
        );
        let fates = promises(&ticket, at("16:00"));
        assert_eq!(fates.len(), all.len());
        let both = all.iter().zip(fates);
        both.map(|(one, promised)| {
            assert_eq!(Some(promised.made_at), one.started_at());
            assert_eq!(promised.ended_at, one.stopped_at());
            assert_eq!(Some(promised.due - promised.made_at), one.amount());
            (one.state(), one.verdict(), promised.fate)
        })
        .collect::<Vec<_>>()
    };
    let kept = (State::Stopped, Verdict::Met, Fate::Kept);
    let late = (State::Stopped, Verdict::Breached, Fate::Late);
    let broken = (State::Stopped, Verdict::Breached, Fate::Broken);
    let superseded = (State::Cancelled, Verdict::Open, Fate::Superseded);
    let called_off = (State::Cancelled, Verdict::Open, Fate::CalledOff);
    let answer = || Command::reply("here");
    assert_eq!(of(&[("12:00", answer())]), [kept]);
    assert_eq!(
        of(&[("+09:00", answer())]),
        [late],
        "by the wall, whatever the office"
    );
    assert_eq!(
        of(&[("11:00", promise("14:00")), ("14:00", answer())]),
        [superseded, kept]
    );
    assert_eq!(
        of(&[("12:00", promise("14:00")), ("14:00", answer())]),
        [superseded, kept]
    );
    assert_eq!(
        of(&[("12:01", promise("14:00")), ("14:00", answer())]),
        [broken, kept]
    );
    // What nobody has kept yet: it stands, and is broken once its instant is past.
    let waits = (State::Running, Verdict::Open, Fate::Standing);
    assert_eq!(of(&[("11:00", promise("16:00"))]), [superseded, waits]);
    let passed = (State::Running, Verdict::Breached, Fate::Broken);
    assert_eq!(of(&[]), [passed]);
    // An answer and a new promise in one command: the answer keeps the old one first.
    let both = answer().and(Change::PromiseUpdate(at("14:00")));
    assert_eq!(of(&[("12:00", both), ("14:00", answer())]), [kept, kept]);
    // Resolving leaves a promise; closing ends it.
    assert_eq!(
        of(&[("10:00", Command::resolve()), ("11:00", answer())]),
        [kept]
    );
    assert_eq!(
        of(&[("10:00", Command::close(CloseReason::Settled))]),
        [called_off]
    );
}

/// What the customer was told stands in her view while it stands, and an estimate is as near as the resolution after it.
#[test]
fn the_customer_sees_what_she_was_told() {
    let desk = Desk::new(
        MemoryStore::new(),
        book([policy("p", Metric::FirstResponse, "8h")]),
    );
    let say = |id, time, command| {
        let call = Call::new(kim(), at(time));
        desk.submit(id, &call, command).unwrap();
    };
    let open = Open::new("x").body("help");
    let opened = desk.open(&Call::new(Actor::Customer(ann()), at("09:00")), open);
    let id = opened.unwrap().id();
    let told = |id| {
        let view = desk.ticket(id).unwrap().customer_view(ann()).unwrap();
        (view.update_promised_by, view.resolution_estimated_at)
    };
    assert_eq!(told(id), (None, None));
    let promise = Command::change(Change::PromiseUpdate(at("12:00")));
    say(
        id,
        "09:10",
        promise.and(Change::EstimateResolution(at("15:00"))),
    );
    assert_eq!(told(id), (Some(at("12:00")), Some(at("15:00"))));
    say(
        id,
        "11:00",
        Command::reply("It will be later.").and(Change::EstimateResolution(at("16:00"))),
    );
    assert_eq!(told(id), (None, Some(at("16:00"))));
    say(id, "15:30", Command::reply("Done.").then_resolve());
    assert_eq!(told(id), (None, None));
    say(id, "15:40", Command::reopen());
    assert_eq!(told(id), (None, None), "that was about the time before");
    say(
        id,
        "15:50",
        Command::change(Change::EstimateResolution(at("+09:00"))),
    );
    assert_eq!(told(id), (None, Some(at("+09:00"))));
    let ticket = desk.ticket(id).unwrap();
    let estimates = estimates(&ticket);
    let near = estimates
        .iter()
        .map(|one| (one.is_kept(), one.off().map(|off| off.num_minutes())));
    let near: Vec<_> = near.collect();
    assert_eq!(
        near,
        [
            (Some(false), Some(30)),
            (Some(true), Some(-30)),
            (None, None)
        ]
    );
}

/// Urgent and resolved in one command: the target of the urgent one is what the resolution is measured by.
#[test]
fn facts_that_change_with_a_move_choose_before_it() {
    let metric = Metric::TotalResolution;
    let both = Command::change(Change::AddTag(name("a"))).then(Move::Resolve);
    let policies = [policy("short", metric, "1h"), policy("long", metric, "8h")];
    let reading = lived(policies, &[("11:00", kim(), both)], metric, "12:00");
    assert_eq!(
        (reading.state(), reading.verdict()),
        (State::Stopped, Verdict::Breached)
    );
    assert_eq!(reading.target(), Some("1h".parse().unwrap()));
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    let policies = [policy("short", metric, "1h"), policy("long", metric, "8h")];
    let reading = lived(policies, &[("11:00", kim(), urgent)], metric, "12:00");
    assert_eq!(
        reading.verdict(),
        Verdict::Open,
        "no condition asks about it"
    );
}

/// Entering a team counts anew, under the agreement that the team brings; what ran for the team before is no breach of it.
#[test]
fn ownership_counts_for_each_team() {
    let team = |text: &str| TeamId::named(text);
    let of = |text: &str, target| {
        let policy = policy(text, Metric::Ownership, target).agreement(Agreement::Ola);
        policy.when(Condition::Team(vec![team(text)]))
    };
    let desk = Desk::new(
        MemoryStore::new(),
        book([of("north", "1h"), of("south", "2h")]),
    );
    let open = Open::new("x").body("help");
    let t = desk
        .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
        .unwrap()
        .id();
    let give = |time, agent: Option<&str>, to| {
        let assign = Change::Assign {
            agent: agent.map(AgentId::named),
            team: Some(team(to)),
        };
        desk.submit(t, &Call::new(kim(), at(time)), Command::change(assign))
            .unwrap();
    };
    give("10:00", None, "north");
    give("11:30", None, "south");
    give("12:00", Some("kim"), "south");
    give("13:00", None, "south");
    give("14:00", None, "north");
    let ticket = desk.ticket(t).unwrap();
    let book = desk.rulebooks().of(&ticket).unwrap();
    let all = periods(&ticket, book.policies(), OWNERSHIP, at("14:30"));
    let told: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one.state(),
                one.verdict(),
                one.elapsed().num_minutes(),
                one.target().map(|t| t.to_string()),
            )
        })
        .collect();
    let target = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (State::Cancelled, Verdict::Open, 60, None),
            (State::Cancelled, Verdict::Open, 90, target("1h business")),
            (State::Stopped, Verdict::Met, 30, target("2h business")),
            (State::Running, Verdict::Open, 30, target("1h business")),
        ]
    );
    assert!(all[1].ever_breached(), "announced, and outside attainment");
}

/// Days are days of the calendar: the same local time on the n-th open day, or its last close; turned into running time at the start.
#[test]
fn targets_of_days() {
    let closed = chrono::NaiveDate::from_ymd_opt(2026, 3, 6).unwrap(); // a Friday
    let office = Calendar::builder("Europe/Berlin")
        .and_then(|office| office.hours("Mon-Fri 09:00-17:00"))
        .and_then(|office| office.closed(closed, "Holiday").build())
        .unwrap();
    let due = |target: &str, opened: &str| {
        let metric = Metric::TotalResolution;
        let draft = Rulebook::draft().calendar(name("office"), office.clone());
        let book = draft.policy(policy("p", metric, target)).build().unwrap();
        let desk = Desk::new(MemoryStore::new(), book);
        let call = Call::new(Actor::Customer(ann()), opened.parse().unwrap());
        let reading = desk
            .open(&call, Open::new("x").body("help"))
            .unwrap()
            .reading(metric);
        reading.due().unwrap().format("%m-%d %H:%M").to_string()
    };
    // Thursday 10:00 in Berlin: Friday is closed.
    assert_eq!(due("1 business day", "2026-03-05T09:00:00Z"), "03-09 09:00");
    assert_eq!(
        due("2 business days", "2026-03-05T09:00:00Z"),
        "03-10 09:00"
    );
    assert_eq!(
        due("1 business day end of day", "2026-03-05T09:00:00Z"),
        "03-09 16:00"
    );
    // Thursday 20:00, after the close: what lies before Monday 20:00 is Monday's eight hours.
    assert_eq!(due("1 business day", "2026-03-05T19:00:00Z"), "03-09 16:00");
    // Saturday 08:00: nothing is open before Monday 08:00, so it is Tuesday 08:00, and the time before that is Monday's.
    assert_eq!(due("1 business day", "2026-03-07T07:00:00Z"), "03-09 16:00");
    // Over the change of the clocks, 29 March: the same time on the wall, an hour less of time.
    assert_eq!(due("1 business day", "2026-03-27T09:00:00Z"), "03-30 08:00");
}

#[test]
fn targets_tell_what_they_are() {
    let days = Target::days(3, DayEnd::LastClose).unwrap();
    assert_eq!((days.business_days(), days.amount()), (Some(3), None));
    let hours: Target = "4h".parse().unwrap();
    assert_eq!(hours.business_days(), None);
    assert_eq!(
        hours.amount().map(|span| span.micros()),
        Some(4 * 3_600_000_000)
    );
}

/// So many levels, and not one more.
#[test]
fn conditions_nest_so_deep() {
    let built = |levels: usize| {
        let around = |inner, n: usize| match n % 3 {
            0 => Condition::Not(Box::new(inner)),
            1 => Condition::All(vec![inner]),
            _ => Condition::Any(vec![Condition::Tag(name("b")), inner]),
        };
        let condition = (1..levels).fold(Condition::Tag(name("a")), around);
        Rulebook::draft()
            .policy(policy("p", Metric::FirstResponse, "1h").when(condition))
            .build()
    };
    assert!(built(Condition::MAX_DEPTH).is_ok());
    let deep = built(Condition::MAX_DEPTH + 1).unwrap_err().to_string();
    assert!(deep.contains("deeper than 32 levels"), "{deep}");
}

/// What lies between a close and a reopening is told as such.
#[test]
fn a_ledger_tells_a_closed_ticket_from_a_resolved_one() {
    let book = book([policy("p", Metric::TotalResolution, "8h")]);
    let ended = |status| {
        let history = history()
            .row(Row::new(at("10:00")).by(kim()).status(status))
            .row(Row::new(at("11:00")).by(kim()).status(Status::Reopened));
        let imported = import(&history, &book, TenantId::SINGLE);
        let clock = Metric::TotalResolution;
        helpdesk::sla::ledger(imported.ticket(), book.policies(), clock, at("12:00")).to_string()
    };
    let closed = ended(Status::Closed(CloseReason::Cancelled));
    assert!(closed.contains("ticket closed 1h"), "{closed}");
    let resolved = ended(Status::Resolved);
    assert!(resolved.contains("resolved 1h"), "{resolved}");
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

/// A promise or an estimate beyond the supported years is refused: nobody could ever record that it was broken.
#[test]
fn promises_are_made_within_the_supported_years() {
    let desk = Desk::new(MemoryStore::new(), book([]));
    let call = Call::new(kim(), at("09:00"));
    let opened = desk.open(&call, Open::new("x").from("ann@example.com"));
    let id = opened.unwrap().id();
    let late = "2101-06-01T00:00:00Z".parse().unwrap();
    for change in [
        Change::PromiseUpdate(late),
        Change::EstimateResolution(late),
    ] {
        let refused = desk.submit(id, &call, Command::change(change)).unwrap_err();
        assert_eq!(refused.code(), "out_of_range");
    }
    let open = Open::new("x").and(Change::PromiseUpdate(late));
    let refused = desk.open(&call, open.from("bob@example.com")).unwrap_err();
    assert_eq!(refused.code(), "out_of_range");
    let last = "2100-12-31T23:00:00Z".parse().unwrap();
    let promise = Command::change(Change::PromiseUpdate(last));
    assert!(desk.submit(id, &call, promise).is_ok());
}

/// The first calendar that is given becomes the rulebook's own, also one that never closes.
#[test]
fn the_first_calendar_given_is_the_own_one() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    for first in ["always", "never closed"] {
        let draft = Rulebook::draft()
            .calendar(name(first), Calendar::always())
            .calendar(name("office"), office.clone());
        assert_eq!(draft.calendar, name(first));
        assert_eq!(draft.calendars.len(), 2);
        let policy = policy("p", Metric::FirstResponse, "1h").calendar(name(first));
        assert!(draft.policy(policy).build().is_ok());
    }
}
