//! Rosters, tickets to route and rules for property tests, and an oracle of who suits.
//!
//! The agents, skills, teams and channels are few, so that tickets and agents meet; shifts are calendars of all kinds.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::calendar::Calendar;
use crate::id::{AgentId, Name, TeamId, TicketId};
use crate::routing::{
    ChannelCount, Limits, Load, Member, Needs, Preference, Roster, Rules, WorkItem,
};
use crate::ticket::{Channel, Holder, Priority};
use crate::time::Span;

use super::calendar::plain_calendars;

fn name(text: String) -> Name {
    Name::new(&text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

fn names(kind: &'static str, many: u8) -> impl Strategy<Value = Name> {
    (0..many).prop_map(move |n| name(format!("{kind} {n}")))
}

/// One of twelve agents.
pub fn agents() -> impl Strategy<Value = AgentId> {
    (0u8..12).prop_map(|n| AgentId::named(&n.to_string()))
}

fn teams() -> impl Strategy<Value = TeamId> {
    (0u8..3).prop_map(|n| TeamId::named(&n.to_string()))
}

fn channels() -> impl Strategy<Value = Channel> {
    select(vec![Channel::Email, Channel::Phone, Channel::Chat])
}

fn holders() -> impl Strategy<Value = Holder> {
    let holder = (option::weighted(0.4, agents()), option::of(teams()));
    holder.prop_map(|(agent, team)| Holder { agent, team })
}

/// Instants of two weeks, most of them on the hour.
pub fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let begin = DateTime::from_timestamp(1_772_000_000, 0).unwrap_or_default();
    let hours = 0i64..14 * 24;
    (hours, prop_oneof![3 => Just(0i64), 1 => 0i64..3_600])
        .prop_map(move |(h, s)| begin + TimeDelta::hours(h) + TimeDelta::seconds(s))
}

fn counts() -> impl Strategy<Value = Vec<ChannelCount>> {
    let counts = vec((channels(), 0u32..4), 0..3);
    counts.prop_map(|counts| {
        let once: BTreeMap<_, _> = counts.into_iter().collect();
        let each = once.into_iter();
        each.map(|(channel, tickets)| ChannelCount { channel, tickets })
            .collect()
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    (option::of(0u32..6), option::of(0u32..12), counts()).prop_map(|(tickets, weight, channels)| {
        let mut limits = Limits::default();
        (limits.tickets, limits.weight, limits.channels) = (tickets, weight, channels);
        limits
    })
}

fn loads() -> impl Strategy<Value = Load> {
    (0u32..5, 0u64..10, counts()).prop_map(|(tickets, weight, channels)| {
        let mut load = Load::default();
        (load.tickets, load.weight, load.channels) = (tickets, weight, channels);
        load
    })
}

/// Agents with skills, limits, loads and one of three shifts, or none.
pub fn members() -> impl Strategy<Value = Member> {
    let can = (
        btree_map(names("skill", 3), 1u8..4, 0..4),
        btree_set(names("language", 2), 0..3),
        0u8..3,
        btree_set(names("customer tier", 2), 0..2),
    );
    let is = (
        agents(),
        btree_set(teams(), 0..3),
        option::of(names("shift", 3)),
        prop::bool::weighted(0.1),
    );
    let holds = (limits(), loads(), option::of(instants()));
    (can, is, holds).prop_map(|(can, is, holds)| {
        let (agent, teams, shift, away) = is;
        let mut member = Member::new(agent).away(away);
        (
            member.skills,
            member.languages,
            member.tier,
            member.serves,
            member.teams,
            member.shift,
        ) = (can.0, can.1, can.2, can.3, teams, shift);
        (member.limits, member.load, member.last_given_at) = holds;
        member
    })
}

/// Up to twelve agents with their shifts.
pub fn rosters() -> impl Strategy<Value = Roster> {
    let shifts = prop_oneof![2 => plain_calendars(), 1 => Just(Calendar::always())];
    (vec(members(), 0..12), vec(shifts, 3)).prop_filter_map("a roster", |(members, calendars)| {
        let once: BTreeMap<_, _> = members.into_iter().map(|m| (m.agent, m)).collect();
        let mut draft = Roster::draft();
        for (n, calendar) in calendars.into_iter().enumerate() {
            draft = draft.calendar(name(format!("shift {n}")), calendar);
        }
        let draft = once.into_values().fold(draft, |draft, m| draft.member(m));
        draft.build().ok()
    })
}

/// What tickets need; half of them little.
pub fn needs() -> impl Strategy<Value = Needs> {
    (
        btree_map(names("skill", 3), 1u8..4, 0..2),
        btree_set(names("language", 2), 0..2),
        prop_oneof![2 => Just(0u8), 1 => 0u8..3],
        option::weighted(0.3, names("customer tier", 2)),
        option::weighted(0.3, btree_set(teams(), 0..3)),
        btree_set(agents(), 0..2),
    )
        .prop_map(|(skills, languages, tier, customer_tier, teams, not)| {
            let mut needs = Needs::default().tier(tier);
            (needs.skills, needs.languages) = (skills, languages);
            (needs.customer_tier, needs.teams, needs.not) = (customer_tier, teams, not);
            needs
        })
}

/// Tickets to route.
pub fn items() -> impl Strategy<Value = WorkItem> {
    let when = (option::of(instants()), option::of(instants()));
    let who = (holders(), option::weighted(0.3, agents()));
    let what = (select(Priority::ALL.to_vec()), channels(), 0u32..4, needs());
    (0u16..500, what, when, who).prop_map(|(ticket, what, when, who)| {
        let (priority, channel, weight, needs) = what;
        let mut item = WorkItem::new(TicketId::named(&ticket.to_string()))
            .priority(priority)
            .over(channel)
            .weight(weight)
            .needs(needs)
            .held_by(who.0);
        ((item.due, item.since), item.last_agent) = (when, who.1);
        item
    })
}

/// Tickets to plan, each once.
pub fn queues() -> impl Strategy<Value = Vec<WorkItem>> {
    vec(items(), 0..24).prop_map(|items| {
        let once: BTreeMap<_, _> = items.into_iter().map(|item| (item.ticket, item)).collect();
        once.into_values().collect()
    })
}

/// Rules with other orders of preference.
pub fn rules() -> impl Strategy<Value = Rules> {
    let all = Preference::ALL.to_vec();
    let prefer = subsequence(all.clone(), 0..=all.len()).prop_shuffle();
    let prefer = prop_oneof![1 => Just(Rules::default().prefer), 2 => prefer];
    let wait = option::of((0u32..6).prop_map(Span::hours));
    (prefer, wait).prop_map(|(prefer, wait_for_holder)| {
        let mut rules = Rules::default();
        (rules.prefer, rules.wait_for_holder) = (prefer, wait_for_holder);
        rules
    })
}

/// Answers about agents and tickets straight from what is written of them.
pub mod oracle {
    use super::*;

    /// Whether the agent could take the ticket if there were room and it were the time.
    pub fn is_qualified(member: &Member, item: &WorkItem) -> bool {
        let needs = &item.needs;
        let skilled = |(skill, level): (&Name, &u8)| {
            let has = member.skills.get(skill);
            has.is_some_and(|has| has >= level)
        };
        let in_team = needs
            .teams
            .as_ref()
            .is_none_or(|teams| member.teams.iter().any(|team| teams.contains(team)));
        let serves = needs
            .customer_tier
            .as_ref()
            .is_none_or(|tier| member.serves.is_empty() || member.serves.contains(tier));
        needs.skills.iter().all(skilled)
            && needs.languages.is_subset(&member.languages)
            && member.tier >= needs.tier
            && !needs.not.contains(&member.agent)
            && in_team
            && serves
    }

    /// Whether the agent is there.
    pub fn is_there(roster: &Roster, member: &Member, now: DateTime<Utc>) -> bool {
        let on_shift = member.shift.as_ref().is_none_or(|shift| {
            let calendar = roster.calendars().get(shift);
            calendar.is_some_and(|calendar| calendar.is_open(now).unwrap_or(false))
        });
        on_shift && !member.away
    }

    /// Whether the ticket fits into what the agent may hold, beside `load`.
    pub fn has_room(member: &Member, load: &Load, item: &WorkItem) -> bool {
        if item.holder.agent == Some(member.agent) {
            return true; // it is in the load already
        }
        let then = load.clone().and(&item.channel, item.weight);
        // Limits of other channels do not matter for this ticket.
        let mut limits = member.limits.clone();
        limits
            .channels
            .retain(|limit| limit.channel == item.channel);
        then.is_within(&limits)
    }

    /// Whether the agent could take the ticket at some time: if it were the time, and nothing else were held.
    pub fn could_take(member: &Member, item: &WorkItem) -> bool {
        is_qualified(member, item) && has_room(member, &Load::default(), item)
    }

    /// Whether the agent can take the ticket now.
    pub fn suits(roster: &Roster, member: &Member, item: &WorkItem, now: DateTime<Utc>) -> bool {
        is_qualified(member, item)
            && is_there(roster, member, now)
            && has_room(member, &member.load, item)
    }
}
