//! What a level does, in words.

use std::fmt;

use super::rule::{Action, Recipient};

impl fmt::Display for Action {
    /// Such as ``notify role `duty manager` `` or `raise the priority to urgent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Notify(recipient) => write!(f, "notify {recipient}"),
            Action::Custom(name) => write!(f, "custom `{name}`"),
            Action::RaisePriority(priority) => write!(f, "raise the priority to {priority}"),
            Action::AddTag(tag) => write!(f, "add the tag `{tag}`"),
            Action::AssignTeam(team) => write!(f, "assign team {team}"),
            Action::AssignAgent { agent, team: None } => write!(f, "assign agent {agent}"),
            Action::AssignAgent {
                agent,
                team: Some(team),
            } => write!(f, "assign agent {agent} in team {team}"),
            Action::Unassign => f.write_str("take it from its agent"),
            Action::Resolve => f.write_str("resolve"),
            Action::Close(reason) => write!(f, "close as {reason}"),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipient::AgentInCharge => f.write_str("the agent in charge"),
            Recipient::TeamInCharge => f.write_str("the team in charge"),
            Recipient::Agent(agent) => write!(f, "agent {agent}"),
            Recipient::Team(team) => write!(f, "team {team}"),
            Recipient::Role(role) => write!(f, "role `{role}`"),
        }
    }
}
