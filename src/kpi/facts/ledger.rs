//! What a ticket's time was spent on.

use crate::calendar::Calendar;
use crate::ticket::{MarkKind, PendingReason, Phase, Ticket};
use crate::time::{Micros, micros};

use super::{Lengths, Spent};

/// The stretches of a ticket's life, each with what the ticket was doing.
pub(super) struct Ledger {
    stretches: Vec<(Micros, Phase, Spent)>, // begin, what, spent before it
    calendar: Calendar,
}

impl Ledger {
    pub(super) fn of(ticket: &Ticket, calendar: &Calendar) -> Ledger {
        let begin = micros(ticket.created_at());
        let mut ledger = Ledger {
            stretches: vec![(begin, Phase::Work, Spent::default())],
            calendar: calendar.clone(),
        };
        for mark in ticket.marks() {
            if let MarkKind::Moved(phase) = mark.kind {
                let spent = ledger.spent_until(mark.at);
                ledger.stretches.push((mark.at, phase, spent));
            }
        }
        ledger
    }

    /// What was spent from the ticket's creation to `at`.
    pub(super) fn spent_until(&self, at: Micros) -> Spent {
        let after = self.stretches.partition_point(|(begin, ..)| *begin <= at);
        let Some((begin, phase, mut spent)) = after.checked_sub(1).map(|i| self.stretches[i])
        else {
            return Spent::default();
        };
        let part = lengths(&self.calendar, begin, at);
        let place = match phase {
            Phase::Work => &mut spent.work,
            Phase::Pending(_) => &mut spent.waiting,
            Phase::Resolved | Phase::Closed => &mut spent.done,
        };
        *place = *place + part;
        if phase == Phase::Pending(PendingReason::Customer) {
            spent.for_customer = spent.for_customer + part;
        }
        spent
    }
}

pub(super) fn lengths(calendar: &Calendar, from: Micros, to: Micros) -> Lengths {
    Lengths {
        calendar_us: to.saturating_sub(from),
        business_us: calendar.elapsed_us(from, to),
    }
}
