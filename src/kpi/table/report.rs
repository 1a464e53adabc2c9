//! Reports over a table: which figures, divided by what; and the two passes that find them.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sla::Measure;

use super::super::quantile::Summary;
use super::super::report::Report;
use super::super::window::Scope;
use super::FactTable;
use super::bounds::Bounds;
use super::column::{Repeating, Small};
use super::count::{Counts, Gathered, Histogram, Ranked, shift};
use super::error::TableError;
use super::figures::{Figures, Group, Groups, TableReport, Value};
use super::scan::{Asked, SLAB, Slab, View};
use super::tickets::Tickets;

/// A length of time that a report over a table can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Length {
    /// [`Kpi::FirstResponseTime`](super::super::Kpi::FirstResponseTime).
    FirstResponse,
    /// [`Kpi::FirstResolutionTime`](super::super::Kpi::FirstResolutionTime).
    FirstResolution,
    /// [`Kpi::TotalResolutionTime`](super::super::Kpi::TotalResolutionTime).
    TotalResolution,
}

/// By what a report over a table can be divided: the ticket's as it stands, so that every ticket is in one group and the groups
/// add up to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Key {
    /// The agent in charge.
    Agent,
    /// The team in charge.
    Team,
    /// The way the ticket came.
    Channel,
    /// The priority.
    Priority,
    /// The type.
    Type,
}

/// A report to be made over a [`FactTable`].
///
/// Without anything said: the whole alone, the first response and the total resolution in calendar time, on one thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    report: Report,
    keys: Vec<Key>,
    lengths: Vec<(Length, Measure)>,
    stretches: usize,
}

impl Query {
    /// The window, the cohort and the time for reopening are those of `report`.
    pub fn new(report: Report) -> Query {
        Query {
            report,
            keys: Vec::new(),
            lengths: Vec::new(),
            stretches: 1,
        }
    }

    /// Divided by this too; saying it twice is saying it once.
    #[must_use]
    pub fn by(mut self, key: Key) -> Query {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        self
    }

    /// With this length too, instead of the two that are given where nothing is said.
    #[must_use]
    pub fn length(mut self, length: Length, measure: Measure) -> Query {
        if !self.lengths.contains(&(length, measure)) {
            self.lengths.push((length, measure));
        }
        self
    }

    /// On all threads of the current rayon pool: that in which the call is [installed], or the global one. The report is the same
    /// to the last bit.
    ///
    /// [installed]: https://docs.rs/rayon/latest/rayon/struct.ThreadPool.html#method.install
    #[cfg(feature = "parallel")]
    #[must_use]
    pub fn parallel(self) -> Query {
        Query {
            stretches: 0,
            ..self
        }
    }

    fn asked(&self) -> Vec<Asked> {
        let usual = [
            (Length::FirstResponse, Measure::Calendar),
            (Length::TotalResolution, Measure::Calendar),
        ];
        let said = if self.lengths.is_empty() {
            &usual[..]
        } else {
            &self.lengths[..]
        };
        said.iter()
            .map(|(length, measure)| Asked {
                length: *length,
                measure: *measure,
            })
            .collect()
    }

    /// Into how many stretches the tickets are cut.
    fn stretches(&self) -> usize {
        #[cfg(feature = "parallel")]
        if self.stretches == 0 {
            return rayon::current_num_threads();
        }
        self.stretches
    }
}

impl FactTable {
    /// The figures of `query` at `as_of`.
    ///
    /// # Properties
    /// Each figure of the whole is that of the [`Tally`](super::super::Tally) of the same rows, and each figure of a group that of
    /// the tally of the group's tickets. The number of threads changes no bit.
    ///
    /// # Errors
    /// A report with filters.
    pub fn report(&self, query: &Query, as_of: DateTime<Utc>) -> Result<TableReport, TableError> {
        let scope = query.report.scope(as_of);
        if !scope.filters.is_empty() {
            return Err(TableError::filtered());
        }
        Ok(Run::of(&self.tickets, query, scope).report())
    }
}

/// The groups of one key: what stands for each code, and the codes.
struct Grouping<'a> {
    codes: Option<&'a Small>, // none: all tickets are in one group
    groups: usize,
    shift: u32,
}

impl<'a> Grouping<'a> {
    fn of(tickets: &'a Tickets, key: Key) -> Grouping<'a> {
        fn column<T>(column: &Repeating<T>) -> (&Small, usize) {
            (&column.codes, column.values.len())
        }
        let (codes, values) = match key {
            Key::Agent => column(&tickets.cycle.charge.agent),
            Key::Team => column(&tickets.cycle.charge.team),
            Key::Channel => column(&tickets.cycle.channel),
            Key::Priority => column(&tickets.cycle.priority),
            Key::Type => column(&tickets.cycle.kind),
        };
        let groups = values.saturating_add(1);
        Grouping {
            codes: Some(codes),
            groups,
            shift: shift(groups, tickets.len()),
        }
    }

    fn read(&self, range: Range<usize>, into: &mut Vec<u32>) {
        match self.codes {
            Some(codes) => codes.widen(range, into),
            None => {
                into.clear();
                into.resize(range.len(), 0);
            }
        }
    }
}

/// What a code of a key stands for.
fn value(tickets: &Tickets, key: Key, code: usize) -> Value {
    let code = u32::try_from(code).unwrap_or(0);
    let cycle = &tickets.cycle;
    let value = match key {
        Key::Agent => cycle.charge.agent.value(code).copied().map(Value::Agent),
        Key::Team => cycle.charge.team.value(code).copied().map(Value::Team),
        Key::Channel => cycle.channel.value(code).cloned().map(Value::Channel),
        Key::Priority => cycle.priority.value(code).copied().map(Value::Priority),
        Key::Type => cycle.kind.value(code).cloned().map(Value::Type),
    };
    value.unwrap_or(Value::None)
}

/// One report that is being made.
struct Run<'a> {
    tickets: &'a Tickets,
    keys: &'a [Key],
    asked: Vec<Asked>,
    scope: Scope,
    bounds: Bounds,
    groupings: Vec<Grouping<'a>>, // of each key; of the whole, where there is no key
    ranges: Vec<Range<usize>>,
}

impl<'a> Run<'a> {
    fn of(tickets: &'a Tickets, query: &'a Query, scope: Scope) -> Run<'a> {
        let mut groupings: Vec<_> = query
            .keys
            .iter()
            .map(|key| Grouping::of(tickets, *key))
            .collect();
        if groupings.is_empty() {
            groupings.push(Grouping {
                codes: None,
                groups: 1,
                shift: shift(1, tickets.len()),
            });
        }
        let slabs = tickets.len().div_ceil(SLAB);
        let step = slabs
            .div_ceil(query.stretches().max(1))
            .max(1)
            .saturating_mul(SLAB);
        let begins = (0..tickets.len()).step_by(step);
        Run {
            tickets,
            keys: &query.keys,
            asked: query.asked(),
            bounds: Bounds::of(&scope),
            scope,
            groupings,
            ranges: begins
                .map(|begin| begin..begin.saturating_add(step).min(tickets.len()))
                .collect(),
        }
    }

    fn report(self) -> TableReport {
        let mut counted = each(self.ranges.clone(), |range| self.count(range));
        if counted.is_empty() {
            counted.push(self.count(0..0));
        }
        let (figures, ranked) = self.figures(&counted);
        let histograms = counted.into_iter().map(|counts| {
            let lengths = counts.into_iter().map(|counts| counts.lengths);
            lengths.collect::<Vec<_>>()
        });
        let ranges = self.ranges.iter().cloned().zip(histograms).collect();
        let gathered = each(ranges, |(range, histograms)| {
            self.gather(range, histograms, &ranked)
        });
        let mut figures = figures.into_iter();
        let mut summaries = ranked.iter().enumerate().map(|(grouping, ranked)| {
            let of_length = ranked.iter().enumerate().map(|(length, ranked)| {
                let pieces: Vec<&Gathered<'_>> = gathered
                    .iter()
                    .filter_map(|gathered| gathered.get(grouping)?.get(length))
                    .collect();
                ranked.summaries(&pieces)
            });
            of_length.collect::<Vec<_>>()
        });

        let mut finished = || {
            let figures = figures.next().unwrap_or_default();
            with_lengths(figures, summaries.next().unwrap_or_default(), &self.asked)
        };
        // The groupings come first, then the whole.
        let mut groups = Vec::new();
        for key in self.keys {
            let figures = (0..).zip(finished());
            let figures = figures.filter(|(_, figures)| figures.tickets() > 0);
            let figures = figures.map(|(code, figures)| Group {
                value: value(self.tickets, *key, code),
                figures,
            });
            groups.push(Groups::of(*key, figures.collect()));
        }
        if self.keys.is_empty() {
            finished();
        }
        let all = finished().into_iter().next().unwrap_or_default();
        TableReport {
            scope: self.scope,
            all,
            groups,
        }
    }

    /// The first pass over a stretch: the counts of each grouping, and last those of the whole.
    fn count(&self, range: Range<usize>) -> Vec<Counts> {
        let codes =
            [0, 1].map(|kind: usize| self.tickets.settled.known(kind).len().saturating_add(1));
        let new = |grouping: &Grouping<'_>| {
            Counts::new(grouping.groups, self.asked.len(), codes, grouping.shift)
        };
        let mut counts: Vec<_> = self.groupings.iter().map(new).collect();
        self.walk::<true>(range, |slab, range, groups| {
            for (grouping, counts) in self.groupings.iter().zip(&mut counts) {
                grouping.read(range.clone(), groups);
                counts.add(slab, groups);
            }
        });
        let finest = self
            .groupings
            .iter()
            .zip(&counts)
            .min_by_key(|(grouping, _)| grouping.shift);
        let whole = finest.map(|(_, counts)| counts.whole());
        counts.extend(whole);
        counts
    }

    /// The second pass: the lengths among which the wanted ranks are, by grouping and length.
    fn gather<'b>(
        &self,
        range: Range<usize>,
        histograms: Vec<Vec<Histogram>>,
        ranked: &'b [Vec<Ranked>],
    ) -> Vec<Vec<Gathered<'b>>> {
        let of_grouping = |(histograms, ranked): (Vec<Histogram>, &'b Vec<Ranked>)| {
            let of_length = histograms.into_iter().zip(ranked);
            of_length
                .map(|(histogram, ranked)| ranked.gather(histogram))
                .collect::<Vec<_>>()
        };
        let mut gathered: Vec<_> = histograms
            .into_iter()
            .zip(ranked)
            .map(of_grouping)
            .collect();
        let whole = Grouping {
            codes: None,
            groups: 1,
            shift: 0,
        };
        self.walk::<false>(range, |slab, range, groups| {
            let groupings = self.groupings.iter().chain([&whole]);
            for (grouping, gathered) in groupings.zip(&mut gathered) {
                grouping.read(range.clone(), groups);
                for (gathered, (lengths, buckets)) in gathered.iter_mut().zip(&slab.lengths) {
                    gathered.add(lengths, buckets, groups);
                }
            }
        });
        gathered
    }

    /// Looks at the tickets of a stretch, slab by slab: what they count as, their places, and a list for their groups.
    fn walk<const ALL: bool>(
        &self,
        range: Range<usize>,
        mut each: impl FnMut(&View<'_>, Range<usize>, &mut Vec<u32>),
    ) {
        let mut slab = Slab::default();
        let mut groups = Vec::new();
        for begin in range.clone().step_by(SLAB) {
            let range = begin..begin.saturating_add(SLAB).min(range.end);
            let view = slab.read::<ALL>(self.tickets, range.clone(), &self.bounds, &self.asked);
            each(&view, range, &mut groups);
        }
    }

    /// The figures of each group of each grouping and of the whole, still without lengths, and where to look for those.
    fn figures(&self, counted: &[Vec<Counts>]) -> (Vec<Vec<Figures>>, Vec<Vec<Ranked>>) {
        let groupings = counted.first().map_or(0, Vec::len);
        let of_grouping = |grouping: usize| {
            let mut parts = counted.iter().filter_map(|counts| counts.get(grouping));
            let first = parts.next()?;
            let mut sum = None;
            for part in parts {
                sum.get_or_insert_with(|| first.clone()).merge(part);
            }
            let sum = sum.as_ref().unwrap_or(first);
            let figures = (0..sum.groups()).map(|group| Figures::of(sum, group, self.tickets));
            let ranked = sum.lengths.iter().map(Histogram::ranked);
            Some((figures.collect(), ranked.collect()))
        };
        (0..groupings).filter_map(of_grouping).unzip()
    }
}

/// The figures of the groups of one grouping with their lengths, which come by length and group.
fn with_lengths(
    mut figures: Vec<Figures>,
    summaries: Vec<Vec<Option<Summary>>>,
    asked: &[Asked],
) -> Vec<Figures> {
    for (asked, summaries) in asked.iter().zip(summaries) {
        for (figures, summary) in figures.iter_mut().zip(summaries) {
            figures.set_length(asked.length, asked.measure, summary);
        }
    }
    figures
}

/// The results of each, in order; in parallel where there are several and the feature is on.
fn each<T: Send, R: Send>(list: Vec<T>, make: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if list.len() > 1 {
        use rayon::prelude::*;
        return list.into_par_iter().map(make).collect();
    }
    list.into_iter().map(make).collect()
}
