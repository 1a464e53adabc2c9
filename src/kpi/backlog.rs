//! How many tickets wait for the desk, day by day, and what moved the number.
//!
//! A ticket is in the backlog while it is open, pending or reopened. The number of a day is the one just before the midnight that
//! ends it, by the clock on the wall of a zone; for the day that is not over, the one at the instant of the report. It is not
//! counted anew for each day: every entry and every exit has an instant, so the series costs one step for each of them and
//! one for each day.
//!
//! A day is half-open, like every period: its entries and exits are those from the midnight that begins it up to, and without,
//! the one that ends it.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Open, Rulebook, calendar::Zone, id::{AgentId, TicketNumber}, kpi, ticket::{self, Ticket}};
//!
//! let rulebook = Rulebook::starter();
//! let kim = Actor::agent(AgentId::named("kim"));
//! let call = Call::new(kim, "2026-03-05T09:00:00Z".parse()?);
//! let opened = ticket::open(rulebook.tickets(), &call, &Open::new("Printer on fire").from("ann@example.com"), TicketNumber(1), None)?;
//! let ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).ok_or("empty")?;
//!
//! let backlog = kpi::backlog_by_day(&rulebook.facts(&ticket), &Zone::utc(), "2026-03-06T12:00:00Z".parse()?)?;
//! let days: Vec<_> = backlog.days().iter().map(|day| (day.date.to_string(), day.count)).collect();
//! assert_eq!(days, [("2026-03-05".to_owned(), 1), ("2026-03-06".to_owned(), 1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! The number of a day is that of a naive count at its end. It is the number of the day before, plus the entries, less the exits.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::ticket::CloseReason;
use crate::time::{Micros, micros};

use super::days::{Day, Days, date_of};
use super::error::KpiError;
use super::facts::Fact;
use super::quantile::Summary;

/// The longest series: more than the years 1970 to 2100.
const MAX_DAYS: i64 = 50_000;

/// Entries into and exits from the backlog, each counted under its one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flow {
    /// Entered: the ticket was created.
    pub created: i64,
    /// Entered: the ticket was reopened.
    pub reopened: i64,
    /// Left: resolved.
    pub resolved: i64,
    /// Left: closed as settled, without a resolution before it.
    pub settled: i64,
    /// Left: closed as cancelled.
    pub cancelled: i64,
    /// Left: closed as a duplicate.
    pub duplicate: i64,
    /// Left: closed as spam.
    pub spam: i64,
}

impl Flow {
    /// All entries.
    pub fn entered(&self) -> i64 {
        self.created.saturating_add(self.reopened)
    }

    /// All exits.
    pub fn left(&self) -> i64 {
        let closed = [self.settled, self.cancelled, self.duplicate, self.spam];
        closed.into_iter().fold(self.resolved, i64::saturating_add)
    }

    /// The entries less the exits.
    pub fn net(&self) -> i64 {
        self.entered().saturating_sub(self.left())
    }

    pub(super) fn add(&mut self, other: &Flow) {
        let pairs = [
            (&mut self.created, other.created),
            (&mut self.reopened, other.reopened),
            (&mut self.resolved, other.resolved),
            (&mut self.settled, other.settled),
            (&mut self.cancelled, other.cancelled),
            (&mut self.duplicate, other.duplicate),
            (&mut self.spam, other.spam),
        ];
        for (mine, theirs) in pairs {
            *mine = mine.saturating_add(theirs);
        }
    }

    fn entry(&mut self, row: &Fact) -> &mut i64 {
        if row.cycle == 0 {
            &mut self.created
        } else {
            &mut self.reopened
        }
    }

    fn exit(&mut self, row: &Fact) -> &mut i64 {
        match row.closed {
            _ if row.first_resolved_at.is_some() && row.first_resolved_at == row.left_at => {
                &mut self.resolved
            }
            Some((_, CloseReason::Cancelled)) => &mut self.cancelled,
            Some((_, CloseReason::Duplicate)) => &mut self.duplicate,
            Some((_, CloseReason::Spam)) => &mut self.spam,
            Some((_, CloseReason::Settled)) | None => &mut self.settled,
        }
    }
}

/// What moved on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Moved {
    flow: Flow,
    /// The instants of creation of those that entered less those of those that left, added up: from them follow the ages.
    born_us: i128,
}

/// Entries and exits by day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Flows(BTreeMap<Day, Moved>); // INVARIANT: none is all zeros

impl Flows {
    /// Counts the row's entry and exit, as far as they had happened by `as_of`, `by` times.
    pub(super) fn change(
        &mut self,
        row: &Fact,
        zone: &Zone,
        days: &mut Days,
        as_of: DateTime<Utc>,
        by: i64,
    ) {
        if row.started_at > as_of {
            return;
        }
        let born = i128::from(micros(row.created_at));
        let day = days.of(zone, micros(row.started_at));
        self.bump(day, by, born, |flow| flow.entry(row));
        if let Some(left) = row.left_at.filter(|left| *left <= as_of) {
            let day = days.of(zone, micros(left.max(row.started_at)));
            self.bump(day, by, born.saturating_neg(), |flow| flow.exit(row));
        }
    }

    fn bump(&mut self, day: Day, by: i64, born_us: i128, place: impl Fn(&mut Flow) -> &mut i64) {
        let moved = self.0.entry(day).or_default();
        let count = place(&mut moved.flow);
        *count = count.saturating_add(by);
        let is_zero = *count == 0;
        let born = born_us.saturating_mul(i128::from(by));
        moved.born_us = moved.born_us.saturating_add(born);
        if is_zero && *moved == Moved::default() {
            self.0.remove(&day);
        }
    }

    pub(super) fn merge(&mut self, other: &Flows) {
        for (day, theirs) in &other.0 {
            let mine = self.0.entry(*day).or_default();
            mine.flow.add(&theirs.flow);
            mine.born_us = mine.born_us.saturating_add(theirs.born_us);
        }
        self.0.retain(|_, moved| *moved != Moved::default());
    }

    /// The series from the day `from`, or from the first day on which anything happened if that is later, up to `last`. `end_of`
    /// tells the instant of a day's number.
    pub(super) fn series(
        &self,
        from: Option<Day>,
        last: Day,
        mut end_of: impl FnMut(Day) -> Micros,
    ) -> Result<Backlog, KpiError> {
        let now = self
            .0
            .values()
            .fold(0i64, |sum, moved| sum.saturating_add(moved.flow.net()));
        let mut backlog = Backlog {
            days: Vec::new(),
            peak: None,
            now: u64::try_from(now).map_err(|_| KpiError::unbalanced())?,
        };
        let Some(begin) = self.0.keys().next() else {
            return Ok(backlog);
        };
        let first = from.map_or(*begin, |from| from.max(*begin));
        let length = i64::from(last) - i64::from(first) + 1;
        if length > MAX_DAYS {
            return Err(KpiError::days(length, MAX_DAYS));
        }
        let (mut count, mut born) = (0i64, 0i128);
        let mut move_on = |moved: &Moved| {
            count = count.saturating_add(moved.flow.net());
            born = born.saturating_add(moved.born_us);
            (count, born)
        };
        let before = self.0.range(..first);
        before.for_each(|(_, moved)| {
            move_on(moved);
        });
        let mut flows = self.0.range(first..).peekable();
        for day in first..=last {
            let moved = flows
                .next_if(|(on, _)| **on == day)
                .map_or(Moved::default(), |(_, moved)| *moved);
            let (count, born) = move_on(&moved);
            let (Some(date), Ok(count)) = (date_of(day), u64::try_from(count)) else {
                return Err(KpiError::unbalanced());
            };
            let whole = i128::from(count).saturating_mul(i128::from(end_of(day)));
            backlog.days.push(BacklogDay {
                date,
                count,
                flow: moved.flow,
                age_us: whole.saturating_sub(born),
            });
            if backlog.peak.is_none_or(|(_, most)| count > most) {
                backlog.peak = Some((date, count));
            }
        }
        Ok(backlog)
    }
}

/// One day of the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BacklogDay {
    /// The local date.
    pub date: NaiveDate,
    /// How many tickets waited just before the midnight that ends it, or at the instant of the report if that comes first.
    pub count: u64,
    /// What changed the number since the midnight that began it, what happened at that midnight included.
    pub flow: Flow,
    /// The ages of those that waited, from their creation to that instant, added up, in microseconds: over `count`, it is the
    /// mean age.
    pub age_us: i128,
}

/// The backlog now and by day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Backlog {
    now: u64,
    peak: Option<(NaiveDate, u64)>,
    days: Vec<BacklogDay>,
}

impl Backlog {
    /// The same series, with the number at its end as the present one.
    pub(super) fn at_its_end(mut self) -> Backlog {
        self.now = self.days.last().map_or(0, |day| day.count);
        self
    }

    /// How many tickets wait at the instant of the report; in a group with a period, at the end of that.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The days without a gap, the first and the last included. None before the first ticket: there, nothing is known.
    pub fn days(&self) -> &[BacklogDay] {
        &self.days
    }

    /// The day at whose end most tickets waited (the first of several), and how many.
    pub fn peak(&self) -> Option<(NaiveDate, u64)> {
        self.peak
    }
}

/// The backlog at the end of each day of `zone`, from the first ticket to `until`. Rows may stand in any order; what is later
/// than `until` has not happened.
///
/// # Errors
/// A series of more than 50,000 days.
pub fn backlog_by_day<'a>(
    rows: impl IntoIterator<Item = &'a Fact>,
    zone: &Zone,
    until: DateTime<Utc>,
) -> Result<Backlog, KpiError> {
    let mut days = Days::default();
    let mut flows = Flows::default();
    for row in rows {
        flows.change(row, zone, &mut days, until, 1);
    }
    let last = days.of(zone, micros(until));
    flows.series(None, last, |day| days.end(zone, day).min(micros(until)))
}

/// The backlog at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The instant.
    pub at: DateTime<Utc>,
    /// How many tickets waited.
    pub count: u64,
    /// How many of them were there again: reopened.
    pub reopened: u64,
    /// Their ages from creation; `None` where nothing waited.
    pub ages: Option<Summary>,
}

/// The backlog at any instant, by replay of the rows: which tickets waited then, and how old they were. Rows may stand in any
/// order.
///
/// # Properties
/// Its number a microsecond before the midnight that ends a day is that of the series. Between two instants it changes by what
/// entered less what left.
pub fn backlog_at<'a>(rows: impl IntoIterator<Item = &'a Fact>, at: DateTime<Utc>) -> Snapshot {
    let mut reopened = 0u64;
    let waiting = rows.into_iter().filter(|row| row.is_backlog_at(at));
    let mut ages: Vec<i64> = waiting
        .inspect(|row| reopened = reopened.saturating_add(u64::from(row.cycle > 0)))
        .map(|row| micros(at).saturating_sub(micros(row.created_at)))
        .collect();
    Snapshot {
        at,
        count: u64::try_from(ages.len()).unwrap_or(u64::MAX),
        reopened,
        ages: Summary::of_mut(&mut ages),
    }
}
