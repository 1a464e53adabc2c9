//! Which tickets a figure is about: the window, and everything else that two tallies must share.

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::time::Span;

use super::known::Known;
use super::place::{Filter, Place};

/// A half-open stretch of time `[from, to)`; an end that is absent is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}
