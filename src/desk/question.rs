//! The questions about one tenant's tickets, each written once for both kinds of desk.
//!
//! [`TenantDesk`](super::TenantDesk) and the async desk of a tenant say what each of them answers; those about what stands beside
//! tickets are in [`beside`](super::beside).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::customer::{Identity, Profile};
use crate::error::{Error, ErrorKind};
use crate::id::{CustomerId, RulebookId, TenantId, TicketId};
use crate::kpi::{
    FORMULA, Fact, GroupReport, GroupTally, Grouping, KpiReport, Report, Suggest, Suggestion, Tally,
};
use crate::rulebook::Governed;
use crate::sla::{Ledger, Reading};
use crate::store::{Filter, Load, Page, StreamEvent, StreamId, StreamKind, UniqueKey};
use crate::ticket::{ClockId, CustomerPage, CustomerView, Recorded, Ticket};

use super::look::Look;
use super::office::{self, Office};
use super::source::Source;
use super::tell::history_of;
use super::viewing::Viewing;

/// Whoever asks for one tenant.
#[derive(Debug)]
pub(super) struct Questions<'a, R> {
    pub(super) source: R,
    pub(super) office: &'a Office,
    pub(super) tenant: TenantId,
}

/// The tickets whose stored rows are of another version of the formulas.
#[derive(Debug, Default)]
pub(super) struct Outdated(Vec<TicketId>);

impl Outdated {
    /// Visits the rows, or notes their ticket.
    pub(super) fn sort(&mut self, rows: &[Fact], visit: impl FnOnce(&[Fact])) {
        match rows.iter().find(|row| row.formula != FORMULA) {
            Some(row) => self.0.push(row.ticket),
            None => visit(rows),
        }
    }

    pub(super) fn tickets(self) -> impl Iterator<Item = TicketId> {
        self.0.into_iter()
    }
}

/// How many are read at a time.
pub(super) const PAGE: usize = 256;

impl<R: Source> Questions<'_, R> {
    /// The ticket as its last event left it, from its snapshot where the store keeps one.
    pub(super) async fn ticket(&self, ticket: TicketId) -> Result<Arc<Ticket>, Error> {
        let mut look = Look::at(self.tenant, ticket);
        while let Some(load) = look.need() {
            let loaded = self.source.load(load).await?;
            look.loaded(loaded)?;
        }
        Ok(look.finish()?.ticket)
    }

    pub(super) async fn history(&self, ticket: TicketId) -> Result<Vec<Recorded>, Error> {
        let load = Load::streams(self.tenant, [StreamId::ticket(self.tenant, ticket)]);
        office::history(ticket, self.source.load(&load).await?)
    }

    pub(super) async fn reading(
        &self,
        ticket: TicketId,
        clock: ClockId,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        self.office
            .reading(&*self.ticket(ticket).await?, clock, now)
    }

    /// All clocks of a ticket that have a target.
    pub(super) async fn readings(
        &self,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Reading>, Error> {
        self.office.readings(&*self.ticket(ticket).await?, now)
    }

    /// The clocks of all tickets that will be late. A clock that is kept until an instant has a wake-up just after it at the latest: so
    /// only tickets that wake by `until` are looked at, in the order of their wake-ups, and none that wakes after all that is wanted.
    pub(super) async fn at_risk(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(TicketId, Reading)>, Error> {
        let mut found: Vec<(DateTime<Utc>, TicketId, Reading)> = Vec::new();
        let place = |(kept, id, reading): &(_, TicketId, Reading)| (*kept, *id, reading.clock());
        for (wakes, ticket) in self.waking(until).await? {
            let enough = limit.checked_sub(1).and_then(|last| found.get(last));
            let after = |kept: DateTime<Utc>| kept.checked_add_signed(TimeDelta::microseconds(1));
            if limit == 0 || enough.is_some_and(|(kept, ..)| wakes > after(*kept)) {
                break;
            }
            let ticket = self.ticket(ticket).await?;
            let id = ticket.id();
            let late = self.office.at_risk(ticket, now, until)?;
            found.extend(late.into_iter().map(|(kept, reading)| (kept, id, reading)));
            if found.len() >= limit {
                found.sort_by_key(place);
                found.truncate(limit); // the last of as many as are wanted tells when to stop
            }
        }
        found.sort_by_key(place);
        let found = found.into_iter();
        Ok(found.map(|(_, id, reading)| (id, reading)).collect())
    }

    /// The tenant's tickets that wake by `until`, earliest first; what was worked out by other rules may wake at any time, and comes
    /// before the others.
    async fn waking(
        &self,
        until: DateTime<Utc>,
    ) -> Result<Vec<(Option<DateTime<Utc>>, TicketId)>, Error> {
        let data = self.office.rulebooks().data_version();
        let mut most = PAGE;
        let found = loop {
            let found = self.source.wakes_by(until, data, most).await?;
            if found.len() < most {
                break found;
            }
            most = most.saturating_mul(4); // a store has no place to go on from: the few of others are asked again
        };
        let own = found.into_iter().filter(|due| {
            due.stream.tenant == self.tenant && due.stream.kind == StreamKind::Ticket
        });
        let waking = own.map(|due| {
            let wakes = due.wake_at.filter(|at| *at <= until);
            (wakes, TicketId::from_uuid(due.stream.id))
        });
        let mut waking: Vec<_> = waking.collect();
        waking.sort_unstable();
        Ok(waking)
    }

    pub(super) async fn ledger(
        &self,
        ticket: TicketId,
        clock: ClockId,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        self.office.ledger(&*self.ticket(ticket).await?, clock, now)
    }

    /// Calls `visit` with the rows of each ticket, all of this version's formulas: those of another version last, made anew.
    pub(super) async fn facts(&self, visit: &mut (dyn FnMut(&[Fact]) + Send)) -> Result<(), Error> {
        let mut outdated = Outdated::default();
        let mut sorted = |rows: &[Fact]| outdated.sort(rows, |rows| visit(rows));
        self.source.facts(self.tenant, &mut sorted).await?;
        for ticket in outdated.tickets() {
            visit(&self.rows_anew(ticket).await?);
        }
        Ok(())
    }

    /// The ticket's rows as this version makes them.
    pub(super) async fn rows_anew(&self, ticket: TicketId) -> Result<Vec<Fact>, Error> {
        self.office.facts(&*self.ticket(ticket).await?)
    }

    pub(super) async fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        let ticket = self.ticket(ticket).await?;
        let mut found = self.office.similar(&ticket, similar, now)?;
        self.facts(&mut |rows| found.add(rows)).await?;
        Ok(found.suggestion())
    }

    pub(super) async fn report(
        &self,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<KpiReport, Error> {
        let mut count = office::Count::of(report.tally(now), Tally::add);
        self.facts(&mut |rows| count.add(rows)).await?;
        Ok(count.finish()?.report()?)
    }

    pub(super) async fn report_by(
        &self,
        grouping: &Grouping,
        now: DateTime<Utc>,
    ) -> Result<GroupReport, Error> {
        let mut count = office::Count::of(grouping.tally(now), GroupTally::add);
        self.facts(&mut |rows| count.add(rows)).await?;
        Ok(count.finish()?.report()?)
    }

    pub(super) async fn customer_view(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerView, Error> {
        let ticket = self.ticket(ticket).await?;
        let mut viewing = Viewing::of(&ticket, self.customer_ids(viewer).await?)?;
        while let Some(source) = viewing.next() {
            viewing.add(&*self.ticket(source).await?);
        }
        Ok(viewing.finish())
    }

    pub(super) async fn missing_rulebooks(&self) -> Result<BTreeSet<RulebookId>, Error> {
        let mut missing = BTreeSet::new();
        let mut page = Some(Page::oldest(PAGE));
        while let Some(now) = page {
            let rows = self.source.list(self.tenant, &Filter::all(), &now).await?;
            page = now.next(&rows);
            for row in rows {
                let ticket = self.ticket(row.ticket).await?;
                self.office.add_missing(&ticket, &mut missing);
            }
        }
        Ok(missing)
    }

    pub(super) async fn customer_page(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerPage, Error> {
        let view = self.customer_view(ticket, viewer).await?;
        let ids: Vec<_> = view.content_ids().into_iter().collect();
        let texts = self.source.content(self.tenant, &ids).await?;
        Ok(CustomerPage::new(view, texts.into_iter().flatten()))
    }

    /// The owner of a key.
    pub(super) async fn owner<I: From<Uuid>>(&self, key: UniqueKey) -> Result<Option<I>, Error> {
        let load = Load::owners(self.tenant, vec![key]);
        let owners = self.source.load(&load).await?.owners;
        Ok(owners.into_iter().next().flatten().map(I::from))
    }

    pub(super) async fn find_customer(
        &self,
        identity: &Identity,
    ) -> Result<Option<CustomerId>, Error> {
        let key = UniqueKey::address(self.tenant, &identity.text());
        self.owner(key).await
    }

    pub(super) async fn survivor(&self, customer: CustomerId) -> Result<CustomerId, Error> {
        let profile = self.profile(customer).await?;
        let into = profile.as_ref().and_then(Profile::joined_into);
        Ok(into.unwrap_or(customer))
    }

    /// The person behind an id: who stands for her now, her profile, and every id that leads to her.
    pub(super) async fn person(
        &self,
        customer: CustomerId,
    ) -> Result<(CustomerId, Option<Profile>, BTreeSet<CustomerId>), Error> {
        let (mut survivor, mut profile) = (customer, self.profile(customer).await?);
        if let Some(into) = profile.as_ref().and_then(Profile::joined_into) {
            (survivor, profile) = (into, self.profile(into).await?);
        }
        let mut ids = BTreeSet::from([customer, survivor]);
        ids.extend(profile.iter().flat_map(Profile::joined));
        Ok((survivor, profile, ids))
    }

    /// Every id that leads to the person behind this one.
    pub(super) async fn customer_ids(
        &self,
        customer: CustomerId,
    ) -> Result<BTreeSet<CustomerId>, Error> {
        Ok(self.person(customer).await?.2)
    }

    pub(super) async fn profile(&self, customer: CustomerId) -> Result<Option<Profile>, Error> {
        match self.state::<Profile>(customer).await {
            Ok(profile) => Ok(Some(profile)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn state<A: Governed>(&self, id: A::Id) -> Result<A, Error>
    where
        A::Event: StreamEvent,
    {
        let missing = || Error::nothing(A::KIND, id.into());
        A::replay(&self.told::<A>(id).await?).ok_or_else(missing)
    }

    pub(super) async fn told<A: Governed>(
        &self,
        id: A::Id,
    ) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        let stream = StreamId::of::<A>(self.tenant, id);
        let load = Load::streams(self.tenant, [stream]);
        history_of::<A>(id, self.source.load(&load).await?)
    }

    pub(super) async fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        let (of, after) = ((self.tenant, A::KIND), after.map(Into::into));
        let found = self.source.streams(of, after, limit).await?;
        Ok(found.into_iter().map(A::Id::from).collect())
    }

    pub(super) async fn each<A: Governed>(
        &self,
        visit: &mut (impl FnMut(A::Id, &A) + ?Sized),
    ) -> Result<(), Error>
    where
        A::Event: StreamEvent,
    {
        let mut after = None;
        loop {
            let page = self.ids::<A>(after, PAGE).await?;
            let streams = page.iter().map(|id| StreamId::of::<A>(self.tenant, *id));
            let load = Load::streams(self.tenant, streams);
            let loaded = self.source.load(&load).await?;
            for (id, stream) in page.iter().zip(&loaded.streams) {
                if let Some(state) = A::replay(stream.events.of::<A::Event>()) {
                    visit(*id, &state);
                }
            }
            match page.last().filter(|_| page.len() == PAGE) {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }
}
