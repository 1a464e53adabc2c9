//! One ticket in both languages: its story, its commands and the numbers that stand for words.

use std::ptr::{null, null_mut};

use chrono::DateTime;
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use helpdesk::id::AgentId;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending};
use helpdesk::{Actor, Call, Command, Open, Report, TenantId};
use serde_json::{Value, json};

use super::capi_common::*;
use super::{HOUR, at, id, reading_of_nothing, story, story_in_rust, us, with_sums_as_text};

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
    (open.address, open.body_len) = (null(), 3);
    let mut refused = |open: &helpdesk_open| {
        let told = call(|error| unsafe { helpdesk_desk_open(desk.0, &by, open, &mut got, error) });
        told.unwrap_err().code
    };
    assert_eq!(refused(&open), "null");
    (open.address_len, open.body, open.body_len, open.reserved) = (0, null(), 0, 7);
    assert_eq!(refused(&open), "no_such_choice");
}
