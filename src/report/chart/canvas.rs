//! The plotting library, held to what the charts need: one width, the colours of the page, axes of days and of shares.
//!
//! The library writes colours as attributes. The page overrules each by a rule of its style sheet that names the variable instead,
//! so one drawing serves light and dark.

use std::io;

use chrono::{Datelike, NaiveDate};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::escape::visible;

/// The width of every chart, in units of its own.
pub(super) const WIDTH: u32 = 720;

/// The size of letters.
const LETTERS: i32 = 15;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// A colour by its part in a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Letters,
    Line,
    One,
    Two,
    Three,
    Four,
    Five,
    Alarm,
}

impl Ink {
    const ALL: [Ink; 8] = [
        Ink::Letters,
        Ink::Line,
        Ink::One,
        Ink::Two,
        Ink::Three,
        Ink::Four,
        Ink::Five,
        Ink::Alarm,
    ];

    /// For several of a kind, one after another.
    pub(super) const SERIES: [Ink; 5] = [Ink::One, Ink::Two, Ink::Three, Ink::Four, Ink::Five];

    /// The variable of the style sheet.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ink::Letters => "ink",
            Ink::Line => "line",
            Ink::One => "one",
            Ink::Two => "two",
            Ink::Three => "three",
            Ink::Four => "four",
            Ink::Five => "five",
            Ink::Alarm => "alarm",
        }
    }

    /// As in light.
    pub(super) fn color(self) -> RGBColor {
        match self {
            Ink::Letters => RGBColor(0x1f, 0x29, 0x37),
            Ink::Line => RGBColor(0xd1, 0xd5, 0xdb),
            Ink::One => RGBColor(0x25, 0x63, 0xeb),
            Ink::Two => RGBColor(0xd9, 0x77, 0x06),
            Ink::Three => RGBColor(0x05, 0x96, 0x69),
            Ink::Four => RGBColor(0x7c, 0x3a, 0xed),
            Ink::Five => RGBColor(0xdb, 0x27, 0x77),
            Ink::Alarm => RGBColor(0xdc, 0x26, 0x26),
        }
    }
}

/// The rules that put the page's variables in the place of the colours.
pub(in super::super) fn style() -> String {
    let rule = |ink: Ink| {
        let (RGBColor(r, g, b), name) = (ink.color(), ink.name());
        let code = format!("#{r:02X}{g:02X}{b:02X}");
        format!(
            "svg [fill=\"{code}\"] {{ fill: var(--{name}); }}\nsvg [stroke=\"{code}\"] {{ stroke: var(--{name}); }}\n"
        )
    };
    Ink::ALL.into_iter().map(rule).collect()
}

/// What `paint` draws, without the outer element; `None` where it failed.
pub(super) fn draw(height: u32, paint: impl FnOnce(&Area<'_>) -> Drawn) -> Option<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        paint(&area).ok()?;
        area.present().ok()?;
    }
    let (_, inside) = svg.split_once('>')?;
    let (inside, _) = inside.rsplit_once("</svg>")?;
    Some(inside.trim().to_owned())
}

/// Letters, standing to `horizontal` and `vertical` of their place.
pub(super) fn letters(ink: Ink, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    ("sans-serif", LETTERS)
        .into_font()
        .color(&ink.color())
        .pos(Pos::new(horizontal, vertical))
}

/// A name short enough for a chart, with nothing hidden in it.
pub(super) fn short(name: &str) -> String {
    let name = visible(name);
    match name.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", name.get(..at).unwrap_or_default()),
        None => name,
    }
}

/// The axes: lines to read values by, and labels from `x` and `y`.
pub(super) fn axes<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'_>, Cartesian2d<X, Y>>,
    x: &dyn Fn(&X::ValueType) -> String,
    y: &dyn Fn(&Y::ValueType) -> String,
) -> Drawn
where
    X: Ranged + plotters::coord::ranged1d::ValueFormatter<X::ValueType>,
    Y: Ranged + plotters::coord::ranged1d::ValueFormatter<Y::ValueType>,
{
    let label = letters(Ink::Letters, HPos::Center, VPos::Center);
    chart
        .configure_mesh()
        .x_labels(9)
        .y_labels(6)
        .x_label_formatter(x)
        .y_label_formatter(y)
        .label_style(label)
        .axis_style(Ink::Line.color())
        .bold_line_style(Ink::Line.color())
        .light_line_style(TRANSPARENT)
        .draw()
}

/// The number of a date on an axis of days.
pub(super) fn day(date: NaiveDate) -> i32 {
    date.num_days_from_ce()
}

/// An axis of days: where it is marked, and how.
pub(super) struct Days {
    pub(super) marks: Vec<i32>,
    format: &'static str,
}

impl Days {
    /// At most ten marks between two dates: by year, half-year, quarter, month, or every so many days.
    pub(super) fn between(first: NaiveDate, last: NaiveDate) -> Days {
        let length = (last - first).num_days();
        let steps: [(i64, u32, &'static str); 5] = [
            (300, 1, "%b"),
            (600, 3, "%b %Y"),
            (1_400, 6, "%b %Y"),
            (3_650, 12, "%Y"),
            (36_500, 120, "%Y"),
        ];
        if length <= 62 {
            let step = usize::try_from(length / 7 + 1).unwrap_or(1);
            let days = first.iter_days().take_while(|date| *date <= last);
            return Days {
                marks: days.step_by(step).map(day).collect(),
                format: "%-d %b",
            };
        }
        let step = steps.into_iter().find(|(most, ..)| length <= *most);
        let (_, months, format) = step.unwrap_or((0, 120, "%Y"));
        let is_mark = |date: &NaiveDate| {
            let month = i64::from(date.year()) * 12 + i64::from(date.month0());
            date.day() == 1 && month % i64::from(months) == 0
        };
        let days = first.iter_days().take_while(|date| *date <= last);
        Days {
            marks: days.filter(is_mark).map(day).collect(),
            format,
        }
    }

    pub(super) fn label(&self, day: i32) -> String {
        let date = NaiveDate::from_num_days_from_ce_opt(day);
        date.map_or(String::new(), |date| date.format(self.format).to_string())
    }
}
