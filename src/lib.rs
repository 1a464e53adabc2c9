//! The customer-support domain as a library.

pub mod calendar;
pub mod call;
pub mod desk;
pub mod error;
pub mod escalation;
pub mod id;
pub mod kpi;
pub mod replay;
pub mod rulebook;
pub mod sla;
pub mod store;
pub mod ticket;
pub mod time;

pub use calendar::Calendar;
pub use call::{Actor, Call};
pub use desk::{Desk, Outcome};
pub use error::Error;
pub use id::{TenantId, TicketId};
pub use rulebook::Rulebook;
pub use ticket::{Command, Open, Refusal, Ticket};
