//! A process that writes, sweeps and delivers is killed at random moments, again and again, on one file: what it was told is
//! kept, nothing is torn, nothing happens twice, every message is delivered, and no erased text stays in the files.

#![cfg(all(feature = "sqlite", unix))]

mod common;
#[path = "common/crash.rs"]
mod shared;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::id::ContentId;
use helpdesk::store::{Commit, GroupCommit, SqliteStore, Store};
use helpdesk::ticket::{Content, ContentKind};
use helpdesk::{Desk, TenantId, TicketId};
use rand::{Rng, SeedableRng};
use shared::{Acknowledged, fired, minute, write_on};
use uuid::Uuid;

const FILE: &str = "HELPDESK_CRASH_FILE";
const ROUND: &str = "HELPDESK_CRASH_ROUND";

#[test]
fn killed_twenty_times() {
    crash("quick", 20, 40..160);
}

#[test]
#[ignore = "takes a minute or so; the checks before a change lands run it"]
fn killed_two_hundred_times() {
    crash("long", 210, 20..300);
}

/// What the killed processes were told, over all rounds.
#[derive(Default)]
struct Told {
    tickets: Acknowledged,
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
        check_erased(&path);
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
        told.tickets.len(),
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
                let (highest, notes) = self.tickets.entry(ticket).or_default();
                *highest = version.max(*highest);
                assert!(notes.insert((*note).to_owned()), "{line}");
            }
            ["delivered", id] => self.delivered.push(id.parse().unwrap()),
            _ => return,
        }
        self.lines += 1;
    }
}

/// The file is whole, and so are the tickets in it.
fn check(path: &Path, told: &Told) {
    let desk = Desk::new(SqliteStore::open(path).unwrap(), rulebook());
    desk.store().check_integrity().unwrap();
    shared::check(&desk, &told.tickets);
}

/// Whatever text stands in the files is there to be read: a process that is killed before it emptied the log leaves that to the next one.
fn check_erased(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    for end in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
        let is_secret = |piece: &&[u8]| piece.starts_with(b"<<") && piece.ends_with(b">>");
        for secret in bytes.windows(SECRET).filter(is_secret) {
            let id = ContentId::named(std::str::from_utf8(secret).unwrap());
            let kept = store.content(TenantId::SINGLE, &[id]).unwrap();
            assert!(
                kept[0].is_some(),
                "an erased text stands in `support.db{end}`"
            );
        }
    }
}

/// So many bytes has a text that is written to be erased.
const SECRET: usize = 20;

/// Keeps a text and erases it.
fn keep_and_erase(store: &dyn Store, round: i64, n: u32) {
    let secret = format!("<<{round:07x}:{n:08x}>>");
    let id = ContentId::named(&secret);
    let mut keep = Commit::new(TenantId::SINGLE, at(BEGIN), Vec::new());
    let mut erase = keep.clone();
    keep.content.push(Content {
        id,
        kind: ContentKind::Body,
        about: None,
        text: secret,
    });
    store.commit(&keep).unwrap();
    erase.erased.push(id);
    store.commit(&erase).unwrap();
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
                let first = round.unsigned_abs() as u128 * 1_000_000 + writer * 500_000;
                write_and_tell(desk, now, first)
            });
        }
        scope.spawn(|| {
            for n in 0.. {
                desk.sweep(now(), 10).unwrap();
                if n % 8 == 1 {
                    keep_and_erase(desk.store(), round, n);
                }
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

fn write_and_tell(desk: &Desk<Box<dyn Store>>, now: &dyn Fn() -> DateTime<Utc>, first: u128) {
    write_on(desk, now, first, |id, note, ask| {
        match ask() {
            Ok(outcome) => tell(&format!(
                "written {id} {} {note}",
                outcome.ticket().version().0
            )),
            Err(error) => assert_eq!(error.code(), "stamp_too_early", "{error}"),
        }
        true
    });
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
