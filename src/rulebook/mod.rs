//! The rulebook: calendars, policies, escalation rules, labels and permissions of a desk, as one immutable, validated value.
//!
//! A [`RulebookDraft`] is the form that people write: plain data, serde, every part with a default. Building it
//! ([`RulebookDraft::build`], or deserialising a [`Rulebook`]) checks everything at one door and names what is wrong by its
//! path. A built rulebook never changes; its id is derived from its canonical form, so the same rules have the same id on
//! every machine, and a ticket can be pinned to them for ever. [`Rulebooks`] keeps every version that tickets refer to.
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
//! let rulebook: Rulebook = serde_json::from_str(text)?;
//! assert_eq!(serde_json::from_str::<Rulebook>(&serde_json::to_string(&rulebook)?)?.id(), rulebook.id());
//!
//! let wrong = text.replace("\"calendar\": \"office\"", "\"calendar\": \"offise\"");
//! let error = serde_json::from_str::<Rulebook>(&wrong).unwrap_err();
//! assert!(error.to_string().contains("`calendar`: there is no calendar `offise`; there are `office`"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Everything that can be written, in one piece (lengths in rules are hours: a day in business time is not 24 hours):
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
//! # What is not here
//! No rule is applied here: [`desk::plan`](crate::desk::plan) does that. Nothing is read from a file.

mod governed;
mod lint;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::customer;
use crate::escalation::{
    self, Action, Causes, Due, Level, Outlook, Recipient, Rule, Threshold, Trigger,
};
use crate::id::{Name, RulebookId, derive};
use crate::kpi::{self, Fact};
use crate::sla::{self, Condition, Measure, Policies, Policy, Target};
use crate::ticket::{Metric, Priority, Rules, Ticket};
use crate::time::{Micros, Span};

pub use governed::Governed;
pub use lint::{Because, Finding, Problem, Severity};
pub use versions::{MissingRulebook, Rulebooks};

/// A rulebook as people write it: plain data, not yet checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RulebookDraft {
    /// The calendars, by name.
    pub calendars: BTreeMap<Name, Calendar>,
    /// The calendar of whatever names none.
    pub calendar: Name,
    /// The policies, in order: of each agreement the first that holds applies.
    pub policies: Vec<Policy>,
    /// The escalation rules.
    pub escalations: Vec<Rule>,
    /// What is allowed on tickets.
    pub tickets: Rules,
    /// What holds for customers.
    #[serde(skip_serializing_if = "is_default")]
    pub customers: customer::Rules,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for RulebookDraft {
    /// One calendar, `always`, that never closes; no policy, no rule.
    fn default() -> RulebookDraft {
        let always = known("always");
        RulebookDraft {
            calendars: BTreeMap::from([(always.clone(), Calendar::always())]),
            calendar: always,
            policies: Vec::new(),
            escalations: Vec::new(),
            tickets: Rules::default(),
            customers: customer::Rules::default(),
        }
    }
}

/// A name that is written in this file.
fn known(text: &'static str) -> Name {
    Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

impl RulebookDraft {
    /// The same draft with one more calendar, or one replaced; the first one given becomes the rulebook's own.
    #[must_use]
    pub fn calendar(mut self, name: Name, calendar: Calendar) -> RulebookDraft {
        let untouched = RulebookDraft::default();
        if (&self.calendars, &self.calendar) == (&untouched.calendars, &untouched.calendar) {
            self.calendars.clear();
            self.calendar = name.clone();
        }
        self.calendars.insert(name, calendar);
        self
    }

    /// The same draft with one more policy at the end.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> RulebookDraft {
        self.policies.push(policy);
        self
    }

    /// The same draft with one more escalation rule.
    #[must_use]
    pub fn escalation(mut self, rule: Rule) -> RulebookDraft {
        self.escalations.push(rule);
        self
    }

    /// The same draft with other rules for tickets.
    #[must_use]
    pub fn tickets(mut self, rules: Rules) -> RulebookDraft {
        self.tickets = rules;
        self
    }

    /// The same draft with other rules for customers.
    #[must_use]
    pub fn customers(mut self, rules: customer::Rules) -> RulebookDraft {
        self.customers = rules;
        self
    }

    /// Checks everything and makes it final.
    pub fn build(self) -> Result<Rulebook, InvalidRulebook> {
        let calendar_at = |path: &str, name: &Name| match self.calendars.get(name) {
            Some(calendar) => Ok(calendar.clone()),
            None => Err(InvalidRulebook::no_calendar(path, name, &self.calendars)),
        };
        let calendar = calendar_at("calendar", &self.calendar)?;

        let mut policies = Policies::default();
        let mut names = BTreeSet::new();
        for (i, policy) in self.policies.iter().enumerate() {
            let path = format!("policies[{i}]");
            if !names.insert(&policy.name) {
                return Err(InvalidRulebook::twice(
                    &format!("{path}.name"),
                    &policy.name,
                ));
            }
            check_depth(&format!("{path}.when"), &policy.when)?;
            let name = policy.calendar.as_ref().unwrap_or(&self.calendar);
            policies.add(
                policy.clone(),
                name.clone(),
                calendar_at(&format!("{path}.calendar"), name)?,
            );
        }
        check_rules(&self.escalations)?;
        let mut rules_with_calendars = Vec::new();
        for (i, rule) in self.escalations.iter().enumerate() {
            let name = rule.calendar.as_ref().unwrap_or(&self.calendar);
            let calendar = calendar_at(&format!("escalations[{i}].calendar"), name)?;
            rules_with_calendars.push((rule.clone(), calendar, name.clone()));
        }

        let canonical =
            serde_json::to_vec(&self).map_err(|e| InvalidRulebook::at("", e.to_string()))?;
        let id = RulebookId::from_uuid(derive(&[b"rulebook", &canonical]));
        let mut rules = self.tickets.clone();
        rules.rulebook = Some(id);
        let inner = Arc::new(Inner {
            id,
            draft: self,
            calendar,
            rules_with_calendars,
            rules,
        });
        Ok(Rulebook { inner, policies })
    }
}

fn check_depth(path: &str, condition: &Condition) -> Result<(), InvalidRulebook> {
    if condition.is_within(Condition::MAX_DEPTH) {
        return Ok(());
    }
    let problem = format!(
        "the condition nests deeper than {} levels",
        Condition::MAX_DEPTH
    );
    Err(InvalidRulebook::at(path, problem))
}

fn check_rules(rules: &[Rule]) -> Result<(), InvalidRulebook> {
    let mut names = BTreeSet::new();
    for (i, rule) in rules.iter().enumerate() {
        let path = format!("escalations[{i}]");
        if !names.insert(&rule.name) {
            return Err(InvalidRulebook::twice(&format!("{path}.name"), &rule.name));
        }
        if rule.levels.is_empty() {
            return Err(InvalidRulebook::at(
                &format!("{path}.levels"),
                "a rule needs at least one level".to_owned(),
            ));
        }
        let mut levels = BTreeSet::new();
        for (j, level) in rule.levels.iter().enumerate() {
            let path = format!("{path}.levels[{j}]");
            if !levels.insert(&level.name) {
                return Err(InvalidRulebook::twice(&format!("{path}.name"), &level.name));
            }
            check_depth(&format!("{path}.guard.when"), &level.guard.when)?;
            level
                .check(&rule.trigger)
                .map_err(|problem| InvalidRulebook::at(&path, problem))?;
        }
    }
    Ok(())
}

/// The rules of a desk: immutable, checked, cheap to clone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "RulebookDraft", into = "RulebookDraft")]
pub struct Rulebook {
    inner: Arc<Inner>,
    policies: Policies,
}

#[derive(Debug)]
struct Inner {
    id: RulebookId,
    draft: RulebookDraft,
    calendar: Calendar,
    /// Each escalation rule with its calendar.
    rules_with_calendars: Vec<(Rule, Calendar, Name)>,
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
        rulebook.inner.draft.clone()
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
        self.inner.id
    }

    /// What it was built from.
    pub fn as_draft(&self) -> &RulebookDraft {
        &self.inner.draft
    }

    /// The calendar of whatever names none.
    pub fn calendar(&self) -> &Calendar {
        &self.inner.calendar
    }

    /// The policies, in order.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The escalation rules.
    pub fn escalations(&self) -> &[Rule] {
        &self.inner.draft.escalations
    }

    /// What is allowed on tickets.
    pub fn tickets(&self) -> &Rules {
        &self.inner.rules
    }

    /// The same rulebook, with the policies of other versions at hand.
    fn beside(&self, others: &Arc<sla::Versions>) -> Rulebook {
        Rulebook {
            inner: self.inner.clone(),
            policies: self.policies.beside(others),
        }
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
            rules: &self.inner.rules_with_calendars,
        }
    }
}

impl RulebookDraft {
    /// The draft behind [`Rulebook::starter`], to begin one's own with.
    pub fn starter() -> RulebookDraft {
        let hours = |n| {
            Target::new(Span::hours(n), Measure::Business)
                .unwrap_or_else(|_| unreachable!("more than 0"))
        };
        let urgent = Condition::Priority(vec![Priority::Urgent, Priority::Critical]);
        let office =
            Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap_or_else(|_| Calendar::always());
        let late = |percent, name, action| {
            let at = Threshold::percent(percent).unwrap_or_else(|_| unreachable!("a per cent"));
            Level::new(known(name), at).action(action)
        };
        let duty = || Action::Notify(Recipient::Role(known("duty manager")));
        RulebookDraft::default()
            .calendar(known("office"), office)
            .policy(
                Policy::new(known("urgent"))
                    .when(urgent)
                    .target(Metric::FirstResponse, hours(1))
                    .target(Metric::TotalResolution, hours(8)),
            )
            .policy(
                Policy::new(known("standard"))
                    .target(Metric::FirstResponse, hours(8))
                    .target(Metric::TotalResolution, hours(40)),
            )
            .escalation(
                Rule::new(known("late answer"), Trigger::clock(Metric::FirstResponse))
                    .level(late(75, "soon", Action::Notify(Recipient::AgentInCharge)))
                    .level(late(100, "late", duty())),
            )
            .escalation(
                Rule::new(
                    known("late resolution"),
                    Trigger::clock(Metric::TotalResolution),
                )
                .level(late(80, "soon", Action::Notify(Recipient::AgentInCharge)))
                .level(late(100, "late", duty()).action(Action::AddTag(known("overdue")))),
            )
    }
}

/// What is wrong with a rulebook, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRulebook {
    path: String,
    problem: String,
}

impl InvalidRulebook {
    fn at(path: &str, problem: String) -> InvalidRulebook {
        InvalidRulebook {
            path: path.to_owned(),
            problem,
        }
    }

    fn twice(path: &str, name: &Name) -> InvalidRulebook {
        InvalidRulebook::at(
            path,
            format!("the name `{name}` is taken; names are unique"),
        )
    }

    fn no_calendar(path: &str, name: &Name, known: &BTreeMap<Name, Calendar>) -> InvalidRulebook {
        let known: Vec<_> = known.keys().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        InvalidRulebook::at(
            path,
            format!("there is no calendar `{name}`; there are {known}"),
        )
    }

    /// The place in the rulebook, such as `policies[1].calendar`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for InvalidRulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.problem)
    }
}

impl std::error::Error for InvalidRulebook {}
