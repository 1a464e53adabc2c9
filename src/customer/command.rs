//! What can be said about a customer.

use serde::{Deserialize, Serialize};

use crate::id::{ContentId, CustomerId, Name};
use crate::ticket::{Channel, Permission};

use super::Identity;

/// One request about one customer.
///
/// ```
/// use helpdesk::customer::{Change, Command, Identity};
/// let command = Command::Identify(Identity::phone("+49 30 901820"));
/// assert_eq!(serde_json::to_string(&command)?, r#"{"identify":{"phone":"+49 30 901820"}}"#);
/// let command = Command::set(Change::Language(Some("pt-BR".parse()?)));
/// assert_eq!(serde_json::to_string(&command)?, r#"{"set":[{"language":"pt-BR"}]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// The person is known under this too.
    Identify(Identity),
    /// The person is known under this no longer.
    Forget {
        /// Which one, as the profile has it.
        identity: ContentId,
        /// Its text. The history keeps no digest of it, so that nothing of it is left after erasure; that it is this person's is
        /// checked.
        is: Identity,
    },
    /// Sets or clears facts. What is already so is no event.
    Set(Vec<Change>),
    /// Adds a note, for the desk alone.
    Note(String),
    /// Takes a note away for ever.
    RemoveNote(ContentId),
    /// The other one is the same person: this profile takes over whatever it has.
    Join(CustomerId),
}

/// A fact to set, or to clear with `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The name; it becomes a content record.
    Name(Option<String>),
    /// The channel that the customer prefers.
    Channel(Option<Channel>),
    /// The language, as a tag of RFC 5646 such as `de` or `pt-BR`.
    Language(Option<Name>),
    /// The time zone, by its IANA name.
    Zone(Option<Name>),
    /// The tier, in the host's words.
    Tier(Option<Name>),
    /// The organisation, in the host's words. It stays after erasure: do not put a person's name there.
    Organisation(Option<Name>),
}

impl Command {
    /// Sets or clears one fact.
    pub fn set(change: Change) -> Command {
        Command::Set(vec![change])
    }

    pub(super) fn permission(&self) -> Permission {
        match self {
            Command::Set(changes) if !changes.iter().any(Change::is_the_desks) => {
                Permission::Preferences
            }
            _ => Permission::Profile,
        }
    }
}

impl Change {
    /// Whether the desk alone decides this.
    const fn is_the_desks(&self) -> bool {
        matches!(self, Change::Tier(_) | Change::Organisation(_))
    }
}
