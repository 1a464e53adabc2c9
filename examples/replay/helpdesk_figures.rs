//! The figures of a help desk's log, from the tickets that the library made of it. Serialises as the JSON object.

use std::collections::{BTreeMap, HashMap};

use helpdesk::calendar::Calendar;
use helpdesk::id::AgentId;
use helpdesk::kpi::{Fact, Summary};
use helpdesk::replay::Anomalies;
use helpdesk::ticket::{Message, Visibility};
use helpdesk::{Actor, Ticket};
use serde::Serialize;

use crate::Failure;
use crate::figures::Lengthy;
use crate::helpdesk_log::{AuthorRole, Turn, Written};
use crate::helpdesk_reviews::Reviewed;

/// How many turns an agent needs to be shown.
const ENOUGH: u64 = 10;

#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) tickets: u64,
    pub(crate) messages: Messages,
    pub(crate) anomalies: Anomalies,
    /// The first public message after the request by anybody but the reporter.
    pub(crate) first_public_reply: Replies,
    /// The same, by somebody who works at the desk.
    pub(crate) first_public_reply_by_desk: Replies,
    /// Tickets without a public message, after the request, of anybody but the reporter and the automatic accounts.
    pub(crate) never_answered_by_a_person: u64,
    /// Tickets without one of somebody who works at the desk.
    pub(crate) never_answered_by_the_desk: u64,
    pub(crate) turns: u64,
    pub(crate) turns_without_agent: u64,
    /// How often a ticket went from one agent to another.
    pub(crate) transfers: u64,
    /// Tickets that went from one agent to another at least once.
    pub(crate) tickets_transferred: u64,
    pub(crate) scores: Scores,
    pub(crate) by_agent: BTreeMap<String, Scores>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Messages {
    pub(crate) total: u64,
    #[serde(flatten)]
    pub(crate) by_role: BTreeMap<AuthorRole, Written>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Replies {
    pub(crate) with_automatic: TwoWays,
    pub(crate) without_automatic: TwoWays,
}

/// The same spans, in all time and in business time.
#[derive(Debug, Serialize)]
pub(crate) struct TwoWays {
    pub(crate) calendar: Lengthy,
    pub(crate) business: Lengthy,
}

/// The marks of a manager: each turn is one quality review with three questions.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Scores {
    /// How many turns.
    pub(crate) n: u64,
    /// How many of them have an answer to a question.
    pub(crate) n_answered: u64,
    pub(crate) with_zeros: Means,
    pub(crate) without_zeros: Means,
}

/// The mean of each question, and of all three; nothing where no answer counts.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Means {
    #[serde(rename = "Q1")]
    pub(crate) accuracy: Option<f64>,
    #[serde(rename = "Q2")]
    pub(crate) thoroughness: Option<f64>,
    #[serde(rename = "Q3")]
    pub(crate) client_relations: Option<f64>,
    pub(crate) mean: Option<f64>,
}

/// What the log itself tells, beside its tickets.
pub(crate) struct About {
    pub(crate) by_role: BTreeMap<AuthorRole, Written>,
    pub(crate) anomalies: Anomalies,
    pub(crate) turns: Vec<Turn>,
    /// The quality reviews, as the desk keeps them.
    pub(crate) reviews: Vec<Reviewed>,
    /// The agents by their ids.
    pub(crate) agents: HashMap<AgentId, String>,
}

pub(crate) fn figures(
    tickets: &[Ticket],
    facts: &[Vec<Fact>],
    about: About,
    office: &Calendar,
) -> Result<Figures, Failure> {
    let replies = |counts: Counts| -> Result<Replies, Failure> {
        let of = |automatic| TwoWays::of(tickets, office, counts, automatic);
        Ok(Replies {
            with_automatic: of(true)?,
            without_automatic: of(false)?,
        })
    };
    let never = |counts: Counts| {
        let unanswered = |ticket: &&Ticket| first_reply(ticket, counts, false).is_none();
        tickets.iter().filter(unanswered).count() as u64
    };
    let transfers =
        |rows: &Vec<Fact>| -> u64 { rows.iter().map(|row| u64::from(row.agent_transfers)).sum() };
    let total = about.by_role.values().map(|n| n.public + n.private).sum();
    let mut by_agent: BTreeMap<&str, Vec<[u8; 3]>> = BTreeMap::new();
    for review in &about.reviews {
        if let Some(agent) = review.agent.and_then(|agent| about.agents.get(&agent)) {
            by_agent.entry(agent).or_default().push(review.marks);
        }
    }
    let all: Vec<_> = about.reviews.iter().map(|review| review.marks).collect();
    let by_agent = by_agent
        .into_iter()
        .map(|(agent, marks)| (agent.to_owned(), Scores::of(&marks)))
        .filter(|(_, scores)| scores.n >= ENOUGH);
    Ok(Figures {
        tickets: tickets.len() as u64,
        messages: Messages {
            total,
            by_role: about.by_role,
        },
        anomalies: about.anomalies,
        first_public_reply: replies(Counts::AnybodyElse)?,
        first_public_reply_by_desk: replies(Counts::TheDesk)?,
        never_answered_by_a_person: never(Counts::AnybodyElse),
        never_answered_by_the_desk: never(Counts::TheDesk),
        turns: about.turns.len() as u64,
        turns_without_agent: about.turns.iter().filter(|t| t.agent.is_none()).count() as u64,
        transfers: facts.iter().map(transfers).sum(),
        tickets_transferred: facts.iter().filter(|rows| transfers(rows) > 0).count() as u64,
        scores: Scores::of(&all),
        by_agent: by_agent.collect(),
    })
}

/// Whose public message counts as a reply.
#[derive(Clone, Copy)]
enum Counts {
    /// Anybody's but the reporter's.
    AnybodyElse,
    /// That of somebody who works at the desk.
    TheDesk,
}

/// The first public message after the request that counts.
fn first_reply(ticket: &Ticket, counts: Counts, automatic: bool) -> Option<&Message> {
    let is_reply = |message: &&Message| match (message.author, counts) {
        (Actor::Bot(_), _) => automatic,
        (Actor::Customer(customer), Counts::AnybodyElse) => customer != ticket.requester(),
        (Actor::Customer(_), Counts::TheDesk) => false,
        _ => true,
    };
    let after_the_request = ticket.messages().iter().skip(1);
    after_the_request
        .filter(|message| message.visibility == Visibility::Public)
        .find(is_reply)
}

impl TwoWays {
    fn of(
        tickets: &[Ticket],
        office: &Calendar,
        counts: Counts,
        automatic: bool,
    ) -> Result<TwoWays, Failure> {
        let (mut calendar, mut business) = (Vec::new(), Vec::new());
        for ticket in tickets {
            if let Some(reply) = first_reply(ticket, counts, automatic) {
                let (from, to) = (ticket.created_at(), reply.at);
                calendar.extend((to - from).num_microseconds());
                business.extend(office.elapsed(from, to)?.num_microseconds());
            }
        }
        Ok(TwoWays {
            calendar: Lengthy::of(Summary::of(calendar)),
            business: Lengthy::of(Summary::of(business)),
        })
    }
}

impl Scores {
    fn of(marks: &[[u8; 3]]) -> Scores {
        let answered = |marks: &&[u8; 3]| marks.iter().any(|mark| *mark > 0);
        Scores {
            n: marks.len() as u64,
            n_answered: marks.iter().filter(answered).count() as u64,
            with_zeros: Means::of(marks, 0),
            without_zeros: Means::of(marks, 1),
        }
    }
}

impl Means {
    /// Of the marks that are at least `least`.
    fn of(marks: &[[u8; 3]], least: u8) -> Means {
        let counts = |mark: &u8| *mark >= least;
        let question = |n: usize| mean(marks.iter().map(|marks| marks[n]).filter(counts));
        Means {
            accuracy: question(0),
            thoroughness: question(1),
            client_relations: question(2),
            mean: mean(marks.iter().flatten().copied().filter(counts)),
        }
    }
}

fn mean(marks: impl Iterator<Item = u8>) -> Option<f64> {
    let (sum, n) = marks.fold((0_u64, 0_u64), |(sum, n), mark| {
        (sum + u64::from(mark), n + 1)
    });
    (n > 0).then(|| sum as f64 / n as f64)
}
