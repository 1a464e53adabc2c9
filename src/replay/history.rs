//! What a log tells about one ticket, as plain data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{AgentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use crate::ticket::{Change, Channel, Direction, Draft, Priority, Status};

/// One ticket as a log recorded it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct History {
    /// The id it gets; [`TicketId::named`] makes one of the log's own key.
    pub ticket: TicketId,
    /// The number it gets; to be stored at most [`TicketNumber::MAX_IMPORTED`].
    pub number: TicketNumber,
    /// How it began.
    pub opened: Beginning,
    /// What was recorded of it then.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// What the order of the rows means.
    #[serde(default)]
    pub order: Order,
    /// Up to when the log tells, where that is later than its last row: the instant of the export. What falls due up to then
    /// is nobody's to hear of any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// How a recorded ticket began. It is `Open` from then on, until a row says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Beginning {
    /// When.
    pub at: DateTime<Utc>,
    /// Who asks for help.
    pub requester: CustomerId,
    /// The address they write from: later mail from there is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Who opened it.
    #[serde(default = "system", skip_serializing_if = "is_system")]
    pub by: Actor,
    /// Whether the customer came to the desk (the default) or the desk began.
    #[serde(default = "inbound")]
    pub direction: Direction,
    /// The way it came.
    #[serde(default)]
    pub channel: Channel,
    /// The subject line; it becomes a content record.
    #[serde(default)]
    pub subject: String,
    /// The first priority.
    #[serde(default)]
    pub priority: Priority,
}

/// One row of a log: what was so from an instant on, in the order in which it is to be applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Row {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it; the system where the log does not tell.
    #[serde(default = "system", skip_serializing_if = "is_system")]
    pub by: Actor,
    /// What the row says. A row may say nothing.
    #[serde(default)]
    pub says: Vec<Said>,
}

/// One thing that a row says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Said {
    /// The status is this one.
    Status {
        /// The status. `Open` and `Reopened` both mean work: which of the two it is follows from the history.
        to: Status,
        /// The log's own name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<Name>,
    },
    /// The status is one that nobody can tell.
    UnknownStatus,
    /// A fact has this value.
    Change(Change),
    /// Somebody wrote this; the author is who did the row. It moves no status: the log itself tells what it led to.
    Message(Draft),
    /// Something that the reader of the log noticed and that changes nothing: an anomaly under this name.
    Noted(Name),
}

/// What the order of a history's rows means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Order {
    /// It is the order in which things happened; a stamp that contradicts it is raised.
    #[default]
    AsRecorded,
    /// Nothing: the rows are sorted by their stamps, and rows of one instant stay as they stand.
    ByTime,
}

impl History {
    /// A ticket that began at `at`, of which nothing else is known.
    pub fn new(
        ticket: TicketId,
        number: TicketNumber,
        requester: CustomerId,
        at: DateTime<Utc>,
    ) -> History {
        let opened = Beginning {
            at,
            requester,
            address: None,
            by: Actor::System,
            direction: Direction::Inbound,
            channel: Channel::default(),
            subject: String::new(),
            priority: Priority::default(),
        };
        History {
            ticket,
            number,
            opened,
            rows: Vec::new(),
            order: Order::AsRecorded,
            until: None,
        }
    }

    /// The same history with one more row.
    #[must_use]
    pub fn row(mut self, row: Row) -> History {
        self.rows.push(row);
        self
    }

    /// The same history, whose rows stand in this order.
    #[must_use]
    pub fn order(mut self, order: Order) -> History {
        self.order = order;
        self
    }

    /// The same history, known up to this instant.
    #[must_use]
    pub fn until(mut self, until: DateTime<Utc>) -> History {
        self.until = Some(until);
        self
    }
}

impl Row {
    /// A row of the system that says nothing yet.
    pub fn new(at: DateTime<Utc>) -> Row {
        Row {
            at,
            by: Actor::System,
            says: Vec::new(),
        }
    }

    /// The same row, done by somebody.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Row {
        self.by = actor;
        self
    }

    /// The same row, saying one more thing.
    #[must_use]
    pub fn says(mut self, said: Said) -> Row {
        self.says.push(said);
        self
    }

    /// The same row, saying the status.
    #[must_use]
    pub fn status(self, to: Status) -> Row {
        self.says(Said::Status { to, label: None })
    }

    /// The same row, saying the priority.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Row {
        self.says(Said::Change(Change::Priority(priority)))
    }

    /// The same row, saying who is in charge.
    #[must_use]
    pub fn assigned(self, agent: Option<AgentId>, team: Option<TeamId>) -> Row {
        self.says(Said::Change(Change::Assign { agent, team }))
    }

    /// The same row with a message by whoever did it.
    #[must_use]
    pub fn message(self, draft: Draft) -> Row {
        self.says(Said::Message(draft))
    }
}

fn system() -> Actor {
    Actor::System
}

fn is_system(actor: &Actor) -> bool {
    *actor == Actor::System
}

fn inbound() -> Direction {
    Direction::Inbound
}
