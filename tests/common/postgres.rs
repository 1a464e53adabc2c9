//! A PostgreSQL server for tests: where it is, and a schema of its own for each test.

#![allow(dead_code, missing_docs, unreachable_pub)] // each test file uses a part

use helpdesk::store::PostgresStore;
use helpdesk::store::postgres::Options;
use postgres::{Client, NoTls};

/// Where the server is. A test that was asked for and has none fails.
pub fn server() -> String {
    std::env::var("HELPDESK_POSTGRES")
        .expect("`HELPDESK_POSTGRES` must tell where a PostgreSQL server is; `.ci/postgres COMMAND` starts one")
}

/// A connection beside the store's.
pub fn client() -> Client {
    Client::connect(&server(), NoTls).unwrap()
}

/// An empty schema, named after the running test.
pub fn schema() -> String {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("none").replace("::", "_");
    let name = format!("t_{test}");
    let name = &name[name.len().saturating_sub(50)..];
    let name = name.trim_start_matches(|c: char| c == '_' || c.is_ascii_digit());
    let drop = format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE");
    client().batch_execute(&drop).unwrap();
    name.to_owned()
}

pub fn options() -> Options {
    PostgresStore::options().schema(schema())
}

/// An empty store in a schema of its own.
pub fn store() -> PostgresStore {
    options().connect(&server()).unwrap()
}

/// The same, whose every load reads what is in the tables: for tests that meddle with them.
pub fn forgetful() -> PostgresStore {
    options().recent_tickets(0).connect(&server()).unwrap()
}
