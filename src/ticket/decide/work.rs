//! A decision in the making: texts are set apart, messages recorded.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::call::{Actor, Call, Role};
use crate::id::{ContentId, CustomerId, MessageId, Name, TicketId};
use crate::ticket::content::{Content, ContentKind};
use crate::ticket::conversation::{
    Attachment, Channel, Direction, MessageClass, Recipients, Visibility,
};
use crate::ticket::draft::Draft;
use crate::ticket::event::{Event, MessageAdded, Version};
use crate::ticket::lifecycle::{Stage, Status, Step};
use crate::ticket::link::Link;
use crate::ticket::refusal::Refusal;
use crate::ticket::rules::{Permission, Rules};
use crate::ticket::{Cycle, Ticket};

use super::{Decision, FollowUp};

/// A decision in the making, with the status as the events so far make it.
pub(super) struct Work<'a> {
    pub(super) rules: &'a Rules,
    call: &'a Call,
    ticket: TicketId,
    version: Version,
    requester: CustomerId,
    /// Who takes part, with those whom a message of the command names.
    pub(super) participants: BTreeSet<CustomerId>,
    pub(super) status: Status,
    pub(super) label: Option<Name>,
    pub(super) reopened: bool,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) merged_into: Option<TicketId>,
    texts: u64,
    pub(super) decision: Decision,
}

impl<'a> Work<'a> {
    /// On a ticket that is about to begin.
    pub(super) fn new(
        rules: &'a Rules,
        call: &'a Call,
        ticket: TicketId,
        requester: CustomerId,
    ) -> Work<'a> {
        Work {
            rules,
            call,
            ticket,
            version: Version::default(),
            requester,
            participants: BTreeSet::new(),
            status: Status::Open,
            label: None,
            reopened: false,
            ended_at: None,
            merged_into: None,
            texts: 0,
            decision: Decision::at(call.at()),
        }
    }

    /// On a ticket as it stands.
    pub(super) fn on(
        rules: &'a Rules,
        call: &'a Call,
        at: DateTime<Utc>,
        ticket: &Ticket,
    ) -> Work<'a> {
        Work {
            version: Version(ticket.place()),
            participants: ticket.participants().clone(),
            status: ticket.status(),
            label: ticket.label().cloned(),
            reopened: ticket.is_reopened(),
            ended_at: ticket.cycles().last().and_then(Cycle::ended_at),
            merged_into: ticket.merged_into(),
            decision: Decision::at(at),
            ..Work::new(rules, call, ticket.id(), ticket.requester())
        }
    }

    pub(super) fn role(&self) -> Role {
        self.call.actor().role()
    }

    pub(super) fn stage(&self) -> Stage {
        self.status.stage()
    }

    /// Who calls.
    pub(super) fn caller(&self) -> Actor {
        self.call.actor()
    }

    /// The customer who calls, if one does.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        match self.call.actor() {
            Actor::Customer(customer) => Some(customer),
            _ => None,
        }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.decision.events.push(event);
    }

    pub(super) fn limit(&self, what: &'static str, actual: usize) -> Result<(), Refusal> {
        let limit = self.rules.max_list;
        if actual <= limit {
            Ok(())
        } else {
            Err(Refusal::TooLarge {
                what,
                actual,
                limit,
            })
        }
    }

    /// Sets a text apart and gives its id.
    pub(super) fn text(
        &mut self,
        kind: ContentKind,
        what: &'static str,
        text: &str,
    ) -> Result<ContentId, Refusal> {
        let (actual, limit) = (text.len(), self.rules.max_text);
        if actual > limit {
            return Err(Refusal::TooLarge {
                what,
                actual,
                limit,
            });
        }
        self.texts += 1;
        // The place makes the id new for every command of a call that is used for several; who looked when plays no part in it.
        let n = self.version.0 << 20 | self.texts;
        let id = ContentId::from_uuid(self.call.time_ordered("content", self.ticket.uuid(), n));
        let about = self.customer().unwrap_or(self.requester);
        self.decision.content.push(Content {
            id,
            kind,
            about: Some(about),
            text: text.to_owned(),
        });
        Ok(id)
    }

    fn message_id(&self, draft: &Draft) -> MessageId {
        match draft.known_as() {
            Some(external) => MessageId::of_external(self.call.tenant_id(), external),
            None => MessageId::from_uuid(self.call.derived(
                "message",
                self.ticket.uuid(),
                self.version.0,
            )),
        }
    }

    pub(super) fn add_message(
        &mut self,
        draft: &Draft,
        author: Actor,
        channel: &Channel,
    ) -> Result<(), Refusal> {
        self.limit("the list of files", draft.attachments.len())?;
        if draft.body.trim().is_empty() && draft.attachments.is_empty() {
            return Err(Refusal::Missing {
                what: "the text of the message",
            });
        }
        let by_customer = matches!(author, Actor::Customer(_));
        if by_customer && draft.visibility == Visibility::Internal {
            return Err(Refusal::CustomerNote);
        }
        let direction = match draft.visibility {
            Visibility::Internal => Direction::Internal,
            Visibility::Public if by_customer => Direction::Inbound,
            Visibility::Public => Direction::Outbound,
        };
        let named = draft.recipients.all().count();
        self.limit("the list of recipients", named)?;
        if draft.visibility == Visibility::Internal && named > 0 {
            return Err(Refusal::NoteWithRecipients { named });
        }
        self.check_files(draft)?;
        let body = self.text(ContentKind::Body, "the message", &draft.body)?;
        let mut attachments = Vec::with_capacity(draft.attachments.len());
        for file in &draft.attachments {
            let name = self.text(ContentKind::FileName, "the file name", &file.name)?;
            let visibility = if draft.visibility == Visibility::Internal {
                Visibility::Internal
            } else {
                file.visibility
            };
            attachments.push(Attachment {
                name,
                media_type: file.media_type.clone(),
                size: file.size,
                visibility,
            });
        }
        self.push(Event::MessageAdded(MessageAdded {
            id: self.message_id(draft),
            author,
            channel: draft.channel.as_ref().unwrap_or(channel).clone(),
            direction,
            visibility: draft.visibility,
            class: draft.class,
            body,
            attachments,
            recipients: draft.recipients.clone(),
        }));
        self.let_take_part(author, &draft.recipients);
        Ok(())
    }

    /// Sizes stay numbers that every reader of JSON can tell apart.
    fn check_files(&self, draft: &Draft) -> Result<(), Refusal> {
        const LARGEST: u64 = (1 << 53) - 1;
        let too_large = draft.attachments.iter().find(|file| file.size > LARGEST);
        match too_large {
            None => Ok(()),
            Some(file) => Err(Refusal::TooLarge {
                what: "the size of a file",
                actual: usize::try_from(file.size).unwrap_or(usize::MAX),
                limit: usize::try_from(LARGEST).unwrap_or(usize::MAX),
            }),
        }
    }

    /// Whoever a message names takes part, where the speaker may let somebody take part; see [`Work::check_sets`]. A customer's message
    /// is her own word, also where a gateway hands it in; an agent who writes it down answers for whom it names.
    fn let_take_part(&mut self, author: Actor, recipients: &Recipients) {
        let role = match (author, self.role()) {
            (_, agent @ (Role::Agent | Role::Supervisor)) => agent,
            (author, _) => author.role(),
        };
        if !self
            .rules
            .permissions
            .allows(role, Permission::Participants)
        {
            return;
        }
        for customer in recipients.all() {
            if customer != self.requester && self.participants.insert(customer) {
                self.push(Event::ParticipantAdded { customer });
            }
        }
    }

    /// A customer's message moves the ticket, unless it is thanks or automatic.
    pub(super) fn customer_message(
        &mut self,
        ticket: &Ticket,
        customer: CustomerId,
        draft: &Draft,
    ) -> Result<(), Refusal> {
        let record = |work: &mut Work<'_>| {
            work.add_message(draft, Actor::Customer(customer), ticket.goes_over())
        };
        if draft.class != MessageClass::Ordinary {
            return record(self);
        }
        let late = match self.status.stage() {
            Stage::Resolved => self.within_reopen_window().is_err(),
            Stage::Closed => {
                self.merged_into.is_some()
                    || !self.rules.reopen_closed
                    || self.within_reopen_window().is_err()
            }
            _ => false,
        };
        if late {
            let id = FollowUp::id_of(ticket.tenant(), ticket.id(), self.message_id(draft));
            self.push(Event::Linked {
                link: Link::FollowedBy,
                ticket: id,
            });
            self.decision.follow_up = Some(FollowUp {
                ticket: id,
                message: draft.clone(),
            });
            return Ok(());
        }
        record(self)?;
        self.wake_for_customer();
        Ok(())
    }

    /// A customer waits for the desk: a waiting ticket goes on, one that is done is reopened.
    pub(super) fn wake_for_customer(&mut self) {
        if !self.status.stage().is_work() {
            let reopens = !self.stage().is_backlog();
            self.reopened |= reopens;
            self.change_status(Status::work(self.reopened), Step::CustomerMessage, None);
        }
    }

    pub(super) fn desk_message(
        &mut self,
        ticket: &Ticket,
        author: Actor,
        draft: &Draft,
    ) -> Result<(), Refusal> {
        if self.status.stage() == Stage::Closed && draft.visibility == Visibility::Public {
            return Err(Refusal::Closed {
                what: "a public message",
            });
        }
        self.add_message(draft, author, ticket.goes_over())
    }

    pub(super) fn redact(&mut self, ticket: &Ticket, id: MessageId) -> Result<(), Refusal> {
        let message = ticket
            .message(id)
            .ok_or(Refusal::UnknownMessage { message: id })?;
        let is_done = message.redacted || self.decision.erased.contains(&message.body);
        if !is_done {
            self.push(Event::MessageRedacted { message: id });
            self.decision.erased.push(message.body);
            self.decision
                .erased
                .extend(message.attachments.iter().map(|file| file.name));
        }
        Ok(())
    }
}
