//! The laws of routing. Each takes a roster, tickets and rules, and panics where a law does not hold.

use chrono::{DateTime, Utc};

use crate::routing::{
    Assigned, Choice, Load, Member, Plan, Preference, Reason, Roster, RosterDraft, Route, Rules,
    WorkItem, plan, route,
};
use crate::testing::routing::oracle;

/// What is given here is valid, so an answer is expected.
#[track_caller]
fn routed(roster: &Roster, item: &WorkItem, rules: &Rules, now: DateTime<Utc>) -> Choice {
    let choice = route(roster, item, rules, now);
    choice.unwrap_or_else(|error| panic!("valid input was not routed: {error}"))
}

#[track_caller]
fn planned(roster: &Roster, items: &[WorkItem], rules: &Rules, now: DateTime<Utc>) -> Plan {
    let plan = plan(roster, items, rules, now);
    plan.unwrap_or_else(|error| panic!("valid input was not planned: {error}"))
}

/// A chosen agent is on shift, has every skill needed and has room; where an agent suits, one is chosen or the ticket stays with
/// its holder; and every other agent has a reason that is true.
#[track_caller]
pub fn the_chosen_agent_suits(roster: &Roster, item: &WorkItem, rules: &Rules, now: DateTime<Utc>) {
    let choice = routed(roster, item, rules, now);
    let suits = |member: &Member| oracle::suits(roster, member, item, now);
    let anybody = roster.members().iter().any(suits);
    match choice.route() {
        Route::Agent { agent, team } => {
            let member = roster.member(agent);
            assert!(member.is_some_and(suits), "{choice}");
            let in_team = |team| member.is_some_and(|member| member.teams.contains(&team));
            assert!(team.is_none_or(in_team), "{choice}");
        }
        Route::Stays { agent, from } => {
            assert_eq!(item.holder.agent, Some(agent), "{choice}");
            assert!(
                from > now && item.due.is_some_and(|due| from <= due),
                "{choice}"
            );
        }
        Route::Team { team, .. } => {
            let would = |m: &Member| m.teams.contains(&team) && oracle::could_take(m, item);
            assert!(roster.members().iter().any(would), "{choice}");
            assert!(!anybody, "{choice}, although somebody suits");
        }
        Route::Nobody { from } => {
            assert!(!anybody, "{choice}, although somebody suits");
            let could = |m: &Member| oracle::could_take(m, item);
            let waits = from.is_none() || roster.members().iter().any(could);
            assert!(waits, "{choice}, although nobody could ever take it");
        }
    }
    for other in choice.others() {
        let can = roster.member(other.agent).is_some_and(suits);
        let said = |reason: &Reason| matches!(reason, Reason::Better(_) | Reason::Stays);
        assert!(!other.reasons.is_empty(), "{other}");
        assert_eq!(other.reasons.iter().any(said), can, "{other}");
    }
}

/// Whoever holds a ticket and suits keeps it, where that comes first; so no ticket is transferred that need not be.
#[track_caller]
pub fn a_holder_who_suits_keeps_it(
    roster: &Roster,
    item: &WorkItem,
    rules: &Rules,
    now: DateTime<Utc>,
) {
    let holder = item.holder.agent.and_then(|agent| roster.member(agent));
    let Some(holder) = holder.filter(|member| oracle::suits(roster, member, item, now)) else {
        return;
    };
    let mut rules = rules.clone();
    rules.prefer.insert(0, Preference::Holder);
    let choice = routed(roster, item, &rules, now);
    assert_eq!(choice.route().agent(), Some(holder.agent), "{choice}");
    assert!(!choice.transfers().agent, "{choice}");
}

/// The order in which agents and tickets are given means nothing.
#[track_caller]
pub fn the_order_means_nothing(
    roster: &Roster,
    items: &[WorkItem],
    rules: &Rules,
    now: DateTime<Utc>,
    by: impl Fn(usize) -> usize,
) {
    let mut draft = RosterDraft::from(roster.clone());
    shuffle(&mut draft.members, &by);
    let shuffled = draft.build();
    let shuffled = shuffled.unwrap_or_else(|error| panic!("a roster in another order: {error}"));
    let mut others = items.to_vec();
    shuffle(&mut others, &by);
    assert_eq!(
        planned(&shuffled, &others, rules, now),
        planned(roster, items, rules, now)
    );
    for item in items {
        let choice = routed(&shuffled, item, rules, now);
        assert_eq!(choice, routed(roster, item, rules, now));
    }
}

fn shuffle<T>(list: &mut [T], by: &impl Fn(usize) -> usize) {
    for n in (1..list.len()).rev() {
        list.swap(n, by(n) % (n + 1));
    }
}

/// An agent who does not suit changes nothing about who is chosen, and one who would never suit changes nothing at all.
#[track_caller]
pub fn an_unsuitable_agent_changes_nothing(
    roster: &Roster,
    newcomer: &Member,
    item: &WorkItem,
    rules: &Rules,
    now: DateTime<Utc>,
) {
    let is_new = roster.member(newcomer.agent).is_none();
    if !is_new || item.holder.agent == Some(newcomer.agent) {
        return;
    }
    let more = RosterDraft::from(roster.clone()).member(newcomer.clone());
    let Ok(more) = more.build() else {
        return;
    };
    if oracle::suits(&more, newcomer, item, now) {
        return;
    }
    let (before, after) = (
        routed(roster, item, rules, now),
        routed(&more, item, rules, now),
    );
    assert_eq!(after.route().agent(), before.route().agent());
    if !oracle::could_take(newcomer, item) {
        assert_eq!(after.route(), before.route());
        assert_eq!(after.transfers(), before.transfers());
        assert_eq!(after.decided_by(), before.decided_by());
    }
}

/// A plan breaks no limit: what an agent holds after it is within the limits that it was within before, or no more than before.
/// Each ticket stands in it once, and what agents hold adds up.
#[track_caller]
pub fn no_limit_is_broken(roster: &Roster, items: &[WorkItem], rules: &Rules, now: DateTime<Utc>) {
    let plan = planned(roster, items, rules, now);
    assert_eq!(plan.assigned.len(), items.len());
    assert_eq!(plan.loads.len(), roster.members().len());
    for (member, (agent, load)) in roster.members().iter().zip(&plan.loads) {
        assert_eq!(member.agent, *agent);
        let (limits, before) = (&member.limits, &member.load);
        let kept = |limit: Option<u64>, before: u64, after: u64| {
            limit.is_none_or(|limit| after <= limit.max(before))
        };
        let of = |counts: Option<u32>| counts.map(u64::from);
        let tickets = (u64::from(before.tickets), u64::from(load.tickets));
        assert!(kept(of(limits.tickets), tickets.0, tickets.1), "{agent}");
        assert!(
            kept(of(limits.weight), before.weight, load.weight),
            "{agent}"
        );
        for limit in &limits.channels {
            let on = |load: &Load| u64::from(load.of_channel(&limit.channel));
            assert!(
                kept(of(Some(limit.tickets)), on(before), on(load)),
                "{agent}"
            );
        }
    }
}

/// A plan is what routing the tickets one after the other gives, each with the loads that the ones before left behind.
#[track_caller]
pub fn a_plan_is_its_routes(
    roster: &Roster,
    items: &[WorkItem],
    rules: &Rules,
    now: DateTime<Utc>,
) {
    let plan = planned(roster, items, rules, now);
    let mut roster = RosterDraft::from(roster.clone());
    for Assigned { ticket, route, .. } in &plan.assigned {
        let item = items.iter().find(|item| item.ticket == *ticket);
        let item = item.unwrap_or_else(|| panic!("{ticket} was not to be planned"));
        let now_on = roster.clone().build();
        let now_on = now_on.unwrap_or_else(|error| panic!("the roster of a plan: {error}"));
        assert_eq!(routed(&now_on, item, rules, now).route(), *route);
        let to = route.agent();
        let goes_to_a_queue = matches!(route, Route::Team { .. });
        if goes_to_a_queue || to.is_some() && to != item.holder.agent {
            for member in &mut roster.members {
                if Some(member.agent) == to {
                    member.load = member.load.clone().and(&item.channel, item.weight);
                    member.last_given_at = Some(now);
                } else if item.holder.agent == Some(member.agent) {
                    let load = &mut member.load;
                    load.tickets = load.tickets.saturating_sub(1);
                    load.weight = load.weight.saturating_sub(u64::from(item.weight));
                    for held in &mut load.channels {
                        if held.channel == item.channel {
                            held.tickets = held.tickets.saturating_sub(1);
                        }
                    }
                }
            }
        }
    }
}
