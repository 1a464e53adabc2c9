//! What a host did beside the SQLite store before it asked: a transaction that is over already, a file that has the name of the copy.

use helpdesk::store::sqlite::{commit_in, rusqlite};
use helpdesk::store::{SqliteStore, StoreErrorKind};
use rusqlite::Connection;

use super::file;
use super::shared::*;

/// SQLite undid the host's transaction, and with it the order: the ticket does not come about without it.
#[test]
fn a_transaction_that_is_over_takes_no_commit() {
    let path = file("beside-over");
    let store = SqliteStore::open(&path).unwrap();
    let mut mine = Connection::open(&path).unwrap();
    let orders = "CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1)";
    mine.execute_batch(orders).unwrap();
    let s = stream("s");

    let transaction = mine.transaction().unwrap();
    transaction
        .execute("INSERT INTO orders VALUES (2)", [])
        .unwrap();
    let again = "INSERT OR ROLLBACK INTO orders VALUES (1)";
    transaction.execute(again, []).unwrap_err();
    for _ in 0..2 {
        let error = commit_in(&transaction, &commit(vec![append(s, 0, 1)])).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("begin a new one"), "{error}");
    }
    assert!(transaction.commit().is_err());
    assert_eq!(length(&store, s), 0);

    let transaction = mine.transaction().unwrap();
    transaction
        .execute("INSERT INTO orders VALUES (2)", [])
        .unwrap();
    commit_in(&transaction, &commit(vec![append(s, 0, 1)])).unwrap();
    transaction.commit().unwrap();
    assert_eq!(length(&store, s), 1);
}

/// A copy wants a name that nothing has, not even an empty file; what has it stays as it is.
#[test]
fn a_copy_takes_nobodys_name() {
    let store = SqliteStore::open(file("beside-copy")).unwrap();
    let taken = file("beside-taken");
    for bytes in ["", "somebody's"] {
        std::fs::write(&taken, bytes).unwrap();
        let error = store.back_up(&taken).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("there already"), "{error}");
        assert_eq!(std::fs::read(&taken).unwrap(), bytes.as_bytes());
    }
    std::fs::remove_file(&taken).unwrap();
    store.back_up(&taken).unwrap();
    SqliteStore::open(&taken)
        .unwrap()
        .check_integrity()
        .unwrap();
}
