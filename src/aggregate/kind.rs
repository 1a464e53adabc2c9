//! The kinds of streams.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a stream is the history of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StreamKind {
    /// A ticket.
    Ticket,
    /// A customer's profile.
    Customer,
    /// What one customer was asked in surveys.
    Feedback,
    /// An article of the knowledge base.
    Article,
    /// A visit to the self-service.
    Visit,
    /// A quality review of one piece of work.
    Review,
    /// A finding, and what is done about it.
    Finding,
    /// A version of the rulebook, kept for the tickets that began under it.
    Rulebook,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [StreamKind; 8] = [
        StreamKind::Ticket,
        StreamKind::Customer,
        StreamKind::Feedback,
        StreamKind::Article,
        StreamKind::Visit,
        StreamKind::Review,
        StreamKind::Finding,
        StreamKind::Rulebook,
    ];

    /// The kind as databases have it. A code is never used for another kind.
    pub const fn code(self) -> i64 {
        match self {
            StreamKind::Ticket => 1,
            StreamKind::Customer => 2,
            StreamKind::Feedback => 3,
            StreamKind::Article => 4,
            StreamKind::Visit => 5,
            StreamKind::Review => 6,
            StreamKind::Finding => 7,
            StreamKind::Rulebook => 8,
        }
    }

    /// The kind behind a code; none for one that a newer version of the crate knows.
    pub fn of_code(code: i64) -> Option<StreamKind> {
        StreamKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            StreamKind::Ticket => "ticket",
            StreamKind::Customer => "customer",
            StreamKind::Feedback => "feedback",
            StreamKind::Article => "article",
            StreamKind::Visit => "visit",
            StreamKind::Review => "review",
            StreamKind::Finding => "finding",
            StreamKind::Rulebook => "rulebook",
        })
    }
}
