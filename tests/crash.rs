//! A process that writes, sweeps and delivers is killed at random moments, again and again, on one file: what it was told is
//! kept, nothing is torn, nothing happens twice, and every message is delivered.

#![cfg(all(feature = "sqlite", unix))]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::id::Name;
use helpdesk::store::{Filter, GroupCommit, Page, SqliteStore, Store, TicketRow};
use helpdesk::ticket::{Delivery, Event, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Open, TenantId, TicketId};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

const FILE: &str = "HELPDESK_CRASH_FILE";
const ROUND: &str = "HELPDESK_CRASH_ROUND";

#[test]
fn killed_twenty_times() {
    crash("quick", 20, 20..120);
}

#[test]
#[ignore = "takes a minute or so; the checks before a change lands run it"]
fn killed_two_hundred_times() {
    crash("long", 210, 20..300);
}

/// What the killed processes were told, over all rounds.
#[derive(Default)]
struct Told {
    /// The highest version that was acknowledged, and the notes, by ticket.
    versions: BTreeMap<TicketId, u64>,
    notes: BTreeMap<TicketId, BTreeSet<String>>,
    delivered: Vec<Uuid>,
    lines: usize,
}

fn crash(name: &str, rounds: u64, millis: std::ops::Range<u64>) {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("support.db");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(rounds);
    let mut told = Told::default();
    for round in 0..rounds {
        let lines = run_and_kill(
            &path,
            round,
            Duration::from_millis(random.random_range(millis.clone())),
        );
        lines.iter().for_each(|line| told.hear(line));
        if round % 10 == 0 || round + 1 == rounds {
            check(&path, &told);
        }
    }
    assert!(
        told.lines > usize::try_from(rounds).unwrap() * 5,
        "the processes did too little"
    );
    let before = told.delivered.len();

    // Whoever comes next delivers the rest: each at least once, and repeats have the same id.
    let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
    let end = at("2090-01-01T00:00:00Z");
    loop {
        let claimed = desk.claim(end, TimeDelta::minutes(1), 100).unwrap();
        let ids: Vec<_> = claimed.iter().map(|message| message.id).collect();
        desk.acknowledge(&ids).unwrap();
        told.delivered.extend(&ids);
        if ids.is_empty() {
            break;
        }
    }
    let different: BTreeSet<_> = told.delivered.iter().collect();
    let outward = fired(&desk);
    assert_eq!(different.len(), outward, "each message is delivered");
    println!(
        "{rounds} kills, {} acknowledged, {} tickets, {} messages, {before} of them delivered before the end",
        told.lines,
        told.versions.len(),
        outward,
    );
}

fn run_and_kill(path: &Path, round: u64, after: Duration) -> Vec<String> {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["the_process_that_is_killed", "--exact", "--nocapture"])
        .env(FILE, path)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut output, mut lines) = (BufReader::new(output), Vec::new());
        loop {
            let mut line = String::new();
            match output.read_line(&mut line) {
                Ok(n) if n > 0 && line.ends_with('\n') => lines.push(line.trim().to_owned()),
                _ => return lines, // a line that was cut off was told to nobody
            }
        }
    });
    std::thread::sleep(after);
    assert!(
        child.try_wait().unwrap().is_none(),
        "the process ended by itself"
    );
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    reader.join().unwrap()
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["written", ticket, version, note] => {
                let ticket: TicketId = ticket.parse().unwrap();
                let version: u64 = version.parse().unwrap();
                let highest = self.versions.entry(ticket).or_default();
                *highest = version.max(*highest);
                let new = self
                    .notes
                    .entry(ticket)
                    .or_default()
                    .insert((*note).to_owned());
                assert!(new, "{line}");
            }
            ["delivered", id] => self.delivered.push(id.parse().unwrap()),
            _ => return,
        }
        self.lines += 1;
    }
}

/// Nothing acknowledged is lost, nothing is torn, nothing fired twice.
fn check(path: &Path, told: &Told) {
    let desk = Desk::new(SqliteStore::open(path).unwrap(), rulebook());
    desk.store().check_integrity().unwrap();
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let mut facts = BTreeSet::new();
    single
        .facts(&mut |rows| facts.extend(rows.iter().map(|row| row.ticket)))
        .unwrap();
    let mut seen = BTreeSet::new();
    for row in &rows {
        let events = history(&desk, row.ticket);
        let ticket = Ticket::replay(TenantId::SINGLE, &events).unwrap();
        assert!(
            events
                .iter()
                .zip(1..)
                .all(|(event, n)| event.version.0 == n)
        );
        assert_eq!(TicketRow::of(&ticket), *row);
        assert_eq!(single.find(row.number).unwrap(), Some(row.ticket));
        assert!(facts.contains(&row.ticket));
        let fired = keys(&events);
        let different: BTreeSet<_> = fired.iter().collect();
        assert_eq!(different.len(), fired.len(), "a key fired twice");

        let acknowledged = told.versions.get(&row.ticket).copied().unwrap_or(0);
        assert!(
            ticket.version().0 >= acknowledged,
            "an acknowledged commit is lost"
        );
        let bodies: Vec<_> = ticket
            .messages()
            .iter()
            .map(|message| message.body)
            .collect();
        let texts = single.content(&bodies).unwrap();
        let texts: Vec<String> = texts.into_iter().map(|text| text.unwrap().text).collect();
        let different: BTreeSet<String> = texts.iter().cloned().collect();
        assert_eq!(different.len(), texts.len(), "a command was done twice");
        let expected = told.notes.get(&row.ticket);
        assert!(expected.is_none_or(|notes| notes.is_subset(&different)));
        seen.insert(row.ticket);
    }
    assert!(told.versions.keys().all(|ticket| seen.contains(ticket)));
}

/// How many messages the firings in all histories sent.
fn fired(desk: &Desk<SqliteStore>) -> usize {
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let book = rulebook();
    let outward = |rule: &Name, level: &Name| {
        let rules = &book.as_draft().escalations;
        let rule = rules.iter().find(|other| other.name == *rule).unwrap();
        let level = rule
            .levels
            .iter()
            .find(|other| other.name == *level)
            .unwrap();
        level
            .actions
            .iter()
            .filter(|action| action.is_outward())
            .count()
    };
    let mut all = 0;
    for row in rows {
        for recorded in history(desk, row.ticket) {
            if let Event::Escalated(escalated) = &recorded.event
                && escalated.delivery == Delivery::Delivered
            {
                all += outward(&escalated.rule, &escalated.level);
            }
        }
    }
    all
}

fn minute(n: i64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::minutes(n)
}

/// Does nothing by itself; a test above starts it as a process of its own and kills it.
#[test]
fn the_process_that_is_killed() {
    let (Some(path), Ok(round)) = (std::env::var_os(FILE), std::env::var(ROUND)) else {
        return;
    };
    let round: i64 = round.parse().unwrap();
    let file = SqliteStore::open(PathBuf::from(path)).unwrap();
    // Every other process shares its flushes.
    let store: Box<dyn Store> = match round % 2 {
        0 => Box::new(file),
        _ => Box::new(GroupCommit::new(file)),
    };
    let desk = Desk::new(store, rulebook());
    let clock = AtomicI64::new(round * 600); // in minutes: each process begins hours after the one before
    let now = || minute(clock.fetch_add(1, Ordering::Relaxed));
    std::thread::scope(|scope| {
        for writer in 0..2_u128 {
            let (desk, now) = (&desk, &now);
            scope.spawn(move || {
                write_on(
                    desk,
                    now,
                    round.unsigned_abs() as u128 * 1_000_000 + writer * 500_000,
                )
            });
        }
        scope.spawn(|| {
            loop {
                desk.sweep(now(), 10).unwrap();
            }
        });
        scope.spawn(|| {
            loop {
                for message in desk.claim(now(), TimeDelta::minutes(30), 3).unwrap() {
                    tell(&format!("delivered {}", message.id));
                    desk.acknowledge(&[message.id]).unwrap();
                }
            }
        });
    });
}

fn write_on(desk: &Desk<Box<dyn Store>>, now: &dyn Fn() -> DateTime<Utc>, first: u128) {
    for n in first.. {
        let id = TicketId::from_uuid(Uuid::from_u128(n << 64 | n));
        let call = Call::with_id(Uuid::from_u128(n << 1), Actor::Customer(ANN), now());
        let open = Open::new("x").id(id).body(format!("open-{n}"));
        let call = call.key(name(&format!("open-{n}")));
        match desk.open(&call, open) {
            Ok(outcome) => written(id, outcome.ticket(), &format!("open-{n}")),
            Err(error) => assert_eq!(error.code(), "stamp_too_early", "{error}"),
        }
        for step in 0..4 {
            let id_of_call = Uuid::from_u128((n << 8 | (step + 1)) << 32);
            let note = format!("note-{n}-{step}");
            let call = Call::with_id(id_of_call, Actor::Agent(KIM), now()).key(name(&note));
            match desk.submit(id, &call, Command::note(note.clone())) {
                Ok(outcome) => written(id, outcome.ticket(), &note),
                Err(error) => assert_eq!(error.code(), "stamp_too_early", "{error}"),
            }
        }
    }
}

fn written(id: TicketId, ticket: &Ticket, note: &str) {
    tell(&format!("written {id} {} {note}", ticket.version().0));
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
