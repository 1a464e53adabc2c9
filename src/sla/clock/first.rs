//! The first response, as the clocks of messages need to know it: what begins it by the options of the policy, and whether it was given.

use crate::sla::metric::Start;
use crate::sla::policy::StartOption;
use crate::sla::reading::State;
use crate::ticket::{Mark, MarkKind, Phase};
use crate::time::Micros;

use super::{Clock, First};

impl Clock<'_> {
    /// Called after the mark was met, so that a message that begins the first response is not an unanswered one beside it.
    pub(super) fn follow_first_response(&mut self, mark: &Mark) {
        let option = self.first_contact();
        let by_assignment = option == StartOption::Assignment;
        let by_message = !(by_assignment || option == StartOption::HandOff && self.with_bot);
        let before = self.first_response;
        let waiting = if self.phase.is_done() {
            First::Unanswered
        } else {
            First::Waiting
        };
        self.first_response = match (before, &mark.kind) {
            (First::ToCome, MarkKind::Opened { inbound: true })
                if matches!(option, StartOption::FirstContact | StartOption::HandOff) =>
            {
                First::Waiting
            }
            (First::ToCome, MarkKind::HandedOver) if !by_assignment => waiting,
            (First::ToCome, MarkKind::Asked | MarkKind::AskedBefore { .. }) if by_message => {
                waiting
            }
            // One that began with the bot has not begun.
            (First::Waiting | First::Unanswered, MarkKind::BotBegan)
                if option == StartOption::HandOff && self.first_since == mark.at =>
            {
                First::ToCome
            }
            (First::ToCome, MarkKind::Assigned { agent: true, .. })
                if by_assignment && !self.answered =>
            {
                waiting
            }
            (First::Waiting, MarkKind::Answered { .. }) => First::Given,
            (First::Waiting, MarkKind::Moved(Phase::Resolved | Phase::Closed)) => First::Unanswered,
            (First::Unanswered, MarkKind::Moved(Phase::Work | Phase::Pending(_))) => First::Waiting,
            (as_before, _) => as_before,
        };
        if before == First::ToCome && self.first_response != First::ToCome {
            self.first_since = mark.at;
        }
    }

    /// It was given, or will never begin because an agent wrote before anybody was in charge.
    pub(super) fn needs_no_first_response(&self) -> bool {
        let never_begins = || self.answered && self.first_contact() == StartOption::Assignment;
        match self.first_response {
            First::Given => true,
            First::ToCome => never_begins(),
            First::Waiting | First::Unanswered => false,
        }
    }

    /// By the policy that the ticket has now: the one that measures lags behind it while the clock is ended.
    pub(super) fn first_contact(&self) -> StartOption {
        self.latest.map_or(StartOption::default(), |ready| {
            ready.policy.first_response_starts
        })
    }

    pub(super) fn begins_by_assignment(&self) -> bool {
        let option = self.first_contact();
        option == StartOption::Assignment && self.state == State::NotStarted && !self.answered
    }

    /// A bot talks to the customer. Where the first response counts from the hand-off, one that began with the bot has not begun.
    pub(super) fn greet(&mut self, at: Micros) {
        self.with_bot = true;
        let begun_now = self.is_live() && self.started.is_some_and(|started| started.at == at);
        let waits_for_hand_off = self.definition.start == Start::FirstContact
            && self.first_contact() == StartOption::HandOff;
        if begun_now && waits_for_hand_off {
            (self.state, self.started) = (State::NotStarted, None);
            (self.amount, self.due, self.was_used_up) = (None, None, false);
        }
    }

    pub(super) fn begins_by_message(&self) -> bool {
        let may_begin = match self.first_contact() {
            StartOption::Assignment => false,
            StartOption::HandOff => !self.with_bot,
            StartOption::FirstContact | StartOption::FirstMessage => true,
        };
        may_begin && self.state == State::NotStarted
    }
}
