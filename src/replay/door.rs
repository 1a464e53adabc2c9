//! The door by which an imported ticket comes into a store.

use chrono::{DateTime, Utc};
use uuid::Uuid;

#[cfg(feature = "async")]
use crate::desk::{AsyncDesk, AsyncTenantDesk};
use crate::desk::{
    Conversation, Desk, Need, TenantDesk, Tries, Working, joined_into, keep_from_erased, profile_of,
};
use crate::error::Error;
use crate::id::{CustomerId, TenantId, TicketId, TicketNumber};
use crate::rulebook::{MissingRulebook, Rulebooks};
#[cfg(feature = "async")]
use crate::store::AsyncStore;
use crate::store::{
    Commit, Load, Loaded, Part, Snapshot, Store, StoreError, StoreErrorKind, StreamId, TicketRow,
    UniqueKey,
};
use crate::ticket::{Refusal, Version};

use super::import::Imported;

impl Imported {
    /// Everything to write, as one commit: for hosts that keep tickets in a transaction of their own. It claims the number,
    /// the requester's address and the ids of messages outside; leave out a claim of the latter two that others have.
    ///
    /// # Errors
    /// The rulebooks lack the version that the ticket is pinned to.
    pub fn commit(&self, rulebooks: &Rulebooks) -> Result<Commit, MissingRulebook> {
        let book = rulebooks.of(&self.ticket)?;
        let mut working = Working::new(self.ticket.clone(), book);
        let wake = working.wake(rulebooks.data_version().clone());
        let tenant = self.ticket.tenant();
        let part = Part {
            stream: StreamId::ticket(tenant, self.ticket.id()),
            expected: Version::default(),
            events: self.events.clone().into(),
            wake: Some(wake.clone()),
            facts: Some(working.facts()),
            listing: Some(TicketRow::of(&self.ticket)),
            keeps_place: false,
            snapshot: Some(Snapshot::of(working.ticket).wake(wake)),
        };
        let mut commit = Commit::new(tenant, self.ticket.last_event_at(), vec![part]);
        commit.content.clone_from(&self.content);
        commit
            .unique
            .push((self.number_key(), self.ticket.id().uuid()));
        commit.unique.extend_from_slice(&self.claims);
        commit.number = Some(self.ticket.number());
        Ok(commit)
    }

    fn number_key(&self) -> UniqueKey {
        UniqueKey::number(self.ticket.tenant(), self.ticket.number())
    }
}

/// An import on its way into a store, without I/O.
#[derive(Debug)]
struct Importing<'a> {
    imported: &'a Imported,
    all: Commit,
    /// Whose the requester's address is to be: the requester, or the customer that she was joined into.
    customer: CustomerId,
    tries: Tries,
    state: State,
}

#[derive(Debug)]
enum State {
    Loading(Load),
    Committing(Box<Commit>),
    Done,
}

impl<'a> Importing<'a> {
    fn new(
        imported: &'a Imported,
        rulebooks: &Rulebooks,
        tenant: TenantId,
    ) -> Result<Importing<'a>, Error> {
        if imported.ticket.tenant() != tenant {
            return Err(Error::misused(
                "the ticket was imported for another tenant than this desk's",
            ));
        }
        let (number, highest) = (imported.ticket.number(), TicketNumber::MAX_IMPORTED);
        if number > highest {
            return Err(Refusal::NumberTooHigh { number, highest }.into());
        }
        let mut importing = Importing {
            imported,
            all: imported.commit(rulebooks)?,
            customer: imported.ticket.requester(),
            tries: Tries::some(),
            state: State::Done,
        };
        importing.look();
        Ok(importing)
    }

    fn look(&mut self) {
        let tenant = self.all.tenant;
        let ticket = StreamId::ticket(tenant, self.imported.ticket.id());
        let mut load = Load::streams(tenant, [ticket, profile_of(tenant, self.customer)]);
        load.owners = self.all.unique.iter().map(|(key, _)| *key).collect();
        self.state = State::Loading(load);
    }

    /// What is claimed, in the name of whoever the requester was joined into.
    fn claims(&self) -> Vec<(UniqueKey, Uuid)> {
        let requester = self.imported.ticket.requester().uuid();
        let in_her_name = |(key, owner): &(UniqueKey, Uuid)| match *owner == requester {
            true => (*key, self.customer.uuid()),
            false => (*key, *owner),
        };
        self.all.unique.iter().map(in_her_name).collect()
    }

    fn number_taken(&self, owners: &[Option<Uuid>]) -> Refusal {
        let owner = owners.first().copied().flatten().unwrap_or_default();
        Refusal::NumberTaken {
            number: self.imported.ticket.number(),
            ticket: TicketId::from_uuid(owner),
        }
    }
}

impl Conversation for Importing<'_> {
    type Outcome = Option<DateTime<Utc>>;

    fn need(&self) -> Need<'_> {
        match &self.state {
            State::Loading(load) => Need::Load(load),
            State::Committing(commit) => Need::Commit(commit),
            State::Done => Need::Nothing,
        }
    }

    fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        let mut streams = loaded.streams.into_iter();
        if streams
            .next()
            .is_some_and(|ticket| !ticket.events.is_empty())
        {
            let ticket = self.imported.ticket.id();
            return Err(Refusal::AlreadyOpen { ticket }.into());
        }
        let profile = streams.next().unwrap_or_default();
        if let Some(survivor) = joined_into(&profile) {
            self.customer = survivor;
            self.tries.again()?;
            self.look();
            return Ok(());
        }
        let mut commit = self.all.clone();
        commit.unique = free(&self.claims(), &loaded.owners);
        let number = self.imported.number_key();
        if commit.unique.first().is_none_or(|(key, _)| *key != number) {
            return Err(self.number_taken(&loaded.owners).into());
        }
        keep_from_erased(&mut commit, self.customer, &profile);
        self.state = State::Committing(Box::new(commit));
        Ok(())
    }

    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        match result {
            Ok(()) => self.state = State::Done,
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                self.tries.again()?;
                self.look();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Option<DateTime<Utc>>, Error> {
        match self.state {
            State::Done => Ok(self
                .all
                .parts
                .first()
                .and_then(|part| part.wake.as_ref()?.at)),
            _ => Err(Error::misused("the import is not at its end")),
        }
    }
}

impl<S: Store> TenantDesk<'_, S> {
    /// Stores an imported ticket, and tells its wake-up: when a sweep would first record something on it.
    ///
    /// Nothing fell due while importing. What the pinned rulebook would have announced up to the end of the history
    /// ([`Ticket::imported_until`](crate::Ticket::imported_until)) and still stands is due at once: the next sweep records
    /// it (breaches, firings with their inner actions, the end of a scheduled wait) and delivers none of it
    /// ([`Delivery::HeldBack`](crate::ticket::Delivery::HeldBack)). What falls due later is delivered as on any ticket. So
    /// a backlog taken over does not flood anybody, and its future is watched from the first day; tell
    /// [`History::until`](super::History::until) when the log was exported, and nothing older is delivered. A ticket on
    /// which nothing is to happen by itself has no wake-up: a closed one, unless a rule watches closed tickets or low ratings.
    ///
    /// The number must be free. The requester's address and the ids of messages outside are claimed where nobody has them, the address for the
    /// customer that the requester was joined into; that of a requester who was erased is claimed by nobody.
    ///
    /// # Errors
    /// [`AlreadyOpen`](Refusal::AlreadyOpen) where the ticket is stored already, so that importing twice is harmless;
    /// [`NumberTaken`](Refusal::NumberTaken); [`NumberTooHigh`](Refusal::NumberTooHigh); a missing rulebook; what the store answers. Nothing is written then.
    pub fn import(&self, imported: &Imported) -> Result<Option<DateTime<Utc>>, Error> {
        let desk = self.desk();
        desk.drive(Importing::new(imported, desk.rulebooks(), self.id())?)
    }
}

#[cfg(feature = "async")]
impl<S: AsyncStore> AsyncTenantDesk<'_, S> {
    /// See [`TenantDesk::import`].
    pub async fn import(&self, imported: &Imported) -> Result<Option<DateTime<Utc>>, Error> {
        let desk = self.desk();
        let importing = Importing::new(imported, desk.rulebooks(), self.id())?;
        desk.drive(importing).await
    }
}

impl<S: Store> Desk<S> {
    /// Stores an imported ticket. See [`TenantDesk::import`].
    pub fn import(&self, imported: &Imported) -> Result<Option<DateTime<Utc>>, Error> {
        self.tenant(TenantId::SINGLE).import(imported)
    }
}

#[cfg(feature = "async")]
impl<S: AsyncStore> AsyncDesk<S> {
    /// See [`Desk::import`].
    pub async fn import(&self, imported: &Imported) -> Result<Option<DateTime<Utc>>, Error> {
        self.tenant(TenantId::SINGLE).import(imported).await
    }
}

/// The claims that nobody else has.
fn free(claims: &[(UniqueKey, Uuid)], owners: &[Option<Uuid>]) -> Vec<(UniqueKey, Uuid)> {
    let with_owners = claims.iter().zip(owners);
    let free =
        with_owners.filter(|((_, claimer), owner)| owner.is_none_or(|owner| owner == *claimer));
    free.map(|(claim, _)| *claim).collect()
}
