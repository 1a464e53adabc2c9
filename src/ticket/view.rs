//! What a customer sees of a ticket: an allow-list, built field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::call::Actor;
use crate::id::{ContentId, CustomerId, MessageId, TicketId, TicketNumber};

use super::Ticket;
use super::content::Content;
use super::conversation::{Attachment, Channel, Message, Visibility};
use super::effort::Estimate;
use super::lifecycle::Stage;

/// A ticket as its customers see it.
///
/// It has no field for internal notes, tags, scores, priorities, clocks or agents' ids, so none of them can slip out. A
/// message's author is told as one word. What the customer was told of the time ahead is in it: the promise and the estimate that stand.
///
/// # Properties
/// For every history: no internal message, no internal attachment and no redacted text stands in the view.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CustomerView {
    /// The ticket's id.
    pub ticket: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// Where it stands, without the reason.
    pub stage: Stage,
    /// Whether the desk waits for the customer.
    pub waits_for_you: bool,
    /// By when an update is promised that has not come, whether in time or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_promised_by: Option<DateTime<Utc>>,
    /// When the ticket is to be resolved, as the customer was told last since it was opened or reopened; none once it is resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_estimated_at: Option<DateTime<Utc>>,
    /// The subject line, as a content record.
    pub subject: ContentId,
    /// The public conversation, oldest first.
    pub messages: Vec<CustomerMessage>,
    /// The tickets that were merged into it, as far as the viewer could see them before, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<CustomerView>,
}

/// A message as customers see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CustomerMessage {
    /// Its id.
    pub id: MessageId,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// `you`, `another participant`, `support` or `automatic`.
    pub from: &'static str,
    /// The way it came or went.
    pub channel: Channel,
    /// Its text, as a content record; absent where it was taken away.
    pub body: Option<ContentId>,
    /// Its public files.
    pub attachments: Vec<Attachment>,
}

impl CustomerView {
    /// The ids of every text in the view and in those of merged tickets: subjects, bodies and names of files.
    pub fn content_ids(&self) -> BTreeSet<ContentId> {
        let mut ids = BTreeSet::from([self.subject]);
        for message in &self.messages {
            ids.extend(message.body);
            ids.extend(message.attachments.iter().map(|file| file.name));
        }
        ids.extend(self.merged.iter().flat_map(CustomerView::content_ids));
        ids
    }
}

/// A customer's view with its texts by id, so that no text can stand beside another message than its own. The desk makes it:
/// [`TenantDesk::customer_page`](crate::desk::TenantDesk::customer_page).
///
/// # Properties
/// Every text is one that the view names; what was erased or taken away is in no page.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CustomerPage {
    view: CustomerView,
    texts: BTreeMap<ContentId, String>,
}

impl CustomerPage {
    /// The view with those of the texts that it names.
    pub fn new(view: CustomerView, found: impl IntoIterator<Item = Content>) -> CustomerPage {
        let named = view.content_ids();
        let found = found.into_iter().map(|content| (content.id, content.text));
        CustomerPage {
            view,
            texts: found.filter(|(id, _)| named.contains(id)).collect(),
        }
    }

    /// The ticket, with the ids of its texts.
    pub fn view(&self) -> &CustomerView {
        &self.view
    }

    /// The text behind an id of the view: a subject, a body, the name of a file. None for what was erased.
    pub fn text(&self, id: ContentId) -> Option<&str> {
        self.texts.get(&id).map(String::as_str)
    }

    /// The text of a message; none where it was taken away or erased.
    pub fn text_of(&self, message: &CustomerMessage) -> Option<&str> {
        self.text(message.body?)
    }
}

impl fmt::Debug for CustomerPage {
    /// Shows no text: logs must not hold what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts.len();
        write!(f, "CustomerPage({:?}, {texts} texts)", self.view)
    }
}

impl Ticket {
    /// The ticket as `viewer` sees it, or `None` where it belongs to others. What was merged into it is in the views of those tickets;
    /// [`TenantDesk::customer_view`](crate::desk::TenantDesk::customer_view) puts them together.
    pub fn customer_view(&self, viewer: CustomerId) -> Option<CustomerView> {
        self.customer_view_as(&BTreeSet::from([viewer]))
    }

    /// The same for a customer with several ids, such as one who was joined with another ([`Profile`](crate::customer::Profile)): what
    /// she wrote under any of them is hers.
    pub fn customer_view_as(&self, viewer: &BTreeSet<CustomerId>) -> Option<CustomerView> {
        if !viewer.iter().any(|id| self.reaches(*id)) {
            return None;
        }
        let public = self
            .messages()
            .iter()
            .filter(|message| message.visibility == Visibility::Public);
        Some(CustomerView {
            ticket: self.id(),
            number: self.number(),
            created_at: self.created_at(),
            stage: self.status().stage(),
            waits_for_you: self.status() == super::Status::Pending(super::Pending::Customer),
            update_promised_by: self.open_promise().map(|promise| promise.due),
            resolution_estimated_at: self.standing_estimate().map(|estimate| estimate.at),
            subject: self.subject(),
            messages: public.map(|message| shown(message, viewer)).collect(),
            merged: Vec::new(),
        })
    }
}

impl Ticket {
    /// What the customer was told last of the work that goes on now.
    fn standing_estimate(&self) -> Option<&Estimate> {
        let began = self.cycles().last()?.started_at;
        let last = self.estimates().last()?;
        let stands = self.status().stage().is_backlog() && last.made_at >= began;
        stands.then_some(last)
    }
}

fn shown(message: &Message, viewer: &BTreeSet<CustomerId>) -> CustomerMessage {
    let public = message
        .attachments
        .iter()
        .filter(|file| file.visibility == Visibility::Public && !message.redacted);
    CustomerMessage {
        id: message.id,
        at: message.at,
        from: match message.author {
            Actor::Customer(author) if viewer.contains(&author) => "you",
            Actor::Customer(_) => "another participant",
            Actor::Agent(_) | Actor::Supervisor(_) => "support",
            Actor::Bot(_) | Actor::System => "automatic",
        },
        channel: message.channel.clone(),
        body: Some(message.body).filter(|_| !message.redacted),
        attachments: public.cloned().collect(),
    }
}
