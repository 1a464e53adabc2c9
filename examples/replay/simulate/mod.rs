//! A support desk that never was: customers, teams and their habits, drawn from a seed.
//!
//! Every command goes through a [`Desk`] on a [`MemoryStore`]. Between two commands the desk is swept at each of its wake-ups,
//! and what it wants told is claimed and acknowledged, as a host would do it. The same [`Quarter`] gives the same history
//! on every machine: all draws are whole numbers from a ChaCha stream, one stream per ticket.

mod people;
mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::id::{AgentId, CustomerId, TeamId};
use helpdesk::kpi::Names;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Priority;
use helpdesk::{Actor, Call, Command, Desk, Outcome, TicketId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use rules::{DAILY, HOURS, TEAMS, Team, date, office, rulebook};

type Failure = Box<dyn std::error::Error>;

/// What is simulated: so many days from 1 April 2026 on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quarter {
    /// The same seed, the same history.
    pub(crate) seed: u64,
    /// How many days.
    pub(crate) days: u32,
}

/// What came of it.
pub(crate) struct Simulated {
    /// The desk with all its tickets.
    pub(crate) desk: Desk<MemoryStore>,
    /// The first instant.
    pub(crate) from: DateTime<Utc>,
    /// The last one.
    pub(crate) until: DateTime<Utc>,
    /// The tickets, in the order in which they began.
    pub(crate) tickets: Vec<TicketId>,
    /// What the teams and their agents are called.
    pub(crate) names: Names,
    /// How many commands were given.
    pub(crate) commands: u64,
    /// The commands that were refused, by code.
    pub(crate) refused: BTreeMap<&'static str, u64>,
    /// How many times the desk was swept.
    pub(crate) sweeps: u64,
    /// How many messages were delivered.
    pub(crate) delivered: u64,
}

/// Runs the simulation, telling `progress` the days that have passed.
pub(crate) fn simulate(quarter: Quarter, progress: &dyn Fn(u64)) -> Result<Simulated, Failure> {
    let mut world = World::new(quarter)?;
    let mut days = 0;
    while let Some(((at, _), happening)) = world.agenda.pop_first() {
        if at >= world.until {
            break;
        }
        world.wait_until(at)?;
        world.happen(at, happening)?;
        let passed = (at - world.from).num_days();
        if passed > days {
            days = passed;
            progress(days.unsigned_abs());
        }
    }
    world.wait_until(world.until)?;
    Ok(Simulated {
        desk: world.desk,
        from: world.from,
        until: world.until,
        names: names(&world.teams),
        tickets: world.cases.iter().map(|case| case.ticket).collect(),
        commands: world.commands,
        refused: world.refused,
        sweeps: world.sweeps,
        delivered: world.delivered,
    })
}

fn names(teams: &[Team]) -> Names {
    let mut names = Names::default();
    for (team, (name, ..)) in teams.iter().zip(TEAMS) {
        names = names.name(team.id.uuid(), name);
        for (agent, n) in team.agents.iter().zip(1..) {
            names = names.name(agent.uuid(), format!("{name} {n}"));
        }
    }
    names
}

struct Case {
    ticket: TicketId,
    requester: CustomerId,
    team: usize,
    priority: Priority,
    turns: u32,
    draws: ChaCha8Rng,
}

#[derive(Clone, Copy)]
enum Happening {
    Opens(u64),
    Does(usize, Act),
}

#[derive(Clone, Copy)]
enum Act {
    Triage,
    Work,
    CustomerReplies,
    SupplierReturns,
    Thanks,
    Objects,
    Settle,
    Rates,
}

struct World {
    quarter: Quarter,
    desk: Desk<MemoryStore>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
    teams: Vec<Team>,
    cases: Vec<Case>,
    agenda: BTreeMap<(DateTime<Utc>, u64), Happening>,
    entries: u64,
    commands: u64,
    refused: BTreeMap<&'static str, u64>,
    sweeps: u64,
    delivered: u64,
}

impl World {
    fn new(quarter: Quarter) -> Result<World, Failure> {
        let zone = office("Mon 00:00-24:00")?.zone();
        let first = date(2026, 4, 1)?;
        let last = first + TimeDelta::days(quarter.days.into());
        let team = |(name, hours, agents, _): (&str, &str, u32, u32)| -> Result<Team, Failure> {
            let hours = if hours.starts_with("daily") {
                Calendar::always()
            } else {
                office(hours)?
            };
            let agents = (1..=agents)
                .map(|n| AgentId::named(&format!("{name} {n}")))
                .collect();
            Ok(Team {
                id: TeamId::named(name),
                hours,
                agents,
            })
        };
        let mut world = World {
            quarter,
            desk: Desk::new(MemoryStore::new(), rulebook()?).max_nap(TimeDelta::days(7)),
            from: zone.start_of(first),
            until: zone.start_of(last),
            now: zone.start_of(first),
            teams: TEAMS.into_iter().map(team).collect::<Result<_, _>>()?,
            cases: Vec::new(),
            agenda: BTreeMap::new(),
            entries: 0,
            commands: 0,
            refused: BTreeMap::new(),
            sweeps: 0,
            delivered: 0,
        };
        let mut draws = ChaCha8Rng::seed_from_u64(quarter.seed);
        let mut opened = 0;
        for day in first.iter_days().take_while(|day| *day < last) {
            let usual = DAILY[day.weekday().num_days_from_monday() as usize];
            for _ in 0..draws.random_range(usual * 3 / 4..=usual * 5 / 4) {
                let (hour, minute, second) = (
                    pick(&mut draws, &HOURS),
                    draws.random_range(0..60),
                    draws.random_range(0..60),
                );
                let time = NaiveTime::from_hms_opt(hour as u32, minute, second).unwrap_or_default();
                world.note(
                    zone.instant_of(day.and_time(time)),
                    Happening::Opens(opened),
                );
                opened += 1;
            }
        }
        Ok(world)
    }

    fn note(&mut self, at: DateTime<Utc>, what: Happening) {
        self.entries += 1;
        self.agenda.insert((at, self.entries), what);
    }

    /// Lets the desk's own time pass: a sweep at each wake-up, and delivery of what it wants told.
    fn wait_until(&mut self, to: DateTime<Utc>) -> Result<(), Failure> {
        loop {
            let next = self.desk.nap(self.now)?;
            if next >= to {
                self.now = to;
                return Ok(());
            }
            self.now = next;
            let swept = self.desk.sweep(self.now, 500)?;
            self.sweeps += 1;
            if let Some((_, error)) = swept.failed.into_iter().next() {
                return Err(error.into());
            }
            let messages = self.desk.claim(self.now, TimeDelta::minutes(1), 500)?;
            let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
            self.desk.acknowledge(&ids)?;
            self.delivered += ids.len() as u64;
        }
    }

    fn happen(&mut self, at: DateTime<Utc>, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Opens(n) => self.opens(at, n),
            Happening::Does(case, act) => self.does(at, case, act),
        }
    }

    fn call(&mut self, actor: Actor, at: DateTime<Utc>) -> Call {
        self.commands += 1;
        Call::with_id(
            Uuid::from_u64_pair(self.quarter.seed, self.commands),
            actor,
            at,
        )
    }

    /// Gives a command; a refusal is counted, and nothing has happened then.
    fn submit(
        &mut self,
        case: usize,
        actor: Actor,
        at: DateTime<Utc>,
        command: Command,
    ) -> Result<Option<Outcome>, Failure> {
        let call = self.call(actor, at);
        match self.desk.submit(self.cases[case].ticket, &call, command) {
            Ok(outcome) => Ok(Some(outcome)),
            Err(error) if error.refusal().is_some() => {
                *self.refused.entry(error.code()).or_default() += 1;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Puts an act on the agenda after so many minutes of the team's hours.
    fn later(&mut self, at: DateTime<Utc>, case: usize, act: Act) -> Result<(), Failure> {
        const MINUTES: [i64; 12] = [4, 9, 15, 25, 40, 60, 80, 120, 180, 300, 540, 1_200];
        let Case {
            draws,
            priority,
            team,
            turns,
            ..
        } = &mut self.cases[case];
        let longest = match priority {
            Priority::Critical => 4,
            Priority::Urgent | Priority::High => 8,
            _ if *turns == 0 => 9, // a first answer does not wait long
            _ => MINUTES.len(),
        };
        let minutes = MINUTES[draws.random_range(0..longest as u32) as usize];
        let wait = TimeDelta::seconds(draws.random_range(minutes * 30..minutes * 90));
        let then = self.teams[*team].hours.add(at, wait)?;
        self.note(
            then.max(at + TimeDelta::seconds(1)),
            Happening::Does(case, act),
        );
        Ok(())
    }

    /// Puts an act on the agenda after some hours on the clock.
    fn after_hours(
        &mut self,
        at: DateTime<Utc>,
        case: usize,
        hours: std::ops::Range<i64>,
        act: Act,
    ) {
        let seconds = self.cases[case]
            .draws
            .random_range(hours.start * 3_600..hours.end * 3_600);
        self.note(
            at + TimeDelta::seconds(seconds.max(60)),
            Happening::Does(case, act),
        );
    }
}

/// One of several, each as often as its weight tells.
fn pick(draws: &mut ChaCha8Rng, weights: &[u32]) -> usize {
    let mut left = draws.random_range(0..weights.iter().sum());
    for (i, weight) in weights.iter().enumerate() {
        if left < *weight {
            return i;
        }
        left -= weight;
    }
    0
}
