//! The tables, version by version, and the spelling of each dialect.

use super::Dialect;

/// One text per schema version, from 1: each makes the tables of its version out of those of the version before. A text that
/// was released is never changed.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(in crate::store) const MIGRATIONS: &[&str] = &[include_str!("1.sql"), include_str!("2.sql")];

/// The name of the table that holds the schema version of the others.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(in crate::store) const VERSION: &str = "{t}schema_version";

/// The text with the dialect's types, tables and parameters.
pub(super) fn render(dialect: Dialect, namespace: &str, text: &str) -> String {
    let text = text.replace("{t}", namespace);
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
