//! What the benches share: medians over rounds, rows with ratios, the same four commands a ticket.

#![allow(dead_code)] // each bench uses its own part

pub(crate) mod bare;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::desk::Request;
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::store::Store;
use helpdesk::ticket::Pending;
use helpdesk::{Actor, Call, Command, Desk, Open, TicketId};
use uuid::Uuid;

pub(crate) const ROUNDS: usize = 7;

pub(crate) fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap()
}

/// Whether `--quick` was passed (or `QUICK` is set).
pub(crate) fn is_quick() -> bool {
    std::env::args().any(|arg| arg == "--quick") || std::env::var_os("QUICK").is_some()
}

/// Commands of one ticket's life: open, ask and wait, answer of the customer, resolve.
pub(crate) const COMMANDS: usize = 4;

/// `tickets` tickets, each told [`COMMANDS`] commands.
pub(crate) fn fill<S: Store>(desk: &Desk<S>, tickets: usize) -> Vec<TicketId> {
    fill_with(tickets, |call, request| {
        let outcome = match request {
            Request::Submit(ticket, command) => desk.submit(ticket, &call, command),
            Request::Open(open) => desk.open(&call, open),
            other => panic!("{other:?}"),
        };
        outcome.unwrap().id()
    })
}

/// The same, told by `run`, which gives the ticket.
pub(crate) fn fill_with(
    tickets: usize,
    mut run: impl FnMut(Call, Request) -> TicketId,
) -> Vec<TicketId> {
    let kim = Actor::Agent(AgentId::named("kim"));
    let ann = CustomerId::named("ann");
    let mut ids = Vec::with_capacity(tickets);
    for i in 0..tickets {
        let at = |minutes| begin() + TimeDelta::minutes(minutes) + TimeDelta::seconds(i as i64);
        let call = |actor, minutes| Call::with_id(Uuid::from_u128(i as u128), actor, at(minutes));
        let open = Open::new("Printer on fire")
            .from_customer(ann)
            .body("Please hurry");
        let t = run(call(Actor::Customer(ann), 0), Request::Open(open));
        let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
        run(call(kim, 10), Request::Submit(t, ask));
        let answer = Command::reply("The third");
        run(call(Actor::Customer(ann), 20), Request::Submit(t, answer));
        let resolve = Command::reply("Put out").then_resolve();
        run(call(kim, 30), Request::Submit(t, resolve));
        ids.push(t);
    }
    ids
}

/// Nanoseconds per operation: the median of the rounds.
pub(crate) fn median(mut work: impl FnMut(), per: usize) -> f64 {
    median_of(|| {
        let begun = Instant::now();
        work();
        (begun.elapsed(), per)
    })
}

pub(crate) fn median_of(mut work: impl FnMut() -> (Duration, usize)) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (took, per) = work();
            nanos(took, per)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

pub(crate) fn nanos(took: Duration, per: usize) -> f64 {
    took.as_nanos() as f64 / per.max(1) as f64
}

pub(crate) fn row(what: &str, ns: f64, reference: f64) {
    println!("{what:<58} {ns:>10.1} ns   {:>8.2} x", ns / reference);
}
