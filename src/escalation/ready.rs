//! Ready-made rules for what every desk wants: reminders, auto-resolve, auto-close, delay notices, breaches, check-ins.
//!
//! Those that wait do so on [idleness](Trigger::Idle), not on the [time in a status](Trigger::TimeInStatus): each is about silence, and
//! whoever writes, the customer or an agent, puts it off. A desk whose nightly job sets fields on waiting tickets wants the other one: change
//! the trigger of the rule that is made.
//!
//! ```
//! use helpdesk::{Rulebook, escalation::ready};
//! let days = |text: &str| text.parse::<helpdesk::sla::Target>();
//! let rulebook = Rulebook::draft()
//!     .escalation(ready::remind_customer(days("48h calendar")?, 2))
//!     .escalation(ready::auto_resolve(days("168h calendar")?))
//!     .escalation(ready::auto_close(days("336h calendar")?))
//!     .build()?;
//! assert_eq!(rulebook.escalations().len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::id::Name;
use crate::sla::Target;
use crate::ticket::{CloseReason, Metric, Stage};

use super::rule::{Action, Guard, Level, Recipient, Rule, Trigger};
use super::threshold::Threshold;

fn known(text: &'static str) -> Name {
    Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

fn waiting_for_customer() -> Guard {
    Guard::stages([Stage::Pending]).pending([crate::ticket::PendingReason::Customer])
}

/// Reminds the customer (as the host's own action `remind customer`) when a ticket has waited for them so long, and again
/// `times` times.
pub fn remind_customer(after: Target, times: u16) -> Rule {
    let mut level = Level::new(known("remind"), Threshold::after(after))
        .guard(waiting_for_customer())
        .action(Action::Custom(known("remind customer")));
    if times > 0 {
        level = level.repeat(after, times);
    }
    Rule::new(known("remind customer"), Trigger::idle([Stage::Pending])).level(level)
}

/// Resolves a ticket that has waited for the customer so long without a word.
pub fn auto_resolve(after: Target) -> Rule {
    let level = Level::new(known("resolve"), Threshold::after(after))
        .guard(waiting_for_customer())
        .action(Action::Resolve);
    Rule::new(known("auto-resolve"), Trigger::idle([Stage::Pending])).level(level)
}

/// Closes a ticket that has been resolved so long without a word.
pub fn auto_close(after: Target) -> Rule {
    let level = Level::new(known("close"), Threshold::after(after))
        .action(Action::Close(CloseReason::Settled));
    Rule::new(known("auto-close"), Trigger::idle([Stage::Resolved])).level(level)
}

/// Tells the customer that it will take longer (as the host's own action `delay notice`), and the agent in charge, before a clock is
/// due: at a threshold such as `1h before due` or `75 %`. Once for each time that the clock runs towards a target, and not while the
/// ticket waits. With [`Metric::PromisedUpdate`] it comes before a promise is missed.
pub fn delay_notice(metric: Metric, at: Threshold) -> Rule {
    let working = Guard::stages([Stage::Open, Stage::Reopened]);
    let level = Level::new(known("notice"), at)
        .guard(working)
        .action(Action::Custom(known("delay notice")))
        .action(Action::Notify(Recipient::AgentInCharge));
    named("delay notice", metric).level(level)
}

/// Tells somebody that a clock's target is breached, right after that was recorded: not at the due, which may be the evening before.
pub fn tell_on_breach(metric: Metric, whom: Recipient) -> Rule {
    let level = Level::new(known("breached"), Threshold::on_breach()).action(Action::Notify(whom));
    named("on breach", metric).level(level)
}

/// A rule on the clock of this metric, named after it.
fn named(what: &'static str, metric: Metric) -> Rule {
    let name = Name::new(&format!("{what}: {metric}"));
    Rule::new(name.unwrap_or_else(|_| known(what)), Trigger::clock(metric))
}

/// Asks the customer whether it still works (as the host's own action `check in`) so long after the ticket was resolved and nobody
/// wrote since.
pub fn check_in(after: Target) -> Rule {
    let level = Level::new(known("check in"), Threshold::after(after))
        .action(Action::Custom(known("check in")));
    Rule::new(known("check in"), Trigger::idle([Stage::Resolved])).level(level)
}
