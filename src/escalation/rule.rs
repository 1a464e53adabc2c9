//! Escalation rules as data: what triggers them, what they do.

use serde::{Deserialize, Deserializer, Serialize};

use crate::id::{AgentId, Name, TeamId};
use crate::sla::Condition;
use crate::ticket::{Agreement, ClockId, Metric, Priority, Stage, Ticket};

/// A rule: as a clock uses up its target, one level after another fires.
///
/// ```
/// use helpdesk::escalation::{Action, Level, Recipient, Rule};
/// use helpdesk::{id::Name, ticket::{Metric, Priority}};
/// let name = |text: &str| text.parse::<Name>();
/// let rule = Rule::new(name("late answers")?, Metric::FirstResponse)
///     .level(Level::new(name("soon")?, 75)?.action(Action::Notify(Recipient::AgentInCharge)))
///     .level(Level::new(name("late")?, 100)?.action(Action::RaisePriority(Priority::Urgent)));
/// assert_eq!(rule.levels.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Its name; part of every key, so a renamed rule is a new rule.
    pub name: Name,
    /// Under which agreement the clock is measured.
    #[serde(default)]
    pub agreement: Agreement,
    /// Which clock triggers it.
    pub metric: Metric,
    /// The levels, in rising order of their thresholds.
    pub levels: Vec<Level>,
    /// What is delivered when several levels fell due before anybody looked.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Whether to deliver a firing whose clock ended in the same commit.
    #[serde(default)]
    pub deliver_stale: bool,
    /// Whether to deliver a level whose threshold was past before the target applied.
    #[serde(default)]
    pub deliver_past: bool,
}

impl Rule {
    /// A rule on a clock of the service level agreement, without a level yet.
    pub fn new(name: Name, metric: Metric) -> Rule {
        Rule {
            name,
            agreement: Agreement::Sla,
            metric,
            levels: Vec::new(),
            catch_up: CatchUp::default(),
            deliver_stale: false,
            deliver_past: false,
        }
    }

    /// The same rule with one more level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Rule {
        self.levels.push(level);
        self
    }

    /// The same rule with another catch-up choice.
    #[must_use]
    pub fn catch_up(mut self, choice: CatchUp) -> Rule {
        self.catch_up = choice;
        self
    }

    /// The clock that triggers it.
    pub fn clock(&self) -> ClockId {
        ClockId {
            agreement: self.agreement,
            metric: self.metric,
        }
    }
}

/// One level of a rule: fires once, at the first instant at or after its threshold at which its guard holds and its clock has
/// not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Level {
    /// Its name; part of every key.
    pub name: Name,
    /// The threshold, in per cent of the target.
    pub percent: Percent,
    /// What must hold besides.
    #[serde(default)]
    pub guard: Guard,
    /// What it does, in order.
    #[serde(default)]
    pub actions: Vec<Action>,
}

impl Level {
    /// A level at this per cent of the target, 1 to 1,000, without an action yet.
    pub fn new(name: Name, percent: u16) -> Result<Level, InvalidPercent> {
        Ok(Level {
            name,
            percent: Percent::new(percent)?,
            guard: Guard::default(),
            actions: Vec::new(),
        })
    }

    /// The same level with one more action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Level {
        self.actions.push(action);
        self
    }

    /// The same level with a guard.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Level {
        self.guard = guard;
        self
    }
}

/// A share of a target: 1 to 1,000 per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Percent(u16);

impl Percent {
    /// Checks and wraps; 1 to 1,000 is allowed.
    pub fn new(percent: u16) -> Result<Percent, InvalidPercent> {
        if (1..=1000).contains(&percent) {
            Ok(Percent(percent))
        } else {
            Err(InvalidPercent {
                percent: percent.into(),
            })
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// This share of `amount`, rounded up to the microsecond: the threshold is not reached before all of it has run.
    pub(crate) fn of(self, amount: i64) -> i64 {
        let share = (i128::from(amount) * i128::from(self.0)).div_euclid(100)
            + i128::from((i128::from(amount) * i128::from(self.0)).rem_euclid(100) > 0);
        i64::try_from(share).unwrap_or(i64::MAX)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let number = u64::deserialize(deserializer)?;
        let percent = u16::try_from(number).map_err(|_| InvalidPercent { percent: number });
        percent
            .and_then(Percent::new)
            .map_err(serde::de::Error::custom)
    }
}

/// A number that is not a [`Percent`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{percent}` is not a threshold; 1 to 1000 per cent is allowed")]
pub struct InvalidPercent {
    percent: u64,
}

/// What must hold for a level to fire, besides its threshold. Everything is read as the ticket stood at that instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Guard {
    /// The ticket is in one of these stages; any stage where empty.
    pub stages: Vec<Stage>,
    /// The facts are these.
    pub when: Condition,
    /// Nobody is in charge.
    pub unassigned: bool,
}

impl Guard {
    /// In one of these stages.
    pub fn stages(stages: impl IntoIterator<Item = Stage>) -> Guard {
        Guard {
            stages: stages.into_iter().collect(),
            ..Guard::default()
        }
    }

    /// The same guard, and these facts.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Guard {
        self.when = condition;
        self
    }

    /// The same guard, and nobody in charge.
    #[must_use]
    pub fn unassigned(mut self) -> Guard {
        self.unassigned = true;
        self
    }

    /// The answer for `ticket` as it stands.
    pub fn holds(&self, ticket: &Ticket) -> bool {
        (self.stages.is_empty() || self.stages.contains(&ticket.status().stage()))
            && (!self.unassigned || ticket.agent().is_none())
            && self.when.holds(ticket)
    }
}

/// What a level does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Tells somebody: goes to the outbox, and the host delivers it.
    Notify(Recipient),
    /// Does something of the host's own: goes to the outbox under this name.
    Custom(Name),
    /// Raises the priority to at least this.
    RaisePriority(Priority),
    /// Adds a tag.
    AddTag(Name),
    /// Puts a team in charge, and no agent.
    AssignTeam(TeamId),
}

impl Action {
    /// Whether it leaves the crate through the outbox, rather than being an event of the ticket.
    pub const fn is_outward(&self) -> bool {
        matches!(self, Action::Notify(_) | Action::Custom(_))
    }
}

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recipient {
    /// The agent in charge at that instant.
    AgentInCharge,
    /// The team in charge at that instant.
    TeamInCharge,
    /// This agent.
    Agent(AgentId),
    /// This team.
    Team(TeamId),
    /// Whoever has this role in the host, such as `duty manager`.
    Role(Name),
}

/// What is delivered when several levels of a rule fell due before anybody looked. All of them are recorded, and their inner
/// actions run, whatever the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Each of them.
    All,
    /// The last of them.
    #[default]
    LatestOnly,
    /// None of them.
    None,
}
