//! Surveys: what customers were asked about the help that they got, and what they answered.
//!
//! The rulebook declares the surveys ([`Rules`]): their questions, each a satisfaction score, a net promoter score or an effort
//! score with its scale. [`Command::Invite`] invites a customer to one about a resolved ticket, and puts the invitation into the
//! outbox for the host to send; [`Command::Answer`] records what came back, and rates the ticket in the same commit: the rating is
//! the one that [`Trigger::LowRating`](crate::escalation::Trigger::LowRating) watches and that the KPIs count. So there is no second
//! book of marks. A customer's stream holds every survey that she was ever asked.
//!
//! When to invite is the host's: right after a resolution, or as the [`Custom`](crate::escalation::Action::Custom) action of an
//! escalation rule on tickets that lie in `Resolved` for a while, which fires once.
//!
//! ```
//! use helpdesk::feedback::{Answer, Command, Feedback, Question, Rules, Survey};
//! use helpdesk::id::{AgentId, CustomerId};
//! use helpdesk::ticket::RatingKind;
//! use helpdesk::{Actor, Call, Command as Say, Desk, Open, name, rulebook::RulebookDraft, store::MemoryStore};
//!
//! let asked = Survey::new().ask(Question::new(name!("satisfied"), RatingKind::Csat));
//! let rules = Rules::default().survey(name!("after help"), asked);
//! let desk = Desk::new(MemoryStore::new(), RulebookDraft::starter().feedback(rules).build()?);
//! let ann = CustomerId::named("ann");
//! let kim = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let t = desk.open(&kim, Open::new("No dial tone").from_customer(ann))?;
//! desk.submit(t.id(), &kim, Say::reply("Please restart the phone").then_resolve())?;
//!
//! let invite = Command::Invite { survey: name!("after help"), ticket: t.id() };
//! let told = desk.tell::<Feedback>(ann, &kim, invite)?;
//! let invitation = told.state.invitations()[0].id;
//! let answer = Command::Answer {
//!     invitation,
//!     answers: vec![Answer { question: name!("satisfied"), mark: 2 }],
//!     comment: Some("It took three calls".to_owned()),
//! };
//! desk.tell::<Feedback>(ann, &Call::new(Actor::Customer(ann), "2026-03-06T09:00:00Z".parse()?), answer)?;
//! assert_eq!(desk.ticket(t.id())?.ratings()[0].rated.mark, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - A resolution cycle of a ticket is asked about at most once, whoever invites, however often.
//! - Two invitations of one customer lie at least the cool-down apart.
//! - Who wants no surveys is asked none, whichever of her ids she said it under, before or after they were joined.
//! - An invitation is answered by whoever it was sent to, under any of her ids.
//! - Whom a mark is credited to, and on which scale it is, is what it was when the customer was invited.
//! - Every answer is kept; of each kind of question the newest answer that has it stands, in the survey and on the ticket: what an
//!   answer leaves out, it does not revise.
//! - A comment stands on the ticket with the mark that it came with, given anew or not. The same mark again is no other mark: it
//!   escalates nothing anew, and counts from when it was given first.
//! - Nothing goes round: an answer moves no status and begins no cycle, so it leads to no other invitation.
//!
//! # What is not here
//! No mail is sent and no page is shown: the host does that with what the outbox gives. Which marks count as positive is declared
//! where they are counted, in [`kpi`](crate::kpi).

mod decide;
mod refusal;
mod rules;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Around, Context, Decided, Needs, StreamKind};
use crate::call::Call;
use crate::id::{AgentId, ContentId, CustomerId, InvitationId, Name, TicketId};
use crate::ticket::{Permission, RatingKind, Recorded, Scale};

pub use refusal::Refusal;
pub use rules::{Question, Rules, Survey};

/// What can be said about a customer's surveys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Invites the customer to a survey about the last resolution of a ticket of hers.
    Invite {
        /// The survey, by its name in the rulebook.
        survey: Name,
        /// The ticket.
        ticket: TicketId,
    },
    /// Records what the customer answered; said again, it revises what she answered before.
    Answer {
        /// The invitation.
        invitation: InvitationId,
        /// A mark per question; questions may be left out.
        answers: Vec<Answer>,
        /// What the customer says about it; it becomes a content record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The customer wants no surveys any more, or wants them again: under all of her ids.
    OptOut(bool),
}

/// What can happen to a customer's surveys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The customer was invited.
    Invited(Invited),
    /// The customer answered, or revised an answer.
    Answered {
        /// The invitation.
        invitation: InvitationId,
        /// The marks.
        answers: Vec<Answer>,
        /// What the customer said about it, as a content record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<ContentId>,
    },
    /// The customer wants no surveys any more, or wants them again.
    OptedOut {
        /// Whether she wants none.
        out: bool,
    },
}

/// An invitation as it was recorded: everything that later answers rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// Its id.
    pub id: InvitationId,
    /// The survey, by its name in the rulebook of then.
    pub survey: Name,
    /// About which ticket.
    pub ticket: TicketId,
    /// About which of its resolution cycles, from 0.
    pub cycle: u32,
    /// Whom the marks are credited to: who resolved the ticket, else who was in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<AgentId>,
    /// What is asked.
    pub questions: Vec<Asked>,
    /// From when on it cannot be answered any more.
    pub expires_at: DateTime<Utc>,
}

/// A question as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its name in the survey.
    pub name: Name,
    /// What it asks for.
    pub kind: RatingKind,
    /// The scale.
    pub scale: Scale,
}

/// A mark for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question, by its name in the survey.
    pub question: Name,
    /// The mark.
    pub mark: u8,
}

/// A customer's surveys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    invitations: Vec<Invitation>,
    opted_out: bool,
}

/// An invitation and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// When the customer was invited.
    pub at: DateTime<Utc>,
    /// To what.
    pub invited: Invited,
    /// What she answered, oldest first; see [`Invitation::mark`] for what stands.
    pub answers: Vec<Answered>,
}

/// What a customer answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// When.
    pub at: DateTime<Utc>,
    /// The marks.
    pub answers: Vec<Answer>,
    /// What she said about it, as a content record.
    pub comment: Option<ContentId>,
}

impl Feedback {
    /// Every survey that the customer was asked, oldest first.
    pub fn invitations(&self) -> &[Invitation] {
        &self.invitations
    }

    /// One invitation.
    pub fn invitation(&self, id: InvitationId) -> Option<&Invitation> {
        self.invitations.iter().find(|known| known.id == id)
    }

    /// Whether the customer wants no surveys.
    pub fn has_opted_out(&self) -> bool {
        self.opted_out
    }
}

impl Invitation {
    /// What she answered last.
    pub fn answered(&self) -> Option<&Answered> {
        self.answers.last()
    }

    /// The mark that stands for a kind of question: in the newest answer that has such a question, that of the first one.
    pub fn mark(&self, kind: RatingKind) -> Option<u8> {
        self.mark_on(kind).map(|(_, mark)| mark)
    }

    /// The same with its scale.
    fn mark_on(&self, kind: RatingKind) -> Option<(Scale, u8)> {
        let of_kind = |said: &Answered| mark_of(&self.invited.questions, &said.answers, kind);
        let (asked, mark) = self.answers.iter().rev().find_map(of_kind)?;
        Some((asked.scale, mark))
    }
}

/// The first question of a kind that was answered, and its mark.
fn mark_of<'q>(
    questions: &'q [Asked],
    answers: &[Answer],
    kind: RatingKind,
) -> Option<(&'q Asked, u8)> {
    let mut of_kind = questions.iter().filter(|asked| asked.kind == kind);
    of_kind.find_map(|asked| {
        let mut answers = answers.iter();
        let answer = answers.find(|answer| answer.question == asked.name)?;
        Some((asked, answer.mark))
    })
}

impl Aggregate for Feedback {
    const KIND: StreamKind = StreamKind::Feedback;
    type Id = CustomerId;
    type Command = Command;
    type Event = Event;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(command: &Command) -> Permission {
        match command {
            Command::Invite { .. } => Permission::Survey,
            Command::Answer { .. } => Permission::Rate,
            Command::OptOut(_) => Permission::Preferences,
        }
    }

    fn needs(id: CustomerId, _call: &Call, command: &Command, around: &Around) -> Needs {
        decide::needs(id, command, around)
    }

    fn decide(
        stands: Option<&Feedback>,
        id: CustomerId,
        rules: &Rules,
        context: &Context<'_>,
        command: &Command,
    ) -> Result<Decided<Event>, Refusal> {
        decide::decide(stands, id, rules, context, command)
    }

    fn apply(stands: &mut Option<Feedback>, event: &Recorded<Event>) {
        let feedback = stands.get_or_insert_default();
        match &event.event {
            Event::Invited(invited) => feedback.invitations.push(Invitation {
                id: invited.id,
                at: event.at,
                invited: invited.clone(),
                answers: Vec::new(),
            }),
            Event::Answered {
                invitation,
                answers,
                comment,
            } => {
                let mut all = feedback.invitations.iter_mut();
                if let Some(known) = all.find(|known| known.id == *invitation) {
                    known.answers.push(Answered {
                        at: event.at,
                        answers: answers.clone(),
                        comment: *comment,
                    });
                }
            }
            Event::OptedOut { out } => feedback.opted_out = *out,
        }
    }
}
