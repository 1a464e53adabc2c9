//! One ticket of a sweep, as a conversation without I/O: what fell due on it is recorded.
//!
//! It does what an [`Operation`](super::Operation) does with [`Request::Sweep`](super::Request::Sweep), and keeps none of what other
//! requests need: a sweep is about many tickets, and tells of each only how it went.

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::id::TicketId;
use crate::rulebook::Rulebooks;
use crate::store::{Commit, Loaded, NoTicket, StoreError, StoreErrorKind, StreamId};
use crate::ticket::Recorded;

use super::operation::MAX_ROUNDS;
use super::plan::{Planned, plan_due};
use super::tries::Tries;

#[derive(Debug)]
pub(super) struct SweepOne<'a> {
    rulebooks: &'a Rulebooks,
    stream: StreamId,
    now: DateTime<Utc>,
    tries: Tries,
    rounds: u32,
    events: usize,
    ended_a_chain: bool,
    state: State,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few at a time, and they stay where they are"
)]
enum State {
    /// With its snapshot, or without.
    Loading {
        snapshots: bool,
    },
    Committing(Planned),
    Done,
}

impl<'a> SweepOne<'a> {
    pub(super) fn new(
        rulebooks: &'a Rulebooks,
        stream: StreamId,
        now: DateTime<Utc>,
    ) -> SweepOne<'a> {
        SweepOne {
            rulebooks,
            stream,
            now,
            tries: Tries::many(),
            rounds: 0,
            events: 0,
            ended_a_chain: false,
            state: State::Loading { snapshots: true },
        }
    }

    /// Whether its snapshot is to be loaded too, if it is to be loaded next.
    pub(super) fn loads(&self) -> Option<bool> {
        match self.state {
            State::Loading { snapshots } => Some(snapshots),
            _ => None,
        }
    }

    /// What is to be committed, if that is needed next.
    pub(super) fn commit(&self) -> Option<&Commit> {
        match &self.state {
            State::Committing(planned) => Some(&planned.commit),
            _ => None,
        }
    }

    /// Tells what was loaded. An error ends it; nothing was written.
    pub(super) fn loaded(&mut self, loaded: Result<Loaded, StoreError>) -> Result<(), Error> {
        let may_be_kept = matches!(self.state, State::Loading { snapshots: true });
        let id = TicketId::from_uuid(self.stream.id);
        let known = match loaded?.take_ticket(self.stream) {
            Ok(known) => known.ok_or_else(|| Error::no_ticket(id))?,
            Err(NoTicket::OtherFold) if may_be_kept => {
                self.state = State::Loading { snapshots: false };
                return Ok(());
            }
            Err(_) => return Err(Error::not_a_history(id)),
        };
        self.state = State::Committing(plan_due(&known, self.rulebooks, self.now)?);
        Ok(())
    }

    /// Tells how the commit went; after a conflict it is loaded and decided again.
    pub(super) fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error> {
        let State::Committing(planned) = &self.state else {
            return Err(Error::misused("nothing was to be committed"));
        };
        match result {
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                self.tries.again()?;
            }
            Err(error) => return Err(error.into()),
            Ok(()) => {
                let parts = planned.commit.parts.iter();
                for event in parts.flat_map(|part| part.events.ticket()) {
                    self.events += 1;
                    self.ended_a_chain |= Recorded::ended_a_chain(event);
                }
                if planned.complete {
                    self.state = State::Done;
                    return Ok(());
                }
                self.rounds += 1;
                if self.rounds >= MAX_ROUNDS {
                    return Err(Error::runaway(planned.ticket.id(), self.events));
                }
            }
        }
        self.state = State::Loading { snapshots: true };
        Ok(())
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    pub(super) fn stream(&self) -> StreamId {
        self.stream
    }

    /// How many events were recorded.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    pub(super) fn ended_a_chain(&self) -> bool {
        self.ended_a_chain
    }
}
