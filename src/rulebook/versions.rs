//! Every rulebook version that tickets are still pinned to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::id::{RulebookId, TenantId};
use crate::ticket::Ticket;

use super::Rulebook;
use super::follow::{Joined, Measured, Publication, own_data};

/// For whom a version was given, and after how many publications.
pub(super) type Given = BTreeMap<Option<TenantId>, usize>;

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
    /// As they were built.
    pub(super) written: Measured,
    /// For whom each was given, and how much was published before.
    pub(super) given: BTreeMap<RulebookId, Given>,
    pub(super) publications: Vec<Publication>,
    /// As tickets are measured by them.
    pub(super) versions: Measured,
    /// The same for tenants that have publications of their own.
    pub(super) own: BTreeMap<TenantId, Measured>,
    pub(super) data: Cow<'static, str>,
}

impl Rulebooks {
    /// `current` is in force for new tickets of every tenant.
    pub fn new(current: Rulebook) -> Rulebooks {
        let nothing = Rulebooks {
            current: current.id(),
            per_tenant: BTreeMap::new(),
            written: Measured::new(),
            given: BTreeMap::new(),
            publications: Vec::new(),
            versions: Measured::new(),
            own: BTreeMap::new(),
            data: own_data().into(),
        };
        nothing.give(current, None)
    }

    /// The same rulebooks with `next` in force from now on; the one before is kept for its tickets.
    #[must_use]
    pub fn then(mut self, next: Rulebook) -> Rulebooks {
        self.current = next.id();
        self.give(next, None)
    }

    /// The same rulebooks with another one in force for new tickets of one tenant.
    #[must_use]
    pub fn for_tenant(mut self, tenant: TenantId, rulebook: Rulebook) -> Rulebooks {
        self.per_tenant.insert(tenant, rulebook.id());
        self.give(rulebook, Some(tenant))
    }

    /// The same rulebooks with an earlier version that tickets are still pinned to. [`Desk::keeping`](crate::Desk::keeping) does this with
    /// every version that it kept in the store.
    #[must_use]
    pub fn with_earlier(mut self, rulebook: Rulebook) -> Rulebooks {
        let id = rulebook.id();
        if let Entry::Vacant(place) = self.given.entry(id).or_default().entry(None) {
            // In force for all before whatever was published: where one tenant had it, it is measured anew.
            place.insert(0);
            self.versions.remove(&id);
            self.own.values_mut().for_each(|own| _ = own.remove(&id));
        }
        self.give(rulebook, None)
    }

    /// The same rulebooks with `next` in force for new tickets, whose calendars also measure earlier ones from `from` on, where a
    /// policy or rule says [`follow`](crate::sla::Policy::follow). A later call replaces what earlier ones said of the time from
    /// its instant on. [Whom it concerns, and when](super::follow) is told apart.
    #[must_use]
    pub fn publish(mut self, next: Rulebook, from: DateTime<Utc>) -> Rulebooks {
        self.current = next.id();
        self.add_publication(None, next, from)
    }

    /// The same for the tickets of one tenant.
    #[must_use]
    pub fn publish_for(
        mut self,
        tenant: TenantId,
        next: Rulebook,
        from: DateTime<Utc>,
    ) -> Rulebooks {
        self.per_tenant.insert(tenant, next.id());
        self.add_publication(Some(tenant), next, from)
    }

    fn add_publication(
        mut self,
        tenant: Option<TenantId>,
        next: Rulebook,
        from: DateTime<Utc>,
    ) -> Rulebooks {
        let (n, version) = (self.publications.len(), next.id());
        self.written.entry(version).or_insert(next.clone());
        self.publications.push(Publication {
            tenant,
            from,
            version,
        });
        let mut joined = Joined::default();
        if let Some(tenant) = tenant {
            let common = &self.versions;
            self.own.entry(tenant).or_insert_with(|| common.clone());
        }
        for (of, id) in self.places() {
            let measured = match of {
                None => self.versions.get(&id),
                Some(of) => self.own.get(&of).and_then(|own| own.get(&id)),
            };
            if let Some(measured) = measured.filter(|_| self.concerns(n, id, of)) {
                let measured = measured.followed_by(&next, from, &mut joined);
                self.put(of, measured);
            }
        }
        self.give(next, tenant)
    }

    /// Every version that is kept, and for whose tickets.
    fn places(&self) -> Vec<(Option<TenantId>, RulebookId)> {
        let own = self.own.iter();
        let own = own.flat_map(|(tenant, of)| of.keys().map(|id| (Some(*tenant), *id)));
        let common = self.versions.keys().map(|id| (None, *id));
        common.chain(own).collect()
    }

    fn put(&mut self, tenant: Option<TenantId>, book: Rulebook) {
        let of = match tenant {
            None => &mut self.versions,
            Some(tenant) => self.own.entry(tenant).or_default(),
        };
        of.insert(book.id(), book);
    }

    /// Keeps a version, for everybody's tickets or for those of one tenant.
    fn give(mut self, book: Rulebook, to: Option<TenantId>) -> Rulebooks {
        let (id, n) = (book.id(), self.publications.len());
        self.written.entry(id).or_insert(book.clone());
        self.given.entry(id).or_default().entry(to).or_insert(n);
        let mut joined = BTreeMap::new();
        if !self.versions.contains_key(&id) {
            let measured = self.measured(&book, None, &mut joined);
            self.versions.insert(id, measured);
        }
        let tenants: Vec<TenantId> = match to {
            Some(tenant) => self
                .own
                .contains_key(&tenant)
                .then_some(tenant)
                .into_iter()
                .collect(),
            None => self.own.keys().copied().collect(),
        };
        for tenant in &tenants {
            if self
                .own
                .get(tenant)
                .is_some_and(|own| !own.contains_key(&id))
            {
                let measured = self.measured(&book, Some(*tenant), &mut joined);
                self.put(Some(*tenant), measured);
            }
        }
        self.stand_beside(&tenants);
        self.data = self.work_out_data();
        self
    }

    /// Each version has those at hand that a ticket may have been moved from.
    pub(super) fn stand_beside(&mut self, tenants: &[TenantId]) {
        for tenant in tenants {
            if let Some(own) = self.own.get_mut(tenant) {
                let all: Vec<Rulebook> = self
                    .versions
                    .values()
                    .chain(own.values())
                    .cloned()
                    .collect();
                beside_all(own, &all);
            }
        }
        let all: Vec<Rulebook> = self.versions.values().cloned().collect();
        beside_all(&mut self.versions, &all);
    }

    /// The one in force for new tickets of `tenant`.
    pub fn current(&self, tenant: TenantId) -> &Rulebook {
        let id = self.per_tenant.get(&tenant).unwrap_or(&self.current);
        // INVARIANT: whatever is in force is one of the versions.
        self.find(tenant, *id).unwrap_or_else(|| &self.versions[id])
    }

    /// The version with this id.
    pub fn get(&self, id: RulebookId) -> Result<&Rulebook, MissingRulebook> {
        self.versions.get(&id).ok_or(MissingRulebook { id })
    }

    /// The version with this id, as tickets of a tenant are measured by it.
    pub fn get_for(&self, tenant: TenantId, id: RulebookId) -> Result<&Rulebook, MissingRulebook> {
        self.find(tenant, id).ok_or(MissingRulebook { id })
    }

    fn find(&self, tenant: TenantId, id: RulebookId) -> Option<&Rulebook> {
        let own = self.own.get(&tenant).and_then(|own| own.get(&id));
        own.or_else(|| self.versions.get(&id))
    }

    /// What wake-ups rest on besides a ticket's rulebook version: the version of the zone data, that of the meanings in this version of
    /// the crate and, where a policy or rule follows them, of the publications. A wake-up that was worked out with anything else counts as due.
    pub fn data_version(&self) -> &Cow<'static, str> {
        &self.data
    }
}

impl Rulebooks {
    /// The version that `ticket` is pinned to.
    ///
    /// # Errors
    /// The first version that is not here of those that it was ever pinned to: each measures its stretch of the ticket's time.
    pub fn of(&self, ticket: &Ticket) -> Result<&Rulebook, MissingRulebook> {
        if ticket.moved_to_rulebook().is_some() {
            ticket
                .rulebooks()
                .try_for_each(|id| self.get(id).map(|_| ()))?;
        }
        self.get_for(ticket.tenant(), ticket.rulebook())
    }
}

/// Gives each of `books` all of `others`; of those with the same id, the last.
fn beside_all(books: &mut Measured, others: &[Rulebook]) {
    let policies = others
        .iter()
        .map(|book| (book.id(), book.policies().shared()));
    let rules = others
        .iter()
        .map(|book| (book.id(), book.0.escalations.clone()));
    let (policies, rules) = (Arc::new(policies.collect()), Arc::new(rules.collect()));
    let each = books.values_mut();
    each.for_each(|book| *book = book.beside(&policies, &rules));
}

impl From<Rulebook> for Rulebooks {
    fn from(rulebook: Rulebook) -> Rulebooks {
        Rulebooks::new(rulebook)
    }
}

impl From<&Rulebook> for Rulebooks {
    fn from(rulebook: &Rulebook) -> Rulebooks {
        Rulebooks::new(rulebook.clone())
    }
}

impl From<&Rulebooks> for Rulebooks {
    fn from(rulebooks: &Rulebooks) -> Rulebooks {
        rulebooks.clone()
    }
}

/// A ticket is pinned to a rulebook version that the desk was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "rulebook version `{id}` is not here, and tickets are pinned to it; give the desk the rules that were in force when they \
     began as an earlier version, or let its store keep every version (guide: changing the rules)"
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
