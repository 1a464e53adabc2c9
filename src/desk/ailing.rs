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
        let doubled = FIRST_PAUSE
            .checked_mul(1 << ailing.tries.min(20))
            .unwrap_or(LONGEST_PAUSE);
        ailing.tries = ailing.tries.saturating_add(1);
        ailing.not_before = now
            .checked_add_signed(doubled.min(LONGEST_PAUSE))
            .unwrap_or(now);
        ailing.error = error.to_string();
    }

    /// Forgets those whose turn has come and that are not due any more: somebody else looked at them.
    pub(crate) fn dismiss(&self, now: DateTime<Utc>, due: &[DueStream]) {
        let still_due = |stream| due.iter().any(|due| due.stream == stream);
        self.beds()
            .retain(|stream, ailing| ailing.not_before > now || still_due(*stream));
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
