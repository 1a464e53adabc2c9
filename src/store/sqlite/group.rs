//! Several commits in one transaction, each in a savepoint of its own: one flush for all of them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;

use crate::store::sql::Statement;

use super::write::{all, in_transaction, run, undo};
use super::{Commit, SqliteStore, StoreError, StoreErrorKind};

impl SqliteStore {
    pub(super) fn write_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        if let [commit] = commits {
            return vec![self.write(commit)];
        }
        // Nobody waits meanwhile.
        let prepared: Vec<_> = commits.iter().map(|one| self.sql.commit(one)).collect();
        let erases = |one: &&Commit| !one.erased.is_empty() || !one.persons.is_empty();
        let erases = commits.iter().any(erases);
        let flushed = self.writing(|connection| {
            let results = in_transaction(connection, || each(connection, &prepared))?;
            let each = commits.iter().zip(&results);
            each.for_each(|(commit, result)| self.recent.learn(commit, result));
            self.after_commit(connection, erases)?;
            Ok(results)
        });
        match flushed {
            Ok(results) => results,
            // Another process writes, or the disk fails: so it would for each.
            Err(error) if error.kind() == StoreErrorKind::Unavailable => {
                commits.iter().map(|_| Err(error.again())).collect()
            }
            // Nothing is written; what is wrong may be wrong with one of them, or too much of all.
            Err(_) => commits.iter().map(|commit| self.write(commit)).collect(),
        }
    }

    /// Empties the write-ahead log where something was erased, now or before in vain, and waits for nobody.
    pub(super) fn after_commit(
        &self,
        connection: &Connection,
        erases: bool,
    ) -> Result<(), StoreError> {
        if erases {
            self.unscrubbed.store(true, Ordering::Relaxed);
        }
        if self.unscrubbed.load(Ordering::Relaxed) {
            return self.scrub_on(connection, Duration::ZERO);
        }
        Ok(())
    }
}

/// What became of each; an error where the whole transaction is undone.
fn each(
    connection: &Connection,
    prepared: &[Result<Vec<Statement<'_>>, StoreError>],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut results = Vec::with_capacity(prepared.len());
    for statements in prepared {
        let result = match statements {
            Ok(statements) => in_savepoint(connection, statements),
            Err(refused) => Err(refused.again()),
        };
        match result {
            // Some failures undo the whole transaction: a full disk, a lost page.
            Err(error) if connection.is_autocommit() => return Err(error),
            result => results.push(result),
        }
    }
    Ok(results)
}

/// Runs all of these, or leaves the transaction as it was. Where it cannot go back to that, it undoes the whole transaction: half of a commit
/// must not become a part of it.
pub(super) fn in_savepoint(
    connection: &Connection,
    statements: &[Statement<'_>],
) -> Result<(), StoreError> {
    run(connection, "SAVEPOINT helpdesk_commit")?;
    let done = all(connection, statements);
    let ended = match &done {
        _ if connection.is_autocommit() => return done,
        Ok(()) => run(connection, "RELEASE helpdesk_commit"),
        Err(_) => run(connection, "ROLLBACK TO helpdesk_commit")
            .and_then(|()| run(connection, "RELEASE helpdesk_commit")),
    };
    if let Err(error) = ended {
        undo(connection)?;
        return Err(error);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sql::Expect;

    /// A commit that ends its savepoint itself cannot be taken back alone, so all is.
    #[test]
    fn what_cannot_be_taken_back_alone_is_not_written() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n)").unwrap();
        let statement = |sql: &'static str| Statement {
            sql,
            params: Vec::new(),
            expect: Expect::Any,
        };
        let add = || statement("INSERT INTO t VALUES (1)");
        let torn = vec![
            add(),
            statement("RELEASE helpdesk_commit"),
            statement("INSERT INTO nowhere VALUES (1)"),
        ];
        let prepared = [Ok(vec![add()]), Ok(torn), Ok(vec![add()])];
        let flushed = in_transaction(&connection, || each(&connection, &prepared));
        assert!(flushed.is_err());
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let count = connection.query_row("SELECT count(*) FROM t", [], count);
        assert_eq!(count.unwrap(), 0);
    }
}
