//! What the PostgreSQL store costs beside its bare driver, which does the least possible work in the same run on the same server.
//!
//! `.ci/postgres cargo bench --bench store_postgres --features postgres`. The bare driver is the blocking `postgres` crate. It
//! inserts the same JSON texts under a key of stream and version with a prepared statement, all events of a transaction in one
//! statement, which is a transaction by itself; it checks nothing else, keeps no wake-up and decodes nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, CustomerId, Name, RulebookId};
use helpdesk::store::{Commit, Load, Part, PostgresStore, Stamp, Store, StreamId, Wake, stored};
use helpdesk::ticket::{Event, FieldValue, Pending, Recorded, Version};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use postgres::{Client, NoTls};
use uuid::Uuid;

const ROUNDS: usize = 5;

fn main() {
    let Ok(server) = std::env::var("HELPDESK_POSTGRES") else {
        println!("no server: run it through .ci/postgres, or set HELPDESK_POSTGRES");
        return;
    };
    println!("postgresql, durable; medians of {ROUNDS} rounds, each beside the bare driver");
    for (streams, batch) in [(200, 1), (200, 16), (10, 1_000)] {
        let (store, mut bare) = (opened(&server), bare(&server));
        let mut first = 0;
        let rounds: Vec<_> = (0..ROUNDS + 1)
            .map(|_| {
                first += streams;
                let plain = bare_appends(&mut bare, first, streams, batch);
                (plain, appends(&store, first, streams, batch))
            })
            .skip(1) // the first one prepares
            .collect();
        row(
            &format!("append, {batch} in a transaction"),
            &rounds,
            streams * batch,
        );
        if batch == 16 {
            let rounds: Vec<_> = (0..ROUNDS)
                .map(|_| (bare_loads(&mut bare, streams), loads(&store, streams)))
                .collect();
            row("load of 16 events, an event", &rounds, streams * 16);
        }
    }
    let desk = Desk::new(opened(&server), Rulebook::starter());
    whole_commands(&desk, 0, 20);
    let took = median((1..=ROUNDS).map(|n| whole_commands(&desk, n * 100, 50)));
    println!(
        "{:<42} {}",
        "command: load, decide, commit",
        shown(took / 200)
    );

    let store = opened(&server);
    fill_due(&store, 100_000);
    println!("due scans among 100000 open tickets");
    let idle = || {
        timed(|| {
            (0..200).for_each(|_| assert!(store.due(begin(), "2026e", 500).unwrap().is_empty()))
        })
    };
    println!(
        "{:<42} {}",
        "nothing due",
        shown(median((0..ROUNDS).map(|_| idle())) / 200)
    );
    let now = begin() + TimeDelta::seconds(5_000);
    let due = || {
        timed(|| (0..20).for_each(|_| assert_eq!(store.due(now, "2026e", 500).unwrap().len(), 500)))
    };
    println!(
        "{:<42} {}",
        "a due stream, 500 at a time",
        shown(median((0..ROUNDS).map(|_| due())) / 10_000)
    );
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap_or_default()
}

fn opened(server: &str) -> PostgresStore {
    let mut client = Client::connect(server, NoTls).unwrap();
    client
        .batch_execute("DROP SCHEMA IF EXISTS bench CASCADE")
        .unwrap();
    PostgresStore::options()
        .schema("bench")
        .connect(server)
        .unwrap()
}

/// The least that keeps events: one table, one key.
fn bare(server: &str) -> Client {
    let mut client = Client::connect(server, NoTls).unwrap();
    let table = "DROP TABLE IF EXISTS bare; CREATE TABLE bare (stream uuid NOT NULL, version bigint NOT NULL, \
        body text NOT NULL, PRIMARY KEY (stream, version))";
    client.batch_execute(table).unwrap();
    client
}

fn stream(n: usize) -> StreamId {
    StreamId::ticket(TenantId::SINGLE, TicketId::from_uuid(uuid(n)))
}

/// Spread, as the ids of tickets are.
fn uuid(n: usize) -> Uuid {
    let n = n as u128;
    Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
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

fn appends(store: &PostgresStore, first: usize, streams: usize, batch: usize) -> Duration {
    let events: Vec<_> = (1..=batch).map(event).collect();
    let part = |n| Part::append(stream(n), Version(0), events.clone());
    let commit = |n| Commit::new(TenantId::SINGLE, begin(), vec![part(n)]);
    let commits: Vec<_> = (first..first + streams).map(commit).collect();
    timed(|| {
        commits
            .iter()
            .for_each(|commit| store.commit(commit).unwrap())
    })
}

fn bare_appends(client: &mut Client, first: usize, streams: usize, batch: usize) -> Duration {
    let text = |version| stored::write("an event", &event(version)).unwrap();
    let texts: Vec<String> = (1..=batch).map(text).collect();
    let versions: Vec<i64> = (1..=batch as i64).collect();
    let insert =
        "INSERT INTO bare SELECT $1, v, b FROM unnest($2::bigint[], $3::text[]) AS e (v, b)";
    let insert = client.prepare(insert).unwrap();
    timed(|| {
        for n in first..first + streams {
            client
                .execute(&insert, &[&uuid(n), &versions, &texts])
                .unwrap();
        }
    })
}

fn loads(store: &PostgresStore, streams: usize) -> Duration {
    timed(|| {
        for n in streams..2 * streams {
            let load = Load::streams(TenantId::SINGLE, [stream(n)]);
            assert_eq!(store.load(&load).unwrap().streams[0].events.len(), 16);
        }
    })
}

fn bare_loads(client: &mut Client, streams: usize) -> Duration {
    let select = client
        .prepare("SELECT body FROM bare WHERE stream = $1 ORDER BY version")
        .unwrap();
    timed(|| {
        for n in streams..2 * streams {
            let rows = client.query(&select, &[&uuid(n)]).unwrap();
            assert_eq!(rows.len(), 16);
            rows.iter()
                .for_each(|row| _ = black_box(row.get::<_, String>(0)));
        }
    })
}

/// Four commands a ticket: open, ask and wait, answer of the customer, resolve.
fn whole_commands(desk: &Desk<PostgresStore>, first: usize, tickets: usize) -> Duration {
    let kim = Actor::Agent(AgentId::named("kim"));
    let ann = CustomerId::named("ann");
    let customer = Actor::Customer(ann);
    timed(|| {
        for i in first..first + tickets {
            let at = |minutes| begin() + TimeDelta::minutes(minutes) + TimeDelta::seconds(i as i64);
            let call = |actor, minutes| Call::with_id(uuid(i + 1), actor, at(minutes));
            let open = Open::new("Printer on fire")
                .from_customer(ann)
                .body("Please hurry");
            let id = desk.open(&call(customer, 0), open).unwrap().id();
            let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
            let solve = Command::reply("Put out.").then_resolve();
            desk.submit(id, &call(kim, 10), ask).unwrap();
            desk.submit(id, &call(customer, 20), Command::reply("The third"))
                .unwrap();
            desk.submit(id, &call(kim, 30), solve).unwrap();
        }
    })
}

/// Tickets that wake one per second, from a minute after the beginning.
fn fill_due(store: &PostgresStore, tickets: usize) {
    let part = |n: usize| {
        let wake = Wake {
            at: Some(begin() + TimeDelta::seconds(60 + n as i64)),
            stamp: Stamp {
                rulebook: RulebookId::named("r"),
                zone_data: "2026e".into(),
            },
        };
        Part::append(stream(n), Version(0), vec![event(1)]).wake(wake)
    };
    for first in (0..tickets).step_by(1_000) {
        let parts = (first..first + 1_000).map(part).collect();
        store
            .commit(&Commit::new(TenantId::SINGLE, begin(), parts))
            .unwrap();
    }
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

fn row(what: &str, rounds: &[(Duration, Duration)], times: usize) {
    let of = |which: fn(&(Duration, Duration)) -> Duration| median(rounds.iter().map(which));
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    let (bare, ours) = (of(|pair| pair.0) / times, of(|pair| pair.1) / times);
    let share = bare.as_secs_f64() / ours.as_secs_f64() * 100.0;
    println!(
        "{what:<42} {:>12}  bare {:>12}  {share:>5.0} % of the bare speed",
        shown(ours),
        shown(bare)
    );
}

fn shown(took: Duration) -> String {
    format!("{:.2} us", took.as_secs_f64() * 1e6)
}
