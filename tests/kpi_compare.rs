//! Do groups differ, did a figure move, was a goal reached: on planted cases, where the answer is known.

mod kpi_common;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::Actor;
use helpdesk::calendar::Zone;
use helpdesk::id::AgentId;
use helpdesk::kpi::{
    Dimension, Fact, Goal, GroupTally, Kpi, Label, Lengths, Lies, Report, Signal, Spent, Statistic,
    Trend, Window,
};
use helpdesk::sla::Measure;
use helpdesk::testing::calendar::{instants, zones};
use helpdesk::ticket::Priority;
use helpdesk::time::Span;
use kpi_common::*;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A resolved ticket: by whom, how urgent, after how long, reopened or not.
fn resolved(
    pattern: &Fact,
    n: usize,
    agent: usize,
    priority: Priority,
    us: i64,
    reopened: bool,
) -> Vec<Fact> {
    let mut row = pattern.clone();
    row.ticket = helpdesk::id::TicketId::named(&n.to_string());
    let created = after(n as i64 % 28 * DAY);
    (row.created_at, row.started_at) = (created, created);
    let at = created + TimeDelta::microseconds(us);
    (row.first_resolved_at, row.resolved_at, row.left_at) = (Some(at), Some(at), Some(at));
    row.resolver = Some(Actor::agent(name(agent)));
    row.priority = priority;
    let work = Lengths {
        calendar_us: us,
        business_us: us / 3,
    };
    let spent = Spent {
        work,
        ..Spent::default()
    };
    (row.first_spent, row.spent, row.cycle_spent) = (Some(spent), Some(spent), Some(spent));
    if !reopened {
        return vec![row];
    }
    let mut next = row.clone();
    row.reopened_at = Some(at + TimeDelta::hours(1));
    (next.cycle, next.started_at, next.own) = (1, at + TimeDelta::hours(1), None);
    (
        next.first_resolved_at,
        next.resolved_at,
        next.left_at,
        next.resolver,
    ) = (None, None, None, None);
    (next.first_spent, next.spent, next.cycle_spent) = (None, None, None);
    vec![row, next]
}

fn name(agent: usize) -> AgentId {
    AgentId::named(&agent.to_string())
}

fn late() -> DateTime<Utc> {
    after(100 * DAY)
}

fn tallied(tickets: &[Vec<Fact>], by: &[Dimension]) -> GroupTally {
    let mut tally = Report::standard().by(by).minimum(30).tally(late());
    for ticket in tickets {
        tally.add(ticket).unwrap();
    }
    tally
}

/// Twenty agents who do just the same, some of 2,000 tickets each, lengths with a tail as long as real ones: in forty such
/// quarters nobody stands out, in whatever figure. Eta squared is what chance gives.
#[test]
fn chance_is_no_signal() {
    let pattern = rows(&[]).remove(0);
    let mut alarms = 0;
    for seed in 0..20 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let tickets: Vec<_> = (0..2_000)
            .map(|n| {
                let us = (MINUTE as f64 / dice.random_range(0.0001f64..1.0).powf(1.2)) as i64;
                resolved(
                    &pattern,
                    n,
                    dice.random_range(0..20),
                    Priority::Normal,
                    us,
                    dice.random_bool(0.2),
                )
            })
            .collect();
        let tally = tallied(&tickets, &[Dimension::Agent]);
        for kpi in [Kpi::ResolutionsReopened, Kpi::TotalResolutionTime] {
            let found = tally.unevenness(kpi).unwrap().unwrap();
            alarms += usize::from(found.signal() != Signal::None);
            let (eta, chance) = found.eta_squared().unwrap();
            assert!(eta < 3.0 * chance, "{found}");
        }
    }
    assert_eq!(alarms, 0);
}

#[test]
fn a_planted_difference_is_found_and_told_without_a_ranking() {
    let pattern = rows(&[]).remove(0);
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let tickets: Vec<_> = (0..2_000)
        .map(|n| {
            let agent = dice.random_range(0..10);
            let reopened = dice.random_bool(if agent == 3 { 0.5 } else { 0.2 });
            resolved(&pattern, n, agent, Priority::Normal, MINUTE, reopened)
        })
        .chain((0..5).map(|n| resolved(&pattern, 5_000 + n, 77, Priority::Normal, MINUTE, true)))
        .collect();
    let found = tallied(&tickets, &[Dimension::Agent])
        .unevenness(Kpi::ResolutionsReopened)
        .unwrap()
        .unwrap();
    assert_eq!(found.signal(), Signal::Differ);
    assert_eq!(found.above_is_better(), Some(false));
    let of = |agent| {
        found
            .groups()
            .iter()
            .find(|group| group.label == Label::Agent(name(agent)))
            .unwrap()
    };
    assert_eq!(of(3).lies, Lies::Above);
    assert_eq!(
        of(77).lies,
        Lies::TooFew,
        "five of five reopened, and nothing is said"
    );
    let beyond = found
        .groups()
        .iter()
        .filter(|group| matches!(group.lies, Lies::Above | Lies::Below))
        .count();
    assert_eq!(beyond, 1);
    assert!(
        found
            .groups()
            .windows(2)
            .all(|pair| pair[0].label < pair[1].label)
    );
    let limits = of(3).limits().unwrap();
    assert!(
        limits.outer.0 <= limits.inner.0
            && limits.inner.0 < limits.center
            && limits.outer.1 < of(3).share().unwrap()
    );
    assert!(
        found.to_string().starts_with(
            "resolutions reopened: 1 of 10 groups lie further off than chance explains"
        ),
        "{found}"
    );
}

/// One agent takes all the urgent tickets, which are reopened more often whoever takes them. Beside the others that looks bad;
/// beside what such tickets give, it is not.
#[test]
fn the_case_mix_explains_what_it_explains() {
    let pattern = rows(&[]).remove(0);
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let tickets: Vec<_> = (0..3_000)
        .map(|n| {
            let agent = dice.random_range(0..10);
            let is_urgent = dice.random_bool(if agent == 4 { 0.9 } else { 0.2 });
            let priority = if is_urgent {
                Priority::Urgent
            } else {
                Priority::Normal
            };
            let reopened = dice.random_bool(if is_urgent { 0.5 } else { 0.1 });
            resolved(&pattern, n, agent, priority, MINUTE, reopened)
        })
        .collect();
    let signal = |by: &[Dimension]| {
        tallied(&tickets, by)
            .unevenness(Kpi::ReopenRate)
            .unwrap()
            .unwrap()
    };
    assert_eq!(signal(&[Dimension::Agent]).signal(), Signal::Differ);
    let fair = signal(&[Dimension::Agent, Dimension::Priority]);
    assert_eq!((fair.signal(), fair.strata()), (Signal::None, 2));
    let none = tallied(&tickets, &[Dimension::Tag])
        .unevenness(Kpi::ReopenRate)
        .unwrap();
    assert!(
        none.is_none()
            && tallied(&tickets, &[])
                .unevenness(Kpi::ReopenRate)
                .unwrap()
                .is_none()
    );
    assert!(
        tallied(&tickets, &[Dimension::Agent])
            .unevenness(Kpi::Volume)
            .unwrap()
            .is_none()
    );
}

/// A group that everything was taken back from is none, and one without a member of the figure has no mean, however few are asked for.
#[test]
fn who_has_nothing_is_not_compared() {
    let pattern = rows(&[]).remove(0);
    let one = |n: usize, agent| {
        let us = (1 + n as i64 % 5) * MINUTE;
        resolved(
            &pattern,
            n,
            agent,
            Priority::Normal,
            us,
            n.is_multiple_of(3),
        )
    };
    let tickets: Vec<_> = (0..60).map(|n| one(n, n % 2)).collect();
    let mut open = one(60, 2);
    open.truncate(1);
    let row = &mut open[0];
    (row.first_resolved_at, row.resolved_at, row.left_at) = (None, None, None);
    (row.first_spent, row.spent, row.cycle_spent) = (None, None, None);
    (row.resolver, row.reopened_at, row.agent) = (None, None, Some(name(2)));
    let plain = tallied(&tickets, &[Dimension::Agent]);
    let mut again = plain.clone();
    again.add(&one(1_000, 3)).unwrap();
    again.retract(&one(1_000, 3)).unwrap();
    assert_eq!(plain, again);
    let compared = |tally: &GroupTally| tally.unevenness(Kpi::ReopenRate).unwrap().unwrap();
    assert_eq!(compared(&again).to_string(), compared(&plain).to_string());
    let groups = |tally: &GroupTally| compared(tally).groups().len();
    assert_eq!(groups(&again), groups(&plain));
    let by = Report::standard().by([Dimension::Agent]).minimum(0);
    let mut tally = by.tally(after(60 * DAY));
    for ticket in tickets.iter().chain([&open]) {
        tally.add(ticket).unwrap();
    }
    let eta = tally.unevenness(Kpi::TotalResolutionTime).unwrap().unwrap();
    assert!(eta.eta_squared().is_some());
}

/// February: 300 tickets, a fifth of them reopened, an hour each. March: half the time, and half of them reopened.
#[test]
fn speed_at_the_cost_of_reopening_is_flagged() {
    let pattern = rows(&[]).remove(0);
    let month = |n: usize, day: i64, us: i64, reopened: bool| {
        let mut rows = resolved(&pattern, n, n % 7, Priority::Normal, us, reopened);
        let moved = TimeDelta::days(day);
        for row in &mut rows {
            row.created_at += moved;
            row.started_at += moved;
            for at in [
                &mut row.first_resolved_at,
                &mut row.resolved_at,
                &mut row.left_at,
                &mut row.reopened_at,
            ] {
                *at = at.map(|at| at + moved);
            }
        }
        rows
    };
    // The tests' world begins on 2 March; the 28 days of the pattern are moved back for February.
    let february = (0..300).map(|n| month(n, -28, 60 * MINUTE, n % 5 == 0));
    let march = (300..600).map(|n| month(n, 0, 30 * MINUTE, n % 2 == 0));
    let tickets: Vec<_> = february.chain(march).collect();
    let report = Report::standard()
        .between(after(0), after(28 * DAY))
        .zone(Zone::utc());
    let compared = report.compare(&tickets, after(28 * DAY + 8 * DAY)).unwrap();
    assert_eq!(
        (
            compared.now().volume(),
            compared.before().volume(),
            compared.year_ago().volume()
        ),
        (300, 300, 0)
    );
    let before = compared.before().scope();
    assert_eq!(
        (before.window.to, before.as_of),
        (Some(after(0)), after(8 * DAY)),
        "seen at the same distance"
    );
    assert_eq!(compared.before().reopen_rate().excluded().total(), 0);
    let moved = |kpi| compared.since_before(kpi).unwrap();
    assert_eq!(moved(Kpi::TotalResolutionTime), Trend::FellForBetter);
    assert_eq!(moved(Kpi::ReopenRate), Trend::RoseForWorse);
    assert_eq!(moved(Kpi::Volume), Trend::Unclear);
    assert_eq!(
        compared.since_year_ago(Kpi::ReopenRate).unwrap(),
        Trend::NoData
    );
    assert_eq!(moved(Kpi::Nps), Trend::NoData);
    let flags = compared.flags().unwrap();
    let flags: Vec<_> = flags
        .iter()
        .map(|flag| (flag.pushed, flag.watched))
        .collect();
    assert_eq!(flags, [(Kpi::TotalResolutionTime, Kpi::ReopenRate)]);
    assert!(
        Report::standard()
            .compare(&tickets, late())
            .unwrap_err()
            .to_string()
            .contains("give it a window")
    );
    let same = report.compare(tickets.get(..0).unwrap(), late()).unwrap();
    assert_eq!(same.flags().unwrap(), []);
}

/// Thirty tickets a day are one rate, however many days a month has, and however much of it has passed; 36 a day are more.
#[test]
fn a_longer_month_is_no_trend() {
    let pattern = rows(&[]).remove(0);
    let came = |n: usize, day: i64| {
        let mut rows = resolved(&pattern, n, 1, Priority::Normal, 60 * MINUTE, false);
        let us = MINUTE * (1 + n as i64 % 600);
        let (created, at) = (after(us + day * DAY), after(us + day * DAY + 60 * MINUTE));
        for row in &mut rows {
            (row.created_at, row.started_at) = (created, created);
            (row.first_resolved_at, row.resolved_at, row.left_at) = (Some(at), Some(at), Some(at));
        }
        rows
    };
    // The tests' world begins on 2 March.
    let months = |in_march: usize| -> Vec<_> {
        let february = (0..28 * 30).map(|n| came(n, n as i64 / 30 - 29));
        let march = (0..31 * in_march).map(|n| came(10_000 + n, (n / in_march) as i64 - 1));
        february.chain(march).collect()
    };
    let march = Report::standard()
        .between(after(-DAY), after(30 * DAY))
        .zone(Zone::utc());
    let moved = |in_march: usize, as_of: DateTime<Utc>| {
        let compared = march.compare(months(in_march), as_of).unwrap();
        [Kpi::Volume, Kpi::Resolved].map(|kpi| compared.since_before(kpi).unwrap())
    };
    let counts = march.compare(months(30), late()).unwrap();
    assert_eq!(
        (counts.now().volume(), counts.before().volume()),
        (930, 840)
    );
    assert_eq!(moved(30, late()), [Trend::Unclear; 2]);
    assert_eq!(moved(36, late())[0], Trend::Rose);
    assert_eq!(
        moved(27, late())[0],
        Trend::Fell,
        "837 in 31 days, 840 in 28"
    );
    assert_eq!(
        moved(30, after(9 * DAY)),
        [Trend::Unclear; 2],
        "ten days of each"
    );
    assert_eq!(moved(30, after(-2 * DAY)), [Trend::NoData; 2], "not begun");
}

#[test]
fn goals_know_their_direction_and_their_doubt() {
    let pattern = rows(&[]).remove(0);
    let made = |n: usize, reopened: usize| {
        let tickets =
            (0..n).map(|i| resolved(&pattern, i, 1, Priority::Normal, 60 * MINUTE, i < reopened));
        Report::standard().over(tickets, late()).unwrap()
    };
    let few = Goal::share(Kpi::ReopenRate, 100).unwrap();
    assert_eq!(few.to_string(), "reopen rate at most 10.0 %");
    let [small, large, worse, none] = [made(10, 0), made(1_000, 50), made(1_000, 150), made(0, 0)]
        .map(|report| few.check(&report));
    assert_eq!(
        (small.reached, small.is_unsure),
        (Some(true), true),
        "none of ten tells little"
    );
    assert_eq!((large.reached, large.is_unsure), (Some(true), false));
    assert_eq!((worse.reached, worse.is_unsure), (Some(false), false));
    assert_eq!((none.reached, none.interval), (None, None));

    let soon = |statistic, span| {
        Goal::length(Kpi::TotalResolutionTime, statistic, Measure::Business, span).unwrap()
    };
    let report = made(3, 0);
    assert_eq!(
        soon(Statistic::P90, Span::minutes(20))
            .check(&report)
            .reached,
        Some(true),
        "just as long is in time"
    );
    assert_eq!(
        soon(Statistic::Mean, Span::minutes(19))
            .check(&report)
            .reached,
        Some(false)
    );
    assert!(
        Goal::length(
            Kpi::BacklogAge,
            Statistic::Max,
            Measure::Business,
            Span::ZERO
        )
        .is_err()
    );
    assert!(
        Goal::share(Kpi::TotalResolutionTime, 1).is_err()
            && Goal::share(Kpi::ReopenRate, 1_001).is_err()
    );
    assert!(Goal::points(101).is_err() && Goal::points(-50).is_ok());
    assert!(
        Goal::count(Kpi::Volume, 3)
            .unwrap_err()
            .to_string()
            .contains("`tickets created`")
    );
}

/// A year before, an end where 29 February begins still holds the 28th, and a whole February stays one.
#[test]
fn a_year_before_a_leap_day_keeps_the_day_before_it() {
    for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
        let zone = Zone::parse(zone).unwrap();
        let begin = |day: &str| zone.start_of(day.parse().unwrap());
        let check = |days: [&str; 2], before: [&str; 2]| {
            let [window, before] =
                [days, before].map(|[from, to]| Window::new(begin(from), begin(to)));
            assert_eq!(
                window.a_year_before(&zone),
                Some(before),
                "{days:?} in {zone}"
            );
        };
        check(["2028-02-28", "2028-02-29"], ["2027-02-28", "2027-03-01"]);
        check(["2028-02-01", "2028-02-29"], ["2027-02-01", "2027-03-01"]);
        check(["2028-02-29", "2028-03-01"], ["2027-02-28", "2027-03-01"]);
        check(["2028-02-01", "2028-03-01"], ["2027-02-01", "2027-03-01"]);
        check(["2027-02-01", "2027-02-28"], ["2026-02-01", "2026-02-28"]);
        let from = begin("2028-02-28");
        let noon = Window::new(from, begin("2028-02-29") + TimeDelta::hours(12));
        let to = begin("2027-02-28") + TimeDelta::hours(12);
        let before = Window::new(begin("2027-02-28"), to);
        assert_eq!(noon.a_year_before(&zone), Some(before), "no midnight");
    }
}

/// Where the clocks go back, an hour may begin and end at the same time on the wall: the window before it is the hour before. So it is
/// where a date is skipped, and a year before where a leap day makes two ends one.
#[test]
fn windows_before_are_not_empty_where_the_wall_repeats_itself() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let window = |from: &str, to: &str| Window::new(at(from), at(to));
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let twice = window("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z");
    let before = window("2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z");
    assert_eq!(twice.before(&berlin), Some(before));
    let a_day = window("2026-10-24T00:00:00Z", "2026-10-25T01:00:00Z");
    let before = window("2026-10-23T00:00:00Z", "2026-10-24T00:00:00Z");
    assert_eq!(a_day.before(&berlin), Some(before), "a date lies between");
    let year_ago = Window::new(at("2025-10-25T00:00:00Z"), at("2025-10-25T01:00:00Z"));
    assert_eq!(twice.a_year_before(&berlin), Some(year_ago));

    let apia = Zone::parse("Pacific/Apia").unwrap();
    let new_years_eve = window("2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z");
    let before = window("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
    assert_eq!(
        new_years_eve.before(&apia),
        Some(before),
        "30 December never was"
    );

    let chatham = Zone::parse("Pacific/Chatham").unwrap();
    let last_minute = window("1980-03-01T13:59:00Z", "1980-03-01T14:00:00Z");
    let year_ago = window("1979-03-01T13:59:00Z", "1979-03-01T14:00:00Z");
    assert_eq!(last_minute.a_year_before(&chatham), Some(year_ago));

    let noons = window("2028-02-28T12:00:00Z", "2028-02-29T12:00:00Z");
    let year_ago = window("2027-02-28T12:00:00Z", "2027-03-01T12:00:00Z");
    assert_eq!(noons.a_year_before(&Zone::utc()), Some(year_ago));
}

proptest! {
    /// What holds time has a window before it and a year before it that hold time.
    #[test]
    fn windows_that_hold_time_have_windows_before_that_do(
        zone in zones(), from in instants(), minutes in prop_oneof![1..180i64, 1..5_000i64, 1..2_000_000i64],
    ) {
        let from = from.clamp(at("1975-01-01T00:00:00Z"), at("2095-01-01T00:00:00Z"));
        let window = Window::new(from, from + TimeDelta::minutes(minutes));
        for before in [window.before(&zone), window.a_year_before(&zone)] {
            let before = before.unwrap();
            prop_assert!(before.from < before.to, "{before:?}");
        }
        prop_assert_eq!(window.before(&zone).unwrap().to, window.from);
    }

    /// The same of the windows that a wall clock may have twice: each of so many minutes around a change of the clocks.
    #[test]
    fn windows_around_a_change_of_the_clocks_have_windows_before(
        zone in zones(), year in 1980i32..2030, from in -200i64..200, minutes in 1i64..200,
    ) {
        let begins = at(&format!("{year}-01-01T00:00:00Z"));
        let hours = (0..366 * 24).map(|hour| begins + TimeDelta::hours(hour));
        let changes = hours.filter(|at| {
            let before = zone.local(*at - TimeDelta::hours(1));
            zone.local(*at) - before != TimeDelta::hours(1)
        });
        for change in changes {
            let from = change + TimeDelta::minutes(from);
            for minutes in [minutes, 30, 60, 1_440, 1_500] {
                let window = Window::new(from, from + TimeDelta::minutes(minutes));
                for before in [window.before(&zone), window.a_year_before(&zone)] {
                    let before = before.unwrap();
                    prop_assert!(before.from < before.to, "{window:?}: {before:?}");
                }
            }
        }
    }
}
