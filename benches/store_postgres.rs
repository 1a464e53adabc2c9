//! What the PostgreSQL store costs beside its bare driver, which does the least possible work in the same run on the same server.
//!
//! `.ci/postgres cargo bench --bench store_postgres --features postgres`; `-- --million` makes the due scans among 1,000,000
//! tickets, and `-- --only commands` (`appends`, `loads`, `due`) runs one part. The bare driver is the blocking `postgres` crate with prepared statements; all that a
//! transaction writes is one statement, which is a transaction by itself: one trip. What it is given and what it writes for a whole
//! command stands in `common/bare.rs`. It reads the ticket's events before it writes; the store decides on what it wrote last, while
//! nobody else writes.

mod common;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use common::bare::*;
use common::{COMMANDS, fill};
use helpdesk::store::{PostgresStore, stored};
use helpdesk::ticket::Version;
use helpdesk::{Desk, Rulebook};
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

fn main() {
    let Ok(server) = std::env::var("HELPDESK_POSTGRES") else {
        println!("no server: run it through .ci/postgres, or set HELPDESK_POSTGRES");
        return;
    };
    let wanted = std::env::args().skip_while(|arg| arg != "--only").nth(1);
    let wants = |part: &str| wanted.as_deref().is_none_or(|wanted| wanted == part);
    println!("postgresql, durable; medians of {PAIRS} rounds, each beside the bare driver\n");
    if wants("appends") {
        appending(&server);
    }
    if wants("loads") {
        loading(&server);
    }
    if wants("commands") {
        commanding(&server);
    }
    if wants("due") {
        let million = std::env::args().any(|arg| arg == "--million");
        scanning(&server, if million { 1_000_000 } else { 100_000 });
    }
}

fn appending(server: &str) {
    for (streams, batch) in [(200, 1), (200, 16), (10, 1_000)] {
        let (store, mut bare) = (opened(server), Bare::connect(server));
        let texts = event_texts(batch);
        append_all(&store, &appends(0..1, batch)); // it prepares
        bare.appends(0..1, &texts);
        let of = |round: usize| 1 + round * streams..1 + (round + 1) * streams;
        beside(
            &format!("append, {batch} in a transaction, an event"),
            streams * batch,
            |round| bare.appends(of(round), &texts),
            |round| append_all(&store, &appends(of(round), batch)),
        );
    }
}

fn commanding(server: &str) {
    let tickets = 50;
    let commands = written(tickets);
    let ours = |_| {
        let desk = Desk::new(opened(server), Rulebook::starter());
        fill(&desk, 2); // it prepares
        timed(|| _ = fill(&desk, tickets))
    };
    beside(
        "command: load, decide, commit",
        tickets * COMMANDS,
        |_| Bare::connect(server).commands(&commands),
        ours,
    );
    let args = ["postgres", server, &tickets.to_string()];
    beside_peer("beside postgres-es", tickets, &args, 1.5, ours);
}

/// Beside one query each, and beside one query for as many streams as a load has.
fn loading(server: &str) {
    let streams = 1_000;
    let (store, mut bare) = (opened(server), Bare::connect(server));
    append_all(&store, &appends(0..streams, 16));
    bare.appends(0..streams, &event_texts(16));
    // As after the server's own upkeep.
    for table in ["bench.events", "bare.events"] {
        let upkeep = format!("VACUUM ANALYZE {table}");
        bare.client.batch_execute(&upkeep).unwrap();
    }

    let decode = |version, text: &str| {
        black_box(
            stored::read_event::<helpdesk::ticket::Event>(Version(version), 1, text).unwrap(),
        );
    };
    let keep = |_, text: &str| _ = black_box(text.to_owned());
    for (at_once, of_bare) in [(1, 1), (100, 1), (100, 100)] {
        for decodes in [false, true] {
            let (also, asks) = (
                if decodes { " and decoding" } else { "" },
                if of_bare == 1 {
                    "one query each"
                } else {
                    "one query"
                },
            );
            let all = 0..streams;
            beside(
                &format!("load {at_once} at once, beside {asks}{also}"),
                streams * 16,
                |_| match decodes {
                    true => bare.loads(all.clone(), of_bare, decode),
                    false => bare.loads(all.clone(), of_bare, keep),
                },
                |_| loads(&store, all.clone(), at_once),
            );
        }
    }
    beside(
        "ours, 100 at once, beside one each",
        streams * 16,
        |_| loads(&store, 0..streams, 1),
        |_| loads(&store, 0..streams, 100),
    );
}

fn scanning(server: &str, tickets: usize) {
    println!("\ndue scans among {tickets} open tickets");
    let (store, mut bare) = (opened(server), Bare::connect(server));
    fill_due(&store, tickets);
    let wakes: Vec<i64> = (0..tickets).map(wakes_at).collect();
    let ids: Vec<Uuid> = (0..tickets).map(|n| stream(n).id).collect();
    for (ids, wakes) in ids.chunks(10_000).zip(wakes.chunks(10_000)) {
        let add = "INSERT INTO bare.tickets (tenant, kind, id, version, wake_at) SELECT $3, 1, i, 0, w FROM unnest($1::uuid[], $2::bigint[]) AS a (i, w)";
        bare.run(add, &[&ids, &wakes, &NOBODY]);
    }
    bare.client.batch_execute("ANALYZE").unwrap();
    for (what, seconds, found) in scans() {
        let now = wakes_at(0) + (seconds - 60) * 1_000_000;
        beside(
            what,
            100,
            |_| bare.scan(now, found, 100),
            |_| scan(&store, seconds, found, 100),
        );
    }
}

fn opened(server: &str) -> PostgresStore {
    let mut client = Client::connect(server, NoTls).unwrap();
    let drop = "SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench CASCADE";
    client.batch_execute(drop).unwrap();
    PostgresStore::options()
        .schema("bench")
        .connect(server)
        .unwrap()
}

/// The least that keeps what a desk needs.
struct Bare {
    client: Client,
    known: HashMap<&'static str, Statement>,
}

const NOBODY: Uuid = Uuid::nil();

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Bare {
    fn connect(server: &str) -> Bare {
        let mut client = Client::connect(server, NoTls).unwrap();
        let set_up = "SET client_min_messages = warning; DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare; \
            CREATE TABLE bare.events (tenant uuid NOT NULL, kind bigint NOT NULL, id uuid NOT NULL, version bigint NOT NULL, \
            schema bigint NOT NULL, body text NOT NULL, PRIMARY KEY (tenant, kind, id, version)); \
            CREATE TABLE bare.tickets (tenant uuid NOT NULL, kind bigint NOT NULL, id uuid NOT NULL, version bigint NOT NULL, \
            wake_at bigint NOT NULL, number bigint, is_open boolean, stage text, listing text, facts text, \
            PRIMARY KEY (tenant, kind, id)); CREATE INDEX due ON bare.tickets (wake_at, tenant, kind, id); \
            CREATE INDEX numbered ON bare.tickets (number) WHERE number IS NOT NULL; \
            CREATE TABLE bare.texts (id uuid NOT NULL PRIMARY KEY, about uuid, body text NOT NULL); \
            CREATE INDEX texts_about ON bare.texts (about) WHERE about IS NOT NULL; \
            CREATE TABLE bare.keys (key uuid NOT NULL PRIMARY KEY, owner uuid NOT NULL); \
            CREATE TABLE bare.numbers (one bigint PRIMARY KEY, last bigint NOT NULL)";
        client.batch_execute(set_up).unwrap();
        let known = HashMap::new();
        Bare { client, known }
    }

    fn statement(&mut self, text: &'static str) -> Statement {
        let client = &mut self.client;
        let prepare = || client.prepare(text).unwrap();
        self.known.entry(text).or_insert_with(prepare).clone()
    }

    fn run(&mut self, text: &'static str, params: Params<'_>) -> u64 {
        let statement = self.statement(text);
        self.client.execute(&statement, params).unwrap()
    }

    fn rows(&mut self, text: &'static str, params: Params<'_>) -> Vec<Row> {
        let statement = self.statement(text);
        self.client.query(&statement, params).unwrap()
    }

    fn appends(&mut self, streams: std::ops::Range<usize>, texts: &[String]) -> Duration {
        let versions: Vec<i64> = (1..=texts.len() as i64).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        timed(|| {
            for n in streams {
                let add = "WITH events AS (INSERT INTO bare.events (tenant, kind, id, version, schema, body) \
                    SELECT $4, 1, $1, v, 1, b FROM unnest($2::bigint[], $3::text[]) AS e (v, b)) \
                    INSERT INTO bare.tickets (tenant, kind, id, version, wake_at) VALUES ($4, 1, $1, $5, $6)";
                let (id, version) = (stream(n).id, texts.len() as i64);
                self.run(
                    add,
                    &[&id, &versions, &texts, &NOBODY, &version, &wakes_at(n)],
                );
            }
        })
    }

    fn loads(
        &mut self,
        streams: std::ops::Range<usize>,
        at_once: usize,
        mut visit: impl FnMut(u64, &str),
    ) -> Duration {
        let all: Vec<Uuid> = streams.map(|n| stream(n).id).collect();
        timed(|| {
            for some in all.chunks(at_once) {
                let rows = match some {
                    [one] => self.rows(
                        "SELECT body FROM bare.events WHERE tenant = $2 AND kind = 1 AND id = $1 ORDER BY version",
                        &[one, &NOBODY],
                    ),
                    _ => self.rows(
                        "SELECT body FROM bare.events WHERE tenant = $2 AND kind = 1 AND id = ANY($1) ORDER BY id, version",
                        &[&some, &NOBODY],
                    ),
                };
                assert_eq!(rows.len(), some.len() * 16);
                for (n, row) in rows.iter().enumerate() {
                    visit(n as u64 % 16 + 1, row.get(0));
                }
            }
        })
    }

    fn commands(mut self, commands: &[Written]) -> Duration {
        let (warm, rest) = commands.split_at(COMMANDS);
        warm.iter().for_each(|command| self.command(command)); // it prepares
        let rest = timed(|| rest.iter().for_each(|command| self.command(command)));
        rest * commands.len() as u32 / (commands.len() - COMMANDS) as u32
    }

    fn command(&mut self, command: &Written) {
        let id = command.ticket;
        let first = command.events[0].0;
        if first > 1 {
            let text = "SELECT body FROM bare.events WHERE tenant = $2 AND kind = 1 AND id = $1 ORDER BY version";
            let rows = self.rows(text, &[&id, &NOBODY]);
            assert_eq!(rows.len() as i64, first - 1);
            rows.iter()
                .for_each(|row| _ = black_box(row.get::<_, &str>(0).to_owned()));
        }
        let versions: Vec<i64> = command.events.iter().map(|(version, _)| *version).collect();
        let events: Vec<&str> = command.events.iter().map(|(_, text)| &**text).collect();
        let ids: Vec<Uuid> = command.texts.iter().map(|(id, ..)| *id).collect();
        let persons: Vec<Option<Uuid>> = command.texts.iter().map(|(_, about, _)| *about).collect();
        let texts: Vec<&str> = command.texts.iter().map(|(.., text)| &**text).collect();
        let (keys, owners): (Vec<Uuid>, Vec<Uuid>) = command.keys.iter().copied().unzip();
        // All that stands beside the ticket's row, given from the tenth parameter on.
        macro_rules! with_the_rest {
            ($row:literal) => {
                concat!(
                    "WITH events AS (INSERT INTO bare.events (tenant, kind, id, version, schema, body) \
                     SELECT $9, 1, $1, v, 1, b FROM unnest($10::bigint[], $11::text[]) AS e (v, b)), \
                     texts AS (INSERT INTO bare.texts (id, about, body) \
                     SELECT * FROM unnest($12::uuid[], $13::uuid[], $14::text[])), \
                     keys AS (INSERT INTO bare.keys (key, owner) SELECT * FROM unnest($15::uuid[], $16::uuid[])) ",
                    $row
                )
            };
        }
        let add = with_the_rest!(
            ", numbers AS (INSERT INTO bare.numbers VALUES (1, $2) ON CONFLICT (one) DO UPDATE SET last = excluded.last) \
             INSERT INTO bare.tickets (tenant, kind, id, number, version, wake_at, is_open, stage, listing, facts) \
             VALUES ($9, 1, $1, $2, $3, $4, $5, $6, $7, $8)"
        );
        let set = with_the_rest!(
            "UPDATE bare.tickets SET version = $3, wake_at = $4, is_open = $5, stage = $6, listing = $7, facts = $8 \
             WHERE tenant = $9 AND kind = 1 AND id = $1 AND version = $2"
        );
        // The number of a ticket that begins, else the version that it stands at.
        let (text, second) = match first {
            1 => (add, command.number),
            _ => (set, Some(first - 1)),
        };
        let done = self.run(
            text,
            &[
                &id,
                &second,
                &command.version,
                &command.wake_at,
                &command.is_open,
                &command.stage,
                &command.listing,
                &command.facts,
                &NOBODY,
                &versions,
                &events,
                &ids,
                &persons,
                &texts,
                &keys,
                &owners,
            ],
        );
        assert_eq!(done, 1);
    }

    fn scan(&mut self, now: i64, found: usize, times: usize) -> Duration {
        let due = "SELECT tenant, kind, id, wake_at FROM bare.tickets WHERE wake_at <= $1 ORDER BY wake_at, tenant, kind, id LIMIT 500";
        timed(|| {
            for _ in 0..times {
                let rows = self.rows(due, &[&now]);
                let of = |row: &Row| (row.get(0), row.get(1), row.get(2), row.get(3));
                let due: Vec<(Uuid, i64, Uuid, i64)> = rows.iter().map(of).collect();
                assert_eq!(black_box(due).len(), found);
            }
        })
    }
}
