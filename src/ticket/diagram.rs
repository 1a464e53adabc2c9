//! The lifecycle as a picture, drawn from [`LIFECYCLE`]: for documentation, and for a host's own.

use std::fmt::Write as _;

use super::{LIFECYCLE, Stage};

/// The lifecycle as a Mermaid state diagram (<https://mermaid.js.org/syntax/stateDiagram.html>): one arrow for each pair of
/// stages, with all steps that lead from the one to the other.
///
/// ```
/// let text = helpdesk::ticket::lifecycle_mermaid();
/// assert!(text.starts_with("stateDiagram-v2\n    [*] --> open\n"));
/// assert!(text.contains("    pending --> reopened: resume, wake, customer message\n"));
/// ```
pub fn lifecycle_mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> open\n");
    for (from, to, steps) in arrows() {
        let _ = writeln!(text, "    {from} --> {to}: {steps}");
    }
    text
}

/// The lifecycle as an SVG picture, 1000 by 620 units, without scripts, styles of its own kind or line breaks that end a
/// block of Markdown.
///
/// ```
/// let picture = helpdesk::ticket::lifecycle_svg();
/// assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
/// ```
pub fn lifecycle_svg() -> String {
    let mut svg = String::from(HEAD);
    for (from, to, steps) in arrows() {
        let _ = writeln!(svg, "{}", arrow(from, to, &steps));
    }
    for stage in Stage::ALL {
        let (x, y) = centre(stage);
        let (left, top) = (x - WIDE / 2, y - HIGH / 2);
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{WIDE}\" height=\"{HIGH}\" rx=\"12\" class=\"stage\"/><text x=\"{x}\" y=\"{}\" class=\"name\">{stage}</text>",
            y + 6
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Each pair of stages once, in the order of the table, with its steps.
fn arrows() -> Vec<(Stage, Stage, String)> {
    let mut arrows: Vec<(Stage, Stage, String)> = Vec::new();
    for (from, step, to) in LIFECYCLE {
        match arrows.iter_mut().find(|one| (one.0, one.1) == (*from, *to)) {
            Some((.., steps)) => {
                let _ = write!(steps, ", {step}");
            }
            None => arrows.push((*from, *to, step.to_string())),
        }
    }
    arrows
}

const WIDE: i32 = 130;
const HIGH: i32 = 52;

const HEAD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 620\" role=\"img\" aria-label=\"The lifecycle of a ticket\" font-family=\"sans-serif\" style=\"max-width:1000px;width:100%\">
<style>.stage{fill:#e8f0f8;stroke:#345;stroke-width:2}.name{font-size:18px;font-weight:bold;text-anchor:middle;fill:#123}.step{fill:none;stroke:#567;stroke-width:1.6;marker-end:url(#tip)}.said{font-size:13px;text-anchor:middle;fill:#234;paint-order:stroke;stroke:#fff;stroke-width:5px}</style>
<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"#567\"/></marker></defs>
<rect width=\"1000\" height=\"620\" rx=\"10\" fill=\"#fff\"/>
";

const fn centre(stage: Stage) -> (i32, i32) {
    match stage {
        Stage::Open => (100, 310),
        Stage::Pending => (400, 130),
        Stage::Resolved => (640, 310),
        Stage::Reopened => (400, 500),
        Stage::Closed => (905, 310),
    }
}

/// One arrow as a curve, with its steps at the middle of it.
fn arrow(from: Stage, to: Stage, steps: &str) -> String {
    let Route { start, bend, end } = Route::of(from, to);
    let middle = |a: i32, b: i32, c: i32| (a + 2 * b + c) / 4;
    let (x, y) = (
        middle(start.0, bend.0, end.0),
        middle(start.1, bend.1, end.1),
    );
    let lines: Vec<&str> = steps.split(", ").collect();
    let mut said = String::new();
    for (index, line) in (0..).zip(&lines) {
        let _ = write!(
            said,
            "<text x=\"{x}\" y=\"{}\" class=\"said\">{line}</text>",
            y + 4 + 15 * index
        );
    }
    format!(
        "<path class=\"step\" d=\"M{} {}Q{} {} {} {}\"/>{said}",
        start.0, start.1, bend.0, bend.1, end.0, end.1
    )
}

/// Where an arrow begins, towards which point it bends, and where it ends.
struct Route {
    start: (i32, i32),
    bend: (i32, i32),
    end: (i32, i32),
}

impl Route {
    /// A loop above or below its stage, or a curve to the right of the straight line, so that an arrow and its opposite lie
    /// apart; two that would cross a stage go round it.
    fn of(from: Stage, to: Stage) -> Route {
        let ((x, y), (u, v)) = (centre(from), centre(to));
        if from == to {
            let side = if from == Stage::Pending { -1 } else { 1 };
            let (edge, far) = (y + side * HIGH / 2, y + side * 125);
            let x = if from == Stage::Closed { x + 25 } else { x };
            return Route {
                start: (x - 30, edge),
                bend: (x, far),
                end: (x + 30, edge),
            };
        }
        let round = match (from, to) {
            (Stage::Open, Stage::Closed) => Some((330, -250)),
            (Stage::Pending, Stage::Closed) => Some((780, 120)),
            (Stage::Reopened, Stage::Closed) => Some((720, 440)),
            (Stage::Closed, Stage::Reopened) => Some((800, 590)),
            _ => None,
        };
        let (dx, dy) = (u - x, v - y);
        let bend = round.unwrap_or(((x + u) / 2 - dy / 5, (y + v) / 2 + dx / 5));
        Route {
            start: border((x, y), bend),
            bend,
            end: border((u, v), bend),
        }
    }
}

/// Where the line from the middle of a stage towards a point leaves its box.
fn border((x, y): (i32, i32), towards: (i32, i32)) -> (i32, i32) {
    let (dx, dy) = (towards.0 - x, towards.1 - y);
    let (half_wide, half_high) = (WIDE / 2 + 3, HIGH / 2 + 3);
    if dx.abs() * half_high > dy.abs() * half_wide {
        let dx_or_one = if dx == 0 { 1 } else { dx.abs() };
        (x + half_wide * dx.signum(), y + dy * half_wide / dx_or_one)
    } else {
        let dy_or_one = if dy == 0 { 1 } else { dy.abs() };
        (x + dx * half_high / dy_or_one, y + half_high * dy.signum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a change of the table: `BLESS=1 cargo test --lib the_guide_shows_the_table`.
    #[test]
    fn the_guide_shows_the_table() {
        let file = |name: &str| format!("{}/src/guide/{name}", env!("CARGO_MANIFEST_DIR"));
        let mermaid = format!("```mermaid\n{}```\n", lifecycle_mermaid());
        for (name, text) in [
            ("lifecycle.svg", lifecycle_svg()),
            ("lifecycle.md", mermaid),
        ] {
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(file(name), &text).unwrap();
            }
            assert_eq!(std::fs::read_to_string(file(name)).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn every_row_of_the_table_is_drawn() {
        let (mermaid, svg) = (lifecycle_mermaid(), lifecycle_svg());
        for (from, step, to) in LIFECYCLE {
            let arrow = format!("    {from} --> {to}: ");
            let line = mermaid.lines().find(|line| line.starts_with(&arrow));
            assert!(
                line.is_some_and(|line| line.contains(&step.to_string())),
                "{arrow}{step}"
            );
        }
        assert_eq!(svg.matches("<path class=\"step\"").count(), arrows().len());
        assert!(!svg.contains("\n\n"), "a blank line ends a block of HTML");
    }
}
