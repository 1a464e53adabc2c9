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
use super::link::{Link, Params, Query};
use super::several::{ID, LAST, OF_EVENT, OWNER, Part, SCHEMA_AND_BODY, Several};
use super::{PostgresStore, StoreError};

/// The parameters of all queries of a load, so that these can borrow them.
struct Wanted {
    tenant: Uuid,
    kinds: Vec<i64>,
    ids: Vec<Uuid>,
    /// The place after which the events of the one stream are wanted, where it is known until there.
    after: Option<i64>,
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
        if let Some(told) = self.pool.recent.tell(request) {
            return Ok(told);
        }
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
        if request.asks_nothing() {
            return Ok(Some(Loaded::default()));
        }
        let mut wanted = Wanted::of(request)?;
        let mut taken = self.pool.link().await?;
        // Not before: with a connection that is made anew, nothing is known any more.
        let kept = self.kept(request);
        wanted.after = kept.as_ref().map(|kept| number(kept.version()));
        let answer = self.ask(&mut taken.link, request, &wanted, kept).await;
        taken.back().await;
        let loaded = self.loaded(request, answer?)?;
        if let (Some(_), Some(stream)) = (
            wanted.after,
            loaded.iter().flat_map(|all| &all.streams).next(),
        ) {
            self.pool.recent.looked(!stream.events.is_empty());
        }
        Ok(loaded)
    }

    /// The one stream as this store value wrote it lately, where that is known and wanted.
    fn kept(&self, request: &Load) -> Option<Snapshot> {
        match request.streams.as_slice() {
            [stream] if request.snapshots => self.pool.recent.of(*stream),
            _ => None,
        }
    }

    async fn ask<'a>(
        &self,
        link: &mut Link,
        request: &'a Load,
        wanted: &Wanted,
        kept: Option<Snapshot>,
    ) -> Result<Answer<'a>, StoreError> {
        let mut queries = self.queries(request, wanted);
        let mut answer = Answer::to(request, kept);
        match queries.pop() {
            Some((part, query)) if queries.is_empty() && part.is_streams() => {
                let mut visit = |row| answer.streams.row(&row, 0);
                link.each_row(&query, &mut visit).await?;
            }
            last => {
                queries.extend(last);
                let (text, params) = Several::of(queries);
                let query = Query {
                    text: &text,
                    params,
                };
                let mut visit = |row| answer.row(row);
                link.each_row(&query, &mut visit).await?;
            }
        }
        Ok(answer)
    }

    fn queries<'a>(&'a self, request: &Load, wanted: &'a Wanted) -> Vec<(Part, Query<'a>)> {
        let texts = &self.sql.texts;
        let mut queries = Vec::with_capacity(4);
        let mut ask = |part, text: &'a str, params: Params<'a>| {
            queries.push((part, Query { text, params }));
        };
        let (tenant, fold) = (&wanted.tenant, &wanted.fold);
        match (wanted.kinds.as_slice(), wanted.ids.as_slice()) {
            ([kind], [id]) if request.snapshots && wanted.after.is_none() => {
                ask(
                    Part::Since,
                    &texts.since,
                    vec![tenant, kind, id, fold, &STORED],
                );
            }
            ([kind], [id]) => {
                let after = wanted.after.as_ref().unwrap_or(&0);
                ask(Part::Events, &texts.events, vec![tenant, kind, id, after]);
            }
            ([], _) => {}
            _ if !request.snapshots => {
                let (kinds, ids) = (&wanted.kinds, &wanted.ids);
                let params: Params<'a> = vec![tenant, kinds, ids];
                ask(Part::Streams, &self.own.several_whole, params);
            }
            _ => {
                let (kinds, ids) = (&wanted.kinds, &wanted.ids);
                let params: Params<'a> = vec![tenant, kinds, ids, fold, &STORED];
                ask(Part::Streams, &self.own.several, params);
            }
        }
        if !wanted.keys.is_empty() {
            ask(Part::Owners, &self.own.owners, vec![tenant, &wanted.keys]);
        }
        if let Some((actor, key)) = &wanted.actor {
            ask(
                Part::Remembered,
                &texts.remembered,
                vec![tenant, actor, key],
            );
        }
        if request.number {
            ask(Part::Number, &texts.last_number, vec![tenant]);
        }
        if !wanted.content.is_empty() {
            ask(
                Part::Contents,
                &self.own.contents,
                vec![tenant, &wanted.content],
            );
        }
        queries
    }

    /// `None` where a snapshot cannot be read.
    fn loaded(&self, request: &Load, answer: Answer<'_>) -> Result<Option<Loaded>, StoreError> {
        let Some(streams) = answer.streams.finish()? else {
            return Ok(None);
        };
        let mut loaded = Loaded {
            streams,
            ..Loaded::default()
        };
        if !request.owners.is_empty() {
            loaded.owners = owners(&request.owners, &answer.owners)?;
        }
        if let Some(row) = &answer.remembered {
            loaded.idempotency = Some(record(row, SCHEMA_AND_BODY, "an idempotency record")?);
        }
        if request.number {
            let last = answer.number.map(|row| get(&row, LAST)).transpose()?;
            loaded.number = Some(self.numbers.next(request.tenant, last));
        }
        if !request.content.is_empty() {
            let places = (ID, SCHEMA_AND_BODY);
            loaded.content = in_order(&request.content, &answer.contents, places)?;
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
            after: None,
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
    owners: Vec<Row>,
    remembered: Option<Row>,
    number: Option<Row>,
    contents: Vec<Row>,
}

impl<'a> Answer<'a> {
    fn to(request: &'a Load, kept: Option<Snapshot>) -> Answer<'a> {
        Answer {
            streams: Streams::of(&request.streams, kept),
            owners: Vec::new(),
            remembered: None,
            number: None,
            contents: Vec::new(),
        }
    }

    /// Takes up a row of the answer to several queries.
    fn row(&mut self, row: Row) {
        match Part::of(&row) {
            Ok(Part::Owners) => self.owners.push(row),
            Ok(Part::Remembered) => self.remembered = Some(row),
            Ok(Part::Number) => self.number = Some(row),
            Ok(Part::Contents) => self.contents.push(row),
            Ok(_) => self.streams.row(&row, OF_EVENT),
            Err(error) => self.streams.stop(error),
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

/// The columns of an event or a snapshot: version, schema, body, fold, place. The last two are not in every answer.
const COLUMNS: [usize; 5] = [0, 1, 2, 3, 4];

impl<'a> Streams<'a> {
    /// The first one may be known until somewhere.
    fn of(wanted: &'a [StreamId], kept: Option<Snapshot>) -> Streams<'a> {
        let mut streams = Streams {
            wanted: wanted.iter(),
            done: Vec::with_capacity(wanted.len()),
            place: 0,
            current: None,
            stopped: None,
        };
        streams.go_on();
        if let (Some(kept), Some((known, events))) = (kept, &mut streams.current) {
            *events = events.after(kept.version());
            *known = Some(kept);
        }
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

    /// Takes up the row of an event or a snapshot, which begins at this column.
    fn row(&mut self, row: &Row, first: usize) {
        if self.stopped.is_none() {
            self.stopped = self.take(row, first).err();
        }
    }

    fn stop(&mut self, error: StoreError) {
        self.stopped.get_or_insert(Stop::Error(error));
    }

    fn take(&mut self, row: &Row, first: usize) -> Result<(), Stop> {
        let [version, kept_as, body, folded, place] = COLUMNS.map(|column| first + column);
        let place = match row.len() > place {
            true => get(row, place)?,
            false => 1_i64,
        };
        while self.place < place && self.go_on() {}
        let Some((kept, events)) = &mut self.current else {
            return Ok(());
        };
        if row.len() > folded && get::<Option<i64>>(row, folded)?.is_some() {
            let found = snapshot(get(row, version)?, get(row, body)?).ok_or(Stop::Snapshot)?;
            *events = events.after(found.version());
            *kept = Some(found);
            return Ok(());
        }
        events.push(get(row, version)?, get(row, kept_as)?, get(row, body)?)?;
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

/// The snapshot of this version; `None` where it cannot be read or is of another one.
fn snapshot(version: i64, body: &str) -> Option<Snapshot> {
    let found = serde_json::from_str::<Snapshot>(body).ok();
    found.filter(|found| i64::try_from(found.version().0) == Ok(version))
}

fn number(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(i64::MAX)
}

fn owners(keys: &[UniqueKey], rows: &[Row]) -> Result<Vec<Option<Uuid>>, StoreError> {
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(get::<Uuid>(row, ID)?, get::<Uuid>(row, OWNER)?);
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

/// The texts of these rows, in the order of their ids, which stand in these columns.
pub(super) fn in_order(
    ids: &[ContentId],
    rows: &[Row],
    (id, text): (usize, usize),
) -> Result<Vec<Option<Content>>, StoreError> {
    let mut found: HashMap<Uuid, Content> = HashMap::with_capacity(ids.len());
    for row in rows {
        let id = get(row, id)?;
        let text = record(row, text, "a text");
        found.insert(id, text.map_err(of_row("text", id))?);
    }
    Ok(ids
        .iter()
        .map(|id| found.get(&id.uuid()).cloned())
        .collect())
}
