//! The version of the tables, and the way forward from every earlier one.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::store::sql::{MIGRATIONS, Sql, VERSION, known, missing_steps, note, told_version};

use super::StoreError;
use super::error::{failed, prepare};

/// Brings the tables to the newest version, step by step, each step whole or not at all.
pub(super) fn bring_up(connection: &mut Connection, sql: &Sql) -> Result<(), StoreError> {
    bring_up_to(connection, sql, MIGRATIONS)
}

fn bring_up_to(
    connection: &mut Connection,
    sql: &Sql,
    migrations: &[&str],
) -> Result<(), StoreError> {
    if version(connection, sql)? == known(migrations) {
        return Ok(()); // the usual case takes no lock
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found = version(&transaction, sql)?; // another process may have been faster
    missing_steps(found, migrations)?
        .iter()
        .try_for_each(|step| transaction.execute_batch(&sql.migration(step)))
        .map_err(failed)?;
    write_version(&transaction, sql, known(migrations))?;
    transaction.commit().map_err(failed)
}

/// Prepares every statement: where a table or a column is missing, this finds out at once and not in the middle of the work.
pub(super) fn check_tables(connection: &Connection, sql: &Sql) -> Result<(), StoreError> {
    for text in sql.texts.all() {
        prepare(connection, text)?;
    }
    Ok(())
}

/// The version of the tables; 0 where there are none.
fn version(connection: &Connection, sql: &Sql) -> Result<i64, StoreError> {
    let table = sql.migration(VERSION);
    let there = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
            [&table],
            |_| Ok(()),
        )
        .optional()
        .map_err(failed)?;
    if there.is_none() {
        return Ok(0);
    }
    let text = format!("SELECT version FROM {table}");
    let found: Option<i64> = connection
        .query_row(&text, [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    told_version(found, &table)
}

fn write_version(transaction: &Transaction<'_>, sql: &Sql, version: i64) -> Result<(), StoreError> {
    let text = sql.migration(&note(version));
    transaction.execute_batch(&text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::StoreErrorKind;
    use super::*;

    const NEXT: &str = "ALTER TABLE {t}numbers ADD COLUMN note {text}; CREATE TABLE {t}extra (a {integer}) {heap};";

    fn opened() -> (Connection, Sql) {
        let mut connection = Connection::open_in_memory().unwrap();
        let sql = Sql::sqlite();
        bring_up(&mut connection, &sql).unwrap();
        (connection, sql)
    }

    #[test]
    fn each_version_is_made_of_the_one_before() {
        let (mut connection, sql) = opened();
        let known = MIGRATIONS.len() as i64;
        assert_eq!(version(&connection, &sql).unwrap(), known);
        let add = "INSERT INTO helpdesk_numbers VALUES (x'00', 7)";
        connection.execute_batch(add).unwrap();
        let more = [MIGRATIONS, &[NEXT]].concat();
        for _ in 0..2 {
            bring_up_to(&mut connection, &sql, &more).unwrap();
            assert_eq!(version(&connection, &sql).unwrap(), known + 1);
        }
        let read = "SELECT last, note FROM helpdesk_numbers";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let kept: (i64, Option<String>) = connection.query_row(read, [], row).unwrap();
        assert_eq!(kept, (7, None));
        check_tables(&connection, &sql).unwrap();

        let error = bring_up(&mut connection, &sql).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Newer, "{error}");
    }

    /// Tables that a host made with the published texts are those that the adapter makes, and nothing is left to do.
    #[test]
    fn a_host_can_make_the_tables() {
        let (ours, sql) = opened();
        let mut hosts = Connection::open_in_memory().unwrap();
        let migrations = sql.migrations();
        assert_eq!(migrations.len(), MIGRATIONS.len());
        migrations
            .iter()
            .for_each(|text| hosts.execute_batch(text).unwrap());
        let schema = |connection: &Connection| -> Vec<(String, Option<String>)> {
            let ask = "SELECT name, sql FROM sqlite_schema ORDER BY name";
            let mut ask = connection.prepare(ask).unwrap();
            let rows = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(schema(&hosts), schema(&ours));
        let before = hosts.total_changes();
        bring_up(&mut hosts, &sql).unwrap();
        assert_eq!(hosts.total_changes(), before);
        check_tables(&hosts, &sql).unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_tables_as_they_were() {
        let (mut connection, sql) = opened();
        let newest = MIGRATIONS.len() as i64;
        let again = "CREATE TABLE {t}extra (again {integer})";
        let torn = [MIGRATIONS, &[NEXT, again]].concat();
        assert!(bring_up_to(&mut connection, &sql, &torn).is_err());
        assert_eq!(version(&connection, &sql).unwrap(), newest);
        assert!(connection.prepare("SELECT a FROM helpdesk_extra").is_err());
    }

    #[test]
    fn a_wrong_schema_is_found_when_opening() {
        let (connection, sql) = opened();
        let drop = "ALTER TABLE helpdesk_outbox DROP COLUMN attempts";
        connection.execute_batch(drop).unwrap();
        let error = check_tables(&connection, &sql).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
        connection
            .execute_batch("DELETE FROM helpdesk_schema_version")
            .unwrap();
        let error = version(&connection, &sql).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    }
}
