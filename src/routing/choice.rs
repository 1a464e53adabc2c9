//! The answer for one ticket: where it goes, and why every other agent was not chosen.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Name, TeamId, TicketId};
use crate::ticket::Channel;

use super::rules::Preference;

/// Where a ticket goes.
///
/// Exhaustive: a ticket has an agent, waits for one, waits in a queue, or has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// To this agent, now.
    Agent {
        /// Who takes it.
        agent: AgentId,
        /// In which team: the one that has it where the agent belongs to it, else the smallest id of those that may take it.
        team: Option<TeamId>,
    },
    /// It stays with its holder, who is off shift and back in time.
    Stays {
        /// Who holds it.
        agent: AgentId,
        /// When the holder's shift begins.
        from: DateTime<Utc>,
    },
    /// Into the queue of this team, because nobody suits now.
    Team {
        /// Which team.
        team: TeamId,
        /// When an agent of the team comes who is qualified; the instant asked about where one is there and only has no room,
        /// nothing where nobody knows.
        from: Option<DateTime<Utc>>,
    },
    /// Nobody suits, and no team has somebody who would.
    Nobody {
        /// When an agent without a team comes who is qualified, where there is one.
        from: Option<DateTime<Utc>>,
    },
}

impl Route {
    /// Who takes it now.
    pub fn agent(&self) -> Option<AgentId> {
        match self {
            Route::Agent { agent, .. } => Some(*agent),
            _ => None,
        }
    }
}

/// Whether a route moves the ticket between people, in the words of the KPIs `agent transfers` and `team transfers`: the first
/// agent and the first team are no transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfers {
    /// To another agent than the last one in charge.
    pub agent: bool,
    /// To another team than the last one in charge.
    pub team: bool,
}

impl Transfers {
    /// Whether it moves at all.
    pub fn any(self) -> bool {
        self.agent || self.team
    }
}

/// Why an agent was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The ticket is not for this agent.
    Excluded,
    /// The agent belongs to none of the teams that may take it.
    OtherTeam,
    /// A skill is missing or too low.
    Skill {
        /// The skill.
        skill: Name,
        /// The agent's level, where there is any.
        has: Option<u8>,
        /// The level needed.
        needed: u8,
    },
    /// A language is missing.
    Language {
        /// The language.
        language: Name,
    },
    /// The support tier is too low.
    Tier {
        /// The agent's tier.
        has: u8,
        /// The tier needed.
        needed: u8,
    },
    /// The agent does not serve customers of this tier.
    CustomerTier {
        /// The customer's tier.
        tier: Name,
    },
    /// The agent is away.
    Away,
    /// The agent is off shift.
    OffShift {
        /// When the shift begins; nothing where it never does again.
        from: Option<DateTime<Utc>>,
    },
    /// The agent holds as many tickets as allowed.
    TicketLimit {
        /// How many the agent holds.
        held: u32,
        /// The most allowed.
        limit: u32,
    },
    /// The ticket would be too much weight.
    WeightLimit {
        /// The weight the agent holds.
        held: u64,
        /// The weight of the ticket.
        adds: u32,
        /// The most allowed.
        limit: u32,
    },
    /// The agent holds as many tickets on the channel as allowed.
    ChannelLimit {
        /// The channel.
        channel: Channel,
        /// How many the agent holds there.
        held: u32,
        /// The most allowed.
        limit: u32,
    },
    /// The agent suits, and the chosen one is better: it does or is this, and the agent does or is not.
    Better(Preference),
    /// The agent suits, and the ticket stays with its holder.
    Stays,
}

/// The kinds of [`Reason`], to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the reason of the same name")]
pub enum ReasonKind {
    Excluded,
    OtherTeam,
    Skill,
    Language,
    Tier,
    CustomerTier,
    Away,
    OffShift,
    TicketLimit,
    WeightLimit,
    ChannelLimit,
    Better,
    Stays,
}

impl Reason {
    /// Its kind.
    pub const fn kind(&self) -> ReasonKind {
        match self {
            Reason::Excluded => ReasonKind::Excluded,
            Reason::OtherTeam => ReasonKind::OtherTeam,
            Reason::Skill { .. } => ReasonKind::Skill,
            Reason::Language { .. } => ReasonKind::Language,
            Reason::Tier { .. } => ReasonKind::Tier,
            Reason::CustomerTier { .. } => ReasonKind::CustomerTier,
            Reason::Away => ReasonKind::Away,
            Reason::OffShift { .. } => ReasonKind::OffShift,
            Reason::TicketLimit { .. } => ReasonKind::TicketLimit,
            Reason::WeightLimit { .. } => ReasonKind::WeightLimit,
            Reason::ChannelLimit { .. } => ReasonKind::ChannelLimit,
            Reason::Better(_) => ReasonKind::Better,
            Reason::Stays => ReasonKind::Stays,
        }
    }
}

impl fmt::Display for Reason {
    /// As it reads after a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Excluded => f.write_str("must not take this ticket"),
            Reason::OtherTeam => f.write_str("belongs to none of the teams that may take it"),
            Reason::Skill {
                skill,
                has: Some(has),
                needed,
            } => write!(
                f,
                "has the skill `{skill}` at level {has}, level {needed} is needed"
            ),
            Reason::Skill { skill, needed, .. } => {
                write!(
                    f,
                    "has no skill `{skill}`, which is needed at level {needed}"
                )
            }
            Reason::Language { language } => write!(f, "does not speak `{language}`"),
            Reason::Tier { has, needed } => {
                write!(f, "stands at support tier {has}, tier {needed} is needed")
            }
            Reason::CustomerTier { tier } => write!(f, "does not serve `{tier}` customers"),
            Reason::Away => f.write_str("is away"),
            Reason::OffShift { from: Some(from) } => write!(f, "is off shift until {from}"),
            Reason::OffShift { from: None } => f.write_str("is off shift for good"),
            Reason::TicketLimit { held, limit } => {
                write!(f, "holds {held} of at most {limit} tickets")
            }
            Reason::WeightLimit { held, adds, limit } => write!(
                f,
                "holds a weight of {held}, and {adds} more would pass the limit of {limit}"
            ),
            Reason::ChannelLimit {
                channel,
                held,
                limit,
            } => write!(
                f,
                "holds {held} of at most {limit} tickets on the channel `{}`",
                channel.as_str()
            ),
            Reason::Better(preference) => write!(f, "suits, but another {preference}"),
            Reason::Stays => f.write_str("suits, but the ticket stays with its holder"),
        }
    }
}

/// An agent who was not chosen, and every reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotChosen {
    /// Who.
    pub agent: AgentId,
    /// Why not; at least one reason.
    pub reasons: Vec<Reason>,
}

impl fmt::Display for NotChosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent {} ", self.agent)?;
        for (n, reason) in self.reasons.iter().enumerate() {
            let between = if n == 0 { "" } else { ", and " };
            write!(f, "{between}{reason}")?;
        }
        Ok(())
    }
}

/// Where a ticket goes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub(super) ticket: TicketId,
    pub(super) route: Route,
    pub(super) transfers: Transfers,
    pub(super) decided_by: Option<Preference>,
    pub(super) others: Vec<NotChosen>,
}

impl Choice {
    /// The ticket.
    pub fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// Where it goes.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Whether that moves it between people.
    pub fn transfers(&self) -> Transfers {
        self.transfers
    }

    /// What decided between the chosen agent and the next best; nothing where no other suited.
    pub fn decided_by(&self) -> Option<Preference> {
        self.decided_by
    }

    /// Every agent who was not chosen, in the order of their ids.
    pub fn others(&self) -> &[NotChosen] {
        &self.others
    }
}

impl fmt::Display for Choice {
    /// One sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence(f, self.ticket, &self.route, self.transfers, self.decided_by)
    }
}

pub(super) fn sentence(
    f: &mut fmt::Formatter<'_>,
    ticket: TicketId,
    route: &Route,
    transfers: Transfers,
    decided_by: Option<Preference>,
) -> fmt::Result {
    write!(f, "ticket {ticket} ")?;
    match route {
        Route::Agent { agent, .. } => {
            write!(f, "goes to agent {agent}, who ")?;
            match decided_by {
                Some(preference) => write!(f, "{preference}")?,
                None => f.write_str("is the only one who suits")?,
            }
        }
        Route::Stays { agent, from } => write!(
            f,
            "stays with agent {agent}, who is back at {from}, in time before it is due"
        )?,
        Route::Team { team, from } => {
            write!(f, "waits in the queue of team {team}")?;
            from.map_or(Ok(()), |from| {
                write!(f, ", which has somebody for it from {from} on")
            })?;
        }
        Route::Nobody { from: Some(from) } => write!(f, "waits for an agent who comes at {from}")?,
        Route::Nobody { from: None } => f.write_str("has nobody who could take it")?,
    }
    if transfers.any() {
        f.write_str("; this is a transfer")?;
    }
    Ok(())
}
