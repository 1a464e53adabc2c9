//! Where many tickets go at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, TicketId};
use crate::time::micros;

use super::MAX_PAIRS;
use super::choice::{ReasonKind, Route, Transfers, sentence};
use super::error::RoutingError;
use super::item::{Needs, WorkItem};
use super::load::Load;
use super::roster::Roster;
use super::router::Router;
use super::rules::{Preference, Rules};

/// Where one ticket of a plan goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assigned {
    /// The ticket.
    pub ticket: TicketId,
    /// Where it goes.
    pub route: Route,
    /// Whether that moves it between people.
    pub transfers: Transfers,
    /// What decided between the chosen agent and the next best.
    pub decided_by: Option<Preference>,
    /// How many agents did not suit, by the first reason of each.
    pub unsuited: BTreeMap<ReasonKind, u32>,
    /// How many suited, the chosen one among them.
    pub suited: u32,
}

impl fmt::Display for Assigned {
    /// One sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence(f, self.ticket, &self.route, self.transfers, self.decided_by)
    }
}

/// Where many tickets go, in the order in which they were taken, and what everybody holds then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// Each ticket, the most urgent first.
    pub assigned: Vec<Assigned>,
    /// What each agent holds then, in the order of their ids.
    pub loads: Vec<(AgentId, Load)>,
}

impl Plan {
    /// Where one ticket goes.
    pub fn of(&self, ticket: TicketId) -> Option<&Assigned> {
        self.assigned.iter().find(|one| one.ticket == ticket)
    }

    /// How many tickets go to an agent.
    pub fn given(&self) -> usize {
        let given = |one: &&Assigned| one.route.agent().is_some();
        self.assigned.iter().filter(given).count()
    }

    /// How many tickets move between people.
    pub fn transfers(&self) -> usize {
        let moved = |one: &&Assigned| one.transfers.any();
        self.assigned.iter().filter(moved).count()
    }
}

/// Where `items` should go at `now`: by priority, then by due, by how long they wait and by id, each to the best agent left.
///
/// Costs time in proportion to the pairs of ticket and agent who is qualified for it.
///
/// ```
/// use helpdesk::id::{AgentId, TicketId};
/// use helpdesk::routing::{Limits, Member, Roster, Rules, WorkItem, plan};
/// use helpdesk::ticket::Priority;
///
/// let ann = AgentId::named("ann");
/// let roster = Roster::draft().member(Member::new(ann).limits(Limits::tickets(1))).build()?;
/// let (usual, urgent) = (TicketId::named("T1"), TicketId::named("T2"));
/// let items = [WorkItem::new(usual), WorkItem::new(urgent).priority(Priority::Urgent)];
///
/// let plan = plan(&roster, &items, &Rules::default(), "2026-03-05T09:00:00Z".parse()?)?;
/// assert_eq!(plan.of(urgent).and_then(|one| one.route.agent()), Some(ann));
/// assert_eq!(plan.of(usual).and_then(|one| one.route.agent()), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A ticket twice; more than [`MAX_PAIRS`] pairs of ticket and agent; a skill needed at level 0; `now` outside the years of
/// calendars.
pub fn plan(
    roster: &Roster,
    items: &[WorkItem],
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<Plan, RoutingError> {
    let pairs = items.len() as u64;
    let pairs = pairs.saturating_mul(roster.members().len() as u64);
    if pairs > MAX_PAIRS {
        return Err(RoutingError::too_many_pairs(
            items.len(),
            roster.members().len(),
        ));
    }
    let mut seen = BTreeSet::new();
    for item in items {
        if !seen.insert(item.ticket) {
            return Err(RoutingError::ticket_twice(item.ticket));
        }
        item.needs
            .check(format_args!("the needs of ticket `{}`", item.ticket))?;
    }
    let mut queue: Vec<&WorkItem> = items.iter().collect();
    queue.sort_by_key(|item| turn(item));

    let mut router = Router::new(roster, rules, now)?;
    let mut known: BTreeMap<&Needs, Group> = BTreeMap::new();
    let mut assigned = Vec::with_capacity(queue.len());
    for item in queue {
        let group = known
            .entry(&item.needs)
            .or_insert_with(|| Group::of(&router, item));
        let found = router.find(item, &group.qualified);
        let mut unsuited = group.unqualified.clone();
        let mut suited = 0_u32;
        for place in &group.qualified {
            match router.unavailable(*place, item) {
                Some(reason) => *unsuited.entry(reason.kind()).or_default() += 1,
                None => suited += 1,
            }
        }
        match (found.chosen, &found.route) {
            (Some(place), _) => router.take(item, place),
            (None, Route::Team { .. }) => router.leave(item),
            (None, _) => {}
        }
        assigned.push(Assigned {
            ticket: item.ticket,
            route: found.route,
            transfers: found.transfers,
            decided_by: found.decided_by,
            unsuited,
            suited,
        });
    }
    let agents = roster.members().iter().map(|member| member.agent);
    let loads = agents.zip(router.into_loads()).collect();
    Ok(Plan { assigned, loads })
}

/// When a ticket has its turn: the smaller, the sooner.
fn turn(item: &WorkItem) -> impl Ord + use<> {
    let time = |at: Option<DateTime<Utc>>| (at.is_none(), at.map(micros));
    (
        std::cmp::Reverse(item.priority),
        time(item.due),
        time(item.since),
        item.ticket,
    )
}

/// Who is qualified for tickets of the same needs, and how many are not, by the first reason of each.
struct Group {
    qualified: Vec<usize>,
    unqualified: BTreeMap<ReasonKind, u32>,
}

impl Group {
    fn of(router: &Router<'_>, item: &WorkItem) -> Group {
        let mut group = Group {
            qualified: Vec::new(),
            unqualified: BTreeMap::new(),
        };
        for place in 0..router.roster.members().len() {
            match router.unqualified(place, item) {
                Some(reason) => *group.unqualified.entry(reason.kind()).or_default() += 1,
                None => group.qualified.push(place),
            }
        }
        group
    }
}
