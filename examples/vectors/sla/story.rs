//! A case as a rulebook and histories of one ticket.
//!
//! The format lets some events set one timestamp alone (`first_response`, `agent_contact`, `closed`). A clock of one kind
//! knows nothing of the timestamps of the others, so each kind is told its own history of the ticket.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::id::{AgentId, CustomerId, Name, TicketId, TicketNumber};
use helpdesk::replay::{self, History, Order, Row};
use helpdesk::sla::{Condition, Measure, Policy, StartOption, Target};
use helpdesk::ticket::{
    Agreement, Change, Command, Draft, Metric, Pending, PendingReasons, Priority, Status, Ticket,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Rulebook, TenantId};
use serde_json::Value;

use crate::calendar::{self, Failure, Options};

/// What a history is told for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    FirstResponse,
    /// Answers to the customer after that, and updates.
    Answers,
    Resolution,
}

/// A case, ready to be asked.
pub(crate) struct Story<'a> {
    pub(crate) case: &'a Value,
    pub(crate) calendar: Calendar,
    pub(crate) rulebook: Rulebook,
    pub(crate) created: DateTime<Utc>,
    /// The instant of the last event, or the one at which the case asks.
    pub(crate) now: DateTime<Utc>,
}

/// One reply after each customer contact stands beside the agreement on the first response, as an agreement of its own.
pub(crate) const REPLIES: Agreement = Agreement::Ola;

/// What a policy of the format may have.
const POLICY: &[&str] = &[
    "first_response_s",
    "next_response_s",
    "update_s",
    "response_s",
    "keep_in_loop_s",
    "resolution_s",
    "pause_states",
    "pause_clock",
    "pause_applies_to",
    "closing_states",
    "calendar_mode",
    "condition",
    "priority",
];

const CHANGED: &str = "changed";

impl<'a> Story<'a> {
    pub(crate) fn of(case: &'a Value) -> Result<Story<'a>, Failure> {
        let calendar = match &case["calendar"] {
            _ if is_switched_off(case) => Calendar::always(),
            Value::Null => Calendar::always(),
            written => calendar::calendar(written, Options::default())?,
        };
        let events = case["events"].as_array().ok_or("no list `events`")?;
        let created = events
            .iter()
            .find(|event| event["kind"] == "created")
            .ok_or("no event `created`")?;
        let created = instant(&created["at"])?;
        let mut story = Story {
            case,
            rulebook: Rulebook::starter(),
            calendar,
            created,
            now: created,
        };
        story.rulebook = story.rules()?;
        let rows = story.history(Kind::Resolution, None)?.rows;
        story.now = rows
            .iter()
            .map(|row| row.at)
            .max()
            .unwrap_or(created)
            .max(created);
        if let Some(text) = case.get("as_of").filter(|at| !at.is_null()) {
            story.now = instant(text)?;
        }
        Ok(story)
    }

    fn rules(&self) -> Result<Rulebook, Failure> {
        let written = &self.case["policy"];
        let mut fields = written
            .as_object()
            .into_iter()
            .flatten()
            .map(|(field, _)| field);
        if let Some(strange) = fields.find(|field| !POLICY.contains(&field.as_str())) {
            return Err(format!("no policy with `{strange}`").into());
        }
        let measure = if is_switched_off(self.case) {
            Measure::Calendar
        } else {
            Measure::Business
        };
        let changes = self.is_changed();
        let mut policies = [
            Policy::new(name("service")?),
            Policy::new(name("replies")?)
                .agreement(REPLIES)
                .first_response_starts(StartOption::FirstMessage),
        ];
        let targets: [(&str, &[(usize, Metric)]); 6] = [
            ("first_response_s", &[(0, Metric::FirstResponse)]),
            ("next_response_s", &[(0, Metric::NextResponse)]),
            ("resolution_s", &[(0, Metric::TotalResolution)]),
            (
                "update_s",
                &[(1, Metric::FirstResponse), (1, Metric::NextResponse)],
            ),
            (
                "response_s",
                &[(1, Metric::FirstResponse), (1, Metric::NextResponse)],
            ),
            ("keep_in_loop_s", &[(1, Metric::PeriodicUpdate)]),
        ];
        for (field, places) in targets {
            let seconds = match &written[field] {
                Value::Null => continue,
                amount => {
                    whole(amount).ok_or_else(|| format!("`{field}` is no number of seconds"))?
                }
            };
            let target = Target::new(Span::seconds(u32::try_from(seconds)?), measure)?;
            for (policy, metric) in places {
                policies[*policy].targets.insert(*metric, target);
            }
        }
        let groups: [(usize, Metric, &[&str]); 6] = [
            (0, Metric::FirstResponse, &["first_response"]),
            (0, Metric::NextResponse, &["next_response"]),
            (0, Metric::TotalResolution, &["resolution"]),
            (1, Metric::FirstResponse, &["update", "response"]),
            (1, Metric::NextResponse, &["update", "response"]),
            (1, Metric::PeriodicUpdate, &["update", "keep_in_loop"]),
        ];
        let listed = written["pause_applies_to"].as_array();
        let mut named = listed.into_iter().flatten().map(group);
        if let Some(strange) =
            named.find(|named| groups.iter().all(|(.., known)| !known.contains(named)))
        {
            return Err(format!("no pause of `{strange}`").into());
        }
        for (policy, metric, names) in groups {
            let applies = match listed {
                Some(list) => list.iter().any(|one| names.contains(&group(one))),
                None => written["pause_states"].is_array(),
            };
            let reasons = if applies {
                PendingReasons::ALL
            } else {
                PendingReasons::NONE
            };
            policies[policy].pauses.insert(metric, reasons);
        }
        let mut draft = Rulebook::draft().calendar(name("hours")?, self.calendar.clone());
        for mut policy in policies {
            if changes {
                policy.when = Condition::Tag(name(CHANGED)?); // what applied before is not told
            }
            draft = draft.policy(policy);
        }
        Ok(draft.build()?)
    }

    /// The ticket as far as `kind` knows, with what happened up to `until`.
    pub(crate) fn ticket(
        &self,
        kind: Kind,
        until: Option<DateTime<Utc>>,
    ) -> Result<Ticket, Failure> {
        let history = self.history(kind, until)?;
        Ok(replay::import(&history, &self.rulebook, TenantId::SINGLE)
            .ticket()
            .clone())
    }

    pub(crate) fn history(
        &self,
        kind: Kind,
        until: Option<DateTime<Utc>>,
    ) -> Result<History, Failure> {
        let (ann, kim) = (
            CustomerId::named("ann"),
            Actor::Agent(AgentId::named("kim")),
        );
        let (id, number) = (TicketId::named("case"), TicketNumber(1));
        let mut history = History::new(id, number, ann, self.created).order(Order::ByTime);
        history.opened.by = Actor::Customer(ann);
        let mut rows = Vec::new();
        for event in self.case["events"].as_array().into_iter().flatten() {
            let row = Row::new(instant(&event["at"])?).by(kim);
            let text = event["kind"].as_str().unwrap_or_default();
            let (word, particular) = text.split_once(':').unwrap_or((text, ""));
            match word {
                "created" => {
                    let state = event["state"].as_str().unwrap_or_default();
                    if self.status(state) != Status::Open {
                        rows.push(row.status(self.status(state)));
                    }
                }
                "customer_reply" => {
                    rows.push(row.by(Actor::Customer(ann)).message(Draft::new("said")))
                }
                "agent_reply" => rows.push(row.message(Draft::new("said"))),
                "internal_note" => {
                    rows.push(row.message(Command::note("").message.unwrap_or_default()));
                }
                "first_response" if kind == Kind::FirstResponse => {
                    rows.push(row.message(Draft::new("said")));
                }
                "agent_contact" if kind == Kind::Answers => {
                    rows.push(row.message(Draft::new("said")))
                }
                "closed" if kind == Kind::Resolution => rows.push(row.status(Status::Resolved)),
                "first_response" | "agent_contact" | "closed" => {}
                "status" => rows.push(row.status(self.status(particular))),
                "priority" => rows.push(row.priority(priority(particular))),
                "sla_change" | "calendar_change" => {
                    rows.push(row.says(replay::Said::Change(Change::AddTag(name(CHANGED)?))));
                }
                "hold_total" if self.holds_more_than(event) => {}
                "hold_total" => {
                    let held = TimeDelta::seconds(particular.parse()?);
                    let end = match self.waits_by_the_wall() {
                        true => row.at + held,
                        false => self.calendar.add(row.at, held)?,
                    };
                    rows.push(row.status(Status::Pending(Pending::Customer)));
                    rows.push(Row::new(end).by(kim).status(Status::Open));
                }
                other => return Err(format!("no event `{other}`").into()),
            }
        }
        rows.retain(|row| until.is_none_or(|until| row.at <= until));
        history.rows = rows;
        Ok(history)
    }

    /// What a state of the peer stands for: the states that close come first, then those that pause; others are work.
    fn status(&self, state: &str) -> Status {
        let policy = &self.case["policy"];
        let has = |field: &str| {
            policy[field]
                .as_array()
                .into_iter()
                .flatten()
                .any(|one| one == state)
        };
        let closes = ["closed", "resolved", "solved", "rejected", "completed"];
        let by_its_name = closes.contains(&state.to_lowercase().as_str());
        if has("closing_states") || (policy["closing_states"].is_null() && by_its_name) {
            Status::Resolved // not closed for good: peers reopen it
        } else if has("pause_states") {
            Status::Pending(Pending::Customer)
        } else {
            Status::Open
        }
    }

    /// Whether a later event tells another total of the hold.
    fn holds_more_than(&self, event: &Value) -> bool {
        let is_hold = |event: &&Value| {
            let kind = event["kind"].as_str();
            kind.is_some_and(|kind| kind.starts_with("hold_total"))
        };
        let mut events = self.case["events"].as_array().into_iter().flatten();
        events.rfind(is_hold).is_some_and(|last| last != event)
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'a str> {
        let events = self.case["events"].as_array().into_iter().flatten();
        events.filter_map(|event| event["kind"].as_str())
    }

    /// Whether its policy or its calendar changed on the way.
    pub(crate) fn is_changed(&self) -> bool {
        self.kinds()
            .any(|kind| kind == "sla_change" || kind == "calendar_change")
    }

    pub(crate) fn waits_by_the_wall(&self) -> bool {
        self.case["policy"]["pause_clock"] == "wall"
    }

    /// How long the ticket was paused, by the clock on the wall: pauses that have ended.
    pub(crate) fn held_by_the_wall(&self) -> Result<TimeDelta, Failure> {
        let mut rows = self.history(Kind::Resolution, None)?.rows;
        rows.sort_by_key(|row| row.at);
        let (mut held, mut paused) = (TimeDelta::zero(), None);
        for row in &rows {
            for said in &row.says {
                let replay::Said::Status { to, .. } = said else {
                    continue;
                };
                match (to, paused) {
                    (Status::Pending(_), None) => paused = Some(row.at),
                    (Status::Pending(_), Some(_)) | (_, None) => {}
                    (_, Some(since)) => {
                        held += row.at - since;
                        paused = None;
                    }
                }
            }
        }
        Ok(held)
    }

    /// Whether the case has this tag.
    pub(crate) fn is(&self, tag: &str) -> bool {
        self.case["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|one| one == tag)
    }
}

fn is_switched_off(case: &Value) -> bool {
    case["policy"]["calendar_mode"] == "disabled"
}

/// The name of a target that a pause applies to.
fn group(written: &Value) -> &str {
    let name = written.as_str().unwrap_or_default();
    name.strip_suffix("_s").unwrap_or(name)
}

/// A whole number, however it is written.
fn whole(number: &Value) -> Option<u64> {
    let float = number
        .as_f64()
        .filter(|float| float.fract() == 0.0 && *float >= 0.0);
    number.as_u64().or(float.map(|float| float as u64))
}

fn priority(text: &str) -> Priority {
    match text.to_lowercase().as_str() {
        "low" | "1" | "1 low" => Priority::Low,
        "high" | "3" | "3 high" => Priority::High,
        "urgent" => Priority::Urgent,
        "critical" => Priority::Critical,
        _ => Priority::Normal,
    }
}

fn name(text: &str) -> Result<Name, Failure> {
    Ok(Name::new(text)?)
}

pub(crate) fn instant(value: &Value) -> Result<DateTime<Utc>, Failure> {
    let text = value.as_str().ok_or("an instant that is no text")?;
    Ok(text.parse::<DateTime<chrono::FixedOffset>>()?.to_utc())
}
