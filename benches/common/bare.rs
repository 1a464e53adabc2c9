//! What the benches of the stores share: the same work for a store and for the bare driver beside it.
//!
//! The bare driver is given texts that are ready: it decides nothing, encodes nothing, decodes nothing and checks nothing but
//! its keys. An append is its events, under the same key columns, and a row with the stream's version and its wake-up, which
//! stands in an index, in one transaction. For a whole command it reads the texts of the ticket's events, and writes in one transaction what a desk needs to
//! find again: the events, one row of the ticket with its version, its wake-up (in an index), what lists show and filter by and
//! its KPI rows; the texts of persons, which are found by id and by person; the unique keys and the last number. A scan for what is due
//! answers what a host of several tenants must know: whose, of what kind, which and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use helpdesk::desk::{Need, Operation};
use helpdesk::id::{Name, RulebookId};
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{Commit, Load, MemoryStore, Part, Stamp, Store, StreamId, Wake, stored};
use helpdesk::ticket::{Event, FieldValue, Recorded, Version};
use helpdesk::{Actor, Rulebook, TenantId, TicketId};
use uuid::Uuid;

use super::{begin, fill_with};

/// Of each pair of a store and its bare driver.
pub(crate) const PAIRS: usize = 5;

pub(crate) fn stream(n: usize) -> StreamId {
    StreamId::ticket(TenantId::SINGLE, TicketId::from_uuid(uuid(n)))
}

/// Spread, as random ids are.
pub(crate) fn uuid(n: usize) -> Uuid {
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

/// The texts of the first events of a stream.
pub(crate) fn event_texts(count: usize) -> Vec<String> {
    let text = |version| stored::write("an event", &event(version)).unwrap();
    (1..=count).map(text).collect()
}

/// One commit per stream.
pub(crate) fn appends(streams: std::ops::Range<usize>, batch: usize) -> Vec<Commit> {
    let events: Vec<_> = (1..=batch).map(event).collect();
    let part = |n| Part::append(stream(n), Version(0), events.clone()).wake(wake(n));
    let commit = |n| Commit::new(TenantId::SINGLE, begin(), vec![part(n)]);
    streams.map(commit).collect()
}

pub(crate) fn append_all(store: &dyn Store, commits: &[Commit]) -> Duration {
    timed(|| {
        commits
            .iter()
            .for_each(|commit| store.commit(commit).unwrap())
    })
}

/// Loads these streams, so many in one load.
pub(crate) fn loads(
    store: &dyn Store,
    streams: std::ops::Range<usize>,
    at_once: usize,
) -> Duration {
    let all: Vec<StreamId> = streams.map(stream).collect();
    timed(|| {
        for some in all.chunks(at_once) {
            let load = Load::streams(TenantId::SINGLE, some.iter().copied());
            let loaded = store.load(&load).unwrap();
            assert!(loaded.streams.iter().all(|one| one.events.len() == 16));
        }
    })
}

/// What one command writes, as texts.
pub(crate) struct Written {
    pub(crate) ticket: Uuid,
    pub(crate) version: i64,
    pub(crate) events: Vec<(i64, String)>,
    pub(crate) wake_at: i64,
    pub(crate) is_open: bool,
    pub(crate) stage: String,
    pub(crate) listing: String,
    pub(crate) facts: String,
    pub(crate) texts: Vec<(Uuid, Option<Uuid>, String)>,
    pub(crate) keys: Vec<(Uuid, Uuid)>,
    pub(crate) number: Option<i64>,
}

impl Written {
    fn of(commit: &Commit) -> Written {
        let part = &commit.parts[0];
        let texts = commit.content.iter().map(|text| {
            let about = text.about.map(|about| about.uuid());
            (
                text.id.uuid(),
                about,
                stored::write("a text", text).unwrap(),
            )
        });
        let wake = part.wake.as_ref().and_then(|wake| wake.at);
        let row = part.listing.as_ref().unwrap();
        let mut version = part.expected.0 as i64;
        let mut numbered = |event: &Recorded| {
            version += 1;
            (version, stored::write("an event", event).unwrap())
        };
        let events: Vec<_> = part.events.ticket().iter().map(&mut numbered).collect();
        Written {
            ticket: part.stream.id,
            version,
            events,
            wake_at: wake.map_or(i64::MAX, |at| at.timestamp_micros()),
            is_open: row.status.stage().is_backlog(),
            stage: row.status.stage().to_string(),
            listing: stored::write("a row", row).unwrap(),
            facts: stored::write_rows(part.facts.as_ref().unwrap()).unwrap(),
            texts: texts.collect(),
            keys: commit
                .unique
                .iter()
                .map(|(key, owner)| (key.uuid(), *owner))
                .collect(),
            number: commit.number.map(|number| number.0 as i64),
        }
    }
}

/// What the commands of `tickets` tickets write.
pub(crate) fn written(tickets: usize) -> Vec<Written> {
    commits_of(tickets).iter().map(Written::of).collect()
}

/// The commits of the four commands of each ticket, in order.
pub(crate) fn commits_of(tickets: usize) -> Vec<Commit> {
    let store = MemoryStore::new();
    let books = Arc::new(Rulebooks::new(Rulebook::starter()));
    let mut commits = Vec::new();
    fill_with(tickets, |call, request| {
        let mut operation = Operation::new(books.clone(), call, request);
        loop {
            match operation.need() {
                Need::Load(load) => {
                    let loaded = store.load(load).unwrap();
                    operation.loaded(loaded).unwrap();
                }
                Need::Commit(commit) => {
                    commits.push(commit.clone());
                    let done = store.commit(commit);
                    operation.committed(done).unwrap();
                }
                Need::Nothing => return operation.finish().unwrap().id(),
            }
        }
    });
    commits
}

/// Tickets that wake one per second, from a minute after the beginning.
pub(crate) fn fill_due(store: &dyn Store, tickets: usize) {
    let part = |n: usize| Part::check(stream(n), Version(0)).wake(wake(n));
    for first in (0..tickets).step_by(1_000) {
        let parts = (first..first + 1_000).map(part).collect();
        let commit = Commit::new(TenantId::SINGLE, begin(), parts);
        store.commit(&commit).unwrap();
    }
}

/// When the ticket wakes, in microseconds.
pub(crate) fn wakes_at(n: usize) -> i64 {
    (begin() + TimeDelta::seconds(60 + n as i64)).timestamp_micros()
}

fn wake(n: usize) -> Wake {
    Wake {
        at: Some(begin() + TimeDelta::seconds(60 + n as i64)),
        stamp: Stamp {
            rulebook: RulebookId::named("r"),
            zone_data: helpdesk::calendar::ZONE_DATA_VERSION.into(),
        },
    }
}

/// A scan that finds nothing, and one that finds 500.
pub(crate) fn scans() -> [(&'static str, i64, usize); 2] {
    [
        ("due scan, nothing due", 0, 0),
        ("due scan, 500 due", 5_000, 500),
    ]
}

pub(crate) fn scan(store: &dyn Store, seconds: i64, found: usize, times: usize) -> Duration {
    let now = begin() + TimeDelta::seconds(seconds);
    timed(|| {
        for _ in 0..times {
            assert_eq!(
                store
                    .due(now, helpdesk::calendar::ZONE_DATA_VERSION, 500)
                    .unwrap()
                    .len(),
                found
            );
        }
    })
}

pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// Prints the medians of so many operations.
pub(crate) fn beside(
    what: &str,
    operations: usize,
    bare: impl FnMut(usize) -> Duration,
    ours: impl FnMut(usize) -> Duration,
) {
    let (bare, ours) = in_turns(operations, bare, ours);
    println!(
        "{what:<44} {ours:>10.2} us   bare {bare:>10.2} us   {:>5.0} % of the bare speed",
        bare / ours * 100.0
    );
}

/// The same beside cqrs-es, whose own program is run for each round; it is not asked for, where nobody built it. Once it keeps its
/// events alone, and once also what a desk keeps beside them.
pub(crate) fn beside_peer(
    what: &str,
    tickets: usize,
    args: &[&str],
    goal: f64,
    mut ours: impl FnMut(usize) -> Duration,
) {
    let Some(program) = std::env::var_os("HELPDESK_PEERS") else {
        return;
    };
    let commands = tickets * super::COMMANDS;
    for (job, keeps) in [
        ("alone", "its events alone"),
        ("equal", "lists, due, texts, keys"),
    ] {
        let peer = |_| {
            let mut run = std::process::Command::new(&program);
            let output = run.args(args).arg(job).output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            let nanos: f64 = told.trim().parse().unwrap_or_else(|_| panic!("{output:?}"));
            Duration::from_nanos((nanos * commands as f64) as u64)
        };
        // Like the peer: alone, and while the second core is kept busy; the better figure counts.
        let better = |round| ours(round).min(beside_a_busy_core(|| ours(round)));
        let (peer, ours) = in_turns(commands, peer, better);
        println!(
            "{what}, {keeps:<24} {ours:>10.2} us   peer {peer:>10.2} us   {:>5.2} times as fast (at least {goal})",
            peer / ours
        );
    }
}

/// Some machines answer faster where no core goes to sleep.
fn beside_a_busy_core<T>(work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}

/// Both in turns, so that both see the same machine: microseconds an operation.
fn in_turns(
    operations: usize,
    mut bare: impl FnMut(usize) -> Duration,
    mut ours: impl FnMut(usize) -> Duration,
) -> (f64, f64) {
    let rounds: Vec<_> = (0..PAIRS).map(|round| (bare(round), ours(round))).collect();
    let of = |which: fn(&(Duration, Duration)) -> Duration| {
        let mut all: Vec<_> = rounds.iter().map(which).collect();
        all.sort_unstable();
        all[PAIRS / 2].as_secs_f64() * 1e6 / operations as f64
    };
    (of(|pair| pair.0), of(|pair| pair.1))
}
