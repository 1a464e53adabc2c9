//! What each metric makes of a status: of a resolution, a closing and a reopening.

use chrono::{DateTime, Utc};

use super::{Life, is_done};
use crate::sla::{ReopenOption, State};
use crate::ticket::{Metric, Stage, Status};

impl Life<'_> {
    /// The ticket stands elsewhere from here on.
    pub(super) fn moved(&mut self, to: Status, at: DateTime<Utc>) {
        let waited = self.waits_since();
        if is_done(to) && to.stage() != self.status.stage() {
            self.end_where_it_waits();
        }
        let from = std::mem::replace(&mut self.status, to);
        if let Some(since) = waited.filter(|_| !is_done(to)) {
            self.count_since(since, at);
        }
        match to.stage() {
            Stage::Resolved if from.stage() != Stage::Resolved => self.resolved(at),
            Stage::Closed if from.stage() != Stage::Closed => self.closed(at),
            Stage::Open | Stage::Pending | Stage::Reopened => {
                if is_done(from) {
                    self.reopened(at);
                }
                self.run_or_pause(at);
            }
            _ => {}
        }
    }

    fn resolved(&mut self, at: DateTime<Utc>) {
        match self.clock.metric {
            Metric::RequesterWait
            | Metric::AgentWork
            | Metric::FirstResolution
            | Metric::TotalResolution => {
                self.end(State::Stopped, at);
            }
            Metric::FirstResponse => self.end_unanswered(at),
            Metric::NextResponse | Metric::PeriodicUpdate | Metric::Ownership => {
                self.end(State::Cancelled, at)
            }
            Metric::FollowUp => self.begin(at),
            Metric::PromisedUpdate => {}
        }
    }

    pub(super) fn closed(&mut self, at: DateTime<Utc>) {
        match self.clock.metric {
            Metric::FirstResponse => self.end_unanswered(at),
            _ => self.end(State::Cancelled, at),
        }
    }

    fn reopened(&mut self, at: DateTime<Utc>) {
        let cancelled = self.now.state == State::Cancelled;
        let fulfilled = self.now.state == State::Stopped && !self.now.unanswered;
        match self.clock.metric {
            Metric::FirstResponse if self.now.unanswered => self.resume(at),
            Metric::FirstResolution if cancelled => self.resume(at),
            Metric::FollowUp => self.end(State::Cancelled, at),
            Metric::RequesterWait | Metric::AgentWork | Metric::TotalResolution
                if cancelled || fulfilled =>
            {
                let option = self
                    .policy
                    .and_then(|chosen| chosen.policy.reopening.get(&self.clock.metric));
                let gap = self
                    .now
                    .stopped
                    .map(|stopped| at - stopped)
                    .unwrap_or_default();
                match option.copied().unwrap_or_default() {
                    ReopenOption::NewCycle => self.begin(at),
                    ReopenOption::NewCycleAfter(longest) if gap > longest.delta() => self.begin(at),
                    ReopenOption::FirstOnly if fulfilled => {}
                    _ => self.resume(at),
                }
            }
            _ => {}
        }
    }
}
