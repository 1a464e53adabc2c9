//! The job that carries an update from a problem to its incidents.

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::id::TicketId;
use crate::incident::Spread;
use crate::ticket::{Refusal, Rules};

use super::question::Questions;
use super::source::{Source, drive};
use super::{Outcome, Request};

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
        let problem = self.ticket(problem).await?;
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
            let incident = self.ticket(*incident).await?;
            match spread.command(&incident, &text) {
                Some(command) => {
                    let said = Request::Submit(incident.id(), command);
                    let said = self.office.operation(call.clone(), said);
                    done.count(incident.id(), drive(&self.source, said).await)?;
                }
                None => done.closed.push(incident.id()),
            }
        }
        Ok(done)
    }
}

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
