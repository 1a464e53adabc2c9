//! The difference as plain text, for those who decide about the rules.

use std::fmt;

use crate::kpi::{KpiReport, Ratio, Row, Summary, clock_name, grouped, length, moment, table};

use super::difference::{Changed, Difference, Line, What};

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = &self.before.report.scope().zone;
        let (all, differing) = (grouped(self.tickets), grouped(self.differing));
        writeln!(f, "What if, as of {}", moment(self.as_of, zone))?;
        writeln!(
            f,
            "{differing} of {all} tickets would have gone differently."
        )?;
        writeln!(
            f,
            "What people wrote and did stays as it was; what the rules make of it is decided anew under both."
        )?;
        self.dues(f)?;
        self.counts(f, "Targets missed", |what| matches!(what, What::Breach(_)))?;
        self.counts(f, "Escalations", |what| matches!(what, What::Firing { .. }))?;
        writeln!(f, "\nFigures")?;
        table(f, &figures(&self.before.report, &self.after.report))?;
        self.impossible(f)?;
        self.record(f)
    }
}

impl Difference {
    fn dues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![cells(
            "",
            [
                "due",
                "earlier",
                "median",
                "most",
                "later",
                "median",
                "most",
                "unchanged",
                "gone",
                "new",
            ],
        )];
        for line in &self.lines {
            let What::Due(clock) = &line.what else {
                continue;
            };
            let [earlier, half_earlier, most_earlier] = by(line.earlier.as_ref());
            let [later, half_later, most_later] = by(line.later.as_ref());
            let due = line.before.max(line.after);
            let [due, same, gone, new] =
                [due, line.same, line.vanished, line.appeared].map(grouped);
            rows.push(Row::new(
                &clock_name(*clock),
                [
                    due,
                    earlier,
                    half_earlier,
                    most_earlier,
                    later,
                    half_later,
                    most_later,
                    same,
                    gone,
                    new,
                ],
                String::new(),
            ));
        }
        if rows.len() > 1 {
            writeln!(f, "\nDue times (and by how much they move, in all hours)")?;
            table(f, &rows)?;
        }
        Ok(())
    }

    fn counts(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        is_mine: impl Fn(&What) -> bool,
    ) -> fmt::Result {
        let lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| is_mine(&line.what))
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{title}")?;
        let mut rows = vec![cells(
            "",
            ["before", "after", "no more", "new", "at another time"],
        )];
        for line in &lines {
            let counts = [
                line.before,
                line.after,
                line.vanished,
                line.appeared,
                line.moved,
            ];
            rows.push(Row::new(
                &name(&line.what),
                counts.map(grouped),
                String::new(),
            ));
        }
        table(f, &rows)?;
        for line in lines {
            some(
                f,
                &line.what,
                "no more",
                &line.first_vanished,
                line.vanished,
            )?;
            some(f, &line.what, "new", &line.first_appeared, line.appeared)?;
        }
        Ok(())
    }

    fn impossible(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (&self.before.anomalies, &self.after.anomalies);
        let mut all = before.clone();
        all.merge(after);
        let row = |(kind, _): (&_, u64)| {
            let [b, a] = [before.count(kind), after.count(kind)];
            let text = kind.to_string().replace('_', " ");
            (b != a).then(|| Row::new(&text, [grouped(b), grouped(a)], String::new()))
        };
        let mut rows = vec![cells("", ["before", "after"])];
        rows.extend(all.iter().filter_map(row));
        if rows.len() == 1 {
            return Ok(());
        }
        writeln!(
            f,
            "\nWhat people did that these rules would not have let them do, or not the same way"
        )?;
        table(f, &rows)
    }

    fn record(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redone = &self.redone;
        writeln!(f, "\nCompared with what was recorded")?;
        let [equal, unlike, not] = [redone.equal, redone.unlike, redone.not_compared].map(grouped);
        let places: Vec<String> = redone
            .first_unlike
            .iter()
            .map(|(number, version)| format!("#{number} from event {}", version.0))
            .collect();
        let rows = [
            Row::new("come about again just so", [equal], String::new()),
            Row::new("come about differently", [unlike], places.join(", ")),
            Row::new(
                "imported, or under other rules: not compared",
                [not],
                String::new(),
            ),
        ];
        table(f, &rows)
    }
}

fn cells<const N: usize>(label: &str, texts: [&str; N]) -> Row {
    Row::new(label, texts.map(str::to_owned), String::new())
}

fn name(what: &What) -> String {
    match what {
        What::Due(clock) | What::Breach(clock) => clock_name(*clock),
        What::Firing { rule, level } => format!("{rule}: {level}"),
    }
}

/// How many moved, by how much at the median and at most.
fn by(moved: Option<&Summary>) -> [String; 3] {
    match moved {
        Some(moved) => [
            grouped(moved.n()),
            length(moved.p50_us()),
            length(moved.max_us()),
        ],
        None => ["0", "", ""].map(str::to_owned),
    }
}

/// The first of those that vanished or appeared, by their numbers.
fn some(
    f: &mut fmt::Formatter<'_>,
    what: &What,
    how: &str,
    first: &[Changed],
    all: u64,
) -> fmt::Result {
    if first.is_empty() {
        return Ok(());
    }
    let mut numbers: Vec<String> = first.iter().map(|one| format!("#{}", one.number)).collect();
    numbers.dedup();
    let shown = u64::try_from(first.len()).unwrap_or(u64::MAX);
    let rest = match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more)),
    };
    writeln!(f, "    {}, {how}: {}{rest}", name(what), numbers.join(" "))
}

fn figures(before: &KpiReport, after: &KpiReport) -> Vec<Row> {
    let both = [before, after];
    let mut rows = vec![cells("", ["before", "after", "difference"])];
    for (label, [b, a]) in [
        ("resolution rate", both.map(KpiReport::resolution_rate)),
        ("reopen rate", both.map(KpiReport::reopen_rate)),
    ] {
        rows.push(ratio(label, Some(b), Some(a)));
    }
    let attained = both.iter().flat_map(|report| report.attainment());
    let mut clocks: Vec<_> = attained.map(|one| one.clock()).collect();
    clocks.sort_unstable();
    clocks.dedup();
    for clock in clocks {
        let [b, a] = both.map(|report| report.attainment_of(clock).map(|one| one.ratio()));
        let label = format!("targets kept: {}", clock_name(clock));
        rows.push(ratio(&label, b, a));
    }
    for (label, [b, a]) in [
        ("first response", both.map(KpiReport::first_response)),
        ("resolution", both.map(KpiReport::total_resolution)),
    ] {
        let in_all = [&b.calendar, &a.calendar];
        let in_business = [&b.business, &a.business];
        for (which, half) in [("in all hours", in_all), ("in business hours", in_business)] {
            let [b, a] = half.map(|summary| summary.as_ref().map(Summary::p50_us));
            rows.push(time(&format!("{label}, median {which}"), b, a));
        }
    }
    for (label, [b, a]) in [
        ("resolutions", both.map(KpiReport::resolutions)),
        ("backlog now", both.map(|report| report.backlog().now())),
    ] {
        let difference = format!("{:+}", i128::from(a) - i128::from(b));
        rows.push(Row::new(
            label,
            [grouped(b), grouped(a), difference],
            String::new(),
        ));
    }
    rows
}

fn ratio(label: &str, before: Option<&Ratio>, after: Option<&Ratio>) -> Row {
    let shown = |ratio: Option<&Ratio>| ratio.map_or_else(|| "-".to_owned(), Ratio::percent);
    let fraction = |ratio: Option<&Ratio>| ratio.and_then(Ratio::fraction);
    let difference = match (fraction(before), fraction(after)) {
        (Some(b), Some(a)) => format!("{:+.1} points", (a - b) * 100.0),
        _ => "-".to_owned(),
    };
    Row::new(
        label,
        [shown(before), shown(after), difference],
        String::new(),
    )
}

fn time(label: &str, before: Option<i64>, after: Option<i64>) -> Row {
    let shown = |us: Option<i64>| us.map_or_else(|| "-".to_owned(), length);
    let difference = match (before, after) {
        (Some(b), Some(a)) if a > b => format!("+{}", length(a.saturating_sub(b))),
        (Some(b), Some(a)) => length(a.saturating_sub(b)),
        _ => "-".to_owned(),
    };
    Row::new(
        label,
        [shown(before), shown(after), difference],
        String::new(),
    )
}
