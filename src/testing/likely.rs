//! Stories in which nearly every command is taken: who may say it says it, and the step is one that the table has there.
//!
//! [`story::stories`](super::story::stories) says anything to a ticket, and half of it is refused; these spend their scenes on what
//! happens. They shrink well: a story is told from small numbers, and what they mean is looked up afresh in
//! [`LIFECYCLE`](crate::ticket::LIFECYCLE) for the status that the shorter story is in. So a scene that is taken out leaves no
//! refusals behind it, and each number that falls makes its scene plainer: down to a message of the customer, at once.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::call::Actor;
use crate::id::{AgentId, CustomerId, Name, TeamId};
use crate::testing::lifecycle::{Answer, Model};
use crate::testing::story::{Story, beginning};
use crate::ticket::{
    Change, CloseReason, Command, Draft, Move, Open, Pending, Priority, Rules, Step,
};
use crate::time::Span;

const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xa));
const KIM: AgentId = AgentId::from_uuid(Uuid::from_u128(0xb));

/// Stories of up to `longest` scenes on a grid of `tick`, under rules with the default reopen window and permissions. The ticket is
/// opened by its customer, who writes in every fourth scene or so; an agent does the rest. Under other rules they are as valid, but
/// fewer of their commands may be taken.
pub fn likely_stories(tick: TimeDelta, longest: usize) -> impl Strategy<Value = Story> {
    let scenes = vec(scene(), 0..=longest);
    (scenes, 0u16..900).prop_map(move |(scenes, after)| {
        let open = Open::new("subject").from_customer(ANN).body("help");
        let mut story = Story::new(Actor::Customer(ANN), open);
        let mut model = Model::opened(&Rules::default());
        let mut now = beginning();
        for scene in scenes {
            let gap = tick * i32::from(scene.gap);
            now = now.checked_add_signed(gap).unwrap_or(now);
            model.pass(now);
            let (actor, command) = scene.meant(&mut model, now, tick);
            story = story.then(gap, actor, command);
        }
        story.look_after(tick * i32::from(after))
    })
}

/// A scene as numbers.
#[derive(Clone, Debug)]
struct Numbers {
    /// Ticks since the scene before.
    gap: u16,
    /// Whether an agent acts.
    agent: bool,
    /// Which step of those that the ticket can take, or none.
    step: u8,
    /// Which change goes with it, or none.
    change: u8,
    /// How long a wait or a promise is, in ticks.
    wait: u16,
}

fn scene() -> impl Strategy<Value = Numbers> {
    let gap = prop_oneof![2 => Just(0u16), 3 => 1u16..20, 3 => 20u16..300, 1 => 300u16..900];
    let agent = prop::bool::weighted(0.75);
    let change = prop_oneof![2 => Just(0u8), 1 => 1u8..8];
    (gap, agent, 0u8..12, change, 1u16..900).prop_map(|(gap, agent, step, change, wait)| Numbers {
        gap,
        agent,
        step,
        change,
        wait,
    })
}

impl Numbers {
    /// What they mean to a ticket that stands as the model says.
    fn meant(&self, model: &mut Model, now: DateTime<Utc>, tick: TimeDelta) -> (Actor, Command) {
        let actor = if self.agent {
            Actor::Agent(KIM)
        } else {
            Actor::Customer(ANN)
        };
        let until = now.checked_add_signed(tick * i32::from(self.wait));
        let until = until.unwrap_or(now);
        let mut command = Command::default();
        if self.agent {
            command.step = self.step_of(model, until);
            command.changes = self.change_of(until).into_iter().collect();
        } else {
            command.message = Some(Draft::new("text"));
        }
        // An answer goes with two steps of three; without a step it is what the agent does.
        if self.agent && (command.step.is_none() || !self.step.is_multiple_of(3)) {
            command.message = Some(Draft::new("text"));
        }
        if model.meet(actor, &command, now) != Answer::Refused {
            return (actor, command);
        }
        // Closed, or waiting for an instant that is past: time can still be noted down.
        let spent = Change::LogTime {
            spent: Span::minutes(u32::from(self.wait)),
            activity: None,
        };
        (Actor::Agent(KIM), Command::change(spent))
    }

    /// One of the steps that the table has here and an agent takes; none at first.
    fn step_of(&self, model: &Model, until: DateTime<Utc>) -> Option<Move> {
        let pending = match self.wait % 4 {
            0 => Pending::Scheduled { until },
            1 => Pending::ThirdParty,
            2 => Pending::Internal,
            _ => Pending::Customer,
        };
        let steps = model.status.stage().steps().into_iter();
        let moves = steps.filter_map(|step| match step {
            Step::Pend => Some(Move::Pend(pending)),
            Step::Resume => Some(Move::Resume),
            Step::Resolve => Some(Move::Resolve),
            Step::Reopen => Some(Move::Reopen),
            Step::Close if self.wait.is_multiple_of(5) => Some(Move::Close(CloseReason::Settled)),
            Step::Close | Step::Wake | Step::CustomerMessage => None,
        });
        let mut choices = [None]
            .into_iter()
            .chain(moves.map(Some))
            .collect::<Vec<_>>();
        let n = usize::from(self.step) % choices.len();
        choices.swap_remove(n)
    }

    fn change_of(&self, until: DateTime<Utc>) -> Option<Change> {
        let tag = || Name::new("a").ok();
        match self.change {
            1 => Some(Change::Priority(Priority::High)),
            2 => Some(Change::Priority(Priority::Normal)),
            3 => tag().map(Change::AddTag),
            4 => tag().map(Change::RemoveTag),
            5 => Some(Change::Assign {
                agent: Some(KIM),
                team: Some(TeamId::named("north")),
            }),
            6 => Some(Change::PromiseUpdate(until)),
            7 => Some(Change::LogTime {
                spent: Span::minutes(u32::from(self.wait)),
                activity: None,
            }),
            _ => None,
        }
    }
}
