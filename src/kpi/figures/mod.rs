//! The figures of a report.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::ticket::{ClockId, CloseReason, Metric};

mod amounts;
mod figure;
mod marks;

use super::backlog::Backlog;
use super::measure::Kpi;
use super::quantile::Summary;
use super::ratio::{Excluded, Ratio};
use super::window::Scope;

pub(super) use amounts::rounded;
pub use amounts::{Amounts, Net, PerUnit};
pub use figure::Figure;
pub use marks::{Bands, Marks, MarksOfScale};

/// The figures of a [`Report`](super::Report). What each one means stands in [`MEASURES`](super::MEASURES).
///
/// Serialises with all counts, lengths in microseconds, and `null` for what is undefined. `Display` is a report in plain text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KpiReport {
    pub(super) scope: Scope,
    pub(super) tickets: u64,
    pub(super) volume: u64,
    pub(super) resolved: u64,
    pub(super) resolutions: u64,
    pub(super) resolution_rate: Ratio,
    pub(super) closed_unresolved: BTreeMap<CloseReason, u64>,
    pub(super) reopen_rate: Ratio,
    pub(super) resolutions_reopened: Ratio,
    pub(super) immature_reopened: u64,
    pub(super) first_contact: Ratio,
    pub(super) one_touch: Ratio,
    pub(super) first_response: Durations,
    pub(super) next_response: Durations,
    pub(super) requester_wait: Durations,
    pub(super) first_resolution: Durations,
    pub(super) total_resolution: Durations,
    pub(super) cycle_resolution: Durations,
    pub(super) held: Durations,
    pub(super) handle: Durations,
    pub(super) touches: Amounts,
    pub(super) team_transfers: Amounts,
    pub(super) agent_transfers: Amounts,
    pub(super) attainment: Vec<Attainment>,
    pub(super) eta_kept: Ratio,
    pub(super) eta_deviation: Durations,
    pub(super) csat: Marks,
    pub(super) nps: Marks,
    pub(super) ces: Marks,
    pub(super) backlog: Backlog,
    pub(super) backlog_age: Durations,
}

impl KpiReport {
    /// What the figures are about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The instant that they are of.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.scope.as_of
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

    /// How long customers waited for the first answer, over the tickets created in the window.
    pub fn first_response(&self) -> &Durations {
        &self.first_response
    }

    /// From creation to the first resolution, where that lies in the window.
    pub fn first_resolution(&self) -> &Durations {
        &self.first_resolution
    }

    /// From creation to the last resolution, where that lies in the window.
    pub fn total_resolution(&self) -> &Durations {
        &self.total_resolution
    }

    /// Of the tickets first resolved in the window, long enough ago: those that one answer resolved for good.
    pub fn first_contact_resolution(&self) -> &Ratio {
        &self.first_contact
    }

    /// Of the tickets last resolved in the window that still are: those that took at most one answer.
    pub fn one_touch(&self) -> &Ratio {
        &self.one_touch
    }

    /// How long customers waited for each answer after the first, over the answers in the window.
    pub fn next_response(&self) -> &Durations {
        &self.next_response
    }

    /// How long requesters waited for somebody else, over the tickets last resolved in the window.
    pub fn requester_wait(&self) -> &Durations {
        &self.requester_wait
    }

    /// From creation or reopening to the resolution, over the resolutions in the window.
    pub fn cycle_resolution(&self) -> &Durations {
        &self.cycle_resolution
    }

    /// How long the resolutions in the window lay with their holders.
    pub fn held(&self) -> &Durations {
        &self.held
    }

    /// The effort of the tickets last resolved in the window.
    pub fn handle_time(&self) -> &Durations {
        &self.handle
    }

    /// How often agents wrote on the tickets last resolved in the window.
    pub fn touches(&self) -> &Amounts {
        &self.touches
    }

    /// How often these went from team to team.
    pub fn team_transfers(&self) -> &Amounts {
        &self.team_transfers
    }

    /// How often these went from agent to agent.
    pub fn agent_transfers(&self) -> &Amounts {
        &self.agent_transfers
    }

    /// Of the tickets first resolved in the window whose customer had been told a time: those resolved by then.
    pub fn estimates_kept(&self) -> &Ratio {
        &self.eta_kept
    }

    /// How far these resolutions lay from the time told, early or late.
    pub fn estimate_deviation(&self) -> &Durations {
        &self.eta_deviation
    }

    /// The marks for satisfaction given in the window.
    pub fn csat(&self) -> &Marks {
        &self.csat
    }

    /// The marks for recommendation given in the window.
    pub fn nps(&self) -> &Marks {
        &self.nps
    }

    /// The marks for effort given in the window.
    pub fn ces(&self) -> &Marks {
        &self.ces
    }

    /// How old the tickets are that wait at the instant of the report.
    pub fn backlog_age(&self) -> &Durations {
        &self.backlog_age
    }

    /// The tickets created in the window for each of `units`: customers, orders, whatever the host counts.
    pub fn contact_rate(&self, units: u64) -> PerUnit {
        PerUnit::new(self.volume, units)
    }

    /// Any of the figures by its name. [`Figure::Outside`] for those that need what no ticket tells: the host's number of
    /// units ([`KpiReport::contact_rate`]), contacts ([`ServiceLevel`](super::ServiceLevel)), reviews, visits or
    /// surveys ([`QualityTally`](super::QualityTally), [`SelfServiceTally`](super::SelfServiceTally), [`SurveyTally`](super::SurveyTally)).
    pub fn figure(&self, kpi: Kpi) -> Figure<'_> {
        match kpi {
            Kpi::Volume => Figure::Count(self.volume),
            Kpi::Resolved => Figure::Count(self.resolved),
            Kpi::Backlog => Figure::Count(self.backlog.now()),
            Kpi::ResolutionRate => Figure::Ratio(&self.resolution_rate),
            Kpi::ReopenRate => Figure::Ratio(&self.reopen_rate),
            Kpi::ResolutionsReopened => Figure::Ratio(&self.resolutions_reopened),
            Kpi::FirstContactResolution => Figure::Ratio(&self.first_contact),
            Kpi::OneTouch => Figure::Ratio(&self.one_touch),
            Kpi::EtaKept => Figure::Ratio(&self.eta_kept),
            Kpi::PromisesKept => self
                .attainment_of(Metric::PromisedUpdate)
                .map_or(Figure::Outside, |one| Figure::Ratio(one.ratio())),
            Kpi::FirstResponseTime => Figure::Durations(&self.first_response),
            Kpi::NextResponseTime => Figure::Durations(&self.next_response),
            Kpi::RequesterWait => Figure::Durations(&self.requester_wait),
            Kpi::FirstResolutionTime => Figure::Durations(&self.first_resolution),
            Kpi::TotalResolutionTime => Figure::Durations(&self.total_resolution),
            Kpi::CycleResolutionTime => Figure::Durations(&self.cycle_resolution),
            Kpi::HeldTime => Figure::Durations(&self.held),
            Kpi::HandleTime => Figure::Durations(&self.handle),
            Kpi::EtaDeviation => Figure::Durations(&self.eta_deviation),
            Kpi::BacklogAge => Figure::Durations(&self.backlog_age),
            Kpi::Touches => Figure::Amounts(&self.touches),
            Kpi::TeamTransfers => Figure::Amounts(&self.team_transfers),
            Kpi::AgentTransfers => Figure::Amounts(&self.agent_transfers),
            Kpi::SlaAttainment => Figure::Attainment(&self.attainment),
            Kpi::Csat => Figure::Marks(&self.csat),
            Kpi::Nps => Figure::Promoters(self.nps.net_promoters()),
            Kpi::Ces => Figure::Marks(&self.ces),
            Kpi::ContactRate
            | Kpi::ServiceLevel
            | Kpi::AbandonmentRate
            | Kpi::Containment
            | Kpi::BotResolution
            | Kpi::HandOffRate
            | Kpi::QualityScore
            | Kpi::SelfServiceScore
            | Kpi::SurveyResponseRate
            | Kpi::RecurrenceByCause
            | Kpi::ServiceRecovery => Figure::Outside,
        }
    }

    /// Each clock that has a target on some ticket created in the window, in the order of their ids.
    pub fn attainment(&self) -> &[Attainment] {
        &self.attainment
    }

    /// One clock's part of [`KpiReport::attainment`].
    pub fn attainment_of(&self, clock: impl Into<ClockId>) -> Option<&Attainment> {
        let clock = clock.into();
        self.attainment
            .iter()
            .find(|attainment| attainment.clock == clock)
    }

    /// The backlog now, and at the end of each day of the window: of the tickets that the report is about, whenever they came.
    pub fn backlog(&self) -> &Backlog {
        &self.backlog
    }
}

/// One duration in calendar and in business time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Durations {
    /// All time; `None` where nothing was measured.
    pub calendar: Option<Summary>,
    /// Open time; `None` where nothing was measured.
    pub business: Option<Summary>,
    /// Members of the window that have no such duration, by reason.
    pub excluded: Excluded,
}

/// Every clock together.
pub(super) fn all_clocks(all: &[Attainment]) -> Ratio {
    let (mut met, mut decided, mut left_out) = (0u64, 0u64, Vec::new());
    for one in all {
        met = met.saturating_add(one.ratio.numerator());
        decided = decided.saturating_add(one.ratio.denominator());
        left_out.extend(one.ratio.excluded().iter());
    }
    Ratio::new(met, decided, Excluded::from_iter(left_out)).unwrap_or_default()
}

/// How often one clock kept its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attainment {
    pub(super) clock: ClockId,
    pub(super) ratio: Ratio,
    pub(super) met_after_breach: u64, // INVARIANT: <= the ratio's numerator
    /// By what they are left out for; as JSON, how many.
    #[serde(serialize_with = "total")]
    pub(super) outside_after_breach: Excluded,
}

fn total<S: Serializer>(excluded: &Excluded, serializer: S) -> Result<S::Ok, S::Error> {
    excluded.total().serialize(serializer)
}

impl Attainment {
    /// Which clock.
    pub fn clock(&self) -> ClockId {
        self.clock
    }

    /// Met / (met + breached), by the verdict under the target in force when the clock ended. What runs and is past its target
    /// is breached. Tickets that have no target for the clock are left out, and counted among those in whose charge they are (for the first
    /// response, of whoever gave it).
    pub fn ratio(&self) -> &Ratio {
        &self.ratio
    }

    /// Periods of the clock whose verdict is *met* although a target had been passed while it was in force: the two marks differ
    /// there, mostly because somebody changed the priority. A clock that starts again has several periods on one ticket.
    pub fn met_after_breach(&self) -> u64 {
        self.met_after_breach
    }

    /// Periods of the clock left out of the ratio although a target had been passed: the ticket was closed or resolved late
    /// without what was promised, or came under a policy that has no target for the clock.
    pub fn outside_after_breach(&self) -> u64 {
        self.outside_after_breach.total()
    }

    /// The stricter ratio: met only where no target was ever passed while in force, and breached wherever one was, also of the periods
    /// that [`ratio`](Attainment::ratio) leaves out.
    pub fn never_breached(&self) -> Ratio {
        let kept = self.ratio.numerator().saturating_sub(self.met_after_breach);
        let decided = self.ratio.denominator();
        let left_out = self.ratio.excluded().iter();
        let left_out =
            left_out.map(|(why, n)| (why, n.saturating_sub(self.outside_after_breach.count(why))));
        Ratio::new(
            kept,
            decided.saturating_add(self.outside_after_breach()),
            Excluded::from_iter(left_out),
        )
        .unwrap_or_default()
    }
}
