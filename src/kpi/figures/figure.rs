//! One figure of any kind, for whoever lists, compares or shows them all.

use serde::Serialize;

use super::amounts::{Amounts, Net};
use super::marks::Marks;
use super::{Attainment, Durations};
use crate::kpi::ratio::Ratio;

/// The value of one KPI.
///
/// Grows with the kinds of figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Figure<'a> {
    /// A number of tickets.
    Count(u64),
    /// A part of a whole.
    Ratio(&'a Ratio),
    /// Lengths.
    Durations(&'a Durations),
    /// Numbers for each ticket.
    Amounts(&'a Amounts),
    /// Targets, by clock.
    Attainment(&'a [Attainment]),
    /// Marks.
    Marks(&'a Marks),
    /// Promoters and detractors.
    Promoters(Net),
    /// What no ticket tells.
    Outside,
}

impl Figure<'_> {
    /// Over how many members it was worked out: the denominator, or the number of values.
    pub fn n(&self) -> u64 {
        match self {
            Figure::Count(n) => *n,
            Figure::Ratio(ratio) => ratio.denominator(),
            Figure::Durations(durations) => durations.calendar.map_or(0, |summary| summary.n()),
            Figure::Amounts(amounts) => amounts.n(),
            Figure::Attainment(all) => all
                .iter()
                .fold(0, |sum, one| sum.saturating_add(one.ratio().denominator())),
            Figure::Marks(marks) => marks.n(),
            Figure::Promoters(net) => net.n(),
            Figure::Outside => 0,
        }
    }
}
