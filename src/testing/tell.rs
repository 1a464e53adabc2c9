//! Telling stories: by hand, to a desk of the kit's own, or to one of yours.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::desk::{Desk, TenantDesk};
use crate::error::Error;
use crate::id::{TenantId, TicketId};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::store::{MemoryStore, Store};
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
    /// that the same story told twice to two desks makes the same ticket. A command that is refused is left out.
    ///
    /// # Errors
    /// What the desk says to the opening, to a sweep or to reading what became of it.
    pub fn tell_to<S: Store>(&self, desk: &TenantDesk<'_, S>, seed: u64) -> Result<Told, Error> {
        self.tell_swept(desk, seed, &[])
    }

    /// As [`tell_to`](Story::tell_to), with sweeps at these instants, in rising order, before what happens at or after them.
    ///
    /// # Errors
    /// As [`tell_to`](Story::tell_to).
    pub fn tell_swept<S: Store>(
        &self,
        desk: &TenantDesk<'_, S>,
        seed: u64,
        sweeps: &[DateTime<Utc>],
    ) -> Result<Told, Error> {
        let mut sweeps = sweeps.iter().copied().peekable();
        let mut now = beginning();
        let call = |actor, at, n: usize| {
            let id = u128::from(seed) << 64 | n as u128;
            Call::with_id(Uuid::from_u128(id), actor, at)
        };
        let opened = desk.open(&call(self.opener, now, 0), self.open.clone())?;
        for (n, scene) in self.scenes.iter().enumerate() {
            now = later(now, scene.gap);
            while let Some(at) = sweeps.next_if(|sweep| *sweep <= now) {
                desk.desk().sweep(at, 16)?;
            }
            let said = call(scene.actor, now, n + 1);
            let _ = desk.submit(opened.id(), &said, scene.command.clone());
        }
        now = later(now, self.after);
        sweep_out(desk, now)?;
        Told::of(desk, opened.id(), now)
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

/// Sweeps until nothing more is recorded.
pub(crate) fn sweep_out<S: Store>(
    desk: &TenantDesk<'_, S>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for _ in 0..MOST_SWEEPS {
        if desk.desk().sweep(now, 16)?.events == 0 {
            break;
        }
    }
    Ok(())
}

fn later(now: DateTime<Utc>, gap: TimeDelta) -> DateTime<Utc> {
    let gap = gap.max(TimeDelta::zero());
    now.checked_add_signed(gap).unwrap_or(now)
}
