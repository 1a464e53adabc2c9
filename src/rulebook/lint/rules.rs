//! Escalation rules: whether each can fire, and whether firing does something.

use crate::call::Role;
use crate::escalation::{Action, Level, Recipient, Rule, ThresholdKind, Trigger, share};
use crate::sla::{Measure, Target};
use crate::ticket::{Agreement, ClockId, Metric, Permission, Stage, Step};

use super::problem::{Because, Problem};
use super::view::{LevelView, RuleView, View};
use super::{Findings, policies};

pub(super) fn check(view: &View<'_>, found: &mut Findings) {
    for (i, this) in view.rules.iter().enumerate() {
        let path = format!("escalations[{i}]");
        let rule_never = rule_never_fires(view, this.rule);
        if let Some(because) = rule_never {
            let rule = this.rule.name.clone();
            found.add(
                format!("{path}.trigger"),
                Problem::RuleNeverFires { rule, because },
            );
        }
        if this.rule.follow && !this.rule.counts_open_time() {
            let name = this.rule.name.clone();
            found.add(
                format!("{path}.follow"),
                Problem::FollowWithoutEffect { name },
            );
        }
        for (j, level) in this.levels.iter().enumerate() {
            let path = format!("{path}.levels[{j}]");
            let never = view.logic.never(&[(&level.guard, true)]);
            policies::condition(
                view,
                &format!("{path}.guard.when"),
                &level.level.guard.when,
                never,
                found,
            );
            if rule_never.is_none() && !never {
                one_level(view, &path, this, level, found);
            }
            if level.level.actions.is_empty() {
                let level = level.level.name.clone();
                found.add(
                    format!("{path}.actions"),
                    Problem::LevelWithoutAction { level },
                );
            }
        }
    }
}

fn one_level(
    view: &View<'_>,
    path: &str,
    rule: &RuleView<'_>,
    this: &LevelView<'_>,
    found: &mut Findings,
) {
    let level = || this.level.name.clone();
    if let Some((part, because)) = level_never_fires(view, rule.rule, this) {
        found.add(
            format!("{path}.{part}"),
            Problem::LevelNeverFires {
                level: level(),
                because,
            },
        );
        return;
    }
    if !this.level.guard.pending.is_empty() && !this.stages.contains(&Stage::Pending) {
        found.add(
            format!("{path}.guard.pending"),
            Problem::PendingGuardWithoutEffect,
        );
    }
    if let Some((policy, target)) = fires_at_start(view, rule.rule, this.level) {
        found.add(
            format!("{path}.at"),
            Problem::LevelFiresAtStart {
                level: level(),
                policy,
                target,
            },
        );
    }
    actions(view, path, this, found);
    auto_close(view, path, rule.rule, this, found);
}

/// Why no level of the rule can ever fire.
fn rule_never_fires(view: &View<'_>, rule: &Rule) -> Option<Because> {
    match &rule.trigger {
        Trigger::Idle { stages } if stages.is_empty() => Some(Because::NoStages),
        Trigger::LowRating { kind, at_most } => {
            let draft = view.draft;
            let questions = draft.feedback.surveys.values();
            let questions = questions.flat_map(|survey| &survey.questions);
            let asked = questions.filter(|question| question.kind == *kind);
            let scales = asked.map(|question| question.scale(&draft.tickets.scales));
            let worst = scales.map(|scale| scale.worst()).min();
            let usual = draft.tickets.scales.of(*kind).worst();
            (*at_most < worst.unwrap_or(usual).min(usual)).then_some(Because::NoMarkIsSoLow)
        }
        Trigger::Clock {
            agreement,
            metric: Metric::PromisedUpdate,
        } => {
            let promised = view.any_may(&Role::ALL, Permission::Promise);
            match (*agreement == Agreement::Sla, promised) {
                (false, _) => Some(Because::PromisesAreSla),
                (true, false) => Some(Because::NobodyPromises),
                (true, true) => None,
            }
        }
        Trigger::Clock { agreement, metric } => {
            let clock = ClockId {
                agreement: *agreement,
                metric: *metric,
            };
            let has_target = view.draft.policies.iter().any(|policy| {
                policy.agreement == *agreement && policy.targets.contains_key(metric)
            });
            match (has_target, view.reachable(clock).is_empty()) {
                (false, _) => Some(Because::NoTarget),
                (true, true) => Some(Because::NoTargetIsReached),
                (true, false) => None,
            }
        }
        _ => None,
    }
}

/// Why a level of a rule that can fire cannot, and which part of it is to blame.
pub(super) fn level_never_fires(
    view: &View<'_>,
    rule: &Rule,
    this: &LevelView<'_>,
) -> Option<(&'static str, Because)> {
    if this.stages.is_empty() {
        return Some(("guard.stages", Because::StagesExclude));
    }
    match rule.trigger.watched() {
        Some(clock) if clock.metric != Metric::PromisedUpdate => {
            let targets = view.reachable(clock);
            let excluded = targets.iter().all(|(i, _)| {
                let mut goal = view.has_policy(*i);
                goal.push((&this.guard, true));
                view.logic.never(&goal)
            });
            let too_long = targets.iter().all(|(i, target)| {
                let calendar = view.calendar_of(view.policies[*i].policy);
                let wanted = running_threshold(this.level, *target);
                let follow = view.policies[*i].policy.follow;
                wanted > view.time_of(calendar, measured(*target, 0).0) && !follow
            });
            match (excluded, too_long) {
                (true, _) => Some(("guard.when", Because::GuardExcludes)),
                (_, true) => Some(("at", Because::NotEnoughTime)),
                _ => None,
            }
        }
        _ => {
            let calendar = rule.calendar.as_ref().unwrap_or(&view.draft.calendar);
            let ThresholdKind::For(target) = this.level.at.0 else {
                return None;
            };
            let (measure, wanted) = measured(target, 1);
            let open = view.time_of(calendar, measure);
            (wanted > open && !rule.follow).then_some(("at", Because::NotEnoughTime))
        }
    }
}

/// How a target is measured, and its amount, or `days` where it is one of days.
///
/// Not inlined: what follows would be compared before it is asked which of both it is, which checkers of memory take for a use of
/// nothing.
#[inline(never)]
fn measured(target: Target, days: i64) -> (Measure, i64) {
    let amount = target.amount().map_or(days, |amount| amount.micros());
    (target.measure(), amount)
}

/// The running time at which a level fires at the earliest; 0 where that is not counted in running time.
fn running_threshold(level: &Level, target: Target) -> i64 {
    let (_, amount) = measured(target, 0);
    match level.at.0 {
        ThresholdKind::Percent(percent) => share(percent, amount),
        ThresholdKind::After(offset) => match measured(offset, 0) {
            (Measure::Business, by) => amount.saturating_add(by),
            _ => amount,
        },
        _ => 0,
    }
}

/// A target that is no longer than the time before its due at which the level fires.
fn fires_at_start(
    view: &View<'_>,
    rule: &Rule,
    level: &Level,
) -> Option<(crate::id::Name, Target)> {
    let ThresholdKind::Before(offset) = level.at.0 else {
        return None;
    };
    // How long a stretch of open time lasts on the wall depends on when it begins.
    let comparable = |target: &Target| {
        offset.measure() == Measure::Business || target.measure() == Measure::Calendar
    };
    let targets = view.reachable(rule.trigger.watched()?);
    let (i, target) = targets.into_iter().find(|(_, target)| {
        let amount = target.amount().filter(|_| comparable(target));
        amount.is_some_and(|amount| Some(amount) <= offset.amount())
    })?;
    Some((view.policies[i].policy.name.clone(), target))
}

/// Actions that never change anything.
fn actions(view: &View<'_>, path: &str, this: &LevelView<'_>, found: &mut Findings) {
    let mut stages = this.stages.clone(); // where the ticket can stand before each action
    for (n, action) in this.level.actions.iter().enumerate() {
        let step = match action {
            Action::Resolve => Some(Step::Resolve),
            Action::Close(_) => Some(Step::Close),
            _ => None,
        };
        let moves = |step| {
            stages
                .iter()
                .any(|stage| stage.after(step, false).is_some())
        };
        let matters = match (step, &this.matters[n]) {
            (Some(step), _) => moves(step),
            (None, Some(change)) => !view.logic.never(&[(&this.guard, true), (change, true)]),
            (None, None) => true,
        };
        let path = format!("{path}.actions[{n}]");
        if !matters {
            found.add(path, Problem::ActionWithoutEffect);
        } else if this.level.guard.unassigned && *action == Action::Notify(Recipient::AgentInCharge)
        {
            found.add(path, Problem::NotifiesNobodyInCharge);
        }
        if let Some(step) = step {
            for stage in &mut stages {
                *stage = stage.after(step, false).unwrap_or(*stage);
            }
        }
    }
}

/// A level that closes resolved tickets while they could still be reopened.
fn auto_close(
    view: &View<'_>,
    path: &str,
    rule: &Rule,
    this: &LevelView<'_>,
    found: &mut Findings,
) {
    let tickets = &view.draft.tickets;
    let closes = this
        .level
        .actions
        .iter()
        .any(|action| matches!(action, Action::Close(_)));
    let (Trigger::Idle { .. }, ThresholdKind::For(target)) = (&rule.trigger, this.level.at.0)
    else {
        return;
    };
    let calendar = rule.calendar.as_ref().unwrap_or(&view.draft.calendar);
    let always = view
        .draft
        .calendars
        .get(calendar)
        .is_some_and(|calendar| calendar.is_always_open());
    let Some(after) = target
        .amount()
        .filter(|_| target.measure() == Measure::Calendar || always)
    else {
        return;
    };
    let cuts = closes && this.stages.contains(&Stage::Resolved) && after < tickets.reopen_window;
    if cuts && !tickets.reopen_closed {
        let window = tickets.reopen_window;
        found.add(
            format!("{path}.at"),
            Problem::AutoCloseCutsReopenWindow { after, window },
        );
    }
}
