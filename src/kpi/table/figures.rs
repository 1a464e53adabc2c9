//! The figures of a report over a table.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::id::{AgentId, Name, TeamId};
use crate::sla::Measure;
use crate::ticket::{Channel, CloseReason, Priority, RatingKind};

use super::super::figures::Marks;
use super::super::quantile::Summary;
use super::super::ratio::{Excluded, Exclusion, Ratio};
use super::super::window::Scope;
use super::class::{Contact, Outcome, Parts, Response, Standing, parts};
use super::count::Counts;
use super::report::{Key, Length};
use super::tickets::{RATED, Tickets};

/// The figures over a table: of all tickets, and of each group of each key that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableReport {
    pub(super) scope: Scope,
    pub(super) all: Figures,
    pub(super) groups: Vec<Groups>,
}

impl TableReport {
    /// What the figures are about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The instant that they are of.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.scope.as_of
    }

    /// The figures of all tickets.
    pub fn all(&self) -> &Figures {
        &self.all
    }

    /// The groups of a key with at least one ticket, in the order of their values; empty for a key that was not asked for.
    pub fn by(&self, key: Key) -> &[Group] {
        let found = self.groups.iter().find(|groups| groups.key == key);
        found.map_or(&[], |groups| &groups.groups)
    }

    /// The group of a key with this value, where it has a ticket.
    pub fn group(&self, key: Key, value: &Value) -> Option<&Figures> {
        let groups = self.by(key);
        let found = groups
            .binary_search_by(|group| group.value.cmp(value))
            .ok()?;
        groups.get(found).map(|group| &group.figures)
    }
}

/// The groups of one key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Groups {
    key: Key,
    groups: Vec<Group>, // INVARIANT: in the order of their values
}

impl Groups {
    pub(super) fn of(key: Key, mut groups: Vec<Group>) -> Groups {
        groups.sort_by(|a, b| a.value.cmp(&b.value));
        Groups { key, groups }
    }
}

/// The figures of the tickets that share a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// The value.
    pub value: Value,
    /// Their figures.
    pub figures: Figures,
}

/// A value of a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Value {
    /// Of [`Key::Agent`].
    Agent(AgentId),
    /// Of [`Key::Team`].
    Team(TeamId),
    /// Of [`Key::Channel`].
    Channel(Channel),
    /// Of [`Key::Priority`].
    Priority(Priority),
    /// Of [`Key::Type`].
    Type(Name),
    /// Nobody in charge, or no type.
    None,
}

/// The figures of a set of tickets. What each means stands in [`MEASURES`](super::super::MEASURES).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    tickets: u64,
    volume: u64,
    resolved: u64,
    resolutions: u64,
    resolution_rate: Ratio,
    closed_unresolved: BTreeMap<CloseReason, u64>,
    reopen_rate: Ratio,
    resolutions_reopened: Ratio,
    immature_reopened: u64,
    first_contact_resolution: Ratio,
    without_first_response: Excluded,
    lengths: Vec<(Length, Measure, Option<Summary>)>,
    csat: Marks,
    nps: Marks,
}

impl Figures {
    /// The figures of a group, still without lengths.
    pub(super) fn of(counts: &Counts, group: usize, tickets: &Tickets) -> Figures {
        let mut sum = Sum::default();
        for (class, n) in counts.classes(group) {
            if let Some(parts) = parts(class) {
                sum.add(parts, n);
            }
        }
        let [resolutions, mature, failed] = counts.more(group);
        let marks = |kind: RatingKind| {
            let kind = RATED.iter().position(|rated| *rated == kind).unwrap_or(0);
            let known = tickets.settled.known(kind);
            let mut marks = Marks::default();
            for (code, n) in counts.marks(group, kind) {
                let mark = code
                    .checked_sub(1)
                    .and_then(|code| known.get(code as usize));
                if let Some((scale, mark)) = mark {
                    marks.add(*scale, *mark, n);
                }
            }
            marks
        };
        let immature = |n| Excluded::from_iter([(Exclusion::Immature, n)]);
        let ratio = |part, whole, excluded| Ratio::new(part, whole, excluded).unwrap_or_default();
        let young = sum.resolved - sum.mature;
        let all_mature = sum.mature + mature;
        let all_resolutions = sum.resolved + resolutions;
        Figures {
            tickets: sum.tickets,
            volume: sum.volume,
            resolved: sum.resolved,
            resolutions: all_resolutions,
            resolution_rate: ratio(sum.stands_resolved, sum.volume, Excluded::default()),
            closed_unresolved: sum.closed,
            reopen_rate: ratio(sum.failed, sum.mature, immature(young)),
            resolutions_reopened: ratio(
                sum.failed + failed,
                all_mature,
                immature(all_resolutions.saturating_sub(all_mature)),
            ),
            immature_reopened: sum.young_failed,
            first_contact_resolution: ratio(sum.at_first, sum.told, immature(sum.untold)),
            without_first_response: sum.without.into_iter().collect(),
            lengths: Vec::new(),
            csat: marks(RatingKind::Csat),
            nps: marks(RatingKind::Nps),
        }
    }

    pub(super) fn set_length(&mut self, length: Length, measure: Measure, of: Option<Summary>) {
        self.lengths.push((length, measure, of));
    }

    /// How many tickets existed, in the window or not.
    pub fn tickets(&self) -> u64 {
        self.tickets
    }

    /// Tickets created in the window.
    pub fn volume(&self) -> u64 {
        self.volume
    }

    /// Tickets resolved in the window, however often.
    pub fn resolved(&self) -> u64 {
        self.resolved
    }

    /// Resolutions in the window: one for each cycle that was resolved.
    pub fn resolutions(&self) -> u64 {
        self.resolutions
    }

    /// Of the tickets created in the window: those resolved and not reopened since.
    pub fn resolution_rate(&self) -> &Ratio {
        &self.resolution_rate
    }

    /// Of the tickets created in the window: those closed without a resolution in their last cycle, by reason.
    pub fn closed_unresolved(&self) -> &BTreeMap<CloseReason, u64> {
        &self.closed_unresolved
    }

    /// Of the tickets resolved in the window, long enough ago: those reopened soon.
    pub fn reopen_rate(&self) -> &Ratio {
        &self.reopen_rate
    }

    /// Of the resolutions in the window, long enough ago: those that were undone soon.
    pub fn resolutions_reopened(&self) -> &Ratio {
        &self.resolutions_reopened
    }

    /// Of the tickets that the reopen rate leaves out as immature: those reopened already.
    pub fn immature_reopened(&self) -> u64 {
        self.immature_reopened
    }

    /// Of the tickets whose first resolution lies in the window, long enough ago: those that the first contact resolved
    /// ([`Dialect::Standard`](super::super::Dialect::Standard)).
    pub fn first_contact_resolution(&self) -> &Ratio {
        &self.first_contact_resolution
    }

    /// A length; `None` where it was not asked for, or nothing was measured.
    pub fn length(&self, length: Length, measure: Measure) -> Option<&Summary> {
        let found = self
            .lengths
            .iter()
            .find(|entry| (entry.0, entry.1) == (length, measure));
        found.and_then(|entry| entry.2.as_ref())
    }

    /// Tickets created in the window without a first response, by reason.
    pub fn without_first_response(&self) -> &Excluded {
        &self.without_first_response
    }

    /// The marks of satisfaction that were given in the window and stand.
    pub fn csat(&self) -> &Marks {
        &self.csat
    }

    /// The marks of recommendation that were given in the window and stand.
    pub fn nps(&self) -> &Marks {
        &self.nps
    }
}

/// The figures as the classes add up to them. Every sum is at most the number of tickets.
#[derive(Default)]
struct Sum {
    tickets: u64,
    volume: u64,
    stands_resolved: u64,
    closed: BTreeMap<CloseReason, u64>,
    without: BTreeMap<Exclusion, u64>,
    resolved: u64,
    mature: u64,
    failed: u64,
    young_failed: u64,
    told: u64,
    at_first: u64,
    untold: u64,
}

impl Sum {
    fn add(
        &mut self,
        Parts {
            member,
            outcome,
            contact,
        }: Parts,
        n: u64,
    ) {
        self.tickets += n;
        if let Some((standing, response)) = member {
            self.volume += n;
            match standing {
                Standing::Backlog => {}
                Standing::Resolved => self.stands_resolved += n,
                Standing::Closed(reason) => *self.closed.entry(reason).or_default() += n,
            }
            let without = match response {
                Response::Answered => None,
                Response::NotStarted => Some(Exclusion::NotStarted),
                Response::Waiting => Some(Exclusion::Waiting),
                Response::Unanswered => Some(Exclusion::Unanswered),
            };
            if let Some(reason) = without {
                *self.without.entry(reason).or_default() += n;
            }
        }
        match outcome {
            Outcome::None => {}
            Outcome::Immature { is_reopened } => {
                self.resolved += n;
                self.young_failed += if is_reopened { n } else { 0 };
            }
            Outcome::Mature { is_reopened } => {
                self.resolved += n;
                self.mature += n;
                self.failed += if is_reopened { n } else { 0 };
            }
        }
        match contact {
            Contact::None => {}
            Contact::Immature => self.untold += n,
            Contact::Told { resolved } => {
                self.told += n;
                self.at_first += if resolved { n } else { 0 };
            }
        }
    }
}
