//! What is asked, over which histories.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use helpdesk::replay::{Difference, What, WhatIf, import};
use helpdesk::kpi::Report;
use helpdesk::{Rulebook, TenantId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Options, Targets};
use crate::other::{Wishes, hours, other};
use crate::simulate::{Quarter, simulate};
use crate::{Failure, log_rules, servicenow};

/// What if the rules had been others? By default: what if we also opened on Saturday, from morning to evening?
#[derive(Debug, Parser)]
#[command(name = "what_if")]
pub(crate) struct Question {
    #[command(subcommand)]
    of: Option<Of>,
    #[command(flatten)]
    wish: Wish,
    /// The seed of the simulation: the same seed, the same quarter.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// How many days are simulated, at most 366.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Asks about the incident event log of a ServiceNow instance (CSV, also gzipped).
    Servicenow(Options),
}

#[derive(Debug, Args)]
struct Wish {
    /// The other business hours. Default: Saturday as long as the other days.
    #[arg(long, global = true)]
    other_hours: Option<String>,
    /// How much time a resolution may take instead, by priority from 1 to 4, such as `1=2h,2=4h`. Default: as now.
    #[arg(long, global = true)]
    other_targets: Option<Targets>,
    /// How many tickets are named for each line.
    #[arg(long, global = true, default_value_t = 6)]
    examples: usize,
}

impl Question {
    pub(crate) fn answer(&self, out: &mut dyn Write) -> Result<(), Failure> {
        match &self.of {
            None => self.of_the_quarter(out),
            Some(Of::Servicenow(options)) => self.of_a_log(options, out),
        }
    }

    fn of_the_quarter(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let quarter = Quarter {
            seed: self.seed,
            days: self.days,
        };
        let bar = ProgressBar::new(quarter.days.into())
            .with_style(ProgressStyle::with_template("{bar:40} day {pos} of {len}")?);
        let simulated = simulate(quarter, &|days| bar.set_position(days))?;
        bar.finish_and_clear();

        let now = simulated.desk.rulebooks().current(TenantId::SINGLE).clone();
        let wishes = self.wishes("Mon-Sat 08:00-18:00");
        let then = other(&now, &wishes)?;
        let mut what_if = self.what_if(&now, &then, simulated.until);
        let tenant = simulated.desk.tenant(TenantId::SINGLE);
        for ticket in &simulated.tickets {
            what_if.add(TenantId::SINGLE, &tenant.history(*ticket)?)?;
        }
        writeln!(out, "A simulated quarter of {} days", self.days)?;
        tell(out, &now, &wishes, &what_if.finish()?)
    }

    fn of_a_log(&self, options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
        let reading = ProgressBar::new_spinner()
            .with_style(ProgressStyle::with_template("{spinner} {pos} rows read")?);
        let log = servicenow::read(&options.file, &|rows| reading.set_position(rows))?;
        reading.finish_and_clear();

        let now = log_rules::rulebook(options)?;
        let wishes = self.wishes("Mon-Sat 09:00-17:00");
        let then = other(&now, &wishes)?;
        let imported: Vec<_> = log
            .histories
            .iter()
            .map(|history| import(history, &now, TenantId::SINGLE))
            .collect();
        let last = imported.iter().map(|one| one.ticket().last_event_at()).max();
        let mut what_if = self.what_if(&now, &then, last.unwrap_or(DateTime::UNIX_EPOCH));
        let begun = std::time::Instant::now();
        for one in &imported {
            what_if.add(TenantId::SINGLE, one.events())?;
        }
        let difference = what_if.finish()?;
        let seconds = begun.elapsed().as_secs_f64();
        let _ = writeln!(std::io::stderr(), "{} rows tried under two rulebooks in {seconds:.2} s", log.rows);
        if options.json {
            serde_json::to_writer_pretty(&mut *out, &difference).map_err(std::io::Error::from)?;
            return Ok(writeln!(out)?);
        }
        writeln!(out, "{} rows of a recorded log", log.rows)?;
        tell(out, &now, &wishes, &difference)
    }

    fn wishes(&self, longer: &str) -> Wishes {
        Wishes {
            hours: self.wish.other_hours.clone().unwrap_or_else(|| longer.to_owned()),
            targets: self.wish.other_targets.clone(),
        }
    }

    fn what_if(&self, now: &Rulebook, then: &Rulebook, as_of: DateTime<Utc>) -> WhatIf {
        let zone = now.calendar().zone();
        WhatIf::new(now, then, as_of)
            .report(&Report::standard().zone(zone))
            .examples(self.wish.examples)
    }
}

/// The question in words, the answer, and what it comes to.
fn tell(
    out: &mut dyn Write,
    now: &Rulebook,
    wishes: &Wishes,
    difference: &Difference,
) -> Result<(), Failure> {
    writeln!(out, "Now:     open {}, {}", hours(now), now.calendar().zone())?;
    writeln!(out, "What if: open {}", wishes.hours)?;
    if let Some(targets) = &wishes.targets {
        let all: Vec<String> = targets
            .0
            .iter()
            .map(|(priority, length)| format!("priority {priority} in {length}"))
            .collect();
        writeln!(out, "         and resolved: {}", all.join(", "))?;
    }
    writeln!(out, "\n{difference}")?;
    let sum = |is_mine: fn(&What) -> bool| {
        let lines = difference.lines.iter().filter(|line| is_mine(&line.what));
        lines.fold([0; 2], |[gone, new], line| [gone + line.vanished, new + line.appeared])
    };
    let [kept, missed] = sum(|what| matches!(what, What::Breach(_)));
    let [quiet, loud] = sum(|what| matches!(what, What::Firing { .. }));
    writeln!(
        out,
        "In short: for the same work, {missed} more targets would have been missed and {kept} kept that were missed;\n\
         {loud} more escalations would have been sent, and {quiet} not."
    )?;
    writeln!(
        out,
        "Longer hours promise more: nobody worked in them, so this is what they would cost without more hands."
    )?;
    Ok(())
}
