//! The columns of a table: rows go in ticket by ticket, and come out as they were.
//!
//! What a ticket has once stands at the ticket's place. Of the columns that each cycle has, those of cycle 0 stand there too,
//! and later cycles, which few tickets have, stand apart: a scan over tickets walks straight through every list.

use crate::call::Actor;
use crate::id::{AgentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use crate::ticket::{Channel, CloseReason, Estimate, FieldValue, Priority, RatingKind, Stage};
use crate::time::{Micros, instant, micros};

use super::super::facts::{
    ClockFact, Effort, FORMULA, Fact, FirstResponse, Holder, Holding, Lengths, Own, RatingFact,
    Response, Spent,
};
use super::column::{Apart, Lists, NEVER, Repeating, Small, Spans, or_never, or_none};
use super::error::TableError;
use super::settled::{Final, Measured, Settled};

/// Set in [`Cycles::marks`] where a ticket has later cycles, or the cycle more than one resolution.
pub(super) const WINDING: u8 = 0x80;

/// Set in [`Cycles::marks`] where the cycle took at most one answer, no further message of the customer and no other team.
pub(super) const ONE_CONTACT: u8 = 0x40;

/// The bits of [`Cycles::marks`] that hold the reason of a close, counted from 1; 0 where there is none.
pub(super) const REASON: u8 = 0x0f;

/// In the order of their codes.
pub(super) const REASONS: [CloseReason; 4] = [
    CloseReason::Settled,
    CloseReason::Cancelled,
    CloseReason::Duplicate,
    CloseReason::Spam,
];

/// How the first contact stood, in [`Tickets::response`].
pub(super) const NOT_APPLICABLE: u8 = 0;
const WAITING: u8 = 1;
const UNANSWERED: u8 = 2;
const ANSWERED: u8 = 3;

/// The columns that each cycle has.
#[derive(Clone, Debug, Default)]
pub(super) struct Cycles {
    pub(super) started: Vec<Micros>,
    pub(super) resolved: Vec<Micros>,
    pub(super) left: Vec<Micros>,
    pub(super) reopened: Vec<Micros>,
    closed: Vec<Micros>,
    pub(super) marks: Vec<u8>,
    /// From creation to `resolved`; the whole is [`NONE`] where it is not.
    pub(super) spent: Spans,
    /// The first resolution, where it is another one than the last.
    firsts: Apart<(Micros, Spent)>,
    /// From the begin of the cycle to `resolved`, where that is not the same as from creation.
    of_cycle: Apart<Spent>,
    resolver: Repeating<Actor>,
    assignee: Holders,
    holdings: Lists<Holding>,
    team_transfers: Small,
    agent_transfers: Small,
    pub(super) replies: Small,
    touches: Small,
    follow_ups: Small,
    responses: Lists<Response>,
    effort: Lists<Effort>,
    pub(super) ratings: Lists<RatingFact>,
    pub(super) channel: Repeating<Channel>,
    pub(super) priority: Repeating<Priority>,
    pub(super) kind: Repeating<Name>,
    tags: Repeating<Vec<Name>>,
    pub(super) charge: Holders,
    requester: Vec<CustomerId>,
}

/// The kinds of rating that reports over a table count.
pub(super) const RATED: [RatingKind; 2] = [RatingKind::Csat, RatingKind::Nps];

/// An agent and a team for each place.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    pub(super) agent: Repeating<AgentId>,
    pub(super) team: Repeating<TeamId>,
}

impl Holders {
    fn push(&mut self, agent: Option<AgentId>, team: Option<TeamId>) {
        self.agent.push(agent.as_ref());
        self.team.push(team.as_ref());
    }

    fn get(&self, at: usize) -> Holder {
        Holder {
            agent: self.agent.get(at).copied(),
            team: self.team.get(at).copied(),
        }
    }
}

impl Cycles {
    pub(super) fn len(&self) -> usize {
        self.started.len()
    }

    fn has_room(&self, rows: &[Fact]) -> bool {
        let of = |count: fn(&Fact) -> usize| {
            rows.iter()
                .fold(0usize, |n, row| n.saturating_add(count(row)))
        };
        let places = self.len().checked_add(rows.len());
        places.is_some_and(|places| u32::try_from(places).is_ok_and(|places| places < u32::MAX))
            && self.holdings.has_room(of(|row| row.holdings.len()))
            && self.responses.has_room(of(|row| row.responses.len()))
            && self.effort.has_room(of(|row| row.effort.len()))
            && self.ratings.has_room(of(|row| row.ratings.len()))
    }

    fn push(&mut self, row: &Fact, goes_on: bool) {
        let place = self.len();
        let spent = row.spent.unwrap_or_default();
        let first = row.first_resolved_at.zip(row.first_spent);
        let is_twice = first != row.resolved_at.zip(row.spent);
        if is_twice {
            let apart = first.map_or((NEVER, Spent::default()), |(at, spent)| (micros(at), spent));
            self.firsts.push(place, apart);
        }
        if let Some(of_cycle) = row.cycle_spent.filter(|of_cycle| *of_cycle != spent) {
            self.of_cycle.push(place, of_cycle);
        }
        let reason = REASONS.iter().zip(1u8..);
        let reason = reason
            .filter(|(known, _)| row.closed.is_some_and(|(_, reason)| reason == **known))
            .map(|(_, code)| code)
            .next();
        let winding = if goes_on || is_twice { WINDING } else { 0 };
        let contact = if row.one_contact { ONE_CONTACT } else { 0 };
        self.started.push(micros(row.started_at));
        self.resolved.push(or_never(row.resolved_at));
        self.left.push(or_never(row.left_at));
        self.reopened.push(or_never(row.reopened_at));
        self.closed.push(or_never(row.closed.map(|(at, _)| at)));
        self.marks.push(reason.unwrap_or(0) | winding | contact);
        self.spent.push(row.spent);
        self.resolver.push(row.resolver.as_ref());
        self.assignee.push(row.assignee.agent, row.assignee.team);
        self.holdings.push(row.holdings.iter().copied());
        self.team_transfers.push(row.team_transfers);
        self.agent_transfers.push(row.agent_transfers);
        self.replies.push(row.replies);
        self.touches.push(row.touches);
        self.follow_ups.push(row.follow_ups);
        self.responses.push(row.responses.iter().copied());
        self.effort.push(row.effort.iter().copied());
        self.ratings.push(row.ratings.iter().copied());
        self.channel.push(Some(&row.channel));
        self.priority.push(Some(&row.priority));
        self.kind.push(row.kind.as_ref());
        self.tags
            .push(Some(&row.tags).filter(|tags| !tags.is_empty()));
        self.charge.push(row.agent, row.team);
        self.requester.push(row.requester);
    }

    /// The first resolution: when, and the time from creation to it.
    pub(super) fn first(&self, at: usize) -> (Micros, Lengths) {
        match self.firsts.get(at) {
            Some((when, spent)) => (*when, spent.whole()),
            None => self.last(at),
        }
    }

    /// The last resolution: when, and the time from creation to it.
    pub(super) fn last(&self, at: usize) -> (Micros, Lengths) {
        let when = self.resolved.get(at).copied().unwrap_or(NEVER);
        (when, self.spent.whole.get(at).unwrap_or_default())
    }
}

/// All columns: one place for each ticket, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Tickets {
    pub(super) id: Vec<TicketId>,
    number: Vec<TicketNumber>,
    pub(super) created: Vec<Micros>,
    /// Cycle 0 of each ticket.
    pub(super) cycle: Cycles,
    /// The other cycles, ticket by ticket.
    pub(super) later: Cycles,
    /// Where the ticket's other cycles lie in `later`: empty values, for their ends alone.
    later_of: Lists<()>,
    stage: Repeating<Stage>,
    pub(super) response: Vec<u8>,
    pub(super) answered: Vec<Micros>,
    /// From the first contact to the answer.
    pub(super) answer: Measured,
    replier: Repeating<AgentId>,
    replier_team: Repeating<TeamId>,
    replies: Small,
    customer_messages: Small,
    notes: Small,
    agents: Small,
    effort: Vec<i64>,
    clocks: Lists<ClockFact>,
    estimates: Lists<Estimate>,
    fields: Lists<(Name, FieldValue)>,
    /// What the ticket counts as in the end.
    pub(super) settled: Settled,
}

impl Tickets {
    pub(super) fn len(&self) -> usize {
        self.id.len()
    }

    /// Adds a ticket, all its rows.
    pub(super) fn push(&mut self, rows: &[Fact]) -> Result<(), TableError> {
        let Some((row, later)) = rows.split_first() else {
            return Ok(());
        };
        let own = checked(row, later)?;
        let has_room = self.cycle.has_room(std::slice::from_ref(row))
            && self.later.has_room(later)
            && self.clocks.has_room(own.clocks.len())
            && self.estimates.has_room(own.estimates.len())
            && self.fields.has_room(own.fields.len());
        if !has_room {
            return Err(TableError::full());
        }

        self.id.push(row.ticket);
        self.number.push(row.number);
        self.created.push(micros(row.created_at));
        self.cycle.push(row, !later.is_empty());
        for row in later {
            self.later.push(row, true);
        }
        self.later_of.push(later.iter().map(|_| ()));
        self.stage.push(Some(&own.stage));
        let (response, answered, answer, by) = match own.first_response {
            FirstResponse::NotApplicable => (NOT_APPLICABLE, NEVER, None, None),
            FirstResponse::Waiting => (WAITING, NEVER, None, None),
            FirstResponse::Unanswered => (UNANSWERED, NEVER, None, None),
            FirstResponse::Answered { after, at, by } => {
                (ANSWERED, micros(at), Some(after), Some(by))
            }
        };
        self.response.push(response);
        self.answered.push(answered);
        self.answer.push(answer);
        self.replier.push(by.as_ref());
        self.replier_team.push(own.first_responding_team.as_ref());
        self.replies.push(own.replies);
        self.customer_messages.push(own.customer_messages);
        self.notes.push(own.notes);
        self.agents.push(own.agents);
        self.effort.push(own.effort_us);
        self.clocks.push(own.clocks.iter().cloned());
        self.estimates.push(own.estimates.iter().copied());
        let fields = own.fields.iter();
        self.fields
            .push(fields.map(|(name, value)| (name.clone(), value.clone())));
        self.settled.know(rows);
        let settled = Final::of(self, self.len().saturating_sub(1), rows);
        self.settled.push(settled);
        Ok(())
    }

    /// The places of a ticket's other cycles in [`Tickets::later`].
    pub(super) fn later_of(&self, at: usize) -> std::ops::Range<usize> {
        self.later_of.span(at)
    }

    /// Makes a ticket one that never began: no report counts it.
    pub(super) fn forget(&mut self, at: usize) {
        let later = self.later_of(at);
        self.settled.forget(at);
        let first = self.cycle.started.get_mut(at);
        let later = self.later.started.get_mut(later);
        for started in first.into_iter().chain(later.into_iter().flatten()) {
            *started = NEVER;
        }
    }

    pub(super) fn is_forgotten(&self, at: usize) -> bool {
        self.cycle.started.get(at).is_none_or(|at| *at == NEVER)
    }

    /// The rows of a ticket, as they were put in.
    pub(super) fn rows(&self, at: usize) -> Vec<Fact> {
        let first = self.row(&self.cycle, at, at, 0).map(|row| Fact {
            own: self.own(at),
            ..row
        });
        let later = self.later_of(at).zip(1..);
        let later = later.filter_map(|(place, cycle)| self.row(&self.later, place, at, cycle));
        first.into_iter().chain(later).collect()
    }

    fn row(&self, cycles: &Cycles, place: usize, ticket: usize, cycle: u32) -> Option<Fact> {
        let resolved_at = or_none(*cycles.resolved.get(place)?);
        let spent = resolved_at.and(cycles.spent.get(place));
        let (first_resolved_at, first_spent) = match cycles.firsts.get(place) {
            Some((at, first)) => (or_none(*at), or_none(*at).map(|_| *first)),
            None => (resolved_at, spent),
        };
        let reason = usize::from(cycles.marks.get(place)? & REASON).checked_sub(1);
        let reason = reason.and_then(|code| REASONS.get(code).copied());
        let charge = cycles.charge.get(place);
        Some(Fact {
            formula: FORMULA,
            ticket: *self.id.get(ticket)?,
            number: *self.number.get(ticket)?,
            cycle,
            created_at: instant(*self.created.get(ticket)?),
            started_at: instant(*cycles.started.get(place)?),
            first_resolved_at,
            resolved_at,
            resolver: cycles.resolver.get(place).copied(),
            closed: or_none(*cycles.closed.get(place)?).zip(reason),
            left_at: or_none(*cycles.left.get(place)?),
            reopened_at: or_none(*cycles.reopened.get(place)?),
            first_spent,
            spent,
            cycle_spent: spent.map(|spent| cycles.of_cycle.get(place).copied().unwrap_or(spent)),
            assignee: cycles.assignee.get(place),
            holdings: cycles.holdings.get(place).to_vec(),
            team_transfers: cycles.team_transfers.get(place)?,
            agent_transfers: cycles.agent_transfers.get(place)?,
            replies: cycles.replies.get(place)?,
            touches: cycles.touches.get(place)?,
            follow_ups: cycles.follow_ups.get(place)?,
            one_contact: *cycles.marks.get(place)? & ONE_CONTACT != 0,
            responses: cycles.responses.get(place).to_vec(),
            effort: cycles.effort.get(place).to_vec(),
            ratings: cycles.ratings.get(place).to_vec(),
            channel: cycles.channel.get(place)?.clone(),
            priority: *cycles.priority.get(place)?,
            kind: cycles.kind.get(place).cloned(),
            tags: cycles.tags.get(place).cloned().unwrap_or_default(),
            team: charge.team,
            agent: charge.agent,
            requester: *cycles.requester.get(place)?,
            own: None,
        })
    }

    fn own(&self, at: usize) -> Option<Own> {
        let first_response = match *self.response.get(at)? {
            WAITING => FirstResponse::Waiting,
            UNANSWERED => FirstResponse::Unanswered,
            ANSWERED => FirstResponse::Answered {
                after: self.answer.get(at)?,
                at: instant(*self.answered.get(at)?),
                by: *self.replier.get(at)?,
            },
            _ => FirstResponse::NotApplicable,
        };
        Some(Own {
            stage: *self.stage.get(at)?,
            first_response,
            clocks: self.clocks.get(at).to_vec(),
            replies: self.replies.get(at)?,
            customer_messages: self.customer_messages.get(at)?,
            notes: self.notes.get(at)?,
            effort_us: *self.effort.get(at)?,
            first_responding_team: self.replier_team.get(at).copied(),
            agents: self.agents.get(at)?,
            estimates: self.estimates.get(at).to_vec(),
            fields: self.fields.get(at).iter().cloned().collect(),
        })
    }
}

/// The own columns of a ticket whose rows fit together.
fn checked<'a>(first: &'a Fact, later: &[Fact]) -> Result<&'a Own, TableError> {
    let mut before = first;
    for (row, cycle) in std::iter::once(first).chain(later).zip(0..) {
        if row.formula != FORMULA {
            return Err(TableError::formula(row.ticket, row.formula));
        }
        let fits = row.ticket == first.ticket
            && row.cycle == cycle
            && row.number == first.number
            && row.created_at == first.created_at
            && before.started_at <= row.started_at
            && row.own.is_some() == (cycle == 0);
        if !fits {
            return Err(TableError::rows(first.ticket));
        }
        let is_whole = row.resolved_at.is_some() == row.spent.is_some()
            && row.spent.is_some() == row.cycle_spent.is_some()
            && row.first_resolved_at.is_some() == row.first_spent.is_some();
        if !is_whole {
            return Err(TableError::half(row.ticket, cycle));
        }
        let mut spans = [row.spent, row.first_spent].into_iter().flatten();
        if !spans.all(Spans::can_hold) {
            return Err(TableError::length(row.ticket, cycle));
        }
        before = row;
    }
    let own = first
        .own
        .as_ref()
        .ok_or_else(|| TableError::rows(first.ticket))?;
    if let FirstResponse::Answered { after, .. } = own.first_response
        && [after.calendar_us, after.business_us].contains(&i64::MIN)
    {
        return Err(TableError::length(first.ticket, 0));
    }
    Ok(own)
}
