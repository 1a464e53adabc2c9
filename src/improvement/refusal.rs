//! Why something said about a finding is refused.

use chrono::{DateTime, Utc};

use serde::Serialize;

use crate::aggregate::Reason;
use crate::id::{FindingId, Name};
use crate::ticket;

/// Why a command about a finding was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// For a reason that tickets have too.
    #[error(transparent)]
    Common(#[from] ticket::Refusal),
    /// There is no such finding.
    #[error("there is no finding `{finding}`; say first what was found")]
    NoFinding {
        /// What was asked for.
        finding: FindingId,
    },
    /// The finding is closed.
    #[error("the finding was closed at `{closed_at}`; what comes up now is another finding")]
    IsClosed {
        /// Since when.
        closed_at: DateTime<Utc>,
    },
    /// There is no such action.
    #[error("the finding has no action `{action}`; it has {known}, counted from 0")]
    NoAction {
        /// What was asked for.
        action: u32,
        /// How many there are.
        known: usize,
    },
    /// The action is done or dropped.
    #[error("action `{action}` ended at `{at}`; an open one is needed")]
    ActionEnded {
        /// The action.
        action: u32,
        /// When it was done or dropped.
        at: DateTime<Utc>,
    },
    /// Actions are open.
    #[error("{open} actions are still to be done; do or drop them first")]
    StillToDo {
        /// How many.
        open: usize,
    },
    /// There is no such KPI.
    #[error("`{kpi}` is not a KPI; a name such as `first_response_time` is expected")]
    UnknownKpi {
        /// What was asked for.
        kpi: Name,
    },
    /// A comparison over too few or too many days.
    #[error("a comparison over `{days}` days cannot be made; 1 to 366 are allowed")]
    TooManyDays {
        /// The days asked for.
        days: u16,
    },
}

impl Reason for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Common(refusal) => refusal.code(),
            Refusal::NoFinding { .. } => "no_finding",
            Refusal::IsClosed { .. } => "is_closed",
            Refusal::NoAction { .. } => "no_action",
            Refusal::ActionEnded { .. } => "action_ended",
            Refusal::StillToDo { .. } => "still_to_do",
            Refusal::UnknownKpi { .. } => "unknown_kpi",
            Refusal::TooManyDays { .. } => "too_many_days",
        }
    }

    fn common(&self) -> Option<&ticket::Refusal> {
        match self {
            Refusal::Common(refusal) => Some(refusal),
            _ => None,
        }
    }
}
