//! What quality reviews came to, by agent and scorecard.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::id::{AgentId, Name};
use crate::quality::Review;

use super::ratio::{Excluded, Exclusion, Ratio};
use super::window::Window;

/// Reviews counted by agent and scorecard; see [`Kpi::QualityScore`](super::Kpi::QualityScore).
///
/// ```
/// use helpdesk::kpi::{QualityTally, Window};
/// let march = Window::new("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
/// let tally = QualityTally::new(march);
/// assert!(tally.rows().next().is_none());
/// # Ok::<(), chrono::ParseError>(())
/// ```
///
/// # Properties
/// Tallies of one window merge: associative, commutative, the empty one changes nothing. Every score lies in [0, 1].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityTally {
    window: Window,
    rows: BTreeMap<(AgentId, Name), Counts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    reviews: u64,
    points: u64,
    best: u64, // INVARIANT: >= points
    failed: u64,
    disputed: u64,
    not_applicable: u64,
    withdrawn: u64,
}

/// What an agent's reviews against one scorecard came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QualityRow {
    /// Whose work.
    pub agent: AgentId,
    /// The scorecard.
    pub scorecard: Name,
    /// How many reviews have a score.
    pub n: u64,
    /// The weighted points of all of them, of the most that could be reached; left out are reviews in which nothing applied, and
    /// such as were withdrawn.
    pub score: Ratio,
    /// How many have 0 because a critical category failed.
    pub failed: u64,
    /// How many the agent objected to.
    pub disputed: u64,
}

impl QualityTally {
    /// No reviews yet; those made or last revised in the window count.
    pub fn new(window: Window) -> QualityTally {
        QualityTally {
            window,
            rows: BTreeMap::new(),
        }
    }

    /// Counts a review.
    pub fn add(&mut self, review: &Review) {
        let Some(scored) = review
            .scored()
            .filter(|_| self.window.contains(review.at()))
        else {
            return;
        };
        let key = (scored.agent, scored.scorecard.clone());
        let counts = self.rows.entry(key).or_default();
        match scored.score() {
            _ if review.is_withdrawn() => counts.withdrawn += 1,
            None => counts.not_applicable += 1,
            Some(score) => {
                counts.reviews += 1;
                counts.points = counts.points.saturating_add(score.points.min(score.best));
                counts.best = counts.best.saturating_add(score.best);
                counts.failed += u64::from(score.failed);
                counts.disputed += u64::from(!review.disputes().is_empty());
            }
        }
    }

    /// Counts what another tally counted.
    pub fn merge(&mut self, other: &QualityTally) {
        for (key, more) in &other.rows {
            let counts = self.rows.entry(key.clone()).or_default();
            for (sum, more) in [
                (&mut counts.reviews, more.reviews),
                (&mut counts.points, more.points),
                (&mut counts.best, more.best),
                (&mut counts.failed, more.failed),
                (&mut counts.disputed, more.disputed),
                (&mut counts.not_applicable, more.not_applicable),
                (&mut counts.withdrawn, more.withdrawn),
            ] {
                *sum = sum.saturating_add(more);
            }
        }
    }

    /// What it came to, by agent and then by scorecard. Scorecards are not mixed: they give different points.
    pub fn rows(&self) -> impl Iterator<Item = QualityRow> + '_ {
        self.rows.iter().map(|((agent, scorecard), counts)| {
            let left_out = Excluded::from_iter([
                (Exclusion::NotApplicable, counts.not_applicable),
                (Exclusion::Withdrawn, counts.withdrawn),
            ]);
            QualityRow {
                agent: *agent,
                scorecard: scorecard.clone(),
                n: counts.reviews,
                score: Ratio::new(counts.points, counts.best, left_out).unwrap_or_default(),
                failed: counts.failed,
                disputed: counts.disputed,
            }
        })
    }
}
