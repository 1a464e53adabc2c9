//! The outbox, and the pruning of idempotency keys: small writes beside the commits.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::id::TenantId;
use crate::store::Store;
use crate::store::sql::{Claimed, limit as rows};
use crate::store::stored::SCHEMA;
use crate::time::{Micros, instant, micros};

use super::error::{failed, prepare};
use super::load::{blob, record, uuid};
use super::write::in_transaction;
use super::{OutboxMessage, SqliteStore, StoreError};

impl SqliteStore {
    pub(super) fn claim_messages(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        // Looking takes no lock, so an idle host writes nothing.
        if limit == 0 || self.next_delivery()?.is_none_or(|next| next > now) {
            return Ok(Vec::new());
        }
        let until = micros(now).saturating_add(lease.num_microseconds().unwrap_or(i64::MAX).max(1));
        let claimed = self.writing(|connection| {
            in_transaction(connection, || {
                let (ids, claimed) = self.free_messages(connection, micros(now), limit)?;
                self.each(connection, &self.sql.texts.hold, &ids, |id| (*id, until))?;
                Ok(claimed)
            })
        })?;
        claimed.finish()
    }

    fn free_messages(
        &self,
        connection: &Connection,
        now: Micros,
        limit: usize,
    ) -> Result<(Vec<Uuid>, Claimed), StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.free_messages)?;
        let mut free = prepared
            .query(params![now, SCHEMA, rows(limit)])
            .map_err(failed)?;
        let (mut ids, mut claimed) = (Vec::new(), Claimed::default());
        while let Some(row) = free.next().map_err(failed)? {
            let id = uuid(row, 0)?;
            ids.push(id);
            claimed.push(id, message(row));
        }
        Ok((ids, claimed))
    }

    pub(super) fn acknowledge_messages(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.writing(|connection| {
            in_transaction(connection, || {
                let mut prepared = prepare(connection, &self.sql.texts.acknowledge)?;
                for id in ids {
                    prepared.execute([blob(*id)]).map_err(failed)?;
                }
                Ok(())
            })
        })
    }

    pub(super) fn postpone_messages(
        &self,
        ids: &[Uuid],
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let until = micros(until);
        self.writing(|connection| {
            in_transaction(connection, || {
                self.each(connection, &self.sql.texts.postpone, ids, |id| (*id, until))
            })
        })
    }

    fn each<T>(
        &self,
        connection: &Connection,
        text: &str,
        all: &[T],
        of: impl Fn(&T) -> (Uuid, Micros),
    ) -> Result<(), StoreError> {
        let mut prepared = prepare(connection, text)?;
        for one in all {
            let (id, until) = of(one);
            prepared.execute(params![blob(id), until]).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn next_delivery_on(
        &self,
        connection: &Connection,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.next_delivery)?;
        let next: Option<Micros> = prepared
            .query_row([SCHEMA], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(next.map(instant))
    }

    pub(super) fn prune(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        self.writing(|connection| {
            in_transaction(connection, || {
                let mut prepared = prepare(connection, &self.sql.texts.prune_keys)?;
                prepared
                    .execute(params![blob(tenant.uuid()), micros(before)])
                    .map_err(failed)
            })
        })
    }
}

fn message(row: &Row<'_>) -> Result<OutboxMessage, StoreError> {
    let mut message: OutboxMessage = record(row, 2, "an outbox message")?;
    message.attempts = row.get(1).map_err(failed)?;
    Ok(message)
}
