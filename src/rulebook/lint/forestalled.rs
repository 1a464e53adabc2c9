//! Levels that come too late: another level, due no later, always ends what they wait for.
//!
//! Idle levels count from one event, the last thing that somebody did, and levels on the time in a status from the last change of it,
//! which is no later. So of two of them the one with the shorter time fires first, and where it resolves or closes the ticket, whatever
//! the longer one waits for is over. That is certain only where the first one fires whenever the second would: it watches at least the
//! same stages, its guard asks for no more, and time is counted alike.

use crate::escalation::{Action, ThresholdKind, Trigger};
use crate::sla::{Measure, Target};
use crate::ticket::{Stage, Step};
use crate::time::Span;

use super::rules;
use super::view::{LevelView, RuleView, View};

/// What of a level never happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Never {
    Level,
    Repeats,
}

/// The place of a rule, and of a level in it.
type Place = (usize, usize);

/// What of a level another one always forestalls.
pub(super) fn forestalled(view: &View<'_>, place: Place) -> Option<Never> {
    let (rule, level) = at(view, place)?;
    watches(&rule.rule.trigger)?;
    let wait = wait_of(level)?;
    let repeated = level
        .level
        .repeat
        .and_then(|repeat| sum(wait, repeat.every));
    let mut repeats = None;
    for (i, rule) in view.rules.iter().enumerate() {
        for other in (0..rule.levels.len()).map(|j| (i, j)) {
            if comes_first(view, other, place, wait) {
                return Some(Never::Level);
            }
            if repeated.is_some_and(|again| comes_first(view, other, place, again)) {
                repeats = Some(Never::Repeats);
            }
        }
    }
    repeats
}

fn at<'v, 'a>(view: &'v View<'a>, (i, j): Place) -> Option<(&'v RuleView<'a>, &'v LevelView<'a>)> {
    let rule = view.rules.get(i)?;
    Some((rule, rule.levels.get(j)?))
}

/// How long a level waits, as an amount or as days.
fn wait_of(level: &LevelView<'_>) -> Option<Target> {
    match level.level.at.0 {
        ThresholdKind::For(wait) => Some(wait),
        _ => None,
    }
}

/// One time after the other, where both are amounts in one measure.
fn sum(first: Target, then: Target) -> Option<Target> {
    let same = first.measure() == then.measure();
    let both = first.amount().zip(then.amount()).filter(|_| same);
    let micros = both.map(|(a, b)| a.micros().saturating_add(b.micros()))?;
    let amount = Span::from_micros(micros).ok()?;
    Target::new(amount, first.measure()).ok()
}

/// What begins the time of a trigger that watches stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Activity,
    Status,
}

fn watches(trigger: &Trigger) -> Option<From> {
    match trigger {
        Trigger::Idle { .. } => Some(From::Activity),
        Trigger::TimeInStatus { .. } => Some(From::Status),
        _ => None,
    }
}

/// Whether the level in the `first` place always ends what the `second` waits for before it has waited `so_long`.
fn comes_first(view: &View<'_>, first: Place, second: Place, so_long: Target) -> bool {
    let (Some((rule, level)), Some((of, late))) = (at(view, first), at(view, second)) else {
        return false;
    };
    let (is_before, is_other) = (first < second, first != second);
    // Before it in the rulebook it comes first at one instant too, also where a guard comes true late.
    let in_time = |wait| is_no_later(wait, so_long, !is_before) && is_counted_alike(rule, of, wait);
    let (from, than) = (watches(&rule.rule.trigger), watches(&of.rule.trigger));
    // From an earlier event on, a number of days can still end later.
    let no_later = from == than || from == Some(From::Status) && so_long.amount().is_some();
    is_other
        && from.is_some()
        && no_later
        && wait_of(level).is_some_and(in_time)
        && moves_from_all(level, late)
        && asks_for_no_more(view, level, late)
        && (is_before || always_holds(view, level))
        && !view.logic.never(&[(&level.guard, true)])
        && rules::level_never_fires(view, rule.rule, level).is_none()
}

/// Whether a time is over by the end of the other, counted from no later; with `strictly`, before it.
fn is_no_later(wait: Target, other: Target, strictly: bool) -> bool {
    let alike = wait.measure() == other.measure() && wait.day_end() == other.day_end();
    alike
        && match (wait.amount(), other.amount()) {
            (Some(wait), Some(other)) => wait < other || wait == other && !strictly,
            // Two numbers of days can end at one instant.
            (None, None) => wait.business_days() <= other.business_days() && !strictly,
            _ => false,
        }
}

/// Whether both rules count this time by the same calendar, if by any.
fn is_counted_alike(one: &RuleView<'_>, other: &RuleView<'_>, wait: Target) -> bool {
    let by = |rule: &RuleView<'_>| (rule.rule.calendar.clone(), rule.rule.follow);
    wait.measure() == Measure::Calendar || by(one) == by(other)
}

/// Whether the level moves the ticket from every stage in which the other can fire, and can fire there for each reason of waiting.
fn moves_from_all(level: &LevelView<'_>, late: &LevelView<'_>) -> bool {
    let steps = || level.level.actions.iter().filter_map(step_of);
    let moves = |stage: Stage| {
        let leaves = |step| [false, true].map(|reopened| stage.after(step, reopened));
        steps().any(|step| {
            leaves(step)
                .iter()
                .all(|to| to.is_some_and(|to| to != stage))
        })
    };
    let (reasons, wanted) = (&level.level.guard.pending, &late.level.guard.pending);
    let all_reasons = !wanted.is_empty() && wanted.iter().all(|reason| reasons.contains(reason));
    let fires_in = |stage: Stage| {
        level.stages.contains(&stage)
            && (stage != Stage::Pending || reasons.is_empty() || all_reasons)
    };
    late.stages
        .iter()
        .all(|stage| fires_in(*stage) && moves(*stage))
}

/// Whether the level's guard holds wherever the other's does.
fn asks_for_no_more(view: &View<'_>, level: &LevelView<'_>, late: &LevelView<'_>) -> bool {
    (!level.level.guard.unassigned || late.level.guard.unassigned)
        && view
            .logic
            .never(&[(&late.guard, true), (&level.guard, false)])
}

/// Whether the level's guard asks for no fact, so that it cannot come true late.
fn always_holds(view: &View<'_>, level: &LevelView<'_>) -> bool {
    !level.level.guard.unassigned && view.logic.never(&[(&level.guard, false)])
}

/// The step that an action takes.
pub(super) fn step_of(action: &Action) -> Option<Step> {
    match action {
        Action::Resolve => Some(Step::Resolve),
        Action::Close(_) => Some(Step::Close),
        _ => None,
    }
}
