//! The run over a recorded log: read, import, store, count.

use std::io::Write;

use chrono::{DateTime, Utc};
use helpdesk::replay::{Anomalies, import};
use helpdesk::store::MemoryStore;
use helpdesk::{Desk, TenantId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::args::Options;
use crate::figures::{About, figures};
use crate::log_rules::rulebook;
use crate::{servicenow, show};

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
