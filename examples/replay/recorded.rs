//! The run over a recorded log: read, import, store, count.

use std::io::Write;

use chrono::{DateTime, Utc};
use helpdesk::kpi::{Dimension, Fact, Kpi, Names, Report};
use helpdesk::replay::{Anomalies, import};
use helpdesk::report::Overview;
use helpdesk::store::MemoryStore;
use helpdesk::{Desk, TenantId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::args::Options;
use crate::figures::{About, Priorities, figures};
use crate::log_rules::rulebook;
use crate::{page, servicenow, show};

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
    let mut priorities = Priorities::default();
    let mut until = DateTime::<Utc>::MIN_UTC;
    for history in log.histories {
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        anomalies.merge(imported.anomalies());
        until = until.max(imported.ticket().last_event_at());
        priorities.add(imported.ticket().id(), imported.events());
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
        priorities,
        until,
    };
    if let Some(file) = &options.html {
        let names = about
            .groups
            .iter()
            .fold(Names::default(), |names, (id, name)| {
                names.name(id.uuid(), name.as_str())
            });
        page::write(
            file,
            overview(options, &tickets, until)?.page("Incidents of the log", &names)?,
        )?;
    }
    let figures = figures(&tickets, about, &options.targets, options.measure)?;
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &figures).map_err(std::io::Error::from)?;
        Ok(writeln!(out)?)
    } else {
        show::recorded(out, &figures, options)
    }
}

/// The page, with the targets of the priorities among the lengths of resolutions.
fn overview(
    options: &Options,
    tickets: &[Vec<Fact>],
    until: DateTime<Utc>,
) -> Result<Overview, Failure> {
    let mut overview = Overview::new(&Report::standard(), until)
        .compare(Dimension::Team, Kpi::ResolutionsReopened);
    for (priority, target) in &options.targets.0 {
        let label = format!("P{priority}");
        overview = overview.target(Kpi::TotalResolutionTime, label, *target);
    }
    for rows in tickets {
        overview.add(rows)?;
    }
    Ok(overview)
}
