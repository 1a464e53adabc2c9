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
    phase: Phase,
    /// The first contact, where it came while the ticket was resolved or closed and waits still: the wait counts from it once the ticket
    /// is reopened.
    at_rest: Option<Micros>,
    /// The oldest message after the first response that nobody has answered.
    asked: Option<Micros>,
    found: Conversation,
}

impl Conversation {
    /// The first response runs from the customer's first contact to the first answer, in one piece: it is never paused. An
    /// answer after the ticket was resolved or closed away counts only once it is reopened. Where the first contact itself came meanwhile, it
    /// has waited since then; of one that came before, the time in between does not count. Each later answer is to the oldest message that nobody has answered; resolving and closing answer nothing, and
    /// end the wait.
    pub(super) fn of(ticket: &Ticket, calendar: &Calendar) -> Conversation {
        let mut walk = Walk {
            calendar,
            since: None,
            begun: 0,
            span: Lengths::default(),
            phase: Phase::Work,
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
        walk.found.first = match (walk.found.first, walk.since, walk.phase.is_done()) {
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
        let done = self.phase.is_done();
        if done {
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
                if !is_answered && !done {
                    self.since = None;
                }
            }
            MarkKind::Moved(phase) => {
                match (done, phase.is_done()) {
                    (false, true) => {
                        self.asked = None;
                        if self.since.is_some() && !is_answered {
                            self.span = self.span + lengths(self.calendar, self.begun, mark.at);
                        }
                    }
                    (true, false) => self.begun = self.at_rest.take().unwrap_or(mark.at),
                    _ => {}
                }
                self.phase = phase;
            }
            MarkKind::Answered { .. } if done => {}
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

    /// What happens while it is resolved or closed: a message waits for the reopening, unless it is answered, or the ticket is over in
    /// another way (a closed one resolved, a resolved one closed). A bot that hands over then begins no wait before the reopening.
    fn rest(&mut self, mark: &Mark) {
        match mark.kind {
            MarkKind::Asked | MarkKind::AskedBefore { .. } if self.since.is_none() => {
                self.at_rest = Some(mark.at);
            }
            MarkKind::Moved(phase) if !phase.is_done() || phase == self.phase => {}
            MarkKind::Answered { .. } | MarkKind::Moved(_) | MarkKind::MergedAway => {
                (self.at_rest, self.asked) = (None, None);
            }
            _ => {}
        }
    }

    fn answer_first(&mut self, mark: &Mark, by: Holder) {
        let (Some(_), false, Some(agent)) = (self.since, self.phase.is_done(), by.agent) else {
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
    holder_before(ticket, version).team
}

/// Who was in charge when the event of this version was recorded.
pub(super) fn holder_before(ticket: &Ticket, version: u64) -> Holder {
    let all = ticket.assignments();
    let assigned = all.partition_point(|one| one.version.0 < version);
    let last = assigned.checked_sub(1).and_then(|place| all.get(place));
    last.map_or(Holder::default(), |one| one.holder)
}
