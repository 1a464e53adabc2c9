//! What a decision about something beside tickets writes: its stream, the ticket it changes, and what goes with them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::aggregate::{Decided, Notice, StreamKind};
use crate::call::Actor;
use crate::customer::Person;
use crate::error::Error;
use crate::id::{CustomerId, TicketId, derive};
use crate::rulebook::Governed;
use crate::store::{
    Commit, IdempotencyKey, IdempotencyRecord, OutboxMessage, Outgoing, Part, Snapshot,
    StreamEvent, StreamId,
};
use crate::ticket::{Change, Command, Recorded, Rules, Ticket, Version, envelopes};

use super::super::once::idempotency_key;
use super::super::plan::{Known, Plan, Request, plan};
use super::{Own, Ready, Tell, Told};

impl<A: Governed> Tell<A>
where
    A::Event: StreamEvent,
    A::Id: Serialize,
{
    pub(super) fn commit_of(
        &self,
        own: Own<A>,
        at: DateTime<Utc>,
        decided: Decided<A::Event>,
    ) -> Result<Ready<A>, Error> {
        let mut commit = match &decided.ticket {
            None => Commit::new(self.tenant(), at, Vec::new()),
            Some((ticket, changes)) => match self.about_ticket(*ticket, changes)? {
                (commit, true) => commit,
                (commit, false) => return Ok((commit, None)), // the rest follows what had fallen due
            },
        };
        let events = self.recorded(own.version, at, decided.events);
        let rules = self.rulebooks.current(self.tenant()).tickets();
        let mut state = own.state;
        for event in &events {
            A::apply(&mut state, event);
        }
        let until = events.last().map_or(own.version, |event| event.version);
        let part = Part::append(self.stream(), own.version, events.clone());
        commit.parts.push(part);
        self.beside(&mut commit, at, (decided.beside, rules))?;
        for (kind, id, version) in self.around.versions() {
            let stream = StreamId {
                tenant: self.tenant(),
                kind,
                id,
            };
            if commit.parts.iter().any(|part| part.stream == stream) {
                continue;
            }
            match self.caught_up.get(&id) {
                Some((_, fallen_due)) if kind == StreamKind::Ticket => {
                    commit.parts.extend(fallen_due.commit.parts.iter().cloned());
                    let messages = fallen_due.commit.outbox.iter().cloned();
                    commit.outbox.extend(messages);
                }
                _ => commit.parts.push(Part::check(stream, version)),
            }
        }
        commit.content.extend(decided.content);
        commit.erased.extend(decided.erased);
        let owner: Uuid = self.id.into();
        commit
            .unique
            .extend(decided.claimed.into_iter().map(|key| (key, owner)));
        commit
            .freed
            .extend(decided.freed.into_iter().map(|key| (key, owner)));
        commit.moved = decided.moved;
        let notices = decided.notices.iter();
        commit
            .outbox
            .extend(notices.map(|notice| self.message(notice, at)));
        let actions = commit.outbox.clone();
        commit.idempotency =
            idempotency_key(&self.call).map(|key| self.record(key, own.version, until));
        let state = state.ok_or_else(|| Error::nothing(A::KIND, owner))?;
        let told = Told {
            id: self.id,
            state,
            version: until,
            events,
            actions,
            replayed: false,
        };
        Ok((commit, Some(Box::new(told))))
    }

    /// Changes of a ticket that come with the decision, as a commit of their own, and whether they are in it.
    fn about_ticket(&self, id: TicketId, changes: &[Change]) -> Result<(Commit, bool), Error> {
        let ticket = self.around.ticket(id);
        let as_loaded = self.caught_up.get(&id.uuid());
        let as_loaded = as_loaded.map(|(as_loaded, _)| as_loaded.clone()); // the plan lets time pass itself
        // Surveys alone change tickets: the id is a customer's, and the ticket may be hers under another one.
        let told: Uuid = self.id.into();
        let told = Person::behind(CustomerId::from_uuid(told), &self.around);
        let hers = match self.call.actor() {
            Actor::Customer(speaker) => Some(told).filter(|told| told.has(speaker)),
            _ => None,
        };
        let known = Known {
            ticket: as_loaded.or_else(|| ticket.cloned().map(Snapshot::of)),
            customer: hers.map(|person| person.id),
            profile: hers.and_then(|person| person.profile).cloned(),
            ..Known::default()
        };
        let command = changes
            .iter()
            .cloned()
            .fold(Command::default(), Command::and);
        let request = Request::Submit(id, command);
        let call = self.call.clone().without_key();
        match plan(&request, &known, &self.rulebooks, &call)? {
            Plan::Commit(planned) => Ok((planned.commit, planned.complete)),
            _ => Err(Error::misused("a change of a ticket is always a commit")),
        }
    }

    fn beside(
        &self,
        commit: &mut Commit,
        at: DateTime<Utc>,
        (beside, rules): (Vec<(Uuid, A::Event)>, &Rules),
    ) -> Result<(), Error> {
        for (id, event) in beside {
            let unseen = || Error::misused("a decision writes only streams that it looked at");
            let seen = self.around.versions();
            let version = seen
                .filter(|(kind, other, _)| (*kind, *other) == (A::KIND, id))
                .map(|(.., version)| version)
                .next()
                .ok_or_else(unseen)?;
            let stream = StreamId::of::<A>(self.tenant(), A::Id::from(id));
            // Each stream has its own order of time.
            let at = match self.around.last(A::KIND, id) {
                Some(last) => rules.effective(self.call.at(), last)?.max(at),
                None => at,
            };
            let events = self.recorded(version, at, vec![event]);
            commit.parts.push(Part::append(stream, version, events));
        }
        Ok(())
    }

    fn recorded(
        &self,
        after: Version,
        at: DateTime<Utc>,
        events: Vec<A::Event>,
    ) -> Vec<Recorded<A::Event>> {
        envelopes(events.into_iter(), at, after, &self.call).collect()
    }

    fn message(&self, notice: &Notice, at: DateTime<Utc>) -> OutboxMessage {
        let id = derive(&[
            b"survey",
            self.tenant().uuid().as_bytes(),
            notice.ticket.uuid().as_bytes(),
            notice.survey.as_str().as_bytes(),
            &notice.cycle.to_be_bytes(),
        ]);
        let what = Outgoing::Survey {
            survey: notice.survey.clone(),
            cycle: notice.cycle,
        };
        let about = (notice.ticket, notice.customer);
        let ticket = self.around.ticket(notice.ticket);
        OutboxMessage::new(id, self.tenant(), about, at, what)
            .in_charge(ticket.map(Ticket::holder).unwrap_or_default())
    }

    fn record(&self, key: IdempotencyKey, after: Version, until: Version) -> IdempotencyRecord {
        IdempotencyRecord {
            key,
            at: self.call.at(),
            fingerprint: self.fingerprint(),
            stream: self.stream(),
            after,
            until,
        }
    }

    /// A digest of what is said of whom.
    pub(super) fn fingerprint(&self) -> Uuid {
        let id: Uuid = self.id.into();
        let text = serde_json::to_vec(&self.command).unwrap_or_default();
        let kind = A::KIND.code().to_be_bytes();
        derive(&[b"tell", &kind, id.as_bytes(), &text])
    }
}
