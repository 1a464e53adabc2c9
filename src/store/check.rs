//! What no store may take: requests that contradict themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::TenantId;

use super::{Commit, IdempotencyKey, Load, Part, StoreError, StoreErrorKind, StreamId};

impl Load {
    /// Whether it asks for one stream and nothing else.
    #[cfg(feature = "sqlite")]
    pub(in crate::store) fn is_of_one_stream(&self) -> bool {
        self.streams.len() == 1 && self.is_of_streams_alone()
    }

    /// Whether it asks for nothing at all.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn asks_nothing(&self) -> bool {
        self.streams.is_empty() && self.is_of_streams_alone()
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    fn is_of_streams_alone(&self) -> bool {
        self.owners.is_empty()
            && self.idempotency.is_none()
            && !self.number
            && self.content.is_empty()
    }

    /// Refuses a stream or an idempotency key of another tenant. Every store asks this first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`], naming the stream or the key.
    pub fn check(&self) -> Result<(), StoreError> {
        self.streams
            .iter()
            .try_for_each(|stream| stream_of(self.tenant, *stream))?;
        self.idempotency
            .iter()
            .try_for_each(|key| key_of(self.tenant, key))
    }
}

impl Commit {
    /// Refuses what contradicts itself: a stream, an idempotency key or a message of another tenant, a stream that stands twice, events
    /// that do not follow the expected version one by one or are of another kind than the stream, a key for two owners. Every store
    /// asks this first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`], naming the stream, the key or the message.
    pub fn check(&self) -> Result<(), StoreError> {
        let (mut seen, several) = (BTreeSet::new(), self.parts.len() > 1);
        for part in &self.parts {
            stream_of(self.tenant, part.stream)?;
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
        if let Some(record) = &self.idempotency {
            key_of(self.tenant, &record.key)?;
        }
        for message in &self.outbox {
            of_tenant(self.tenant, message.tenant, || {
                format!("message {}", message.id)
            })?;
        }
        Ok(())
    }
}

fn stream_of(tenant: TenantId, stream: StreamId) -> Result<(), StoreError> {
    of_tenant(tenant, stream.tenant, || format!("stream {}", stream.id))
}

fn key_of(tenant: TenantId, key: &IdempotencyKey) -> Result<(), StoreError> {
    of_tenant(tenant, key.tenant, || {
        format!("the idempotency key `{}`", key.key)
    })
}

fn of_tenant(
    tenant: TenantId,
    of: TenantId,
    what: impl FnOnce() -> String,
) -> Result<(), StoreError> {
    if of == tenant {
        return Ok(());
    }
    let what = what();
    other(format!(
        "{what} belongs to tenant {of}, the request to {tenant}"
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
