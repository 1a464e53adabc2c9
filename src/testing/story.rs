//! Rulebooks and stories for property tests: who does what with a ticket, and after how long.
//!
//! Everything is laid on a grid: with a `tick` of a second or a minute, each instant of a story, each opening and closing and
//! each target is a whole number of ticks, so that a slow oracle can follow it tick by tick.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc, Weekday};
use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::calendar::{Calendar, DayEnd, Week, Window, Zone};
use crate::call::Actor;
use crate::escalation::{Action, Level, Rule, Trigger};
use crate::id::{AgentId, BotId, CustomerId, Name, SessionId, TeamId, TicketId, TicketNumber};
use crate::replay::{History, Row, Said};
use crate::rulebook::Rulebook;
use crate::sla::{Condition, Measure, Policy, ReopenOption, StartOption, Target};
use crate::ticket::{
    Agreement, Change, Channel, CloseReason, Command, Direction, Draft, Handling, MessageClass,
    Metric, Move, Open, Pending, PendingReason, PendingReasons, Priority, Recorded, Rules,
    SessionEnd, SessionStep, Stage, Status, Ticket, Visibility,
};
use crate::time::Span;

/// A ticket's opening and what then happens to it, on a grid.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Story {
    /// Who opens it.
    pub opener: Actor,
    /// How it begins.
    pub open: Open,
    /// What happens then.
    pub scenes: Vec<Scene>,
    /// How long after the last scene the story is looked at.
    pub after: TimeDelta,
}

/// One command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scene {
    /// How long after the one before.
    pub gap: TimeDelta,
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Command,
}

/// A story that was told to a desk: what is recorded of it, up to an instant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Told {
    /// The events.
    pub events: Vec<Recorded>,
    /// The ticket that they make.
    pub ticket: Ticket,
    /// The instant up to which everything that fell due is recorded.
    pub now: DateTime<Utc>,
}

/// When every story begins: a Monday morning.
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_438_400, 0).unwrap_or_default()
}

const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xa));
const KIM: AgentId = AgentId::from_uuid(Uuid::from_u128(0xb));
const LEE: AgentId = AgentId::from_uuid(Uuid::from_u128(0xc));
const BOT: BotId = BotId::from_uuid(Uuid::from_u128(0xd));

/// Stories of up to a dozen scenes, each up to a few hundred ticks after the one before.
pub fn stories(tick: TimeDelta) -> impl Strategy<Value = Story> {
    let scene = (gaps(tick), actors(), commands(tick));
    let scene = scene.prop_map(|(gap, actor, command)| Scene {
        gap,
        actor,
        command,
    });
    let open = (
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(drafts()),
        vec(facts(tick), 0..2),
        weighted(0.25, prop_oneof![3 => Just(greet()), 1 => Just(offer())]),
    );
    let open = open.prop_map(|(by_customer, outbound, message, changes, rings)| {
        let mut open = Open::new("subject");
        if let Some(step) = rings {
            let id = SessionId::named("first");
            open = open.from_customer(ANN).and(Change::Session { id, step });
            return (Actor::System, open);
        }
        open = if outbound {
            open.on_behalf_of(ANN)
        } else {
            open.from_customer(ANN)
        };
        open.message = message.filter(|draft| draft.visibility == Visibility::Public);
        open.changes = if by_customer { Vec::new() } else { changes };
        (
            if by_customer {
                Actor::Customer(ANN)
            } else {
                Actor::Agent(KIM)
            },
            open,
        )
    });
    (open, vec(scene, 0..12), gaps(tick)).prop_map(|((opener, open), scenes, after)| Story {
        opener,
        open,
        scenes,
        after,
    })
}

fn gaps(tick: TimeDelta) -> impl Strategy<Value = TimeDelta> {
    let ticks = prop_oneof![2 => Just(0), 3 => 1..20, 3 => 20..300, 1 => 300..900];
    ticks.prop_map(move |n| tick * n)
}

fn actors() -> impl Strategy<Value = Actor> {
    prop_oneof![
        4 => Just(Actor::Customer(ANN)),
        6 => Just(Actor::Agent(KIM)),
        1 => Just(Actor::Supervisor(LEE)),
        1 => Just(Actor::Bot(BOT)),
    ]
}

fn drafts() -> impl Strategy<Value = Draft> {
    let class = prop_oneof![
        8 => Just(MessageClass::Ordinary),
        1 => Just(MessageClass::Automatic),
        1 => Just(MessageClass::Thanks),
    ];
    (class, weighted(0.1, Just(()))).prop_map(|(class, note)| {
        let mut draft = Draft::new("text").class(class);
        if note.is_some() {
            draft.visibility = Visibility::Internal;
        }
        draft
    })
}

fn changes(tick: TimeDelta) -> impl Strategy<Value = Change> {
    prop_oneof![3 => facts(tick), 1 => session_steps()]
}

fn facts(tick: TimeDelta) -> impl Strategy<Value = Change> {
    let team = select(&["north", "south"][..]).prop_map(TeamId::named);
    prop_oneof![
        3 => select(&[Priority::Normal, Priority::High][..]).prop_map(Change::Priority),
        2 => Just(Change::AddTag(name("a"))),
        2 => Just(Change::RemoveTag(name("a"))),
        3 => (1..900).prop_map(move |n| Change::PromiseUpdate(beginning() + tick * n)),
        3 => (any::<bool>(), proptest::option::of(team)).prop_map(|(agent, team)| Change::Assign {
            agent: agent.then_some(KIM),
            team,
        }),
    ]
}

/// A step of one of two calls or chats.
fn session_steps() -> impl Strategy<Value = Change> {
    let end = |end| SessionStep::End {
        end,
        handling: Handling::default(),
    };
    let step = prop_oneof![
        2 => Just(greet()),
        2 => Just(offer()),
        3 => Just(SessionStep::HandOver { reason: name("asked") }),
        3 => Just(SessionStep::Answer { agent: None }),
        1 => select(&[
            SessionEnd::Completed,
            SessionEnd::Abandoned,
            SessionEnd::Contained,
        ][..]).prop_map(end),
    ];
    (select(&["first", "second"][..]), step).prop_map(|(id, step)| Change::Session {
        id: SessionId::named(id),
        step,
    })
}

fn greet() -> SessionStep {
    SessionStep::Greet {
        bot: BOT,
        channel: Channel::Chat,
    }
}

fn offer() -> SessionStep {
    SessionStep::Offer {
        channel: Channel::Phone,
    }
}

/// What a log may have recorded of one ticket, on the same grid: statuses that jump, and what is said in any of them.
pub fn logs(tick: TimeDelta) -> impl Strategy<Value = History> {
    let status = prop_oneof![
        2 => Just(Status::Open),
        3 => Just(Status::Resolved),
        2 => Just(Status::Reopened),
        2 => select(&[CloseReason::Settled, CloseReason::Spam][..]).prop_map(Status::Closed),
        2 => select(&[Pending::Customer, Pending::ThirdParty][..]).prop_map(Status::Pending),
    ];
    let said = prop_oneof![
        4 => status.prop_map(|to| Said::Status { to, label: None }),
        4 => drafts().prop_map(Said::Message),
        3 => changes(tick).prop_map(Said::Change),
    ];
    let row = (gaps(tick), actors(), vec(said, 1..3));
    (any::<bool>(), vec(row, 0..14)).prop_map(|(outbound, rows)| {
        let (ticket, mut now) = (TicketId::named("log"), beginning());
        let mut history = History::new(ticket, TicketNumber(1), ANN, now);
        if outbound {
            history.opened.direction = Direction::Outbound;
        }
        for (gap, by, says) in rows {
            now += gap;
            let row = Row::new(now).by(by);
            history.rows.push(says.into_iter().fold(row, Row::says));
        }
        history
    })
}

fn moves(tick: TimeDelta) -> impl Strategy<Value = Move> {
    let scheduled = (1..6_000).prop_map(move |n| Pending::Scheduled {
        until: beginning() + tick * n,
    });
    let pending = prop_oneof![
        3 => Just(Pending::Customer),
        1 => Just(Pending::ThirdParty),
        1 => Just(Pending::Internal),
        3 => scheduled,
    ];
    prop_oneof![
        3 => pending.prop_map(Move::Pend),
        2 => Just(Move::Resume),
        3 => Just(Move::Resolve),
        2 => Just(Move::Reopen),
        1 => Just(Move::Close(CloseReason::Settled)),
    ]
}

fn commands(tick: TimeDelta) -> impl Strategy<Value = Command> {
    let parts = (
        weighted(0.5, drafts()),
        vec(changes(tick), 0..2),
        weighted(0.5, moves(tick)),
    );
    parts.prop_map(|(message, changes, step)| {
        let mut command = Command::default();
        (command.message, command.changes, command.step) = (message, changes, step);
        command
    })
}

/// Rulebooks with several calendars, and policies for some tickets or all, with targets, pauses and options of all kinds.
pub fn rulebooks(tick: TimeDelta) -> impl Strategy<Value = Rulebook> {
    let calendars = vec(calendars(tick), 3);
    let parts = (
        calendars,
        vec(policies(tick), 1..5),
        any::<bool>(),
        proptest::option::of(escalations()),
    );
    parts.prop_filter_map(
        "builds",
        |(calendars, policies, reopen_closed, escalations)| {
            let rules = Rules {
                reopen_closed,
                ..Rules::default()
            };
            let mut draft = Rulebook::draft().tickets(rules);
            for (n, calendar) in calendars.into_iter().enumerate() {
                draft = draft.calendar(name(CALENDARS[n]), calendar);
            }
            for (n, mut policy) in policies.into_iter().enumerate() {
                policy.name = name(["first", "second", "third", "fourth"][n]);
                draft = draft.policy(policy);
            }
            for rule in escalations.into_iter().flatten() {
                draft = draft.escalation(rule);
            }
            draft.build().ok()
        },
    )
}

/// A rule on a clock, at the due or on the breach, and one on the time in a status.
fn escalations() -> impl Strategy<Value = [Rule; 2]> {
    let at = select(&["100 %", "on breach"][..]);
    let waits = select(&["after 20s calendar", "after 2h", "after 3h calendar"][..]);
    let stage = select(
        &[
            Stage::Open,
            Stage::Pending,
            Stage::Reopened,
            Stage::Resolved,
        ][..],
    );
    let parts = (any::<bool>(), at, stage, waits);
    parts.prop_filter_map("thresholds", |(withdraw, at, stage, waits)| {
        let level = |at: &str| Some(Level::new(name("late"), at.parse().ok()?));
        let page = Action::Custom(name("page"));
        let late = level(at)?.action(Action::RaisePriority(Priority::High));
        let clock = Trigger::clock(Metric::TotalResolution);
        let mut rule = Rule::new(name("rule"), clock).level(late.action(page.clone()));
        let mut stands = Rule::new(name("stands"), Trigger::time_in_status([stage]))
            .level(level(waits)?.action(page));
        (rule.withdraw, stands.withdraw) = (withdraw, withdraw);
        Some([rule, stands])
    })
}

const CALENDARS: [&str; 3] = ["one", "two", "three"];

/// Calendars that open and close several times in the course of a story.
fn calendars(tick: TimeDelta) -> impl Strategy<Value = Calendar> {
    let seconds = u32::try_from(tick.num_seconds()).unwrap_or(60);
    // In seconds a story lasts some hours of one morning; in minutes, days.
    let (from, to, longest): (u32, u32, u32) = if seconds < 60 {
        (6 * 3_600, 14 * 3_600, 2_000)
    } else {
        (0, 86_400, 36_000)
    };
    let window = (from..to, 1..longest).prop_filter_map("a window", move |(opens, length)| {
        let (opens, length) = (
            opens / seconds * seconds,
            (length / seconds).max(1) * seconds,
        );
        Window::new(opens, (opens + length) % 86_400).ok()
    });
    let zone = select(&["UTC", "America/New_York", "Asia/Kathmandu"][..]);
    let written =
        (zone, vec(window, 1..8), 1u8..=127).prop_filter_map("opens", |(zone, windows, days)| {
            let days = (0u8..7).filter(|day| days & (1 << day) != 0);
            let mut week = Week::new();
            for day in days.filter_map(|day| Weekday::try_from(day).ok()) {
                week = windows
                    .iter()
                    .fold(week, |week, window| week.and(day, *window));
            }
            Calendar::builder_in(Zone::parse(zone).ok()?)
                .week(week)
                .build()
                .ok()
        });
    prop_oneof![6 => written, 1 => Just(Calendar::always())]
}

/// A rulebook, and what is published after it in the course of a story: rulebooks with other calendars, each from an instant on, not
/// always in the order of their instants.
pub fn published_rulebooks(
    tick: TimeDelta,
) -> impl Strategy<Value = (Rulebook, Vec<(Rulebook, DateTime<Utc>)>)> {
    let publication = (vec(proptest::option::of(calendars(tick)), 3), 0..1_500);
    let publications = vec(publication, 0..4);
    (rulebooks(tick), publications).prop_map(move |(first, publications)| {
        let publications = publications.into_iter().filter_map(|(calendars, ticks)| {
            // Only calendars are published; a name that a publication lacks stays as it was.
            let mut next = Rulebook::draft();
            for (n, calendar) in calendars.into_iter().enumerate() {
                if let Some(calendar) = calendar {
                    next = next.calendar(name(CALENDARS[n]), calendar);
                }
            }
            Some((next.build().ok()?, beginning() + tick * ticks))
        });
        let publications = publications.collect();
        (first, publications)
    })
}

/// Some holidays of the days of a story.
pub fn holidays() -> impl Strategy<Value = Vec<NaiveDate>> {
    let day = (0..10_u64).prop_map(|day| beginning().date_naive() + Days::new(day));
    vec(day, 1..4)
}

fn policies(tick: TimeDelta) -> impl Strategy<Value = Policy> {
    let when = prop_oneof![
        2 => Just(Condition::Always),
        1 => Just(Condition::Priority(vec![Priority::High])),
        1 => Just(Condition::Tag(name("a"))),
        1 => Just(Condition::Not(Box::new(Condition::Tag(name("a"))))),
    ];
    let agreement = prop_oneof![3 => Just(Agreement::Sla), 1 => Just(Agreement::Ola)];
    let metrics = || select(&Metric::ALL[..]);
    let reasons = vec(select(&PendingReason::ALL[..]), 0..4).prop_map(PendingReasons::from);
    let reopening = prop_oneof![
        Just(ReopenOption::Resume),
        Just(ReopenOption::NewCycle),
        (1u32..300).prop_map(move |n| ReopenOption::NewCycleAfter(ticks(tick, n))),
        Just(ReopenOption::FirstOnly),
    ];
    let start = prop_oneof![
        2 => Just(StartOption::FirstContact),
        1 => Just(StartOption::FirstMessage),
        1 => Just(StartOption::Assignment),
        1 => Just(StartOption::HandOff),
    ];
    let data = (
        btree_map(metrics(), targets(tick), 2..10),
        btree_map(metrics(), reasons, 0..5),
        btree_map(metrics(), reopening, 0..4),
    );
    let calendar = (select(&CALENDARS[..]), any::<bool>());
    (when, agreement, calendar, start, data).prop_map(
        |(when, agreement, (calendar, follow), start, data)| {
            let mut policy = Policy::new(name("policy"))
                .when(when)
                .agreement(agreement)
                .calendar(name(calendar));
            policy.first_response_starts = start;
            policy.follow = follow;
            (policy.targets, policy.pauses, policy.reopening) = data;
            policy
        },
    )
}

fn targets(tick: TimeDelta) -> impl Strategy<Value = Target> {
    let measure = select(&[Measure::Business, Measure::Calendar][..]);
    let running = (prop_oneof![3 => 1u32..200, 1 => 1u32..1_500], measure);
    let running = running.prop_filter_map("more than none", move |(n, m)| {
        Target::new(ticks(tick, n), m).ok()
    });
    let end = select(&[DayEnd::SameTime, DayEnd::LastClose][..]);
    let days = (1u16..3, end).prop_filter_map("days", |(days, end)| Target::days(days, end).ok());
    prop_oneof![5 => running, 1 => days]
}

fn ticks(tick: TimeDelta, n: u32) -> Span {
    Span::seconds(n * u32::try_from(tick.num_seconds()).unwrap_or(60))
}

fn name(text: &'static str) -> Name {
    Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}
