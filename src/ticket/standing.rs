//! Firings that are not over yet.

use serde::{Deserialize, Serialize};

use crate::id::{FiringKey, Name};

use super::event::{Escalated, Version};
use super::holder::Holder;

/// A firing that somebody was told of and that is not over yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) key: FiringKey,
    pub(crate) rule: Name,
    pub(crate) level: Name,
    pub(crate) version: Version,
    /// Who was in charge then.
    pub(crate) holder: Holder,
    /// Whether the level did nothing to the ticket, because rules had acted too often in a row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) chain_ended: bool,
}

impl Standing {
    /// What stands of a firing: nothing where nobody wants to be told once it is over.
    pub(super) fn of(fired: &Escalated, version: Version) -> Option<Standing> {
        Some(Standing {
            key: fired.key,
            rule: fired.rule.clone(),
            level: fired.level.clone(),
            version,
            holder: fired.told?,
            chain_ended: fired.chain_ended,
        })
    }
}
