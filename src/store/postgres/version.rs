//! The version of the tables, and the way forward from every earlier one.

use crate::store::sql::{
    MIGRATIONS, SWEEPS, Sql, VERSION, known, missing_steps, note, told_version,
};

use super::link::{Link, Query};
use super::load::get;
use super::texts::Own;
use super::{StoreError, StoreErrorKind};

/// The first version of the server that all statements are for.
const OLDEST: i32 = 150_000;

/// Refuses a server that is older than what the statements are for.
pub(super) async fn check_server(link: &mut Link) -> Result<(), StoreError> {
    is_new_enough(link, OLDEST).await
}

async fn is_new_enough(link: &mut Link, oldest: i32) -> Result<(), StoreError> {
    let ask = Query {
        text: "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
        params: Vec::new(),
    };
    let found = link.ask(&ask).await?;
    let Some(row) = found.first() else {
        return Ok(());
    };
    let (number, name): (i32, String) = (get(row, 0)?, get(row, 1)?);
    if number >= oldest {
        return Ok(());
    }
    let what = format!(
        "the server is postgresql {name}; version {} and later are allowed",
        oldest / 10_000
    );
    Err(StoreError::new(StoreErrorKind::Other, what))
}

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
    link.run(&sql.migration(&note(known(migrations)))).await
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
    use super::super::PostgresStore;
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
    fn postgres_that_is_too_old_is_refused() {
        let store = opened("t_too_old");
        with(&store, check_server).unwrap();
        let refused = with(&store, async |link| is_new_enough(link, 990_000).await);
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other);
        let told = error.to_string();
        assert!(
            told.starts_with("the server is postgresql ") && told.contains("version 99 and later"),
            "{told}"
        );
    }

    /// Tables that a host made with the published texts are those that the adapter makes, and nothing is left to do.
    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_a_host_can_make_the_tables() {
        let store = opened("t_made_by_us");
        let sql = Sql::postgres("t_made_by_host").unwrap();
        let told = with(&store, async |link| {
            link.run("DROP SCHEMA IF EXISTS t_made_by_host CASCADE")
                .await?;
            for text in sql.migrations() {
                link.run(&format!("BEGIN; {text} COMMIT")).await?;
            }
            assert_eq!(version(link, &sql).await?, known(MIGRATIONS));
            check_tables(link, &sql, &Own::render(&sql)).await?;
            let mut told = Vec::new();
            for schema in ["t_made_by_us", "t_made_by_host"] {
                let ask = Query {
                    text: "SELECT string_agg(c.table_name || c.column_name || c.data_type || c.is_nullable, ' ' \
                           ORDER BY c.table_name, c.column_name) || (SELECT string_agg(replace(indexdef, $1, ''), ' ' ORDER BY indexname) \
                           FROM pg_indexes WHERE schemaname = $1) FROM information_schema.columns c WHERE c.table_schema = $1",
                    params: vec![&schema],
                };
                told.push(get::<String>(&link.ask(&ask).await?.remove(0), 0)?);
            }
            Ok(told)
        });
        let told = told.unwrap();
        assert!(told[0].contains("sweeps") && told[0].contains("streams_due"));
        assert_eq!(told[0], told[1]);
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
