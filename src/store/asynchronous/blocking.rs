//! An async store, from blocking code.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::store::park::wait_within;
use crate::store::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, StreamKind, TicketRow,
};
use crate::ticket::Content;

use super::AsyncStore;

/// Any async store, used from blocking code: by a blocking [`Desk`](crate::Desk), or by the conformance suite.
///
/// # Where it may be used
/// On a thread that may block. On a thread of a runtime, a call would stop the very work it waits for. So inside a tokio runtime
/// (its threads for blocking work too) every call is refused with [`Other`](StoreErrorKind::Other) before anything is done:
/// use [`AsyncDesk`](crate::AsyncDesk) there. The crate knows tokio only with the feature `postgres`. Elsewhere, and on other
/// runtimes, a call that hears nothing of its answer for longer than its [patience](Blocking::patience) gives up with
/// [`Unavailable`](StoreErrorKind::Unavailable); what it was writing is then written whole or not at all. So it never waits for
/// ever.
///
/// # Who moves the bytes
/// [`Blocking::new`] only waits: it is for stores whose answers come from other threads, such as
/// [`PostgresStore`](crate::store::PostgresStore) and [`Offloaded`](super::Offloaded). A store that must be polled inside its
/// runtime is given the runtime: `Blocking::waiting(store, move |answer| runtime.block_on(answer))`.
///
/// ```
/// use helpdesk::store::{Blocking, MemoryStore, Offloaded};
/// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId};
/// let store = Offloaded::new(MemoryStore::new(), |job| std::thread::spawn(job)); // an async store
/// let desk = Desk::new(Blocking::new(store), Rulebook::starter());
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// assert_eq!(desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?.number().0, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Blocking<S> {
    store: S,
    wait: Wait,
}

enum Wait {
    Parked(Duration),
    By(Box<Bring>),
}

/// Brings an answer about.
type Bring = dyn Fn(Pin<&mut dyn Future<Output = ()>>) + Send + Sync;

impl<S: AsyncStore> Blocking<S> {
    /// `store`, whose answers come from other threads. Patience: 60 seconds.
    pub fn new(store: S) -> Blocking<S> {
        Blocking {
            store,
            wait: Wait::Parked(Duration::from_secs(60)),
        }
    }

    /// `store`, whose answers `wait` brings about: it polls the future it is given to its end, or gives up.
    pub fn waiting(
        store: S,
        wait: impl Fn(Pin<&mut dyn Future<Output = ()>>) + Send + Sync + 'static,
    ) -> Blocking<S> {
        Blocking {
            store,
            wait: Wait::By(Box::new(wait)),
        }
    }

    /// The same, giving up a call of whose answer nothing was heard for so long. Choose more than the store's own patience.
    /// Where [`Blocking::waiting`] was given another way to wait, this takes its place.
    #[must_use]
    pub fn patience(mut self, longest: Duration) -> Blocking<S> {
        self.wait = Wait::Parked(longest);
        self
    }

    /// The store inside.
    pub fn store(&self) -> &S {
        &self.store
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        refuse_inside_a_runtime()?;
        let mut told = None;
        {
            let mut waiting = std::pin::pin!(async { told = Some(answer.await) });
            match &self.wait {
                Wait::Parked(patience) => _ = wait_within(waiting, Some(*patience)),
                Wait::By(wait) => wait(waiting.as_mut()),
            }
        }
        told.unwrap_or_else(|| {
            let what = "no answer came; what was being written may or may not be stored";
            Err(StoreError::new(StoreErrorKind::Unavailable, what))
        })
    }
}

fn refuse_inside_a_runtime() -> Result<(), StoreError> {
    #[cfg(feature = "postgres")]
    if tokio::runtime::Handle::try_current().is_ok() {
        let what = "an async store cannot be waited for inside a runtime; use an async desk here, or a thread outside of it";
        return Err(StoreError::new(StoreErrorKind::Other, what));
    }
    Ok(())
}

impl<S: fmt::Debug> fmt::Debug for Blocking<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Blocking").field(&self.store).finish()
    }
}

impl<S: AsyncStore> Store for Blocking<S> {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        self.wait(self.store.load(request))
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.wait(self.store.commit(commit))
    }

    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        let all = self.wait(async { Ok(self.store.commit_all(commits).await) });
        all.unwrap_or_else(|error| commits.iter().map(|_| Err(error.again())).collect())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.store.due(now, zone_data, limit))
    }

    fn peek_due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.store.peek_due(now, zone_data, limit))
    }

    fn wakes_by(
        &self,
        until: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.store.wakes_by(until, zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.wait(self.store.next_wake(after))
    }

    /// The visitor need not be `Send`, and may call the store: so rows wait on this thread until nobody polls, as many as the store gives
    /// without waiting in between.
    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let given = Arc::new(Mutex::new(Vec::new()));
        let taken = given.clone();
        let mut keep = move |rows: &[Fact]| {
            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
            given.push(rows.to_vec());
        };
        let mut read = self.store.facts(tenant, &mut keep);
        let given = || taken.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let ended = self.wait(poll_fn(|context| match read.as_mut().poll(context) {
                Poll::Ready(ended) => Poll::Ready(Ok(Some(ended))),
                Poll::Pending if given().is_empty() => Poll::Pending,
                Poll::Pending => Poll::Ready(Ok(None)), // it is polled again after these rows
            }))?;
            let rows: Vec<Vec<Fact>> = std::mem::take(&mut *given());
            rows.iter().for_each(|of_ticket| visit(of_ticket));
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        self.wait(self.store.content(tenant, ids))
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        self.wait(self.store.list(tenant, filter, page))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.wait(self.store.streams(tenant, kind, after, limit))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.wait(self.store.claim(now, lease, limit))
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.wait(self.store.acknowledge(ids))
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        self.wait(self.store.postpone(ids, until))
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.wait(self.store.next_delivery())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.wait(self.store.prune_keys(tenant, before))
    }
}
