//! What no store may take: requests that contradict themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::TenantId;

use super::{Commit, Load, Part, StoreError, StoreErrorKind, StreamId};

impl Load {
    /// Whether it asks for one stream and nothing else.
    #[cfg(feature = "sqlite")]
    pub(in crate::store) fn is_of_one_stream(&self) -> bool {
        self.streams.len() == 1
            && self.owners.is_empty()
            && self.idempotency.is_none()
            && !self.number
            && self.content.is_empty()
    }

    /// Refuses a stream of another tenant. Every store asks this first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`], naming the stream.
    pub fn check(&self) -> Result<(), StoreError> {
        self.streams
            .iter()
            .try_for_each(|stream| of_tenant(self.tenant, *stream))
    }
}

impl Commit {
    /// Refuses what contradicts itself: a stream of another tenant, a stream that stands twice, events that do not follow the
    /// expected version one by one or are of another kind than the stream, a key for two owners. Every store asks this first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`], naming the stream or the key.
    pub fn check(&self) -> Result<(), StoreError> {
        let (mut seen, several) = (BTreeSet::new(), self.parts.len() > 1);
        for part in &self.parts {
            of_tenant(self.tenant, part.stream)?;
            follows(part)?;
            if several && !seen.insert(part.stream) {
                let id = part.stream.id;
                return other(format!("stream {id} stands twice in one commit"));
            }
        }
        let mut owners = BTreeMap::new();
        for (key, owner) in &self.unique {
            if owners.insert(*key, *owner).is_some_and(|was| was != *owner) {
                let key = key.uuid();
                return other(format!("the unique key {key} is claimed for two owners"));
            }
        }
        Ok(())
    }
}

fn of_tenant(tenant: TenantId, stream: StreamId) -> Result<(), StoreError> {
    if stream.tenant == tenant {
        return Ok(());
    }
    other(format!(
        "stream {} belongs to tenant {}, the request to {tenant}",
        stream.id, stream.tenant
    ))
}

fn follows(part: &Part) -> Result<(), StoreError> {
    let (kind, of) = (part.events.kind(), part.stream.kind);
    if kind != of {
        let id = part.stream.id;
        return other(format!(
            "stream {id} is of the kind `{of}`, the events for it of the kind `{kind}`"
        ));
    }
    let mut next = part.expected;
    for version in part.events.versions() {
        next = next.next();
        if version != next {
            return other(format!(
                "the events of stream {} do not follow version {} one by one",
                part.stream.id, part.expected.0
            ));
        }
    }
    Ok(())
}

fn other(what: String) -> Result<(), StoreError> {
    Err(StoreError::new(StoreErrorKind::Other, what))
}
