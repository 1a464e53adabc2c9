//! Policies: which targets apply to which tickets, measured by which calendar.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::id::{Name, RulebookId};
use crate::ticket::{Agreement, ClockId, MarkKind, Metric, PendingReasons, Ticket};
use crate::time::Span;

use super::condition::Condition;
use super::target::{Measure, Target};

/// A named set of targets for the tickets that meet a condition.
///
/// Policies stand in order; of each agreement the first whose condition holds applies, so an unconditional last one is the
/// fallback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Its name, by which tickets refer to it: a change of meaning wants a new name.
    pub name: Name,
    /// With whom it was agreed.
    #[serde(default)]
    pub agreement: Agreement,
    /// For which tickets.
    #[serde(default)]
    pub when: Condition,
    /// The calendar of its business time; the rulebook's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Name>,
    /// Whether a calendar of the same name that is [published](crate::rulebook::Rulebooks::publish) after the ticket's version
    /// measures from its publication on. Default: no, the ticket's version measures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
    /// How much time each clock may use. A metric without a target is measured and never breached.
    #[serde(default, deserialize_with = "crate::id::keyed")]
    pub targets: BTreeMap<Metric, Target>,
    /// Which reasons of `Pending` pause which clock; [`METRICS`](super::METRICS) has the defaults.
    #[serde(
        default,
        deserialize_with = "crate::id::keyed",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub pauses: BTreeMap<Metric, PendingReasons>,
    /// What begins the first response.
    #[serde(default, skip_serializing_if = "is_default")]
    pub first_response_starts: StartOption,
    /// What a reopening does to the clocks that [resume](super::OnReopen::Resume) by default.
    #[serde(
        default,
        deserialize_with = "crate::id::keyed",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub reopening: BTreeMap<Metric, ReopenOption>,
}

/// What begins the first response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StartOption {
    /// The customer's first contact: creation by the customer, else the first customer message.
    #[default]
    FirstContact,
    /// The first ordinary message of a customer, also on a ticket that a customer created.
    FirstMessage,
    /// An agent is put in charge for the first time.
    Assignment,
    /// The bot's hand-over, where the contact begins with a bot; otherwise the customer's first contact.
    HandOff,
}

/// What a reopening does to a clock that the resolution ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReopenOption {
    /// It runs on, with what it had.
    #[default]
    Resume,
    /// It begins anew, with the full target.
    NewCycle,
    /// It begins anew where more than this much time (calendar time) lay between its end and the reopening, and else runs on.
    NewCycleAfter(Span),
    /// It stays as it ended, where it was fulfilled; one that a close ended unfulfilled runs on.
    FirstOnly,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Policy {
    /// A service level agreement for every ticket, without a target yet.
    pub fn new(name: Name) -> Policy {
        Policy {
            name,
            agreement: Agreement::Sla,
            when: Condition::Always,
            calendar: None,
            follow: false,
            targets: BTreeMap::new(),
            pauses: BTreeMap::new(),
            first_response_starts: StartOption::default(),
            reopening: BTreeMap::new(),
        }
    }

    /// The same policy for these tickets only.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Policy {
        self.when = condition;
        self
    }

    /// The same policy under another agreement.
    #[must_use]
    pub fn agreement(mut self, agreement: Agreement) -> Policy {
        self.agreement = agreement;
        self
    }

    /// The same policy measured by this calendar of the rulebook.
    #[must_use]
    pub fn calendar(mut self, calendar: Name) -> Policy {
        self.calendar = Some(calendar);
        self
    }

    /// The same policy, measured by what is published of its calendar.
    #[must_use]
    pub fn follow(mut self) -> Policy {
        self.follow = true;
        self
    }

    /// The same policy with one more target.
    #[must_use]
    pub fn target(mut self, metric: Metric, target: Target) -> Policy {
        self.targets.insert(metric, target);
        self
    }

    /// The same policy, whose first response begins otherwise.
    #[must_use]
    pub fn first_response_starts(mut self, option: StartOption) -> Policy {
        self.first_response_starts = option;
        self
    }

    /// The same policy, one of whose clocks meets a reopening otherwise.
    #[must_use]
    pub fn reopening(mut self, metric: Metric, option: ReopenOption) -> Policy {
        self.reopening.insert(metric, option);
        self
    }

    /// The same policy with the pauses of one clock replaced.
    #[must_use]
    pub fn pauses(mut self, metric: Metric, reasons: PendingReasons) -> Policy {
        self.pauses.insert(metric, reasons);
        self
    }
}

/// A policy ready for measuring: its calendar at hand, its targets in an array.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) policy: Policy,
    pub(crate) calendar: Calendar,
    calendar_name: Name,
    targets: [Option<Target>; Metric::ALL.len()],
    target_texts: [Option<String>; Metric::ALL.len()],
    pauses: [PendingReasons; Metric::ALL.len()],
}

impl Ready {
    pub(crate) fn target(&self, metric: Metric) -> Option<Target> {
        self.targets[metric as usize]
    }

    /// The canonical text of a target: policy, amount, calendar.
    pub(crate) fn target_text(&self, metric: Metric) -> Option<&str> {
        self.target_texts[metric as usize].as_deref()
    }

    pub(crate) fn reopening(&self, metric: Metric) -> ReopenOption {
        self.policy
            .reopening
            .get(&metric)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn pauses(&self, metric: Metric) -> PendingReasons {
        self.pauses[metric as usize]
    }
}

/// The policies of several versions of a rulebook.
pub(crate) type Versions = BTreeMap<RulebookId, Arc<Vec<Ready>>>;

/// The policies of one version, by name.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a>(&'a [Ready]);

impl<'a> Named<'a> {
    pub(crate) fn get(self, name: &Name) -> Option<&'a Ready> {
        self.0.iter().find(|ready| ready.policy.name == *name)
    }
}

/// The policies of a rulebook, in order, each with its calendar. Those of a rulebook that comes from
/// [`Rulebooks`](crate::rulebook::Rulebooks) know the other versions too, which a ticket needs that was moved between them.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    ready: Arc<Vec<Ready>>,
    /// Those of other versions, for tickets that were moved from them.
    others: Arc<Versions>,
    /// A bit per clock: whether any policy of the agreement has a target for the metric, in any version.
    targeted: u64,
}

impl Policies {
    pub(crate) fn add(&mut self, policy: Policy, calendar_name: Name, calendar: Calendar) {
        let mut targets = [None; Metric::ALL.len()];
        let mut target_texts = [const { None }; Metric::ALL.len()];
        let mut pauses = [PendingReasons::NONE; Metric::ALL.len()];
        for metric in Metric::ALL {
            targets[metric as usize] = policy.targets.get(&metric).copied();
            if let Some(target) = targets[metric as usize] {
                target_texts[metric as usize] = Some(text(&policy.name, target, &calendar_name));
            }
            pauses[metric as usize] = policy
                .pauses
                .get(&metric)
                .copied()
                .unwrap_or(metric.definition().pauses);
        }
        Arc::make_mut(&mut self.ready).push(Ready {
            policy,
            calendar,
            calendar_name,
            targets,
            target_texts,
            pauses,
        });
        let added = self.ready.last().map(std::slice::from_ref);
        self.targeted |= added.map_or(0, targeted);
    }

    /// The same policies, with those of other versions at hand.
    pub(crate) fn beside(&self, others: &Arc<Versions>) -> Policies {
        let of_versions = others.values().map(|ready| targeted(ready));
        Policies {
            others: others.clone(),
            targeted: of_versions.fold(self.targeted, |all, of| all | of),
            ..self.clone()
        }
    }

    /// Whether one of them follows what is published.
    pub(crate) fn follow(&self) -> bool {
        self.ready.iter().any(|ready| ready.policy.follow)
    }

    /// The same policies; those that follow are measured by what `published` makes of their calendars.
    pub(crate) fn following(
        &self,
        mut published: impl FnMut(&Name, &Calendar) -> Calendar,
    ) -> Policies {
        let mut policies = self.clone();
        let followers = Arc::make_mut(&mut policies.ready).iter_mut();
        for ready in followers.filter(|ready| ready.policy.follow) {
            ready.calendar = published(&ready.calendar_name, &ready.calendar);
        }
        policies
    }

    /// These policies, as others may have them at hand.
    pub(crate) fn shared(&self) -> Arc<Vec<Ready>> {
        self.ready.clone()
    }

    pub(crate) fn get(&self, name: &Name) -> Option<&Ready> {
        self.at(None).get(name)
    }

    /// The policies of a version; of the one in force where `None`.
    pub(crate) fn at(&self, version: Option<RulebookId>) -> Named<'_> {
        Named(match version {
            None => &self.ready,
            Some(version) => self.others.get(&version).map_or(&[], |of| of.as_slice()),
        })
    }

    /// The clocks that may have a target on `ticket`: those that a policy has one for, and the promises. In a fixed order.
    pub(crate) fn clocks_with_target(&self, ticket: &Ticket) -> impl Iterator<Item = ClockId> {
        let promised = ticket.marks().iter().any(|mark| {
            matches!(
                mark.kind,
                MarkKind::Promised { .. } | MarkKind::PromisedBefore { .. }
            )
        });
        let mut left = self.targeted;
        for agreement in Agreement::ALL {
            left &= !bit(agreement, Metric::PromisedUpdate); // promises are made to the customer, whatever the policy
        }
        if promised {
            left |= bit(Agreement::Sla, Metric::PromisedUpdate);
        }
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            let agreement = Agreement::ALL.get(place / Metric::ALL.len())?;
            let metric = Metric::ALL.get(place % Metric::ALL.len())?;
            Some(ClockId {
                agreement: *agreement,
                metric: *metric,
            })
        })
    }

    /// How many clocks have a target at most, besides promises.
    pub(crate) fn most_clocks(&self) -> usize {
        self.targeted.count_ones() as usize
    }

    /// The policies, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.ready.iter().map(|ready| &ready.policy)
    }

    /// The policy for `ticket` as it stands: the first of the agreement whose condition holds.
    pub fn choose(&self, ticket: &Ticket, agreement: Agreement) -> Option<&Policy> {
        self.iter()
            .find(|policy| policy.agreement == agreement && policy.when.holds(ticket))
    }

    /// The calendar behind the policy that is in force for `ticket` under an agreement.
    pub fn calendar_of(&self, ticket: &Ticket, agreement: Agreement) -> Option<&Calendar> {
        self.get(ticket.policy(agreement)?)
            .map(|ready| &ready.calendar)
    }
}

/// A bit for each clock that one of the policies has a target for.
fn targeted(policies: &[Ready]) -> u64 {
    let of = |ready: &Ready| {
        let has = Metric::ALL
            .into_iter()
            .filter(|metric| ready.target(*metric).is_some());
        has.fold(0, |bits, metric| bits | bit(ready.policy.agreement, metric))
    };
    policies.iter().fold(0, |bits, ready| bits | of(ready))
}

fn text(policy: &Name, target: Target, calendar: &Name) -> String {
    match target.measure() {
        Measure::Business => format!("{policy}: {target} in {calendar}"),
        Measure::Calendar => format!("{policy}: {target}"),
    }
}

fn bit(agreement: Agreement, metric: Metric) -> u64 {
    1 << (agreement.index() * Metric::ALL.len() + metric as usize)
}
