//! The embedded default: everything in memory, gone when it is dropped.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, CustomerId, TenantId, TicketId, TicketNumber};
use crate::kpi::Fact;
use crate::ticket::{Content, Recorded, Version};
use crate::time::{Micros, instant, micros};

use super::{
    Commit, DueStream, Filter, IdempotencyKey, IdempotencyRecord, Load, Loaded, OutboxMessage,
    Page, Part, Store, StoreError, StoreErrorKind, StreamId, TicketRow, UniqueKey, Wake,
};

/// Keeps everything in memory. It forgets at exit: for tests, trials and hosts that keep their own log.
///
/// Records are spread over 64 shards by their ids, each behind a lock of its own, so writers of different tickets seldom wait
/// for each other. A commit locks the shards it touches in rising order, so two commits cannot wait for each other for ever.
///
/// ```
/// use helpdesk::{Desk, Rulebook, store::MemoryStore};
/// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
/// # let _ = desk;
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    shards: Vec<Mutex<Shard>>,
    outbox: Mutex<Outbox>,
}

const SHARDS: usize = 64;

/// A part of the records. What belongs to a stream (events, wake-up, facts) lies in the stream's shard.
#[derive(Debug, Default)]
struct Shard {
    streams: HashMap<StreamId, Stream>,
    /// By zone-data version, then by instant: what is due is a range.
    wakes: BTreeMap<String, BTreeSet<(Micros, StreamId)>>,
    /// Streams with a wake-up that will not come, by zone-data version: other data may say otherwise.
    asleep: BTreeMap<String, BTreeSet<StreamId>>,
    owners: HashMap<(TenantId, UniqueKey), Uuid>,
    keys: HashMap<IdempotencyKey, IdempotencyRecord>,
    content: HashMap<(TenantId, ContentId), Content>,
    numbers: HashMap<TenantId, u64>,
    /// By number: a page of a list is a range.
    rows: BTreeMap<(TenantId, TicketNumber), TicketRow>,
}

#[derive(Debug, Default)]
struct Stream {
    events: Vec<Recorded>,
    wake: Option<Wake>,
    facts: Vec<Fact>,
}

impl Stream {
    fn version(&self) -> Version {
        self.events
            .last()
            .map_or(Version::default(), |event| event.version)
    }
}

#[derive(Debug, Default)]
struct Outbox {
    /// Each with the instant from which somebody may take it.
    messages: HashMap<Uuid, (Micros, OutboxMessage)>,
    /// The same by that instant.
    free: BTreeSet<(Micros, Uuid)>,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

/// A lock that a panicking thread left is taken all the same: commits check everything before they write anything.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shard_of(id: Uuid) -> usize {
    // The last bytes of every kind of uuid used here are spread evenly.
    usize::from(id.as_bytes()[15]) % SHARDS
}

fn shard_of_key(key: &IdempotencyKey) -> usize {
    shard_of(crate::id::derive(&[
        key.tenant.uuid().as_bytes(),
        key.key.as_str().as_bytes(),
    ]))
}

/// The shards that a request touches, locked in rising order.
struct Held<'a>(Vec<(usize, MutexGuard<'a, Shard>)>);

impl Held<'_> {
    fn shard(&mut self, index: usize) -> Result<&mut Shard, StoreError> {
        let found = self.0.iter_mut().find(|(i, _)| *i == index);
        let missing =
            || StoreError::new(StoreErrorKind::Other, format!("shard {index} is not held"));
        found.map(|(_, shard)| &mut **shard).ok_or_else(missing)
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        MemoryStore {
            shards,
            outbox: Mutex::default(),
        }
    }

    fn hold(&self, indexes: impl IntoIterator<Item = usize>) -> Held<'_> {
        let mask = indexes
            .into_iter()
            .fold(0_u64, |mask, index| mask | 1 << index);
        let shards = self
            .shards
            .iter()
            .enumerate()
            .filter(|(index, _)| mask & 1 << index != 0);
        Held(shards.map(|(index, shard)| (index, lock(shard))).collect())
    }
}

impl Store for MemoryStore {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        request.check()?;
        let streams = request.streams.iter().map(|stream| shard_of(stream.id));
        let owners = request.owners.iter().map(|key| shard_of(key.uuid()));
        let key = request.idempotency.iter().map(shard_of_key);
        let number = request.number.then(|| shard_of(request.tenant.uuid()));
        let mut held = self.hold(streams.chain(owners).chain(key).chain(number));

        let mut loaded = Loaded::default();
        for stream in &request.streams {
            let events = held
                .shard(shard_of(stream.id))?
                .streams
                .get(stream)
                .map(|stream| stream.events.clone());
            loaded.streams.push(events.unwrap_or_default().into());
        }
        for key in &request.owners {
            loaded.owners.push(
                held.shard(shard_of(key.uuid()))?
                    .owners
                    .get(&(request.tenant, *key))
                    .copied(),
            );
        }
        if let Some(key) = &request.idempotency {
            loaded.idempotency = held.shard(shard_of_key(key))?.keys.get(key).cloned();
        }
        if request.number {
            let last = held
                .shard(shard_of(request.tenant.uuid()))?
                .numbers
                .entry(request.tenant)
                .or_default();
            *last = last.saturating_add(1);
            loaded.number = Some(TicketNumber(*last));
        }
        Ok(loaded)
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        commit.check()?;
        let parts = commit.parts.iter().map(|part| shard_of(part.stream.id));
        let unique = commit.unique.iter().map(|(key, _)| shard_of(key.uuid()));
        let content = commit
            .content
            .iter()
            .map(|content| shard_of(content.id.uuid()));
        let erased = commit.erased.iter().map(|id| shard_of(id.uuid()));
        let key = commit
            .idempotency
            .iter()
            .map(|record| shard_of_key(&record.key));
        let number = commit.number.map(|_| shard_of(commit.tenant.uuid()));
        let texts = content.chain(erased);
        let everywhere = (0..SHARDS).filter(|_| !commit.persons.is_empty());
        let keys = unique.chain(key).chain(number).chain(everywhere);
        let mut held = self.hold(parts.chain(texts).chain(keys));

        check(commit, &mut held)?; // nothing is written before everything is checked

        let tenant = commit.tenant;
        for person in &commit.persons {
            for (_, shard) in &mut held.0 {
                shard.forget(tenant, *person);
            }
        }
        for part in &commit.parts {
            held.shard(shard_of(part.stream.id))?.write(part);
        }
        for (key, owner) in &commit.unique {
            held.shard(shard_of(key.uuid()))?
                .owners
                .insert((tenant, *key), *owner);
        }
        for content in &commit.content {
            let shard = held.shard(shard_of(content.id.uuid()))?;
            shard.content.insert((tenant, content.id), content.clone());
        }
        for id in &commit.erased {
            held.shard(shard_of(id.uuid()))?
                .content
                .remove(&(tenant, *id));
        }
        if let Some(record) = &commit.idempotency {
            held.shard(shard_of_key(&record.key))?
                .keys
                .insert(record.key.clone(), record.clone());
        }
        if let Some(number) = commit.number {
            let shard = held.shard(shard_of(tenant.uuid()))?;
            let last = shard.numbers.entry(tenant).or_default();
            *last = number.0.max(*last);
        }
        if !commit.outbox.is_empty() {
            lock(&self.outbox).add(&commit.outbox);
        }
        Ok(())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let mut due: Vec<(Option<Micros>, StreamId)> = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            for (version, wakes) in &shard.wakes {
                let all = version != zone_data;
                let now = micros(now);
                let found = wakes
                    .iter()
                    .take_while(|(at, _)| all || *at <= now)
                    .take(limit);
                due.extend(found.map(|(at, stream)| (Some(*at), *stream)));
            }
            for (_, asleep) in shard
                .asleep
                .iter()
                .filter(|(version, _)| *version != zone_data)
            {
                due.extend(asleep.iter().take(limit).map(|stream| (None, *stream)));
            }
        }
        due.sort_unstable_by_key(|(at, stream)| (at.is_none(), *at, *stream));
        due.truncate(limit);
        Ok(due
            .into_iter()
            .map(|(at, stream)| DueStream {
                stream,
                wake_at: at.map(instant),
            })
            .collect())
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let from = after.map_or(Micros::MIN, |after| micros(after).saturating_add(1));
        let first = (
            from,
            StreamId::ticket(
                TenantId::from_uuid(Uuid::nil()),
                TicketId::from_uuid(Uuid::nil()),
            ),
        );
        let earliest = self.shards.iter().filter_map(|shard| {
            let shard = lock(shard);
            shard
                .wakes
                .values()
                .filter_map(|wakes| wakes.range(first..).next().map(|(at, _)| *at))
                .min()
        });
        Ok(earliest.min().map(instant))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let mut streams: Vec<StreamId> = Vec::new();
        for shard in &self.shards {
            streams.extend(
                lock(shard)
                    .streams
                    .keys()
                    .filter(|stream| stream.tenant == tenant),
            );
        }
        streams.sort_unstable();
        for stream in streams {
            // No lock is held while the visitor works: it may call the store.
            let rows = lock(&self.shards[shard_of(stream.id)])
                .streams
                .get(&stream)
                .map(|s| s.facts.clone());
            visit(&rows.unwrap_or_default());
        }
        Ok(())
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let of = |id: &ContentId| {
            lock(&self.shards[shard_of(id.uuid())])
                .content
                .get(&(tenant, *id))
                .cloned()
        };
        Ok(ids.iter().map(of).collect())
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let mut found = Vec::new();
        for shard in &self.shards {
            lock(shard).list(tenant, filter, page, &mut found);
        }
        found.sort_unstable_by_key(|row| row.number);
        if page.newest_first {
            found.reverse();
        }
        found.truncate(page.limit);
        Ok(found)
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let until = micros(now).saturating_add(lease.num_microseconds().unwrap_or(i64::MAX).max(1));
        Ok(lock(&self.outbox).claim(micros(now), until, limit))
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let mut outbox = lock(&self.outbox);
        for id in ids {
            if let Some((from, _)) = outbox.messages.remove(id) {
                outbox.free.remove(&(from, *id));
            }
        }
        Ok(())
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut outbox = lock(&self.outbox);
        for id in ids {
            outbox.hold(*id, micros(until));
        }
        Ok(())
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(lock(&self.outbox).free.first().map(|(at, _)| instant(*at)))
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut pruned = 0;
        for shard in &self.shards {
            let mut shard = lock(shard);
            let all = shard.keys.len();
            shard
                .keys
                .retain(|key, record| key.tenant != tenant || record.at >= before);
            pruned += all - shard.keys.len();
        }
        Ok(pruned)
    }
}

/// Refuses what others did first.
fn check(commit: &Commit, held: &mut Held<'_>) -> Result<(), StoreError> {
    let conflict = |what: String| Err(StoreError::new(StoreErrorKind::Conflict, what));
    for part in &commit.parts {
        let shard = held.shard(shard_of(part.stream.id))?;
        let actual = shard
            .streams
            .get(&part.stream)
            .map_or(Version::default(), Stream::version);
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
        if taken.is_some_and(|taken| taken != owner) {
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

impl Shard {
    /// Everything about a person, and the keys that the person owns.
    fn forget(&mut self, tenant: TenantId, person: CustomerId) {
        self.content
            .retain(|(of, _), content| *of != tenant || content.about != Some(person));
        self.owners
            .retain(|(of, _), owner| *of != tenant || *owner != person.uuid());
    }

    fn list(&self, tenant: TenantId, filter: &Filter, page: &Page, found: &mut Vec<TicketRow>) {
        let after = page.after.map(|number| number.0);
        let (first, last) = match page.newest_first {
            false => (after.unwrap_or(0), u64::MAX),
            true => (0, after.unwrap_or(u64::MAX)),
        };
        let place = |number| (tenant, TicketNumber(number));
        let range = self.rows.range(place(first)..=place(last));
        let of_tenant = range.map(|(_, row)| row);
        let fits = |row: &&TicketRow| page.reaches(row.number) && filter.fits(row);
        if page.newest_first {
            found.extend(of_tenant.rev().filter(fits).take(page.limit).cloned());
        } else {
            found.extend(of_tenant.filter(fits).take(page.limit).cloned());
        }
    }

    fn write(&mut self, part: &Part) {
        if part.is_check() {
            return;
        }
        if let Some(row) = &part.listing {
            self.rows
                .insert((part.stream.tenant, row.number), row.clone());
        }
        let stream = self.streams.entry(part.stream).or_default();
        stream.events.extend_from_slice(&part.events);
        if let Some(facts) = &part.facts {
            stream.facts.clone_from(facts);
        }
        let Some(wake) = &part.wake else { return };
        if let Some(old) = stream.wake.replace(wake.clone()) {
            let version = &old.stamp.zone_data;
            if let (Some(at), Some(wakes)) = (old.at, self.wakes.get_mut(version)) {
                wakes.remove(&(micros(at), part.stream));
            }
            if let (None, Some(asleep)) = (old.at, self.asleep.get_mut(version)) {
                asleep.remove(&part.stream);
            }
        }
        let version = wake.stamp.zone_data.clone();
        match wake.at {
            Some(at) => self
                .wakes
                .entry(version)
                .or_default()
                .insert((micros(at), part.stream)),
            None => self.asleep.entry(version).or_default().insert(part.stream),
        };
    }
}

impl Outbox {
    fn add(&mut self, messages: &[OutboxMessage]) {
        for message in messages {
            let from = micros(message.at);
            if let Entry::Vacant(place) = self.messages.entry(message.id) {
                place.insert((from, message.clone()));
                self.free.insert((from, message.id));
            }
        }
    }

    /// Nobody may take the message before `until`; from then on, anybody.
    fn hold(&mut self, id: Uuid, until: Micros) {
        if let Some((from, _)) = self.messages.get_mut(&id) {
            self.free.remove(&(*from, id));
            self.free.insert((until, id));
            *from = until;
        }
    }

    fn claim(&mut self, now: Micros, until: Micros, limit: usize) -> Vec<OutboxMessage> {
        let taken: Vec<_> = self
            .free
            .iter()
            .take_while(|(from, _)| *from <= now)
            .take(limit)
            .copied()
            .collect();
        let mut claimed = Vec::with_capacity(taken.len());
        for (_, id) in taken {
            self.hold(id, until);
            if let Some((_, message)) = self.messages.get_mut(&id) {
                claimed.push(message.clone());
                message.attempts = message.attempts.saturating_add(1);
            }
        }
        claimed
    }
}
