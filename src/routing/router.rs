//! The choice for one ticket, with everybody's load as it stands.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::calendar::CalendarError;
use crate::id::TeamId;
use crate::time::{micros, truncate};

use super::choice::{Choice, NotChosen, Reason, Route, Transfers};
use super::error::RoutingError;
use super::fit::{Shift, Tell, could_have_room, unavailable, unqualified, used};
use super::item::WorkItem;
use super::load::Load;
use super::roster::{Member, Roster};
use super::rules::{Preference, Rules};

/// Which agent or team should take `item` at `now`, and why; see the [module](super) for what decides.
///
/// `now` is truncated to the microsecond. Every agent of the roster but the chosen one is told with every reason.
///
/// # Errors
/// `now` outside the years of calendars; a skill needed at level 0.
pub fn route(
    roster: &Roster,
    item: &WorkItem,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<Choice, RoutingError> {
    item.needs
        .check(format_args!("the needs of ticket `{}`", item.ticket))?;
    let router = Router::new(roster, rules, now)?;
    let qualified = router.qualified(item);
    let found = router.find(item, &qualified);
    let others = router.others(item, &found);
    Ok(Choice {
        ticket: item.ticket,
        route: found.route,
        transfers: found.transfers,
        decided_by: found.decided_by,
        others,
    })
}

/// A roster at an instant, with the loads as a plan changes them.
pub(super) struct Router<'a> {
    pub(super) roster: &'a Roster,
    pub(super) rules: &'a Rules,
    now: DateTime<Utc>,
    shifts: Vec<Shift>,
    loads: Vec<Load>,
    given: Vec<Option<DateTime<Utc>>>,
}

/// What was found for one ticket.
pub(super) struct Found {
    pub(super) route: Route,
    pub(super) transfers: Transfers,
    pub(super) decided_by: Option<Preference>,
    /// The place of the chosen agent.
    pub(super) chosen: Option<usize>,
}

impl<'a> Router<'a> {
    pub(super) fn new(
        roster: &'a Roster,
        rules: &'a Rules,
        now: DateTime<Utc>,
    ) -> Result<Router<'a>, RoutingError> {
        let now = truncate(now);
        let mut by_name = BTreeMap::new();
        for (name, calendar) in roster.calendars() {
            let shift = if calendar.is_open(now).map_err(RoutingError::calendar)? {
                Shift::On
            } else {
                match calendar.next_open(now) {
                    Ok(from) => Shift::Off(Some(from)),
                    Err(CalendarError::Never | CalendarError::BeyondRange) => Shift::Off(None),
                    Err(error) => return Err(RoutingError::calendar(error)),
                }
            };
            by_name.insert(name, shift);
        }
        let shift_of = |member: &Member| match &member.shift {
            Some(name) => by_name.get(name).copied().unwrap_or(Shift::Off(None)),
            None => Shift::On,
        };
        let members = roster.members();
        Ok(Router {
            roster,
            rules,
            now,
            shifts: members.iter().map(shift_of).collect(),
            loads: members.iter().map(|member| member.load.clone()).collect(),
            given: members.iter().map(|member| member.last_given_at).collect(),
        })
    }

    fn member(&self, place: usize) -> &'a Member {
        &self.roster.members()[place] // places come from the roster itself
    }

    /// The places of those who could take it if they were there and had room.
    pub(super) fn qualified(&self, item: &WorkItem) -> Vec<usize> {
        let suits = |place: &usize| self.unqualified(*place, item).is_none();
        (0..self.roster.members().len()).filter(suits).collect()
    }

    /// Why an agent could not take it whenever that was.
    pub(super) fn unqualified(&self, place: usize, item: &WorkItem) -> Option<Reason> {
        first(|tell| unqualified(self.member(place), &item.needs, tell))
    }

    /// Why a qualified agent cannot take it now.
    pub(super) fn unavailable(&self, place: usize, item: &WorkItem) -> Option<Reason> {
        first(|tell| {
            let (load, shift) = (&self.loads[place], self.shifts[place]);
            unavailable(self.member(place), load, shift, item, tell);
        })
    }

    pub(super) fn find(&self, item: &WorkItem, qualified: &[usize]) -> Found {
        let suits = |place: &&usize| self.unavailable(**place, item).is_none();
        let mut best: Option<usize> = None;
        let mut decided_by = None;
        for place in qualified.iter().filter(suits) {
            let Some(so_far) = best else {
                best = Some(*place);
                continue;
            };
            let (order, by) = self.compare(*place, so_far, item);
            let rank = Some(self.rank_of(by));
            // What tells the best from the next best is the latest preference that tells it from any other. A new best one
            // differs from the old one there, and from the others there or earlier.
            if order == Ordering::Less {
                best = Some(*place);
                decided_by = rank;
            } else {
                decided_by = decided_by.max(rank);
            }
        }
        let decided_by = decided_by.map(|rank| self.preference_at(rank));
        if let Some(stays) = self.stays(item, qualified, best) {
            return self.found(item, stays, None, None);
        }
        match best {
            Some(place) => {
                let route = Route::Agent {
                    agent: self.member(place).agent,
                    team: self.team_of(place, item),
                };
                self.found(item, route, decided_by, Some(place))
            }
            None => self.found(item, self.queue(item, qualified), None, None),
        }
    }

    fn found(
        &self,
        item: &WorkItem,
        route: Route,
        decided_by: Option<Preference>,
        chosen: Option<usize>,
    ) -> Found {
        let (agent, team) = match route {
            Route::Agent { agent, team } => (Some(agent), team),
            Route::Team { team, .. } => (None, Some(team)),
            Route::Stays { .. } | Route::Nobody { .. } => (None, None),
        };
        let moved = |before: Option<uuid::Uuid>, to: Option<uuid::Uuid>| {
            before.is_some() && to.is_some() && before != to
        };
        let transfers = Transfers {
            agent: moved(
                item.before.agent.map(|agent| agent.uuid()),
                agent.map(|agent| agent.uuid()),
            ),
            team: moved(
                item.before.team.map(|team| team.uuid()),
                team.map(|team| team.uuid()),
            ),
        };
        Found {
            route,
            transfers,
            decided_by,
            chosen,
        }
    }

    /// The preference that tells two apart, and which of them is better.
    fn compare(&self, a: usize, b: usize, item: &WorkItem) -> (Ordering, Preference) {
        for preference in &self.rules.prefer {
            let order = self.compare_by(*preference, a, b, item);
            if order.is_ne() {
                return (order, *preference);
            }
        }
        (a.cmp(&b), Preference::SmallestId) // the roster is sorted by id
    }

    fn compare_by(&self, by: Preference, a: usize, b: usize, item: &WorkItem) -> Ordering {
        let pair = (self.member(a), self.member(b));
        let yes_first = |is: &dyn Fn(&Member) -> bool| is(pair.1).cmp(&is(pair.0));
        let levels = |member: &Member| -> u64 {
            let has = |skill| member.skills.get(skill).copied().unwrap_or(0);
            item.needs
                .skills
                .keys()
                .map(|skill| u64::from(has(skill)))
                .sum()
        };
        match by {
            Preference::Holder => yes_first(&|member| item.holder.agent == Some(member.agent)),
            Preference::LastAgent => yes_first(&|member| item.last_agent == Some(member.agent)),
            Preference::SameTeam => {
                let team = item.before.team;
                yes_first(&|member| team.is_some_and(|team| member.teams.contains(&team)))
            }
            Preference::LowestTier => pair.0.tier.cmp(&pair.1.tier),
            Preference::LeastLoad => {
                let used = |place: usize, member| used(member, &self.loads[place], item);
                used(a, pair.0).cmp(&used(b, pair.1))
            }
            Preference::BestSkill => Reverse(levels(pair.0)).cmp(&Reverse(levels(pair.1))),
            Preference::ClosestSkill => levels(pair.0).cmp(&levels(pair.1)),
            Preference::LongestIdle => {
                // Never given work is the longest of all.
                let given = |place: usize| self.given[place].map(micros);
                given(a).cmp(&given(b))
            }
            Preference::SmallestId => a.cmp(&b),
        }
    }

    fn rank_of(&self, preference: Preference) -> usize {
        let listed = &self.rules.prefer;
        let at = listed.iter().position(|one| *one == preference);
        at.unwrap_or(listed.len())
    }

    fn preference_at(&self, rank: usize) -> Preference {
        let listed = self.rules.prefer.get(rank).copied();
        listed.unwrap_or(Preference::SmallestId)
    }

    /// That the ticket stays with a holder who is off shift and back in time.
    fn stays(&self, item: &WorkItem, qualified: &[usize], best: Option<usize>) -> Option<Route> {
        let (margin, due) = (self.rules.wait_for_holder?, item.due?);
        let holder = item.holder.agent?;
        let place = self.roster.place(holder)?;
        if best == Some(place) || qualified.binary_search(&place).is_err() {
            return None;
        }
        let only_off_shift = {
            let mut reasons = Vec::new();
            let (load, shift) = (&self.loads[place], self.shifts[place]);
            unavailable(self.member(place), load, shift, item, &mut |reason| {
                reasons.push(reason);
                true
            });
            matches!(reasons[..], [Reason::OffShift { .. }])
        };
        let Shift::Off(Some(from)) = self.shifts[place] else {
            return None;
        };
        let in_time = micros(from).saturating_add(margin.micros()) <= micros(due);
        (only_off_shift && in_time).then_some(Route::Stays {
            agent: holder,
            from,
        })
    }

    /// The queue of the team that has somebody for it: somebody who could take it one day.
    fn queue(&self, item: &WorkItem, qualified: &[usize]) -> Route {
        let mut from_of: BTreeMap<TeamId, Option<DateTime<Utc>>> = BTreeMap::new();
        let mut without_team = None;
        let could = |place: &&usize| could_have_room(self.member(**place), item);
        for place in qualified.iter().filter(could) {
            let from = self.comes(*place);
            let mut teams = self.teams_of(*place, item).peekable();
            if teams.peek().is_none() {
                without_team = sooner(without_team, from);
            }
            for team in teams {
                let known = from_of.entry(team).or_default();
                *known = sooner(*known, from);
            }
        }
        let rank = |(team, from): &(&TeamId, &Option<DateTime<Utc>>)| {
            let has_it = item.before.team == Some(**team);
            (!has_it, from.is_none(), **from, **team)
        };
        match from_of.iter().min_by_key(rank) {
            Some((team, from)) => Route::Team {
                team: *team,
                from: *from,
            },
            None => Route::Nobody { from: without_team },
        }
    }

    /// When an agent is there: now, at the next shift, or nobody knows.
    fn comes(&self, place: usize) -> Option<DateTime<Utc>> {
        match self.shifts[place] {
            _ if self.member(place).away => None,
            Shift::On => Some(self.now),
            Shift::Off(from) => from,
        }
    }

    /// The teams of an agent that may take it.
    fn teams_of(&self, place: usize, item: &'a WorkItem) -> impl Iterator<Item = TeamId> {
        let allowed = item.needs.teams.as_ref();
        let may = move |team: &&TeamId| allowed.is_none_or(|teams| teams.contains(team));
        self.member(place).teams.iter().filter(may).copied()
    }

    fn team_of(&self, place: usize, item: &WorkItem) -> Option<TeamId> {
        let has_it = |team: &TeamId| item.before.team == Some(*team);
        self.teams_of(place, item)
            .min_by_key(|team| (!has_it(team), *team))
    }

    /// Everybody who was not chosen, with every reason.
    fn others(&self, item: &WorkItem, found: &Found) -> Vec<NotChosen> {
        let stays = matches!(found.route, Route::Stays { .. });
        let why = |place: usize| {
            let mut reasons = Vec::new();
            let mut tell = |reason| {
                reasons.push(reason);
                true
            };
            let member = self.member(place);
            unqualified(member, &item.needs, &mut tell);
            let (load, shift) = (&self.loads[place], self.shifts[place]);
            unavailable(member, load, shift, item, &mut tell);
            if reasons.is_empty() {
                reasons.push(match found.chosen {
                    Some(chosen) => Reason::Better(self.compare(chosen, place, item).1),
                    None => Reason::Stays,
                });
            }
            NotChosen {
                agent: member.agent,
                reasons,
            }
        };
        let kept = |place: usize| stays && item.holder.agent == Some(self.member(place).agent);
        let all = 0..self.roster.members().len();
        all.filter(|place| found.chosen != Some(*place) && !kept(*place))
            .map(why)
            .collect()
    }

    /// The chosen agent takes the ticket, and its holder gives it up.
    pub(super) fn take(&mut self, item: &WorkItem, place: usize) {
        let from = item
            .holder
            .agent
            .and_then(|holder| self.roster.place(holder));
        if from == Some(place) {
            return;
        }
        self.leave(item);
        self.loads[place].take(&item.channel, item.weight);
        self.given[place] = Some(self.now);
    }

    /// A ticket goes from its holder, if it has one, to a team's queue.
    pub(super) fn leave(&mut self, item: &WorkItem) {
        let holder = item.holder.agent;
        let from = holder.and_then(|holder| self.roster.place(holder));
        if let Some(load) = from.and_then(|from| self.loads.get_mut(from)) {
            load.give(&item.channel, item.weight);
        }
    }

    pub(super) fn into_loads(self) -> Vec<Load> {
        self.loads
    }
}

/// The first reason that is told.
fn first(tell_all: impl FnOnce(&mut Tell<'_>)) -> Option<Reason> {
    let mut found = None;
    tell_all(&mut |reason| {
        found.get_or_insert(reason);
        false
    });
    found
}

/// The earlier of two instants, where either is known.
fn sooner(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
