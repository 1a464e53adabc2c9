//! A ticket from its opening to its report: the first hour with the crate, on the memory store.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::ticket::{Metric, Pending};
use helpdesk::{Actor, Call, Command, Desk, Open, Report, Rulebook};
use helpdesk::{id::AgentId, store::MemoryStore};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let me = Actor::agent(AgentId::named("kim")); // or the id that your application has for her
    let now: DateTime<Utc> = "2026-03-05T15:00:00Z".parse()?; // your clock: the crate reads none

    let open = Open::new("Printer on fire").from("ann@example.com");
    let t = desk.open(&Call::new(me, now), open)?;
    if let Some(due) = t.reading(Metric::FirstResponse).due() {
        println!("#{} first answer due {due}", t.number());
    }

    let later = now + TimeDelta::minutes(40);
    let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
    let t = desk.submit(t.id(), &Call::new(me, later), ask)?;
    let answered = t.reading(Metric::FirstResponse).elapsed().num_minutes();
    println!(
        "#{} is {}; answered in {answered} min",
        t.number(),
        t.ticket().status()
    );

    let ann = Call::new(
        Actor::customer(t.ticket().requester()),
        later + TimeDelta::minutes(20),
    );
    desk.submit(t.id(), &ann, Command::reply("The third"))?;
    let done = Call::new(me, later + TimeDelta::minutes(50));
    desk.submit(t.id(), &done, Command::reply("Put out.").then_resolve())?;

    // Records what fell due; how often you do this changes how soon it is known, never what is recorded.
    let tomorrow = now + TimeDelta::days(1);
    desk.sweep(tomorrow, 500)?;
    print!(
        "{}",
        desk.report(&Report::standard().last_days(30), tomorrow)?
    );
    Ok(())
}
