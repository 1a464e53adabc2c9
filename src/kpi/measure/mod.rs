//! What each KPI means, as data: so that two people cannot read one number in two ways.
//!
//! [`MEASURES`] is listed at run time, for a page of definitions or a tooltip beside a figure; [`definitions_markdown`] is the
//! whole of it as text, which ends the documentation of [`kpi`](crate::kpi).
//!
//! ```
//! use helpdesk::kpi::{Direction, Kpi};
//! let reopen = Kpi::ReopenRate.definition();
//! assert_eq!(reopen.direction, Direction::LowerIsBetter);
//! println!("{} = {}: {}", reopen.title, reopen.formula, reopen.exclusions.join("; "));
//! ```

mod render;
mod table;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sla::Measure;

/// A key performance indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kpi {
    /// How many tickets came.
    Volume,
    /// How many tickets came for each customer, order or other unit of what the host counts.
    ContactRate,
    /// How many tickets were resolved.
    Resolved,
    /// How many of those that came are resolved.
    ResolutionRate,
    /// How many of those resolved came back.
    ReopenRate,
    /// How many resolutions did not hold; by agent, how many of each resolver's.
    ResolutionsReopened,
    /// How many were resolved at the first contact.
    FirstContactResolution,
    /// How many were resolved with one message.
    OneTouch,
    /// How long customers waited for the first answer.
    FirstResponseTime,
    /// How long customers waited for each later answer.
    NextResponseTime,
    /// How long the requester waited for somebody else.
    RequesterWait,
    /// How long it took to the first resolution.
    FirstResolutionTime,
    /// How long it took to the last resolution.
    TotalResolutionTime,
    /// How long each resolution cycle took.
    CycleResolutionTime,
    /// How long each resolution lay with its holders.
    HeldTime,
    /// How much effort a resolved ticket took.
    HandleTime,
    /// How often agents wrote on a resolved ticket.
    Touches,
    /// How often a resolved ticket went from team to team.
    TeamTransfers,
    /// How often a resolved ticket went from agent to agent.
    AgentTransfers,
    /// How often a target was kept.
    SlaAttainment,
    /// How often a promised update came in time.
    PromisesKept,
    /// How often a ticket was resolved by the time that the customer was told.
    EtaKept,
    /// How far the resolution lay from the time that the customer was told.
    EtaDeviation,
    /// How satisfied customers are.
    Csat,
    /// How many more customers would recommend the desk than would not.
    Nps,
    /// How easy customers found it.
    Ces,
    /// How many tickets wait.
    Backlog,
    /// How old the tickets are that wait.
    BacklogAge,
    /// How many calls and chats were answered in time.
    ServiceLevel,
    /// How many calls and chats were given up.
    AbandonmentRate,
    /// How well work was done, by reviews against a scorecard.
    QualityScore,
    /// How many visits to the self-service ended without a ticket.
    SelfServiceScore,
    /// How many of those who were asked answered.
    SurveyResponseRate,
    /// How many customers came back with the same cause.
    RecurrenceByCause,
    /// How many customers who were let down are content again.
    ServiceRecovery,
    /// How many conversations with a bot needed no agent.
    Containment,
    /// How many conversations with a bot helped, as the customer said.
    BotResolution,
    /// How many conversations with a bot were handed over to an agent.
    HandOffRate,
}

/// Which of a ticket's instants must lie in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WindowOf {
    /// Its creation.
    Created,
    /// The resolution.
    Resolved,
    /// The event that is counted: an answer, a mark, a contact.
    Event,
    /// None: it is a number at an instant.
    Instant,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Tickets.
    Tickets,
    /// A part of a whole.
    Ratio,
    /// Microseconds.
    Duration,
    /// How many for each ticket.
    PerTicket,
    /// Marks that customers gave.
    Marks,
    /// A number for each unit of the host's; it is no part of a whole.
    PerUnit,
}

/// To whose credit a figure is counted, where it is divided by agent or team.
///
/// Grows with the measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribution {
    /// Who is in charge as the ticket stands.
    Assignee,
    /// Who gave the answer, in the team in charge then.
    Replier,
    /// Who resolved it, in the team in charge then; or who was in charge then, as set ([`Credit`](super::Credit)).
    Resolver,
    /// Each holder, with the time that it lay with them.
    Holder,
    /// Who recorded the effort.
    Worker,
    /// Whom the customer's mark is credited to: who resolved it last, else who was in charge then.
    Credited,
    /// Of each period of a clock, what ended it: of an answer who gave it, of a resolution who resolved it then ([`Resolver`](Self::Resolver)),
    /// of an assignment who was put in charge; otherwise who was in charge when it ended. While it goes on, who is as the ticket stands.
    ByClock,
    /// Whose work was reviewed.
    Reviewed,
    /// Nobody: it is a figure of the desk.
    Desk,
}

/// In which direction lies better.
///
/// Exhaustive: there is no fourth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
    /// Neither: it describes demand, not performance.
    Neutral,
}

/// The definition of one KPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Definition {
    /// Which.
    pub kpi: Kpi,
    /// Its name for people.
    pub title: &'static str,
    /// How it is worked out, in one sentence.
    pub formula: &'static str,
    /// What the numerator counts, where it is a ratio.
    pub numerator: Option<&'static str>,
    /// The set that it is about.
    pub denominator: &'static str,
    /// What is left out, each counted by name.
    pub exclusions: &'static [&'static str],
    /// What places a ticket in the window.
    pub window: WindowOf,
    /// To whose credit it is counted.
    pub attribution: Attribution,
    /// What is counted.
    pub unit: Unit,
    /// In which times it is given, where it is a duration.
    pub measured_in: &'static [Measure],
    /// In which direction lies better.
    pub direction: Direction,
    /// Where the definition comes from, and what comes near it elsewhere.
    pub source: &'static str,
}

pub use render::definitions_markdown;
pub use table::MEASURES;

impl Kpi {
    /// Every KPI.
    pub const ALL: [Kpi; 38] = [
        Kpi::Volume,
        Kpi::ContactRate,
        Kpi::Resolved,
        Kpi::ResolutionRate,
        Kpi::ReopenRate,
        Kpi::ResolutionsReopened,
        Kpi::FirstContactResolution,
        Kpi::OneTouch,
        Kpi::FirstResponseTime,
        Kpi::NextResponseTime,
        Kpi::RequesterWait,
        Kpi::FirstResolutionTime,
        Kpi::TotalResolutionTime,
        Kpi::CycleResolutionTime,
        Kpi::HeldTime,
        Kpi::HandleTime,
        Kpi::Touches,
        Kpi::TeamTransfers,
        Kpi::AgentTransfers,
        Kpi::SlaAttainment,
        Kpi::PromisesKept,
        Kpi::EtaKept,
        Kpi::EtaDeviation,
        Kpi::Csat,
        Kpi::Nps,
        Kpi::Ces,
        Kpi::Backlog,
        Kpi::BacklogAge,
        Kpi::ServiceLevel,
        Kpi::AbandonmentRate,
        Kpi::QualityScore,
        Kpi::SelfServiceScore,
        Kpi::SurveyResponseRate,
        Kpi::RecurrenceByCause,
        Kpi::ServiceRecovery,
        Kpi::Containment,
        Kpi::BotResolution,
        Kpi::HandOffRate,
    ];

    /// The name in files and in code, such as `reopen_rate`.
    pub const fn name(self) -> &'static str {
        match self {
            Kpi::Volume => "volume",
            Kpi::ContactRate => "contact_rate",
            Kpi::Resolved => "resolved",
            Kpi::ResolutionRate => "resolution_rate",
            Kpi::ReopenRate => "reopen_rate",
            Kpi::ResolutionsReopened => "resolutions_reopened",
            Kpi::FirstContactResolution => "first_contact_resolution",
            Kpi::OneTouch => "one_touch",
            Kpi::FirstResponseTime => "first_response_time",
            Kpi::NextResponseTime => "next_response_time",
            Kpi::RequesterWait => "requester_wait",
            Kpi::FirstResolutionTime => "first_resolution_time",
            Kpi::TotalResolutionTime => "total_resolution_time",
            Kpi::CycleResolutionTime => "cycle_resolution_time",
            Kpi::HeldTime => "held_time",
            Kpi::HandleTime => "handle_time",
            Kpi::Touches => "touches",
            Kpi::TeamTransfers => "team_transfers",
            Kpi::AgentTransfers => "agent_transfers",
            Kpi::SlaAttainment => "sla_attainment",
            Kpi::PromisesKept => "promises_kept",
            Kpi::EtaKept => "eta_kept",
            Kpi::EtaDeviation => "eta_deviation",
            Kpi::Csat => "csat",
            Kpi::Nps => "nps",
            Kpi::Ces => "ces",
            Kpi::Backlog => "backlog",
            Kpi::BacklogAge => "backlog_age",
            Kpi::ServiceLevel => "service_level",
            Kpi::AbandonmentRate => "abandonment_rate",
            Kpi::QualityScore => "quality_score",
            Kpi::SelfServiceScore => "self_service_score",
            Kpi::SurveyResponseRate => "survey_response_rate",
            Kpi::RecurrenceByCause => "recurrence_by_cause",
            Kpi::ServiceRecovery => "service_recovery",
            Kpi::Containment => "containment",
            Kpi::BotResolution => "bot_resolution",
            Kpi::HandOffRate => "hand_off_rate",
        }
    }

    /// The KPI's row in [`MEASURES`].
    pub const fn definition(self) -> &'static Definition {
        &MEASURES[self as usize]
    }
}

impl fmt::Display for Kpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.definition().title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kpi_finds_its_own_definition() {
        for kpi in Kpi::ALL {
            let definition = kpi.definition();
            assert_eq!(definition.kpi, kpi);
            assert_eq!(serde_json::to_value(kpi).unwrap(), kpi.name());
            assert_eq!(
                definition.numerator.is_some(),
                matches!(definition.unit, Unit::Ratio | Unit::Marks),
                "{kpi}"
            );
            assert_eq!(
                !definition.measured_in.is_empty(),
                definition.unit == Unit::Duration,
                "{kpi}"
            );
        }
    }
}
