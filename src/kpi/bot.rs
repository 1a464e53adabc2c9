//! Conversations with bots: how many needed no agent, how many helped, how many were handed over.
//!
//! ```
//! use helpdesk::kpi::{BotTally, Fact, sessions};
//! # let rows: Vec<Fact> = vec![];
//! let now = "2026-04-01T00:00:00Z".parse()?;
//! let mut tally = BotTally::default();
//! sessions(&rows).for_each(|session| tally.add(session, now));
//! println!("{} contained, {} handed over", tally.containment()?, tally.hand_off()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! Tallies merge (associative, commutative, the empty one changes nothing) and give back what is taken. Each conversation that is over
//! for the bot was contained (confirmed or not), abandoned or handed over, and nothing else; every ratio lies in [0, 1]. An agent who answers
//! the customer while the bot talks takes over, as on the clocks: that counts as handed over, however the host says that it ended.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ticket::{Session, SessionEnd};

use super::error::KpiError;
use super::facts::Fact;
use super::ratio::{Excluded, Exclusion, Ratio};

/// The calls, chats and conversations with bots of these rows.
pub fn sessions<'r>(rows: impl IntoIterator<Item = &'r Fact>) -> impl Iterator<Item = &'r Session> {
    let own = rows.into_iter().filter_map(|row| row.own.as_ref());
    own.flat_map(|own| &own.sessions)
}

/// Conversations with bots, counted by how they ended: in parts, added up later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotTally {
    contained: i64,
    confirmed: i64,
    abandoned: i64,
    handed_over: i64,
    going_on: i64,
}

impl BotTally {
    /// Counts a session as it was known at `as_of`. One without a bot does not count.
    pub fn add(&mut self, session: &Session, as_of: DateTime<Utc>) {
        self.change(session, as_of, 1);
    }

    /// Takes one back that was, or will be, added.
    pub fn retract(&mut self, session: &Session, as_of: DateTime<Utc>) {
        self.change(session, as_of, -1);
    }

    /// Adds up both.
    pub fn merge(&mut self, other: &BotTally) {
        for (mine, theirs) in [
            (&mut self.contained, other.contained),
            (&mut self.confirmed, other.confirmed),
            (&mut self.abandoned, other.abandoned),
            (&mut self.handed_over, other.handed_over),
            (&mut self.going_on, other.going_on),
        ] {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// The part that ended without an agent and without the customer giving up.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn containment(&self) -> Result<Ratio, KpiError> {
        self.ratio(self.contained.saturating_add(self.confirmed))
    }

    /// The part of which the customer said that the bot had helped.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn resolution(&self) -> Result<Ratio, KpiError> {
        self.ratio(self.confirmed)
    }

    /// The part that the bot handed over to an agent, or that an agent took over by answering the customer.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn hand_off(&self) -> Result<Ratio, KpiError> {
        self.ratio(self.handed_over)
    }

    fn ratio(&self, part: i64) -> Result<Ratio, KpiError> {
        let count = |n: i64| u64::try_from(n).map_err(|_| KpiError::unbalanced());
        let parts = [
            self.contained,
            self.confirmed,
            self.abandoned,
            self.handed_over,
        ];
        let whole = parts.into_iter().fold(0, i64::saturating_add);
        let going_on = [(Exclusion::Undecided, count(self.going_on)?)];
        Ratio::new(count(part)?, count(whole)?, Excluded::from_iter(going_on))
            .ok_or_else(KpiError::unbalanced)
    }

    fn change(&mut self, session: &Session, as_of: DateTime<Utc>, by: i64) {
        if session.bot.is_none() || session.began_at > as_of {
            return;
        }
        let handed_over = session.handed_over.as_ref().map(|(at, _)| *at);
        let taken_over = session.taken_over.map(|(at, _)| at);
        let mut to_agents = handed_over.into_iter().chain(taken_over);
        let handed_over = to_agents.any(|at| at <= as_of);
        let place = match session.ended.filter(|(at, _)| *at <= as_of) {
            _ if handed_over => &mut self.handed_over,
            None => &mut self.going_on,
            Some((_, SessionEnd::Contained | SessionEnd::Completed)) => &mut self.contained,
            Some((_, SessionEnd::Confirmed)) => &mut self.confirmed,
            Some((_, SessionEnd::Abandoned)) => &mut self.abandoned,
        };
        *place = place.saturating_add(by);
    }
}
