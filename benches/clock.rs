//! Readings per second, with what they allocate, and replayed events per second, each beside a stated reference.
//!
//! `cargo bench --bench clock`. The reference of a reading is a bare sum over as many stamped marks as the ticket has; of a
//! replay in memory, a bare copy of the events; of a replay from the stored form, decoding alone.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use common::{begin, fill, is_quick, median, row};
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending, Recorded, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code)] // passes on to the system's allocator
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

fn main() {
    readings();
    replays();
}

fn readings() {
    let repeats = if is_quick() { 10_000 } else { 100_000 };
    let book = Rulebook::starter();
    for events in [5, 50, 500] {
        let ticket = ticket_of(events);
        let now = ticket.last_event_at() + TimeDelta::hours(3);
        let marks: Vec<(i64, u64)> = (0..ticket.version().0)
            .map(|v| (v as i64 * 60_000_000, v))
            .collect();
        let sum = median(
            || {
                for _ in 0..repeats {
                    let marks = black_box(&marks);
                    black_box(
                        marks
                            .iter()
                            .fold(0_i64, |sum, (at, v)| sum ^ (at + *v as i64)),
                    );
                }
            },
            repeats,
        );
        println!("ticket of {} events", ticket.version().0);
        row("  sum over as many marks (reference)", sum, sum);
        for metric in Metric::ALL {
            let read = || helpdesk::sla::read(black_box(&ticket), book.policies(), metric, now);
            let reading = median(
                || {
                    for _ in 0..repeats {
                        black_box(read());
                    }
                },
                repeats,
            );
            let allocated = allocations(|| {
                black_box(read());
            });
            let state = format!("{:?}", read().state());
            row(
                &format!("  {metric} ({state}), {allocated} allocations"),
                reading,
                sum,
            );
            assert_eq!(allocated, 0, "a reading must not allocate");
        }
        let metric = Metric::TotalResolution;
        let read = || helpdesk::desk::read(black_box(&ticket), &book, metric, now);
        let full = median(
            || {
                for _ in 0..repeats {
                    black_box(read());
                }
            },
            repeats,
        );
        let allocated = allocations(|| {
            black_box(read());
        });
        row(
            &format!("  {metric} with a look ahead, {allocated} allocations"),
            full,
            sum,
        );
    }
}

fn replays() {
    let tickets = if is_quick() { 2_000 } else { 20_000 };
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let ids = fill(&desk, tickets);
    let single = desk.tenant(TenantId::SINGLE);
    let histories: Vec<Vec<Recorded>> = ids.iter().map(|id| single.history(*id).unwrap()).collect();
    let all: usize = histories.iter().map(Vec::len).sum();
    println!("\n{tickets} tickets, {all} events");

    let copy = median(
        || {
            histories
                .iter()
                .for_each(|events| drop(black_box(events.clone())))
        },
        all,
    );
    let replay = median(
        || {
            histories
                .iter()
                .for_each(|events| drop(black_box(Ticket::replay(TenantId::SINGLE, events))))
        },
        all,
    );
    row("copy an event (reference)", copy, copy);
    row("replay an event, ticket by ticket", replay, copy);
    println!("{:<58} {:>10.1} M events/s", "", 1e3 / replay);

    let one = [long_history(500)];
    let long: usize = one.iter().map(Vec::len).sum();
    let rounds = 200;
    let replay = median(
        || {
            for _ in 0..rounds {
                one.iter()
                    .for_each(|events| drop(black_box(Ticket::replay(TenantId::SINGLE, events))));
            }
        },
        long * rounds,
    );
    row(
        &format!("replay an event of a ticket of {long}"),
        replay,
        copy,
    );
    println!("{:<58} {:>10.1} M events/s", "", 1e3 / replay);

    let stored: Vec<Vec<String>> = histories
        .iter()
        .map(|events| {
            events
                .iter()
                .map(|event| serde_json::to_string(event).unwrap())
                .collect()
        })
        .collect();
    let decode_all = |texts: &[String]| -> Vec<Recorded> {
        texts
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    };
    let decode = median(
        || {
            stored
                .iter()
                .for_each(|texts| drop(black_box(decode_all(texts))))
        },
        all,
    );
    let from_stored = median(
        || {
            for texts in &stored {
                black_box(Ticket::replay(TenantId::SINGLE, &decode_all(texts)));
            }
        },
        all,
    );
    row(
        "decode an event from its stored form (reference)",
        decode,
        decode,
    );
    row("decode and replay (at most 3)", from_stored, decode);
}

fn ticket_of(events: u64) -> Ticket {
    Ticket::replay(TenantId::SINGLE, &long_history(events)).unwrap()
}

/// At least so many events: asked and answered again and again.
fn long_history(events: u64) -> Vec<Recorded> {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let (kim, ann) = (
        Actor::Agent(AgentId::named("kim")),
        CustomerId::named("ann"),
    );
    let open = Open::new("long").from_customer(ann).body("help");
    let opened = desk
        .open(&Call::new(Actor::Customer(ann), begin()), open)
        .unwrap();
    let (id, mut version, mut i) = (opened.id(), opened.ticket().version().0, 0);
    while version < events {
        i += 1;
        let at = begin() + TimeDelta::minutes(i * 7);
        let (actor, command) = match i % 2 {
            1 => (kim, Command::reply("?").then_pend(Pending::Customer)),
            _ => (Actor::Customer(ann), Command::reply("!")),
        };
        version = desk
            .submit(id, &Call::new(actor, at), command)
            .unwrap()
            .ticket()
            .version()
            .0;
    }
    desk.tenant(TenantId::SINGLE).history(id).unwrap()
}
