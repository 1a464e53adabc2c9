//! Whether ailing tickets that the store did not give are due all the same, as a conversation without I/O.
//!
//! A store with leases withholds a stream for a while from whoever failed on it, so that others get their turn. That a ticket is not
//! among what is due proves nothing, then: its own wake-up tells. Where it is past, or cannot be told, the ticket goes on ailing and is
//! put off for a short while; where it lies ahead, somebody else looked at the ticket meanwhile.

use chrono::{DateTime, Utc};

use crate::store::{Load, Loaded, NoTicket, Snapshot, Stream, StreamId};

use super::catch_up::Working;
use super::office::Office;
use super::sweep::AT_ONCE;

/// Tickets whose turn has come and that the store did not give, on their way to be told apart.
#[derive(Debug)]
pub(super) struct Absent<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    /// Those not asked for yet, by tenant, the next ones last.
    left: Vec<StreamId>,
    /// Those that are asked for once more, each alone and by its events, because it could not be told what became of them.
    alone: Vec<StreamId>,
    load: Option<Load>,
}

impl<'a> Absent<'a> {
    pub(super) fn of(office: &'a Office, now: DateTime<Utc>, left: Vec<StreamId>) -> Absent<'a> {
        let mut absent = Absent {
            office,
            now,
            left,
            alone: Vec::new(),
            load: None,
        };
        absent.load = absent.next();
        absent
    }

    /// What is to be loaded next; none where all are told apart.
    pub(super) fn load(&self) -> Option<&Load> {
        self.load.as_ref()
    }

    /// Tells what was loaded, if that went well.
    pub(super) fn loaded(&mut self, loaded: Option<Loaded>) {
        let Some(load) = self.load.take() else {
            return;
        };
        let mut found = loaded.unwrap_or_default().streams.into_iter();
        for stream in load.streams {
            match found.next().and_then(|found| self.is_due(stream, found)) {
                Some(true) => self.office.infirmary.put_off_again(stream, self.now),
                Some(false) => self.office.infirmary.recovered(stream),
                None if load.snapshots => self.alone.push(stream),
                None => self.office.infirmary.put_off_again(stream, self.now),
            }
        }
        self.load = self.next();
    }

    /// Whether a stream is to be looked at; none where what was loaded does not tell.
    fn is_due(&self, stream: StreamId, loaded: Stream) -> Option<bool> {
        match Loaded::from(loaded).take_ticket(stream) {
            Ok(Some(known)) => Some(self.has_woken(&known)),
            Ok(None) => Some(false), // it was erased, or never written
            Err(NoTicket::OtherFold | NoTicket::NotAHistory) => None,
        }
    }

    fn has_woken(&self, known: &Snapshot) -> bool {
        let rulebooks = self.office.rulebooks();
        let Ok(book) = rulebooks.of(&known.ticket) else {
            return true; // that may be why it ails
        };
        let wake = Working::on(known, book, rulebooks.data_version()).wake_at();
        wake.is_some_and(|wake| wake <= self.now)
    }

    fn next(&mut self) -> Option<Load> {
        let Some(first) = self.left.last() else {
            let alone = self.alone.pop()?;
            return Some(Load::streams(alone.tenant, [alone]));
        };
        let tenant = first.tenant;
        let of_tenant = self.left.iter().rev().take(AT_ONCE);
        let count = of_tenant.take_while(|one| one.tenant == tenant).count();
        let batch = self.left.split_off(self.left.len() - count);
        let mut load = Load::streams(tenant, batch);
        load.snapshots = true;
        Some(load)
    }
}
