//! Calendar cases: one question to one calendar each.
//!
//! A case that agrees with another convention that the library offers as an option (the next opening instead of the
//! close, a holiday that cuts an overnight tail, no time for reversed instants) passes, and is named with the option.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use helpdesk::calendar::{Builder, Calendar, CalendarError, EARLIEST, LATEST, Overnight, When};
use serde_json::{Map, Value, json};

pub(crate) type Failure = Box<dyn std::error::Error>;

pub(crate) fn cases_of(path: &str) -> Result<Vec<Value>, Failure> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    Ok(file["cases"]
        .as_array()
        .ok_or("there is no list `cases`")?
        .clone())
}

pub(crate) enum Verdict {
    Passed(Option<&'static str>),
    Differs(Value),
    Unsupported(String),
}

/// The options of the library that change an answer, beside the defaults.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) other_tie: bool,
    pub(crate) cut_tails: bool,
    pub(crate) never_negative: bool,
}

pub(crate) fn judge(case: &Value) -> Verdict {
    let by_default = Options {
        other_tie: case["convention"]["tie"] == "latest",
        never_negative: case["convention"]["reversed"] == "zero",
        cut_tails: false,
    };
    let got = match answer(case, by_default) {
        Ok(got) => got,
        Err(why) => return Verdict::Unsupported(why.to_string()),
    };
    if same(&got, &case["expect"]) {
        let option = match (by_default.other_tie, by_default.never_negative) {
            (true, _) => {
                Some("add_latest and subtract_earliest: the other end of a closed stretch")
            }
            (_, true) => Some("the caller's own max(0): elapsed is signed"),
            _ => None,
        };
        return Verdict::Passed(option);
    }
    let options = [
        (
            "other_tie_expect",
            Options {
                other_tie: true,
                ..by_default
            },
            "add_latest and subtract_earliest: the other end of a closed stretch",
        ),
        (
            "alt_expect",
            Options {
                cut_tails: true,
                ..by_default
            },
            "Overnight::CutAtMidnight",
        ),
    ];
    for (field, options, name) in options {
        let expected = case.get(field).unwrap_or(&case["expect"]);
        if case.get(field).is_some() && answer(case, options).is_ok_and(|got| same(&got, expected))
        {
            return Verdict::Passed(Some(name));
        }
    }
    Verdict::Differs(got)
}

pub(crate) fn answer(case: &Value, options: Options) -> Result<Value, Failure> {
    let calendar = calendar(&case["calendar"], options)?;
    let args = &case["args"];
    let instant = |key: &str| -> Result<DateTime<Utc>, Failure> {
        let text = args[key]
            .as_str()
            .ok_or_else(|| format!("no instant `{key}`"))?;
        Ok(text.parse::<DateTime<chrono::FixedOffset>>()?.to_utc())
    };
    let date = |key: &str| -> Result<NaiveDate, Failure> {
        Ok(args[key]
            .as_str()
            .ok_or_else(|| format!("no date `{key}`"))?
            .parse()?)
    };
    let number = |key: &str| {
        args[key]
            .as_i64()
            .ok_or_else(|| format!("no number `{key}`"))
    };
    let time = || -> Result<TimeDelta, Failure> {
        let seconds = args["seconds"].as_f64().ok_or("no number `seconds`")?;
        Ok(TimeDelta::microseconds((seconds * 1e6).round() as i64))
    };
    Ok(match case["op"].as_str().unwrap_or_default() {
        "elapsed" => {
            let elapsed = calendar.elapsed(instant("from")?, instant("to")?)?;
            let elapsed = if options.never_negative {
                elapsed.max(TimeDelta::zero())
            } else {
                elapsed
            };
            json!({"seconds": elapsed.num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6})
        }
        "add" if options.other_tie => at(calendar.add_latest(instant("from")?, time()?)),
        "add" => at(calendar.add(instant("from")?, time()?)),
        "subtract" if options.other_tie => {
            at(calendar.subtract_earliest(instant("from")?, time()?))
        }
        "subtract" => at(calendar.subtract(instant("from")?, time()?)),
        "is_open" => json!({"open": calendar.is_open(instant("at")?)?}),
        "next_open" => at(calendar.next_open(instant("at")?)),
        "next_start" => at(calendar.next_opening(instant("at")?)),
        "next_close" => at(calendar.next_close(instant("at")?)),
        "roll_back" => at(calendar.previous_open(instant("at")?)),
        "prev_start" => at(calendar.previous_opening(instant("at")?)),
        "periods" => periods(&calendar, args, instant("from")?, instant("to").ok())?,
        "day_has_hours" => json!({"open": calendar.is_business_day(date("date")?)?}),
        "add_days" => match calendar.business_day(date("date")?, number("days")?) {
            Err(CalendarError::Never | CalendarError::BeyondRange) => json!({"date": null}),
            day => json!({"date": day?}),
        },
        "count_days" => json!({"days": calendar.count_business_days(date("from")?, date("to")?)?}),
        other => return Err(format!("no operation `{other}`").into()),
    })
}

fn at(answer: Result<DateTime<Utc>, CalendarError>) -> Value {
    match answer {
        Ok(at) => json!({"instant": at}),
        Err(CalendarError::Never | CalendarError::BeyondRange) => json!({"instant": null}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn periods(
    calendar: &Calendar,
    args: &Value,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
) -> Result<Value, Failure> {
    let count = args["count"]
        .as_u64()
        .map_or(usize::MAX, |count| count as usize);
    let backward = args["direction"] == "backward";
    let windows = match (to, backward) {
        (Some(to), _) => calendar.windows(from.min(to)..from.max(to))?,
        (None, false) => calendar.windows(from..LATEST)?,
        (None, true) => calendar.windows(EARLIEST..from)?,
    };
    let pair = |open: helpdesk::calendar::OpenStretch| json!([open.from, open.to]);
    let periods: Vec<Value> = if backward {
        windows.rev().take(count).map(pair).collect()
    } else {
        windows.take(count).map(pair).collect()
    };
    Ok(json!({"periods": periods}))
}

pub(crate) fn calendar(written: &Value, options: Options) -> Result<Calendar, Failure> {
    let weekly = written["weekly"].as_object().ok_or("no `weekly`")?;
    let days = weekly
        .iter()
        .filter(|(_, hours)| hours.as_array().is_some_and(|hours| !hours.is_empty()));
    let week: Vec<String> = days
        .map(|(day, hours)| format!("{day} {}", windows(hours)))
        .collect();
    let none = Map::new();
    let overrides = written["date_overrides"].as_object().unwrap_or(&none);
    let mut builder = Calendar::builder(written["zone"].as_str().unwrap_or("UTC"))?;
    if !week.is_empty() {
        builder = builder.hours(&week.join("; "))?;
    } else if overrides.values().all(|hours| windows(hours).is_empty()) {
        return never();
    } else {
        builder = without_hours(builder)?;
    }
    if options.cut_tails {
        builder = builder.overnight(Overnight::CutAtMidnight);
    }
    for date in written["holidays"].as_array().into_iter().flatten() {
        let date: NaiveDate = date.as_str().ok_or("a holiday that is no date")?.parse()?;
        builder = builder.closed(date, "holiday");
    }
    for (date, hours) in overrides {
        let when = When::on(date.parse()?);
        builder = match windows(hours) {
            hours if hours.is_empty() => builder.closed(when, "override"),
            hours => builder.special(when, &hours, "override")?,
        };
    }
    match builder.build() {
        Err(error) if error.to_string().starts_with("the calendar never opens") => never(),
        built => Ok(built?),
    }
}

/// Only hours that are taken away again: the library refuses to build that, as a slip.
fn never() -> Result<Calendar, Failure> {
    Ok(Calendar::always().difference(&Calendar::always())?)
}

/// A week without hours, which the library refuses as a slip: hours that are closed for ever, except where a date has its
/// own.
fn without_hours(builder: Builder) -> Result<Builder, Failure> {
    let (first, last) = ("1969-12-01".parse()?, "2101-01-31".parse()?);
    let closed = builder
        .hours("daily 00:00-24:00")?
        .closed(When::between(first, last)?, "no hours");
    Ok(closed.layer("dates"))
}

/// `[["09:00", "17:00"], ..]` as the library writes it.
fn windows(hours: &Value) -> String {
    let pairs = hours.as_array().into_iter().flatten();
    let texts: Vec<String> = pairs
        .map(|pair| {
            format!(
                "{}-{}",
                pair[0].as_str().unwrap_or("?"),
                pair[1].as_str().unwrap_or("?")
            )
        })
        .collect();
    texts.join(",")
}

/// Compares instants as instants and numbers as numbers.
pub(crate) fn same(got: &Value, expected: &Value) -> bool {
    match (got, expected) {
        (Value::String(a), Value::String(b)) => {
            let instant = |text: &str| text.parse::<DateTime<chrono::FixedOffset>>().ok();
            match (instant(a), instant(b)) {
                (Some(a), Some(b)) => a == b,
                _ => a == b,
            }
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => got == expected,
    }
}
