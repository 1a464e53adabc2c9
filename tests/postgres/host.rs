//! The host on a connection of its own: commits in its transactions, and the statements of the adapter.

use helpdesk::store::postgres::{commit_in, params, tokio_postgres};
use helpdesk::store::{Commit, PostgresStore, Store, StoreError, StoreErrorKind, UniqueKey};
use uuid::Uuid;

use super::server::{self, client, server, store};
use super::sql::*;
use super::{dump, meddle};

/// The host's order and its ticket: both or neither, in one transaction of the host's own.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_commit_joins_the_hosts_transaction() {
    let store = store();
    meddle(
        &store,
        "CREATE TABLE {s}.orders (id bigint PRIMARY KEY, ticket uuid NOT NULL)",
    );
    let (add, count) = (
        format!(
            "INSERT INTO {}.orders (id, ticket) VALUES ($1, $2)",
            store.schema()
        ),
        format!("SELECT count(*) FROM {}.orders", store.schema()),
    );
    let orders = || -> i64 { client().query_one(&count, &[]).unwrap().get(0) };
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let (mut mine, moving) = runtime
        .block_on(tokio_postgres::connect(&server(), tokio_postgres::NoTls))
        .unwrap();
    runtime.spawn(moving);

    for (n, both) in [(1, false), (2, true)] {
        let mut operation = opening(n);
        let commit = planned(&store, &mut operation);
        let ticket = commit.parts[0].stream;
        runtime.block_on(async {
            let mut transaction = mine.transaction().await.unwrap();
            let order = i64::try_from(n).unwrap();
            transaction
                .execute(&add, &[&order, &ticket.id])
                .await
                .unwrap();
            commit_in(store.sql(), &mut transaction, &commit)
                .await
                .unwrap();
            match both {
                true => transaction.commit().await.unwrap(),
                false => transaction.rollback().await.unwrap(),
            }
        });
        if both {
            operation.committed(Ok(())).unwrap();
            assert_eq!(operation.finish().unwrap().id().uuid(), ticket.id);
        }
        assert_eq!(
            (orders(), length(&store, ticket) > 0),
            (i64::from(both), both)
        );
    }

    // A conflict leaves nothing of the commit and the host's rows as they were; the host goes on.
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut stale = commit(vec![append(stream("new"), 0, 3), append(s, 0, 1)]);
    let key = UniqueKey::message(TENANT, "<1>");
    stale.unique.push((key, Uuid::from_u128(1)));
    runtime.block_on(async {
        let mut transaction = mine.transaction().await.unwrap();
        transaction
            .execute(&add, &[&9_i64, &Uuid::nil()])
            .await
            .unwrap();
        let refused = commit_in(store.sql(), &mut transaction, &stale).await;
        assert_eq!(kind_of(refused), StoreErrorKind::Conflict);
        let fresh = commit(vec![append(s, 1, 2)]);
        commit_in(store.sql(), &mut transaction, &fresh)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
    let lengths = (length(&store, s), length(&store, stream("new")));
    assert_eq!((orders(), lengths), (2, (2, 0)));
    store.check_integrity().unwrap();
}

/// The list of statements is what the adapter itself runs: the blocking driver with it makes the same rows.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn the_statements_are_those_of_the_adapter() {
    let schema = server::schema();
    let [first, second] = ["a", "b"].map(|end| {
        let name = format!("{schema}_{end}");
        let drop = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
        client().batch_execute(&drop).unwrap();
        PostgresStore::options()
            .schema(name)
            .connect(&server())
            .unwrap()
    });
    let mut plain = client();
    let by_hand = |commit: &Commit| -> Result<(), StoreError> {
        let mut transaction = plain.transaction().unwrap();
        for statement in second.sql().commit(commit)? {
            let rows = transaction
                .execute(statement.sql, &params(&statement))
                .unwrap();
            statement.check(usize::try_from(rows).unwrap())?;
        }
        transaction.commit().unwrap();
        Ok(())
    };
    live(&first, |commit| first.commit(commit));
    live(&second, by_hand);
    let rows = dump(&first);
    assert!(rows.iter().all(|table| !table.is_empty()));
    assert_eq!(rows, dump(&second));
}

/// A transaction of one instant that began before somebody else's commit can write nothing any more: that is a conflict, and its own.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_transaction_that_began_too_early_is_told_to_begin_anew() {
    let store = store();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let (mut mine, moving) = runtime
        .block_on(tokio_postgres::connect(&server(), tokio_postgres::NoTls))
        .unwrap();
    runtime.spawn(moving);
    let repeatable = tokio_postgres::IsolationLevel::RepeatableRead;
    let error = runtime.block_on(async {
        let begin = mine.build_transaction().isolation_level(repeatable);
        let mut transaction = begin.start().await.unwrap();
        transaction.execute("SELECT 1", &[]).await.unwrap();
        let other = commit(vec![append(s, 1, 2)]);
        std::thread::scope(|scope| scope.spawn(|| store.commit(&other)).join().unwrap()).unwrap();
        let late = commit(vec![append(s, 1, 3)]);
        let error = commit_in(store.sql(), &mut transaction, &late)
            .await
            .unwrap_err();
        transaction.rollback().await.unwrap();
        error
    });
    assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("begin a new one"), "{error}");
}
