//! The laws of fact tables: rows come out as they went in, and every figure is the tally's.

#[cfg(feature = "flat")]
mod flat;
mod laws;
mod tables;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, TeamId, TicketId, TicketNumber};
use helpdesk::kpi::table::{Figures, Key, Length, Query, TableReport};
use helpdesk::kpi::{
    Durations, Fact, FirstResponse, KpiReport, Lengths, RatingFact, Report, Spent,
};
use helpdesk::sla::Measure;
use helpdesk::ticket::{self, Channel, CloseReason, Open, Priority, RatingKind, Scale, Ticket};
use helpdesk::{Actor, Call, Rulebook};
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

/// The instant `us` after the begin of the tests' world.
fn after(us: i64) -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::microseconds(us)
}

/// One real row, from which the others are made.
fn pattern() -> Fact {
    let rulebook = Rulebook::starter();
    let call = Call::new(Actor::agent(AgentId::named("kim")), after(0));
    let open = Open::new("Printer on fire").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None).unwrap();
    let ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    rulebook.facts(&ticket).remove(0)
}

#[derive(Clone, Debug)]
struct Cycle {
    works: i64,
    resolved: Option<Option<i64>>, // and again
    closed: Option<CloseReason>,
    rests: i64,
    counts: (u32, u32),
    marks: Vec<(bool, u8, i64)>,
}

#[derive(Clone, Debug)]
struct Story {
    created: i64,
    cycles: Vec<Cycle>,
    response: u8,
    answered: i64,
    length: i64,
    who: (u8, u8, u8, u8, u8),
}

fn span() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0i64), Just(DAY), Just(7 * DAY), 0..20 * DAY]
}

fn cycles() -> impl Strategy<Value = Cycle> {
    let reason = prop::sample::select(vec![
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Duplicate,
        CloseReason::Spam,
    ]);
    let resolved = prop_oneof![
        4 => Just(Some(None)),
        1 => (0..DAY).prop_map(|again| Some(Some(again))),
        2 => Just(None),
    ];
    let mark = (any::<bool>(), 1..6u8, 0..30 * DAY);
    let marks = prop::collection::vec(mark, 0..3);
    (
        span(),
        resolved,
        prop::option::of(reason),
        span(),
        (0..3u32, 0..2u32),
        marks,
    )
        .prop_map(|(works, resolved, closed, rests, counts, marks)| Cycle {
            works,
            resolved,
            closed,
            rests,
            counts,
            marks,
        })
}

fn stories() -> impl Strategy<Value = Vec<Story>> {
    let created = prop_oneof![(0..40i64).prop_map(|day| day * DAY), 0..40 * DAY];
    let length = prop_oneof![-500..500i64, 0..9 * DAY, (i64::MIN + 1)..i64::MAX];
    let who = (0..4u8, 0..3u8, 0..3u8, 0..3u8, 0..3u8);
    let story = (
        created,
        prop::collection::vec(cycles(), 1..4),
        0..4u8,
        0..9 * DAY,
        length,
        who,
    )
        .prop_map(|(created, cycles, response, answered, length, who)| Story {
            created,
            cycles,
            response,
            answered,
            length,
            who,
        });
    prop::collection::vec(story, 0..14)
}

fn tickets(stories: &[Story]) -> Vec<Vec<Fact>> {
    let pattern = pattern();
    let told = |(i, story)| told(&pattern, i, story);
    stories.iter().enumerate().map(told).collect()
}

fn told(pattern: &Fact, index: usize, story: &Story) -> Vec<Fact> {
    let mut pattern = pattern.clone();
    pattern.ticket = TicketId::named(&index.to_string());
    pattern.number = TicketNumber(index as u64);
    pattern.created_at = after(story.created);
    let (agent, team, channel, priority, kind) = story.who;
    pattern.agent = (agent > 0).then(|| AgentId::named(&agent.to_string()));
    pattern.team = (team > 0).then(|| TeamId::named(&team.to_string()));
    pattern.channel = [
        Channel::Email,
        Channel::Other("kiosk".parse().unwrap()),
        Channel::Chat,
    ][usize::from(channel)]
    .clone();
    pattern.priority = Priority::ALL[usize::from(priority)];
    pattern.kind = ["a", "b"]
        .get(usize::from(kind))
        .map(|name| name.parse().unwrap());
    pattern.tags = (0..agent)
        .map(|n| format!("t{n}").parse().unwrap())
        .collect();
    let spent = |until: i64, from: i64| Spent {
        work: Lengths {
            calendar_us: (until - from) / 2,
            business_us: (until - from) / 4,
        },
        waiting: Lengths {
            calendar_us: (until - from) / 3,
            business_us: 7,
        },
        done: Lengths {
            calendar_us: 5,
            business_us: 0,
        },
        for_customer: Lengths {
            calendar_us: 3,
            business_us: 2,
        },
    };
    let mut rows = Vec::new();
    let mut now = story.created;
    for (number, cycle) in story.cycles.iter().enumerate() {
        let mut row = pattern.clone();
        row.cycle = number as u32;
        row.started_at = after(now);
        let begun = now;
        row.own = None;
        (row.replies, row.follow_ups) = cycle.counts;
        row.team_transfers = u32::from(cycle.rests % 3 == 1);
        row.one_contact = row.replies <= 1 && row.follow_ups + row.team_transfers == 0;
        let rating = |(is_nps, mark, at): &(bool, u8, i64)| {
            let (kind, scale) = match is_nps {
                true => (RatingKind::Nps, Scale::NPS),
                false => (
                    RatingKind::Csat,
                    Scale::new(1, 5 + u8::from(*mark == 2)).unwrap(),
                ),
            };
            rating(kind, *mark, scale, after(story.created + at))
        };
        let mut marks = cycle.marks.clone();
        marks.sort_by_key(|mark| mark.2);
        row.ratings = marks.iter().map(rating).collect();
        now += cycle.works;
        if let Some(again) = cycle.resolved {
            (row.first_resolved_at, row.left_at) = (Some(after(now)), Some(after(now)));
            row.first_spent = Some(spent(now, story.created));
            now += again.unwrap_or(0);
            row.resolved_at = Some(after(now));
            row.spent = Some(if again.is_some() {
                spent(now, story.created)
            } else {
                row.first_spent.unwrap()
            });
            row.cycle_spent = Some(spent(now, begun));
        }
        if let Some(reason) = cycle.closed {
            row.closed = Some((after(now), reason));
            row.left_at = row.left_at.or(Some(after(now)));
        }
        now += cycle.rests;
        let goes_on = row.left_at.is_some() && number + 1 < story.cycles.len();
        row.reopened_at = goes_on.then(|| after(now));
        rows.push(row);
        if !goes_on {
            break;
        }
    }
    let mut own = pattern.own.clone().unwrap();
    own.first_response = match story.response {
        0 => FirstResponse::NotApplicable,
        1 => FirstResponse::Waiting,
        2 => FirstResponse::Unanswered,
        _ => FirstResponse::Answered {
            after: Lengths {
                calendar_us: story.length,
                business_us: story.length / 3,
            },
            at: after(story.created + story.answered),
            by: AgentId::named("kim"),
        },
    };
    own.fields = [(
        "tier".parse().unwrap(),
        ticket::FieldValue::Number(story.length),
    )]
    .into();
    rows[0].own = Some(own);
    rows
}

fn rating(kind: RatingKind, mark: u8, scale: Scale, at: DateTime<Utc>) -> RatingFact {
    let text = serde_json::json!({
        "at": at, "kind": kind, "mark": mark, "scale": scale, "credit": AgentId::named("kim"), "team": null,
    });
    serde_json::from_value(text).unwrap()
}

const KEYS: [Key; 5] = [
    Key::Agent,
    Key::Team,
    Key::Channel,
    Key::Priority,
    Key::Type,
];

const LENGTHS: [Length; 3] = [
    Length::FirstResponse,
    Length::FirstResolution,
    Length::TotalResolution,
];

/// With everything that a table can tell.
fn full(report: &Report) -> Query {
    let query = KEYS.into_iter().fold(Query::new(report.clone()), Query::by);
    LENGTHS.into_iter().fold(query, |query, length| {
        query
            .length(length, Measure::Calendar)
            .length(length, Measure::Business)
    })
}

fn usual(report: &Report) -> Query {
    KEYS.into_iter().fold(Query::new(report.clone()), Query::by)
}

/// Whether all figures that the usual query gives are those of the full one.
fn alike(usual: &TableReport, full: &TableReport) -> bool {
    let same = |a: &Figures, b: &Figures| {
        let counts = |f: &Figures| {
            let ratios = [
                f.resolution_rate(),
                f.reopen_rate(),
                f.resolutions_reopened(),
                f.first_contact_resolution(),
            ];
            let numbers = [
                f.tickets(),
                f.volume(),
                f.resolved(),
                f.resolutions(),
                f.immature_reopened(),
            ];
            let marks = (f.csat().clone(), f.nps().clone());
            (
                ratios.map(Clone::clone),
                numbers,
                marks,
                f.closed_unresolved().clone(),
                f.without_first_response().clone(),
            )
        };
        let lengths = [Length::FirstResponse, Length::TotalResolution];
        let length =
            |length| a.length(length, Measure::Calendar) == b.length(length, Measure::Calendar);
        counts(a) == counts(b) && lengths.into_iter().all(length)
    };
    let same_groups = |key: &Key| {
        let (a, b) = (usual.by(*key), full.by(*key));
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.value == b.value && same(&a.figures, &b.figures))
    };
    same(usual.all(), full.all()) && KEYS.iter().all(same_groups)
}

/// Every figure that both have.
fn same(figures: &Figures, tally: &KpiReport) -> Result<(), TestCaseError> {
    prop_assert_eq!(figures.tickets(), tally.tickets());
    prop_assert_eq!(figures.volume(), tally.volume());
    prop_assert_eq!(figures.resolved(), tally.resolved());
    prop_assert_eq!(figures.resolutions(), tally.resolutions());
    prop_assert_eq!(figures.resolution_rate(), tally.resolution_rate());
    prop_assert_eq!(figures.closed_unresolved(), tally.closed_unresolved());
    prop_assert_eq!(figures.reopen_rate(), tally.reopen_rate());
    prop_assert_eq!(figures.resolutions_reopened(), tally.resolutions_reopened());
    prop_assert_eq!(figures.immature_reopened(), tally.immature_reopened());
    prop_assert_eq!(
        figures.first_contact_resolution(),
        tally.first_contact_resolution()
    );
    prop_assert_eq!(figures.csat(), tally.csat());
    prop_assert_eq!(figures.nps(), tally.nps());
    prop_assert_eq!(
        figures.without_first_response(),
        &tally.first_response().excluded
    );
    let durations: [&Durations; 3] = [
        tally.first_response(),
        tally.first_resolution(),
        tally.total_resolution(),
    ];
    for (length, durations) in LENGTHS.into_iter().zip(durations) {
        prop_assert_eq!(
            figures.length(length, Measure::Calendar),
            durations.calendar.as_ref()
        );
        prop_assert_eq!(
            figures.length(length, Measure::Business),
            durations.business.as_ref()
        );
    }
    Ok(())
}
