//! Telling stories: by hand, to a desk of the kit's own, or to one of yours.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::desk::{Desk, Swept, TenantDesk};
use crate::error::{Error, ErrorKind};
use crate::id::{TenantId, TicketId};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::store::{MemoryStore, Store, StoreError, StoreErrorKind};
use crate::testing::story::{Scene, Story, Told, beginning};
use crate::ticket::{Command, Open};

impl Story {
    /// A ticket that is opened at the [`beginning`], and nothing else yet.
    pub fn new(opener: Actor, open: Open) -> Story {
        Story {
            opener,
            open,
            scenes: Vec::new(),
            after: TimeDelta::zero(),
        }
    }

    /// What happens `gap` after the scene before, or after the opening. No gap is negative: such a one counts as none.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use helpdesk::testing::story::Story;
    /// use helpdesk::{Actor, Command, Open, Rulebook, id::{AgentId, CustomerId}};
    ///
    /// let (ann, kim) = (Actor::customer(CustomerId::named("ann")), Actor::agent(AgentId::named("kim")));
    /// let story = Story::new(ann, Open::new("Printer on fire").from("ann@example.com"))
    ///     .then(TimeDelta::minutes(10), kim, Command::reply("Which floor?"))
    ///     .then(TimeDelta::hours(2), kim, Command::resolve());
    /// let told = story.tell(&Rulebook::starter())?;
    /// assert_eq!(told.ticket.status(), helpdesk::ticket::Status::Resolved);
    /// # Ok::<(), helpdesk::Error>(())
    /// ```
    #[must_use]
    pub fn then(mut self, gap: TimeDelta, actor: Actor, command: Command) -> Story {
        self.scenes.push(Scene {
            gap,
            actor,
            command,
        });
        self
    }

    /// How long after the last scene it is looked at.
    #[must_use]
    pub fn look_after(mut self, after: TimeDelta) -> Story {
        self.after = after;
        self
    }

    /// Tells the story to a desk of its own, in memory. A command that is refused is left out.
    ///
    /// # Errors
    /// What the desk says to the opening, or to reading what became of it.
    pub fn tell(&self, rulebook: &Rulebook) -> Result<Told, Error> {
        self.tell_under(Rulebooks::new(rulebook.clone()))
    }

    /// The same to a desk with several rulebooks; the one in force for new tickets is that of the story.
    ///
    /// # Errors
    /// As [`tell`](Story::tell).
    pub fn tell_under(&self, rulebooks: Rulebooks) -> Result<Told, Error> {
        let desk = Desk::new(MemoryStore::new(), rulebooks);
        self.tell_to(&desk.tenant(TenantId::SINGLE), 0)
    }

    /// Tells the story to a desk that may hold others: each with a seed of its own, from which the ids of its calls are made, so
    /// that the same story told twice to two desks makes the same ticket. A command that is refused is left out, also one for which
    /// the right is missing, or about something that is not there.
    ///
    /// # Errors
    /// What the desk says to the opening, to a sweep, to a ticket that could not be swept, to reading what became of it, and to a
    /// command that fails for any other reason than the rules.
    pub fn tell_to<S: Store>(&self, desk: &TenantDesk<'_, S>, seed: u64) -> Result<Told, Error> {
        self.tell_swept(desk, seed, &[])
    }

    /// As [`tell_to`](Story::tell_to), with sweeps at these instants, in rising order, before what happens at or after them; those
    /// after the look at the end are left out.
    ///
    /// # Errors
    /// As [`tell_to`](Story::tell_to).
    pub fn tell_swept<S: Store>(
        &self,
        desk: &TenantDesk<'_, S>,
        seed: u64,
        sweeps: &[DateTime<Utc>],
    ) -> Result<Told, Error> {
        self.tell_if_opened(desk, seed, sweeps)?
    }

    /// The same, with an opening that the rules refuse told apart: it is the error inside.
    pub(crate) fn tell_if_opened<S: Store>(
        &self,
        desk: &TenantDesk<'_, S>,
        seed: u64,
        sweeps: &[DateTime<Utc>],
    ) -> Result<Result<Told, Error>, Error> {
        let mut sweeps = sweeps.iter().copied().peekable();
        let mut sweep_until = |now| {
            let due = std::iter::from_fn(|| sweeps.next_if(|sweep| *sweep <= now));
            { due }.try_for_each(|at| sweep(desk, at).map(|_| ()))
        };
        let mut now = beginning();
        let call = |actor, at, n: usize| {
            let id = u128::from(seed) << 64 | n as u128;
            Call::with_id(Uuid::from_u128(id), actor, at)
        };
        let opened = match unless_refused(desk.open(&call(self.opener, now, 0), self.open.clone()))?
        {
            Ok(opened) => opened,
            Err(refused) => return Ok(Err(refused)),
        };
        for (n, scene) in self.scenes.iter().enumerate() {
            now = later(now, scene.gap);
            sweep_until(now)?;
            let said = call(scene.actor, now, n + 1);
            let _ = unless_refused(desk.submit(opened.id(), &said, scene.command.clone()))?;
        }
        now = later(now, self.after);
        sweep_until(now)?;
        sweep_out(desk, now)?;
        Told::of(desk, opened.id(), now).map(Ok)
    }
}

/// An answer, or what the rules had against it; what failed for another reason is an error.
fn unless_refused<T>(answer: Result<T, Error>) -> Result<Result<T, Error>, Error> {
    match answer {
        Err(error) => match error.kind() {
            ErrorKind::Refused | ErrorKind::Forbidden | ErrorKind::NotFound => Ok(Err(error)),
            _ => Err(error),
        },
        done => Ok(done),
    }
}

impl Told {
    /// What is recorded of a ticket of your own desk, for the [laws of clocks](crate::testing::laws::clock): sweep the desk at
    /// `now` first.
    ///
    /// # Errors
    /// Where there is no such ticket, or the store fails.
    pub fn of<S: Store>(
        desk: &TenantDesk<'_, S>,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<Told, Error> {
        Ok(Told {
            events: desk.history(ticket)?,
            ticket: desk.ticket(ticket)?,
            now,
        })
    }
}

/// How often a desk is swept at one instant: more is a store that does not keep what it is given.
pub(crate) const MOST_SWEEPS: usize = 10_000;

/// Sweeps until nothing more is recorded, nor due.
///
/// # Errors
/// What the store says; why the first ticket that could not be swept could not; that there is no end to it.
pub(crate) fn sweep_out<S: Store>(
    desk: &TenantDesk<'_, S>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for _ in 0..MOST_SWEEPS {
        let swept = sweep(desk, now)?;
        if swept.events == 0 && !swept.more {
            return Ok(());
        }
    }
    let what = format!("{MOST_SWEEPS} sweeps at {now} did not come to an end");
    Err(StoreError::new(StoreErrorKind::Other, what).into())
}

/// One sweep, of no ticket that fails.
fn sweep<S: Store>(desk: &TenantDesk<'_, S>, now: DateTime<Utc>) -> Result<Swept, Error> {
    let mut swept = desk.desk().sweep(now, 16)?;
    let failed = std::mem::take(&mut swept.failed).into_iter().next();
    failed.map_or(Ok(swept), |(_, error)| Err(error))
}

fn later(now: DateTime<Utc>, gap: TimeDelta) -> DateTime<Utc> {
    let gap = gap.max(TimeDelta::zero());
    now.checked_add_signed(gap).unwrap_or(now)
}
