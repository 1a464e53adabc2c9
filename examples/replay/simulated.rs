//! The run over a simulated quarter.

use std::io::Write;
use std::path::Path;

use helpdesk::TenantId;
use helpdesk::kpi::{Kpi, Report};
use helpdesk::report::Overview;
use helpdesk::time::Span;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::simulate::{Quarter, simulate};
use crate::{page, show};

/// What the simulated desk promises, for the charts.
const TARGETS: [(Kpi, &str, u32); 5] = [
    (Kpi::FirstResponseTime, "urgent 1 h", 1),
    (Kpi::FirstResponseTime, "standard 4 h", 4),
    (Kpi::FirstResponseTime, "low 10 h", 10),
    (Kpi::TotalResolutionTime, "urgent 8 h", 8),
    (Kpi::TotalResolutionTime, "standard 24 h", 24),
];

pub(crate) fn run(
    quarter: &Quarter,
    html: Option<&Path>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let bar = ProgressBar::new(quarter.days.into())
        .with_style(ProgressStyle::with_template("{bar:40} day {pos} of {len}")?);
    let simulated = simulate(*quarter, &|days| bar.set_position(days))?;
    bar.finish_and_clear();

    let tenant = simulated.desk.tenant(TenantId::SINGLE);
    let mut tickets = Vec::new();
    tenant.facts(&mut |rows| tickets.push(rows.to_vec()))?;
    let rulebook = simulated.desk.rulebooks().current(TenantId::SINGLE);
    let wanted = Report::standard().zone(rulebook.calendar().zone());
    let report = wanted.over(&tickets, simulated.until)?;
    if let Some(file) = html {
        let mut overview = Overview::new(&wanted, simulated.until);
        for (kpi, label, hours) in TARGETS {
            overview = overview.target(kpi, label, Span::hours(hours));
        }
        for rows in &tickets {
            overview.add(rows)?;
        }
        page::write(
            file,
            overview.page("A simulated quarter", &simulated.names)?,
        )?;
    }
    show::simulated(out, &simulated, &report, &tickets)
}
