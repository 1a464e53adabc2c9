//! The stored form: files of every released schema must read for ever, and the newest form does not change unnoticed.
//!
//! `tests/stored/` has, per schema, the texts of one event of each kind and of each record, and a SQLite file. Files of a
//! released schema are never changed. Those of a schema that was not released yet are written anew with
//! `WRITE_STORED=1 cargo test --test stored`.

#![cfg(feature = "sqlite")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use common::{ANN, BEGIN, KIM, at, call, name};
use helpdesk::id::ContentId;
use helpdesk::kpi::Fact;
use helpdesk::store::stored::{SCHEMA, event_kinds, read, read_event, write, write_rows};
use helpdesk::store::{
    Commit, Events, Filter, IdempotencyRecord, Load, OutboxMessage, Page, Part, SqliteStore, Store,
    StoreErrorKind, StreamId, StreamKind, TicketRow, event_names,
};
use helpdesk::testing::conformance::kinds::one_of_each_of;
use helpdesk::testing::conformance::streams::one_of_each;
use helpdesk::testing::story::{rulebooks, stories};
use helpdesk::ticket::{Content, Event, Pending, Recorded, Stage, Ticket, Version};
use helpdesk::{Actor, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const TENANT: TenantId = TenantId::SINGLE;

#[derive(Deserialize, Serialize)]
struct Texts {
    schema: u32,
    events: Vec<String>,
    records: BTreeMap<String, String>,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/stored")
        .join(name)
}

fn writes_anew() -> bool {
    std::env::var_os("WRITE_STORED").is_some()
}

/// The rulebook that the files were written under: what the other tests' rulebook got since is left out, because tickets in the files
/// are pinned to it.
fn rulebook() -> Rulebook {
    let mut draft = common::rulebook().as_draft().clone();
    draft.escalations.retain(|rule| rule.name != name("stands"));
    for rule in &mut draft.escalations {
        rule.levels.retain(|level| level.name != name("missed"));
    }
    draft.build().unwrap()
}

/// A ticket that was opened under a key, answered and swept; and a stream with one event of each kind.
fn filled(path: &Path) -> Desk<SqliteStore> {
    let desk = Desk::new(SqliteStore::open(path).unwrap(), rulebook());
    let asked = call(Actor::Customer(ANN), at(BEGIN), 1).key(name("k"));
    let t = desk
        .open(&asked, Open::new("Printer 🔥").body("help"))
        .unwrap();
    let said = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::hours(30), 2);
    let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
    desk.submit(t.id(), &said, ask).unwrap();
    let part = Part::append(full(), Version(0), one_of_each());
    let commit = Commit::new(TENANT, at(BEGIN), vec![part]);
    desk.store().commit(&commit).unwrap();
    desk
}

fn full() -> StreamId {
    StreamId::ticket(TENANT, TicketId::named("full"))
}

fn ticket(desk: &Desk<SqliteStore>) -> Ticket {
    let rows = desk
        .tenant(TENANT)
        .list(&Filter::all(), &Page::oldest(9))
        .unwrap();
    desk.ticket(rows[0].ticket).unwrap()
}

/// One of each record that stores keep beside the events.
struct Records {
    facts: Vec<Fact>,
    row: TicketRow,
    text: Content,
    message: OutboxMessage,
    key: IdempotencyRecord,
}

fn records(desk: &Desk<SqliteStore>) -> Records {
    let single = desk.tenant(TENANT);
    let mut facts = Vec::new();
    single
        .facts(&mut |rows| facts.extend_from_slice(rows))
        .unwrap();
    let subject: [ContentId; 1] = [ticket(desk).subject()];
    let text = single.content(&subject).unwrap().remove(0).unwrap();
    let late = at(BEGIN) + TimeDelta::days(9);
    let message = desk.claim(late, TimeDelta::hours(1), 1).unwrap().remove(0);
    let mut load = Load::streams(TENANT, []);
    load.idempotency = Some(helpdesk::store::IdempotencyKey {
        tenant: TENANT,
        actor: Actor::Customer(ANN),
        key: name("k"),
    });
    Records {
        row: TicketRow::of(&ticket(desk)),
        key: desk.store().load(&load).unwrap().idempotency.unwrap(),
        facts,
        text,
        message,
    }
}

fn check<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(
    texts: &Texts,
    what: &str,
    record: &T,
) {
    let schema = i64::from(texts.schema);
    let found: T = read(what, schema, &texts.records[what]).unwrap();
    assert_eq!(found, *record, "{what} of schema {schema}");
    if texts.schema == SCHEMA {
        let form = "the stored form changed: see `stored` for whether that needs a new schema";
        assert_eq!(write(what, record).unwrap(), texts.records[what], "{form}");
    }
}

fn new_file(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("stored")
        .join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("support.db")
}

#[test]
fn texts_of_every_schema_read() {
    let desk = filled(&new_file("texts"));
    let (events, records) = (one_of_each(), records(&desk));
    if writes_anew() {
        let all = [
            ("facts", write("facts", &records.facts)),
            ("rows", write_rows(&records.facts)),
            ("row", write("row", &records.row)),
            ("text", write("text", &records.text)),
            ("message", write("message", &records.message)),
            ("key", write("key", &records.key)),
        ];
        let texts = Texts {
            schema: SCHEMA,
            events: events
                .iter()
                .map(|event| write("event", event).unwrap())
                .collect(),
            records: all
                .map(|(what, text)| (what.to_owned(), text.unwrap()))
                .into(),
        };
        let json = serde_json::to_string_pretty(&texts).unwrap();
        std::fs::write(golden(&format!("texts-{SCHEMA}.json")), json + "\n").unwrap();
    }
    for schema in 1..=SCHEMA {
        let json = std::fs::read(golden(&format!("texts-{schema}.json"))).unwrap();
        let texts: Texts = serde_json::from_slice(&json).unwrap();
        assert_eq!(texts.schema, schema);
        for (n, text) in texts.events.iter().enumerate() {
            let found = read_event::<Event>(Version(n as u64 + 1), schema.into(), text).unwrap();
            assert_eq!(found, events[n], "{text}");
            if schema == SCHEMA {
                assert_eq!(write("event", &events[n]).unwrap(), *text);
            }
        }
        assert!(schema < SCHEMA || texts.events.len() == events.len());
        check(&texts, "facts", &records.facts);
        let rows: Vec<Fact> = read("rows", schema.into(), &texts.records["rows"]).unwrap();
        assert_eq!(rows, records.facts, "a field moved: see `stored`");
        assert!(schema < SCHEMA || write_rows(&rows).unwrap() == texts.records["rows"]);
        check(&texts, "row", &records.row);
        check(&texts, "text", &records.text);
        check(&texts, "message", &records.message);
        check(&texts, "key", &records.key);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// What is written short is read back, and is much shorter than with names.
    #[test]
    fn rows_are_read_back(
        (rulebook, story) in (rulebooks(TimeDelta::minutes(1)), stories(TimeDelta::minutes(1))),
    ) {
        let rows = rulebook.facts(&story.tell(&rulebook).unwrap().ticket);
        let short = write_rows(&rows).unwrap();
        prop_assert_eq!(&read::<Vec<Fact>>("rows", SCHEMA.into(), &short).unwrap(), &rows);
        prop_assert!(short.len() * 3 < write("rows", &rows).unwrap().len() * 2, "{}", short);
    }
}

/// Every kind of event stands in the golden files.
#[test]
fn there_is_one_of_each_kind() {
    let kind = |event: &Recorded| match serde_json::to_value(&event.event).unwrap() {
        serde_json::Value::String(kind) => kind,
        serde_json::Value::Object(one) => one.keys().next().unwrap().clone(),
        other => panic!("{other}"),
    };
    let events = one_of_each();
    let there: Vec<String> = events.iter().map(kind).collect();
    for kind in event_kinds::<Event>() {
        assert!(there.iter().any(|other| other == kind), "no `{kind}`");
    }
}

/// Of every other kind of stream: a file with the texts of one event of each kind, per schema.
#[test]
fn texts_of_every_kind_read() {
    for kind in StreamKind::ALL.into_iter().skip(1) {
        let events = one_of_each_of(kind);
        let texts: Vec<String> = events
            .texts()
            .unwrap()
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        let newest = golden(&format!("{kind}-{SCHEMA}.json"));
        if writes_anew() {
            let json = serde_json::to_string_pretty(&texts).unwrap();
            std::fs::write(&newest, json + "\n").unwrap();
        }
        for schema in 1..=SCHEMA {
            let Ok(json) = std::fs::read(golden(&format!("{kind}-{schema}.json"))) else {
                assert!(schema < SCHEMA, "{kind} has no file");
                continue; // the kind is younger
            };
            let stored: Vec<String> = serde_json::from_slice(&json).unwrap();
            let mut read = Events::none(kind);
            for (n, text) in stored.iter().enumerate() {
                read.push_text(Version(n as u64 + 1), schema.into(), text)
                    .unwrap();
            }
            assert_eq!(read, events, "{kind} of schema {schema}");
            assert!(
                schema < SCHEMA || stored == texts,
                "the stored form of {kind} changed"
            );
        }
        for name in event_names(kind) {
            let there = |text: &String| {
                text.contains(&format!("\"event\":{{\"{name}\""))
                    || text.contains(&format!("\"event\":\"{name}\""))
            };
            assert!(texts.iter().any(there), "{kind}: no `{name}`");
        }
        let newer = texts[0].replace(event_names(kind)[0], "teleported");
        let error = Events::none(kind)
            .push_text(Version(1), 1, &newer)
            .unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Newer, "{kind}");
    }
}

/// A file that an older version wrote opens, is brought to the newest tables, reads whole and can be written.
#[test]
fn files_of_every_version_open() {
    let newest = golden("sqlite-2.db");
    if writes_anew() {
        let _ = std::fs::remove_file(&newest);
        let desk = filled(&new_file("written"));
        desk.store().back_up(&newest).unwrap();
    }
    let all = std::fs::read_dir(golden("")).unwrap();
    let files = all.map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "db"))
        .collect();
    assert!(files.contains(&newest) && files.contains(&golden("sqlite-1.db")));
    for file in files {
        let path = new_file("opened");
        std::fs::copy(&file, &path).unwrap();
        let desk = Desk::new(SqliteStore::open(&path).unwrap(), rulebook());
        desk.store().check_integrity().unwrap();
        let load = Load::streams(TENANT, [full()]);
        let events = desk
            .store()
            .load(&load)
            .unwrap()
            .streams
            .remove(0)
            .events
            .into_ticket();
        let known = events.len();
        assert!(
            known >= 30 && one_of_each().starts_with(&events),
            "{}",
            file.display()
        );
        let Records {
            facts,
            row,
            text,
            message,
            key,
        } = records(&desk);
        let t = ticket(&desk);
        assert_eq!(
            (facts.len(), row.ticket, t.messages().len()),
            (1, t.id(), 2)
        );
        assert_eq!((text.text.as_str(), message.ticket), ("Printer 🔥", t.id()));
        assert_eq!((key.key.key, key.stream.id), (name("k"), t.id().uuid()));
        let at_stage = |stage| {
            let rows = desk
                .tenant(TENANT)
                .list(&Filter::all().stage(stage), &Page::oldest(9));
            rows.unwrap().len()
        };
        assert_eq!(t.status().stage(), Stage::Pending);
        let found = [Stage::Open, Stage::Pending, Stage::Resolved].map(at_stage);
        assert_eq!(found, [0, 1, 0], "{}", file.display());

        let next = Version(known as u64 + 1);
        let event = Recorded {
            version: next,
            ..events[known - 1].clone()
        };
        let part = Part::append(full(), Version(known as u64), vec![event]);
        let more = Commit::new(TENANT, at(BEGIN), vec![part]);
        desk.store().commit(&more).unwrap();
        desk.store().check_integrity().unwrap();
    }
}

/// What is unknown is told apart: a newer schema and a newer kind are `newer`, damage is `corrupt`.
#[test]
fn unknown_and_damaged_are_told_apart() {
    let text = write("event", &one_of_each()[0]).unwrap();
    let kind = |schema, text: &str| {
        read_event::<Event>(Version(1), schema, text)
            .unwrap_err()
            .kind()
    };
    let newer_kind = text.replace("\"opened\"", "\"teleported\"");
    assert_eq!(kind(2, &text), StoreErrorKind::Newer);
    assert_eq!(kind(1, &newer_kind), StoreErrorKind::Newer);
    assert_eq!(
        kind(1, &newer_kind.replace("{\"teleported\":", "[")),
        StoreErrorKind::Corrupt
    );
    assert_eq!(
        kind(1, &text.replace("\"at\"", "\"ta\"")),
        StoreErrorKind::Corrupt
    );
    assert_eq!(
        kind(1, &text.replace("\"inbound\"", "\"sideways\"")),
        StoreErrorKind::Corrupt
    );
    assert_eq!(kind(1, "{\"event\":\"unheard of\"}"), StoreErrorKind::Newer);
    for schema in [0, -1, i64::MIN] {
        assert_eq!(kind(schema, &text), StoreErrorKind::Corrupt);
    }
    for text in ["", "null", "{}", "\u{0}", "[[[[", "{\"event\":{}}"] {
        assert_eq!(kind(1, text), StoreErrorKind::Corrupt, "{text}");
    }
}
