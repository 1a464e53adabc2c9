//! The host on a connection of its own: commits in its transactions, and the statements of the adapter.

use std::path::Path;

use helpdesk::store::sql::{self, Sql};
use helpdesk::store::sqlite::{commit_in, rusqlite};
use helpdesk::store::{Commit, SqliteStore, Store, StoreError, StoreErrorKind, UniqueKey};
use rusqlite::types::Value as Any;
use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

use super::file;
use super::shared::*;

/// The host's order and its ticket: both or neither, in one transaction of the host's own.
#[test]
fn a_commit_joins_the_hosts_transaction() {
    let path = file("host");
    let store = SqliteStore::open(&path).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    let orders = "CREATE TABLE orders (id INTEGER PRIMARY KEY, ticket BLOB NOT NULL)";
    mine.execute_batch(orders).unwrap();
    let count = |mine: &Connection| {
        let count = "SELECT count(*) FROM orders";
        mine.query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let add = "INSERT INTO orders (id, ticket) VALUES (?1, ?2)";
    for (n, both) in [(1, false), (2, true)] {
        let mut operation = opening(n);
        let commit = planned(&store, &mut operation);
        let transaction = mine.transaction().unwrap();
        let ticket = commit.parts[0].stream;
        let order = rusqlite::params![n as i64, ticket.id.as_bytes()];
        transaction.execute(add, order).unwrap();
        commit_in(&transaction, &commit).unwrap();
        if both {
            transaction.commit().unwrap();
            operation.committed(Ok(())).unwrap();
            let outcome = operation.finish().unwrap();
            assert_eq!(outcome.id().uuid(), ticket.id);
        } else {
            transaction.rollback().unwrap();
        }
        assert_eq!(
            (count(&mine), length(&store, ticket) > 0),
            (i64::from(both), both)
        );
    }

    // A conflict leaves nothing of the commit and the host's rows as they were; the host goes on.
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut stale = commit(vec![append(stream("new"), 0, 3), append(s, 0, 1)]);
    stale
        .unique
        .push((UniqueKey::message(TENANT, "<1>"), Uuid::from_u128(1)));
    let transaction = mine.transaction().unwrap();
    transaction
        .execute(add, rusqlite::params![9, [0_u8; 16]])
        .unwrap();
    assert_eq!(
        kind_of(commit_in(&transaction, &stale)),
        StoreErrorKind::Conflict
    );
    commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap();
    transaction.commit().unwrap();
    assert_eq!(
        (
            count(&mine),
            length(&store, s),
            length(&store, stream("new"))
        ),
        (2, 2, 0)
    );
    store.check_integrity().unwrap();
}

/// A transaction that began to read before somebody else's commit can write nothing any more: that is a conflict, and its own.
#[test]
fn a_transaction_that_began_too_early_is_told_to_begin_anew() {
    let path = file("stale-snapshot");
    let store = SqliteStore::open(&path).unwrap();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    let transaction = mine.transaction().unwrap();
    let read = |transaction: &Connection| -> i64 {
        let count = "SELECT count(*) FROM helpdesk_events";
        transaction.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(read(&transaction), 1);
    store
        .commit(&commit(vec![append(stream("other"), 0, 1)]))
        .unwrap();
    let error = commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("begin a new one"), "{error}");
    transaction.rollback().unwrap();
    let transaction = mine.transaction().unwrap();
    commit_in(&transaction, &commit(vec![append(s, 1, 2)])).unwrap();
    transaction.commit().unwrap();
    assert_eq!(length(&store, s), 2);
}

/// The list of statements is what the adapter itself runs: a plain connection with it makes the same rows.
#[test]
fn the_statements_are_those_of_the_adapter() {
    let paths = [file("adapter"), file("statements")];
    let stores = paths
        .each_ref()
        .map(|path| SqliteStore::open(path).unwrap());
    let mut plain = Connection::open(&paths[1]).unwrap();
    let by_hand = |commit: &Commit| -> Result<(), StoreError> {
        let transaction = plain.transaction().unwrap();
        for statement in Sql::sqlite().commit(commit)? {
            let params = statement.params.iter().map(|value| match value {
                sql::Value::Integer(number) => (*number).into(),
                sql::Value::Text(text) => text.as_deref().map(str::to_owned).into(),
                sql::Value::Uuid(id) => id.map(|id| id.as_bytes().to_vec()).into(),
                other => panic!("{other:?}"),
            });
            let params: Vec<Any> = params.collect();
            let rows = transaction.execute(statement.sql, params_from_iter(params));
            statement.check(rows.unwrap())?;
        }
        transaction.commit().unwrap();
        Ok(())
    };
    live(&stores[0], |commit| stores[0].commit(commit));
    live(&stores[1], by_hand);
    assert_eq!(dump(&paths[0]), dump(&paths[1]));
}

/// Every row of every table.
fn dump(path: &Path) -> Vec<Vec<Vec<Any>>> {
    let connection = Connection::open(path).unwrap();
    let rows_of = |table: &str| {
        let mut all = connection
            .prepare(&format!("SELECT * FROM helpdesk_{table}"))
            .unwrap();
        let columns = all.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|n| row.get(n)).collect();
        let rows: Vec<Vec<Any>> = all
            .query_map([], row)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!rows.is_empty(), "`{table}` has rows");
        rows
    };
    let tables = [
        "streams",
        "events",
        "tickets",
        "contents",
        "unique_keys",
        "idempotency",
        "outbox",
        "numbers",
    ];
    tables.map(rows_of).into()
}
