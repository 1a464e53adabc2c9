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
        let mut answer = Answer::to(request, queries.len());
        let mut visit = |query, row| answer.row(query, row);
        self.pool.each_row(&queries, &mut visit).await?;
        self.loaded(request, answer)
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
    fn loaded(&self, request: &Load, answer: Answer<'_>) -> Result<Option<Loaded>, StoreError> {
        let Some(streams) = answer.streams.finish()? else {
            return Ok(None);
        };
        let mut answers = answer.others.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let mut loaded = Loaded {
            streams,
            ..Loaded::default()
        };
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

/// What the server answers to a load, taken up row by row while the rest is still on its way.
struct Answer<'a> {
    streams: Streams<'a>,
    asks_streams: bool,
    /// The rows of each other query.
    others: Vec<Vec<Row>>,
}

impl<'a> Answer<'a> {
    fn to(request: &'a Load, queries: usize) -> Answer<'a> {
        let asks_streams = !request.streams.is_empty();
        let others = queries - usize::from(asks_streams);
        Answer {
            streams: Streams::of(&request.streams),
            asks_streams,
            others: (0..others).map(|_| Vec::new()).collect(),
        }
    }

    fn row(&mut self, query: usize, row: Row) {
        match query.checked_sub(usize::from(self.asks_streams)) {
            None => self.streams.row(&row),
            Some(other) => {
                if let Some(rows) = self.others.get_mut(other) {
                    rows.push(row);
                }
            }
        }
    }
}

/// The streams of a load, whose rows come in the order of the request, a snapshot before the events after it.
struct Streams<'a> {
    wanted: std::slice::Iter<'a, StreamId>,
    done: Vec<Stream>,
    /// The place in the request of the stream whose rows come now, counted from 1.
    place: i64,
    current: Option<(Option<Snapshot>, Following)>,
    /// Why the rows that follow are passed over.
    stopped: Option<Stop>,
}

enum Stop {
    /// A snapshot cannot be read.
    Snapshot,
    Error(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Error(error)
    }
}

/// Where what stands in a row of an event or a snapshot; the last two are not in every answer.
const VERSION: usize = 0;
const KEPT_AS: usize = 1;
const BODY: usize = 2;
const FOLDED: usize = 3;
const PLACE: usize = 4;

impl<'a> Streams<'a> {
    fn of(wanted: &'a [StreamId]) -> Streams<'a> {
        let mut streams = Streams {
            wanted: wanted.iter(),
            done: Vec::with_capacity(wanted.len()),
            place: 0,
            current: None,
            stopped: None,
        };
        streams.go_on();
        streams
    }

    /// Goes on to the next stream. Whether there is one.
    fn go_on(&mut self) -> bool {
        if let Some((kept, events)) = self.current.take() {
            self.done.push(Stream::since(kept, events.events()));
        }
        self.place += 1;
        let begun = |stream: &StreamId| (None, Following::new(*stream, Version(0)));
        self.current = self.wanted.next().map(begun);
        self.current.is_some()
    }

    fn row(&mut self, row: &Row) {
        if self.stopped.is_none() {
            self.stopped = self.take(row).err();
        }
    }

    fn take(&mut self, row: &Row) -> Result<(), Stop> {
        let place = match row.len() > PLACE {
            true => get(row, PLACE)?,
            false => 1_i64,
        };
        while self.place < place && self.go_on() {}
        let Some((kept, events)) = &mut self.current else {
            return Ok(());
        };
        if row.len() > FOLDED && get::<Option<i64>>(row, FOLDED)?.is_some() {
            let found = snapshot(row)?.ok_or(Stop::Snapshot)?;
            *events = events.after(found.version());
            *kept = Some(found);
            return Ok(());
        }
        events.push(get(row, VERSION)?, get(row, KEPT_AS)?, get(row, BODY)?)?;
        Ok(())
    }

    /// All of them; `None` where a snapshot cannot be read.
    fn finish(mut self) -> Result<Option<Vec<Stream>>, StoreError> {
        match self.stopped.take() {
            Some(Stop::Error(error)) => return Err(error),
            Some(Stop::Snapshot) => return Ok(None),
            None => while self.go_on() {},
        }
        Ok(Some(self.done))
    }
}

/// The snapshot in this row; `None` where it cannot be read or is not of the version beside it.
fn snapshot(row: &Row) -> Result<Option<Snapshot>, StoreError> {
    let (version, body): (i64, &str) = (get(row, VERSION)?, get(row, BODY)?);
    let found = serde_json::from_str::<Snapshot>(body).ok();
    Ok(found.filter(|found| i64::try_from(found.version().0) == Ok(version)))
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
