//! Loads: everything that a decision needs, as of one instant, in one trip.

use std::collections::HashMap;

use tokio_postgres::Row;
use uuid::Uuid;

use crate::id::ContentId;
use crate::store::sql::{Following, actor_text, of_row};
use crate::store::stored::{SCHEMA, read};
use crate::store::{Load, Loaded, Snapshot, Stream, StreamId, UniqueKey};
use crate::ticket::{Content, FOLD, Version};

use super::error::unreadable;
use super::link::{Params, Query};
use super::{PostgresStore, StoreError};

/// The parameters of all queries of a load, so that these can borrow them.
struct Wanted {
    tenant: Uuid,
    kinds: Vec<i64>,
    ids: Vec<Uuid>,
    /// Of snapshots, where they are wanted.
    fold: i64,
    keys: Vec<Uuid>,
    actor: Option<(String, String)>,
    content: Vec<Uuid>,
}

const STORED: i64 = SCHEMA as i64;

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
        let mut queries = Vec::with_capacity(4);
        let mut ask = |text: &'a str, params: Params<'a>| queries.push(Query { text, params });
        let (tenant, fold) = (&wanted.tenant, &wanted.fold);
        match (wanted.kinds.as_slice(), wanted.ids.as_slice()) {
            ([kind], [id]) if request.snapshots => {
                ask(&texts.since, vec![tenant, kind, id, fold, &STORED]);
            }
            ([kind], [id]) => ask(&texts.events, vec![tenant, kind, id, &0_i64]),
            ([], _) => {}
            _ if !request.snapshots => {
                let (kinds, ids) = (&wanted.kinds, &wanted.ids);
                ask(&self.own.several_whole, vec![tenant, kinds, ids]);
            }
            _ => {
                let (kinds, ids) = (&wanted.kinds, &wanted.ids);
                ask(&self.own.several, vec![tenant, kinds, ids, fold, &STORED]);
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
        if !wanted.content.is_empty() {
            ask(&self.own.contents, vec![&wanted.tenant, &wanted.content]);
        }
        queries
    }

    /// `None` where a snapshot cannot be read.
    fn loaded(&self, request: &Load, answers: Vec<Vec<Row>>) -> Result<Option<Loaded>, StoreError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let mut loaded = Loaded::default();
        if !request.streams.is_empty() {
            let rows = next();
            let mut rest = rows.as_slice();
            for (n, stream) in (1..).zip(&request.streams) {
                let (of_stream, others) = rest.split_at(rows_of(n, rest)?);
                rest = others;
                match stream_of(*stream, of_stream)? {
                    Some(stream) => loaded.streams.push(stream),
                    None => return Ok(None),
                }
            }
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
        if !request.content.is_empty() {
            loaded.content = in_order(&request.content, &next())?;
        }
        Ok(Some(loaded))
    }
}

impl Wanted {
    fn of(request: &Load) -> Result<Wanted, StoreError> {
        let actor = match &request.idempotency {
            Some(key) => Some((actor_text(key.actor)?, key.key.to_string())),
            None => None,
        };
        Ok(Wanted {
            tenant: request.tenant.uuid(),
            kinds: request.streams.iter().map(|one| one.kind.code()).collect(),
            ids: request.streams.iter().map(|one| one.id).collect(),
            fold: FOLD.into(),
            keys: request.owners.iter().map(|key| key.uuid()).collect(),
            actor,
            content: request.content.iter().map(|id| id.uuid()).collect(),
        })
    }
}

/// The snapshot in this row; `None` where it cannot be read or is not of the version beside it.
fn snapshot(row: &Row) -> Result<Option<Snapshot>, StoreError> {
    let (version, body): (i64, &str) = (get(row, VERSION)?, get(row, BODY)?);
    let found = serde_json::from_str::<Snapshot>(body).ok();
    Ok(found.filter(|found| i64::try_from(found.version().0) == Ok(version)))
}

/// Where what stands in a row of an event or a snapshot; the last two are not in every answer.
const VERSION: usize = 0;
const KEPT_AS: usize = 1;
const BODY: usize = 2;
const FOLDED: usize = 3;
const PLACE: usize = 4;

/// How many of the rows, from the first on, are of the stream with this place in the request.
fn rows_of(place: i64, rows: &[Row]) -> Result<usize, StoreError> {
    let mut count = 0;
    for row in rows {
        if row.len() > PLACE && get::<i64>(row, PLACE)? != place {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// The stream in these rows; `None` where its snapshot cannot be read.
fn stream_of(stream: StreamId, rows: &[Row]) -> Result<Option<Stream>, StoreError> {
    let (mut kept, mut rest) = (None, rows);
    if let [first, others @ ..] = rows
        && first.len() > FOLDED
        && get::<Option<i64>>(first, FOLDED)?.is_some()
    {
        match snapshot(first)? {
            Some(found) => kept = Some(found),
            None => return Ok(None),
        }
        rest = others;
    }
    let after = kept.as_ref().map(Snapshot::version);
    let mut events = Following::new(stream, after.unwrap_or(Version(0)));
    for row in rest {
        events.push(get(row, VERSION)?, get(row, KEPT_AS)?, get(row, BODY)?)?;
    }
    Ok(Some(Stream::since(kept, events.events())))
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

/// The texts of these rows, in the order of their ids.
pub(super) fn in_order(
    ids: &[ContentId],
    rows: &[Row],
) -> Result<Vec<Option<Content>>, StoreError> {
    let mut found: HashMap<Uuid, Content> = HashMap::with_capacity(ids.len());
    for row in rows {
        let id = get(row, 0)?;
        let text = record(row, 1, "a text");
        found.insert(id, text.map_err(of_row("text", id))?);
    }
    Ok(ids
        .iter()
        .map(|id| found.get(&id.uuid()).cloned())
        .collect())
}
