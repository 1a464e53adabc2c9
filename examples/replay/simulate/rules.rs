//! The rules of the simulated desk: its calendars, promises, escalations and teams.

use chrono::NaiveDate;
use helpdesk::Rulebook;
use helpdesk::calendar::Calendar;
use helpdesk::escalation::{Action, Level, Recipient, Rule, Threshold, Trigger};
use helpdesk::id::{AgentId, Name, TeamId};
use helpdesk::sla::{Condition, Policy};
use helpdesk::ticket::{Metric, Priority};

use super::Failure;

/// The rules of the desk: an office with holidays, four policies, three escalations.
pub(super) fn rulebook() -> Result<Rulebook, Failure> {
    let name = |text: &str| Name::new(text);
    let policy = |text: &str, first: &str, total: &str| -> Result<Policy, Failure> {
        Ok(Policy::new(name(text)?)
            .target(Metric::FirstResponse, first.parse()?)
            .target(Metric::TotalResolution, total.parse()?))
    };
    let level = |text: &str, percent| -> Result<Level, Failure> {
        Ok(Level::new(name(text)?, Threshold::percent(percent)?))
    };
    let duty = || Ok::<_, Failure>(Action::Notify(Recipient::Role(name("duty manager")?)));
    Ok(Rulebook::draft()
        .calendar(
            name("office")?,
            office("Mon-Fri 08:00-18:00; Sat 10:00-14:00")?,
        )
        .calendar(name("always")?, Calendar::always())
        .policy(
            policy("critical", "30min", "8h")?
                .when(Condition::Priority(vec![Priority::Critical]))
                .calendar(name("always")?),
        )
        .policy(
            policy("urgent", "1h", "8h")?
                .when(Condition::Priority(vec![Priority::Urgent, Priority::High])),
        )
        .policy(policy("low", "10h", "50h")?.when(Condition::Priority(vec![Priority::Low])))
        .policy(policy("standard", "4h", "24h")?)
        .escalation(
            Rule::new(name("late answer")?, Trigger::clock(Metric::FirstResponse))
                .level(level("soon", 75)?.action(Action::Notify(Recipient::TeamInCharge)))
                .level(level("late", 100)?.action(duty()?)),
        )
        .escalation(
            Rule::new(
                name("late resolution")?,
                Trigger::clock(Metric::TotalResolution),
            )
            .level(level("soon", 80)?.action(Action::Notify(Recipient::AgentInCharge)))
            .level(
                level("late", 100)?
                    .action(duty()?)
                    .action(Action::AddTag(name("overdue")?)),
            )
            .level(level("far too late", 200)?.action(Action::RaisePriority(Priority::High))),
        )
        .build()?)
}

/// Hours in Berlin, closed on the holidays of the quarter.
pub(super) fn office(hours: &str) -> Result<Calendar, Failure> {
    let mut calendar = Calendar::builder("Europe/Berlin")?.hours(hours)?;
    let holidays = [
        (4, 3, "Good Friday"),
        (4, 6, "Easter Monday"),
        (5, 1, "Labour Day"),
        (5, 14, "Ascension Day"),
        (5, 25, "Whit Monday"),
    ];
    for (month, day, what) in holidays {
        calendar = calendar.closed(date(2026, month, day)?, what);
    }
    Ok(calendar.build()?)
}

pub(super) fn date(year: i32, month: u32, day: u32) -> Result<NaiveDate, Failure> {
    NaiveDate::from_ymd_opt(year, month, day)
        .ok_or_else(|| format!("{year}-{month}-{day} is no date").into())
}

pub(super) struct Team {
    pub(super) id: TeamId,
    pub(super) hours: Calendar,
    pub(super) agents: Vec<AgentId>,
}

/// Name, hours, how many agents, how many of 100 tickets.
pub(super) const TEAMS: [(&str, &str, u32, u32); 5] = [
    ("Front desk", "Mon-Fri 08:00-18:00; Sat 10:00-14:00", 9, 45),
    ("Applications", "Mon-Fri 09:00-17:00", 6, 20),
    ("Hardware", "Mon-Fri 07:00-15:30", 4, 15),
    ("Network", "daily 00:00-24:00", 6, 12),
    ("Billing", "Mon-Thu 09:00-16:00; Fri 09:00-13:00", 3, 8),
];

/// How many of 100 tickets of a day come in each hour.
pub(super) const HOURS: [u32; 24] = [
    1, 1, 1, 1, 1, 2, 3, 6, 9, 10, 9, 8, 6, 7, 8, 7, 6, 4, 3, 2, 2, 1, 1, 1,
];

/// Tickets of a day, from Monday on.
pub(super) const DAILY: [u32; 7] = [74, 62, 60, 60, 50, 15, 10];
