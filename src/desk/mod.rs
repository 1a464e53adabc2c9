//! The desk: load, plan, commit, and try again on conflict.
//!
//! A [`Desk`] puts a [`Store`] and the [`Rulebooks`] together. What it does is decided in [`plan`], a pure function; how it
//! gets there is an [`Operation`], a conversation without I/O; the desk itself only drives the conversation with its store.
//!
//! Time passes first: every commit at an instant first records what fell due strictly before it, then acts. A
//! [`sweep`](Desk::sweep) is the empty command. So sweeping more or less often changes how soon things are known and
//! delivered, never what happens.
//!
//! # How a host runs one
//! Call [`Desk::open`] and [`Desk::submit`] as requests come in. In one loop, sleep until [`Desk::nap`], then
//! [`Desk::sweep`], then deliver what [`Desk::claim`] gives and [`Desk::acknowledge`] it. Nothing is lost if the
//! loop stops: what fell due is recorded when the next one looks.
//!
//! # What is not here
//! No thread, no clock, no timer: the host has those. `now` is always an argument.

mod ailing;
mod catch_up;
mod operation;
mod outcome;
mod plan;
mod settle;
mod tell;

use ailing::Infirmary;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::calendar::ZONE_DATA_VERSION;
use crate::call::{Actor, Call};
use crate::error::Error;
use crate::id::{ContentId, CustomerId, RulebookId, TenantId, TicketId, TicketNumber};
use crate::kpi::{Fact, KpiReport, Report, Suggest, Suggestion};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::sla::{Ledger, Reading};
use crate::store::{
    Commit, DueStream, Filter, Load, NoTicket, OutboxMessage, Page, Snapshot, Store, Stream,
    StreamId, TicketRow, UniqueKey,
};
use crate::ticket::{
    Agreement, ClockId, Command, Content, CustomerView, Open, Recorded, Refusal, Ticket,
};
use crate::time::{instant, micros};

pub use ailing::Ailing;
pub(crate) use catch_up::Working;
pub use catch_up::{ledger, read};
pub use operation::{Need, Operation};
pub use outcome::Outcome;
pub use plan::{Known, Plan, Planned, Request, plan};
pub use tell::{Anything, Tell, Told, ToldAnything};

/// The desk of a host: its store and its rules.
///
/// Shared by `&self`; any number of threads and processes may use the same store. [`Desk::open`] and [`Desk::submit`] work in
/// the tenant of the call; the methods that take no call are those of [`TenantId::SINGLE`], but for [`Desk::sweep`] and the
/// outbox, which serve every tenant. [`Desk::tenant`] is the handle of one tenant, for all of them.
#[derive(Debug)]
pub struct Desk<S> {
    store: S,
    rulebooks: Arc<Rulebooks>,
    /// In microseconds; the largest number where there is no limit.
    latest: AtomicI64,
    max_nap: TimeDelta,
    infirmary: Infirmary,
}

impl<S: Store> Desk<S> {
    /// A desk that keeps its tickets in `store` and works by `rules`: one rulebook, or [`Rulebooks`] where tickets are
    /// pinned to earlier versions.
    pub fn new(store: S, rules: impl Into<Rulebooks>) -> Desk<S> {
        Desk {
            store,
            rulebooks: Arc::new(rules.into()),
            latest: AtomicI64::new(i64::MAX),
            max_nap: TimeDelta::minutes(5),
            infirmary: Infirmary::default(),
        }
    }

    /// The same desk, whose [`nap`](Desk::nap) lasts at most this long. Default: 5 minutes.
    #[must_use]
    pub fn max_nap(mut self, longest: TimeDelta) -> Desk<S> {
        self.max_nap = longest;
        self
    }

    /// From now on refuses commands stamped after `latest`; `None` ends that. A host whose clients stamp their own commands
    /// moves this along with its clock.
    pub fn accept_until(&self, latest: Option<DateTime<Utc>>) {
        self.latest
            .store(latest.map_or(i64::MAX, micros), Ordering::Relaxed);
    }

    fn accepted_until(&self) -> Option<DateTime<Utc>> {
        let latest = Some(self.latest.load(Ordering::Relaxed));
        latest.filter(|us| *us != i64::MAX).map(instant)
    }

    fn shared_rulebooks(&self) -> Arc<Rulebooks> {
        self.rulebooks.clone()
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The rulebooks.
    pub fn rulebooks(&self) -> &Rulebooks {
        &self.rulebooks
    }

    /// The desk of one tenant.
    pub fn tenant(&self, tenant: TenantId) -> TenantDesk<'_, S> {
        TenantDesk { desk: self, tenant }
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// [`Refused`](crate::error::ErrorKind::Refused) or [`Forbidden`](crate::error::ErrorKind::Forbidden) with the
    /// [`Refusal`]; what the store answers. Nothing is written then.
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
    /// A ticket that fails is told in [`Swept::failed`], put off with growing pauses ([`Desk::ailing`]), and holds up no other.
    ///
    /// # Errors
    /// What the store answers when asked what is due.
    pub fn sweep(&self, now: DateTime<Utc>, limit: usize) -> Result<Swept, Error> {
        let mut due = self.due(now, limit)?;
        let more = due.len() > limit;
        due.truncate(limit);
        let mut swept = Swept {
            tickets: 0,
            events: 0,
            chains_ended: Vec::new(),
            failed: Vec::new(),
            more,
        };
        for of_tenant in due.chunk_by(|a, b| a.stream.tenant == b.stream.tenant) {
            for due in of_tenant.chunks(LOADED_AT_ONCE) {
                self.sweep_some(due, now, &mut swept);
            }
        }
        Ok(swept)
    }

    /// Sweeps some tickets of one tenant, loaded together and committed one by one.
    fn sweep_some(&self, due: &[DueStream], now: DateTime<Utc>, swept: &mut Swept) {
        let Some(first) = due.first() else {
            return;
        };
        let tenant = first.stream.tenant;
        let mut load = Load::streams(tenant, due.iter().map(|due| due.stream));
        load.snapshots = true;
        // Where they cannot be loaded together, each is loaded alone and tells why it cannot.
        let loaded = self.store.load(&load).unwrap_or_default();
        let mut streams = loaded.streams.into_iter();
        for due in due {
            let call = Call::with_id(Uuid::nil(), Actor::System, now).tenant(tenant);
            let request = Request::Sweep(TicketId::from_uuid(due.stream.id));
            match self.run_on(streams.next(), call, request) {
                Ok(outcome) => {
                    swept.tickets += 1;
                    swept.events += outcome.events().len();
                    if outcome.events().iter().any(Recorded::ended_a_chain) {
                        swept.chains_ended.push(due.stream);
                    }
                    self.infirmary.recovered(due.stream);
                }
                Err(error) => {
                    self.infirmary.failed(due.stream, now, &error);
                    swept.failed.push((due.stream, error));
                }
            }
        }
    }

    /// What is due and not put off: up to one more than `limit`.
    fn due(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<DueStream>, Error> {
        let (ailing, _) = self.infirmary.outlook(now);
        let ask = limit.saturating_add(ailing).saturating_add(1);
        let mut due = self.store.due(now, ZONE_DATA_VERSION, ask)?;
        if ailing > 0 {
            self.infirmary.dismiss(now, &due);
        }
        due.retain(|due| !self.infirmary.is_put_off(due.stream, now));
        due.truncate(limit.saturating_add(1));
        Ok(due)
    }

    /// The tickets whose sweeps fail, as this desk knows.
    pub fn ailing(&self) -> Vec<Ailing> {
        self.infirmary.list()
    }

    /// The instant until which the host may sleep: the earliest of the next wake-up of any ticket, the next look at an ailing
    /// one, the next message to deliver (or to deliver again) and `now` plus [`max_nap`](Desk::max_nap); never before `now`.
    pub fn nap(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        let longest = now.checked_add_signed(self.max_nap).unwrap_or(now);
        let wake = match self.infirmary.outlook(now) {
            (0, _) => self.store.next_wake(None)?,
            (_, again) if self.due(now, 0)?.is_empty() => again
                .into_iter()
                .chain(self.store.next_wake(Some(now))?)
                .min(),
            _ => Some(now),
        };
        let delivery = self.store.next_delivery()?;
        Ok([wake, delivery]
            .into_iter()
            .flatten()
            .fold(longest, DateTime::min)
            .max(now))
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
        self.run_on(None, call, request)
    }

    /// Runs a request that needs nothing but its stream, which may be loaded already.
    fn run_on(
        &self,
        loaded: Option<Stream>,
        call: Call,
        request: Request,
    ) -> Result<Outcome, Error> {
        let latest = self.accepted_until();
        let mut operation =
            Operation::new(self.rulebooks.clone(), call, request).accepting_until(latest);
        if let Some(stream) = loaded {
            operation.loaded(stream.into())?;
        }
        loop {
            match operation.need() {
                Need::Load(load) => {
                    let loaded = self.store.load(load)?;
                    operation.loaded(loaded)?;
                }
                Need::Commit(commit) => {
                    let result = self.store.commit(commit);
                    operation.committed(result)?;
                }
                Need::Nothing => return operation.finish(),
            }
        }
    }
}

/// How many tickets a sweep loads together.
const LOADED_AT_ONCE: usize = 32;

/// What a sweep did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Swept {
    /// How many tickets were looked at.
    pub tickets: usize,
    /// How many events were recorded.
    pub events: usize,
    /// The tickets on which rules acted too often in a row and were stopped: rules that go round. [`Rulebook::lint`] tells which.
    pub chains_ended: Vec<StreamId>,
    /// The tickets that could not be swept, with the reason.
    pub failed: Vec<(StreamId, Error)>,
    /// Whether the limit was reached: more may be due.
    pub more: bool,
}

/// The desk of one tenant; see [`Desk::tenant`].
#[derive(Debug)]
pub struct TenantDesk<'a, S> {
    desk: &'a Desk<S>,
    tenant: TenantId,
}

impl<'a, S> TenantDesk<'a, S> {
    /// The tenant.
    pub fn id(&self) -> TenantId {
        self.tenant
    }

    /// The desk of all tenants.
    pub(crate) fn desk(&self) -> &'a Desk<S> {
        self.desk
    }
}

impl<S: Store> TenantDesk<'_, S> {
    /// See [`Desk::open`]; the call's own tenant does not count.
    pub fn open(&self, call: &Call, open: Open) -> Result<Outcome, Error> {
        self.desk
            .run(call.clone().tenant(self.tenant), Request::Open(open))
    }

    /// See [`Desk::submit`]; the call's own tenant does not count.
    pub fn submit(
        &self,
        ticket: TicketId,
        call: &Call,
        command: Command,
    ) -> Result<Outcome, Error> {
        self.desk.run(
            call.clone().tenant(self.tenant),
            Request::Submit(ticket, command),
        )
    }

    /// See [`Desk::apply_rulebook`]; the call's own tenant does not count.
    pub fn apply_rulebook(
        &self,
        ticket: TicketId,
        call: &Call,
        version: RulebookId,
    ) -> Result<Outcome, Error> {
        let call = call.clone().tenant(self.tenant);
        self.desk.apply_rulebook(ticket, &call, version)
    }

    /// The ticket as its last event left it.
    pub fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        Ok(Arc::unwrap_or_clone(self.known(ticket)?.ticket))
    }

    /// The ticket as its last event left it, from its snapshot where the store keeps one.
    fn known(&self, ticket: TicketId) -> Result<Snapshot, Error> {
        let stream = StreamId::ticket(self.tenant, ticket);
        let mut load = Load::streams(self.tenant, [stream]);
        load.snapshots = true;
        let mut known = self.desk.store.load(&load)?.take_ticket(stream);
        if known == Err(NoTicket::OtherFold) {
            load.snapshots = false;
            known = self.desk.store.load(&load)?.take_ticket(stream);
        }
        match known {
            Ok(Some(known)) => Ok(known),
            Ok(None) => Err(Error::no_ticket(ticket)),
            Err(_) => Err(Error::not_a_history(ticket)),
        }
    }

    /// The ticket's events, oldest first.
    pub fn history(&self, ticket: TicketId) -> Result<Vec<Recorded>, Error> {
        let load = Load::streams(self.tenant, [StreamId::ticket(self.tenant, ticket)]);
        let events = self
            .desk
            .store
            .load(&load)?
            .streams
            .into_iter()
            .next()
            .unwrap_or_default()
            .events
            .into_ticket();
        if events.is_empty() {
            Err(Error::no_ticket(ticket))
        } else {
            Ok(events)
        }
    }

    /// What a clock of a ticket shows at `now`.
    pub fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        let ticket = self.known(ticket)?.ticket;
        Ok(read(&ticket, self.rulebook_of(&ticket)?, clock, now))
    }

    /// See [`Desk::ledger`].
    pub fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        let ticket = self.ticket(ticket)?;
        Ok(ledger(&ticket, self.rulebook_of(&ticket)?, clock, now))
    }

    /// See [`Desk::suggest`].
    pub fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        let ticket = self.ticket(ticket)?;
        let book = self.rulebook_of(&ticket)?;
        let own = book.policies().calendar_of(&ticket, Agreement::Sla);
        let mut found = similar.look(&ticket, own.unwrap_or(book.calendar()), now);
        self.facts(&mut |rows| found.add(rows))?;
        Ok(found.suggestion())
    }

    /// The ticket as a customer sees it.
    pub fn customer_view(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerView, Error> {
        let view = self.known(ticket)?.ticket.customer_view(viewer);
        view.ok_or_else(|| Refusal::NotYours { ticket }.into())
    }

    /// The ticket with this number.
    pub fn find(&self, number: TicketNumber) -> Result<Option<TicketId>, Error> {
        self.owner(UniqueKey::number(self.tenant, number))
    }

    /// The ticket that has the message with this id outside: where a mail's `In-Reply-To` leads.
    pub fn find_by_message(&self, external_id: &str) -> Result<Option<TicketId>, Error> {
        self.owner(UniqueKey::message(self.tenant, external_id))
    }

    /// The tickets that fit `filter`, page by page in the order of their numbers.
    ///
    /// ```
    /// use helpdesk::store::{Filter, MemoryStore, Page};
    /// use helpdesk::{Desk, Rulebook, TenantId};
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let mut page = Some(Page::newest(50));
    /// while let Some(now) = page {
    ///     let rows = desk.tenant(TenantId::SINGLE).list(&Filter::open(), &now)?;
    ///     page = now.next(&rows);
    /// }
    /// # Ok::<(), helpdesk::Error>(())
    /// ```
    pub fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<TicketRow>, Error> {
        Ok(self.desk.store.list(self.tenant, filter, page)?)
    }

    /// Erases a person: every text about the customer that is stored by now is deleted for ever, and the addresses that stand
    /// for the customer stand for nobody. Events, instants, roles and ids stay, so every figure is as before.
    ///
    /// Who may ask for this is the host's to decide. What the store's files keep afterwards, its own documentation tells.
    pub fn erase_person(&self, customer: CustomerId, at: DateTime<Utc>) -> Result<(), Error> {
        let mut commit = Commit::new(self.tenant, at, Vec::new());
        commit.persons.push(customer);
        Ok(self.desk.store.commit(&commit)?)
    }

    /// The texts behind these ids, in their order; `None` for what is erased.
    pub fn content(&self, ids: &[ContentId]) -> Result<Vec<Option<Content>>, Error> {
        Ok(self.desk.store.content(self.tenant, ids)?)
    }

    /// Calls `visit` with the rows of each ticket.
    pub fn facts(&self, visit: &mut dyn FnMut(&[Fact])) -> Result<(), Error> {
        Ok(self.desk.store.facts(self.tenant, visit)?)
    }

    /// See [`Desk::report`].
    pub fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        let mut tally = report.tally(now);
        let mut failed = None;
        self.desk.store.facts(self.tenant, &mut |rows| {
            if failed.is_none() {
                failed = tally.add(rows).err();
            }
        })?;
        match failed {
            None => Ok(tally.report()?),
            Some(error) => Err(error.into()),
        }
    }

    /// Forgets idempotency keys used before `before`, and tells how many. Hosts call this daily with 30 days ago.
    pub fn prune_keys(&self, before: DateTime<Utc>) -> Result<usize, Error> {
        Ok(self.desk.store.prune_keys(self.tenant, before)?)
    }

    fn rulebook_of(&self, ticket: &Ticket) -> Result<&Rulebook, Error> {
        Ok(self.desk.rulebooks.of(ticket)?)
    }

    fn owner(&self, key: UniqueKey) -> Result<Option<TicketId>, Error> {
        let load = Load::owners(self.tenant, vec![key]);
        let owner = self
            .desk
            .store
            .load(&load)?
            .owners
            .into_iter()
            .next()
            .flatten();
        Ok(owner.map(TicketId::from_uuid))
    }
}
