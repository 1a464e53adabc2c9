//! Looking at a ticket, as a conversation without I/O: from its snapshot where the store keeps one.

use crate::error::Error;
use crate::id::{TenantId, TicketId};
use crate::store::{Load, Loaded, NoTicket, Snapshot, StreamId};

/// A ticket that is being looked at.
#[derive(Debug)]
pub(super) struct Look {
    ticket: TicketId,
    stream: StreamId,
    /// What is still to be loaded.
    load: Option<Load>,
    found: Option<Snapshot>,
}

impl Look {
    pub(super) fn at(tenant: TenantId, ticket: TicketId) -> Look {
        let stream = StreamId::ticket(tenant, ticket);
        let mut load = Load::streams(tenant, [stream]);
        load.snapshots = true;
        Look {
            ticket,
            stream,
            load: Some(load),
            found: None,
        }
    }

    /// What to load and tell [`Look::loaded`].
    pub(super) fn need(&self) -> Option<&Load> {
        self.load.as_ref()
    }

    pub(super) fn loaded(&mut self, mut loaded: Loaded) -> Result<(), Error> {
        let load = self.load.take();
        match loaded.take_ticket(self.stream) {
            Ok(found) => self.found = found,
            Err(NoTicket::OtherFold) if load.as_ref().is_some_and(|load| load.snapshots) => {
                self.load = load.map(|load| Load {
                    snapshots: false,
                    ..load
                });
            }
            Err(_) => return Err(Error::not_a_history(self.ticket)),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Snapshot, Error> {
        self.found.ok_or_else(|| Error::no_ticket(self.ticket))
    }
}
