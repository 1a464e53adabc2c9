//! What is counted, kind by kind: ratios, lengths, numbers for each ticket, outcomes of clocks, marks.
//!
//! Each number is a sum over tickets, so two of a kind add up field by field, and what was added can be taken back.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kpi::error::KpiError;
use crate::kpi::facts::{Lengths, RatingFact};
use crate::kpi::figures::{Amounts, Attainment, Durations, Marks};
use crate::kpi::known::Outcome;
use crate::kpi::multiset::Multiset;
use crate::kpi::ratio::{Excluded, Exclusion, Ratio};
use crate::ticket::{ClockId, RatingKind, Scale};

/// A ratio that is being counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) excluded: BTreeMap<Exclusion, i64>,
}

impl Part {
    pub(super) fn answer(&mut self, answer: Result<bool, Exclusion>, by: i64) {
        match answer {
            Ok(yes) => self.count(yes, by),
            Err(reason) => bump(&mut self.excluded, reason, by),
        }
    }

    pub(super) fn count(&mut self, is_in_numerator: bool, by: i64) {
        plus(&mut self.numerator, if is_in_numerator { by } else { 0 });
        plus(&mut self.denominator, by);
    }

    pub(super) fn merge(&mut self, other: Part) {
        plus(&mut self.numerator, other.numerator);
        plus(&mut self.denominator, other.denominator);
        merge(&mut self.excluded, other.excluded);
    }

    pub(super) fn ratio(&self) -> Result<Ratio, KpiError> {
        let (numerator, denominator) = (count(self.numerator)?, count(self.denominator)?);
        Ratio::new(numerator, denominator, excluded(&self.excluded)?)
            .ok_or_else(KpiError::unbalanced)
    }
}

/// Lengths that are being counted, in calendar and business time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    pub(super) calendar: Multiset,
    pub(super) business: Multiset,
    pub(super) excluded: BTreeMap<Exclusion, i64>,
}

impl Times {
    pub(super) fn change(&mut self, length: Result<Lengths, Exclusion>, by: i64) {
        match length {
            Ok(length) => {
                self.calendar.change(length.calendar_us, by);
                self.business.change(length.business_us, by);
            }
            Err(reason) => bump(&mut self.excluded, reason, by),
        }
    }

    /// A length that is known in all time alone.
    pub(super) fn change_calendar(&mut self, length: Result<i64, Exclusion>, by: i64) {
        match length {
            Ok(length) => self.calendar.change(length, by),
            Err(reason) => bump(&mut self.excluded, reason, by),
        }
    }

    pub(super) fn merge(&mut self, other: Times) {
        self.calendar.merge(other.calendar);
        self.business.merge(other.business);
        merge(&mut self.excluded, other.excluded);
    }

    pub(super) fn durations(&self) -> Result<Durations, KpiError> {
        let (calendar, business) = (self.calendar.summary()?, self.business.summary()?);
        Ok(Durations {
            calendar,
            business,
            excluded: excluded(&self.excluded)?,
        })
    }
}

/// The outcomes of one clock that are being counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ClockCounts {
    pub(super) met: i64,
    pub(super) breached: i64,
    pub(super) met_after_breach: i64,
    /// Of `excluded`, those that had passed a target.
    pub(super) outside_after_breach: BTreeMap<Exclusion, i64>,
    pub(super) excluded: BTreeMap<Exclusion, i64>,
}

impl ClockCounts {
    pub(super) fn change(&mut self, outcome: Outcome, ever_breached: bool, by: i64) {
        let once = if ever_breached { by } else { 0 };
        match outcome {
            Outcome::Met => {
                plus(&mut self.met, by);
                plus(&mut self.met_after_breach, once);
            }
            Outcome::Breached => plus(&mut self.breached, by),
            Outcome::Outside(reason) => {
                bump(&mut self.excluded, reason, by);
                bump(&mut self.outside_after_breach, reason, once);
            }
        }
    }

    pub(super) fn merge(&mut self, other: ClockCounts) {
        plus(&mut self.met, other.met);
        plus(&mut self.breached, other.breached);
        plus(&mut self.met_after_breach, other.met_after_breach);
        merge(&mut self.outside_after_breach, other.outside_after_breach);
        merge(&mut self.excluded, other.excluded);
    }

    /// What came of the clock; `without` are tickets that have no target for it.
    pub(super) fn attainment(&self, clock: ClockId, without: i64) -> Result<Attainment, KpiError> {
        let (met, breached) = (count(self.met)?, count(self.breached)?);
        let decided = met.checked_add(breached).ok_or_else(KpiError::unbalanced)?;
        let mut left_out = self.excluded.clone();
        bump(&mut left_out, Exclusion::NoTarget, without);
        let ratio =
            Ratio::new(met, decided, excluded(&left_out)?).ok_or_else(KpiError::unbalanced)?;
        let met_after_breach = count(self.met_after_breach)?;
        if met_after_breach > met {
            return Err(KpiError::unbalanced());
        }
        Ok(Attainment {
            clock,
            ratio,
            met_after_breach,
            outside_after_breach: excluded(&self.outside_after_breach)?,
        })
    }
}

/// Numbers that tickets have, each with how many tickets have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Numbers(#[serde(with = "as_list")] BTreeMap<u64, i64>);

impl Numbers {
    pub(super) fn change(&mut self, number: u64, by: i64) {
        bump(&mut self.0, number, by);
    }

    pub(super) fn merge(&mut self, other: Numbers) {
        merge(&mut self.0, other.0);
    }

    pub(super) fn amounts(&self) -> Result<Amounts, KpiError> {
        let counted = self.0.iter().map(|(number, n)| Ok((*number, count(*n)?)));
        Ok(Amounts::of(counted.collect::<Result<_, KpiError>>()?))
    }
}

/// Marks, each with how often it was given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Given(#[serde(with = "as_list")] BTreeMap<(RatingKind, u8, u8, u8), i64>);

impl Given {
    pub(super) fn change(&mut self, mark: &RatingFact, by: i64) {
        let scale = mark.scale;
        let key = (mark.kind, scale.worst(), scale.best(), mark.mark);
        bump(&mut self.0, key, by);
    }

    pub(super) fn merge(&mut self, other: Given) {
        merge(&mut self.0, other.0);
    }

    pub(super) fn marks(&self, of: RatingKind) -> Result<Marks, KpiError> {
        let mut marks = Marks::default();
        for ((kind, worst, best, mark), n) in &self.0 {
            if let (true, Some(scale)) = (*kind == of, Scale::new(*worst, *best)) {
                marks.add(scale, *mark, count(*n)?);
            }
        }
        Ok(marks)
    }
}

pub(super) fn plus(mine: &mut i64, by: i64) {
    *mine = mine.saturating_add(by);
}

pub(super) fn bump<K: Ord + Copy>(counts: &mut BTreeMap<K, i64>, key: K, by: i64) {
    let count = counts.entry(key).or_default();
    plus(count, by);
    if *count == 0 {
        counts.remove(&key);
    }
}

pub(super) fn merge<K: Ord + Copy>(mine: &mut BTreeMap<K, i64>, other: BTreeMap<K, i64>) {
    for (key, n) in other {
        bump(mine, key, n);
    }
}

pub(super) fn count(n: i64) -> Result<u64, KpiError> {
    u64::try_from(n).map_err(|_| KpiError::unbalanced())
}

pub(super) fn excluded(counts: &BTreeMap<Exclusion, i64>) -> Result<Excluded, KpiError> {
    counts
        .iter()
        .map(|(reason, n)| Ok((*reason, count(*n)?)))
        .collect()
}

/// A map as a list of pairs: JSON knows texts alone as keys.
pub(in crate::kpi) mod as_list {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::kpi) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(in crate::kpi) fn deserialize<'de, K, V, D>(
        deserializer: D,
    ) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
