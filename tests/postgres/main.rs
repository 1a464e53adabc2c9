//! The PostgreSQL store beyond the contract: other processes, damage, lost connections, erasure, the host's own transaction.
#![cfg(feature = "postgres")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/postgres.rs"]
mod server;
#[path = "../common/sql.rs"]
mod sql;

mod connections;
mod damage;
mod erasure;
mod host;
mod recent;
mod sharing;
mod sweeping;
mod versions;

use std::time::Duration;

use chrono::TimeDelta;
use common::*;
use helpdesk::store::{PostgresStore, Stamp, StoreError, Wake};
use server::{client, server};
use uuid::Uuid;

/// Runs a text in the store's schema, which is `{s}` in it.
fn meddle(store: &PostgresStore, text: &str) {
    let text = text.replace("{s}", store.schema());
    client().batch_execute(&text).unwrap();
}

/// A second store value on the same tables, as another process has it.
fn again(store: &PostgresStore) -> Result<PostgresStore, StoreError> {
    let options = PostgresStore::options().schema(store.schema());
    options
        .lock_timeout(Duration::from_millis(200))
        .connect(&server())
}

/// Every row of every table, as text.
fn dump(store: &PostgresStore) -> Vec<Vec<String>> {
    let mut client = client();
    let mut rows_of = |table: &str| {
        let text = format!(
            "SELECT t::text FROM {}.{table} t ORDER BY 1",
            store.schema()
        );
        let rows = client.query(&text, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let tables = [
        "streams",
        "events",
        "tickets",
        "contents",
        "unique_keys",
        "idempotency",
        "outbox",
        "numbers",
    ];
    tables.map(&mut rows_of).into()
}

/// Cuts every connection to the store's schema, and waits until that is known.
fn cut(store: &PostgresStore) {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helpdesk' AND query LIKE $1";
    let like = format!("%{}%", store.schema());
    client().query(cut, &[&like]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
}

fn due_at(n: i64) -> Wake {
    Wake {
        at: Some(at(BEGIN) + TimeDelta::seconds(n)),
        stamp: Stamp {
            rulebook: helpdesk::id::RulebookId::from_uuid(Uuid::from_u128(7)),
            zone_data: "z".into(),
        },
    }
}
