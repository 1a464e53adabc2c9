//! A host on sqlx: its order and the ticket about it, in one transaction of its own. Both are there, or neither is.
//!
//! `cargo run --manifest-path examples/sqlx/Cargo.toml` uses a SQLite file in the temporary directory; where `HELPDESK_POSTGRES`
//! tells of a server (`host=... user=... dbname=...`), PostgreSQL is used as well.
//!
//! The desk's own store loads; what is to be written comes as a list of statements ([`Sql::commit`]), and these run through
//! sqlx. Any other driver does the same: run each text with its parameters, and ask [`Statement::check`] about the rows it touched.
//!
//! [`Statement::check`]: helpdesk::store::sql::Statement::check

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use helpdesk::desk::{Need, Operation, Request};
use helpdesk::id::{AgentId, TicketNumber};
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::sql::{Sql, Value};
use helpdesk::store::{Commit, PostgresStore, SqliteStore, Store, StoreError};
use helpdesk::{Actor, Call, Open, Rulebook};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Acquire, AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("helpdesk-sqlx-{}.db", std::process::id()));
    let store = SqliteStore::open(&path)?;
    let pool = SqlitePool::connect_with(file(&path)).await?;
    sqlx::query(sqlite::ORDERS).execute(&pool).await?;
    let number = sqlite::order(&pool, &store, &Sql::sqlite(), 4711).await?;
    println!("sqlite: order 4711 and ticket #{number} are there");
    drop((store, pool));
    std::fs::remove_file(&path)?;

    if let Ok(server) = std::env::var("HELPDESK_POSTGRES") {
        let store = PostgresStore::options()
            .schema("sqlx_example")
            .connect(&server)?;
        let pool = PgPool::connect_with(options(&server)?).await?;
        sqlx::query(postgres::ORDERS).execute(&pool).await?;
        let id = i64::from(std::process::id());
        let number = postgres::order(&pool, &store, store.sql(), id).await?;
        println!("postgresql: order {id} and ticket #{number} are there");
    }
    Ok(())
}

/// What is erased later must leave no copy behind where these connections wrote it.
fn file(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path);
    options.pragma("secure_delete", "on")
}

/// The same words for both databases; sqlx has a type for each.
macro_rules! host {
    ($module:ident, $database:ty, $pool:ty, $begin:literal, $orders:literal) => {
        mod $module {
            use super::*;

            pub(crate) const ORDERS: &str = $orders;

            /// Makes `commit` a part of the host's transaction. The outer error is the database's; the inner one is the store's word
            /// that somebody else was first: then nothing of the commit is left, and the host goes on or rolls back.
            pub(crate) async fn commit_in(
                host: &mut Transaction<'_, $database>,
                sql: &Sql,
                commit: &Commit,
            ) -> Result<Result<(), StoreError>, sqlx::Error> {
                let statements = match sql.commit(commit) {
                    Ok(statements) => statements,
                    Err(error) => return Ok(Err(error)),
                };
                let mut inner = host.begin().await?; // a savepoint
                for statement in statements {
                    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
                    for value in &statement.params {
                        query = match value {
                            Value::Integer(number) => query.bind(*number),
                            Value::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
                            Value::Uuid(id) => query.bind(*id),
                            other => {
                                unreachable!("{other:?} is no kind of value that this version has")
                            }
                        };
                    }
                    let done = query.execute(&mut *inner).await?;
                    let rows = usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
                    if let Err(error) = statement.check(rows) {
                        inner.rollback().await?;
                        return Ok(Err(error));
                    }
                }
                inner.commit().await?;
                Ok(Ok(()))
            }

            /// Takes an order and opens a ticket about it; whoever was slower than somebody else loads and decides again.
            pub(crate) async fn order(
                pool: &$pool,
                store: &dyn Store,
                sql: &Sql,
                id: i64,
            ) -> Result<TicketNumber, Box<dyn Error>> {
                let mut operation = opening(id);
                loop {
                    match operation.need() {
                        Need::Load(load) => {
                            let loaded = tokio::task::block_in_place(|| store.load(load))?;
                            operation.loaded(loaded)?;
                        }
                        Need::Commit(commit) => {
                            let mut transaction = pool.begin_with($begin).await?;
                            sqlx::query("INSERT INTO orders (id, ticket) VALUES ($1, $2)")
                                .bind(id)
                                .bind(commit.parts[0].stream.id)
                                .execute(&mut *transaction)
                                .await?;
                            let done = commit_in(&mut transaction, sql, commit).await?;
                            match done {
                                Ok(()) => transaction.commit().await?,
                                Err(_) => transaction.rollback().await?,
                            }
                            operation.committed(done)?;
                        }
                        Need::Nothing => return Ok(operation.finish()?.number()),
                    }
                }
            }
        }
    };
}

host!(
    sqlite,
    Sqlite,
    SqlitePool,
    "BEGIN IMMEDIATE",
    "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, ticket BLOB NOT NULL)"
);
host!(
    postgres,
    Postgres,
    PgPool,
    "BEGIN",
    "CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, ticket uuid NOT NULL)"
);

fn opening(order: i64) -> Operation {
    let rulebooks = Arc::new(Rulebooks::new(Rulebook::starter()));
    let call = Call::new(Actor::agent(AgentId::named("kim")), Utc::now());
    let open = Open::new(format!("Order {order}")).from("ann@example.com");
    Operation::new(rulebooks, call, Request::Open(open))
}

/// The server that a text of the form `host=... user=... dbname=...` tells of.
fn options(server: &str) -> Result<PgConnectOptions, Box<dyn Error>> {
    let mut options = PgConnectOptions::new();
    for part in server.split_whitespace() {
        options = match part.split_once('=') {
            Some(("host", host)) => options.host(host),
            Some(("port", port)) => options.port(port.parse()?),
            Some(("user", user)) => options.username(user),
            Some(("dbname", name)) => options.database(name),
            _ => return Err(format!("`{part}` is not known; host, port, user and dbname are").into()),
        };
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use helpdesk::TenantId;
    use helpdesk::store::{Filter, Page, Part, StoreErrorKind, StreamId};
    use helpdesk::ticket::Version;

    fn tickets(store: &dyn Store) -> usize {
        let all = store.list(TenantId::SINGLE, &Filter::all(), &Page::oldest(100));
        all.unwrap().len()
    }

    /// Both or neither; a stale commit is told apart and leaves the host's transaction as it was; of those who order at the same
    /// time, each gets a ticket of its own.
    macro_rules! both_or_neither {
        ($module:ident, $pool:expr, $store:expr, $sql:expr) => {{
            let (pool, store, sql) = ($pool, $store, $sql);
            sqlx::query($module::ORDERS).execute(&pool).await.unwrap();
            sqlx::query("DELETE FROM orders").execute(&pool).await.unwrap();
            let orders = async || {
                let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM orders");
                count.fetch_one(&pool).await.unwrap()
            };

            $module::order(&pool, &store, &sql, 1).await.unwrap();
            assert_eq!((orders().await, tickets(&store)), (1, 1));
            $module::order(&pool, &store, &sql, 1).await.unwrap_err(); // the order is there: no second ticket
            assert_eq!((orders().await, tickets(&store)), (1, 1));

            let mut operation = opening(2);
            while let Need::Load(load) = operation.need() {
                let loaded = store.load(load).unwrap();
                operation.loaded(loaded).unwrap();
            }
            let Need::Commit(ticket) = operation.need() else { panic!() };
            let mut host = pool.begin().await.unwrap();
            $module::commit_in(&mut host, &sql, ticket).await.unwrap().unwrap();
            host.rollback().await.unwrap();
            assert_eq!((orders().await, tickets(&store)), (1, 1));

            let nowhere = StreamId::ticket(TenantId::SINGLE, helpdesk::TicketId::named("nowhere"));
            let parts = vec![ticket.parts[0].clone(), Part::check(nowhere, Version(3))];
            let stale = Commit::new(TenantId::SINGLE, ticket.at, parts);
            let mut host = pool.begin().await.unwrap();
            let add = "INSERT INTO orders (id, ticket) VALUES ($1, $2)";
            let add = sqlx::query(add).bind(3_i64).bind(uuid::Uuid::nil());
            add.execute(&mut *host).await.unwrap();
            let error = $module::commit_in(&mut host, &sql, &stale).await.unwrap().unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
            host.commit().await.unwrap();
            assert_eq!((orders().await, tickets(&store)), (2, 1));

            let at_once = (10..18).map(|id| $module::order(&pool, &store, &sql, id));
            let mut numbers = Vec::new();
            for taken in futures(at_once).await {
                numbers.push(taken.unwrap());
            }
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!((numbers.len(), orders().await, tickets(&store)), (8, 10, 9));
            store.check_integrity().unwrap();
        }};
    }

    /// The answers of all of these, which go on in turns.
    async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let mut waiting: Vec<_> = all.map(|one| Some(Box::pin(one))).collect();
        let mut answers = Vec::new();
        std::future::poll_fn(|context| {
            for place in &mut waiting {
                if let Some(one) = place
                    && let std::task::Poll::Ready(answer) = one.as_mut().poll(context)
                {
                    answers.push(answer);
                    *place = None;
                }
            }
            match waiting.iter().all(Option::is_none) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        answers
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn both_or_neither_in_sqlite() {
        let path =
            std::env::temp_dir().join(format!("helpdesk-sqlx-test-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let store = SqliteStore::open(&path).unwrap();
        let pool = SqlitePool::connect_with(super::file(&path)).await.unwrap();
        both_or_neither!(sqlite, pool, store, Sql::sqlite());
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    async fn both_or_neither_in_postgres() {
        let server = std::env::var("HELPDESK_POSTGRES")
            .expect("`HELPDESK_POSTGRES` must tell where a server is");
        let pool = PgPool::connect_with(super::options(&server).unwrap())
            .await
            .unwrap();
        let drop = "DROP SCHEMA IF EXISTS sqlx_test CASCADE";
        sqlx::query(drop).execute(&pool).await.unwrap();
        let store = PostgresStore::options()
            .schema("sqlx_test")
            .connect(&server)
            .unwrap();
        both_or_neither!(postgres, pool, store, Sql::postgres("sqlx_test").unwrap());
    }
}
