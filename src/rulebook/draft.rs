//! A rulebook as people write it, and the one door at which it is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::aggregate::version_of;
use crate::calendar::Calendar;
use crate::calendar::form::MOST_NAMED;
use crate::customer;
use crate::escalation::Rule;
use crate::feedback;
use crate::id::{Name, RulebookId};
use crate::improvement;
use crate::quality;
use crate::self_service;
use crate::sla::{Condition, Policies, Policy};
use crate::ticket::Rules;

use super::{Inner, InvalidRulebook, Rulebook, Whole};

/// A rulebook as people write it: plain data, not yet checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RulebookDraft {
    /// The calendars, by name.
    #[serde(deserialize_with = "crate::calendar::form::named")]
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
    /// What holds for surveys.
    #[serde(skip_serializing_if = "is_default")]
    pub feedback: feedback::Rules,
    /// What holds for self-service.
    #[serde(skip_serializing_if = "is_default")]
    pub self_service: self_service::Rules,
    /// What holds for quality reviews.
    #[serde(skip_serializing_if = "is_default")]
    pub quality: quality::Rules,
    /// What holds for findings.
    #[serde(skip_serializing_if = "is_default")]
    pub improvement: improvement::Rules,
    /// Whether [`RulebookDraft::calendar`] was called.
    #[serde(skip)]
    given: Given,
}

/// Whether a calendar was given by hand: it is about how a draft is written, and two drafts that say the same are equal.
#[derive(Clone, Copy, Debug, Default)]
struct Given(bool);

impl PartialEq for Given {
    fn eq(&self, _: &Given) -> bool {
        true
    }
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
            feedback: feedback::Rules::default(),
            self_service: self_service::Rules::default(),
            quality: quality::Rules::default(),
            improvement: improvement::Rules::default(),
            given: Given::default(),
        }
    }
}

/// A name that is written in this file.
pub(super) fn known(text: &'static str) -> Name {
    Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

impl RulebookDraft {
    /// The same draft with one more calendar, or one replaced; the first one given becomes the rulebook's own, and takes the place of
    /// `always`: where a policy is to name that too, give it as well ([`Calendar::always`]).
    #[must_use]
    pub fn calendar(mut self, name: Name, calendar: Calendar) -> RulebookDraft {
        let untouched = RulebookDraft::default();
        let is_first = !std::mem::replace(&mut self.given.0, true);
        if is_first
            && (&self.calendars, &self.calendar) == (&untouched.calendars, &untouched.calendar)
        {
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

    /// The same draft with other rules for surveys.
    #[must_use]
    pub fn feedback(mut self, rules: feedback::Rules) -> RulebookDraft {
        self.feedback = rules;
        self
    }

    /// The same draft with other rules for self-service.
    #[must_use]
    pub fn self_service(mut self, rules: self_service::Rules) -> RulebookDraft {
        self.self_service = rules;
        self
    }

    /// The same draft with other rules for quality reviews.
    #[must_use]
    pub fn quality(mut self, rules: quality::Rules) -> RulebookDraft {
        self.quality = rules;
        self
    }

    /// Checks everything and makes it final.
    pub fn build(self) -> Result<Rulebook, InvalidRulebook> {
        let canonical = self.canonical()?;
        self.build_as(version_of(&canonical), canonical)
    }

    /// The form that the version's id is the digest of.
    fn canonical(&self) -> Result<String, InvalidRulebook> {
        serde_json::to_string(self).map_err(|e| InvalidRulebook::at("", e.to_string()))
    }

    /// The same under the id of the canonical form that it was read from, which may be written otherwise today.
    pub(super) fn build_as(
        self,
        id: RulebookId,
        canonical: String,
    ) -> Result<Rulebook, InvalidRulebook> {
        let calendar_at = |path: &str, name: &Name| match self.calendars.get(name) {
            Some(calendar) => Ok(calendar.clone()),
            None => Err(InvalidRulebook::no_calendar(path, name, &self.calendars)),
        };
        let calendar = calendar_at("calendar", &self.calendar)?;

        let parts = self.calendars.values().map(Calendar::count);
        let parts = parts.fold(0, usize::saturating_add);
        few("calendars", "parts of calendars", parts, MOST_NAMED)?;
        few("policies", "policies", self.policies.len(), MOST_POLICIES)?;
        let levels = self.escalations.iter().map(|rule| rule.levels.len());
        few("escalations", "levels", levels.sum(), MOST_LEVELS)?;

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

        let mut rules = self.tickets.clone();
        rules.rulebook = Some(id);
        let inner = Arc::new(Inner {
            id,
            draft: self,
            canonical: canonical.into(),
            calendar,
            rules,
        });
        Ok(Rulebook(Arc::new(Whole {
            inner,
            policies,
            escalations: Arc::new(rules_with_calendars),
            other_escalations: Arc::default(),
        })))
    }
}

/// How many policies a rulebook may have: each is asked for each ticket.
const MOST_POLICIES: usize = 10_000;

/// How many levels all its rules may have together: the linter holds each beside each.
const MOST_LEVELS: usize = 2_000;

fn few(path: &str, what: &str, found: usize, limit: usize) -> Result<(), InvalidRulebook> {
    if found <= limit {
        return Ok(());
    }
    let problem = format!("there are `{found}` {what}: at most `{limit}` are allowed");
    Err(InvalidRulebook::at(path, problem))
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
