//! Calendars that are published after a ticket was pinned to its version of the rulebook.
//!
//! A ticket stays with the version that it was opened under, and so with the holidays that were known then. A policy or a rule
//! that says `follow` is measured otherwise: by the calendar of the same name in whatever was
//! [published](Rulebooks::publish) since, each from its publication on. Time before a publication is measured as it was, what
//! has elapsed stays, and dues move from then on. Nothing else of a published version reaches earlier tickets.
//!
//! ```
//! use chrono::{DateTime, NaiveDate, Utc};
//! use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, rulebook::Rulebooks, store::MemoryStore, ticket::Metric};
//! let first: Rulebook = serde_json::from_str(r#"{
//!     "calendars": {"office": {"hours": {"zone": "UTC", "hours": "Mon-Fri 09:00-17:00"}}},
//!     "calendar": "office",
//!     "policies": [{"name": "standard", "follow": true, "targets": {"total_resolution": "8h"}}]
//! }"#)?;
//! let office = first.as_draft().calendars.iter().next().unwrap();
//! let mourning = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
//! let closed = office.1.with_closed_days([(mourning, "Day of mourning".to_owned())])?;
//! let second = first.as_draft().clone().calendar(office.0.clone(), closed).build()?;
//!
//! let at = |text: &str| text.parse::<DateTime<Utc>>();
//! let rulebooks = Rulebooks::new(first).publish(second, at("2026-03-05T12:00:00Z")?);
//! let desk = Desk::new(MemoryStore::new(), rulebooks);
//! let kim = Call::new(Actor::agent(AgentId::named("kim")), at("2026-03-05T11:00:00Z")?);
//! let t = desk.open(&kim, Open::new("Printer on fire").from("ann@example.com"))?.id();
//! let ledger = desk.ledger(t, Metric::TotalResolution, at("2026-03-09T10:00:00Z")?)?;
//! assert_eq!(ledger.to_string(), "running 7h; closed 88h, of which 24h Day of mourning");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whom it concerns
//! What is published for all concerns tickets that are pinned to a version that was in force for all before it; what is
//! published for a tenant, the tickets of that tenant. Once something was published for a tenant, what is published for all
//! concerns it no more.
//!
//! # When
//! A publication counts from the instant that it names, which a host must not put before what it has recorded already: an
//! announced breach is a fact, and stays one. It may lie ahead; dues then take it into account at once. Wake-ups that were worked
//! out without it count as due, and are worked out anew by the next sweeps, as many at a time as a sweep takes. Publications are
//! part of the rules: a host that starts anew gives the same ones again.
//!
//! # What is not here
//! A number of business days became an amount of time when its clock started, by the edition that the calendar had then; a holiday
//! that is published later moves the due by its own open time.
//!
//! # Properties
//! Without a publication, following is being pinned. Time before a publication is measured as without it. A publication that
//! closes more never makes a due earlier. Publishing the same again changes nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::calendar::{Calendar, ZONE_DATA_VERSION};
use crate::id::{Name, RulebookId, TenantId, derive};
use crate::ticket::FOLD;
use crate::time::micros;

use super::{Rulebook, Rulebooks};

/// What was published, for whom and from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Publication {
    pub(super) tenant: Option<TenantId>,
    pub(super) from: DateTime<Utc>,
    pub(super) version: RulebookId,
}

/// Versions as somebody's tickets are measured by them.
pub(super) type Measured = BTreeMap<RulebookId, Rulebook>;

/// Calendars that were joined already: many versions have the same ones.
#[derive(Default)]
pub(super) struct Joined(Vec<(Calendar, Calendar, Calendar)>);

impl Joined {
    fn of(&mut self, before: &Calendar, next: &Calendar, from: DateTime<Utc>) -> Calendar {
        let known = self.0.iter().find(|(a, b, _)| a == before && b == next);
        if let Some((.., joined)) = known {
            return joined.clone();
        }
        let joined = before.followed_by(next, from);
        self.0.push((before.clone(), next.clone(), joined.clone()));
        joined
    }
}

impl Rulebook {
    /// Whether a policy or a rule of it follows what is published.
    pub(super) fn follows(&self) -> bool {
        self.0.policies.follow() || self.0.escalations.iter().any(|(rule, ..)| rule.follow)
    }

    /// The same rulebook; what follows is measured by the calendars of `next` from an instant on.
    pub(super) fn followed_by(
        &self,
        next: &Rulebook,
        from: DateTime<Utc>,
        joined: &mut Joined,
    ) -> Rulebook {
        if !self.follows() {
            return self.clone();
        }
        let published = &next.0.inner.draft.calendars;
        let mut join = |name: &Name, before: &Calendar| match published.get(name) {
            Some(next) => joined.of(before, next, from),
            None => before.clone(),
        };
        let mut whole = (*self.0).clone();
        whole.policies = self.0.policies.following(&mut join);
        let rules = Arc::make_mut(&mut whole.escalations).iter_mut();
        for (_, calendar, name) in rules.filter(|(rule, ..)| rule.follow) {
            *calendar = join(name, calendar);
        }
        Rulebook(Arc::new(whole))
    }
}

impl Rulebooks {
    /// Whether a publication, by its place, concerns a version on tickets of a tenant that has publications of its own, or of
    /// all others.
    pub(super) fn concerns(&self, n: usize, version: RulebookId, tenant: Option<TenantId>) -> bool {
        let Some(publication) = self.publications.get(n) else {
            return false;
        };
        let own = self.publications.iter().position(|of| of.tenant == tenant);
        let given = |to: Option<TenantId>| {
            let place = self.given.get(&version).and_then(|given| given.get(&to));
            place.is_some_and(|place| *place <= n)
        };
        match (publication.tenant, tenant) {
            (None, None) => given(None),
            (None, Some(_)) => own.is_none_or(|own| n < own) && given(None),
            (of, of_tickets) => of == of_tickets && (given(None) || given(of)),
        }
    }

    /// The version as tickets of a tenant that has publications of its own are measured by it, or those of all others.
    pub(super) fn measured(
        &self,
        book: &Rulebook,
        tenant: Option<TenantId>,
        joined: &mut BTreeMap<usize, Joined>,
    ) -> Rulebook {
        let mut measured = book.clone();
        for (n, publication) in self.publications.iter().enumerate() {
            if self.concerns(n, book.id(), tenant)
                && let Some(next) = self.written.get(&publication.version)
            {
                let joined = joined.entry(n).or_default();
                measured = measured.followed_by(next, publication.from, joined);
            }
        }
        measured
    }

    /// What wake-ups are worked out with, besides a ticket's version: the zone data, the fold and, where anything follows them, the
    /// publications.
    pub(super) fn work_out_data(&self) -> Cow<'static, str> {
        if self.publications.is_empty() || !self.written.values().any(Rulebook::follows) {
            return own_data().into();
        }
        let mut text = Vec::new();
        for publication in &self.publications {
            let tenant = publication.tenant.map_or(Uuid::nil(), TenantId::uuid);
            text.extend_from_slice(tenant.as_bytes());
            text.extend_from_slice(&micros(publication.from).to_be_bytes());
            text.extend_from_slice(publication.version.uuid().as_bytes());
        }
        let digest = derive(&[b"published", &text]);
        format!("{} {}", own_data(), digest.simple()).into()
    }
}

/// What this version of the crate works wake-ups out with.
pub(super) fn own_data() -> &'static str {
    static DATA: LazyLock<String> = LazyLock::new(|| format!("{ZONE_DATA_VERSION}/{FOLD}"));
    &DATA
}
