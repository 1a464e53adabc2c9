//! The first real run: a quarter of a support desk, simulated or recorded, and what it says about the desk.
//!
//! ```text
//! cargo run --release --example replay
//! cargo run --release --example replay -- servicenow ../shared/data/servicenow/incident_event_log.csv.gz \
//!     --zone America/New_York --hours "Mon-Fri 09:00-17:00" --targets "1=4h,2=8h,3=24h,4=40h" --measure business
//! cargo run --release --example replay -- boston ../shared/data/boston311/311_service_requests_2011.csv.gz --html boston.html
//! cargo run --release --example replay -- helpdesk ../shared/data/helpdesk/sample_utterances.csv.gz \
//!     ../shared/data/helpdesk/issues_snapshot_sample.csv.gz --automatic 4ggo,z2w_x --hours "Sun-Thu 06:00-14:00"
//! ```
//!
//! Without an argument a seeded simulation runs: thousands of tickets, each command through a [`helpdesk::Desk`], a sweep
//! at each wake-up. With a log its histories are imported. Progress goes to the standard error, results to the standard output, and a page of tables and charts to the file
//! named by `--html`.

mod args;
mod boston;
mod boston_figures;
mod boston_log;
mod boston_show;
mod csv_log;
mod figures;
mod helpdesk_figures;
mod helpdesk_log;
mod helpdesk_reviews;
mod helpdesk_run;
mod helpdesk_show;
mod holidays;
mod log_rules;
mod page;
mod recorded;
mod servicenow;
mod show;
mod simulate;
mod simulated;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, What};

/// Why a run ended early, for people.
pub(crate) type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = io::stdout().lock();
    let done = match &arguments.what {
        None => simulated::run(&arguments.quarter(), arguments.html.as_deref(), &mut out),
        Some(What::Servicenow(options)) => recorded::run(options, &mut out),
        Some(What::Boston(requests)) => boston::run(requests, &mut out),
        Some(What::Helpdesk(conversations)) => helpdesk_run::run(conversations, &mut out),
    };
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
