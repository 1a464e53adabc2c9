//! A report's scope, as whole microseconds that columns are compared with.

use chrono::{DateTime, Utc};

use crate::time::{Micros, micros};

use super::super::window::{Cohort, Scope};
use super::settled::{USUAL, Zone};

/// A scope in microseconds, such that each question is one or two comparisons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    as_of: Micros,
    pub(super) from: Micros,
    pub(super) to: Micros,
    pub(super) cohort: Cohort,
    pub(super) within: i64,
    mature: Micros, // what was resolved by then is mature
}

impl Bounds {
    pub(super) fn of(scope: &Scope) -> Bounds {
        let as_of = micros(scope.as_of);
        let within = scope.reopen_within.micros();
        Bounds {
            as_of,
            from: scope.window.from.map_or(Micros::MIN, not_before),
            to: scope.window.to.map_or(Micros::MAX, not_before),
            cohort: scope.cohort,
            within,
            mature: as_of.saturating_sub(within),
        }
    }

    /// Of everything that ever happened, long after it did.
    pub(super) const END: Bounds = Bounds {
        as_of: Micros::MAX - 1,
        from: Micros::MIN,
        to: Micros::MAX,
        cohort: Cohort::ByMeasure,
        within: USUAL,
        mature: Micros::MAX - 1,
    };

    /// Whether all tickets of a zone count as they were worked out.
    pub(super) fn has_whole(&self, zone: &Zone) -> bool {
        let in_window = self.from <= zone.from && zone.until < self.to;
        let in_window = in_window && zone.until <= self.mature;
        in_window && self.cohort != Cohort::Resolved && (self.within == USUAL || !zone.depends)
    }

    pub(super) fn has(&self, at: Micros) -> bool {
        at <= self.as_of
    }

    pub(super) fn contains(&self, at: Micros) -> bool {
        (self.from <= at) & (at < self.to)
    }

    /// Whether a ticket is a member of the window: created at one instant, resolved last at the other.
    pub(super) fn has_member(&self, created: Micros, resolved: Micros) -> bool {
        match self.cohort {
            Cohort::ByMeasure | Cohort::Created => self.contains(created),
            Cohort::Resolved => self.has(resolved) & self.contains(resolved),
        }
    }

    /// Whether a resolution of a ticket that was created then counts.
    pub(super) fn counts(&self, created: Micros, resolved: Micros) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure | Cohort::Resolved => resolved,
            Cohort::Created => created,
        };
        self.has(resolved) & self.contains(placed)
    }

    /// Whether a rating counts: given in the window, or for the cohorts of tickets on a member of it.
    pub(super) fn rates(&self, at: Micros, is_member: bool) -> bool {
        let placed = match self.cohort {
            Cohort::ByMeasure => self.contains(at),
            Cohort::Created | Cohort::Resolved => is_member,
        };
        self.has(at) & placed
    }

    pub(super) fn is_mature(&self, resolved: Micros) -> bool {
        resolved <= self.mature
    }

    pub(super) fn is_soon(&self, resolved: Micros, reopened: Micros) -> bool {
        self.has(reopened) & (reopened <= resolved.saturating_add(self.within))
    }
}

/// The first whole microsecond that is not before `at`.
fn not_before(at: DateTime<Utc>) -> Micros {
    let whole = micros(at);
    let is_finer = !at.timestamp_subsec_nanos().is_multiple_of(1_000);
    whole.saturating_add(i64::from(is_finer))
}
