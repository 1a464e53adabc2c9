//! What an operation, a sweep or a rulebook is handed and must not act on.

use std::sync::Arc;

use helpdesk::desk::{Need, Operation, Request};
use helpdesk::error::ErrorKind;
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{Load, Loaded, Store, Stream, StreamId};
use helpdesk::ticket::{Attachment, Draft, Recorded, Visibility};
use helpdesk::{Command, Open, Rulebook, TenantId};

use super::common::*;
use super::{ann, desk, kim, refusal};

/// An instant that no calendar knows is refused: nothing is put off until then, and no message is held.
#[test]
fn a_sweep_at_no_instant_puts_nothing_off() {
    let desk = desk();
    let opened = desk.open(&ann("2026-03-02T09:00:00Z"), Open::new("x").body("help"));
    let id = opened.unwrap().id();
    let late = at("2026-03-20T09:00:00Z");
    let nowhere = at("+58144-01-01T00:00:00Z");
    let lease = chrono::TimeDelta::minutes(1);
    let told = [
        desk.sweep(nowhere, 10).map(|_| ()).unwrap_err(),
        desk.claim(nowhere, lease, 10).map(|_| ()).unwrap_err(),
        desk.nap(nowhere).map(|_| ()).unwrap_err(),
        desk.next_wake(nowhere).map(|_| ()).unwrap_err(),
    ];
    for error in told {
        assert_eq!(error.code(), "out_of_range", "{error}");
    }
    assert!(desk.ailing().is_empty());
    let swept = desk.sweep(late, 10).unwrap();
    assert!(swept.events > 0 && swept.failed.is_empty(), "{swept}");
    assert!(desk.ticket(id).unwrap().version().0 > 2);
    assert!(!desk.claim(late, lease, 10).unwrap().is_empty());
}

/// An operation acts on the ticket that it was asked about, as all its events, each once, make it; or not at all.
#[test]
fn an_operation_takes_no_other_tickets_events_and_none_with_a_gap() {
    let desk = desk();
    let open = |subject| {
        desk.open(
            &ann("2026-03-02T09:00:00Z"),
            Open::new(subject).body("help"),
        )
    };
    let [one, other] = ["x", "y"].map(|subject| open(subject).unwrap().id());
    for n in 1..=3 {
        let note = Command::note("seen");
        desk.submit(one, &kim(&format!("2026-03-02T09:1{n}:00Z")), note)
            .unwrap();
    }
    let rulebooks = Arc::new(Rulebooks::new(rulebook()));
    let events = |ticket| -> Vec<Recorded> {
        let load = Load::streams(
            TenantId::SINGLE,
            [StreamId::ticket(TenantId::SINGLE, ticket)],
        );
        desk.store().load(&load).unwrap().streams[0]
            .events
            .ticket()
            .to_vec()
    };
    let whole = events(one);
    let decide = |handed: Vec<Recorded>| {
        let request = Request::Submit(one, Command::resolve());
        let call = kim("2026-03-02T10:00:00Z");
        let mut operation = Operation::new(rulebooks.clone(), call, request);
        operation.loaded(Loaded::from(Stream::from(handed)))?;
        assert!(matches!(operation.need(), Need::Commit(_)));
        Ok::<_, helpdesk::Error>(())
    };
    decide(whole.clone()).unwrap();
    let gap = [&whole[..2], &whole[3..]].concat();
    let twice = [&whole[..2], &whole[1..]].concat();
    let late = whole[1..].to_vec();
    for wrong in [events(other), gap, twice, late] {
        let error = decide(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}

/// What stands twice in a rulebook, or beside what is known, is no rulebook.
#[test]
fn a_rulebook_says_everything_once() {
    let twice = r#"{"calendars": {"office": "always", "office": "always"}, "calendar": "office"}"#;
    let error = Rulebook::from_json(twice).unwrap_err().to_string();
    assert!(error.contains("`office` stands here twice"), "{error}");
    let misspelt = r#"{"escalations": [{"name": "r", "trigger": "reopened", "levels": [{"name": "l", "at": "1 time",
        "actions": [{"assign_agent": {"agent": "018f3c1e-7a00-7000-8000-000000000001", "teem": null}}]}]}]}"#;
    let error = Rulebook::from_json(misspelt).unwrap_err().to_string();
    assert!(error.contains("teem"), "{error}");
    let zone = r#"{"calendars": {"o": {"hours": {"zone": {"name": "X", "first_offset": 0, "changes": [], "footer": "UTC0"},
        "hours": "Mon-Fri 09:00-17:00"}}}, "calendar": "o"}"#;
    let error = Rulebook::from_json(zone).unwrap_err().to_string();
    assert!(error.contains("nothing else"), "{error}");
}

/// A size that readers of JSON could not tell from another is refused.
#[test]
fn a_file_has_a_size_that_json_can_tell() {
    let desk = desk();
    let file = |size: u64| {
        let said = serde_json::json!({"body": "see", "attachments": [
            {"name": "a.bin", "media_type": "application/octet-stream", "size": size}]});
        let draft: Draft = serde_json::from_value(said).unwrap();
        desk.open(&ann("2026-03-02T09:00:00Z"), Open::new("x").message(draft))
    };
    assert_eq!(refusal(file(1 << 53)).code(), "too_large");
    let taken = file((1 << 53) - 1).unwrap();
    let attached: &Attachment = &taken.ticket().messages()[0].attachments[0];
    assert_eq!(
        (attached.size, attached.visibility),
        ((1 << 53) - 1, Visibility::Public)
    );
}
