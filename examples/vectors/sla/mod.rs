//! Service level cases: a ticket's events, and what another project asserts about its clocks.

mod reason;
mod story;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::sla::{Reading, State, periods, read};
use helpdesk::ticket::{Agreement, ClockId, Message, Metric, Ticket};
use serde_json::{Map, Value, json};

use crate::calendar::{Failure, same};
use story::{Kind, REPLIES, Story, instant};

/// What became of one field of a case.
#[derive(Debug)]
pub(crate) struct Field {
    name: String,
    got: Value,
    expect: Value,
    /// The rule of ours, where we differ knowingly.
    pub(crate) reason: Option<String>,
    /// Why the field, or the case, cannot be asked.
    pub(crate) unsupported: Option<String>,
}

impl Field {
    pub(crate) fn differs(&self) -> bool {
        self.unsupported.is_none() && !same(&self.got, &self.expect)
    }

    pub(crate) fn line(&self, id: &str) -> Value {
        json!({"id": id, "field": self.name, "got": self.got, "expect": self.expect, "reason": self.reason})
    }

    fn unsupported(name: &str, why: String) -> Field {
        let (got, expect) = (Value::Null, Value::Null);
        Field {
            name: name.to_owned(),
            got,
            expect,
            reason: None,
            unsupported: Some(why),
        }
    }
}

/// Every field that the case asserts, with our answer.
pub(crate) fn judge(case: &Value) -> Vec<Field> {
    let none = Map::new();
    let expected = case["expect"].as_object().unwrap_or(&none);
    let asked = Story::of(case).and_then(Asked::of);
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => return vec![Field::unsupported("", error.to_string())],
    };
    let is_argument = |name: &str| {
        ["worked_from", "worked_to", "escalation_offset_s"].contains(&name)
            || name.starts_with("destination_")
    };
    let fields = expected.iter().filter(|(name, _)| !is_argument(name));
    let judged = fields.map(|(name, expect)| match asked.answer(name, expect) {
        Ok(Some(got)) => Field {
            name: name.clone(),
            got,
            expect: expect.clone(),
            reason: None,
            unsupported: None,
        },
        Ok(None) => Field::unsupported(name, format!("no field `{name}`")),
        Err(error) => Field::unsupported(name, format!("`{name}`: {error}")),
    });
    let mut judged: Vec<Field> = judged.collect();
    reason::find(&asked, &mut judged);
    judged
}

/// What the case asks of each of its clocks, as plain questions; none where its calendar never opens.
#[allow(dead_code)] // not every test that judges cases asks them too
pub(crate) fn asked(case: &Value) -> Result<Vec<Value>, Failure> {
    let story = Story::of(case)?;
    let clocks = [
        (Kind::FirstResponse, Agreement::Sla, Metric::FirstResponse),
        (Kind::Answers, Agreement::Sla, Metric::NextResponse),
        (Kind::Resolution, Agreement::Sla, Metric::TotalResolution),
        (Kind::Answers, REPLIES, Metric::FirstResponse),
        (Kind::Answers, REPLIES, Metric::NextResponse),
        (Kind::Answers, REPLIES, Metric::PeriodicUpdate),
    ];
    let ask = |(kind, agreement, metric)| {
        Ok(json!({
            "id": case["id"], "ask": "periods", "rulebook": story.rulebook, "history": story.history(kind, None)?,
            "agreement": Agreement::ALL.iter().position(|one| *one == agreement),
            "metric": Metric::ALL.iter().position(|one| *one == metric),
            "now": story.now.timestamp_micros(),
        }))
    };
    clocks.into_iter().map(ask).collect()
}

/// A case whose clocks were read.
pub(crate) struct Asked<'a> {
    story: Story<'a>,
    first_response: Reading,
    resolution: Reading,
    /// The answers that the customer waits for, and the updates: oldest first.
    next: Vec<Reading>,
    updates: Vec<Reading>,
    /// The ticket with what counts as the first answer, and with everything that an agent wrote.
    answered: Ticket,
    contacted: Ticket,
}

impl<'a> Asked<'a> {
    fn of(story: Story<'a>) -> Result<Asked<'a>, Failure> {
        let (first, answers) = (
            story.ticket(Kind::FirstResponse, None)?,
            story.ticket(Kind::Answers, None)?,
        );
        let ticket = story.ticket(Kind::Resolution, None)?;
        let policies = story.rulebook.policies();
        let service = |ticket, metric: Metric| read(ticket, policies, metric, story.now);
        let all = |agreement, metric| {
            let clock = ClockId { agreement, metric };
            periods(&answers, policies, clock, story.now)
                .into_iter()
                .filter(|one| one.started_at().is_some())
        };
        let begun = |agreement, metric| all(agreement, metric).collect::<Vec<_>>();
        let mut updates = begun(REPLIES, Metric::FirstResponse);
        updates.extend(begun(REPLIES, Metric::NextResponse));
        updates.extend(
            begun(REPLIES, Metric::PeriodicUpdate)
                .into_iter()
                .filter(|one| one.target().is_some()),
        );
        updates.sort_by_key(Reading::started_at);
        Ok(Asked {
            first_response: service(&first, Metric::FirstResponse),
            resolution: service(&ticket, Metric::TotalResolution),
            next: begun(Agreement::Sla, Metric::NextResponse),
            updates,
            answered: first,
            contacted: answers,
            story,
        })
    }

    /// Our answer for a field; `None` where the format has no such field.
    fn answer(&self, field: &str, expect: &Value) -> Result<Option<Value>, Failure> {
        let expected = &self.story.case["expect"];
        Ok(Some(match field {
            "next_due" => json!(self.next_due()),
            "status" => json!(self.status(expect)),
            "breached" => {
                // A list in no order: the order expected is taken over.
                let mut breached = self.breached();
                let listed: Vec<&Value> = expect.as_array().into_iter().flatten().collect();
                breached.sort_by_key(|name| listed.iter().position(|one| *one == name));
                json!(breached)
            }
            "breached_includes" => {
                let breached = self.breached();
                let listed = expect.as_array().into_iter().flatten();
                json!(
                    listed
                        .filter(|one| breached.iter().any(|name| *one == name))
                        .collect::<Vec<_>>()
                )
            }
            "miss_counts" => self.miss_counts(expect),
            "hold_s" => {
                let until = self.resolution.stopped_at().unwrap_or(self.story.now);
                let open = self.story.calendar.elapsed(self.story.created, until)?;
                json!((open - self.resolution.elapsed()).num_seconds())
            }
            "starts" => json!(self.story.calendar.next_open(self.story.created)?),
            "worked_s" => {
                let worked = |end: &str| self.worked(instant(&expected[end])?);
                json!((worked("worked_to")? - worked("worked_from")?).num_seconds())
            }
            "destination" => json!(self.destination(expected)?),
            "first_response_at" => {
                let mut messages = self.answered.messages().iter();
                at_of(messages.find(|message| message.answers()))
            }
            "last_customer_contact" => {
                let mut messages = self.answered.messages().iter();
                at_of(messages.rfind(|message| message.asks()))
            }
            "last_agent_contact" => {
                let mut messages = self.contacted.messages().iter();
                at_of(messages.rfind(|message| message.answers()))
            }
            _ => return self.of_a_clock(field),
        }))
    }

    /// How much open time was worked by then: neither in a pause nor closed.
    fn worked(&self, at: DateTime<Utc>) -> Result<TimeDelta, Failure> {
        let ticket = self.story.ticket(Kind::Resolution, Some(at))?;
        let policies = self.story.rulebook.policies();
        let at = at.max(self.story.created);
        Ok(read(&ticket, policies, Metric::TotalResolution, at).elapsed())
    }

    /// When so much is worked from an instant on. What comes after the last event is worked, whatever that was.
    fn destination(&self, expected: &Value) -> Result<DateTime<Utc>, Failure> {
        let arguments = expected.as_object().into_iter().flatten();
        let arguments = arguments.filter(|(name, _)| name.starts_with("destination_"));
        let (mut from, mut wanted) = (None, None);
        for (_, value) in arguments {
            match value.as_i64() {
                Some(seconds) => wanted = Some(TimeDelta::seconds(seconds)),
                None => from = Some(instant(value)?),
            }
        }
        let from = from.ok_or("`destination` from no instant")?;
        let wanted = wanted.ok_or("`destination` after no time")?;
        let (end, before) = (self.story.now, self.worked(from)?);
        let left = match from < end {
            true => wanted - (self.worked(end)? - before),
            false => wanted,
        };
        if left > TimeDelta::zero() {
            return Ok(self.story.calendar.add(from.max(end), left)?);
        }
        let (mut early, mut late) = (from, end); // worked enough at `late`, and too little at `early` but where that is enough
        while early < late {
            let middle = early + (late - early) / 2;
            if self.worked(middle)? - before >= wanted {
                late = middle;
            } else {
                early = middle + TimeDelta::microseconds(1);
            }
        }
        Ok(late)
    }

    /// `first_response_due`, `resolution_taken_s` and the like.
    fn of_a_clock(&self, field: &str) -> Result<Option<Value>, Failure> {
        let kinds = ["first_response", "next_response", "update", "resolution"];
        let found = kinds
            .iter()
            .find_map(|kind| Some((*kind, field.strip_prefix(kind)?.strip_prefix('_')?)));
        let Some((kind, what)) = found else {
            return Ok(None);
        };
        let seconds = |length: Option<TimeDelta>| json!(length.map(|length| length.num_seconds()));
        let worst = self.worst(kind);
        Ok(Some(match what {
            "due" => json!(self.due(kind)),
            "taken_s" => seconds(worst.map(Reading::elapsed)),
            "margin_s" => seconds(worst.and_then(Reading::remaining)),
            "overdue_s" => {
                let left = worst.and_then(Reading::remaining);
                seconds(left.map(|left| (-left).max(TimeDelta::zero())))
            }
            "escalation" => {
                let offset = self.story.case["expect"]["escalation_offset_s"]
                    .as_i64()
                    .unwrap_or_default();
                let Some(due) = self.due(kind) else {
                    return Ok(Some(Value::Null));
                };
                // As a level does: at the earliest instant with so much less, or more, of running time.
                let offset = TimeDelta::seconds(offset);
                json!(match offset < TimeDelta::zero() {
                    true => self.story.calendar.subtract_earliest(due, -offset)?,
                    false => self.story.calendar.add(due, offset)?,
                })
            }
            _ => return Ok(None),
        }))
    }

    fn readings(&self, kind: &str) -> Vec<&Reading> {
        match kind {
            "first_response" => vec![&self.first_response],
            "next_response" => self.next.iter().collect(),
            "update" => self.updates.iter().collect(),
            _ => vec![&self.resolution],
        }
    }

    /// The reading with the least time left, or the longest without a target.
    fn worst(&self, kind: &str) -> Option<&Reading> {
        let left = |one: &&Reading| (one.remaining(), std::cmp::Reverse(one.elapsed()));
        self.readings(kind).into_iter().min_by_key(left)
    }

    /// When it is due: a clock of one period for good, one that begins each time while it is live.
    fn due(&self, kind: &str) -> Option<DateTime<Utc>> {
        let once = matches!(kind, "first_response" | "resolution");
        let shown = self
            .readings(kind)
            .into_iter()
            .filter(|one| once || is_live(one));
        shown.filter_map(Reading::due).min()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        let kinds = ["first_response", "next_response", "update", "resolution"];
        let live = kinds
            .into_iter()
            .flat_map(|kind| self.readings(kind))
            .filter(|one| is_live(one));
        live.filter_map(Reading::due).min()
    }

    fn breached(&self) -> Vec<&'static str> {
        let kinds = ["first_response", "next_response", "update", "resolution"];
        let any = |kind: &&str| self.readings(kind).iter().any(|one| one.ever_breached());
        kinds.into_iter().filter(any).collect()
    }

    fn miss_counts(&self, expect: &Value) -> Value {
        let count = |kind: &str| {
            let readings = self.readings(kind);
            readings
                .iter()
                .filter(|one| one.remaining().is_some_and(|left| left < TimeDelta::zero()))
                .count()
        };
        let none = Map::new();
        let named = expect.as_object().unwrap_or(&none).keys();
        Value::Object(
            named
                .map(|kind| (kind.clone(), json!(count(kind))))
                .collect(),
        )
    }

    /// In the words of the peer that the expectation is written in.
    fn status(&self, expect: &Value) -> &'static str {
        let missed = !self.breached().is_empty();
        let done = self.resolution.state() == State::Stopped;
        let words = ["active", "active_with_misses", "hit", "missed"];
        if words.iter().any(|word| expect == word) {
            return match (done, missed) {
                (false, false) => "active",
                (false, true) => "active_with_misses",
                (true, false) => "hit",
                (true, true) => "missed",
            };
        }
        let answered = self.first_response.state() == State::Stopped;
        let only_answers = self.resolution.target().is_none();
        match self.resolution.state() {
            _ if missed => "failed",
            State::Stopped => "fulfilled",
            _ if only_answers && answered => "fulfilled",
            State::Paused => "paused",
            _ if is_live(&self.first_response) && self.first_response.target().is_some() => {
                "first_response_due"
            }
            _ => "resolution_due",
        }
    }
}

fn is_live(reading: &Reading) -> bool {
    matches!(reading.state(), State::Running | State::Paused)
}

fn at_of(message: Option<&Message>) -> Value {
    json!(message.map(|message| message.at))
}
