//! An oracle of the lifecycle: a few booleans in plain words, written without the table.
//!
//! It knows nothing of permissions, labels, merges and limits: what it says holds where everybody may do everything, and else only
//! for what is permitted.

use chrono::{DateTime, Utc};

use crate::call::Actor;
use crate::ticket::{Change, Command, MessageClass, Move, Pending, Rules, Status, Visibility};
use crate::time::Span;

/// What the oracle remembers of a ticket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// Where the ticket stands.
    pub status: Status,
    /// Whether it has ever been reopened.
    pub reopened: bool,
    /// When it was last resolved.
    pub resolved_at: Option<DateTime<Utc>>,
    window: Span,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It is done, and the ticket stands there.
    Moves(Status),
    /// It is refused, and nothing changes.
    Refused,
    /// The ticket is over: what the customer wrote begins another one.
    FollowUp,
}

impl Model {
    /// A ticket just opened, under these rules.
    pub fn opened(rules: &Rules) -> Model {
        Model {
            status: Status::Open,
            reopened: false,
            resolved_at: None,
            window: rules.reopen_window,
        }
    }

    /// A wait until an instant before `now` is over.
    pub fn pass(&mut self, now: DateTime<Utc>) {
        if let Status::Pending(Pending::Scheduled { until }) = self.status
            && until < now
        {
            self.status = self.work();
        }
    }

    /// What becomes of a command at `now`, which is not before the one it met last.
    pub fn meet(&mut self, actor: Actor, command: &Command, now: DateTime<Utc>) -> Answer {
        let mut after = self.clone();
        let is_customer = matches!(actor, Actor::Customer(_));
        let is_closed = matches!(self.status, Status::Closed(_));
        let mut follow_up = false;
        if let Some(draft) = &command.message {
            match (is_customer, draft.visibility, draft.class) {
                (true, Visibility::Internal, _) => return Answer::Refused,
                (true, _, MessageClass::Ordinary) => match self.status {
                    Status::Closed(_) => follow_up = true,
                    Status::Resolved if !self.in_window(now) => follow_up = true,
                    Status::Resolved => {
                        after.reopened = true;
                        after.status = after.work();
                    }
                    Status::Pending(_) => after.status = after.work(),
                    _ => {}
                },
                (false, Visibility::Public, _) if is_closed => return Answer::Refused,
                _ => {}
            }
        }
        let changes_closed = |c: &Change| !matches!(c, Change::LogTime { .. } | Change::Redact(_));
        // A customer's message is kept without the changes that came with it.
        let dropped = is_closed && is_customer && command.message.is_some();
        if is_closed && !dropped && command.changes.iter().any(changes_closed) {
            return Answer::Refused;
        }
        let is_past = |c: &Change| matches!(c, Change::PromiseUpdate(due) if *due <= now);
        if !dropped && command.changes.iter().any(is_past) {
            return Answer::Refused;
        }
        let waits = matches!(after.status, Status::Pending(_));
        match &command.step {
            None => {}
            Some(Move::Pend(reason)) => {
                if let Pending::Scheduled { until } = reason
                    && *until <= now
                {
                    return Answer::Refused;
                }
                let says = is_customer && command.message.is_some();
                match after.status {
                    Status::Closed(_) if says => {}
                    Status::Resolved if !self.in_window(now) && says => {}
                    Status::Closed(_) => return Answer::Refused,
                    Status::Resolved if !self.in_window(now) => return Answer::Refused,
                    _ => {
                        after.reopened |= after.status == Status::Resolved;
                        after.status = Status::Pending(*reason);
                    }
                }
            }
            Some(Move::Resume) if waits => after.status = after.work(),
            Some(Move::Resolve)
                if waits || matches!(after.status, Status::Open | Status::Reopened) =>
            {
                after.status = Status::Resolved;
                after.resolved_at = Some(now);
            }
            Some(Move::Reopen) if after.status == Status::Resolved && after.in_window(now) => {
                after.reopened = true;
                after.status = Status::Reopened;
            }
            Some(Move::Close(reason)) if !matches!(after.status, Status::Closed(_)) => {
                after.status = Status::Closed(*reason);
            }
            Some(_) if is_customer && command.message.is_some() => {} // the message stands without the move
            Some(_) => return Answer::Refused,
        }
        *self = after;
        if follow_up {
            Answer::FollowUp
        } else {
            Answer::Moves(self.status)
        }
    }

    fn work(&self) -> Status {
        if self.reopened {
            Status::Reopened
        } else {
            Status::Open
        }
    }

    fn in_window(&self, now: DateTime<Utc>) -> bool {
        self.resolved_at
            .is_none_or(|resolved| now - resolved <= self.window.delta())
    }
}
