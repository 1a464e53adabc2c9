//! The C ABI gives what Rust gives, and takes what it should not take without harm.
#![cfg(feature = "capi")]
#![allow(unsafe_code)]

#[path = "../capi_common/mod.rs"]
mod capi_common;

mod figures;
mod misuse;
mod storage;
mod story;
mod threads;

use capi_common::*;
use chrono::{DateTime, Utc};
use helpdesk::capi::*;
use helpdesk::id::AgentId;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Pending;
use helpdesk::{Actor, Call, Command, Open};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000_000;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn us(text: &str) -> i64 {
    at(text).timestamp_micros()
}

fn id(n: u128) -> helpdesk_uuid {
    uuid(uuid::Uuid::from_u128(n))
}

/// A ticket that was opened, answered and left to wait; the ids are those of [`story_in_rust`].
fn story() -> Desk {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let first = id(1);
    let call = said_by("kim", us("2026-03-05T09:00:00Z"), &first);
    let open =
        r#"{"open": {"subject": "Printer on fire", "requester": {"address": "ann@example.com"}}}"#;
    let done = desk.run(&call, open).unwrap();
    let second = id(2);
    let call = said_by("kim", us("2026-03-05T10:30:00Z"), &second);
    let reply = json!({"submit": {"ticket": done["ticket"], "command": {"message": {"body": "Which floor?"}, "step": {"pend": "customer"}}}});
    desk.run(&call, &reply.to_string()).unwrap();
    desk
}

fn story_in_rust() -> helpdesk::Desk<MemoryStore> {
    let desk = helpdesk::Desk::new(MemoryStore::new(), helpdesk::Rulebook::starter());
    let kim = Actor::agent(AgentId::named("kim"));
    let call = |n, text| Call::with_id(uuid::Uuid::from_u128(n), kim, at(text));
    let t = desk
        .open(
            &call(1, "2026-03-05T09:00:00Z"),
            Open::new("Printer on fire").from("ann@example.com"),
        )
        .unwrap();
    let reply = Command::reply("Which floor?").then_pend(Pending::Customer);
    desk.submit(t.id(), &call(2, "2026-03-05T10:30:00Z"), reply)
        .unwrap();
    desk
}

fn reading_of_nothing() -> helpdesk_reading {
    helpdesk_reading {
        size: size_of::<helpdesk_reading>(),
        state: 0,
        verdict: 0,
        ever_breached: 0,
        reserved: 0,
        elapsed: 0,
        amount: 0,
        started_at: 0,
        due: 0,
        stopped_at: 0,
    }
}

/// The JSON of Rust with sums as C gets them.
fn with_sums_as_text(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, inner)| match inner {
                Value::Number(sum) if key == "sum_us" || key == "age_us" => {
                    (key, json!(sum.to_string()))
                }
                inner => (key, with_sums_as_text(inner)),
            })
            .collect(),
        Value::Array(list) => list.into_iter().map(with_sums_as_text).collect(),
        other => other,
    }
}
