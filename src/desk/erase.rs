//! Erasing a person, as a conversation without I/O.
//!
//! The texts about every id that leads to the person go, with the keys that they own, and the profile says so in one event. So does the
//! stream of who had no profile: an id that was erased is nobody's again.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::aggregate::Aggregate;
use crate::call::Actor;
use crate::customer::{Event, Profile};
use crate::error::Error;
use crate::id::{CustomerId, TenantId};
use crate::store::{
    Commit, Load, Loaded, Part, StoreError, StoreErrorKind, Stream, StreamId, UniqueKey,
};
use crate::ticket::{Recorded, Version};
use crate::time::truncate;

use super::plan::in_range;
use super::tries::Tries;
use super::{Conversation, Need};

/// One erasure on its way.
#[derive(Debug)]
pub(super) struct Erase {
    tenant: TenantId,
    customer: CustomerId,
    at: DateTime<Utc>,
    tries: Tries,
    state: State,
}

#[derive(Debug)]
enum State {
    Loading(Load),
    Committing(Box<Commit>),
    Done,
}

impl Erase {
    pub(super) fn new(
        tenant: TenantId,
        customer: CustomerId,
        at: DateTime<Utc>,
    ) -> Result<Erase, Error> {
        let at = truncate(at);
        in_range(at)?;
        Ok(Erase {
            tenant,
            customer,
            at,
            tries: Tries::some(),
            state: State::Loading(load(tenant, customer)),
        })
    }

    fn count_try(&mut self) -> Result<(), Error> {
        self.tries.again()?;
        self.state = State::Loading(load(self.tenant, self.customer));
        Ok(())
    }

    fn commit(&self, profile: Option<&Profile>, last: Option<&Recorded<Event>>) -> Commit {
        let stream = profile_of(self.tenant, self.customer);
        let expected = last.map_or(Version::default(), |last| last.version);
        let is_new = profile.is_none_or(|profile| profile.erased_at().is_none());
        let part = if is_new {
            let erased = Recorded {
                version: expected.next(),
                at: last.map_or(self.at, |last| self.at.max(last.at)),
                stamped_at: None,
                timing: None,
                actor: Actor::System,
                cause: None,
                event: Event::Erased,
            };
            Part::append(stream, expected, vec![erased])
        } else {
            Part::check(stream, expected) // once is enough
        };
        let mut commit = Commit::new(self.tenant, self.at, vec![part]);
        let joined = profile.into_iter().flat_map(Profile::joined);
        commit.persons = joined.copied().chain([self.customer]).collect();
        commit
    }
}

fn load(tenant: TenantId, customer: CustomerId) -> Load {
    Load::streams(tenant, [profile_of(tenant, customer)])
}

/// Where it stands whether a customer was erased.
pub(crate) fn profile_of(tenant: TenantId, customer: CustomerId) -> StreamId {
    StreamId::of::<Profile>(tenant, customer)
}

/// That nobody erases the customer beside a commit, whose stream stood at `version`.
pub(super) fn not_erased(tenant: TenantId, customer: CustomerId, version: Version) -> Part {
    Part::check(profile_of(tenant, customer), version)
}

/// The customer that the one behind this stream was joined into.
pub(crate) fn joined_into(profile: &Stream) -> Option<CustomerId> {
    Profile::replay(profile.events.of::<Event>())?.joined_into()
}

/// Leaves the keys that the customer would claim to nobody where she was erased: an id that was erased is nobody's again. An erasure
/// beside the commit is a conflict. `profile` is what stands in her stream.
pub(crate) fn keep_from_erased(commit: &mut Commit, customer: CustomerId, profile: &Stream) {
    let is_hers = |(_, owner): &(UniqueKey, Uuid)| *owner == customer.uuid();
    let known = Profile::replay(profile.events.of::<Event>());
    if known.is_some_and(|known| known.erased_at().is_some()) {
        commit.unique.retain(|claim| !is_hers(claim));
    } else if commit.unique.iter().any(is_hers) {
        let version = profile.events.last_version().unwrap_or_default();
        commit
            .parts
            .push(not_erased(commit.tenant, customer, version));
    }
}

impl Conversation for Erase {
    type Outcome = ();

    fn need(&self) -> Need<'_> {
        match &self.state {
            State::Loading(load) => Need::Load(load),
            State::Committing(commit) => Need::Commit(commit),
            State::Done => Need::Nothing,
        }
    }

    fn loaded(&mut self, loaded: Loaded) -> Result<(), Error> {
        let stream = loaded.streams.into_iter().next().unwrap_or_default();
        let events = stream.events.of::<Event>();
        let profile = Profile::replay(events);
        if let Some(survivor) = profile.as_ref().and_then(Profile::joined_into) {
            self.customer = survivor;
            return self.count_try();
        }
        let commit = self.commit(profile.as_ref(), events.last());
        self.state = State::Committing(Box::new(commit));
        Ok(())
    }

    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        match result {
            Err(error) if error.kind() == StoreErrorKind::Conflict => self.count_try(),
            Err(error) => Err(error.into()),
            Ok(()) => {
                self.state = State::Done;
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<(), Error> {
        match self.state {
            State::Done => Ok(()),
            _ => Err(Error::misused("the erasure is not at its end")),
        }
    }
}
