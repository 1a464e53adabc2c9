//! The blocking desk: it drives each conversation with its [`Store`] on the thread that calls.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::call::Call;
use crate::error::Error;
use crate::id::{RulebookId, TenantId, TicketId};
use crate::kpi::{KpiReport, Report, Suggest, Suggestion};
use crate::rulebook::Rulebooks;
use crate::sla::{Ledger, Reading};
use crate::store::{OutboxMessage, Store};
use crate::ticket::{ClockId, Command, Link, Merge, Open, Split, Ticket};

use super::keep::keep;
use super::nap::{Nap, NapNeed};
use super::office::Office;
use super::plan::in_range;
use super::source::{Direct, at_once, drive, go_through};
use super::sweep::{Sweep, Swept};
use super::{Ailing, Conversation, Outcome, Request, TenantDesk};

/// The desk of a host: its store and its rules.
///
/// Shared by `&self`; any number of threads and processes may use the same store. [`Desk::open`] and [`Desk::submit`] work in
/// the tenant of the call; the methods that take no call are those of [`TenantId::SINGLE`], but for [`Desk::sweep`], naps and the
/// outbox, which serve every tenant. [`Desk::tenant`] is the handle of one tenant, for all of them.
#[derive(Debug)]
pub struct Desk<S> {
    pub(super) store: S,
    pub(super) office: Office,
}

impl<S: Store> Desk<S> {
    /// A desk that keeps its tickets in `store` and works by `rules`: one rulebook, or [`Rulebooks`] where tickets are
    /// pinned to earlier versions. Nothing keeps the rules here: a host that starts anew gives every version that tickets began under, or
    /// takes [`Desk::keeping`], which keeps them in the store.
    pub fn new(store: S, rules: impl Into<Rulebooks>) -> Desk<S> {
        Desk {
            store,
            office: Office::new(rules),
        }
    }

    /// A desk that keeps every version of its rules in `store` too, beside the tickets, and finds those that were kept before: so a
    /// host that starts anew with other rules strands no ticket. `now` is when what is new is kept.
    ///
    /// What is in force, and for whom, `rules` alone say. A version that stands in the store and not in them is there for the tickets that
    /// began under it ([`Rulebooks::with_earlier`] of each). Keeping it again changes nothing. A version is the same rules whoever
    /// works by them, so every tenant's stand in one place: in the streams of the kind
    /// [`Rulebook`](crate::store::StreamKind::Rulebook) of [`TenantId::SINGLE`]. [Publications](crate::rulebook::follow) are not kept,
    /// but for what was published: they are given again.
    ///
    /// ```
    /// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore, ticket::Metric};
    /// let rules = |target: &str| {
    ///     let text = r#"{"policies": [{"name": "all", "targets": {"first_response": "4h"}}]}"#;
    ///     text.replace("4h", target).parse::<Rulebook>()
    /// };
    /// let store = MemoryStore::new();
    /// let now = "2026-03-05T09:00:00Z".parse()?;
    /// let desk = Desk::keeping(&store, rules("4h")?, now)?;
    /// let kim = Call::new(Actor::agent(AgentId::named("kim")), now);
    /// let t = desk.open(&kim, Open::new("Printer on fire").from("ann@example.com"))?.id();
    ///
    /// // After a restart with other rules, the ticket has those that it began under.
    /// let desk = Desk::keeping(&store, rules("2h")?, now)?;
    /// let due = desk.reading(t, Metric::FirstResponse, now)?.due();
    /// assert_eq!(due, Some("2026-03-05T13:00:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What the store answers; [`Corrupt`](crate::error::ErrorKind::Corrupt) where a kept version is not what its id says, and
    /// [`Newer`](crate::error::ErrorKind::Newer) where this version of the crate cannot read it.
    pub fn keeping(
        store: S,
        rules: impl Into<Rulebooks>,
        now: DateTime<Utc>,
    ) -> Result<Desk<S>, Error> {
        let rules = at_once(keep(&Direct(&store), rules.into(), now))?;
        Ok(Desk::new(store, rules))
    }

    /// The versions of the rulebook that tickets were ever pinned to and that are not here; see
    /// [`TenantDesk::missing_rulebooks`].
    pub fn missing_rulebooks(&self) -> Result<BTreeSet<RulebookId>, Error> {
        self.tenant(TenantId::SINGLE).missing_rulebooks()
    }

    /// The same desk, whose [`nap`](Desk::nap) lasts at most this long. Default: 5 minutes.
    #[must_use]
    pub fn max_nap(mut self, longest: TimeDelta) -> Desk<S> {
        self.office.max_nap = longest;
        self
    }

    /// From now on refuses commands stamped after `latest`; `None` ends that. What was done before under its key is told again whatever
    /// its stamp. A host whose clients stamp their own commands
    /// moves this along with its clock.
    pub fn accept_until(&self, latest: Option<DateTime<Utc>>) {
        self.office.accept_until(latest);
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The rulebooks.
    pub fn rulebooks(&self) -> &Rulebooks {
        self.office.rulebooks()
    }

    /// The desk of one tenant.
    pub fn tenant(&self, tenant: TenantId) -> TenantDesk<'_, S> {
        TenantDesk { desk: self, tenant }
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// [`Refused`](crate::error::ErrorKind::Refused) or [`Forbidden`](crate::error::ErrorKind::Forbidden) with the
    /// [`Refusal`](crate::Refusal); what the store answers. Nothing is written then.
    pub fn open(&self, call: &Call, open: Open) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Open(open))
    }

    /// Says something about a ticket.
    ///
    /// # Errors
    /// Those of [`Desk::open`], and [`NotFound`](crate::error::ErrorKind::NotFound).
    pub fn submit(
        &self,
        ticket: TicketId,
        call: &Call,
        command: Command,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Submit(ticket, command))
    }

    /// Moves a ticket to another version of the rulebook, and tells what that changes ([`Outcome::swapped`]).
    ///
    /// What has run stays, measured as it was; from the call's instant on the other version measures and decides. A target that is
    /// past already is a breach on attaching, and the levels behind it are held back.
    ///
    /// # Errors
    /// [`Forbidden`](crate::error::ErrorKind::Forbidden) without [`Permission::ApplyRulebook`](crate::ticket::Permission),
    /// [`Refused`](crate::error::ErrorKind::Refused) on a closed ticket, a version that the desk was not given, and those of
    /// [`Desk::submit`].
    pub fn apply_rulebook(
        &self,
        ticket: TicketId,
        call: &Call,
        version: RulebookId,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::ApplyRulebook(ticket, version))
    }

    /// Lets a ticket go on in another one ([`Merge`]); the outcome tells of the other.
    ///
    /// # Errors
    /// [`Forbidden`](crate::error::ErrorKind::Forbidden) without [`Permission::Merge`](crate::ticket::Permission),
    /// [`Refused`](crate::error::ErrorKind::Refused) where one of them is closed, both are one, or they have different requesters and
    /// the merge does not say that this is meant; and those of [`Desk::submit`].
    pub fn merge(&self, call: &Call, merge: Merge) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Merge(merge))
    }

    /// Begins a ticket with messages of another one ([`Split`]); [`Outcome::follow_up`] is the new one.
    ///
    /// # Errors
    /// [`Forbidden`](crate::error::ErrorKind::Forbidden) without [`Permission::Split`](crate::ticket::Permission),
    /// [`Refused`](crate::error::ErrorKind::Refused) where no message is named, or one that is not a customer's; and those of
    /// [`Desk::submit`].
    pub fn split(&self, ticket: TicketId, call: &Call, split: Split) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Split(ticket, split))
    }

    /// Ties a ticket to another one, on both sides; what is so already is no event.
    ///
    /// # Errors
    /// [`Forbidden`](crate::error::ErrorKind::Forbidden) without [`Permission::Link`](crate::ticket::Permission),
    /// [`Refused`](crate::error::ErrorKind::Refused) where the link would go round, where the ticket below has such a link already, and
    /// for links that merging or splitting makes; and those of [`Desk::submit`].
    pub fn link(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Link(ticket, link, other))
    }

    /// Ends a link, on both sides; what is not so is no event.
    ///
    /// # Errors
    /// Those of [`Desk::link`], but for the chain.
    pub fn unlink(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Unlink(ticket, link, other))
    }

    /// The ticket as its last event left it.
    pub fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        self.tenant(TenantId::SINGLE).ticket(ticket)
    }

    /// What a clock of a ticket shows at `now`.
    pub fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        self.tenant(TenantId::SINGLE).reading(ticket, clock, now)
    }

    /// What each clock of a ticket that has a target shows at `now`, in one load; see [`readings`](super::readings).
    pub fn readings(&self, ticket: TicketId, now: DateTime<Utc>) -> Result<Vec<Reading>, Error> {
        self.tenant(TenantId::SINGLE).readings(ticket, now)
    }

    /// The clocks that keep their target at `now` and will have passed it at `until` if nobody does anything, with what they show at
    /// `now`; at most `limit`, the one that is late first at the head. What comes about by itself counts: a wait that ends, a rule.
    /// A clock that is late already is not at risk any more; of one that ended and begins anew by itself, the reading at `now` is that
    /// of the period that ended. Nothing is recorded.
    ///
    /// The work is bounded by what wakes by `until`: the wake-ups of all tenants are read (not their tickets), and those tickets of this
    /// tenant that wake before the last clock that is told. It rests on stored wake-ups, as sweeps do: after new zone data or a
    /// publication, sweep first.
    ///
    /// ```
    /// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore};
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let now = "2026-03-05T09:00:00Z".parse()?;
    /// let call = Call::new(Actor::agent(AgentId::named("kim")), now);
    /// let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
    /// let monday = "2026-03-09T12:00:00Z".parse()?;
    /// for (ticket, reading) in desk.at_risk(now, monday, 20)? {
    ///     println!("{ticket}: {} {reading}", reading.metric());
    /// }
    /// assert_eq!(desk.at_risk(now, monday, 1)?[0].0, t.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What the store answers; the rulebook version that such a ticket is pinned to is missing.
    pub fn at_risk(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(TicketId, Reading)>, Error> {
        self.tenant(TenantId::SINGLE).at_risk(now, until, limit)
    }

    /// The stretches of time behind what a clock of a ticket shows at `now`, each with its reason.
    pub fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        self.tenant(TenantId::SINGLE).ledger(ticket, clock, now)
    }

    /// When a ticket will be resolved, judged by how long similar ones of the tenant took; none where they are too few.
    ///
    /// # Errors
    /// What the store answers.
    pub fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        self.tenant(TenantId::SINGLE).suggest(ticket, similar, now)
    }

    /// Records what fell due before `now` on at most `limit` tickets, earliest first, of all tenants.
    ///
    /// Strictly before: used up exactly at its due, a target is kept. A sweep at the due instant records no breach, one a
    /// microsecond later does, and [`Desk::nap`] tells an instant at which there is something to record.
    ///
    /// A ticket that fails is told in [`Swept::failed`], put off with growing pauses ([`Desk::ailing`]), and holds up no other.
    ///
    /// # Errors
    /// What the store answers when asked what is due; an instant outside the [supported](crate::calendar::EARLIEST) years.
    pub fn sweep(&self, now: DateTime<Utc>, limit: usize) -> Result<Swept, Error> {
        in_range(now)?;
        let mut sweep = Sweep::new(&self.office, now, limit);
        sweep.due(
            self.store
                .due(now, self.rulebooks().data_version(), sweep.wanted())?,
        );
        at_once(go_through(&Direct(&self.store), sweep))
    }

    /// The tickets whose sweeps fail, as this desk knows.
    pub fn ailing(&self) -> Vec<Ailing> {
        self.office.infirmary.list()
    }

    /// The instant until which the host may sleep: the earliest of the next wake-up of any ticket, the next look at an ailing
    /// one, the next message to deliver (or to deliver again) and `now` plus [`max_nap`](Desk::max_nap); never before `now`.
    pub fn nap(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        Ok(self.look_ahead(Nap::new(&self.office, now), now)?.until())
    }

    /// When something next falls due on any ticket of any tenant, as things stand: the instant from which on a sweep would record it.
    /// `now` where something is due already; none where nothing ever will be. Unlike a [`nap`](Desk::nap) it has no longest, and does not
    /// look at the outbox.
    ///
    /// ```
    /// use helpdesk::{Actor, Call, Desk, Open, Rulebook, id::AgentId, store::MemoryStore};
    ///
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let now = "2026-03-05T10:00:00Z".parse()?;
    /// assert_eq!(desk.next_wake(now)?, None);
    /// let call = Call::new(Actor::agent(AgentId::named("kim")), now);
    /// let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
    /// assert_eq!(desk.next_wake(now)?, t.wake_at());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_wake(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let nap = Nap::new(&self.office, now).without_deliveries();
        Ok(self.look_ahead(nap, now)?.next())
    }

    fn look_ahead<'a>(&self, mut nap: Nap<'a>, now: DateTime<Utc>) -> Result<Nap<'a>, Error> {
        in_range(now)?;
        loop {
            match nap.need() {
                NapNeed::Due(most) => {
                    let zone_data = self.rulebooks().data_version();
                    nap.due(self.store.peek_due(now, zone_data, most)?)
                }
                NapNeed::Load => {
                    let loaded = match nap.load() {
                        Some(load) => self.store.load(load).ok(),
                        None => None,
                    };
                    nap.loaded(loaded);
                }
                NapNeed::Wake(after) => nap.wake(self.store.next_wake(Some(after))?),
                NapNeed::Delivery => nap.delivery(self.store.next_delivery()?),
                NapNeed::Nothing => return Ok(nap),
            }
        }
    }

    /// The report over every ticket of the tenant, as of `now`. Sweep first: figures rest on what is recorded.
    ///
    /// # Errors
    /// What the store answers.
    pub fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        self.tenant(TenantId::SINGLE).report(report, now)
    }

    /// Takes at most `limit` outbox messages for delivery; whoever does not [`acknowledge`](Desk::acknowledge) one within
    /// `lease` lets others take it.
    pub fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, Error> {
        in_range(now)?;
        Ok(self.store.claim(now, lease, limit)?)
    }

    /// Gives back messages that could not be delivered: they can be claimed again from `until` on. A pause that grows with
    /// [`OutboxMessage::attempts`] spares a receiver that is down.
    pub fn postpone(&self, messages: &[Uuid], until: DateTime<Utc>) -> Result<(), Error> {
        Ok(self.store.postpone(messages, until)?)
    }

    /// Ends the delivery of these messages.
    pub fn acknowledge(&self, messages: &[Uuid]) -> Result<(), Error> {
        Ok(self.store.acknowledge(messages)?)
    }

    pub(crate) fn run(&self, call: Call, request: Request) -> Result<Outcome, Error> {
        self.drive(self.office.operation(call, request))
    }

    /// Drives a conversation to its end.
    pub(crate) fn drive<C: Conversation>(&self, conversation: C) -> Result<C::Outcome, Error> {
        at_once(drive(&Direct(&self.store), conversation))
    }
}
