//! Commits: the statements of [`sql`](crate::store::sql), in one transaction.

use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use crate::store::sql::{Expect, Sql, Statement, Value};

use super::columns::Columns;
use super::error::failed;
use super::link::{Asked, BEGIN, Failed, Query, together};
use super::pool::Begin;
use super::{Commit, PostgresStore, StoreError, StoreErrorKind};

/// Makes `commit` a part of a transaction that the host has open on the same database: its own rows and the ticket, both or
/// neither. `sql` is [`PostgresStore::sql`] of the store, or [`Sql::postgres`] with the name of its schema.
///
/// Load with the store, plan, and pass the commit here. Where this answers an error, the transaction is as it was before, and the
/// host decides what becomes of it; after a conflict it loads and plans again ([`Operation`](crate::desk::Operation) does
/// that). Others who write the same ticket wait until the host's transaction ends, so it had better be short.
///
/// ```no_run
/// use helpdesk::store::{Commit, PostgresStore, StoreError, postgres::{commit_in, tokio_postgres}};
/// async fn order(
///     client: &mut tokio_postgres::Client, store: &PostgresStore, ticket: &Commit,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let mut transaction = client.transaction().await?;
///     transaction.execute("INSERT INTO orders (id) VALUES (4711)", &[]).await?;
///     commit_in(store.sql(), &mut transaction, ticket).await?;
///     Ok(transaction.commit().await?) // the order and the ticket
/// }
/// ```
///
/// # Errors
/// Those of [`Store::commit`](crate::store::Store::commit). At `REPEATABLE READ` and `SERIALIZABLE` a transaction that began before
/// somebody else's commit meets a [`Conflict`](StoreErrorKind::Conflict) that is its own: roll it back, begin a new one, load and
/// plan again. At `READ COMMITTED`, the server's default, loading and planning again is enough.
pub async fn commit_in(
    sql: &Sql,
    transaction: &mut Transaction<'_>,
    commit: &Commit,
) -> Result<(), StoreError> {
    let statements = sql.commit(commit)?;
    let inner = transaction
        .savepoint("helpdesk_commit")
        .await
        .map_err(failed)?;
    let typed: Vec<Vec<_>> = statements.iter().map(typed).collect();
    let asked = statements.iter().zip(&typed);
    let asked = asked
        .map(|(statement, params)| -> Asked<'_, u64> {
            Box::pin(inner.execute_typed(statement.sql, params))
        })
        .collect();
    let mut judged = Ok(());
    for (statement, rows) in statements.iter().zip(together(asked).await) {
        judged = rows.map_err(failed).and_then(|rows| check(statement, rows));
        if judged.is_err() {
            break;
        }
    }
    match judged {
        Ok(()) => inner.commit().await.map_err(failed),
        Err(error) => {
            inner.rollback().await.map_err(failed)?;
            Err(error)
        }
    }
}

/// The parameters of a statement as `tokio-postgres` and the `postgres` crate take them.
pub fn params<'a>(statement: &'a Statement<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    statement.params.iter().map(param).collect()
}

pub(super) fn param(value: &Value) -> &(dyn ToSql + Sync) {
    match value {
        Value::Integer(number) => number,
        Value::Text(text) => text,
        Value::Uuid(id) => id,
    }
}

fn typed<'a>(statement: &'a Statement<'_>) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let of = |value: &Value| match value {
        Value::Integer(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Uuid(_) => Type::UUID,
    };
    let both = |value| (param(value), of(value));
    statement.params.iter().map(both).collect()
}

/// So many commits of a group may wait in vain, each as long as the lock timeout; whoever comes after them is told to try again.
const MOST_IN_VAIN: usize = 3;

fn check(statement: &Statement<'_>, rows: u64) -> Result<(), StoreError> {
    statement.check(usize::try_from(rows).unwrap_or(usize::MAX))
}

impl PostgresStore {
    pub(super) async fn write(&self, commit: &Commit) -> Result<(), StoreError> {
        let statements = self.sql.commit(commit)?; // no connection is held meanwhile
        let written = self.write_statements((BEGIN, commit.as_kept), &statements);
        let written = written.await.map_err(|failed| failed.error);
        self.pool.recent.learn(commit, &written);
        written
    }

    async fn write_statements(
        &self,
        begin: Begin<'_>,
        statements: &[Statement<'_>],
    ) -> Result<(), Failed> {
        if statements.is_empty() {
            return Ok(());
        }
        if let Some(whole) = self.whole(statements) {
            let query = Query {
                text: whole.text(),
                params: whole.params(),
            };
            match self.pool.write(begin, &[query]).await {
                // Nothing is written; which of them touched no row, only the transaction tells.
                Err(failed) if failed.is_refused => {}
                written => return written,
            }
        }
        let sent = self.gathered(statements);
        let queries: Result<Vec<_>, _> = sent.iter().map(|one| self.query(one)).collect();
        let queries = queries.map_err(Failed::whole)?;
        self.pool.write(begin, &queries).await.map_err(|failed| {
            let at = failed.at.filter(|_| failed.is_refused);
            let refused = match at.and_then(|at| sent.get(at)) {
                Some(Sent::One(statement)) => check(statement, 0).err(),
                _ => None,
            };
            Failed {
                error: refused.unwrap_or(failed.error),
                ..failed
            }
        })
    }

    /// All of these in one transaction, in one trip; where one of them is refused, or held up for a moment, none is written, and
    /// each is tried alone.
    pub(super) async fn write_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        if commits.len() > 1 {
            let all = commits.iter().map(|commit| self.sql.commit(commit));
            if let Ok(all) = all.collect::<Result<Vec<_>, _>>() {
                // Where they rest on several memories, the oldest is forgotten.
                let as_kept = commits.iter().filter_map(|commit| commit.as_kept).min();
                let begin = (self.pool.together.as_str(), as_kept);
                match self.write_statements(begin, &all.concat()).await {
                    Ok(()) => {
                        let wrote = |commit: &&Commit| {
                            self.pool.recent.wrote(commit);
                            Ok(())
                        };
                        return commits.iter().map(wrote).collect();
                    }
                    Err(Failed {
                        error,
                        is_held_up: false,
                        ..
                    }) if error.kind() == StoreErrorKind::Unavailable => {
                        return commits.iter().map(|_| Err(error.again())).collect();
                    }
                    Err(_) => {}
                }
            }
        }
        self.one_by_one(commits).await
    }

    /// Where several are held up, each waits its time, until that is too much for those behind them.
    async fn one_by_one(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        let mut results: Vec<Result<(), StoreError>> = Vec::with_capacity(commits.len());
        let mut in_vain = 0;
        for commit in commits {
            let result = match results.last() {
                Some(Err(error)) if in_vain == MOST_IN_VAIN => Err(error.again()),
                _ => self.write(commit).await,
            };
            let kind = result.as_ref().err().map(StoreError::kind);
            if kind == Some(StoreErrorKind::Unavailable) && in_vain < MOST_IN_VAIN {
                in_vain += 1;
            }
            results.push(result);
        }
        results
    }

    /// The same statements, with the events of a stream in one.
    fn gathered<'s>(&self, statements: &'s [Statement<'s>]) -> Vec<Sent<'s>> {
        let is_event = |one: &Statement<'_>| one.sql == self.sql.texts.add_event;
        let alike = |one: &Statement<'_>, next: &Statement<'_>| {
            is_event(one) && is_event(next) && one.params.get(..3) == next.params.get(..3)
        };
        let mut sent = Vec::with_capacity(statements.len());
        for run in statements.chunk_by(alike) {
            let all: Vec<_> = run.iter().collect();
            match Columns::of(&all, &[0, 1, 2, 4], &[3, 5]).filter(|_| run.len() > 1) {
                Some(events) => sent.push(Sent::Events(events)),
                None => sent.extend(run.iter().map(Sent::One)),
            }
        }
        sent
    }

    fn query<'a>(&'a self, sent: &'a Sent<'a>) -> Result<Query<'a>, StoreError> {
        Ok(match sent {
            Sent::One(statement) => Query {
                text: match statement.expect {
                    Expect::Any => statement.sql,
                    _ => self.own.guarded(statement.sql)?,
                },
                params: params(statement),
            },
            Sent::Events(events) => Query {
                text: &self.own.add_events,
                params: events.params(),
            },
        })
    }
}

/// What is sent of a commit.
enum Sent<'s> {
    One(&'s Statement<'s>),
    /// Events of one stream and schema.
    Events(Columns<'s>),
}
