//! A sweep, as a conversation without I/O: recording what fell due.
//!
//! Tickets are swept a few at a time: loaded together, decided one after the other, and committed together, each by itself. So a store
//! that waits for a disk or a server waits once for all of them. Those that are not done then (somebody wrote first, or more fell due than
//! one commit takes) go through the same again.

use std::{fmt, iter};

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::store::{Commit, DueStream, Load, Loaded, StoreError, StreamId};

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

/// How many tickets are loaded and committed together.
pub(super) const AT_ONCE: usize = 32;

/// What a sweep needs next.
#[derive(Debug)]
pub(super) enum SweepNeed<'a> {
    /// To load this.
    Load(&'a Load),
    /// To commit these, each by itself.
    Commits(Vec<&'a Commit>),
    /// Nothing any more.
    Nothing,
}

/// A sweep on its way.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    limit: usize,
    due: std::vec::IntoIter<DueStream>,
    /// Ailing tickets that the store did not give; they are looked at first.
    absent: Absent<'a>,
    /// The tickets at work, of one tenant.
    batch: Vec<SweepOne<'a>>,
    /// What is to be loaded of them.
    load: Option<Load>,
    /// Whether they could not be loaded together: then each is loaded alone, and tells why it cannot.
    alone: bool,
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
            batch: Vec::new(),
            load: None,
            alone: false,
            swept: Swept::default(),
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
    pub(super) fn need(&self) -> SweepNeed<'_> {
        if let Some(load) = self.absent.load().or(self.load.as_ref()) {
            return SweepNeed::Load(load);
        }
        match self
            .batch
            .iter()
            .filter_map(SweepOne::commit)
            .collect::<Vec<_>>()
        {
            commits if commits.is_empty() => SweepNeed::Nothing,
            commits => SweepNeed::Commits(commits),
        }
    }

    /// Tells what was loaded.
    pub(super) fn loaded(&mut self, loaded: Result<Loaded, StoreError>) {
        if self.absent.load().is_some() {
            return self.absent.loaded(loaded.ok());
        }
        let Some(load) = self.load.take() else {
            return;
        };
        match loaded {
            Err(_) if load.streams.len() > 1 => self.alone = true,
            Err(error) => self.tell(&load.streams, [Err(error)], SweepOne::loaded),
            Ok(loaded) => {
                let each = loaded.streams.into_iter().map(|stream| Ok(stream.into()));
                self.tell(&load.streams, each, SweepOne::loaded);
            }
        }
        self.go_on();
    }

    /// Tells how the commits went.
    pub(super) fn committed(&mut self, results: Vec<Result<(), StoreError>>) {
        let committing = self.batch.iter().filter(|one| one.commit().is_some());
        let streams: Vec<StreamId> = committing.map(SweepOne::stream).collect();
        self.tell(&streams, results, SweepOne::committed);
        self.go_on();
    }

    /// Tells each of these tickets at work its part of an answer. One that got none because the store told less is told so.
    fn tell<T>(
        &mut self,
        streams: &[StreamId],
        answers: impl IntoIterator<Item = Result<T, StoreError>>,
        hear: impl Fn(&mut SweepOne<'a>, Result<T, StoreError>) -> Result<(), Error>,
    ) {
        let mut answers = answers.into_iter();
        let mut streams = streams.iter().peekable();
        self.batch.retain_mut(|one| {
            if streams.next_if(|stream| **stream == one.stream()).is_none() {
                return true;
            }
            let told = match answers.next() {
                Some(answer) => hear(one, answer),
                None => Err(Error::misused("a store answers as often as it is asked")),
            };
            if told.is_ok() && !one.is_done() {
                return true;
            }
            over(one, told, self.office, &mut self.swept);
            false
        });
    }

    /// Looks for what is to be loaded next: of those at work, else the next tickets; unless commits are due first.
    fn go_on(&mut self) {
        if self.batch.is_empty() {
            self.next_batch();
        }
        let loading = |one: &SweepOne<'_>| Some((one.stream(), one.loads()?));
        let mut loading = self.batch.iter().filter_map(loading);
        let Some((first, snapshots)) = loading.next() else {
            return;
        };
        let more = loading.filter(|(_, kept)| *kept == snapshots && !self.alone);
        let streams = iter::once(first).chain(more.map(|(stream, _)| stream));
        let mut load = Load::streams(first.tenant, streams);
        load.snapshots = snapshots;
        self.load = Some(load);
    }

    fn next_batch(&mut self) {
        let rest = self.due.as_slice();
        let Some(tenant) = rest.first().map(|due| due.stream.tenant) else {
            return;
        };
        let first = rest.iter().take(AT_ONCE);
        let count = first.take_while(|due| due.stream.tenant == tenant).count();
        let books = self.office.rulebooks();
        let begin = |due: DueStream| SweepOne::new(books, due.stream, self.now);
        self.batch = self.due.by_ref().take(count).map(begin).collect();
        self.alone = false;
    }

    pub(super) fn finish(self) -> Swept {
        self.swept
    }
}

/// Notes how a ticket ended.
fn over(one: &SweepOne<'_>, told: Result<(), Error>, office: &Office, swept: &mut Swept) {
    let stream = one.stream();
    swept.events += one.events();
    if one.ended_a_chain() {
        swept.chains_ended.push(stream);
    }
    match told {
        Ok(()) => {
            swept.tickets += 1;
            office.infirmary.recovered(stream);
        }
        Err(error) => {
            office.infirmary.failed(stream, one.now(), &error);
            swept.failed.push((stream, error));
        }
    }
}
