//! From what PostgreSQL says to what a caller can do about it: the one place.

use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::tls::NoTlsError;

use super::{StoreError, StoreErrorKind};

/// For `map_err`.
pub(super) fn failed(error: Error) -> StoreError {
    let (kind, what) = match error.as_db_error() {
        Some(said) => meaning(said),
        None if is_lost(&error) => (
            StoreErrorKind::Unavailable,
            "the connection was lost; what was being written may or may not be stored".to_owned(),
        ),
        None => (
            StoreErrorKind::Other,
            "the driver refused the work".to_owned(),
        ),
    };
    StoreError::new(kind, what).because(error)
}

/// The same of a text that is to say where the server is.
pub(super) fn not_an_address(error: Error) -> StoreError {
    let why = std::error::Error::source(&error).map_or_else(String::new, |why| format!(": {why}"));
    let what = format!(
        "this is no connection text{why}; `postgres://user@host/database` or `host=... user=... dbname=...` is allowed, \
         with an `sslmode` of disable, prefer or require"
    );
    StoreError::new(StoreErrorKind::Other, what).because(error)
}

/// The same where no connection came about.
pub(super) fn connecting(error: Error) -> StoreError {
    if cause::<NoTlsError>(&error).is_some() {
        let what = "the connection text demands TLS; give a connector to `connect_tls`, or `sslmode=disable`";
        return StoreError::new(StoreErrorKind::Other, what).because(error);
    }
    if is_unlike_tls(&error) {
        let what = "no encrypted connection came about; the server must offer TLS, and its certificate be for its name and from somebody trusted";
        return StoreError::new(StoreErrorKind::Other, what).because(error);
    }
    if error.as_db_error().is_none() && is_lost(&error) {
        let what = "the server cannot be reached; try again";
        return StoreError::new(StoreErrorKind::Unavailable, what).because(error);
    }
    failed(error)
}

/// What could not be read from a row.
pub(super) fn unreadable(error: Error) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "a row cannot be read back").because(error)
}

fn is_lost(error: &Error) -> bool {
    io_error(error).is_some() || error.is_closed()
}

/// Whether the other side was reached and what it said is no answer: TLS that is not trusted tells so.
fn is_unlike_tls(error: &Error) -> bool {
    let invalid = |error: &io::Error| error.kind() == io::ErrorKind::InvalidData;
    io_error(error).is_some_and(invalid)
        || io_error(error).is_none() && error.to_string().contains("TLS handshake")
}

fn io_error(error: &Error) -> Option<&io::Error> {
    cause(error)
}

/// What of this kind led to it.
fn cause<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(found) = one.downcast_ref() {
            return Some(found);
        }
        cause = one.source();
    }
    None
}

fn meaning(said: &DbError) -> (StoreErrorKind, String) {
    use StoreErrorKind::{Conflict, Corrupt, Full, Other, Unavailable};
    let code = said.code();
    let (kind, advice) = match code {
        &SqlState::UNIQUE_VIOLATION => return violated(said),
        &SqlState::T_R_SERIALIZATION_FAILURE => (
            Conflict,
            "the transaction began before somebody else's commit; roll it back and begin a new one",
        ),
        &SqlState::T_R_DEADLOCK_DETECTED => (
            Conflict,
            "somebody wrote at the same time; load again and decide again",
        ),
        &SqlState::DISK_FULL => (Full, "the server's disk is full; make room"),
        &SqlState::LOCK_NOT_AVAILABLE => (
            Unavailable,
            "another transaction is writing the same rows; try again",
        ),
        &SqlState::QUERY_CANCELED => (Unavailable, "the work was interrupted; try again"),
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
            (Unavailable, "the server ended the session; try again")
        }
        other if matches!(other.code(), "57P05" | "25P04") => {
            (Unavailable, "the server ended the session; try again")
        }
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::IO_ERROR => (
            Unavailable,
            "the server is going down or coming up; what was being written may or may not be stored",
        ),
        &SqlState::READ_ONLY_SQL_TRANSACTION => (
            Other,
            "the database cannot be written; connect to a server that is no standby, and look at `default_transaction_read_only`",
        ),
        &SqlState::INSUFFICIENT_PRIVILEGE => (
            Other,
            "the user may not do this; it must be allowed to use the schema and to read and write its tables",
        ),
        &SqlState::UNDEFINED_TABLE
        | &SqlState::UNDEFINED_COLUMN
        | &SqlState::DATATYPE_MISMATCH
        | &SqlState::UNDEFINED_FUNCTION
        | &SqlState::INVALID_COLUMN_REFERENCE
        | &SqlState::INVALID_SCHEMA_NAME => (
            // Said of our own statements, this can mean nothing else.
            Corrupt,
            "the tables are not those of this version of the crate",
        ),
        &SqlState::FEATURE_NOT_SUPPORTED => {
            (Unavailable, "the tables were changed meanwhile; try again")
        }
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => {
            (Corrupt, "the database is damaged; restore it from a backup")
        }
        &SqlState::PROGRAM_LIMIT_EXCEEDED => (Other, "a record is larger than postgresql allows"),
        &SqlState::CHARACTER_NOT_IN_REPERTOIRE | &SqlState::UNTRANSLATABLE_CHARACTER => (
            Other,
            "a text has characters that the database cannot hold; its encoding must be utf-8",
        ),
        code => match code.code().get(..2) {
            Some("08") => (
                Unavailable,
                "the connection was lost; what was being written may or may not be stored",
            ),
            Some("53") => (
                Unavailable,
                "the server is short of memory or connections; try again",
            ),
            Some("28") => (Other, "the server does not let this user in"),
            Some("3D") => (
                Other,
                "there is no such database on the server; make it first",
            ),
            _ => (Other, "postgresql refused the work"),
        },
    };
    (kind, advice.to_owned())
}

/// A row that must be the only one was there: the name of the constraint tells what that means.
fn violated(said: &DbError) -> (StoreErrorKind, String) {
    let name = said.constraint().unwrap_or("without a name");
    match name {
        // The stream was found to stand where the commit says, and nobody else may write it in the meantime.
        "events_pkey" => (
            StoreErrorKind::Corrupt,
            "the tables hold events that their streams do not know of".to_owned(),
        ),
        "streams_pkey" | "snapshots_pkey" | "tickets_pkey" | "contents_pkey"
        | "unique_keys_pkey" | "idempotency_pkey" | "outbox_pkey" | "numbers_pkey"
        | "sweeps_pkey" => (
            StoreErrorKind::Conflict,
            format!("somebody wrote the same row at the same time (`{name}`)"),
        ),
        _ => (
            StoreErrorKind::Other,
            format!("the constraint `{name}`, which is not of this crate, refused a row"),
        ),
    }
}
