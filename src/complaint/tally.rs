//! How many complaints had each step done in time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kpi::{Excluded, Exclusion, Ratio};

use super::progress::{Progress, StepReading, StepState};
use super::workflow::ComplaintStep;

/// Complaints counted step by step. Tallies add up in any order and grouping.
///
/// Give each complaint once, all read at the same instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepTally(BTreeMap<ComplaintStep, StepCounts>);

/// What became of one step that has a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepCounts {
    /// Done in time.
    pub met: u64,
    /// Done too late, or running for too long.
    pub breached: u64,
    /// Running, with time left.
    pub open: u64,
    /// Not begun yet.
    pub not_started: u64,
    /// A later step was done without it.
    pub skipped: u64,
    /// The complaint ended before it was done.
    pub cancelled: u64,
}

impl StepTally {
    /// Counts one complaint. Steps without a target count nowhere.
    pub fn add(&mut self, complaint: &Progress) {
        for step in complaint.steps() {
            if step.target.is_some() {
                let counts = self.0.entry(step.step).or_default();
                let count = counts.of(step);
                *count = count.saturating_add(1);
            }
        }
    }

    /// Adds the counts of another one.
    pub fn merge(&mut self, other: &StepTally) {
        for (step, more) in &other.0 {
            let counts = self.0.entry(*step).or_default();
            let each = [
                (&mut counts.met, more.met),
                (&mut counts.breached, more.breached),
                (&mut counts.open, more.open),
                (&mut counts.not_started, more.not_started),
                (&mut counts.skipped, more.skipped),
                (&mut counts.cancelled, more.cancelled),
            ];
            for (count, more) in each {
                *count = count.saturating_add(more);
            }
        }
    }

    /// What became of one step.
    pub fn counts(&self, step: ComplaintStep) -> StepCounts {
        self.0.get(&step).copied().unwrap_or_default()
    }

    /// Met, over met and breached. Left out: running with time left, not begun, skipped or cancelled.
    pub fn attainment(&self, step: ComplaintStep) -> Ratio {
        let counts = self.counts(step);
        let left_out = counts.skipped.saturating_add(counts.cancelled);
        let excluded = Excluded::from_iter([
            (Exclusion::Undecided, counts.open),
            (Exclusion::NotStarted, counts.not_started),
            (Exclusion::Cancelled, left_out),
        ]);
        let all = counts.met.saturating_add(counts.breached);
        Ratio::new(counts.met, all, excluded).unwrap_or_default()
    }
}

impl StepCounts {
    fn of(&mut self, step: &StepReading) -> &mut u64 {
        match step.state {
            StepState::NotStarted => &mut self.not_started,
            StepState::Skipped => &mut self.skipped,
            StepState::Cancelled => &mut self.cancelled,
            StepState::Running | StepState::Done if step.is_breached() => &mut self.breached,
            StepState::Running => &mut self.open,
            StepState::Done => &mut self.met,
        }
    }
}
