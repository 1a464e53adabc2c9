//! A funnel plot: whether groups differ by more than chance, without a ranking.
//!
//! See D. J. Spiegelhalter, *Funnel plots for comparing institutional performance*, Statistics in Medicine 24, 2005.

use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::escape::sentence;
use super::Chart;
use super::backlog::whole;
use super::canvas::{Ink, WIDTH, axes, letters, short};
use crate::kpi::{Lies, Names, Unevenness, grouped};

/// How wide the inner and the outer limits are, in standard errors: 1 in 20 and 2 in 1,000 groups lie outside by chance.
const WIDE: [f64; 2] = [1.96, 3.09];

/// About how wide a letter is.
const LETTER: i32 = 8;

/// What a point or a name takes up.
struct Place {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Place {
    fn around(x: i32, y: i32) -> Place {
        Place {
            left: x - 5,
            right: x + 5,
            top: y - 5,
            bottom: y + 5,
        }
    }

    /// Letters so wide, from `left` on, whose middle is at `y`.
    fn of(left: i32, y: i32, wide: i32) -> Place {
        Place {
            left,
            right: left + wide,
            top: y - 8,
            bottom: y + 8,
        }
    }

    fn meets(&self, other: &Place) -> bool {
        let beside = self.right < other.left || other.right < self.left;
        !beside && self.top <= other.bottom && other.top <= self.bottom
    }

    fn is_inside(&self) -> bool {
        self.left > 60 && self.right < WIDTH as i32
    }
}

/// Where an axis of numbers of members is marked.
fn marks(from: f64, to: f64) -> Vec<f64> {
    let tens = (0..15).map(|power| 10f64.powi(power));
    let all = tens.flat_map(|ten| [1.0, 2.0, 5.0].map(|one| one * ten));
    all.filter(|n| (from..=to).contains(n)).collect()
}

/// Groups as points: to the right by their members, upwards by their share, between the limits of chance. With a case mix, a share
/// is shown as far from the middle as the group lies from what its own members would give. Groups beyond the limits are named
/// where there is room. `None` where no group can be judged.
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
        "{} groups with {} members. {}.",
        points.len(),
        grouped(n as u64),
        sentence(&uneven.to_string())
    );
    let chart = Chart::new(340, says, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (from..to).log_scale().with_key_points(marks(from, to)),
                low..high,
            )?;
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
        let mut taken: Vec<Place> = Vec::new();
        for (n, share, group) in &points {
            let ink = match group.lies {
                Lies::Within => Ink::One,
                _ => Ink::Alarm,
            };
            let dot = Circle::new((*n, *share), 5, ink.color().filled());
            chart.draw_series([dot])?;
            let (x, y) = chart.backend_coord(&(*n, *share));
            taken.push(Place::around(x, y));
        }
        for (n, share, group) in &points {
            if group.lies == Lies::Within {
                continue;
            }
            let (x, y) = chart.backend_coord(&(*n, *share));
            let name = short(&names.of(&group.label));
            let wide = i32::try_from(name.chars().count()).unwrap_or(0) * LETTER;
            let sides = [(HPos::Left, 9, x + 9), (HPos::Right, -9, x - 9 - wide)];
            let free = sides.into_iter().find_map(|(side, shift, left)| {
                let place = Place::of(left, y, wide);
                let is_free = place.is_inside() && !taken.iter().any(|one| one.meets(&place));
                is_free.then_some((side, shift, place))
            });
            if let Some((side, shift, place)) = free {
                taken.push(place);
                let style = letters(Ink::Letters, side, VPos::Center);
                let name = Text::new(name, (shift, 0), style);
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
