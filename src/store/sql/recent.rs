//! Tickets that were written lately, in the memory of the process: the next load reads only what others wrote since, and a load for a
//! command, which commits on what it was told or asks again, reads nothing while others write nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{
    Commit, Events, Load, Loaded, Part, Snapshot, StoreError, StoreErrorKind, Stream, StreamId,
};

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
    /// How often in a row nobody else had written to what is held here, when it was looked for.
    alone: u32,
    /// How often all was forgotten.
    memory: u64,
}

/// After so many looks in vain nobody looks any more, until a commit meets somebody else's.
const ALONE: u32 = 8;

impl Recent {
    pub(in crate::store) fn keeping(keeps: usize) -> Recent {
        Recent {
            keeps,
            held: Mutex::default(),
        }
    }

    /// After a commit was written, or met others.
    pub(in crate::store) fn learn<T>(&self, commit: &Commit, written: &Result<T, StoreError>) {
        match written {
            Ok(_) => self.wrote(commit),
            Err(error) if error.kind() == StoreErrorKind::Conflict => self.doubt(commit),
            Err(_) => {}
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

    /// The answer to a load that may be told as kept, where that is known and others seem to write nothing.
    pub(in crate::store) fn tell(&self, request: &Load) -> Option<Loaded> {
        let may_be_told = request.as_kept
            && request.snapshots
            && !request.number
            && request.idempotency.is_none() // what was done before is told again where nothing can be written
            && request.owners.is_empty() // a key that the stream itself has is no conflict
            && request.content.is_empty();
        let ([stream], true) = (request.streams.as_slice(), may_be_told) else {
            return None;
        };
        let memory = {
            let held = self.held();
            (held.alone >= ALONE).then_some(held.memory)?
        };
        let kept = Stream::since(Some(self.of(*stream)?), Events::none(stream.kind));
        Some(Loaded {
            as_kept: Some(memory),
            ..kept.into()
        })
    }

    /// After a look at what others wrote to a stream that is held here.
    pub(in crate::store) fn looked(&self, others_wrote: bool) {
        let mut held = self.held();
        held.alone = match others_wrote {
            true => 0,
            false => held.alone.saturating_add(1),
        };
    }

    /// Whether nothing was forgotten since that was told.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn is_of(&self, as_kept: Option<u64>) -> bool {
        as_kept.is_none_or(|memory| memory == self.held().memory)
    }

    /// After a commit met others who were there first: what is known of its streams may be what they undid.
    pub(in crate::store) fn doubt(&self, commit: &Commit) {
        let mut held = self.held();
        held.alone = 0;
        for part in &commit.parts {
            held.new.remove(&part.stream);
            held.old.remove(&part.stream);
        }
    }

    /// Forgets all.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn forget(&self) {
        let mut held = self.held();
        *held = Held {
            memory: held.memory.wrapping_add(1),
            ..Held::default()
        };
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
