//! What reports cost.
//!
//! `cargo bench --bench kpi` runs the standard report over 100,000 tickets against the plain way: a list for each duration, sorted,
//! and a count of the whole backlog's entries and exits by date. Both sides run in turns on the same rows; the ratio of the medians
//! counts. Then the report over a fact table of 1,000,000 tickets, or as many as `-- --tickets N` says, alone; `--shuffled`: in any order.
//! `benches/kpi_peers.py` runs that report and its peers in turns, by `-- --tickets N --serve DIR`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use helpdesk::id::{AgentId, TicketId, TicketNumber};
use helpdesk::kpi::{Fact, FirstResponse, Lengths, Report, Spent};
use helpdesk::sla::Verdict;
use helpdesk::ticket::{self, Agreement, Event, Open, Recorded, Ticket, Version};
use helpdesk::{Actor, Call, Rulebook};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TICKETS: usize = 100_000;
const ROUNDS: usize = 9;
const DAY: i64 = 86_400_000_000;

#[path = "kpi/table.rs"]
mod table;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let said: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        said.iter()
            .position(|word| word == name)
            .and_then(|at| said.get(at + 1))
    };
    let n = option("--tickets").map_or(Ok(1_000_000), |n| n.parse())?;
    let is_shuffled = said.iter().any(|word| word == "--shuffled");
    let pattern = pattern()?;
    match option("--serve") {
        Some(dir) => table::serve(&pattern, n, is_shuffled, dir.as_ref()),
        None if option("--tickets").is_some() => table::time(&pattern, n, is_shuffled),
        None => {
            against_lists(&pattern)?;
            table::time(&pattern, n, is_shuffled)
        }
    }
}

fn against_lists(pattern: &Fact) -> Result<(), Box<dyn std::error::Error>> {
    let tickets = tickets(pattern);
    let as_of = pattern.created_at + TimeDelta::days(400);
    let report = Report::standard();

    let (mut ours, mut theirs, mut back) = (Vec::new(), Vec::new(), Vec::new());
    let mut tally = report.tally(as_of);
    for ticket in &tickets {
        tally.add(ticket)?;
    }
    tally.report()?; // warm
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let made = black_box(report.over(black_box(&tickets), as_of)?);
        ours.push(start.elapsed());

        let start = Instant::now();
        let reference = black_box(naive(black_box(&tickets), as_of));
        theirs.push(start.elapsed());

        let start = Instant::now();
        for ticket in tickets.iter().step_by(10) {
            tally.retract(ticket)?;
            tally.add(ticket)?;
        }
        back.push(start.elapsed());

        let total = made.total_resolution().business.ok_or("no resolution")?;
        let found = (
            total.sum_us(),
            total.p50_us(),
            total.p99_us(),
            made.backlog().peak().map(|(_, n)| n),
        );
        assert_eq!(found, reference, "both sides must agree");
    }
    let (ours, theirs, back) = (median(ours), median(theirs), median(back));
    println!(
        "{TICKETS} tickets, {} rows, median of {ROUNDS} rounds in turns",
        tickets.iter().map(Vec::len).sum::<usize>()
    );
    println!(
        "  standard report         {ours:>10.2?}   {:>6.0} ns a ticket",
        per_ticket(ours, TICKETS)
    );
    println!(
        "  a list each, sorted     {theirs:>10.2?}   {:>6.0} ns a ticket",
        per_ticket(theirs, TICKETS)
    );
    println!(
        "  ratio                   {:>9.2}x   (above 1: the report is faster)",
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
    println!(
        "  replacing a tenth       {back:>10.2?}   {:>6.0} ns a ticket replaced",
        per_ticket(back, TICKETS / 10)
    );
    Ok(())
}

fn per_ticket(time: Duration, n: usize) -> f64 {
    time.as_secs_f64() * 1e9 / n as f64
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One real row, from which the others are made.
fn pattern() -> Result<Fact, Box<dyn std::error::Error>> {
    let rulebook = Rulebook::starter();
    let call = Call::new(
        Actor::agent(AgentId::named("kim")),
        "2026-01-05T09:00:00Z".parse()?,
    );
    let open = Open::new("Printer on fire").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None)?;
    let mut ticket =
        Ticket::replay(call.tenant_id(), &opened.recorded(&call)).ok_or("no ticket")?;
    let event = Event::PolicyChosen {
        agreement: Agreement::Sla,
        policy: Some("standard".parse()?),
    };
    let version = Version(ticket.version().0 + 1);
    let (at, actor) = (call.at(), call.actor());
    ticket.apply(&Recorded {
        version,
        at,
        stamped_at: None,
        timing: None,
        actor,
        cause: None,
        event,
    });
    rulebook
        .facts(&ticket)
        .into_iter()
        .next()
        .ok_or_else(|| "no row".into())
}

/// A year of tickets, seeded: long tails, one in ten reopened, one in twelve still open.
fn tickets(pattern: &Fact) -> Vec<Vec<Fact>> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let agent = AgentId::named("kim");
    (0..TICKETS)
        .map(|index| {
            let mut row = pattern.clone();
            let begin = pattern.created_at;
            let after = |us: i64| begin + TimeDelta::microseconds(us);
            let mut tail =
                |scale: i64| (-(1.0 - random.random::<f64>()).ln() * scale as f64) as i64;
            let (answer, works, rests) = (tail(DAY / 12), tail(2 * DAY), tail(3 * DAY));
            let created = random.random_range(0..365 * DAY);
            row.ticket = TicketId::from_uuid(uuid::Uuid::from_u128(index as u128));
            (row.created_at, row.started_at) = (after(created), after(created));
            if let Some(own) = row.own.as_mut() {
                let lengths = Lengths {
                    calendar_us: answer,
                    business_us: answer / 3,
                };
                own.first_response = FirstResponse::Answered {
                    after: lengths,
                    at: after(created + answer),
                    by: agent,
                };
                for clock in &mut own.clocks {
                    clock.kept_until = None;
                    clock.verdict = if works < 3 * DAY {
                        Verdict::Met
                    } else {
                        Verdict::Breached
                    };
                }
            }
            if index % 12 == 0 {
                return vec![row];
            }
            let resolve = |row: &mut Fact, at: i64| {
                let length = Lengths {
                    calendar_us: at - created,
                    business_us: (at - created) / 3,
                };
                let spent = Spent {
                    work: length,
                    ..Spent::default()
                };
                (row.first_resolved_at, row.resolved_at, row.left_at) =
                    (Some(after(at)), Some(after(at)), Some(after(at)));
                (row.first_spent, row.spent) = (Some(spent), Some(spent));
            };
            let resolved = created + works;
            resolve(&mut row, resolved);
            if index % 10 != 0 {
                return vec![row];
            }
            let mut again = row.clone();
            row.reopened_at = Some(after(resolved + rests));
            (again.cycle, again.started_at, again.own) = (1, after(resolved + rests), None);
            resolve(&mut again, resolved + rests + works / 2);
            vec![row, again]
        })
        .collect()
}

/// The same figures the plain way. It checks nothing and leaves most of the counting out; what it answers is compared.
fn naive(tickets: &[Vec<Fact>], as_of: DateTime<Utc>) -> (i128, i64, i64, Option<u64>) {
    let mut lists: [Vec<i64>; 6] = Default::default();
    let mut outcomes: HashMap<_, (u64, u64)> = HashMap::new();
    let mut moved: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    let (mut resolved, mut reopened) = (0u64, 0u64);
    // Midnight belongs to the day that it begins.
    let day = |at: DateTime<Utc>| at.date_naive();
    for rows in tickets {
        let Some(own) = &rows[0].own else { continue };
        if let FirstResponse::Answered { after, at, .. } = own.first_response
            && at <= as_of
        {
            lists[0].push(after.calendar_us);
            lists[1].push(after.business_us);
        }
        for clock in &own.clocks {
            let count = outcomes.entry(clock.clock).or_default();
            match clock.verdict_at(as_of) {
                Verdict::Met => count.0 += 1,
                Verdict::Breached => count.1 += 1,
                _ => {}
            }
        }
        let happened = |row: &&Fact| row.resolved_at.is_some_and(|at| at <= as_of);
        if let Some(spent) = rows.iter().find(happened).and_then(|row| row.first_spent) {
            lists[2].push(spent.whole().calendar_us);
            lists[3].push(spent.whole().business_us);
        }
        if let Some(spent) = rows.iter().rev().find(happened).and_then(|row| row.spent) {
            lists[4].push(spent.whole().calendar_us);
            lists[5].push(spent.whole().business_us);
        }
        for row in rows.iter().filter(|row| row.started_at <= as_of) {
            *moved.entry(day(row.started_at)).or_default() += 1;
            if let Some(left) = row.left_at.filter(|at| *at <= as_of) {
                *moved.entry(day(left)).or_default() -= 1;
                resolved += 1;
                reopened += u64::from(
                    row.reopened_at
                        .is_some_and(|at| at - left <= TimeDelta::days(7)),
                );
            }
        }
    }
    let mut figures = Vec::new();
    for list in &mut lists {
        list.sort();
        let at = |percent: usize| list[(percent * list.len()).div_ceil(100) - 1];
        let sum: i128 = list.iter().map(|value| i128::from(*value)).sum();
        figures.push((sum, at(50), at(90), at(95), at(99)));
    }
    let (mut waiting, mut peak) = (0, None);
    for net in moved.values() {
        waiting += net;
        peak = peak.max(u64::try_from(waiting).ok());
    }
    black_box((&figures, &outcomes, resolved, reopened));
    let (sum, p50, _, _, p99) = figures[5];
    (sum, p50, p99, peak)
}
