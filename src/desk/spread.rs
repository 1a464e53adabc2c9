//! The job that carries an update from a problem to its incidents.

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::id::TicketId;
use crate::incident::Spread;
use crate::store::Store;
use crate::ticket::{Command, Refusal, Ticket};

use super::TenantDesk;

/// How far an update has come.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Spreading {
    /// The incidents that got it now.
    pub reached: Vec<TicketId>,
    /// Those that had it already.
    pub known: Vec<TicketId>,
    /// Those that are closed.
    pub closed: Vec<TicketId>,
    /// Those that did not take it, and why: a stamp before their last event, a missing right.
    pub refused: Vec<(TicketId, Error)>,
}

impl<S: Store> TenantDesk<'_, S> {
    /// Carries a message of a problem to its incidents, in the order given; see [`incident`](crate::incident). Whoever is not sure how far
    /// it came begins anew: nobody gets it twice. The problem itself, among the incidents, had it already.
    ///
    /// # Errors
    /// The problem's message cannot be carried ([`Spread::message`]); an incident that does not exist; what the store answers.
    /// Incidents that had their turn before keep what they got.
    pub fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        let problem = self.ticket(problem)?;
        let message = spread.message(&problem)?;
        let unknown = Refusal::NotAnUpdate {
            message: message.id,
        };
        let text = self.content(&[message.body])?.into_iter().flatten().next();
        let text = text.ok_or(unknown)?.text;
        let mut done = Spreading::default();
        for incident in incidents {
            if *incident == problem.id() {
                done.known.push(*incident);
            } else {
                self.carry(&self.ticket(*incident)?, call, spread, &text, &mut done)?;
            }
        }
        Ok(done)
    }

    fn carry(
        &self,
        incident: &Ticket,
        call: &Call,
        spread: &Spread,
        text: &str,
        done: &mut Spreading,
    ) -> Result<(), Error> {
        let id = incident.id();
        let Some(resolve) = spread.on(incident) else {
            done.closed.push(id);
            return Ok(());
        };
        let said = Command::say(spread.draft(id, text.to_owned()));
        let command = if resolve { said.then_resolve() } else { said };
        match self.submit(id, &call.clone().without_key(), command) {
            Ok(outcome) if outcome.is_replayed() => done.known.push(id),
            Ok(_) => done.reached.push(id),
            Err(error) if is_the_incidents(&error) => done.refused.push((id, error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Whether this incident alone did not take it.
fn is_the_incidents(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Forbidden)
}
