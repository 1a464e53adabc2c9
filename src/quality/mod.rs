//! Quality reviews: work looked at by somebody who knows, against a scorecard.
//!
//! The rulebook declares the scorecards ([`Rules`]): weighted categories, some of them critical. A [`Review`] marks one ticket of
//! one agent against one; categories can be not applicable. Which tickets to look at, [`Plan::sample`] draws: at random, and
//! yet the same for the same seed on every machine. What comes of it per agent, with the number of reviews that it rests on, is
//! in [`QualityTally`](crate::kpi::QualityTally).
//!
//! ```
//! use helpdesk::id::{AgentId, ReviewId};
//! use helpdesk::quality::{Category, Command, Mark, Marked, Review, Rules, Scorecard};
//! use helpdesk::{Actor, Call, Desk, Open, name, rulebook::RulebookDraft, store::MemoryStore};
//!
//! let card = Scorecard::new(5)
//!     .category(Category::new(name!("tone"), 1))
//!     .category(Category::new(name!("solution"), 3))
//!     .category(Category::new(name!("data protection"), 1).critical());
//! let rules = Rules::default().scorecard(name!("standard"), card);
//! let desk = Desk::new(MemoryStore::new(), RulebookDraft::starter().quality(rules).build()?);
//! let (kim, lee) = (AgentId::named("kim"), AgentId::named("lee"));
//! let call = Call::new(Actor::Supervisor(lee), "2026-03-05T09:00:00Z".parse()?);
//! let t = desk.open(&call, Open::new("No dial tone").from("ann@example.com"))?;
//!
//! let mark = |category, mark| Marked { category, mark };
//! let (tone, solution) = (mark(name!("tone"), Mark::Points(5)), mark(name!("solution"), Mark::Points(3)));
//! let marks = vec![tone, solution, mark(name!("data protection"), Mark::NotApplicable)];
//! let score = Command::Score { scorecard: name!("standard"), ticket: t.id(), agent: kim, marks, comment: None };
//! let told = desk.tell::<Review>(ReviewId::named("r-1"), &call, score)?;
//! assert_eq!(told.state.score().unwrap().to_string(), "70.0 % (14 of 20)"); // (1 x 5 + 3 x 3) of (1 + 3) x 5
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - A score is in [0, 1]; it is 0 where a critical category failed, however little it weighs, and else undefined where nothing that
//!   weighs applies.
//! - Nobody marks her own work, and nobody withdraws the marks of it.
//! - What does not apply does not matter: leaving the category out of the scorecard gives the same score.
//! - A review rests on the scorecard as it was: changing the rulebook changes no score.
//! - A sample depends on the seed and on the members alone, not on their order; what is drawn is among the members, and at most so
//!   many for each agent.

mod refusal;
mod rules;
mod sample;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Around, Context, Decided, Needs, StreamKind};
use crate::call::{Actor, Call};
use crate::id::{AgentId, ContentId, Name, ReviewId, TicketId};
use crate::ticket::{self, ContentKind, Permission, Recorded};

pub use refusal::Refusal;
pub use rules::{Category, Rules, Scorecard};
pub use sample::{Candidate, Plan};

/// What can be said about a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Marks an agent's work on a ticket; said again, it revises the review, against the scorecard as it is then.
    Score {
        /// The scorecard, by its name in the rulebook.
        scorecard: Name,
        /// The ticket.
        ticket: TicketId,
        /// Whose work.
        agent: AgentId,
        /// A mark per category; every category of the scorecard needs one.
        marks: Vec<Marked>,
        /// What the reviewer says; it becomes a content record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The agent objects; the review stands until somebody revises or withdraws it.
    Dispute(String),
    /// The review does not count. Whose work was marked cannot say so.
    Withdraw,
}

/// A mark for a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// The category, by its name in the scorecard.
    pub category: Name,
    /// The mark.
    pub mark: Mark,
}

/// A mark.
///
/// Exhaustive: a third kind would change what scores mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// From 0 to the best of the scorecard.
    Points(u8),
    /// There was nothing to mark.
    NotApplicable,
}

/// What can happen to a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Work was marked.
    Scored(Scored),
    /// The agent objected.
    Disputed {
        /// What the agent says, as a content record.
        text: ContentId,
    },
    /// The review does not count any more.
    Withdrawn,
}

/// Work as it was marked, with everything that its score rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// The scorecard's name.
    pub scorecard: Name,
    /// The scorecard as it was.
    pub card: Scorecard,
    /// The ticket.
    pub ticket: TicketId,
    /// Whose work.
    pub agent: AgentId,
    /// A mark per category, in the order of the scorecard.
    pub marks: Vec<Mark>,
    /// What the reviewer said, as a content record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<ContentId>,
}

/// A quality review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    at: DateTime<Utc>,
    reviewer: Actor,
    scored: Vec<Scored>, // INVARIANT: never empty
    disputes: Vec<(DateTime<Utc>, ContentId)>,
    withdrawn: bool,
}

/// A part of what could be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The weighted points.
    pub points: u64,
    /// The most that could be reached; 0 only where a critical category without weight failed and nothing that weighs applied.
    pub best: u64,
    /// Whether a critical category failed, which makes the points 0.
    pub failed: bool,
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (points, best) = (u128::from(self.points), u128::from(self.best.max(1)));
        let per_mille = (points * 2_000 + best) / (best * 2);
        let percent = format!("{}.{} %", per_mille / 10, per_mille % 10);
        write!(f, "{percent} ({} of {})", self.points, self.best)
    }
}

impl Scored {
    /// The score: the sum of weight x points over the sum of weight x best, of the categories that apply; 0 where a critical one
    /// has 0 points; else none where nothing that weighs applies.
    ///
    /// Source: weighted scorecards with auto-fail on critical errors, as in the COPC CX Standard's critical-error accuracy.
    pub fn score(&self) -> Option<Score> {
        let (mut points, mut best, mut failed) = (0u64, 0u64, false);
        for (category, mark) in self.card.categories.iter().zip(&self.marks) {
            let Mark::Points(given) = mark else { continue };
            let weight = u64::from(category.weight);
            points = points.saturating_add(weight.saturating_mul(u64::from(*given)));
            best = best.saturating_add(weight.saturating_mul(u64::from(self.card.best)));
            failed |= category.critical && *given == 0;
        }
        let points = if failed { 0 } else { points };
        (best > 0 || failed).then_some(Score {
            points,
            best,
            failed,
        })
    }
}

impl Review {
    /// When it was made or last revised.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Who made or last revised it.
    pub fn reviewer(&self) -> Actor {
        self.reviewer
    }

    /// Every marking, oldest first; the last one stands.
    pub fn markings(&self) -> &[Scored] {
        &self.scored
    }

    /// What stands.
    pub fn scored(&self) -> Option<&Scored> {
        self.scored.last()
    }

    /// The score that stands; none where there is none, as [`Scored::score`] says.
    pub fn score(&self) -> Option<Score> {
        self.scored()?.score()
    }

    /// What the agent objected, and when, oldest first.
    pub fn disputes(&self) -> &[(DateTime<Utc>, ContentId)] {
        &self.disputes
    }

    /// Whether it does not count.
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn
    }
}

impl Aggregate for Review {
    const KIND: StreamKind = StreamKind::Review;
    type Id = ReviewId;
    type Command = Command;
    type Event = Event;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(command: &Command) -> Permission {
        match command {
            Command::Dispute(_) => Permission::Dispute,
            Command::Score { .. } | Command::Withdraw => Permission::Review,
        }
    }

    fn needs(_: ReviewId, _: &Call, command: &Command, _: &Around) -> Needs {
        match command {
            Command::Score { ticket, .. } => Needs::default().ticket(*ticket),
            Command::Dispute(_) | Command::Withdraw => Needs::default(),
        }
    }

    fn decide(
        stands: Option<&Review>,
        id: ReviewId,
        rules: &Rules,
        context: &Context<'_>,
        command: &Command,
    ) -> Result<Decided<Event>, Refusal> {
        match command {
            Command::Score {
                scorecard,
                ticket,
                agent,
                marks,
                comment,
            } => {
                let card = rules.scorecards.get(scorecard);
                let card = card.ok_or_else(|| Refusal::UnknownScorecard {
                    scorecard: scorecard.clone(),
                    known: rules.scorecards.keys().cloned().collect(),
                })?;
                if context.around.ticket(*ticket).is_none() {
                    return Err(Refusal::NoTicket { ticket: *ticket });
                }
                let (by, own) = (context.actor().human_agent(), *agent);
                if by == Some(own) {
                    return Err(Refusal::OwnWork { agent: own });
                }
                let before = stands.and_then(Review::scored);
                if let Some(before) =
                    before.filter(|before| (before.ticket, before.agent) != (*ticket, own))
                {
                    return Err(Refusal::OtherWork {
                        ticket: before.ticket,
                        agent: before.agent,
                    });
                }
                let revisions = stands.map_or(0, |review| review.scored.len());
                context.check_list("the list of markings", revisions + 1)?;
                let marks = card.order(marks)?;
                let mut decided = Decided::default();
                let about = (ContentKind::Comment, None);
                let comment = match comment {
                    Some(text) => Some(decided.keep(context, id, about, "the comment", text)?),
                    None => None,
                };
                Ok(decided.and(Event::Scored(Scored {
                    scorecard: scorecard.clone(),
                    card: card.clone(),
                    ticket: *ticket,
                    agent: own,
                    marks,
                    comment,
                })))
            }
            Command::Dispute(text) => {
                let review = stands.ok_or(Refusal::NoReview { review: id })?;
                let agent = review.scored().map(|scored| scored.agent);
                let by = context.actor().human_agent();
                if context.actor() != Actor::System && by != agent {
                    return Err(Refusal::NotReviewed { review: id });
                }
                context.check_list("the list of objections", review.disputes.len() + 1)?;
                let mut decided = Decided::default();
                let about = (ContentKind::Comment, None);
                let text = decided.keep(context, id, about, "the objection", text)?;
                Ok(decided.and(Event::Disputed { text }))
            }
            Command::Withdraw => {
                let review = stands.ok_or(Refusal::NoReview { review: id })?;
                let own = review.scored().map(|scored| scored.agent);
                if let Some(agent) = own.filter(|_| own == context.actor().human_agent()) {
                    return Err(Refusal::OwnWork { agent });
                }
                Ok(Decided::event_if(!review.withdrawn, || Event::Withdrawn))
            }
        }
    }

    fn apply(stands: &mut Option<Review>, event: &Recorded<Event>) {
        match (&mut *stands, &event.event) {
            (None, Event::Scored(scored)) => {
                *stands = Some(Review {
                    at: event.at,
                    reviewer: event.actor,
                    scored: vec![scored.clone()],
                    disputes: Vec::new(),
                    withdrawn: false,
                });
            }
            (None, _) => {} // nothing is marked yet
            (Some(review), Event::Scored(scored)) => {
                review.at = event.at;
                review.reviewer = event.actor;
                review.scored.push(scored.clone());
                review.withdrawn = false;
            }
            (Some(review), Event::Disputed { text }) => review.disputes.push((event.at, *text)),
            (Some(review), Event::Withdrawn) => review.withdrawn = true,
        }
    }
}

impl Scorecard {
    /// The marks in the order of the categories, each exactly once.
    fn order(&self, marks: &[Marked]) -> Result<Vec<Mark>, Refusal> {
        let categories = || self.categories.iter().map(|category| category.name.clone());
        let strange = |name: &Name| !self.categories.iter().any(|known| known.name == *name);
        if let Some(marked) = marks.iter().find(|marked| strange(&marked.category)) {
            return Err(Refusal::UnknownCategory {
                category: marked.category.clone(),
                known: categories().collect(),
            });
        }
        let best = self.best;
        let of = |category: &Category| {
            let mut found = marks
                .iter()
                .filter(|marked| marked.category == category.name);
            match (found.next().map(|marked| marked.mark), found.next()) {
                (Some(Mark::Points(points)), None) if points > best => {
                    Err(Refusal::TooManyPoints {
                        category: category.name.clone(),
                        points,
                        best,
                    })
                }
                (Some(mark), None) => Ok(mark),
                _ => Err(Refusal::NotMarkedOnce {
                    category: category.name.clone(),
                }),
            }
        };
        let ordered: Vec<Mark> = self.categories.iter().map(of).collect::<Result<_, _>>()?;
        if ordered.is_empty() {
            return Err(ticket::Refusal::Missing {
                what: "a category of the scorecard",
            }
            .into());
        }
        Ok(ordered)
    }
}
