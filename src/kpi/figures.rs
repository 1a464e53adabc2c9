//! The figures of a report.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::ticket::{ClockId, CloseReason};

use super::backlog::Backlog;
use super::quantile::Summary;
use super::ratio::{Excluded, Ratio};
use super::window::Scope;

/// The figures of a [`Report`](super::Report). What each one means stands in [`MEASURES`](super::MEASURES).
///
/// Serialises with all counts, lengths in microseconds, and `null` for what is undefined. `Display` is a report in plain text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KpiReport {
    pub(super) scope: Scope,
    pub(super) tickets: u64,
    pub(super) volume: u64,
    pub(super) resolved: u64,
    pub(super) resolutions: u64,
    pub(super) resolution_rate: Ratio,
    pub(super) closed_unresolved: BTreeMap<CloseReason, u64>,
    pub(super) reopen_rate: Ratio,
    pub(super) resolutions_reopened: Ratio,
    pub(super) immature_reopened: u64,
    pub(super) first_response: Durations,
    pub(super) first_resolution: Durations,
    pub(super) total_resolution: Durations,
    pub(super) attainment: Vec<Attainment>,
    pub(super) backlog: Backlog,
}

impl KpiReport {
    /// What the figures are about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The instant that they are of.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.scope.as_of
    }

    /// How many tickets existed, in the window or not.
    pub fn tickets(&self) -> u64 {
        self.tickets
    }

    /// Tickets created in the window.
    pub fn volume(&self) -> u64 {
        self.volume
    }

    /// Tickets resolved in the window, however often.
    pub fn resolved(&self) -> u64 {
        self.resolved
    }

    /// Resolutions in the window: one for each cycle that was resolved.
    pub fn resolutions(&self) -> u64 {
        self.resolutions
    }

    /// Of the tickets created in the window: those resolved and not reopened since.
    pub fn resolution_rate(&self) -> &Ratio {
        &self.resolution_rate
    }

    /// Of the tickets created in the window: those closed without a resolution in their last cycle, by reason.
    pub fn closed_unresolved(&self) -> &BTreeMap<CloseReason, u64> {
        &self.closed_unresolved
    }

    /// Of the tickets resolved in the window, long enough ago: those reopened soon.
    pub fn reopen_rate(&self) -> &Ratio {
        &self.reopen_rate
    }

    /// Of the resolutions in the window, long enough ago: those that were undone soon.
    pub fn resolutions_reopened(&self) -> &Ratio {
        &self.resolutions_reopened
    }

    /// Of the tickets that the reopen rate leaves out as immature: those reopened already.
    pub fn immature_reopened(&self) -> u64 {
        self.immature_reopened
    }

    /// How long customers waited for the first answer, over the tickets created in the window.
    pub fn first_response(&self) -> &Durations {
        &self.first_response
    }

    /// From creation to the first resolution, where that lies in the window.
    pub fn first_resolution(&self) -> &Durations {
        &self.first_resolution
    }

    /// From creation to the last resolution, where that lies in the window.
    pub fn total_resolution(&self) -> &Durations {
        &self.total_resolution
    }

    /// Each clock that has a target on some ticket created in the window, in the order of their ids.
    pub fn attainment(&self) -> &[Attainment] {
        &self.attainment
    }

    /// One clock's part of [`KpiReport::attainment`].
    pub fn attainment_of(&self, clock: impl Into<ClockId>) -> Option<&Attainment> {
        let clock = clock.into();
        self.attainment.iter().find(|attainment| attainment.clock == clock)
    }

    /// The backlog now, and at the end of each day of the window: always of the whole desk.
    pub fn backlog(&self) -> &Backlog {
        &self.backlog
    }
}

/// One duration in calendar and in business time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Durations {
    /// All time; `None` where nothing was measured.
    pub calendar: Option<Summary>,
    /// Open time; `None` where nothing was measured.
    pub business: Option<Summary>,
    /// Members of the window that have no such duration, by reason.
    pub excluded: Excluded,
}

/// How often one clock kept its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attainment {
    pub(super) clock: ClockId,
    pub(super) ratio: Ratio,
    pub(super) met_after_breach: u64, // INVARIANT: <= the ratio's numerator
    pub(super) outside_after_breach: u64,
}

impl Attainment {
    /// Which clock.
    pub fn clock(&self) -> ClockId {
        self.clock
    }

    /// Met / (met + breached), by the verdict under the target in force when the clock ended. What runs and is past its target
    /// is breached.
    pub fn ratio(&self) -> &Ratio {
        &self.ratio
    }

    /// Tickets whose verdict is *met* although a target had been passed while it was in force: the two marks differ there,
    /// mostly because somebody changed the priority.
    pub fn met_after_breach(&self) -> u64 {
        self.met_after_breach
    }

    /// Tickets left out of the ratio although a target had been passed: closed or resolved late without what was promised.
    pub fn outside_after_breach(&self) -> u64 {
        self.outside_after_breach
    }

    /// The stricter ratio over the same tickets: met only where no target was ever passed while in force.
    pub fn never_breached(&self) -> Ratio {
        let kept = self.ratio.numerator().saturating_sub(self.met_after_breach);
        Ratio::new(kept, self.ratio.denominator(), self.ratio.excluded().clone()).unwrap_or_default()
    }
}
