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

mod counts;
mod form;
mod parts;
mod sample;
mod stock;

use serde::{Deserialize, Serialize};

use crate::sla::Measure;
use crate::ticket::RatingKind;
use crate::time::micros;

use super::days::Days;
use super::error::KpiError;
use super::facts::Fact;
use super::figures::{Durations, KpiReport};
use super::known::Known;
use super::measure::Kpi;
use super::place::Place;
use super::window::{Scope, Window};

pub(super) use counts::{Anchor, Counts};
pub(super) use form::Form;
pub(super) use parts::as_list;
pub(super) use sample::Sample;
pub(super) use stock::Stock;

use parts::count;

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
    stock: Stock,
    #[serde(skip)]
    days: Days,
}

impl PartialEq for Tally {
    fn eq(&self, other: &Tally) -> bool {
        self.scope == other.scope && self.counts == other.counts && self.stock == other.stock
    }
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(scope: Scope) -> Tally {
        Tally {
            version: Form,
            scope,
            counts: Counts::default(),
            stock: Stock::default(),
            days: Days::default(),
        }
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
        self.stock.merge(other.stock);
        Ok(())
    }

    /// The figures.
    ///
    /// # Errors
    /// More taken back than added; a backlog of more than 50,000 days.
    pub fn report(&self) -> Result<KpiReport, KpiError> {
        report(
            &self.scope,
            &self.counts,
            &self.stock,
            self.scope.window,
            &mut self.days.clone(),
        )
    }

    /// The lengths behind a figure, in microseconds, ascending, each with how often it occurs: what a distribution is drawn from.
    /// `None` for figures that are not made of lengths.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn lengths(&self, kpi: Kpi, measure: Measure) -> Result<Option<Vec<(i64, u64)>>, KpiError> {
        let times = self.counts.times(kpi);
        let of = times.map(|times| match measure {
            Measure::Calendar => times.calendar.counted(),
            Measure::Business => times.business.counted(),
        });
        of.transpose()
    }

    /// The single values behind a figure; `None` for what is no set of values.
    pub(super) fn sample(&self, kpi: Kpi) -> Result<Option<Sample>, KpiError> {
        self.counts.sample(kpi)
    }

    fn change(&mut self, rows: &[Fact], by: i64) -> Result<(), KpiError> {
        let Some(ticket) = Known::at(rows, &self.scope)? else {
            return Ok(());
        };
        let scope = &self.scope;
        let standing = Place {
            at: ticket.created_at(),
            holder: ticket.assigned(),
        };
        if scope.passes(&ticket, &standing) {
            self.stock.change(&ticket, scope, &mut self.days, by);
        }
        let admits = |place: &Place| scope.admits(&ticket, place);
        self.counts.change(&ticket, scope, admits, by);
        Ok(())
    }
}

/// The figures of what was counted; the series of the backlog covers `window`. `days` are those of the scope's zone.
///
/// # Errors
/// More taken back than added; a backlog of more than 50,000 days.
pub(super) fn report(
    scope: &Scope,
    counts: &Counts,
    stock: &Stock,
    window: Window,
    days: &mut Days,
) -> Result<KpiReport, KpiError> {
    // A window that ends at midnight ends with the day that ends there; what happened at the instant of the report is known.
    let last = match window.to.filter(|to| *to <= scope.as_of) {
        Some(to) => micros(to).saturating_sub(1),
        None => micros(scope.as_of),
    };
    let last = days.of(&scope.zone, last);
    let first = window.from.map(|from| days.of(&scope.zone, micros(from)));
    let clocks = counts.clocks.iter();
    let closed = counts.closed.iter();
    let ages = stock.ages.summary()?;
    Ok(KpiReport {
        scope: scope.clone(),
        tickets: count(stock.tickets)?,
        volume: count(counts.volume)?,
        resolved: count(counts.resolved)?,
        resolutions: count(counts.resolutions)?,
        resolution_rate: counts.resolution_rate.ratio()?,
        closed_unresolved: closed
            .map(|(reason, n)| Ok((*reason, count(*n)?)))
            .collect::<Result<_, KpiError>>()?,
        reopen_rate: counts.reopen_rate.ratio()?,
        resolutions_reopened: counts.resolutions_reopened.ratio()?,
        immature_reopened: count(counts.immature_reopened)?,
        first_contact: counts.first_contact.ratio()?,
        one_touch: counts.one_touch.ratio()?,
        first_response: counts.first_response.durations()?,
        next_response: counts.next_response.durations()?,
        requester_wait: counts.requester_wait.durations()?,
        first_resolution: counts.first_resolution.durations()?,
        total_resolution: counts.total_resolution.durations()?,
        cycle_resolution: counts.cycle_resolution.durations()?,
        held: counts.held.durations()?,
        handle: counts.handle.durations()?,
        touches: counts.touches.amounts()?,
        team_transfers: counts.team_transfers.amounts()?,
        agent_transfers: counts.agent_transfers.amounts()?,
        attainment: clocks
            .map(|(id, clock)| clock.attainment(*id, counts.without_target(*id)))
            .collect::<Result<Vec<_>, _>>()?,
        eta_kept: counts.eta_kept.ratio()?,
        eta_deviation: counts.eta_deviation.durations()?,
        csat: counts.given.marks(RatingKind::Csat)?,
        nps: counts.given.marks(RatingKind::Nps)?,
        ces: counts.given.marks(RatingKind::Ces)?,
        backlog: stock.flows.series(first, last, |day| {
            days.end(&scope.zone, day).min(micros(scope.as_of))
        })?,
        backlog_age: Durations {
            calendar: ages,
            ..Durations::default()
        },
    })
}
