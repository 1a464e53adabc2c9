//! Single cases in which a clock once disagreed with the oracle, each with the rule that settles it.

use chrono::{DateTime, Utc};
use helpdesk::id::{AgentId, CustomerId, Name, TicketId, TicketNumber};
use helpdesk::replay::{History, Row, Said, import};
use helpdesk::sla::{Condition, Policy, Reading, ReopenOption, State, read};
use helpdesk::ticket::{
    Change, Command, Direction, Draft, Metric, Pending, PendingReasons, Status,
};
use helpdesk::{Actor, Calendar, Rulebook, TenantId};

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
