//! What a clock shows, as a plain struct.

use std::mem::offset_of;

use crate::sla::{Reading, State, Verdict};
use crate::ticket::{Agreement, ClockId, Metric};
use crate::time::micros;

use super::barrier::{Plain, Versioned};
use super::error::Fault;
use super::time::{HELPDESK_NONE, micros_or_none};

/// What a clock measures.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_metric {
    /// From the customer's first contact to the first public message of a human agent.
    HELPDESK_FIRST_RESPONSE = 0,
    /// From the oldest unanswered customer message to the answer; each time.
    HELPDESK_NEXT_RESPONSE = 1,
    /// From one public message of a human agent to the next; each time.
    HELPDESK_PERIODIC_UPDATE = 2,
    /// From a promise to the public message that keeps it; each promise.
    HELPDESK_PROMISED_UPDATE = 3,
    /// How long the requester waited for the desk.
    HELPDESK_REQUESTER_WAIT = 4,
    /// How long the desk had work to do.
    HELPDESK_AGENT_WORK = 5,
    /// From creation to the first resolution.
    HELPDESK_FIRST_RESOLUTION = 6,
    /// From creation to the resolution, over all cycles.
    HELPDESK_TOTAL_RESOLUTION = 7,
    /// Until an agent is in charge; each team.
    HELPDESK_OWNERSHIP = 8,
    /// From the resolution to the next public message of a human agent.
    HELPDESK_FOLLOW_UP = 9,
}

/// With whom a target was agreed.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_agreement {
    /// With the customer.
    HELPDESK_SLA = 0,
    /// Between teams of the host.
    HELPDESK_OLA = 1,
    /// With a supplier.
    HELPDESK_CONTRACT = 2,
}

/// What a clock is doing.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_state {
    /// No policy of its agreement ever applied to the ticket.
    HELPDESK_STATE_NOT_APPLICABLE = 0,
    /// What begins it has not happened.
    HELPDESK_STATE_NOT_STARTED = 1,
    /// It runs.
    HELPDESK_STATE_RUNNING = 2,
    /// It waits, by the pause table.
    HELPDESK_STATE_PAUSED = 3,
    /// It was fulfilled, or ended unanswered.
    HELPDESK_STATE_STOPPED = 4,
    /// The ticket was closed without what it waited for.
    HELPDESK_STATE_CANCELLED = 5,
}

/// How a clock stands to its target.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_verdict {
    /// Nothing to say yet.
    HELPDESK_VERDICT_OPEN = 0,
    /// Fulfilled with at most the target used.
    HELPDESK_VERDICT_MET = 1,
    /// More than the target was used.
    HELPDESK_VERDICT_BREACHED = 2,
    /// Resolved or closed without the answer that it waited for.
    HELPDESK_VERDICT_UNANSWERED = 3,
}

/// A clock at an instant. Instants and lengths are microseconds, `HELPDESK_NONE` where there is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct helpdesk_reading {
    /// `sizeof(helpdesk_reading)`, set by the caller.
    pub size: usize,
    /// A `helpdesk_state`.
    pub state: i32,
    /// A `helpdesk_verdict`.
    pub verdict: i32,
    /// 1 where any target was ever passed while in force, else 0.
    pub ever_breached: i32,
    /// 0.
    pub reserved: i32,
    /// The running time so far.
    pub elapsed: i64,
    /// The running time that the target allows.
    pub amount: i64,
    /// When it began.
    pub started_at: i64,
    /// When the target is used up, as things stand.
    pub due: i64,
    /// When it ended.
    pub stopped_at: i64,
}
// SAFETY: numbers.
unsafe impl Plain for helpdesk_reading {}
// SAFETY: `repr(C)`, size first.
unsafe impl Versioned for helpdesk_reading {
    const LEAST: usize = offset_of!(helpdesk_reading, stopped_at) + size_of::<i64>();
}

impl From<Reading> for helpdesk_reading {
    fn from(reading: Reading) -> helpdesk_reading {
        helpdesk_reading {
            size: size_of::<helpdesk_reading>(),
            state: match reading.state() {
                State::NotApplicable => 0,
                State::NotStarted => 1,
                State::Running => 2,
                State::Paused => 3,
                State::Stopped => 4,
                State::Cancelled => 5,
            },
            verdict: match reading.verdict() {
                Verdict::Open => 0,
                Verdict::Met => 1,
                Verdict::Breached => 2,
                Verdict::Unanswered => 3,
            },
            ever_breached: i32::from(reading.ever_breached()),
            reserved: 0,
            elapsed: reading.elapsed().num_microseconds().unwrap_or(i64::MAX),
            amount: reading.amount().map_or(HELPDESK_NONE, |amount| {
                amount.num_microseconds().unwrap_or(i64::MAX)
            }),
            started_at: reading.started_at().map_or(HELPDESK_NONE, micros),
            due: micros_or_none(reading.due()),
            stopped_at: micros_or_none(reading.stopped_at()),
        }
    }
}

/// The clock of two arguments.
pub(super) fn clock(agreement: i32, metric: i32) -> Result<ClockId, Fault> {
    let place = |n: i32| usize::try_from(n).unwrap_or(usize::MAX);
    let found = Agreement::ALL.get(place(agreement)).copied();
    let agreement = found
        .ok_or_else(|| Fault::choice("agreement", agreement, "a `helpdesk_agreement`, 0 to 2,"))?;
    let found = Metric::ALL.get(place(metric)).copied();
    let metric =
        found.ok_or_else(|| Fault::choice("metric", metric, "a `helpdesk_metric`, 0 to 9,"))?;
    Ok(ClockId { agreement, metric })
}
