//! The rulebook: calendars, policies, escalation rules, labels and permissions of a desk, as one immutable, validated value.
//!
//! A [`RulebookDraft`] is the form that people write: plain data, serde, every part with a default. Building it
//! ([`RulebookDraft::build`], or deserialising a [`Rulebook`]) checks everything at one door and names what is wrong by its
//! path. A built rulebook never changes; its id is derived from its canonical form, so the same rules have the same id on
//! every machine, and a ticket can be pinned to them for ever. [`Rulebooks`] has every version that tickets refer to;
//! [`Desk::keeping`](crate::Desk::keeping) keeps them in the store.
//!
//! ```
//! use helpdesk::Rulebook;
//! let text = r#"{
//!     "calendars": {"office": {"hours": {"zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:30"}}},
//!     "calendar": "office",
//!     "policies": [
//!         {"name": "urgent", "when": {"priority": ["urgent", "critical"]}, "targets": {"first_response": "30min"}},
//!         {"name": "standard", "targets": {"first_response": "4h", "total_resolution": "40h"}}
//!     ]
//! }"#;
//! let rulebook: Rulebook = text.parse()?;
//! assert_eq!(Rulebook::from_json(rulebook.as_json())?.id(), rulebook.id());
//!
//! let wrong = text.replace("\"calendar\": \"office\"", "\"calendar\": \"offise\"");
//! let error = Rulebook::from_json(&wrong).unwrap_err();
//! assert_eq!(error.to_string(), "`calendar`: there is no calendar `offise`; there are `office`");
//! # Ok::<(), helpdesk::rulebook::InvalidRulebook>(())
//! ```
//!
//! What most rulebooks have, in one piece (lengths in rules are hours: a day in business time is not 24 hours):
//!
//! ```
//! let text = r#"{
//!   "calendars": {
//!     "shop": {"hours": {
//!       "zone": "Europe/Berlin",
//!       "hours": "Mon-Fri 09:00-18:00; Sat 10:00-14:00",
//!       "layers": [
//!         {"name": "national", "days": [
//!           {"on": "12-25", "name": "Christmas"},
//!           {"on": "2026-04-03", "name": "Good Friday"}
//!         ]},
//!         {"name": "team", "days": [{"on": "2026-03-20", "hours": "closed 14:00-24:00", "name": "Team day"}]}
//!       ]
//!     }}
//!   },
//!   "calendar": "shop",
//!   "policies": [
//!     {"name": "express", "when": {"any": [{"priority": ["urgent", "critical"]}, {"tag": "vip"}]},
//!      "targets": {"first_response": "1h", "next_response": "1h", "total_resolution": "8h"},
//!      "pauses": {"total_resolution": ["customer", "third_party"]}},
//!     {"name": "standard", "targets": {"first_response": "4h", "total_resolution": "2 business days"}}
//!   ],
//!   "escalations": [
//!     {"name": "late answers", "trigger": {"clock": {"metric": "first_response"}},
//!      "levels": [
//!        {"name": "soon", "at": "75 %", "actions": [{"notify": "team_in_charge"}]},
//!        {"name": "late", "at": "1h after due",
//!         "actions": [{"raise_priority": "urgent"}, {"notify": {"role": "duty manager"}}]}
//!      ]},
//!     {"name": "auto-close", "trigger": {"idle": {"stages": ["resolved"]}},
//!      "levels": [{"name": "close", "at": "after 336h calendar", "actions": [{"close": "settled"}]}]}
//!   ],
//!   "tickets": {
//!     "labels": {"waiting for goods": {"pending": "third_party"}},
//!     "personal_fields": ["phone"],
//!     "reopen_window": "168h"
//!   }
//! }"#;
//! assert!(serde_json::from_str::<helpdesk::Rulebook>(text).is_ok());
//! ```
//!
//! And what fewer have: calendars put together, one that never closes, an agreement beside the customer's, a customer's tier in a field,
//! every kind of trigger and of threshold, and what becomes of alerts that are late or over:
//!
//! ```
//! let text = r#"{
//!   "calendars": {
//!     "office": {"union": [
//!       {"hours": {"zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:00"}},
//!       {"hours": {"zone": "America/New_York", "hours": "Mon-Fri 09:00-17:00"}}
//!     ]},
//!     "round the clock": "always"
//!   },
//!   "calendar": "office",
//!   "customers": {"tier_field": "tier", "organisation_field": "company"},
//!   "policies": [
//!     {"name": "gold", "when": {"field": {"name": "tier", "is": [{"text": "gold"}]}}, "calendar": "round the clock",
//!      "targets": {"first_response": "1h", "total_resolution": "24h"}},
//!     {"name": "rest", "targets": {"first_response": "8h calendar", "total_resolution": "5 business days end of day"},
//!      "pauses": {"total_resolution": ["customer", "scheduled"]}, "reopening": {"total_resolution": "new_cycle"}},
//!     {"name": "second line", "agreement": "ola", "targets": {"total_resolution": "16h"}}
//!   ],
//!   "escalations": [
//!     {"name": "breached", "trigger": {"clock": {"metric": "first_response"}},
//!      "withdraw": true, "deliver_stale": true, "catch_up": "all",
//!      "levels": [{"name": "lead", "at": "on breach", "repeat": {"every": "1h calendar", "times": 3},
//!                  "guard": {"when": {"priority": ["high", "urgent", "critical"]}}, "actions": [{"notify": {"role": "team lead"}}]}]},
//!     {"name": "waits", "trigger": "customer_waits",
//!      "levels": [{"name": "soon", "at": "after 3h", "actions": [{"notify": "agent_in_charge"}]}]},
//!     {"name": "stuck", "trigger": {"time_in_status": {"stages": ["pending"]}}, "calendar": "office",
//!      "levels": [{"name": "ask", "at": "after 2 business days", "actions": [{"add_tag": "stuck"}]}]},
//!     {"name": "came back", "trigger": "reopened",
//!      "levels": [{"name": "twice", "at": "2 times", "actions": [{"custom": "call the customer"}]}]},
//!     {"name": "unhappy", "trigger": {"low_rating": {"kind": "csat", "at_most": 2}},
//!      "levels": [{"name": "now", "at": "at once", "actions": [{"notify": "team_in_charge"}]}]}
//!   ]
//! }"#;
//! let rulebook: helpdesk::Rulebook = serde_json::from_str(text)?;
//! # assert_eq!(rulebook.lint(), []);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The rest stands with its type: [`Trigger`](crate::escalation::Trigger), [`Threshold`](crate::escalation::Threshold),
//! [`Action`](crate::escalation::Action), [`Condition`](crate::sla::Condition), [`Policy`](crate::sla::Policy), [`Calendar`],
//! and the fields of [`RulebookDraft`].
//!
//! # What is not here
//! No rule is applied here: [`desk::plan`](crate::desk::plan) does that. Nothing is read from a file.

mod draft;
pub mod follow;
mod governed;
mod invalid;
mod kept;
mod lint;
mod starter;
mod text;
mod versions;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::escalation::{self, Causes, Due, OtherRules, Outlook, Rule, Ruled};
use crate::id::RulebookId;
use crate::kpi::{self, Fact};
use crate::sla::{self, Policies};
use crate::ticket::{Rules, Ticket};
use crate::time::Micros;

pub use draft::RulebookDraft;
pub use governed::Governed;
pub use invalid::InvalidRulebook;
pub use lint::{Because, Finding, Problem, Severity};
pub use versions::{MissingRulebook, Rulebooks};

/// The rules of a desk: immutable, checked, cheap to clone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "RulebookDraft", into = "RulebookDraft")]
pub struct Rulebook(Arc<Whole>);

/// A rulebook among the versions that it is kept with.
#[derive(Clone, Debug)]
struct Whole {
    inner: Arc<Inner>,
    policies: Policies,
    escalations: Arc<Vec<Ruled>>,
    /// Those of other versions.
    other_escalations: Arc<OtherRules>,
}

#[derive(Debug)]
struct Inner {
    id: RulebookId,
    /// What the id is the digest of.
    canonical: Box<str>,
    draft: RulebookDraft,
    calendar: Calendar,
    rules: Rules,
}

impl TryFrom<RulebookDraft> for Rulebook {
    type Error = InvalidRulebook;
    fn try_from(draft: RulebookDraft) -> Result<Rulebook, InvalidRulebook> {
        draft.build()
    }
}

impl From<Rulebook> for RulebookDraft {
    fn from(rulebook: Rulebook) -> RulebookDraft {
        rulebook.0.inner.draft.clone()
    }
}

impl PartialEq for Rulebook {
    fn eq(&self, other: &Rulebook) -> bool {
        self.id() == other.id()
    }
}

impl Rulebook {
    /// An empty draft.
    pub fn draft() -> RulebookDraft {
        RulebookDraft::default()
    }

    /// A rulebook that works untouched: office hours Monday to Friday 09:00-17:00 UTC; an urgent and a standard policy; one
    /// escalation for late first responses and one for late resolutions.
    pub fn starter() -> Rulebook {
        RulebookDraft::starter()
            .build()
            .unwrap_or_else(|e| unreachable!("the starter rulebook is valid: {e}"))
    }

    /// The version: the same rules have the same id everywhere.
    pub fn id(&self) -> RulebookId {
        self.0.inner.id
    }

    /// What it was built from.
    pub fn as_draft(&self) -> &RulebookDraft {
        &self.0.inner.draft
    }

    /// The calendar of whatever names none.
    pub fn calendar(&self) -> &Calendar {
        &self.0.inner.calendar
    }

    /// The policies, in order.
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// The escalation rules.
    pub fn escalations(&self) -> &[Rule] {
        &self.0.inner.draft.escalations
    }

    /// What is allowed on tickets.
    pub fn tickets(&self) -> &Rules {
        &self.0.inner.rules
    }

    /// The same rulebook, with the policies and rules of other versions at hand.
    fn beside(&self, policies: &Arc<sla::Versions>, rules: &Arc<OtherRules>) -> Rulebook {
        Rulebook(Arc::new(Whole {
            inner: self.0.inner.clone(),
            policies: self.0.policies.beside(policies),
            escalations: self.0.escalations.clone(),
            other_escalations: rules.clone(),
        }))
    }

    /// What `ticket` contributes to every figure.
    pub fn facts(&self, ticket: &Ticket) -> Vec<Fact> {
        kpi::facts(ticket, self.policies(), self.calendar())
    }

    /// What the search for what falls due on `ticket` rests on.
    pub(crate) fn outlook(&self, ticket: &Ticket) -> Outlook<'_> {
        Outlook::of(ticket, self.causes())
    }

    /// What falls due first on `ticket`, at the instant that [`next_due_at`](Rulebook::next_due_at) tells.
    pub(crate) fn next_due<'a>(
        &'a self,
        ticket: &Ticket,
        outlook: &Outlook<'a>,
        at: Micros,
    ) -> Option<Due<'a>> {
        escalation::next(ticket, self.causes(), outlook, at)
    }

    /// When that is.
    pub(crate) fn next_due_at<'a>(
        &'a self,
        ticket: &Ticket,
        outlook: &Outlook<'a>,
    ) -> Option<Micros> {
        escalation::next_at(ticket, self.causes(), outlook)
    }

    fn causes(&self) -> Causes<'_> {
        Causes {
            policies: self.policies(),
            rules: &self.0.escalations,
            other_rules: &self.0.other_escalations,
        }
    }
}
