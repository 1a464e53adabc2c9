//! What is worked out from tickets: tallies, what-ifs, ledgers, and whole batches of dues.

use std::ptr::{null, null_mut};

use helpdesk::TenantId;
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::capi_common::*;
use super::{HOUR, at, id, reading_of_nothing, story, story_in_rust, us, with_sums_as_text};

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
