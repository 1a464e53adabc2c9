//! One row in columns, and back.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::Actor;
use crate::kpi::facts::{Fact, FirstResponse, Holder, Lengths, Own, Spent};
use crate::ticket::{Channel, CloseReason};
use crate::time::micros;

use super::cell::{Cells, FlatError};

/// The columns of a row.
pub(super) fn cells(row: &Fact) -> Map<String, Value> {
    let mut cells = Map::new();
    let mut put = |name: &str, value: Value| {
        cells.insert(name.to_owned(), value);
    };
    let at = |at: Option<DateTime<Utc>>| at.map_or(Value::Null, |at| micros(at).into());
    put("formula", row.formula.into());
    put("ticket", json(row.ticket));
    put("number", row.number.0.into());
    put("cycle", row.cycle.into());
    put("created_at_us", micros(row.created_at).into());
    put("started_at_us", micros(row.started_at).into());
    put("first_resolved_at_us", at(row.first_resolved_at));
    put("resolved_at_us", at(row.resolved_at));
    put("left_at_us", at(row.left_at));
    put("reopened_at_us", at(row.reopened_at));
    put("closed_at_us", at(row.closed.map(|closed| closed.0)));
    put("close_reason", json(row.closed.map(|closed| closed.1)));
    let (role, id) = match row.resolver {
        None => (Value::Null, Value::Null),
        Some(Actor::Customer(id)) => ("customer".into(), json(id)),
        Some(Actor::Agent(id)) => ("agent".into(), json(id)),
        Some(Actor::Supervisor(id)) => ("supervisor".into(), json(id)),
        Some(Actor::Bot(id)) => ("bot".into(), json(id)),
        Some(Actor::System) => ("system".into(), Value::Null),
    };
    put("resolver_role", role);
    put("resolver", id);
    let spans = [
        ("first_spent", row.first_spent),
        ("spent", row.spent),
        ("cycle_spent", row.cycle_spent),
    ];
    for (span, spent) in spans {
        for (part, lengths) in spent.into_iter().flat_map(parts) {
            put(
                &format!("{span}_{part}_calendar_us"),
                lengths.calendar_us.into(),
            );
            put(
                &format!("{span}_{part}_business_us"),
                lengths.business_us.into(),
            );
        }
    }
    put("assignee_agent", json(row.assignee.agent));
    put("assignee_team", json(row.assignee.team));
    put("agent", json(row.agent));
    put("team", json(row.team));
    put("requester", json(row.requester));
    put("team_transfers", row.team_transfers.into());
    put("agent_transfers", row.agent_transfers.into());
    put("replies", row.replies.into());
    put("touches", row.touches.into());
    put("follow_ups", row.follow_ups.into());
    put("one_contact", u8::from(row.one_contact).into());
    put(
        "channel",
        match &row.channel {
            Channel::Other(name) => format!("{OWN_CHANNEL}{name}").into(),
            known => known.as_str().into(),
        },
    );
    put("priority", json(row.priority));
    put("type", json(&row.kind));
    put("tags", list(&row.tags));
    put("holdings", list(&row.holdings));
    put("responses", list(&row.responses));
    put("effort", list(&row.effort));
    put("ratings", list(&row.ratings));
    let Some(own) = &row.own else {
        return cells;
    };
    put("stage", json(own.stage));
    let word = match own.first_response {
        FirstResponse::NotApplicable => "not_applicable",
        FirstResponse::Waiting => "waiting",
        FirstResponse::Unanswered => "unanswered",
        FirstResponse::Answered { after, at, by } => {
            put("first_response_at_us", micros(at).into());
            put("first_response_calendar_us", after.calendar_us.into());
            put("first_response_business_us", after.business_us.into());
            put("first_response_by", json(by));
            "answered"
        }
    };
    put("first_response", word.into());
    put("first_response_team", json(own.first_responding_team));
    put("ticket_replies", own.replies.into());
    put("ticket_customer_messages", own.customer_messages.into());
    put("ticket_notes", own.notes.into());
    put("ticket_agents", own.agents.into());
    put("ticket_effort_us", own.effort_us.into());
    put("clocks", list(&own.clocks));
    put("estimates", list(&own.estimates));
    put(
        "fields",
        if own.fields.is_empty() {
            Value::Null
        } else {
            json(&own.fields)
        },
    );
    cells
}

/// Before the name of a channel of the host's own.
const OWN_CHANNEL: &str = "other:";

fn parts(spent: Spent) -> [(&'static str, Lengths); 4] {
    [
        ("work", spent.work),
        ("waiting", spent.waiting),
        ("done", spent.done),
        ("for_customer", spent.for_customer),
    ]
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A list; an empty one is absent.
fn list<T: Serialize>(list: &[T]) -> Value {
    if list.is_empty() {
        Value::Null
    } else {
        json(list)
    }
}

/// The row of these columns.
pub(super) fn fact(cells: &Cells) -> Result<Fact, FlatError> {
    let at = |name| cells.instant(name);
    let closed = match (
        at("closed_at_us")?,
        cells.word::<CloseReason>("close_reason")?,
    ) {
        (None, None) => None,
        (Some(at), Some(reason)) => Some((at, reason)),
        (None, Some(_)) => return Err(cells.absent("closed_at_us")),
        (Some(_), None) => return Err(cells.absent("close_reason")),
    };
    let channel = match cells.text("channel")? {
        None => return Err(cells.absent("channel")),
        Some(text) => match text.strip_prefix(OWN_CHANNEL) {
            Some(name) => Channel::Other(name.parse().map_err(|e| cells.bad("channel", text, &e))?),
            None => cells.needed(cells.word("channel")?, "channel")?,
        },
    };
    let is_first = cells.needed(cells.number::<u32>("cycle")?, "cycle")? == 0;
    Ok(Fact {
        formula: cells.needed(cells.number("formula")?, "formula")?,
        ticket: cells.needed(cells.word("ticket")?, "ticket")?,
        number: crate::id::TicketNumber(cells.needed(cells.number("number")?, "number")?),
        cycle: cells.needed(cells.number("cycle")?, "cycle")?,
        created_at: cells.needed(at("created_at_us")?, "created_at_us")?,
        started_at: cells.needed(at("started_at_us")?, "started_at_us")?,
        first_resolved_at: at("first_resolved_at_us")?,
        resolved_at: at("resolved_at_us")?,
        resolver: resolver(cells)?,
        closed,
        left_at: at("left_at_us")?,
        reopened_at: at("reopened_at_us")?,
        first_spent: spent(cells, "first_spent")?,
        spent: spent(cells, "spent")?,
        cycle_spent: spent(cells, "cycle_spent")?,
        assignee: Holder {
            agent: cells.word("assignee_agent")?,
            team: cells.word("assignee_team")?,
        },
        holdings: cells.list("holdings")?,
        team_transfers: cells.needed(cells.number("team_transfers")?, "team_transfers")?,
        agent_transfers: cells.needed(cells.number("agent_transfers")?, "agent_transfers")?,
        replies: cells.needed(cells.number("replies")?, "replies")?,
        touches: cells.needed(cells.number("touches")?, "touches")?,
        follow_ups: cells.needed(cells.number("follow_ups")?, "follow_ups")?,
        one_contact: cells.needed(cells.number::<u8>("one_contact")?, "one_contact")? != 0,
        responses: cells.list("responses")?,
        effort: cells.list("effort")?,
        ratings: cells.list("ratings")?,
        channel,
        priority: cells.needed(cells.word("priority")?, "priority")?,
        kind: cells.word("type")?,
        tags: cells.list("tags")?,
        team: cells.word("team")?,
        agent: cells.word("agent")?,
        requester: cells.needed(cells.word("requester")?, "requester")?,
        own: is_first.then(|| own(cells)).transpose()?,
    })
}

fn own(cells: &Cells) -> Result<Own, FlatError> {
    let first_response = match cells.text("first_response")? {
        Some("not_applicable") => FirstResponse::NotApplicable,
        Some("waiting") => FirstResponse::Waiting,
        Some("unanswered") => FirstResponse::Unanswered,
        Some("answered") => {
            let length = |name| cells.needed(cells.number(name)?, name);
            FirstResponse::Answered {
                after: Lengths {
                    calendar_us: length("first_response_calendar_us")?,
                    business_us: length("first_response_business_us")?,
                },
                at: cells.needed(
                    cells.instant("first_response_at_us")?,
                    "first_response_at_us",
                )?,
                by: cells.needed(cells.word("first_response_by")?, "first_response_by")?,
            }
        }
        Some(other) => {
            let allowed = "`not_applicable`, `waiting`, `unanswered` or `answered` is allowed";
            return Err(cells.bad("first_response", other, &allowed));
        }
        None => return Err(cells.absent("first_response")),
    };
    let number = |name| cells.needed(cells.number(name)?, name);
    Ok(Own {
        stage: cells.needed(cells.word("stage")?, "stage")?,
        first_response,
        clocks: cells.list("clocks")?,
        replies: number("ticket_replies")?,
        customer_messages: number("ticket_customer_messages")?,
        notes: number("ticket_notes")?,
        effort_us: cells.needed(cells.number("ticket_effort_us")?, "ticket_effort_us")?,
        first_responding_team: cells.word("first_response_team")?,
        agents: number("ticket_agents")?,
        estimates: cells.list("estimates")?,
        fields: cells.list("fields")?,
    })
}

fn resolver(cells: &Cells) -> Result<Option<Actor>, FlatError> {
    let role = cells.text("resolver_role")?;
    Ok(Some(match role {
        None => return Ok(None),
        Some("system") => Actor::System,
        Some("customer") => Actor::Customer(cells.needed(cells.word("resolver")?, "resolver")?),
        Some("agent") => Actor::Agent(cells.needed(cells.word("resolver")?, "resolver")?),
        Some("supervisor") => Actor::Supervisor(cells.needed(cells.word("resolver")?, "resolver")?),
        Some("bot") => Actor::Bot(cells.needed(cells.word("resolver")?, "resolver")?),
        Some(other) => {
            let allowed = "`customer`, `agent`, `supervisor`, `bot` or `system` is allowed";
            return Err(cells.bad("resolver_role", other, &allowed));
        }
    }))
}

/// A span: all its columns, or none of them.
fn spent(cells: &Cells, span: &str) -> Result<Option<Spent>, FlatError> {
    let mut lengths = [Lengths::default(); 4];
    let mut given = 0;
    let mut absent = None;
    for (lengths, (part, _)) in lengths.iter_mut().zip(parts(Spent::default())) {
        let places = [
            ("calendar", &mut lengths.calendar_us),
            ("business", &mut lengths.business_us),
        ];
        for (measure, place) in places {
            let name = format!("{span}_{part}_{measure}_us");
            match cells.number(&name)? {
                Some(us) => (*place, given) = (us, given + 1),
                None => absent = Some(name),
            }
        }
    }
    let [work, waiting, done, for_customer] = lengths;
    match absent {
        Some(name) if given > 0 => Err(cells.absent(&name)),
        Some(_) => Ok(None),
        None => Ok(Some(Spent {
            work,
            waiting,
            done,
            for_customer,
        })),
    }
}
