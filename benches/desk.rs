//! What a command, a reading, a replayed event and a sweep cost, each beside a stated reference in the same run.
//!
//! `cargo bench --bench desk`. The reference of a command is the least that any memory store must do: push one event of the same
//! type into a vector in a locked map.

mod common;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use chrono::TimeDelta;
use common::{COMMANDS, ROUNDS, begin, fill, median, median_of, row};
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending, Recorded, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};

fn main() {
    let tickets = 20_000;
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let ids = fill(&desk, tickets);
    let events: Vec<Vec<Recorded>> = ids
        .iter()
        .map(|id| desk.tenant(TenantId::SINGLE).history(*id).unwrap())
        .collect();
    let all: usize = events.iter().map(Vec::len).sum();
    println!("{tickets} tickets, {all} events; medians of {ROUNDS} rounds\n");

    let push = median(|| push_all(&events), all);
    let commands = median_of(|| {
        let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
        let begun = Instant::now();
        fill(&desk, tickets);
        (begun.elapsed(), tickets * COMMANDS)
    });
    row("push into a locked map (reference)", push, push);
    row("command: load, decide, commit", commands, push);

    let plain = median(|| visit_all(&events), all);
    let replayed = median(|| replay_all(&events), all);
    row("visit an event (reference)", plain, plain);
    row("replay an event, ticket by ticket", replayed, plain);

    let ticket = long_ticket(50);
    let now = ticket.last_event_at() + TimeDelta::hours(3);
    let book = Rulebook::starter();
    let subtract = median(
        || repeat(|| black_box(now - black_box(ticket.created_at())).num_seconds()),
        REPEATS,
    );
    let reading = median(
        || {
            repeat(|| {
                helpdesk::sla::read(
                    black_box(&ticket),
                    book.policies(),
                    Metric::TotalResolution,
                    now,
                )
                .elapsed()
                .num_seconds()
            })
        },
        REPEATS,
    );
    row("subtract two instants (reference)", subtract, subtract);
    row(
        &format!("reading, ticket of {} events", ticket.version().0),
        reading,
        subtract,
    );

    let idle = median(
        || {
            for _ in 0..1_000 {
                black_box(desk.sweep(begin(), 500).unwrap());
            }
        },
        1_000,
    );
    row(&format!("idle sweep beside {tickets} tickets"), idle, push);
}

const REPEATS: usize = 100_000;

fn repeat(mut work: impl FnMut() -> i64) {
    for _ in 0..REPEATS {
        black_box(work());
    }
}

fn long_ticket(events: u64) -> Ticket {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let kim = Actor::Agent(AgentId::named("kim"));
    let open = Open::new("long").from_customer(CustomerId::named("ann"));
    let mut t = desk.open(&Call::new(kim, begin()), open).unwrap();
    let mut i = 0;
    while t.ticket().version().0 < events {
        i += 1;
        let call = Call::new(kim, begin() + TimeDelta::minutes(i * 7));
        let command = if i % 2 == 1 {
            Command::reply("?").then_pend(Pending::Customer)
        } else {
            Command::resume()
        };
        t = desk.submit(t.id(), &call, command).unwrap();
    }
    t.ticket().clone()
}

fn push_all(events: &[Vec<Recorded>]) {
    let map: Mutex<HashMap<usize, Vec<Recorded>>> = Mutex::default();
    for (id, events) in events.iter().enumerate() {
        for event in events {
            map.lock()
                .unwrap()
                .entry(id)
                .or_default()
                .push(event.clone());
        }
    }
    black_box(map);
}

fn visit_all(events: &[Vec<Recorded>]) {
    let mut sum = 0;
    for event in events.iter().flatten() {
        sum += black_box(event).version.0;
    }
    black_box(sum);
}

fn replay_all(events: &[Vec<Recorded>]) {
    for events in events {
        black_box(Ticket::replay(TenantId::SINGLE, events));
    }
}
