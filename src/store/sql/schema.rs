//! The tables, version by version, and the spelling of each dialect.

use crate::aggregate::StreamKind;

use super::Dialect;

/// One text per schema version, from 1: each makes the tables of its version out of those of the version before. A text that
/// was released is never changed.
pub(in crate::store) const MIGRATIONS: &[&str] = &[include_str!("1.sql"), include_str!("2.sql")];

/// The name of the table that holds the schema version of the others.
pub(in crate::store) const VERSION: &str = "{t}schema_version";

/// What only PostgreSQL has: which streams the sweepers of which process hold. It is no part of the truth, and may be emptied at any time.
pub(in crate::store) const SWEEPS: &str = "CREATE TABLE IF NOT EXISTS {t}sweeps (tenant {uuid} NOT NULL, kind {integer} NOT NULL, \
    id {uuid} NOT NULL, wake_at {integer} NOT NULL, held_until {integer} NOT NULL, \
    holder {uuid} NOT NULL, PRIMARY KEY (tenant, kind, id))";

/// Writes down that the tables have this version.
pub(in crate::store) fn note(version: i64) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {VERSION} (version {{integer}} NOT NULL) {{heap}}; \
         DELETE FROM {VERSION}; INSERT INTO {VERSION} (version) VALUES ({version});"
    )
}

/// A text that is erased is written over with blanks, as many bytes as it has: nothing else of the table moves. A row that is
/// deleted lets pages be joined, and the bytes of others that move on that way stay behind where they were, until after these are
/// erased themselves.
macro_rules! blank {
    () => {
        "body = printf('%.*c', length(CAST(body AS BLOB)), ' ')"
    };
}

/// How SQLite erases texts.
const BLANKED: &str = concat!("UPDATE {t}contents SET ", blank!());

/// What tells a text from one that was erased so: every text is json.
const NOT_BLANK: &str = " AND substr(body, 1, 1) <> ' '";

/// Where a text comes again under an id, the row that has the id gives it up and is blanked; it would be moved, were it written anew
/// in another size.
pub(super) const SET_ASIDE: &str = concat!(
    "UPDATE {t}contents SET id = randomblob(16), ",
    blank!(),
    " WHERE tenant = $1 AND id = $2"
);

/// Takes the rows that were blanked away: what is left of others is moved, so the whole file is to be written anew after it.
#[cfg(feature = "sqlite")]
pub(in crate::store) const DROP_BLANKED: &str =
    "DELETE FROM {t}contents WHERE substr(body, 1, 1) = ' '";

/// The text with the dialect's types, tables and parameters.
pub(super) fn render(dialect: Dialect, namespace: &str, text: &str) -> String {
    let (erase, is_kept) = match dialect {
        Dialect::Sqlite => (BLANKED, NOT_BLANK),
        Dialect::Postgres => ("DELETE FROM {t}contents", ""),
    };
    let kinds = StreamKind::ALL.map(StreamKind::code);
    let last_kind = kinds.into_iter().fold(0, i64::max);
    let text = text
        .replace("{last_kind}", &last_kind.to_string())
        .replace("{erase}", erase)
        .replace("{is_kept}", is_kept)
        .replace("{t}", namespace);
    match dialect {
        Dialect::Sqlite => text
            .replace("{i}", namespace)
            .replace("{uuid}", "BLOB")
            .replace("{text}", "TEXT")
            .replace("{integer}", "INTEGER")
            .replace("{clustered}", "STRICT, WITHOUT ROWID")
            .replace("{heap}", "STRICT")
            .replace('$', "?"),
        Dialect::Postgres => text
            .replace("{i}", "")
            .replace("{uuid}", "uuid")
            .replace("{text}", "text")
            .replace("{integer}", "bigint")
            .replace("{clustered}", "")
            .replace("{heap}", ""),
    }
}
