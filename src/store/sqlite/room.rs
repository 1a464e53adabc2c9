//! Room in the write-ahead log, made before commits need it.
//!
//! A commit that makes the log longer waits for the file system to find room and to write down where: many times as long as one that
//! writes over room that is there. SQLite goes over the log from its beginning each time that it was brought into the file, so this is
//! paid on the way to its full length alone. That way is made in a few steps, each as long as all before it: a transaction that is
//! larger than the cache writes pages to the log before its end, and is then undone. Nothing of it is ever part of the database.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use rusqlite::Connection;

use crate::store::StoreError;

use super::connection::{CACHE_KIB, LOG, PAGE};
use super::error::{failed, prepare};
use super::write::run;

/// The first step.
const LEAST: u64 = 32 * PAGE;
/// The whole way: the log as long as it gets before it is brought into the file, and what the last commit adds.
const MOST: u64 = (LOG as u64 + 64) * PAGE;

/// A text that nobody ever reads, in a table that is there: another one would mean that every statement is prepared anew.
const FILL: &str = "INSERT INTO helpdesk_contents (tenant, id, schema, body) \
    VALUES (randomblob(16), randomblob(16), 0, hex(zeroblob(?1)))";

/// What is known of the log of one file.
#[derive(Debug)]
pub(super) struct Room {
    log: PathBuf,
    /// How long it was after the last commit.
    length: Mutex<u64>,
}

impl Room {
    pub(super) fn beside(file: &Path) -> Room {
        let log = log_of(file);
        Room {
            length: Mutex::new(length(&log)),
            log,
        }
    }

    /// After a commit: where it made the log longer, makes room for those to come. Where there is none, the commits to come tell.
    pub(super) fn make(&self, connection: &Connection) {
        let mut known = self.length.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = length(&self.log);
        if now > *known && now < MOST {
            let more = now.max(LEAST).min(MOST - now);
            let _ = lengthen(connection, more);
            now = length(&self.log);
        }
        *known = now;
    }
}

/// Whether somebody left a log, or is at work with it.
pub(super) fn is_log_left(file: &Path) -> bool {
    length(&log_of(file)) > 0
}

fn log_of(file: &Path) -> PathBuf {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// How long the log is; 0 where nobody can tell.
fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// Writes so many bytes to the log and undoes them.
fn lengthen(connection: &Connection, bytes: u64) -> Result<(), StoreError> {
    let cache = |kib: i64| connection.pragma_update(None, "cache_size", -kib);
    cache(0).map_err(failed)?;
    let written = run(connection, "BEGIN IMMEDIATE").and_then(|()| {
        let mut filled = prepare(connection, FILL)?;
        let half = i64::try_from(bytes / 2).unwrap_or(i64::MAX); // each byte is told in two letters
        filled.execute([half]).map_err(failed)?;
        Ok(())
    });
    let undone = match connection.is_autocommit() {
        true => Ok(()),
        false => run(connection, "ROLLBACK"),
    };
    cache(CACHE_KIB).map_err(failed)?;
    written.and(undone)
}
