//! The async desk of one tenant: every question and every request, in that tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::error::Error;
use crate::id::{ContentId, CustomerId, RulebookId, TenantId, TicketId, TicketNumber};
use crate::kpi::{Fact, GroupReport, Grouping, KpiReport, Report, Suggest, Suggestion};
use crate::sla::{Ledger, Reading};
use crate::store::{AsyncStore, Filter, Page, TicketRow, UniqueKey};
use crate::ticket::{
    ClockId, Command, Content, CustomerPage, CustomerView, Link, Merge, Open, Recorded, Split,
    Ticket,
};

use super::erase::Erase;
use super::question::Questions;
use super::source::Awaited;
use super::{AsyncDesk, Outcome, Request};

/// The desk of one tenant; see [`AsyncDesk::tenant`], and the [blocking one](super::TenantDesk) for what each method does and answers.
#[derive(Debug)]
pub struct AsyncTenantDesk<'a, S> {
    pub(super) desk: &'a AsyncDesk<S>,
    pub(super) tenant: TenantId,
}

impl<'a, S> AsyncTenantDesk<'a, S> {
    /// The tenant.
    pub fn id(&self) -> TenantId {
        self.tenant
    }

    /// The desk of all tenants.
    pub(crate) fn desk(&self) -> &'a AsyncDesk<S> {
        self.desk
    }

    /// Whoever asks for the tenant.
    pub(super) fn questions(&self) -> Questions<'a, Awaited<'a, S>> {
        self.desk.questions(self.tenant)
    }
}

impl<S: AsyncStore> AsyncTenantDesk<'_, S> {
    /// See [`TenantDesk::open`](super::TenantDesk::open).
    pub async fn open(&self, call: &Call, open: Open) -> Result<Outcome, Error> {
        self.run(call, Request::Open(open)).await
    }

    /// See [`TenantDesk::submit`](super::TenantDesk::submit).
    pub async fn submit(
        &self,
        ticket: TicketId,
        call: &Call,
        command: Command,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Submit(ticket, command)).await
    }

    /// See [`TenantDesk::apply_rulebook`](super::TenantDesk::apply_rulebook).
    pub async fn apply_rulebook(
        &self,
        ticket: TicketId,
        call: &Call,
        version: RulebookId,
    ) -> Result<Outcome, Error> {
        let request = Request::ApplyRulebook(ticket, version);
        self.run(call, request).await
    }

    /// See [`Desk::merge`](super::Desk::merge); the call's own tenant does not count.
    pub async fn merge(&self, call: &Call, merge: Merge) -> Result<Outcome, Error> {
        self.run(call, Request::Merge(merge)).await
    }

    /// See [`Desk::split`](super::Desk::split); the call's own tenant does not count.
    pub async fn split(
        &self,
        ticket: TicketId,
        call: &Call,
        split: Split,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Split(ticket, split)).await
    }

    /// See [`Desk::link`](super::Desk::link); the call's own tenant does not count.
    pub async fn link(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Link(ticket, link, other)).await
    }

    /// See [`Desk::unlink`](super::Desk::unlink); the call's own tenant does not count.
    pub async fn unlink(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Unlink(ticket, link, other)).await
    }

    async fn run(&self, call: &Call, request: Request) -> Result<Outcome, Error> {
        let call = call.clone().tenant(self.tenant);
        self.desk.run(call, request).await
    }

    /// See [`TenantDesk::missing_rulebooks`](super::TenantDesk::missing_rulebooks).
    pub async fn missing_rulebooks(&self) -> Result<BTreeSet<RulebookId>, Error> {
        self.questions().missing_rulebooks().await
    }

    /// See [`TenantDesk::ticket`](super::TenantDesk::ticket).
    pub async fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        let found = self.questions().ticket(ticket).await;
        found.map(Arc::unwrap_or_clone)
    }

    /// See [`TenantDesk::history`](super::TenantDesk::history).
    pub async fn history(&self, ticket: TicketId) -> Result<Vec<Recorded>, Error> {
        self.questions().history(ticket).await
    }

    /// See [`TenantDesk::reading`](super::TenantDesk::reading).
    pub async fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        let clock = clock.into();
        self.questions().reading(ticket, clock, now).await
    }

    /// See [`TenantDesk::readings`](super::TenantDesk::readings).
    pub async fn readings(
        &self,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Reading>, Error> {
        self.questions().readings(ticket, now).await
    }

    /// See [`TenantDesk::at_risk`](super::TenantDesk::at_risk).
    pub async fn at_risk(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(TicketId, Reading)>, Error> {
        self.questions().at_risk(now, until, limit).await
    }

    /// See [`TenantDesk::ledger`](super::TenantDesk::ledger).
    pub async fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        let clock = clock.into();
        self.questions().ledger(ticket, clock, now).await
    }

    /// See [`TenantDesk::suggest`](super::TenantDesk::suggest).
    pub async fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        self.questions().suggest(ticket, similar, now).await
    }

    /// See [`TenantDesk::customer_view`](super::TenantDesk::customer_view).
    pub async fn customer_view(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerView, Error> {
        self.questions().customer_view(ticket, viewer).await
    }

    /// See [`TenantDesk::customer_page`](super::TenantDesk::customer_page).
    pub async fn customer_page(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerPage, Error> {
        self.questions().customer_page(ticket, viewer).await
    }

    /// See [`TenantDesk::find`](super::TenantDesk::find).
    pub async fn find(&self, number: TicketNumber) -> Result<Option<TicketId>, Error> {
        let key = UniqueKey::number(self.tenant, number);
        self.questions().owner(key).await
    }

    /// See [`TenantDesk::find_by_message`](super::TenantDesk::find_by_message).
    pub async fn find_by_message(&self, external_id: &str) -> Result<Option<TicketId>, Error> {
        let key = UniqueKey::message(self.tenant, external_id);
        self.questions().owner(key).await
    }

    /// See [`TenantDesk::list`](super::TenantDesk::list).
    pub async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<TicketRow>, Error> {
        Ok(self.desk.store.list(self.tenant, filter, page).await?)
    }

    /// See [`TenantDesk::erase_person`](super::TenantDesk::erase_person).
    pub async fn erase_person(&self, customer: CustomerId, at: DateTime<Utc>) -> Result<(), Error> {
        self.desk
            .drive(Erase::new(self.tenant, customer, at)?)
            .await
    }

    /// See [`TenantDesk::content`](super::TenantDesk::content).
    pub async fn content(&self, ids: &[ContentId]) -> Result<Vec<Option<Content>>, Error> {
        Ok(self.desk.store.content(self.tenant, ids).await?)
    }

    /// Calls `visit` with the rows of each ticket, between one answer of the store and the next. See
    /// [`TenantDesk::facts`](super::TenantDesk::facts).
    pub async fn facts(&self, visit: &mut (dyn FnMut(&[Fact]) + Send)) -> Result<(), Error> {
        self.questions().facts(visit).await
    }

    /// See [`Desk::report`](super::Desk::report).
    pub async fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        self.questions().report(report, now).await
    }

    /// See [`TenantDesk::report_by`](super::TenantDesk::report_by).
    pub async fn report_by(
        &self,
        grouping: &Grouping,
        now: DateTime<Utc>,
    ) -> Result<GroupReport, Error> {
        self.questions().report_by(grouping, now).await
    }

    /// See [`TenantDesk::prune_keys`](super::TenantDesk::prune_keys).
    pub async fn prune_keys(&self, before: DateTime<Utc>) -> Result<usize, Error> {
        Ok(self.desk.store.prune_keys(self.tenant, before).await?)
    }
}
