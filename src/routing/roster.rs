//! Who works at the desk, what they can do, when they are there and how much they hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::id::{AgentId, Name, TeamId};

use super::MAX_MEMBERS;
use super::error::RoutingError;
use super::load::{Limits, Load};

/// An agent of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// The teams the agent belongs to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<TeamId>,
    /// The skills, each at its level from 1 to 255.
    #[serde(
        default,
        deserialize_with = "crate::id::keyed",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub skills: BTreeMap<Name, u8>,
    /// The languages, in the words of the host, such as `de`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<Name>,
    /// The support tier: 0 at the front, higher for specialists.
    #[serde(default)]
    pub tier: u8,
    /// The tiers of customers whom the agent serves; every one where none is given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub serves: BTreeSet<Name>,
    /// The shift: a calendar of the roster. Without one the agent is always on shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Name>,
    /// Whether the agent takes nothing now, although on shift: signed out, ill, at lunch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
    /// The most that the agent may hold.
    #[serde(default)]
    pub limits: Limits,
    /// What the agent holds, with every ticket whose [holder](super::WorkItem::holder) is this agent.
    #[serde(default)]
    pub load: Load,
    /// When the agent was last given work; nothing where that was never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_given_at: Option<DateTime<Utc>>,
}

impl Member {
    /// An agent without skills and without limits, always on shift.
    pub fn new(agent: AgentId) -> Member {
        Member {
            agent,
            teams: BTreeSet::new(),
            skills: BTreeMap::new(),
            languages: BTreeSet::new(),
            tier: 0,
            serves: BTreeSet::new(),
            shift: None,
            away: false,
            limits: Limits::default(),
            load: Load::default(),
            last_given_at: None,
        }
    }

    /// The same agent, in one team more.
    #[must_use]
    pub fn team(mut self, team: TeamId) -> Member {
        self.teams.insert(team);
        self
    }

    /// The same agent, with a skill at a level from 1 to 255.
    #[must_use]
    pub fn skill(mut self, skill: Name, level: u8) -> Member {
        self.skills.insert(skill, level);
        self
    }

    /// The same agent, speaking one language more.
    #[must_use]
    pub fn language(mut self, language: Name) -> Member {
        self.languages.insert(language);
        self
    }

    /// The same agent, at this support tier.
    #[must_use]
    pub fn tier(mut self, tier: u8) -> Member {
        self.tier = tier;
        self
    }

    /// The same agent, serving one tier of customers more.
    #[must_use]
    pub fn serving(mut self, tier: Name) -> Member {
        self.serves.insert(tier);
        self
    }

    /// The same agent, on this shift.
    #[must_use]
    pub fn shift(mut self, calendar: Name) -> Member {
        self.shift = Some(calendar);
        self
    }

    /// The same agent, away or back.
    #[must_use]
    pub fn away(mut self, away: bool) -> Member {
        self.away = away;
        self
    }

    /// The same agent, with these limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Member {
        self.limits = limits;
        self
    }

    /// The same agent, holding this.
    #[must_use]
    pub fn load(mut self, load: Load) -> Member {
        self.load = load;
        self
    }

    /// The same agent, last given work at this instant.
    #[must_use]
    pub fn last_given_at(mut self, at: DateTime<Utc>) -> Member {
        self.last_given_at = Some(at);
        self
    }

    fn check(&self, calendars: &BTreeMap<Name, Calendar>) -> Result<(), RoutingError> {
        let of = format!("agent `{}`", self.agent);
        if let Some((skill, _)) = self.skills.iter().find(|(_, level)| **level == 0) {
            return Err(RoutingError::no_level(skill, of));
        }
        if let Some(shift) = &self.shift
            && !calendars.contains_key(shift)
        {
            let known = calendars.keys().cloned().collect();
            return Err(RoutingError::no_shift(self.agent, shift, known));
        }
        self.limits.check(format_args!("the limits of {of}"))?;
        self.load.check(format_args!("the load of {of}"))
    }
}

/// A roster as people write it: plain data, not yet checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RosterDraft {
    /// The shifts, by name.
    #[serde(deserialize_with = "crate::calendar::form::named")]
    pub calendars: BTreeMap<Name, Calendar>,
    /// The agents, in any order.
    pub members: Vec<Member>,
}

impl RosterDraft {
    /// The same draft with one more shift.
    #[must_use]
    pub fn calendar(mut self, name: Name, calendar: Calendar) -> RosterDraft {
        self.calendars.insert(name, calendar);
        self
    }

    /// The same draft with one more agent.
    #[must_use]
    pub fn member(mut self, member: Member) -> RosterDraft {
        self.members.push(member);
        self
    }

    /// Checks everything and makes it final.
    ///
    /// # Errors
    /// More than [`MAX_MEMBERS`] agents, an agent twice, a skill at level 0, a shift that is no calendar of the roster, a
    /// channel twice in one agent's limits or load.
    pub fn build(mut self) -> Result<Roster, RoutingError> {
        if self.members.len() > MAX_MEMBERS {
            return Err(RoutingError::too_many_members(self.members.len()));
        }
        self.members.sort_by_key(|member| member.agent);
        for pair in self.members.windows(2) {
            if let [first, second] = pair
                && first.agent == second.agent
            {
                return Err(RoutingError::agent_twice(first.agent));
            }
        }
        for member in &self.members {
            member.check(&self.calendars)?;
        }
        Ok(Roster(self))
    }
}

/// Who works at the desk: checked, each agent once, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RosterDraft", into = "RosterDraft")]
pub struct Roster(RosterDraft);

impl Roster {
    /// An empty draft.
    pub fn draft() -> RosterDraft {
        RosterDraft::default()
    }

    /// The agents, in the order of their ids.
    pub fn members(&self) -> &[Member] {
        &self.0.members
    }

    /// One agent.
    pub fn member(&self, agent: AgentId) -> Option<&Member> {
        let place = self.place(agent)?;
        self.0.members.get(place)
    }

    /// The shifts, by name.
    pub fn calendars(&self) -> &BTreeMap<Name, Calendar> {
        &self.0.calendars
    }

    pub(super) fn place(&self, agent: AgentId) -> Option<usize> {
        let found = self.0.members.binary_search_by_key(&agent, |m| m.agent);
        found.ok()
    }
}

impl TryFrom<RosterDraft> for Roster {
    type Error = RoutingError;
    fn try_from(draft: RosterDraft) -> Result<Roster, RoutingError> {
        draft.build()
    }
}

impl From<Roster> for RosterDraft {
    fn from(roster: Roster) -> RosterDraft {
        roster.0
    }
}
