//! Connections: one that writes, and a few that read.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::error::told;
use super::{Durability, Options, StoreError, StoreErrorKind};

/// How many prepared statements a connection keeps: more than there are of fixed text; that of a list depends on its filter.
const STATEMENTS: usize = 128;
/// How much of the file a connection keeps in memory, in KiB.
const CACHE_KIB: i64 = 16_384;

/// After how many bytes the write-ahead log is brought into the file: 16 MiB. Fewer would write hot pages more often.
const LOG: u64 = 16 << 20;

/// The connection that writes. It makes the file where it is missing.
pub(super) fn writer(path: Option<&Path>, options: &Options) -> Result<Connection, StoreError> {
    writing(path, options, OpenFlags::SQLITE_OPEN_CREATE)
}

/// Another connection that may write, to a file that is there.
pub(super) fn beside(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    writing(Some(path), options, OpenFlags::empty())
}

fn writing(
    path: Option<&Path>,
    options: &Options,
    more: OpenFlags,
) -> Result<Connection, StoreError> {
    let connection = match path {
        None => Connection::open_in_memory(),
        Some(path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags | more)
        }
    };
    let named = |error: rusqlite::Error| match path {
        Some(path) => told(error).at(path),
        None => told(error).into(),
    };
    let connection = connection.map_err(named)?;
    set_up(&connection, options).map_err(named)?;
    if let Some(path) = path {
        if connection.is_readonly("main").map_err(named)? {
            let what = format!(
                "`{}` cannot be written; the file and its directory must be writable",
                path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Other, what));
        }
        let mode = with_a_log(&connection, options).map_err(named)?;
        if mode != "wal" {
            let what = format!(
                "`{}` cannot have a write-ahead log; its file system has no shared memory",
                path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Other, what));
        }
    }
    // A file that the host made may have pages of another size than new ones have.
    let page: u32 = connection
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .map_err(named)?;
    let pages = |bytes: u64| {
        i64::try_from(bytes / u64::from(page.max(1)))
            .unwrap_or(i64::MAX)
            .max(1)
    };
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::FasterNotDurable => "NORMAL",
    };
    connection
        .pragma_update(None, "synchronous", synchronous)
        .map_err(named)?;
    // Where a flush does not reach the disk otherwise, which is so on Apple's systems. A checkpoint must in any case, or pages were torn.
    let to_the_disk = options.durability == Durability::Full;
    for (flush, wanted) in [("fullfsync", to_the_disk), ("checkpoint_fullfsync", true)] {
        connection
            .pragma_update(None, flush, wanted)
            .map_err(named)?;
    }
    connection
        .pragma_update_and_check(None, "wal_autocheckpoint", pages(LOG), |_| Ok(()))
        .map_err(named)?;
    if let Some(bytes) = options.max_bytes {
        connection
            .pragma_update_and_check(None, "max_page_count", pages(bytes), |_| Ok(()))
            .map_err(named)?;
    }
    Ok(connection)
}

/// The journal mode that the file has after it was asked to have a write-ahead log. Of several that give a new file one at the same instant, SQLite
/// turns all but one away at once, whatever their timeout: they ask again, as long as that.
fn with_a_log(connection: &Connection, options: &Options) -> rusqlite::Result<String> {
    let begun = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        let is_busy = matches!(&mode, Err(Error::SqliteFailure(code, _)) if code.code == ErrorCode::DatabaseBusy);
        if !is_busy || begun.elapsed() >= options.busy_timeout {
            return mode;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn reader(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    // A write-ahead log can be read only by who may write its index; that nothing is written, the pragma sees to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let named = |error| told(error).at(path);
    let connection = Connection::open_with_flags(path, flags).map_err(named)?;
    set_up(&connection, options).map_err(named)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(named)?;
    Ok(connection)
}

fn set_up(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a statement with a limit is prepared anew each time that its limit is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?; // no text of a person in temporary files
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

/// The connections for reading: taken where one is idle, opened where none is, and kept up to a number.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    keep: usize,
}

impl Readers {
    pub(super) fn new(keep: usize) -> Readers {
        Readers {
            idle: Mutex::default(),
            keep,
        }
    }

    pub(super) fn with<T>(
        &self,
        path: &Path,
        options: &Options,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => reader(path, options)?,
        };
        let answer = work(&connection);
        let mut idle = self.lock();
        if idle.len() < self.keep && connection.is_autocommit() {
            idle.push(connection);
        }
        answer
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is acknowledged as durable is on the disk, also where a flush alone does not bring it there.
    #[test]
    fn flushes_reach_the_disk() {
        let path = std::env::temp_dir().join(format!("helpdesk-flush-{}.db", std::process::id()));
        for (durability, expected) in [
            (Durability::Full, [1, 1, 2]),
            (Durability::FasterNotDurable, [0, 1, 1]),
        ] {
            let options = Options::default().durability(durability);
            let connection = writer(Some(&path), &options).unwrap();
            let ask = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let told = ["fullfsync", "checkpoint_fullfsync", "synchronous"].map(ask);
            assert_eq!(told.map(Result::unwrap), expected);
        }
        std::fs::remove_file(&path).unwrap();
    }
}
