//! The async desk: it drives each conversation with its [`AsyncStore`], on whatever runtime polls it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::call::Call;
use crate::error::Error;
use crate::id::{RulebookId, TenantId, TicketId};
use crate::kpi::{KpiReport, Report, Suggest, Suggestion};
use crate::rulebook::Rulebooks;
use crate::sla::{Ledger, Reading};
use crate::store::{AsyncStore, OutboxMessage};
use crate::ticket::{ClockId, Command, Link, Merge, Open, Split, Ticket};

use super::keep::keep;
use super::nap::{Nap, NapNeed};
use super::office::Office;
use super::plan::in_range;
use super::question::Questions;
use super::source::{Awaited, drive, go_through};
use super::sweep::{Sweep, Swept};
use super::{Ailing, AsyncTenantDesk, Conversation, Outcome, Request};

/// The desk of an async host: it reads as the blocking [`Desk`](super::Desk) does, with `.await`. There stands what each method does and answers.
///
/// Its futures are `Send` and ask for no runtime; the store does, if anything. A host on tokio, with a SQLite file:
///
/// ```no_run
/// use helpdesk::store::{GroupCommit, Offloaded, SqliteStore};
/// use helpdesk::{Actor, AsyncDesk, Call, Open, Rulebook, id::AgentId};
/// # async fn run(now: chrono::DateTime<chrono::Utc>) -> Result<(), Box<dyn std::error::Error>> {
/// let file = Offloaded::new(SqliteStore::open("support.db")?, |job| tokio::task::spawn_blocking(job));
/// let desk = AsyncDesk::keeping(GroupCommit::new(file), Rulebook::starter(), now).await?;
/// let call = Call::new(Actor::agent(AgentId::named("kim")), now);
/// let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com")).await?;
/// println!("#{}", t.number());
/// # Ok(()) }
/// ```
///
/// A test or a small program may drive it by hand:
///
/// ```
/// use std::{future::Future, pin::pin, sync::Arc, task::{Context, Poll, Wake, Waker}, thread::Thread};
/// use helpdesk::desk::AsyncDesk;
/// use helpdesk::store::{MemoryStore, Offloaded};
/// use helpdesk::{Actor, Call, Command, Open, Rulebook, id::AgentId};
///
/// struct Unpark(Thread);
/// impl Wake for Unpark { fn wake(self: Arc<Self>) { self.0.unpark() } }
/// fn block_on<F: Future>(future: F) -> F::Output { // or #[tokio::main]
///     let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
///     let mut future = pin!(future);
///     loop {
///         match future.as_mut().poll(&mut Context::from_waker(&waker)) {
///             Poll::Ready(answer) => return answer,
///             Poll::Pending => std::thread::park(),
///         }
///     }
/// }
///
/// // In a host on tokio: Offloaded::new(store, |job| tokio::task::spawn_blocking(job))
/// let store = Offloaded::new(MemoryStore::new(), |job| std::thread::spawn(job));
/// let desk = AsyncDesk::new(store, Rulebook::starter());
/// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
/// block_on(async {
///     let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com")).await?;
///     desk.submit(t.id(), &call, Command::resolve()).await?;
///     assert!(desk.ticket(t.id()).await?.status().stage() == helpdesk::ticket::Stage::Resolved);
///     Ok::<(), helpdesk::Error>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # When a future is dropped
/// A web framework drops the future of a request whose client went away. Nothing is half-written then: a commit is written
/// whole or not at all, and which of the two is unknown, as after a lost connection. Ask again under the same idempotency key
/// ([`Call::key`]), and it is done once. A dropped sweep has swept some tickets and not others; the next one goes on.
///
/// # Properties
/// The same requests with the same calls give the same outcomes and the same events as on a blocking desk.
#[derive(Debug)]
pub struct AsyncDesk<S> {
    pub(super) store: S,
    pub(super) office: Office,
}

impl<S: AsyncStore> AsyncDesk<S> {
    /// See [`Desk::new`](super::Desk::new).
    pub fn new(store: S, rules: impl Into<Rulebooks>) -> AsyncDesk<S> {
        AsyncDesk {
            store,
            office: Office::new(rules),
        }
    }

    /// See [`Desk::keeping`](super::Desk::keeping).
    pub async fn keeping(
        store: S,
        rules: impl Into<Rulebooks>,
        now: DateTime<Utc>,
    ) -> Result<AsyncDesk<S>, Error> {
        let rules = keep(&Awaited(&store), rules.into(), now).await?;
        Ok(AsyncDesk::new(store, rules))
    }

    /// See [`Desk::missing_rulebooks`](super::Desk::missing_rulebooks).
    pub async fn missing_rulebooks(&self) -> Result<BTreeSet<RulebookId>, Error> {
        self.tenant(TenantId::SINGLE).missing_rulebooks().await
    }

    /// See [`Desk::max_nap`](super::Desk::max_nap).
    #[must_use]
    pub fn max_nap(mut self, longest: TimeDelta) -> AsyncDesk<S> {
        self.office.max_nap = longest;
        self
    }

    /// See [`Desk::accept_until`](super::Desk::accept_until).
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
    pub fn tenant(&self, tenant: TenantId) -> AsyncTenantDesk<'_, S> {
        AsyncTenantDesk { desk: self, tenant }
    }

    /// See [`Desk::open`](super::Desk::open).
    pub async fn open(&self, call: &Call, open: Open) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Open(open)).await
    }

    /// See [`Desk::submit`](super::Desk::submit).
    pub async fn submit(
        &self,
        ticket: TicketId,
        call: &Call,
        command: Command,
    ) -> Result<Outcome, Error> {
        let request = Request::Submit(ticket, command);
        self.run(call.clone(), request).await
    }

    /// See [`Desk::apply_rulebook`](super::Desk::apply_rulebook).
    pub async fn apply_rulebook(
        &self,
        ticket: TicketId,
        call: &Call,
        version: RulebookId,
    ) -> Result<Outcome, Error> {
        let request = Request::ApplyRulebook(ticket, version);
        self.run(call.clone(), request).await
    }

    /// See [`Desk::merge`](super::Desk::merge).
    pub async fn merge(&self, call: &Call, merge: Merge) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Merge(merge)).await
    }

    /// See [`Desk::split`](super::Desk::split).
    pub async fn split(
        &self,
        ticket: TicketId,
        call: &Call,
        split: Split,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Split(ticket, split)).await
    }

    /// See [`Desk::link`](super::Desk::link).
    pub async fn link(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Link(ticket, link, other))
            .await
    }

    /// See [`Desk::unlink`](super::Desk::unlink).
    pub async fn unlink(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call.clone(), Request::Unlink(ticket, link, other))
            .await
    }

    /// See [`Desk::ticket`](super::Desk::ticket).
    pub async fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        self.tenant(TenantId::SINGLE).ticket(ticket).await
    }

    /// See [`Desk::reading`](super::Desk::reading).
    pub async fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        let single = self.tenant(TenantId::SINGLE);
        single.reading(ticket, clock, now).await
    }

    /// See [`Desk::readings`](super::Desk::readings).
    pub async fn readings(
        &self,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Reading>, Error> {
        let single = self.tenant(TenantId::SINGLE);
        single.readings(ticket, now).await
    }

    /// See [`Desk::at_risk`](super::Desk::at_risk).
    pub async fn at_risk(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(TicketId, Reading)>, Error> {
        let single = self.tenant(TenantId::SINGLE);
        single.at_risk(now, until, limit).await
    }

    /// See [`Desk::ledger`](super::Desk::ledger).
    pub async fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        let single = self.tenant(TenantId::SINGLE);
        single.ledger(ticket, clock, now).await
    }

    /// See [`Desk::suggest`](super::Desk::suggest).
    pub async fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        let single = self.tenant(TenantId::SINGLE);
        single.suggest(ticket, similar, now).await
    }

    /// See [`Desk::sweep`](super::Desk::sweep). Dropped half-way, it has swept some of the tickets.
    pub async fn sweep(&self, now: DateTime<Utc>, limit: usize) -> Result<Swept, Error> {
        in_range(now)?;
        let mut sweep = Sweep::new(&self.office, now, limit);
        let due = self
            .store
            .due(now, self.rulebooks().data_version(), sweep.wanted());
        sweep.due(due.await?);
        go_through(&Awaited(&self.store), sweep).await
    }

    /// See [`Desk::ailing`](super::Desk::ailing).
    pub fn ailing(&self) -> Vec<Ailing> {
        self.office.infirmary.list()
    }

    /// See [`Desk::nap`](super::Desk::nap).
    pub async fn nap(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        let nap = Nap::new(&self.office, now);
        Ok(self.look_ahead(nap, now).await?.until())
    }

    /// See [`Desk::next_wake`](super::Desk::next_wake).
    pub async fn next_wake(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let nap = Nap::new(&self.office, now).without_deliveries();
        Ok(self.look_ahead(nap, now).await?.next())
    }

    async fn look_ahead<'a>(&self, mut nap: Nap<'a>, now: DateTime<Utc>) -> Result<Nap<'a>, Error> {
        in_range(now)?;
        loop {
            match nap.need() {
                NapNeed::Due(most) => {
                    let zone_data = self.rulebooks().data_version();
                    nap.due(self.store.peek_due(now, zone_data, most).await?);
                }
                NapNeed::Load => {
                    let loaded = match nap.load() {
                        Some(load) => self.store.load(load).await.ok(),
                        None => None,
                    };
                    nap.loaded(loaded);
                }
                NapNeed::Wake(after) => nap.wake(self.store.next_wake(Some(after)).await?),
                NapNeed::Delivery => nap.delivery(self.store.next_delivery().await?),
                NapNeed::Nothing => return Ok(nap),
            }
        }
    }

    /// See [`Desk::report`](super::Desk::report).
    pub async fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        self.tenant(TenantId::SINGLE).report(report, now).await
    }

    /// See [`Desk::claim`](super::Desk::claim). Dropped half-way, it may hold messages until their lease ends.
    pub async fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, Error> {
        in_range(now)?;
        Ok(self.store.claim(now, lease, limit).await?)
    }

    /// See [`Desk::postpone`](super::Desk::postpone).
    pub async fn postpone(&self, messages: &[Uuid], until: DateTime<Utc>) -> Result<(), Error> {
        Ok(self.store.postpone(messages, until).await?)
    }

    /// See [`Desk::acknowledge`](super::Desk::acknowledge).
    pub async fn acknowledge(&self, messages: &[Uuid]) -> Result<(), Error> {
        Ok(self.store.acknowledge(messages).await?)
    }

    pub(super) async fn run(&self, call: Call, request: Request) -> Result<Outcome, Error> {
        self.drive(self.office.operation(call, request)).await
    }

    /// Drives a conversation to its end.
    pub(crate) async fn drive<C: Conversation>(
        &self,
        conversation: C,
    ) -> Result<C::Outcome, Error> {
        drive(&Awaited(&self.store), conversation).await
    }
}

impl<S> AsyncDesk<S> {
    /// Whoever asks for a tenant.
    pub(super) fn questions(&self, tenant: TenantId) -> Questions<'_, Awaited<'_, S>> {
        Questions {
            source: Awaited(&self.store),
            office: &self.office,
            tenant,
        }
    }
}
