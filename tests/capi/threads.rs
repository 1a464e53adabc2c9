//! Several threads on one desk and one tally.

use std::ptr::{null, null_mut};

use helpdesk::capi::*;
use serde_json::{Value, json};

use super::capi_common::*;
use super::{id, story, us};

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
