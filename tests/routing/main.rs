//! Routing: its laws over arbitrary rosters and tickets, and what it says in plain cases.

mod choice;
mod laws;
mod plans;
mod queues;
mod rules;

use chrono::{DateTime, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::id::{AgentId, Name};
use helpdesk::routing::{Member, Roster};
use helpdesk::ticket::Holder;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

const MORNING: &str = "2026-03-05T09:00:00Z";

fn agent(name: &str) -> AgentId {
    AgentId::named(name)
}

fn held(agent: AgentId) -> Holder {
    Holder {
        agent: Some(agent),
        team: None,
    }
}

fn roster(members: impl IntoIterator<Item = Member>) -> Roster {
    let early = Calendar::parse("Mon-Fri 06:00-14:00", "UTC").unwrap();
    let late = Calendar::parse("Mon-Fri 14:00-22:00", "UTC").unwrap();
    let draft = Roster::draft()
        .calendar(name("early"), early)
        .calendar(name("late"), late);
    let draft = members
        .into_iter()
        .fold(draft, |draft, member| draft.member(member));
    draft.build().unwrap()
}
