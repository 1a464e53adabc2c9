//! Lists of tickets: what a list shows of each, which ones it shows, and how it goes on from page to page.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::id::{AgentId, ContentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use crate::ticket::{Priority, Stage, Status, Ticket};

/// What lists show of a ticket, as its last commit left it. It holds no text of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TicketRow {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number: lists are in the order of these.
    pub number: TicketNumber,
    /// The subject line, as a content record.
    pub subject: ContentId,
    /// Where it stands.
    pub status: Status,
    /// The host's own name for where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Name>,
    /// How urgent it is.
    pub priority: Priority,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Name>,
    /// The team in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// The agent in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Who asks for help.
    pub requester: CustomerId,
    /// When it began.
    #[serde(serialize_with = "crate::time::serialize")]
    pub created_at: DateTime<Utc>,
    /// When its last event took effect.
    #[serde(serialize_with = "crate::time::serialize")]
    pub changed_at: DateTime<Utc>,
}

impl TicketRow {
    /// What lists show of `ticket`.
    pub fn of(ticket: &Ticket) -> TicketRow {
        TicketRow {
            ticket: ticket.id(),
            number: ticket.number(),
            subject: ticket.subject(),
            status: ticket.status(),
            label: ticket.label().cloned(),
            priority: ticket.priority(),
            kind: ticket.kind().cloned(),
            team: ticket.team(),
            agent: ticket.agent(),
            requester: ticket.requester(),
            created_at: ticket.created_at(),
            changed_at: ticket.last_event_at(),
        }
    }

    /// Whether every filter finds it where it finds `ticket`. The exact stage of an open ticket is told by the row itself.
    pub(crate) fn is_filed_like(&self, ticket: &Ticket) -> bool {
        let (here, there) = (self.status.stage(), ticket.status().stage());
        (here == there || here.is_backlog() && there.is_backlog())
            && self.number == ticket.number()
            && self.priority == ticket.priority()
            && self.team == ticket.team()
            && self.agent == ticket.agent()
            && self.requester == ticket.requester()
            && self.kind.as_ref() == ticket.kind()
    }
}

/// Which tickets a list shows: those that fit all of it. The empty filter fits every ticket.
///
/// ```
/// use helpdesk::store::Filter;
/// use helpdesk::ticket::Priority;
/// let queue = Filter::open().unassigned().priority(Priority::Urgent);
/// # let _ = queue;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Filter {
    /// Standing at any of these; anywhere where empty.
    pub stages: Vec<Stage>,
    /// Of any of these priorities; of any at all where empty.
    pub priorities: Vec<Priority>,
    /// In the charge of this team; `Some(None)` is no team. In JSON `null` is no team, and a field that is not there any.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub team: Option<Option<TeamId>>,
    /// In the charge of this agent; `Some(None)` is nobody: `null` in JSON.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub agent: Option<Option<AgentId>>,
    /// Asked by this customer.
    pub requester: Option<CustomerId>,
    /// Of this type; `Some(None)` is none: `null` in JSON.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Option<Name>>,
}

/// What is there is meant, `null` too.
fn given<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

impl Filter {
    /// Every ticket.
    pub fn all() -> Filter {
        Filter::default()
    }

    /// The tickets that are neither resolved nor closed.
    pub fn open() -> Filter {
        Filter::all()
            .stage(Stage::Open)
            .stage(Stage::Pending)
            .stage(Stage::Reopened)
    }

    /// The same filter, which also lets this stage through.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Filter {
        self.stages.push(stage);
        self
    }

    /// The same filter, which also lets this priority through.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Filter {
        self.priorities.push(priority);
        self
    }

    /// The same filter, for the tickets of this team.
    #[must_use]
    pub fn team(mut self, team: TeamId) -> Filter {
        self.team = Some(Some(team));
        self
    }

    /// The same filter, for the tickets of this agent.
    #[must_use]
    pub fn agent(mut self, agent: AgentId) -> Filter {
        self.agent = Some(Some(agent));
        self
    }

    /// The same filter, for the tickets that no agent is in charge of.
    #[must_use]
    pub fn unassigned(mut self) -> Filter {
        self.agent = Some(None);
        self
    }

    /// The same filter, for the tickets of this requester.
    #[must_use]
    pub fn requester(mut self, requester: CustomerId) -> Filter {
        self.requester = Some(requester);
        self
    }

    /// Whether `row` fits.
    pub fn fits(&self, row: &TicketRow) -> bool {
        (self.stages.is_empty() || self.stages.contains(&row.status.stage()))
            && (self.priorities.is_empty() || self.priorities.contains(&row.priority))
            && self.team.is_none_or(|team| team == row.team)
            && self.agent.is_none_or(|agent| agent == row.agent)
            && self.requester.is_none_or(|asker| asker == row.requester)
            && self.kind.as_ref().is_none_or(|kind| *kind == row.kind)
    }
}

/// A piece of a list: where it goes on, in which direction, and how much of it.
///
/// A ticket's number never changes. So whatever is written between two pages, a ticket that fits the filter all the while
/// comes exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Page {
    /// The last number of the page before; `None` for the first page.
    pub after: Option<TicketNumber>,
    /// Whether the highest numbers come first.
    pub newest_first: bool,
    /// At most so many tickets.
    pub limit: usize,
}

impl Page {
    /// The first page of a list that begins with the lowest numbers.
    pub const fn oldest(limit: usize) -> Page {
        Page {
            after: None,
            newest_first: false,
            limit,
        }
    }

    /// The first page of a list that begins with the highest numbers.
    pub const fn newest(limit: usize) -> Page {
        Page {
            newest_first: true,
            ..Page::oldest(limit)
        }
    }

    /// The page that follows `rows`; `None` where they ended the list.
    pub fn next(self, rows: &[TicketRow]) -> Option<Page> {
        let last = rows.last().filter(|_| rows.len() >= self.limit)?;
        Some(Page {
            after: Some(last.number),
            ..self
        })
    }

    /// Whether a ticket with this number lies on this page or later.
    pub fn reaches(&self, number: TicketNumber) -> bool {
        match (self.after, self.newest_first) {
            (None, _) => true,
            (Some(after), false) => number > after,
            (Some(after), true) => number < after,
        }
    }
}
