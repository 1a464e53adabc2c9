//! Policies, their targets, pauses and options, and the calendars behind them.

use std::collections::BTreeSet;

use crate::calendar::{EARLIEST, LATEST};
use crate::id::Name;
use crate::sla::{Condition, Measure, OnReopen, Policy, ReopenOption, Target};
use crate::ticket::{Agreement, FieldValue, Metric, PendingReasons};
use crate::time::Span;

use super::Findings;
use super::logic::Logic;
use super::problem::Problem;
use super::view::{PolicyView, View};

pub(super) fn check(view: &View<'_>, found: &mut Findings) {
    for (i, this) in view.policies.iter().enumerate() {
        let (policy, path) = (this.policy, format!("policies[{i}]"));
        condition(
            view,
            &format!("{path}.when"),
            &policy.when,
            this.never,
            found,
        );
        if !this.shadowed_by.is_empty() {
            let by = this
                .shadowed_by
                .iter()
                .map(|j| view.policies[*j].policy.name.clone());
            let (policy, by) = (policy.name.clone(), by.collect());
            found.add(
                format!("{path}.when"),
                Problem::ShadowedPolicy { policy, by },
            );
        }
        loses(view, i, &path, found);
        if policy.targets.is_empty() {
            let policy = policy.name.clone();
            found.add(
                format!("{path}.targets"),
                Problem::PolicyWithoutTarget { policy },
            );
        }
        for (metric, target) in &policy.targets {
            let path = format!("{path}.targets.{metric}");
            clock(view, &path, policy, *metric, found);
            amount(view, &path, policy, *metric, *target, found);
        }
        together(&format!("{path}.targets"), policy, found);
        let by_calendar = |target: &Target| target.measure() == Measure::Business;
        if policy.follow && !policy.targets.is_empty() && !policy.targets.values().any(by_calendar)
        {
            let name = policy.name.clone();
            found.add(
                format!("{path}.follow"),
                Problem::FollowWithoutEffect { name },
            );
        }
        for (metric, reasons) in &policy.pauses {
            pauses(&format!("{path}.pauses.{metric}"), *metric, *reasons, found);
        }
        for (metric, option) in &policy.reopening {
            reopening(
                view,
                &format!("{path}.reopening.{metric}"),
                *metric,
                *option,
                found,
            );
        }
    }
    fallbacks(view, found);
    calendars(view, found);
}

/// Whether a policy stands before another one that would give each of its tickets a target of its first response.
fn loses(view: &View<'_>, i: usize, path: &str, found: &mut Findings) {
    let (this, later) = (&view.policies[i], &view.policies[i + 1..]);
    let answers = |policy: &Policy| policy.targets.contains_key(&Metric::FirstResponse);
    let policy = this.policy;
    if this.never || !this.shadowed_by.is_empty() || policy.targets.is_empty() || answers(policy) {
        return;
    }
    if view.logic.is_spent() {
        return;
    }
    let of_it = |that: &&PolicyView<'_>| that.policy.agreement == policy.agreement;
    let takes_all =
        |that: &&PolicyView<'_>| view.logic.never(&[(&this.when, true), (&that.when, false)]);
    let next = later.iter().filter(of_it).find(takes_all);
    if let Some(next) = next.filter(|next| answers(next.policy)) {
        let (policy, to) = (policy.name.clone(), next.policy.name.clone());
        found.add(
            format!("{path}.targets"),
            Problem::LosesFirstResponse { policy, to },
        );
    }
}

/// A condition of a policy or guard: whether it, or an alternative in it, holds for no ticket.
pub(super) fn condition(
    view: &View<'_>,
    path: &str,
    condition: &Condition,
    never: bool,
    found: &mut Findings,
) {
    let before = found.0.len();
    personal(view, path, condition, found);
    if never {
        found.add(path, Problem::ConditionNeverHolds);
    } else if found.0.len() == before {
        alternatives(view, path, condition, found);
    }
}

/// Texts compared with personal fields, of which events hold only ids.
fn personal(view: &View<'_>, path: &str, condition: &Condition, found: &mut Findings) {
    match condition {
        Condition::All(parts) => parts
            .iter()
            .enumerate()
            .for_each(|(i, part)| personal(view, &format!("{path}.all[{i}]"), part, found)),
        Condition::Any(parts) => parts
            .iter()
            .enumerate()
            .for_each(|(i, part)| personal(view, &format!("{path}.any[{i}]"), part, found)),
        Condition::Not(part) => personal(view, &format!("{path}.not"), part, found),
        Condition::Field { name, is } => {
            let kept_apart = view.draft.tickets.personal_fields.contains(name);
            let is_record = |value: &FieldValue| matches!(value, FieldValue::Personal(_));
            if kept_apart && !is.is_empty() || is.iter().any(is_record) {
                let field = name.clone();
                found.add(path, Problem::PersonalValueInCondition { field });
            }
        }
        _ => {}
    }
}

/// Alternatives that hold for no ticket.
fn alternatives(view: &View<'_>, path: &str, condition: &Condition, found: &mut Findings) {
    match condition {
        Condition::All(parts) => parts
            .iter()
            .enumerate()
            .for_each(|(i, part)| alternatives(view, &format!("{path}.all[{i}]"), part, found)),
        Condition::Not(part) => alternatives(view, &format!("{path}.not"), part, found),
        Condition::Any(parts) => {
            for (i, part) in parts.iter().enumerate() {
                let path = format!("{path}.any[{i}]");
                let mut logic = Logic::new();
                let formula = logic.read(part);
                if view.logic.never_in(&logic, &[(&formula, true)]) {
                    found.add(path, Problem::ConditionPartNeverHolds);
                } else {
                    alternatives(view, &path, part, found);
                }
            }
        }
        _ => {}
    }
}

/// Whether the clock of a target can start and be fulfilled.
fn clock(view: &View<'_>, path: &str, policy: &Policy, metric: Metric, found: &mut Findings) {
    if metric == Metric::PromisedUpdate {
        found.add(path, Problem::TargetWithoutEffect { metric });
    } else if let Some(because) = view.never_starts(policy, metric) {
        found.add(path, Problem::ClockNeverStarts { metric, because });
    } else if let Some(because) = view.never_fulfilled(metric) {
        found.add(path, Problem::ClockNeverFulfilled { metric, because });
    }
}

const SHORTEST_US: i64 = 10 * 1_000_000;
const DAY_US: i64 = 86_400 * 1_000_000;
const LONGEST_DAYS: i64 = 366;

/// Whether a target is of a sensible length.
fn amount<'a>(
    view: &View<'a>,
    path: &str,
    policy: &'a Policy,
    metric: Metric,
    target: Target,
    found: &mut Findings,
) {
    let calendar = view.calendar_of(policy);
    if view.time_of(calendar, target.measure()) == 0 {
        return; // the calendar has a finding of its own
    }
    let too_short = |amount: Span| amount.micros() < SHORTEST_US;
    let problem = match on_average(view, calendar, target) {
        None if policy.follow => return, // the calendar may come to have more
        None => Problem::TargetNeverUsedUp {
            metric,
            target,
            calendar: calendar.clone(),
        },
        Some(_) if target.amount().is_some_and(too_short) => {
            Problem::TargetTooShort { metric, target }
        }
        Some(average) => {
            let days = average / DAY_US;
            let usual = if target.amount().is_some() { 1 } else { 2 };
            if days <= usual * LONGEST_DAYS {
                return;
            }
            Problem::TargetTakesLong {
                metric,
                target,
                days,
            }
        }
    };
    found.add(path, problem);
}

/// How long a target takes on average, whenever it begins, in microseconds on the wall; none where the calendar never has so much.
pub(super) fn on_average(view: &View<'_>, calendar: &Name, target: Target) -> Option<i64> {
    let all = view.time_of(calendar, Measure::Calendar);
    let (amount, there_is) = match (target.amount(), target.business_days()) {
        (Some(amount), _) => (amount.micros(), view.time_of(calendar, target.measure())),
        (None, days) => (
            days.unwrap_or_default().into(),
            all_business_days(view, calendar),
        ),
    };
    let enough = there_is > 0 && amount <= there_is;
    let average = || i128::from(amount) * i128::from(all) / i128::from(there_is);
    enough.then(|| i64::try_from(average()).unwrap_or(i64::MAX))
}

/// How many business days a calendar has in all the time there is.
fn all_business_days(view: &View<'_>, calendar: &Name) -> i64 {
    let last = LATEST - chrono::TimeDelta::days(1);
    let (first, last) = (EARLIEST.date_naive(), last.date_naive());
    let calendar = view.draft.calendars.get(calendar);
    let days = calendar.and_then(|calendar| calendar.count_business_days(first, last).ok());
    days.unwrap_or(i64::MAX) // not known: no day is said to be missing
}

/// Targets of one policy that contradict each other.
fn together(path: &str, policy: &Policy, found: &mut Findings) {
    let target = |metric| policy.targets.get(&metric).copied();
    let Some(response) = target(Metric::FirstResponse) else {
        if policy.targets.contains_key(&Metric::NextResponse) {
            let policy = policy.name.clone();
            let path = format!("{path}.next_response");
            found.add(path, Problem::NextResponseWithoutFirst { policy });
        }
        return;
    };
    for metric in [
        Metric::FirstResolution,
        Metric::TotalResolution,
        Metric::RequesterWait,
    ] {
        let Some(resolution) = target(metric) else {
            continue;
        };
        let comparable = resolution.measure() == response.measure();
        let shorter = match (resolution.amount(), response.amount()) {
            (Some(resolution), Some(response)) => comparable && resolution < response,
            (None, None) => resolution.business_days() < response.business_days(),
            _ => false,
        };
        if shorter {
            let path = format!("{path}.{metric}");
            found.add(
                path,
                Problem::ResolutionBeforeResponse {
                    metric,
                    resolution,
                    response,
                },
            );
        }
    }
}

fn pauses(path: &str, metric: Metric, reasons: PendingReasons, found: &mut Findings) {
    if reasons == PendingReasons::NONE {
        return;
    }
    match metric {
        Metric::FollowUp => found.add(path, Problem::PausesWithoutEffect { metric }),
        Metric::PromisedUpdate => found.add(path, Problem::PausedPromise),
        Metric::FirstResponse | Metric::NextResponse if reasons == PendingReasons::ALL => {
            found.add(path, Problem::PausesHideWaiting { metric });
        }
        _ => {}
    }
}

fn reopening(
    view: &View<'_>,
    path: &str,
    metric: Metric,
    option: ReopenOption,
    found: &mut Findings,
) {
    let tickets = &view.draft.tickets;
    match option {
        _ if metric.definition().on_reopen != OnReopen::Resume => {
            found.add(path, Problem::ReopeningWithoutEffect { metric });
        }
        ReopenOption::NewCycleAfter(after)
            if !tickets.reopen_closed && after >= tickets.reopen_window =>
        {
            let window = tickets.reopen_window;
            found.add(
                path,
                Problem::NewCycleNeverBegins {
                    metric,
                    after,
                    window,
                },
            );
        }
        _ => {}
    }
}

/// Agreements under which some tickets have a policy and others have none.
fn fallbacks(view: &View<'_>, found: &mut Findings) {
    for agreement in Agreement::ALL {
        let of_it = view
            .policies
            .iter()
            .filter(|this| this.policy.agreement == agreement);
        let none_holds: Vec<_> = of_it.map(|this| (&this.when, false)).collect();
        let wanted = agreement == Agreement::Sla || !none_holds.is_empty();
        let gave_up = view.logic.gave_up();
        if wanted && !view.logic.never(&none_holds) && view.logic.gave_up() == gave_up {
            found.add("policies", Problem::NoFallbackPolicy { agreement });
        }
    }
}

/// A yearly day, also a 29 February, is never this far from the end.
const LONGEST_GAP_DAYS: i64 = 3_660;

fn calendars(view: &View<'_>, found: &mut Findings) {
    let draft = view.draft;
    let by_policies = draft
        .policies
        .iter()
        .filter_map(|policy| policy.calendar.as_ref());
    let by_rules = draft
        .escalations
        .iter()
        .filter(|rule| rule.needs_calendar())
        .filter_map(|rule| rule.calendar.as_ref());
    let used: BTreeSet<&Name> = by_policies
        .chain(by_rules)
        .chain([&draft.calendar])
        .collect();
    for (name, calendar) in &draft.calendars {
        let path = format!("calendars.{name}");
        let known = || name.clone();
        if calendar.is_never_open() {
            found.add(&path, Problem::CalendarNeverOpens { calendar: known() });
        } else if let Ok(last) = calendar.previous_open(LATEST)
            && (LATEST - last).num_days() > LONGEST_GAP_DAYS
        {
            found.add(
                &path,
                Problem::CalendarStopsOpening {
                    calendar: known(),
                    last,
                },
            );
        }
        if !used.contains(name) {
            found.add(&path, Problem::UnusedCalendar { calendar: known() });
        }
    }
}
