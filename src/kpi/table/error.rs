//! What a table cannot do.

use crate::id::TicketId;

use super::super::error::KpiError;

/// Why rows were not taken into a [`FactTable`](super::FactTable), or a report was not made over it.
///
/// None passes by itself: do not retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct TableError(#[from] Problem);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Kpi(#[from] KpiError),
    #[error(
        "cycle {cycle} of ticket `{ticket}` has a resolution without its lengths or lengths without their resolution; both or neither are allowed"
    )]
    Half { ticket: TicketId, cycle: u32 },
    #[error(
        "the lengths of cycle {cycle} of ticket `{ticket}` do not add up in 64 bits; at most 9,223,372,036,854,775,807 microseconds either way are allowed"
    )]
    Length { ticket: TicketId, cycle: u32 },
    #[error("the table is full: at most 4,294,967,294 entries of each kind are allowed")]
    Full,
    #[error("a report over a table has no filters; `Report::over` makes those that do")]
    Filtered,
}

impl TableError {
    pub(super) fn formula(ticket: TicketId, found: u32) -> TableError {
        Problem::Kpi(KpiError::formula(ticket, found)).into()
    }

    pub(super) fn rows(ticket: TicketId) -> TableError {
        Problem::Kpi(KpiError::rows(ticket)).into()
    }

    pub(super) fn half(ticket: TicketId, cycle: u32) -> TableError {
        Problem::Half { ticket, cycle }.into()
    }

    pub(super) fn length(ticket: TicketId, cycle: u32) -> TableError {
        Problem::Length { ticket, cycle }.into()
    }

    pub(super) fn full() -> TableError {
        Problem::Full.into()
    }

    pub(super) fn filtered() -> TableError {
        Problem::Filtered.into()
    }

    /// Whether rows must be made anew from the events, because the formulas have changed since.
    pub fn is_outdated(&self) -> bool {
        matches!(&self.0, Problem::Kpi(error) if error.is_outdated())
    }

    /// The ticket whose rows are at fault.
    pub fn ticket(&self) -> Option<TicketId> {
        match &self.0 {
            Problem::Kpi(error) => error.ticket(),
            Problem::Half { ticket, .. } | Problem::Length { ticket, .. } => Some(*ticket),
            Problem::Full | Problem::Filtered => None,
        }
    }
}
