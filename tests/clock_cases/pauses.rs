//! Pauses: whose they are, and what is due while a clock rests.

use helpdesk::replay::Row;
use helpdesk::sla::{State, Verdict};
use helpdesk::ticket::{Change, Command, Metric, Pending, PendingReasons, Status};

use super::{at, book, history, kim, lived, name, policy, shown};

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
