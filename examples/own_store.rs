//! A store of one's own: the whole of it, and the conformance suite on it.
//!
//! `cargo run --example own_store` opens a ticket in it; `cargo test --example own_store` runs every rule of the contract.
//! It keeps one list of commits, the way a host with an append-only log would, and works out from it what is asked. That is
//! slow and short: what it shows is what a store must answer, not how to answer fast.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, ContentId, TicketNumber};
use helpdesk::kpi::Fact;
use helpdesk::store::{
    Commit, DueStream, Events, Filter, IdempotencyRecord, Load, Loaded, OutboxMessage, Page, Part,
    Store, StoreError, StoreErrorKind, StreamId, StreamKind, TicketRow, UniqueKey, Wake,
};
use helpdesk::ticket::{Content, Version};
use helpdesk::{Actor, Call, Desk, Open, Rulebook, TenantId};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let desk = Desk::new(LogStore::default(), Rulebook::starter());
    let call = Call::new(
        Actor::agent(AgentId::named("kim")),
        "2026-03-05T09:00:00Z".parse()?,
    );
    let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
    println!(
        "#{} is {} in a store of one's own",
        t.number(),
        desk.ticket(t.id())?.status()
    );
    Ok(())
}

/// A log of commits behind one lock.
#[derive(Debug, Default)]
struct LogStore(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    commits: Vec<Commit>,
    numbers: BTreeMap<TenantId, u64>,
    /// Messages, each with the instant from which somebody may take it.
    outbox: Vec<(DateTime<Utc>, OutboxMessage)>,
}

impl LogStore {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn of(&self, tenant: TenantId) -> impl DoubleEndedIterator<Item = &Commit> {
        self.commits
            .iter()
            .filter(move |commit| commit.tenant == tenant)
    }

    fn parts(&self, stream: StreamId) -> impl DoubleEndedIterator<Item = &Part> {
        let all = self.of(stream.tenant).flat_map(|commit| &commit.parts);
        all.filter(move |part| part.stream == stream)
    }

    fn version(&self, stream: StreamId) -> Version {
        let mut newest_first = self.parts(stream).rev();
        let last = newest_first.find_map(|part| part.events.last_version());
        last.unwrap_or_default()
    }

    fn owner(&self, tenant: TenantId, key: UniqueKey) -> Option<Uuid> {
        let mut owner = None;
        for commit in self.of(tenant) {
            owner = before_claims(commit, key, owner);
            let claim = commit.unique.iter().find(|(claimed, _)| *claimed == key);
            owner = claim.map(|(_, id)| *id).or(owner);
        }
        owner
    }

    fn record(&self, key: &helpdesk::store::IdempotencyKey) -> Option<&IdempotencyRecord> {
        let records = self
            .of(key.tenant)
            .filter_map(|commit| commit.idempotency.as_ref());
        records.rev().find(|record| record.key == *key)
    }

    fn streams(&self) -> BTreeSet<StreamId> {
        let parts = self.commits.iter().flat_map(|commit| &commit.parts);
        let written = parts.filter(|part| !part.is_check());
        written.map(|part| part.stream).collect()
    }

    fn wakes(&self) -> Vec<(StreamId, &Wake)> {
        let wake = |stream| {
            Some((
                stream,
                self.parts(stream)
                    .rev()
                    .find_map(|part| part.wake.as_ref())?,
            ))
        };
        self.streams().into_iter().filter_map(wake).collect()
    }
}

/// Who has the key of `owner` once a commit has erased persons, freed keys and moved the rest, and before it claims any.
fn before_claims(commit: &Commit, key: UniqueKey, owner: Option<Uuid>) -> Option<Uuid> {
    let owner = owner?;
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

fn conflict(what: &str) -> Result<(), StoreError> {
    Err(StoreError::new(StoreErrorKind::Conflict, what))
}

impl Store for LogStore {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        request.check()?;
        let (mut log, mut loaded) = (self.log(), Loaded::default());
        for stream in &request.streams {
            let mut events = Events::none(stream.kind);
            for part in log.parts(*stream) {
                events.append(part.events.clone());
            }
            loaded.streams.push(events.into());
        }
        let owners = request.owners.iter();
        loaded.owners = owners.map(|key| log.owner(request.tenant, *key)).collect();
        loaded.idempotency = request
            .idempotency
            .as_ref()
            .and_then(|key| log.record(key).cloned());
        if request.number {
            let last = log.numbers.entry(request.tenant).or_default();
            *last += 1;
            loaded.number = Some(TicketNumber(*last));
        }
        Ok(loaded)
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        commit.check()?;
        let mut log = self.log();
        // Everything is checked before anything is written.
        if commit
            .parts
            .iter()
            .any(|part| log.version(part.stream) != part.expected)
        {
            return conflict("somebody wrote first");
        }
        let taken = |(key, id): &(_, Uuid)| {
            let owner = log.owner(commit.tenant, *key);
            before_claims(commit, *key, owner).is_some_and(|owner| owner != *id)
        };
        if commit.unique.iter().any(taken) {
            return conflict("a key has another owner");
        }
        if commit
            .idempotency
            .as_ref()
            .is_some_and(|record| log.record(&record.key).is_some())
        {
            return conflict("an idempotency key was used");
        }
        // What is erased goes from the log itself.
        for old in log
            .commits
            .iter_mut()
            .filter(|old| old.tenant == commit.tenant)
        {
            let gone = |content: &Content| {
                commit.erased.contains(&content.id)
                    || content
                        .about
                        .is_some_and(|about| commit.persons.contains(&about))
            };
            old.content.retain(|content| !gone(content));
        }
        for message in &commit.outbox {
            if log.outbox.iter().all(|(_, other)| other.id != message.id) {
                log.outbox.push((message.at, message.clone()));
            }
        }
        if let Some(number) = commit.number {
            let last = log.numbers.entry(commit.tenant).or_default();
            *last = number.0.max(*last);
        }
        // What a commit keeps and erases itself is not there afterwards either.
        let mut kept = commit.clone();
        kept.content
            .retain(|content| !commit.erased.contains(&content.id));
        log.commits.push(kept);
        Ok(())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let log = self.log();
        let is_due =
            |wake: &Wake| wake.stamp.zone_data != zone_data || wake.at.is_some_and(|at| at <= now);
        let due = log.wakes().into_iter().filter(|(_, wake)| is_due(wake));
        let mut due: Vec<_> = due
            .map(|(stream, wake)| (wake.at.is_none(), wake.at, stream))
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        let told = |(_, wake_at, stream)| DueStream { stream, wake_at };
        Ok(due.into_iter().map(told).collect())
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let log = self.log();
        let wakes = log.wakes().into_iter().filter_map(|(_, wake)| wake.at);
        Ok(wakes
            .filter(|at| after.is_none_or(|after| *at > after))
            .min())
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let streams = self.log().streams();
        for stream in streams.into_iter().filter(|stream| stream.tenant == tenant) {
            let rows = self
                .log()
                .parts(stream)
                .rev()
                .find_map(|part| part.facts.clone());
            if let Some(rows) = rows {
                visit(&rows); // the lock is free: the visitor may call the store
            }
        }
        Ok(())
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let log = self.log();
        let of = |id: &ContentId| {
            let mut all = log.of(tenant).rev().flat_map(|commit| &commit.content);
            all.find(|content| content.id == *id).cloned()
        };
        Ok(ids.iter().map(of).collect())
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let log = self.log();
        let parts = log.of(tenant).flat_map(|commit| &commit.parts);
        let rows = parts.filter_map(|part| part.listing.as_ref());
        let latest: BTreeMap<_, _> = rows.map(|row| (row.number, row)).collect();
        let fits = latest
            .into_values()
            .filter(|row| filter.fits(row) && page.reaches(row.number));
        let mut rows: Vec<_> = fits.cloned().collect();
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
        let log = self.log();
        let alike = |stream: &StreamId| (stream.tenant, stream.kind) == (tenant, kind);
        let all = log.streams().into_iter().filter(alike);
        let alike = all.filter(|stream| log.version(*stream) > Version(0));
        let later = alike.filter(|stream| after.is_none_or(|after| stream.id > after));
        Ok(later.map(|stream| stream.id).take(limit).collect())
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut log = self.log();
        log.outbox
            .sort_by_key(|(free, message)| (*free, message.id));
        let free = log.outbox.iter_mut().filter(|(free, _)| *free <= now);
        let take = |(free, message): &mut (DateTime<Utc>, OutboxMessage)| {
            let claimed = message.clone();
            *free = now + lease;
            message.attempts += 1;
            claimed
        };
        Ok(free.take(limit).map(take).collect())
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.log()
            .outbox
            .retain(|(_, message)| !ids.contains(&message.id));
        Ok(())
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut log = self.log();
        let given_back = log
            .outbox
            .iter_mut()
            .filter(|(_, message)| ids.contains(&message.id));
        given_back.for_each(|(free, _)| *free = until);
        Ok(())
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.log().outbox.iter().map(|(free, _)| *free).min())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut log = self.log();
        let of_tenant = log
            .commits
            .iter_mut()
            .filter(|commit| commit.tenant == tenant);
        let old = |record: &mut IdempotencyRecord| record.at < before;
        Ok(of_tenant
            .filter_map(|commit| commit.idempotency.take_if(old))
            .count())
    }
}

#[cfg(test)]
helpdesk::store_conformance!(log, LogStore::default);
