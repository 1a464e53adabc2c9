//! What becomes of firings at the end of a commit: which are delivered, and which earlier ones are over.
//!
//! A firing that was recorded may be over by the end of its own commit (somebody answered, or another level resolved the ticket), or
//! left out by its rule's catch-up choice; the rest goes to the outbox. Where a rule asks for it, those who were told are told again once it is over.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::Actor;
use crate::escalation::{Action, CatchUp, Level, Recipient, Rule, Trigger};
use crate::id::{FiringKey, Name, derive};
use crate::rulebook::Rulebook;
use crate::sla::Clock;
use crate::store::{OutboxMessage, Outgoing};
use crate::ticket::{Delivery, Event, Holder, Recorded, Standing, Ticket, Version};

use super::catch_up::Working;

#[derive(Clone, Debug)]
pub(super) struct Firing<'a> {
    pub(super) rule: &'a Rule,
    /// The place of its event, as keys count it.
    pub(super) version: Version,
    pub(super) event: usize,
    /// Where the events begin that came after it and its own actions.
    pub(super) then: usize,
    /// What it was about ended by its own actions.
    pub(super) ended_it: bool,
    pub(super) at: DateTime<Utc>,
    pub(super) holder: Holder,
    /// Each with who is in charge once the actions before it are done.
    pub(super) outward: Vec<(Action, Holder)>,
}

impl Working<'_> {
    /// Settles which firings are delivered, now that the command's effects are known, and gives their messages.
    pub(crate) fn settle(&mut self) -> Vec<OutboxMessage> {
        let mut messages = std::mem::take(&mut self.early);
        let stands: Vec<bool> = self
            .firings
            .iter()
            .map(|firing| self.stands(firing))
            .collect();
        let known: Vec<bool> = self.firings.iter().map(|one| self.knows(one)).collect();
        for (i, firing) in self.firings.iter().enumerate() {
            // Only what would go out counts as one of several.
            let of_rule = |n: &usize| {
                let other = &self.firings[*n];
                stands[*n] && !other.outward.is_empty() && other.rule.name == firing.rule.name
            };
            let left_out = match firing.rule.catch_up {
                CatchUp::All => false,
                CatchUp::LatestOnly => (i + 1..self.firings.len()).any(|n| of_rule(&n)),
                CatchUp::None => (0..self.firings.len()).filter(of_rule).count() > 1,
            };
            let Event::Escalated(escalated) = &mut self.events[firing.event].event else {
                continue;
            };
            escalated.delivery = match escalated.delivery {
                Delivery::Delivered if !stands[i] => Delivery::Stale,
                Delivery::Delivered if left_out => Delivery::HeldBack,
                other => other,
            };
            if escalated.delivery != Delivery::Delivered {
                continue;
            }
            let stays = firing.ended_it; // it is told of an end: there is none to come
            if firing.rule.withdraw && known[i] && !stays && !firing.outward.is_empty() {
                escalated.told = Some(firing.holder);
                Arc::make_mut(&mut self.ticket).stand(escalated, firing.version);
            }
            for (n, (action, in_charge)) in firing.outward.iter().enumerate() {
                let what = Outgoing::Escalation {
                    key: escalated.key,
                    rule: escalated.rule.clone(),
                    level: escalated.level.clone(),
                    action: action.clone(),
                };
                let id = message_id(b"outbox", escalated.key, n);
                messages.push(message(&self.ticket, id, firing.at, what).in_charge(*in_charge));
            }
        }
        self.withdraw(&mut messages);
        messages
    }

    /// Records which firings are over that somebody was told of, and tells them.
    fn withdraw(&mut self, messages: &mut Vec<OutboxMessage>) {
        let over = self.standing_that(|working, standing| working.has_ended(standing));
        messages.extend(self.withdraw_these(over));
    }

    /// Withdraws what another rulebook would not know how to withdraw: its level is not there, or asks for something else.
    pub(super) fn withdraw_before(&mut self, next: &Rulebook) {
        let changed = self.standing_that(|working, standing| {
            let (rule, name) = (&standing.rule, &standing.level);
            let actions = |book| level(book, rule, name).map(|level| &level.actions);
            actions(next) != actions(working.book)
        });
        let messages = self.withdraw_these(changed);
        self.early.extend(messages);
    }

    fn standing_that(&self, fits: impl Fn(&Self, &Standing) -> bool) -> Vec<Standing> {
        let standing = self.ticket.standing().iter();
        standing.filter(|one| fits(self, one)).cloned().collect()
    }

    fn withdraw_these(&mut self, standing: Vec<Standing>) -> Vec<OutboxMessage> {
        let mut messages = Vec::new();
        if standing.is_empty() {
            return messages;
        }
        let Some(last) = self.events.last().cloned() else {
            return messages;
        };
        for standing in standing {
            let level = level(self.book, &standing.rule, &standing.level);
            let told =
                level.map(|level| outward(&level.actions, standing.holder, !standing.chain_ended));
            for (n, (action, in_charge)) in told.into_iter().flatten().enumerate() {
                let what = Outgoing::Withdrawal {
                    key: standing.key,
                    rule: standing.rule.clone(),
                    level: standing.level.clone(),
                    action,
                };
                let id = message_id(b"withdrawal", standing.key, n);
                messages.push(message(&self.ticket, id, last.at, what).in_charge(in_charge));
            }
            self.push(Recorded {
                actor: Actor::System,
                cause: None,
                timing: None,
                event: Event::Withdrawn { key: standing.key },
                ..last.clone()
            });
        }
        messages
    }

    /// Whether what a firing was about is over, whoever ended it. A rule that the rulebook no longer has ended with it.
    fn has_ended(&self, standing: &Standing) -> bool {
        let mut rules = self.book.escalations().iter();
        let rule = rules.find(|rule| rule.name == standing.rule);
        rule.is_none_or(|rule| self.is_over(rule, standing.version.0))
    }

    /// Whether what a rule's firing in this place was about is over, on the ticket as it stands.
    fn is_over(&self, rule: &Rule, fired: u64) -> bool {
        match &rule.trigger {
            Trigger::Clock { .. } => rule.trigger.watched().is_none_or(|id| {
                let is_over = |clock: &Clock<'_>| {
                    !clock.is_live() || clock.started.is_none_or(|since| since.version > fired)
                };
                match self.clock_as_it_stands(id) {
                    Some(clock) => is_over(clock),
                    None => is_over(&Clock::of(&self.ticket, self.book.policies(), id)),
                }
            }),
            Trigger::Idle { stages } => {
                self.ticket.idle_since().1 > fired
                    || !stages.contains(&self.ticket.status().stage())
            }
            Trigger::TimeInStatus { stages } => {
                self.ticket.in_status_since().1 > fired
                    || !stages.contains(&self.ticket.status().stage())
            }
            Trigger::CustomerWaits => self.ticket.waiting().is_none_or(|(_, asked)| asked > fired),
            Trigger::LowRating { kind, at_most } => {
                self.ticket.is_low_rating_over(*kind, *at_most, fired)
            }
            Trigger::Reopened => !self.ticket.status().stage().is_backlog(),
        }
    }

    /// Whether a firing is to be delivered, unless the catch-up choice leaves it out.
    fn stands(&self, firing: &Firing<'_>) -> bool {
        let delivered = matches!(
            &self.events[firing.event].event,
            Event::Escalated(escalated) if escalated.delivery == Delivery::Delivered
        );
        let is_over = || self.is_stale(firing) || firing.rule.withdraw && !self.knows(firing);
        delivered && (firing.rule.deliver_stale || !is_over())
    }

    /// Whether the rulebook in force would know how to withdraw a firing: not always, where this commit moved the ticket to it. What the
    /// other one would have withdrawn as it came into force is not sent first.
    fn knows(&self, firing: &Firing<'_>) -> bool {
        let Event::Escalated(escalated) = &self.events[firing.event].event else {
            return false;
        };
        let of_rule = firing.rule.levels.iter();
        let mut fired = of_rule.filter(|level| level.name == escalated.level);
        let now = level(self.book, &escalated.rule, &escalated.level);
        now.is_some_and(|now| fired.any(|level| level.actions == now.actions))
    }

    /// Whether somebody, or another firing, ended what it was about. That a ticket was reopened so often stays so.
    fn is_stale(&self, firing: &Firing<'_>) -> bool {
        let announces = |recorded: &Recorded| {
            matches!(
                recorded.event,
                Event::Breached { .. } | Event::Escalated(_) | Event::PolicyChosen { .. }
            )
        };
        let mut later = self.events.iter().skip(firing.then);
        !firing.ended_it
            && firing.rule.trigger != Trigger::Reopened
            && later.any(|recorded| !announces(recorded))
            && self.is_over(firing.rule, firing.version.0)
    }

    /// Notes of the last firing, whose actions have run, whether they ended what it was about: a level that closes a ticket and
    /// tells so is told.
    pub(super) fn note_what_it_ended(&mut self) {
        let Some(firing) = self.firings.last() else {
            return;
        };
        let mut own = self.events.iter().skip(firing.event);
        let may_end = |recorded: &Recorded| {
            matches!(
                recorded.event,
                Event::StatusChanged { .. } | Event::Assigned { .. }
            )
        };
        let ended_it = own.any(may_end) && self.is_over(firing.rule, firing.version.0);
        let then = self.events.len();
        if let Some(firing) = self.firings.last_mut() {
            (firing.then, firing.ended_it) = (then, ended_it);
        }
    }
}

fn level<'a>(book: &'a Rulebook, rule: &Name, level: &Name) -> Option<&'a Level> {
    let rules = book.escalations();
    let rule = rules.iter().find(|known| known.name == *rule)?;
    rule.levels.iter().find(|known| known.name == *level)
}

fn message(ticket: &Ticket, id: Uuid, at: DateTime<Utc>, what: Outgoing) -> OutboxMessage {
    let about = (ticket.id(), ticket.requester());
    OutboxMessage::new(id, ticket.tenant(), about, at, what)
}

fn message_id(kind: &[u8], key: FiringKey, n: usize) -> Uuid {
    derive(&[kind, key.uuid().as_bytes(), &(n as u64).to_be_bytes()])
}

/// The outward actions, with whoever is in charge put in place, and who that is: as the level found it, or as its own actions before
/// left it, where it `acts` on the ticket at all.
pub(super) fn outward(
    actions: &[Action],
    mut in_charge: Holder,
    acts: bool,
) -> Vec<(Action, Holder)> {
    let mut outward = Vec::new();
    for action in actions {
        match action {
            Action::Notify(recipient) => {
                let resolved = match recipient {
                    Recipient::AgentInCharge => in_charge
                        .agent
                        .map(Recipient::Agent)
                        .or(in_charge.team.map(Recipient::Team)),
                    Recipient::TeamInCharge => in_charge.team.map(Recipient::Team),
                    _ => None,
                };
                let told = resolved.unwrap_or_else(|| recipient.clone());
                outward.push((Action::Notify(told), in_charge));
            }
            other if other.is_outward() => outward.push((other.clone(), in_charge)),
            other if acts => in_charge = other.hands_to(in_charge).unwrap_or(in_charge),
            _ => {}
        }
    }
    outward
}
