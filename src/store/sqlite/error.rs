//! From what SQLite says to what a caller can do about it: the one place.

use std::path::Path;

use rusqlite::ffi::{SQLITE_BUSY_SNAPSHOT, SQLITE_ERROR, SQLITE_IOERR_SHMSIZE};
use rusqlite::{CachedStatement, Connection, Error, ErrorCode};

use super::{StoreError, StoreErrorKind};

/// An error of SQLite with its kind and advice.
pub(super) struct Told {
    kind: StoreErrorKind,
    advice: &'static str,
    error: Error,
}

/// What `error` means.
pub(super) fn told(error: Error) -> Told {
    let (kind, advice) = meaning(&error);
    Told {
        kind,
        advice,
        error,
    }
}

impl Told {
    /// The error, naming the file.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let what = format!("`{}`: {}", path.display(), self.advice);
        StoreError::new(self.kind, what).because(self.error)
    }
}

impl From<Told> for StoreError {
    fn from(told: Told) -> StoreError {
        StoreError::new(told.kind, told.advice).because(told.error)
    }
}

/// The statement, ready to run.
pub(super) fn prepare<'c>(
    connection: &'c Connection,
    text: &str,
) -> Result<CachedStatement<'c>, StoreError> {
    connection.prepare_cached(text).map_err(failed)
}

/// For `map_err`.
pub(super) fn failed(error: Error) -> StoreError {
    told(error).into()
}

const NO_ROOM: &str = "the disk, or the size allowed, is full; make room";

fn meaning(error: &Error) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Conflict, Corrupt, Full, Other, Unavailable};
    let unlike = "the tables are not those of this version of the crate";
    match error {
        // Said of our own statements, this can mean nothing else.
        Error::SqlInputError { .. } => (Corrupt, unlike),
        Error::SqliteFailure(code, _) if code.extended_code == SQLITE_ERROR => (Corrupt, unlike),
        Error::SqliteFailure(code, _) if code.extended_code == SQLITE_BUSY_SNAPSHOT => (
            Conflict,
            "the transaction began before somebody else's commit; roll it back and begin a new one (`BEGIN IMMEDIATE`)",
        ),
        // The index of the log is in shared memory, on the same disk; without it nothing is read or written.
        Error::SqliteFailure(code, _) if code.extended_code == SQLITE_IOERR_SHMSIZE => {
            (Full, NO_ROOM)
        }
        Error::SqliteFailure(code, _) => match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (
                Unavailable,
                "another process is writing to the database; try again",
            ),
            ErrorCode::DiskFull => (Full, NO_ROOM),
            ErrorCode::DatabaseCorrupt => {
                (Corrupt, "the database is damaged; restore it from a backup")
            }
            ErrorCode::NotADatabase => (Corrupt, "the file is not a database"),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => (
                Other,
                "the database cannot be written; the file and its directory must be writable",
            ),
            ErrorCode::CannotOpen => (
                Other,
                "the database cannot be opened; the directory must exist and be writable, and a file that is in use stay where it is",
            ),
            ErrorCode::SystemIoFailure => (
                Unavailable,
                "the disk could not be read or written; what was being written may or may not be stored",
            ),
            ErrorCode::OutOfMemory | ErrorCode::FileLockingProtocolFailed => (
                Unavailable,
                "the system is short of memory or locks; try again",
            ),
            ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
                (Unavailable, "the work was interrupted; try again")
            }
            ErrorCode::SchemaChanged => {
                (Unavailable, "the tables were changed meanwhile; try again")
            }
            ErrorCode::ConstraintViolation => {
                (Corrupt, "the tables hold what their streams do not know of")
            }
            ErrorCode::TooBig => (Other, "a record is larger than SQLite allows"),
            _ => (Other, "sqlite refused the work"),
        },
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => (Corrupt, "a row cannot be read back"),
        _ => (Other, "sqlite refused the work"),
    }
}
