//! Why we differ, where we do so knowingly: which rule of ours the peer does not have.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use helpdesk::sla::{Reading, State};
use serde_json::{Value, json};

use super::story::{Story, instant};
use super::{Asked, Field, is_live};
use crate::calendar::same;

const STAYS: &str =
    "a clock that ended keeps its due, and a reading says that it ended; the peer clears it";
const SECONDS: &str = "instants keep their seconds; the peer drops them";
const EARLIEST: &str = "a due is the earliest instant at which the target is used up; the peer answers the next opening";
const WAITS: &str =
    "a pause with time left has no due: it moves with every second; the peer shows one";
const OPEN_HOURS: &str = "a pause in closed hours changes nothing; the peer counts it on the wall and adds that to the due";
const CONTACTS: &str = "an answer is due from the oldest customer message that has none; the peer's update runs from creation and from every contact";
const EXACT: &str = "a breach is exact, whoever looks and when; for the peer one first seen after the resolution is none";
const OLDEST: &str =
    "one clock runs from the oldest unanswered message; the peer counts every message";
const STOPPED: &str =
    "a clock that was stopped in a pause has no due; the peer keeps the one from before";
const SO_FAR: &str = "a pause counts as it passes; the peer counts it when it ends";
const NEVER: &str = "a calendar that never opens has no due; nothing falls back to all time";
const HIDES: &str = "a pause stops the clock; the peer only hides the due meanwhile";
const USED: &str = "a clock tells what is used so far; the peer tells it when the clock has ended";
const KEEPS: &str =
    "a clock keeps the target that it ended under: what came later does not measure it";
const WORDS: &str = "an answer is a message; for the peer a status is one";
const FOLLOWS: &str = "it follows from another field";

/// Gives each field that differs the rule behind it, where one explains it.
pub(super) fn find(asked: &Asked<'_>, fields: &mut [Field]) {
    for field in fields.iter_mut().filter(|field| field.differs()) {
        field.reason = reason(asked, field);
    }
    // The earliest due and the status are made of the others.
    let known = |field: &Field| field.differs() && field.reason.is_some();
    let follows = fields
        .iter()
        .any(|field| field.name != "next_due" && known(field));
    for field in fields
        .iter_mut()
        .filter(|field| field.differs() && field.reason.is_none())
    {
        if follows
            && matches!(
                field.name.as_str(),
                "next_due" | "status" | "breached" | "breached_includes"
            )
        {
            field.reason = Some(FOLLOWS.to_owned());
        }
    }
}

fn reason(asked: &Asked<'_>, field: &Field) -> Option<String> {
    let plain = &asked.story.case["oracle_differs"][field.name.as_str()];
    if plain.is_object() && same(&plain["plain"], &field.got) {
        let why = plain["why"].as_str().unwrap_or_default();
        return Some(format!(
            "targets run from creation in open time and dues are kept, as the plain rule says: {why}"
        ));
    }
    let kind = ["first_response", "next_response", "update", "resolution"]
        .into_iter()
        .find(|kind| field.name.starts_with(kind));
    let readings: Vec<&Reading> = kind.map(|kind| asked.readings(kind)).unwrap_or_default();
    let (got, expect) = (instant(&field.got).ok(), instant(&field.expect).ok());
    let is_done = asked.resolution.state() == State::Stopped;
    let is_due = field.name.ends_with("_due");
    let waits = asked.resolution.state() == State::Paused;
    let paused = readings.iter().any(|one| one.state() == State::Paused);
    let is_answer = matches!(field.name.as_str(), "next_due") || kind == Some("update");
    let reason = match (got, expect) {
        (Some(_), None) if is_due && !readings.iter().any(|one| is_live(one)) => STAYS,
        (None, Some(_)) if is_due && never_opens(asked.story.case) => NEVER,
        _ if is_answered_by_a_status(asked, kind, &field.name) => WORDS,
        _ if field.got.is_null()
            && asked.story.is_changed()
            && ended_before_its_target(&readings) =>
        {
            KEEPS
        }
        (None, Some(_)) if is_due && paused => WAITS,
        (None, Some(_))
            if is_due && !is_answer && readings.iter().any(|one| one.state() == State::Stopped) =>
        {
            STOPPED
        }
        (Some(got), Some(expect)) if without_seconds(got) == expect => SECONDS,
        (Some(got), Some(expect)) if asked.story.calendar.next_open(got) == Ok(expect) => EARLIEST,
        (Some(_), Some(_)) if is_due && is_without_pauses(asked, field) => HIDES,
        _ if is_use(&field.name) && field.expect.is_null() && goes_on(&readings) => USED,
        _ if is_answer && asked.story.is("peer-older-version") && by_contacts(asked, field) => {
            CONTACTS
        }
        _ if asked.story.waits_by_the_wall() && moved(asked) && by_the_wall(asked, field, kind) => {
            OPEN_HOURS
        }
        _ if field.name == "hold_s" && waits => SO_FAR,
        _ if in_whole_minutes(&field.got, &field.expect) => SECONDS,
        _ if field.name == "status" && field.expect == "hit" && field.got == "missed" => EXACT,
        _ if field.name == "breached" && is_done && holds(&field.got, &field.expect) => EXACT,
        _ if field.name == "miss_counts" && counts_less(&field.got, &field.expect) => OLDEST,
        _ => return None,
    };
    Some(reason.to_owned())
}

fn never_opens(case: &Value) -> bool {
    let week = case["calendar"]["weekly"].as_object();
    let closed = |hours: &Value| hours.as_array().is_none_or(Vec::is_empty);
    week.is_some_and(|week| week.values().all(closed))
}

fn ended_before_its_target(readings: &[&Reading]) -> bool {
    let ended = |one: &&Reading| one.state() == State::Stopped && one.target().is_none();
    readings.iter().any(ended)
}

/// Whether the first answer is missing only because a status stands for it.
fn is_answered_by_a_status(asked: &Asked<'_>, kind: Option<&str>, field: &str) -> bool {
    let about = kind == Some("first_response") || ["status", "breached"].contains(&field);
    let says = |kind: &str| kind.to_lowercase() == "status:replied";
    let answers = |kind: &str| ["agent_reply", "first_response"].contains(&kind);
    about
        && asked.story.kinds().any(says)
        && !asked.story.kinds().any(answers)
        && is_live(&asked.first_response)
}

/// Whether the peer's due is ours where nothing pauses.
fn is_without_pauses(asked: &Asked<'_>, field: &Field) -> bool {
    let mut case = asked.story.case.clone();
    let Some(policy) = case["policy"].as_object_mut() else {
        return false;
    };
    if policy.remove("pause_states").is_none() {
        return false;
    }
    policy.remove("pause_applies_to");
    let plain = Story::of(&case).and_then(Asked::of);
    let answer = plain.and_then(|plain| plain.answer(&field.name, &field.expect));
    answer.is_ok_and(|answer| answer.is_some_and(|answer| same(&answer, &field.expect)))
}

/// Whether the peer's answer is that of its older version: the update is due so much after the last contact, of whichever side, and
/// creation is the first; what it took is the time from creation to the agent's last contact; what was met is no longer due.
fn by_contacts(asked: &Asked<'_>, field: &Field) -> bool {
    let story = &asked.story;
    let target = |name: &str| {
        let seconds = story.case["policy"][name].as_i64();
        seconds.map(TimeDelta::seconds)
    };
    let last_of = |kinds: &[&str]| {
        let events = story.case["events"].as_array().into_iter().flatten();
        let of_kind = events.filter(|event| kinds.iter().any(|kind| event["kind"] == *kind));
        let at = of_kind.filter_map(|event| instant(&event["at"]).ok());
        at.max()
    };
    let due = |from: DateTime<Utc>, name: &str| story.calendar.add(from, target(name)?).ok();
    let contacts = ["created", "customer_reply", "agent_reply", "agent_contact"];
    let update_due = || due(last_of(&contacts)?, "update_s");
    let taken = || {
        let agent = last_of(&["agent_reply", "agent_contact"])?;
        story.calendar.elapsed(story.created, agent).ok()
    };
    let seconds = |length: Option<TimeDelta>| json!(length.map(|length| length.num_seconds()));
    let left = || Some(target("update_s")? - taken()?);
    let peers = match field.name.as_str() {
        "update_due" => json!(update_due()),
        "update_taken_s" => seconds(taken()),
        "update_margin_s" => seconds(left()),
        "update_overdue_s" => seconds(left().map(|left| (-left).max(TimeDelta::zero()))),
        "next_due" => {
            let open = |reading: &Reading, name| {
                let waits = is_live(reading);
                waits.then(|| due(story.created, name)).flatten()
            };
            let first = open(&asked.first_response, "first_response_s");
            let whole = open(&asked.resolution, "resolution_s");
            json!(first.into_iter().chain(update_due()).chain(whole).min())
        }
        _ => return false,
    };
    same(&peers, &field.expect)
}

/// Whether the peer's answer counts pauses on the wall: a hold is as long as it was there, and a due is that of a ticket without a
/// pause and so much later. What it makes of that elsewhere is its own.
fn by_the_wall(asked: &Asked<'_>, field: &Field, kind: Option<&str>) -> bool {
    let Ok(held) = asked.story.held_by_the_wall() else {
        return false;
    };
    if field.name == "hold_s" {
        return same(&json!(held.num_seconds()), &field.expect);
    }
    let amount = match (kind, field.name.ends_with("_due")) {
        (Some("first_response"), true) => asked.first_response.amount(),
        (Some("resolution"), true) => asked.resolution.amount(),
        _ => return true,
    };
    let due = amount.and_then(|amount| asked.story.calendar.add(asked.story.created, amount).ok());
    let due = due.map(|due| due + held);
    same(&json!(due), &field.expect) || same(&json!(due.map(without_seconds)), &field.expect)
}

fn is_use(field: &str) -> bool {
    ["_taken_s", "_margin_s", "_overdue_s"]
        .iter()
        .any(|end| field.ends_with(end))
}

fn goes_on(readings: &[&Reading]) -> bool {
    readings.iter().any(|one| is_live(one))
}

fn without_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_second(0)
        .and_then(|at| at.with_nanosecond(0))
        .unwrap_or(at)
}

/// Whether the ticket ever changed its state: paused, or closed and came back.
fn moved(asked: &Asked<'_>) -> bool {
    asked
        .story
        .kinds()
        .any(|kind| kind.starts_with("status:") || kind.starts_with("hold_total"))
}

/// Seconds against the same without what is less than a minute.
fn in_whole_minutes(got: &Value, expect: &Value) -> bool {
    let (Some(got), Some(expect)) = (got.as_i64(), expect.as_i64()) else {
        return false;
    };
    expect % 60 == 0 && (got - expect).abs() < 60
}

fn holds(got: &Value, expect: &Value) -> bool {
    let (Some(got), Some(expect)) = (got.as_array(), expect.as_array()) else {
        return false;
    };
    expect.iter().all(|one| got.contains(one))
}

fn counts_less(got: &Value, expect: &Value) -> bool {
    let expected = expect.as_object().into_iter().flatten();
    expected
        .into_iter()
        .all(|(kind, count)| got[kind].as_u64() <= count.as_u64())
}
