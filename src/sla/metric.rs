//! The table of metrics: what starts, stops, cancels and pauses each clock.

use crate::ticket::{Metric, PendingReasons};

/// What begins a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The ticket's creation.
    Creation,
    /// The customer's first contact: creation by the customer, or the first customer message of a ticket that the desk began.
    /// A policy may choose otherwise ([`StartOption`](super::StartOption)). A message on a resolved or closed ticket that does not reopen
    /// it (a log tells it) runs on no clock and makes nobody late; once the ticket is reopened, it has waited since it came, by the
    /// policy of the reopening. Answered before, or the ticket closed, it never ran.
    FirstContact,
    /// The oldest customer message that nobody answered, once the first response was given. On a resolved or closed ticket as
    /// [`FirstContact`](Start::FirstContact) says.
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
    /// What ended stays so, but for a message that waited for the reopening; the next cause begins it anew.
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
#[doc = include_str!("metrics.md")]
///
/// A policy may choose other pauses ([`Policy::pauses`](super::Policy::pauses)), another begin of the first response
/// ([`StartOption`](super::StartOption)) and, for the clocks that run on after a reopening, something else
/// ([`ReopenOption`](super::ReopenOption)).
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
    use crate::ticket::PendingReason;

    fn table() -> String {
        let mut table = String::from(
            "| clock | begins with | is fulfilled by | when resolved | when reopened | pauses while pending for |\n|---|---|---|---|---|---|\n",
        );
        for row in METRICS {
            let begins = match row.start {
                Start::Creation => "creation",
                Start::FirstContact => "the customer's first contact",
                Start::UnansweredMessage => {
                    "a customer's message that nobody answered, after the first response"
                }
                Start::Answer => "an answer, while unresolved",
                Start::Promise => "a promise",
                Start::Team => "creation, or entering a team",
                Start::Resolution => "the resolution",
            };
            let fulfilled = match row.fulfilled_by {
                Fulfilment::Answer => "an answer: a public message of a human agent",
                Fulfilment::Resolution => "the resolution",
                Fulfilment::Assignment => "an agent in charge",
            };
            let resolved = match row.at_resolution {
                AtResolution::Fulfils => "fulfilled",
                AtResolution::Unanswered => "ends unanswered",
                AtResolution::Cancels => "cancelled",
                AtResolution::Begins => "begins",
                AtResolution::Nothing => "goes on",
            };
            let reopened = match row.on_reopen {
                OnReopen::Resume => "runs on with what it had",
                OnReopen::Keep => "stays, where it was fulfilled",
                OnReopen::BeginAnew => "its next cause begins it anew",
                OnReopen::Cancel => "cancelled",
            };
            let reasons = PendingReason::ALL
                .into_iter()
                .filter(|reason| row.pauses.contains(*reason));
            let reasons = reasons.map(|reason| serde_json::to_string(&reason).unwrap());
            let reasons: Vec<_> = reasons.map(|reason| reason.replace('"', "`")).collect();
            let pauses = match row.pauses {
                PendingReasons::NONE => "nothing".to_owned(),
                PendingReasons::ALL => "every reason".to_owned(),
                _ => reasons.join(", "),
            };
            table.push_str(&format!(
                "| `{}` | {begins} | {fulfilled} | {resolved} | {reopened} | {pauses} |\n",
                row.metric
            ));
        }
        table
    }

    /// After a change of the table: `BLESS=1 cargo test --lib the_documentation_of_clocks_is_the_table`.
    #[test]
    fn the_documentation_of_clocks_is_the_table() {
        if std::env::var_os("BLESS").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sla/metrics.md");
            std::fs::write(file, table()).unwrap();
            return;
        }
        assert_eq!(include_str!("metrics.md"), table());
    }

    #[test]
    fn every_metric_finds_its_own_row() {
        for metric in Metric::ALL {
            assert_eq!(metric.definition().metric, metric);
        }
    }
}
