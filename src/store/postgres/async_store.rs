//! The same store for async hosts: the same work, awaited and not waited for.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::store::asynchronous::{Answer, Answers, AsyncStore};
use crate::ticket::Content;

use super::read::FactsPage;
use super::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, PostgresStore, StreamKind,
    TicketRow,
};

#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
impl AsyncStore for PostgresStore {
    fn load<'a>(&'a self, request: &'a Load) -> Answer<'a, Loaded> {
        Box::pin(self.moved(self.load_all(request)))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> Answer<'a, ()> {
        Box::pin(self.moved(self.write(commit)))
    }

    fn commit_all<'a>(&'a self, commits: &'a [&'a Commit]) -> Answers<'a> {
        Box::pin(async {
            let all = self
                .moved(async { Ok(self.write_all(commits).await) })
                .await;
            all.unwrap_or_else(|error| commits.iter().map(|_| Err(error.again())).collect())
        })
    }

    fn due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        Box::pin(self.moved(self.due_streams(now, zone_data, limit)))
    }

    fn peek_due<'a>(
        &'a self,
        now: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        Box::pin(self.moved(self.peeked_streams(now, zone_data, limit)))
    }

    fn wakes_by<'a>(
        &'a self,
        until: DateTime<Utc>,
        zone_data: &'a str,
        limit: usize,
    ) -> Answer<'a, Vec<DueStream>> {
        Box::pin(self.moved(self.due_for_all(until, zone_data, limit)))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Answer<'_, Option<DateTime<Utc>>> {
        Box::pin(self.moved(self.earliest_wake(after)))
    }

    fn facts<'a>(
        &'a self,
        tenant: TenantId,
        visit: &'a mut (dyn FnMut(&[Fact]) + Send),
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut page = FactsPage::first();
            while let Some(rows) = self.moved(self.facts_page(tenant, &mut page)).await? {
                rows.iter().for_each(|rows| visit(rows)); // nothing is held: the visitor may call the store
            }
            Ok(())
        })
    }

    fn content<'a>(
        &'a self,
        tenant: TenantId,
        ids: &'a [ContentId],
    ) -> Answer<'a, Vec<Option<Content>>> {
        Box::pin(self.moved(self.texts(tenant, ids)))
    }

    fn list<'a>(
        &'a self,
        tenant: TenantId,
        filter: &'a Filter,
        page: &'a Page,
    ) -> Answer<'a, Vec<TicketRow>> {
        Box::pin(self.moved(self.listed(tenant, filter, page)))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Answer<'_, Vec<Uuid>> {
        Box::pin(self.moved(self.streams_of(tenant, kind, after, limit)))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Answer<'_, Vec<OutboxMessage>> {
        Box::pin(self.moved(self.claim_messages(now, lease, limit)))
    }

    fn acknowledge<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, ()> {
        Box::pin(self.moved(self.acknowledge_messages(ids)))
    }

    fn postpone<'a>(&'a self, ids: &'a [Uuid], until: DateTime<Utc>) -> Answer<'a, ()> {
        Box::pin(self.moved(self.postpone_messages(ids, until)))
    }

    fn next_delivery(&self) -> Answer<'_, Option<DateTime<Utc>>> {
        Box::pin(self.moved(self.earliest_delivery()))
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Answer<'_, usize> {
        Box::pin(self.moved(self.prune(tenant, before)))
    }
}
