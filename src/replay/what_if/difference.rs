//! What a what-if finds, as data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Name, RulebookId, TicketId, TicketNumber};
use crate::kpi::{KpiReport, Summary};
use crate::ticket::{ClockId, Version};

use super::super::anomaly::Anomalies;

/// What differs. The order is the order of the lines of a [`Difference`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// When one period of a clock was due: the due that the clock showed last, when it ended or at the instant of the
    /// what-if. A period that has no target shows none, nor one that ended or rests in a pause, or was cancelled, with time left.
    Due(ClockId),
    /// That a clock passed its target while it ran.
    Breach(ClockId),
    /// That an escalation level fired.
    Firing {
        /// The rule's name.
        rule: Name,
        /// The level's name.
        level: Name,
    },
}

/// One thing that differs: it has an instant under the rules before, under the rules after, or another under each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// On which ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// What.
    pub what: What,
    /// The begin of the clock's period; absent where no clock is watched.
    pub since: Option<DateTime<Utc>>,
    /// When, under the rules before; absent where it is not so under them.
    pub before: Option<DateTime<Utc>>,
    /// When, under the rules after; absent where it is not so under them.
    pub after: Option<DateTime<Utc>>,
}

impl Changed {
    /// How it differs.
    pub fn how(&self) -> How {
        match (self.before, self.after) {
            (Some(_), None) => How::Vanished,
            (None, Some(_)) => How::Appeared,
            _ => How::Moved,
        }
    }
}

/// How one thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is so under both, at other instants.
    Moved,
    /// It is so under the rules before alone.
    Vanished,
    /// It is so under the rules after alone.
    Appeared,
}

/// What differs on one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TicketDifference {
    /// What differs, in the order of [`What`], then of the history. Empty where nothing does.
    pub changes: Vec<Changed>,
    /// The place of the first recorded event that the rules before, tried again, do not lead to; absent where all of the record
    /// is met, and where it cannot be compared (see [`Redone`]).
    pub unlike_record: Option<Version>,
}

/// A [`What`] over all tickets.
///
/// # Properties
/// `before` = `same` + `moved` + `vanished`, and `after` = `same` + `moved` + `appeared`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// What is counted.
    pub what: What,
    /// How many under the rules before.
    pub before: u64,
    /// How many under the rules after.
    pub after: u64,
    /// How many at the same instant under both.
    pub same: u64,
    /// How many under both, at other instants.
    pub moved: u64,
    /// How many under the rules before alone.
    pub vanished: u64,
    /// How many under the rules after alone.
    pub appeared: u64,
    /// Of the moved: by how much earlier, in calendar time; `None` where none is.
    pub earlier: Option<Summary>,
    /// Of the moved: by how much later, in calendar time; `None` where none is.
    pub later: Option<Summary>,
    /// The first that vanished, in the order in which the histories came.
    pub first_vanished: Vec<Changed>,
    /// The first that appeared, in the order in which the histories came.
    pub first_appeared: Vec<Changed>,
}

/// The rules of one side, tried on every history.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tried {
    /// The version in force for new tickets.
    pub rulebook: RulebookId,
    /// The figures.
    pub report: KpiReport,
    /// What people did that a live desk with these rules would have refused, or that came to nothing, by kind.
    pub anomalies: Anomalies,
}

/// How the rules before, tried again, compare with what was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Redone {
    /// Tickets whose every recorded event came about again.
    pub equal: u64,
    /// Tickets of which some did not.
    pub unlike: u64,
    /// The first of those: their numbers, each with the place of the first event that differs.
    pub first_unlike: Vec<(TicketNumber, Version)>,
    /// Tickets that cannot be compared: imported ones (an import records nothing that falls due), and those that were ever
    /// pinned to another version than they are tried under.
    pub not_compared: u64,
}

/// The same histories under two rulebooks: what differs. `Display` is a report for people; serialises whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Up to when both were followed.
    pub as_of: DateTime<Utc>,
    /// How many tickets existed by then.
    pub tickets: u64,
    /// How many of them differ in any [`What`].
    pub differing: u64,
    /// The rules before.
    pub before: Tried,
    /// The rules after.
    pub after: Tried,
    /// Each due, breach and firing that is so under either, in the order of [`What`].
    pub lines: Vec<Line>,
    /// How the rules before compare with what was recorded.
    pub redone: Redone,
}

impl Difference {
    /// One line.
    pub fn line(&self, what: &What) -> Option<&Line> {
        self.lines.iter().find(|line| line.what == *what)
    }

    /// Whether neither an instant nor a figure differs.
    pub fn is_empty(&self) -> bool {
        self.differing == 0 && self.before.report == self.after.report
    }
}
