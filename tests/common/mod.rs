//! Stories about a ticket, for the laws: who says what, and after how long.

#![allow(dead_code, missing_docs, unreachable_pub)] // each test file uses a part

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::escalation::{
    Action, CatchUp, Guard, Level, Recipient, Rule, Threshold, Trigger, ready,
};
use helpdesk::id::{AgentId, BotId, CustomerId, Name, TeamId};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Condition, Measure, Policy, ReopenOption, Target};
use helpdesk::store::Store;
#[allow(unused_imports)] // each test file uses a part
pub use helpdesk::testing::laws::escalation::{keys, what_happened};
use helpdesk::testing::story::Story;
use helpdesk::ticket::{
    Agreement, Change, CloseReason, Draft, MessageClass, Metric, Move, Pending, Priority, Recorded,
    Stage,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Outcome, Rulebook, TicketId};
use proptest::prelude::*;
use uuid::Uuid;

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xa));
pub const BOB: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xb));
pub const KIM: AgentId = AgentId::from_uuid(Uuid::from_u128(0xc));

/// Office hours, two policies, and rules whose levels raise priorities, tag, assign and tell.
pub fn rulebook() -> Rulebook {
    let hours = |n| Target::new(Span::hours(n), Measure::Business).unwrap();
    let all_day = |n| Target::new(Span::hours(n), Measure::Calendar).unwrap();
    let urgent = Condition::Priority(vec![Priority::Urgent, Priority::Critical]);
    let open = Guard::stages([Stage::Open, Stage::Reopened]);
    Rulebook::draft()
        .calendar(
            name("office"),
            Calendar::parse("Mon-Fri 09:00-17:00", "America/New_York").unwrap(),
        )
        .calendar(
            name("night"),
            Calendar::parse("Sun-Thu 22:00-06:00", "Europe/Berlin").unwrap(),
        )
        .policy(
            Policy::new(name("urgent"))
                .when(urgent)
                .calendar(name("night"))
                .target(Metric::FirstResponse, hours(1))
                .target(Metric::TotalResolution, all_day(20)),
        )
        .policy(
            Policy::new(name("standard"))
                .target(Metric::FirstResponse, hours(4))
                .target(Metric::NextResponse, hours(2))
                .target(Metric::PeriodicUpdate, all_day(30))
                .target(Metric::FirstResolution, hours(10))
                .target(Metric::TotalResolution, "3 business days".parse().unwrap())
                .target(
                    Metric::FollowUp,
                    "1 business day end of day".parse().unwrap(),
                )
                .reopening(
                    Metric::RequesterWait,
                    ReopenOption::NewCycleAfter(Span::hours(30)),
                )
                .target(Metric::RequesterWait, hours(30)),
        )
        .policy(
            Policy::new(name("inner"))
                .agreement(Agreement::Ola)
                .target(Metric::Ownership, hours(3))
                .target(Metric::AgentWork, hours(20)),
        )
        .escalation(
            Rule::new(name("answer"), Trigger::clock(Metric::FirstResponse))
                .withdraw()
                .level(level("half", 50).action(Action::Notify(Recipient::AgentInCharge)))
                .level(level("most", 90).action(Action::AddTag(name("late"))))
                .level(level("all", 100).action(Action::Notify(Recipient::Role(name("lead"))))),
        )
        .escalation(
            Rule::new(name("resolve"), Trigger::clock(Metric::TotalResolution))
                .catch_up(CatchUp::All)
                .level(
                    level("some", 30)
                        .guard(open)
                        .action(Action::Custom(name("hook"))),
                )
                .level(level("raise", 60).action(Action::RaisePriority(Priority::Urgent)))
                .level(level("team", 150).action(Action::AssignTeam(TeamId::named("second line")))),
        )
        .escalation(
            Rule::new(name("next"), Trigger::clock(Metric::NextResponse))
                .level(
                    at_threshold("before", "30min before due").action(Action::AddTag(name("soon"))),
                )
                .level(
                    at_threshold("after", "1h calendar after due")
                        .action(Action::Notify(Recipient::TeamInCharge)),
                )
                .level(
                    at_threshold("again", "1h after due")
                        .repeat(hours(1), 3)
                        .action(Action::Custom(name("again"))),
                ),
        )
        .escalation(
            Rule::new(name("waits"), Trigger::CustomerWaits)
                .withdraw()
                .level(
                    at_threshold("long", "after 5h")
                        .repeat(all_day(7), 2)
                        .action(Action::Custom(name("call"))),
                ),
        )
        .escalation(
            Rule::new(name("often"), Trigger::Reopened)
                .level(at_threshold("twice", "2 times").action(Action::AddTag(name("tricky")))),
        )
        .escalation(ready::remind_customer(all_day(48), 2))
        .escalation(ready::auto_resolve(all_day(168)))
        .escalation(ready::auto_close(all_day(240)))
        .build()
        .unwrap()
}

/// The same rules, where everything follows what is published.
pub fn following() -> Rulebook {
    let mut draft = RulebookDraft::from(rulebook());
    draft
        .policies
        .iter_mut()
        .for_each(|policy| policy.follow = true);
    draft
        .escalations
        .iter_mut()
        .for_each(|rule| rule.follow = true);
    draft.build().unwrap()
}

pub fn level(text: &str, percent: u16) -> Level {
    Level::new(name(text), Threshold::percent(percent).unwrap())
}

pub fn at_threshold(text: &str, threshold: &str) -> Level {
    Level::new(name(text), threshold.parse().unwrap())
}

/// A ticket of Ann's, opened at the begin.
pub fn opened<S: Store>(desk: &Desk<S>) -> TicketId {
    let call = call(Actor::Customer(ANN), at(BEGIN), 1);
    let open = Open::new("x").body("help");
    desk.open(&call, open).unwrap().id()
}

/// One thing that somebody says, `gap` after the one before.
#[derive(Clone, Debug)]
pub struct Say {
    pub gap: TimeDelta,
    pub actor: Actor,
    pub command: Command,
}

pub fn gaps() -> impl Strategy<Value = TimeDelta> {
    prop_oneof![
        Just(TimeDelta::zero()),
        (0..120_i64).prop_map(TimeDelta::seconds),
        (0..600_i64).prop_map(TimeDelta::minutes),
        (0..200_i64).prop_map(TimeDelta::hours),
        (0..20_000_000_000_i64).prop_map(TimeDelta::microseconds),
    ]
}

pub fn actors() -> impl Strategy<Value = Actor> {
    prop_oneof![
        3 => Just(Actor::Customer(ANN)),
        4 => Just(Actor::Agent(KIM)),
        1 => Just(Actor::Bot(BotId::named("bot"))),
        1 => Just(Actor::Supervisor(AgentId::named("lee"))),
    ]
}

pub fn moves() -> impl Strategy<Value = Option<Move>> {
    let wait = (1..400_i64).prop_map(|hours| {
        let until = at("2026-03-02T00:00:00Z") + TimeDelta::hours(hours);
        Move::Pend(Pending::Scheduled { until })
    });
    prop_oneof![
        4 => Just(None),
        2 => Just(Some(Move::Pend(Pending::Customer))),
        1 => Just(Some(Move::Pend(Pending::ThirdParty))),
        2 => wait.prop_map(Some),
        1 => Just(Some(Move::Resume)),
        3 => Just(Some(Move::Resolve)),
        1 => Just(Some(Move::Reopen)),
        1 => Just(Some(Move::Close(CloseReason::Settled))),
    ]
}

pub fn commands() -> impl Strategy<Value = Command> {
    let class = prop_oneof![
        5 => Just(MessageClass::Ordinary),
        1 => Just(MessageClass::Automatic),
        1 => Just(MessageClass::Thanks),
    ];
    let draft = ("[a-z]{1,8}", class, any::<bool>()).prop_map(|(body, class, note)| {
        let mut draft = Draft::new(body).class(class);
        if note {
            draft.visibility = helpdesk::ticket::Visibility::Internal;
        }
        draft
    });
    let change = prop_oneof![
        proptest::sample::select(Priority::ALL.to_vec()).prop_map(Change::Priority),
        "[ab]".prop_map(|tag| Change::AddTag(name(&tag))),
        "[ab]".prop_map(|tag| Change::RemoveTag(name(&tag))),
        (1..300_i64).prop_map(|h| Change::PromiseUpdate(at(BEGIN) + TimeDelta::hours(h))),
        "[pq]".prop_map(|team| Change::Assign {
            agent: None,
            team: Some(TeamId::named(&team))
        }),
        any::<bool>().prop_map(|some| Change::Assign {
            agent: some.then_some(KIM),
            team: None
        }),
        (1..600_u32).prop_map(|s| Change::LogTime {
            spent: Span::seconds(s),
            activity: None
        }),
        Just(Change::AddParticipant(BOB)),
    ];
    let changes = proptest::collection::vec(change, 0..3);
    (proptest::option::of(draft), changes, moves()).prop_map(|(message, changes, step)| {
        let mut command = Command::default();
        command.message = message;
        command.changes = changes;
        command.step = step;
        command
    })
}

pub fn stories() -> impl Strategy<Value = Vec<Say>> {
    let say = (gaps(), actors(), commands()).prop_map(|(gap, actor, command)| Say {
        gap,
        actor,
        command,
    });
    proptest::collection::vec(say, 0..16)
}

pub const BEGIN: &str = "2026-03-02T08:00:00Z";

/// Opens a ticket and tells the story, each command with an id of its own; what is refused is left out. Before each command
/// the desk is swept at the given instants.
pub fn tell<S: Store>(
    desk: &Desk<S>,
    story: &[Say],
    sweeps: &[DateTime<Utc>],
) -> (TicketId, DateTime<Utc>) {
    let mut now = at(BEGIN);
    let opened = desk
        .open(
            &call(Actor::Customer(ANN), now, 0),
            Open::new("subject").body("help"),
        )
        .unwrap();
    let mut sweeps = sweeps.iter().copied().peekable();
    for (i, say) in story.iter().enumerate() {
        now += say.gap;
        while let Some(sweep) = sweeps.next_if(|sweep| *sweep <= now) {
            desk.sweep(sweep, 10).unwrap();
        }
        let _ = submit(desk, opened.id(), say, now, i as u128 + 1);
    }
    (opened.id(), now)
}

pub fn submit<S: Store>(
    desk: &Desk<S>,
    ticket: TicketId,
    say: &Say,
    now: DateTime<Utc>,
    id: u128,
) -> Result<Outcome, helpdesk::Error> {
    desk.submit(ticket, &call(say.actor, now, id), say.command.clone())
}

pub fn call(actor: Actor, now: DateTime<Utc>, id: u128) -> Call {
    Call::with_id(Uuid::from_u128(id), actor, now)
}

pub fn history<S: Store>(desk: &Desk<S>, ticket: TicketId) -> Vec<Recorded> {
    desk.tenant(helpdesk::TenantId::SINGLE)
        .history(ticket)
        .unwrap()
}

/// A story of these tests as one of the kit, looked at 40 days after its end.
pub fn as_story(said: &[Say]) -> Story {
    let open = Open::new("subject").from_customer(ANN).body("help");
    let begun = Story::new(Actor::Customer(ANN), open);
    let story = said.iter().fold(begun, |story, say| {
        story.then(say.gap, say.actor, say.command.clone())
    });
    story.look_after(TimeDelta::days(40))
}
