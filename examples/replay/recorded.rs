//! The run over a recorded log: read, import, store, count.

use std::io::Write;

use chrono::{DateTime, Utc};
use helpdesk::replay::{Anomalies, import};
use helpdesk::sla::{Condition, Measure, Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, PendingReasons};
use helpdesk::{Calendar, Desk, Rulebook, TenantId, id::Name};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::args::{Measured, Options};
use crate::figures::{About, figures};
use crate::servicenow::PRIORITIES;
use crate::{holidays, servicenow, show};

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let rulebook = rulebook(options)?;
    let reading = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {pos} rows read")?);
    let log = servicenow::read(&options.file, &|rows| reading.set_position(rows))?;
    reading.finish_and_clear();

    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let importing = ProgressBar::new(log.histories.len() as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos} of {len} tickets imported")?,
    );
    let mut anomalies = Anomalies::default();
    let mut until = DateTime::<Utc>::MIN_UTC;
    for history in log.histories {
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        anomalies.merge(imported.anomalies());
        until = until.max(imported.ticket().last_event_at());
        tenant.import(&imported)?;
        importing.inc(1);
    }
    importing.finish_and_clear();

    let mut tickets = Vec::new();
    tenant.facts(&mut |rows| tickets.push(rows.to_vec()))?;
    let about = About {
        rows: log.rows,
        anomalies,
        groups: log.groups,
        until,
    };
    let figures = figures(&tickets, about, &options.targets, options.measure)?;
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &figures).map_err(std::io::Error::from)?;
        Ok(writeln!(out)?)
    } else {
        show::recorded(out, &figures, options)
    }
}

/// The business hours, and one policy for each priority that has a target.
fn rulebook(options: &Options) -> Result<Rulebook, Failure> {
    let mut office = Calendar::parse(&options.hours, &options.zone)?;
    if let Some(file) = &options.holidays {
        office = office.with_closed_days(holidays::read(file)?)?;
    }
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
