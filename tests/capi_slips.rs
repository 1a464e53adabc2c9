//! Slips of the caller that must not pass: misspelt words, places too early used again, answers that nobody asked for.
#![cfg(feature = "capi")]
#![allow(unsafe_code)]

mod capi_common;

use std::ptr::{null, null_mut};

use capi_common::*;
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use helpdesk::id::{AgentId, TeamId};
use helpdesk::store::Filter;
use helpdesk::ticket::Priority;
use serde_json::{Value, json};

const NOW: i64 = 1_772_701_200_000_000; // 2026-03-05T09:00:00Z

fn id(n: u128) -> helpdesk_uuid {
    uuid(uuid::Uuid::from_u128(n))
}

fn opened(desk: &Desk, n: u128) -> Value {
    let open = r#"{"open": {"subject": "x", "requester": {"address": "ann@example.com"}}}"#;
    desk.run(&said_by("kim", NOW, &id(n)), open).unwrap()["ticket"].clone()
}

#[test]
fn misspelt_words_are_refused() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let ticket = opened(&desk, 1);
    let change = |change: Value| {
        let command = json!({"submit": {"ticket": ticket, "command": {"changes": [change]}}});
        desk.run(&said_by("kim", NOW, &id(2)), &command.to_string())
    };
    for slip in [
        json!({"assign": {"agnet": ticket}}),
        json!({"field": {"name": "x", "vale": 7}}),
        json!({"session": {"id": ticket, "step": {"answer": {"agnet": ticket}}}}),
    ] {
        assert_eq!(change(slip.clone()).unwrap_err().code, "bad_json", "{slip}");
    }
    let page = json!({"after": null, "newest_first": true, "limit": 10});
    let report = |more: &str| {
        let mut report = serde_json::to_value(helpdesk::Report::standard()).unwrap();
        report[more] = json!([]);
        json!({"report": report})
    };
    for slip in [
        json!({"list": {"filter": {"agents": ticket}, "page": page}}),
        json!({"list": {"filter": {"stage": ["resolved"]}, "page": page}}),
        json!({"list": {"page": {"afer": 20, "newest_first": true, "limit": 10}}}),
        report("filter"),
    ] {
        let told = desk.ask(NOW, &slip.to_string()).unwrap_err();
        assert_eq!(told.code, "bad_json", "{slip}");
    }
    assert!(
        desk.ask(NOW, &json!({"list": {"page": page}}).to_string())
            .is_ok()
    );
    let trigger = r#"{"clock": {"metric": "total_resolution", "agreemnt": "ola"}}"#;
    assert!(serde_json::from_str::<helpdesk::escalation::Trigger>(trigger).is_err());
    let condition = r#"{"field": {"name": "x", "is": [], "iss": []}}"#;
    assert!(serde_json::from_str::<helpdesk::sla::Condition>(condition).is_err());
}

/// Every refusal has its facts, whatever it is about.
#[test]
fn what_is_refused_beside_tickets_has_its_facts_too() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let identify = |n: u128| {
        let who = uuid::Uuid::from_u128(n);
        let is = json!({"identify": {"address": "ann@example.com"}});
        let tell = json!({"tell": {"id": who, "command": {"customer": is}}});
        desk.run(&said_by("kim", NOW, &id(n)), &tell.to_string())
    };
    identify(7).unwrap();
    let refused = identify(8).unwrap_err();
    assert_eq!(
        (refused.status, &*refused.code),
        (HELPDESK_REFUSED, "identity_taken")
    );
    let owner = json!({"customer": uuid::Uuid::from_u128(7)});
    assert_eq!(refused.detail, json!({ "identity_taken": owner }));
}

#[test]
fn filters_are_read_as_they_are_written() {
    let agent = AgentId::named("kim");
    let mut no_team = Filter::open();
    no_team.team = Some(None);
    let mut no_kind = Filter::all().priority(Priority::High);
    no_kind.kind = Some(None);
    for filter in [
        Filter::all(),
        Filter::all().unassigned(),
        Filter::open().agent(agent).team(TeamId::named("a")),
        no_team,
        no_kind,
    ] {
        let text = serde_json::to_string(&filter).unwrap();
        assert_eq!(
            serde_json::from_str::<Filter>(&text).unwrap(),
            filter,
            "{text}"
        );
    }
}

#[test]
fn nobody_in_charge_can_be_asked_for() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let (first, second) = (opened(&desk, 1), opened(&desk, 2));
    let assign = json!({"assign": {"agent": AgentId::named("kim"), "team": null}});
    let command = json!({"submit": {"ticket": first, "command": {"changes": [assign]}}});
    desk.run(&said_by("kim", NOW, &id(3)), &command.to_string())
        .unwrap();
    let listed = |filter: Value| -> Vec<Value> {
        let page = json!({"after": null, "newest_first": false, "limit": 10});
        let query = json!({"list": {"filter": filter, "page": page}});
        let rows = desk.ask(NOW, &query.to_string()).unwrap();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["ticket"].clone()).collect()
    };
    assert_eq!(
        listed(json!({"agent": null})),
        std::slice::from_ref(&second)
    );
    assert_eq!(
        listed(json!({"team": null})),
        [first.clone(), second.clone()]
    );
    assert_eq!(listed(json!({})), [first, second]);
}

#[test]
fn a_batch_that_is_refused_has_written_nothing() {
    let always = Calendar::parse("daily 00:00-24:00", "UTC").unwrap();
    let (mut from, to) = ([0_i64, 1_000, 2_000], [5_000_i64; 3]);
    let room = [0_usize; 2];
    let unaligned = room.as_ptr().cast::<u8>().wrapping_add(1).cast_mut().cast();
    let status = unsafe {
        let place = from.as_mut_ptr();
        helpdesk_calendar_elapsed_batch(
            always.0,
            place,
            to.as_ptr(),
            place,
            3,
            unaligned,
            null_mut(),
        )
    };
    assert_eq!((status, from), (HELPDESK_INVALID, [0, 1_000, 2_000]));
    let mut open = [7_u8; 3];
    let status = unsafe {
        helpdesk_calendar_is_open_batch(
            always.0,
            to.as_ptr(),
            open.as_mut_ptr(),
            3,
            unaligned,
            null_mut(),
        )
    };
    assert_eq!((status, open), (HELPDESK_INVALID, [7; 3]));
}

/// However many were freed at once: each place rests until 64 more handles of its kind were made.
#[test]
fn freed_places_rest() {
    let office = || Rulebook::starter();
    let many: Vec<Rulebook> = (0..70).map(|_| office()).collect();
    let stale: Vec<_> = many.iter().map(|one| one.0).collect();
    drop(many);
    let _new: Vec<Rulebook> = (0..64).map(|_| office()).collect();
    for handle in stale {
        let told = get(null_mut(), |out, error| unsafe {
            helpdesk_rulebook_lint(handle, out, error)
        });
        assert_eq!(told.unwrap_err().code, "freed_handle");
    }
}

#[test]
fn an_operation_takes_what_it_asked_for() {
    let books = Rulebooks::new(&Rulebook::starter());
    let ticket = uuid::Uuid::from_u128(9);
    let request =
        json!({"submit": {"ticket": ticket, "command": {"message": {"body": "x"}}}}).to_string();
    let by = said_by("kim", NOW, &id(1));
    let op = Op(get(null_mut(), |out, error| unsafe {
        helpdesk_op_new(
            books.0,
            &by,
            ptr(&request),
            request.len(),
            HELPDESK_NONE,
            out,
            error,
        )
    })
    .unwrap());
    let need = || {
        let mut need = -1;
        json(|out, error| unsafe { helpdesk_op_need(op.0, &mut need, out, error) }).map(|_| need)
    };
    let loaded = |text: &str| {
        call(|error| unsafe { helpdesk_op_loaded(op.0, ptr(text), text.len(), error) }).unwrap_err()
    };
    let told = call(|error| unsafe { helpdesk_op_committed(op.0, 0, error) }).unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "not_asked"));
    assert_eq!(loaded("{").status, HELPDESK_INVALID);
    assert_eq!(need(), Ok(1), "neither did anything to it");
    assert_eq!(
        loaded(r#"{"streams": [{"events": []}]}"#).status,
        HELPDESK_NOT_FOUND
    );
    let over = need().unwrap_err();
    assert_eq!((over.status, &*over.code), (HELPDESK_INVALID, "finished"));
    assert!(
        over.message.contains("ended by an error"),
        "{}",
        over.message
    );
}

#[test]
fn rules_for_a_tenant_want_the_tenant() {
    let (books, rules) = (Rulebooks::new(&Rulebook::starter()), Rulebook::starter());
    let told =
        call(|error| unsafe { helpdesk_rulebooks_for_tenant(books.0, null(), rules.0, error) });
    assert_eq!(told.unwrap_err().status, HELPDESK_INVALID);
}
