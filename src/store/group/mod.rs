//! Group commit: several writers that wait for one disk share one flush.
//!
//! A durable commit waits for the disk, and a disk flushes a few thousand times a second at best. [`GroupCommit`] lets commits
//! that arrive while one flush is under way go together into the next one ([`Store::commit_all`]). Nobody waits for company: a
//! commit that finds no flush under way is written at once.
//!
//! What a commit means is as before. Each is all or nothing by itself; one that conflicts, or is refused for another reason, undoes
//! only itself. Of commits in one flush, each sees those before it. Nobody is answered before the flush that has its commit is
//! done; where the flush fails, every writer in it is told so.

mod threads;

#[cfg(feature = "async")]
mod tasks;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::ticket::Content;

#[cfg(feature = "async")]
use super::asynchronous::{Answer, Answers, AsyncStore, async_but_commits};
use super::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, TicketRow, all_but_commits,
};

/// Any store, whose waiting writers share flushes. It pays where a flush is dear and the store writes several commits in one:
/// `SqliteStore`, `PostgresStore`, `Offloaded` around one of one's own.
///
/// It is a [`Store`] around a store, for writers on several threads, and with the feature `async` an
/// `AsyncStore` around an async store, for writers in several tasks.
///
/// ```
/// use helpdesk::store::{GroupCommit, MemoryStore};
/// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::CustomerId};
/// let desk = Desk::new(GroupCommit::new(MemoryStore::new()), Rulebook::starter());
/// let now: chrono::DateTime<chrono::Utc> = "2026-03-05T09:00:00Z".parse()?;
/// std::thread::scope(|scope| {
///     for n in 0..16 {
///         let ann = Actor::customer(CustomerId::named(&format!("customer {n}")));
///         let desk = &desk;
///         scope.spawn(move || desk.open(&Call::new(ann, now), Open::new("Printer on fire").body("Help")));
///     }
/// });
/// # Ok::<(), chrono::ParseError>(())
/// ```
///
/// # When an async writer gives up
/// A future that is dropped while it waits for its turn is not written. Once its flush is under way, it is written whole or not at
/// all, and the others are not disturbed: whoever is left sees the flush to its end. Where nobody is left, the flush is dropped.
///
/// # Properties
/// Every rule of the [contract](super) holds as on the store inside. Of commits that arrive together, one is refused if and only if
/// it would be refused in some order of arrival.
pub struct GroupCommit<S> {
    store: Arc<S>,
    most: usize,
    threads: threads::Threads,
    #[cfg(feature = "async")]
    tasks: Arc<tasks::Tasks>,
}

impl<S> GroupCommit<S> {
    /// At most 64 commits in a flush.
    pub fn new(store: S) -> GroupCommit<S> {
        GroupCommit {
            store: Arc::new(store),
            most: 64,
            threads: threads::Threads::default(),
            #[cfg(feature = "async")]
            tasks: Arc::default(),
        }
    }

    /// The same with at most so many commits in a flush, at least 1. The longer a flush, the longer everybody in it waits.
    #[must_use]
    pub fn at_most(mut self, commits: usize) -> GroupCommit<S> {
        self.most = commits.max(1);
        self
    }

    /// The store inside.
    pub fn store(&self) -> &S {
        &self.store
    }
}

impl<S: fmt::Debug> fmt::Debug for GroupCommit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCommit")
            .field("store", &self.store)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl<S: Store> Store for GroupCommit<S> {
    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.threads.commit(&*self.store, self.most, commit)
    }

    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        self.store.commit_all(commits)
    }

    all_but_commits!(|me| me.store);
}

#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
impl<S: AsyncStore + 'static> AsyncStore for GroupCommit<S> {
    fn commit<'a>(&'a self, commit: &'a Commit) -> Answer<'a, ()> {
        Box::pin(tasks::Tasks::commit(
            &self.tasks,
            &self.store,
            self.most,
            commit,
        ))
    }

    fn commit_all<'a>(&'a self, commits: &'a [&'a Commit]) -> Answers<'a> {
        self.store.commit_all(commits)
    }

    async_but_commits!(|me| me.store);
}

/// The results of a flush, one for each commit in it; a store that told fewer is told of.
fn of_each(
    results: Vec<Result<(), StoreError>>,
    commits: usize,
) -> impl Iterator<Item = Result<(), StoreError>> {
    let untold = || {
        let what = "the store did not tell what became of the commit";
        Err(StoreError::new(StoreErrorKind::Unavailable, what))
    };
    let untold = std::iter::repeat_with(untold);
    results.into_iter().chain(untold).take(commits)
}

/// What a writer is told whose flush was given up.
fn given_up() -> StoreError {
    let what = "the flush was given up half-way; what was being written may or may not be stored";
    StoreError::new(StoreErrorKind::Unavailable, what)
}
