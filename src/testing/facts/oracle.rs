//! The first figures of a report once more, the slow way: each from its definition, over all rows.

use chrono::{DateTime, TimeDelta, Utc};

use crate::kpi::{Fact, FirstResponse, KpiReport, Ratio, Summary};

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Counted {
    /// Tickets created in the window.
    pub volume: u64,
    /// Tickets resolved in the window.
    pub resolved: u64,
    /// Of those created in the window, the ones whose last cycle is resolved, and all of them.
    pub resolution_rate: (u64, u64),
    /// Of those resolved in the window long enough ago, the ones that were reopened in time, and all of them.
    pub reopen_rate: (u64, u64),
    /// The time to the first answer, of tickets created in the window.
    pub first_response: Option<Spread>,
    /// From creation to the first time resolved, where that was in the window.
    pub first_resolution: Option<Spread>,
    /// From creation to the last time resolved, where that was in the window.
    pub total_resolution: Option<Spread>,
}

impl Counted {
    /// The same of a report.
    pub fn of(report: &KpiReport) -> Counted {
        let ratio = |ratio: &Ratio| (ratio.numerator(), ratio.denominator());
        let spread = |summary: &Option<Summary>| summary.as_ref().map(Spread::of);
        Counted {
            volume: report.volume(),
            resolved: report.resolved(),
            resolution_rate: ratio(report.resolution_rate()),
            reopen_rate: ratio(report.reopen_rate()),
            first_response: spread(&report.first_response().calendar),
            first_resolution: spread(&report.first_resolution().calendar),
            total_resolution: spread(&report.total_resolution().calendar),
        }
    }
}

/// How lengths are spread, in microseconds: what a [`Summary`] tells, and worked out without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spread {
    /// How many there are.
    pub n: usize,
    /// Their sum.
    pub sum_us: i128,
    /// The 50th, 90th, 95th and 99th percentile.
    pub percentiles_us: [i64; 4],
    /// The largest.
    pub max_us: i64,
}

impl Spread {
    /// The same of a summary.
    pub fn of(summary: &Summary) -> Spread {
        Spread {
            n: usize::try_from(summary.n()).unwrap_or(usize::MAX),
            sum_us: summary.sum_us(),
            percentiles_us: [
                summary.p50_us(),
                summary.p90_us(),
                summary.p95_us(),
                summary.p99_us(),
            ],
            max_us: summary.max_us(),
        }
    }

    /// Of these lengths, in any order: they are sorted, and a percentile is the value at its nearest rank, the first one that at
    /// least so many percent of them do not exceed. `None` where there is none.
    ///
    /// ```
    /// use helpdesk::testing::facts::oracle::Spread;
    /// let spread = Spread::over(vec![15, 50, 20, 40, 35]).ok_or("empty")?;
    /// assert_eq!((spread.n, spread.sum_us, spread.max_us), (5, 160, 50));
    /// assert_eq!(spread.percentiles_us, [35, 50, 50, 50]);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn over(mut lengths: Vec<i64>) -> Option<Spread> {
        lengths.sort_unstable();
        let at = |percent: usize| {
            let rank = (percent * lengths.len()).div_ceil(100);
            lengths.get(rank.checked_sub(1)?).copied()
        };
        Some(Spread {
            n: lengths.len(),
            sum_us: lengths.iter().map(|us| i128::from(*us)).sum(),
            percentiles_us: [at(50)?, at(90)?, at(95)?, at(99)?],
            max_us: *lengths.last()?,
        })
    }
}

/// What [`Report::standard`](crate::kpi::Report::standard) counts in `[from, to)` as of `now`, in calendar time, with seven days for reopening.
pub fn count(
    tickets: &[Vec<Fact>],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Counted {
    let within = |at: &DateTime<Utc>| from <= *at && *at < to;
    let (mut first_response, mut first, mut total) = (vec![], vec![], vec![]);
    let mut counted = Counted::default();
    let (mut standing, mut reopened, mut mature) = (0, 0, 0);
    for rows in tickets {
        let Some(created) = rows.first().map(|row| row.created_at) else {
            continue;
        };
        // Every entry into Resolved, with its row.
        let mut entries: Vec<(&Fact, DateTime<Utc>)> = vec![];
        for row in rows {
            let both = row.first_resolved_at.into_iter().chain(row.resolved_at);
            entries.extend(both.filter(|at| *at <= now).map(|at| (row, at)));
        }
        let length = |(_, at): &(&Fact, DateTime<Utc>)| {
            within(at).then(|| (*at - created).num_microseconds().unwrap_or(i64::MAX))
        };
        first.extend(entries.first().and_then(length));
        total.extend(entries.last().and_then(length));
        let ends = |(row, at): &&(&Fact, DateTime<Utc>)| {
            let of_row = |other: &&(&Fact, DateTime<Utc>)| other.0.cycle == row.cycle;
            !entries.iter().filter(of_row).any(|(_, later)| later > at)
        };
        let ended = entries.iter().filter(ends);
        let resolutions: Vec<_> = ended.filter(|(_, at)| within(at)).collect();
        counted.resolved += u64::from(!resolutions.is_empty());
        let week = TimeDelta::days(7);
        let is_old = |(_, at): &&&(&Fact, DateTime<Utc>)| now - *at >= week;
        let old: Vec<_> = resolutions.iter().filter(is_old).collect();
        mature += u64::from(!old.is_empty());
        let fails = |(row, at): &(&Fact, DateTime<Utc>)| {
            let again = row.reopened_at;
            again.is_some_and(|again| again <= now && again - *at <= week)
        };
        reopened += u64::from(old.iter().any(|resolution| fails(resolution)));
        if within(&created) && created <= now {
            counted.volume += 1;
            let last = rows.iter().rfind(|row| row.started_at <= now);
            let stands = |last: &Fact| entries.iter().any(|(row, _)| row.cycle == last.cycle);
            standing += u64::from(last.is_some_and(stands));
            let answer = rows[0].own.as_ref().map(|own| own.first_response);
            if let Some(FirstResponse::Answered { after, at, .. }) = answer
                && at <= now
            {
                first_response.push(after.calendar_us);
            }
        }
    }
    counted.resolution_rate = (standing, counted.volume);
    counted.reopen_rate = (reopened, mature);
    counted.first_response = Spread::over(first_response);
    counted.first_resolution = Spread::over(first);
    counted.total_resolution = Spread::over(total);
    counted
}
