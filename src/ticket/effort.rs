//! What was spent on a ticket, and how long it was said to take.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{Name, TeamId};
use crate::time::Span;

/// Effort that somebody recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeEntry {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who worked.
    pub actor: Actor,
    /// For how long.
    pub spent: Span,
    /// The kind of work, in the host's words.
    pub activity: Option<Name>,
    /// The team that was in charge then, of the ticket on which it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
}

/// An estimated time of resolution that the customer was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// When the customer was told.
    pub made_at: DateTime<Utc>,
    /// When the ticket is to be resolved.
    pub at: DateTime<Utc>,
}
