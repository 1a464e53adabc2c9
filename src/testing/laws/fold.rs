//! The laws of histories. Each takes the events of one ticket, oldest first, and panics where a law does not hold.

use crate::id::TenantId;
use crate::replay::Imported;
use crate::ticket::{Event, Recorded, Ticket};

use super::fine;

/// Events follow each other without a gap, from 1, and no instant falls.
#[track_caller]
pub fn histories_are_in_order(events: &[Recorded]) {
    for (n, event) in (1..).zip(events) {
        assert_eq!(event.version.0, n, "a gap before {event:?}");
    }
    for pair in events.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        assert!(before.at <= after.at, "{after:?} after {before:?}");
    }
}

/// Replaying the first `cut` events and applying the rest gives what replaying all of them gives. There is at least one event; a
/// cut of none counts as one, and one beyond the end as all.
#[track_caller]
pub fn a_prefix_and_the_rest_is_the_whole(tenant: TenantId, events: &[Recorded], cut: usize) {
    let (mut ticket, rest) = begun(tenant, events, cut);
    for event in rest {
        ticket.apply(event);
    }
    assert_eq!(ticket, whole(tenant, events), "cut at {cut}");
}

/// A ticket that was serialised in the middle of its life and restored goes on exactly as the original would, also with events that
/// were serialised. The same cut as [`a_prefix_and_the_rest_is_the_whole`].
#[track_caller]
pub fn a_restored_ticket_goes_on(tenant: TenantId, events: &[Recorded], cut: usize) {
    let (ticket, rest) = begun(tenant, events, cut);
    let mut restored: Ticket = travelled(&ticket);
    assert_eq!(restored, ticket, "cut at {cut}");
    for event in rest {
        let stored: Recorded = travelled(event);
        assert_eq!(&stored, event);
        restored.apply(&stored);
    }
    assert_eq!(restored, whole(tenant, events), "cut at {cut}");
}

/// What was imported is what its events make; they are in order, and the import is their end.
#[track_caller]
pub fn an_imported_ticket_is_its_events(imported: &Imported) {
    let events = imported.events();
    histories_are_in_order(events);
    assert_eq!(
        imported.ticket(),
        &whole(imported.ticket().tenant(), events)
    );
    let last = events.last();
    let ends = last.is_some_and(|last| matches!(last.event, Event::Imported));
    assert!(ends, "an import ends with {last:?}");
    assert_eq!(imported.ticket().imported_until(), last.map(|last| last.at));
}

#[track_caller]
fn begun(tenant: TenantId, events: &[Recorded], cut: usize) -> (Ticket, &[Recorded]) {
    let (prefix, rest) = events.split_at(cut.clamp(1, events.len().max(1)).min(events.len()));
    (whole(tenant, prefix), rest)
}

/// The ticket that these events make.
#[track_caller]
pub(super) fn whole(tenant: TenantId, events: &[Recorded]) -> Ticket {
    let ticket = Ticket::replay(tenant, events);
    ticket.unwrap_or_else(|| panic!("these events make no ticket: {events:?}"))
}

/// Written as JSON and read again.
#[track_caller]
pub(super) fn travelled<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let text = fine(serde_json::to_string(value));
    fine(serde_json::from_str(&text))
}
