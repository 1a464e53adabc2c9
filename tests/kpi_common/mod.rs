//! Rows for the tests of KPIs: tickets told by hand, and strategies of many.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Zone;
use helpdesk::id::{AgentId, TeamId, TicketId, TicketNumber};
use helpdesk::kpi::{Fact, FirstResponse, Holder, Lengths, Report, Spent, Tally};
use helpdesk::sla::{State, Verdict};
use helpdesk::ticket::{
    self, Agreement, Channel, CloseReason, Event, Open, Priority, Recorded, Status, Step, Ticket,
    Version,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Rulebook};
use proptest::prelude::*;
use serde_json::{from_value, json};

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const DAY: i64 = 1_440 * MINUTE;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The instant `us` after the begin of the tests' world.
pub(crate) fn after(us: i64) -> DateTime<Utc> {
    at("2026-03-02T00:00:00Z") + TimeDelta::microseconds(us)
}

pub(crate) fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

/// A ticket that a history of statuses made, as an import would: by what happened, not by what is allowed.
pub(crate) fn ticket(moves: &[(&str, Status)]) -> Ticket {
    let rulebook = Rulebook::starter();
    let call = Call::new(kim(), at("2026-03-02T09:00:00Z"));
    let open = Open::new("Printer on fire").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None).unwrap();
    let mut ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    let chosen = Event::PolicyChosen {
        agreement: Agreement::Sla,
        policy: "standard".parse().ok(),
    };
    let moves = moves.iter().map(|(when, to)| {
        (
            *when,
            Event::StatusChanged {
                to: *to,
                step: Step::Resume,
                label: None,
            },
        )
    });
    for (when, event) in iter::once(("2026-03-02T09:00:00Z", chosen)).chain(moves) {
        let version = Version(ticket.version().0 + 1);
        ticket.apply(&Recorded {
            version,
            at: at(when),
            stamped_at: None,
            timing: None,
            actor: kim(),
            cause: None,
            event,
        });
    }
    ticket
}

pub(crate) fn rows(moves: &[(&str, Status)]) -> Vec<Fact> {
    Rulebook::starter().facts(&ticket(moves))
}

/// What the strategies below say about one cycle: when it ended, how, and when the next one began.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    pub works: i64,
    pub end: Option<End>,
    pub rests: i64,
    /// Decides who did what in it, and how often.
    pub dice: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Resolved { again: Option<i64> },
    Closed(CloseReason),
}

#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub created: i64,
    pub cycles: Vec<Cycle>,
    pub answered: Option<i64>,
    pub clock: (Verdict, bool, Option<i64>),
    /// Decides what kind of ticket it is.
    pub dice: u32,
}

pub(crate) fn stories() -> impl Strategy<Value = Vec<Story>> {
    let span = prop_oneof![Just(0i64), Just(DAY), 0..20 * DAY];
    let reason = prop::sample::select(vec![
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Spam,
    ]);
    let end = prop_oneof![
        3 => prop::option::of(0..DAY).prop_map(|again| Some(End::Resolved { again })),
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
    let verdict = prop::sample::select(vec![
        Verdict::Open,
        Verdict::Met,
        Verdict::Breached,
        Verdict::Unanswered,
    ]);
    let clock = (verdict, any::<bool>(), prop::option::of(0..40 * DAY));
    let created = prop_oneof![(0..40i64).prop_map(|day| day * DAY), 0..40 * DAY];
    let story = (
        created,
        prop::collection::vec(cycle, 1..4),
        prop::option::of(0..9 * DAY),
        clock,
        any::<u32>(),
    )
        .prop_map(|(created, cycles, answered, clock, dice)| Story {
            created,
            cycles,
            answered,
            clock,
            dice,
        });
    prop::collection::vec(story, 0..12)
}

/// The rows of each story.
pub(crate) fn tickets(stories: &[Story]) -> Vec<Vec<Fact>> {
    let pattern = rows(&[]).remove(0);
    stories
        .iter()
        .enumerate()
        .map(|(i, story)| told(&pattern, i, story))
        .collect()
}

pub(crate) fn told(pattern: &Fact, index: usize, story: &Story) -> Vec<Fact> {
    let mut rows = Vec::new();
    let mut now = story.created;
    let spent = |until: i64| {
        let calendar_us = until - story.created;
        Spent {
            work: Lengths {
                calendar_us,
                business_us: calendar_us / 3,
            },
            ..Spent::default()
        }
    };
    for (number, cycle) in story.cycles.iter().enumerate() {
        let mut row = pattern.clone();
        let begun = now;
        row.ticket = TicketId::named(&index.to_string());
        row.cycle = number as u32;
        row.created_at = after(story.created);
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
                row.resolver = Some(Actor::agent(agents(cycle.dice)));
                row.assignee = Holder {
                    agent: Some(agents(cycle.dice >> 2)),
                    team: Some(teams(cycle.dice >> 2)),
                };
            }
        }
        decorate(&mut row, begun, begun + cycle.works, story, cycle.dice);
        now += cycle.rests;
        let goes_on = cycle.end.is_some() && number + 1 < story.cycles.len();
        row.reopened_at = goes_on.then(|| after(now));
        rows.push(row);
        if !goes_on {
            break;
        }
    }
    let mut own = pattern.own.clone().unwrap();
    own.first_response = match story.answered {
        None => FirstResponse::Waiting,
        Some(us) => FirstResponse::Answered {
            after: Lengths {
                calendar_us: us,
                business_us: us / 3,
            },
            at: after(story.created + us),
            by: agents(story.dice >> 3),
        },
    };
    own.first_responding_team = Some(teams(story.dice >> 3));
    own.agents = story.dice >> 5 & 1;
    if story.dice & 64 > 0 {
        let told = json!([{"made_at": after(story.created), "at": after(story.created + 5 * DAY)}]);
        own.estimates = from_value(told).unwrap();
    }
    for clock in &mut own.clocks {
        let (verdict, ever, until) = story.clock;
        (clock.verdict, clock.ever_breached) = (verdict, ever || verdict == Verdict::Breached);
        clock.state = if verdict == Verdict::Open {
            State::Running
        } else {
            State::Stopped
        };
        clock.kept_until = until.filter(|_| verdict == Verdict::Open).map(after);
    }
    rows[0].own = Some(own);
    rows
}

pub(crate) fn agents(dice: u32) -> AgentId {
    AgentId::named(["kim", "lee", "max"][dice as usize % 3])
}

pub(crate) fn teams(dice: u32) -> TeamId {
    TeamId::named(["north", "south"][dice as usize % 2])
}

/// What the cycle's dice decide: who held it, who wrote how often, what was recorded and what the customer thought of it.
pub(crate) fn decorate(row: &mut Fact, begun: i64, left: i64, story: &Story, dice: u32) {
    let kind = story.dice;
    row.channel = [Channel::Email, Channel::Chat, Channel::Phone][kind as usize % 3].clone();
    row.priority = Priority::ALL[kind as usize % 5];
    row.tags = ["a", "b"]
        .iter()
        .zip([2u32, 4])
        .filter(|(_, bit)| kind & bit > 0)
        .map(|(tag, _)| tag.parse().unwrap())
        .collect();
    (row.agent, row.team) = (
        Some(agents(kind)).filter(|_| kind & 8 > 0),
        Some(teams(kind)),
    );
    row.replies = dice >> 3 & 3;
    row.touches = row.replies + (dice >> 5 & 1);
    row.follow_ups = dice >> 6 & 1;
    row.team_transfers = dice >> 7 & 1;
    row.one_contact = row.first_resolved_at.is_some()
        && row.replies <= 1
        && row.follow_ups + row.team_transfers == 0;
    row.agent_transfers = dice >> 8 & 3;
    let at = |us: i64| json!(after(us));
    let lengths = |us: i64| json!({"calendar_us": us, "business_us": us / 3});
    if row.left_at.is_some() && left > begun {
        let middle = begun + (left - begun) / 3;
        let piece = |from: i64, to: i64, who: u32| {
            let none = lengths(0);
            let spent = json!({"work": lengths(to - from), "waiting": none, "done": none, "for_customer": none});
            json!({"holder": {"agent": agents(who), "team": teams(who)}, "since": at(from), "until": at(to), "spent": spent})
        };
        row.holdings = from_value(json!([
            piece(begun, middle, dice >> 2),
            piece(middle, left, dice >> 4)
        ]))
        .unwrap();
    }
    let (soon, later) = (
        begun + i64::from(dice % 7) * DAY / 5,
        left + i64::from(dice % 11) * DAY,
    );
    if dice & 512 > 0 {
        let by = json!({"agent": agents(dice >> 1), "team": teams(dice >> 1)});
        row.responses = from_value(json!([{"asked_at": at(begun), "at": at(soon), "by": by, "after": lengths(soon - begun)}])).unwrap();
    }
    if dice & 1024 > 0 {
        let entry = |us: i64, who: u32| json!({"at": at(us), "by": agents(who), "team": teams(who), "spent_us": i64::from(dice % 90) * MINUTE});
        row.effort = from_value(json!([entry(soon, dice >> 6), entry(left, dice >> 7)])).unwrap();
    }
    if dice & 2048 > 0 {
        let mark = |kind: &str, scale: [u8; 2], mark: u32| json!({"at": at(later), "kind": kind, "mark": mark, "scale": scale, "credit": agents(dice), "team": teams(dice)});
        row.ratings = from_value(json!([
            mark("csat", [1, 5], dice % 5 + 1),
            mark("csat", [1, 5], kind % 5 + 1),
            mark("nps", [0, 10], dice % 11)
        ]))
        .unwrap();
    }
}

pub(crate) fn reports() -> impl Strategy<Value = Report> {
    let window = (0..60 * DAY, 0..60 * DAY);
    let zone = prop::sample::select(vec![
        "UTC",
        "America/New_York",
        "America/St_Johns",
        "Asia/Kathmandu",
    ]);
    (0..5, window, zone, 0..12u32).prop_map(|(kind, (a, b), zone, days)| {
        let report = Report::standard()
            .zone(Zone::parse(zone).unwrap())
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

pub(crate) fn tally(report: &Report, tickets: &[Vec<Fact>], now: DateTime<Utc>) -> Tally {
    let mut tally = report.tally(now);
    for ticket in tickets {
        tally.add(ticket).unwrap();
    }
    tally
}

pub(crate) fn merged(a: &Tally, b: &Tally) -> Tally {
    let mut sum = a.clone();
    sum.merge(b.clone()).unwrap();
    sum
}
