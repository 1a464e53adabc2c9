//! One connection, used by one thread at a time, and the thread that moves the bytes of all of them.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

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
    /// Whether a transaction may be open: then nobody else may have it.
    open: bool,
}

impl Link {
    pub(super) fn new(client: Client) -> Link {
        Link {
            client,
            known: HashMap::new(),
            open: false,
        }
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.open && !self.client.is_closed()
    }

    /// Runs texts without parameters.
    pub(super) fn run(&self, text: &str) -> Result<(), StoreError> {
        wait(self.client.batch_execute(text)).map_err(failed)
    }

    /// The rows of a text that is not kept: it is sent whole each time.
    pub(super) fn ask(&self, query: &Query<'_>) -> Result<Vec<Row>, StoreError> {
        wait(self.client.query(query.text, &query.params)).map_err(failed)
    }

    /// Does `work` in a transaction; an error undoes it all.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Link) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.open = true;
        self.run(BEGIN)?;
        let worked = work(self);
        self.run(if worked.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        self.open = false;
        worked
    }

    /// Makes these statements known, all in one trip.
    pub(super) fn prepare<'a>(
        &mut self,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        let mut missing: Vec<&str> = texts
            .filter(|text| !self.known.contains_key(*text))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let client = &self.client;
        let prepare = |text: &&'a str| -> Asked<'_, Statement> { Box::pin(client.prepare(text)) };
        let requests = missing.iter().map(prepare).collect();
        let prepared = wait(together(requests));
        for (text, statement) in missing.iter().zip(prepared) {
            self.known
                .insert((*text).to_owned(), statement.map_err(failed)?);
        }
        Ok(())
    }

    fn statement(&self, text: &str) -> Result<&Statement, StoreError> {
        // Whoever asks prepared it.
        self.known
            .get(text)
            .ok_or_else(|| StoreError::new(StoreErrorKind::Other, "a statement is not prepared"))
    }

    /// One statement in a transaction of its own; tells how many rows it touched.
    pub(super) fn execute(&mut self, query: &Query<'_>) -> Result<u64, StoreError> {
        self.prepare([query.text].into_iter())?;
        wait(
            self.client
                .execute(self.statement(query.text)?, &query.params),
        )
        .map_err(failed)
    }

    /// The rows of each of these, all as of one instant, in one trip.
    pub(super) fn read(&mut self, queries: &[Query<'_>]) -> Result<Vec<Vec<Row>>, StoreError> {
        self.prepare(queries.iter().map(|query| query.text))?;
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
        let mut answers = wait(together(asked)).into_iter();
        let mut all = Vec::with_capacity(queries.len());
        if !alone {
            self.open = true;
            answers.next().transpose().map_err(failed)?;
        }
        for answer in answers {
            all.push(answer.map_err(failed)?);
        }
        if !alone {
            self.open = false;
            all.truncate(queries.len());
        }
        Ok(all)
    }

    /// Does all of these in one transaction, sent in one trip, and ends it as `judge` says.
    pub(super) fn write<T>(
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
    }

    /// The same with the rows that each gave.
    pub(super) fn take<T>(
        &mut self,
        queries: &[Query<'_>],
        judge: impl FnOnce(&[Vec<Row>]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(queries, rows, |client| no_rows(client, BEGIN), judge)
    }

    fn transact<A, T>(
        &mut self,
        queries: &[Query<'_>],
        ask: impl for<'a> Fn(&'a Client, &'a Statement, &'a Query<'a>) -> Asked<'a, A>,
        begin: impl for<'a> Fn(&'a Client) -> Asked<'a, A>,
        judge: impl FnOnce(&[A]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.prepare(queries.iter().map(|query| query.text))?;
        let mut asked = vec![begin(&self.client)];
        for query in queries {
            asked.push(ask(&self.client, self.statement(query.text)?, query));
        }
        let answers = wait(together(asked));
        self.open = true;
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
        let judged = judge(&done);
        let ended = match (judged, wrong) {
            (Ok(made), None) => self.run("COMMIT").map(|()| made),
            (Err(error), _) | (Ok(_), Some(error)) => {
                self.run("ROLLBACK")?;
                self.open = false;
                return Err(error);
            }
        };
        self.open = ended.is_err();
        ended
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

/// Waits for an answer on this thread, whatever runtime it belongs to: the bytes are moved by another one.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
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
