//! The version of the tables, and the way forward from every earlier one.

use crate::store::sql::{MIGRATIONS, Sql, VERSION, newer_tables};

use super::link::{Link, Query};
use super::load::get;
use super::texts::Own;
use super::{StoreError, StoreErrorKind};

/// What only this adapter has: which streams the sweepers of which process hold. It is no part of the truth, and may be emptied at any time.
const SWEEPS: &str = "CREATE TABLE IF NOT EXISTS {t}sweeps (tenant {uuid} NOT NULL, kind {integer} NOT NULL, \
    id {uuid} NOT NULL, wake_at {integer} NOT NULL, held_until {integer} NOT NULL, \
    holder {uuid} NOT NULL, PRIMARY KEY (tenant, kind, id))";

/// Brings the tables to the newest version, all steps or none; processes that start together wait for each other.
pub(super) fn bring_up(link: &mut Link, sql: &Sql, schema: &str) -> Result<(), StoreError> {
    bring_up_to(link, sql, schema, MIGRATIONS)
}

fn bring_up_to(
    link: &mut Link,
    sql: &Sql,
    schema: &str,
    migrations: &[&str],
) -> Result<(), StoreError> {
    if version(link, sql)? == known(migrations) {
        return Ok(()); // the usual case takes no lock
    }
    link.in_transaction(|link| {
        // The schema's name is one of letters, digits and `_`.
        link.run(&format!(
            "SELECT pg_advisory_xact_lock(hashtextextended('helpdesk {schema}', 0))"
        ))?;
        let there = Query {
            text: "SELECT to_regnamespace($1) IS NOT NULL",
            params: vec![&schema],
        };
        let there = link.ask(&there)?.first().map(|row| get(row, 0)).transpose()?;
        if there != Some(true) {
            link.run(&format!("CREATE SCHEMA {schema}"))?;
        }
        let found = version(link, sql)?; // another process may have been faster
        let missing = usize::try_from(found).unwrap_or(usize::MAX);
        let Some(steps) = migrations.get(missing..) else {
            return Err(newer_tables(found, migrations.len()));
        };
        for step in steps {
            link.run(&sql.migration(step))?;
        }
        link.run(&sql.migration(SWEEPS))?;
        let (table, version) = (sql.migration(VERSION), known(migrations));
        link.run(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (version bigint NOT NULL); \
             DELETE FROM {table}; INSERT INTO {table} (version) VALUES ({version})"
        ))
    })
}

/// Prepares every statement: where a table or a column is missing, this finds out at once and not in the middle of the work.
pub(super) fn check_tables(link: &mut Link, sql: &Sql, own: &Own) -> Result<(), StoreError> {
    link.prepare(sql.texts.all().into_iter().chain(own.all()))
}

fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The version of the tables; 0 where there are none.
fn version(link: &Link, sql: &Sql) -> Result<i64, StoreError> {
    let table = sql.migration(VERSION);
    let there = Query {
        text: "SELECT to_regclass($1) IS NOT NULL",
        params: vec![&table],
    };
    let there = link.ask(&there)?.first().map(|row| get(row, 0)).transpose()?;
    if there != Some(true) {
        return Ok(0);
    }
    let text = format!("SELECT version FROM {table}");
    let found = link.ask(&Query {
        text: &text,
        params: Vec::new(),
    })?;
    match found.first().map(|row| get(row, 0)).transpose()? {
        Some(version) if version >= 1 => Ok(version),
        _ => {
            let what = format!("`{table}` does not tell the version of the tables");
            Err(StoreError::new(StoreErrorKind::Corrupt, what))
        }
    }
}
