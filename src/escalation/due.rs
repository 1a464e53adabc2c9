//! What falls due next on a ticket, and when.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::id::{FiringKey, Name, RulebookId};
use crate::sla::{Clock, Policies};
use crate::ticket::{ClockId, Pending, Stage, Status, Ticket};
use crate::time::{Micros, instant, micros};

use super::key::Place;
use super::rule::{Level, Rule, Trigger};
use super::search::{First, Found, Search};

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub(crate) struct Due<'a> {
    /// When it takes effect: never before the ticket's last event. It is recorded by the first commit after this instant.
    pub(crate) at: Micros,
    /// When it was due by the rules alone; an instant earlier than the last event where a guard came true late or a log was imported. What
    /// is reached by running time is not looked for so far back.
    pub(crate) scheduled: Micros,
    pub(crate) what: What<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    /// A scheduled wait ends.
    Wake,
    /// A clock passes its target.
    Breach {
        clock: ClockId,
        key: FiringKey,
        target: String,
        on_attach: bool,
    },
    /// A level fires.
    Fire {
        rule: &'a Rule,
        level: &'a Level,
        key: FiringKey,
        past: bool,
    },
}

/// What makes things fall due: the policies and rules of a rulebook, with the calendars that the rules name.
#[derive(Clone, Copy)]
pub(crate) struct Causes<'a> {
    pub(crate) policies: &'a Policies,
    pub(crate) rules: &'a [Ruled],
    /// Those of other versions, for tickets that were moved from them.
    pub(crate) other_rules: &'a OtherRules,
}

/// A rule with the calendar of its business time and that calendar's name.
pub(crate) type Ruled = (Rule, Calendar, Name);

/// The rules of several versions of a rulebook.
pub(crate) type OtherRules = BTreeMap<RulebookId, Arc<Vec<Ruled>>>;

/// Each move of a ticket to another version of the rulebook: when, and from which version.
fn moves(ticket: &Ticket) -> Vec<(Micros, RulebookId)> {
    let mut version = ticket.opened().rulebook;
    let moves = ticket.moves_of_rulebook();
    let moves = moves.map(|(at, to)| (at, std::mem::replace(&mut version, to)));
    moves.collect()
}

impl Causes<'_> {
    /// Since when a rule is there for a ticket of these [`moves`], where it was not from the beginning: the last move to another
    /// version that brought it. The same rule in the version before was there already: one on a clock, which brings its calendar, or on
    /// reopenings, which needs none, whatever the calendars are; any other where the name of its calendar is the same, which is part
    /// of what its firings are known by, and the calendar too where it counts by it.
    fn brought(
        &self,
        moves: &[(Micros, RulebookId)],
        (rule, calendar, name): &Ruled,
    ) -> Option<Micros> {
        let counts = rule.counts_open_time();
        let was_there = |(at, version): &(Micros, RulebookId)| {
            let same =
                |of: &Calendar| of.edition_at(instant(*at)) == calendar.edition_at(instant(*at));
            let rules = self.other_rules.get(version).map_or(&[][..], |rules| rules);
            rules.iter().any(|(known, of, known_as)| {
                known == rule
                    && (!rule.needs_calendar() || known_as == name && (!counts || same(of)))
            })
        };
        let brought = moves.iter().rev().find(|step| !was_there(step));
        brought.map(|(at, _)| *at)
    }
}

/// What the search for the next due thing may keep from one time to the next: the ticket's live clocks with a target, and the
/// keys that were worked out.
///
/// It holds as long as nothing but breaches and firings is added to the ticket: announcing moves no clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook<'a> {
    clocks: Vec<Clock<'a>>,
    /// Since when each rule is there; empty where the ticket has them from the beginning.
    brought: Vec<Option<Micros>>,
    /// Whatever was due before this by the rules alone, and may fire, is announced.
    pub(super) settled: Cell<Option<Micros>>,
    keys: RefCell<Vec<(Place, FiringKey)>>,
}

impl<'a> Outlook<'a> {
    pub(crate) fn of(ticket: &Ticket, causes: Causes<'a>) -> Outlook<'a> {
        // A log may hold messages after the close: they begin nothing that falls due.
        let clocks = if ticket.status().stage() == Stage::Closed {
            Vec::new()
        } else {
            let mut live: Vec<Clock<'a>> = Vec::with_capacity(causes.policies.most_clocks());
            for id in causes.policies.clocks_with_target(ticket) {
                live.push(Clock::of(ticket, causes.policies, id)); // in its place at once: it is large
                live.pop_if(|clock| !clock.is_live() || clock.amount.is_none());
            }
            live
        };
        let brought = match ticket.moved_to_rulebook() {
            None => Vec::new(),
            Some(_) => {
                let (moves, rules) = (moves(ticket), causes.rules.iter());
                rules.map(|rule| causes.brought(&moves, rule)).collect()
            }
        };
        Outlook {
            clocks,
            brought,
            settled: Cell::default(),
            keys: RefCell::default(),
        }
    }

    /// The clock, where it is live and has a target.
    pub(crate) fn clock(&self, id: ClockId) -> Option<&Clock<'a>> {
        self.clocks.iter().find(|clock| clock.id == id)
    }

    pub(super) fn key(&self, place: Place, work_out: impl FnOnce() -> FiringKey) -> FiringKey {
        let mut keys = self.keys.borrow_mut();
        if let Some((_, key)) = keys.iter().find(|(known, _)| *known == place) {
            return *key;
        }
        let key = work_out();
        keys.push((place, key));
        key
    }
}

/// The first thing that falls due after the ticket's last event if nothing else happens. Things due at the same instant come
/// in a fixed order: the waking, then breaches of what is late already by clock, then levels by their place in the rulebook, then
/// breaches of what is late just after, then the levels that wait for them.
///
/// `at` is when, as [`next_at`] told for the same ticket and causes: what comes earlier is announced, and needs no look.
pub(crate) fn next<'a>(
    ticket: &Ticket,
    causes: Causes<'a>,
    outlook: &Outlook<'a>,
    at: Micros,
) -> Option<Due<'a>> {
    if micros(ticket.last_event_at()) < at {
        outlook.settled.set(Some(at));
    }
    search(ticket, causes, outlook).due()
}

/// When that is. Much cheaper: what is announced needs no name here.
pub(crate) fn next_at<'a>(
    ticket: &Ticket,
    causes: Causes<'a>,
    outlook: &Outlook<'a>,
) -> Option<Micros> {
    let found = search(ticket, causes, outlook).first;
    found.map(|found| found.at)
}

fn search<'c, 'a>(
    ticket: &'c Ticket,
    causes: Causes<'a>,
    outlook: &'c Outlook<'a>,
) -> Search<'c, 'a> {
    let stage = ticket.status().stage();
    let mut search = Search::on(ticket, outlook);
    if let Status::Pending(Pending::Scheduled { until }) = ticket.status() {
        search.offer(micros(until), Found::Wake);
    }
    for clock in &outlook.clocks {
        search.breach(clock);
    }
    for (place, (rule, calendar, name)) in causes.rules.iter().enumerate() {
        search.brought = outlook.brought.get(place).copied().flatten();
        match &rule.trigger {
            Trigger::Clock { .. } => {
                let watched = rule.trigger.watched();
                if let Some(clock) = watched.and_then(|id| outlook.clock(id)) {
                    search.clock_rule(rule, clock, causes.policies);
                }
            }
            Trigger::Idle { stages } => {
                if stages.contains(&stage) {
                    search.waiting_rule(rule, (calendar, name), ticket.idle_since());
                }
            }
            Trigger::TimeInStatus { stages } => {
                if stages.contains(&stage) {
                    search.waiting_rule(rule, (calendar, name), ticket.in_status_since());
                }
            }
            Trigger::CustomerWaits => {
                if let Some(since) = ticket.waiting().filter(|_| stage.is_backlog()) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
            Trigger::Reopened => search.reopening_rule(rule),
            Trigger::LowRating { kind, at_most } => {
                if let Some(since) = ticket.low_rating(*kind, *at_most) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
        }
    }
    search
}

/// The breaches of targets that were passed already when they came into force, not announced yet.
pub(crate) fn passed_on_attach<'a>(ticket: &Ticket, policies: &Policies) -> Vec<What<'a>> {
    let mut found = Vec::new();
    for id in policies.clocks_with_target(ticket) {
        let clock = Clock::of(ticket, policies, id);
        let outlook = Outlook::default();
        let mut search = Search::on(ticket, &outlook);
        search.breach(&clock);
        if let Some(First {
            what: Found::Breach {
                on_attach: true, ..
            },
            ..
        }) = search.first
        {
            found.extend(search.due().map(|due| due.what));
        }
    }
    found
}
