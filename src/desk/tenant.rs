//! The desk of one tenant: every question and every request, in that tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::error::Error;
use crate::id::{ContentId, CustomerId, RulebookId, TenantId, TicketId, TicketNumber};
use crate::kpi::{Fact, GroupReport, Grouping, KpiReport, Report, Suggest, Suggestion};
use crate::sla::{Ledger, Reading};
use crate::store::{Filter, Page, Store, TicketRow, UniqueKey};
use crate::ticket::{
    ClockId, Command, Content, CustomerPage, CustomerView, Link, Merge, Open, Recorded, Split,
    Ticket,
};

use super::erase::Erase;
use super::question::{Outdated, Questions};
use super::source::{Direct, at_once};
use super::{Desk, Outcome, Request};

/// The desk of one tenant; see [`Desk::tenant`].
#[derive(Debug)]
pub struct TenantDesk<'a, S> {
    pub(super) desk: &'a Desk<S>,
    pub(super) tenant: TenantId,
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

    /// Whoever asks for the tenant.
    pub(super) fn questions(&self) -> Questions<'a, Direct<'a, S>> {
        Questions {
            source: Direct(&self.desk.store),
            office: &self.desk.office,
            tenant: self.tenant,
        }
    }
}

impl<S: Store> TenantDesk<'_, S> {
    /// See [`Desk::open`]; the call's own tenant does not count.
    pub fn open(&self, call: &Call, open: Open) -> Result<Outcome, Error> {
        self.run(call, Request::Open(open))
    }

    /// See [`Desk::submit`]; the call's own tenant does not count.
    pub fn submit(
        &self,
        ticket: TicketId,
        call: &Call,
        command: Command,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Submit(ticket, command))
    }

    /// See [`Desk::apply_rulebook`]; the call's own tenant does not count.
    pub fn apply_rulebook(
        &self,
        ticket: TicketId,
        call: &Call,
        version: RulebookId,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::ApplyRulebook(ticket, version))
    }

    /// See [`Desk::merge`]; the call's own tenant does not count.
    pub fn merge(&self, call: &Call, merge: Merge) -> Result<Outcome, Error> {
        self.run(call, Request::Merge(merge))
    }

    /// See [`Desk::split`]; the call's own tenant does not count.
    pub fn split(&self, ticket: TicketId, call: &Call, split: Split) -> Result<Outcome, Error> {
        self.run(call, Request::Split(ticket, split))
    }

    /// See [`Desk::link`]; the call's own tenant does not count.
    pub fn link(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Link(ticket, link, other))
    }

    /// See [`Desk::unlink`]; the call's own tenant does not count.
    pub fn unlink(
        &self,
        ticket: TicketId,
        call: &Call,
        link: Link,
        other: TicketId,
    ) -> Result<Outcome, Error> {
        self.run(call, Request::Unlink(ticket, link, other))
    }

    fn run(&self, call: &Call, request: Request) -> Result<Outcome, Error> {
        self.desk.run(call.clone().tenant(self.tenant), request)
    }

    /// The ticket as its last event left it.
    pub fn ticket(&self, ticket: TicketId) -> Result<Ticket, Error> {
        at_once(self.questions().ticket(ticket)).map(Arc::unwrap_or_clone)
    }

    /// The ticket's events, oldest first.
    pub fn history(&self, ticket: TicketId) -> Result<Vec<Recorded>, Error> {
        at_once(self.questions().history(ticket))
    }

    /// What a clock of a ticket shows at `now`.
    pub fn reading(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Reading, Error> {
        at_once(self.questions().reading(ticket, clock.into(), now))
    }

    /// See [`Desk::readings`].
    pub fn readings(&self, ticket: TicketId, now: DateTime<Utc>) -> Result<Vec<Reading>, Error> {
        at_once(self.questions().readings(ticket, now))
    }

    /// See [`Desk::at_risk`]: the tenant's own tickets.
    pub fn at_risk(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(TicketId, Reading)>, Error> {
        at_once(self.questions().at_risk(now, until, limit))
    }

    /// See [`Desk::ledger`].
    pub fn ledger(
        &self,
        ticket: TicketId,
        clock: impl Into<ClockId>,
        now: DateTime<Utc>,
    ) -> Result<Ledger, Error> {
        at_once(self.questions().ledger(ticket, clock.into(), now))
    }

    /// See [`Desk::suggest`].
    pub fn suggest(
        &self,
        ticket: TicketId,
        similar: &Suggest,
        now: DateTime<Utc>,
    ) -> Result<Option<Suggestion>, Error> {
        at_once(self.questions().suggest(ticket, similar, now))
    }

    /// The ticket as a customer sees it, with the tickets that were merged into it and that the customer could see before.
    ///
    /// A customer who was joined with another is one person: under any of her ids she sees the tickets of all of them, and what she
    /// wrote under any of them is hers.
    pub fn customer_view(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerView, Error> {
        at_once(self.questions().customer_view(ticket, viewer))
    }

    /// The same with its texts: each is found by the id that stands in the view.
    ///
    /// ```
    /// use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::{AgentId, CustomerId}, store::MemoryStore};
    ///
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let ann = CustomerId::named("ann");
    /// let call = |actor| Ok::<_, chrono::ParseError>(Call::new(actor, "2026-03-05T09:00:00Z".parse()?));
    /// let t = desk.open(&call(Actor::customer(ann))?, Open::new("Printer on fire").body("Please hurry"))?.id();
    /// desk.submit(t, &call(Actor::agent(AgentId::named("kim")))?, Command::note("Third time this week"))?;
    ///
    /// let page = desk.customer_page(t, ann)?;
    /// assert_eq!(page.text(page.view().subject), Some("Printer on fire"));
    /// let messages = &page.view().messages;
    /// let said: Vec<_> = messages.iter().map(|message| page.text_of(message)).collect();
    /// assert_eq!(said, [Some("Please hurry")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn customer_page(
        &self,
        ticket: TicketId,
        viewer: CustomerId,
    ) -> Result<CustomerPage, Error> {
        at_once(self.questions().customer_page(ticket, viewer))
    }

    /// The ticket with this number.
    pub fn find(&self, number: TicketNumber) -> Result<Option<TicketId>, Error> {
        at_once(
            self.questions()
                .owner(UniqueKey::number(self.tenant, number)),
        )
    }

    /// The ticket that has the message with this id outside: where a mail's `In-Reply-To` leads.
    pub fn find_by_message(&self, external_id: &str) -> Result<Option<TicketId>, Error> {
        let key = UniqueKey::message(self.tenant, external_id);
        at_once(self.questions().owner(key))
    }

    /// The tickets that fit `filter`, page by page in the order of their numbers.
    ///
    /// ```
    /// use helpdesk::store::{Filter, MemoryStore, Page};
    /// use helpdesk::{Desk, Rulebook};
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let mut page = Some(Page::newest(50));
    /// while let Some(now) = page {
    ///     let rows = desk.list(&Filter::open(), &now)?;
    ///     page = now.next(&rows);
    /// }
    /// # Ok::<(), helpdesk::Error>(())
    /// ```
    pub fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<TicketRow>, Error> {
        Ok(self.desk.store.list(self.tenant, filter, page)?)
    }

    /// The versions of the rulebook that tickets of the tenant were ever pinned to and that are not here; closed tickets count too, as messages
    /// on them and figures about them go by their rules. A host that keeps its versions itself asks this when it starts with other rules, and gives what is missing with
    /// [`Rulebooks::with_earlier`](crate::rulebook::Rulebooks::with_earlier); after [`Desk::keeping`] there are none. It looks at each
    /// of those tickets, page by page.
    ///
    /// # Errors
    /// What the store answers.
    pub fn missing_rulebooks(&self) -> Result<BTreeSet<RulebookId>, Error> {
        at_once(self.questions().missing_rulebooks())
    }

    /// Erases a person: every text about the customer that is stored by now is deleted for ever, and the addresses that stand
    /// for the customer stand for nobody; so are those of every customer who was joined into this one. Events, instants, roles and
    /// ids stay, so every figure is as before; the profile, where there is one, says that it was done.
    ///
    /// Who may ask for this is the host's to decide. What the store's files keep afterwards, its own documentation tells.
    pub fn erase_person(&self, customer: CustomerId, at: DateTime<Utc>) -> Result<(), Error> {
        self.desk.drive(Erase::new(self.tenant, customer, at)?)
    }

    /// The texts behind these ids, in their order; `None` for what is erased.
    pub fn content(&self, ids: &[ContentId]) -> Result<Vec<Option<Content>>, Error> {
        Ok(self.desk.store.content(self.tenant, ids)?)
    }

    /// Calls `visit` with the rows of each ticket, each ticket once, in the order of ticket ids. Rows that another version of the crate
    /// stored ([`Fact::formula`] is not [`FORMULA`](crate::kpi::FORMULA)) are made anew from their ticket and come last; every
    /// report does the same. It takes as long as reading the ticket, until a commit on the ticket writes new ones.
    ///
    /// # Errors
    /// Those of the store; the rulebook version that such a ticket is pinned to is missing.
    pub fn facts(&self, visit: &mut dyn FnMut(&[Fact])) -> Result<(), Error> {
        let mut outdated = Outdated::default();
        let mut sorted = |rows: &[Fact]| outdated.sort(rows, |rows| visit(rows));
        self.desk.store.facts(self.tenant, &mut sorted)?;
        for ticket in outdated.tickets() {
            visit(&at_once(self.questions().rows_anew(ticket))?);
        }
        Ok(())
    }

    /// See [`Desk::report`].
    pub fn report(&self, report: &Report, now: DateTime<Utc>) -> Result<KpiReport, Error> {
        at_once(self.questions().report(report, now))
    }

    /// The report over every ticket of the tenant in groups, as of `now`. Sweep first: figures rest on what is recorded.
    ///
    /// ```
    /// use helpdesk::kpi::Dimension;
    /// use helpdesk::{Actor, Call, Desk, Open, Report, Rulebook, id::AgentId, store::MemoryStore};
    ///
    /// let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    /// let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
    /// desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
    /// let by_agent = Report::standard().by([Dimension::Agent]);
    /// let report = desk.report_by(&by_agent, "2026-03-06T09:00:00Z".parse()?)?;
    /// assert_eq!((report.groups().len(), report.total().volume()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What the store answers.
    pub fn report_by(&self, grouping: &Grouping, now: DateTime<Utc>) -> Result<GroupReport, Error> {
        at_once(self.questions().report_by(grouping, now))
    }

    /// Forgets idempotency keys used before `before`, and tells how many. Hosts call this daily with 30 days ago.
    pub fn prune_keys(&self, before: DateTime<Utc>) -> Result<usize, Error> {
        Ok(self.desk.store.prune_keys(self.tenant, before)?)
    }
}
