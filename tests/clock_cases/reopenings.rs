//! What a reopening does to the clocks that had ended.

use helpdesk::id::AgentId;
use helpdesk::replay::{Row, import};
use helpdesk::sla::{ReopenOption, State, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, CloseReason, Command, Metric, Move, Status};
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TenantId};

use super::{at, book, for_tag, history, kim, lived, name, policy, shown, tag};

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
