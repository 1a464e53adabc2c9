//! How long things take, and how long they may: policies, targets, clocks and what they show.
//!
//! A [`Policy`] says which [`Target`]s apply to which tickets. A clock measures one [`Metric`] of one ticket under one
//! agreement; [`read`] tells what it shows at an instant. The table of what starts, stops and pauses each clock is
//! [`METRICS`].
//!
//! Two ideas carry the module. A target is met if and only if the running time at fulfilment is at most the target: running
//! time decides, never the clock on the wall, so nobody is late in closed hours or in a pause. And a clock is not
//! stored: it is worked out from the ticket's history each time, so there is nothing to go stale when a priority changes.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, id::AgentId, sla::{State, Verdict}, store::MemoryStore, ticket::Metric};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>();
//! let kim = Actor::agent(AgentId::named("kim"));
//! let t = desk.open(&Call::new(kim, at("2026-03-05T16:00:00Z")?), Open::new("Printer on fire").from("ann@example.com"))?;
//! // Thursday 16:00; eight business hours, open until 17:00: due on Friday afternoon.
//! assert_eq!(t.reading(Metric::FirstResponse).due(), Some(at("2026-03-06T16:00:00Z")?));
//!
//! let t = desk.submit(t.id(), &Call::new(kim, at("2026-03-06T09:30:00Z")?), Command::reply("On our way"))?;
//! let first = t.reading(Metric::FirstResponse);
//! assert_eq!((first.state(), first.verdict(), first.elapsed().num_minutes()), (State::Stopped, Verdict::Met, 90));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not here
//! Nothing is announced here: that a target was passed is recorded by [`escalation`](crate::escalation). No average is taken:
//! that is [`kpi`](crate::kpi).
//!
//! # Properties
//! A pause never makes a due earlier. A larger target never makes a due earlier. Reading at one instant and then at a later
//! one gives the later reading.

mod clock;
mod condition;
pub mod ledger;
mod metric;
mod policy;
pub mod preset;
mod promise;
mod reading;
mod target;

pub(crate) use clock::{Clock, Started};
pub use condition::Condition;
pub use ledger::{Ledger, ledger};
pub use metric::{AtResolution, Definition, Fulfilment, METRICS, OnReopen, Start};
pub(crate) use policy::Versions;
pub use policy::{Policies, Policy, ReopenOption, StartOption};
pub use promise::{Estimated, Fate, Promised, estimates, promises};
pub(crate) use reading::due_of;
pub(crate) use reading::swapped;
pub use reading::{Reading, State, Swapped, Verdict, periods, read};
pub use target::{InvalidTarget, Measure, Target};

pub use crate::ticket::{Agreement, ClockId, Metric};
