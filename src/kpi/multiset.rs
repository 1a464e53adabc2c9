//! A multiset of lengths that can be added to, taken from and merged exactly.
//!
//! Values are kept as they came until somebody needs them in order: adding costs a push, and a summary of values that were
//! only ever added is found by selection, without sorting. Taking a value back is a push on the other side; the two are
//! settled against each other from time to time, so the memory stays in proportion to what is in it.
//!
//! A count may fall below zero for a while: in another part of the world the same value may have been added, and merging
//! brings the two together. Only a reader of such a multiset is refused.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::KpiError;
use super::quantile::Summary;

/// Values with their counts.
///
/// # Properties
/// Merging is associative and commutative, the empty multiset changes nothing, and taking undoes adding, in any order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Multiset {
    runs: Vec<(i64, i64)>, // INVARIANT: strictly ascending, no count is 0
    added: Vec<i64>,
    taken: Vec<i64>,
}

impl Multiset {
    /// Puts one in (`by` = 1) or takes one out (`by` = -1).
    pub(crate) fn change(&mut self, value: i64, by: i64) {
        if by > 0 {
            self.added.push(value);
            return;
        }
        self.taken.push(value);
        if self.taken.len() > 1024.max(self.added.len().saturating_add(self.runs.len()) / 2) {
            self.settle();
        }
    }

    pub(crate) fn merge(&mut self, other: Multiset) {
        if !other.runs.is_empty() {
            self.runs = sum(&self.runs, &other.runs, 1);
        }
        self.added.extend(other.added);
        self.taken.extend(other.taken);
    }

    /// Brings everything into order.
    fn settle(&mut self) {
        let added = runs_of(std::mem::take(&mut self.added));
        let taken = runs_of(std::mem::take(&mut self.taken));
        self.runs = sum(&sum(&self.runs, &added, 1), &taken, -1);
    }

    /// The values with their counts in ascending order: the same for equal multisets, however they came about.
    fn settled(&self) -> Vec<(i64, i64)> {
        let mut copy = self.clone();
        copy.settle();
        copy.runs
    }

    /// The values with their counts in ascending order.
    ///
    /// # Errors
    /// More of some value was taken out than put in.
    pub(crate) fn counted(&self) -> Result<Vec<(i64, u64)>, KpiError> {
        let settled = self.settled().into_iter();
        let counted = settled.map(|(value, count)| {
            let count = u64::try_from(count).map_err(|_| KpiError::unbalanced())?;
            Ok((value, count))
        });
        counted.collect()
    }

    /// The summary; `None` where it is empty.
    ///
    /// # Errors
    /// More of some value was taken out than put in.
    pub(crate) fn summary(&self) -> Result<Option<Summary>, KpiError> {
        if self.runs.is_empty() && self.taken.is_empty() {
            return Ok(Summary::of_mut(&mut self.added.clone()));
        }
        Ok(Summary::of_runs(&self.counted()?))
    }
}

impl PartialEq for Multiset {
    fn eq(&self, other: &Multiset) -> bool {
        self.settled() == other.settled()
    }
}

/// Written as `[[value, count], ...]` in ascending order.
impl Serialize for Multiset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.settled().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Multiset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Multiset, D::Error> {
        let runs = Vec::<(i64, i64)>::deserialize(deserializer)?;
        let in_order = runs.windows(2).all(|pair| pair[0].0 < pair[1].0)
            && runs.iter().all(|(_, count)| *count != 0);
        if !in_order {
            return Err(serde::de::Error::custom(
                "values must stand in ascending order, each once, with counts other than 0",
            ));
        }
        Ok(Multiset {
            runs,
            added: Vec::new(),
            taken: Vec::new(),
        })
    }
}

fn runs_of(mut values: Vec<i64>) -> Vec<(i64, i64)> {
    values.sort_unstable();
    let count = |run: &[i64]| Some((*run.first()?, i64::try_from(run.len()).unwrap_or(i64::MAX)));
    values.chunk_by(|a, b| a == b).filter_map(count).collect()
}

/// `a` and `sign` times `b`, both in ascending order.
fn sum(a: &[(i64, i64)], b: &[(i64, i64)], sign: i64) -> Vec<(i64, i64)> {
    if b.is_empty() {
        return a.to_vec();
    }
    let mut out = Vec::with_capacity(a.len().saturating_add(b.len()));
    let mut put = |value, count: i64| {
        if count != 0 {
            out.push((value, count));
        }
    };
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (a.peek().copied(), b.peek().copied()) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                put(x.0, x.1.saturating_add(y.1.saturating_mul(sign)));
                a.next();
                b.next();
            }
            (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                put(x.0, x.1);
                a.next();
            }
            (_, Some(y)) => {
                put(y.0, y.1.saturating_mul(sign));
                b.next();
            }
            (_, None) => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(changes: &[(i64, bool)]) -> Multiset {
        let mut set = Multiset::default();
        for (i, (value, put)) in changes.iter().enumerate() {
            set.change(*value, if *put { 1 } else { -1 });
            if i % 5 == 4 {
                set.settle();
            }
        }
        set
    }

    fn changes() -> impl Strategy<Value = Vec<(i64, bool)>> {
        prop::collection::vec((-4i64..6, any::<bool>()), 0..40)
    }

    proptest! {
        #[test]
        fn merging_is_a_sum(a in changes(), b in changes(), c in changes()) {
            let merged = |x: &Multiset, y: &Multiset| {
                let mut sum = x.clone();
                sum.merge(y.clone());
                sum
            };
            let whole = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&a, &Multiset::default()), a.clone());
            prop_assert_eq!(merged(&merged(&a, &b), &c), whole);
        }

        #[test]
        fn what_is_left_is_summed_up(values in prop::collection::vec(-50i64..50, 0..60), gone in prop::collection::vec(-50i64..50, 0..60)) {
            let mut changes: Vec<_> = gone.iter().map(|v| (*v, false)).collect();
            changes.extend(values.iter().chain(&gone).map(|v| (*v, true)));
            prop_assert_eq!(of(&changes).summary().unwrap(), Summary::of(values));
        }

        #[test]
        fn text_round_trips(changes in changes()) {
            let set = of(&changes);
            let text = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<Multiset>(&text).unwrap(), set);
        }
    }

    #[test]
    fn taking_what_is_not_there_is_refused_when_read() {
        assert!(of(&[(3, false)]).summary().is_err());
        assert!(serde_json::from_str::<Multiset>("[[2,1],[1,1]]").is_err());
        assert!(serde_json::from_str::<Multiset>("[[2,0]]").is_err());
    }

    #[test]
    fn memory_follows_what_is_in_it() {
        let mut set = Multiset::default();
        for round in 0..50_000 {
            set.change(round % 7, 1);
            set.change(round % 7, -1);
        }
        assert!(set.added.len() + set.taken.len() + set.runs.len() < 5_000);
    }
}
