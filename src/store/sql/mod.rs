//! A [`Commit`] as a list of SQL statements, for a host that has a database transaction of its own open.
//!
//! The tables, the statements and their order are the same ones that this crate's own adapters use. Run the statements of
//! [`Sql::commit`] in their order inside your transaction, and hand the number of rows that each one touched to
//! [`Statement::check`]. Where that answers an error, roll back: nothing of the commit may stay.
//!
//! ```
//! use helpdesk::store::{Commit, Part, StreamId, sql::Sql};
//! use helpdesk::{TenantId, TicketId, ticket::Version};
//! let stream = StreamId::ticket(TenantId::SINGLE, TicketId::named("t"));
//! let part = Part::check(stream, Version(3));
//! let commit = Commit::new(TenantId::SINGLE, "2026-03-05T09:00:00Z".parse()?, vec![part]);
//! let sql = Sql::sqlite();
//! for statement in sql.commit(&commit)? {
//!     let rows = 1; // your driver runs `statement.sql` with `statement.params`, and tells
//!     statement.check(rows)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//! Every key begins with the tenant, but for that of the outbox, whose ids are those of all tenants. Instants are whole microseconds
//! since 1970; a wake-up that will not come is the largest number. Records are [stored](super::stored) as JSON text with their schema
//! beside them.
//!
//! | table | one row is |
//! |---|---|
//! | `streams` | a stream: its version, wake-up, KPI rows, list row and, of a ticket, its stage |
//! | `events` | an event |
//! | `snapshots` | what the events of a long stream made, now and then |
//! | `tickets` | what lists filter by; its `stage` is `open` of every ticket that is open |
//! | `contents` | a text of a person, in the order of writing |
//! | `unique_keys` | a key and its owner |
//! | `idempotency` | what was done under a key |
//! | `outbox` | a message to deliver |
//! | `numbers` | the last ticket number of a tenant |
//!
//! # What is erased
//! On PostgreSQL the row of an erased text is deleted. On SQLite its `body` is written over with as many blanks, and the row stays:
//! pages that are split or joined keep old bytes of what moved, so that nothing in this table ever moves. Whoever reads it passes
//! over what begins with a blank. Only the very first page is split, once: so a connection that runs the statements needs
//! `PRAGMA secure_delete = on` (the adapter's own connections have it, and `sqlite::commit_in` sees to it). SQLite's write-ahead log keeps the old text until it is emptied: a host that ran a commit with
//! something [erased](Commit::erased) or [persons](Commit::persons) calls `SqliteStore::scrub` after its own `COMMIT`
//! (or `PRAGMA wal_checkpoint(TRUNCATE)`, until its first column is 0).

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod list;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod rebuild;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod recent;
mod schema;
mod texts;
mod write;

use std::borrow::Cow;

use uuid::Uuid;

use crate::id::{Name, TicketNumber};
use crate::ticket::Version;

use super::{Commit, StoreError, StoreErrorKind, StreamId, UniqueKey};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use rebuild::{
    Claimed, Following, Given, due_streams, first_after, known, missing_steps, of_row, told_version,
};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use recent::Recent;
#[cfg(feature = "sqlite")]
pub(super) use schema::DROP_BLANKED;
#[cfg(feature = "postgres")]
pub(super) use schema::SWEEPS;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use schema::{MIGRATIONS, VERSION, note};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use write::{NEVER, actor_text, kind_of, limit};

/// The databases whose SQL is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.39 and later; parameters are `?1`, ids are blobs of 16 bytes.
    Sqlite,
    /// PostgreSQL 15 and later; parameters are `$1`, ids are of the type `uuid`.
    Postgres,
}

/// The statements of one dialect, with the tables' names in them.
#[derive(Clone, Debug)]
pub struct Sql {
    dialect: Dialect,
    namespace: String,
    pub(super) texts: texts::Texts,
    /// What comes before a text is kept, where it must.
    set_aside: Option<String>,
}

impl Sql {
    /// For SQLite: the tables' names begin with `helpdesk_`.
    pub fn sqlite() -> Sql {
        Sql::new(Dialect::Sqlite, "helpdesk_".to_owned())
    }

    /// For PostgreSQL: the tables are in this schema, whose name is written as it is.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`] unless the name is of 1 to 63 lower-case letters, digits and `_`, and no digit comes first.
    pub fn postgres(schema: &str) -> Result<Sql, StoreError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let first = schema.chars().next().unwrap_or('0');
        if schema.len() > 63 || first.is_ascii_digit() || !schema.chars().all(plain) {
            let what = format!(
                "`{schema}` is not a schema name; 1 to 63 lower-case letters, digits and `_` are allowed, no digit first"
            );
            return Err(StoreError::new(StoreErrorKind::Other, what));
        }
        Ok(Sql::new(Dialect::Postgres, format!("{schema}.")))
    }

    fn new(dialect: Dialect, namespace: String) -> Sql {
        Sql {
            dialect,
            texts: texts::Texts::render(dialect, &namespace),
            set_aside: (dialect == Dialect::Sqlite)
                .then(|| schema::render(dialect, &namespace, schema::SET_ASIDE)),
            namespace,
        }
    }

    /// Which database it is for.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The statements that write the whole commit, in their order. An empty commit has none.
    ///
    /// # Errors
    /// What [`Commit::check`] refuses; a ticket number above 9,223,372,036,854,775,807.
    pub fn commit(&self, commit: &Commit) -> Result<Vec<Statement<'_>>, StoreError> {
        write::statements(self, commit)
    }

    /// Whether a statement sets aside what stands where the next one keeps a text.
    #[cfg(feature = "sqlite")]
    pub(super) fn sets_aside(&self, statement: &Statement<'_>) -> bool {
        self.set_aside.as_deref() == Some(statement.sql)
    }

    /// The texts that make the tables, for a host that has a tool of its own for migrations: the first makes those of version 1, each other
    /// one makes those of its version out of those of the version before, and notes that. Each is several statements without parameters,
    /// to be run in one transaction. A text that was released is never changed. The adapters of the crate run the same; they find nothing left to do.
    ///
    /// ```
    /// use helpdesk::store::sql::Sql;
    /// let migrations = Sql::postgres("helpdesk")?.migrations();
    /// assert!(migrations[0].starts_with("CREATE SCHEMA IF NOT EXISTS helpdesk;"));
    /// assert!(migrations[1].ends_with("VALUES (2);"));
    /// # Ok::<(), helpdesk::store::StoreError>(())
    /// ```
    pub fn migrations(&self) -> Vec<String> {
        let first = match self.dialect {
            Dialect::Sqlite => String::new(),
            Dialect::Postgres => {
                let schema = self.namespace.trim_end_matches('.');
                format!(
                    "CREATE SCHEMA IF NOT EXISTS {schema};\n{};\n",
                    schema::SWEEPS
                )
            }
        };
        let before = std::iter::once(first).chain(std::iter::repeat_with(String::new));
        let steps = before.zip(schema::MIGRATIONS).zip(1..);
        steps
            .map(|((before, step), version)| {
                self.migration(&format!("{before}{step}\n{}", schema::note(version)))
            })
            .collect()
    }

    /// The text of a migration, or of whatever else names tables, as this database reads it.
    pub(super) fn migration(&self, text: &str) -> String {
        schema::render(self.dialect, &self.namespace, text)
    }
}

/// One statement with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Statement<'a> {
    /// The text; the same text comes again and again, so prepare it once.
    pub sql: &'a str,
    /// The parameters, the first of which is `?1` or `$1`.
    pub params: Vec<Value>,
    /// What the number of touched rows means.
    pub expect: Expect,
}

impl Statement<'_> {
    /// Whether the commit may go on after a statement that touched so many rows.
    ///
    /// # Errors
    /// [`StoreErrorKind::Conflict`]: somebody wrote first. Roll back, load again and decide again.
    pub fn check(&self, rows: usize) -> Result<(), StoreError> {
        let what = match &self.expect {
            Expect::Any => return Ok(()),
            _ if rows == 1 => return Ok(()),
            Expect::Stands(stream, version) => {
                format!(
                    "stream {} does not stand at version {}",
                    stream.id, version.0
                )
            }
            Expect::Unclaimed(key) => format!("the unique key {} has another owner", key.uuid()),
            Expect::Unused(key) => {
                format!("the idempotency key `{key}` was used in the meantime")
            }
        };
        Err(StoreError::new(StoreErrorKind::Conflict, what))
    }
}

/// What the number of rows that a statement touched means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// Nothing.
    Any,
    /// One row, or the stream stands at another version.
    Stands(StreamId, Version),
    /// One row, or the key has another owner.
    Unclaimed(UniqueKey),
    /// One row, or the idempotency key was used.
    Unused(Name),
}

/// A parameter. Each has its type also where it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A whole number: `bigint`, `INTEGER`.
    Integer(Option<i64>),
    /// A text: `text`, `TEXT`.
    Text(Option<Cow<'static, str>>),
    /// An id: `uuid`, or a `BLOB` of 16 bytes.
    Uuid(Option<Uuid>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(Some(number))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Some(text.into()))
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::Text(Some(text.into()))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Value {
        Value::Uuid(Some(id))
    }
}

/// A count of events or tickets as a database has it.
fn signed(number: u64, what: &str) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| {
        let what = format!("{what} {number} is too high; up to {} is allowed", i64::MAX);
        StoreError::new(StoreErrorKind::Other, what)
    })
}

fn number(number: TicketNumber) -> Result<i64, StoreError> {
    signed(number.0, "ticket number")
}
