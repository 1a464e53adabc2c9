//! What a ticket shows at an instant, with everything that falls due until then.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::rulebook::Rulebook;
use crate::sla::{self, Ledger, Reading};
use crate::ticket::{ClockId, Ticket};
use crate::time::micros;

use super::catch_up::Working;

/// What a clock of `ticket` shows at `now`, with everything that falls due until then taken into account: an ended wait, a
/// raised priority.
///
/// # Properties
/// Reading is the same before and after a sweep at the same instant.
pub fn read(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Reading {
    sla::read(
        &as_of(ticket, rulebook, now),
        rulebook.policies(),
        clock,
        now,
    )
}

/// What each of these clocks shows; see [`read`].
#[cfg(feature = "capi")]
pub(crate) fn read_each(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clocks: impl IntoIterator<Item = ClockId>,
    now: DateTime<Utc>,
) -> Vec<Reading> {
    let ticket = as_of(ticket, rulebook, now);
    let clocks = clocks.into_iter();
    let each = clocks.map(|clock| sla::read(&ticket, rulebook.policies(), clock, now));
    each.collect()
}

/// The ledger behind what [`read`] says.
pub fn ledger(
    ticket: &Ticket,
    rulebook: &Rulebook,
    clock: impl Into<ClockId>,
    now: DateTime<Utc>,
) -> Ledger {
    sla::ledger(
        &as_of(ticket, rulebook, now),
        rulebook.policies(),
        clock,
        now,
    )
}

/// The ticket with everything that falls due until `now`.
fn as_of<'t>(ticket: &'t Ticket, rulebook: &Rulebook, now: DateTime<Utc>) -> Cow<'t, Ticket> {
    let is_behind = |at| at < micros(now);
    let next = rulebook.next_due_at(ticket, &rulebook.outlook(ticket));
    if !next.is_some_and(is_behind) {
        return Cow::Borrowed(ticket);
    }
    let mut working = Working::new(ticket.clone(), rulebook);
    working.catch_up(now, READ_LIMIT);
    Cow::Owned(Arc::unwrap_or_clone(working.ticket))
}

/// How many events a reading looks ahead.
const READ_LIMIT: usize = 65_536;
