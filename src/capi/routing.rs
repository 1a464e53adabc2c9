//! Where tickets should go: pure functions of what they are given.

use std::ffi::c_char;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::routing::{Roster, RoutingError, Rules, WorkItem, plan, route};

use super::barrier::{barrier, out};
use super::buffer::helpdesk_buffer;
use super::error::{Fault, helpdesk_error};
use super::json;
use super::status::helpdesk_status::{self, HELPDESK_INVALID};
use super::time::instant;

/// One ticket to be given to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteOne {
    /// Who could take it.
    roster: Roster,
    /// What it is and needs.
    item: WorkItem,
    /// How to choose.
    #[serde(default)]
    rules: Rules,
}

/// Many tickets to be given to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteMany {
    /// Who could take them.
    roster: Roster,
    /// What they are and need.
    items: Vec<WorkItem>,
    /// How to choose.
    #[serde(default)]
    rules: Rules,
}

/// Which agent or team should take one ticket at `now`, and why (`ask` is JSON, schema: `route_one`): `*out` is JSON with the
/// route, what decided, and every agent who was not chosen with every reason.
///
/// Changes nothing: whoever agrees says it to the ticket as `assign`. The caller owns `*out`. Borrows `ask`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_route(
    ask: *const c_char,
    ask_len: usize,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    let route = |ask: RouteOne, now| route(&ask.roster, &ask.item, &ask.rules, now);
    // SAFETY: the contract of the module.
    unsafe { asked(ask, ask_len, now, out, error, route) }
}

/// Where many tickets should go at `now`, the most urgent first (`ask` is JSON, schema: `route_many`): `*out` is JSON with the
/// route of each, and what each agent holds then.
///
/// Changes nothing. The caller owns `*out`. Borrows `ask`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_routing_plan(
    ask: *const c_char,
    ask_len: usize,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    let plan = |ask: RouteMany, now| plan(&ask.roster, &ask.items, &ask.rules, now);
    // SAFETY: the contract of the module.
    unsafe { asked(ask, ask_len, now, out, error, plan) }
}

/// A question as JSON, answered as JSON.
///
/// # Safety
/// The contract of the module.
unsafe fn asked<Q: DeserializeOwned, A: Serialize>(
    ask: *const c_char,
    ask_len: usize,
    now: i64,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
    answer: fn(Q, DateTime<Utc>) -> Result<A, RoutingError>,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let ask = json::read(ask, ask_len, "ask")?;
        let answer = answer(ask, instant(now, "now")?).map_err(routing_fault)?;
        to.set(json::write(&answer)?);
        Ok(())
    })
}

/// What is wrong with a question about routing.
pub(super) fn routing_fault(error: RoutingError) -> Fault {
    Fault::new(HELPDESK_INVALID, "argument", "routing", error.to_string())
}
