//! The run over a simulated quarter.

use std::io::Write;

use helpdesk::TenantId;
use helpdesk::kpi::Report;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::show;
use crate::simulate::{Quarter, simulate};

pub(crate) fn run(quarter: &Quarter, out: &mut dyn Write) -> Result<(), Failure> {
    let bar = ProgressBar::new(quarter.days.into())
        .with_style(ProgressStyle::with_template("{bar:40} day {pos} of {len}")?);
    let simulated = simulate(*quarter, &|days| bar.set_position(days))?;
    bar.finish_and_clear();

    let tenant = simulated.desk.tenant(TenantId::SINGLE);
    let mut tickets = Vec::new();
    tenant.facts(&mut |rows| tickets.push(rows.to_vec()))?;
    let report = Report::standard()
        .zone(
            simulated
                .desk
                .rulebooks()
                .current(TenantId::SINGLE)
                .calendar()
                .zone(),
        )
        .over(&tickets, simulated.until)?;
    show::simulated(out, &simulated, &report, &tickets)
}
