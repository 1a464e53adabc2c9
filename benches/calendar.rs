//! How fast calendars answer, beside other ways to do it, in one run.
//!
//! ```text
//! cargo bench --bench calendar
//! ```
//!
//! The calendar is an office in New York, Monday to Friday 9 to 17, with 20 holidays a year for 30 years. Every way is
//! checked against the others before it is timed. All ways are timed in turns, several rounds, and the medians compared:
//! a noisy machine slows all of them. Times are nanoseconds for one question.

#![allow(clippy::print_stdout)]

use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Utc, Weekday};
use helpdesk::calendar::{Calendar, LATEST, Zone};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;
const FIRST_YEAR: i32 = 2005;
const LAST_YEAR: i32 = 2034;
const ROUNDS: usize = 9;

const SPANS: [(&str, i64); 4] =
    [("1 hour", 3_600), ("1 week", 7 * DAY), ("1 year", 365 * DAY), ("10 years", 3_652 * DAY)];

/// One question: from an instant, in whole seconds, over a span.
type Query = (i64, i64);

/// A way to answer a list of questions; the sum of the answers keeps it honest.
struct Way<'a> {
    name: &'static str,
    run: Box<dyn Fn(&[Query]) -> i64 + 'a>,
    /// How many questions a round may ask without taking too long.
    most: usize,
}

impl<'a> Way<'a> {
    fn new(name: &'static str, most: usize, answer: impl Fn(i64, i64) -> i64 + 'a) -> Way<'a> {
        let run = Box::new(move |queries: &[Query]| {
            queries.iter().fold(0, |sum: i64, &(from, span)| sum.wrapping_add(answer(from, span)))
        });
        Way { name, run, most }
    }
}

fn main() {
    let holidays = holidays();
    let office = office("America/New_York", "Mon-Fri 09:00-17:00", &holidays);
    let stretches = stretches(&office);
    let cells = Cells::new(&stretches);
    let prefix = Prefix::new(&stretches);
    let naive = Naive { holidays: holidays.iter().copied().collect() };
    let work_clock = work_clock(&holidays);
    let opening_hours = opening_hours(&holidays);

    println!("business time, ns a question; {ROUNDS} rounds, medians");
    let elapsed = vec![
        Way::new("helpdesk", usize::MAX, |from, span| {
            office.elapsed_micros(from * SECOND, (from + span) * SECOND).unwrap_or(0) / SECOND
        }),
        Way::new("helpdesk, DateTime", usize::MAX, |from, span| {
            office.elapsed(instant(from), instant(from + span)).unwrap_or_default().num_seconds()
        }),
        Way::new("bare day cells", usize::MAX, |from, span| cells.elapsed(from, from + span)),
        Way::new("prefix sums", usize::MAX, |from, span| prefix.elapsed(from, from + span)),
        Way::new("naive day walk", 2_000, |from, span| naive.elapsed(from, from + span)),
        Way::new("workclock", 2_000, |from, span| {
            work_clock.between(timestamp(from), timestamp(from + span)).as_secs()
        }),
        Way::new("opening-hours", 2_000, |from, span| oh_elapsed(&opening_hours, from, from + span)),
    ];
    table("elapsed", &elapsed, |from, span| (from, span));

    let open_per_span = |from: i64, span: i64| (from, prefix.elapsed(from, from + span).max(1_800));
    let add = vec![
        Way::new("helpdesk", usize::MAX, |from, open| {
            office.add_micros(from * SECOND, open * SECOND).unwrap_or(0) / SECOND
        }),
        Way::new("helpdesk, DateTime", usize::MAX, |from, open| {
            office.add(instant(from), TimeDelta::seconds(open)).unwrap_or_default().timestamp()
        }),
        Way::new("bare day cells", usize::MAX, |from, open| cells.add(from, open)),
        Way::new("prefix sums", usize::MAX, |from, open| prefix.add(from, open)),
        Way::new("naive day walk", 2_000, |from, open| naive.add(from, open)),
        Way::new("workclock", 2_000, |from, open| {
            let open = jiff::SignedDuration::from_secs(open);
            work_clock.add(timestamp(from), open).map_or(0, |at| at.as_second())
        }),
        Way::new("opening-hours", 2_000, |from, open| oh_add(&opening_hours, from, open)),
    ];
    table("add", &add, open_per_span);

    many_calendars(&holidays);
    other_kinds(&office);
    compiling(&holidays);
}

/// Times all ways over the four spans: a thousand questions again and again, and a million at random.
fn table(what: &str, ways: &[Way<'_>], question: impl Fn(i64, i64) -> Query) {
    let mut warm: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    let mut cold: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for (_, span) in SPANS {
        let few: Vec<Query> = starts(1_000, span, 1).into_iter().map(|from| question(from, span)).collect();
        let many: Vec<Query> = starts(1_000_000, span, 2).into_iter().map(|from| question(from, span)).collect();
        agree(what, ways, &few[..50]);
        for (way, ns) in measure(ways, &few, 50).into_iter().enumerate() {
            warm[way].push(ns);
        }
        for (way, ns) in measure(ways, &many, 1).into_iter().enumerate() {
            cold[way].push(ns);
        }
    }
    for (kind, times) in [("1,000 questions in cache", &warm), ("1,000,000 at random", &cold)] {
        println!("\n{what}, {kind}");
        print!("{:<22}", "");
        SPANS.iter().for_each(|(name, _)| print!("{name:>12}"));
        println!();
        for (way, times) in ways.iter().zip(times) {
            print!("{:<22}", way.name);
            times.iter().for_each(|ns| print!("{ns:>12.1}"));
            println!();
        }
        let ours = &times[0];
        println!("flat: 10 years is {:.2} x 1 hour (goal: at most 1.5)", ours[3] / ours[0]);
        for (way, theirs) in ways.iter().zip(times).skip(1) {
            let ratios: Vec<String> =
                ours.iter().zip(theirs).map(|(ours, theirs)| ratio(way.name, *ours, *theirs)).collect();
            println!("{}: {}{}", way.name, ratios.join(", "), goal(way.name));
        }
    }
}

fn ratio(name: &str, ours: f64, theirs: f64) -> String {
    match name {
        "bare day cells" | "helpdesk, DateTime" => format!("{:.2}", ours / theirs),
        _ => format!("{:.0}", theirs / ours),
    }
}

fn goal(name: &str) -> &'static str {
    match name {
        "bare day cells" => " of its time (goal: at most 1.5)",
        "opening-hours" | "workclock" => " times ours (goal: at least 50, 500, 15,000)",
        "naive day walk" => " times ours (goal: at least 1,000 at a year)",
        "helpdesk, DateTime" => " of it is the integer form",
        _ => " times ours",
    }
}

/// Median nanoseconds a question of each way, all ways in turns.
fn measure(ways: &[Way<'_>], queries: &[Query], repeat: usize) -> Vec<f64> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            let slow = way.most < queries.len();
            let span = queries[0].1.max(1);
            let affordable = if slow || way.most < usize::MAX {
                (200_000_000 / (span / 10 + 40_000)).clamp(5, way.most as i64) as usize
            } else {
                queries.len()
            };
            let asked = &queries[..affordable.min(queries.len())];
            let repeat = if way.most < usize::MAX { 1 } else { repeat };
            let begin = Instant::now();
            for _ in 0..repeat {
                black_box((way.run)(black_box(asked)));
            }
            times.push(begin.elapsed().as_nanos() as f64 / (asked.len() * repeat) as f64);
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// All ways must give the same answers before their times mean anything.
fn agree(what: &str, ways: &[Way<'_>], queries: &[Query]) {
    for &query in queries {
        let answers: Vec<i64> = ways.iter().map(|way| (way.run)(&[query])).collect();
        let same = answers.iter().all(|answer| *answer == answers[0]);
        assert!(same, "{what} from {} over {}: {answers:?}", instant(query.0), query.1);
    }
}

fn many_calendars(holidays: &[NaiveDate]) {
    let zones: Vec<&str> = Zone::names().filter(|name| name.contains('/')).step_by(7).take(64).collect();
    let hours = |number: usize| format!("Mon-Fri {:02}:{:02}-17:00", 7 + number % 3, number % 60);
    let offices: Vec<Calendar> =
        zones.iter().enumerate().map(|(number, zone)| office(zone, &hours(number), holidays)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let picks: Vec<u8> = (0..1_000_000).map(|_| random.random_range(0..64)).collect();
    println!("\n64 calendars at random against one, a million questions");
    for (name, span) in SPANS {
        let queries: Vec<Query> = starts(1_000_000, span, 3).into_iter().map(|from| (from, span)).collect();
        let picked: Vec<(u8, Query)> = picks.iter().copied().zip(queries).collect();
        let (mut one, mut all, mut add_one, mut add_all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            one.push(each(&picked, |_, (from, span)| {
                offices[0].elapsed_micros(from * SECOND, (from + span) * SECOND).unwrap_or(0)
            }));
            all.push(each(&picked, |pick, (from, span)| {
                offices[pick as usize].elapsed_micros(from * SECOND, (from + span) * SECOND).unwrap_or(0)
            }));
            add_one.push(each(&picked, |_, (from, span)| {
                offices[0].add_micros(from * SECOND, span * SECOND / 5).unwrap_or(0)
            }));
            add_all.push(each(&picked, |pick, (from, span)| {
                offices[pick as usize].add_micros(from * SECOND, span * SECOND / 5).unwrap_or(0)
            }));
        }
        let [one, all, add_one, add_all] = [one, all, add_one, add_all].map(median);
        println!(
            "{name:>9}: elapsed {all:.1} / {one:.1} = {:.2}, add {add_all:.1} / {add_one:.1} = {:.2} (goal: at most 2)",
            all / one,
            add_all / add_one
        );
    }
}

fn each(picked: &[(u8, Query)], answer: impl Fn(u8, Query) -> i64) -> f64 {
    let begin = Instant::now();
    let sum = picked.iter().fold(0i64, |sum, &(pick, query)| sum.wrapping_add(answer(pick, query)));
    black_box(sum);
    begin.elapsed().as_nanos() as f64 / picked.len() as f64
}

fn other_kinds(office: &Calendar) {
    let berlin = office_in("Europe/Berlin", "Mon-Fri 09:00-12:00,13:00-18:00");
    let kinds = [
        ("the office itself", office.clone()),
        ("24x7", Calendar::always()),
        ("union over two zones", office.union(&berlin).expect("two calendars")),
        ("intersection", office.intersection(&berlin).expect("two calendars")),
        ("difference", office.difference(&berlin).expect("two calendars")),
    ];
    println!("\nother kinds of calendars, a million questions over a year");
    let year = SPANS[2].1;
    let queries: Vec<(u8, Query)> = starts(1_000_000, year, 4).into_iter().map(|from| (0, (from, year))).collect();
    let mut times = vec![(Vec::new(), Vec::new()); kinds.len()];
    for _ in 0..ROUNDS {
        for ((_, calendar), times) in kinds.iter().zip(&mut times) {
            times.0.push(each(&queries, |_, (from, span)| {
                calendar.elapsed_micros(from * SECOND, (from + span) * SECOND).unwrap_or(0)
            }));
            times.1.push(each(&queries, |_, (from, span)| {
                calendar.add_micros(from * SECOND, span * SECOND / 50).unwrap_or(0)
            }));
        }
    }
    for ((name, _), (elapsed, add)) in kinds.iter().zip(times) {
        println!("{name:<22} elapsed {:>6.1}, add {:>6.1}", median(elapsed), median(add));
    }
}

fn compiling(holidays: &[NaiveDate]) {
    println!("\ncompiling");
    let begin = Instant::now();
    let first = Calendar::parse("Mon-Fri 09:00-17:00", "Australia/Lord_Howe");
    println!("first calendar of a zone: {:.2} ms", begin.elapsed().as_secs_f64() * 1e3);
    black_box(first.is_ok());
    for (name, hours, days) in [
        ("office without holidays", "Mon-Fri 09:00-17:00", &[][..]),
        ("office with 600 holidays", "Mon-Fri 09:00-17:00", holidays),
        ("shifts with 600 holidays", "Mon-Fri 06:00-14:00,14:30-22:00; Sat,Sun 22:00-06:00", holidays),
    ] {
        let times = (0..51).map(|_| {
            let begin = Instant::now();
            black_box(office("America/New_York", hours, days));
            begin.elapsed().as_secs_f64() * 1e3
        });
        let bytes = office("America/New_York", hours, days).compiled_bytes();
        let ms = median(times.collect());
        println!("{name:<26} {ms:.3} ms (goal: under 1), {bytes} bytes compiled");
    }
    let a = office("America/New_York", "Mon-Fri 09:00-17:00", holidays);
    let b = office("Europe/Berlin", "Mon-Fri 09:00-17:00", holidays);
    let times = (0..51).map(|_| {
        let begin = Instant::now();
        black_box(a.union(&b).is_ok());
        begin.elapsed().as_secs_f64() * 1e3
    });
    println!("union of two               {:.3} ms", median(times.collect()));

    let before = resident();
    let zones: Vec<&str> = Zone::names().collect();
    let begin = Instant::now();
    let offices: Vec<Calendar> = (0..10_000usize)
        .map(|number| {
            let hours = format!("Mon-Fri 09:{:02}-17:{:02}", number / 60 % 60, number % 60);
            office(zones[number % zones.len()], &hours, holidays)
        })
        .collect();
    let seconds = begin.elapsed().as_secs_f64();
    let mib = (resident() - before) as f64 / (1 << 20) as f64;
    let count = black_box(&offices).len();
    println!("{count} distinct calendars with 600 holidays: {mib:.0} MiB (goal: under 1,024), built in {seconds:.1} s");
}

/// Resident memory in bytes, where the system tells.
fn resident() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok()));
    pages.unwrap_or(0) * 4_096
}

fn starts(count: usize, span: i64, seed: u64) -> Vec<i64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let first = seconds(FIRST_YEAR + 1);
    let last = seconds(LAST_YEAR) - span;
    (0..count).map(|_| random.random_range(first..last)).collect()
}

fn seconds(year: i32) -> i64 {
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().map_or(0, |at| at.timestamp())
}

fn instant(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or(LATEST)
}

fn timestamp(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap_or_default()
}

/// Twenty days a year, the same every year, not all of them workdays.
fn holidays() -> Vec<NaiveDate> {
    let days = [1, 19, 45, 50, 74, 94, 110, 124, 147, 170, 185, 201, 227, 248, 270, 285, 315, 331, 359, 360];
    let of_year = move |year| days.into_iter().filter_map(move |day| NaiveDate::from_yo_opt(year, day));
    (FIRST_YEAR..=LAST_YEAR).flat_map(of_year).collect()
}

fn office(zone: &str, hours: &str, holidays: &[NaiveDate]) -> Calendar {
    let builder = Calendar::builder(zone).and_then(|builder| builder.hours(hours)).expect("a calendar");
    let builder = holidays.iter().fold(builder, |builder, &date| builder.closed(date, "public holiday"));
    builder.build().expect("a calendar that opens")
}

fn office_in(zone: &str, hours: &str) -> Calendar {
    office(zone, hours, &[])
}

/// The open stretches of the years in question, in seconds.
fn stretches(office: &Calendar) -> Vec<(i64, i64)> {
    let years = instant(seconds(FIRST_YEAR))..instant(seconds(LAST_YEAR + 1));
    let windows = office.windows(years).expect("a range of instants");
    windows.map(|open| (open.from.timestamp(), open.to.timestamp())).collect()
}

/// The least work that can do: a fixed cell for each UTC day with two windows, and a bucket index for `add`.
struct Cells {
    first: i64,
    days: Vec<Cell>,
    buckets: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    before: u32,
    from: [u32; 2],
    to: [u32; 2],
}

const BUCKET: i64 = 1 << 14;

impl Cells {
    fn new(stretches: &[(i64, i64)]) -> Cells {
        let first = seconds(FIRST_YEAR);
        let count = (seconds(LAST_YEAR + 1) - first) / DAY;
        let mut cells = Cells { first, days: Vec::new(), buckets: Vec::new() };
        let mut before = 0u32;
        for day in 0..=count {
            let begin = first + day * DAY;
            let mut cell = Cell { before, from: [86_400; 2], to: [86_400; 2] };
            let here = stretches.iter().skip(stretches.partition_point(|open| open.1 <= begin));
            for (place, open) in here.take_while(|open| open.0 < begin + DAY).enumerate() {
                cell.from[place] = (open.0.max(begin) - begin) as u32;
                cell.to[place] = (open.1.min(begin + DAY) - begin) as u32;
                before += cell.to[place] - cell.from[place];
            }
            cells.days.push(cell);
        }
        let mut day = 0;
        for bucket in 0..=i64::from(before) / BUCKET {
            while day + 1 < cells.days.len() && i64::from(cells.days[day + 1].before) < bucket * BUCKET {
                day += 1;
            }
            cells.buckets.push(day as u32);
        }
        cells
    }

    #[inline]
    fn before(&self, at: i64) -> i64 {
        let since = (at - self.first) as u64;
        let second = (since % DAY as u64) as u32;
        let cell = &self.days[(since / DAY as u64) as usize];
        let open = |place: usize| second.min(cell.to[place]) - second.min(cell.from[place]);
        i64::from(cell.before + open(0) + open(1))
    }

    #[inline]
    fn elapsed(&self, from: i64, to: i64) -> i64 {
        self.before(to) - self.before(from)
    }

    #[inline]
    fn add(&self, from: i64, open: i64) -> i64 {
        let target = self.before(from) + open;
        let mut day = self.buckets[(target / BUCKET) as usize] as usize;
        while i64::from(self.days[day + 1].before) < target {
            day += 1;
        }
        let cell = &self.days[day];
        let left = target as u32 - cell.before;
        let first = cell.to[0] - cell.from[0];
        let second = if left <= first { cell.from[0] + left } else { cell.from[1] + left - first };
        self.first + day as i64 * DAY + i64::from(second)
    }
}

/// All open stretches with the open time before each, found by binary search.
struct Prefix {
    stretches: Vec<(i64, i64, i64)>,
}

impl Prefix {
    fn new(stretches: &[(i64, i64)]) -> Prefix {
        let mut before = 0;
        let sums = stretches.iter().map(|&(from, to)| {
            before += to - from;
            (from, to, before - (to - from))
        });
        Prefix { stretches: sums.collect() }
    }

    fn before(&self, at: i64) -> i64 {
        let begun = self.stretches.partition_point(|open| open.0 <= at);
        begun.checked_sub(1).map_or(0, |last| {
            let (from, to, before) = self.stretches[last];
            before + at.min(to) - from
        })
    }

    fn elapsed(&self, from: i64, to: i64) -> i64 {
        self.before(to) - self.before(from)
    }

    fn add(&self, from: i64, open: i64) -> i64 {
        let target = self.before(from) + open;
        let (from, _, before) = self.stretches[self.stretches.partition_point(|open| open.2 < target) - 1];
        from + target - before
    }
}

/// What one writes first: walk over the dates, make instants of the hours of each, and count.
struct Naive {
    holidays: HashSet<NaiveDate>,
}

impl Naive {
    fn hours(&self, date: NaiveDate) -> Option<(i64, i64)> {
        if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) || self.holidays.contains(&date) {
            return None;
        }
        let zone = chrono_tz::America::New_York;
        let at = |hour| zone.from_local_datetime(&date.and_hms_opt(hour, 0, 0)?).single();
        Some((at(9)?.timestamp(), at(17)?.timestamp()))
    }

    fn elapsed(&self, from: i64, to: i64) -> i64 {
        let local = |second| instant(second).with_timezone(&chrono_tz::America::New_York).date_naive();
        let (mut date, last) = (local(from), local(to));
        let mut sum = 0;
        while date <= last {
            if let Some((opens, closes)) = self.hours(date) {
                sum += (closes.min(to) - opens.max(from)).max(0);
            }
            date = date + Days::new(1);
        }
        sum
    }

    fn add(&self, from: i64, open: i64) -> i64 {
        let mut date = instant(from).with_timezone(&chrono_tz::America::New_York).date_naive();
        let mut left = open;
        loop {
            if let Some((opens, closes)) = self.hours(date) {
                let here = (closes - opens.max(from)).max(0);
                if here >= left {
                    return opens.max(from) + left;
                }
                left -= here;
            }
            date = date + Days::new(1);
        }
    }
}

fn work_clock(holidays: &[NaiveDate]) -> workclock::Schedule {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    let date = |date: &NaiveDate| jiff::civil::date(date.year() as i16, date.month() as i8, date.day() as i8);
    let schedule = workclock::Schedule::builder()
        .time_zone("America/New_York")
        .rule(workclock::WorkDay::new(time(9), time(17), workclock::Weekdays::MON_TO_FRI))
        .rule(workclock::Holidays::new(holidays.iter().map(date)));
    schedule.build().expect("a schedule")
}

type OpeningHours = opening_hours::OpeningHours<opening_hours::localization::TzLocation<chrono_tz::Tz>>;

fn opening_hours(holidays: &[NaiveDate]) -> OpeningHours {
    let mut public = compact_calendar::CompactCalendar::default();
    holidays.iter().for_each(|&date| {
        public.insert(date);
    });
    let holidays = opening_hours::ContextHolidays::new(public.into(), Default::default());
    let place = opening_hours::localization::TzLocation::new(chrono_tz::America::New_York);
    let context = opening_hours::Context::default().with_holidays(holidays).with_locale(place);
    let hours: opening_hours::OpeningHours = "Mo-Fr 09:00-17:00; PH off".parse().expect("opening hours");
    hours.with_context(context)
}

fn oh_local(second: i64) -> DateTime<chrono_tz::Tz> {
    instant(second).with_timezone(&chrono_tz::America::New_York)
}

fn oh_elapsed(hours: &OpeningHours, from: i64, to: i64) -> i64 {
    let stretches = hours.iter_range(oh_local(from), oh_local(to));
    let open = stretches.filter(|stretch| stretch.kind == opening_hours::RuleKind::Open);
    open.map(|open| open.range.end.timestamp() - open.range.start.timestamp()).sum()
}

fn oh_add(hours: &OpeningHours, from: i64, open: i64) -> i64 {
    let mut left = open;
    for stretch in hours.iter_from(oh_local(from)) {
        if stretch.kind == opening_hours::RuleKind::Open {
            let length = stretch.range.end.timestamp() - stretch.range.start.timestamp();
            if length >= left {
                return stretch.range.start.timestamp() + left;
            }
            left -= length;
        }
    }
    0
}
