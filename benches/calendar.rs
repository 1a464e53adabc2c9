//! How fast calendars answer, beside other ways to do it, in one run.
//!
//! ```text
//! cargo bench --bench calendar
//! cargo bench --bench calendar -- elapsed add    # or: numpy, many, kinds, compile
//! ```
//!
//! The calendar is an office in New York, Monday to Friday 9 to 17, with 20 holidays a year for 30 years. Every way is
//! checked against the others before it is timed. All ways are timed in turns, several rounds, and the medians compared:
//! a noisy machine slows all of them. Times are nanoseconds for one question.
//!
//! # What bounds it
//! A question of `elapsed` reads, for each of its two instants, a row (8 bytes), a mark (2 bytes) and a piece of a span
//! (24 bytes), one after the other; the bare table reads one cell of 20 bytes for each. All that such an office's answers
//! read lies in 12 KB of rows and 8 KB of marks and spans, which stay in the first-level cache; the bare table's 219 KB do
//! not. So over questions in cache both take the same time, 12 to 14 cycles.
//!
//! Streaming in, a million questions are 16 MB, and most of the time goes into waiting for them. How long depends on the
//! processor's prefetcher, which runs ahead only when it sees the second-level cache being asked: the bare table asks it
//! twice for each question, and so has its questions fetched for it. A table that fits into the first level asks
//! for nothing, and waits. That is shown, not claimed: the rows `in one month` below put the same questions to the same
//! bare table, but all in one month of it, where it too stays in the first level, and it slows down as ours does. Rows
//! padded to 64 bytes, so that they miss the first level, made ours a quarter slower in cache and a third faster
//! streaming in; that trade is not taken.
//!
//! # Beside workclock
//! workclock answers in a few hundred nanoseconds over an hour, and some thirty times faster than opening-hours over
//! days, so that 500 times at a week and 15,000 at a year are more than the bare table itself reaches: at a week it was 295
//! times as fast as workclock for `elapsed` and 197 times for `add`, at a year 16,800 and 10,900 (two virtual cores of a Xeon;
//! ours 273, 153, 15,900 and 8,700). The lines `the bare day cells against` say so for each run.

#![allow(clippy::print_stdout)]

use std::collections::HashSet;
use std::hint::black_box;
use std::ops::Range;
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
/// How many questions are read before they are asked: few enough to stay in cache.
const BLOCK: usize = 1_024;

const SPANS: [(&str, i64); 4] = [
    ("1 hour", 3_600),
    ("1 week", 7 * DAY),
    ("1 year", 365 * DAY),
    ("10 years", 3_652 * DAY),
];

/// Questions: from an instant over a span, in the units that each way takes.
struct Queries {
    /// Unix seconds, and seconds.
    seconds: Vec<(i64, i64)>,
    /// Unix microseconds, and microseconds.
    micros: Vec<(i64, i64)>,
    instants: Vec<(DateTime<Utc>, TimeDelta)>,
}

impl Queries {
    fn new(seconds: Vec<(i64, i64)>) -> Queries {
        let micros = seconds
            .iter()
            .map(|&(from, span)| (from * SECOND, span * SECOND))
            .collect();
        let instants = seconds
            .iter()
            .map(|&(from, span)| (instant(from), TimeDelta::seconds(span)))
            .collect();
        Queries {
            seconds,
            micros,
            instants,
        }
    }
}

type Run<'a> = Box<dyn Fn(&Queries, Range<usize>) -> i64 + 'a>;

/// A way to answer questions, those of a range; the sum of the answers keeps it honest.
struct Way<'a> {
    name: &'static str,
    run: Run<'a>,
    /// Whether it is so slow that it gets only as many questions as fit in a moment.
    is_slow: bool,
    /// How many of the units it answers in make a second.
    unit: i64,
    /// Reads the questions as this way takes them.
    fetch: fn(&Queries, Range<usize>),
}

impl<'a> Way<'a> {
    fn in_micros(name: &'static str, answer: impl Fn(i64, i64) -> i64 + 'a) -> Way<'a> {
        let run = move |all: &Queries, asked: Range<usize>| {
            sum(&all.micros[asked], |&(from, span)| answer(from, span))
        };
        Way {
            name,
            run: Box::new(run),
            is_slow: false,
            unit: SECOND,
            fetch: |all, asked| fetch(&all.micros[asked]),
        }
    }

    fn in_seconds(name: &'static str, answer: impl Fn(i64, i64) -> i64 + 'a) -> Way<'a> {
        let run = move |all: &Queries, asked: Range<usize>| {
            sum(&all.seconds[asked], |&(from, span)| answer(from, span))
        };
        Way {
            name,
            run: Box::new(run),
            is_slow: false,
            unit: 1,
            fetch: |all, asked| fetch(&all.seconds[asked]),
        }
    }

    fn slow(name: &'static str, answer: impl Fn(i64, i64) -> i64 + 'a) -> Way<'a> {
        Way {
            is_slow: true,
            ..Way::in_seconds(name, answer)
        }
    }

    fn in_instants(
        name: &'static str,
        answer: impl Fn(DateTime<Utc>, TimeDelta) -> i64 + 'a,
    ) -> Way<'a> {
        let run = move |all: &Queries, asked: Range<usize>| {
            sum(&all.instants[asked], |&(from, span)| answer(from, span))
        };
        Way {
            name,
            run: Box::new(run),
            is_slow: false,
            unit: 1,
            fetch: |all, asked| {
                black_box(sum(&all.instants[asked], |(from, _)| {
                    i64::from(from.timestamp_subsec_nanos())
                }));
            },
        }
    }
}

#[inline]
fn sum<T>(asked: &[T], answer: impl Fn(&T) -> i64) -> i64 {
    asked
        .iter()
        .fold(0, |sum: i64, query| sum.wrapping_add(answer(query)))
}

/// Reads questions, so that they are in cache when they are asked.
fn fetch(asked: &[(i64, i64)]) {
    black_box(sum(asked, |&(from, span)| from ^ span));
}

fn main() {
    let holidays = holidays();
    let office = office("America/New_York", "Mon-Fri 09:00-17:00", &holidays);
    let stretches = stretches(&office);
    let cells = Cells::new(&stretches);
    let fine = FineCells::new(&stretches);
    let prefix = Prefix::new(&stretches);
    let naive = Naive {
        holidays: holidays.iter().copied().collect(),
    };
    let work_clock = work_clock(&holidays);
    let opening_hours = opening_hours(&holidays);

    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|part| !part.starts_with('-'))
        .collect();
    let wants = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    println!("business time, ns a question; {ROUNDS} rounds, medians");
    let elapsed = vec![
        Way::in_micros("helpdesk", |from, span| {
            office.elapsed_micros(from, from + span).unwrap_or(0)
        }),
        Way::in_seconds("bare day cells", |from, span| {
            cells.elapsed(from, from + span)
        }),
        Way::in_micros("bare cells, microsec.", |from, span| {
            fine.elapsed(from, from + span)
        }),
        Way::in_instants("helpdesk, DateTime", |from, span| {
            office
                .elapsed(from, from + span)
                .unwrap_or_default()
                .num_seconds()
        }),
        Way::in_instants("bare cells, DateTime", |from, span| {
            let micros = fine.elapsed(from.timestamp_micros(), (from + span).timestamp_micros());
            TimeDelta::microseconds(micros).num_seconds()
        }),
        Way::in_seconds("prefix sums", |from, span| {
            prefix.elapsed(from, from + span)
        }),
        Way::slow("naive day walk", |from, span| {
            naive.elapsed(from, from + span)
        }),
        Way::slow("workclock", |from, span| {
            work_clock
                .between(timestamp(from), timestamp(from + span))
                .as_secs()
        }),
        Way::slow("opening-hours", |from, span| {
            oh_elapsed(&opening_hours, from, from + span)
        }),
    ];
    if wants("elapsed") {
        table("elapsed", &elapsed, |from, span| (from, span));
        streaming_in_one_month(&elapsed);
    }

    let add = vec![
        Way::in_micros("helpdesk", |from, open| {
            office.add_micros(from, open).unwrap_or(0)
        }),
        Way::in_seconds("bare day cells", |from, open| cells.add(from, open)),
        Way::in_micros("bare cells, microsec.", |from, open| fine.add(from, open)),
        Way::in_instants("helpdesk, DateTime", |from, open| {
            office.add(from, open).unwrap_or_default().timestamp()
        }),
        Way::in_instants("bare cells, DateTime", |from, open| {
            let micros = fine.add(
                from.timestamp_micros(),
                open.num_microseconds().unwrap_or(0),
            );
            DateTime::from_timestamp_micros(micros)
                .unwrap_or_default()
                .timestamp()
        }),
        Way::in_seconds("prefix sums", |from, open| prefix.add(from, open)),
        Way::slow("naive day walk", |from, open| naive.add(from, open)),
        Way::slow("workclock", |from, open| {
            let open = jiff::SignedDuration::from_secs(open);
            work_clock
                .add(timestamp(from), open)
                .map_or(0, |at| at.as_second())
        }),
        Way::slow("opening-hours", |from, open| {
            oh_add(&opening_hours, from, open)
        }),
    ];
    if wants("add") {
        table("add", &add, |from, span| {
            (from, prefix.elapsed(from, from + span).max(1_800))
        });
    }
    if wants("numpy") {
        beside_numpy(&office);
    }
    if wants("many") {
        many_calendars(&holidays);
    }
    if wants("kinds") {
        other_kinds(&office);
    }
    if wants("compile") {
        compiling(&holidays);
    }
}

/// Times all ways over the four spans: a thousand questions again and again, a million at random, each block of them
/// read before it is timed, and the same million streaming in from memory.
fn table(what: &str, ways: &[Way<'_>], question: impl Fn(i64, i64) -> (i64, i64)) {
    let mut warm: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    let mut cold = warm.clone();
    let mut streamed = warm.clone();
    for (_, span) in SPANS {
        let ask = |count, seed| {
            let starts = starts(count, span, seed).into_iter();
            Queries::new(starts.map(|from| question(from, span)).collect())
        };
        let (few, many) = (ask(1_000, 1), ask(1_000_000, 2));
        agree(what, ways, &few);
        for (times, ask, repeat, block) in [
            (&mut warm, &few, 50, usize::MAX),
            (&mut cold, &many, 1, BLOCK),
            (&mut streamed, &many, 1, usize::MAX),
        ] {
            let measured = measure(ways, ask, span, repeat, block);
            times
                .iter_mut()
                .zip(measured)
                .for_each(|(times, ns)| times.push(ns));
        }
    }
    for (kind, times) in [
        ("1,000 questions in cache", &warm),
        ("1,000,000 at random", &cold),
        ("the same, questions streaming in", &streamed),
    ] {
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
        println!(
            "flat: 10 years is {:.2} x 1 hour (goal: at most 1.5)",
            ours[3] / ours[0]
        );
        for (way, theirs) in ways.iter().zip(times).skip(1) {
            let ratios = ratios(way.name, ours, theirs);
            println!("{}: {ratios}{}", way.name, goal(way.name));
        }
        // What the bare table would reach shows how far a goal is from the limit.
        for (way, theirs) in ways.iter().zip(times).filter(|(way, _)| way.is_slow) {
            println!(
                "  the bare day cells against {}: {}",
                way.name,
                ratios(way.name, &times[1], theirs)
            );
        }
    }
}

/// A million questions over an hour, streaming in: in all years, and in one month, where the bare table too fits into the
/// first-level cache. See the essay above.
fn streaming_in_one_month(ways: &[Way<'_>]) {
    println!("\nelapsed over an hour, questions streaming in");
    let ask = |span, seed| {
        Queries::new(
            starts(1_000_000, span, seed)
                .iter()
                .map(|&from| (from, 3_600))
                .collect(),
        )
    };
    // The longer the span that has to fit, the fewer the starts: all but the first month are ruled out.
    let month = seconds(LAST_YEAR) - seconds(FIRST_YEAR + 1) - 30 * DAY;
    for (name, queries) in [
        ("in all years", ask(3_600, 7)),
        ("in one month", ask(month, 8)),
    ] {
        let times = measure(&ways[..2], &queries, 3_600, 1, usize::MAX);
        println!(
            "{name:<14} helpdesk {:>5.1}, bare day cells {:>5.1}: {:.2}",
            times[0],
            times[1],
            times[0] / times[1]
        );
    }
}

fn ratios(name: &str, ours: &[f64], theirs: &[f64]) -> String {
    let each = ours.iter().zip(theirs);
    let ratios: Vec<String> = each
        .map(|(ours, theirs)| ratio(name, *ours, *theirs))
        .collect();
    ratios.join(", ")
}

fn ratio(name: &str, ours: f64, theirs: f64) -> String {
    if name.starts_with("bare") || name.starts_with("helpdesk") {
        format!("{:.2}", ours / theirs)
    } else {
        format!("{:.0}", theirs / ours)
    }
}

fn goal(name: &str) -> &'static str {
    match name {
        "bare day cells" => " of its time (goal: at most 1.5)",
        "bare cells, microsec." => " of its time: the same question, to the microsecond",
        "bare cells, DateTime" | "helpdesk, DateTime" => " of its time is the integer form of ours",
        "opening-hours" => " times ours (goal: at least 50, 500, 15,000)",
        "workclock" => " times ours (the same goal, where the bare cells reach it)",
        "naive day walk" => " times ours (goal: at least 1,000 at a year)",
        _ => " times ours",
    }
}

/// Median nanoseconds a question of each way, all ways in turns. Questions are asked in blocks, each read before it is
/// timed; all of them are one block when that is longer, and then they are not read before.
fn measure(
    ways: &[Way<'_>],
    queries: &Queries,
    span: i64,
    repeat: usize,
    block: usize,
) -> Vec<f64> {
    let affordable = (200_000_000 / (span / 10 + 40_000)).clamp(5, 2_000) as usize;
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            let all = queries.seconds.len();
            let (count, repeat) = match way.is_slow {
                true => (affordable.min(all), 1),
                false => (all, repeat),
            };
            if !way.is_slow {
                black_box((way.run)(queries, 0..count));
            }
            let mut nanos = 0;
            for _ in 0..repeat {
                for first in (0..count).step_by(block) {
                    let asked = first..count.min(first.saturating_add(block));
                    if block < all {
                        (way.fetch)(queries, asked.clone());
                    }
                    let begin = Instant::now();
                    black_box((way.run)(black_box(queries), asked));
                    nanos += begin.elapsed().as_nanos();
                }
            }
            times.push(nanos as f64 / (count * repeat) as f64);
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// All ways must give the same answers before their times mean anything.
fn agree(what: &str, ways: &[Way<'_>], queries: &Queries) {
    for place in 0..50 {
        let answers: Vec<i64> = ways
            .iter()
            .map(|way| (way.run)(queries, place..place + 1) / way.unit)
            .collect();
        let same = answers.iter().all(|answer| *answer == answers[0]);
        assert!(same, "{what} of {:?}: {answers:?}", queries.instants[place]);
    }
}

/// Runs `benches/busday.py`, the same hours and holidays in numpy's `busday_count` and `busday_offset`, a million
/// questions in one vectorised call, and sets its times beside ours for the same spans.
fn beside_numpy(office: &Calendar) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/busday.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    println!("\nnumpy, a million questions at once");
    let output = match std::process::Command::new(&python).arg(script).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            let why = why.lines().last().unwrap_or("it failed").to_owned();
            return println!(
                "not compared: `{python}` says {why} (python3 -m pip install numpy, or set PYTHON)"
            );
        }
        Err(why) => return println!("not compared: no `{python}` ({why})"),
    };
    println!("{}", output.lines().next().unwrap_or_default());
    for line in output.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [seconds, elapsed, add] = words[..] else {
            continue;
        };
        let Ok(span) = seconds.parse::<i64>() else {
            continue;
        };
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let queries: Vec<(u8, i64)> = starts(1_000_000, span, 6)
            .into_iter()
            .map(|from| (0, from * SECOND))
            .collect();
        let micros = span * SECOND;
        let open = micros * 40 / 168;
        let rounds = 0..ROUNDS;
        let (ours, ours_add): (Vec<f64>, Vec<f64>) = rounds
            .map(|_| {
                let elapsed = each(&queries, |_, from| {
                    office.elapsed_micros(from, from + micros).unwrap_or(0)
                });
                (
                    elapsed,
                    each(&queries, |_, from| {
                        office.add_micros(from, open).unwrap_or(0)
                    }),
                )
            })
            .unzip();
        let (ours, ours_add) = (median(ours), median(ours_add));
        let name = SPANS
            .iter()
            .find(|named| named.1 == span)
            .map_or("", |named| named.0);
        println!(
            "{name:>9}: elapsed {:>7.1} / {ours:.1} = {:.0} (goal: at least 15), add {:>7.1} / {ours_add:.1} = {:.0}",
            number(elapsed),
            number(elapsed) / ours,
            number(add),
            number(add) / ours_add
        );
    }
}

fn many_calendars(holidays: &[NaiveDate]) {
    let zones: Vec<&str> = Zone::names()
        .filter(|name| name.contains('/'))
        .step_by(7)
        .take(64)
        .collect();
    let hours = |number: usize| format!("Mon-Fri {:02}:{:02}-17:00", 7 + number % 3, number % 60);
    let offices: Vec<Calendar> = zones
        .iter()
        .enumerate()
        .map(|(number, zone)| office(zone, &hours(number), holidays))
        .collect();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let picks: Vec<u8> = (0..1_000_000).map(|_| random.random_range(0..64)).collect();
    println!("\n64 calendars at random against one, a million questions");
    for (name, span) in SPANS {
        let starts = starts(1_000_000, span, 3)
            .into_iter()
            .map(|from| from * SECOND);
        let picked: Vec<(u8, i64)> = picks.iter().copied().zip(starts).collect();
        let span = span * SECOND;
        let (mut one, mut all, mut add_one, mut add_all) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            one.push(each(&picked, |_, from| {
                offices[0].elapsed_micros(from, from + span).unwrap_or(0)
            }));
            all.push(each(&picked, |pick, from| {
                offices[pick as usize]
                    .elapsed_micros(from, from + span)
                    .unwrap_or(0)
            }));
            add_one.push(each(&picked, |_, from| {
                offices[0].add_micros(from, span / 4).unwrap_or(0)
            }));
            add_all.push(each(&picked, |pick, from| {
                offices[pick as usize]
                    .add_micros(from, span / 4)
                    .unwrap_or(0)
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

fn each(picked: &[(u8, i64)], answer: impl Fn(u8, i64) -> i64) -> f64 {
    let begin = Instant::now();
    let sum = picked.iter().fold(0i64, |sum, &(pick, from)| {
        sum.wrapping_add(answer(pick, from))
    });
    black_box(sum);
    begin.elapsed().as_nanos() as f64 / picked.len() as f64
}

fn other_kinds(office: &Calendar) {
    let berlin = office_in("Europe/Berlin", "Mon-Fri 09:00-12:00,13:00-18:00");
    let kinds = [
        ("the office itself", office.clone()),
        ("24x7", Calendar::always()),
        (
            "union over two zones",
            office.union(&berlin).expect("two calendars"),
        ),
        (
            "intersection",
            office.intersection(&berlin).expect("two calendars"),
        ),
        (
            "difference",
            office.difference(&berlin).expect("two calendars"),
        ),
    ];
    println!("\nother kinds of calendars, a million questions over a year");
    let year = SPANS[2].1;
    let queries: Vec<(u8, i64)> = starts(1_000_000, year, 4)
        .into_iter()
        .map(|from| (0, from * SECOND))
        .collect();
    let year = year * SECOND;
    let mut times = vec![(Vec::new(), Vec::new()); kinds.len()];
    for _ in 0..ROUNDS {
        for ((_, calendar), times) in kinds.iter().zip(&mut times) {
            times.0.push(each(&queries, |_, from| {
                calendar.elapsed_micros(from, from + year).unwrap_or(0)
            }));
            times.1.push(each(&queries, |_, from| {
                calendar.add_micros(from, year / 32).unwrap_or(0)
            }));
        }
    }
    for ((name, _), (elapsed, add)) in kinds.iter().zip(times) {
        println!(
            "{name:<22} elapsed {:>6.1}, add {:>6.1}",
            median(elapsed),
            median(add)
        );
    }
}

fn compiling(holidays: &[NaiveDate]) {
    println!("\ncompiling");
    let begin = Instant::now();
    let first = Calendar::parse("Mon-Fri 09:00-17:00", "Australia/Lord_Howe");
    println!(
        "first calendar of a zone: {:.2} ms",
        begin.elapsed().as_secs_f64() * 1e3
    );
    black_box(first.is_ok());
    for (name, hours, days) in [
        ("office without holidays", "Mon-Fri 09:00-17:00", &[][..]),
        ("office with 600 holidays", "Mon-Fri 09:00-17:00", holidays),
        (
            "shifts with 600 holidays",
            "Mon-Fri 06:00-14:00,14:30-22:00; Sat,Sun 22:00-06:00",
            holidays,
        ),
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
    println!(
        "union of two               {:.3} ms",
        median(times.collect())
    );

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
    println!(
        "{count} distinct calendars with 600 holidays: {mib:.0} MiB (goal: under 1,024), built in {seconds:.1} s"
    );
}

/// Resident memory in bytes, where the system tells.
fn resident() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| {
        text.split_whitespace()
            .nth(1)
            .and_then(|pages| pages.parse::<i64>().ok())
    });
    pages.unwrap_or(0) * 4_096
}

fn starts(count: usize, span: i64, seed: u64) -> Vec<i64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let first = seconds(FIRST_YEAR + 1);
    let last = seconds(LAST_YEAR) - span;
    (0..count)
        .map(|_| random.random_range(first..last))
        .collect()
}

fn seconds(year: i32) -> i64 {
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0)
        .single()
        .map_or(0, |at| at.timestamp())
}

fn instant(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or(LATEST)
}

fn timestamp(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap_or_default()
}

/// Twenty days a year, the same every year, not all of them workdays.
fn holidays() -> Vec<NaiveDate> {
    let days = [
        1, 19, 45, 50, 74, 94, 110, 124, 147, 170, 185, 201, 227, 248, 270, 285, 315, 331, 359, 360,
    ];
    let of_year = move |year| {
        days.into_iter()
            .filter_map(move |day| NaiveDate::from_yo_opt(year, day))
    };
    (FIRST_YEAR..=LAST_YEAR).flat_map(of_year).collect()
}

fn office(zone: &str, hours: &str, holidays: &[NaiveDate]) -> Calendar {
    let builder = Calendar::builder(zone)
        .and_then(|builder| builder.hours(hours))
        .expect("a calendar");
    let builder = holidays.iter().fold(builder, |builder, &date| {
        builder.closed(date, "public holiday")
    });
    builder.build().expect("a calendar that opens")
}

fn office_in(zone: &str, hours: &str) -> Calendar {
    office(zone, hours, &[])
}

/// The open stretches of the years in question, in seconds.
fn stretches(office: &Calendar) -> Vec<(i64, i64)> {
    let years = instant(seconds(FIRST_YEAR))..instant(seconds(LAST_YEAR + 1));
    let windows = office.windows(years).expect("a range of instants");
    windows
        .map(|open| (open.from.timestamp(), open.to.timestamp()))
        .collect()
}

/// The least work that can do: a fixed cell for each UTC day with two windows, and a bucket index for `add`. Once in
/// seconds, and once to the microsecond, as a calendar of ours answers.
macro_rules! cells {
    ($name:ident, $unit:ty, $per_second:expr, $bucket:expr) => {
        struct $name {
            first: i64,
            days: Vec<[$unit; 5]>,
            buckets: Vec<u32>,
        }

        impl $name {
            const DAY: i64 = DAY * $per_second;

            fn new(stretches: &[(i64, i64)]) -> $name {
                let first = seconds(FIRST_YEAR);
                let count = (seconds(LAST_YEAR + 1) - first) / DAY;
                let mut days = Vec::new();
                let mut before = 0;
                for day in 0..=count {
                    let begin = first + day * DAY;
                    let mut cell = [Self::DAY as $unit; 5];
                    cell[0] = before;
                    let here = stretches
                        .iter()
                        .skip(stretches.partition_point(|open| open.1 <= begin));
                    for (place, open) in here.take_while(|open| open.0 < begin + DAY).enumerate() {
                        let (from, to) =
                            (open.0.max(begin) - begin, open.1.min(begin + DAY) - begin);
                        cell[1 + place] = (from * $per_second) as $unit;
                        cell[3 + place] = (to * $per_second) as $unit;
                        before += cell[3 + place] - cell[1 + place];
                    }
                    days.push(cell);
                }
                let mut buckets = Vec::new();
                let mut day = 0;
                for bucket in 0..=(before as i64 / $bucket) {
                    while day + 1 < days.len() && (days[day + 1][0] as i64) < bucket * $bucket {
                        day += 1;
                    }
                    buckets.push(day as u32);
                }
                $name {
                    first: first * $per_second,
                    days,
                    buckets,
                }
            }

            #[inline]
            fn before(&self, at: i64) -> i64 {
                let since = (at - self.first) as u64;
                let within = (since % Self::DAY as u64) as $unit;
                let cell = &self.days[(since / Self::DAY as u64) as usize];
                let open = |place: usize| within.min(cell[3 + place]) - within.min(cell[1 + place]);
                (cell[0] + open(0) + open(1)) as i64
            }

            #[inline]
            fn elapsed(&self, from: i64, to: i64) -> i64 {
                self.before(to) - self.before(from)
            }

            #[inline]
            fn add(&self, from: i64, open: i64) -> i64 {
                let target = self.before(from) + open;
                let mut day = self.buckets[(target / $bucket) as usize] as usize;
                while (self.days[day + 1][0] as i64) < target {
                    day += 1;
                }
                let cell = &self.days[day];
                let left = target as $unit - cell[0];
                let first = cell[3] - cell[1];
                let within = if left <= first {
                    cell[1] + left
                } else {
                    cell[2] + left - first
                };
                self.first + day as i64 * Self::DAY + within as i64
            }
        }
    };
}

cells!(Cells, u32, 1, 1 << 14);
cells!(FineCells, u64, SECOND, 1 << 34);

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
        Prefix {
            stretches: sums.collect(),
        }
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
        let (from, _, before) =
            self.stretches[self.stretches.partition_point(|open| open.2 < target) - 1];
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
        let at = |hour| {
            zone.from_local_datetime(&date.and_hms_opt(hour, 0, 0)?)
                .single()
        };
        Some((at(9)?.timestamp(), at(17)?.timestamp()))
    }

    fn elapsed(&self, from: i64, to: i64) -> i64 {
        let local = |second| {
            instant(second)
                .with_timezone(&chrono_tz::America::New_York)
                .date_naive()
        };
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
        let mut date = instant(from)
            .with_timezone(&chrono_tz::America::New_York)
            .date_naive();
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
    let date = |date: &NaiveDate| {
        jiff::civil::date(date.year() as i16, date.month() as i8, date.day() as i8)
    };
    let schedule = workclock::Schedule::builder()
        .time_zone("America/New_York")
        .rule(workclock::WorkDay::new(
            time(9),
            time(17),
            workclock::Weekdays::MON_TO_FRI,
        ))
        .rule(workclock::Holidays::new(holidays.iter().map(date)));
    schedule.build().expect("a schedule")
}

type OpeningHours =
    opening_hours::OpeningHours<opening_hours::localization::TzLocation<chrono_tz::Tz>>;

fn opening_hours(holidays: &[NaiveDate]) -> OpeningHours {
    let mut public = compact_calendar::CompactCalendar::default();
    holidays.iter().for_each(|&date| {
        public.insert(date);
    });
    let holidays = opening_hours::ContextHolidays::new(public.into(), Default::default());
    let place = opening_hours::localization::TzLocation::new(chrono_tz::America::New_York);
    let context = opening_hours::Context::default()
        .with_holidays(holidays)
        .with_locale(place);
    let hours: opening_hours::OpeningHours =
        "Mo-Fr 09:00-17:00; PH off".parse().expect("opening hours");
    hours.with_context(context)
}

fn oh_local(second: i64) -> DateTime<chrono_tz::Tz> {
    instant(second).with_timezone(&chrono_tz::America::New_York)
}

fn oh_elapsed(hours: &OpeningHours, from: i64, to: i64) -> i64 {
    let stretches = hours.iter_range(oh_local(from), oh_local(to));
    let open = stretches.filter(|stretch| stretch.kind == opening_hours::RuleKind::Open);
    open.map(|open| open.range.end.timestamp() - open.range.start.timestamp())
        .sum()
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
