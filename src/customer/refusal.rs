//! Why something said about a customer is refused.

use serde::Serialize;

use crate::aggregate::Reason;
use crate::id::{ContentId, CustomerId, Name, shorten};
use crate::ticket;

use super::IdentityKind;

/// Why a command about a customer was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// For a reason that tickets have too.
    #[error(transparent)]
    Common(#[from] ticket::Refusal),
    /// A customer speaks about somebody else.
    #[error("`{customer}` is somebody else; a customer may change her own preferences only")]
    SomebodyElse {
        /// Whom the command is about.
        customer: CustomerId,
    },
    /// The profile was joined into another one.
    #[error("`{customer}` was joined into `{into}`; say it of that one")]
    WasJoined {
        /// The customer.
        customer: CustomerId,
        /// The survivor.
        into: CustomerId,
    },
    /// The person was erased.
    #[error("the person behind `{customer}` was erased; a new customer is needed")]
    WasErased {
        /// The customer.
        customer: CustomerId,
    },
    /// A text that cannot be an identity of its kind.
    #[error(
        "`{text}` is no {kind}; an address has an `@` inside, a phone number `+` and at least 6 digits, the others are not blank"
    )]
    NotAnIdentity {
        /// What it was to be.
        kind: IdentityKind,
        /// The beginning of the text.
        text: String,
    },
    /// The identity stands for another customer.
    #[error(
        "the identity stands for customer `{customer}`; join the two, or take it from that one"
    )]
    IdentityTaken {
        /// Who has it.
        customer: CustomerId,
    },
    /// The customer has no such identity.
    #[error(
        "the customer has no identity `{identity}` with that text; one of the profile's own is needed"
    )]
    UnknownIdentity {
        /// What was asked for.
        identity: ContentId,
    },
    /// The customer has no such note.
    #[error("the customer has no note `{note}`; one of the profile's own is needed")]
    UnknownNote {
        /// What was asked for.
        note: ContentId,
    },
    /// A customer cannot be joined into herself.
    #[error("`{customer}` leads to the same customer; another one is needed")]
    SamePerson {
        /// The other one that was named.
        customer: CustomerId,
    },
    /// There is no such language tag.
    #[error("`{language}` is no language tag; one such as `de` or `pt-BR` is expected")]
    NotALanguage {
        /// The text.
        language: Name,
    },
    /// There is no such time zone.
    #[error("`{zone}` is no time zone; an IANA name such as `Europe/Berlin` is expected")]
    NotAZone {
        /// The text.
        zone: Name,
    },
}

impl Refusal {
    pub(super) fn not_an_identity(kind: IdentityKind, text: &str) -> Refusal {
        let text = shorten(text);
        Refusal::NotAnIdentity { kind, text }
    }
}

impl Reason for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Common(refusal) => refusal.code(),
            Refusal::SomebodyElse { .. } => "somebody_else",
            Refusal::WasJoined { .. } => "was_joined",
            Refusal::WasErased { .. } => "was_erased",
            Refusal::NotAnIdentity { .. } => "not_an_identity",
            Refusal::IdentityTaken { .. } => "identity_taken",
            Refusal::UnknownIdentity { .. } => "unknown_identity",
            Refusal::UnknownNote { .. } => "unknown_note",
            Refusal::SamePerson { .. } => "same_person",
            Refusal::NotALanguage { .. } => "not_a_language",
            Refusal::NotAZone { .. } => "not_a_zone",
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
