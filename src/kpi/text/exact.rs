//! The figures as CSV: every count and sum as it is, one line for each figure, for other programs.
//!
//! The columns: one for each dimension of a grouped report (`(total)` in the lines of the whole), then `kpi` (its name in code), `clock`
//! (of targets), `measure` (`calendar` or `business`, of lengths), `n`, `numerator`, `denominator`, `left_out`, `sum`, `p50`, `p90`, `p95`, `p99`,
//! `max`, `small`. Lengths are in microseconds. What does not apply or is undefined is empty, never 0.

use crate::kpi::figures::{Bands, Durations, Figure, KpiReport};
use crate::kpi::group::GroupReport;
use crate::kpi::measure::Kpi;
use crate::kpi::quantile::Summary;
use crate::kpi::ratio::Ratio;

use super::escape::{Formulas, csv_cell};
use super::names::Names;

const COLUMNS: [&str; 14] = [
    "kpi",
    "clock",
    "measure",
    "n",
    "numerator",
    "denominator",
    "left_out",
    "sum",
    "p50",
    "p90",
    "p95",
    "p99",
    "max",
    "small",
];

/// One line: the cells after the labels.
#[derive(Default)]
struct Line {
    kpi: String,
    clock: String,
    measure: &'static str,
    n: Option<u64>,
    ratio: Option<Ratio>,
    sum: Option<i128>,
    places: [Option<i64>; 5],
    left_out: Option<u64>,
}

impl KpiReport {
    /// Every figure as CSV (RFC 4180) with a header: one line for each, in microseconds and counts.
    pub fn to_csv(&self, formulas: Formulas) -> String {
        let mut text = row(COLUMNS.iter().map(|name| (*name).to_owned()), formulas);
        for line in lines(self) {
            text.push_str(&row(line.cells(false), formulas));
        }
        text
    }
}

impl GroupReport {
    /// Every figure of every group as CSV (RFC 4180) with a header: the labels, then the figure. Names are cells as others:
    /// `formulas` says what becomes of those that a spreadsheet would run.
    pub fn to_csv(&self, names: &Names, formulas: Formulas) -> String {
        let dimensions = self.dimensions().iter().map(ToString::to_string);
        let columns = COLUMNS.iter().map(|name| (*name).to_owned());
        let mut text = row(dimensions.chain(columns), formulas);
        for group in self.groups() {
            let labels: Vec<_> = group.labels().iter().map(|label| names.of(label)).collect();
            for line in lines(group.report()) {
                let is_small = line.n.is_some_and(|n| n < self.minimum());
                let cells = labels.iter().cloned().chain(line.cells(is_small));
                text.push_str(&row(cells, formulas));
            }
        }
        for line in lines(self.total()) {
            let labels = self.dimensions().iter().map(|_| String::from("(total)"));
            text.push_str(&row(labels.chain(line.cells(false)), formulas));
        }
        text
    }
}

fn row(cells: impl Iterator<Item = String>, formulas: Formulas) -> String {
    let cells: Vec<_> = cells.map(|cell| csv_cell(&cell, formulas)).collect();
    format!("{}\r\n", cells.join(","))
}

fn lines(report: &KpiReport) -> Vec<Line> {
    let mut lines = Vec::new();
    for kpi in Kpi::ALL {
        let line = || Line {
            kpi: kpi.name().to_owned(),
            ..Line::default()
        };
        match report.figure(kpi) {
            Figure::Count(n) => lines.push(Line {
                n: Some(n),
                ..line()
            }),
            Figure::Ratio(ratio) => lines.push(line().of(ratio.clone())),
            Figure::Marks(marks) => lines.push(line().of(marks.positive(&Bands::Middle))),
            Figure::Attainment(all) => lines.extend(all.iter().map(|one| Line {
                clock: one.clock().to_string(),
                ..line().of(one.ratio().clone())
            })),
            Figure::Durations(durations) => lines.extend(lengths(kpi, durations, line)),
            Figure::Amounts(amounts) => {
                let at = |percent| i64::try_from(amounts.percentile(percent)?).ok();
                lines.push(Line {
                    n: Some(amounts.n()),
                    sum: Some(i128::from(amounts.sum())),
                    places: [50, 90, 95, 99, 100].map(at),
                    ..line()
                });
            }
            Figure::Promoters(net) => lines.push(Line {
                n: Some(net.n()),
                sum: Some(i128::from(net.promoters) - i128::from(net.detractors)),
                ..line()
            }),
            Figure::Outside => {}
        }
    }
    lines
}

fn lengths(kpi: Kpi, durations: &Durations, line: impl Fn() -> Line) -> Vec<Line> {
    let one = |measure: &'static str, summary: Option<Summary>| Line {
        measure,
        n: Some(summary.map_or(0, |summary| summary.n())),
        left_out: Some(durations.excluded.total()),
        sum: summary.map(|summary| summary.sum_us()),
        places: summary.map_or([None; 5], |s| {
            [s.p50_us(), s.p90_us(), s.p95_us(), s.p99_us(), s.max_us()].map(Some)
        }),
        ..line()
    };
    let mut lines = vec![one("calendar", durations.calendar)];
    if kpi
        .definition()
        .measured_in
        .contains(&crate::sla::Measure::Business)
    {
        lines.push(one("business", durations.business));
    }
    lines
}

impl Line {
    fn of(self, ratio: Ratio) -> Line {
        Line {
            n: Some(ratio.denominator()),
            left_out: Some(ratio.excluded().total()),
            ratio: Some(ratio),
            ..self
        }
    }

    fn cells(&self, is_small: bool) -> impl Iterator<Item = String> {
        fn shown(n: Option<impl ToString>) -> String {
            n.map(|n| n.to_string()).unwrap_or_default()
        }
        let ratio = self.ratio.as_ref();
        let mut cells = vec![
            self.kpi.clone(),
            self.clock.clone(),
            self.measure.to_owned(),
            shown(self.n),
            shown(ratio.map(Ratio::numerator)),
            shown(ratio.map(Ratio::denominator)),
            shown(self.left_out),
            shown(self.sum),
        ];
        cells.extend(self.places.map(shown));
        cells.push(if is_small { "yes" } else { "no" }.to_owned());
        cells.into_iter()
    }
}
