//! What suffers when one figure alone is pushed.

use serde::Serialize;

use crate::kpi::measure::{Direction, Kpi};

/// A figure that is easily pushed, and those that pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counterweight {
    /// The figure.
    pub pushed: Kpi,
    /// Which way it is pushed.
    pub towards: Direction,
    /// What to show beside it.
    pub watched: &'static [Kpi],
}

/// One figure moved as it is pushed, and another clearly got worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Flag {
    /// The figure that moved as it is pushed.
    pub pushed: Kpi,
    /// The one that got worse.
    pub watched: Kpi,
}

/// Every indicator needs one that watches its side effects: A. S. Grove, *High Output Management*, 1983, on paired indicators.
/// Which ones are paired is this crate's choice.
pub const COUNTERWEIGHTS: &[Counterweight] = &[
    Counterweight {
        pushed: Kpi::HandleTime,
        towards: Direction::LowerIsBetter,
        watched: &[Kpi::Csat, Kpi::ReopenRate, Kpi::FirstContactResolution],
    },
    Counterweight {
        pushed: Kpi::FirstResponseTime,
        towards: Direction::LowerIsBetter,
        watched: &[
            Kpi::TotalResolutionTime,
            Kpi::NextResponseTime,
            Kpi::OneTouch,
        ],
    },
    Counterweight {
        pushed: Kpi::TotalResolutionTime,
        towards: Direction::LowerIsBetter,
        watched: &[Kpi::ReopenRate, Kpi::Csat],
    },
    Counterweight {
        pushed: Kpi::ResolutionRate,
        towards: Direction::HigherIsBetter,
        watched: &[Kpi::ReopenRate, Kpi::Csat],
    },
    Counterweight {
        pushed: Kpi::FirstContactResolution,
        towards: Direction::HigherIsBetter,
        watched: &[Kpi::FirstResponseTime, Kpi::Csat],
    },
    Counterweight {
        pushed: Kpi::Backlog,
        towards: Direction::LowerIsBetter,
        watched: &[Kpi::ReopenRate, Kpi::Csat],
    },
    Counterweight {
        pushed: Kpi::SlaAttainment,
        towards: Direction::HigherIsBetter,
        watched: &[Kpi::RequesterWait, Kpi::Csat],
    },
];
