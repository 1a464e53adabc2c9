//! What decisions look at beside their own stream.

use crate::aggregate::{Aggregate, Around, KeptRulebook};
use crate::customer::Profile;
use crate::error::Error;
use crate::feedback::Feedback;
use crate::id::TicketId;
use crate::improvement::Finding;
use crate::quality::Review;
use crate::self_service::{Article, Visit};
use crate::store::{Events, StreamEvent, StreamId};
use crate::ticket::Ticket;

/// Folds what was loaded of a stream.
pub(super) fn see(around: &mut Around, stream: StreamId, events: &Events) -> Result<(), Error> {
    if let Some(at) = events.last_at() {
        around.saw_last(stream.kind, stream.id, at);
    }
    match events {
        Events::Ticket(events) if events.is_empty() => fold::<Nobody>(around, stream, None),
        Events::Ticket(recorded) => {
            let ticket = Ticket::replay(stream.tenant, recorded);
            let broken = || Error::not_a_history(TicketId::from_uuid(stream.id));
            fold(around, stream, Some((events, ticket.ok_or_else(broken)?)));
        }
        Events::Customer(_) => of::<Profile>(around, stream, events),
        Events::Feedback(_) => of::<Feedback>(around, stream, events),
        Events::Article(_) => of::<Article>(around, stream, events),
        Events::Visit(_) => of::<Visit>(around, stream, events),
        Events::Review(_) => of::<Review>(around, stream, events),
        Events::Finding(_) => of::<Finding>(around, stream, events),
        Events::Rulebook(recorded) => {
            let kept = KeptRulebook::replay(recorded);
            fold(around, stream, kept.map(|kept| (events, kept)));
        }
    }
    Ok(())
}

/// The state of a stream that nobody wrote has no type.
type Nobody = ();

fn of<A: Aggregate>(around: &mut Around, stream: StreamId, events: &Events)
where
    A::Event: StreamEvent,
{
    let state = A::replay(events.of::<A::Event>());
    around.saw(stream.kind, stream.id, version(events), state);
}

fn fold<T: std::any::Any + Send + Sync>(
    around: &mut Around,
    stream: StreamId,
    found: Option<(&Events, T)>,
) {
    let at = found.as_ref().map(|(events, _)| version(events));
    let state = found.map(|(_, state)| state);
    around.saw(stream.kind, stream.id, at.unwrap_or_default(), state);
}

fn version(events: &Events) -> crate::ticket::Version {
    events.last_version().unwrap_or_default()
}
