//! What a level does to the ticket itself, as an event.

use crate::escalation::Action;
use crate::ticket::{Event, Holder, Status, Step, Ticket};

/// The event of an inner action; none where it is so already.
pub(super) fn inner(action: &Action, ticket: &Ticket) -> Option<Event> {
    let step_to = |to, step| {
        let stage = ticket.status().stage();
        let is_allowed = stage.after(step, ticket.is_reopened()).is_some();
        let label = None;
        is_allowed.then_some(Event::StatusChanged { to, step, label })
    };
    match action {
        Action::Notify(_) | Action::Custom(_) => None,
        Action::RaisePriority(to) => {
            (ticket.priority() < *to).then_some(Event::PriorityChanged { to: *to })
        }
        Action::AddTag(tag) => {
            (!ticket.tags().contains(tag)).then(|| Event::TagAdded { tag: tag.clone() })
        }
        Action::Resolve => step_to(Status::Resolved, Step::Resolve),
        Action::Close(reason) => step_to(Status::Closed(*reason), Step::Close),
        Action::AssignTeam(_) | Action::AssignAgent { .. } | Action::Unassign => {
            let before = ticket.holder();
            let now = action.hands_to(before).filter(|now| *now != before);
            now.map(|Holder { agent, team }| Event::Assigned { agent, team })
        }
    }
}
