//! Versions of the rulebook as a store keeps them, so that tickets which began under one find it again.
//!
//! A version has a stream of its own: first its text, then for whom it was given. The text is the canonical form that the version's id is
//! the digest of, to the byte: so what is kept proves itself, also where a later version of the crate would write the same rules
//! otherwise. Nobody tells a version anything; [`Desk::keeping`](crate::Desk::keeping) writes these events and reads them.
//!
//! # Properties
//! - The state is a function of the events, in whatever order the same [`Given`](RulebookEvent::Given) comes twice: the first stays.
//! - A text stands behind an id only where its digest is that id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{RulebookId, TenantId, derive};
use crate::ticket::Recorded;

/// What can happen to a version of the rulebook in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RulebookEvent {
    /// It was kept.
    Kept {
        /// The whole rulebook: its canonical form as JSON.
        rules: String,
    },
    /// A desk was given it.
    Given {
        /// For the tickets of this tenant; none for everybody's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<TenantId>,
        /// How many rulebooks had been [published](crate::rulebook::follow) before: later ones concern its tickets.
        published: usize,
    },
}

/// A version of the rulebook as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptRulebook {
    /// Its canonical form as JSON.
    pub rules: String,
    /// For whom it was given (none: for all), and after how many publications.
    pub given: BTreeMap<Option<TenantId>, usize>,
}

impl KeptRulebook {
    /// What these events made; none of no events.
    pub fn replay(events: &[Recorded<RulebookEvent>]) -> Option<KeptRulebook> {
        let mut kept = KeptRulebook::default();
        for event in events {
            kept.apply(&event.event);
        }
        (!events.is_empty()).then_some(kept)
    }

    /// Folds one event in.
    pub fn apply(&mut self, event: &RulebookEvent) {
        match event {
            RulebookEvent::Kept { rules } => self.rules.clone_from(rules),
            RulebookEvent::Given { tenant, published } => {
                self.given.entry(*tenant).or_insert(*published);
            }
        }
    }

    /// Whether the text is that of this version.
    pub fn is(&self, version: RulebookId) -> bool {
        version_of(&self.rules) == version
    }

    /// The events that are missing for this to be kept as well: none where it is kept already.
    pub fn missing(&self, before: Option<&KeptRulebook>) -> Vec<RulebookEvent> {
        let rules = || self.rules.clone();
        let kept = before
            .is_none()
            .then(|| RulebookEvent::Kept { rules: rules() });
        let is_new = |to: &Option<TenantId>| before.is_none_or(|kept| !kept.given.contains_key(to));
        let given = self.given.iter().filter(|(to, _)| is_new(to));
        let given = given.map(|(tenant, published)| RulebookEvent::Given {
            tenant: *tenant,
            published: *published,
        });
        kept.into_iter().chain(given).collect()
    }
}

/// The version that a canonical form is.
pub(crate) fn version_of(rules: &str) -> RulebookId {
    RulebookId::from_uuid(derive(&[b"rulebook", rules.as_bytes()]))
}
