//! The messages that wait for delivery, with their leases.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::store::OutboxMessage;
use crate::time::{Micros, micros};

use super::hash::Ids;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Each with the instant from which somebody may take it.
    messages: HashMap<Uuid, (Micros, OutboxMessage), Ids>,
    /// The same by that instant.
    free: BTreeSet<(Micros, Uuid)>,
}

impl Outbox {
    pub(super) fn add(&mut self, messages: &[OutboxMessage]) {
        for message in messages {
            let from = micros(message.at);
            if let Entry::Vacant(place) = self.messages.entry(message.id) {
                place.insert((from, message.clone()));
                self.free.insert((from, message.id));
            }
        }
    }

    /// Nobody may take the message before `until`; from then on, anybody.
    pub(super) fn hold(&mut self, id: Uuid, until: Micros) {
        if let Some((from, _)) = self.messages.get_mut(&id) {
            self.free.remove(&(*from, id));
            self.free.insert((until, id));
            *from = until;
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
        for (_, id) in taken {
            self.hold(id, until);
            if let Some((_, message)) = self.messages.get_mut(&id) {
                claimed.push(message.clone());
                message.attempts = message.attempts.saturating_add(1);
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
