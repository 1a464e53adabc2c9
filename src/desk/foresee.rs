//! What comes if nobody acts: when something next falls due on a ticket, and everything that would be recorded until an instant.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::rulebook::Rulebook;
use crate::ticket::{Recorded, Ticket};
use crate::time::instant;

use super::catch_up::Working;
use super::operation::MAX_ROUNDS;
use super::plan::CATCH_UP_LIMIT;

/// When something next falls due on `ticket` if nobody acts: the instant from which on a sweep would record it. None where nothing ever
/// will. `rulebook` is the version that governs the ticket ([`Rulebooks::of`](crate::rulebook::Rulebooks::of)).
///
/// # Properties
/// It is what [`Outcome::wake_at`](super::Outcome::wake_at) told when the ticket was last written; and [`foresee`] finds nothing until
/// an instant before it, and something at it.
pub fn wake_at(ticket: &Ticket, rulebook: &Rulebook) -> Option<DateTime<Utc>> {
    // Due at an instant means recorded by the first commit after it.
    let next = rulebook.next_due_at(ticket, &rulebook.outlook(ticket));
    next.map(|at| instant(at.saturating_add(1)))
}

/// What would be recorded on `ticket` if nobody acted until `until`: ended waits, breaches, firings with what they do and what becomes of
/// their messages, in order. At most the first `limit` events, and never more than a sweep records of one ticket. Nothing is written.
///
/// `rulebook` is the version that governs the ticket ([`Rulebooks::of`](crate::rulebook::Rulebooks::of)). What is due strictly before
/// `until` is recorded at it, as everywhere; each event tells when it was due and that it was noticed at `until`.
///
/// # Properties
/// With room for all of them, they are the events that a sweep at `until` records.
///
/// ```
/// use helpdesk::{Actor, Call, Desk, Open, Rulebook, desk, id::AgentId, store::MemoryStore, ticket::Event};
/// let rules: Rulebook = serde_json::from_str(r#"{
///     "policies": [{"name": "all", "targets": {"first_response": "1h calendar"}}],
///     "escalations": [{"name": "late", "trigger": {"clock": {"metric": "first_response"}},
///         "levels": [{"name": "lead", "at": "on breach", "actions": [{"raise_priority": "urgent"}]}]}]
/// }"#)?;
/// let book = rules.clone();
/// let desk = Desk::new(MemoryStore::new(), rules);
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// let opened = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
///
/// let to_come = desk::foresee(opened.ticket(), &book, "2026-03-06T09:00:00Z".parse()?, 100);
/// assert_eq!(desk::wake_at(opened.ticket(), &book), opened.wake_at());
/// let kinds: Vec<_> = to_come.iter().map(|recorded| &recorded.event).collect();
/// assert!(matches!(kinds[..], [Event::Breached { .. }, Event::Escalated(_), Event::PriorityChanged { .. }]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn foresee(
    ticket: &Ticket,
    rulebook: &Rulebook,
    until: DateTime<Utc>,
    limit: usize,
) -> Vec<Recorded> {
    let mut found: Vec<Recorded> = Vec::new();
    let mut ticket = Arc::new(ticket.clone());
    for _ in 0..MAX_ROUNDS {
        // In the portions of a sweep: what becomes of messages is judged at the end of each.
        let at = until.max(ticket.last_event_at());
        let mut working = Working::new(ticket, rulebook);
        let complete = working.catch_up(at, CATCH_UP_LIMIT);
        working.settle();
        found.append(&mut working.events);
        if complete || found.len() >= limit {
            break;
        }
        ticket = working.ticket;
    }
    found.truncate(limit);
    found
}
