//! Reading: loads, what is due, rows, lists and texts.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use uuid::Uuid;

use crate::id::{ContentId, TenantId, TicketNumber};
use crate::kpi::Fact;
use crate::store::sql::{
    Following, NEVER, actor_text, due_streams, first_after, kind_of, limit as rows, of_row,
};
use crate::store::stored::{SCHEMA, read};
use crate::store::{
    Events, IdempotencyKey, IdempotencyRecord, Snapshot, Stream, StreamId, StreamKind, UniqueKey,
};
use crate::ticket::{Content, FOLD, Version};
use crate::time::{Micros, instant, micros};

use super::error::{failed, prepare};
use super::write::{run, undo};
use super::{
    DueStream, Filter, Load, Loaded, Page, SqliteStore, StoreError, StoreErrorKind, TicketRow,
};

/// How many tickets' rows are read at a time; between two such pages nothing is held.
const FACTS_PAGE: usize = 256;

impl SqliteStore {
    pub(super) fn load_on(
        &self,
        connection: &Connection,
        request: &Load,
    ) -> Result<Loaded, StoreError> {
        request.check()?;
        if request.is_of_one_stream() {
            undo(connection)?;
            return self.load_parts(connection, request); // one statement is of one instant anyway
        }
        as_of_one_instant(connection, || self.load_parts(connection, request))
    }

    fn load_parts(&self, connection: &Connection, request: &Load) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        // The first statement fixes the instant: what is kept must not be of a later one.
        let known = request.streams.iter();
        let known = known.map(|stream| self.recent.of(*stream).filter(|_| request.snapshots));
        for (stream, kept) in request.streams.iter().zip(known.collect::<Vec<_>>()) {
            let stream = self.stream(connection, *stream, kept, request.snapshots)?;
            loaded.streams.push(stream);
        }
        for key in &request.owners {
            let owner = self.owner(connection, request.tenant, *key)?;
            loaded.owners.push(owner);
        }
        if let Some(key) = &request.idempotency {
            loaded.idempotency = self.remembered(connection, key)?;
        }
        if request.number {
            loaded.number = Some(self.next_number(connection, request.tenant)?);
        }
        if !request.content.is_empty() {
            loaded.content = self.content_on(connection, request.tenant, &request.content)?;
        }
        Ok(loaded)
    }

    fn stream(
        &self,
        connection: &Connection,
        stream: StreamId,
        kept: Option<Snapshot>,
        snapshots: bool,
    ) -> Result<Stream, StoreError> {
        if !snapshots {
            return Ok(self.events_after(connection, stream, Version(0))?.into());
        }
        if let Some(kept) = kept {
            let since = self.events_after(connection, stream, kept.version())?;
            self.recent.looked(!since.is_empty());
            return Ok(Stream::since(Some(kept), since));
        }
        match self.since_snapshot(connection, stream)? {
            Some(found) => Ok(found),
            None => Ok(self.events_after(connection, stream, Version(0))?.into()),
        }
    }

    fn events_after(
        &self,
        connection: &Connection,
        stream: StreamId,
        after: Version,
    ) -> Result<Events, StoreError> {
        let StreamId { tenant, kind, id } = stream;
        let mut prepared = prepare(connection, &self.sql.texts.events)?;
        let last = i64::try_from(after.0).unwrap_or(i64::MAX);
        let place = params![blob(tenant.uuid()), kind.code(), blob(id), last];
        let mut found = prepared.query(place).map_err(failed)?;
        let mut events = Following::new(stream, after);
        while let Some(row) = found.next().map_err(failed)? {
            event(row, &mut events)?;
        }
        Ok(events.events())
    }

    /// The snapshot that this version of the crate folded, where there is one, and the events after it; `None` where it cannot be
    /// read.
    fn since_snapshot(
        &self,
        connection: &Connection,
        stream: StreamId,
    ) -> Result<Option<Stream>, StoreError> {
        let StreamId { tenant, kind, id } = stream;
        let mut prepared = prepare(connection, &self.sql.texts.since)?;
        let place = params![blob(tenant.uuid()), kind.code(), blob(id), FOLD, SCHEMA];
        let mut found = prepared.query(place).map_err(failed)?;
        let mut kept = None;
        let mut events = Following::new(stream, Version(0));
        while let Some(row) = found.next().map_err(failed)? {
            if row.get_ref(3).map_err(failed)? == ValueRef::Null {
                event(row, &mut events)?;
                continue;
            }
            let body = text(row, 2).ok();
            let version: i64 = row.get(0).map_err(failed)?;
            let is_its = |kept: &Snapshot| i64::try_from(kept.version().0) == Ok(version);
            let read = body.and_then(|body| serde_json::from_str::<Snapshot>(body).ok());
            match read.filter(is_its) {
                Some(snapshot) => {
                    events = Following::new(stream, snapshot.version());
                    kept = Some(snapshot);
                }
                None => return Ok(None),
            }
        }
        Ok(Some(Stream::since(kept, events.events())))
    }

    fn owner(
        &self,
        connection: &Connection,
        tenant: TenantId,
        key: UniqueKey,
    ) -> Result<Option<Uuid>, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.owner)?;
        let place = params![blob(tenant.uuid()), blob(key.uuid())];
        let owner = prepared.query_row(place, |row| Ok(uuid(row, 0))).optional();
        owner.map_err(failed)?.transpose()
    }

    fn remembered(
        &self,
        connection: &Connection,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.remembered)?;
        let actor = actor_text(key.actor)?;
        let place = params![blob(key.tenant.uuid()), actor, key.key.as_str()];
        let read = |row: &Row<'_>| Ok(record(row, 0, "an idempotency record"));
        let found = prepared.query_row(place, read).optional();
        found.map_err(failed)?.transpose()
    }

    /// After the last one that was committed and the last one that this store value gave.
    fn next_number(
        &self,
        connection: &Connection,
        tenant: TenantId,
    ) -> Result<TicketNumber, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.last_number)?;
        let last: Option<i64> = prepared
            .query_row([blob(tenant.uuid())], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(self.numbers.next(tenant, last))
    }

    pub(super) fn due_on(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let mut found: Vec<(Micros, StreamId)> = Vec::new();
        undo(connection)?;
        {
            let mut prepared = prepare(connection, &self.sql.texts.other_zone_data)?;
            let mut asked = prepared.query([zone_data]).map_err(failed)?;
            let told = asked.next().map_err(failed)?;
            let others: bool = told.map_or(Ok(true), |row| row.get(0)).map_err(failed)?;
            if !others {
                // The question is still open: what follows is of the same instant.
                self.due_under(connection, zone_data, micros(now), limit, &mut found)?;
                return Ok(due_streams(found, limit));
            }
        }
        as_of_one_instant(connection, || {
            self.each_zone_data(connection, |version| {
                let until = if version == zone_data {
                    micros(now)
                } else {
                    NEVER
                };
                self.due_under(connection, version, until, limit, &mut found)
            })
        })?;
        Ok(due_streams(found, limit))
    }

    fn due_under(
        &self,
        connection: &Connection,
        zone_data: &str,
        until: Micros,
        limit: usize,
        found: &mut Vec<(Micros, StreamId)>,
    ) -> Result<(), StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.due)?;
        let mut due = prepared
            .query(params![zone_data, until, rows(limit)])
            .map_err(failed)?;
        while let Some(row) = due.next().map_err(failed)? {
            let Some(kind) = kind_of(row.get(1).map_err(failed)?) else {
                continue; // newer processes look after it
            };
            let stream = StreamId {
                tenant: TenantId::from_uuid(uuid(row, 0)?),
                kind,
                id: uuid(row, 2)?,
            };
            found.push((row.get(3).map_err(failed)?, stream));
        }
        Ok(())
    }

    pub(super) fn next_wake_on(
        &self,
        connection: &Connection,
        after: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let after = after.map_or(Micros::MIN, micros);
        let mut earliest = NEVER;
        as_of_one_instant(connection, || {
            self.each_zone_data(connection, |version| {
                let mut prepared = prepare(connection, &self.sql.texts.next_wake)?;
                let wake: Option<Micros> = prepared
                    .query_row(params![version, after], |row| row.get(0))
                    .map_err(failed)?;
                earliest = earliest.min(wake.unwrap_or(NEVER));
                Ok(())
            })
        })?;
        Ok((earliest != NEVER).then(|| instant(earliest)))
    }

    fn each_zone_data(
        &self,
        connection: &Connection,
        mut visit: impl FnMut(&str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.next_zone_data)?;
        let mut from = String::new();
        while let Some(next) = prepared
            .query_row([&from], |row| row.get::<_, Option<String>>(0))
            .map_err(failed)?
        {
            visit(&next)?;
            from = next + "\0"; // the first text after it
        }
        Ok(())
    }

    pub(super) fn facts_by_page(
        &self,
        tenant: TenantId,
        visit: &mut dyn FnMut(&[Fact]),
    ) -> Result<(), StoreError> {
        let mut from = first_after(None);
        while let Some(first) = from {
            let page = self.reading(|connection| self.facts_page(connection, tenant, first))?;
            for (_, rows) in &page {
                visit(rows); // nothing is held: the visitor may call the store
            }
            let last = page.last().filter(|_| page.len() == FACTS_PAGE);
            from = last.and_then(|(id, _)| first_after(Some(*id)));
        }
        Ok(())
    }

    fn facts_page(
        &self,
        connection: &Connection,
        tenant: TenantId,
        from: Uuid,
    ) -> Result<Vec<(Uuid, Vec<Fact>)>, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.facts)?;
        let place = params![blob(tenant.uuid()), blob(from), rows(FACTS_PAGE)];
        let mut found = prepared.query(place).map_err(failed)?;
        let mut page = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let id = uuid(row, 0)?;
            let facts = record(row, 1, "the rows of a ticket");
            page.push((id, facts.map_err(of_row("ticket", id))?));
        }
        Ok(page)
    }

    pub(super) fn streams_on(
        &self,
        connection: &Connection,
        (tenant, kind): (TenantId, StreamKind),
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let Some(from) = first_after(after) else {
            return Ok(Vec::new());
        };
        let mut prepared = prepare(connection, &self.sql.texts.streams)?;
        let place = params![blob(tenant.uuid()), kind.code(), blob(from), rows(limit)];
        let mut found = prepared.query(place).map_err(failed)?;
        let mut streams = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            streams.push(uuid(row, 0)?);
        }
        Ok(streams)
    }

    pub(super) fn content_on(
        &self,
        connection: &Connection,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        let mut prepared = prepare(connection, &self.sql.texts.content)?;
        let tenant = tenant.uuid();
        let mut of = |id: &ContentId| {
            let id = id.uuid();
            let found = prepared
                .query_row([blob(tenant), blob(id)], |row| Ok(record(row, 0, "a text")))
                .optional();
            let found = found.map_err(failed)?.transpose();
            found.map_err(of_row("text", id))
        };
        ids.iter().map(&mut of).collect()
    }

    pub(super) fn list_on(
        &self,
        connection: &Connection,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let (query, params) = self.sql.list(tenant, filter, page);
        let mut prepared = prepare(connection, &query)?;
        let mut found = prepared.query(params_from_iter(&params)).map_err(failed)?;
        let mut listed = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let listing = record(row, 0, "the list row of a ticket");
            let id = uuid(row, 2)?;
            listed.push(listing.map_err(of_row("ticket", id))?);
        }
        Ok(listed)
    }
}

/// The event in this row.
fn event(row: &Row<'_>, events: &mut Following) -> Result<(), StoreError> {
    let number = row.get(0).map_err(failed)?;
    let schema = row.get(1).map_err(failed)?;
    events.push(number, schema, text(row, 2)?)
}

/// Everything that `work` reads is of one instant.
fn as_of_one_instant<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    undo(connection)?;
    run(connection, "BEGIN")?;
    let result = work();
    let ended = run(connection, "COMMIT");
    result.and_then(|read| ended.map(|()| read))
}

/// The record whose schema is in this column and whose text is in the next.
pub(super) fn record<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
    what: &str,
) -> Result<T, StoreError> {
    let schema = row.get(column).map_err(failed)?;
    read(what, schema, text(row, column + 1)?)
}

pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, StoreError> {
    let value = row.get_ref(column).map_err(failed)?;
    value.as_str().map_err(|error| unreadable().because(error))
}

pub(super) fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, StoreError> {
    match row.get_ref(column).map_err(failed)? {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).map_err(|e| unreadable().because(e)),
        _ => Err(unreadable()),
    }
}

/// An id as a parameter.
pub(super) fn blob(id: Uuid) -> [u8; 16] {
    id.into_bytes()
}

fn unreadable() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "a row cannot be read back")
}
