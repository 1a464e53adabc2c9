//! Tables for people.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{DateTime, Utc};
use comfy_table::{Cell, CellAlignment, Table, presets};
use helpdesk::TenantId;
use helpdesk::kpi::{Backlog, Durations, Fact, KpiReport, Ratio, Summary};
use helpdesk::sla::{State, Verdict};
use helpdesk::ticket::{Delivery, Event, Metric, Priority};

use crate::Failure;
use crate::args::Options;
use crate::figures::{Figures, Lengthy, ThreeWays};
use crate::simulate::Simulated;

pub(crate) fn simulated(
    out: &mut dyn Write,
    run: &Simulated,
    report: &KpiReport,
    tickets: &[Vec<Fact>],
) -> Result<(), Failure> {
    let zone = &report.scope().zone;
    let (from, until) = (zone.local(run.from).date(), zone.local(run.until).date());
    writeln!(out, "A simulated quarter, {from} to {until}")?;
    let refused: u64 = run.refused.values().sum();
    writeln!(
        out,
        "{} commands ({refused} refused), {} sweeps, {} messages delivered\n",
        run.commands, run.sweeps, run.delivered
    )?;

    let mut overview = table(["", "", "of", "left out"]);
    overview.add_row(cells(["tickets", &report.volume().to_string(), "", ""]));
    overview.add_row(cells([
        "resolutions",
        &report.resolutions().to_string(),
        "",
        "",
    ]));
    for (reason, n) in report.closed_unresolved() {
        overview.add_row(cells([
            &format!("closed unresolved: {reason}"),
            &n.to_string(),
            "",
            "",
        ]));
    }
    overview.add_row(cells([
        "in the backlog now",
        &report.backlog().now().to_string(),
        "",
        "",
    ]));
    for (what, ratio) in [
        ("resolution rate", report.resolution_rate()),
        ("reopen rate", report.reopen_rate()),
        ("resolutions reopened", report.resolutions_reopened()),
    ] {
        overview.add_row(rate(what, ratio));
    }
    writeln!(out, "{overview}\n")?;

    let mut times = table(["time", "n", "mean", "p50", "p90", "p95", "p99", "max"]);
    let three = [
        ("first response", report.first_response()),
        ("first resolution", report.first_resolution()),
        ("total resolution", report.total_resolution()),
    ];
    for (what, durations) in three {
        let Durations {
            calendar, business, ..
        } = durations;
        times.add_row(summary(what, calendar.as_ref()));
        times.add_row(summary("  in business time", business.as_ref()));
    }
    writeln!(out, "{times}\n")?;
    writeln!(out, "{}\n", attainment(tickets, run.until))?;
    writeln!(out, "{}\n", escalations(run)?)?;
    backlog(out, report.backlog())
}

/// Targets kept and missed, by priority and clock.
pub(crate) fn attainment(tickets: &[Vec<Fact>], as_of: DateTime<Utc>) -> Table {
    let mut counts: BTreeMap<(std::cmp::Reverse<Priority>, Metric), [u64; 5]> = BTreeMap::new();
    for row in tickets.iter().flatten() {
        for clock in row.own.iter().flat_map(|own| &own.clocks) {
            let count = counts
                .entry((std::cmp::Reverse(row.priority), clock.clock.metric))
                .or_default();
            count[match (clock.verdict_at(as_of), clock.state) {
                (Verdict::Met, _) => 0,
                (Verdict::Breached, _) => 1,
                (Verdict::Unanswered, _) => 2,
                (Verdict::Open, State::Cancelled) => 3,
                (Verdict::Open, _) => 4,
            }] += 1;
        }
    }
    let mut table = table([
        "priority",
        "target for",
        "met",
        "breached",
        "attainment",
        "unanswered",
        "cancelled",
        "open",
    ]);
    for ((priority, metric), [met, breached, unanswered, cancelled, open]) in counts {
        let [priority, metric] = [priority.0.to_string(), metric.to_string().replace('_', " ")];
        let numbers = [met, breached, unanswered, cancelled, open].map(|n| n.to_string());
        let [met_text, breached_text, unanswered, cancelled, open] = &numbers;
        let attained = percent(met, met + breached);
        table.add_row(cells([
            &priority,
            &metric,
            met_text,
            breached_text,
            &attained,
            unanswered,
            cancelled,
            open,
        ]));
    }
    table
}

/// The escalations that fired, by rule and level.
fn escalations(run: &Simulated) -> Result<Table, Failure> {
    let tenant = run.desk.tenant(TenantId::SINGLE);
    let mut counts: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    let mut breaches: BTreeMap<String, u64> = BTreeMap::new();
    for ticket in &run.tickets {
        for recorded in tenant.history(*ticket)? {
            match recorded.event {
                Event::Escalated(fired) => {
                    let key = (fired.rule.to_string(), fired.level.to_string());
                    counts.entry(key).or_default()[match fired.delivery {
                        Delivery::Delivered => 0,
                        Delivery::HeldBack => 1,
                        Delivery::Stale => 2,
                    }] += 1;
                }
                Event::Breached { clock, .. } => {
                    *breaches
                        .entry(clock.metric.to_string().replace('_', " "))
                        .or_default() += 1;
                }
                _ => {}
            }
        }
    }
    let mut table = table(["fired", "", "times", "delivered", "held back", "stale"]);
    for ((rule, level), numbers) in counts {
        let [delivered, held_back, stale] = numbers.map(|n| n.to_string());
        let all = numbers.iter().sum::<u64>().to_string();
        table.add_row(cells([&rule, &level, &all, &delivered, &held_back, &stale]));
    }
    for (metric, n) in breaches {
        table.add_row(cells([
            "target passed",
            &metric,
            &n.to_string(),
            "",
            "",
            "",
        ]));
    }
    Ok(table)
}

/// The backlog at the end of each week, and its peak.
fn backlog(out: &mut dyn Write, backlog: &Backlog) -> Result<(), Failure> {
    let Some((peak, most)) = backlog.peak() else {
        return Ok(());
    };
    writeln!(
        out,
        "Backlog: {} now, {most} at its peak at the end of {peak}",
        backlog.now()
    )?;
    for day in backlog.days().iter().skip(6).step_by(7) {
        let bar = "#".repeat(usize::try_from(day.count * 50 / most.max(1))?);
        writeln!(out, "  {} {:>6}  {bar}", day.date, day.count)?;
    }
    Ok(())
}

pub(crate) fn recorded(
    out: &mut dyn Write,
    figures: &Figures,
    options: &Options,
) -> Result<(), Failure> {
    writeln!(
        out,
        "{} tickets, {} rows of the log",
        figures.tickets, figures.events
    )?;
    writeln!(
        out,
        "Business time: {} in {}\n",
        options.hours, options.zone
    )?;

    let mut overview = table(["", "", "of", ""]);
    let [resolved, reopened, all] = [
        figures.resolved_tickets,
        figures.reopen_rate.num,
        figures.tickets,
    ]
    .map(|n| n.to_string());
    let share = percent(figures.resolved_tickets, figures.tickets);
    overview.add_row(cells(["resolved", &resolved, &all, &share]));
    let share = percent(figures.reopen_rate.num, figures.reopen_rate.den);
    overview.add_row(cells(["reopened", &reopened, &resolved, &share]));
    overview.add_row(cells([
        "reopenings",
        &figures.reopen_events.to_string(),
        "",
        "",
    ]));
    for (kind, n) in figures.anomalies.iter() {
        overview.add_row(cells([&format!("anomaly: {kind}"), &n.to_string(), "", ""]));
    }
    writeln!(out, "{overview}\n")?;

    let mut times = table([
        "creation to",
        "n",
        "mean",
        "p50",
        "p90",
        "p95",
        "p99",
        "max",
    ]);
    for (
        what,
        ThreeWays {
            calendar,
            business,
            business_pausing,
        },
    ) in [
        ("last resolution", &figures.resolution),
        ("first resolution", &figures.first_resolution),
    ] {
        times.add_row(lengthy(what, calendar));
        times.add_row(lengthy("  in business time", business));
        times.add_row(lengthy("  of work alone", business_pausing));
    }
    writeln!(out, "{times}\n")?;

    let mut sla = table(["priority", "target", "met", "breached", "attainment"]);
    for (priority, kept) in &figures.sla {
        let target = priority
            .parse()
            .ok()
            .and_then(|number: u8| options.targets.0.get(&number));
        let target = target.map_or(String::new(), ToString::to_string);
        let [met, breached] = [kept.met, kept.breached].map(|n| n.to_string());
        let attained = percent(kept.met, kept.met + kept.breached);
        sla.add_row(cells([priority, &target, &met, &breached, &attained]));
    }
    writeln!(out, "{sla}\n")?;

    let mut groups: Vec<_> = figures.group_resolution.iter().collect();
    groups.sort_by_key(|(name, group)| (std::cmp::Reverse(group.n), *name));
    let mut busiest = table(["busiest groups", "n", "mean", "p50"]);
    for (name, group) in groups.iter().take(12) {
        let mean = length((group.mean_s * 1e6) as i64);
        busiest.add_row(cells([
            *name,
            &group.n.to_string(),
            &mean,
            &length(group.p50_s * 1_000_000),
        ]));
    }
    writeln!(out, "{busiest}\n")?;

    if let Some(peak) = &figures.backlog_peak {
        let most = figures.backlog.get(peak).copied().unwrap_or(0);
        writeln!(out, "Backlog: {most} at its peak at the end of {peak}")?;
    }
    Ok(())
}

pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_header(header);
    table
}

/// A row: texts to the left, numbers and lengths to the right.
pub(crate) fn cells<const N: usize>(texts: [&str; N]) -> Vec<Cell> {
    let starts_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let place = |text: &str| {
        if starts_with_digit(text) {
            CellAlignment::Right
        } else {
            CellAlignment::Left
        }
    };
    texts
        .iter()
        .map(|text| Cell::new(text).set_alignment(place(text)))
        .collect()
}

fn rate(what: &str, ratio: &Ratio) -> Vec<Cell> {
    let left_out = if ratio.excluded().total() > 0 {
        ratio.excluded().to_string()
    } else {
        String::new()
    };
    let of = format!("{} of {}", ratio.numerator(), ratio.denominator());
    cells([what, &ratio.percent(), &of, &left_out])
}

fn summary(what: &str, summary: Option<&Summary>) -> Vec<Cell> {
    let Some(s) = summary else {
        return cells([what, "0", "", "", "", "", "", ""]);
    };
    let [mean, p50, p90, p95, p99, max] = [
        s.mean_us() as i64,
        s.p50_us(),
        s.p90_us(),
        s.p95_us(),
        s.p99_us(),
        s.max_us(),
    ]
    .map(length);
    cells([
        what,
        &s.n().to_string(),
        &mean,
        &p50,
        &p90,
        &p95,
        &p99,
        &max,
    ])
}

pub(crate) fn lengthy(what: &str, l: &Lengthy) -> Vec<Cell> {
    let mean = i64::try_from(l.n).ok().and_then(|n| l.sum_s.checked_div(n));
    let texts = [mean, l.p50_s, l.p90_s, l.p95_s, l.p99_s, l.max_s];
    let [mean, p50, p90, p95, p99, max] =
        texts.map(|s| s.map_or(String::new(), |s| length(s * 1_000_000)));
    cells([what, &l.n.to_string(), &mean, &p50, &p90, &p95, &p99, &max])
}

pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        "undefined".to_owned()
    } else {
        format!("{:.1} %", part as f64 * 100.0 / whole as f64)
    }
}

/// Hours and minutes, or minutes and seconds.
pub(crate) fn length(us: i64) -> String {
    let seconds = us / 1_000_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}
