//! What is asked, over which histories.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use helpdesk::calendar::Zone;
use helpdesk::kpi::Report;
use helpdesk::replay::{Difference, How, TicketDifference, What, WhatIf, import};
use helpdesk::{Rulebook, TenantId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Options, Targets};
use crate::other::{Wishes, hours, other, with_saturday};
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
    /// The other business hours. Default: Saturday as long as Monday to Friday, where those are equally long and Saturday is not.
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
        let wishes = self.wishes(&now)?;
        let then = other(&now, &wishes)?;
        let mut what_if = self.what_if(&now, &then, simulated.until);
        let tenant = simulated.desk.tenant(TenantId::SINGLE);
        let mut story = None;
        for ticket in &simulated.tickets {
            let one = what_if.add(TenantId::SINGLE, &tenant.history(*ticket)?)?;
            story = story.or_else(|| story_of(&one, &now.calendar().zone()));
        }
        writeln!(out, "A simulated quarter of {} days", self.days)?;
        tell(out, &now, &wishes, story, &what_if.finish()?)
    }

    fn of_a_log(&self, options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
        if options.html.is_some() {
            return Err("`--html` is for `replay`; here no page is written".into());
        }
        let reading = ProgressBar::new_spinner()
            .with_style(ProgressStyle::with_template("{spinner} {pos} rows read")?);
        let log = servicenow::read(&options.file, &|rows| reading.set_position(rows))?;
        reading.finish_and_clear();

        let now = log_rules::rulebook(options)?;
        let wishes = self.wishes(&now)?;
        let then = other(&now, &wishes)?;
        let imported: Vec<_> = log
            .histories
            .iter()
            .map(|history| import(history, &now, TenantId::SINGLE))
            .collect();
        let last = imported
            .iter()
            .map(|one| one.ticket().last_event_at())
            .max();
        let mut what_if = self.what_if(&now, &then, last.unwrap_or(DateTime::UNIX_EPOCH));
        let begun = std::time::Instant::now();
        let mut story = None;
        for one in &imported {
            let one = what_if.add(TenantId::SINGLE, one.events())?;
            story = story.or_else(|| story_of(&one, &now.calendar().zone()));
        }
        let difference = what_if.finish()?;
        let seconds = begun.elapsed().as_secs_f64();
        let _ = writeln!(
            std::io::stderr(),
            "{} rows tried under two rulebooks in {seconds:.2} s",
            log.rows
        );
        if options.json {
            serde_json::to_writer_pretty(&mut *out, &difference).map_err(std::io::Error::from)?;
            return Ok(writeln!(out)?);
        }
        writeln!(out, "{} rows of a recorded log", log.rows)?;
        tell(out, &now, &wishes, story, &difference)
    }

    fn wishes(&self, now: &Rulebook) -> Result<Wishes, Failure> {
        let longer = || now.calendar().week().and_then(with_saturday);
        let given = self.wish.other_hours.clone();
        let hours = given.or_else(|| Some(longer()?.to_string()));
        Ok(Wishes {
            hours: hours.ok_or_else(|| {
                format!(
                    "`--other-hours` is wanted: beside `{}`, Saturday cannot be made as long as the other days",
                    crate::other::hours(now)
                )
            })?,
            targets: self.wish.other_targets.clone(),
        })
    }

    fn what_if(&self, now: &Rulebook, then: &Rulebook, as_of: DateTime<Utc>) -> WhatIf {
        let zone = now.calendar().zone();
        WhatIf::new(now, then, as_of)
            .report(&Report::standard().zone(zone))
            .examples(self.wish.examples)
    }
}

/// One ticket whose target is missed under one of the two alone, in words.
fn story_of(one: &TicketDifference, zone: &Zone) -> Option<String> {
    let is_breach = |what: &What| matches!(what, What::Breach(_));
    let mut changes = one.changes.iter();
    let breach = changes.find(|changed| is_breach(&changed.what) && changed.how() != How::Moved)?;
    let What::Breach(clock) = breach.what else {
        return None;
    };
    let is_its = |what: &What| *what == What::Due(clock);
    let mut changes = one.changes.iter();
    let due = changes.find(|changed| is_its(&changed.what) && changed.since == breach.since)?;
    let local = |at: DateTime<Utc>| zone.local(at).format("%a %e %b %Y %H:%M").to_string();
    let (before, after) = (local(due.before?), local(due.after?));
    let metric = clock.metric.to_string().replace('_', " ");
    let fate = match breach.how() {
        How::Appeared => "It was kept, and would have been missed.",
        _ => "It was missed, and would have been kept.",
    };
    Some(format!(
        "For example #{}: the {metric} was due {before}, and would have been due {after}. {fate}",
        breach.number
    ))
}

/// The question in words, the answer, and what it comes to.
fn tell(
    out: &mut dyn Write,
    now: &Rulebook,
    wishes: &Wishes,
    story: Option<String>,
    difference: &Difference,
) -> Result<(), Failure> {
    writeln!(
        out,
        "Now:     open {}, {}",
        hours(now),
        now.calendar().zone()
    )?;
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
        lines.fold([0; 2], |[gone, new], line| {
            [gone + line.vanished, new + line.appeared]
        })
    };
    let [kept, missed] = sum(|what| matches!(what, What::Breach(_)));
    let [quiet, loud] = sum(|what| matches!(what, What::Firing { .. }));
    writeln!(out, "In short, for the same work:")?;
    writeln!(
        out,
        "- targets missed that were kept: {missed}; kept that were missed: {kept}"
    )?;
    writeln!(
        out,
        "- escalations that would have been new: {loud}; that would not have come: {quiet}"
    )?;
    if let Some(story) = story {
        writeln!(out, "{story}")?;
    }
    writeln!(
        out,
        "Nobody's work is guessed at. Longer hours and shorter targets promise more; this is what they cost with the\n\
         same work, and not what more people in those hours would have done."
    )?;
    Ok(())
}
