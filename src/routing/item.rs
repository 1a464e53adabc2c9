//! What a ticket needs of whoever takes it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Name, TeamId, TicketId};
use crate::ticket::{Channel, Holder, Priority};

use super::error::RoutingError;

/// What an agent must be and be able to do. Nothing is needed by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Needs {
    /// The skills, each at this level or above, from 1 to 255.
    #[serde(
        deserialize_with = "crate::id::keyed",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub skills: BTreeMap<Name, u8>,
    /// The languages, every one of them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<Name>,
    /// The support tier, or above.
    pub tier: u8,
    /// The customer's tier, which the agent must serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_tier: Option<Name>,
    /// The teams that may take it; any agent where nothing is given, nobody where the set is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams: Option<BTreeSet<TeamId>>,
    /// Who must not take it, such as the agent whom a complaint is about.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not: BTreeSet<AgentId>,
}

impl Needs {
    /// The same needs, with a skill at a level from 1 to 255.
    #[must_use]
    pub fn skill(mut self, skill: Name, level: u8) -> Needs {
        self.skills.insert(skill, level);
        self
    }

    /// The same needs, with one more language.
    #[must_use]
    pub fn language(mut self, language: Name) -> Needs {
        self.languages.insert(language);
        self
    }

    /// The same needs, at this support tier or above.
    #[must_use]
    pub fn tier(mut self, tier: u8) -> Needs {
        self.tier = tier;
        self
    }

    /// The same needs, for a customer of this tier.
    #[must_use]
    pub fn customer_tier(mut self, tier: Name) -> Needs {
        self.customer_tier = Some(tier);
        self
    }

    /// The same needs, for one more team.
    #[must_use]
    pub fn team(mut self, team: TeamId) -> Needs {
        self.teams.get_or_insert_default().insert(team);
        self
    }

    /// The same needs, without this agent.
    #[must_use]
    pub fn without(mut self, agent: AgentId) -> Needs {
        self.not.insert(agent);
        self
    }

    /// What both need: of skills and tiers the higher, of languages and exclusions all, of teams those that both allow. The
    /// customer's tier is that of the other where it has one. So more needs never make an agent suit who did not before,
    /// but for another customer's tier.
    #[must_use]
    pub fn and(mut self, other: &Needs) -> Needs {
        for (skill, level) in &other.skills {
            let needed = self.skills.entry(skill.clone()).or_default();
            *needed = (*needed).max(*level);
        }
        self.languages.extend(other.languages.iter().cloned());
        self.tier = self.tier.max(other.tier);
        if other.customer_tier.is_some() {
            self.customer_tier.clone_from(&other.customer_tier);
        }
        self.teams = match (self.teams, &other.teams) {
            (Some(ours), Some(theirs)) => Some(ours.intersection(theirs).copied().collect()),
            (ours, theirs) => ours.or_else(|| theirs.clone()),
        };
        self.not.extend(other.not.iter().copied());
        self
    }

    pub(super) fn check(&self, of: impl std::fmt::Display) -> Result<(), RoutingError> {
        match self.skills.iter().find(|(_, level)| **level == 0) {
            Some((skill, _)) => Err(RoutingError::no_level(skill, of)),
            None => Ok(()),
        }
    }
}

/// A ticket that somebody should take. [`Rules::item`](super::Rules::item) makes one of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WorkItem {
    /// The ticket.
    pub ticket: TicketId,
    /// How urgent it is: a plan takes the most urgent first.
    #[serde(default)]
    pub priority: Priority,
    /// The next due of its clocks; of equal priority the earliest comes first, and none comes last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// Since when it waits; of equal due the earliest comes first, and unknown comes last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The channel it takes room on.
    #[serde(default)]
    pub channel: Channel,
    /// The weight it takes.
    #[serde(default = "one")]
    pub weight: u32,
    /// What it needs.
    #[serde(default)]
    pub needs: Needs,
    /// Who is in charge of it now.
    #[serde(default)]
    pub holder: Holder,
    /// The last agent and the last team that were in charge of it: somebody else is a transfer.
    #[serde(default)]
    pub before: Holder,
    /// Who last dealt with it, or with its customer: preferred, so that nothing is told twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_agent: Option<AgentId>,
}

fn one() -> u32 {
    1
}

impl WorkItem {
    /// A ticket that nobody holds and that needs nothing, of weight 1.
    pub fn new(ticket: TicketId) -> WorkItem {
        WorkItem {
            ticket,
            priority: Priority::default(),
            due: None,
            since: None,
            channel: Channel::default(),
            weight: one(),
            needs: Needs::default(),
            holder: Holder::default(),
            before: Holder::default(),
            last_agent: None,
        }
    }

    /// The same ticket, this urgent.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> WorkItem {
        self.priority = priority;
        self
    }

    /// The same ticket, due at this instant.
    #[must_use]
    pub fn due(mut self, due: DateTime<Utc>) -> WorkItem {
        self.due = Some(due);
        self
    }

    /// The same ticket, waiting since this instant.
    #[must_use]
    pub fn since(mut self, since: DateTime<Utc>) -> WorkItem {
        self.since = Some(since);
        self
    }

    /// The same ticket, over this channel.
    #[must_use]
    pub fn over(mut self, channel: Channel) -> WorkItem {
        self.channel = channel;
        self
    }

    /// The same ticket, of this weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> WorkItem {
        self.weight = weight;
        self
    }

    /// The same ticket, with these needs.
    #[must_use]
    pub fn needs(mut self, needs: Needs) -> WorkItem {
        self.needs = needs;
        self
    }

    /// The same ticket, held by them now.
    #[must_use]
    pub fn held_by(mut self, holder: Holder) -> WorkItem {
        self.holder = holder;
        self.before = Holder {
            agent: holder.agent.or(self.before.agent),
            team: holder.team.or(self.before.team),
        };
        self
    }

    /// The same ticket, last dealt with by this agent.
    #[must_use]
    pub fn last_agent(mut self, agent: AgentId) -> WorkItem {
        self.last_agent = Some(agent);
        self
    }
}
