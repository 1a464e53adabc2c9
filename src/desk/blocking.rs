//! The blocking desk: it drives each conversation with its [`Store`] on the thread that calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::call::Call;
use crate::error::Error;
use crate::id::{RulebookId, TenantId, TicketId};
use crate::kpi::{KpiReport, Report, Suggest, Suggestion};
use crate::rulebook::Rulebooks;
use crate::sla::{Ledger, Reading};
use crate::store::{OutboxMessage, Store, Stream};
use crate::ticket::{ClockId, Command, Open, Ticket};
use crate::time::{instant, micros};

use super::ailing::Infirmary;
use super::{Conversation, Need, Operation, Outcome, Request, TenantDesk};

/// The desk of a host: its store and its rules.
///
/// Shared by `&self`; any number of threads and processes may use the same store. [`Desk::open`] and [`Desk::submit`] work in
/// the tenant of the call; the methods that take no call are those of [`TenantId::SINGLE`], but for [`Desk::sweep`] and the
/// outbox, which serve every tenant. [`Desk::tenant`] is the handle of one tenant, for all of them.
#[derive(Debug)]
pub struct Desk<S> {
    pub(super) store: S,
    pub(super) rulebooks: Arc<Rulebooks>,
    /// In microseconds; the largest number where there is no limit.
    latest: AtomicI64,
    pub(super) max_nap: TimeDelta,
    pub(super) infirmary: Infirmary,
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
    pub(super) fn run_on(
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
        self.drive(operation)
    }

    /// Refuses stamps after this instant.
    pub(super) fn accepted_until(&self) -> Option<DateTime<Utc>> {
        let latest = Some(self.latest.load(Ordering::Relaxed));
        latest.filter(|us| *us != i64::MAX).map(instant)
    }

    /// Drives a conversation to its end.
    pub(super) fn drive<C: Conversation>(&self, mut conversation: C) -> Result<C::Outcome, Error> {
        loop {
            match conversation.need() {
                Need::Load(load) => {
                    let loaded = self.store.load(load)?;
                    conversation.loaded(loaded)?;
                }
                Need::Commit(commit) => {
                    let result = self.store.commit(commit);
                    conversation.committed(result)?;
                }
                Need::Nothing => return conversation.finish(),
            }
        }
    }
}
