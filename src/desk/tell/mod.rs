//! Telling something to what stands beside tickets: a customer, a survey, an article.
//!
//! [`Desk::tell`] drives a [`Tell`], which is a conversation without I/O like [`Operation`](super::Operation): it says what it
//! [needs](Need) and is given the answer. The order is that of tickets: the host's limit on stamps for what was not done before
//! ([`Desk::accept_until`]), permission, idempotency, the stamp, the request. Rules are those of the tenant's current rulebook: only
//! tickets are pinned.
//!
//! [`Anything`] is every command of every kind as one serde value, for hosts in other languages.

mod anything;
mod see;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::aggregate::{Around, Context, Needs, StreamKind};
use crate::call::Call;
use crate::error::Error;
use crate::id::{TenantId, TicketId};
use crate::rulebook::{Governed, Rulebooks};
use crate::store::{
    Commit, IdempotencyRecord, Load, Loaded, OutboxMessage, Snapshot, Store, StoreError,
    StoreErrorKind, StreamEvent, StreamId,
};
use crate::ticket::{Recorded, Refusal, Ticket, Version};

use super::once::{idempotency_key, in_time};
use super::operation::MAX_ROUNDS;
use super::plan::{CATCH_UP_LIMIT, Planned, in_range, plan_due};
use super::tries::Tries;
use super::{Conversation, Desk, Need, Working};

#[cfg(feature = "capi")]
pub(crate) use anything::Hear;
pub use anything::{Anything, ToldAnything};
use see::see;

/// What came of telling something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Told<A: Governed>
where
    A::Id: Serialize,
{
    /// Whom it was told.
    pub id: A::Id,
    /// The state as it is now.
    pub state: A,
    /// The version that it stands at.
    pub version: Version,
    /// What was recorded.
    pub events: Vec<Recorded<A::Event>>,
    /// What went to the outbox.
    pub actions: Vec<OutboxMessage>,
    /// Whether nothing was written, because the same had been done before under the same key.
    pub replayed: bool,
}

/// One thing to tell, on its way.
///
/// ```
/// use std::sync::Arc;
/// use helpdesk::customer::{Command, Profile};
/// use helpdesk::desk::{Need, Tell};
/// use helpdesk::id::{AgentId, CustomerId};
/// use helpdesk::rulebook::Rulebooks;
/// use helpdesk::store::{MemoryStore, Store};
/// use helpdesk::{Actor, Call, Rulebook};
///
/// let store = MemoryStore::new();
/// let rulebooks = Arc::new(Rulebooks::new(Rulebook::starter()));
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// let note = Command::Note("calls in the evening".to_owned());
/// let mut tell = Tell::<Profile>::new(rulebooks, call, CustomerId::named("ann"), note);
/// loop {
///     match tell.need() {
///         Need::Load(load) => { let loaded = store.load(load)?; tell.loaded(loaded)? }
///         Need::Commit(commit) => { let done = store.commit(commit); tell.committed(done)? }
///         Need::Nothing => break,
///     }
/// }
/// assert_eq!(tell.finish()?.state.notes().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tell<A: Governed>
where
    A::Event: StreamEvent,
    A::Id: Serialize,
{
    rulebooks: Arc<Rulebooks>,
    call: Call,
    id: A::Id,
    command: A::Command,
    latest: Option<DateTime<Utc>>,
    tries: Tries,
    rounds: u32,
    own: Option<Own<A>>,
    around: Around,
    /// The tickets that were looked at and on which something fell due: as they were loaded, and what is to be written of them.
    caught_up: BTreeMap<Uuid, (Snapshot, Planned)>,
    done: Option<IdempotencyRecord>,
    state: State<A>,
}

#[derive(Debug)]
enum State<A: Governed>
where
    A::Id: Serialize,
{
    Loading(Load),
    /// What to write, and what comes of it; nothing where more is to be written after it.
    Committing(Box<Commit>, Option<Box<Told<A>>>),
    /// It was done before; the stream is loaded to tell what happened then.
    Recalling(Load, IdempotencyRecord),
    Done(Box<Told<A>>),
    Over,
}

/// The stream that the command is about.
#[derive(Debug)]
struct Own<A> {
    state: Option<A>,
    version: Version,
    last: Option<DateTime<Utc>>,
}

/// What to write, and what comes of it; nothing where more is to be written after it.
type Ready<A> = (Commit, Option<Box<Told<A>>>);

impl<A: Governed> Tell<A>
where
    A::Event: StreamEvent,
    A::Id: Serialize,
{
    /// `call` says `command` of `id`.
    pub fn new(rulebooks: Arc<Rulebooks>, call: Call, id: A::Id, command: A::Command) -> Tell<A> {
        let mut tell = Tell {
            rulebooks,
            call,
            id,
            command,
            latest: None,
            tries: Tries::many(),
            rounds: 0,
            own: None,
            around: Around::default(),
            caught_up: BTreeMap::new(),
            done: None,
            state: State::Over,
        };
        tell.begin();
        tell
    }

    /// The same, refusing a stamp after `latest`. What was done before under its key is told again all the same.
    #[must_use]
    pub fn accepting_until(mut self, latest: Option<DateTime<Utc>>) -> Tell<A> {
        self.latest = latest;
        self
    }

    /// What is needed next.
    pub fn need(&self) -> Need<'_> {
        match &self.state {
            State::Loading(load) | State::Recalling(load, _) => Need::Load(load),
            State::Committing(commit, _) => Need::Commit(commit),
            State::Done(_) | State::Over => Need::Nothing,
        }
    }

    /// Tells what was loaded. An error ends it; nothing was written.
    ///
    /// # Errors
    /// What the rules do not allow; a history that cannot be read.
    pub fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Loading(load) => {
                self.look(load, loaded)?;
                self.go_on()
            }
            State::Recalling(_, record) => {
                let stream = loaded.streams.into_iter().next().unwrap_or_default();
                let events = stream.events.take::<A::Event>();
                let told = self.recalled(events, &record)?;
                self.state = State::Done(Box::new(told));
                Ok(())
            }
            as_before => {
                self.state = as_before;
                Err(Error::misused(
                    "nothing was to be loaded; ask the conversation what it needs",
                ))
            }
        }
    }

    /// Tells how the commit went. After a conflict it loads and decides again; any other error ends it, and whether the commit
    /// was written is then unknown unless the store says: ask again under the same idempotency key.
    ///
    /// # Errors
    /// What the store answered; too many conflicts in a row.
    pub fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Committing(commit, told) => match (result, told) {
                (Err(error), _) if error.kind() == StoreErrorKind::Conflict => {
                    self.tries.again()?;
                    self.begin();
                    Ok(())
                }
                (Err(error), _) => Err(error.into()),
                (Ok(()), Some(told)) => {
                    self.state = State::Done(told);
                    Ok(())
                }
                (Ok(()), None) => {
                    let ticket = commit
                        .parts
                        .first()
                        .map_or(Uuid::nil(), |part| part.stream.id);
                    let recorded = self.rounds as usize * CATCH_UP_LIMIT;
                    let runaway = |_| Error::runaway(TicketId::from_uuid(ticket), recorded);
                    self.count_round().map_err(runaway)?;
                    self.begin();
                    Ok(())
                }
            },
            as_before => {
                self.state = as_before;
                Err(Error::misused(
                    "nothing was to be committed; ask the conversation what it needs",
                ))
            }
        }
    }

    /// What came of it, once nothing is needed any more.
    ///
    /// # Errors
    /// It is not at its end.
    pub fn finish(self) -> Result<Told<A>, Error> {
        match self.state {
            State::Done(told) => Ok(*told),
            _ => Err(Error::misused(
                "the conversation is not at its end; ask it what it needs",
            )),
        }
    }

    fn tenant(&self) -> TenantId {
        self.call.tenant_id()
    }

    fn stream(&self) -> StreamId {
        StreamId::of::<A>(self.tenant(), self.id)
    }

    fn begin(&mut self) {
        self.own = None;
        self.around = Around::default();
        self.caught_up.clear();
        let needs = A::needs(self.id, &self.call, &self.command, &self.around);
        let mut load = self.load_of(&self.around.missing(needs));
        load.streams.retain(|stream| *stream != self.stream());
        load.streams.insert(0, self.stream());
        load.idempotency = idempotency_key(&self.call);
        self.state = State::Loading(load);
    }

    fn load_of(&self, needs: &Needs) -> Load {
        let tenant = self.tenant();
        let stream = |(kind, id): &(StreamKind, Uuid)| StreamId {
            tenant,
            kind: *kind,
            id: *id,
        };
        let mut load = Load::streams(tenant, needs.streams.iter().map(stream));
        load.owners.clone_from(&needs.owners);
        load.content.clone_from(&needs.texts);
        load
    }

    fn count_round(&mut self) -> Result<(), Error> {
        self.rounds += 1;
        if self.rounds >= MAX_ROUNDS {
            return Err(Error::contended(self.rounds));
        }
        Ok(())
    }

    /// Takes in what was loaded: the stream itself first, where it was asked for.
    fn look(&mut self, load: Load, loaded: Loaded) -> Result<(), Error> {
        let is_first = self.own.is_none();
        if is_first {
            self.done = loaded.idempotency;
        }
        for (key, owner) in load.owners.iter().zip(loaded.owners) {
            self.around.saw_owner(*key, owner);
        }
        let told = loaded.content.into_iter().chain(std::iter::repeat(None)); // a store may not tell texts
        for (id, text) in load.content.iter().zip(told) {
            self.around.saw_text(*id, text.map(|text| text.text));
        }
        for (id, stream) in load.streams.iter().zip(loaded.streams) {
            if is_first && *id == self.stream() {
                let events = stream.events.of::<A::Event>();
                let last = events.last();
                self.own = Some(Own {
                    state: A::replay(events),
                    version: last.map(|event| event.version).unwrap_or_default(),
                    last: last.map(|event| event.at),
                });
            }
            see(&mut self.around, *id, &stream.events)?;
        }
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), Error> {
        if self.done.is_none() {
            in_time(&self.call, self.latest)?;
        }
        let book = self.rulebooks.current(self.tenant());
        let permission = A::permission(&self.command);
        let role = self.call.actor().role();
        book.tickets().permissions.check(role, permission)?;
        if let (Some(done), Some(key)) = (&self.done, self.call.idempotency_key()) {
            if done.fingerprint != self.fingerprint() {
                return Err(Refusal::KeyReused { key: key.clone() }.into());
            }
            let load = Load::streams(self.tenant(), [done.stream]);
            self.state = State::Recalling(load, done.clone());
            return Ok(());
        }
        let needs = A::needs(self.id, &self.call, &self.command, &self.around);
        let missing = self.around.missing(needs);
        if !missing.is_empty() {
            self.count_round()?;
            self.state = State::Loading(self.load_of(&missing));
            return Ok(());
        }
        self.decide()
    }

    /// Time passes first on the tickets that were looked at: what fell due is decided on, and committed with the decision. A commit
    /// where so much fell due on one that only a part goes into it.
    fn catch_up(&mut self) -> Result<Option<Commit>, Error> {
        let seen: Vec<Ticket> = self.around.tickets().cloned().collect();
        for ticket in seen {
            let Ok(book) = self.rulebooks.of(&ticket) else {
                continue; // whatever its rules are, they are not here
            };
            let as_loaded = Snapshot::of(ticket);
            let wake_at = Working::new(as_loaded.ticket.clone(), book).wake_at();
            if wake_at.is_none_or(|wake_at| self.call.at() < wake_at) {
                continue;
            }
            let planned = plan_due(&as_loaded, &self.rulebooks, self.call.at())?;
            if !planned.complete {
                return Ok(Some(planned.commit));
            }
            let (id, now) = (planned.ticket.id().uuid(), Ticket::clone(&planned.ticket));
            let version = as_loaded.version(); // as it stands in the store
            self.around.saw(StreamKind::Ticket, id, version, Some(now));
            self.caught_up.insert(id, (as_loaded, planned));
        }
        Ok(None)
    }

    fn decide(&mut self) -> Result<(), Error> {
        in_range(self.call.at())?;
        if let Some(commit) = self.catch_up()? {
            self.state = State::Committing(Box::new(commit), None);
            return Ok(());
        }
        let lost =
            || Error::misused("the stream was not loaded; ask the conversation what it needs");
        let own = self.own.take().ok_or_else(lost)?;
        let rulebooks = self.rulebooks.clone();
        let book = rulebooks.current(self.tenant());
        let at = self.call.at();
        let at = match own.last {
            Some(last) => book.tickets().effective(at, last)?,
            None => at,
        };
        let context = Context::new(&self.call, at, book.tickets(), &self.around);
        let context = context.standing_at(A::KIND, own.version);
        let rules = A::rules(book);
        let decided = A::decide(own.state.as_ref(), self.id, rules, &context, &self.command);
        let decided = decided.map_err(Error::declined)?;
        let (commit, told) = self.commit_of(own, at, decided)?;
        self.state = State::Committing(Box::new(commit), told);
        Ok(())
    }

    fn recalled(
        &self,
        events: Vec<Recorded<A::Event>>,
        record: &IdempotencyRecord,
    ) -> Result<Told<A>, Error> {
        let version = events.last().map(|event| event.version).unwrap_or_default();
        let state = A::replay(&events);
        let then = |event: &Recorded<A::Event>| {
            record.after < event.version && event.version <= record.until
        };
        Ok(Told {
            id: self.id,
            state: state.ok_or_else(|| Error::nothing(A::KIND, self.id.into()))?,
            version,
            events: events.into_iter().filter(then).collect(),
            actions: Vec::new(),
            replayed: true,
        })
    }
}

impl<A: Governed> Conversation for Tell<A>
where
    A::Event: StreamEvent,
    A::Id: Serialize,
{
    type Outcome = Told<A>;

    fn need(&self) -> Need<'_> {
        Tell::need(self)
    }

    fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        Tell::loaded(self, loaded)
    }

    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        Tell::committed(self, result)
    }

    fn finish(self) -> Result<Told<A>, Error> {
        Tell::finish(self)
    }
}

/// The events of the one stream that was loaded.
pub(super) fn history_of<A: Governed>(
    id: A::Id,
    loaded: Loaded,
) -> Result<Vec<Recorded<A::Event>>, Error>
where
    A::Event: StreamEvent,
{
    let stream = loaded.streams.into_iter().next().unwrap_or_default();
    match stream.events.take::<A::Event>() {
        none if none.is_empty() => Err(Error::nothing(A::KIND, id.into())),
        events => Ok(events),
    }
}

impl<S: Store> Desk<S> {
    /// Tells something to what stands beside tickets, in the tenant of the call: [`Told::state`] is what it is then.
    ///
    /// # Errors
    /// [`Refused`](crate::error::ErrorKind::Refused) or [`Forbidden`](crate::error::ErrorKind::Forbidden): the reason is in
    /// [`Error::refusal`] where tickets have it too, else in [`Error::refusal_of`];
    /// [`NotFound`](crate::error::ErrorKind::NotFound) where nothing stands there and nothing was to be recorded; what the store
    /// answers. Nothing is written then.
    pub fn tell<A: Governed>(
        &self,
        id: A::Id,
        call: &Call,
        command: A::Command,
    ) -> Result<Told<A>, Error>
    where
        A::Event: StreamEvent,
        A::Id: Serialize,
    {
        self.drive(self.office.telling(id, call, command))
    }

    /// The state of what stands beside tickets, of [`TenantId::SINGLE`].
    ///
    /// # Errors
    /// [`NotFound`](crate::error::ErrorKind::NotFound); what the store answers.
    pub fn state<A: Governed>(&self, id: A::Id) -> Result<A, Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).state(id)
    }
}
