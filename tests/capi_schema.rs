//! The published JSON schema is that of the types, and takes what the desk takes and gives.
//!
//! `HELPDESK_WRITE=1 cargo test --all-features --test capi_schema` writes it anew.
#![cfg(feature = "capi")]

mod committed;
#[path = "capi_schema/mod.rs"]
mod reflect;

use std::path::Path;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use helpdesk::capi::door::{Anything, Beside, Query, Request};
use helpdesk::id::{AgentId, CustomerId, Name, TeamId};
use helpdesk::replay::{History, Row};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::store::{Filter, MemoryStore, Page};
use helpdesk::ticket::{Change, Link, Merge, Metric, Pending, Priority, Recorded, Status};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Report, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = reflect::schema_of::<Anything>();
        let roots = schema["$defs"]["Anything"]["oneOf"].clone();
        let roots = roots.as_array().expect("the roots").iter();
        schema["anyOf"] = roots.filter_map(|root| root["properties"].as_object()?.values().next().cloned()).collect();
        schema["$defs"].as_object_mut().expect("definitions").remove("Anything");
        schema["title"] = json!("helpdesk");
        schema["description"] = json!("What goes in and comes out as JSON. `Request` and `Query` are the words of the two doors, `Recorded` is an event.");
        schema
    })
}

#[test]
fn the_schema_is_that_of_the_types() {
    let made = serde_json::to_string_pretty(schema()).unwrap() + "\n";
    committed::compare(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/capi/schema.json"),
        &made,
    );
}

/// Whether a value is what the definition says; formats of ids and instants count.
fn takes(definition: &str, value: &Value) -> Result<(), String> {
    let mut of_one = schema().clone();
    of_one["anyOf"] = json!([{}]);
    of_one["$ref"] = json!(format!("#/$defs/{definition}"));
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&of_one)
        .unwrap();
    let first = validator.iter_errors(value).next();
    first.map_or(Ok(()), |error| {
        Err(format!("{definition}: {error}: {value}"))
    })
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn requests() -> Vec<Request> {
    let ticket = TicketId::named("t");
    let say = |command| Request::Submit { ticket, command };
    vec![
        Request::Open(
            Open::new("Printer on fire")
                .from("ann@example.com")
                .body("Hurry")
                .priority(Priority::Urgent)
                .id(ticket),
        ),
        Request::Open(
            Open::new("")
                .from_customer(CustomerId::named("ann"))
                .and(Change::AddTag(name("vip"))),
        ),
        say(Command::reply("Which floor?").then_pend(Pending::Customer)),
        say(Command::pend(Pending::Scheduled {
            until: at("2026-03-09T09:00:00Z"),
        })),
        say(Command::note("hm")
            .and(Change::Assign {
                agent: Some(AgentId::named("kim")),
                team: None,
            })
            .and(Change::Assign {
                agent: None,
                team: Some(TeamId::named("first")),
            })),
        say(Command::change(Change::LogTime {
            spent: Span::minutes(5),
            activity: Some(name("phone")),
        })
        .and(Change::PromiseUpdate(at("2026-03-07T09:00:00Z")))),
        say(Command::resolve()),
        Request::Open(
            Open::new("Again")
                .from("ann@example.com")
                .id(TicketId::named("u")),
        ),
        Request::Link {
            ticket: TicketId::named("u"),
            link: Link::ChildOf,
            other: ticket,
        },
        Request::Unlink {
            ticket: TicketId::named("u"),
            link: Link::ChildOf,
            other: ticket,
        },
        Request::Merge(Merge::new(TicketId::named("u"), ticket)),
        Request::Sweep { ticket },
        Request::Tell {
            id: CustomerId::named("ann").uuid(),
            command: serde_json::from_value(
                json!({"customer": {"identify": {"phone": "+49 30 901820"}}}),
            )
            .unwrap(),
        },
    ]
}

/// A desk on which every request was done, and its events.
fn events() -> Vec<Recorded> {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let mut now = at("2026-03-05T09:00:00Z");
    for request in requests() {
        now += chrono::TimeDelta::hours(3);
        let call = Call::new(Actor::Supervisor(AgentId::named("kim")), now);
        match request {
            Request::Open(open) => drop(desk.open(&call, open).unwrap()),
            Request::Submit { ticket, command } => {
                drop(desk.submit(ticket, &call, command).unwrap())
            }
            Request::Tell { id, command } => drop(desk.tell_anything(id, &call, command).unwrap()),
            Request::Link {
                ticket,
                link,
                other,
            } => drop(desk.link(ticket, &call, link, other).unwrap()),
            Request::Unlink {
                ticket,
                link,
                other,
            } => drop(desk.unlink(ticket, &call, link, other).unwrap()),
            Request::Merge(merge) => drop(desk.merge(&call, merge).unwrap()),
            _ => drop(desk.sweep(now, 10).unwrap()),
        }
    }
    desk.tenant(TenantId::SINGLE)
        .history(TicketId::named("t"))
        .unwrap()
}

/// Real values, each with the definition that it is of.
fn corpus() -> Vec<(&'static str, Value)> {
    let ticket = TicketId::named("t");
    let queries = [
        Query::Ticket { ticket },
        Query::Reading {
            ticket,
            clock: Metric::FirstResponse.into(),
        },
        Query::List {
            filter: Filter::open().unassigned().priority(Priority::High),
            page: Page::newest(5),
        },
        Query::Report(Report::standard().last_days(30)),
        Query::Finding(uuid::Uuid::from_u128(7)),
        Query::Ids {
            kind: Beside::Article,
            after: None,
            limit: 10,
        },
        Query::Told {
            kind: Beside::Finding,
            id: uuid::Uuid::from_u128(7),
        },
        Query::Facts,
    ];
    let history = History::new(
        ticket,
        helpdesk::id::TicketNumber(7),
        CustomerId::named("ann"),
        at("2026-03-05T09:00:00Z"),
    )
    .row(Row::new(at("2026-03-05T10:00:00Z")).status(Status::Resolved));
    let presets = [RulebookDraft::default(), RulebookDraft::starter()];
    let mut all = Vec::new();
    all.extend(requests().iter().map(|one| ("Request", json!(one))));
    all.extend(queries.iter().map(|one| ("Query", json!(one))));
    all.extend(events().iter().map(|one| ("Recorded", json!(one))));
    all.extend(presets.iter().map(|one| ("RulebookDraft", json!(one))));
    all.push(("History", json!(history)));
    all
}

#[test]
fn real_values_are_taken() {
    let corpus = corpus();
    assert!(corpus.len() > 25, "only {}", corpus.len());
    for (definition, value) in &corpus {
        takes(definition, value).unwrap();
    }
}

#[test]
fn what_serde_refuses_for_its_shape_is_refused() {
    for (definition, value) in [
        ("Request", json!({"sumbit": {}})),
        ("Request", json!({"submit": {"ticket": "t", "command": {}}})),
        ("Request", json!({"submit": {"command": {}}})),
        (
            "Request",
            json!({"submit": {"ticket": TicketId::named("t"), "command": {"mesage": 1}}}),
        ),
        (
            "Request",
            json!({"open": {"subject": "x", "actor": "system"}}),
        ),
        ("Query", json!({"list": {"filter": {}}})),
        ("Recorded", json!({"version": -1})),
        ("RulebookDraft", json!({"policys": []})),
    ] {
        takes(definition, &value).unwrap_err();
    }
}

fn accepted<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// The value with one of its parts taken out, doubled or replaced: the `n`-th, counted through.
fn bent(value: &Value, n: &mut usize, with: &Value) -> Option<Value> {
    if *n == 0 {
        return Some(with.clone());
    }
    *n -= 1;
    match value {
        Value::Object(map) => map.iter().find_map(|(key, inner)| {
            if *n == 0 {
                *n = usize::MAX;
                let mut less = map.clone();
                less.remove(key);
                return Some(Value::Object(less));
            }
            *n -= 1;
            let inner = bent(inner, n, with)?;
            let mut other = map.clone();
            other.insert(key.clone(), inner);
            Some(Value::Object(other))
        }),
        Value::Array(list) => list.iter().enumerate().find_map(|(i, inner)| {
            let inner = bent(inner, n, with)?;
            let mut other = list.clone();
            other[i] = inner;
            Some(Value::Array(other))
        }),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever shape the types read, the schema takes. (But for objects written as lists, which serde reads too.)
    #[test]
    fn the_schema_takes_what_the_types_read(which: prop::sample::Index, n in 0usize..40, with in 0usize..5) {
        let corpus = corpus();
        let (definition, value) = &corpus[which.index(corpus.len())];
        let with = [json!(null), json!({}), json!(7), json!(true), json!("resolve")][with].clone();
        let Some(bent) = bent(value, &mut n.clone(), &with) else { return Ok(()) };
        let read = match *definition {
            "Request" => accepted::<Request>(&bent),
            "Query" => accepted::<Query>(&bent),
            "Recorded" => accepted::<Recorded>(&bent),
            "History" => accepted::<History>(&bent),
            _ => accepted::<RulebookDraft>(&bent),
        };
        if read {
            prop_assert!(takes(definition, &bent).is_ok(), "{}", takes(definition, &bent).unwrap_err());
        }
    }
}
