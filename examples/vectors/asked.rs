//! Golden cases as plain questions: one line of JSON each, with numbers for instants and a calendar, or a rulebook and a history,
//! as the library reads them. So a client in any language can answer them without knowing the formats of the cases.
//!
//! `{"id", "ask", "calendar", ..}` with the arguments of the question, or `{"id", "ask": "periods", "rulebook", "history",
//! "agreement", "metric", "now"}`. Instants and lengths are microseconds, dates are days since 1970-01-01.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use helpdesk::TenantId;
use helpdesk::calendar::{Calendar, CalendarError, EARLIEST, LATEST};
use helpdesk::replay::{History, import};
use helpdesk::sla::periods;
use helpdesk::ticket::{Agreement, ClockId, Metric};
use serde_json::{Value, json};

use crate::calendar::{Failure, Options, calendar};
use crate::sla;

/// At most so many open stretches are asked for.
const MOST_WINDOWS: u64 = 1_000;

/// The questions of a case; more than one where the case tells of options too.
pub(crate) fn of_case(case: &Value) -> Result<Vec<Value>, Failure> {
    if case.get("policy").is_some() {
        return Ok(sla::asked(case).unwrap_or_default());
    }
    let mut options = vec![Options::default()];
    if case.get("alt_expect").is_some() {
        options.push(Options {
            cut_tails: true,
            ..Options::default()
        });
    }
    let ask = case["op"].as_str().unwrap_or_default();
    let asks: &[&str] = match ask {
        "add" => &["add", "add_latest"],
        "subtract" => &["subtract", "subtract_earliest"],
        "next_start" => &["next_opening"],
        "roll_back" => &["previous_open"],
        "prev_start" => &["previous_opening"],
        "periods" => &["windows"],
        "day_has_hours" => &["is_business_day"],
        "add_days" => &["business_day"],
        "count_days" => &["count_business_days"],
        _ => &[ask],
    };
    let mut lines = Vec::new();
    for options in options {
        let calendar = json!(calendar(&case["calendar"], options)?);
        for ask in asks {
            let mut line = json!({"id": case["id"], "ask": ask, "calendar": calendar});
            arguments(ask, &case["args"], &mut line)?;
            lines.push(line);
        }
    }
    Ok(lines)
}

fn arguments(ask: &str, args: &Value, line: &mut Value) -> Result<(), Failure> {
    let instant = |key: &str| -> Result<i64, Failure> {
        let text = args[key]
            .as_str()
            .ok_or_else(|| format!("no instant `{key}`"))?;
        Ok(text
            .parse::<DateTime<chrono::FixedOffset>>()?
            .timestamp_micros())
    };
    let day = |key: &str| -> Result<i32, Failure> {
        let text = args[key]
            .as_str()
            .ok_or_else(|| format!("no date `{key}`"))?;
        Ok(day_number(text.parse()?))
    };
    match ask {
        "elapsed" => {
            line["from"] = json!(instant("from")?);
            line["to"] = json!(instant("to")?);
        }
        "add" | "add_latest" | "subtract" | "subtract_earliest" => {
            let seconds = args["seconds"].as_f64().ok_or("no number `seconds`")?;
            line["from"] = json!(instant("from")?);
            line["time"] = json!((seconds * 1e6).round() as i64);
        }
        "windows" => {
            let (from, to, backward) = (
                instant("from")?,
                instant("to").ok(),
                args["direction"] == "backward",
            );
            let (from, to) = match (to, backward) {
                (Some(to), _) => (from.min(to), from.max(to)),
                (None, false) => (from, LATEST.timestamp_micros()),
                (None, true) => (EARLIEST.timestamp_micros(), from),
            };
            let count = args["count"].as_u64().unwrap_or(MOST_WINDOWS);
            line["from"] = json!(from);
            line["to"] = json!(to);
            line["backward"] = json!(backward);
            line["count"] = json!(count.min(MOST_WINDOWS));
        }
        "is_business_day" => line["day"] = json!(day("date")?),
        "business_day" => {
            line["day"] = json!(day("date")?);
            line["n"] = args["days"].clone();
        }
        "count_business_days" => {
            line["from"] = json!(day("from")?);
            line["to"] = json!(day("to")?);
        }
        _ => line["at"] = json!(instant("at")?),
    }
    Ok(())
}

fn day_number(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}

/// The answer that every client must give, by the Rust API itself: `id ask answer`.
pub(crate) fn answered(line: &Value) -> Result<String, Failure> {
    let answer = if line["ask"] == "periods" {
        clock(line)?
    } else {
        match serde_json::from_value(line["calendar"].clone()) {
            Ok(calendar) => {
                of_calendar(&calendar, line)?.unwrap_or_else(|error| format!("!{}", code(&error)))
            }
            Err(_) => "!bad_json".to_owned(),
        }
    };
    let word = |key: &str| line[key].as_str().unwrap_or("?").to_owned();
    Ok(format!("{} {} {answer}", word("id"), word("ask")))
}

fn of_calendar(
    calendar: &Calendar,
    line: &Value,
) -> Result<Result<String, CalendarError>, Failure> {
    let number = |key: &str| {
        line[key]
            .as_i64()
            .ok_or_else(|| Failure::from(format!("no number `{key}`")))
    };
    let at = |key: &str| -> Result<DateTime<Utc>, Failure> {
        Ok(DateTime::from_timestamp_micros(number(key)?).ok_or("no instant")?)
    };
    let date = |key: &str| -> Result<NaiveDate, Failure> {
        Ok(NaiveDate::default() + TimeDelta::days(number(key)?))
    };
    let time = || -> Result<TimeDelta, Failure> { Ok(TimeDelta::microseconds(number("time")?)) };
    let us = |found: Result<DateTime<Utc>, CalendarError>| {
        found.map(|at| at.timestamp_micros().to_string())
    };
    Ok(match line["ask"].as_str().unwrap_or_default() {
        "elapsed" => calendar
            .elapsed(at("from")?, at("to")?)
            .map(|elapsed| elapsed.num_microseconds().unwrap_or(i64::MAX).to_string()),
        "add" => us(calendar.add(at("from")?, time()?)),
        "add_latest" => us(calendar.add_latest(at("from")?, time()?)),
        "subtract" => us(calendar.subtract(at("from")?, time()?)),
        "subtract_earliest" => us(calendar.subtract_earliest(at("from")?, time()?)),
        "is_open" => calendar.is_open(at("at")?).map(|open| open.to_string()),
        "next_open" => us(calendar.next_open(at("at")?)),
        "next_opening" => us(calendar.next_opening(at("at")?)),
        "next_close" => us(calendar.next_close(at("at")?)),
        "previous_open" => us(calendar.previous_open(at("at")?)),
        "previous_opening" => us(calendar.previous_opening(at("at")?)),
        "previous_close" => us(calendar.previous_close(at("at")?)),
        "is_business_day" => calendar
            .is_business_day(date("day")?)
            .map(|open| open.to_string()),
        "business_day" => calendar
            .business_day(date("day")?, number("n")?)
            .map(|date| (date.num_days_from_ce() - 719_163).to_string()),
        "count_business_days" => calendar
            .count_business_days(date("from")?, date("to")?)
            .map(|n| n.to_string()),
        "windows" => {
            let (count, pair) = (
                number("count")? as usize,
                |open: helpdesk::calendar::OpenStretch| {
                    format!(
                        "{}-{}",
                        open.from.timestamp_micros(),
                        open.to.timestamp_micros()
                    )
                },
            );
            calendar.windows(at("from")?..at("to")?).map(|windows| {
                let all: Vec<String> = if line["backward"] == true {
                    windows.rev().take(count).map(pair).collect()
                } else {
                    windows.take(count).map(pair).collect()
                };
                all.join(",")
            })
        }
        other => return Err(format!("no question `{other}`").into()),
    })
}

fn code(error: &CalendarError) -> &'static str {
    match error {
        CalendarError::Never => "never",
        CalendarError::BeyondRange => "beyond_range",
        _ => "out_of_range",
    }
}

fn clock(line: &Value) -> Result<String, Failure> {
    let rulebook: helpdesk::Rulebook = serde_json::from_value(line["rulebook"].clone())?;
    let history: History = serde_json::from_value(line["history"].clone())?;
    let place = |key: &str| line[key].as_u64().unwrap_or(u64::MAX) as usize;
    let clock = ClockId {
        agreement: *Agreement::ALL
            .get(place("agreement"))
            .ok_or("no agreement")?,
        metric: *Metric::ALL.get(place("metric")).ok_or("no metric")?,
    };
    let now = DateTime::from_timestamp_micros(line["now"].as_i64().ok_or("no `now`")?)
        .ok_or("no instant")?;
    let imported = import(&history, &rulebook, TenantId::SINGLE);
    Ok(serde_json::to_string(&periods(
        imported.ticket(),
        rulebook.policies(),
        clock,
        now,
    ))?)
}
