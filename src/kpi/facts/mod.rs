//! What a ticket contributes to every figure: one row per resolution cycle.
//!
//! [`rows`] makes them from a ticket; [`conversation`] finds who answered whom, [`contact`] how often they did, [`ledger`] what the
//! time was spent on, [`holding`] who was in charge, and [`credit`] whose a clock is.

mod contact;
mod conversation;
mod credit;
mod holding;
mod ledger;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{AgentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use crate::sla::{State, Verdict};
use crate::ticket::{
    Channel, ClockId, CloseReason, Estimate, FieldValue, Priority, RatingKind, Scale, Session,
    Stage,
};

pub use crate::ticket::Holder;
pub use rows::facts;

/// The version of the formulas below. Desks make rows of another version anew from their tickets before they use them
/// ([`TenantDesk::facts`](crate::desk::TenantDesk::facts)); a tally that is given such rows refuses them.
pub const FORMULA: u32 = 9;

/// One resolution cycle of one ticket: from creation or a reopening to the next reopening.
///
/// Cycle 0 also carries the ticket's own columns ([`Fact::own`]). A row holds no text of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact {
    /// The version of the formulas that made the row.
    pub formula: u32,
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// Which cycle, from 0.
    pub cycle: u32,
    /// When the ticket was created.
    pub created_at: DateTime<Utc>,
    /// When this cycle began.
    pub started_at: DateTime<Utc>,
    /// The first entry into `Resolved` in this cycle.
    pub first_resolved_at: Option<DateTime<Utc>>,
    /// The last entry into `Resolved` in this cycle.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it.
    pub resolver: Option<Actor>,
    /// When and why it was closed in this cycle.
    pub closed: Option<(DateTime<Utc>, CloseReason)>,
    /// When this cycle left the backlog: its first entry into `Resolved` or `Closed`. A log may hold a close that a resolution
    /// followed; `closed` is forgotten then, and this is not.
    pub left_at: Option<DateTime<Utc>>,
    /// When the next cycle began.
    pub reopened_at: Option<DateTime<Utc>>,
    /// The time from the ticket's creation to `first_resolved_at`, by what the ticket was doing.
    pub first_spent: Option<Spent>,
    /// The time from the ticket's creation to `resolved_at`, by what the ticket was doing.
    pub spent: Option<Spent>,
    /// The time from the begin of this cycle to `resolved_at`, by what the ticket was doing.
    pub cycle_spent: Option<Spent>,
    /// Who was in charge at `resolved_at`, whoever resolved it.
    pub assignee: Holder,
    /// Who was in charge when, while the ticket was work or waited; what took no time is left out. The lengths of a resolved
    /// cycle add up to its `cycle_spent` without what was spent resolved or closed.
    pub holdings: Vec<Holding>,
    /// How often it went from one team to another in this cycle. Through nobody's hands, it went once.
    pub team_transfers: u32,
    /// How often it went from one agent to another in this cycle.
    pub agent_transfers: u32,
    /// How often human agents answered in this cycle: ordinary public messages, and calls and chats that were taken. What is said over
    /// the channel of a call or chat while it goes on belongs to it: it counts once for each agent, however much they write.
    pub replies: u32,
    /// `replies`, and the internal notes of human agents in this cycle.
    pub touches: u32,
    /// How often customers came again in this cycle, after what opened the ticket: ordinary messages, calls and chats (a conversation
    /// with a bot when it is handed over), each with what the customer says in it, and what a merge brought that nobody had answered.
    pub follow_ups: u32,
    /// Whether one contact was enough: by `first_resolved_at` human agents had answered at most once (`replies`), the customer had not come
    /// again (`follow_ups`), and the team had not changed. What came later changes nothing of it. No, where nothing was resolved.
    #[serde(default)]
    pub one_contact: bool,
    /// The answers in this cycle to the customer's messages after the first response.
    pub responses: Vec<Response>,
    /// The effort recorded in this cycle.
    pub effort: Vec<Effort>,
    /// How customers rated this cycle, oldest first, those of one kind that a later one replaced included. The same mark again by the same
    /// customer is none of them, whatever others said in between.
    pub ratings: Vec<RatingFact>,
    /// The way the ticket came.
    pub channel: Channel,
    /// The priority as the ticket stands.
    pub priority: Priority,
    /// The type as the ticket stands.
    pub kind: Option<Name>,
    /// The tags as the ticket stands.
    pub tags: Vec<Name>,
    /// The team in charge as the ticket stands.
    pub team: Option<TeamId>,
    /// The agent in charge as the ticket stands.
    pub agent: Option<AgentId>,
    /// Who asks for help.
    pub requester: CustomerId,
    /// The ticket's own columns, in cycle 0 alone.
    pub own: Option<Own>,
}

/// What belongs to a ticket as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Own {
    /// Where the ticket stands.
    pub stage: Stage,
    /// How the customer's first contact was answered.
    pub first_response: FirstResponse,
    /// Its clocks that have a target.
    pub clocks: Vec<ClockFact>,
    /// How often human agents answered: the sum over its cycles.
    pub replies: u32,
    /// Ordinary messages of customers, those in calls and chats among them; a call itself is none.
    pub customer_messages: u32,
    /// Internal notes.
    pub notes: u32,
    /// Effort recorded, in microseconds.
    pub effort_us: i64,
    /// The team in charge at the first answer.
    pub first_responding_team: Option<TeamId>,
    /// How many human agents wrote on it, to the customer or within the desk, or took a call or chat.
    pub agents: u32,
    /// What the customer was told about when it will be resolved, oldest first.
    pub estimates: Vec<Estimate>,
    /// Its calls, chats and conversations with bots.
    #[serde(default)]
    pub sessions: Vec<Session>,
    /// The host's own fields as the ticket stands, without those about a person.
    pub fields: BTreeMap<Name, FieldValue>,
}

/// A stretch in which one holder was in charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Holding {
    /// Who.
    pub holder: Holder,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; none where the stretch still goes on.
    pub until: Option<DateTime<Utc>>,
    /// What the time was spent on; none where the stretch still goes on.
    pub spent: Option<Spent>,
}

/// An answer to a customer's message after the first response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Response {
    /// When the oldest unanswered message came.
    pub asked_at: DateTime<Utc>,
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// By whom, and in which team's charge.
    pub by: Holder,
    /// How long that took.
    pub after: Lengths,
}

/// Effort that was recorded at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Effort {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who worked, where it was a human agent.
    pub by: Option<AgentId>,
    /// The team in charge then.
    pub team: Option<TeamId>,
    /// For how long, in microseconds.
    pub spent_us: i64,
}

/// A mark that a customer gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RatingFact {
    /// When.
    pub at: DateTime<Utc>,
    /// What the customer was asked.
    pub kind: RatingKind,
    /// The mark.
    pub mark: u8,
    /// The scale then.
    pub scale: Scale,
    /// The agent whom it is credited to.
    pub credit: Option<AgentId>,
    /// The team in charge then.
    pub team: Option<TeamId>,
    /// Who gave it, where that is known: else the requester.
    #[serde(default)]
    pub customer: Option<CustomerId>,
}

/// How the customer's first contact was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstResponse {
    /// The desk began, and the customer has not written yet; or the ticket was merged into another one, which owes the answer.
    NotApplicable,
    /// Nobody has answered yet.
    Waiting,
    /// Resolved or closed without an answer.
    Unanswered,
    /// Answered, after this time, by this agent.
    Answered {
        /// From the customer's first contact.
        after: Lengths,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: AgentId,
    },
}

/// The same span in calendar and in business time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// All of it.
    pub calendar_us: i64,
    /// What of it lay in the open time of the policy's calendar (the rulebook's own where no policy applies): of the policy that applies
    /// after the ticket's last event. Where a later one has another calendar, all of the ticket's life is measured by that.
    pub business_us: i64,
}

impl std::ops::Add for Lengths {
    type Output = Lengths;
    fn add(self, other: Lengths) -> Lengths {
        Lengths {
            calendar_us: self.calendar_us.saturating_add(other.calendar_us),
            business_us: self.business_us.saturating_add(other.business_us),
        }
    }
}

impl std::ops::Sub for Lengths {
    type Output = Lengths;
    fn sub(self, other: Lengths) -> Lengths {
        Lengths {
            calendar_us: self.calendar_us.saturating_sub(other.calendar_us),
            business_us: self.business_us.saturating_sub(other.business_us),
        }
    }
}

/// A span of a ticket's life, by what the ticket was doing. Work, waiting and done add up to the whole of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// In `Open` and `Reopened`.
    pub work: Lengths,
    /// In `Pending`.
    pub waiting: Lengths,
    /// In `Resolved` and `Closed`.
    pub done: Lengths,
    /// The part of `waiting` that was for the customer.
    #[serde(default)]
    pub for_customer: Lengths,
}

impl std::ops::Sub for Spent {
    type Output = Spent;
    fn sub(self, other: Spent) -> Spent {
        Spent {
            work: self.work - other.work,
            waiting: self.waiting - other.waiting,
            done: self.done - other.done,
            for_customer: self.for_customer - other.for_customer,
        }
    }
}

impl Spent {
    /// The whole span.
    pub fn whole(self) -> Lengths {
        self.work + self.waiting + self.done
    }

    /// The span without what was spent resolved or closed.
    pub fn unresolved(self) -> Lengths {
        self.work + self.waiting
    }

    /// How long the requester waited for somebody else: the unresolved span without what waited for the customer.
    pub fn requester_wait(self) -> Lengths {
        self.unresolved() - self.for_customer
    }
}

/// One period of a clock with a target, so that its outcome can be told for any instant after the row was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClockFact {
    /// Which clock.
    pub clock: ClockId,
    /// The running time that the target in force allows, in microseconds; 0 for a clock that never started, which has no instant to
    /// count it from, and for one `without_target`.
    pub amount_us: i64,
    /// What it was doing after the ticket's last event.
    pub state: State,
    /// How it stood to its target then.
    pub verdict: Verdict,
    /// Whether any target had been passed in this period while in force by then. What passed in another period is told there.
    pub ever_breached: bool,
    /// The running time by then, in microseconds.
    pub elapsed_us: i64,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Where it runs with time left: the last instant at which the target is still kept if nothing else happens.
    pub kept_until: Option<DateTime<Utc>>,
    /// To whose credit it is: of what an answer ended, who gave it, in the team in charge then; of what a resolution ended, who resolved
    /// that cycle; of what an assignment ended, who was put in charge; of what ended otherwise, who was in charge then. While it goes on,
    /// who is in charge as the ticket stands.
    #[serde(default)]
    pub credited: Holder,
    /// Whether it had passed a target and lost it: the policy that the ticket came under then has none for the clock. One that lost its
    /// target in time is not told at all.
    #[serde(default)]
    pub without_target: bool,
}

impl ClockFact {
    /// The verdict at `as_of`.
    pub fn verdict_at(&self, as_of: DateTime<Utc>) -> Verdict {
        match self.kept_until {
            Some(until) if as_of > until => Verdict::Breached,
            _ => self.verdict,
        }
    }

    /// Whether any target had been passed in this period while in force by `as_of`.
    pub fn ever_breached_at(&self, as_of: DateTime<Utc>) -> bool {
        self.ever_breached || self.kept_until.is_some_and(|until| as_of > until)
    }
}

impl Fact {
    /// Whether the ticket counts as backlog at `at` by this cycle: begun, and neither resolved nor closed.
    pub fn is_backlog_at(&self, at: DateTime<Utc>) -> bool {
        self.started_at <= at && self.left_at.is_none_or(|left| left > at)
    }
}
