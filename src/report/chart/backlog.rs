//! The backlog, day by day.

use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::*;

use super::Chart;
use super::canvas::{Days, Ink, axes, day};
use crate::kpi::{self, grouped};

/// How many tickets waited at the end of each day. `None` for fewer than two days.
pub fn backlog(backlog: &kpi::Backlog) -> Option<Chart> {
    let days = backlog.days();
    let (first, last) = (days.first()?.date, days.last()?.date);
    if first == last {
        return None;
    }
    let (peak, most) = backlog.peak()?;
    let says = format!(
        "Tickets that waited at the end of each day, from {first} to {last}: {} at the end, {} at the peak on {peak}.",
        grouped(days.last()?.count),
        grouped(most)
    );
    let marks = Days::between(first, last);
    let line = || days.iter().map(|one| (day(one.date), one.count as f64));
    Chart::new(300, says, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (day(first)..day(last)).with_key_points(marks.marks.clone()),
                0.0..(most.max(1) as f64 * 1.05),
            )?;
        axes(&mut chart, &|day| marks.label(*day), &|n| whole(*n))?;
        let ink = Ink::One.color();
        chart.draw_series(AreaSeries::new(line(), 0.0, ink.mix(0.15)))?;
        chart.draw_series(LineSeries::new(line(), ink.stroke_width(2)))?;
        Ok(())
    })
}

/// A number of tickets at a mark of an axis; nothing between whole numbers.
pub(super) fn whole(n: f64) -> String {
    if n >= 0.0 && n.fract() == 0.0 {
        grouped(n as u64)
    } else {
        String::new()
    }
}
