//! Rules that hold for all values, as functions that panic where one does not.
//!
//! Call them from property tests of your own, with values of your own or from the strategies beside this module. The panic names
//! the values; what a law takes that it does not fit (a refused command, a calendar that would never open) fulfils it for nothing.
//!
//! | laws of | take |
//! |---|---|
//! | [`calendar`] | any calendar, and instants in any order |
//! | [`clock`] | what is recorded of a ticket ([`Told`](super::story::Told)), and the rulebook |
//! | [`fold`] | the events of a ticket |
//! | [`desk`] | a desk on any store, and a ticket in it |
//! | [`escalation`] | the events of tickets, and what came out of the outbox |
//! | [`merge`] | a desk, and two tickets |
//! | [`kpi`] | a report, and rows of tickets |
//! | [`routing`] | a roster, tickets and rules |
//!
//! # Panics
//! Every function here panics where its law does not hold, and where the desk or store it was given fails; that is what it is for.

pub mod calendar;
pub mod clock;
pub mod desk;
pub mod escalation;
pub mod fold;
pub mod kpi;
pub mod merge;
pub mod routing;

use std::fmt::Display;

use crate::ticket::{Agreement, ClockId, Metric};

/// Every clock that a ticket can have, of every agreement.
pub fn clocks() -> impl Iterator<Item = ClockId> {
    let of = |agreement| Metric::ALL.map(|metric| ClockId { agreement, metric });
    Agreement::ALL.into_iter().flat_map(of)
}

/// What must not fail where a law is asked about.
#[track_caller]
fn fine<T, E: Display>(answer: Result<T, E>) -> T {
    answer.unwrap_or_else(|error| panic!("{error}"))
}
