//! The lifecycle against a plain model, and what is refused.

#[path = "../common/mod.rs"]
mod common;

mod customers;
mod due;
mod handed;
mod limits;
mod moves;
mod redaction;
mod refusals;
mod repeats;

use common::*;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Rules;
use helpdesk::{Actor, Call, Desk, Refusal, Rulebook};

/// Everything permitted to everyone, so that the model need not know about rights; and no policy.
fn open_rulebook() -> Rulebook {
    let mut rules = Rules::default();
    for role in helpdesk::call::Role::ALL {
        rules.permissions = rules
            .permissions
            .with(role, helpdesk::ticket::Permission::ALL);
    }
    Rulebook::draft().tickets(rules).build().unwrap()
}

fn desk() -> Desk<MemoryStore> {
    Desk::new(MemoryStore::new(), rulebook())
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

fn refusal(result: Result<helpdesk::Outcome, helpdesk::Error>) -> Refusal {
    result.unwrap_err().refusal().unwrap().clone()
}
