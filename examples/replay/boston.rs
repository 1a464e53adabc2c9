//! The run over the requests of a city: read, import, count, each request by itself.
//!
//! The file is read twice. The first time tells up to when it tells, and so which instant the figures are of; the second time
//! each request is imported, becomes rows, is counted and forgotten.

use std::io::Write;

use chrono::{DateTime, Utc};
use helpdesk::id::Name;
use helpdesk::kpi::{Dimension, Kpi, Names, Report};
use helpdesk::replay::import;
use helpdesk::{Rulebook, TenantId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Requests;
use crate::boston_figures::Counting;
use crate::log_rules::office;
use crate::{Failure, boston_log, boston_show, page};

pub(crate) fn run(requests: &Requests, out: &mut dyn Write) -> Result<(), Failure> {
    let office = office(
        &requests.hours,
        &requests.zone,
        requests.holidays.as_deref(),
    )?;
    let zone = office.zone();
    let rulebook = Rulebook::draft()
        .calendar(Name::new("office")?, office)
        .build()?;
    let file = &requests.file;
    let as_of = boston_log::last_instant(file, &zone)?;
    let as_of = as_of.ok_or_else(|| format!("{}: there is no request", file.display()))?;

    let report = Report::standard().zone(zone.clone());
    let mut counting = Counting::new(&report, as_of)?;
    let mut overview = requests.html.as_ref().map(|_| overview(&report, as_of));
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {pos} requests")?);
    boston_log::each(file, &zone, &mut |history, queue| {
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        let rows = rulebook.facts(imported.ticket());
        counting.add(&rows, queue, imported.anomalies())?;
        if let Some(overview) = &mut overview {
            overview.add(&rows)?;
        }
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();

    if let (Some(overview), Some(file)) = (&overview, &requests.html) {
        let queues = counting.queues().iter();
        let names = queues.fold(Names::default(), |names, (id, name)| {
            names.name(id.uuid(), name.as_str())
        });
        page::write(
            file,
            overview.page("Service requests of Boston, 2011", &names)?,
        )?;
    }
    let figures = counting.figures()?;
    if requests.json {
        serde_json::to_writer_pretty(&mut *out, &figures).map_err(std::io::Error::from)?;
        Ok(writeln!(out)?)
    } else {
        boston_show::requests(out, &figures, requests)
    }
}

fn overview(report: &Report, as_of: DateTime<Utc>) -> helpdesk::report::Overview {
    helpdesk::report::Overview::new(report, as_of)
        .weekly(Kpi::EtaKept)
        .compare(Dimension::Team, Kpi::EtaKept)
}
