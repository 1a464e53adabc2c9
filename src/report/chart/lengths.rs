//! How lengths are spread, with the targets among them.
//!
//! The bounds are those in which people promise: a target of four hours has a bound to stand on.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::Chart;
use super::canvas::{Ink, WIDTH, letters, short};
use crate::kpi::grouped;
use crate::time::Span;

/// The upper bounds of the bars, in minutes, and what is written at them. Beyond the last there is one more bar.
const BOUNDS: [(i64, &str); 17] = [
    (1, "1 m"),
    (5, "5 m"),
    (15, "15 m"),
    (30, "30 m"),
    (60, "1 h"),
    (120, "2 h"),
    (240, "4 h"),
    (480, "8 h"),
    (960, "16 h"),
    (1_440, "24 h"),
    (2_880, "48 h"),
    (5_760, "96 h"),
    (10_080, "168 h"),
    (20_160, "336 h"),
    (43_200, "720 h"),
    (129_600, "2160 h"),
    (525_600, "8760 h"),
];

const MINUTE: i64 = 60_000_000;
const BARS: usize = BOUNDS.len() + 1;
const HEIGHT: u32 = 300;

/// A target to be shown among lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What is written at it.
    pub label: String,
    /// How long it is.
    pub length: Span,
}

/// How lengths are spread: of each measure, each length in microseconds with how often it occurs
/// ([`Tally::lengths`](crate::kpi::Tally::lengths)). `what` says what took so long. A bar holds what is above the bound to its left and at
/// most the one to its right, so a target that is a bound divides what kept it from what did not. `None` where nothing was measured.
pub fn lengths(
    what: &str,
    calendar: &[(i64, u64)],
    business: &[(i64, u64)],
    targets: &[Mark],
) -> Option<Chart> {
    let both = [bars(calendar), bars(business)];
    let sums = both.map(|bars| bars.iter().sum::<u64>());
    let n = sums.into_iter().max().filter(|n| *n > 0)?;
    let filled = |i: &usize| both.iter().any(|bars| bars[*i] > 0);
    let (low, high) = ((0..BARS).find(filled)?, (0..BARS).rev().find(filled)?);
    let places = targets.iter().map(|target| place(target.length.micros()));
    let low = places.clone().fold(low, |low, at| low.min(at as usize));
    let high = places.fold(high, |high, at| {
        high.max(at.ceil() as usize - 1).min(BARS - 1)
    });

    let share = |bars: &[u64; BARS], sum: u64, i: usize| bars[i] as f64 / sum.max(1) as f64;
    let shares = (low..=high).flat_map(|i| {
        let of = move |(bars, sum)| share(bars, sum, i);
        both.iter().zip(sums).map(of)
    });
    let most = shares.fold(0.0, f64::max);
    let step = if most > 0.5 {
        20
    } else if most > 0.2 {
        10
    } else {
        5
    };
    let top = f64::from(step) / 100.0 * (most * 100.0 / f64::from(step)).ceil().max(1.0);

    let says = format!(
        "How long {what} took, over {} of them: the share of each bar.",
        grouped(n)
    );
    let chart = Chart::new(HEIGHT, says, |area| {
        let (left, right, head, foot) = (
            56.0,
            f64::from(WIDTH) - 24.0,
            40.0,
            f64::from(HEIGHT) - 36.0,
        );
        let wide = (right - left) / (high - low + 1) as f64;
        let x = |place: f64| (left + (place - low as f64) * wide).round() as i32;
        let y = |share: f64| (foot - share / top * (foot - head)).round() as i32;
        let grid = Ink::Line.color();
        for percent in (0..=100).step_by(step as usize) {
            let share = f64::from(percent) / 100.0;
            if share > top + 1e-9 {
                break;
            }
            area.draw(&PathElement::new(
                [(x(low as f64), y(share)), (x((high + 1) as f64), y(share))],
                grid,
            ))?;
            let style = letters(Ink::Letters, HPos::Right, VPos::Center);
            area.draw(&Text::new(
                format!("{percent} %"),
                (left as i32 - 8, y(share)),
                style,
            ))?;
        }
        for i in low..=high {
            for (which, (bars, ink)) in both.iter().zip([Ink::One, Ink::Two]).enumerate() {
                let share = share(bars, sums[which], i);
                if share > 0.0 {
                    let from = i as f64 + 0.1 + 0.4 * which as f64;
                    let corners = [(x(from), y(share)), (x(from + 0.4), y(0.0))];
                    area.draw(&Rectangle::new(corners, ink.color().filled()))?;
                }
            }
            // Every other one where they would touch.
            let is_shown = i < high && (wide > 46.0 || (high - i) % 2 == 1);
            if let (Some((_, name)), true) = (BOUNDS.get(i), is_shown) {
                let style = letters(Ink::Letters, HPos::Center, VPos::Top);
                area.draw(&Text::new(
                    *name,
                    (x((i + 1) as f64), foot as i32 + 10),
                    style,
                ))?;
            }
        }
        for (i, target) in targets.iter().enumerate() {
            let at = x(place(target.length.micros()));
            let up = head as i32 - 4 - 17 * (i % 2) as i32;
            let line = Ink::Alarm.color().stroke_width(2);
            area.draw(&PathElement::new([(at, up), (at, foot as i32)], line))?;
            let style = letters(Ink::Alarm, HPos::Center, VPos::Bottom);
            area.draw(&Text::new(short(&target.label), (at, up), style))?;
        }
        Ok(())
    })?;
    let mut chart = chart.key(Ink::One, "all time");
    if sums[1] > 0 {
        chart = chart.key(Ink::Two, "business time");
    }
    if !targets.is_empty() {
        chart = chart.key(Ink::Alarm, "targets");
    }
    Some(chart)
}

/// How many lengths each bar holds.
fn bars(lengths: &[(i64, u64)]) -> [u64; BARS] {
    let mut bars = [0u64; BARS];
    for (us, n) in lengths {
        let i = BOUNDS.partition_point(|(minutes, _)| minutes * MINUTE < *us);
        if let Some(bar) = bars.get_mut(i) {
            *bar = bar.saturating_add(*n);
        }
    }
    bars
}

/// Where a length lies, counted in bars; within its bar in proportion. Above 0, at most [`BARS`].
fn place(us: i64) -> f64 {
    let i = BOUNDS.partition_point(|(minutes, _)| minutes * MINUTE < us);
    let below = i.checked_sub(1).and_then(|i| BOUNDS.get(i));
    let below = below.map_or(0, |(minutes, _)| minutes * MINUTE);
    let part = match BOUNDS.get(i) {
        Some((minutes, _)) => (us - below) as f64 / (minutes * MINUTE - below) as f64,
        None => 0.5,
    };
    i as f64 + part.clamp(0.05, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bar_below_it() {
        let bars = bars(&[(0, 1), (MINUTE, 2), (MINUTE + 1, 4), (i64::MAX, 8)]);
        assert_eq!((bars[0], bars[1], bars[BARS - 1]), (3, 4, 8));
        assert_eq!((place(MINUTE), place(5 * MINUTE)), (1.0, 2.0));
        assert_eq!(place(3 * MINUTE), 1.5);
    }
}
