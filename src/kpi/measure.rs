//! What each KPI means, as data: so that two people cannot read one number in two ways.
//!
//! [`MEASURES`] is listed at run time, for a page of definitions or a tooltip beside a figure.
//!
//! ```
//! use helpdesk::kpi::{Direction, Kpi};
//! let reopen = Kpi::ReopenRate.definition();
//! assert_eq!(reopen.direction, Direction::LowerIsBetter);
//! println!("{} = {}: {}", reopen.title, reopen.formula, reopen.exclusions.join("; "));
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sla::Measure;

/// A key performance indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kpi {
    /// How many tickets came.
    Volume,
    /// How many tickets were resolved.
    Resolved,
    /// How many of those that came are resolved.
    ResolutionRate,
    /// How many of those resolved came back.
    ReopenRate,
    /// How many resolutions did not hold.
    ResolutionsReopened,
    /// How long customers waited for the first answer.
    FirstResponseTime,
    /// How long it took to the first resolution.
    FirstResolutionTime,
    /// How long it took to the last resolution.
    TotalResolutionTime,
    /// How often a target was kept.
    SlaAttainment,
    /// How many tickets wait.
    Backlog,
}

/// Which of a ticket's instants must lie in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WindowOf {
    /// Its creation.
    Created,
    /// The resolution.
    Resolved,
    /// None: it is a number at an instant.
    Instant,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Tickets.
    Tickets,
    /// A part of a whole.
    Ratio,
    /// Microseconds.
    Duration,
}

/// In which direction lies better.
///
/// Exhaustive: there is no fourth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
    /// Neither: it describes demand, not performance.
    Neutral,
}

/// The definition of one KPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Definition {
    /// Which.
    pub kpi: Kpi,
    /// Its name for people.
    pub title: &'static str,
    /// How it is worked out, in one sentence.
    pub formula: &'static str,
    /// What the numerator counts, where it is a ratio.
    pub numerator: Option<&'static str>,
    /// The set that it is about.
    pub denominator: &'static str,
    /// What is left out, each counted by name.
    pub exclusions: &'static [&'static str],
    /// What places a ticket in the window.
    pub window: WindowOf,
    /// What is counted.
    pub unit: Unit,
    /// In which times it is given, where it is a duration.
    pub measured_in: &'static [Measure],
    /// In which direction lies better.
    pub direction: Direction,
    /// Where the definition comes from, and what comes near it elsewhere.
    pub source: &'static str,
}

const BOTH: &[Measure] = &[Measure::Calendar, Measure::Business];

/// Every KPI of the standard report.
pub const MEASURES: [Definition; Kpi::ALL.len()] = [
    Definition {
        kpi: Kpi::Volume,
        title: "tickets created",
        formula: "the number of tickets created in the window, whatever became of them",
        numerator: None,
        denominator: "tickets created in the window",
        exclusions: &[],
        window: WindowOf::Created,
        unit: Unit::Tickets,
        measured_in: &[],
        direction: Direction::Neutral,
        source: "this crate; elsewhere: tickets created",
    },
    Definition {
        kpi: Kpi::Resolved,
        title: "tickets resolved",
        formula: "the number of tickets with at least one resolution in the window; beside it, the number of resolutions",
        numerator: None,
        denominator: "tickets with a resolution in the window; a resolution is the last entry into Resolved of one cycle",
        exclusions: &["closed without a resolution"],
        window: WindowOf::Resolved,
        unit: Unit::Tickets,
        measured_in: &[],
        direction: Direction::Neutral,
        source: "this crate; elsewhere: tickets solved",
    },
    Definition {
        kpi: Kpi::ResolutionRate,
        title: "resolution rate",
        formula: "of the tickets created in the window, the part that is resolved at the instant of the report and not reopened since",
        numerator: Some("those whose last cycle has a resolution"),
        denominator: "tickets created in the window",
        exclusions: &[],
        window: WindowOf::Created,
        unit: Unit::Ratio,
        measured_in: &[],
        direction: Direction::HigherIsBetter,
        source: "this crate. Not resolved divided by created of one window: that is no part of a whole and can pass 100 %",
    },
    Definition {
        kpi: Kpi::ReopenRate,
        title: "reopen rate",
        formula: "of the tickets resolved in the window, the part of which a resolution in it was reopened within 7 days (or as set)",
        numerator: Some("those of which at least one such resolution was reopened in time, resolved again or not"),
        denominator: "tickets with a resolution in the window that is at least 7 days old (or as set)",
        exclusions: &["immature: all its resolutions in the window are younger"],
        window: WindowOf::Resolved,
        unit: Unit::Ratio,
        measured_in: &[],
        direction: Direction::LowerIsBetter,
        source: "this crate; elsewhere: reopened tickets over solved tickets, without a limit of time",
    },
    Definition {
        kpi: Kpi::ResolutionsReopened,
        title: "resolutions reopened",
        formula: "of the resolutions in the window, the part that was reopened within 7 days (or as set)",
        numerator: Some("those reopened in time"),
        denominator: "resolutions in the window that are at least 7 days old (or as set); a ticket may have several",
        exclusions: &["immature: younger"],
        window: WindowOf::Resolved,
        unit: Unit::Ratio,
        measured_in: &[],
        direction: Direction::LowerIsBetter,
        source: "this crate",
    },
    Definition {
        kpi: Kpi::FirstResponseTime,
        title: "first response time",
        formula: "from the customer's first contact to the first public message of a human agent; the time resolved or closed before it does not count",
        numerator: None,
        denominator: "tickets created in the window and answered",
        exclusions: &[
            "waiting: nobody has answered yet",
            "unanswered: resolved or closed without an answer",
            "not started: the desk opened it, and the customer has not written",
        ],
        window: WindowOf::Created,
        unit: Unit::Duration,
        measured_in: BOTH,
        direction: Direction::LowerIsBetter,
        source: "this crate; elsewhere: first reply time",
    },
    Definition {
        kpi: Kpi::FirstResolutionTime,
        title: "first resolution time",
        formula: "from creation to the first entry into Resolved, in one piece: waiting counts",
        numerator: None,
        denominator: "tickets whose first resolution lies in the window",
        exclusions: &[],
        window: WindowOf::Resolved,
        unit: Unit::Duration,
        measured_in: BOTH,
        direction: Direction::LowerIsBetter,
        source: "this crate; elsewhere: first resolution time",
    },
    Definition {
        kpi: Kpi::TotalResolutionTime,
        title: "total resolution time",
        formula: "from creation to the last entry into Resolved, in one piece: waiting counts, and so does the time between a resolution and its reopening",
        numerator: None,
        denominator: "tickets whose last resolution lies in the window, reopened since or not",
        exclusions: &[],
        window: WindowOf::Resolved,
        unit: Unit::Duration,
        measured_in: BOTH,
        direction: Direction::LowerIsBetter,
        source: "this crate; elsewhere: full resolution time",
    },
    Definition {
        kpi: Kpi::SlaAttainment,
        title: "SLA attainment",
        formula: "of each clock with a target: met / (met + breached), by the target in force when it ended; what runs past its target is breached",
        numerator: Some("clocks that ended with at most the target used"),
        denominator: "clocks, of tickets created in the window, that ended so or have used more than the target",
        exclusions: &[
            "undecided: runs or is paused with time left",
            "unanswered: resolved or closed without an answer",
            "cancelled: closed without a resolution",
            "not started",
        ],
        window: WindowOf::Created,
        unit: Unit::Ratio,
        measured_in: &[],
        direction: Direction::HigherIsBetter,
        source: "this crate; elsewhere: achieved targets, often without what runs past its target",
    },
    Definition {
        kpi: Kpi::Backlog,
        title: "backlog",
        formula: "the number of tickets that are open, pending or reopened at the midnight that ends each day, and at the instant of the report",
        numerator: None,
        denominator: "all tickets of the desk, whenever created",
        exclusions: &[],
        window: WindowOf::Instant,
        unit: Unit::Tickets,
        measured_in: &[],
        direction: Direction::LowerIsBetter,
        source: "this crate; elsewhere: unsolved tickets",
    },
];

impl Kpi {
    /// Every KPI.
    pub const ALL: [Kpi; 10] = [
        Kpi::Volume,
        Kpi::Resolved,
        Kpi::ResolutionRate,
        Kpi::ReopenRate,
        Kpi::ResolutionsReopened,
        Kpi::FirstResponseTime,
        Kpi::FirstResolutionTime,
        Kpi::TotalResolutionTime,
        Kpi::SlaAttainment,
        Kpi::Backlog,
    ];

    /// The KPI's row in [`MEASURES`].
    pub const fn definition(self) -> &'static Definition {
        &MEASURES[self as usize]
    }
}

impl fmt::Display for Kpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.definition().title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kpi_finds_its_own_definition() {
        for kpi in Kpi::ALL {
            let definition = kpi.definition();
            assert_eq!(definition.kpi, kpi);
            assert_eq!(definition.numerator.is_some(), definition.unit == Unit::Ratio, "{kpi}");
            assert_eq!(!definition.measured_in.is_empty(), definition.unit == Unit::Duration, "{kpi}");
        }
    }
}
