//! The report as plain text.

pub(crate) mod escape;

use std::fmt;

use chrono::{DateTime, Utc};

use crate::calendar::Zone;
use crate::ticket::{Agreement, ClockId};

use super::backlog::Backlog;
use super::figures::{Durations, KpiReport};
use super::measure::Kpi;
use super::quantile::Summary;
use super::ratio::Ratio;
use super::window::{Cohort, Window};

/// The longest series of days that is shown; of a longer one, its end.
const DAYS_SHOWN: usize = 31;

/// The longest bar, in characters.
const BAR: u64 = 30;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl fmt::Display for KpiReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope();
        writeln!(
            f,
            "Support report as of {}",
            moment(self.as_of(), &scope.zone)
        )?;
        writeln!(f, "{}", about(scope.window, scope.cohort, &scope.zone))?;

        writeln!(f, "\nTickets")?;
        let resolutions = format!("in {} resolutions", grouped(self.resolutions()));
        let peak = self.backlog().peak().map_or(String::new(), |(date, n)| {
            format!("peak {} on {date}", grouped(n))
        });
        let closed: Vec<_> = self
            .closed_unresolved()
            .iter()
            .map(|(reason, n)| format!("{} {reason}", grouped(*n)))
            .collect();
        let mut rows = vec![
            Row::new("created", [grouped(self.volume())], String::new()),
            Row::new("resolved", [grouped(self.resolved())], resolutions),
        ];
        if !closed.is_empty() {
            let all = self
                .closed_unresolved()
                .values()
                .fold(0u64, |sum, n| sum.saturating_add(*n));
            rows.push(Row::new(
                "closed unresolved",
                [grouped(all)],
                closed.join(", "),
            ));
        }
        rows.push(Row::new(
            "backlog now",
            [grouped(self.backlog().now())],
            peak,
        ));
        table(f, &rows)?;

        writeln!(f, "\nRates")?;
        let mut reopen = rate(Kpi::ReopenRate, self.reopen_rate());
        if self.immature_reopened() > 0 {
            reopen.note.push_str(&format!(
                " ({} of them reopened already)",
                grouped(self.immature_reopened())
            ));
        }
        table(
            f,
            &[
                rate(Kpi::ResolutionRate, self.resolution_rate()),
                reopen,
                rate(Kpi::ResolutionsReopened, self.resolutions_reopened()),
            ],
        )?;

        writeln!(f, "\nTimes")?;
        let mut rows = vec![Row::new(
            "",
            ["n", "mean", "p50", "p90", "p95", "p99", "max"].map(str::to_owned),
            String::new(),
        )];
        rows.extend(times(Kpi::FirstResponseTime, self.first_response()));
        rows.extend(times(Kpi::FirstResolutionTime, self.first_resolution()));
        rows.extend(times(Kpi::TotalResolutionTime, self.total_resolution()));
        table(f, &rows)?;

        if !self.attainment().is_empty() {
            writeln!(f, "\nTargets kept")?;
            let rows = self.attainment().iter().map(|one| {
                let mut row = ratio(&clock(one.clock()), one.ratio());
                row.say(one.met_after_breach(), "met after a target had been passed");
                row.say(
                    one.outside_after_breach(),
                    "left out after a target had been passed",
                );
                row
            });
            table(f, &rows.collect::<Vec<_>>())?;
        }
        days(f, self.backlog())
    }
}

/// One line of a table: a label, columns that stand to the right, and a remark.
pub(crate) struct Row {
    label: String,
    cells: Vec<String>,
    note: String,
}

impl Row {
    pub(crate) fn new(label: &str, cells: impl Into<Vec<String>>, note: String) -> Row {
        Row {
            label: label.to_owned(),
            cells: cells.into(),
            note,
        }
    }

    fn say(&mut self, n: u64, what: &str) {
        if n > 0 {
            let gap = if self.note.is_empty() { "" } else { "; " };
            self.note.push_str(&format!("{gap}{} {what}", grouped(n)));
        }
    }
}

pub(crate) fn table(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let width = |text: &String| text.chars().count();
    let label = rows.iter().map(|row| width(&row.label)).max().unwrap_or(0);
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let widest = |i| {
        rows.iter()
            .filter_map(|row| row.cells.get(i))
            .map(width)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    for row in rows {
        let mut line = format!("  {:label$}", row.label);
        for (cell, wide) in row.cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:>wide$}"));
        }
        if !row.note.is_empty() {
            line.push_str(&format!("  {}", row.note));
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn rate(kpi: Kpi, value: &Ratio) -> Row {
    ratio(kpi.definition().title, value)
}

fn ratio(label: &str, value: &Ratio) -> Row {
    let counts = format!(
        "{} of {}",
        grouped(value.numerator()),
        grouped(value.denominator())
    );
    let left_out = if value.excluded().total() > 0 {
        format!("left out: {}", value.excluded())
    } else {
        String::new()
    };
    Row::new(label, [value.percent(), counts], left_out)
}

fn times(kpi: Kpi, durations: &Durations) -> Vec<Row> {
    let line = |label: &str, summary: Option<&Summary>| {
        let n = summary.map_or(0, |summary| summary.n());
        let mut cells = vec![grouped(n)];
        let lengths = summary.map(|s| {
            [
                rounded_mean(s),
                s.p50_us(),
                s.p90_us(),
                s.p95_us(),
                s.p99_us(),
                s.max_us(),
            ]
        });
        match lengths {
            Some(lengths) => cells.extend(lengths.map(length)),
            None => cells.extend(["-"; 6].map(str::to_owned)),
        }
        Row::new(label, cells, String::new())
    };
    let title = kpi.definition().title;
    let mut rows = vec![
        line(title, durations.calendar.as_ref()),
        line("  in business time", durations.business.as_ref()),
    ];
    if durations.excluded.total() > 0 {
        rows.push(Row::new(
            &format!("  left out: {}", durations.excluded),
            [],
            String::new(),
        ));
    }
    rows
}

fn rounded_mean(summary: &Summary) -> i64 {
    let (sum, n) = summary.mean();
    sum.checked_div(i128::from(n))
        .and_then(|mean| i64::try_from(mean).ok())
        .unwrap_or(i64::MAX)
}

fn days(f: &mut fmt::Formatter<'_>, backlog: &Backlog) -> fmt::Result {
    let days = backlog.days();
    let hidden = days.len().saturating_sub(DAYS_SHOWN);
    let shown = days.get(hidden..).unwrap_or_default();
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nBacklog at the end of each day")?;
    if hidden > 0 {
        writeln!(
            f,
            "  (the last {DAYS_SHOWN} of {} days)",
            grouped(u64::try_from(days.len()).unwrap_or(u64::MAX))
        )?;
    }
    let most = shown.iter().map(|day| day.count).max().unwrap_or(0).max(1);
    let rows: Vec<_> = shown
        .iter()
        .map(|day| {
            let long = u128::from(day.count) * u128::from(BAR) / u128::from(most);
            let bar = "#".repeat(usize::try_from(long).unwrap_or(0));
            let moved = [
                format!("+{}", day.flow.entered()),
                format!("-{}", day.flow.left()),
            ];
            let [entered, left] = moved;
            Row::new(
                &day.date.format("%Y-%m-%d %a").to_string(),
                [grouped(day.count), entered, left],
                bar,
            )
        })
        .collect();
    table(f, &rows)
}

pub(crate) fn clock(id: ClockId) -> String {
    let metric = id.metric.as_str().replace('_', " ");
    match id.agreement {
        Agreement::Sla => metric,
        other => format!("{metric} ({other})"),
    }
}

fn about(window: Window, cohort: Cohort, zone: &Zone) -> String {
    let what = match cohort {
        Cohort::ByMeasure => "what was created or resolved",
        Cohort::Created => "the tickets created",
        Cohort::Resolved => "the tickets resolved",
    };
    match (window.from, window.to) {
        (None, None) => String::from("All tickets"),
        (Some(from), None) => format!("About {what} from {} on", moment(from, zone)),
        (None, Some(to)) => format!("About {what} before {}", moment(to, zone)),
        (Some(from), Some(to)) => format!(
            "About {what} from {} to {}",
            moment(from, zone),
            moment(to, zone)
        ),
    }
}

pub(crate) fn moment(at: DateTime<Utc>, zone: &Zone) -> String {
    format!("{} {zone}", zone.local(at).format("%Y-%m-%d %H:%M"))
}

/// `n` with a comma between groups of three digits.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length in at most two units, rounded to the smaller. Hours are the largest: a working day is not 24 of them.
pub(crate) fn length(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    let seconds = us.saturating_add(500_000) / 1_000_000;
    let minutes = seconds.saturating_add(30) / MINUTE;
    let two = |n: u64, big: &str, rest: u64, small: &str| match rest {
        0 => format!("{n} {big}"),
        rest => format!("{n} {big} {rest} {small}"),
    };
    let text = match seconds {
        0 if us == 0 => String::from("0 s"),
        0 => String::from("< 1 s"),
        s if s < MINUTE => format!("{s} s"),
        s if s < 10 * MINUTE => two(s / MINUTE, "min", s % MINUTE, "s"),
        _ if minutes < 60 => format!("{minutes} min"),
        s if s < 1_000 * HOUR => two(minutes / 60, "h", minutes % 60, "min"),
        s => format!("{} h", grouped(s.saturating_add(HOUR / 2) / HOUR)),
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        let s = |n: i64| length(n * 1_000_000);
        assert_eq!(length(0), "0 s");
        assert_eq!(length(1), "< 1 s");
        assert_eq!(s(59), "59 s");
        assert_eq!(length(59_600_000), "1 min");
        assert_eq!(s(12_000), "3 h 20 min");
        assert_eq!(s(3_599), "1 h");
        assert_eq!(s(3_600 * 2_000), "2,000 h");
        assert_eq!(s(-61), "-1 min 1 s");
        assert_eq!(length(i64::MIN), "-2,562,047,788 h");
    }

    #[test]
    fn digits_stand_in_groups() {
        assert_eq!(
            [0, 12, 123, 1_234, 1_234_567].map(grouped).join(" "),
            "0 12 123 1,234 1,234,567"
        );
    }
}
