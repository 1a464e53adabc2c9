//! One connection, used by one caller at a time.
//!
//! Every method may be given up half-way (its future is dropped): the connection then counts as unusable until it is dropped
//! itself, and the server undoes what was open on it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_postgres::error::SqlState;
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

    /// Does all of these in one transaction, sent in one trip with its end; a single one is a transaction by itself. Where one of them
    /// fails, the server undoes all, and the error tells which one it was.
    pub(super) async fn write(&mut self, queries: &[Query<'_>]) -> Result<(), Failed> {
        let prepared = self.prepare(queries.iter().map(|query| query.text).collect());
        prepared.await.map_err(Failed::whole)?;
        self.begin();
        match self.write_prepared(queries).await {
            Ok(()) => self.end(Ok(())).map_err(Failed::whole),
            // The server undid it, and the connection is as good as before.
            Err(failed) if failed.is_refused => {
                self.unsure = false;
                Err(failed)
            }
            Err(failed) => {
                let Failed { error, .. } = failed;
                self.end(Err(error))
                    .map_err(|error| Failed { error, ..failed })
            }
        }
    }

    async fn write_prepared(&self, queries: &[Query<'_>]) -> Result<(), Failed> {
        let alone = queries.len() == 1;
        let mut asked = Vec::with_capacity(queries.len() + 2);
        if !alone {
            asked.push(no_count(&self.client, BEGIN));
        }
        for query in queries {
            let statement = self.statement(query.text).map_err(Failed::whole)?;
            asked.push(Box::pin(self.client.execute(statement, &query.params)));
        }
        if !alone {
            asked.push(no_count(&self.client, "COMMIT"));
        }
        for (n, answer) in together(asked).await.into_iter().enumerate() {
            // Those after the first error fail because of it.
            answer.map_err(|error| Failed {
                at: n
                    .checked_sub(usize::from(!alone))
                    .filter(|at| *at < queries.len()),
                is_refused: error.code() == Some(&SqlState::DIVISION_BY_ZERO),
                is_held_up: matches!(
                    error.code(),
                    Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED)
                ),
                error: failed(error),
            })?;
        }
        Ok(())
    }

    /// Does all of these in one transaction, and ends it as `judge` says of the rows that each gave.
    pub(super) async fn take<T>(
        &mut self,
        queries: &[Query<'_>],
        judge: impl FnOnce(&[Vec<Row>]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.prepare(queries.iter().map(|query| query.text).collect())
            .await?;
        self.begin();
        let mut asked = vec![no_rows(&self.client, BEGIN)];
        for query in queries {
            asked.push(rows(&self.client, self.statement(query.text)?, query));
        }
        let answers: Result<Vec<_>, _> = together(asked).await.into_iter().collect();
        let judged = match answers {
            Ok(answers) => judge(answers.get(1..).unwrap_or_default()), // the first began it
            Err(error) => Err(failed(error)),
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

/// Why a transaction was not written, and by which of its statements.
pub(super) struct Failed {
    /// The place of the statement; none where it was no statement.
    pub(super) at: Option<usize>,
    /// Whether a [guarded](super::texts::guarded) statement touched no row.
    pub(super) is_refused: bool,
    /// Whether a statement waited too long for others: the server undid everything, and what is beside it may go well.
    pub(super) is_held_up: bool,
    pub(super) error: StoreError,
}

impl Failed {
    pub(super) fn whole(error: StoreError) -> Failed {
        Failed {
            at: None,
            is_refused: false,
            is_held_up: false,
            error,
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

fn no_count<'a>(client: &'a Client, text: &'a str) -> Asked<'a, u64> {
    Box::pin(async move { client.batch_execute(text).await.map(|()| 0) })
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
