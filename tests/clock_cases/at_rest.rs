//! Tickets that are resolved or closed: what is said on them is late for nobody, until they are reopened.

use helpdesk::id::{AgentId, BotId, SessionId, TicketId, TicketNumber};
use helpdesk::replay::{History, Row, Said, import};
use helpdesk::sla::{StartOption, State, Verdict, ledger};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Command, Event, Merge, Metric, Recorded, SessionStep, Stage,
    Status,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Desk, Open, Rulebook, TenantId};

use super::{ann, at, book, for_tag, history, kim, name, policy, says, shown, tag, untag};

/// The same rulebook, under which a resolved ticket can be reopened for so long.
fn reopening_for(window: Span, book: &Rulebook) -> Rulebook {
    let mut rules = book.tickets().clone();
    rules.reopen_window = window;
    let draft = book.as_draft().clone();
    draft.tickets(rules).build().unwrap()
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
