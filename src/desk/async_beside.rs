//! What stands beside tickets, on the async desk.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::call::Call;
use crate::customer::Identity;
use crate::error::Error;
use crate::id::{AgentId, CustomerId, FindingId, TenantId, TicketId};
use crate::incident::Spread;
use crate::kpi::{QualityTally, Report, SelfServiceTally, SurveyTally, Window};
use crate::quality::Plan;
use crate::rulebook::Governed;
use crate::self_service::Gap;
use crate::store::{AsyncStore, StreamEvent};
use crate::ticket::Recorded;

use super::{AsyncDesk, AsyncTenantDesk, Briefing, Effect, Spreading, Told};

impl<S: AsyncStore> AsyncDesk<S> {
    /// See [`Desk::tell`](super::Desk::tell).
    pub async fn tell<A: Governed>(
        &self,
        id: A::Id,
        call: &Call,
        command: A::Command,
    ) -> Result<Told<A>, Error>
    where
        A::Event: StreamEvent,
        A::Id: Serialize,
    {
        self.drive(self.office.telling(id, call, command)).await
    }

    /// See [`Desk::state`](super::Desk::state).
    pub async fn state<A: Governed>(&self, id: A::Id) -> Result<A, Error>
    where
        A::Event: StreamEvent,
    {
        self.tenant(TenantId::SINGLE).state(id).await
    }
}

impl<S: AsyncStore> AsyncTenantDesk<'_, S> {
    /// See [`TenantDesk::tell`](super::TenantDesk::tell).
    pub async fn tell<A: Governed>(
        &self,
        id: A::Id,
        call: &Call,
        command: A::Command,
    ) -> Result<Told<A>, Error>
    where
        A::Event: StreamEvent,
        A::Id: Serialize,
    {
        let call = call.clone().tenant(self.tenant);
        self.desk.tell(id, &call, command).await
    }

    /// See [`TenantDesk::state`](super::TenantDesk::state).
    pub async fn state<A: Governed>(&self, id: A::Id) -> Result<A, Error>
    where
        A::Event: StreamEvent,
    {
        self.questions().state::<A>(id).await
    }

    /// See [`TenantDesk::told`](super::TenantDesk::told).
    pub async fn told<A: Governed>(&self, id: A::Id) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        self.questions().told::<A>(id).await
    }

    /// See [`TenantDesk::ids`](super::TenantDesk::ids).
    pub async fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        self.questions().ids::<A>(after, limit).await
    }

    /// See [`TenantDesk::each`](super::TenantDesk::each).
    pub async fn each<A: Governed>(
        &self,
        visit: &mut (dyn FnMut(A::Id, &A) + Send),
    ) -> Result<(), Error>
    where
        A::Event: StreamEvent,
    {
        self.questions().each::<A>(visit).await
    }

    /// See [`TenantDesk::find_customer`](super::TenantDesk::find_customer).
    pub async fn find_customer(&self, identity: &Identity) -> Result<Option<CustomerId>, Error> {
        self.questions().find_customer(identity).await
    }

    /// See [`TenantDesk::survivor`](super::TenantDesk::survivor).
    pub async fn survivor(&self, customer: CustomerId) -> Result<CustomerId, Error> {
        self.questions().survivor(customer).await
    }

    /// See [`TenantDesk::customer_ids`](super::TenantDesk::customer_ids).
    pub async fn customer_ids(&self, customer: CustomerId) -> Result<BTreeSet<CustomerId>, Error> {
        self.questions().customer_ids(customer).await
    }

    /// See [`TenantDesk::briefing`](super::TenantDesk::briefing).
    pub async fn briefing(
        &self,
        customer: CustomerId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Briefing, Error> {
        self.questions().briefing(customer, limit, now).await
    }

    /// See [`TenantDesk::quality`](super::TenantDesk::quality).
    pub async fn quality(&self, window: Window) -> Result<QualityTally, Error> {
        self.questions().quality(window).await
    }

    /// See [`TenantDesk::self_service`](super::TenantDesk::self_service).
    pub async fn self_service(
        &self,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<SelfServiceTally, Error> {
        self.questions().self_service(window, now).await
    }

    /// See [`TenantDesk::surveys`](super::TenantDesk::surveys).
    pub async fn surveys(&self, window: Window, now: DateTime<Utc>) -> Result<SurveyTally, Error> {
        self.questions().surveys(window, now).await
    }

    /// See [`TenantDesk::gaps`](super::TenantDesk::gaps).
    pub async fn gaps(&self, window: Window, at_least: u64) -> Result<Vec<Gap>, Error> {
        self.questions().gaps(window, at_least).await
    }

    /// See [`TenantDesk::sample`](super::TenantDesk::sample).
    pub async fn sample(
        &self,
        plan: &Plan,
        window: Window,
    ) -> Result<Vec<(AgentId, TicketId)>, Error> {
        self.questions().sample(plan, window).await
    }

    /// See [`TenantDesk::effect`](super::TenantDesk::effect).
    pub async fn effect(
        &self,
        finding: FindingId,
        action: u32,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<Option<Effect>, Error> {
        self.questions().effect(finding, action, report, now).await
    }

    /// See [`TenantDesk::spread`](super::TenantDesk::spread).
    pub async fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        self.questions()
            .spread(problem, call, spread, incidents)
            .await
    }
}
