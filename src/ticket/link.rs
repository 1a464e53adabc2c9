//! How tickets are tied to each other: always in pairs, one side in each ticket's history, both in one commit.
//!
//! ```
//! use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::Link};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let outage = desk.open(&call, Open::new("Mail server down").from("ops@example.com"))?.id();
//! let report = desk.open(&call, Open::new("No mail").from("ann@example.com"))?.id();
//! desk.link(outage, &call, Link::ProblemOf, report)?;
//! assert_eq!(desk.ticket(report)?.links(), [(Link::IncidentOf, outage)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! A link and its [inverse](Link::inverse) stand on both sides or on neither. Of each kind that leads [upward](Link::is_upward) a
//! ticket has at most one, and whoever follows it comes to an end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::TicketId;

use super::Ticket;

/// How one ticket is tied to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Link {
    /// The other ticket goes on where this one ended.
    FollowedBy,
    /// This ticket goes on where the other one ended.
    FollowUpOf,
    /// This ticket was merged into the other one, and goes on there.
    MergedInto,
    /// The other ticket was merged into this one.
    MergedFrom,
    /// Messages of this ticket began the other one.
    SplitInto,
    /// This ticket began with messages of the other one.
    SplitFrom,
    /// The other ticket is a part of this one.
    ParentOf,
    /// This ticket is a part of the other one.
    ChildOf,
    /// This ticket is about the cause behind the other one.
    ProblemOf,
    /// The other ticket is about the cause behind this one.
    IncidentOf,
    /// The other ticket asks for the same.
    HasDuplicate,
    /// This ticket asks for the same as the other one, which came first.
    DuplicateOf,
}

impl Link {
    /// Every link.
    pub const ALL: [Link; 12] = [
        Link::FollowedBy,
        Link::FollowUpOf,
        Link::MergedInto,
        Link::MergedFrom,
        Link::SplitInto,
        Link::SplitFrom,
        Link::ParentOf,
        Link::ChildOf,
        Link::ProblemOf,
        Link::IncidentOf,
        Link::HasDuplicate,
        Link::DuplicateOf,
    ];

    /// What the other side has: each link is the inverse of its inverse.
    #[must_use]
    pub const fn inverse(self) -> Link {
        match self {
            Link::FollowedBy => Link::FollowUpOf,
            Link::FollowUpOf => Link::FollowedBy,
            Link::MergedInto => Link::MergedFrom,
            Link::MergedFrom => Link::MergedInto,
            Link::SplitInto => Link::SplitFrom,
            Link::SplitFrom => Link::SplitInto,
            Link::ParentOf => Link::ChildOf,
            Link::ChildOf => Link::ParentOf,
            Link::ProblemOf => Link::IncidentOf,
            Link::IncidentOf => Link::ProblemOf,
            Link::HasDuplicate => Link::DuplicateOf,
            Link::DuplicateOf => Link::HasDuplicate,
        }
    }

    /// Whether it leads to where something began or belongs: a ticket has at most one of each such kind, and they never go round.
    pub const fn is_upward(self) -> bool {
        matches!(
            self,
            Link::FollowUpOf
                | Link::MergedInto
                | Link::SplitFrom
                | Link::ChildOf
                | Link::IncidentOf
                | Link::DuplicateOf
        )
    }

    /// Whether it is made and taken away by itself, rather than by merging or splitting.
    pub const fn is_made_by_hand(self) -> bool {
        !matches!(
            self,
            Link::MergedInto | Link::MergedFrom | Link::SplitInto | Link::SplitFrom
        )
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Link::FollowedBy => "followed by",
            Link::FollowUpOf => "follow-up of",
            Link::MergedInto => "merged into",
            Link::MergedFrom => "merged from",
            Link::SplitInto => "split into",
            Link::SplitFrom => "split from",
            Link::ParentOf => "parent of",
            Link::ChildOf => "child of",
            Link::ProblemOf => "problem of",
            Link::IncidentOf => "incident of",
            Link::HasDuplicate => "has duplicate",
            Link::DuplicateOf => "duplicate of",
        })
    }
}

impl Ticket {
    /// The tickets it is tied to, in the order in which that happened.
    pub fn links(&self) -> &[(Link, TicketId)] {
        &self.links
    }

    /// The tickets that it is tied to by this link.
    pub fn linked(&self, link: Link) -> impl Iterator<Item = TicketId> + '_ {
        let of_kind = self.links.iter().filter(move |(kind, _)| *kind == link);
        of_kind.map(|(_, other)| *other)
    }

    /// The ticket that it was merged into, where it goes on.
    pub fn merged_into(&self) -> Option<TicketId> {
        self.linked(Link::MergedInto).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_in_pairs_of_which_one_leads_upward() {
        for link in Link::ALL {
            assert_eq!(link.inverse().inverse(), link);
            assert_ne!(link.is_upward(), link.inverse().is_upward(), "{link}");
            assert_eq!(link.is_made_by_hand(), link.inverse().is_made_by_hand());
        }
    }
}
