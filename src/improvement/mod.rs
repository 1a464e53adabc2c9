//! The improvement cycle: what was found, what is done about it, by whom and until when, and whether it helped.
//!
//! A [`Finding`] holds its actions. Each action names an owner, a due date and the [`Aim`]: the KPI that it should move, and over how
//! long a time before and after that is to be seen. Once an action is done, [`Action::windows`] tells the two stretches to compare,
//! and [`TenantDesk::effect`](crate::desk::TenantDesk::effect) compares them with [`Report::compare`](crate::Report): plan, do,
//! check; what is then made of it is the next finding.
//!
//! ```
//! use helpdesk::id::{AgentId, FindingId};
//! use helpdesk::improvement::{Aim, Command, Finding, NewAction};
//! use helpdesk::kpi::Kpi;
//! use helpdesk::{Actor, Call, Desk, Rulebook, store::MemoryStore};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let kim = AgentId::named("kim");
//! let at = |text: &str| text.parse();
//! let call = Call::new(Actor::Supervisor(kim), at("2026-03-05T09:00:00Z")?);
//! let finding = FindingId::named("night mails");
//! desk.tell::<Finding>(finding, &call, Command::Find("Mails of the night wait until noon".to_owned()))?;
//! let plan = NewAction::new("An early shift on Mondays", kim, at("2026-04-01T00:00:00Z")?)
//!     .aim(Aim::new(Kpi::FirstResponseTime, 28)?);
//! let told = desk.tell::<Finding>(finding, &call, Command::Plan(plan))?;
//! assert!(told.state.actions()[0].is_late(at("2026-04-02T00:00:00Z")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - An action is done or dropped once, and neither is undone.
//! - The two stretches of an action that is done are of the same length, and the later one begins where the earlier one ends.
//! - A finding is closed only when every action is done or dropped.

mod refusal;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Context, Decided, StreamKind};
use crate::id::{AgentId, ContentId, FindingId, InvalidName, Name};
use crate::kpi::Kpi;
use crate::ticket::{self, ContentKind, Permission, Recorded};
use crate::time::truncate;

pub use refusal::Refusal;

/// What a rulebook says about improvement: nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {}

/// What can be said about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Something was found. It begins the finding; said again, it says it in other words.
    Find(String),
    /// Something is to be done about it.
    Plan(NewAction),
    /// An action is done.
    Do {
        /// Which, from 0.
        action: u32,
    },
    /// An action will not be done.
    Drop {
        /// Which, from 0.
        action: u32,
    },
    /// An action goes to somebody else, or is due at another time.
    Move {
        /// Which, from 0.
        action: u32,
        /// Whose it is now.
        owner: AgentId,
        /// When it is due now.
        due: DateTime<Utc>,
    },
    /// Nothing more is to be done.
    Close {
        /// What was learnt.
        learnt: String,
    },
}

/// An action to plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewAction {
    /// What is to be done; it becomes a content record.
    pub text: String,
    /// By whom.
    pub owner: AgentId,
    /// By when.
    pub due: DateTime<Utc>,
    /// What it should move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
}

impl NewAction {
    /// Something that `owner` is to do by `due`.
    pub fn new(text: impl Into<String>, owner: AgentId, due: DateTime<Utc>) -> NewAction {
        NewAction {
            text: text.into(),
            owner,
            due,
            aim: None,
        }
    }

    /// The same action with what it should move.
    #[must_use]
    pub fn aim(mut self, aim: Aim) -> NewAction {
        self.aim = Some(aim);
        self
    }
}

/// What an action should move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Aim {
    /// The KPI, by its [name](Kpi::name).
    pub kpi: Name,
    /// Over how many days of 24 hours before and after it is compared: 1 to 366.
    pub days: u16,
}

impl Aim {
    /// The most days.
    pub const MAX_DAYS: u16 = 366;

    /// This KPI, over so many days on either side. Of one that tickets alone do not tell
    /// ([`Figure::Outside`](crate::kpi::Figure::Outside)) the effect says
    /// [`NoData`](crate::kpi::Trend::NoData): the host compares the tallies of its own.
    ///
    /// # Errors
    /// None: every KPI's name is a [`Name`].
    pub fn new(kpi: Kpi, days: u16) -> Result<Aim, InvalidName> {
        let kpi = Name::new(kpi.name())?;
        Ok(Aim { kpi, days })
    }

    /// The KPI; none where this version of the crate does not know it.
    pub fn kpi(&self) -> Option<Kpi> {
        let named = |kpi: &Kpi| kpi.name() == self.kpi.as_str();
        Kpi::ALL.into_iter().find(named)
    }
}

/// What can happen to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Something was found, or said in other words.
    Found {
        /// What, as a content record.
        text: ContentId,
    },
    /// Something is to be done.
    Planned {
        /// What, as a content record.
        text: ContentId,
        /// By whom.
        owner: AgentId,
        /// By when.
        due: DateTime<Utc>,
        /// What it should move.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        aim: Option<Aim>,
    },
    /// An action went to somebody else, or is due at another time.
    Moved {
        /// Which.
        action: u32,
        /// Whose it is now.
        owner: AgentId,
        /// When it is due now.
        due: DateTime<Utc>,
    },
    /// An action is done.
    Done {
        /// Which.
        action: u32,
    },
    /// An action will not be done.
    Dropped {
        /// Which.
        action: u32,
    },
    /// Nothing more is to be done.
    Closed {
        /// What was learnt, as a content record.
        learnt: ContentId,
    },
}

/// Something that was found, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    at: DateTime<Utc>,
    texts: Vec<ContentId>,
    actions: Vec<Action>,
    closed: Option<(DateTime<Utc>, ContentId)>,
}

/// Something to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// What it is, as a content record.
    pub text: ContentId,
    /// Whose it is.
    pub owner: AgentId,
    /// By when.
    pub due: DateTime<Utc>,
    /// What it should move.
    pub aim: Option<Aim>,
    /// Where it stands.
    pub state: ActionState,
}

/// Where an action stands.
///
/// Exhaustive: an action is open, done or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// To be done.
    Open,
    /// Done at this instant.
    Done(DateTime<Utc>),
    /// Not to be done, since this instant.
    Dropped(DateTime<Utc>),
}

impl Action {
    /// Whether it is to be done still, although it was due before `now`.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.state == ActionState::Open && self.due < now
    }

    /// The stretches before and after it was done that are to be compared, each as begin and end; none where it is not done or
    /// aims at nothing.
    pub fn windows(&self) -> Option<[(DateTime<Utc>, DateTime<Utc>); 2]> {
        let ActionState::Done(at) = self.state else {
            return None;
        };
        let length = TimeDelta::days(i64::from(self.aim.as_ref()?.days));
        let from = at.checked_sub_signed(length)?;
        let to = at.checked_add_signed(length)?;
        Some([(from, at), (at, to)])
    }
}

impl Finding {
    /// When it was found.
    pub fn found_at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What was found, as a content record.
    pub fn text(&self) -> Option<ContentId> {
        self.texts.last().copied()
    }

    /// What is done about it, in the order of planning.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// One action, from 0.
    pub fn action(&self, n: u32) -> Option<&Action> {
        self.actions.get(usize::try_from(n).ok()?)
    }

    /// When it was closed, and what was learnt.
    pub fn closed(&self) -> Option<(DateTime<Utc>, ContentId)> {
        self.closed
    }
}

impl Aggregate for Finding {
    const KIND: StreamKind = StreamKind::Finding;
    type Id = FindingId;
    type Command = Command;
    type Event = Event;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(_command: &Command) -> Permission {
        Permission::Improve
    }

    fn decide(
        stands: Option<&Finding>,
        id: FindingId,
        _rules: &Rules,
        context: &Context<'_>,
        command: &Command,
    ) -> Result<Decided<Event>, Refusal> {
        let keep = |what, text: &str| {
            let mut decided = Decided::default();
            let text = decided.keep(context, id, (ContentKind::Body, None), what, text)?;
            Ok::<_, Refusal>((decided, text))
        };
        if let Some((closed_at, _)) = stands.and_then(|finding| finding.closed) {
            return Err(Refusal::IsClosed { closed_at });
        }
        if let Command::Find(text) = command {
            let said = stands.map_or(0, |finding| finding.texts.len());
            context.check_list("the list of wordings", said + 1)?;
            let (decided, text) = keep("the finding", text)?;
            return Ok(decided.and(Event::Found { text }));
        }
        let finding = stands.ok_or(Refusal::NoFinding { finding: id })?;
        let in_time = |due: DateTime<Utc>| match truncate(due) {
            due if due > context.at => Ok(due),
            due => Err(ticket::Refusal::InThePast {
                promised: due,
                at: context.at,
            }),
        };
        match command {
            Command::Find(_) => Ok(Decided::default()),
            Command::Plan(new) => {
                context.check_list("the list of actions", finding.actions.len() + 1)?;
                let due = in_time(new.due)?;
                if let Some(aim) = &new.aim
                    && !(1..=Aim::MAX_DAYS).contains(&aim.days)
                {
                    return Err(Refusal::TooManyDays { days: aim.days });
                }
                if let Some(aim) = new.aim.as_ref().filter(|aim| aim.kpi().is_none()) {
                    let kpi = aim.kpi.clone();
                    return Err(Refusal::UnknownKpi { kpi });
                }
                let (decided, text) = keep("the action", &new.text)?;
                Ok(decided.and(Event::Planned {
                    text,
                    owner: new.owner,
                    due,
                    aim: new.aim.clone(),
                }))
            }
            Command::Do { action } => {
                finding.open_action(*action)?;
                Ok(Decided::event(Event::Done { action: *action }))
            }
            Command::Drop { action } => {
                finding.open_action(*action)?;
                Ok(Decided::event(Event::Dropped { action: *action }))
            }
            Command::Move { action, owner, due } => {
                let known = finding.open_action(*action)?;
                if (known.owner, known.due) == (*owner, truncate(*due)) {
                    return Ok(Decided::default());
                }
                let due = in_time(*due)?;
                Ok(Decided::event(Event::Moved {
                    action: *action,
                    owner: *owner,
                    due,
                }))
            }
            Command::Close { learnt } => {
                let open = |action: &&Action| action.state == ActionState::Open;
                let open = finding.actions.iter().filter(open).count();
                if open > 0 {
                    return Err(Refusal::StillToDo { open });
                }
                let (decided, learnt) = keep("what was learnt", learnt)?;
                Ok(decided.and(Event::Closed { learnt }))
            }
        }
    }

    fn apply(stands: &mut Option<Finding>, event: &Recorded<Event>) {
        let at = event.at;
        let finding = stands.get_or_insert_with(|| Finding {
            at,
            texts: Vec::new(),
            actions: Vec::new(),
            closed: None,
        });
        match &event.event {
            Event::Found { text } => finding.texts.push(*text),
            Event::Planned {
                text,
                owner,
                due,
                aim,
            } => finding.actions.push(Action {
                planned_at: at,
                text: *text,
                owner: *owner,
                due: *due,
                aim: aim.clone(),
                state: ActionState::Open,
            }),
            Event::Moved { action, owner, due } => finding.change(*action, |known| {
                (known.owner, known.due) = (*owner, *due);
            }),
            Event::Done { action } => {
                finding.change(*action, |known| known.state = ActionState::Done(at));
            }
            Event::Dropped { action } => {
                finding.change(*action, |known| known.state = ActionState::Dropped(at));
            }
            Event::Closed { learnt } => finding.closed = Some((at, *learnt)),
        }
    }
}

impl Finding {
    fn open_action(&self, n: u32) -> Result<&Action, Refusal> {
        let action = self.action(n).ok_or(Refusal::NoAction {
            action: n,
            known: self.actions.len(),
        })?;
        match action.state {
            ActionState::Open => Ok(action),
            ActionState::Done(at) | ActionState::Dropped(at) => {
                Err(Refusal::ActionEnded { action: n, at })
            }
        }
    }

    fn change(&mut self, n: u32, change: impl FnOnce(&mut Action)) {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        if let Some(action) = self.actions.get_mut(n) {
            change(action);
        }
    }
}
