//! Partial results: counted in parts, added up later, in any order, to the same bits.
//!
//! A [`Tally`] holds what the figures of a report need, and no row. Tickets are added, taken back when they change, and tallies
//! of different processes, days or tenants are merged; all of it is exact, because everything in it is a count. It
//! serialises with its version, so that partial results can travel and be kept.
//!
//! A ticket is added whole: all its rows, from cycle 0 on. To replace a ticket, take back the rows that were added and
//! add the new ones.
//!
//! # Properties
//! For tallies of one scope: merging is associative and commutative; an empty tally changes nothing; [`Tally::retract`] undoes
//! [`Tally::add`], in any order and across parts; any partition of the tickets merges to the same tally.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ticket::{ClockId, CloseReason};
use crate::time::micros;

use super::backlog::Flows;
use super::days::Days;
use super::error::KpiError;
use super::facts::{FORMULA, Fact, Lengths};
use super::figures::{Attainment, Durations, KpiReport};
use super::known::{Known, Outcome, Standing};
use super::multiset::Multiset;
use super::ratio::{Excluded, Exclusion, Ratio};
use super::window::{Cohort, Scope};

/// The version of the tally's form.
const TALLY: u32 = 1;

/// A partial result of a report: see the module.
///
/// ```
/// use helpdesk::kpi::{Report, Tally};
/// # let (one, other): (Vec<helpdesk::kpi::Fact>, Vec<helpdesk::kpi::Fact>) = (vec![], vec![]);
/// let report = Report::standard();
/// let as_of = "2026-04-01T00:00:00Z".parse()?;
/// let (mut here, mut there) = (report.tally(as_of), report.tally(as_of));
/// here.add(&one)?;
/// there.add(&other)?;
/// let travelled: Tally = serde_json::from_str(&serde_json::to_string(&there)?)?;
/// here.merge(travelled)?;
/// println!("{}", here.report()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tally {
    version: Form,
    scope: Scope,
    counts: Counts,
    #[serde(skip)]
    days: Days,
}

impl PartialEq for Tally {
    fn eq(&self, other: &Tally) -> bool {
        self.scope == other.scope && self.counts == other.counts
    }
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(scope: Scope) -> Tally {
        Tally { version: Form, scope, counts: Counts::default(), days: Days::default() }
    }

    /// What it is about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Counts a ticket: all its rows. No rows, or a ticket created after the scope's instant, count nothing.
    ///
    /// # Errors
    /// Rows of another formula version; rows that are not those of one ticket from cycle 0 on. Nothing is counted then.
    pub fn add(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
        self.change(ticket, 1)
    }

    /// Takes back a ticket that was, or will be, added with just these rows.
    ///
    /// # Errors
    /// As [`Tally::add`].
    pub fn retract(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
        self.change(ticket, -1)
    }

    /// Adds up both.
    ///
    /// # Errors
    /// Scopes that differ. Nothing is merged then.
    pub fn merge(&mut self, other: Tally) -> Result<(), KpiError> {
        if self.scope != other.scope {
            return Err(KpiError::scope());
        }
        self.counts.merge(other.counts);
        Ok(())
    }

    /// The figures.
    ///
    /// # Errors
    /// More taken back than added; a backlog of more than 50,000 days.
    pub fn report(&self) -> Result<KpiReport, KpiError> {
        let Counts { clocks, closed, flows, .. } = &self.counts;
        let scope = &self.scope;
        let mut days = self.days.clone();
        let last = days.of(&scope.zone, micros(scope.window.to.map_or(scope.as_of, |to| to.min(scope.as_of))));
        // A window that begins at midnight begins with the day that begins there, not with the one that ends.
        let first = scope.window.from.map(|from| days.of(&scope.zone, micros(from).saturating_add(1)));
        let attainment = clocks.iter().map(|(id, counts)| counts.attainment(*id)).collect::<Result<Vec<_>, _>>()?;
        let closed = closed.iter().map(|(reason, n)| Ok((*reason, count(*n)?)));
        Ok(KpiReport {
            scope: scope.clone(),
            tickets: count(self.counts.tickets)?,
            volume: count(self.counts.volume)?,
            resolved: count(self.counts.resolved)?,
            resolutions: count(self.counts.resolutions)?,
            resolution_rate: self.counts.resolution_rate.ratio()?,
            closed_unresolved: closed.collect::<Result<_, KpiError>>()?,
            reopen_rate: self.counts.reopen_rate.ratio()?,
            resolutions_reopened: self.counts.resolutions_reopened.ratio()?,
            immature_reopened: count(self.counts.immature_reopened)?,
            first_response: self.counts.first_response.durations()?,
            first_resolution: self.counts.first_resolution.durations()?,
            total_resolution: self.counts.total_resolution.durations()?,
            attainment,
            backlog: flows.series(first, last)?,
        })
    }

    fn change(&mut self, rows: &[Fact], by: i64) -> Result<(), KpiError> {
        let Some(ticket) = Known::at(rows, self.scope.as_of)? else { return Ok(()) };
        let Tally { scope, counts, days, .. } = self;
        let window = scope.window;
        let last = ticket.last_resolution();
        let is_member = match scope.cohort {
            Cohort::ByMeasure | Cohort::Created => window.contains(ticket.created_at()),
            Cohort::Resolved => last.is_some_and(|(at, _)| window.contains(at)),
        };
        let counts_at = |at: DateTime<Utc>| match scope.cohort {
            Cohort::ByMeasure | Cohort::Resolved => window.contains(at),
            Cohort::Created => is_member,
        };

        plus(&mut counts.tickets, by);
        for row in ticket.rows() {
            counts.flows.change(row, &scope.zone, days, scope.as_of, by);
        }
        if is_member {
            counts.member(&ticket, by);
        }
        counts.resolutions_of(&ticket, scope, counts_at, by);
        if let Some((_, whole)) = ticket.first_resolution().filter(|(at, _)| counts_at(*at)) {
            counts.first_resolution.change(Ok(whole), by);
        }
        if let Some((_, whole)) = last.filter(|(at, _)| counts_at(*at)) {
            counts.total_resolution.change(Ok(whole), by);
        }
        Ok(())
    }
}

/// Everything that is counted. Each number is a sum over tickets, so two of these add up field by field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    tickets: i64,
    volume: i64,
    resolved: i64,
    resolutions: i64,
    resolution_rate: Part,
    closed: BTreeMap<CloseReason, i64>,
    reopen_rate: Part,
    resolutions_reopened: Part,
    immature_reopened: i64,
    first_response: Times,
    first_resolution: Times,
    total_resolution: Times,
    #[serde(with = "as_list")]
    clocks: BTreeMap<ClockId, ClockCounts>,
    flows: Flows,
}

impl Counts {
    /// What a ticket in the window counts as a whole.
    fn member(&mut self, ticket: &Known<'_>, by: i64) {
        plus(&mut self.volume, by);
        plus(&mut self.resolution_rate.denominator, by);
        match ticket.standing() {
            Standing::Backlog => {}
            Standing::Resolved => plus(&mut self.resolution_rate.numerator, by),
            Standing::Closed(reason) => bump(&mut self.closed, reason, by),
        }
        self.first_response.change(ticket.first_response(), by);
        for clock in ticket.clocks() {
            let counts = self.clocks.entry(clock.clock).or_default();
            counts.change(ticket.outcome(clock), ticket.ever_breached(clock), by);
            if *counts == ClockCounts::default() {
                self.clocks.remove(&clock.clock);
            }
        }
    }

    /// What its resolutions count, each if it is in the window.
    fn resolutions_of(
        &mut self,
        ticket: &Known<'_>,
        scope: &Scope,
        counts_at: impl Fn(DateTime<Utc>) -> bool,
        by: i64,
    ) {
        let (mut any, mut any_mature, mut any_failed, mut any_young_reopened) = (false, false, false, false);
        for resolution in ticket.resolutions().filter(|resolution| counts_at(resolution.at)) {
            any = true;
            plus(&mut self.resolutions, by);
            let reopened = resolution.reopened_at.is_some_and(|at| scope.is_soon(resolution.at, at));
            if scope.is_mature(resolution.at) {
                any_mature = true;
                any_failed |= reopened;
                self.resolutions_reopened.count(reopened, by);
            } else {
                any_young_reopened |= reopened;
                bump(&mut self.resolutions_reopened.excluded, Exclusion::Immature, by);
            }
        }
        if any {
            plus(&mut self.resolved, by);
        }
        if any_mature {
            self.reopen_rate.count(any_failed, by);
        } else if any {
            bump(&mut self.reopen_rate.excluded, Exclusion::Immature, by);
            plus(&mut self.immature_reopened, if any_young_reopened { by } else { 0 });
        }
    }

    fn merge(&mut self, other: Counts) {
        plus(&mut self.tickets, other.tickets);
        plus(&mut self.volume, other.volume);
        plus(&mut self.resolved, other.resolved);
        plus(&mut self.resolutions, other.resolutions);
        plus(&mut self.immature_reopened, other.immature_reopened);
        merge(&mut self.closed, other.closed);
        self.resolution_rate.merge(other.resolution_rate);
        self.reopen_rate.merge(other.reopen_rate);
        self.resolutions_reopened.merge(other.resolutions_reopened);
        self.first_response.merge(other.first_response);
        self.first_resolution.merge(other.first_resolution);
        self.total_resolution.merge(other.total_resolution);
        for (clock, counts) in other.clocks {
            self.clocks.entry(clock).or_default().merge(counts);
        }
        self.clocks.retain(|_, counts| *counts != ClockCounts::default());
        self.flows.merge(&other.flows);
    }
}

/// A ratio that is being counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Part {
    numerator: i64,
    denominator: i64,
    excluded: BTreeMap<Exclusion, i64>,
}

impl Part {
    fn count(&mut self, is_in_numerator: bool, by: i64) {
        plus(&mut self.numerator, if is_in_numerator { by } else { 0 });
        plus(&mut self.denominator, by);
    }

    fn merge(&mut self, other: Part) {
        plus(&mut self.numerator, other.numerator);
        plus(&mut self.denominator, other.denominator);
        merge(&mut self.excluded, other.excluded);
    }

    fn ratio(&self) -> Result<Ratio, KpiError> {
        let (numerator, denominator) = (count(self.numerator)?, count(self.denominator)?);
        Ratio::new(numerator, denominator, excluded(&self.excluded)?).ok_or_else(KpiError::unbalanced)
    }
}

/// Lengths that are being counted, in calendar and business time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Times {
    calendar: Multiset,
    business: Multiset,
    excluded: BTreeMap<Exclusion, i64>,
}

impl Times {
    fn change(&mut self, length: Result<Lengths, Exclusion>, by: i64) {
        match length {
            Ok(length) => {
                self.calendar.change(length.calendar_us, by);
                self.business.change(length.business_us, by);
            }
            Err(reason) => bump(&mut self.excluded, reason, by),
        }
    }

    fn merge(&mut self, other: Times) {
        self.calendar.merge(other.calendar);
        self.business.merge(other.business);
        merge(&mut self.excluded, other.excluded);
    }

    fn durations(&self) -> Result<Durations, KpiError> {
        let (calendar, business) = (self.calendar.summary()?, self.business.summary()?);
        Ok(Durations { calendar, business, excluded: excluded(&self.excluded)? })
    }
}

/// The outcomes of one clock that are being counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ClockCounts {
    met: i64,
    breached: i64,
    met_after_breach: i64,
    outside_after_breach: i64,
    excluded: BTreeMap<Exclusion, i64>,
}

impl ClockCounts {
    fn change(&mut self, outcome: Outcome, ever_breached: bool, by: i64) {
        let once = if ever_breached { by } else { 0 };
        match outcome {
            Outcome::Met => {
                plus(&mut self.met, by);
                plus(&mut self.met_after_breach, once);
            }
            Outcome::Breached => plus(&mut self.breached, by),
            Outcome::Outside(reason) => {
                bump(&mut self.excluded, reason, by);
                plus(&mut self.outside_after_breach, once);
            }
        }
    }

    fn merge(&mut self, other: ClockCounts) {
        plus(&mut self.met, other.met);
        plus(&mut self.breached, other.breached);
        plus(&mut self.met_after_breach, other.met_after_breach);
        plus(&mut self.outside_after_breach, other.outside_after_breach);
        merge(&mut self.excluded, other.excluded);
    }

    fn attainment(&self, clock: ClockId) -> Result<Attainment, KpiError> {
        let (met, breached) = (count(self.met)?, count(self.breached)?);
        let decided = met.checked_add(breached).ok_or_else(KpiError::unbalanced)?;
        let ratio = Ratio::new(met, decided, excluded(&self.excluded)?).ok_or_else(KpiError::unbalanced)?;
        let met_after_breach = count(self.met_after_breach)?;
        if met_after_breach > met {
            return Err(KpiError::unbalanced());
        }
        Ok(Attainment { clock, ratio, met_after_breach, outside_after_breach: count(self.outside_after_breach)? })
    }
}

fn plus(mine: &mut i64, by: i64) {
    *mine = mine.saturating_add(by);
}

fn bump<K: Ord + Copy>(counts: &mut BTreeMap<K, i64>, key: K, by: i64) {
    let count = counts.entry(key).or_default();
    plus(count, by);
    if *count == 0 {
        counts.remove(&key);
    }
}

fn merge<K: Ord + Copy>(mine: &mut BTreeMap<K, i64>, other: BTreeMap<K, i64>) {
    for (key, n) in other {
        bump(mine, key, n);
    }
}

fn count(n: i64) -> Result<u64, KpiError> {
    u64::try_from(n).map_err(|_| KpiError::unbalanced())
}

fn excluded(counts: &BTreeMap<Exclusion, i64>) -> Result<Excluded, KpiError> {
    counts.iter().map(|(reason, n)| Ok((*reason, count(*n)?))).collect()
}

/// The versions that a tally was made by: of its own form and of the formulas. Others are refused when read.
#[derive(Clone, Copy, Debug)]
struct Form;

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (TALLY, FORMULA).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Form, D::Error> {
        match <(u32, u32)>::deserialize(deserializer)? {
            (TALLY, FORMULA) => Ok(Form),
            (tally, formula) => Err(serde::de::Error::custom(format!(
                "a tally of version {tally} with formulas of version {formula}; {TALLY} with {FORMULA} can be read: make it anew from the rows"
            ))),
        }
    }
}

/// A map by clock as a list of pairs: JSON knows texts alone as keys.
mod as_list {
    use super::{BTreeMap, ClockCounts, ClockId, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<ClockId, ClockCounts>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<ClockId, ClockCounts>, D::Error> {
        Ok(Vec::<(ClockId, ClockCounts)>::deserialize(deserializer)?.into_iter().collect())
    }
}
