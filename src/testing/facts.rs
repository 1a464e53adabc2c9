//! Rows of tickets for property tests of figures, reports over them, and an oracle that counts the slow way.
//!
//! The agents, teams, channels and tags are few and every length is a whole number of microseconds within some weeks, so that
//! groups meet and windows cut through lives.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::calendar::Zone;
use crate::call::{Actor, Call};
use crate::id::{AgentId, Name, TeamId, TicketId, TicketNumber};
use crate::kpi::{
    Dimension, Effort, Every, Fact, FirstResponse, Holder, Holding, Lengths, RatingFact, Report,
    Response, Spent,
};
use crate::rulebook::Rulebook;
use crate::sla::{State, Verdict};
use crate::ticket::{
    self, Agreement, Channel, CloseReason, Estimate, Event, Open, Priority, RatingKind, Recorded,
    Scale, Ticket,
};
use crate::time::Span;

pub mod oracle;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

/// When the earliest ticket may have been opened: a Monday, at midnight.
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_409_600, 0).unwrap_or_default()
}

/// Instants from the [`beginning`] to 60 days after it: what a report is asked for, or a window ends at.
pub fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (0..60 * DAY).prop_map(after)
}

/// Up to a dozen tickets, each with the rows of up to three resolution cycles: resolved, reopened, closed for all reasons or still
/// open; with answers, ratings, effort and transfers; some with no target, or with several periods of one. The ids of the tickets are those of their places, `0`, `1`, ...
pub fn tickets() -> impl Strategy<Value = Vec<Vec<Fact>>> {
    vec(lives(), 0..12).prop_map(|lives| {
        let pattern = pattern();
        let told = lives.iter().map(|life| told(&pattern, life)).collect();
        renumbered(told)
    })
}

/// The same tickets, with the ids of their places: so that two lists can be put together.
pub fn renumbered(mut tickets: Vec<Vec<Fact>>) -> Vec<Vec<Fact>> {
    for (n, rows) in tickets.iter_mut().enumerate() {
        for row in rows {
            row.ticket = TicketId::named(&n.to_string());
        }
    }
    tickets
}

/// Reports over all time or a window, in several zones, with times for reopening from none to eleven days.
pub fn reports() -> impl Strategy<Value = Report> {
    let window = (0..60 * DAY, 0..60 * DAY);
    let zone = select(vec![
        "UTC",
        "America/New_York",
        "America/St_Johns",
        "Asia/Kathmandu",
    ]);
    (0..5, window, zone, 0..12u32).prop_map(|(kind, (a, b), zone, days)| {
        let zone = Zone::parse(zone).unwrap_or_else(|_| Zone::utc());
        let report = Report::standard()
            .zone(zone)
            .reopen_within(Span::hours(days * 24));
        match kind {
            0 => report,
            1 => report.last_days(days),
            2 => report.between(after(a), after(b)),
            3 => report.created_in(after(a), after(b)),
            _ => report.resolved_in(after(a), after(b)),
        }
    })
}

/// What to group by: none to two dimensions.
pub fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let one = select(vec![
        Dimension::Agent,
        Dimension::Team,
        Dimension::Channel,
        Dimension::Priority,
        Dimension::Type,
        Dimension::Tag,
        Dimension::Requester,
        Dimension::Period(Every::Day),
        Dimension::Period(Every::Week),
        Dimension::Period(Every::Month),
        Dimension::Weekday,
        Dimension::HourOfDay,
    ]);
    vec(one, 0..3)
}

/// What is said about one cycle: when it ended, how, and when the next one began.
#[derive(Clone, Debug)]
struct Cycle {
    works: i64,
    end: Option<End>,
    rests: i64,
    /// Decides who did what in it, and how often.
    dice: u32,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Resolved { again: Option<i64> },
    Closed(CloseReason),
}

/// What is said about one ticket.
#[derive(Clone, Debug)]
struct Life {
    created: i64,
    cycles: Vec<Cycle>,
    answered: Option<i64>,
    clock: (Verdict, bool, Option<i64>),
    /// Decides what kind of ticket it is.
    dice: u32,
}

fn lives() -> impl Strategy<Value = Life> {
    let span = prop_oneof![Just(0i64), Just(DAY), 0..20 * DAY];
    let reason = select(vec![
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Spam,
    ]);
    let end = prop_oneof![
        3 => option::of(0..DAY).prop_map(|again| Some(End::Resolved { again })),
        1 => reason.prop_map(|reason| Some(End::Closed(reason))),
        1 => Just(None),
    ];
    let cycle =
        (span.clone(), end, span, any::<u32>()).prop_map(|(works, end, rests, dice)| Cycle {
            works,
            end,
            rests,
            dice,
        });
    let verdict = select(vec![
        Verdict::Open,
        Verdict::Met,
        Verdict::Breached,
        Verdict::Unanswered,
    ]);
    let clock = (verdict, any::<bool>(), option::of(0..40 * DAY));
    let created = prop_oneof![(0..40i64).prop_map(|day| day * DAY), 0..40 * DAY];
    let life = (
        created,
        vec(cycle, 1..4),
        option::of(0..9 * DAY),
        clock,
        any::<u32>(),
    );
    life.prop_map(|(created, cycles, answered, clock, dice)| Life {
        created,
        cycles,
        answered,
        clock,
        dice,
    })
}

/// The instant `us` after the beginning.
fn after(us: i64) -> DateTime<Utc> {
    beginning() + TimeDelta::microseconds(us)
}

/// The one row of a ticket that was opened and no more, under the starter's rules.
fn pattern() -> Fact {
    let rulebook = Rulebook::starter();
    let call = Call::new(Actor::agent(AgentId::named("kim")), beginning());
    let open = Open::new("subject").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None);
    let events = opened.map(|decision| decision.recorded(&call));
    let ticket = events.ok().and_then(|mut events| {
        let chosen = Event::PolicyChosen {
            agreement: Agreement::Sla,
            policy: Name::new("standard").ok(),
        };
        let last = events.last()?.clone();
        events.push(Recorded {
            version: last.version.next(),
            event: chosen,
            ..last
        });
        Ticket::replay(call.tenant_id(), &events)
    });
    let row = ticket.and_then(|ticket| rulebook.facts(&ticket).into_iter().next());
    row.unwrap_or_else(|| unreachable!("the starter opens a ticket"))
}

fn told(pattern: &Fact, life: &Life) -> Vec<Fact> {
    let mut rows = Vec::new();
    let mut now = life.created;
    let spent = |until: i64| Spent {
        work: lengths(until - life.created),
        ..Spent::default()
    };
    for (number, cycle) in (0..).zip(&life.cycles) {
        let mut row = pattern.clone();
        let begun = now;
        row.cycle = number;
        row.created_at = after(life.created);
        row.started_at = after(now);
        row.own = None;
        now += cycle.works;
        match cycle.end {
            None => {}
            Some(End::Closed(reason)) => {
                (row.closed, row.left_at) = (Some((after(now), reason)), Some(after(now)));
            }
            Some(End::Resolved { again }) => {
                (row.first_resolved_at, row.first_spent) = (Some(after(now)), Some(spent(now)));
                row.left_at = Some(after(now));
                now += again.unwrap_or(0);
                (row.resolved_at, row.spent) = (Some(after(now)), Some(spent(now)));
                row.cycle_spent = Some(spent(now) - spent(begun));
                row.resolver = Some(Actor::agent(agent(cycle.dice)));
                row.assignee = holder(cycle.dice >> 2);
            }
        }
        decorate(&mut row, begun, begun + cycle.works, life, cycle.dice);
        now += cycle.rests;
        let goes_on = cycle.end.is_some() && row.cycle as usize + 1 < life.cycles.len();
        row.reopened_at = goes_on.then(|| after(now));
        rows.push(row);
        if !goes_on {
            break;
        }
    }
    let mut own = pattern.own.clone();
    if let Some(own) = &mut own {
        own.first_response = match life.answered {
            None => FirstResponse::Waiting,
            Some(us) => FirstResponse::Answered {
                after: lengths(us),
                at: after(life.created + us),
                by: agent(life.dice >> 3),
            },
        };
        own.first_responding_team = Some(team(life.dice >> 3));
        own.agents = life.dice >> 5 & 1;
        if life.dice & 64 > 0 {
            own.estimates = vec![Estimate {
                made_at: after(life.created),
                at: after(life.created + 5 * DAY),
            }];
        }
        for clock in &mut own.clocks {
            let (verdict, ever, until) = life.clock;
            (clock.verdict, clock.ever_breached) = (verdict, ever || verdict == Verdict::Breached);
            clock.state = if verdict == Verdict::Open {
                State::Running
            } else {
                State::Stopped
            };
            clock.kept_until = until.filter(|_| verdict == Verdict::Open).map(after);
            clock.stopped_at = until.filter(|_| verdict != Verdict::Open).map(after);
            clock.credited = holder(life.dice >> 7);
            clock.without_target = clock.ever_breached && life.dice & 2048 > 0;
        }
        match life.dice >> 12 & 7 {
            0 => own.clocks.clear(),
            1 => own.clocks.truncate(1),
            2 => own.clocks.extend(own.clocks.last().cloned()), // one more period
            _ => {}
        }
    }
    if let Some(first) = rows.first_mut() {
        first.own = own;
    }
    rows
}

/// A third of all time is open.
fn lengths(calendar_us: i64) -> Lengths {
    Lengths {
        calendar_us,
        business_us: calendar_us / 3,
    }
}

fn agent(dice: u32) -> AgentId {
    AgentId::named(match dice % 3 {
        0 => "kim",
        1 => "lee",
        _ => "max",
    })
}

fn team(dice: u32) -> TeamId {
    TeamId::named(if dice.is_multiple_of(2) {
        "north"
    } else {
        "south"
    })
}

fn holder(dice: u32) -> Holder {
    Holder {
        agent: Some(agent(dice)),
        team: Some(team(dice)),
    }
}

/// What the cycle's dice decide: who held it, who wrote how often, what was recorded and what the customer thought of it.
fn decorate(row: &mut Fact, begun: i64, left: i64, life: &Life, dice: u32) {
    let kind = life.dice;
    row.channel = match kind % 3 {
        0 => Channel::Email,
        1 => Channel::Chat,
        _ => Channel::Phone,
    };
    let priorities = Priority::ALL.into_iter().cycle();
    row.priority = priorities
        .clone()
        .nth(kind as usize % 5)
        .unwrap_or_default();
    let tags = [("a", 2), ("b", 4)].into_iter();
    let tags = tags.filter(|(_, bit)| kind & bit > 0);
    row.tags = tags.filter_map(|(tag, _)| Name::new(tag).ok()).collect();
    row.agent = Some(agent(kind)).filter(|_| kind & 8 > 0);
    row.team = Some(team(kind));
    row.replies = dice >> 3 & 3;
    row.touches = row.replies + (dice >> 5 & 1);
    row.follow_ups = dice >> 6 & 1;
    row.team_transfers = dice >> 7 & 1;
    row.one_contact = row.first_resolved_at.is_some()
        && row.replies <= 1
        && row.follow_ups + row.team_transfers == 0;
    row.agent_transfers = dice >> 8 & 3;
    if row.left_at.is_some() && left > begun {
        let middle = begun + (left - begun) / 3;
        let piece = |from: i64, to: i64, who: u32| Holding {
            holder: holder(who),
            since: after(from),
            until: Some(after(to)),
            spent: Some(Spent {
                work: lengths(to - from),
                ..Spent::default()
            }),
        };
        row.holdings = vec![
            piece(begun, middle, dice >> 2),
            piece(middle, left, dice >> 4),
        ];
    }
    let (soon, later) = (
        begun + i64::from(dice % 7) * DAY / 5,
        left + i64::from(dice % 11) * DAY,
    );
    if dice & 512 > 0 {
        row.responses = vec![Response {
            asked_at: after(begun),
            at: after(soon),
            by: holder(dice >> 1),
            after: lengths(soon - begun),
        }];
    }
    if dice & 1024 > 0 {
        let entry = |us: i64, who: u32| Effort {
            at: after(us),
            by: Some(agent(who)),
            team: Some(team(who)),
            spent_us: i64::from(dice % 90) * MINUTE,
        };
        row.effort = vec![entry(soon, dice >> 6), entry(left, dice >> 7)];
    }
    if let (true, Some(five)) = (dice & 2048 > 0, Scale::new(1, 5)) {
        let mark = |kind, scale, mark: u32| RatingFact {
            at: after(later),
            kind,
            mark: u8::try_from(mark).unwrap_or(u8::MAX),
            scale,
            credit: Some(agent(dice)),
            team: Some(team(dice)),
            customer: Some(row.requester),
        };
        row.ratings = vec![
            mark(RatingKind::Csat, five, dice % 5 + 1),
            mark(RatingKind::Csat, five, kind % 5 + 1),
            mark(RatingKind::Nps, Scale::NPS, dice % 11),
        ];
    }
}
