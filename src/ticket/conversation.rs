//! Messages: who wrote what, over which channel, and who may see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{ContentId, CustomerId, MessageId, Name};

/// The way a message came or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// E-mail.
    #[default]
    Email,
    /// A telephone call.
    Phone,
    /// Live chat.
    Chat,
    /// A public post in a social network: everybody can read it, and an answer over it.
    Social,
    /// A private message in a social network.
    SocialPrivate,
    /// A web form.
    Web,
    /// The host's programming interface.
    Api,
    /// A self-service portal.
    SelfService,
    /// At a counter.
    InPerson,
    /// A channel of the host's own.
    Other(Name),
}

impl Channel {
    /// Whether everybody can read what is said over it.
    pub const fn is_public(&self) -> bool {
        matches!(self, Channel::Social)
    }

    /// Whether both are there at once: by phone, in a chat, in person.
    pub const fn is_live(&self) -> bool {
        matches!(self, Channel::Phone | Channel::Chat | Channel::InPerson)
    }

    /// The channel's name: `email`, `phone`, ..., or the host's own.
    pub fn as_str(&self) -> &str {
        match self {
            Channel::Email => "email",
            Channel::Phone => "phone",
            Channel::Chat => "chat",
            Channel::Social => "social",
            Channel::SocialPrivate => "social_private",
            Channel::Web => "web",
            Channel::Api => "api",
            Channel::SelfService => "self_service",
            Channel::InPerson => "in_person",
            Channel::Other(name) => name.as_str(),
        }
    }
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a customer to the desk.
    Inbound,
    /// From the desk to the customer.
    Outbound,
    /// Within the desk.
    Internal,
}

/// Who may see a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The customer and the desk.
    #[default]
    Public,
    /// The desk alone.
    Internal,
}

/// What a message is, as the host's classifier told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// Somebody wrote it, and it wants attention.
    #[default]
    Ordinary,
    /// A machine wrote it (out-of-office, bounce, acknowledgement): recorded, without effect on status or clocks.
    Automatic,
    /// A customer's thanks: recorded; it reopens nothing and starts no clock.
    Thanks,
}

/// Whom a message names beside the desk and the one who asks for help: customers, by id, so that no address is kept with it.
///
/// A host that reads a mail's `To` and `Cc` finds the customer behind an address with
/// [`find_customer`](crate::desk::TenantDesk::find_customer), or makes one known first
/// ([`Identify`](crate::customer::Command::Identify)).
///
/// Whoever is named takes part from then on ([`Ticket::participants`](super::Ticket::participants)), where whoever says the message may change
/// participants. Otherwise it is only told who was named: an address in a customer's mail opens nobody a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Recipients {
    /// Whom it was for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<CustomerId>,
    /// Who got a copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<CustomerId>,
}

impl Recipients {
    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty()
    }

    /// Everybody who is named, as often as named.
    pub fn all(&self) -> impl Iterator<Item = CustomerId> + '_ {
        self.to.iter().chain(&self.cc).copied()
    }
}

/// A file that came with a message. The bytes stay with the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name, as a content record.
    pub name: ContentId,
    /// Its media type, such as `image/png`.
    pub media_type: Name,
    /// Its size in bytes.
    pub size: u64,
    /// Who may see it.
    pub visibility: Visibility,
}

/// One message of a ticket, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who wrote it, in the role they had then.
    pub author: Actor,
    /// The way it came or went.
    pub channel: Channel,
    /// From whom to whom.
    pub direction: Direction,
    /// Who may see it.
    pub visibility: Visibility,
    /// What it is.
    pub class: MessageClass,
    /// Its text, as a content record.
    pub body: ContentId,
    /// The files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub recipients: Recipients,
    /// Whether the text was taken away later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

impl Message {
    /// Whether a customer wrote it and waits for an answer: inbound and ordinary.
    pub fn asks(&self) -> bool {
        self.direction == Direction::Inbound && self.class == MessageClass::Ordinary
    }

    /// Whether it answers the customer: a public, ordinary message of a human agent. Bots, rules, automatic messages and
    /// internal notes answer nothing.
    pub fn answers(&self) -> bool {
        self.direction == Direction::Outbound
            && self.visibility == Visibility::Public
            && self.class == MessageClass::Ordinary
            && self.author.human_agent().is_some()
    }
}
