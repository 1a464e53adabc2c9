//! Policies that come and go while a clock runs, rests or has ended.

use helpdesk::id::Name;
use helpdesk::replay::{Row, Said};
use helpdesk::sla::{Condition, State, Verdict};
use helpdesk::ticket::{Change, Command, Metric, Move, Priority, Status};
use helpdesk::{Calendar, Rulebook};

use super::{at, book, for_tag, history, kim, lived, name, policy, says, shown, tag, untag};

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
