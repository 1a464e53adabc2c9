//! What each thing that a row says becomes: an event, nothing where it is so already, and an anomaly where a live desk would
//! have refused it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::id::{MessageId, Name, SessionId, derive};
use crate::store::UniqueKey;
use crate::ticket::{
    self, Attachment, Change, Command, ContentKind, Decision, Direction, Draft, Event, FieldValue,
    MessageAdded, Move, Pending, Refusal, Rules, SessionStep, Stage, Status, Step, Ticket,
    Visibility, event_of,
};
use crate::time::truncate;

use super::anomaly::AnomalyKind;
use super::history::Said;
use super::import::Work;

impl Work<'_> {
    pub(super) fn said(&mut self, said: &Said) {
        match said {
            Said::Status { to, label } => self.status(*to, label.as_ref()),
            Said::UnknownStatus => self.anomalies.add(AnomalyKind::UnknownState),
            Said::Change(change) => self.change(change),
            Said::Message(draft) => self.message(draft),
            Said::Noted(name) => self.anomalies.add(AnomalyKind::Noted(name.clone())),
        }
    }

    fn ask(&self, by: Actor, command: Command) -> Result<Decision, Refusal> {
        ask(&self.working.ticket, &self.rules, by, self.at, command)
    }

    fn status(&mut self, to: Status, label: Option<&Name>) {
        if label.is_some_and(|label| !self.rules.labels.contains_key(label)) {
            self.anomalies.add(AnomalyKind::UnknownLabel);
        }
        let ticket = &self.working.ticket;
        let (from, reopened) = (ticket.status(), ticket.is_reopened());
        let done = !from.stage().is_backlog();
        let to = match to {
            Status::Open => Status::work(reopened || done),
            Status::Reopened if !reopened && !done => {
                self.anomalies.add(AnomalyKind::ReopenWithoutResolution);
                Status::Open
            }
            Status::Pending(Pending::Scheduled { until }) => {
                let until = truncate(until);
                Status::Pending(Pending::Scheduled { until })
            }
            other => other,
        };
        let (step, movement) = step_to(from, to);
        if to == from {
            if label.is_some() && label != self.working.ticket.label() {
                self.push(Event::StatusChanged {
                    to,
                    step,
                    label: label.cloned(),
                });
            }
            return;
        }
        if let Err(refusal) = self.ask(Actor::System, Command::default().then(movement)) {
            self.anomalies
                .add(kind_of(&refusal, AnomalyKind::ReopenOfClosed));
        }
        if done && to.stage() == Stage::Pending {
            let (to, step) = (Status::Reopened, Step::Reopen); // a reopen and a pend, as live
            self.push(Event::StatusChanged {
                to,
                step,
                label: None,
            });
        }
        self.push(Event::StatusChanged {
            to,
            step,
            label: label.cloned(),
        });
    }

    fn change(&mut self, change: &Change) {
        if let Change::Session { id, step } = change {
            return self.session(*id, step, change);
        }
        if event_of(&self.working.ticket, change).is_none() || self.has_text_already(change) {
            return; // it is so already
        }
        if let Err(refusal) = self.ask(Actor::System, Command::change(change.clone())) {
            self.anomalies
                .add(kind_of(&refusal, AnomalyKind::ChangeAfterClose));
        }
        let mut kept = change.clone();
        if let Change::Field { name, value } = &mut kept {
            self.forget_field(name);
            *value = self.field(name, value.as_ref());
        }
        if let Change::Redact(message) = change {
            self.forget(*message);
            self.redacted.insert(*message);
        }
        if let Some(mut event) = event_of(&self.working.ticket, &kept) {
            if let (Event::Rated(rated), Change::Rate { kind, comment, .. }) = (&mut event, &kept) {
                rated.scale = self.rules.scales.of(*kind);
                if let Actor::Customer(customer) = self.by {
                    rated.customer = customer;
                }
                let text = |comment: &String| self.text(ContentKind::Comment, comment);
                rated.comment = comment.as_ref().map(text);
            }
            self.push(event);
        }
    }

    /// A step of a call, a chat or a conversation with a bot.
    fn session(&mut self, id: SessionId, step: &SessionStep, change: &Change) {
        if let Err(refusal) = self.ask(self.by, Command::change(change.clone())) {
            self.anomalies
                .add(kind_of(&refusal, AnomalyKind::ChangeAfterClose));
        }
        match step.event(self.by) {
            Some(what) => self.push(Event::Session { id, what }),
            None => self.anomalies.add(AnomalyKind::NoEffect),
        }
    }

    /// The value of a personal field becomes a content record.
    fn field(&mut self, name: &Name, value: Option<&FieldValue>) -> Option<FieldValue> {
        match value {
            Some(value) if self.rules.personal_fields.contains(name) => {
                let words = value.in_words();
                Some(match words {
                    Some(words) => FieldValue::Personal(self.text(ContentKind::Field, &words)),
                    None => value.clone(),
                })
            }
            other => other.cloned(),
        }
    }

    /// Whether a personal field is set to the value that it has: a log tells it on every row.
    fn has_text_already(&self, change: &Change) -> bool {
        let Change::Field {
            name,
            value: Some(value),
        } = change
        else {
            return false;
        };
        let words = value.in_words();
        let Some(FieldValue::Personal(kept)) = self.working.ticket.fields().get(name) else {
            return false;
        };
        let mut content = self.content.iter();
        content
            .any(|content| content.id == *kept && Some(content.text.as_str()) == words.as_deref())
    }

    /// The text of a personal field goes with its value.
    fn forget_field(&mut self, name: &Name) {
        if let Some(FieldValue::Personal(old)) = self.working.ticket.fields().get(name) {
            let old = *old;
            self.content.retain(|content| content.id != old);
        }
    }

    /// A text that was taken away is not kept.
    fn forget(&mut self, message: MessageId) {
        if let Some(message) = self.working.ticket.message(message) {
            let files = message.attachments.iter().map(|file| file.name);
            let gone: Vec<_> = files.chain([message.body]).collect();
            self.content.retain(|content| !gone.contains(&content.id));
        }
    }

    fn message(&mut self, draft: &Draft) {
        let id = self.message_id(draft);
        if !self.messages.insert(id) {
            self.anomalies.add(AnomalyKind::RepeatedMessage);
            return;
        }
        match self.ask(self.by, Command::say(draft.clone())) {
            Err(refusal) => {
                self.anomalies
                    .add(kind_of(&refusal, AnomalyKind::MessageAfterClose));
            }
            Ok(decision) if decision.follow_up.is_some() => {
                self.anomalies.add(AnomalyKind::LateMessage);
            }
            Ok(_) => {}
        }
        if let Some(external) = draft.known_as() {
            let key = UniqueKey::message(self.tenant, external);
            self.claims.push((key, self.working.ticket.id().uuid()));
        }
        let direction = match (draft.visibility, self.by) {
            (Visibility::Internal, _) => Direction::Internal,
            (Visibility::Public, Actor::Customer(_)) => Direction::Inbound,
            (Visibility::Public, _) => Direction::Outbound,
        };
        let body = self.text(ContentKind::Body, &draft.body);
        let attachments = draft.attachments.iter().map(|file| Attachment {
            name: self.text(ContentKind::FileName, &file.name),
            media_type: file.media_type.clone(),
            size: file.size,
            visibility: match draft.visibility {
                Visibility::Internal => Visibility::Internal,
                Visibility::Public => file.visibility,
            },
        });
        let attachments = attachments.collect();
        let channel = draft
            .channel
            .as_ref()
            .unwrap_or(self.working.ticket.goes_over())
            .clone();
        self.push(Event::MessageAdded(MessageAdded {
            id,
            author: self.by,
            channel,
            direction,
            visibility: draft.visibility,
            class: draft.class,
            body,
            attachments,
            recipients: draft.recipients.clone(),
        }));
        if self.redacted.contains(&id) {
            self.forget(id); // a log may tell that it was taken away before it tells what it said
            self.push(Event::MessageRedacted { message: id });
        }
    }

    /// The id that a live desk would give a message with this id outside; else one of its own.
    fn message_id(&self, draft: &Draft) -> MessageId {
        if let Some(external) = draft.known_as() {
            return MessageId::of_external(self.tenant, external);
        }
        let ticket = &self.working.ticket;
        MessageId::from_uuid(derive(&[
            b"imported message",
            self.tenant.uuid().as_bytes(),
            ticket.id().uuid().as_bytes(),
            &ticket.version().0.to_be_bytes(),
        ]))
    }
}

/// What a live desk would say to `command`. It is asked about, never obeyed.
pub(super) fn ask(
    ticket: &Ticket,
    rules: &Rules,
    by: Actor,
    at: DateTime<Utc>,
    command: Command,
) -> Result<Decision, Refusal> {
    let call = Call::with_id(Uuid::nil(), by, at).tenant(ticket.tenant());
    ticket::decide(ticket, rules, &call, at, &command)
}

/// By which step a ticket comes from one status to another, and how somebody would ask for it.
pub(super) fn step_to(from: Status, to: Status) -> (Step, Move) {
    let done = !from.stage().is_backlog();
    match to {
        Status::Pending(pending) => (Step::Pend, Move::Pend(pending)),
        Status::Resolved => (Step::Resolve, Move::Resolve),
        Status::Closed(reason) => (Step::Close, Move::Close(reason)),
        Status::Open | Status::Reopened if done => (Step::Reopen, Move::Reopen),
        Status::Open | Status::Reopened => (Step::Resume, Move::Resume),
    }
}

/// The anomaly that a refusal stands for; `closed` where it is that the ticket is closed.
pub(super) fn kind_of(refusal: &Refusal, closed: AnomalyKind) -> AnomalyKind {
    match refusal {
        Refusal::Closed { .. } => closed,
        Refusal::StepNotAllowed { .. } => AnomalyKind::StepNotAllowed,
        Refusal::ReopenWindowOver { .. } => AnomalyKind::ReopenWindowOver,
        Refusal::NotYours { .. } => AnomalyKind::NotYours,
        Refusal::CustomerNote => AnomalyKind::CustomerNote,
        Refusal::InThePast { .. } => AnomalyKind::PromiseInThePast,
        Refusal::WaitIsOver { .. } => AnomalyKind::WaitIsOver,
        Refusal::UnknownLabel { .. } => AnomalyKind::UnknownLabel,
        Refusal::UnknownMessage { .. } => AnomalyKind::UnknownMessage,
        Refusal::StoredFieldValue { .. } => AnomalyKind::StoredFieldValue,
        Refusal::TooLarge { .. } => AnomalyKind::TooLarge,
        _ => AnomalyKind::Refused,
    }
}
