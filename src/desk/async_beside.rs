//! What stands beside tickets, on the async desk.

use serde::Serialize;

use crate::call::Call;
use crate::customer::Profile;
use crate::error::{Error, ErrorKind};
use crate::id::{CustomerId, TenantId};
use crate::rulebook::Governed;
use crate::store::{AsyncStore, Load, StreamEvent, StreamId};
use crate::ticket::{Recorded, Ticket};

use super::tell::history_of;
use super::{AsyncDesk, AsyncTenantDesk, Told};

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
        let missing = || Error::nothing(A::KIND, id.into());
        A::replay(&self.told::<A>(id).await?).ok_or_else(missing)
    }

    /// See [`TenantDesk::told`](super::TenantDesk::told).
    pub async fn told<A: Governed>(&self, id: A::Id) -> Result<Vec<Recorded<A::Event>>, Error>
    where
        A::Event: StreamEvent,
    {
        let stream = StreamId::of::<A>(self.tenant, id);
        let load = Load::streams(self.tenant, [stream]);
        history_of::<A>(id, self.desk.store().load(&load).await?)
    }

    /// See [`TenantDesk::ids`](super::TenantDesk::ids).
    pub async fn ids<A: Governed>(
        &self,
        after: Option<A::Id>,
        limit: usize,
    ) -> Result<Vec<A::Id>, Error> {
        let after = after.map(Into::into);
        let store = self.desk.store();
        let found = store.streams(self.tenant, A::KIND, after, limit).await?;
        Ok(found.into_iter().map(A::Id::from).collect())
    }

    /// The customer as `ticket` knows her: one who was joined into her, where it reaches that one.
    pub(super) async fn as_known(
        &self,
        ticket: &Ticket,
        customer: CustomerId,
    ) -> Result<CustomerId, Error> {
        match self.state::<Profile>(customer).await {
            Ok(profile) => Ok(super::beside::reaching(&profile, ticket).unwrap_or(customer)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(customer),
            Err(error) => Err(error),
        }
    }
}
