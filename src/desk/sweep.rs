//! A sweep, as a conversation without I/O: recording what fell due, ticket by ticket.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::store::{DueStream, Load, Loaded, StoreError, Stream, StreamId};

use super::Need;
use super::absent::Absent;
use super::office::Office;
use super::sweep_one::SweepOne;

/// What a sweep did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// How many tickets were swept to the end; those that failed are not among them.
    pub tickets: usize,
    /// How many events were recorded, those on tickets that failed later on among them.
    pub events: usize,
    /// The tickets on which rules acted too often in a row and were stopped: rules that go round.
    /// [`Rulebook::lint`](crate::Rulebook::lint) tells which.
    pub chains_ended: Vec<StreamId>,
    /// The tickets that could not be swept, with the reason.
    pub failed: Vec<(StreamId, Error)>,
    /// Whether the limit was reached: more may be due.
    pub more: bool,
}

impl Swept {
    /// This and what another part of the same sweep did.
    pub(super) fn and(mut self, other: Swept) -> Swept {
        self.tickets += other.tickets;
        self.events += other.events;
        self.chains_ended.extend(other.chains_ended);
        self.failed.extend(other.failed);
        self.more |= other.more;
        self
    }
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

/// How many tickets are loaded together.
pub(super) const LOADED_AT_ONCE: usize = 32;

/// A sweep on its way: batches of tickets of one tenant, loaded together and committed one by one.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    limit: usize,
    due: std::vec::IntoIter<DueStream>,
    /// Ailing tickets that the store did not give; they are looked at first.
    absent: Absent<'a>,
    /// The batch that is to be loaded.
    load: Option<Load>,
    /// How many of the batch at work are left, and what was loaded of them.
    batch: usize,
    loaded: std::vec::IntoIter<Stream>,
    at_work: Option<SweepOne<'a>>,
    swept: Swept,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(office: &'a Office, now: DateTime<Utc>, limit: usize) -> Sweep<'a> {
        Sweep {
            office,
            now,
            limit,
            due: Vec::new().into_iter(),
            absent: Absent::of(office, now, Vec::new()),
            load: None,
            batch: 0,
            loaded: Vec::new().into_iter(),
            at_work: None,
            swept: Swept::default(),
        }
    }

    /// All but the first tickets that would be loaded together, for others to sweep.
    pub(super) fn hand_out(&mut self) -> HandedOut<'a> {
        let mut left = std::mem::take(&mut self.due);
        self.due = left
            .by_ref()
            .take(LOADED_AT_ONCE)
            .collect::<Vec<_>>()
            .into_iter();
        HandedOut {
            office: self.office,
            now: self.now,
            left: Mutex::new(left),
        }
    }

    /// How many due streams to ask for.
    pub(super) fn wanted(&self) -> usize {
        self.office.due_wanted(self.now, self.limit)
    }

    /// Tells what is due.
    pub(super) fn due(&mut self, found: Vec<DueStream>) {
        let (mut due, absent) = self.office.due(self.now, self.limit, found);
        self.absent = absent;
        self.swept.more = due.len() > self.limit;
        due.truncate(self.limit);
        self.due = due.into_iter();
        self.go_on();
    }

    /// What is needed next; nothing at the end of the sweep.
    pub(super) fn need(&self) -> Need<'_> {
        match (self.absent.load().or(self.load.as_ref()), &self.at_work) {
            (Some(load), _) => Need::Load(load),
            (None, Some(at_work)) => at_work.need(),
            (None, None) => Need::Nothing,
        }
    }

    /// Tells what was loaded. Tickets that cannot be loaded together are loaded alone, and each tells why it cannot.
    pub(super) fn loaded(&mut self, loaded: Result<Loaded, StoreError>) {
        if self.absent.load().is_some() {
            self.absent.loaded(loaded.ok());
        } else if let Some(load) = self.load.take() {
            self.batch = load.streams.len();
            self.loaded = loaded.unwrap_or_default().streams.into_iter();
        } else if let Some(at_work) = &mut self.at_work {
            let told = loaded.map_err(Error::from);
            let told = told.and_then(|loaded| at_work.loaded(loaded));
            self.told(told);
        }
        self.go_on();
    }

    /// Tells how a commit went.
    pub(super) fn committed(&mut self, result: Result<(), StoreError>) {
        if let Some(at_work) = &mut self.at_work {
            let told = at_work.committed(result);
            self.told(told);
        }
        self.go_on();
    }

    /// Begins with the next tickets until one of them, or the next batch, needs something.
    fn go_on(&mut self) {
        while self.load.is_none() && self.at_work.is_none() {
            if self.batch == 0 {
                self.load = self.next_batch();
                return;
            }
            self.batch -= 1;
            let (Some(due), loaded) = (self.due.next(), self.loaded.next()) else {
                return;
            };
            let at_work = SweepOne::new(self.office.rulebooks(), due.stream, self.now);
            let at_work = self.at_work.insert(at_work);
            if let Some(stream) = loaded {
                let told = at_work.loaded(stream.into());
                self.told(told);
            }
        }
    }

    fn next_batch(&self) -> Option<Load> {
        let rest = self.due.as_slice();
        let tenant = rest.first()?.stream.tenant;
        let of_tenant = rest.iter().take(LOADED_AT_ONCE);
        let batch = of_tenant.take_while(|due| due.stream.tenant == tenant);
        let mut load = Load::streams(tenant, batch.map(|due| due.stream));
        load.snapshots = true;
        Some(load)
    }

    /// Notes how far the ticket at work has come.
    fn told(&mut self, told: Result<(), Error>) {
        let is_over = |at_work: &mut SweepOne<'_>| told.is_err() || at_work.is_done();
        let Some(over) = self.at_work.take_if(is_over) else {
            return;
        };
        let stream = over.stream();
        self.swept.events += over.events();
        if over.ended_a_chain() {
            self.swept.chains_ended.push(stream);
        }
        match told {
            Ok(()) => {
                self.swept.tickets += 1;
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

/// The tickets of a sweep that several workers share: whoever is done with some takes the next ones.
#[derive(Debug)]
pub(super) struct HandedOut<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    left: Mutex<std::vec::IntoIter<DueStream>>,
}

impl<'a> HandedOut<'a> {
    /// A sweep over the next tickets; none where no one is left.
    pub(super) fn next(&self) -> Option<Sweep<'a>> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let next: Vec<DueStream> = left.by_ref().take(LOADED_AT_ONCE).collect();
        drop(left);
        let mut sweep = Sweep::new(self.office, self.now, next.len());
        sweep.due = next.into_iter();
        sweep.go_on();
        sweep.load.is_some().then_some(sweep)
    }

    /// How many loads of tickets are left.
    pub(super) fn batches(&self) -> usize {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.len().div_ceil(LOADED_AT_ONCE)
    }
}
