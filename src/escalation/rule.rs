//! Escalation rules as data: what triggers them, what they do.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Name, TeamId};
use crate::sla::{Condition, Measure, Target};
use crate::ticket::{
    Agreement, ClockId, CloseReason, Holder, Metric, PendingReason, Priority, RatingKind, Stage,
    Status, Ticket,
};

use super::threshold::{Kind, Threshold};

/// A rule: something is watched, and one level after another fires.
///
/// ```
/// use helpdesk::escalation::{Action, Level, Recipient, Rule, Trigger};
/// use helpdesk::{name, ticket::{CloseReason, Metric, Priority, Stage}};
/// let late = Rule::new(name!("late answers"), Trigger::clock(Metric::FirstResponse))
///     .level(Level::new(name!("soon"), "75 %".parse()?).action(Action::Notify(Recipient::AgentInCharge)))
///     .level(Level::new(name!("late"), "1h after due".parse()?).action(Action::RaisePriority(Priority::Urgent)));
/// let done = Rule::new(name!("auto-close"), Trigger::idle([Stage::Resolved]))
///     .level(Level::new(name!("close"), "after 336h calendar".parse()?).action(Action::Close(CloseReason::Settled)));
/// assert_eq!((late.levels.len(), done.levels.len()), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Its name; part of every key, so a renamed rule is a new rule.
    pub name: Name,
    /// What it watches.
    pub trigger: Trigger,
    /// The calendar of business time in the thresholds of triggers other than clocks; the rulebook's own where absent. A clock
    /// brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Name>,
    /// Whether a calendar of the same name that is [published](crate::rulebook::Rulebooks::publish) after the ticket's version
    /// measures from its publication on. A clock follows where its policy does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
    /// The levels, in order.
    pub levels: Vec<Level>,
    /// What is delivered when several levels fell due before anybody looked.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Whether to deliver a firing although what it was about ended in the same commit: by what somebody did, or by another level
    /// (the ticket was reminded of and then closed before anybody looked). What the level itself ends is always told.
    #[serde(default)]
    pub deliver_stale: bool,
    /// Whether to deliver a level whose threshold was past before the target, or the rule, applied.
    #[serde(default)]
    pub deliver_past: bool,
    /// Whether to tell those who were told once it is over: the clock ended, somebody acted, the customer was answered, the rating
    /// was revised, the reopened ticket was resolved. A level that ends it by its own actions and tells so is not taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdraw: bool,
}

impl Rule {
    /// Whether anything of it is counted in the open time of its own calendar.
    pub(crate) fn counts_open_time(&self) -> bool {
        let business = |target: Target| target.measure() == Measure::Business;
        self.trigger.watched().is_none()
            && self.levels.iter().any(|level| {
                let waits = matches!(level.at.0, Kind::For(target) if business(target));
                waits || level.repeat.is_some_and(|repeat| business(repeat.every))
            })
    }

    /// Whether its own calendar can matter: a clock brings its own, and reopenings need none.
    pub(crate) fn needs_calendar(&self) -> bool {
        self.trigger.watched().is_none() && self.trigger != Trigger::Reopened
    }

    /// A rule without a level yet.
    pub fn new(name: Name, trigger: Trigger) -> Rule {
        Rule {
            name,
            trigger,
            calendar: None,
            follow: false,
            levels: Vec::new(),
            catch_up: CatchUp::default(),
            deliver_stale: false,
            deliver_past: false,
            withdraw: false,
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

    /// The same rule, which delivers a firing although what it was about was over before anybody looked.
    #[must_use]
    pub fn deliver_stale(mut self) -> Rule {
        self.deliver_stale = true;
        self
    }

    /// The same rule, which delivers levels whose thresholds were past before the target, or the rule, applied.
    #[must_use]
    pub fn deliver_past(mut self) -> Rule {
        self.deliver_past = true;
        self
    }

    /// The same rule, which tells those who were told once it is over.
    #[must_use]
    pub fn withdraw(mut self) -> Rule {
        self.withdraw = true;
        self
    }

    /// The same rule, measured by what is published of its calendar.
    #[must_use]
    pub fn follow(mut self) -> Rule {
        self.follow = true;
        self
    }

    /// The same rule by another calendar of the rulebook.
    #[must_use]
    pub fn calendar(mut self, calendar: Name) -> Rule {
        self.calendar = Some(calendar);
        self
    }
}

/// What a rule watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Trigger {
    /// A clock, as it uses up its target. Counted from the clock's start; over when the clock ends.
    Clock {
        /// Under which agreement.
        #[serde(default)]
        agreement: Agreement,
        /// What it measures.
        metric: Metric,
    },
    /// Nothing happens while the ticket is in one of these stages. Counted from the last change of status, or the last thing that
    /// somebody did if that was later (a note, a field set by a nightly job); what else rules do and automatic messages do not count.
    Idle {
        /// The stages.
        stages: Vec<Stage>,
    },
    /// The ticket stands in one of these stages, whatever else happens on it. Counted from the last change of status alone: the beginning of
    /// the ticket, a step to another stage, or from one reason of waiting to another. "Hours since pending" and "time in status" elsewhere.
    TimeInStatus {
        /// The stages.
        stages: Vec<Stage>,
    },
    /// A customer waits for an answer. Counted from the oldest message that nobody answered; over when it is answered, or the
    /// ticket is resolved or closed.
    CustomerWaits,
    /// The ticket was reopened. Counted in times, over its whole life: `2 times` is the second reopening, and no other.
    Reopened,
    /// A customer gave at most this mark. Counted from the rating; over once the same customer's last one of its kind is better: what
    /// others say does not make up for it. Where several customers are unhappy, it counts from the newest of their last marks. The same
    /// mark about the same cycle again, such as with a comment, is the one that was given before; a new low one counts anew.
    LowRating {
        /// What the customer was asked.
        kind: RatingKind,
        /// The best mark that is low.
        at_most: u8,
    },
}

impl Trigger {
    /// A clock of the service level agreement.
    pub const fn clock(metric: Metric) -> Trigger {
        Trigger::Clock {
            agreement: Agreement::Sla,
            metric,
        }
    }

    /// Nothing happens in these stages.
    pub fn idle(stages: impl IntoIterator<Item = Stage>) -> Trigger {
        Trigger::Idle {
            stages: stages.into_iter().collect(),
        }
    }

    /// It stands in these stages.
    pub fn time_in_status(stages: impl IntoIterator<Item = Stage>) -> Trigger {
        Trigger::TimeInStatus {
            stages: stages.into_iter().collect(),
        }
    }

    /// The clock that is watched, if it is one.
    pub const fn watched(&self) -> Option<ClockId> {
        match self {
            Trigger::Clock { agreement, metric } => Some(ClockId {
                agreement: *agreement,
                metric: *metric,
            }),
            _ => None,
        }
    }
}

/// One level of a rule: fires once, at the first instant at or after its threshold at which its guard holds and what it watches
/// is not over. With repeats, it fires again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Level {
    /// Its name; part of every key.
    pub name: Name,
    /// When it fires.
    pub at: Threshold,
    /// How it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// What must hold besides.
    #[serde(default)]
    pub guard: Guard,
    /// What it does, in order.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// A level fires again, each time this much after the time before. The times are counted from the threshold: those that passed while the
/// guard did not hold, or before the ticket came to the rule, come at once when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How long after the time before, from the threshold on: an amount of time, not of days. Calendar time is counted on the wall, also while the
    /// ticket waits. Business time is running time of a clock where the threshold is (a per cent, a business offset), and open time of
    /// its calendar where the threshold is an instant (a calendar offset), which is all time where its target is in calendar time; from a breach
    /// on, running time; of other triggers, open time of the rule's calendar.
    pub every: Target,
    /// How often at most, besides the first time: 1 to [`Repeat::MAX_TIMES`].
    pub times: u16,
}

impl Repeat {
    /// How often a level may repeat.
    pub const MAX_TIMES: u16 = 1_000;
}

impl Level {
    /// What is wrong with the level on a rule with this trigger.
    pub(crate) fn check(&self, trigger: &Trigger) -> Result<(), String> {
        let (fits, allowed) = match trigger {
            Trigger::Clock { .. } => (
                matches!(
                    self.at.0,
                    Kind::Percent(_) | Kind::Before(_) | Kind::After(_) | Kind::OnBreach
                ),
                "`75 %`, `1h before due`, `1h after due` or `on breach`",
            ),
            Trigger::Idle { .. } | Trigger::TimeInStatus { .. } | Trigger::CustomerWaits => {
                (matches!(self.at.0, Kind::For(_)), "`after 3h`")
            }
            Trigger::LowRating { .. } => (
                matches!(self.at.0, Kind::For(_) | Kind::AtOnce),
                "`at once` or `after 3h`",
            ),
            Trigger::Reopened => (
                matches!(self.at.0, Kind::Times(_)) && self.repeat.is_none(),
                "`2 times`, not repeated",
            ),
        };
        if !fits {
            return Err(format!(
                "the threshold `{}` does not fit the rule's trigger; it may be {allowed}",
                self.at
            ));
        }
        match self.repeat {
            Some(Repeat { times, .. }) if !(1..=Repeat::MAX_TIMES).contains(&times) => {
                Err(format!(
                    "`{times}` is not a number of repeats; 1 to {} is allowed",
                    Repeat::MAX_TIMES
                ))
            }
            Some(Repeat { every, .. }) if every.amount().is_none() => Err(format!(
                "`{every}` is not an amount of time; repeats want one, such as `4h`"
            )),
            _ => Ok(()),
        }
    }

    /// A level without an action yet.
    pub fn new(name: Name, at: Threshold) -> Level {
        Level {
            name,
            at,
            repeat: None,
            guard: Guard::default(),
            actions: Vec::new(),
        }
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

    /// The same level, firing again `times` times, each `every` after the time before.
    #[must_use]
    pub fn repeat(mut self, every: Target, times: u16) -> Level {
        self.repeat = Some(Repeat { every, times });
        self
    }
}

/// What must hold for a level to fire, besides its threshold. Everything is read as the ticket stood at that instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Guard {
    /// The ticket is in one of these stages; any stage where empty.
    pub stages: Vec<Stage>,
    /// If the ticket is pending, then for one of these reasons; any reason where empty.
    pub pending: Vec<PendingReason>,
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

    /// The same guard, and pending for one of these reasons, if pending.
    #[must_use]
    pub fn pending(mut self, reasons: impl IntoIterator<Item = PendingReason>) -> Guard {
        self.pending = reasons.into_iter().collect();
        self
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
            && match ticket.status() {
                Status::Pending(pending) => {
                    self.pending.is_empty() || self.pending.contains(&pending.reason())
                }
                _ => true,
            }
            && (!self.unassigned || ticket.agent().is_none())
            && self.when.holds(ticket)
    }
}

/// How many inner actions rules may take in a row on a ticket with nobody else doing anything. The firing that would take another one
/// is recorded without them and marked [`chain_ended`](crate::ticket::Escalated::chain_ended): so rules that hand a ticket round
/// come to an end, and are seen.
pub const MAX_CHAIN: u16 = 64;

/// What a level does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
    /// Puts an agent in charge.
    AssignAgent {
        /// Who.
        agent: AgentId,
        /// The team with it; the ticket stays in its own where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
    },
    /// Takes the ticket from its agent; it stays in its team.
    Unassign,
    /// Resolves the ticket, where the lifecycle allows it.
    Resolve,
    /// Closes the ticket, where the lifecycle allows it.
    Close(CloseReason),
}

impl Action {
    /// Puts an agent in charge, in the team that the ticket is in.
    pub const fn assign_agent(agent: AgentId) -> Action {
        Action::AssignAgent { agent, team: None }
    }

    /// Who is in charge after it, where it says that.
    pub(crate) fn hands_to(&self, before: Holder) -> Option<Holder> {
        let (agent, team) = match self {
            Action::AssignTeam(team) => (None, Some(*team)),
            Action::AssignAgent { agent, team } => (Some(*agent), team.or(before.team)),
            Action::Unassign => (None, before.team),
            _ => return None,
        };
        Some(Holder { agent, team })
    }

    /// The team that it brings the ticket to.
    pub(crate) const fn to_team(&self) -> Option<TeamId> {
        match self {
            Action::AssignTeam(team) => Some(*team),
            Action::AssignAgent { team, .. } => *team,
            _ => None,
        }
    }

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
    /// The agent in charge at that instant, once the level's actions before are done; where there is none, the team. Where nobody is in charge it stays as it stands here,
    /// and the host decides.
    AgentInCharge,
    /// The team in charge at that instant, once the level's actions before are done. Where there is none it stays as it stands here, and the host decides.
    TeamInCharge,
    /// This agent.
    Agent(AgentId),
    /// This team.
    Team(TeamId),
    /// Whoever has this role in the host, such as `duty manager`.
    Role(Name),
}

/// What is delivered when several levels of a rule, or repeats of one, fell due before anybody looked: in one commit, without those that
/// are held back or stale for another reason. Default: the last. All of them are recorded, and their inner
/// actions run, whatever the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Each of them.
    All,
    /// The last of them.
    #[default]
    LatestOnly,
    /// None of them, where there are several; one alone is delivered, however late.
    None,
}
