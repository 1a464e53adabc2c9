//! A message as a client says it.

use serde::{Deserialize, Serialize};

use crate::id::{CustomerId, Name};

use super::conversation::{Channel, MessageClass, Recipients, Visibility};

/// A message to record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Draft {
    /// The text; it becomes a content record.
    pub body: String,
    /// The way it came or goes; where absent, the one over which the conversation goes ([`Ticket::goes_over`](super::Ticket::goes_over)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Who may see it.
    #[serde(skip_serializing_if = "is_default")]
    pub visibility: Visibility,
    /// What it is.
    #[serde(skip_serializing_if = "is_default")]
    pub class: MessageClass,
    /// The message's id outside, such as a mail's `Message-ID`: the same one twice is one message. Said again of the same ticket
    /// (or of the one whose late message began a follow-up), the whole command counts as done; the outcome is the ticket that has
    /// the message. Said of another ticket, it is refused. A blank one is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Files that came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentDraft>,
    /// Whom it names, of a public message.
    #[serde(skip_serializing_if = "Recipients::is_empty")]
    pub recipients: Recipients,
}

impl Draft {
    /// A public, ordinary message.
    pub fn new(body: impl Into<String>) -> Draft {
        Draft {
            body: body.into(),
            ..Draft::default()
        }
    }

    /// The same message by another way than the ticket's own.
    #[must_use]
    pub fn over(mut self, channel: Channel) -> Draft {
        self.channel = Some(channel);
        self
    }

    /// The same message with what the classifier told.
    #[must_use]
    pub fn class(mut self, class: MessageClass) -> Draft {
        self.class = class;
        self
    }

    /// The same message with its id outside.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Draft {
        self.external_id = Some(id.into());
        self
    }

    /// The message's id outside, where it has one.
    pub(crate) fn known_as(&self) -> Option<&str> {
        let id = self.external_id.as_deref();
        id.filter(|id| !id.trim().is_empty())
    }

    /// The same message with a copy for somebody; see [`Recipients`].
    #[must_use]
    pub fn copy_to(mut self, customer: CustomerId) -> Draft {
        self.recipients.cc.push(customer);
        self
    }

    /// The same message with one more file.
    #[must_use]
    pub fn attach(mut self, file: AttachmentDraft) -> Draft {
        self.attachments.push(file);
        self
    }
}

/// A file that comes with a message; the bytes stay with the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentDraft {
    /// The file's name.
    pub name: String,
    /// Its media type, such as `image/png`.
    pub media_type: Name,
    /// Its size in bytes, at most 2^53 - 1.
    pub size: u64,
    /// Who may see it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub visibility: Visibility,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
