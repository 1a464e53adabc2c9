//! Charts of reports, as SVG inside a page.
//!
//! Each function makes one chart of what a report holds, and `None` where there is nothing to draw. A chart has a sentence for those
//! who do not see it. Its colours are those of the page, in light and in dark.

mod backlog;
mod canvas;
mod funnel;
mod hours;
mod lengths;
mod weekly;

use std::fmt::Write;

use super::escape::html;

pub use backlog::backlog;
pub use funnel::funnel;
pub use hours::arrivals;
pub use lengths::{Mark, lengths};
pub use weekly::{shares, voices};

pub(super) use canvas::style;

use canvas::Ink;

/// A drawn chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    svg: String, // without the outer element
    height: u32,
    says: String,
    keys: Vec<(Ink, String)>,
}

impl Chart {
    /// A chart of this height; `None` where drawing failed.
    fn new(
        height: u32,
        says: impl Into<String>,
        paint: impl FnOnce(&canvas::Area<'_>) -> canvas::Drawn,
    ) -> Option<Chart> {
        Some(Chart {
            svg: canvas::draw(height, paint)?,
            height,
            says: says.into(),
            keys: Vec::new(),
        })
    }

    /// With what a colour stands for.
    fn key(mut self, ink: Ink, what: impl Into<String>) -> Chart {
        self.keys.push((ink, what.into()));
        self
    }

    pub(super) fn write(&self, out: &mut String) -> std::fmt::Result {
        let says = html(&self.says);
        writeln!(
            out,
            "<figure>\n<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"{says}\">"
        )?;
        let (width, height) = (canvas::WIDTH, self.height);
        writeln!(
            out,
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{says}\">\n{}\n</svg>",
            self.svg
        )?;
        writeln!(out, "</div>\n<figcaption>{says}")?;
        if !self.keys.is_empty() {
            out.push_str("<ul class=\"keys\">\n");
            for (ink, what) in &self.keys {
                let (name, what) = (ink.name(), html(what));
                writeln!(
                    out,
                    "<li><i style=\"background: var(--{name})\"></i>{what}</li>"
                )?;
            }
            out.push_str("</ul>\n");
        }
        writeln!(out, "</figcaption>\n</figure>")
    }
}
