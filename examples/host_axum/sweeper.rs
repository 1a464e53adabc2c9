//! The loop beside the requests: sleep until something is due, record it, deliver the outbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use helpdesk::store::{OutboxMessage, Outgoing};
use tokio::sync::watch;

use crate::service::{App, now};

/// How many tickets a sweep looks at, and how many messages are taken at a time.
const AT_ONCE: usize = 500;
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long a request may be made again under its key.
const KEYS_KEPT: TimeDelta = TimeDelta::days(7);
const PRUNED_EVERY: TimeDelta = TimeDelta::hours(1);

/// Runs until it is told to end, and then once more.
pub(crate) async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let mut pruned = DateTime::UNIX_EPOCH;
    loop {
        if now() - pruned >= PRUNED_EVERY {
            pruned = now();
            if let Err(error) = app.desk.prune_keys(pruned - KEYS_KEPT).await {
                eprintln!("old keys are still there: {error}");
            }
        }
        let asleep = match once(&app).await {
            Ok(asleep) => asleep,
            Err(error) => {
                eprintln!("the sweeper goes on in {AFTER_FAILURE:?}: {error}");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(asleep) => {}
            () = app.changed.notified() => {} // a command may have moved the next wake-up
            _ = ended.wait_for(|end| *end) => break,
        }
    }
    if let Err(error) = once(&app).await {
        eprintln!("the last sweep failed, the next start makes up for it: {error}");
    }
}

/// Records and delivers what is due, and tells how long to sleep.
async fn once(app: &App) -> Result<Duration, helpdesk::Error> {
    loop {
        let swept = app.desk.sweep(now(), AT_ONCE).await?;
        for (stream, error) in &swept.failed {
            eprintln!("ticket {} is put off: {error}", stream.id);
        }
        if !swept.more {
            break;
        }
    }
    loop {
        let messages = app
            .desk
            .claim(now(), TimeDelta::minutes(1), AT_ONCE)
            .await?;
        if messages.is_empty() {
            break;
        }
        // A real host would send mail here, and postpone what could not be sent.
        messages.iter().for_each(deliver);
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        app.desk.acknowledge(&ids).await?;
    }
    let now = now();
    let asleep = app.desk.nap(now).await? - now;
    Ok(asleep.to_std().unwrap_or_default())
}

/// The id tells a message apart that is delivered twice because the process died in between.
fn deliver(message: &OutboxMessage) {
    let (rule, action) = match &message.what {
        Outgoing::Escalation { rule, action, .. } => (rule, action),
        Outgoing::Withdrawal { rule, action, .. } => (rule, action),
        _ => return,
    };
    println!(
        "message {}: {rule}: {action:?} about ticket {}",
        message.id, message.ticket
    );
}
