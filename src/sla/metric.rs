//! The table of metrics: what starts, stops, cancels and pauses each clock.

use crate::ticket::{Metric, PendingReasons};

/// What begins a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The ticket's creation.
    Creation,
    /// The customer's first contact: creation by the customer, or the first customer message of a ticket that the desk began.
    FirstContact,
}

/// What fulfils a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// A public, ordinary message of a human agent.
    Answer,
    /// The resolution.
    Resolution,
}

/// What a reopening does to a clock that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReopen {
    /// It runs on, with what it had; the time in between is not counted.
    Resume,
    /// It stays as it ended, unless it ended unfulfilled (unanswered, or by a close): then it runs on.
    Keep,
}

/// The behaviour of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Which metric.
    pub metric: Metric,
    /// What begins it.
    pub start: Start,
    /// What fulfils it.
    pub fulfilled_by: Fulfilment,
    /// What a reopening does.
    pub on_reopen: OnReopen,
    /// The reasons of `Pending` that pause it, where a policy says nothing else.
    pub pauses: PendingReasons,
}

/// Every metric's behaviour; the clocks read nothing else.
///
/// A first response that is resolved or closed away without an answer is *unanswered*: outside attainment, counted by name. The
/// others are cancelled by closing a ticket that is not resolved. Resolving or closing stops every clock.
#[rustfmt::skip]
pub const METRICS: [Definition; Metric::ALL.len()] = [
    Definition { metric: Metric::FirstResponse,   start: Start::FirstContact, fulfilled_by: Fulfilment::Answer,     on_reopen: OnReopen::Keep,   pauses: PendingReasons::NONE },
    Definition { metric: Metric::FirstResolution, start: Start::Creation,     fulfilled_by: Fulfilment::Resolution, on_reopen: OnReopen::Keep,   pauses: PendingReasons::CUSTOMER },
    Definition { metric: Metric::TotalResolution, start: Start::Creation,     fulfilled_by: Fulfilment::Resolution, on_reopen: OnReopen::Resume, pauses: PendingReasons::CUSTOMER },
    Definition { metric: Metric::RequesterWait,   start: Start::Creation,     fulfilled_by: Fulfilment::Resolution, on_reopen: OnReopen::Resume, pauses: PendingReasons::CUSTOMER },
];

impl Metric {
    /// The metric's row in [`METRICS`].
    pub const fn definition(self) -> &'static Definition {
        &METRICS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_finds_its_own_row() {
        for metric in Metric::ALL {
            assert_eq!(metric.definition().metric, metric);
        }
    }
}
