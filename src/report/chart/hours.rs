//! When tickets come: a field of weekdays and hours.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::page::Table;
use super::Chart;
use super::canvas::{Ink, WIDTH, letters};
use crate::kpi::{Cohort, Dimension, GroupReport, Label, grouped};

const HEIGHT: u32 = 264;

/// The numbers of a field of weekdays and hours.
type Field = [[u64; 24]; 7];

/// Tickets created, by weekday and hour of the day, as a chart and as a table. `report` is divided by
/// [`Dimension::Weekday`] and [`Dimension::HourOfDay`], in this order. `None` where none was created, and over tickets by their resolution
/// ([`Cohort::Resolved`]): their groups are by when they were resolved, not by when they came.
pub fn arrivals(report: &GroupReport) -> Option<(Chart, Table)> {
    let is_by_arrival = report.total().scope().cohort != Cohort::Resolved;
    if !is_by_arrival || report.dimensions() != [Dimension::Weekday, Dimension::HourOfDay] {
        return None;
    }
    let mut field: Field = [[0; 24]; 7];
    for group in report.groups() {
        let [Label::Weekday(weekday), Label::HourOfDay(hour)] = group.labels() else {
            continue;
        };
        let row = field.get_mut(usize::from(*weekday));
        if let Some(cell) = row.and_then(|row| row.get_mut(usize::from(*hour))) {
            *cell = group.report().volume();
        }
    }
    let all = || {
        field
            .iter()
            .enumerate()
            .flat_map(|(day, row)| row.iter().enumerate().map(move |(hour, n)| (*n, day, hour)))
    };
    let n = all().fold(0u64, |sum, (n, ..)| sum.saturating_add(n));
    let (most, weekday, hour) = all().fold(
        (0, 0, 0),
        |best, one| if one.0 > best.0 { one } else { best },
    );
    if n == 0 {
        return None;
    }
    let name = |weekday: usize| Label::Weekday(u8::try_from(weekday).unwrap_or(0)).to_string();
    let says = format!(
        "When {} tickets were created, by weekday and hour; the fullest hour is {} at {hour:02}:00 with {}.",
        grouped(n),
        name(weekday),
        grouped(most)
    );
    let chart = Chart::new(HEIGHT, says, |area| paint(area, &field, most, &name))?;
    Some((
        chart.key(
            Ink::One,
            format!("{} tickets; fainter is fewer", grouped(most)),
        ),
        table(&field, &name),
    ))
}

fn paint(
    area: &super::canvas::Area<'_>,
    field: &Field,
    most: u64,
    name: &dyn Fn(usize) -> String,
) -> super::canvas::Drawn {
    let (left, top) = (52, 8);
    let wide = (WIDTH as i32 - left - 12) / 24;
    let high = 32;
    for (weekday, row) in (0i32..).zip(field) {
        let y = top + weekday * high;
        let style = letters(Ink::Letters, HPos::Right, VPos::Center);
        area.draw(&Text::new(
            name(weekday as usize),
            (left - 8, y + high / 2),
            style,
        ))?;
        for (hour, n) in (0i32..).zip(row) {
            let x = left + hour * wide;
            let corners = [(x + 1, y + 1), (x + wide - 1, y + high - 1)];
            area.draw(&Rectangle::new(
                corners,
                Ink::Line.color().mix(0.35).filled(),
            ))?;
            if *n > 0 {
                // At least so much that one ticket can be seen.
                let strength = 0.06 + 0.94 * (*n as f64 / most as f64);
                area.draw(&Rectangle::new(
                    corners,
                    Ink::One.color().mix(strength).filled(),
                ))?;
            }
        }
    }
    for hour in (0i32..24).step_by(3) {
        let place = (left + hour * wide + wide / 2, top + 7 * high + 8);
        let style = letters(Ink::Letters, HPos::Center, VPos::Top);
        area.draw(&Text::new(format!("{hour:02}"), place, style))?;
    }
    Ok(())
}

fn table(field: &Field, name: &dyn Fn(usize) -> String) -> Table {
    let header = (0..24).map(|hour| format!("{hour:02}"));
    let rows = field.iter().enumerate();
    rows.fold(Table::new(header), |table, (weekday, row)| {
        table.row(name(weekday), row.iter().map(|n| grouped(*n)))
    })
}
