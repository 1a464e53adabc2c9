//! Calls, chats and bots in the life of a clock: an offer is a customer who writes, and an answer an agent who does.

use chrono::{DateTime, Utc};

use super::{Life, is_done};
use crate::id::SessionId;
use crate::sla::{StartOption, State};
use crate::testing::clock::Period;
use crate::ticket::{Metric, SessionEvent};

/// How far a call, a chat or a conversation with a bot has come: a log may tell a thing twice, and only the first time counts.
#[derive(Clone, Copy, Default)]
pub(super) struct Talk {
    with_bot: bool,
    handed_over: bool,
    answered: bool,
    over: bool,
}

impl Life<'_> {
    /// A call, a chat or a bot.
    pub(super) fn talked(
        &mut self,
        id: SessionId,
        what: &SessionEvent,
        first_was_given: bool,
        at: DateTime<Utc>,
    ) {
        let before = self.talks.get(&id).copied();
        match (before, what) {
            (None, SessionEvent::Began { bot, .. }) => {
                let with_bot = bot.is_some();
                let talk = Talk {
                    with_bot,
                    ..Talk::default()
                };
                self.talks.insert(id, talk);
                if with_bot {
                    self.bot_begins(at);
                } else {
                    self.customer_writes(first_was_given, at);
                }
            }
            // What it means for the clocks came over with the merge.
            (None, SessionEvent::MovedFrom { session, .. }) => {
                let talk = Talk {
                    with_bot: session.bot.is_some(),
                    handed_over: session.handed_over.is_some(),
                    answered: session.answered.is_some(),
                    over: session.ended.is_some(),
                };
                self.talks.insert(id, talk);
            }
            (Some(_), SessionEvent::MovedTo { .. }) => _ = self.talks.remove(&id),
            (Some(talk), SessionEvent::HandedOver { .. }) if !talk.handed_over => {
                self.talks.entry(id).or_default().handed_over = true;
                self.with_bot = false;
                let began = self.now.started;
                self.customer_writes(first_was_given, at);
                let begins_now = self.now.started != began;
                if begins_now && is_done(self.status) && self.clock.metric == Metric::FirstResponse
                {
                    self.end_unanswered(at);
                }
            }
            (Some(talk), SessionEvent::Answered { .. }) if !talk.answered => {
                self.talks.entry(id).or_default().answered = true;
                self.agent_writes(at);
            }
            (Some(talk), SessionEvent::Ended { .. }) if !talk.over => {
                self.talks.entry(id).or_default().over = true;
                self.with_bot &= !talk.with_bot || talk.handed_over; // a bot that it was left to is done
            }
            _ => {}
        }
    }

    /// A first response that counts from the hand-off, and began with the bot, has not begun.
    fn bot_begins(&mut self, at: DateTime<Utc>) {
        self.with_bot = true;
        let counts_from_hand_off = self.clock.metric == Metric::FirstResponse
            && self.start_option() == StartOption::HandOff;
        if counts_from_hand_off && self.now.is_live() && self.now.started == Some(at) {
            self.now = Period::new(State::NotStarted);
        }
    }
}
