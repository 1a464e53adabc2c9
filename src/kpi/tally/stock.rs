//! What is true of the whole desk at an instant, whatever the window: how many tickets there are, and which of them wait.

use serde::{Deserialize, Serialize};

use crate::kpi::backlog::Flows;
use crate::kpi::days::Days;
use crate::kpi::known::{Known, Standing};
use crate::kpi::multiset::Multiset;
use crate::kpi::window::Scope;
use crate::time::micros;

use super::parts::plus;

/// Tickets, the entries into and exits from the backlog by day, and the ages of those that wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::kpi) struct Stock {
    pub(super) tickets: i64,
    pub(super) flows: Flows,
    pub(super) ages: Multiset,
}

impl Stock {
    pub(in crate::kpi) fn change(
        &mut self,
        ticket: &Known<'_>,
        scope: &Scope,
        days: &mut Days,
        by: i64,
    ) {
        plus(&mut self.tickets, by);
        for row in ticket.rows() {
            self.flows.change(row, &scope.zone, days, scope.as_of, by);
        }
        if ticket.standing() == Standing::Backlog {
            let age = micros(scope.as_of).saturating_sub(micros(ticket.created_at()));
            self.ages.change(age, by);
        }
    }

    pub(in crate::kpi) fn merge(&mut self, other: Stock) {
        plus(&mut self.tickets, other.tickets);
        self.flows.merge(&other.flows);
        self.ages.merge(other.ages);
    }
}
