//! The embedded default: everything in memory, gone when it is dropped.

mod hash;
mod outbox;
mod pieces;
mod shard;
mod wakes;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId, TicketNumber};
use crate::kpi::Fact;
use crate::ticket::Content;
use crate::time::{Micros, instant, micros};

use super::{
    Commit, DueStream, Events, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    Stream, StreamId, StreamKind, TicketRow,
};

use outbox::Outbox;
use shard::{Held, Kept, Locked, SHARDS, check, shard_of, shard_of_key};
use wakes::Wakes;

/// Keeps everything in memory. It forgets at exit: for tests, trials and hosts that keep their own log.
///
/// Records are spread over 64 shards by their ids, each behind a lock of its own, so writers of different tickets seldom wait
/// for each other. A commit locks the shards it touches in rising order, so two commits cannot wait for each other for ever.
/// Wake-ups lie apart from them, in the order of time, and are locked for a moment while one moves. It
/// keeps the snapshot of every ticket, so a command costs the same on a long ticket as on a short one but for copying it.
///
/// ```
/// use helpdesk::{Desk, Rulebook, store::MemoryStore};
/// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
/// # let _ = desk;
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    shards: Vec<Locked>,
    numbers: Mutex<HashMap<TenantId, u64>>,
    outbox: Mutex<Outbox>,
    wakes: Wakes,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore {
            shards: (0..SHARDS).map(|_| Locked::default()).collect(),
            numbers: Mutex::default(),
            outbox: Mutex::default(),
            wakes: Wakes::default(),
        }
    }
}

impl Store for MemoryStore {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        request.check()?;
        let streams = request.streams.iter().map(|stream| shard_of(stream.id));
        let owners = request.owners.iter().map(|key| shard_of(key.uuid()));
        let key = request.idempotency.iter().map(shard_of_key);
        let texts = request.content.iter().map(|id| shard_of(id.uuid()));
        let keys = owners.chain(key);
        let mut held = Held::lock(&self.shards, streams.chain(keys).chain(texts));

        let mut loaded = Loaded {
            streams: Vec::with_capacity(request.streams.len()),
            ..Loaded::default()
        };
        for (stream, known) in request.streams.iter().zip(held.find(&request.streams)) {
            let none = || (None, Events::none(stream.kind));
            if request.snapshots {
                let (kept, after) = known.map_or_else(none, Kept::since_snapshot);
                loaded.streams.push(Stream::since(kept, after));
            } else {
                let events = known.map_or_else(|| none().1, Kept::events);
                loaded.streams.push(events.into());
            }
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
            let mut numbers = lock(&self.numbers);
            let last = numbers.entry(request.tenant).or_default();
            *last = last.saturating_add(1);
            loaded.number = Some(TicketNumber(*last));
        }
        for id in &request.content {
            let texts = &held.shard(shard_of(id.uuid()))?.content;
            loaded
                .content
                .push(texts.get(&(request.tenant, *id)).cloned());
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
        let texts = content.chain(erased);
        let is_wide = !(commit.persons.is_empty() && commit.moved.is_empty());
        let everywhere = (0..SHARDS).filter(|_| is_wide);
        let freed = commit.freed.iter().map(|(key, _)| shard_of(key.uuid()));
        let keys = unique.chain(freed).chain(key).chain(everywhere);
        let mut held = Held::lock(&self.shards, parts.chain(texts).chain(keys));

        check(commit, &mut held)?; // nothing is written before everything is checked

        let tenant = commit.tenant;
        commit
            .persons
            .iter()
            .for_each(|person| held.forget(tenant, *person));
        for part in &commit.parts {
            held.write(part, &self.wakes)?;
        }
        for (key, owner) in &commit.freed {
            let owners = &mut held.shard(shard_of(key.uuid()))?.owners;
            if owners.get(&(tenant, *key)) == Some(owner) {
                owners.remove(&(tenant, *key));
            }
        }
        for owners in &commit.moved {
            held.hand_over(tenant, *owners);
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
            let mut numbers = lock(&self.numbers);
            let last = numbers.entry(tenant).or_default();
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
        Ok(self.wakes.due(micros(now), zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let from = after.map_or(Micros::MIN, |after| micros(after).saturating_add(1));
        Ok(self.wakes.next_from(from).map(instant))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let mut streams: Vec<StreamId> = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            streams.extend(
                shard
                    .streams
                    .keys()
                    .filter(|stream| stream.tenant == tenant && stream.kind == StreamKind::Ticket),
            );
        }
        streams.sort_unstable();
        for stream in streams {
            // No lock is held while the visitor works: it may call the store.
            let rows = self.shards[shard_of(stream.id)]
                .lock()
                .streams
                .get(&stream)
                .and_then(|stream| stream.facts.clone());
            visit(rows.as_deref().unwrap_or_default());
        }
        Ok(())
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let of = |id: &ContentId| {
            self.shards[shard_of(id.uuid())]
                .lock()
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
            shard.lock().list(tenant, filter, page, &mut found);
        }
        found.sort_unstable_by_key(|row| row.number);
        if page.newest_first {
            found.reverse();
        }
        found.truncate(page.limit);
        Ok(found)
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut found = Vec::new();
        for shard in &self.shards {
            shard
                .lock()
                .streams_of(tenant, kind, after, limit, &mut found);
        }
        found.sort_unstable();
        found.truncate(limit);
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
        ids.iter().for_each(|id| outbox.acknowledge(*id));
        Ok(())
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut outbox = lock(&self.outbox);
        ids.iter().for_each(|id| outbox.hold(*id, micros(until)));
        Ok(())
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(lock(&self.outbox).next().map(instant))
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut pruned = 0;
        for shard in &self.shards {
            let mut shard = shard.lock();
            let all = shard.keys.len();
            shard
                .keys
                .retain(|key, record| key.tenant != tenant || record.at >= before);
            pruned += all - shard.keys.len();
        }
        Ok(pruned)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;
    use crate::id::TicketId;
    use crate::store::Part;
    use crate::ticket::Version;

    /// Whoever writes a ticket waits for nobody who writes one in another shard, and for whoever writes one in the same.
    #[test]
    fn writers_of_different_shards_do_not_wait_for_each_other() {
        let store = MemoryStore::new();
        let stream = |n: u128| {
            let id = TicketId::from_uuid(Uuid::from_u128(n << 64 | n));
            StreamId::ticket(TenantId::SINGLE, id)
        };
        let held = stream(1);
        let in_same = |other: &StreamId| shard_of(other.id) == shard_of(held.id);
        let others = || (2..10_000).map(stream);
        let same = others().find(in_same).unwrap();
        let other = others().find(|other| !in_same(other)).unwrap();
        let (told, answers) = channel();
        std::thread::scope(|scope| {
            let (store, lock) = (&store, store.shards[shard_of(held.id)].lock());
            let write = |stream: StreamId| {
                let told = told.clone();
                let part = Part::check(stream, Version(0));
                let commit = Commit::new(TenantId::SINGLE, DateTime::UNIX_EPOCH, vec![part]);
                scope.spawn(move || told.send((stream, store.commit(&commit).is_ok())));
            };
            write(other);
            let answer = answers.recv_timeout(Duration::from_secs(30));
            assert_eq!(answer, Ok((other, true)));
            write(same);
            let answer = answers.recv_timeout(Duration::from_millis(50));
            assert_eq!(answer, Err(RecvTimeoutError::Timeout));
            drop(lock);
            assert_eq!(answers.recv(), Ok((same, true)));
        });
    }
}
