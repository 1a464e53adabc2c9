//! A ticket from its opening to its report: the first hour with the crate, on the memory store.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let me = Actor::agent(AgentId::named("kim"));
    let now: DateTime<Utc> = "2026-03-05T15:00:00Z".parse()?; // the crate reads no clock: a host passes its own

    let t = desk.open(
        &Call::new(me, now),
        Open::new("Printer on fire").from("ann@example.com"),
    )?;
    let due = t.reading(Metric::FirstResponse).due();
    println!(
        "#{} first answer due {}",
        t.number(),
        due.map_or("never".into(), |due| due.to_string())
    );

    let later = now + TimeDelta::minutes(40);
    let t = desk.submit(
        t.id(),
        &Call::new(me, later),
        Command::reply("Which floor?").then_pend(Pending::Customer),
    )?;
    println!(
        "#{} is {}; answered in {} min",
        t.number(),
        t.ticket().status(),
        t.reading(Metric::FirstResponse).elapsed().num_minutes()
    );

    let ann = Actor::customer(t.ticket().requester());
    desk.submit(
        t.id(),
        &Call::new(ann, later + TimeDelta::hours(2)),
        Command::reply("The third"),
    )?;
    desk.submit(
        t.id(),
        &Call::new(me, later + TimeDelta::hours(3)),
        Command::reply("Put out.").then_resolve(),
    )?;

    let swept = desk.sweep(later + TimeDelta::days(1), 500)?;
    println!(
        "swept {} tickets; next look at {}",
        swept.tickets,
        desk.nap(later + TimeDelta::days(1))?
    );
    Ok(())
}
