//! Keeping the rulebooks of a desk in its store, as a conversation without I/O.
//!
//! First it looks at every version that is kept, then it keeps what is not: a stream per version, all of them under one tenant.
//! Where another process keeps the same version in that moment, it looks again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::aggregate::{KeptRulebook, RulebookEvent};
use crate::call::Actor;
use crate::error::Error;
use crate::id::{RulebookId, TenantId};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::store::{
    Commit, Load, Loaded, Part, StoreError, StoreErrorKind, Stream, StreamId, StreamKind,
};
use crate::ticket::{Recorded, Version};
use crate::time::truncate;

/// How often a conflict is met by looking again.
const MAX_TRIES: u32 = 64;
/// How many versions are looked at together.
const PAGE: usize = 64;

/// What is needed next.
pub(super) enum KeepNeed<'a> {
    /// The versions that are kept after this one, at most so many.
    Versions(Option<Uuid>, usize),
    Load(&'a Load),
    Commit(&'a Commit),
    Nothing,
}

/// Rulebooks on their way into a store.
#[derive(Debug)]
pub(super) struct Keep {
    given: Rulebooks,
    now: DateTime<Utc>,
    tries: u32,
    kept: BTreeMap<RulebookId, Kept>,
    /// Where the next page begins, where there is one.
    after: Option<Uuid>,
    state: State,
}

/// A version as it stands in the store.
#[derive(Debug, Default)]
struct Kept {
    rules: KeptRulebook,
    /// Built only where the host did not give it.
    book: Option<Rulebook>,
    until: Version,
    last: Option<DateTime<Utc>>,
}

#[derive(Debug)]
enum State {
    Looking,
    Loading(Load),
    Committing(Box<Commit>),
    Done,
}

impl Keep {
    /// Where versions are kept: they are the same for every tenant.
    pub(super) const TENANT: TenantId = TenantId::SINGLE;

    pub(super) fn new(given: Rulebooks, now: DateTime<Utc>) -> Keep {
        Keep {
            given,
            now: truncate(now),
            tries: 0,
            kept: BTreeMap::new(),
            after: None,
            state: State::Looking,
        }
    }

    pub(super) fn need(&self) -> KeepNeed<'_> {
        match &self.state {
            State::Looking => KeepNeed::Versions(self.after, PAGE),
            State::Loading(load) => KeepNeed::Load(load),
            State::Committing(commit) => KeepNeed::Commit(commit),
            State::Done => KeepNeed::Nothing,
        }
    }

    /// Tells a page of the versions that are kept.
    pub(super) fn found(&mut self, versions: Vec<Uuid>) {
        self.after = versions.last().copied().filter(|_| versions.len() >= PAGE);
        self.state = match versions.is_empty() {
            true => self.next_commit(),
            false => State::Loading(Load::streams(
                Keep::TENANT,
                versions.into_iter().map(stream),
            )),
        };
    }

    pub(super) fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        let State::Loading(load) = std::mem::replace(&mut self.state, State::Looking) else {
            return Ok(());
        };
        for (stream, found) in load.streams.iter().zip(loaded.streams) {
            let version = RulebookId::from_uuid(stream.id);
            if let Some(mut kept) = kept(version, found)? {
                if self.given.get(version).is_err() {
                    kept.book = Some(book(version, &kept.rules)?);
                }
                self.kept.insert(version, kept);
            }
        }
        if self.after.is_none() {
            self.state = self.next_commit();
        }
        Ok(())
    }

    /// Tells how the commit went.
    pub(super) fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        match result {
            Ok(()) => {
                if let State::Committing(commit) = std::mem::replace(&mut self.state, State::Done) {
                    self.take_in(*commit);
                    self.state = self.next_commit();
                }
                Ok(())
            }
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                self.tries += 1;
                if self.tries >= MAX_TRIES {
                    return Err(Error::contended(self.tries));
                }
                (self.kept, self.after) = (BTreeMap::new(), None);
                self.state = State::Looking;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next versions to keep.
    fn next_commit(&self) -> State {
        let parts = self.given.to_keep().filter_map(|(version, rules)| {
            let kept = self.kept.get(&version);
            let missing = rules.missing(kept.map(|kept| &kept.rules));
            (!missing.is_empty()).then(|| self.part(version, kept, missing))
        });
        let parts: Vec<Part> = parts.take(PAGE).collect();
        match parts.is_empty() {
            true => State::Done,
            false => State::Committing(Box::new(Commit::new(Keep::TENANT, self.now, parts))),
        }
    }

    fn part(&self, version: RulebookId, kept: Option<&Kept>, missing: Vec<RulebookEvent>) -> Part {
        let before = kept.map(|kept| kept.until).unwrap_or_default();
        let last = kept.and_then(|kept| kept.last);
        let mut place = before;
        let recorded = missing.into_iter().map(|event| {
            place = place.next();
            Recorded {
                version: place,
                at: last.map_or(self.now, |last| last.max(self.now)),
                stamped_at: None,
                timing: None,
                actor: Actor::System,
                cause: None,
                event,
            }
        });
        let recorded: Vec<_> = recorded.collect();
        Part::append(stream(version.uuid()), before, recorded)
    }

    /// What was committed is kept from now on.
    fn take_in(&mut self, commit: Commit) {
        for part in commit.parts {
            let kept = self.kept.entry(RulebookId::from_uuid(part.stream.id));
            let kept = kept.or_default();
            for event in part.events.take::<RulebookEvent>() {
                kept.rules.apply(&event.event);
                (kept.until, kept.last) = (event.version, Some(event.at));
            }
        }
    }

    /// The rulebooks that the host gave, with those that were kept.
    pub(super) fn finish(self) -> Rulebooks {
        let given = self.given;
        let kept = self.kept.into_iter().filter_map(|(version, kept)| {
            let book = kept.book.or_else(|| given.get(version).ok().cloned());
            Some((book?, kept.rules.given))
        });
        let kept: Vec<_> = kept.collect();
        given.with_kept(kept)
    }
}

fn stream(version: Uuid) -> StreamId {
    StreamId {
        tenant: Keep::TENANT,
        kind: StreamKind::Rulebook,
        id: version,
    }
}

/// What stands in the stream of a version; none where nobody wrote it.
fn kept(version: RulebookId, found: Stream) -> Result<Option<Kept>, StoreError> {
    let events = found.events.take::<RulebookEvent>();
    let Some(rules) = KeptRulebook::replay(&events) else {
        return Ok(None);
    };
    if !rules.is(version) {
        let what =
            format!("rulebook version `{version}` is kept with other rules than its id stands for");
        return Err(StoreError::new(StoreErrorKind::Corrupt, what));
    }
    let last = events.last();
    Ok(Some(Kept {
        rules,
        book: None,
        until: last.map(|event| event.version).unwrap_or_default(),
        last: last.map(|event| event.at),
    }))
}

fn book(version: RulebookId, rules: &KeptRulebook) -> Result<Rulebook, StoreError> {
    Rulebook::of_kept(version, rules).map_err(|error| {
        let what = format!("the rules of version `{version}` were kept by another version of this crate, and this one does not read them");
        StoreError::new(StoreErrorKind::Newer, what).because(error)
    })
}
