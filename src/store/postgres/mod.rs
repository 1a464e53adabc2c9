//! A store on a PostgreSQL server, version 15 and later, for many processes (feature `postgres`).
//!
//! ```no_run
//! use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::PostgresStore};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("host=localhost user=support dbname=support")?;
//! let desk = Desk::new(store, Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
//! # Ok(()) }
//! ```
//!
//! # What it promises
//! An acknowledged commit survives what the server's settings say: with `fsync` and `synchronous_commit` on, as they are unless
//! somebody turned them off, the server and its power going down. Reading never waits for writing. Writers of different tickets do
//! not wait for each other, but those who open tickets of one tenant, for the moment in which the number is written; nothing needs
//! a leader. Whoever waits longer than the [lock timeout](Options::lock_timeout) is answered
//! [`Unavailable`](StoreErrorKind::Unavailable).
//!
//! A load takes one round trip to the server, and so does a usual commit: it is one statement. Any other commit (a merge, an erasure, a
//! sweep of several tickets) takes two, one to begin the transaction and one for everything in it with its end; a statement that finds
//! the stream elsewhere fails and undoes it all. One that is refused takes another trip, to tell why. Where the connection is lost, the
//! answer is [`Unavailable`](StoreErrorKind::Unavailable): the caller does not know whether the commit is stored, and asks
//! again under the same idempotency key. The next call opens a new connection.
//!
//! What is erased is gone from every answer at once, and from the tables with the next `VACUUM`, by the server itself or by hand. The
//! server's write-ahead log and backups keep it as long as they are kept.
//!
//! # What is where
//! The tables of [`sql`](super::sql) are in a schema of their own, `helpdesk` unless [`Options::schema`] says otherwise.
//! [`PostgresStore::connect`] makes the schema and brings its tables to this version, one process at a time; that user must be
//! allowed to create in the database, others need only use the schema and read and write its tables. Constraints have PostgreSQL's
//! names for them: `streams_pkey` is (tenant, kind, id), `events_pkey` is (tenant, kind, id, version).
//!
//! # Sweepers
//! Any number of processes may sweep: what fell due is recorded once, because the stream's version decides. With
//! [`Options::sweep_lease`] they also share the work: each is given other streams, and what one of them cannot sweep goes to others.
//!
//! # The host's own transaction
//! A host that writes its own tables and a ticket in one transaction lets [`commit_in`] take part in it (`tokio-postgres`, also
//! behind a pool such as deadpool). With any other driver it runs the statements of [`Sql::commit`]; with the blocking
//! `postgres` crate that is:
//!
//! ```
//! use helpdesk::store::{Commit, StoreError, postgres::params, sql::Sql};
//! # use std::error::Error;
//! fn commit_in(sql: &Sql, host: &mut postgres::Transaction<'_>, commit: &Commit) -> Result<(), Box<dyn Error>> {
//!     let mut inner = host.transaction()?; // a savepoint: an error leaves the host's transaction as it was
//!     for statement in sql.commit(commit)? {
//!         let rows = inner.execute(statement.sql, &params(&statement))?;
//!         statement.check(usize::try_from(rows)?)?;
//!     }
//!     Ok(inner.commit()?)
//! }
//! # let _ = commit_in;
//! ```
//!
//! # Threads
//! The calls of [`Store`] block the threads that make them, and these move the bytes of the connections while they wait. In an async
//! host a thread of the store's own moves them; it is started with the first call there.
//!
//! # In an async host
//! With the feature `async` the same value is an `AsyncStore` too, on any runtime: connect with `PostgresStore::connect_async`, and
//! give it to an `AsyncDesk`. A future that is dropped half-way closes its connection: a commit is then stored whole or not at all.
//! Until the server is done with what was sent, that connection counts among those that may be [open](Options::connections).

#[cfg(feature = "async")]
mod async_store;
mod columns;
mod error;
mod link;
mod load;
mod mover;
mod outbox;
mod pool;
mod read;
mod several;
mod texts;
mod version;
mod whole;
mod write;

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::ticket::Content;

use super::sql::{Given, Sql};
use super::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, StreamKind, TicketRow,
};

pub use tokio_postgres;
pub use write::{commit_in, params};

use error::not_an_address;
use pool::Pool;
use read::FactsPage;
use texts::Own;

/// Keeps everything on a PostgreSQL server; see the [module](self).
#[derive(Debug)]
pub struct PostgresStore {
    sql: Sql,
    own: Own,
    schema: String,
    pool: Pool,
    sweep_lease: Option<TimeDelta>,
    /// Who holds what it sweeps.
    holder: Uuid,
    numbers: Given,
}

/// How a [`PostgresStore`] is connected.
#[derive(Clone, Debug)]
pub struct Options {
    schema: String,
    connections: usize,
    lock_timeout: Duration,
    sweep_lease: Option<TimeDelta>,
    recent_tickets: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            schema: "helpdesk".to_owned(),
            connections: 16,
            lock_timeout: Duration::from_secs(5),
            sweep_lease: None,
            recent_tickets: 512,
        }
    }
}

impl Options {
    /// The schema that the tables are in: 1 to 63 lower-case letters, digits and `_`, no digit first. Default: `helpdesk`.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Options {
        self.schema = name.into();
        self
    }

    /// How many connections are open at most; each call needs one. At least 1. Default: 16.
    #[must_use]
    pub fn connections(mut self, most: usize) -> Options {
        self.connections = most.max(1);
        self
    }

    /// How long to wait for a row that another transaction writes, and for a free connection. Default: 5 seconds.
    #[must_use]
    pub fn lock_timeout(mut self, longest: Duration) -> Options {
        self.lock_timeout = longest;
        self
    }

    /// Lets processes share the sweeping: a stream that [`Store::due`] gave to one store value is given to no other one until so much
    /// time passed on the callers' clocks, or its wake-up changed; and others sleep that long for it ([`Store::next_wake`]). Asked
    /// again in that time, the first one is given it again, and the time runs on. If it has not swept it by then (it died, it is too
    /// slow, or it cannot: a newer version wrote to the stream, or a rulebook is missing), it is not given it for as long once more, so
    /// that others are; after that it may have it again. [`Store::peek_due`] tells the same and takes nothing.
    /// Default: none, `due` tells what is due to everybody. Choose some times what one sweep takes, and no less than what passes between two
    /// sweeps, such as a minute.
    #[must_use]
    pub fn sweep_lease(mut self, lease: TimeDelta) -> Options {
        self.sweep_lease = Some(lease);
        self
    }

    /// How many of the tickets that this store value wrote last it keeps in memory, and up to as many again: a load of one of them alone
    /// reads only what others wrote since, and a command without an idempotency key or a message id from outside reads nothing while nobody
    /// else seems to write: its commit tells. A ticket takes a few KiB. Default: 512; 0 keeps none.
    ///
    /// They are all forgotten where a connection is made anew, because a server that took over may have lost the last commits, and a ticket is
    /// forgotten where a commit of it meets a conflict. Whoever puts the tables back to what they were (a restore, a test that empties them)
    /// connects anew, or keeps none.
    #[must_use]
    pub fn recent_tickets(mut self, most: usize) -> Options {
        self.recent_tickets = most;
        self
    }

    /// Connects without TLS to where this text says (`postgres://user@host/database`, or `host=... user=... dbname=...`), makes
    /// the tables where they are missing, and brings them to this version.
    ///
    /// # Errors
    /// [`Unavailable`](StoreErrorKind::Unavailable) where the server cannot be reached;
    /// [`Newer`](StoreErrorKind::Newer) where a newer version of the crate made the tables;
    /// [`Corrupt`](StoreErrorKind::Corrupt) where there are other tables under these names;
    /// [`Other`](StoreErrorKind::Other) where the text or the schema's name is not one, the server is older than version 15, or the user
    /// may not do this.
    pub fn connect(self, config: &str) -> Result<PostgresStore, StoreError> {
        self.connect_tls(config.parse().map_err(not_an_address)?, NoTls)
    }

    /// The same with a configuration of the driver, and with TLS: `tls` comes from a crate such as `tokio-postgres-rustls`,
    /// `postgres-native-tls` or `postgres-openssl`. Where the configuration has no connect timeout, it is 10 seconds; no TCP user timeout,
    /// 30 seconds; no keepalives of its own, they begin after 15 seconds and come 3 times, every 5. So a call to a server that
    /// vanished without a word (its machine or the network is gone) answers [`Unavailable`](StoreErrorKind::Unavailable) after half a
    /// minute at most.
    ///
    /// # Errors
    /// Those of [`Options::connect`].
    pub fn connect_tls<T>(self, config: Config, tls: T) -> Result<PostgresStore, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let pool = Pool::new(config, tls, &self)?;
        let store = PostgresStore::new(self, pool)?;
        store.wait(store.set_up())?;
        Ok(store)
    }

    /// [`Options::connect`] for an async host.
    ///
    /// # Errors
    /// Those of [`Options::connect`].
    #[cfg(feature = "async")]
    #[cfg_attr(docsrs, doc(cfg(feature = "async")))]
    pub async fn connect_async(self, config: &str) -> Result<PostgresStore, StoreError> {
        self.connect_tls_async(config.parse().map_err(not_an_address)?, NoTls)
            .await
    }

    /// [`Options::connect_tls`] for an async host.
    ///
    /// # Errors
    /// Those of [`Options::connect`].
    #[cfg(feature = "async")]
    #[cfg_attr(docsrs, doc(cfg(feature = "async")))]
    pub async fn connect_tls_async<T>(
        self,
        config: Config,
        tls: T,
    ) -> Result<PostgresStore, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let pool = Pool::new(config, tls, &self)?;
        let store = PostgresStore::new(self, pool)?;
        store.moved(store.set_up()).await?;
        Ok(store)
    }
}

impl PostgresStore {
    /// Connects with the default [`Options`]; see [`Options::connect`].
    pub fn connect(config: &str) -> Result<PostgresStore, StoreError> {
        Options::default().connect(config)
    }

    /// Connects with the default [`Options`] for an async host; see [`Options::connect_async`].
    #[cfg(feature = "async")]
    #[cfg_attr(docsrs, doc(cfg(feature = "async")))]
    pub async fn connect_async(config: &str) -> Result<PostgresStore, StoreError> {
        Options::default().connect_async(config).await
    }

    fn new(options: Options, pool: Pool) -> Result<PostgresStore, StoreError> {
        let sql = Sql::postgres(&options.schema)?;
        Ok(PostgresStore {
            own: Own::render(&sql),
            sql,
            schema: options.schema,
            pool,
            sweep_lease: options.sweep_lease,
            holder: Uuid::new_v4(),
            numbers: Given::default(),
        })
    }

    async fn set_up(&self) -> Result<(), StoreError> {
        let mut taken = self.pool.link().await?;
        version::check_server(&mut taken.link).await?;
        version::bring_up(&mut taken.link, &self.sql, &self.schema).await?;
        version::check_tables(&mut taken.link, &self.sql, &self.own).await?;
        taken.back().await;
        Ok(())
    }

    /// Waits on this thread.
    fn wait<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.pool.mover.wait(work)
    }

    /// The same work, for whoever must not wait on a thread.
    #[cfg(feature = "async")]
    async fn moved<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.pool.mover.start()?;
        work.await
    }

    /// The default options.
    pub fn options() -> Options {
        Options::default()
    }

    /// The statements of this store's schema, for [`commit_in`].
    pub fn sql(&self) -> &Sql {
        &self.sql
    }

    /// The schema that the tables are in.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Checks that the events of every stream are as many as its version says. It reads everything, and others go on working
    /// meanwhile.
    ///
    /// # Errors
    /// [`Corrupt`](StoreErrorKind::Corrupt), naming a stream.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        self.wait(self.check_streams())
    }
}

impl Store for PostgresStore {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        self.wait(self.load_all(request))
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.wait(self.write(commit))
    }

    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        let all = self.wait(async { Ok(self.write_all(commits).await) });
        all.unwrap_or_else(|error| commits.iter().map(|_| Err(error.again())).collect())
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.due_streams(now, zone_data, limit))
    }

    fn peek_due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.peeked_streams(now, zone_data, limit))
    }

    fn wakes_by(
        &self,
        until: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.wait(self.due_for_all(until, zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.wait(self.earliest_wake(after))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let mut page = FactsPage::first();
        while let Some(rows) = self.wait(self.facts_page(tenant, &mut page))? {
            rows.iter().for_each(|rows| visit(rows)); // nothing is held: the visitor may call the store
        }
        Ok(())
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        self.wait(self.texts(tenant, ids))
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        self.wait(self.listed(tenant, filter, page))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.wait(self.streams_of(tenant, kind, after, limit))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.wait(self.claim_messages(now, lease, limit))
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.wait(self.acknowledge_messages(ids))
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        self.wait(self.postpone_messages(ids, until))
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.wait(self.earliest_delivery())
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.wait(self.prune(tenant, before))
    }
}
