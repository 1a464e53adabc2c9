//! Tickets that were written lately, in the memory of the process: the next load reads only what others wrote since.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Commit, Part, Snapshot, StreamId};

/// The snapshots of the last commits of one store value. Events are only ever added, so one that others have written past is behind,
/// not wrong: whoever loads asks here first, before the reading begins, and then the database for the events after it.
///
/// It holds at most twice as many as it keeps: when so many are new, those that nobody asked for since the time before are forgotten.
#[derive(Debug)]
pub(in crate::store) struct Recent {
    keeps: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    new: HashMap<StreamId, Snapshot>,
    old: HashMap<StreamId, Snapshot>,
}

impl Recent {
    pub(in crate::store) fn keeping(keeps: usize) -> Recent {
        Recent {
            keeps,
            held: Mutex::default(),
        }
    }

    /// After a commit was written: what it made of its tickets.
    pub(in crate::store) fn wrote(&self, commit: &Commit) {
        let made = |part: &Part| {
            let snapshot = part.snapshot.as_ref();
            let fits = snapshot.filter(|snapshot| snapshot.stands_for(part.stream));
            fits.map(|snapshot| (part.stream, snapshot.clone()))
        };
        for (stream, snapshot) in commit.parts.iter().filter_map(made) {
            self.held().put(stream, snapshot, self.keeps);
        }
    }

    /// The stream as it was written last by this store value, where that is still known.
    pub(in crate::store) fn of(&self, stream: StreamId) -> Option<Snapshot> {
        let mut held = self.held();
        if let Some(found) = held.new.get(&stream) {
            return Some(found.clone());
        }
        let found = held.old.remove(&stream)?;
        held.put(stream, found.clone(), self.keeps);
        Some(found)
    }

    /// After a commit met others who were there first: what is known of its streams may be what they undid.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn doubt(&self, commit: &Commit) {
        let mut held = self.held();
        for part in &commit.parts {
            held.new.remove(&part.stream);
            held.old.remove(&part.stream);
        }
    }

    /// Forgets all.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn forget(&self) {
        *self.held() = Held::default();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn put(&mut self, stream: StreamId, snapshot: Snapshot, keeps: usize) {
        if keeps == 0 {
            return;
        }
        if self.new.len() >= keeps && !self.new.contains_key(&stream) {
            self.old = std::mem::take(&mut self.new);
        }
        self.old.remove(&stream);
        self.new.insert(stream, snapshot);
    }
}
