//! Who is in charge.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, TeamId};

use super::event::Version;

/// Who is in charge of a ticket: an agent, a team, both or nobody.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Holder {
    /// The agent.
    pub agent: Option<AgentId>,
    /// The team.
    pub team: Option<TeamId>,
}

/// Who was in charge from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Since when.
    pub at: DateTime<Utc>,
    /// The place of the event.
    pub version: Version,
    /// Who.
    pub holder: Holder,
}
