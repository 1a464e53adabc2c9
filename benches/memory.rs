//! What a commit and a whole command cost in the memory store, beside a bare push into a locked map of vectors and beside
//! cqrs-es in memory, in the same run.
//!
//! `cargo bench --bench memory`. The commands of cqrs-es do the same four things to a ticket and know nothing of clocks,
//! policies, permissions, facts or wake-ups. Its memory store prints two lines a command: it is measured as it is, in a process
//! of its own whose output goes nowhere, and beside that line by line without what it prints.

mod common;
#[path = "common/story.rs"]
mod story;

use std::collections::HashMap;
use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, Mutex, RwLock};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use common::bare::commits_of;
use common::{COMMANDS, fill, fill_with, is_quick, median_of, row};
use cqrs_es::event_sink::EventSink;
use cqrs_es::mem_store::MemStore;
use cqrs_es::{
    Aggregate, AggregateContext, AggregateError, CqrsFramework, DomainEvent, EventEnvelope,
    EventStore,
};
use helpdesk::desk::{Known, Plan, Request, plan};
use helpdesk::id::TicketNumber;
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{MemoryStore, Snapshot, Store, StreamId};
use helpdesk::ticket::{Recorded, Ticket};
use helpdesk::{Call, Desk, Rulebook, TenantId};
use serde::{Deserialize, Serialize};
use story::Story;

const AS_IT_IS: &str = "--cqrs-es-as-it-is";

fn main() {
    if let Some(place) = std::env::args().position(|arg| arg == AS_IT_IS) {
        let tickets = std::env::args().nth(place + 1).unwrap().parse().unwrap();
        eprintln!("{}", peer(tickets, MemStore::<Story>::default));
        return;
    }
    let tickets = if is_quick() { 5_000 } else { 20_000 };
    let commands = tickets * COMMANDS;
    let commits = commits_of(tickets);
    let events: usize = commits
        .iter()
        .map(|commit| commit.parts[0].events.len())
        .sum();
    println!("{tickets} tickets, {commands} commands, {events} events; medians of 7 rounds\n");

    let push = median_of(|| {
        let map: Mutex<HashMap<StreamId, Vec<Recorded>>> = Mutex::default();
        let begun = Instant::now();
        for part in commits.iter().flat_map(|commit| &commit.parts) {
            let mut map = map.lock().unwrap();
            map.entry(part.stream)
                .or_default()
                .extend_from_slice(part.events.ticket());
        }
        let took = begun.elapsed();
        black_box(map);
        (took, commands)
    });
    let commit = median_of(|| {
        let store = MemoryStore::new();
        let begun = Instant::now();
        commits
            .iter()
            .for_each(|commit| store.commit(commit).unwrap());
        let took = begun.elapsed();
        black_box(store);
        (took, commands)
    });
    row(
        "push a command's events into a locked map (reference)",
        push,
        push,
    );
    row("commit to the memory store", commit, push);
    println!();

    let silent = peer(tickets, Quiet::<Story>::default);
    let as_it_is = as_it_is(tickets);
    let ours = median_of(|| {
        let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
        let begun = Instant::now();
        fill(&desk, tickets);
        let took = begun.elapsed();
        black_box(desk);
        (took, commands)
    });
    row(
        "cqrs-es as it is: load, handle, append (reference)",
        as_it_is,
        as_it_is,
    );
    row("cqrs-es without what its store prints", silent, as_it_is);
    row("desk: load, decide, commit", ours, as_it_is);
    let same = whole(tickets);
    row(
        "cqrs-es doing the desk's own work, and no more",
        same,
        as_it_is,
    );
    println!(
        "{:<58} {:>10.2} x",
        "the desk is as fast as cqrs-es as it is, times (at least 4)",
        as_it_is / ours
    );
    println!(
        "{:<58} {:>10.2} x",
        "the desk is as fast as cqrs-es with the same work, times",
        same / ours
    );
    println!(
        "{:<58} {:>10.2} x",
        "a commit beside a bare push (at most 8)",
        commit / push
    );
}

/// Nanoseconds a command of cqrs-es.
fn peer<E: EventStore<Story>>(tickets: usize, store: impl Fn() -> E) -> f64 {
    median_of(|| {
        let cqrs = CqrsFramework::new(store(), vec![], ());
        let begun = Instant::now();
        for (id, say) in story::told(tickets) {
            ready(cqrs.execute(&id, say)).unwrap();
        }
        let took = begun.elapsed();
        black_box(cqrs);
        (took, tickets * COMMANDS)
    })
}

/// Nanoseconds a command of cqrs-es over the desk's own tickets: the same decisions lead to the same events. Its store keeps
/// these events alone, and no texts, keys, lists, wake-ups and KPI rows beside them.
fn whole(tickets: usize) -> f64 {
    let known = Desk::new(MemoryStore::new(), Rulebook::starter());
    let mut asked: Vec<(String, Call, Request)> = Vec::new();
    fill_with(tickets, |call, request| {
        let (said, meant) = (call.clone(), request.clone());
        let ticket = match request {
            Request::Open(open) => known.open(&call, open),
            Request::Submit(ticket, command) => known.submit(ticket, &call, command),
            other => panic!("{other:?}"),
        };
        let ticket = ticket.unwrap().id();
        asked.push((ticket.to_string(), said, meant));
        ticket
    });
    median_of(|| {
        let books = Rulebooks::new(Rulebook::starter());
        let cqrs = CqrsFramework::new(Quiet::<Whole>::default(), vec![], books);
        let asked = asked.clone();
        let begun = Instant::now();
        for (n, (id, call, request)) in asked.into_iter().enumerate() {
            let number = TicketNumber((n / COMMANDS) as u64 + 1);
            ready(cqrs.execute(&id, Asked(call, request, number))).unwrap();
        }
        let took = begun.elapsed();
        black_box(cqrs);
        (took, tickets * COMMANDS)
    })
}

/// A ticket of the desk as an aggregate.
#[derive(Default, Serialize, Deserialize)]
struct Whole(Option<Snapshot>);

struct Asked(Call, Request, TicketNumber);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Occurred(Recorded);

impl DomainEvent for Occurred {
    fn event_type(&self) -> String {
        "Occurred".to_owned()
    }
    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Whole {
    const TYPE: &'static str = "ticket";
    type Command = Asked;
    type Event = Occurred;
    type Error = helpdesk::Error;
    type Services = Rulebooks;

    async fn handle(
        &mut self,
        Asked(call, request, number): Asked,
        books: &Rulebooks,
        sink: &EventSink<Whole>,
    ) -> Result<(), helpdesk::Error> {
        let mut known = Known::default();
        known.ticket = self.0.clone();
        known.number = Some(number);
        let Plan::Commit(planned) = plan(&request, &known, books, &call)? else {
            panic!("{request:?}");
        };
        for event in planned.commit.parts[0].events.ticket().iter() {
            sink.write(Occurred(event.clone()), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, Occurred(event): Occurred) {
        self.0 = match self.0.take() {
            None => Ticket::begin(TenantId::SINGLE, &event).map(Snapshot::of),
            Some(known) => known.then(&[event]),
        };
    }
}

/// The same in a process of its own, whose output goes nowhere.
fn as_it_is(tickets: usize) -> f64 {
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    process.args([AS_IT_IS, &tickets.to_string()]);
    let output = process
        .stdout(std::process::Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    told.trim().parse().unwrap_or_else(|_| panic!("{told}"))
}

/// `cqrs_es::mem_store::MemStore` without the lines that print.
struct Quiet<A: Aggregate> {
    events: Arc<RwLock<Streams<A>>>,
}

type Streams<A> = HashMap<String, Vec<EventEnvelope<A>>>;

struct QuietContext<A> {
    aggregate_id: String,
    aggregate: A,
    current_sequence: usize,
}

impl<A: Aggregate> Default for Quiet<A> {
    fn default() -> Quiet<A> {
        Quiet {
            events: Arc::default(),
        }
    }
}

impl<A: Aggregate> AggregateContext<A> for QuietContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl<A: Aggregate> Quiet<A> {
    fn committed(&self, aggregate_id: &str) -> Vec<EventEnvelope<A>> {
        let events = self.events.read().unwrap();
        events
            .get(aggregate_id)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

impl<A: Aggregate> EventStore<A> for Quiet<A> {
    type AC = QuietContext<A>;

    async fn load_events(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        Ok(self.committed(aggregate_id))
    }

    async fn load_aggregate(
        &self,
        aggregate_id: &str,
    ) -> Result<QuietContext<A>, AggregateError<A::Error>> {
        let mut context = QuietContext {
            aggregate_id: aggregate_id.to_string(),
            aggregate: A::default(),
            current_sequence: 0,
        };
        for envelope in self.load_events(aggregate_id).await? {
            context.current_sequence = envelope.sequence;
            context.aggregate.apply(envelope.payload);
        }
        Ok(context)
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: QuietContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let aggregate_id = context.aggregate_id;
        let mut sequence = context.current_sequence;
        let wrap = |payload| {
            sequence += 1;
            EventEnvelope {
                aggregate_id: aggregate_id.to_string(),
                sequence,
                payload,
                metadata: metadata.clone(),
            }
        };
        let wrapped: Vec<EventEnvelope<A>> = events.into_iter().map(wrap).collect();
        if wrapped.is_empty() {
            return Ok(wrapped);
        }
        let mut all = self.committed(&aggregate_id);
        all.extend(wrapped.iter().cloned());
        self.events.write().unwrap().insert(aggregate_id, all);
        Ok(wrapped)
    }
}

/// The result of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("nothing in memory waits"),
    }
}
