//! Why something said about a review is refused.

use serde::Serialize;

use crate::aggregate::Reason;
use crate::id::{AgentId, Name, ReviewId, TicketId};
use crate::ticket;

/// Why a command about a review was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// For a reason that tickets have too.
    #[error(transparent)]
    Common(#[from] ticket::Refusal),
    /// There is no such review.
    #[error("there is no review `{review}`; score the work first")]
    NoReview {
        /// What was asked for.
        review: ReviewId,
    },
    /// There is no such ticket.
    #[error("there is no ticket `{ticket}`; one that exists is needed")]
    NoTicket {
        /// What was asked for.
        ticket: TicketId,
    },
    /// The rulebook has no such scorecard.
    #[error("`{scorecard}` is not a scorecard of the rulebook; known are {known:?}")]
    UnknownScorecard {
        /// What was asked for.
        scorecard: Name,
        /// The scorecards there are.
        known: Vec<Name>,
    },
    /// The scorecard has no such category.
    #[error("`{category}` is not a category of the scorecard; it has {known:?}")]
    UnknownCategory {
        /// What was marked.
        category: Name,
        /// The categories there are.
        known: Vec<Name>,
    },
    /// A category is marked not at all or more than once.
    #[error("`{category}` needs one mark: points, or not applicable")]
    NotMarkedOnce {
        /// The category.
        category: Name,
    },
    /// More points than the scorecard gives.
    #[error("`{points}` points for `{category}` are too many; 0 to {best} are allowed")]
    TooManyPoints {
        /// The category.
        category: Name,
        /// The points.
        points: u8,
        /// The most that are allowed.
        best: u8,
    },
    /// Nobody reviews her own work.
    #[error("agent `{agent}` cannot review her own work; somebody else is needed")]
    OwnWork {
        /// The agent.
        agent: AgentId,
    },
    /// The review is about other work.
    #[error(
        "the review is about ticket `{ticket}` of agent `{agent}`; other work is another review"
    )]
    OtherWork {
        /// The ticket that it is about.
        ticket: TicketId,
        /// Whose work it is about.
        agent: AgentId,
    },
    /// Only the agent whose work was reviewed can object.
    #[error("review `{review}` is about somebody else's work; the agent herself can object")]
    NotReviewed {
        /// The review.
        review: ReviewId,
    },
}

impl Reason for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Common(refusal) => refusal.code(),
            Refusal::NoReview { .. } => "no_review",
            Refusal::NoTicket { .. } => "no_ticket",
            Refusal::UnknownScorecard { .. } => "unknown_scorecard",
            Refusal::UnknownCategory { .. } => "unknown_category",
            Refusal::NotMarkedOnce { .. } => "not_marked_once",
            Refusal::TooManyPoints { .. } => "too_many_points",
            Refusal::OwnWork { .. } => "own_work",
            Refusal::OtherWork { .. } => "other_work",
            Refusal::NotReviewed { .. } => "not_reviewed",
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
            Refusal::OwnWork { .. } | Refusal::NotReviewed { .. } => true,
            _ => false,
        }
    }
}
