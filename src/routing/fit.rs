//! Whether an agent suits a ticket: what must always hold, and what must hold now.

use chrono::{DateTime, Utc};

use super::choice::Reason;
use super::item::{Needs, WorkItem};
use super::load::{Limits, Load};
use super::roster::Member;

/// To whom a reason is told; says whether to go on.
pub(super) type Tell<'a> = dyn FnMut(Reason) -> bool + 'a;

/// Whether a shift is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    On,
    /// Off, until then; for good where nothing is given.
    Off(Option<DateTime<Utc>>),
}

/// What keeps `member` from ever taking a ticket with these needs, told to `tell`.
pub(super) fn unqualified(member: &Member, needs: &Needs, tell: &mut Tell<'_>) {
    if needs.not.contains(&member.agent) && !tell(Reason::Excluded) {
        return;
    }
    if let Some(teams) = &needs.teams
        && teams.is_disjoint(&member.teams)
        && !tell(Reason::OtherTeam)
    {
        return;
    }
    for (skill, needed) in &needs.skills {
        let has = member.skills.get(skill).copied();
        if has.is_none_or(|has| has < *needed) {
            let (skill, needed) = (skill.clone(), *needed);
            if !tell(Reason::Skill { skill, has, needed }) {
                return;
            }
        }
    }
    for language in needs.languages.difference(&member.languages) {
        let language = language.clone();
        if !tell(Reason::Language { language }) {
            return;
        }
    }
    let (has, needed) = (member.tier, needs.tier);
    if has < needed && !tell(Reason::Tier { has, needed }) {
        return;
    }
    if let Some(tier) = &needs.customer_tier
        && !member.serves.is_empty()
        && !member.serves.contains(tier)
    {
        let tier = tier.clone();
        tell(Reason::CustomerTier { tier });
    }
}

/// What keeps a qualified `member`, who holds `load`, from taking `item` now, told to `tell`.
pub(super) fn unavailable(
    member: &Member,
    load: &Load,
    shift: Shift,
    item: &WorkItem,
    tell: &mut Tell<'_>,
) {
    if member.away && !tell(Reason::Away) {
        return;
    }
    if let Shift::Off(from) = shift
        && !tell(Reason::OffShift { from })
    {
        return;
    }
    no_room(&member.limits, load, adds(member, item), item, tell);
}

/// How many tickets more `member` would hold with `item`: none where it is held already.
fn adds(member: &Member, item: &WorkItem) -> u32 {
    u32::from(item.holder.agent != Some(member.agent))
}

/// Whether `member` could take `item` at some time: where nothing else is held, or it is held already.
pub(super) fn could_have_room(member: &Member, item: &WorkItem) -> bool {
    let mut has_room = true;
    let (nothing, adds) = (Load::default(), adds(member, item));
    no_room(&member.limits, &nothing, adds, item, &mut |_| {
        has_room = false;
        false
    });
    has_room
}

/// What leaves no room for `adds` tickets more; nothing where none is added, however far a limit was lowered since.
fn no_room(limits: &Limits, load: &Load, adds: u32, item: &WorkItem, tell: &mut Tell<'_>) {
    if adds == 0 {
        return;
    }
    if let Some(limit) = limits.tickets {
        let held = load.tickets;
        if held.saturating_add(adds) > limit && !tell(Reason::TicketLimit { held, limit }) {
            return;
        }
    }
    if let Some(limit) = limits.weight {
        let (held, adds) = (load.weight, item.weight.saturating_mul(adds));
        let over = held.saturating_add(u64::from(adds)) > u64::from(limit);
        if over && !tell(Reason::WeightLimit { held, adds, limit }) {
            return;
        }
    }
    if let Some(limit) = limits.of_channel(&item.channel) {
        let held = load.of_channel(&item.channel);
        if held.saturating_add(adds) > limit {
            let channel = item.channel.clone();
            tell(Reason::ChannelLimit {
                channel,
                held,
                limit,
            });
        }
    }
}

/// A share of a limit that would be used, as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(u64, u64); // INVARIANT: the second is not 0

impl PartialEq for Share {
    fn eq(&self, other: &Share) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Share {}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Share) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Share) -> std::cmp::Ordering {
        let cross = |a: u64, b: u64| u128::from(a) * u128::from(b);
        cross(self.0, other.1).cmp(&cross(other.0, self.1))
    }
}

/// How much `member` would hold with `item`: the share of the tightest limit, the weight, the tickets.
pub(super) fn used(member: &Member, load: &Load, item: &WorkItem) -> (Share, u64, u64) {
    let adds = u64::from(adds(member, item));
    let tickets = u64::from(load.tickets) + adds;
    let weight = load
        .weight
        .saturating_add(u64::from(item.weight).saturating_mul(adds));
    let on_channel = u64::from(load.of_channel(&item.channel)) + adds;
    let limits = &member.limits;
    let shares = [
        (tickets, limits.tickets),
        (weight, limits.weight),
        (on_channel, limits.of_channel(&item.channel)),
    ];
    let share = |(used, limit): (u64, Option<u32>)| Some(Share(used, u64::from(limit?).max(1)));
    let tightest = shares.into_iter().filter_map(share).max();
    (tightest.unwrap_or(Share(0, 1)), weight, tickets)
}
