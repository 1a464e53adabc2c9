//! Calendars made of calendars: open when either is, when both are, or when one is and the other is not.
//!
//! The result is compiled like any other and answers as fast; its parts may live in different zones.

use std::collections::HashMap;

use super::error::Problem;
use super::shapes::{CLOSED, Shape, WEEK};
use super::timeline::Timeline;
use super::weaver::Weaver;
use super::{compile, range::WEEKS};

/// How two calendars are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Combination {
    /// Open when at least one of them is: desks that follow the sun.
    Union,
    /// Open when both are.
    Intersection,
    /// Open when the first is and the second is not.
    Difference,
}

impl Combination {
    /// Whether the result is open where the operands are open like this.
    pub fn of(self, a: bool, b: bool) -> bool {
        match self {
            Combination::Union => a || b,
            Combination::Intersection => a && b,
            Combination::Difference => a && !b,
        }
    }

    /// Combines week by week; a pair of shapes that was met before is not worked out again.
    pub(super) fn compile(self, a: &Timeline, b: &Timeline) -> Result<Timeline, Problem> {
        let mut weaver = Weaver::new();
        let mut known: HashMap<(Shape, Shape), Shape> = HashMap::new();
        let (mut left, mut right, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for week in 0..WEEKS {
            let pair = (shape_of(a, week), shape_of(b, week));
            let shape = *known.entry(pair).or_insert_with(|| {
                spans(a, pair.0, &mut left);
                spans(b, pair.1, &mut right);
                self.sweep(&left, &right, &mut both);
                weaver.shape(&both)
            });
            weaver.push(shape);
        }
        weaver.finish()
    }

    /// Walks over all boundaries of both lists in order and keeps the stretches where the combination is open.
    fn sweep(self, left: &[(u32, u32)], right: &[(u32, u32)], open: &mut Vec<(u32, u32)>) {
        open.clear();
        let mut edges: Vec<u32> = left
            .iter()
            .chain(right)
            .flat_map(|&(from, to)| [from, to])
            .collect();
        edges.extend([0, WEEK]);
        edges.sort_unstable();
        edges.dedup();
        let (mut a, mut b) = (left.iter().peekable(), right.iter().peekable());
        for pair in edges.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            while a.next_if(|span| span.1 <= from).is_some() {}
            while b.next_if(|span| span.1 <= from).is_some() {}
            let covers = |span: Option<&&(u32, u32)>| span.is_some_and(|span| span.0 <= from);
            if self.of(covers(a.peek()), covers(b.peek())) {
                open.push((from, to));
            }
        }
        compile::join(open);
    }
}

pub(super) fn shape_of(timeline: &Timeline, week: usize) -> Shape {
    match timeline {
        Timeline::Always => CLOSED,
        Timeline::Table(table) => table.rows[week].shape,
    }
}

pub(super) fn spans(timeline: &Timeline, shape: Shape, spans: &mut Vec<(u32, u32)>) {
    spans.clear();
    match timeline {
        Timeline::Always => spans.push((0, WEEK)),
        Timeline::Table(table) => spans.extend(table.shapes.spans(shape)),
    }
}
