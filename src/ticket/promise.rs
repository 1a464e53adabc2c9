//! Updates that the customer was promised: when each was made, by when it is to come, and what ended it.
//!
//! There is one at a time: a new promise takes the place of the one before. The first public message of a human agent ends it; so do
//! closing, and a merge, which takes it along to the other ticket ([`Merge`](super::Merge)).

use serde::{Deserialize, Serialize};

use chrono::{DateTime, Utc};

use super::Ticket;
use super::mark::{MarkKind, Phase};
use crate::time::{Micros, instant};

/// An update that the customer was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// When it was promised.
    pub made_at: DateTime<Utc>,
    /// By when.
    pub due: DateTime<Utc>,
}

/// What ended a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PromiseEnd {
    /// An agent wrote.
    Answered,
    /// It was promised anew.
    PromisedAnew,
    /// The ticket was closed, or goes on in another one.
    Over,
}

/// A promise with its end, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) made_at: Micros,
    pub(crate) due: Micros,
    pub(crate) ended: Option<(Micros, PromiseEnd)>,
}

impl Ticket {
    /// Every promise of an update, oldest first; only the last one may be without an end.
    pub(crate) fn promises(&self) -> Vec<Made> {
        let mut all: Vec<Made> = Vec::new();
        let mut is_closed = false;
        for mark in self.marks() {
            let end = match mark.kind {
                MarkKind::Promised { .. } | MarkKind::PromisedBefore { .. } if !is_closed => {
                    Some(PromiseEnd::PromisedAnew)
                }
                MarkKind::Answered { .. } => Some(PromiseEnd::Answered),
                MarkKind::Moved(Phase::Closed) | MarkKind::MergedAway => Some(PromiseEnd::Over),
                _ => None,
            };
            let last = all.last_mut().filter(|made| made.ended.is_none());
            if let (Some(end), Some(last)) = (end, last) {
                last.ended = Some((mark.at, end));
            }
            let (made_at, due) = match mark.kind {
                MarkKind::Moved(phase) => {
                    is_closed = phase == Phase::Closed;
                    continue;
                }
                MarkKind::Promised { due } if !is_closed => (mark.at, due),
                MarkKind::PromisedBefore { since, due } if !is_closed => (since, due),
                _ => continue,
            };
            all.push(Made {
                made_at,
                due,
                ended: None,
            });
        }
        all
    }

    /// The promised update that waits still, late or not.
    pub fn open_promise(&self) -> Option<Promise> {
        let last = self.promises().pop()?;
        last.ended.is_none().then(|| Promise {
            made_at: instant(last.made_at),
            due: instant(last.due),
        })
    }
}
