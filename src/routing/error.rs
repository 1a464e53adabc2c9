//! What can be wrong with a roster, with the rules, or with what is to be planned.

use std::fmt;

use crate::calendar::CalendarError;
use crate::id::{AgentId, Name, TicketId, list, shorten};

use super::{MAX_MEMBERS, MAX_PAIRS};

/// Why nothing could be routed. Each is a mistake in what was given, and none passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RoutingError(#[from] Problem);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the roster has `{found}` agents; at most {MAX_MEMBERS} are allowed")]
    TooManyMembers { found: usize },
    #[error("agent `{agent}` stands in the roster twice; each stands in it once")]
    AgentTwice { agent: AgentId },
    #[error("{}", no_shift(agent, shift, known))]
    NoShift {
        agent: AgentId,
        shift: Name,
        known: Vec<Name>,
    },
    #[error("the skill `{skill}` of {of} is at level 0; levels are 1 to 255")]
    NoLevel { skill: Name, of: String },
    #[error("the channel `{channel}` stands twice in {of}; each stands in it once")]
    ChannelTwice { channel: String, of: String },
    #[error("ticket `{ticket}` is to be planned twice; each is planned once")]
    TicketTwice { ticket: TicketId },
    #[error(
        "{tickets} tickets and {agents} agents make more pairs than the {MAX_PAIRS} that one plan looks at; plan them in several parts"
    )]
    TooManyPairs { tickets: usize, agents: usize },
    #[error("the condition of requirement {place} nests deeper than {levels} levels")]
    TooDeep { place: usize, levels: usize },
    #[error(transparent)]
    Calendar(CalendarError),
}

impl RoutingError {
    pub(super) fn too_many_members(found: usize) -> RoutingError {
        Problem::TooManyMembers { found }.into()
    }

    pub(super) fn agent_twice(agent: AgentId) -> RoutingError {
        Problem::AgentTwice { agent }.into()
    }

    pub(super) fn no_shift(agent: AgentId, shift: &Name, known: Vec<Name>) -> RoutingError {
        let shift = shift.clone();
        Problem::NoShift {
            agent,
            shift,
            known,
        }
        .into()
    }

    pub(super) fn no_level(skill: &Name, of: impl fmt::Display) -> RoutingError {
        let (skill, of) = (skill.clone(), of.to_string());
        Problem::NoLevel { skill, of }.into()
    }

    pub(super) fn channel_twice(channel: &str, of: impl fmt::Display) -> RoutingError {
        let (channel, of) = (shorten(channel), of.to_string());
        Problem::ChannelTwice { channel, of }.into()
    }

    pub(super) fn ticket_twice(ticket: TicketId) -> RoutingError {
        Problem::TicketTwice { ticket }.into()
    }

    pub(super) fn too_many_pairs(tickets: usize, agents: usize) -> RoutingError {
        Problem::TooManyPairs { tickets, agents }.into()
    }

    pub(super) fn too_deep(place: usize, levels: usize) -> RoutingError {
        Problem::TooDeep { place, levels }.into()
    }

    pub(super) fn calendar(error: CalendarError) -> RoutingError {
        Problem::Calendar(error).into()
    }
}

fn no_shift(agent: &AgentId, shift: &Name, known: &[Name]) -> String {
    let known = list(known);
    format!(
        "the shift `{shift}` of agent `{agent}` is not a calendar of the roster; there are {known}"
    )
}
