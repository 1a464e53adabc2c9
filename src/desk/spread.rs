//! The job that carries an update from a problem to its incidents.

use std::sync::Arc;

use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::error::{Error, ErrorKind};
use crate::id::TicketId;
use crate::incident::Spread;
use crate::ticket::{Refusal, Rules, Ticket};

use super::plan::CATCH_UP_LIMIT;
use super::question::Questions;
use super::source::{Source, drive};
use super::{Outcome, Request, Working};

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

impl<R: Source> Questions<'_, R> {
    pub(super) async fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        let problem = self.caught_up(problem, call).await?;
        Rules::reach(&problem, call.actor())?; // what is carried on is what stands there
        let message = spread.message(&problem)?;
        let unknown = Refusal::NotAnUpdate {
            message: message.id,
        };
        let text = self.source.content(self.tenant, &[message.body]).await?;
        let text = text.into_iter().flatten().next().ok_or(unknown)?.text;
        let call = call.clone().without_key().tenant(self.tenant);
        let mut done = Spreading::default();
        for incident in incidents {
            if *incident == problem.id() {
                done.known.push(*incident);
                continue;
            }
            self.say_on(*incident, &call, (spread, &text), &mut done)
                .await?;
        }
        Ok(done)
    }

    /// Says it on one incident, as that stands at the call's instant, once everything that fell due before has happened. Where somebody
    /// else moves it meanwhile it is looked at again.
    async fn say_on(
        &self,
        incident: TicketId,
        call: &Call,
        (spread, text): (&Spread, &str),
        done: &mut Spreading,
    ) -> Result<(), Error> {
        for left in (0..MAX_LOOKS).rev() {
            let ticket = self.caught_up(incident, call).await?;
            let Some(command) = spread.command(&ticket, text) else {
                done.closed.push(incident);
                return Ok(());
            };
            let said = Request::Submit(incident, command);
            let said = self.office.operation(call.clone(), said);
            let said = drive(&self.source, said).await;
            let moved = |error: &Error| {
                let refusal = error.refusal();
                matches!(
                    refusal,
                    Some(Refusal::StepNotAllowed { .. } | Refusal::Closed { .. })
                )
            };
            if left == 0 || !said.as_ref().is_err_and(moved) {
                return done.count(incident, said);
            }
        }
        Ok(())
    }

    /// A ticket as it stands once everything has happened that fell due before the call. What is said records that with itself, so that
    /// nobody is told of what it ends; more than goes into one commit is recorded first.
    async fn caught_up(&self, id: TicketId, call: &Call) -> Result<Arc<Ticket>, Error> {
        let ticket = self.ticket(id).await?;
        let Ok(book) = self.office.rulebooks().of(&ticket) else {
            return Ok(ticket); // whatever its rules are, they are not here
        };
        let mut working = Working::new(ticket, book);
        if working.catch_up(call.at(), CATCH_UP_LIMIT) {
            return Ok(working.ticket);
        }
        let system = Call::with_id(Uuid::nil(), Actor::System, call.at()).tenant(self.tenant);
        let sweep = self.office.operation(system, Request::Sweep(id));
        let swept = drive(&self.source, sweep).await?;
        Ok(Arc::new(swept.ticket().clone()))
    }
}

/// How often an incident is looked at that others move meanwhile.
const MAX_LOOKS: u32 = 8;

impl Spreading {
    /// What came of it on one incident.
    fn count(&mut self, incident: TicketId, said: Result<Outcome, Error>) -> Result<(), Error> {
        match said {
            Ok(outcome) if outcome.is_replayed() => self.known.push(incident),
            Ok(_) => self.reached.push(incident),
            Err(error) if is_the_incidents(&error) => self.refused.push((incident, error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Whether this incident alone did not take it.
fn is_the_incidents(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Forbidden)
}
