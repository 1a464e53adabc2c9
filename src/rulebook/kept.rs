//! Rulebooks on their way into a store and out of it again.

use std::collections::BTreeMap;

use crate::aggregate::KeptRulebook;
use crate::id::{RulebookId, TenantId};

use super::follow::Joined;
use super::versions::Given;
use super::{InvalidRulebook, Rulebook, Rulebooks};

impl Rulebook {
    /// The version that a store kept. It has the id that it always had, also where this version of the crate would write the
    /// same rules otherwise.
    ///
    /// # Errors
    /// What this version of the crate does not read or allow.
    pub(crate) fn of_kept(
        version: RulebookId,
        kept: &KeptRulebook,
    ) -> Result<Rulebook, InvalidRulebook> {
        super::text::draft(&kept.rules)?.build_as(version, kept.rules.clone())
    }
}

impl Rulebooks {
    /// Every version that is here.
    pub fn versions(&self) -> impl Iterator<Item = RulebookId> + '_ {
        self.written.keys().copied()
    }

    /// Every version as it is to be kept.
    pub(crate) fn to_keep(&self) -> impl Iterator<Item = (RulebookId, KeptRulebook)> + '_ {
        self.written.iter().map(|(id, book)| {
            let rules = book.as_json().to_owned();
            let given = self.given.get(id).cloned().unwrap_or_default();
            (*id, KeptRulebook { rules, given })
        })
    }

    /// The same rulebooks with versions that a store kept, each for whomever it was given to. What is in force stays in force.
    pub(crate) fn with_kept(
        mut self,
        kept: impl IntoIterator<Item = (Rulebook, Given)>,
    ) -> Rulebooks {
        let before = (self.written.len(), self.given.clone());
        for (book, given) in kept {
            let here = self.given.entry(book.id()).or_default();
            for (to, place) in given {
                here.entry(to).or_insert(place);
            }
            self.written.entry(book.id()).or_insert(book);
        }
        if (self.written.len(), &self.given) != (before.0, &before.1) {
            self.measure_anew();
        }
        self
    }

    /// Works out by what tickets are measured, from what was written, given and published.
    fn measure_anew(&mut self) {
        let mut joined: BTreeMap<usize, Joined> = BTreeMap::new();
        let mut measured = |to: Option<TenantId>| {
            let books = self.written.values();
            let each = books.map(|book| (book.id(), self.measured(book, to, &mut joined)));
            each.collect()
        };
        let versions = measured(None);
        let tenants: Vec<TenantId> = self.own.keys().copied().collect();
        let own = tenants
            .iter()
            .map(|of| (*of, measured(Some(*of))))
            .collect();
        (self.versions, self.own) = (versions, own);
        self.stand_beside(&tenants);
        self.data = self.work_out_data();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::instant;

    fn named(policy: &str, hours: &str, follow: bool) -> Rulebook {
        let text = format!(
            r#"{{"calendars": {{"office": {{"hours": {{"zone": "UTC", "hours": "{hours}"}}}}}}, "calendar": "office",
            "policies": [{{"name": "{policy}", "follow": {follow}, "targets": {{"total_resolution": "8h"}}}}]}}"#
        );
        Rulebook::from_json(&text).unwrap()
    }

    /// Whoever starts anew with what is in force now and the same publications has what measured tickets before.
    #[test]
    fn what_was_kept_measures_as_before() {
        let (tenant, other) = (TenantId::named("a"), TenantId::named("b"));
        let [first, second] =
            ["Mon-Fri 09:00-17:00", "Mon-Fri 10:00-12:00"].map(|h| named("p", h, true));
        let third = named("q", "Sat 09:00-17:00", true);
        let own = named("own", "Mon-Sun 09:00-17:00", true);
        let late = named("late", "Mon-Sun 01:00-02:00", true);
        let (from, later) = (instant(1_000_000), instant(2_000_000));
        let publish = |books: Rulebooks| {
            let books = books.publish(second.clone(), from);
            books.publish_for(other, third.clone(), later)
        };
        let whole = Rulebooks::new(first.clone()).for_tenant(tenant, own.clone());
        let whole = publish(whole).then(late.clone()).then(third.clone());
        let anew = publish(Rulebooks::new(first.clone())).then(third.clone());
        let kept = whole
            .to_keep()
            .map(|(id, kept)| (Rulebook::of_kept(id, &kept).unwrap(), kept.given));
        let restored = anew.with_kept(kept);
        assert_eq!(restored.data_version(), whole.data_version());
        assert_eq!(restored.current(tenant), &third);
        assert!(restored.get(own.id()).is_ok() && restored.get(late.id()).is_ok());
        for to in [TenantId::SINGLE, tenant, other] {
            for id in whole.versions() {
                let calendars = |books: &Rulebooks| {
                    let book = books.get_for(to, id).unwrap();
                    format!("{:?}", book.policies())
                };
                assert_eq!(calendars(&restored), calendars(&whole), "{to} {id}");
            }
        }
    }
}
