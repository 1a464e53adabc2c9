//! Hours, days, weeks, months, quarters and years by the clock on the wall of a zone.
//!
//! A period is half-open: midnight begins the new day. Days begin at midnight, or where the clocks skip it at the first instant
//! after it. An hour that the clocks repeat is two periods.
//!
//! ```
//! use helpdesk::{calendar::Zone, kpi::{Every, Period}};
//! use chrono::Weekday;
//! let zone = Zone::parse("Europe/Berlin")?;
//! let at = "2026-03-29T10:00:00Z".parse()?; // a Sunday, on which the clocks go forward
//! let week = Period::at(Every::Week, at, &zone, Weekday::Sun);
//! assert_eq!(week.to_string(), "week of 2026-03-29");
//! let (from, to) = Period::at(Every::Day, at, &zone, Weekday::Mon).bounds(&zone);
//! assert_eq!((to - from).num_hours(), 23);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::cmp::Ordering;
use std::fmt;

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike,
    Utc, Weekday,
};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;

/// How long a period is.
///
/// Exhaustive: a new length would be a new dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// From one full hour to the next.
    Hour,
    /// A local date.
    Day,
    /// Seven dates, from the day with which weeks begin.
    Week,
    /// A calendar month.
    Month,
    /// January to March, and so on.
    Quarter,
    /// A calendar year.
    Year,
}

/// One period. Those of one length stand in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    every: Every,
    start: NaiveDateTime,
    west_s: i32, // of an hour: how far the clocks stand behind UTC. Otherwise 0
    /// Of an hour: whether the clocks show it under another offset too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_repeated: bool,
}

impl Period {
    /// The period of `every` to which `at` belongs, by the clock of `zone`; weeks begin with `week_begins`.
    pub fn at(every: Every, at: DateTime<Utc>, zone: &Zone, week_begins: Weekday) -> Period {
        let local = zone.local(at);
        if every == Every::Hour {
            let full = local.date().and_hms_opt(local.hour(), 0, 0);
            let start = full.unwrap_or(local);
            return Period {
                every,
                start,
                west_s: zone.offset(at).saturating_neg(),
                is_repeated: is_repeated(start, zone),
            };
        }
        Period::of_date(every, day_of(at, local.date(), zone), week_begins)
    }

    fn of_date(every: Every, date: NaiveDate, week_begins: Weekday) -> Period {
        let first = match every {
            Every::Hour | Every::Day => Some(date),
            Every::Week => {
                let into = date.weekday().days_since(week_begins);
                date.checked_sub_days(Days::new(u64::from(into)))
            }
            Every::Month => date.with_day(1),
            Every::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
            Every::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        };
        Period {
            every,
            start: first.unwrap_or(date).and_time(NaiveTime::MIN),
            west_s: 0,
            is_repeated: false,
        }
    }

    /// Its length.
    pub fn every(&self) -> Every {
        self.every
    }

    /// What the clock on the wall shows when it begins.
    pub fn start(&self) -> NaiveDateTime {
        self.start
    }

    /// The period before it. An hour keeps to its own clock, as [`Period::after`] says.
    #[must_use]
    pub fn before(&self) -> Period {
        self.moved(false)
    }

    /// The period after it.
    ///
    /// An hour keeps to its own clock, as no zone is asked: over a change of clocks it is the hour that would follow had they not been
    /// moved. It is the same stretch of time under another name, where the clocks are moved by whole hours.
    ///
    /// ```
    /// use helpdesk::{calendar::Zone, kpi::{Every, Period}};
    /// use chrono::Weekday;
    /// let zone = Zone::parse("Europe/Berlin")?;
    /// let hour = |at: &str| at.parse().map(|at| Period::at(Every::Hour, at, &zone, Weekday::Mon));
    /// let summer = hour("2026-10-25T00:30:00Z")?; // 02:00, for the first time
    /// let winter = hour("2026-10-25T01:30:00Z")?; // 02:00 again
    /// assert_ne!(summer.after(), winter); // 03:00, had the clocks not gone back
    /// assert_eq!(summer.after().bounds(&zone), winter.bounds(&zone));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn after(&self) -> Period {
        self.moved(true)
    }

    /// The first instant in it, and the first after it.
    pub fn bounds(&self, zone: &Zone) -> (DateTime<Utc>, DateTime<Utc>) {
        if self.every == Every::Hour {
            let west = TimeDelta::seconds(i64::from(self.west_s));
            let begin = self.start.and_utc();
            let begin = begin.checked_add_signed(west).unwrap_or(begin);
            let end = begin.checked_add_signed(TimeDelta::hours(1));
            return self.of_its_clock((begin, end.unwrap_or(begin)), zone);
        }
        (
            zone.start_of(self.start.date()),
            zone.start_of(self.after().start.date()),
        )
    }

    /// The part of an hour in which the clocks stand as it says: where they are moved by less than an hour, it is shorter.
    fn of_its_clock(
        &self,
        (begin, end): (DateTime<Utc>, DateTime<Utc>),
        zone: &Zone,
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let within = |(at, _): &(DateTime<Utc>, i32)| begin < *at && *at < end;
        match zone.transitions().find(within) {
            Some((at, east)) if east == self.west_s.saturating_neg() => (at, end),
            Some((at, _)) => (begin, at),
            None => (begin, end),
        }
    }

    /// Where it begins, as if in UTC.
    fn begin(&self) -> i64 {
        let wall = self.start.and_utc().timestamp();
        wall.saturating_add(i64::from(self.west_s))
    }

    fn moved(&self, forward: bool) -> Period {
        let days = |date: NaiveDate, n| match forward {
            true => date.checked_add_days(Days::new(n)),
            false => date.checked_sub_days(Days::new(n)),
        };
        let months = |date: NaiveDate, n| match forward {
            true => date.checked_add_months(Months::new(n)),
            false => date.checked_sub_months(Months::new(n)),
        };
        let date = self.start.date();
        let moved = match self.every {
            Every::Hour => {
                let hour = TimeDelta::hours(if forward { 1 } else { -1 });
                self.start.checked_add_signed(hour)
            }
            Every::Day => days(date, 1).map(|date| date.and_time(NaiveTime::MIN)),
            Every::Week => days(date, 7).map(|date| date.and_time(NaiveTime::MIN)),
            Every::Month => months(date, 1).map(|date| date.and_time(NaiveTime::MIN)),
            Every::Quarter => months(date, 3).map(|date| date.and_time(NaiveTime::MIN)),
            Every::Year => months(date, 12).map(|date| date.and_time(NaiveTime::MIN)),
        };
        Period {
            start: moved.unwrap_or(self.start),
            is_repeated: false, // no zone is asked
            ..*self
        }
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Period) -> Ordering {
        let key = |one: &Period| (one.every, one.begin(), one.west_s, one.is_repeated);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Period) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether the clocks show some of the hour that begins at `start` twice.
fn is_repeated(start: NaiveDateTime, zone: &Zone) -> bool {
    let last = start.checked_add_signed(TimeDelta::seconds(HOUR_S - 1));
    [Some(start), last]
        .into_iter()
        .flatten()
        .any(|wall| zone.instant_of(wall) != zone.last_instant_of(wall))
}

const HOUR_S: i64 = 3_600;

/// The day to which `at` belongs: a day lasts from its first instant to that of the next, also where the clocks then show the day
/// before once more.
fn day_of(at: DateTime<Utc>, shown: NaiveDate, zone: &Zone) -> NaiveDate {
    let next = |date: NaiveDate| date.checked_add_days(Days::new(1));
    let mut date = shown;
    while let Some(later) = next(date).filter(|later| zone.start_of(*later) <= at) {
        date = later;
    }
    date
}

impl fmt::Display for Period {
    /// Such as `2026-03-05 14:00`, `2026-03-05`, `week of 2026-03-02`, `2026-03`, `2026-Q1`, `2026`. An hour that the clocks show twice
    /// has its offset, such as `2026-10-25 02:00+02:00` and then `2026-10-25 02:00+01:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start;
        let text = match self.every {
            Every::Hour if self.is_repeated => {
                let (sign, minutes) = match self.west_s {
                    1.. => ('-', self.west_s / 60),
                    east => ('+', (east / 60).saturating_neg()),
                };
                let (hours, minutes) = (minutes / 60, minutes % 60);
                format!(
                    "{}{sign}{hours:02}:{minutes:02}",
                    start.format("%Y-%m-%d %H:%M")
                )
            }
            Every::Hour => start.format("%Y-%m-%d %H:%M").to_string(),
            Every::Day => start.format("%Y-%m-%d").to_string(),
            Every::Week => start.format("week of %Y-%m-%d").to_string(),
            Every::Month => start.format("%Y-%m").to_string(),
            Every::Quarter => format!("{}-Q{}", start.format("%Y"), start.date().month0() / 3 + 1),
            Every::Year => start.format("%Y").to_string(),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every() -> impl Strategy<Value = Every> {
        prop::sample::select(vec![
            Every::Hour,
            Every::Day,
            Every::Week,
            Every::Month,
            Every::Quarter,
            Every::Year,
        ])
    }

    proptest! {
        /// Whatever the zone does at midnight: an instant lies in its period, and no instant in two.
        #[test]
        fn an_instant_lies_in_its_period(
            every in every(),
            name in prop::sample::select(vec!["UTC", "America/St_Johns", "Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Apia", "Asia/Beirut", "America/Havana", "Asia/Kathmandu"]),
            second in 0i64..4_000_000_000, begins in 0u8..7,
        ) {
            let zone = Zone::parse(name).unwrap();
            let begins = Weekday::try_from(begins).unwrap();
            let at = DateTime::from_timestamp(second, 0).unwrap();
            let period = Period::at(every, at, &zone, begins);
            let (from, to) = period.bounds(&zone);
            prop_assert!(from <= at && at < to, "{period}: {from} {at} {to}");
            prop_assert_eq!(Period::at(every, from, &zone, begins), period);
            prop_assert_ne!(Period::at(every, to, &zone, begins), period);
            if every != Every::Hour {
                prop_assert_eq!(period.after().before(), period);
                prop_assert!(period.before() < period && period < period.after());
            }
        }
    }

    /// Shrunk failures: half an hour is put back within an hour; the day before is shown again after midnight.
    #[test]
    fn clocks_that_go_back_into_another_hour_or_day() {
        for (every, name, at) in [
            (Every::Hour, "Australia/Lord_Howe", "2026-04-04T14:45:00Z"),
            (Every::Hour, "Australia/Lord_Howe", "2026-04-04T15:10:00Z"),
            (Every::Day, "America/St_Johns", "2010-11-07T03:00:00Z"),
            (Every::Hour, "America/St_Johns", "2010-11-07T02:30:30Z"),
            (Every::Hour, "America/St_Johns", "2010-11-07T03:00:00Z"),
        ] {
            let zone = Zone::parse(name).unwrap();
            let at: DateTime<Utc> = at.parse().unwrap();
            let period = Period::at(every, at, &zone, Weekday::Mon);
            let (from, to) = period.bounds(&zone);
            assert!(from <= at && at < to, "{period}: {from} {at} {to}");
            assert_eq!(Period::at(every, from, &zone, Weekday::Mon), period);
            let after = Period::at(every, to, &zone, Weekday::Mon);
            assert!(period < after, "{period} {after}");
        }
    }

    #[test]
    fn a_repeated_hour_is_two() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let hour = |text: &str| Period::at(Every::Hour, text.parse().unwrap(), &zone, Weekday::Mon);
        let (first, second) = (hour("2026-10-25T00:30:00Z"), hour("2026-10-25T01:30:00Z"));
        assert_eq!(first.start(), second.start());
        assert_eq!(
            [first, second, second.after()].map(|hour| hour.to_string()),
            [
                "2026-10-25 02:00+02:00",
                "2026-10-25 02:00+01:00",
                "2026-10-25 03:00"
            ]
        );
        assert!(first < second);
        let half = Zone::parse("Australia/Lord_Howe").unwrap();
        let names = ["2026-04-04T14:15:00Z", "2026-04-04T15:10:00Z"].map(|at| {
            Period::at(Every::Hour, at.parse().unwrap(), &half, Weekday::Mon).to_string()
        });
        assert_eq!(names, ["2026-04-05 01:00+11:00", "2026-04-05 01:00+10:30"]);
    }
}
