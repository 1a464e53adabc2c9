//! The report over everything, in tables.

use std::fmt;

use crate::kpi::backlog::{Backlog, BacklogDay};
use crate::kpi::figures::{Amounts, Bands, Durations, Figure, KpiReport, Marks};
use crate::kpi::measure::{Definition, Kpi};
use crate::kpi::quantile::Summary;
use crate::kpi::ratio::Ratio;
use crate::sla::Measure;

use super::sheet::{Row, Section, Sheet};
use super::words::{about, clock, grouped, length, moment};

/// The longest series of days that is shown; of a longer one, its end.
const DAYS_SHOWN: usize = 31;

/// The longest bar, in characters.
const BAR: u64 = 30;

/// Shown whether or not anything was measured.
const ALWAYS: [Kpi; 3] = [
    Kpi::FirstResponseTime,
    Kpi::FirstResolutionTime,
    Kpi::TotalResolutionTime,
];

impl fmt::Display for KpiReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sheet(self).plain(f)
    }
}

impl KpiReport {
    /// The report in Markdown, with everything escaped that a reader of Markdown or HTML would act on.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let _ = sheet(self).markdown(&mut text); // writing to a string does not fail
        text
    }
}

fn sheet(report: &KpiReport) -> Sheet {
    let mut sheet = figures(report);
    sheet.sections.extend(days(report.backlog()));
    sheet
}

/// All tables but the one of the backlog's days.
pub(crate) fn figures(report: &KpiReport) -> Sheet {
    let mut sections = vec![tickets(report), rates(report), times(report)];
    sections.extend(per_ticket(report));
    sections.extend(targets(report));
    sections.extend(marks(report));
    let (title, about) = heading(report, "Support report");
    Sheet {
        title,
        about,
        sections,
    }
}

pub(super) fn heading(report: &KpiReport, what: &str) -> (String, Vec<String>) {
    let scope = report.scope();
    let title = format!("{what} as of {}", moment(scope.as_of, &scope.zone));
    let about = about(scope.window, scope.cohort, &scope.zone);
    (title, vec![about])
}

fn tickets(report: &KpiReport) -> Section {
    let resolutions = format!("in {} resolutions", grouped(report.resolutions()));
    let peak = report.backlog().peak();
    let peak = peak.map_or(String::new(), |(date, n)| {
        format!("peak {} on {date}", grouped(n))
    });
    let closed = report.closed_unresolved();
    let reasons: Vec<_> = closed
        .iter()
        .map(|(reason, n)| format!("{} {reason}", grouped(*n)))
        .collect();
    let mut rows = vec![
        Row::new("created", [grouped(report.volume())], String::new()),
        Row::new("resolved", [grouped(report.resolved())], resolutions),
    ];
    if !closed.is_empty() {
        let all = closed.values().fold(0u64, |sum, n| sum.saturating_add(*n));
        rows.push(Row::new(
            "closed unresolved",
            [grouped(all)],
            reasons.join(", "),
        ));
    }
    rows.push(Row::new(
        "backlog now",
        [grouped(report.backlog().now())],
        peak,
    ));
    Section::new("Tickets", rows)
}

fn rates(report: &KpiReport) -> Section {
    let mut reopen = rate(Kpi::ReopenRate, report.reopen_rate());
    if report.immature_reopened() > 0 {
        let n = grouped(report.immature_reopened());
        reopen
            .note
            .push_str(&format!(" ({n} of them reopened already)"));
    }
    let mut rows = vec![
        rate(Kpi::ResolutionRate, report.resolution_rate()),
        reopen,
        rate(Kpi::ResolutionsReopened, report.resolutions_reopened()),
        rate(
            Kpi::FirstContactResolution,
            report.first_contact_resolution(),
        ),
        rate(Kpi::OneTouch, report.one_touch()),
    ];
    if report.estimates_kept().denominator() > 0 {
        rows.push(rate(Kpi::EtaKept, report.estimates_kept()));
    }
    Section::new("Rates", rows)
}

fn times(report: &KpiReport) -> Section {
    let mut rows = Vec::new();
    for kpi in Kpi::ALL {
        if let Figure::Durations(durations) = report.figure(kpi)
            && (durations.calendar.is_some() || ALWAYS.contains(&kpi))
        {
            rows.extend(lengths(kpi.definition(), durations));
        }
    }
    let header = ["n", "mean", "p50", "p90", "p95", "p99", "max"];
    Section::new("Times", rows).with_header(header)
}

fn per_ticket(report: &KpiReport) -> Option<Section> {
    let row = |kpi: Kpi, amounts: &Amounts| {
        let (sum, n) = amounts.mean();
        let at = |percent| {
            let value = amounts.percentile(percent);
            value.map_or_else(|| "-".to_owned(), grouped)
        };
        let mean = if n > 0 {
            format!("{:.2}", sum as f64 / n as f64)
        } else {
            "-".to_owned()
        };
        let once = format!("{} at least once", amounts.at_least_once().percent());
        let cells = [grouped(n), mean, at(50), at(90), at(100)];
        Row::new(kpi.definition().title, cells, once)
    };
    let rows: Vec<_> = Kpi::ALL
        .into_iter()
        .filter_map(|kpi| match report.figure(kpi) {
            Figure::Amounts(amounts) if amounts.n() > 0 => Some(row(kpi, amounts)),
            _ => None,
        })
        .collect();
    let header = ["n", "mean", "p50", "p90", "max"];
    (!rows.is_empty()).then(|| Section::new("For each resolved ticket", rows).with_header(header))
}

/// Targets are kept or not by their clocks, which pause where figures of the same name count on.
fn targets(report: &KpiReport) -> Option<Section> {
    let rows: Vec<_> = report
        .attainment()
        .iter()
        .map(|one| {
            let mut row = ratio(&clock(one.clock()), one.ratio());
            row.say(one.met_after_breach(), "met after a target had been passed");
            row.say(
                one.outside_after_breach(),
                "left out after a target had been passed",
            );
            row
        })
        .collect();
    (!rows.is_empty()).then(|| Section::new("Targets kept", rows))
}

fn marks(report: &KpiReport) -> Option<Section> {
    let share = |kpi: Kpi, marks: &Marks| {
        let decided = marks.positive_of_decided(&Bands::Middle);
        let mut note = format!("{} without neutral marks", decided.percent());
        for one in marks.scales() {
            let (sum, n) = one.mean();
            let mean = sum as f64 / n.max(1) as f64;
            note.push_str(&format!("; mean {mean:.2} on {}", one.scale));
        }
        let positive = marks.positive(&Bands::Middle);
        let mut row = ratio(kpi.definition().title, &positive);
        row.note = note;
        row
    };
    let mut rows = Vec::new();
    for (kpi, marks) in [(Kpi::Csat, report.csat()), (Kpi::Ces, report.ces())] {
        if marks.n() > 0 {
            rows.push(share(kpi, marks));
        }
    }
    let net = report.nps().net_promoters();
    if let Some(points) = net.points() {
        let counts = format!("of {}", grouped(net.n()));
        let note = format!(
            "{} promoters, {} passives, {} detractors",
            grouped(net.promoters),
            grouped(net.passives),
            grouped(net.detractors)
        );
        let title = Kpi::Nps.definition().title;
        rows.push(Row::new(title, [format!("{points:+}"), counts], note));
    }
    (!rows.is_empty()).then(|| Section::new("What customers say", rows))
}

fn rate(kpi: Kpi, value: &Ratio) -> Row {
    ratio(kpi.definition().title, value)
}

pub(super) fn ratio(label: &str, value: &Ratio) -> Row {
    let (part, whole) = (grouped(value.numerator()), grouped(value.denominator()));
    let left_out = if value.excluded().total() > 0 {
        format!("left out: {}", value.excluded())
    } else {
        String::new()
    };
    Row::new(
        label,
        [value.percent(), format!("{part} of {whole}")],
        left_out,
    )
}

fn lengths(definition: &Definition, durations: &Durations) -> Vec<Row> {
    let line = |label: &str, summary: Option<&Summary>| {
        let mut cells = vec![grouped(summary.map_or(0, |summary| summary.n()))];
        let lengths = summary.map(|s| {
            [
                rounded_mean(s),
                s.p50_us(),
                s.p90_us(),
                s.p95_us(),
                s.p99_us(),
                s.max_us(),
            ]
        });
        match lengths {
            Some(lengths) => cells.extend(lengths.map(length)),
            None => cells.extend(["-"; 6].map(str::to_owned)),
        }
        Row::new(label, cells, String::new())
    };
    let mut rows = vec![line(definition.title, durations.calendar.as_ref())];
    if definition.measured_in.contains(&Measure::Business) {
        rows.push(line("  in business time", durations.business.as_ref()));
    }
    if durations.excluded.total() > 0 {
        let label = format!("  left out: {}", durations.excluded);
        rows.push(Row::new(&label, [], String::new()));
    }
    rows
}

pub(super) fn rounded_mean(summary: &Summary) -> i64 {
    let (sum, n) = summary.mean();
    sum.checked_div(i128::from(n))
        .and_then(|mean| i64::try_from(mean).ok())
        .unwrap_or(i64::MAX)
}

fn days(backlog: &Backlog) -> Option<Section> {
    let days = backlog.days();
    let hidden = days.len().saturating_sub(DAYS_SHOWN);
    let shown = days.get(hidden..).unwrap_or_default();
    if shown.is_empty() {
        return None;
    }
    let most = shown.iter().map(|day| day.count).max().unwrap_or(0).max(1);
    let row = |label: &str, day: &BacklogDay| {
        let long = u128::from(day.count) * u128::from(BAR) / u128::from(most);
        let bar = "#".repeat(usize::try_from(long).unwrap_or(0));
        let entered = format!("+{}", day.flow.entered());
        let left = format!("-{}", day.flow.left());
        Row::new(label, [grouped(day.count), entered, left], bar)
    };
    // Quiet days in a row are one line: on each of them nothing came and nothing went.
    let in_line = |before: &BacklogDay, day: &BacklogDay| {
        is_quiet(before) && is_quiet(day) && before.count == day.count
    };
    let rows = shown.chunk_by(in_line).filter_map(|days| {
        let (first, last) = (days.first()?, days.last()?);
        let date = |day: &BacklogDay| day.date.format("%Y-%m-%d %a").to_string();
        let label = match days.len() {
            1 => date(first),
            _ => format!("{} to {}", date(first), date(last)),
        };
        Some(row(&label, last))
    });
    let mut section = Section::new("Backlog at the end of each day", rows.collect());
    let n = grouped(u64::try_from(days.len()).unwrap_or(u64::MAX));
    section.remark = (hidden > 0).then(|| format!("(the last {DAYS_SHOWN} of {n} days)"));
    Some(section)
}

fn is_quiet(day: &BacklogDay) -> bool {
    day.flow.entered() == 0 && day.flow.left() == 0
}
