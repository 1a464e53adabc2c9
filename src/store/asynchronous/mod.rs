//! Stores for async hosts (feature `async`): the contract of [`Store`](super::Store) with futures for answers.
//!
//! | you have | and want | take |
//! |---|---|---|
//! | a store that blocks ([`SqliteStore`](super::SqliteStore), one of your own) | an async desk | [`Offloaded`], with the function by which your runtime does blocking work |
//! | a PostgreSQL server | an async desk | [`PostgresStore`](super::PostgresStore): it is both kinds at once |
//! | an async store | a blocking desk, or the conformance suite | [`Blocking`] |
//! | many writers that wait for one disk | one flush for several of them | [`GroupCommit`](super::GroupCommit) around it, of either kind |
//!
//! # What an async store MUST do
//! Everything that [`store`](super) says of a store, and:
//! 1. A future that is dropped leaves nothing half-written: what it was to write is written whole, at once or a little later,
//!    or not at all. A call that comes after it is answered as if the dropped one were another writer's.
//! 2. Nothing is done before the first poll, and no answer needs another call of the same store to be polled.
//! 3. Its futures do not block the thread that polls them.
//!
//! # Writing one
//! Every method answers a boxed future, so that a store can be a `dyn AsyncStore`:
//!
//! ```
//! # use helpdesk::store::{Load, Loaded, StoreError};
//! # use helpdesk::store::asynchronous::Answer;
//! # struct Mine;
//! # impl Mine {
//! # async fn ask(&self, _: &Load) -> Result<Loaded, StoreError> { Ok(Loaded::default()) }
//! fn load<'a>(&'a self, request: &'a Load) -> Answer<'a, Loaded> {
//!     Box::pin(async move { self.ask(request).await })
//! }
//! # }
//! ```
//!
//! `helpdesk::store_conformance!(mine, || Blocking::new(Mine::new()))` (feature `testing`) makes a test of each rule
//! of [`store`](super) that it can test there. The three above it does not: the bridge polls every future at once and to its end.

mod blocking;
mod offloaded;
mod pipe;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::ticket::Content;

use super::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, StoreError, StreamKind, TicketRow,
};

pub use blocking::Blocking;
pub use offloaded::{Job, Offloaded};

/// What an [`AsyncStore`] will answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What an [`AsyncStore`] will answer to several commits: one result for each.
pub type Answers<'a> = Pin<Box<dyn Future<Output = Vec<Result<(), StoreError>>> + Send + 'a>>;

/// Keeps what happened, for async hosts. Each method is that of [`Store`](super::Store), which has the whole contract.
/// Object-safe; shared by `&self`.
pub trait AsyncStore: fmt::Debug + Send + Sync {
    /// See [`Store::load`](super::Store::load).
    fn load<'a>(&'a self, request: &'a Load) -> Answer<'a, Loaded>;

    /// See [`Store::commit`](super::Store::commit).
    fn commit<'a>(&'a self, commit: &'a Commit) -> Answer<'a, ()>;

    /// See [`Store::commit_all`](super::Store::commit_all). Default: one after the other.
    fn commit_all<'a>(&'a self, commits: &'a [&'a Commit]) -> Answers<'a> {
        Box::pin(async move {
            let mut results = Vec::with_capacity(commits.len());
            for commit in commits {
                results.push(self.commit(commit).await);
            }
            results
        })
    }

    /// See [`Store::due`](super::Store::due).
    fn due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>>;

    /// See [`Store::peek_due`](super::Store::peek_due). Default: `due`.
    fn peek_due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        self.due(now, zone_data, limit)
    }

    /// See [`Store::wakes_by`](super::Store::wakes_by). Default: `peek_due`.
    fn wakes_by<'a>(
        &'a self,
        until: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        self.peek_due(until, zone_data, limit)
    }

    /// See [`Store::next_wake`](super::Store::next_wake).
    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Answer<'_, Option<DateTime<Utc>>>;

    /// See [`Store::facts`](super::Store::facts). The visitor is called while the future is polled.
    fn facts<'a>(
        &'a self,
        tenant: TenantId,
        visit: &'a mut (dyn FnMut(&[Fact]) + Send),
    ) -> Answer<'a, ()>;

    /// See [`Store::content`](super::Store::content).
    fn content<'a>(
        &'a self,
        tenant: TenantId,
        ids: &'a [ContentId],
    ) -> Answer<'a, Vec<Option<Content>>>;

    /// See [`Store::list`](super::Store::list).
    fn list<'a>(
        &'a self,
        tenant: TenantId,
        filter: &'a Filter,
        page: &'a Page,
    ) -> Answer<'a, Vec<TicketRow>>;

    /// See [`Store::streams`](super::Store::streams).
    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Answer<'_, Vec<Uuid>>;

    /// See [`Store::claim`](super::Store::claim). Where the future is dropped half-way, messages may be held until their lease
    /// ends.
    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Answer<'_, Vec<OutboxMessage>>;

    /// See [`Store::acknowledge`](super::Store::acknowledge).
    fn acknowledge<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, ()>;

    /// See [`Store::postpone`](super::Store::postpone).
    fn postpone<'a>(&'a self, ids: &'a [Uuid], until: DateTime<Utc>) -> Answer<'a, ()>;

    /// See [`Store::next_delivery`](super::Store::next_delivery).
    fn next_delivery(&self) -> Answer<'_, Option<DateTime<Utc>>>;

    /// See [`Store::prune_keys`](super::Store::prune_keys).
    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Answer<'_, usize>;
}

/// Every method of [`AsyncStore`] but the commits, done by another store.
macro_rules! async_but_commits {
    (|$me:ident| $store:expr) => {
        fn load<'a>(&'a self, request: &'a Load) -> Answer<'a, Loaded> {
            let $me = self;
            $store.load(request)
        }
        fn due<'a>(
            &'a self,
            now: DateTime<Utc>,
            zone_data: &'a str,
            limit: usize,
        ) -> Answer<'a, Vec<DueStream>> {
            let $me = self;
            $store.due(now, zone_data, limit)
        }
        fn peek_due<'a>(
            &'a self,
            now: DateTime<Utc>,
            zone_data: &'a str,
            limit: usize,
        ) -> Answer<'a, Vec<DueStream>> {
            let $me = self;
            $store.peek_due(now, zone_data, limit)
        }
        fn wakes_by<'a>(
            &'a self,
            until: DateTime<Utc>,
            zone_data: &'a str,
            limit: usize,
        ) -> Answer<'a, Vec<DueStream>> {
            let $me = self;
            $store.wakes_by(until, zone_data, limit)
        }
        fn next_wake(&self, after: Option<DateTime<Utc>>) -> Answer<'_, Option<DateTime<Utc>>> {
            let $me = self;
            $store.next_wake(after)
        }
        fn facts<'a>(
            &'a self,
            tenant: TenantId,
            visit: &'a mut (dyn FnMut(&[Fact]) + Send),
        ) -> Answer<'a, ()> {
            let $me = self;
            $store.facts(tenant, visit)
        }
        fn content<'a>(
            &'a self,
            tenant: TenantId,
            ids: &'a [ContentId],
        ) -> Answer<'a, Vec<Option<Content>>> {
            let $me = self;
            $store.content(tenant, ids)
        }
        fn list<'a>(
            &'a self,
            tenant: TenantId,
            filter: &'a Filter,
            page: &'a Page,
        ) -> Answer<'a, Vec<TicketRow>> {
            let $me = self;
            $store.list(tenant, filter, page)
        }
        fn streams(
            &self,
            tenant: TenantId,
            kind: crate::store::StreamKind,
            after: Option<Uuid>,
            limit: usize,
        ) -> Answer<'_, Vec<Uuid>> {
            let $me = self;
            $store.streams(tenant, kind, after, limit)
        }
        fn claim(
            &self,
            now: DateTime<Utc>,
            lease: TimeDelta,
            limit: usize,
        ) -> Answer<'_, Vec<OutboxMessage>> {
            let $me = self;
            $store.claim(now, lease, limit)
        }
        fn acknowledge<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, ()> {
            let $me = self;
            $store.acknowledge(ids)
        }
        fn postpone<'a>(&'a self, ids: &'a [Uuid], until: DateTime<Utc>) -> Answer<'a, ()> {
            let $me = self;
            $store.postpone(ids, until)
        }
        fn next_delivery(&self) -> Answer<'_, Option<DateTime<Utc>>> {
            let $me = self;
            $store.next_delivery()
        }
        fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Answer<'_, usize> {
            let $me = self;
            $store.prune_keys(tenant, before)
        }
    };
}

pub(super) use async_but_commits;

macro_rules! forward {
    ($($outer:ty),*) => {$(
        impl<S: AsyncStore + ?Sized> AsyncStore for $outer {
            fn commit<'a>(&'a self, commit: &'a Commit) -> Answer<'a, ()> {
                (**self).commit(commit)
            }
            fn commit_all<'a>(&'a self, commits: &'a [&'a Commit]) -> Answers<'a> {
                (**self).commit_all(commits)
            }
            async_but_commits!(|me| (**me));
        }
    )*};
}

forward!(std::sync::Arc<S>, Box<S>, &S);
