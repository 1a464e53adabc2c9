//! The figures of a city's requests in tables for people.

use std::collections::BTreeMap;
use std::io::Write;

use comfy_table::Table;

use crate::Failure;
use crate::args::Requests;
use crate::boston_figures::{Figures, Part};
use crate::show::{cells, length, lengthy, percent, table};

/// How many queues are shown, those with most requests.
const QUEUES: usize = 15;

pub(crate) fn requests(
    out: &mut dyn Write,
    figures: &Figures,
    requests: &Requests,
) -> Result<(), Failure> {
    let whole = &figures.whole;
    writeln!(
        out,
        "{} requests: {} closed, {} open as of {}",
        whole.volume, whole.closed, whole.open, figures.as_of
    )?;
    writeln!(
        out,
        "Business time: {} in {}\n",
        requests.hours, requests.zone
    )?;

    let mut attained = table(["", "requests", "of those", "number", ""]);
    for (what, of, share) in whole.attainment.named() {
        let (num, den) = (share.num.to_string(), share.den.to_string());
        attained.add_row(cells([
            what,
            &num,
            of,
            &den,
            &percent(share.num, share.den),
        ]));
    }
    writeln!(out, "{attained}\n")?;

    let mut times = table(["opening to", "n", "mean", "p50", "p90", "p95", "p99", "max"]);
    times.add_row(lengthy("closing", &whole.resolution.calendar));
    times.add_row(lengthy("  in business time", &whole.resolution.business));
    writeln!(out, "{times}\n")?;

    writeln!(
        out,
        "{}\n",
        parts("department", &figures.department, usize::MAX)
    )?;
    writeln!(out, "{}\n", parts("channel", &figures.channel, usize::MAX))?;
    writeln!(out, "{}", parts("queue", &figures.queue, QUEUES))?;
    let more = figures.queue.len().saturating_sub(QUEUES);
    writeln!(out, "and {more} queues with fewer requests\n")?;

    let mut uneven = table([
        "time to closing",
        "eta squared",
        "in business time",
        "of the judged",
        "by chance",
    ]);
    for (name, eta) in &figures.eta_squared {
        let shown =
            |eta: Option<f64>| eta.map_or(String::from("undefined"), |eta| format!("{eta:.4}"));
        let by = format!("between {name}s");
        let numbers = [eta.calendar, eta.business, eta.judged, eta.judged_by_chance].map(shown);
        let [calendar, business, judged, chance] = &numbers;
        uneven.add_row(cells([&by, calendar, business, judged, chance]));
    }
    writeln!(out, "{uneven}\n")?;

    let mut noticed = table(["noticed", "times"]);
    for (kind, n) in figures.anomalies.iter() {
        noticed.add_row(cells([&kind.to_string().replace('_', " "), &n.to_string()]));
    }
    writeln!(out, "{noticed}\n")?;

    if let Some(peak) = &figures.backlog_peak {
        let most = figures.backlog.get(peak).copied().unwrap_or(0);
        writeln!(out, "Backlog: {most} at its peak at the end of {peak}")?;
    }
    Ok(())
}

/// The largest groups, those with most requests first.
fn parts(what: &str, parts: &BTreeMap<String, Part>, most: usize) -> Table {
    let mut table = table([
        what,
        "requests",
        "open",
        "closed by due",
        "p50",
        "p90",
        "p90 business",
    ]);
    let mut parts: Vec<_> = parts.iter().collect();
    parts.sort_by_key(|(name, part)| (std::cmp::Reverse(part.volume), *name));
    for (name, part) in parts.into_iter().take(most) {
        let kept = part.attainment.by_due.closed_with_due;
        let shown = |seconds: Option<i64>| seconds.map_or(String::new(), |s| length(s * 1_000_000));
        let resolution = &part.resolution;
        table.add_row(cells([
            name.as_str(),
            &part.volume.to_string(),
            &part.open.to_string(),
            &percent(kept.num, kept.den),
            &shown(resolution.calendar.p50_s),
            &shown(resolution.calendar.p90_s),
            &shown(resolution.business.p90_s),
        ]));
    }
    table
}
