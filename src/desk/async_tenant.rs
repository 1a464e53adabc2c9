//! The async desk of one tenant: every question and every request, in that tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::error::Error;
use crate::id::{ContentId, CustomerId, RulebookId, TenantId, TicketId, TicketNumber};
use crate::kpi::{Fact, KpiReport, Report, Suggest, Suggestion};
use crate::sla::{Ledger, Reading};
use crate::store::{AsyncStore, Filter, Load, Page, StreamId, TicketRow, UniqueKey};
use crate::ticket::{
    ClockId, Command, Content, CustomerView, Link, Merge, Open, Recorded, Split, Ticket,
};

use super::erase::Erase;
use super::look::Look;
use super::viewing::Viewing;
use super::{AsyncDesk, Outcome, Request, office};

/// The desk of one tenant; see [`AsyncDesk::tenant`], and the [blocking one](super::TenantDesk) for what each method does and answers.
#[derive(Debug)]
pub struct AsyncTenantDesk<'a, S> {
    pub(super) desk: &'a AsyncDesk<S>,
    pub(super) tenant: TenantId,
}

impl<S> AsyncTenantDesk<'_, S> {
    /// The tenant.
    pub fn id(&self) -> TenantId {
        self.tenant
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
        let mut missing = BTreeSet::new();
        let mut page = Some(Page::oldest(office::PAGE));
        while let Some(now) = page {
            let rows = self.list(&office::not_closed(), &now).await?;
            page = now.next(&rows);
            for row in rows {
                let ticket = self.known(row.ticket).await?;
                self.desk.office.add_missing(&ticket, &mut missing);
            }
        }
        Ok(missing)
    }

    /// See [`TenantDesk::ticket`](super::TenantDesk::ticket).
    pub async fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        Ok(Arc::unwrap_or_clone(self.known(ticket).await?))
    }

    /// The ticket as its last event left it, from its snapshot where the store keeps one.
    async fn known(&self, ticket: TicketId) -> Result<Arc<Ticket>, Error> {
        let mut look = Look::at(self.tenant, ticket);
        while let Some(load) = look.need() {
            let loaded = self.desk.store.load(load).await?;
            look.loaded(loaded)?;
        }
        Ok(look.finish()?.ticket)
    }

    /// See [`TenantDesk::history`](super::TenantDesk::history).
    pub async fn history(&self, ticket: TicketId) -> Result<Vec<Recorded>, Error> {
        let load = Load::streams(self.tenant, [StreamId::ticket(self.tenant, ticket)]);
        office::history(ticket, self.desk.store.load(&load).await?)
    }

    /// See [`TenantDesk::reading`](super::TenantDesk::reading).
    pub async fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        let ticket = self.known(ticket).await?;
        self.desk.office.reading(&ticket, clock, now)
    }

    /// See [`TenantDesk::ledger`](super::TenantDesk::ledger).
    pub async fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        let ticket = self.known(ticket).await?;
        self.desk.office.ledger(&ticket, clock, now)
    }

    /// See [`TenantDesk::suggest`](super::TenantDesk::suggest).
    pub async fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        let ticket = self.known(ticket).await?;
        let mut found = self.desk.office.similar(&ticket, similar, now)?;
        self.facts(&mut |rows| found.add(rows)).await?;
        Ok(found.suggestion())
    }

    /// See [`TenantDesk::customer_view`](super::TenantDesk::customer_view).
    pub async fn customer_view(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerView, Error> {
        let ticket = self.known(ticket).await?;
        let viewer = match ticket.reaches(viewer) {
            true => viewer,
            false => self.as_known(&ticket, viewer).await?,
        };
        let mut viewing = Viewing::of(&ticket, viewer)?;
        while let Some(source) = viewing.next() {
            let source = self.known(source).await?;
            viewing.add(&source);
        }
        Ok(viewing.finish())
    }

    /// See [`TenantDesk::find`](super::TenantDesk::find).
    pub async fn find(&self, number: TicketNumber) -> Result<Option<TicketId>, Error> {
        self.owner(UniqueKey::number(self.tenant, number)).await
    }

    /// See [`TenantDesk::find_by_message`](super::TenantDesk::find_by_message).
    pub async fn find_by_message(&self, external_id: &str) -> Result<Option<TicketId>, Error> {
        let key = UniqueKey::message(self.tenant, external_id);
        self.owner(key).await
    }

    async fn owner(&self, key: UniqueKey) -> Result<Option<TicketId>, Error> {
        let load = Load::owners(self.tenant, vec![key]);
        Ok(office::owner(self.desk.store.load(&load).await?))
    }

    /// See [`TenantDesk::list`](super::TenantDesk::list).
    pub async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<TicketRow>, Error> {
        Ok(self.desk.store.list(self.tenant, filter, page).await?)
    }

    /// See [`TenantDesk::erase_person`](super::TenantDesk::erase_person).
    pub async fn erase_person(&self, customer: CustomerId, at: DateTime<Utc>) -> Result<(), Error> {
        self.desk.drive(Erase::new(self.tenant, customer, at)).await
    }

    /// See [`TenantDesk::content`](super::TenantDesk::content).
    pub async fn content(&self, ids: &[ContentId]) -> Result<Vec<Option<Content>>, Error> {
        Ok(self.desk.store.content(self.tenant, ids).await?)
    }

    /// Calls `visit` with the rows of each ticket, between one answer of the store and the next.
    pub async fn facts(&self, visit: &mut (dyn FnMut(&[Fact]) + Send)) -> Result<(), Error> {
        Ok(self.desk.store.facts(self.tenant, visit).await?)
    }

    /// See [`Desk::report`](super::Desk::report).
    pub async fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        let mut count = office::Count::of(report, now);
        self.facts(&mut |rows| count.add(rows)).await?;
        count.report()
    }

    /// See [`TenantDesk::prune_keys`](super::TenantDesk::prune_keys).
    pub async fn prune_keys(&self, before: DateTime<Utc>) -> Result<usize, Error> {
        Ok(self.desk.store.prune_keys(self.tenant, before).await?)
    }
}
