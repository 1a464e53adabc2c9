//! A customer's view of a ticket with what was merged into it, as a conversation without I/O.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::id::{CustomerId, TicketId};
use crate::ticket::{CustomerView, Link, Refusal, Ticket};

/// A view in the making.
#[derive(Debug)]
pub(super) struct Viewing {
    /// Every id of the one who looks.
    viewer: BTreeSet<CustomerId>,
    view: CustomerView,
    seen: BTreeSet<TicketId>,
    left: Vec<TicketId>,
}

impl Viewing {
    /// Begins with the ticket itself.
    pub(super) fn of(ticket: &Ticket, viewer: BTreeSet<CustomerId>) -> Result<Viewing, Error> {
        let view = ticket.customer_view_as(&viewer);
        let id = ticket.id();
        Ok(Viewing {
            viewer,
            view: view.ok_or(Refusal::NotYours { ticket: id })?,
            seen: BTreeSet::from([id]),
            left: ticket.linked(Link::MergedFrom).collect(),
        })
    }

    /// A ticket to look at and tell [`Viewing::add`]: one that was merged into this one, or into one of those.
    pub(super) fn next(&mut self) -> Option<TicketId> {
        while let Some(source) = self.left.pop() {
            if self.seen.insert(source) {
                return Some(source);
            }
        }
        None
    }

    /// What the viewer could see of it before stays in sight.
    pub(super) fn add(&mut self, source: &Ticket) {
        self.left.extend(source.linked(Link::MergedFrom));
        self.view
            .merged
            .extend(source.customer_view_as(&self.viewer));
    }

    pub(super) fn finish(mut self) -> CustomerView {
        self.view.merged.sort_by_key(|merged| merged.number);
        self.view
    }
}
