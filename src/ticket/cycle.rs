//! The resolution cycles of a ticket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;

use super::lifecycle::CloseReason;

/// One resolution cycle: from creation or a reopening to the next reopening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// When work began: creation, or the reopening.
    pub started_at: DateTime<Utc>,
    /// The first entry into `Resolved` in this cycle.
    pub first_resolved_at: Option<DateTime<Utc>>,
    /// The last entry into `Resolved` in this cycle; a log may hold several (resolved, closed, resolved).
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it last.
    pub resolver: Option<Actor>,
    /// When and why it was closed in this cycle.
    pub closed: Option<(DateTime<Utc>, CloseReason)>,
    /// When it was no longer work to do: the first entry into `Resolved` or `Closed`.
    pub left_at: Option<DateTime<Utc>>,
    /// When the next cycle began.
    pub reopened_at: Option<DateTime<Utc>>,
}

impl Cycle {
    pub(super) fn beginning(started_at: DateTime<Utc>) -> Cycle {
        Cycle {
            started_at,
            first_resolved_at: None,
            resolved_at: None,
            resolver: None,
            closed: None,
            left_at: None,
            reopened_at: None,
        }
    }

    /// When it ended: the close where it was closed, else the last resolution.
    pub(super) fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.closed.map(|(at, _)| at).or(self.resolved_at)
    }
}
