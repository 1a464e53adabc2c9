//! The table of metrics: what starts, stops, cancels and pauses each clock.

use crate::ticket::{Metric, PendingReasons};

/// What begins a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The ticket's creation.
    Creation,
    /// The customer's first contact: creation by the customer, or the first customer message of a ticket that the desk began.
    /// A policy may choose otherwise ([`StartOption`](super::StartOption)).
    FirstContact,
    /// The oldest customer message that nobody answered, once the first response was given.
    UnansweredMessage,
    /// A public message of a human agent, while the ticket is unresolved.
    Answer,
    /// A promise with an instant.
    Promise,
    /// Creation, or entering a team.
    Team,
    /// The resolution.
    Resolution,
}

/// What fulfils a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// A public, ordinary message of a human agent.
    Answer,
    /// The resolution.
    Resolution,
    /// An agent is put in charge.
    Assignment,
}

/// What resolving does to a clock that it does not fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtResolution {
    /// It fulfils the clock.
    Fulfils,
    /// The clock ends *unanswered*: outside attainment, counted by name.
    Unanswered,
    /// The clock is cancelled.
    Cancels,
    /// It begins the clock.
    Begins,
    /// Nothing: a promise holds.
    Nothing,
}

/// What a reopening does to a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReopen {
    /// It runs on, with what it had; the time in between is not counted. A policy may choose otherwise
    /// ([`ReopenOption`](super::ReopenOption)).
    Resume,
    /// It stays as it ended, unless it ended unfulfilled (unanswered, or by a close): then it runs on.
    Keep,
    /// What ended stays so; the next cause begins it anew.
    BeginAnew,
    /// What runs is cancelled.
    Cancel,
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
    /// What resolving does.
    pub at_resolution: AtResolution,
    /// What a reopening does.
    pub on_reopen: OnReopen,
    /// The reasons of `Pending` that pause it, where a policy says nothing else.
    pub pauses: PendingReasons,
}

/// Every metric's behaviour; the clocks read nothing else.
///
/// Closing a ticket stops every clock: what it ends unfulfilled is cancelled, but for a first response, which is unanswered.
/// Automatic messages, bots and internal notes fulfil nothing.
#[rustfmt::skip]
pub const METRICS: [Definition; Metric::ALL.len()] = {
    use {AtResolution as At, Fulfilment as By, Metric as M, OnReopen as On, PendingReasons as P, Start as S};
    const fn row(
        metric: Metric, start: Start, fulfilled_by: Fulfilment, at_resolution: AtResolution, on_reopen: OnReopen, pauses: P,
    ) -> Definition {
        Definition { metric, start, fulfilled_by, at_resolution, on_reopen, pauses }
    }
    [
        //  metric              starts                fulfilled by    at resolution   on reopening   pauses
        row(M::FirstResponse,   S::FirstContact,      By::Answer,     At::Unanswered, On::Keep,      P::NONE    ),
        row(M::NextResponse,    S::UnansweredMessage, By::Answer,     At::Cancels,    On::BeginAnew, P::NONE    ),
        row(M::PeriodicUpdate,  S::Answer,            By::Answer,     At::Cancels,    On::BeginAnew, P::NONE    ),
        row(M::PromisedUpdate,  S::Promise,           By::Answer,     At::Nothing,    On::BeginAnew, P::NONE    ),
        row(M::RequesterWait,   S::Creation,          By::Resolution, At::Fulfils,    On::Resume,    P::CUSTOMER),
        row(M::AgentWork,       S::Creation,          By::Resolution, At::Fulfils,    On::Resume,    P::ALL     ),
        row(M::FirstResolution, S::Creation,          By::Resolution, At::Fulfils,    On::Keep,      P::CUSTOMER),
        row(M::TotalResolution, S::Creation,          By::Resolution, At::Fulfils,    On::Resume,    P::CUSTOMER),
        row(M::Ownership,       S::Team,              By::Assignment, At::Cancels,    On::BeginAnew, P::NONE    ),
        row(M::FollowUp,        S::Resolution,        By::Answer,     At::Begins,     On::Cancel,    P::NONE    ),
    ]
};

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
