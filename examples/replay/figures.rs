//! The figures of a recorded log, from the rows that the library keeps per ticket. Serialises as the JSON object.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use helpdesk::TicketId;
use helpdesk::calendar::Zone;
use helpdesk::id::TeamId;
use helpdesk::kpi::{self, Fact, Spent, Summary};
use helpdesk::replay::Anomalies;
use helpdesk::ticket::{Event, Priority, Recorded};
use serde::Serialize;

use crate::Failure;
use crate::args::{Measured, Targets};
use crate::servicenow::PRIORITIES;

#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) tickets: u64,
    pub(crate) events: u64,
    pub(crate) anomalies: Anomalies,
    pub(crate) resolved_tickets: u64,
    pub(crate) reopened_tickets: u64,
    pub(crate) reopen_events: u64,
    pub(crate) reopen_rate: Share,
    pub(crate) resolution: ThreeWays,
    pub(crate) first_resolution: ThreeWays,
    pub(crate) sla: BTreeMap<String, Kept>,
    pub(crate) backlog: BTreeMap<String, u64>,
    pub(crate) backlog_peak: Option<String>,
    pub(crate) group_resolution: BTreeMap<String, Group>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Share {
    pub(crate) num: u64,
    pub(crate) den: u64,
}

/// The same spans, measured in three ways.
#[derive(Debug, Serialize)]
pub(crate) struct ThreeWays {
    pub(crate) calendar: Lengthy,
    pub(crate) business: Lengthy,
    pub(crate) business_pausing: Lengthy,
}

/// How long something took. Percentiles are nearest ranks, in seconds; nothing where nothing was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Lengthy {
    pub(crate) n: u64,
    pub(crate) sum_s: i64,
    pub(crate) p50_s: Option<i64>,
    pub(crate) p90_s: Option<i64>,
    pub(crate) p95_s: Option<i64>,
    pub(crate) p99_s: Option<i64>,
    pub(crate) max_s: Option<i64>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Kept {
    pub(crate) met: u64,
    pub(crate) breached: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) n: u64,
    pub(crate) mean_s: f64,
    pub(crate) p50_s: i64,
}

/// What the log itself tells, beside its tickets.
pub(crate) struct About {
    pub(crate) rows: u64,
    pub(crate) anomalies: Anomalies,
    pub(crate) groups: HashMap<TeamId, String>,
    pub(crate) priorities: Priorities,
    /// The last instant of the log.
    pub(crate) until: DateTime<Utc>,
}

/// Which priority each ticket had since when. Rows tell the last one alone.
#[derive(Debug, Default)]
pub(crate) struct Priorities(HashMap<TicketId, Vec<(DateTime<Utc>, Priority)>>);

impl Priorities {
    pub(crate) fn add(&mut self, ticket: TicketId, events: &[Recorded]) {
        let set = events.iter().filter_map(|one| match &one.event {
            Event::Opened(opened) => Some((one.at, opened.priority)),
            Event::PriorityChanged { to, .. } => Some((one.at, *to)),
            _ => None,
        });
        self.0.insert(ticket, set.collect());
    }

    fn in_force(&self, ticket: TicketId, at: DateTime<Utc>) -> Option<Priority> {
        let mut set = self.0.get(&ticket)?.iter();
        set.rfind(|(since, _)| *since <= at).map(|(_, to)| *to)
    }
}

/// The figures of these tickets, each given as all its rows.
pub(crate) fn figures(
    tickets: &[Vec<Fact>],
    about: About,
    targets: &Targets,
    measure: Measured,
) -> Result<Figures, Failure> {
    let resolved = || tickets.iter().filter_map(|rows| last_resolution(rows));
    let reopenings =
        |rows: &Vec<Fact>| rows.iter().filter(|row| row.reopened_at.is_some()).count() as u64;
    let reopened = tickets.iter().filter(|rows| reopenings(rows) > 0).count() as u64;
    let resolved_tickets = resolved().count() as u64;
    let failed = |rows: &&Vec<Fact>| reopenings(rows) > 0 && last_resolution(rows).is_some();

    let all: Vec<Fact> = tickets.concat();
    let backlog = kpi::backlog_by_day(&all, &Zone::utc(), about.until)?;

    let mut sla: BTreeMap<String, Kept> = targets
        .0
        .keys()
        .map(|priority| (priority.to_string(), Kept::default()))
        .collect();
    let mut groups: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (row, spent) in resolved() {
        let then = row
            .resolved_at
            .and_then(|at| about.priorities.in_force(row.ticket, at))
            .unwrap_or(row.priority);
        let number = PRIORITIES
            .iter()
            .find(|(_, priority)| *priority == then)
            .map(|(number, _)| *number);
        if let Some((number, target)) =
            number.and_then(|number| Some((number, targets.0.get(&number)?)))
        {
            let kept = sla.entry(number.to_string()).or_default();
            if under_target(spent, measure) <= target.micros() {
                kept.met += 1;
            } else {
                kept.breached += 1;
            }
        }
        let group = row
            .team
            .and_then(|team| about.groups.get(&team))
            .map_or("?", String::as_str);
        groups
            .entry(group.to_owned())
            .or_default()
            .push(spent.whole().calendar_us);
    }
    Ok(Figures {
        tickets: tickets.len() as u64,
        events: about.rows,
        anomalies: about.anomalies,
        resolved_tickets,
        reopened_tickets: reopened,
        reopen_events: tickets.iter().map(reopenings).sum(),
        reopen_rate: Share {
            num: tickets.iter().filter(failed).count() as u64,
            den: resolved_tickets,
        },
        resolution: ThreeWays::of(resolved().map(|(_, spent)| spent)),
        first_resolution: ThreeWays::of(tickets.iter().filter_map(|rows| first_resolution(rows))),
        sla,
        backlog: backlog
            .days()
            .iter()
            .map(|day| (day.date.to_string(), day.count))
            .collect(),
        backlog_peak: backlog.peak().map(|(date, _)| date.to_string()),
        group_resolution: groups
            .into_iter()
            .filter_map(|(name, times)| Some((name, Group::of(times)?)))
            .collect(),
    })
}

/// The row of the last entry into `Resolved`, with the time from creation to it.
fn last_resolution(rows: &[Fact]) -> Option<(&Fact, Spent)> {
    rows.iter().rev().find_map(|row| Some((row, row.spent?)))
}

/// The time from creation to the first entry into `Resolved`.
fn first_resolution(rows: &[Fact]) -> Option<Spent> {
    rows.iter().find_map(|row| row.first_spent)
}

/// What counts against a target: nothing that was spent resolved or closed.
fn under_target(spent: Spent, measure: Measured) -> i64 {
    match measure {
        Measured::Business => spent.unresolved().business_us,
        Measured::Calendar => spent.unresolved().calendar_us,
        Measured::BusinessPausing => spent.work.business_us,
    }
}

impl ThreeWays {
    fn of(spans: impl Iterator<Item = Spent>) -> ThreeWays {
        let spans: Vec<Spent> = spans.collect();
        let by = |length: fn(&Spent) -> i64| Lengthy::of(Summary::of(spans.iter().map(length)));
        ThreeWays {
            calendar: by(|spent| spent.whole().calendar_us),
            business: by(|spent| spent.whole().business_us),
            business_pausing: by(|spent| spent.work.business_us),
        }
    }
}

impl Lengthy {
    pub(crate) fn of(summary: Option<Summary>) -> Lengthy {
        let seconds =
            |of: fn(&Summary) -> i64| summary.as_ref().map(|summary| of(summary) / SECOND);
        let sum = summary
            .as_ref()
            .map_or(0, |summary| summary.sum_us() / i128::from(SECOND));
        Lengthy {
            n: summary.as_ref().map_or(0, Summary::n),
            sum_s: i64::try_from(sum).unwrap_or(i64::MAX),
            p50_s: seconds(Summary::p50_us),
            p90_s: seconds(Summary::p90_us),
            p95_s: seconds(Summary::p95_us),
            p99_s: seconds(Summary::p99_us),
            max_s: seconds(Summary::max_us),
        }
    }
}

impl Group {
    fn of(times: Vec<i64>) -> Option<Group> {
        let summary = Summary::of(times)?;
        Some(Group {
            n: summary.n(),
            mean_s: summary.mean_us() / SECOND as f64,
            p50_s: summary.p50_us() / SECOND,
        })
    }
}

const SECOND: i64 = 1_000_000;
