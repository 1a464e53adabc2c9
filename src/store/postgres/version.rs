//! The version of the tables, and the way forward from every earlier one.

use crate::store::sql::{MIGRATIONS, Sql, VERSION, known, missing_steps, told_version};

use super::StoreError;
use super::link::{Link, Query};
use super::load::get;
use super::texts::Own;

/// What only this adapter has: which streams the sweepers of which process hold. It is no part of the truth, and may be emptied at any time.
const SWEEPS: &str = "CREATE TABLE IF NOT EXISTS {t}sweeps (tenant {uuid} NOT NULL, kind {integer} NOT NULL, \
    id {uuid} NOT NULL, wake_at {integer} NOT NULL, held_until {integer} NOT NULL, \
    holder {uuid} NOT NULL, PRIMARY KEY (tenant, kind, id))";

/// Brings the tables to the newest version, all steps or none; processes that start together wait for each other.
pub(super) async fn bring_up(link: &mut Link, sql: &Sql, schema: &str) -> Result<(), StoreError> {
    bring_up_to(link, sql, schema, MIGRATIONS).await
}

async fn bring_up_to(
    link: &mut Link,
    sql: &Sql,
    schema: &str,
    migrations: &[&str],
) -> Result<(), StoreError> {
    if version(link, sql).await? == known(migrations) {
        return Ok(()); // the usual case takes no lock
    }
    link.run("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let taken = take_steps(link, sql, schema, migrations).await;
    link.run(if taken.is_ok() { "COMMIT" } else { "ROLLBACK" })
        .await?;
    taken
}

async fn take_steps(
    link: &mut Link,
    sql: &Sql,
    schema: &str,
    migrations: &[&str],
) -> Result<(), StoreError> {
    // The schema's name is one of letters, digits and `_`.
    link.run(&format!(
        "SELECT pg_advisory_xact_lock(hashtextextended('helpdesk {schema}', 0))"
    ))
    .await?;
    let there = Query {
        text: "SELECT to_regnamespace($1) IS NOT NULL",
        params: vec![&schema],
    };
    let there = link.ask(&there).await?;
    if there.first().map(|row| get(row, 0)).transpose()? != Some(true) {
        link.run(&format!("CREATE SCHEMA {schema}")).await?;
    }
    let found = version(link, sql).await?; // another process may have been faster
    for step in missing_steps(found, migrations)? {
        link.run(&sql.migration(step)).await?;
    }
    link.run(&sql.migration(SWEEPS)).await?;
    let (table, version) = (sql.migration(VERSION), known(migrations));
    link.run(&format!(
        "CREATE TABLE IF NOT EXISTS {table} (version bigint NOT NULL); \
         DELETE FROM {table}; INSERT INTO {table} (version) VALUES ({version})"
    ))
    .await
}

/// Prepares every statement: where a table or a column is missing, this finds out at once and not in the middle of the work.
pub(super) async fn check_tables(link: &mut Link, sql: &Sql, own: &Own) -> Result<(), StoreError> {
    let texts = sql.texts.all().into_iter().chain(own.all());
    link.prepare(texts.collect()).await
}

/// The version of the tables; 0 where there are none.
async fn version(link: &mut Link, sql: &Sql) -> Result<i64, StoreError> {
    let table = sql.migration(VERSION);
    let there = Query {
        text: "SELECT to_regclass($1) IS NOT NULL",
        params: vec![&table],
    };
    let there = link.ask(&there).await?;
    if there.first().map(|row| get(row, 0)).transpose()? != Some(true) {
        return Ok(0);
    }
    let text = format!("SELECT version FROM {table}");
    let ask = Query {
        text: &text,
        params: Vec::new(),
    };
    let found = link.ask(&ask).await?;
    told_version(found.first().map(|row| get(row, 0)).transpose()?, &table)
}

#[cfg(test)]
mod tests {
    use super::super::{PostgresStore, StoreErrorKind};
    use super::*;

    const NEXT: &str = "ALTER TABLE {t}numbers ADD COLUMN note {text}; CREATE TABLE {t}extra (a {integer}) {heap};";

    fn opened(schema: &str) -> PostgresStore {
        let server = std::env::var("HELPDESK_POSTGRES")
            .expect("`HELPDESK_POSTGRES` must tell where a PostgreSQL server is");
        let options = PostgresStore::options().schema(schema);
        let made = options.clone().connect(&server).unwrap();
        let drop = format!("DROP SCHEMA {schema} CASCADE");
        with(&made, async |link| link.run(&drop).await).unwrap();
        options.connect(&server).unwrap()
    }

    fn with<T>(
        store: &PostgresStore,
        work: impl AsyncFnOnce(&mut Link) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        store.wait(async { work(&mut store.pool.link().await?.link).await })
    }

    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn each_version_is_made_of_the_one_before() {
        let schema = "t_each_version";
        let store = opened(schema);
        let known = MIGRATIONS.len() as i64;
        let more = [MIGRATIONS, &[NEXT]].concat();
        let kept = async |link: &mut Link| {
            let add = "INSERT INTO t_each_version.numbers VALUES (gen_random_uuid(), 7)";
            link.run(add).await?;
            for _ in 0..2 {
                bring_up_to(link, &store.sql, schema, &more).await?;
                assert_eq!(version(link, &store.sql).await?, known + 1);
            }
            let text = "SELECT last, note FROM t_each_version.numbers";
            let params = Vec::new();
            let row = link.ask(&Query { text, params }).await?.remove(0);
            check_tables(link, &store.sql, &store.own).await?;
            Ok((get::<i64>(&row, 0)?, get::<Option<String>>(&row, 1)?))
        };
        assert_eq!(with(&store, kept).unwrap(), (7, None));
        let older = with(&store, async |link| {
            bring_up(link, &store.sql, schema).await
        });
        assert_eq!(older.unwrap_err().kind(), StoreErrorKind::Newer);
    }

    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn a_step_that_fails_leaves_the_tables_as_they_were() {
        let schema = "t_failed_step";
        let store = opened(schema);
        let again = "CREATE TABLE {t}extra (again {integer})";
        let torn = [MIGRATIONS, &[NEXT, again]].concat();
        let raised = with(&store, async |link| {
            bring_up_to(link, &store.sql, schema, &torn).await
        });
        assert!(raised.is_err());
        let found = with(&store, async |link| version(link, &store.sql).await);
        assert_eq!(found.unwrap(), MIGRATIONS.len() as i64);
        let extra = with(&store, async |link| {
            link.run("SELECT a FROM t_failed_step.extra").await
        });
        assert_eq!(extra.unwrap_err().kind(), StoreErrorKind::Corrupt);
    }

    /// Tables of the first version with a ticket in them: its stage is found again.
    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn a_ticket_of_the_first_version_keeps_its_stage() {
        let schema = "t_first_version";
        let store = opened(schema);
        let found = with(&store, async |link| {
            link.run(&format!("DROP SCHEMA {schema} CASCADE")).await?;
            bring_up_to(link, &store.sql, schema, &MIGRATIONS[..1]).await?;
            let id = "'00000000-0000-0000-0000-000000000001'";
            link.run(&format!(
                "SET search_path = {schema}; INSERT INTO streams (tenant, kind, id, version, schema) VALUES ({id}, 1, {id}, 0, 1); \
                 INSERT INTO tickets (tenant, number, id, is_open, stage, priority, requester) \
                 VALUES ({id}, 1, {id}, 1, 'pending', 'normal', {id}); RESET search_path"
            ))
            .await?;
            bring_up(link, &store.sql, schema).await?;
            let text = &format!(
                "SELECT s.stage, t.stage FROM {schema}.streams s JOIN {schema}.tickets t ON s.id = t.id"
            );
            let params = Vec::new();
            let row = link.ask(&Query { text, params }).await?.remove(0);
            Ok((get::<String>(&row, 0)?, get::<String>(&row, 1)?))
        });
        assert_eq!(found.unwrap(), ("pending".to_owned(), "open".to_owned()));
    }
}
