//! Calls, chats and conversations with bots: told by hand on both embedded stores, and laws over arbitrary steps.

#[path = "../common/mod.rs"]
mod common;

mod bots;
mod calls;
mod contacts;
mod laws;
mod messages;

use common::*;
use helpdesk::id::SessionId;
use helpdesk::sla::preset::first_answers;
use helpdesk::sla::{Measure, Policy, Target};
use helpdesk::store::{MemoryStore, Store};
use helpdesk::ticket::{Change, Channel, Handling, Metric, SessionEnd, SessionStep};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Rulebook};
use uuid::Uuid;

const BOT: helpdesk::id::BotId = helpdesk::id::BotId::from_uuid(Uuid::from_u128(0xb07));

fn kim(when: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(when))
}

fn bot(when: &str) -> Call {
    Call::new(Actor::Bot(BOT), at(when))
}

fn ann(when: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(when))
}

fn session(id: &str, step: SessionStep) -> Change {
    let id = SessionId::named(id);
    Change::Session { id, step }
}

fn offer(channel: Channel) -> SessionStep {
    SessionStep::Offer { channel }
}

fn answer() -> SessionStep {
    SessionStep::Answer { agent: None }
}

fn end(end: SessionEnd) -> SessionStep {
    let handling = Handling {
        ring: Span::seconds(4),
        hold: Span::seconds(20),
        wrap: Span::seconds(30),
    };
    SessionStep::End { end, handling }
}

fn by_channel() -> Rulebook {
    let rest = Policy::new(name("rest")).target(
        Metric::FirstResponse,
        Target::new(Span::hours(8), Measure::Calendar).unwrap(),
    );
    let policies = first_answers().into_iter().chain([rest]);
    let draft = policies.fold(Rulebook::draft(), |draft, policy| draft.policy(policy));
    draft.build().unwrap()
}

fn on_both_stores(story: impl Fn(Box<dyn Store>)) {
    story(Box::new(MemoryStore::new()));
    #[cfg(feature = "sqlite")]
    story(Box::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
}
