//! What every desk has, whatever kind of store it drives: its rules, its limits, and the tickets that ail.
//!
//! Here and in the conversations beside it ([`Operation`], [`Sweep`](super::sweep::Sweep), [`Nap`](super::nap::Nap),
//! [`Look`](super::look::Look)) everything is decided; a desk only carries questions to its store and answers back. So the
//! blocking desk and the async one cannot differ.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::call::Call;
use crate::error::Error;
use crate::id::{RulebookId, TicketId};
use crate::kpi::{Fact, KpiError, Similar, Suggest};
use crate::rulebook::{Governed, Rulebook, Rulebooks};
use crate::sla::{Ledger, Reading};
use crate::store::{DueStream, Loaded, StreamEvent};
use crate::ticket::{Agreement, ClockId, Recorded, Ticket};
use crate::time::{instant, micros};

use super::absent::Absent;
use super::ailing::Infirmary;
use super::sweep::AT_ONCE;
use super::{Operation, Request, Tell, ledger, read, readings};

#[derive(Debug)]
pub(super) struct Office {
    rulebooks: Arc<Rulebooks>,
    /// In microseconds; the largest number where there is no limit.
    latest: AtomicI64,
    pub(super) max_nap: TimeDelta,
    pub(super) infirmary: Infirmary,
}

impl Office {
    pub(super) fn new(rules: impl Into<Rulebooks>) -> Office {
        Office {
            rulebooks: Arc::new(rules.into()),
            latest: AtomicI64::new(i64::MAX),
            max_nap: TimeDelta::minutes(5),
            infirmary: Infirmary::default(),
        }
    }

    /// Adds the versions that `ticket` was ever pinned to and that are not here.
    pub(super) fn add_missing(&self, ticket: &Ticket, missing: &mut BTreeSet<RulebookId>) {
        let missing_here = |id: &RulebookId| self.rulebooks.get_for(ticket.tenant(), *id).is_err();
        missing.extend(ticket.rulebooks().filter(missing_here));
    }

    pub(super) fn rulebooks(&self) -> &Rulebooks {
        &self.rulebooks
    }

    pub(super) fn accept_until(&self, latest: Option<DateTime<Utc>>) {
        self.latest
            .store(latest.map_or(i64::MAX, micros), Ordering::Relaxed);
    }

    fn accepted_until(&self) -> Option<DateTime<Utc>> {
        let latest = Some(self.latest.load(Ordering::Relaxed));
        latest.filter(|us| *us != i64::MAX).map(instant)
    }

    pub(super) fn operation(&self, call: Call, request: Request) -> Operation {
        let books = self.rulebooks.clone();
        let operation = Operation::deciding_as_kept(books, call, request);
        operation.accepting_until(self.accepted_until())
    }

    /// What tells something to what stands beside tickets.
    pub(super) fn telling<A: Governed>(
        &self,
        id: A::Id,
        call: &Call,
        command: A::Command,
    ) -> Tell<A>
    where
        A::Event: StreamEvent,
        A::Id: Serialize,
    {
        Tell::new(self.rulebooks.clone(), call.clone(), id, command)
            .accepting_until(self.accepted_until())
    }

    /// How many due streams to ask for, so that `limit` and one more are left without those that are put off.
    pub(super) fn due_wanted(&self, now: DateTime<Utc>, limit: usize) -> usize {
        let (ailing, _) = self.infirmary.outlook(now);
        limit.saturating_add(ailing).saturating_add(1)
    }

    /// What is due and not put off, of what the store found; and the ailing tickets whose turn has come and that are not among it,
    /// where it is all that the store has to give: as many of them as a sweep of this limit may look at.
    pub(super) fn due(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        mut found: Vec<DueStream>,
    ) -> (Vec<DueStream>, Absent<'_>) {
        let is_all = found.len() < self.due_wanted(now, limit);
        let mut absent = match is_all {
            true => self.infirmary.absent(now, &found),
            false => Vec::new(),
        };
        absent.truncate(limit.max(AT_ONCE));
        let put_off = self.infirmary.put_off(now);
        found.retain(|due| !put_off.contains(&due.stream));
        found.truncate(limit.saturating_add(1));
        (found, Absent::of(self, now, absent))
    }

    fn rulebook_of(&self, ticket: &Ticket) -> Result<&Rulebook, Error> {
        Ok(self.rulebooks.of(ticket)?)
    }

    pub(super) fn reading(
        &self,
        ticket: &Ticket,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        Ok(read(ticket, self.rulebook_of(ticket)?, clock, now))
    }

    pub(super) fn readings(
        &self,
        ticket: &Ticket,
        now: DateTime<Utc>,
    ) -> Result<Vec<Reading>, Error> {
        Ok(readings(ticket, self.rulebook_of(ticket)?, now))
    }

    pub(super) fn at_risk(
        &self,
        ticket: Arc<Ticket>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, Reading)>, Error> {
        let rulebook = self.rulebook_of(&ticket)?;
        Ok(super::reading::at_risk(ticket, rulebook, now, until))
    }

    pub(super) fn ledger(
        &self,
        ticket: &Ticket,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        Ok(ledger(ticket, self.rulebook_of(ticket)?, clock, now))
    }

    /// What the ticket contributes to every figure.
    pub(super) fn facts(&self, ticket: &Ticket) -> Result<Vec<Fact>, Error> {
        Ok(self.rulebook_of(ticket)?.facts(ticket))
    }

    /// What gathers the tickets that are similar to this one.
    pub(super) fn similar<'a>(
        &'a self,
        ticket: &'a Ticket,
        similar: &'a Suggest,
        now: DateTime<Utc>,
    ) -> Result<Similar<'a>, Error> {
        let book = self.rulebook_of(ticket)?;
        let own = book.policies().calendar_of(ticket, Agreement::Sla);
        Ok(similar.look(ticket, own.unwrap_or(book.calendar()), now))
    }
}

/// The events of the one ticket that was loaded.
pub(super) fn history(ticket: TicketId, loaded: Loaded) -> Result<Vec<Recorded>, Error> {
    let stream = loaded.streams.into_iter().next().unwrap_or_default();
    if stream.events.is_empty() {
        return Err(Error::no_ticket(ticket));
    }
    Ok(stream.events.into_ticket())
}

/// A tally that is being filled, ticket by ticket.
pub(crate) struct Count<T> {
    tally: T,
    count: fn(&mut T, &[Fact]) -> Result<(), KpiError>,
    failed: Option<KpiError>,
}

impl<T> Count<T> {
    pub(crate) fn of(tally: T, count: fn(&mut T, &[Fact]) -> Result<(), KpiError>) -> Count<T> {
        Count {
            tally,
            count,
            failed: None,
        }
    }

    pub(crate) fn add(&mut self, rows: &[Fact]) {
        if self.failed.is_none() {
            self.failed = (self.count)(&mut self.tally, rows).err();
        }
    }

    /// The tally; the error of the first ticket that could not be counted.
    pub(crate) fn finish(self) -> Result<T, Error> {
        match self.failed {
            None => Ok(self.tally),
            Some(error) => Err(error.into()),
        }
    }
}
