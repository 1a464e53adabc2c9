//! The single values behind a figure, for whoever compares groups.

use crate::kpi::error::KpiError;
use crate::kpi::figures::Bands;
use crate::kpi::measure::Kpi;
use crate::ticket::{Metric, RatingKind};

use super::counts::Counts;
use super::parts::{Numbers, Part, Times, count};

/// Values with how often each occurs, in ascending order. Those of a ratio are 0 and 1.
pub(in crate::kpi) type Sample = Vec<(i64, u64)>;

impl Counts {
    /// `None` for what is no set of values: numbers of tickets, scores, figures of the desk.
    pub(in crate::kpi) fn sample(&self, kpi: Kpi) -> Result<Option<Sample>, KpiError> {
        let marks = |kind| -> Result<Option<Sample>, KpiError> {
            let ratio = self.given.marks(kind)?.positive(&Bands::Middle);
            Ok(Some(yes_and_no(ratio.numerator(), ratio.denominator())))
        };
        if let Some(times) = self.times(kpi) {
            return Ok(Some(times.calendar.counted()?));
        }
        match kpi {
            Kpi::ResolutionRate => part(&self.resolution_rate),
            Kpi::ReopenRate => part(&self.reopen_rate),
            Kpi::ResolutionsReopened => part(&self.resolutions_reopened),
            Kpi::FirstContactResolution => part(&self.first_contact),
            Kpi::OneTouch => part(&self.one_touch),
            Kpi::EtaKept => part(&self.eta_kept),
            Kpi::Touches => numbers(&self.touches),
            Kpi::TeamTransfers => numbers(&self.team_transfers),
            Kpi::AgentTransfers => numbers(&self.agent_transfers),
            Kpi::SlaAttainment => self.kept(|_| true),
            Kpi::PromisesKept => self.kept(|metric| metric == Metric::PromisedUpdate),
            Kpi::Csat => marks(RatingKind::Csat),
            Kpi::Ces => marks(RatingKind::Ces),
            Kpi::FirstResponseTime
            | Kpi::NextResponseTime
            | Kpi::RequesterWait
            | Kpi::FirstResolutionTime
            | Kpi::TotalResolutionTime
            | Kpi::CycleResolutionTime
            | Kpi::HeldTime
            | Kpi::HandleTime
            | Kpi::EtaDeviation // lengths: told above
            | Kpi::Volume
            | Kpi::ContactRate
            | Kpi::Resolved
            | Kpi::Nps
            | Kpi::Backlog
            | Kpi::BacklogAge
            | Kpi::ServiceLevel
            | Kpi::AbandonmentRate
            | Kpi::Containment
            | Kpi::BotResolution
            | Kpi::HandOffRate
            | Kpi::QualityScore
            | Kpi::SelfServiceScore
            | Kpi::SurveyResponseRate
            | Kpi::RecurrenceByCause
            | Kpi::ServiceRecovery => Ok(None),
        }
    }

    /// What was counted of a figure that is made of lengths.
    pub(super) fn times(&self, kpi: Kpi) -> Option<&Times> {
        Some(match kpi {
            Kpi::FirstResponseTime => &self.first_response,
            Kpi::NextResponseTime => &self.next_response,
            Kpi::RequesterWait => &self.requester_wait,
            Kpi::FirstResolutionTime => &self.first_resolution,
            Kpi::TotalResolutionTime => &self.total_resolution,
            Kpi::CycleResolutionTime => &self.cycle_resolution,
            Kpi::HeldTime => &self.held,
            Kpi::HandleTime => &self.handle,
            Kpi::EtaDeviation => &self.eta_deviation,
            _ => return None,
        })
    }

    fn kept(&self, which: impl Fn(Metric) -> bool) -> Result<Option<Sample>, KpiError> {
        let (mut met, mut decided) = (0u64, 0u64);
        for (_, clock) in self.clocks.iter().filter(|(id, _)| which(id.metric)) {
            let kept = count(clock.met)?;
            met = met.saturating_add(kept);
            decided = decided
                .saturating_add(kept)
                .saturating_add(count(clock.breached)?);
        }
        Ok(Some(yes_and_no(met, decided)))
    }
}

fn yes_and_no(yes: u64, all: u64) -> Sample {
    let values = [(0, all.saturating_sub(yes)), (1, yes)];
    values.into_iter().filter(|(_, n)| *n > 0).collect()
}

fn part(part: &Part) -> Result<Option<Sample>, KpiError> {
    let ratio = part.ratio()?;
    Ok(Some(yes_and_no(ratio.numerator(), ratio.denominator())))
}

fn numbers(numbers: &Numbers) -> Result<Option<Sample>, KpiError> {
    let amounts = numbers.amounts()?;
    let signed = |(number, n)| (i64::try_from(number).unwrap_or(i64::MAX), n);
    Ok(Some(amounts.iter().map(signed).collect()))
}
