//! What a ticket contributes to every figure: one row per resolution cycle.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::call::Actor;
use crate::id::{AgentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use crate::sla::{Clock, Policies, State, Verdict};
use crate::ticket::{
    Agreement, Channel, ClockId, CloseReason, Direction, MarkKind, Phase, Priority, Stage, Ticket,
    Visibility,
};
use crate::time::{Micros, instant, micros};

/// The version of the formulas below. Rows of another version are rebuilt from the events before they are used.
pub const FORMULA: u32 = 1;

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
    /// Ordinary public messages of human agents.
    pub replies: u32,
    /// Ordinary messages of customers.
    pub customer_messages: u32,
    /// Internal notes.
    pub notes: u32,
    /// Effort recorded, in microseconds.
    pub effort_us: i64,
}

/// How the customer's first contact was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstResponse {
    /// The desk began, and the customer has not written yet.
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
    /// What of it lay in the open time of the policy's calendar (the rulebook's own where no policy applies).
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

/// The time since creation, by what the ticket was doing. The three add up to the whole span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// In `Open` and `Reopened`.
    pub work: Lengths,
    /// In `Pending`.
    pub waiting: Lengths,
    /// In `Resolved` and `Closed`.
    pub done: Lengths,
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
}

/// One period of a clock with a target, so that its outcome can be told for any instant after the row was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClockFact {
    /// Which clock.
    pub clock: ClockId,
    /// The running time that the target in force allows, in microseconds.
    pub amount_us: i64,
    /// What it was doing after the ticket's last event.
    pub state: State,
    /// How it stood to its target then.
    pub verdict: Verdict,
    /// Whether any target had been passed while in force by then.
    pub ever_breached: bool,
    /// The running time by then, in microseconds.
    pub elapsed_us: i64,
    /// When it ended.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Where it runs with time left: the last instant at which the target is still kept if nothing else happens.
    pub kept_until: Option<DateTime<Utc>>,
}

impl ClockFact {
    /// The verdict at `as_of`.
    pub fn verdict_at(&self, as_of: DateTime<Utc>) -> Verdict {
        match self.kept_until {
            Some(until) if as_of > until => Verdict::Breached,
            _ => self.verdict,
        }
    }

    /// Whether any target had been passed while in force by `as_of`.
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

/// The rows of `ticket`, one per cycle. `default` measures business time where no policy applies.
pub fn facts(ticket: &Ticket, policies: &Policies, default: &Calendar) -> Vec<Fact> {
    let calendar = policies
        .calendar_of(ticket, Agreement::Sla)
        .unwrap_or(default);
    let ledger = Ledger::of(ticket, calendar);
    let row = |(index, cycle): (usize, &crate::ticket::Cycle)| Fact {
        formula: FORMULA,
        ticket: ticket.id(),
        number: ticket.number(),
        cycle: u32::try_from(index).unwrap_or(u32::MAX),
        created_at: ticket.created_at(),
        started_at: cycle.started_at,
        first_resolved_at: cycle.first_resolved_at,
        resolved_at: cycle.resolved_at,
        resolver: cycle.resolver,
        closed: cycle.closed,
        left_at: cycle.left_at,
        reopened_at: cycle.reopened_at,
        first_spent: cycle
            .first_resolved_at
            .map(|at| ledger.spent_until(micros(at))),
        spent: cycle.resolved_at.map(|at| ledger.spent_until(micros(at))),
        channel: ticket.channel().clone(),
        priority: ticket.priority(),
        kind: ticket.kind().cloned(),
        tags: ticket.tags().iter().cloned().collect(),
        team: ticket.team(),
        agent: ticket.agent(),
        requester: ticket.requester(),
        own: (index == 0).then(|| own(ticket, policies, calendar)),
    };
    ticket.cycles().iter().enumerate().map(row).collect()
}

fn own(ticket: &Ticket, policies: &Policies, calendar: &Calendar) -> Own {
    let count = |yes: &dyn Fn(&crate::ticket::Message) -> bool| {
        u32::try_from(
            ticket
                .messages()
                .iter()
                .filter(|message| yes(message))
                .count(),
        )
        .unwrap_or(u32::MAX)
    };
    Own {
        stage: ticket.status().stage(),
        first_response: first_response(ticket, calendar),
        clocks: clocks(ticket, policies),
        replies: count(&|message| message.answers()),
        customer_messages: count(&|message| message.asks()),
        notes: count(&|message| {
            message.direction == Direction::Internal && message.visibility == Visibility::Internal
        }),
        effort_us: ticket
            .effort()
            .iter()
            .fold(0, |sum, entry| entry.spent.micros().saturating_add(sum)),
    }
}

/// From the customer's first contact to the first answer, in one piece: a first response is never paused. An answer after the
/// ticket was resolved or closed away counts only once it is reopened.
fn first_response(ticket: &Ticket, calendar: &Calendar) -> FirstResponse {
    let mut since = None;
    let mut done = false;
    let mut span = Lengths::default();
    let mut begun = 0;
    for mark in ticket.marks() {
        match mark.kind {
            MarkKind::Opened { inbound: true } => (since, begun) = (Some(mark.at), mark.at),
            // Also where the desk had resolved it: the message comes before the reopening that it causes.
            MarkKind::Asked if since.is_none() => {
                (since, begun, done) = (Some(mark.at), mark.at, false)
            }
            MarkKind::Moved(Phase::Resolved | Phase::Closed) if !done => {
                if since.is_some() {
                    span = span + lengths(calendar, begun, mark.at);
                }
                done = true;
            }
            MarkKind::Moved(Phase::Work | Phase::Pending(_)) if done => {
                (done, begun) = (false, mark.at)
            }
            MarkKind::Answered if since.is_some() && !done => {
                let answer = ticket
                    .messages()
                    .iter()
                    .find(|m| m.answers() && micros(m.at) >= mark.at);
                let Some(by) = answer.and_then(|m| m.author.human_agent()) else {
                    continue;
                };
                let after = span + lengths(calendar, begun, mark.at);
                return FirstResponse::Answered {
                    after,
                    at: instant(mark.at),
                    by,
                };
            }
            _ => {}
        }
    }
    match (since, done) {
        (None, _) => FirstResponse::NotApplicable,
        (Some(_), true) => FirstResponse::Unanswered,
        (Some(_), false) => FirstResponse::Waiting,
    }
}

fn clocks(ticket: &Ticket, policies: &Policies) -> Vec<ClockFact> {
    let mut facts = Vec::new();
    for id in policies.clocks_with_target(ticket) {
        let last = Clock::walk(ticket, policies, id, |ended| {
            facts.extend(clock_fact(ended))
        });
        facts.extend(clock_fact(&last));
    }
    facts
}

fn clock_fact(clock: &Clock<'_>) -> Option<ClockFact> {
    let amount = clock.amount?;
    let left = amount.saturating_sub(clock.elapsed);
    let runs = clock.state == State::Running && left >= 0;
    Some(ClockFact {
        clock: clock.id,
        amount_us: amount,
        state: clock.state,
        verdict: clock.verdict(),
        ever_breached: clock.ever_breached,
        elapsed_us: clock.elapsed,
        stopped_at: clock.stopped_at.map(instant),
        kept_until: if runs {
            clock.until(left).map(instant)
        } else {
            None
        },
    })
}

fn lengths(calendar: &Calendar, from: Micros, to: Micros) -> Lengths {
    Lengths {
        calendar_us: to.saturating_sub(from),
        business_us: calendar.elapsed_us(from, to),
    }
}

/// The stretches of a ticket's life, each with what the ticket was doing.
struct Ledger {
    stretches: Vec<(Micros, Phase, Spent)>, // begin, what, spent before it
    calendar: Calendar,
}

impl Ledger {
    fn of(ticket: &Ticket, calendar: &Calendar) -> Ledger {
        let begin = micros(ticket.created_at());
        let mut ledger = Ledger {
            stretches: vec![(begin, Phase::Work, Spent::default())],
            calendar: calendar.clone(),
        };
        for mark in ticket.marks() {
            if let MarkKind::Moved(phase) = mark.kind {
                let spent = ledger.spent_until(mark.at);
                ledger.stretches.push((mark.at, phase, spent));
            }
        }
        ledger
    }

    fn spent_until(&self, at: Micros) -> Spent {
        let after = self.stretches.partition_point(|(begin, ..)| *begin <= at);
        let Some((begin, phase, mut spent)) = after.checked_sub(1).map(|i| self.stretches[i])
        else {
            return Spent::default();
        };
        let part = lengths(&self.calendar, begin, at);
        let place = match phase {
            Phase::Work => &mut spent.work,
            Phase::Pending(_) => &mut spent.waiting,
            Phase::Resolved | Phase::Closed => &mut spent.done,
        };
        *place = *place + part;
        spent
    }
}
