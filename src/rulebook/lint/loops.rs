//! Levels that may fire again by what they do.
//!
//! A firing has a key: rule, level, the event it counts from, the target in force. So a level fires again only when one of the
//! last two is new. Rules bring about both: a change of priority, tags or team can give a ticket another policy, and so
//! another target; entering a team begins the clock of ownership anew. The first ends by itself, because rules only raise
//! priorities and only add tags, and the targets of a rulebook are counted. The second need not: two levels on ownership
//! that hand a ticket to each other's team do so for ever. A level whose guard no longer holds once its own tags and priority are set
//! fires only once by what rules do, and belongs to no round; nor does one whose guard leaves a single target.

use crate::escalation::{Action, Trigger};
use crate::sla::{Condition, Metric};
use crate::ticket::{Agreement, ClockId, Holder};

use super::logic::Formula;
use super::problem::Problem;
use super::view::{LevelView, View};
use super::{Findings, rules};

/// A level that can fire on a clock, by its place.
struct Node {
    rule: usize,
    level: usize,
    clock: ClockId,
}

/// How many levels are looked at together.
const MOST: usize = 128;

pub(super) fn check(view: &View<'_>, found: &mut Findings) {
    let mut nodes = nodes(view);
    if nodes.len() > MOST {
        nodes.truncate(MOST);
        view.logic.give_up();
    }
    if let Some(cycle) = endless(view, &nodes) {
        add(view, &nodes, &cycle, true, found);
    }
    let leads: Vec<_> = nodes.iter().map(|node| leads_to(view, node)).collect();
    let several: Vec<_> = nodes
        .iter()
        .map(|node| {
            let level = &view.rules[node.rule].levels[node.level];
            rules::targets_left(view, node.clock, level).len() > 1
        })
        .collect();
    let next: Vec<Vec<usize>> = (0..nodes.len())
        .map(|a| {
            let again = |b: &usize| several[*b] && leads[a].contains(&nodes[*b].clock.agreement);
            (0..nodes.len()).filter(again).collect()
        })
        .collect();
    let mut told = vec![false; nodes.len()];
    for start in 0..nodes.len() {
        if let Some(cycle) = shortest_cycle(&next, start).filter(|_| !told[start]) {
            cycle.iter().for_each(|node| told[*node] = true);
            add(view, &nodes, &cycle, false, found);
        }
    }
}

fn add(view: &View<'_>, nodes: &[Node], cycle: &[usize], endless: bool, found: &mut Findings) {
    let Some(first) = cycle.first().map(|node| &nodes[*node]) else {
        return;
    };
    let path = format!("escalations[{}].levels[{}]", first.rule, first.level);
    let name = |node: &usize| {
        let Node { rule, level, .. } = nodes[*node];
        let rule = &view.rules[rule];
        format!("{}: {}", rule.rule.name, rule.levels[level].level.name)
    };
    let cycle = cycle.iter().map(name).collect();
    found.add(
        path,
        if endless {
            Problem::EndlessLoop { cycle }
        } else {
            Problem::PossibleLoop { cycle }
        },
    );
}

/// The levels on clocks with targets that can fire more than once, and that change a fact.
fn nodes(view: &View<'_>) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (i, rule) in view.rules.iter().enumerate() {
        let Trigger::Clock { agreement, metric } = rule.rule.trigger else {
            continue;
        };
        let clock = ClockId { agreement, metric };
        if view.reachable(clock).is_empty() {
            continue;
        }
        for (j, level) in rule.levels.iter().enumerate() {
            let changes = |action: &Action| {
                action.to_team().is_some()
                    || matches!(action, Action::RaisePriority(_) | Action::AddTag(_))
            };
            let fires = !view.logic.never(&[(&level.guard, true)])
                && rules::level_never_fires(view, rule.rule, level).is_none();
            if fires && level.level.actions.iter().any(changes) && !fires_once(view, level) {
                nodes.push(Node {
                    rule: i,
                    level: j,
                    clock,
                });
            }
        }
    }
    nodes
}

/// Whether a level's guard no longer holds once its own priority and tags are set: rules take neither away.
fn fires_once(view: &View<'_>, level: &LevelView<'_>) -> bool {
    let set = level.matters.iter().flatten().map(|change| (change, false));
    let goal: Vec<_> = set.chain([(&level.guard, true)]).collect();
    view.logic.never(&goal)
}

/// The agreements whose policies a firing may exchange, so that levels on their clocks fire again under another target.
fn leads_to(view: &View<'_>, node: &Node) -> Vec<Agreement> {
    let level = &view.rules[node.rule].levels[node.level];
    let happens = |matters: &Option<Formula>| {
        let change = matters.as_ref();
        change.is_none_or(|change| !view.logic.never(&[(&level.guard, true), (change, true)]))
    };
    let actions = level.level.actions.iter().zip(&level.matters);
    let changes: Vec<&Action> = actions
        .filter(|(_, m)| happens(m))
        .map(|(action, _)| action)
        .collect();
    let exchanged = |agreement: &Agreement| {
        changes
            .iter()
            .any(|action| is_read(view, *agreement, action))
    };
    Agreement::ALL.into_iter().filter(exchanged).collect()
}

/// Whether a condition of the agreement's policies asks about what the action changes.
fn is_read(view: &View<'_>, agreement: Agreement, action: &Action) -> bool {
    let mut policies = view
        .draft
        .policies
        .iter()
        .filter(|policy| policy.agreement == agreement);
    policies.any(|policy| asks(&policy.when, action))
}

fn asks(condition: &Condition, action: &Action) -> bool {
    match (condition, action) {
        (Condition::All(parts) | Condition::Any(parts), _) => {
            parts.iter().any(|part| asks(part, action))
        }
        (Condition::Not(part), _) => asks(part, action),
        (Condition::Priority(_), Action::RaisePriority(_)) => true,
        (Condition::Tag(asked), Action::AddTag(added)) => asked == added,
        (Condition::Team(_), action) => action.to_team().is_some(),
        _ => false,
    }
}

/// Whether an action says who is in charge.
fn hands(action: &Action) -> bool {
    action.hands_to(Holder::default()).is_some()
}

/// A way around through `start`, by as few levels as possible.
fn shortest_cycle(next: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; next.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &after in &next[node] {
            if after == start {
                let mut cycle = vec![node];
                while let Some(before) =
                    came_from[*cycle.last()?].filter(|_| cycle.last() != Some(&start))
                {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if came_from[after].is_none() {
                came_from[after] = Some(node);
                queue.push_back(after);
            }
        }
    }
    None
}

/// Levels on ownership that hand a ticket round: team to team and back, each time beginning the clock anew.
fn endless(view: &View<'_>, nodes: &[Node]) -> Option<Vec<usize>> {
    // Each node that assigns a team, with the team it leaves the ticket in.
    let last_team = |node: &Node| {
        let level = &view.rules[node.rule].levels[node.level];
        let mut handed = level.level.actions.iter().rev();
        let handed = handed.find(|action| **action != Action::Unassign && hands(action));
        // With an agent in charge the clock ends as it begins.
        match handed {
            Some(Action::AssignTeam(team)) => Some(*team).zip(level.teams.last()),
            _ => None,
        }
    };
    let handing: Vec<_> = nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.clock.metric == Metric::Ownership)
        .filter_map(|(i, node)| last_team(node).map(|(team, is_team)| (i, team, is_team)))
        .collect();
    let targets: Vec<_> = handing
        .iter()
        .map(|(i, ..)| view.reachable(nodes[*i].clock))
        .collect();
    let follows = |a: usize, b: usize| {
        let ((_, from, is_from), (i, to, _)) = (&handing[a], &handing[b]);
        let level = &view.rules[nodes[*i].rule].levels[nodes[*i].level];
        let through_another = level
            .level
            .actions
            .iter()
            .any(|action| action.to_team().is_some_and(|team| team != *to));
        // In the team that it comes from, the ticket needs a target for the clock that the level watches.
        let has_target = |(policy, _): &(usize, _)| {
            let mut goal = view.has_policy(*policy);
            goal.extend([(&level.guard, true), (*is_from, true)]);
            !view.logic.never(&goal)
        };
        (from != to || through_another)
            && !view.logic.is_spent()
            && targets[b].iter().any(has_target)
    };
    let next: Vec<Vec<usize>> = (0..handing.len())
        .map(|a| (0..handing.len()).filter(|b| follows(a, *b)).collect())
        .collect();
    let cycle = (0..handing.len()).find_map(|start| shortest_cycle(&next, start))?;
    Some(cycle.into_iter().map(|place| handing[place].0).collect())
}
