//! A report divided by agents, teams, channels, periods, ... or by several of them at once.
//!
//! ```
//! use helpdesk::kpi::{Dimension, Every, Report};
//! # let tickets: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//! let by = Report::standard().by([Dimension::Team, Dimension::Period(Every::Week)]).minimum(20);
//! let report = by.over(&tickets, "2026-04-01T00:00:00Z".parse()?)?;
//! for group in report.groups().iter().filter(|group| !group.is_small()) {
//!     println!("{:?}: {}", group.labels(), group.report().reopen_rate());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::days::Days;
use super::error::KpiError;
use super::facts::Fact;
use super::figures::{Durations, KpiReport};
use super::known::Known;
use super::measure::Kpi;
use super::place::{Dimension, Filter, Label, Place};
use super::report::Report;
use super::tally::{Counts, Form, Stock, Tally, as_list, report};
use super::window::{Scope, Window};

/// How many members a group needs, if nothing is said.
const MINIMUM: u64 = 10;

/// A report to be made in groups, one for each combination of values of its dimensions.
///
/// # Properties
/// - Without a period, weekday or hour, the report of a group is the report narrowed to it by [`Report::only`], to the last bit.
/// - What has one place (a creation, a resolution, an answer, a mark) stands in exactly one group, so the groups' counts add up
///   to the total. Tags overlap and do not ([`GroupReport::overlaps`]).
/// - What is told of a ticket over several places is counted once in each group that has one: a ticket resolved by two agents
///   is a resolved ticket of both, one resolved in March and in May is resolved in both months. Such counts (tickets resolved,
///   reopen rate) add up to at least the total; resolutions and resolutions reopened add up to it.
/// - A clock is told of where somebody in the group has a target for it. So the periods that were met, breached or left out add up to those
///   of the total, but not the tickets that have no target: a group of such tickets alone has no line for the clock.
/// - The laws of tallies hold for grouped tallies too.
///
/// # What the backlog of a group is
/// Tickets stand in the backlog of the agent and team that are in charge of them. In a group with a period, the backlog is that
/// of all periods up to the period's end, day by day (an hour's: up to the midnight after it); its ages are not told. Divided by
/// weekday or hour of the day, it is the backlog of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    report: Report,
    dimensions: Vec<Dimension>,
    minimum: u64,
}

impl Report {
    /// The report in groups, one for each combination of values of these dimensions. Marked as small where there are fewer
    /// than 10 members.
    pub fn by(&self, dimensions: impl Into<Vec<Dimension>>) -> Grouping {
        Grouping {
            report: self.clone(),
            dimensions: dimensions.into(),
            minimum: MINIMUM,
        }
    }
}

impl Grouping {
    /// How many members a group needs not to be marked as small.
    #[must_use]
    pub fn minimum(self, minimum: u64) -> Grouping {
        Grouping { minimum, ..self }
    }

    /// An empty tally: for rows that come in parts.
    pub fn tally(&self, as_of: DateTime<Utc>) -> GroupTally {
        let scope = self.report.scope(as_of);
        GroupTally {
            version: Form,
            total: Tally::new(scope),
            dimensions: self.dimensions.clone(),
            minimum: self.minimum,
            groups: BTreeMap::new(),
            stocks: BTreeMap::new(),
            days: Days::default(),
        }
    }

    /// The report over these tickets, each given as all its rows. What rows can tell of the past, [`Report::over`] says.
    ///
    /// # Errors
    /// As [`Report::over`].
    pub fn over<T: AsRef<[Fact]>>(
        &self,
        tickets: impl IntoIterator<Item = T>,
        as_of: DateTime<Utc>,
    ) -> Result<GroupReport, KpiError> {
        let mut tally = self.tally(as_of);
        for ticket in tickets {
            tally.add(ticket.as_ref())?;
        }
        tally.report()
    }
}

/// One label for each dimension.
type Key = Vec<Label>;

/// A partial result in groups. All that is said of [`Tally`] holds for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupTally {
    version: Form,
    total: Tally,
    dimensions: Vec<Dimension>,
    minimum: u64,
    #[serde(with = "as_list")]
    groups: BTreeMap<Key, Counts>,
    #[serde(with = "as_list")]
    stocks: BTreeMap<Key, Stock>, // without the labels of time
    #[serde(skip)]
    days: Days,
}

/// What was taken back altogether leaves a group without a count, which is as good as no group.
impl PartialEq for GroupTally {
    fn eq(&self, other: &GroupTally) -> bool {
        fn filled<V: PartialEq + Default>(all: &BTreeMap<Key, V>) -> Vec<(&Key, &V)> {
            let empty = V::default();
            all.iter().filter(|(_, one)| **one != empty).collect()
        }
        self.is_like(other)
            && self.total == other.total
            && filled(&self.groups) == filled(&other.groups)
            && filled(&self.stocks) == filled(&other.stocks)
    }
}

impl GroupTally {
    /// See [`Tally::add`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
        self.total.add(ticket)?;
        self.change(ticket, 1)
    }

    /// See [`Tally::retract`].
    ///
    /// # Errors
    /// As there.
    pub fn retract(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
        self.total.retract(ticket)?;
        self.change(ticket, -1)
    }

    /// See [`Tally::merge`].
    ///
    /// # Errors
    /// Scopes, dimensions or minimums that differ. Nothing is merged then.
    pub fn merge(&mut self, other: GroupTally) -> Result<(), KpiError> {
        if !self.is_like(&other) {
            return Err(KpiError::scope());
        }
        self.total.merge(other.total)?;
        for (key, counts) in other.groups {
            self.groups.entry(key).or_default().merge(counts);
        }
        for (key, stock) in other.stocks {
            self.stocks.entry(key).or_default().merge(stock);
        }
        Ok(())
    }

    /// The figures.
    ///
    /// # Errors
    /// As [`Tally::report`].
    pub fn report(&self) -> Result<GroupReport, KpiError> {
        let scope = self.total.scope();
        let has_time = self.dimensions.iter().any(Dimension::is_of_time);
        let (no_counts, no_stock) = (Counts::default(), Stock::default());
        let counted = self.groups.iter().filter(|(_, one)| **one != no_counts);
        let mut keys: BTreeSet<&Key> = counted.map(|(key, _)| key).collect();
        if !has_time {
            let stocked = self.stocks.iter().filter(|(_, one)| **one != no_stock);
            keys.extend(stocked.map(|(key, _)| key));
        }
        let mut groups = Vec::with_capacity(keys.len());
        let mut days = self.days.clone();
        for key in keys {
            let counts = self.groups.get(key).unwrap_or(&no_counts);
            let stock = self.stocks.get(&self.standing(key)).unwrap_or(&no_stock);
            let (window, narrowed) = (self.window(key), self.narrowed(key));
            let mut figures = report(&narrowed, counts, stock, window, &mut days)?;
            if has_time {
                figures.backlog_age = Durations::default();
            }
            if key.iter().any(|label| matches!(label, Label::Period(_))) {
                figures.backlog = figures.backlog.at_its_end();
            }
            let n = figures.volume().max(figures.resolved());
            groups.push(Group {
                labels: key.clone(),
                is_small: n < self.minimum,
                minimum: self.minimum,
                report: figures,
            });
        }
        Ok(GroupReport {
            dimensions: self.dimensions.clone(),
            minimum: self.minimum,
            as_of: scope.as_of,
            groups,
            total: self.total.report()?,
        })
    }

    pub(super) fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many members a group needs.
    pub(super) fn least(&self) -> u64 {
        self.minimum
    }

    /// What was counted in each group. One that everything was taken back from is as good as no group.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&[Label], &Counts)> {
        let empty = Counts::default();
        let groups = self
            .groups
            .iter()
            .filter(move |(_, counts)| **counts != empty);
        groups.map(|(key, counts)| (key.as_slice(), counts))
    }

    fn is_like(&self, other: &GroupTally) -> bool {
        self.total.scope() == other.total.scope()
            && self.dimensions == other.dimensions
            && self.minimum == other.minimum
    }

    fn change(&mut self, rows: &[Fact], by: i64) -> Result<(), KpiError> {
        let scope = self.total.scope().clone();
        let Some(ticket) = Known::at(rows, &scope)? else {
            return Ok(());
        };
        let now = Place {
            at: ticket.created_at(),
            holder: ticket.assigned(),
        };
        if scope.passes(&ticket, &now) {
            let dimensions = self.dimensions.iter().filter(|one| !one.is_of_time());
            for key in keys(dimensions, &ticket, &now, &scope) {
                let stock = self.stocks.entry(key).or_default();
                stock.change(&ticket, &scope, &mut self.days, by);
            }
        }
        // Its places with the groups of each, and then what it counts in each group that has one.
        let mut places: BTreeMap<Place, Vec<Key>> = BTreeMap::new();
        let learn = |place: &Place| {
            if !places.contains_key(place) && scope.admits(&ticket, place) {
                let groups = keys(self.dimensions.iter(), &ticket, place, &scope);
                places.insert(*place, groups);
            }
            false
        };
        Counts::default().change(&ticket, &scope, learn, by);
        let found: BTreeSet<Key> = places.values().flatten().cloned().collect();
        for key in found {
            let admits = |place: &Place| {
                let groups = places.get(place);
                groups.is_some_and(|groups| groups.contains(&key))
            };
            let mut counts = self.groups.remove(&key).unwrap_or_default();
            counts.change(&ticket, &scope, admits, by);
            self.groups.insert(key, counts);
        }
        Ok(())
    }

    /// The labels that do not depend on an instant.
    fn standing(&self, key: &Key) -> Key {
        let pairs = self.dimensions.iter().zip(key);
        let standing = pairs.filter(|(dimension, _)| !dimension.is_of_time());
        standing.map(|(_, label)| label.clone()).collect()
    }

    /// The scope narrowed to a group.
    fn narrowed(&self, key: &Key) -> Scope {
        let pairs = self.dimensions.iter().zip(key);
        let mut scope = self.total.scope().clone();
        scope.filters.extend(pairs.map(|(dimension, label)| Filter {
            dimension: dimension.clone(),
            labels: vec![label.clone()],
        }));
        scope
    }

    /// The window, or where the group has a period what of the window lies in it.
    fn window(&self, key: &Key) -> Window {
        let scope = self.total.scope();
        let mut window = scope.window;
        for label in key {
            if let Label::Period(period) = label {
                let (from, to) = period.bounds(&scope.zone);
                window.from = Some(window.from.map_or(from, |first| first.max(from)));
                window.to = Some(window.to.map_or(to, |last| last.min(to)));
            }
        }
        window
    }
}

/// Every combination of the labels of a place; several where tags overlap.
fn keys<'d>(
    dimensions: impl Iterator<Item = &'d Dimension>,
    ticket: &Known<'_>,
    place: &Place,
    scope: &Scope,
) -> Vec<Key> {
    let mut keys = vec![Key::new()];
    for dimension in dimensions {
        let labels = dimension.labels(ticket, place, scope);
        keys = keys
            .iter()
            .flat_map(|key| {
                labels.iter().map(move |label| {
                    let mut longer = key.clone();
                    longer.push(label.clone());
                    longer
                })
            })
            .collect();
    }
    keys
}

/// The figures of a [`Grouping`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupReport {
    dimensions: Vec<Dimension>,
    minimum: u64,
    as_of: DateTime<Utc>,
    groups: Vec<Group>,
    total: KpiReport,
}

impl GroupReport {
    /// By what it is divided.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The groups, in the order of their labels: never in that of a figure.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of these labels.
    pub fn group(&self, labels: &[Label]) -> Option<&Group> {
        self.groups.iter().find(|group| group.labels == labels)
    }

    /// The report over everything.
    pub fn total(&self) -> &KpiReport {
        &self.total
    }

    /// How many members a group needs not to be marked as small.
    pub fn minimum(&self) -> u64 {
        self.minimum
    }

    /// Whether one and the same count can stand in several groups, so that they do not add up to the total.
    pub fn overlaps(&self) -> bool {
        self.dimensions.iter().any(Dimension::overlaps)
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Group {
    labels: Vec<Label>,
    is_small: bool,
    minimum: u64,
    report: KpiReport,
}

impl Group {
    /// What it is the group of: one label for each dimension.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Its figures.
    pub fn report(&self) -> &KpiReport {
        &self.report
    }

    /// Whether fewer tickets than the minimum came, and fewer were resolved: figures of so few say little.
    pub fn is_small(&self) -> bool {
        self.is_small
    }

    /// Whether this figure was worked out over fewer members than the minimum.
    pub fn is_small_for(&self, kpi: Kpi) -> bool {
        self.report.figure(kpi).n() < self.minimum
    }
}
