//! The figures of a report over a table.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::id::{AgentId, Name, TeamId};
use crate::sla::Measure;
use crate::ticket::{Channel, CloseReason, Priority, RatingKind, Scale};

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
        let found = groups.binary_search_by(|group| group.value.cmp(value)).ok()?;
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
            let of = |(code, n): (u32, u64)| Some((*known.get(code.checked_sub(1)? as usize)?, n));
            Marks::of(counts.marks(group, kind).filter_map(of))
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

    /// Of the tickets whose first resolution lies in the window, long enough ago: those that needed at most one public message
    /// of a human agent and no further one of the customer, and were not reopened soon.
    pub fn first_contact_resolution(&self) -> &Ratio {
        &self.first_contact_resolution
    }

    /// A length; `None` where it was not asked for, or nothing was measured.
    pub fn length(&self, length: Length, measure: Measure) -> Option<&Summary> {
        let found = self.lengths.iter().find(|entry| (entry.0, entry.1) == (length, measure));
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

/// The marks that customers gave, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Marks(Vec<(Scale, u8, u64)>); // INVARIANT: in order, each scale and mark once, no count is 0

impl Marks {
    fn of(marks: impl Iterator<Item = ((Scale, u8), u64)>) -> Marks {
        let mut marks: Vec<_> = marks.map(|((scale, mark), n)| (scale, mark, n)).collect();
        marks.sort_by_key(|(scale, mark, _)| (scale.worst(), scale.best(), *mark));
        Marks(marks)
    }

    /// How often each mark was given on which scale.
    pub fn iter(&self) -> impl Iterator<Item = (Scale, u8, u64)> {
        self.0.iter().copied()
    }

    /// How many there are.
    pub fn n(&self) -> u64 {
        self.count(|_, _| true)
    }

    /// How many are of a kind.
    pub fn count(&self, is: impl Fn(Scale, u8) -> bool) -> u64 {
        let of_kind = self.iter().filter(|(scale, mark, _)| is(*scale, *mark));
        of_kind.fold(0, |sum, (_, _, n)| sum.saturating_add(n))
    }

    /// The part of them that is of a kind: of satisfaction, the kind declared positive.
    pub fn share(&self, is: impl Fn(Scale, u8) -> bool) -> Ratio {
        Ratio::new(self.count(is), self.n(), Excluded::default()).unwrap_or_default()
    }

    /// Of marks of recommendation: promoters (9 and 10) less detractors (0 to 6), and how many marks there are. The net promoter
    /// score is their ratio times 100 (Reichheld, *The One Number You Need to Grow*, Harvard Business Review 81(12), 2003).
    pub fn net_promoters(&self) -> (i64, u64) {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let promoters = whole(self.count(|_, mark| mark >= 9));
        let detractors = whole(self.count(|_, mark| mark <= 6));
        (promoters.saturating_sub(detractors), self.n())
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
    fn add(&mut self, Parts { member, outcome, contact }: Parts, n: u64) {
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
