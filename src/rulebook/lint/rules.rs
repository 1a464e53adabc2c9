//! Escalation rules: whether each can fire, and whether firing does something.

use crate::call::Role;
use crate::escalation::{Action, Level, Recipient, Rule, ThresholdKind, Trigger, share};
use crate::sla::{Measure, Target};
use crate::ticket::{Agreement, ClockId, Holder, Metric, Permission, Stage};
use crate::time::Span;

use super::forestalled::{self, Never};
use super::problem::{Because, Problem};
use super::view::{LevelView, View};
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
        if this.rule.calendar.is_some() && !this.rule.needs_calendar() {
            let rule = this.rule.name.clone();
            found.add(
                format!("{path}.calendar"),
                Problem::CalendarWithoutEffect { rule },
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
                one_level(view, &path, (i, j), found);
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

fn one_level(view: &View<'_>, path: &str, (i, j): (usize, usize), found: &mut Findings) {
    let rule = &view.rules[i];
    let this = &rule.levels[j];
    let level = || this.level.name.clone();
    let forestalled = forestalled::forestalled(view, (i, j));
    let too_late = (forestalled == Some(Never::Level)).then_some(("at", Because::EndedBefore));
    if let Some((part, because)) = level_never_fires(view, rule.rule, this).or(too_late) {
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
    if forestalled == Some(Never::Repeats) {
        let (level, because) = (level(), Because::EndedBefore);
        found.add(
            format!("{path}.repeat"),
            Problem::RepeatsNeverFire { level, because },
        );
    }
    if let Some((policy, target)) = fires_at_start(view, rule.rule, this) {
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
        Trigger::Idle { stages } | Trigger::TimeInStatus { stages } if stages.is_empty() => {
            Some(Because::NoStages)
        }
        Trigger::LowRating { kind, at_most } => {
            let draft = view.draft;
            let questions = draft.feedback.surveys.values();
            let questions = questions.flat_map(|survey| &survey.questions);
            let asked = questions.filter(|question| question.kind == *kind);
            let scales = asked.map(|question| question.scale(&draft.tickets.scales));
            let worst = scales.map(|scale| scale.worst()).min();
            let usual = draft.tickets.scales.of(*kind).worst();
            let too_low = *at_most < worst.unwrap_or(usual).min(usual);
            match (view.any_may(&Role::ALL, Permission::Rate), too_low) {
                (false, _) => Some(Because::NobodyRates),
                (true, true) => Some(Because::NoMarkIsSoLow),
                (true, false) => None,
            }
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

/// The targets of the clock that a rule watches which the guard of a level leaves, each with the place of its policy.
pub(super) fn targets_left(
    view: &View<'_>,
    clock: ClockId,
    this: &LevelView<'_>,
) -> Vec<(usize, Target)> {
    let mut targets = view.reachable(clock).to_vec();
    targets.retain(|(i, _)| {
        if view.logic.is_spent() {
            return true;
        }
        let mut goal = view.has_policy(*i);
        goal.push((&this.guard, true));
        !view.logic.never(&goal)
    });
    targets
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
            let targets = targets_left(view, clock, this);
            let too_long = targets.iter().all(|(i, target)| {
                let calendar = view.calendar_of(view.policies[*i].policy);
                let wanted = running_threshold(this.level, *target);
                let follow = view.policies[*i].policy.follow;
                wanted > view.time_of(calendar, measured(*target, 0).0) && !follow
            });
            match (targets.is_empty(), too_long) {
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
        ThresholdKind::OnBreach => amount.saturating_add(1),
        ThresholdKind::After(offset) => match measured(offset, 0) {
            (Measure::Business, by) => amount.saturating_add(by),
            _ => amount,
        },
        _ => 0,
    }
}

/// A target, of those that the guard leaves, that is no longer than the time before its due at which the level fires.
fn fires_at_start(
    view: &View<'_>,
    rule: &Rule,
    this: &LevelView<'_>,
) -> Option<(crate::id::Name, Target)> {
    let ThresholdKind::Before(offset) = this.level.at.0 else {
        return None;
    };
    // How long a stretch of open time lasts on the wall depends on when it begins.
    let comparable = |target: &Target| {
        offset.measure() == Measure::Business || target.measure() == Measure::Calendar
    };
    let targets = targets_left(view, rule.trigger.watched()?, this);
    let (i, target) = targets.into_iter().find(|(_, target)| {
        let amount = target.amount().filter(|_| comparable(target));
        amount.is_some_and(|amount| Some(amount) <= offset.amount())
    })?;
    Some((view.policies[i].policy.name.clone(), target))
}

/// Actions that never change anything.
fn actions(view: &View<'_>, path: &str, this: &LevelView<'_>, found: &mut Findings) {
    let mut stages = this.stages.clone(); // where the ticket can stand before each action
    // Before each, whether no agent is in charge, and whether a team certainly is.
    let (mut nobody, mut team) = (this.level.guard.unassigned, false);
    for (n, action) in this.level.actions.iter().enumerate() {
        let step = forestalled::step_of(action);
        let moves = |step| {
            stages
                .iter()
                .any(|stage| stage.after(step, false).is_some())
        };
        let matters = match (step, &this.matters[n]) {
            (Some(step), _) => moves(step),
            (None, Some(change)) => !view.logic.never(&[(&this.guard, true), (change, true)]),
            (None, None) => !(nobody && *action == Action::Unassign),
        };
        let path = format!("{path}.actions[{n}]");
        if !matters {
            found.add(path, Problem::ActionWithoutEffect);
        } else if nobody && !team && *action == Action::Notify(Recipient::AgentInCharge) {
            found.add(path, Problem::NotifiesNobodyInCharge);
        }
        if let Some(holder) = action.hands_to(Holder::default()) {
            nobody = holder.agent.is_none();
            team |= holder.team.is_some();
        }
        if let Some(step) = step {
            for stage in &mut stages {
                *stage = stage.after(step, false).unwrap_or(*stage);
            }
        }
    }
}

const MINUTE_US: i64 = 60 * 1_000_000;

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
    let waits = matches!(
        rule.trigger,
        Trigger::Idle { .. } | Trigger::TimeInStatus { .. }
    );
    let ThresholdKind::For(target) = this.level.at.0 else {
        return;
    };
    let calendar = rule.calendar.as_ref().unwrap_or(&view.draft.calendar);
    let always = view
        .draft
        .calendars
        .get(calendar)
        .is_some_and(|calendar| calendar.is_always_open());
    let certain = target
        .amount()
        .filter(|_| target.measure() == Measure::Calendar || always);
    let on_average = || {
        let average = policies::on_average(view, calendar, target)?;
        let minutes = average.saturating_add(MINUTE_US / 2) / MINUTE_US;
        Span::from_micros(minutes.saturating_mul(MINUTE_US)).ok()
    };
    let Some(after) = certain.or_else(on_average) else {
        return;
    };
    let on_average = certain.is_none();
    let closes = closes && waits;
    let cuts = closes && this.stages.contains(&Stage::Resolved) && after < tickets.reopen_window;
    if cuts && !tickets.reopen_closed {
        let window = tickets.reopen_window;
        found.add(
            format!("{path}.at"),
            Problem::AutoCloseCutsReopenWindow {
                after,
                on_average,
                window,
            },
        );
    }
}
