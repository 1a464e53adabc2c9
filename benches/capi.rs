//! What a call through the C ABI costs over Rust's own, and what a column in one call costs for each pair.
//!
//! `cargo bench --bench capi --features capi`. The reference is `Calendar::elapsed_micros` over the same pairs, called through a
//! pointer too, as a dynamic library is: once with pairs that fit a cache, once over a million at random. `examples/c/bench.c`
//! measures the same from C.

#![allow(unsafe_code)]

mod common;

use std::hint::black_box;
use std::ptr::null_mut;

use common::{ROUNDS, is_quick, median, row};
use helpdesk::calendar::{Calendar, CalendarError};
use helpdesk::capi::helpdesk_status::HELPDESK_OK;
use helpdesk::capi::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const HOURS: &str = "Mon-Fri 09:00-17:00";
const ZONE: &str = "America/New_York";
/// A year from 2026 on.
const FROM: i64 = 1_767_225_600_000_000;
const YEAR: i64 = 365 * 86_400_000_000;

type InRust = fn(&Calendar, i64, i64) -> Result<i64, CalendarError>;
type InC = unsafe extern "C" fn(
    *const helpdesk_calendar,
    i64,
    i64,
    *mut i64,
    *mut *mut helpdesk_error,
) -> helpdesk_status;

#[inline(never)]
fn elapsed(calendar: &Calendar, from: i64, to: i64) -> Result<i64, CalendarError> {
    calendar.elapsed_micros(from, to)
}

fn main() {
    let office = Calendar::parse(HOURS, ZONE).unwrap();
    let mut handle = null_mut();
    let made = unsafe {
        helpdesk_calendar_parse(
            HOURS.as_ptr().cast(),
            HOURS.len(),
            ZONE.as_ptr().cast(),
            ZONE.len(),
            &mut handle,
            null_mut(),
        )
    };
    assert_eq!(made, HELPDESK_OK);
    let in_rust: InRust = black_box(elapsed);
    let in_c: InC = black_box(helpdesk_calendar_elapsed);
    let most = if is_quick() { 20_000 } else { 1_000_000 };
    for (what, n) in [("in cache", 1_000), ("at random", most)] {
        let mut draw = ChaCha8Rng::seed_from_u64(7);
        let from: Vec<i64> = (0..n).map(|_| FROM + draw.random_range(0..YEAR)).collect();
        let to: Vec<i64> = from
            .iter()
            .map(|from| from + draw.random_range(0..7 * 86_400_000_000i64))
            .collect();
        let again = (most / n).max(1);
        let (mut sum_rust, mut sum_c) = (0i64, 0i64);
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let rust = median(
                || {
                    for _ in 0..again {
                        sum_rust = from
                            .iter()
                            .zip(&to)
                            .fold(0, |sum, (a, b)| sum ^ in_rust(&office, *a, *b).unwrap_or(0));
                    }
                },
                n * again,
            );
            let c = median(
                || {
                    for _ in 0..again {
                        sum_c = from.iter().zip(&to).fold(0, |sum, (a, b)| {
                            let mut out = 0;
                            unsafe { in_c(handle, *a, *b, &mut out, null_mut()) };
                            sum ^ out
                        });
                    }
                },
                n * again,
            );
            costs.push((c - rust, rust, c));
        }
        assert_eq!(sum_rust, sum_c, "the same answers");
        costs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (more, rust, c) = costs[ROUNDS / 2];
        println!("elapsed, {n} pairs {what}");
        row("  Rust, through a pointer", rust, rust);
        row("  C ABI, through a pointer", c, rust);
        println!(
            "  the ABI adds {more:.1} ns a call (least {:.1}, most {:.1}); the goal is under 5",
            costs[0].0,
            costs[ROUNDS - 1].0
        );
        let mut out = vec![0i64; n];
        let batch = median(
            || {
                for _ in 0..again {
                    let told = unsafe {
                        helpdesk_calendar_elapsed_batch(
                            handle,
                            from.as_ptr(),
                            to.as_ptr(),
                            out.as_mut_ptr(),
                            n,
                            null_mut(),
                            null_mut(),
                        )
                    };
                    assert_eq!(told, HELPDESK_OK);
                }
            },
            n * again,
        );
        assert_eq!(
            out.iter().fold(0, |sum, one| sum ^ one),
            sum_rust,
            "the same answers"
        );
        row("  C ABI, all in one call", batch, rust);
    }
    assert_eq!(unsafe { helpdesk_calendar_free(handle) }, HELPDESK_OK);
}
