//! What an operation asks of a store first.

use crate::call::Call;
use crate::customer::Profile;
use crate::id::TicketId;
use crate::store::{Load, StreamId, UniqueKey};
use crate::ticket::{Draft, Requester};

use super::once::idempotency_key;
use super::plan::Request;

/// What a request needs to know first. It may be told as the store wrote it last, where `as_kept`.
pub(super) fn first_load(call: &Call, request: &Request, as_kept: bool) -> Load {
    let tenant = call.tenant_id();
    let (ticket, beside) = match request {
        Request::Open(open) => (open.id, None),
        Request::Submit(ticket, _) | Request::ApplyRulebook(ticket, _) | Request::Sweep(ticket) => {
            (Some(*ticket), None)
        }
        Request::Merge(merge) => (Some(merge.into), Some(merge.source)),
        Request::Split(ticket, split) => (Some(*ticket), split.id),
        Request::Link(ticket, _, other) | Request::Unlink(ticket, _, other) => {
            (Some(*ticket), Some(*other))
        }
    };
    let beside = beside.filter(|beside| Some(*beside) != ticket);
    let streams = ticket.into_iter().chain(beside);
    let mut load = Load::streams(
        tenant,
        streams.map(|ticket| StreamId::ticket(tenant, ticket)),
    );
    if let Request::Open(open) = request
        && let Some(Requester::Customer(customer)) = &open.requester
    {
        load.streams
            .push(StreamId::of::<Profile>(tenant, *customer)); // she may have been joined into another
    }
    load.owners
        .extend(address(request).map(|address| UniqueKey::address(tenant, address)));
    load.owners
        .extend(external_id(request).map(|id| UniqueKey::message(tenant, id)));
    load.idempotency = idempotency_key(call);
    load.number = matches!(request, Request::Open(_) | Request::Split(..));
    load.snapshots = true;
    load.as_kept = as_kept;
    load
}

/// The address that a ticket is opened from.
pub(super) fn address(request: &Request) -> Option<&str> {
    match request {
        Request::Open(open) => match &open.requester {
            Some(Requester::Address(address)) => Some(address),
            _ => None,
        },
        _ => None,
    }
}

/// The id outside that a message of the request has.
pub(super) fn external_id(request: &Request) -> Option<&str> {
    let draft = match request {
        Request::Open(open) => open.message.as_ref(),
        Request::Submit(_, command) => command.message.as_ref(),
        _ => None,
    };
    draft.and_then(Draft::known_as)
}

/// The tickets that were loaded.
pub(super) fn meant(load: &Load) -> impl Iterator<Item = TicketId> {
    load.streams.iter().map(ticket_of)
}

pub(super) fn ticket_of(stream: &StreamId) -> TicketId {
    TicketId::from_uuid(stream.id)
}

pub(super) fn stream_ticket(load: &Load) -> TicketId {
    TicketId::from_uuid(
        load.streams
            .first()
            .map_or(uuid::Uuid::nil(), |stream| stream.id),
    )
}
