//! How much an agent holds, and how much an agent may hold.

use serde::{Deserialize, Serialize};

use crate::ticket::Channel;

use super::error::RoutingError;

/// A number of tickets on one channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelCount {
    /// The channel.
    pub channel: Channel,
    /// How many tickets.
    pub tickets: u32,
}

/// The most that an agent may hold. What is not given is not limited; 0 means that the agent takes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// The most tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tickets: Option<u32>,
    /// The most weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The most tickets on one channel at the same time, such as three chats or one call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelCount>,
}

impl Limits {
    /// At most so many tickets.
    pub fn tickets(tickets: u32) -> Limits {
        Limits {
            tickets: Some(tickets),
            ..Limits::default()
        }
    }

    /// The same limits, with at most so much weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Limits {
        self.weight = Some(weight);
        self
    }

    /// The same limits, with at most so many tickets on one channel.
    #[must_use]
    pub fn on(mut self, channel: Channel, tickets: u32) -> Limits {
        self.channels.push(ChannelCount { channel, tickets });
        self
    }

    /// The most tickets on `channel`, where that is limited.
    pub fn of_channel(&self, channel: &Channel) -> Option<u32> {
        count_of(&self.channels, channel)
    }

    pub(super) fn check(&self, of: impl std::fmt::Display) -> Result<(), RoutingError> {
        check_once(&self.channels, of)
    }
}

/// What an agent holds: unresolved tickets, their weight, and how many of them are on each channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Load {
    /// How many tickets.
    pub tickets: u32,
    /// Their weight.
    pub weight: u64,
    /// How many of them are on each channel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelCount>,
}

impl Load {
    /// The same load with one ticket more. Counts stop at their largest value.
    #[must_use]
    pub fn and(mut self, channel: &Channel, weight: u32) -> Load {
        self.take(channel, weight);
        self
    }

    /// The tickets held on `channel`.
    pub fn of_channel(&self, channel: &Channel) -> u32 {
        count_of(&self.channels, channel).unwrap_or(0)
    }

    /// Whether it is within `limits`.
    pub fn is_within(&self, limits: &Limits) -> bool {
        limits.tickets.is_none_or(|limit| self.tickets <= limit)
            && limits
                .weight
                .is_none_or(|limit| self.weight <= u64::from(limit))
            && limits
                .channels
                .iter()
                .all(|limit| self.of_channel(&limit.channel) <= limit.tickets)
    }

    pub(super) fn take(&mut self, channel: &Channel, weight: u32) {
        self.tickets = self.tickets.saturating_add(1);
        self.weight = self.weight.saturating_add(u64::from(weight));
        match self.on(channel) {
            Some(held) => held.tickets = held.tickets.saturating_add(1),
            None => self.channels.push(ChannelCount {
                channel: channel.clone(),
                tickets: 1,
            }),
        }
    }

    pub(super) fn give(&mut self, channel: &Channel, weight: u32) {
        self.tickets = self.tickets.saturating_sub(1);
        self.weight = self.weight.saturating_sub(u64::from(weight));
        if let Some(held) = self.on(channel) {
            held.tickets = held.tickets.saturating_sub(1);
        }
    }

    pub(super) fn check(&self, of: impl std::fmt::Display) -> Result<(), RoutingError> {
        check_once(&self.channels, of)
    }

    fn on(&mut self, channel: &Channel) -> Option<&mut ChannelCount> {
        self.channels
            .iter_mut()
            .find(|held| held.channel == *channel)
    }
}

fn count_of(counts: &[ChannelCount], channel: &Channel) -> Option<u32> {
    let count = counts.iter().find(|count| count.channel == *channel)?;
    Some(count.tickets)
}

fn check_once(counts: &[ChannelCount], of: impl std::fmt::Display) -> Result<(), RoutingError> {
    let mut seen = std::collections::BTreeSet::new();
    match counts.iter().find(|count| !seen.insert(&count.channel)) {
        Some(count) => Err(RoutingError::channel_twice(count.channel.as_str(), of)),
        None => Ok(()),
    }
}
