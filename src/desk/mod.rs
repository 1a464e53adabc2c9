//! The desk: load, plan, commit, and try again on conflict.
//!
//! A [`Desk`] puts a [`Store`](crate::store::Store) and the [`Rulebooks`](crate::rulebook::Rulebooks) together. What it does is
//! decided in [`plan`], a pure function; how it gets there is an [`Operation`], a conversation without I/O; the desk itself only
//! drives the conversation with its store.
//!
//! Time passes first: every commit at an instant first records what fell due strictly before it, then acts. A
//! [`sweep`](Desk::sweep) is the empty command. So sweeping more or less often changes how soon things are known, and
//! never what is recorded. Who is told may depend on it: a level that is over before anybody looked is not delivered unless its rule asks
//! for that ([`deliver_stale`](crate::escalation::Rule::deliver_stale), [`CatchUp`](crate::escalation::CatchUp)).
//!
//! # How a host runs one
//! Call [`Desk::open`] and [`Desk::submit`] as requests come in. In one loop, sleep until [`Desk::nap`], then
//! [`Desk::sweep`], then deliver what [`Desk::claim`] gives and [`Desk::acknowledge`] it. Nothing is lost if the
//! loop stops: what fell due is recorded when the next one looks.
//!
//! # What is not here
//! No thread, no clock, no timer: the host has those. `now` is always an argument.

mod absent;
mod act;
mod ailing;
#[cfg(feature = "async")]
mod async_beside;
#[cfg(feature = "async")]
mod async_desk;
#[cfg(feature = "async")]
mod async_tenant;
mod beside;
mod blocking;
mod catch_up;
mod conversation;
mod erase;
mod first_load;
mod foresee;
mod keep;
mod known;
mod link;
mod look;
mod merge;
mod nap;
mod office;
mod once;
mod operation;
mod outcome;
mod plan;
mod question;
mod reading;
mod settle;
mod single;
mod source;
mod split;
mod spread;
mod sweep;
mod sweep_one;
mod tell;
mod tenant;
mod tenant_beside;
mod tries;
mod viewing;

pub use ailing::Ailing;
#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
pub use async_desk::AsyncDesk;
#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
pub use async_tenant::AsyncTenantDesk;
pub use beside::{Briefing, Effect, LastContact};
pub use blocking::Desk;
pub(crate) use catch_up::Working;
pub use conversation::{Conversation, Need};
pub(crate) use erase::{joined_into, keep_from_erased, profile_of};
pub use foresee::{foresee, wake_at};
#[cfg(feature = "capi")]
pub(crate) use office::Count;
pub use operation::Operation;
pub use outcome::Outcome;
pub use plan::{Known, Plan, Planned, Request, plan};
#[cfg(feature = "capi")]
pub(crate) use reading::ledgers;
pub use reading::{ledger, read, readings};
pub use spread::Spreading;
pub use sweep::Swept;
#[cfg(feature = "capi")]
pub(crate) use tell::Hear;
pub use tell::{Anything, Tell, Told, ToldAnything};
pub use tenant::TenantDesk;
pub(crate) use tries::Tries;
