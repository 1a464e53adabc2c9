//! Why a command was refused, with the facts needed to explain it to a person.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::call::Role;
use crate::id::{ContentId, MessageId, Name, SessionId, TicketId, TicketNumber, list, shorten};
use crate::time::Span;

use super::FieldValue;
use super::cause::Causes;
use super::lifecycle::{Stage, Step};
use super::link::Link;
use super::rating::{RatingKind, Scale};
use super::rules::Permission;

/// Why a command was refused. Nothing was written.
///
/// Grows until 1.0; [`Refusal::code`] matches exhaustively, so codes and messages stay complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// The step is not in [`LIFECYCLE`](super::LIFECYCLE) for the ticket's stage.
    #[error(
        "a ticket that is {stage} does not take the step `{step}`; allowed are {}",
        list(allowed)
    )]
    StepNotAllowed {
        /// Where the ticket stands.
        stage: Stage,
        /// The step that was asked for.
        step: Step,
        /// The steps that this actor could ask for there.
        allowed: Vec<Step>,
    },
    /// The permission table does not let this role do this.
    #[error("the role {role} may not {permission}; allowed are {}", list(allowed))]
    Forbidden {
        /// The role of the caller.
        role: Role,
        /// What was asked for.
        permission: Permission,
        /// What the role may do.
        allowed: Vec<Permission>,
    },
    /// A customer who is neither requester nor participant.
    #[error(
        "ticket {ticket} belongs to another customer; only its requester and participants reach it"
    )]
    NotYours {
        /// The ticket.
        ticket: TicketId,
    },
    /// The stamp lies further before the last event than clocks may differ.
    #[error(
        "the command is stamped `{at}`, but the last event is of `{last}`; at most {skew} before it is allowed"
    )]
    StampTooEarly {
        /// The command's stamp.
        at: DateTime<Utc>,
        /// The instant of the last event.
        last: DateTime<Utc>,
        /// How far clocks may differ.
        skew: Span,
    },
    /// The stamp lies after the latest instant that the desk accepts.
    #[error("the command is stamped `{at}`; the desk accepts stamps up to `{latest}`")]
    StampTooLate {
        /// The command's stamp.
        at: DateTime<Utc>,
        /// The latest stamp accepted.
        latest: DateTime<Utc>,
    },
    /// An instant outside the years for which calendars are exact.
    #[error("`{at}` is outside the supported years; `{earliest}` to `{latest}` is allowed")]
    OutOfRange {
        /// The instant.
        at: DateTime<Utc>,
        /// The first instant supported.
        earliest: DateTime<Utc>,
        /// The last instant supported.
        latest: DateTime<Utc>,
    },
    /// The idempotency key was used before, with something else to say.
    #[error(
        "the idempotency key `{key}` was used for another command; a new command needs a new key"
    )]
    KeyReused {
        /// The key.
        key: Name,
    },
    /// The reopen window is over.
    #[error(
        "resolved or closed at `{ended_at}`, the ticket could be reopened for {window}; at `{at}` a follow-up ticket is needed"
    )]
    ReopenWindowOver {
        /// When the ticket was closed, or else resolved.
        ended_at: DateTime<Utc>,
        /// The reopen window of the rulebook.
        window: Span,
        /// When the reopening was asked for.
        at: DateTime<Utc>,
    },
    /// The ticket is closed. Still possible are notes, effort, ratings and answers to surveys, redaction, answering and ending a
    /// call or chat that goes on, linking and splitting; a customer's message begins a follow-up, or reopens it where the rules say
    /// so.
    #[error(
        "the ticket is closed, so {what} is not possible; notes, time entries, ratings and redaction still are"
    )]
    Closed {
        /// What was asked for.
        what: &'static str,
    },
    /// A scheduled wait that would be over before it began.
    #[error("the wait until `{until}` would be over at `{at}`; an instant after that is needed")]
    WaitIsOver {
        /// The end of the wait.
        until: DateTime<Utc>,
        /// When it was asked for.
        at: DateTime<Utc>,
    },
    /// A promise or estimate that lies in the past.
    #[error("`{promised}` is not after `{at}`, when it was promised; a later instant is needed")]
    InThePast {
        /// What was promised.
        promised: DateTime<Utc>,
        /// When it was promised.
        at: DateTime<Utc>,
    },
    /// A part of the input is larger than the rulebook allows.
    #[error("{what} is {actual} long; at most {limit} is allowed")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size: bytes of a text, members of a list.
        actual: usize,
        /// The largest size allowed.
        limit: usize,
    },
    /// A mark that is not on the scale of its question.
    #[error("the mark `{mark}` is not on the scale of {kind}; {scale} is allowed")]
    NotOnScale {
        /// The mark.
        mark: u8,
        /// What the customer was asked.
        kind: RatingKind,
        /// The scale.
        scale: Scale,
    },
    /// A ticket that only begins has no help to rate yet.
    #[error("a ticket that begins cannot be rated; one that exists can")]
    NothingToRate,
    /// A part of the input is missing.
    #[error("{what} is missing")]
    Missing {
        /// Which part.
        what: &'static str,
    },
    /// The rulebook has no such label.
    #[error(
        "`{label}` is not a status label of the rulebook; known are {}",
        list(known)
    )]
    UnknownLabel {
        /// The label asked for.
        label: Name,
        /// The labels there are.
        known: Vec<Name>,
    },
    /// The rulebook has no such cause.
    #[error(
        "`{cause}` is not a cause of the rulebook; the codes of its tree are allowed, at the top {}",
        list(known)
    )]
    UnknownCause {
        /// The cause asked for.
        cause: String,
        /// The coarsest causes there are.
        known: Vec<Name>,
    },
    /// The ticket has no such message.
    #[error("the ticket has no message {message}")]
    UnknownMessage {
        /// The message asked for.
        message: MessageId,
    },
    /// The message cannot be carried to other tickets.
    #[error(
        "the message {message} cannot be carried to other tickets; an ordinary public message of the desk with its text is needed"
    )]
    NotAnUpdate {
        /// The message.
        message: MessageId,
    },
    /// A problem that is not resolved cannot resolve its incidents.
    #[error(
        "ticket {ticket} is {stage}, so it resolves no other ticket; one that is resolved, or closed as settled, does"
    )]
    NotSolved {
        /// The problem.
        ticket: TicketId,
        /// Where it stands.
        stage: Stage,
    },
    /// A customer's message cannot be internal, nor belong to a field of the desk.
    #[error("a customer's message is public; an internal one was asked for")]
    CustomerNote,
    /// An internal note goes to nobody outside.
    #[error("an internal note names {named} recipients; only a public message may name any")]
    NoteWithRecipients {
        /// How many it names.
        named: usize,
    },
    /// Personal field values are stored by the desk, not passed in.
    #[error("the value `{content}` refers to a stored text; a plain value is expected")]
    StoredFieldValue {
        /// The content record passed in.
        content: ContentId,
    },
    /// The message's id outside belongs to a message of somebody else's ticket.
    #[error(
        "a message with the same id outside stands in another ticket; an id of its own is needed"
    )]
    MessageKnown,
    /// A message to split off was not written by a customer.
    #[error(
        "message {message} was not written by a customer; customers' messages can begin a ticket"
    )]
    NotFromCustomer {
        /// The message.
        message: MessageId,
    },
    /// A step that a call, chat or bot conversation cannot take now.
    #[error("session {session} {why}")]
    SessionStep {
        /// The session.
        session: SessionId,
        /// Why not, and what would be allowed.
        why: &'static str,
    },
    /// A ticket was given twice where two are needed.
    #[error("ticket {ticket} was given twice; two tickets are needed")]
    SameTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// Tickets of different requesters are merged only where that is said.
    #[error(
        "tickets {ticket} and {into} belong to different requesters; merging them needs `across_requesters`"
    )]
    OtherRequester {
        /// The ticket that was to end.
        ticket: TicketId,
        /// The ticket that was to go on.
        into: TicketId,
    },
    /// The ticket was merged into another one.
    #[error("the ticket was merged and goes on in ticket {into}; that one is needed")]
    Merged {
        /// Where it goes on.
        into: TicketId,
    },
    /// A link that merging or splitting makes.
    #[error("the link `{link}` is made by merging or splitting; any other is allowed")]
    LinkNotByHand {
        /// The link.
        link: Link,
    },
    /// A ticket has at most one link of each kind that leads upward.
    #[error("ticket {ticket} is `{link}` ticket {other} already; that has to be unlinked first")]
    LinkedElsewhere {
        /// The ticket.
        ticket: TicketId,
        /// The link.
        link: Link,
        /// What it leads to now.
        other: TicketId,
    },
    /// A link that would lead back to where it begins.
    #[error(
        "ticket {ticket} would lead to itself by `{link}`; a ticket outside that chain is needed"
    )]
    LinkCycle {
        /// The ticket.
        ticket: TicketId,
        /// The link that leads upward.
        link: Link,
    },
    /// A ticket with the id that the host chose exists.
    #[error("ticket {ticket} exists; an unused id is needed")]
    AlreadyOpen {
        /// The id.
        ticket: TicketId,
    },
    /// The number of a ticket that comes from elsewhere belongs to another ticket.
    #[error("the number {number} belongs to ticket {ticket}; a free number is needed")]
    NumberTaken {
        /// The number.
        number: TicketNumber,
        /// The ticket that has it.
        ticket: TicketId,
    },
    /// The number of a ticket that comes from elsewhere leaves too few for the tickets after it.
    #[error(
        "the number {number} is too high for a ticket from elsewhere; at most {highest} is needed, and later tickets count on from it"
    )]
    NumberTooHigh {
        /// The number.
        number: TicketNumber,
        /// The highest one that is taken, [`TicketNumber::MAX_IMPORTED`].
        highest: TicketNumber,
    },
}

impl Refusal {
    /// A stable code for programs: never renamed, never reused.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::StepNotAllowed { .. } => "step_not_allowed",
            Refusal::Forbidden { .. } => "forbidden",
            Refusal::NotYours { .. } => "not_yours",
            Refusal::StampTooEarly { .. } => "stamp_too_early",
            Refusal::StampTooLate { .. } => "stamp_too_late",
            Refusal::OutOfRange { .. } => "out_of_range",
            Refusal::KeyReused { .. } => "key_reused",
            Refusal::ReopenWindowOver { .. } => "reopen_window_over",
            Refusal::Closed { .. } => "closed",
            Refusal::WaitIsOver { .. } => "wait_is_over",
            Refusal::InThePast { .. } => "in_the_past",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::NotOnScale { .. } => "not_on_scale",
            Refusal::NothingToRate => "nothing_to_rate",
            Refusal::Missing { .. } => "missing",
            Refusal::UnknownLabel { .. } => "unknown_label",
            Refusal::UnknownCause { .. } => "unknown_cause",
            Refusal::UnknownMessage { .. } => "unknown_message",
            Refusal::NotAnUpdate { .. } => "not_an_update",
            Refusal::NotSolved { .. } => "not_solved",
            Refusal::CustomerNote => "customer_note",
            Refusal::NoteWithRecipients { .. } => "note_with_recipients",
            Refusal::StoredFieldValue { .. } => "stored_field_value",
            Refusal::MessageKnown => "message_known",
            Refusal::NotFromCustomer { .. } => "not_from_customer",
            Refusal::SessionStep { .. } => "session_step",
            Refusal::SameTicket { .. } => "same_ticket",
            Refusal::OtherRequester { .. } => "other_requester",
            Refusal::Merged { .. } => "merged",
            Refusal::LinkNotByHand { .. } => "link_not_by_hand",
            Refusal::LinkedElsewhere { .. } => "linked_elsewhere",
            Refusal::LinkCycle { .. } => "link_cycle",
            Refusal::AlreadyOpen { .. } => "already_open",
            Refusal::NumberTaken { .. } => "number_taken",
            Refusal::NumberTooHigh { .. } => "number_too_high",
        }
    }

    /// That a ticket's field cannot name this as its cause.
    pub(super) fn unknown_cause(value: &FieldValue, causes: &Causes) -> Refusal {
        let cause = match value {
            FieldValue::Text(text) => shorten(text),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Flag(flag) => flag.to_string(),
            FieldValue::Personal(_) => "a text about a person".to_owned(),
        };
        let known = causes.tree().iter().map(|cause| cause.code.clone());
        Refusal::UnknownCause {
            cause,
            known: known.collect(),
        }
    }

    /// Whether the caller lacks the right, rather than the command the sense.
    pub const fn is_forbidden(&self) -> bool {
        matches!(self, Refusal::Forbidden { .. } | Refusal::NotYours { .. })
    }
}
