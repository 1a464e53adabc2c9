//! A store in one file, with no server: SQLite, built into the crate (feature `sqlite`).
//!
//! ```
//! use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::SqliteStore};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::env::temp_dir().join(format!("helpdesk-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let path = dir.join("support.db");
//! let desk = Desk::new(SqliteStore::open(&path)?, Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
//!
//! let again = Desk::new(SqliteStore::open(&path)?, Rulebook::starter()); // another process, or after a restart
//! assert_eq!(again.ticket(t.id())?.number(), t.number());
//! # drop((desk, again));
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(()) }
//! ```
//!
//! # What it promises
//! An acknowledged commit survives the process, the system and the power going down ([`Durability::Full`], the default).
//! Reading never waits for writing. One writer writes at a time, in this process and in others; whoever waits longer than the
//! [busy timeout](Options::busy_timeout) is answered [`Unavailable`](StoreErrorKind::Unavailable). Any number of processes of
//! one machine may share the file; a network drive will not do.
//!
//! What is erased is overwritten in the file where it stands, and the write-ahead log is emptied after the commit that erased it; where a
//! long read is in the way, after a later one, or by [`SqliteStore::scrub`]; where the process ends before, when the file is opened again.
//! No commit waits for that. Backups that were made before keep it. The room of an erased text is free after [`SqliteStore::compact`].
//!
//! # What is where
//! The database has the tables of [`sql`](super::sql), named `helpdesk_...`, and may have tables of the host beside them. A host
//! that writes its own tables and a ticket in one transaction opens the same file with [`rusqlite`], begins a transaction, and
//! lets [`commit_in`] take part in it.
//!
//! Beside the file lie `-wal` and `-shm` while it is open: they belong to it. The first grows to 16 MiB; a long read, or
//! a commit that is bigger, makes it longer, and it stays so until it is emptied ([`SqliteStore::scrub`]). Copy the database with [`SqliteStore::back_up`].

mod connection;
mod error;
mod group;
mod load;
mod outbox;
mod upkeep;
mod version;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::ticket::Content;

use super::sql::{Given, Recent, Sql};
use super::{
    Commit, DueStream, Filter, Load, Loaded, OutboxMessage, Page, Store, StoreError,
    StoreErrorKind, StreamKind, TicketRow,
};

pub use rusqlite;
pub use write::commit_in;

use connection::Readers;

/// The longest that SQLite can be told to wait.
const LONGEST_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

/// A load of so many streams is so short that a writer may wait for it.
const SHORT: usize = 2;

/// Keeps everything in one SQLite file; see the [module](self).
#[derive(Debug)]
pub struct SqliteStore {
    sql: Sql,
    options: Options,
    /// `None` for a database in memory.
    path: Option<PathBuf>,
    writer: Mutex<Connection>,
    readers: Readers,
    numbers: Given,
    recent: Recent,
    /// Whether erased text may still stand in the write-ahead log.
    unscrubbed: AtomicBool,
}

/// How a [`SqliteStore`] is opened.
#[derive(Clone, Debug)]
pub struct Options {
    durability: Durability,
    busy_timeout: Duration,
    idle_readers: usize,
    max_bytes: Option<u64>,
    recent_tickets: usize,
}

/// What an acknowledged commit survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Everything: the process killed, the system crashed, the power gone. The disk is waited for in each commit.
    #[default]
    Full,
    /// The process killed, but not the power gone: the last commits may be lost then, each as a whole, and nothing is torn.
    /// Several times as fast.
    FasterNotDurable,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(5),
            idle_readers: 4,
            max_bytes: None,
            recent_tickets: 512,
        }
    }
}

impl Options {
    /// What an acknowledged commit survives. Default: everything.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Options {
        self.durability = durability;
        self
    }

    /// How long to wait while another process writes, up to 2,147,483,647 ms (24 days); longer counts as that. Default: 5 seconds.
    #[must_use]
    pub fn busy_timeout(mut self, longest: Duration) -> Options {
        self.busy_timeout = longest.min(LONGEST_WAIT);
        self
    }

    /// How many connections for reading are kept open while nobody reads. Default: 4.
    #[must_use]
    pub fn idle_readers(mut self, most: usize) -> Options {
        self.idle_readers = most;
        self
    }

    /// The file may grow to this many bytes, rounded down to whole pages; then commits are answered
    /// [`Full`](StoreErrorKind::Full). Default: as the disk allows.
    #[must_use]
    pub fn max_bytes(mut self, most: u64) -> Options {
        self.max_bytes = Some(most);
        self
    }

    /// How many of the tickets that this store value wrote last it keeps in memory, and up to as many again: a load of one of them reads
    /// only what others wrote since, and a command without an idempotency key or a message id from outside reads nothing while nobody else
    /// seems to write: its commit tells. A ticket takes a few KiB. Default: 512; 0 keeps none.
    #[must_use]
    pub fn recent_tickets(mut self, most: usize) -> Options {
        self.recent_tickets = most;
        self
    }

    /// Opens the file, makes it where it is missing, and brings its tables to this version. A relative path is taken from the directory
    /// that the process is in now, wherever it goes later.
    ///
    /// # Errors
    /// [`Newer`](StoreErrorKind::Newer) where a newer version of the crate made the tables;
    /// [`Corrupt`](StoreErrorKind::Corrupt) where the file is no database, is damaged, or has other tables under these names;
    /// [`Full`](StoreErrorKind::Full) where the disk has no room for the shared memory beside it, 32 KiB;
    /// [`Unavailable`](StoreErrorKind::Unavailable) where another process is writing all the while;
    /// [`Other`](StoreErrorKind::Other) where it cannot be opened or written, and where the path is empty or `:memory:`.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::with(self, Some(place(path.as_ref())?))
    }
}

impl SqliteStore {
    /// Opens the file with the default [`Options`]; see [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        Options::default().open(path)
    }

    /// The default options.
    pub fn options() -> Options {
        Options::default()
    }

    /// A database in memory, gone when it is dropped: for tests of a host's SQL. Reading waits for writing here.
    pub fn in_memory() -> Result<SqliteStore, StoreError> {
        SqliteStore::with(Options::default(), None)
    }

    fn with(options: Options, path: Option<PathBuf>) -> Result<SqliteStore, StoreError> {
        let sql = Sql::sqlite();
        let left = path.as_deref().is_some_and(is_log_left);
        let mut writer = connection::writer(path.as_deref(), &options)?;
        version::bring_up(&mut writer, &sql)?;
        version::check_tables(&writer, &sql)?;
        let store = SqliteStore {
            readers: Readers::new(options.idle_readers),
            writer: Mutex::new(writer),
            recent: Recent::keeping(options.recent_tickets),
            sql,
            options,
            path,
            numbers: Given::default(),
            unscrubbed: AtomicBool::new(left),
        };
        if left {
            // Whoever wrote it may have ended between a commit that erased and the emptying of the log.
            store.writing(|connection| store.scrub_on(connection, Duration::ZERO))?;
        }
        Ok(store)
    }

    /// Does `work` on the one connection that writes.
    fn writing<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does `work` on a connection that reads; it must not call the store meanwhile.
    fn reading<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.path {
            None => self.writing(work),
            Some(path) => self.readers.with(path, &self.options, work),
        }
    }
}

/// Where the file is, whatever directory the process is in later.
fn place(path: &Path) -> Result<PathBuf, StoreError> {
    let other = |what: String| StoreError::new(StoreErrorKind::Other, what);
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        let what = format!(
            "`{}` names no file; a database without one comes from `SqliteStore::in_memory`",
            path.display()
        );
        return Err(other(what));
    }
    let absolute = std::path::absolute(path);
    absolute.map_err(|error| {
        let what = format!("`{}`: the current directory is not known", path.display());
        other(what).because(error)
    })
}

/// Whether somebody left a write-ahead log, or is at work with it.
fn is_log_left(file: &Path) -> bool {
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()); // it lies beside what a link leads to
    let mut log = file.into_os_string();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

impl Store for SqliteStore {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        if let Some(told) = self.recent.tell(request) {
            return Ok(told);
        }
        // The connection that writes knows its own pages; others must read them anew. Nobody waits for it here.
        if request.streams.len() <= SHORT
            && let Ok(connection) = self.writer.try_lock()
        {
            return self.load_on(&connection, request);
        }
        self.reading(|connection| self.load_on(connection, request))
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.write(commit)
    }

    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        self.write_all(commits)
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.reading(|connection| self.due_on(connection, now, zone_data, limit))
    }

    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.reading(|connection| self.next_wake_on(connection, after))
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        self.facts_by_page(tenant, visit)
    }

    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError> {
        self.reading(|connection| self.content_on(connection, tenant, ids))
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        self.reading(|connection| self.list_on(connection, tenant, filter, page))
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.reading(|connection| self.streams_on(connection, (tenant, kind), after, limit))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.claim_messages(now, lease, limit)
    }

    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.acknowledge_messages(ids)
    }

    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
        self.postpone_messages(ids, until)
    }

    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.reading(|connection| self.next_delivery_on(connection))
    }

    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.prune(tenant, before)
    }
}
