//! The moments of a ticket that clocks care about, in a compact form: a reading walks these and not the events.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Name, RulebookId};
use crate::time::Micros;

use super::clock::Agreement;
use super::lifecycle::{Pending, Stage, Status};

/// What happened at one moment, as far as a clock can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) at: Micros,
    /// The place of the event, which anchors what counts from here.
    pub(crate) version: u64,
    pub(crate) kind: MarkKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MarkKind {
    Opened {
        inbound: bool,
    },
    /// An ordinary message of a customer.
    Asked,
    /// A human agent wrote a public, ordinary message, or took a call or chat.
    Answered {
        by: AgentId,
    },
    /// A bot talks to the customer.
    BotBegan,
    /// The bot handed over; the customer waits for an agent.
    HandedOver,
    /// The customer and the bot came to an end without an agent.
    BotEnded,
    Moved(Phase),
    /// Whether an agent is in charge now, and whether the ticket came to another team.
    Assigned {
        agent: bool,
        entered: bool,
    },
    /// An update is promised by this instant.
    Promised {
        due: Micros,
    },
    /// An unanswered message came over from a ticket that was merged into this one; its customer waits since then.
    AskedBefore {
        since: Micros,
    },
    /// So did an open promise, made then.
    PromisedBefore {
        since: Micros,
        due: Micros,
    },
    /// The ticket goes on in another one.
    MergedAway,
    Policy(Agreement, Option<Name>),
    /// The names of policies from here on are those of this version.
    Rulebook(RulebookId),
}

/// The status, as a clock sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Work,
    Pending(PendingReason),
    Resolved,
    Closed,
}

impl Phase {
    /// Whether the ticket is resolved or closed.
    pub(crate) const fn is_done(self) -> bool {
        matches!(self, Phase::Resolved | Phase::Closed)
    }
}

impl From<Status> for Phase {
    fn from(status: Status) -> Phase {
        match status {
            Status::Open | Status::Reopened => Phase::Work,
            Status::Pending(pending) => Phase::Pending(pending.reason()),
            Status::Resolved => Phase::Resolved,
            Status::Closed(_) => Phase::Closed,
        }
    }
}

/// The reasons of [`Pending`] without their particulars: what pause tables list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingReason {
    /// See [`Pending::Customer`].
    Customer,
    /// See [`Pending::ThirdParty`].
    ThirdParty,
    /// See [`Pending::Internal`].
    Internal,
    /// See [`Pending::Scheduled`].
    Scheduled,
}

impl PendingReason {
    /// Every reason.
    pub const ALL: [PendingReason; 4] = [
        PendingReason::Customer,
        PendingReason::ThirdParty,
        PendingReason::Internal,
        PendingReason::Scheduled,
    ];
}

impl Pending {
    /// The reason without its particulars.
    pub const fn reason(self) -> PendingReason {
        match self {
            Pending::Customer => PendingReason::Customer,
            Pending::ThirdParty => PendingReason::ThirdParty,
            Pending::Internal => PendingReason::Internal,
            Pending::Scheduled { .. } => PendingReason::Scheduled,
        }
    }
}

/// A set of pending reasons; written as a list.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<PendingReason>", into = "Vec<PendingReason>")]
pub struct PendingReasons(u8);

impl PendingReasons {
    /// No reason.
    pub const NONE: PendingReasons = PendingReasons(0);
    /// Every reason.
    pub const ALL: PendingReasons = PendingReasons(0b1111);
    /// Waiting for the customer.
    pub const CUSTOMER: PendingReasons = PendingReasons::of(&[PendingReason::Customer]);

    /// The set of these reasons.
    pub const fn of(reasons: &[PendingReason]) -> PendingReasons {
        let mut bits = 0;
        let mut i = 0;
        while i < reasons.len() {
            bits |= 1 << reasons[i] as u8;
            i += 1;
        }
        PendingReasons(bits)
    }

    /// Whether the reason is in the set.
    pub const fn contains(self, reason: PendingReason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    /// The reasons in the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = PendingReason> {
        PendingReason::ALL
            .into_iter()
            .filter(move |reason| self.contains(*reason))
    }
}

impl From<Vec<PendingReason>> for PendingReasons {
    fn from(reasons: Vec<PendingReason>) -> PendingReasons {
        PendingReasons::of(&reasons)
    }
}

impl From<PendingReasons> for Vec<PendingReason> {
    fn from(reasons: PendingReasons) -> Vec<PendingReason> {
        reasons.iter().collect()
    }
}

impl std::fmt::Debug for PendingReasons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Stage {
    /// Whether this is work: `Open` or `Reopened`.
    pub const fn is_work(self) -> bool {
        matches!(self, Stage::Open | Stage::Reopened)
    }
}
