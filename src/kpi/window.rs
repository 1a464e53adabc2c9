//! Which tickets a figure is about: the window, and everything else that two tallies must share.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::time::Span;

use super::known::Known;
use super::place::{Filter, Place};

/// A half-open stretch of time `[from, to)`; an end that is absent is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Window {
    /// The first instant in it.
    pub from: Option<DateTime<Utc>>,
    /// The first instant after it.
    pub to: Option<DateTime<Utc>>,
}

impl Window {
    /// The window `[from, to)`; empty where `to` is not after `from`.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Window {
        Window {
            from: Some(from),
            to: Some(to),
        }
    }

    /// The `n` times 24 hours before `as_of`, up to it. What would begin before the calendar does, is open.
    pub fn last_days(n: u32, as_of: DateTime<Utc>) -> Window {
        let from =
            TimeDelta::try_days(i64::from(n)).and_then(|length| as_of.checked_sub_signed(length));
        Window {
            from,
            to: Some(as_of),
        }
    }

    /// The window that ends where this one begins: of so many months where both ends are local midnights that begin a month, of
    /// so many dates where both are local midnights, beginning at the same time on the wall so many dates before where both ends
    /// show the same time on the wall and a date lies between, else of the same length. `None` where an end is open.
    ///
    /// # Properties
    /// What holds time has a window before it that holds time: where dates would leave none, because the zone skipped them, it has
    /// the same length.
    pub fn before(&self, zone: &Zone) -> Option<Window> {
        let (from, to) = self.from.zip(self.to)?;
        let (first, last) = (zone.local(from), zone.local(to));
        let midnight = |at: DateTime<Utc>| {
            let date = zone.local(at).date();
            (zone.start_of(date) == at).then_some(date)
        };
        let dates_before = match (midnight(from), midnight(to)) {
            (Some(first), Some(last)) if first.day() == 1 && last.day() == 1 => {
                let months =
                    |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
                let n = u32::try_from(months(last).checked_sub(months(first))?).ok()?;
                Some(zone.start_of(first.checked_sub_months(Months::new(n))?))
            }
            (Some(first), Some(last)) => {
                let n = last.signed_duration_since(first);
                Some(zone.start_of(first.checked_sub_signed(n)?))
            }
            _ if first.time() == last.time() => {
                let n = last.signed_duration_since(first);
                Some(zone.instant_of(first.checked_sub_signed(n)?))
            }
            _ => None,
        };
        let begin = match dates_before.filter(|begin| *begin < from || to <= from) {
            Some(begin) => begin,
            None => from.checked_sub_signed(to.signed_duration_since(from))?,
        };
        Some(Window::new(begin, from))
    }

    /// The window with the same dates and times on the wall a year before; of 29 February, the 28th. One that ends where
    /// 29 February begins holds the 28th, so it ends where March begins. `None` where an end is open.
    ///
    /// # Properties
    /// What holds time held time a year before: where both ends fall on one time on the wall, or change places, it has the same
    /// length from its begin on.
    pub fn a_year_before(&self, zone: &Zone) -> Option<Window> {
        let earlier = |at: DateTime<Utc>| {
            let local = zone.local(at);
            let date = local.date().checked_sub_months(Months::new(12))?;
            Some(if zone.start_of(local.date()) == at {
                zone.start_of(date)
            } else {
                zone.instant_of(date.and_time(local.time()))
            })
        };
        let (from, to) = (self.from?, self.to?);
        let last = zone.local(to).date();
        let is_leap_day = (last.month(), last.day()) == (2, 29) && zone.start_of(last) == to;
        let is_leap_day = is_leap_day && from < to; // what holds nothing holds nothing then either
        let to = if is_leap_day {
            zone.start_of(last.checked_sub_months(Months::new(12))?.succ_opt()?)
        } else {
            earlier(to)?
        };
        let begin = earlier(from)?;
        let end = if from < self.to? && to <= begin {
            begin.checked_add_signed(self.to?.signed_duration_since(from))?
        } else {
            to
        };
        Some(Window::new(begin, end))
    }

    /// Whether `at` lies in it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// What places a ticket in the window.
///
/// Exhaustive: a third kind would be a change of meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cohort {
    /// For each KPI its own: see [`Definition::window`](super::Definition::window).
    #[default]
    ByMeasure,
    /// For every KPI: the ticket was created in the window. What became of it later counts, up to the instant of the report.
    Created,
    /// For every KPI about whole tickets: its last resolution lies in the window. For KPIs about resolutions: the resolution does.
    Resolved,
}

/// To whose credit a resolution is counted.
///
/// Exhaustive: who did it, or whose it was. The shares of all who held it are a figure of their own
/// ([`Kpi::HeldTime`](super::Kpi::HeldTime)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// Who resolved it; nobody where that was no human agent.
    #[default]
    Resolver,
    /// Who was in charge when it was resolved, whoever did that.
    Assignee,
}

/// What a tally is about. Tallies of equal scopes can be merged, others cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scope {
    /// The instant that the figures are of. What is later has not happened.
    pub as_of: DateTime<Utc>,
    /// The stretch of time that they are about.
    pub window: Window,
    /// What places a ticket in it.
    pub cohort: Cohort,
    /// How soon after its resolution a reopening counts.
    pub reopen_within: Span,
    /// Whose midnights end the days of the backlog, and by whose clock periods are.
    pub zone: Zone,
    /// With which day weeks begin.
    #[serde(default = "monday")]
    pub week_begins: Weekday,
    /// To whose credit resolutions are counted.
    #[serde(default)]
    pub credit: Credit,
    /// What the report is narrowed to: places that all of these admit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

pub(super) fn monday() -> Weekday {
    Weekday::Mon
}

impl Scope {
    /// Whether the filters let a place through, whatever the window.
    pub(super) fn passes(&self, ticket: &Known<'_>, place: &Place) -> bool {
        let mut filters = self.filters.iter();
        filters.all(|filter| filter.admits(ticket, place, self))
    }

    /// Whether a place is counted.
    pub(super) fn admits(&self, ticket: &Known<'_>, place: &Place) -> bool {
        self.window.contains(place.at) && self.passes(ticket, place)
    }

    /// Whether that much time has passed since `at` that a reopening could no longer count.
    pub(super) fn is_mature(&self, at: DateTime<Utc>) -> bool {
        self.as_of.signed_duration_since(at) >= self.reopen_within.delta()
    }

    /// Whether a reopening at `reopened` counts against a resolution at `resolved`.
    pub(super) fn is_soon(&self, resolved: DateTime<Utc>, reopened: DateTime<Utc>) -> bool {
        reopened.signed_duration_since(resolved) <= self.reopen_within.delta()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_half_open() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (from, to) = (at("2026-03-01T00:00:00Z"), at("2026-03-08T00:00:00Z"));
        assert_eq!(Window::last_days(7, to), Window::new(from, to));
        assert!(Window::new(from, to).contains(from) && !Window::new(from, to).contains(to));
        assert!(!Window::new(to, from).contains(from) && !Window::new(from, from).contains(from));
        assert!(Window::default().contains(from));
        assert_eq!(Window::last_days(u32::MAX, to).from, None);
    }

    #[test]
    fn the_window_before_keeps_to_the_calendar() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let window = |from: &str, to: &str| Window::new(at(from), at(to));
        let march = window("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        let february = window("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z");
        assert_eq!(march.before(&berlin), Some(february));
        let year_ago = window("2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z");
        assert_eq!(march.a_year_before(&berlin), Some(year_ago));
        let week = window("2026-03-29T22:00:00Z", "2026-04-05T22:00:00Z");
        let before = window("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
        assert_eq!(
            week.before(&berlin),
            Some(before),
            "an hour shorter, seven dates long"
        );
        let hours = window("2026-03-29T00:00:00Z", "2026-03-29T03:30:00Z");
        let elapsed = window("2026-03-28T20:30:00Z", "2026-03-29T00:00:00Z");
        assert_eq!(hours.before(&berlin), Some(elapsed));
        assert_eq!(Window::default().before(&berlin), None);
    }
}
