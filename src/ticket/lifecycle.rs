//! The states of a ticket and every step between them, as one table.
//!
//! [`LIFECYCLE`] is the single truth: the decision, the documentation, the diagram and the testing kit all read it. What is
//! not in it is refused.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a ticket stands.
///
/// Exhaustive on purpose: clocks, views and KPIs must each answer for every status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Work to do, and never resolved before.
    Open,
    /// Waiting for somebody or something.
    Pending(Pending),
    /// The desk says it is done.
    Resolved,
    /// Work again after a resolution: distinct from `Open` for the rest of that cycle.
    Reopened,
    /// Done for good.
    Closed(CloseReason),
}

/// What a pending ticket waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pending {
    /// An answer of the customer.
    Customer,
    /// A supplier or another company.
    ThirdParty,
    /// Somebody else in the host's own company.
    Internal,
    /// An instant: just after it the ticket wakes by itself.
    Scheduled {
        /// When the wait ends.
        until: DateTime<Utc>,
    },
}

/// Why a ticket was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The resolution stands.
    Settled,
    /// No longer wanted.
    Cancelled,
    /// The same as another ticket, or merged into one.
    Duplicate,
    /// Never a request.
    Spam,
}

/// The states without their reasons: the rows and columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// See [`Status::Open`].
    Open,
    /// See [`Status::Pending`].
    Pending,
    /// See [`Status::Resolved`].
    Resolved,
    /// See [`Status::Reopened`].
    Reopened,
    /// See [`Status::Closed`].
    Closed,
}

/// What moves a ticket from one stage to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Somebody lets it wait.
    Pend,
    /// Somebody goes on with it.
    Resume,
    /// A scheduled wait ended.
    Wake,
    /// The customer wrote.
    CustomerMessage,
    /// The desk says it is done.
    Resolve,
    /// The resolution did not hold.
    Reopen,
    /// It ends.
    Close,
}

use Stage::{Closed, Open, Pending as Waiting, Reopened, Resolved};
use Step::{Close, CustomerMessage, Pend, Reopen, Resolve, Resume, Wake};

/// Every step a ticket can take. What is not in this table is refused, but for another label alone: it is recorded as a
/// [`StatusChanged`](super::Event::StatusChanged) from the stage to itself, with the step that led there ([`Step::Resume`] where work goes on).
/// Where the rulebook lets customers reopen closed tickets, their message is recorded with its own step.
///
/// Leaving `Pending` has two rows: the ticket returns to the work it came from, which is `Reopened` once it has been
/// reopened and `Open` before ([`Stage::after`] chooses).
#[rustfmt::skip]
pub const LIFECYCLE: &[(Stage, Step, Stage)] = &[
    // from     step             to
    (Open,     Pend,            Waiting ),
    (Open,     CustomerMessage, Open    ),
    (Open,     Resolve,         Resolved),
    (Open,     Close,           Closed  ), // cancelled, duplicate, spam: never resolved
    (Waiting,  Pend,            Waiting ), // for another reason
    (Waiting,  Resume,          Open    ),
    (Waiting,  Resume,          Reopened),
    (Waiting,  Wake,            Open    ),
    (Waiting,  Wake,            Reopened),
    (Waiting,  CustomerMessage, Open    ),
    (Waiting,  CustomerMessage, Reopened),
    (Waiting,  Resolve,         Resolved), // real desks do it constantly
    (Waiting,  Close,           Closed  ),
    (Resolved, Pend,            Waiting ), // a reopen and a pend
    (Resolved, CustomerMessage, Reopened), // within the reopen window; later it makes a follow-up ticket
    (Resolved, Reopen,          Reopened), // within the reopen window
    (Resolved, Close,           Closed  ),
    (Reopened, Pend,            Waiting ),
    (Reopened, CustomerMessage, Reopened),
    (Reopened, Resolve,         Resolved),
    (Reopened, Close,           Closed  ),
    (Closed,   CustomerMessage, Closed  ), // makes a follow-up ticket; where reopening is allowed, reopens as the next row
    (Closed,   Reopen,          Reopened), // only where the rulebook allows it
];

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 5] = [Open, Waiting, Resolved, Reopened, Closed];

    /// The stage that `step` leads to, or `None` where it is not allowed. `reopened`: the ticket has been reopened before,
    /// so work on it is `Reopened`.
    ///
    /// ```
    /// use helpdesk::ticket::{Stage, Step};
    /// assert_eq!(Stage::Open.after(Step::Resolve, false), Some(Stage::Resolved));
    /// assert_eq!(Stage::Pending.after(Step::Resume, true), Some(Stage::Reopened));
    /// assert_eq!(Stage::Resolved.after(Step::Resolve, false), None);
    /// ```
    pub fn after(self, step: Step, reopened: bool) -> Option<Stage> {
        let mut rows = LIFECYCLE
            .iter()
            .filter(|row| (row.0, row.1) == (self, step))
            .map(|row| row.2);
        let first = rows.next()?;
        match rows.next() {
            Some(second) if reopened => Some(second),
            _ => Some(first),
        }
    }

    /// The steps that are allowed here, in the order of the table.
    pub fn steps(self) -> Vec<Step> {
        let mut steps: Vec<Step> = LIFECYCLE
            .iter()
            .filter(|row| row.0 == self)
            .map(|row| row.1)
            .collect();
        steps.dedup();
        steps
    }

    /// Whether the ticket still counts as backlog: `Open`, `Pending` or `Reopened`.
    pub const fn is_backlog(self) -> bool {
        matches!(self, Open | Waiting | Reopened)
    }
}

impl Step {
    /// Every step.
    pub const ALL: [Step; 7] = [Pend, Resume, Wake, CustomerMessage, Resolve, Reopen, Close];
}

impl Status {
    /// The status without its reason.
    pub const fn stage(self) -> Stage {
        match self {
            Status::Open => Open,
            Status::Pending(_) => Waiting,
            Status::Resolved => Resolved,
            Status::Reopened => Reopened,
            Status::Closed(_) => Closed,
        }
    }

    /// The status of work on a ticket that has, or has not, been reopened before.
    pub(crate) const fn work(reopened: bool) -> Status {
        if reopened {
            Status::Reopened
        } else {
            Status::Open
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Open => "open",
            Waiting => "pending",
            Resolved => "resolved",
            Reopened => "reopened",
            Closed => "closed",
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Pending(reason) => write!(f, "pending ({reason})"),
            Status::Closed(reason) => write!(f, "closed ({reason})"),
            other => other.stage().fmt(f),
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pending::Customer => f.write_str("customer"),
            Pending::ThirdParty => f.write_str("third party"),
            Pending::Internal => f.write_str("internal"),
            Pending::Scheduled { until } => write!(f, "scheduled until {}", until.to_rfc3339()),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CloseReason::Settled => "settled",
            CloseReason::Cancelled => "cancelled",
            CloseReason::Duplicate => "duplicate",
            CloseReason::Spam => "spam",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pend => "pend",
            Resume => "resume",
            Wake => "wake",
            CustomerMessage => "customer message",
            Resolve => "resolve",
            Reopen => "reopen",
            Close => "close",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that leads to work has one answer for each history, and no other step has two.
    #[test]
    fn the_table_is_unambiguous() {
        for stage in Stage::ALL {
            for step in Step::ALL {
                let rows: Vec<_> = LIFECYCLE
                    .iter()
                    .filter(|row| (row.0, row.1) == (stage, step))
                    .collect();
                let twofold = rows.len() == 2 && rows[0].2 == Open && rows[1].2 == Reopened;
                assert!(rows.len() < 2 || twofold, "{stage} {step}");
            }
        }
    }

    #[test]
    fn a_customer_message_has_a_row_in_every_stage() {
        assert!(
            Stage::ALL
                .iter()
                .all(|stage| stage.after(CustomerMessage, false).is_some())
        );
    }

    #[test]
    fn open_is_never_entered_after_a_reopen() {
        for stage in [Waiting, Resolved, Reopened, Closed] {
            assert!(
                Step::ALL
                    .iter()
                    .all(|step| stage.after(*step, true) != Some(Open))
            );
        }
    }
}
