//! A grouped report, one line for each group.

use std::fmt;

use crate::kpi::figures::{Bands, Durations, Figure, KpiReport};
use crate::kpi::group::GroupReport;
use crate::kpi::measure::Kpi;

use super::names::Names;
use super::report::{heading, rounded_mean};
use super::sheet::{Row, Section, Sheet};
use super::words::{grouped, length};

/// What is shown if nothing is said.
const USUAL: [Kpi; 7] = [
    Kpi::Volume,
    Kpi::Resolved,
    Kpi::FirstResponseTime,
    Kpi::TotalResolutionTime,
    Kpi::ReopenRate,
    Kpi::FirstContactResolution,
    Kpi::SlaAttainment,
];

impl GroupReport {
    /// The groups in columns, for a terminal: some usual figures of each, or those of `kpis` if there are any.
    pub fn to_text(&self, kpis: &[Kpi], names: &Names) -> String {
        let mut text = String::new();
        let _ = sheet(self, kpis, names).plain(&mut text); // writing to a string does not fail
        text
    }

    /// The same in Markdown.
    pub fn to_markdown(&self, kpis: &[Kpi], names: &Names) -> String {
        let mut text = String::new();
        let _ = sheet(self, kpis, names).markdown(&mut text);
        text
    }
}

impl fmt::Display for GroupReport {
    /// The usual figures of each group, with ids as names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sheet(self, &[], &Names::default()).plain(f)
    }
}

/// One table, with what must be known to read it.
pub(crate) fn sheet(report: &GroupReport, kpis: &[Kpi], names: &Names) -> Sheet {
    let kpis = if kpis.is_empty() { &USUAL } else { kpis };
    let dimensions: Vec<_> = report
        .dimensions()
        .iter()
        .map(ToString::to_string)
        .collect();
    let by = dimensions.join(", ");
    let (title, mut about) = heading(report.total(), "Support report");
    about.push(format!(
        "By {by}, in the order of the names. Marked with *: over fewer than {} members",
        grouped(report.minimum())
    ));
    if report.overlaps() {
        about.push(String::from(
            "Tags overlap: the groups do not add up to the total",
        ));
    }
    let mut rows: Vec<_> = report
        .groups()
        .iter()
        .map(|group| {
            let labels: Vec<_> = group.labels().iter().map(|label| names.of(label)).collect();
            let cells = kpis.iter().flat_map(|kpi| {
                let is_small = group.is_small_for(*kpi) && !is_count(*kpi);
                let mut cells = cells(group.report(), *kpi);
                if let (true, Some(first)) = (is_small, cells.first_mut()) {
                    first.push_str(" *");
                }
                cells
            });
            (labels, cells.collect::<Vec<_>>())
        })
        .collect();
    // By name where there are names; periods, priorities and hours keep the order that they have.
    if report
        .dimensions()
        .first()
        .is_some_and(|one| one.is_named())
    {
        rows.sort_by(|(one, _), (other, _)| one.first().cmp(&other.first()));
    }
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(labels, cells)| Row::new(&labels.join(" / "), cells, String::new()))
        .collect();
    let total = kpis.iter().flat_map(|kpi| cells(report.total(), *kpi));
    rows.push(Row::new("total", total.collect::<Vec<_>>(), String::new()));
    let mut section = Section::new("Groups", rows);
    section.header = kpis.iter().flat_map(|kpi| header(*kpi)).collect();
    Sheet {
        title,
        about,
        sections: vec![section],
    }
}

fn is_count(kpi: Kpi) -> bool {
    matches!(kpi, Kpi::Volume | Kpi::Resolved | Kpi::Backlog)
}

fn is_length(kpi: Kpi) -> bool {
    kpi.definition().unit == crate::kpi::Unit::Duration
}

fn header(kpi: Kpi) -> Vec<String> {
    let title = kpi.definition().title;
    if is_length(kpi) {
        vec![
            format!("{title}: mean"),
            String::from("p50"),
            String::from("p90"),
        ]
    } else {
        vec![title.to_owned()]
    }
}

fn cells(report: &KpiReport, kpi: Kpi) -> Vec<String> {
    let none = || String::from("-");
    let one = match report.figure(kpi) {
        Figure::Durations(durations) => return three(durations),
        Figure::Count(n) => grouped(n),
        Figure::Ratio(ratio) => ratio.percent(),
        Figure::Marks(marks) => marks.positive(&Bands::Middle).percent(),
        Figure::Promoters(net) => net
            .points()
            .map_or_else(none, |points| format!("{points:+}")),
        Figure::Amounts(amounts) => match amounts.mean() {
            (_, 0) => none(),
            (sum, n) => format!("{:.2}", sum as f64 / n as f64),
        },
        Figure::Attainment(all) => crate::kpi::figures::all_clocks(all).percent(),
        Figure::Outside => none(),
    };
    vec![one]
}

fn three(durations: &Durations) -> Vec<String> {
    match durations.calendar {
        Some(s) => [rounded_mean(&s), s.p50_us(), s.p90_us()]
            .map(length)
            .to_vec(),
        None => ["-"; 3].map(str::to_owned).to_vec(),
    }
}
