//! Any pattern of sweeps, crashes and competing sweepers gives the same set of fired keys, each once.
//!
//! The machine drives conversations with a desk ([`Operation`]) by hand, one need at a time, several at once. A crash before a
//! commit drops a conversation after it loaded; one after it drops it before it hears that the commit was written, and what was
//! asked is asked again under the same key. Sweepers compete as conversations do, and whole desks sweep in between. Messages are
//! claimed, forgotten until their lease runs out, and acknowledged.
//!
//! The reference is a desk on which nobody sweeps and nothing crashes: the commands that were written, each once, in the order in
//! which they were, and one sweep at the end. The clock skew of the rules is none, and no command shares its part of a second with
//! another: so none is taken at another instant than its own.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::desk::{Need, Operation, Request};
use helpdesk::error::ErrorKind;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::id::{FiringKey, TicketNumber};
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{MemoryStore, Outgoing, Store};
use helpdesk::testing::laws::{escalation, fold};
use helpdesk::ticket::{Delivery, Event, Metric, Recorded, Stage};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TicketId};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use uuid::Uuid;

/// How many tickets there are at first, and how many conversations go on at once.
const TICKETS: usize = 2;
const SLOTS: usize = 3;

/// At most so many commands: each has an instant of its own within its second.
const COMMANDS: usize = 20;

/// What the outside world knows: the time, and everything that was ever said.
#[derive(Clone, Debug)]
struct World {
    now: DateTime<Utc>,
    said: Vec<Said>,
}

/// A command as somebody gave it.
#[derive(Clone, Debug)]
struct Said {
    ticket: usize,
    actor: Actor,
    at: DateTime<Utc>,
    command: Command,
}

impl Said {
    /// The call of the `n`-th command, the same however often it is tried.
    fn call(&self, n: usize) -> Call {
        call(self.actor, self.at, n as u128 + 1).key(name(&format!("command {n}")))
    }
}

#[allow(clippy::large_enum_variant)] // a few of them live at a time
#[derive(Clone, Debug)]
enum Transition {
    Pass(TimeDelta),
    /// Somebody begins to say something; the conversation that went on in the slot is dropped.
    Say(usize, usize, Actor, Command),
    /// Somebody who does not know what became of a command says it again.
    SayAgain(usize, usize),
    BeginSweep(usize, usize),
    /// One need is met.
    Step(usize),
    RunToEnd(usize),
    Crash(usize),
    /// One need is met, and nobody hears of it.
    StepAndCrash(usize),
    SweepAll(usize),
    Claim(usize, TimeDelta),
    Acknowledge(usize),
}

impl ReferenceStateMachine for World {
    type State = World;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<World> {
        let (now, said) = (at(BEGIN), Vec::new());
        Just(World { now, said }).boxed()
    }

    fn transitions(_: &World) -> BoxedStrategy<Transition> {
        let slot = || 0..SLOTS;
        let gap = prop_oneof![
            (0..120_i64).prop_map(TimeDelta::seconds),
            (0..600_i64).prop_map(TimeDelta::minutes),
            (0..200_i64).prop_map(TimeDelta::hours),
        ];
        let lease = (1..300_i64).prop_map(TimeDelta::minutes);
        use Transition as T;
        prop_oneof![
            8 => gap.prop_map(T::Pass),
            8 => (slot(), 0..TICKETS, actors(), commands()).prop_map(|(s, t, a, c)| T::Say(s, t, a, c)),
            2 => (slot(), 0..COMMANDS).prop_map(|(s, n)| T::SayAgain(s, n)),
            6 => (slot(), 0..TICKETS).prop_map(|(s, t)| T::BeginSweep(s, t)),
            16 => slot().prop_map(T::Step),
            5 => slot().prop_map(T::RunToEnd),
            1 => slot().prop_map(T::Crash),
            3 => slot().prop_map(T::StepAndCrash),
            2 => (1..4_usize).prop_map(T::SweepAll),
            2 => (1..6_usize, lease).prop_map(|(n, lease)| T::Claim(n, lease)),
            1 => (0..6_usize).prop_map(T::Acknowledge),
        ]
        .boxed()
    }

    fn preconditions(world: &World, transition: &Transition) -> bool {
        match transition {
            Transition::Say(..) => world.said.len() < COMMANDS,
            Transition::SayAgain(_, n) => *n < world.said.len(),
            _ => true,
        }
    }

    fn apply(mut world: World, transition: &Transition) -> World {
        match transition {
            Transition::Pass(gap) => world.now += *gap,
            Transition::Say(_, ticket, actor, command) => {
                let own = TimeDelta::microseconds(1 << world.said.len());
                world.said.push(Said {
                    ticket: *ticket,
                    actor: *actor,
                    at: world.now + own,
                    command: command.clone(),
                });
            }
            _ => {}
        }
        world
    }
}

/// A conversation, and which command it is about; a sweep is about none.
struct Conversation {
    operation: Operation,
    command: Option<usize>,
}

struct Machine {
    store: Arc<MemoryStore>,
    desk: Desk<Arc<MemoryStore>>,
    rules: Arc<Rulebooks>,
    first: Vec<TicketId>,
    /// Every ticket that a commit ever touched.
    tickets: BTreeSet<TicketId>,
    slots: BTreeMap<usize, Conversation>,
    /// The commands that were written, in that order.
    written: Vec<usize>,
    /// Until when each message is held, with the key that it tells of.
    held: BTreeMap<Uuid, (DateTime<Utc>, FiringKey)>,
    given: BTreeMap<Uuid, FiringKey>,
    acknowledged: BTreeSet<Uuid>,
}

/// The rules of the stories, by which every command is taken at its own instant.
static STRICT: LazyLock<Rulebook> = LazyLock::new(|| {
    let mut draft = rulebook().as_draft().clone();
    draft.tickets.clock_skew = Span::ZERO;
    let clock = Trigger::clock(Metric::FirstResponse);
    let missed = at_threshold("missed", "on breach").action(Action::AddTag(name("missed")));
    let long = at_threshold("so long", "after 3h calendar").action(Action::Unassign);
    let pending = Trigger::time_in_status([Stage::Pending]);
    let draft = draft.escalation(Rule::new(name("missed"), clock).level(missed));
    let draft = draft.escalation(Rule::new(name("stands"), pending).level(long));
    draft.build().unwrap()
});

/// The tickets of the beginning.
fn open<S: Store>(desk: &Desk<S>) -> Vec<TicketId> {
    let begin = |n| {
        let call = call(Actor::Customer(ANN), at(BEGIN), 1_000 + n);
        desk.open(&call, Open::new("subject").body("help"))
            .unwrap()
            .id()
    };
    (0..TICKETS as u128).map(begin).collect()
}

impl Machine {
    fn new() -> Machine {
        let store = Arc::new(MemoryStore::new());
        let desk = Desk::new(store.clone(), STRICT.clone());
        let first = open(&desk);
        Machine {
            tickets: first.iter().copied().collect(),
            first,
            store,
            desk,
            rules: Arc::new(Rulebooks::new(STRICT.clone())),
            slots: BTreeMap::new(),
            written: Vec::new(),
            held: BTreeMap::new(),
            given: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    fn begin(&mut self, slot: usize, call: Call, request: Request, command: Option<usize>) {
        let operation = Operation::new(self.rules.clone(), call, request);
        self.slots.insert(slot, Conversation { operation, command });
    }

    fn say(&mut self, slot: usize, said: &Said, n: usize) {
        let request = Request::Submit(self.first[said.ticket], said.command.clone());
        self.begin(slot, said.call(n), request, Some(n));
    }

    /// Meets one need of the conversation in the slot; whether it goes on.
    fn step(&mut self, slot: usize) -> bool {
        let Some(mut conversation) = self.slots.remove(&slot) else {
            return false;
        };
        let operation = &mut conversation.operation;
        let went = match operation.need() {
            Need::Nothing => return false,
            Need::Load(load) => {
                let loaded = self.store.load(load).unwrap();
                operation.loaded(loaded)
            }
            Need::Commit(commit) => {
                let touched: Vec<_> = commit.parts.iter().map(|part| part.stream.id).collect();
                let result = self.store.commit(commit);
                let is_written = result.is_ok();
                let went = operation.committed(result);
                if is_written {
                    self.tickets
                        .extend(touched.into_iter().map(TicketId::from_uuid));
                    let is_whole = matches!(operation.need(), Need::Nothing);
                    self.written
                        .extend(conversation.command.filter(|_| is_whole));
                }
                went
            }
        };
        match went {
            Ok(()) => {
                self.slots.insert(slot, conversation);
                true
            }
            Err(error) => {
                let refused = matches!(error.kind(), ErrorKind::Refused | ErrorKind::Forbidden);
                assert!(refused && conversation.command.is_some(), "{error}");
                false
            }
        }
    }

    fn histories(&self) -> BTreeMap<TicketId, Vec<Recorded>> {
        let of = |ticket: &TicketId| (*ticket, history(&self.desk, *ticket));
        self.tickets.iter().map(of).collect()
    }

    fn claim(&mut self, now: DateTime<Utc>, lease: TimeDelta, limit: usize) -> usize {
        let messages = self.desk.claim(now, lease, limit).unwrap();
        for message in &messages {
            let (Outgoing::Escalation { key, .. } | Outgoing::Withdrawal { key, .. }) =
                &message.what
            else {
                panic!("{message:?}")
            };
            assert!(
                !self.acknowledged.contains(&message.id),
                "acknowledged, and given again"
            );
            let before = self.held.insert(message.id, (now + lease, *key));
            assert!(
                before.is_none_or(|(until, _)| until <= now),
                "given while somebody held it"
            );
            self.given.insert(message.id, *key);
        }
        messages.len()
    }

    fn acknowledge(&mut self, n: usize) {
        let ids: Vec<Uuid> = self.held.keys().copied().take(n).collect();
        self.desk.acknowledge(&ids).unwrap();
        self.held.retain(|id, _| !ids.contains(id));
        self.acknowledged.extend(ids);
    }
}

/// Sweeps until nothing is due.
fn sweep_out<S: Store>(desk: &Desk<S>, now: DateTime<Utc>) {
    loop {
        let swept = desk.sweep(now, 100).unwrap();
        assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        if !swept.more && swept.tickets == 0 {
            return;
        }
    }
}

/// What happened on every ticket. Numbers are left out: a crash leaves gaps.
fn plain(
    histories: &BTreeMap<TicketId, Vec<Recorded>>,
) -> BTreeMap<TicketId, Vec<(DateTime<Utc>, Event)>> {
    let of = |(ticket, events): (&TicketId, &Vec<Recorded>)| {
        let mut happened = what_happened(events);
        if let Some((_, Event::Opened(opened))) = happened.first_mut() {
            opened.number = TicketNumber(0);
        }
        (*ticket, happened)
    };
    histories.iter().map(of).collect()
}

/// The keys whose messages went to the outbox: delivered, and with something to tell the outside.
fn delivered(histories: &BTreeMap<TicketId, Vec<Recorded>>) -> BTreeSet<FiringKey> {
    let rules = &*STRICT;
    let tells = |rule: &Rule, level: &str| {
        let level = rule
            .levels
            .iter()
            .find(|known| known.name.as_str() == level);
        level.is_some_and(|level| level.actions.iter().any(|action| action.is_outward()))
    };
    let key = |recorded: &Recorded| match &recorded.event {
        Event::Escalated(fired) if fired.delivery == Delivery::Delivered => {
            let rule = rules
                .escalations()
                .iter()
                .find(|rule| rule.name == fired.rule);
            rule.is_some_and(|rule| tells(rule, fired.level.as_str()))
                .then_some(fired.key)
        }
        _ => None,
    };
    histories.values().flatten().filter_map(key).collect()
}

struct Competition;

impl StateMachineTest for Competition {
    type SystemUnderTest = Machine;
    type Reference = World;

    fn init_test(_: &World) -> Machine {
        Machine::new()
    }

    fn apply(mut machine: Machine, world: &World, transition: Transition) -> Machine {
        match transition {
            Transition::Pass(_) => {}
            Transition::Say(slot, ..) => {
                let n = world.said.len() - 1;
                machine.say(slot, &world.said[n], n);
            }
            Transition::SayAgain(slot, n) => machine.say(slot, &world.said[n], n),
            Transition::BeginSweep(slot, ticket) => {
                let call = call(Actor::System, world.now, 0);
                let request = Request::Sweep(machine.first[ticket]);
                machine.begin(slot, call, request, None);
            }
            Transition::Step(slot) => {
                machine.step(slot);
            }
            Transition::RunToEnd(slot) => while machine.step(slot) {},
            Transition::Crash(slot) => {
                machine.slots.remove(&slot);
            }
            Transition::StepAndCrash(slot) => {
                machine.step(slot);
                machine.slots.remove(&slot);
            }
            Transition::SweepAll(limit) => {
                let swept = machine.desk.sweep(world.now, limit).unwrap();
                assert!(swept.failed.is_empty(), "{:?}", swept.failed);
            }
            Transition::Claim(n, lease) => {
                machine.claim(world.now, lease, n);
            }
            Transition::Acknowledge(n) => machine.acknowledge(n),
        }
        machine
    }

    fn check_invariants(machine: &Machine, _: &World) {
        let histories = machine.histories();
        for events in histories.values() {
            fold::histories_are_in_order(events);
        }
        escalation::no_key_comes_twice(histories.values().map(Vec::as_slice));
        let delivered = delivered(&histories);
        for key in machine.given.values() {
            assert!(delivered.contains(key), "{key:?} was told and not recorded");
        }
        let once: BTreeSet<_> = machine.written.iter().collect();
        assert_eq!(
            once.len(),
            machine.written.len(),
            "a command was written twice"
        );
    }

    fn teardown(mut machine: Machine, world: World) {
        machine.slots.clear();
        let end = world.now + TimeDelta::days(60);
        sweep_out(&machine.desk, end);
        Competition::check_invariants(&machine, &world);

        let quiet = Desk::new(MemoryStore::new(), STRICT.clone());
        let mut tickets: BTreeSet<TicketId> = open(&quiet).into_iter().collect();
        for n in &machine.written {
            let said = &world.said[*n];
            let outcome = quiet.submit(
                machine.first[said.ticket],
                &said.call(*n),
                said.command.clone(),
            );
            tickets.extend(outcome.unwrap().follow_up());
        }
        sweep_out(&quiet, end);
        let expected = tickets
            .iter()
            .map(|ticket| (*ticket, history(&quiet, *ticket)))
            .collect();
        let histories = machine.histories();
        assert_eq!(plain(&histories), plain(&expected));

        // Everything that was to be told has been, at least once, when nobody holds anything back any more.
        let later = end + TimeDelta::days(1);
        while machine.claim(later, TimeDelta::minutes(1), 50) > 0 {
            machine.acknowledge(usize::MAX);
        }
        let given: BTreeSet<FiringKey> = machine.given.values().copied().collect();
        assert_eq!(given, delivered(&histories));
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pattern_fires_the_same_keys_once(sequential 1..120 => Competition);
}
