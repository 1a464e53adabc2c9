//! The business days of a combination of calendars, as a set that knows how many of its days lie before a date.
//!
//! A calendar with hours of its own knows that from its week and its exceptions. What a combination has on a date shows
//! only when one looks at the date; so all dates are looked at once, when somebody first counts, and remembered: a bit
//! for each of the 47,847 dates of the range, and for each 64 of them how many came before, 9 KB in all.

use super::range::LAST_DATE;

const DATES: usize = LAST_DATE as usize + 1;
const WORDS: usize = DATES.div_ceil(64);

/// Dates of the range by their day number.
pub(super) struct DaySet {
    words: Box<[Word]>,
    all: u32,
}

#[derive(Clone, Copy, Default)]
struct Word {
    days: u64,
    before: u32,
}

impl DaySet {
    /// The dates that pass the test, which is asked once for each, in order.
    pub(super) fn new(mut has: impl FnMut(i32) -> bool) -> DaySet {
        let mut words = vec![Word::default(); WORDS].into_boxed_slice();
        let mut all = 0;
        for (word, first) in words.iter_mut().zip((0..DATES).step_by(64)) {
            word.before = all;
            for day in (first..DATES).take(64).filter(|&day| has(day as i32)) {
                word.days |= 1 << (day - first);
            }
            all += word.days.count_ones();
        }
        DaySet { words, all }
    }

    /// How many of its dates lie before a day.
    pub(super) fn before(&self, day: i32) -> i64 {
        let day = usize::try_from(day).unwrap_or(0);
        let before = self.words.get(day / 64).map_or(self.all, |word| {
            let earlier = word.days & ((1 << (day % 64)) - 1);
            word.before + earlier.count_ones()
        });
        i64::from(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_as_one_counts_by_hand() {
        for has in [
            |day: i32| day % 7 < 5,
            |day| day % 64 == 63,
            |_| true,
            |_| false,
        ] {
            let set = DaySet::new(has);
            let mut count = 0;
            for day in 0..=LAST_DATE + 1 {
                assert_eq!(set.before(day), count, "{day}");
                count += i64::from(day <= LAST_DATE && has(day));
            }
            assert_eq!((set.before(-1), set.before(i32::MAX)), (0, count));
        }
    }
}
