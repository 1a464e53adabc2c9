//! Tickets that a sweep could not look at: put off with growing pauses, so that they hold up no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::Error;
use crate::store::{DueStream, StreamId};

/// A ticket whose sweeps fail, as this desk knows it: another process may know better.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ailing {
    /// Which ticket.
    pub stream: StreamId,
    /// The sweep that failed first.
    pub since: DateTime<Utc>,
    /// How many sweeps failed in a row.
    pub tries: u32,
    /// The sweep does not look at it before.
    pub not_before: DateTime<Utc>,
    /// What the last sweep answered.
    pub error: String,
}

/// The first pause after a failure; each further one is twice as long, up to the longest.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(10);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

impl Ailing {
    /// Puts it off for the pause that belongs to so many failures.
    fn put_off(&mut self, now: DateTime<Utc>) {
        let doubled = FIRST_PAUSE.checked_mul(1 << self.tries.saturating_sub(1).min(20));
        let pause = doubled.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        self.not_before = now.checked_add_signed(pause).unwrap_or(now);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Infirmary(Mutex<BTreeMap<StreamId, Ailing>>);

impl Infirmary {
    fn beds(&self) -> MutexGuard<'_, BTreeMap<StreamId, Ailing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn list(&self) -> Vec<Ailing> {
        self.beds().values().cloned().collect()
    }

    /// Those that are not to be looked at yet.
    pub(crate) fn put_off(&self, now: DateTime<Utc>) -> BTreeSet<StreamId> {
        let beds = self.beds();
        let put_off = beds.iter().filter(|(_, ailing)| ailing.not_before > now);
        put_off.map(|(stream, _)| *stream).collect()
    }

    pub(crate) fn recovered(&self, stream: StreamId) {
        self.beds().remove(&stream);
    }

    pub(crate) fn failed(&self, stream: StreamId, now: DateTime<Utc>, error: &Error) {
        let mut beds = self.beds();
        let fresh = Ailing {
            stream,
            since: now,
            tries: 0,
            not_before: now,
            error: String::new(),
        };
        let ailing = beds.entry(stream).or_insert(fresh);
        ailing.tries = ailing.tries.saturating_add(1);
        ailing.put_off(now);
        ailing.error = error.to_string();
    }

    /// Puts one off for the shortest pause: it was its turn, and nobody could look at it.
    pub(crate) fn put_off_again(&self, stream: StreamId, now: DateTime<Utc>) {
        if let Some(ailing) = self.beds().get_mut(&stream) {
            ailing.not_before = now.checked_add_signed(FIRST_PAUSE).unwrap_or(now);
        }
    }

    /// Those whose turn has come and that are not among what the store found, by tenant.
    pub(crate) fn absent(&self, now: DateTime<Utc>, found: &[DueStream]) -> Vec<StreamId> {
        let found: BTreeSet<StreamId> = found.iter().map(|due| due.stream).collect();
        let beds = self.beds();
        let turn = beds.iter().filter(|(_, ailing)| ailing.not_before <= now);
        let streams = turn.map(|(stream, _)| *stream);
        streams.filter(|stream| !found.contains(stream)).collect()
    }

    /// How many there are, and when the first that is put off at `now` is to be looked at again.
    pub(crate) fn outlook(&self, now: DateTime<Utc>) -> (usize, Option<DateTime<Utc>>) {
        let beds = self.beds();
        let put_off = beds
            .values()
            .map(|ailing| ailing.not_before)
            .filter(|at| *at > now);
        (beds.len(), put_off.min())
    }
}
