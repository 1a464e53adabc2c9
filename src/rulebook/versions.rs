//! Every rulebook version that tickets are still pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{RulebookId, TenantId};
use crate::ticket::Ticket;

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
    current: RulebookId,
    per_tenant: BTreeMap<TenantId, RulebookId>,
    versions: BTreeMap<RulebookId, Rulebook>,
}

impl Rulebooks {
    /// `current` is in force for new tickets of every tenant.
    pub fn new(current: Rulebook) -> Rulebooks {
        let versions = BTreeMap::from([(current.id(), current.clone())]);
        Rulebooks {
            current: current.id(),
            per_tenant: BTreeMap::new(),
            versions,
        }
    }

    /// The same rulebooks with `next` in force from now on; the one before is kept for its tickets.
    #[must_use]
    pub fn then(mut self, next: Rulebook) -> Rulebooks {
        self.current = next.id();
        self.with_earlier(next)
    }

    /// The same rulebooks with another one in force for new tickets of one tenant.
    #[must_use]
    pub fn for_tenant(mut self, tenant: TenantId, rulebook: Rulebook) -> Rulebooks {
        self.per_tenant.insert(tenant, rulebook.id());
        self.with_earlier(rulebook)
    }

    /// The same rulebooks with an earlier version that tickets are still pinned to.
    #[must_use]
    pub fn with_earlier(mut self, rulebook: Rulebook) -> Rulebooks {
        self.versions.insert(rulebook.id(), rulebook);
        let shared = |(id, book): (&RulebookId, &Rulebook)| (*id, book.policies().shared());
        let all = Arc::new(self.versions.iter().map(shared).collect());
        for book in self.versions.values_mut() {
            *book = book.beside(&all);
        }
        self
    }

    /// The one in force for new tickets of `tenant`.
    pub fn current(&self, tenant: TenantId) -> &Rulebook {
        let id = self.per_tenant.get(&tenant).unwrap_or(&self.current);
        // INVARIANT: whatever is in force is one of the versions.
        &self.versions[id]
    }

    /// The version with this id.
    pub fn get(&self, id: RulebookId) -> Result<&Rulebook, MissingRulebook> {
        self.versions.get(&id).ok_or(MissingRulebook { id })
    }
}

impl Rulebooks {
    /// The version that `ticket` is pinned to.
    ///
    /// # Errors
    /// The first version that is not here of those that it was ever pinned to: each measures its stretch of the ticket's time.
    pub fn of(&self, ticket: &Ticket) -> Result<&Rulebook, MissingRulebook> {
        ticket
            .rulebooks()
            .try_for_each(|id| self.get(id).map(|_| ()))?;
        self.get(ticket.rulebook())
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
