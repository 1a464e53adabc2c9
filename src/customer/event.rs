//! What happened to a customer's profile.

use serde::{Deserialize, Serialize};

use crate::id::{ContentId, CustomerId, Name};
use crate::ticket::Channel;

use super::{IdentityKind, Known, Note};

/// What can happen to a profile. The first event begins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The person is known under this too.
    Identified {
        /// Its text, as a content record.
        text: ContentId,
        /// What it is.
        kind: IdentityKind,
    },
    /// The person is known under this no longer.
    IdentityRemoved {
        /// Its text, which is deleted.
        text: ContentId,
    },
    /// The name changed.
    NameChanged {
        /// The new one, as a content record.
        to: Option<ContentId>,
    },
    /// The preferred channel changed.
    ChannelChanged {
        /// The new one.
        to: Option<Channel>,
    },
    /// The language changed.
    LanguageChanged {
        /// The new one.
        to: Option<Name>,
    },
    /// The time zone changed.
    ZoneChanged {
        /// The new one.
        to: Option<Name>,
    },
    /// The tier changed.
    TierChanged {
        /// The new one.
        to: Option<Name>,
    },
    /// The organisation changed.
    OrganisationChanged {
        /// The new one.
        to: Option<Name>,
    },
    /// A note was written.
    NoteAdded {
        /// What it says, as a content record.
        text: ContentId,
    },
    /// A note was taken away.
    NoteRemoved {
        /// What it said; the text is deleted.
        text: ContentId,
    },
    /// Another profile was joined into this one.
    Joined(Joined),
    /// This profile was joined into another one, and is empty from here on.
    JoinedInto {
        /// The survivor.
        customer: CustomerId,
    },
    /// The person was erased.
    Erased,
}

/// What a survivor takes over: everything that the other profile had. Of what both have one of, the survivor's stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The other customer.
    pub other: CustomerId,
    /// Those who had been joined into the other one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<CustomerId>,
    /// The identities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Known>,
    /// The notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ContentId>,
    /// The preferred channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Name>,
    /// The time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// The tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Name>,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Name>,
}
