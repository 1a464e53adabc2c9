//! What a store of a test's own leaves to the store inside it, which is its first field.

/// These methods of [`Store`](helpdesk::store::Store), done by the store inside.
macro_rules! through {
    (@load) => {
        fn load(
            &self,
            request: &helpdesk::store::Load,
        ) -> Result<helpdesk::store::Loaded, helpdesk::store::StoreError> {
            self.0.load(request)
        }
    };
    (@commit) => {
        fn commit(
            &self,
            commit: &helpdesk::store::Commit,
        ) -> Result<(), helpdesk::store::StoreError> {
            self.0.commit(commit)
        }
    };
    (@due) => {
        fn due(
            &self,
            now: chrono::DateTime<chrono::Utc>,
            zone_data: &str,
            limit: usize,
        ) -> Result<Vec<helpdesk::store::DueStream>, helpdesk::store::StoreError> {
            self.0.due(now, zone_data, limit)
        }
    };
    (@next_wake) => {
        fn next_wake(&self, after: Option<chrono::DateTime<chrono::Utc>>) -> Result<Option<chrono::DateTime<chrono::Utc>>, helpdesk::store::StoreError> {
            self.0.next_wake(after)
        }
    };
    (@facts) => {
        fn facts(&self, tenant: helpdesk::TenantId, visit: &mut dyn FnMut(&[helpdesk::kpi::Fact])) -> Result<(), helpdesk::store::StoreError> {
            self.0.facts(tenant, visit)
        }
    };
    (@content) => {
        fn content(
            &self,
            tenant: helpdesk::TenantId,
            ids: &[helpdesk::id::ContentId],
        ) -> Result<Vec<Option<helpdesk::ticket::Content>>, helpdesk::store::StoreError> {
            self.0.content(tenant, ids)
        }
    };
    (@list) => {
        fn list(
            &self,
            tenant: helpdesk::TenantId,
            filter: &helpdesk::store::Filter,
            page: &helpdesk::store::Page,
        ) -> Result<Vec<helpdesk::store::TicketRow>, helpdesk::store::StoreError> {
            self.0.list(tenant, filter, page)
        }
    };
    (@streams) => {
        fn streams(
            &self,
            tenant: helpdesk::TenantId,
            kind: helpdesk::store::StreamKind,
            after: Option<uuid::Uuid>,
            limit: usize,
        ) -> Result<Vec<uuid::Uuid>, helpdesk::store::StoreError> {
            self.0.streams(tenant, kind, after, limit)
        }
    };
    (@claim) => {
        fn claim(
            &self,
            now: chrono::DateTime<chrono::Utc>,
            lease: chrono::TimeDelta,
            limit: usize,
        ) -> Result<Vec<helpdesk::store::OutboxMessage>, helpdesk::store::StoreError> {
            self.0.claim(now, lease, limit)
        }
    };
    (@acknowledge) => {
        fn acknowledge(&self, ids: &[uuid::Uuid]) -> Result<(), helpdesk::store::StoreError> {
            self.0.acknowledge(ids)
        }
    };
    (@postpone) => {
        fn postpone(&self, ids: &[uuid::Uuid], until: chrono::DateTime<chrono::Utc>) -> Result<(), helpdesk::store::StoreError> {
            self.0.postpone(ids, until)
        }
    };
    (@next_delivery) => {
        fn next_delivery(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, helpdesk::store::StoreError> {
            self.0.next_delivery()
        }
    };
    (@prune_keys) => {
        fn prune_keys(&self, tenant: helpdesk::TenantId, before: chrono::DateTime<chrono::Utc>) -> Result<usize, helpdesk::store::StoreError> {
            self.0.prune_keys(tenant, before)
        }
    };
    ($($method:ident)*) => {
        $(through! { @$method })*
    };
}
