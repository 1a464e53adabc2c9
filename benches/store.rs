//! What a store costs beside its bare driver, which does the least possible work in the same run.
//!
//! `cargo bench --bench store --features sqlite`; where `HELPDESK_PEERS` is the program of `benches/peers` (`cargo build
//! --release --manifest-path benches/peers/Cargo.toml`), commands are measured beside cqrs-es with its own store as well; `-- --million` makes the due scans among 1,000,000 tickets, and
//! `-- --only commands` (`appends`, `group`, `loads`, `due`) runs one part. The bare driver is rusqlite at the same settings, with
//! prepared statements and transactions of the same size. What it is given and what it writes for a whole command stands in
//! `common/bare.rs`. It reads the ticket's events before it writes; the store decides on what it wrote last, while nobody else writes. A load beside the driver alone gives typed events beside texts; beside the driver and decoding, both do.

mod common;
#[path = "common/group.rs"]
mod group;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use common::bare::*;
use common::{COMMANDS, fill};
use helpdesk::store::sqlite::{Durability, rusqlite};
use helpdesk::store::{MemoryStore, SqliteStore, stored};
use helpdesk::ticket::{Event, Version};
use helpdesk::{Desk, Rulebook};
use rusqlite::{Connection, params};
use uuid::Uuid;

fn main() {
    let wanted = std::env::args().skip_while(|arg| arg != "--only").nth(1);
    let wants = |part: &str| wanted.as_deref().is_none_or(|wanted| wanted == part);
    println!("medians of {PAIRS} rounds, each beside the bare driver");
    for durability in [Durability::Full, Durability::FasterNotDurable] {
        println!("\nsqlite, {durability:?}");
        if wants("appends") {
            appending(durability);
        }
        if wants("commands") {
            commanding(durability);
        }
    }
    if wants("group") {
        group::sharing(|| opened(Durability::Full));
    }
    if wants("loads") {
        loading();
    }
    if wants("due") {
        let million = std::env::args().any(|arg| arg == "--million");
        scanning(if million { 1_000_000 } else { 100_000 });
    }
}

fn appending(durability: Durability) {
    // Enough for a stable figure, few enough for a minute.
    let sizes = match durability {
        Durability::Full => [(300, 1), (200, 16), (10, 1_000)],
        _ => [(4_000, 1), (2_000, 16), (30, 1_000)],
    };
    for (streams, batch) in sizes {
        let (commits, texts) = (appends(0..streams, batch), event_texts(batch));
        beside(
            &format!("append, {batch} in a transaction, an event"),
            streams * batch,
            |_| bare_appends(&bare(durability), &texts, streams),
            |_| append_all(&opened(durability), &commits),
        );
    }
}

fn commanding(durability: Durability) {
    let tickets = match durability {
        Durability::Full => 100,
        _ => 1_500,
    };
    let commands = written(tickets);
    let ours = |_| {
        let desk = Desk::new(opened(durability), Rulebook::starter());
        timed(|| _ = fill(&desk, tickets))
    };
    beside(
        "command: load, decide, commit",
        tickets * COMMANDS,
        |_| bare_commands(&bare(durability), &commands),
        ours,
    );
    let (named, goal) = match durability {
        Durability::Full => ("full", 1.3),
        _ => ("normal", 4.0),
    };
    let args = [
        "sqlite",
        env!("CARGO_TARGET_TMPDIR"),
        named,
        &tickets.to_string(),
    ];
    beside_peer("beside sqlite-es", tickets, &args, goal, ours);
}

fn loading() {
    println!("\nsqlite, loads of streams of 16 events, an event");
    let (store, bare) = (
        opened(Durability::FasterNotDurable),
        bare(Durability::FasterNotDurable),
    );
    append_all(&store, &appends(0..2_000, 16));
    bare_appends(&bare, &event_texts(16), 2_000);
    for at_once in [1, 100] {
        beside(
            &format!("{at_once} in a load, beside the driver"),
            32_000,
            |_| bare_loads(&bare, at_once, |_, text| _ = black_box(text.to_owned())),
            |_| loads(&store, 0..2_000, at_once),
        );
        let decode = |version, text: &str| {
            black_box(stored::read_event::<Event>(Version(version), 1, text).unwrap());
        };
        beside(
            &format!("{at_once} in a load, beside driver and decoding"),
            32_000,
            |_| bare_loads(&bare, at_once, decode),
            |_| loads(&store, 0..2_000, at_once),
        );
    }
}

fn scanning(tickets: usize) {
    println!("\nmemory, {tickets} open tickets; the bare one is an ordered set behind a lock");
    let memory = MemoryStore::new();
    fill_due(&memory, tickets);
    let set: Mutex<BTreeSet<(i64, Uuid)>> =
        Mutex::new((0..tickets).map(|n| (wakes_at(n), stream(n).id)).collect());
    for (what, seconds, found) in scans() {
        let now = wakes_at(0) + (seconds - 60) * 1_000_000;
        let bare = |_| {
            timed(|| {
                for _ in 0..2_000 {
                    let set = set.lock().unwrap();
                    let due: Vec<_> = set.range(..(now + 1, Uuid::nil())).take(500).collect();
                    assert_eq!(black_box(due).len(), found);
                }
            })
        };
        beside(what, 2_000, bare, |_| scan(&memory, seconds, found, 2_000));
    }
    drop((memory, set));

    println!("\nsqlite, {tickets} open tickets");
    let store = opened(Durability::FasterNotDurable);
    fill_due(&store, tickets);
    let bare = bare(Durability::FasterNotDurable);
    bare.execute_batch("BEGIN").unwrap();
    for n in 0..tickets {
        let add = "INSERT INTO tickets (tenant, kind, id, version, wake_at) VALUES (zeroblob(16), 1, ?1, 0, ?2)";
        let row = params![stream(n).id.into_bytes(), wakes_at(n)];
        bare.prepare_cached(add).unwrap().execute(row).unwrap();
    }
    bare.execute_batch("COMMIT").unwrap();
    for (what, seconds, found) in scans() {
        let now = wakes_at(0) + (seconds - 60) * 1_000_000;
        beside(
            what,
            500,
            |_| bare_scan(&bare, now, found),
            |_| scan(&store, seconds, found, 500),
        );
    }
}

const ADD_EVENT: &str = "INSERT INTO events (tenant, kind, id, version, schema, body) VALUES (zeroblob(16), 1, ?1, ?2, 1, ?3)";

fn file(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("support.db")
}

fn opened(durability: Durability) -> SqliteStore {
    let options = SqliteStore::options().durability(durability);
    options.open(file("store")).unwrap()
}

/// The least that keeps what a desk needs, at the store's settings.
fn bare(durability: Durability) -> Connection {
    let connection = Connection::open(file("bare")).unwrap();
    let synchronous = if durability == Durability::Full { 2 } else { 1 };
    let set_up = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -16384; \
         PRAGMA secure_delete = on; PRAGMA wal_autocheckpoint = 4096; \
         CREATE TABLE events (tenant BLOB NOT NULL, kind INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, \
         schema INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, kind, id, version)) STRICT, WITHOUT ROWID; \
         CREATE TABLE tickets (tenant BLOB NOT NULL, kind INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, \
         wake_at INTEGER NOT NULL, number INTEGER, is_open INTEGER, stage TEXT, listing TEXT, facts TEXT, \
         PRIMARY KEY (tenant, kind, id)) STRICT; \
         CREATE INDEX due ON tickets (wake_at, tenant, kind, id); CREATE INDEX numbered ON tickets (number) WHERE number IS NOT NULL; \
         CREATE TABLE texts (id BLOB NOT NULL PRIMARY KEY, about BLOB, body TEXT NOT NULL) STRICT; \
         CREATE INDEX texts_about ON texts (about) WHERE about IS NOT NULL; \
         CREATE TABLE keys (key BLOB NOT NULL PRIMARY KEY, owner BLOB NOT NULL) STRICT, WITHOUT ROWID; \
         CREATE TABLE numbers (one INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
    );
    connection.execute_batch(&set_up).unwrap();
    connection.set_prepared_statement_cache_capacity(32);
    connection
}

fn run(connection: &Connection, text: &str, params: impl rusqlite::Params) -> usize {
    let mut prepared = connection.prepare_cached(text).unwrap();
    prepared.execute(params).unwrap()
}

fn bare_appends(connection: &Connection, texts: &[String], streams: usize) -> Duration {
    timed(|| {
        for n in 0..streams {
            run(connection, "BEGIN IMMEDIATE", []);
            let id = stream(n).id.into_bytes();
            let mut insert = connection.prepare_cached(ADD_EVENT).unwrap();
            for (version, text) in texts.iter().enumerate() {
                insert.execute(params![id, version as i64, text]).unwrap();
            }
            let add = "INSERT INTO tickets (tenant, kind, id, version, wake_at) VALUES (zeroblob(16), 1, ?1, ?2, ?3)";
            run(
                connection,
                add,
                params![id, texts.len() as i64, wakes_at(n)],
            );
            run(connection, "COMMIT", []);
        }
    })
}

fn bare_commands(connection: &Connection, commands: &[Written]) -> Duration {
    timed(|| {
        for command in commands {
            let id = command.ticket.into_bytes();
            let first = command.events[0].0;
            if first > 1 {
                let mut read = 0;
                each_text(connection, command.ticket, |_, text| {
                    read += usize::from(!black_box(text.to_owned()).is_empty());
                });
                assert_eq!(read as i64, first - 1);
            }
            run(connection, "BEGIN IMMEDIATE", []);
            for (version, body) in &command.events {
                run(connection, ADD_EVENT, params![id, version, body]);
            }
            let rest = (
                command.version,
                command.wake_at,
                command.is_open,
                &command.stage,
            );
            if first == 1 {
                let add = "INSERT INTO tickets (tenant, kind, id, number, version, wake_at, is_open, stage, listing, facts) \
                    VALUES (zeroblob(16), 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
                let row = params![
                    id,
                    command.number,
                    rest.0,
                    rest.1,
                    rest.2,
                    rest.3,
                    command.listing,
                    command.facts
                ];
                run(connection, add, row);
                let next = "INSERT INTO numbers VALUES (1, ?1) ON CONFLICT DO UPDATE SET last = excluded.last";
                run(connection, next, [command.number]);
            } else {
                let set = "UPDATE tickets SET version = ?3, wake_at = ?4, is_open = ?5, stage = ?6, listing = ?7, facts = ?8 \
                    WHERE tenant = zeroblob(16) AND kind = 1 AND id = ?1 AND version = ?2";
                let row = params![
                    id,
                    first - 1,
                    rest.0,
                    rest.1,
                    rest.2,
                    rest.3,
                    command.listing,
                    command.facts
                ];
                assert_eq!(run(connection, set, row), 1);
            }
            for (id, about, body) in &command.texts {
                let add = "INSERT INTO texts (id, about, body) VALUES (?1, ?2, ?3)";
                let about = about.map(Uuid::into_bytes);
                run(connection, add, params![id.into_bytes(), about, body]);
            }
            for (key, owner) in &command.keys {
                let add = "INSERT INTO keys (key, owner) VALUES (?1, ?2)";
                run(connection, add, [key.into_bytes(), owner.into_bytes()]);
            }
            run(connection, "COMMIT", []);
        }
    })
}

fn each_text(connection: &Connection, stream: Uuid, mut visit: impl FnMut(u64, &str)) {
    let select = "SELECT body FROM events WHERE tenant = zeroblob(16) AND kind = 1 AND id = ?1 ORDER BY version";
    let mut select = connection.prepare_cached(select).unwrap();
    let mut rows = select.query([stream.as_bytes()]).unwrap();
    let mut version = 0;
    while let Some(row) = rows.next().unwrap() {
        version += 1;
        visit(version, row.get_ref(0).unwrap().as_str().unwrap());
    }
}

fn bare_loads(
    connection: &Connection,
    at_once: usize,
    mut visit: impl FnMut(u64, &str),
) -> Duration {
    let all: Vec<Uuid> = (0..2_000).map(|n| stream(n).id).collect();
    timed(|| {
        for some in all.chunks(at_once) {
            if at_once > 1 {
                run(connection, "BEGIN", []);
            }
            for id in some {
                each_text(connection, *id, &mut visit);
            }
            if at_once > 1 {
                run(connection, "COMMIT", []);
            }
        }
    })
}

fn bare_scan(connection: &Connection, now: i64, found: usize) -> Duration {
    let due = "SELECT tenant, kind, id, wake_at FROM tickets WHERE wake_at <= ?1 ORDER BY wake_at, tenant, kind, id LIMIT 500";
    timed(|| {
        for _ in 0..500 {
            let mut due = connection.prepare_cached(due).unwrap();
            let uuid = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<Uuid> {
                let id = row.get_ref(column)?;
                Ok(Uuid::from_slice(id.as_blob().unwrap()).unwrap())
            };
            let row = |row: &rusqlite::Row<'_>| {
                let (kind, wake_at) = (row.get::<_, i64>(1)?, row.get::<_, i64>(3)?);
                Ok((uuid(row, 0)?, kind, uuid(row, 2)?, wake_at))
            };
            let rows = due.query_map([now], row).unwrap();
            let rows: Vec<_> = rows.map(Result::unwrap).collect();
            assert_eq!(black_box(rows).len(), found);
        }
    })
}
