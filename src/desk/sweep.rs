//! A sweep, as a conversation without I/O: recording what fell due, ticket by ticket.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::error::Error;
use crate::id::TicketId;
use crate::store::{DueStream, Load, Loaded, Stream, StreamId};
use crate::ticket::Recorded;

use super::office::Office;
use super::{Operation, Outcome, Request};

/// What a sweep did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Swept {
    /// How many tickets were looked at.
    pub tickets: usize,
    /// How many events were recorded.
    pub events: usize,
    /// The tickets on which rules acted too often in a row and were stopped: rules that go round.
    /// [`Rulebook::lint`](crate::Rulebook::lint) tells which.
    pub chains_ended: Vec<StreamId>,
    /// The tickets that could not be swept, with the reason.
    pub failed: Vec<(StreamId, Error)>,
    /// Whether the limit was reached: more may be due.
    pub more: bool,
}

impl fmt::Display for Swept {
    /// One line for a log, such as `tickets: 2, events: 3; more may be due; failed: ticket 018f...: the store is not reached`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tickets: {}, events: {}", self.tickets, self.events)?;
        if self.more {
            f.write_str("; more may be due")?;
        }
        for stream in &self.chains_ended {
            write!(f, "; rules go round: {stream}")?;
        }
        for (stream, error) in &self.failed {
            write!(f, "; failed: {stream}: {error}")?;
        }
        Ok(())
    }
}

/// How many tickets a sweep loads together.
const LOADED_AT_ONCE: usize = 32;

/// A sweep on its way: batches of tickets of one tenant, loaded together and committed one by one.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    limit: usize,
    due: std::vec::IntoIter<DueStream>,
    /// How many of them are in the batch at work.
    batch: usize,
    loaded: std::vec::IntoIter<Stream>,
    at_work: Option<StreamId>,
    swept: Swept,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(office: &'a Office, now: DateTime<Utc>, limit: usize) -> Sweep<'a> {
        Sweep {
            office,
            now,
            limit,
            due: Vec::new().into_iter(),
            batch: 0,
            loaded: Vec::new().into_iter(),
            at_work: None,
            swept: Swept {
                tickets: 0,
                events: 0,
                chains_ended: Vec::new(),
                failed: Vec::new(),
                more: false,
            },
        }
    }

    /// How many due streams to ask for.
    pub(super) fn wanted(&self) -> usize {
        self.office.due_wanted(self.now, self.limit)
    }

    /// Tells what is due.
    pub(super) fn due(&mut self, found: Vec<DueStream>) {
        let mut due = self.office.due(self.now, self.limit, found);
        self.swept.more = due.len() > self.limit;
        due.truncate(self.limit);
        self.due = due.into_iter();
    }

    /// The next batch to load; none at the end of the sweep.
    pub(super) fn load(&mut self) -> Option<Load> {
        let rest = self.due.as_slice();
        let tenant = rest.first()?.stream.tenant;
        let of_tenant = rest.iter().take(LOADED_AT_ONCE);
        let batch = of_tenant.take_while(|due| due.stream.tenant == tenant);
        let mut load = Load::streams(tenant, batch.map(|due| due.stream));
        load.snapshots = true;
        self.batch = load.streams.len();
        Some(load)
    }

    /// Tells what was loaded; nothing where they cannot be loaded together: each is then loaded alone and tells why it cannot.
    pub(super) fn loaded(&mut self, loaded: Loaded) {
        self.loaded = loaded.streams.into_iter();
    }

    /// The next ticket of the batch: drive it to its end and tell [`Sweep::done`].
    pub(super) fn next(&mut self) -> Option<Result<Operation, Error>> {
        self.batch = self.batch.checked_sub(1)?;
        let stream = self.due.next()?.stream;
        self.at_work = Some(stream);
        let call = Call::with_id(Uuid::nil(), Actor::System, self.now).tenant(stream.tenant);
        let request = Request::Sweep(TicketId::from_uuid(stream.id));
        let loaded = self.loaded.next();
        Some(self.office.operation_on(loaded, call, request))
    }

    /// Tells what came of the ticket.
    pub(super) fn done(&mut self, result: Result<Outcome, Error>) {
        let Some(stream) = self.at_work.take() else {
            return;
        };
        match result {
            Ok(outcome) => {
                self.swept.tickets += 1;
                self.swept.events += outcome.events().len();
                if outcome.events().iter().any(Recorded::ended_a_chain) {
                    self.swept.chains_ended.push(stream);
                }
                self.office.infirmary.recovered(stream);
            }
            Err(error) => {
                self.office.infirmary.failed(stream, self.now, &error);
                self.swept.failed.push((stream, error));
            }
        }
    }

    pub(super) fn finish(self) -> Swept {
        self.swept
    }
}
