//! What if we also opened on Saturday? Other rules, tried on what happened.
//!
//! ```text
//! cargo run --release --example what_if
//! cargo run --release --example what_if -- --other-hours "Mon-Fri 07:00-20:00" --other-targets "2=4h"
//! cargo run --release --example what_if -- servicenow ../shared/data/servicenow/incident_event_log.csv.gz \
//!     --zone America/New_York --hours "Mon-Fri 09:00-17:00" --targets "1=4h,2=8h,3=24h,4=40h"
//! ```
//!
//! Without an argument the simulated quarter of the example `replay` is what happened; with a log, its histories are. Nothing is
//! stored and nothing is sent. Progress goes to the standard error, results to the standard output: the same for the same
//! arguments.

#[path = "../replay/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../replay/csv_log.rs"]
mod csv_log;
#[path = "../replay/holidays.rs"]
mod holidays;
#[path = "../replay/log_rules.rs"]
mod log_rules;
mod other;
mod question;
#[path = "../replay/servicenow.rs"]
mod servicenow;
#[path = "../replay/simulate/mod.rs"]
#[allow(dead_code)]
mod simulate;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

/// Why a run ended early, for people.
pub(crate) type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let done = question::Question::parse().answer(&mut out);
    match done.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS, // the reader has seen enough
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(failure: &Failure) -> bool {
    let error = failure.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
