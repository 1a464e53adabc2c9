//! Why something said about a survey is refused.

use chrono::{DateTime, Utc};

use serde::Serialize;

use crate::aggregate::Reason;
use crate::id::{CustomerId, InvitationId, Name, TicketId};
use crate::ticket;

/// Why a command about surveys was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// For a reason that tickets have too.
    #[error(transparent)]
    Common(#[from] ticket::Refusal),
    /// A customer speaks for somebody else.
    #[error("the surveys of `{customer}` are somebody else's; a customer may answer her own")]
    SomebodyElse {
        /// Whose they are.
        customer: CustomerId,
    },
    /// The customer was joined into another one.
    #[error("`{customer}` was joined into `{into}`; ask that one")]
    WasJoined {
        /// The customer.
        customer: CustomerId,
        /// The survivor.
        into: CustomerId,
    },
    /// The person was erased.
    #[error("the person behind `{customer}` was erased and cannot be asked")]
    WasErased {
        /// The customer.
        customer: CustomerId,
    },
    /// The rulebook has no such survey, or it asks nothing.
    #[error("`{survey}` is not a survey of the rulebook with a question; known are {known:?}")]
    UnknownSurvey {
        /// What was asked for.
        survey: Name,
        /// The surveys there are.
        known: Vec<Name>,
    },
    /// There is no such ticket.
    #[error("there is no ticket `{ticket}`; a resolved one of the customer is needed")]
    UnknownTicket {
        /// What was asked for.
        ticket: TicketId,
    },
    /// The ticket is another customer's.
    #[error("ticket `{ticket}` was asked for by `{requester}`; a ticket of the customer is needed")]
    NotHers {
        /// The ticket.
        ticket: TicketId,
        /// Whose it is.
        requester: CustomerId,
    },
    /// The ticket is not resolved, so there is no help to rate yet.
    #[error("ticket `{ticket}` is not resolved in its current cycle; a resolved one is needed")]
    NotResolved {
        /// The ticket.
        ticket: TicketId,
    },
    /// The resolution was asked about before.
    #[error("resolution {cycle} of ticket `{ticket}` was asked about before; each is once")]
    AlreadyAsked {
        /// The ticket.
        ticket: TicketId,
        /// The resolution cycle, from 0.
        cycle: u32,
    },
    /// The customer was invited too short a time ago.
    #[error(
        "the customer was invited a short time ago; `{from}` is the earliest instant for another survey"
    )]
    CoolDown {
        /// The earliest instant.
        from: DateTime<Utc>,
    },
    /// The customer wants no surveys.
    #[error("the customer wants no surveys")]
    OptedOut,
    /// There is no such invitation.
    #[error("the customer has no invitation `{invitation}`; one of hers is needed")]
    UnknownInvitation {
        /// What was asked for.
        invitation: InvitationId,
    },
    /// The invitation has expired.
    #[error("the invitation could be answered before `{expired_at}`; at `{at}` it is too late")]
    Expired {
        /// Since when.
        expired_at: DateTime<Utc>,
        /// When the answer came.
        at: DateTime<Utc>,
    },
    /// The survey has no such question, or it was answered twice.
    #[error("`{question}` is not a question of the survey to answer once; it asks {known:?}")]
    UnknownQuestion {
        /// What was answered.
        question: Name,
        /// The questions there are.
        known: Vec<Name>,
    },
}

impl Reason for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Common(refusal) => refusal.code(),
            Refusal::SomebodyElse { .. } => "somebody_else",
            Refusal::WasJoined { .. } => "was_joined",
            Refusal::WasErased { .. } => "was_erased",
            Refusal::UnknownSurvey { .. } => "unknown_survey",
            Refusal::UnknownTicket { .. } => "unknown_ticket",
            Refusal::NotHers { .. } => "not_hers",
            Refusal::NotResolved { .. } => "not_resolved",
            Refusal::AlreadyAsked { .. } => "already_asked",
            Refusal::CoolDown { .. } => "cool_down",
            Refusal::OptedOut => "opted_out",
            Refusal::UnknownInvitation { .. } => "unknown_invitation",
            Refusal::Expired { .. } => "expired",
            Refusal::UnknownQuestion { .. } => "unknown_question",
        }
    }

    fn common(&self) -> Option<&ticket::Refusal> {
        match self {
            Refusal::Common(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn is_forbidden(&self) -> bool {
        match self {
            Refusal::Common(refusal) => refusal.is_forbidden(),
            Refusal::SomebodyElse { .. } => true,
            _ => false,
        }
    }
}
