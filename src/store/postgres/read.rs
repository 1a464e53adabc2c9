//! Reading beside loads: what is due, rows, lists and texts.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::store::sql::{NEVER, due_streams, first_after, kind_of, limit as rows, of_row};
use crate::store::{DueStream, Filter, Page, StreamId, StreamKind, TicketRow};
use crate::ticket::Content;
use crate::time::{Micros, instant, micros};

use super::link::{Params, Query};
use super::load::{get, in_order, record};
use super::write::param;
use super::{PostgresStore, StoreError, StoreErrorKind};

/// How many tickets' rows are read at a time; between two such pages nothing is held.
const FACTS_PAGE: usize = 1_000;

/// Where a reading of all rows goes on: at this id, or nowhere.
pub(super) struct FactsPage(Option<Uuid>);

impl FactsPage {
    pub(super) fn first() -> FactsPage {
        FactsPage(first_after(None))
    }
}

impl PostgresStore {
    /// The rows of one statement.
    pub(super) async fn rows(
        &self,
        text: &str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        self.pool.rows(&Query { text, params }).await
    }

    pub(super) async fn due_streams(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let Some(lease) = self.lease() else {
            return self.due_for_all(now, zone_data, limit).await;
        };
        let (now, most) = (micros(now), rows(limit));
        let (since, until) = (now.saturating_sub(lease), now.saturating_add(lease));
        let release = Query {
            text: &self.own.release_due,
            params: vec![&self.holder, &now, &since, &zone_data],
        };
        let take = Query {
            text: &self.own.take_due,
            params: vec![
                &zone_data,
                &now,
                &most,
                &self.holder,
                &since,
                &lease,
                &until,
            ],
        };
        // What is taken and cannot be read stays taken for the lease, and is others' after it.
        let found = streams(&self.pool.take(&[release, take]).await?)?;
        Ok(due_streams(found.unwrap_or_default(), limit))
    }

    /// The same, taking nothing.
    pub(super) async fn peeked_streams(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let Some(lease) = self.lease() else {
            return self.due_for_all(now, zone_data, limit).await;
        };
        let (now, most) = (micros(now), rows(limit));
        let since = now.saturating_sub(lease);
        let peek = Query {
            text: &self.own.peek_due,
            params: vec![&zone_data, &now, &most, &self.holder, &since, &lease],
        };
        let found = streams(&self.pool.rows(&peek).await?)?;
        Ok(due_streams(found.unwrap_or_default(), limit))
    }

    /// What is due, whoever holds it.
    pub(super) async fn due_for_all(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let (now, most) = (micros(now), rows(limit));
        let ask = |text| Query {
            text,
            params: vec![&zone_data, &now, &most],
        };
        let found = match streams(&self.pool.rows(&ask(&self.own.due_here)).await?)? {
            Some(found) => Some(found),
            None => streams(&self.pool.rows(&ask(&self.own.due)).await?)?,
        };
        Ok(due_streams(found.unwrap_or_default(), limit))
    }

    /// How long what is due is held, in microseconds: so little that instants have room for it.
    fn lease(&self) -> Option<Micros> {
        let micros = |lease: TimeDelta| lease.num_microseconds().unwrap_or(Micros::MAX);
        self.sweep_lease
            .map(|lease| micros(lease).clamp(1, Micros::MAX / 4))
    }

    pub(super) async fn earliest_wake(
        &self,
        after: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let after = after.map_or(Micros::MIN, micros);
        let found = match self.lease() {
            None => self.rows(&self.own.next_wake, vec![&after]).await?,
            Some(lease) => {
                let since = after.saturating_sub(lease);
                let params: Params<'_> = vec![&after, &self.holder, &lease, &since];
                self.rows(&self.own.next_free_wake, params).await?
            }
        };
        let wake: Option<Micros> = found.first().map(|row| get(row, 0)).transpose()?.flatten();
        Ok(wake.filter(|wake| *wake != NEVER).map(instant))
    }

    /// The next tickets' rows, and what comes after them; `None` after the last.
    pub(super) async fn facts_page(
        &self,
        tenant: TenantId,
        page: &mut FactsPage,
    ) -> Result<Option<Vec<Vec<Fact>>>, StoreError> {
        let Some(from) = page.0 else { return Ok(None) };
        let (tenant, most) = (tenant.uuid(), rows(FACTS_PAGE));
        let params: Params<'_> = vec![&tenant, &from, &most];
        let found = self.rows(&self.sql.texts.facts, params).await?;
        let last = found.last().map(|row| get::<Uuid>(row, 0)).transpose()?;
        let last = last.filter(|_| found.len() == FACTS_PAGE);
        page.0 = last.and_then(|last| first_after(Some(last)));
        let of = |row| {
            let facts = record(row, 1, "the rows of a ticket");
            facts.map_err(of_row("ticket", get(row, 0)?))
        };
        found.iter().map(of).collect::<Result<_, _>>().map(Some)
    }

    pub(super) async fn streams_of(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let Some(from) = first_after(after) else {
            return Ok(Vec::new());
        };
        let (tenant, kind, most) = (tenant.uuid(), kind.code(), rows(limit));
        let found = self
            .rows(&self.sql.texts.streams, vec![&tenant, &kind, &from, &most])
            .await?;
        found.iter().map(|row| get(row, 0)).collect()
    }

    pub(super) async fn texts(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let wanted: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let tenant = tenant.uuid();
        let rows = self
            .rows(&self.own.contents, vec![&tenant, &wanted])
            .await?;
        in_order(ids, &rows, (0, 1))
    }

    pub(super) async fn listed(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let (text, values) = self.sql.list(tenant, filter, page);
        let params = values.iter().map(param).collect();
        // Its text is another for every filter, so it is not kept.
        let query = Query {
            text: &text,
            params,
        };
        let found = self.pool.ask(&query).await?;
        let row = |row| {
            let listing = record(row, 0, "the list row of a ticket");
            listing.map_err(of_row("ticket", get(row, 2)?))
        };
        found.iter().map(row).collect()
    }

    pub(super) async fn check_streams(&self) -> Result<(), StoreError> {
        let texts = &self.sql.texts;
        for (text, wrong) in [
            (&texts.torn_stream, "has other events than its version says"),
            (&texts.lost_event, "has events and is not there"),
        ] {
            if let Some(row) = self.rows(text, Vec::new()).await?.first() {
                let id: Uuid = get(row, 0)?;
                let what = format!("stream {id} {wrong}; restore the database from a backup");
                return Err(StoreError::new(StoreErrorKind::Corrupt, what));
            }
        }
        Ok(())
    }
}

/// The streams in these rows; `None` where a row of nulls says that there are others.
fn streams(rows: &[Row]) -> Result<Option<Vec<(Micros, StreamId)>>, StoreError> {
    let mut found = Vec::new();
    for row in rows {
        let Some(kind) = get::<Option<i64>>(row, 1)? else {
            return Ok(None);
        };
        let Some(kind) = kind_of(kind) else {
            continue; // newer processes look after it
        };
        let stream = StreamId {
            tenant: TenantId::from_uuid(get(row, 0)?),
            kind,
            id: get(row, 2)?,
        };
        found.push((get(row, 3)?, stream));
    }
    Ok(Some(found))
}
