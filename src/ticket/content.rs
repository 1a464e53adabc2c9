//! Texts, subjects, names and addresses, kept apart from the events.
//!
//! Events hold a [`ContentId`] and never the text, so a person's words and address can be erased without rewriting history.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ContentId, CustomerId};

/// One text of one person, stored under (tenant, id).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What events refer to.
    pub id: ContentId,
    /// What kind of text it is.
    pub kind: ContentKind,
    /// Whose data it is: erasing this person erases the record.
    pub about: Option<CustomerId>,
    /// The text itself, UTF-8, not interpreted.
    pub text: String,
}

impl fmt::Debug for Content {
    /// Shows no text: logs must not hold what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Content({:?} {}, {} bytes)",
            self.kind,
            self.id,
            self.text.len()
        )
    }
}

/// The kinds of [`Content`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentKind {
    /// The subject line of a ticket.
    Subject,
    /// The body of a message.
    Body,
    /// The address that a person writes from.
    Address,
    /// The name of an attached file.
    FileName,
    /// What a customer said about a rating.
    Comment,
    /// A host field marked as personal.
    Field,
    /// A note about a person, for the desk alone.
    Note,
    /// The name of a person.
    Name,
    /// What somebody searched for.
    Search,
}
