//! A rulebook as the checks look at it: conditions as formulas, calendars with all their open time, who may do what.

use std::collections::BTreeMap;

use crate::calendar::{Calendar, EARLIEST, LATEST};
use crate::call::Role;
use crate::escalation::{Action, Level, Rule, Trigger};
use crate::id::Name;
use crate::rulebook::RulebookDraft;
use crate::sla::{Measure, Policy, StartOption, Target};
use crate::ticket::{ClockId, Metric, Permission, Stage};

use super::logic::{Fact, Formula, Logic, Value};
use super::problem::Because;

pub(super) struct View<'a> {
    pub(super) draft: &'a RulebookDraft,
    pub(super) logic: Logic<'a>,
    pub(super) policies: Vec<PolicyView<'a>>,
    pub(super) rules: Vec<RuleView<'a>>,
    pub(super) open: BTreeMap<&'a Name, i64>,
    resolves: bool,
    /// Whether an agent can come to be in charge.
    assigns: bool,
    /// The targets of each clock that a ticket can reach, each with the place of its policy.
    reachable: BTreeMap<ClockId, Vec<(usize, Target)>>,
}

pub(super) struct PolicyView<'a> {
    pub(super) policy: &'a Policy,
    pub(super) when: Formula,
    /// It holds for no ticket.
    pub(super) never: bool,
    /// The earlier policies that take all its tickets; empty where it is not shadowed.
    pub(super) shadowed_by: Vec<usize>,
}

pub(super) struct RuleView<'a> {
    pub(super) rule: &'a Rule,
    pub(super) levels: Vec<LevelView<'a>>,
}

pub(super) struct LevelView<'a> {
    pub(super) level: &'a Level,
    pub(super) guard: Formula,
    /// For each action, when it would change a fact; none for actions that change no fact.
    pub(super) matters: Vec<Option<Formula>>,
    /// The stages in which it can fire.
    pub(super) stages: Vec<Stage>,
    /// For each action that brings the ticket to a team: that this team is in charge.
    pub(super) teams: Vec<Formula>,
}

impl<'a> View<'a> {
    pub(super) fn of(draft: &'a RulebookDraft) -> View<'a> {
        let mut logic = Logic::new();
        let all_open = |calendar: &Calendar| {
            let time = calendar.elapsed(EARLIEST, LATEST).ok();
            time.and_then(|time| time.num_microseconds())
                .unwrap_or(i64::MAX)
        };
        let open = draft
            .calendars
            .iter()
            .map(|(name, calendar)| (name, all_open(calendar)))
            .collect();
        let policies = draft
            .policies
            .iter()
            .map(|policy| PolicyView {
                policy,
                when: logic.read(&policy.when),
                never: false,
                shadowed_by: Vec::new(),
            })
            .collect();
        let rules = draft
            .escalations
            .iter()
            .map(|rule| RuleView {
                rule,
                levels: rule
                    .levels
                    .iter()
                    .map(|level| level_view(&mut logic, draft, rule, level))
                    .collect(),
            })
            .collect();
        let mut view = View {
            draft,
            logic,
            policies,
            rules,
            open,
            resolves: false,
            assigns: false,
            reachable: BTreeMap::new(),
        };
        view.resolves = view.any_may(&Role::ALL, Permission::Resolve)
            || view.any_rule(|action| *action == Action::Resolve);
        view.assigns = view.any_may(&Role::ALL, Permission::Assign)
            || view.any_rule(|action| matches!(action, Action::AssignAgent { .. }));
        view.find_shadowed();
        view.reachable = view.find_reachable();
        view
    }

    fn find_shadowed(&mut self) {
        for i in 0..self.policies.len() {
            let this = &self.policies[i];
            let when = (&this.when, true);
            let never = self.logic.never(&[when]);
            let earlier: Vec<usize> = (0..i)
                .filter(|j| self.policies[*j].policy.agreement == this.policy.agreement)
                .filter(|j| !self.policies[*j].never)
                .collect();
            let takes_all = |these: &[usize]| {
                let mut goal = vec![when];
                goal.extend(these.iter().map(|j| (&self.policies[*j].when, false)));
                self.logic.never(&goal)
            };
            let mut by = Vec::new();
            if !never && !earlier.is_empty() && takes_all(&earlier) {
                by = match earlier.iter().find(|j| takes_all(&[**j])) {
                    Some(one) => vec![*one],
                    None => earlier.clone(),
                };
            }
            (self.policies[i].never, self.policies[i].shadowed_by) = (never, by);
        }
    }

    /// The calendar that a policy is measured by.
    pub(super) fn calendar_of(&self, policy: &'a Policy) -> &'a Name {
        policy.calendar.as_ref().unwrap_or(&self.draft.calendar)
    }

    /// All the time that a clock of this policy and measure can ever run.
    pub(super) fn time_of(&self, calendar: &Name, measure: Measure) -> i64 {
        match measure {
            Measure::Business => self.open.get(calendar).copied().unwrap_or(i64::MAX),
            Measure::Calendar => (LATEST - EARLIEST).num_microseconds().unwrap_or(i64::MAX),
        }
    }

    /// Whether any of these roles may do it.
    pub(super) fn any_may(&self, roles: &[Role], permission: Permission) -> bool {
        let permissions = &self.draft.tickets.permissions;
        roles
            .iter()
            .any(|role| permissions.allows(*role, permission))
    }

    fn any_rule(&self, does: impl Fn(&Action) -> bool) -> bool {
        let levels = self.draft.escalations.iter().flat_map(|rule| &rule.levels);
        levels.flat_map(|level| &level.actions).any(does)
    }

    /// Whether a human agent can answer a customer on a ticket: by a message, or on the phone.
    fn answers(&self) -> bool {
        self.any_may(&HUMAN, Permission::Reply) || self.any_may(&Role::ALL, Permission::Session)
    }

    /// Why the clock never starts under this policy.
    pub(super) fn never_starts(&self, policy: &Policy, metric: Metric) -> Option<Because> {
        let answers = self.answers() || self.any_may(&HUMAN, Permission::Open);
        let calls = self.any_may(&Role::ALL, Permission::Session);
        let customers = |permission| self.any_may(&[Role::Customer], permission);
        // What waits on a ticket that is merged away waits here.
        let merges = customers(Permission::Open) && self.any_may(&Role::ALL, Permission::Merge);
        let checks: &[(bool, Because)] = match metric {
            Metric::FirstResponse if policy.first_response_starts == StartOption::Assignment => {
                &[(self.assigns, Because::NobodyAssigns)]
            }
            Metric::NextResponse => &[
                (
                    customers(Permission::Reply) || calls || merges,
                    Because::CustomersMayNotReply,
                ),
                (answers, Because::NoAgentReplies),
            ],
            Metric::PeriodicUpdate => &[(answers, Because::NoAgentReplies)],
            Metric::FollowUp => &[(self.resolves, Because::NobodyResolves)],
            _ => &[],
        };
        checks
            .iter()
            .find(|(possible, _)| !possible)
            .map(|(_, because)| *because)
    }

    /// Why nothing ever fulfils the clock.
    pub(super) fn never_fulfilled(&self, metric: Metric) -> Option<Because> {
        use crate::sla::Fulfilment;
        let (possible, because) = match metric.definition().fulfilled_by {
            Fulfilment::Answer => (self.answers(), Because::NoAgentReplies),
            Fulfilment::Resolution => (self.resolves, Because::NobodyResolves),
            Fulfilment::Assignment => (self.assigns, Because::NobodyAssigns),
        };
        (!possible).then_some(because)
    }

    /// The targets of a clock that a ticket can reach, each with the place of its policy.
    pub(super) fn reachable(&self, clock: ClockId) -> &[(usize, Target)] {
        self.reachable.get(&clock).map_or(&[], |targets| targets)
    }

    fn find_reachable(&self) -> BTreeMap<ClockId, Vec<(usize, Target)>> {
        let mut found: BTreeMap<ClockId, Vec<(usize, Target)>> = BTreeMap::new();
        for (i, this) in self.policies.iter().enumerate() {
            let policy = this.policy;
            if this.never || !this.shadowed_by.is_empty() {
                continue;
            }
            for (metric, target) in &policy.targets {
                // What is published may open it.
                let opens =
                    policy.follow || self.time_of(self.calendar_of(policy), target.measure()) > 0;
                if opens && self.never_starts(policy, *metric).is_none() {
                    let (agreement, metric) = (policy.agreement, *metric);
                    let clock = ClockId { agreement, metric };
                    found.entry(clock).or_default().push((i, *target));
                }
            }
        }
        found
    }

    /// That a ticket has this policy: it meets its condition, and those of none before it.
    pub(super) fn has_policy(&self, i: usize) -> Vec<(&Formula, bool)> {
        let agreement = self.policies[i].policy.agreement;
        let before = self.policies[..i]
            .iter()
            .filter(|view| view.policy.agreement == agreement);
        let mut goal = vec![(&self.policies[i].when, true)];
        goal.extend(before.map(|view| (&view.when, false)));
        goal
    }
}

/// The roles whose public messages answer a customer.
pub(super) const HUMAN: [Role; 2] = [Role::Agent, Role::Supervisor];

fn level_view<'a>(
    logic: &mut Logic<'a>,
    draft: &'a RulebookDraft,
    rule: &'a Rule,
    level: &'a Level,
) -> LevelView<'a> {
    let guard = logic.read(&level.guard.when);
    let (mut matters, mut teams) = (Vec::new(), Vec::new());
    for action in &level.actions {
        matters.push(match action {
            Action::RaisePriority(to) => {
                let below = crate::ticket::Priority::ALL.into_iter().filter(|p| p < to);
                Some(logic.is(Fact::Priority, below.map(Value::Priority)))
            }
            Action::AddTag(tag) => Some(Formula::Not(Box::new(
                logic.is(Fact::Tag(tag), [Value::Tagged]),
            ))),
            _ => None,
        });
        if let Some(team) = action.to_team() {
            teams.push(logic.is(Fact::Team, [Value::Team(team)]));
        }
    }
    let allowed =
        |stage: &Stage| level.guard.stages.is_empty() || level.guard.stages.contains(stage);
    let stages = stages_of(draft, &rule.trigger)
        .into_iter()
        .filter(allowed)
        .collect();
    LevelView {
        level,
        guard,
        matters,
        stages,
        teams,
    }
}

/// The stages in which what is watched can last.
fn stages_of(draft: &RulebookDraft, trigger: &Trigger) -> Vec<Stage> {
    use Stage::{Open, Pending, Reopened, Resolved};
    match trigger {
        Trigger::Idle { stages } | Trigger::TimeInStatus { stages } => stages.clone(),
        Trigger::CustomerWaits => vec![Open, Pending, Reopened],
        Trigger::LowRating { .. } => Stage::ALL.to_vec(),
        Trigger::Reopened => vec![Pending, Resolved, Reopened, Stage::Closed],
        Trigger::Clock { metric, .. } => match metric {
            Metric::FollowUp => vec![Resolved],
            Metric::PromisedUpdate => vec![Open, Pending, Reopened, Resolved],
            // Resolved once, it is frozen; only a ticket closed unresolved can be reopened with it.
            Metric::FirstResolution if !draft.tickets.reopen_closed => vec![Open, Pending],
            _ => vec![Open, Pending, Reopened],
        },
    }
}
