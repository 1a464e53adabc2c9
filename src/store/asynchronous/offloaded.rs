//! A store that blocks, for async hosts: its work is done where the host lets work block.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::store::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, StreamKind, TicketRow,
};
use crate::ticket::Content;

use super::pipe::pipe;
use super::{Answer, Answers, AsyncStore};

/// A piece of work that blocks.
pub type Job = Box<dyn FnOnce() + Send>;

/// Any blocking store, used from async code.
///
/// Each call is a job for the function that the host passes, which runs it where work may block, once and soon. On tokio that is
/// `|job| tokio::task::spawn_blocking(job)`, on smol `|job| smol::unblock(job).detach()`, without a runtime
/// `|job| std::thread::spawn(job)`. What the function returns does not count. Around it, a
/// [`GroupCommit`](crate::store::GroupCommit) lets several commits be one job and one flush.
///
/// Where a future is dropped before its first poll, nothing is done. After that its job goes on to its end: a commit is then
/// written whole, a little later, or refused. Where the host's function drops a job, or the store panics in it, the answer is
/// [`Unavailable`](StoreErrorKind::Unavailable): what was being written may or may not be stored.
///
/// ```
/// use helpdesk::store::{AsyncStore, MemoryStore, Offloaded};
/// let store = Offloaded::new(MemoryStore::new(), |job| std::thread::spawn(job));
/// let answer = store.next_delivery(); // a future
/// # drop(answer);
/// ```
pub struct Offloaded<S> {
    store: Arc<S>,
    spawn: Box<dyn Fn(Job) + Send + Sync>,
}

impl<S: Store + 'static> Offloaded<S> {
    /// `store`, whose work `spawn` runs.
    pub fn new<R>(store: S, spawn: impl Fn(Job) -> R + Send + Sync + 'static) -> Offloaded<S> {
        Offloaded {
            store: Arc::new(store),
            spawn: Box::new(move |job| _ = spawn(job)),
        }
    }

    /// The store inside.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Does `work` as a job.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        Box::pin(async move {
            let (tell, mut told) = pipe(1);
            let store = self.store.clone();
            (self.spawn)(Box::new(move || _ = tell.send(work(&store))));
            told.next().await.unwrap_or_else(|| Err(given_up()))
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for Offloaded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Offloaded").field(&self.store).finish()
    }
}

fn given_up() -> StoreError {
    let what = "the work was given up half-way; what was being written may or may not be stored";
    StoreError::new(StoreErrorKind::Unavailable, what)
}

/// How many tickets' rows come in one piece, and how many pieces may wait to be visited.
const ROWS: usize = 256;
const PIECES: usize = 4;

/// What a job that reads rows sends.
enum Piece {
    /// The rows of some tickets.
    Rows(Vec<Vec<Fact>>),
    End(Result<(), StoreError>),
}

impl<S: Store + 'static> AsyncStore for Offloaded<S> {
    fn load<'a>(&'a self, request: &'a Load) -> Answer<'a, Loaded> {
        let request = request.clone();
        self.run(move |store| store.load(&request))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> Answer<'a, ()> {
        let commit = commit.clone();
        self.run(move |store| store.commit(&commit))
    }

    fn commit_all<'a>(&'a self, commits: &'a [&'a Commit]) -> Answers<'a> {
        let owned: Vec<Commit> = commits.iter().map(|commit| (*commit).clone()).collect();
        let count = owned.len();
        let all = self.run(move |store| {
            let commits: Vec<&Commit> = owned.iter().collect();
            Ok(store.commit_all(&commits))
        });
        Box::pin(async move {
            all.await
                .unwrap_or_else(|_| (0..count).map(|_| Err(given_up())).collect())
        })
    }

    fn due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        let zone_data = zone_data.to_owned();
        self.run(move |store| store.due(now, &zone_data, limit))
    }

    fn peek_due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        let zone_data = zone_data.to_owned();
        self.run(move |store| store.peek_due(now, &zone_data, limit))
    }

    fn wakes_by<'a>(
        &'a self,
        until: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        let zone_data = zone_data.to_owned();
        self.run(move |store| store.wakes_by(until, &zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Answer<'_, Option<DateTime<Utc>>> {
        self.run(move |store| store.next_wake(after))
    }

    /// The rows come in pieces, and the job waits where they are not visited as fast as it reads. Where the future is dropped,
    /// the job reads on to its end.
    fn facts<'a>(
        &'a self,
        tenant: TenantId,
        visit: &'a mut (dyn FnMut(&[Fact]) + Send),
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let (tell, mut told) = pipe(PIECES);
            let store = self.store.clone();
            (self.spawn)(Box::new(move || {
                let mut rows = Vec::with_capacity(ROWS);
                let read = store.facts(tenant, &mut |of_ticket| {
                    rows.push(of_ticket.to_vec());
                    if rows.len() == ROWS {
                        _ = tell.send(Piece::Rows(std::mem::take(&mut rows)));
                    }
                });
                _ = tell.send(Piece::Rows(rows));
                _ = tell.send(Piece::End(read));
            }));
            while let Some(piece) = told.next().await {
                match piece {
                    Piece::Rows(tickets) => tickets.iter().for_each(|rows| visit(rows)),
                    Piece::End(read) => return read,
                }
            }
            Err(given_up())
        })
    }

    fn content<'a>(
        &'a self,
        tenant: TenantId,
        ids: &'a [ContentId],
    ) -> Answer<'a, Vec<Option<Content>>> {
        let ids = ids.to_vec();
        self.run(move |store| store.content(tenant, &ids))
    }

    fn list<'a>(
        &'a self,
        tenant: TenantId,
        filter: &'a Filter,
        page: &'a Page,
    ) -> Answer<'a, Vec<TicketRow>> {
        let (filter, page) = (filter.clone(), *page);
        self.run(move |store| store.list(tenant, &filter, &page))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Answer<'_, Vec<Uuid>> {
        self.run(move |store| store.streams(tenant, kind, after, limit))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Answer<'_, Vec<OutboxMessage>> {
        self.run(move |store| store.claim(now, lease, limit))
    }

    fn acknowledge<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, ()> {
        let ids = ids.to_vec();
        self.run(move |store| store.acknowledge(&ids))
    }

    fn postpone<'a>(&'a self, ids: &'a [Uuid], until: DateTime<Utc>) -> Answer<'a, ()> {
        let ids = ids.to_vec();
        self.run(move |store| store.postpone(&ids, until))
    }

    fn next_delivery(&self) -> Answer<'_, Option<DateTime<Utc>>> {
        self.run(|store| store.next_delivery())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Answer<'_, usize> {
        self.run(move |store| store.prune_keys(tenant, before))
    }
}
