//! Sweeps over a million open tickets with four deadlines each over a week, in ticks of a minute; beside indexes over as many
//! bare deadlines, in the same run.
//!
//! `cargo bench --bench sweep`; with `-- --quick` a tenth of it. The tickets are opened through the desk, one command each, at
//! instants spread over a week; each has a response and a resolution target and a warning before either. The references hold
//! bare pairs of an instant and a number: they evaluate nothing, write nothing, and (but for SQLite) keep nothing.
//!
//! Run whole on two busy cores: an idle tick beside 1,000,000 open tickets takes 0.4 us, one beside 10,000 0.2. A fired
//! deadline with evaluation and commit is 3.9 to 5.2 times as fast as SQLite's bare sweep, which is short of the 10 that are wanted: more than a
//! third of it is the allocator's, on memory that nobody looked at for a while. Asking
//! what is due takes 23 times as long as the wheel crate, which reads numbers of four bytes that nobody put in order; a commit that
//! only moves a wake-up takes 241 times as long, most of it to find the stream in memory that nobody looked at for a while.

mod common;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use common::{begin, is_quick, nanos, row};
use helpdesk::escalation::{Action, Level, Recipient, Rule, Threshold, Trigger};
use helpdesk::id::CustomerId;
use helpdesk::sla::Policy;
use helpdesk::store::{Commit, Load, MemoryStore, Part, Stamp, Store, StreamId, Wake};
use helpdesk::ticket::{Metric, Version};
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TenantId, TicketId};
use hierarchical_hash_wheel_timer::wheels::quad_wheel::QuadWheelWithOverflow;
use rusqlite::Connection;
use uuid::Uuid;

const WEEK: i64 = 7 * 24 * 60; // in minutes
const DEADLINES: usize = 4;

fn main() {
    let tickets = if is_quick() { 100_000 } else { 1_000_000 };
    println!("{tickets} tickets, {DEADLINES} deadlines each, ticks of 60 s\n");
    let references = references(tickets * DEADLINES);
    ours(tickets, references);
}

/// The instants of the bare deadlines, in minutes; the same for every index.
fn deadlines(n: usize) -> Vec<(u32, u32)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let random = |i| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (1 + (state >> 33) as u32 % (WEEK as u32 - 1), i)
    };
    (0..n as u32).map(random).collect()
}

fn told(what: &str, fired: f64, idle: f64) {
    println!("{what:<44} {fired:>10.1} ns a fired deadline   {idle:>10.1} ns an idle tick");
}

/// Runs the week: `tick` gives how many fired.
fn week(minutes: u32, mut tick: impl FnMut(u32) -> usize) -> f64 {
    let begun = Instant::now();
    let fired: usize = (1..=minutes).map(&mut tick).sum();
    nanos(begun.elapsed(), fired)
}

fn idle(mut tick: impl FnMut() -> usize) -> f64 {
    let begun = Instant::now();
    for _ in 0..1_000 {
        black_box(tick());
    }
    nanos(begun.elapsed(), 1_000)
}

/// What a fired deadline costs elsewhere.
struct References {
    sqlite: f64,
    wheel: f64,
}

fn references(n: usize) -> References {
    let all = deadlines(n);
    let minutes = WEEK as u32;

    let mut left = all.clone();
    let mut scan = |now: u32| {
        let mut fired = 0;
        for (at, _) in left.iter_mut() {
            if *at <= now {
                (*at, fired) = (u32::MAX, fired + 1);
            }
        }
        fired
    };
    let none = {
        let begun = Instant::now();
        scan(0);
        nanos(begun.elapsed(), 1)
    };
    told(
        "scan of all (the first 200 ticks)",
        week(200, &mut scan),
        none,
    );

    let mut heap: BinaryHeap<Reverse<(u32, u32)>> =
        all.iter().map(|place| Reverse(*place)).collect();
    let live = all.iter().map(|(at, _)| *at).collect::<Vec<u32>>();
    let mut pop = |now: u32| {
        let mut fired = 0;
        while heap.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((at, i))) = heap.pop() else {
                break;
            };
            fired += usize::from(live[i as usize] == at); // moved ones are stale
        }
        fired
    };
    let none = idle(|| pop(0));
    told("BinaryHeap, lazy delete", week(minutes, &mut pop), none);

    let mut set: BTreeSet<(u32, u32)> = all.iter().copied().collect();
    let moved = {
        let begun = Instant::now();
        let some = all.iter().step_by(n / 100_000 + 1);
        let mut n = 0;
        for (at, i) in some {
            set.remove(&(*at, *i));
            set.insert((WEEK as u32 - at, *i));
            n += 1;
        }
        nanos(begun.elapsed(), n)
    };
    let mut first = |now: u32| {
        let mut fired = 0;
        while set.first().is_some_and(|(at, _)| *at <= now) {
            fired += usize::from(set.pop_first().is_some());
        }
        fired
    };
    let none = idle(|| first(0));
    told("BTreeSet", week(minutes, &mut first), none);
    println!("{:<44} {moved:>10.1} ns to move a deadline", "");

    let mut wheel: QuadWheelWithOverflow<u32> = QuadWheelWithOverflow::default();
    for (at, i) in &all {
        // A tick of the wheel stands for a minute.
        wheel
            .insert_with_delay(*i, Duration::from_millis((*at).into()))
            .unwrap();
    }
    let begun = Instant::now();
    let (mut fired, mut empty, mut waited) = (0, 0, Duration::ZERO);
    for _ in 0..minutes + 256 {
        let tick = Instant::now();
        let n = wheel.tick().len();
        if n == 0 {
            (empty, waited) = (empty + 1, waited + tick.elapsed());
        }
        fired += n;
    }
    let per = nanos(begun.elapsed(), fired);
    assert_eq!(fired, n);
    told("hierarchical wheel crate", per, nanos(waited, empty));

    let sqlite = sqlite(&all);
    told("SQLite partial index, WAL NORMAL", sqlite.0, sqlite.1);
    println!();
    References {
        sqlite: sqlite.0,
        wheel: per,
    }
}

fn sqlite(all: &[(u32, u32)]) -> (f64, f64) {
    let file = std::env::temp_dir().join(format!("sweep-{}.db", std::process::id()));
    let mut db = Connection::open(&file).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         CREATE TABLE deadline (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, fired INTEGER NOT NULL DEFAULT 0);
         CREATE INDEX due ON deadline (at) WHERE fired = 0;",
    )
    .unwrap();
    let writing = db.transaction().unwrap();
    {
        let mut insert = writing
            .prepare("INSERT INTO deadline (id, at) VALUES (?1, ?2)")
            .unwrap();
        for (at, i) in all {
            insert.execute((i, at)).unwrap();
        }
    }
    writing.commit().unwrap();
    let mut sweep = |now: u32| {
        let due: Vec<u32> = {
            let mut due = db
                .prepare_cached("SELECT id FROM deadline WHERE fired = 0 AND at <= ?1 ORDER BY at")
                .unwrap();
            due.query_map([now], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect()
        };
        if due.is_empty() {
            return 0;
        }
        let writing = db.transaction().unwrap();
        {
            let mut fire = writing
                .prepare_cached("UPDATE deadline SET fired = 1 WHERE id = ?1")
                .unwrap();
            for id in &due {
                fire.execute([id]).unwrap();
            }
        }
        writing.commit().unwrap();
        due.len()
    };
    let none = idle(|| sweep(0));
    let fired = week(200, sweep);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    (fired, none)
}

/// A response and a resolution target, and a warning before either: four deadlines.
fn rulebook() -> Rulebook {
    let name = |text: &str| text.parse().unwrap();
    let soon = |rule: &str, metric| {
        let warn = Level::new(name("soon"), Threshold::percent(75).unwrap());
        Rule::new(name(rule), Trigger::clock(metric))
            .level(warn.action(Action::Notify(Recipient::AgentInCharge)))
    };
    Rulebook::draft()
        .calendar(
            name("office"),
            Calendar::parse("Mon-Sun 06:00-22:00", "Europe/Berlin").unwrap(),
        )
        .policy(
            Policy::new(name("all"))
                .target(Metric::FirstResponse, "8h".parse().unwrap())
                .target(Metric::TotalResolution, "40h".parse().unwrap()),
        )
        .escalation(soon("late answer", Metric::FirstResponse))
        .escalation(soon("late resolution", Metric::TotalResolution))
        .build()
        .unwrap()
}

fn ours(tickets: usize, References { sqlite, wheel }: References) {
    let small = opened(10_000).0;
    let few = idle(|| small.sweep(begin(), 500).unwrap().tickets);
    drop(small);
    let (desk, ids, took) = opened(tickets);
    println!(
        "opened through the desk, one by one: {:.1} s, {:.0} ns each",
        took.as_secs_f64(),
        nanos(took, tickets)
    );
    let many = idle(|| desk.sweep(begin(), 500).unwrap().tickets);
    row("idle tick beside 10,000 open tickets (reference)", few, few);
    row(
        &format!("idle tick beside {tickets} open tickets"),
        many,
        few,
    );
    index_alone(tickets, wheel);
    moves(&desk, &ids);

    let (mut spent, mut fired, mut ticks, mut quiet, mut rest) =
        (Duration::ZERO, 0, 0, 0, Duration::ZERO);
    let mut now = begin();
    while desk.store().next_wake(None).unwrap().is_some() {
        now += TimeDelta::minutes(1);
        let (mut here, tick) = (0, Instant::now());
        loop {
            let swept = desk.sweep(now, 1_000).unwrap();
            assert!(swept.failed.is_empty(), "{:?}", swept.failed);
            here += swept.events;
            if !swept.more {
                break;
            }
        }
        ticks += 1;
        if here == 0 {
            (quiet, rest) = (quiet + 1, rest + tick.elapsed());
        } else {
            spent += tick.elapsed();
        }
        fired += here;
        // The host delivers; that is not the sweep's cost.
        loop {
            let messages = desk.claim(now, TimeDelta::minutes(1), 1_000).unwrap();
            if messages.is_empty() {
                break;
            }
            let done: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
            desk.acknowledge(&done).unwrap();
        }
    }
    assert_eq!(fired, tickets * DEADLINES);
    let per = nanos(spent, fired);
    println!(
        "{ticks} ticks, {fired} deadlines fired; {quiet} ticks had nothing to do, {:.0} ns each",
        nanos(rest, quiet)
    );
    row(
        "SQLite's bare sweep, a fired deadline (reference)",
        sqlite,
        sqlite,
    );
    row("a fired deadline, with evaluation and commit", per, sqlite);
    println!(
        "{:<58} {:>10.2} x",
        "as fast as SQLite's bare sweep, times (at least 10)",
        sqlite / per
    );
}

/// A desk with so many open tickets, begun at instants spread over a week.
fn opened(tickets: usize) -> (Desk<MemoryStore>, Vec<TicketId>, Duration) {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let ann = CustomerId::named("ann");
    let begun = Instant::now();
    let mut ids = Vec::with_capacity(tickets);
    for i in 0..tickets {
        let at = begin() + TimeDelta::microseconds(i as i64 * (WEEK * 60_000_000 / tickets as i64));
        let call = Call::with_id(Uuid::from_u128(i as u128), Actor::Customer(ann), at);
        let open = Open::new("Printer on fire")
            .from_customer(ann)
            .body("Please hurry");
        ids.push(desk.open(&call, open).unwrap().id());
    }
    (desk, ids, begun.elapsed())
}

/// The store alone: streams with a wake-up and nothing else; what is due is asked for and moved on, as a sweep does.
fn index_alone(tickets: usize, wheel: f64) {
    let store = MemoryStore::new();
    let stamp = Stamp {
        rulebook: rulebook().id(),
        zone_data: helpdesk::calendar::ZONE_DATA_VERSION.into(),
    };
    let wake = |stream, at| {
        let part = Part::check(stream, Version(0)).wake(Wake {
            at,
            stamp: stamp.clone(),
        });
        Commit::new(TenantId::SINGLE, begin(), vec![part])
    };
    let at = |minute: u32| Some(begin() + TimeDelta::minutes(minute.into()));
    for (minute, i) in deadlines(tickets) {
        let stream = StreamId::ticket(
            TenantId::SINGLE,
            TicketId::from_uuid(Uuid::from_u128(i.into())),
        );
        store.commit(&wake(stream, at(minute))).unwrap();
    }
    let (mut asking, mut moving, mut n) = (Duration::ZERO, Duration::ZERO, 0);
    for minute in 1..=WEEK as u32 {
        let now: DateTime<Utc> = begin() + TimeDelta::minutes(minute.into());
        loop {
            let begun = Instant::now();
            let due = store
                .due(now, helpdesk::calendar::ZONE_DATA_VERSION, 1_000)
                .unwrap();
            asking += begun.elapsed();
            if due.is_empty() {
                break;
            }
            n += due.len();
            let gone: Vec<Commit> = due.iter().map(|due| wake(due.stream, None)).collect();
            let begun = Instant::now();
            gone.iter().for_each(|commit| store.commit(commit).unwrap());
            moving += begun.elapsed();
        }
    }
    assert_eq!(n, tickets);
    row("wheel crate, a fired deadline (reference)", wheel, wheel);
    let (asked, moved) = (nanos(asking, n), nanos(moving, n));
    row("index alone: ask what is due, a stream", asked, wheel);
    row(
        "index alone: a commit that only moves a wake-up",
        moved,
        wheel,
    );
    row("index alone: asked and moved", asked + moved, wheel);
}

/// A wake-up is moved away and back, on streams of the whole desk.
fn moves(desk: &Desk<MemoryStore>, ids: &[TicketId]) {
    let commits = |id: &TicketId| {
        let stream = StreamId::ticket(TenantId::SINGLE, *id);
        let mut load = Load::streams(TenantId::SINGLE, [stream]);
        load.snapshots = true;
        let kept = desk
            .store()
            .load(&load)
            .unwrap()
            .streams
            .remove(0)
            .snapshot
            .unwrap();
        let back = kept.wake.clone().unwrap();
        let away = Wake {
            at: Some(begin() + TimeDelta::days(30)),
            stamp: back.stamp.clone(),
        };
        [away, back].map(|wake| {
            let part = Part::check(stream, kept.version()).wake(wake);
            Commit::new(TenantId::SINGLE, kept.ticket.last_event_at(), vec![part])
        })
    };
    let commits: Vec<[Commit; 2]> = ids
        .iter()
        .step_by(ids.len() / 50_000 + 1)
        .map(commits)
        .collect();
    let begun = Instant::now();
    for n in 0..2 {
        commits
            .iter()
            .for_each(|pair| desk.store().commit(&pair[n]).unwrap());
    }
    let moved = nanos(begun.elapsed(), 2 * commits.len());
    println!("{:<58} {moved:>10.1} ns", "move a wake-up, one commit each");
}
