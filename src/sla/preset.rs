//! Policies that pause and reopen in the manner of other help desks, as data.
//!
//! A [`Preset`] gives the shape of a [`Policy`] and no amounts: which clocks the product has, which reasons of waiting pause
//! them, and what a reopening does to them. The host puts in its own targets. What begins the first response is left at
//! [`StartOption::FirstContact`](super::StartOption::FirstContact).
//!
//! ```
//! use helpdesk::{Rulebook, name, sla::{Metric, preset::Preset}};
//!
//! let policy = Preset::Zendesk.policy(name!("standard"))
//!     .target(Metric::FirstResponse, "4h".parse()?)
//!     .target(Metric::RequesterWait, "24h".parse()?);
//! let rulebook = Rulebook::draft().policy(policy).build()?;
//! assert!(rulebook.lint().iter().all(|finding| finding.severity() == helpdesk::rulebook::Severity::Hint));
//! for difference in Preset::Zendesk.differences() {
//!     println!("- {difference}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a preset does not do
//! It is no emulation. The words of a product are mapped to ours, and [`Preset::differences`] says where that falls short; the
//! clocks keep the meaning that [`METRICS`](super::METRICS) gives them. Products change, and most of this can be configured
//! there too: a preset follows what the vendors' public documentation ([`Preset::sources`]) describes as usual.

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::ticket::{Channel, Metric, PendingReasons};
use crate::time::Span;

use super::condition::Condition;
use super::policy::{Policy, ReopenOption};
use super::target::{Measure, Target};

/// A product whose manner a policy can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preset {
    /// Zendesk Support.
    Zendesk,
    /// Jira Service Management.
    JiraServiceManagement,
    /// Zammad.
    Zammad,
    /// Frappe Helpdesk.
    Frappe,
}

/// How soon a first answer is usual, by channel: a call within 20 seconds, a chat within a minute, a mail within 24 hours, at all hours.
/// Ordinary policies, to be put before the others, with whatever other targets and calendar the host adds.
///
/// ```
/// use helpdesk::{Rulebook, sla::preset::first_answers};
/// let draft = first_answers().into_iter().fold(Rulebook::draft(), |draft, policy| draft.policy(policy));
/// assert_eq!(draft.build()?.policies().iter().count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// 80 % of calls within 20 seconds is the service level that call centres quote most; it is a habit and no standard.
pub fn first_answers() -> Vec<Policy> {
    let rows = [
        ("first answer: phone", Channel::Phone, Span::seconds(20)),
        ("first answer: chat", Channel::Chat, Span::minutes(1)),
        ("first answer: mail", Channel::Email, Span::hours(24)),
    ];
    let policy = |(name, channel, within): (&str, Channel, Span)| {
        let target = Target::new(within, Measure::Calendar).ok()?;
        let policy = Policy::new(Name::new(name).ok()?).when(Condition::Channel(vec![channel]));
        Some(policy.target(Metric::FirstResponse, target))
    };
    rows.into_iter().filter_map(policy).collect()
}

/// One clock of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresetClock {
    /// Our metric.
    pub metric: Metric,
    /// The product's own name for it.
    pub called: &'static str,
    /// The reasons of `Pending` that pause it.
    pub pauses: PendingReasons,
    /// What a reopening does to it; none where that is no choice of a policy.
    pub reopening: Option<ReopenOption>,
}

struct Shape {
    product: &'static str,
    clocks: &'static [PresetClock],
    differences: &'static [&'static str],
    sources: &'static [&'static str],
}

const fn clock(
    metric: Metric,
    called: &'static str,
    pauses: PendingReasons,
    reopening: Option<ReopenOption>,
) -> PresetClock {
    PresetClock {
        metric,
        called,
        pauses,
        reopening,
    }
}

const NONE: PendingReasons = PendingReasons::NONE;
const CUSTOMER: PendingReasons = PendingReasons::CUSTOMER;
const ALL: PendingReasons = PendingReasons::ALL;
const RESUME: Option<ReopenOption> = Some(ReopenOption::Resume);
const NEW_CYCLE: Option<ReopenOption> = Some(ReopenOption::NewCycle);
const ONCE: Option<ReopenOption> = Some(ReopenOption::FirstOnly);

const ZENDESK: Shape = Shape {
    product: "Zendesk Support",
    #[rustfmt::skip]
    clocks: &[
        clock(Metric::FirstResponse,   "First reply time",      NONE,     None  ),
        clock(Metric::NextResponse,    "Next reply time",       NONE,     None  ),
        clock(Metric::PeriodicUpdate,  "Periodic update",       NONE,     None  ),
        clock(Metric::RequesterWait,   "Requester wait time",   CUSTOMER, RESUME),
        clock(Metric::AgentWork,       "Agent work time",       ALL,      RESUME),
        clock(Metric::TotalResolution, "Total resolution time", NONE,     RESUME),
    ],
    differences: &[
        "`Pending` there is waiting for the customer; `On-hold` there is one status, here it is waiting for a third party, internal or scheduled",
        "`Pausable update` there is the periodic update that also pauses while waiting for the customer",
        "one policy there has a target for each priority; here it is one policy for each priority",
        "a ticket resolved without a reply ends its first response as `unanswered` here, outside attainment",
        "group ownership time runs there until the ticket leaves the group or is solved, and begins anew on a reopening; there is none here: `ownership` is the time until an agent of the team takes the ticket",
    ],
    sources: &[
        "Zendesk help: Defining SLA policies, https://support.zendesk.com/hc/en-us/articles/4408829459866",
        "Zendesk help: Defining group SLA policies for internal teams, https://support.zendesk.com/hc/en-us/articles/5322445643802",
    ],
};

const JIRA: Shape = Shape {
    product: "Jira Service Management",
    #[rustfmt::skip]
    clocks: &[
        clock(Metric::FirstResponse,   "Time to first response", NONE,     None     ),
        clock(Metric::TotalResolution, "Time to resolution",     CUSTOMER, NEW_CYCLE),
    ],
    differences: &[
        "start, pause and stop are lists of conditions there, and projects change them; this is the usual shape: pause while waiting for the customer",
        "a new cycle begins there only where the start conditions include one that a reopening meets, such as `Resolution: Cleared`",
        "goals there are chosen by queries (JQL), in order; here by the conditions of policies, in order",
        "a comment for customers stops the first response there whoever wrote it, as configured; here a human agent must have written it",
    ],
    sources: &[
        "Atlassian support: Understand SLA condition options in Jira Service Management Cloud, https://support.atlassian.com/jira/kb/understand-sla-condition-options-in-jira-service-management-cloud/",
        "Atlassian support: Understanding why an SLA is paused, https://confluence.atlassian.com/jirakb/understanding-why-an-sla-is-paused-in-a-jira-service-management-ticket-1271267987.html",
    ],
};

const ZAMMAD: Shape = Shape {
    product: "Zammad",
    #[rustfmt::skip]
    clocks: &[
        clock(Metric::FirstResponse,   "First response time",                   ALL, None),
        clock(Metric::NextResponse,    "Update time (for an agent to respond)", ALL, None),
        clock(Metric::TotalResolution, "Solution time",                         ALL, ONCE), // by the first close
    ],
    differences: &[
        "`pending reminder` and `pending close` there are any waiting here; a `pending close` closes by itself, here a rule does (`escalation::ready`)",
        "the update time between agent updates is `periodic_update` here",
        "without a first response time, the update time counts from creation there; here a next response is counted once the first answer was given",
        "no due is shown there while a ticket waits or after a target was met; here the reading keeps it",
        "seconds are dropped there; here every microsecond counts",
    ],
    sources: &[
        "Zammad admin documentation: How do SLAs work, https://admin-docs.zammad.org/en/latest/manage/slas/how-do-they-work.html",
        "Zammad: the solution time ends with the first close for good, https://github.com/zammad/zammad/blob/develop/lib/escalation.rb",
    ],
};

const FRAPPE: Shape = Shape {
    product: "Frappe Helpdesk",
    #[rustfmt::skip]
    clocks: &[
        clock(Metric::FirstResponse,   "First response time", NONE, None  ),
        clock(Metric::TotalResolution, "Resolution time",     ALL,  RESUME),
    ],
    differences: &[
        "the statuses that pause are chosen there (`Replied` unless more are added); here every reason of waiting stands for them",
        "the status `Replied` there is an answer and a pause at once; here it is a reply and then waiting for the customer, in one command",
        "resolving counts as a first response there; here the clock ends as `unanswered`, outside attainment",
        "one policy there has a target for each priority; here it is one policy for each priority",
    ],
    sources: &[
        "Frappe documentation: Service Level Agreement, https://docs.frappe.io/helpdesk/service-level-agreement",
    ],
};

impl Preset {
    /// Every preset.
    pub const ALL: [Preset; 4] = [
        Preset::Zendesk,
        Preset::JiraServiceManagement,
        Preset::Zammad,
        Preset::Frappe,
    ];

    const fn shape(self) -> &'static Shape {
        match self {
            Preset::Zendesk => &ZENDESK,
            Preset::JiraServiceManagement => &JIRA,
            Preset::Zammad => &ZAMMAD,
            Preset::Frappe => &FRAPPE,
        }
    }

    /// The product's name.
    pub const fn product(self) -> &'static str {
        self.shape().product
    }

    /// The clocks that the product has, with its names for them.
    pub const fn clocks(self) -> &'static [PresetClock] {
        self.shape().clocks
    }

    /// What differs from the product, a sentence each.
    pub const fn differences(self) -> &'static [&'static str] {
        self.shape().differences
    }

    /// The public documentation that the preset follows: title and address.
    pub const fn sources(self) -> &'static [&'static str] {
        self.shape().sources
    }

    /// A service level agreement for every ticket that pauses and reopens in the product's manner, without a target yet.
    pub fn policy(self, name: Name) -> Policy {
        let mut policy = Policy::new(name);
        for clock in self.clocks() {
            if clock.pauses != clock.metric.definition().pauses {
                policy = policy.pauses(clock.metric, clock.pauses);
            }
            if let Some(option) = clock
                .reopening
                .filter(|option| *option != ReopenOption::Resume)
            {
                policy = policy.reopening(clock.metric, option);
            }
        }
        policy
    }
}
