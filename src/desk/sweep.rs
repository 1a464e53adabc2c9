//! Sweeping: recording what fell due, ticket by ticket, and when to do it next.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::calendar::ZONE_DATA_VERSION;
use crate::call::{Actor, Call};
use crate::error::Error;
use crate::id::TicketId;
use crate::store::{DueStream, Load, Store, StreamId};
use crate::ticket::Recorded;

use super::{Ailing, Desk, Request};

impl<S: Store> Desk<S> {
    /// Records what fell due before `now` on at most `limit` tickets, earliest first, of all tenants.
    ///
    /// A ticket that fails is told in [`Swept::failed`], put off with growing pauses ([`Desk::ailing`]), and holds up no other.
    ///
    /// # Errors
    /// What the store answers when asked what is due.
    pub fn sweep(&self, now: DateTime<Utc>, limit: usize) -> Result<Swept, Error> {
        let mut due = self.due(now, limit)?;
        let more = due.len() > limit;
        due.truncate(limit);
        let mut swept = Swept {
            tickets: 0,
            events: 0,
            chains_ended: Vec::new(),
            failed: Vec::new(),
            more,
        };
        for of_tenant in due.chunk_by(|a, b| a.stream.tenant == b.stream.tenant) {
            for due in of_tenant.chunks(LOADED_AT_ONCE) {
                self.sweep_some(due, now, &mut swept);
            }
        }
        Ok(swept)
    }

    /// Sweeps some tickets of one tenant, loaded together and committed one by one.
    fn sweep_some(&self, due: &[DueStream], now: DateTime<Utc>, swept: &mut Swept) {
        let Some(first) = due.first() else {
            return;
        };
        let tenant = first.stream.tenant;
        let mut load = Load::streams(tenant, due.iter().map(|due| due.stream));
        load.snapshots = true;
        // Where they cannot be loaded together, each is loaded alone and tells why it cannot.
        let loaded = self.store.load(&load).unwrap_or_default();
        let mut streams = loaded.streams.into_iter();
        for due in due {
            let call = Call::with_id(Uuid::nil(), Actor::System, now).tenant(tenant);
            let request = Request::Sweep(TicketId::from_uuid(due.stream.id));
            match self.run_on(streams.next(), call, request) {
                Ok(outcome) => {
                    swept.tickets += 1;
                    swept.events += outcome.events().len();
                    if outcome.events().iter().any(Recorded::ended_a_chain) {
                        swept.chains_ended.push(due.stream);
                    }
                    self.infirmary.recovered(due.stream);
                }
                Err(error) => {
                    self.infirmary.failed(due.stream, now, &error);
                    swept.failed.push((due.stream, error));
                }
            }
        }
    }

    /// What is due and not put off: up to one more than `limit`.
    fn due(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<DueStream>, Error> {
        let (ailing, _) = self.infirmary.outlook(now);
        let ask = limit.saturating_add(ailing).saturating_add(1);
        let mut due = self.store.due(now, ZONE_DATA_VERSION, ask)?;
        if ailing > 0 {
            self.infirmary.dismiss(now, &due);
        }
        due.retain(|due| !self.infirmary.is_put_off(due.stream, now));
        due.truncate(limit.saturating_add(1));
        Ok(due)
    }

    /// The tickets whose sweeps fail, as this desk knows.
    pub fn ailing(&self) -> Vec<Ailing> {
        self.infirmary.list()
    }

    /// The instant until which the host may sleep: the earliest of the next wake-up of any ticket, the next look at an ailing
    /// one, the next message to deliver (or to deliver again) and `now` plus [`max_nap`](Desk::max_nap); never before `now`.
    pub fn nap(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        let longest = now.checked_add_signed(self.max_nap).unwrap_or(now);
        let wake = match self.infirmary.outlook(now) {
            (0, _) => self.store.next_wake(None)?,
            (_, again) if self.due(now, 0)?.is_empty() => again
                .into_iter()
                .chain(self.store.next_wake(Some(now))?)
                .min(),
            _ => Some(now),
        };
        let delivery = self.store.next_delivery()?;
        Ok([wake, delivery]
            .into_iter()
            .flatten()
            .fold(longest, DateTime::min)
            .max(now))
    }
}

/// How many tickets a sweep loads together.
const LOADED_AT_ONCE: usize = 32;

/// What a sweep did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Swept {
    /// How many tickets were looked at.
    pub tickets: usize,
    /// How many events were recorded.
    pub events: usize,
    /// The tickets on which rules acted too often in a row and were stopped: rules that go round. [`Rulebook::lint`](crate::Rulebook::lint) tells which.
    pub chains_ended: Vec<StreamId>,
    /// The tickets that could not be swept, with the reason.
    pub failed: Vec<(StreamId, Error)>,
    /// Whether the limit was reached: more may be due.
    pub more: bool,
}
