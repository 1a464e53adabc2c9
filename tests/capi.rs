//! The C ABI gives what Rust gives, and takes what it should not take without harm.
#![cfg(feature = "capi")]
#![allow(unsafe_code)]

mod capi_common;

use std::collections::BTreeMap;
use std::ptr::{null, null_mut};

use capi_common::*;
use chrono::{DateTime, Utc};
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use helpdesk::id::AgentId;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending};
use helpdesk::{Actor, Call, Command, Open, Report, TenantId};
use proptest::prelude::*;
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

#[test]
fn the_numbers_of_c_stand_for_the_words_of_rust() {
    let clock = |metric: i32| {
        let desk = story();
        let ticket = desk.ask(0, r#"{"find": {"number": 1}}"#).unwrap();
        let ticket = uuid(ticket.as_str().unwrap().parse().unwrap());
        let handle = get(null_mut(), |out, error| unsafe {
            helpdesk_desk_ticket(desk.0, null(), &ticket, out, error)
        });
        let handle = Ticket(handle.unwrap());
        let periods = json(|out, error| unsafe {
            helpdesk_ticket_periods(handle.0, 0, metric, us("2026-03-06T09:00:00Z"), out, error)
        });
        periods.unwrap()[0]["clock"]["metric"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    use helpdesk_metric::*;
    for (metric, constant) in Metric::ALL.into_iter().zip([
        HELPDESK_FIRST_RESPONSE,
        HELPDESK_NEXT_RESPONSE,
        HELPDESK_PERIODIC_UPDATE,
        HELPDESK_PROMISED_UPDATE,
        HELPDESK_REQUESTER_WAIT,
        HELPDESK_AGENT_WORK,
        HELPDESK_FIRST_RESOLUTION,
        HELPDESK_TOTAL_RESOLUTION,
        HELPDESK_OWNERSHIP,
        HELPDESK_FOLLOW_UP,
    ]) {
        assert_eq!(
            format!("{constant:?}").to_lowercase(),
            format!("helpdesk_{metric}")
        );
        assert_eq!(clock(constant as i32), metric.as_str());
    }
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

#[test]
fn a_story_is_the_same_in_both_languages() {
    let (c, rust) = (story(), story_in_rust());
    let ticket = rust
        .tenant(TenantId::SINGLE)
        .find(helpdesk::id::TicketNumber(1))
        .unwrap()
        .unwrap();
    let of_rust = rust.tenant(TenantId::SINGLE);
    let now = at("2026-03-20T12:00:00Z");
    let ask = |query: Value| c.ask(now.timestamp_micros(), &query.to_string()).unwrap();
    assert_eq!(
        ask(json!({"history": {"ticket": ticket}})),
        json!(of_rust.history(ticket).unwrap())
    );
    assert_eq!(
        ask(json!({"ticket": {"ticket": ticket}})),
        json!(of_rust.ticket(ticket).unwrap())
    );
    for metric in Metric::ALL {
        let clock = json!({"agreement": "sla", "metric": metric});
        let reading = rust.reading(ticket, metric, now).unwrap();
        assert_eq!(
            ask(json!({"reading": {"ticket": ticket, "clock": clock}})),
            json!(reading)
        );
        let ledger = rust.ledger(ticket, metric, now).unwrap();
        assert_eq!(
            ask(json!({"ledger": {"ticket": ticket, "clock": clock}})),
            json!(ledger)
        );
        let mut typed = reading_of_nothing();
        let (c_ticket, place) = (
            uuid(ticket.uuid()),
            Metric::ALL.iter().position(|one| *one == metric).unwrap(),
        );
        call(|error| unsafe {
            helpdesk_desk_reading(
                c.0,
                null(),
                &c_ticket,
                0,
                place as i32,
                now.timestamp_micros(),
                &mut typed,
                error,
            )
        })
        .unwrap();
        assert_eq!(typed, helpdesk_reading::from(reading));
    }
    let mut swept = helpdesk_swept {
        size: size_of::<helpdesk_swept>(),
        ..Default::default()
    };
    call(|error| unsafe {
        helpdesk_desk_sweep(c.0, now.timestamp_micros(), 10, &mut swept, error)
    })
    .unwrap();
    let in_rust = rust.sweep(now, 10).unwrap();
    assert_eq!(
        (swept.tickets, swept.events, swept.more),
        (in_rust.tickets as u64, in_rust.events as u64, 0)
    );
    assert_eq!(
        ask(json!({"history": {"ticket": ticket}})),
        json!(of_rust.history(ticket).unwrap())
    );
    let report = rust.report(&Report::standard(), now).unwrap();
    assert_eq!(
        ask(json!({"report": Report::standard()}))["volume"],
        json!(report.volume())
    );
    let by_agent = Report::standard().by([helpdesk::kpi::Dimension::Agent]);
    let mut rows = Vec::new();
    of_rust
        .facts(&mut |of_ticket| rows.push(of_ticket.to_vec()))
        .unwrap();
    let grouped = with_sums_as_text(json!(by_agent.over(rows, now).unwrap()));
    assert_eq!(ask(json!({"group_report": by_agent})), grouped);
    let claimed = json(|out, error| unsafe {
        helpdesk_desk_claim(c.0, now.timestamp_micros(), HOUR, 10, out, error)
    });
    assert_eq!(
        claimed.unwrap(),
        json!(rust.claim(now, chrono::TimeDelta::hours(1), 10).unwrap())
    );
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

#[test]
fn typed_commands_are_the_commands() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let rust = helpdesk::Desk::new(MemoryStore::new(), helpdesk::Rulebook::starter());
    let kim = Actor::agent(AgentId::named("kim"));
    let outcome = || helpdesk_outcome {
        size: size_of::<helpdesk_outcome>(),
        ticket: id(0),
        message: id(0),
        follow_up: id(0),
        number: 0,
        version: 0,
        events: 0,
        wake_at: 0,
        replayed: 0,
    };
    let (subject, address, body) = ("Printer on fire", "ann@example.com", "Please hurry");
    let open = helpdesk_open {
        size: size_of::<helpdesk_open>(),
        subject: ptr(subject),
        subject_len: subject.len(),
        address: ptr(address),
        address_len: address.len(),
        customer: null(),
        body: ptr(body),
        body_len: body.len(),
        id: null(),
        priority: 3,
        reserved: 0,
    };
    let mut now = us("2026-03-05T09:00:00Z");
    let call_id = id(1);
    let mut got = outcome();
    call(|error| unsafe {
        helpdesk_desk_open(
            desk.0,
            &said_by("kim", now, &call_id),
            &open,
            &mut got,
            error,
        )
    })
    .unwrap();
    let made = Open::new(subject)
        .from(address)
        .body(body)
        .priority(helpdesk::ticket::Priority::Urgent);
    let said = |n, now| {
        Call::with_id(
            uuid::Uuid::from_u128(n),
            kim,
            DateTime::from_timestamp_micros(now).unwrap(),
        )
    };
    let first = rust.open(&said(1, now), made).unwrap();
    assert_eq!(got, helpdesk_outcome::from(&first));
    let ticket = got.ticket;
    for (n, command) in [
        (2, Command::reply("Which floor?")),
        (3, Command::note("calm down")),
        (4, Command::pend(Pending::ThirdParty)),
        (5, Command::resolve()),
    ] {
        now += HOUR;
        let call_id = id(n);
        let by = said_by("kim", now, &call_id);
        let mut got = outcome();
        call(|error| unsafe {
            let out = &mut got;
            match n {
                2 => helpdesk_desk_reply(desk.0, &by, &ticket, ptr("Which floor?"), 12, out, error),
                3 => helpdesk_desk_note(desk.0, &by, &ticket, ptr("calm down"), 9, out, error),
                4 => helpdesk_desk_pend(desk.0, &by, &ticket, 1, HELPDESK_NONE, out, error),
                _ => helpdesk_desk_resolve(desk.0, &by, &ticket, out, error),
            }
        })
        .unwrap();
        let in_rust = rust.submit(first.id(), &said(n, now), command).unwrap();
        assert_eq!(got, helpdesk_outcome::from(&in_rust));
    }
    let query = json!({"history": {"ticket": first.id()}}).to_string();
    let history = rust.tenant(TenantId::SINGLE).history(first.id()).unwrap();
    assert_eq!(desk.ask(now, &query).unwrap(), json!(history));
}

/// A text of length 0 is absent: an address that was left empty is no address, and an empty body no message.
#[test]
fn an_empty_text_of_a_new_ticket_is_absent() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let (now, call_id, ann, subject) = (us("2026-03-05T09:00:00Z"), id(1), id(7), "x");
    let mut open = helpdesk_open {
        size: size_of::<helpdesk_open>(),
        subject: ptr(subject),
        subject_len: subject.len(),
        address: ptr(""),
        address_len: 0,
        customer: &ann,
        body: ptr(""),
        body_len: 0,
        id: null(),
        priority: 0,
        reserved: 0,
    };
    let mut got = helpdesk_outcome {
        size: size_of::<helpdesk_outcome>(),
        ticket: id(0),
        message: id(0),
        follow_up: id(0),
        number: 0,
        version: 0,
        events: 0,
        wake_at: 0,
        replayed: 0,
    };
    let by = said_by("kim", now, &call_id);
    call(|error| unsafe { helpdesk_desk_open(desk.0, &by, &open, &mut got, error) }).unwrap();
    assert_eq!(got.message, id(0));

    let mut missing = |open: &helpdesk_open| {
        let told = call(|error| unsafe { helpdesk_desk_open(desk.0, &by, open, &mut got, error) });
        let told = told.unwrap_err();
        assert_eq!((told.status, &*told.code), (HELPDESK_REFUSED, "missing"));
        told.message
    };
    open.customer = null();
    assert!(missing(&open).contains("the requester"));
    open.address = ptr("  ");
    open.address_len = 2;
    assert!(missing(&open).contains("the requester's address"));
}

/// A database of the host's own, that knows only JSON.
#[derive(Default)]
struct Rows {
    streams: BTreeMap<String, Vec<Value>>,
    owners: BTreeMap<String, Value>,
    idempotency: Vec<Value>,
    number: u64,
}

impl Rows {
    fn load(&mut self, load: &Value) -> Value {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let streams: Vec<Value> = list(&load["streams"]).iter()
            .map(|stream| json!({"events": self.streams.get(&stream.to_string()).cloned().unwrap_or_default()})).collect();
        let owners: Vec<Value> = list(&load["owners"])
            .iter()
            .map(|key| {
                self.owners
                    .get(&key.to_string())
                    .cloned()
                    .unwrap_or_default()
            })
            .collect();
        let done = self
            .idempotency
            .iter()
            .find(|record| record["key"] == load["idempotency"]);
        let mut loaded = json!({"streams": streams, "owners": owners, "idempotency": done});
        if load["number"] == true {
            self.number += 1;
            loaded["number"] = json!(self.number);
        }
        loaded
    }

    fn commit(&mut self, commit: &Value) -> bool {
        for part in commit["parts"].as_array().unwrap() {
            let events = self.streams.entry(part["stream"].to_string()).or_default();
            if json!(events.len()) != part["expected"] {
                return false;
            }
        }
        for part in commit["parts"].as_array().unwrap() {
            let events = self.streams.entry(part["stream"].to_string()).or_default();
            events.extend(part["events"].as_array().unwrap().iter().cloned());
        }
        for pair in commit["unique"].as_array().unwrap() {
            self.owners.insert(pair[0].to_string(), pair[1].clone());
        }
        if !commit["idempotency"].is_null() {
            self.idempotency.push(commit["idempotency"].clone());
        }
        true
    }

    /// Drives an operation to its end; the first commit meets a conflict where `contended`.
    fn run(
        &mut self,
        books: &Rulebooks,
        by: &helpdesk_call,
        request: &str,
        mut contended: bool,
    ) -> Result<Value, Told> {
        let op = Op(get(null_mut(), |out, error| unsafe {
            helpdesk_op_new(
                books.0,
                by,
                ptr(request),
                request.len(),
                HELPDESK_NONE,
                out,
                error,
            )
        })?);
        loop {
            let mut need = -1;
            let said = json(|out, error| unsafe { helpdesk_op_need(op.0, &mut need, out, error) })?;
            match need {
                0 => return json(|out, error| unsafe { helpdesk_op_finish(op.0, out, error) }),
                1 => {
                    let loaded = self.load(&said).to_string();
                    call(|error| unsafe {
                        helpdesk_op_loaded(op.0, ptr(&loaded), loaded.len(), error)
                    })?;
                }
                _ => {
                    let written = !std::mem::take(&mut contended) && self.commit(&said);
                    call(|error| unsafe {
                        helpdesk_op_committed(op.0, i32::from(!written), error)
                    })?;
                }
            }
        }
    }
}

#[test]
fn a_host_with_storage_of_its_own_gets_the_same() {
    let books = Rulebooks::new(&Rulebook::starter());
    let (desk, mut rows) = (Desk::in_memory(&books), Rows::default());
    let (mut now, mut ticket) = (us("2026-03-05T09:00:00Z"), Value::Null);
    let key = "web-1";
    for n in 0..6u128 {
        let call_id = id(n);
        let mut by = said_by("kim", now, &call_id);
        if n <= 1 {
            (by.key, by.key_len) = (ptr(key), key.len());
        }
        let request = match n {
            0 | 1 => {
                json!({"open": {"subject": "Printer on fire", "requester": {"address": "ann@example.com"}}})
            }
            2 => {
                json!({"submit": {"ticket": ticket, "command": {"message": {"body": "Which floor?"}}}})
            }
            3 => json!({"submit": {"ticket": ticket, "command": {"step": "resume"}}}),
            4 => json!({"sweep": {"ticket": ticket}}),
            _ => json!({"submit": {"ticket": ticket, "command": {"step": "resolve"}}}),
        };
        let (own, desks) = (
            rows.run(&books, &by, &request.to_string(), n == 2),
            desk.run(&by, &request.to_string()),
        );
        assert_eq!(own, desks, "{request}");
        if n == 1 {
            assert_eq!(own.as_ref().unwrap()["replayed"], true);
        }
        if n == 3 {
            assert_eq!(own.as_ref().unwrap_err().status, HELPDESK_REFUSED);
        }
        if let Ok(done) = own {
            ticket = done["ticket"].clone();
        }
        now += if n == 3 {
            100 * HOUR
        } else if n == 0 {
            0
        } else {
            HOUR
        };
    }
    let stream = rows.streams.keys().next().unwrap().clone();
    let events = json!(rows.streams[&stream]).to_string();
    assert_eq!(
        rows.streams[&stream].len(),
        desk.ask(now, &json!({"history": {"ticket": ticket}}).to_string())
            .unwrap()
            .as_array()
            .unwrap()
            .len()
    );
    let folded = get(null_mut(), |out, error| unsafe {
        helpdesk_ticket_replay(books.0, null(), ptr(&events), events.len(), out, error)
    });
    let folded = Ticket(folded.unwrap());
    let whole =
        json(|out, error| unsafe { helpdesk_ticket_to_json(folded.0, out, error) }).unwrap();
    assert_eq!(
        whole,
        desk.ask(now, &json!({"ticket": {"ticket": ticket}}).to_string())
            .unwrap()
    );
}

#[test]
fn what_stands_beside_tickets_is_told_too() {
    let books = Rulebooks::new(&Rulebook::starter());
    let (desk, mut rows) = (Desk::in_memory(&books), Rows::default());
    let rust = helpdesk::Desk::new(MemoryStore::new(), helpdesk::Rulebook::starter());
    let ann = helpdesk::id::CustomerId::named("ann");
    for (n, command) in [
        (
            1,
            json!({"customer": {"identify": {"phone": "+49 30 901820"}}}),
        ),
        (2, json!({"customer": {"set": [{"tier": "gold"}]}})),
        (3, json!({"customer": {"note": "calls in the evening"}})),
    ] {
        let (now, call_id) = (us("2026-03-05T09:00:00Z") + n as i64 * HOUR, id(n));
        let by = said_by("kim", now, &call_id);
        let request = json!({"tell": {"id": ann, "command": command}}).to_string();
        let kim = Actor::agent(AgentId::named("kim"));
        let at = DateTime::from_timestamp_micros(now).unwrap();
        let call = Call::with_id(uuid::Uuid::from_u128(n), kim, at);
        let command = serde_json::from_value(command).unwrap();
        let in_rust = json!(rust.tell_anything(ann.uuid(), &call, command).unwrap());
        assert_eq!(desk.run(&by, &request).unwrap(), in_rust);
        assert_eq!(rows.run(&books, &by, &request, n == 2).unwrap(), in_rust);
    }
    let known = desk.ask(0, &json!({"customer": {"customer": ann}}).to_string());
    assert_eq!(known.unwrap()["tier"], "gold");
}

#[test]
fn tallies_travel_and_merge() {
    let (desk, now) = (story(), us("2026-03-20T12:00:00Z"));
    let empty = || {
        Tally(
            get(null_mut(), |out, error| unsafe {
                helpdesk_tally_new(null(), 0, now, out, error)
            })
            .unwrap(),
        )
    };
    let report = |tally: &Tally| {
        text(|out, error| unsafe { helpdesk_tally_report(tally.0, out, error) }).unwrap()
    };
    let (whole, part) = (empty(), empty());
    call(|error| unsafe { helpdesk_tally_add_desk(whole.0, desk.0, null(), error) }).unwrap();
    let rows = desk.ask(now, r#""facts""#).unwrap()[0].to_string();
    call(|error| unsafe { helpdesk_tally_add(part.0, ptr(&rows), rows.len(), error) }).unwrap();
    let bytes = text(|out, error| unsafe { helpdesk_tally_to_bytes(part.0, out, error) }).unwrap();
    let travelled = get(null_mut(), |out, error| unsafe {
        helpdesk_tally_from_bytes(bytes.as_ptr(), bytes.len(), out, error)
    });
    let (travelled, sum) = (Tally(travelled.unwrap()), empty());
    call(|error| unsafe { helpdesk_tally_merge(sum.0, travelled.0, error) }).unwrap();
    assert_eq!(report(&sum), report(&whole));
    call(|error| unsafe { helpdesk_tally_merge(sum.0, sum.0, error) }).unwrap(); // with itself: no deadlock
    call(|error| unsafe { helpdesk_tally_retract(sum.0, ptr(&rows), rows.len(), error) }).unwrap();
    assert_eq!(report(&sum), report(&whole));
    let figures: Value = serde_json::from_str(&report(&whole)).unwrap();
    assert_eq!(
        figures["first_response"]["calendar"]["sum_us"],
        json!((3 * HOUR / 2).to_string()),
        "sums are text"
    );
    let old = bytes.replace("\"version\":[", "\"version\":[9");
    let refused = get(null_mut(), |out, error| unsafe {
        helpdesk_tally_from_bytes(old.as_ptr(), old.len(), out, error)
    });
    assert_eq!(refused.unwrap_err().code, "bad_json");
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

#[test]
fn a_what_if_and_an_import_are_those_of_rust() {
    let now = us("2026-03-20T12:00:00Z");
    let desk = story();
    let book = |first: &str| {
        Rulebook::from_json(
            &json!({"policies": [{"name": "all", "targets": {"first_response": first}}]})
                .to_string(),
        )
        .unwrap()
    };
    let (slow, fast) = (book("4h"), book("1h"));
    let what_if = get(null_mut(), |out, error| unsafe {
        helpdesk_what_if_new(slow.0, fast.0, now, null(), 0, out, error)
    });
    let what_if = WhatIf(what_if.unwrap());
    call(|error| unsafe { helpdesk_what_if_add_desk(what_if.0, desk.0, null(), error) }).unwrap();
    let difference =
        json(|out, error| unsafe { helpdesk_what_if_difference(what_if.0, out, error) }).unwrap();
    let in_rust = {
        let read = |text: &str| {
            serde_json::from_str::<helpdesk::Rulebook>(
                &json!({"policies": [{"name": "all", "targets": {"first_response": text}}]})
                    .to_string(),
            )
            .unwrap()
        };
        let desk = story_in_rust();
        let tenant = desk.tenant(TenantId::SINGLE);
        let ticket = tenant.find(helpdesk::id::TicketNumber(1)).unwrap().unwrap();
        helpdesk::replay::what_if(
            TenantId::SINGLE,
            [tenant.history(ticket).unwrap()],
            read("4h"),
            read("1h"),
            at("2026-03-20T12:00:00Z"),
        )
        .unwrap()
    };
    assert_eq!(difference["lines"], with_sums_as_text(json!(in_rust.lines)));
    assert_eq!(difference["differing"], 1);

    let history = json!({"ticket": helpdesk::TicketId::named("INC7"), "number": 7,
        "opened": {"at": "2026-03-05T09:00:00Z", "requester": helpdesk::id::CustomerId::named("ann")},
        "rows": [{"at": "2026-03-05T10:00:00Z", "says": [{"status": {"to": "resolved"}}]},
                 {"at": "2026-03-05T09:30:00Z", "says": [{"status": {"to": "open"}}]}]}).to_string();
    let import = || {
        json(|out, error| unsafe {
            helpdesk_desk_import(desk.0, null(), ptr(&history), history.len(), out, error)
        })
    };
    let done = import().unwrap();
    assert_eq!(done["anomalies"]["out_of_order"], 1);
    let again = import().unwrap_err();
    assert_eq!(
        (again.status, &*again.code),
        (HELPDESK_REFUSED, "already_open")
    );
    let ticket = desk
        .ask(
            now,
            &json!({"ticket": {"ticket": done["ticket"]}}).to_string(),
        )
        .unwrap();
    assert_eq!(ticket["status"], "reopened");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_desk_on_a_file_keeps_its_tickets() {
    let folder = std::env::temp_dir().join(format!("helpdesk-capi-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("desk.db");
    let path = path.to_str().unwrap();
    let books = Rulebooks::new(&Rulebook::starter());
    let open = |durability| {
        get(null_mut(), |out, error| unsafe {
            helpdesk_desk_open_sqlite(ptr(path), path.len(), durability, books.0, out, error)
        })
    };
    let call_id = id(1);
    let by = said_by("kim", us("2026-03-05T09:00:00Z"), &call_id);
    let done = Desk(open(1).unwrap())
        .run(
            &by,
            r#"{"open": {"subject": "x", "requester": {"address": "a@b"}}}"#,
        )
        .unwrap();
    let again = Desk(open(0).unwrap());
    let found = again.ask(0, r#"{"find": {"number": 1}}"#).unwrap();
    assert_eq!(found, done["ticket"]);
    drop(again);
    assert_eq!(open(7).unwrap_err().code, "no_such_choice");

    // With other rules, the ticket's own are gone, unless the file keeps them.
    let other = Rulebook::from_json(r#"{"policies": []}"#).unwrap();
    let missing = |desk: &Desk| desk.ask(0, r#""missing_rulebooks""#).unwrap();
    let keeping = |rules: &Rulebook| {
        let (books, now) = (Rulebooks::new(rules), us("2026-03-05T10:00:00Z"));
        let made = get(null_mut(), |out, error| unsafe {
            let path = (ptr(path), path.len());
            helpdesk_desk_open_sqlite_keeping(path.0, path.1, 0, books.0, now, out, error)
        });
        Desk(made.unwrap())
    };
    let ledger = json!({"ledger": {"ticket": done["ticket"], "clock": {"agreement": "sla", "metric": "first_response"}}});
    let ledger = ledger.to_string();
    let lost = keeping(&other);
    assert_eq!(missing(&lost).as_array().unwrap().len(), 1);
    let told = lost.ask(by.at, &ledger).unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_FAILED, "missing_rulebook")
    );
    assert!(!told.message.contains("::"), "{}", told.message);
    drop(lost);
    let kept = keeping(&Rulebook::starter());
    let before = kept.ask(by.at, &ledger).unwrap();
    drop(kept);
    let found = keeping(&other);
    assert_eq!(missing(&found), json!([]));
    assert_eq!(found.ask(by.at, &ledger).unwrap(), before);

    let in_memory = Desk::in_memory(&books);
    for upkeep in [helpdesk_desk_check_integrity, helpdesk_desk_scrub] {
        call(|error| unsafe { upkeep(found.0, error) }).unwrap();
        let told = call(|error| unsafe { upkeep(in_memory.0, error) }).unwrap_err();
        assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "no_file"));
    }
    let text = std::fs::read(path).unwrap();
    let subject = text
        .windows(6)
        .rposition(|piece| piece == b"opened")
        .unwrap();
    drop(found);
    let mut torn = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    std::io::Seek::seek(
        &mut torn,
        std::io::SeekFrom::Start(subject as u64 / 4096 * 4096),
    )
    .unwrap();
    std::io::Write::write_all(&mut torn, &[0xff; 4096]).unwrap();
    drop(torn);
    let damaged = open(0)
        .map(Desk)
        .and_then(|desk| call(|error| unsafe { helpdesk_desk_check_integrity(desk.0, error) }));
    let told = damaged.unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_FAILED, "corrupt"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// A wait that has ended and that no sweep recorded: the ledger counts what the reading counts.
#[test]
fn a_ledger_knows_what_fell_due_as_its_reading_does() {
    let rules = json!({"policies": [{"name": "all", "targets": {"total_resolution": "8 calendar hours"}, "pauses": {"total_resolution": ["scheduled"]}}]});
    let desk = Desk::in_memory(&Rulebooks::new(
        &Rulebook::from_json(&rules.to_string()).unwrap(),
    ));
    let (first, second) = (id(1), id(2));
    let open = json!({"open": {"subject": "x", "requester": {"address": "ann@example.com"}}});
    let by = said_by("kim", us("2026-03-05T08:00:00Z"), &first);
    let ticket = desk.run(&by, &open.to_string()).unwrap()["ticket"].clone();
    let wait = json!({"pend": {"scheduled": {"until": "2026-03-05T10:00:00Z"}}});
    let pend = json!({"submit": {"ticket": ticket, "command": {"step": wait}}});
    let by = said_by("kim", us("2026-03-05T09:00:00Z"), &second);
    desk.run(&by, &pend.to_string()).unwrap();

    let now = us("2026-03-05T12:00:00Z");
    let id = uuid(ticket.as_str().unwrap().parse().unwrap());
    let handle = get(null_mut(), |out, error| unsafe {
        helpdesk_desk_ticket(desk.0, null(), &id, out, error)
    });
    let handle = Ticket(handle.unwrap());
    let metric = helpdesk_metric::HELPDESK_TOTAL_RESOLUTION as i32;
    let reading = get(reading_of_nothing(), |out, error| unsafe {
        helpdesk_ticket_reading(handle.0, 0, metric, now, out, error)
    });
    assert_eq!(reading.unwrap().elapsed, 3 * HOUR);
    let ledgers =
        json(|out, error| unsafe { helpdesk_ticket_ledgers(handle.0, 0, metric, now, out, error) })
            .unwrap();
    let ledger = ledgers.as_array().unwrap().last().unwrap();
    let of_desk = json!({"ledger": {"ticket": ticket, "clock": {"agreement": "sla", "metric": "total_resolution"}}});
    assert_eq!(*ledger, desk.ask(now, &of_desk.to_string()).unwrap());
    let entries = ledger["entries"].as_array().unwrap();
    let counted = entries
        .iter()
        .map(|entry| entry["counted"].as_i64().unwrap());
    assert_eq!(counted.collect::<Vec<_>>(), [HOUR, 0, 2 * HOUR]);
}

#[test]
fn refusals_tell_their_facts() {
    let desk = story();
    let call_id = id(3);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let ticket = desk.ask(0, r#"{"find": {"number": 1}}"#).unwrap();
    let again = json!({"submit": {"ticket": ticket, "command": {"step": "reopen"}}}).to_string();
    let told = desk.run(&by, &again).unwrap_err();
    assert_eq!(
        (told.status, &*told.kind, &*told.code),
        (HELPDESK_REFUSED, "refused", "step_not_allowed")
    );
    assert_eq!(told.detail["step_not_allowed"]["stage"], "pending");
    let mut customer = by;
    customer.role = 0;
    let told = desk.run(&customer, &again).unwrap_err();
    assert_eq!(told.status, HELPDESK_FORBIDDEN);
    let nobody = json!({"submit": {"ticket": helpdesk::TicketId::named("x"), "command": {"step": "resolve"}}}).to_string();
    assert_eq!(
        desk.run(&by, &nobody).unwrap_err().status,
        HELPDESK_NOT_FOUND
    );
    let told = Rulebook::from_json(r#"{"calendar": "offise"}"#).unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_json"));
    assert_eq!(told.detail, json!({"argument": "json", "path": "calendar"}));
    assert!(
        told.message.contains("there is no calendar `offise`"),
        "{}",
        told.message
    );
    let told = Calendar::parse("Mon-Fri 9-17h", "UTC").unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
    assert_eq!(told.detail, json!({"argument": "hours"}));
    let told = Calendar::parse("Mon-Fri 9-17h", "Europe/Berln").unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
    let near = json!({"argument": "zone", "near_zones": ["Europe/Berlin"]});
    assert_eq!(told.detail, near);
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let told = office.elapsed(-1, 0).unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_NO_ANSWER, "out_of_range")
    );
    assert_eq!(
        office
            .add(us("2100-12-30T00:00:00Z"), 1000 * HOUR)
            .unwrap_err()
            .code,
        "beyond_range"
    );
}

#[test]
fn handles_of_another_kind_and_freed_ones_are_told() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let told = get(null_mut(), |out, error| unsafe {
        helpdesk_rulebook_lint(office.0.cast(), out, error)
    })
    .unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_INVALID, "wrong_handle")
    );
    assert_eq!(
        unsafe { helpdesk_rulebook_free(office.0.cast()) },
        HELPDESK_INVALID
    );
    let freed = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let stale = freed.0;
    drop(freed);
    assert_eq!(unsafe { helpdesk_calendar_free(stale) }, HELPDESK_INVALID);
    let told = get(0, |out, error| unsafe {
        helpdesk_calendar_elapsed(stale, 0, 1, out, error)
    })
    .unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_INVALID, "freed_handle")
    );
    for _ in 0..40 {
        drop(Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap()); // the place is not used again so soon
    }
    assert_eq!(unsafe { helpdesk_calendar_free(stale) }, HELPDESK_INVALID);
    assert_eq!(unsafe { helpdesk_calendar_free(null_mut()) }, HELPDESK_OK);
    let unaligned = (office.0 as usize + 1) as *mut helpdesk_calendar;
    let told = get(0, |out, error| unsafe {
        helpdesk_calendar_elapsed(unaligned, 0, 1, out, error)
    })
    .unwrap_err();
    assert_eq!(told.code, "unaligned");
}

#[test]
fn structs_of_other_versions_are_read() {
    let desk = story();
    let call_id = id(9);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let request = r#"{"open": {"subject": "x", "requester": {"address": "a@b"}}}"#;
    // A caller of a later version, with fields that are not used.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Later {
        known: helpdesk_call,
        more: [u64; 4],
    }
    let mut later = Later {
        known: by,
        more: [0; 4],
    };
    later.known.size = size_of::<Later>();
    assert!(
        desk.run(unsafe { &*(&raw const later).cast() }, request)
            .is_ok()
    );
    later.more[2] = 1;
    assert_eq!(
        desk.run(unsafe { &*(&raw const later).cast() }, request)
            .unwrap_err()
            .code,
        "newer_struct"
    );
    for size in [0, 8, usize::MAX] {
        let bad = helpdesk_call { size, ..by };
        assert_eq!(desk.run(&bad, request).unwrap_err().code, "bad_size");
    }
}

#[test]
fn hostile_texts_are_told() {
    let desk = story();
    let call_id = id(9);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let raw = |bytes: &[u8]| {
        json(|out, error| unsafe {
            helpdesk_desk_do(desk.0, &by, bytes.as_ptr().cast(), bytes.len(), out, error)
        })
        .unwrap_err()
    };
    assert_eq!(raw(b"{\"open\": \"\xff\xfe\"}").code, "not_utf8");
    assert_eq!(raw(b"").code, "bad_json");
    assert_eq!(
        raw(b"{\"open\": {\"subject\": \"x\", \"actor\": \"system\"}}").code,
        "bad_json"
    );
    for deep in ["[", "{\"open\":", "{\"submit\":{\"command\":"] {
        assert_eq!(raw(deep.repeat(100_000).as_bytes()).code, "bad_json");
    }
    let nested = format!(
        "{}{}{}",
        "{\"union\":[\"always\",".repeat(60_000),
        "\"always\"",
        "]}".repeat(60_000)
    );
    assert_eq!(Calendar::from_json(&nested).unwrap_err().code, "bad_json");
    let huge = json!({"open": {"subject": "x".repeat(9_000_000), "requester": {"address": "a@b"}}})
        .to_string();
    assert_eq!(desk.run(&by, &huge).unwrap_err().code, "too_large");
    let told = json(|out, error| unsafe {
        helpdesk_desk_do(desk.0, &by, ptr("{}"), usize::MAX, out, error)
    })
    .unwrap_err();
    assert_eq!(told.code, "too_long");
    let mut bad = by;
    (bad.key, bad.key_len) = (ptr(" padded "), 8);
    assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "bad_text");
    for role in [-1, 5, i32::MAX] {
        let bad = helpdesk_call { role, ..by };
        assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "no_such_choice");
    }
    for instant in [i64::MIN, i64::MAX] {
        let bad = helpdesk_call { at: instant, ..by };
        assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "no_instant");
    }
}

#[test]
fn outputs_are_written_only_on_success() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let mut out = 77;
    assert_eq!(
        unsafe { helpdesk_calendar_elapsed(office.0, -1, 5, &mut out, null_mut()) },
        HELPDESK_NO_ANSWER
    );
    assert_eq!(out, 77);
    let mut handle = null_mut::<helpdesk_calendar>().wrapping_byte_add(64);
    assert_eq!(
        unsafe { helpdesk_calendar_from_json(ptr("{"), 1, &mut handle, null_mut()) },
        HELPDESK_INVALID
    );
    assert_eq!(handle as usize, 64);
    let mut swept = helpdesk_swept {
        size: size_of::<helpdesk_swept>(),
        events: 9,
        ..Default::default()
    };
    assert_eq!(
        unsafe { helpdesk_desk_sweep(null(), 0, 1, &mut swept, null_mut()) },
        HELPDESK_INVALID
    );
    assert_eq!(swept.events, 9);
}

#[test]
fn a_tally_that_two_threads_feed_loses_nothing() {
    let (desk, now) = (story(), us("2026-03-20T12:00:00Z"));
    let made = get(null_mut(), |out, error| unsafe {
        helpdesk_tally_new(null(), 0, now, out, error)
    });
    let tally = Tally(made.unwrap());
    let report = || {
        let read = text(|out, error| unsafe { helpdesk_tally_report(tally.0, out, error) });
        serde_json::from_str::<Value>(&read.unwrap()).unwrap()["volume"].clone()
    };
    let add = |tally: &Tally, desk: &Desk| {
        call(|error| unsafe { helpdesk_tally_add_desk(tally.0, desk.0, null(), error) }).unwrap();
    };
    add(&tally, &desk);
    let once = report().as_u64().unwrap();
    assert!(once > 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..500).for_each(|_| add(&tally, &desk)));
        }
    });
    assert_eq!(report(), json!(once * 1_001));
}

#[test]
fn eight_threads_share_a_desk() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    std::thread::scope(|scope| {
        for thread in 0..8u128 {
            let desk = &desk;
            scope.spawn(move || {
                for n in 0..50u128 {
                    let call_id = id(1 + thread * 1_000 + n);
                    let by = said_by("kim", us("2026-03-05T09:00:00Z") + n as i64, &call_id);
                    let done = desk.run(&by, r#"{"open": {"subject": "x", "requester": {"address": "a@b"}}}"#).unwrap();
                    let note = json!({"submit": {"ticket": done["ticket"], "command": {"message": {"body": "n", "visibility": "internal"}}}});
                    desk.run(&by, &note.to_string()).unwrap();
                    desk.run(&by, "{").unwrap_err();
                }
            });
        }
    });
    let all = desk
        .ask(
            us("2026-03-06T09:00:00Z"),
            r#"{"list": {"page": {"after": null, "newest_first": false, "limit": 1000}}}"#,
        )
        .unwrap();
    let mut numbers: Vec<u64> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    numbers.dedup();
    assert_eq!(numbers.len(), 400);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A batch answers each pair as the single call does, and `HELPDESK_NONE` where that has no answer.
    #[test]
    fn a_batch_is_its_single_calls(pairs in prop::collection::vec((any_instant(), any_instant()), 0..50)) {
        let office = Calendar::parse("Mon-Fri 22:00-06:00; Sun 10:00-10:30", "America/New_York").unwrap();
        let (from, to): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
        let mut out = from.clone();
        let mut unanswered = 0;
        call(|error| unsafe {
            let place = out.as_mut_ptr(); // over its own input
            helpdesk_calendar_elapsed_batch(office.0, place, to.as_ptr(), place, from.len(), &mut unanswered, error)
        }).unwrap();
        let single: Vec<i64> = from.iter().zip(&to).map(|(a, b)| office.elapsed(*a, *b).unwrap_or(HELPDESK_NONE)).collect();
        prop_assert_eq!(&out, &single);
        prop_assert_eq!(unanswered, single.iter().filter(|us| **us == HELPDESK_NONE).count());
        call(|error| unsafe {
            helpdesk_calendar_add_batch(office.0, from.as_ptr(), to.as_ptr(), out.as_mut_ptr(), from.len(), null_mut(), error)
        }).unwrap();
        let single: Vec<i64> = from.iter().zip(&to)
            .map(|(a, b)| if *b == HELPDESK_NONE { HELPDESK_NONE } else { office.add(*a, *b).unwrap_or(HELPDESK_NONE) }).collect();
        prop_assert_eq!(&out, &single);
        let mut open = vec![9u8; from.len()];
        call(|error| unsafe {
            helpdesk_calendar_is_open_batch(office.0, from.as_ptr(), open.as_mut_ptr(), from.len(), null_mut(), error)
        }).unwrap();
        for (at, open) in from.iter().zip(open) {
            let single = get(false, |out, error| unsafe { helpdesk_calendar_is_open(office.0, *at, out, error) });
            prop_assert_eq!(open, single.map_or(255, u8::from));
        }
    }
}

fn any_instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0..4_133_980_800_000_000i64,
        1 => Just(HELPDESK_NONE),
        1 => any::<i64>(),
    ]
}
