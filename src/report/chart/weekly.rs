//! Shares week by week (or of any other period): targets kept, what customers say.

use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::*;

use super::super::escape::sentence;
use super::Chart;
use super::canvas::{Days, Ink, axes, day};
use crate::kpi::{
    Bands, Dimension, Every, Figure, GroupReport, Kpi, KpiReport, Label, Period, clock_name,
};

/// One line of a chart: at the begin of each period, a value.
struct Line {
    name: String,
    points: Vec<(Period, f64)>,
}

/// A ratio by period, as a share of 100; of SLA attainment, one line for each clock, at most five. `report` is divided by one
/// [`Dimension::Period`] of days or longer. Periods with fewer members than the report's minimum are left out. `None` where fewer than
/// two are left, and for hours: the axis is one of days.
pub fn shares(report: &GroupReport, kpi: Kpi) -> Option<Chart> {
    let title = kpi.definition().title;
    let least = report.minimum().max(1);
    let lines = match kpi {
        Kpi::SlaAttainment => {
            let clocks = report.total().attainment().iter().map(|one| one.clock());
            let of = |clock| Line {
                name: clock_name(clock),
                points: points(report, |report| {
                    let ratio = report.attainment_of(clock)?.ratio();
                    ratio.fraction().filter(|_| ratio.denominator() >= least)
                }),
            };
            clocks.take(Ink::SERIES.len()).map(of).collect()
        }
        _ => vec![Line {
            name: title.to_owned(),
            points: points(report, |report| match report.figure(kpi) {
                Figure::Ratio(ratio) => ratio.fraction().filter(|_| ratio.denominator() >= least),
                _ => None,
            }),
        }],
    };
    let by = by(report)?;
    let says = format!(
        "{} by {by}, in per cent; each {by} with at least {least} decided.",
        sentence(title)
    );
    draw(lines, 0.0, says)
}

/// What customers say by period: CSAT as the share of positive marks, and the NPS in points. Conditions as of [`shares`].
pub fn voices(report: &GroupReport) -> Option<Chart> {
    let least = report.minimum().max(1);
    let csat = points(report, |report| {
        let positive = report.csat().positive(&Bands::Middle);
        positive
            .fraction()
            .filter(|_| positive.denominator() >= least)
    });
    let nps = points(report, |report| {
        let net = report.nps().net_promoters();
        let (score, n) = net.score();
        (n >= least).then(|| score as f64 / n as f64 / 100.0)
    });
    let least_point = nps.iter().map(|(_, value)| *value).fold(0.0, f64::min);
    let name = |text: &str| text.to_owned();
    let lines = vec![
        Line {
            name: name("CSAT, per cent positive"),
            points: csat,
        },
        Line {
            name: name("NPS, points"),
            points: nps,
        },
    ];
    let by = by(report)?;
    let says = format!("CSAT and NPS by {by}; each {by} with at least {least} marks.");
    draw(lines, if least_point < 0.0 { -1.0 } else { 0.0 }, says)
}

fn by(report: &GroupReport) -> Option<String> {
    match report.dimensions() {
        [Dimension::Period(Every::Hour)] => None,
        [dimension] => Some(dimension.to_string()),
        _ => None,
    }
}

fn points(report: &GroupReport, value: impl Fn(&KpiReport) -> Option<f64>) -> Vec<(Period, f64)> {
    let groups = report.groups().iter();
    let point = groups.filter_map(|group| match group.labels() {
        [Label::Period(period)] => Some((*period, value(group.report())?)),
        _ => None,
    });
    point.collect()
}

/// Where a value stands.
fn place((period, value): &(Period, f64)) -> (i32, f64) {
    (day(period.start().date()), *value)
}

fn draw(lines: Vec<Line>, bottom: f64, says: String) -> Option<Chart> {
    let lines: Vec<_> = lines
        .into_iter()
        .filter(|line| !line.points.is_empty())
        .collect();
    let dates = || {
        lines
            .iter()
            .flat_map(|line| &line.points)
            .map(|(period, _)| period.start().date())
    };
    let (first, last) = (dates().min()?, dates().max()?);
    if first == last {
        return None;
    }
    let marks = Days::between(first, last);
    let chart = Chart::new(300, says, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(32)
            .y_label_area_size(52)
            .build_cartesian_2d(
                (day(first)..day(last)).with_key_points(marks.marks.clone()),
                bottom..1.02,
            )?;
        axes(&mut chart, &|day| marks.label(*day), &|share| {
            format!("{:.0}", share * 100.0)
        })?;
        for (line, ink) in lines.iter().zip(Ink::SERIES) {
            // No line over periods that are left out.
            let stretches = line
                .points
                .chunk_by(|(one, _), (next, _)| one.after() == *next);
            for stretch in stretches {
                let points = || stretch.iter().map(place);
                chart.draw_series(LineSeries::new(points(), ink.color().stroke_width(2)))?;
                let dot = |place| Circle::new(place, 3, ink.color().filled());
                chart.draw_series(points().map(dot))?;
            }
        }
        Ok(())
    })?;
    let named = lines.iter().zip(Ink::SERIES);
    Some(named.fold(chart, |chart, (line, ink)| chart.key(ink, &line.name)))
}
