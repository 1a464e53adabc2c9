//! A rulebook to begin with.

use crate::calendar::Calendar;
use crate::escalation::{Action, Level, Recipient, Rule, Threshold, Trigger};
use crate::sla::{Condition, Measure, Policy, Target};
use crate::ticket::{Metric, Priority};
use crate::time::Span;

use super::RulebookDraft;
use super::draft::known;

impl RulebookDraft {
    /// The draft behind [`Rulebook::starter`](super::Rulebook::starter), to begin one's own with.
    pub fn starter() -> RulebookDraft {
        let hours = |n| {
            Target::new(Span::hours(n), Measure::Business)
                .unwrap_or_else(|_| unreachable!("more than 0"))
        };
        let urgent = Condition::Priority(vec![Priority::Urgent, Priority::Critical]);
        let office =
            Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap_or_else(|_| Calendar::always());
        let late = |percent, name, action| {
            let at = Threshold::percent(percent).unwrap_or_else(|_| unreachable!("a per cent"));
            Level::new(known(name), at).action(action)
        };
        let duty = || Action::Notify(Recipient::Role(known("duty manager")));
        RulebookDraft::default()
            .calendar(known("office"), office)
            .policy(
                Policy::new(known("urgent"))
                    .when(urgent)
                    .target(Metric::FirstResponse, hours(1))
                    .target(Metric::TotalResolution, hours(8)),
            )
            .policy(
                Policy::new(known("standard"))
                    .target(Metric::FirstResponse, hours(8))
                    .target(Metric::TotalResolution, hours(40)),
            )
            .escalation(
                Rule::new(known("late answer"), Trigger::clock(Metric::FirstResponse))
                    .level(late(75, "soon", Action::Notify(Recipient::AgentInCharge)))
                    .level(late(100, "late", duty())),
            )
            .escalation(
                Rule::new(
                    known("late resolution"),
                    Trigger::clock(Metric::TotalResolution),
                )
                .level(late(80, "soon", Action::Notify(Recipient::AgentInCharge)))
                .level(late(100, "late", duty()).action(Action::AddTag(known("overdue")))),
            )
    }
}
