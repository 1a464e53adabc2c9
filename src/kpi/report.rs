//! Which report is wanted: its window, its settings, and over which rows.

use chrono::{DateTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::time::Span;

use super::error::KpiError;
use super::facts::Fact;
use super::figures::KpiReport;
use super::place::{Dimension, Filter, Label};
use super::tally::Tally;
use super::window::{Cohort, Credit, Scope, Window};

/// A report to be made: every KPI of [`MEASURES`](super::MEASURES) over a window.
///
/// Without anything said, all tickets count, a reopening counts within 7 days of its resolution, and days end at midnight
/// UTC. Of two windows the last one said holds.
///
/// ```
/// use helpdesk::{calendar::Zone, kpi::Report, time::Span};
/// let report = Report::standard().last_days(30).zone(Zone::parse("America/New_York")?).reopen_within(Span::hours(72));
/// let scope = report.scope("2026-03-31T09:00:00Z".parse()?);
/// assert_eq!(scope.window.from, Some("2026-03-01T09:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    period: Period,
    cohort: Cohort,
    reopen_within: Span,
    zone: Zone,
    week_begins: Weekday,
    credit: Credit,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filters: Vec<Filter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Period {
    Fixed(Window),
    LastDays(u32),
}

impl Default for Report {
    fn default() -> Report {
        Report::standard()
    }
}

impl Report {
    /// All KPIs over all tickets.
    pub fn standard() -> Report {
        Report {
            period: Period::Fixed(Window::default()),
            cohort: Cohort::ByMeasure,
            reopen_within: Span::hours(7 * 24),
            zone: Zone::utc(),
            week_begins: Weekday::Mon,
            credit: Credit::Resolver,
            filters: Vec::new(),
        }
    }

    /// Over the `n` times 24 hours before the instant of the report; each KPI by its own window ([`Cohort::ByMeasure`]).
    #[must_use]
    pub fn last_days(self, n: u32) -> Report {
        Report {
            period: Period::LastDays(n),
            cohort: Cohort::ByMeasure,
            ..self
        }
    }

    /// Over `[from, to)`; each KPI by its own window ([`Cohort::ByMeasure`]).
    ///
    /// The bounds of a month or a quarter come from a [`Period`](super::Period):
    ///
    /// ```
    /// use chrono::Weekday;
    /// use helpdesk::{calendar::Zone, kpi::{Every, Period, Report}};
    /// let zone = Zone::parse("Europe/Berlin")?;
    /// let march = Period::at(Every::Month, "2026-03-15T12:00:00Z".parse()?, &zone, Weekday::Mon);
    /// let (from, to) = march.bounds(&zone);
    /// let report = Report::standard().between(from, to).zone(zone);
    /// # let _ = report;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn between(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Report {
        Report {
            period: Period::Fixed(Window::new(from, to)),
            cohort: Cohort::ByMeasure,
            ..self
        }
    }

    /// Over the tickets created in `[from, to)` alone ([`Cohort::Created`]).
    #[must_use]
    pub fn created_in(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Report {
        Report {
            cohort: Cohort::Created,
            ..self.between(from, to)
        }
    }

    /// Over the tickets and resolutions resolved in `[from, to)` alone ([`Cohort::Resolved`]).
    #[must_use]
    pub fn resolved_in(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Report {
        Report {
            cohort: Cohort::Resolved,
            ..self.between(from, to)
        }
    }

    /// How soon after its resolution a reopening counts, the last instant included. A period is final once this much time has
    /// passed since its end.
    #[must_use]
    pub fn reopen_within(self, span: Span) -> Report {
        Report {
            reopen_within: span,
            ..self
        }
    }

    /// Whose midnights end the days of the backlog, by whose clock periods are, and in whose time the text shows instants.
    /// Windows and figures do not depend on it.
    #[must_use]
    pub fn zone(self, zone: Zone) -> Report {
        Report { zone, ..self }
    }

    /// With which day weeks begin; Monday, if nothing is said.
    #[must_use]
    pub fn week_begins(self, week_begins: Weekday) -> Report {
        Report {
            week_begins,
            ..self
        }
    }

    /// To whose credit resolutions are counted, where the report is divided by agents or teams, or narrowed to some.
    #[must_use]
    pub fn credit(self, credit: Credit) -> Report {
        Report { credit, ..self }
    }

    /// Narrowed to what `dimension` gives one of `labels`. Said twice, both must hold.
    ///
    /// Each figure is placed as its definition says: narrowed to an agent, resolutions are those by that agent, first
    /// responses those given by that agent, and the backlog what that agent is in charge of.
    #[must_use]
    pub fn only(mut self, dimension: Dimension, labels: impl Into<Vec<Label>>) -> Report {
        self.filters.push(Filter {
            dimension,
            labels: labels.into(),
        });
        self
    }

    /// What the report is about at `as_of`.
    pub fn scope(&self, as_of: DateTime<Utc>) -> Scope {
        let window = match self.period {
            Period::Fixed(window) => window,
            Period::LastDays(n) => Window::last_days(n, as_of),
        };
        Scope {
            as_of,
            window,
            cohort: self.cohort,
            reopen_within: self.reopen_within,
            zone: self.zone.clone(),
            week_begins: self.week_begins,
            credit: self.credit,
            filters: self.filters.clone(),
        }
    }

    /// An empty tally of this report: for rows that come in parts.
    pub fn tally(&self, as_of: DateTime<Utc>) -> Tally {
        Tally::new(self.scope(as_of))
    }

    /// The report over these tickets, each given as all its rows. Rows that stand one after another go through
    /// [`by_ticket`] first.
    ///
    /// What is later than `as_of` has not happened, as far as rows can tell. They cannot tell, where a ticket goes on after
    /// `as_of`: when a target was passed (a clock that is breached in the end counts as breached) or taken away, when a paused clock resumed,
    /// when a clock was cancelled and reopened again, when a period of a clock began (one that began later counts as it ended where that is
    /// known by then, and else as undecided), who answers in later cycles, what a merge takes along or away later, when the customer first wrote on a ticket that the desk opened, a
    /// resolution between the first and the last of one cycle, why a ticket was closed that was closed again for another reason, how many of a cycle's messages and transfers came by then where the cycle
    /// goes on, business time by the calendar of another policy, and any column that stands as the ticket does (priority, team, tags, ...). For an `as_of` not before the last event, all of it is exact.
    ///
    /// # Errors
    /// Rows of another formula version; rows that are not those of one ticket from cycle 0 on; a backlog of more than 50,000 days.
    pub fn over<T: AsRef<[Fact]>>(
        &self,
        tickets: impl IntoIterator<Item = T>,
        as_of: DateTime<Utc>,
    ) -> Result<KpiReport, KpiError> {
        let mut tally = self.tally(as_of);
        for ticket in tickets {
            tally.add(ticket.as_ref())?;
        }
        tally.report()
    }
}

/// Rows that stand one after another, ticket by ticket: the rows of each.
pub fn by_ticket(rows: &[Fact]) -> impl Iterator<Item = &[Fact]> {
    rows.chunk_by(|a, b| a.ticket == b.ticket)
}
