//! Loads: everything that a decision needs, as of one instant, in one trip.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::store::sql::{Following, actor_text};
use crate::store::stored::{SCHEMA, read};
use crate::store::{Load, Loaded, Snapshot, Stream, StreamId, UniqueKey};
use crate::ticket::{FOLD, Version};

use super::error::unreadable;
use super::link::{Params, Query};
use super::{PostgresStore, StoreError};

/// The parameters of all queries of a load, so that these can borrow them.
struct Wanted {
    tenant: Uuid,
    places: Vec<[Box<dyn ToSql + Sync + Send>; 3]>,
    keys: Vec<Uuid>,
    actor: Option<(String, String)>,
}

const KNOWN: (i64, i64) = (FOLD as i64, SCHEMA as i64);

impl PostgresStore {
    pub(super) async fn load_all(&self, request: &Load) -> Result<Loaded, StoreError> {
        request.check()?;
        if let Some(loaded) = self.load_once(request).await? {
            return Ok(loaded);
        }
        // A snapshot that cannot be read is as good as none.
        let whole = Load {
            snapshots: false,
            ..request.clone()
        };
        Ok(self.load_once(&whole).await?.unwrap_or_default())
    }

    /// `None` where a snapshot cannot be read.
    async fn load_once(&self, request: &Load) -> Result<Option<Loaded>, StoreError> {
        let wanted = Wanted::of(request)?;
        let queries = self.queries(request, &wanted);
        if queries.is_empty() {
            return Ok(Some(Loaded::default()));
        }
        let answers = self.pool.read(&queries).await?;
        self.loaded(request, answers)
    }

    fn queries<'a>(&'a self, request: &Load, wanted: &'a Wanted) -> Vec<Query<'a>> {
        let texts = &self.sql.texts;
        let mut queries = Vec::with_capacity(request.streams.len() + 3);
        let mut ask = |text: &'a str, params: Params<'a>| queries.push(Query { text, params });
        for [tenant, kind, id] in &wanted.places {
            let place = |more: [&'a (dyn ToSql + Sync); 2]| -> Params<'a> {
                vec![&**tenant, &**kind, &**id, more[0], more[1]]
            };
            if request.snapshots {
                ask(&texts.snapshot, place([&KNOWN.0, &KNOWN.1]));
                ask(&self.own.events_since, place([&KNOWN.0, &KNOWN.1]));
            } else {
                ask(&texts.events, vec![&**tenant, &**kind, &**id, &0_i64]);
            }
        }
        if !wanted.keys.is_empty() {
            ask(&self.own.owners, vec![&wanted.tenant, &wanted.keys]);
        }
        if let Some((actor, key)) = &wanted.actor {
            ask(&texts.remembered, vec![&wanted.tenant, actor, key]);
        }
        if request.number {
            ask(&texts.last_number, vec![&wanted.tenant]);
        }
        queries
    }

    /// `None` where a snapshot cannot be read.
    fn loaded(&self, request: &Load, answers: Vec<Vec<Row>>) -> Result<Option<Loaded>, StoreError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let mut loaded = Loaded::default();
        for stream in &request.streams {
            let snapshot = match request.snapshots {
                true => match next().first().map(snapshot).transpose()? {
                    Some(None) => return Ok(None),
                    Some(Some(found)) => Some(found),
                    None => None,
                },
                false => None,
            };
            loaded.streams.push(stream_of(*stream, snapshot, &next())?);
        }
        if !request.owners.is_empty() {
            loaded.owners = owners(&request.owners, &next())?;
        }
        if request.idempotency.is_some() {
            let record = |row| record(row, 0, "an idempotency record");
            loaded.idempotency = next().first().map(record).transpose()?;
        }
        if request.number {
            let last = next().first().map(|row| get(row, 0)).transpose()?;
            loaded.number = Some(self.numbers.next(request.tenant, last));
        }
        Ok(Some(loaded))
    }
}

impl Wanted {
    fn of(request: &Load) -> Result<Wanted, StoreError> {
        let place = |stream: &StreamId| -> [Box<dyn ToSql + Sync + Send>; 3] {
            let StreamId { tenant, kind, id } = *stream;
            [Box::new(tenant.uuid()), Box::new(kind.code()), Box::new(id)]
        };
        let actor = match &request.idempotency {
            Some(key) => Some((actor_text(key.actor)?, key.key.to_string())),
            None => None,
        };
        Ok(Wanted {
            tenant: request.tenant.uuid(),
            places: request.streams.iter().map(place).collect(),
            keys: request.owners.iter().map(|key| key.uuid()).collect(),
            actor,
        })
    }
}

/// The snapshot in this row; `None` where it cannot be read or is not of the version beside it.
fn snapshot(row: &Row) -> Result<Option<Snapshot>, StoreError> {
    let (version, body): (i64, &str) = (get(row, 0)?, get(row, 1)?);
    let found = serde_json::from_str::<Snapshot>(body).ok();
    Ok(found.filter(|found| i64::try_from(found.version().0) == Ok(version)))
}

fn stream_of(
    stream: StreamId,
    snapshot: Option<Snapshot>,
    rows: &[Row],
) -> Result<Stream, StoreError> {
    let after = snapshot.as_ref().map(Snapshot::version);
    let mut events = Following::new(stream, after.unwrap_or(Version(0)));
    for row in rows {
        events.push(get(row, 0)?, get(row, 1)?, get(row, 2)?)?;
    }
    Ok(Stream::since(snapshot, events.events()))
}

fn owners(keys: &[UniqueKey], rows: &[Row]) -> Result<Vec<Option<Uuid>>, StoreError> {
    let mut found = std::collections::HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(get::<Uuid>(row, 0)?, get::<Uuid>(row, 1)?);
    }
    Ok(keys
        .iter()
        .map(|key| found.get(&key.uuid()).copied())
        .collect())
}

/// What is in this column.
pub(super) fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    column: usize,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(unreadable)
}

/// The record whose schema is in this column and whose text is in the next.
pub(super) fn record<T: serde::de::DeserializeOwned>(
    row: &Row,
    column: usize,
    what: &str,
) -> Result<T, StoreError> {
    read(what, get(row, column)?, get(row, column + 1)?)
}
