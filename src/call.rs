//! Who says something, when, and under which idempotency key: the part of a request that a client must not choose.
//!
//! A [`Call`] has no `Deserialize`. The host builds it from what it knows (a session, a mail gateway, its own clock), so no
//! browser can claim to be an agent or to have written yesterday. What a client may say is a
//! [`Command`](crate::Command).

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{AgentId, BotId, CustomerId, FiringKey, Name, TenantId, derive, in_order};
use crate::time::truncate;

/// Who acts. The actor stands in every event, so a later change of role alters no history.
///
/// Exhaustive on purpose: permissions, clocks and views must each answer for every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person who asks for help.
    Customer(CustomerId),
    /// A person who works at the desk.
    Agent(AgentId),
    /// An agent with the permissions of a supervisor.
    Supervisor(AgentId),
    /// An automatic participant. Its messages fulfil no clock.
    Bot(BotId),
    /// The host itself, or a rule of the rulebook.
    System,
}

impl Actor {
    /// An agent.
    pub const fn agent(id: AgentId) -> Actor {
        Actor::Agent(id)
    }

    /// A customer.
    pub const fn customer(id: CustomerId) -> Actor {
        Actor::Customer(id)
    }

    /// An agent with the permissions of a supervisor.
    pub const fn supervisor(id: AgentId) -> Actor {
        Actor::Supervisor(id)
    }

    /// An automatic participant.
    pub const fn bot(id: BotId) -> Actor {
        Actor::Bot(id)
    }

    /// The host itself.
    pub const fn system() -> Actor {
        Actor::System
    }

    /// The kind of actor, as the permission table has it.
    pub const fn role(self) -> Role {
        match self {
            Actor::Customer(_) => Role::Customer,
            Actor::Agent(_) => Role::Agent,
            Actor::Supervisor(_) => Role::Supervisor,
            Actor::Bot(_) => Role::Bot,
            Actor::System => Role::System,
        }
    }

    /// The customer, where the actor is one.
    pub const fn customer_id(self) -> Option<CustomerId> {
        match self {
            Actor::Customer(id) => Some(id),
            _ => None,
        }
    }

    /// The agent behind the actor: the only kind of actor whose public message answers a customer.
    pub const fn human_agent(self) -> Option<AgentId> {
        match self {
            Actor::Agent(id) | Actor::Supervisor(id) => Some(id),
            _ => None,
        }
    }

    /// The id behind the actor; nil for the system.
    pub const fn uuid(self) -> Uuid {
        match self {
            Actor::Customer(id) => id.uuid(),
            Actor::Agent(id) | Actor::Supervisor(id) => id.uuid(),
            Actor::Bot(id) => id.uuid(),
            Actor::System => Uuid::nil(),
        }
    }
}

impl fmt::Display for Actor {
    /// The role and the id behind it, such as `agent 018f3c1e-7a00-7000-8000-000000000001`; of the system, the role.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::System => self.role().fmt(f),
            actor => write!(f, "{} {}", actor.role(), actor.uuid()),
        }
    }
}

/// The kinds of [`Actor`].
///
/// Exhaustive on purpose, like [`Actor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person who asks for help.
    Customer,
    /// A person who works at the desk.
    Agent,
    /// An agent with more permissions.
    Supervisor,
    /// An automatic participant.
    Bot,
    /// The host or one of its rules.
    System,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Customer,
        Role::Agent,
        Role::Supervisor,
        Role::Bot,
        Role::System,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Customer => "customer",
            Role::Agent => "agent",
            Role::Supervisor => "supervisor",
            Role::Bot => "bot",
            Role::System => "system",
        })
    }
}

/// What led to an event, where it was not simply somebody's command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// An escalation level fired; its key stands in the [`Escalated`](crate::ticket::Event::Escalated) event.
    Rule(FiringKey),
    /// A request or job of the host, by the host's own id.
    Request(Uuid),
    /// A recorded log was imported.
    Import,
}

/// Who, when, in which tenant, and under which idempotency key.
///
/// `at` is truncated to the microsecond. Ids that the command needs (of a new ticket, message or text) are derived from the
/// call's own id, so planning stays a pure function; [`Call::new`] draws that id at random, [`Call::with_id`] takes the
/// host's. What stores find by such an id (tickets, customers, texts) sorts by `at`, in the layout of uuid v7: what is written
/// together stands together in their indexes.
///
/// ```
/// use helpdesk::{Actor, Call, id::AgentId};
/// let me = AgentId::named("kim");
/// let call = Call::new(Actor::agent(me), "2026-03-05T09:00:00Z".parse()?).key("web-4711".parse()?);
/// assert_eq!(call.at().to_rfc3339(), "2026-03-05T09:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    tenant: TenantId,
    actor: Actor,
    at: DateTime<Utc>,
    key: Option<Name>,
    cause: Option<Cause>,
    id: Uuid,
}

impl Call {
    /// `actor` speaks at `at`, for [`TenantId::SINGLE`], without an idempotency key.
    pub fn new(actor: Actor, at: DateTime<Utc>) -> Call {
        Call::with_id(Uuid::new_v4(), actor, at)
    }

    /// Like [`Call::new`], with an id of the host's choice: nothing random is left.
    pub fn with_id(id: Uuid, actor: Actor, at: DateTime<Utc>) -> Call {
        Call {
            tenant: TenantId::SINGLE,
            actor,
            at: truncate(at),
            key: None,
            cause: None,
            id,
        }
    }

    /// The same call for another tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: TenantId) -> Call {
        self.tenant = tenant;
        self
    }

    /// The same call under an idempotency key: unique per tenant and actor, over all tickets.
    #[must_use]
    pub fn key(mut self, key: Name) -> Call {
        self.key = Some(key);
        self
    }

    /// The same call without its idempotency key.
    pub(crate) fn without_key(mut self) -> Call {
        self.key = None;
        self
    }

    /// The same call with its cause told.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Call {
        self.cause = Some(cause);
        self
    }

    /// The tenant the call is for.
    pub fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// Who speaks.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// When, to the microsecond.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The idempotency key.
    pub fn idempotency_key(&self) -> Option<&Name> {
        self.key.as_ref()
    }

    /// What led to the call.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The `n`-th id of its kind that this call gives to something of `owner`.
    pub(crate) fn derived(&self, what: &str, owner: Uuid, n: u64) -> Uuid {
        derive(&[
            self.id.as_bytes(),
            self.tenant.uuid().as_bytes(),
            what.as_bytes(),
            owner.as_bytes(),
            &n.to_be_bytes(),
        ])
    }

    /// The same, in the order of time.
    pub(crate) fn time_ordered(&self, what: &str, owner: Uuid, n: u64) -> Uuid {
        in_order(self.at, self.derived(what, owner, n))
    }
}
