//! What a command means for a ticket: events, or a refusal. Pure; reads no clock and touches no store.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{ContentId, CustomerId, MessageId, Name, TicketId, TicketNumber, derive};
use crate::time::micros;

use super::command::{Change, Command, Draft, Move, Open, Requester};
use super::content::{Content, ContentKind};
use super::conversation::{Attachment, Channel, Direction, MessageClass, Visibility};
use super::event::{Event, Link, MessageAdded, Opened, Recorded, Version};
use super::lifecycle::{Pending, Stage, Status, Step};
use super::refusal::Refusal;
use super::rules::{Label, Permission, Rules};
use super::{FieldValue, Priority, Ticket};

/// What a command leads to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// When it takes effect.
    pub at: DateTime<Utc>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// The texts that the events refer to.
    pub content: Vec<Content>,
    /// Texts to delete.
    pub erased: Vec<ContentId>,
    /// A customer's message that begins another ticket.
    pub follow_up: Option<FollowUp>,
}

/// A customer's message that came too late for its ticket, and begins a ticket of its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FollowUp {
    /// The new ticket's id: the same for the same message, so that a retry makes no second one.
    pub ticket: TicketId,
    /// The message.
    pub message: Draft,
}

impl Decision {
    fn at(at: DateTime<Utc>) -> Decision {
        Decision {
            at,
            events: Vec::new(),
            content: Vec::new(),
            erased: Vec::new(),
            follow_up: None,
        }
    }

    /// The events as the first of a new stream.
    pub fn recorded(&self, call: &Call) -> Vec<Recorded> {
        self.envelopes(Version::default(), call)
    }

    /// The events as the next of the ticket's stream.
    pub fn recorded_after(&self, ticket: &Ticket, call: &Call) -> Vec<Recorded> {
        self.envelopes(ticket.version(), call)
    }

    fn envelopes(&self, mut version: Version, call: &Call) -> Vec<Recorded> {
        let stamped_at = Some(call.at()).filter(|at| *at != self.at);
        let envelope = |event: &Event| {
            version = version.next();
            let (actor, cause, event) = (call.actor(), call.cause().cloned(), event.clone());
            Recorded {
                version,
                at: self.at,
                stamped_at,
                timing: None,
                actor,
                cause,
                event,
            }
        };
        self.events.iter().map(envelope).collect()
    }
}

/// What `open` means: a new ticket with this number. `known` is the customer behind the requester's address, where one is
/// known; otherwise the address gets a new one.
pub fn open(
    rules: &Rules,
    call: &Call,
    open: &Open,
    number: TicketNumber,
    known: Option<CustomerId>,
) -> Result<Decision, Refusal> {
    rules
        .permissions
        .check(call.actor().role(), Permission::Open)?;
    let (requester, address) = match (&open.requester, call.actor()) {
        (None, Actor::Customer(caller)) => (caller, None),
        (None, _) => {
            return Err(Refusal::Missing {
                what: "the requester",
            });
        }
        (Some(Requester::Customer(customer)), Actor::Customer(caller)) if *customer != caller => {
            return Err(Refusal::NotYours {
                ticket: open.id.unwrap_or(TicketId::from_uuid(Uuid::nil())),
            });
        }
        (Some(Requester::Customer(customer)), _) => (*customer, None),
        (Some(Requester::Address(address)), Actor::Customer(caller)) => (caller, Some(address)),
        (Some(Requester::Address(address)), _) => {
            let new = || {
                CustomerId::from_uuid(call.derived("customer", call.tenant_id().uuid(), number.0))
            };
            (known.unwrap_or_else(new), Some(address))
        }
    };
    let urgent = (open.priority != Priority::default()).then_some(Permission::Classify);
    let mut facts = open.changes.iter().map(Permission::of_change).chain(urgent);
    facts.try_for_each(|permission| rules.permissions.check(call.actor().role(), permission))?;
    let ticket = open
        .id
        .unwrap_or_else(|| TicketId::from_uuid(call.time_ordered("ticket", number.0)));
    let direction = if matches!(call.actor(), Actor::Customer(_)) {
        Direction::Inbound
    } else {
        open.direction
    };
    begin(
        rules,
        call,
        Beginning {
            open,
            ticket,
            number,
            requester,
            address,
            direction,
            after: None,
        },
    )
}

/// What a follow-up means: a new ticket with this number that begins with the customer's message.
pub fn follow_up(
    rules: &Rules,
    call: &Call,
    after: &Ticket,
    follow_up: &FollowUp,
    number: TicketNumber,
) -> Result<Decision, Refusal> {
    let open = Open::new("")
        .message(follow_up.message.clone())
        .priority(after.priority());
    let requester = match call.actor() {
        Actor::Customer(caller) => caller,
        _ => after.requester(),
    };
    let (ticket, direction) = (follow_up.ticket, Direction::Inbound);
    begin(
        rules,
        call,
        Beginning {
            open: &open,
            ticket,
            number,
            requester,
            address: None,
            direction,
            after: Some(after),
        },
    )
}

struct Beginning<'a> {
    open: &'a Open,
    ticket: TicketId,
    number: TicketNumber,
    requester: CustomerId,
    address: Option<&'a String>,
    direction: Direction,
    after: Option<&'a Ticket>,
}

fn begin(rules: &Rules, call: &Call, b: Beginning<'_>) -> Result<Decision, Refusal> {
    let mut work = Work::new(
        rules,
        call,
        call.at(),
        b.ticket,
        Version::default(),
        b.requester,
    );
    let subject = match b.after {
        Some(after) => after.subject(), // one subject, one record: erasing it erases both
        None => work.text(ContentKind::Subject, "the subject", &b.open.subject)?,
    };
    let address = b
        .address
        .map(|address| work.text(ContentKind::Address, "the address", address))
        .transpose()?;
    let channel = match (b.after, &b.open.message) {
        (Some(after), Some(draft)) => draft
            .channel
            .clone()
            .unwrap_or_else(|| after.channel().clone()),
        _ => b.open.channel.clone(),
    };
    work.push(Event::Opened(Opened {
        ticket: b.ticket,
        number: b.number,
        rulebook: rules
            .rulebook
            .unwrap_or_else(|| crate::id::RulebookId::from_uuid(Uuid::nil())),
        requester: b.requester,
        direction: b.direction,
        channel: channel.clone(),
        subject,
        address,
        priority: b.open.priority,
    }));
    if let Some(after) = b.after {
        work.push(Event::Linked {
            link: Link::FollowUpOf,
            ticket: after.id(),
        });
    }
    if let Some(draft) = &b.open.message {
        let author = match b.direction {
            Direction::Inbound => Actor::Customer(b.requester),
            _ => call.actor(),
        };
        work.add_message(draft, author, &channel)?;
    }
    work.limit("the list of changes", b.open.changes.len())?;
    let blank = Facts::default();
    for change in &b.open.changes {
        work.change(&blank, change)?;
    }
    Ok(work.decision)
}

/// What `command` at `at` means for this ticket. `at` is the call's instant, or the last event's where that is a little
/// later ([`Rules::effective`]).
///
/// A customer's message is never refused for the ticket's status: it wakes a waiting ticket, reopens a resolved one within
/// the reopen window, and otherwise begins a follow-up ticket. Thanks and automatic messages are recorded and move nothing.
pub fn decide(
    ticket: &Ticket,
    rules: &Rules,
    call: &Call,
    at: DateTime<Utc>,
    command: &Command,
) -> Result<Decision, Refusal> {
    rules.permit(ticket, call.actor(), command)?;
    let mut work = Work::new(
        rules,
        call,
        at,
        ticket.id(),
        ticket.version(),
        ticket.requester(),
    );
    work.status = ticket.status();
    work.label = ticket.label().cloned();
    work.reopened = ticket.is_reopened();
    work.resolved_at = ticket.resolved_at();

    if let Some(draft) = &command.message {
        match call.actor() {
            Actor::Customer(customer) => work.customer_message(ticket, customer, draft)?,
            author => work.desk_message(ticket, author, draft)?,
        }
    }
    work.limit("the list of changes", command.changes.len())?;
    let facts = Facts::of(ticket);
    for change in &command.changes {
        if work.status.stage() == Stage::Closed
            && !matches!(change, Change::LogTime { .. } | Change::Redact(_))
        {
            return Err(Refusal::Closed {
                what: "changing it",
            });
        }
        if let Change::Redact(id) = change {
            work.redact(ticket, *id)?;
        } else {
            work.change(&facts, change)?;
        }
    }
    if let Some(step) = &command.step {
        work.take(step)?;
    }
    Ok(work.decision)
}

/// The facts of a ticket that changes compare with.
#[derive(Default)]
struct Facts<'a> {
    ticket: Option<&'a Ticket>,
}

impl<'a> Facts<'a> {
    fn of(ticket: &'a Ticket) -> Facts<'a> {
        Facts {
            ticket: Some(ticket),
        }
    }
}

/// A decision in the making.
struct Work<'a> {
    rules: &'a Rules,
    call: &'a Call,
    ticket: TicketId,
    version: Version,
    requester: CustomerId,
    status: Status,
    label: Option<Name>,
    reopened: bool,
    resolved_at: Option<DateTime<Utc>>,
    texts: u64,
    decision: Decision,
}

impl<'a> Work<'a> {
    fn new(
        rules: &'a Rules,
        call: &'a Call,
        at: DateTime<Utc>,
        ticket: TicketId,
        version: Version,
        requester: CustomerId,
    ) -> Work<'a> {
        Work {
            rules,
            call,
            ticket,
            version,
            requester,
            status: Status::Open,
            label: None,
            reopened: false,
            resolved_at: None,
            texts: 0,
            decision: Decision::at(at),
        }
    }

    fn push(&mut self, event: Event) {
        self.decision.events.push(event);
    }

    fn limit(&self, what: &'static str, actual: usize) -> Result<(), Refusal> {
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
    fn text(
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
        // The version makes the id new for every command of a call that is used for several.
        let n = self.version.0 << 20 | self.texts;
        let id = ContentId::from_uuid(self.call.derived("content", self.ticket.uuid(), n));
        let about = match self.call.actor() {
            Actor::Customer(customer) => customer,
            _ => self.requester,
        };
        self.decision.content.push(Content {
            id,
            kind,
            about: Some(about),
            text: text.to_owned(),
        });
        Ok(id)
    }

    fn message_id(&self, draft: &Draft) -> MessageId {
        MessageId::from_uuid(match &draft.external_id {
            Some(external) => derive(&[
                b"message",
                self.call.tenant_id().uuid().as_bytes(),
                external.as_bytes(),
            ]),
            None => self
                .call
                .derived("message", self.ticket.uuid(), self.version.0),
        })
    }

    fn add_message(
        &mut self,
        draft: &Draft,
        author: Actor,
        channel: &Channel,
    ) -> Result<(), Refusal> {
        self.limit("the list of files", draft.attachments.len())?;
        let by_customer = matches!(author, Actor::Customer(_));
        if by_customer && draft.visibility == Visibility::Internal {
            return Err(Refusal::CustomerNote);
        }
        let direction = match draft.visibility {
            Visibility::Internal => Direction::Internal,
            Visibility::Public if by_customer => Direction::Inbound,
            Visibility::Public => Direction::Outbound,
        };
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
        }));
        Ok(())
    }

    /// A customer's message moves the ticket, unless it is thanks or automatic.
    fn customer_message(
        &mut self,
        ticket: &Ticket,
        customer: CustomerId,
        draft: &Draft,
    ) -> Result<(), Refusal> {
        let record = |work: &mut Work<'_>| {
            work.add_message(draft, Actor::Customer(customer), ticket.channel())
        };
        if draft.class != MessageClass::Ordinary {
            return record(self);
        }
        let late = match self.status.stage() {
            Stage::Resolved => self.within_reopen_window().is_err(),
            Stage::Closed => !self.rules.reopen_closed || self.within_reopen_window().is_err(),
            _ => false,
        };
        if late {
            let message = self.message_id(draft);
            let (tenant, closed, message) =
                (ticket.tenant().uuid(), ticket.id().uuid(), message.uuid());
            let parts: [&[u8]; 4] = [
                b"follow-up",
                tenant.as_bytes(),
                closed.as_bytes(),
                message.as_bytes(),
            ];
            let id = TicketId::from_uuid(derive(&parts));
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
        if !self.status.stage().is_work() {
            let reopens = matches!(self.status.stage(), Stage::Resolved | Stage::Closed);
            self.reopened |= reopens;
            self.change_status(Status::work(self.reopened), Step::CustomerMessage, None);
        }
        Ok(())
    }

    fn desk_message(
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
        self.add_message(draft, author, ticket.channel())
    }

    fn redact(&mut self, ticket: &Ticket, id: MessageId) -> Result<(), Refusal> {
        let message = ticket
            .message(id)
            .ok_or(Refusal::UnknownMessage { message: id })?;
        if !message.redacted {
            self.push(Event::MessageRedacted { message: id });
            self.decision.erased.push(message.body);
            self.decision
                .erased
                .extend(message.attachments.iter().map(|file| file.name));
        }
        Ok(())
    }

    /// A change of one fact; what is already so, in the ticket or by an earlier change of the command, is no event.
    fn change(&mut self, facts: &Facts<'_>, change: &Change) -> Result<(), Refusal> {
        let event = match change {
            Change::Assign { agent, team } => Event::Assigned {
                agent: *agent,
                team: *team,
            },
            Change::Priority(to) => Event::PriorityChanged { to: *to },
            Change::Type(to) => Event::TypeChanged { to: to.clone() },
            Change::AddTag(tag) => Event::TagAdded { tag: tag.clone() },
            Change::RemoveTag(tag) => Event::TagRemoved { tag: tag.clone() },
            Change::Field { name, value } => Event::FieldSet {
                name: name.clone(),
                value: self.field(name, value)?,
            },
            Change::LogTime { spent, activity } => Event::TimeLogged {
                spent: *spent,
                activity: activity.clone(),
            },
            Change::AddParticipant(customer) => Event::ParticipantAdded {
                customer: *customer,
            },
            Change::RemoveParticipant(customer) => Event::ParticipantRemoved {
                customer: *customer,
            },
            Change::Redact(message) => return Err(Refusal::UnknownMessage { message: *message }),
        };
        if let Some(ticket) = facts.ticket {
            self.limit("the set of tags", ticket.tags().len())?;
            self.limit("the set of fields", ticket.fields().len())?;
            self.limit("the set of participants", ticket.participants().len())?;
        }
        if !self.is_already(facts, &event) {
            self.push(event);
        }
        Ok(())
    }

    /// Whether `event` would change nothing: the last event of its subject in this command decides, else the ticket.
    fn is_already(&self, facts: &Facts<'_>, event: &Event) -> bool {
        let mut earlier = self.decision.events.iter().rev();
        let ticket = facts.ticket;
        match event {
            Event::Assigned { .. } => match earlier.find(|e| matches!(e, Event::Assigned { .. })) {
                Some(last) => last == event,
                None => {
                    let (agent, team) = ticket.map_or((None, None), |t| (t.agent(), t.team()));
                    *event == Event::Assigned { agent, team }
                }
            },
            Event::PriorityChanged { to } => {
                let last = earlier.find_map(|e| match e {
                    Event::PriorityChanged { to } => Some(*to),
                    Event::Opened(opened) => Some(opened.priority),
                    _ => None,
                });
                last.or(ticket.map(Ticket::priority)) == Some(*to)
            }
            Event::TypeChanged { to } => {
                match earlier.find(|e| matches!(e, Event::TypeChanged { .. })) {
                    Some(last) => last == event,
                    None => ticket.and_then(Ticket::kind) == to.as_ref(),
                }
            }
            Event::TagAdded { tag } | Event::TagRemoved { tag } => {
                let last = earlier.find_map(|e| match e {
                    Event::TagAdded { tag: t } if t == tag => Some(true),
                    Event::TagRemoved { tag: t } if t == tag => Some(false),
                    _ => None,
                });
                let is = last.unwrap_or_else(|| ticket.is_some_and(|t| t.tags().contains(tag)));
                is == matches!(event, Event::TagAdded { .. })
            }
            Event::FieldSet { name, value } => {
                let last = earlier.find_map(|e| match e {
                    Event::FieldSet { name: n, value } if n == name => Some(value.as_ref()),
                    _ => None,
                });
                last.unwrap_or_else(|| ticket.and_then(|t| t.fields().get(name))) == value.as_ref()
            }
            Event::ParticipantAdded { customer } | Event::ParticipantRemoved { customer } => {
                let last = earlier.find_map(|e| match e {
                    Event::ParticipantAdded { customer: c } if c == customer => Some(true),
                    Event::ParticipantRemoved { customer: c } if c == customer => Some(false),
                    _ => None,
                });
                let is = last
                    .unwrap_or_else(|| ticket.is_some_and(|t| t.participants().contains(customer)));
                is == matches!(event, Event::ParticipantAdded { .. })
            }
            _ => false,
        }
    }

    /// The value to record: a text of a personal field becomes a content record.
    fn field(
        &mut self,
        name: &Name,
        value: &Option<FieldValue>,
    ) -> Result<Option<FieldValue>, Refusal> {
        match value {
            Some(FieldValue::Personal(content)) => {
                Err(Refusal::StoredFieldValue { content: *content })
            }
            Some(FieldValue::Text(text)) if self.rules.personal_fields.contains(name) => self
                .text(ContentKind::Field, "the field's text", text)
                .map(|id| Some(FieldValue::Personal(id))),
            Some(FieldValue::Text(text)) if text.len() > self.rules.max_text => {
                let (actual, limit) = (text.len(), self.rules.max_text);
                Err(Refusal::TooLarge {
                    what: "the field's text",
                    actual,
                    limit,
                })
            }
            other => Ok(other.clone()),
        }
    }

    fn take(&mut self, step: &Move) -> Result<(), Refusal> {
        match step {
            Move::Pend(reason) => self.pend(*reason, None),
            Move::Resume => self.walk(Step::Resume, None),
            Move::Resolve => self.walk(Step::Resolve, None),
            Move::Reopen => self.reopen(None),
            Move::Close(reason) => self.close(*reason, None),
            Move::Label(name) => self.take_label(name),
        }
    }

    /// The step that leads to the label's status, or a new label alone where the status is that already.
    fn take_label(&mut self, name: &Name) -> Result<(), Refusal> {
        let known = || self.rules.labels.keys().cloned().collect();
        let target = *self
            .rules
            .labels
            .get(name)
            .ok_or_else(|| Refusal::UnknownLabel {
                label: name.clone(),
                known: known(),
            })?;
        let label = Some(name.clone());
        match (target, self.status) {
            (Label::Work, status) if status.stage().is_work() => {
                self.relabel(label, Step::Resume);
                Ok(())
            }
            (Label::Work, status) if status.stage() == Stage::Pending => {
                self.walk(Step::Resume, label)
            }
            (Label::Work, _) => self.reopen(label),
            (Label::Pending(reason), _) => self.pend(reason, label),
            (Label::Resolved, Status::Resolved) => {
                self.relabel(label, Step::Resolve);
                Ok(())
            }
            (Label::Resolved, _) => self.walk(Step::Resolve, label),
            (Label::Closed(reason), _) => self.close(reason, label),
        }
    }

    fn pend(&mut self, reason: Pending, label: Option<Name>) -> Result<(), Refusal> {
        if let Pending::Scheduled { until } = reason
            && until <= self.decision.at
        {
            return Err(Refusal::WaitIsOver {
                until,
                at: self.decision.at,
            });
        }
        self.check(Step::Pend)?;
        if self.status.stage() == Stage::Resolved {
            self.reopen(None)?;
        }
        let to = Status::Pending(truncated(reason));
        if self.status == to {
            self.relabel(label, Step::Pend);
        } else {
            self.change_status(to, Step::Pend, label);
        }
        Ok(())
    }

    fn reopen(&mut self, label: Option<Name>) -> Result<(), Refusal> {
        self.check(Step::Reopen)?;
        if self.status.stage() == Stage::Closed && !self.rules.reopen_closed {
            return Err(Refusal::Closed { what: "reopening" });
        }
        self.within_reopen_window()?;
        self.reopened = true;
        self.change_status(Status::Reopened, Step::Reopen, label);
        Ok(())
    }

    fn close(&mut self, reason: super::CloseReason, label: Option<Name>) -> Result<(), Refusal> {
        self.check(Step::Close)?;
        self.change_status(Status::Closed(reason), Step::Close, label);
        Ok(())
    }

    /// A step without particulars.
    fn walk(&mut self, step: Step, label: Option<Name>) -> Result<(), Refusal> {
        let to = match self.check(step)? {
            Stage::Resolved => Status::Resolved,
            _ => Status::work(self.reopened),
        };
        self.change_status(to, step, label);
        Ok(())
    }

    /// The table's answer.
    fn check(&self, step: Step) -> Result<Stage, Refusal> {
        let stage = self.status.stage();
        let refuse = || Refusal::StepNotAllowed {
            stage,
            step,
            allowed: stage.steps(),
        };
        stage.after(step, self.reopened).ok_or_else(refuse)
    }

    fn within_reopen_window(&self) -> Result<(), Refusal> {
        let (window, at) = (self.rules.reopen_window, self.decision.at);
        match self.resolved_at {
            Some(resolved_at)
                if micros(at).saturating_sub(micros(resolved_at)) > window.micros() =>
            {
                Err(Refusal::ReopenWindowOver {
                    resolved_at,
                    window,
                    at,
                })
            }
            _ => Ok(()),
        }
    }

    fn relabel(&mut self, label: Option<Name>, step: Step) {
        if self.label != label && label.is_some() {
            self.change_status(self.status, step, label);
        }
    }

    fn change_status(&mut self, to: Status, step: Step, label: Option<Name>) {
        self.status = to;
        self.label.clone_from(&label);
        self.push(Event::StatusChanged { to, step, label });
    }
}

fn truncated(reason: Pending) -> Pending {
    match reason {
        Pending::Scheduled { until } => Pending::Scheduled {
            until: crate::time::truncate(until),
        },
        other => other,
    }
}
