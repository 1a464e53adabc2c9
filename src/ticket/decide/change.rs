//! Changes of facts. What is already so, in the ticket or by an earlier change of the command, is no event.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{AgentId, CustomerId, Name, TeamId};
use crate::ticket::command::Change;
use crate::ticket::content::ContentKind;
use crate::ticket::conversation::Channel;
use crate::ticket::event::Event;
use crate::ticket::rating::{Rated, RatingKind, Scales};
use crate::ticket::refusal::Refusal;
use crate::ticket::{FieldValue, Priority, Ticket};
use crate::time::truncate;

use super::work::Work;

/// The facts of a ticket as the changes so far make them.
#[derive(Default)]
pub(super) struct Facts {
    in_charge: (Option<AgentId>, Option<TeamId>),
    priority: Priority,
    kind: Option<Name>,
    tags: BTreeSet<Name>,
    fields: BTreeMap<Name, FieldValue>,
    participants: BTreeSet<CustomerId>,
    goes_over: Option<Channel>,
    /// How many tags, fields and participants there were before the command.
    before: [usize; 3],
}

impl Facts {
    /// Of a ticket that begins.
    pub(super) fn new(priority: Priority) -> Facts {
        Facts {
            priority,
            ..Facts::default()
        }
    }

    /// The same, where the message that comes first let these take part.
    pub(super) fn with(mut self, participants: &BTreeSet<CustomerId>) -> Facts {
        self.participants.clone_from(participants);
        self
    }

    /// Of a ticket as it stands.
    pub(super) fn of(ticket: &Ticket) -> Facts {
        Facts {
            in_charge: (ticket.agent(), ticket.team()),
            priority: ticket.priority(),
            kind: ticket.kind().cloned(),
            tags: ticket.tags().clone(),
            fields: ticket.fields().clone(),
            participants: ticket.participants().clone(),
            goes_over: Some(ticket.goes_over().clone()),
            before: [
                ticket.tags().len(),
                ticket.fields().len(),
                ticket.participants().len(),
            ],
        }
    }

    /// The event of a change, or `None` where it changes nothing.
    fn meet(&mut self, change: &Change) -> Option<Event> {
        match change {
            Change::Assign { agent, team } => {
                set(&mut self.in_charge, &(*agent, *team)).then_some(Event::Assigned {
                    agent: *agent,
                    team: *team,
                })
            }
            Change::Priority(to) => {
                set(&mut self.priority, to).then_some(Event::PriorityChanged { to: *to })
            }
            Change::Type(to) => {
                set(&mut self.kind, to).then(|| Event::TypeChanged { to: to.clone() })
            }
            Change::AddTag(tag) => self
                .tags
                .insert(tag.clone())
                .then(|| Event::TagAdded { tag: tag.clone() }),
            Change::RemoveTag(tag) => self
                .tags
                .remove(tag)
                .then(|| Event::TagRemoved { tag: tag.clone() }),
            Change::Field { name, value } => {
                let before = match value {
                    Some(value) => self.fields.insert(name.clone(), value.clone()),
                    None => self.fields.remove(name),
                };
                let event = || Event::FieldSet {
                    name: name.clone(),
                    value: value.clone(),
                };
                (before != *value).then(event)
            }
            Change::Continue(to) => set(&mut self.goes_over, &Some(to.clone()))
                .then(|| Event::ChannelChanged { to: to.clone() }),
            Change::LogTime { spent, activity } => Some(Event::TimeLogged {
                spent: *spent,
                activity: activity.clone(),
            }),
            Change::AddParticipant(customer) => {
                self.participants
                    .insert(*customer)
                    .then_some(Event::ParticipantAdded {
                        customer: *customer,
                    })
            }
            Change::RemoveParticipant(customer) => {
                self.participants
                    .remove(customer)
                    .then_some(Event::ParticipantRemoved {
                        customer: *customer,
                    })
            }
            Change::PromiseUpdate(due) => Some(Event::UpdatePromised {
                due: truncate(*due),
            }),
            Change::EstimateResolution(at) => {
                Some(Event::ResolutionEstimated { at: truncate(*at) })
            }
            Change::Redact(message) => Some(Event::MessageRedacted { message: *message }),
            Change::Surveyed(rated) => Some(Event::Rated(*rated)),
            Change::Rate { .. } | Change::Session { .. } => None, // see `Rated::of` and `Work::session`
        }
    }
}

/// What a change of `ticket` is as an event; `None` where it is so already. The text of a personal field is taken as it stands.
pub(crate) fn event_of(ticket: &Ticket, change: &Change) -> Option<Event> {
    match change {
        Change::Rate { kind, mark, .. } => {
            let scale = Scales::default().of(*kind);
            Some(Event::Rated(Rated::of(ticket, (*kind, *mark), scale)))
        }
        Change::Redact(id) if ticket.message(*id).is_some_and(|known| known.redacted) => None,
        other => Facts::of(ticket).meet(other),
    }
}

fn set<T: PartialEq + Clone>(place: &mut T, value: &T) -> bool {
    let differs = place != value;
    place.clone_from(value);
    differs
}

impl Work<'_> {
    /// No set of the ticket grows beyond the limit. One that lies beyond it already, by a rule or an import, may stay so.
    pub(super) fn check_sets(&self, facts: &Facts) -> Result<(), Refusal> {
        let [tags, fields, participants] = facts.before;
        self.check_grown("the set of tags", tags, facts.tags.len())?;
        self.check_grown("the set of fields", fields, facts.fields.len())?;
        self.check_participants(participants, facts.participants.len())
    }

    /// The same of those who take part.
    pub(super) fn check_participants(&self, before: usize, now: usize) -> Result<(), Refusal> {
        self.check_grown("the set of participants", before, now)
    }

    fn check_grown(&self, what: &'static str, before: usize, now: usize) -> Result<(), Refusal> {
        if now > before {
            self.limit(what, now)
        } else {
            Ok(())
        }
    }

    /// A change of one fact; see [`Work::redact`] for messages.
    pub(super) fn change(&mut self, facts: &mut Facts, change: &Change) -> Result<(), Refusal> {
        if let Change::PromiseUpdate(due) | Change::EstimateResolution(due) = change
            && truncate(*due) <= self.decision.at
        {
            return Err(Refusal::InThePast {
                promised: *due,
                at: self.decision.at,
            });
        }
        if let Change::Field { name, .. } = change
            && let Some(FieldValue::Personal(old)) = facts.fields.get(name)
        {
            self.decision.erased.push(*old); // its text goes with the value
        }
        let event = match change {
            Change::Redact(message) => return Err(Refusal::UnknownMessage { message: *message }),
            Change::Rate { .. } => return Err(Refusal::NothingToRate),
            Change::Field {
                name,
                value: Some(value),
            } => {
                if !self.rules.causes.allow(name, value) {
                    return Err(Refusal::unknown_cause(value, &self.rules.causes));
                }
                let value = Some(self.field(name, value)?);
                facts.meet(&Change::Field {
                    name: name.clone(),
                    value,
                })
            }
            other => facts.meet(other),
        };
        event.into_iter().for_each(|event| self.push(event));
        Ok(())
    }

    /// How the customer rated the help; see [`Rated`] for whom it is credited to.
    pub(super) fn rate(
        &mut self,
        ticket: &Ticket,
        (kind, mark): (RatingKind, u8),
        comment: Option<&str>,
    ) -> Result<(), Refusal> {
        let scale = self.rules.scales.of(kind);
        if !scale.has(mark) {
            return Err(Refusal::NotOnScale { mark, kind, scale });
        }
        let mut rated = Rated::of(ticket, (kind, mark), scale);
        rated.customer = self.customer().unwrap_or(rated.customer);
        if let Some(comment) = comment {
            rated.comment = Some(self.text(ContentKind::Comment, "the comment", comment)?);
        }
        self.push(Event::Rated(rated));
        Ok(())
    }

    /// The value to record: that of a personal field becomes a content record.
    fn field(&mut self, name: &Name, value: &FieldValue) -> Result<FieldValue, Refusal> {
        let words = value.in_words();
        let words = words.filter(|_| self.rules.personal_fields.contains(name));
        if let Some(words) = words {
            let kept = self.text(ContentKind::Field, "the field's text", &words);
            return kept.map(FieldValue::Personal);
        }
        match value {
            FieldValue::Personal(content) => Err(Refusal::StoredFieldValue { content: *content }),
            FieldValue::Text(text) if text.len() > self.rules.max_text => Err(Refusal::TooLarge {
                what: "the field's text",
                actual: text.len(),
                limit: self.rules.max_text,
            }),
            other => Ok(other.clone()),
        }
    }
}
