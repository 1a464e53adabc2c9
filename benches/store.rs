//! What a store costs beside its bare driver, which does the least possible work in the same run.
//!
//! `cargo bench --bench store --features sqlite`; `-- --million` makes the due scans among 1,000,000 tickets,
//! `-- --group` runs the group commits alone. The bare driver
//! inserts the same JSON texts under a key of stream and version with a prepared statement, in transactions of the same size and
//! at the same settings; it checks nothing else, keeps no wake-up and decodes nothing.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::desk::{Need, Operation, Request};
use helpdesk::id::{AgentId, CustomerId, Name, RulebookId};
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::sqlite::{Durability, rusqlite};
use helpdesk::store::{
    Commit, GroupCommit, Load, MemoryStore, Part, SqliteStore, Stamp, Store, StreamId, Wake, stored,
};
use helpdesk::ticket::{Event, FieldValue, Pending, Recorded, Version};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use rusqlite::Connection;

const ROUNDS: usize = 5;

fn main() {
    let million = std::env::args().any(|arg| arg == "--million");
    if std::env::args().any(|arg| arg == "--group") {
        return group_commit();
    }
    for durability in [Durability::Full, Durability::FasterNotDurable] {
        println!(
            "\nsqlite, {durability:?}; medians of {ROUNDS} rounds, each beside the bare driver"
        );
        for (streams, batch) in sizes(durability) {
            let what = format!("append, {batch} in a transaction");
            let events = streams * batch;
            let (bare, ours) = pair(
                || bare_appends(durability, streams, batch),
                || store_appends(durability, streams, batch),
            );
            row(&what, per(ours, events), per(bare, events));
        }
        let commands = if durability == Durability::Full {
            100
        } else {
            1_000
        };
        let took = median((0..ROUNDS).map(|_| {
            let desk = Desk::new(opened(durability), Rulebook::starter());
            whole_commands(&desk, commands)
        }));
        alone("command: load, decide, commit", per(took, commands * 4));
    }

    group_commit();

    println!("\nloads of streams of 16 events");
    let store = opened(Durability::FasterNotDurable);
    append_all(&store, 2_000, 16);
    let bare = bare(Durability::FasterNotDurable);
    bare_append_all(&bare, 2_000, 16);
    let (raw, ours) = pair(|| bare_loads(&bare, 2_000), || loads(&store, 2_000));
    row(
        "load, one by one, an event",
        per(ours, 32_000),
        per(raw, 32_000),
    );
    let decoded = median((0..ROUNDS).map(|_| bare_decoded(&bare, 2_000)));
    row(
        "the same, beside the driver and decoding",
        per(ours, 32_000),
        per(decoded, 32_000),
    );

    println!("\nmemory");
    let commands = 20_000;
    let took = median((0..ROUNDS).map(|_| {
        let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
        whole_commands(&desk, commands)
    }));
    alone("command: load, decide, commit", per(took, commands * 4));

    let tickets = if million { 1_000_000 } else { 100_000 };
    println!("\ndue scans among {tickets} open tickets");
    let memory = MemoryStore::new();
    fill_due(&memory, tickets);
    alone("memory: nothing due", idle(&memory));
    alone("memory: a due stream, 500 at a time", due(&memory));
    drop(memory);
    let sqlite = opened(Durability::FasterNotDurable);
    fill_due(&sqlite, tickets);
    alone("sqlite: nothing due", idle(&sqlite));
    alone("sqlite: a due stream, 500 at a time", due(&sqlite));
}

/// What writers gain that share a flush.
fn group_commit() {
    println!(
        "\ngroup commit at sqlite FULL: commands that open a ticket; load, decide and commit included"
    );
    let flushes = 12;
    let (together, one_by_one) = pair(
        || in_one_flush(&opened(Durability::Full), flushes),
        || one_at_a_time(opened(Durability::Full), flushes),
    );
    let commands = flushes * WRITERS;
    alone("a command, one at a time", per(one_by_one, commands));
    times("a command, 16 in one flush", together, one_by_one, commands);
    let (threads, one_by_one) = pair(
        || on_threads(GroupCommit::new(opened(Durability::Full)), flushes),
        || one_at_a_time(opened(Durability::Full), flushes),
    );
    times(
        "a command, 16 threads over GroupCommit",
        threads,
        one_by_one,
        commands,
    );
}

/// How many streams of how many events: enough for a stable figure, few enough for a minute.
fn sizes(durability: Durability) -> [(usize, usize); 3] {
    match durability {
        Durability::Full => [(300, 1), (200, 16), (10, 1_000)],
        _ => [(4_000, 1), (2_000, 16), (30, 1_000)],
    }
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap_or_default()
}

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

/// The least that keeps events: one table, one key.
fn bare(durability: Durability) -> Connection {
    let connection = Connection::open(file("bare")).unwrap();
    let synchronous = if durability == Durability::Full { 2 } else { 1 };
    let set_up = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -16384; \
         CREATE TABLE events (stream BLOB NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, \
         PRIMARY KEY (stream, version)) STRICT, WITHOUT ROWID;"
    );
    connection.execute_batch(&set_up).unwrap();
    connection
}

fn stream(n: usize) -> StreamId {
    StreamId::ticket(TenantId::SINGLE, TicketId::from_uuid(uuid(n)))
}

/// Spread, as the ids of tickets are.
fn uuid(n: usize) -> uuid::Uuid {
    let n = n as u128;
    uuid::Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// About 150 bytes of JSON.
fn event(version: usize) -> Recorded {
    Recorded {
        version: Version(version as u64),
        at: begin(),
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event: Event::FieldSet {
            name: Name::new("cost centre").unwrap(),
            value: Some(FieldValue::Text("4711-Rotterdam-harbour-east".to_owned())),
        },
    }
}

fn commits(streams: usize, batch: usize) -> Vec<Commit> {
    let events: Vec<_> = (1..=batch).map(event).collect();
    let part = |n| Part::append(stream(n), Version(0), events.clone());
    let commit = |n| Commit::new(TenantId::SINGLE, begin(), vec![part(n)]);
    (0..streams).map(commit).collect()
}

fn append_all(store: &SqliteStore, streams: usize, batch: usize) -> Duration {
    let commits = commits(streams, batch);
    timed(|| {
        commits
            .iter()
            .for_each(|commit| store.commit(commit).unwrap())
    })
}

fn store_appends(durability: Durability, streams: usize, batch: usize) -> Duration {
    append_all(&opened(durability), streams, batch)
}

fn bare_appends(durability: Durability, streams: usize, batch: usize) -> Duration {
    bare_append_all(&bare(durability), streams, batch)
}

fn bare_append_all(connection: &Connection, streams: usize, batch: usize) -> Duration {
    let text = |version| stored::write("an event", &event(version)).unwrap();
    let texts: Vec<String> = (1..=batch).map(text).collect();
    let run = |text: &str| {
        connection
            .prepare_cached(text)
            .unwrap()
            .execute([])
            .unwrap()
    };
    timed(|| {
        for n in 0..streams {
            run("BEGIN IMMEDIATE");
            let insert = "INSERT INTO events (stream, version, body) VALUES (?1, ?2, ?3)";
            let mut insert = connection.prepare_cached(insert).unwrap();
            for (version, text) in texts.iter().enumerate() {
                let row = rusqlite::params![uuid(n).into_bytes(), version as i64, text];
                insert.execute(row).unwrap();
            }
            run("COMMIT");
        }
    })
}

fn loads(store: &SqliteStore, streams: usize) -> Duration {
    timed(|| {
        for n in 0..streams {
            let load = Load::streams(TenantId::SINGLE, [stream(n)]);
            let loaded = store.load(&load).unwrap();
            assert_eq!(loaded.streams[0].events.len(), 16);
        }
    })
}

fn each_text(connection: &Connection, streams: usize, mut visit: impl FnMut(usize, &str)) {
    let select = "SELECT body FROM events WHERE stream = ?1 ORDER BY version";
    let mut select = connection.prepare_cached(select).unwrap();
    for n in 0..streams {
        let mut rows = select.query([uuid(n).as_bytes()]).unwrap();
        let mut version = 0;
        while let Some(row) = rows.next().unwrap() {
            version += 1;
            visit(version, row.get_ref(0).unwrap().as_str().unwrap());
        }
    }
}

fn bare_loads(connection: &Connection, streams: usize) -> Duration {
    timed(|| {
        each_text(connection, streams, |_, text| {
            _ = black_box(text.to_owned())
        })
    })
}

fn bare_decoded(connection: &Connection, streams: usize) -> Duration {
    let decode = |version: usize, text: &str| {
        black_box(stored::read_event(Version(version as u64), 1, text).unwrap());
    };
    timed(|| each_text(connection, streams, decode))
}

/// Four commands a ticket: open, ask and wait, answer of the customer, resolve.
fn whole_commands<S: Store>(desk: &Desk<S>, tickets: usize) -> Duration {
    let kim = Actor::Agent(AgentId::named("kim"));
    let ann = CustomerId::named("ann");
    timed(|| {
        for i in 0..tickets {
            let at = |minutes| begin() + TimeDelta::minutes(minutes) + TimeDelta::seconds(i as i64);
            let call = |actor, minutes| Call::with_id(uuid(i + 1), actor, at(minutes));
            let customer = Actor::Customer(ann);
            let open = Open::new("Printer on fire")
                .from_customer(ann)
                .body("Please hurry");
            let id = desk.open(&call(customer, 0), open).unwrap().id();
            let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
            desk.submit(id, &call(kim, 10), ask).unwrap();
            desk.submit(id, &call(customer, 20), Command::reply("The third"))
                .unwrap();
            desk.submit(
                id,
                &call(kim, 30),
                Command::reply("Put out.").then_resolve(),
            )
            .unwrap();
        }
    })
}

/// How many writers wait at a time.
const WRITERS: usize = 16;

fn opening(n: usize) -> (Call, Open) {
    let call = Call::with_id(
        uuid(n + 1),
        Actor::Customer(CustomerId::named("ann")),
        begin(),
    );
    (call, Open::new("Printer on fire").body("Please hurry"))
}

/// One writer after the other, each waiting for the disk.
fn one_at_a_time(store: SqliteStore, flushes: usize) -> Duration {
    let desk = Desk::new(store, Rulebook::starter());
    timed(|| {
        for n in 0..flushes * WRITERS {
            let (call, open) = opening(n);
            desk.open(&call, open).unwrap();
        }
    })
}

/// Writers that come while a flush is under way, as [`GroupCommit`] finds them: each has loaded and decided, and all are written in
/// the next flush.
fn in_one_flush(store: &SqliteStore, flushes: usize) -> Duration {
    let rulebooks = Arc::new(Rulebooks::new(Rulebook::starter()));
    let decided = |n| {
        let (call, open) = opening(n);
        let mut operation = Operation::new(rulebooks.clone(), call, Request::Open(open));
        loop {
            match operation.need() {
                Need::Load(load) => {
                    let loaded = store.load(load).unwrap();
                    operation.loaded(loaded).unwrap();
                }
                _ => return operation,
            }
        }
    };
    timed(|| {
        for flush in 0..flushes {
            let mut waiting: Vec<_> = (0..WRITERS)
                .map(|writer| decided(flush * WRITERS + writer))
                .collect();
            let commit = |operation: &Operation| match operation.need() {
                Need::Commit(commit) => commit.clone(),
                _ => unreachable!("it was decided"),
            };
            let commits: Vec<Commit> = waiting.iter().map(commit).collect();
            let results = store.commit_all(&commits.iter().collect::<Vec<_>>());
            for (mut operation, result) in waiting.drain(..).zip(results) {
                operation.committed(result).unwrap();
                black_box(operation.finish().unwrap());
            }
        }
    })
}

fn on_threads<S: Store>(store: S, flushes: usize) -> Duration {
    let desk = Desk::new(store, Rulebook::starter());
    timed(|| {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let desk = &desk;
                scope.spawn(move || {
                    for flush in 0..flushes {
                        let (call, open) = opening(flush * WRITERS + writer);
                        desk.open(&call, open).unwrap();
                    }
                });
            }
        });
    })
}

fn times(what: &str, ours: Duration, other: Duration, count: usize) {
    let ratio = other.as_secs_f64() / ours.as_secs_f64();
    println!(
        "{what:<42} {:>10}  {ratio:.1} times as fast as one at a time",
        shown(per(ours, count))
    );
}

/// Tickets that wake one per second, from a minute after the beginning.
fn fill_due(store: &dyn Store, tickets: usize) {
    let stamp = Stamp {
        rulebook: RulebookId::named("r"),
        zone_data: "2026e".into(),
    };
    let part = |n: usize| {
        let wake = Wake {
            at: Some(begin() + TimeDelta::seconds(60 + n as i64)),
            stamp: stamp.clone(),
        };
        Part::append(stream(n), Version(0), vec![event(1)]).wake(wake)
    };
    for first in (0..tickets).step_by(1_000) {
        let parts = (first..first + 1_000).map(part).collect();
        let commit = Commit::new(TenantId::SINGLE, begin(), parts);
        store.commit(&commit).unwrap();
    }
}

fn idle(store: &dyn Store) -> Duration {
    let scan = || {
        for _ in 0..1_000 {
            assert!(store.due(begin(), "2026e", 500).unwrap().is_empty());
        }
    };
    per(median((0..ROUNDS).map(|_| timed(scan))), 1_000)
}

fn due(store: &dyn Store) -> Duration {
    let now = begin() + TimeDelta::seconds(5_000);
    let scan = || {
        for _ in 0..20 {
            assert_eq!(store.due(now, "2026e", 500).unwrap().len(), 500);
        }
    };
    per(median((0..ROUNDS).map(|_| timed(scan))), 20 * 500)
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(rounds: impl Iterator<Item = Duration>) -> Duration {
    let mut rounds: Vec<_> = rounds.collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// Both in turns, so that both see the same machine.
fn pair(
    mut one: impl FnMut() -> Duration,
    mut other: impl FnMut() -> Duration,
) -> (Duration, Duration) {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (one(), other())).collect();
    let of = |which: fn(&(Duration, Duration)) -> Duration| median(rounds.iter().map(which));
    (of(|pair| pair.0), of(|pair| pair.1))
}

fn per(took: Duration, times: usize) -> Duration {
    took / u32::try_from(times.max(1)).unwrap_or(u32::MAX)
}

fn row(what: &str, ours: Duration, bare: Duration) {
    let share = bare.as_secs_f64() / ours.as_secs_f64() * 100.0;
    println!(
        "{what:<42} {:>10}  bare {:>10}  {share:>5.0} % of the bare speed",
        shown(ours),
        shown(bare)
    );
}

fn alone(what: &str, ours: Duration) {
    println!("{what:<42} {:>10}", shown(ours));
}

fn shown(took: Duration) -> String {
    format!("{:.2} us", took.as_secs_f64() * 1e6)
}
