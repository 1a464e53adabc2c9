//! The laws of grouped reports, and the figures of semantics that need more than one row.

mod kpi_common;

use chrono::{DateTime, Utc};
use helpdesk::kpi::{
    Bands, Credit, Dialect, Dimension, Every, Exclusion, Fact, Figure, FirstContact, Judgement,
    Kpi, Label, Report, Spent, Summary, differ, first_contact,
};
use helpdesk::testing::laws::kpi::{self as laws, placed};
use helpdesk::ticket::{RatingKind, Scale};
use kpi_common::*;
use proptest::prelude::*;

fn has_time(dimensions: &[Dimension]) -> bool {
    dimensions.iter().any(|one| {
        matches!(
            one,
            Dimension::Period(_) | Dimension::Weekday | Dimension::HourOfDay
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn grouped_tallies_merge(
        a in stories(), b in stories(), c in stories(), report in reports(), by in dimensions(), now in 0..60 * DAY,
    ) {
        let (now, by) = (after(now), report.by(by));
        let all = tickets(&[a.clone(), b.clone(), c.clone()].concat());
        let (first, rest) = all.split_at(a.len());
        let (second, third) = rest.split_at(b.len());
        laws::grouped_tallies_merge(&by, [first, second, third], now);
        laws::any_partition_gives_the_same_groups(&by, &all, now, (3, |n| n));
    }

    #[test]
    fn taking_back_leaves_no_group(
        stay in stories(), go in stories(), report in reports(), by in dimensions(), now in 0..60 * DAY,
    ) {
        laws::taking_back_leaves_no_group(&report.by(by), (&stay, &go), after(now));
    }

    /// The row of a group is the report narrowed to it.
    #[test]
    fn a_group_is_a_filtered_report(stories in stories(), report in reports(), by in dimensions(), now in 0..60 * DAY) {
        let now = after(now);
        let tickets = tickets(&stories);
        let grouped = report.by(by.clone()).over(&tickets, now).unwrap();
        for group in grouped.groups() {
            let narrow = by.iter().zip(group.labels());
            let narrow = narrow.fold(report.clone(), |report, (dimension, label)| report.only(dimension.clone(), [label.clone()]));
            let narrow = narrow.over(&tickets, now).unwrap();
            if has_time(&by) {
                prop_assert_eq!(placed(group.report()), placed(&narrow));
            } else {
                prop_assert_eq!(group.report(), &narrow);
            }
        }
        let nobody = report.only(Dimension::Channel, []).over(&tickets, now).unwrap();
        prop_assert_eq!((nobody.tickets(), nobody.volume(), nobody.resolved()), (0, 0, 0));
    }

    #[test]
    fn groups_add_up_to_the_whole(stories in stories(), report in reports(), by in dimensions(), now in 0..60 * DAY) {
        laws::groups_add_up(&report, &by, &stories, after(now));
    }

    /// A month of a grouped report is the report of that month.
    #[test]
    fn a_period_is_its_own_report(
        stories in stories(), every in prop::sample::select(vec![Every::Day, Every::Week, Every::Month, Every::Quarter]),
        report in reports(), now in 0..60 * DAY,
    ) {
        let now = after(now);
        let tickets = tickets(&stories);
        let report = report.between(after(-400 * DAY), after(400 * DAY));
        let zone = report.scope(now).zone;
        let grouped = report.by([Dimension::Period(every)]).over(&tickets, now).unwrap();
        for group in grouped.groups() {
            let Label::Period(period) = &group.labels()[0] else { panic!("a period") };
            let (from, to) = period.bounds(&zone);
            let alone = report.clone().between(from, to).over(&tickets, now).unwrap();
            prop_assert_eq!(placed(group.report()), placed(&alone));
            prop_assert_eq!(group.report().reopen_rate(), alone.reopen_rate());
            prop_assert_eq!(group.report().resolved(), alone.resolved());
            prop_assert_eq!(group.report().backlog().days(), alone.backlog().days());
        }
    }

    /// Each new figure once more, the slow way.
    #[test]
    fn more_figures_are_those_of_their_definitions(stories in stories(), a in 0..60 * DAY, b in 0..60 * DAY, now in 0..60 * DAY) {
        let (from, to, now) = (after(a), after(b), after(now));
        let tickets = tickets(&stories);
        let report = Report::standard().between(from, to).over(&tickets, now).unwrap();
        let within = |at: DateTime<Utc>| from <= at && at < to;
        let (mut marks, mut next, mut effort, mut touches) = (vec![], vec![], vec![], 0u64);
        for rows in &tickets {
            let rows: Vec<_> = rows.iter().filter(|row| row.started_at <= now).collect();
            for row in &rows {
                let last = row.ratings.iter().rfind(|mark| mark.kind == RatingKind::Csat && mark.at <= now);
                marks.extend(last.filter(|mark| within(mark.at)).map(|mark| mark.mark));
                let answers = row.responses.iter().filter(|one| one.at <= now && within(one.at));
                next.extend(answers.map(|one| one.after.calendar_us));
            }
            let entries = |row: &&Fact| [row.resolved_at, row.first_resolved_at].into_iter().flatten().find(|at| *at <= now);
            let Some(last) = rows.iter().rev().find_map(entries).filter(|at| within(*at)) else { continue };
            prop_assert!(last <= now);
            touches += rows.iter().map(|row| u64::from(row.touches)).sum::<u64>();
            let spent: Vec<i64> = rows.iter().flat_map(|row| &row.effort).filter(|one| one.at <= now).map(|one| one.spent_us).collect();
            if !spent.is_empty() {
                effort.push(spent.iter().sum::<i64>());
            }
        }
        prop_assert_eq!(report.next_response().calendar, Summary::of(next));
        prop_assert_eq!(report.handle_time().calendar, Summary::of(effort));
        prop_assert_eq!(report.touches().sum(), touches);
        prop_assert_eq!(report.csat().n(), marks.len() as u64);
        let good = marks.iter().filter(|mark| **mark >= 4).count() as u64;
        prop_assert_eq!(report.csat().positive(&Bands::Middle).numerator(), good);
    }

    /// The report's own first contact and one-touch are those of the dialects; dialects differ from themselves nowhere.
    #[test]
    fn dialects_are_one_with_the_report(stories in stories(), report in reports(), now in 0..60 * DAY) {
        let tickets = tickets(&stories);
        let scope = report.scope(after(now));
        let made = report.over(&tickets, after(now)).unwrap();
        let of = |dialect| first_contact(&FirstContact::new(dialect), &tickets, &scope).unwrap();
        prop_assert_eq!(&of(Dialect::Standard), made.first_contact_resolution());
        prop_assert_eq!(&of(Dialect::Zendesk), made.one_touch());
        for one in Dialect::ALL {
            let one = FirstContact::new(one);
            prop_assert_eq!(differ(&one, &one, &tickets, &scope).unwrap(), []);
            let ratio = first_contact(&one, &tickets, &scope).unwrap();
            prop_assert!(ratio.numerator() <= ratio.denominator());
        }
    }
}

/// Ten tickets wait at the end of the window, and two at the instant of the report.
#[test]
fn what_waits_now_is_told_of_now_unless_a_group_is_of_a_period() {
    let waiting = |n: usize| {
        let resolved = [("2026-03-05T10:00:00Z", RESOLVED)];
        let mut rows = rows(if n < 8 { &resolved } else { &[] });
        rows[0].ticket = helpdesk::TicketId::named(&n.to_string());
        rows
    };
    let tickets: Vec<_> = (0..10).map(waiting).collect();
    let (from, to) = (at("2026-03-02T00:00:00Z"), at("2026-03-04T00:00:00Z"));
    let report = Report::standard().between(from, to);
    let (day, now) = (Dimension::Period(Every::Day), at("2026-03-09T00:00:00Z"));
    let of = |by: &[Dimension]| {
        let report = report.by(by).over(&tickets, now).unwrap();
        assert_eq!(report.total().backlog().now(), 2);
        let groups = report.groups().iter();
        groups
            .map(|one| one.report().backlog().now())
            .collect::<Vec<_>>()
    };
    for by in [Dimension::Weekday, Dimension::HourOfDay, Dimension::Channel] {
        assert_eq!(of(std::slice::from_ref(&by)), [2], "{by}");
        assert_eq!(of(&[by, day.clone()]), [10]);
    }
    assert_eq!(of(&[day]), [10]);
}

const RESOLVED: helpdesk::ticket::Status = helpdesk::ticket::Status::Resolved;

#[test]
fn a_tag_that_a_row_names_twice_counts_once() {
    let mut rows = rows(&[]);
    rows[0].tags = ["vip", "vip", "loud"]
        .map(|tag| tag.parse().unwrap())
        .to_vec();
    let by = Report::standard().by([Dimension::Tag]);
    let report = by.over([rows], at("2026-03-09T00:00:00Z")).unwrap();
    let lines = report
        .groups()
        .iter()
        .map(|one| (one.labels()[0].to_string(), one.report().backlog().now()));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [("loud".to_owned(), 1), ("vip".to_owned(), 1)]
    );
}

#[test]
fn dialects_disagree_on_these() {
    let mut rows = rows(&[("2026-03-03T10:00:00Z", RESOLVED)]);
    rows[0].replies = 3;
    let report = Report::standard();
    let scope = report.scope(at("2026-04-01T00:00:00Z"));
    let found = differ(
        &FirstContact::new(Dialect::Zendesk),
        &FirstContact::new(Dialect::Freshservice),
        [&rows],
        &scope,
    );
    let found = found.unwrap();
    assert_eq!(
        (found[0].one, found[0].other),
        (Judgement::No, Judgement::Yes)
    );
    rows[0].tags = vec!["hardware".parse().unwrap()];
    let net =
        FirstContact::new(Dialect::HdiNet).beyond_first_contact(["hardware".parse().unwrap()]);
    let ratio = first_contact(&net, [&rows], &scope).unwrap();
    assert_eq!(ratio.excluded().count(Exclusion::BeyondFirstContact), 1);
    assert_eq!(ratio.fraction(), None);
}

/// One resolves what another is in charge of: whose is it?
#[test]
fn resolutions_are_credited_as_set() {
    let mut rows = rows(&[("2026-03-03T10:00:00Z", RESOLVED)]);
    let (kim, lee) = (
        helpdesk::id::AgentId::named("kim"),
        helpdesk::id::AgentId::named("lee"),
    );
    rows[0].resolver = Some(helpdesk::Actor::agent(kim));
    rows[0].assignee.agent = Some(lee);
    for (credit, whose) in [(Credit::Resolver, kim), (Credit::Assignee, lee)] {
        let by = Report::standard().credit(credit).by([Dimension::Agent]);
        let report = by.over([&rows], at("2026-05-01T00:00:00Z")).unwrap();
        let resolved: Vec<_> = report
            .groups()
            .iter()
            .filter(|group| group.report().resolved() > 0)
            .collect();
        assert_eq!(resolved[0].labels(), [Label::Agent(whose)]);
        assert_eq!(resolved.len(), 1);
    }
}

/// Resolved by two people in two months: a resolved ticket of both, and one ticket in all.
#[test]
fn a_ticket_of_two_months_stands_in_both() {
    let moves = [
        ("2026-03-03T10:00:00Z", RESOLVED),
        ("2026-03-05T10:00:00Z", helpdesk::ticket::Status::Reopened),
        ("2026-04-02T10:00:00Z", RESOLVED),
    ];
    let rows = rows(&moves);
    let by = Report::standard().by([Dimension::Period(Every::Month)]);
    let report = by.over([rows], at("2026-05-01T00:00:00Z")).unwrap();
    let lines: Vec<_> = report
        .groups()
        .iter()
        .map(|group| {
            (
                group.labels()[0].to_string(),
                group.report().resolved(),
                group.report().backlog().now(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [("2026-03".to_owned(), 1, 1), ("2026-04".to_owned(), 1, 0)]
    );
    assert_eq!(
        (report.total().resolved(), report.total().resolutions()),
        (1, 2)
    );
    assert!(
        report.groups()[0].is_small() && !report.groups()[0].report().backlog().days().is_empty()
    );
}

#[test]
fn golden_readings_of_marks() {
    let five = Scale::new(1, 5).unwrap();
    let marks = helpdesk::kpi::Marks::of(five, [5, 4, 3, 2]);
    assert_eq!(
        marks.positive(&Bands::Middle).to_string(),
        "50.0 % (2 of 4)"
    );
    assert_eq!(
        marks.positive_of_decided(&Bands::Middle).to_string(),
        "66.7 % (2 of 3; left out: 1 neutral)"
    );
    assert_eq!(marks.scales()[0].of_best(), (14, 20), "70 %");
    let strict = Bands::Declared {
        positive: [5].into(),
        neutral: [4].into(),
    };
    assert_eq!(marks.positive(&strict).to_string(), "25.0 % (1 of 4)");
    let net = helpdesk::kpi::Marks::of(Scale::NPS, [10, 9, 8, 6]).net_promoters();
    assert_eq!((net.score(), net.points()), ((100, 4), Some(25)));
    let bad = helpdesk::kpi::Marks::of(Scale::NPS, [0, 6, 6, 10]).net_promoters();
    assert_eq!(bad.points(), Some(-50));
    assert_eq!(
        helpdesk::kpi::Marks::default().net_promoters().points(),
        None
    );
}

/// One business hour is the limit where nobody waits on the line, and belongs to it.
#[test]
fn an_hour_is_a_first_contact() {
    const HOUR: i64 = 60 * MINUTE;
    let report = Report::standard();
    let scope = report.scope(at("2026-05-01T00:00:00Z"));
    let ratio = |after: i64| {
        let mut rows = rows(&[("2026-03-03T10:00:00Z", RESOLVED)]);
        let mut spent = Spent::default();
        spent.work.business_us = after;
        (rows[0].first_spent, rows[0].spent) = (Some(spent), Some(spent));
        let hdi = FirstContact::new(Dialect::HdiGross);
        first_contact(&hdi, [&rows], &scope).unwrap().numerator()
    };
    assert_eq!([ratio(HOUR - 1), ratio(HOUR), ratio(HOUR + 1)], [1, 1, 0]);
}

/// Each figure has members of its own: a group may have enough tickets and few marks.
#[test]
fn a_figure_of_few_is_told() {
    let tickets: Vec<_> = (0..3)
        .map(|_| rows(&[("2026-03-03T10:00:00Z", RESOLVED)]))
        .collect();
    let small = |minimum| {
        let by = Report::standard().by([Dimension::Agent]).minimum(minimum);
        let report = by
            .over(tickets.clone(), at("2026-05-01T00:00:00Z"))
            .unwrap();
        let group = &report.groups()[0];
        [Kpi::Resolved, Kpi::Csat].map(|kpi| group.is_small_for(kpi))
    };
    assert_eq!(small(3), [false, true]);
    assert_eq!(small(4), [true, true]);
    assert_eq!(small(0), [false, false]);
}

/// The clocks go back at 03:00 on 25 October 2026: 02:00 to 03:00 comes twice, and 03:00 once.
#[test]
fn an_hour_that_comes_twice_has_two_names() {
    let created = |when: &str| {
        let mut rows = rows(&[]);
        rows[0].ticket = helpdesk::TicketId::named(when);
        (rows[0].created_at, rows[0].started_at) = (at(when), at(when));
        rows
    };
    let tickets =
        ["00:30", "01:30", "02:30"].map(|time| created(&format!("2026-10-25T{time}:00Z")));
    let zone = helpdesk::calendar::Zone::parse("Europe/Berlin").unwrap();
    let by = Report::standard()
        .zone(zone)
        .by([Dimension::Period(Every::Hour)]);
    let report = by.over(tickets, at("2026-10-26T00:00:00Z")).unwrap();
    let names: Vec<_> = report
        .groups()
        .iter()
        .map(|group| group.labels()[0].to_string())
        .collect();
    let (summer, winter) = ("2026-10-25 02:00+02:00", "2026-10-25 02:00+01:00");
    assert_eq!(names, [summer, winter, "2026-10-25 03:00"]);
}

/// Resolved as it was opened: nobody held it, and that is told.
#[test]
fn a_resolution_that_took_no_time_is_counted_as_such() {
    let at_once = rows(&[("2026-03-02T09:00:00Z", RESOLVED)]);
    let mut later = rows(&[("2026-03-02T10:00:00Z", RESOLVED)]);
    later[0].ticket = helpdesk::TicketId::named("later");
    let report = Report::standard()
        .over([&at_once, &later], at("2026-03-09T00:00:00Z"))
        .unwrap();
    let Figure::Durations(held) = report.figure(Kpi::HeldTime) else {
        panic!("no lengths");
    };
    let n = held.calendar.map_or(0, |held| held.n());
    assert_eq!((n, held.excluded.total()), (1, 1));
    assert_eq!(held.excluded.to_string(), "1 took no time");
}
