//! One connection, used by one caller at a time.
//!
//! Every method may be given up half-way (its future is dropped): the connection then counts as unusable until it is dropped
//! itself, and the server undoes what was open on it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
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
    /// What moves its bytes. After the client is gone it ends when the server answered all that was sent, and not before.
    moved: Option<JoinHandle<Result<(), Error>>>,
    /// Its place among the connections that may be at work, while it is.
    pub(super) place: Option<OwnedSemaphorePermit>,
    handle: Handle,
}

/// A client, and what moves the bytes of its connection.
pub(super) type Connected = (Client, JoinHandle<Result<(), Error>>);

/// A connection that is dropped is at work until the server is done with it: so given up calls cannot have more of them open than
/// there are places.
impl Drop for Link {
    fn drop(&mut self) {
        if let (Some(moved), Some(place)) = (self.moved.take(), self.place.take()) {
            self.handle.spawn(async move {
                let _ = moved.await; // however it ended
                drop(place);
            });
        }
    }
}

impl Link {
    pub(super) fn new(
        (client, moved): Connected,
        place: OwnedSemaphorePermit,
        handle: Handle,
    ) -> Link {
        Link {
            client,
            known: HashMap::new(),
            unsure: false,
            moved: Some(moved),
            place: Some(place),
            handle,
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

    /// The rows of one statement, each as it comes: the server is still at work on what follows.
    pub(super) async fn each_row(
        &mut self,
        query: &Query<'_>,
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        self.prepare(vec![query.text]).await?;
        self.begin();
        let answer = self.visit(query, visit).await;
        self.end(answer)
    }

    async fn visit(&self, query: &Query<'_>, visit: Visit<'_>) -> Result<(), StoreError> {
        let (statement, params) = (self.statement(query.text)?, query.params.iter().copied());
        let asked = self.client.query_raw(statement, params).await;
        let mut rows = pin!(asked.map_err(failed)?);
        while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
            visit(row.map_err(failed)?);
        }
        Ok(())
    }

    /// The rows of all of these, each a transaction by itself, sent in one trip: nothing is held while nobody asks for the answer, nor by
    /// one of them while another one waits for somebody.
    pub(super) async fn take(&mut self, queries: &[Query<'_>]) -> Result<Vec<Row>, StoreError> {
        self.prepare(queries.iter().map(|query| query.text).collect())
            .await?;
        self.begin();
        let answer = self.take_prepared(queries).await;
        self.end(answer)
    }

    async fn take_prepared(&self, queries: &[Query<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut asked = Vec::with_capacity(queries.len());
        for query in queries {
            asked.push(rows(&self.client, self.statement(query.text)?, query));
        }
        let answers: Result<Vec<_>, _> = together(asked).await.into_iter().collect();
        Ok(answers.map_err(failed)?.into_iter().flatten().collect())
    }

    /// Does all of these in one transaction, sent in one trip with its end; a single one is a transaction by itself. Where one of them
    /// fails, the server undoes all, and the error tells which one it was.
    /// `begin` begins it, where there are several.
    pub(super) async fn write(&mut self, begin: &str, queries: &[Query<'_>]) -> Result<(), Failed> {
        let prepared = self.prepare(queries.iter().map(|query| query.text).collect());
        prepared.await.map_err(Failed::whole)?;
        if queries.len() > 1 {
            // Without a transaction each would be one by itself, so nothing is sent before there is one.
            self.run(begin).await.map_err(Failed::whole)?;
        }
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
        let mut asked = Vec::with_capacity(queries.len() + 1);
        for query in queries {
            let statement = self.statement(query.text).map_err(Failed::whole)?;
            asked.push(count(&self.client, statement, query));
        }
        if queries.len() > 1 {
            asked.push(no_count(&self.client, "COMMIT"));
        }
        for (n, answer) in together(asked).await.into_iter().enumerate() {
            // Those after the first error fail because of it.
            answer.map_err(|error| Failed {
                at: Some(n).filter(|at| *at < queries.len()),
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

pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

fn rows<'a>(
    client: &'a Client,
    statement: &'a Statement,
    query: &'a Query<'a>,
) -> Asked<'a, Vec<Row>> {
    Box::pin(client.query(statement, &query.params))
}

fn count<'a>(client: &'a Client, statement: &'a Statement, query: &'a Query<'a>) -> Asked<'a, u64> {
    Box::pin(client.execute(statement, &query.params))
}

fn no_count<'a>(client: &'a Client, text: &'a str) -> Asked<'a, u64> {
    Box::pin(async move { client.batch_execute(text).await.map(|()| 0) })
}

/// What is done with each row.
pub(super) type Visit<'a> = &'a mut (dyn FnMut(Row) + Send);

/// A request to the server; it is sent when it is polled first.
pub(super) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Sends all of these in their order without waiting between them, and gives their answers.
pub(super) async fn together<T>(asked: Vec<Asked<'_, T>>) -> Vec<Result<T, Error>> {
    let mut sent = Vec::with_capacity(asked.len());
    let mut asked = asked.into_iter();
    // A request is sent when it is polled first; it may have its answer at once.
    poll_fn(|context: &mut Context<'_>| {
        for mut request in asked.by_ref() {
            let answer = request.as_mut().poll(context);
            sent.push((request, answer));
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(sent.len());
    for (request, answer) in sent {
        answers.push(match answer {
            Poll::Ready(answer) => answer,
            Poll::Pending => request.await,
        });
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::super::PostgresStore;
    use super::*;

    /// A transaction that cannot begin (its beginning is cancelled by somebody who meant what came before) takes none of what was to be in it.
    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_what_cannot_begin_writes_nothing() {
        let server = std::env::var("HELPDESK_POSTGRES")
            .expect("`HELPDESK_POSTGRES` must tell where a PostgreSQL server is");
        let store = PostgresStore::options().connect(&server).unwrap();
        let asked = async {
            let mut taken = store.pool.link().await?;
            let link = &mut taken.link;
            link.run("DROP TABLE IF EXISTS begun; CREATE TABLE begun (n bigint)")
                .await?;
            let add = |text| Query {
                text,
                params: Vec::new(),
            };
            let queries = ["1", "2"].map(|n| format!("INSERT INTO begun VALUES ({n})"));
            let queries = queries.each_ref().map(|text| add(text));
            let cancelled = "DO $$BEGIN RAISE SQLSTATE '57014'; END$$";
            let refused = link.write(cancelled, &queries).await;
            assert!(refused.is_err_and(|failed| !failed.is_held_up));
            assert!(!link.is_usable());
            let mut other = store.pool.link().await?;
            let count = other.link.ask(&add("SELECT count(*) FROM begun")).await?;
            other.link.run("DROP TABLE begun").await?;
            Ok(count.first().map(|row| row.get::<_, i64>(0)))
        };
        assert_eq!(store.wait(asked).unwrap(), Some(0));
    }
}
