//! What stands beside tickets, on the desk of one tenant.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::call::Call;
use crate::customer::Identity;
use crate::error::Error;
use crate::id::{AgentId, CustomerId, FindingId, TicketId};
use crate::incident::Spread;
use crate::kpi::{QualityTally, Report, SelfServiceTally, SurveyTally, Window};
use crate::quality::Plan;
use crate::rulebook::Governed;
use crate::self_service::Gap;
use crate::store::{Store, StreamEvent};
use crate::ticket::Recorded;

use super::source::at_once;
use super::{Briefing, Effect, Spreading, TenantDesk, Told};

impl<S: Store> TenantDesk<'_, S> {
    /// See [`Desk::tell`](super::Desk::tell); the call's own tenant does not count.
    ///
    /// # Errors
    /// Those of [`Desk::tell`](super::Desk::tell).
    pub fn tell<A: Governed>(
        &self,
        id: A::Id,
        call: &Call,
        command: A::Command,
    ) -> Result<Told<A>, Error>
    where
        A::Event: StreamEvent,
        A::Id: Serialize,
    {
        let call = call.clone().tenant(self.id());
        self.desk().tell(id, &call, command)
    }

    /// The state of what stands beside tickets.
    ///
    /// # Errors
    /// [`NotFound`](crate::error::ErrorKind::NotFound); what the store answers.
    pub fn state<A: Governed>(&self, id: A::Id) -> Result<A, Error>
    where
        A::Event: StreamEvent,
    {
        at_once(self.questions().state::<A>(id))
    }

    /// Everything that happened to it, oldest first.
    ///
    /// # Errors
    /// [`NotFound`](crate::error::ErrorKind::NotFound); what the store answers.
    pub fn told<A: Governed>(&self, id: A::Id) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        at_once(self.questions().told::<A>(id))
    }

    /// At most `limit` ids of those that have a history, rising, after `after`.
    ///
    /// # Errors
    /// What the store answers.
    pub fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        at_once(self.questions().ids::<A>(after, limit))
    }

    /// Calls `visit` with each one of a kind, in the order of ids. They are read page by page: each is as it was at some instant
    /// meanwhile.
    ///
    /// # Errors
    /// What the store answers; a history that cannot be read.
    pub fn each<A: Governed>(&self, visit: &mut dyn FnMut(A::Id, &A)) -> Result<(), Error>
    where
        A::Event: StreamEvent,
    {
        at_once(self.questions().each::<A>(visit))
    }

    /// The customer behind an identity, whether there is a profile or not.
    ///
    /// # Errors
    /// What the store answers.
    pub fn find_customer(&self, identity: &Identity) -> Result<Option<CustomerId>, Error> {
        at_once(self.questions().find_customer(identity))
    }

    /// The customer that an id leads to: the survivor, where it was joined into another; else itself.
    ///
    /// # Errors
    /// What the store answers.
    pub fn survivor(&self, customer: CustomerId) -> Result<CustomerId, Error> {
        at_once(self.questions().survivor(customer))
    }

    /// Every id that leads to the customer behind this one: her own, and those of everybody who was joined into her. A host that shows a
    /// customer her tickets lists those of each.
    ///
    /// # Errors
    /// What the store answers.
    pub fn customer_ids(&self, customer: CustomerId) -> Result<BTreeSet<CustomerId>, Error> {
        at_once(self.questions().customer_ids(customer))
    }

    /// What an agent should see before answering a customer: at most `limit` of each list of what is past, and everything that is
    /// open. Tickets of customers who were joined into this one count as hers.
    ///
    /// # Errors
    /// What the store answers.
    pub fn briefing(
        &self,
        customer: CustomerId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Briefing, Error> {
        at_once(self.questions().briefing(customer, limit, now))
    }

    /// What the quality reviews of the window came to, by agent and scorecard.
    ///
    /// # Errors
    /// What the store answers.
    pub fn quality(&self, window: Window) -> Result<QualityTally, Error> {
        at_once(self.questions().quality(window))
    }

    /// What self-service spared the desk in the window, as known at `now`. How long a ticket may come after a visit, the tenant's
    /// current rulebook tells.
    ///
    /// # Errors
    /// What the store answers.
    pub fn self_service(
        &self,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<SelfServiceTally, Error> {
        at_once(self.questions().self_service(window, now))
    }

    /// How many invitations of the window were answered, as known at `now`.
    ///
    /// # Errors
    /// What the store answers.
    pub fn surveys(&self, window: Window, now: DateTime<Utc>) -> Result<SurveyTally, Error> {
        at_once(self.questions().surveys(window, now))
    }

    /// The ticket types with at least `at_least` tickets created in the window that no published article helps with: an article's
    /// causes name types here. A host that counts causes of its own asks [`gaps`](crate::self_service::gaps) itself.
    ///
    /// # Errors
    /// What the store answers.
    pub fn gaps(&self, window: Window, at_least: u64) -> Result<Vec<Gap>, Error> {
        at_once(self.questions().gaps(window, at_least))
    }

    /// The tickets resolved in the window that a sampling plan draws for review, by agent.
    ///
    /// # Errors
    /// What the store answers.
    pub fn sample(&self, plan: &Plan, window: Window) -> Result<Vec<(AgentId, TicketId)>, Error> {
        at_once(self.questions().sample(plan, window))
    }

    /// What became of the KPI that an action was to move: the time before it was done against the time after, of the report's
    /// tickets. None while the action is not done, aims at nothing, or the time after it is not over.
    ///
    /// # Errors
    /// No such finding or action; what the store answers.
    pub fn effect(
        &self,
        finding: FindingId,
        action: u32,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<Option<Effect>, Error> {
        at_once(self.questions().effect(finding, action, report, now))
    }

    /// Carries a message of a problem to its incidents, in the order given; see [`incident`](crate::incident). Whoever is not sure how far
    /// it came begins anew: nobody gets it twice. The problem itself, among the incidents, had it already.
    ///
    /// # Errors
    /// The problem's message cannot be carried ([`Spread::message`]); an incident that does not exist; what the store answers.
    /// Incidents that had their turn before keep what they got.
    pub fn spread(
        &self,
        problem: TicketId,
        call: &Call,
        spread: &Spread,
        incidents: &[TicketId],
    ) -> Result<Spreading, Error> {
        at_once(self.questions().spread(problem, call, spread, incidents))
    }
}
