//! The keys of what is announced: once for ever, whoever looks, however often.

use crate::id::{FiringKey, derive};
use crate::sla::{Clock, Started};
use crate::ticket::{ClockId, Ticket};

use super::rule::{Level, Rule};

/// Which key it is, among those of one outlook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    clock: Option<ClockId>,
    /// The place of the event that it counts from.
    version: u64,
    /// The level in memory; none of a breach.
    level: Option<usize>,
    repeat: u16,
}

/// What a key counts from: the place of the event that the trigger counts from, and the target in force as text.
#[derive(Clone, Copy)]
pub(super) enum Anchor<'c> {
    Clock {
        clock: &'c Clock<'c>,
        started: Started,
    },
    Event {
        what: &'static str,
        version: u64,
        target: &'c str,
    },
}

impl<'c> Anchor<'c> {
    /// The clock that it is of.
    pub(super) fn clock(&self) -> Option<&'c Clock<'c>> {
        match self {
            Anchor::Clock { clock, .. } => Some(clock),
            Anchor::Event { .. } => None,
        }
    }

    /// Clocks stand still in an outlook, and levels lie where they lie: so this tells one key from all others of it.
    pub(super) fn place(&self, level: Option<&Level>, repeat: u16) -> Place {
        let (clock, version) = match self {
            Anchor::Clock { clock, started } => (Some(clock.id), started.version),
            Anchor::Event { version, .. } => (None, *version),
        };
        Place {
            clock,
            version,
            level: level.map(|level| std::ptr::from_ref(level).addr()),
            repeat,
        }
    }

    /// The key of a breach.
    pub(super) fn breach(&self, ticket: &Ticket) -> FiringKey {
        self.key(ticket, "", "breach", 0)
    }

    /// The key of a level's firing.
    pub(super) fn firing(
        &self,
        ticket: &Ticket,
        rule: &Rule,
        level: &Level,
        repeat: u16,
    ) -> FiringKey {
        self.key(ticket, rule.name.as_str(), level.name.as_str(), repeat)
    }

    /// The key of what is announced once for ever.
    fn key(&self, ticket: &Ticket, rule: &str, level: &str, repeat: u16) -> FiringKey {
        let (id_text, target_text);
        let (what, version, target) = match self {
            Anchor::Clock { clock, started } => {
                id_text = clock.id.text();
                target_text = clock.target_text().unwrap_or_default();
                (id_text.as_str(), started.version, &*target_text)
            }
            Anchor::Event {
                what,
                version,
                target,
            } => (*what, *version, *target),
        };
        let (tenant, id) = (ticket.tenant().uuid(), ticket.id().uuid());
        FiringKey::from_uuid(derive(&[
            b"firing",
            tenant.as_bytes(),
            id.as_bytes(),
            what.as_bytes(),
            rule.as_bytes(),
            level.as_bytes(),
            &version.to_be_bytes(),
            target.as_bytes(),
            &repeat.to_be_bytes(),
        ]))
    }
}
