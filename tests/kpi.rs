//! The laws of the KPI reports, and figures worked out by hand.

mod kpi_common;

use chrono::TimeDelta;
use helpdesk::calendar::Zone;
use helpdesk::id::TicketNumber;
use helpdesk::kpi::{
    Exclusion, Fact, FirstResponse, KpiReport, Lengths, Report, Tally, backlog_at, backlog_by_day,
};
use helpdesk::testing::laws::kpi as laws;
use helpdesk::ticket::{self, CloseReason, Metric, Open, Status, Ticket};
use helpdesk::{Actor, Call, Command, Rulebook};
use kpi_common::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn tallies_merge(a in stories(), b in stories(), c in stories(), report in reports(), now in 0..60 * DAY) {
        laws::tallies_merge(&report, [&a, &b, &c], after(now));
    }

    #[test]
    fn any_partition_gives_the_same_report(
        stories in stories(), parts in prop::collection::vec(0..3usize, 12), report in reports(), now in 0..60 * DAY,
    ) {
        laws::any_partition_gives_the_same_report(&report, &stories, after(now), (3, |n| parts[n]));
    }

    #[test]
    fn taking_back_undoes_adding(stay in stories(), go in stories(), report in reports(), now in 0..60 * DAY) {
        laws::taking_back_undoes_adding(&report, (&stay, &go), after(now));
    }

    #[test]
    fn ratios_are_parts_and_sets_add_up(stories in stories(), report in reports(), now in 0..60 * DAY) {
        laws::ratios_are_parts(&report, &stories, after(now));
        let told = report.over(&stories, after(now)).unwrap().to_string();
        prop_assert!(told.starts_with("Support report as of "));
    }

    #[test]
    fn figures_are_those_of_their_definitions(stories in stories(), a in 0..60 * DAY, b in 0..60 * DAY, now in 0..60 * DAY) {
        laws::figures_are_those_of_their_definitions(&stories, (after(a), after(b)), after(now));
    }

    #[test]
    fn backlog_is_the_naive_count(
        stories in stories(), now in 0..80 * DAY,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "America/St_Johns", "Asia/Kathmandu"]),
    ) {
        let (zone, now) = (Zone::parse(zone).unwrap(), after(now));
        let rows = tickets(&stories).concat();
        let backlog = backlog_by_day(&rows, &zone, now).unwrap();
        let count = |at| rows.iter().filter(|row| row.is_backlog_at(at)).count() as u64;
        let instant = TimeDelta::microseconds(1);
        for day in backlog.days() {
            // Half-open: what happens at the midnight that ends a day belongs to the next one.
            let end = (zone.start_of(day.date.succ_opt().unwrap()) - instant).min(now);
            prop_assert_eq!(day.count, count(end), "{}", day.date);
            let snapshot = backlog_at(&rows, end);
            let ages = snapshot.ages.map_or(0, |ages| ages.sum_us());
            let is_over = i128::from(end < now);
            prop_assert_eq!((day.count, day.age_us - is_over * i128::from(day.count)), (snapshot.count, ages), "{}", day.date);
            let again = rows.iter().filter(|row| row.cycle > 0 && row.is_backlog_at(end)).count();
            prop_assert_eq!(snapshot.reopened, again as u64);
        }
        prop_assert_eq!(backlog.now(), count(now));
        prop_assert_eq!(backlog.peak().map(|(_, n)| n), backlog.days().iter().map(|day| day.count).max());
        prop_assert!(backlog.days().windows(2).all(|pair| pair[0].date.succ_opt() == Some(pair[1].date)));
        let begun = rows.iter().map(|row| row.started_at).min().is_some_and(|first| first <= now);
        prop_assert_eq!(!backlog.days().is_empty(), begun);
        if let (true, Some(last)) = (begun, backlog.days().last()) {
            prop_assert!(zone.start_of(last.date) <= now && now < zone.start_of(last.date.succ_opt().unwrap()));
        }
    }

    #[test]
    fn backlog_balances(
        stories in stories(), now in 0..80 * DAY,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "America/St_Johns", "Asia/Kathmandu"]),
    ) {
        laws::backlog_balances(&stories.concat(), &Zone::parse(zone).unwrap(), after(now));
    }

    #[test]
    fn a_closed_period_is_final(stories in stories(), length in 0..30 * DAY, later in 0..30 * DAY) {
        laws::a_closed_period_is_final(&stories, (after(0), after(length)), TimeDelta::microseconds(later));
    }
}

const RESOLVED: Status = Status::Resolved;
const REOPENED: Status = Status::Reopened;
const CLOSED: Status = Status::Closed(CloseReason::Settled);

#[test]
fn reopened_and_not_resolved_again_counts_once() {
    let rows = rows(&[
        ("2026-03-03T10:00:00Z", RESOLVED),
        ("2026-03-05T10:00:00Z", REOPENED),
    ]);
    let report = Report::standard()
        .over([rows], at("2026-03-20T00:00:00Z"))
        .unwrap();
    assert_eq!(report.reopen_rate().to_string(), "100.0 % (1 of 1)");
    assert_eq!(report.resolution_rate().to_string(), "0.0 % (0 of 1)");
    assert_eq!((report.resolved(), report.backlog().now()), (1, 1));
}

#[test]
fn a_reopening_counts_up_to_the_last_instant_of_its_time() {
    let rate = |reopened, now: &str| {
        let rows = rows(&[("2026-03-03T10:00:00Z", RESOLVED), (reopened, REOPENED)]);
        Report::standard()
            .over([rows], at(now))
            .unwrap()
            .reopen_rate()
            .to_string()
    };
    assert_eq!(
        rate("2026-03-10T10:00:00Z", "2026-03-20T00:00:00Z"),
        "100.0 % (1 of 1)"
    );
    assert_eq!(
        rate("2026-03-10T10:00:00.000001Z", "2026-03-20T00:00:00Z"),
        "0.0 % (0 of 1)"
    );
    assert_eq!(
        rate("2026-03-05T10:00:00Z", "2026-03-10T09:59:59Z"),
        "- (0 of 0; left out: 1 immature)"
    );
    assert_eq!(
        rate("2026-03-05T10:00:00Z", "2026-03-10T10:00:00Z"),
        "100.0 % (1 of 1)"
    );
}

/// A log may close a ticket and resolve it later, in one cycle: it left the backlog at the close.
#[test]
fn a_ticket_closed_before_it_was_resolved_left_the_backlog_then() {
    let rows = rows(&[
        ("2026-03-03T10:00:00Z", CLOSED),
        ("2026-03-06T10:00:00Z", RESOLVED),
    ]);
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].is_backlog_at(at("2026-03-04T00:00:00Z")));
    let backlog = backlog_by_day(&rows, &Zone::utc(), at("2026-03-06T12:00:00Z")).unwrap();
    assert_eq!(
        backlog
            .days()
            .iter()
            .map(|day| day.count)
            .collect::<Vec<_>>(),
        [1, 0, 0, 0, 0]
    );
    assert_eq!(
        (
            backlog.days()[1].flow.settled,
            backlog.days()[4].flow.left()
        ),
        (1, 0)
    );
}

#[test]
fn cycles_at_one_instant_are_told_apart() {
    let t = "2026-03-03T10:00:00Z";
    let rows = rows(&[(t, RESOLVED), (t, REOPENED), (t, RESOLVED), (t, REOPENED)]);
    assert_eq!(
        rows.iter()
            .map(|row| row.left_at.is_some())
            .collect::<Vec<_>>(),
        [true, true, false]
    );
}

/// The desk writes first, resolves, and the customer's first message reopens the ticket: it waits from that message on.
#[test]
fn a_first_contact_after_a_resolution_waits_for_an_answer() {
    let rulebook = Rulebook::starter();
    let rules = rulebook.tickets();
    let open = Open::new("Your contract").on_behalf_of(helpdesk::id::CustomerId::named("ann"));
    let call = Call::new(kim(), at("2026-03-02T09:00:00Z"));
    let opened = ticket::open(rules, &call, &open, TicketNumber(1), None).unwrap();
    let mut ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    let mut say = |actor, when, command: Command| {
        let call = Call::new(actor, at(when));
        let decision = ticket::decide(&ticket, rules, &call, call.at(), &command).unwrap();
        decision
            .recorded_after(&ticket, &call)
            .iter()
            .for_each(|event| ticket.apply(event));
        rulebook.facts(&ticket)[0]
            .own
            .clone()
            .unwrap()
            .first_response
    };
    let ann = Actor::customer(helpdesk::id::CustomerId::named("ann"));
    assert_eq!(
        say(kim(), "2026-03-02T10:00:00Z", Command::resolve()),
        FirstResponse::NotApplicable
    );
    assert_eq!(
        say(ann, "2026-03-03T10:00:00Z", Command::reply("But why?")),
        FirstResponse::Waiting
    );
    let answered = say(kim(), "2026-03-03T10:45:00Z", Command::reply("Because."));
    let lengths = Lengths {
        calendar_us: 45 * MINUTE,
        business_us: 45 * MINUTE,
    };
    assert!(
        matches!(answered, FirstResponse::Answered { after, .. } if after == lengths),
        "{answered:?}"
    );
}

#[test]
fn what_is_later_has_not_happened() {
    let rows = rows(&[
        ("2026-03-03T10:00:00Z", RESOLVED),
        ("2026-03-05T10:00:00Z", REOPENED),
        ("2026-03-06T10:00:00Z", RESOLVED),
    ]);
    let report = |now: &str| Report::standard().over([&rows], at(now)).unwrap();
    assert_eq!(report("2026-03-02T08:00:00Z").tickets(), 0);
    let early = report("2026-03-04T00:00:00Z");
    assert_eq!(
        (
            early.resolutions(),
            early.backlog().now(),
            early.resolution_rate().numerator()
        ),
        (1, 0, 1)
    );
    let total = |report: &KpiReport| {
        report
            .total_resolution()
            .calendar
            .map(|summary| summary.max_us() / MINUTE)
    };
    assert_eq!(total(&early), Some(25 * 60));
    assert_eq!(total(&report("2026-03-07T00:00:00Z")), Some(97 * 60));
    assert_eq!(
        report("2026-03-05T12:00:00Z").resolution_rate().numerator(),
        0
    );
    let sla = |now: &str| {
        report(now)
            .attainment_of(Metric::TotalResolution)
            .unwrap()
            .ratio()
            .to_string()
    };
    assert_eq!(
        sla("2026-03-02T12:00:00Z"),
        "- (0 of 0; left out: 1 undecided)"
    );
    assert_eq!(sla("2026-03-04T00:00:00Z"), "100.0 % (1 of 1)");
    assert_eq!(
        sla("2026-03-05T12:00:00Z"),
        "- (0 of 0; left out: 1 undecided)"
    );
    assert_eq!(sla("2026-03-07T00:00:00Z"), "100.0 % (1 of 1)");
}

#[test]
fn rows_that_do_not_belong_together_are_refused() {
    let good = rows(&[
        ("2026-03-03T10:00:00Z", RESOLVED),
        ("2026-03-05T10:00:00Z", REOPENED),
    ]);
    let now = at("2026-03-20T00:00:00Z");
    let refused = |rows: &[Fact]| Report::standard().over([rows], now).unwrap_err();
    let mut old = good.clone();
    old[1].formula = 0;
    assert!(refused(&old).is_outdated());
    assert!(
        refused(&old)
            .to_string()
            .contains("make them anew from the events")
    );
    assert!(!refused(&good[1..]).is_outdated());
    assert_eq!(
        refused(&[good[1].clone(), good[0].clone()]).ticket(),
        Some(good[0].ticket)
    );
    let mut other = Report::standard().last_days(7).tally(now);
    assert!(
        other
            .merge(Report::standard().tally(now))
            .unwrap_err()
            .to_string()
            .contains("cannot be merged")
    );
    let mut tally = Report::standard().tally(now);
    tally.retract(&good).unwrap();
    assert!(tally.report().is_err());
    let text = serde_json::to_string(&tally)
        .unwrap()
        .replace("\"version\":[4,", "\"version\":[1,");
    assert!(
        serde_json::from_str::<Tally>(&text)
            .unwrap_err()
            .to_string()
            .contains("make it anew")
    );
}

#[test]
fn nothing_is_undefined_and_not_zero() {
    let report = Report::standard()
        .last_days(30)
        .over(Vec::<Vec<Fact>>::new(), at("2026-03-20T00:00:00Z"))
        .unwrap();
    assert_eq!(report.resolution_rate().fraction(), None);
    assert_eq!(report.first_response().calendar, None);
    assert_eq!(
        (report.backlog().days().len(), report.backlog().peak()),
        (0, None)
    );
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["first_response"]["business"].is_null());
}

#[test]
fn the_text_reads_well() {
    let moves: [&[(&str, Status)]; 3] = [
        &[("2026-03-02T12:20:00Z", RESOLVED)],
        &[
            ("2026-03-03T10:00:00Z", RESOLVED),
            ("2026-03-05T10:00:00Z", REOPENED),
        ],
        &[("2026-03-04T10:00:00Z", Status::Closed(CloseReason::Spam))],
    ];
    let tickets = moves.map(rows);
    let report = Report::standard()
        .last_days(14)
        .over(&tickets, at("2026-03-10T12:00:00Z"))
        .unwrap();
    assert_eq!(
        report.reopen_rate().excluded().count(Exclusion::Immature),
        0
    );
    let expected = "\
Support report as of 2026-03-10 12:00 UTC
About what was created or resolved from 2026-02-24 12:00 UTC to 2026-03-10 12:00 UTC

Tickets
  created            3
  resolved           2  in 2 resolutions
  closed unresolved  1  1 spam
  backlog now        1  peak 2 on 2026-03-02
";
    assert!(report.to_string().starts_with(expected), "{report}");
}

/// Tickets whose policy has no target for a clock that others have one for are left out by name, and the ratio stays what it was.
#[test]
fn tickets_without_the_target_are_told() {
    let book: Rulebook = r#"{"policies": [
        {"name": "complaint", "when": {"type": ["complaint"]}, "targets": {"total_resolution": "8h"}},
        {"name": "all", "targets": {"first_response": "4h", "total_resolution": "8h"}}
    ]}"#
    .parse()
    .unwrap();
    let desk = helpdesk::Desk::new(helpdesk::store::MemoryStore::new(), book);
    let now = at("2026-03-05T09:00:00Z");
    let kim = Call::new(Actor::agent(helpdesk::id::AgentId::named("kim")), now);
    for kind in [None, Some("complaint"), None] {
        let kind = kind.map(|kind: &str| kind.parse().unwrap());
        let open = Open::new("x")
            .from("ann@example.com")
            .and(ticket::Change::Type(kind.clone()));
        let t = desk.open(&kim, open).unwrap();
        if kind.is_some() {
            let promise = ticket::Change::PromiseUpdate(now + TimeDelta::hours(1));
            desk.submit(t.id(), &kim, Command::change(promise)).unwrap();
        }
        desk.submit(t.id(), &kim, Command::reply("Soon")).unwrap();
    }
    let told =
        |report: &KpiReport, metric| report.attainment_of(metric).unwrap().ratio().to_string();
    let report = desk.report(&Report::standard(), now).unwrap();
    assert_eq!(
        told(&report, Metric::FirstResponse),
        "100.0 % (2 of 2; left out: 1 without a target)"
    );
    assert_eq!(
        told(&report, Metric::TotalResolution),
        "- (0 of 0; left out: 3 undecided)"
    );
    assert_eq!(
        told(&report, Metric::PromisedUpdate),
        "100.0 % (1 of 1)",
        "who promised nothing lacks no target"
    );
    assert!(
        report.to_string().contains("1 without a target"),
        "{report}"
    );

    // One that has a target and never began is told apart.
    let mut outbound = Open::new("x").from("bob@example.com");
    outbound.direction = ticket::Direction::Outbound;
    desk.open(&kim, outbound).unwrap();
    let report = desk.report(&Report::standard(), now).unwrap();
    assert_eq!(
        told(&report, Metric::FirstResponse),
        "100.0 % (2 of 2; left out: 1 not started, 1 without a target)"
    );

    // Whoever sums up parts sums these up too.
    let mut rows = Vec::new();
    desk.tenant(helpdesk::TenantId::SINGLE)
        .facts(&mut |of| rows.push(of.to_vec()))
        .unwrap();
    let [mut a, mut b] = [(); 2].map(|()| Report::standard().tally(now));
    for (n, of_ticket) in rows.iter().enumerate() {
        let part = if n == 0 { &mut a } else { &mut b };
        part.add(of_ticket).unwrap();
    }
    a.merge(b).unwrap();
    assert_eq!(a.report().unwrap(), report);
    for of_ticket in &rows {
        a.retract(of_ticket).unwrap();
    }
    assert_eq!(a, Report::standard().tally(now));
}

/// 40 business hours from Monday 09:00 on: used up on Friday at closing time, and passed just after the next opening.
#[test]
fn attainment_counts_what_runs_past_its_target() {
    let met = rows(&[("2026-03-06T17:00:00Z", RESOLVED)]);
    let running = rows(&[]);
    let cancelled = rows(&[(
        "2026-03-20T10:00:00Z",
        Status::Closed(CloseReason::Cancelled),
    )]);
    let attainment = |now: &str, metric| {
        let report = Report::standard()
            .over([&met, &running, &cancelled], at(now))
            .unwrap();
        report.attainment_of(metric).unwrap().clone()
    };
    let total = |now| attainment(now, Metric::TotalResolution);
    assert_eq!(
        total("2026-03-09T09:00:00Z").ratio().to_string(),
        "100.0 % (1 of 1; left out: 2 undecided)"
    );
    let late = total("2026-03-09T09:00:00.000001Z");
    assert_eq!(
        late.ratio().to_string(),
        "50.0 % (1 of 2; left out: 1 undecided)"
    );
    let end = total("2026-03-20T10:00:00Z");
    assert_eq!(
        end.ratio().to_string(),
        "50.0 % (1 of 2; left out: 1 cancelled)"
    );
    assert_eq!((end.outside_after_breach(), end.met_after_breach()), (1, 0));
    let answer = attainment("2026-03-20T10:00:00Z", Metric::FirstResponse);
    assert_eq!(
        answer.ratio().excluded().total() + answer.ratio().denominator(),
        3
    );

    let mut swapped = met.clone();
    swapped[0]
        .own
        .as_mut()
        .unwrap()
        .clocks
        .iter_mut()
        .for_each(|clock| clock.ever_breached = true);
    let report = Report::standard()
        .over([swapped], at("2026-03-20T10:00:00Z"))
        .unwrap();
    let total = report.attainment_of(Metric::TotalResolution).unwrap();
    assert_eq!(total.ratio().to_string(), "100.0 % (1 of 1)");
    assert_eq!(
        (
            total.met_after_breach(),
            total.never_breached().to_string().as_str()
        ),
        (1, "0.0 % (0 of 1)")
    );
    assert!(
        report
            .to_string()
            .contains("1 met after a target had been passed")
    );
}

/// A day is half-open: what happens at a midnight belongs to the day that begins there, and a window of days holds no other day.
#[test]
fn what_happens_at_midnight_belongs_to_the_new_day() {
    let rows = rows(&[("2026-03-05T00:00:00Z", RESOLVED)]);
    let counts = |backlog: &helpdesk::kpi::Backlog| -> Vec<_> {
        let day =
            |day: &helpdesk::kpi::BacklogDay| (day.date.to_string(), day.count, day.flow.resolved);
        backlog.days().iter().map(day).collect()
    };
    let day = |date: &str, count, resolved| (date.to_owned(), count, resolved);
    let series = backlog_by_day(&rows, &Zone::utc(), at("2026-03-05T12:00:00Z")).unwrap();
    let days = counts(&series);
    assert_eq!(
        days[days.len() - 2..],
        [day("2026-03-04", 1, 0), day("2026-03-05", 0, 1)]
    );

    let of_window = Report::standard()
        .between(at("2026-03-04T00:00:00Z"), at("2026-03-05T00:00:00Z"))
        .over([&rows], at("2026-03-20T00:00:00Z"))
        .unwrap();
    assert_eq!(counts(of_window.backlog()), [day("2026-03-04", 1, 0)]);
}

/// Days are those of the report's zone: in Tokyo the evening is tomorrow already.
#[test]
fn days_are_those_of_the_zone() {
    let rows = rows(&[("2026-03-04T20:00:00Z", RESOLVED)]);
    let solved_on = |report: Report| {
        let report = report.over([&rows], at("2026-03-07T00:00:00Z")).unwrap();
        let days = report.backlog().days().iter();
        let solved: Vec<String> = days
            .filter(|day| day.flow.resolved > 0)
            .map(|day| day.date.to_string())
            .collect();
        solved
    };
    assert_eq!(solved_on(Report::standard()), ["2026-03-04"]);
    let tokyo = Report::standard().zone(Zone::parse("Asia/Tokyo").unwrap());
    assert_eq!(solved_on(tokyo), ["2026-03-05"]);
}
