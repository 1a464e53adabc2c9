//! What a step of a call, chat or bot conversation means.

use crate::id::SessionId;
use crate::ticket::event::Event;
use crate::ticket::lifecycle::Stage;
use crate::ticket::refusal::Refusal;
use crate::ticket::session::{Session, SessionEvent, SessionStep};

use super::work::Work;

impl Work<'_> {
    /// A customer who begins one goes on with the ticket like a customer who writes: it wakes a waiting ticket, and reopens a
    /// resolved one within the reopen window. So does one whom a bot hands over to the agents; beyond the window that is recorded, and
    /// wakes nobody.
    pub(super) fn session(
        &mut self,
        sessions: &mut Vec<Session>,
        id: SessionId,
        step: &SessionStep,
    ) -> Result<(), Refusal> {
        let known = sessions.iter().find(|session| session.id == id);
        if let Some(why) = Session::objection(known, step) {
            return Err(Refusal::SessionStep { session: id, why });
        }
        let what = step.event(self.caller()).ok_or(Refusal::Missing {
            what: "the agent who answers",
        })?;
        let begins = matches!(what, SessionEvent::Began { .. });
        if begins && self.stage() == Stage::Resolved {
            self.within_reopen_window()?;
        }
        Session::meet(sessions, id, self.decision.at, &what);
        if begins {
            self.limit("the list of sessions", sessions.len())?;
        }
        let in_time = self.stage() != Stage::Resolved || self.within_reopen_window().is_ok();
        let wakes = what.wakes() && in_time;
        self.push(Event::Session { id, what });
        if wakes {
            self.wake_for_customer();
        }
        Ok(())
    }
}
