//! Every golden case gives through the C ABI exactly what it gives in Rust.
#![cfg(feature = "capi")]
#![allow(unsafe_code, clippy::print_stderr)]

#[allow(dead_code)]
#[path = "../examples/vectors/asked.rs"]
mod asked;
#[allow(dead_code)]
#[path = "../examples/vectors/calendar.rs"]
mod calendar;
mod capi_common;
#[allow(dead_code)]
#[path = "../examples/vectors/sla/mod.rs"]
mod sla;

use std::path::Path;
use std::ptr::{null, null_mut};

use capi_common::*;
use helpdesk::calendar::DayEnd;
use helpdesk::capi::*;
use serde_json::Value;

/// The answer to a question through the C ABI.
fn answer(line: &Value) -> Result<String, Told> {
    let number = |key: &str| line[key].as_i64().unwrap();
    let ask = line["ask"].as_str().unwrap();
    if ask == "periods" {
        let rules = Rulebook::from_json(&line["rulebook"].to_string())?;
        let (books, history) = (Rulebooks::new(&rules), line["history"].to_string());
        let imported = json(|out, error| unsafe {
            helpdesk_import(books.0, null(), ptr(&history), history.len(), out, error)
        })?;
        let events = imported["events"].to_string();
        let ticket = Ticket(get(null_mut(), |out, error| unsafe {
            helpdesk_ticket_replay(books.0, null(), ptr(&events), events.len(), out, error)
        })?);
        let place = |key: &str| i32::try_from(number(key)).unwrap();
        return text(|out, error| unsafe {
            helpdesk_ticket_periods(
                ticket.0,
                place("agreement"),
                place("metric"),
                number("now"),
                out,
                error,
            )
        });
    }
    let calendar = Calendar::from_json(&line["calendar"].to_string())?;
    let at = |of: unsafe extern "C" fn(
        *const helpdesk_calendar,
        i64,
        *mut i64,
        *mut *mut helpdesk_error,
    ) -> helpdesk_status| {
        get(0, |out, error| unsafe {
            of(calendar.0, number("at"), out, error)
        })
        .map(|n| n.to_string())
    };
    let time = |of: unsafe extern "C" fn(
        *const helpdesk_calendar,
        i64,
        i64,
        *mut i64,
        *mut *mut helpdesk_error,
    ) -> helpdesk_status| {
        get(0, |out, error| unsafe {
            of(calendar.0, number("from"), number("time"), out, error)
        })
        .map(|n| n.to_string())
    };
    let day = |key: &str| i32::try_from(number(key)).unwrap();
    match ask {
        "elapsed" => calendar
            .elapsed(number("from"), number("to"))
            .map(|n| n.to_string()),
        "add" => time(helpdesk_calendar_add),
        "add_latest" => time(helpdesk_calendar_add_latest),
        "subtract" => time(helpdesk_calendar_subtract),
        "subtract_earliest" => time(helpdesk_calendar_subtract_earliest),
        "is_open" => get(false, |out, error| unsafe {
            helpdesk_calendar_is_open(calendar.0, number("at"), out, error)
        })
        .map(|b| b.to_string()),
        "next_open" => at(helpdesk_calendar_next_open),
        "next_opening" => at(helpdesk_calendar_next_opening),
        "next_close" => at(helpdesk_calendar_next_close),
        "previous_open" => at(helpdesk_calendar_previous_open),
        "previous_opening" => at(helpdesk_calendar_previous_opening),
        "previous_close" => at(helpdesk_calendar_previous_close),
        "is_business_day" => get(false, |out, error| unsafe {
            helpdesk_calendar_is_business_day(calendar.0, day("day"), out, error)
        })
        .map(|b| b.to_string()),
        "business_day" => get(0, |out, error| unsafe {
            helpdesk_calendar_business_day(calendar.0, day("day"), number("n"), out, error)
        })
        .map(|n| n.to_string()),
        "count_business_days" => get(0, |out, error| unsafe {
            helpdesk_calendar_count_business_days(calendar.0, day("from"), day("to"), out, error)
        })
        .map(|n| n.to_string()),
        "windows" => {
            let room = usize::try_from(number("count")).unwrap();
            let mut pairs = vec![0; 2 * room + 1];
            let n = get(0, |out, error| unsafe {
                helpdesk_calendar_windows(
                    calendar.0,
                    number("from"),
                    number("to"),
                    line["backward"] == true,
                    pairs.as_mut_ptr(),
                    room,
                    out,
                    error,
                )
            })?;
            let shown: Vec<String> = pairs[..2 * n]
                .chunks(2)
                .map(|pair| format!("{}-{}", pair[0], pair[1]))
                .collect();
            Ok(shown.join(","))
        }
        other => panic!("no question `{other}`"),
    }
}

/// How many business days lead where, from the instants and for the numbers that a calendar's questions have.
fn business_days_lead_where_they_do_in_rust(line: &Value) {
    let calendar = Calendar::from_json(&line["calendar"].to_string()).unwrap();
    let in_rust: helpdesk::Calendar = serde_json::from_value(line["calendar"].clone()).unwrap();
    let from = ["from", "at"].iter().find_map(|key| line[*key].as_i64());
    let from = from
        .filter(|from| *from > 1_000_000)
        .unwrap_or(1_772_701_200_000_000);
    let at = chrono::DateTime::from_timestamp_micros(from).unwrap();
    for (number, end) in [DayEnd::SameTime, DayEnd::LastClose]
        .into_iter()
        .enumerate()
    {
        for days in [-3, 0, 1, 10, i64::MAX] {
            let led = |of: unsafe extern "C" fn(
                *const helpdesk_calendar,
                i64,
                i64,
                i32,
                *mut i64,
                *mut *mut helpdesk_error,
            ) -> helpdesk_status| {
                get(0, |out, error| unsafe {
                    of(calendar.0, from, days, number as i32, out, error)
                })
                .map_err(|told| told.message)
            };
            let due = in_rust.add_business_days(at, days, end);
            let due = due.map(|due| due.timestamp_micros());
            assert_eq!(
                led(helpdesk_calendar_add_business_days),
                due.map_err(|why| why.to_string()),
                "{line}"
            );
            let time = in_rust.business_days_as_time(at, days, end);
            let time = time.map(|time| time.num_microseconds().unwrap());
            assert_eq!(
                led(helpdesk_calendar_business_days_as_time),
                time.map_err(|why| why.to_string()),
                "{line}"
            );
        }
    }
    let told = get(0, |out, error| unsafe {
        helpdesk_calendar_add_business_days(calendar.0, from, 1, 2, out, error)
    });
    assert_eq!(told.unwrap_err().code, "no_such_choice");
}

/// How many questions a file asks, each of which is answered as in Rust.
fn compare(path: &Path) -> usize {
    let cases = calendar::cases_of(&path.to_string_lossy()).unwrap();
    let mut asked_so_far = 0;
    for case in &cases {
        for line in asked::of_case(case).unwrap_or_default() {
            let in_rust = asked::answered(&line).unwrap();
            let in_c = answer(&line).unwrap_or_else(|told| format!("!{}", told.code));
            let word = |key: &str| line[key].as_str().unwrap();
            assert_eq!(
                format!("{} {} {in_c}", word("id"), word("ask")),
                in_rust,
                "{line}"
            );
            if line.get("calendar").is_some() {
                business_days_lead_where_they_do_in_rust(&line);
            }
            asked_so_far += 1;
        }
    }
    asked_so_far
}

fn in_project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn our_own_cases() {
    let calendars = compare(&in_project("tests/vectors/calendar.json"));
    assert!(calendars >= 40, "only {calendars}");
    assert_eq!(compare(&in_project("tests/vectors/sla.json")), 8 * 6);
}

#[test]
fn shared_cases() {
    let folder = in_project("../shared/vectors");
    if !folder.is_dir() {
        eprintln!("skipped: `../shared/vectors` is absent");
        return;
    }
    for (file, least) in [
        ("calendar-cases.json", 140),
        ("fuzz-cases.json", 380),
        ("sla-cases.json", 40 * 6),
    ] {
        let asked = compare(&folder.join(file));
        assert!(asked >= least, "{file}: only {asked}");
    }
}
