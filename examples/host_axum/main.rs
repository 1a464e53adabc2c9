//! A small help desk as a web service: axum in front, this crate inside, SQLite or PostgreSQL behind.
//!
//! ```console
//! cargo run --release --example host_axum -- --database support.db
//! cargo run --release --example host_axum -- --database postgres://user@localhost/support
//! ```
//!
//! and open <http://127.0.0.1:8080>: open a ticket as a customer, answer and resolve it at the desk, look at the figures. It shows
//! what a host does and the crate does not: it has the clock, the threads and the pages; it sleeps until [`AsyncDesk::nap`] and
//! sweeps; it delivers what the desk puts into the outbox (here it prints it); it ends cleanly on SIGTERM and Ctrl-C: no new
//! connection is taken, requests under way are finished, what is due is recorded, and the exit status is 0.
//!
//! # What it leaves out
//! **Authentication.** Whoever reaches the port is an agent, and whoever has the address of a customer's page is that customer: put it
//! behind your own sign-in, and take the actor of each [`Call`](helpdesk::Call) from there. Everything else is meant seriously: texts are escaped, a
//! page of another site can post nothing here (`guard.rs`), nothing but this service's own style sheet is loaded, and a form that is sent twice
//! is done once.

mod guard;
mod html;
mod pages;
mod service;
mod sweeper;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Parser;
use helpdesk::store::{AsyncStore, GroupCommit, Offloaded, PostgresStore, SqliteStore};
use helpdesk::{AsyncDesk, Rulebook};
use tokio::net::TcpListener;
use tokio::sync::watch;

use service::App;

/// How long requests under way may take once the service is to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a process that sweeps keeps what is due to itself.
const SWEEP_LEASE: TimeDelta = TimeDelta::minutes(1);

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Args {
    /// A file, or the URL of a PostgreSQL server
    #[arg(long, default_value = "support.db")]
    database: String,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A name that people open it by, beside localhost and any address; may be given several times
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    run(Args::parse()).await
}

async fn run(args: Args) -> Result<(), Failed> {
    let store = store(&args.database).await?;
    let desk = AsyncDesk::keeping(store, Rulebook::starter(), service::now()).await?;
    let app = Arc::new(App::new(desk, args.names));
    let asked_to_end = asked_to_end()?; // whoever hears that this listens may end it
    let listener = TcpListener::bind(args.listen).await?;
    let (end, ended) = watch::channel(false);
    let mut sweeper = tokio::spawn(sweeper::run(app.clone(), ended.clone()));
    println!("listening on http://{}", listener.local_addr()?);

    let mut stop = ended.clone();
    let stopped = async move { _ = stop.wait_for(|end| *end).await };
    let served = axum::serve(listener, service::router(app)).with_graceful_shutdown(stopped);
    let mut serving = tokio::spawn(async move { served.await });
    tokio::select! {
        result = &mut serving => return Ok(result??), // the port was taken away
        result = &mut sweeper => return Ok(result?), // nobody would sweep: whoever watches this process starts it anew
        () = asked_to_end => {}
    }
    println!("ending: requests under way are finished");
    end.send_replace(true);
    match tokio::time::timeout(PATIENCE, serving).await {
        Ok(result) => result??,
        Err(_) => println!("some requests took too long and were given up"),
    }
    // The last sweep; what it does not get to, the next start does.
    match tokio::time::timeout(PATIENCE, sweeper).await {
        Ok(result) => result?,
        Err(_) => println!("the last sweep took too long and was given up"),
    }
    println!("ended");
    Ok(())
}

/// A file is used by the threads for blocking work, its writers sharing flushes; a server is used as it is.
async fn store(database: &str) -> Result<Box<dyn AsyncStore>, Failed> {
    if database.starts_with("postgres://") || database.starts_with("postgresql://") {
        // Several processes of this service share the sweeping.
        let options = PostgresStore::options().sweep_lease(SWEEP_LEASE);
        return Ok(Box::new(options.connect_async(database).await?));
    }
    let file = SqliteStore::open(database)?;
    let file = Offloaded::new(file, |job| tokio::task::spawn_blocking(job));
    Ok(Box::new(GroupCommit::new(file)))
}

/// From here on the process is not ended by a signal: it is told.
#[cfg(unix)]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { _ = tokio::signal::ctrl_c().await })
}
