//! Every rulebook version that tickets are still pinned to.

use std::collections::BTreeMap;

use crate::id::{RulebookId, TenantId};

use super::Rulebook;

/// The rulebooks of a desk: one in force for new tickets, per tenant or for all, and the earlier versions that older tickets
/// are pinned to.
///
/// ```
/// use helpdesk::{Rulebook, rulebook::Rulebooks, id::TenantId};
/// let first = Rulebook::starter();
/// let second = Rulebook::draft().build()?;
/// let books = Rulebooks::new(first.clone()).then(second.clone());
/// assert_eq!(books.current(TenantId::SINGLE).id(), second.id());
/// assert!(books.get(first.id()).is_ok());
/// # Ok::<(), helpdesk::rulebook::InvalidRulebook>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rulebooks {
    current: Rulebook,
    per_tenant: BTreeMap<TenantId, Rulebook>,
    versions: BTreeMap<RulebookId, Rulebook>,
}

impl Rulebooks {
    /// `current` is in force for new tickets of every tenant.
    pub fn new(current: Rulebook) -> Rulebooks {
        let versions = BTreeMap::from([(current.id(), current.clone())]);
        Rulebooks {
            current,
            per_tenant: BTreeMap::new(),
            versions,
        }
    }

    /// The same rulebooks with `next` in force from now on; the one before is kept for its tickets.
    #[must_use]
    pub fn then(mut self, next: Rulebook) -> Rulebooks {
        self.versions.insert(next.id(), next.clone());
        self.current = next;
        self
    }

    /// The same rulebooks with another one in force for new tickets of one tenant.
    #[must_use]
    pub fn for_tenant(mut self, tenant: TenantId, rulebook: Rulebook) -> Rulebooks {
        self.versions.insert(rulebook.id(), rulebook.clone());
        self.per_tenant.insert(tenant, rulebook);
        self
    }

    /// The same rulebooks with an earlier version that tickets are still pinned to.
    #[must_use]
    pub fn with_earlier(mut self, rulebook: Rulebook) -> Rulebooks {
        self.versions.insert(rulebook.id(), rulebook);
        self
    }

    /// The one in force for new tickets of `tenant`.
    pub fn current(&self, tenant: TenantId) -> &Rulebook {
        self.per_tenant.get(&tenant).unwrap_or(&self.current)
    }

    /// The version with this id.
    pub fn get(&self, id: RulebookId) -> Result<&Rulebook, MissingRulebook> {
        self.versions.get(&id).ok_or(MissingRulebook { id })
    }
}

impl From<Rulebook> for Rulebooks {
    fn from(rulebook: Rulebook) -> Rulebooks {
        Rulebooks::new(rulebook)
    }
}

/// A ticket is pinned to a rulebook version that the desk was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "rulebook version `{id}` is not here, and tickets are pinned to it; give it to the desk with `Rulebooks::with_earlier`"
)]
pub struct MissingRulebook {
    id: RulebookId,
}

impl MissingRulebook {
    /// The version that is missing.
    pub fn id(&self) -> RulebookId {
        self.id
    }
}
