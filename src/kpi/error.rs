//! What can be wrong with rows and tallies.

use crate::id::TicketId;

use super::facts::FORMULA;
use super::measure::Kpi;

/// Why a figure could not be worked out.
///
/// Each means that something was put together wrongly, and none passes by itself: do not retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct KpiError(#[from] Problem);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error(
        "the rows of ticket `{ticket}` are of formula {found}; rows of formula {FORMULA} are wanted: make them anew from the events"
    )]
    Formula { ticket: TicketId, found: u32 },
    #[error(
        "the rows given for ticket `{ticket}` are not all of its rows from cycle 0 on, in order"
    )]
    Rows { ticket: TicketId },
    #[error(
        "two tallies of different reports cannot be merged: instant, window, zone and settings must be the same"
    )]
    Scope,
    #[error("more was taken back than was added: a count is below 0")]
    Unbalanced,
    #[error("the backlog would have {days} days; at most {max} are given: narrow the window")]
    Days { days: i64, max: i64 },
    #[error(
        "a report without a begin and an end has no period before it: give it a window by `between`, `last_days`, `created_in` or `resolved_in`"
    )]
    Unbounded,
    #[error(
        "no such goal can be set for `{kpi}`: a goal needs a figure with a better direction, and a value of its unit, in a time in which it is given"
    )]
    Goal { kpi: Kpi },
    #[error("`{percent}` is no share of the similar tickets to go by; 1 to 99 per cent is allowed")]
    Percent { percent: u32 },
}

impl KpiError {
    pub(crate) fn formula(ticket: TicketId, found: u32) -> KpiError {
        Problem::Formula { ticket, found }.into()
    }

    pub(crate) fn rows(ticket: TicketId) -> KpiError {
        Problem::Rows { ticket }.into()
    }

    pub(crate) fn scope() -> KpiError {
        Problem::Scope.into()
    }

    pub(crate) fn unbalanced() -> KpiError {
        Problem::Unbalanced.into()
    }

    pub(crate) fn days(days: i64, max: i64) -> KpiError {
        Problem::Days { days, max }.into()
    }

    pub(crate) fn percent(percent: u32) -> KpiError {
        Problem::Percent { percent }.into()
    }

    pub(crate) fn unbounded() -> KpiError {
        Problem::Unbounded.into()
    }

    pub(crate) fn goal(kpi: Kpi) -> KpiError {
        Problem::Goal { kpi }.into()
    }

    /// Whether rows must be made anew from the events, because the formulas have changed since.
    pub fn is_outdated(&self) -> bool {
        matches!(self.0, Problem::Formula { .. })
    }

    /// The ticket whose rows are at fault.
    pub fn ticket(&self) -> Option<TicketId> {
        match self.0 {
            Problem::Formula { ticket, .. } | Problem::Rows { ticket } => Some(ticket),
            _ => None,
        }
    }
}
