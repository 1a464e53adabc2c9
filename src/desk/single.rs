//! What a host with one tenant asks its desk: the same as [`TenantDesk`](super::TenantDesk) of [`TenantId::SINGLE`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::customer::Identity;
use crate::error::Error;
use crate::id::{AgentId, ContentId, CustomerId, FindingId, TenantId, TicketId, TicketNumber};
use crate::incident::Spread;
use crate::kpi::{
    Fact, GroupReport, Grouping, QualityTally, Report, SelfServiceTally, SurveyTally, Window,
};
use crate::quality::Plan;
use crate::rulebook::Governed;
use crate::self_service::Gap;
#[cfg(feature = "async")]
use crate::store::AsyncStore;
use crate::store::{Filter, Page, Store, StreamEvent, TicketRow};
use crate::ticket::{Content, CustomerPage, CustomerView, Recorded};

#[cfg(feature = "async")]
use super::AsyncDesk;
use super::{Briefing, Desk, Effect, Spreading};

macro_rules! single {
    ($($(#[$doc:meta])* fn $name:ident($($said:ident: $what:ty),*) -> $answer:ty;)*) => {
        impl<S: Store> Desk<S> {$(
            $(#[$doc])*
            #[doc = concat!(" See [`TenantDesk::", stringify!($name), "`](super::TenantDesk::", stringify!($name), ").")]
            pub fn $name(&self, $($said: $what),*) -> Result<$answer, Error> {
                self.tenant(TenantId::SINGLE).$name($($said),*)
            }
        )*}

        #[cfg(feature = "async")]
        impl<S: AsyncStore> AsyncDesk<S> {$(
            #[doc = concat!("See [`Desk::", stringify!($name), "`](super::Desk::", stringify!($name), ").")]
            pub async fn $name(&self, $($said: $what),*) -> Result<$answer, Error> {
                self.tenant(TenantId::SINGLE).$name($($said),*).await
            }
        )*}
    };
}

single! {
    /// The ticket's events.
    fn history(ticket: TicketId) -> Vec<Recorded>;
    /// The tickets that fit a filter, page by page.
    fn list(filter: &Filter, page: &Page) -> Vec<TicketRow>;
    /// The texts behind ids.
    fn content(ids: &[ContentId]) -> Vec<Option<Content>>;
    /// The ticket as a customer sees it.
    fn customer_view(ticket: TicketId, viewer: CustomerId) -> CustomerView;
    /// The same with its texts.
    fn customer_page(ticket: TicketId, viewer: CustomerId) -> CustomerPage;
    /// The ticket with this number.
    fn find(number: TicketNumber) -> Option<TicketId>;
    /// The ticket that has the message with this id outside.
    fn find_by_message(external_id: &str) -> Option<TicketId>;
    /// The report in groups: by agent, team, channel, week, ...
    fn report_by(grouping: &Grouping, now: DateTime<Utc>) -> GroupReport;
    /// Erases a person.
    fn erase_person(customer: CustomerId, at: DateTime<Utc>) -> ();
    /// Forgets idempotency keys used before an instant.
    fn prune_keys(before: DateTime<Utc>) -> usize;
    /// The customer behind an identity.
    fn find_customer(identity: &Identity) -> Option<CustomerId>;
    /// The customer that an id leads to.
    fn survivor(customer: CustomerId) -> CustomerId;
    /// Every id that leads to the customer behind this one.
    fn customer_ids(customer: CustomerId) -> BTreeSet<CustomerId>;
    /// What an agent should see before answering a customer.
    fn briefing(customer: CustomerId, limit: usize, now: DateTime<Utc>) -> Briefing;
    /// What the quality reviews of the window came to.
    fn quality(window: Window) -> QualityTally;
    /// What self-service spared the desk in the window.
    fn self_service(window: Window, now: DateTime<Utc>) -> SelfServiceTally;
    /// How many invitations of the window were answered.
    fn surveys(window: Window, now: DateTime<Utc>) -> SurveyTally;
    /// The ticket types that no article helps with.
    fn gaps(window: Window, at_least: u64) -> Vec<Gap>;
    /// The tickets that a sampling plan draws for review.
    fn sample(plan: &Plan, window: Window) -> Vec<(AgentId, TicketId)>;
    /// What became of the KPI that an action was to move.
    fn effect(finding: FindingId, action: u32, report: &Report, now: DateTime<Utc>) -> Option<Effect>;
}

impl<S: Store> Desk<S> {
    /// Calls `visit` with the rows behind every figure. See [`TenantDesk::facts`](super::TenantDesk::facts).
    pub fn facts(&self, visit: &mut dyn FnMut(&[Fact])) -> Result<(), Error> {
        self.tenant(TenantId::SINGLE).facts(visit)
    }

    /// Everything that happened to what stands beside tickets. See [`TenantDesk::told`](super::TenantDesk::told).
    pub fn told<A: Governed>(&self, id: A::Id) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).told::<A>(id)
    }

    /// The ids of what stands beside tickets. See [`TenantDesk::ids`](super::TenantDesk::ids).
    pub fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        self.tenant(TenantId::SINGLE).ids::<A>(after, limit)
    }

    /// Calls `visit` with each one of a kind. See [`TenantDesk::each`](super::TenantDesk::each).
    pub fn each<A: Governed>(&self, visit: &mut dyn FnMut(A::Id, &A)) -> Result<(), Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).each::<A>(visit)
    }

    /// Carries a message of a problem to its incidents, in the tenant of the call. See
    /// [`TenantDesk::spread`](super::TenantDesk::spread).
    pub fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        let tenant = self.tenant(call.tenant_id());
        tenant.spread(problem, call, spread, incidents)
    }
}

#[cfg(feature = "async")]
impl<S: AsyncStore> AsyncDesk<S> {
    /// See [`Desk::facts`].
    pub async fn facts(&self, visit: &mut (dyn FnMut(&[Fact]) + Send)) -> Result<(), Error> {
        self.tenant(TenantId::SINGLE).facts(visit).await
    }

    /// See [`Desk::told`].
    pub async fn told<A: Governed>(&self, id: A::Id) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).told::<A>(id).await
    }

    /// See [`Desk::ids`].
    pub async fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        self.tenant(TenantId::SINGLE).ids::<A>(after, limit).await
    }

    /// See [`Desk::each`].
    pub async fn each<A: Governed>(
        &self,
        visit: &mut (dyn FnMut(A::Id, &A) + Send),
    ) -> Result<(), Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).each::<A>(visit).await
    }

    /// See [`Desk::spread`].
    pub async fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        let tenant = self.tenant(call.tenant_id());
        tenant.spread(problem, call, spread, incidents).await
    }
}
