//! The report over a fact table of a million tickets and more: counts, resolution, first contact resolution, reopen rate, two
//! lengths with exact percentiles, satisfaction and recommendation; of all tickets, of 500 agents and of 6 channels.
//!
//! The same tickets go to the peers of `kpi_peers.py` as one narrow table: one file a column, little-endian, without a header.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, TicketId, TicketNumber};
use helpdesk::kpi::table::{Figures, Key, Length, Query, TableError, TableReport, Value};
use helpdesk::kpi::{
    Bands, Fact, FactTable, FirstResponse, Lengths, RatingFact, Report, Spent, Summary,
};
use helpdesk::sla::Measure;
use helpdesk::ticket::{Channel, RatingKind, Scale};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{DAY, median};

type Fail = Box<dyn std::error::Error>;

const AGENTS: usize = 500;
const CHANNELS: [Channel; 6] = [
    Channel::Email,
    Channel::Phone,
    Channel::Chat,
    Channel::Social,
    Channel::Web,
    Channel::Api,
];
/// The instant of the report, after the begin of the year.
const NOW: i64 = 365 * DAY;
const WITHIN: i64 = 7 * DAY;
/// No value, in the columns.
const NONE: i64 = i64::MIN;

/// One ticket as the peers see it. Lengths and instants are microseconds, instants since the begin of the year.
struct Seen {
    agent: u16,
    channel: u8,
    created: i64,
    first_response: i64,
    first_resolved: i64,
    reopened: i64,
    resolved: i64,
    open: u8,
    replies: u8,
    follow_ups: u8,
    csat: u8,
    nps: u8,
}

/// Draws one ticket: long tails, one in ten reopened, one in three rated; what is later than the report has not happened.
/// Created at an instant, or at any.
fn draw(random: &mut ChaCha8Rng, created: Option<i64>) -> Seen {
    let mut tail = |scale: i64| (-(1.0 - random.random::<f64>()).ln() * scale as f64) as i64;
    let (answer, works, rests, again) = (tail(DAY / 12), tail(2 * DAY), tail(3 * DAY), tail(DAY));
    let shuffled = random.random_range(0..NOW);
    let created = created.unwrap_or(shuffled);
    let first = created + works;
    let is_first = first <= NOW;
    let second = first + rests;
    let is_again = is_first && second <= NOW && random.random_range(0..10) == 0;
    let last = second + again;
    let (resolved, open) = match (is_first, is_again) {
        (false, _) => (NONE, 1),
        (true, false) => (first, 0),
        (true, true) if last <= NOW => (last, 0),
        (true, true) => (first, 1),
    };
    // Most tickets belong to few agents, as they do.
    let agent = random
        .random_range(0..AGENTS)
        .min(random.random_range(0..AGENTS));
    let is_rated = resolved != NONE && random.random_range(0..3) == 0;
    Seen {
        agent: agent as u16,
        channel: random
            .random_range(0..CHANNELS.len())
            .min(random.random_range(0..CHANNELS.len())) as u8,
        created,
        first_response: if created + answer <= NOW && random.random_range(0..20) > 0 {
            answer
        } else {
            NONE
        },
        first_resolved: if is_first { first } else { NONE },
        reopened: if is_again { second } else { NONE },
        resolved,
        open,
        replies: random.random_range(1..4),
        follow_ups: random.random_range(0..3),
        csat: if is_rated {
            random.random_range(1..=5)
        } else {
            0
        },
        nps: if is_rated && random.random() {
            random.random_range(0..=10)
        } else {
            255
        },
    }
}

/// The rows of a ticket.
fn rows(pattern: &Fact, index: usize, seen: &Seen, names: &[AgentId]) -> Vec<Fact> {
    let begin = pattern.created_at;
    let after = |us: i64| begin + TimeDelta::microseconds(us);
    let length = |us: i64| Lengths {
        calendar_us: us,
        business_us: us / 3,
    };
    let mut row = pattern.clone();
    row.ticket = TicketId::from_uuid(uuid::Uuid::from_u128(index as u128));
    row.number = TicketNumber(index as u64);
    (row.created_at, row.started_at) = (after(seen.created), after(seen.created));
    row.agent = names.get(usize::from(seen.agent)).copied();
    row.assignee.agent = row.agent;
    row.channel = CHANNELS[usize::from(seen.channel)].clone();
    (row.replies, row.follow_ups) = (seen.replies.into(), seen.follow_ups.into());
    row.holdings = Vec::new();
    if let (Some(own), Some(by)) = (row.own.as_mut(), row.agent) {
        own.clocks = Vec::new();
        own.first_response = match seen.first_response {
            NONE => FirstResponse::Waiting,
            us => FirstResponse::Answered {
                after: length(us),
                at: after(seen.created + us),
                by,
            },
        };
    }
    let resolve = |row: &mut Fact, at: i64, begun: i64| {
        let whole = Spent {
            work: length(at - seen.created),
            ..Spent::default()
        };
        let cycle = Spent {
            work: length(at - begun),
            ..Spent::default()
        };
        (row.first_resolved_at, row.resolved_at, row.left_at) =
            (Some(after(at)), Some(after(at)), Some(after(at)));
        (row.first_spent, row.spent, row.cycle_spent) = (Some(whole), Some(whole), Some(cycle));
    };
    if seen.first_resolved == NONE {
        return vec![row];
    }
    let mut again = row.clone();
    resolve(&mut row, seen.first_resolved, seen.created);
    rate(&mut row, seen);
    if seen.reopened == NONE {
        return vec![row];
    }
    row.reopened_at = Some(after(seen.reopened));
    (again.cycle, again.started_at, again.own) = (1, after(seen.reopened), None);
    if seen.open == 0 {
        resolve(&mut again, seen.resolved, seen.reopened);
    }
    vec![row, again]
}

fn rate(row: &mut Fact, seen: &Seen) {
    let at = row.resolved_at.unwrap_or(row.created_at);
    let given = [
        (RatingKind::Csat, seen.csat, seen.csat != 0),
        (RatingKind::Nps, seen.nps, seen.nps != 255),
    ];
    for (kind, mark, _) in given.into_iter().filter(|given| given.2) {
        let scale = if kind == RatingKind::Nps {
            Scale::NPS
        } else {
            Scale::new(1, 5).unwrap_or(Scale::NPS)
        };
        row.ratings.push(rating(kind, mark, scale, at, row.agent));
    }
}

/// A row's rating, which other crates make by reading one.
fn rating(
    kind: RatingKind,
    mark: u8,
    scale: Scale,
    at: DateTime<Utc>,
    credit: Option<AgentId>,
) -> RatingFact {
    thread_local! {
        static PATTERN: RatingFact = serde_json::from_value(serde_json::json!({
            "at": DateTime::<Utc>::UNIX_EPOCH, "kind": "csat", "mark": 1, "scale": [1, 5], "credit": null, "team": null,
        })).expect("a rating");
    }
    let mut rating = PATTERN.with(|pattern| *pattern);
    (
        rating.kind,
        rating.mark,
        rating.scale,
        rating.at,
        rating.credit,
    ) = (kind, mark, scale, at, credit);
    rating
}

/// The columns of the peers, in files.
struct Columns(Vec<BufWriter<File>>);

impl Columns {
    const NAMES: [&str; 12] = [
        "agent.u2",
        "channel.u1",
        "created.i8",
        "first_response.i8",
        "first_resolved.i8",
        "reopened.i8",
        "resolved.i8",
        "open.u1",
        "replies.u1",
        "follow_ups.u1",
        "csat.u1",
        "nps.u1",
    ];

    fn create(dir: &Path) -> io::Result<Columns> {
        fs::create_dir_all(dir)?;
        let files = Columns::NAMES
            .iter()
            .map(|name| Ok(BufWriter::new(File::create(dir.join(name))?)));
        files.collect::<io::Result<_>>().map(Columns)
    }

    fn write(&mut self, seen: &Seen) -> io::Result<()> {
        let cells: [&[u8]; 12] = [
            &seen.agent.to_le_bytes(),
            &[seen.channel],
            &seen.created.to_le_bytes(),
            &seen.first_response.to_le_bytes(),
            &seen.first_resolved.to_le_bytes(),
            &seen.reopened.to_le_bytes(),
            &seen.resolved.to_le_bytes(),
            &[seen.open],
            &[seen.replies],
            &[seen.follow_ups],
            &[seen.csat],
            &[seen.nps],
        ];
        self.0
            .iter_mut()
            .zip(cells)
            .try_for_each(|(file, cell)| file.write_all(cell))
    }
}

struct Desk {
    table: FactTable,
    query: Query,
    as_of: DateTime<Utc>,
    names: Vec<AgentId>,
}

impl Desk {
    /// Tickets come in the order of their creation, as they do, unless they are shuffled.
    fn fill(
        pattern: &Fact,
        n: usize,
        is_shuffled: bool,
        mut columns: Option<Columns>,
    ) -> Result<Desk, Fail> {
        let names: Vec<_> = (0..AGENTS)
            .map(|n| AgentId::named(&n.to_string()))
            .collect();
        let mut random = ChaCha8Rng::seed_from_u64(12);
        let mut table = FactTable::new();
        for index in 0..n {
            let created = (NOW as i128 * index as i128 / n as i128) as i64;
            let seen = draw(&mut random, (!is_shuffled).then_some(created));
            table.push(&rows(pattern, index, &seen, &names))?;
            if let Some(columns) = &mut columns {
                columns.write(&seen)?;
            }
        }
        for file in columns.iter_mut().flat_map(|columns| &mut columns.0) {
            file.flush()?;
        }
        let query = Query::new(Report::standard())
            .by(Key::Agent)
            .by(Key::Channel);
        let as_of = pattern.created_at + TimeDelta::microseconds(NOW);
        Ok(Desk {
            table,
            query,
            as_of,
            names,
        })
    }

    fn report(&self, pool: &rayon::ThreadPool) -> Result<TableReport, TableError> {
        match pool.current_num_threads() {
            1 => self.table.report(&self.query, self.as_of),
            _ => pool.install(|| {
                self.table
                    .report(&self.query.clone().parallel(), self.as_of)
            }),
        }
    }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, Fail> {
    Ok(rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?)
}

/// Times the report with one thread and with two.
pub(super) fn time(pattern: &Fact, n: usize, is_shuffled: bool) -> Result<(), Fail> {
    let start = Instant::now();
    let desk = Desk::fill(pattern, n, is_shuffled, None)?;
    println!(
        "\n{n} tickets in a fact table, filled in {:.1?}; by {AGENTS} agents and {} channels",
        start.elapsed(),
        CHANNELS.len()
    );
    let mut reports = Vec::new();
    for threads in [1, 2] {
        let pool = pool(threads)?;
        reports.push(desk.report(&pool)?); // warm
        let before = memory("VmRSS:")?;
        forget_peak()?;
        let mut times = Vec::new();
        for _ in 0..if n > 3_000_000 { 5 } else { 15 } {
            let start = Instant::now();
            black_box(desk.report(&pool)?);
            times.push(start.elapsed());
        }
        let (time, extra) = (median(times), memory("VmHWM:")?.saturating_sub(before));
        println!(
            "  {threads} thread(s)  {time:>9.2?}  {:>5.1} ns a ticket, {:>4} MB beside the table",
            time.as_secs_f64() * 1e9 / n as f64,
            extra / 1_024,
        );
    }
    assert!(
        reports.windows(2).all(|pair| pair[0] == pair[1]),
        "threads must not change a bit"
    );
    Ok(())
}

/// Writes the tickets for the peers, and then makes a report for each line `run THREADS` that comes in: how long it took in
/// seconds, the memory before and the peak in KiB. `figures` answers the figures as JSON.
pub(super) fn serve(pattern: &Fact, n: usize, is_shuffled: bool, dir: &Path) -> Result<(), Fail> {
    let desk = Desk::fill(pattern, n, is_shuffled, Some(Columns::create(dir)?))?;
    println!("ready {}", memory("VmRSS:")?);
    for line in io::stdin().lock().lines() {
        match line?.split_once(' ') {
            Some(("run", threads)) => {
                let pool = pool(threads.trim().parse()?)?;
                let before = memory("VmRSS:")?;
                forget_peak()?;
                let start = Instant::now();
                black_box(desk.report(&pool)?);
                println!(
                    "{} {before} {}",
                    start.elapsed().as_secs_f64(),
                    memory("VmHWM:")?
                );
            }
            _ => println!("{}", figures(&desk)?),
        }
    }
    Ok(())
}

fn figures(desk: &Desk) -> Result<String, Fail> {
    let report = desk.report(&pool(1)?)?;
    let agents = desk
        .names
        .iter()
        .map(|name| report.group(Key::Agent, &Value::Agent(*name)));
    let channels = CHANNELS
        .iter()
        .map(|channel| report.group(Key::Channel, &Value::Channel(channel.clone())));
    let list = |groups: &mut dyn Iterator<Item = Option<&Figures>>| {
        groups.map(|group| group.map(row)).collect::<Vec<_>>()
    };
    Ok(serde_json::to_string(&serde_json::json!({
        "as_of": NOW, "within": WITHIN,
        "all": [row(report.all())],
        "agent": list(&mut agents.into_iter()),
        "channel": list(&mut channels.into_iter()),
    }))?)
}

/// The figures of a group in the order of the peers' columns.
fn row(figures: &Figures) -> Vec<i128> {
    let length = |summary: Option<&Summary>| match summary {
        Some(s) => [
            s.n().into(),
            s.sum_us(),
            s.p50_us().into(),
            s.p90_us().into(),
            s.p95_us().into(),
            s.p99_us().into(),
        ],
        None => [0; 6],
    };
    let csat = figures.csat();
    let nps = figures.nps();
    let net = nps.net_promoters();
    let counts = [
        figures.tickets(),
        figures.resolution_rate().numerator(),
        figures.resolved(),
        figures.reopen_rate().denominator(),
        figures.reopen_rate().numerator(),
        figures.first_contact_resolution().numerator(),
        csat.n(),
        csat.positive(&Bands::Middle).numerator(),
        nps.n(),
        net.promoters,
        net.detractors,
    ];
    let lengths = [Length::FirstResponse, Length::TotalResolution];
    let lengths = lengths.map(|which| length(figures.length(which, Measure::Calendar)));
    counts
        .into_iter()
        .map(i128::from)
        .chain(lengths.into_iter().flatten())
        .collect()
}

/// A line of `/proc/self/status`, in KiB; 0 on systems that have none.
fn memory(name: &str) -> Result<u64, Fail> {
    let Ok(status) = fs::read_to_string("/proc/self/status") else {
        return Ok(0);
    };
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or("0 kB");
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The peak of the memory counts from here on.
fn forget_peak() -> Result<(), Fail> {
    if Path::new("/proc/self/clear_refs").exists() {
        fs::write("/proc/self/clear_refs", "5")?;
    }
    Ok(())
}
