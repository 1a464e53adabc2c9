//! A part of the records, and what a commit does to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hint::black_box;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::id::{ContentId, CustomerId, TenantId, TicketNumber};
use crate::kpi::Rows;
use crate::store::{
    Commit, Events, Filter, IdempotencyKey, IdempotencyRecord, Page, Part, Snapshot, StoreError,
    StoreErrorKind, StreamId, StreamKind, TicketRow, UniqueKey, Wake,
};
use crate::ticket::{Content, Version};

use super::hash::Ids;
use super::pieces::Pieces;
use super::wakes::Wakes;

/// How many there are: so many writers seldom meet.
pub(super) const SHARDS: usize = 64;

/// What belongs to a stream (events, wake-up, facts, snapshot) lies in the stream's shard.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) streams: HashMap<StreamId, Kept, Ids>,
    pub(super) owners: HashMap<(TenantId, UniqueKey), Uuid, Ids>,
    pub(super) keys: HashMap<IdempotencyKey, IdempotencyRecord>,
    pub(super) content: HashMap<(TenantId, ContentId), Content, Ids>,
    /// By number: a page of a list is a range. What it shows lies in the stream.
    numbers: BTreeMap<(TenantId, TicketNumber), StreamId>,
    /// The streams that are no tickets, in order.
    others: BTreeSet<StreamId>,
}

#[derive(Debug)]
pub(super) struct Kept {
    events: Pieces,
    wake: Option<Wake>,
    pub(super) facts: Option<Rows>,
    snapshot: Option<Snapshot>,
    /// Apart, because a sweep and a load have no need of it.
    listing: Option<Box<TicketRow>>,
    version: Version,
}

impl Kept {
    fn none(kind: StreamKind) -> Kept {
        Kept {
            events: Pieces::none(kind),
            wake: None,
            facts: None,
            snapshot: None,
            listing: None,
            version: Version::default(),
        }
    }

    fn version(&self) -> Version {
        self.version
    }

    /// Whether it has events.
    fn is_written(&self) -> bool {
        self.version > Version::default()
    }

    pub(super) fn events(&self) -> Events {
        self.events.all()
    }

    /// Reads a little of what a load will need, and tells something that depends on it.
    pub(super) fn touch(&self) -> u64 {
        let kept = self.snapshot.as_ref().map_or(0, |kept| kept.ticket.touch());
        let known = self.facts.as_ref().is_some_and(Rows::is_known);
        self.version.0 ^ kept ^ u64::from(known)
    }

    /// The last snapshot and the events after it; all events where there is none.
    pub(super) fn since_snapshot(&self) -> (Option<Snapshot>, Events) {
        let kept = self.snapshot.as_ref();
        let before = kept.map_or(Version::default(), Snapshot::version);
        let after = if before < self.version {
            self.events.since(before)
        } else {
            self.events.none_alike() // there is no need to look at any
        };
        (kept.cloned(), after)
    }
}

/// A shard behind its lock.
#[derive(Debug, Default)]
pub(super) struct Locked(Mutex<Shard>);

impl Locked {
    /// A lock that a panicking thread left is taken all the same: commits check everything before they write anything.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn shard_of(id: Uuid) -> usize {
    // The last bytes of every kind of uuid used here are spread evenly.
    usize::from(id.as_bytes()[15]) % SHARDS
}

pub(super) fn shard_of_key(key: &IdempotencyKey) -> usize {
    shard_of(crate::id::derive(&[
        key.tenant.uuid().as_bytes(),
        key.key.as_str().as_bytes(),
    ]))
}

/// The shards that a request touches, locked in rising order. Most touch one.
pub(super) struct Held<'a> {
    first: Option<Place<'a>>,
    more: Vec<Place<'a>>,
}

type Place<'a> = (usize, MutexGuard<'a, Shard>);

impl<'a> Held<'a> {
    pub(super) fn lock(shards: &'a [Locked], indexes: impl IntoIterator<Item = usize>) -> Held<'a> {
        let mut left = indexes
            .into_iter()
            .fold(0_u64, |mask, index| mask | 1 << index);
        let mut places = std::iter::from_fn(|| {
            let index = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            shards.get(index).map(|shard| (index, shard.lock()))
        });
        let (first, more) = (places.next(), places.collect());
        Held { first, more }
    }

    fn place(&self, index: usize) -> Option<&Place<'a>> {
        match &self.first {
            Some(first) if first.0 == index => Some(first),
            _ => self.more.get(self.among_more(index)?),
        }
    }

    fn among_more(&self, index: usize) -> Option<usize> {
        let found = self.more.binary_search_by_key(&index, |(held, _)| *held);
        found.ok()
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Place<'a>> {
        self.first.iter_mut().chain(&mut self.more)
    }

    /// What is kept of these streams. It is spread over the whole memory, which is slow but can fetch several things at once, where
    /// nobody waits for one of them before asking for the next: so all are found first, and a little of each is read.
    pub(super) fn find(&self, streams: &[StreamId]) -> Vec<Option<&Kept>> {
        let find = |stream: &StreamId| {
            let (_, shard) = self.place(shard_of(stream.id))?;
            shard.streams.get(stream)
        };
        let kept: Vec<Option<&Kept>> = streams.iter().map(find).collect();
        if kept.len() > 1 {
            black_box(
                kept.iter()
                    .flatten()
                    .fold(0, |all, kept| all ^ kept.touch()),
            );
        }
        kept
    }

    pub(super) fn shard(&mut self, index: usize) -> Result<&mut Shard, StoreError> {
        let missing =
            || StoreError::new(StoreErrorKind::Other, format!("shard {index} is not held"));
        let among = self.among_more(index);
        let found = match &mut self.first {
            Some(first) if first.0 == index => Some(first),
            _ => among.and_then(|among| self.more.get_mut(among)),
        };
        found.map(|(_, shard)| &mut **shard).ok_or_else(missing)
    }

    /// Forgets a person in every shard that is held.
    pub(super) fn forget(&mut self, tenant: TenantId, person: CustomerId) {
        self.all()
            .for_each(|(_, shard)| shard.forget(tenant, person));
    }

    /// Gives all keys of an owner to another, in every shard that is held.
    pub(super) fn hand_over(&mut self, tenant: TenantId, owners: (Uuid, Uuid)) {
        self.all()
            .for_each(|(_, shard)| shard.hand_over(tenant, owners));
    }

    /// Writes what belongs to one stream.
    pub(super) fn write(&mut self, part: &Part, wakes: &Wakes) -> Result<(), StoreError> {
        self.shard(shard_of(part.stream.id))?.write(part, wakes);
        Ok(())
    }
}

/// Refuses what others did first.
pub(super) fn check(commit: &Commit, held: &mut Held<'_>) -> Result<(), StoreError> {
    let conflict = |what: String| Err(StoreError::new(StoreErrorKind::Conflict, what));
    for part in &commit.parts {
        let shard = held.shard(shard_of(part.stream.id))?;
        let actual = shard
            .streams
            .get(&part.stream)
            .map_or(Version::default(), Kept::version);
        let (id, expected) = (part.stream.id, part.expected);
        if actual != expected {
            return conflict(format!(
                "stream {id} stands at version {}, not at {}",
                actual.0, expected.0
            ));
        }
    }
    for (key, owner) in &commit.unique {
        let taken = held
            .shard(shard_of(key.uuid()))?
            .owners
            .get(&(commit.tenant, *key));
        if taken.is_some_and(|taken| {
            owner_after(commit, *key, *taken).is_some_and(|taken| taken != *owner)
        }) {
            return conflict(format!("the unique key {} has another owner", key.uuid()));
        }
    }
    if let Some(record) = &commit.idempotency
        && held
            .shard(shard_of_key(&record.key))?
            .keys
            .contains_key(&record.key)
    {
        return conflict(format!(
            "the idempotency key `{}` was used in the meantime",
            record.key.key
        ));
    }
    Ok(())
}

/// Who has a key of `owner` before the commit claims anything; nobody where it is given up.
fn owner_after(commit: &Commit, key: UniqueKey, owner: Uuid) -> Option<Uuid> {
    let is_erased = commit.persons.iter().any(|person| person.uuid() == owner);
    if is_erased || commit.freed.contains(&(key, owner)) {
        return None;
    }
    let moved = commit.moved.iter();
    Some(moved.fold(
        owner,
        |owner, (from, to)| if owner == *from { *to } else { owner },
    ))
}

impl Shard {
    /// Gives all keys of an owner to another.
    fn hand_over(&mut self, tenant: TenantId, (from, to): (Uuid, Uuid)) {
        for ((of, _), owner) in &mut self.owners {
            if *of == tenant && *owner == from {
                *owner = to;
            }
        }
    }

    /// The streams of a kind after `after` that have events: the first `limit` ones, or all of them where they are tickets.
    pub(super) fn streams_of(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
        found: &mut Vec<Uuid>,
    ) {
        let alike = |stream: &&StreamId| (stream.tenant, stream.kind) == (tenant, kind);
        let later =
            |stream: &&StreamId| alike(stream) && after.is_none_or(|after| stream.id > after);
        if kind == StreamKind::Ticket {
            let written = self.streams.iter().filter(|(_, kept)| kept.is_written());
            let here = written.map(|(stream, _)| stream).filter(later);
            found.extend(here.map(|stream| stream.id));
        } else {
            let id = after.unwrap_or(Uuid::nil());
            let from = self.others.range(StreamId { tenant, kind, id }..);
            let here = from.take_while(alike).filter(later).take(limit);
            found.extend(here.map(|stream| stream.id));
        }
    }

    /// Everything about a person, and the keys that the person owns.
    fn forget(&mut self, tenant: TenantId, person: CustomerId) {
        self.content
            .retain(|(of, _), content| *of != tenant || content.about != Some(person));
        self.owners
            .retain(|(of, _), owner| *of != tenant || *owner != person.uuid());
    }

    pub(super) fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
        found: &mut Vec<TicketRow>,
    ) {
        let after = page.after.map(|number| number.0);
        let (first, last) = match page.newest_first {
            false => (after.unwrap_or(0), u64::MAX),
            true => (0, after.unwrap_or(u64::MAX)),
        };
        let place = |number| (tenant, TicketNumber(number));
        let range = self.numbers.range(place(first)..=place(last));
        let of_tenant =
            range.filter_map(|(_, stream)| self.streams.get(stream)?.listing.as_deref());
        let fits = |row: &&TicketRow| page.reaches(row.number) && filter.fits(row);
        if page.newest_first {
            found.extend(of_tenant.rev().filter(fits).take(page.limit).cloned());
        } else {
            found.extend(of_tenant.filter(fits).take(page.limit).cloned());
        }
    }

    fn write(&mut self, part: &Part, wakes: &Wakes) {
        if part.is_check() {
            return;
        }
        let kind = part.stream.kind;
        if kind != StreamKind::Ticket && !part.events.is_empty() {
            self.others.insert(part.stream);
        }
        let stream = self.streams.entry(part.stream);
        let stream = stream.or_insert_with(|| Kept::none(kind));
        if let Some(row) = &part.listing {
            let tenant = part.stream.tenant;
            let old = stream.listing.as_ref().map(|old| old.number);
            if old != Some(row.number) {
                if let Some(old) = old {
                    self.numbers.remove(&(tenant, old));
                }
                self.numbers.insert((tenant, row.number), part.stream);
            }
            match &mut stream.listing {
                Some(kept) => **kept = row.clone(),
                none => *none = Some(Box::new(row.clone())),
            }
        }
        if !part.events.is_empty() {
            stream.events.push(&part.events);
            stream.version = stream.events.version();
        }
        if let Some(facts) = &part.facts {
            stream.facts = Some(facts.clone());
        }
        if let Some(snapshot) = &part.snapshot {
            stream.snapshot = Some(snapshot.clone());
        }
        if let Some(wake) = &part.wake {
            wakes.replace(part.stream, stream.wake.as_ref(), wake);
            stream.wake = Some(wake.clone());
        }
    }
}
