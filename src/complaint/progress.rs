//! How far a complaint has come, from its events.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CalendarError};
use crate::call::Actor;
use crate::sla::{Measure, Target};
use crate::ticket::{Event, FieldValue, Recorded, Status};
use crate::time::{Micros, delta, instant, micros, truncate};

use super::workflow::{ComplaintStep, Workflow};

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The steps before it are not done.
    NotStarted,
    /// It is to be done now.
    Running,
    /// It is done.
    Done,
    /// A later step was done without it.
    Skipped,
    /// The complaint ended before it was done.
    Cancelled,
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            StepState::NotStarted => "not started",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Cancelled => "cancelled",
        })
    }
}

/// One step of a complaint at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepReading {
    /// Which.
    pub step: ComplaintStep,
    /// How it stands.
    pub state: StepState,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done, skipped or cancelled.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who did it.
    pub by: Option<Actor>,
    /// How long it may take.
    pub target: Option<Target>,
    /// When that time is used up, for a step that began; nothing where the calendar has not as much time left.
    pub due: Option<DateTime<Utc>>,
    /// How long it took, or has taken, in microseconds of the target's time; of calendar time where it has no target.
    pub elapsed_us: i64,
    /// The time that the target gives, in microseconds.
    pub amount_us: Option<i64>,
}

impl StepReading {
    /// Whether it was done in time.
    pub fn is_met(&self) -> bool {
        self.state == StepState::Done && self.amount_us.is_some() && !self.is_late()
    }

    /// Whether it runs, or was done, for longer than its target gives.
    pub fn is_breached(&self) -> bool {
        matches!(self.state, StepState::Running | StepState::Done) && self.is_late()
    }

    /// How long it took, or has taken.
    pub fn elapsed(&self) -> TimeDelta {
        delta(self.elapsed_us)
    }

    fn is_late(&self) -> bool {
        self.amount_us
            .is_some_and(|amount| self.elapsed_us > amount)
    }
}

/// How far a complaint has come at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    since: DateTime<Utc>,
    steps: Vec<StepReading>, // INVARIANT: one for each step, in order
}

impl Progress {
    /// Since when the ticket is a complaint.
    pub fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// Every step, in order.
    pub fn steps(&self) -> &[StepReading] {
        &self.steps
    }

    /// One step.
    pub fn of(&self, step: ComplaintStep) -> &StepReading {
        &self.steps[step as usize]
    }

    /// The step that is to be done now; nothing where all are done or the complaint ended.
    pub fn running(&self) -> Option<&StepReading> {
        let runs = |step: &&StepReading| step.state == StepState::Running;
        self.steps.iter().find(runs)
    }
}

impl Workflow {
    /// How far the complaint with these events has come at `now`; nothing where the ticket is none then. `events` are all events of
    /// the ticket, oldest first; those after `now` are not looked at. `calendar` measures business time.
    ///
    /// # Errors
    /// An instant outside the years of calendars.
    pub fn read(
        &self,
        events: &[Recorded],
        calendar: &Calendar,
        now: DateTime<Utc>,
    ) -> Result<Option<Progress>, CalendarError> {
        let now = truncate(now);
        let mut fold = Fold::default();
        for recorded in events.iter().filter(|recorded| recorded.at <= now) {
            fold.apply(self, recorded);
        }
        let Some(since) = fold.since else {
            return Ok(None);
        };
        let slots = ComplaintStep::ALL.into_iter().zip(&fold.slots);
        let read = |(step, slot): (ComplaintStep, &Slot)| {
            let target = self.targets.get(&step).copied();
            slot.read(step, target, calendar, micros(now))
        };
        let steps = slots.map(read).collect::<Result<_, _>>()?;
        Ok(Some(Progress {
            since: instant(since),
            steps,
        }))
    }
}

/// What the events made of the steps.
#[derive(Default)]
struct Fold {
    /// Since when it is a complaint.
    since: Option<Micros>,
    /// The last step said to be done, also before it was a complaint.
    said: Option<ComplaintStep>,
    slots: [Slot; ComplaintStep::ALL.len()],
    /// Whether the ticket is closed: then no step runs.
    closed: bool,
}

#[derive(Clone, Copy)]
struct Slot {
    state: StepState,
    started: Option<Micros>,
    ended: Option<Micros>,
    by: Option<Actor>,
}

impl Default for Slot {
    fn default() -> Slot {
        Slot {
            state: StepState::NotStarted,
            started: None,
            ended: None,
            by: None,
        }
    }
}

impl Fold {
    fn apply(&mut self, workflow: &Workflow, recorded: &Recorded) {
        let at = micros(recorded.at);
        match &recorded.event {
            Event::TypeChanged { to } => match (to.as_ref() == Some(&workflow.kind), self.since) {
                (true, None) => {
                    self.since = Some(at);
                    self.begin(0, at);
                    if let Some(step) = self.said {
                        self.done(step, at, recorded.actor);
                    }
                }
                (false, Some(_)) => {
                    let (said, closed) = (self.said, self.closed);
                    *self = Fold {
                        said,
                        closed,
                        ..Fold::default()
                    };
                }
                _ => {}
            },
            Event::FieldSet { name, value } if *name == workflow.field => {
                self.said = match value {
                    Some(FieldValue::Text(text)) => ComplaintStep::named(text),
                    _ => None,
                };
                match (self.since, self.said) {
                    (None, _) => {}
                    (Some(_), Some(step)) => self.done(step, at, recorded.actor),
                    (Some(_), None) => {
                        self.slots = Default::default();
                        self.begin(0, at);
                    }
                }
            }
            Event::StatusChanged { to, .. } => {
                self.closed = matches!(to, Status::Closed(_));
                if !self.closed {
                    self.change(StepState::Cancelled, StepState::Running, None);
                }
            }
            _ => {}
        }
        if self.closed {
            self.change(StepState::Running, StepState::Cancelled, Some(at));
        }
    }

    fn begin(&mut self, place: usize, at: Micros) {
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot {
                state: StepState::Running,
                started: Some(at),
                ..Slot::default()
            };
        }
    }

    fn done(&mut self, step: ComplaintStep, at: Micros, by: Actor) {
        let place = step as usize;
        for (n, slot) in self.slots.iter_mut().enumerate() {
            match n.cmp(&place) {
                std::cmp::Ordering::Less if slot.state != StepState::Done => {
                    if slot.state != StepState::Skipped {
                        slot.ended = Some(at);
                    }
                    slot.state = StepState::Skipped;
                }
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal if slot.state == StepState::Done => {} // went back to after it
                std::cmp::Ordering::Equal => {
                    slot.state = StepState::Done;
                    slot.started.get_or_insert(at);
                    (slot.ended, slot.by) = (Some(at), Some(by));
                }
                std::cmp::Ordering::Greater => *slot = Slot::default(),
            }
        }
        self.begin(place + 1, at);
    }

    /// The step in one state is in another, and ended then or not at all; it began when it began.
    fn change(&mut self, from: StepState, to: StepState, ended: Option<Micros>) {
        let found = self.slots.iter_mut().find(|slot| slot.state == from);
        if let Some(slot) = found {
            (slot.state, slot.ended) = (to, ended);
        }
    }
}

impl Slot {
    fn read(
        &self,
        step: ComplaintStep,
        target: Option<Target>,
        calendar: &Calendar,
        now: Micros,
    ) -> Result<StepReading, CalendarError> {
        let business = target.is_some_and(|target| target.measure() == Measure::Business);
        let mut reading = StepReading {
            step,
            state: self.state,
            started_at: self.started.map(instant),
            ended_at: self.ended.map(instant),
            by: self.by,
            target,
            due: None,
            elapsed_us: 0,
            amount_us: None,
        };
        let Some(started) = self.started else {
            return Ok(reading);
        };
        let until = self.ended.unwrap_or(now);
        reading.elapsed_us = if business {
            calendar.elapsed_micros(started, until)?
        } else {
            until.saturating_sub(started)
        };
        if let Some(target) = target {
            let amount = target.amount_from(started, calendar);
            reading.amount_us = Some(amount);
            reading.due = if business {
                match calendar.add_micros(started, amount) {
                    Ok(due) => Some(instant(due)),
                    Err(CalendarError::Never | CalendarError::BeyondRange) => None,
                    Err(error) => return Err(error),
                }
            } else {
                started.checked_add(amount).map(instant)
            };
        }
        Ok(reading)
    }
}
