//! One connection, used by one caller at a time, and the thread that moves the bytes of all of them.
//!
//! Every method may be given up half-way (its future is dropped): the connection then counts as unusable until it is dropped
//! itself, and the server undoes what was open on it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};

use super::error::failed;
use super::{StoreError, StoreErrorKind};

pub(super) type Params<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// A statement by its text, with what belongs to it.
pub(super) struct Query<'a> {
    pub(super) text: &'a str,
    pub(super) params: Params<'a>,
}

/// A connection with the statements that it knows.
pub(super) struct Link {
    client: Client,
    known: HashMap<String, Statement>,
    /// Whether work was begun on it and did not come to a known end: then nobody else may have it.
    unsure: bool,
}

impl Link {
    pub(super) fn new(client: Client) -> Link {
        Link {
            client,
            known: HashMap::new(),
            unsure: false,
        }
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.unsure && !self.client.is_closed()
    }

    /// From here on it is unusable, unless [`Link::end`] says how it went.
    fn begin(&mut self) {
        self.unsure = true;
    }

    /// After a conflict it is as good as before; after anything else, better a new one.
    fn end<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let error = answer.as_ref().err();
        self.unsure = error.is_some_and(|error| error.kind() != StoreErrorKind::Conflict);
        answer
    }

    /// Runs texts without parameters.
    pub(super) async fn run(&mut self, text: &str) -> Result<(), StoreError> {
        self.begin();
        let answer = self.send(text).await;
        self.end(answer)
    }

    async fn send(&self, text: &str) -> Result<(), StoreError> {
        self.client.batch_execute(text).await.map_err(failed)
    }

    /// The rows of a text that is not kept: it is sent whole each time.
    pub(super) async fn ask(&mut self, query: &Query<'_>) -> Result<Vec<Row>, StoreError> {
        self.begin();
        let answer = self.client.query(query.text, &query.params).await;
        self.end(answer.map_err(failed))
    }

    /// Makes these statements known, all in one trip.
    pub(super) async fn prepare(&mut self, texts: Vec<&str>) -> Result<(), StoreError> {
        let mut missing = texts;
        missing.retain(|text| !self.known.contains_key(*text));
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        self.begin();
        let client = &self.client;
        let requests = missing
            .iter()
            .map(|text| -> Asked<'_, Statement> { Box::pin(client.prepare(text)) })
            .collect();
        let prepared = together(requests).await;
        let mut answer = Ok(());
        for (text, statement) in missing.into_iter().zip(prepared) {
            match statement {
                Ok(statement) => _ = self.known.insert(text.to_owned(), statement),
                Err(error) if answer.is_ok() => answer = Err(failed(error)),
                Err(_) => {}
            }
        }
        self.end(answer)
    }

    fn statement(&self, text: &str) -> Result<&Statement, StoreError> {
        // Whoever asks prepared it.
        self.known
            .get(text)
            .ok_or_else(|| StoreError::new(StoreErrorKind::Other, "a statement is not prepared"))
    }

    /// One statement in a transaction of its own; tells how many rows it touched.
    pub(super) async fn execute(&mut self, query: &Query<'_>) -> Result<u64, StoreError> {
        self.prepare(vec![query.text]).await?;
        self.begin();
        let statement = self.statement(query.text)?;
        let answer = self.client.execute(statement, &query.params).await;
        self.end(answer.map_err(failed))
    }

    /// The rows of each of these, all as of one instant, in one trip.
    pub(super) async fn read(
        &mut self,
        queries: &[Query<'_>],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.prepare(queries.iter().map(|query| query.text).collect())
            .await?;
        self.begin();
        let answer = self.read_prepared(queries).await;
        self.end(answer)
    }

    async fn read_prepared(&self, queries: &[Query<'_>]) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut asked = Vec::with_capacity(queries.len() + 2);
        let alone = queries.len() == 1; // one statement is of one instant anyway
        if !alone {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            asked.push(no_rows(&self.client, begin));
        }
        for query in queries {
            asked.push(rows(&self.client, self.statement(query.text)?, query));
        }
        if !alone {
            asked.push(no_rows(&self.client, "COMMIT"));
        }
        let mut answers = together(asked).await.into_iter();
        let mut all = Vec::with_capacity(queries.len());
        if !alone {
            answers.next().transpose().map_err(failed)?;
        }
        for answer in answers {
            all.push(answer.map_err(failed)?);
        }
        all.truncate(queries.len());
        Ok(all)
    }

    /// Does all of these in one transaction, sent in one trip, and ends it as `judge` says.
    pub(super) async fn write<T>(
        &mut self,
        queries: &[Query<'_>],
        judge: impl FnOnce(&[u64]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(
            queries,
            |client, statement, query| Box::pin(client.execute(statement, &query.params)),
            |client| Box::pin(async move { client.batch_execute(BEGIN).await.map(|()| 0) }),
            judge,
        )
        .await
    }

    /// The same with the rows that each gave.
    pub(super) async fn take<T>(
        &mut self,
        queries: &[Query<'_>],
        judge: impl FnOnce(&[Vec<Row>]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(queries, rows, |client| no_rows(client, BEGIN), judge)
            .await
    }

    async fn transact<A, T>(
        &mut self,
        queries: &[Query<'_>],
        ask: impl for<'a> Fn(&'a Client, &'a Statement, &'a Query<'a>) -> Asked<'a, A>,
        begin: impl for<'a> Fn(&'a Client) -> Asked<'a, A>,
        judge: impl FnOnce(&[A]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.prepare(queries.iter().map(|query| query.text).collect())
            .await?;
        self.begin();
        let mut asked = vec![begin(&self.client)];
        for query in queries {
            asked.push(ask(&self.client, self.statement(query.text)?, query));
        }
        let answers = together(asked).await;
        let mut done = Vec::with_capacity(queries.len());
        let mut wrong = None;
        for (n, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(_) if n == 0 => {}
                Ok(answer) => done.push(answer),
                Err(error) => {
                    wrong = Some(failed(error)); // those after it fail because of it
                    break;
                }
            }
        }
        // What was answered before the error decides first: a stream that stands elsewhere explains what follows.
        let judged = match (judge(&done), wrong) {
            (Ok(_), Some(error)) => Err(error),
            (judged, _) => judged,
        };
        let ended = match judged.is_ok() {
            true => self.send("COMMIT").await,
            false => self.send("ROLLBACK").await,
        };
        match (ended, judged) {
            (Ok(()), judged) => self.end(judged),
            (Err(error), Ok(_)) => Err(error), // it stays unusable
            (Err(_), Err(error)) => Err(error),
        }
    }
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

fn rows<'a>(
    client: &'a Client,
    statement: &'a Statement,
    query: &'a Query<'a>,
) -> Asked<'a, Vec<Row>> {
    Box::pin(client.query(statement, &query.params))
}

fn no_rows<'a>(client: &'a Client, text: &'a str) -> Asked<'a, Vec<Row>> {
    Box::pin(async move { client.batch_execute(text).await.map(|()| Vec::new()) })
}

/// A request to the server; it is sent when it is polled first.
pub(super) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Sends all of these in their order without waiting between them, and gives their answers.
pub(super) async fn together<T>(mut asked: Vec<Asked<'_, T>>) -> Vec<Result<T, Error>> {
    let mut answers = Vec::with_capacity(asked.len());
    poll_fn(|context: &mut Context<'_>| {
        for request in &mut asked {
            answers.push(match request.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            });
        }
        Poll::Ready(())
    })
    .await;
    let mut all = Vec::with_capacity(asked.len());
    for (request, answer) in asked.into_iter().zip(answers) {
        all.push(match answer {
            Some(answer) => answer,
            None => request.await,
        });
    }
    all
}

/// The thread that moves the bytes. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Mover {
    pub(super) handle: Handle,
    end: AbortHandle,
}

impl Mover {
    pub(super) fn start() -> Result<Mover, StoreError> {
        let (tell, told) = mpsc::sync_channel(1);
        let work = move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = tell.send(Err(error));
                    return;
                }
            };
            let forever = runtime.spawn(std::future::pending::<()>());
            let (handle, end) = (runtime.handle().clone(), forever.abort_handle());
            if tell.send(Ok(Mover { handle, end })).is_ok() {
                let _ = runtime.block_on(forever);
            }
        };
        let named = std::thread::Builder::new().name("helpdesk-postgres".to_owned());
        let short = |error: std::io::Error| {
            let what = "the thread for the connections cannot be started; try again";
            StoreError::new(StoreErrorKind::Unavailable, what).because(error)
        };
        named.spawn(work).map_err(short)?;
        match told.recv() {
            Ok(started) => started.map_err(short),
            Err(gone) => Err(short(std::io::Error::other(gone))),
        }
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.end.abort();
    }
}
