//! Moves from one status to another, as the table allows them.

use crate::id::Name;
use crate::ticket::command::Move;
use crate::ticket::event::Event;
use crate::ticket::lifecycle::{CloseReason, Pending, Stage, Status, Step};
use crate::ticket::refusal::Refusal;
use crate::ticket::rules::Label;
use crate::time::{micros, truncate};

use super::work::Work;

impl Work<'_> {
    pub(super) fn take(&mut self, step: &Move) -> Result<(), Refusal> {
        match step {
            Move::Pend(reason) => self.pend(*reason, None),
            Move::Resume => self.walk(Step::Resume, None),
            Move::Resolve => self.walk(Step::Resolve, None),
            Move::Reopen => self.reopen(None),
            Move::Close(reason) => self.close(*reason, None),
            Move::Label(name) => self.take_label(name),
        }
    }

    /// The step that leads to the label's status, or a new label alone where the status is that already.
    fn take_label(&mut self, name: &Name) -> Result<(), Refusal> {
        let known = || self.rules.labels.keys().cloned().collect();
        let target = *self
            .rules
            .labels
            .get(name)
            .ok_or_else(|| Refusal::UnknownLabel {
                label: name.clone(),
                known: known(),
            })?;
        let label = Some(name.clone());
        match (target, self.status) {
            (Label::Work, status) if status.stage().is_work() => {
                self.relabel(label, Step::Resume);
                Ok(())
            }
            (Label::Work, status) if status.stage() == Stage::Pending => {
                self.walk(Step::Resume, label)
            }
            (Label::Work, _) => self.reopen(label),
            (Label::Pending(reason), _) => self.pend(reason, label),
            (Label::Resolved, Status::Resolved) => {
                self.relabel(label, Step::Resolve);
                Ok(())
            }
            (Label::Resolved, _) => self.walk(Step::Resolve, label),
            (Label::Closed(reason), _) => self.close(reason, label),
        }
    }

    fn pend(&mut self, reason: Pending, label: Option<Name>) -> Result<(), Refusal> {
        let reason = truncated(reason);
        if let Pending::Scheduled { until } = reason
            && until <= self.decision.at
        {
            return Err(Refusal::WaitIsOver {
                until,
                at: self.decision.at,
            });
        }
        self.check(Step::Pend)?;
        if self.status.stage() == Stage::Resolved {
            self.reopen(None)?;
        }
        let to = Status::Pending(reason);
        if self.status == to {
            self.relabel(label, Step::Pend);
        } else {
            self.change_status(to, Step::Pend, label);
        }
        Ok(())
    }

    fn reopen(&mut self, label: Option<Name>) -> Result<(), Refusal> {
        self.check(Step::Reopen)?;
        if let Some(into) = self.merged_into {
            return Err(Refusal::Merged { into });
        }
        if self.status.stage() == Stage::Closed && !self.rules.reopen_closed {
            return Err(Refusal::Closed { what: "reopening" });
        }
        self.within_reopen_window()?;
        self.reopened = true;
        self.change_status(Status::Reopened, Step::Reopen, label);
        Ok(())
    }

    fn close(&mut self, reason: CloseReason, label: Option<Name>) -> Result<(), Refusal> {
        self.check(Step::Close)?;
        self.change_status(Status::Closed(reason), Step::Close, label);
        Ok(())
    }

    /// A step without particulars.
    fn walk(&mut self, step: Step, label: Option<Name>) -> Result<(), Refusal> {
        let to = match self.check(step)? {
            Stage::Resolved => Status::Resolved,
            _ => Status::work(self.reopened),
        };
        self.change_status(to, step, label);
        Ok(())
    }

    /// The table's answer.
    fn check(&self, step: Step) -> Result<Stage, Refusal> {
        let stage = self.status.stage();
        let refuse = || Refusal::StepNotAllowed {
            stage,
            step,
            allowed: self.rules.steps_of(self.role(), stage),
        };
        stage.after(step, self.reopened).ok_or_else(refuse)
    }

    pub(super) fn within_reopen_window(&self) -> Result<(), Refusal> {
        let (window, at) = (self.rules.reopen_window, self.decision.at);
        match self.ended_at {
            Some(ended_at) if micros(at).saturating_sub(micros(ended_at)) > window.micros() => {
                Err(Refusal::ReopenWindowOver {
                    ended_at,
                    window,
                    at,
                })
            }
            _ => Ok(()),
        }
    }

    fn relabel(&mut self, label: Option<Name>, step: Step) {
        if self.label != label && label.is_some() {
            self.change_status(self.status, step, label);
        }
    }

    pub(super) fn change_status(&mut self, to: Status, step: Step, label: Option<Name>) {
        self.status = to;
        self.label.clone_from(&label);
        self.push(Event::StatusChanged { to, step, label });
    }
}

fn truncated(reason: Pending) -> Pending {
    match reason {
        Pending::Scheduled { until } => Pending::Scheduled {
            until: truncate(until),
        },
        other => other,
    }
}
