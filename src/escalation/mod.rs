//! What happens by itself: waits end, targets are passed, escalation levels fire. Each once for ever.
//!
//! A [`Rule`] watches something: a clock, idleness, the time in a status, a waiting customer, reopenings, a low rating. Each of its levels fires at a [`Threshold`]
//! and may repeat. Auto-close, auto-resolve and reminders are rules like any other ([`ready`]). What is due, and when, follows from the
//! ticket and the rulebook alone, so it makes no difference who looks, or how often: a commit at an instant first records
//! everything that was due strictly before it, in order, each with the instant at which it was due and the instant at which it
//! was noticed. A sweep is a commit that does nothing else.
//!
//! Every firing and every announced breach has a key, derived from tenant, ticket, rule and level names, the repeat, the event
//! that the trigger counts from, and the text of the target in force. A key in the ticket's history never appears again: a target changed
//! and changed back fires nothing twice.
//!
//! Inner actions (priority, tags, assignment) are events in the same commit. Outward ones (telling somebody) go to the outbox,
//! from which the host delivers them; [`CatchUp`] and [`Delivery`](crate::ticket::Delivery) say which do.
//!
//! # What is not here
//! Nothing polls and nothing is sent. When to look next is told by `wake_at` of every outcome and by
//! [`Desk::nap`](crate::Desk::nap).

mod due;
mod key;
pub mod ready;
mod rule;
mod search;
mod threshold;
mod words;

pub(crate) use due::{
    Causes, Due, OtherRules, Outlook, Ruled, What, next, next_at, passed_on_attach,
};
pub use rule::{Action, CatchUp, Guard, Level, MAX_CHAIN, Recipient, Repeat, Rule, Trigger};
pub use threshold::{InvalidThreshold, Threshold};
pub(crate) use threshold::{Kind as ThresholdKind, share};
