//! The kinds of column: one list for each, in the narrowest form that is exact.
//!
//! Instants and lengths are microseconds; an instant that is absent is [`NEVER`], which is later than any report, so that "has
//! it happened" is one comparison. Values that repeat are codes of one, two or four bytes into a list of what they stand for.
//! What few places have stands apart.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::time::{Micros, instant, micros};

use super::super::facts::{Lengths, Spent};
use super::scan::NONE;

/// An instant that has not come and will not.
pub(super) const NEVER: Micros = Micros::MAX;

pub(super) fn or_never(at: Option<DateTime<Utc>>) -> Micros {
    at.map_or(NEVER, micros)
}

pub(super) fn or_none(at: Micros) -> Option<DateTime<Utc>> {
    (at != NEVER).then(|| instant(at))
}

/// The values of `range`, as far as there are any.
pub(super) fn part<T>(list: &[T], range: Range<usize>) -> &[T] {
    let end = range.end.min(list.len());
    list.get(range.start.min(end)..end).unwrap_or_default()
}

/// Whole numbers in as few bytes as the largest of them needs.
#[derive(Clone, Debug)]
pub(super) enum Small {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Default for Small {
    fn default() -> Small {
        Small::One(Vec::new())
    }
}

impl Small {
    pub(super) fn push(&mut self, number: u32) {
        match self {
            Small::One(list) => match u8::try_from(number) {
                Ok(number) => return list.push(number),
                Err(_) => *self = Small::Two(list.iter().map(|n| u16::from(*n)).collect()),
            },
            Small::Two(list) => match u16::try_from(number) {
                Ok(number) => return list.push(number),
                Err(_) => *self = Small::Four(list.iter().map(|n| u32::from(*n)).collect()),
            },
            Small::Four(list) => return list.push(number),
        }
        self.push(number);
    }

    pub(super) fn get(&self, at: usize) -> Option<u32> {
        match self {
            Small::One(list) => list.get(at).copied().map(u32::from),
            Small::Two(list) => list.get(at).copied().map(u32::from),
            Small::Four(list) => list.get(at).copied(),
        }
    }

    /// Writes the numbers of `range` to `into` in full width.
    pub(super) fn widen(&self, range: Range<usize>, into: &mut Vec<u32>) {
        into.clear();
        match self {
            Small::One(list) => into.extend(part(list, range).iter().map(|n| u32::from(*n))),
            Small::Two(list) => into.extend(part(list, range).iter().map(|n| u32::from(*n))),
            Small::Four(list) => into.extend_from_slice(part(list, range)),
        }
    }
}

/// Values that repeat: each value once, and a code for each place. Code 0 is "none", code `i` is `values[i - 1]`.
#[derive(Clone, Debug)]
pub(super) struct Repeating<T> {
    pub(super) codes: Small,
    pub(super) values: Vec<T>,
    known: HashMap<T, u32>,
}

impl<T> Default for Repeating<T> {
    fn default() -> Repeating<T> {
        Repeating {
            codes: Small::default(),
            values: Vec::new(),
            known: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Repeating<T> {
    pub(super) fn push(&mut self, value: Option<&T>) {
        let code = value.map_or(0, |value| self.know(value));
        self.codes.push(code);
    }

    /// The code of a value, a new one where it has none.
    pub(super) fn know(&mut self, value: &T) -> u32 {
        if let Some(code) = self.code(value) {
            return code;
        }
        self.values.push(value.clone());
        // There are no more values than entries, and a table has fewer entries of each kind than 2^32.
        let code = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.known.insert(value.clone(), code);
        code
    }

    /// The code of a value that it has.
    pub(super) fn code(&self, value: &T) -> Option<u32> {
        self.known.get(value).copied()
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.value(self.codes.get(at)?)
    }

    /// What a code stands for.
    pub(super) fn value(&self, code: u32) -> Option<&T> {
        let index = usize::try_from(code.checked_sub(1)?).ok()?;
        self.values.get(index)
    }
}

/// A list for each place, all in one.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    values: Vec<T>,
    ends: Vec<u32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Lists<T> {
        Lists {
            values: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl<T: Clone> Lists<T> {
    /// Whether a list of this length can be put in.
    pub(super) fn has_room(&self, more: usize) -> bool {
        let end = self.values.len().checked_add(more);
        end.is_some_and(|end| u32::try_from(end).is_ok())
    }

    pub(super) fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.values.extend(list);
        let end = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.ends.push(end);
    }

    pub(super) fn get(&self, at: usize) -> &[T] {
        part(&self.values, self.span(at))
    }

    /// Where the list of a place lies.
    pub(super) fn span(&self, at: usize) -> Range<usize> {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        at.checked_sub(1).map_or(0, end)..end(at)
    }
}

/// Values of the few places that have one, in the order of the places.
#[derive(Clone, Debug)]
pub(super) struct Apart<T>(Vec<(u32, T)>);

impl<T> Default for Apart<T> {
    fn default() -> Apart<T> {
        Apart(Vec::new())
    }
}

impl<T> Apart<T> {
    /// Puts one in at a place not before all others.
    pub(super) fn push(&mut self, at: usize, value: T) {
        self.0.push((u32::try_from(at).unwrap_or(u32::MAX), value));
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        let place = u32::try_from(at).ok()?;
        let found = self.0.binary_search_by_key(&place, |entry| entry.0).ok()?;
        self.0.get(found).map(|entry| &entry.1)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those from one number to another, each with its place.
    pub(super) fn span(&self, span: Range<usize>) -> &[(u32, T)] {
        part(&self.0, span)
    }
}

/// Lengths in calendar and in business time.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) calendar: Vec<i64>,
    pub(super) business: Vec<i64>,
}

impl Times {
    pub(super) fn push(&mut self, lengths: Lengths) {
        self.calendar.push(lengths.calendar_us);
        self.business.push(lengths.business_us);
    }

    pub(super) fn get(&self, at: usize) -> Option<Lengths> {
        Some(Lengths {
            calendar_us: *self.calendar.get(at)?,
            business_us: *self.business.get(at)?,
        })
    }
}

/// Spans by what they were spent on. The whole is kept, and the work is what the others leave of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    pub(super) whole: Times,
    waiting: Times,
    done: Times,
    for_customer: Times,
}

impl Spans {
    /// Puts a span in; one that is absent has the whole [`NONE`].
    pub(super) fn push(&mut self, spent: Option<Spent>) {
        let none = Lengths {
            calendar_us: NONE,
            business_us: NONE,
        };
        self.whole.push(spent.map_or(none, Spent::whole));
        let spent = spent.unwrap_or_default();
        self.waiting.push(spent.waiting);
        self.done.push(spent.done);
        self.for_customer.push(spent.for_customer);
    }

    pub(super) fn get(&self, at: usize) -> Option<Spent> {
        let (waiting, done) = (self.waiting.get(at)?, self.done.get(at)?);
        Some(Spent {
            work: self.whole.get(at)? - done - waiting,
            waiting,
            done,
            for_customer: self.for_customer.get(at)?,
        })
    }

    /// Whether a span comes out as it was put in: its parts add up in 64 bits.
    pub(super) fn can_hold(spent: Spent) -> bool {
        let adds_up = |work: i64, waiting: i64, done: i64| {
            let unresolved = work.checked_add(waiting);
            let whole = unresolved.and_then(|sum| sum.checked_add(done));
            whole.is_some_and(|whole| whole != i64::MIN)
        };
        let (work, waiting, done) = (spent.work, spent.waiting, spent.done);
        adds_up(work.calendar_us, waiting.calendar_us, done.calendar_us)
            && adds_up(work.business_us, waiting.business_us, done.business_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn small_numbers_come_out_as_they_went_in(numbers in prop::collection::vec(prop_oneof![0..300u32, 0..70_000u32, any::<u32>()], 0..40)) {
            let mut column = Small::default();
            numbers.iter().for_each(|n| column.push(*n));
            let back: Vec<_> = (0..numbers.len()).filter_map(|at| column.get(at)).collect();
            prop_assert_eq!(&back, &numbers);
            let mut wide = vec![7];
            column.widen(1..numbers.len() + 3, &mut wide);
            prop_assert_eq!(&wide[..], part(&numbers, 1..usize::MAX));
        }

        #[test]
        fn spans_come_out_as_they_went_in(parts in prop::array::uniform4(prop_oneof![0..9i64, any::<i64>()])) {
            let both = |us| Lengths { calendar_us: us, business_us: us };
            let [work, waiting, done, for_customer] = parts.map(both);
            let spent = Spent { work, waiting, done, for_customer };
            if Spans::can_hold(spent) {
                let mut spans = Spans::default();
                spans.push(Some(spent));
                prop_assert_eq!(spans.get(0), Some(spent));
            }
        }
    }
}
