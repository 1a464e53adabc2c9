//! Who was in charge while the ticket was work, cycle by cycle.

use crate::ticket::{Assignment, Mark, MarkKind, Phase, Ticket};
use crate::time::{Micros, instant, micros};

use super::ledger::Ledger;
use super::{Holder, Holding};

/// What one cycle tells about who was in charge.
#[derive(Default)]
pub(super) struct Keep {
    pub(super) holdings: Vec<Holding>,
    pub(super) at_resolution: Holder,
    /// It was resolved, and had not gone from team to team when it first was.
    pub(super) one_team: bool,
    pub(super) team_transfers: u32,
    pub(super) agent_transfers: u32,
}

/// One for each cycle of the ticket.
pub(super) fn holdings(ticket: &Ticket, ledger: &Ledger) -> Vec<Keep> {
    let mut walk = Walk {
        ledger,
        holder: Holder::default(),
        last: Holder::default(),
        is_work: true,
        is_resolved: false,
        was_resolved: false,
        since: micros(ticket.created_at()),
        done: Vec::new(),
        now: Keep::default(),
    };
    let mut assignments = ticket.assignments().iter().peekable();
    for mark in ticket.marks() {
        while let Some(one) = assignments.next_if(|one| one.version.0 < mark.version) {
            walk.assign(one);
        }
        walk.move_to(mark);
    }
    assignments.for_each(|one| walk.assign(one));
    walk.finish(ticket.cycles().len())
}

struct Walk<'a> {
    ledger: &'a Ledger,
    holder: Holder,
    /// The last agent and the last team that there were.
    last: Holder,
    is_work: bool,
    is_resolved: bool,
    /// In this cycle.
    was_resolved: bool,
    since: Micros,
    done: Vec<Keep>,
    now: Keep,
}

impl Walk<'_> {
    fn assign(&mut self, to: &Assignment) {
        let holder = to.holder;
        if holder == self.holder {
            return;
        }
        self.end_stretch(micros(to.at));
        self.holder = holder;
        if let Some(agent) = holder.agent {
            let moved = self
                .last
                .agent
                .replace(agent)
                .is_some_and(|last| last != agent);
            self.now.agent_transfers = self.now.agent_transfers.saturating_add(u32::from(moved));
        }
        if let Some(team) = holder.team {
            let moved = self
                .last
                .team
                .replace(team)
                .is_some_and(|last| last != team);
            self.now.team_transfers = self.now.team_transfers.saturating_add(u32::from(moved));
        }
    }

    fn move_to(&mut self, mark: &Mark) {
        let MarkKind::Moved(phase) = mark.kind else {
            return;
        };
        let is_work = !phase.is_done();
        match (self.is_work, is_work) {
            (true, false) => self.end_stretch(mark.at),
            (false, true) => {
                self.done.push(std::mem::take(&mut self.now));
                self.was_resolved = false;
                self.since = mark.at;
            }
            _ => {}
        }
        self.is_work = is_work;
        let is_resolved = phase == Phase::Resolved;
        if is_resolved && !self.is_resolved {
            self.now.at_resolution = self.holder;
            if !std::mem::replace(&mut self.was_resolved, true) {
                self.now.one_team = self.now.team_transfers == 0;
            }
        }
        self.is_resolved = is_resolved;
    }

    fn end_stretch(&mut self, at: Micros) {
        if self.is_work && at > self.since {
            let spent = self.ledger.spent_until(at) - self.ledger.spent_until(self.since);
            self.now.holdings.push(Holding {
                holder: self.holder,
                since: instant(self.since),
                until: Some(instant(at)),
                spent: Some(spent),
            });
        }
        self.since = self.since.max(at);
    }

    fn finish(mut self, cycles: usize) -> Vec<Keep> {
        if self.is_work {
            self.now.holdings.push(Holding {
                holder: self.holder,
                since: instant(self.since),
                until: None,
                spent: None,
            });
        }
        self.done.push(self.now);
        self.done.resize_with(cycles, Keep::default);
        self.done
    }
}
