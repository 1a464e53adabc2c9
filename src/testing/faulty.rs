//! A store that fails on cue: what callers do about failures can then be tested.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::store::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, StreamKind, TicketRow,
};
use crate::ticket::Content;

/// Any store, with faults on cue. Without a cue it does what the store inside does.
///
/// ```
/// use helpdesk::store::{Commit, MemoryStore, Store, StoreErrorKind};
/// use helpdesk::testing::{Asked, Fault, FaultyStore};
/// use helpdesk::TenantId;
/// let store = FaultyStore::new(MemoryStore::new());
/// store.cue(Asked::Commit, Fault::LoseAnswer);
/// let commit = Commit::new(TenantId::SINGLE, "2026-03-05T09:00:00Z".parse()?, vec![]);
/// let error = store.commit(&commit).unwrap_err(); // written all the same
/// assert_eq!(error.kind(), StoreErrorKind::Unavailable);
/// assert!(store.commit(&commit).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FaultyStore<S> {
    store: S,
    cues: Mutex<Vec<(Asked, Fault)>>,
    gone: AtomicBool,
}

/// Which call a fault waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Asked {
    /// [`Store::load`].
    Load,
    /// [`Store::commit`], and each commit of a [`Store::commit_all`] that no cue for a flush is for.
    Commit,
    /// [`Store::commit_all`] as a whole: the fault befalls every commit in it.
    Flush,
    /// [`Store::due`], [`Store::peek_due`] and [`Store::wakes_by`].
    Due,
    /// [`Store::claim`].
    Claim,
    /// [`Store::acknowledge`] and [`Store::postpone`].
    Settle,
    /// Any call, also those that have no name here.
    Any,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Before: nothing is done, and this kind of error is answered.
    Refuse(StoreErrorKind),
    /// During: the work is done, or refused by the store inside, and [`Unavailable`](StoreErrorKind::Unavailable) is answered. The
    /// caller cannot know.
    LoseAnswer,
    /// After: the work is done or refused, and answered so, and then the store is not reached any more until [`FaultyStore::come_back`].
    Vanish,
    /// The work begins this much later.
    Slow(Duration),
    /// Of a claim: each message comes twice. Of an acknowledgement: it is lost, so the messages come again. Of any other
    /// call: nothing.
    Repeat,
}

impl<S> FaultyStore<S> {
    /// Nothing goes wrong yet.
    pub fn new(store: S) -> FaultyStore<S> {
        FaultyStore {
            store,
            cues: Mutex::default(),
            gone: AtomicBool::new(false),
        }
    }

    /// The store inside.
    pub fn inside(&self) -> &S {
        &self.store
    }

    /// Something goes wrong with the next call of this kind that no earlier cue is for.
    pub fn cue(&self, asked: Asked, fault: Fault) {
        self.cues().push((asked, fault));
    }

    /// The same thing goes wrong `times` times.
    pub fn cue_times(&self, asked: Asked, fault: Fault, times: usize) {
        self.cues()
            .extend(std::iter::repeat_n((asked, fault), times));
    }

    /// How many faults are still to come.
    pub fn cues_left(&self) -> usize {
        self.cues().len()
    }

    /// Nothing goes wrong any more.
    pub fn come_back(&self) {
        self.cues().clear();
        self.gone.store(false, Ordering::SeqCst);
    }

    fn cues(&self) -> MutexGuard<'_, Vec<(Asked, Fault)>> {
        self.cues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, asked: Asked) -> Option<Fault> {
        let mut cues = self.cues();
        let found = cues
            .iter()
            .position(|(cue, _)| *cue == asked || *cue == Asked::Any)?;
        Some(cues.remove(found).1)
    }

    fn run<T>(
        &self,
        asked: Asked,
        work: impl FnOnce(Option<Fault>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let told = |kind| Err(StoreError::new(kind, "the store fails on cue"));
        if self.gone.load(Ordering::SeqCst) {
            return told(StoreErrorKind::Unavailable);
        }
        let fault = self.next(asked);
        match fault {
            Some(Fault::Refuse(kind)) => return told(kind),
            Some(Fault::Slow(by)) => std::thread::sleep(by),
            _ => {}
        }
        let answer = work(fault);
        match fault {
            Some(Fault::LoseAnswer) => return told(StoreErrorKind::Unavailable),
            Some(Fault::Vanish) => self.gone.store(true, Ordering::SeqCst),
            _ => {}
        }
        answer
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        self.run(Asked::Load, |_| self.store.load(request))
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.run(Asked::Commit, |_| self.store.commit(commit))
    }

    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        let each_alone = {
            let cues = self.cues();
            let cued = |asked| cues.iter().any(|(cue, _)| *cue == asked);
            !cued(Asked::Flush) && (cued(Asked::Commit) || cued(Asked::Any))
        };
        if each_alone {
            return commits.iter().map(|commit| self.commit(commit)).collect();
        }
        let all = self.run(Asked::Flush, |_| Ok(self.store.commit_all(commits)));
        all.unwrap_or_else(|error| commits.iter().map(|_| Err(error.again())).collect())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.run(Asked::Due, |_| self.store.due(now, zone_data, limit))
    }

    fn peek_due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.run(Asked::Due, |_| self.store.peek_due(now, zone_data, limit))
    }

    fn wakes_by(
        &self,
        until: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.run(Asked::Due, |_| self.store.wakes_by(until, zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(Asked::Any, |_| self.store.next_wake(after))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        self.run(Asked::Any, |_| self.store.facts(tenant, visit))
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        self.run(Asked::Any, |_| self.store.content(tenant, ids))
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        self.run(Asked::Any, |_| self.store.list(tenant, filter, page))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.run(Asked::Any, |_| {
            self.store.streams(tenant, kind, after, limit)
        })
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.run(Asked::Claim, |fault| {
            let mut claimed = self.store.claim(now, lease, limit)?;
            if fault == Some(Fault::Repeat) {
                claimed.extend(claimed.clone());
            }
            Ok(claimed)
        })
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.run(Asked::Settle, |fault| match fault {
            Some(Fault::Repeat) => Ok(()),
            _ => self.store.acknowledge(ids),
        })
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(Asked::Settle, |_| self.store.postpone(ids, until))
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(Asked::Any, |_| self.store.next_delivery())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.run(Asked::Any, |_| self.store.prune_keys(tenant, before))
    }
}
