//! A store of the shop's own: hash maps behind one lock, and an index of wake-ups.
//!
//! It forgets at exit, as it is the store of the shop's demonstration; what it promises while it lives is the contract of
//! [`helpdesk::store`], and `tests/store.rs` asks it for every rule of that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::TenantId;
use helpdesk::id::{ContentId, TicketNumber};
use helpdesk::kpi::Fact;
use helpdesk::store::{
    Commit, DueStream, Events, Filter, IdempotencyKey, IdempotencyRecord, Load, Loaded,
    OutboxMessage, Page, Part, Store, StoreError, StoreErrorKind, StreamId, StreamKind, TicketRow,
    UniqueKey, Wake,
};
use helpdesk::ticket::{Content, Version};
use uuid::Uuid;

/// The store.
#[derive(Debug, Default)]
pub struct Shelves(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    streams: HashMap<StreamId, Stream>,
    wakes: Wakes,
    owners: HashMap<(TenantId, UniqueKey), Uuid>,
    requests: HashMap<IdempotencyKey, IdempotencyRecord>,
    texts: HashMap<(TenantId, ContentId), Content>,
    numbers: HashMap<TenantId, u64>,
    outbox: HashMap<Uuid, Message>,
}

/// A stream with what was last said beside its events.
#[derive(Debug)]
struct Stream {
    events: Events,
    wake: Option<Wake>,
    facts: Vec<Fact>,
    listing: Option<TicketRow>,
}

/// A message, and from when on it may be taken.
#[derive(Debug)]
struct Message {
    free_at: DateTime<Utc>,
    what: OutboxMessage,
}

/// Which streams wake when, earliest first.
#[derive(Debug, Default)]
struct Wakes(BTreeMap<Place, StreamId>);

/// Two tickets may wake at one instant, so the stream is part of the key.
#[cfg(not(feature = "planted-bug"))]
type Place = (DateTime<Utc>, StreamId);

/// The planted bug: of the tickets that wake at one instant, the index keeps the one that came last.
#[cfg(feature = "planted-bug")]
type Place = DateTime<Utc>;

impl Wakes {
    #[cfg(not(feature = "planted-bug"))]
    fn place(at: DateTime<Utc>, stream: StreamId) -> Place {
        (at, stream)
    }

    #[cfg(feature = "planted-bug")]
    fn place(at: DateTime<Utc>, _: StreamId) -> Place {
        at
    }

    fn change(&mut self, stream: StreamId, old: Option<&Wake>, new: &Wake) {
        if let Some(at) = old.and_then(|old| old.at) {
            self.0.remove(&Wakes::place(at, stream));
        }
        if let Some(at) = new.at {
            self.0.insert(Wakes::place(at, stream), stream);
        }
    }
}

impl Kept {
    fn version(&self, stream: StreamId) -> Version {
        let kept = self.streams.get(&stream);
        kept.and_then(|kept| kept.events.last_version())
            .unwrap_or_default()
    }

    fn wake_of(&self, stream: StreamId) -> Option<&Wake> {
        self.streams.get(&stream)?.wake.as_ref()
    }

    /// Why the commit cannot be written, if so. Nothing is written before this was asked.
    fn conflict(&self, commit: &Commit) -> Option<&'static str> {
        let moved_on = |part: &Part| self.version(part.stream) != part.expected;
        if commit.parts.iter().any(moved_on) {
            return Some("somebody wrote first");
        }
        let taken = |(key, owner): &(UniqueKey, Uuid)| {
            self.owner_then(commit, *key)
                .is_some_and(|now| now != *owner)
        };
        if commit.unique.iter().any(taken) {
            return Some("a key has another owner");
        }
        let used = |record: &IdempotencyRecord| self.requests.contains_key(&record.key);
        if commit.idempotency.as_ref().is_some_and(used) {
            return Some("an idempotency key was used");
        }
        None
    }

    /// Who has a key once the commit has erased persons, freed keys and moved the rest, and before it claims any.
    fn owner_then(&self, commit: &Commit, key: UniqueKey) -> Option<Uuid> {
        let owner = *self.owners.get(&(commit.tenant, key))?;
        let erased = commit.persons.iter().any(|person| person.uuid() == owner);
        if erased || commit.freed.contains(&(key, owner)) {
            return None;
        }
        let moved = commit.moved.iter();
        Some(moved.fold(
            owner,
            |owner, (from, to)| if owner == *from { *to } else { owner },
        ))
    }

    fn write(&mut self, commit: &Commit) {
        for part in &commit.parts {
            self.write_part(part);
        }
        let keys = self
            .owners
            .keys()
            .filter(|(tenant, _)| *tenant == commit.tenant);
        for (tenant, key) in keys.copied().collect::<Vec<_>>() {
            match self.owner_then(commit, key) {
                Some(owner) => self.owners.insert((tenant, key), owner),
                None => self.owners.remove(&(tenant, key)),
            };
        }
        for (key, owner) in &commit.unique {
            self.owners.insert((commit.tenant, *key), *owner);
        }
        self.texts.retain(|(tenant, _), text| {
            let about = text.about;
            let of_erased = about.is_some_and(|about| commit.persons.contains(&about));
            *tenant != commit.tenant || !of_erased
        });
        for text in &commit.content {
            self.texts.insert((commit.tenant, text.id), text.clone());
        }
        for id in &commit.erased {
            self.texts.remove(&(commit.tenant, *id));
        }
        for message in &commit.outbox {
            let new = || Message {
                free_at: message.at,
                what: message.clone(),
            };
            self.outbox.entry(message.id).or_insert_with(new);
        }
        if let Some(record) = &commit.idempotency {
            self.requests.insert(record.key.clone(), record.clone());
        }
        if let Some(number) = commit.number {
            let last = self.numbers.entry(commit.tenant).or_default();
            *last = number.0.max(*last);
        }
    }

    fn write_part(&mut self, part: &Part) {
        if part.is_check() {
            return;
        }
        let new = || Stream {
            events: Events::none(part.stream.kind),
            wake: None,
            facts: Vec::new(),
            listing: None,
        };
        let stream = self.streams.entry(part.stream).or_insert_with(new);
        stream.events.append(part.events.clone());
        if let Some(wake) = &part.wake {
            self.wakes.change(part.stream, stream.wake.as_ref(), wake);
            stream.wake = Some(wake.clone());
        }
        if let Some(rows) = &part.facts {
            stream.facts = rows.to_vec();
        }
        if let Some(listing) = &part.listing {
            stream.listing = Some(listing.clone());
        }
    }
}

impl Shelves {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Shelves {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        request.check()?;
        let mut kept = self.kept();
        let mut loaded = Loaded::default();
        for stream in &request.streams {
            let events = kept.streams.get(stream).map(|kept| kept.events.clone());
            let events = events.unwrap_or_else(|| Events::none(stream.kind));
            loaded.streams.push(events.into());
        }
        let owner = |key: &UniqueKey| kept.owners.get(&(request.tenant, *key)).copied();
        loaded.owners = request.owners.iter().map(owner).collect();
        let record = |key| kept.requests.get(key).cloned();
        loaded.idempotency = request.idempotency.as_ref().and_then(record);
        if request.number {
            let last = kept.numbers.entry(request.tenant).or_default();
            *last += 1;
            loaded.number = Some(TicketNumber(*last));
        }
        Ok(loaded)
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        commit.check()?;
        let mut kept = self.kept();
        if let Some(why) = kept.conflict(commit) {
            return Err(StoreError::new(StoreErrorKind::Conflict, why));
        }
        kept.write(commit);
        Ok(())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let kept = self.kept();
        let woken = kept.wakes.0.values().copied();
        let woken = woken.filter_map(|stream| Some((stream, kept.wake_of(stream)?.at?)));
        let mut due: Vec<_> = woken
            .take_while(|(_, at)| *at <= now)
            .map(|(stream, at)| DueStream {
                stream,
                wake_at: Some(at),
            })
            .collect();
        // What was worked out under other data counts as due, after the rest.
        let told: BTreeSet<StreamId> = due.iter().map(|due| due.stream).collect();
        let stale = kept.streams.iter().filter_map(|(stream, kept)| {
            let wake = kept.wake.as_ref()?;
            let is_stale = wake.stamp.zone_data != zone_data && !told.contains(stream);
            is_stale.then_some((wake.at.is_none(), wake.at, *stream))
        });
        let stale: BTreeSet<_> = stale.collect();
        due.extend(
            stale
                .into_iter()
                .map(|(_, wake_at, stream)| DueStream { stream, wake_at }),
        );
        due.truncate(limit);
        Ok(due)
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let kept = self.kept();
        let mut wakes = kept
            .wakes
            .0
            .values()
            .filter_map(|stream| kept.wake_of(*stream)?.at);
        Ok(wakes.find(|at| after.is_none_or(|after| *at > after)))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let kept = self.kept();
        let of_tenant = kept
            .streams
            .iter()
            .filter(|(id, stream)| id.tenant == tenant && !stream.facts.is_empty());
        let tickets: BTreeMap<_, _> = of_tenant
            .map(|(id, stream)| (*id, stream.facts.clone()))
            .collect();
        drop(kept); // the visitor may call the store
        tickets.values().for_each(|rows| visit(rows));
        Ok(())
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let kept = self.kept();
        let text = |id: &ContentId| kept.texts.get(&(tenant, *id)).cloned();
        Ok(ids.iter().map(text).collect())
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let kept = self.kept();
        let of_tenant = kept.streams.iter().filter(|(id, _)| id.tenant == tenant);
        let rows = of_tenant.filter_map(|(_, stream)| stream.listing.as_ref());
        let fits = rows.filter(|row| filter.fits(row) && page.reaches(row.number));
        let mut rows: Vec<TicketRow> = fits.cloned().collect();
        rows.sort_by_key(|row| row.number);
        if page.newest_first {
            rows.reverse();
        }
        rows.truncate(page.limit);
        Ok(rows)
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let kept = self.kept();
        let written = kept.streams.iter().filter(|(id, stream)| {
            (id.tenant, id.kind) == (tenant, kind) && !stream.events.is_empty()
        });
        let later = written
            .map(|(id, _)| id.id)
            .filter(|id| after.is_none_or(|after| *id > after));
        let rising: BTreeSet<Uuid> = later.collect();
        Ok(rising.into_iter().take(limit).collect())
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut kept = self.kept();
        let mut free: Vec<&mut Message> = kept
            .outbox
            .values_mut()
            .filter(|message| message.free_at <= now)
            .collect();
        free.sort_by_key(|message| (message.free_at, message.what.id));
        let take = |message: &mut Message| {
            let claimed = message.what.clone();
            message.what.attempts += 1;
            message.free_at = now + lease;
            claimed
        };
        Ok(free.into_iter().take(limit).map(take).collect())
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for id in ids {
            kept.outbox.remove(id);
        }
        Ok(())
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for id in ids {
            if let Some(message) = kept.outbox.get_mut(id) {
                message.free_at = until;
            }
        }
        Ok(())
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let kept = self.kept();
        Ok(kept.outbox.values().map(|message| message.free_at).min())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut kept = self.kept();
        let all = kept.requests.len();
        kept.requests
            .retain(|key, record| key.tenant != tenant || record.at >= before);
        Ok(all - kept.requests.len())
    }
}
