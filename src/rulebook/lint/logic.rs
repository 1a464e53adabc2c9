//! Whether some ticket could meet conditions: a search over the few values that conditions tell apart.
//!
//! A condition asks about single facts, and of each fact it can tell apart only the values that some condition names; every
//! other value is like one more. So a handful of imagined tickets stands for all tickets, and the search over them is exact.
//! It may take long for odd conditions: it stops at a limit, and then answers that it does not know.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::id::{Name, TeamId};
use crate::sla::Condition;
use crate::ticket::{Channel, FieldValue, Priority};

/// A fact of a ticket that conditions ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact<'a> {
    Priority,
    Type,
    Channel,
    Team,
    Tag(&'a Name),
    Field(&'a Name),
}

/// A value that some condition names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value<'a> {
    Priority(Priority),
    Type(&'a Name),
    Channel(&'a Channel),
    Team(TeamId),
    Tagged,
    Field(&'a FieldValue),
}

/// A condition over numbered facts and numbered values.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Not(Box<Formula>),
    Is { fact: usize, values: Vec<usize> },
}

/// What a formula comes to while some facts are open.
enum Truth {
    Yes,
    No,
    /// It depends on this fact.
    Open(usize),
}

/// How many parts of formulas one question may look at, and all questions together.
const PER_QUESTION: u64 = 200_000;
const IN_ALL: u64 = 20_000_000;
/// How many facts are made ready in the time of a step.
const FACTS_A_STEP: usize = 32;

/// The facts and values that the conditions of a rulebook tell apart.
#[derive(Debug)]
pub(super) struct Logic<'a> {
    facts: BTreeMap<Fact<'a>, usize>,
    values: Vec<BTreeMap<Value<'a>, usize>>,
    left: Cell<u64>,
    gave_up: Cell<bool>,
}

impl<'a> Logic<'a> {
    pub(super) fn new() -> Logic<'a> {
        let mut logic = Logic {
            facts: BTreeMap::new(),
            values: Vec::new(),
            left: Cell::new(IN_ALL),
            gave_up: Cell::new(false),
        };
        logic.is(Fact::Priority, Priority::ALL.map(Value::Priority));
        logic
    }

    /// Whether some question went without an answer.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.get()
    }

    /// Says that something was not looked at.
    pub(super) fn give_up(&self) {
        self.gave_up.set(true);
    }

    /// The formula of a condition.
    pub(super) fn read(&mut self, condition: &'a Condition) -> Formula {
        match condition {
            Condition::Always => Formula::All(Vec::new()),
            Condition::All(parts) => {
                Formula::All(parts.iter().map(|part| self.read(part)).collect())
            }
            Condition::Any(parts) => {
                Formula::Any(parts.iter().map(|part| self.read(part)).collect())
            }
            Condition::Not(part) => Formula::Not(Box::new(self.read(part))),
            Condition::Priority(list) => {
                self.is(Fact::Priority, list.iter().copied().map(Value::Priority))
            }
            Condition::Type(list) => self.is(Fact::Type, list.iter().map(Value::Type)),
            Condition::Channel(list) => self.is(Fact::Channel, list.iter().map(Value::Channel)),
            Condition::Tag(tag) => self.is(Fact::Tag(tag), [Value::Tagged]),
            Condition::Team(list) => self.is(Fact::Team, list.iter().copied().map(Value::Team)),
            Condition::Field { name, is } => {
                self.is(Fact::Field(name), is.iter().map(Value::Field))
            }
        }
    }

    /// The formula that a fact has one of these values.
    pub(super) fn is(
        &mut self,
        fact: Fact<'a>,
        values: impl IntoIterator<Item = Value<'a>>,
    ) -> Formula {
        let next = self.values.len();
        let fact = *self.facts.entry(fact).or_insert(next);
        if fact == next {
            self.values.push(BTreeMap::new());
        }
        let mut numbers: Vec<usize> = Vec::new();
        if let Some(known) = self.values.get_mut(fact) {
            for value in values {
                let next = known.len();
                numbers.push(*known.entry(value).or_insert(next));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Formula::Is {
            fact,
            values: numbers,
        }
    }

    /// Whether all questions together have looked at as much as they may. Whoever has many questions need not ask them.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Whether it is certain that no ticket makes each of these formulas come to what stands beside it.
    pub(super) fn never(&self, goal: &[(&Formula, bool)]) -> bool {
        // To prepare the question costs too, where there are many facts.
        let ready = (self.values.len() / FACTS_A_STEP) as u64;
        self.left.set(self.left.get().saturating_sub(ready));
        if self.is_spent() {
            self.gave_up.set(true);
            return false;
        }
        let mut steps = PER_QUESTION.min(self.left.get());
        let allowed = steps;
        let found = self.search(goal, &mut steps);
        self.left.set(self.left.get() - (allowed - steps));
        if found.is_none() {
            self.gave_up.set(true);
        }
        found == Some(false)
    }

    /// The same for formulas of another table, on account of this one.
    pub(super) fn never_in(&self, other: &Logic<'_>, goal: &[(&Formula, bool)]) -> bool {
        other.left.set(self.left.get());
        let never = other.never(goal);
        self.left.set(other.left.get());
        self.gave_up.set(self.gave_up.get() || other.gave_up.get());
        never
    }

    /// Settles one fact after the other, value by value, until the goal is met or everything was tried.
    fn search(&self, goal: &[(&Formula, bool)], steps: &mut u64) -> Option<bool> {
        let mut settled: Vec<Option<usize>> = vec![None; self.values.len()];
        let mut trail: Vec<usize> = Vec::new();
        loop {
            let truth = look_at_all(goal.iter().copied(), &settled, steps);
            if *steps == 0 {
                return None;
            }
            match truth {
                Truth::Yes => return Some(true),
                Truth::Open(fact) => {
                    settled[fact] = Some(0);
                    trail.push(fact);
                }
                Truth::No => loop {
                    let Some(&fact) = trail.last() else {
                        return Some(false);
                    };
                    let next = settled[fact].map_or(0, |value| value + 1);
                    if next < self.size(fact) {
                        settled[fact] = Some(next);
                        break;
                    }
                    settled[fact] = None;
                    trail.pop();
                },
            }
        }
    }

    /// How many values a fact has: those named and, but for the priority, one that stands for all others.
    fn size(&self, fact: usize) -> usize {
        let named = self.values[fact].len();
        if fact == 0 { named } else { named + 1 }
    }
}

fn look_at_all<'f>(
    goal: impl Iterator<Item = (&'f Formula, bool)>,
    settled: &[Option<usize>],
    steps: &mut u64,
) -> Truth {
    let mut open = None;
    for (formula, wanted) in goal {
        match (look_at(formula, settled, steps), wanted) {
            (Truth::Yes, true) | (Truth::No, false) => {}
            (Truth::Yes, false) | (Truth::No, true) => return Truth::No,
            (Truth::Open(fact), _) => open = open.or(Some(fact)),
        }
    }
    open.map_or(Truth::Yes, Truth::Open)
}

fn look_at(formula: &Formula, settled: &[Option<usize>], steps: &mut u64) -> Truth {
    *steps = steps.saturating_sub(1);
    if *steps == 0 {
        return Truth::No; // the caller sees that the steps are used up
    }
    match formula {
        Formula::All(parts) => look_at_all(parts.iter().map(|part| (part, true)), settled, steps),
        Formula::Any(parts) => {
            match look_at_all(parts.iter().map(|part| (part, false)), settled, steps) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                open @ Truth::Open(_) => open,
            }
        }
        Formula::Not(part) => match look_at(part, settled, steps) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            open @ Truth::Open(_) => open,
        },
        Formula::Is { values, .. } if values.is_empty() => Truth::No,
        Formula::Is { fact, values } => match settled.get(*fact).copied().flatten() {
            None => Truth::Open(*fact),
            Some(value) if values.binary_search(&value).is_ok() => Truth::Yes,
            Some(_) => Truth::No,
        },
    }
}
