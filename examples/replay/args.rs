//! What can be said on the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use helpdesk::sla::Target;
use helpdesk::time::Span;

use crate::simulate::Quarter;

/// A quarter of a support desk: simulated, or replayed from a recorded log.
#[derive(Debug, Parser)]
#[command(name = "replay")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) what: Option<What>,
    /// The seed of the simulation: the same seed, the same quarter.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// How many days are simulated, at most 366.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// Also writes the report as one HTML page to this file.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn quarter(&self) -> Quarter {
        Quarter {
            seed: self.seed,
            days: self.days,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Replays the incident event log of a ServiceNow instance (CSV, also gzipped).
    Servicenow(Options),
    /// Replays the service requests of the City of Boston (CSV, also gzipped).
    Boston(Requests),
    /// Replays the conversations of a company's help desk (two CSV files, also gzipped).
    Helpdesk(Conversations),
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The log.
    pub(crate) file: PathBuf,
    /// The time zone of the business hours. The stamps of the log count as UTC.
    #[arg(long, default_value = "UTC")]
    pub(crate) zone: String,
    /// The business hours.
    #[arg(long, default_value = "Mon-Fri 09:00-17:00")]
    pub(crate) hours: String,
    /// Public holidays, as .csv with a column `date`, or as .ics.
    #[arg(long)]
    pub(crate) holidays: Option<PathBuf>,
    /// How much time a resolution may take, by priority from 1 to 4.
    #[arg(long, default_value = "1=4h,2=8h,3=24h,4=40h")]
    pub(crate) targets: Targets,
    /// How the time for the targets is measured.
    #[arg(long, value_enum, default_value_t = Measured::Business)]
    pub(crate) measure: Measured,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also writes the report as one HTML page to this file.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Requests {
    /// The file of requests.
    pub(crate) file: PathBuf,
    /// The time zone of the stamps, of the business hours and of the midnights.
    #[arg(long, default_value = "America/New_York")]
    pub(crate) zone: String,
    /// The business hours.
    #[arg(long, default_value = "Mon-Fri 09:00-17:00")]
    pub(crate) hours: String,
    /// Public holidays, as .csv with a column `date`, or as .ics.
    #[arg(long)]
    pub(crate) holidays: Option<PathBuf>,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also writes the report as one HTML page to this file.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Conversations {
    /// The messages, sentence by sentence.
    pub(crate) utterances: PathBuf,
    /// The turns of those in charge, with their marks.
    pub(crate) snapshot: PathBuf,
    /// The accounts that write by themselves, such as `4ggo,z2w_x`.
    #[arg(long, value_delimiter = ',')]
    pub(crate) automatic: Vec<String>,
    /// The time zone of the business hours.
    #[arg(long, default_value = "UTC")]
    pub(crate) zone: String,
    /// The business hours.
    #[arg(long, default_value = "Mon-Fri 09:00-17:00")]
    pub(crate) hours: String,
    /// Public holidays, as .csv with a column `date`, or as .ics.
    #[arg(long)]
    pub(crate) holidays: Option<PathBuf>,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also writes the report as one HTML page to this file.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
}

/// How the time for a target is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measured {
    /// Business time, but for what was spent resolved or closed.
    Business,
    /// All time, but for what was spent resolved or closed.
    Calendar,
    /// Business time of work alone: waiting does not count.
    BusinessPausing,
}

/// A target for each priority from 1 to 4 that has one.
#[derive(Clone, Debug)]
pub(crate) struct Targets(pub(crate) BTreeMap<u8, Span>);

impl FromStr for Targets {
    type Err = String;
    fn from_str(text: &str) -> Result<Targets, String> {
        let mut targets = BTreeMap::new();
        for part in text.split(',') {
            let (priority, length) = part.split_once('=').ok_or_else(|| {
                format!(
                    "`{part}` is not a target; a priority and a length are expected, such as `1=4h`"
                )
            })?;
            let priority = match priority.trim() {
                "1" => 1,
                "2" => 2,
                "3" => 3,
                "4" => 4,
                other => return Err(format!("`{other}` is not a priority; 1 to 4 are allowed")),
            };
            let target: Target = length.parse().map_err(|error| format!("{error}"))?;
            let amount = target.amount().ok_or_else(|| {
                format!(
                    "`{target}` has no fixed length; hours or minutes are expected, such as `4h`"
                )
            })?;
            if targets.insert(priority, amount).is_some() {
                return Err(format!(
                    "priority {priority} has two targets; one is allowed"
                ));
            }
        }
        Ok(Targets(targets))
    }
}
