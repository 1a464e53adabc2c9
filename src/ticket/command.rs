//! What a client may say about a ticket. All of it is serde; who says it and when is in the [`Call`](crate::Call).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, CustomerId, MessageId, Name, SessionId, TeamId};
use crate::time::Span;

use super::conversation::{Channel, Visibility};
use super::draft::Draft;
use super::lifecycle::{CloseReason, Pending};
use super::rating::{Rated, RatingKind};
use super::session::SessionStep;
use super::{FieldValue, Priority};

/// One request about one ticket, all of it or nothing: a message, then changes, then a status move, in that order.
///
/// So a reply that also lets the ticket wait first answers the customer and then pauses the clocks.
///
/// ```
/// use helpdesk::{Command, ticket::Pending};
/// let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
/// let json = serde_json::to_string(&ask)?;
/// assert_eq!(json, r#"{"message":{"body":"Which floor?"},"step":{"pend":"customer"}}"#);
/// assert_eq!(serde_json::from_str::<Command>(&json)?, ask);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Command {
    /// Something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Draft>,
    /// Changes of facts, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// A move to another status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Move>,
}

impl Command {
    /// A public message: of the desk where an agent calls, of the customer where a customer calls.
    pub fn reply(body: impl Into<String>) -> Command {
        Command::say(Draft::new(body))
    }

    /// A note that only the desk sees.
    pub fn note(body: impl Into<String>) -> Command {
        Command::say(Draft {
            visibility: Visibility::Internal,
            ..Draft::new(body)
        })
    }

    /// A message with all its particulars.
    pub fn say(draft: Draft) -> Command {
        Command {
            message: Some(draft),
            ..Command::default()
        }
    }

    /// A single change.
    pub fn change(change: Change) -> Command {
        Command::default().and(change)
    }

    /// Puts an agent in charge, and no team: [`Change::Assign`] names both, or nobody.
    ///
    /// ```
    /// use helpdesk::{Command, id::AgentId, ticket::Change};
    /// let kim = AgentId::named("kim");
    /// assert_eq!(Command::assign(kim), Command::change(Change::Assign { agent: Some(kim), team: None }));
    /// ```
    pub fn assign(agent: AgentId) -> Command {
        Command::change(Change::Assign {
            agent: Some(agent),
            team: None,
        })
    }

    /// Puts a team in charge, and no agent.
    pub fn assign_team(team: TeamId) -> Command {
        Command::change(Change::Assign {
            agent: None,
            team: Some(team),
        })
    }

    /// Adds a tag.
    pub fn tag(tag: Name) -> Command {
        Command::change(Change::AddTag(tag))
    }

    /// Sets the priority.
    pub fn priority(priority: Priority) -> Command {
        Command::change(Change::Priority(priority))
    }

    /// Records how the customer rated the help.
    pub fn rate(kind: RatingKind, mark: u8) -> Command {
        let comment = None;
        Command::change(Change::Rate {
            kind,
            mark,
            comment,
        })
    }

    /// Lets the ticket wait.
    pub fn pend(reason: Pending) -> Command {
        Command::default().then(Move::Pend(reason))
    }

    /// Goes on with a waiting ticket.
    pub fn resume() -> Command {
        Command::default().then(Move::Resume)
    }

    /// Resolves the ticket.
    pub fn resolve() -> Command {
        Command::default().then(Move::Resolve)
    }

    /// Reopens a resolved ticket.
    pub fn reopen() -> Command {
        Command::default().then(Move::Reopen)
    }

    /// Closes the ticket.
    pub fn close(reason: CloseReason) -> Command {
        Command::default().then(Move::Close(reason))
    }

    /// The same command with one more change.
    #[must_use]
    pub fn and(mut self, change: Change) -> Command {
        self.changes.push(change);
        self
    }

    /// The same command with a move at its end, instead of any it had.
    #[must_use]
    pub fn then(mut self, step: Move) -> Command {
        self.step = Some(step);
        self
    }

    /// The same command, letting the ticket wait at its end.
    #[must_use]
    pub fn then_pend(self, reason: Pending) -> Command {
        self.then(Move::Pend(reason))
    }

    /// The same command, going on with a waiting ticket at its end.
    #[must_use]
    pub fn then_resume(self) -> Command {
        self.then(Move::Resume)
    }

    /// The same command, resolving the ticket at its end.
    #[must_use]
    pub fn then_resolve(self) -> Command {
        self.then(Move::Resolve)
    }

    /// The same command, reopening a resolved ticket at its end.
    #[must_use]
    pub fn then_reopen(self) -> Command {
        self.then(Move::Reopen)
    }

    /// The same command, closing the ticket at its end.
    #[must_use]
    pub fn then_close(self, reason: CloseReason) -> Command {
        self.then(Move::Close(reason))
    }
}

/// A change of one fact. Setting what is already so is no event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// Puts an agent, a team, both or nobody in charge.
    Assign {
        /// The agent.
        #[serde(default)]
        agent: Option<AgentId>,
        /// The team.
        #[serde(default)]
        team: Option<TeamId>,
    },
    /// Sets the priority.
    Priority(Priority),
    /// Sets or clears the type.
    Type(Option<Name>),
    /// Adds a tag.
    AddTag(Name),
    /// Removes a tag.
    RemoveTag(Name),
    /// Sets or clears a field of the host.
    Field {
        /// The field.
        name: Name,
        /// Its new value; absent clears it.
        #[serde(default)]
        value: Option<FieldValue>,
    },
    /// Records effort.
    LogTime {
        /// For how long.
        spent: Span,
        /// The kind of work, in the host's words.
        #[serde(default)]
        activity: Option<Name>,
    },
    /// Lets another customer take part.
    AddParticipant(CustomerId),
    /// Ends a customer's part.
    RemoveParticipant(CustomerId),
    /// Promises the customer an update by this instant; made again before it, it supersedes the earlier one.
    PromiseUpdate(DateTime<Utc>),
    /// Tells the customer when the ticket will be resolved.
    EstimateResolution(DateTime<Utc>),
    /// Records how the customer rated the help.
    Rate {
        /// What the customer was asked.
        kind: RatingKind,
        /// The mark, on the scale that the rulebook declares ([`Rules::scales`](super::Rules::scales)).
        mark: u8,
        /// What the customer said about it; it becomes a content record.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Goes on over another channel: messages go over it from now on unless they say otherwise. So a public post is taken to private
    /// messages.
    Continue(Channel),
    /// Records what an answered survey says. Only the desk itself can say this: it has no written form.
    #[serde(skip)]
    Surveyed(Rated),
    /// Takes the text of a message away for ever.
    Redact(MessageId),
    /// A step of a call, a chat or a conversation with a bot.
    Session {
        /// The host's id for it, unique in the ticket.
        id: SessionId,
        /// What happens to it.
        step: SessionStep,
    },
}

/// A move to another status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Move {
    /// Waits. From `Resolved` this is a reopen and a pend.
    Pend(Pending),
    /// Goes on.
    Resume,
    /// Done, says the desk.
    Resolve,
    /// Not done after all.
    Reopen,
    /// Ends.
    Close(CloseReason),
    /// Whatever leads to the status that the host's own label stands for.
    Label(Name),
}
