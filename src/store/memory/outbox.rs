//! The messages that wait for delivery, with their leases.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::store::OutboxMessage;
use crate::time::{Micros, micros};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Each with the instant from which somebody may take it.
    messages: HashMap<Uuid, (Micros, OutboxMessage)>,
    /// The same by that instant.
    free: BTreeSet<(Micros, Uuid)>,
}

impl Outbox {
    pub(super) fn add(&mut self, messages: &[OutboxMessage]) {
        for message in messages {
            let from = micros(message.at);
            self.messages
                .entry(message.id)
                .or_insert_with(|| (from, message.clone()));
            self.free.insert((from, message.id));
        }
    }

    pub(super) fn claim(&mut self, now: Micros, until: Micros, limit: usize) -> Vec<OutboxMessage> {
        let taken: Vec<_> = self
            .free
            .iter()
            .take_while(|(from, _)| *from <= now)
            .take(limit)
            .copied()
            .collect();
        let mut claimed = Vec::with_capacity(taken.len());
        for place in taken {
            self.free.remove(&place);
            if let Some((from, message)) = self.messages.get_mut(&place.1) {
                claimed.push(message.clone());
                *from = until;
                message.attempts = message.attempts.saturating_add(1);
                self.free.insert((until, place.1));
            }
        }
        claimed
    }

    pub(super) fn acknowledge(&mut self, id: Uuid) {
        if let Some((from, _)) = self.messages.remove(&id) {
            self.free.remove(&(from, id));
        }
    }

    /// The earliest instant at which a message may be taken.
    pub(super) fn next(&self) -> Option<Micros> {
        self.free.first().map(|(at, _)| *at)
    }
}
