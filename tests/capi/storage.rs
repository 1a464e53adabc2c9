//! Where tickets and what stands beside them are kept: in a database of the host, and in a file.

use std::collections::BTreeMap;
use std::ptr::{null, null_mut};

use chrono::DateTime;
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use helpdesk::id::AgentId;
use helpdesk::store::MemoryStore;
use helpdesk::{Actor, Call};
use serde_json::{Value, json};

use super::capi_common::*;
use super::{HOUR, id, us};

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
                    if said["streams"]
                        .as_array()
                        .is_some_and(|all| !all.is_empty())
                    {
                        // Half an answer is none: the operation is left as it was.
                        let short =
                            call(|error| unsafe { helpdesk_op_loaded(op.0, ptr("{}"), 2, error) });
                        assert_eq!(short.unwrap_err().status, HELPDESK_INVALID);
                    }
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

#[cfg(feature = "sqlite")]
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
