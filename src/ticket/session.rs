//! Calls, chats and conversations with a bot: stretches in which somebody is there, beside the messages that are left.
//!
//! A call or chat is *offered* when the customer rings or opens the window, *answered* when a human agent takes it, and *ends*: after
//! an answer, or given up before. To clocks an offer is a customer who waits, and the answer is an answer: a target for phone calls is
//! an ordinary policy with a channel condition ([`preset::first_answers`](crate::sla::preset::first_answers)).
//!
//! A bot's conversation begins with the bot; the bot may *hand over* for a stated reason, and the customer is then offered to the
//! agents, in the same ticket, with everything said so far: nothing has to be asked twice. That wakes the ticket as an offer does; on one
//! that was resolved longer ago than the reopen window it is recorded, and wakes nobody. A policy may let the first response count
//! from there ([`StartOption::HandOff`](crate::sla::StartOption::HandOff)). Bots fulfil no clock.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::{AgentId, CustomerId, SessionId}, store::MemoryStore};
//! use helpdesk::ticket::{Change, Channel, Handling, Metric, SessionEnd, SessionStep};
//! use helpdesk::time::Span;
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let kim = |at: &str| Ok::<_, chrono::ParseError>(Call::new(Actor::agent(AgentId::named("kim")), at.parse()?));
//! let call = SessionId::named("call-4711");
//! let step = |step| Change::Session { id: call, step };
//! let open = Open::new("Call").from_customer(CustomerId::named("ann")).over(Channel::Phone)
//!     .and(step(SessionStep::Offer { channel: Channel::Phone }));
//! let t = desk.open(&kim("2026-03-05T09:00:00Z")?, open)?.id();
//! desk.submit(t, &kim("2026-03-05T09:00:15Z")?, Command::change(step(SessionStep::Answer { agent: None })))?;
//! let ends = SessionStep::End { end: SessionEnd::Completed, handling: Handling { wrap: Span::seconds(30), ..Handling::default() } };
//! desk.submit(t, &kim("2026-03-05T09:05:15Z")?, Command::change(step(ends)))?;
//! let ticket = desk.ticket(t)?;
//! assert_eq!(ticket.sessions()[0].waited(), Some(Span::seconds(15)));
//! assert_eq!(ticket.effort()[0].spent, Span::seconds(330));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When the ticket ends first
//! What began is not cut off. A merge takes the sessions that are not over along: they stand in the other ticket from then on, with
//! everything that happened in them, and what is said of them by the old ticket's id goes there, as a message does. On a ticket that was closed in
//! another way a waiting call can still be answered and come to its end: that is recorded, counts as effort, and moves neither status nor
//! clocks, which ended with the ticket. Everything else on it wants a ticket that is not closed.
//!
//! # Properties
//! A merge loses no session and doubles none. A session is answered at most once and ends at most once; what was offered was answered, given up, or waits. The handle time of an
//! answered session is the ticket's effort, once: of an end that a log tells twice, the first stands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{AgentId, BotId, Name, SessionId, TicketId};
use crate::time::{Span, micros};

use super::conversation::Channel;

/// What a client says of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SessionStep {
    /// A customer rings, or opens a chat, and waits for an agent.
    Offer {
        /// Over which channel.
        channel: Channel,
    },
    /// A customer talks to a bot.
    Greet {
        /// Which bot.
        bot: BotId,
        /// Over which channel.
        channel: Channel,
    },
    /// The bot understood what the customer wants.
    Understand {
        /// What, in the host's words.
        intent: Name,
    },
    /// The bot hands over: the customer waits for an agent.
    HandOver {
        /// Why, in the host's words.
        reason: Name,
    },
    /// An agent takes it.
    Answer {
        /// Who; the caller where absent.
        #[serde(default)]
        agent: Option<AgentId>,
    },
    /// It ends.
    End {
        /// How.
        end: SessionEnd,
        /// What the host's telephony measured.
        #[serde(default)]
        handling: Handling,
    },
}

/// How a session ended.
///
/// Exhaustive: figures must answer for each. A conversation with a bot that went on with an agent was handed over
/// ([`Session::handed_over`]) and ends like a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// An agent and the customer had their talk.
    Completed,
    /// The customer gave up: waiting for an agent, or talking to the bot.
    Abandoned,
    /// The bot was enough: the customer left without asking for more, and did not say whether it helped.
    Contained,
    /// The bot was enough, and the customer said so.
    Confirmed,
}

/// What telephony measures of a session, beside the instants that are events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Handling {
    /// How long it rang at the agent who took it: a part of the wait.
    pub ring: Span,
    /// How long the customer was on hold: a part of the time after the answer.
    pub hold: Span,
    /// How long the agent worked on it after it ended.
    pub wrap: Span,
}

impl Default for Handling {
    fn default() -> Handling {
        Handling {
            ring: Span::ZERO,
            hold: Span::ZERO,
            wrap: Span::ZERO,
        }
    }
}

/// What happened to a session; see [`Event::Session`](super::Event::Session).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionEvent {
    /// It began, with a bot or waiting for an agent.
    Began {
        /// Over which channel.
        channel: Channel,
        /// The bot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bot: Option<BotId>,
    },
    /// The bot understood what the customer wants.
    Understood {
        /// What.
        intent: Name,
    },
    /// The bot handed over.
    HandedOver {
        /// Why.
        reason: Name,
    },
    /// An agent took it.
    Answered {
        /// Who.
        agent: AgentId,
    },
    /// It ended.
    Ended {
        /// How.
        end: SessionEnd,
        /// What telephony measured.
        handling: Handling,
    },
    /// It was not over when its ticket was merged away, and goes on in the other one.
    MovedTo {
        /// The other ticket.
        ticket: TicketId,
    },
    /// It came from a ticket that was merged into this one.
    MovedFrom {
        /// That ticket.
        ticket: TicketId,
        /// What had happened in it.
        session: Box<Session>,
    },
}

impl SessionEvent {
    /// Whether a customer waits for the agents from then on, which wakes the ticket as a message does.
    pub(crate) fn wakes(&self) -> bool {
        matches!(
            self,
            SessionEvent::Began { .. } | SessionEvent::HandedOver { .. }
        )
    }
}

/// A call, a chat or a conversation with a bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The host's id for it.
    pub id: SessionId,
    /// Over which channel.
    pub channel: Channel,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// The bot that it began with.
    pub bot: Option<BotId>,
    /// What the bot understood, oldest first.
    pub intents: Vec<Name>,
    /// When and why the bot handed over.
    pub handed_over: Option<(DateTime<Utc>, Name)>,
    /// When it was answered, and by whom.
    pub answered: Option<(DateTime<Utc>, AgentId)>,
    /// When and how it ended.
    pub ended: Option<(DateTime<Utc>, SessionEnd)>,
    /// What telephony measured.
    pub handling: Handling,
    /// When a human agent answered the customer while the bot had not handed over, and who: that agent took over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<(DateTime<Utc>, AgentId)>,
}

impl Session {
    /// When the customer began to wait for an agent; never, while a bot has not handed over.
    pub fn offered_at(&self) -> Option<DateTime<Utc>> {
        match (&self.bot, &self.handed_over) {
            (None, _) => Some(self.began_at),
            (Some(_), handed_over) => handed_over.as_ref().map(|(at, _)| *at),
        }
    }

    /// How long the customer waited for an agent, until the answer or until giving up.
    pub fn waited(&self) -> Option<Span> {
        let until = self.answered.map(|(at, _)| at);
        let until = until.or(self.ended.map(|(at, _)| at))?;
        span_between(self.offered_at()?, until)
    }

    /// How long agent and customer talked, without hold.
    pub fn talked(&self) -> Option<Span> {
        let ((answered_at, _), (ended_at, _)) = (self.answered?, self.ended?);
        let us = micros(ended_at).saturating_sub(micros(answered_at));
        Span::from_micros(us.saturating_sub(self.handling.hold.micros()).max(0)).ok()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Talk, hold and wrap together: what an answered session cost.
    pub fn handled(&self) -> Option<Span> {
        let ((answered_at, _), (ended_at, _)) = (self.answered?, self.ended?);
        let us = micros(ended_at).saturating_sub(micros(answered_at));
        Span::from_micros(us.max(0).saturating_add(self.handling.wrap.micros())).ok()
    }

    /// The session after an event.
    pub(super) fn meet(
        sessions: &mut Vec<Session>,
        id: SessionId,
        at: DateTime<Utc>,
        what: &SessionEvent,
    ) {
        let known = sessions.iter_mut().find(|session| session.id == id);
        match (known, what) {
            (None, SessionEvent::Began { channel, bot }) => sessions.push(Session {
                id,
                channel: channel.clone(),
                began_at: at,
                bot: *bot,
                intents: Vec::new(),
                handed_over: None,
                answered: None,
                ended: None,
                handling: Handling::default(),
                taken_over: None,
            }),
            (None, SessionEvent::MovedFrom { session, .. }) => {
                let place = sessions.partition_point(|one| one.began_at <= session.began_at);
                sessions.insert(place, (**session).clone());
            }
            (Some(_), SessionEvent::MovedTo { .. }) => sessions.retain(|session| session.id != id),
            (Some(session), SessionEvent::Understood { intent }) => {
                session.intents.push(intent.clone());
            }
            (Some(session), SessionEvent::HandedOver { reason }) => {
                session.handed_over.get_or_insert((at, reason.clone()));
            }
            (Some(session), SessionEvent::Answered { agent }) => {
                session.answered.get_or_insert((at, *agent));
            }
            (Some(session), SessionEvent::Ended { end, handling }) if session.ended.is_none() => {
                session.ended = Some((at, *end));
                session.handling = *handling;
            }
            _ => {}
        }
    }

    /// Whether the customer talks to a bot, and no agent was asked for.
    fn is_with_bot(&self) -> bool {
        self.bot.is_some() && self.handed_over.is_none() && self.ended.is_none()
    }

    /// A human agent answers the customer of these: whoever writes takes over from a bot.
    pub(super) fn answered_beside(sessions: &mut [Session], at: DateTime<Utc>, by: AgentId) {
        for session in sessions.iter_mut().filter(|session| session.is_with_bot()) {
            session.taken_over.get_or_insert((at, by));
        }
    }

    /// Why a step is not possible now; none where it is.
    pub(super) fn objection(known: Option<&Session>, step: &SessionStep) -> Option<&'static str> {
        use SessionStep::{Answer, End, Greet, HandOver, Offer, Understand};
        let Some(session) = known else {
            let begins = matches!(step, Offer { .. } | Greet { .. });
            return (!begins).then_some("is not known; it has to be offered first");
        };
        let with_bot = session.is_with_bot();
        match step {
            Offer { .. } | Greet { .. } => Some("has begun already; a new session needs a new id"),
            _ if session.ended.is_some() => Some("is over; a new session needs a new id"),
            Understand { .. } | HandOver { .. } if !with_bot => Some("is not with a bot"),
            Answer { .. } if with_bot => Some("is with a bot, which has to hand over first"),
            Answer { .. } if session.answered.is_some() => Some("was answered already"),
            End { end, .. } => match end {
                SessionEnd::Completed if session.answered.is_none() => {
                    Some("was not answered, so it cannot be completed")
                }
                SessionEnd::Abandoned if session.answered.is_some() => {
                    Some("was answered, so it cannot be abandoned")
                }
                SessionEnd::Contained | SessionEnd::Confirmed if !with_bot => {
                    Some("is not with a bot, so no bot was enough")
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl SessionStep {
    /// The step as an event, said by `caller`; none where it does not say which agent answers.
    pub(crate) fn event(&self, caller: Actor) -> Option<SessionEvent> {
        Some(match self {
            SessionStep::Offer { channel } => SessionEvent::Began {
                channel: channel.clone(),
                bot: None,
            },
            SessionStep::Greet { bot, channel } => SessionEvent::Began {
                channel: channel.clone(),
                bot: Some(*bot),
            },
            SessionStep::Understand { intent } => SessionEvent::Understood {
                intent: intent.clone(),
            },
            SessionStep::HandOver { reason } => SessionEvent::HandedOver {
                reason: reason.clone(),
            },
            SessionStep::Answer { agent } => SessionEvent::Answered {
                agent: agent.or(caller.human_agent())?,
            },
            SessionStep::End { end, handling } => SessionEvent::Ended {
                end: *end,
                handling: *handling,
            },
        })
    }
}

fn span_between(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Span> {
    Span::from_micros(micros(to).saturating_sub(micros(from)).max(0)).ok()
}
