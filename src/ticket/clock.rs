//! The names of clocks, as the events of a ticket mention them. What each clock means is in [`crate::sla`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a clock measures. What begins, fulfils and pauses each, [`crate::sla::METRICS`] tells as a table; a policy may choose other pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// From the customer's first contact to the first public message of a human agent. Nothing pauses it.
    FirstResponse,
    /// From the oldest unanswered customer message to the answer, once the first response was given; each time. Nothing pauses it.
    NextResponse,
    /// From one public message of a human agent to the next, while the ticket is unresolved; each time. Nothing pauses it.
    PeriodicUpdate,
    /// From a promise to the public message that keeps it; each promise has its own due. Nothing pauses it.
    PromisedUpdate,
    /// How long the requester waited for the desk: until the resolution, without what waits for the customer.
    RequesterWait,
    /// How long the desk had work to do: until the resolution, without any pending.
    AgentWork,
    /// From creation to the first resolution; frozen then. Pending for the customer pauses it.
    FirstResolution,
    /// From creation to the resolution, over all cycles; the time spent resolved is not counted. Pending for the customer pauses it: the figure
    /// [`TotalResolutionTime`](crate::kpi::Kpi::TotalResolutionTime) counts that time too.
    TotalResolution,
    /// From creation, or from entering a team, until an agent is in charge; each team. Nothing pauses it.
    Ownership,
    /// From the resolution to the next public message of a human agent; each cycle. Nothing pauses it.
    FollowUp,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Metric; 10] = [
        Metric::FirstResponse,
        Metric::NextResponse,
        Metric::PeriodicUpdate,
        Metric::PromisedUpdate,
        Metric::RequesterWait,
        Metric::AgentWork,
        Metric::FirstResolution,
        Metric::TotalResolution,
        Metric::Ownership,
        Metric::FollowUp,
    ];

    /// The name in texts and files, such as `first_response`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Metric::FirstResponse => "first_response",
            Metric::NextResponse => "next_response",
            Metric::PeriodicUpdate => "periodic_update",
            Metric::PromisedUpdate => "promised_update",
            Metric::RequesterWait => "requester_wait",
            Metric::AgentWork => "agent_work",
            Metric::FirstResolution => "first_resolution",
            Metric::TotalResolution => "total_resolution",
            Metric::Ownership => "ownership",
            Metric::FollowUp => "follow_up",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// With whom a target was agreed. One policy of each kind can apply to a ticket at a time, side by side.
///
/// Exhaustive: the three kinds of ITIL.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Service level agreement: with the customer.
    #[default]
    Sla,
    /// Operational level agreement: between teams of the host.
    Ola,
    /// Underpinning contract: with a supplier.
    Contract,
}

impl Agreement {
    /// Every kind.
    pub const ALL: [Agreement; 3] = [Agreement::Sla, Agreement::Ola, Agreement::Contract];

    /// The name in texts and files, such as `sla`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Agreement::Sla => "sla",
            Agreement::Ola => "ola",
            Agreement::Contract => "contract",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One clock of a ticket: a metric under an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object such as `{\"agreement\": \"sla\", \"metric\": \"first_response\"}`"
)]
pub struct ClockId {
    /// With whom the target was agreed.
    pub agreement: Agreement,
    /// What is measured.
    pub metric: Metric,
}

impl From<Metric> for ClockId {
    /// The metric under the service level agreement.
    fn from(metric: Metric) -> ClockId {
        ClockId {
            agreement: Agreement::Sla,
            metric,
        }
    }
}

impl From<(Agreement, Metric)> for ClockId {
    /// ```
    /// use helpdesk::sla::{Agreement, ClockId, Metric};
    /// assert_eq!(ClockId::from((Agreement::Ola, Metric::Ownership)).to_string(), "ola ownership");
    /// ```
    fn from((agreement, metric): (Agreement, Metric)) -> ClockId {
        ClockId { agreement, metric }
    }
}

impl ClockId {
    /// Both names, as they stand in keys.
    pub(crate) fn text(self) -> String {
        [self.agreement.as_str(), self.metric.as_str()].join(" ")
    }
}

impl fmt::Display for ClockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.agreement, self.metric)
    }
}
