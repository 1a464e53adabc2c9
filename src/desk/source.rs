//! What questions and conversations ask of a store, whichever kind it is: so each is written once, and both desks answer it alike.
//!
//! A question is an async function over a [`Source`]. The async desk awaits it; on a blocking desk every answer is there at once, so
//! [`at_once`] polls it a single time.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
#[cfg(feature = "async")]
use crate::store::AsyncStore;
use crate::store::{
    Commit, DueStream, Filter, Load, Loaded, Page, Store, StoreError, StreamKind, TicketRow,
};
use crate::ticket::Content;
use uuid::Uuid;

use super::sweep::{Sweep, SweepNeed, Swept};
use super::{Conversation, Need};

type Found<T> = Result<T, StoreError>;

/// A store as questions see it.
pub(super) trait Source: Sync {
    fn load(&self, load: &Load) -> impl Future<Output = Found<Loaded>>;
    fn commit(&self, commit: &Commit) -> impl Future<Output = Found<()>>;
    fn commit_all(&self, commits: &[&Commit]) -> impl Future<Output = Vec<Found<()>>>;
    fn facts(
        &self,
        tenant: TenantId,
        visit: &mut (dyn FnMut(&[Fact]) + Send),
    ) -> impl Future<Output = Found<()>>;
    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> impl Future<Output = Found<Vec<Option<Content>>>>;
    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> impl Future<Output = Found<Vec<TicketRow>>>;
    fn streams(
        &self,
        of: (TenantId, StreamKind),
        after: Option<Uuid>,
        limit: usize,
    ) -> impl Future<Output = Found<Vec<Uuid>>>;
    fn wakes_by(
        &self,
        until: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> impl Future<Output = Found<Vec<DueStream>>>;
}

/// A store that answers at once.
#[derive(Debug)]
pub(super) struct Direct<'a, S>(pub(super) &'a S);

/// A store that will answer.
#[cfg(feature = "async")]
#[derive(Debug)]
pub(super) struct Awaited<'a, S>(pub(super) &'a S);

macro_rules! source {
    ($(#[$gate:meta])* $name:ident of $store:ident $(, $wait:ident)?) => {
        $(#[$gate])*
        impl<S: $store> Source for $name<'_, S> {
            async fn load(&self, load: &Load) -> Found<Loaded> {
                self.0.load(load)$(.$wait)?
            }
            async fn commit(&self, commit: &Commit) -> Found<()> {
                self.0.commit(commit)$(.$wait)?
            }
            async fn commit_all(&self, commits: &[&Commit]) -> Vec<Found<()>> {
                self.0.commit_all(commits)$(.$wait)?
            }
            async fn facts(&self, tenant: TenantId, visit: &mut (dyn FnMut(&[Fact]) + Send)) -> Found<()> {
                self.0.facts(tenant, visit)$(.$wait)?
            }
            async fn content(&self, tenant: TenantId, ids: &[ContentId]) -> Found<Vec<Option<Content>>> {
                self.0.content(tenant, ids)$(.$wait)?
            }
            async fn list(&self, tenant: TenantId, filter: &Filter, page: &Page) -> Found<Vec<TicketRow>> {
                self.0.list(tenant, filter, page)$(.$wait)?
            }
            async fn streams(
                &self,
                (tenant, kind): (TenantId, StreamKind),
                after: Option<Uuid>,
                limit: usize,
            ) -> Found<Vec<Uuid>> {
                self.0.streams(tenant, kind, after, limit)$(.$wait)?
            }
            async fn wakes_by(&self, until: DateTime<Utc>, zone_data: &str, limit: usize) -> Found<Vec<DueStream>> {
                self.0.wakes_by(until, zone_data, limit)$(.$wait)?
            }
        }
    };
}

source!(Direct of Store);
source!(
    #[cfg(feature = "async")]
    Awaited of AsyncStore, await
);

/// Drives a conversation to its end.
pub(super) async fn drive<C: Conversation>(
    source: &impl Source,
    mut conversation: C,
) -> Result<C::Outcome, Error> {
    loop {
        match conversation.need() {
            Need::Load(load) => {
                let loaded = source.load(load).await?;
                conversation.loaded(loaded)?;
            }
            Need::Commit(commit) => {
                let result = source.commit(commit).await;
                conversation.committed(result)?;
            }
            Need::Nothing => return conversation.finish(),
        }
    }
}

/// Drives a sweep to its end. What the store answers about one ticket is told of that ticket.
pub(super) async fn go_through(source: &impl Source, mut sweep: Sweep<'_>) -> Result<Swept, Error> {
    loop {
        match sweep.need() {
            SweepNeed::Load(load) => {
                let loaded = source.load(load).await;
                sweep.loaded(loaded);
            }
            SweepNeed::Commits(commits) => {
                let results = source.commit_all(&commits).await;
                sweep.committed(results);
            }
            SweepNeed::Nothing => return Ok(sweep.finish()),
        }
    }
}

/// The answer to a question over a store that answers at once.
pub(super) fn at_once<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(question).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(Error::misused("a store that answers at once has answered")),
    }
}
