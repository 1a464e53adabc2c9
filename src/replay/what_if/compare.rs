//! What has an instant on either side, brought together by what it counts from.

use chrono::{DateTime, Utc};

use crate::escalation::Trigger;
use crate::sla::{Clock, Policies, due_of};
use crate::ticket::{ClockId, Event, Recorded, Ticket, Version};
use crate::time::{Micros, instant};

use super::difference::What;
use super::rederive::Rederived;

/// One thing that has an instant on at least one side.
pub(super) struct Pair {
    pub(super) what: What,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) before: Option<DateTime<Utc>>,
    pub(super) after: Option<DateTime<Utc>>,
}

/// Everything that has an instant on either side, in the order of [`What`] and then of the history.
pub(super) fn pairs(before: &Rederived, after: &Rederived) -> impl Iterator<Item = Pair> {
    let side = |side: &Rederived| items(side).into_iter().peekable();
    let (mut before, mut after) = (side(before), side(after));
    std::iter::from_fn(move || {
        let order = match (before.peek(), after.peek()) {
            (Some(b), Some(a)) => b.place.cmp(&a.place),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
        };
        let b = before.next_if(|_| order.is_le());
        let a = after.next_if(|_| order.is_ge());
        let (first, at) = (b.as_ref().or(a.as_ref())?, |item: &Item| instant(item.at));
        Some(Pair {
            what: first.place.what.clone(),
            since: first.since.map(instant),
            before: b.as_ref().map(at),
            after: a.as_ref().map(at),
        })
    })
}

/// What makes two things of two sides the same: what they are, and the last thing that somebody had done when what they
/// count from began; of several periods that began then, which one. Things in one place meet in their order. The two sides share
/// what people did, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    what: What,
    origin: Version,
    period: usize,
}

struct Item {
    place: Place,
    since: Option<Micros>,
    at: Micros,
}

/// One period of a clock.
struct Period {
    clock: ClockId,
    origin: Version,
    nth: usize,
    version: u64,
    since: Micros,
    due: Option<Micros>,
}

fn items(side: &Rederived) -> Vec<Item> {
    let periods = periods(side, side.book.policies());
    let of = |period: &Period, what: What, at| Item {
        place: Place {
            what,
            origin: period.origin,
            period: period.nth,
        },
        since: Some(period.since),
        at,
    };
    let due = |period: &Period| Some(of(period, What::Due(period.clock), period.due?));
    let mut items: Vec<Item> = periods.iter().filter_map(due).collect();
    let mut others = Others::new(side);
    for recorded in &side.events {
        let (what, clock) = match &recorded.event {
            Event::Breached { clock, .. } => (What::Breach(*clock), Some(*clock)),
            Event::Escalated(fired) => {
                let (rule, level) = (fired.rule.clone(), fired.level.clone());
                (What::Firing { rule, level }, fired.clock)
            }
            _ => continue,
        };
        let (at, version) = (crate::time::micros(recorded.at), recorded.version.0);
        let is_its = |p: &&Period| Some(p.clock) == clock && p.version < version;
        items.push(match (periods.iter().rfind(is_its), clock) {
            (Some(period), _) => of(period, what, at),
            (None, Some(_)) => Item::from(what, Version::default(), at),
            (None, None) => {
                let origin = side.origin(others.anchor(recorded));
                Item::from(what, origin, at)
            }
        });
    }
    items.sort_by(|a, b| a.place.cmp(&b.place)); // stable: things of one place stay in their order
    items
}

impl Item {
    fn from(what: What, origin: Version, at: Micros) -> Item {
        let place = Place {
            what,
            origin,
            period: 0,
        };
        Item {
            place,
            since: None,
            at,
        }
    }
}

/// Every period of every clock that may have a target, by clock and oldest first.
fn periods(side: &Rederived, policies: &Policies) -> Vec<Period> {
    let mut found: Vec<Period> = Vec::new();
    for id in policies.clocks_with_target(&side.ticket) {
        let mut add = |clock: &Clock<'_>| {
            let Some(started) = clock.started else { return };
            let origin = side.origin(started.version);
            let nth = match found.last() {
                Some(last) if (last.clock, last.origin) == (id, origin) => last.nth + 1,
                _ => 0,
            };
            let due = clock
                .amount
                .and_then(|_| due_of(clock, &side.ticket, policies));
            found.push(Period {
                clock: id,
                origin,
                nth,
                version: started.version,
                since: started.at,
                due,
            });
        };
        let last = Clock::walk(&side.ticket, policies, id, &mut add);
        add(&last);
    }
    found
}

/// What the firings of rules that watch no clock count from. The ticket is followed only where there is such a firing.
struct Others<'a> {
    side: &'a Rederived,
    ticket: Option<Ticket>,
    next: usize,
}

impl<'a> Others<'a> {
    fn new(side: &'a Rederived) -> Others<'a> {
        Others {
            side,
            ticket: None,
            next: 1,
        }
    }

    /// The place of the event that a firing counts from.
    fn anchor(&mut self, recorded: &Recorded) -> u64 {
        let Event::Escalated(fired) = &recorded.event else {
            return 1;
        };
        let book = &self.side.book;
        let Some(ticket) = self.ticket_before(recorded.version) else {
            return 1;
        };
        let (active, waiting) = (ticket.active().1, ticket.waiting());
        let mut rules = book.escalations().iter();
        match rules
            .find(|rule| rule.name == fired.rule)
            .map(|rule| &rule.trigger)
        {
            Some(Trigger::Idle { .. }) => active,
            Some(Trigger::TimeInStatus { .. }) => ticket.in_status_since().1,
            Some(Trigger::CustomerWaits) => waiting.map_or(1, |(_, version)| version),
            Some(Trigger::LowRating { kind, at_most }) => ticket
                .low_rating(*kind, *at_most)
                .map_or(1, |(_, version)| version),
            _ => 1,
        }
    }

    fn ticket_before(&mut self, version: Version) -> Option<&Ticket> {
        if self.ticket.is_none() {
            let first = self.side.events.first()?;
            self.ticket = Ticket::begin(self.side.ticket.tenant(), first);
        }
        let ticket = self.ticket.as_mut()?;
        while let Some(event) = self.side.events.get(self.next)
            && event.version < version
        {
            ticket.apply(event);
            self.next += 1;
        }
        Some(ticket)
    }
}
