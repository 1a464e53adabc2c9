//! A funnel plot: whether groups differ by more than chance, without a ranking.
//!
//! See D. J. Spiegelhalter, *Funnel plots for comparing institutional performance*, Statistics in Medicine 24, 2005.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::Chart;
use super::backlog::whole;
use super::canvas::{Ink, axes, letters, short};
use crate::kpi::{Lies, Names, Unevenness, grouped};

/// How wide the inner and the outer limits are, in standard errors: 1 in 20 and 2 in 1,000 groups lie outside by chance.
const WIDE: [f64; 2] = [1.96, 3.09];

/// How many groups beyond the limits are named.
const NAMED: usize = 12;

/// Groups as points: to the right by their members, upwards by their share, between the limits of chance. With a case mix, a share
/// is shown as far from the middle as the group lies from what its own members would give. Groups beyond the limits are named.
/// `None` where no group can be judged.
pub fn funnel(uneven: &Unevenness, names: &Names) -> Option<Chart> {
    let judged = || {
        uneven
            .groups()
            .iter()
            .filter(|group| group.lies != Lies::TooFew)
    };
    let most = judged().map(|group| group.n).max()?;
    let n: f64 = judged().map(|group| group.n as f64).sum();
    let middle = judged().map(|group| group.expected).sum::<f64>() / n;
    let points: Vec<_> = judged()
        .filter_map(|group| {
            let off = group.share()? - group.limits()?.center;
            Some((group.n as f64, (middle + off).clamp(0.0, 1.0), group))
        })
        .collect();
    let fewest = points
        .iter()
        .map(|(n, ..)| *n)
        .fold(f64::INFINITY, f64::min);
    let error = |n: f64| (middle * (1.0 - middle) / n).sqrt();
    let ends = [
        middle - WIDE[1] * error(fewest),
        middle + WIDE[1] * error(fewest),
    ];
    let all = points.iter().map(|(_, share, _)| *share).chain(ends);
    let (low, high) = all.fold((middle, middle), |(low, high), y| (low.min(y), high.max(y)));
    let room = ((high - low) * 0.08).max(0.005);
    let (low, high) = ((low - room).max(0.0), (high + room).min(1.0));

    let from = (fewest * 0.6).max(1.0);
    let to = most as f64 * 1.08;
    let curve = |wide: f64| {
        (0..=100).map(move |i| {
            let n = from * (to / from).powf(f64::from(i) / 100.0);
            (n, (middle + wide * error(n)).clamp(low, high))
        })
    };
    let says = format!(
        "{} groups with {} members. {uneven}.",
        points.len(),
        grouped(n as u64)
    );
    let chart = Chart::new(340, says, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d((from..to).log_scale(), low..high)?;
        axes(&mut chart, &|n| whole(n.round()), &|share| {
            format!("{:.1} %", share * 100.0)
        })?;
        for (wide, strength) in WIDE.into_iter().zip([0.55, 1.0]) {
            for side in [-1.0, 1.0] {
                let ink = Ink::Two.color().mix(strength).stroke_width(2);
                chart.draw_series(LineSeries::new(curve(side * wide), ink))?;
            }
        }
        let line = Ink::Letters.color().mix(0.6);
        chart.draw_series(LineSeries::new([(from, middle), (to, middle)], line))?;
        let mut named = 0;
        for (n, share, group) in &points {
            let is_beyond = group.lies != Lies::Within;
            let ink = if is_beyond { Ink::Alarm } else { Ink::One };
            let dot = Circle::new((*n, *share), 5, ink.color().filled());
            chart.draw_series([dot])?;
            if is_beyond && named < NAMED {
                named += 1;
                // To the side on which there is room.
                let is_right = *n > (from * to).sqrt();
                let (side, shift) = if is_right {
                    (HPos::Right, -9)
                } else {
                    (HPos::Left, 9)
                };
                let style = letters(Ink::Letters, side, VPos::Center);
                let name = Text::new(short(&names.of(&group.label)), (shift, 0), style);
                chart.draw_series([EmptyElement::at((*n, *share)) + name])?;
            }
        }
        Ok(())
    })?;
    let chart = chart.key(Ink::One, "no further off than chance explains");
    let chart = match points.iter().any(|(.., group)| group.lies != Lies::Within) {
        true => chart.key(Ink::Alarm, "further off than chance explains"),
        false => chart,
    };
    Some(chart.key(
        Ink::Two,
        "limits that 1 in 20 and 2 in 1,000 groups pass by chance",
    ))
}
