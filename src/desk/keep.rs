//! Keeping the rulebooks of a desk in its store.
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
use crate::store::{Commit, Load, Part, StoreError, StoreErrorKind, Stream, StreamId, StreamKind};
use crate::ticket::{Recorded, Version};
use crate::time::truncate;

use super::source::Source;

/// How often a conflict is met by looking again.
const MAX_TRIES: u32 = 64;
/// How many versions are looked at together.
const PAGE: usize = 64;

/// Where versions are kept: they are the same for every tenant.
const TENANT: TenantId = TenantId::SINGLE;

/// Keeps what was `given` in the store, and tells it with what was kept before. `now` is when what is new is kept.
pub(super) async fn keep(
    source: &impl Source,
    given: Rulebooks,
    now: DateTime<Utc>,
) -> Result<Rulebooks, Error> {
    let mut keep = Keep {
        given,
        now: truncate(now),
        kept: BTreeMap::new(),
    };
    for _ in 0..MAX_TRIES {
        keep.look(source).await?;
        if keep.write(source).await? {
            return Ok(keep.finish());
        }
    }
    Err(Error::contended(MAX_TRIES))
}

/// Rulebooks on their way into a store.
#[derive(Debug)]
struct Keep {
    given: Rulebooks,
    now: DateTime<Utc>,
    kept: BTreeMap<RulebookId, Kept>,
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

impl Keep {
    /// Looks at every version that is kept, page by page.
    async fn look(&mut self, source: &impl Source) -> Result<(), Error> {
        self.kept.clear();
        let mut after = None;
        loop {
            let of = (TENANT, StreamKind::Rulebook);
            let page = source.streams(of, after, PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            let load = Load::streams(TENANT, page.iter().copied().map(stream));
            let loaded = source.load(&load).await?;
            for (stream, found) in load.streams.iter().zip(loaded.streams) {
                let version = RulebookId::from_uuid(stream.id);
                if let Some(mut kept) = kept(version, found)? {
                    if self.given.get(version).is_err() {
                        kept.book = Some(book(version, &kept.rules)?);
                    }
                    self.kept.insert(version, kept);
                }
            }
            match page.last().filter(|_| page.len() >= PAGE) {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }

    /// Keeps what is not kept yet. Where somebody else wrote first, it answers `false`: all of it has to be looked at again.
    async fn write(&mut self, source: &impl Source) -> Result<bool, Error> {
        while let Some(commit) = self.next_commit() {
            match source.commit(&commit).await {
                Ok(()) => self.take_in(commit),
                Err(error) if error.kind() == StoreErrorKind::Conflict => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// The next versions to keep.
    fn next_commit(&self) -> Option<Commit> {
        let parts = self.given.to_keep().filter_map(|(version, rules)| {
            let kept = self.kept.get(&version);
            let missing = rules.missing(kept.map(|kept| &kept.rules));
            (!missing.is_empty()).then(|| self.part(version, kept, missing))
        });
        let parts: Vec<Part> = parts.take(PAGE).collect();
        (!parts.is_empty()).then(|| Commit::new(TENANT, self.now, parts))
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
    fn finish(self) -> Rulebooks {
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
        tenant: TENANT,
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
