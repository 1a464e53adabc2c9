//! What a level does to the ticket itself, as an event.

use crate::escalation::Action;
use crate::ticket::{Event, Status, Step, Ticket};

/// The event of an inner action; none where it is so already.
pub(super) fn inner(action: &Action, ticket: &Ticket) -> Option<Event> {
    let status = ticket.status();
    match action {
        Action::Notify(_) | Action::Custom(_) => None,
        Action::RaisePriority(to) => {
            (ticket.priority() < *to).then_some(Event::PriorityChanged { to: *to })
        }
        Action::AddTag(tag) => {
            (!ticket.tags().contains(tag)).then(|| Event::TagAdded { tag: tag.clone() })
        }
        Action::Resolve => {
            let allowed = status
                .stage()
                .after(Step::Resolve, ticket.is_reopened())
                .is_some();
            allowed.then_some(Event::StatusChanged {
                to: Status::Resolved,
                step: Step::Resolve,
                label: None,
            })
        }
        Action::Close(reason) => {
            let allowed = status
                .stage()
                .after(Step::Close, ticket.is_reopened())
                .is_some();
            allowed.then_some(Event::StatusChanged {
                to: Status::Closed(*reason),
                step: Step::Close,
                label: None,
            })
        }
        Action::AssignTeam(team) => {
            let already = ticket.team() == Some(*team) && ticket.agent().is_none();
            (!already).then_some(Event::Assigned {
                agent: None,
                team: Some(*team),
            })
        }
    }
}
