//! What was asked for under an idempotency key is done once: the same again tells what came of it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::Call;
use crate::error::Error;
use crate::id::derive;
use crate::store::{IdempotencyKey, IdempotencyRecord, StreamId};
use crate::ticket::{Refusal, Version};

use super::plan::{Known, Planned, Request};

pub(super) fn remember(planned: &mut Planned, request: &Request, call: &Call, after: Version) {
    planned.commit.idempotency = idempotency_key(call).map(|key| IdempotencyRecord {
        key,
        at: call.at(),
        fingerprint: fingerprint(request),
        stream: StreamId::ticket(call.tenant_id(), planned.ticket.id()),
        after,
        until: planned.ticket.version(),
    });
}

pub(super) fn idempotency_key(call: &Call) -> Option<IdempotencyKey> {
    let key = call.idempotency_key()?.clone();
    Some(IdempotencyKey {
        tenant: call.tenant_id(),
        actor: call.actor(),
        key,
    })
}

/// The record of the call's key, where it was used for the same request before.
pub(super) fn already_done(
    request: &Request,
    known: &Known,
    call: &Call,
) -> Result<Option<IdempotencyRecord>, Error> {
    match (&known.done, call.idempotency_key()) {
        (Some(done), Some(key)) if done.fingerprint != fingerprint(request) => {
            Err(Refusal::KeyReused { key: key.clone() }.into())
        }
        (Some(done), Some(_)) => Ok(Some(done.clone())),
        _ => Ok(None),
    }
}

/// Refuses a stamp after `latest`. Asked of what was not done before under its key, and before everything else.
pub(super) fn in_time(call: &Call, latest: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    let at = call.at();
    match latest.filter(|latest| at > *latest) {
        Some(latest) => Err(Refusal::StampTooLate { at, latest }),
        None => Ok(()),
    }
}

/// A digest of what is asked for: equal requests have equal ones on every machine.
fn fingerprint(request: &Request) -> Uuid {
    let (ticket, text) = match request {
        Request::Open(open) => (Uuid::nil(), serde_json::to_vec(open)),
        Request::Submit(ticket, command) => (ticket.uuid(), serde_json::to_vec(command)),
        Request::ApplyRulebook(ticket, to) => (ticket.uuid(), serde_json::to_vec(to)),
        Request::Merge(merge) => (merge.source.uuid(), serde_json::to_vec(merge)),
        Request::Split(ticket, split) => (ticket.uuid(), serde_json::to_vec(split)),
        Request::Link(ticket, link, other) => {
            (ticket.uuid(), serde_json::to_vec(&("link", link, other)))
        }
        Request::Unlink(ticket, link, other) => {
            (ticket.uuid(), serde_json::to_vec(&("unlink", link, other)))
        }
        Request::Sweep(ticket) => (ticket.uuid(), Ok(Vec::new())),
    };
    derive(&[b"request", ticket.as_bytes(), &text.unwrap_or_default()])
}
