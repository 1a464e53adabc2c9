//! One request, as a conversation without I/O: it says what it needs, and is given the answer.
//!
//! Whoever drives it does the I/O: [`Desk`](super::Desk) with a [`Store`](crate::store::Store), or a host that keeps
//! tickets in its own database and wants the commit in its own transaction.
//!
//! ```
//! use std::sync::Arc;
//! use helpdesk::{Actor, Call, Open, Rulebook, id::AgentId};
//! use helpdesk::desk::{Need, Operation, Request};
//! use helpdesk::rulebook::Rulebooks;
//! use helpdesk::store::{MemoryStore, Store};
//!
//! let store = MemoryStore::new();
//! let rulebooks = Arc::new(Rulebooks::new(Rulebook::starter()));
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let mut operation = Operation::new(rulebooks, call, Request::Open(Open::new("Printer on fire").from("ann@example.com")));
//! loop {
//!     match operation.need() {
//!         Need::Load(load) => { let loaded = store.load(load)?; operation.loaded(loaded)? }
//!         Need::Commit(commit) => { let done = store.commit(commit); operation.committed(done)? }
//!         Need::Nothing => break,
//!     }
//! }
//! assert_eq!(operation.finish()?.number().0, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::aggregate::Aggregate;
use crate::call::Call;
use crate::customer::{self, Profile};
use crate::error::Error;
use crate::id::{CustomerId, MessageId, TicketId, TicketNumber};
use crate::rulebook::Rulebooks;
use crate::store::{
    Commit, IdempotencyRecord, Load, Loaded, NoTicket, OutboxMessage, Snapshot, StoreError,
    StoreErrorKind, StreamId,
};
use crate::ticket::{self, FollowUp, Refusal, Ticket, Version};

use super::first_load::{address, external_id, first_load, meant, stream_ticket, ticket_of};
use super::known::whose_profile;
use super::once::in_time;
use super::plan::{Known, Plan, Planned, Request, no_number, plan};
use super::tries::Tries;
use super::{Conversation, Need, Outcome};

/// One request on its way; see the module for how to drive it.
#[derive(Debug)]
pub struct Operation {
    rulebooks: Arc<Rulebooks>,
    call: Call,
    request: Request,
    latest: Option<DateTime<Utc>>,
    /// The tickets in which a message of the request may stand: the one it names, and where that goes on.
    meant: Vec<TicketId>,
    tries: Tries,
    rounds: u32,
    /// Whether the store may tell what it wrote last, and need not look whether others wrote since.
    as_kept: bool,
    /// The profiles that were looked at since the last try, and the number that was given then.
    profiles: Vec<(CustomerId, Version, Option<Profile>)>,
    /// What is known of who says again what another ticket has.
    speaker: Known,
    number: Option<TicketNumber>,
    /// The events that earlier commits of this operation recorded.
    earlier: Vec<crate::ticket::Recorded>,
    /// The messages that those commits sent.
    told: Vec<OutboxMessage>,
    state: State,
}

#[derive(Debug)]
enum State {
    Loading(Load),
    Committing(Box<Planned>),
    /// It was done before; the ticket is loaded to tell what happened then.
    Recalling(Load, Option<IdempotencyRecord>),
    Done(Box<Outcome>),
    /// It went wrong, or is being worked on.
    Over,
}

/// How many commits the catch-up of one ticket may take, and how often a decision may ask for more.
pub(super) const MAX_ROUNDS: u32 = 256;

impl Operation {
    /// `request`, said by `call`.
    pub fn new(rulebooks: Arc<Rulebooks>, call: Call, request: Request) -> Operation {
        Operation::begin(rulebooks, call, request, false)
    }

    /// The same, which may decide on what the store wrote last: for who commits through that store, where a conflict costs nothing but
    /// another look.
    pub(super) fn deciding_as_kept(
        rulebooks: Arc<Rulebooks>,
        call: Call,
        request: Request,
    ) -> Operation {
        Operation::begin(rulebooks, call, request, true)
    }

    fn begin(rulebooks: Arc<Rulebooks>, call: Call, request: Request, as_kept: bool) -> Operation {
        let load = first_load(&call, &request, as_kept);
        Operation {
            rulebooks,
            call,
            request,
            latest: None,
            meant: Vec::new(),
            tries: Tries::many(),
            rounds: 0,
            as_kept,
            profiles: Vec::new(),
            speaker: Known::default(),
            number: None,
            earlier: Vec::new(),
            told: Vec::new(),
            state: State::Loading(load),
        }
    }

    /// The same operation, refusing a stamp after `latest`. What was done before under its key is told again all the same.
    #[must_use]
    pub fn accepting_until(mut self, latest: Option<DateTime<Utc>>) -> Operation {
        self.latest = latest;
        self
    }

    /// What is needed next.
    pub fn need(&self) -> Need<'_> {
        match &self.state {
            State::Loading(load) | State::Recalling(load, _) => Need::Load(load),
            State::Committing(planned) => Need::Commit(&planned.commit),
            State::Done(_) | State::Over => Need::Nothing,
        }
    }

    /// Tells what was loaded. An error ends the operation; nothing was written.
    pub fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Loading(load) if loaded.as_kept.is_none() => self.decide(load, loaded),
            State::Loading(load) => self.decide_as_kept(load, loaded),
            State::Recalling(mut load, record) => {
                let mut streams = loaded.streams.into_iter().map(|s| s.events.into_ticket());
                let events = streams.next().unwrap_or_default();
                let ticket = stream_ticket(&load);
                let mut outcome = Outcome::recalled(
                    &self.rulebooks,
                    &self.call,
                    (ticket, &self.request),
                    events,
                    record.as_ref(),
                )?;
                if record.is_none() && !self.is_same_conversation(outcome.ticket()) {
                    return Err(Refusal::MessageKnown.into());
                }
                match (streams.next(), outcome.began()) {
                    (Some(begun), _) => outcome.said_in(&begun),
                    (None, Some(begun)) => {
                        let stream = StreamId::ticket(self.call.tenant_id(), begun);
                        load.streams.push(stream);
                        self.state = State::Recalling(load, record);
                        return Ok(());
                    }
                    (None, None) => {}
                }
                let external = external_id(&self.request);
                outcome.knows(external.map(|id| MessageId::of_external(self.call.tenant_id(), id)));
                self.state = State::Done(Box::new(outcome));
                Ok(())
            }
            as_before => {
                self.state = as_before;
                Err(Error::misused(
                    "nothing was to be loaded; ask the operation what it needs",
                ))
            }
        }
    }

    /// Tells how the commit went. After a conflict the operation loads and decides again; any other error ends it, and
    /// whether the commit was written is then unknown unless the store says: ask again under the same idempotency key.
    pub fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        let planned = match std::mem::replace(&mut self.state, State::Over) {
            State::Committing(planned) => planned,
            as_before => {
                self.state = as_before;
                return Err(Error::misused(
                    "nothing was to be committed; ask the operation what it needs",
                ));
            }
        };
        match result {
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                self.as_kept = false;
                self.tries.again()?;
            }
            Err(error) => return Err(error.into()),
            Ok(()) if !planned.complete => {
                let Commit { parts, outbox, .. } = planned.commit;
                // The first part is the ticket's that the outcome tells of.
                let first = parts.into_iter().take(1);
                self.earlier
                    .extend(first.flat_map(|part| part.events.into_ticket()));
                self.told.extend(outbox);
                self.rounds += 1;
                if self.rounds >= MAX_ROUNDS {
                    return Err(Error::runaway(planned.ticket.id(), self.earlier.len()));
                }
            }
            Ok(()) => {
                let earlier = std::mem::take(&mut self.earlier);
                let mut planned = *planned;
                self.told.append(&mut planned.commit.outbox);
                planned.commit.outbox = std::mem::take(&mut self.told);
                let outcome = Outcome::committed(&self.rulebooks, &self.call, planned, earlier)?;
                self.state = State::Done(Box::new(outcome));
                return Ok(());
            }
        }
        self.begin_again();
        Ok(())
    }

    fn begin_again(&mut self) {
        self.profiles.clear();
        self.number = None;
        let load = first_load(&self.call, &self.request, self.as_kept);
        self.state = State::Loading(load);
    }

    /// The outcome, once nothing is needed any more.
    pub fn finish(self) -> Result<Outcome, Error> {
        match self.state {
            State::Done(outcome) => Ok(*outcome),
            _ => Err(Error::misused(
                "the operation is not at its end; ask it what it needs",
            )),
        }
    }

    /// Whether a known message may be answered with the ticket that has it: it is the ticket of the request, or the follow-up
    /// that the message began, whatever became of the link since; and the caller reaches it.
    fn is_same_conversation(&self, holder: &Ticket) -> bool {
        let speaker = self.speaker.speaker(holder, self.call.actor());
        let reached = ticket::Rules::reach(holder, speaker).is_ok();
        let tenant = self.call.tenant_id();
        let message = external_id(&self.request).map(|id| MessageId::of_external(tenant, id));
        let follows = |ticket: &TicketId| {
            message.is_some_and(|id| FollowUp::id_of(tenant, *ticket, id) == holder.id())
        };
        match &self.request {
            // That the caller may speak in the ticket that was meant, or in one that goes on in it, was asked before.
            Request::Submit(..) => {
                self.meant.contains(&holder.id()) || reached && self.meant.iter().any(follows)
            }
            _ => reached,
        }
    }

    /// Decides on what the store wrote last. A commit tells whether others wrote since; whatever else comes out may be out of date, and is
    /// looked at again.
    fn decide_as_kept(&mut self, load: Load, loaded: Loaded) -> Result<(), Error> {
        let as_kept = loaded.as_kept;
        let decided = self.decide(load, loaded);
        match &mut self.state {
            State::Committing(planned) if decided.is_ok() => {
                planned.commit.as_kept = as_kept;
            }
            State::Loading(_) if decided.is_ok() => {} // it is looked at with the rest
            _ => {
                self.as_kept = false;
                self.begin_again();
            }
        }
        Ok(())
    }

    fn decide(&mut self, mut load: Load, mut loaded: Loaded) -> Result<(), Error> {
        self.take_profile(&mut load, &mut loaded);
        let stamped = !matches!(self.request, Request::Sweep(_)); // a sweep's instant is the host's own
        if stamped && loaded.idempotency.is_none() {
            in_time(&self.call, self.latest)?;
        }
        let (mut ticket, mut others) = (None, BTreeMap::new());
        for (n, stream) in load.streams.iter().enumerate() {
            match loaded.take_ticket(*stream) {
                Ok(found) if n == 0 => ticket = found,
                Ok(found) => others.extend(found.map(|other| (other.ticket.id(), other))),
                Err(NoTicket::OtherFold) if load.snapshots => {
                    self.state = State::Loading(Load {
                        snapshots: false,
                        ..load
                    });
                    return Ok(());
                }
                Err(_) => return Err(Error::not_a_history(ticket_of(stream))),
            }
        }
        // A text that the store does not tell is asked for once: nobody knows it then.
        let told = std::mem::take(&mut loaded.content).into_iter();
        let told = told
            .map(|text| text.map(|text| text.text))
            .chain(std::iter::repeat(None));
        let texts = load.content.iter().copied().zip(told).collect();
        let mut known = Known {
            ticket,
            others,
            texts,
            ..self.known(loaded)
        };
        self.number = known.number.or(self.number);
        known.number = self.number;
        if let Some(customer) = self.profile_wanted(&mut known) {
            load.streams
                .push(StreamId::of::<Profile>(self.call.tenant_id(), customer));
            load.number = load.number && known.number.is_none();
            self.state = State::Loading(load);
            return Ok(());
        }
        let stands_at = known.ticket.as_ref().map(Snapshot::version);
        let left_at = self.earlier.last().map(|event| event.version);
        if self.call.idempotency_key().is_some() && left_at.is_some() && left_at != stands_at {
            // Somebody else wrote in between: a recalled outcome tells one piece of the history.
            (self.earlier, self.told) = (Vec::new(), Vec::new());
        }
        self.state = match plan(&self.request, &known, &self.rulebooks, &self.call)? {
            Plan::Commit(mut planned) => {
                let first = self.earlier.first().map(|event| event.version.0);
                let record = planned.commit.idempotency.as_mut();
                if let (Some(first), Some(record)) = (first, record) {
                    record.after = Version(first.saturating_sub(1));
                }
                State::Committing(planned)
            }
            Plan::Number if load.number => return Err(no_number()),
            Plan::Number => State::Loading(Load {
                number: true,
                ..load
            }),
            Plan::Tickets(more) => {
                let asked_before = |ticket: &TicketId| meant(&load).any(|known| known == *ticket);
                if let Some(missing) = more.iter().copied().find(asked_before) {
                    return Err(Error::no_ticket(missing));
                }
                let tenant = self.call.tenant_id();
                let mut load = load;
                let more = more.into_iter();
                load.streams
                    .extend(more.map(|ticket| StreamId::ticket(tenant, ticket)));
                State::Loading(load)
            }
            Plan::Texts(more) => {
                load.content = more;
                State::Loading(load)
            }
            Plan::Done(record) => State::Recalling(
                Load::streams(self.call.tenant_id(), [record.stream]),
                Some(record),
            ),
            Plan::Message(ticket) => {
                self.meant = meant(&load).collect();
                self.speaker = known.of_speaker();
                let stream = StreamId::ticket(self.call.tenant_id(), ticket);
                State::Recalling(Load::streams(self.call.tenant_id(), [stream]), None)
            }
        };
        Ok(())
    }

    /// Takes in the profile that was asked for: it stands last.
    fn take_profile(&mut self, load: &mut Load, loaded: &mut Loaded) {
        let is_profile = |stream: &mut StreamId| stream.kind == Profile::KIND;
        if let Some(stream) = load.streams.pop_if(is_profile) {
            let events = loaded.streams.pop().unwrap_or_default().events;
            let version = events.last_version().unwrap_or_default();
            let profile = Profile::replay(events.of::<customer::Event>());
            let customer = CustomerId::from_uuid(stream.id);
            self.profiles.push((customer, version, profile));
        }
    }

    /// The customer whose profile has to be looked at next; once there is none, what the profiles tell is known.
    fn profile_wanted(&self, known: &mut Known) -> Option<CustomerId> {
        let (by, tells) = (self.call.actor(), self.reads_profiles());
        let asked = whose_profile(&self.request, by, known, tells)?;
        let seen = |customer| self.profiles.iter().find(|(seen, ..)| *seen == customer);
        let Some((_, _, own)) = seen(asked) else {
            return Some(asked);
        };
        let into = own.as_ref().and_then(Profile::joined_into);
        let customer = into.unwrap_or(asked);
        let Some((_, version, profile)) = seen(customer) else {
            return Some(customer);
        };
        known.customer = Some(customer);
        known.profile.clone_from(profile);
        known.profile_version = Some(*version);
        None
    }

    /// Whether what profiles tell goes into fields of tickets.
    fn reads_profiles(&self) -> bool {
        let book = self.rulebooks.current(self.call.tenant_id());
        let rules = &book.as_draft().customers;
        rules.tier_field.is_some() || rules.organisation_field.is_some()
    }

    /// What was loaded beside tickets.
    fn known(&self, loaded: Loaded) -> Known {
        let mut known = Known {
            number: loaded.number,
            done: loaded.idempotency,
            ..Known::default()
        };
        let mut owners = loaded.owners.into_iter();
        if address(&self.request).is_some() {
            known.customer = owners.next().flatten().map(CustomerId::from_uuid);
        }
        if external_id(&self.request).is_some() {
            known.message_in = owners.next().flatten().map(TicketId::from_uuid);
        }
        known
    }
}

impl Conversation for Operation {
    type Outcome = Outcome;

    fn need(&self) -> Need<'_> {
        Operation::need(self)
    }

    fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        Operation::loaded(self, loaded)
    }

    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        Operation::committed(self, result)
    }

    fn finish(self) -> Result<Outcome, Error> {
        Operation::finish(self)
    }
}
