//! Percentiles of more lengths than one wants to keep: a mergeable sketch with a stated error, in integers.
//!
//! A [`Sketch`] counts lengths by bucket. Every power of two is cut into 128 equal buckets, and below 128 microseconds every
//! value has its own; so a bucket is at most 1/128 as wide as what lies in it, and its middle at most 1/256 away from it
//! ([`Sketch::ERROR`]). There are 7,296 buckets for each sign (and one for the least number that there is), however many values there are. The same buckets, in whole numbers
//! and without a logarithm, are those of HdrHistogram (Gil Tene, <http://hdrhistogram.org>) with seven bits.
//!
//! ```
//! use helpdesk::kpi::Sketch;
//!
//! let minutes = |n: i64| n * 60_000_000;
//! let mut sketch = Sketch::of((1..=100).map(minutes));
//! let p90 = sketch.percentile_us(90)?.ok_or("empty")?;
//! assert!((p90 - minutes(90)).abs() <= minutes(90) / 256); // exact would be 90 minutes
//! assert_eq!((sketch.n(), sketch.sum_us()), (100, minutes(5_050).into())); // counts and sums are exact
//!
//! sketch.retract(minutes(100));
//! sketch.merge(&Sketch::of([minutes(7)]));
//! assert_eq!(sketch.n(), 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not here
//! No float and no randomness: equal values give equal sketches, to the last bit, in whatever order and parts they came. No
//! choice of another error: sketches of one kind alone can be merged. Where exact percentiles fit, use
//! [`Summary`](super::Summary): reports do.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::KpiError;
use super::quantile::nearest_rank;

/// The version of the sketch's form: how its buckets are cut.
const SKETCH: u32 = 1;

/// Each power of two has 2^7 buckets.
const BITS: u32 = 7;

/// The bucket of 0; those below it hold negative values.
const ZERO: u32 = 1;

/// How many buckets of [`bucket`] there are: one for all negative values, and those of 0 to `i64::MAX`.
pub(super) const BUCKETS: usize = 7_297;

/// The bucket of a value, from 0 up: all negative values are in bucket 0. A larger value is in no lower bucket.
#[inline]
pub(super) fn bucket(value: i64) -> u16 {
    let bucket = ZERO + magnitude(value.max(0).unsigned_abs());
    if value < 0 { 0 } else { bucket as u16 }
}

/// The bucket of a value that is not negative, counted from 0.
#[inline]
fn magnitude(value: u64) -> u32 {
    let exponent = (value | 127).ilog2(); // at least 6
    let over = exponent.max(BITS) - BITS;
    let within = (value >> over) & 127; // below 128 the value itself, else without its leading bit
    ((exponent - (BITS - 1)) << BITS) + within as u32
}

/// The least and the greatest value of a bucket of [`magnitude`].
fn bounds(bucket: u32) -> (u64, u64) {
    if bucket < 1 << BITS {
        return (bucket.into(), bucket.into());
    }
    let over = (bucket >> BITS).saturating_sub(1).min(63 - BITS);
    let least = (128 + u64::from(bucket & 127)) << over;
    (least, least + ((1 << over) - 1))
}

/// Lengths counted by bucket: see the module.
///
/// # Properties
/// For 1 <= p <= 100 and values of which n are in the sketch, [`Sketch::percentile_us`] is at most 1/256 of the exact
/// nearest-rank percentile away from it, and exact below 128 microseconds. Merging is associative and commutative, an empty
/// sketch changes nothing, and [`Sketch::retract`] undoes [`Sketch::add`] in any order and across parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    sum_us: i128,
    counts: BTreeMap<(bool, u32), i64>, // INVARIANT: no count is 0. The flag: not negative
}

impl Sketch {
    /// The greatest relative error of a percentile.
    pub const ERROR: f64 = 1.0 / 256.0;

    /// Nothing counted yet.
    pub fn new() -> Sketch {
        Sketch::default()
    }

    /// The sketch of these values.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Sketch {
        let mut sketch = Sketch::new();
        values.into_iter().for_each(|value| sketch.add(value));
        sketch
    }

    /// Counts a value, in microseconds.
    pub fn add(&mut self, value_us: i64) {
        self.change(place(value_us), i128::from(value_us), 1);
    }

    /// Takes back a value that was, or will be, added.
    pub fn retract(&mut self, value_us: i64) {
        self.change(place(value_us), -i128::from(value_us), -1);
    }

    /// Adds up both.
    pub fn merge(&mut self, other: &Sketch) {
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        for (place, count) in &other.counts {
            self.change(*place, 0, *count);
        }
    }

    fn change(&mut self, place: (bool, u32), sum: i128, by: i64) {
        self.sum_us = self.sum_us.saturating_add(sum);
        let count = self.counts.entry(place).or_default();
        *count = count.saturating_add(by);
        if *count == 0 {
            self.counts.remove(&place);
        }
    }

    /// How many values there are, exactly; 0 where more were taken back than added.
    pub fn n(&self) -> u64 {
        let n = self
            .counts
            .values()
            .fold(0i64, |n, count| n.saturating_add(*count));
        u64::try_from(n).unwrap_or(0)
    }

    /// Their exact sum.
    pub fn sum_us(&self) -> i128 {
        self.sum_us
    }

    /// The `percent`-th percentile by nearest rank, at most [`Sketch::ERROR`] of it away; `None` where there is no value, and
    /// for a `percent` outside 1 to 100.
    ///
    /// # Errors
    /// More of some bucket was taken back than added.
    pub fn percentile_us(&self, percent: u32) -> Result<Option<i64>, KpiError> {
        if self.counts.values().any(|count| *count < 0) {
            return Err(KpiError::unbalanced());
        }
        let Some(rank) = nearest_rank(percent, self.n()) else {
            return Ok(None);
        };
        let (negative, positive): (Vec<_>, Vec<_>) = self
            .counts
            .iter()
            .partition(|((is_positive, _), _)| !is_positive);
        // The further from 0, the lower a negative value.
        let ascending = negative.into_iter().rev().chain(positive);
        let mut passed = 0;
        for (place, count) in ascending {
            passed += u64::try_from(*count).unwrap_or(0);
            if passed >= rank {
                return Ok(Some(middle(*place)));
            }
        }
        Ok(None)
    }
}

/// The bucket of a value with its sign.
fn place(value: i64) -> (bool, u32) {
    (value >= 0, magnitude(value.unsigned_abs()))
}

fn middle((is_positive, bucket): (bool, u32)) -> i64 {
    let (least, greatest) = bounds(bucket);
    let middle = i128::from(least + (greatest - least) / 2);
    let signed = if is_positive { middle } else { -middle };
    i64::try_from(signed).unwrap_or(if is_positive { i64::MAX } else { i64::MIN })
}

/// Written as `{"version": 1, "sum_us": "...", "buckets": [[bucket, count], ...]}`: the sum as text, because it may pass 64 bits;
/// a negative value's bucket `b` as `-1 - b`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    sum_us: String,
    buckets: Vec<(i64, i64)>,
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let signed = |(is_positive, bucket): (bool, u32)| match is_positive {
            true => i64::from(bucket),
            false => -1 - i64::from(bucket),
        };
        let mut buckets: Vec<_> = self
            .counts
            .iter()
            .map(|(place, n)| (signed(*place), *n))
            .collect();
        buckets.sort_unstable();
        let sum_us = self.sum_us.to_string();
        Written {
            version: SKETCH,
            sum_us,
            buckets,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sketch, D::Error> {
        use serde::de::Error;
        let written = Written::deserialize(deserializer)?;
        if written.version != SKETCH {
            return Err(D::Error::custom(format!(
                "a sketch of version {}; {SKETCH} can be read: make it anew from the values",
                written.version
            )));
        }
        let sum_us = written.sum_us.parse().map_err(|_| {
            D::Error::custom(format!(
                "`{}` is not a sum; a whole number is wanted",
                written.sum_us
            ))
        })?;
        let in_order = written.buckets.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let place = |(signed, count): (i64, i64)| {
            let (is_positive, bucket) =
                (signed >= 0, if signed >= 0 { signed } else { -1 - signed });
            let bucket = u32::try_from(bucket)
                .ok()
                .filter(|bucket| *bucket <= magnitude(1 << 63));
            bucket
                .filter(|_| count != 0)
                .map(|bucket| ((is_positive, bucket), count))
        };
        let counts: Option<BTreeMap<_, _>> = written.buckets.into_iter().map(place).collect();
        match counts.filter(|_| in_order) {
            Some(counts) => Ok(Sketch { sum_us, counts }),
            None => Err(D::Error::custom(
                "buckets must stand in ascending order, each once, in range, with counts other than 0",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantile::Summary;
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Vec<i64>> {
        let value = prop_oneof![
            -300i64..300,
            0..40 * 86_400_000_000i64,
            any::<i64>(),
            (0..63u32, -2i64..3).prop_map(|(bit, by)| (1i64 << bit).saturating_add(by)),
            Just(i64::MIN),
        ];
        prop::collection::vec(value, 0..60)
    }

    fn merged(a: &Sketch, b: &Sketch) -> Sketch {
        let mut sum = a.clone();
        sum.merge(b);
        sum
    }

    proptest! {
        #[test]
        fn percentiles_are_within_the_stated_error(values in values()) {
            let sketch = Sketch::of(values.iter().copied());
            let exact = Summary::of(values.iter().copied());
            prop_assert_eq!(sketch.n(), values.len() as u64);
            prop_assert_eq!(sketch.percentile_us(50).unwrap().is_some(), exact.is_some());
            if let Some(exact) = exact {
                prop_assert_eq!(sketch.sum_us(), exact.sum_us());
                for (percent, want) in [(50, exact.p50_us()), (90, exact.p90_us()), (95, exact.p95_us()), (99, exact.p99_us()), (100, exact.max_us())] {
                    let found = sketch.percentile_us(percent).unwrap().unwrap();
                    let away = i128::from(found).abs_diff(i128::from(want));
                    prop_assert!(away * 256 <= u128::from(want.unsigned_abs()), "p{}: {} for {}", percent, found, want);
                    prop_assert!(want.unsigned_abs() >= 128 || away == 0);
                }
            }
        }

        #[test]
        fn merging_is_a_sum(a in values(), b in values(), c in values()) {
            let whole = Sketch::of([a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (Sketch::of(a), Sketch::of(b), Sketch::of(c));
            prop_assert_eq!(merged(&merged(&a, &b), &c), whole.clone());
            prop_assert_eq!(merged(&a, &merged(&b, &c)), whole);
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&a, &Sketch::new()), a);
        }

        #[test]
        fn taking_back_undoes_adding(stay in values(), go in values()) {
            let mut sketch = Sketch::new();
            go.iter().for_each(|value| sketch.retract(*value)); // before they come
            stay.iter().chain(&go).for_each(|value| sketch.add(*value));
            prop_assert_eq!(sketch, Sketch::of(stay));
        }

        #[test]
        fn text_round_trips(values in values()) {
            let sketch = Sketch::of(values);
            let text = serde_json::to_string(&sketch).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch);
        }

        #[test]
        fn buckets_ascend_and_hold_their_values(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(a < b, a < b && bucket(a) <= bucket(b));
            let (least, greatest) = bounds(magnitude(a.unsigned_abs()));
            prop_assert!((least..=greatest).contains(&a.unsigned_abs()));
        }
    }

    #[test]
    fn the_buckets_are_as_many_as_stated() {
        assert_eq!(bucket(i64::MAX) as usize, BUCKETS - 1);
        assert_eq!(
            (bucket(-5), bucket(0), bucket(127), bucket(128)),
            (0, 1, 128, 129)
        );
    }

    #[test]
    fn more_taken_than_added_is_refused() {
        let mut sketch = Sketch::of([5]);
        sketch.retract(9);
        assert!(sketch.percentile_us(50).is_err());
        for bad in [
            r#"{"version":2,"sum_us":"0","buckets":[]}"#,
            r#"{"version":1,"sum_us":"x","buckets":[]}"#,
            r#"{"version":1,"sum_us":"0","buckets":[[2,1],[1,1]]}"#,
            r#"{"version":1,"sum_us":"0","buckets":[[2,0]]}"#,
            r#"{"version":1,"sum_us":"0","buckets":[[9000,1]]}"#,
        ] {
            assert!(serde_json::from_str::<Sketch>(bad).is_err(), "{bad}");
        }
    }
}
