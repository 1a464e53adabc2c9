//! To whose credit a period of a clock is counted.

use crate::sla::{Clock, Fulfilment, State};
use crate::ticket::{MarkKind, Ticket};

use super::conversation::{holder_before, team_before};
use super::{Fact, Holder};

/// Who did what on a ticket, by the place of the event.
pub(super) struct Credits<'a> {
    ticket: &'a Ticket,
    rows: &'a [Fact],
    /// The places of the reopenings, one for each row but the first.
    reopened: Vec<u64>,
}

impl Credits<'_> {
    pub(super) fn of<'a>(ticket: &'a Ticket, rows: &'a [Fact]) -> Credits<'a> {
        let mut is_done = false;
        let mut reopened = Vec::new();
        for mark in ticket.marks() {
            let MarkKind::Moved(phase) = mark.kind else {
                continue;
            };
            let was_done = std::mem::replace(&mut is_done, phase.is_done());
            if was_done && !is_done {
                reopened.push(mark.version);
            }
        }
        Credits {
            ticket,
            rows,
            reopened,
        }
    }

    /// Of what an answer ended, who gave it; of what a resolution ended, who resolved that cycle; of what an assignment ended, who was put
    /// in charge; of what ended otherwise, who was in charge then; else who is.
    pub(super) fn credited(&self, clock: &Clock<'_>) -> Holder {
        if clock.stopped_at.is_none() {
            return self.ticket.holder();
        }
        let place = clock.stopped_in;
        let fulfilled = match clock.id.metric.definition().fulfilled_by {
            _ if clock.state != State::Stopped || clock.unanswered => None,
            Fulfilment::Answer => self.replier(place),
            Fulfilment::Resolution => self.resolver(place),
            Fulfilment::Assignment => Some(holder_before(self.ticket, place.saturating_add(1))),
        };
        fulfilled.unwrap_or_else(|| holder_before(self.ticket, place))
    }

    fn replier(&self, place: u64) -> Option<Holder> {
        let marks = self.ticket.marks();
        let first = marks.partition_point(|mark| mark.version < place);
        let mut here = marks.iter().skip(first);
        here.find_map(|mark| match mark.kind {
            MarkKind::Answered { by } if mark.version == place => Some(Holder {
                agent: Some(by),
                team: team_before(self.ticket, place),
            }),
            _ => None,
        })
    }

    fn resolver(&self, place: u64) -> Option<Holder> {
        let cycle = self.reopened.partition_point(|again| *again <= place);
        self.rows.get(cycle).map(|row| Holder {
            agent: row.resolver.and_then(|actor| actor.human_agent()),
            team: row.assignee.team,
        })
    }
}
