//! The outbox, and the pruning of idempotency keys: small writes beside the commits.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::id::TenantId;
use crate::store::sql::{Claimed, limit as rows};
use crate::store::stored::SCHEMA;
use crate::time::{Micros, instant, micros};

use super::link::{Params, Query};
use super::load::{get, record};
use super::{OutboxMessage, PostgresStore, StoreError, StoreErrorKind};

const KNOWN: i64 = SCHEMA as i64;

impl PostgresStore {
    pub(super) async fn claim_messages(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (now, most) = (micros(now), rows(limit));
        let until = now.saturating_add(lease.num_microseconds().unwrap_or(i64::MAX).max(1));
        let query = Query {
            text: &self.own.claim,
            params: vec![&now, &KNOWN, &most, &until],
        };
        let mut found = Vec::new();
        for row in &self.pool.rows(&query).await? {
            found.push((get::<Micros>(row, 4)?, get::<Uuid>(row, 0)?, message(row)));
        }
        found.sort_unstable_by_key(|(free_at, id, _)| (*free_at, *id));
        let mut claimed = Claimed::default();
        for (_, id, read) in found {
            claimed.push(id, read);
        }
        claimed.finish()
    }

    async fn touch(&self, text: &str, params: Params<'_>) -> Result<u64, StoreError> {
        self.pool.execute(&Query { text, params }).await
    }

    pub(super) async fn acknowledge_messages(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.touch(&self.own.acknowledge, vec![&ids])
            .await
            .map(|_| ())
    }

    pub(super) async fn postpone_messages(
        &self,
        ids: &[Uuid],
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let until = micros(until);
        self.touch(&self.own.postpone, vec![&ids, &until])
            .await
            .map(|_| ())
    }

    pub(super) async fn earliest_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let text = &self.sql.texts.next_delivery;
        let found = self.rows(text, vec![&KNOWN]).await?;
        let next = found.first().map(|row| get(row, 0).map(instant));
        next.transpose()
    }

    pub(super) async fn prune(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (tenant, before) = (tenant.uuid(), micros(before));
        let params: Params<'_> = vec![&tenant, &before];
        let pruned = self.touch(&self.sql.texts.prune_keys, params).await?;
        usize::try_from(pruned)
            .map_err(|error| StoreError::new(StoreErrorKind::Other, "too many").because(error))
    }
}

fn message(row: &Row) -> Result<OutboxMessage, StoreError> {
    let mut message: OutboxMessage = record(row, 2, "an outbox message")?;
    message.attempts = u32::try_from(get::<i64>(row, 1)?).unwrap_or(u32::MAX);
    Ok(message)
}
