//! Histories that another system recorded, taken over as tickets.
//!
//! A [`History`] is what a log tells about one ticket, in neutral words: how it began, and [`Row`]s, each with an instant
//! and what it [`Said`]. [`import`] makes a ticket of it: a pure function, no file is read and nothing is stored.
//! [`TenantDesk::import`](crate::desk::TenantDesk::import) stores the result.
//!
//! [`WhatIf`] tries another rulebook on histories, imported or lived: which dues, breaches, escalations and figures differ.
//!
//! Two ideas carry the import. What was recorded is a fact: nothing is refused, only what makes no difference or cannot be told is no
//! event, and nothing is added that today's rules would have done (no catch-up, no waking, no follow-up ticket, no status that a
//! message would have changed). And what surprises is told: whatever a live desk would have refused is applied as recorded and counted
//! as an anomaly by [kind](AnomalyKind). The live desk itself is asked, through [`decide`](crate::ticket::decide), so the
//! two cannot drift apart.
//!
//! ```
//! use chrono::{DateTime, Utc};
//! use helpdesk::replay::{AnomalyKind, History, Row, import};
//! use helpdesk::ticket::{CloseReason, Status};
//! use helpdesk::{Rulebook, TenantId, TicketId, id::{CustomerId, TicketNumber}};
//!
//! let at = |text: &str| text.parse::<DateTime<Utc>>();
//! let history = History::new(TicketId::named("INC7"), TicketNumber(7), CustomerId::named("ann"), at("2026-03-05T09:00:00Z")?)
//!     .row(Row::new(at("2026-03-05T10:00:00Z")?).status(Status::Resolved))
//!     .row(Row::new(at("2026-03-05T09:50:00Z")?).status(Status::Closed(CloseReason::Settled))) // earlier than the row before
//!     .row(Row::new(at("2026-03-05T11:00:00Z")?).status(Status::Open)); // after a close
//!
//! let imported = import(&history, &Rulebook::starter(), TenantId::SINGLE);
//! assert_eq!(imported.ticket().status(), Status::Reopened);
//! assert_eq!(imported.anomalies().count(&AnomalyKind::OutOfOrder), 1);
//! assert_eq!(imported.anomalies().count(&AnomalyKind::ReopenOfClosed), 1);
//! # Ok::<(), chrono::ParseError>(())
//! ```
//!
//! # How a row is read
//! - *Time.* A stamp earlier than the row before is raised to it, one before the creation is raised to the creation, one
//!   outside the years of calendars is held to them: each is an anomaly, and the event keeps the stamp as `stamped_at`. So
//!   the stamps of the events never fall, and every row that was raised is counted. [`Order::ByTime`] sorts the rows first,
//!   for logs whose order means nothing.
//! - *Status.* What the row says is what holds from then on. Work after a resolution or a close is `Reopened`, whatever
//!   the log calls it; waiting after a resolution is a reopening and a wait, two events, as it is live. A state that nobody
//!   knows keeps the state.
//! - *Facts.* A value that holds already is no event.
//! - *Policies* of the rulebook the ticket is pinned to are chosen as live: after each row, and before a status moves. A
//!   target that was passed when it came into force is announced then, as live; every other announcement waits for the first
//!   sweep.
//! - *Who.* The roles are the log's own; today's permission table is not asked.
//!
//! # Properties
//! For every history: import does not panic; each thing said is an event, holds already, or is a counted anomaly; the
//! stamps of the events never fall; the ticket equals [`Ticket::replay`](crate::Ticket::replay) of the events; what is
//! imported of one history does not depend on any other.

mod anomaly;
mod door;
mod history;
mod import;
mod said;
mod what_if;

pub use anomaly::{Anomalies, AnomalyKind};
pub use history::{Beginning, History, Order, Row, Said};
pub use import::{Imported, import};
pub use what_if::{
    Changed, Difference, How, Line, Redone, TicketDifference, Tried, What, WhatIf, what_if,
};
