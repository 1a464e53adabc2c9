//! Tells how many nanoseconds a command takes in cqrs-es with one of its stores: `peers sqlite DIRECTORY full|normal TICKETS alone`,
//! or `peers postgres "host=... user=... dbname=..." TICKETS alone`. The benches of the stores run it in turns with their own
//! commands. With `equal` in place of `alone` it also keeps what a desk keeps beside the events (`beside.rs`).
//!
//! These stores go through threads of sqlx, and are faster where the second core does not go to sleep in between: it is measured
//! with and without a thread that keeps it busy, and the better figure counts.

mod beside;
#[path = "../../common/story.rs"]
mod story;

use std::error::Error;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use beside::{Beside, TABLES};
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{CqrsFramework, Query};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use story::Story;

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut better = f64::INFINITY;
    for busy in [false, true] {
        let nanos = match args.as_slice() {
            [
                "sqlite",
                directory,
                durability,
                tickets,
                job @ ("alone" | "equal"),
            ] => {
                let job = Job::of(job, tickets.parse()?, busy);
                runtime.block_on(sqlite(directory, durability, job))?
            }
            ["postgres", server, tickets, job @ ("alone" | "equal")] => {
                let job = Job::of(job, tickets.parse()?, busy);
                runtime.block_on(postgres(server, job))?
            }
            _ => {
                return Err(
                    "sqlite DIRECTORY full|normal TICKETS alone|equal, or postgres SERVER TICKETS alone|equal"
                        .into(),
                );
            }
        };
        better = better.min(nanos);
    }
    println!("{better}");
    Ok(())
}

/// What is measured.
struct Job {
    tickets: usize,
    /// Whether the second core is kept from going to sleep.
    busy: bool,
    /// Whether more than the events is kept.
    equal: bool,
}

impl Job {
    fn of(job: &str, tickets: usize, busy: bool) -> Job {
        let equal = job == "equal";
        Job {
            tickets,
            busy,
            equal,
        }
    }

    fn queries<P>(&self, pool: &P) -> Vec<Box<dyn Query<Story>>>
    where
        P: Clone,
        Beside<P>: Query<Story> + 'static,
    {
        match self.equal {
            true => vec![Box::new(Beside::new(pool.clone()))],
            false => Vec::new(),
        }
    }
}

async fn sqlite(directory: &str, durability: &str, job: Job) -> Result<f64, Failed> {
    let path = format!("{directory}/peer-{durability}.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{path}{end}"));
    }
    let synchronous = match durability {
        "full" => SqliteSynchronous::Full,
        _ => SqliteSynchronous::Normal,
    };
    let options = SqliteConnectOptions::from_str(&path)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .connect_with(options)
        .await?;
    let table = "CREATE TABLE events (aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, sequence INTEGER NOT NULL, \
        event_type TEXT NOT NULL, event_version TEXT NOT NULL, payload TEXT NOT NULL, metadata TEXT NOT NULL, \
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT";
    sqlx::query(table).execute(&pool).await?;
    for text in TABLES {
        sqlx::query(&text.replace("{id}", "BLOB"))
            .execute(&pool)
            .await?;
    }
    let queries = job.queries(&pool);
    measured(sqlite_es::SqliteEventRepository::new(pool), queries, job).await
}

async fn postgres(server: &str, job: Job) -> Result<f64, Failed> {
    let mut options = sqlx::postgres::PgConnectOptions::new();
    for part in server.split_whitespace() {
        options = match part.split_once('=') {
            Some(("host", host)) => options.host(host),
            Some(("port", port)) => options.port(port.parse()?),
            Some(("user", user)) => options.username(user),
            Some(("dbname", name)) => options.database(name),
            _ => {
                return Err(
                    format!("`{part}` is not known; host, port, user and dbname are").into(),
                );
            }
        };
    }
    let options = options.options([("search_path", "peer")]);
    let pool = sqlx::postgres::PgPoolOptions::new()
        .connect_with(options)
        .await?;
    for text in [
        "DROP SCHEMA IF EXISTS peer CASCADE",
        "CREATE SCHEMA peer",
        "CREATE TABLE peer.events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL, \
            event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL, \
            PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    ] {
        sqlx::query(text).execute(&pool).await?;
    }
    for text in TABLES {
        sqlx::query(&text.replace("{id}", "uuid"))
            .execute(&pool)
            .await?;
    }
    let queries = job.queries(&pool);
    measured(
        postgres_es::PostgresEventRepository::new(pool),
        queries,
        job,
    )
    .await
}

/// Nanoseconds a command.
async fn measured<R: PersistedEventRepository>(
    repository: R,
    queries: Vec<Box<dyn Query<Story>>>,
    job: Job,
) -> Result<f64, Failed> {
    static OVER: AtomicBool = AtomicBool::new(false);
    OVER.store(!job.busy, Ordering::Relaxed);
    let spinner = std::thread::spawn(|| {
        while !OVER.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let store = PersistedEventStore::<R, Story>::new_event_store(repository);
    let cqrs = CqrsFramework::new(store, queries, ());
    let mut begun = Instant::now();
    let warm_up = 4; // commands
    let mut commands = 0;
    for (id, say) in story::told(job.tickets + 1) {
        cqrs.execute(&id, say)
            .await
            .map_err(|error| error.to_string())?;
        commands += 1;
        if commands == warm_up {
            begun = Instant::now();
        }
    }
    let nanos = begun.elapsed().as_nanos() as f64 / (commands - warm_up) as f64;
    OVER.store(true, Ordering::Relaxed);
    spinner
        .join()
        .map_err(|_| "the thread that spins panicked")?;
    Ok(nanos)
}
