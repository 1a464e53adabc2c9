//! A support desk that never was: customers, teams and their habits, drawn from a seed.
//!
//! Every command goes through a [`Desk`] on a [`MemoryStore`]. Between two commands the desk is swept at each of its wake-ups,
//! and what it wants told is claimed and acknowledged, as a host would do it. The same [`Quarter`] gives the same history
//! on every machine: all draws are whole numbers from a ChaCha stream, one stream per ticket.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::escalation::{Action, Level, Recipient, Rule};
use helpdesk::id::{AgentId, BotId, CustomerId, Name, TeamId};
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Draft, MessageClass, Metric, Pending, Priority, Stage,
};
use helpdesk::{Actor, Call, Command, Desk, Open, Outcome, Rulebook, TicketId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

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
        tickets: world.cases.iter().map(|case| case.ticket).collect(),
        commands: world.commands,
        refused: world.refused,
        sweeps: world.sweeps,
        delivered: world.delivered,
    })
}

/// The rules of the desk: an office with holidays, four policies, three escalations.
pub(crate) fn rulebook() -> Result<Rulebook, Failure> {
    let name = |text: &str| Name::new(text);
    let policy = |text: &str, first: &str, total: &str| -> Result<Policy, Failure> {
        Ok(Policy::new(name(text)?)
            .target(Metric::FirstResponse, first.parse()?)
            .target(Metric::TotalResolution, total.parse()?))
    };
    let level =
        |text: &str, percent| -> Result<Level, Failure> { Ok(Level::new(name(text)?, percent)?) };
    let duty = || Ok::<_, Failure>(Action::Notify(Recipient::Role(name("duty manager")?)));
    Ok(Rulebook::draft()
        .calendar(
            name("office")?,
            office("Mon-Fri 08:00-18:00; Sat 10:00-14:00")?,
        )
        .calendar(name("always")?, Calendar::always())
        .policy(
            policy("critical", "30min", "8h")?
                .when(Condition::Priority(vec![Priority::Critical]))
                .calendar(name("always")?),
        )
        .policy(
            policy("urgent", "1h", "8h")?
                .when(Condition::Priority(vec![Priority::Urgent, Priority::High])),
        )
        .policy(policy("low", "10h", "50h")?.when(Condition::Priority(vec![Priority::Low])))
        .policy(policy("standard", "4h", "24h")?)
        .escalation(
            Rule::new(name("late answer")?, Metric::FirstResponse)
                .level(level("soon", 75)?.action(Action::Notify(Recipient::TeamInCharge)))
                .level(level("late", 100)?.action(duty()?)),
        )
        .escalation(
            Rule::new(name("late resolution")?, Metric::TotalResolution)
                .level(level("soon", 80)?.action(Action::Notify(Recipient::AgentInCharge)))
                .level(
                    level("late", 100)?
                        .action(duty()?)
                        .action(Action::AddTag(name("overdue")?)),
                )
                .level(level("far too late", 200)?.action(Action::RaisePriority(Priority::High))),
        )
        .build()?)
}

/// Hours in Berlin, closed on the holidays of the quarter.
fn office(hours: &str) -> Result<Calendar, Failure> {
    let mut calendar = Calendar::builder("Europe/Berlin")?.hours(hours)?;
    let holidays = [
        (4, 3, "Good Friday"),
        (4, 6, "Easter Monday"),
        (5, 1, "Labour Day"),
        (5, 14, "Ascension Day"),
        (5, 25, "Whit Monday"),
    ];
    for (month, day, what) in holidays {
        calendar = calendar.closed(date(2026, month, day)?, what);
    }
    Ok(calendar.build()?)
}

fn date(year: i32, month: u32, day: u32) -> Result<NaiveDate, Failure> {
    NaiveDate::from_ymd_opt(year, month, day)
        .ok_or_else(|| format!("{year}-{month}-{day} is no date").into())
}

struct Team {
    id: TeamId,
    hours: Calendar,
    agents: Vec<AgentId>,
}

/// Name, hours, how many agents, how many of 100 tickets.
const TEAMS: [(&str, &str, u32, u32); 5] = [
    ("Front desk", "Mon-Fri 08:00-18:00; Sat 10:00-14:00", 9, 45),
    ("Applications", "Mon-Fri 09:00-17:00", 6, 20),
    ("Hardware", "Mon-Fri 07:00-15:30", 4, 15),
    ("Network", "daily 00:00-24:00", 6, 12),
    ("Billing", "Mon-Thu 09:00-16:00; Fri 09:00-13:00", 3, 8),
];

/// How many of 100 tickets of a day come in each hour.
const HOURS: [u32; 24] = [
    1, 1, 1, 1, 1, 2, 3, 6, 9, 10, 9, 8, 6, 7, 8, 7, 6, 4, 3, 2, 2, 1, 1, 1,
];

/// Tickets of a day, from Monday on.
const DAILY: [u32; 7] = [74, 62, 60, 60, 50, 15, 10];

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

    fn opens(&mut self, at: DateTime<Utc>, n: u64) -> Result<(), Failure> {
        let mut draws = ChaCha8Rng::seed_from_u64(self.quarter.seed);
        draws.set_stream(n + 1);
        let channels = [
            Channel::Email,
            Channel::Phone,
            Channel::Web,
            Channel::Chat,
            Channel::SelfService,
        ];
        let channel = channels[pick(&mut draws, &[45, 20, 15, 12, 8])].clone();
        let priorities = [
            Priority::Low,
            Priority::Normal,
            Priority::High,
            Priority::Urgent,
            Priority::Critical,
        ];
        let priority = priorities[pick(&mut draws, &[15, 62, 14, 7, 2])];
        let team = pick(&mut draws, &TEAMS.map(|team| team.3));
        let address = format!("customer{}@example.com", draws.random_range(0..1_200));
        let message =
            Draft::new("Something does not work.").external_id(format!("{n}@mail.example.com"));
        let open = Open::new(format!("Request {n}"))
            .from(address)
            .over(channel)
            .priority(priority)
            .message(message);
        let call = self.call(Actor::System, at);
        let opened = self.desk.open(&call, open)?;
        self.begin(
            at,
            opened.id(),
            opened.ticket().requester(),
            (team, priority),
            draws,
        );
        Ok(())
    }

    fn begin(
        &mut self,
        at: DateTime<Utc>,
        ticket: TicketId,
        requester: CustomerId,
        (team, priority): (usize, Priority),
        mut draws: ChaCha8Rng,
    ) {
        let triage = at + TimeDelta::seconds(draws.random_range(20..600));
        self.note(triage, Happening::Does(self.cases.len(), Act::Triage));
        self.cases.push(Case {
            ticket,
            requester,
            team,
            priority,
            turns: 0,
            draws,
        });
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

    fn does(&mut self, at: DateTime<Utc>, case: usize, act: Act) -> Result<(), Failure> {
        let customer = Actor::customer(self.cases[case].requester);
        match act {
            Act::Triage => self.triage(at, case),
            Act::Work => self.works(at, case),
            Act::CustomerReplies | Act::Objects => {
                let outcome =
                    self.submit(case, customer, at, Command::reply("Here is what I know."))?;
                match outcome.and_then(|outcome| outcome.follow_up()) {
                    Some(ticket) => {
                        let Case {
                            requester,
                            team,
                            priority,
                            draws,
                            ..
                        } = &self.cases[case];
                        let (requester, place, draws) =
                            (*requester, (*team, *priority), draws.clone());
                        self.begin(at, ticket, requester, place, draws);
                        Ok(())
                    }
                    None => self.later(at, case, Act::Work),
                }
            }
            Act::SupplierReturns => {
                self.submit(
                    case,
                    Actor::System,
                    at,
                    Command::note("The part is here.").then(helpdesk::ticket::Move::Resume),
                )?;
                self.later(at, case, Act::Work)
            }
            Act::Thanks => {
                let thanks = Command::say(Draft::new("Thank you!").class(MessageClass::Thanks));
                self.submit(case, customer, at, thanks).map(drop)
            }
            Act::Settle => {
                let ticket = self.desk.ticket(self.cases[case].ticket)?;
                let rested = ticket
                    .resolved_at()
                    .is_some_and(|resolved| at - resolved >= TimeDelta::days(5));
                if ticket.status().stage() == Stage::Resolved && rested {
                    self.submit(
                        case,
                        Actor::System,
                        at,
                        Command::close(CloseReason::Settled),
                    )?;
                }
                Ok(())
            }
        }
    }

    fn triage(&mut self, at: DateTime<Utc>, case: usize) -> Result<(), Failure> {
        let Case { draws, team, .. } = &mut self.cases[case];
        let team = self.teams[*team].id;
        if pick(draws, &[97, 3]) == 1 {
            self.submit(case, Actor::System, at, Command::close(CloseReason::Spam))?;
            return Ok(());
        }
        let bot = Actor::Bot(BotId::named("triage"));
        let welcome = Draft::new("We have your request.").class(MessageClass::Automatic);
        let assign = Change::Assign {
            agent: None,
            team: Some(team),
        };
        self.submit(case, bot, at, Command::say(welcome).and(assign))?;
        self.later(at, case, Act::Work)
    }

    /// One turn of an agent.
    fn works(&mut self, at: DateTime<Utc>, case: usize) -> Result<(), Failure> {
        let ticket = self.desk.ticket(self.cases[case].ticket)?;
        if !ticket.status().stage().is_backlog() {
            return Ok(());
        }
        let Case {
            draws, team, turns, ..
        } = &mut self.cases[case];
        *turns += 1;
        let last = *turns > 6;
        let agents = &self.teams[*team].agents;
        let agent = ticket
            .agent()
            .filter(|agent| agents.contains(agent))
            .unwrap_or(agents[draws.random_range(0..agents.len() as u32) as usize]);
        let me = Actor::agent(agent);
        let spent = helpdesk::time::Span::minutes(draws.random_range(2..45));
        let own = Change::Assign {
            agent: Some(agent),
            team: Some(self.teams[*team].id),
        };
        let turn = |text: &str| {
            Command::reply(text).and(own.clone()).and(Change::LogTime {
                spent,
                activity: None,
            })
        };
        match if last {
            0
        } else {
            pick(draws, &[52, 18, 6, 6, 8, 7, 3])
        } {
            0 => {
                if self
                    .submit(case, me, at, turn("This should do it.").then_resolve())?
                    .is_some()
                {
                    self.resolved(at, case);
                }
                Ok(())
            }
            1 => {
                let answers = pick(draws, &[80, 20]) == 0;
                self.submit(
                    case,
                    me,
                    at,
                    turn("Can you tell us more?").then_pend(Pending::Customer),
                )?;
                if answers {
                    self.after_hours(at, case, 0..60, Act::CustomerReplies);
                    Ok(())
                } else {
                    self.after_hours(at, case, 70..75, Act::Work);
                    Ok(())
                }
            }
            2 => {
                self.submit(
                    case,
                    me,
                    at,
                    turn("We ordered a part.").then_pend(Pending::ThirdParty),
                )?;
                self.after_hours(at, case, 20..120, Act::SupplierReturns);
                Ok(())
            }
            3 => {
                let until = at + TimeDelta::hours(draws.random_range(12..72));
                self.submit(
                    case,
                    me,
                    at,
                    turn("We will look again.").then_pend(Pending::Scheduled { until }),
                )?;
                self.later(until + TimeDelta::seconds(5), case, Act::Work)
            }
            4 => {
                *team = draws.random_range(0..TEAMS.len() as u32) as usize;
                let hand_over = Change::Assign {
                    agent: None,
                    team: Some(self.teams[*team].id),
                };
                self.submit(case, me, at, Command::note("Not ours.").and(hand_over))?;
                self.later(at, case, Act::Work)
            }
            5 => {
                self.submit(case, me, at, turn("We are on it."))?;
                self.later(at, case, Act::Work)
            }
            _ => self
                .submit(
                    case,
                    me,
                    at,
                    turn("As you wish.")
                        .then(helpdesk::ticket::Move::Close(CloseReason::Cancelled)),
                )
                .map(drop),
        }
    }

    /// What may follow a resolution.
    fn resolved(&mut self, at: DateTime<Utc>, case: usize) {
        self.after_hours(at, case, 121..125, Act::Settle);
        match pick(&mut self.cases[case].draws, &[76, 13, 9, 2]) {
            1 => self.after_hours(at, case, 0..24, Act::Thanks),
            2 => self.after_hours(at, case, 1..100, Act::Objects),
            3 => self.after_hours(at, case, 300..700, Act::Objects),
            _ => {}
        }
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
