//! What a host does with its file now and then: check it, copy it, make it smaller, wipe its log.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::ffi::SQLITE_ERROR;
use rusqlite::{Connection, Error, OptionalExtension};

use crate::store::sql::DROP_BLANKED;

use super::error::{failed, told};
use super::load::uuid;
use super::{SqliteStore, StoreError, StoreErrorKind, place};

impl SqliteStore {
    /// Checks the whole file: its pages and indexes, and that the events of every stream are as many as its version says.
    /// It reads everything, and others go on working meanwhile.
    ///
    /// # Errors
    /// [`Corrupt`](StoreErrorKind::Corrupt) with the first things that are wrong.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        self.reading(|connection| {
            let mut prepared = connection
                .prepare("PRAGMA integrity_check(10)")
                .map_err(failed)?;
            let found = prepared
                .query_map([], |row| row.get::<_, String>(0))
                .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
                .map_err(failed)?;
            if found != ["ok"] {
                return Err(damaged(found.join("; ")));
            }
            for (text, wrong) in [
                (
                    &self.sql.texts.torn_stream,
                    "has other events than its version says",
                ),
                (&self.sql.texts.lost_event, "has events and is not there"),
            ] {
                let torn = connection
                    .query_row(text, [], |row| Ok(uuid(row, 0)))
                    .optional();
                if let Some(id) = torn.map_err(failed)? {
                    return Err(damaged(format!("stream {} {wrong}", id?)));
                }
            }
            Ok(())
        })
    }

    /// Writes a copy of the whole database as of one instant to a new file, while others go on working. The copy holds
    /// nothing that was erased before. Where it fails, no half of a copy is left.
    ///
    /// # Errors
    /// [`Other`](StoreErrorKind::Other) where there is a file of that name, or the name is none, or where the store's own file was moved away;
    /// [`Full`](StoreErrorKind::Full).
    pub fn back_up(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = &place(path.as_ref())?;
        let Some(name) = path.to_str() else {
            let what = format!("`{}` is not a name in utf-8", path.display());
            return Err(StoreError::new(StoreErrorKind::Other, what));
        };
        if path.symlink_metadata().is_ok() {
            let what = format!(
                "`{}` is there already; a copy wants a new name",
                path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Other, what));
        }
        self.copying(
            |connection| match connection.execute("VACUUM INTO ?1", [name]) {
                Ok(_) => Ok(()),
                Err(Error::SqliteFailure(code, why)) if code.extended_code == SQLITE_ERROR => {
                    let why = why.unwrap_or_default();
                    let what = format!("`{}` cannot be made a copy: {why}", path.display());
                    Err(StoreError::new(StoreErrorKind::Other, what))
                }
                Err(error) => {
                    let _ = std::fs::remove_file(path); // or it was not begun
                    Err(told(error).at(path))
                }
            },
        )
    }

    /// Rewrites the file without the room that erased texts and deleted records left. Others wait meanwhile. It needs as much free
    /// memory as the compacted database has bytes (no text of a person goes to a temporary file), and as much free disk beside the
    /// file, for the log that it is written to first. Where it fails, it is to be called again: until then old bytes of texts may stand where these were.
    ///
    /// # Errors
    /// [`Unavailable`](StoreErrorKind::Unavailable) where others were reading all the while: the work is done, and [`SqliteStore::scrub`]
    /// brings it from the log into the file. [`Full`](StoreErrorKind::Full).
    pub fn compact(&self) -> Result<(), StoreError> {
        self.unscrubbed.store(true, Ordering::Relaxed);
        self.writing(|connection| {
            let blanked = self.sql.migration(DROP_BLANKED);
            connection.execute(&blanked, []).map_err(failed)?;
            connection.execute_batch("VACUUM").map_err(failed)?;
            self.scrubbed_on(connection)
        })
    }

    /// Empties the write-ahead log into the file, so that nothing that was erased stands in it any more. The store does this
    /// after each commit that erases, and when it opens a file whose log was left; this is for what
    /// [`commit_in`](super::commit_in) erased, and for where reads were in the way. Writers wait meanwhile, as long as the
    /// [busy timeout](super::Options::busy_timeout) at most.
    ///
    /// # Errors
    /// [`Unavailable`](StoreErrorKind::Unavailable) where others were reading or writing all the while.
    pub fn scrub(&self) -> Result<(), StoreError> {
        self.unscrubbed.store(true, Ordering::Relaxed);
        self.writing(|connection| self.scrubbed_on(connection))
    }

    fn scrubbed_on(&self, connection: &Connection) -> Result<(), StoreError> {
        self.scrub_on(connection, self.options.busy_timeout)?;
        if self.unscrubbed.load(Ordering::Relaxed) {
            let what = "others were using the database all the while; `scrub` finishes it later";
            return Err(StoreError::new(StoreErrorKind::Unavailable, what));
        }
        Ok(())
    }

    /// Tries, and waits so long for those who read; where they are in the way, the next commit tries again.
    pub(super) fn scrub_on(
        &self,
        connection: &Connection,
        patience: Duration,
    ) -> Result<(), StoreError> {
        connection.busy_timeout(patience).map_err(failed)?;
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        });
        let longest = self.options.busy_timeout;
        connection.busy_timeout(longest).map_err(failed)?;
        // The commit before it is written: that the log could not be emptied is no reason to deny it.
        self.unscrubbed
            .store(!matches!(busy, Ok(0)), Ordering::Relaxed);
        Ok(())
    }

    /// A copy is made by a connection that may write files, but not by the one that others wait for.
    fn copying<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.path {
            None => self.writing(work),
            Some(path) => work(&super::connection::beside(path, &self.options)?),
        }
    }
}

/// How long whoever goes away waits for those who read.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// Whoever erased something while others were reading, and goes away, tries once more.
impl Drop for SqliteStore {
    fn drop(&mut self) {
        if self.unscrubbed.load(Ordering::Relaxed) {
            // Nobody is there to be told, and those who write now are not to wait long.
            let _ = self.writing(|connection| self.scrub_on(connection, LAST_PATIENCE));
        }
    }
}

fn damaged(what: String) -> StoreError {
    let what = format!("{what}; restore the database from a backup");
    StoreError::new(StoreErrorKind::Corrupt, what)
}
