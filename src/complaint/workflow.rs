//! The steps of a complaint as data, each with its target.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calendar::DayEnd;
use crate::id::Name;
use crate::sla::{Condition, Policy, Target};
use crate::ticket::{Agreement, Change, FieldValue, Metric};
use crate::time::Span;

/// What is done about a complaint, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintStep {
    /// Take it as one, and take it on.
    Accept,
    /// Tell the customer so.
    Acknowledge,
    /// Find out why it happened.
    AnalyseCause,
    /// Tell the customer what will be done about it.
    ProposeRemedy,
    /// Ask whether that helped.
    FollowUp,
    /// Change what let it happen.
    Learn,
}

impl ComplaintStep {
    /// Every step, in order.
    pub const ALL: [ComplaintStep; 6] = [
        ComplaintStep::Accept,
        ComplaintStep::Acknowledge,
        ComplaintStep::AnalyseCause,
        ComplaintStep::ProposeRemedy,
        ComplaintStep::FollowUp,
        ComplaintStep::Learn,
    ];

    /// Its name in files, and as the value of the field.
    pub const fn as_str(self) -> &'static str {
        match self {
            ComplaintStep::Accept => "accept",
            ComplaintStep::Acknowledge => "acknowledge",
            ComplaintStep::AnalyseCause => "analyse_cause",
            ComplaintStep::ProposeRemedy => "propose_remedy",
            ComplaintStep::FollowUp => "follow_up",
            ComplaintStep::Learn => "learn",
        }
    }

    /// The step of this name.
    pub fn named(text: &str) -> Option<ComplaintStep> {
        ComplaintStep::ALL
            .into_iter()
            .find(|step| step.as_str() == text)
    }
}

impl fmt::Display for ComplaintStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How complaints are dealt with. Names only what differs from the default: a desk without targets measures and breaches nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Workflow {
    /// The type of tickets that are complaints. Default: `complaint`.
    pub kind: Name,
    /// The field that holds the last step done. Default: `complaint step`.
    pub field: Name,
    /// How long each step may take.
    #[serde(deserialize_with = "crate::id::keyed")]
    pub targets: BTreeMap<ComplaintStep, Target>,
}

impl Default for Workflow {
    fn default() -> Workflow {
        let known = |text| Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"));
        Workflow {
            kind: known("complaint"),
            field: known("complaint step"),
            targets: BTreeMap::new(),
        }
    }
}

impl Workflow {
    /// The same workflow, with a target for one step.
    #[must_use]
    pub fn target(mut self, step: ComplaintStep, target: Target) -> Workflow {
        self.targets.insert(step, target);
        self
    }

    /// Says that a step is done.
    pub fn done(&self, step: ComplaintStep) -> Change {
        Change::Field {
            name: self.field.clone(),
            value: Some(said(step)),
        }
    }

    /// Policies under `agreement` whose clock of work on a complaint, [`Metric::TotalResolution`], may run until the step is done that is to be
    /// done next, up to the remedy: its targets are the sums of those up to the step, so what one step leaves over the next one has. A
    /// step without a target has that of the next one that has one.
    ///
    /// Put them before the desk's own policies of that agreement, if it has any. The first policy that holds applies whole: a
    /// complaint then has this one target alone, and none for its first response. [`Workflow::policies_over`] keeps the others.
    ///
    /// # Errors
    /// Targets that do not add up: some in business time, calendar time or business days, and others in another; more than 366 days; days that
    /// end at an hour after days that end with the day.
    pub fn policies(&self, agreement: Agreement) -> Result<Vec<Policy>, InvalidWorkflow> {
        let field = |is| Condition::Field {
            name: self.field.clone(),
            is,
        };
        let mut policies = Vec::new();
        let mut sum: Option<Target> = None;
        let mut done = vec![None]; // what may be done while the next target runs: nothing yet, or these
        for step in ComplaintStep::ALL {
            if step > ComplaintStep::ProposeRemedy {
                break;
            }
            if let Some(target) = self.targets.get(&step) {
                let total = match sum {
                    None => *target,
                    Some(sum) => add(sum, *target).ok_or(InvalidWorkflow {
                        step,
                        sum,
                        target: *target,
                    })?,
                };
                sum = Some(total);
                let mut reached = Vec::new();
                if done.contains(&None) {
                    let any = ComplaintStep::ALL.into_iter().map(said).collect();
                    reached.push(Condition::Not(Box::new(field(any))));
                }
                let these: Vec<_> = done.drain(..).flatten().map(said).collect();
                if !these.is_empty() {
                    reached.push(field(these));
                }
                let is_complaint = Condition::Type(vec![self.kind.clone()]);
                let name = Name::new(&format!("{}: {step}", self.kind));
                policies.push(
                    Policy::new(name.unwrap_or_else(|_| self.kind.clone()))
                        .agreement(agreement)
                        .when(Condition::All(vec![is_complaint, Condition::Any(reached)]))
                        .target(Metric::TotalResolution, total),
                );
            }
            done.push(Some(step));
        }
        Ok(policies)
    }

    /// The same over the desk's own policies: a complaint keeps every other target, the pauses and the calendar of the policy that it
    /// would have without them. They stand before `base`, which must come after them unchanged; complaints that no policy of `base`
    /// would take have the one target alone.
    ///
    /// ```
    /// use helpdesk::complaint::Workflow;
    /// use helpdesk::rulebook::RulebookDraft;
    /// use helpdesk::{Rulebook, ticket::Metric};
    /// let workflow: Workflow = serde_json::from_str(r#"{"targets": {"accept": "1h", "propose_remedy": "15h"}}"#)?;
    /// let mut draft = RulebookDraft::from(Rulebook::starter());
    /// let own = draft.policies.clone();
    /// draft.policies = workflow.policies_over(&own)?;
    /// draft.policies.extend(own);
    /// let rulebook = draft.build()?;
    /// for policy in &rulebook.as_draft().policies {
    ///     assert!(policy.targets.contains_key(&Metric::FirstResponse), "{}", policy.name);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Workflow::policies`].
    ///
    /// # Properties
    /// Of every ticket, each target but that of [`Metric::TotalResolution`] is the one that `base` alone gives it.
    pub fn policies_over(&self, base: &[Policy]) -> Result<Vec<Policy>, InvalidWorkflow> {
        let mut policies = Vec::new();
        for agreement in Agreement::ALL {
            let own = || base.iter().filter(move |own| own.agreement == agreement);
            if own().next().is_none() {
                continue;
            }
            for complaint in self.policies(agreement)? {
                policies.extend(own().map(|own| both(&complaint, own)));
                if own().all(|own| own.when != Condition::Always) {
                    policies.push(under(complaint, agreement));
                }
            }
        }
        Ok(policies)
    }
}

/// The same policy under a name that no other agreement's has.
fn under(mut complaint: Policy, agreement: Agreement) -> Policy {
    if agreement != Agreement::Sla {
        let name = Name::new(&format!("{}, {agreement}", complaint.name));
        complaint.name = name.unwrap_or(complaint.name);
    }
    complaint
}

/// A policy of complaints for the tickets that `own` takes, with whatever else that one says.
fn both(complaint: &Policy, own: &Policy) -> Policy {
    let mut both = own.clone();
    let name = Name::new(&format!("{}, {}", complaint.name, own.name));
    both.name = name.unwrap_or_else(|_| complaint.name.clone());
    both.when = match &own.when {
        Condition::Always => complaint.when.clone(),
        when => Condition::All(vec![complaint.when.clone(), when.clone()]),
    };
    both.targets.extend(&complaint.targets);
    both
}

fn said(step: ComplaintStep) -> FieldValue {
    FieldValue::Text(step.as_str().to_owned())
}

/// Both one after the other, where they are measured alike. Days follow days; at which time of the last one they end, the later target
/// tells, but what ended with a day does not go on at an hour of another.
fn add(a: Target, b: Target) -> Option<Target> {
    if let (Some(x), Some(y)) = (a.business_days(), b.business_days()) {
        let (before, end) = (a.day_end()?, b.day_end()?);
        let fits = before == end || end == DayEnd::LastClose;
        return Target::days(x.checked_add(y).filter(|_| fits)?, end).ok();
    }
    match (a.amount(), b.amount()) {
        (Some(x), Some(y)) if a.measure() == b.measure() => {
            let sum = Span::from_micros(x.micros().checked_add(y.micros())?).ok()?;
            Target::new(sum, a.measure()).ok()
        }
        _ => None,
    }
}

/// Targets of steps that do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the target `{target}` of the step `{step}` cannot be added to the `{sum}` of the steps before it; targets of one kind are allowed, all of them business time, calendar time or business days (366 at most, and none at an hour after one at the end of a day)"
)]
pub struct InvalidWorkflow {
    step: ComplaintStep,
    sum: Target,
    target: Target,
}
