//! The rows of a ticket, from what its events made of it.

use chrono::{DateTime, Utc};

use crate::calendar::Calendar;
use crate::sla::{Clock, Policies};
use crate::ticket::{Agreement, Cycle, Direction, FieldValue, Message, Ticket, Visibility};
use crate::time::{instant, micros};

use super::contact;
use super::conversation::{Conversation, team_before};
use super::credit::Credits;
use super::holding::{Keep, holdings};
use super::ledger::Ledger;
use super::{ClockFact, Effort, FORMULA, Fact, Own, RatingFact};

/// The rows of `ticket`, one per cycle. `default` measures business time where no policy applies.
pub fn facts(ticket: &Ticket, policies: &Policies, default: &Calendar) -> Vec<Fact> {
    let calendar = policies
        .calendar_of(ticket, Agreement::Sla)
        .unwrap_or(default);
    let ledger = Ledger::of(ticket, calendar);
    let conversation = Conversation::of(ticket, calendar);
    let keeps = holdings(ticket, &ledger);
    let mut rows: Vec<_> = ticket
        .cycles()
        .iter()
        .zip(keeps)
        .enumerate()
        .map(|(index, (cycle, keep))| row(ticket, index, cycle, keep, &ledger))
        .collect();

    for response in conversation.later {
        if let Some(row) = cycle_at(&mut rows, response.at) {
            row.responses.push(response);
        }
    }
    let agents = contact::count(ticket, &mut rows);
    for entry in ticket.effort() {
        if let Some(row) = cycle_at(&mut rows, entry.at) {
            row.effort.push(Effort {
                at: entry.at,
                by: entry.actor.human_agent(),
                team: entry.team,
                spent_us: entry.spent.micros(),
            });
        }
    }
    for rating in ticket.ratings() {
        if let Some(row) = rows.get_mut(rating.cycle) {
            // What a customer says again, such as with a comment, is the mark of before: it counts from when it was given first, to
            // the credit of whoever had it then.
            let rated = &rating.rated;
            let own = |known: &&RatingFact| {
                (known.kind, known.customer) == (rated.kind, Some(rated.customer))
            };
            let before = row.ratings.iter().rev().find(own);
            if before.is_some_and(|known| (known.mark, known.scale) == (rated.mark, rated.scale)) {
                continue;
            }
            row.ratings.push(RatingFact {
                at: rating.at,
                kind: rating.rated.kind,
                mark: rating.rated.mark,
                scale: rating.rated.scale,
                credit: rating.rated.credit,
                team: team_before(ticket, rating.version),
                customer: Some(rating.rated.customer),
            });
        }
    }
    let mut own = own(ticket, policies, &rows);
    own.first_response = conversation.first;
    own.first_responding_team = conversation.first_team;
    own.agents = agents;
    if let Some(first) = rows.first_mut() {
        first.own = Some(own);
    }
    rows
}

fn row(ticket: &Ticket, index: usize, cycle: &Cycle, keep: Keep, ledger: &Ledger) -> Fact {
    let spent = cycle.resolved_at.map(|at| ledger.spent_until(micros(at)));
    let before = ledger.spent_until(micros(cycle.started_at));
    Fact {
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
        spent,
        cycle_spent: spent.map(|spent| spent - before),
        assignee: keep.at_resolution,
        holdings: keep.holdings,
        team_transfers: keep.team_transfers,
        agent_transfers: keep.agent_transfers,
        replies: 0,
        touches: 0,
        follow_ups: 0,
        one_contact: keep.one_team,
        responses: Vec::new(),
        effort: Vec::new(),
        ratings: Vec::new(),
        channel: ticket.channel().clone(),
        priority: ticket.priority(),
        kind: ticket.kind().cloned(),
        tags: ticket.tags().iter().cloned().collect(),
        team: ticket.team(),
        agent: ticket.agent(),
        requester: ticket.requester(),
        own: None,
    }
}

/// The cycle that was going on at an instant: at that of a reopening, the new one.
pub(super) fn cycle_at(rows: &mut [Fact], at: DateTime<Utc>) -> Option<&mut Fact> {
    let begun = rows.partition_point(|row| row.started_at <= at);
    rows.get_mut(begun.saturating_sub(1))
}

pub(super) fn is_note(message: &Message) -> bool {
    message.direction == Direction::Internal && message.visibility == Visibility::Internal
}

fn own(ticket: &Ticket, policies: &Policies, rows: &[Fact]) -> Own {
    let count = |yes: &dyn Fn(&Message) -> bool| {
        let found = ticket.messages().iter().filter(|message| yes(message));
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    let fields = ticket
        .fields()
        .iter()
        .filter(|(_, value)| !matches!(value, FieldValue::Personal(_)));
    Own {
        stage: ticket.status().stage(),
        first_response: super::FirstResponse::NotApplicable,
        clocks: clocks(ticket, policies, &Credits::of(ticket, rows)),
        replies: rows
            .iter()
            .fold(0, |sum, row| row.replies.saturating_add(sum)),
        customer_messages: count(&|message| message.asks()),
        notes: count(&is_note),
        effort_us: ticket
            .effort()
            .iter()
            .fold(0, |sum, entry| entry.spent.micros().saturating_add(sum)),
        first_responding_team: None,
        agents: 0,
        estimates: ticket.estimates().to_vec(),
        sessions: ticket.sessions().to_vec(),
        fields: fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    }
}

fn clocks(ticket: &Ticket, policies: &Policies, credits: &Credits<'_>) -> Vec<ClockFact> {
    let mut facts = Vec::new();
    for id in policies.clocks_with_target(ticket) {
        let last = Clock::walk(ticket, policies, id, |ended| {
            facts.extend(clock_fact(ended, credits))
        });
        let had_periods = facts.last().is_some_and(|before| before.clock == id);
        let unstarted = || unstarted(&last, credits).filter(|_| !had_periods);
        facts.extend(clock_fact(&last, credits).or_else(unstarted));
    }
    facts
}

/// A clock that has a target and never started: it is told apart from one that has none.
fn unstarted(clock: &Clock<'_>, credits: &Credits<'_>) -> Option<ClockFact> {
    let is_unstarted = clock.target().is_some() && clock.started.is_none();
    is_unstarted.then(|| told(clock, 0, credits))
}

/// A period with a target; and one that had passed its target before it lost it, which is no less late for that.
fn clock_fact(clock: &Clock<'_>, credits: &Credits<'_>) -> Option<ClockFact> {
    match clock.amount {
        Some(amount) => Some(told(clock, amount, credits)),
        None if clock.period_breached => Some(ClockFact {
            without_target: true,
            ..told(clock, 0, credits)
        }),
        None => None,
    }
}

fn told(clock: &Clock<'_>, amount_us: i64, credits: &Credits<'_>) -> ClockFact {
    ClockFact {
        clock: clock.id,
        amount_us,
        state: clock.state,
        verdict: clock.verdict(),
        ever_breached: clock.period_breached,
        elapsed_us: clock.elapsed,
        stopped_at: clock.stopped_at.map(instant),
        kept_until: clock.kept_until().map(instant),
        credited: credits.credited(clock),
        without_target: false,
    }
}
