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
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [StreamKind; 2] = [StreamKind::Ticket, StreamKind::Customer];

    /// The kind as databases have it. A code is never used for another kind.
    pub const fn code(self) -> i64 {
        match self {
            StreamKind::Ticket => 1,
            StreamKind::Customer => 2,
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
        })
    }
}
