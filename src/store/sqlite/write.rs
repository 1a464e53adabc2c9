//! Commits: the statements of [`sql`](crate::store::sql), in one transaction.

use std::sync::LazyLock;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, Transaction, params_from_iter};

use crate::store::sql::{Sql, Statement, Value};

use super::error::{failed, prepare};
use super::group::in_savepoint;
use super::{Commit, SqliteStore, StoreError, StoreErrorKind};

/// Makes `commit` a part of a transaction that the host has open on the same file: its own rows and the ticket, both or neither.
///
/// Load with the store, plan, and pass the commit here. Where this answers an error, the transaction is as it was before (or undone as a whole, where SQLite cannot go back to that), and the
/// host decides what becomes of it; after a conflict it loads and plans again ([`Operation`](crate::desk::Operation) does that).
/// The transaction had better be an immediate one, so that nobody else writes between its beginning and this.
///
/// ```
/// use helpdesk::store::{Commit, Part, SqliteStore, StoreErrorKind, StreamId, sqlite};
/// use helpdesk::{TenantId, TicketId, ticket::Version};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("helpdesk-doc-in-{}.db", std::process::id()));
/// let store = SqliteStore::open(&path)?;
/// let mut mine = sqlite::rusqlite::Connection::open(&path)?;
/// mine.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)")?;
///
/// let transaction = mine.transaction()?;
/// transaction.execute("INSERT INTO orders (id) VALUES (4711)", [])?;
/// let stream = StreamId::ticket(TenantId::SINGLE, TicketId::named("of order 4711"));
/// let stale = Part::check(stream, Version(3)); // decided on what is not so any more
/// let commit = Commit::new(TenantId::SINGLE, "2026-03-05T09:00:00Z".parse()?, vec![stale]);
/// let error = sqlite::commit_in(&transaction, &commit).unwrap_err();
/// assert_eq!(error.kind(), StoreErrorKind::Conflict);
/// transaction.rollback()?; // neither the order nor the ticket
/// # drop((store, mine));
/// # std::fs::remove_file(&path)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Those of [`Store::commit`](crate::store::Store::commit); [`Other`](crate::store::StoreErrorKind::Other) where SQLite undid the whole
/// transaction before, after an error of somebody's: nothing is written without it. Where the transaction began before somebody else's commit, the
/// [`Conflict`](crate::store::StoreErrorKind::Conflict) is the transaction's: roll it back, begin a new one, load and plan again.
/// One that was begun with `BEGIN IMMEDIATE` never is.
///
/// # What it erases
/// Erased text stands in the write-ahead log until [`SqliteStore::scrub`]: call that after the transaction's own commit, where the
/// commit has something [erased](Commit::erased) or [persons](Commit::persons).
///
/// # What it survives
/// What the transaction does: on Apple's systems a connection of the host's own needs `PRAGMA fullfsync = on` to outlive the power going.
pub fn commit_in(transaction: &Transaction<'_>, commit: &Commit) -> Result<(), StoreError> {
    if transaction.is_autocommit() {
        let what = "the transaction is over: SQLite undid it after an error; roll it back and begin a new one";
        return Err(StoreError::new(StoreErrorKind::Other, what));
    }
    let statements = SQL.commit(commit)?;
    if commit.content.is_empty() {
        return in_savepoint(transaction, &statements); // nothing that is erased moves
    }
    without_copies(transaction, || in_savepoint(transaction, &statements))
}

/// Does `work` so that a page which is split for the first text that does not fit keeps none of those that went elsewhere, whatever
/// the host's connection does otherwise.
fn without_copies(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let ask = |row: &Row<'_>| row.get::<_, i64>(0);
    let was = connection.pragma_query_value(Some("main"), "secure_delete", ask);
    let was = match was.map_err(failed)? {
        0 => "off",
        1 => return work(),
        _ => "fast",
    };
    let set = |to: &str| {
        let set = connection.pragma_update_and_check(Some("main"), "secure_delete", to, ask);
        set.map_err(failed)
    };
    set("on")?;
    let done = work();
    set(was)?;
    done
}

static SQL: LazyLock<Sql> = LazyLock::new(Sql::sqlite);

impl SqliteStore {
    pub(super) fn write(&self, commit: &Commit) -> Result<(), StoreError> {
        let statements = self.sql.commit(commit)?; // nobody waits meanwhile
        if statements.is_empty() {
            return Ok(());
        }
        let erases = !commit.erased.is_empty() || !commit.persons.is_empty();
        self.writing(|connection| {
            let written = in_transaction(connection, || all(connection, &statements));
            self.recent.learn(commit, &written);
            written?;
            self.after_commit(connection, erases)
        })
    }
}

/// Does `work` in a transaction that writes from its beginning; an error undoes it all.
pub(super) fn in_transaction<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    undo(connection)?;
    run(connection, "BEGIN IMMEDIATE")?;
    let result = work().and_then(|done| {
        run(connection, "COMMIT")?;
        Ok(done)
    });
    if result.is_err() && !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    result
}

pub(super) fn all(connection: &Connection, statements: &[Statement<'_>]) -> Result<(), StoreError> {
    let mut rest = statements;
    while let Some((first, later)) = rest.split_first() {
        // Ids of texts are seldom taken: one that is free needs nothing to be set aside.
        if let (true, Some((keep, after))) = (SQL.sets_aside(first), later.split_first())
            && run_with(connection, &SQL.texts.add_content, keep)? == 1
        {
            rest = after;
            continue;
        }
        // Statements with the same text follow each other, such as the events of a part.
        let alike = |one: &&Statement<'_>| std::ptr::eq(one.sql, first.sql);
        let (run, after) = rest.split_at(rest.iter().take_while(alike).count());
        let mut prepared = prepare(connection, first.sql)?;
        for statement in run {
            let params = params_from_iter(&statement.params);
            statement.check(prepared.execute(params).map_err(failed)?)?;
        }
        rest = after;
    }
    Ok(())
}

/// Runs another text with the parameters of a statement, and tells how many rows it touched.
fn run_with(
    connection: &Connection,
    text: &str,
    statement: &Statement<'_>,
) -> Result<usize, StoreError> {
    let params = params_from_iter(&statement.params);
    prepare(connection, text)?.execute(params).map_err(failed)
}

/// Ends what a thread left open that panicked in the middle.
pub(super) fn undo(connection: &Connection) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Ok(());
    }
    run(connection, "ROLLBACK")
}

pub(super) fn run(connection: &Connection, text: &str) -> Result<(), StoreError> {
    let mut prepared = prepare(connection, text)?;
    prepared.execute([]).map_err(failed)?;
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Integer(Some(number)) => ValueRef::Integer(*number),
            Value::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
            Value::Integer(None) | Value::Text(None) | Value::Uuid(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
