//! The rules under which a recorded log is read.

use std::path::Path;

use helpdesk::sla::{Condition, Measure, Policy, Target};
use helpdesk::ticket::{Metric, PendingReasons};
use helpdesk::{Calendar, Rulebook, id::Name};

use crate::args::{Measured, Options};
use crate::servicenow::PRIORITIES;
use crate::{Failure, holidays};

/// The business hours, and one policy for each priority that has a target.
pub(crate) fn rulebook(options: &Options) -> Result<Rulebook, Failure> {
    let office = office(&options.hours, &options.zone, options.holidays.as_deref())?;
    let (measure, pauses) = match options.measure {
        Measured::Business => (Measure::Business, PendingReasons::NONE),
        Measured::Calendar => (Measure::Calendar, PendingReasons::NONE),
        Measured::BusinessPausing => (Measure::Business, PendingReasons::ALL),
    };
    let mut draft = Rulebook::draft().calendar(Name::new("office")?, office);
    for (number, priority) in PRIORITIES {
        if let Some(amount) = options.targets.0.get(&number) {
            let policy = Policy::new(Name::new(&format!("priority {number}"))?)
                .when(Condition::Priority(vec![priority]))
                .target(Metric::TotalResolution, Target::new(*amount, measure)?)
                .pauses(Metric::TotalResolution, pauses);
            draft = draft.policy(policy);
        }
    }
    Ok(draft.build()?)
}

/// Business hours with closed days from a file.
pub(crate) fn office(
    hours: &str,
    zone: &str,
    holidays: Option<&Path>,
) -> Result<Calendar, Failure> {
    let office = Calendar::parse(hours, zone)?;
    Ok(match holidays {
        Some(file) => office.with_closed_days(holidays::read(file)?)?,
        None => office,
    })
}
