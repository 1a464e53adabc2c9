//! Why something said about articles and visits is refused.

use serde::Serialize;

use crate::aggregate::Reason;
use crate::id::{ArticleId, Name, TicketId, VisitId};
use crate::ticket;

/// Why a command about an article or a visit was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// For a reason that tickets have too.
    #[error(transparent)]
    Common(#[from] ticket::Refusal),
    /// There is no such article.
    #[error("there is no article `{article}`; write it first")]
    NoArticle {
        /// What was asked for.
        article: ArticleId,
    },
    /// Readers do not see the article.
    #[error("article `{article}` is not published; a published one is needed")]
    NotPublished {
        /// The article.
        article: ArticleId,
    },
    /// An article keeps its language.
    #[error(
        "the article is in `{language}`; another language is another article that translates it"
    )]
    OtherLanguage {
        /// Its language.
        language: Name,
    },
    /// An article cannot be a translation of itself.
    #[error("article `{article}` cannot translate itself; another one is needed")]
    TranslatesItself {
        /// The article.
        article: ArticleId,
    },
    /// There is no such ticket.
    #[error("there is no ticket `{ticket}`; one that exists is needed")]
    NoTicket {
        /// What was asked for.
        ticket: TicketId,
    },
    /// The visit is another customer's.
    #[error("visit `{visit}` is somebody else's")]
    SomebodyElse {
        /// The visit.
        visit: VisitId,
    },
    /// The visit is over.
    #[error(
        "visit `{visit}` has ended; votes and its ticket can still be told, the rest is a new visit"
    )]
    VisitEnded {
        /// The visit.
        visit: VisitId,
    },
    /// The visitor did not read the article.
    #[error("article `{article}` was not read in this visit; one that was read can be voted on")]
    NotRead {
        /// The article.
        article: ArticleId,
    },
    /// Another ticket came of the visit.
    #[error("ticket `{ticket}` came of this visit; there is one at most")]
    OtherTicket {
        /// That ticket.
        ticket: TicketId,
    },
}

impl Reason for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Common(refusal) => refusal.code(),
            Refusal::NoArticle { .. } => "no_article",
            Refusal::NotPublished { .. } => "not_published",
            Refusal::OtherLanguage { .. } => "other_language",
            Refusal::TranslatesItself { .. } => "translates_itself",
            Refusal::NoTicket { .. } => "no_ticket",
            Refusal::SomebodyElse { .. } => "somebody_else",
            Refusal::VisitEnded { .. } => "visit_ended",
            Refusal::NotRead { .. } => "not_read",
            Refusal::OtherTicket { .. } => "other_ticket",
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
