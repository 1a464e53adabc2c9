//! The laws of the KPI reports, and figures worked out by hand.

mod kpi_common;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Zone;
use helpdesk::id::TicketNumber;
use helpdesk::kpi::{
    Exclusion, Fact, FirstResponse, KpiReport, Lengths, Report, Summary, Tally, backlog_at,
    backlog_by_day, by_ticket,
};
use helpdesk::ticket::{self, CloseReason, Metric, Open, Status, Ticket};
use helpdesk::{Actor, Call, Command, Rulebook};
use kpi_common::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn tallies_merge(a in stories(), b in stories(), c in stories(), report in reports(), now in 0..60 * DAY) {
        let now = after(now);
        let [a, b, c] = [a, b, c].map(|stories| tally(&report, &tickets(&stories), now));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&a, &report.tally(now)), a);
    }

    #[test]
    fn any_partition_gives_the_same_report(
        stories in stories(), parts in prop::collection::vec(0..3usize, 12), report in reports(), now in 0..60 * DAY,
    ) {
        let now = after(now);
        let tickets = tickets(&stories);
        let mut tallies = vec![report.tally(now); 3];
        for (ticket, part) in tickets.iter().zip(parts) {
            tallies[part].add(ticket).unwrap();
        }
        let sum = tallies.iter().skip(1).fold(tallies[0].clone(), |sum, part| merged(&sum, part));
        let whole = report.over(&tickets, now).unwrap();
        prop_assert_eq!(sum.report().unwrap(), whole.clone());
        prop_assert_eq!(report.over(by_ticket(&tickets.concat()), now).unwrap(), whole);
        let travelled: Tally = serde_json::from_str(&serde_json::to_string(&sum).unwrap()).unwrap();
        prop_assert_eq!(travelled.report().unwrap(), sum.report().unwrap());
        prop_assert_eq!(travelled, sum);
    }

    /// Whatever is taken back, before or after it was added and wherever, leaves no trace.
    #[test]
    fn taking_back_undoes_adding(stay in stories(), go in stories(), report in reports(), now in 0..60 * DAY) {
        let now = after(now);
        let (stay, go) = (tickets(&stay), tickets(&go));
        let mut here = tally(&report, &go, now);
        let mut there = tally(&report, &stay, now);
        for ticket in &go {
            there.retract(ticket).unwrap();
        }
        prop_assert_eq!(&merged(&here, &there), &tally(&report, &stay, now));
        for ticket in go.iter().rev() {
            here.retract(ticket).unwrap();
        }
        prop_assert_eq!(here, report.tally(now));
    }

    #[test]
    fn ratios_are_parts_and_sets_add_up(stories in stories(), report in reports(), now in 0..60 * DAY) {
        let tickets = tickets(&stories);
        let r = report.over(&tickets, after(now)).unwrap();
        let ratios = r.attainment().iter().map(|one| one.ratio().clone());
        let ratios = ratios.chain([r.resolution_rate(), r.reopen_rate(), r.resolutions_reopened()].map(Clone::clone));
        for ratio in ratios {
            prop_assert!(ratio.numerator() <= ratio.denominator());
            prop_assert_eq!(ratio.fraction().is_none(), ratio.denominator() == 0);
        }
        prop_assert_eq!(r.resolution_rate().denominator(), r.volume());
        prop_assert_eq!(r.reopen_rate().denominator() + r.reopen_rate().excluded().total(), r.resolved());
        prop_assert_eq!(r.resolutions_reopened().denominator() + r.resolutions_reopened().excluded().total(), r.resolutions());
        let answered = r.first_response().calendar.map_or(0, |summary| summary.n());
        prop_assert_eq!(answered + r.first_response().excluded.total(), r.volume());
        for one in r.attainment() {
            prop_assert_eq!(one.ratio().denominator() + one.ratio().excluded().total(), r.volume());
            prop_assert!(one.never_breached().numerator() <= one.ratio().numerator());
        }
        prop_assert!(r.volume() <= r.tickets() && r.resolved() <= r.resolutions() && r.resolved() <= r.tickets());
        prop_assert!(r.to_string().starts_with("Support report as of "));
    }

    /// The whole report once more, the slow way: every figure from its definition, over all rows.
    #[test]
    fn figures_are_those_of_their_definitions(stories in stories(), a in 0..60 * DAY, b in 0..60 * DAY, now in 0..60 * DAY) {
        let (from, to, now) = (after(a), after(b), after(now));
        let tickets = tickets(&stories);
        let report = Report::standard().between(from, to).over(&tickets, now).unwrap();
        naive(&tickets, from, to, now, &report)?;
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

    /// backlog(t2) = backlog(t1) + entered - left, over every stretch of days; each entry and exit has one cause.
    #[test]
    fn backlog_balances(stories in stories(), now in 0..80 * DAY) {
        let rows = tickets(&stories).concat();
        let backlog = backlog_by_day(&rows, &Zone::utc(), after(now)).unwrap();
        let mut before = 0i64;
        for day in backlog.days() {
            prop_assert_eq!(day.count as i64, before + day.flow.entered() - day.flow.left());
            before = day.count as i64;
        }
        prop_assert_eq!(before, backlog.now() as i64);
        let happened = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= after(now));
        let entries = rows.iter().filter(|row| happened(Some(row.started_at))).count() as i64;
        let exits = rows.iter().filter(|row| happened(row.left_at)).count() as i64;
        prop_assert_eq!(backlog.days().iter().map(|day| day.flow.entered()).sum::<i64>(), entries);
        prop_assert_eq!(backlog.days().iter().map(|day| day.flow.left()).sum::<i64>(), exits);
    }

    /// Once the time for reopening has passed since its end, a period does not change any more.
    #[test]
    fn a_closed_period_is_final(stories in stories(), length in 0..30 * DAY, later in 0..30 * DAY) {
        let (from, to) = (after(0), after(length));
        let tickets = tickets(&stories);
        let report = Report::standard().between(from, to);
        let early = report.over(&tickets, to + TimeDelta::days(7)).unwrap();
        let late = report.over(&tickets, to + TimeDelta::days(7) + TimeDelta::microseconds(later)).unwrap();
        prop_assert_eq!(early.reopen_rate(), late.reopen_rate());
        prop_assert_eq!(early.resolutions_reopened(), late.resolutions_reopened());
        prop_assert_eq!(early.reopen_rate().excluded().total(), 0);
    }
}

fn naive(
    tickets: &[Vec<Fact>],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    report: &KpiReport,
) -> Result<(), TestCaseError> {
    let within = |at: DateTime<Utc>| from <= at && at < to;
    let (mut first_response, mut first, mut total) = (vec![], vec![], vec![]);
    let (mut volume, mut resolved, mut reopened, mut mature, mut standing) = (0, 0, 0, 0, 0);
    for rows in tickets {
        let created = rows[0].created_at;
        let mut entries: Vec<(usize, DateTime<Utc>)> = vec![]; // every entry into Resolved, by cycle
        for (i, row) in rows.iter().enumerate() {
            entries.extend(
                row.first_resolved_at
                    .into_iter()
                    .chain(row.resolved_at)
                    .filter(|at| *at <= now)
                    .map(|at| (i, at)),
            );
        }
        let length = |at: DateTime<Utc>| (at - created).num_microseconds().unwrap();
        first.extend(
            entries
                .first()
                .filter(|(_, at)| within(*at))
                .map(|(_, at)| length(*at)),
        );
        total.extend(
            entries
                .last()
                .filter(|(_, at)| within(*at))
                .map(|(_, at)| length(*at)),
        );
        let ends = |(i, at): &(usize, DateTime<Utc>)| {
            !entries.iter().any(|(j, later)| j == i && later > at)
        };
        let resolutions: Vec<_> = entries
            .iter()
            .filter(|entry| ends(entry) && within(entry.1))
            .collect();
        resolved += u64::from(!resolutions.is_empty());
        let old: Vec<_> = resolutions
            .iter()
            .filter(|(_, at)| now - *at >= TimeDelta::days(7))
            .collect();
        mature += u64::from(!old.is_empty());
        let fails = old.iter().any(|(i, at)| {
            rows[*i]
                .reopened_at
                .is_some_and(|re| re <= now && re - *at <= TimeDelta::days(7))
        });
        reopened += u64::from(fails);
        if within(created) && created <= now {
            volume += 1;
            let last = rows.iter().rposition(|row| row.started_at <= now).unwrap();
            standing += u64::from(entries.iter().any(|(i, _)| *i == last));
            match rows[0].own.as_ref().unwrap().first_response {
                FirstResponse::Answered { after, at, .. } if at <= now => {
                    first_response.push(after.calendar_us)
                }
                _ => {}
            }
        }
    }
    prop_assert_eq!((report.volume(), report.resolved()), (volume, resolved));
    prop_assert_eq!(
        (
            report.resolution_rate().numerator(),
            report.resolution_rate().denominator()
        ),
        (standing, volume)
    );
    prop_assert_eq!(
        (
            report.reopen_rate().numerator(),
            report.reopen_rate().denominator()
        ),
        (reopened, mature)
    );
    prop_assert_eq!(
        report.first_response().calendar,
        Summary::of(first_response)
    );
    prop_assert_eq!(report.first_resolution().calendar, Summary::of(first));
    prop_assert_eq!(report.total_resolution().calendar, Summary::of(total));
    Ok(())
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
        .replace("\"version\":[3,", "\"version\":[1,");
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
