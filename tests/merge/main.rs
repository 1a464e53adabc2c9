//! Merging, splitting and linking tickets: laws over arbitrary pairs of stories, and cases told by hand, on both embedded stores.

#[path = "../common/mod.rs"]
mod common;

mod links;
mod merging;
mod waiting;

use common::*;
use helpdesk::sla::{Measure, Policy, Target};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::ticket::{Metric, Refusal};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Desk, Open, Rulebook, TicketId};

/// Each desk under the same story.
fn on_both_stores(story: impl Fn(&dyn Fn() -> Box<dyn Store>)) {
    story(&|| Box::new(MemoryStore::new()));
    #[cfg(feature = "sqlite")]
    story(&|| Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
}

fn plain() -> Rulebook {
    let hours = |n| Target::new(Span::hours(n), Measure::Calendar).unwrap();
    Rulebook::draft()
        .policy(
            Policy::new(name("standard"))
                .target(Metric::FirstResponse, hours(4))
                .target(Metric::NextResponse, hours(2))
                .target(Metric::TotalResolution, hours(48)),
        )
        .build()
        .unwrap()
}

fn ann(when: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(when))
}

fn kim(when: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(when))
}

fn opened<S: Store>(desk: &Desk<S>, by: &Call, subject: &str, body: &str) -> TicketId {
    let open = Open::new(subject).body(body);
    desk.open(by, open).unwrap().id()
}

fn refusal(result: Result<helpdesk::Outcome, helpdesk::Error>) -> Refusal {
    result.unwrap_err().refusal().unwrap().clone()
}
