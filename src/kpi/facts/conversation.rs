//! Who answered the customer, and after how long.

use crate::calendar::Calendar;
use crate::id::TeamId;
use crate::ticket::{Mark, MarkKind, Phase, Ticket};
use crate::time::{Micros, instant};

use super::ledger::lengths;
use super::{FirstResponse, Holder, Lengths, Response};

/// The answers of a ticket.
pub(super) struct Conversation {
    pub(super) first: FirstResponse,
    /// The team in charge at the first answer.
    pub(super) first_team: Option<TeamId>,
    pub(super) later: Vec<Response>,
}

/// Where the walk along the marks stands.
struct Walk<'a> {
    calendar: &'a Calendar,
    /// When the customer's first contact came, and since when its wait runs on.
    since: Option<Micros>,
    begun: Micros,
    span: Lengths,
    /// Resolved or closed.
    done: bool,
    /// The oldest message that came since, and that nobody has answered: the wait counts from it once the ticket is reopened.
    at_rest: Option<Micros>,
    /// The oldest message after the first response that nobody has answered.
    asked: Option<Micros>,
    found: Conversation,
}

impl Conversation {
    /// The first response runs from the customer's first contact to the first answer, in one piece: it is never paused. An
    /// answer after the ticket was resolved or closed away counts only once it is reopened; a message that came meanwhile then waits
    /// since it came. Each later answer is to the oldest message that nobody has answered; resolving and closing answer nothing, and
    /// end the wait.
    pub(super) fn of(ticket: &Ticket, calendar: &Calendar) -> Conversation {
        let mut walk = Walk {
            calendar,
            since: None,
            begun: 0,
            span: Lengths::default(),
            done: false,
            at_rest: None,
            asked: None,
            found: Conversation {
                first: FirstResponse::NotApplicable,
                first_team: None,
                later: Vec::new(),
            },
        };
        for mark in ticket.marks() {
            walk.meet(ticket, mark);
        }
        walk.found.first = match (walk.found.first, walk.since, walk.done) {
            (answered @ FirstResponse::Answered { .. }, ..) => answered,
            (_, None, _) => FirstResponse::NotApplicable,
            (_, Some(_), true) => FirstResponse::Unanswered,
            (_, Some(_), false) => FirstResponse::Waiting,
        };
        walk.found
    }
}

impl Walk<'_> {
    fn meet(&mut self, ticket: &Ticket, mark: &Mark) {
        let is_answered = matches!(self.found.first, FirstResponse::Answered { .. });
        if self.done {
            self.rest(mark);
        }
        match mark.kind {
            MarkKind::Opened { inbound: true } => {
                (self.since, self.begun) = (Some(mark.at), mark.at);
            }
            // Where the desk had resolved it, the reopening that the message causes comes right after it.
            MarkKind::Asked | MarkKind::HandedOver | MarkKind::AskedBefore { .. }
                if self.since.is_none() =>
            {
                (self.since, self.begun) = (Some(mark.at), mark.at);
            }
            MarkKind::Asked | MarkKind::HandedOver if is_answered => {
                self.asked.get_or_insert(mark.at);
            }
            MarkKind::AskedBefore { since } if is_answered => {
                self.asked = Some(self.asked.map_or(since, |asked| asked.min(since)));
            }
            // What waits for an answer waits for it in the other ticket.
            MarkKind::MergedAway => {
                self.asked = None;
                if !is_answered && !self.done {
                    self.since = None;
                }
            }
            MarkKind::Moved(Phase::Resolved | Phase::Closed) if !self.done => {
                self.asked = None;
                if self.since.is_some() && !is_answered {
                    self.span = self.span + lengths(self.calendar, self.begun, mark.at);
                }
                self.done = true;
            }
            MarkKind::Moved(Phase::Work | Phase::Pending(_)) if self.done => {
                let begun = self.at_rest.take().unwrap_or(mark.at);
                (self.done, self.begun) = (false, begun);
            }
            MarkKind::Answered { .. } if self.done => {}
            MarkKind::Answered { by: agent } => {
                let by = Holder {
                    agent: Some(agent),
                    team: team_before(ticket, mark.version),
                };
                if !is_answered {
                    self.answer_first(mark, by);
                } else if let Some(asked) = self.asked.take() {
                    self.found.later.push(Response {
                        asked_at: instant(asked),
                        at: instant(mark.at),
                        by,
                        after: lengths(self.calendar, asked, mark.at),
                    });
                }
            }
            _ => {}
        }
    }

    /// What happens while it is resolved or closed: a message waits for the reopening, unless it is answered or the ticket is closed.
    fn rest(&mut self, mark: &Mark) {
        match mark.kind {
            MarkKind::Asked | MarkKind::HandedOver => _ = self.at_rest.get_or_insert(mark.at),
            MarkKind::Answered { .. } | MarkKind::Moved(Phase::Closed) => {
                (self.at_rest, self.asked) = (None, None);
            }
            _ => {}
        }
    }

    fn answer_first(&mut self, mark: &Mark, by: Holder) {
        let (Some(_), false, Some(agent)) = (self.since, self.done, by.agent) else {
            return;
        };
        self.found.first = FirstResponse::Answered {
            after: self.span + lengths(self.calendar, self.begun, mark.at),
            at: instant(mark.at),
            by: agent,
        };
        self.found.first_team = by.team;
    }
}

/// The team in charge when the event of this version was recorded.
pub(super) fn team_before(ticket: &Ticket, version: u64) -> Option<TeamId> {
    let assigned = ticket
        .assignments()
        .partition_point(|one| one.version.0 < version);
    ticket
        .assignments()
        .get(assigned.checked_sub(1)?)?
        .holder
        .team
}
